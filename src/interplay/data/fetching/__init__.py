"""Bringing data sets onto this machine: pinned by DVC, fetched by source, verified before they are seen."""

from interplay.data.fetching.fetch import fetch

__all__ = ["fetch"]
