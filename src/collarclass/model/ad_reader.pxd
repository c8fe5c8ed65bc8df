cimport cython
from libc cimport math
from collarclass.features.ad_terms cimport AdTerms
from collarclass.features.ad_words cimport AdWords, TokenShares
from collarclass.requirement_reader.reading cimport RequirementReader
from collarclass.text.ad_tokens cimport AdTokens

cdef int AD, TITLE, N_DIMENSIONS, N_LABELS, N_LEVELS, UNSTATED, UNCLEAR
cdef int JUDGED, EMPTY, TOO_LITTLE, UNKNOWN_LANGUAGE, NO_JOB, NO_WORK, VAGUE, SEVERAL_POSTS, MOST_REST, MIN_BESIDE
cdef double UNKNOWN_WORDS, DOUBT, SURELY, NAMED_SHARE
cdef int MIN_WORDS, SHORT, TITLED, UNTITLED, SHORT_AD
cdef double MAX_RATING

@cython.final
cdef class AdReader:
    cdef readonly AdTokens tokens, title_tokens, line_tokens
    cdef readonly AdTerms text_terms, title_terms, bare
    cdef readonly RequirementReader requirements
    cdef readonly TokenShares shares
    cdef readonly AdWords words
    cdef const float[:, ::1] stated_weight, word_scale, start_of, work_start
    cdef const float[::1] bare_start
    cdef const float[:, :, ::1] decision, bare_decision
    cdef double[:, ::1] blended
    cdef readonly object spelling, line
    cdef double[::1] min_said, limits
    cdef int[::1] min_rest
    cdef readonly int max_tokens, n_read, basis, level, status, note, label, best
    cdef double min_terms, min_known_share, min_sure_job, least_job, job_score, sharpness
    cdef readonly double known_share
    cdef bint checks_work, has_titles, is_vague
    cdef readonly int remark
    cdef readonly bint is_chinese
    cdef readonly double[::1] intercept, scale, share, score, gradient, probability
    cdef double[::1] logit
    cdef readonly int[::1] certificate_status
    cpdef take_titles(self, bare)
    @cython.locals(value=cython.ulonglong, known=cython.bint)
    cpdef bint is_known(self, str word)
    cpdef read(self, str text, str title)
    cpdef read_ad(self, str combined, int title_end, int text_offset)
    cdef void read_words(self, AdTokens tokens) noexcept nogil
    cpdef read_title(self, str title)
    @cython.locals(left_open=cython.int)
    cpdef read_line(self, str combined, int title_end, int text_offset)
    cdef void judge_ad(self) noexcept nogil
    cdef void judge_title(self) noexcept nogil
    @cython.locals(k=cython.int, rest=cython.int, is_named=cython.bint, says_nothing=cython.bint, is_bare=cython.bint)
    cdef void judge_line(self) noexcept nogil
    @cython.locals(k=cython.int, stated=cython.double)
    cdef double stated(self) noexcept nogil
    cdef void note_reading(self, AdTokens tokens) noexcept nogil
    @cython.locals(k=cython.int, d=cython.int, row=cython.int, stated=cython.double, share=cython.double, start=cython.double, scale=cython.double, required=cython.double, words=cython.double, rating=cython.double)
    cdef void judge(self) noexcept nogil
    @cython.locals(k=cython.int, i=cython.int, row=cython.int, share=cython.double, weight=cython.double)
    cdef void blend(self) noexcept nogil
    @cython.locals(n=cython.int)
    cdef int note_of_ad(self) noexcept nogil
    cdef int form(self, AdTokens tokens) noexcept nogil
    cdef double work_sum(self, int form) noexcept nogil
    @cython.locals(n=cython.int, chinese=cython.int, job=cython.double, work=cython.double, least=cython.double)
    cdef int note_of_line(self, int rest, bint is_named) noexcept nogil
    @cython.locals(decision=cython.double[:, ::1], k=cython.int, d=cython.int, best=cython.int, academic=cython.double, hands_on=cython.double, most=cython.double, total=cython.double, linear=cython.double, mean=cython.double, other=cython.double)
    cdef void weigh_labels(self) noexcept nogil
    @cython.locals(k=cython.int, d=cython.int)
    cpdef store(self, double[:, ::1] numbers, signed char[:, ::1] codes, int row)
    cdef bint says_something(self)
    cpdef share_out(self)
    cpdef tuple job_in(self, str title)
    cpdef double stated_part(self, int k, int d)
