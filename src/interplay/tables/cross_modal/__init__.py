"""Tables of cross-modal fine-tuning: metrics24 TABLE I and accuracies behind Fig. 11."""
