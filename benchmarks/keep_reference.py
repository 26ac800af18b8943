"""Copies the records of a run of larger scale, its figures and its provenance to `results/reference/<name>/`.

    python benchmarks/keep_reference.py results/paper grokking-paper 'grokking/*' figures/metrics24/fig9

Takes the folder of a tier's results, a name, a glob on `<experiment>/<run>`, and figures (without suffix) to keep.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from interplay.errors import InterplayError
from interplay.records import select_records, write_record


def keep(results: Path, name: str, selector: str, exhibits: list[str]) -> Path:
    """Copy what is worth committing; weights and checkpoints are not."""
    target = Path("results/reference") / name
    records = select_records(results, [selector])
    if not records:
        raise InterplayError(f"{results}: no record matches {selector}")
    for record in records:
        write_record(record, target / "records" / f"{record.name}.json")
    for exhibit in exhibits:
        for path in sorted(results.glob(f"{exhibit}.*")):
            destination = target / path.relative_to(results)
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination)
    return target


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    try:
        print(keep(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]))
    except InterplayError as error:
        sys.exit(f"error: {error}")
