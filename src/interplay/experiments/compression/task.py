"""The network that is trained, an epoch a step, and what is read of it after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from time import perf_counter
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from interplay.collapse import LayerCollapse, neural_collapse
from interplay.data import Images
from interplay.errors import InterplayError
from interplay.models import CnnShape, CompressionCNN
from interplay.protocols.compression import AdamW
from interplay.training import adamw, generator, load_optimizer, parameter_groups

LAYERS = ("l1", "l2", "l3")


class Reader(Protocol):
    """Further readings of the frozen network after `epoch` epochs; `last` where no epoch follows."""

    def __call__(self, network: CompressionCNN, epoch: int, last: bool) -> Mapping[str, float]: ...


def build_network(shape: CnnShape, seed: int, device: torch.device, dtype: torch.dtype) -> CompressionCNN:
    """A network initialised from the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(seed, "initialisation").initial_seed())
        network = CompressionCNN(shape)
    return network.to(device, dtype).to(memory_format=torch.channels_last)


class CompressionTask:
    """Cross-entropy under AdamW, no augmentation. One step of the loop is one epoch.

    The class sums of every layer are gathered during an epoch, while the weights move, as the printed method does; what
    they make of the collapse is read beside the exact values, whose two passes see one network.

    Raises:
        InterplayError: a last batch of one sample, which batch normalisation cannot use.
    """

    def __init__(
        self,
        network: CompressionCNN,
        train: Images,
        test: Images,
        *,
        epochs: int,
        stop_at_loss: float | None,
        batch_size: int,
        optimizer: AdamW,
        seed: int,
        more: Reader | None = None,
    ) -> None:
        self.network, self.splits, self.seed, self.more = network, {"train": train, "test": test}, seed, more
        self.epochs, self.stop_at_loss, self.batch_size = epochs, stop_at_loss, batch_size
        for name, images in self.splits.items():
            if len(images.labels) % batch_size == 1:
                raise InterplayError(
                    f"compression: batch_size: {batch_size} leaves one of {len(images.labels)} {name} images alone in "
                    "its batch, which batch normalisation cannot use; choose another"
                )
        groups = parameter_groups(network, optimizer.weight_decay, decay_norm_and_bias=True)
        self.optimizer = adamw(groups, optimizer.learning_rate)
        self.drifting = LayerCollapse(network.shape.num_classes)
        self.running = {"train_loss": nan, "train_accuracy": nan}
        self.gradient_seconds = 0.0

    def train_step(self, step: int) -> None:
        """One epoch, in an order of its own; the last batch may be smaller."""
        started = perf_counter()
        train = self.splits["train"]
        order = torch.randperm(len(train.labels), generator=generator(self.seed, "order", step))
        self.drifting = LayerCollapse(self.network.shape.num_classes)
        loss_sum, correct = torch.zeros((), device=train.labels.device), torch.zeros((), device=train.labels.device)
        for images, labels in train.batches(order.split(self.batch_size)):
            outputs = self.network.forward_layers(images)
            logits = outputs["logits"].float()
            loss = functional.cross_entropy(logits, labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.drifting.update({layer: outputs[layer].detach() for layer in LAYERS}, labels)
            loss_sum += loss.detach() * len(labels)
            correct += (logits.argmax(1) == labels).sum()
        size = len(train.labels)
        self.running = {"train_loss": float(loss_sum) / size, "train_accuracy": float(correct) / size}
        self.gradient_seconds = perf_counter() - started

    def finished(self) -> bool:
        """Whether the training loss of the last epoch is low enough."""
        return self.stop_at_loss is not None and self.running["train_loss"] <= self.stop_at_loss

    def observe(self, step: int) -> Mapping[str, float]:
        """Loss, accuracy and collapse of every layer on train and test after `step` epochs, and where the time went.

        `train_loss` and `train_accuracy` are means over the batches of the epoch while the weights moved, as the
        document has them; the same with `_frozen` are of the weights at its end. Nothing is drifting before the first.
        """
        readings = dict(self.running)
        seconds = {"seconds_gradient_steps": self.gradient_seconds}
        for name, images in self.splits.items():
            started = perf_counter()
            readings |= self._read(name, images)
            seconds[f"seconds_{name}_pass"] = perf_counter() - started
        if self.more is not None:
            further = self.more(self.network, step, last=step >= self.epochs or self.finished())
            seconds |= {key: value for key, value in further.items() if key.startswith("seconds_")}
            readings |= {key: value for key, value in further.items() if not key.startswith("seconds_")}
        return readings | seconds

    def state_dict(self) -> dict[str, Any]:
        """Network, optimiser, and what was gathered during the last epoch."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "drifting": self.drifting.state_dict(),
            "running": dict(self.running),
            "gradient_seconds": self.gradient_seconds,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        device = self.splits["train"].labels.device
        self.network.load_state_dict(state["network"])
        load_optimizer(self.optimizer, state["optimizer"])
        sums = {layer: values.to(device) for layer, values in state["drifting"]["sums"].items()}
        self.drifting.load_state_dict({**state["drifting"], "sums": sums})
        self.running, self.gradient_seconds = dict(state["running"]), state["gradient_seconds"]

    @torch.no_grad()
    def _read(self, name: str, images: Images) -> dict[str, float]:
        """One pass of the network, whose outputs are kept, as two would cost as much as an epoch of training."""
        batches = [
            ({key: value.float() for key, value in self.network.forward_layers(batch).items()}, labels)
            for batch, labels in images.batches(self.batch_size)
        ]
        logits = torch.cat([outputs.pop("logits") for outputs, _ in batches])
        suffix = "_frozen" if name == "train" else ""
        readings = {
            f"{name}_loss{suffix}": float(functional.cross_entropy(logits, images.labels)),
            f"{name}_accuracy{suffix}": float((logits.argmax(1) == images.labels).double().mean()),
        }
        exact = LayerCollapse(self.network.shape.num_classes)
        for outputs, labels in batches:
            exact.update(outputs, labels)
        readings |= {f"collapse_{name}_{layer}": value for layer, value in _scatter(exact, batches).items()}
        if name == "train":
            ready = int(self.drifting.counts.sum()) > 0
            values = _scatter(self.drifting, batches) if ready else dict.fromkeys(LAYERS, nan)
            readings |= {f"collapse_train_drifting_{layer}": value for layer, value in values.items()}
        features = torch.cat([self.network.pooled(outputs["l3"]) for outputs, _ in batches])
        head = self.network.head.linear
        found = neural_collapse(features, images.labels, head.weight.float(), head.bias.float())
        return readings | {f"{key}_{name}": float(getattr(found, key)) for key in ("nc1", "nc2", "nc3", "nc4")}


def _scatter(first: LayerCollapse, batches: Sequence[tuple[dict[str, Tensor], Tensor]]) -> dict[str, float]:
    """The second pass of Algorithm 1 over outputs of the frozen network, around the means of the first."""
    second = first.second_pass()
    for outputs, labels in batches:
        second.update(outputs, labels)
    return second.compute()
