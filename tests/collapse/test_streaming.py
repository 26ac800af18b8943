"""Files are gone over in parts: the same numbers as in memory, in memory that does not grow with the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from interplay.collapse import measure, measure_file
from interplay.errors import InterplayError


def write(path, features, labels, head):
    arrays = {"features": features, "labels": labels} | head
    if path.suffix == ".npz":
        np.savez(path, **{name: value.numpy() for name, value in arrays.items()})
    else:
        save_file({name: value.contiguous() for name, value in arrays.items()}, path)
    return path


def flat(found):
    plain = found.as_json()
    parts = {f"{name}.{key}": value for name in ("dataset", "batch", "collapse") for key, value in plain[name].items()}
    return {name: value for name, value in parts.items() if isinstance(value, float)}


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("with_head", [True, False])
def test_many_blocks_give_what_one_gives(tmp_path, monkeypatch, make_clusters, kind, centre, with_head):
    features, labels = make_clusters([0.4, 0.3, 0.2, 0.1], 12, 700, 0.5)
    head = {"head_weights": torch.randn(4, 12), "head_bias": torch.randn(4)} if with_head else {}
    expected = flat(measure(features, labels, *head.values(), centre=centre, seed=3))
    path = write(tmp_path / f"model.{kind}", features, labels, head)
    monkeypatch.setattr("interplay.collapse.arrays._ENTRIES", 12 * 37)
    monkeypatch.setattr("interplay.collapse.batches._ENTRIES", 12 * 64 * 3)  # three batches a pass
    assert flat(measure_file(path, centre=centre, seed=3)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_which_rows_are_wrong_is_said(tmp_path, monkeypatch):
    features = torch.randn(50, 4)
    features[33, 2] = torch.nan
    path = write(tmp_path / "model.npz", features, torch.arange(50) % 2, {})
    monkeypatch.setattr("interplay.collapse.arrays._ENTRIES", 40)
    with pytest.raises(InterplayError, match=r"model.npz: features, rows 30 to 39: 1 of 40 values are NaN"):
        measure_file(path)


def test_float8_is_refused_in_one_line(tmp_path):
    path = write(tmp_path / "a.safetensors", torch.ones(4, 2).to(torch.float8_e5m2), torch.arange(4) % 2, {})
    with pytest.raises(InterplayError, match=r"features: torch.float8_e5m2 only stores numbers"):
        measure_file(path)


def test_few_samples_of_maps_are_measured_without_their_moments():
    """100 maps of 256 x 14 x 14 wanted 20 GB."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(40, 64 * 14 * 14, generator=generator)
    labels = torch.arange(40) % 4
    found = measure(maps, labels)
    unit = torch.nn.functional.normalize(maps.double())
    spectrum = torch.linalg.eigvalsh(unit @ unit.T / 40)
    assert found.dataset.feature_entropy == pytest.approx(float(-(spectrum * spectrum.log()).sum()))


@pytest.mark.parametrize("centre", [False, True])
def test_either_way_gives_the_same(monkeypatch, make_clusters, centre):
    features, labels = make_clusters([0.4, 0.3, 0.2, 0.1], 12, 300, 0.5)
    features[7] = 0
    head = torch.randn(4, 12, generator=torch.Generator().manual_seed(1))
    moments = measure(features, labels, head, centre=centre).dataset
    monkeypatch.setattr("interplay.information.plan._LARGE_MOMENTS", 1)
    grams = measure(features, labels, head, centre=centre).dataset
    names = set(asdict(moments)) - {"mir_chance", "method"}
    for name in names:
        assert getattr(grams, name) == pytest.approx(getattr(moments, name), rel=1e-7, abs=1e-9), name
    assert grams.mir_chance == pytest.approx(moments.mir_chance, abs=0.05)
    assert grams.mir_chance < grams.mir - 0.1


def test_a_large_batch_takes_the_smaller_matrices(make_clusters):
    features, labels = make_clusters([0.5, 0.5], 4, 5000, 0.5)
    weights = torch.randn(2, 4)
    found = measure(features, labels, weights, batch_size=5000)
    assert found.batch.values["mir"] == pytest.approx(found.dataset.mir, rel=1e-9)
    assert measure(features, labels, batch_size=5000).batch.values["feature_entropy"] == pytest.approx(
        found.dataset.feature_entropy, rel=1e-9
    )


PEAK = """
import sys, torch
from interplay.collapse import measure, measure_file
import safetensors.torch

def highest():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1000

measure(torch.randn(50, 8), torch.arange(50) % 3, torch.randn(3, 8))  # what libraries take at their first use
before = highest()
measure_file(sys.argv[1])
print(highest() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux, which tells of the peak")
@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_the_peak_is_far_below_the_size_of_the_file(tmp_path, kind):
    """It was seven times the file."""
    features = torch.randn(400_000, 128, generator=torch.Generator().manual_seed(0))  # 205 MB
    path = write(tmp_path / f"model.{kind}", features, torch.arange(400_000) % 10, {})
    # The buffers of each thread of numeric libraries are no part of what is measured here.
    done = subprocess.run(
        [sys.executable, "-c", PEAK, path],
        env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert json.loads(done.stdout) < 180
