"""How metrics24 and interplay24 read the numbers: upper limits, chance levels, batches of 64, rank, Eq. 1."""

from __future__ import annotations

from math import exp, log

import numpy as np

from interplay.experiments.theory.collapse_values import entropy_of, of_all_samples, printed_mir
from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.instances import collapsed, normal, simplex, unit_rows
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.information import gram_matrix, matrix_entropy, mir
from interplay.records import Finding

BATCH = 64
FEATURES, WIDE = 128, 512  # of WRN-28-2 and WRN-28-8


@check("metrics24/section-vi-a-upper-limit", "interplay24/section-5-1-upper-limit")
def collapse_value_is_no_upper_limit(draws: Draws) -> Finding:
    classes = (3, 10, 100)
    identity = {c: mir(*2 * [gram_matrix(tensor(np.eye(c)))]).item() for c in classes}
    unrelated = [
        mir(gram_matrix(tensor(normal(rng, BATCH, WIDE))), gram_matrix(tensor(normal(rng, BATCH, WIDE)))).item()
        for rng in draws.fewer(10)
    ]
    return finding(
        worst([identity[c] - printed_mir(c) for c in classes]),
        mended=max(0.0, worst([identity[c] - 1 for c in classes] + [value - 1 for value in unrelated])),
        mir_of_identities_10=identity[10],
        collapse_value_10=printed_mir(10),
        unrelated_512_features=float(np.mean(unrelated)),
        note="the limit is 1: two orthonormal sets reach it, and 64 samples of unrelated wide features come closer "
        "to it",
    )


def _chance(draws: Draws, features: int, classes: int) -> tuple[float, float]:
    """Mean MIR of unrelated features and class vectors, and the largest distance from it after a permutation."""
    values, corrected = [], []
    for rng in draws.fewer(8):
        first = gram_matrix(tensor(normal(rng, BATCH, features)))
        second = gram_matrix(tensor(normal(rng, classes, features)[rng.integers(classes, size=BATCH)]))
        order = rng.permutation(BATCH)
        values.append(mir(first, second).item())
        corrected.append(abs(values[-1] - mir(first, second[order][:, order]).item()))
    return float(np.mean(values)), worst(corrected)


@check("metrics24/section-vi-a-chance-level", "interplay24/section-5-1-chance-level")
def chance_level_of_mir(draws: Draws) -> Finding:
    narrow, narrow_corrected = _chance(draws, FEATURES, 10)
    wide, wide_corrected = _chance(draws, WIDE, 100)
    rng = draws.rng
    first, second = (gram_matrix(tensor(normal(rng, BATCH, WIDE))) for _ in range(2))
    return finding(
        worst([narrow / printed_mir(10), wide / printed_mir(100)]),
        0.5,
        mended=worst([narrow_corrected, wide_corrected]),
        mended_tolerance=0.02,
        chance_128_features_10_classes=narrow,
        collapse_value_10=printed_mir(10),
        chance_512_features_100_classes=wide,
        collapse_value_100=printed_mir(100),
        two_independent_sets_of_512_features=mir(first, second).item(),
        note="nearness to the collapse value is no sign of collapse in batches of 64: features that know nothing of "
        "the "
        "head reach over nine tenths of it; minus the value after a permutation of the samples they score 0",
    )


@check("metrics24/section-v-a-batch-entropy")
def batches_cannot_reach_the_collapse_entropy(draws: Draws) -> Finding:
    classes = 100
    frame, whole = simplex(classes), []
    batches = [entropy_of(frame[rng.integers(classes, size=BATCH)]) for rng in draws]
    for rng in draws.fewer(20):
        whole.append(abs(of_all_samples(collapsed(rng, classes, per_class=2)).feature_entropy - log(classes - 1)))
    return finding(
        abs(log(classes - 1) - float(np.mean(batches))),
        0.05,
        mended=worst(whole),
        batch_entropy=float(np.mean(batches)),
        largest_batch_entropy=float(np.max(batches)),
        cap_log_64=log(BATCH),
        log_99=log(99),
        note="falling short of ln 99 says nothing if batches of 64 are read: at exact collapse they give about 3.75, "
        "and never more than ln 64; all samples together give ln 99",
    )


@check("metrics24/section-iv-b-exp-entropy", "interplay24/section-4-2-exp-entropy")
def exp_entropy_is_no_rank(draws: Draws) -> Finding:
    shares, excess, spread = [], [], []
    for rng in draws:
        n, d = int(rng.integers(65, 80)), 64
        z = normal(rng, n, d)
        shared = unit_rows(z) + rng.uniform(0, 3) * unit_rows(normal(rng, 1, d))
        rank = np.linalg.matrix_rank(shared)
        ratio = exp(matrix_entropy(gram_matrix(tensor(shared))).item()) / rank
        shares.append(ratio)
        excess.append(ratio - 1)
        spread.append(exp(entropy_of(np.eye(d)[rng.permutation(d)])) / d - 1)
    tilted = draws.rng.normal(size=(80, 64)) + np.r_[24.0, np.zeros(63)]
    return finding(
        worst(abs(1 - share) for share in shares),
        0.5,
        mended=worst([max(e, 0.0) for e in excess] + [abs(s) for s in spread]),
        largest_share_of_rank=float(np.max(shares)),
        smallest_share_of_rank=float(np.min(shares)),
        rank_of_tilted=float(np.linalg.matrix_rank(tilted)),
        exp_entropy_of_tilted=exp(entropy_of(tilted)),
        note="exp H is a lower bound of the rank, tight for equal eigenvalues only; a common direction makes it a few "
        "per cent of the rank",
    )


@check("metrics24/equation-1")
def softmax_of_bare_cosines(draws: Draws) -> Finding:
    classes, scale = 1000, 100.0  # CLIP's exp(logit_scale)
    best = exp(1) / (exp(1) + (classes - 1) * exp(-1))
    scaled, attained = 1 / (1 + (classes - 1) * exp(-2 * scale)), []
    for rng in draws.fewer(10):
        vectors = unit_rows(normal(rng, classes, 32))
        logits = vectors @ vectors[0]
        attained.append(float(np.exp(logits)[0] / np.exp(logits).sum()))
    return finding(
        1 - best,
        0.5,
        mended=1 - scaled,
        largest_probability=best,
        least_cross_entropy=-log(best),
        largest_probability_drawn=worst(attained),
        note="without a scale no prediction among 1,000 classes can exceed .0074, so this is not what was trained; "
        "with CLIP's scale of 100 certainty is possible",
    )
