"""One workflow at a time in a checkout, and no process of it left behind, however it ends.

The lock is the kernel's: it goes with the process that holds it, so that there is no stale one. Everything that a
workflow starts carries a mark in its environment; what a killed one left running is found by that mark and ended
before anything else is started.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from interplay.markup import say

MARK = "INTERPLAY_REPRODUCE"
TAKEOVER_SECONDS = 5.0  # what a workflow whose `make` was killed needs to end
GRACE_SECONDS = 5.0
INTERRUPTED = 130
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PR_SET_PDEATHSIG = 1


class BusyError(Exception):
    """Another workflow holds the lock; the message names its process."""


@contextmanager
def sole_workflow(lock: Path) -> Iterator[None]:
    """Hold the lock of a checkout, and end what an earlier, killed workflow left running in it.

    Raises:
        BusyError: another workflow is at work.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as stream:
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
        stream.write(str(os.getpid()))
        stream.flush()
        end_marked(_mark(lock), at_once=True)
        yield


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
        alone, which is said in one line, as the command can say nothing any more.
    """
    signals: list[int] = []
    _hear_sigterm()
    before = {number: signal.getsignal(number) for number in ENDING}
    handled = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, lambda received, _frame: signals.append(received))
    child = subprocess.Popen(command, env={**environment, MARK: _mark(lock)})
    patience: float | None = None
    while child.poll() is None:
        try:
            child.wait(0.2)
        except subprocess.TimeoutExpired:
            if signals and patience is None:
                patience = time.monotonic() + GRACE_SECONDS
            if signals and (signals != [signal.SIGINT] or time.monotonic() > (patience or 0.0)):
                break
    end_marked(_mark(lock), at_once=len(signals) > 1)
    status = child.wait()
    if status < 0 and not signals:
        status = _say_killed(-status)
    for number in handled:
        signal.signal(number, before[number])
    return INTERRUPTED if signals else status


def end_marked(mark: str, at_once: bool = False) -> None:
    """End all processes that carry `mark`: SIGTERM, and SIGKILL for those that stay."""
    deadline = time.monotonic() + (0.0 if at_once else GRACE_SECONDS)
    told: set[int] = set()
    while processes := _marked(mark):
        late = time.monotonic() > deadline
        for process in processes if late else set(processes) - told:
            try:
                os.kill(process, signal.SIGKILL if late else signal.SIGTERM)
            except ProcessLookupError:
                continue
            told.add(process)
        time.sleep(0.1)


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


def _marked(mark: str) -> list[int]:
    """Processes of this user with the mark in their environment; none where there is no /proc."""
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
