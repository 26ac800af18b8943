"""Entropies of positive semi-definite matrices inside a training step: no checks, and on CUDA no eigenvalues.

`torch.linalg.eigvalsh` reads back on the host whether it converged, so that on CUDA it waits for the device and cannot
be captured in a CUDA graph. With the resolvent R_s = (A + s I)^-1,

    -log A = integral over s from 0 to infinity of  R_s - I / (1 + s),

which under s = e^u is a trapezoidal sum that converges exponentially. The inverses come from Newton's iteration, which
is nothing but products of matrices, so that the whole is one fixed sequence of kernels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from interplay.information.entropy import spectrum_entropy

# Nodes u of the trapezoidal sum. The poles lie at distance pi from the real axis: step 1 leaves exp(-2 pi^2) = 3e-9 of
# an eigenvalue's entropy. Below the first node about e^u of each eigenvalue is lost, above the last e^-u in all.
_FIRST, _LAST, _STEP = -23.0, 21.0, 1.0

# Newton's iteration doubles the right digits once it converges, and takes log2(1 / s) = 33 rounds to get there.
_ROUNDS = 40

RESOLVENT_LIMIT = 128
"""Size of the largest matrix whose entropy on CUDA needs no eigenvalues; beyond, they are cheaper."""


def unit_trace_entropies(matrices: Tensor) -> Tensor:
    """Entropies -tr A log A (nats) `[...]` of positive semi-definite matrices `[..., n, n]` of trace 1.

    Differentiable; nothing is checked. Matrices of one call are decomposed together. On CUDA, up to `RESOLVENT_LIMIT`
    rows, the host neither waits nor is asked, and the operation can be captured in a CUDA graph; the value is then
    right to about 1e-8 in place of float64's rounding.
    """
    if matrices.is_cuda and matrices.shape[-1] <= RESOLVENT_LIMIT:
        return resolvent_entropies(matrices)
    entropies: Tensor = spectrum_entropy(torch.linalg.eigvalsh(matrices))
    return entropies


def resolvent_entropies(matrices: Tensor) -> Tensor:
    """`unit_trace_entropies` by products of matrices alone; zero eigenvalues add nothing and get a finite gradient."""
    entropies: Tensor = _ResolventEntropy.apply(matrices)
    return entropies


class _ResolventEntropy(torch.autograd.Function):
    """H(A) = -tr A log A and its gradient -(log A + I), both from the same resolvents."""

    @staticmethod
    def forward(ctx: Any, matrices: Tensor) -> Tensor:
        a = matrices.double()
        size = a.shape[-1]
        identity = torch.eye(size, dtype=a.dtype, device=a.device)
        count = round((_LAST - _FIRST) / _STEP) + 1
        shifts = torch.linspace(_FIRST, _LAST, count, dtype=a.dtype, device=a.device).exp()
        # [nodes, 1, ..., 1] against [..., n, n]
        s = shifts.view(-1, *[1] * a.ndim)
        shifted = a + s * identity  # [nodes, ..., n, n]
        inverse = (2 / (1 + 2 * s)) * identity.expand_as(shifted)  # the spectrum of A + s I lies in [s, 1 + s]
        for _ in range(_ROUNDS):
            inverse = 2 * inverse - inverse @ (shifted @ inverse)
        minus_log = _STEP * (s * (inverse - identity / (1 + s))).sum(0)  # [..., n, n], of weights ds = e^u du
        ctx.save_for_backward(minus_log - identity)
        entropies: Tensor = (minus_log * a).sum((-2, -1))
        return entropies.to(matrices.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (slope,) = ctx.saved_tensors
        (gradient,) = gradients
        of_matrices: Tensor = (gradient[..., None, None] * slope).to(gradient.dtype)
        return of_matrices
