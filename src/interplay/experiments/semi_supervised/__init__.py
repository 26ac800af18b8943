"""Semi-supervised training of Wide ResNets: sixteen methods and the baseline (metrics24 VIII; interplay24 6)."""

from interplay.experiments.semi_supervised.one_run import run

__all__ = ["run"]
