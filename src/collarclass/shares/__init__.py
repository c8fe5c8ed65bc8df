"""Shares of labels that can be published: sampling, corrected estimates with intervals, dates, repeated ads.

May import: errors, definitions, text, labelling, model, api, tables, files, corpus, explain.
"""
