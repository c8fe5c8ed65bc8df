cimport cython
cimport collarclass.text.hashing as hashing
from collarclass.features.term_index cimport TermIndex
from collarclass.text.ad_tokens cimport AdTokens

cdef int MAX_WORD, MAX_PHRASE, BLANK, HYPHEN, AND, SLASH, SHORT, ZERO, NINE, NEVER, BESIDE, ALONE
cdef double STRONG

@cython.final
cdef class TokenShares:
    cdef readonly int n, capacity
    cdef bint mapped
    cdef readonly double[::1] academic, hands_on
    cdef readonly int[::1] owner
    cdef int[::1] first_token, last_token
    cpdef clear(self, int n)
    cpdef map_tokens(self, first_token, last_token)
    cdef void add(self, int first, int last, double academic, double hands_on) noexcept nogil
    cpdef own(self, int first, int stop, int owner)
    @cython.locals(academic=cython.double, hands_on=cython.double)
    cpdef tuple sum_of(self, int owner)

@cython.final
cdef class AdWords:
    cdef TermIndex known, chinese, never, beside
    cdef readonly int n, capacity
    cdef int owner, begin, end
    cdef double academic_sum, hands_on_sum
    cdef unsigned long long[::1] hash
    cdef int[::1] slots, slot, word
    cdef unsigned char[::1] named
    cdef readonly int[::1] first, last
    cdef readonly double[::1] academic, hands_on
    cpdef grow(self, int n)
    cpdef AdWords read(self, AdTokens tokens, TokenShares shares, int owner)
    @cython.locals(i=cython.int, k=cython.int, size=cython.int, word=cython.int, place=cython.int)
    cdef void list(self, AdTokens tokens, TokenShares shares) noexcept nogil
    @cython.locals(first=cython.int, last=cython.int)
    cdef bint is_word(self, AdTokens tokens, int i) noexcept nogil
    @cython.locals(longest=cython.int, size=cython.int, runs_on=cython.bint)
    cdef int length(self, AdTokens tokens, TokenShares shares, int i) noexcept nogil
    cdef bint is_chinese(self, AdTokens tokens, int i, int size) noexcept nogil
    @cython.locals(mask=cython.ulonglong, slot=cython.ulonglong, k=cython.int, i=cython.int)
    cdef int add(self, TokenShares shares, unsigned long long value, int first, int size) noexcept nogil
    @cython.locals(k=cython.int)
    cpdef list strongest(self, AdTokens tokens, int most, double least)
    @cython.locals(best=cython.int, k=cython.int, most=cython.double, strength=cython.double)
    cdef int next_word(self) noexcept nogil
    cdef double strength(self, int k) noexcept nogil
    @cython.locals(named=cython.int, n=cython.int, i=cython.int)
    cdef bint take_phrase(self, AdTokens tokens, int k) noexcept nogil
    @cython.locals(named=cython.int)
    cdef int take(self, int k) noexcept nogil
    @cython.locals(gap=cython.int, sign=cython.int, k=cython.int, j=cython.int, is_short=cython.bint, is_strong=cython.bint)
    cdef bint is_joined(self, AdTokens tokens, int i) noexcept nogil

@cython.locals(value=cython.ulonglong, i=cython.int)
cdef unsigned long long hash_of(AdTokens tokens, int first, int size) noexcept nogil
