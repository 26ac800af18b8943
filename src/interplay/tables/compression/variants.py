"""Beside compression25's table of sec. 3.1: which variant of what the document leaves open meets its numbers?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from interplay.evidence.published import Published
from interplay.evidence.scenarios import Scenario, scenarios, setting, why_not_compared
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.compression.final_values import QUANTITIES, final_values
from interplay.tables.table import Table, Value

AS_PRINTED = "as in the text"


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per scenario and variant; where they can be compared, the nearest to each published number is named.

    Runs that also read V-information train the same networks again, so they count no second time.
    """
    rows: list[dict[str, Value]] = []
    for key, runs in scenarios(run for run in records if run.settings.get("part") == "geometry").items():
        variants: dict[str, list[Record]] = defaultdict(list)
        for run in runs:
            variants[str(setting(run, "variant") or AS_PRINTED)].append(run)
        rows += _rows(key, variants, published)
    caption = (
        "Final test accuracy (percent) and cross-entropy (nats) of runs under each reading of what the document leaves "
        "open or its public code does otherwise, beside the published values; a difference, and which variant comes "
        "nearest, only where the published network read the published data set."
    )
    return Table(tuple(rows[0]), tuple(rows), caption, decimals=3)


def _rows(key: Scenario, variants: dict[str, list[Record]], published: Published) -> list[dict[str, Value]]:
    cells = {name: final_values(key, runs, published) for name, runs in variants.items()}
    nearest: dict[str, list[str]] = defaultdict(list)
    for quantity in QUANTITIES:
        away = {
            name: abs(value)
            for name, row in cells.items()
            if isinstance(value := row[f"difference ({quantity})"], float)
        }
        if away:
            nearest[min(away, key=lambda name: away[name])].append(quantity)
    return [
        {
            "scenario": key.row,
            "data read": dataset_label(runs[0]),
            "variant": name,
            **cells[name],
            "seeds": len(runs),
            "nearest in": " and ".join(nearest[name]) or None,
            "no difference because of": why_not_compared(runs[0]) or None,
        }
        for name, runs in variants.items()
    ]
