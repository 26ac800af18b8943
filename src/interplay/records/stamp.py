"""The stamp on every figure and table: tier, data and overrides, so that a small run never passes for the paper's."""

from __future__ import annotations

from collections.abc import Sequence

from interplay.records.schema import Record


def stamp(records: Sequence[Record]) -> str:
    """One line: tier, the data that were read in place of which, number of overrides and seeds.

    Example: `tier smoke | data read: fashion-mnist for cifar10 | 18 overrides of the published protocol | 3 seeds`.
    """
    tiers = sorted({record.tier for record in records})
    parts = [f"tier {', '.join(tiers)}"]
    read = {pair for record in records for pair in data_read(record).items()}
    if read:
        named = sorted(used if used == published else f"{used} for {published}" for published, used in read)
        as_published = all(used == published for published, used in read)
        parts.append(f"data {'as published' if as_published else 'read'}: {', '.join(named)}")
    count = len({line for record in records for line in record.overrides})
    overridden = f"{count} override{'s' * (count != 1)} of the published protocol"
    parts.append(overridden if count else "protocol as published")
    seeds = len({record.seed for record in records})
    parts.append(f"{seeds} seed{'s' * (seeds != 1)}")
    return " | ".join(parts)


def data_read(record: Record) -> dict[str, str]:
    """The published data sets of a run, and what was read in the place of each."""
    alone = {record.dataset: record.dataset_used} if record.dataset and record.dataset_used else {}
    return alone | record.datasets
