import re
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from interplay.data.images import load_splits
from interplay.errors import InterplayError
from interplay.experiments.context import Context
from interplay.experiments.networks import load_trained
from interplay.models import WideResNet
from interplay.records import Record, read_record
from interplay.training import Checkpoint

NETWORKS = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0, 1],
    "iterations": 5,
    "image_pooling": 1,
    "train_sample": 500,
    "variants": {"seeds": []},
    "children": {"seeds": []},
    "trajectory": {"points": 2, "information_sample": 64, "final_sample": 64, "batch_size": 64},
}
NAMES = [f"supervised/cifar10/plain/seed{seed}" for seed in (0, 1)]


@pytest.fixture(scope="module")
def finished(small_setup, do_in, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    do_in(small_setup("supervised", **NETWORKS), "supervised", "cifar10/plain/*", results)
    return results


@pytest.fixture
def context(finished, tmp_path):
    """What an experiment on both networks is given, with weights that a test may spoil."""
    results = shutil.copytree(finished, tmp_path / "results")
    return Context(
        device=torch.device("cpu"),
        data_root=tmp_path / "data",
        substitute=None,
        earlier=[read_record(results / f"records/{name}.json") for name in NAMES],
        checkpoint=Checkpoint(tmp_path / "checkpoint", {}),
        models={name: results / f"models/{name}.safetensors" for name in NAMES},
    )


def test_networks_come_in_the_order_asked_for_with_their_weights_and_records(context):
    for names in (NAMES, NAMES[::-1], NAMES[1:]):
        trained, _ = load_trained(context, names)
        assert [one.record.name for one in trained] == names
        for one in trained:
            stored = load_file(context.models[one.record.name])
            state = one.network.state_dict()
            assert set(stored) == set(state)
            assert all(torch.equal(stored[name], state[name]) for name in stored)
            assert not one.network.training
            assert one.protocol.iterations == 5


def test_images_are_those_of_the_training(context, tmp_path):
    """The same subset, normalised alike: the record's accuracy comes out again."""
    (trained,), splits = load_trained(context, NAMES[:1])
    expected = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1, train_sample=500)
    assert torch.equal(splits.train.images, expected.train.images)
    assert len(splits.train.labels) == 500
    assert splits.digests == trained.record.provenance.data
    with torch.no_grad():
        right = trained.network(splits.held_out.images).argmax(1) == splits.held_out.labels
    assert float(right.double().mean()) == trained.record.metrics["test_accuracy"]


def other_network(path):
    save_file(WideResNet(10, 2, 10, in_channels=1).state_dict(), path)


def missing_tensor(path):
    save_file({name: tensor for name, tensor in load_file(path).items() if name != "head.bias"}, path)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:1000])


def not_weights(path):
    path.write_text("weights")


@pytest.mark.parametrize("spoil", [other_network, missing_tensor, cut_short, not_weights])
def test_weights_that_do_not_fit_are_one_line(context, spoil):
    spoil(context.models[NAMES[1]])
    with pytest.raises(InterplayError, match=f"not the weights of {NAMES[1]} .*; run {NAMES[1]} again") as caught:
        load_trained(context, NAMES)
    assert "\n" not in str(caught.value)
    assert str(context.models[NAMES[1]]) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content["protocol"].pop("pre_activation"), "pre_activation: Field required"),
        (lambda content: content["protocol"].update(width=3), "width: Extra inputs are not permitted"),
        (lambda content: content["settings"].pop("learning_rate"), "learning_rate: Field required"),
        (lambda content: content.update(dataset_used=None), "it names no data set"),
    ],
)
def test_records_that_tell_of_no_such_training_are_one_line(context, change, reason):
    """Of an older version, for example."""
    content = context.earlier[0].model_dump()
    change(content)
    context.earlier[0] = Record.model_validate(content)
    message = f"{NAMES[0]}: its record tells of no supervised training ({reason}); run {NAMES[0]} again"
    with pytest.raises(InterplayError, match=f"^{re.escape(message)}$"):
        load_trained(context, NAMES)
