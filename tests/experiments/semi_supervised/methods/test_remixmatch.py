"""ReMixMatch against its implementation in `semilearn`, and its parts against what they must give."""

import numpy as np
import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import Problem
from interplay.experiments.semi_supervised.methods import remixmatch
from interplay.experiments.semi_supervised.methods.remixmatch import (
    METHOD,
    ReMixMatchState,
    aligned,
    draws,
    rotated,
    start,
    updated,
)
from interplay.protocols.semi_supervised.hyperparameters import ReMixMatch

PROBLEM = Problem(
    num_classes=4,
    labelled_batch=4,
    unlabelled_batch=4,
    unlabelled_samples=4,
    image_shape=(1, 2, 2),
    steps=1,
    weight=0.0,
    device=torch.device("cpu"),
)


def settings(given):
    return ReMixMatch(
        unlabelled_ratio=1,
        weight=given["lambda_u"],
        strong_weight=given["lambda_kl"],
        rotation_weight=given["lambda_rotation"],
        warm_up=given["warm_up"],
        alpha=0.75,
        temperature=given["T"],
        momentum=given["decay"],
    )


def test_terms_averages_and_gradients_are_those_of_the_reference(oracle, perceptron, monkeypatch):
    known = oracle("remixmatch")
    given, expected = known.inputs, known.outputs
    bench = perceptron(given["weights"])
    monkeypatch.setattr(remixmatch, "rotated", lambda images, quarters: given["rotated"])  # not of these images there
    state = ReMixMatchState(given["p_target"], torch.zeros(4, dtype=torch.float64))
    for k, iteration in enumerate(given["iteration"]):
        batch = {
            "labelled": {"weak": given["labelled"], "label": given["labels"]},
            "unlabelled": {
                "weak": given["weak"][k],
                "strong": given["first_strong"][k],
                "second_strong": given["second_strong"][k],
            },
            "draws": {
                "share": torch.tensor(given["drawn_lambda"], dtype=torch.float64),
                "partners": given["permutation"],
                "quarters": given["rotation"],
            },
            "time": {"progress": iteration / given["iterations"]},
        }
        step = bench.step(METHOD, settings(given), state, batch)
        state = step.state
        assert_close(state.prediction, expected["p_model"][k], rtol=1e-9, atol=0)
        for ours, theirs in {
            "labelled_loss": "supervised_loss",
            "unlabelled_loss": "unlabelled_loss",
            "strong_loss": "kl_loss",
            "rotation_loss": "rotation_loss",
        }.items():
            assert_close(step.readings[ours].item(), expected[theirs][k].item(), rtol=1e-9, atol=0)
        assert_close(step.loss.item(), expected["total_loss"][k].item(), rtol=1e-6, atol=0)
        assert step.guesses.labels.tolist() == expected["targets"][k][4:8].argmax(1).tolist()
    step.loss.backward()
    names = {"body": "backbone.body", "head": "backbone.head", "second_head": "rot_classifier"}
    for name, value in bench.network.named_parameters():
        layer, part = name.split(".")
        assert_close(value.grad, expected["last_gradient"][f"{names[layer]}.{part}"], rtol=1e-6, atol=1e-9)


def test_alignment_keeps_predictions_whose_average_is_that_of_the_labels_and_mends_one_that_is_not():
    labels = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    probabilities = torch.rand(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).softmax(1)
    assert_close(aligned(probabilities, ReMixMatchState(labels, labels)), probabilities)
    biased = torch.tensor([0.7, 0.1, 0.1, 0.1], dtype=torch.float64)
    assert_close(aligned(biased[None], ReMixMatchState(labels, biased))[0], labels, rtol=1e-4, atol=0)


def test_average_starts_at_the_first_batch_and_a_class_that_was_never_predicted_is_no_nan():
    state = start(PROBLEM, None)
    assert state.labels.tolist() == [0.25] * 4
    first = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    state = updated(state, first, 0.9)
    assert_close(state.prediction, torch.tensor([0.5, 0.5, 0.0, 0.0]))
    assert aligned(first, state).tolist() == first.tolist()
    assert_close(updated(state, first[:1], 0.9).prediction, torch.tensor([0.55, 0.45, 0.0, 0.0]))


def test_images_are_turned_as_numpy_turns_them():
    images = torch.arange(5 * 2 * 3 * 3).reshape(5, 2, 3, 3)
    quarters = torch.tensor([3, 0, 2, 1, 1])
    found = rotated(images, quarters)
    for image, quarter, turned in zip(images, quarters, found, strict=True):
        assert turned.tolist() == np.rot90(image.numpy(), quarter, axes=(1, 2)).tolist()


def test_every_angle_is_drawn():
    given = draws(PROBLEM, ReMixMatch(unlabelled_ratio=1, weight=1, strong_weight=1, rotation_weight=1, warm_up=0,
                                      alpha=0.75, temperature=1, momentum=0))  # fmt: skip
    random = torch.Generator().manual_seed(0)
    counts = torch.bincount(torch.cat([given["quarters"](random) for _ in range(100)]), minlength=4)
    assert len(counts) == 4 and counts.min() > 60  # of 400; 100 expected, deviation 9
    assert sorted(given["partners"](random).tolist()) == list(range(16))
