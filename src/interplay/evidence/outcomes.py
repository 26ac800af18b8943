"""What a judge hands back, and how judges find what they read in records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from interplay.protocols.claims import Extreme
from interplay.records import Record

Ruling = Literal["holds", "fails", "undecided", "not run", "not representative", "wrong as printed"]
"""What came out, whatever it rests on; `interplay.evidence.words` says it in the words of the evidence."""


@dataclass(frozen=True)
class Degree:
    """How clearly: the effect that was judged, its interval, and the threshold that it was held against.

    `p` is the probability of evidence as strong for the ruling if the ruling were wrong; None where nothing is random.
    `variation` is the coefficient of variation over runs (standard deviation over mean), where numbers are compared.
    """

    effect: float
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    runs: int | None = None
    p: float | None = None
    variation: float | None = None


@dataclass(frozen=True)
class Outcome:
    """A ruling, the numbers behind it, and one plain sentence.

    `leaning` is the ruling that the runs point to where they are too few to decide, such as one run that shows the
    contrary: one seed convicts nobody, but two results can be told to disagree.
    """

    ruling: Ruling
    sentence: str
    numbers: dict[str, float] = field(default_factory=dict)
    degree: Degree | None = None
    leaning: Ruling | None = None


class NotRunError(Exception):
    """A judge cannot rule because something is not there; the message says what."""


def select(records: Iterable[Record], pattern: str) -> list[Record]:
    """Records whose name matches the glob (`*` matches across slashes too), by name; NotRunError without any."""
    found = sorted((record for record in records if fnmatchcase(record.name, pattern)), key=lambda record: record.name)
    if not found:
        raise NotRunError(f"no record matches {pattern}")
    return found


def select_all(records: Iterable[Record], patterns: Sequence[str]) -> list[Record]:
    """Records whose name matches one of the globs, by name; NotRunError where one of them matches none."""
    available = list(records)
    found = {record.name: record for pattern in patterns for record in select(available, pattern)}
    return [found[name] for name in sorted(found)]


def seeds_of(runs: Iterable[Record]) -> int:
    """How many seeds the runs have."""
    return len({run.seed for run in runs})


def setting_of(record: Record, name: str) -> float:
    """A numeric setting of a run, or else a number of its protocol, or else a metric; NotRunError without any."""
    value = record.settings.get(name, record.protocol.get(name, record.metrics.get(name)))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotRunError(f"{record.name} has no numeric setting {name!r} ({_some(record.settings)})")
    return float(value)


def at_extreme(runs: Sequence[Record], only: Extreme | None) -> tuple[list[Record], str]:
    """The runs at the extreme level of a setting and words that say so; all runs and no words without one."""
    if only is None:
        return list(runs), ""
    levels = [setting_of(run, only.setting) for run in runs]
    level = max(levels) if only.end == "highest" else min(levels)
    kept = [run for run, own in zip(runs, levels, strict=True) if own == level]
    return kept, f" at the {only.end} {only.setting} ({level:g})"


def metric_of(record: Record, name: str) -> float:
    """A metric of a record; NotRunError if it was not recorded."""
    if name not in record.metrics:
        raise NotRunError(f"{record.name} records no metric {name!r} ({_some(record.metrics)})")
    return record.metrics[name]


def column_of(record: Record, name: str) -> Sequence[float]:
    """A column of a record's trajectory; NotRunError if it was not recorded."""
    if name not in record.trajectory:
        raise NotRunError(f"{record.name} has no column {name!r} in its trajectory ({_some(record.trajectory)})")
    return record.trajectory[name]


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    return "it has none" if not listed else "it has " + ", ".join(listed[:8]) + (", ..." if len(listed) > 8 else "")


def short(value: float) -> str:
    """Four significant digits; a dash for what there is not."""
    return f"{value:.4g}" if value == value else "-"
