"""Class means and the pseudo-inverse of the scatter between them, never formed: C vectors are enough."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.collapse.units import exponent_of, scaled

# Eigenvalues of the between-class scatter below this share of the largest are rounding noise. In floating point the
# "lambda != 0" of the thesis keeps the one zero that centring makes, and divides by it.
RELATIVE_CUT = 1e-10

# Class means closer than this share of their length, squared, are the same point.
_SAME_POINT = 1e-28


def centred_means(means: Tensor, counts: Tensor) -> Tensor:
    """Class means `[C, D]` less the mean over all samples, in which a class weighs by its `counts` `[C]`.

    Source: metrics24 sec. IV-A, compression25 sec. 1.2.
    """
    shares = counts.to(means) / counts.sum().to(means)
    return means - shares @ means


def whitener(
    means: Tensor, counts: Tensor, relative_cut: float = RELATIVE_CUT, *, origin: Tensor | None = None
) -> Tensor | None:
    """P `[R, D]` with Sigma_B^+ = P^T P, so that tr(Sigma_W Sigma_B^+) is the mean of |P (h_i - mu_(y_i))|^2.

    With B the rows sqrt(n_c / N) (mu_c - mu), Sigma_B = B^T B and the C x C matrix B B^T = Q L Q^T shares its non-zero
    spectrum: P = L^(-1) Q^T B over the eigenvalues kept. Where there are more classes than dimensions, Sigma_B itself,
    V L V^T, is the smaller matrix, and P = L^(-1/2) V^T. Costs O(C D min(C, D)), and O(min(C, D)^2) memory beside B.

    Args:
        means: `[C, D]`; counts: `[C]`.
        relative_cut: eigenvalues of Sigma_B below this share of the largest count as zero.
        origin: `[D]`, added to the means to say how long they are, where they are given less a common point.

    Returns:
        None if all class means are one point (or there is one class only): nothing separates the classes.

    Source: compression25 Alg. 1 with its scale mended (class means need C/N, the result C/N) and for uneven classes.
    """
    present = counts > 0
    means, counts = means[present], counts[present]
    centred = centred_means(means, counts)
    exponent = exponent_of(centred)
    if exponent is None:
        return None
    # [C, D], of values near 1: their squares neither under- nor overflow. P scales the other way.
    rows = scaled(centred, exponent) * (counts.to(means) / counts.sum().to(means)).sqrt().unsqueeze(1)
    few_classes = len(rows) <= rows.shape[1]
    values, vectors = torch.linalg.eigh(rows @ rows.T if few_classes else rows.T @ rows)
    longest = scaled(means if origin is None else means + origin, exponent).norm(dim=1).max()
    if float(values[-1].clamp(min=0).sqrt()) <= _SAME_POINT**0.5 * float(longest):
        return None
    kept = values > relative_cut * values[-1]
    roots = values[kept].sqrt().unsqueeze(1)  # [R, 1]
    projection = (vectors[:, kept].T @ rows) / roots.square() if few_classes else vectors[:, kept].T / roots
    return scaled(projection, exponent)
