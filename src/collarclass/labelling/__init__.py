"""The options of labelling, and batches of ads judged by them: from the ad, the title or the occupation's code.

May import: errors, definitions, text, features, requirement_reader, model, occupation.
"""
