"""Figures of cross-modal fine-tuning: metrics24 Fig. 10 to 13, note question 2."""
