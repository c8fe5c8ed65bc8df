cimport cython
from libc cimport math
from collarclass.requirement_reader.answers cimport Answers
from collarclass.requirement_reader.phrases cimport Phrases
from collarclass.requirement_reader.scope cimport FactList
from collarclass.text.ad_tokens cimport AdTokens

cdef int NOT_NEEDED, PREFERRED, SUBSTITUTABLE, UNSTATED, ACADEMIC, CERTIFICATE, DOUBTFUL, DRIVING, HEADING, LEVEL
cdef int LICENCE, VOCATIONAL
cdef int N_DECIDING, N_OF_SCHOOLING, NO_OUTCOME, NOTHING
cdef int OF_CERTIFICATE, OF_DRIVING, OF_EXPERIENCE, OF_LICENCE, OF_SCHOOLING, OF_SKILL_GRADE
cdef int MAX_PLACES, N_OUTCOMES, N_FEATURES, N_ANSWERS, BACHELOR
cdef int PREFERS_MORE, PURSUING, ACADEMIC_CERTIFICATES, VOCATIONAL_CERTIFICATES, SKILL_GRADES, DRIVES, YEARS_ASKED
cdef double MIN_STATED, MINUS_INFINITY, MAX_COUNT, MAX_YEARS

@cython.final
cdef class RequirementReader(Answers):
    cdef public bint keep_reasons
    cdef object credential_ids, credential_names
    cdef dict qualifiers
    cdef bint is_chinese
    cdef const double[:, :, ::1] features_of_answers
    cdef int[::1] kinds, strength, kept, judged, exact, root
    cdef readonly int preferred, n
    cdef readonly double[::1] features, confidence
    cdef readonly int[::1] carrier, certificate_status
    cdef readonly int[::1] mention, kind, finding_status, value, nature, credential, decides
    cpdef reserve(self, int n_tokens)
    cpdef RequirementReader read_ad(self, AdTokens ad)
    cdef void read(self, AdTokens ad) noexcept nogil
    cdef void decide(self) noexcept nogil
    cpdef RequirementReader judge_ad(self, dict ad, sums)
    @cython.locals(most=cython.double)
    cdef void judge_findings(self) noexcept nogil
    cdef bint fits(self, int i, int status) noexcept nogil
    cdef bint gives_answer(self, int i) noexcept nogil
    cdef bint is_credential(self, int i) noexcept nogil
    cdef bint is_bare(self, int i) noexcept nogil
    cdef void name_credential(self, int i) noexcept nogil
    cdef bint is_repeated(self, int i) noexcept nogil
    cdef int standing(self, int i) noexcept nogil
    cdef void list_findings(self) noexcept nogil
    cdef void add_finding(self, int i) noexcept nogil
    cdef double confidence_of(self, int i) noexcept nogil
    cdef int kind_of(self, int i) noexcept nogil
    cdef bint is_decisive(self, int k) noexcept nogil
    @cython.locals(is_sure=cython.bint)
    cdef void measure_features(self) noexcept nogil
    cdef void count_finding(self, int k) noexcept nogil
    cdef void count(self, int column, int k, double value) noexcept nogil
    cdef int leading_finding(self) noexcept nogil
    @cython.locals(is_grade=cython.bint)
    cdef void measure_certificates(self) noexcept nogil
    cpdef int first_of(self, int k)
    cpdef int last_of(self, int k)
    @cython.locals(words=list, i=cython.int, first=cython.ulonglong)
    cdef int credential_of(self, AdTokens ad, int k) except -2
    cpdef tuple certificates(self, AdTokens ad)
    cpdef tuple findings(self, AdTokens ad, str text, str title)
    cdef object requirement(self, AdTokens ad, str text, str title, int k)
    @cython.locals(cues=Phrases, weight=cython.double, most=cython.double, status=cython.int, best=cython.int)
    cdef object cue_of(self, AdTokens ad, str text, str title, int k)
    @cython.locals(is_beside=cython.bint)
    cdef bint is_about(self, int cue, int k)
    cdef bint is_heading(self, int cue)
    cdef int status_of_cue(self, AdTokens ad, int cue) except -1
    @cython.locals(facts=FactList, weight=cython.double)
    cdef double weight_of_words(self, int mention, int first, int last, int outcome)

cdef bint is_certificate(int kind) noexcept nogil
