import os
import subprocess
import time

import pytest

from interplay.doctor.checks.clock import clock

YEAR = 365 * 86_400


def test_now_is_after_everything(machine, of_tier):
    (found,) = clock(machine(), of_tier())
    assert found.state == "ok"
    assert found.found.startswith("2030-03-17 17:46:40 UTC")


def test_nothing_made_yet_and_no_commit_say_nothing(machine, of_tier):
    (found,) = clock(machine(newest_result=None, newest_commit=None), of_tier())
    assert found.state == "ok"


def test_a_clock_in_the_past_is_mended(machine, of_tier):
    healthy = machine()
    record, commit = clock(machine(now=healthy.now - YEAR), of_tier())
    assert (record.state, commit.state) == ("mend", "mend")
    assert "365.0 days before results/smoke/records/a.json was made" in record.found
    assert "timedatectl" in commit.advice


def test_all_files_of_the_future_are_mended_by_one_command(machine, of_tier, folder, tmp_path):
    results = tmp_path / "results of\nmine/smoke"
    results.mkdir(parents=True)
    now, ahead, times = time.time(), [results / f"{number}.json" for number in range(3)], {}
    for number, path in enumerate([*ahead, results / "old.json"]):
        path.touch()
        os.utime(path, (now, times.setdefault(path, now + (YEAR + number if path in ahead else -50))))
    seen = machine(
        now=now,
        newest_commit=None,
        newest_result=(str(ahead[-1]), now + YEAR),
        folders=machine().folders | {"results": folder(path=results)},
    )
    (found,) = clock(seen, of_tier())
    subprocess.run(["sh", "-c", found.advice.partition("wrong: ")[2]], check=True)
    after = {path: path.stat().st_mtime for path in times}
    assert after.pop(results / "old.json") == pytest.approx(now - 50)
    assert set(after.values()) == {int(now)}  # none of them newer than another that was made of it


@pytest.mark.parametrize(("behind", "states"), [(30, ["ok"]), (600, ["note"]), (2 * 86_400, ["mend"])])
def test_a_commit_a_little_ahead_is_noted_and_one_far_ahead_is_mended(machine, of_tier, behind, states):
    now = machine().now
    found = clock(machine(newest_commit=now + behind), of_tier())
    assert [one.state for one in found] == states


@pytest.mark.parametrize(("ahead", "state"), [(0.0, "ok"), (1.5, "ok"), (-40.0, "note"), (3600.0, "note")])
def test_a_file_server_with_another_time_is_noted(machine, of_tier, folder, ahead, state):
    folders = machine().folders | {"results": folder(ahead=ahead)}
    (found,) = clock(machine(folders=folders), of_tier())
    assert found.state == state
    if state == "note":
        assert ("ahead of" if ahead > 0 else "behind") in found.found
