import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from interplay.collapse import read_arrays
from interplay.errors import InterplayError

GOOD = {
    "features": np.arange(12, dtype=np.float32).reshape(4, 3) + 1,
    "labels": np.array([0, 1, 1, 0]),
    "head_weights": np.ones((2, 3), dtype=np.float32),
    "head_bias": np.zeros(2, dtype=np.float32),
}


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
@pytest.mark.parametrize("names", [list(GOOD), ["features", "labels", "head_weights"], ["features", "labels"]])
def test_what_was_saved_is_read(tmp_path, kind, names):
    path = tmp_path / f"model.{kind}"
    arrays = {name: GOOD[name] for name in names}
    if kind == "npz":
        np.savez(path, **arrays)
    else:
        save_file({name: torch.from_numpy(value) for name, value in arrays.items()}, path)
    found = read_arrays(path)
    for name, value in GOOD.items():
        read = getattr(found, name)
        if name in names:
            np.testing.assert_array_equal(read.numpy(), value)
        else:
            assert read is None


def test_bfloat16_features_of_many_axes_and_whole_float_labels_are_taken(tmp_path):
    save_file(
        {"features": torch.ones(4, 3, 2, 2, dtype=torch.bfloat16), "labels": torch.tensor([0.0, 1, 1, 0])},
        tmp_path / "a.safetensors",
    )
    found = read_arrays(tmp_path / "a.safetensors")
    assert found.features.shape == (4, 12)
    assert found.labels.dtype == torch.int64


def without(*names, **changed):
    return {name: value for name, value in GOOD.items() if name not in names} | changed


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (without("labels"), "missing labels"),
        (without("features", "labels", Z=np.ones(3)), "missing features, labels; unknown Z; the file needs"),
        (without(labels=np.array([0, 1, 1])), r"labels: expected shape \[4\]"),
        (without(labels=np.array([0, 1, 2, 0])), "expected 0 to 1, got values from 0 to 2"),
        (without(labels=np.array([0, 1, 1, 0.5])), "expected integers"),
        (without(features=GOOD["features"] * np.nan), "12 of 12 values are NaN"),
        (without(features=GOOD["features"].astype(np.int64)), "expected real numbers"),
        (without(features=np.ones(4)), "features: expected a matrix"),
        (without(head_weights=np.full((2, 3), np.inf)), "head_weights: 6 of 6"),
        (without("head_weights"), "head_bias without head_weights"),
        (without("head_weights", "head_bias", labels=np.array([0, -1, 1, 0])), "from -1 to 1"),
        (without(features=np.array([["a", "b", "c"]] * 4)), "cannot be read as .npz"),
        (without(features=np.array([[None] * 3] * 4)), "cannot be read as .npz"),
    ],
)
def test_wrong_contents_are_one_clear_line_with_the_path(tmp_path, arrays, message):
    np.savez(tmp_path / "model.npz", **arrays)
    with pytest.raises(InterplayError, match=message) as caught:
        read_arrays(tmp_path / "model.npz")
    assert "model.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.npz", None, "no such file"),
        ("model.pt", b"", "unknown kind of file '.pt'"),
        ("broken.npz", b"PK\x03\x04 not a zip", "cannot be read as .npz"),
        ("empty.npz", b"", "cannot be read as .npz"),
        ("broken.safetensors", b"\xff" * 40, "cannot be read as .safetensors"),
    ],
)
def test_wrong_files_are_one_clear_line(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InterplayError, match=message):
        read_arrays(tmp_path / name)


def test_a_damaged_archive(tmp_path):
    path = tmp_path / "model.npz"
    np.savez_compressed(path, **GOOD)
    content = bytearray(path.read_bytes())
    content[60:140] = b"\0" * 80
    path.write_bytes(bytes(content))
    with pytest.raises(InterplayError, match="cannot be read as"):
        read_arrays(path)
