"""Files of any size in, the same rows out with the label columns added.

May import: errors, disk, progress, text, definitions, labelling, model, api, tables, explain.
"""
