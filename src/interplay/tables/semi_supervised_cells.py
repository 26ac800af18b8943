"""The cells of metrics24 Table II one by one: printed, ours, which error, the difference, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

from interplay.evidence.published import Published
from interplay.evidence.semi_supervised import PUBLISHED, ErrorCell, error_cells, margin_in
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.table import Cell, Table


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per setting and method; the difference is left out where it would mean nothing, and the verdict says why.

    Raises:
        InterplayError: a record lacks an error.
    """
    table = published.table(PUBLISHED)
    cells = error_cells(records, published)
    ordered = [
        one for column in table.columns for one in cells if one.column == column and (one.runs or not one.variant)
    ]
    caption = (
        "Error rates in percent. Compared is the best error of the averaged network along a run, as the public code "
        "reports it; the last one stands beside it. A verdict is given where the published protocol was followed on "
        "the published data: the 95 % interval of the difference, by Welch with three printed runs assumed, is to lie "
        "within a margin, half of the smaller difference between FreeMatch and the two proposals in that column. "
        "Decisions have to survive among all cells at a false discovery rate of 5 %."
    )
    rows = tuple(_row(one, margin_in(table, one.column)) for one in ordered)
    return Table(tuple(rows[0]), rows, caption)


def _row(cell: ErrorCell, margin: float) -> dict[str, Cell]:
    dataset, labels = cell.column.split("/")
    numbers = cell.outcome.numbers if cell.outcome is not None else {}
    return {
        "published data": dataset,
        "labels": int(labels),
        "data read": dataset_label(cell.runs[0]) if cell.runs else None,
        "method": cell.name,
        "printed": cell.printed.value if cell.printed is not None else None,
        "± (printed)": cell.printed.spread if cell.printed is not None else None,
        "ours, best": cell.mean,
        "± (seeds)": cell.spread,
        "seeds": len(cell.runs),
        "ours, last": fmean(cell.last) if cell.runs else None,
        "± of last": stdev(cell.last) if len(cell.runs) > 1 else None,
        "difference": numbers.get("difference"),
        "low": numbers.get("low"),
        "high": numbers.get("high"),
        "margin": margin if cell.printed is not None else None,
        "verdict": cell.verdict,
    }
