"""Sizes as people read them."""

from __future__ import annotations


def megabytes(count: float) -> str:
    """Bytes on a disk: `55 MB`, `2.6 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def gibibytes(mib: float) -> str:
    """Memory: `812 MiB`, `3.4 GiB`."""
    return f"{mib:.0f} MiB" if round(mib) < 1024 else f"{mib / 1024:.1f} GiB"
