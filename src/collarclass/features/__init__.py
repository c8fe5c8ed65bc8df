"""Tokens into counted n-grams of a known vocabulary.

May import: compiled, text.
"""

from collarclass.compiled import search_path

__path__ = search_path("features", __path__)
