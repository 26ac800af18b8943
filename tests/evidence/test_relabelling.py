from __future__ import annotations

from math import log2

import numpy as np
import pytest

from interplay.errors import InterplayError
from interplay.evidence.relabelling import class_size, digits, digits_needed, most_minimality


@pytest.mark.parametrize(("size", "base"), [(1000, 10), (125, 5), (126, 5), (1, 2), (100, 10), (101, 10)])
def test_digits_are_those_of_the_number(size, base):
    count = digits_needed(size, base)
    assert count == len(np.base_repr(size - 1, base))
    for index in {0, 1, size // 2, size - 1} & set(range(size)):
        printed = np.base_repr(index, base).zfill(count)
        assert digits(index, base, count) == [int(digit) for digit in reversed(printed)]


def test_powers_of_the_base_allow_its_logarithm_and_other_sizes_less():
    assert most_minimality(1000, 10) == pytest.approx(log2(10))
    assert most_minimality(100, 10) == pytest.approx(log2(10))
    assert most_minimality(40, 10) == pytest.approx((log2(10) + 2) / 2)
    # 0 .. 14: five of the units twice, five once; ten of the tens 0, five 1
    units = -(5 * 2 / 15 * log2(2 / 15) + 5 * 1 / 15 * log2(1 / 15))
    tens = -(2 / 3 * log2(2 / 3) + 1 / 3 * log2(1 / 3))
    assert most_minimality(15, 10) == pytest.approx((units + tens) / 2)


def test_the_class_size_is_that_of_v_information(make_record):
    assert class_size(make_record(protocol={"train_per_class": 1000, "information": {"per_class": None}})) == 1000
    assert class_size(make_record(protocol={"train_per_class": 1000, "information": {"per_class": 40}})) == 40
    with pytest.raises(InterplayError, match="protocol lacks train_per_class"):
        class_size(make_record(protocol={}))
