"""Supervised training of Wide ResNets: plain, MAX MI, MIN HD (metrics24 V-A, VI-A, VIII; interplay24 5.1, 6)."""

from interplay.experiments.supervised.one_run import run

__all__ = ["run"]
