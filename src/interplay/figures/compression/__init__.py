"""Figures of compression25, one module each; several of its numbers may be drawn by one module from other records."""
