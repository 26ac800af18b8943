"""Networks that supervised runs left behind, for experiments that measure, interpolate or prune them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file

from interplay.data.images import Splits, load_splits
from interplay.errors import InterplayError
from interplay.experiments.context import Context
from interplay.models import WideResNet
from interplay.protocols.sourced import first_problem
from interplay.protocols.supervised import SupervisedProtocol, SupervisedSettings
from interplay.records import Record
from interplay.training import build_network, on_device


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
        InterplayError: a record of something else, or weights that do not fit the network that it describes.
    """
    records = {record.name: record for record in context.earlier}
    protocol, _ = _training_of(records[names[0]])
    splits = load_splits(
        records[names[0]].dataset_used or "",
        context.data_root,
        context.device,
        pooling=protocol.image_pooling,
        train_sample=protocol.train_sample,
    )
    return [_load(context, records[name], splits) for name in names], splits


def _load(context: Context, record: Record, splits: Splits) -> Trained:
    protocol, settings = _training_of(record)
    path = context.models[record.name]
    channels, classes = splits.train.image_shape[0], splits.train.num_classes
    network = build_network(protocol, record.dataset or "", in_channels=channels, num_classes=classes, seed=record.seed)
    network = on_device(network, context.device)
    try:
        network.load_state_dict(load_file(path, device=str(context.device)))
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise InterplayError(f"{path}: not the weights of {record.name} ({reason}); run {record.name} again") from error
    return Trained(network.eval(), protocol, settings, record)


def _training_of(record: Record) -> tuple[SupervisedProtocol, SupervisedSettings]:
    """What the record of a training says of it.

    Raises:
        InterplayError: it is of another experiment, or of a version whose protocol was another.
    """
    known = {key: value for key, value in record.settings.items() if key in SupervisedSettings.model_fields}
    try:
        if record.dataset is None or record.dataset_used is None:
            raise ValueError("it names no data set")
        protocol = SupervisedProtocol.model_validate(record.protocol)
        if record.dataset not in protocol.architectures:
            raise ValueError(f"it has no architecture for {record.dataset}")
        return protocol, SupervisedSettings.model_validate(known)
    except ValueError as error:
        reason = first_problem(error) if isinstance(error, ValidationError) else str(error)
        raise InterplayError(
            f"{record.name}: its record tells of no supervised training ({reason}); run {record.name} again"
        ) from error
