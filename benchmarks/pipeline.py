"""The speed of the whole pipeline in the smoke tier, measured in a copy of the checkout with results of its own.

    python benchmarks/pipeline.py [--cores 2] [--log times.jsonl] [RULE ...]
    python benchmarks/pipeline.py --from-log times.jsonl

Prints: what `make plan` takes for the `paper` tier, as Snakemake's own planning does; wall and CPU seconds of a full
run, per experiment and for figures, tables, verdicts and the report; the largest process; the overhead of the pipeline;
what Snakemake and what `make reproduce` take with nothing to do; what a comment and a change of one figure's module
take and make run; and what logging the trajectories costs, as a share of training time.
CPU seconds compare across machines that are busy with something else, too.

The overhead is over the bare runs: the core-seconds that the workflow holds, its wall seconds W times its C cores, less
those of the processes `interplay run` (each holds the cores of its threads, T, for its wall seconds r), as a share of
the latter: (W C - sum r T) / (sum r T). It counts planning, Snakemake's own work, fetching, figures, tables, metrics,
verdicts, the report, and cores that stand idle. What a run's process takes to start is part of the run here, since it
is paid by hand as well; it is printed beside it, as what the processes took beyond the seconds in their records.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from shrunken import copy_code

from interplay.markup import markdown_table
from interplay.protocols.forecast import memory_mib
from interplay.protocols.plan import Job, plan_jobs
from interplay.protocols.setup import load_setup
from interplay.records import Record, select_records
from interplay.records.machine import usable_cores

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "config"
NAMES = {"figure": "figures", "table": "tables"}
WHOLE = "workflow"  # the row of the log that is of the first run as a whole: its wall and CPU seconds, cores, runs

# Takes the place of `interplay` in rules: runs it, and appends what it took to a file.
METER = """
import json, os, sys, time
started = time.perf_counter()
command = [sys.executable, "-m", "interplay", *sys.argv[1:]]
child = os.posix_spawn(sys.executable, command, os.environ)
_, status, used = os.wait4(child, 0)
row = {
    "what": sys.argv[1:3],
    "wall": time.perf_counter() - started,
    "cpu": used.ru_utime + used.ru_stime,
    "peak": used.ru_maxrss,
}
with open(os.environ["INTERPLAY_TIMES"], "a") as log:
    log.write(json.dumps(row) + "\\n")
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
"""


def write_meter(folder: Path) -> None:
    """Put a command `interplay` into `folder` that measures what it runs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meter.py").write_text(METER)
    command = folder / "interplay"
    # Without PYTHONPATH and site, which the meter does not need and the command gets all the same.
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "{folder / "meter.py"}" "$@"\n')
    command.chmod(0o755)


class Workflow:
    """Snakemake, and the scripts around it, in a copy of the checkout."""

    def __init__(self, folder: Path, log: Path, cores: int, targets: list[str]) -> None:
        self.folder, self.log, self.cores, self.targets = folder, log, cores, targets

    def run(self, tier: str = "smoke", data: str = "offline", dry: bool = False) -> tuple[float, float, list[str]]:
        """Wall seconds, CPU seconds of Snakemake and its jobs, and the rules that were run, or would be if `dry`."""
        command = ["snakemake", "--profile", "profiles/default", "--cores", str(self.cores), "--nolock"]
        command += ["--dry-run"] if dry else []
        command += ["--config", f"tier={tier}", f"data={data}"]
        command += ["--", *([] if dry else self.targets)]
        seconds, used, said = self._call(command)
        rules = re.findall(r"^ *(?:local)?rule (\w+):", said, flags=re.MULTILINE)
        return seconds, used, [rule for rule in rules if rule != "all"]

    def script(self, name: str, *arguments: str) -> tuple[float, float, str]:
        """Wall and CPU seconds of a script that `make` calls, and what it says."""
        return self._call([sys.executable, f"workflow/{name}.py", "--cores", str(self.cores), *arguments])

    def _call(self, command: list[str]) -> tuple[float, float, str]:
        folders = [self.folder / "bin", Path(sys.executable).parent, os.environ["PATH"]]
        environment = os.environ | {
            "PATH": os.pathsep.join(map(str, folders)),
            "PYTHONPATH": str(self.folder / "src"),
            "INTERPLAY_TIMES": str(self.log.absolute()),
        }
        started, before = perf_counter(), _cpu_seconds()
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        seconds, used = perf_counter() - started, _cpu_seconds() - before
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        return seconds, used, done.stdout + done.stderr


def _cpu_seconds() -> float:
    """Of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summarise(rows: Iterable[dict[str, Any]], total_cpu: float | None = None) -> str:
    """A Markdown table of jobs, wall and CPU seconds and the largest process, by experiment and kind, costliest first.

    Args:
        rows: what the meter wrote, one for each job.
        total_cpu: of everything, from which the rest is Snakemake itself.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        kind, *rest = row["what"]
        groups.setdefault(" ".join(rest) if kind == "run" else NAMES.get(kind, kind), []).append(row)
    sums = {
        name: (len(own), sum(row["wall"] for row in own), sum(row["cpu"] for row in own), max(r["peak"] for r in own))
        for name, own in groups.items()
    }
    scale = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    lines = [
        [name, f"{jobs}", f"{wall:.1f}", f"{cpu:.1f}", f"{peak / scale:,.0f}"]
        for name, (jobs, wall, cpu, peak) in sorted(sums.items(), key=lambda item: -item[1][2])
    ]
    jobs, wall, cpu = (sum(values[place] for values in sums.values()) for place in range(3))
    if total_cpu is not None:
        lines.append(["Snakemake", "", "", f"{total_cpu - cpu:.1f}", ""])
        cpu = total_cpu
    lines.append(["all", f"{jobs}", f"{wall:.1f}", f"{cpu:.1f}", ""])
    return markdown_table(("", "jobs", "wall s", "CPU s", "peak MiB"), lines, "lrrrr")


def overhead(rows: Iterable[dict[str, Any]], wall: float, cores: int, in_records: float, threads: int = 1) -> str:
    """Where the core-seconds of a run of the workflow went, and the overhead over the bare runs, as defined above.

    Args:
        rows: what the meter wrote, one for each job.
        wall: seconds of the whole.
        cores: that the workflow was given.
        in_records: seconds of all runs, as their records have them.
        threads: of a run; all other jobs hold one core.
    """
    held: dict[str, float] = {"runs": 0.0, "figures, tables, verdicts, report": 0.0, "fetching": 0.0}
    for row in rows:
        kind = row["what"][0]
        place = "runs" if kind == "run" else "fetching" if kind == "fetch" else "figures, tables, verdicts, report"
        held[place] += row["wall"] * (threads if kind == "run" else 1)
    runs, whole = held["runs"], wall * cores
    if not runs:
        return "no run was made, so there is no overhead over any"
    held["planning, Snakemake, idle cores"] = whole - sum(held.values())
    lines = [[name, f"{seconds:.1f}", f"{seconds / runs:.1%}"] for name, seconds in held.items()]
    lines.append(["of the runs, starting their processes", f"{runs - in_records * threads:.1f}", ""])
    lines.append(["overhead over the bare runs", f"{whole - runs:.1f}", f"{(whole - runs) / runs:.1%}"])
    return markdown_table(("", "core-seconds", "of the runs'"), lines, "lrr")


def _overhead_of(whole: Mapping[str, Any], rows: Iterable[dict[str, Any]]) -> str:
    """The overhead of a run of the workflow by its row of the log."""
    return overhead(rows, whole["wall"], whole["cores"], whole["runs"], whole.get("threads", 1))


def read_log(path: Path) -> list[dict[str, Any]]:
    """The rows that the meter wrote."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def logging_share(records: list[Record]) -> float:
    """Seconds of logging over seconds of training, in all runs of an experiment together."""
    spent = [record.provenance.seconds for record in records]
    return sum(seconds["logging"] for seconds in spent) / sum(seconds["training"] for seconds in spent)


def memory_use(records: Iterable[Record], jobs: Iterable[Job]) -> str:
    """The job whose largest process came nearest to the memory that it asks for, or went beyond it."""
    peaks = {record.name: record.provenance.peak_memory_mib for record in records}
    shares = []
    for job in jobs:
        own = [peaks[name] for run in job.runs if (name := f"{job.experiment}/{run.name}") in peaks]
        shares += [(max(own) / memory_mib(job, "cpu"), job, max(own))] if own else []
    if not shares:
        return "no run was made, so none took memory"
    share, job, peak = max(shares, key=lambda one: one[0])
    return (
        f"memory: at most {share:.0%} of what is asked for ({job.slug}: {peak:,.0f} of {memory_mib(job, 'cpu'):,} MiB)"
    )


def measure(cores: int, log: Path, targets: list[str], folder: Path) -> None:
    """Measure and print."""
    copy_code(folder)
    shutil.rmtree(folder / "data")
    (folder / "data").symlink_to(ROOT / "data")
    write_meter(folder / "bin")
    workflow = Workflow(folder, log, cores, targets)
    log.unlink(missing_ok=True)
    wall, cpu, rules = workflow.run("paper", "published", dry=True)
    print(f"Snakemake's plan of the paper tier, published data: {cpu:.1f} s of CPU, {wall:.1f} s, {len(rules)} jobs")
    wall, cpu, _ = workflow.script("plan", "--tier", "paper", "--data", "published")
    print(f"make plan TIER=paper DATA=published: {cpu:.1f} s of CPU, {wall:.1f} s")
    wall, cpu, rules = workflow.run()
    print(f"smoke tier{' (in part)' if targets else ''}: {wall:.0f} s, {len(rules)} jobs on {cores} cores")
    rows = read_log(log)
    print(summarise(rows, cpu))
    records = select_records(folder / "results/smoke", ["*"])
    seconds = sum(record.provenance.wall_seconds for record in records)
    whole = {"wall": wall, "cpu": cpu, "cores": cores, "runs": seconds, "threads": load_setup(CONFIG).tier.threads}
    with log.open("a") as stream:
        stream.write(json.dumps({"what": [WHOLE], **whole}) + "\n")
    print(_overhead_of(whole, rows))
    print(memory_use(records, plan_jobs(load_setup(CONFIG))))
    wall, cpu, rules = workflow.run()
    print(f"again, nothing changed: {cpu:.1f} s of CPU, {wall:.1f} s, {len(rules)} jobs")
    if not targets:
        wall, cpu, _ = workflow.script("reproduce")
        print(f"make reproduce with nothing to do: {cpu:.1f} s of CPU, {wall:.1f} s")
    for experiment in ("supervised", "grokking"):
        if records := select_records(folder / "results/smoke", [f"{experiment}/*"]):
            print(f"logging of trajectories, {experiment}: {logging_share(records):.1%} of training time")
    for path, line in (("training/loop.py", "# a comment"), ("figures/grokking.py", "CHANGED = True")):
        module = folder / "src/interplay" / path
        module.write_text(f"{module.read_text()}\n{line}\n")
        wall, _, rules = workflow.run()
        print(f"after `{line}` in {path}: {wall:.1f} s, ran {', '.join(rules) or 'nothing'}")


def main() -> None:
    """Parse, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="RULE", help="only these rules and what they need")
    parser.add_argument("--cores", type=int, default=min(2, usable_cores()))
    parser.add_argument("--log", type=Path, help="keep the times of single jobs in this file")
    parser.add_argument("--from-log", type=Path, help="print the tables of an earlier log, and run nothing")
    arguments = parser.parse_args()
    if arguments.from_log is not None:
        rows = read_log(arguments.from_log)
        jobs = [row for row in rows if row["what"] != [WHOLE]]
        print(summarise(jobs))
        for row in rows:
            if row["what"] == [WHOLE]:
                print(_overhead_of(row, jobs))
        return
    with tempfile.TemporaryDirectory() as folder:
        log = arguments.log or Path(folder) / "times.jsonl"
        measure(arguments.cores, log, arguments.targets, Path(folder) / "checkout")


if __name__ == "__main__":
    main()
