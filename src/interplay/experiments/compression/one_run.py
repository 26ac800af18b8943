"""One run of any part of the experiment, from its protocol to its outcome."""

from __future__ import annotations

from math import isfinite

import torch

from interplay.collapse.v_information import Interim
from interplay.data import Images, Normalisation
from interplay.data.randomness import generator
from interplay.experiments.compression.images import load_images
from interplay.experiments.compression.information import InformationReader
from interplay.experiments.compression.task import CompressionTask, build_network
from interplay.experiments.compression.toy import CLASSES, points
from interplay.experiments.context import Context, Result
from interplay.models import CnnShape
from interplay.models.compression_operations import operations
from interplay.protocols.compression import CompressionProtocol
from interplay.protocols.compression.runs import CompressionRun
from interplay.protocols.datasets import dataset_info
from interplay.training import run_loop

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def run(protocol: CompressionProtocol, run: CompressionRun, context: Context) -> Result:
    """Train one network and read every layer after every epoch; or list the operations of a published network."""
    match run.settings.part:
        case "architecture":
            return _architecture(run)
        case "toy":
            return _toy(protocol, run, context)
    return _train(protocol, run, context)


def _architecture(run: CompressionRun) -> Result:
    """The network as published, whatever a tier makes of it, for the published data set."""
    assert run.dataset is not None
    info = dataset_info(run.dataset)
    assert info.image_shape is not None
    shape = CnnShape(run.settings.network, info.image_shape, info.num_classes)
    sizes = {f"dimension_l{layer}": float(_size(shape.layer(layer))) for layer in (1, 2, 3)}
    return Result(metrics=sizes, tables={"operations": operations(shape)}, settings={"num_classes": info.num_classes})


def _train(protocol: CompressionProtocol, run: CompressionRun, context: Context) -> Result:
    train, test, digests = _load(protocol, run, context)
    if run.settings.part == "random_labels":
        train = train.with_permuted_labels(generator(run.seed, "random labels"))
    shape = _shape(protocol, run, context, train)
    reader = None
    if run.settings.part == "information":
        splits = {"train": train, "test": test}
        kept = context.checkpoint.beside("readings")
        interim = Interim(kept.load, kept.save)
        reader = InformationReader(protocol.information, protocol.optimizer, splits, run.seed, interim)
    task = CompressionTask(
        build_network(shape, run.seed, context.device, DTYPES[protocol.precision]),
        train,
        test,
        epochs=protocol.epochs,
        stop_at_loss=protocol.stop_at_loss,
        batch_size=protocol.batch_size,
        optimizer=protocol.optimizer,
        seed=run.seed,
        more=reader,
    )
    result = run_loop(
        task,
        protocol.epochs,
        range(protocol.epochs + 1),
        context.checkpoint,
        checkpoint_every=1,
        report=context.report,
        stop=lambda _: task.finished(),
    )
    columns = result.trajectory
    last = {name: values[-1] for name, values in columns.items() if name != "step"}
    metrics = {name: value for name, value in last.items() if not name.startswith("seconds_")}
    return Result(
        metrics=metrics | {"epochs": columns["step"][-1], "reached_stop_at_loss": float(task.finished())},
        trajectory=columns,
        tables={"operations": operations(shape)},
        settings={"num_classes": shape.num_classes, "train_samples": len(train.labels)},
        seconds={"training": result.training_seconds, "logging": result.logging_seconds},
        data=digests,
        sessions=result.sessions,
    )


def _toy(protocol: CompressionProtocol, run: CompressionRun, context: Context) -> Result:
    """The last epoch counts, not the loss: collapse goes on long after all samples are right."""
    toy = protocol.toy
    assert context.substitute is not None
    splits: dict[str, Images] = {}
    digests: dict[str, str] = {}
    for split, count in (("train", toy.train_per_class), ("test", protocol.test_per_class)):
        splits[split] = load_images(
            context.substitute.use,
            split,
            context.data_root,
            context.device,
            Normalisation(),
            per_class=count,
            classes=CLASSES,
        )
        digests[splits[split].name] = splits[split].digest
    shape = CnnShape(toy.network, context.substitute.image, CLASSES, toy.channels)
    network = build_network(shape, run.seed, context.device, torch.float32)
    task = CompressionTask(
        network,
        splits["train"],
        splits["test"],
        epochs=toy.epochs,
        stop_at_loss=None,
        batch_size=toy.batch_size,
        optimizer=protocol.optimizer,
        seed=run.seed,
    )
    before = points(network, splits["train"], "start", toy.batch_size, toy.shown_per_class)
    result = run_loop(task, toy.epochs, [0, toy.epochs], context.checkpoint, 10, context.report)
    after = points(network, splits["train"], "end", toy.batch_size, toy.shown_per_class)
    columns = result.trajectory
    return Result(
        metrics={
            name: values[-1]
            for name, values in columns.items()
            if isfinite(values[-1]) and name != "step" and not name.startswith("seconds_")
        },
        trajectory=columns,
        tables={"collapse_3d": before + after},
        settings={"num_classes": CLASSES, "train_samples": len(splits["train"].labels)},
        seconds={"training": result.training_seconds, "logging": result.logging_seconds},
        data=digests,
        sessions=result.sessions,
    )


def _load(
    protocol: CompressionProtocol, run: CompressionRun, context: Context
) -> tuple[Images, Images, dict[str, str]]:
    assert context.substitute is not None
    pooling = protocol.networks[run.settings.network].image_pooling
    how = Normalisation(scale=1.0 if protocol.pixels == "raw" else 255.0, dtype=DTYPES[protocol.precision])
    place, name = (context.data_root, context.device, how), context.substitute.use
    train = load_images(name, "train", *place, per_class=protocol.train_per_class, pooling=pooling)
    test = load_images(name, "test", *place, per_class=protocol.test_per_class, pooling=pooling)
    return train, test, {part.name: part.digest for part in (train, test)}


def _shape(protocol: CompressionProtocol, run: CompressionRun, context: Context, train: Images) -> CnnShape:
    assert context.substitute is not None
    network = run.settings.network
    return CnnShape(
        network,
        train.image_shape,
        context.substitute.num_classes,
        protocol.networks[network].channels,
        protocol.relu_before_pool,
        protocol.head_pooling,
    )


def _size(shape: tuple[int, int, int]) -> int:
    channels, height, width = shape
    return channels * height * width
