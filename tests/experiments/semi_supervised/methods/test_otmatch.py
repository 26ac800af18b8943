"""OTMatch: its transport cost against an exact solver, what it adds to FreeMatch, and the average of its cost."""

import pytest
import torch
from scipy.optimize import linprog
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import Problem
from interplay.experiments.semi_supervised.methods import freematch
from interplay.experiments.semi_supervised.methods.otmatch import METHOD, OTMatchState, start, transport, updated
from interplay.protocols.semi_supervised.hyperparameters import OTMatch

CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SETTINGS = OTMatch(
    unlabelled_ratio=4, weight=1, fairness_weight=0.01, momentum=0.999, transport_weight=0.3, cost_momentum=0.9
)


def exact(source, target, cost):
    """The least cost of plans with these marginals, by linear programming."""
    size = len(source)
    rows = [[float(i == row) for i in range(size) for _ in range(size)] for row in range(size)]
    columns = [[float(j == column) for _ in range(size) for j in range(size)] for column in range(size)]
    found = linprog(cost.flatten(), A_eq=rows + columns, b_eq=[*source, *target], bounds=(0, None))
    assert found.success
    return found.fun


@pytest.mark.parametrize("seed", range(4))
def test_closed_form_is_the_optimal_transport_cost(seed):
    draw = torch.Generator().manual_seed(seed)
    probabilities = torch.randn(6, 5, generator=draw, dtype=torch.float64).softmax(1)
    guess = torch.randint(5, (6,), generator=draw)
    cost = torch.rand(5, 5, generator=draw, dtype=torch.float64)  # not symmetric: the direction counts
    masses = torch.eye(5, dtype=torch.float64)[guess]
    expected = [exact(p.tolist(), y.tolist(), cost.numpy()) for p, y in zip(probabilities, masses, strict=True)]
    assert_close(transport(probabilities, guess, cost), torch.tensor(expected, dtype=torch.float64))


def test_with_equal_costs_it_is_the_probability_of_all_other_classes():
    state = start(Problem(5, 1, 1, 1, (1, 1, 1), 1, 0.0, torch.device("cpu")), SETTINGS)
    probabilities, guess = torch.randn(6, 5).softmax(1), torch.arange(6) % 5
    assert_close(transport(probabilities, guess, state.cost), 1 - probabilities[torch.arange(6), guess])


def state_of(case, threshold, cost):
    return OTMatchState(**case.state(threshold).tensors(), cost=cost)


def test_adds_the_weighted_cost_of_kept_strong_views_to_freematch(case):
    threshold = case.confidence.median().item()
    cost = torch.rand(4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    step = case.step(METHOD, SETTINGS, threshold, state_of(case, threshold, cost))
    without = case.step(freematch.METHOD, SETTINGS, threshold)
    assert torch.equal(step.guesses.weights, without.guesses.weights)
    assert 0 < step.guesses.weights.sum() < len(step.guesses.weights)

    head = case.network.head.weight.detach()
    moved = 0.0
    new = torch.zeros(4, 4, dtype=torch.float64)
    for i in range(4):
        for j in range(4):
            alike = head[i] @ head[j] / (head[i].norm() * head[j].norm())
            new[i, j] = 0.9 * cost[i, j] + 0.1 * (1 - alike)
    assert_close(step.state.cost, new, **CLOSE)
    probabilities = case.network(case.views["strong"]).softmax(1).detach()
    for sample, (label, weight) in enumerate(zip(step.guesses.labels, step.guesses.weights, strict=True)):
        moved += weight * sum(new[k, label] * probabilities[sample, k] for k in range(4)) / len(probabilities)
    assert moved > 0.1
    assert_close(step.loss - without.loss, 0.3 * moved, **CLOSE)

    strong, weak = torch.autograd.grad(
        step.loss - without.loss, [case.views["strong"], case.views["weak"]], materialize_grads=True
    )
    assert strong.any() and not weak.any()
    assert not step.state.cost.requires_grad


def test_cost_follows_the_head_and_does_not_depend_on_lengths():
    head = torch.tensor([[2.0, 0.0], [0.0, 0.1], [-3.0, 0.0]])
    cost = torch.ones(3, 3)
    for _ in range(200):
        cost = updated(cost, head, 0.9)
    assert_close(cost, torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]]), rtol=0, atol=1e-6)
