"""Bringing data sets and weights onto this machine: fetched by source, verified before they are seen."""

from interplay.data.fetching.fetch import fetch, find_asset

__all__ = ["fetch", "find_asset"]
