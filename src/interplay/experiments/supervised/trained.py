"""Networks that supervised runs left behind, for experiments that measure, interpolate or prune them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from interplay.errors import InterplayError
from interplay.experiments.context import Context
from interplay.experiments.supervised.images import Splits, load_splits
from interplay.experiments.supervised.task import build_model
from interplay.models import WideResNet
from interplay.protocols.supervised import SupervisedProtocol, SupervisedSettings
from interplay.records import Record


@dataclass(frozen=True)
class Trained:
    """A trained network in evaluation mode, what it was trained by, and the record of its training."""

    network: WideResNet
    protocol: SupervisedProtocol
    settings: SupervisedSettings
    record: Record


def load_trained(context: Context, names: Sequence[str]) -> tuple[list[Trained], Splits]:
    """The networks of the runs `names`, all trained on one data set, and the images they were trained and tested on.

    Raises:
        InterplayError: weights that do not fit the network that the record describes.
    """
    records = {record.name: record for record in context.earlier}
    first = records[names[0]]
    assert first.dataset_used is not None
    protocol = SupervisedProtocol.model_validate(first.protocol)
    splits = load_splits(
        first.dataset_used,
        context.data_root,
        context.device,
        pooling=protocol.image_pooling,
        train_sample=protocol.train_sample,
    )
    return [_load(records[name], context.models[name], splits, context.device) for name in names], splits


def _load(record: Record, path: Path, splits: Splits, device: torch.device) -> Trained:
    assert record.dataset is not None
    protocol = SupervisedProtocol.model_validate(record.protocol)
    network = build_model(protocol, record.dataset, splits.train, record.seed).to(device)
    try:
        network.load_state_dict(load_file(path, device=str(device)))
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise InterplayError(f"{path}: not the weights of {record.name} ({reason}); run {record.name} again") from error
    known = {name: record.settings[name] for name in SupervisedSettings.model_fields}
    return Trained(network.eval(), protocol, SupervisedSettings.model_validate(known), record)
