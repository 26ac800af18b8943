"""A semi-supervised method in small, as experiments are to write them: FixMatch with a threshold that it learns."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from interplay.data.images import Images
from interplay.training import (
    Compute,
    Descent,
    Draws,
    EpochOrder,
    Learner,
    Step,
    Stream,
    Trainer,
    accuracy_and_loss,
    cosine_factor,
    evaluate,
    on_device,
    parameter_groups,
    sgd,
)

CLASSES, STEPS = 4, 24


class Net(nn.Module):
    """A convolution with a norm and a head."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, CLASSES)

    def features(self, images):
        return self.norm(self.conv(images)).relu().mean((2, 3))

    def forward(self, images):
        return self.head(self.features(images))


def weak(images, draw):
    flipped = torch.randint(2, (len(images), 1, 1, 1), generator=draw, device=draw.device).bool()
    return torch.where(flipped, images.flip(3), images)


def strong(images, draw):
    return weak(images, draw) + torch.randn(images.shape, generator=draw, device=draw.device)


def fixmatch(learner, batch, state):
    """Labelled cross-entropy, and cross-entropy of confident pseudo-labels; the threshold follows the confidence."""
    labelled, unlabelled, noise = batch["labelled"], batch["unlabelled"], batch["noise"]["scale"]
    images = torch.cat([labelled["weak"], unlabelled["weak"], unlabelled["strong"] * noise])
    logits = learner.network(images)
    sizes = [len(labelled["weak"]), len(unlabelled["weak"]), len(unlabelled["strong"])]
    of_labelled, of_weak, of_strong = logits.split(sizes)
    confidence, guess = of_weak.detach().softmax(1).max(1)
    threshold = 0.9 * state["threshold"] + 0.1 * confidence.mean()
    mask = (confidence >= threshold).float()
    supervised = functional.cross_entropy(of_labelled, labelled["label"])
    matched = (functional.cross_entropy(of_strong, guess, reduction="none") * mask).mean()
    weight = batch["time"]["progress"].clamp(max=0.4).float() / 0.4  # warm-up
    readings = {"supervised": supervised, "kept": mask.mean()}
    return Step(supervised + weight * matched, readings, {"threshold": threshold})


def data(device="cpu", samples=60):
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(samples) % CLASSES
    colours = torch.tensor([[2.0, 2.0], [2.0, -2.0], [-2.0, 2.0], [-2.0, -2.0]])
    images = torch.randn(samples, 2, 6, 6, generator=draw) + colours[labels][:, :, None, None]
    return Images(images, labels, CLASSES).to(torch.device(device))


def build(device="cpu", compute=None, seed=0, loss=fixmatch, say=print):
    """The trainer: 10 labels in batches of 8, and three times as many unlabelled images of all."""
    images = data(device)
    torch.manual_seed(seed)
    network = on_device(Net(), torch.device(device))
    learner = Learner(
        network,
        sgd(parameter_groups(network, 1e-3, decay_norm_and_bias=False), 0.1, momentum=0.9, nesterov=True),
        lambda step: 0.1 * cosine_factor(step, STEPS, 7 / 16),
        ema_decay=0.9,
    )
    order = EpochOrder(6, 8, seed, "order", "labelled", device=device, endless=True)
    labelled = Stream(images.subset(torch.arange(6, device=device)), order, {"weak": weak}, seed, "labelled")
    order = EpochOrder(len(images), 24, seed, "order", "unlabelled", device=device)
    views = {"weak": weak, "strong": strong}
    unlabelled = Stream(images, order, views, seed, "unlabelled", labelled=False)
    noise = Draws(
        {"scale": lambda draw: 1 + torch.rand((24, 1, 1, 1), generator=draw, device=draw.device)},
        seed,
        "noise",
        device=device,
    )

    def observe(step):
        _, logits = evaluate(learner.evaluated, images.images)
        return accuracy_and_loss(logits, images.labels, "test")

    return Trainer(
        learner,
        {"labelled": labelled, "unlabelled": unlabelled, "noise": noise},
        Descent(loss),
        steps=STEPS,
        observe=observe,
        state={"threshold": torch.full((), 1 / CLASSES, device=device)},
        compute=compute or Compute(),
        say=say,
    )
