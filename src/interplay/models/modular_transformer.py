"""The one-layer transformer that learns modular addition."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

CONTEXT = 3  # the tokens "a", "b" and "="


class ModularTransformer(nn.Module):
    """One layer of attention and a ReLU MLP over `a b =`; no LayerNorm, untied embeddings, read at the last position.

    With one layer and one position read, the query is the same for all inputs, and keys and values depend on one token
    and its position only. So they are computed once per token, not once per sample, and only the last position passes
    through the MLP: the same function as full causal attention at about a third of its cost.

    Initialisation: every matrix normal with variance 1/width, the unembedding 1/vocabulary, biases zero.

    Args:
        modulus: p; tokens 0..p-1 are numbers, p is "=".
        width: of the residual stream.
        heads, head_width: of the attention.
        mlp_width: of the hidden layer.

    Source: metrics24 VI-C, interplay24 5.5; initialisation, vocabulary p + 1 and context 3 after the public
    code of Nanda et al., whom both follow (docs/facts.md#grokking).
    """

    def __init__(self, modulus: int, width: int, heads: int, head_width: int, mlp_width: int) -> None:
        super().__init__()
        self.modulus, self.heads, self.head_width = modulus, heads, head_width
        vocabulary, inner = modulus + 1, heads * head_width
        self.embedding = _normal(vocabulary, width, scale=width)
        self.positions = _normal(CONTEXT, width, scale=width)
        self.query = _normal(width, inner, scale=width)
        self.key = _normal(width, inner, scale=width)
        self.value = _normal(width, inner, scale=width)
        self.output = _normal(inner, width, scale=width)
        self.mlp_in = _normal(width, mlp_width, scale=width)
        self.mlp_in_bias = nn.Parameter(torch.zeros(mlp_width))
        self.mlp_out = _normal(mlp_width, width, scale=width)
        self.mlp_out_bias = nn.Parameter(torch.zeros(width))
        self.unembedding = _normal(vocabulary, width, scale=vocabulary)

    @property
    def head_weights(self) -> Tensor:
        """Class vectors `[p, width]`; the row of "=", which is never an answer, is left out."""
        return self.unembedding[: self.modulus]

    def features(self, pairs: Tensor) -> Tensor:
        """Residual stream at the last position `[samples, width]` for `pairs` `[samples, 2]` of numbers."""
        numbers = self.embedding[: self.modulus]
        # Rows: "=" at position 2, then every number at position 0, then every number at position 1.
        last = self.embedding[self.modulus] + self.positions[2]
        tokens = torch.cat([last[None], numbers + self.positions[0], numbers + self.positions[1]])
        queries = (last @ self.query).view(self.heads, self.head_width)
        keys = (tokens @ self.key).view(-1, self.heads, self.head_width)
        values = tokens @ self.value
        scores = (keys * queries).sum(-1) / self.head_width**0.5  # [tokens, heads]

        rows = torch.stack([pairs[:, 0] + 1, pairs[:, 1] + 1 + self.modulus, torch.zeros_like(pairs[:, 0])], dim=1)
        # `embedding` looks rows up as indexing does, but its gradient is many times faster on a CPU.
        pattern = embedding(rows, scores).softmax(dim=1)  # [samples, context, heads]
        looked_up = embedding(rows, values).unflatten(2, (self.heads, self.head_width))
        mixed = (pattern[..., None] * looked_up).sum(1).flatten(1)
        residual = torch.addmm(last, mixed, self.output)
        hidden = torch.addmm(self.mlp_in_bias, residual, self.mlp_in).relu()
        return residual + torch.addmm(self.mlp_out_bias, hidden, self.mlp_out)

    def forward(self, pairs: Tensor) -> Tensor:
        """Logits `[samples, p + 1]`."""
        return self.features(pairs) @ self.unembedding.T


def _normal(*shape: int, scale: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) / scale**0.5)
