"""What is no Gram matrix is refused; what is one but for the rounding of its type is not."""

from __future__ import annotations

from math import log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.information import gram_matrix, hdr, matrix_entropy, mir, mutual_information

generator = torch.Generator().manual_seed(0)
Z = torch.randn(12, 5, generator=generator, dtype=torch.float64) + 1
GRAM = gram_matrix(Z)
INDEFINITE = torch.tensor([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]], dtype=torch.float64)

WRONG = {
    "unnormalised": (Z @ Z.T, "the diagonal is not 1 but for example .*normalise=True"),
    "triangle": (GRAM.triu(), "not symmetric, entries differ .*gram_matrix"),
    "one entry": (GRAM.index_put((torch.tensor(0), torch.tensor(1)), GRAM[0, 1] + 1e-9), "not symmetric"),
    "indefinite": (INDEFINITE, "not positive semi-definite, K/n has an eigenvalue of -0.267"),
    "density": (GRAM / 12, "the diagonal is not 1"),
    "negative": (-torch.eye(4), "the diagonal is not 1 but for example -1"),
    "no matrix": (Z, "expected a square matrix"),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_function_refuses_it_in_one_line_that_names_the_argument(name):
    wrong, message = WRONG[name]
    right = torch.eye(len(wrong), dtype=torch.float64)
    calls = [("K", lambda: matrix_entropy(wrong))]
    for quantity in (mutual_information, mir, hdr):
        calls += both(quantity, wrong, right)
    for argument, call in calls:
        with pytest.raises(InterplayError, match=f"^{argument}: {message}") as caught:
            call()
        assert "\n" not in str(caught.value)


def both(quantity, wrong, right):
    return [("K1", lambda: quantity(wrong, right)), ("K2", lambda: quantity(right, wrong))]


@pytest.mark.parametrize("corner", [0.0, -1.0])
def test_what_is_left_out_for_want_of_a_direction_is_looked_at_first(corner):
    """Samples without direction are left out of a pair of matrices; a row that is not zero is no such sample."""
    bent = torch.tensor([[corner, 0.5, 0.2], [0.5, 1.0, 0.3], [0.2, 0.3, 1.0]], dtype=torch.float64)
    right = torch.eye(3, dtype=torch.float64)
    for quantity in (mutual_information, mir, hdr):
        for argument, call in both(lambda a, b, q=quantity: q(a, b, normalise="trace"), bent, right):
            with pytest.raises(
                InterplayError, match=f"^{argument}: not positive semi-definite, row 0 has a diagonal of"
            ):
                call()
    empty = torch.diag(torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64))
    assert float(mutual_information(empty, right)) == pytest.approx(log(2))


def test_the_values_that_the_fault_gave():
    """An unnormalised x x^T gave a negative entropy, an upper triangle an MIR of 1; on request both are mended."""
    raw, other = Z @ Z.T, gram_matrix(Z.flip(0))
    assert float(matrix_entropy(raw, check=False)) < 0
    torch.testing.assert_close(matrix_entropy(raw, normalise=True), matrix_entropy(GRAM))
    for quantity in (mutual_information, mir, hdr):
        torch.testing.assert_close(quantity(raw, other, normalise=True), quantity(GRAM, other))
    weighted = torch.linalg.eigvalsh(raw / raw.trace())
    expected = -(weighted[weighted > 1e-12] * weighted[weighted > 1e-12].log()).sum()
    torch.testing.assert_close(matrix_entropy(raw, normalise="trace"), expected)


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1e300])
def test_normalising_takes_any_scale(scale):
    for normalise in (True, "trace"):
        expected = matrix_entropy(Z @ Z.T, normalise=normalise)
        torch.testing.assert_close(matrix_entropy(Z @ Z.T * scale, normalise=normalise), expected)


def test_normalising_does_not_mend_what_is_indefinite_or_not_symmetric():
    for normalise in (True, "trace"):
        with pytest.raises(InterplayError, match="not positive semi-definite"):
            matrix_entropy(3 * INDEFINITE, normalise=normalise)
        with pytest.raises(InterplayError, match="not symmetric"):
            matrix_entropy(GRAM.triu(), normalise=normalise)
    with pytest.raises(InterplayError, match="normalise: 'rows' is unknown"):
        matrix_entropy(GRAM, normalise="rows")


# Clusters are the hard case: the entries of a block are rounded alike, and their errors add up.
@settings(max_examples=60)
@given(
    st.sampled_from([torch.float64, torch.float32, torch.float16, torch.bfloat16]),
    st.integers(2, 150),
    st.integers(1, 600),
    st.sampled_from([0.0, 1e-3, 1.0]),
    st.integers(0, 1000),
)
def test_gram_matrices_that_were_computed_in_any_type_are_taken(dtype, samples, features, noise, seed):
    random = torch.Generator().manual_seed(seed)
    centres = torch.randn(3, features, generator=random)
    z = centres[torch.arange(samples) % 3] + noise * torch.randn(samples, features, generator=random)
    rows = torch.nn.functional.normalize(z.to(dtype))
    gram = rows @ rows.T
    entropy = float(matrix_entropy(gram))
    assert -0.1 <= entropy <= log(samples) + 0.1
    mir(gram, gram)


@pytest.mark.parametrize(("dtype", "off"), [(torch.float64, 1e-12), (torch.float32, 1e-3), (torch.bfloat16, 0.2)])
def test_what_rounding_cannot_explain_is_refused_in_every_type(dtype, off):
    with pytest.raises(InterplayError, match="diagonal is not 1"):
        matrix_entropy((torch.eye(30) * (1 + off)).to(dtype) if off > 1e-6 else torch.eye(30).double() * (1 + off))
    skewed = torch.eye(30, dtype=torch.float64)
    skewed[0, 1] = off
    with pytest.raises(InterplayError, match="not symmetric"):
        matrix_entropy(skewed.to(dtype))
    # Of rank one but for a direction that no set of vectors has.
    bent = torch.ones(30, 30, dtype=torch.float64) - 2 * 30 * off * (torch.eye(30) - torch.ones(30, 30) / 30)
    bent.fill_diagonal_(1)
    bent[0, 1:] = bent[1:, 0] = 1 - 30 * off
    with pytest.raises(InterplayError, match=r"positive semi-definite|diagonal"):
        matrix_entropy(bent.to(dtype))


def test_unchecked_values_and_gradients_are_the_checked_ones():
    z, w = Z.clone().requires_grad_(), torch.randn(12, 4, dtype=torch.float64).requires_grad_()
    for quantity in (mutual_information, mir, hdr):
        found = [quantity(gram_matrix(z), gram_matrix(w), check=check) for check in (True, False)]
        gradients = [torch.autograd.grad(value, (z, w)) for value in found]
        torch.testing.assert_close(found[0], found[1])
        for checked, unchecked in zip(*gradients, strict=True):
            torch.testing.assert_close(checked, unchecked)
    assert torch.autograd.gradcheck(lambda z: matrix_entropy(z @ z.T, normalise=True), (z,))
    assert torch.autograd.gradcheck(lambda z: matrix_entropy(z @ z.T, normalise="trace"), (z,))


def test_unchecked_matrices_without_any_direction_give_no_nan():
    nothing = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    value = mutual_information(nothing, torch.eye(3).double(), check=False)
    value.backward()
    assert value.item() == 0 and torch.isfinite(nothing.grad).all()
