"""Images are written here as engines save them, with a secret in one place or in none."""

import base64
import gzip
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/container_scan.py"
SETTINGS = """[global]
index-url = https://builder:p%40ss-of-ours@packages.example.org/private/simple/
extra-index-url =
    https://pypi.org/simple
timeout = 60
"""
BODY = "\n".join(letter * 64 for letter in "ABCDE")
BUNDLE = f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----\n"


def tar(**files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def image(files, config=b"{}", packed=False):
    """Two layers, the second of which hides the first one's files, and the image's description."""
    first, second = tar(**files), tar(**{"opt/.wh.x": b"", "opt/index": b"https://pypi.org/simple"})
    layers = [gzip.compress(first), gzip.compress(second)] if packed else [first, second]
    return tar(**{"blobs/sha256/aa": layers[0], "blobs/sha256/bb": layers[1], "blobs/sha256/cc": config})


@pytest.fixture
def scan(tmp_path):
    (tmp_path / "pip.conf").write_text(SETTINGS)
    (tmp_path / "ca.crt").write_text(BUNDLE)

    def call(saved, *given):
        given = given or ("--bundle", "ca.crt", "--settings", "pip.conf")
        return subprocess.run([sys.executable, str(SCRIPT), *given], input=saved, capture_output=True, cwd=tmp_path)

    return call


@pytest.mark.parametrize("packed", [False, True])
def test_an_image_without_secrets_passes_and_says_how_much_was_looked_through(scan, packed):
    done = scan(image({"opt/x": b"timeout = 60", "run/secrets/ca": b""}, packed=packed))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(b"2 layers, 5 files, ")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (SETTINGS, "what pip.conf holds"),
        ("index = https://builder:p%40ss-of-ours@packages.example.org/private/simple", "what pip.conf holds"),
        ("from packages.example.org/private/simple", "what pip.conf holds"),
        ("p@ss-of-ours", "what pip.conf holds"),
        (f"Basic {base64.b64encode(b'builder:p@ss-of-ours').decode()}", "what pip.conf holds"),
        (BUNDLE, "a certificate of ca.crt"),
    ],
)
def test_what_the_build_was_given_is_found_also_where_a_later_layer_hides_it(scan, content, what, packed):
    done = scan(image({"opt/x": b"before " + content.encode() + b" after"}, packed=packed))
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.decode().splitlines()[1:] == [f"opt/x in layer blobs/sha256/aa: {what}"]


def test_what_the_image_says_of_itself_is_looked_through_too(scan):
    done = scan(image({}, config=b'{"history": [{"created_by": "pip config set x p%40ss-of-ours"}]}'))
    assert done.returncode == 1
    assert b"blobs/sha256/cc in what the image says of itself: what pip.conf holds" in done.stdout


def test_a_secret_that_was_mounted_is_found_whatever_it_holds(scan):
    done = scan(image({"run/secrets/other": b"x"}), "--settings", "pip.conf")
    assert done.returncode == 1
    assert b"run/secrets/other in layer blobs/sha256/aa: 1 bytes of a secret" in done.stdout


def test_a_layer_that_is_there_twice_is_a_link_and_looked_through_once(scan):
    stream = io.BytesIO(saved := image({"opt/x": b"x"}))
    with tarfile.open(fileobj=stream, mode="a") as archive:
        link = tarfile.TarInfo("blobs/sha256/dd")
        link.type, link.linkname = tarfile.SYMTYPE, "aa"
        archive.addfile(link)
    assert len(stream.getvalue()) >= len(saved)
    done = scan(stream.getvalue())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"2 layers, 4 files, ")


def test_what_cannot_be_looked_into_does_not_pass(scan):
    done = scan(tar(**{"blobs/sha256/aa": b"\x28\xb5\x2f\xfd" + b"\0" * 600}))
    assert done.returncode != 0
    assert done.stderr.decode().count("\n") == 1
    assert scan(tar()).returncode != 0


def test_a_certificate_that_is_trusted_for_some_ends_is_one_too(scan, tmp_path):
    (tmp_path / "trusted.crt").write_text(BUNDLE.replace("CERTIFICATE", "TRUSTED CERTIFICATE"))
    assert b"looked through for 1 texts" in scan(image({}), "--bundle", "trusted.crt").stdout
    assert scan(image({"opt/x": BUNDLE.encode()}), "--bundle", "trusted.crt").returncode == 1


@pytest.mark.parametrize(
    ("given", "content"),
    [
        ("--bundle", b""),
        ("--bundle", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        ("--bundle", None),
        ("--settings", b"\n"),
        ("--settings", b"\xff\xfe"),
        ("--settings", None),
    ],
)
def test_a_file_that_gives_nothing_to_look_for_does_not_pass(scan, tmp_path, given, content):
    if content is not None:
        (tmp_path / "given").write_bytes(content)
    done = scan(image({}), given, "given")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"error: ") and done.stderr.count(b"\n") == 1
