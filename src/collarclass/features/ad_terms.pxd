cimport cython
cimport collarclass.text.hashing as hashing
from libc cimport math
from collarclass.features.ad_words cimport TokenShares
from collarclass.features.term_index cimport TermIndex
from collarclass.text.ad_tokens cimport AdTokens

cdef int KINDS
cdef unsigned long long CLOSING, ENDING, BEGINNING
cdef int END_LETTERS, BLANK, DASH, AMPERSAND, DOT
cdef int MOST_DAMPED

@cython.final
cdef class AdNgrams:
    cdef readonly unsigned long long[::1] hash
    cdef readonly int[::1] first
    cdef readonly unsigned char[::1] order
    cdef readonly int n_words, n, capacity
    cpdef grow(self, int n_tokens)
    @cython.locals(i=cython.int, n=cython.int)
    cpdef void list(self, AdTokens tokens, int n_tokens) noexcept nogil
    @cython.locals(i=cython.int, n=cython.int, stop=cython.int)
    cdef void list_runs(self, AdTokens tokens, int n_tokens, bint across) noexcept nogil
    @cython.locals(i=cython.int, k=cython.int, first=cython.int, order=cython.int)
    cpdef void list_title(self, AdTokens tokens) noexcept nogil
    @cython.locals(k=cython.int)
    cdef void add(self, unsigned long long value, int first, int order) noexcept nogil
    @cython.locals(gap=cython.int, sign=cython.int, joint=cython.bint)
    cdef bint closes(self, AdTokens tokens, int i) noexcept nogil
    @cython.locals(value=cython.ulonglong, k=cython.int)
    cdef unsigned long long letters(self, AdTokens tokens, int place) noexcept nogil

@cython.final
cdef class AdTerms:
    cdef readonly TermIndex index
    cdef readonly int n, n_known, n_found, capacity
    cdef readonly double academic, hands_on, work_sum, job_sum
    cdef readonly int[::1] term, times, first, last
    cdef readonly double[::1] value
    cdef int[::1] seen, place, number, kept_at
    cdef readonly AdNgrams ngrams
    cdef const float[::1] scale, naming
    cdef readonly const float[:, ::1] weight
    cdef const double[::1] damped
    cpdef grow(self, int n_tokens)
    cpdef void count(self, AdTokens tokens, int n_tokens) noexcept nogil
    @cython.locals(k=cython.int)
    cdef void count_title(self, AdTokens tokens) noexcept nogil
    @cython.locals(i=cython.int, k=cython.int)
    cdef void look_up(self) noexcept nogil
    @cython.locals(k=cython.int, first=cython.int, order=cython.int)
    cdef int keep(self, int term, int place) noexcept nogil
    @cython.locals(k=cython.int, term=cython.int, times=cython.int, value=cython.double, norm=cython.double, academic=cython.double, hands_on=cython.double, work=cython.double, job=cython.double)
    cdef void weigh(self) noexcept nogil
    @cython.locals(i=cython.int, k=cython.int, term=cython.int, place=cython.int, first=cython.int, order=cython.int, part=cython.double, academic=cython.double, hands_on=cython.double)
    cdef void share_out(self, TokenShares shares, double academic_scale, double hands_on_scale) noexcept nogil
    @cython.locals(k=cython.int, term=cython.int, value=cython.double, academic=cython.double, hands_on=cython.double)
    cdef void share_out_once(self, TokenShares shares, double academic_scale, double hands_on_scale) noexcept nogil
