"""Class means and the pseudo-inverse of the scatter between them, never formed: C vectors are enough."""

from __future__ import annotations

import torch
from torch import Tensor

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


def whitener(means: Tensor, counts: Tensor, relative_cut: float = RELATIVE_CUT) -> Tensor | None:
    """P `[R, D]` with Sigma_B^+ = P^T P, so that tr(Sigma_W Sigma_B^+) is the mean of |P (h_i - mu_(y_i))|^2.

    With B the rows sqrt(n_c / N) (mu_c - mu), Sigma_B = B^T B and the C x C matrix B B^T = Q L Q^T shares its non-zero
    spectrum: P = L^(-1) Q^T B over the eigenvalues kept. Costs O(C^2 D) and no D x D matrix.

    Returns:
        None if all class means are one point (or there is one class only): nothing separates the classes.

    Source: compression25 Alg. 1 with its scale mended (class means need C/N, the result C/N) and for uneven classes.
    """
    present = counts > 0
    means, counts = means[present], counts[present]
    rows = centred_means(means, counts) * (counts.to(means) / counts.sum().to(means)).sqrt().unsqueeze(1)
    values, vectors = torch.linalg.eigh(rows @ rows.T)
    largest = values[-1]
    if float(largest) <= _SAME_POINT * float(means.square().sum(1).max()):
        return None
    kept = values > relative_cut * largest
    projection: Tensor = (vectors[:, kept].T @ rows) / values[kept].unsqueeze(1)
    return projection
