"""Sentences of matrixssl23 beside its numbered statements: sections 5.1 and 6.1 and the remark on Definition E.2."""

from __future__ import annotations

import numpy as np

from interplay.experiments.theory import naive
from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.frames import erank
from interplay.experiments.theory.instances import classes_with_noise, normal
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.information import gram_matrix
from interplay.information.gram import normalise_rows
from interplay.records import Finding


@check("matrixssl23/section-5-1-constant-norms")
def norms_of_auto_correlations(draws: Draws) -> Finding:
    """Unit columns z_1 ... z_B: ||Z Z^T||_F = ||Z^T Z||_F, the norm of their Gram matrix, between B/sqrt(d) and B."""
    d, batch = 4, 16
    norms, traces = [], []
    for rng in draws:
        z = normal(rng, batch, d) * rng.uniform(0.05, 1, size=d)
        G = gram_matrix(tensor(z)).numpy()
        norms.append(float(np.linalg.norm(G)))
        traces.append(float(np.trace(G)))
    spread_out = gram_matrix(tensor(normal(draws.rng, batch, d))).numpy()
    equal = gram_matrix(tensor(np.ones((batch, d)))).numpy()
    return finding(
        np.ptp(norms) / batch,
        mended=worst(abs(trace - batch) for trace in traces),
        norm_of_random_vectors=float(np.linalg.norm(spread_out)),
        norm_of_equal_vectors=float(np.linalg.norm(equal)),
        note="the norm of Z Z^T is B for equal unit vectors and B/sqrt(d) for a tight frame; its trace, the squared "
        "norm of Z itself, is B always, and that is what Lemma 5.2 needs",
    )


@check("matrixssl23/section-6-1-diagonal")
def diagonal_of_the_auto_correlation(draws: Draws) -> Finding:
    d, batch = 4, 64
    printed, mended = [], []
    for rng in draws:
        z = normalise_rows(tensor(normal(rng, batch, d))).numpy()
        correlation = z.T @ z / batch  # Z Z^T / B where the columns of Z are samples
        printed.append(float(np.abs(np.diag(correlation) - 1).min()))
        mended += [abs(np.trace(correlation) - 1), np.abs(np.diag(gram_matrix(tensor(z)).numpy()) - 1).max()]
    z = normalise_rows(tensor(normal(draws.rng, batch, d))).numpy()
    diagonal = np.diag(z.T @ z / batch)
    return finding(
        worst(printed),
        mended=worst(mended),
        smallest_entry=float(diagonal.min()),
        largest_entry=float(diagonal.max()),
        note="the diagonal of Z Z^T / B sums to 1; that of the Gram matrix Z^T Z of unit vectors is all ones",
    )


@check("matrixssl23/definition-e-2-remark")
def intra_and_inter_are_swapped(draws: Draws) -> Finding:
    """erank of the covariance of E[f(x) | y] is, for balanced classes, the inter-class effective rank by definition."""
    classes, d = 4, 9
    printed, mended = [], []
    for rng in draws.fewer(4):
        features, labels = classes_with_noise(rng, classes, 12, d, 0.7)
        groups = [features[labels == c] for c in range(classes)]
        means = np.stack([group.mean(0) for group in groups])  # [C, d], E[f(x) | y]
        of_means = naive.effective_rank(np.cov(means.T))
        centred = means - features.mean(0)
        inter = erank(centred.T @ centred / classes)  # Definition E.2
        intra = float(np.mean([erank(naive.covariance(group, group, len(group))) for group in groups]))  # E.1
        printed.append(abs(intra - of_means))
        mended.append(abs(inter - of_means))
    return finding(
        worst(printed),
        0.5,
        mended=worst(mended),
        intra_class=intra,
        inter_class=inter,
        effective_rank_of_the_covariance_of_class_means=of_means,
        note="the covariance of the class means belongs to the inter-class effective rank, for which the equality is "
        "exact in balanced classes",
    )
