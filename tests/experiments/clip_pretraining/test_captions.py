"""Captions are what CLIP's tokenizer makes of the text, with every word at hand, drawn from seed and step alone."""

from __future__ import annotations

import open_clip
import pytest
import torch

from interplay.errors import InterplayError
from interplay.experiments.clip_pretraining.captions import CaptionMaker, CaptionStream
from interplay.protocols.clip_pretraining import Captions
from interplay.training import EpochOrder

NAMES = (
    "capital g, latin letter, serif, bold",
    "small g, latin letter, serif",
    "cat face, animal, emoji",
    "trouser, garment",
    "seven",
)
TEMPLATES = ("a photo of a {}.", "{}", "look, {}, a kind of picture.")


def made(attribute=0.6, name=0.8, before=0.4, templates=TEMPLATES):
    settings = Captions(templates=templates, attribute=attribute, name=name, before=before)
    return CaptionMaker(NAMES, settings, 40)


def texts(maker, labels, draws=60):
    """Captions as text, after a check that their tokens are those of the text."""
    tokenizer = open_clip.SimpleTokenizer()
    tokens, ends = maker.draw(labels.repeat(draws), torch.Generator().manual_seed(0))
    found = []
    for row, end in zip(maker.vocabulary[tokens], ends.tolist(), strict=True):
        assert row[0] == tokenizer.sot_token_id and row[end] == tokenizer.eot_token_id
        said = row[1:end].tolist()
        text = tokenizer.decode(said).strip()
        assert tokenizer.encode(text) == said
        found.append(text)
    return found


def test_whole_captions_are_the_first_template_with_all_attributes():
    maker = made()
    tokens, ends = maker.whole(torch.arange(5))
    assert ends.tolist() == tokens.argmax(1).tolist()
    for row, end, name in zip(maker.vocabulary[tokens], ends.tolist(), NAMES, strict=True):
        assert row[: end + 1].tolist() == open_clip.tokenize([f"a photo of a {name}."])[0, : end + 1].tolist()


def test_captions_drop_attributes_and_names_and_change_their_order():
    found = texts(made(), torch.tensor([0]))
    assert len(set(found)) > 20
    assert any("capital g , serif" in text for text in found)
    assert any("serif bold capital g" in text for text in found)
    assert any("capital" not in text for text in found) and any("latin" not in text for text in found)
    assert {text.split()[0] for text in found} >= {"a", "look"}


def test_what_is_certain_is_always_said():
    assert set(texts(made(1.0, 1.0, 1.0, ("{}",)), torch.tensor([0]))) == {"latin letter serif bold capital g"}
    assert set(texts(made(0.0, 0.0, 0.0, ("{}",)), torch.tensor([2]))) == {"cat face"}
    assert set(texts(made(0.0, 0.0, 0.0, ("{}",)), torch.tensor([4]))) == {"seven"}


def test_only_words_that_occur_are_numbered():
    maker = made(templates=("{}",))
    words = {word for name in NAMES for word in name.replace(",", " ,").split()}
    expected = {token for word in words for token in open_clip.SimpleTokenizer().encode(word)} | {49406, 49407}
    assert set(maker.vocabulary.tolist()) == expected
    assert maker.vocabulary.tolist() == sorted(expected)


def test_an_exclamation_mark_is_a_word_though_its_number_is_that_of_padding():
    maker = made(templates=("{} !",))
    tokens, ends = maker.whole(torch.tensor([4]))
    assert maker.vocabulary[tokens[0, : ends[0] + 1]].tolist() == [49406, *open_clip.tokenize(["seven !"])[0, 1:4]]


def test_captions_follow_from_the_step():
    order = EpochOrder(40, 10, 0, "order")
    labels = torch.arange(5).repeat(8)
    streams = [CaptionStream(made(), labels, order, seed, "captions", device=torch.device("cpu")) for seed in (0, 0, 1)]
    batches = [stream.batch(3) for stream in streams]
    assert torch.equal(batches[0]["tokens"], batches[1]["tokens"])
    assert not torch.equal(batches[0]["tokens"], batches[2]["tokens"])
    assert batches[0]["tokens"].shape == streams[0].batch(4)["tokens"].shape == (10, made().length)
    assert batches[0]["ends"].shape == (10,)


def test_a_caption_that_does_not_fit_is_refused():
    with pytest.raises(InterplayError, match=r"captions of up to 20 tokens where text_encoder.context_length is 12"):
        CaptionMaker(NAMES, Captions(templates=TEMPLATES, attribute=1, name=1, before=0), 12)
