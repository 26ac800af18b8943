"""Meta Pseudo Labels (Pham et al., 2021): a teacher labels, a student learns from it, which teaches the teacher.

In a step, the teacher draws a label for each strong view; the student descends their cross-entropy; its loss on the
labelled images falls by h = before - after, which to first order is the learning rate times the product of two of the
student's gradients, that of the descended loss and that of the labelled loss. The teacher descends h, less its moving
average, times the cross-entropy of the labels it drew (REINFORCE), beside the loss of UDA.

The public code has soft pseudo-labels, whose cross-entropy with their own logits has no gradient, and h with the other
sign: its meta-term does nothing. Drawn labels and the sign are of the paper; the rest is of the code, but that it reads
`before` with the batch statistics of strong views, here both readings see labelled images alone. The paper ends by
finetuning the student on labelled data; the code does not, nor do we: what is evaluated never saw a label
(docs/facts.md#other-semi-supervised-methods).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import (
    Guesses,
    Method,
    MethodState,
    MethodStep,
    Networks,
    Problem,
)
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import MPL
from interplay.training import Batch
from interplay.training.streams import Draw


@dataclass(frozen=True)
class MPLState(MethodState):
    """`baseline`: moving average of by how much a step lowers the student's labelled loss (nats); scalar."""

    baseline: Tensor


def start(problem: Problem, settings: MPL) -> MPLState:
    """The average at 0."""
    return MPLState(torch.zeros((), device=problem.device))


def draws(problem: Problem, settings: MPL) -> dict[str, Draw]:
    """Gumbel noise `[mu B, C]`: the largest of logits plus noise is a draw from their softmax."""
    shape = (problem.unlabelled_batch, problem.num_classes)
    return {
        "gumbel": lambda generator: -torch.empty(shape, device=problem.device).exponential_(generator=generator).log()
    }


@torch.no_grad()
def reading(network: WideResNet, images: Tensor, labels: Tensor) -> Tensor:
    """Loss on labelled images (nats), by their own batch statistics; changes nothing."""
    with passes.statistics_kept(network):
        (outputs,) = passes.together(network, images)
    return passes.labelled_loss(outputs, labels)


def uda(weak: Tensor, strong: Tensor, settings: MPL) -> Tensor:
    """Cross-entropy of sharpened predictions of the weak view, where these are confident, averaged over all images."""
    targets = (passes.as_target(weak) / settings.temperature).softmax(1)
    mask = (targets.max(1).values >= settings.threshold).float()  # of what is sharpened, unlike UDA on its own
    return (passes.cross_entropies(strong, targets) * mask).mean()


def update(learners: Networks, batch: Batch, state: MPLState, settings: MPL, problem: Problem) -> MethodStep[MPLState]:
    """A step of the student, then one of the teacher; the student waits for its share of the training."""
    student, teacher = learners["main"], learners["teacher"]
    images, labelled_images = batch["unlabelled"], batch["labelled"]["weak"]
    labels = batch["labelled"]["label"]
    started = (batch["time"]["step"] >= settings.wait * problem.steps).float()

    labelled, weak, strong = passes.together(teacher.network, labelled_images, images["weak"], images["strong"])
    drawn = passes.as_target((strong.logits + batch["draws"]["gumbel"]).argmax(1))  # [mu B]

    before = reading(student.network, labelled_images, labels)
    of_strong, _ = passes.together(student.network, images["strong"], labelled_images)
    student_loss = functional.cross_entropy(of_strong.logits, drawn, label_smoothing=settings.label_smoothing)
    student.descend(started * student_loss)
    gain = before - reading(student.network, labelled_images, labels)

    baseline = torch.lerp(state.baseline, gain, (1 - settings.momentum) * started)
    meta = started * (gain - baseline) * functional.cross_entropy(strong.logits, drawn)
    supervised = functional.cross_entropy(labelled.logits, labels, label_smoothing=settings.label_smoothing)
    unsupervised = uda(weak.logits, strong.logits, settings)
    weight = settings.weight * passes.warm_up(batch["time"]["progress"], settings.warm_up)
    teacher.descend(supervised + weight * unsupervised + meta)
    return MethodStep(
        student_loss,
        MPLState(baseline),
        Guesses(drawn, started.expand(len(drawn))),
        {"labelled_loss": supervised, "unlabelled_loss": unsupervised, "meta_loss": meta, "gain": gain},
    )


METHOD = Method(update=update, networks=("main", "teacher"), start=start, draws=draws)
