"""From records alone: where PyTorch cannot be imported, the commands of every day make all that is made of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from interplay.archive.publish import publish
from interplay.protocols.plan import record_path, select_runs

pytestmark = pytest.mark.slow

BARRIER = """
import sys

class Barrier:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision"):
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Barrier())
"""


@pytest.fixture
def author(finished, setup):
    """Results with records of real runs of one experiment, and nothing else of the plan."""
    import torch

    from interplay.experiments.runner import run_all

    shutil.rmtree(finished / "smoke")
    runs = select_runs(setup, "grokking", "*")
    options = {"results": finished / "smoke", "data_root": finished, "device": torch.device("cpu"), "threads": 1}
    run_all(setup, "grokking", runs, say=lambda line: None, **options)
    return finished


@pytest.fixture
def interplay(tmp_path, small_config):
    """Runs `interplay` where torch cannot be imported."""
    (tmp_path / "barrier").mkdir()
    (tmp_path / "barrier/sitecustomize.py").write_text(BARRIER)
    source = str(Path(__file__).resolve().parents[2] / "src")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "barrier"), source])}

    def python(*arguments, check=True):
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    assert "No module named 'torch'" in python("-c", "import torch", check=False).stderr
    return lambda *arguments, **more: python(
        "-m", "interplay", *map(str, arguments), "--config", str(small_config), **more
    )


def test_a_figure_the_verdicts_and_the_report_are_made_from_restored_records(author, fresh, setup, interplay, tmp_path):
    remote = tmp_path / "remote"
    pin = publish(setup, author, remote=f"{remote}/", partial=True, say=lambda line: None)
    shutil.copy(pin, fresh)
    interplay("restore", "--results", fresh, "--remote", f"{remote}/", "--level", "records")
    (run,) = select_runs(setup, "grokking", "*")
    place = record_path("grokking", run.name)
    assert (fresh / "smoke" / place).read_bytes() == (author / "smoke" / place).read_bytes()
    interplay("figure", "metrics24/fig9", "--results", fresh / "smoke")
    assert (fresh / "smoke/figures/metrics24/fig9.svg").stat().st_size > 1000
    interplay("verdicts", "--results", fresh / "smoke")
    verdicts = {one["id"]: one for one in json.loads((fresh / "smoke/verdicts.json").read_text())}
    (own,) = [rung for rung in verdicts["grokking_train_fits"]["ladder"] if rung["level"] == "smoke"]
    assert [record["name"] for record in own["records"]] == [f"grokking/{run.name}"]
    interplay("report", "--results", fresh / "smoke")
    assert "metrics24/fig9" in (fresh / "smoke/report/index.html").read_text()
    refused = interplay("run", "grokking", "--results", tmp_path / "other", check=False)
    assert refused.returncode != 0 and "torch" in refused.stderr
