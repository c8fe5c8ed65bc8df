cimport cython
from collarclass.features.ad_words cimport AdWords, TokenShares
from collarclass.model.ad_reader cimport AdReader
from collarclass.requirement_reader.reading cimport RequirementReader
from collarclass.text.ad_tokens cimport AdTokens

cdef double _MIN_WEIGHT, _MIN_SHARE, _LEAST, _MAX_RATING, _EXACT
cdef int _TITLE_ALONE, _OF_SCHOOLING, _N_FEATURES, _WORD, _TITLE

cdef class _Source:
    cdef AdReader reader
    cdef AdTokens tokens
    cdef str text, title
    cdef tuple place(self, int finding)
    cdef tuple span(self, int first, int last)
    @cython.locals(text=str, start=cython.Py_ssize_t, end=cython.Py_ssize_t)
    cdef object part(self, str kind, int first, int last, double academic, double hands_on)
    @cython.locals(academic=cython.double, hands_on=cython.double)
    cdef object account(self, list parts)
    @cython.locals(text=str, start=cython.Py_ssize_t, end=cython.Py_ssize_t, begin=cython.Py_ssize_t, stop=cython.Py_ssize_t)
    cdef object job(self, int first, int last, double academic, double hands_on)
    @cython.locals(listed=AdWords, found=list, first=cython.int, last=cython.int, text=str, start=cython.Py_ssize_t, end=cython.Py_ssize_t)
    cdef list words(self)

@cython.locals(source=_Source, shares=TokenShares, stated=dict, leading=cython.int, finding=cython.int, parts=list, words=list, first=cython.int, last=cython.int, i=cython.int, academic=cython.double, hands_on=cython.double)
cpdef object account_of(AdReader reader, str text, object title)
@cython.locals(found=RequirementReader, stated=dict, leading=cython.int, k=cython.int, finding=cython.int, academic=cython.double, hands_on=cython.double)
cdef tuple _stated(AdReader reader)
@cython.locals(found=RequirementReader, shares=TokenShares, finding=cython.int)
cdef object _own(AdReader reader, dict stated, int leading)
cdef tuple _rest(double academic, double hands_on, list parts)
cdef int _closing(str text, Py_ssize_t start, Py_ssize_t end)
