from pathlib import Path

import pytest

from interplay.doctor.checks.disk import disk
from interplay.doctor.machine import Asset

SET = Asset(name="cifar10", state="missing", size=170_000_000, unpacked=185_000_000)


def places(folder, results, data):
    return {"results": folder(**results), "data": folder(path=Path("data"), **data), ".cache": folder(**results)}


def test_a_disk_with_room_is_well(machine, of_tier):
    (found,) = disk(machine(), of_tier())
    assert found.state == "ok"
    assert found.found == "1000.0 GB free on /, 200 MB still needed (results 200 MB)"


@pytest.mark.parametrize(("free", "state"), [(0, "mend"), (199_999_999, "mend"), (200_000_000, "ok")])
def test_a_full_disk_is_mended(machine, of_tier, folder, free, state):
    (found,) = disk(machine(folders=places(folder, {"free": free}, {"free": free})), of_tier(disk_gb=0.2))
    assert found.state == state
    assert ("make clean-results" in found.advice) == (state == "mend")


def test_what_was_made_already_needs_no_room(machine, of_tier, folder):
    full = places(folder, {"free": 60_000_000}, {"free": 60_000_000})
    (found,) = disk(machine(folders=full, results_bytes=150_000_000), of_tier(disk_gb=0.2))
    assert found.state == "ok"
    (found,) = disk(machine(folders=full, results_bytes=10**12), of_tier(disk_gb=0.2))
    assert "0 MB still needed" in found.found


def test_of_a_part_its_share_is_estimated_and_stops_nothing(machine, of_tier, folder):
    full = places(folder, {"free": 5 * 10**9}, {"free": 5 * 10**9})
    (found,) = disk(machine(folders=full), of_tier(disk_gb=10, share=0.03))
    assert (found.state, "(results 300 MB)" in found.found) == ("ok", True)
    (found,) = disk(machine(folders=full), of_tier(disk_gb=10, share=0.6))
    assert (found.state, "(results 6.0 GB)" in found.found) == ("note", True)
    large = Asset(name="cifar10", state="missing", size=6 * 10**9)
    (found,) = disk(machine(folders=full, assets=(large,)), of_tier(disk_gb=10, share=0.6))
    assert found.state == "mend"  # what the data take is known


def test_data_are_counted_unpacked_and_as_often_as_they_are_kept(machine, of_tier, folder):
    full = places(folder, {"free": 10**9}, {"free": 10**9})
    (found,) = disk(machine(folders=full, assets=(SET,)), of_tier(disk_gb=0.2))
    assert "555 MB still needed (results 200 MB, data 170 MB, unpacked data 185 MB)" in found.found
    (found,) = disk(machine(folders=full, assets=(SET,), dvc=True), of_tier(disk_gb=0.2))
    assert "725 MB still needed (results 200 MB, data 170 MB, unpacked data 185 MB, data in DVC's" in found.found
    there = Asset(name="cifar10", state="verified", size=170_000_000, unpacked=0)
    (found,) = disk(machine(folders=full, assets=(there,)), of_tier(disk_gb=0.2))
    assert "200 MB still needed" in found.found


def test_each_disk_is_asked_for_what_lies_on_it(machine, of_tier, folder):
    two = places(folder, {"free": 10**9}, {"free": 10**8, "mount": Path("/data")})
    results, data = disk(machine(folders=two, assets=(SET,), dvc=True), of_tier(disk_gb=0.2))
    assert (results.state, data.state) == ("ok", "mend")
    assert "free on /, 370 MB still needed" in results.found
    assert "free on /data, 355 MB still needed" in data.found


def test_no_room_for_more_files_is_mended(machine, of_tier, folder):
    (found,) = disk(machine(folders=places(folder, {"free_files": 12}, {"free_files": 12})), of_tier())
    assert found.state == "mend"
    assert "12 more files (inodes)" in found.found


def test_a_tier_that_declares_nothing_is_noted(machine, of_tier):
    _, undeclared = disk(machine(), of_tier(disk_gb=None))
    assert undeclared.state == "note"
    assert "disk_gb" in undeclared.advice


@pytest.mark.parametrize("tier", ["smoke", "review", "paper"])
def test_every_tier_of_the_project_declares_what_its_results_take(of_tier, tier):
    assert of_tier(tier).disk_gb is not None
