import pytest
import torch

from interplay.errors import InterplayError
from interplay.training import pick_device


def test_devices():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(InterplayError, match="device: tpu is unknown"):
        pick_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_that_is_not_there_is_one_line():
    with pytest.raises(InterplayError, match="torch sees no CUDA device; use --device cpu"):
        pick_device("cuda")
