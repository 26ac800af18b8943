"""Would another machine give other verdicts? The tier again under other instruction sets and thread counts.

    python benchmarks/other_machine.py [--tier smoke] [--cores 2] [--only avx2 ...] [--judge-only]

Runs the tier's records once as this machine does them and once more for each variant (below `results/machines/`; what
is there is not run again), judges each set by itself, and prints what became of every verdict. A flip is a verdict that
is decided on both sides and not the same. Ends with status 1 where there is one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from interplay.errors import InterplayError
from interplay.evidence import Verdict, judge, load_levels, load_published
from interplay.evidence.verdicts import DECIDED
from interplay.markup import plain_table
from interplay.protocols.claim_files import load_claims
from interplay.protocols.setup import load_setup
from interplay.records.machine import usable_cores

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))
from reproduce import CONFIG, LOCK, run_snakemake  # noqa: E402  (a script beside the workflow, not a package)
from supervision import sole_workflow  # noqa: E402

FOLDER = Path("results/machines")
# What torch and oneDNN take instead of what the processor offers, and threads a job.
VARIANTS: dict[str, tuple[dict[str, str], int | None]] = {
    "avx2": ({"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}, None),
    "scalar": ({"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}, None),
    "threads": ({}, 2),
}


def make_records(tier: str, cores: int, chosen: Sequence[str]) -> dict[str, Path]:
    """The tier's records as this machine makes them (`here`), and of each variant.

    Raises:
        InterplayError: the workflow fails.
    """
    setup = load_setup(CONFIG, tier)
    folders = {"here": Path("results") / setup.folder}
    with sole_workflow(LOCK):
        _run(run_snakemake(setup, "cpu", cores, ["records"]), "here")
        for name in chosen:
            variables, threads = VARIANTS[name]
            root = FOLDER / name
            config = CONFIG if threads is None else _with_threads(tier, threads, root / "config")
            _run(run_snakemake(setup, "cpu", cores, ["records"], root, variables, config), name)
            folders[name] = root / setup.folder
    return folders


def _run(status: int, name: str) -> None:
    if status:
        raise InterplayError(f"{name}: the workflow ended with status {status}; see above")


def _with_threads(tier: str, threads: int, folder: Path) -> Path:
    """A copy of the configuration whose tier takes so many threads a job."""
    shutil.copytree(CONFIG, folder, dirs_exist_ok=True)
    path = folder / "tiers" / f"{tier}.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")) | {"threads": threads}), "utf-8")
    return folder


def judged(folder: Path) -> dict[str, Verdict]:
    """The verdicts on the records of one folder alone."""
    claims = load_claims(CONFIG / "claims")
    verdicts = judge(claims, load_levels(folder, claims, CONFIG, beside=[]), load_published(CONFIG / "published"))
    return {verdict.id: verdict for verdict in verdicts if verdict.ladder[0].records}


def changes(here: Mapping[str, Verdict], there: Mapping[str, Verdict]) -> dict[str, tuple[str, str]]:
    """Rulings before and after, of the claims on runs whose ruling differs."""
    both = ((name, here[name].rung.ruling, there[name].rung.ruling) for name in here.keys() & there.keys())
    return {name: (first, second) for name, first, second in sorted(both) if first != second}


def flips(changed: Mapping[str, tuple[str, str]]) -> list[str]:
    """Those that are decided on both sides."""
    return [name for name, pair in changed.items() if set(pair) <= set(DECIDED)]


def report(verdicts: Mapping[str, Mapping[str, Verdict]]) -> tuple[str, int]:
    """What became of the verdicts under each variant, and the number of flips.

    Raises:
        InterplayError: a variant shares no claim on runs with this machine, so that none is compared.
    """
    here = verdicts["here"]
    rows, lines, total = [], [], 0
    for name in [name for name in verdicts if name != "here"]:
        if not here.keys() & verdicts[name].keys():
            raise InterplayError(f"{name}: no claim has runs both here and there; make them without --judge-only")
        changed = changes(here, verdicts[name])
        flipped = flips(changed)
        total += len(flipped)
        counts = Counter(f"{first} to {second}" for first, second in changed.values())
        rows.append([name, str(len(here)), str(len(changed)), str(len(flipped))])
        lines += [f"{name}: " + (", ".join(f"{number} from {what}" for what, number in counts.items()) or "no change")]
        lines += [f"  flip: {claim}: {changed[claim][0]} to {changed[claim][1]}" for claim in flipped]
    head = ["variant", "claims on runs", "changed", "flips between decided"]
    return "\n".join([plain_table(head, rows, "lrrr"), "", *lines]), total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tier", default="smoke")
    parser.add_argument("--cores", type=int, default=usable_cores())
    parser.add_argument("--only", nargs="+", choices=sorted(VARIANTS), default=sorted(VARIANTS))
    parser.add_argument("--judge-only", action="store_true", help="judge what is there and run nothing")
    options = parser.parse_args()
    os.chdir(ROOT)
    if options.judge_only:
        folder = load_setup(CONFIG, options.tier).folder
        folders = {"here": Path("results") / folder} | {name: FOLDER / name / folder for name in options.only}
    else:
        folders = make_records(options.tier, options.cores, options.only)
    text, total = report({name: judged(path) for name, path in folders.items()})
    print(text)
    return int(total > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except InterplayError as error:
        sys.exit(f"error: {error}")
