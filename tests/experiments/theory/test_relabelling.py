import numpy as np
import pytest

from interplay.experiments.theory import relabelling


@pytest.mark.parametrize("base", [2, 3, 10])
def test_digits_spell_the_index(base):
    for index in (0, 1, 7, 26, 99, 100, 1023):
        digits = relabelling.digits_needed(index, base)
        spelt = np.base_repr(index, base)
        assert digits == len(spelt)
        labels = relabelling.labels_of(np.array([index]), base, digits)[0]
        assert "".join(str(digit) for digit in labels[::-1]) == spelt


def test_digit_counts():
    assert relabelling.exact_digit_count(1000, 10) == 3 and relabelling.exact_digit_count(1001, 10) == 4
    assert relabelling.exact_digit_count(125, 5) == 3 and relabelling.floating_digit_count(125, 5) == 4
