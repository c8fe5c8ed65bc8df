"""Tables in, the same tables out with the label columns added.

May import: errors, progress, definitions, text, occupation, labelling, model, result, api.
"""
