"""The Makefile: every target explained, tests complete, nothing precious removed."""

import os
import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture(scope="module")
def make(root):
    # What the `make test` around this passes on to makes below it is not for these.
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key and key not in ("TIER", "DATA")}

    def run(*arguments, folder=root, **variables):
        command = ["make", "-C", str(folder), "--no-print-directory", *arguments]
        return subprocess.run(command, env=environment | variables, capture_output=True, text=True)

    return run


def test_help_is_the_default_and_explains_every_target_in_one_line(make, root):
    text = (root / "Makefile").read_text().replace("\\\n", "")
    targets = set(re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[1].split())
    assert targets == set(re.findall(r"^([a-z-]+):", text, flags=re.MULTILINE))
    shown = make()
    assert shown.returncode == 0
    assert sorted(re.findall(r"^  ([a-z-]+) - \S", shown.stdout, flags=re.MULTILINE)) == sorted(targets)


@pytest.mark.parametrize(
    "check", ["ruff check", "ruff format --check", "mypy", "lint-imports", "snakemake --lint", "pytest"]
)
def test_testing_runs_every_check(make, check):
    assert re.search(rf"^{check}", make("--dry-run", "test").stdout, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        ([], []),
        (["PROFILE=profiles/default"], []),
        (["PROFILE=profiles/slurm"], ["--extra=clusters"]),
        (["PROFILE=profiles/none"], []),  # reproduce.py says that there is none
        (["PROFILE=$(touch touched)"], []),
        (["EXTRAS=clusters"], ["--extra=clusters"]),
    ],
)
def test_a_profile_that_submits_jobs_brings_its_executor(make, tmp_path, root, arguments, extras):
    shutil.copy(root / "Makefile", tmp_path)
    shutil.copytree(root / "profiles", tmp_path / "profiles")
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/install.py").write_text("import sys\nprint(sys.argv[1:])")
    done = make("setup", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{extras}\n", "")
    assert not (tmp_path / "touched").exists()


def test_another_pythons_home_and_packages_lead_nowhere(make, tmp_path, root):
    shutil.copy(root / "Makefile", tmp_path)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/install.py").write_text("import os\nprint([n for n in os.environ.values() if n == '/none/such'])")
    done = make("setup", folder=tmp_path, PYTHONHOME="/none/such", PYTHONPATH="/none/such", PYTHONUSERBASE="/none/such")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_cleaning_keeps_data_and_results(make, tmp_path, root):
    shutil.copy(root / "Makefile", tmp_path)
    for kept in ("data/set", "results/smoke/records", "results/reference/records", ".dvc/cache"):
        (tmp_path / kept).mkdir(parents=True)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".cache/matplotlib").mkdir(parents=True)
    for name in ("setup.lock", "reproduce.lock", "reproduce.submitted"):
        (tmp_path / ".cache" / name).touch()
    assert make("clean", folder=tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"Makefile", "data", "results", ".dvc", ".cache"}
    # Who is at work, and that jobs may be left on a cluster.
    assert {path.name for path in (tmp_path / ".cache").iterdir()} == {"reproduce.lock", "reproduce.submitted"}
    assert make("clean-results", "TIER=smoke", folder=tmp_path).returncode == 0
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["reference"]
    assert (tmp_path / "data/set").is_dir()


@pytest.mark.parametrize(("left", "status"), [("", 0), ("touch .venv/kept; ", 2)])
def test_cleaning_goes_on_where_the_environment_is_a_volume(make, tmp_path, root, left, status):
    """Which can be emptied but not removed; what cannot be emptied either ends it."""
    shutil.copy(root / "Makefile", tmp_path)
    (tmp_path / ".venv/lib").mkdir(parents=True)
    (tmp_path / ".cache/matplotlib").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    busy = f"/bin/rm -rf .venv/*; {left}echo \"rm: cannot remove '.venv': Device or resource busy\" >&2; exit 1"
    (tmp_path / "bin/rm").write_text(f'#!/bin/sh\ncase "$*" in *.venv*) {busy} ;; *) exec /bin/rm "$@" ;; esac\n')
    (tmp_path / "bin/rm").chmod(0o755)
    done = make("clean", folder=tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert done.returncode == status
    assert (tmp_path / ".cache/matplotlib").exists() == bool(status)


def test_results_of_a_tier_of_ones_own_are_cleaned(make, tmp_path, root):
    shutil.copy(root / "Makefile", tmp_path)
    (tmp_path / "config/tiers").mkdir(parents=True)
    (tmp_path / "config/tiers/mine.yaml").touch()
    (tmp_path / "config/tiers/mine-published.yaml").touch()
    (tmp_path / "config/data").mkdir()
    (tmp_path / "config/data/own.yaml").touch()
    removed = {"mine", "mine-offline", "mine-own", "mine+01234567", "mine-own+89abcdef"}
    kept = {
        "yours",
        "mine-published",
        "mine-published+01234567",
        "mine-yours",
        "mine+kept",
        "mine.zip",
        "mine+012345678",
    }
    for name in removed | kept:
        (tmp_path / "results" / name / "records").mkdir(parents=True)
    (tmp_path / "results/mine/link").symlink_to(tmp_path / "config")
    assert make("clean-results", "TIER=mine", folder=tmp_path).returncode == 0
    assert make("clean-results", "TIER=yours", folder=tmp_path).returncode != 0
    assert {path.name for path in (tmp_path / "results").iterdir()} == kept
    assert (tmp_path / "config/tiers/mine.yaml").exists()


@pytest.mark.parametrize("tier", ["reference", "", "../data", "smoke ../data", "smoke|reference", "s.oke", "smoke*"])
def test_only_the_results_of_a_tier_are_cleaned(make, tmp_path, root, tier):
    shutil.copy(root / "Makefile", tmp_path)
    for kept in ("data", "results/reference", "results/smoke"):
        (tmp_path / kept).mkdir(parents=True)
    refused = make("clean-results", f"TIER={tier}", folder=tmp_path)
    assert refused.returncode != 0
    assert "error:" in refused.stderr
    assert (tmp_path / "data").is_dir()
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"reference", "smoke"}
