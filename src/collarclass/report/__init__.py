"""A labelled file as one page.

May import: errors, text, definitions, explain, labelling, model, result, api, tables, files, shares.
"""
