"""Archives as they come: damaged, encrypted, of another byte order, and larger than they say."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest
import torch

from interplay.collapse import measure, measure_file, read_arrays
from interplay.errors import InterplayError

FEATURES = np.random.default_rng(0).normal(size=(40, 6))
LABELS = np.arange(40) % 4
GOOD = {"features": FEATURES, "labels": LABELS, "head_weights": np.random.default_rng(1).normal(size=(4, 6))}


def member(array, **options):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def archive(path, method=zipfile.ZIP_DEFLATED, **members):
    """An archive of these members, bytes or arrays; GOOD for those that are not given."""
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in (GOOD | members).items():
            file.writestr(f"{name}.npy", content if isinstance(content, bytes) else member(content))
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_that_python_reads(tmp_path, method):
    found = read_arrays(archive(tmp_path / "a.npz", method))
    np.testing.assert_array_equal(found.features.numpy(), FEATURES)


@pytest.mark.parametrize(
    "features",
    [
        np.asfortranarray(FEATURES),
        FEATURES.astype(">f8"),
        np.asfortranarray(FEATURES.astype(">f4").reshape(40, 3, 2)),
        FEATURES.astype(np.longdouble),
        FEATURES.astype(np.float16),
        FEATURES.reshape(40, 3, 1, 2),
    ],
    ids=["columns together", "other byte order", "both", "wider than float64", "half", "maps"],
)
def test_values_as_numpy_reads_them(tmp_path, features):
    path = archive(tmp_path / "a.npz", features=features, labels=LABELS.astype(">u2"))
    with np.load(path) as loaded:
        expected = loaded["features"].astype(np.float64).reshape(40, 6)
    found = read_arrays(path)
    np.testing.assert_array_equal(found.features.double().numpy(), expected)
    assert found.labels.tolist() == LABELS.tolist()
    held = measure(torch.from_numpy(expected), torch.from_numpy(LABELS), found.head_weights)
    streamed = measure_file(path)
    assert streamed.dataset.mir == pytest.approx(held.dataset.mir, rel=1e-9)


def patched(path, offset_in_local, offset_in_central, value):
    """The first member's fields of both headers replaced."""
    content = bytearray(path.read_bytes())
    local, central = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    struct.pack_into("<H", content, local + offset_in_local, value)
    struct.pack_into("<H", content, central + offset_in_central, value)
    path.write_bytes(bytes(content))
    return path


def claiming(shape):
    """An array of 40 x 6 whose header tells of another shape."""
    content = member(FEATURES)
    length = 10 + struct.unpack_from("<H", content, 8)[0]
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return content[:10] + text.ljust(length - 11) + b"\n" + content[length:]


def headed(text):
    """An array with such a header."""
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text) + 1) + text + b"\n" + bytes(8)


def damaged(path, method):
    """One bit of the values flipped."""
    archive(path, method)
    content = bytearray(path.read_bytes())
    content[300] ^= 4
    path.write_bytes(bytes(content))
    return path


CASES = {
    "Deflate64": (lambda p: patched(archive(p), 8, 10, 9), r"features.npy is compressed by Deflate64, which Python"),
    "unknown method": (lambda p: patched(archive(p), 8, 10, 77), "compressed by method 77"),
    "encrypted": (lambda p: patched(archive(p), 6, 8, 1), "features.npy is encrypted; save it anew with numpy.savez"),
    "flipped bit": (lambda p: damaged(p, zipfile.ZIP_STORED), r"cannot be read as .npz \(Bad CRC-32"),
    "flipped bit, deflated": (lambda p: damaged(p, zipfile.ZIP_DEFLATED), r"cannot be read as .npz"),
    "truncated": (lambda p: p.write_bytes(archive(p).read_bytes()[:400]), "cannot be read as .npz"),
    "more claimed than held": (
        lambda p: archive(p, features=claiming((10**12, 6))),
        r"tells of shape \[1000000000000, 6\], 48000000000000 bytes, and 1920 are there",
    ),
    "less claimed than held": (lambda p: archive(p, features=claiming((39, 6))), "1872 bytes, and 1920 are there"),
    "negative shape": (lambda p: archive(p, features=claiming((-40, 6))), "is damaged"),
    "no header": (lambda p: archive(p, features=b"no array"), "cannot be read as .npz"),
    "cut in the header": (lambda p: archive(p, features=member(FEATURES)[:30]), "cannot be read as .npz"),
    "parentheses in the header": (lambda p: archive(p, features=headed(b"(((")), "cannot be read as .npz"),
    "a header too deep": (lambda p: archive(p, features=headed(b"-" * 9000 + b"1")), "cannot be read as .npz"),
    "objects": (lambda p: archive(p, features=np.array([[None] * 6] * 40)), "it holds Python objects; save numbers"),
    "text": (
        lambda p: archive(p, labels=np.array(["a"] * 40)),
        r"labels.npy cannot be read .*it holds <U1, no numbers",
    ),
    "records": (lambda p: archive(p, labels=np.zeros(40, [("a", "i4")])), "no numbers"),
    "complex": (lambda p: archive(p, features=FEATURES * 1j), "features: expected real numbers, got torch.complex128"),
    "empty": (lambda p: archive(p, features=FEATURES[:0], labels=LABELS[:0]), r"features: empty, shape \[0, 6\]"),
    "no columns": (lambda p: archive(p, features=FEATURES[:, :0]), r"features: empty, shape \[40, 0\]"),
    "a number": (lambda p: archive(p, features=np.float64(3)), r"features: expected a matrix .* got shape \[\]"),
    "labels of two axes": (lambda p: archive(p, labels=LABELS[:, None]), r"labels: expected shape \[40\]"),
    "another file": (lambda p: with_member(archive(p), "notes.txt"), "notes.txt is no array"),
    "twice": (lambda p: with_member(archive(p), "labels.npy"), "labels.npy is there twice"),
}


def with_member(path, name):
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, b"")
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("read", [read_arrays, measure_file])
def test_what_cannot_be_read_is_one_line_with_the_path(tmp_path, case, read):
    make, message = CASES[case]
    path = tmp_path / "model.npz"
    make(path)
    with pytest.raises(InterplayError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
