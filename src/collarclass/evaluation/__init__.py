"""How good labels are: metrics with intervals, and one labelling beside another.

May import: errors, definitions, result, labelling, model, tables, files, corpus, annotation, shares.
"""
