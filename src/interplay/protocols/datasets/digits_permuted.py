"""digits with permuted training labels, a negative control."""

from interplay.protocols.assets import with_permuted_labels
from interplay.protocols.datasets.digits import DATASET as ORIGINAL

DATASET = with_permuted_labels(ORIGINAL, train_digest="aa01b33b2e113fe1")
