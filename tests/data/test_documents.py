"""What follows from the catalogue and is kept in files is what the catalogue says."""

from __future__ import annotations

import shutil

import pytest
import yaml

from interplay.data.documents import documents, write_documents
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import DATASETS


@pytest.fixture
def checkout(root, tmp_path):
    for name in (
        "docs/data.md",
        "dvc.yaml",
        "data/.gitignore",
        *(f"data/{path.name}" for path in (root / "data").glob("*.dvc")),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    shutil.copytree(root / "config", tmp_path / "config")
    return tmp_path


def test_the_files_in_the_repository_are_up_to_date(root):
    texts = documents(root)
    stale = [str(path.relative_to(root)) for path, text in texts.items() if path.read_text() != text]
    assert stale == [], "run `python -m interplay.data.documents` and commit what it writes"
    assert {path for path in texts if path.suffix == ".dvc"} == set((root / "data").glob("*.dvc"))


def test_every_set_is_in_the_table_with_its_licence(root):
    page = (root / "docs/data.md").read_text()
    for info in DATASETS.values():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{info.name}` |"))
        assert info.licence in row
        assert all(f"{split} {count:,}" in row for split, count in info.splits.items())


def test_a_new_set_is_in_all_of_them_and_a_set_that_is_gone_in_none(checkout, monkeypatch):
    content = DATASETS["cifar10"].model_dump() | {"name": "other", "title": 'Other "set" | x'}
    content["pinned"] = content["pinned"] | {
        "path": "other.tar.gz",
        "files": {"other.tar.gz": content["pinned"]["files"]["cifar-10-python.tar.gz"]},
    }
    monkeypatch.setitem(DATASETS._entries, "other", DatasetInfo.model_validate(content))
    monkeypatch.delitem(DATASETS._entries, "cifar100")
    changed = {str(path.relative_to(checkout)) for path in write_documents(checkout)}
    assert changed == {"docs/data.md", "dvc.yaml", "data/.gitignore", "data/other.dvc", "data/cifar100.dvc"}
    assert write_documents(checkout) == []
    assert not (checkout / "data/cifar100.dvc").exists()
    artifacts = yaml.safe_load((checkout / "dvc.yaml").read_text())["artifacts"]
    assert artifacts["other"]["path"] == "data/other.tar.gz"
    assert "cifar100" not in artifacts
    out = yaml.safe_load((checkout / "data/other.dvc").read_text())["outs"][0]
    assert (out["md5"], out["size"]) == ("c58f30108f718f92721af3b95e74349a", 170_498_071)
    assert "/other.tar.gz" in (checkout / "data/.gitignore").read_text().splitlines()
    assert '| `other` | Other "set" \\| x: ' in (checkout / "docs/data.md").read_text()


@pytest.mark.parametrize(
    ("name", "mark", "message"),
    [
        ("docs/data.md", "<!-- end of weights -->", "the marks of the table of weights are gone"),
    ],
)
def test_marks_that_are_gone_are_one_clear_line(checkout, name, mark, message):
    path = checkout / name
    path.write_text(path.read_text().replace(mark, ""))
    with pytest.raises(InterplayError, match=message):
        documents(checkout)


def test_another_folder_is_no_checkout(tmp_path):
    with pytest.raises(InterplayError, match=r"data.md: cannot be read .*run this in a checkout"):
        documents(tmp_path)
