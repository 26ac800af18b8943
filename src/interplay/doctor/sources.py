"""Whether the sources of data answer, without fetching more than their first bytes."""

from __future__ import annotations

from dataclasses import replace

from interplay.doctor.machine import Asset
from interplay.protocols.assets import DebSource, HttpSource, Pinned
from interplay.protocols.datasets import DATASETS
from interplay.protocols.weights import WEIGHTS

SECONDS = (3.0, 5.0)  # to connect, and to the first byte


def ask_sources(assets: tuple[Asset, ...]) -> tuple[Asset, ...]:
    """The same, with what the sources of those say that are not there and can be fetched."""
    return tuple(
        replace(one, sources=_ask_all(one.name)) if one.state in ("missing", "damaged") and not one.by_hand else one
        for one in assets
    )


def _ask_all(name: str) -> str:
    """`published answers; mirror: HTTP status 404`; apt-get has package lists of its own, which it is not asked for."""
    pinned = DATASETS[name].pinned if name in DATASETS else None
    forms: tuple[Pinned, ...] = WEIGHTS[name].forms if name in WEIGHTS else (pinned,) if pinned else ()
    said = []
    for form in forms:
        for source in form.sources:
            if isinstance(source, HttpSource):
                said.append(f"{source.name} {_ask_url(source.url_of(next(iter(form.files))))}")
            elif isinstance(source, DebSource):
                said.append(f"{source.name} {_ask_url(source.url)}")
            else:
                said.append(f"{source.name} not asked")
    return ", ".join(said)


def _ask_url(url: str) -> str:
    import requests

    try:
        with requests.get(url, stream=True, timeout=SECONDS, headers={"Accept-Encoding": "identity"}) as answer:
            return "answers" if answer.ok else f"says HTTP status {answer.status_code}"
    except requests.exceptions.RequestException as error:
        return f"does not answer ({type(error).__name__})"
