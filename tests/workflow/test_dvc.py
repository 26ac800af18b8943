"""DVC itself, in a repository of its own: what it shows of every experiment, and what changed between commits."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.experiments import experiments

pytestmark = pytest.mark.slow


def test_dvc_yaml_speaks_of_every_experiment(root, config):
    declared = yaml.safe_load((root / "dvc.yaml").read_text())
    names = set(experiments())
    assert {path for path in declared["params"] if "/experiments/" in path} == {
        f"config/experiments/{name}.yaml" for name in names
    }
    assert {Path(path).stem for path in declared["metrics"]} == names
    plotted = {name for entry in declared["plots"] for name in entry}
    exhibits = load_catalogue(config).exhibits
    of = {need.partition("/")[0] for one in exhibits if one.ids[0] in plotted for need in one.needs}
    assert of == names


@pytest.fixture(scope="module")
def repository(root, tmp_path_factory):
    """A git repository with our dvc.yaml, and results of the form that ours have: a number to each name."""
    folder = tmp_path_factory.mktemp("repository")
    declared = yaml.safe_load((root / "dvc.yaml").read_text())
    shutil.copy(root / "dvc.yaml", folder)
    shutil.copytree(root / "config", folder / "config")
    for path in declared["metrics"]:
        write(folder / path, json.dumps({"cifar10": {"plain": {"runs": 3, "mir": 0.5}}}))
    for entry in declared["plots"]:
        for plot in entry.values():
            ((path, names),) = plot["y"].items()
            columns = list(dict.fromkeys([plot["x"], *names, "stamp"]))
            write(folder / path, "")
            with (folder / path).open("w", newline="") as stream:
                rows = csv.writer(stream)
                rows.writerows([columns, *([step + 0.5] * (len(columns) - 1) + [""] for step in range(3))])
    for command in ("git init -q", "dvc init -q", "git add -f .", "git commit -qm first"):
        run(folder, command)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(folder: Path, command: str) -> str:
    named = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | named | {"PATH": path, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(command.split(), cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_metrics_of_every_experiment_are_shown_and_a_change_is_found(repository):
    shown = json.loads(run(repository, "dvc metrics show --json"))[""]["data"]
    assert {Path(path).stem for path in shown} == set(experiments())
    path = repository / "results/smoke/metrics/pruning.json"
    path.write_text(path.read_text().replace("0.5", "0.25"))
    changed = json.loads(run(repository, "dvc metrics diff --json"))
    assert changed == {
        str(path.relative_to(repository)): {"cifar10.plain.mir": {"old": 0.5, "new": 0.25, "diff": -0.25}}
    }


def test_every_plot_is_drawn_from_its_frame(repository):
    said = run(repository, "dvc plots show")
    assert "failed" not in said, said
    page = (repository / "dvc_plots/index.html").read_text()
    declared = [name for entry in yaml.safe_load((repository / "dvc.yaml").read_text())["plots"] for name in entry]
    assert len(declared) > 15 and all(f"{name}: " in page for name in declared)
