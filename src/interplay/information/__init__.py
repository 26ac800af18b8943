"""Matrix information: Gram matrices, entropies, mutual information, MIR and HDR, for batches and whole data sets."""
