"""Supervised training of a Wide ResNet: its loss, and what is read along the way. Fine-tuning trains so as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch.nn import functional

from interplay.data import flip_and_crop
from interplay.data.images import Images
from interplay.data.randomness import generator
from interplay.models import WideResNet
from interplay.objectives import EntropyDifferenceLoss, MutualInformationLoss
from interplay.protocols.semi_supervised import SemiSupervisedProtocol
from interplay.protocols.supervised import Objective, SupervisedProtocol
from interplay.training.compute import Compute
from interplay.training.evaluation import accuracy_and_loss, evaluate
from interplay.training.information_metrics import information_metrics, stopping_metrics
from interplay.training.learner import Learner, on_device
from interplay.training.optimizer import parameter_groups, sgd
from interplay.training.schedule import cosine_factor
from interplay.training.streams import Batch, EpochOrder, Stream
from interplay.training.trainer import Descent, State, Step, Trainer

Term = MutualInformationLoss | EntropyDifferenceLoss


def build_network(
    protocol: SupervisedProtocol, dataset: str, *, in_channels: int, num_classes: int, seed: int
) -> WideResNet:
    """The network for a data set, initialised from the seed alone, so that objectives start from equal weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(seed, "initialisation").initial_seed() % 2**63)
        return wide_resnet(protocol, dataset, in_channels=in_channels, num_classes=num_classes)


def wide_resnet(
    protocol: SupervisedProtocol | SemiSupervisedProtocol, dataset: str, *, in_channels: int, num_classes: int
) -> WideResNet:
    """The network that a protocol has for a data set, initialised from torch's generator as it stands."""
    shape = protocol.architectures[dataset]
    return WideResNet(
        shape.depth,
        shape.width,
        num_classes,
        in_channels=in_channels,
        groups=shape.groups,
        norm_momentum=protocol.norm.momentum,
        norm_eps=protocol.norm.eps,
        pre_activation=protocol.pre_activation,
    )


@dataclass(frozen=True)
class SupervisedLoss:
    """Cross-entropy of softmax(logits / T), plus the weighted term of MAX MI or MIN HD between f and class vectors W_y.

    The gradient of that term reaches features and head alike; the documents leave open whether the head is detached.
    The reading `loss` is the cross-entropy alone, so that runs of all objectives compare.
    """

    term: Term | None
    temperature: float = 1.0
    label_smoothing: float = 0.0

    def __call__(self, learner: Learner[WideResNet], batch: Batch, state: State) -> Step:
        """The loss of `batch["train"]`."""
        network, labels = learner.network, batch["train"]["label"]
        features = network.features(batch["train"]["image"])  # [batch, d]
        logits = network.head(features) / self.temperature  # [batch, C]
        loss = functional.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        readings = {"loss": loss}
        if self.term is not None:
            loss = loss + self.term.of_labels(features, labels, network.head.weight)
        return Step(loss, readings)


class SupervisedTask(Trainer):
    """Trains a Wide ResNet on one stream of augmented images by the protocol's SGD, schedule and average.

    The temperature T applies wherever a probability is taken, in training and at test: accuracy does not depend on it
    at test, the loss does. `child` "b" starts from the same weights as "a" and draws order and augmentation of its own.

    Args:
        protocol: optimiser, schedule, augmentation, steps.
        model: the network; trained in place.
        train: images to train on.
        held_out: images of accuracy and loss along the trajectory, all of them each time.
        sample: images of information and stopping criteria along the trajectory; `held_out` where None.
        held_out_name: "test" or "validation", in the names of readings.
        objective, weight: the term that is added to the cross-entropy.
        flip: whether mirror images belong to the data set.
        seed: of order and augmentation.
        temperature, label_smoothing: of the cross-entropy.
        child: which of several trainings from one initialisation.
        after_step: called after each step of the optimiser.
        compute: precision and capture.
    """

    def __init__(
        self,
        protocol: SupervisedProtocol,
        model: WideResNet,
        train: Images,
        held_out: Images,
        *,
        held_out_name: str,
        objective: Objective,
        weight: float,
        flip: bool,
        seed: int,
        sample: Images | None = None,
        temperature: float = 1.0,
        label_smoothing: float = 0.0,
        child: str = "a",
        after_step: Callable[[], None] | None = None,
        compute: Compute | None = None,
    ) -> None:
        self.protocol, self.train, self.held_out, self.held_out_name = protocol, train, held_out, held_out_name
        self.sample, self.temperature = sample or held_out, temperature
        self.model = on_device(model, train.device)
        stream = _stream(protocol, train, seed, () if child == "a" else (child,), flip)
        self.order = stream.order
        settings = protocol.optimizer
        groups = parameter_groups(self.model, settings.weight_decay, decay_norm_and_bias=settings.decay_norm_and_bias)
        self.learner = Learner(
            self.model,
            sgd(groups, settings.learning_rate, momentum=settings.momentum, nesterov=settings.nesterov),
            lambda step: settings.learning_rate * cosine_factor(step, protocol.iterations, settings.cosine_span),
            ema_decay=protocol.ema_decay,
            after_step=after_step,
        )
        loss = SupervisedLoss(_objective_term(objective, weight), temperature, label_smoothing)
        super().__init__(
            self.learner,
            {"train": stream},
            Descent(loss),
            steps=protocol.iterations,
            observe=self._read,
            compute=compute,
        )

    @property
    def network(self) -> WideResNet:
        """The network that is evaluated: the averaged one where the protocol averages."""
        return self.learner.evaluated

    def _read(self, step: int) -> Mapping[str, float]:
        """Accuracy and loss over all held-out images, information over the sample."""
        trajectory, head = self.protocol.trajectory, self.network.head.weight
        features, logits = evaluate(self.network, self.held_out.images)
        readings = accuracy_and_loss(logits / self.temperature, self.held_out.labels, self.held_out_name)
        if self.sample is not self.held_out:
            features, logits = evaluate(self.network, self.sample.images)
        labels, size = self.sample.labels, trajectory.batch_size
        readings |= stopping_metrics(features, logits / self.temperature, labels, head, size)
        return readings | information_metrics(features, labels, head, size, normalisations=True)


def _stream(protocol: SupervisedProtocol, train: Images, seed: int, own: tuple[str, ...], flip: bool) -> Stream:
    """Epochs in random order, each image flipped and cropped anew."""
    view = partial(flip_and_crop, padding=protocol.augmentation.crop_padding, flip=flip)
    order = EpochOrder(len(train), protocol.batch_size, seed, "order", *own, device=train.device)
    return Stream(train, order, {"image": view}, seed, *own)


def _objective_term(objective: Objective, weight: float) -> Term | None:
    if objective == "max_mi":
        return MutualInformationLoss(weight)
    return EntropyDifferenceLoss(weight) if objective == "min_hd" else None
