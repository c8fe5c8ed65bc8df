cimport cython

cdef str _LATIN
cdef list _NONE
cdef int MAX_PHRASE

cdef class Run:
    cdef readonly int start, end
    cdef readonly tuple heads
    cdef readonly bint counted, vague

@cython.final
cdef class Units:
    cdef readonly str text
    cdef readonly list word, start, end
    cdef readonly int n

@cython.final
cdef class Frames:
    cdef readonly dict lists, begins, ends
    @cython.locals(phrases=dict, following=str)
    cdef list standing(self, Units units, int i, str where, int stop)
    @cython.locals(longest=cython.int, length=cython.int, words=list, its_kind=str, kind=str)
    cdef tuple find(self, Units units, int i, str where, int stop)
    cdef int length(self, Units units, int i, str where, int stop) except -1
    @cython.locals(length=cython.int)
    cdef int ending(self, Units units, int first, int stop, str where) except -1
    @cython.locals(at=cython.int, step=cython.int, word=str, members=list)
    cdef int covered(self, list words, Units units, int i, int stop) except -1

@cython.locals(units=Units, frames=Frames, out=list, groups=list, heads=list, listed=cython.bint, begin=cython.int, end=cython.int, i=cython.int, first=cython.int, last=cython.int, counted=cython.bint, vague=cython.bint, alone=cython.bint, only=str)
cpdef list runs(str text)
@cython.locals(units=Units, frames=Frames, first=cython.int, stop=cython.int, length=cython.int, vague=cython.bint)
cpdef str without_ranks(str title)
@cython.locals(units=Units, length=cython.int, kind=str, frames=Frames)
cpdef str leaves_open(str title)
@cython.locals(out=list, begin=cython.int, i=cython.int, width=cython.int)
cdef list parts(Units units)
@cython.locals(text=str, word=str, before=str, gap=str, start=cython.int, end=cython.int)
cdef int mark(Units units, int i) except -2
cdef bint is_hanzi(str word) except -1
@cython.locals(pieces=list, out=list, words=list, at=cython.int, first=cython.int, stop=cython.int, length=cython.int, kind=str, counted=cython.bint, more=cython.bint)
cdef list pieces_of(Units units, int begin, int end, Frames frames)
@cython.locals(counted=cython.bint, word=str, length=cython.int, kind=str)
cdef tuple stripped(Units units, int first, int stop, Frames frames)
@cython.locals(at=cython.int, word=str, length=cython.int, kept=cython.int, kind=str)
cdef bint is_whole(Units units, int begin, int end, Frames frames) except -1
