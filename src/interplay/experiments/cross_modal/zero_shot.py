"""CLIP without training, and the features that all other runs of a data set read."""

from __future__ import annotations

from time import perf_counter

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result
from interplay.experiments.cross_modal.features import TENSORS, encode
from interplay.experiments.cross_modal.readings import Readings, read_shared
from interplay.experiments.cross_modal.sampling import draw_shots
from interplay.experiments.cross_modal.views import read_split
from interplay.models.dual_encoder import load_clip
from interplay.protocols.cross_modal import CrossModalProtocol, CrossModalRun
from interplay.protocols.cross_modal.protocol import base_classes
from interplay.protocols.cross_modal.runs import draws
from interplay.protocols.datasets import dataset_info


def run_zero_shot(protocol: CrossModalProtocol, run: CrossModalRun, context: Context) -> Result:
    """Classify test images by the texts of the data set's prompt, among all classes and among either half.

    Kept are features of the test images and of the training images that any run draws, each encoded once.
    """
    assert context.substitute is not None
    clip = load_clip(context.weights[run.weights[0]](), context.device)
    used = context.substitute.use
    train, test = (read_split(used, split, context, clip) for split in ("train", "test"))
    tested = test.sample(protocol.test_sample)
    names = train.class_names
    wanted = draws(protocol, run.weights[0])
    pool = torch.cat([draw_shots(used, train.labels, shots, seed, names) for seed, shots in wanted]).unique()

    clock = perf_counter()
    test_features, pool_features = encode(clip, tested), encode(clip, train.subset(pool))
    encoding = perf_counter() - clock
    labels = tested.labels.to(context.device)
    prompt = dataset_info(used).prompt or "{}"
    vectors = clip.encode_texts([prompt.format(name.replace("_", " ")) for name in names])
    tensors = (test_features, labels, train.labels, pool, pool_features)
    return Result(
        metrics=_metrics(test_features, labels, vectors),
        tables={"classes": [{"label": label, "name": name} for label, name in enumerate(names)]},
        settings={"prompt": prompt, "num_classes": len(names), "test_images": len(tested), "pool_images": len(pool)},
        data={train.name: train.digest, test.name: test.digest},
        seconds={"encoding": encoding},
        model=dict(zip(TENSORS, tensors, strict=True)),
    )


def _metrics(features: Tensor, labels: Tensor, vectors: Tensor) -> dict[str, float]:
    """Accuracies, and the similarities of all classes.

    Raises:
        InterplayError: one half of the classes has no test image.
    """
    classes = len(vectors)
    base = base_classes(classes)
    halves = {
        "zero_shot_accuracy": _read(features, labels, vectors, 0, classes),
        "zero_shot_base_accuracy": _read(features, labels, vectors, 0, base),
        "zero_shot_new_accuracy": _read(features, labels, vectors, base, classes),
    }
    found = {name: float(readings.accuracy[0]) for name, readings in halves.items()}
    whole = halves["zero_shot_accuracy"]
    similarities = ("class_similarity", "overall_similarity", "text_similarity")
    return found | {name: float(getattr(whole, name)[0]) for name in similarities} | {"num_classes": float(classes)}


def _read(features: Tensor, labels: Tensor, vectors: Tensor, first: int, end: int) -> Readings:
    """On the images of the classes `first` to `end` - 1, among these classes."""
    own = (labels >= first) & (labels < end)
    if not bool(own.any()):
        raise InterplayError(f"test_sample: no test image of the classes {first} to {end - 1}; ask for more")
    return read_shared(features[own], labels[own] - first, vectors[None, first:end])
