"""Texts that begin alike are encoded as if each were encoded whole, and their beginnings get the same gradients."""

from __future__ import annotations

import open_clip
import pytest
import torch

from interplay.models.dual_encoder import FrozenClip

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


def whole(clip, prefixes, suffixes, ends):
    """Every text joined and encoded by itself, by all of OpenCLIP's transformer."""
    model, rows = clip.model, []
    for prefix, after in zip(prefixes, suffixes.expand(len(prefixes), -1, -1, -1), strict=True):
        joined = torch.cat([prefix.expand(len(after), -1, -1), after], 1)
        mask = model.attn_mask[: joined.shape[1], : joined.shape[1]]
        hidden = model.transformer(joined + model.positional_embedding[: joined.shape[1]], attn_mask=mask)
        pooled = model.ln_final(hidden) @ model.text_projection
        rows.append(pooled[torch.arange(len(after)), len(prefix) + ends])
    return torch.stack(rows)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("shared_names", [True, False])
def test_features_and_gradients_are_those_of_whole_texts(layers, shared_names):
    clip = clip_of(layers)
    draw = torch.Generator().manual_seed(0)
    leaves = [
        torch.randn(shape, generator=draw, dtype=torch.float64).requires_grad_()
        for shape in ((3, 5, WIDTH), (1 if shared_names else 3, 4, 6, WIDTH))
    ]
    ends = torch.tensor([5, 1, 0, 3])
    weight = torch.randn(3, 4, FEATURES, generator=draw, dtype=torch.float64)
    expected, found = whole(clip, *leaves, ends), clip.encode_suffixes(*leaves, ends[None])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
    gradients = [torch.autograd.grad((value * weight).sum(), leaves) for value in (found, expected)]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)
        assert one.abs().sum() > 0


def test_it_agrees_with_prompts_of_the_frozen_encoder():
    clip = clip_of(2)
    prefix, names = torch.randn(2, 3, WIDTH).double(), torch.randn(5, 4, WIDTH).double()
    ends = torch.tensor([3, 2, 2, 1, 3])
    joined = torch.cat([prefix[:, None].expand(-1, 5, -1, -1), names.expand(2, -1, -1, -1)], 2).flatten(0, 1)
    expected = clip.encode_prompts(joined, (3 + ends).repeat(2)).unflatten(0, (2, 5))
    torch.testing.assert_close(clip.encode_suffixes(prefix, names[None], ends[None]), expected, rtol=0, atol=1e-10)
