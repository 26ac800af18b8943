"""Claims about criteria of early stopping, replayed on the trajectories of complete runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from interplay.evidence.bootstrap import Weights, draw_weights, resampled_interval, weighted_mean
from interplay.evidence.outcomes import NotRunError, Outcome, Ruling, column_of, select_all, short
from interplay.evidence.prediction import FEWEST_CONFIGURATIONS, FEWEST_RUNS, configuration, final_runs
from interplay.evidence.statistics import Interval
from interplay.evidence.stopping import Stop, stop
from interplay.protocols.claims import Criterion, StoppingTest
from interplay.records import Record


def judge_stopping(test: StoppingTest, records: Sequence[Record]) -> Outcome:
    """A criterion ends training early, by the rule of `stop`, and keeps the accuracy, on average over runs.

    95 % bootstrap intervals of means, over configurations as for predictions. Without `against`,

    - `holds`: the interval of the accuracy lost ends by `within`, that of the iterations saved starts above zero;
    - `fails`: the interval of the accuracy lost lies wholly above `within`, or no run at all is stopped early;

    with `against`, run by run against another criterion with the same patience,

    - `holds`: it loses at most `within` more accuracy and saves at least as many iterations less `within_saved`,
      both with their whole intervals: at least as good in both respects;
    - `fails`: one of the two intervals lies wholly on the wrong side of its margin;

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
    weights = draw_weights(len(runs), keys)
    lost, saved = _mean_lost(stops, weights), _mean_saved(stops, weights)
    numbers = _numbers("accuracy_lost", lost) | _numbers("iterations_saved", saved) | size
    numbers["stopped"] = float(sum(one.iterations_saved > 0 for one in stops))
    said = (
        f"{test.criterion} {over}: stops {numbers['stopped']:g} of them early, loses {_shown(lost)} of accuracy and "
        f"saves {_shown(saved)} of the iterations"
    )
    if others is None or test.against is None:
        return Outcome(_ruling_alone(test, numbers["stopped"], lost, saved), f"{said}.", numbers)
    other_lost, other_saved = _mean_lost(others, weights), _mean_saved(others, weights)
    more_lost = _mean([one.accuracy_lost - two.accuracy_lost for one, two in zip(stops, others, strict=True)], weights)
    more_saved = _mean(
        [one.iterations_saved - two.iterations_saved for one, two in zip(stops, others, strict=True)], weights
    )
    numbers |= _numbers("other_accuracy_lost", other_lost) | _numbers("other_iterations_saved", other_saved)
    numbers |= _numbers("more_accuracy_lost", more_lost) | _numbers("more_iterations_saved", more_saved)
    numbers["other_stopped"] = float(sum(one.iterations_saved > 0 for one in others))
    said += (
        f"; {test.against} stops {numbers['other_stopped']:g}, loses {short(other_lost.centre)} and saves "
        f"{short(other_saved.centre)}; difference {_shown(more_lost)} in accuracy lost, {_shown(more_saved)} in "
        "iterations saved"
    )
    return Outcome(_ruling_against(test, numbers, more_lost, more_saved), f"{said}.", numbers)


def _ruling_alone(test: StoppingTest, stopped: float, lost: Interval, saved: Interval) -> Ruling:
    if not stopped or lost.low > test.within:
        return "fails"
    return "holds" if lost.high <= test.within and saved.low > 0 else "undecided"


def _ruling_against(test: StoppingTest, numbers: dict[str, float], more_lost: Interval, more_saved: Interval) -> Ruling:
    if not numbers["stopped"] and not numbers["other_stopped"]:
        return "undecided"
    if more_lost.low > test.within or more_saved.high < -test.within_saved:
        return "fails"
    held = more_lost.high <= test.within and more_saved.low >= -test.within_saved
    return "holds" if held else "undecided"


def _stops(runs: Sequence[Record], criterion: Criterion, patience: float) -> list[Stop]:
    for run in runs:
        for name in ("step", "stopped_accuracy", criterion):
            column_of(run, name)
        if not any(isfinite(value) for value in run.trajectory[criterion]):
            raise NotRunError(f"{criterion} of {run.name} is never finite")
    return [stop(run, criterion, patience) for run in runs]


def _mean_lost(stops: Sequence[Stop], weights: Weights) -> Interval:
    return _mean([one.accuracy_lost for one in stops], weights)


def _mean_saved(stops: Sequence[Stop], weights: Weights) -> Interval:
    return _mean([one.iterations_saved for one in stops], weights)


def _mean(values: Sequence[float], weights: Weights) -> Interval:
    return resampled_interval(lambda drawn: weighted_mean(values, drawn), weights)


def _shown(interval: Interval) -> str:
    return f"{short(interval.centre)} ({short(interval.low)} to {short(interval.high)})"


def _numbers(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.centre, f"{name}_low": interval.low, f"{name}_high": interval.high}
