"""What a judge hands back, and the two rules that all judges share: missing records, and several runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from interplay.evidence.trajectories import Sight
from interplay.records import Record

Ruling = Literal["reproduced", "deviates", "underpowered", "not run", "wrong in the source"]


@dataclass(frozen=True)
class Outcome:
    """A ruling, the numbers behind it, and one plain sentence."""

    ruling: Ruling
    sentence: str
    numbers: dict[str, float] = field(default_factory=dict)


class NotRunError(Exception):
    """A judge cannot rule because something is not there; the message says what."""


def select(records: Iterable[Record], pattern: str) -> list[Record]:
    """Records whose name matches the glob (`*` matches across slashes too), by name; NotRunError without any."""
    found = sorted((record for record in records if fnmatchcase(record.name, pattern)), key=lambda record: record.name)
    if not found:
        raise NotRunError(f"no record matches {pattern}")
    return found


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


def over_runs(what: str, sights: Sequence[Sight]) -> Outcome:
    """Rule on what every run must show.

    `reproduced` if all runs show it; `deviates` if it is absent in more than half of them; otherwise `underpowered`:
    some run is too short or too noisy to tell, or a minority contradicts.
    """
    total = len(sights)
    shown = sum(sight.state == "shown" for sight in sights)
    absent = sum(sight.state == "absent" for sight in sights)
    numbers: dict[str, float] = {"runs": total, "shown": shown, "absent": absent}
    for name in sorted({name for sight in sights for name in sight.numbers}):
        values = [sight.numbers[name] for sight in sights if name in sight.numbers]
        numbers[name] = float(np.median(values))
        if len(values) > 1:
            numbers |= {f"{name}_least": min(values), f"{name}_most": max(values)}
    ruling: Ruling = "underpowered"
    if shown == total:
        ruling = "reproduced"
    elif 2 * absent > total:
        ruling = "deviates"
    counts = f"shown in {shown} of {total} {'run' if total == 1 else 'runs'}"
    counts += f", absent in {absent}" if absent else ""
    counts += f", not decidable in {total - shown - absent}" if shown + absent < total else ""
    detail = ", ".join(
        f"{name.replace('_', ' ')} {short(numbers[name])}"
        for name in dict.fromkeys(name for sight in sights for name in sight.numbers)
    )
    middle = "" if not detail else f" ({detail})" if total == 1 else f" (medians: {detail})"
    return Outcome(ruling, f"{what}: {counts}{middle}.", numbers)


def short(value: float) -> str:
    """Four significant digits."""
    return f"{value:.4g}"
