"""Numbers for readers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.report.formats import count_of, format_duration, format_memory, format_number


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (12.34, "12.3 s"),
        (59.97, "1 min 00 s"),
        (245.2, "4 min 05 s"),
        (3599.7, "1 h 00 min"),
        (27_000.0, "7 h 30 min"),
        (360_000.0, "100 h 00 min"),
    ],
)
def test_duration_reads_like_a_clock(seconds, text):
    assert format_duration(seconds) == text


@given(st.floats(0, 1e6))
def test_duration_loses_at_most_half_of_its_smaller_unit(seconds):
    units = {"s": 1.0, "min": 60.0, "h": 3600.0}
    parts = format_duration(seconds).split()
    total = sum(float(number) * units[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    assert abs(total - seconds) <= {1: 0.06, 60: 0.51, 3600: 30.01}[int(units[parts[1]])]


@pytest.mark.parametrize(("mib", "text"), [(812.4, "812 MiB"), (1023.6, "1.0 GiB"), (3482.0, "3.4 GiB")])
def test_memory(mib, text):
    assert format_memory(mib) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.973412, "0.9734"),
        (1e-15, "1e-15"),
        (1048576.0, "1048576"),
        (None, "missing"),
        (math.nan, "missing"),
    ],
)
def test_numbers(value, text):
    assert format_number(value) == text


def test_counts_agree_with_their_noun():
    assert [count_of(n, "run") for n in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
