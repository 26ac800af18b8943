"""MIN HD beyond what test_max_mi.py tests of both: its sign."""

import torch

from interplay.experiments.semi_supervised.methods import freematch, min_hd
from interplay.information import gram_matrix, matrix_entropy
from interplay.protocols.semi_supervised.hyperparameters import Interplay

SETTINGS = Interplay(
    unlabelled_ratio=2, weight=0, fairness_weight=0, momentum=0.999, features="strong", head="detached"
)


def test_descending_closes_the_difference_between_the_entropies(case):
    threshold = case.confidence.median().item()

    def difference(guesses):
        kept = guesses.weights.bool()
        vectors = case.network.head.weight[guesses.labels[kept]].detach()
        return (matrix_entropy(gram_matrix(case.features("strong")[kept])) - matrix_entropy(gram_matrix(vectors))).abs()

    differences = []
    for _ in range(20):
        step = case.step(min_hd.METHOD, SETTINGS, threshold, weight=1.0)
        differences.append(difference(step.guesses).item())
        without = case.step(freematch.METHOD, SETTINGS, threshold)
        (gradient,) = torch.autograd.grad(step.loss - without.loss, case.views["strong"])
        case.views["strong"] = (case.views["strong"] - 0.5 * gradient).detach().requires_grad_()
    assert differences[-1] < differences[0] - 0.05
