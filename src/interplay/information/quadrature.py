"""Matrix entropy of an operator too large to diagonalise: stochastic Lanczos quadrature, made sharp by deflation.

tr f(A) with f(x) = -x log x is estimated from products A v alone. Three parts, of which only the last is random:

1. the top of the spectrum, found by subspace iteration, is taken as it is (deflation);
2. on the rest, f is split into a quadratic g, whose trace is known exactly from tr A and tr A^2, and f - g;
3. tr (f - g) is averaged over random probes, each evaluated by Gauss quadrature on its Krylov space (Lanczos).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from interplay.information.entropy import EIGENVALUE_FLOOR

Operator = Callable[[Tensor], Tensor]

# Bytes that the vectors of one group of probes, or of the deflated block, may take.
WORKING_MEMORY = 256 * 2**20

# A Ritz pair is deflated once |A q - theta q| <= tolerance * theta. What is then neglected is of second order: about
# tolerance^2 theta nats per pair, so less than 1e-4 nats in all even if no pair were better than that.
RITZ_TOLERANCE = 1e-2

# -x log x is not smooth at 0, so that Gauss quadrature of k steps is off by about const / k^2 where a spectrum reaches
# down to 0. With k and 3k/4 steps the constant is known, and the error removed: E(k) = (E(3k/4) - E(k)) / (16/9 - 1).
# Where the quadrature has converged the two agree and nothing is added.
EXTRAPOLATION = 9 / 7


@dataclass(frozen=True)
class Quadrature:
    """An estimate of -tr(A log A) in nats.

    `standard_error` joins the spread over the random probes with half of what `EXTRAPOLATION` adds, of which experience
    leaves less than a third in error.
    """

    value: float
    standard_error: float
    deflated: int
    probes: int
    steps: int


@dataclass(frozen=True)
class _Deflation:
    """An orthonormal block `[q, n]`, its Ritz values, and the squared norm of A times the block."""

    block: Tensor
    values: Tensor
    squared_norm: float


def entropy_by_quadrature(
    operator: Operator,
    size: int,
    trace: float,
    trace_of_square: float,
    *,
    deflate: int = 0,
    probes: int = 16,
    steps: int = 56,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Quadrature:
    """Estimate -tr(A log A), in nats, of a symmetric positive semi-definite A.

    Args:
        operator: maps `[p, size]` to `[p, size]`, float64: each row v to A v.
        trace, trace_of_square: tr A and tr A^2, exactly.
        deflate: size of the block searched for the largest eigenvalues; about twice their number is enough.
        probes, steps: number of random vectors (at least 2), and of products with each.
        seed: of the random vectors.

    Source: Ubaru, Chen and Saad (2017) for the quadrature, Meyer et al. (2021, Hutch++) for deflating a trace estimate.
    """
    generator = torch.Generator().manual_seed(seed)
    top = _largest(operator, size, deflate, generator, device)
    held = len(top.values)
    left = size - held
    known = torch.tensor(
        [
            left,
            trace - float(top.values.sum()),
            trace_of_square - 2 * top.squared_norm + float(top.values.square().sum()),
        ],
        dtype=torch.float64,
        device=device,
    )

    def project(v: Tensor) -> Tensor:
        return v - (v @ top.block.T) @ top.block

    steps = max(1, min(steps, left))
    group = max(1, min(probes, WORKING_MEMORY // (8 * size * steps)))
    tridiagonals, lengths = [], []
    for start in range(0, probes, group):
        signs = torch.randint(0, 2, (min(group, probes - start), size), generator=generator, dtype=torch.int8)
        vectors = project(signs.to(device).double() * 2 - 1)
        norms = vectors.norm(dim=1, keepdim=True)
        tridiagonals.append(lanczos(lambda v: project(operator(v)), vectors / norms.clamp(min=1e-300), steps))
        lengths.append(norms.squeeze(1).square())
    tridiagonal, weight = torch.cat(tridiagonals), torch.cat(lengths)
    rest = _remainder(tridiagonal, weight, known)
    shorter = max(1, steps * 3 // 4)
    change = float(rest.mean() - _remainder(tridiagonal[:, :shorter, :shorter], weight, known).mean())
    correction = EXTRAPOLATION * change
    return Quadrature(
        value=float(_f(top.values).sum() + rest.mean()) + correction,
        standard_error=(float(rest.var()) / probes + (correction / 2) ** 2) ** 0.5,
        deflated=held,
        probes=probes,
        steps=steps,
    )


def lanczos(operator: Operator, start: Tensor, steps: int) -> Tensor:
    """Tridiagonal matrices `[p, steps, steps]` of a symmetric operator on the Krylov spaces of unit vectors `[p, n]`.

    Where a Krylov space is exhausted early the rest of its matrix is zero, which adds nodes of weight zero only.
    """
    count, size = start.shape
    basis = start.new_zeros(count, steps, size)
    tridiagonal = start.new_zeros(count, steps, steps)
    vector = start
    for step in range(steps):
        basis[:, step] = vector
        product = operator(vector)
        scale = product.norm(dim=1)
        tridiagonal[:, step, step] = (product * vector).sum(1)
        if step + 1 == steps:
            break
        known = basis[:, : step + 1]
        # Full reorthogonalisation, twice: after that the basis is orthogonal to rounding (Kahan and Parlett).
        for _ in range(2):
            product = product - torch.bmm(torch.bmm(product.unsqueeze(1), known.transpose(1, 2)), known).squeeze(1)
        length = product.norm(dim=1)
        alive = length > 1e-12 * scale
        off = torch.where(alive, length, 0.0)
        tridiagonal[:, step, step + 1] = off
        tridiagonal[:, step + 1, step] = off
        vector = torch.where(alive.unsqueeze(1), product / torch.where(alive, length, 1.0).unsqueeze(1), 0.0)
    return tridiagonal


def _f(x: Tensor) -> Tensor:
    return torch.where(x > EIGENVALUE_FLOOR, -x * x.clamp(min=EIGENVALUE_FLOOR).log(), 0.0)


def _remainder(tridiagonal: Tensor, weight: Tensor, known: Tensor) -> Tensor:
    """One unbiased sample of the trace of f per probe, `[p]`: exact trace of the fitted quadratic plus the rest."""
    x, vectors = torch.linalg.eigh(tridiagonal)
    w = vectors[:, 0].square() * weight.unsqueeze(1)
    f = _f(x)
    scale = x.abs().max().clamp(min=torch.finfo(x.dtype).tiny)
    powers = torch.stack([torch.ones_like(x), x / scale, (x / scale).square()], dim=-1)
    root = w.sqrt()
    # The density of eigenvalues is what the probes see, so the fit minimises the variance of what is left. A tiny
    # ridge keeps it defined where the spectrum has fewer than three points.
    design = (powers * root.unsqueeze(-1)).flatten(0, 1)
    normal = design.T @ design
    ridge = 1e-14 * normal.diagonal().sum() * torch.eye(3, dtype=x.dtype, device=x.device)
    coefficients = torch.linalg.solve(normal + ridge, design.T @ (f * root).flatten())
    exact = (coefficients * known / torch.stack([torch.ones_like(scale), scale, scale.square()])).sum()
    samples: Tensor = (w * (f - powers @ coefficients)).sum(1) + exact
    return samples


def _largest(
    operator: Operator, size: int, block: int, generator: torch.Generator, device: torch.device | str, rounds: int = 5
) -> _Deflation:
    """The pairs of largest eigenvalue that subspace iteration on `block` vectors finds to within `RITZ_TOLERANCE`."""
    block = min(block, size // 2, WORKING_MEMORY // (8 * size))
    empty = torch.zeros(0, size, dtype=torch.float64, device=device)
    if block < 1:
        return _Deflation(empty, empty[:, 0], 0.0)
    vectors = torch.randn(block, size, generator=generator, dtype=torch.float64).to(device)
    images = operator(vectors)
    for _ in range(rounds):
        vectors = torch.linalg.qr(images.T).Q.T
        images = operator(vectors)
    values, rotation = torch.linalg.eigh(vectors @ images.T)
    vectors, images = rotation.T @ vectors, rotation.T @ images
    residual = (images - values.unsqueeze(1) * vectors).norm(dim=1)
    found = (values > EIGENVALUE_FLOOR) & (residual <= RITZ_TOLERANCE * values)
    return _Deflation(vectors[found], values[found], float(images[found].square().sum()))
