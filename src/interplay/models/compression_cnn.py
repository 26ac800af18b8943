"""The two CNNs of the compression experiments, f+ and f-, whose layers and decoders can be addressed one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from interplay.errors import InterplayError

Network = Literal["f_plus", "f_minus"]
CHANNELS = (64, 128, 256)  # d_1, d_2, d_3
LAYERS = (1, 2, 3)  # those with a representation; layer 0 is the image, layer 4 the head
_SHARE = {"f_plus": 1, "f_minus": 4}  # f- has a quarter of the channels
_POOL = {"f_plus": 2, "f_minus": 3}


@dataclass(frozen=True)
class CnnShape:
    """What fixes the weights' shapes and the order of operations.

    Attributes:
        network: `f_plus` or `f_minus`.
        image: channels, height, width.
        num_classes: C.
        channels: d_1, d_2, d_3; f- takes a quarter of each.
        relu_before_pool: ReLU, then pooling. The text (f^l = sigma^l o T^l, T^l ending in pool) and the public code
            pool first. Both orders are one function with one gradient, because ReLU is monotone; pooling first is
            cheaper.
        head_pooling: over the whole map in front of f+'s head. `pool` is max-pooling throughout the text, and in the
            public code; `mean` is what networks of this kind usually do.

    Raises:
        InterplayError: a layer would be empty, or channels that cannot be divided.
    """

    network: Network
    image: tuple[int, int, int] = (1, 28, 28)
    num_classes: int = 10
    channels: tuple[int, int, int] = CHANNELS
    relu_before_pool: bool = False
    head_pooling: Literal["max", "mean"] = "max"

    def __post_init__(self) -> None:
        if self.network not in _SHARE:
            raise InterplayError(f"network {self.network!r} is unknown; choose one of {', '.join(_SHARE)}")
        if any(width < _SHARE[self.network] or width % _SHARE[self.network] for width in self.channels):
            raise InterplayError(f"channels {self.channels}: f_minus takes a quarter of each, so give multiples of 4")
        if min(self.layer(3)[1:]) < 1:
            least = _POOL[self.network] ** 3
            size = "x".join(map(str, self.image[1:]))
            raise InterplayError(
                f"{self.network}: images of {size} vanish in three poolings by {_POOL[self.network]}; "
                f"give images of at least {least}x{least}"
            )

    def layer(self, layer: int) -> tuple[int, int, int]:
        """Channels, height and width of the representation h^l, l = 0 .. 3 (compression25 Table 3.2 for l = 1 .. 3)."""
        if layer == 0:
            return self.image
        shrink = _POOL[self.network] ** layer
        return self.channels[layer - 1] // _SHARE[self.network], self.image[1] // shrink, self.image[2] // shrink


class CompressionCNN(nn.Module):
    """f+ or f- of compression25 sec. 2.3 and Fig. 2.3: three blocks, which end in pooling and ReLU, and a linear head.

    f+: a residual convolution 3x3 and ReLU, then convolution 3x3 and max-pooling 2x2, and a global max-pooling in front
    of the head. f-: convolution 5x5 and max-pooling 3x3; its last map is 1x1 for images of 27 to 53 pixels, as the
    published ones are, where the head's pooling does nothing. Convolutions are padded to keep the size and have no
    bias; batch normalisation follows each, always on the statistics of the batch, in evaluation too, so a sample's
    representation depends on its batch. Weights are initialised as PyTorch does by default.
    """

    def __init__(self, shape: CnnShape) -> None:
        super().__init__()
        self.shape = shape
        self.layers = nn.ModuleList(_block(shape, layer) for layer in LAYERS)
        self.head = _head(shape)

    def forward_layers(self, images: Tensor) -> dict[str, Tensor]:
        """Representations `l1`, `l2`, `l3` `[samples, channels, height, width]` and `logits` `[samples, C]`."""
        outputs: dict[str, Tensor] = {}
        hidden = images
        for layer, block in zip(LAYERS, self.layers, strict=True):
            hidden = outputs[f"l{layer}"] = block(hidden)
        outputs["logits"] = self.head(hidden)
        return outputs

    def forward(self, images: Tensor) -> Tensor:
        """Logits `[samples, C]`."""
        for block in self.layers:
            images = block(images)
        logits: Tensor = self.head(images)
        return logits

    def encode(self, images: Tensor, depth: int = 3) -> list[Tensor]:
        """h^0 .. h^depth, h^0 being the images: f^{l:1} for every l at the cost of the last."""
        hidden = [images]
        for block in self.layers[:depth]:
            hidden.append(block(hidden[-1]))
        return hidden

    def pooled(self, last: Tensor) -> Tensor:
        """What the head's matrix sees `[samples, d]` of `last`, the representation h^3."""
        pooled: Tensor = self.head.pool(last)
        return pooled

    def decoder(self, layer: int) -> Decoder:
        """A freshly initialised f^{L:l+1}, which reads h^l: all layers above `layer` = 0 .. 3."""
        return Decoder(self.shape, layer)


class Decoder(nn.Module):
    """f^{L:l+1}, or several of them folded into one network, each with weights of its own.

    Folded copies are groups of channels: one call to a kernel serves them all, and because batch normalisation works by
    channel every copy has its own statistics. Several copies may read the same input: `sources` counts the distinct
    inputs, each serving `copies / sources` neighbouring copies. Every parameter is that of the copies one after the
    other along its first dimension.
    """

    def __init__(self, shape: CnnShape, layer: int, copies: int = 1, sources: int = 1) -> None:
        super().__init__()
        if layer not in range(4):
            raise InterplayError(f"a decoder reads layer 0, 1, 2 or 3, not {layer}")
        if copies % sources:
            raise InterplayError(f"{copies} copies cannot be shared out evenly over {sources} sources")
        self.shape, self.layer, self.copies = shape, layer, copies
        above = [after for after in LAYERS if after > layer]
        # Only the first block reads inputs that copies share; from there on each has its own.
        self.layers = nn.ModuleList(
            _block(shape, after, copies, sources if after == layer + 1 else copies) for after in above
        )
        self.head = _head(shape, copies, copies if above else sources)

    def forward(self, hidden: Tensor) -> Tensor:
        """Logits `[samples, C]`, of folded ones `[copies, samples, C]`, of h^l `[samples, sources * channels, ...]`."""
        for block in self.layers:
            hidden = block(hidden)
        logits: Tensor = self.head(hidden)
        return logits


def fold(decoders: Sequence[Decoder], sources: int = 1) -> Decoder:
    """`decoders` of one layer as one network with copies of their weights; see `Decoder`.

    >>> shape = CnnShape("f_minus")
    >>> two = fold([Decoder(shape, 2), Decoder(shape, 2)], sources=2)
    >>> two(torch.zeros(5, 2 * 32, 3, 3)).shape
    torch.Size([2, 5, 10])
    """
    members = [dict(decoder.named_parameters()) for decoder in decoders]
    weights = {name: torch.cat([member[name].detach() for member in members]) for name in members[0]}
    return _with_weights(decoders[0].shape, decoders[0].layer, len(decoders), sources, weights)


def select_copies(folded: Decoder, chosen: Tensor, sources: int) -> Decoder:
    """The copies of a folded decoder at positions `chosen` `[n]`, in that order, folded again; weights are copied."""
    weights = {name: rows_of_copies(weight, folded.copies, chosen) for name, weight in folded.named_parameters()}
    return _with_weights(folded.shape, folded.layer, len(chosen), sources, weights)


def rows_of_copies(stacked: Tensor, copies: int, chosen: Tensor) -> Tensor:
    """What belongs to the `chosen` copies in a parameter of a folded decoder, or in anything of the same shape."""
    rows: Tensor = stacked.detach().unflatten(0, (copies, -1))[chosen]
    return rows.flatten(0, 1)


def _with_weights(shape: CnnShape, layer: int, copies: int, sources: int, weights: dict[str, Tensor]) -> Decoder:
    with torch.device("meta"):  # initial weights of its own would be thrown away
        folded = Decoder(shape, layer, copies, sources)
    folded.load_state_dict(weights, assign=True)
    folded.requires_grad_(True)
    return folded


def _block(shape: CnnShape, layer: int, copies: int = 1, sources: int = 1) -> nn.Module:
    block = _PlusBlock if shape.network == "f_plus" else _MinusBlock
    return block(shape.layer(layer - 1)[0], shape.layer(layer)[0], copies, sources, shape.relu_before_pool)


def _head(shape: CnnShape, copies: int = 1, sources: int = 1) -> _Head:
    return _Head(shape.layer(3)[0], shape.num_classes, copies, sources, shape.head_pooling)


class _ConvNorm(nn.Module):
    """Convolution that keeps the size, without bias, and batch normalisation on the statistics of the batch."""

    def __init__(self, inputs: int, outputs: int, kernel: int, copies: int, sources: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            sources * inputs, copies * outputs, kernel, padding=kernel // 2, groups=sources, bias=False
        )
        self.norm = nn.BatchNorm2d(copies * outputs, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        normal: Tensor = self.norm(self.conv(x))
        return normal


def _pool_and_activate(x: Tensor, size: int, relu_before_pool: bool) -> Tensor:
    if relu_before_pool:
        return functional.max_pool2d(x.relu(), size)
    return functional.max_pool2d(x, size).relu()


class _PlusBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, copies: int, sources: int, relu_before_pool: bool) -> None:
        super().__init__()
        self.residual = _ConvNorm(inputs, inputs, 3, copies, sources)
        self.main = _ConvNorm(inputs, outputs, 3, copies, copies)
        self.share = partial(_share, copies=copies, sources=sources)
        self.finish = partial(_pool_and_activate, size=2, relu_before_pool=relu_before_pool)

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.main((self.share(x) + self.residual(x)).relu()))


class _MinusBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, copies: int, sources: int, relu_before_pool: bool) -> None:
        super().__init__()
        self.main = _ConvNorm(inputs, outputs, 5, copies, sources)
        self.finish = partial(_pool_and_activate, size=3, relu_before_pool=relu_before_pool)

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.main(x))


class _Head(nn.Module):
    """Global pooling and a linear map, with the parameters of `nn.Linear`."""

    def __init__(self, features: int, classes: int, copies: int, sources: int, pooling: str) -> None:
        super().__init__()
        self.copies, self.sources, self.pooling = copies, sources, pooling
        self.linear = nn.Linear(features, copies * classes)

    def pool(self, x: Tensor) -> Tensor:
        return x.amax((2, 3)) if self.pooling == "max" else x.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        features = self.pool(x)
        if self.copies == 1:
            logits: Tensor = self.linear(features)
            return logits
        features = _share(features, self.copies, self.sources).unflatten(1, (self.copies, -1)).transpose(0, 1)
        weight = self.linear.weight.unflatten(0, (self.copies, -1)).transpose(1, 2)
        return torch.baddbmm(self.linear.bias.view(self.copies, 1, -1), features, weight)


def _share(x: Tensor, copies: int, sources: int) -> Tensor:
    """`[samples, sources * channels, ...]` repeated for each copy `[samples, copies * channels, ...]`."""
    if copies == sources:
        return x
    by_source = x.unflatten(1, (sources, 1, -1))
    repeated: Tensor = by_source.expand(-1, -1, copies // sources, *by_source.shape[3:])
    return repeated.flatten(1, 3)
