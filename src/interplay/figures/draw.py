"""Draws an exhibit of the catalogue: reads its records, stamps the figure, writes it and what it shows atomically."""

from __future__ import annotations

import importlib
import inspect
import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures.beside import Beside, load_beside
from interplay.figures.style import house_style
from interplay.markup import csv_cell, one_line
from interplay.protocols.catalogue import Exhibit, load_catalogue
from interplay.records import Record
from interplay.records.store import write_bytes_atomically

FORMATS = ("svg", "pdf", "png")
STAMP_SIZE = 5.2  # points
LETTERS_AN_INCH = 23  # of that size, on average and a little more


def draw_exhibit(exhibit_id: str, results: Path, config: Path) -> list[Path]:
    """Draw one figure of the catalogue under each of its ids, with the tidy frame that it shows as CSV beside it.

    Returns:
        the files written, below `<results>/figures/`.

    Raises:
        InterplayError: unknown id, or its records do not exist.
    """
    exhibit = load_catalogue(config).find(exhibit_id, "figure")
    records = exhibit.records(results)
    beside = load_beside(exhibit, records, results, config)
    shown = [*records, *beside.reference]
    module = importlib.import_module(exhibit.package)
    with house_style():
        figure = drawn(module, records, beside)
        figure.supxlabel(_lines(exhibit.stamp(records), figure), fontsize=STAMP_SIZE, color="#555555")
        content = _render(figure, exhibit, shown)
        plt.close(figure)  # pyplot keeps it otherwise
    content["csv"] = csv_text(module.tidy(shown), exhibit, shown).encode()
    return [path for suffix, data in content.items() for path in _write(data, results, exhibit, suffix)]


def drawn(module: ModuleType, records: Sequence[Record], beside: Beside) -> Figure:
    """The figure of a module; `beside` goes to those that take it."""
    takes = "beside" in inspect.signature(module.draw).parameters
    figure: Figure = module.draw(records, beside) if takes else module.draw(records)
    return figure


def _lines(text: str, figure: Figure) -> str:
    """The text in lines that the figure is wide enough for."""
    return "\n".join(textwrap.wrap(text, int(LETTERS_AN_INCH * figure.get_figwidth()), break_on_hyphens=False))


def csv_text(frame: pd.DataFrame, exhibit: Exhibit, records: Sequence[Record]) -> str:
    """A frame as CSV in full precision; its last column, `stamp`, says in the first row where all of it comes from.

    A line of comment would say it more plainly, but DVC reads the first line as the names of columns.

    Raises:
        InterplayError: the frame is empty.
    """
    if frame.empty:
        raise InterplayError(f"{exhibit.ids[0]}: its records hold nothing to show; delete them and rerun")
    stamp = [csv_cell(one_line(f"{exhibit.ids[0]} [{exhibit.origin(records)}]")), *[""] * (len(frame) - 1)]
    safe = frame.map(_cell).rename(columns=_cell)
    return safe.assign(stamp=stamp).to_csv(index=False, na_rep="nan", lineterminator="\n")


def _cell(value: Any) -> Any:
    return csv_cell(value) if isinstance(value, str) else value


def _render(figure: Figure, exhibit: Exhibit, records: Sequence[Record]) -> dict[str, bytes]:
    """The figure in every format, with digests of the code and the records in the file's own metadata."""
    origin = exhibit.origin(records)
    title = f"{' = '.join(exhibit.ids)}: {exhibit.title}"
    metadata: dict[str, dict[str, str | None]] = {
        "svg": {"Title": title, "Description": f"{exhibit.shows} [{origin}]", "Date": None},
        "pdf": {"Title": title, "Subject": exhibit.shows, "Keywords": origin, "CreationDate": None},
        "png": {"Title": title, "Description": exhibit.shows, "Source": origin},
    }
    figure.draw_without_rendering()  # laid out once, alike in every format, and not again before each is written
    figure.set_layout_engine("none")
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
