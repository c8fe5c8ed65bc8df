"""What the loops of the reader know by number: classes of the lexicon, kinds of fact, and how far they look."""

from __future__ import annotations

from collarclass.definitions.labels import LEVELS

# ---- Classes of the lexicon's phrases, and their values

ITEMS = ("level", "certificate", "licence", "skill_grade", "driving", "years", "nothing")
CUES = (
    "required", "preferred", "not_needed", "substitute", "pursuing", "clutter", "topic", "mark", "heading",
    "span", "thing", "whose", "unnamed", "field", "decoy", "else", "several", "or", "no",
)  # fmt: skip
CLASSES = ITEMS + CUES
CLASS = {name: i for i, name in enumerate(CLASSES)}
# Classes that yield to another where a phrase has rows in both.
YIELDING = ("heading", "span", "thing", "whose", "unnamed")
CREDENTIALS = ("certificate", "licence", "skill_grade")
NATURES = ("academic", "vocational")
NOTES = ("", "doubtful", "joined", "general")  # notes that the reader learns from; others are for people
VALUES = {
    "level": (*LEVELS, "field"),
    "nothing": ("", "header", "denied", "higher"),
    **dict.fromkeys(("preferred", "not_needed", "pursuing"), ("before", "after", "both")),
    "required": ("before", "after", "both", "turn", "excluded"),
    "substitute": ("before", "after", "both", "alone", "near", "slash"),
    "topic": ("", "experience"),
    "else": ("", "after"),
    "years": ("", "single", "plain", "half", "0.5", *"12345678", "10", "20", "months", "first"),
    "clutter": ("", "before", "after", "far"),
    "heading": ("required", "preferred", "other", "benefit", "company", "label"),
    "unnamed": ("", "never"),
    "span": ("before", "after", "far", "work"),
}

# The numbers by which the loops know them.
N_ITEMS = len(ITEMS)  # classes from here on are cues
LEVEL, NO_SCHOOLING, YEARS, DRIVING = (CLASS[name] for name in ("level", "nothing", "years", "driving"))
CERTIFICATE, LICENCE, SKILL_GRADE = (CLASS[name] for name in CREDENTIALS)
CUE_REQUIRED, CUE_PREFERRED, CUE_NOT_NEEDED = (CLASS[name] for name in ("required", "preferred", "not_needed"))
SUBSTITUTE, OTHERWISE, WHOSE, THING = (CLASS[name] for name in ("substitute", "else", "whose", "thing"))
PURSUING, CLUTTER, TOPIC, MARK = (CLASS[name] for name in ("pursuing", "clutter", "topic", "mark"))
HEADING, DECOY, OR, NO = (CLASS[name] for name in ("heading", "decoy", "or", "no"))
# By class, whether its cues say nothing by themselves.
SILENT = [name in ("or", "topic", "mark", "decoy", "span", "thing") for name in CLASSES]
FIELD = VALUES["level"].index("field")  # of a mention that names a field of study and no level
GENERAL = VALUES["nothing"].index("denied")  # from here on, schooling in general: "qualifications", "college"
STANDS_BEFORE, STANDS_AFTER, STANDS_BOTH = 0, 1, 2  # where a cue stands that asks, substitutes or says "under way"
FOR_ALL = VALUES["substitute"].index("alone")  # of words of substitution that hold for the whole ad
EXPERIENCE_TOPIC = VALUES["topic"].index("experience")
HALF_YEAR, IN_MONTHS, FIRST_YEAR = (VALUES["years"].index(value) for value in ("half", "months", "first"))
DOUBTFUL = NOTES.index("doubtful")
ACADEMIC, VOCATIONAL = range(len(NATURES))

# ---- Kinds of fact
#
# A fact is one thing about one mention, such as "the cue *preferred* stands up to three tokens behind it". The number
# of its kind is part of its hash: a model is bound to it, and no other kind may ever have it (12 to 15, 19, 23, 24, 27,
# 30 to 38, 45 and 51 to 58 are spent). To add a kind, give it a free number here, name it in a family, and add it in
# `context.py`; the next training picks it up.

GROUPS = ("schooling", "credential", "years")  # kinds of mention that are judged apart
OF_SCHOOLING, OF_CREDENTIAL, OF_YEARS = range(len(GROUPS))
MAX_KINDS = 64
MAX_FACTS = 256  # of one mention
NONE = -1  # no word, no phrase

# The words of the mention itself.
OWN_CLASS, ENDS_AND_LENGTH, FIRST_WORD, LAST_WORD, HALF_YEARS = 0, 1, 2, 3, 8
# The characters that touch it.
SIGN_BEFORE, SIGN_BEHIND, TWO_SIGNS_BEFORE, TWO_SIGNS_BEHIND = 4, 5, 6, 7
# Each word around it.
WORD = 10
# The nearest cues on each side.
CUE, NEAREST_CUE, NEAREST_CUES = 20, 21, 22
# The cue that opens the section, and the heading.
SECTION, SECTION_AND_DISTANCE, UNDER_HEADING, HEADING_AND_DISTANCE = 40, 41, 42, 43
# The mentions before and behind.
NEIGHBOUR, NEIGHBOUR_AND_DISTANCE, NEIGHBOURS_LEVEL, SIGN_TOWARDS, WORD_TOWARDS = 46, 47, 48, 49, 50
# What cues say in the scope of a mention of schooling: one by one, in pairs, and together.
SAID_BEHIND, SAID_BEHIND_COMMA, CHAIN_LINK, SAID_TOGETHER, SAID_BEFORE = 9, 11, 16, 17, 18
# What an "or", "or equivalent" and years offer there.
CHOICE_WORD, CHOICE_WORDS, CHOICE_DISTANCE, EQUAL_WORD, EQUAL_WORDS, CHOICE_KIND = 25, 26, 28, 29, 39, 59
YEARS_IN_SCOPE = 44

# Kinds that depend on the levels of schooling, and that `Context.read_levels` tells without the text. What lies
# between two mentions depends on which of the two levels is higher only.
LEVEL_FACTS = (OWN_CLASS, ENDS_AND_LENGTH, NEIGHBOUR, NEIGHBOUR_AND_DISTANCE, NEIGHBOURS_LEVEL)

# ---- How far the reader looks, with the unit of each distance

# Phrases
MAX_WORDS = 15  # tokens of a phrase
MAX_PLACES = 250  # places of one ad where something asked for may begin; the fullest of 10,381 real ads has 117
TOKENS_BEFORE, TOKENS_BEHIND = 250, 80  # tokens around an item in which cues are looked for; headings stand far before

MIN_ROOM = 512  # tokens for which room is made at once

# Mentions
MIN_PAY_DIGITS = 4  # of pay directly behind a Chinese skill grade
MIN_LETTERS_RUN_INTO = 3  # characters of a word that another was run into: "our fieldBachelor's"
MAX_QUALIFYING_TOKENS = 4  # tokens from "equivalent" to "experience"
MAX_DENIAL_TOKENS = 10  # tokens between schooling in general and the words that deny it
MAX_TOKENS_FROM_PURSUING, MAX_TOKENS_TO_PURSUING = 6, 4  # tokens: "pursuing a degree", "degree in progress"

# Lengths of time
MIN_AGE_YEARS = 30  # years; a range that ends so high is an age
MAX_LETTERS_BETWEEN, MAX_LETTERS_ACROSS = 3, 5  # characters from a number to the next one, and to the one behind it

# Context
WORDS_BEFORE, WORDS_BEHIND = 6, 10  # tokens around a mention whose words are facts
FAR_WORDS_BEFORE, FAR_WORDS_BEHIND = 10, 14  # tokens, of one of schooling or a credential
N_CUES, N_NEAREST_CUES = 5, 2  # cues on each side that are looked at, and that are facts by themselves
MAX_CUE_TOKENS, MAX_CUE_SENTENCES = 60, 3  # tokens and sentences from a mention to a cue
MAX_JOINED_TOKENS = 3  # tokens from one level to another that goes on with it: "BS/MS"
N_BETWEEN = 4  # tokens between two levels whose words are facts
FAR_NEIGHBOUR_TOKENS = 5  # tokens to a neighbour that is far
MAX_GAP = 63  # tokens to a neighbour that are told apart
MAX_HALF_YEARS = 60  # half years that are told apart
# What is told apart no more closely than by these steps; the last is beyond all.
WORD_STEPS = (2, 3, 4, 7, 1 << 30)  # tokens to a word
GAP_STEPS = (2, 3, 5, 9, 20, 60, 1 << 30)  # tokens to a neighbour

# Deciding
MAX_NEIGHBOURS = 4  # mentions on each side to which one is compared
