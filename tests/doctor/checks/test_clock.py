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
