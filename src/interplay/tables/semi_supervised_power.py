"""How many seeds would tell MAX MI and MIN HD from FreeMatch at the printed differences and spreads of Table II."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt
from statistics import fmean, stdev

import scipy

from interplay.evidence.decisions import ALPHA
from interplay.evidence.power import MOST_SEEDS, POWER, seeds_paired, seeds_unpaired, unpaired_power, welch_freedom
from interplay.evidence.published import Cell as PrintedCell
from interplay.evidence.published import Published
from interplay.evidence.semi_supervised import (
    BASIS,
    PROPOSALS,
    PUBLISHED,
    ErrorCell,
    error_cells,
)
from interplay.evidence.statistics import SEVERAL_SEEDS
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.table import Cell, Table

STEPS = 2**20  # of a run; metrics24 VIII-C says 1,048,000


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per setting and proposal: the printed comparison with its power, and what pairs of our runs would need.

    Raises:
        InterplayError: a record lacks an error.
    """
    table = published.table(PUBLISHED)
    ours = {(one.name, one.column): one for one in error_cells(records, published)}
    rows = tuple(
        _printed(table.cell(BASIS, column), table.cell(row, column)) | _paired(ours, row, column)
        for column in table.columns
        for row in PROPOSALS
    )
    caption = (
        f"Seeds of each method with which a one-sided t-test at {100 * ALPHA:g} % tells the proposal from FreeMatch in "
        f"{100 * POWER:g} of 100 cases, if means and spreads are as printed, and the training steps of both. The "
        "documents say neither what the spread is nor over how many runs: it is taken for the standard deviation of "
        f"single runs, and p and power are those of {SEVERAL_SEEDS} runs of each method, not paired (Welch). Were it a "
        "standard error, or of a population in place of a sample, it would take more. A negative difference speaks "
        "against the proposal; its seeds are those that would show that. Ours: difference and standard deviation of "
        "differences paired by seed, and the pairs of such a spread with which the printed difference would show. No "
        f"number above {MOST_SEEDS} is named."
    )
    return Table(tuple(rows[0]), rows, caption)


def _printed(basis: PrintedCell, proposal: PrintedCell) -> dict[str, Cell]:
    assert basis.value is not None and proposal.value is not None
    first, second = basis.spread or 0.0, proposal.spread or 0.0
    difference = basis.value - proposal.value
    freedom = welch_freedom(first, second, SEVERAL_SEEDS)
    needed = seeds_unpaired(abs(difference), first, second, ALPHA)
    dataset, labels = basis.column.split("/")
    return {
        "published data": dataset,
        "labels": int(labels),
        "proposal": proposal.row,
        "FreeMatch, printed": basis.printed,
        "proposal, printed": proposal.printed,
        "difference": difference,
        f"p, {SEVERAL_SEEDS} runs": float(
            scipy.stats.t.sf(difference / hypot(first, second) * sqrt(SEVERAL_SEEDS), freedom)
        ),
        f"power, {SEVERAL_SEEDS} runs": unpaired_power(abs(difference), first, second, SEVERAL_SEEDS, ALPHA),
        "seeds needed": needed,
        "million steps": None if needed is None else 2 * needed * STEPS / 1e6,
    }


def _paired(ours: dict[tuple[str, str], ErrorCell], row: str, column: str) -> dict[str, Cell]:
    basis, proposal = ours[BASIS, column], ours[row, column]
    by_seed = {run.seed: value for run, value in zip(basis.runs, basis.best, strict=True)}
    own = {run.seed: value for run, value in zip(proposal.runs, proposal.best, strict=True)}
    pairs = [by_seed[seed] - own[seed] for seed in sorted(by_seed.keys() & own.keys())]
    spread = stdev(pairs) if len(pairs) > 1 else None
    printed = abs(_value(basis) - _value(proposal))
    return {
        "data read": dataset_label(basis.runs[0]) if basis.runs else None,
        "pairs": len(pairs),
        "our difference": fmean(pairs) if pairs else None,
        "± (pairs)": spread,
        "pairs needed": None if spread is None else seeds_paired(printed, spread, ALPHA),
    }


def _value(cell: ErrorCell) -> float:
    assert cell.printed is not None and cell.printed.value is not None
    return cell.printed.value
