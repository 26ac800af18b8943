"""One module per figure, each with `draw(records) -> Figure`. Reads records only; no torch, no training."""
