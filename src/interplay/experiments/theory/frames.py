"""Simplex frames and effective ranks within and between classes: matrixssl23 D and E."""

from __future__ import annotations

from itertools import product
from math import log, sqrt

import numpy as np

from interplay.experiments.theory import naive
from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.instances import (
    classes_with_noise,
    collapsed,
    normal,
    orthonormal,
    simplex,
    unit_rows,
)
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import EXACT, Draws, check, finding, worst
from interplay.information import effective_rank, gram_matrix
from interplay.records import Finding


def erank(A: Array) -> float:
    return effective_rank(tensor(A)).item()


def centred_frame() -> Array:
    """Sixteen unit vectors `[16, 6]` of mean 0 in six dimensions: tight, and all their cosines are +-1/3.

    The characters of the group (Z/2)^4, restricted to the difference set {x : x1 x2 + x3 x4 = 1} of six elements: as 0
    is not in it, each character in it sums to 0 over the group, and so do the vectors.
    """
    group = np.array(list(product((0, 1), repeat=4)))  # [16, 4]
    chosen = group[(group[:, 0] * group[:, 1] + group[:, 2] * group[:, 3]) % 2 == 1]  # [6, 4]
    result: Array = (-1.0) ** (group @ chosen.T) / sqrt(6)
    return result


@check("matrixssl23/definition-d-1")
def standard_simplex_frame(draws: Draws) -> Finding:
    residuals = []
    for k in range(2, 30):
        M = np.sqrt(k / (k - 1)) * (np.eye(k) - np.ones((k, k)) / k)  # columns, as printed
        target = k / (k - 1) * (np.eye(k) - np.ones((k, k)) / k)
        cosines = gram_matrix(tensor(M.T)).numpy()[~np.eye(k, dtype=bool)]
        residuals += [
            np.abs(M.T @ M - target).max(),
            np.abs(M @ M.T - target).max(),
            np.abs(cosines + 1 / (k - 1)).max(),
            np.abs(np.linalg.norm(M, axis=0) - 1).max(),
        ]
    return finding(worst(residuals), note="unit columns at cosines -1/(K-1); both products as printed")


@check("matrixssl23/definition-d-2")
def general_simplex_frame(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        k = int(rng.integers(2, 9))
        U, alpha = orthonormal(rng, k + int(rng.integers(0, 4)), k), rng.uniform(0.1, 9)
        columns = alpha * U @ simplex(k)
        cosines = gram_matrix(tensor(columns.T)).numpy()[~np.eye(k, dtype=bool)]
        residuals += [np.abs(cosines + 1 / (k - 1)).max(), np.abs(np.linalg.norm(columns, axis=0) / alpha - 1).max()]
    return finding(worst(residuals), note="the same cosines at length alpha; the points lie in R^p, not R^K as printed")


@check("matrixssl23/definition-e-2")
def inter_class_effective_rank(draws: Draws) -> Finding:
    residuals = []
    for rng in draws.fewer(4):
        features, labels = classes_with_noise(rng, 5, 6, 7, 0.5)
        means = np.stack([features[labels == c].mean(0) for c in range(5)]) - features.mean(0)
        between = means.T @ means / 5
        within = sum(naive.covariance(features[labels == c], features[labels == c], 30) for c in range(5))
        total = naive.covariance(features, features, 30)
        k = int(rng.integers(3, 9))
        at_collapse = collapsed(rng, k, mean_norm=1.0)
        centres = at_collapse.features[::2] - at_collapse.features.mean(0)
        residuals += [
            abs(erank(between) - naive.effective_rank(between)),
            erank(between) - 4,
            np.abs(total - within - between).max(),
            abs(erank(centres.T @ centres / k) - (k - 1)),
        ]
    return finding(
        worst(residuals),
        note="at most K-1, and K-1 at neural collapse; with the mean covariance within classes it makes up the total "
        "covariance",
    )


@check("matrixssl23/theorem-e-3")
def largest_effective_rank_is_a_simplex(draws: Draws) -> Finding:
    """Centred unit vectors: the distance to the simplex's Gram matrix is bounded by what the effective rank lacks."""
    residuals: list[float] = []
    gaps: list[float] = []
    for rng in draws:
        parts = [int(k) for k in rng.integers(2, 5, size=int(rng.integers(1, 3)))]
        k = sum(parts)
        z = np.concatenate([simplex(p) @ orthonormal(rng, k + 1, p).T for p in parts])  # unit rows of mean 0
        rank = erank(z @ z.T)
        away = float(np.linalg.norm(z @ z.T - simplex(k) @ simplex(k).T)) ** 2
        # Pinsker's inequality on the spectrum: rank = K-1 leaves no room for any other Gram matrix.
        residuals += [away - 2 * k**2 * log((k - 1) / rank), rank - (k - 1)]
        gaps.append(away)
        if len(parts) == 1:
            residuals.append(abs(rank - (k - 1)))
    return finding(
        max(0.0, worst(residuals)),
        largest_distance_met=worst(gaps),
        note="an effective rank of K-1 leaves the simplex frame only",
    )


@check("matrixssl23/theorem-e-3-converse")
def other_frames_have_other_ranks(draws: Draws) -> Finding:
    """A witness with every hypothesis of the theorem: unit vectors of mean 0, as many dimensions as vectors or more."""
    k, frame = 16, centred_frame()
    off_diagonal = ~np.eye(k, dtype=bool)
    hypotheses, ranks = [], []
    for rng in draws.fewer(10):
        z = frame @ orthonormal(rng, k + int(rng.integers(0, 4)), 6).T  # [16, d] with d >= 16
        span = np.linalg.svd(z, full_matrices=False)[2][:6]  # the orthonormal span, in which the frame is tight
        hypotheses += [
            np.abs(np.linalg.norm(z, axis=1) - 1).max(),
            np.abs(z.mean(0)).max(),
            np.abs(np.abs(naive.gram(z))[off_diagonal] - 1 / 3).max(),
            np.abs(span @ z.T @ z @ span.T - k / 6 * np.eye(6)).max(),
        ]
        ranks.append(erank(z @ z.T))
    simplices = [abs(erank(simplex(c) @ simplex(c).T) - (c - 1)) for c in range(2, 40)]
    return finding(
        worst(abs(k - 1 - rank) for rank in ranks) if worst(hypotheses) < EXACT else 0.0,
        mended=worst([*simplices, *hypotheses, *[abs(rank - 6) for rank in ranks]]),
        effective_rank=float(np.mean(ranks)),
        claimed=k - 1,
        note="16 unit vectors of mean 0 that span 6 of 16 dimensions or more, with all cosines +-1/3, are an "
        "equiangular tight frame of effective rank 6; the converse holds for simplex frames",
    )


@check("matrixssl23/theorem-e-4")
def batch_estimate_of_the_effective_rank(draws: Draws) -> Finding:
    errors: list[float] = []
    small: list[float] = []
    d, population = 8, 4096
    for rng in draws.fewer(4):
        z = unit_rows(normal(rng, population, d) * rng.uniform(0.3, 1, size=d))
        whole = erank(z.T @ z)
        for out, batch in ((errors, 64 * d), (small, d)):
            sample = z[rng.permutation(population)[:batch]]
            out.append(erank(sample.T @ sample) / whole - 1)
    return finding(
        worst(np.abs(errors)),
        0.05,
        relative_error_at_64_d=float(np.mean(errors)),
        relative_error_at_d=float(np.mean(small)),
        note="within 5 % once the batch is 64 times the dimension; a batch as large as the dimension reads far too low",
    )


def _means_and_normalised(draws: Draws) -> tuple[float, float, float]:
    """Effective rank of the class means' covariance against that of their raw and of their normalised Gram matrix."""
    raw, normalised, least = [], [], []
    for rng in draws:
        means = normal(rng, 5, 7) * rng.uniform(0.2, 2, size=(5, 1))
        means = means - means.mean(0)
        of_covariance = erank(means.T @ means / 5)
        raw.append(abs(of_covariance - erank(means @ means.T)))
        normalised.append(abs(of_covariance - erank(gram_matrix(tensor(means)).numpy())))
        least.append(normalised[-1])
    return worst(raw), worst(normalised), float(np.min(least))


@check("matrixssl23/theorem-e-5")
def covariance_and_raw_gram(draws: Draws) -> Finding:
    raw, _, _ = _means_and_normalised(draws)
    return finding(raw, note="the same non-zero spectrum, for the Gram matrix of the class means as they are")


@check("matrixssl23/theorem-e-5-normalised")
def covariance_and_normalised_gram(draws: Draws) -> Finding:
    raw, normalised, least = _means_and_normalised(draws)
    means = np.diag([2.0, 1.0, 1.0, 0.5, 0.5])
    means = means - means.mean(0)
    return finding(
        normalised,
        mended=raw,
        smallest_difference=least,
        example_covariance=erank(means.T @ means),
        example_normalised=erank(gram_matrix(tensor(means)).numpy()),
        note="not for the Gram matrix of normalised vectors, which the proof of the theorem excludes",
    )
