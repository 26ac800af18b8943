"""The cells of metrics24 Table II (= interplay24 Table 1) beside our runs: sixteen methods, seven settings.

Compared is the best error of the averaged network along a run, as the public code reports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from statistics import fmean, stdev

from interplay.evidence.conditions import why_apart
from interplay.evidence.judges.cells import judge_value
from interplay.evidence.methods import setting_and_method
from interplay.evidence.multiplicity import Tested, not_surviving
from interplay.evidence.outcomes import Outcome
from interplay.evidence.published import Cell, Published, PublishedTable
from interplay.evidence.words import word
from interplay.protocols.run_tests import ValueTest
from interplay.records import Record
from interplay.records.values import metric

PUBLISHED = "metrics24/table2"
BASELINE = "labelled_only"
BASELINE_NAME = "labelled images only"
BASIS = "FreeMatch"  # the row to which the two proposals are added
PROPOSALS = ("FreeMatch + MAX MI", "FreeMatch + MIN HD")
ROWS = {  # rows of the table by the methods' names in runs, in the order of the document
    "pi_model": "Pi Model",
    "pseudo_label": "Pseudo Label",
    "vat": "VAT",
    "mean_teacher": "MeanTeacher",
    "mixmatch": "MixMatch",
    "remixmatch": "ReMixMatch",
    "uda": "UDA",
    "fixmatch": "FixMatch",
    "dash": "Dash",
    "mpl": "MPL",
    "flexmatch": "FlexMatch",
    "freematch": "FreeMatch",
    "otmatch": "OTMatch",
    "softmatch": "SoftMatch",
    "max_mi": "FreeMatch + MAX MI",
    "min_hd": "FreeMatch + MIN HD",
}
DATASETS = {"CIFAR-10": "cifar10", "CIFAR-100": "cifar100", "STL-10": "stl10"}


@dataclass(frozen=True)
class ErrorCell:
    """One method in one setting: what is printed, our runs, and what became of the comparison.

    `name` is the row; a variant of a method (the weight decay of the public code) has a row of its own behind it, and
    is compared with the same printed value: to see which of the two meets it is what it is run for. `verdict` is a word
    of `evidence.words`, or why there is none.
    """

    name: str
    method: str
    variant: str
    column: str
    printed: Cell | None
    runs: tuple[Record, ...]
    outcome: Outcome | None = None
    verdict: str = "not run"

    @property
    def best(self) -> list[float]:
        """Best error along each run, in percent."""
        return [100 * metric(run, "best_test_error") for run in self.runs]

    @property
    def last(self) -> list[float]:
        """Error at the end of each run, in percent."""
        return [100 * metric(run, "test_error") for run in self.runs]

    @property
    def mean(self) -> float | None:
        """Of the best errors."""
        return fmean(self.best) if self.runs else None

    @property
    def spread(self) -> float | None:
        """Standard deviation of the best errors over seeds; None for one seed."""
        return stdev(self.best) if len(self.runs) > 1 else None


def final_runs(records: Iterable[Record]) -> list[Record]:
    """The runs that read the test set: the sweep of weights is left out."""
    return [record for record in records if record.settings.get("split") == "test"]


def error_cells(records: Sequence[Record], published: Published) -> list[ErrorCell]:
    """All cells, row by row: the sixteen methods, variants behind their methods, the baseline first.

    A comparison is withheld where other data were read or another protocol was followed. Decisions have to survive
    among all cells that were judged (Benjamini and Hochberg, as for claims).

    Raises:
        InterplayError: a record lacks an error.
    """
    table = published.table(PUBLISHED)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in sorted(final_runs(records), key=lambda record: record.name):
        groups.setdefault(setting_and_method(record), []).append(record)
    rows = [(BASELINE, BASELINE), *((method, row) for known in ROWS for method, row in _variants(known, groups))]
    cells = [
        _judged(_cell(method, folder, column, groups, table), table, published)
        for method, folder in rows
        for column in table.columns
    ]
    tested = [
        Tested((table.document,), one.outcome.ruling in ("holds", "fails"), one.outcome.degree.p)
        if one.outcome is not None and one.outcome.degree is not None
        else Tested((), False, None)
        for one in cells
    ]
    return [
        replace(one, verdict=word("undecided", "published protocol", False, None)) if reason else one
        for one, reason in zip(cells, not_surviving(tested), strict=True)
    ]


def margin_in(table: PublishedTable, column: str) -> float:
    """The difference that matters in a column: half of the smaller one by which FreeMatch and a proposal differ there.

    A larger margin would let the value of one pass for that of the other, which is what the table is printed for.
    """
    basis = table.cell(BASIS, column).value
    others = [table.cell(row, column).value for row in PROPOSALS]
    assert basis is not None
    return min(abs(basis - value) for value in others if value is not None) / 2


def folder_of(column: str) -> str:
    """`cifar10/40` of `CIFAR-10/40`."""
    dataset, labels = column.split("/")
    return f"{DATASETS[dataset]}/{labels}"


def _variants(method: str, groups: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """A method and the folder of its runs, then each variant that was run, such as `freematch-decay0.001`."""
    folders = sorted({folder for _, folder in groups if folder.startswith(f"{method}-")})
    return [(method, method), *((method, folder) for folder in folders)]


def _cell(
    method: str, folder: str, column: str, groups: dict[tuple[str, str], list[Record]], table: PublishedTable
) -> ErrorCell:
    variant = folder.removeprefix(method).removeprefix("-")
    variant = f"weight decay {variant.removeprefix('decay')}" if variant.startswith("decay") else variant
    name = ROWS.get(method, BASELINE_NAME) + (f", {variant}" if variant else "")
    printed = table.cell(ROWS[method], column) if method in ROWS else None
    runs = tuple(groups.get((folder_of(column), folder), ()))
    return ErrorCell(name, method, variant, column, printed, runs)


def _judged(cell: ErrorCell, table: PublishedTable, published: Published) -> ErrorCell:
    if not cell.runs:
        return cell
    if cell.printed is None:
        return replace(cell, verdict="nothing printed")
    if apart := next((why for why in map(why_apart, cell.runs) if why), ""):
        return replace(cell, verdict=apart)
    if not all(isfinite(value) for value in cell.best):
        return replace(cell, verdict="not finite")
    test = ValueTest(
        kind="value",
        runs=f"{cell.runs[0].name.rpartition('/')[0]}/*",
        metric="best_test_error",
        scale=100,
        margin=margin_in(table, cell.column),
        table=table.id,
        row=cell.printed.row,
        column=cell.column,
    )
    outcome = judge_value(test, cell.runs, published)
    return replace(cell, outcome=outcome, verdict=word(outcome.ruling, "published protocol", False, None))
