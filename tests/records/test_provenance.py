import subprocess
import sys

from interplay.records import provenance
from interplay.records.provenance import git_state, package_versions


def git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t", *arguments], check=True)


def test_commit_and_dirtiness(tmp_path, monkeypatch):
    monkeypatch.delenv("INTERPLAY_GIT_COMMIT", raising=False)
    source = tmp_path / "src" / "interplay"
    source.mkdir(parents=True)
    (source / "a.py").write_text("1")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "r").write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    monkeypatch.setattr(provenance, "SOURCE", source)
    commit, dirty = git_state()
    assert len(commit) == 40 and not dirty
    (tmp_path / "results" / "r").write_text("2")  # results are no change of the code
    assert git_state() == (commit, False)
    (source / "a.py").write_text("2")
    assert git_state() == (commit, True)


def test_outside_git_the_commit_is_unknown_or_given(tmp_path, monkeypatch):
    monkeypatch.delenv("INTERPLAY_GIT_COMMIT", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "src").mkdir()
    monkeypatch.setattr(provenance, "SOURCE", tmp_path / "src" / "interplay")
    assert git_state() == ("unknown", False)
    monkeypatch.setenv("INTERPLAY_GIT_COMMIT", "abc")
    assert git_state() == ("abc", False)


def test_versions_are_those_of_this_process():
    import numpy

    assert package_versions()["numpy"] == numpy.__version__


def test_peak_memory_is_that_of_the_process():
    # A process of its own: this one may have been larger before.
    code = "from interplay.records import peak_memory_mib as p; a = p(); b = b'1' * (200 * 2**20); print(p() - a)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert 150 < float(printed) < 250
