from dataclasses import replace

import pytest
import torch

from interplay.errors import InterplayError
from interplay.evidence import Published
from interplay.evidence.judges import judge_test
from interplay.experiments.supervised import images as images_module
from interplay.experiments.supervised import task as task_module
from interplay.experiments.supervised.images import load_splits
from interplay.experiments.supervised.task import SupervisedTask, build_model
from interplay.objectives import MutualInformationLoss
from interplay.protocols.claims import CorrelationTest, TrendTest

SMALL = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0],
    "iterations": 30,
    "image_pooling": 1,
    "sweep": {"max_mi": [0.01, 0.1], "min_hd": [0.01, 0.1], "seeds": [0], "iterations": 5},
    "variants": {"seeds": [0]},
    "children": {"seeds": [0]},
    "trajectory": {"points": 4, "test_sample": 128, "final_sample": 200, "batch_size": 64},
    "checkpoint_every": 10,
}


@pytest.fixture
def tiny(small_setup):
    return small_setup("supervised", **SMALL)


def test_killed_and_resumed_gives_bit_identical_metrics_and_weights(tiny, do, tmp_path, monkeypatch):
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
    assert resumed.trajectory == whole.trajectory
    assert resumed.metrics == whole.metrics
    weights = [tmp_path / name / "models/supervised/cifar10/plain/seed0.safetensors" for name in ("whole", "cut")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_finished_runs_of_an_interrupted_job_are_not_run_again(small_setup, do, tmp_path, monkeypatch):
    setup = small_setup("supervised", **(SMALL | {"seeds": [0, 1]}))
    started = []
    build = task_module.build_model

    def counted(protocol, dataset, train, seed):
        started.append(seed)
        if len(started) == 2:
            raise KeyboardInterrupt
        return build(protocol, dataset, train, seed)

    monkeypatch.setattr("interplay.experiments.supervised.one_run.build_model", counted)
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
        model = build_model(protocol, "cifar10", splits.train, 0)
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
    assert [row["weight"] for row in record.tables["sweep"]] == [0.01, 0.1]


def test_train_and_validation_share_no_image(tmp_path):
    splits = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1, validation_fraction=0.2)
    whole = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1)
    assert len(splits.train.labels) + len(splits.held_out.labels) == len(whole.train.labels)
    assert len(splits.held_out.labels) == pytest.approx(0.2 * len(whole.train.labels), abs=10)


@pytest.mark.slow
def test_shuffled_labels_flip_the_trends(small_setup, do, monkeypatch):
    """The published trends hold on digits; with the labels of train and test shuffled their claims must flip.

    HDR is left out: it falls under shuffled labels too, because it compares two entropies and no pairing.
    """
    runs = "supervised/cifar10/plain/*"
    tests = [
        TrendTest(kind="trend", runs=runs, series="mir", direction="rising"),
        CorrelationTest(kind="correlation", runs=runs, first="mir_batch", second="test_accuracy", sign="positive"),
    ]
    longer = {"iterations": 150, "trajectory": {"points": 10, "test_sample": 256, "final_sample": 200}}
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
    verdicts = [[judge_test(test, records, nothing).ruling for test in tests] for records in (real, broken)]
    assert verdicts[0] == ["reproduced"] * 2
    assert "reproduced" not in verdicts[1]
