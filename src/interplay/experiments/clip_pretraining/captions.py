"""Captions made at random of the names of classes, as tokens of the words that occur."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.models.dual_encoder import ends_of, tokenize
from interplay.protocols.clip_pretraining import Captions
from interplay.training import EpochOrder
from interplay.training.streams import Randomness

Tokens = list[int]


class CaptionMaker:
    """Makes captions of classes, and knows which of CLIP's tokens occur in any of them.

    Of 49,408 tokens a few thousand occur. Only these are embedded while the network is trained, numbered anew in the
    order of their numbers, so that the end of a text still has the largest.

    Args:
        names: of the classes: name and attributes, with commas between them.
        settings: how captions are made.
        context_length: tokens of a caption at most.

    Raises:
        InterplayError: a caption could be longer.
    """

    def __init__(self, names: Sequence[str], settings: Captions, context_length: int) -> None:
        self.settings, self.names = settings, tuple(names)
        classes = [name.split(", ") for name in names]
        templates = [template.split("{}") for template in settings.templates]
        texts = sorted(
            {part for name in classes for part in name} | {part for two in templates for part in two} | {","}
        )
        rows = tokenize([text.strip() for text in texts], context_length)
        ends = ends_of(rows)
        self.vocabulary = rows[rows > 0].unique()  # sorted; token 0, an exclamation mark, may be one of them or padding
        if any("!" in text for text in texts):
            self.vocabulary = torch.cat([torch.zeros(1, dtype=torch.int64), self.vocabulary])
        number = {int(token): place for place, token in enumerate(self.vocabulary)}
        pieces = {
            text: [number[int(token)] for token in row[1:end]] for text, row, end in zip(texts, rows, ends, strict=True)
        }
        self._start, self._end = len(number) - 2, len(number) - 1
        self._comma = pieces[","]
        self._templates = [tuple(pieces[part] for part in two) for two in templates]
        self._classes = [[pieces[part] for part in name] for name in classes]
        longest = max(sum(map(len, name)) + (len(name) - 1) for name in self._classes)
        self.length = longest + max(sum(map(len, two)) for two in self._templates) + 2
        if self.length > context_length:
            raise InterplayError(
                f"captions of up to {self.length} tokens where text_encoder.context_length is {context_length}"
            )

    def draw(self, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Tokens `[b, length]` of a caption for each class of `labels` `[b]`, and the places `[b]` of their ends."""
        most = max(map(len, self._classes))
        chosen = torch.randint(len(self._templates), (len(labels),), generator=generator).tolist()
        drawn = torch.rand(len(labels), most + 1, generator=generator).tolist()
        return self._padded(
            [
                self._caption(self._classes[label], self._templates[template], numbers)
                for label, template, numbers in zip(labels.tolist(), chosen, drawn, strict=True)
            ]
        )

    def whole(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The same of captions with all attributes, after the name, in the first template."""
        first = self._templates[0]
        return self._padded([self._joined(self._classes[label], first, before=False) for label in labels.tolist()])

    def _caption(self, parts: list[Tokens], template: tuple[Tokens, ...], drawn: list[float]) -> Tokens:
        settings = self.settings
        kept = [part for part, number in zip(parts[1:], drawn[2:], strict=False) if number < settings.attribute]
        named = [parts[0]] if drawn[1] < settings.name or not kept else []
        return self._joined(named + kept, template, before=bool(named) and drawn[0] < settings.before)

    def _joined(self, parts: list[Tokens], template: tuple[Tokens, ...], *, before: bool) -> Tokens:
        """`serif bold capital g` or `capital g, serif, bold`, in a template."""
        said: Tokens = []
        for place, part in enumerate([*parts[1:], parts[0]] if before else parts):
            said += part if before or not place else self._comma + part
        return [self._start, *template[0], *said, *template[1], self._end]

    def _padded(self, captions: list[Tokens]) -> tuple[Tensor, Tensor]:
        tokens = torch.zeros(len(captions), self.length, dtype=torch.int64)
        for row, caption in zip(tokens, captions, strict=True):
            row[: len(caption)] = torch.tensor(caption)
        return tokens, torch.tensor([len(caption) - 1 for caption in captions])


class CaptionStream:
    """A caption for each sample of a batch, drawn anew every time. A `Source`.

    Args:
        maker: of the captions.
        labels: `[N]`, the class of each sample, on the CPU.
        order: of the batches.
        seed, purpose: of the randomness.
        device: where the tokens are put.
    """

    def __init__(
        self, maker: CaptionMaker, labels: Tensor, order: EpochOrder, seed: int, *purpose: str, device: torch.device
    ) -> None:
        self.maker, self.labels, self.order, self.device = maker, labels, order, device
        self._source = Randomness(seed, *purpose)

    def batch(self, step: int) -> Mapping[str, Tensor]:
        """`tokens` `[b, length]` and `ends` `[b]`."""
        tokens, ends = self.maker.draw(self.labels[self.order(step)], self._source.at(step))
        return {"tokens": tokens.to(self.device), "ends": ends.to(self.device)}
