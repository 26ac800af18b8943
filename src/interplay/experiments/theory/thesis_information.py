"""Information in representations: compression25 Thm. 1 to 3, sections 1.3 and 2.2, on exactly solvable cases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise, product
from math import log

import numpy as np
from scipy.optimize import linprog

from interplay.experiments.theory.instances import normal
from interplay.experiments.theory.naive import Array, shannon
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.records import Finding


def joint_entropy(*columns: np.ndarray) -> float:
    """Entropy in nats of equally likely outcomes, given as columns of integers."""
    outcome = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:  # renumber pair by pair: far faster than unique rows
        _, column = np.unique(column, return_inverse=True)
        _, outcome = np.unique(outcome * (column.max() + 1) + column, return_inverse=True)
    counts = np.bincount(outcome)
    return shannon(counts / counts.sum())


def information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information in nats of two columns of integers over equally likely outcomes."""
    return joint_entropy(a) + joint_entropy(b) - joint_entropy(a, b)


def conditional_information(a: np.ndarray, b: np.ndarray, given: np.ndarray) -> float:
    """I(a; b | given) in nats."""
    return joint_entropy(a, given) + joint_entropy(b, given) - joint_entropy(a, b, given) - joint_entropy(given)


def binned_entropy(values: Array, width: float) -> float:
    """Entropy of `values` `[samples, units]` in cells of `width`: the information they share with their source."""
    return joint_entropy(*np.floor(values / width).astype(np.int64).T)


@check("compression25/theorem-1")
def information_grows_without_bound(draws: Draws) -> Finding:
    """b = tanh(k a), a uniform on [-1, 1]: I(a; b) >= I(a; bin(b)) = H(bin(b)), exact from the distribution of b."""
    slopes, last = [], []
    for rng in draws.fewer(4):
        k = rng.uniform(0.3, 3)
        entropies = []
        for bins in 2 ** np.arange(8, 15):
            edges = np.tanh(k) * np.linspace(-1, 1, int(bins) + 1)
            entropies.append(shannon(np.diff(np.arctanh(edges.clip(-1 + 1e-15, 1 - 1e-15)) / k / 2)))
        slopes += [abs(step / log(2) - 1) for step in np.diff(entropies)]
        last.append(entropies[-1])
    constant = binned_entropy(np.zeros((1000, 1)), 1e-6)
    return finding(
        worst(slopes),
        0.01,
        information_in_2_to_14_bins=float(np.mean(last)),
        information_of_a_constant=constant,
        note="every halving of the bins adds log 2, so no finite value bounds it; a constant function, which "
        "'nondegenerate' excludes, carries none",
    )


@check("compression25/theorem-2")
def infinite_or_piecewise_constant(draws: Draws) -> Finding:
    slopes, changes = [], []
    grid = np.linspace(-1, 1, 2**15)[:, None]
    for rng in draws.fewer(10):
        h = np.tanh(np.tanh(grid @ normal(rng, 1, 3)) @ normal(rng, 3, 2))
        spread = np.ptp(h, axis=0).max()
        coarse, fine = (binned_entropy(h, spread / bins) for bins in (64, 1024))
        slopes.append(abs((fine - coarse) / log(16) - 1))
        changes.append(_changes_between_kinks(rng))
    return finding(
        worst([*slopes, *changes]),
        0.1,
        largest_change_between_kinks=worst(changes),
        values_of_a_relu_unit=float(len(_relu_values(draws.rng))),
        note="continuous inputs: halving the bins adds log 2 on average, whatever the weights; discrete inputs: the "
        "information of a ReLU layer changes only where an input crosses a kink",
    )


def _relu_values(rng: np.random.Generator) -> set[float]:
    """Values that I(h; x) takes for one ReLU unit on eight inputs while its bias moves."""
    x = normal(rng, 8)
    return {round(binned_entropy(np.maximum(x + b, 0)[:, None], 1e-9), 9) for b in np.linspace(-3, 3, 500)}


def _changes_between_kinks(rng: np.random.Generator) -> float:
    """How much I(h; x) of one ReLU unit on discrete inputs varies between two neighbouring kinks."""
    x = np.sort(normal(rng, 6))
    kinks = np.sort(-x)
    variation = []
    for low, high in pairwise(kinks):
        biases = np.linspace(low, high, 7)[1:-1]
        variation.append(np.ptp([binned_entropy(np.maximum(x + b, 0)[:, None], 1e-12) for b in biases]))
    return worst(variation)


def _encoders(samples: int, codes: int) -> Iterator[np.ndarray]:
    yield from (np.array(code) for code in product(range(codes), repeat=samples))


def _minimality(code: np.ndarray, labels: np.ndarray) -> float:
    """Average over y and over all relabellings n_y of the samples of y of I(h; n_y | y = y), decoders unrestricted."""
    total = []
    for y in np.unique(labels):
        own = code[labels == y]
        total.append(np.mean([information(own, np.array(n)) for n in product((0, 1), repeat=len(own))]))
    return float(np.mean(total))


def _worst_test_error(code: np.ndarray, labels: np.ndarray, codes: int) -> tuple[float, float]:
    """Largest and least test error among decoders that minimise the training error, over all training sets.

    A training set holds at least one sample of each class; the rest is the test set.
    """
    decoders = np.array(list(product((0, 1), repeat=codes)))
    wrong = decoders[:, code] != labels
    excess, least = 0.0, 1.0
    for size in range(2, len(labels)):
        for train in combinations(range(len(labels)), size):
            if len(set(labels[list(train)])) < 2:
                continue
            test = [i for i in range(len(labels)) if i not in train]
            errors = wrong[:, list(train)].mean(1)
            fitted = wrong[errors == errors.min()][:, test].mean(1)
            excess, least = (
                max(excess, float(fitted.max() - wrong[:, test].mean(1).min())),
                min(least, float(fitted.min())),
            )
    return excess, least


@check("compression25/theorem-3")
def minimal_and_sufficient_generalises(draws: Draws) -> Finding:
    """All encoders of six inputs in three codes, all relabellings, all decoders, all training sets."""
    labels, codes = np.array([0, 0, 0, 1, 1, 1]), 3
    sufficiency, minimality, encoders = [], [], []
    for code in _encoders(len(labels), codes):
        encoders.append(code)
        sufficiency.append(information(code, labels))
    sufficient = [c for c, s in zip(encoders, sufficiency, strict=True) if s > max(sufficiency) - 1e-12]
    minimality = [_minimality(c, labels) for c in sufficient]
    minimal = [c for c, m in zip(sufficient, minimality, strict=True) if m < min(minimality) + 1e-12]
    wasteful = [c for c, m in zip(sufficient, minimality, strict=True) if m >= min(minimality) + 1e-12]
    return finding(
        worst(_worst_test_error(code, labels, codes)[0] for code in minimal),
        encoders=len(encoders),
        minimal_and_sufficient=len(minimal),
        worst_error_without_minimality=worst(_worst_test_error(code, labels, codes)[0] for code in wasteful),
        note="shown on one exhaustive finite case, with unrestricted decoders and every class in the training set: "
        "every "
        "minimal sufficient encoder generalises, other sufficient ones need not; the general theorem rests on its "
        "proof",
    )


def separable(x: Array, signs: np.ndarray) -> bool:
    """Whether a linear head with a bias separates the two classes, by linear programming."""
    constraints = -signs[:, None] * np.column_stack([x, np.ones(len(x))])
    bounds = [(None, None)] * (x.shape[1] + 1)
    return bool(linprog(np.zeros(x.shape[1] + 1), constraints, -np.ones(len(x)), bounds=bounds).status == 0)


@check("compression25/section-1-3-sign-flips")
def sign_flips_are_absorbed(draws: Draws) -> Finding:
    still, absorbed, frozen = [], [], []
    for rng in draws.fewer(4):
        head, x = normal(rng, 6), normal(rng, 40, 6)
        signs = np.sign(x @ head)
        flips = rng.choice([-1.0, 1.0], size=6)
        flips[0] = -1
        still.append(float(separable(x * flips, signs)))
        absorbed.append(np.abs((x * flips) @ (head * flips) - x @ head).max())
        frozen.append(float((np.sign((x * flips) @ head) == signs).mean()))
    return finding(
        float(np.mean(still)),
        0.5,
        mended=worst(absorbed),
        share_still_separable=float(np.mean(still)),
        accuracy_of_the_old_head=float(np.mean(frozen)),
        note="flipping the signs of fixed entries leaves every separable set separable: the head flips its weights "
        "too; "
        "only a head that stays as it was suffers",
    )


@check("compression25/section-2-2-minimality")
def minimality_as_coded(draws: Draws) -> Finding:
    """Two independent fair bits, label y and relabelling n, and the representation h = y xor n."""
    y, n = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    h = y ^ n
    defined = float(np.mean([information(h[y == k], n[y == k]) for k in (0, 1)]))
    coded = information(h, n)
    fed, gaps = [], []
    for rng in draws:
        labels, relabelling, code = np.repeat([0, 1], 8), np.tile([0, 1], 8), rng.integers(0, 4, size=16)
        truth = float(np.mean([information(code[labels == k], relabelling[labels == k]) for k in (0, 1)]))
        with_y = information(4 * labels + code, relabelling) - information(labels, relabelling)
        fed += [abs(with_y - truth), abs(conditional_information(code, relabelling, labels) - truth)]
        gaps.append(abs(information(code, relabelling) - truth))
    return finding(
        worst([*gaps, abs(coded - defined)]),
        mended=worst(fed),
        defined=defined,
        coded=coded,
        note="heads that see h without y measure I(h; n); the definition asks for I(h; n | y): 0 against log 2 where "
        "h = y xor n; feeding y as well gives the definition",
    )
