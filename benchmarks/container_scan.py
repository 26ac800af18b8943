"""Is a secret of the build in an image: in what it says of itself or in a layer, also one that a later layer hides?

    docker save interplay:test | python benchmarks/container_scan.py [--bundle CA] [--settings PIP_CONF]

Looks through the image's history and settings and every file of every layer for what was mounted at `/run/secrets`, for
the certificates of the bundle that are nobody's public ones, which are those of certifi and of Debian, and for what the
settings of pip name: addresses, but for those of the public index, and names with passwords. Texts of less than eight
characters are left out: they occur by chance. Ends with status 1 where there is a secret, not all can be looked into,
or a file that is given holds nothing to look for.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import certifi

KIND = rb"(?:TRUSTED |X509 )?CERTIFICATE-----"
BODY = re.compile(rb"-----BEGIN " + KIND + rb"\s+(.*?)-----END " + KIND, re.DOTALL)
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\",]+", re.IGNORECASE)
EVERYBODYS = ("pypi.org", "files.pythonhosted.org", "download.pytorch.org")
DEBIAN = Path("/usr/share/ca-certificates")
DESCRIPTION = "what the image says of itself"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, help="the certificates that the build was given")
    parser.add_argument("--settings", type=Path, help="the settings of pip that the build was given")
    given = parser.parse_args()
    secrets = {}
    try:
        if given.bundle:
            if not (held := certificates(given.bundle)):
                sys.exit(f"error: {given.bundle} holds no certificate to look for; give the bundle of the build")
            secrets |= dict.fromkeys(held - public(), f"a certificate of {given.bundle}")
        if given.settings:
            if not (settings := contents(given.settings)):
                sys.exit(f"error: {given.settings} holds nothing to look for; give the settings of the build")
            secrets |= dict.fromkeys(settings, f"what {given.settings} holds")
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"error: what the build was given cannot be read: {error}")
    layers, files, size, found = set(), 0, 0, []
    for layer, name, content in each_file(sys.stdin.buffer):
        layers.add(layer)
        files, size = files + 1, size + len(content)
        if re.search(r"(^|/)run/secrets/", name) and content:
            found.append(f"{name} in {layer}: {len(content)} bytes of a secret")
        found += [f"{name} in {layer}: {what}" for what in {secrets[text] for text in secrets if text in content}]
    looked = f"{len(layers - {DESCRIPTION})} layers, {files} files, {size / 1e9:.2f} GB"
    print(f"{looked} looked through for {len(secrets)} texts")
    print("\n".join(found) or "none of them is in the image, and nothing of /run/secrets")
    return 1 if found or not layers - {DESCRIPTION} else 0


def certificates(bundle: Path) -> frozenset[bytes]:
    """A line from the middle of each certificate in the bundle: 64 characters that no other has."""
    bodies = (body.split() for body in BODY.findall(bundle.read_bytes()))
    return frozenset(lines[len(lines) // 2] for lines in bodies if lines)


def public() -> frozenset[bytes]:
    """The same of those that everyone has."""
    return frozenset().union(*map(certificates, [Path(certifi.where()), *sorted(DEBIAN.rglob("*.crt"))]))


def contents(settings: Path) -> frozenset[bytes]:
    """The whole of a pip.conf, its addresses with and without name and password, and these as written and as sent."""
    text = settings.read_text(encoding="utf-8")
    found = {text.strip()}
    for address in ADDRESS.findall(text):
        parts = urlsplit(address)
        who, _, where = parts.netloc.rpartition("@")
        if parts.hostname not in EVERYBODYS:
            found.add((where + parts.path).rstrip("/"))
        if who:
            plain = unquote(who)
            found |= {address.rstrip("/"), who, plain, base64.b64encode(plain.encode()).decode()}
            found |= {who.partition(":")[2], plain.partition(":")[2]}
    return frozenset(one.encode() for one in found if len(one) >= 8)


def each_file(saved: IO[bytes]) -> Iterator[tuple[str, str, bytes]]:
    """Layer, name and content of each file that an engine's `save` writes; what is in no layer describes the image."""
    with tarfile.open(fileobj=saved, mode="r|") as outer:
        for member in outer:
            stream = outer.extractfile(member) if member.isfile() else None  # a layer that is there twice is a link
            if stream is None:
                continue
            head = stream.peek(512)
            if head[:4] == b"\x28\xb5\x2f\xfd":
                sys.exit(
                    f"error: {member.name} is packed with zstd, which this cannot look into; save the image unpacked"
                )
            if head[:2] == b"\x1f\x8b":
                with gzip.open(stream) as unpacked:
                    yield from _layer(member.name, unpacked)
            elif head[257:262] == b"ustar":
                yield from _layer(member.name, stream)
            else:
                yield DESCRIPTION, member.name, stream.read()


def _layer(layer: str, stream: IO[bytes]) -> Iterator[tuple[str, str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|") as inner:
        for member in inner:
            if member.isfile() and (content := inner.extractfile(member)) is not None:
                yield f"layer {layer.removesuffix('/layer.tar')[:19]}", member.name, content.read()


if __name__ == "__main__":
    sys.exit(main())
