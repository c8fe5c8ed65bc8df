"""Shares of labels that can be published: sampling, corrected estimates with intervals, dates, repeated ads.

May import: errors, definitions, text, model, api, tables, files, explain.
"""
