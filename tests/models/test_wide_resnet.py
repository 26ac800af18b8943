import pytest
import torch

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
    assert model.blocks[0].activate_shortcut and not any(b.activate_shortcut for b in model.blocks[1:])


def test_every_parameter_gets_a_gradient():
    model = WideResNet(10, 1, 4)
    model(torch.randn(8, 3, 8, 8)).square().sum().backward()
    weights = [p for name, p in model.named_parameters() if "weight" in name]
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in weights)
