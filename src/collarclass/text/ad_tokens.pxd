cimport cython
cimport collarclass.text.hashing as hashing

cdef int SPACE, LOWER, UPPER, IDEOGRAPH, BREAK, STOP, TAIL, APOSTROPHE, SKIP, BEYOND, STEM, MIN_LETTERS, MIN_CAPITALS
cdef int ZERO, LITTLE_A, LITTLE_Z, BRACKET, BLANK, NOTHING, PASSAGE, SENTENCE
cdef double CHINESE_SHARE

@cython.final
cdef class AdTokens:
    cdef readonly int n, n_title, n_folded, n_dropped, n_characters, text_offset, title_stop, capacity
    cdef readonly unsigned long long[::1] hash, stem
    cdef readonly int[::1] start, end, sentence, passage, dropped
    cdef readonly unsigned char[::1] ideograph, kind
    cdef readonly unsigned short[::1] folded
    cdef const unsigned int[::1] characters, code_points
    cdef const long long[::1] places
    cdef readonly int begin, stop
    cdef readonly bint in_title, has_places, is_chinese
    cpdef AdTokens read(self, str text, int title_end=*, int text_offset=*)
    cpdef load(self, str text, int title_end, int text_offset)
    cpdef grow(self, int n)
    cdef void scan(self) noexcept nogil
    @cython.locals(to=cython.int, title_stop=cython.int, i=cython.int, character=cython.uint, kind=cython.uint)
    cdef void fold(self) noexcept nogil
    @cython.locals(code=cython.uint)
    cdef inline unsigned int character(self, int i) noexcept nogil
    cdef bint is_letter_at(self, int i) noexcept nogil
    @cython.locals(i=cython.int, kind=cython.int, sentence=cython.int, passage=cython.int, begin=cython.int, ended=cython.int)
    cdef void cut(self) noexcept nogil
    @cython.locals(sign=cython.int)
    cdef bint is_cut(self, int i, int kind) noexcept nogil
    @cython.locals(i=cython.int)
    cdef bint are(self, int kind, int first, int stop) noexcept nogil
    cdef bint in_word(self, int i) noexcept nogil
    @cython.locals(before=cython.int, behind=cython.int)
    cdef int ended_by_stop(self, int i) noexcept nogil
    @cython.locals(k=cython.int, i=cython.int, all_bits=cython.uint)
    cdef void add(self, int start, int end, int sentence, int passage) noexcept nogil
    @cython.locals(i=cython.int, count=cython.int)
    cdef int n_ideographs(self) noexcept nogil
    @cython.locals(i=cython.int, count=cython.int)
    cdef int n_numerals(self) noexcept nogil
    @cython.locals(low=cython.int, high=cython.int, middle=cython.int)
    cdef int source_of(self, int place) noexcept nogil
    @cython.locals(low=cython.int, high=cython.int, middle=cython.int)
    cpdef int token_at(self, int place)
    cdef void find(self, int first, int last) noexcept nogil
    cdef void locate(self, int first, int last) noexcept nogil
    cpdef tuple span(self, int first, int last)

cdef bint is_letter(unsigned int kind) noexcept nogil
cdef bint is_digit(unsigned int unit) noexcept nogil
cdef bint is_latin(unsigned int unit) noexcept nogil
