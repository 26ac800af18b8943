from itertools import pairwise
from math import prod

import pytest
import torch
from torch import nn
from torch.nn import functional

from interplay.errors import InterplayError
from interplay.models import CnnShape, CompressionCNN, Decoder
from interplay.models.compression_cnn import fold, select_copies
from interplay.protocols.sourced import read_yaml

IMAGES = {"CIFAR-10": (3, 32, 32), "Fashion-MNIST": (1, 28, 28)}
NAMES = {"f+": "f_plus", "f-": "f_minus"}


def test_dimensions_are_those_of_table_3_2(config):
    rows = read_yaml(config / "published/compression25/table3.2.yaml")["rows"]
    assert len(rows) == 4
    for scenario, cells in rows.items():
        network, dataset = scenario.split(" on ")
        shape = CnnShape(NAMES[network], IMAGES[dataset])
        with torch.device("meta"):
            model = CompressionCNN(shape)
            outputs = model.forward_layers(torch.empty(2, *shape.image))
        for layer, cell in enumerate(cells.split(), start=1):
            height, width, channels = map(int, cell.split("x"))
            assert tuple(outputs[f"l{layer}"].shape[1:]) == (channels, height, width) == shape.layer(layer), scenario
        assert outputs["logits"].shape == (2, 10)


@pytest.mark.parametrize("colours", [1, 3])
def test_numbers_of_parameters(colours):
    d = (colours, 64, 128, 256)
    plus = sum(9 * i * i + 2 * i + 9 * i * o + 2 * o for i, o in pairwise(d)) + 256 * 10 + 10
    d = (colours, 16, 32, 64)
    minus = sum(25 * i * o + 2 * o for i, o in pairwise(d)) + 64 * 10 + 10
    for network, expected in (("f_plus", plus), ("f_minus", minus)):
        with torch.device("meta"):
            model = CompressionCNN(CnnShape(network, (colours, 32, 32)))
        assert sum(p.numel() for p in model.parameters()) == expected
        assert not list(model.buffers())  # no running statistics


def normal(x, layer):
    """Batch normalisation written out, over the batch and the map."""
    mean = x.mean((0, 2, 3), keepdim=True)
    variance = (x - mean).square().mean((0, 2, 3), keepdim=True)
    scaled = (x - mean) / (variance + layer.eps).sqrt()
    return scaled * layer.weight[:, None, None] + layer.bias[:, None, None]


def naive(model, x):
    """Section 2.3 term by term: f^l = ReLU o T^l."""
    for block in model.layers:
        if model.shape.network == "f_plus":
            inner = normal(functional.conv2d(x, block.residual.conv.weight, padding=1), block.residual.norm)
            x = torch.clamp(x + inner, min=0)
            size = 2
        else:
            size = 3
        weight = block.main.conv.weight
        x = normal(functional.conv2d(x, weight, padding=weight.shape[-1] // 2), block.main.norm)
        x = torch.clamp(functional.max_pool2d(x, size, size), min=0)
    if model.shape.network == "f_plus":
        x = functional.max_pool2d(x, x.shape[2:])
    return x.flatten(1) @ model.head.linear.weight.T + model.head.linear.bias


def perturbed(module):
    """Scales and shifts that are not 1 and 0."""
    for name, parameter in module.named_parameters():
        if "norm" in name:
            nn.init.uniform_(parameter, 0.5, 1.5)
    return module.double()


@pytest.mark.parametrize("network", ["f_plus", "f_minus"])
@pytest.mark.parametrize("evaluating", [False, True])
def test_the_networks_are_those_of_section_2_3(network, evaluating):
    torch.manual_seed(0)
    model = perturbed(CompressionCNN(CnnShape(network, (2, 28, 28), channels=(8, 12, 16)))).train(not evaluating)
    images = 3 * torch.randn(6, 2, 28, 28).double() + 1
    torch.testing.assert_close(model(images), naive(model, images))


@pytest.mark.parametrize("network", ["f_plus", "f_minus"])
def test_batch_norm_never_remembers(network):
    torch.manual_seed(0)
    model = CompressionCNN(CnnShape(network, channels=(8, 12, 16))).eval()
    images, others = torch.randn(4, 1, 28, 28), 9 * torch.randn(4, 1, 28, 28)
    before = model(images)
    model.train()(others)
    torch.testing.assert_close(model.eval()(images), before)
    assert not torch.allclose(model(torch.cat([images, others]))[:4], before)  # the batch decides


@pytest.mark.parametrize("network", ["f_plus", "f_minus"])
def test_every_decoder_continues_its_encoder(network):
    torch.manual_seed(0)
    model = perturbed(CompressionCNN(CnnShape(network, channels=(8, 12, 16))))
    images = torch.randn(5, 1, 28, 28).double()
    hidden = model.encode(images)
    outputs = model.forward_layers(images)
    assert [h.shape[1:] for h in hidden] == [model.shape.layer(layer) for layer in range(4)]
    weights = model.state_dict()
    for layer in range(4):
        fresh = model.decoder(layer).double()
        fresh.load_state_dict(
            {
                name: weights[name if "head" in name else name.replace(f"layers.{i}.", f"layers.{i + layer}.")]
                for name in fresh.state_dict()
                for i in [int(name.split(".")[1]) if name.startswith("layers") else 0]
            }
        )
        torch.testing.assert_close(fresh(hidden[layer]), outputs["logits"])
    torch.testing.assert_close(model.head.linear(model.pooled(hidden[3])), outputs["logits"])


@pytest.mark.parametrize("network", ["f_plus", "f_minus"])
@pytest.mark.parametrize("layer", [0, 1, 2, 3])
@pytest.mark.parametrize("sources", [1, 2, 4])
def test_folded_decoders_compute_what_each_computes_alone(network, layer, sources):
    torch.manual_seed(layer)
    shape = CnnShape(network, (2, 27, 27), 3, channels=(4, 8, 12))
    alone = [perturbed(Decoder(shape, layer)) for _ in range(4)]
    inputs = [torch.randn(6, *shape.layer(layer)).double() for _ in range(sources)]
    folded = fold(alone, sources)
    logits = folded(torch.cat(inputs, dim=1))
    expected = torch.stack([decoder(inputs[i * sources // 4]) for i, decoder in enumerate(alone)])
    torch.testing.assert_close(logits, expected)

    targets = torch.randn(4, 6, 3).double()
    (logits * targets).sum().backward()
    (expected * targets).sum().backward()
    for name, parameter in folded.named_parameters():
        gradient = torch.cat([dict(decoder.named_parameters())[name].grad for decoder in alone])
        torch.testing.assert_close(parameter.grad, gradient)

    chosen = torch.tensor([1, 3])
    some = select_copies(folded, chosen, sources=2)
    pair = torch.cat([inputs[0], inputs[-1]], dim=1)
    torch.testing.assert_close(some(pair), torch.stack([alone[1](inputs[0]), alone[3](inputs[-1])]))


def test_relu_before_or_after_the_pooling_is_one_function():
    for network in ("f_plus", "f_minus"):
        gradients = []
        for first in (False, True):
            torch.manual_seed(0)
            model = CompressionCNN(CnnShape(network, channels=(8, 12, 16), relu_before_pool=first)).double()
            images = torch.randn(5, 1, 28, 28, generator=torch.Generator().manual_seed(1)).double()
            logits = model(images)
            gradients.append((logits, *torch.autograd.grad(logits.square().sum(), list(model.parameters()))))
        for after, before in zip(*gradients, strict=True):
            torch.testing.assert_close(after, before)


def test_the_head_can_average():
    torch.manual_seed(0)
    model = CompressionCNN(CnnShape("f_plus", channels=(8, 12, 16), head_pooling="mean"))
    last = model.encode(torch.randn(3, 1, 28, 28))[3]
    torch.testing.assert_close(model.pooled(last), last.sum((2, 3)) / prod(last.shape[2:]))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"network": "f_minus", "image": (1, 26, 28)}, "at least 27x27"),
        ({"network": "f_plus", "image": (3, 7, 32)}, "at least 8x8"),
        ({"network": "resnet"}, "choose one of f_plus, f_minus"),
        ({"network": "f_minus", "channels": (6, 8, 12)}, "multiples of 4"),
    ],
)
def test_impossible_shapes_are_refused_in_one_line(wrong, words):
    with pytest.raises(InterplayError, match=words) as caught:
        CnnShape(**wrong)
    assert "\n" not in str(caught.value)


def test_decoders_of_layers_that_do_not_exist_are_refused():
    with pytest.raises(InterplayError, match="0, 1, 2 or 3, not 4"):
        Decoder(CnnShape("f_plus"), 4)
    with pytest.raises(InterplayError, match="3 copies"):
        Decoder(CnnShape("f_plus"), 1, copies=3, sources=2)
