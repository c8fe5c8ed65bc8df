"""The names of labels and statuses, the table from two ratings to a label, and definitions as configuration.

May import: errors.
"""
