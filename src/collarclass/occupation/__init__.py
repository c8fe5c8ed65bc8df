"""Occupations: their table, the nearest ones of a title or code, and the O*NET figures behind the table.

May import: errors, definitions, text, features, corpus.
"""
