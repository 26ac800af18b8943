"""glyphs10 with permuted training labels, a negative control."""

from interplay.protocols.assets import with_permuted_labels
from interplay.protocols.datasets.glyphs10 import DATASET as ORIGINAL

DATASET = with_permuted_labels(ORIGINAL, train_digest="2c5d326b40fef900")
