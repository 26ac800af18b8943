"""ARTIFACT.md says what is declared and recorded, and everything that it names is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter

import pytest

from interplay.errors import InterplayError
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.coverage_summary import coverage_summary
from interplay.protocols.datasets import DATASETS
from interplay.protocols.plan import needed_jobs, plan_jobs
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import read_yaml
from interplay.protocols.weights import WEIGHTS
from interplay.records import read_record
from interplay.report.artifact import artifact_pages
from interplay.report.artifact_claims import experiments_of
from interplay.report.artifact_data import licence_of, source_of
from interplay.report.formats import format_duration


@pytest.fixture(scope="module")
def page(root):
    return (root / "ARTIFACT.md").read_text()


def rows(text, name):
    """Cells of the rows of a part between marks."""
    part = re.search(rf"<!-- {name}: .*?-->(.*?)<!-- end of {name} -->", text, re.DOTALL)[1]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def written_by_the_command(checkout):
    """What the command writes there, in a process of its own: what other tests left in this one is no part of it."""
    command = [sys.executable, "-m", "interplay.report.artifact"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture
def copy(root, tmp_path):
    for name in ("config", "results/reference", "docs"):
        shutil.copytree(root / name, tmp_path / name)
    shutil.copy(root / "ARTIFACT.md", tmp_path)
    return tmp_path


def test_the_pages_in_the_repository_are_up_to_date(copy):
    assert written_by_the_command(copy) == [], "run `python -m interplay.report.artifact` and commit what it writes"


def test_what_is_declared_otherwise_is_written_anew_and_prose_is_kept(copy):
    tier = copy / "config/tiers/review.yaml"
    tier.write_text(re.sub(r"^disk_gb: .*$", "disk_gb: 7", tier.read_text(), flags=re.MULTILINE))
    before = (copy / "ARTIFACT.md").read_text()
    assert written_by_the_command(copy) == ["ARTIFACT.md"]
    after = (copy / "ARTIFACT.md").read_text()
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == 2
    assert all(line.startswith("| review |") and "| 7 GB |" in line for line in changed)


def test_marks_that_are_gone_are_one_clear_line(root, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    (tmp_path / "ARTIFACT.md").write_text("# Nothing\n")
    with pytest.raises(InterplayError, match=r"ARTIFACT.md: the marks of the table of experiments are gone"):
        artifact_pages(tmp_path)


def test_every_claim_stands_once_with_what_it_reads_and_its_command(root, config):
    found = {row[0].strip("`"): row for row in rows((root / "docs/claims.md").read_text(), "claims")}
    claims = load_claims(config / "claims")
    assert len(claims) == len(found)
    for claim in claims:
        row = found[claim.id]
        assert row[4] == f"`make claim ID={claim.id}`"
        assert all(document in row[1] for document in claim.documents)


def test_experiments_of_a_claim_are_those_that_the_plan_runs_for_it(config):
    jobs = plan_jobs(load_setup(config))
    for claim in load_claims(config / "claims")[::25]:
        needed = {job.experiment for job in needed_jobs(jobs, claim.needs)}
        named = set(experiments_of(claim))
        assert needed <= named | {"supervised", "clip_pretraining"} or not needed, claim.id


def test_headlines_and_exhibits_are_complete(page, config):
    claims = load_claims(config / "claims")
    headline = [claim for claim in claims if claim.weight == "headline"]
    assert Counter(row[3] for row in rows(page, "headline claims")) == Counter(
        f"`make claim ID={claim.id}`" for claim in headline
    )
    shown = rows(page, "figures and tables")
    assert len(shown) == len(load_catalogue(config).exhibits)
    assert all(re.fullmatch(r"`make (figure|table) ID=\S+`", row[3]) for row in shown)
    counted = {row[0]: int(row[2]) for row in rows(page, "experiments")}
    for name, number in counted.items():
        if not name.startswith("none"):
            assert number == sum(name in experiments_of(claim) for claim in claims), name


def test_computing_is_that_of_the_records(page, root):
    folder = root / "results/reference/grokking-paper"
    (record,) = (read_record(path) for path in folder.glob("records/**/*.json"))
    (row,) = (row for row in rows(page, "measured") if row[0] == "`reference/grokking-paper`")
    assert row[1:4] == ["grokking", "1", format_duration(record.provenance.wall_seconds)]
    assert record.provenance.git_commit.startswith(row[6].strip("`"))


def test_every_set_of_files_has_source_licence_and_readers(page):
    found = {row[0].strip("`"): row for row in rows(page, "data sources")}
    files = {name for name, info in DATASETS.items() if (info.pinned or info.placed) and not info.permuted_from}
    assert set(found) == files | set(WEIGHTS)
    assert all(row[3] and row[4] for row in found.values())
    assert "smoke offline" in found["fashion-mnist"][5]
    assert found["imagenet"][2:4] == ["not pinned", found["imagenet"][3]]
    assert "by hand" in found["imagenet"][3]


def test_sets_that_are_rendered_or_installed_say_from_what():
    assert source_of("picture-pairs") == "rendered here from `noto-color-emoji`"
    assert source_of("digits") == "comes with scikit-learn"
    assert (source_of("none-such"), licence_of("none-such")) == ("unknown", "unknown")
    assert licence_of("fashion-mnist") == "MIT"


def test_every_file_and_target_that_is_named_exists(page, root):
    hand_written = re.sub(r"<!-- [^>]*: made by.*?<!-- end of", "", page, flags=re.DOTALL)
    names = set(re.findall(r"`((?:docs|config|envs|benchmarks|results/reference)/[\w./-]*)`", hand_written))
    names |= set(re.findall(r"`([A-Z][\w.]*)`", hand_written)) - {"PATH"}
    assert len(names) > 12
    assert [name for name in names if not (root / name).exists()] == []
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", hand_written)) - {"sure"} <= targets


def test_numbers_that_are_quoted_are_those_that_were_measured(page, root, config):
    benchmarks = (root / "docs/benchmarks.md").read_text()
    for number in ("26 min 21 s", "50 min 20 s of user", "132 jobs"):
        assert number in page
        assert number in benchmarks
    (minutes,) = re.findall(r"it took (\d+) min \d+ s on two idle cores", page)
    assert f"`make reproduce` took {minutes} minutes on two idle CPU cores" in (root / "README.md").read_text()
    smoke = sum(DATASETS[name].pinned.size for name in ("fashion-mnist", "noto-color-emoji"))
    assert f"{smoke / 1e6:.0f} MB" == "66 MB"
    assert "66 MB" in page


def test_counts_of_the_first_pages_are_those_of_the_declarations(page, root, config):
    readme, counted, claims = (
        (root / "README.md").read_text(),
        coverage_summary(config),
        len(load_claims(config / "claims")),
    )
    assert f"Remakes {counted.made} of the {counted.exhibits} figures and tables of five documents" in readme
    assert f"judges {claims} claims" in readme
    assert f"remakes {counted.made} of their {counted.exhibits} figures and tables" in page
    assert f"each of {claims} claims" in page
    assert f"{counted.made} of {counted.exhibits} figures and tables" in page.partition("## ACM badges")[2]
    documents = read_yaml(config / "documents.yaml")["documents"]
    listed = re.findall(r"^\| `(\w+)` \| (.*) \|$", readme, re.MULTILINE)
    assert set(documents.items()) <= set(listed)
    assert len(documents) == 5


def test_what_is_said_of_fetching_all_is_the_size_of_its_pins(root):
    data = sum(info.pinned.size for info in DATASETS.values() if info.pinned and not info.permuted_from)
    everything = f"{(data + sum(info.forms[0].size for info in WEIGHTS.values())) / 1e9:.0f} GB"
    assert f"interplay fetch --all                         # {everything}, " in (root / "docs/data.md").read_text()
    assert f"({everything})" in (root / "src/interplay/cli/fetch.py").read_text()


def test_the_checklist_and_the_badges_are_answered_item_by_item(page):
    checklist = page.partition("## NeurIPS checklist")[2]
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", checklist, re.MULTILINE)]
    assert numbers == list(range(1, 17))
    for badge in ("Available", "Functional", "Reusable", "Results Reproduced"):
        assert badge in page
