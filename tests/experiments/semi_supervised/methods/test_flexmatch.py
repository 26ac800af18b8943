"""FlexMatch against its implementations in `semilearn` and TorchSSL, over fifty steps; several views of an image."""

import pytest
import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.methods.flexmatch import METHOD, FlexMatchState, learnt, recorded
from interplay.protocols.semi_supervised.hyperparameters import FlexMatch

CLOSE = {"rtol": 1e-9, "atol": 1e-12}


@pytest.mark.parametrize("warm_up", [True, False])
def test_thresholds_masks_and_terms_are_those_of_the_references(oracle, on_logits, warm_up):
    known = oracle("flexmatch")
    given, expected = known.inputs, known.outputs["warm_up" if warm_up else "no_warm_up"]
    samples = given["unlabelled_samples"]
    settings = FlexMatch(unlabelled_ratio=2, weight=given["lambda_u"], threshold=0.95, threshold_warm_up=warm_up)
    state = FlexMatchState(torch.full((samples,), -1))
    for k, (weak, strong) in enumerate(zip(given["weak"], given["strong"], strict=True)):
        images = {"labelled": given["labelled"], "weak": weak, "strong": strong}
        leaves = {name: value.clone().requires_grad_() for name, value in images.items()}
        batch = {
            "labelled": {"weak": leaves["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": leaves["weak"], "strong": leaves["strong"], "index": given["index"][k]},
        }
        beta = learnt(state.selected, weak, warm_up)
        # The reference keeps single precision here, so that it is near, not equal.
        assert_close(0.95 * beta / (2 - beta), expected["threshold"][k], rtol=1e-6, atol=0)
        step = on_logits.step(METHOD, settings, state, batch, unlabelled_samples=samples)
        state = step.state
        assert state.selected.tolist() == expected["selected_label"][k].tolist()
        assert step.guesses.weights.tolist() == expected["mask"][k].tolist()
        assert_close(step.readings["unlabelled_loss"], expected["unlabelled_loss"][k], **CLOSE)
        assert_close(step.loss, expected["total_loss"][k], **CLOSE)
        if warm_up:
            theirs = known.outputs["torchssl_unlabelled_loss"][k]
            assert_close(step.readings["unlabelled_loss"], theirs, **CLOSE)
    assert 0 < expected["mask"].sum() < expected["mask"].numel()
    gradients = torch.autograd.grad(step.loss, list(leaves.values()), materialize_grads=True)
    for name, gradient in zip(leaves, gradients, strict=True):
        assert_close(gradient, expected["last_gradient"][name], **CLOSE)


@pytest.mark.parametrize("seed", range(5))
def test_several_views_of_an_image_in_a_batch_are_recorded_one_after_the_other(seed):
    draw = torch.Generator().manual_seed(seed)
    selected = torch.randint(-1, 4, (6,), generator=draw)
    index, guess = torch.randint(6, (20,), generator=draw), torch.randint(4, (20,), generator=draw)
    confident = torch.rand(20, generator=draw) < 0.4
    expected = selected.tolist()
    for place in range(20):
        if confident[place]:
            expected[index[place]] = guess[place].item()
    before = selected.clone()
    assert recorded(selected, index, guess, confident).tolist() == expected
    assert torch.equal(selected, before)  # the state of the step before is left alone


def test_learnt_counts_images_of_no_class_as_one_in_the_warm_up_alone():
    selected = torch.tensor([0, 0, 1, -1, -1, -1])
    like = torch.zeros(1, 3)
    assert_close(learnt(selected, like, True), torch.tensor([2 / 3, 1 / 3, 0]))
    assert_close(learnt(selected, like, False), torch.tensor([1, 1 / 2, 0]))
    for warm_up in (True, False):
        assert not learnt(torch.full((6,), -1), like, warm_up).any()
