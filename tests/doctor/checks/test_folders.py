from pathlib import Path

import pytest

from interplay.doctor.checks.folders import file_system, rights
from interplay.doctor.machine import Asset


def with_folder(machine, folder, name, **changes):
    healthy = machine()
    return healthy.folders | {name: folder(path=Path(name), **changes)}


@pytest.mark.parametrize("name", ["results", ".cache", ".snakemake"])
def test_a_folder_that_cannot_be_written_is_mended(machine, of_tier, folder, name):
    folders = with_folder(machine, folder, name, refused="read-only file system", locks=None, replaces=None)
    (found,) = rights(machine(folders=folders), of_tier())
    assert found.state == "mend"
    assert found.found == f"{name} cannot be written (read-only file system)"


def test_a_data_folder_need_not_be_written_once_all_is_there(machine, of_tier, folder):
    folders = with_folder(machine, folder, "data", refused="permission denied")
    there, missing = Asset(name="a", state="verified", size=1), Asset(name="b", state="missing", size=1)
    (found,) = rights(machine(folders=folders, assets=(there,)), of_tier())
    assert found.state == "note"
    (found,) = rights(machine(folders=folders, assets=(there, missing)), of_tier())
    assert found.state == "mend"


def test_all_that_can_be_written_is_well(machine, of_tier):
    (found,) = rights(machine(), of_tier())
    assert (found.state, found.found) == ("ok", "results, data, .cache, .snakemake can be written")


@pytest.mark.parametrize(("lack", "said"), [("locks", "keeps no locks"), ("replaces", "in another's place")])
def test_a_file_system_without_locks_or_replacing_is_mended(machine, of_tier, folder, lack, said):
    folders = with_folder(machine, folder, ".cache", kind="fuse.s3fs", **{lack: False})
    (found,) = file_system(machine(folders=folders), of_tier())
    assert found.state == "mend"
    assert said in found.found
    assert "fuse.s3fs" in found.found


@pytest.mark.parametrize(("kind", "state"), [("nfs4", "note"), ("lustre", "note"), ("ext4", "ok"), ("", "ok")])
def test_a_network_file_system_is_noted(machine, of_tier, folder, kind, state):
    folders = with_folder(machine, folder, "results", kind=kind, mount=Path("/home"))
    (found,) = file_system(machine(folders=folders), of_tier())
    assert found.state == state
    assert ("/home is " in found.found) == (state == "note")
