"""Claims on several data sets at once: a mean over them, most of them, each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interplay.evidence.decisions import ALPHA, decide, outcome_of, seeds_wanted, variation_of
from interplay.evidence.outcomes import Degree, NotRunError, Outcome, Ruling, select_all, setting_of, short
from interplay.evidence.power import MOST_SEEDS, said_of, seeds_paired
from interplay.evidence.quantities import number_of
from interplay.evidence.statistics import paired_ordering, partial_conjunction
from interplay.protocols.run_tests import AcrossTest
from interplay.records import Record

Pairs = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """The two metrics of each seed in each data set, means over the levels of what is averaged first.

    `larger` and `smaller` are [seeds, data sets]; `left_out` are seeds that lack a run.
    """

    larger: Pairs
    smaller: Pairs
    levels: tuple[float, ...]
    left_out: tuple[int, ...]


def judge_across(test: AcrossTest, records: Sequence[Record]) -> Outcome:
    """One metric exceeds another by more than `by` on the mean over data sets, in most of them, or in each.

    `mean`: the difference within each run is averaged over levels, then over data sets, with equal weight; a one-sided
    paired t-test at 5 % over seeds. `most` and `all`: such a test in every data set, put together as a partial
    conjunction, whose p-value holds however data sets go together.

    - `holds`: significant;
    - `fails`: significant the other way round (in so many data sets that the others are too few);
    - `undecided`: anything between, and always with one seed.

    Raises:
        NotRunError: a data set has no run, no seed has all runs, or a number is not finite.
    """
    grid = grid_of(test, records)
    differences = grid.larger - grid.smaller
    # Differences of shares that cancel out leave 1e-18 behind, which is no difference.
    by_dataset = dict(zip(test.datasets, differences.mean(axis=0).round(12).tolist(), strict=True))
    numbers = {
        "larger_mean": float(grid.larger.mean()),
        "smaller_mean": float(grid.smaller.mean()),
        "difference": float(differences.mean()),
        "seeds": float(len(differences)),
        "datasets": float(len(test.datasets)),
        "datasets_larger": float(sum(value > test.by for value in by_dataset.values())),
    } | {f"difference {name}": value for name, value in by_dataset.items()}
    if test.quantifier == "mean":
        return _of_mean(test, grid, differences, numbers, by_dataset)
    return _of_datasets(test, grid, differences, numbers, by_dataset)


def grid_of(test: AcrossTest, records: Sequence[Record]) -> Grid:
    """Both metrics by seed and data set; only seeds that have every run count.

    Raises:
        NotRunError: a data set has no run, no seed has all runs, or a number is not finite.
    """
    cells: dict[tuple[int, str, float], tuple[float, float]] = {}
    for run in select_all(records, test.runs):
        if run.dataset not in test.datasets:
            continue
        key = run.seed, run.dataset, 0.0 if test.over is None else setting_of(run, test.over)
        if key in cells:
            raise NotRunError(f"{run.name} is a second run of its data set, seed and {test.over or 'setting'}")
        cells[key] = number_of(run, test.larger), number_of(run, test.smaller)
    total = len(test.datasets)
    if lacking := [name for name in test.datasets if not any(name == dataset for _, dataset, _ in cells)]:
        raise NotRunError(f"it takes {total} data sets, and there are no runs of {', '.join(lacking)}")
    levels = tuple(sorted({level for _, _, level in cells}))
    seeds = sorted({seed for seed, _, _ in cells})
    wanted = [(name, level) for name in test.datasets for level in levels]
    complete = [seed for seed in seeds if all((seed, *one) in cells for one in wanted)]
    if not complete:
        gaps = [(seed, *one) for seed in seeds for one in wanted if (seed, *one) not in cells]
        seed, name, level = gaps[0]
        at = f" at {test.over} {level:g}" if test.over else ""
        raise NotRunError(f"no seed has every run of {total} data sets; seed {seed} lacks {name}{at}, and others")
    table = np.array([[[cells[seed, name, at] for at in levels] for name in test.datasets] for seed in complete])
    if not np.isfinite(table).all():
        raise NotRunError(f"{test.larger} or {test.smaller} is not finite in every run")
    means = table.mean(axis=2)
    left_out = tuple(seed for seed in seeds if seed not in complete)
    return Grid(means[..., 0], means[..., 1], levels if test.over else (), left_out)


def _of_mean(
    test: AcrossTest, grid: Grid, differences: Pairs, numbers: dict[str, float], by_dataset: Mapping[str, float]
) -> Outcome:
    per_seed = differences.mean(axis=1)
    seeds = len(per_seed)
    result = paired_ordering(grid.larger.mean(axis=1).tolist(), (grid.smaller.mean(axis=1) + test.by).tolist())
    leaning: Ruling | None = "holds" if result.difference > 0 else "fails" if result.difference < 0 else None
    decision = decide(result.p_greater if seeds > 1 else 1.0, result.p_less, seeds, leaning)
    exceed = f", to exceed {test.by:g}" if test.by else ""
    sentence = (
        f"{_said(test, grid, numbers)}; difference {numbers['difference']:+.4g}{exceed}, p = {short(decision.p)} "
        f"({result.method} over {_seeds(seeds)}, one-sided). {_agreeing(test, by_dataset)}"
    )
    if decision.ruling == "undecided":
        sentence += seeds_wanted(result.difference, per_seed.tolist(), ALPHA)
    numbers |= {"p": result.p_greater, "p_of_reverse": result.p_less}
    low, high = result.low + test.by, result.high + test.by
    degree = Degree(numbers["difference"], low, high, test.by, seeds, decision.p, variation_of(per_seed))
    return outcome_of(decision, sentence, numbers, degree)


def _of_datasets(
    test: AcrossTest, grid: Grid, differences: Pairs, numbers: dict[str, float], by_dataset: Mapping[str, float]
) -> Outcome:
    seeds, total = differences.shape
    wanted = total if test.quantifier == "all" else total // 2 + 1
    zero = [test.by] * seeds
    found = [paired_ordering(column.tolist(), zero) for column in differences.T]
    p_for = partial_conjunction([one.p_greater for one in found], wanted)
    p_against = partial_conjunction([one.p_less for one in found], total - wanted + 1)
    hits = int(numbers["datasets_larger"])
    decision = decide(p_for if seeds > 1 else 1.0, p_against, seeds, "holds" if hits >= wanted else "fails")
    asked = "in each" if test.quantifier == "all" else f"in {wanted} or more"
    sentence = (
        f"{_said(test, grid, numbers)}. {_agreeing(test, by_dataset)[:-1]}, to be {asked}; p = {short(decision.p)} "
        f"(paired tests over {_seeds(seeds)} in each data set, one-sided, as a partial conjunction)."
    )
    if decision.ruling == "undecided":
        sentence += _seeds_of_datasets(test, differences, wanted, hits >= wanted)
    numbers |= {"p": p_for, "p_of_reverse": p_against}
    degree = Degree(hits / total, threshold=wanted / total, runs=seeds, p=decision.p)
    return outcome_of(decision, sentence, numbers, degree)


def _seeds_of_datasets(test: AcrossTest, differences: Pairs, wanted: int, looks_so: bool) -> str:
    """How many seeds would decide it the way it looks: of the data sets needed, what the hardest takes."""
    if len(differences) < 2:
        return seeds_wanted(0.0, [0.0])
    total = differences.shape[1]
    needed = wanted if looks_so else total - wanted + 1
    level, sign = ALPHA / (total - needed + 1), 1 if looks_so else -1
    found = sorted(
        seeds_paired(sign * (float(column.mean()) - test.by), float(column.std(ddof=1)), level) or MOST_SEEDS + 1
        for column in differences.T
    )[needed - 1]
    return said_of(found if found <= MOST_SEEDS else None)


def _said(test: AcrossTest, grid: Grid, numbers: Mapping[str, float]) -> str:
    over = f" and {test.over} {', '.join(f'{level:g}' for level in grid.levels)}" if grid.levels else ""
    said = (
        f"Averaged over {len(test.datasets)} data sets{over}, {test.larger} is {short(numbers['larger_mean'])} and "
        f"{test.smaller} {short(numbers['smaller_mean'])}"
    )
    if grid.left_out:
        names = ", ".join(str(seed) for seed in grid.left_out)
        said += f" (without {'seeds' if len(grid.left_out) > 1 else 'seed'} {names}, of which not all was run)"
    return said


def _agreeing(test: AcrossTest, by_dataset: Mapping[str, float]) -> str:
    against = {name: value for name, value in by_dataset.items() if not value > test.by}
    agreeing = len(by_dataset) - len(against)
    named = ", ".join(f"{name} {value:+.2g}" for name, value in against.items())
    exceed = f"by more than {test.by:g} " if test.by else ""
    return (
        f"It is larger {exceed}in {agreeing} of {len(by_dataset)} data sets{f' (not in {named})' if against else ''}."
    )


def _seeds(count: int) -> str:
    return f"{count} {'seed' if count == 1 else 'seeds'}"
