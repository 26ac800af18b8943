"""The instances have the properties that the checks take for granted."""

import numpy as np
import pytest

from interplay.experiments.theory import instances


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("mean_norm", [0.0, 2.0])
def test_collapsed_models_are_collapsed(rng, classes, mean_norm):
    model = instances.collapsed(rng, classes, per_class=3, mean_norm=mean_norm)
    means = np.stack([model.features[model.labels == c].mean(0) for c in range(classes)])
    np.testing.assert_allclose(model.features, means[model.labels], atol=1e-12)
    overall = np.linalg.norm(means.mean(0))
    assert overall == pytest.approx(mean_norm * np.linalg.norm(model.means[0]), abs=1e-12)
    ratio = model.head / (means - means.mean(0))
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


def test_uneven_classes(rng):
    model = instances.collapsed(rng, 3, counts=np.array([1, 4, 2]))
    assert np.bincount(model.labels).tolist() == [1, 4, 2]


@pytest.mark.parametrize("n, d", [(3, 3), (5, 2), (7, 3), (9, 8), (12, 5)])
def test_harmonic_frames_are_tight_and_of_unit_length(n, d):
    frame = instances.harmonic_frame(n, d)
    np.testing.assert_allclose(frame.T @ frame, n / d * np.eye(d), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(frame, axis=1), 1)


def test_matrices_are_definite_and_normalised(rng):
    for _ in range(20):
        gram = instances.gram_of_random(rng, 5)
        np.testing.assert_allclose(np.diag(gram), 1)
        assert np.linalg.eigvalsh(gram)[0] > 0 and np.linalg.eigvalsh(instances.definite(rng, 4))[0] > 0
        assert np.trace(instances.density(rng, 4)) == pytest.approx(1)
    basis = instances.orthonormal(rng, 7, 3)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
