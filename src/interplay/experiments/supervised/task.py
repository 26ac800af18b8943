"""The thing that is trained: network, averaged network, optimiser and data, one step at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from interplay.data import flip_and_crop
from interplay.data.images import Images
from interplay.information import batch_information
from interplay.models import WideResNet
from interplay.objectives import EntropyDifferenceLoss, MutualInformationLoss
from interplay.protocols.supervised import Objective, SupervisedProtocol
from interplay.training import cosine_factor, generator, information_readings

LOSS_MEMORY = 0.9  # of the running training loss


def build_model(protocol: SupervisedProtocol, dataset: str, train: Images, seed: int) -> WideResNet:
    """The network for a data set, initialised from the seed alone, so that objectives start from equal weights."""
    shape = protocol.architectures[dataset]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(seed, "initialisation").initial_seed() % 2**63)
        return WideResNet(
            shape.depth,
            shape.width,
            train.num_classes,
            in_channels=train.image_shape[0],
            groups=shape.groups,
            norm_momentum=protocol.norm.momentum,
            norm_eps=protocol.norm.eps,
        )


class SupervisedTask:
    """Cross-entropy of softmax(logits / T), plus the weighted term of MAX MI or MIN HD between f and class vectors W_y.

    The gradient of that term reaches features and head alike; the documents leave open whether the head is detached.
    The temperature T applies wherever a probability is taken, in training and at test: accuracy does not depend on it
    at test, the loss does. `child` "b" starts from the same weights as "a" and draws order and augmentation of its own.
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
        temperature: float = 1.0,
        label_smoothing: float = 0.0,
        child: str = "a",
    ) -> None:
        self.protocol, self.seed, self.held_out_name = protocol, seed, held_out_name
        self.train, self.held_out = train, held_out
        self.temperature, self.label_smoothing = temperature, label_smoothing
        self._stream = () if child == "a" else (child,)
        self.model = model.to(train.device)
        average = get_ema_multi_avg_fn(protocol.ema_decay) if protocol.ema_decay else None
        self.averaged = AveragedModel(self.model, multi_avg_fn=average) if average else None
        self.term = _objective_term(objective, weight)
        settings = protocol.optimizer
        self.optimizer = torch.optim.SGD(
            _parameter_groups(self.model, settings.weight_decay, settings.decay_norm_and_bias),
            lr=settings.learning_rate,
            momentum=settings.momentum,
            nesterov=settings.nesterov and settings.momentum > 0,
        )
        self.train_loss = torch.zeros((), device=train.device)
        self._view = partial(flip_and_crop, padding=protocol.augmentation.crop_padding, flip=flip)
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)

    def train_step(self, step: int) -> None:
        """One step of SGD on an augmented batch."""
        settings = self.protocol.optimizer
        factor = cosine_factor(step, self.protocol.iterations, settings.cosine_span)
        for group in self.optimizer.param_groups:
            group["lr"] = settings.learning_rate * factor
        chosen = self._batch(step)
        draw = generator(self.seed, "augment", *self._stream, step, device=self.train.device)
        images, labels = self.train.batch(chosen, self._view, draw)
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        features = self.model.features(images)
        logits = self.model.head(features) / self.temperature
        loss = functional.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        running = loss.detach()
        self.train_loss = running if step == 0 else LOSS_MEMORY * self.train_loss + (1 - LOSS_MEMORY) * running
        if self.term is not None:
            loss = loss + self.term(features, self.model.head.weight[labels])
        loss.backward()
        self.optimizer.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.model)

    def observe(self, step: int) -> Mapping[str, float]:
        """Accuracy, loss and information on the held-out images, by the averaged network where there is one."""
        features, logits = self.evaluate(self.held_out.images)
        labels = self.held_out.labels
        readings = accuracy_and_loss(logits / self.temperature, labels, self.held_out_name)
        readings["train_loss"] = float(self.train_loss)
        head, batch_size = self.network.head.weight, self.protocol.trajectory.batch_size
        readings |= stopping_readings(features, logits / self.temperature, labels, head, batch_size)
        return readings | information_readings(features, labels, head, batch_size, normalisations=True)

    def evaluate(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features `[N, d]` and logits `[N, C]` of the network that is evaluated."""
        return evaluate(self.network, images)

    @property
    def network(self) -> WideResNet:
        """The network that is evaluated: the averaged one where the protocol averages."""
        network = self.model if self.averaged is None else self.averaged.module
        assert isinstance(network, WideResNet)
        return network

    def state_dict(self) -> dict[str, Any]:
        """Networks, optimiser and running loss; order and augmentation follow from the step."""
        return {
            "model": self.model.state_dict(),
            "averaged": None if self.averaged is None else self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "train_loss": self.train_loss,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.model.load_state_dict(state["model"])
        if self.averaged is not None:
            self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.train_loss = state["train_loss"].to(self.train_loss.device)

    def _batch(self, step: int) -> Tensor:
        """Indices of the step's batch: epochs in random order, the incomplete last batch dropped."""
        size = min(self.protocol.batch_size, len(self.train.labels))
        epoch, place = divmod(step, len(self.train.labels) // size)
        if epoch != self._epoch:
            order = torch.randperm(
                len(self.train.labels), generator=generator(self.seed, "order", *self._stream, epoch)
            )
            self._epoch, self._order = epoch, order.to(self.train.device)
        return self._order[place * size : (place + 1) * size]


@torch.no_grad()
def evaluate(network: WideResNet, images: Tensor, batch_size: int = 512) -> tuple[Tensor, Tensor]:
    """Features `[N, d]` and logits `[N, C]` in evaluation mode, by batches."""
    network.eval()
    features = torch.cat([network.features(batch) for batch in images.split(batch_size)])
    return features, network.head(features)


def accuracy_and_loss(logits: Tensor, labels: Tensor, name: str) -> dict[str, float]:
    """`<name>_accuracy` and `<name>_loss` (cross-entropy, nats)."""
    return {
        f"{name}_accuracy": float((logits.argmax(1) == labels).double().mean()),
        f"{name}_loss": float(functional.cross_entropy(logits, labels)),
    }


@torch.no_grad()
def stopping_readings(
    features: Tensor, logits: Tensor, labels: Tensor, head: Tensor, batch_size: int
) -> dict[str, float]:
    """Criteria of early stopping on the first half of the images, and the accuracy they lead to on the other half.

    `stopping_loss` (nats), `stopping_mir` and `stopping_hdr` (over batches, as the documents compute them) never see
    the images of `stopped_accuracy` (question 3 of the note).
    """
    half = len(labels) // 2
    first, other = slice(None, half), slice(half, None)
    batches = batch_information(features[first], labels[first], head, batch_size)
    return {
        "stopping_loss": float(functional.cross_entropy(logits[first], labels[first])),
        "stopping_mir": batches["mir"],
        "stopping_hdr": batches["hdr"],
        "stopped_accuracy": float((logits[other].argmax(1) == labels[other]).double().mean()),
    }


def _objective_term(objective: Objective, weight: float) -> nn.Module | None:
    if objective == "max_mi":
        return MutualInformationLoss(weight)
    return EntropyDifferenceLoss(weight) if objective == "min_hd" else None


def _parameter_groups(model: nn.Module, weight_decay: float, decay_all: bool) -> list[dict[str, Any]]:
    """Weights with decay; biases and batch-norm parameters (all one-dimensional) without, unless `decay_all`."""
    parameters = list(model.parameters())
    if decay_all:
        return [{"params": parameters, "weight_decay": weight_decay}]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
