"""The members' loss against naive loops, closed forms, and each member by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from interplay.errors import InterplayError
from interplay.experiments.cross_modal.objective import member_chunks, member_losses
from interplay.objectives import CrossModalAlignmentLoss, VonNeumannEntropyLoss

TERMS = ["none", "vne", "cma_published", "cma_released", "cma_released", "vne", "cma_published"]
WEIGHTS = [0.0, 0.5, 0.1, 0.9, 0.0, 1.0, 1.0]
SCALE = 20.0
FORMS = pytest.mark.parametrize("of_images", [False, True], ids=["shared", "of each image"])


def batch(of_images, *, samples=9, classes=7, width=5, members=7, seed=0):
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes - 2, (samples,), generator=draw)  # the last two classes have no image
    shape = (members, samples, classes, width) if of_images else (members, classes, width)
    features, vectors = (torch.randn(s, dtype=torch.float64, generator=draw) for s in ((samples, width), shape))
    return features, labels, vectors


def unit(vector):
    return vector / np.linalg.norm(vector)


def entropy(rows, ridge):
    gram = np.array([[one @ other for other in rows] for one in rows]) + ridge * np.eye(len(rows))
    return -sum(p * np.log(p) for p in np.linalg.eigvalsh(gram / np.trace(gram)) if p > 1e-13)


def naive(features, labels, vectors, term):
    """Image by image and class by class, from the description of the authors' code and of Algorithm 1."""
    present, groups, texts = sorted(set(labels)), [], []
    for label in present:
        images = [unit(row) for row, its in zip(features, labels, strict=True) if its == label]
        own = [vectors[label] if vectors.ndim == 2 else of[label] for of in vectors]
        if vectors.ndim == 3:
            own = [of[label] for of, its in zip(vectors, labels, strict=True) if its == label]
        text = sum(unit(vector) for vector in own) / len(own)
        groups.append([*images, unit(text)])
        texts.append(unit(text))
    if term == "cma_released":
        return np.mean([entropy(group, 1e-6) / np.log(len(group)) for group in groups])
    if term == "cma_published":
        return sum(entropy(group, 0) / len(group) for group in groups)
    rows = [unit(row) for row in features] + texts
    return entropy(rows, 0) / np.log(len(rows))


@FORMS
@pytest.mark.each_device
def test_terms_equal_naive_loops(of_images, device):
    features, labels, vectors = batch(of_images)
    losses = member_losses(*(one.to(device) for one in (features, labels, vectors)), SCALE, TERMS, WEIGHTS)
    exact = 1e-12 if device.type == "cpu" else 1e-6  # on CUDA entropies come from products of matrices
    for term, value, own in zip(TERMS, losses.term, vectors, strict=True):
        expected = 0 if term == "none" else naive(features.numpy(), labels.tolist(), own.numpy(), term)
        assert value.item() == pytest.approx(expected, rel=exact, abs=1e-15), term


@FORMS
def test_cross_entropy_is_of_scaled_cosines(of_images):
    features, labels, vectors = batch(of_images)
    losses = member_losses(features, labels, 3 * vectors, SCALE, TERMS, WEIGHTS)
    for own, value in zip(vectors, losses.cross_entropy, strict=True):
        logits = torch.stack(
            [
                SCALE * torch.cosine_similarity(image[None], own[number] if of_images else own)
                for number, image in enumerate(features)
            ]
        )
        assert value.item() == pytest.approx(cross_entropy(logits, labels).item(), rel=1e-12)


@pytest.mark.parametrize("cosine", [-0.9, 0.0, 0.3, 0.99])
@FORMS
def test_one_image_and_its_text_have_a_closed_form(cosine, of_images):
    image = torch.tensor([[2.0, 0.0]], dtype=torch.float64)
    text = 3 * torch.tensor([[-1.0, 0.5], [cosine, (1 - cosine**2) ** 0.5]], dtype=torch.float64)
    vectors = text[None, None] if of_images else text[None]

    def binary(p):
        return -p * np.log(p) - (1 - p) * np.log(1 - p)

    plain, ridged = binary((1 + cosine) / 2), binary((1 + cosine + 1e-6) / (2 + 2e-6))
    terms = ["cma_published", "cma_released", "vne"]
    three = vectors.expand(3, *vectors.shape[1:])
    losses = member_losses(image, torch.tensor([1]), three, SCALE, terms, [0.5] * 3)
    published, released, vne = losses.term.tolist()
    assert published == pytest.approx(plain / 2, abs=1e-12)
    assert released == pytest.approx(ridged / np.log(2), abs=1e-12)
    assert vne == pytest.approx(plain / np.log(2), abs=1e-12)


@FORMS
def test_members_together_are_as_alone(of_images):
    features, labels, vectors = batch(of_images, samples=40, width=16)
    vectors[3, ..., labels[0], :] = 0  # a text without direction in one member changes no other
    together = member_losses(features, labels, vectors, SCALE, TERMS, WEIGHTS)
    for member in range(len(TERMS)):
        one = slice(member, member + 1)
        alone = member_losses(features, labels, vectors[one], SCALE, TERMS[one], WEIGHTS[one])
        for name in ("total", "cross_entropy", "term"):
            assert getattr(together, name)[member].item() == pytest.approx(getattr(alone, name).item(), rel=1e-12)


def test_shared_vectors_give_the_losses_of_the_package():
    features, labels, vectors = batch(of_images=False, samples=40, width=16)
    losses = member_losses(features, labels, vectors, SCALE, TERMS, WEIGHTS)
    for term, value, own in zip(TERMS, losses.term.tolist(), vectors, strict=True):
        if term.startswith("cma"):
            expected = CrossModalAlignmentLoss(term.removeprefix("cma_"))(features, labels, own)
            assert value == pytest.approx(expected.item(), rel=1e-12)
        if term == "vne":
            rows = torch.cat([features, own[labels.unique()]])
            assert value == pytest.approx(VonNeumannEntropyLoss()(rows).item() / np.log(len(rows)), rel=1e-12)


@FORMS
def test_gradients_agree_with_finite_differences(of_images):
    features, labels, vectors = batch(of_images, samples=5, width=4, classes=5)
    weights = torch.linspace(1, 2, len(TERMS), dtype=torch.float64)

    def total(own):
        return (weights * member_losses(features, labels, own, SCALE, TERMS, WEIGHTS).total).sum()

    assert torch.autograd.gradcheck(total, (vectors.requires_grad_(),))


@FORMS
def test_the_order_of_images_makes_no_difference(of_images):
    features, labels, vectors = batch(of_images)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))
    moved = vectors[:, order] if of_images else vectors
    plain = member_losses(features, labels, vectors, SCALE, TERMS, WEIGHTS).total
    turned = member_losses(features[order], labels[order], moved, SCALE, TERMS, WEIGHTS).total
    torch.testing.assert_close(plain, turned, rtol=1e-12, atol=0)


@FORMS
def test_classes_without_images_take_no_part_in_the_term(of_images):
    features, labels, vectors = batch(of_images)
    more = torch.cat([vectors, torch.randn_like(vectors)], dim=-2)
    plain, padded = (member_losses(features, labels, own, SCALE, TERMS, WEIGHTS) for own in (vectors, more))
    torch.testing.assert_close(plain.term, padded.term, rtol=1e-13, atol=0)
    assert (padded.cross_entropy > plain.cross_entropy).all()


@FORMS
def test_lambda_zero_and_one_leave_one_of_both(of_images):
    features, labels, vectors = batch(of_images, members=6)
    terms = ["vne", "cma_published", "cma_released"] * 2
    losses = member_losses(features, labels, vectors, SCALE, terms, [0, 0, 0, 1, 1, 1])
    assert torch.equal(losses.total[:3], losses.cross_entropy[:3])
    assert torch.equal(losses.total[3:], losses.term[3:])


@FORMS
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_collapsed_batch_has_finite_gradients(of_images, value):
    features, labels, vectors = batch(of_images)
    features, vectors = torch.full_like(features, value), torch.full_like(vectors, value).requires_grad_()
    member_losses(features, labels, vectors, SCALE, TERMS, WEIGHTS).total.sum().backward()
    assert torch.isfinite(vectors.grad).all()


def test_chunks_of_members_hold_each_of_them_once():
    assert [list(range(7))[chunk] for chunk in member_chunks(7, 10, 30)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [list(range(2))[chunk] for chunk in member_chunks(2, 100, 30)] == [[0], [1]]
    assert [list(range(4))[chunk] for chunk in member_chunks(4, 100, 400)] == [[0, 1, 2, 3]]


@FORMS
def test_gradients_accumulated_over_chunks_are_those_of_all_at_once(of_images):
    features, labels, vectors = batch(of_images)
    vectors.requires_grad_()
    member_losses(features, labels, vectors, SCALE, TERMS, WEIGHTS).total.sum().backward()
    whole, vectors.grad = vectors.grad, None
    for chunk in member_chunks(len(TERMS), 1, 3):
        member_losses(features, labels, vectors[chunk], SCALE, TERMS[chunk], WEIGHTS[chunk]).total.sum().backward()
    torch.testing.assert_close(vectors.grad, whole, rtol=1e-12, atol=1e-15)


def test_single_precision_is_near_double():
    features, labels, vectors = batch(of_images=True, samples=32, width=16)
    double = member_losses(features, labels, vectors, SCALE, TERMS, WEIGHTS).total
    single = member_losses(features.float(), labels, vectors.float(), SCALE, TERMS, WEIGHTS).total
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), double, rtol=1e-5, atol=0)


def test_wrong_input_is_refused_in_one_line():
    features, labels, vectors = batch(of_images=False, members=2)

    def losses(terms, weights, own=vectors, of=labels):
        return member_losses(features, of, own, SCALE, terms, weights)

    with pytest.raises(InterplayError, match=r"lambda lies from 0 to 1, got 1\.5"):
        losses(["vne", "vne"], [0.5, 1.5])
    with pytest.raises(InterplayError, match="'cma' is unknown; choose of none, vne, cma_published, cma_released"):
        losses(["cma", "vne"], [0.5, 0.5])
    with pytest.raises(InterplayError, match=r"cross-entropy alone has lambda 0, got 0\.5"):
        losses(["none", "vne"], [0.5, 0.5])
    for terms, weights, own, of in (
        (["vne"], [0.5], vectors, labels),
        (["vne"] * 2, [0.5], vectors, labels),
        (["vne"] * 2, [0.5] * 2, vectors, labels[1:]),
        (["vne"] * 2, [0.5] * 2, vectors[:, None].expand(-1, 3, -1, -1), labels),
    ):
        with pytest.raises(InterplayError, match="do not fit: give a term and a weight of each member"):
            losses(terms, weights, own, of)
    with pytest.raises(InterplayError, match=r"expected \[members, classes, 5\]"):
        losses(["vne"] * 2, [0.5] * 2, vectors[..., :4])
