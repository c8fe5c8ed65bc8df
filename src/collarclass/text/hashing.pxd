cimport cython

cdef unsigned long long MASK, STEP, PAIR, TRIPLE, FIRST_FACTOR, SECOND_FACTOR
cdef int HASHED_BYTES

cdef unsigned long long mix(unsigned long long value) noexcept nogil
cdef unsigned long long pair_of(unsigned long long first, unsigned long long second) noexcept nogil
cdef unsigned long long triple_of(unsigned long long first, unsigned long long second, unsigned long long third) noexcept nogil
cdef unsigned long long as_hash(unsigned short unit) noexcept nogil
@cython.locals(value=cython.ulonglong, shift=cython.int, i=cython.int)
cdef unsigned long long units_of(unsigned short[::1] units, int start, int end, int bits) noexcept nogil
@cython.locals(value=cython.ulonglong, most=cython.int, length=cython.int, first=cython.int, stop=cython.int)
cdef unsigned long long hash_units(unsigned short[::1] units, int start, int end, int bits) noexcept nogil
