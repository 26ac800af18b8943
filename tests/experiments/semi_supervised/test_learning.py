"""Every method learns more from unlabelled images than the baseline, and nothing from guesses that are not theirs."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import methods
from interplay.protocols.semi_supervised import METHODS
from interplay.training import run_loop

SEEDS = (0, 1)
WITH_UNLABELLED = sorted(name for name, method in methods().items() if method.views)


def test_methods_are_those_of_the_protocol():
    assert sorted(methods()) == sorted(METHODS)


@pytest.fixture(scope="module")
def accuracy(toy_task):
    """Mean test accuracy over seeds after the toy training."""

    @cache
    def of(method: str, shuffled: bool = False) -> float:
        accuracies = []
        for seed in SEEDS:
            task = toy_task(method, seed)
            with pytest.MonkeyPatch.context() as patch:
                if shuffled:
                    shuffling = torch.Generator().manual_seed(seed)
                    patch.setattr(passes, "as_target", lambda guess: _shuffled(guess.detach(), shuffling))
                columns = run_loop(task, task.steps, [task.steps]).trajectory
            accuracies.append(columns["test_accuracy"][-1])
        return sum(accuracies) / len(accuracies)

    return of


def _shuffled(guess: torch.Tensor, shuffling: torch.Generator) -> torch.Tensor:
    return guess[torch.randperm(len(guess), generator=shuffling)]


@pytest.mark.parametrize("method", WITH_UNLABELLED)
def test_unlabelled_images_help(accuracy, method):
    assert accuracy(method) > accuracy("labelled_only")


@pytest.mark.parametrize("method", WITH_UNLABELLED)
def test_guesses_help_only_the_images_that_they_are_of(accuracy, method):
    assert accuracy(method) > accuracy(method, shuffled=True)
