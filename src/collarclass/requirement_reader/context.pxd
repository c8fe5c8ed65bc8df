cimport cython
cimport collarclass.requirement_reader.phrases as phrases
cimport collarclass.requirement_reader.scope as scopes
cimport collarclass.text.hashing as hashing
from collarclass.requirement_reader.mentions cimport Mentions
from collarclass.requirement_reader.phrases cimport Phrases
from collarclass.requirement_reader.scope cimport FactList, Scope
from collarclass.text.ad_tokens cimport AdTokens

cdef int CHOICE, FRESH, OPENING, SCHOOLING, TIME, TITLE
cdef int HEADING, LEVEL, NO_SCHOOLING, OR, YEARS
cdef int OF_CREDENTIAL, OF_SCHOOLING, OF_YEARS
cdef int OWN_CLASS, ENDS_AND_LENGTH, FIRST_WORD, LAST_WORD, HALF_YEARS
cdef int SIGN_BEFORE, SIGN_BEHIND, TWO_SIGNS_BEFORE, TWO_SIGNS_BEHIND, WORD, CUE, NEAREST_CUE, NEAREST_CUES
cdef int SECTION, SECTION_AND_DISTANCE, UNDER_HEADING, HEADING_AND_DISTANCE
cdef int NEIGHBOUR, NEIGHBOUR_AND_DISTANCE, NEIGHBOURS_LEVEL, SIGN_TOWARDS, WORD_TOWARDS
cdef int FAR_NEIGHBOUR_TOKENS, FAR_WORDS_BEFORE, FAR_WORDS_BEHIND, MAX_CUE_SENTENCES, MAX_CUE_TOKENS
cdef int MAX_GAP, MAX_HALF_YEARS, MAX_JOINED_TOKENS, MAX_PLACES, N_BETWEEN, N_CUES, N_NEAREST_CUES, WORDS_BEFORE, WORDS_BEHIND
cdef int BEFORE, BEHIND, COLON, BREAK
cdef int NO_LEVEL_CODE, LOWER, SAME, HIGHER, UNCOMPARED, N_CHOICES, NONE

@cython.final
cdef class Context:
    cdef readonly Mentions mentions
    cdef readonly FactList facts
    cdef Phrases items, cues
    cdef Scope scope
    cdef int[::1] level_codes, silent, word_steps, gap_steps
    cdef readonly unsigned long long[::1] ends
    cdef readonly int[::1] choice
    cpdef Context read_ad(self, AdTokens ad)
    cpdef Context load_ad(self, dict ad)
    cdef void read(self, AdTokens ad) noexcept nogil
    cdef void read_levels(self) noexcept nogil
    @cython.locals(starts=cython.bint, stops=cython.bint, colon=cython.bint)
    cdef void gather_cues(self, AdTokens ad) noexcept nogil
    @cython.locals(is_fresh=cython.bint)
    cdef void gather_items(self) noexcept nogil
    cdef bint is_joined(self, int i, int before) noexcept nogil
    cdef int code_of(self, int i) noexcept nogil
    cdef int value_of(self, int i) noexcept nogil
    cdef void add_class(self, int i) noexcept nogil
    @cython.locals(sign_before=cython.longlong, sign_behind=cython.longlong)
    cdef void add_own(self, AdTokens ad, int i) noexcept nogil
    cdef void add_words_around(self, AdTokens ad, int i, int nearest_before, int furthest_before, int nearest_behind, int furthest_behind) noexcept nogil
    cdef void add_word(self, AdTokens ad, int i, int token, int place) noexcept nogil
    @cython.locals(is_between=cython.bint)
    cdef void add_cues(self, AdTokens ad, int i) noexcept nogil
    cdef bint is_near(self, int i, int k, int gap) noexcept nogil
    @cython.locals(comma=cython.bint)
    cdef void add_cue(self, AdTokens ad, int i, int k, int left, int right, int side, bint schooling_between) noexcept nogil
    cdef bint speaks(self, int i, int k) noexcept nogil
    cdef int code_of_cue(self, int k) noexcept nogil
    cdef void add_section(self, int i) noexcept nogil
    cdef void add_opening(self, int i, int k, int kind, int kind_with_distance) noexcept nogil
    cdef int compare(self, int i, int other) noexcept nogil
    cdef void add_neighbours(self, AdTokens ad, int i, bint has_text) noexcept nogil
    cdef void add_neighbour(self, AdTokens ad, int i, int other, int group, int side, bint has_text) noexcept nogil
    cdef void add_between(self, AdTokens ad, int left, int right, int code, int gap) noexcept nogil

cdef int group_of(int group) noexcept nogil
cdef int flag(bint condition) noexcept nogil
cdef int half_years(double years) noexcept nogil
cdef unsigned long long ends_of(AdTokens ad, int first, int last) noexcept nogil
