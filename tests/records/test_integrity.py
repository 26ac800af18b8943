"""Files of each kind that the workflow writes, made by the libraries that make them, and cut off anywhere."""

import json
import os
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imsave
from safetensors.numpy import save

from interplay.records import write_bytes_atomically
from interplay.records.integrity import LARGE, damage
from interplay.records.seals import is_sealed


def drawn(form):
    figure, file = Figure(), BytesIO()
    figure.subplots().plot([0, 1])
    figure.savefig(file, format=form)
    return file.getvalue()


def small_picture():
    file = BytesIO()
    imsave(file, np.random.default_rng(0).random((8, 8, 3)), format="webp")
    return file.getvalue()


MADE = {
    "a.svg": lambda: drawn("svg"),
    "a.pdf": lambda: drawn("pdf"),
    "a.png": lambda: drawn("png"),
    "a.webp": small_picture,
    "a.json": lambda: json.dumps({"metrics": {"mir": 0.5}}, indent=1).encode() + b"\n",
    "a.safetensors": lambda: save({"w": np.arange(100.0), "b": np.ones(3)}),
    "a.csv": lambda: b"x,y\n1,2\n",
    "a.html": lambda: b"<html></html>\n",
}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("name", MADE)
def test_a_file_that_is_cut_off_anywhere_or_full_of_zeros_is_damaged(tmp_path, name, sealed):
    path, content = tmp_path / name, MADE[name]()
    (write_bytes_atomically(path, content) if sealed else path.write_bytes(content))
    if sealed and not is_sealed(path):
        pytest.skip("this file system keeps no extended attributes")
    assert damage(path) is None
    at_a_line = {len(line) for line in (b"", *content.splitlines(keepends=True))} if name == "a.csv" else set()
    cuts = {0, 1, len(content) // 3, len(content) // 2, len(content) - 2} - (set() if sealed else at_a_line - {0})
    for cut in cuts:
        path.write_bytes(content[:cut])
        assert damage(path), cut
    path.write_bytes(bytes(len(content)))
    assert damage(path)


def test_a_large_network_is_told_by_its_size_unless_all_of_it_is_read(tmp_path):
    path, content = tmp_path / "a.safetensors", save({"w": np.zeros(LARGE, dtype=np.uint8)})
    write_bytes_atomically(path, content)
    if not is_sealed(path):
        pytest.skip("this file system keeps no extended attributes")
    path.write_bytes(content[:-1] + b"\1")
    assert damage(path) is None
    assert damage(path, thorough=True)
    os.truncate(path, LARGE)
    assert damage(path)
