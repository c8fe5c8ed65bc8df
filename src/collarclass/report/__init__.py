"""A labelled file as one page.

May import: errors, text, definitions, requirement_reader, explain, labelling, model, result, api,
tables, files, shares.
"""
