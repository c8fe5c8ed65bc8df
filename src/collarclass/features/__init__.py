"""Tokens into counted n-grams of a known vocabulary.

May import: kernel, text.
"""
