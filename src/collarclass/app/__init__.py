"""The local page and its interface for programs: HTTP in, the library's own functions behind it.

May import: errors, text, definitions, corpus, labelling, model, requirement_reader, explain, result, api, occupation,
tables, files, annotation, shares, report.
"""
