"""Whether the sources of data answer, all asked at once, without fetching more than their first bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

from interplay.doctor.machine import Asset
from interplay.programs import ask
from interplay.protocols.assets import AptSource, HttpSource, Pinned, Source
from interplay.protocols.datasets import DATASETS
from interplay.protocols.weights import WEIGHTS

SECONDS = 6.0  # that all of it may take
NOT_ASKED = "not asked"  # apt-get, where it knows no server for the package


def ask_sources(assets: tuple[Asset, ...], seconds: float = SECONDS) -> tuple[Asset, ...]:
    """The same, with what the sources of those say that are not there and can be fetched, after `seconds` at most.

    What is still silent then, as a name server may be for minutes, is left behind in threads that end with the process.
    """
    asked = [one.name for one in assets if one.state in ("missing", "damaged") and not one.by_hand]
    silent = f"does not answer (nothing within {seconds:g} s)"
    answers = {
        name: {source.name: NOT_ASKED if isinstance(source, AptSource) else silent for source, _ in _sources(name)}
        for name in asked
    }

    def ask_one(name: str, source: Source, file: str) -> None:
        answers[name][source.name] = _ask(source, file, seconds)

    each = [(name, source, file) for name in asked for source, file in _sources(name)]
    threads = [Thread(target=ask_one, args=one, daemon=True) for one in each]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    said = {
        name: ", ".join(f"{source} {answer}" for source, answer in found.items()) for name, found in answers.items()
    }
    return tuple(replace(one, sources=said.get(one.name)) for one in assets)


def _sources(name: str) -> Iterator[tuple[Source, str]]:
    """The sources of data or weights, each with a file that it should have."""
    pinned = DATASETS[name].pinned if name in DATASETS else None
    forms: tuple[Pinned, ...] = WEIGHTS[name].forms if name in WEIGHTS else (pinned,) if pinned else ()
    for form in forms:
        for source in form.sources:
            yield source, next(iter(form.files))


def _ask(source: Source, file: str, seconds: float) -> str:
    """Whether a source answers; of apt, the server that its list of packages names."""
    if isinstance(source, AptSource):
        told, _ = ask(["apt-get", "-q", "download", "--print-uris", source.package], seconds)
        if not told.startswith("'http"):
            return NOT_ASKED
        url = told.split("'")[1]
    else:
        url = source.url_of(file) if isinstance(source, HttpSource) else source.url
    import requests

    headers = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}
    try:
        with requests.get(url, stream=True, timeout=seconds, headers=headers) as answer:
            return "answers" if answer.ok else f"says HTTP status {answer.status_code}"
    except requests.exceptions.RequestException as error:
        return f"does not answer ({type(error).__name__})"
