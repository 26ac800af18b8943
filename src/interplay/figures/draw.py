"""Draws an exhibit of the catalogue: reads its records, stamps the figure, writes it in three formats atomically."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures.style import house_style
from interplay.protocols.catalogue import Exhibit, load_catalogue
from interplay.records import Record
from interplay.records.stamp import stamp
from interplay.records.store import write_bytes_atomically

FORMATS = ("svg", "pdf", "png")


def draw_exhibit(exhibit_id: str, results: Path, config: Path) -> list[Path]:
    """Draw one figure of the catalogue under each of its ids.

    Returns:
        the files written, below `<results>/figures/`.

    Raises:
        InterplayError: unknown id, or its records do not exist.
    """
    exhibit = load_catalogue(config).find(exhibit_id, "figure")
    records = exhibit.records(results)
    module = importlib.import_module(exhibit.package)
    with house_style():
        figure: Figure = module.draw(records)
        figure.supxlabel(stamp(records), fontsize=5.2, color="#555555")
        rendered = _render(figure, exhibit, records)
        plt.close(figure)  # pyplot keeps it otherwise
        return [path for name, content in rendered.items() for path in _write(content, results, exhibit, name)]


def _render(figure: Figure, exhibit: Exhibit, records: Sequence[Record]) -> dict[str, bytes]:
    """The figure in every format, with digests of the code and the records in the file's own metadata."""
    origin = exhibit.origin(records)
    title = f"{' = '.join(exhibit.ids)}: {exhibit.title}"
    metadata: dict[str, dict[str, str | None]] = {
        "svg": {"Title": title, "Description": f"{exhibit.shows} [{origin}]", "Date": None},
        "pdf": {"Title": title, "Subject": exhibit.shows, "Keywords": origin, "CreationDate": None},
        "png": {"Title": title, "Description": exhibit.shows, "Source": origin},
    }
    rendered = {}
    for name in FORMATS:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=name, metadata=metadata[name])
        rendered[name] = buffer.getvalue()
    return rendered


def _write(content: bytes, results: Path, exhibit: Exhibit, suffix: str) -> list[Path]:
    paths = [results / "figures" / f"{name}.{suffix}" for name in exhibit.ids]
    for path in paths:
        write_bytes_atomically(path, content)
    return paths
