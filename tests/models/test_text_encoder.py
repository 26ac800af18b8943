"""Texts that begin alike are encoded as if each were encoded whole, and their beginnings get the same gradients."""

from __future__ import annotations

import open_clip
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.models.dual_encoder import FrozenClip
from interplay.models.text_encoder import Suffixes, encode_embedded

WIDTH, FEATURES = 128, 24


def clip_of(layers):
    torch.manual_seed(layers)
    return FrozenClip(
        open_clip.CLIP(
            embed_dim=FEATURES,
            vision_cfg={"image_size": 16, "layers": 1, "width": 64, "patch_size": 16},
            text_cfg={"context_length": 12, "vocab_size": 11, "width": WIDTH, "heads": 2, "layers": layers},
            quick_gelu=True,
        ).double()
    )


def whole(model, prefixes, tokens, ends):
    """Every text joined and encoded by itself, by all of OpenCLIP's transformer."""
    rows = []
    for prefix in prefixes:
        joined = torch.cat([prefix.expand(len(tokens), -1, -1), model.token_embedding(tokens)], 1)
        mask = model.attn_mask[: joined.shape[1], : joined.shape[1]]
        hidden = model.transformer(joined + model.positional_embedding[: joined.shape[1]], attn_mask=mask)
        pooled = model.ln_final(hidden) @ model.text_projection
        rows.append(pooled[torch.arange(len(tokens)), len(prefix) + ends])
    return torch.stack(rows)


@st.composite
def texts(draw, most=6):
    """Tokens of few kinds, so that texts begin alike, are equal or begin another, and their ends; noise follows."""
    count, length = draw(st.integers(1, most)), draw(st.integers(1, 6))
    row = st.lists(st.integers(0, 2), min_size=length, max_size=length)
    tokens = draw(st.lists(row, min_size=count, max_size=count))
    ends = draw(st.lists(st.integers(0, length - 1), min_size=count, max_size=count))
    return torch.tensor(tokens), torch.tensor(ends)


@pytest.mark.parametrize("layers", [1, 3])
@settings(max_examples=15)
@given(texts=texts(most=11))
def test_texts_of_all_lengths_train_the_network_as_whole_texts_do(layers, texts):
    """Whatever is left out after ends, features and the gradients of all parameters stay what they are."""
    model, (tokens, ends) = clip_of(layers).model.requires_grad_(), texts
    weight = torch.randn(len(tokens), FEATURES, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    nothing = torch.empty(1, 0, WIDTH, dtype=torch.float64)
    parameters = [value for name, value in model.named_parameters() if not name.startswith(("visual", "logit"))]
    expected = whole(model, nothing, tokens, ends)[0]
    found = encode_embedded(model, model.token_embedding(tokens), ends)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
    for one, other in zip(
        *(torch.autograd.grad((features * weight).sum(), parameters) for features in (found, expected)), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("layers", [1, 2, 3])
@settings(max_examples=15)
@given(texts=texts(), prefixes=st.integers(1, 3))
def test_features_and_gradients_are_those_of_whole_texts(layers, texts, prefixes):
    clip, (tokens, ends) = clip_of(layers), texts
    draw = torch.Generator().manual_seed(0)
    prefix = torch.randn(prefixes, 5, WIDTH, generator=draw, dtype=torch.float64).requires_grad_()
    weight = torch.randn(prefixes, len(tokens), FEATURES, generator=draw, dtype=torch.float64)
    expected, found = whole(clip.model, prefix, tokens, ends), clip.encode_suffixes(prefix, Suffixes.of(tokens, ends))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
    one, other = (torch.autograd.grad((value * weight).sum(), prefix)[0] for value in (found, expected))
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)
    assert one.abs().sum() > 0


def test_what_begins_alike_is_kept_once():
    tokens = torch.tensor([[5, 6, 7, 9], [5, 6, 8, 9], [5, 9, 0, 0]])
    made = Suffixes.of(tokens, torch.tensor([3, 3, 1]))
    assert sorted(zip(made.depth.tolist(), made.tokens.tolist(), strict=True)) == [
        (0, 5), (1, 6), (1, 9), (2, 7), (2, 8), (3, 9), (3, 9)
    ]  # fmt: skip
    assert made.tokens[made.ends].tolist() == [9, 9, 9]
    assert made.tokens[made.nodes[:2]].tolist() == tokens[:2].tolist()


def test_it_agrees_with_prompts_of_the_frozen_encoder():
    clip = clip_of(2)
    prefix, tokens = torch.randn(2, 3, WIDTH).double(), torch.randint(0, 10, (5, 4))
    ends = torch.tensor([3, 2, 2, 1, 3])
    names = clip.embed(tokens)
    joined = torch.cat([prefix[:, None].expand(-1, 5, -1, -1), names.expand(2, -1, -1, -1)], 2).flatten(0, 1)
    expected = clip.encode_prompts(joined, (3 + ends).repeat(2)).unflatten(0, (2, 5))
    found = clip.encode_suffixes(prefix, Suffixes.of(tokens, ends))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
