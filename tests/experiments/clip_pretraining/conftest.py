import pytest
import torch

from interplay.data import Images
from interplay.data.clip_images import as_clip_takes
from interplay.protocols.clip_pretraining import ClipPretrainingProtocol

NAMES = (
    "capital g, latin letter, serif, bold",
    "small g, latin letter, serif",
    "cat face, animal, emoji",
    "trouser, garment",
    "seven",
)


@pytest.fixture(scope="session")
def protocol():
    return ClipPretrainingProtocol.model_validate(
        {
            "features": 16,
            "image_encoder": {"image_size": 32, "blocks": (1, 1, 1, 1), "width": 4},
            "text_encoder": {"context_length": 24, "width": 64, "layers": 1},
            "captions": {"templates": ("a photo of a {}.", "{}"), "attribute": 0.6, "name": 0.8, "before": 0.4},
            "augmentation": {
                "shift": 2.0, "scale": (0.95, 1.05), "grey": 0.1, "contrast": 0.3, "colour": 0.2, "brightness": 0.1,
                "noise": 0.05,
            },
            "optimizer": {
                "learning_rate": 0.01, "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.98, "warmup_steps": 2,
            },
            "batch_size": 20,
            "steps": 12,
            "initial_scale": 14.0,
            "largest_scale": 100.0,
            "seeds": (0,),
            "trajectory": {"points": 3, "sample": 5},
            "checkpoint_every": 4,
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def pictures():
    """Eight pictures of each caption: stripes of a width and a colour of its own, here and there."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(5).repeat(8)
    columns = torch.arange(32)
    pixels = torch.zeros(40, 3, 32, 32, dtype=torch.uint8)
    for place, label in enumerate(labels.tolist()):
        stripes = (columns + int(torch.randint(32, (), generator=draw))) // (label + 1) % 2
        pixels[place, label % 3] = (stripes * 200).to(torch.uint8)
    return as_clip_takes(Images(pixels, labels, 5, class_names=NAMES), 32)
