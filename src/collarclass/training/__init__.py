"""Rated ads into a model.

May import: errors, definitions, text, features, requirement_reader, model, tables, files, corpus, evaluation.
"""
