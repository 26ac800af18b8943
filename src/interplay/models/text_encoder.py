"""CLIP's text encoder on embedded texts, as cheaply as they can be encoded exactly.

It is causal: no token sees those after it. So nothing is computed after a text's end; of the last block nothing but the
states of the end tokens; and what several texts begin with, once for all of them. A learnt context comes before every
class name: its states depend on no name, and in the first block not even the queries, keys and values of the names
depend on the context. Names that begin alike, "cat and cactus" and "cat and rose", share what they begin with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from interplay.models.openclip import open_clip

LENGTHS = 4  # groups of texts of like length on a CPU; with more of them, each is too small to be worth its start


def encode_embedded(model: open_clip.CLIP, texts: Tensor, ends: Tensor) -> Tensor:
    """Features `[n, d]`, not of unit length, of embedded texts `[n, L, w]` without positions.

    Args:
        texts: gradients pass to them; L is at most the context length, and more than the largest of `ends`.
        ends: `[n]`, the place of the end token of each, whose state is the feature.
    """
    if texts.device.type != "cpu" or len(ends) == 0:  # shapes that change with the texts forbid capture of a step
        return _encode_to_ends(model, texts, ends)
    # Of captions of up to 33 tokens, 13 on average, most places lie after the ends.
    order = ends.argsort(stable=True)
    groups = [(group, int(ends[group[-1]]) + 1) for group in order.chunk(LENGTHS)]
    features = [_encode_to_ends(model, texts[group, :length], ends[group]) for group, length in groups]
    return torch.cat(features)[order.argsort()]


def _encode_to_ends(model: open_clip.CLIP, texts: Tensor, ends: Tensor) -> Tensor:
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


@dataclass(frozen=True)
class Suffixes:
    """Texts `c`, each a row of tokens up to its end, as a tree: what begins alike is one branch, kept once.

    Attributes:
        tokens: `[t]` (int64), of every node.
        depth: `[t]`, its place in the texts that go through it.
        nodes: `[c, s]`, the node of each token of a text; after its end, the end's.
        ends: `[c]`, the node of each text's end.
        first: `[t]`, the place in `nodes`, flattened, where each node is met first.
    """

    tokens: Tensor
    depth: Tensor
    nodes: Tensor
    ends: Tensor
    first: Tensor

    @classmethod
    def of(cls, tokens: Tensor, ends: Tensor) -> Suffixes:
        """Of tokens `[c, s]` and the places `[c]` of the end in each row."""
        known: dict[tuple[int, ...], int] = {}
        paths = []
        for row, end in zip(tokens.tolist(), ends.tolist(), strict=True):
            path = [known.setdefault(tuple(row[: place + 1]), len(known)) for place in range(end + 1)]
            paths.append(path + path[-1:] * (tokens.shape[1] - len(path)))
        nodes = torch.tensor(paths, device=tokens.device)
        flat = nodes.flatten()
        first = torch.full((len(known),), len(flat), device=tokens.device)
        first = first.scatter_reduce(0, flat, torch.arange(len(flat), device=tokens.device), "amin")
        ended = nodes.gather(1, ends[:, None])[:, 0]
        return cls(tokens.flatten()[first], first % tokens.shape[1], nodes, ended, first)


def encode_suffixes(model: open_clip.CLIP, prefixes: Tensor, suffixes: Suffixes) -> Tensor:
    """Features `[r, c, d]`, not of unit length, of every suffix after every prefix.

    Args:
        prefixes: `[r, p, w]`, embeddings that texts begin with, without positions; gradients pass to them.
        suffixes: what follows.
    """
    p, s = prefixes.shape[-2], suffixes.nodes.shape[1]
    shared = prefixes + model.positional_embedding[:p]
    with torch.no_grad():
        hidden = (model.token_embedding(suffixes.tokens) + model.positional_embedding[p + suffixes.depth])[None]
    *blocks, last = model.transformer.resblocks
    causal = torch.ones(s, s, dtype=torch.bool, device=hidden.device).tril()
    for block in blocks:
        hidden = _continue(block, hidden, shared, suffixes, causal)
        shared = block(shared, attn_mask=model.attn_mask[:p, :p])
    place = suffixes.depth[suffixes.ends]
    until_end = (torch.arange(s, device=hidden.device) <= place[:, None])[:, None, None]
    features: Tensor = model.ln_final(_continue(last, hidden, shared, suffixes, until_end)) @ model.text_projection
    return features


def _continue(block: Any, hidden: Tensor, shared: Tensor, suffixes: Suffixes, seen: Tensor) -> Tensor:
    """The block's states of all nodes `[r, t, w]` or, where `seen` has one row for each text, of the ends `[r, c, w]`.

    Whatever is computed token by token, the most by far, is computed for nodes; only attention is laid out by texts.

    Args:
        hidden: states `[1 or r, t, w]` of the nodes as they enter the block; one for all prefixes in the first.
        shared: of the prefix, `[r, p, w]`, likewise.
        seen: which tokens of its suffix each one that asks may see, `[s, s]` or `[c, 1, 1, s]`.
    """
    attention, only_ends = block.attn, seen.ndim > 2
    (query_weight, *weights), (query_bias, *biases) = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)

    def project(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        projected: Tensor = functional.linear(states, weight, bias).unflatten(-1, (attention.num_heads, -1))
        return projected

    def by_text(states: Tensor) -> Tensor:
        laid_out: Tensor = states.index_select(1, suffixes.nodes.flatten()).unflatten(1, suffixes.nodes.shape)
        return laid_out

    asking = hidden.index_select(1, suffixes.ends) if only_ends else hidden
    query = project(block.ln_1(asking), query_weight, query_bias) * attention.head_dim**-0.5
    query = query[:, :, None] if only_ends else by_text(query)
    before, after = block.ln_1(shared), block.ln_1(hidden)
    key_p, value_p = (project(before, *one) for one in zip(weights, biases, strict=True))
    key_s, value_s = (by_text(project(after, *one)) for one in zip(weights, biases, strict=True))
    # r prefix, c text, q asking token, p token of the prefix, s token of the suffix, h head, e its dimension
    on_prefix = torch.einsum("rcqhe,rphe->rchqp", query.expand(len(key_p), *query.shape[1:]), key_p)
    on_suffix = torch.einsum("rcqhe,rcshe->rchqs", query, key_s).masked_fill(~seen, -torch.inf)
    on_suffix = on_suffix.expand(len(on_prefix), *on_suffix.shape[1:])
    attended = torch.cat([on_prefix, on_suffix], -1).softmax(-1)
    weight_p, weight_s = attended.split([key_p.shape[1], key_s.shape[2]], -1)
    mixed = torch.einsum("rchqp,rphe->rcqhe", weight_p, value_p) + torch.einsum("rchqs,rcshe->rcqhe", weight_s, value_s)
    mixed = mixed.flatten(-2).flatten(1, 2)  # [r, c x q, w]
    states = asking + attention.out_proj(mixed if only_ends else mixed.index_select(1, suffixes.first))
    result: Tensor = states + block.mlp(block.ln_2(states))
    return result
