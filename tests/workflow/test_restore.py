"""Publishing and restoring around Snakemake: what a dry run says at every level, and after an edit."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkouts import Checkout

from interplay.archive.contents import measures_networks

pytestmark = pytest.mark.slow


class Archived(Checkout):
    """A checkout that publishes and restores."""

    def archive(self, what: str, remote: Path, *more: str) -> subprocess.CompletedProcess[str]:
        """What `make publish` and `make restore` call."""
        return self.call(sys.executable, "workflow/archive.py", what, "--remote", f"{remote}/", *more)


@pytest.fixture(scope="module")
def author(planned_record, tmp_path_factory):
    """Everything seems made."""
    checkout = Archived.small(tmp_path_factory.mktemp("author") / "checkout")
    checkout.pretend(planned_record)
    return checkout


@pytest.fixture(scope="module")
def remote(author):
    """Where the author published."""
    place = author.folder.parent / "remote"
    done = author.archive("publish", place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.fixture
def reviewer(author, remote, tmp_path):
    """A clone: all that is committed, the pin among it; neither results nor Snakemake's notes."""
    ignored = shutil.ignore_patterns(".snakemake", ".cache", "smoke")
    shutil.copytree(author.folder / "src", tmp_path / "clone/src")
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(author.folder / name, tmp_path / "clone")
    for name in ("workflow", "profiles", "data"):
        if (author.folder / name).is_dir():
            shutil.copytree(author.folder / name, tmp_path / "clone" / name)
    shutil.copytree(author.folder / "config", tmp_path / "clone/config")
    shutil.copytree(author.folder / "results", tmp_path / "clone/results", ignore=ignored)
    return Archived(tmp_path / "clone")


def test_after_restoring_everything_nothing_is_to_be_done_until_something_changes(reviewer, remote):
    done = reviewer.archive("restore", remote)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left to be done: no run; nothing else" in done.stdout
    assert reviewer.planned() == set()
    # Snakemake knows again what each file was made with, so that a change is told as where it was made.
    module = reviewer.folder / "src/interplay/figures/grokking.py"
    module.write_text(f"{module.read_text()}\nCHANGED = True\n")
    assert reviewer.planned() == {"figure_metrics24_fig9", "make_report"}


def test_from_records_no_run_is_to_be_done(reviewer, remote):
    done = reviewer.archive("restore", remote, "--level", "records")
    assert done.returncode == 0, done.stdout + done.stderr
    planned = reviewer.planned()
    assert {"figure_metrics24_fig9", "judge_claims", "make_report", "metrics_theory"} <= planned
    assert not [rule for rule in planned if rule.startswith(("run_", "fetch_"))]


def test_from_checkpoints_what_measures_networks_is_to_be_done(reviewer, remote):
    done = reviewer.archive("restore", remote, "--level", "checkpoints")
    assert done.returncode == 0, done.stdout + done.stderr
    measuring = {job.slug for job in reviewer.jobs.values() if measures_networks(job)}
    assert {rule for rule in reviewer.planned() if rule.startswith(("run_", "fetch_"))} == measuring


def test_without_notes_only_what_differs_from_the_plan_runs_again_as_make_plan_says(author, tmp_path):
    """As where notes were lost, or results were copied alone."""
    shutil.copytree(author.folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".snakemake", ".cache"))
    copy = Checkout(tmp_path / "copy")
    assert copy.planned() == set()  # what Snakemake itself makes of it
    shutil.rmtree(copy.folder / ".snakemake")
    due = copy.plan()
    assert not [rule for rule in due if rule.startswith(("run_", "fetch_"))]
    assert {"figure_metrics24_fig9", "judge_claims", "make_report", "metrics_theory"} <= set(due)
    path = copy.folder / "config/experiments/grokking.yaml"
    path.write_text(path.read_text().replace("weight_decay: {value: 1.0", "weight_decay: {value: 0.5"))
    changed = copy.plan()
    (run,) = [rule for rule in changed if rule not in due]
    assert run == "run_grokking_modular_addition"
    assert changed[run].startswith("protocol.optimizer.weight_decay: 1.0 -> 0.5")
    assert copy.reproduced() == set(changed)


@pytest.mark.parametrize("what", ["publish", "export"])
def test_what_is_not_up_to_date_is_neither_published_nor_packed(author, tmp_path, what):
    module = author.folder / "src/interplay/figures/grokking.py"
    before = module.read_text()
    module.write_text(f"{before}\nCHANGED = True\n")
    try:
        done = author.archive(what, tmp_path / "remote", "--output", str(tmp_path / "out.zip"))
    finally:
        module.write_text(before)
    assert (done.returncode, done.stdout) == (2, "")
    assert "results/smoke: not up to date: figure_metrics24_fig9 and 1 more would run; `make reproduce" in done.stderr


@pytest.mark.parametrize("what", ["publish", "export"])
def test_what_snakemake_has_no_notes_of_is_neither_published_nor_packed(author, tmp_path, what):
    """A dry run takes it for made; old verdicts would pass for those on the claims of now."""
    shutil.copytree(author.folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".snakemake", ".cache"))
    copy = Archived(tmp_path / "copy")
    done = copy.archive(what, tmp_path / "remote", "--output", str(tmp_path / "out.zip"))
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"results/smoke: not up to date: \w+ \(Snakemake has no note of what .* would run", done.stderr)


@pytest.mark.parametrize("what", ["publish", "export"])
def test_a_report_without_its_pictures_is_neither_published_nor_packed(author, tmp_path, what):
    copy = Archived(author.copy(tmp_path / "copy").folder)
    page = copy.folder / "results/smoke/report/index.html"
    page.write_text('<html><img src="figures/metrics24/fig9.svg"></html>\n')
    done = copy.archive(what, tmp_path / "remote", "--output", str(tmp_path / "out.zip"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "report/index.html: not all of the report is there; `make reproduce" in done.stderr


def test_what_is_said_of_a_lost_network_brings_it_back(author, tmp_path):
    copy = Archived(author.copy(tmp_path / "copy").folder)
    job = next(one for one in author.jobs.values() if one.slug == "run_supervised_cifar10_plain")
    lost = next(path for path in job.outputs if path.startswith("models/"))
    (copy.folder / "results/smoke" / lost).unlink()
    done = copy.archive("publish", tmp_path / "remote")
    assert done.returncode == 2 and f"1 networks are missing ({lost}, ...); delete results/smoke/" in done.stderr
    assert job.slug not in copy.planned()
    (copy.folder / re.search(r"delete (\S+), and `make reproduce", done.stderr)[1]).unlink()
    assert job.slug in copy.planned()


@pytest.mark.parametrize(
    ("force", "said"),
    [
        ("0", "out.zip: is there already; "),
        ("no", "FORCE=no: give 1 to replace"),
        ("1", "LICENSE: missing; an archive needs it"),
    ],
)
def test_an_archive_is_replaced_by_force_that_is_1(author, remote, tmp_path, force, said):
    """As restored results are; that this checkout has no licence ends it only later."""
    (tmp_path / "out.zip").write_text("mine")
    done = author.archive("export", remote, "--output", str(tmp_path / "out.zip"), "--force", force)
    assert done.returncode == 2 and said in done.stderr
    assert (tmp_path / "out.zip").read_text() == "mine"
