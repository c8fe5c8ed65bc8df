"""Rated ads into a model.

May import: errors, progress, definitions, text, features, requirement_reader, labelling, model, tables, files,
corpus, occupation, annotation, evaluation.
"""
