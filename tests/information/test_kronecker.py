import pytest
import torch

from interplay.information.kronecker import KroneckerSum


def random_sum(classes, d, r, rank, seed=0):
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randn(classes, d, rank, generator=generator, dtype=torch.float64)
    moments = factors @ factors.transpose(1, 2)
    moments[1] = 0  # a class without samples
    moments /= moments.diagonal(dim1=1, dim2=2).sum()
    directions = torch.randn(classes, r, generator=generator, dtype=torch.float64)
    return KroneckerSum(moments, torch.nn.functional.normalize(directions))


def by_definition(operator):
    return sum(torch.kron(S, torch.outer(a, a)) for S, a in zip(operator.moments, operator.directions, strict=True))


@pytest.mark.parametrize(("classes", "d", "r", "rank"), [(4, 5, 3, 5), (3, 6, 3, 1), (5, 3, 2, 2)])
def test_every_view_of_the_operator_agrees_with_the_sum_of_kronecker_products(classes, d, r, rank):
    operator = random_sum(classes, d, r, rank)
    matrix = by_definition(operator)
    assert operator.size == len(matrix)
    torch.testing.assert_close(operator.dense(), matrix)
    vectors = torch.randn(7, operator.size, dtype=torch.float64)
    torch.testing.assert_close(operator(vectors), vectors @ matrix)
    assert operator.trace() == pytest.approx(float(matrix.trace()))
    assert operator.trace_of_square() == pytest.approx(float((matrix @ matrix).trace()))
    compressed = operator.compressed(limit=100)
    assert operator.compressed(limit=len(compressed) - 1) is None
    assert len(compressed) == (classes - 1) * rank >= operator.least_compressed_size() - 1e-9
    spectra = [torch.linalg.eigvalsh(m).flip(0) for m in (matrix, compressed)]
    shared = min(len(s) for s in spectra)
    torch.testing.assert_close(spectra[0][:shared], spectra[1][:shared])
    assert all(float(s[shared:].abs().sum()) < 1e-12 for s in spectra)
