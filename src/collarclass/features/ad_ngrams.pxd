cimport cython
cimport collarclass.text.hashing as hashing
from collarclass.text.ad_tokens cimport AdTokens

cdef int KINDS
cdef unsigned long long CLOSING, ENDING, BEGINNING
cdef int END_LETTERS, BLANK, DASH, AMPERSAND, DOT

@cython.final
cdef class AdNgrams:
    cdef readonly unsigned long long[::1] hash
    cdef readonly int[::1] first
    cdef readonly unsigned char[::1] order
    cdef readonly int n_words, n, capacity
    cpdef grow(self, int n_tokens)
    cpdef AdNgrams read(self, AdTokens tokens, int n_tokens)
    cpdef AdNgrams read_title(self, AdTokens tokens)
    @cython.locals(i=cython.int, n=cython.int)
    cdef void list(self, AdTokens tokens, int n_tokens) noexcept nogil
    @cython.locals(i=cython.int, n=cython.int, stop=cython.int)
    cdef void list_runs(self, AdTokens tokens, int n_tokens, bint across) noexcept nogil
    @cython.locals(i=cython.int, k=cython.int, first=cython.int, order=cython.int)
    cdef void list_title(self, AdTokens tokens) noexcept nogil
    @cython.locals(k=cython.int)
    cdef void add(self, unsigned long long value, int first, int order) noexcept nogil
    @cython.locals(gap=cython.int, sign=cython.int, joint=cython.bint)
    cdef bint closes(self, AdTokens tokens, int i) noexcept nogil
    @cython.locals(value=cython.ulonglong, k=cython.int)
    cdef unsigned long long letters(self, AdTokens tokens, int place) noexcept nogil
