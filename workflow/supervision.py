"""One workflow at a time in a checkout, and no process of it left behind, however it ends.

The lock is the kernel's: it goes with the process that holds it, so that there is no stale one. Everything that a
workflow starts carries a mark in its environment; what a killed one left running is found by that mark and ended
before anything else is started.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from interplay.errors import InterplayError
from interplay.markup import say
from interplay.records.disk import explain

MARK = "INTERPLAY_REPRODUCE"
TAKEOVER_SECONDS = 5.0  # what a workflow whose `make` was killed needs to end
GRACE_SECONDS = 5.0
STUBBORN_SECONDS = 20.0  # after SIGKILL, until it is said which processes do not end
MOMENT_SECONDS = 0.1
INTERRUPTED = 130
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PR_SET_PDEATHSIG = 1


class BusyError(Exception):
    """Another workflow holds the lock; the message names its process."""


@contextmanager
def sole_workflow(lock: Path) -> Iterator[None]:
    """Hold the lock of a checkout, and end what an earlier, killed workflow left running in it.

    Raises:
        BusyError: another workflow is at work, or processes of one that was killed do not end.
        InterplayError: the lock cannot be written, or its file system knows no locks.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        stream = lock.open("a+")
    except OSError as error:
        raise InterplayError(_no_lock(error, lock)) from error
    with stream:
        try:
            _take(stream)
        except OSError as error:
            raise InterplayError(_no_lock(error, lock)) from error
        if not end_marked(_mark(lock), at_once=True):
            raise BusyError("processes that a killed one left, and that do not end")
        yield


def _take(stream: TextIO) -> None:
    """Wait for the lock, and write into it who holds it."""
    deadline = time.monotonic() + TAKEOVER_SECONDS
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                stream.seek(0)
                raise BusyError(f"process {stream.read().strip() or 'unknown'}") from None
            time.sleep(0.2)
    stream.truncate(0)
    os.write(stream.fileno(), str(os.getpid()).encode())  # what a stream could not write it would write when closed


def _no_lock(error: OSError, lock: Path) -> str:
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        checkout = lock.absolute().parent.parent
        return f"{checkout} cannot be written ({error.strerror}); copy the checkout to where you may write (cp -r)"
    if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
        return f"{lock}: its file system knows no locks ({error.strerror}); copy the checkout to another (cp -r)"
    return explain(error, lock) or str(error)


def die_with_parent() -> None:
    """Get SIGTERM when the process that started this one, `make` as a rule, is killed (Linux only)."""
    _hear_sigterm()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def run_marked(command: Sequence[str], lock: Path, environment: dict[str, str]) -> int:
    """Run a command whose processes carry the mark of `lock`, and leave none of them behind.

    A first Ctrl-C reaches all of them by the terminal and lets them end by themselves; a second one, or another signal,
    ends them. They stay in this process group, so that killing the group kills them too. A SIGHUP, SIGINT or SIGQUIT
    that is ignored already, as `nohup` and a shell's background jobs have it, stays ignored.

    Returns:
        the exit status of the command; 130 after a signal, and 128 and the signal's number where that ended the command
        alone, which is said in one line, as the command can say nothing any more. Not 0 where processes are left that
        cannot be ended.
    """
    signals: list[int] = []
    _hear_sigterm()
    before = {number: signal.getsignal(number) for number in ENDING}
    handled = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, lambda received, _frame: signals.append(received))
    child = subprocess.Popen(command, env=marked(lock, environment))
    patience: float | None = None
    while child.poll() is None:
        try:
            child.wait(0.2)
        except subprocess.TimeoutExpired:
            if signals and patience is None:
                patience = time.monotonic() + GRACE_SECONDS
            if signals and (signals != [signal.SIGINT] or time.monotonic() > (patience or 0.0)):
                break
    ended = end_marked(_mark(lock), at_once=len(signals) > 1)
    status = child.wait() if ended else child.poll() or 1
    if status < 0 and not signals:
        status = _say_killed(-status)
    for number in handled:
        signal.signal(number, before[number])
    return INTERRUPTED if signals else status


def marked(lock: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Variables under which a process is found again if this one is killed."""
    return {**environment, MARK: _mark(lock)}


def end_marked(mark: str, at_once: bool = False) -> bool:
    """End all processes that carry `mark`: SIGTERM, and SIGKILL for those that stay.

    Returns:
        whether none is left. One that waits for a disk or a card that does not answer cannot be ended: then one line
        says which.
    """
    deadline = time.monotonic() + (0.0 if at_once else GRACE_SECONDS)
    told: set[int] = set()
    while processes := _marked(mark) or _marked_after_a_moment(mark):
        late = time.monotonic() > deadline
        if time.monotonic() > deadline + STUBBORN_SECONDS:
            named = ", ".join(map(str, sorted(processes)))
            say(f"error: processes {named} do not end, whatever they wait for (see ps); end them", err=True)
            return False
        for process in processes if late else set(processes) - told:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL if late else signal.SIGTERM)
            told.add(process)
        time.sleep(0.1)
    return True


def _hear_sigterm() -> None:
    """Undo an ignored SIGTERM, which is inherited: what ends processes here relies on it, in them as well."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _say_killed(number: int) -> int:
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    why = ", by hand or by the system for lack of memory (fewer CORES need less)" if number == signal.SIGKILL else ""
    say(f"what runs the jobs was killed by signal {name}{why}", err=True)
    return 128 + number


def _mark(lock: Path) -> str:
    return str(lock.resolve())


def _marked_after_a_moment(mark: str) -> list[int]:
    """Looks again: the system shows no environment of a process while that starts its program."""
    time.sleep(MOMENT_SECONDS)
    return _marked(mark)


def _marked(mark: str) -> list[int]:
    """Processes of this user with the mark in their environment."""
    if not Path("/proc/self/environ").is_file():
        return _marked_without_proc(mark)
    entry, found = f"{MARK}={mark}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            finished = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:  # gone meanwhile, or another user's
            continue
        if entry in environment.split(b"\0") and not finished and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def _marked_without_proc(mark: str) -> list[int]:
    """As on macOS, by psutil, which Snakemake brings."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            carries = process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):  # gone meanwhile, or another user's
            continue
        if carries and process.pid != os.getpid():
            found.append(process.pid)
    return found
