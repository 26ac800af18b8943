"""Whether the uniformity loss of matrixssl23 Eq. 20 favours aligned views, and what a ridge does to that."""

from __future__ import annotations

from math import e

import numpy as np
import torch

from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.instances import normal
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.objectives import MatrixSSLLoss
from interplay.objectives.matrix_ssl import SslVariant
from interplay.records import Finding

BATCH, DIMENSIONS = 512, 16
RIDGES = (0.0, 0.05, 1.0)
# Aligned views have Q = (1/d + mu) I on average, unrelated ones Q = mu I. With L(Q) = tr Q - log det(Q)/d the former
# cost 1 - log(1 + 1/(d mu)) more, which changes its sign at d mu = 1/(e - 1).
THRESHOLD = 1 / (e - 1)


def _views(rng: np.random.Generator, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two unrelated sets of embeddings `[B, d]`, not yet normalised."""
    return tensor(normal(rng, BATCH, d)), tensor(normal(rng, BATCH, d))


def cost_of_alignment(
    views: tuple[torch.Tensor, torch.Tensor], ridge: float, variant: SslVariant = "published"
) -> tuple[float, float]:
    """Uniformity loss of a view with itself (perfectly aligned) and with an unrelated one (not aligned at all)."""
    loss = MatrixSSLLoss(variant, gamma=0, mu=ridge)
    return loss(views[0], views[0]).item(), loss(views[0], views[1]).item()


def crossing(views: tuple[torch.Tensor, torch.Tensor]) -> float:
    """The ridge above which aligned views cost more than unrelated ones, times the dimension; by bisection."""
    d = views[0].shape[1]
    low, high = 0.1 / d, 2 / d
    for _ in range(10):
        middle = (low + high) / 2
        aligned, unrelated = cost_of_alignment(views, middle)
        low, high = (low, middle) if aligned > unrelated else (middle, high)
    return d * (low + high) / 2


@check("matrixssl23/equation-20-alignment")
def uniformity_favours_aligned_views(draws: Draws) -> Finding:
    costs = [cost_of_alignment(_views(rng, DIMENSIONS), 0.0) for rng in draws.fewer(4)]
    return finding(
        max(0.0, worst(aligned - unrelated for aligned, unrelated in costs)),
        aligned=costs[0][0],
        misaligned=costs[0][1],
        note="as printed, without a ridge, aligned views are the cheaper ones in every draw (by the real part)",
    )


@check("matrixssl23/equation-20-ridge")
def a_wide_ridge_pushes_views_apart(draws: Draws) -> Finding:
    excess, released, crossings = [], [], []
    for rng in draws.fewer(20):
        views = _views(rng, DIMENSIONS)
        aligned, unrelated = cost_of_alignment(views, RIDGES[-1])
        excess.append(aligned - unrelated)
        aligned, unrelated = cost_of_alignment(views, RIDGES[-1], "released")
        released.append(aligned - unrelated)
        crossings.append(crossing(_views(rng, int(rng.choice([8, 16, 32])))))
    shown = _views(draws.rng, DIMENSIONS)
    costs = {ridge: cost_of_alignment(shown, ridge) for ridge in RIDGES}
    aligned, unrelated = cost_of_alignment(shown, RIDGES[-1], "released")
    return finding(
        worst(excess),
        mended=worst([*[abs(value / THRESHOLD - 1) for value in crossings], *released]),
        mended_tolerance=0.15,
        threshold_times_d=float(np.mean(crossings)),
        threshold_derived=THRESHOLD,
        aligned_at_ridge_0=costs[0.0][0],
        misaligned_at_ridge_0=costs[0.0][1],
        aligned_at_ridge_0_05=costs[0.05][0],
        misaligned_at_ridge_0_05=costs[0.05][1],
        aligned_at_ridge_1=costs[1.0][0],
        misaligned_at_ridge_1=costs[1.0][1],
        released_aligned_at_ridge_1=aligned,
        released_misaligned_at_ridge_1=unrelated,
        note="above a ridge of 1/((e-1) d), about .58/d, the +tr(Q) of the cross-entropy outweighs the logarithm and "
        "aligned views cost more; the released code adds 1, but leaves tr(Q) out, and prefers aligned views",
    )
