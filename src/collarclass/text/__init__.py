"""Ads as they come, plain or HTML, into tokens whose offsets point into the original.

May import: errors, kernel.
"""
