"""fashion-mnist with permuted training labels, a negative control."""

from interplay.protocols.assets import with_permuted_labels
from interplay.protocols.datasets.fashion_mnist import DATASET as ORIGINAL

DATASET = with_permuted_labels(ORIGINAL, train_digest="570f1963bcd40798")
