"""Finds what was made of each exhibit of the catalogue; what is not there is said to be missing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from interplay.errors import InterplayError
from interplay.protocols.catalogue import Exhibit
from interplay.report.model import Cell, Column, ExhibitView, Image, Table

# Scatter plots of thousands of points are smaller, and quicker to show, as pixels.
LARGEST_SVG = 400_000
PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54}
MISSING = {"", "-", "–", "—", "nan", "none", "null", "n/a", "missing", "not run"}
DIGITS = r"[-+−]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?\s*%?"
NUMBER = re.compile(rf"[<>≤≥]?\s*{DIGITS}(\s*(±|\+/-)\s*{DIGITS})?", re.IGNORECASE)
LONG_NUMBER = re.compile(r"-?\d+\.\d{4,}(e[-+]?\d+)?")


def view_exhibit(exhibit: Exhibit, results: Path, record_names: Iterable[str]) -> ExhibitView:
    """What was found of `exhibit` below `results`; `record_names` are the records that are there.

    Raises:
        InterplayError: a file is there but cannot be read.
    """
    suffix = "svg" if exhibit.kind == "figure" else "csv"
    names = list(record_names)
    used = [name for name in names if any(fnmatchcase(name, need) for need in exhibit.needs)]
    contents = {name: results / f"{exhibit.kind}s" / f"{name}.{suffix}" for name in exhibit.ids}
    found = {name: _read(path) for name, path in contents.items() if path.is_file()}
    absent = tuple(name for name in exhibit.ids if name not in found)
    if not found:
        unmet = [need for need in exhibit.needs if not any(fnmatchcase(name, need) for name in names)]
        why = f"no record matches {', '.join(unmet)}" if unmet else "its records are there, but it was not made"
        return ExhibitView(exhibit, None, f"Missing: {why}.", absent, len(used))
    first = next(iter(found))
    differ = len(set(found.values())) > 1
    problem = f"The files under {', '.join(found)} differ; this is {first}. Make it anew." if differ else ""
    path = contents[first]
    shown = path.relative_to(results).as_posix()
    content = _beside(path, found[first], shown) if exhibit.kind == "figure" else parse_table(found[first], shown)
    return ExhibitView(exhibit, content, problem, absent, len(used))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror})") from error


def _beside(path: Path, svg: bytes, shown: str) -> Image:
    """Where the drawing, or its smaller bitmap, and the small picture of it lie beside the page."""
    size = svg_size(svg, path)
    png = path.with_suffix(".png")
    name = Path(shown).with_suffix("")
    pixels = len(svg) > LARGEST_SVG and png.is_file() and png.stat().st_size < len(svg)
    uri = f"{name.as_posix()}{'.png' if pixels else '.svg'}"
    return Image(uri, uri, f"{name.as_posix()}.small.webp" if png.is_file() else uri, size)


def svg_size(svg: bytes, path: Path) -> tuple[int, int]:
    """Width and height of the drawing in CSS pixels, (0, 0) where it does not say both.

    Raises:
        InterplayError: there is no `<svg>` element.
    """
    root = re.search(rb"<svg\b[^>]*>", svg)
    if root is None:
        raise InterplayError(f"{path}: not an SVG image; delete it and make it anew")
    sides = [
        re.search(rb"\s" + side + rb"\s*=\s*[\"']([\d.]+)([a-z]*)[\"']", root[0]) for side in (b"width", b"height")
    ]
    width, height = (round(float(one[1]) * PIXELS.get(one[2].decode(), 0.0)) if one else 0 for one in sides)
    return (width, height) if width and height else (0, 0)


def parse_table(content: bytes, shown: str) -> Table:
    """A table from CSV with one header line; lines above it that start with `#` are its caption.

    Short rows are filled up with missing cells, numbers in full precision are rounded for display.

    Raises:
        InterplayError: not UTF-8, empty, or a row longer than the header.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines(keepends=True)
        start = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
        cells = [line for line in csv.reader(lines[start:]) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InterplayError(f"{shown}: not a CSV table ({error}); delete it and make it anew") from error
    if not cells:
        raise InterplayError(f"{shown}: an empty table; delete it and make it anew")
    header, *body = cells
    for number, line in enumerate(body, start=1):
        if len(line) > len(header):
            raise InterplayError(f"{shown}: row {number} has {len(line)} cells, the header {len(header)}; make it anew")
    rows = tuple(tuple(_cell(text) for text in [*line, *[""] * (len(header) - len(line))]) for line in body)
    columns = tuple(
        Column(title, _role(title), all(row[index].missing or NUMBER.fullmatch(row[index].text) for row in rows))
        for index, title in enumerate(header)
    )
    return Table(shown, " ".join(line[1:].strip() for line in lines[:start]), columns, rows)


def _cell(text: str) -> Cell:
    stripped = text.strip()
    if LONG_NUMBER.fullmatch(stripped):
        value = float(stripped)
        stripped = f"{value:.2f}" if abs(value) >= 1000 else f"{value:.4g}"
    return Cell(stripped, missing=stripped.lower() in MISSING)


def _role(title: str) -> Literal["published", "ours", ""]:
    words = set(re.findall(r"[a-z]+", title.lower()))
    if "data" in words:  # "published data" names a data set, not a value
        return ""
    return "published" if words & {"published", "printed"} else "ours" if words & {"ours", "measured"} else ""
