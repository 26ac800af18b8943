"""One workflow at a time, and none of its processes left behind, whichever process is killed how."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interplay.errors import InterplayError

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="leftovers are found by /proc")

ENDING = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT]

# A workflow of two sleeping processes, one of them a grandchild. Which signals are ignored is inherited: the tests may
# run under nohup or in a shell's background, what they start must not depend on it.
WORKFLOW = """
import sys, os, signal
from pathlib import Path
for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"):
    default = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
    signal.signal(signal.Signals[name], signal.SIG_IGN if name in sys.argv else default)
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
def start(root, lock, supervision):
    """Starts a workflow that holds the lock and has its processes running; names of signals are ignored in it."""
    processes = []

    def begin(*ignored):
        command = [sys.executable, "-c", WORKFLOW, str(lock), *ignored]
        processes.append(subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True))
        until(lambda: len(marked(supervision, lock)) == 3)
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        supervision.end_marked(supervision._mark(lock), at_once=True)  # they hold the other end of the pipe
        process.communicate()


@pytest.fixture
def started(start):
    return start()


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


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_everything(started, lock, supervision, number, monkeypatch):
    if number == signal.SIGINT:
        os.killpg(started.pid, number)  # as a terminal does it
    else:
        started.send_signal(number)
    said, _ = started.communicate(timeout=60)
    assert said.splitlines() == ["holds", f"status {supervision.INTERRUPTED}"]
    assert marked(supervision, lock) == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_what_nohup_and_background_jobs_ignore_stays_ignored(start, lock, supervision, number):
    workflow = start(number.name)
    workflow.send_signal(number)
    time.sleep(1)
    assert workflow.poll() is None
    assert len(marked(supervision, lock)) == 3
    workflow.send_signal(signal.SIGTERM)
    said, _ = workflow.communicate(timeout=60)
    assert said.splitlines() == ["holds", f"status {supervision.INTERRUPTED}"]


def test_an_inherited_deafness_to_sigterm_is_undone(start, lock, supervision):
    workflow = start("SIGTERM")
    workflow.send_signal(signal.SIGTERM)
    said, _ = workflow.communicate(timeout=60)
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


def test_a_process_that_shows_no_environment_yet_is_found_at_the_second_look(lock, supervision, monkeypatch):
    look, shown = supervision._marked, iter([False])
    monkeypatch.setattr(supervision, "_marked", lambda mark: look(mark) if next(shown, True) else [])
    with subprocess.Popen(["sleep", "300"], env={supervision.MARK: supervision._mark(lock)}) as starting:
        assert supervision.end_marked(supervision._mark(lock), at_once=True)
    assert starting.returncode == -signal.SIGKILL


def test_without_proc_the_same_processes_are_found(started, lock, supervision):
    assert sorted(supervision._marked_without_proc(supervision._mark(lock))) == sorted(marked(supervision, lock))


def test_a_process_that_cannot_be_ended_is_named_and_not_waited_for(lock, supervision, monkeypatch, capsys):
    """As one in uninterruptible sleep is."""
    monkeypatch.setattr(supervision, "STUBBORN_SECONDS", 0.5)
    monkeypatch.setattr(supervision.os, "kill", lambda process, number: None)
    with subprocess.Popen(["sleep", "300"], env={supervision.MARK: supervision._mark(lock)}) as stubborn:
        assert not supervision.end_marked(supervision._mark(lock), at_once=True)
        assert capsys.readouterr().err.startswith(f"error: processes {stubborn.pid} do not end")
        with pytest.raises(supervision.BusyError, match="do not end"), supervision.sole_workflow(lock):
            pytest.fail("it is given while others are at work")
        monkeypatch.undo()
        stubborn.kill()


def test_a_command_that_leaves_what_cannot_be_ended_did_not_succeed(lock, supervision, monkeypatch):
    monkeypatch.setattr(supervision, "end_marked", lambda *_given, **_named: False)
    assert supervision.run_marked(["true"], lock, dict(os.environ)) == 1


@pytest.mark.parametrize(
    ("number", "status", "why"),
    [(9, 137, "SIGKILL, by hand or by the system for lack of memory (fewer CORES need less)"), (11, 139, "SIGSEGV")],
)
def test_a_command_that_is_killed_from_outside_is_told(lock, supervision, capsys, number, status, why):
    assert supervision.run_marked(["sh", "-c", f"kill -{number} $$"], lock, dict(os.environ)) == status
    assert capsys.readouterr().err == f"what runs the jobs was killed by signal {why}\n"


def test_other_processes_are_left_alone(lock, supervision):
    with subprocess.Popen(["sleep", "300"], env={supervision.MARK: "another checkout"}) as other:
        with supervision.sole_workflow(lock):
            assert other.poll() is None
        other.kill()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "cannot be written .Read-only file system.; copy the checkout"),
        (errno.EACCES, "cannot be written .Permission denied.; copy the checkout"),
        (errno.ENOLCK, "its file system knows no locks"),
        (errno.ENOSPC, "is full"),
    ],
)
@pytest.mark.parametrize("call", ["mkdir", "flock"])
def test_a_lock_that_cannot_be_had_is_one_line(lock, supervision, monkeypatch, number, said, call):
    def refuse(*_given, **_options):
        raise OSError(number, os.strerror(number), str(lock))

    monkeypatch.setattr(*((Path, "mkdir") if call == "mkdir" else (supervision.fcntl, "flock")), refuse)
    with pytest.raises(InterplayError, match=said) as raised, supervision.sole_workflow(lock):
        pass
    assert "\n" not in str(raised.value)


def test_a_lock_that_cannot_be_written_into_is_one_line(root, lock):
    """The system itself refuses, also when what could not be written is closed."""
    code = (
        "import resource, sys; sys.path.insert(0, 'workflow')\nimport supervision\nfrom pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "try:\n    with supervision.sole_workflow(Path(sys.argv[1])): pass\n"
        "except supervision.InterplayError as error: sys.exit(str(error))"
    )
    done = subprocess.run([sys.executable, "-c", code, lock], cwd=root, capture_output=True, text=True)
    assert done.stderr == f"{lock}: file too large\n"


def test_what_fails_while_the_lock_is_held_is_no_matter_of_the_lock(lock, supervision):
    with pytest.raises(OSError, match="No space"), supervision.sole_workflow(lock):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
