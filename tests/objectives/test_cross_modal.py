"""CMA against a naive transcription, the closed form for one image and one text, and degenerate groups."""

import numpy as np
import pytest
import torch

from interplay.errors import InterplayError
from interplay.objectives import CrossModalAlignmentLoss
from interplay.objectives.cross_modal import class_group_entropies


def naive(features, labels, vectors, variant):
    """Loops over lists, as Algorithm 1 does."""
    groups = [[] for _ in vectors]
    for row, label in zip(features, labels, strict=True):
        groups[label].append(row)
    for group, vector in zip(groups, vectors, strict=True):
        group.append(vector)
    terms = []
    for group in groups:
        if len(group) > 1:
            z = np.array(group)
            z = z / np.linalg.norm(z, axis=1, keepdims=True)
            gram, n = z @ z.T, len(z)
            if variant == "released":
                gram = gram + 1e-6 * np.eye(n)
            p = np.linalg.eigvalsh(gram / np.trace(gram))
            entropy = -sum(x * np.log(x) for x in p if x > 1e-13)
            terms.append(entropy / np.log(n) if variant == "released" else entropy / n)
    return np.mean(terms) if variant == "released" else np.sum(terms)


@pytest.mark.parametrize("variant", ["published", "released"])
def test_equals_the_algorithm(variant):
    rng = np.random.default_rng(0)
    features, vectors = rng.normal(size=(17, 6)), rng.normal(size=(9, 6))
    labels = rng.integers(0, 7, size=17)  # classes 7 and 8 are absent
    ours = CrossModalAlignmentLoss(variant)(torch.tensor(features), torch.tensor(labels), torch.tensor(vectors))
    assert ours.item() == pytest.approx(naive(features, labels, vectors, variant), abs=1e-10)


@pytest.mark.parametrize("variant", ["published", "released"])
@pytest.mark.parametrize("classes", [1, 5, 100])
def test_groups_of_any_sizes_equal_the_algorithm_and_their_order_does_not_matter(variant, classes):
    rng = np.random.default_rng(classes)
    features, vectors = rng.normal(size=(40, 16)), rng.normal(size=(classes, 16))
    labels = rng.integers(0, classes, size=40)
    order = rng.permutation(40)
    loss = CrossModalAlignmentLoss(variant)
    ours, reordered = (
        loss(torch.tensor(features[rows]), torch.tensor(labels[rows]), torch.tensor(vectors)).item()
        for rows in (np.arange(40), order)
    )
    assert ours == pytest.approx(naive(features, labels, vectors, variant), rel=1e-12)
    assert reordered == pytest.approx(ours, rel=1e-13)


@pytest.mark.parametrize("variant", ["published", "released"])
def test_a_row_without_direction_is_as_if_it_were_not_there(variant):
    rng = np.random.default_rng(0)
    features, vectors = torch.tensor(rng.normal(size=(6, 4))), torch.tensor(rng.normal(size=(3, 4)))
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    features[1] = 0  # one of class 0
    loss, kept = CrossModalAlignmentLoss(variant), torch.tensor([0, 2, 3, 4, 5])
    assert loss(features, labels, vectors).item() == pytest.approx(
        loss(features[kept], labels[kept], vectors).item(), rel=1e-12
    )


@pytest.mark.parametrize("variant", ["published", "released"])
def test_sets_of_class_vectors_decomposed_together_give_the_loss_of_each(variant):
    draw = torch.Generator().manual_seed(0)
    features, vectors = (torch.randn(s, dtype=torch.float64, generator=draw) for s in ((30, 8), (2, 3, 9, 8)))
    labels = torch.randint(0, 7, (30,), generator=draw)
    features[4], vectors[1, 2, labels[0]] = 0, 0  # neither has a direction
    ridges = torch.full((2, 3), 1e-6 if variant == "released" else 0.0)
    groups = class_group_entropies(features, labels, vectors, ridges)
    present, counts = labels.unique(return_counts=True)
    assert groups.entropies.shape == groups.sizes.shape == (2, 3, len(present))
    assert groups.sizes.sum().item() == 6 * (29 + len(present)) - 1
    assert groups.sizes[0, 0].sub(counts + 1).neg().tolist() == (present == labels[4]).double().tolist()
    expected = [[CrossModalAlignmentLoss(variant)(features, labels, one) for one in row] for row in vectors]
    np.testing.assert_allclose(groups.reduce(variant), expected, rtol=1e-12)


@pytest.mark.parametrize("cosine", [-0.9, 0.0, 0.3, 0.99])
def test_one_image_and_one_text_have_a_closed_form(cosine):
    image = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    text = 3 * torch.tensor([[cosine, (1 - cosine**2) ** 0.5]], dtype=torch.float64)
    p = (1 + cosine) / 2
    binary = -p * np.log(p) - (1 - p) * np.log(1 - p)
    assert CrossModalAlignmentLoss()(image, torch.tensor([0]), text).item() == pytest.approx(binary / 2, abs=1e-12)


def test_an_opposite_pair_has_no_entropy_either():
    image = torch.tensor([[1.0, 0.0]])
    assert CrossModalAlignmentLoss()(image, torch.tensor([0]), -image).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("variant", ["published", "released"])
def test_gradients_are_right_and_finite(variant):
    loss = CrossModalAlignmentLoss(variant, weight=0.5)
    labels = torch.tensor([0, 1, 1, 0])
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(4, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    vectors = torch.randn(3, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f, v: loss(f, labels, v), (features, vectors))
    for degenerate in (torch.ones(4, 5), torch.zeros(4, 5)):
        f, v = degenerate.clone().requires_grad_(), degenerate[:3].clone().requires_grad_()
        loss(f, labels, v).backward()
        assert torch.isfinite(f.grad).all() and torch.isfinite(v.grad).all()


def test_an_empty_batch_gives_a_zero_that_backpropagates():
    features = torch.zeros(0, 4, requires_grad=True)
    value = CrossModalAlignmentLoss()(features, torch.zeros(0, dtype=torch.long), torch.randn(3, 4))
    value.backward()
    assert value.item() == 0


def test_wrong_input_is_refused_in_one_line():
    loss, f, v = CrossModalAlignmentLoss(), torch.randn(2, 4), torch.randn(3, 4)
    with pytest.raises(InterplayError, match="published, released"):
        CrossModalAlignmentLoss("official")
    with pytest.raises(InterplayError, match="last dimension"):
        loss(f, torch.tensor([0, 1]), torch.randn(3, 5))
    with pytest.raises(InterplayError, match="expected 0 to 2, got values from 0 to 3"):
        loss(f, torch.tensor([0, 3]), v)
    with pytest.raises(InterplayError, match="labels: expected"):
        loss(f, torch.tensor([0.0, 1.0]), v)
