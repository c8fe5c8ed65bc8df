"""Features and stated requirements into scores, probabilities and labels; the one ranking of reasons; the model folder.

May import: compiled, errors, disk, definitions, text, features, requirement_reader.
"""

from collarclass.compiled import search_path

__path__ = search_path("model", __path__)
