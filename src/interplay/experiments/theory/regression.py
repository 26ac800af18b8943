"""Regression between representations and rank: metrics24 Lemma IV.6 to Thm. IV.8, interplay24 4.4-4.6, B.1-B.3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from interplay.experiments.theory.instances import normal, orthonormal, unit_rows
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.records import Finding


def regress(target: Array, source: Array) -> tuple[Array, float]:
    """Least-squares weights of `source` `[n, d]` with a bias for `target` `[n, k]`, and the Frobenius norm that is "
    "left."""
    with_bias = np.column_stack([source, np.ones(len(source))])
    solution, *_ = np.linalg.lstsq(with_bias, target, rcond=None)
    weights: Array = np.asarray(solution[:-1], dtype=np.float64)
    return weights, float(np.linalg.norm(target - with_bias @ solution))


class Pair(NamedTuple):
    """Z1 and Z2 `[n, d]` with rank Z1 > rank Z2, and the squared singular values of Z1/sqrt(n), largest first."""

    z1: Array
    z2: Array
    r1: int
    r2: int
    energies: Array


def pairs(draws: Draws, *, unit: bool) -> Iterator[Pair]:
    """Random pairs; every other one is built so that the bound of Lemma IV.7 is attained (before scaling to `unit`)."""
    for rng in draws:
        n, r2 = int(rng.integers(12, 20)), int(rng.integers(1, 4))
        r1 = r2 + int(rng.integers(1, 6))
        scales = np.geomspace(1, rng.uniform(0.01, 1), r1)
        if rng.random() < 0.5:
            # The bias supplies the constant direction and Z2 the next strongest ones: nothing better has that rank.
            left, _ = np.linalg.qr(np.column_stack([np.ones(n), normal(rng, n, r1 - 1)]))
            z1 = left * scales @ orthonormal(rng, r1 + 1, r1).T
            z2 = left[:, 1 : r2 + 1] @ normal(rng, r2, r2 + 2)
        else:
            z1 = normal(rng, n, r1) * scales @ normal(rng, r1, r1 + 1)
            z2 = normal(rng, n, r2) @ normal(rng, r2, r2 + 2)
        z1 = unit_rows(z1) if unit else z1
        rank = int(np.linalg.matrix_rank(z1))
        yield Pair(z1, z2, rank, r2, np.linalg.svd(z1, compute_uv=False) ** 2 / n)


def tail(energies: Array, first: int, last: int) -> float:
    """The sum of `energies` from position `first` to `last`, counted from 1 and both included; 0 where first > last."""
    return float(energies[first - 1 : last].sum())


@check("metrics24/lemma-iv6", "interplay24/lemma-4-4", "interplay24/lemma-b-1")
def regression_errors_are_related(draws: Draws) -> Finding:
    violations, slack = [], []
    for rng in draws:
        n, d1, d2, k = 30, *(int(x) for x in rng.integers(1, 7, size=3))
        z1, y = normal(rng, n, d1), normal(rng, n, k)
        y = y + z1 @ normal(rng, d1, k) * rng.choice([0.0, 1.0, 5.0])
        z2 = z1 @ normal(rng, d1, d2) + rng.choice([1e-3, 0.1, 1.0]) * normal(rng, n, d2)
        weights, first = regress(y, z1)
        _, second = regress(y, z2)
        _, between = regress(z1, z2)
        bound = first + float(np.linalg.norm(weights)) * between
        violations.append(second / bound - 1)
        slack.append(second / bound)
    return finding(
        max(0.0, worst(violations)),
        tightest=worst(slack),
        note="no draw violates the bound; it comes close to equality",
    )


def _regression_bound(draws: Draws, whole: bool) -> tuple[float, float]:
    """Worst violation and tightest ratio of the lower bound; `whole` sums up to rank Z1, else one term only."""
    violations, tightest = [], []
    for pair in pairs(draws, unit=False):
        _, left = regress(pair.z1, pair.z2)
        error = left**2 / len(pair.z1)
        bound = tail(pair.energies, pair.r2 + 2, pair.r1 if whole else pair.r2 + 2)
        violations.append((bound - error) / pair.energies.sum())
        tightest.append(bound / error if error > 1e-12 else 0.0)
    return max(0.0, worst(violations)), worst(tightest)


@check("metrics24/lemma-iv7", "interplay24/lemma-4-5")
def regression_error_is_bounded_by_the_tail(draws: Draws) -> Finding:
    violation, tightest = _regression_bound(draws, whole=True)
    return finding(violation, tightest=tightest, note="no draw violates the bound, and it is attained")


@check("interplay24/lemma-b-2")
def regression_error_is_bounded_by_one_term(draws: Draws) -> Finding:
    violation, tightest = _regression_bound(draws, whole=False)
    whole, _ = _regression_bound(draws, whole=True)
    left_out = [tail(pair.energies, pair.r2 + 3, pair.r1) / pair.energies.sum() for pair in pairs(draws, unit=False)]
    return finding(
        worst(left_out),
        mended=worst([whole, violation]),
        violation_of_the_printed_inequality=violation,
        tightest=tightest,
        note="the appendix prints rank(Z2)+2 as the last index too, one term of the sum: true, but weaker than "
        "Lemma 4.5 that it is there to prove; with rank(Z1) as the last index the bound holds too",
    )


def _tail_bound(draws: Draws) -> tuple[float, float, float]:
    """Worst violation of tail <= (r1 - r2 - 1)/r1 <= 1 - r2/r1, how much of the tail the sum of interplay24 lacks, and
    the largest value of that sum."""
    violations, lacking, sums = [], [], []
    for pair in pairs(draws, unit=True):
        named = tail(pair.energies, pair.r2 + 2, pair.r1)
        middle, outer = (pair.r1 - pair.r2 - 1) / pair.r1, 1 - pair.r2 / pair.r1
        violations += [named - middle, middle - outer]
        sums.append(tail(pair.energies, pair.r1 + 2, pair.r1))  # from rank Z1 + 2 to rank Z1: no term at all
        lacking.append(named - sums[-1])
    return max(0.0, worst(violations)), worst(lacking), worst(sums)


@check("metrics24/theorem-iv8")
def tail_is_bounded_by_ranks(draws: Draws) -> Finding:
    violation, _, _ = _tail_bound(draws)
    return finding(violation, note="no draw violates either inequality")


@check("interplay24/theorem-4-6", "interplay24/theorem-b-3")
def tail_with_a_misprinted_index(draws: Draws) -> Finding:
    violation, lacking, printed_sum = _tail_bound(draws)
    return finding(
        lacking,
        mended=violation,
        largest_value_of_the_printed_sum=printed_sum,
        note="the printed sum runs from rank(Z1)+2 to rank(Z1): it is empty, which makes both inequalities "
        "vacuously true and says nothing about the bound of the lemma before, which starts at rank(Z2)+2; with "
        "that index both hold",
    )
