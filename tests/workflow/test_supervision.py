"""One workflow at a time, and none of its processes left behind, whichever process is killed how."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="leftovers are found by /proc")

# A workflow of two sleeping processes, one of them a grandchild.
WORKFLOW = """
import sys, os
from pathlib import Path
sys.path.insert(0, "workflow")
import supervision
lock = Path(sys.argv[1])
if "follow" in sys.argv:
    supervision.die_with_parent()
with supervision.sole_workflow(lock):
    print("holds", flush=True)
    status = supervision.run_marked(["sh", "-c", "sleep 300 & sleep 300"], lock, dict(os.environ))
print("status", status, flush=True)
"""


@pytest.fixture
def supervision(load_script):
    return load_script("workflow/supervision.py")


@pytest.fixture
def lock(tmp_path, supervision):
    yield tmp_path / "cache/reproduce.lock"
    supervision.end_marked(supervision._mark(tmp_path / "cache/reproduce.lock"), at_once=True)


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def started(root, lock, supervision):
    """A workflow that holds the lock and has its processes running."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKFLOW, str(lock)], cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    until(lambda: len(marked(supervision, lock)) == 3)
    yield process
    process.kill()
    supervision.end_marked(supervision._mark(lock), at_once=True)  # they hold the other end of the pipe
    process.communicate()


def marked(supervision, lock):
    return supervision._marked(supervision._mark(lock))


def test_a_second_workflow_is_told_whose_turn_it_is(started, lock, supervision, monkeypatch):
    monkeypatch.setattr(supervision, "TAKEOVER_SECONDS", 0.3)
    with pytest.raises(supervision.BusyError, match=f"process {started.pid}"), supervision.sole_workflow(lock):
        pytest.fail("the lock was given twice")
    assert len(marked(supervision, lock)) == 3


def test_what_a_killed_workflow_left_is_ended_before_the_next(started, lock, supervision):
    started.kill()
    started.wait()
    assert len(marked(supervision, lock)) == 3  # nobody ended them
    with supervision.sole_workflow(lock):
        assert marked(supervision, lock) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_everything(started, lock, supervision, number, monkeypatch):
    if number == signal.SIGINT:
        os.killpg(started.pid, number)  # as a terminal does it
    else:
        started.send_signal(number)
    said, _ = started.communicate(timeout=60)
    assert said.splitlines() == ["holds", f"status {supervision.INTERRUPTED}"]
    assert marked(supervision, lock) == []


def test_killing_what_called_it_ends_everything(root, lock, supervision):
    caller = subprocess.Popen(
        ["sh", "-c", '"$@"; true', "sh", sys.executable, "-c", WORKFLOW, lock, "follow"], cwd=root
    )
    until(lambda: len(marked(supervision, lock)) == 3)
    caller.kill()
    caller.wait()
    until(lambda: marked(supervision, lock) == [])


def test_the_status_of_the_command_is_passed_on_and_its_stragglers_ended(lock, supervision):
    command = ["sh", "-c", "sleep 300 >/dev/null 2>&1 & exit 3"]
    with supervision.sole_workflow(lock):
        assert supervision.run_marked(command, lock, dict(os.environ)) == 3
    assert marked(supervision, lock) == []


def test_other_processes_are_left_alone(lock, supervision):
    with subprocess.Popen(["sleep", "300"], env={supervision.MARK: "another checkout"}) as other:
        with supervision.sole_workflow(lock):
            assert other.poll() is None
        other.kill()
