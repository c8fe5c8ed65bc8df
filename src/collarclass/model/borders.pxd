cimport cython

cdef str JOINTS, CLOSING
cdef Py_ssize_t LONG

@cython.locals(begin=cython.Py_ssize_t, stop=cython.Py_ssize_t)
cpdef tuple whole_words(str text, Py_ssize_t start, Py_ssize_t end)
cpdef str shown(str words)
@cython.locals(left=cython.Py_UCS4, right=cython.Py_UCS4)
cdef bint is_joined(str text, Py_ssize_t k)
@cython.locals(begin=cython.Py_ssize_t)
cdef bint is_glued(str text, Py_ssize_t k)
cdef bint is_hanzi(Py_UCS4 character)
