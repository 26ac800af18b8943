"""metrics24 TABLE I: accuracy on new classes for every weight of CMA, in the form of the document, printed and ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from interplay.errors import InterplayError
from interplay.evidence.cross_modal import ROWS, TABLE, VARIANTS, by_dataset, data_read, lacking, of_kind, sweep_of
from interplay.evidence.published import Published
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric
from interplay.tables.table import Cell, Marked, Table

NEW = "new_accuracy"


def make(records: Sequence[Record], published: Published) -> Table:
    """Rows by data set as printed: the printed one, then ours for each variant, and the best weight of each row.

    A cell that the document lacks stays missing; so does a weight that was not run. A variant that no run of a data set
    swept has no row there.

    Raises:
        InterplayError: a record lacks its sweep, or one of a variant that other runs of its data set have, or a metric.
    """
    table = published.table(TABLE)
    runs = by_dataset(of_kind(records, "base_to_new"))
    known = {row: name for name, row in ROWS.items()}
    rows: list[Mapping[str, Cell]] = []
    for row in table.rows:
        printed = {name: table.cell(row, name).value for name in table.columns}
        rows.append(_row(row, "printed", None, None, printed, _best(printed)))
        own = runs.get(known[row], [])
        for variant, title in VARIANTS.items():
            if any(row["variant"] == variant for run in own for row in sweep_of(run)):
                ours = _means(own, variant, table.columns)
                spread = _spread([metric(run, f"best_weight_{variant}") for run in own])
                rows.append(_row(row, title, own[0], len({run.seed for run in own}), ours, _best(ours), spread))
    missing = lacking(runs)
    caption = (
        "Accuracy on new classes in percent for each weight lambda of CMA (16 shots of the base classes); at 0 it is "
        "CoCoOp. Bold: the best weight of a row; best weight: several where they are equal. Printed: the document's "
        "numbers, of unnamed seeds and without a spread; its Food101 row lacks one cell, which stays missing where "
        "the transcription has it, and the others may belong one column further right. Ours: means over seeds; the "
        "last column is the best weight of each seed, mean ± standard deviation. A dash under a weight, and a variant "
        f"without a row: not run at this tier. Data read: {data_read([run for own in runs.values() for run in own])}. "
        f"Not run: {', '.join(missing) or 'none'}."
    )
    return Table(
        ("data set", "of", "data read", "classes", "seeds", *table.columns, "best weight", "best weight by seed"),
        tuple(rows),
        caption,
        decimals=1,
    )


def _row(
    name: str,
    of: str,
    run: Record | None,
    seeds: int | None,
    values: Mapping[str, float | None],
    best: Sequence[str],
    spread: str | None = None,
) -> dict[str, Cell]:
    row: dict[str, Cell] = {
        "data set": name,
        "of": of,
        "data read": None if run is None else dataset_label(run),
        "classes": None if run is None else int(metric(run, "num_classes")),
        "seeds": seeds,
    }
    for column, value in values.items():
        row[column] = Marked(value, "bold") if column in best else value
    return row | {"best weight": ", ".join(best), "best weight by seed": spread}


def _means(runs: Sequence[Record], variant: str, columns: Sequence[str]) -> dict[str, float | None]:
    """Mean over seeds of the accuracy at each weight that every run has, in percent."""
    found: dict[str, list[float]] = {column: [] for column in columns}
    for run in runs:
        own = {f"{row['weight']:g}": row[NEW] for row in sweep_of(run) if row["variant"] == variant}
        if not own:
            raise InterplayError(f"{run.name}: its table sweep has no rows of {variant}; delete the record and rerun")
        for weight, value in own.items():
            found.setdefault(weight, []).append(value)
    return {
        column: 100 * fmean(values) if len(values) == len(runs) else None
        for column, values in found.items()
        if column in columns
    }


def _best(values: Mapping[str, float | None]) -> list[str]:
    """The weights with the highest number, all where they are equal."""
    known = {name: value for name, value in values.items() if value is not None}
    return [name for name, value in known.items() if value == max(known.values())]


def _spread(values: Sequence[float]) -> str:
    return f"{fmean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")
