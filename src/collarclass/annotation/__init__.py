"""People and labels: checking labelled ads, and labelling them by hand.

May import: errors, text, definitions, labelling, model, api, result, tables, files, corpus, shares.
"""
