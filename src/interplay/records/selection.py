"""Picking records from a results folder."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from interplay.records.schema import Record
from interplay.records.store import read_record


def select_records(results: Path, selectors: Iterable[str]) -> list[Record]:
    """Records below `<results>/records/` whose name `<experiment>/<run>` matches one of the globs, sorted by name."""
    folder, patterns = results / "records", list(selectors)
    found = []
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix().removesuffix(".json")
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            found.append(read_record(path))
    return found
