import subprocess
import sys

import pytest

from interplay.records import provenance
from interplay.records.provenance import git_state, package_versions


def git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t", *arguments], check=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with one commit, whose source is what is asked about."""
    monkeypatch.delenv("INTERPLAY_GIT_COMMIT", raising=False)
    folder = tmp_path / "checkout"
    source = folder / "src" / "interplay"
    source.mkdir(parents=True)
    (source / "a.py").write_text("1")
    (folder / "results").mkdir()
    (folder / "results" / "r").write_text("1")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    monkeypatch.setattr(provenance, "SOURCE", source)
    return folder


def commit_of(folder):
    return subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_commit_and_dirtiness(checkout):
    assert git_state() == (commit_of(checkout), False)
    (checkout / "results" / "r").write_text("2")  # results are no change of the code
    assert git_state() == (commit_of(checkout), False)
    (checkout / "src/interplay/a.py").write_text("2")
    assert git_state() == (commit_of(checkout), True)
    git(checkout, "checkout", "-q", "--detach")
    assert git_state() == (commit_of(checkout), True)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    monkeypatch.delenv("INTERPLAY_GIT_COMMIT", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "src" / "interplay").mkdir(parents=True)
    monkeypatch.setattr(provenance, "SOURCE", tmp_path / "src" / "interplay")
    return tmp_path


def test_outside_git_the_commit_is_unknown_or_given(nowhere, monkeypatch):
    assert git_state() == ("unknown", False)
    monkeypatch.setenv("INTERPLAY_GIT_COMMIT", "abc1234")
    assert git_state() == ("abc1234", False)
    monkeypatch.setenv("INTERPLAY_GIT_COMMIT", f"{'ab' * 20}-dirty")
    assert git_state() == ("ab" * 20, True)


@pytest.mark.parametrize(
    "given",
    ["", "abc123", "ABC1234", "abc1234-dirt", "abc1234-dirty-dirty", "-dirty", "v1", "https://user:abc1234@host/"],
)
def test_what_looks_like_no_commit_is_none(nowhere, monkeypatch, given):
    monkeypatch.setenv("INTERPLAY_GIT_COMMIT", given)
    assert git_state() == ("unknown", False)


def test_a_commit_that_is_given_does_not_take_the_place_of_the_checkouts_own(checkout, monkeypatch):
    monkeypatch.setenv("INTERPLAY_GIT_COMMIT", f"{'ab' * 20}-dirty")
    assert git_state() == (commit_of(checkout), False)
    monkeypatch.setenv("PATH", "/none/such")  # nor where git cannot be asked
    assert git_state() == ("unknown", False)


def test_a_repository_without_a_commit_and_a_machine_without_git_know_none(nowhere, monkeypatch):
    git(nowhere, "init", "-q")
    assert git_state() == ("unknown", False)
    monkeypatch.setenv("PATH", "/none/such")
    assert git_state() == ("unknown", False)


def test_a_source_inside_another_repository_does_not_take_that_ones_commit(checkout, monkeypatch):
    inner = checkout / "vendor" / "interplay-0.1" / "src" / "interplay"
    inner.mkdir(parents=True)
    monkeypatch.setattr(provenance, "SOURCE", inner)
    assert git_state() == ("unknown", False)


def test_a_checkout_that_someone_else_owns_is_read_all_the_same(checkout, monkeypatch):
    monkeypatch.setattr(provenance, "GIT_KEPT", (*provenance.GIT_KEPT, "GIT_TEST_ASSUME_DIFFERENT_OWNER"))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    refused = subprocess.run(["git", "-C", str(checkout), "status"], capture_output=True, text=True)
    if "dubious ownership" not in refused.stderr:
        pytest.skip("this git does not mind owners")
    (checkout / "src/interplay/a.py").write_text("2")
    # Versions before 2.38 take no exception from the command line: then nothing is known, and nothing is said.
    known = [(commit_of_owned(checkout, monkeypatch), True), ("unknown", False)]
    assert git_state() == known[git_version() < (2, 38)]


def commit_of_owned(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
        return commit_of(folder)


def git_version():
    said = subprocess.run(["git", "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(int(part) for part in said.split()[2].split(".")[:2])


def test_what_a_hook_sets_leads_to_no_other_repository(checkout, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-qm", "other", "--allow-empty")
    expected = commit_of(checkout)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(checkout))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    assert git_state() == (expected, False)


def test_versions_are_those_of_this_process():
    import numpy

    assert package_versions()["numpy"] == numpy.__version__


def test_peak_memory_is_that_of_the_process():
    # A process of its own: this one may have been larger before.
    code = "from interplay.records import peak_memory_mib as p; a = p(); b = b'1' * (200 * 2**20); print(p() - a)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert 150 < float(printed) < 250
