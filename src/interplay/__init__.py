"""Reproduction of work on matrix information and neural collapse; each sub-package is one room of the house."""

__version__ = "0.1.0"
