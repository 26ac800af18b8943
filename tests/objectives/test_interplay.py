"""MAX MI and MIN HD against naive float64 numpy, finite differences and degenerate batches."""

import numpy as np
import pytest
import torch

from interplay.errors import InterplayError
from interplay.objectives import EntropyDifferenceLoss, MutualInformationLoss

LOSSES = [MutualInformationLoss(), EntropyDifferenceLoss()]


def naive_gram(z):
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    return unit @ unit.T


def naive_entropy(gram):
    p = np.linalg.eigvalsh(gram / len(gram))
    p = p[p > 1e-14]
    return float(-(p * np.log(p)).sum())


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(24, 7, generator=generator, dtype=torch.float64)
    head = torch.randn(5, 7, generator=generator, dtype=torch.float64)
    return features, head, torch.arange(24) % 5


def test_losses_equal_the_definitions(batch):
    features, head, labels = batch
    first, second = naive_gram(features.numpy()), naive_gram(head[labels].numpy())
    h1, h2, joint = naive_entropy(first), naive_entropy(second), naive_entropy(first * second)
    assert h1 + h2 - joint > 0.1 and abs(h1 - h2) > 0.1
    assert MutualInformationLoss()(features, head[labels]).item() == pytest.approx(-(h1 + h2 - joint), abs=1e-10)
    assert EntropyDifferenceLoss()(features, head[labels]).item() == pytest.approx(abs(h1 - h2), abs=1e-10)


@pytest.mark.parametrize("loss", [MutualInformationLoss, EntropyDifferenceLoss])
def test_weight_scales_the_loss(loss, batch):
    features, head, labels = batch
    assert torch.isclose(loss(weight=0.25)(features, head[labels]), 0.25 * loss()(features, head[labels]))
    assert "0.25" in repr(loss(weight=0.25))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_agrees_with_finite_differences(loss, batch):
    features, head, labels = batch
    features = features.requires_grad_()
    # Repeated labels make G(V) singular, where the entropy is not differentiable in V: check V with distinct rows.
    assert torch.autograd.gradcheck(lambda f: loss(f, head[labels]), (features,))
    distinct = torch.randn(5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: loss(features[:5].detach(), v), (distinct,))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["collapsed", "zero", "some dead rows", "one class", "tiny", "huge"])
def test_gradients_are_finite_on_degenerate_batches(loss, kind):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(32, 8, generator=generator)
    labels = torch.arange(32) % 10
    match kind:
        case "collapsed":
            features = torch.ones(32, 8)
        case "zero":
            features = torch.zeros(32, 8)
        case "some dead rows":
            features = features * (torch.arange(32) % 3 > 0)[:, None]
        case "one class":
            labels = torch.zeros(32, dtype=torch.long)
        case "tiny":
            features = features * 1e-30
        case "huge":
            features = features * 1e30
    head = torch.randn(10, 8, generator=generator).requires_grad_()
    features.requires_grad_()
    value = loss(features, head[labels])
    value.backward()
    assert torch.isfinite(value) and value.dtype == torch.float32
    assert torch.isfinite(features.grad).all() and torch.isfinite(head.grad).all()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("rows", [0, 1])
def test_fewer_than_two_samples_give_a_zero_that_backpropagates(loss, rows):
    features = torch.randn(rows, 4, requires_grad=True)
    vectors = torch.randn(rows, 4, requires_grad=True)
    value = loss(features, vectors)
    value.backward()
    assert value.item() == 0 and (features.grad == 0).all() and (vectors.grad == 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_samples_without_direction_do_not_count(loss, batch):
    features, head, labels = batch
    dead = features.clone()
    dead[::3] = 0
    alive = torch.arange(24) % 3 > 0
    assert torch.isclose(loss(dead, head[labels]), loss(features[alive], head[labels][alive]))


def test_descending_raises_the_mutual_information(batch):
    features, head, labels = batch
    values = []
    for _ in range(20):
        features = features.detach().requires_grad_()
        value = MutualInformationLoss()(features, head[labels])
        (gradient,) = torch.autograd.grad(value, features)
        features = features - gradient  # plain: importing torch.optim would take longer than the test
        values.append(value.item())
    assert values[-1] < values[0] - 0.1


@pytest.mark.parametrize("loss", LOSSES)
def test_wrong_shapes_are_refused_in_one_line(loss):
    with pytest.raises(InterplayError, match=r"same samples.*\[3, 4\].*\[2, 4\]"):
        loss(torch.randn(3, 4), torch.randn(2, 4))
    with pytest.raises(InterplayError, match="NaN"):
        loss(torch.full((3, 4), torch.nan), torch.randn(3, 4))


def test_half_precision_and_autocast_do_not_change_the_matrix(batch):
    features, head, labels = (batch[0].float(), batch[1].float(), batch[2])
    reference = MutualInformationLoss()(features, head[labels])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.isclose(MutualInformationLoss()(features, head[labels]), reference, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("classes", "dimensions", "samples"), [(5, 7, 24), (40, 7, 24), (40, 60, 24), (5, 30, 9)])
def test_inside_a_step_it_is_the_same_loss_with_the_same_gradient(loss, classes, dimensions, samples):
    """By labels and weights, without checks: the spectrum of G(V) from C x C, d x d or n x n, whichever is smallest."""
    draw = torch.Generator().manual_seed(1)
    features = torch.randn(samples, dimensions, generator=draw, dtype=torch.float64).requires_grad_()
    head = torch.randn(classes, dimensions, generator=draw, dtype=torch.float64).requires_grad_()
    labels = torch.randint(classes, (samples,), generator=draw)
    checked, unchecked = loss(features, head[labels]), loss.of_labels(features, labels, head)
    assert unchecked.item() == pytest.approx(checked.item(), abs=1e-10)
    for one, two in zip(
        torch.autograd.grad(checked, (features, head)), torch.autograd.grad(unchecked, (features, head)), strict=True
    ):
        torch.testing.assert_close(one, two, atol=1e-8, rtol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_inside_a_step_samples_that_do_not_count_are_as_if_they_were_not_there(loss, batch):
    features, head, labels = batch
    features = features.clone()
    features[3] = 0
    kept = torch.arange(24) % 4 > 0
    left = kept & (torch.arange(24) != 3)
    found = loss.of_labels(features, labels, head, kept)
    assert found.item() == pytest.approx(loss(features[left], head[labels][left]).item(), abs=1e-10)
    nothing = features.requires_grad_()
    none = loss.of_labels(nothing, labels, head, torch.arange(24) == 5)  # one sample has no information
    none.backward()
    assert none.item() == 0 and torch.isfinite(nothing.grad).all()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["collapsed", "zero", "one class", "tiny", "huge"])
def test_inside_a_step_gradients_are_finite_on_degenerate_batches(loss, kind):
    draw = torch.Generator().manual_seed(0)
    features = torch.randn(32, 8, generator=draw)
    labels = torch.arange(32) % 10
    match kind:
        case "collapsed":
            features = torch.ones(32, 8)
        case "zero":
            features = torch.zeros(32, 8)
        case "one class":
            labels = torch.zeros(32, dtype=torch.long)
        case "tiny":
            features = features * 1e-30
        case "huge":
            features = features * 1e30
    head = torch.randn(10, 8, generator=draw).requires_grad_()
    features.requires_grad_()
    value = loss.of_labels(features, labels, head)
    value.backward()
    assert torch.isfinite(value) and value.dtype == torch.float32
    assert torch.isfinite(features.grad).all() and torch.isfinite(head.grad).all()
