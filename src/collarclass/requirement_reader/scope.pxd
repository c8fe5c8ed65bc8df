cimport cython
cimport collarclass.text.hashing as hashing
from collarclass.requirement_reader.fact_list cimport FactList
from collarclass.requirement_reader.mentions cimport Mentions
from collarclass.requirement_reader.phrases cimport Phrases
from collarclass.text.ad_tokens cimport AdTokens

cdef int CLUTTER, CUE_NOT_NEEDED, CUE_PREFERRED, CUE_REQUIRED, OTHERWISE, EXPERIENCE_TOPIC, HEADING, LEVEL, MARK, NO
cdef int NO_SCHOOLING, OR, STANDS_AFTER, STANDS_BEFORE, STANDS_BOTH, SUBSTITUTE, THING, TOPIC, WHOSE, YEARS
cdef int CHAIN, CHAIN_LINK, CHOICE_DISTANCE, CHOICE_KIND, CHOICE_WORD, CHOICE_WORDS, EQUAL_WORD, EQUAL_WORDS
cdef int SAID_AROUND, SAID_BEFORE, SAID_BEFORE_OF, SAID_BEHIND, SAID_BEHIND_COMMA
cdef int SAID_BEHIND_OF, SAID_FIRST, SAID_IN_TURN, SAID_IN_TURN_BEFORE, SAID_TOGETHER, YEARS_IN_SCOPE
cdef int MAX_JOINED_TOKENS, MAX_SCOPE_TOKENS, MAX_SCOPE_SENTENCES, MAX_TOKENS_BACK
cdef int MAX_SENTENCES_BACK, MAX_CHAIN, MAX_LINKS, MAX_CHOICES, N_GAPS, NONE, ANY_NUMBER, OUTSIDE
cdef int COMMA, SEMICOLON, ENUMERATION, BAR, COLON, BREAK, SPACE, ZERO
cdef int BESIDE_FIELD, FIELD_OF_FORM, LINE, LINE_CHOICE, MAX_FIELD_LINES, MAX_FIELD_TOKENS, SHORT_LINE
cdef int PLAIN, SIGNED, NUMBERED
cdef int SILENCE, SWAPS, LIKES_NEXT, LIKES, ASKS, DENIES, SAYS_ELSE, HEADS, CLUTTERS, EQUALS, OF_OTHERS, OF_THINGS
cdef int CHOOSES, OF_EXPERIENCE, ENDS

@cython.final
cdef class Scope:
    cdef Mentions mentions
    cdef Phrases items, cues
    cdef FactList facts
    cdef int edge, stop, begin, said_before, said_behind
    cdef unsigned long long ends
    cdef int[::1] gaps
    cdef unsigned long long[::1] bare, equal
    cdef void read(self, AdTokens ad, int i, unsigned long long ends, int next_cue) noexcept nogil
    cdef void find_edges(self, AdTokens ad, int i) noexcept nogil
    cdef bint is_bare(self, AdTokens ad, int k) noexcept nogil
    @cython.locals(word=cython.ulonglong)
    cdef bint is_equal(self, AdTokens ad, int k) noexcept nogil
    @cython.locals(heard=cython.ulonglong, together=cython.ulonglong, chain=cython.ulonglong, turns=cython.ulonglong)
    cdef void read_behind(self, AdTokens ad, int i, int next_cue) noexcept nogil
    @cython.locals(said=cython.ulonglong, one=cython.ulonglong, two=cython.ulonglong)
    cdef void add_voice(self, AdTokens ad, int k, int voice, int near) noexcept nogil
    cdef int has_comma(self, AdTokens ad, int left, int right) noexcept nogil
    cdef int gap_class(self, int gap) noexcept nogil
    @cython.locals(word=cython.ulonglong, pair=cython.ulonglong)
    cdef void read_choice(self, AdTokens ad, int i, int k, bint same) noexcept nogil
    cdef unsigned long long word_behind(self, AdTokens ad, int token, int steps, int sentence) noexcept nogil
    @cython.locals(heard=cython.ulonglong, said=cython.ulonglong, code=cython.ulonglong)
    cdef void read_before(self, int i, int next_cue) noexcept nogil
    cdef void read_years(self, int i) noexcept nogil
    cdef bint is_choice(self, int i, int figure) noexcept nogil

@cython.final
cdef class Layout:
    cdef int[::1] line_begin, line_end
    cdef Phrases items
    cdef FactList facts
    cdef int field, n_beside
    cdef unsigned long long[::1] known
    cdef void begin(self, AdTokens ad) noexcept nogil
    @cython.locals(code=cython.ulonglong, own=cython.ulonglong, field=cython.ulonglong, before=cython.int, behind=cython.int)
    cdef void read(self, AdTokens ad, int i) noexcept nogil
    cdef unsigned long long ends_of(self, AdTokens ad, int i) noexcept nogil
    cdef bint is_or(self, AdTokens ad, int token) noexcept nogil
    cdef bint breaks(self, AdTokens ad, int token) noexcept nogil
    cpdef reserve(self, int n_tokens)
    cdef void find_lines(self, AdTokens ad) noexcept nogil
    cdef int opening(self, AdTokens ad, int first) noexcept nogil
    cdef bint on_line(self, AdTokens ad, int i, int other) noexcept nogil
    cdef bint is_field(self, AdTokens ad, int i) noexcept nogil
    cdef bint has_colon(self, AdTokens ad, int first, int last) noexcept nogil

cdef int voice_behind(int group, int value) noexcept nogil
cdef int voice_before(int group, int value) noexcept nogil
cdef int link_of(int voice, int group, int value) noexcept nogil
