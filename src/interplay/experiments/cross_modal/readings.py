"""What is read off images' features and the text vectors of classes, for all members of a training at once.

Whatever grows with images times classes is done chunk by chunk: at no time are there more than `PAIRS` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from interplay.experiments.cross_modal.objective import member_chunks

PAIRS = 2**22  # cosines of image and text of all members that are in memory together


@dataclass(frozen=True)
class Readings:
    """Of each member `[R]`, float64.

    Attributes:
        accuracy: share of the images whose class has the text with the largest cosine.
        class_similarity: mean cosine of an image with the text of its class.
        overall_similarity: mean cosine over all pairs of an image and a class.
        text_similarity: mean cosine of the texts of two different classes; NaN for a single class. Where texts depend
            on the image, the mean over images.
    """

    accuracy: Tensor
    class_similarity: Tensor
    overall_similarity: Tensor
    text_similarity: Tensor

    def of(self, member: int, name: str, *, prefix: str = "") -> dict[str, float]:
        """The readings of one member as `<prefix><reading>_<name>`."""
        kinds = ("accuracy", "class_similarity", "overall_similarity", "text_similarity")
        return {f"{prefix}{kind}_{name}": float(getattr(self, kind)[member]) for kind in kinds}


@torch.no_grad()
def read_shared(features: Tensor, labels: Tensor, class_vectors: Tensor) -> Readings:
    """Readings where all images share their texts.

    Args:
        features: `[N, d]`, of any length.
        labels: int64 `[N]`, below C.
        class_vectors: `[R, C, d]`, of any length.
    """
    texts = normalize(class_vectors, dim=-1)
    members, classes, _ = texts.shape
    step = max(1, PAIRS // (members * classes))
    totals = _Totals(members, texts.device)
    for start in range(0, len(features), step):
        images = normalize(features[start : start + step], dim=-1)
        totals.add(images @ texts.mT, labels[start : start + step])
    return totals.readings(_text_similarity(texts))


@torch.no_grad()
def read_conditional(
    features: Tensor,
    labels: Tensor,
    class_vectors: Callable[[Tensor, slice], Tensor],
    *,
    members: int,
    num_classes: int,
    prompts_at_once: int,
) -> Readings:
    """Readings where every image has texts of its own.

    Args:
        features: `[N, d]`, of any length.
        labels: int64 `[N]`, below C.
        class_vectors: gives `[r, b, C, d]` for features `[b, d]` and `r` of the members.
        members: R.
        num_classes: C.
        prompts_at_once: texts that are encoded together.
    """
    found = []
    for some in member_chunks(members, num_classes, prompts_at_once):
        here = some.stop - some.start
        step = max(1, prompts_at_once // (num_classes * here))
        totals, similarity = _Totals(here, features.device), torch.zeros(here, dtype=torch.float64)
        for start in range(0, len(features), step):
            own = features[start : start + step]
            texts = normalize(class_vectors(own, some), dim=-1)  # [r, b, C, d]
            cosines = (texts @ normalize(own, dim=-1)[None, :, :, None])[..., 0]  # [r, b, C]
            totals.add(cosines, labels[start : start + step])
            similarity += _text_similarity(texts).sum(-1).cpu()
        found.append(totals.readings(similarity / max(1, len(features))))
    return _joined(found)


class _Totals:
    """Sums over images, gathered chunk by chunk."""

    def __init__(self, members: int, device: torch.device) -> None:
        self.sums = torch.zeros(3, members, dtype=torch.float64, device=device)
        self.images = 0

    def add(self, cosines: Tensor, labels: Tensor) -> None:
        """Of `[R, n, C]` and `[n]`."""
        own = cosines.gather(-1, labels.expand(len(cosines), -1)[..., None])[..., 0]
        right = cosines.argmax(-1) == labels
        self.sums += torch.stack([right.double().sum(-1), own.double().sum(-1), cosines.double().mean(-1).sum(-1)])
        self.images += len(labels)

    def readings(self, text_similarity: Tensor) -> Readings:
        """Means over the images; NaN without any."""
        accuracy, own, overall = (self.sums / self.images if self.images else self.sums * torch.nan).cpu()
        return Readings(accuracy, own, overall, text_similarity.cpu())


def _text_similarity(texts: Tensor) -> Tensor:
    """Mean cosine `[...]` of two different rows of unit vectors `[..., C, d]`, from their sum: no C x C products."""
    classes = texts.shape[-2]
    total = texts.double().sum(-2).square().sum(-1)
    same = texts.double().square().sum((-2, -1))
    return (total - same) / (classes * (classes - 1)) if classes > 1 else total * torch.nan


def joined_images(*parts: tuple[Readings, int]) -> Readings:
    """Readings on several sets of images, each with its number, as one: means over all images."""
    images = sum(number for _, number in parts)
    columns = (
        torch.stack([getattr(part, name) * number for part, number in parts]).sum(0) / images
        for name in Readings.__dataclass_fields__
    )
    return Readings(*columns)


def _joined(parts: Sequence[Readings]) -> Readings:
    columns = ([getattr(part, name) for part in parts] for name in Readings.__dataclass_fields__)
    return Readings(*(torch.cat(column) for column in columns))
