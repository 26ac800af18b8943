import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from interplay.experiments.theory import neural_compression as theory
from interplay.experiments.theory.instances import classes_with_noise


@pytest.fixture
def data():
    return classes_with_noise(np.random.default_rng(0), 4, 25, 6, 0.5)


def test_scatter_decomposes_and_equals_scikit_learns(data):
    features, labels = data
    within, between, total = theory.scatter(features, labels)
    np.testing.assert_allclose(within + between, total, atol=1e-12)
    np.testing.assert_allclose(total, np.cov(features.T, bias=True), atol=1e-12)
    lda = LinearDiscriminantAnalysis(solver="eigen", store_covariance=True).fit(features, labels)
    np.testing.assert_allclose(within, lda.covariance_, atol=1e-12)


def test_one_dimension_has_a_closed_form():
    features, labels = np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1])
    assert theory.direct(features, labels) == pytest.approx(1 / 25)
    assert theory.mended(features, labels) == pytest.approx(1 / 25)
    assert theory.in_two_passes(np.repeat(features, 2, axis=0), np.repeat(labels, 2)) == pytest.approx(1 / 25)


def test_mended_algorithm_is_exact_and_each_factor_counts(data):
    truth = theory.direct(*data)
    assert theory.mended(*data) == pytest.approx(truth, rel=1e-10)
    for means, result in ((False, False), (True, False), (False, True)):
        wrong = theory.algorithm_1(*data, mend_means=means, mend_result=result, cut=1e-5)
        assert abs(wrong / truth - 1) > 0.1
