"""What can befall a workflow: killed processes, a loss of power, damaged files, a full disk, no memory.

Each kind is a function of a `Scene` that does one thing, chosen by the scene's own random numbers, and says what.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

PATIENCE = 20.0  # seconds that a kind waits for the process that it is after
STAGES = {  # where files lie that a workflow writes; of which a loss of power or a clumsy hand may spoil any
    "record": "results/smoke/records/**/*.json",
    "model": "results/smoke/models/**/*.safetensors",
    "checkpoint": "results/smoke/checkpoints/**/*.checkpoint*",
    "finished run": "results/smoke/checkpoints/**/*.finished.*",
    "figure": "results/smoke/figures/**/*.*",
    "table": "results/smoke/tables/**/*.*",
    "metrics": "results/smoke/metrics/*.json",
    "verdicts": "results/smoke/verdicts.json",
    "report": "results/smoke/report/**/*.*",
    "log": "results/smoke/logs/**/*.log",
    "notes of Snakemake": ".snakemake/metadata/**/*",
    "marks of Snakemake": ".snakemake/incomplete/**/*",
    "lock": ".cache/*",
}


@dataclass
class Scene:
    """A copy of the checkout in which something is to go wrong.

    Attributes:
        folder: of the copy.
        draw: where its random choices come from.
        make: the process that started the workflow, if one is at work.
    """

    folder: Path
    draw: random.Random
    make: psutil.Process | None = None

    def processes(self, role: str) -> list[psutil.Process]:
        """Those of the workflow that play a role: `make`, `reproduce`, `snakemake`, `job`; all of them for `any`."""
        if self.make is None:
            return []
        try:
            family = [self.make, *self.make.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
        return sorted((one for one in family if role in ("any", role_of(one))), key=lambda one: one.pid)

    def wait_for(self, role: str, least_mib: float = 0.0) -> psutil.Process | None:
        """One of them that has so much memory, as soon as there is one; None if none came, or the workflow ended."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.make is not None and self.make.is_running():
            found = [one for one in self.processes(role) if resident(one) >= least_mib]
            if found:
                return self.draw.choice(found)
            time.sleep(0.02)
        return None


def role_of(process: psutil.Process) -> str:
    """What a process of the workflow is there for."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return "gone"
    if words[:1] == ["sh"]:
        return "make"
    if any(word.endswith("workflow/reproduce.py") for word in words):
        return "reproduce"
    if words[1:3] == ["-m", "snakemake"]:
        return "snakemake"
    return "job" if len(words) > 1 and words[1].endswith("/interplay") else "other"


def resident(process: psutil.Process) -> float:
    """MiB of memory that a process has."""
    try:
        return float(process.memory_info().rss) / 2**20
    except psutil.Error:
        return -1.0


def kill(role: str) -> Callable[[Scene], str]:
    """A kind that kills one process of a role."""

    def strike(scene: Scene) -> str:
        process = scene.wait_for(role)
        if process is None:
            return "nothing: none was there"
        doing = " ".join(process.cmdline()[2:5]) if role == "job" else ""
        process.kill()
        return f"killed {role} {doing}".strip()

    return strike


def kill_everything(scene: Scene) -> str:
    """Kill the whole process group at once, as a terminal that is closed by force, or a loss of power, does."""
    if scene.make is None or not scene.make.is_running():
        return "nothing: it had ended"
    os.killpg(scene.make.pid, signal.SIGKILL)
    for process in scene.processes("any"):
        process.kill()
    return "killed the process group"


def lose_power(scene: Scene) -> str:
    """Kill everything, and spoil three of the files that were written last."""
    said = [kill_everything(scene)]
    time.sleep(0.5)  # what is killed is gone before its files are spoilt
    youngest = sorted(written(scene.folder), key=lambda path: path.lstat().st_mtime_ns)[-30:]
    for _ in range(min(3, len(youngest))):
        path = youngest.pop(scene.draw.randrange(len(youngest)))
        said.append(spoil(path, scene.draw, scene.folder))
    return "; ".join(said)


def damage(*stages: str) -> Callable[[Scene], str]:
    """A kind that spoils one file of one of the stages, of all if none is named."""

    def strike(scene: Scene) -> str:
        there = {name: list(of_stage(scene.folder, name)) for name in stages or STAGES}
        there = {name: files for name, files in there.items() if files}
        name = scene.draw.choice(sorted(there))
        return f"{name}: {spoil(scene.draw.choice(there[name]), scene.draw, scene.folder)}"

    return strike


def of_stage(folder: Path, name: str) -> Iterator[Path]:
    """Files of a stage, sorted."""
    return (path for path in sorted(folder.glob(STAGES[name])) if path.is_file())


def written(folder: Path) -> Iterator[Path]:
    """All files that a workflow writes."""
    return (path for name in STAGES for path in of_stage(folder, name))


def spoil(path: Path, draw: random.Random, folder: Path) -> str:
    """Leave a file other than it was written; half the time its time of change is put back."""
    before, size = path.stat(), path.stat().st_size
    how = draw.choice(["cut", "emptied", "zeroed", "garbled", "a flipped byte in", "removed", "a folder for"])
    if how == "removed":
        path.unlink()
    elif how == "a folder for":
        path.unlink()
        path.mkdir()
    else:
        content = bytearray(path.read_bytes())
        place = draw.randrange(size) if size else 0
        if how == "cut":
            content = content[:place]
        elif how == "emptied":
            content = bytearray()
        elif how == "zeroed":
            content[place:] = bytes(size - place)
        elif how == "garbled":
            content = bytearray(draw.randbytes(draw.randrange(1, 2000)))
        elif size:
            content[place] ^= 1 << draw.randrange(8)
        with path.open("rb+") as stream:  # in place, as a disk does it: a hard link sees it too
            stream.truncate(0)
            stream.write(content)
        if draw.random() < 0.5:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return f"{how} {path.relative_to(folder)}"


def another_version(scene: Scene) -> str:
    """Turn a record into one of a later version of the schema."""
    path = scene.draw.choice(list(of_stage(scene.folder, "record")))
    content = json.loads(path.read_text()) | {"schema_version": 99}
    path.unlink()  # as another version would write it: a file of its own
    path.write_text(json.dumps(content))
    return f"another version: {path.relative_to(scene.folder)}"


def leave_rubbish(scene: Scene) -> str:
    """What killed processes leave: locks, one of which names a living process, and half-written files."""
    said = []
    locks = scene.folder / ".snakemake/locks"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "0.output.lock").write_text("\n".join(str(path) for path in of_stage(scene.folder, "record")))
    (scene.folder / ".cache").mkdir(exist_ok=True)
    (scene.folder / ".cache/reproduce.lock").write_bytes(b"1" if scene.draw.random() < 0.5 else b"\xff\xfe")
    for path in scene.draw.sample(sorted(written(scene.folder)), 5):
        if "results" in path.parts:
            (path.parent / f".{path.name}.x7_k2pqz").write_bytes(b"{half")
            said.append(path.name)
    return f"locks, and half-written {', '.join(said)}"


def fill_disk(scene: Scene) -> str:
    """Leave next to nothing free on the disk of the folder, which must be a small one of its own."""
    free = shutil.disk_usage(scene.folder).free
    left = scene.draw.choice([0, 4096, 65536])
    ballast = scene.folder / "ballast"
    with ballast.open("wb", buffering=0) as stream:  # what a buffer held would be written once more on closing, in vain
        for size in (2**16, 2**12, 1):
            try:
                while shutil.disk_usage(scene.folder).free > left:
                    stream.write(bytes(size))
            except OSError:
                continue
    return f"{free / 1e6:.0f} MB of disk filled but for {left} bytes"


def take_memory(scene: Scene) -> str:
    """Let a job, once it has begun to load what it needs, have hardly more memory than it has at this moment."""
    process = scene.wait_for("job", least_mib=100.0)
    if process is None:
        return "nothing: no job was there"
    try:
        doing, more = " ".join(process.cmdline()[2:5]), scene.draw.choice([0, 2**20, 2**26])
        limit = process.memory_info().vms + more
        process.rlimit(resource.RLIMIT_AS, (limit, limit))
    except psutil.NoSuchProcess:
        return "nothing: the job had ended"
    return f"no more than {limit / 2**20:.0f} MiB for {doing}"
