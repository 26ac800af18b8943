"""The runs of compression layer by layer."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.protocols.compression.protocol import (
    POOLS,
    Cnn,
    CompressionProtocol,
    CompressionSettings,
    Network,
    Part,
)
from interplay.protocols.experiments import Given
from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.sourced import first_problem

CompressionRun = Run[CompressionProtocol, CompressionSettings]


def unfold(protocol: CompressionProtocol, given: Given) -> Iterator[CompressionRun]:
    """Geometry alone, geometry with V-information, for every variant; random labels, shapes and the toy.

    The first two train the same networks. They are apart because V-information costs hundreds of times as much: the
    families `<dataset>/geometry` are minutes on a CPU, the families `<dataset>/information` want a GPU.

    Raises:
        InterplayError: images too small for three poolings, or a variant that does not fit.
    """
    variants = {name: _variant(protocol, name) for name in (None, *protocol.variants_run)}
    informed = protocol.seeds if protocol.information.seeds is None else protocol.information.seeds
    for dataset in protocol.datasets:
        for network in protocol.networks:
            for name, followed in variants.items():
                if dataset in given.mapping.datasets:
                    _check_size(dataset, network, followed.networks[network], given.mapping, name)
            yield _run(protocol, dataset, network, "architecture", 0)
            for seed in protocol.seeds:
                for name, followed in variants.items():
                    yield _run(followed, dataset, network, "geometry", seed, name)
                    if seed in informed and (name is None or protocol.information.of_variants):
                        yield _run(followed, dataset, network, "information", seed, name)
                if dataset in protocol.random_labels.datasets and network in protocol.random_labels.networks:
                    chosen = protocol.random_labels
                    changed = protocol.vary({"epochs": chosen.epochs, "train_per_class": chosen.train_per_class})
                    yield _run(changed, dataset, network, "random_labels", seed)
    yield _run(protocol, protocol.toy.dataset, protocol.toy.network, "toy", protocol.toy.seed)


def _variant(protocol: CompressionProtocol, name: str | None) -> CompressionProtocol:
    try:
        return protocol.of_variant(name)
    except ValidationError as error:
        raise InterplayError(f"variants.{name}: {first_problem(error)}") from error


def _run(
    protocol: CompressionProtocol, dataset: str, network: Network, part: Part, seed: int, variant: str | None = None
) -> CompressionRun:
    folders = [dataset, network, *([variant] if variant else []), *([part] if part != "geometry" else [])]
    return Run(
        name="/".join([*folders, f"seed{seed}"]) if part != "architecture" else "/".join(folders),
        family="architecture" if part == "architecture" else "/".join([dataset, *([variant] if variant else []), part]),
        seed=seed,
        settings=CompressionSettings(network=network, part=part, variant=variant),
        protocol=protocol,
        dataset=dataset,
        datasets=() if part == "architecture" else None,  # the published shapes are known without reading any image
        accelerator=part in ("geometry", "information", "random_labels"),
    )


def _check_size(dataset: str, network: Network, cnn: Cnn, mapping: DataMapping, variant: str | None) -> None:
    _, *edges = mapping.datasets[dataset].image
    least = POOLS[network] ** 3
    if min(edges) // cnn.image_pooling < least:
        where = f"variants.{variant}." if variant else ""
        size = "x".join(str(edge // cnn.image_pooling) for edge in edges)
        raise InterplayError(
            f"{where}networks.{network}.image_pooling: {cnn.image_pooling} leaves images of {size} of "
            f"{mapping.datasets[dataset].use}, and three poolings by {POOLS[network]} need {least}x{least}"
        )
