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
    read = {pair for record in records for pair in _read(record)}
    swaps = sorted((used, published) for published, used in read if used != published)
    if read or any(record.dataset for record in records):
        mapping = ", ".join(sorted({record.data_mapping for record in records}))
        swapped = ", ".join(f"{used} for {dataset}" for used, dataset in swaps)
        parts.append(f"{mapping} data" + (f": {swapped}" if swapped else ""))
    count = len({line for record in records for line in record.overrides})
    overridden = f"{count} override{'s' * (count != 1)} of the published protocol"
    parts.append(overridden if count else "protocol as published")
    seeds = len({record.seed for record in records})
    parts.append(f"{seeds} seed{'s' * (seeds != 1)}")
    return " | ".join(parts)


def _read(record: Record) -> set[tuple[str, str]]:
    """Published data sets and what was read in their places."""
    alone = {record.dataset: record.dataset_used} if record.dataset and record.dataset_used else {}
    return {*record.datasets.items(), *alone.items()}


def dataset_label(record: Record) -> str:
    """`CIFAR-10`, or `Fashion-MNIST (for CIFAR-10)` where another data set takes its place."""
    names = {
        "cifar10": "CIFAR-10",
        "cifar100": "CIFAR-100",
        "stl10": "STL-10",
        "fashion-mnist": "Fashion-MNIST",
        "glyphs100": "Glyphs-100",
        "glyphs10": "Glyphs-10",
        "digits": "Digits",
    }
    published = record.dataset or ""
    used = record.dataset_used or published  # a run that reads no data takes nobody's place
    label = names.get(used, used)
    return label if published == used else f"{label} (for {names.get(published, published)})"
