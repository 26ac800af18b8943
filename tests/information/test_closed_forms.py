from math import log

import pytest
import torch

from interplay.errors import InterplayError
from interplay.information import DatasetInformation, gram_matrix, hdr, matrix_entropy, mir, neural_collapse_values


@pytest.mark.parametrize(("classes", "published"), [(3, 0.5), (10, 0.95235), (100, 0.99781)])
def test_values_at_exact_collapse(classes, published, make_simplex):
    """Balanced, centred, collapsed: batch matrices, streamed moments and theory agree."""
    theory = neural_collapse_values(classes)
    assert theory.mir == pytest.approx(published, abs=6e-6)
    assert theory.entropy == pytest.approx(log(classes - 1))

    means = make_simplex(classes, classes + 3)
    labels = torch.arange(classes).repeat(3)
    first, second = gram_matrix(means[labels] * 5), gram_matrix(means[labels])
    assert float(matrix_entropy(first)) == pytest.approx(theory.entropy)
    assert float(mir(first, second)) == pytest.approx(theory.mir)
    assert float(hdr(first, second)) == pytest.approx(theory.hdr, abs=1e-12)

    collected = DatasetInformation(classes + 3, classes)
    collected.update(means[labels].float() * 5, labels)
    found = collected.compute(means)
    assert found.feature_entropy == pytest.approx(theory.entropy, abs=1e-6)
    assert found.mir == pytest.approx(theory.mir, abs=1e-6)
    assert found.hdr == pytest.approx(0, abs=1e-6)
    assert found.feature_effective_rank == pytest.approx(classes - 1, rel=1e-4)


def test_two_classes_have_no_entropy_and_no_ratio(make_simplex):
    assert neural_collapse_values(2).entropy == 0
    means = make_simplex(2, 4)
    labels = torch.tensor([0, 1] * 8)
    collected = DatasetInformation(4, 2)
    collected.update(means[labels], labels)
    found = collected.compute(means)
    assert found.feature_entropy == pytest.approx(0, abs=1e-12)
    for value in (found.mir, found.hdr, neural_collapse_values(2).mir, neural_collapse_values(2).hdr):
        assert value != value  # NaN


def test_a_batch_of_64_cannot_reach_ln_99(make_simplex):
    """The published CIFAR-100 reading: at exact collapse 64 random samples show about 3.75, capped at ln 64."""
    means = make_simplex(100, 120)
    values = []
    for seed in range(8):
        labels = torch.randint(100, (64,), generator=torch.Generator().manual_seed(seed))
        values.append(float(matrix_entropy(gram_matrix(means[labels]))))
    assert sum(values) / len(values) == pytest.approx(3.75, abs=0.06)
    assert max(values) < log(64) < log(99)


def test_entropy_log_c_minus_1_needs_a_global_mean_of_zero(make_simplex):
    """Thm IV.3 of metrics24 leaves it out. With a mean of norm m orthogonal to the class means, one eigenvalue is
    p = m^2 / (1 + m^2) and nine are (1 - p) / 9: about 2.30 / 1.79 / .54 at m = .3 / 1 / 3, not ln 9 = 2.197."""
    means = torch.nn.functional.normalize(make_simplex(10, 12), dim=1)
    offset = torch.linalg.svd(means).Vh[-1]
    labels = torch.arange(10).repeat(4)
    for norm, about in ((0.3, 2.296), (1.0, 1.790), (3.0, 0.541)):
        shifted = means[labels] + norm * offset
        p = norm**2 / (1 + norm**2)
        expected = -p * log(p) - (1 - p) * log((1 - p) / 9)
        assert float(matrix_entropy(gram_matrix(shifted))) == pytest.approx(expected)
        assert expected == pytest.approx(about, abs=0.006)
        centred = DatasetInformation(12, 10, mean=shifted.mean(0))
        centred.update(shifted, labels)
        assert centred.compute(means).feature_entropy == pytest.approx(log(9))


def test_fewer_than_two_classes():
    with pytest.raises(InterplayError, match="at least 2"):
        neural_collapse_values(1)
