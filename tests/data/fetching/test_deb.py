"""A package by its URL, made here byte by byte and served over HTTP; dpkg reads the same, where it is at hand."""

from __future__ import annotations

import gzip
import io
import lzma
import shutil
import subprocess
import tarfile

import pytest

from interplay.data.fetching import fetch
from interplay.errors import InterplayError

CONTENT = bytes(range(256)) * 40  # what the `cifar10` of `write_root` is pinned to
NAME = "cifar-10-python.tar.gz"
PATH = f"usr/share/x/{NAME}"
pytestmark = pytest.mark.usefixtures("no_dvc")


def tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def ar(members: dict[str, bytes]) -> bytes:
    text = b"!<arch>\n"
    for name, content in members.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
        text += header.encode() + content + b"\n" * (len(content) % 2)
    return text


def deb(files: dict[str, bytes], *, pack=lzma.compress, name="data.tar.xz") -> bytes:
    control = b"Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n"
    members = {"debian-binary": b"2.0\n", "control.tar.xz": lzma.compress(tar({"./control": control}))}
    return ar(members | {name: pack(tar(files))})


def source(server, package: bytes, path: str = "usr/share/x/{file}") -> list[dict[str, object]]:
    server.answers["/x.deb"] = package
    return [{"kind": "deb", "name": "pool", "url": f"{server.url}/x.deb", "size": len(package), "path": path}]


@pytest.mark.parametrize(
    "package",
    [
        deb({f"./{PATH}": CONTENT}),
        deb({"usr/other": b"odd", PATH: CONTENT, "usr/z": b"z"}),
        deb({f"./{PATH}": CONTENT}, pack=gzip.compress, name="data.tar.gz"),
        deb({f"./{PATH}": CONTENT}, pack=bytes, name="data.tar/"),
    ],
    ids=["as Debian packs", "among others", "gzip", "not packed"],
)
def test_the_file_is_taken_out_of_the_package(write_root, server, package):
    root = write_root(single=source(server, package))
    assert fetch("cifar10", root).read_bytes() == CONTENT
    assert [path.name for path in root.iterdir() if path.name.startswith(".fetch")] == []


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
def test_dpkg_reads_what_is_made_here(tmp_path):
    (tmp_path / "x.deb").write_bytes(deb({f"./{PATH}": CONTENT}))
    subprocess.run(["dpkg-deb", "-x", "x.deb", "out"], cwd=tmp_path, check=True)
    assert (tmp_path / "out" / PATH).read_bytes() == CONTENT


def altered(package: bytes) -> bytes:
    middle = len(package) - 60
    return package[:middle] + bytes(255 - byte for byte in package[middle : middle + 20]) + package[middle + 20 :]


WHOLE = deb({f"./{PATH}": CONTENT})


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (b"<html>not found</html>", "package.deb is no whole Debian package (it does not begin as one)"),
        (ar({"debian-binary": b"2.0\n"}), "package.deb is no whole Debian package (it has no data.tar)"),
        (WHOLE[: len(WHOLE) // 2], "package.deb is no whole Debian package"),
        (altered(WHOLE), "package.deb is no whole Debian package"),
        (deb({"./usr/other": CONTENT}), f"the package holds no {PATH}"),
        (deb({f"./{PATH}": CONTENT * 2}), f"its {PATH} is no file of at most {len(CONTENT):,} bytes"),
        (deb({f"./{PATH}": CONTENT[::-1]}), f"{NAME} is altered"),
    ],
    ids=["no package", "no files", "cut off", "altered", "lacks it", "too long", "another file"],
)
def test_a_package_that_is_not_right_is_refused_in_one_line(write_root, server, package, message):
    root, said = write_root(single=source(server, package)), []
    with pytest.raises(InterplayError, match="no source delivered it"):
        fetch("cifar10", root, say=said.append)
    (line,) = (line for line in said if line.startswith("cifar10: pool: "))
    assert message in line and "\n" not in line
    assert not (root / NAME).exists()


def test_a_download_of_another_length_is_refused(write_root, server):
    (entry,) = source(server, WHOLE)
    said = []
    for size, message in ((len(WHOLE) + 1, f"has {len(WHOLE):,} bytes, not"), (len(WHOLE) - 1, "sends more than the")):
        with pytest.raises(InterplayError):
            fetch("cifar10", write_root(single=[entry | {"size": size}]), say=said.append)
        assert any(message in line for line in said)
