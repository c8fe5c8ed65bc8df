cimport cython
cimport collarclass.text.hashing as hashing
from collarclass.features.term_index cimport TermIndex
from collarclass.text.ad_tokens cimport AdTokens

cdef int DECOY, LEVEL, NO_SCHOOLING, N_ITEMS, YEARS, MAX_PLACES, MAX_WORDS, TOKENS_BEFORE, TOKENS_BEHIND
cdef int COMMA, SEMICOLON, ENUMERATION, BAR, SLASH, MAX_WEIGHT

cpdef object integers(int n)

@cython.final
cdef class Phrases:
    cdef readonly int n
    cdef readonly int[::1] first, last, sentence, phrase, group, value, role
    cpdef reserve(self, int size)
    cdef bint is_schooling(self, int i) noexcept nogil
    cdef void put(self, int to, Phrases others, int i) noexcept nogil
    cdef int count(self, int token) noexcept nogil
    cdef int before(self, int token, int role) noexcept nogil
    cdef int behind(self, int token, int role) noexcept nogil
    cdef bint stands_between(self, int role, int left, int right, int most) noexcept nogil

@cython.final
cdef class Words:
    cdef TermIndex prefixes, numerals
    cdef const int[::1] phrase, root, credential
    cdef int[::1] standing
    cdef const unsigned char[::1] more, one_credential
    cdef const signed char[::1] group, value, note, isced, nature
    cdef const double[::1] number

@cython.final
cdef class PhraseFinder:
    cdef Words words
    cdef int longest, longest_phrase
    cdef bint has_item
    cdef int[::1] size, phrase, following, covered, places, lightest
    cpdef reserve(self, int n_tokens)
    cdef void find(self, AdTokens ad, Phrases found) noexcept nogil
    cdef int find_all(self, AdTokens ad) noexcept nogil
    cdef void drop_far(self, int n_tokens, int n_places) noexcept nogil
    @cython.locals(code=cython.ulonglong)
    cdef void match(self, AdTokens ad, int token, bint without_items) noexcept nogil
    cdef void take(self, AdTokens ad, int token, int size, int number, bint without_items) noexcept nogil
    cdef void keep_longest(self, int n_tokens) noexcept nogil

cdef bint goes_on(AdTokens ad, int begin, int size) noexcept nogil
cdef bint is_divided(AdTokens ad, int first, int size, int group) noexcept nogil
cdef bint is_comma(int sign) noexcept nogil
cdef int step_of(int value, int[::1] steps) noexcept nogil
