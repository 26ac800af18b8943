"""Picking records from a results folder."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from interplay.errors import InterplayError
from interplay.records.schema import Record
from interplay.records.store import read_record

REFERENCE = "reference"  # below `results/`: what was really run at larger scale, and is committed


def visible_files(folder: Path, pattern: str) -> list[Path]:
    """Files below `folder` that match a glob, sorted, without what is hidden.

    Systems and editors leave hidden files beside ours (`._seed0.json` of macOS, `.seed0.json.swp`), of any content.
    """
    found = (path for path in folder.glob(pattern) if path.is_file())
    return sorted(path for path in found if not any(part[0] == "." for part in path.relative_to(folder).parts))


def select_records(results: Path, selectors: Iterable[str]) -> list[Record]:
    """Records below `<results>/records/` whose name `<experiment>/<run>` matches one of the globs, sorted by name.

    What is hidden or lies in no experiment's folder is no record.

    Raises:
        InterplayError: one of them cannot be read, or is another run's than its place says (a copy counts twice).
    """
    folder, patterns = results / "records", list(selectors)
    found = []
    for path in visible_files(folder, "*/**/*.json"):
        name = path.relative_to(folder).as_posix().removesuffix(".json")
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            record = read_record(path)
            if record.name != name:
                raise InterplayError(f"{path}: the record of {record.name}, a copy perhaps; move or delete it")
            found.append(record)
    return found


def folders_beside(results: Path) -> list[Path]:
    """Other results of the same root: those in `reference/`, and those of other tiers, data or overrides."""
    root = results.resolve().parent
    own = [path for path in sorted(root.glob("*")) if path.name != REFERENCE and path != results.resolve()]
    found = [*sorted((root / REFERENCE).glob("*")), *own]
    return [path for path in found if (path / "records").is_dir()]
