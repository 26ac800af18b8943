"""Semi-supervised runs from protocol to record, on digits."""

from __future__ import annotations

import json

import pytest

from interplay.data import semi_supervised as loading
from interplay.errors import InterplayError
from interplay.protocols.setup import load_setup

TINY = [
    "semi_supervised.by_dataset={stl10: {iterations: 6, trajectory: {points: 4}}}",
    "semi_supervised.sweep.iterations=3",
    "semi_supervised.architectures.stl10.depth=10",
    "semi_supervised.seeds=[0]",
]


@pytest.fixture(scope="module")
def tiny(config):
    return load_setup(config, "smoke", "offline", TINY)


def test_record_has_best_and_last_error_information_and_the_labelled_split(tiny, do, tmp_path):
    record = do(tiny, "semi_supervised", "stl10/40/freematch/seed0")[0]
    errors = record.trajectory["test_error"]
    assert record.metrics["best_test_error"] == min(errors)
    assert record.metrics["test_error"] == errors[-1] == pytest.approx(1 - record.metrics["test_accuracy"])
    for name in ("mir", "hdr", "mir_chance", "mask_rate", "pseudo_label_accuracy", "unlabelled_accuracy", "nc1"):
        assert name in record.metrics
    kept = json.loads((tmp_path / "results/no-data/splits/digits/40-seed0.json").read_text())
    assert record.provenance.data["digits/labelled-40-seed0"] == kept["hash"]
    assert record.settings["labelled_rule"] == "stratified" and record.settings["unlabelled_samples"] == 1442
    assert record.settings["labels"] == 40 and record.settings["method"] == "freematch"


def test_weights_are_chosen_on_validation_data_and_test_is_never_read_for_it(tiny, do, tmp_path, monkeypatch):
    load = loading.load

    def without_test(name, split, root):
        assert split != "test", "the sweep read the test split"
        return load(name, split, root)

    with monkeypatch.context() as patch:
        patch.setattr(loading, "load", without_test)
        swept = do(tiny, "semi_supervised", "stl10/sweep/*")
    assert {record.settings["split"] for record in swept} == {"validation"}
    assert not any("test" in name for record in swept for name in (*record.metrics, *record.provenance.data))

    final = do(tiny, "semi_supervised", "stl10/40/max_mi/seed0")[0]
    candidates = {row["weight"]: row["validation_accuracy"] for row in final.tables["sweep"]}
    assert set(candidates) == {0.01, 0.1}  # those of MAX MI; MIN HD has its own, FreeMatch none
    assert final.settings["weight"] == max(candidates, key=lambda weight: (candidates[weight], -weight))


def test_a_split_file_of_another_data_set_stops_the_run_before_it_trains(tiny, do, tmp_path):
    place = tmp_path / "results/no-data/splits/digits/40-seed0.json"
    do(tiny, "semi_supervised", "stl10/40/labelled_only/seed0")
    content = json.loads(place.read_text()) | {"dataset": "cifar10"}
    place.write_text(json.dumps(content))
    with pytest.raises(InterplayError, match=r"40-seed0\.json") as caught:
        do(tiny, "semi_supervised", "stl10/40/fixmatch/seed0")
    assert "\n" not in str(caught.value)
