"""CLIP's text encoder on embedded texts, as cheaply as they can be encoded exactly.

It is causal: no token sees those after it. So texts are cut after the longest of them; of the last block nothing is
computed but the states of the end tokens; and what several texts begin with is computed once for all of them. A learnt
context comes before every class name: its states depend on no name, and in the first block not even the queries, keys
and values of the names depend on the context.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from interplay.models.openclip import open_clip


def encode_embedded(model: open_clip.CLIP, texts: Tensor, ends: Tensor) -> Tensor:
    """Features `[n, d]`, not of unit length, of embedded texts `[n, L, w]` without positions.

    Args:
        texts: gradients pass to them; L is at most the context length, and more than the largest of `ends`.
        ends: `[n]`, the place of the end token of each, whose state is the feature.
    """
    length = texts.shape[1]
    hidden = texts + model.positional_embedding[:length]
    *blocks, last = model.transformer.resblocks
    for block in blocks:
        hidden = block(hidden, attn_mask=model.attn_mask[:length, :length])
    ended = hidden[torch.arange(len(ends), device=hidden.device), ends][:, None]
    after = torch.arange(length, device=hidden.device) > ends[:, None]
    seen = last.ln_1(hidden)
    ended = ended + last.attn(last.ln_1(ended), seen, seen, key_padding_mask=after, need_weights=False)[0]
    ended = ended + last.mlp(last.ln_2(ended))
    features: Tensor = model.ln_final(ended[:, 0]) @ model.text_projection
    return features


def encode_suffixes(model: open_clip.CLIP, prefixes: Tensor, suffixes: Tensor, ends: Tensor) -> Tensor:
    """Features `[r, c, d]`, not of unit length, of every suffix after every prefix, without positions as given.

    Args:
        prefixes: `[r, p, w]`, embeddings that texts begin with; gradients pass to them.
        suffixes: `[1 or r, c, s, w]`, embeddings that follow; likewise.
        ends: `[1 or r, c]`, the place within its suffix of the end token, whose state is the feature.
    """
    p, s = prefixes.shape[-2], suffixes.shape[-2]
    shared = prefixes + model.positional_embedding[:p]
    hidden = suffixes + model.positional_embedding[p : p + s]
    *blocks, last = model.transformer.resblocks
    causal = torch.ones(s, s, dtype=torch.bool, device=ends.device).tril()
    for block in blocks:
        hidden = _continue(block, hidden, hidden, shared, causal)
        shared = block(shared, attn_mask=model.attn_mask[:p, :p])
    at_end = ends[..., None, None].expand(hidden.shape[0], -1, 1, hidden.shape[-1])
    until_end = (torch.arange(s, device=ends.device) <= ends[..., None])[:, :, None, None]
    ended = _continue(last, hidden.gather(2, at_end), hidden, shared, until_end)[:, :, 0]
    features: Tensor = model.ln_final(ended) @ model.text_projection
    return features


def _continue(block: Any, asking: Tensor, hidden: Tensor, shared: Tensor, seen: Tensor) -> Tensor:
    """The block's states `[r, c, q, w]` of tokens that attend to the prefix and to what they may of `hidden`.

    `asking` are the states of these tokens and `shared` the prefix's, `[r, p, w]`, as they enter the block; `seen` says
    which tokens of its suffix each one that asks may see, broadcast to `[r, c, heads, q, s]`.
    """
    attention = block.attn
    query_weight, *_ = weights = attention.in_proj_weight.chunk(3)
    query_bias, *_ = biases = attention.in_proj_bias.chunk(3)

    def project(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        projected: Tensor = functional.linear(states, weight, bias).unflatten(-1, (attention.num_heads, -1))
        return projected

    query = project(block.ln_1(asking), query_weight, query_bias) * attention.head_dim**-0.5
    before, after = block.ln_1(shared), block.ln_1(hidden)
    (key_p, value_p), (key_s, value_s) = (
        [project(states, weight, bias) for weight, bias in zip(weights[1:], biases[1:], strict=True)]
        for states in (before, after)
    )
    # r prefix, c class, q asking token, p token of the prefix, s token of the suffix, h head, e its dimension
    on_prefix = torch.einsum("rcqhe,rphe->rchqp", query, key_p)
    on_suffix = torch.einsum("rcqhe,rcshe->rchqs", query, key_s).masked_fill(~seen, -torch.inf)
    on_suffix = on_suffix.expand(len(on_prefix), *on_suffix.shape[1:])
    attended = torch.cat([on_prefix, on_suffix], -1).softmax(-1)
    weight_p, weight_s = attended.split([key_p.shape[1], key_s.shape[2]], -1)
    mixed = torch.einsum("rchqp,rphe->rcqhe", weight_p, value_p) + torch.einsum("rchqs,rcshe->rcqhe", weight_s, value_s)
    states = asking + attention.out_proj(mixed.flatten(-2))
    result: Tensor = states + block.mlp(block.ln_2(states))
    return result
