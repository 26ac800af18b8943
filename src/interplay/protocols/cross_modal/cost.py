"""What a cross-modal run takes."""

from __future__ import annotations

from dataclasses import dataclass

from interplay.protocols.clip_pretraining import ClipPretrainingProtocol, image_operations
from interplay.protocols.costs import TRAINING, memory_of
from interplay.protocols.cross_modal.protocol import CrossModalProtocol, base_classes
from interplay.protocols.cross_modal.runs import TEST, CrossModalRun, draws
from interplay.protocols.datasets import dataset_info
from interplay.protocols.experiments import Given
from interplay.protocols.runs import Cost


@dataclass(frozen=True)
class _Encoders:
    """Multiplications and additions for an image and for a token of a text, and the width and depth of the latter's."""

    image: float
    token: float
    width: int
    layers: int


# Both published networks have a text encoder of twelve layers, 512 wide.
_PUBLISHED = {"rn50": _Encoders(12.2e9, 7.6e7, 512, 12), "vit-b16": _Encoders(35.2e9, 7.6e7, 512, 12)}
_TOKENS = 8  # of a class's name with full stop and end, as long as the longest; what comes before is encoded once


def cost(run: CrossModalRun, given: Given) -> Cost:
    """Of encoding prompts forward and back and, where views are random, images in every step; and of the readings.

    Memory is that of the machine: the text encoder's activations for the prompts of a step lie there on a CPU.
    """
    protocol, settings = run.protocol, run.settings
    assert run.dataset is not None
    info = dataset_info(given.mapping.datasets[run.dataset].use)
    encoders = _encoders(run, given)
    tested = min(info.splits[TEST], protocol.test_sample or info.splits[TEST])
    if settings.kind == "zero_shot":
        seen = tested + sum(shots for _, shots in draws(protocol, run.weights[0])) * info.num_classes
        return Cost(operations=encoders.image * seen, memory_mib=_memory(info.image_shape, info.splits, 0))
    shots = settings.shots or 0
    if settings.kind == "few_shot":
        classes, batch, members = info.num_classes, protocol.few_shot.batch_size, len(protocol.few_shot.members)
        trained = float(members * classes)
        read = members * classes * (protocol.trajectory.points + 1.0)
    else:
        classes, batch, members = base_classes(info.num_classes), protocol.base_to_new.batch_size, _members(protocol)
        trained = float(members * classes * batch)
        read = float(members * classes * tested)
    steps = protocol.steps(settings.kind, run.dataset, shots, classes)
    images = batch * steps if protocol.views == "random" else 0
    prompts = TRAINING * steps * trained + read
    activations = min(trained, protocol.prompts_at_once) * _TOKENS * encoders.width * encoders.layers * 20 * 4
    return Cost(
        operations=prompts * _TOKENS * encoders.token + images * encoders.image,
        memory_mib=_memory(info.image_shape, info.splits, activations),
    )


def _members(protocol: CrossModalProtocol) -> int:
    """Trainings of a base-to-new run: weight 0 is the same for all variants."""
    sweep = protocol.base_to_new.sweep
    return len(protocol.base_to_new.members) + len(sweep.variants) * len([weight for weight in sweep.weights if weight])


def _encoders(run: CrossModalRun, given: Given) -> _Encoders:
    """Those of the published weights, or of what this package pretrains in their place."""
    if given.mapping.weights[run.weights[0]].run is None:
        return _PUBLISHED[run.settings.network]
    small = given.of(ClipPretrainingProtocol)
    width, layers = small.text_encoder.width, small.text_encoder.layers
    return _Encoders(image_operations(small.image_encoder, small.features), 24.0 * width**2 * layers, width, layers)


def _memory(shape: tuple[int, int, int] | None, splits: dict[str, int], activations: float) -> int:
    """Sets of image files are never in memory; CLIP itself takes 600 MiB."""
    images = 0 if shape is None else sum(splits.values())
    return memory_of(shape or (3, 32, 32), images=images, more_mib=600 + activations / 2**20)
