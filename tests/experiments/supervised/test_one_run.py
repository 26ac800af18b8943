import copy
from dataclasses import replace

import pytest
import torch

from interplay.data import images as images_module
from interplay.data.images import load_splits
from interplay.errors import InterplayError
from interplay.evidence import Published
from interplay.evidence.judges import judge_test
from interplay.experiments.supervised import one_run as one_run_module
from interplay.information import batch_information
from interplay.objectives import MutualInformationLoss
from interplay.protocols.claims import TrendTest
from interplay.training import EpochOrder, build_network, evaluate, stopping_metrics
from interplay.training.supervised import SupervisedTask

SMALL = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0],
    "iterations": 30,
    "image_pooling": 1,
    "sweep": {"max_mi": [0.01, 0.1], "min_hd": [0.01, 0.1], "seeds": [0], "iterations": 5},
    "variants": {"seeds": [0]},
    "children": {"seeds": [0]},
    "trajectory": {"points": 4, "information_sample": 128, "final_sample": 200, "batch_size": 64},
    "checkpoint_every": 10,
}


@pytest.fixture
def tiny(small_setup):
    return small_setup("supervised", **SMALL)


@pytest.mark.each_device
def test_killed_and_resumed_gives_bit_identical_metrics_and_weights(tiny, do, same, device, tmp_path, monkeypatch):
    whole = do(tiny, "supervised", "cifar10/plain/seed0", tmp_path / "whole")[0]
    step = SupervisedTask.train_step

    def killed(self, number):
        if number == 17:
            raise KeyboardInterrupt
        step(self, number)

    monkeypatch.setattr(SupervisedTask, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        do(tiny, "supervised", "cifar10/plain/seed0", tmp_path / "cut")
    monkeypatch.undo()
    resumed = do(tiny, "supervised", "cifar10/plain/seed0", tmp_path / "cut")[0]
    assert resumed.provenance.sessions == 2
    assert same(resumed.trajectory, whole.trajectory)
    assert same(resumed.metrics, whole.metrics)
    weights = [tmp_path / name / "models/supervised/cifar10/plain/seed0.safetensors" for name in ("whole", "cut")]
    if device.type == "cpu":
        assert weights[0].read_bytes() == weights[1].read_bytes()


def test_finished_runs_of_an_interrupted_job_are_not_run_again(small_setup, do, tmp_path, monkeypatch):
    setup = small_setup("supervised", **(SMALL | {"seeds": [0, 1]}))
    started = []
    build = one_run_module.build_network

    def counted(*arguments, seed, **shape):
        started.append(seed)
        if len(started) == 2:
            raise KeyboardInterrupt
        return build(*arguments, seed=seed, **shape)

    monkeypatch.setattr(one_run_module, "build_network", counted)
    with pytest.raises(KeyboardInterrupt):
        do(setup, "supervised", "cifar10/plain/*")
    for path in (tmp_path / "results" / "records").rglob("*.json"):
        path.unlink()  # as the workflow does with the outputs of a failed job
    records = do(setup, "supervised", "cifar10/plain/*")
    assert [record.seed for record in records] == [0, 1]
    assert started == [0, 1, 1]


def test_objectives_start_from_equal_weights_and_differ_by_their_term_only(tiny, tmp_path):
    protocol = tiny.protocols["supervised"]
    splits = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1)

    def build(objective, weight):
        model = build_network(protocol, "cifar10", in_channels=1, num_classes=10, seed=0)
        return SupervisedTask(
            protocol,
            model,
            splits.train,
            splits.held_out,
            held_out_name="test",
            objective=objective,
            weight=weight,
            flip=False,
            seed=0,
        )

    tasks = {name: build(name, weight) for name, weight in (("plain", 0.0), ("max_mi", 0.0), ("min_hd", 0.0))}
    for task in tasks.values():
        for step in range(3):
            task.train_step(step)
    reference = tasks["plain"].model.state_dict()
    for name in ("max_mi", "min_hd"):  # with weight 0 the term changes nothing
        for key, value in tasks[name].model.state_dict().items():
            torch.testing.assert_close(value, reference[key], rtol=1e-5, atol=1e-6)

    plain, informed = build("plain", 0.0), build("max_mi", 10.0)
    for step in range(20):
        plain.train_step(step)
        informed.train_step(step)
    measure = MutualInformationLoss()
    information = []
    for task in (plain, informed):
        task.model.eval()
        with torch.no_grad():
            features = task.model.features(splits.train.images[:64])
            information.append(-float(measure(features, task.model.head.weight[splits.train.labels[:64]])))
    assert information[1] > information[0]


def test_the_sweep_never_reads_the_test_set(tiny, do):
    record = do(tiny, "supervised", "cifar10/sweep/max_mi-0.1/seed0")[0]
    assert set(record.provenance.data) == {"digits/train"}
    assert "validation_accuracy" in record.metrics
    assert not any("test" in name for name in (*record.metrics, *record.trajectory))
    assert record.trajectory["step"] == [5.0]


def test_a_final_run_takes_the_weight_that_the_sweep_chose(tiny, do):
    with pytest.raises(InterplayError, match="run supervised/cifar10/sweep"):
        do(tiny, "supervised", "cifar10/min_hd/seed0")
    sweep = do(tiny, "supervised", "cifar10/sweep/min_hd-*")
    record = do(tiny, "supervised", "cifar10/min_hd/seed0")[0]
    best = max(sweep, key=lambda r: (r.metrics["validation_accuracy"], -r.settings["weight"]))
    assert record.settings["weight"] == best.settings["weight"]
    assert (record.settings["num_features"], record.settings["num_classes"]) == (64, 10)  # of a network of width 1
    assert [row["weight"] for row in record.tables["sweep"]] == [0.01, 0.1]


def test_train_and_validation_share_no_image(tmp_path):
    splits = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1, validation_fraction=0.2)
    whole = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1)
    assert len(splits.train.labels) + len(splits.held_out.labels) == len(whole.train.labels)
    assert len(splits.held_out.labels) == pytest.approx(0.2 * len(whole.train.labels), abs=10)


@pytest.mark.slow
def test_shuffled_labels_flip_the_trend(small_setup, do, monkeypatch):
    """The published trend of MIR holds on digits; with the labels of train and test shuffled it must flip.

    HDR is left out: it falls under shuffled labels too, because it compares two entropies and no pairing.
    """
    runs = "supervised/cifar10/plain/*"
    test = TrendTest(kind="trend", runs=runs, series="mir", direction="rising")
    longer = {"iterations": 150, "trajectory": {"points": 10, "information_sample": 256, "final_sample": 200}}
    setup = small_setup("supervised", **(SMALL | longer))
    real = do(setup, "supervised", "cifar10/plain/seed0")
    assert real[0].metrics["test_accuracy"] > 0.8

    load = images_module.load

    def shuffled(*arguments):
        data = load(*arguments)
        order = torch.randperm(len(data.labels), generator=torch.Generator().manual_seed(0))
        return replace(data, labels=data.labels[order])

    monkeypatch.setattr(images_module, "load", shuffled)
    broken = do(setup, "supervised", "cifar10/plain/seed0", None)
    assert broken[0].metrics["test_accuracy"] < 0.3
    nothing = Published(tables={}, statements={})
    assert judge_test(test, real, nothing).ruling == "holds"
    assert judge_test(test, broken, nothing).ruling != "holds"


@pytest.fixture
def build(tiny, tmp_path):
    """Builds the task of a variant on digits; `augmentation` crops as the published protocol does."""
    splits = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1)

    def make(*, augmentation=False, **differences):
        protocol = tiny.protocols["supervised"]
        if augmentation:
            changed = protocol.augmentation.model_copy(update={"crop_padding": 2})
            protocol = protocol.model_copy(update={"augmentation": changed})
        return SupervisedTask(
            protocol,
            build_network(protocol, "cifar10", in_channels=1, num_classes=10, seed=0),
            splits.train,
            splits.held_out.sample(128),
            held_out_name="test",
            objective="plain",
            weight=0.0,
            flip=False,
            seed=0,
            **differences,
        )

    return make


@pytest.mark.parametrize(("temperature", "smoothing"), [(1.0, 0.0), (3.0, 0.0), (0.5, 0.0), (1.0, 0.1), (1.0, 0.4)])
def test_one_step_equals_a_step_written_out(build, temperature, smoothing):
    """Softmax of logits / T (metrics24 V-B), smoothed targets (1 - e) y + e / C (interplay24 5.3), Nesterov."""
    task = build(temperature=temperature, label_smoothing=smoothing)
    model = copy.deepcopy(task.model)
    chosen = task.order(0)
    images, labels = task.train.images[chosen], task.train.labels[chosen]
    task.train_step(0)

    logits = model.train()(images)
    exponentials = (logits / temperature).exp()
    probabilities = exponentials / exponentials.sum(1, keepdim=True)
    targets = (1 - smoothing) * torch.eye(10)[labels] + smoothing / 10
    loss = -(targets * probabilities.log()).sum(1).mean()
    loss.backward()
    settings = task.protocol.optimizer
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is None:  # of a norm that the reference network never uses
                continue
            decay = settings.weight_decay if parameter.ndim > 1 else 0.0
            gradient = parameter.grad + decay * parameter
            parameter -= (
                settings.learning_rate * (1 + settings.momentum) * gradient
            )  # momentum starts with the gradient
    assert float(task.running["loss"]) == pytest.approx(loss.item(), rel=1e-5)
    for (name, found), expected in zip(task.model.named_parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=2e-6, msg=name)


def test_the_temperature_counts_in_what_is_observed(build):
    task = build(temperature=4.0)
    readings = task.observe(0)
    _, logits = evaluate(task.network, task.held_out.images)
    expected = torch.nn.functional.cross_entropy(logits / 4, task.held_out.labels)
    assert readings["test_loss"] == pytest.approx(float(expected), rel=1e-5)
    assert readings["test_loss"] != pytest.approx(build().observe(0)["test_loss"], rel=1e-3)
    assert readings["test_accuracy"] == build().observe(0)["test_accuracy"]


def test_the_second_child_starts_alike_and_sees_other_batches_and_other_crops(build, monkeypatch):
    first, second = build(child="a", augmentation=True), build(child="b", augmentation=True)
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], tensor)
    assert not torch.equal(first.order(0), second.order(0))
    epoch = len(first.train.labels) // first.protocol.batch_size
    for task in (first, second):  # each sees every image at most once in an epoch
        assert len(torch.cat([task.order(step) for step in range(epoch)]).unique()) == epoch * 64

    seen = []
    monkeypatch.setattr(EpochOrder, "__call__", lambda self, step: torch.arange(64))
    for task in (first, second, build(child="a", augmentation=True)):
        features = task.model.features
        monkeypatch.setattr(task.model, "features", lambda images, f=features: seen.append(images) or f(images))
        task.train_step(0)
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[1])


def test_variants_and_children_are_trained_as_their_names_say(small_setup, do, monkeypatch):
    """What each run hands to its task: temperature, smoothing, rate, and the children's common beginning."""
    variants = {"temperatures": [3], "label_smoothing": [0.4], "seeds": [0]}
    children = {"learning_rates": {"cifar10": [0.1, 0.01], "cifar100": []}, "seeds": [0]}
    setup = small_setup("supervised", **(SMALL | {"iterations": 4, "variants": variants, "children": children}))
    begun = {}
    step = SupervisedTask.train_step

    def noted(self, number):
        if number == 0:
            weights = torch.cat([parameter.detach().flatten() for parameter in self.model.parameters()])
            loss = self.update.loss
            begun[current] = (weights, self.order(0).clone(), loss.temperature, loss.label_smoothing)
        step(self, number)
        if number == 0:
            begun[current] += tuple({group["lr"] for group in self.learner.optimizer.param_groups})

    monkeypatch.setattr(SupervisedTask, "train_step", noted)
    names = ("plain", "temperature-3", "smoothing-0.4", "child-lr0.1-b", "child-lr0.01-a", "child-lr0.01-b")
    records = {}
    for current in names:
        (records[current],) = do(setup, "supervised", f"cifar10/{current}/seed0")
    weights, batch = begun["plain"][:2]
    for name in names:
        assert torch.equal(begun[name][0], weights)  # one initialisation for all
        assert torch.equal(begun[name][1], batch) == (not name.endswith("-b"))
    assert torch.equal(begun["child-lr0.1-b"][1], begun["child-lr0.01-b"][1])
    assert {name: noticed[2:] for name, noticed in begun.items()} == {
        "plain": (1.0, 0.0, 0.1),
        "temperature-3": (3.0, 0.0, 0.1),
        "smoothing-0.4": (1.0, 0.4, 0.1),
        "child-lr0.1-b": (1.0, 0.0, 0.1),
        "child-lr0.01-a": (1.0, 0.0, 0.01),
        "child-lr0.01-b": (1.0, 0.0, 0.01),
    }
    losses = {name: record.trajectory["train_loss"][-1] for name, record in records.items()}
    assert len(set(losses.values())) == len(losses)
    assert records["child-lr0.01-b"].settings["learning_rate"] == 0.01
    assert records["plain"].protocol["optimizer"]["learning_rate"] == 0.1


class TestStoppingReadings:
    """Criteria see the first half of the images only, the accuracy they lead to the other half only."""

    @pytest.fixture
    def readings(self):
        draw = torch.Generator().manual_seed(0)
        labels = torch.arange(100) % 5
        head = torch.randn(5, 8, generator=draw)
        features = head[labels] + torch.randn(100, 8, generator=draw)

        def read(first=False, other=False):
            """With the features of one half, or of both, replaced by noise."""
            changed = features.clone()
            for half, spoilt in ((slice(0, 50), first), (slice(50, 100), other)):
                if spoilt:
                    changed[half] = torch.randn(50, 8, generator=torch.Generator().manual_seed(1))
            return stopping_metrics(changed, changed @ head.T, labels, head, 25)

        read.features, read.labels, read.head = features, labels, head
        return read

    def test_disjoint_halves(self, readings):
        criteria = ("stopping_loss", "stopping_mir", "stopping_hdr")
        plain, other, first = readings(), readings(other=True), readings(first=True)
        assert {name: other[name] for name in criteria} == {name: plain[name] for name in criteria}
        assert other["stopped_accuracy"] < plain["stopped_accuracy"]
        assert first["stopped_accuracy"] == plain["stopped_accuracy"]
        assert all(first[name] != plain[name] for name in criteria)

    def test_values_by_hand(self, readings):
        features, labels, head = readings.features, readings.labels, readings.head
        found, logits = readings(), features @ head.T
        chosen = logits[torch.arange(50), labels[:50]] - logits[:50].exp().sum(1).log()
        assert found["stopping_loss"] == pytest.approx(float(-chosen.mean()), rel=1e-5)
        assert found["stopped_accuracy"] == pytest.approx(float((logits[50:].argmax(1) == labels[50:]).float().mean()))
        batches = [batch_information(features[s], labels[s], head) for s in (slice(0, 25), slice(25, 50))]
        for name in ("mir", "hdr"):
            assert found[f"stopping_{name}"] == pytest.approx(sum(batch[name] for batch in batches) / 2)

    def test_every_run_logs_them(self, tiny, do):
        record = do(tiny, "supervised", "cifar10/plain/seed0")[0]
        columns = record.trajectory
        for name in ("stopping_loss", "stopping_mir", "stopping_hdr", "stopped_accuracy"):
            assert len(columns[name]) == len(columns["step"])
        assert columns["stopping_loss"][-1] < columns["stopping_loss"][0]
