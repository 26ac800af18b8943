"""glyphs100 with permuted training labels, a negative control."""

from interplay.protocols.assets import with_permuted_labels
from interplay.protocols.datasets.glyphs100 import DATASET as ORIGINAL

DATASET = with_permuted_labels(ORIGINAL, train_digest="05747fe02b2307a2")
