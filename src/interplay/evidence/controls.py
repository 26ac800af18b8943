"""Negative controls: every claim put to runs, or to noise, in which it cannot be so; what comes out is vacuous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from interplay.evidence.claim_outcomes import outcome_on
from interplay.evidence.judges import judge_test
from interplay.evidence.levels_at_hand import Level
from interplay.evidence.published import Published
from interplay.evidence.quantities import metrics_named
from interplay.protocols.claim_files import selectors
from interplay.protocols.claims import Claim
from interplay.protocols.controls import Control, ControlName
from interplay.records import Record
from interplay.records.stamp import data_read

# Of twenty draws of noise, a rule that errs in 5 % holds in five or more with a probability of .26 %.
MOST_BY_CHANCE = 0.2
# Tests that compare runs with each other or two metrics of a run; dealing values out anew breaks what they look for.
COMPARING = (
    *("ordering", "response", "association", "prediction", "interaction"),
    *("contrast", "across", "rank", "ranking"),
)
WITHIN = ("contrast", "across")  # these compare two numbers of the same run
STEP = "step"
NOT_JUDGED = ("not run", "not representative")


@dataclass(frozen=True)
class ControlResult:
    """How a claim fared on a control: the share of draws (or the one set of runs) on which it came out.

    `share` is None where the claim could not be put to it; `excused` is the claim's own reason why it must come out.
    """

    claim: str
    control: ControlName
    share: float | None
    sentence: str
    excused: str

    @property
    def passed(self) -> bool:
        """Whether it came out more often than by chance."""
        return self.share is not None and self.share > MOST_BY_CHANCE


def put_to_controls(
    claims: Sequence[Claim],
    controls: Mapping[ControlName, Control],
    level: Level,
    run: Mapping[ControlName, Level],
    published: Published,
) -> list[ControlResult]:
    """Put every claim that rests on runs to every control.

    Args:
        level: the records of which surrogates are made.
        run: the records of those controls that are runs, by name; a control without any is left out.
    """
    results = []
    for claim in claims:
        if not selectors(claim) or claim.test.kind == "finding":
            continue
        for name, control in controls.items():
            if control.surrogate is not None:
                results.append(_surrogates(claim, name, control, level, published))
            elif name in run:
                results.append(_on_runs(claim, name, control, run[name], published))
    return results


def _on_runs(claim: Claim, name: ControlName, control: Control, level: Level, published: Published) -> ControlResult:
    used, outcome = outcome_on(claim, level, published)
    # Other data change nothing for runs that read none, such as modular addition.
    touched = control.data is None or any(data_read(record) for record in used)
    share = float(outcome.ruling == "holds") if touched and outcome.ruling not in NOT_JUDGED else None
    return ControlResult(claim.id, name, share, outcome.sentence, claim.passes.get(name, ""))


def _surrogates(claim: Claim, name: ControlName, control: Control, level: Level, published: Published) -> ControlResult:
    reads, real = outcome_on(claim, level, published)
    fits = _reads_trajectories(claim) if control.surrogate == "random_walk" else _compares(claim)
    if real.ruling in NOT_JUDGED or not fits:
        return ControlResult(claim.id, name, None, real.sentence if real.ruling in NOT_JUDGED else "", "")
    rulings = [
        judge_test(claim.test, _surrogate(claim, control, reads, draw), published) for draw in range(control.draws)
    ]
    held = [outcome for outcome in rulings if outcome.ruling == "holds"]
    sentence = held[0].sentence if held else rulings[0].sentence
    return ControlResult(claim.id, name, len(held) / control.draws, sentence, claim.passes.get(name, ""))


def _surrogate(claim: Claim, control: Control, records: Sequence[Record], draw: int) -> list[Record]:
    if control.surrogate == "random_walk":
        return random_walk(records, draw)
    if claim.test.kind in WITHIN:
        content = claim.test.model_dump()
        larger, smaller = _names(content["larger"]), _names(content["smaller"])
        if any(isinstance(content[name], dict) and "of" in content[name] for name in ("larger", "smaller")):
            return dealt_within(records, (*larger, *smaller), draw)
        return exchanged(records, larger[0], smaller[0], draw)
    return shuffled(records, draw)


def _compares(claim: Claim) -> bool:
    """Whether the test compares runs, or two metrics of a run: a column exchanged with itself stays what it was."""
    content = claim.test.model_dump()
    if claim.test.kind in WITHIN:
        return _names(content["larger"]) != _names(content["smaller"])
    return claim.test.kind in COMPARING


def _names(quantity: object) -> tuple[str, ...]:
    """The metrics that a quantity is made of, or the metric or column that it names; the first of several columns."""
    while isinstance(quantity, dict):
        if "of" in quantity and "take" in quantity:
            return tuple(quantity["of"])
        quantity = quantity.get("series", next(iter(quantity.values())))
    return (str(quantity),)


def _reads_trajectories(claim: Claim) -> bool:
    """Whether the test names a column, or a reading of one."""
    content = claim.test.model_dump()
    return "series" in str(content) or any(isinstance(content.get(name), dict) for name in ("first", "second"))


def random_walk(records: Sequence[Record], seed: int) -> list[Record]:
    """The records with every column but the step replaced by a driftless Gaussian walk from its first finite value.

    A step of the walk has the root mean square of the column's own changes as its standard deviation, so that it moves
    as much from point to point as training moves it; where a column is not finite, neither is the walk.
    """
    found = []
    for index, record in enumerate(records):
        rng = np.random.default_rng((seed, index))
        columns = {}
        for name, values in record.trajectory.items():
            array = np.asarray(values, dtype=np.float64)
            known = np.isfinite(array)
            if name == STEP or known.sum() < 2:
                columns[name] = list(values)
                continue
            size = float(np.sqrt(np.mean(np.diff(array[known]) ** 2)))
            walk = array.copy()
            walk[known] = array[known][0] + np.concatenate([[0.0], np.cumsum(rng.normal(0, size, known.sum() - 1))])
            columns[name] = walk.tolist()
        found.append(record.model_copy(update={"trajectory": columns}))
    return found


def shuffled(records: Sequence[Record], seed: int) -> list[Record]:
    """The records with each metric and each column dealt out anew among those that have it, each in its own order.

    What links a run's settings, its metrics and its courses is left to chance.
    """
    rng = np.random.default_rng(seed)
    metrics = [dict(record.metrics) for record in records]
    columns = [dict(record.trajectory) for record in records]
    for name in sorted({name for one in metrics for name in one}):
        holders = [index for index, one in enumerate(metrics) if name in one]
        values = [records[index].metrics[name] for index in holders]
        for index, origin in zip(holders, rng.permutation(len(holders)), strict=True):
            metrics[index][name] = values[origin]
    for name in sorted({name for one in columns for name in one if name != STEP}):
        by_length: dict[int, list[int]] = {}
        for index, one in enumerate(columns):
            if name in one:
                by_length.setdefault(len(one[name]), []).append(index)
        for holders in by_length.values():
            for index, origin in zip(holders, rng.permutation(len(holders)), strict=True):
                columns[index][name] = records[holders[origin]].trajectory[name]
    return [
        record.model_copy(update={"metrics": own, "trajectory": trajectory})
        for record, own, trajectory in zip(records, metrics, columns, strict=True)
    ]


def exchanged(records: Sequence[Record], first: str, second: str, seed: int) -> list[Record]:
    """The records with two metrics, or columns, exchanged in about half of them: which is which is left to chance."""
    rng = np.random.default_rng(seed)
    found = []
    for record in records:
        changes: dict[str, dict[str, object]] = {}
        if rng.random() < 0.5:
            for where in ("metrics", "trajectory"):
                values = dict(getattr(record, where))
                if first in values and second in values:
                    values[first], values[second] = values[second], values[first]
                    changes[where] = values
        found.append(record.model_copy(update=changes))
    return found


def dealt_within(records: Sequence[Record], names: Sequence[str], seed: int) -> list[Record]:
    """The records with metrics, named by globs, dealt out anew within each run: which is which is left to chance."""
    rng = np.random.default_rng(seed)
    found = []
    for record in records:
        metrics = dict(record.metrics)
        held = metrics_named(record, names)
        metrics |= {name: record.metrics[held[at]] for name, at in zip(held, rng.permutation(len(held)), strict=True)}
        found.append(record.model_copy(update={"metrics": metrics}))
    return found
