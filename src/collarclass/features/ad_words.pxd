cimport cython
cimport collarclass.text.hashing as hashing
from collarclass.features.term_index cimport TermIndex
from collarclass.text.ad_tokens cimport AdTokens

cdef int MAX_WORD, BY_ITSELF, IN_NGRAM

@cython.final
cdef class TokenShares:
    cdef readonly int n, capacity
    cdef bint mapped
    cdef readonly double[::1] academic, hands_on
    cdef readonly unsigned char[::1] shown
    cdef readonly int[::1] owner
    cdef int[::1] first_token, last_token
    cpdef clear(self, int n)
    cpdef map_tokens(self, first_token, last_token)
    cdef void add(self, int first, int last, double academic, double hands_on, bint shown) noexcept nogil
    cpdef own(self, int first, int stop, int owner)
    @cython.locals(academic=cython.double, hands_on=cython.double)
    cpdef tuple sum_of(self, int owner)

@cython.final
cdef class AdWords:
    cdef TermIndex chinese, unnamed
    cdef readonly int n, capacity
    cdef int owner
    cdef unsigned long long[::1] hash
    cdef int[::1] slots, slot
    cdef readonly int[::1] first, last
    cdef readonly double[::1] academic, hands_on
    cpdef grow(self, int n)
    cpdef AdWords read(self, AdTokens tokens, TokenShares shares, int owner)
    @cython.locals(i=cython.int, k=cython.int, size=cython.int)
    cdef void list(self, AdTokens tokens, TokenShares shares) noexcept nogil
    @cython.locals(longest=cython.int, size=cython.int)
    cdef int length(self, AdTokens tokens, TokenShares shares, int i) noexcept nogil
    @cython.locals(i=cython.int)
    cdef bint any_shown(self, TokenShares shares, int first, int size) noexcept nogil
    @cython.locals(mask=cython.ulonglong, slot=cython.ulonglong, k=cython.int, i=cython.int)
    cdef void add(self, TokenShares shares, unsigned long long value, int first, int size) noexcept nogil
    @cython.locals(k=cython.int)
    cpdef object strongest(self, int most)
    @cython.locals(best=cython.int, i=cython.int, most=cython.double, before=cython.double, strength=cython.double)
    cdef int next_to(self, int k) noexcept nogil
    cdef double strength(self, int k) noexcept nogil

@cython.locals(value=cython.ulonglong, i=cython.int)
cdef unsigned long long hash_of(AdTokens tokens, int first, int size) noexcept nogil
