import numpy as np
import pytest
import torch
from torch.nn import functional

from interplay.collapse import LayerCollapse
from interplay.experiments.compression.images import Images, Preparation, load_images
from interplay.experiments.compression.information import InformationReader
from interplay.experiments.compression.task import CompressionTask, build_network
from interplay.models import CnnShape
from interplay.protocols.compression import AdamW
from interplay.training import generator

SHAPE = CnnShape("f_plus", (1, 14, 14), 3, (4, 8, 12))


@pytest.fixture
def splits():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3

    def make():
        images = torch.rand(60, 1, 14, 14, generator=generator) + labels.view(-1, 1, 1, 1) / 3
        return Images(images, labels)

    return make(), make()


def make_task(splits, **changes):
    content = {"epochs": 3, "stop_at_loss": None, "batch_size": 25, "seed": 4}
    content |= {"optimizer": AdamW(learning_rate=2e-3, weight_decay=0.01), **changes}
    return CompressionTask(build_network(SHAPE, 4, torch.device("cpu"), torch.float32), *splits, **content)


def dense(hidden, labels, means=None):
    """tr(Sigma_W Sigma_B^+) from matrices, around `means` where they are given."""
    hidden = hidden.flatten(1).double().numpy()
    labels = labels.numpy()
    if means is None:
        means = np.stack([hidden[labels == label].mean(0) for label in range(3)])
    centred = means - means.mean(0)
    deviation = hidden - means[labels]
    return np.trace(deviation.T @ deviation / len(hidden) @ np.linalg.pinv(centred.T @ centred / 3, rcond=1e-9))


def test_an_epoch_is_plain_training_and_the_drift_is_that_of_its_batches(splits):
    """The same by hand: AdamW over batches in the order of the epoch, class sums of what each batch looked like."""
    task, by_hand = make_task(splits), make_task(splits).network
    optimizer = torch.optim.AdamW(by_hand.parameters(), lr=2e-3, weight_decay=0.01)
    train = splits[0]
    for epoch in (0, 1):
        task.train_step(epoch)
        sums, losses = dict.fromkeys(("l1", "l2", "l3"), 0.0), []
        order = torch.randperm(60, generator=generator(4, "order", epoch))
        for chosen in order.split(25):
            outputs = by_hand.forward_layers(train.images[chosen])
            loss = functional.cross_entropy(outputs["logits"], train.labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(chosen)
            members = functional.one_hot(train.labels[chosen], 3).double()
            for layer in sums:
                sums[layer] = sums[layer] + members.T @ outputs[layer].detach().flatten(1).double()
        assert task.running["train_loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    for name, value in by_hand.state_dict().items():
        torch.testing.assert_close(task.network.state_dict()[name], value, rtol=1e-4, atol=1e-5)
    readings = task.observe(2)
    with torch.no_grad():
        parts = [by_hand.forward_layers(images) for images in train.images.split(25)]
    for layer, total in sums.items():
        hidden = torch.cat([part[layer] for part in parts])
        assert readings[f"collapse_train_{layer}"] == pytest.approx(dense(hidden, train.labels), rel=1e-3)
        drifted = dense(hidden, train.labels, (total / 20).numpy())
        assert readings[f"collapse_train_drifting_{layer}"] == pytest.approx(drifted, rel=1e-3)
    logits = torch.cat([part["logits"] for part in parts])
    assert readings["train_loss_frozen"] == pytest.approx(
        functional.cross_entropy(logits, train.labels).item(), rel=1e-4
    )


def test_observing_changes_nothing(splits):
    task = make_task(splits)
    task.train_step(0)
    first, weights = task.observe(1), {k: v.clone() for k, v in task.network.state_dict().items()}
    again = task.observe(1)
    for name, value in first.items():
        assert name.startswith("seconds_") or again[name] == value
    assert all(torch.equal(task.network.state_dict()[name], value) for name, value in weights.items())


def test_the_state_holds_what_observing_needs(splits):
    task, fresh = make_task(splits), make_task(splits)
    task.train_step(0)
    fresh.load_state_dict(task.state_dict())
    mine, theirs = task.observe(1), fresh.observe(1)
    assert all(name.startswith("seconds_") or theirs[name] == value for name, value in mine.items())
    assert isinstance(fresh.drifting, LayerCollapse) and fresh.drifting.counts.tolist() == [20, 20, 20]


def test_more_readings_know_the_last_epoch(splits):
    asked = []

    def more(network, epoch, last):
        asked.append((epoch, last))
        return {"extra": 1.0, "seconds_extra": 2.0}

    task = make_task(splits, more=more, epochs=2, stop_at_loss=1e-9)
    names, *_ = (list(task.observe(step)) for step in (0, 1, 2))
    assert asked == [(0, False), (1, False), (2, True)]
    assert names[-1] == "seconds_extra" and names.index("extra") < names.index("seconds_gradient_steps")
    task.running = {"train_loss": 0.0, "train_accuracy": 1.0}
    task.observe(1)
    assert asked[-1] == (1, True)


def test_layer_0_is_read_once_and_the_same_after_a_restart(small, splits):
    settings = small().protocols["compression"].information.model_copy(update={"per_class": None, "given_label": False})
    network = make_task(splits).network
    both = dict(zip(("train", "test"), splits, strict=True))
    optimizer = AdamW(learning_rate=2e-3, weight_decay=0.01)
    reader, restarted = (InformationReader(settings, optimizer, both, seed=4) for _ in range(2))
    start, later = reader(network, 0, last=False), reader(network, 2, last=False)
    assert reader(network, 3, last=False) == {}
    assert later["sufficiency_train_l0"] == start["sufficiency_train_l0"]
    assert later["sufficiency_train_l1"] != start["sufficiency_train_l1"]  # other draws, equal weights
    resumed = restarted(network, 2, last=False)
    assert all(resumed[name] == value for name, value in later.items() if not name.startswith("seconds_"))
    every = InformationReader(settings.model_copy(update={"input_layer_once": False}), optimizer, both, seed=4)
    assert (
        every(network, 0, last=False)["sufficiency_train_l0"] != every(network, 2, last=False)["sufficiency_train_l0"]
    )


def test_images_are_the_first_of_each_class_between_0_and_1_or_raw(rendered):
    how = Preparation(pooling=1, raw=False, dtype=torch.float32)
    place = ("glyphs10", "test", rendered, torch.device("cpu"))
    images, digest = load_images(*place, how, per_class=5)
    raw, _ = load_images(*place, Preparation(1, True, torch.float32), per_class=5)
    half, _ = load_images(*place, Preparation(2, False, torch.bfloat16), per_class=5)
    assert images.labels.bincount().tolist() == [5] * 10
    assert images.images.max() <= 1 < raw.images.max() <= 255
    torch.testing.assert_close(images.images * 255, raw.images)
    assert half.images.shape == (50, 1, 14, 14) and half.images.dtype == torch.bfloat16
    assert load_images(*place, how, per_class=6)[1] == digest
    assert len(images.labels[:10].unique()) > 4  # not sorted by class
    few, _ = load_images(*place, how, per_class=5, classes=3)
    assert few.labels.bincount().tolist() == [5] * 3


def test_permuted_labels_stay_with_their_numbers(splits):
    train = splits[0]
    permuted = train.with_permuted_labels(0)
    assert permuted.labels.bincount().tolist() == train.labels.bincount().tolist()
    assert 0.15 < (permuted.labels == train.labels).double().mean() < 0.55
    assert torch.equal(permuted.labels, train.with_permuted_labels(0).labels)
    assert not torch.equal(permuted.labels, train.with_permuted_labels(1).labels)


def test_each_variant_switches_what_its_name_says_and_nothing_else(small):
    text = small(epochs=40, stop_at_loss=0.02).protocols["compression"]
    switched = {
        "raw_pixels": {"pixels": "raw"},
        "bfloat16": {"precision": "bfloat16"},
        "relu_before_pool": {"relu_before_pool": True},
        "mean_pooling": {"head_pooling": "mean"},
    }
    for name, changes in switched.items():
        assert text.of_variant(name) == text.model_copy(update=changes)
    decoders = {"sufficiency_epochs": 20, "minimality_epochs": 50, "stop_at_loss": None}
    information = text.information.model_copy(update=decoders)
    fixed = text.model_copy(update={"epochs": 20, "stop_at_loss": None, "information": information})
    assert text.of_variant("fixed_epochs") == fixed
    code = {"pixels": "raw", "precision": "bfloat16"}
    code["information"] = information.model_copy(update={"input_layer_once": True})
    assert text.of_variant("public_code") == fixed.model_copy(update=code)
    assert text.of_variant(None) is text
