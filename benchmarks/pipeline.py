"""The speed of the whole pipeline in the smoke tier, measured on a results folder of its own.

    python benchmarks/pipeline.py [--cores 2]

Prints: the time of a full run and its peak memory; the time of a second run, which must run nothing; what a change of
one figure's module makes run; and what logging the trajectories costs, as a share of training time.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from interplay.records import Record, select_records


def snakemake(results: Path, cores: int) -> tuple[float, list[str]]:
    """Seconds that Snakemake takes, and the rules that it ran."""
    command = ["snakemake", "--profile", "profiles/default", "--cores", str(cores), "--nolock"]
    command += ["--config", "tier=smoke", f"results={results}"]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    started = perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds = perf_counter() - started
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    rules = re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, flags=re.MULTILINE)
    return seconds, [rule for rule in rules if rule != "all"]


def logging_share(records: list[Record]) -> float:
    """Seconds of logging over seconds of training, in all runs of an experiment together."""
    spent = [record.provenance.seconds for record in records]
    return sum(seconds["logging"] for seconds in spent) / sum(seconds["training"] for seconds in spent)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=2)
    cores = parser.parse_args().cores
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        first, rules = snakemake(results, cores)
        print(f"full smoke tier: {first:.0f} s, {len(rules)} jobs on {cores} cores")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        print(f"largest process: {peak:.2f} GiB (at most {cores} at a time)")
        again, rules = snakemake(results, cores)
        print(f"again, nothing changed: {again:.1f} s, {len(rules)} jobs")
        for experiment in ("supervised", "grokking"):
            share = logging_share(select_records(results / "smoke", [f"{experiment}/*"]))
            print(f"logging of trajectories, {experiment}: {share:.1%} of training time")
        module = Path("src/interplay/figures/grokking.py")
        source = module.read_text()
        try:
            module.write_text(source + "\n# touched by the benchmark\n")
            touched, rules = snakemake(results, cores)
        finally:
            module.write_text(source)
        print(f"after a change of {module}: {touched:.1f} s, ran {', '.join(rules)}")


if __name__ == "__main__":
    main()
