"""Features and stated requirements into scores, probabilities and labels; the one ranking of reasons; the model folder.

May import: errors, definitions, kernel, text, features, requirement_reader.
"""
