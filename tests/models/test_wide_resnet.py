import pytest
import torch
from torch.nn import functional as F

from interplay.models import WideResNet


@pytest.mark.parametrize(
    ("depth", "width", "groups", "classes", "parameters", "features"),
    [(28, 2, 3, 10, 1_469_642, 128), (28, 8, 3, 100, 23_409_092, 512), (28, 2, 4, 10, 5_933_770, 256)],
)
def test_reference_sizes(depth, width, groups, classes, parameters, features):
    with torch.device("meta"):
        model = WideResNet(depth, width, classes, groups=groups)
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert model.num_features == features


@pytest.mark.parametrize("groups", [3, 4])
def test_the_head_sees_the_features_and_resolution_is_halved_per_group(groups):
    model = WideResNet(10, 1, 7, in_channels=1, groups=groups).eval()
    images = torch.randn(3, 1, 16, 16)
    features = model.features(images)
    assert features.shape == (3, 16 * 2 ** (groups - 1))
    torch.testing.assert_close(model(images), model.head(features))
    assert model.blocks(model.stem(images)).shape[-1] == (4 if groups == 3 else 1)


def test_conventions_of_the_reference_network():
    model = WideResNet(28, 2, 10)
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(convolutions) == 28  # 1 + 3 * 4 * 2 + 3 shortcuts
    assert all(c.bias is not None for c in convolutions)
    assert {(n.momentum, n.eps) for n in norms} == {(0.001, 1e-3)}


def naive(state, images, blocks, groups, pre_activation):
    """The network from a state dict by functional calls alone, block by block as the public code reads."""

    def norm(name, x):
        moments = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return F.batch_norm(x, *moments, state[f"{name}.weight"], state[f"{name}.bias"], training=False, eps=1e-3)

    def conv(name, x, **how):
        return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], **how)

    def active(name, x):
        x = norm(name, x)
        return torch.where(x > 0, x, 0.1 * x)

    x = conv("stem", images, padding=1)
    for number in range(groups * blocks):
        block, stride = f"blocks.{number}", 2 if number % blocks == 0 and (number > 0 or groups == 4) else 1
        before, widens = x, f"blocks.{number}.shortcut.weight" in state
        if number == 0:  # what is active feeds both branches, where the shortcut is a convolution or all are active
            entering = active(f"{block}.norm1", x)
            before = entering if widens or pre_activation == "all" else x
        elif widens and pre_activation == "reference":
            entering = x
        else:
            entering = active(f"{block}.norm1", x)
        out = conv(f"{block}.conv1", entering, padding=1, stride=stride)
        out = conv(f"{block}.conv2", active(f"{block}.norm2", out), padding=1)
        x = out + (conv(f"{block}.shortcut", before, stride=stride) if widens else before)
    return active("norm", x).mean((2, 3))


@pytest.mark.parametrize("pre_activation", ["reference", "all"])
@pytest.mark.parametrize(("depth", "width", "groups"), [(10, 1, 3), (10, 2, 3), (16, 2, 3), (10, 2, 4)])
def test_features_equal_a_naive_network_with_equal_weights(pre_activation, depth, width, groups):
    torch.manual_seed(0)
    model = WideResNet(depth, width, 5, groups=groups, norm_momentum=0.5, pre_activation=pre_activation).double()
    with torch.no_grad():
        for parameter in model.parameters():  # norms and biases away from 1 and 0
            parameter.add_(0.1 * torch.randn_like(parameter))
    model(torch.randn(8, 3, 16, 16, dtype=torch.float64))
    model.eval()
    images = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    expected = naive(model.state_dict(), images, (depth - 4) // 6, groups, pre_activation)
    torch.testing.assert_close(model.features(images), expected)
    for placed in (torch.channels_last, torch.contiguous_format):
        torch.testing.assert_close(model.to(memory_format=placed).features(images), expected)


def test_the_reference_network_differs_from_one_that_activates_everywhere():
    torch.manual_seed(0)
    reference, everywhere = WideResNet(10, 2, 5).eval(), WideResNet(10, 2, 5, pre_activation="all").eval()
    everywhere.load_state_dict(reference.state_dict())
    images = torch.randn(4, 3, 16, 16)
    one, two = reference.features(images), everywhere.features(images)
    assert (one - two).norm() > 0.1 * two.norm()


def test_only_norms_that_the_reference_network_never_uses_get_no_gradient():
    for pre_activation, dead in (("reference", {"blocks.1.norm1", "blocks.2.norm1"}), ("all", set())):
        model = WideResNet(10, 1, 4, pre_activation=pre_activation)
        model(torch.randn(8, 3, 8, 8)).square().sum().backward()
        without = {name.rpartition(".")[0] for name, p in model.named_parameters() if p.grad is None}
        assert without == dead
        weights = [p for name, p in model.named_parameters() if "weight" in name and p.grad is not None]
        assert all(p.grad.abs().sum() > 0 for p in weights)
