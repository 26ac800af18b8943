"""Sizes and times as people read them."""

from __future__ import annotations


def megabytes(count: float) -> str:
    """Bytes on a disk: `55 MB`, `2.6 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def gibibytes(mib: float) -> str:
    """Memory: `812 MiB`, `3.4 GiB`."""
    return f"{mib:.0f} MiB" if round(mib) < 1024 else f"{mib / 1024:.1f} GiB"


def duration(seconds: float) -> str:
    """In the largest unit of which there are two: `95 s`, `3.2 h`, `40.0 days`."""
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
