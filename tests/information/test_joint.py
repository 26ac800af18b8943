import pytest
import torch

from interplay.information import DatasetInformation
from interplay.information.joint import entropies_of_moments


def moments_and_weights(classes, d, samples, noise, seed=0):
    """Moments of unit features around class means, with a decaying spectrum; unit weights near the means."""
    generator = torch.Generator().manual_seed(seed)
    decay = torch.arange(1, d + 1, dtype=torch.float64) ** -0.5
    means = torch.randn(classes, d, generator=generator, dtype=torch.float64) * decay
    moments = []
    for mean in means:
        rows = mean + noise * torch.randn(samples, d, generator=generator, dtype=torch.float64) * decay
        rows = torch.nn.functional.normalize(rows)
        moments.append(rows.T @ rows / (samples * classes))
    return torch.stack(moments), torch.nn.functional.normalize(means + 0.1)


@pytest.mark.parametrize("noise", [100.0, 1.0, 0.1], ids=["random", "half collapsed", "nearly collapsed"])
def test_quadrature_agrees_with_diagonalising(noise):
    moments, weights = moments_and_weights(12, 60, 100, noise)
    shares = torch.full((12,), 1 / 12, dtype=torch.float64)
    exact = entropies_of_moments(moments, weights, shares, exact_limit=4096)
    estimated = entropies_of_moments(moments, weights, shares, exact_limit=100)
    assert (exact.method, estimated.method) == ("exact", "quadrature")
    assert exact.standard_error == 0 < estimated.standard_error
    assert estimated.joint == pytest.approx(exact.joint, rel=1e-3)
    assert abs(estimated.joint - exact.joint) < 4 * estimated.standard_error + 1e-5
    assert (estimated.feature, estimated.head) == (exact.feature, exact.head)


@pytest.mark.parametrize(
    ("samples", "noise"), [(2, 1.0), (100, 0.0), (30, 1.0)], ids=["few samples", "collapsed", "full rank"]
)
def test_whichever_matrix_is_smallest_gives_the_same(samples, noise, naive, make_clusters):
    features, labels, weights = make_clusters(6, 60, samples * 6, noise)
    collected = DatasetInformation(60, 6)
    collected.update(features, labels)
    # 360 rows uncompressed; where samples are few or classes collapsed, the limit leaves the compressed matrix only.
    found = collected.compute(weights, exact_limit=4096 if samples == 30 else 40)
    assert found.method == "exact"
    reference = naive(features, labels, weights)
    assert found.joint_entropy == pytest.approx(reference.joint, abs=1e-9)
    assert found.mir == pytest.approx(reference.mir, abs=1e-9)
