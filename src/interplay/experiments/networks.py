"""Networks that supervised runs left behind, for experiments that measure, interpolate or prune them."""

from __future__ import annotations

from collections.abc import Sequence

from interplay.data.images import Splits, load_splits
from interplay.experiments.context import Context
from interplay.training import Trained, load_networks
from interplay.training.trained import read_training


def load_trained(context: Context, names: Sequence[str]) -> tuple[list[Trained], Splits]:
    """The networks of the runs `names`, all trained on one data set, and the images they were trained and tested on.

    Raises:
        InterplayError: a record of something else, or weights that do not fit the network that it describes.
    """
    records = {record.name: record for record in context.earlier}
    first = records[names[0]]
    protocol, _ = read_training(first)
    assert first.dataset_used is not None
    splits = load_splits(
        first.dataset_used,
        context.data_root,
        context.device,
        pooling=protocol.image_pooling,
        train_sample=protocol.train_sample,
    )
    channels, classes = splits.train.image_shape[0], splits.train.num_classes
    place = (context.models, context.device)
    return load_networks(names, records, *place, in_channels=channels, num_classes=classes), splits
