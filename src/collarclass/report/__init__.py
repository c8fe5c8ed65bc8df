"""A labelled file as one page.

May import: errors, definitions, explain, model, result, api, tables, files, shares.
"""
