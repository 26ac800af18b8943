"""A small CLIP learns pictures and captions, resumes exactly, and leaves tensors that are read like OpenAI's."""

from __future__ import annotations

import pytest
import torch

from interplay.errors import InterplayError
from interplay.experiments.clip_pretraining.pretraining import Pretraining
from interplay.models.dual_encoder import VOCABULARY, load_clip
from interplay.training import Checkpoint, Trainer, run_loop

CPU = torch.device("cpu")


def train(pretraining, checkpoint=None):
    protocol = pretraining.protocol
    return run_loop(pretraining.trainer, protocol.steps, [0, 6, 12], checkpoint, protocol.checkpoint_every).trajectory


def new(protocol, pictures, **changes):
    return Pretraining(protocol.vary(changes), 0, pictures, pictures, CPU)


@pytest.fixture(scope="module")
def trained(protocol, pictures):
    pretraining = new(protocol, pictures, steps=40)
    return pretraining, run_loop(pretraining.trainer, 40, [0, 40]).trajectory


def test_it_learns(trained):
    columns = trained[1]
    assert columns["test_loss"][1] < 0.7 * columns["test_loss"][0]
    assert columns["test_retrieval_accuracy"][1] > columns["test_retrieval_accuracy"][0]


def test_what_it_leaves_is_a_clip_that_encodes_as_it_did(trained, pictures):
    pretraining, _ = trained
    clip = load_clip((pretraining.tensors(), "0" * 16))
    assert clip.model.vocab_size == VOCABULARY and clip.image_size == 32 and clip.num_features == 16
    names = [f"a photo of a {name}." for name in pictures.class_names]
    texts = torch.nn.functional.normalize(clip.encode_texts(names), dim=1)
    pretraining.model.eval()
    with torch.no_grad():
        expected = pretraining._encode_texts(*pretraining.captions.whole(torch.arange(5)))
        images = pretraining._encode_images(pictures.images[:4])
    torch.testing.assert_close(texts, expected)
    found = torch.nn.functional.normalize(clip.encode_images(pictures.images[:4]), dim=1)
    torch.testing.assert_close(found, images)
    assert clip.logit_scale == pytest.approx(pretraining.model.logit_scale.exp().item())


def test_words_without_a_caption_are_as_before_training(trained):
    pretraining, _ = trained
    table = pretraining.tensors()["token_embedding.weight"]
    other = torch.ones(VOCABULARY, dtype=torch.bool)
    other[pretraining.captions.vocabulary] = False
    assert float(table[other].std()) == pytest.approx(0.02, rel=0.01)
    assert torch.equal(table[~other], pretraining.model.token_embedding.weight.detach())
    assert torch.equal(table, pretraining.tensors()["token_embedding.weight"])


def test_the_scale_of_the_logits_stays_below_its_bound(protocol, pictures):
    pretraining = new(protocol, pictures, largest_scale=14.1)
    columns = train(pretraining)
    assert max(columns["logit_scale"]) <= 14.1 * (1 + 1e-6)
    assert columns["logit_scale"][-1] != columns["logit_scale"][0]


def test_killed_and_resumed_it_is_bit_identical(protocol, pictures, tmp_path, monkeypatch):
    whole = new(protocol, pictures)
    columns = train(whole)
    step = Trainer.train_step

    def killed(self, number):
        if number == 7:
            raise KeyboardInterrupt
        step(self, number)

    def checkpoint():
        return Checkpoint(tmp_path / "state", {"run": "one"}, name="one", say=print, keep=False)

    monkeypatch.setattr(Trainer, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(new(protocol, pictures), checkpoint())
    monkeypatch.undo()
    resumed = new(protocol, pictures)
    assert train(resumed, checkpoint()) == columns
    assert all(torch.equal(value, resumed.tensors()[name]) for name, value in whole.tensors().items())


def test_pictures_of_one_caption_are_refused(protocol, pictures):
    with pytest.raises(InterplayError, match="pictures of one caption alone"):
        Pretraining(protocol, 0, pictures, pictures.subset(torch.tensor([0, 5])), CPU)
