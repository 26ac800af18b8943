"""The trainer on a small semi-supervised method: several streams, state of the method, two networks, exact resume."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from interplay.errors import InterplayError
from interplay.training import Checkpoint, Compute, Learner, Step, Trainer, run_loop

spec = importlib.util.spec_from_file_location("toy", Path(__file__).with_name("toy.py"))
toy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toy)

LOOK = range(0, toy.STEPS + 1, 4)


class Killed(Trainer):
    """A trainer that is interrupted."""

    def train_step(self, step):
        if step == self.stop_before:
            raise KeyboardInterrupt
        super().train_step(step)


def kill(trainer, step):
    trainer.__class__, trainer.stop_before = Killed, step
    return trainer


def everything(trainer):
    """All tensors of the state, flat."""

    def walk(value, name=""):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, f"{name}/{key}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from walk(inner, f"{name}/{number}")
        else:
            yield name, value

    return dict(walk(trainer.state_dict()))


@pytest.mark.parametrize("stops", [[5], [11, 12, 23]])
def test_killed_and_resumed_is_bit_identical(tmp_path, stops):
    whole = toy.build()
    reference = run_loop(whole, toy.STEPS, LOOK).trajectory
    checkpoint = Checkpoint(tmp_path / "c", {})
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            run_loop(kill(toy.build(), stop), toy.STEPS, LOOK, checkpoint, checkpoint_every=5)
    resumed = toy.build()
    result = run_loop(resumed, toy.STEPS, LOOK, checkpoint, checkpoint_every=5)
    assert result.sessions > 1
    assert str(result.trajectory) == str(reference)
    expected = everything(whole)
    for name, value in everything(resumed).items():
        same = torch.equal(value, expected[name]) if isinstance(value, torch.Tensor) else value == expected[name]
        assert same, name
    assert "/state/threshold" in expected


def test_it_learns_and_its_state_and_readings_move():
    trainer = toy.build()
    columns = run_loop(trainer, toy.STEPS, LOOK).trajectory
    assert columns["test_accuracy"][-1] > 0.6 > columns["test_accuracy"][0]
    assert float(trainer.state["threshold"]) > 1 / toy.CLASSES
    assert {"train_loss", "train_supervised", "train_kept"} <= set(columns)


def test_a_step_equals_the_step_written_out():
    """Two streams and two views in one batch, SGD of Nesterov's form, decay of weights alone, average by copy."""
    trainer, twin = toy.build(), toy.build()
    network = twin.learners["main"].network
    batch = {name: source.batch(0) for name, source in twin.sources.items()}
    trainer.train_step(0)

    batch["time"] = {"progress": torch.tensor(0.0)}
    network.train()
    step = toy.fixmatch(twin.learners["main"], batch, twin.state)
    step.loss.backward()
    with torch.no_grad():
        for parameter in network.parameters():
            gradient = parameter.grad + (1e-3 * parameter if parameter.ndim > 1 else 0)
            parameter -= 0.1 * 1.9 * gradient
    learner = trainer.learners["main"]
    for found, averaged, expected in zip(
        learner.network.parameters(), learner.evaluated.parameters(), network.parameters(), strict=True
    ):
        torch.testing.assert_close(found, expected)
        assert torch.equal(averaged, found)
    torch.testing.assert_close(trainer.state["threshold"], step.state["threshold"])
    torch.testing.assert_close(trainer.running["loss"], step.loss.detach())


def test_running_means_have_the_memory_they_say():
    values = iter([1.0, 2.0, 5.0])

    def loss(learner, batch, state):
        value = next(values)
        return Step(learner.network(batch["labelled"]["weak"]).sum() * 0 + value)

    trainer = toy.build(loss=loss)
    for step in range(3):
        trainer.train_step(step)
    assert float(trainer.running["loss"]) == pytest.approx((1.0 * 0.9 + 2.0 * 0.1) * 0.9 + 5.0 * 0.1)


def test_two_learners_and_the_teacher_of_one_is_the_other(tmp_path):
    """An update that descends twice, as a student that learns from a teacher that learns from it."""

    def build():
        student, teacher = toy.build(seed=0), toy.build(seed=1)

        def update(learners, batch, state):
            images, labels = batch["labelled"]["weak"], batch["labelled"]["label"]
            guess = learners["teacher"].network(batch["unlabelled"]["weak"]).detach().softmax(1)
            of_student = functional.cross_entropy(learners["student"].network(batch["unlabelled"]["weak"]), guess)
            learners["student"].descend(of_student)
            of_teacher = functional.cross_entropy(learners["teacher"].network(images), labels)
            learners["teacher"].descend(of_teacher)
            return Step(of_student, {"teacher": of_teacher}, {"count": state["count"] + 1})

        learners = {"student": student.learners["main"], "teacher": teacher.learners["main"]}
        return Trainer(learners, student.sources, update, steps=8, state={"count": torch.zeros(())})

    whole = build()
    for step in range(8):
        whole.train_step(step)
    assert float(whole.state["count"]) == 8
    checkpoint = Checkpoint(tmp_path / "c", {})
    first, second = build(), build()
    for step in range(5):
        first.train_step(step)
    checkpoint.save(first.state_dict())
    second.load_state_dict(checkpoint.load())
    for step in range(5, 8):
        second.train_step(step)
    found = everything(second)
    tensors = {name: value for name, value in everything(whole).items() if isinstance(value, torch.Tensor)}
    assert all(torch.equal(found[name], value) for name, value in tensors.items())


def test_divergence_is_one_line_that_names_step_and_loss():
    def loss(learner, batch, state):
        return Step(learner.network(batch["labelled"]["weak"]).sum() * torch.nan)

    trainer = toy.build(loss=loss)
    trainer.train_step(0)
    with pytest.raises(InterplayError, match="step 1: training has diverged, train_loss is nan"):
        trainer.observe(1)

    def unsolvable(learner, batch, state):
        return Step(torch.linalg.cholesky(-torch.eye(2)).sum())

    trainer = toy.build(loss=unsolvable)
    with pytest.raises(InterplayError, match="step 0: training has diverged, in its first step"):
        trainer.train_step(0)


def test_what_a_device_does_not_have_is_not_asked_of_it():
    wanted = Compute("bf16", capture="cuda_graph")
    trainer = toy.build(compute=wanted)
    assert trainer.compute == Compute("fp32", capture="none")
    plain = toy.build()
    for step in range(2):
        trainer.train_step(step)
        plain.train_step(step)
    assert torch.equal(trainer.learners["main"].network.head.weight, plain.learners["main"].network.head.weight)


def test_an_average_follows_its_formula_and_a_network_without_one_is_read_itself():
    trainer = toy.build()
    learner = trainer.learners["main"]
    expected = None
    for step in range(3):
        trainer.train_step(step)
        present = [parameter.detach().clone() for parameter in learner.network.parameters()]
        if expected is None:
            expected = present
        else:
            expected = [0.9 * old + 0.1 * new for old, new in zip(expected, present, strict=True)]
    for found, value in zip(learner.evaluated.parameters(), expected, strict=True):
        torch.testing.assert_close(found, value)
    for found, value in zip(learner.evaluated.buffers(), learner.network.buffers(), strict=True):
        assert torch.equal(found, value)  # of norms: copied, not averaged
    alone = Learner(learner.network, learner.optimizer, lambda step: 0.1)
    assert alone.evaluated is alone.network
