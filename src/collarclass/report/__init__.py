"""A labelled file as one page.

May import: errors, text, definitions, explain, model, result, api, tables, files, shares.
"""
