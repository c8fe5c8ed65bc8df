cimport cython

cdef unsigned long long LOW_HALF

@cython.final
cdef class TermIndex:
    cdef readonly object hashes
    cdef readonly int n_terms, shift
    cdef readonly const unsigned long long[::1] table
    cdef readonly const unsigned char[::1] taken
    @cython.locals(slot=cython.ulonglong)
    cdef bint may_be_known(self, unsigned long long value) noexcept nogil
    @cython.locals(slot=cython.ulonglong, low=cython.ulonglong)
    cdef int number_of(self, unsigned long long value) noexcept nogil
    @cython.locals(i=cython.int, n=cython.int, n_known=cython.int)
    cdef int find_into(self, const unsigned long long[::1] hashes, int n_hashes, int[::1] places, int[::1] numbers) noexcept nogil
