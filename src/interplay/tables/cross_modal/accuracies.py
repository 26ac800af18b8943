"""The numbers behind metrics24 Fig. 11 and 12: accuracies by data set and their mean, and who wins how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from interplay.evidence.cross_modal import (
    BASE_TO_NEW,
    FEW_SHOT,
    ROWS,
    SHOTS,
    BySeed,
    by_dataset,
    by_seed,
    data_read,
    lacking,
    mean_over_datasets,
    of_kind,
    title_of,
    why_no_mean,
)
from interplay.evidence.published import Published
from interplay.records import Record
from interplay.records.values import setting
from interplay.tables.table import Cell, Table


def make(records: Sequence[Record], published: Published) -> Table:
    """A row for each data set and what is read of it: every number of shots and their mean, base, new, harmonic mean.

    The last row of each is the mean over the eleven data sets, missing where one was not run.

    Raises:
        InterplayError: a record lacks a metric.
    """
    few, new = of_kind(records, "few_shot"), of_kind(records, "base_to_new")
    rows: list[Mapping[str, Cell]] = []
    shots = sorted({int(setting(run, SHOTS)) for run in few})
    for level in shots:
        runs = [run for run in few if setting(run, SHOTS) == level]
        rows += _block(f"{level} shot{'s' * (level > 1)}", runs, FEW_SHOT, "accuracy", "zero_shot_accuracy")
    if len(shots) > 1:
        rows += _block("mean over shots", few, FEW_SHOT, "accuracy", "zero_shot_accuracy")
    for quantity, name in (("base_accuracy", "base"), ("new_accuracy", "new"), ("harmonic_mean", "harmonic mean")):
        zero = None if quantity == "harmonic_mean" else f"zero_shot_{quantity}"
        rows += _block(name, new, BASE_TO_NEW, quantity, zero)
    caption = (
        "Accuracy in percent, mean ± standard deviation over seeds. Rows of shots: fine-tuning by CoOp among all "
        "classes; base, new and harmonic mean: by CoCoOp on the base classes. Baseline is CoOp and CoCoOp. Won: of "
        "the eleven data sets, those in which CMA as the released code computes it has the higher mean than the "
        "baseline and than VNE. The difference is that of CMA (released code) to the baseline, paired by seed, in "
        f"points. Data read: {data_read([*few, *new])}. {_of_missing(few, 'few-shot')} "
        f"{_of_missing(new, 'base to new')}"
    )
    return Table(tuple(rows[0]) if rows else ("read",), tuple(rows), caption)


def _of_missing(runs: Sequence[Record], what: str) -> str:
    missing = lacking(by_dataset(runs))
    return f"Not run, {what}: {', '.join(missing) or 'none'}." + (f" {why_no_mean(by_dataset(runs))}" * bool(missing))


def _block(
    what: str, runs: Sequence[Record], methods: Mapping[str, str], quantity: str, zero_shot: str | None
) -> list[Mapping[str, Cell]]:
    """Rows of one quantity: each data set, those not run among them, then the mean."""
    groups = by_dataset(runs)
    if not groups:
        return []
    values: dict[str, dict[str, BySeed]] = {
        method: {
            name: by_seed(own, f"{quantity}_{method}")
            for name, own in groups.items()
            if all(f"{quantity}_{method}" in run.metrics for run in own)
        }
        for method in methods
    }
    zero = {} if zero_shot is None else {name: by_seed(own, zero_shot) for name, own in groups.items()}
    baseline, rival, ours = next(iter(methods)), "vne", "cma_released"
    means = {method: {**found, "mean": mean_over_datasets(found)} for method, found in values.items()}
    means_zero = {**zero, "mean": mean_over_datasets(zero)}
    rows: list[Mapping[str, Cell]] = []
    for name in (*ROWS, "mean"):
        row: dict[str, Cell] = {"read": what, "data set": "mean of eleven" if name == "mean" else title_of(name)}
        row["CLIP alone"] = _shown(means_zero.get(name, {}))
        labels = {baseline: "baseline", rival: "VNE"}
        for method, title in methods.items():
            row[labels.get(method, title)] = _shown(means[method].get(name, {}))
        row |= _difference(means[ours].get(name, {}), means[baseline].get(name, {}))
        row["won"] = _won(values, ours, (baseline, rival)) if name == "mean" else None
        rows.append(row)
    return rows


def _shown(values: BySeed) -> str | None:
    numbers = [100 * value for value in values.values()]
    if not numbers:
        return None
    return f"{fmean(numbers):.1f}" + (f"±{stdev(numbers):.1f}" if len(numbers) > 1 else "")


def _difference(ours: BySeed, baseline: BySeed) -> dict[str, Cell]:
    pairs = [100 * (ours[seed] - baseline[seed]) for seed in ours if seed in baseline]
    return {
        "seeds": len(ours) or None,
        "difference": fmean(pairs) if pairs else None,
        "± (pairs)": stdev(pairs) if len(pairs) > 1 else None,
    }


def _won(values: Mapping[str, Mapping[str, BySeed]], ours: str, rivals: Sequence[str]) -> str | None:
    """In how many of the data sets that were run it has the higher mean, rival by rival."""
    found = []
    for rival in rivals:
        shared = [name for name in values[ours] if name in values[rival]]
        means = ((fmean(values[one][name].values()) for one in (ours, rival)) for name in shared)
        won = sum(larger - smaller > 1e-12 for larger, smaller in means)  # equal shares may differ by rounding
        found.append(f"{won} of {len(shared)}")
    return f"{found[0]}; {found[1]}"
