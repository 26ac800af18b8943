"""CLIP's text encoder on many texts that begin alike: what they share is computed once.

Under the causal mask the states of a prefix depend on nothing that follows, and those of a suffix depend on the prefix
through its keys and values alone. For n prefixes of P tokens before each of C suffixes of S tokens this takes n P +
n C S tokens in place of n C (P + S). Moreover

- a suffix is the same behind every prefix until it has first looked at one, so that its first keys, values and queries
  are computed once for all prefixes, and need no gradient;
- of the last block only the state at the end token is asked for.
"""

from __future__ import annotations

from typing import Any

import open_clip
import torch
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention


def encode_with_shared_prefix(model: open_clip.CLIP, prefixes: Tensor, suffixes: Tensor, ends: Tensor) -> Tensor:
    """Text features `[n, C, d]`, not of unit length, of every suffix behind every prefix.

    Equal to encoding the n C whole texts one by one, up to rounding, gradients too.

    Args:
        prefixes: `[n, P, width]`, embedded without positions, P at least 1.
        suffixes: `[C, S, width]`, embedded without positions; P + S is at most the context length.
        ends: `[C]`, the place of the end token in each suffix; what follows it makes no difference.
    """
    positions, length = model.positional_embedding, prefixes.shape[1]
    before = prefixes + positions[:length]  # [n, P, w]
    after = (suffixes + positions[length : length + suffixes.shape[1]])[None]  # [1, C, S, w], [n, C, S, w] in the end
    places = torch.arange(suffixes.shape[1], device=ends.device)
    *blocks, last = model.transformer.resblocks
    for block in blocks:
        queries, keys, values = _projected(block, before)
        after = _behind(block, after, places[:, None] >= places, keys, values)
        attended = scaled_dot_product_attention(queries, keys, values, is_causal=True)
        before = _rest(block, before, attended.transpose(-3, -2).flatten(-2))
    _, keys, values = _projected(last, before)
    ended = after[:, torch.arange(len(ends), device=ends.device), ends][:, :, None]  # [., C, 1, w]
    state = _behind(last, after, ends[:, None, None] >= places, keys, values, ended)[:, :, 0]
    features: Tensor = model.ln_final(state) @ model.text_projection
    return features


def _behind(
    block: Any, after: Tensor, seen: Tensor, keys: Tensor, values: Tensor, asked: Tensor | None = None
) -> Tensor:
    """A block's states of the suffixes, or of the tokens `asked` for `[., C, Q, w]` among them.

    Attention to the prefix and to the suffix are computed apart, each normalised by itself, and mixed by their shares.

    Args:
        after: `[m, C, S, w]`, m either n or 1; seen: `[(C,) Q, S]`, which tokens of a suffix a query looks at.
        keys, values: of the prefixes, `[n, heads, P, .]`.

    Returns:
        `[n, C, Q, w]`.
    """
    queries, own_keys, own_values = _projected(block, after)  # [m, C, heads, S, .]
    if asked is None:
        asked = after
    else:
        queries, _, _ = _projected(block, asked)
    scale = queries.shape[-1] ** -0.5
    mask = torch.zeros_like(seen, dtype=queries.dtype).masked_fill(~seen, -torch.inf)
    own_scores = (scale * queries @ own_keys.mT) + (mask[:, None] if mask.ndim == 3 else mask)  # [m, C, heads, Q, S]
    own_total = own_scores.logsumexp(-1, keepdim=True)
    own = (own_scores - own_total).exp() @ own_values  # [m, C, heads, Q, .]
    by_head = (scale * queries).transpose(1, 2).flatten(2, 3)  # [m, heads, C Q, .]
    scores = by_head @ keys.mT  # [n, heads, C Q, P]
    total = scores.logsumexp(-1, keepdim=True)
    shape = own.shape[1], own.shape[3]
    prefix = ((scores - total).exp() @ values).unflatten(2, shape).transpose(1, 2)  # [n, C, heads, Q, .]
    share = (own_total - total.unflatten(2, shape).transpose(1, 2)).sigmoid()  # [n, C, heads, Q, 1]
    return _rest(block, asked, torch.lerp(prefix, own, share).transpose(-3, -2).flatten(-2))


def _projected(block: Any, states: Tensor) -> list[Tensor]:
    """Queries, keys and values `[..., heads, L, .]` of states `[..., L, w]`."""
    attention = block.attn
    joined = linear(block.ln_1(states), attention.in_proj_weight, attention.in_proj_bias)
    return [one.unflatten(-1, (attention.num_heads, -1)).transpose(-3, -2) for one in joined.chunk(3, dim=-1)]


def _rest(block: Any, states: Tensor, attended: Tensor) -> Tensor:
    """A block after its attention."""
    states = states + block.ls_1(block.attn.out_proj(attended))
    after: Tensor = states + block.ls_2(block.mlp(block.ln_2(states)))
    return after
