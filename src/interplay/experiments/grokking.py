"""Grokking: a transformer learns modular addition and generalises long after it has memorised the training pairs.

Source: metrics24 VI-C and Fig. 9, interplay24 5.5 and Fig. 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.context import Context, Outcome
from interplay.models import ModularTransformer
from interplay.protocols.grokking import GrokkingProtocol, GrokkingRun
from interplay.training import generator, information_readings, log_steps, run_loop, warmup_factor


def run(protocol: GrokkingProtocol, run: GrokkingRun, context: Context) -> Outcome:
    """Train on `train_fraction` of all p^2 pairs, full batch; read accuracy, loss, MIR and HDR on both splits."""
    task = _Addition(protocol, run.seed, context.device)
    observe_at = log_steps(protocol.trajectory.points, protocol.steps)
    result = run_loop(task, protocol.steps, observe_at, context.checkpoint, protocol.checkpoint_every, context.report)
    columns = result.trajectory
    return Outcome(
        metrics={name: values[-1] for name, values in columns.items() if name != "step"},
        trajectory=columns,
        seconds={"training": result.training_seconds, "logging": result.logging_seconds},
        sessions=result.sessions,
        model=task.model.state_dict(),
    )


class _Addition:
    """All pairs of numbers below p, split at random, and the model that learns them."""

    def __init__(self, protocol: GrokkingProtocol, seed: int, device: torch.device) -> None:
        self.protocol = protocol
        p, shape = protocol.modulus, protocol.transformer
        pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
        order = torch.randperm(len(pairs), generator=generator(seed, "split"))
        pairs = pairs[order].to(device)
        size = round(protocol.train_fraction * len(pairs))
        self.splits = {"train": pairs[:size], "test": pairs[size:]}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator(seed, "initialisation").initial_seed() % 2**63)
            model = ModularTransformer(p, shape.width, shape.heads, shape.head_width, shape.mlp_width)
        self.model = model.to(device)
        settings = protocol.optimizer
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=settings.learning_rate,
            betas=(settings.beta1, settings.beta2),
            weight_decay=settings.weight_decay,
        )

    def train_step(self, step: int) -> None:
        """One step of gradient descent on the full training split."""
        settings = self.protocol.optimizer
        for group in self.optimizer.param_groups:
            group["lr"] = settings.learning_rate * warmup_factor(step, settings.warmup_steps)
        self.optimizer.zero_grad(set_to_none=True)
        pairs = self.splits["train"]
        self._loss(self.model(pairs), self._answers(pairs)).backward()
        self.optimizer.step()

    @torch.no_grad()
    def observe(self, step: int) -> Mapping[str, float]:
        """Accuracy and loss over all pairs of each split; information on the first `sample` (they are shuffled)."""
        readings: dict[str, float] = {}
        trajectory, head = self.protocol.trajectory, self.model.head_weights
        for name, pairs in self.splits.items():
            answers = self._answers(pairs)
            features = self.model.features(pairs)
            logits = features @ self.model.unembedding.T
            readings[f"{name}_accuracy"] = float((logits.argmax(1) == answers).double().mean())
            readings[f"{name}_loss"] = float(self._loss(logits, answers))
            chosen = slice(0, trajectory.sample)
            information = information_readings(features[chosen], answers[chosen], head, trajectory.batch_size)
            readings |= {f"{name}_{key}": value for key, value in information.items()}
        return readings

    def state_dict(self) -> dict[str, Any]:
        """Model and optimiser."""
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore model and optimiser."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _answers(self, pairs: Tensor) -> Tensor:
        return pairs.sum(1) % self.protocol.modulus

    def _loss(self, logits: Tensor, answers: Tensor) -> Tensor:
        precision = torch.float64 if self.protocol.loss_precision == "float64" else torch.float32
        return functional.cross_entropy(logits.to(precision), answers)
