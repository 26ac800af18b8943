"""MAX MI and MIN HD in FreeMatch: what they add to its loss, on which samples, and what gets a gradient from it."""

import pytest
import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.methods import freematch, max_mi, min_hd
from interplay.information import gram_matrix, matrix_entropy, mutual_information
from interplay.protocols.semi_supervised.hyperparameters import Interplay

WEIGHT, MOMENTUM = 0.7, 0.999
TERMS = {"max_mi": max_mi.METHOD, "min_hd": min_hd.METHOD}


def settings_of(features="strong", head="attached"):
    shape = {"unlabelled_ratio": 2, "weight": 1, "fairness_weight": 0.01, "momentum": MOMENTUM}
    return Interplay(**shape, features=features, head=head)


def added(case, method, settings, threshold):
    """What a method adds to FreeMatch's loss on the same batch, and its guesses."""
    with_term = case.step(TERMS[method], settings, threshold, weight=WEIGHT)
    without = case.step(freematch.METHOD, settings, threshold)
    assert torch.equal(with_term.guesses.weights, without.guesses.weights)
    assert all(torch.equal(value, without.state.tensors()[name]) for name, value in with_term.state.tensors().items())
    return with_term.loss - without.loss, with_term.guesses


def median(case):
    """A threshold that half of the samples pass."""
    return case.confidence.median().item()


@pytest.mark.parametrize("view", ["weak", "strong"])
@pytest.mark.parametrize("method", ["max_mi", "min_hd"])
def test_term_is_that_of_the_kept_rows_alone(case, method, view):
    term, guesses = added(case, method, settings_of(features=view), median(case))
    kept = guesses.weights.bool()
    assert kept.sum() < len(kept) and len(guesses.labels[kept].unique()) > 2
    vectors = case.network.head.weight[guesses.labels[kept]].detach()
    grams = [gram_matrix(case.features(view)[kept]), gram_matrix(vectors)]
    if method == "max_mi":
        expected = -WEIGHT * mutual_information(*grams)
    else:
        expected = WEIGHT * (matrix_entropy(grams[0]) - matrix_entropy(grams[1])).abs()
    assert expected.abs() > 0.01
    assert_close(term.detach(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("method", ["max_mi", "min_hd"])
def test_fewer_than_two_kept_samples_add_nothing(case, method, kept):
    # The threshold moves by a thousandth of its way to the mean confidence before it is used.
    between = case.confidence.sort(descending=True).values
    threshold = 2.0 if kept == 0 else ((between[0] + between[1]) / 2).item()
    term, guesses = added(case, method, settings_of(), threshold)
    assert guesses.weights.sum() == kept
    assert term.item() == 0
    leaves = [*case.network.parameters(), *case.views.values()]
    assert not any(gradient.any() for gradient in torch.autograd.grad(term, leaves, materialize_grads=True))


@pytest.mark.parametrize("head", ["attached", "detached"])
@pytest.mark.parametrize("view", ["weak", "strong"])
@pytest.mark.parametrize("method", ["max_mi", "min_hd"])
def test_options_say_what_gets_a_gradient(case, method, view, head):
    term, _ = added(case, method, settings_of(view, head), median(case))
    network = case.network
    reached = {
        "body": network.body.weight,
        "class vectors": network.head.weight,
        "biases of the head": network.head.bias,
        **case.views,
    }
    gradients = torch.autograd.grad(term, list(reached.values()), materialize_grads=True)
    assert all(gradient.isfinite().all() for gradient in gradients)
    found = {name for name, gradient in zip(reached, gradients, strict=True) if gradient.abs().max() > 1e-9}
    assert found == {"body", view} | ({"class vectors"} if head == "attached" else set())
