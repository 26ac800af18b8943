"""The package source, with an `apt-get` and a `dpkg-deb` that only pretend."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
from pathlib import Path

import pytest

from interplay.data.fetching import fetch
from interplay.errors import InterplayError

FILES = {"a-images": b"images " * 500, "b-labels": b"labels"}
SOURCE = {"kind": "apt", "name": "debian", "package": "dataset-x", "path": "usr/share/x/{file}.gz", "gzip": True}
pytestmark = pytest.mark.usefixtures("no_dvc")

APT_GET = """#!{python}
import pathlib, shutil, sys
here = pathlib.Path({here!r})
with open(here / "calls", "a") as log:
    print(*sys.argv[1:], file=log)
options = dict(part.split("=", 1) for part in sys.argv if "=" in part)
lists = pathlib.Path(options.get("Dir::State::Lists", here / "lists"))
assert pathlib.Path(options["Dir::Cache"]).is_dir() and pathlib.Path(options["Dir::Cache"]).is_absolute()
if sys.argv[-1] == "update":
    (lists / "a-list").touch()
    sys.exit(100)  # some foreign repository does not answer
if not (lists / "a-list").exists():
    sys.exit("E: Unable to locate package " + sys.argv[-1])
shutil.copy(here / "package", sys.argv[-1] + "_1_all.deb")
"""
DPKG_DEB = """#!{python}
import shutil, sys
assert sys.argv[1] == "--fsys-tarfile"
shutil.copyfileobj(open(sys.argv[2], "rb"), sys.stdout.buffer)
"""


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH, alone, with the two commands, and the package that they deliver."""
    here = tmp_path / "debian"
    (here / "lists").mkdir(parents=True)
    for name, text in {"apt-get": APT_GET, "dpkg-deb": DPKG_DEB}.items():
        (here / name).write_text(text.format(python=sys.executable, here=str(here)))
        (here / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(here))
    write_package(here, FILES)
    return here


def write_package(here: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(here / "package", "w") as package:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"usr/share/x/{name}.gz")
            packed = gzip.compress(content, compresslevel=1)
            entry.size = len(packed)
            package.addfile(entry, io.BytesIO(packed))


def commands(here: Path) -> list[str]:
    return [line.split()[-1] if "update" in line else "download" for line in (here / "calls").read_text().splitlines()]


def test_the_machine_s_own_lists_are_tried_first(debian, write_root):
    (debian / "lists/a-list").touch()
    root = write_root(folder=[SOURCE])
    place = fetch("fashion-mnist", root)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == FILES
    assert commands(debian) == ["download"]
    kept = [".decoded", "cifar10.dvc", "fashion-mnist", "fashion-mnist.dvc"]
    assert sorted(path.name for path in root.iterdir()) == kept


def test_a_fresh_machine_gets_lists_of_its_own_that_are_thrown_away(debian, write_root):
    root = write_root(folder=[SOURCE])
    place = fetch("fashion-mnist", root)
    assert (place / "b-labels").read_bytes() == FILES["b-labels"]
    assert commands(debian) == ["download", "update", "download"]
    assert list((debian / "lists").iterdir()) == []
    private = [line for line in (debian / "calls").read_text().splitlines() if "Dir::State::Lists=" in line]
    assert len(private) == 2
    assert not list(root.glob(".fetch-*"))


def test_a_relative_root_will_do(debian, write_root, monkeypatch):
    monkeypatch.chdir(write_root(folder=[SOURCE]).parent)
    fetch("fashion-mnist", Path("data"))
    assert Path("data/fashion-mnist/b-labels").read_bytes() == FILES["b-labels"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a-images": FILES["a-images"]}, "the package holds no usr/share/x/b-labels.gz"),
        (FILES | {"b-labels": b"LABELS"}, "b-labels is altered"),
    ],
)
def test_a_package_with_other_content_is_refused(debian, write_root, files, said):
    write_package(debian, files)
    lines: list[str] = []
    root = write_root(folder=[SOURCE])
    with pytest.raises(InterplayError, match="no source delivered"):
        fetch("fashion-mnist", root, say=lines.append)
    assert any(said in line for line in lines)
    assert not (root / "fashion-mnist").exists()


def test_a_package_that_cannot_be_had_is_one_line_with_the_reason(debian, write_root):
    (debian / "apt-get").write_text(f"#!{sys.executable}\nimport sys\nsys.exit('W: x\\n\\nE: No such package')\n")
    lines: list[str] = []
    with pytest.raises(InterplayError, match="no source delivered"):
        fetch("fashion-mnist", write_root(folder=[SOURCE]), say=lines.append)
    assert "fashion-mnist: debian: package dataset-x cannot be downloaded (No such package)" in lines


def test_a_package_that_cannot_be_unpacked_is_one_line(debian, write_root):
    (debian / "package").write_bytes(b"no package")
    lines: list[str] = []
    with pytest.raises(InterplayError, match="no source delivered"):
        fetch("fashion-mnist", write_root(folder=[SOURCE]), say=lines.append)
    assert sum("package dataset-x_1_all.deb cannot be unpacked" in line for line in lines) == 1


def test_elsewhere_than_on_debian_it_says_so(debian, write_root):
    (debian / "dpkg-deb").unlink()
    lines: list[str] = []
    with pytest.raises(InterplayError, match="no source delivered"):
        fetch("fashion-mnist", write_root(folder=[SOURCE]), say=lines.append)
    assert "fashion-mnist: debian: needs a Debian-like system (dpkg-deb is not there)" in lines
