"""Numbers for readers: durations, memory, evidence."""

from __future__ import annotations

from math import isfinite


def format_duration(seconds: float) -> str:
    """`0.4 s`, `12.3 s`, `4 min 05 s`, `7 h 30 min`; the smaller unit is rounded, never cut off."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def format_memory(mib: float) -> str:
    """`812 MiB` or `3.4 GiB`."""
    return f"{mib:.0f} MiB" if round(mib) < 1024 else f"{mib / 1024:.1f} GiB"


def format_number(value: float | None) -> str:
    """Four significant digits, whole numbers in full; a value that is not there is called missing."""
    if value is None or not isfinite(value):
        return "missing"
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.4g}"


def count_of(number: int, noun: str, plural: str = "") -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
