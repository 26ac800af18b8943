"""Is a secret of the build in a layer of an image, also in one that a later layer hides?

    docker save interplay:test | python benchmarks/container_scan.py [BUNDLE]

Looks through every file of every layer for what was mounted at `/run/secrets` and for the certificates of the bundle
that are nobody's public ones, which are those of certifi and of Debian. Ends with status 1 where there is one.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import certifi

BODY = re.compile(rb"-----BEGIN CERTIFICATE-----\s+(.*?)-----END CERTIFICATE-----", re.DOTALL)
DEBIAN = Path("/usr/share/ca-certificates")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", nargs="?", type=Path, help="the certificates that the build was given")
    bundle = parser.parse_args().bundle
    private = certificates(bundle) - public() if bundle else frozenset()
    layers, files, size, found = set(), 0, 0, []
    for layer, name, content in each_file(sys.stdin.buffer):
        layers.add(layer)
        files, size = files + 1, size + len(content)
        if re.search(r"(^|/)run/secrets/", name) and content:
            found.append(f"{name} in layer {layer}: {len(content)} bytes of a secret")
        if any(line in content for line in private):
            found.append(f"{name} in layer {layer}: a certificate of {bundle}")
    print(f"{len(layers)} layers, {files} files, {size / 1e9:.2f} GB looked through for {len(private)} certificates")
    print("\n".join(found) or "none of them is in a layer, and nothing of /run/secrets")
    return 1 if found or not files else 0


def certificates(bundle: Path) -> frozenset[bytes]:
    """A line from the middle of each certificate in the bundle: 64 characters that no other has."""
    bodies = (body.split() for body in BODY.findall(bundle.read_bytes()))
    return frozenset(lines[len(lines) // 2] for lines in bodies if lines)


def public() -> frozenset[bytes]:
    """The same of those that everyone has."""
    return frozenset().union(*map(certificates, [Path(certifi.where()), *sorted(DEBIAN.rglob("*.crt"))]))


def each_file(saved: IO[bytes]) -> Iterator[tuple[str, str, bytes]]:
    """Layer, name and content of every file in the layers of what `docker save` or `podman save` writes."""
    with tarfile.open(fileobj=saved, mode="r|") as outer:
        for member in outer:
            stream = outer.extractfile(member)
            if stream is None or member.name.endswith(".json"):
                continue
            head = stream.peek(512) if hasattr(stream, "peek") else b""
            if head[:2] == b"\x1f\x8b":
                with gzip.open(stream) as unpacked:
                    yield from _layer(member.name, unpacked)
            elif head[257:262] == b"ustar":
                yield from _layer(member.name, stream)


def _layer(layer: str, stream: IO[bytes]) -> Iterator[tuple[str, str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|") as inner:
        for member in inner:
            if member.isfile() and (content := inner.extractfile(member)) is not None:
                yield layer.removesuffix("/layer.tar")[:19], member.name, content.read()


if __name__ == "__main__":
    sys.exit(main())
