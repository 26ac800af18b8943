"""Final values of runs of the thesis' scenarios."""

import pytest

from interplay.evidence.published import load_published

SIZES = {
    "f_plus": {"cifar10": ((16, 64), (8, 128), (4, 256)), "fashion-mnist": ((14, 64), (7, 128), (3, 256))},
    "f_minus": {"cifar10": ((10, 16), (3, 32), (1, 64)), "fashion-mnist": ((9, 16), (3, 32), (1, 64))},
}


@pytest.fixture
def published(config):
    return load_published(config / "published")


@pytest.fixture
def final(make_record):
    """A finished run, as published unless `overrides` or `used` say otherwise."""

    def make(network, dataset, accuracy=0.9, loss=0.3, seed=0, variant=None, used=None, overrides=(), part="geometry"):
        rows = [
            {"layer": layer, "operation": operation, "height": size, "width": size, "channels": channels}
            for layer, (edge, channels) in enumerate(SIZES[network][dataset], start=1)
            for operation, size in (("convolution", 3 * edge), ("pooling", edge))
        ]
        return make_record(
            experiment="compression",
            run="/".join([dataset, network, *([variant] if variant else []), f"seed{seed}"]),
            dataset=dataset,
            dataset_used=used or dataset,
            seed=seed,
            settings={"network": network, "part": part, "variant": variant, "num_classes": 10},
            overrides=list(overrides),
            metrics={"test_accuracy": accuracy, "test_loss": loss},
            trajectory={"step": [0.0, 1.0, 2.0]},
            tables={"operations": rows},
        )

    return make
