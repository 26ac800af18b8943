"""A training that was killed and went on is the same, bit for bit, for every method, its state included."""

from __future__ import annotations

import pytest
import torch

from interplay.experiments.semi_supervised.method import methods
from interplay.training import Checkpoint, run_loop

STEPS = 8


@pytest.mark.parametrize("method", sorted(methods()))
def test_killed_and_resumed_is_bit_identical(toy_task, method, tmp_path, monkeypatch):
    shares = {"dash": {"warm_up": 0.25}, "mpl": {"warm_up": 0.5, "wait": 0.25}}  # both of what they have happens
    changes = {"iterations": STEPS, "methods": shares}
    whole = toy_task(method, **changes)
    expected = run_loop(whole, STEPS, [0, 4, STEPS])

    killed = toy_task(method, **changes)
    step = killed.train_step

    def dies(number: int) -> None:
        if number == 5:
            raise KeyboardInterrupt
        step(number)

    monkeypatch.setattr(killed, "train_step", dies)
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", {"run": "toy"})
    with pytest.raises(KeyboardInterrupt):
        run_loop(killed, STEPS, [0, 4, STEPS], checkpoint, checkpoint_every=3)

    resumed = toy_task(method, **changes)
    found = run_loop(resumed, STEPS, [0, 4, STEPS], checkpoint, checkpoint_every=3)
    assert found.sessions == 2
    assert _flat(found.trajectory) == _flat(expected.trajectory)
    assert _same(resumed.state_dict(), whole.state_dict())


def _flat(columns):
    return {name: [str(value) for value in column] for name, column in columns.items()}  # NaN equals NaN


def _same(first, second) -> bool:
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    return first == second
