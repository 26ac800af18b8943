"""Makes an exhibit of the catalogue: reads its records and published values, writes CSV, Markdown and LaTeX."""

from __future__ import annotations

import importlib
from pathlib import Path

from interplay.evidence.published import load_published
from interplay.protocols.catalogue import load_catalogue
from interplay.records import write_text_atomically
from interplay.tables.table import Table


def make_exhibit(exhibit_id: str, results: Path, config: Path) -> list[Path]:
    """Make one table of the catalogue under each of its ids.

    Returns:
        the files written, below `<results>/tables/`.

    Raises:
        InterplayError: unknown id, or its records do not exist.
    """
    exhibit = load_catalogue(config).find(exhibit_id, "table")
    records = exhibit.records(results)
    table: Table = importlib.import_module(exhibit.package).make(records, load_published(config / "published"))
    origin = exhibit.origin(records)
    written = []
    for name in exhibit.ids:
        for suffix, text in (("csv", table.csv(origin)), ("md", table.markdown(origin)), ("tex", table.latex(origin))):
            path = results / "tables" / f"{name}.{suffix}"
            write_text_atomically(path, text)
            written.append(path)
    return written
