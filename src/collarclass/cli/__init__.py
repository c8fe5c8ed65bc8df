"""The command `collarclass`.

May import: everything.
"""
