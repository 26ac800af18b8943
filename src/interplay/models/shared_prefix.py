"""CLIP's text encoder on texts that begin alike: what they share is computed once, which is exact since it is causal.

A learnt context comes before every class name. Its states depend on nothing that follows, so that the encoder is run on
it once for all classes, and only the states of the names are computed for each; in the first block not even their
queries, keys and values depend on the context.
"""

from __future__ import annotations

import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional


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
    # Of the last block nothing but the state at the end is asked for.
    at_end = ends[..., None, None].expand(hidden.shape[0], -1, 1, hidden.shape[-1])
    until_end = (torch.arange(s, device=ends.device) <= ends[..., None])[:, :, None, None]
    ended = _continue(last, hidden.gather(2, at_end), hidden, shared, until_end)[:, :, 0]
    features: Tensor = model.ln_final(ended) @ model.text_projection
    return features


def _continue(block: nn.Module, asking: Tensor, hidden: Tensor, shared: Tensor, seen: Tensor) -> Tensor:
    """The block's states `[r, c, q, w]` of tokens that attend to the prefix and to what they may of `hidden`.

    `asking` are the states of these tokens and `shared` the prefix's, `[r, p, w]`, as they enter the block; `seen` says
    which tokens of its suffix each one that asks may see, broadcast to `[r, c, heads, q, s]`.
    """
    attention = block.attn
    query_weight, *_ = weights = attention.in_proj_weight.chunk(3)
    query_bias, *_ = biases = attention.in_proj_bias.chunk(3)

    def project(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.linear(states, weight, bias).unflatten(-1, (attention.num_heads, -1))

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
