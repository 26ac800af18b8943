"""The training of contexts, of CoOp's and of CoCoOp's alike: all members at once, each down its own objective."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import cos, pi
from time import perf_counter

import torch
from torch import Tensor

from interplay.experiments.context import Context
from interplay.experiments.cross_modal.objective import Losses, member_chunks, member_losses
from interplay.experiments.cross_modal.prompts import ConditionalContext, SharedContext
from interplay.protocols.cross_modal import CrossModalProtocol, Objective
from interplay.training import Batch, Learner, LoopResult, Source, State, Step, Trainer, run_loop, sgd
from interplay.training.trainer import Networks

Prompts = SharedContext | ConditionalContext
TIMED = 3  # evaluations of the loss by which the time of the term is told


class PromptTask(Trainer):
    """Trains the contexts of members that see the same images in the same order.

    Args:
        protocol: optimiser and schedule.
        prompts: the contexts; trained in place.
        source: of batches: `feature` `[B, d]` and `label` `[B]`.
        objectives: of each member, by name.
        scale: what cosines are multiplied by.
        steps, epochs: of the training; the rate changes by the epoch.
        read: further readings after a number of steps.
    """

    def __init__(
        self,
        protocol: CrossModalProtocol,
        prompts: Prompts,
        source: Source,
        objectives: Mapping[str, Objective],
        *,
        scale: float,
        steps: int,
        epochs: int,
        context: Context,
        read: Callable[[], Mapping[str, float]] | None = None,
    ) -> None:
        settings = protocol.optimizer
        groups = [{"params": list(prompts.parameters()), "weight_decay": settings.weight_decay}]
        learner = Learner(
            prompts,
            sgd(groups, settings.learning_rate, momentum=settings.momentum, nesterov=settings.nesterov),
            lambda step: learning_rate(protocol, step * epochs // steps, epochs),
        )
        super().__init__(
            learner,
            {"train": source},
            _Update(objectives, scale, protocol.prompts_at_once),
            steps=steps,
            observe=None if read is None else lambda step: read(),
            # Groups of a batch differ from step to step, which no recorded step can follow.
            compute=replace(context.compute, capture="none"),
        )

    def observe(self, step: int) -> Mapping[str, float]:
        """`loss_<member>`, `cross_entropy_<member>` and `term_<member>`, means over recent steps, and what is read."""
        readings = super().observe(step)
        return {name.removeprefix("train_"): value for name, value in readings.items() if name != "train_loss"}


@dataclass(frozen=True)
class _Update:
    """One step of all members. Where their prompts are too many, members take turns; the gradients are the same."""

    objectives: Mapping[str, Objective]
    scale: float
    prompts_at_once: int

    def __call__(self, learners: Networks, batch: Batch, state: State) -> Step:
        learner = learners["main"]
        done: list[Losses] = []

        def losses() -> Iterator[Tensor]:
            for members in self._chunks(learner.network, len(batch["train"]["label"])):
                found = self.losses(learner.network, batch, members)
                done.append(Losses(found.total.detach(), found.cross_entropy.detach(), found.term.detach()))
                yield found.total.sum()

        learner.descend(losses())
        kinds = {"loss": "total", "cross_entropy": "cross_entropy", "term": "term"}
        columns = {kind: torch.cat([getattr(part, field) for part in done]) for kind, field in kinds.items()}
        readings = {
            f"{kind}_{name}": column[member]
            for kind, column in columns.items()
            for member, name in enumerate(self.objectives)
        }
        return Step(columns["loss"].sum(), readings)

    def losses(self, prompts: Prompts, batch: Batch, members: slice) -> Losses:
        """Of some members on a batch."""
        features, labels = batch["train"]["feature"], batch["train"]["label"]
        own = list(self.objectives.values())[members]
        vectors = prompts.class_vectors(features, members)
        return member_losses(
            features, labels, vectors, self.scale, [one.term for one in own], [one.weight for one in own]
        )

    def _chunks(self, prompts: Prompts, batch_size: int) -> Iterator[slice]:
        images = batch_size if isinstance(prompts, ConditionalContext) else 1
        return member_chunks(len(self.objectives), images * prompts.num_classes, self.prompts_at_once)


def learning_rate(protocol: CrossModalProtocol, epoch: int, epochs: int) -> float:
    """The rate of an epoch, counted from 0: constant in the warm-up, then half a cosine of the length of all epochs.

    As the scheduler of CoOp has it, the cosine starts after the warm-up, and so ends as long before 0.
    """
    settings = protocol.optimizer
    if epoch < settings.warmup_epochs:
        return settings.warmup_rate
    return settings.learning_rate * (1 + cos(pi * (epoch - settings.warmup_epochs) / epochs)) / 2


def train(task: PromptTask, protocol: CrossModalProtocol, observe_at: Sequence[int], context: Context) -> LoopResult:
    """Train to the end, from the checkpoint where there is one."""
    return run_loop(task, task.steps, observe_at, context.checkpoint, protocol.checkpoint_every, context.report)


def seconds_of_terms(task: PromptTask) -> float:
    """What the terms of all members add to the losses of a step and their gradients, text vectors given.

    Timed on the last batch; the encoder is left out, since it works for the cross-entropy anyhow.
    """
    update, prompts = task.update, task.learners["main"].network
    assert isinstance(update, _Update)
    batch = task.sources["train"].batch(task.steps - 1)
    with torch.no_grad():
        vectors = prompts.class_vectors(batch["feature"])

    def seconds(objectives: Sequence[Objective]) -> float:
        _wait(vectors.device)
        clock = perf_counter()
        leaf = vectors.clone().requires_grad_()
        terms, weights = [one.term for one in objectives], [one.weight for one in objectives]
        member_losses(batch["feature"], batch["label"], leaf, update.scale, terms, weights).total.sum().backward()
        _wait(vectors.device)
        return perf_counter() - clock

    own = list(update.objectives.values())
    without = [Objective(term="none", weight=0)] * len(own)
    return max(0.0, min(seconds(own) for _ in range(TIMED)) - min(seconds(without) for _ in range(TIMED)))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
