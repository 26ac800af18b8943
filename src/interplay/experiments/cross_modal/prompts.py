"""Learnt contexts before class names, CoOp's and CoCoOp's, of several members trained side by side."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from interplay.errors import InterplayError
from interplay.models.dual_encoder import FrozenClip, ends_of
from interplay.models.text_encoder import Suffixes
from interplay.training import generator

ALL = slice(None)


class Context(nn.Module):
    """What both contexts share: prompts "start, context, class name, full stop, end" and their text vectors.

    Underscores of a class name become spaces, and a full stop follows it. Nothing is computed after a name's end, and
    what prompts begin with is encoded once for all of them: both exact, since the encoder is causal. The encoder is no
    part of the module, and its parameters get no gradient.

    Attributes:
        context: `[members, tokens, token_width]`, a parameter; all members start from the same values.
    """

    def __init__(self, clip: FrozenClip, class_names: Sequence[str], context: Tensor, members: int) -> None:
        super().__init__()
        self.clip = clip
        self.context = nn.Parameter(context.to(clip.device).expand(members, -1, -1).clone())
        self.start, self.names = _start_and_names(clip, class_names, context.shape[0])

    @property
    def num_classes(self) -> int:
        """C, the number of class names."""
        return len(self.names.ends)

    def for_classes(self, class_names: Sequence[str]) -> Self:
        """The same parameters, not copies of them, before other class names.

        Raises:
            InterplayError: a name is too long.
        """
        other = copy(self)
        other.start, other.names = _start_and_names(self.clip, class_names, self.context.shape[1])
        return other

    def encode(self, contexts: Tensor) -> Tensor:
        """Text vectors `[n, C, d]` of every class after each context `[n, tokens, token_width]`."""
        prefixes = torch.cat([self.start.expand(len(contexts), -1, -1), contexts], dim=1)
        return self.clip.encode_suffixes(prefixes, self.names)


class SharedContext(Context):
    """CoOp: one context for all classes and images, class name last.

    Args:
        members: how many contexts are trained side by side.
        tokens, std: context vectors of a member, drawn from a normal distribution of this deviation.
        init: words whose embeddings are the context in place of drawn vectors, "a photo of a", of `tokens` tokens.

    Raises:
        InterplayError: a name is too long; `init` has another number of tokens.

    Source: KaiyangZhou/CoOp, `trainers/coop.py` (docs/facts.md#coop-and-cocoop).
    """

    def __init__(
        self,
        clip: FrozenClip,
        class_names: Sequence[str],
        *,
        members: int,
        tokens: int,
        std: float,
        seed: int,
        init: str | None = None,
    ) -> None:
        if init is None:
            context = std * torch.randn(tokens, clip.token_width, generator=generator(seed, "context"))
        else:
            context = embedded_words(clip, init)
            if len(context) != tokens:
                raise InterplayError(f"context {init!r} has {len(context)} tokens, not {tokens}; mend either")
        super().__init__(clip, class_names, context, members)

    def class_vectors(self, features: Tensor | None = None, members: slice = ALL) -> Tensor:
        """Text vectors `[R, C, d]`, not of unit length; `features` make no difference, `members` are all or some."""
        return self.encode(self.context[members])


class ConditionalContext(Context):
    """CoCoOp: the embedding of `context` as start, and to every vector of it a small network of the image adds its own.

    That network is linear from d to d/`reduction`, ReLU, linear to the width of a token, initialised as torch's layers.

    Args:
        members: how many contexts, each with a network, are trained side by side.
        context: words, "a photo of a".

    Raises:
        InterplayError: a name is too long.

    Source: KaiyangZhou/CoOp, `trainers/cocoop.py` (docs/facts.md#coop-and-cocoop).
    """

    def __init__(
        self,
        clip: FrozenClip,
        class_names: Sequence[str],
        *,
        members: int,
        context: str = "a photo of a",
        reduction: int = 16,
        seed: int,
    ) -> None:
        super().__init__(clip, class_names, embedded_words(clip, context), members)
        hidden, draw = max(1, clip.num_features // reduction), generator(seed, "meta-net")
        self.reduce_weight = _uniform((members, hidden, clip.num_features), clip.num_features, draw, clip.device)
        self.reduce_bias = _uniform((members, hidden), clip.num_features, draw, clip.device)
        self.expand_weight = _uniform((members, clip.token_width, hidden), hidden, draw, clip.device)
        self.expand_bias = _uniform((members, clip.token_width), hidden, draw, clip.device)

    def class_vectors(self, features: Tensor, members: slice = ALL) -> Tensor:
        """Text vectors `[R, B, C, d]`, not of unit length, for the directions of images' features.

        Args:
            features: `[B, d]`, or `[R, B, d]` where each member has images of its own.
            members: all or some, R of them.
        """
        images = normalize(features, dim=-1)
        hidden = torch.relu(images @ self.reduce_weight[members].mT + self.reduce_bias[members, None])
        shift = hidden @ self.expand_weight[members].mT + self.expand_bias[members, None]  # [R, B, token_width]
        contexts = self.context[members, None] + shift[:, :, None]  # [R, B, tokens, token_width]
        vectors: Tensor = self.encode(contexts.flatten(0, 1)).unflatten(0, shift.shape[:2])
        return vectors


def embedded_words(clip: FrozenClip, text: str) -> Tensor:
    """Embeddings `[tokens, token_width]` of a text's tokens, without start and end; underscores are spaces."""
    tokens = clip.tokenize([text.replace("_", " ")])[0]
    return clip.embed(tokens[1 : int(ends_of(tokens))])


def _start_and_names(clip: FrozenClip, class_names: Sequence[str], context: int) -> tuple[Tensor, Suffixes]:
    """The embedded start token `[1, token_width]`, and what follows the context."""
    if not class_names:
        raise InterplayError("class_names: at least one class is needed")
    texts = [f"{name.replace('_', ' ')}." for name in class_names]
    tokens = clip.tokenize(texts)
    ends = ends_of(tokens)  # [C]
    longest = int(ends.max())
    if context + longest + 1 > clip.context_length:
        name = class_names[int(ends.argmax())]
        raise InterplayError(
            f"{context} context tokens and class {name!r} of {longest - 1} with its full stop exceed the "
            f"{clip.context_length} tokens of a text, start and end among them; take fewer context tokens"
        )
    return clip.embed(tokens[0, :1]), Suffixes.of(tokens[:, 1 : longest + 1], ends - 1)


def _uniform(shape: tuple[int, ...], fan_in: int, draw: torch.Generator, device: torch.device) -> nn.Parameter:
    """As torch initialises a linear layer, uniform within 1/sqrt(fan_in); every member the same."""
    values = (2 * torch.rand(shape[1:], generator=draw) - 1) / fan_in**0.5
    return nn.Parameter(values.to(device).expand(shape).clone())
