import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.collapse.v_information import digits_needed, label_entropy, relabel
from interplay.errors import InterplayError


def naive(labels, num_classes):
    """Sample by sample, with strings of digits."""
    longest, seen, rows = max(labels.count(c) for c in set(labels)), dict.fromkeys(labels, 0), []
    for label in labels:
        digits, index = [], seen[label]
        while index:
            index, digit = divmod(index, num_classes)
            digits.append(digit)
        rows.append(digits)
        seen[label] += 1
    width = 1
    while num_classes**width < longest:
        width += 1
    return [row + [0] * (width - len(row)) for row in rows]


@settings(max_examples=40)
@given(st.integers(2, 6).flatmap(lambda c: st.tuples(st.just(c), st.lists(st.integers(0, c - 1), min_size=1))))
def test_new_labels_are_the_digits_of_the_index(case):
    num_classes, labels = case
    assert relabel(torch.tensor(labels), num_classes).tolist() == naive(labels, num_classes)


@pytest.mark.parametrize(("base", "power"), [(5, 3), (2, 10), (3, 5), (10, 3), (6, 1)])
def test_powers_need_no_digit_more(base, power):
    assert digits_needed(base**power, base) == power
    assert digits_needed(base**power + 1, base) == power + 1
    assert digits_needed(base**power - 1, base) == max(1, power if base > 2 or power > 1 else 0)


def test_the_thesis_own_thousand_samples_have_three_balanced_relabellings():
    labels = torch.arange(10).repeat(1000)
    digits = relabel(labels, 10)
    assert digits.shape == (10_000, 3)
    for column in digits.unbind(1):
        assert column[labels == 4].bincount().tolist() == [100] * 10
        assert label_entropy(column) == pytest.approx(torch.tensor(10.0).log().item())
    rebuilt = (digits * torch.tensor([1, 10, 100])).sum(1)
    assert rebuilt[labels == 7].tolist() == list(range(1000))


def test_other_sizes_are_not_balanced():
    top = relabel(torch.zeros(500, dtype=torch.int64), 10)[:, 2]
    assert label_entropy(top) == pytest.approx(torch.tensor(5.0).log().item())


@pytest.mark.parametrize(("labels", "classes"), [([], 3), ([0, 3], 3), ([-1], 3), ([0, 0], 1)])
def test_what_cannot_be_relabelled_is_refused(labels, classes):
    with pytest.raises(InterplayError, match=r"relabelling|labels: "):
        relabel(torch.tensor(labels, dtype=torch.int64), classes)
