"""Would another threshold have decided otherwise? Half of it, and half as much again."""

from __future__ import annotations

from collections.abc import Callable

from interplay.protocols.claims import Test

FACTORS = (0.5, 1.5)
THRESHOLDS = ("at_least", "at_most", "within", "within_saved", "depth", "factor", "by", "margin")


def flips(test: Test, ruling: str, judge: Callable[[Test], str]) -> tuple[float, ...] | None:
    """The factors of `FACTORS` by which all thresholds of a test may not be multiplied without another ruling.

    None where the test has no threshold. What lies above one half of a share (a bound between .5 and 1) is counted from
    1, and the factor of a delay from 1 too: half of "at least 99.5 %" is "at least 99.75 %".
    """
    names = [name for name in THRESHOLDS if _scalable(getattr(test, name, None))]
    if not names:
        return None
    found = []
    for factor in FACTORS:
        scaled = {name: _scaled(name, getattr(test, name), factor) for name in names}
        if judge(test.model_copy(update=scaled)) != ruling:
            found.append(factor)
    return tuple(found)


def _scalable(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and value != 0


def _scaled(name: str, value: float, factor: float) -> float:
    if name == "factor" or 0.5 < value <= 1:
        return 1 + factor * (value - 1)
    return factor * value
