"""docs/extending.md, followed to the letter in a copy of the checkout: its files, its commands, and no other file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
COPIED = ("src", "config", "workflow", "profiles", "docs", "tests", "benchmarks", "data")
BLOCK = re.compile(r"^`([^`\n]+)`\n\n```(?:python|yaml|markdown)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(page: str) -> dict[str, str]:
    """The files that the page shows, by path."""
    return dict(BLOCK.findall(page))


def contents(folder: Path) -> dict[str, str]:
    """Digest of every file below `folder` that is not made by tools."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".snakemake", "results", ".pytest_cache"} & set(path.parts)
    }


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs/extending.md").read_text()


@pytest.fixture(scope="module")
def checkout(root, page, tmp_path_factory):
    """A copy of the checkout to which the files of the page were added, and a way to run commands in it."""
    folder = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "fashion-mnist", ".decoded", "*.gz")
    for name in COPIED:
        shutil.copytree(root / name, folder / name, ignore=ignored)
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(root / name, folder)
    before = contents(folder)
    for path, text in files_of(page).items():
        assert not (folder / path).exists(), f"{path} is there already"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)

    def run(command: str, check: bool = True) -> str:
        binaries = Path(sys.executable).parent
        environment = os.environ | {
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "src"),
        }
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("interplay schema")
    return folder, run, before


def test_no_other_file_is_touched(checkout, page):
    folder, _, before = checkout
    after = contents(folder)
    assert {path: digest for path, digest in after.items() if path in before} == before
    written = set(files_of(page)) | {"config/schemas/protocol-random_features.json"}
    assert set(after) - set(before) == written and len(files_of(page)) == 9


def test_it_meets_the_contract(checkout):
    _, run, _ = checkout
    said = run("pytest tests/protocols/test_contract.py -p no:cacheprovider -k random_features")
    assert said.partition(" ")[0].count(".") >= 12, said


def test_it_is_forecast_and_planned(checkout):
    _, run, _ = checkout
    assert re.search(r"random_features all\s+9\s+cpu\s+unknown", run("COLUMNS=200 interplay forecast"))
    rules = run("snakemake --profile profiles/default --cores 1 --dry-run claim_ours_random_entropy_rises")
    assert "run_random_features_all" in rules and "run_supervised" not in rules


def test_it_runs_is_stamped_judged_and_shown(checkout):
    folder, run, _ = checkout
    assert "3 records under" in run("interplay run random_features --run 'n8/*'")
    target = "figure_note_c2_random claim_ours_random_entropy_rises"
    run(f"snakemake --profile profiles/default --cores 1 --nolock {target}")
    out = folder / "results/smoke"
    record = json.loads((out / "records/random_features/n128/seed2.json").read_text())
    assert record["settings"] == {"samples": 128, "features": 64}
    assert record["protocol"]["features"] == 64 and "features: 512 -> 64" in record["overrides"]
    assert record["operations"] == 2 * 128**2 * 64 + 10 * 128**3
    assert 3.5 < record["metrics"]["entropy"] < 4.16  # ln 64
    verdict = json.loads((out / "claims/ours_random_entropy_rises.json").read_text())[0]
    rung = verdict["ladder"][verdict["decided_by"]]
    assert len(rung["records"]) == 9 and rung["ruling"] == "holds"
    assert rung["overrides"] == sorted(record["overrides"])
    drawing = (out / "figures/note/c2.random.svg").read_text()
    assert "tier smoke" in drawing and "3 seeds" in drawing
    frame = (out / "figures/note/c2.random.csv").read_text().splitlines()
    assert frame[0].startswith("tier,dataset,data_read,seed,samples,features,entropy,cap") and len(frame) == 10
    run("interplay metrics random_features")
    headlines = json.loads((out / "metrics/random_features.json").read_text())
    assert headlines["n8"]["runs"] == 3 and headlines["n8"]["entropy"] < headlines["n128"]["entropy"]
    (folder / "src/interplay/experiments/random_features.py").touch()
    assert "Nothing to be done" in run(f"snakemake --profile profiles/default --cores 1 --nolock --dry-run {target}")


def test_an_override_of_ones_own_is_recorded_and_kept_apart(checkout):
    folder, run, _ = checkout
    run("interplay run random_features --set random_features.features=5 --run 'n8/seed0'")
    (made,) = (folder / "results").glob("smoke+*/records/random_features/n8/seed0.json")
    record = json.loads(made.read_text())
    assert "features: 512 -> 5" in record["overrides"] and record["protocol"]["features"] == 5
    said = run("interplay run random_features --set random_features.feature=5", check=False)
    assert said == "error: --set random_features: feature: Extra inputs are not permitted\n"
