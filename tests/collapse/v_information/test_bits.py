from math import log

import pytest
import torch

from interplay.collapse.v_information import label_entropy, v_information


def test_entropy_of_labels_is_empirical():
    labels = torch.tensor([0] * 3 + [2] * 1)
    assert label_entropy(labels) == pytest.approx(-(0.75 * log(0.75) + 0.25 * log(0.25)))
    assert label_entropy(torch.zeros(5, dtype=torch.int64)) == 0


def test_bits():
    assert v_information(0.0, log(10)) == pytest.approx(3.321928)  # log2 10
    assert v_information(log(10), log(10)) == 0
    assert v_information(log(8), log(4)) == pytest.approx(-1)
