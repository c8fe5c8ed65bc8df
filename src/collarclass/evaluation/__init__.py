"""How good labels are: metrics with intervals, baselines, the model card.

May import: errors, definitions, result, labelling, model, tables, files, corpus, occupation, annotation, shares.
"""
