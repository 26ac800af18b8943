"""Every method learns more from unlabelled images than the baseline, and nothing from guesses that are not theirs."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import methods
from interplay.protocols.semi_supervised import METHOD_NAMES
from interplay.training import run_loop

SEEDS, STEPS = (0, 1), 100

# Weak views differ little, so that a step of consistency between them teaches little: at a hundred steps less than what
# seeds differ by. The student of MPL sees no label: it learns what its teacher has learnt before. These take longer,
# and so does the baseline that they are compared with.
LONGER = {"pi_model": 1000, "mean_teacher": 500, "mpl": 300}

WITH_UNLABELLED = sorted(name for name, method in methods().items() if method.views)


def test_methods_are_those_of_the_protocol():
    assert sorted(methods()) == sorted(METHOD_NAMES)


@pytest.fixture(scope="module")
def accuracy(toy_task):
    """Mean test accuracy over seeds after a toy training of so many steps."""

    @cache
    def of(method: str, shuffled: bool = False, steps: int = STEPS) -> float:
        accuracies = []
        for seed in SEEDS:
            task = toy_task(method, seed, iterations=steps)
            with pytest.MonkeyPatch.context() as patch:
                if shuffled:
                    patch.setattr(passes, "as_target", _shuffling(seed))
                columns = run_loop(task, task.steps, [task.steps]).trajectory
            accuracies.append(columns["test_accuracy"][-1])
        return sum(accuracies) / len(accuracies)

    return of


def _shuffling(seed: int):
    draw = torch.Generator().manual_seed(seed)
    return lambda guess: guess.detach()[torch.randperm(len(guess), generator=draw)]


@pytest.mark.parametrize("method", WITH_UNLABELLED)
def test_unlabelled_images_help(accuracy, method):
    steps = LONGER.get(method, STEPS)
    assert accuracy(method, steps=steps) > accuracy("labelled_only", steps=steps)


@pytest.mark.parametrize("method", WITH_UNLABELLED)
def test_guesses_help_only_the_images_that_they_are_of(accuracy, method):
    steps = LONGER.get(method, STEPS)
    assert accuracy(method, steps=steps) > accuracy(method, shuffled=True, steps=steps)
