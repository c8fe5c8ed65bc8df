cimport cython
from libc cimport math
from collarclass.requirement_reader.context cimport Context
from collarclass.requirement_reader.mentions cimport Mentions
from collarclass.requirement_reader.phrases cimport Phrases, Words
from collarclass.requirement_reader.scope cimport FactList

cdef int NOT_NEEDED, PREFERRED, REQUIRED, SUBSTITUTABLE, UNSTATED, FIELD, LEVEL, NO_SCHOOLING
cdef int ALTERNATIVE, FREE, N_DECIDING, N_LEVEL_STATUSES, N_MENTION, NO_OUTCOME, NOTHING
cdef int MAX_NEIGHBOURS, MAX_PLACES, N_OUTCOMES, N_RELATIONS, N_ANSWERS, N_OTHERS
cdef int ASKED_HIGHER, ASKED_LOWER, ASKED_SAME, ASKED_HIGHER_APART, ASKED_LOWER_JOINED, ASKED_HIGHER_JOINED
cdef int PREFERRED_NOT_LOWER, PREFERRED_LOWER, SUBSTITUTABLE_TOO, NOT_NEEDED_TOO, REQUIRED_HIGHER_TOO, ALTERNATIVE_BEHIND
cdef double MIN_PROBABILITY, RELATION_SCALE

cdef class Answers:
    cdef readonly Mentions mentions
    cdef readonly Context context
    cdef FactList facts
    cdef Phrases items
    cdef Words words
    cdef const float[:, ::1] relation_weight
    cdef double mention_power, ad_power
    cdef readonly double[::1] outcome, alternative, deciding, likely
    cdef double[::1] relation, other
    cdef int[::1] schooling
    cdef readonly int level, status
    cdef void decide_schooling(self) noexcept nogil
    @cython.locals(most=cython.double, total=cython.double)
    cdef void judge_mentions(self) noexcept nogil
    cdef double likely_as(self, int i, int status) noexcept nogil
    cdef double asked(self, int i) noexcept nogil
    cdef int level_of(self, int i) noexcept nogil
    cpdef object relate_ad(self, dict ad, outcome, alternative)
    cdef double stated(self, int i) noexcept nogil
    cdef void weigh_relations(self) noexcept nogil
    cdef void relate_mentions(self) noexcept nogil
    cdef void compare_with_others(self, int place, int n) noexcept nogil
    cdef void compare_with(self, int place, int other_place, double linked, double alternative_behind) noexcept nogil
    cdef void raise_other(self, int k, double value) noexcept nogil
    cdef void find_answer(self) noexcept nogil
    cdef bint may_decide(self, int i, int status) noexcept nogil
    cdef void soften(self) noexcept nogil
    cdef int finding_level(self, int i) noexcept nogil
