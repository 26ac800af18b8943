"""Picking records from a results folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from interplay.errors import InterplayError
from interplay.records.schema import Record
from interplay.records.store import read_record

UNPLANNED = "unplanned.json"  # beside `records/`: names of those there that no run of the plan makes (any more)
REFERENCE = "reference"  # below `results/`: what was really run at larger scale, and is committed


def visible_files(folder: Path, pattern: str) -> list[Path]:
    """Files below `folder` that match a glob, sorted, without what is hidden.

    Systems and editors leave hidden files beside ours (`._seed0.json` of macOS, `.seed0.json.swp`), of any content.
    """
    found = (path for path in folder.glob(pattern) if path.is_file())
    return sorted(path for path in found if not any(part[0] == "." for part in path.relative_to(folder).parts))


def record_files(results: Path) -> list[Path]:
    """Files of records below `<results>/records/`, sorted, without those that the workflow found in no plan.

    What is hidden or lies in no experiment's folder is no record.

    Raises:
        InterplayError: the list of what is not planned cannot be read.
    """
    folder, left_out = results / "records", read_unplanned(results)
    found = visible_files(folder, "*/**/*.json")
    return [path for path in found if path.relative_to(folder).as_posix().removesuffix(".json") not in left_out]


def read_unplanned(results: Path) -> frozenset[str]:
    """Names of the records in a folder of results that lie there, but are not among the runs of its plan.

    Raises:
        InterplayError: the list cannot be read.
    """
    path = results / UNPLANNED
    try:
        return frozenset(map(str, json.loads(path.read_text(encoding="utf-8"))))
    except (FileNotFoundError, NotADirectoryError):  # or what is no folder of results
        return frozenset()
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InterplayError(f"{path}: cannot be read ({error}); `make reproduce` writes it anew") from error


def select_records(results: Path, selectors: Iterable[str]) -> list[Record]:
    """The records of `record_files` whose name `<experiment>/<run>` matches one of the globs, sorted by name.

    Raises:
        InterplayError: one of them cannot be read, or is another run's than its place says (a copy counts twice).
    """
    folder, patterns = results / "records", list(selectors)
    found = []
    for path in record_files(results):
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
