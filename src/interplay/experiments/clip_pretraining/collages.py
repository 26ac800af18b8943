"""Pictures of two things side by side, made of pictures of one thing each."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from interplay.data import Images
from interplay.errors import InterplayError
from interplay.protocols.clip_pretraining import Collages
from interplay.training import generator


def with_collages(images: Images, settings: Collages, seed: int) -> Images:
    """`images` and so many collages of them, in each of which one picture has the attribute and the other has not.

    The caption of a collage is `<name> and <name>`, from left to right. Two things of one kind, as the tasks show them,
    are in none.

    Raises:
        InterplayError: no picture has the attribute, or all have it.
    """
    if not settings.count:
        return images
    names = [name.split(", ") for name in images.class_names]
    has = torch.tensor([settings.attribute in name[1:] for name in names])[images.labels.cpu()]
    groups = [torch.nonzero(chosen)[:, 0] for chosen in (has, ~has)]
    if not all(map(len, groups)):
        raise InterplayError(f"collages.attribute: {settings.attribute!r} is of none of {images.name}, or of all")
    draw = generator(seed, "collages")
    one, other = (group[torch.randint(len(group), (settings.count,), generator=draw)] for group in groups)
    swap = torch.rand(settings.count, generator=draw) < 0.5
    left, right = torch.where(swap, other, one), torch.where(swap, one, other)
    labels = images.labels.cpu()
    pairs = [
        f"{names[first][0]} and {names[second][0]}"
        for first, second in zip(labels[left].tolist(), labels[right].tolist(), strict=True)
    ]
    classes = len(images.class_names)
    added = torch.arange(classes, classes + settings.count)
    return replace(
        images,
        pixels=torch.cat([images.pixels, _beside(images.pixels[left], images.pixels[right])]),
        labels=torch.cat([images.labels, added.to(images.labels)]),
        num_classes=classes + settings.count,
        class_names=(*images.class_names, *pairs),
    )


def _beside(left: Tensor, right: Tensor) -> Tensor:
    """Bytes `[n, c, h, w]` at half their size, one beside the other, each on paper that goes on above and below it."""
    height = left.shape[2]
    above = height // 4
    halves = []
    for pictures in (left, right):
        small = functional.avg_pool2d(pictures.float(), 2).round()
        halves.append(functional.pad(small, (0, 0, above, height - above - small.shape[2]), mode="replicate"))
    return torch.cat(halves, dim=3).to(torch.uint8)
