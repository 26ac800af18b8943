import pytest
import torch

from interplay.information.entropy import spectrum_entropy
from interplay.information.quadrature import entropy_by_quadrature, lanczos


def spectra(size):
    """Spectra that sum to one: flat, with a gap (half collapsed), nearly all on top, a power law, of low rank."""
    index = torch.arange(1, size + 1, dtype=torch.float64)
    flat = 1 + 0.5 * torch.sin(index)
    gap = torch.where(index <= 20, size / 20.0, flat)
    nearly = torch.where(index <= 20, 1.0, 1e-6 * flat)
    low = torch.where(index <= 30, 1.0 / index, 0.0)
    return {"flat": flat, "gap": gap, "nearly": nearly, "power": index**-1.2, "low rank": low}


def rotated(spectrum, seed=0):
    """A dense matrix of that spectrum and the operator that multiplies by it."""
    size = len(spectrum)
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64)).Q
    matrix = basis @ (spectrum / spectrum.sum()).diag() @ basis.T
    return matrix, lambda v: v @ matrix


@pytest.mark.parametrize("name", list(spectra(10)))
@pytest.mark.parametrize("deflate", [0, 56])
def test_the_error_is_small_and_the_standard_error_says_how_small(name, deflate):
    spectrum = spectra(600)[name]
    matrix, operator = rotated(spectrum)
    exact = float(spectrum_entropy(spectrum / spectrum.sum()))
    found = entropy_by_quadrature(operator, 600, 1.0, float((matrix @ matrix).trace()), deflate=deflate)
    error = abs(found.value - exact)
    assert error <= 4 * found.standard_error + 1e-5
    if deflate:
        assert error <= 1e-3 * exact
    assert (found.deflated > 0) == (deflate > 0 and name != "flat")


def test_the_standard_error_covers_the_error_as_often_as_it_should():
    spectrum = spectra(300)["power"]
    matrix, operator = rotated(spectrum)
    exact = float(spectrum_entropy(spectrum / spectrum.sum()))
    square = float((matrix @ matrix).trace())
    found = [entropy_by_quadrature(operator, 300, 1.0, square, seed=seed, deflate=20) for seed in range(40)]
    scores = torch.tensor([(f.value - exact) / f.standard_error for f in found])
    assert 0.5 < float(scores.std()) < 1.6
    assert abs(float(scores.mean())) < 0.6


def test_what_is_seeded_is_repeated():
    _, operator = rotated(spectra(100)["power"])
    values = [entropy_by_quadrature(operator, 100, 1.0, 0.1, seed=s).value for s in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


def test_lanczos_matrices_have_the_spectrum_of_the_operator_and_survive_exhausted_krylov_spaces():
    matrix, operator = rotated(torch.tensor([4.0, 3, 2, 1, 0, 0, 0, 0], dtype=torch.float64))
    start = torch.nn.functional.normalize(torch.randn(3, 8, dtype=torch.float64), dim=1)
    found = torch.linalg.eigvalsh(lanczos(operator, start, 8))
    # The start sees the null space as one direction: 4 eigenvalues, one zero, and zeros that carry no weight.
    torch.testing.assert_close(found[:, -4:], torch.tensor([[0.1, 0.2, 0.3, 0.4]]).double().expand(3, 4))
    assert float(found[:, :4].abs().max()) < 1e-10
    exact = torch.einsum("pi,ij,pj->p", start, matrix @ matrix @ matrix, start)
    values, vectors = torch.linalg.eigh(lanczos(operator, start, 3))
    torch.testing.assert_close((vectors[:, 0].square() * values**3).sum(1), exact)
