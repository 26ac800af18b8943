import numpy as np
import pytest
import torch

from interplay.collapse.between import centred_means, whitener


@pytest.mark.parametrize("counts", [[5, 5, 5, 5], [90, 5, 4, 1], [3, 0, 7, 2]])
@pytest.mark.parametrize("dimension", [2, 10])
def test_whitener_is_a_root_of_the_pseudo_inverse(counts, dimension):
    means, counts = torch.randn(4, dimension, dtype=torch.float64) + 2, torch.tensor(counts)
    shares = (counts.double() / counts.sum()).numpy()
    centred = means.numpy() - shares @ means.numpy()
    between = (centred.T * shares) @ centred
    projection = whitener(means, counts).numpy()
    expected = np.linalg.pinv(between, rcond=1e-10, hermitian=True)
    np.testing.assert_allclose(projection.T @ projection, expected, atol=1e-9 * np.abs(expected).max())
    assert len(projection) == min(dimension, int((counts > 0).sum()) - 1)


def test_the_mean_of_centred_means_weighted_by_counts_is_zero():
    counts = torch.tensor([1, 10, 4])
    centred = centred_means(torch.randn(3, 5, dtype=torch.float64), counts)
    assert float((counts.double() @ centred).abs().max()) < 1e-12


@pytest.mark.parametrize("counts", [[4, 4, 4], [4, 0, 0]])
def test_nothing_separates_one_point(counts):
    point = torch.randn(1, 6, dtype=torch.float64).expand(3, 6) * 100
    assert whitener(point + 1e-15 * torch.randn(3, 6), torch.tensor(counts)) is None


def test_the_relative_cut_decides_what_counts_as_a_direction():
    means = torch.tensor([[1.0, 0], [-1, 0], [0, 1e-4]], dtype=torch.float64)  # eigenvalues about 1 : 1e-8
    counts = torch.tensor([1, 1, 1])
    assert len(whitener(means, counts)) == 2
    assert len(whitener(means, counts, relative_cut=1e-6)) == 1
