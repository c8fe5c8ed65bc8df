"""Reads the shipped data: training ads, ratings of real ads, occupations.

May import: errors, definitions.
"""
