"""Exact information on small discrete cases, and linear separability."""

import numpy as np
import pytest

from interplay.experiments.theory import thesis_information as theory


def test_information_of_small_tables():
    y, n = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert theory.information(y, y) == pytest.approx(np.log(2))
    assert theory.information(y, n) == pytest.approx(0, abs=1e-12)
    assert theory.conditional_information(y ^ n, n, y) == pytest.approx(np.log(2))
    assert theory.joint_entropy(np.array([5, 5, 5, 9])) == pytest.approx(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert theory.binned_entropy(np.array([[0.1], [0.2], [0.9], [1.1]]), 0.5) == pytest.approx(1.5 * np.log(2))


def test_separability():
    line = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    assert theory.separable(line, np.array([-1, -1, 1, 1]))
    assert not theory.separable(line, np.array([-1, 1, 1, -1]))
    xor = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    assert not theory.separable(xor, np.array([1, -1, -1, 1]))
