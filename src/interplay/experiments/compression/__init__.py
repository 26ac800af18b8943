"""Compression layer by layer: geometry and V-information of the thesis' two CNNs (compression25 sec. 2.3, ch. 3)."""

from interplay.experiments.compression.one_run import run

__all__ = ["run"]
