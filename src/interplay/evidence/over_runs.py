"""What every run must show: the sights of several runs put together."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np

from interplay.evidence.decisions import decide, judge_mean, outcome_of, variation_of
from interplay.evidence.outcomes import Degree, Outcome, Ruling, short
from interplay.evidence.shapes import Sight

MOST_BY_CHANCE = 0.2
"""p of a single run above which it shows nothing, however many runs there are. p-values of walks are uniform, but those
of stationary series are small less often, and middling more often, than uniform ones: ten of them below .74 are no
evidence at all. Below .2 they are rarer than uniform (`benchmarks/judges.py`)."""


def over_runs(what: str, sights: Sequence[Sight], clear: float, seeds: int) -> Outcome:
    """Rule on a shape that every run must show, as clearly as asked.

    - `holds`: all runs show it, and so many would by chance alone in less than 5 % of cases. The p of n independent
      runs is the largest of theirs to the power n (that all n of n uniform values lie below one of them), so that one
      run decides where its own p does. A run whose own p exceeds .2 shows nothing;
    - `fails`: the 95 % interval of the mean strength over runs lies below `clear`; one run has none;
    - `undecided`: anything between, or a run that is too short to tell.
    """
    total = len(sights)
    known = [sight for sight in sights if sight.shown is not None]
    shown = sum(sight.shown is True and sight.p <= MOST_BY_CHANCE for sight in known)
    numbers: dict[str, float] = {"runs": total, "shown": shown, "not shown": len(known) - shown}
    names = dict.fromkeys(name for sight in sights for name in sight.numbers)
    for name in names:
        values = [sight.numbers[name] for sight in sights if name in sight.numbers]
        numbers[name] = float(np.median(values))
        if len(values) > 1:
            numbers |= {f"{name}_least": min(values), f"{name}_most": max(values)}
    counts = f"{what}: shown in {shown} of {total} {'run' if total == 1 else 'runs'}"
    counts += f", too short to tell in {total - len(known)}" if len(known) < total else ""
    detail = ", ".join(f"{name.replace('_', ' ')} {short(numbers[name])}" for name in names)
    middle = "" if not detail else f" ({detail})" if total == 1 else f" (medians: {detail})"
    if len(known) < total:
        return Outcome("undecided", f"{counts}{middle}.", numbers, Degree(nan, threshold=clear, runs=seeds))
    strengths = [sight.strength for sight in sights]
    chance = max(sight.p for sight in sights) ** total
    against = judge_mean(strengths, low=clear)
    leaning: Ruling = "holds" if shown == total else "fails"
    decision = decide(chance if shown == total else 1.0, against.p_beyond, seeds, leaning)
    numbers["p"] = decision.p
    said = f"{counts}{middle}; by chance alone p = {short(chance)}"
    if total > 1 and decision.ruling != "holds":
        said += f", and p = {short(against.p_beyond)} for a mean strength of {short(clear)} or more"
    interval = against.interval
    degree = Degree(interval.centre, interval.low, interval.high, clear, seeds, decision.p, variation_of(strengths))
    return outcome_of(decision, f"{said}.", numbers, degree)
