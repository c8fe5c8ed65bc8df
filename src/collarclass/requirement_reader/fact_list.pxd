cimport cython
cimport collarclass.text.hashing as hashing
from collarclass.features.term_index cimport TermIndex
from collarclass.text.ad_tokens cimport AdTokens

cdef int N_GROUPS, MAX_FACTS, MAX_KINDS, MAX_PLACES, MAX_WORDED, N_OUTCOMES

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
    cdef double sum_of(self, int mention, int column) noexcept nogil
    cdef double weight_of(self, int fact, int column) noexcept nogil

@cython.final
cdef class Reasons:
    cdef readonly int n
    cdef readonly int[::1] first, last
    cdef readonly double[::1] weight
    cdef readonly double rest
    cpdef Reasons explain(self, FactList facts, AdTokens ad, int mention, int outcome)
    cdef int rival_of(self, FactList facts, int mention, int outcome) noexcept nogil
    cdef void gather(self, FactList facts, AdTokens ad, int mention, int outcome, int rival) noexcept nogil
    cdef void add(self, int first, int last, double weight) noexcept nogil
    cdef void keep_strongest(self) noexcept nogil
    cdef bint is_stronger(self, int place, int other) noexcept nogil
