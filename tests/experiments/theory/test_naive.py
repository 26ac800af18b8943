"""The independent evaluations against values known by hand."""

import numpy as np
import pytest

from interplay.experiments.theory import naive


def test_entropies():
    assert naive.shannon(np.array([0.5, 0.25, 0.25, 0.0])) == pytest.approx(1.5 * np.log(2))
    two = np.array([[1.0, 0.6], [0.6, 1.0]])  # eigenvalues .8 and .2 after division by 2
    expected = -0.8 * np.log(0.8) - 0.2 * np.log(0.2)
    assert naive.entropy(two) == pytest.approx(expected) == naive.trace_entropy(two)
    assert naive.effective_rank(np.diag([3.0, 3.0, 0.0])) == pytest.approx(2)


def test_gram_covariance_and_divergence():
    z = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, -3.0]])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(naive.gram(z), [[1, half, 0], [half, 1, -half], [0, -half, 1]], atol=1e-12)
    np.testing.assert_allclose(naive.covariance(z, z, 2), np.cov(z.T))
    p, q = np.diag([0.5, 0.5]), np.diag([0.9, 0.1])
    assert naive.kl(p, q) == pytest.approx(0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1))
