cimport cython
cimport collarclass.text.hashing as hashing
from collarclass.features.term_index cimport TermIndex

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
