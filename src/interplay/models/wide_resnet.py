"""Wide ResNets as semi-supervised learning uses them (LeakyReLU, slow batch-norm statistics, biased convolutions)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

LEAK = 0.1

PreActivation = Literal["reference", "all"]


class WideResNet(nn.Module):
    """A Wide ResNet with three groups of blocks (28-2, 28-8, 10-1, ...) or four ("37-2": depth 28, four groups).

    Conventions of the public code that the documents build on (TorchSSL, docs/facts.md#wide-resnet): LeakyReLU of slope
    0.1, convolutions with bias, Kaiming initialisation by fan-out, Xavier for the head, and a very first block whose
    activation feeds the shortcut too.

    Where another block changes the width, that code hands its raw input to both the first convolution and the shortcut:
    the block's first norm is dead, its parameters count but get no gradient. `pre_activation="all"` activates the
    residual branch of every block instead, as the architecture's authors do.

    Args:
        depth: 6n + 4 for n blocks a group (n of the three-group network also where there are four groups).
        width: multiplier of the channels 16, 32, 64 (, 128).
        num_classes: outputs C of the head.
        in_channels: channels of the image.
        groups: 3 or 4; with four, the first group already halves the resolution.
        norm_momentum, norm_eps: of batch normalisation.
        pre_activation: which blocks activate what enters their first convolution: `all`, or those that do in the
            reference code, that is all but the ones that change the width, the very first excepted.
    """

    def __init__(
        self,
        depth: int,
        width: int,
        num_classes: int,
        in_channels: int = 3,
        groups: int = 3,
        norm_momentum: float = 0.001,
        norm_eps: float = 1e-3,
        pre_activation: PreActivation = "reference",
    ) -> None:
        super().__init__()
        blocks = (depth - 4) // 6
        channels = [16, *(16 * 2**group * width for group in range(groups))]
        self.stem = nn.Conv2d(in_channels, channels[0], 3, padding=1)
        layers: list[nn.Module] = []
        for group in range(groups):
            for block in range(blocks):
                first_of_group = block == 0
                layers.append(
                    _Block(
                        channels[group] if first_of_group else channels[group + 1],
                        channels[group + 1],
                        stride=2 if first_of_group and (group > 0 or groups == 4) else 1,
                        very_first=group == 0 and first_of_group,
                        pre_activation=pre_activation,
                        norm_momentum=norm_momentum,
                        norm_eps=norm_eps,
                    )
                )
        self.blocks = nn.Sequential(*layers)
        self.norm = nn.BatchNorm2d(channels[-1], momentum=norm_momentum, eps=norm_eps)
        self.head = nn.Linear(channels[-1], num_classes)
        self._initialise()

    @property
    def num_features(self) -> int:
        """Dimension d of the features, the input of the head."""
        return self.head.in_features

    def features(self, images: Tensor) -> Tensor:
        """Features `[samples, d]` of images `[samples, channels, height, width]`: what the head sees."""
        hidden = functional.leaky_relu(self.norm(self.blocks(self.stem(images))), LEAK)
        return hidden.mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Logits `[samples, C]`."""
        logits: Tensor = self.head(self.features(images))
        return logits

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="leaky_relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)
                nn.init.zeros_(module.bias)


class _Block(nn.Module):
    """Pre-activation residual block of two 3x3 convolutions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int,
        very_first: bool,
        pre_activation: PreActivation,
        norm_momentum: float,
        norm_eps: float,
    ) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels, momentum=norm_momentum, eps=norm_eps)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
        self.norm2 = nn.BatchNorm2d(out_channels, momentum=norm_momentum, eps=norm_eps)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        changes_shape = in_channels != out_channels or stride != 1
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride=stride) if changes_shape else nn.Identity()
        if pre_activation == "reference":
            self.activates_residual = very_first or not changes_shape
            # With width 1 the very first block keeps the 16 channels of the stem: nothing but the identity to activate,
            # which the reference code leaves alone.
            self.activates_shortcut = very_first and changes_shape
        else:
            self.activates_residual, self.activates_shortcut = True, very_first

    def forward(self, x: Tensor) -> Tensor:
        # [samples, in_channels, height, width] -> [samples, out_channels, height / stride, width / stride]
        activated = functional.leaky_relu(self.norm1(x), LEAK) if self.activates_residual else x
        hidden = functional.leaky_relu(self.norm2(self.conv1(activated)), LEAK)
        skipped: Tensor = self.shortcut(activated if self.activates_shortcut else x)
        residual: Tensor = self.conv2(hidden)
        return skipped + residual
