"""Information quantities of positive semi-definite matrices that need not have unit trace, and the total coding rate.

All of them work in float64 and in nats; their gradients are finite at repeated and at zero eigenvalues.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information import check_matrix
from interplay.information.checks import check_count, check_number

# Eigenvalues below this share of the largest are rounding noise; the documents define log 0 as 0.
RELATIVE_FLOOR = 1e-13


class _SymmetricLog(torch.autograd.Function):
    """log of a symmetric positive semi-definite matrix.

    The derivative is the Daleckii-Krein formula: in the eigenbasis, the divided difference of log between every two
    eigenvalues. Differentiating V log(L) V^T by autograd instead divides by their gaps, NaN where two coincide.
    """

    @staticmethod
    def forward(ctx: Any, A: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh((A + A.mT) / 2)
        zero = values <= RELATIVE_FLOOR * values[-1].abs()
        logs = torch.where(zero, 0.0, values.where(~zero, torch.ones_like(values)).log())
        ctx.save_for_backward(values.where(~zero, torch.zeros_like(values)), vectors, logs)
        result: Tensor = (vectors * logs) @ vectors.mT
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        values, vectors, logs = ctx.saved_tensors
        quotients = _divided_differences(values, logs)
        inner = vectors.mT @ ((grads[0] + grads[0].mT) / 2) @ vectors
        gradient: Tensor = vectors @ (quotients * inner) @ vectors.mT
        return (gradient + gradient.mT) / 2


def _divided_differences(values: Tensor, logs: Tensor) -> Tensor:
    """(log a - log b)/(a - b) for all pairs, 1/a where they coincide, 0 where both are 0."""
    first, second = values[:, None], values[None, :]
    both = (first > 0) & (second > 0)
    mean = torch.where(both, (first + second) / 2, 1.0)
    ratio = torch.where(both, (first - second) / (2 * mean), 0.0)
    # (log a - log b)/(a - b) = artanh(r)/r/mean with r = (a - b)/(a + b): exact for close eigenvalues as well.
    close = ratio.abs() < 1e-4
    inner = torch.where(close, 1 + ratio**2 / 3, torch.atanh(ratio) / torch.where(close, 1.0, ratio)) / mean
    gap = torch.where(both | (first == second), 1.0, first - second)
    return torch.where(both, inner, (logs[:, None] - logs[None, :]) / gap * (first != second))


def matrix_log(A: Tensor) -> Tensor:
    """Principal logarithm of a symmetric positive semi-definite `A` `[n, n]`, in float64; zero eigenvalues have log 0.

    Raises:
        InterplayError: `A` is not a finite square matrix, or has a negative eigenvalue.

    Source: matrixssl23 Def. 3.1 (principal logarithm, log(0) := 0).
    """
    _check_square(A, "A")
    A = A.double()
    smallest, largest = torch.linalg.eigvalsh(((A + A.mT) / 2).detach())[[0, -1]].tolist()
    if smallest < -1e-9 * max(abs(largest), abs(smallest)):
        raise InterplayError(f"A: negative eigenvalue {smallest:.3g}, the real logarithm does not exist")
    result: Tensor = _SymmetricLog.apply(A)
    return result


def taylor_log(Q: Tensor, order: int) -> Tensor:
    """Taylor polynomial of log around the identity, sum_k (-1)^(k+1) (Q - I)^k / k up to `order`, of any square `Q`.

    It is close to the logarithm only where all eigenvalues of Q - I are below 1 in modulus.

    Source: matrixssl23 F.1 (table 5: order 4) and the released code.
    """
    _check_square(Q, "Q")
    order = check_count(order, "order")
    step = Q - torch.eye(len(Q), dtype=Q.dtype, device=Q.device)
    power, total = step, step
    for k in range(2, order + 1):
        power = power @ step
        total = total + power * ((-1) ** (k + 1) / k)
    return total


def generalised_entropy(A: Tensor) -> Tensor:
    """ME(A) = -tr(A log A) + tr(A), in nats. Source: matrixssl23 Def. 3.1."""
    logarithm = matrix_log(A)
    return A.double().trace() - (A.double() * logarithm).sum()


def matrix_kl(P: Tensor, Q: Tensor) -> Tensor:
    """MKL(P || Q) = tr(P log P - P log Q - P + Q), in nats; 0 at Q = P and positive elsewhere for positive definite Q.

    With the documents' log(0) := 0 a singular Q can give less than 0: it is a divergence on definite Q only.

    Source: matrixssl23 Def. 3.2, Eq. 10.
    """
    return matrix_cross_entropy(P, Q) - generalised_entropy(P)


def matrix_cross_entropy(P: Tensor, Q: Tensor) -> Tensor:
    """MCE(P, Q) = tr(-P log Q + Q), in nats. Source: matrixssl23 Def. 3.3, Eq. 11."""
    _check_square(P, "P")
    _check_square(Q, "Q")
    if P.shape != Q.shape:
        raise InterplayError(f"P and Q must have one shape, got {list(P.shape)} and {list(Q.shape)}")
    return Q.double().trace() - (P.double() * matrix_log(Q)).sum()


def total_coding_rate_loss(z: Tensor, epsilon: float) -> Tensor:
    """L_TCR = -1/2 log det(I_d + d/(B eps^2) Z Z^T), in nats.

    Args:
        z: `[B, d]`; transposed against the document, whose Z is `[d, B]`.

    Source: matrixssl23 Eq. 6.
    """
    check_matrix(z, "features")
    epsilon = check_number(epsilon, "epsilon", 0, above=True)
    batch, d = z.shape
    rows = z.double()
    scaled = torch.eye(d, dtype=torch.float64, device=z.device) + d / (batch * epsilon**2) * (rows.mT @ rows)
    loss: Tensor = -torch.linalg.slogdet(scaled).logabsdet / 2
    return loss


def _check_square(A: Tensor, name: str) -> None:
    check_matrix(A, name)
    if A.shape[0] != A.shape[1]:
        raise InterplayError(f"{name}: expected a square matrix, got shape {list(A.shape)}")
