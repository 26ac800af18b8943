"""The loss of members trained side by side: (1 - lambda) cross-entropy + lambda times CMA or VNE, all in few calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize, one_hot

from interplay.errors import InterplayError
from interplay.objectives.cross_modal import RELEASED_RIDGE, class_group_entropies
from interplay.objectives.von_neumann import von_neumann_entropies
from interplay.protocols.cross_modal.protocol import Term


@dataclass(frozen=True)
class Losses:
    """What a batch costs each member, `[members]`."""

    total: Tensor
    """(1 - lambda) cross-entropy + lambda term; its sum over members is descended, since they share no parameter."""
    cross_entropy: Tensor
    """Nats, mean over the images."""
    term: Tensor
    """CMA as published (nats per row of a group, summed) or released, or VNE (both between 0 and 1); 0 for `none`."""


def member_losses(
    features: Tensor,
    labels: Tensor,
    class_vectors: Tensor,
    scale: float,
    terms: Sequence[Term],
    weights: Sequence[float],
) -> Losses:
    """Losses of a batch of images that all members see.

    Logits are `scale` times the cosines of an image with the text vectors of all classes. The term is one of

    - `cma_published`, `cma_released`: entropies of the groups "images of a class and its text vector"
      (`class_group_entropies`), for the classes that the batch holds;
    - `vne`: entropy of all images together with the text vectors of the classes that the batch holds, by log n;
    - `none`: cross-entropy alone.

    With text vectors of each image (CoCoOp) the vector of a class is the mean of its images' vectors of unit length:
    with one image a batch, as published, that is the image's own. The released class (`CoCoOpMME_CLASSWISE`) takes the
    vectors of the batch's last image for every group, which says nothing of the other images.

    Args:
        features: `[B, d]`, of any length; labels: `[B]`, int64 below C.
        class_vectors: `[R, C, d]` (CoOp) or `[R, B, C, d]` (CoCoOp), of any length.
        scale: exp of CLIP's logit scale.
        terms, weights: of each member; a weight is lambda, from 0 to 1.

    Raises:
        InterplayError: shapes that do not fit, an unknown term, a weight outside [0, 1], a weight of no term.

    Source: metrics24 VII-B and VII-C; skingorz/CMA, `trainers/cma.py`, `trainers/cocoop.py` (docs/facts.md#cma).
    """
    _check(features, labels, class_vectors, terms, weights)
    images, texts = normalize(features, dim=-1), normalize(class_vectors, dim=-1)
    of_images = class_vectors.ndim == 4
    cosines = (texts @ images[:, :, None])[..., 0] if of_images else images @ texts.mT  # [R, B, C]
    samples = labels.expand(len(texts), -1)  # [R, B]
    ce = cross_entropy((scale * cosines).flatten(0, 1), samples.flatten(), reduction="none").unflatten(0, samples.shape)
    own, groups = _of_the_batch(texts, labels)
    term = _terms(images, groups, own, terms)
    share = torch.tensor(weights, dtype=texts.dtype, device=texts.device)
    by_member = ce.mean(1)
    return Losses((1 - share) * by_member + share * term, by_member, term)


def member_chunks(members: int, prompts: int, at_once: int) -> Iterator[slice]:
    """Members in turn, as many as together have at most `at_once` prompts, but one at least.

    Losses of members add up, so that gradients accumulated over the chunks are those of all at once.

    Args:
        prompts: of one member: C, or B x C with a context of each image.
    """
    step = max(1, at_once // max(1, prompts))
    for first in range(0, members, step):
        yield slice(first, min(first + step, members))


def _of_the_batch(texts: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Text vectors of the classes that the batch holds `[R, groups, d]`, and the group of each image `[B]`."""
    present, group = torch.unique(labels, return_inverse=True)
    if texts.ndim == 3:
        return texts[:, present], group
    of_images = texts[:, torch.arange(len(labels), device=labels.device), labels]  # [R, B, d]
    members = one_hot(group, len(present)).to(texts.dtype)  # [B, groups]
    return (members / members.sum(0)).mT @ of_images, group


def _terms(images: Tensor, groups: Tensor, texts: Tensor, terms: Sequence[Term]) -> Tensor:
    """The term of each member `[R]`; members of one kind of term are decomposed together."""
    found = texts.new_zeros(len(terms))
    aligned = [member for member, term in enumerate(terms) if term.startswith("cma")]
    if aligned:
        ridges = [RELEASED_RIDGE if terms[member] == "cma_released" else 0.0 for member in aligned]
        ridge = torch.tensor(ridges, dtype=torch.float64, device=texts.device)
        entropies = class_group_entropies(images, groups, texts[aligned], ridge)
        values = torch.where(ridge > 0, entropies.reduce("released"), entropies.reduce("published"))
        found = found.index_put((torch.tensor(aligned, device=texts.device),), values.to(found.dtype))
    pooled = [member for member, term in enumerate(terms) if term == "vne"]
    if pooled:
        batch = torch.cat([images.expand(len(pooled), -1, -1), texts[pooled]], dim=1)  # [vne, B + groups, d]
        entropy, rows = von_neumann_entropies(batch)
        values = entropy / rows.clamp(min=2).log()
        found = found.index_put((torch.tensor(pooled, device=texts.device),), values.to(found.dtype))
    return found


def _check(
    features: Tensor, labels: Tensor, class_vectors: Tensor, terms: Sequence[Term], weights: Sequence[float]
) -> None:
    """Shapes, terms and weights, not values: nothing waits for the device."""
    members, (samples, width) = len(terms), features.shape
    wanted = {(members, samples), (members,)}
    if class_vectors.ndim not in (3, 4) or class_vectors.shape[-1] != width:
        raise InterplayError(
            f"class_vectors: expected [members, classes, {width}] or [members, {samples}, classes, {width}], "
            f"got shape {list(class_vectors.shape)}"
        )
    if tuple(class_vectors.shape[:-2]) not in wanted or len(weights) != members or labels.shape != (samples,):
        raise InterplayError(
            f"{members} terms, {len(weights)} weights, features {list(features.shape)}, labels {list(labels.shape)} "
            f"and class_vectors {list(class_vectors.shape)} do not fit: give a term and a weight of each member"
        )
    for term, weight in zip(terms, weights, strict=True):
        if term not in get_args(Term):
            raise InterplayError(f"terms: {term!r} is unknown; choose of {', '.join(get_args(Term))}")
        if not 0 <= weight <= 1:
            raise InterplayError(f"weights: lambda lies from 0 to 1, got {weight}")
        if term == "none" and weight:
            raise InterplayError(f"weights: cross-entropy alone has lambda 0, got {weight}")
