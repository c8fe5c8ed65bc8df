"""Ads as they come, plain or HTML, into tokens whose offsets point into the original.

May import: compiled, errors.
"""

from collarclass.compiled import search_path

__path__ = search_path("text", __path__)
