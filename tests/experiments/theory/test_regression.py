import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from interplay.experiments.theory.registry import Draws
from interplay.experiments.theory.regression import pairs, regress, tail


def test_regression_equals_scikit_learns():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    model = LinearRegression().fit(source, target)
    weights, left = regress(target, source)
    np.testing.assert_allclose(weights, model.coef_.T, atol=1e-10)
    assert left == pytest.approx(np.linalg.norm(target - model.predict(source)))


def test_tail_counts_from_one():
    energies = np.array([4.0, 3.0, 2.0, 1.0])
    assert tail(energies, 2, 3) == 5 and tail(energies, 4, 4) == 1 and tail(energies, 5, 4) == 0


@pytest.mark.parametrize("unit", [False, True])
def test_pairs_satisfy_the_assumptions(unit):
    for pair in pairs(Draws(np.random.default_rng(0), 30), unit=unit):
        assert pair.r1 == np.linalg.matrix_rank(pair.z1) > pair.r2 == np.linalg.matrix_rank(pair.z2)
        if unit:
            assert pair.energies.sum() == pytest.approx(1)
