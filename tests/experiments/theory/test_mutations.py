"""Break a metric, and the statements that rest on it must fail; the others must not."""

from __future__ import annotations

import importlib
from math import log

import pytest
import torch

from interplay.collapse import layers, neural_collapse
from interplay.collapse.between import whitener
from interplay.errors import InterplayError
from interplay.experiments.theory import frames, relabelling
from interplay.experiments.theory.registry import run_check
from interplay.information import closed_forms, entropy, gram, joint
from interplay.models.compression_cnn import CnnShape
from interplay.objectives import matrix_divergence, matrix_ssl

THEORY = "interplay.experiments.theory"
taken_up = layers.LayerScatter.update
exact_digits, rank = relabelling.exact_digit_count, frames.erank
entropy_in_nats, kl = entropy.spectrum_entropy, matrix_divergence.matrix_kl
closed_form = closed_forms.neural_collapse_values


def bits(eigenvalues):
    return entropy_in_nats(eigenvalues) / log(2)


def unnormalised(z):
    return z


def one_class_too_many(classes):
    return closed_form(classes + 1)


def kl_without_traces(P, Q):
    return kl(P, Q) + P.trace() - Q.trace()


def biased_covariance(z1, z2, *, unbiased=True):
    return (z1 - z1.mean(0)).mT @ (z2 - z2.mean(0)) / len(z1)


def whole_log_determinant(z, epsilon):
    return 2 * matrix_divergence.total_coding_rate_loss(z, epsilon)


def earlier_tail(energies, first, last):
    return float(energies[first - 2 : last].sum())


def algorithm_without_class_factor(features, labels, **options):
    from interplay.experiments.theory.neural_compression import algorithm_1

    return algorithm_1(features, labels, mend_means=True, mend_result=False, cut=1e-5)


def without_the_logarithm(self, p, z):
    return self._ridged(p, z).trace()


def without_the_trace(self, p, z):
    q = self._ridged(p, z)
    return -torch.linalg.slogdet(q).logabsdet / len(q)


def by_the_covariance(self, layer_outputs, labels):
    """The second pass with a matrix of D by D in it."""
    for outputs in layer_outputs.values():
        outputs.T @ outputs
    taken_up(self, layer_outputs, labels)


def of_half_the_width(network, image):
    return CnnShape(network, image, channels=(32, 64, 128))


def without_the_bias(features, labels, head, bias=None):
    return neural_collapse(features, labels, head)


def frame_of_another_rank():
    from interplay.experiments.theory.instances import simplex

    return simplex(16)[:, :6]


def one_digit_too_many(samples, base):
    return exact_digits(samples, base) + 1


def ranks_doubled(A):
    return 2 * rank(A)


def stretched_whitener(means, counts, relative_cut=1e-5, **options):
    return 1.1 * whitener(means, counts, relative_cut, **options)


MUTATIONS = [
    # What is broken, where, by what; the statements that must fail; statements that must go on holding.
    (
        [(entropy, "spectrum_entropy", bits), (joint, "spectrum_entropy", bits)],
        "metrics24/definition-iii1 metrics24/theorem-iv2 metrics24/theorem-iv3 metrics24/section-v-a-batch-entropy "
        "matrixssl23/proposition-3-6 matrixssl23/theorem-e-3 matrixssl23/theorem-5-1 "
        "metrics24/section-iv-b-exp-entropy "
        "matrixssl23/theorem-e-3-converse matrixssl23/definition-e-2-remark",
        "metrics24/theorem-iv4 matrixssl23/definition-3-1",
    ),
    (
        [(gram, "_unit_rows", unnormalised)],
        "metrics24/definition-iv1 metrics24/theorem-iv2 metrics24/theorem-iv3 "
        "metrics24/theorem-iv4 metrics24/corollary-iv5 interplay24/theorem-4-2 interplay24/corollary-4-3 "
        "matrixssl23/definition-d-2 matrixssl23/section-5-1-constant-norms matrixssl23/section-6-1-diagonal",
        "metrics24/definition-iii1 matrixssl23/proposition-3-6",
    ),
    (
        [(f"{THEORY}.collapse_values", "neural_collapse_values", one_class_too_many)],
        "metrics24/theorem-iv3 metrics24/theorem-iv4 interplay24/theorem-4-2 interplay24/theorem-a-1 "
        "metrics24/remark-approximation",
        "metrics24/corollary-iv5 metrics24/neural-collapse",
    ),
    (
        [(f"{THEORY}.divergences", "matrix_kl", kl_without_traces)],
        "matrixssl23/proposition-4-1 matrixssl23/proposition-4-1-gradient",
        "matrixssl23/proposition-3-6 matrixssl23/section-3-3-quantum-kl matrixssl23/proposition-4-2",
    ),
    (
        [(f"{THEORY}.uniformity", "total_coding_rate_loss", whole_log_determinant)],
        "matrixssl23/theorem-4-4 matrixssl23/theorem-4-5 matrixssl23/proposition-4-6",
        "matrixssl23/theorem-5-1",
    ),
    (
        [
            (matrix_ssl, "cross_covariance", biased_covariance),
            (f"{THEORY}.losses", "cross_covariance", biased_covariance),
        ],
        "matrixssl23/lemma-c-2",
        "matrixssl23/equation-19",
    ),
    (
        [(f"{THEORY}.regression", "tail", earlier_tail)],
        "metrics24/lemma-iv7 interplay24/lemma-4-5 metrics24/theorem-iv8 interplay24/lemma-b-2 interplay24/theorem-4-6 "
        "interplay24/theorem-b-3",
        "metrics24/lemma-iv6",
    ),
    (
        [(f"{THEORY}.neural_compression", "mended", algorithm_without_class_factor)],
        "compression25/theorem-4 compression25/algorithm-1 compression25/algorithm-1-eigenvalues "
        "compression25/section-2-1-drift",
        "compression25/equation-2-1",
    ),
    (
        [(matrix_ssl.MatrixSSLLoss, "uniformity", without_the_logarithm)],
        "matrixssl23/equation-20 matrixssl23/equation-20-alignment matrixssl23/equation-20-ridge",
        "matrixssl23/equation-19",
    ),
    (
        [(matrix_ssl.MatrixSSLLoss, "uniformity", without_the_trace)],
        "matrixssl23/equation-20-ridge",
        "matrixssl23/equation-20-alignment matrixssl23/lemma-c-2",
    ),
    (
        [(f"{THEORY}.frames", "centred_frame", frame_of_another_rank)],
        "matrixssl23/theorem-e-3-converse",
        "matrixssl23/theorem-e-3",
    ),
    (
        [(f"{THEORY}.remarks", "erank", ranks_doubled)],
        "matrixssl23/definition-e-2-remark",
        "matrixssl23/section-5-1-constant-norms",
    ),
    (
        [(f"{THEORY}.relabelling", "exact_digit_count", one_digit_too_many)],
        "compression25/algorithm-2-logarithm",
        "compression25/theorem-4",
    ),
    ([(layers.LayerScatter, "update", by_the_covariance)], "compression25/theorem-4-complexity", ""),
    ([(f"{THEORY}.complexity", "CnnShape", of_half_the_width)], "compression25/section-3-3-weights", ""),
    (
        [(f"{THEORY}.collapse_values", "neural_collapse", without_the_bias)],
        "compression25/nc4",
        "metrics24/neural-collapse",
    ),
    ([(matrix_ssl.MatrixSSLLoss, "alignment", without_the_logarithm)], "matrixssl23/equation-21", ""),
    (
        [(layers, "whitener", stretched_whitener)],
        "compression25/theorem-4 compression25/algorithm-1",
        "compression25/equation-2-1",
    ),
]


def status(name):
    """Whether a statement holds as printed, or mended, or neither: a wrong one that suddenly holds is caught too."""
    try:
        finding = run_check(name, 5, 20)
    except InterplayError:  # a matrix that is no Gram matrix is refused, which catches it as well
        return "refused"
    mended = finding.mended is not None and finding.mended.holds
    return "holds" if finding.printed.holds else "mended" if mended else "fails"


@pytest.mark.parametrize("mutations, fall, stay", MUTATIONS, ids=[m[0][0][2].__name__ for m in MUTATIONS])
def test_a_broken_metric_is_caught(monkeypatch, mutations, fall, stay):
    before = {name: status(name) for name in f"{fall} {stay}".split()}
    assert set(before.values()) <= {"holds", "mended"}
    for where, attribute, broken in mutations:
        module = importlib.import_module(where) if isinstance(where, str) else where
        monkeypatch.setattr(module, attribute, broken)
    assert [name for name in fall.split() if status(name) == before[name]] == []
    assert [name for name in stay.split() if status(name) != before[name]] == []
