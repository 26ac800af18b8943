"""Copies of the checkout in which every experiment has its small form, and the workflow in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Self

import shrunken

from interplay.protocols.experiments import AnyRun
from interplay.protocols.plan import Job, plan_jobs, record_path
from interplay.protocols.setup import Setup, load_setup
from interplay.records import Record, write_record
from interplay.records.integrity import ENDS

OUT = "results/smoke"


def whole(path: Path, said: str) -> bytes:
    """What passes for a whole file of its kind."""
    if path.suffix == ".json":
        return json.dumps({"said": said}).encode()
    if path.suffix == ".safetensors":
        header = json.dumps({"__metadata__": {"said": said}}).encode()
        return len(header).to_bytes(8, "little") + header
    return said.encode() + ENDS.get(path.suffix, b"")


class Checkout:
    """A copy of the checkout, and the commands in it."""

    outputs: set[str]  # of all rules, once they seem made

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def small(cls, folder: Path) -> Self:
        """A new one, in which nothing is made."""
        shrunken.copy_code(folder)
        shrunken.shrink(folder / "config", shrunken.EXHIBITS)
        return cls(folder)

    @cached_property
    def setup(self) -> Setup:
        """The smoke tier as configured when this is first asked for."""
        return load_setup(self.folder / "config")

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """All jobs of the plan by the names of their rules."""
        return {job.slug: job for job in plan_jobs(self.setup)}

    def call(self, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "src"),
        }
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def snakemake(self, *arguments: str, check: bool = True) -> str:
        """What Snakemake says."""
        command = ["snakemake", "--profile", "profiles/default", "--cores", "2", "--nolock", *arguments]
        done = self.call(*command, check=check)
        return done.stdout + done.stderr

    def planned(self, *arguments: str) -> set[str]:
        """Rules that a dry run would run."""
        rules = re.findall(r"^ *(?:local)?rule (\w+):", self.snakemake("--dry-run", *arguments), flags=re.MULTILINE)
        return set(rules) - {"all"}

    def plan(self, *arguments: str) -> dict[str, str]:
        """Each job that would run, and why, in the order in which they are named."""
        done = self.call(sys.executable, "workflow/plan.py", "--cores", "2", *arguments, check=True)
        table = done.stdout.split("\n\n")[0].splitlines()[1:] if done.stdout.startswith("job ") else []
        return {line.split()[0]: re.split(r"  (?:cpu|cuda)  ", line)[1] for line in table}

    def reproduced(self, *arguments: str, mend: bool = False) -> set[str]:
        """What `reproduce.py` has Snakemake run, by dry runs in its place; what it fetches is there afterwards.

        Nothing is mended before unless `mend` is set.
        """
        code = (
            "import sys; sys.path.insert(0, 'workflow'); import reproduce\n"
            "from contextlib import nullcontext; from pathlib import Path; import subprocess\n"
            f"sys.argv[1:] = {list(arguments)!r}\n"
            "def dry(command, lock, environment):\n"
            "    place = command.index('--profile'); command[place:place] = ['--dry-run']\n"
            "    status = subprocess.call([one for one in command if one not in ('--logger', 'interplay')])\n"
            "    targets = command[command.index('--') + 1:] if '--' in command else []\n"
            "    for one in targets:\n"
            "        if one.startswith('data/'): Path(one).mkdir()\n"
            "    return status\n"
            "reproduce._is_able = lambda *given: True; reproduce.none_left_behind = lambda *given: nullcontext()\n"
            f"reproduce.mend = reproduce.mend if {mend} else lambda *given: None\n"
            "reproduce._summarise = lambda *given: None\n"
            "reproduce.sole_workflow = lambda lock: nullcontext(); reproduce.run_marked = dry\n"
            "sys.exit(reproduce.main())\n"
        )
        done = self.call(sys.executable, "-c", code)
        return set(re.findall(r"^ *(?:local)?rule (\w+):", done.stdout + done.stderr, flags=re.MULTILINE)) - {"all"}

    def pretend(self, planned_record: Callable[[Setup, str, AnyRun], Record]) -> None:
        """Let everything seem made, by Snakemake's notes too: records as planned, a line in every other file."""
        outputs = re.findall(r"^ +output: (.*)$", self.snakemake("--dry-run"), flags=re.MULTILINE)
        self.outputs = {name for line in outputs for name in line.split(", ")}
        for name in self.outputs:
            path = self.folder / name
            path = path if path.suffix else path / "in_it.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(whole(path, f"made: {name}\n"))
        for job in self.jobs.values():
            for run in job.runs:
                record = planned_record(self.setup, job.experiment, run)
                write_record(record, self.folder / OUT / record_path(job.experiment, run.name))
        self.snakemake("--touch", "--forceall")

    def copy(self, folder: Path) -> Self:
        """A copy of it as it is, results and notes included."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return type(self)(folder)
