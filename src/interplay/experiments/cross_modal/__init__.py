"""Few-shot fine-tuning of CLIP by learnt contexts with CMA and VNE (metrics24 VII)."""

from interplay.experiments.cross_modal.one_run import run

__all__ = ["run"]
