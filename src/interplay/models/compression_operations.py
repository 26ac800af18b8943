"""What f+ and f- compute, operation by operation, read off real networks at work (compression25 Fig. 2.2, 2.3)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from interplay.models.compression_cnn import CnnShape, CompressionCNN


def operations(shape: CnnShape) -> list[dict[str, Any]]:
    """One row for the image and for every operation, in the order in which they are done.

    A row says which layer does it (0 the image, 1 .. 3 the blocks, 4 the head), what (`input`, `residual`,
    `convolution`, `pooling`, `linear`; ReLU and batch normalisation come along), its `kernel` (edge in pixels, 0 where
    there is none), `height`, `width` and `channels` of what comes out, and how many `parameters` it has. Pooling of a
    1x1 map is left out. The parameters of `Decoder(shape, l)` are those of the rows above layer l.
    """
    network = CompressionCNN(shape)
    rows = [_row(0, "input", 0, shape.image, 0)]

    def watch(module: nn.Module, layer: int, operation: str, kernel: int) -> None:
        count = sum(parameter.numel() for parameter in module.parameters()) if operation != "pooling" else 0

        def record(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            rows.append(_row(layer, operation, kernel, (*output.shape[1:], 1, 1)[:3], count))

        module.register_forward_hook(record)

    blocks: list[Any] = list(network.layers)
    for layer, block in enumerate(blocks, start=1):
        for name, operation in (("residual", "residual"), ("main", "convolution")):
            part = getattr(block, name, None)
            if part is not None:
                watch(part, layer, operation, part.conv.kernel_size[0])
        watch(block, layer, "pooling", block.finish.keywords["size"])
    watch(network.head.linear, 4, "linear", 0)
    with torch.no_grad():
        network(torch.zeros(2, *shape.image))
    last = rows[-2]
    if (last["height"], last["width"]) != (1, 1):
        rows.insert(-1, _row(4, "pooling", last["height"], (last["channels"], 1, 1), 0))
    return rows


def _row(layer: int, operation: str, kernel: int, output: tuple[int, ...], parameters: int) -> dict[str, Any]:
    channels, height, width = output
    return {
        "layer": layer,
        "operation": operation,
        "kernel": kernel,
        "height": height,
        "width": width,
        "channels": channels,
        "parameters": parameters,
    }
