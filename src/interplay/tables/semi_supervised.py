"""metrics24 Table II = interplay24 Table 1, in the form of the document: methods by settings, printed and ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from interplay.evidence.published import Cell as PrintedCell
from interplay.evidence.published import Published
from interplay.evidence.semi_supervised import BASELINE, PUBLISHED, ErrorCell, error_cells
from interplay.markup import Emphasis
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.table import Cell, Marked, Table

LOOKS: tuple[Emphasis, Emphasis] = ("bold", "underline")


def make(records: Sequence[Record], published: Published) -> Table:
    """Two rows per method, a column per setting: `mean±spread` as printed, and ours with the number of seeds.

    Raises:
        InterplayError: a record lacks an error.
    """
    columns = published.table(PUBLISHED).columns
    found: dict[str, dict[str, ErrorCell]] = {}
    for one in error_cells(records, published):
        found.setdefault(one.name, {})[one.column] = one
    # Variants are other runs of a method that has its place already; the baseline is no method of the table.
    ranked = {name: cells for name, cells in found.items() if _ranked(cells)}
    looks = {column: _looks(ranked, column) for column in columns}
    rows: list[Mapping[str, Cell]] = []
    for name, cells in found.items():
        if not any(one.variant or one.printed is None for one in cells.values()):
            shown = {column: _printed(cells[column].printed) for column in columns}
            rows.append(_row(name, "printed", shown, {c: looks[c][0].get(name) for c in columns}))
        if any(one.runs for one in cells.values()):
            ours = {column: _ours(one) for column, one in cells.items()}
            rows.append(_row(name, "ours", ours, {c: looks[c][1].get(name) for c in columns}))
    return Table(("method", "of", *columns), tuple(rows), _caption(found))


def _caption(found: Mapping[str, Mapping[str, ErrorCell]]) -> str:
    cells = [one for by_column in found.values() for one in by_column.values() if not one.variant]
    verdicts = Counter(one.verdict for one in cells if one.printed is not None)
    counted = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
    read = list(dict.fromkeys(dataset_label(run) for one in cells for run in one.runs))
    return (
        "Error rate in percent by data set and number of labels. Printed: as the document has it, mean ± a spread of "
        "unnamed kind over an unnamed number of runs. Ours: mean ± standard deviation over seeds (number of seeds) of "
        "the best error of the averaged network along a run, which is what the public code reports. Bold: best of the "
        "sixteen methods, underlined: second best, of the printed numbers and of ours each; equal numbers are marked "
        f"alike. The document prints no baseline of labelled images only. Data read: {', '.join(read) or 'none'}. "
        f"Printed against ours, cells: {counted}."
    )


def _row(name: str, of: str, cells: Mapping[str, str | None], looks: Mapping[str, Emphasis | None]) -> dict[str, Cell]:
    row: dict[str, Cell] = {"method": name, "of": of}
    for column, text in cells.items():
        look = looks[column]
        row[column] = text if text is None or look is None else Marked(text, look)
    return row


def _printed(cell: PrintedCell | None) -> str | None:
    return None if cell is None or cell.missing else cell.printed


def _ours(cell: ErrorCell) -> str | None:
    if cell.mean is None:
        return None
    spread = "" if cell.spread is None else f"±{cell.spread:.2f}"
    return f"{cell.mean:.2f}{spread} ({len(cell.runs)})"


def _ranked(cells: Mapping[str, ErrorCell]) -> bool:
    return not any(one.variant or one.method == BASELINE for one in cells.values())


def _looks(
    ranked: Mapping[str, Mapping[str, ErrorCell]], column: str
) -> tuple[dict[str, Emphasis], dict[str, Emphasis]]:
    printed = {name: cells[column].printed for name, cells in ranked.items()}
    theirs = {name: cell.value for name, cell in printed.items() if cell is not None and cell.value is not None}
    ours = {name: cells[column].mean for name, cells in ranked.items()}
    return best_two(theirs), best_two({name: mean for name, mean in ours.items() if mean is not None})


def best_two(values: Mapping[str, float]) -> dict[str, Emphasis]:
    """Which of some errors is the lowest (bold) and the second lowest (underlined); equal ones alike; none of one."""
    lowest = sorted(set(values.values()))
    looks = dict(zip(lowest, LOOKS, strict=False)) if len(values) > 1 else {}
    return {name: looks[value] for name, value in values.items() if value in looks}
