"""Occupations: the O*NET figures that the table of occupations rests on.

May import: errors, corpus.
"""
