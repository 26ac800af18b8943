from math import inf, nan

import pytest
import torch

from interplay.errors import InterplayError
from interplay.information import gram_matrix, matrix_entropy
from interplay.training import run_loop


class Descent:
    """Gradient descent on x^2 / 2, whose loss grows without bound where the rate is above 2."""

    def __init__(self, rate, start=1.0):
        self.rate, self.value, self.read_entropy = rate, torch.full((4, 3), start), False

    def train_step(self, step):
        self.value = self.value - self.rate * self.value

    def observe(self, step):
        readings = {"train_loss": float((self.value**2).sum() / 2)}
        if self.read_entropy:
            readings = {"entropy": float(matrix_entropy(gram_matrix(self.value)))}
        return readings

    def state_dict(self):
        return {"network": {"weight": self.value}, "done": [1, 2.0, "text", None]}

    def load_state_dict(self, state):
        self.value = state["network"]["weight"]


def test_a_loss_that_is_not_finite_names_the_step_and_the_loss_before():
    with pytest.raises(InterplayError) as caught:
        run_loop(Descent(1e6), 20, [0, 2, 3, 4, 20])
    assert str(caught.value) == (
        "training diverged by step 4: train_loss is inf; before it, at step 3: train_loss 6e+36; "
        "lower the learning rate, or the weight of what is added to the loss"
    )


def test_readings_that_fail_on_a_spoiled_network_name_what_is_not_finite():
    task = Descent(1e6)
    task.read_entropy = True
    with pytest.raises(InterplayError, match=r"diverged by step 10: network.weight is not finite; no loss was read"):
        run_loop(task, 20, [10])


def test_readings_that_fail_for_another_reason_say_that_reason():
    class Refusing(Descent):
        def observe(self, step):
            raise InterplayError("labels: expected integers")

    with pytest.raises(InterplayError, match=r"^labels: expected integers$"):
        run_loop(Refusing(0.1), 2, [1])


@pytest.mark.parametrize(("reading", "value"), [("mir", nan), ("lossless_share", inf)])
def test_other_readings_may_be_undefined(reading, value):
    class Undefined(Descent):
        def observe(self, step):
            return {reading: value, "train_loss": nan if step == 0 else 1.0}

    assert len(run_loop(Undefined(0.1), 2, [0, 2]).trajectory["step"]) == 2


def test_training_of_which_nothing_is_read_is_looked_at_once_it_is_done():
    """Fine-tuning reads nothing on its way; what reads the network afterwards knows nothing of any training."""
    with pytest.raises(InterplayError, match=r"diverged by step 20: network.weight is not finite; no loss was read"):
        run_loop(Descent(1e6), 20, [])
    assert run_loop(Descent(0.1), 20, []).trajectory == {}
