"""Which runs a claim means something on: those that are what its preconditions say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from interplay.evidence.outcomes import setting_of, short
from interplay.evidence.readings import number_of
from interplay.protocols.claims import Precondition
from interplay.records import Record


def meeting(records: Sequence[Record], preconditions: Iterable[Precondition]) -> tuple[list[Record], list[str]]:
    """The runs that meet every precondition, and for each that some do not, words that say so after "it asks that".

    Raises:
        NotRunError: a run lacks the metric or setting that a precondition is about.
    """
    kept = list(records)
    reasons = []
    for precondition in preconditions:
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
