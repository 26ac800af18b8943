"""Results that travel: published to a DVC remote and restored from it, or packed into one archive. No torch in here."""
