cimport cython
from collarclass.requirement_reader.phrases cimport PhraseFinder, Phrases, Words
from collarclass.text.ad_tokens cimport AdTokens

cdef int DENIAL, UNDER_WAY_BEFORE, UNDER_WAY_BEHIND
cdef int CERTIFICATE, SKILL_GRADE, EXPERIENCE_TOPIC, FIELD, GENERAL, LEVEL, MARK, N_ITEMS, NO, NO_SCHOOLING, CUE_NOT_NEEDED, PURSUING
cdef int STANDS_AFTER, STANDS_BEFORE, SUBSTITUTE, TOPIC, YEARS
cdef int MAX_DENIAL_TOKENS, MAX_QUALIFYING_TOKENS, MAX_TOKENS_FROM_PURSUING, MAX_TOKENS_TO_PURSUING
cdef int MIN_ROOM, MIN_LETTERS_RUN_INTO, MIN_PAY_DIGITS, COMMA, SEMICOLON, BRACKET
cdef int BLANK, ZERO, DOLLAR, POUND, YEN, EURO

@cython.final
cdef int FIRST_YEAR, HALF_YEAR, IN_MONTHS, MAX_LETTERS_ACROSS, MAX_LETTERS_BETWEEN, MIN_AGE_YEARS, N_BACK
cdef int COLON, HYPHEN, DOT, ENUMERATION, CLOSING, LITTLE_A, LITTLE_Z
cdef double UNKNOWN

@cython.final
cdef class YearCounter:
    cdef Words words
    cdef double[::1] number, written
    cdef int steps
    @cython.locals(least=cython.double)
    cdef double count(self, AdTokens ad, int[::1] sentence, Phrases items, int item) noexcept nogil
    cdef double number_at(self, AdTokens ad, int token) noexcept nogil
    cdef void read_before(self, AdTokens ad, int[::1] sentence, int first) noexcept nogil
    cdef void join_decimals(self, AdTokens ad, int first) noexcept nogil

cdef class Mentions:
    cdef readonly Words words
    cdef PhraseFinder finder
    cdef YearCounter counter
    cdef Phrases found
    cdef readonly Phrases items, cues
    cdef int room
    cdef readonly int[::1] figure, pursuing, sentence
    cdef readonly double[::1] years
    cpdef reserve(self, int n_tokens)
    cpdef load(self, dict ad)
    cdef void find(self, AdTokens ad) noexcept nogil
    cdef void cut_sentences(self, AdTokens ad) noexcept nogil
    cdef bint is_run_into(self, AdTokens ad, int token) noexcept nogil
    cdef void sort(self, AdTokens ad) noexcept nogil
    cdef void join_equivalent(self, AdTokens ad) noexcept nogil
    cdef void gather_cues(self) noexcept nogil
    cdef void keep_items(self, AdTokens ad) noexcept nogil
    cdef bint is_denied(self, int item) noexcept nogil
    @cython.locals(is_near=cython.bint)
    cdef bint is_pursued(self, int item) noexcept nogil

cdef bint is_paid(AdTokens ad, int last) noexcept nogil
cdef bint is_digit(int sign) noexcept nogil
cdef bint is_tens(double number, bint ideograph, int gap) noexcept nogil
cdef bint is_listed(AdTokens ad, int token) noexcept nogil
cdef bint is_colon_behind(AdTokens ad, int last) noexcept nogil
cdef double last_digit(AdTokens ad, int token) noexcept nogil
