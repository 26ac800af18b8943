"""Copies the records of a run of larger scale, its figures and its provenance to `results/reference/<name>/`.

    python benchmarks/keep_reference.py results/paper grokking-paper 'grokking/*' figures/metrics24/fig9
    python benchmarks/keep_reference.py results/smoke --rulings

Takes the folder of a tier's results, a name, a glob on `<experiment>/<run>`, and figures (without suffix) to keep. With
`--rulings` it keeps what every claim came to, in `results/reference/<tier>-rulings.json`; a test compares that with the
reference results.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from interplay.errors import InterplayError
from interplay.evidence import read_verdicts
from interplay.evidence.rulings import keep_rulings
from interplay.protocols import frozen_claims
from interplay.protocols.claim_files import load_claims
from interplay.records import select_records, write_record
from interplay.records.provenance import git_state


def keep(results: Path, name: str, selector: str, exhibits: list[str]) -> Path:
    """Copy what is worth committing; weights and checkpoints are not."""
    target = Path("results/reference") / name
    records = select_records(results, [selector])
    if not records:
        raise InterplayError(f"{results}: no record matches {selector}")
    for record in records:
        write_record(record, target / "records" / f"{record.name}.json")
    if (results / frozen_claims.NAME).is_file():
        shutil.copyfile(results / frozen_claims.NAME, target / frozen_claims.NAME)
    for exhibit in exhibits:
        for path in sorted(results.glob(f"{exhibit}.*")):
            destination = target / path.relative_to(results)
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination)
    return target


def keep_rulings_of(results: Path) -> Path:
    """Keep what every claim came to on a folder of results, without its records."""
    path = Path("results/reference") / f"{results.name}-rulings.json"
    verdicts = read_verdicts(results / "verdicts.json")
    commit, dirty = git_state()
    keep_rulings(verdicts, load_claims(Path("config/claims")), results.name, commit + "+" * dirty, path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of a tier's results, like results/paper")
    parser.add_argument("--rulings", action="store_true", help="keep what the claims came to, and no records")
    parser.add_argument("name", nargs="?", help="of the folder below results/reference")
    parser.add_argument("selector", nargs="?", help="glob on <experiment>/<run>")
    parser.add_argument("exhibits", nargs="*", metavar="exhibit", help="figure or table without suffix")
    options = parser.parse_args()
    if options.rulings:
        print(keep_rulings_of(options.results))
        return
    if not options.name or not options.selector:
        parser.error("give a name and a selector, or --rulings")
    print(keep(options.results, options.name, options.selector, options.exhibits))


if __name__ == "__main__":
    try:
        main()
    except InterplayError as error:
        sys.exit(f"error: {error}")
