"""Tokens into what an ad states about schooling, certificates, licences and experience.

May import: compiled, errors, definitions, text, features.
"""

from collarclass.compiled import search_path

__path__ = search_path("requirement_reader", __path__)
