"""Claims about criteria of early stopping, replayed on the trajectories of complete runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from statistics import fmean

from interplay.evidence.decisions import Decision, MeanTest, decide, judge_mean, outcome_of
from interplay.evidence.outcomes import Degree, NotRunError, Outcome, column_of, seeds_of, select_all, short
from interplay.evidence.prediction import FEWEST_CONFIGURATIONS, FEWEST_RUNS, configuration, final_runs
from interplay.evidence.stopping import Stop, stop
from interplay.protocols.run_tests import Criterion, StoppingTest
from interplay.records import Record


def judge_stopping(test: StoppingTest, records: Sequence[Record]) -> Outcome:
    """A criterion ends training early, by the rule of `stop`, and keeps the accuracy, on average over runs.

    95 % intervals of means over configurations, as for predictions. Without `against`,

    - `holds`: the accuracy lost lies below `within` and the iterations saved above zero;
    - `fails`: the accuracy lost lies above `within`, or no run at all is stopped early;

    with `against`, run by run against another criterion with the same patience,

    - `holds`: it loses less than `within` more accuracy and saves as many iterations less `within_saved`, both with
      their whole intervals: at least as good in both respects;
    - `fails`: one of the two lies on the wrong side of its margin;

    and `undecided` for anything between, where neither criterion stops any run, and with fewer than five runs or
    configurations.
    """
    runs = final_runs(select_all(records, test.runs))
    keys = [configuration(run) for run in runs]
    size = {"runs": float(len(runs)), "configurations": float(len(set(keys))), "patience": test.patience}
    over = f"over {len(runs)} runs of {len(set(keys))} configurations, with a patience of {test.patience:g} of training"
    stops = _stops(runs, test.criterion, test.patience)
    others = _stops(runs, test.against, test.patience) if test.against else None
    if len(runs) < FEWEST_RUNS or len(set(keys)) < FEWEST_CONFIGURATIONS:
        reason = f"fewer than {FEWEST_RUNS} runs or {FEWEST_CONFIGURATIONS} configurations"
        return Outcome("undecided", f"{test.criterion} {over}: {reason}.", size)
    lost, saved = _mean(stops, keys, "accuracy_lost"), _mean(stops, keys, "iterations_saved")
    numbers = _numbers("accuracy_lost", lost) | _numbers("iterations_saved", saved) | size
    numbers["stopped"] = float(sum(one.iterations_saved > 0 for one in stops))
    said = (
        f"{test.criterion} {over}: stops {numbers['stopped']:g} of them early, loses {_shown(lost)} of accuracy and "
        f"saves {_shown(saved)} of the iterations"
    )
    if others is None or test.against is None:
        decision = _alone(test, stops, keys, seeds_of(runs))
        return outcome_of(decision, f"{said}.", numbers, _degree(lost, test.within, len(set(keys)), decision))
    differences = [
        Stop(0.0, 0.0, one.accuracy_lost - two.accuracy_lost, one.iterations_saved - two.iterations_saved)
        for one, two in zip(stops, others, strict=True)
    ]
    other_lost, other_saved = _mean(others, keys, "accuracy_lost"), _mean(others, keys, "iterations_saved")
    more_lost, more_saved = _mean(differences, keys, "accuracy_lost"), _mean(differences, keys, "iterations_saved")
    numbers |= _numbers("other_accuracy_lost", other_lost) | _numbers("other_iterations_saved", other_saved)
    numbers |= _numbers("more_accuracy_lost", more_lost) | _numbers("more_iterations_saved", more_saved)
    numbers["other_stopped"] = float(sum(one.iterations_saved > 0 for one in others))
    said += (
        f"; {test.against} stops {numbers['other_stopped']:g}, loses {short(other_lost.interval.centre)} and saves "
        f"{short(other_saved.interval.centre)}; difference {_shown(more_lost)} in accuracy lost, {_shown(more_saved)} "
        "in iterations saved"
    )
    decision = _against(test, differences, keys, seeds_of(runs))
    if not numbers["stopped"] and not numbers["other_stopped"]:
        decision = Decision("undecided", float("nan"))
    return outcome_of(decision, f"{said}.", numbers, _degree(more_lost, test.within, len(set(keys)), decision))


def _alone(test: StoppingTest, stops: Sequence[Stop], keys: Sequence[str], seeds: int) -> Decision:
    if not any(one.iterations_saved for one in stops):
        return decide(1.0, 0.0, seeds)
    lost = _mean(stops, keys, "accuracy_lost", high=test.within)
    saved = _mean(stops, keys, "iterations_saved", low=0.0)
    return decide(max(lost.p_within, saved.p_within), lost.p_beyond, seeds)


def _against(test: StoppingTest, differences: Sequence[Stop], keys: Sequence[str], seeds: int) -> Decision:
    lost = _mean(differences, keys, "accuracy_lost", high=test.within)
    saved = _mean(differences, keys, "iterations_saved", low=-test.within_saved)
    return decide(max(lost.p_within, saved.p_within), min(lost.p_beyond, saved.p_beyond), seeds)


def _stops(runs: Sequence[Record], criterion: Criterion, patience: float) -> list[Stop]:
    for run in runs:
        for name in ("step", "stopped_accuracy", criterion):
            column_of(run, name)
        if not any(isfinite(value) for value in run.trajectory[criterion]):
            raise NotRunError(f"{criterion} of {run.name} is never finite")
    return [stop(run, criterion, patience) for run in runs]


def _mean(stops: Sequence[Stop], keys: Sequence[str], name: str, low: float = -inf, high: float = inf) -> MeanTest:
    """Of the means of each configuration."""
    values = [getattr(one, name) for one in stops]
    means = [fmean(v for v, key in zip(values, keys, strict=True) if key == own) for own in dict.fromkeys(keys)]
    return judge_mean(means, low, high)


def _degree(found: MeanTest, threshold: float, configurations: int, decision: Decision) -> Degree:
    interval = found.interval
    return Degree(interval.centre, interval.low, interval.high, threshold, configurations, decision.p)


def _shown(found: MeanTest) -> str:
    interval = found.interval
    return f"{short(interval.centre)} ({short(interval.low)} to {short(interval.high)})"


def _numbers(name: str, found: MeanTest) -> dict[str, float]:
    interval = found.interval
    return {name: interval.centre, f"{name}_low": interval.low, f"{name}_high": interval.high}
