"""What reads a split of each data set out of verified files, by `torchvision.datasets` where that has a class for it.

A reader takes the place where the set lies and the name of a split. One of a set in memory returns `Decoded`, one of
image files `Files`. Only `interplay.data.decoding` calls them, after it has verified what they read.
"""
