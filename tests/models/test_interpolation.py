import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.models import WideResNet, interpolate


@pytest.fixture(scope="module")
def children():
    """Two networks with weights and running statistics of their own."""
    made = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        network = WideResNet(10, 1, 4, norm_momentum=0.5, pre_activation="all").train()
        for _ in range(seed + 2):
            network(torch.randn(6, 3, 8, 8))
        made.append(network.eval())
    return made


@pytest.mark.parametrize("weight", [0, 1])
def test_the_ends_are_the_children_exactly(children, weight):
    middle = WideResNet(10, 1, 4, pre_activation="all").eval()
    middle.load_state_dict(interpolate(*(child.state_dict() for child in children), weight))
    images = torch.randn(5, 3, 8, 8)
    assert torch.equal(middle(images), children[weight](images))
    for name, tensor in children[weight].state_dict().items():
        if tensor.is_floating_point():
            assert torch.equal(middle.state_dict()[name], tensor)


@settings(max_examples=20)
@given(weight=st.floats(0, 1))
def test_parameters_and_running_statistics_are_weighted_sums_and_counters_are_of_the_first(children, weight):
    first, second = (child.state_dict() for child in children)
    between = interpolate(first, second, weight)
    assert list(between) == list(first)
    for name, tensor in between.items():
        if name.endswith("num_batches_tracked"):
            assert (int(tensor), int(second[name])) == (2, 3)
        else:
            expected = (1 - weight) * first[name].double() + weight * second[name].double()
            torch.testing.assert_close(tensor.double(), expected, rtol=1e-5, atol=1e-6)
            assert tensor.dtype == torch.float32
    assert any("running_var" in name for name in between)


def test_the_children_stay_as_they_are(children):
    first, second = (child.state_dict() for child in children)
    before = {name: tensor.clone() for name, tensor in first.items()}
    for tensor in interpolate(first, second, 0).values():
        tensor.add_(1)
    assert all(torch.equal(first[name], before[name]) for name in before)


@pytest.mark.parametrize("weight", [-0.01, 1.01, float("nan")])
def test_a_weight_beyond_the_segment_is_refused(children, weight):
    first, second = (child.state_dict() for child in children)
    with pytest.raises(InterplayError, match="weight: between 0 and 1 needed") as caught:
        interpolate(first, second, weight)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("depth", "width", "classes", "says"),
    [
        (10, 2, 4, r"blocks.0.conv1.weight has shape \[16, 16, 3, 3\] in the first and \[32, 16, 3, 3\] in the second"),
        (10, 1, 5, r"head.weight has shape \[4, 64\] in the first and \[5, 64\] in the second"),
        (16, 1, 4, r"blocks.1.conv1.weight has shape \[32, 16, 3, 3\] in the first and \[16, 16, 3, 3\]"),
    ],
)
def test_other_architectures_are_refused_by_the_first_tensor_that_differs(children, depth, width, classes, says):
    other = WideResNet(depth, width, classes).state_dict()
    with pytest.raises(InterplayError, match=says) as caught:
        interpolate(children[0].state_dict(), other, 0.5)
    assert "\n" not in str(caught.value)


def test_missing_and_extra_tensors_are_named(children):
    whole = children[0].state_dict()
    part = {name: tensor for name, tensor in whole.items() if name != "head.bias"}
    with pytest.raises(InterplayError, match=r"different architectures: the second has no tensor head\.bias"):
        interpolate(whole, part, 0.5)
    with pytest.raises(InterplayError, match=r"different architectures: the first has no tensor head\.bias"):
        interpolate(part, whole, 0.5)
