"""A labelled file as one page.

May import: errors, definitions, model, api, tables, files.
"""
