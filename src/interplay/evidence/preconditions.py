"""Which runs a claim means something on: those that are what its preconditions say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from statistics import fmean

from interplay.evidence.methods import setting_and_method
from interplay.evidence.outcomes import NotRunError, setting_of, short
from interplay.evidence.quantities import number_of
from interplay.protocols.preconditions import AveragePrecondition, GroupPrecondition, Precondition
from interplay.records import Record


def meeting(
    records: Sequence[Record], preconditions: Iterable[Precondition | GroupPrecondition | AveragePrecondition]
) -> tuple[list[Record], list[str]]:
    """The runs that meet every precondition, and for each that some do not, words that say so after "it asks that".

    Raises:
        NotRunError: a run lacks the metric or setting that a precondition is about, or no setting has both of the
            methods that one compares.
    """
    kept = list(records)
    reasons = []
    for precondition in preconditions:
        if isinstance(precondition, GroupPrecondition):
            kept, said = _settings_meeting(kept, precondition)
            reasons += [said] if said else []
            continue
        if isinstance(precondition, AveragePrecondition):
            if said := _average_missed(records, precondition):
                kept, reasons = [], [*reasons, said]
            continue
        values = {
            record.name: _value(record, precondition)
            for record in kept
            if precondition.runs is None or fnmatchcase(record.name, precondition.runs)
        }
        failed = {name: value for name, value in values.items() if not _within(value, precondition)}
        if failed:
            low, high = short(min(failed.values())), short(max(failed.values()))
            found = low if low == high else f"{low} to {high}"
            runs = f"{len(failed)} of {len(values)} run{'s' * (len(values) > 1)}"
            bounds = f"{_named(precondition)} {found}, to be {_bounds(precondition)}"
            reasons.append(f"{precondition.because}; {runs} did not ({bounds})")
            kept = [record for record in kept if record.name not in failed]
    return kept, reasons


def _settings_meeting(records: Sequence[Record], precondition: GroupPrecondition) -> tuple[list[Record], str]:
    """The runs of settings that meet it, and words where some do not; a setting without both methods does not tell."""
    groups: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for record in records:
        setting, _ = setting_and_method(record)
        for place, pattern in enumerate((precondition.runs, precondition.below)):
            if fnmatchcase(record.name, pattern):
                groups[setting][place].append(number_of(record, precondition.metric))
    means = {name: (fmean(low), fmean(high)) for name, (low, high) in groups.items() if low and high}
    if not means:
        raise NotRunError(f"no setting has runs of both {precondition.runs} and {precondition.below}")
    failed = {name: pair for name, pair in means.items() if not pair[0] < pair[1]}
    kept = [record for record in records if setting_and_method(record)[0] in means.keys() - failed.keys()]
    if not failed:
        return kept, ""
    found = ", ".join(f"{low:.4g} against {high:.4g} in {name}" for name, (low, high) in failed.items())
    bounds = f"mean {precondition.metric} of {precondition.runs} to be below that of {precondition.below}: {found}"
    return kept, f"{precondition.because}; {len(failed)} of {len(means)} settings did not ({bounds})"


def _average_missed(records: Iterable[Record], precondition: AveragePrecondition) -> str:
    """Words where the mean over data sets does not say so; empty where it does."""
    by_dataset: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for record in records:
        if fnmatchcase(record.name, precondition.runs):
            pair = number_of(record, precondition.larger), number_of(record, precondition.smaller)
            by_dataset[record.dataset or ""].append(pair)
    if not by_dataset:
        raise NotRunError(f"no record matches {precondition.runs}")
    larger, smaller = (fmean(fmean(pair[side] for pair in pairs) for pairs in by_dataset.values()) for side in (0, 1))
    if larger > smaller:
        return ""
    return (
        f"{precondition.because}; it was not so (mean {precondition.larger} over {len(by_dataset)} data "
        f"set{'s' * (len(by_dataset) > 1)} {short(larger)}, to be above {precondition.smaller}, {short(smaller)})"
    )


def _value(record: Record, precondition: Precondition) -> float:
    if precondition.metric is not None:
        value = number_of(record, precondition.metric)
    else:
        assert precondition.setting is not None
        value = setting_of(record, precondition.setting)
    value *= 1.0 if precondition.times is None else setting_of(record, precondition.times)
    return value / (1.0 if precondition.over is None else setting_of(record, precondition.over))


def _within(value: float, precondition: Precondition) -> bool:
    """Never with NaN."""
    above = precondition.at_least is None or value >= precondition.at_least
    below = precondition.at_most is None or value <= precondition.at_most
    return above and below and value == value


def _named(precondition: Precondition) -> str:
    name = str(precondition.metric or precondition.setting)
    name += f" times {precondition.times}" if precondition.times else ""
    return name + (f" over {precondition.over}" if precondition.over else "")


def _bounds(precondition: Precondition) -> str:
    named = (("at least", precondition.at_least), ("at most", precondition.at_most))
    return " and ".join(f"{word} {bound:g}" for word, bound in named if bound is not None)
