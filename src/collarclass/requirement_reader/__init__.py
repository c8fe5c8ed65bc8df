"""Tokens into what an ad states about schooling, certificates, licences and experience.

May import: errors, definitions, kernel, text, features.
"""
