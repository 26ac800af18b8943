from functools import partial
from math import isnan, log2, prod

import numpy as np
import pytest

from interplay.collapse.v_information import Interim
from interplay.errors import InterplayError
from interplay.protocols.sourced import read_yaml
from interplay.training import Checkpoint


def columns_of(record):
    """Trajectory without the seconds, which no two runs share."""
    return {name: values for name, values in record.trajectory.items() if not name.startswith("seconds_")}


@pytest.mark.parametrize("network", ["f_plus", "f_minus"])
def test_geometry_reads_every_layer_after_every_epoch(small, do, network):
    record = do(small(), f"cifar10/{network}/seed0")[f"cifar10/{network}/seed0"]
    columns = record.trajectory
    assert columns["step"] == [0, 1, 2, 3]
    for layer in (1, 2, 3):
        for name in ("collapse_train", "collapse_test", "collapse_train_drifting"):
            values = columns[f"{name}_l{layer}"]
            assert all(value > 0 for value in values[1:])
            assert isnan(values[0]) == name.endswith("drifting")
        drift = np.array(columns[f"collapse_train_drifting_l{layer}"][1:])
        assert (np.abs(drift / np.array(columns[f"collapse_train_l{layer}"][1:]) - 1) > 1e-4).all()
    assert isnan(columns["train_loss"][0]) and columns["train_loss"][3] < columns["train_loss"][1]
    assert not any("sufficiency" in name for name in columns)
    phases = [name for name in columns if name.startswith("seconds_")]
    assert phases == ["seconds_gradient_steps", "seconds_train_pass", "seconds_test_pass"]
    assert columns["seconds_gradient_steps"][0] == 0 < columns["seconds_gradient_steps"][1]
    assert record.metrics["epochs"] == 3
    assert record.metrics["test_accuracy"] == columns["test_accuracy"][3]
    assert record.settings["num_classes"] == 10
    assert record.dataset_used == "glyphs10" and set(record.provenance.data) == {"glyphs10/train", "glyphs10/test"}
    assert record.tables["operations"][0]["operation"] == "input"


def test_information_comes_on_top_of_the_same_training(small, do):
    setup = small()
    found = do(setup, "cifar10/f_plus/*seed0")
    geometry, information = found["cifar10/f_plus/seed0"], found["cifar10/f_plus/information/seed0"]
    for name, values in columns_of(geometry).items():
        assert information.trajectory[name] == pytest.approx(values, nan_ok=True, rel=0, abs=0)
    columns = information.trajectory
    most = {"sufficiency": log2(10), "minimality": log2(10), "minimality_given_label": log2(10)}
    for measure, bits in most.items():
        for split in ("train", "test"):
            for layer in range(4):
                for suffix in ("", "_frozen"):
                    values = columns[f"{measure}_{split}_l{layer}{suffix}"]
                    assert [isnan(value) for value in values] == [
                        False,
                        True,
                        False,
                        False,
                    ]  # every second, and the last
                    assert all(value <= bits for value in values if not isnan(value))
    assert len(set(columns["sufficiency_train_l0"]) - {columns["sufficiency_train_l0"][1]}) == 1  # read once
    assert len(set(columns["sufficiency_train_l1"])) == 4
    assert columns["seconds_sufficiency_and_minimality"][2] > 0
    assert information.metrics["minimality_test_l3"] == columns["minimality_test_l3"][3]


@pytest.mark.each_device
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(small, do, same):
    setup, name = small(), "cifar10/f_plus/information/seed0"
    whole = do(setup, name, results="whole")[name]

    def interrupt(line):
        if "step 2:" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do(setup, name, say=interrupt)
    resumed = do(setup, name)[name]
    assert resumed.provenance.sessions == 2
    assert same(columns_of(resumed), columns_of(whole))


def test_a_reading_that_outlasts_every_session_is_finished_in_the_end(small, do, tmp_path, monkeypatch):
    """Each session is killed after it has kept five states of decoders: a reading has about twice as many."""
    monkeypatch.setattr("interplay.experiments.compression.one_run.Interim", partial(Interim, seconds=0))
    monkeypatch.setattr("interplay.collapse.v_information.interim.MOST_OF_THE_TIME", 0)
    setup, name = small(), "cifar10/f_plus/information/seed0"
    whole = do(setup, name, results="whole")[name]
    save, kept = Checkpoint.save, []

    def killed(self, state):
        save(self, state)
        if self.path.suffix == ".readings":
            kept.append(state)
            if len(kept) % 5 == 0:
                raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", killed)
    resumed = None
    while resumed is None:
        try:
            resumed = do(setup, name)[name]
        except KeyboardInterrupt:
            assert len(kept) < 100, "no session gets any further than the one before"
    assert len(kept) >= 8 * 5
    for column, values in columns_of(whole).items():
        assert np.array_equal(resumed.trajectory[column], values, equal_nan=True), column
    assert not list((tmp_path / "results/checkpoints").rglob("*.*")), "checkpoints are left behind"


def test_training_ends_at_the_loss_and_reads_the_last_epoch(small, do):
    setup = small(epochs=30, stop_at_loss=1.9, information={"every": 50})
    record = do(setup, "cifar10/f_plus/information/seed0")["cifar10/f_plus/information/seed0"]
    losses = record.trajectory["train_loss"]
    assert losses[-1] <= 1.9 < min(losses[1:-1])
    assert record.metrics["epochs"] == len(losses) - 1 < 30
    assert record.metrics["reached_stop_at_loss"] == 1
    assert not isnan(record.trajectory["sufficiency_train_l3"][-1])


def test_random_labels_are_learnt_by_heart(small, do):
    setup = small(random_labels={"epochs": 60}, networks={"f_plus": {"channels": [8, 16, 32]}}, batch_size=15)
    name = "cifar10/f_plus/random_labels/seed0"
    record = do(setup, name)[name]
    assert record.metrics["train_accuracy_frozen"] > 0.95
    assert record.metrics["test_accuracy"] < 0.25  # chance is a tenth
    assert record.settings["train_samples"] == 60


def test_architectures_are_the_published_ones_whatever_is_run(small, do, config):
    found = do(small(datasets=["cifar10", "fashion-mnist"]), "architecture")
    rows = read_yaml(config / "published/compression25/table3.2.yaml")["rows"]
    names = {"cifar10": "CIFAR-10", "fashion-mnist": "Fashion-MNIST", "f_plus": "f+", "f_minus": "f-"}
    assert len(found) == len(rows) == 4
    for run, record in found.items():
        dataset, network, _ = run.split("/")
        printed = rows[f"{names[network]} on {names[dataset]}"].split()
        dimensions = [prod(map(int, cell.split("x"))) for cell in printed]
        assert [record.metrics[f"dimension_l{layer}"] for layer in (1, 2, 3)] == dimensions
        assert record.dataset_used is None and record.provenance.data == {}


def test_the_toy_shows_three_classes_in_three_dimensions(small, do):
    record = next(iter(do(small(), "*/toy").values()))
    rows = record.tables["collapse_3d"]
    for state in ("start", "end"):
        kinds = [row["kind"] for row in rows if row["state"] == state]
        assert {kind: kinds.count(kind) for kind in kinds} == {"sample": 12, "class_mean": 3, "weight": 3}
    assert {row["label"] for row in rows} == {0, 1, 2}
    assert record.settings["num_classes"] == 3
    assert record.trajectory["step"] == [0, 2]


def test_the_public_code_differs_from_the_text_in_all_that_it_does(small, do):
    setup = small(
        variants_run=["public_code"],
        variants={"public_code": {"epochs": 3}},
        stop_at_loss=3.0,
        networks={"f_plus": {"channels": [4, 8, 12]}},
    )
    found = do(setup, "cifar10/f_plus/*seed0")
    plain, variant = found["cifar10/f_plus/seed0"], found["cifar10/f_plus/public_code/seed0"]
    assert plain.metrics["epochs"] == 1  # its loss was low enough at once
    assert variant.metrics["epochs"] == 3  # no end at a loss
    assert variant.metrics["test_loss"] != plain.metrics["test_loss"]
    assert "sufficiency_train_l0" in found["cifar10/f_plus/public_code/information/seed0"].trajectory


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"train_per_class": 1001}, "train_per_class: glyphs10: cannot take 1001 samples of each class"),
        ({"batch_size": 119}, "119 leaves one of 120 train images alone in its batch"),
        ({"information": {"per_class": 13}}, "cannot take 13 samples of each class; the smallest has 12"),
        ({"information": {"per_class": 11, "batch_size": 100}}, "choose another batch size"),
    ],
)
def test_wrong_sizes_are_one_clear_line(small, do, wrong, words):
    with pytest.raises(InterplayError, match=words) as caught:
        do(small(**wrong), "cifar10/f_plus/information/seed0")
    assert "\n" not in str(caught.value)
