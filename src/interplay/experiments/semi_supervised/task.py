"""The training of a semi-supervised method: streams, networks and readings, for all methods alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import Any

import torch
from torch import Tensor, nn

from interplay.data import flip_and_crop, strong_view
from interplay.data.batches import View
from interplay.data.images import Images
from interplay.data.randomness import generator
from interplay.experiments.semi_supervised.method import Method, MethodState, MethodStep, Networks, Problem
from interplay.models import WideResNet
from interplay.protocols.semi_supervised import SemiSupervisedProtocol
from interplay.protocols.semi_supervised.hyperparameters import Hyperparameters
from interplay.training import (
    Batch,
    Compute,
    Draws,
    EpochOrder,
    Learner,
    Source,
    State,
    Step,
    Stream,
    Trainer,
    accuracy_and_loss,
    cosine_factor,
    evaluate,
    information_metrics,
    on_device,
    parameter_groups,
    sgd,
    wide_resnet,
)

MEMORY = 0.98  # of the means over steps of what was guessed: about the last fifty
SEEN = ("steps", "used", "told", "right")  # moving sums over steps, see `_Guessed`


class SemiSupervisedTask(Trainer):
    """Trains the networks of a method on few labelled and many unlabelled images.

    Args:
        protocol: optimiser, schedule, views, steps.
        method, settings: what is trained, and its hyperparameters.
        weight: of MAX MI or MIN HD.
        dataset: the published data set, whose network and views are taken.
        labelled: images with labels, in batches of `batch_size`, over and over.
        unlabelled: images whose labels only `pseudo_label_accuracy` and `unlabelled_accuracy` see; negative where there
            are none.
        held_out: images of accuracy and loss along the trajectory, under `held_out_name`.
        flip: whether mirror images belong to the data set.
        seed: of initialisation, order, views and draws.
        compute: precision and capture.
    """

    def __init__(
        self,
        protocol: SemiSupervisedProtocol,
        method: Method[Any, Any],
        settings: Any,
        *,
        weight: float,
        dataset: str,
        labelled: Images,
        unlabelled: Images,
        held_out: Images,
        held_out_name: str,
        flip: bool,
        seed: int,
        compute: Compute | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.protocol, self.method = protocol, method
        self.held_out, self.held_out_name = held_out, held_out_name
        self.information_sample = held_out.sample(protocol.trajectory.information_sample)
        self.unlabelled_sample = _with_labels(unlabelled, protocol.trajectory.unlabelled_sample)
        device = labelled.device
        ratio = settings.unlabelled_ratio if isinstance(settings, Hyperparameters) else 0
        problem = Problem(
            num_classes=labelled.num_classes,
            labelled_batch=protocol.batch_size,
            unlabelled_batch=ratio * protocol.batch_size,
            unlabelled_samples=len(unlabelled),
            image_shape=labelled.image_shape,
            steps=protocol.iterations,
            weight=weight,
            device=device,
        )
        networks = {
            name: on_device(build_network(protocol, method, dataset, problem, name, seed), device)
            for name in method.networks
        }
        start: MethodState = method.start(problem, settings)
        super().__init__(
            {name: _learner(protocol, network, averaged=name == "main") for name, network in networks.items()},
            _sources(protocol, method, settings, problem, labelled, unlabelled, flip, seed),
            _Update(method, settings, problem, type(start), unlabelled.labels),
            steps=protocol.iterations,
            observe=self._read,
            state={**start.tensors(), **_nothing_seen(device)},
            compute=compute,
            say=say,
        )

    @property
    def network(self) -> WideResNet:
        """The network that is evaluated: the averaged one where the protocol averages."""
        network: WideResNet = self.learners["main"].evaluated
        return network

    def _read(self, step: int) -> Mapping[str, float]:
        """Accuracy over all held-out images, information over the sample, and how good guesses are."""
        name, head = self.held_out_name, self.network.head.weight
        features, logits = evaluate(self.network, self.held_out.images)
        readings = accuracy_and_loss(logits, self.held_out.labels, name)
        readings[f"{name}_error"] = 1 - readings[f"{name}_accuracy"]
        sample = self.information_sample
        if sample is not self.held_out:
            features, _ = evaluate(self.network, sample.images)
        readings |= information_metrics(features, sample.labels, head, self.protocol.trajectory.batch_size)
        if self.unlabelled_sample is not None:
            _, logits = evaluate(self.network, self.unlabelled_sample.images)
            right = logits.argmax(1) == self.unlabelled_sample.labels
            readings["unlabelled_accuracy"] = float(right.double().mean())
        if self.method.views:
            readings |= _guessed(self.state)
        return readings


def build_network(
    protocol: SemiSupervisedProtocol, method: Method[Any, Any], dataset: str, problem: Problem, name: str, seed: int
) -> WideResNet:
    """The network for a data set, initialised from the seed and its name, so that methods start from equal weights."""
    with torch.random.fork_rng(devices=[]):
        own = () if name == "main" else (name,)
        torch.manual_seed(generator(seed, "initialisation", *own).initial_seed() % 2**63)
        channels, classes = problem.image_shape[0], problem.num_classes
        network = wide_resnet(protocol, dataset, in_channels=channels, num_classes=classes)
        if method.second_head:
            head = nn.Linear(network.num_features, method.second_head)
            nn.init.xavier_normal_(head.weight)
            nn.init.zeros_(head.bias)
            network.add_module("second_head", head)
    return network


def _learner(protocol: SemiSupervisedProtocol, network: WideResNet, *, averaged: bool) -> Learner[WideResNet]:
    settings = protocol.optimizer
    groups = parameter_groups(network, settings.weight_decay, decay_norm_and_bias=settings.decay_norm_and_bias)
    return Learner(
        network,
        sgd(groups, settings.learning_rate, momentum=settings.momentum, nesterov=settings.nesterov),
        lambda step: settings.learning_rate * cosine_factor(step, protocol.iterations, settings.cosine_span),
        ema_decay=protocol.ema_decay if averaged else 0.0,
    )


def _sources(
    protocol: SemiSupervisedProtocol,
    method: Method[Any, Any],
    settings: Any,
    problem: Problem,
    labelled: Images,
    unlabelled: Images,
    flip: bool,
    seed: int,
) -> dict[str, Source]:
    """Labelled images over and over, the views of unlabelled ones that the method asks for, and its random numbers."""
    views = protocol.views
    padding = views.crop_padding
    weak = partial(flip_and_crop, padding=padding, flip=flip)
    strong = partial(
        strong_view,
        crop=views.strong_crop,
        operations=views.operations,
        largest=views.cutout,
        padding=padding,
        flip=flip,
    )
    order = EpochOrder(
        len(labelled), problem.labelled_batch, seed, "order", "labelled", device=problem.device, endless=True
    )
    sources: dict[str, Source] = {"labelled": Stream(labelled, order, {"weak": weak}, seed, "labelled")}
    if method.views:
        order = EpochOrder(
            len(unlabelled), problem.unlabelled_batch, seed, "order", "unlabelled", device=problem.device, endless=True
        )
        of: dict[str, View] = {name: strong if "strong" in name else weak for name in method.views}
        sources["unlabelled"] = Stream(unlabelled, order, of, seed, "unlabelled", labelled=False)
    if draws := method.draws(problem, settings):
        sources["draws"] = Draws(draws, seed, "method", device=problem.device)
    return sources


@dataclass(frozen=True)
class _Update:
    """The update of a method, and beside it what its guesses are worth: the method itself never sees these labels."""

    method: Method[Any, Any]
    settings: Any
    problem: Problem
    state_type: type[MethodState]
    hidden: Tensor  # [unlabelled samples], negative where there is no label

    def __call__(self, learners: Networks, batch: Batch, state: State) -> Step:
        own = self.state_type.of(state)
        if self.method.update is not None:
            step = self.method.update(learners, batch, own, self.settings, self.problem)
        else:
            assert self.method.loss is not None
            step = self.method.loss(learners["main"], batch, own, self.settings, self.problem)
            learners["main"].descend(step.loss)
        return Step(step.loss, step.readings, {**step.state.tensors(), **self._seen(step, batch, state)})

    @torch.no_grad()
    def _seen(self, step: MethodStep[Any], batch: Batch, state: State) -> dict[str, Tensor]:
        """Moving sums over steps: their number, samples used, of these such that have a label, and were right."""
        if step.guesses is None:
            return {}
        labels, weights = self.hidden[batch["unlabelled"]["index"]], step.guesses.weights.double()
        told = weights * (labels >= 0)
        right = told * (step.guesses.labels == labels)
        new = dict(zip(SEEN, (torch.ones_like(weights).mean(), weights.mean(), told.mean(), right.mean()), strict=True))
        return {f"seen_{name}": MEMORY * state[f"seen_{name}"] + (1 - MEMORY) * value for name, value in new.items()}


def _nothing_seen(device: torch.device) -> dict[str, Tensor]:
    return {f"seen_{name}": torch.zeros((), dtype=torch.float64, device=device) for name in SEEN}


def _guessed(state: State) -> dict[str, float]:
    """`mask_rate`, the share of unlabelled samples that count, and `pseudo_label_accuracy`, of these the right ones.

    Over about the last fifty steps; NaN before the first, and accuracy where nothing counted or nothing has a label.
    """
    steps, used, told, right = (float(state[f"seen_{name}"]) for name in SEEN)
    return {
        "mask_rate": used / steps if steps else nan,
        "pseudo_label_accuracy": right / told if told else nan,
    }


def _with_labels(images: Images, count: int | None) -> Images | None:
    """A sample of the images that have a label; None where none has."""
    labelled = (images.labels >= 0).nonzero()[:, 0]
    if not len(labelled):
        return None
    return (images if len(labelled) == len(images) else images.subset(labelled)).sample(count)
