"""Readers of the data sets' own file formats; each returns `Arrays` of one split, without torch."""
