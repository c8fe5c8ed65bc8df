"""People and labels: reading labelled ads, checking them, and labelling them by hand.

May import: errors, disk, text, definitions, labelling, model, api, result, tables, files, corpus, shares.
"""
