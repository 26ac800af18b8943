"""What the forecast takes a step of each method for, against the operations that torch counts in one."""

from __future__ import annotations

import pytest
from torch.utils.flop_counter import FlopCounterMode

from interplay.experiments.semi_supervised.method import methods
from interplay.protocols.costs import TRAINING
from interplay.protocols.semi_supervised.cost import images_per_step
from interplay.protocols.supervised.cost import wide_resnet_operations

SHAPE = {"architectures": {"stl10": {"width": 2}}}  # large enough for the Gram matrices of MAX MI to count for little
BASELINE = "labelled_only"


@pytest.fixture(scope="module")
def counted(toy_task):
    """Multiplications and additions of a step, forward and backward, of convolutions and products."""

    def of(method: str) -> int:
        task = toy_task(method, **SHAPE)
        with FlopCounterMode(display=False) as counter:
            task.train_step(0)
        return counter.get_total_flops()

    return of


@pytest.fixture(scope="module")
def per_image(counted, toy_protocol):
    """Of one image, forward and back."""
    return counted(BASELINE) / toy_protocol(**SHAPE).batch_size


@pytest.mark.parametrize("method", sorted(methods()))
def test_images_a_step_are_those_that_pass_the_networks(counted, per_image, toy_protocol, method):
    expected = images_per_step(toy_protocol(**SHAPE), method)
    assert counted(method) / per_image == pytest.approx(expected, rel=0.03)


def test_an_image_takes_three_forward_passes_forward_and_back(per_image, toy_task, toy_protocol):
    """Nearly: nobody asks for the gradient of the images themselves."""
    image = toy_task(BASELINE).sources["labelled"].images.image_shape
    forward = wide_resnet_operations(toy_protocol(**SHAPE).architectures["stl10"], image)
    assert per_image == pytest.approx(TRAINING * forward, rel=0.1)
