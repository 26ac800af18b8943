"""The stamp on every figure and table: tier, data and overrides, so that a small run never passes for the paper's."""

from __future__ import annotations

from collections.abc import Sequence

from interplay.records.schema import Record


def stamp(records: Sequence[Record]) -> str:
    """One line: tier, data mapping with substitutions, number of overrides and seeds.

    Example: `tier smoke | offline data: fashion-mnist for cifar10 | 18 overrides of the published protocol | 3 seeds`.
    """
    tiers = sorted({record.tier for record in records})
    parts = [f"tier {', '.join(tiers)}"]
    swaps = sorted(
        {(r.dataset_used, r.dataset) for r in records if r.dataset and r.dataset_used not in (None, r.dataset)}
    )
    if any(record.dataset for record in records):
        mapping = ", ".join(sorted({record.data_mapping for record in records}))
        swapped = ", ".join(f"{used} for {dataset}" for used, dataset in swaps)
        parts.append(f"{mapping} data" + (f": {swapped}" if swapped else ""))
    count = len({line for record in records for line in record.overrides})
    overridden = f"{count} override{'s' * (count != 1)} of the published protocol"
    parts.append(overridden if count else "protocol as published")
    seeds = len({record.seed for record in records})
    parts.append(f"{seeds} seed{'s' * (seeds != 1)}")
    return " | ".join(parts)
