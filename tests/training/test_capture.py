"""Captured steps: on CUDA they equal uncaptured ones and never wait for the device; elsewhere they degrade."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from interplay.data.images import Images
from interplay.information.spectral import resolvent_entropies
from interplay.protocols.setup import load_setup
from interplay.training import Checkpoint, Compute, build_network, run_loop
from interplay.training.capture import WARM_UP, StepRunner
from interplay.training.supervised import SupervisedTask

spec = importlib.util.spec_from_file_location("toy", Path(__file__).with_name("toy.py"))
toy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toy)

CPU = torch.device("cpu")
OBJECTIVES = ["plain", "max_mi", "min_hd"]


def gpu(test):
    skip = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    return pytest.mark.gpu(skip(test))


@pytest.fixture
def exactly():
    """Single precision in convolutions, so that rounding is all that differs."""
    Compute().apply()
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def task(config):
    """Builds supervised training of WRN-10-1 in colour, on random images, with everything that the protocol can ask."""

    def build(objective="plain", compute=None, device="cuda"):
        protocol = load_setup(config, "smoke").protocols["supervised"]
        crops = protocol.augmentation.model_copy(update={"crop_padding": 2})
        protocol = protocol.model_copy(update={"augmentation": crops, "iterations": 40})
        draw = torch.Generator().manual_seed(0)
        labels = torch.arange(200) % 10
        images = torch.randn(200, 3, 16, 16, generator=draw) + labels.view(-1, 1, 1, 1) / 5
        train = Images(images.to(device), labels.to(device), 10)
        network = build_network(protocol, "cifar10", in_channels=3, num_classes=10, seed=0)
        return SupervisedTask(
            protocol,
            network,
            train,
            train,
            held_out_name="test",
            objective=objective,
            weight=0.1,
            flip=True,
            seed=0,
            compute=compute,
        )

    return build


def weights(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.learner.evaluated.parameters()])


@gpu
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_twenty_captured_steps_equal_uncaptured_ones(task, exactly, objective):
    plain, captured = task(objective), task(objective, Compute(capture="cuda_graph"))
    for step in range(20):
        plain.train_step(step)
        captured.train_step(step)
    assert captured._run.captured, "the step was not captured"
    torch.testing.assert_close(weights(captured), weights(plain), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(captured.running["loss"], plain.running["loss"], rtol=1e-4, atol=1e-5)
    buffers = (dict(trainer.learner.network.named_buffers()) for trainer in (plain, captured))
    for (name, one), two in zip(next(buffers).items(), next(buffers).values(), strict=True):
        torch.testing.assert_close(two, one, rtol=1e-3, atol=1e-4, msg=name)


@gpu
@pytest.mark.parametrize("capture", ["none", "cuda_graph"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_step_waits_for_the_device(task, exactly, objective, capture):
    trainer = task(objective, Compute(capture=capture))
    for step in range(5):  # kernels are chosen, the graph is recorded
        trainer.train_step(step)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for step in range(5, 12):  # more than an epoch
            trainer.train_step(step)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@gpu
def test_the_small_method_is_captured_with_streams_draws_and_state(exactly):
    plain, captured = toy.build("cuda"), toy.build("cuda", Compute(capture="cuda_graph"))
    for step in range(20):
        plain.train_step(step)
        captured.train_step(step)
    assert captured._run.captured
    torch.testing.assert_close(captured.state["threshold"], plain.state["threshold"], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(captured.running["loss"], plain.running["loss"], rtol=1e-3, atol=1e-4)


@gpu
def test_a_captured_run_resumes_where_it_was(task, exactly, tmp_path):
    compute = Compute(capture="cuda_graph")
    whole = task(compute=compute)
    run_loop(whole, 20, [])
    checkpoint = Checkpoint(tmp_path / "c", {})
    run_loop(task(compute=compute), 15, [], checkpoint, checkpoint_every=10)
    resumed = task(compute=compute)
    assert run_loop(resumed, 20, [], checkpoint, checkpoint_every=10).sessions == 2
    torch.testing.assert_close(weights(resumed), weights(whole), rtol=1e-3, atol=1e-5)


@gpu
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_cpu_and_gpu_take_the_same_first_steps(task, exactly, objective, monkeypatch):
    """With the crops of one generator: those of a CUDA generator are others."""
    monkeypatch.setattr("interplay.training.supervised.flip_and_crop", lambda images, *_, **__: images)
    ours, theirs = task(objective), task(objective, device="cpu")
    for step in range(3):
        ours.train_step(step)
        theirs.train_step(step)
    torch.testing.assert_close(weights(ours).cpu(), weights(theirs), rtol=1e-2, atol=1e-3)


@gpu
@pytest.mark.parametrize("precision", ["tf32", "bf16"])
@pytest.mark.parametrize("capture", ["none", "cuda_graph"])
def test_lower_precision_stays_near(task, exactly, precision, capture):
    reference, lower = task("max_mi"), task("max_mi", Compute(precision, capture=capture))
    for step in range(8):
        reference.train_step(step)
    Compute(precision).apply()
    for step in range(8):
        lower.train_step(step)
    assert lower._run.captured is (capture == "cuda_graph")
    assert all(p.dtype == torch.float32 for p in lower.learner.network.parameters())
    torch.testing.assert_close(lower.running["loss"], reference.running["loss"], rtol=0.05, atol=0.02)


@gpu
@pytest.mark.slow
def test_a_compiled_network_takes_the_same_steps(task, exactly):
    said = []
    plain, compiled = task(), task(compute=Compute(capture="compile"))
    compiled._run._say = said.append
    for step in range(6):
        plain.train_step(step)
        compiled.train_step(step)
    torch.testing.assert_close(weights(compiled), weights(plain), rtol=1e-2, atol=1e-3)
    assert compiled._run.capture == "compile" or "does not run compiled" in said[0]
    assert set(compiled.learner.network.state_dict()) == set(plain.learner.network.state_dict())


@gpu
def test_a_step_that_asks_the_device_is_not_captured_and_says_why(exactly):
    said = []

    def asking(learner, batch, state):
        step = toy.fixmatch(learner, batch, state)
        assert float(step.loss) < 1e9  # reads back
        return step

    trainer = toy.build("cuda", Compute(capture="cuda_graph"), loss=asking, say=said.append)
    plain = toy.build("cuda", loss=asking)
    for step in range(8):
        trainer.train_step(step)
        plain.train_step(step)
    assert len(said) == 1 and "does not run as a CUDA graph" in said[0]
    assert not trainer._run.captured
    torch.testing.assert_close(trainer.running["loss"], plain.running["loss"], rtol=1e-3, atol=1e-4)


def test_a_network_that_cannot_be_compiled_runs_as_it_is():
    said, done = [], []
    network = toy.Net()

    def body(batch):
        done.append(network.features(batch["x"]["y"]))

    runner = StepRunner(body, Compute(), CPU, [network], said.append)

    def broken(images):
        raise RuntimeError("no compiler\nin a long story")

    runner.capture, runner._compiled, network.features = "compile", [network], broken
    images = torch.zeros(2, 2, 4, 4)
    for _ in range(2):
        runner({"x": {"y": images}})
    assert torch.equal(done[0], toy.Net.features(network, images)) and len(done) == 2
    assert said == ["training: the step does not run compiled (no compiler); it runs as it is, with the same results"]


def test_on_the_cpu_nothing_is_captured(task):
    plain, asked = task(device="cpu"), task(device="cpu", compute=Compute("tf32", capture="cuda_graph"))
    for step in range(2):
        plain.train_step(step)
        asked.train_step(step)
    assert not asked._run.captured
    assert torch.equal(weights(asked), weights(plain))


class NothingReadBack(TorchDispatchMode):
    """Fails where an operation would make the host wait for a CUDA device, or could not be captured."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.__name__
        assert not any(word in name for word in ("_local_scalar_dense", "nonzero", "linalg_eigh", "masked_select")), (
            name
        )
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_operation_of_a_step_reads_a_value_back(task, objective, monkeypatch):
    """By the way that entropies take on CUDA."""
    monkeypatch.setattr("interplay.objectives.interplay.unit_trace_entropies", resolvent_entropies)
    trainer, small = task(objective, device="cpu"), toy.build()
    trainer.train_step(0)
    small.train_step(0)
    with NothingReadBack():
        for step in range(1, 5):  # more than an epoch
            trainer.train_step(step)
            small.train_step(step)
    with pytest.raises(AssertionError, match="_local_scalar_dense"), NothingReadBack():
        float(trainer.running["loss"])


def test_a_replay_computes_on_copies_of_the_batch():
    seen = []

    class Graph:
        def replay(self):
            seen.append(runner._inputs["x"]["y"].clone())

    runner = StepRunner(lambda batch: None, Compute(), CPU, [], print)
    runner.capture, runner._graph, runner._done = "cuda_graph", Graph(), WARM_UP
    runner._inputs = {"x": {"y": torch.zeros(3), "index": torch.zeros(3, dtype=torch.long)}}
    for number in (1.0, 2.0):
        runner({"x": {"y": torch.full((3,), number), "index": torch.arange(3)}})
    assert [values.tolist() for values in seen] == [[1.0] * 3, [2.0] * 3]
    assert runner._inputs["x"]["index"].tolist() == [0, 1, 2]
