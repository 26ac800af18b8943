"""Few-shot fine-tuning of CLIP by learnt contexts with CMA and VNE (metrics24 VII)."""
