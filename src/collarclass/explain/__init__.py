"""A prediction in words: the sentence, the tinted ad, the palette.

May import: messages, definitions, text, requirement_reader, model.
"""
