"""Matrix-SSL: uniformity and alignment of the covariance matrices of two views."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information import check_matrix, normalise_rows
from interplay.information.checks import check_count, check_number
from interplay.objectives.differentiable import short_rows
from interplay.objectives.matrix_divergence import matrix_kl, taylor_log

SslVariant = Literal["published", "released"]


def cross_covariance(z1: Tensor, z2: Tensor, *, unbiased: bool = True) -> Tensor:
    """C(Z1, Z2) = Z1 H Z2^T / (B - 1), H the centring matrix; divided by B where not `unbiased`.

    Args:
        z1, z2: `[B, d]`; transposed against the document.

    Source: matrixssl23 5 and Lemma C.2; the released code divides by B.
    """
    check_matrix(z1, "z1")
    check_matrix(z2, "z2")
    if z1.shape != z2.shape or len(z1) < 2:
        raise InterplayError(
            f"two views of at least 2 samples and one shape needed, got {list(z1.shape)}, {list(z2.shape)}"
        )
    return (z1 - z1.mean(0)).mT @ (z2 - z2.mean(0)) / (len(z1) - 1 if unbiased else len(z1))


class MatrixSSLLoss(nn.Module):
    """Uniformity plus `gamma` times alignment, in nats, of l2-normalised views.

    - `published` (Eq. 20-22): MCE(I/d, C(Z1, Z2) + mu I) + gamma MKL(C(Z1, Z1) + mu I || C(Z2, Z2) + mu I) with a
      teacher that is detached. The logarithm of a cross-covariance is complex in general; its real part
      is taken, tr Re log Q = log|det Q|. Above mu = 1/((e-1) d), about .58/d, and so at the default of 1, its
      +tr(Q) pushes the views apart.
    - `released` (the authors' code): over both directions and halved, -tr(lambda log4(C(p, z) + mu I)) +
      gamma -tr((C(p, p) + mu I) log4(C(z, z) + mu I)), where log4 is the Taylor polynomial of order 4 around I and C
      divides by B. No +tr(Q), no entropy term.

    Args of `forward`:
        online1, online2: `[B, d]`, the online network's outputs for the two views.
        target1, target2: the teacher's, detached here; the online outputs themselves where left out.

    Returns:
        a scalar in the type of `online1`.

    Raises:
        InterplayError: unknown variant, shapes that do not fit, fewer than two samples, NaN or infinity.

    Source: matrixssl23 Eq. 20-22, Algorithm 1, F.1; the released code, yifanzhang-pro/Matrix-SSL, with mu = lambda
    = gamma = 1 as in its README (docs/facts.md#matrix-ssl).
    """

    def __init__(
        self,
        variant: SslVariant = "released",
        *,
        gamma: float = 1.0,
        mu: float = 1.0,
        uniformity_weight: float = 1.0,
        order: int = 4,
    ) -> None:
        super().__init__()
        if variant not in get_args(SslVariant):
            raise InterplayError(f"variant: {variant!r} is unknown; choose one of {', '.join(get_args(SslVariant))}")
        self.variant = variant
        self.gamma, self.mu = check_number(gamma, "gamma"), check_number(mu, "mu", 0)
        self.uniformity_weight, self.order = (
            check_number(uniformity_weight, "uniformity_weight"),
            check_count(order, "order"),
        )

    def forward(
        self, online1: Tensor, online2: Tensor, target1: Tensor | None = None, target2: Tensor | None = None
    ) -> Tensor:
        p1, p2 = _unit(online1), _unit(online2)
        z1 = p1.detach() if target1 is None else _target(target1)
        z2 = p2.detach() if target2 is None else _target(target2)
        if self.variant == "published":
            loss = self.uniformity(p1, z2) + self.gamma * self.alignment(p1, z2)
        else:
            directions = [self.uniformity(p, z) + self.gamma * self.alignment(p, z) for p, z in ((p1, z2), (p2, z1))]
            loss = (directions[0] + directions[1]) / 2
        return loss.to(online1.dtype)

    def uniformity(self, p: Tensor, z: Tensor) -> Tensor:
        """The uniformity term of one direction, of normalised views `[B, d]` in float64."""
        q = self._ridged(p, z)
        if self.variant == "published":
            logarithm: Tensor = torch.linalg.slogdet(q).logabsdet
            return q.trace() - logarithm / len(q)
        return -self.uniformity_weight * taylor_log(q, self.order).trace()

    def alignment(self, p: Tensor, z: Tensor) -> Tensor:
        """The alignment term of one direction, of normalised views `[B, d]` in float64, before `gamma`."""
        if self.variant == "published":
            return matrix_kl(self._ridged(p, p), self._ridged(z, z))
        return -(self._ridged(p, p) * taylor_log(self._ridged(z, z), self.order)).sum()

    def _ridged(self, p: Tensor, z: Tensor) -> Tensor:
        covariance = cross_covariance(p, z, unbiased=self.variant == "published")
        return covariance + self.mu * torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)

    def extra_repr(self) -> str:
        released = (
            f", uniformity_weight={self.uniformity_weight}, order={self.order}" if self.variant == "released" else ""
        )
        return f"variant={self.variant!r}, gamma={self.gamma}, mu={self.mu}{released}"


def _unit(z: Tensor) -> Tensor:
    """Normalised rows in float64, without gradient through rows that have no direction."""
    short = short_rows(z).unsqueeze(1)
    rows = z.double()
    return normalise_rows(torch.where(short, rows.detach(), rows))


def _target(z: Tensor) -> Tensor:
    check_matrix(z, "target")
    return _unit(z.detach())
