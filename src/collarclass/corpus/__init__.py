"""Reads and checks the shipped data: training ads, boilerplate, occupations.

May import: errors, definitions.
"""
