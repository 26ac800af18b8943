"""Matrix entropy of an operator too large to diagonalise: stochastic Lanczos quadrature, made sharp by deflation.

tr f(A) with f(x) = -x log x is estimated from products A v alone. Three parts, of which only the last is random:

1. the top of the spectrum, found by subspace iteration, is taken as it is (deflation);
2. on the rest, f is split into a polynomial g, whose trace is known exactly from tr A and tr A^2, and f - g;
3. tr (f - g) is averaged over random probes, each evaluated by Gauss quadrature on its Krylov space (Lanczos).

The stated error joins everything that can be wrong, not the spread over the probes alone: near collapse, where next to
nothing is left beside the deflated top, that spread is 1e-12 while the others are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

Operator = Callable[[Tensor], Tensor]

# Bytes that the vectors of one group of probes, or of the deflated block, may take.
WORKING_MEMORY = 256 * 2**20

# A Ritz pair is deflated once |A q - theta q| <= tolerance * theta. What is then neglected is of second order, see
# `_coupling`: less than 1e-3 nats in all even if no pair were better than that.
RITZ_TOLERANCE = 1e-2

EPSILON = torch.finfo(torch.float64).eps

# -x log x is not smooth at 0, so that Gauss quadrature of k steps is off by about const / k^2 where a spectrum reaches
# down to 0. With k and 3k/4 steps the constant is known, and the error removed: E(k) = (E(3k/4) - E(k)) / (16/9 - 1).
# Where the quadrature has converged the two agree and nothing is added.
EXTRAPOLATION = 9 / 7


@dataclass(frozen=True)
class Quadrature:
    """An estimate of -tr(A log A) in nats.

    `standard_error` joins (as a root of the sum of squares) the spread over the random probes; half of what
    `EXTRAPOLATION` adds, of which experience leaves less than a third in error; the rounding of the traces that the
    polynomial is given; what deflation neglects; and the rounding of eigenvalues.
    """

    value: float
    standard_error: float
    deflated: int
    probes: int
    steps: int


@dataclass(frozen=True)
class _Deflation:
    """An orthonormal block `[q, n]`, its Ritz values `[q]`, and |A q - theta q| of each.

    `squared_norm` is that of A times the block.
    """

    block: Tensor
    values: Tensor
    residuals: Tensor
    squared_norm: float


@dataclass(frozen=True)
class _Traces:
    """Traces of the powers 0, 1, 2 of what deflation leaves of A, `[3]`, and how far rounding may put each off."""

    values: Tensor
    errors: Tensor


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
    known = _traces_left(top, left, trace, trace_of_square, device)

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
    # Eigenvalues of the whole, not only of what is left, say how far rounding puts a product with A off.
    floor = EPSILON * float(torch.cat([top.values, tridiagonal.diagonal(dim1=1, dim2=2).flatten()]).max())
    # The trace of the square of what is left is a difference of numbers near tr A^2: near collapse it is all rounding,
    # and a quadratic would multiply that by 1/x. A straight line then fits worse and says more.
    rest, error = min(
        (_rest(tridiagonal, weight, known, floor, degree) for degree in (1, 2)), key=lambda found: found[1]
    )
    return Quadrature(
        value=float(_f(top.values, floor).sum()) + rest,
        standard_error=sum(e**2 for e in (error, _coupling(top, known), _rounding(left, known, floor))) ** 0.5,
        deflated=held,
        probes=probes,
        steps=steps,
    )


def _traces_left(
    top: _Deflation, left: int, trace: float, trace_of_square: float, device: torch.device | str
) -> _Traces:
    first, second = float(top.values.sum()), float(top.values.square().sum())
    values = [left, trace - first, trace_of_square - 2 * top.squared_norm + second]
    # Each term is itself a sum of many, right to a few epsilon of its size.
    errors = [0.0, 4 * EPSILON * (trace + first), 4 * EPSILON * (trace_of_square + 2 * top.squared_norm + second)]
    return _Traces(*(torch.tensor(x, dtype=torch.float64, device=device) for x in (values, errors)))


def _rest(tridiagonal: Tensor, weight: Tensor, known: _Traces, floor: float, degree: int) -> tuple[float, float]:
    """The trace of f of what deflation leaves, from probes and a polynomial of this degree, and its standard error."""
    steps, probes = tridiagonal.shape[1], len(tridiagonal)
    samples, rounding = _remainder(tridiagonal, weight, known, floor, degree)
    shorter = max(1, steps * 3 // 4)
    before, _ = _remainder(tridiagonal[:, :shorter, :shorter], weight, known, floor, degree)
    correction = EXTRAPOLATION * float(samples.mean() - before.mean())
    spread = float(samples.var()) / probes
    return float(samples.mean()) + correction, (spread + (correction / 2) ** 2 + rounding**2) ** 0.5


def _coupling(top: _Deflation, known: _Traces) -> float:
    """What is neglected by taking Ritz values for eigenvalues.

    A residual r couples a Ritz vector of value theta to the rest, at values mu below it. To second order the pair
    moves apart by d = |r|^2 / (theta - mu), which changes tr f(A) by d (f'(theta) - f'(mu)) = -d log(theta / mu). With
    x = theta / mu that is |r|^2 / theta times log(x) / (1 - 1/x): log x far above the rest, 1 close to it.
    """
    if len(top.values) == 0:
        return 0.0
    # On average; residuals lie rather where the rest is large, where the logarithm is smaller.
    mean = max(float(known.values[1]) / max(1.0, float(known.values[0])), EPSILON**2)
    x = (top.values / mean).clamp(min=1 + 1e-6)
    moved = top.residuals.square() / top.values * x.log() / (1 - 1 / x)
    return float(moved.sum())


def _rounding(left: int, known: _Traces, floor: float) -> float:
    """Of `left` eigenvalues, right to `floor` each but of a sum that is known: floor log(1 / floor) apiece at most."""
    total = max(float(known.values[1]), 0.0) + float(known.errors[1])
    return min(left * floor, total) * -log(max(floor, EPSILON**2))


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


def _f(x: Tensor, floor: float) -> Tensor:
    return torch.where(x > floor, -x * x.clamp(min=max(floor, EPSILON**2)).log(), 0.0)


def _remainder(tridiagonal: Tensor, weight: Tensor, known: _Traces, floor: float, degree: int) -> tuple[Tensor, float]:
    """One unbiased sample of the trace of f per probe, `[p]`: exact trace of the fitted polynomial plus the rest.

    Also how far the rounding of the known traces may put it off.
    """
    x, vectors = torch.linalg.eigh(tridiagonal)  # nodes [p, k]
    w = vectors[:, 0].square() * weight.unsqueeze(1)  # their weights [p, k], which sum to |probe|^2
    f = _f(x, floor)
    scale = x.abs().max().clamp(min=torch.finfo(x.dtype).tiny)
    exponents = torch.arange(degree + 1, dtype=x.dtype, device=x.device)
    powers = (x / scale).unsqueeze(-1) ** exponents  # [p, k, degree + 1]
    root = w.sqrt()
    # The density of eigenvalues is what the probes see, so the fit minimises the variance of what is left. A tiny
    # ridge keeps it defined where the spectrum has fewer points than the polynomial coefficients.
    design = (powers * root.unsqueeze(-1)).flatten(0, 1)  # [p k, degree + 1]
    normal = design.T @ design
    ridge = 1e-14 * normal.diagonal().sum() * torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    coefficients = torch.linalg.solve(normal + ridge, design.T @ (f * root).flatten())
    per_trace = coefficients / scale**exponents
    samples: Tensor = (w * (f - powers @ coefficients)).sum(1) + (per_trace * known.values[: degree + 1]).sum()
    return samples, float((per_trace * known.errors[: degree + 1]).norm())


def _largest(
    operator: Operator, size: int, block: int, generator: torch.Generator, device: torch.device | str, rounds: int = 5
) -> _Deflation:
    """The pairs of largest eigenvalue that subspace iteration on `block` vectors finds to within `RITZ_TOLERANCE`."""
    block = min(block, size // 2, WORKING_MEMORY // (8 * size))
    empty = torch.zeros(0, size, dtype=torch.float64, device=device)
    if block < 1:
        return _Deflation(empty, empty[:, 0], empty[:, 0], 0.0)
    vectors = torch.randn(block, size, generator=generator, dtype=torch.float64).to(device)
    images = operator(vectors)
    for _ in range(rounds):
        vectors = torch.linalg.qr(images.T).Q.T
        images = operator(vectors)
    values, rotation = torch.linalg.eigh(vectors @ images.T)
    vectors, images = rotation.T @ vectors, rotation.T @ images
    residuals = (images - values.unsqueeze(1) * vectors).norm(dim=1)  # [block]
    found = (values > EPSILON * values.max()) & (residuals <= RITZ_TOLERANCE * values)
    return _Deflation(vectors[found], values[found], residuals[found], float(images[found].square().sum()))
