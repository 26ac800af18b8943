"""Banks of decoders of one layer that take each training step together, each with an AdamW of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from interplay.errors import InterplayError
from interplay.information.checks import check_count, check_number
from interplay.models.compression_cnn import Decoder, fold, rows_of_copies, select_copies


@dataclass(frozen=True)
class DecoderSettings:
    """How decoders are trained; every value applies to each of them by itself.

    Attributes:
        epochs: at most; `epochs_of` has exceptions by question.
        batch_size: samples that the encoder sees at once; decoders of one class see their part of it.
        stop_at_loss: mean training loss of an epoch, in nats, at which a decoder is done; None trains all epochs.
    """

    epochs: int
    batch_size: int
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    stop_at_loss: float | None = None
    epochs_of: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            check_count(getattr(self, name), name, 0)
        for question, epochs in self.epochs_of.items():
            check_count(epochs, f"epochs_of[{question!r}]", 0)
        check_number(self.learning_rate, "learning_rate", 0, above=True)
        check_number(self.weight_decay, "weight_decay", 0)
        if self.stop_at_loss is not None:
            check_number(self.stop_at_loss, "stop_at_loss", 0)
        least = min(self.epochs, *self.epochs_of.values(), self.epochs)
        if least < 1 or self.batch_size < 2:
            raise InterplayError(
                f"decoders: at least 1 epoch and batches of 2 needed, got {least} and {self.batch_size}"
            )

    def is_done(self, question: str, epochs: int, loss: float) -> bool:
        """Whether a decoder stops after so many epochs, of which the last had this mean loss in nats."""
        enough = epochs >= self.epochs_of.get(question, self.epochs)
        return enough or (self.stop_at_loss is not None and loss <= self.stop_at_loss)

    def optimizer(self, parameters: Sequence[Tensor]) -> torch.optim.AdamW:
        """AdamW; it works element by element, so one over folded parameters is one for each decoder."""
        return torch.optim.AdamW(parameters, lr=self.learning_rate, weight_decay=self.weight_decay, fused=True)


class Bank(Protocol):
    """Decoders of one layer. `hidden` is `[sources, batch, channels, height, width]`, `labels` `[decoders, batch]`."""

    def step(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """One step of every decoder; their mean losses `[decoders]` before it, in nats."""

    def losses(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Mean losses `[decoders]`, in nats; nothing changes."""

    def only(self, chosen: Sequence[int]) -> Bank:
        """The decoders at these positions, in ascending order, with the state of their optimisers."""

    def state_dict(self) -> dict[str, Any]:
        """Weights, and the state of the optimisers."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` of a bank of the same decoders gave."""


class SeparateBank:
    """Decoders one after the other within each step: the plain way, and on a CPU the faster one."""

    def __init__(
        self,
        decoders: Sequence[Decoder],
        sources: Sequence[int],
        settings: DecoderSettings,
        optimizers: Sequence[torch.optim.AdamW] | None = None,
    ) -> None:
        self.decoders, self.sources, self.settings = list(decoders), list(sources), settings
        self.optimizers = list(optimizers or [settings.optimizer(list(d.parameters())) for d in self.decoders])

    def step(self, hidden: Tensor, labels: Tensor) -> Tensor:
        return torch.stack([self._step(position, hidden, labels) for position in range(len(self.decoders))])

    @torch.no_grad()
    def losses(self, hidden: Tensor, labels: Tensor) -> Tensor:
        return torch.stack([self._loss(position, hidden, labels) for position in range(len(self.decoders))])

    def only(self, chosen: Sequence[int]) -> SeparateBank:
        return SeparateBank(
            [self.decoders[position] for position in chosen],
            [self.sources[position] for position in chosen],
            self.settings,
            [self.optimizers[position] for position in chosen],
        )

    def state_dict(self) -> dict[str, Any]:
        return {
            "decoders": [decoder.state_dict() for decoder in self.decoders],
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for decoder, weights in zip(self.decoders, state["decoders"], strict=True):
            decoder.load_state_dict(weights)
        for optimizer, moments in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(moments)

    def _step(self, position: int, hidden: Tensor, labels: Tensor) -> Tensor:
        loss = self._loss(position, hidden, labels)
        self.optimizers[position].zero_grad(set_to_none=True)
        loss.backward()
        self.optimizers[position].step()
        return loss.detach()

    def _loss(self, position: int, hidden: Tensor, labels: Tensor) -> Tensor:
        logits = self.decoders[position](hidden[self.sources[position]])
        return functional.cross_entropy(_precise(logits), labels[position])


class FoldedBank:
    """All decoders as groups of channels of one network: as many kernel calls as a single decoder needs."""

    def __init__(
        self, folded: Decoder, sources: Sequence[int], optimizer: torch.optim.AdamW, settings: DecoderSettings
    ) -> None:
        self.folded, self.sources, self.optimizer, self.settings = folded, list(sources), optimizer, settings
        self.inputs = torch.tensor(_distinct(sources), device=next(folded.parameters()).device)

    @classmethod
    def of(cls, decoders: Sequence[Decoder], sources: Sequence[int], settings: DecoderSettings) -> FoldedBank:
        """A bank of `decoders`, whose weights are copied; `sources` says in ascending order which input each reads."""
        folded = fold(decoders, len(_distinct(sources)))
        return cls(folded, sources, settings.optimizer(list(folded.parameters())), settings)

    def step(self, hidden: Tensor, labels: Tensor) -> Tensor:
        losses = self._losses(hidden, labels)
        self.optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()
        self.optimizer.step()
        return losses.detach()

    @torch.no_grad()
    def losses(self, hidden: Tensor, labels: Tensor) -> Tensor:
        return self._losses(hidden, labels)

    def only(self, chosen: Sequence[int]) -> FoldedBank:
        copies, sources = self.folded.copies, [self.sources[position] for position in chosen]
        index = torch.tensor(list(chosen), device=next(self.folded.parameters()).device)
        part = select_copies(self.folded, index, len(_distinct(sources)))
        optimizer = self.settings.optimizer(list(part.parameters()))
        for own, whole in zip(part.parameters(), self.folded.parameters(), strict=True):
            state = self.optimizer.state[whole]
            optimizer.state[own] = {
                name: value.clone() if name == "step" else rows_of_copies(value, copies, index)
                for name, value in state.items()
            }
        return FoldedBank(part, sources, optimizer, self.settings)

    def state_dict(self) -> dict[str, Any]:
        return {"folded": self.folded.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.folded.load_state_dict(state["folded"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _losses(self, hidden: Tensor, labels: Tensor) -> Tensor:
        inputs = hidden[self.inputs].transpose(0, 1).flatten(1, 2)
        logits = _precise(self.folded(inputs)).view(len(self.sources), len(inputs), -1)
        return functional.cross_entropy(logits.transpose(1, 2), labels, reduction="none").mean(1)


def _distinct(sources: Sequence[int]) -> list[int]:
    """The inputs that folded copies need: each source once where all serve equally many neighbours, else one a copy."""
    runs = [(source, len(list(members))) for source, members in groupby(sources)]
    return [source for source, _ in runs] if len({size for _, size in runs}) == 1 else list(sources)


def _precise(logits: Tensor) -> Tensor:
    """Losses in float32 at least."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
