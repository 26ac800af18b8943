"""Networks by their protocol: built from a seed, and as earlier runs left them behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file

from interplay.data.randomness import generator
from interplay.errors import InterplayError
from interplay.models import WideResNet
from interplay.protocols.sourced import first_problem
from interplay.protocols.supervised import SupervisedProtocol, SupervisedSettings
from interplay.records import Record
from interplay.training.learner import on_device


@dataclass(frozen=True)
class Trained:
    """A trained network in evaluation mode, what it was trained by, and the record of its training."""

    network: WideResNet
    protocol: SupervisedProtocol
    settings: SupervisedSettings
    record: Record


def build_network(
    protocol: SupervisedProtocol, dataset: str, *, in_channels: int, num_classes: int, seed: int
) -> WideResNet:
    """The network for a data set, initialised from the seed alone, so that objectives start from equal weights."""
    shape = protocol.architectures[dataset]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(seed, "initialisation").initial_seed() % 2**63)
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


def load_networks(
    names: Sequence[str],
    records: Mapping[str, Record],
    weights: Mapping[str, Path],
    device: torch.device,
    *,
    in_channels: int,
    num_classes: int,
) -> list[Trained]:
    """The networks of the runs `names`, by the records and weights that they left.

    Raises:
        InterplayError: a record of something else, or weights that do not fit the network that it describes.
    """
    trained = []
    for name in names:
        record, path = records[name], weights[name]
        protocol, settings = read_training(record)
        assert record.dataset is not None
        network = build_network(
            protocol, record.dataset, in_channels=in_channels, num_classes=num_classes, seed=record.seed
        )
        network = on_device(network, device)
        try:
            network.load_state_dict(load_file(path, device=str(device)))
        except (SafetensorError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise InterplayError(
                f"{path}: not the weights of {record.name} ({reason}); run {record.name} again"
            ) from error
        trained.append(Trained(network.eval(), protocol, settings, record))
    return trained


def read_training(record: Record) -> tuple[SupervisedProtocol, SupervisedSettings]:
    """What the record of a training says of it.

    Raises:
        InterplayError: it is of another experiment, or of a version whose protocol was another.
    """
    known = {key: value for key, value in record.settings.items() if key in SupervisedSettings.model_fields}
    try:
        if record.dataset is None or record.dataset_used is None:
            raise ValueError("it names no data set")
        return SupervisedProtocol.model_validate(record.protocol), SupervisedSettings.model_validate(known)
    except ValueError as error:
        reason = first_problem(error) if isinstance(error, ValidationError) else str(error)
        raise InterplayError(
            f"{record.name}: its record tells of no supervised training ({reason}); run {record.name} again"
        ) from error
