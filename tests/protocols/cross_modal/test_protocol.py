"""The protocol of cross-modal fine-tuning: what is published, what is refused, and the runs that follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.cross_modal import EXPERIMENT, CrossModalProtocol, unfold
from interplay.protocols.cross_modal import runs as runs_module
from interplay.protocols.cross_modal.protocol import base_classes
from interplay.protocols.cross_modal.runs import draws
from interplay.protocols.datasets import dataset_info
from interplay.protocols.experiments import Given
from interplay.protocols.mappings import DataMapping, Substitute, WeightsSubstitute
from interplay.protocols.setup import load_published_protocol, load_setup
from interplay.protocols.sourced import lay_over, validate

SETS = 11


@pytest.fixture(scope="module")
def published(config):
    return load_published_protocol(config, "cross_modal")[0]


@pytest.fixture
def make(published):
    def changed(**overrides):
        return validate(CrossModalProtocol, lay_over(published, overrides), "file.yaml")

    return changed


@pytest.fixture(scope="module")
def given(published):
    names = ("clip-rn50-openai", "clip-vit-b16-openai")
    return Given(
        DataMapping(
            description="as published",
            datasets={name: Substitute(use=name) for name in published["datasets"]},
            weights={name: WeightsSubstitute(use=name) for name in names},
        ),
        {},
    )


def test_runs_are_those_of_the_figures(make, given):
    names = [run.name for run in unfold(make(), given)]
    assert len(names) == SETS * (2 + 5 * 3 + 3) == len(set(names))
    own = [name for name in names if "/dtd/" in name]
    assert own[:2] == ["zero_shot/dtd/rn50/seed0", "zero_shot/dtd/vit-b16/seed0"]
    assert "few_shot/dtd/shots16/seed3" in own and "base_to_new/dtd/seed1" in own


def test_features_are_read_from_the_run_of_their_network(make, given):
    runs = {run.name: run for run in unfold(make(), given)}
    assert runs["few_shot/dtd/shots4/seed2"].models == ("cross_modal/zero_shot/dtd/rn50/seed0",)
    assert runs["base_to_new/dtd/seed2"].models == ("cross_modal/zero_shot/dtd/vit-b16/seed0",)
    for run in runs.values():
        assert run.keeps_model == (run.settings.kind == "zero_shot") and len(run.weights) == 1
        assert all(runs[name.removeprefix("cross_modal/")].family == run.family for name in run.models)


def test_one_network_for_both_is_read_once_with_the_draws_of_both(make, given):
    protocol = make(
        few_shot={"shots": [1, 4], "seeds": [1, 2], "weights": "clip-vit-b16-openai"},
        base_to_new={"shots": 8, "seeds": [2, 3]},
    )
    zero = [run.name for run in unfold(protocol, given) if run.settings.kind == "zero_shot"]
    assert len(zero) == SETS
    assert draws(protocol, "clip-vit-b16-openai") == [(1, 4), (2, 8), (3, 8)]


def test_weights_are_those_of_the_data_set_and_the_shots(make):
    protocol = make()
    at = {shots: protocol.objectives("few_shot", "dtd", shots) for shots in (1, 16)}
    assert at[1]["coop"].term == "none" and at[1]["coop"].weight == 0
    assert {at[1][name].weight for name in ("vne", "cma_published", "cma_released")} == {0.4}
    assert at[16]["cma_released"].weight == 0.7 and at[16]["cma_released"].term == "cma_released"
    assert list(protocol.objectives("base_to_new", "food101", 16)) == ["cocoop", "vne", "cma_published", "cma_released"]


@pytest.mark.parametrize(
    ("kind", "dataset", "shots", "classes", "steps"),
    [
        ("few_shot", "eurosat", 1, 10, 50),  # ten images are one batch
        ("few_shot", "caltech101", 16, 100, 200 * 50),
        ("few_shot", "dtd", 2, 47, 100 * 2),  # the incomplete third batch is dropped
        ("few_shot", "imagenet", 16, 1000, 50 * 500),
        ("base_to_new", "dtd", 16, 24, 10 * 384),
    ],
)
def test_steps_are_those_of_the_public_code(make, kind, dataset, shots, classes, steps):
    assert make().steps(kind, dataset, shots, classes) == steps
    assert make(most_iterations=40).steps(kind, dataset, shots, classes) == 40


def test_the_middle_class_is_a_base_class():
    assert [base_classes(number) for number in (2, 37, 47, 100)] == [1, 19, 24, 50]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"few_shot": {"shots": [3]}}, "few_shot.epochs: none for 3 shots"),
        ({"few_shot": {"shots": [0]}}, "few_shot.shots.0: Input should be greater than 0"),
        ({"few_shot": {"shots": [4, 4]}}, "few_shot.shots: 4 is listed twice"),
        ({"few_shot": {"members": ["coop", "cma"]}}, "few_shot.members.1: Input should be 'coop', 'vne'"),
        ({"few_shot": {"members": ["cocoop"]}}, "few_shot.members.0"),
        ({"base_to_new": {"sweep": {"variants": ["printed"]}}}, "sweep.variants.0: Input should be 'published' or"),
        ({"base_to_new": {"sweep": {"weights": [0, 1.5]}}}, "weights.1: Input should be less than or equal to 1"),
        ({"cma_weights": {"dtd": {"4": -0.1}}}, "cma_weights.dtd.4: Input should be greater than or equal to 0"),
        ({"cma_weights": {"euro": {"4": 0.1}}}, "cma_weights: unknown data set 'euro'"),
        ({"few_shot": {"epochs_of": {"euro": 5}}}, "few_shot.epochs_of: unknown data set 'euro'"),
        ({"few_shot": {"shots": [3], "epochs": {"3": 5}}}, r"cma_weights.\S+: no weight for 3 shots, which few_shot"),
        ({"base_to_new": {"shots": 6}}, r"cma_weights.\S+: no weight for 6 shots, which base_to_new needs"),
        ({"datasets": ["eurosat", "euro"]}, "datasets: unknown data set 'euro'"),
        ({"crop_scale": [0.5, 0.2]}, "crop_scale: 0.5 is above 0.2"),
        ({"views": "middle"}, "views: Input should be 'random' or 'centre'"),
        ({"temperature": 1}, "temperature: Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(make, overrides, told):
    with pytest.raises(InterplayError, match=told) as caught:
        make(**overrides)
    assert "\n" not in str(caught.value)


def test_one_data_set_is_enough(make, given):
    assert {run.dataset for run in unfold(make(datasets=["dtd"]), given)} == {"dtd"}


def test_without_a_term_no_weights_are_needed(make):
    plain = make(
        few_shot={"members": ["coop"], "shots": [3], "epochs": {"3": 5}},
        base_to_new={"members": ["cocoop"], "shots": 6},
        cma_weights={},
    )
    assert plain.objectives("few_shot", "dtd", 3)["coop"].weight == 0


@pytest.mark.parametrize("kind", ["few_shot", "base_to_new"])
def test_more_shots_than_there_are_images_are_told_before_anything_runs(make, given, kind):
    weights = {name: {"400": 0.1} for name in make().datasets}
    few = {"shots": [400], "epochs": {"400": 1}}
    protocol = make(cma_weights=weights, **{kind: few if kind == "few_shot" else {"shots": 400}})
    with pytest.raises(InterplayError, match=rf"{kind}\.shots: oxford-pets: 400 images of each of 37 classes"):
        list(unfold(protocol, given))


def test_a_data_set_without_a_training_split_is_told(make, given, monkeypatch):
    info = dataset_info("eurosat")
    without = DatasetInfo.model_validate(info.model_dump() | {"splits": {"test": 8_100}})
    monkeypatch.setattr(runs_module, "dataset_info", lambda name: without if name == "eurosat" else dataset_info(name))
    with pytest.raises(InterplayError, match="eurosat: eurosat has no split 'train'"):
        list(unfold(make(), given))


def test_a_run_costs_more_with_more_steps_classes_and_random_views(make, given, config):
    def operations(protocol, name):
        (run,) = (run for run in unfold(protocol, given) if run.name == name)
        return EXPERIMENT.cost(run, given).operations

    few = "few_shot/{}/shots{}/seed1"
    assert operations(make(), few.format("dtd", 16)) > 2 * operations(make(), few.format("dtd", 1))
    assert operations(make(), few.format("sun397", 1)) > 5 * operations(make(), few.format("dtd", 1))
    assert operations(make(views="centre"), few.format("dtd", 1)) < operations(make(), few.format("dtd", 1))
    new = "base_to_new/dtd/seed1"
    fewer = make(base_to_new={"sweep": {"weights": [0, 1]}})
    assert operations(make(), new) > 2 * operations(fewer, new)
    protocols = {"clip_pretraining": load_setup(config, "smoke").protocols["clip_pretraining"]}
    small = replace(
        given,
        protocols=protocols,
        mapping=given.mapping.model_copy(
            update={
                "weights": {
                    name: WeightsSubstitute(use="run:clip_pretraining/small/seed0") for name in given.mapping.weights
                }
            }
        ),
    )
    (run,) = (run for run in unfold(make(), small) if run.name == few.format("dtd", 1))
    assert EXPERIMENT.cost(run, small).operations < 0.01 * EXPERIMENT.cost(run, given).operations
