"""Does the workflow survive what befalls it? Break a small one again and again, and compare it with an undisturbed one.

    python benchmarks/kill_campaign.py [--kills 50] [--seed 0] [--kinds WORD ...] [--keep FOLDER]

First one undisturbed run on a shrunken smoke tier. Then, for every case, a copy of it in which everything after a
random moment is undone; `reproduce.py` is started as `make reproduce` starts it, at a random moment of what remains one
kind of mischief strikes, and the same command is run again, to the end. Then nothing may be left running, and
everything must be as it is in the undisturbed run, but for times. All choices follow from the seed; how far the
workflow has come when it is struck depends on the machine.

Prints a line per case and a table of kinds: how often, and how often before the workflow was done; jobs that were done
again although they had been finished (not where files were spoilt or power was lost: some have to be); how often a file
had to be moved away by hand as the message says; what was wrong; seconds. Ends with status 1 if anything was wrong, and
keeps the folders of such cases.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import mischief
import psutil
import shrunken
from mischief import Scene
from undisturbed import Reference, differences, rules_done, undo

from interplay.markup import markdown_table

DEADLINE = 600.0  # seconds after which a workflow that should have ended counts as hanging
EXHIBITS = ("metrics24/fig2", "metrics24/fig9", "metrics24/fig7.barriers")
EXPERIMENTS = ("theory", "grokking", "supervised", "connectivity")
DISK_MB = 24  # free on the disk of a case whose disk is filled, before


@dataclass(frozen=True)
class Kind:
    """A kind of mischief: what it does, and whether a workflow is at work when it does.

    `words`: a workflow that it makes fail must say one of them.
    """

    name: str
    strike: Callable[[Scene], str]
    running: bool = True
    own_disk: bool = False
    words: tuple[str, ...] = ()

    @property
    def tells_lost(self) -> bool:
        """Whether a finished job that is done again is lost; where files were spoilt some have to be."""
        return self.running and self.strike is not mischief.lose_power


KINDS = (
    Kind("kill -9 of a job", mischief.kill("job")),
    Kind("kill -9 of Snakemake", mischief.kill("snakemake")),
    Kind("kill -9 of reproduce.py", mischief.kill("reproduce")),
    Kind("kill -9 of make", mischief.kill("make")),
    Kind("kill -9 of the process group", mischief.kill_everything),
    Kind("loss of power", mischief.lose_power),
    Kind("out of memory", mischief.take_memory, words=("out of memory", "killed")),
    Kind("full disk", mischief.fill_disk, own_disk=True, words=("is full",)),
    Kind("a damaged record", mischief.damage("record"), running=False),
    Kind("a damaged network", mischief.damage("model"), running=False),
    Kind("a damaged exhibit or report", mischief.damage("figure", "table", "metrics", "verdicts", "report"), False),
    Kind("damaged notes of Snakemake", mischief.damage("notes of Snakemake", "marks of Snakemake"), running=False),
    Kind("a damaged file of any kind", mischief.damage(), running=False),
    Kind("a record of another version", mischief.another_version, running=False),
    Kind("stale locks, half-written files", mischief.leave_rubbish, running=False),
)


@dataclass
class Outcome:
    """What became of a case.

    `wrong` is empty if all is well; `again` names the jobs that were done again although nothing had befallen them.
    """

    kind: str
    said: str
    seconds: float = 0.0
    named: bool = False
    again: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def struck(self) -> bool:
        """Whether there still was what the mischief was after; a workflow may be done before its moment comes."""
        return not self.said.startswith("nothing")


class Workflow:
    """`reproduce.py` in a copy of the checkout, started as `make reproduce` starts it."""

    def __init__(self, folder: Path, log: Path, cores: int) -> None:
        self.folder, self.log = folder, log
        environment = os.environ | {"PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
        command = ["sh", "-c", '"$@"; exit $?', "make", sys.executable, "workflow/reproduce.py", "--cores", str(cores)]
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait(self) -> int | None:
        """The exit status; None if it hung, and was killed."""
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            return None

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return self.log.read_text(errors="replace")


def left_behind(folder: Path) -> list[psutil.Process]:
    """Processes that work in `folder`."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == folder and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end_all(folder: Path) -> None:
    """Leave nothing running in `folder`."""
    for process in left_behind(folder):
        process.kill()


def run_case(kind: Kind, draw: random.Random, reference: Reference, folder: Path, cores: int) -> Outcome:
    """Copy, undo, start, strike, run again to the end, compare."""
    shutil.copytree(reference.folder, folder, symlinks=True)
    logs = reference.folder.parent / f"{folder.name}.logs"  # a terminal is on no disk that may be full
    logs.mkdir()
    cut = max(0.0, draw.uniform(-0.2, 1.0)) if kind.running else 1.0  # from the very start every sixth time
    remaining = undo(folder, reference, cut)
    moment = draw.uniform(0.0, 0.95) * remaining
    scene, began = Scene(folder, draw), time.monotonic()
    outcome = Outcome(kind.name, "")
    done = reference.rules[: round(cut * len(reference.rules))]
    if kind.running:
        first = Workflow(folder, logs / "first.log", cores)
        scene.make = psutil.Process(first.process.pid)
        time.sleep(moment)
        before = rules_done(first.text)
        outcome.said = f"{kind.strike(scene)}, after {moment:.1f} of {remaining:.0f} s"
        ended = first.wait()
        (folder / "ballast").unlink(missing_ok=True)
        outcome.wrong += _complaints("first run", ended, first.text, may_fail=True)
        if ended and outcome.struck and kind.words and not any(word in first.text.lower() for word in kind.words):
            outcome.wrong.append(f"first run: failed without saying {' or '.join(kind.words)}")
        done = [*done, *before, *rules_done(first.text)]
    else:
        outcome.said = kind.strike(scene)
    second = Workflow(folder, logs / "second.log", cores)
    status = second.wait()
    again = set(done) & set(rules_done(second.text))
    if status and "error: " in second.text and "Traceback" not in second.text:
        outcome.named = (culprit := _named_in(second.text, folder)) is not None
        if culprit is not None:  # as the message advises
            shutil.rmtree(culprit) if culprit.is_dir() else culprit.unlink()
            done = [*done, *rules_done(second.text)]
            second = Workflow(folder, logs / "third.log", cores)
            status = second.wait()
            again |= set(done) & set(rules_done(second.text))
    outcome.wrong += _complaints("second run", status, second.text, may_fail=False)
    if left := left_behind(folder):
        outcome.wrong.append(f"left running: {', '.join(' '.join(one.cmdline()[:6]) for one in left)}")
    outcome.wrong += differences(reference.folder, folder)
    if kind.tells_lost:
        outcome.again = sorted(again)
    outcome.seconds = time.monotonic() - began
    return outcome


def _complaints(run: str, status: int | None, text: str, may_fail: bool) -> list[str]:
    found = []
    if status is None:
        found.append(f"{run}: hung")
    elif status and not may_fail:
        found.append(f"{run}: status {status}")
    if "Traceback (most recent call last)" in text:
        found.append(f"{run}: a traceback")
    return found


def _named_in(text: str, folder: Path) -> Path | None:
    """What the first error tells one to delete, if it lies below `folder`: a file, or a folder in a file's place."""
    line = next(line for line in text.splitlines() if "error: " in line)
    for word in line.partition("error: ")[2].replace(",", " ").split():
        path = (folder / word.rstrip(":;")).resolve()
        below = path != folder.resolve() and path.is_relative_to(folder.resolve())
        if "/" in word and below and (path.is_file() or (path.is_dir() and "a folder where a file belongs" in line)):
            return path
    return None


def summarise(kinds: Sequence[Kind], outcomes: Sequence[Outcome], skipped: Sequence[str]) -> str:
    """A table with a line per kind."""
    rows = []
    for kind in kinds:
        own = [one for one in outcomes if one.kind == kind.name]
        seconds = f"{sum(one.seconds for one in own) / len(own):.0f}" if own else ""
        wrong = "skipped: needs root" if kind.name in skipped else str(sum(bool(one.wrong) for one in own))
        cells = [
            len(own),
            sum(one.struck for one in own),
            sum(len(one.again) for one in own) if kind.tells_lost else "-",
            sum(one.named for one in own),
            wrong,
            seconds,
        ]
        rows.append([kind.name, *map(str, cells)])
    total = [
        len(outcomes),
        sum(one.struck for one in outcomes),
        sum(len(one.again) for one in outcomes),
        sum(one.named for one in outcomes),
    ]
    total += [sum(bool(one.wrong) for one in outcomes), f"{sum(one.seconds for one in outcomes):.0f} in all"]
    rows.append(["all", *map(str, total)])
    return markdown_table(("kind", "cases", "struck", "lost jobs", "named", "wrong", "seconds each"), rows, "lrrrrrr")


def small_disk(folder: Path, size_mb: int, stack: ExitStack) -> bool:
    """Mount a disk of `size_mb` at `folder` until the stack is closed; False where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        folder.rmdir()
        return False
    stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=False)
    return True


def one_case(kind: Kind, draw: random.Random, reference: Reference, case: Path, cores: int) -> Outcome | None:
    """Do a case in the folder `case`, kept if anything was wrong; None where a disk of its own is not allowed."""
    with ExitStack() as stack:
        place = case
        if kind.own_disk:
            used = sum(path.lstat().st_size for path in reference.folder.rglob("*")) // 2**20
            if not small_disk(case, used * 5 // 4 + DISK_MB, stack):
                return None
            place = case / case.name
        stack.callback(end_all, place)
        outcome = run_case(kind, draw, reference, place, cores)
        end_all(place)
        if outcome.wrong and kind.own_disk:
            shutil.copytree(place, case.with_name(f"{case.name}.kept"), symlinks=True)
    if not outcome.wrong:
        shutil.rmtree(case, ignore_errors=True)
        shutil.rmtree(case.with_name(f"{case.name}.logs"), ignore_errors=True)
    return outcome


def campaign(kills: int, seed: int, kinds: Sequence[Kind], cores: int, room: Path) -> int:
    """Do it all below `room`, and print what came of it.

    Returns:
        how many cases were wrong; where none was done it ends with status 1.
    """
    folder = room / "undisturbed"
    shrunken.copy_code(folder)
    shrunken.shrink(folder / "config", EXHIBITS)
    shrunken.keep_experiments(folder, EXPERIMENTS)
    nothing: list[int] = []
    shrunken.override(
        folder / "config",
        "supervised",
        seeds=[0],
        variants={"temperatures": nothing, "label_smoothing": nothing, "seeds": [0]},
    )
    shrunken.override(folder / "config", "grokking", seeds=[0, 1], steps=300, checkpoint_every=20)
    began = time.time()
    undisturbed = Workflow(folder, room / "undisturbed.log", cores)
    try:
        status = undisturbed.wait()
    finally:
        end_all(folder)
    if status != 0:
        sys.exit(f"the undisturbed run failed:\n{undisturbed.text}")
    reference = Reference.of(folder, began, undisturbed.text)
    print(f"undisturbed: {len(reference.rules)} jobs, {reference.seconds:.0f} s on {cores} cores", flush=True)
    order = random.Random(seed)
    outcomes, skipped, queue = list[Outcome](), list[str](), list[Kind]()
    try:
        for number in range(kills):
            if not queue:  # every kind once, in random order, before any of them again
                queue = order.sample(kinds, len(kinds))
            kind = queue.pop()
            outcome = one_case(kind, random.Random(f"{seed}/{number}"), reference, room / f"case{number}", cores)
            if outcome is None:
                skipped.append(kind.name)
                continue
            outcomes.append(outcome)
            said = f"WRONG: {'; '.join(outcome.wrong)[:400]}" if outcome.wrong else "ok"
            said += f" (done again: {', '.join(outcome.again)})" if outcome.again else ""
            print(f"{number + 1:3} {kind.name}: {outcome.said}: {said} ({outcome.seconds:.0f} s)", flush=True)
    finally:  # of a campaign that is ended early, too
        print(f"\n{summarise(kinds, outcomes, skipped)}")
    if not outcomes:
        sys.exit("no case was done")
    return sum(bool(one.wrong) for one in outcomes)


def main() -> None:
    """Parse, break, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=[], help="only kinds whose name holds one of these words")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for the cases; a temporary one if not given")
    arguments = parser.parse_args()
    kinds = [kind for kind in KINDS if not arguments.kinds or any(word in kind.name for word in arguments.kinds)]
    if not kinds:
        parser.error(f"no such kind; there are: {', '.join(kind.name for kind in KINDS)}")
    room = arguments.keep or Path(tempfile.mkdtemp(prefix="kill-campaign-"))
    room.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that disks are unmounted and processes ended
    wrong = campaign(arguments.kills, arguments.seed, kinds, arguments.cores, room.resolve())
    if wrong:
        sys.exit(f"{wrong} cases went wrong; they are kept in {room}")
    if arguments.keep is None:
        shutil.rmtree(room)


if __name__ == "__main__":
    main()
