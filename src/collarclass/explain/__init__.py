"""A prediction in words: the sentence, the tinted ad, the palette.

May import: definitions, requirement_reader, model.
"""
