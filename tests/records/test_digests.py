import shutil

import pytest

from interplay.records import digests
from interplay.records.digests import code_digest


@pytest.fixture
def copy_of_the_source(tmp_path, monkeypatch):
    """A copy of the package's source that a test may edit."""
    target = tmp_path / "interplay"
    shutil.copytree(digests.SOURCE, target, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digests, "SOURCE", target)
    code_digest.cache_clear()
    yield target
    code_digest.cache_clear()


def edit(path):
    path.write_text(path.read_text() + "\n# a change\n")
    code_digest.cache_clear()


def test_a_change_deep_in_the_imports_changes_the_digest(copy_of_the_source):
    before = code_digest("interplay.experiments.grokking"), code_digest("interplay.figures.grokking")
    edit(copy_of_the_source / "information" / "entropy.py")  # experiments -> training -> information -> entropy
    after = code_digest("interplay.experiments.grokking"), code_digest("interplay.figures.grokking")
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_change_of_one_figure_leaves_the_others_alone(copy_of_the_source):
    names = ["grokking", "entropy_over_training", "interplay_over_training", "mir_over_training"]
    before = [code_digest(f"interplay.figures.{name}") for name in names]
    edit(copy_of_the_source / "figures" / "entropy_over_training.py")
    after = [code_digest(f"interplay.figures.{name}") for name in names]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True]


def test_a_package_covers_the_modules_that_it_imports(copy_of_the_source):
    before = code_digest("interplay.experiments.theory")
    edit(copy_of_the_source / "experiments" / "theory" / "regression.py")
    assert code_digest("interplay.experiments.theory") != before
