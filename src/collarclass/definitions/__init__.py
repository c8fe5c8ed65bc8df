"""The names of labels, dimensions, levels and statuses, and the table from two ratings to a label.

May import: errors.
"""
