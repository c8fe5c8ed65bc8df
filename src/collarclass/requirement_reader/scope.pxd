cimport cython
cimport collarclass.requirement_reader.phrases as phrases
cimport collarclass.text.hashing as hashing
from collarclass.features.term_index cimport TermIndex
from collarclass.requirement_reader.mentions cimport Mentions
from collarclass.requirement_reader.phrases cimport Phrases
from collarclass.text.ad_tokens cimport AdTokens

cdef int CLUTTER, CUE_NOT_NEEDED, CUE_PREFERRED, CUE_REQUIRED, OTHERWISE, EXPERIENCE_TOPIC, HEADING, MARK, NO
cdef int OR, STANDS_AFTER, STANDS_BEFORE, STANDS_BOTH, SUBSTITUTE, THING, TOPIC, WHOSE, YEARS
cdef int CHAIN_LINK, CHOICE_DISTANCE, CHOICE_KIND, CHOICE_WORD, CHOICE_WORDS, EQUAL_WORD, EQUAL_WORDS
cdef int SAID_BEFORE, SAID_BEHIND, SAID_BEHIND_COMMA, SAID_TOGETHER, YEARS_IN_SCOPE
cdef int CHOICE, MAX_JOINED_TOKENS, MAX_SCOPE_TOKENS, MAX_SCOPE_SENTENCES, MAX_TOKENS_BACK
cdef int MAX_SENTENCES_BACK, MAX_LINKS, MAX_CHOICES, NONE, ANY_NUMBER, OUTSIDE
cdef int ZERO, FOR_ALL, MAX_OFFER_TOKENS
cdef int SILENCE, SWAPS, LIKES_NEXT, LIKES, ASKS, DENIES, SAYS_ELSE, HEADS, CLUTTERS, EQUALS, OF_OTHERS, OF_THINGS
cdef int CHOOSES, OF_EXPERIENCE, ENDS

cdef int N_GROUPS, MAX_FACTS, MAX_KINDS, MAX_PLACES

@cython.final
cdef class FactList:
    cdef TermIndex index
    cdef const float[:, ::1] weight
    cdef unsigned long long[::1] keys
    cdef int at, group, n
    cdef readonly int n_columns, n_kept
    cdef readonly bint keep_known, keep_all
    cdef readonly double[::1] sums
    cdef readonly int[::1] kept_begin, mention, kind, number, first, last
    cdef readonly unsigned long long[::1] hash
    cpdef keep(self, bint known, bint every=*)
    cdef void begin(self, int mention, int group) noexcept nogil
    @cython.locals(fact=cython.ulonglong)
    cdef void add(self, int kind, unsigned long long code, int first, int last) noexcept nogil
    cdef void add_words(self, int kind, unsigned long long code, unsigned long long words, int first, int last) noexcept nogil
    cpdef double sum_of(self, int mention, int column) noexcept
    cpdef double weight_of(self, int fact, int column) noexcept

@cython.final
cdef class Scope:
    cdef Mentions mentions
    cdef Phrases items, cues
    cdef FactList facts
    cdef int edge, stop, begin
    cdef int[::1] gaps
    cdef unsigned long long[::1] bare, equal
    cdef void read(self, AdTokens ad, int i, int next_cue) noexcept nogil
    cdef void find_edges(self, AdTokens ad, int i) noexcept nogil
    cdef bint is_bare(self, AdTokens ad, int k) noexcept nogil
    @cython.locals(word=cython.ulonglong)
    cdef bint is_equal(self, AdTokens ad, int k) noexcept nogil
    @cython.locals(heard=cython.ulonglong, together=cython.ulonglong)
    cdef void read_behind(self, AdTokens ad, int i, int next_cue) noexcept nogil
    @cython.locals(said=cython.ulonglong, one=cython.ulonglong, two=cython.ulonglong)
    cdef void add_voice(self, AdTokens ad, int k, int voice, int near) noexcept nogil
    cdef int has_comma(self, AdTokens ad, int left, int right) noexcept nogil
    @cython.locals(word=cython.ulonglong, pair=cython.ulonglong)
    cdef void read_choice(self, AdTokens ad, int i, int k, bint same) noexcept nogil
    cdef int offered_by_cues(self, int k, int last) noexcept nogil
    cdef int offered_by_items(self, int i, int last) noexcept nogil
    cdef unsigned long long word_behind(self, AdTokens ad, int token, int steps, int sentence) noexcept nogil
    @cython.locals(heard=cython.ulonglong, code=cython.ulonglong)
    cdef void read_before(self, int i, int next_cue) noexcept nogil
    cdef void read_years(self, int i) noexcept nogil

cdef unsigned long long word_at(AdTokens ad, int token) noexcept nogil
cdef int voice_of(int group, int value, int other_side) noexcept nogil
cdef int link_of(int voice, int group, int value) noexcept nogil
