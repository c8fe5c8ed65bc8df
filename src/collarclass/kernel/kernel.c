/* The loops of reading text, compiled.
 *
 * Each function does what a function of the package does with numpy, named in its comment, and gives the same numbers
 * to the last bit: sums are taken in the same order, and nothing is fused or reordered.
 *
 * Nothing here allocates. Every array, results and scratch alike, is the caller's, and its length is passed along or
 * follows from one that is. Every index is checked against it, or stays within it by what the comments say; what
 * would not fit is left out, so that a wrong size gives wrong results but touches no foreign memory. All functions
 * take time linear in their input, whatever it holds. The machine has to be little-endian.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#ifdef __GNUC__
#define PREFETCH(place) __builtin_prefetch(place)
#else
#define PREFETCH(place) ((void)0)
#endif

#ifndef SOURCE_DIGEST
#define SOURCE_DIGEST ""
#endif

/* SHA-256 of this file when it was compiled: another version of it is not to be called. */
EXPORT const char *source_digest(void) { return SOURCE_DIGEST; }

/* ---- Hashes: `mix` of text/tokens.py --------------------------------------------------------------------------- */

#define STEP UINT64_C(0x9E3779B97F4A7C15)
#define PAIR UINT64_C(0xD6E8FEB86659FD93)
#define TRIPLE UINT64_C(0xCA5A826395121157)

static inline uint64_t mix(uint64_t value) {
    value *= UINT64_C(0xBF58476D1CE4E5B9);
    value ^= value >> 32;
    return value * UINT64_C(0x94D049BB133111EB);
}

/* ---- Tokens: `_tokenize` of text/tokens.py --------------------------------------------------------------------- */

enum { SPACE, LOWER, UPPER, IDEOGRAPH, BREAK, STOP, TAIL, APOSTROPHE, SKIP };

#define STEM 5
#define HASHED_BYTES 64
#define BEYOND 0xFFFF /* characters above stand in the tables as this one */

static inline int is_letter(uint8_t kind) { return kind == LOWER || kind == UPPER; }

static inline int is_digit(uint16_t unit) { return (uint16_t)(unit - '0') < 10; }

static inline int is_latin(uint16_t unit) { return (uint16_t)(unit - 'a') <= 'z' - 'a'; }

/* Whether a character belongs to a word: a letter or figure, or one of two signs behind it (C++, C#, 5+). */
static inline int in_word(const uint8_t *kind, int64_t at) {
    if (at < 0) return 0;
    if (kind[at] != TAIL) return is_letter(kind[at]);
    if (at < 1) return 0;
    return is_letter(kind[at - 1]) || (kind[at - 1] == TAIL && at > 1 && is_letter(kind[at - 2]));
}

/* Whether a word of letters ends before a letter at a place that a letter stands before as well. */
static inline int is_cut(const uint8_t *kind, const uint16_t *folded, int64_t at, int64_t n) {
    if (kind[at] == UPPER) {
        if (kind[at - 1] == LOWER) return 1; /* "TeamLeader" */
        if (at > 4 && at < n - 3 && kind[at + 1] == LOWER && kind[at + 2] == LOWER && kind[at + 3] == LOWER)
            return kind[at - 1] == UPPER && kind[at - 2] == UPPER && kind[at - 3] == UPPER && kind[at - 4] == UPPER;
        return 0;
    }
    if (!is_digit(folded[at]) || at < 4) return 0; /* "skills4+", "skills10+" */
    if (!is_latin(folded[at - 1]) || !is_latin(folded[at - 2]) || !is_latin(folded[at - 3])) return 0;
    if (at + 1 < n && kind[at + 1] == TAIL) return 1;
    return at + 2 < n && is_digit(folded[at + 1]) && kind[at + 2] == TAIL;
}

/* What a full stop ends: nothing (0), a passage (1), or a sentence and with it a passage (2). */
static inline int stop_ends(const uint8_t *kind, const uint16_t *folded, int64_t at, int64_t n) {
    if (at < 1 || at + 1 >= n) return 0;
    if (!is_letter(kind[at + 1]) && kind[at + 1] != IDEOGRAPH && in_word(kind, at - 1) && in_word(kind, at - 2))
        return 2;
    if (kind[at + 1] == UPPER && at > 2 && kind[at - 1] == LOWER && kind[at - 2] == LOWER && kind[at - 3] == LOWER &&
        kind[at + 2 < n ? at + 2 : n - 1] == LOWER)
        return 2; /* "in a team.Bachelor's degree" */
    return folded[at - 1] == ')' && folded[at + 1] == ' ';
}

/* Read code points, laid out as `_lay_out` does it, into tokens.
 *
 * code_points[n]; row_starts[n_rows + 1], ascending, the first 1, the last n; kinds and folds[65536]. All else is
 * filled: kind, folded, dropped[n]; narrow[n + 8]; found[4 * n]: start, end, sentence and passage of each token;
 * first[n_rows + 1]. counts[0..2] are the numbers of tokens, of characters dropped, and of those kept.
 */
EXPORT void scan_tokens(const uint32_t *code_points, int64_t n, const int64_t *row_starts, int64_t n_rows,
                        const uint8_t *kinds, const uint16_t *folds, uint8_t *kind, uint16_t *folded, uint8_t *narrow,
                        int64_t *dropped, int32_t *found, int64_t *first, int64_t *counts) {
    int64_t kept = 0, n_dropped = 0, n_tokens = 0, row = 0, at = 0;
    int32_t sentence = 0, passage = 0;
    for (int64_t begin = 0; begin < n;) {
        /* The line break before the first row, then each row with the line break behind it. */
        int64_t stop = begin == 0 ? 1 : n;
        if (begin > 0 && row < n_rows && row_starts[row + 1] > begin && row_starts[row + 1] < n)
            stop = row_starts[row + 1];
        if (begin > 0 && row < n_rows) first[row++] = n_tokens;
        for (int64_t i = begin; i < stop; i++) {
            uint32_t c = code_points[i] < BEYOND ? code_points[i] : BEYOND;
            uint8_t k = kinds[c];
            if (k >= APOSTROPHE) {
                int vanishes = k == SKIP;
                if (k == APOSTROPHE && i > 0 && i + 1 < n) {
                    uint32_t left = code_points[i - 1], right = code_points[i + 1];
                    vanishes = is_letter(kinds[left < BEYOND ? left : BEYOND]) &&
                               is_letter(kinds[right < BEYOND ? right : BEYOND]);
                }
                if (vanishes) {
                    dropped[n_dropped] = i - n_dropped;
                    n_dropped++;
                    continue;
                }
            }
            kind[kept] = k;
            folded[kept] = folds[c];
            narrow[kept] = (uint8_t)folds[c];
            kept++;
        }
        begin = stop;
        /* Rows end in a line break, which no token and none of the signs looked at below reaches across. */
        while (at < kept) {
            uint8_t k = kind[at];
            if (is_letter(k)) {
                int64_t end = at + 1;
                while (end < kept && (is_letter(kind[end]) ? !is_cut(kind, folded, end, kept) : in_word(kind, end)))
                    end++;
                int32_t *token = found + 4 * n_tokens++;
                token[0] = (int32_t)at, token[1] = (int32_t)end, token[2] = sentence, token[3] = passage;
                at = end;
                continue;
            }
            if (k == IDEOGRAPH) {
                int32_t *token = found + 4 * n_tokens++;
                token[0] = (int32_t)at, token[1] = (int32_t)at + 1, token[2] = sentence, token[3] = passage;
            } else if (k == BREAK) {
                sentence++, passage++;
            } else if (k == STOP) {
                int ends = stop_ends(kind, folded, at, kept);
                sentence += ends == 2, passage += ends > 0;
            }
            at++;
        }
    }
    while (row <= n_rows) first[row++] = n_tokens;
    memset(narrow + kept, 0, 8);
    counts[0] = n_tokens, counts[1] = n_dropped, counts[2] = kept;
}

static inline uint64_t eight_bytes(const uint8_t *units) {
    uint64_t value;
    memcpy(&value, units, 8);
    return value;
}

/* Hash of units as bytes; eight more may be read behind them. */
static inline uint64_t hash_narrow(const uint8_t *units, int64_t length) {
    if (length < 8) return mix(eight_bytes(units) & ((UINT64_C(1) << (8 * length)) - 1));
    uint64_t hash = mix(eight_bytes(units));
    if (length == 8) return hash;
    hash = mix(hash * STEP + eight_bytes(units + length - 8) + (uint64_t)length);
    for (int64_t first = 8; first < HASHED_BYTES - 8 && length > first + 8; first += 8)
        hash = mix(hash * STEP + eight_bytes(units + first));
    return hash;
}

static inline uint64_t four_units(const uint16_t *units, int64_t length) {
    uint64_t value = 0;
    for (int64_t i = 0; i < 4 && i < length; i++) value |= (uint64_t)units[i] << (16 * i);
    return value;
}

/* The same of 16-bit units. */
static uint64_t hash_wide(const uint16_t *units, int64_t length) {
    uint64_t hash = mix(four_units(units, length));
    if (length <= 4) return hash;
    hash = mix(hash * STEP + four_units(units + length - 4, 4) + (uint64_t)length);
    for (int64_t first = 4; first < HASHED_BYTES / 2 - 4 && length > first + 4; first += 4)
        hash = mix(hash * STEP + four_units(units + first, 4));
    return hash;
}

/* Lay out what `scan_tokens` found, and hash it: all results [n_tokens]. */
EXPORT void fill_tokens(const int32_t *found, int64_t n_tokens, const uint8_t *kind, const uint16_t *folded,
                        const uint8_t *narrow, const int64_t *first, int64_t n_rows, uint64_t *hash, uint64_t *stem,
                        int64_t *row, int64_t *start, int64_t *end, int64_t *sentence, uint8_t *ideograph,
                        int64_t *passage) {
    int64_t r = 0;
    for (int64_t i = 0; i < n_tokens; i++) {
        int64_t a = found[4 * i], b = found[4 * i + 1];
        while (r + 1 < n_rows && first[r + 1] <= i) r++;
        row[i] = r, start[i] = a, end[i] = b;
        sentence[i] = found[4 * i + 2], passage[i] = found[4 * i + 3];
        ideograph[i] = kind[a] == IDEOGRAPH;
        uint16_t any = 0;
        for (int64_t k = a; k < b; k++) any |= folded[k];
        if (any > 0xFF) {
            hash[i] = stem[i] = ~hash_wide(folded + a, b - a);
        } else {
            hash[i] = stem[i] = hash_narrow(narrow + a, b - a);
            if (b - a > STEM && is_latin(folded[a])) stem[i] = hash_narrow(narrow + a, STEM);
        }
    }
}

/* ---- Known n-grams: `Vocabulary.find` and `count_terms` of features/ngrams.py ---------------------------------- */

typedef struct {
    const uint64_t *table; /* open addressing: the low half of a hash, and the term's number plus one */
    int64_t size;
    int64_t shift;
    int64_t n_terms;
} Vocabulary;

/* Number of a hash, -1 if it is not known. */
static inline int64_t number_of(const Vocabulary *v, uint64_t hash) {
    for (int64_t slot = (int64_t)(hash >> v->shift); slot < v->size; slot++) {
        uint64_t entry = v->table[slot];
        if (entry == 0) return -1;
        if ((entry ^ (hash << 32)) < (UINT64_C(1) << 32)) {
            int64_t number = (int64_t)(entry & UINT64_C(0xFFFFFFFF)) - 1;
            return number < v->n_terms ? number : -1;
        }
    }
    return -1;
}

static inline void prefetch_slot(const Vocabulary *v, uint64_t hash) {
    int64_t slot = (int64_t)(hash >> v->shift);
    if (slot < v->size) PREFETCH(v->table + slot);
}

#define BLOCK 64 /* hashes whose slots are fetched before the first of them is looked at */

/* Which of some hashes are known, and the number of each: where, number[n]; returns how many. */
EXPORT int64_t find_hashes(const uint64_t *hashes, int64_t n, const uint64_t *table, int64_t size, int64_t shift,
                           int64_t n_terms, int64_t *where, int64_t *number) {
    const Vocabulary v = {table, size, shift, n_terms};
    int64_t found = 0;
    for (int64_t begin = 0; begin < n; begin += BLOCK) {
        int64_t stop = begin + BLOCK < n ? begin + BLOCK : n;
        for (int64_t i = begin; i < stop; i++) prefetch_slot(&v, hashes[i]);
        for (int64_t i = begin; i < stop; i++) {
            int64_t k = number_of(&v, hashes[i]);
            where[found] = i, number[found] = k;
            found += k >= 0; /* at most i + 1 */
        }
    }
    return found;
}

typedef struct {
    const Vocabulary *vocabulary;
    int32_t *seen;  /* [n_terms]: one more than where each term was last put down */
    int32_t *found; /* term, times, first token, row of each */
    int64_t n, base, row;
    uint64_t hash[BLOCK];
    int64_t place[BLOCK];
    int waiting;
} Counting;

/* Look up the n-grams that wait, and count them; returns how many of them are known. */
static int64_t settle_waiting(Counting *c) {
    int64_t known = 0;
    for (int i = 0; i < c->waiting; i++) {
        int64_t term = number_of(c->vocabulary, c->hash[i]);
        if (term < 0) continue;
        known++;
        int64_t before = (int64_t)c->seen[term] - 1;
        if (before >= c->base) {
            c->found[4 * before + 1]++;
        } else {
            int32_t *new = c->found + 4 * c->n++;
            new[0] = (int32_t)term, new[1] = 1, new[2] = (int32_t)c->place[i], new[3] = (int32_t)c->row;
            c->seen[term] = (int32_t)c->n;
        }
    }
    c->waiting = 0;
    return known;
}

static inline int64_t wait_for(Counting *c, uint64_t hash, int64_t place) {
    prefetch_slot(c->vocabulary, hash);
    c->hash[c->waiting] = hash, c->place[c->waiting] = place;
    return ++c->waiting == BLOCK ? settle_waiting(c) : 0;
}

/* Count the known n-grams of each row's first `reach` tokens, row by row: found[4 * 4 * tokens read].
 *
 * first[n_rows + 1] and reach[n_rows] bound the rows; seen[n_terms] is scratch, all 0. known[n_rows] gets how many
 * tokens of each row are known. Returns the number of terms.
 */
EXPORT int64_t count_terms(const uint64_t *hash, const uint64_t *stem, const int64_t *sentence,
                           const uint8_t *ideograph, const int64_t *first, const int64_t *reach, int64_t n_rows,
                           const uint64_t *table, int64_t size, int64_t shift, int64_t n_terms, int32_t *seen,
                           int32_t *found, int64_t *known) {
    const Vocabulary v = {table, size, shift, n_terms};
    Counting c = {.vocabulary = &v, .seen = seen, .found = found};
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t begin = first[row], stop = first[row + 1];
        if (stop - begin > reach[row]) stop = begin + reach[row];
        c.base = c.n, c.row = row;
        int64_t words = 0;
        for (int64_t i = begin; i < stop; i++) words += wait_for(&c, hash[i], i);
        known[row] = words + settle_waiting(&c);
        for (int64_t i = begin; i + 1 < stop; i++)
            if (sentence[i] == sentence[i + 1]) wait_for(&c, mix(hash[i] * PAIR + hash[i + 1]), i);
        settle_waiting(&c);
        for (int64_t i = begin; i + 2 < stop; i++)
            if (ideograph[i] && ideograph[i + 1] && ideograph[i + 2] && sentence[i] == sentence[i + 2])
                wait_for(&c, mix((hash[i] * PAIR + hash[i + 1]) * TRIPLE + hash[i + 2]), i);
        settle_waiting(&c);
        for (int64_t i = begin; i < stop; i++)
            if (stem[i] != hash[i]) wait_for(&c, stem[i], i);
        settle_waiting(&c);
    }
    return c.n;
}

/* Lay out what `count_terms` found: all results [n]. damped[n_damped] are the logarithms of counts. */
EXPORT void fill_terms(const int32_t *found, int64_t n, const uint8_t *order, const double *damped, int64_t n_damped,
                       int64_t *row, int64_t *term, int64_t *times, double *value, int64_t *first, int64_t *last) {
    for (int64_t i = 0; i < n; i++) {
        const int32_t *one = found + 4 * i;
        term[i] = one[0], times[i] = one[1], first[i] = one[2], row[i] = one[3];
        value[i] = damped[one[1] < n_damped ? one[1] : n_damped - 1];
        last[i] = first[i] + order[one[0]] - 1;
    }
}

/* Scaled values, each row brought to length one, as `Block.values`: value[n]; norm[n_rows] is scratch, all 0. */
EXPORT void scale_values(const int64_t *row, const int64_t *term, const double *count, int64_t n, const float *scale,
                         int64_t n_rows, double *norm, double *value) {
    for (int64_t i = 0; i < n; i++) {
        value[i] = count[i] * (double)scale[term[i]];
        norm[row[i]] += value[i] * value[i];
    }
    for (int64_t r = 0; r < n_rows; r++) norm[r] = norm[r] == 0 ? 1.0 : sqrt(norm[r]);
    for (int64_t i = 0; i < n; i++) value[i] /= norm[row[i]];
}

/* Sums of each row's values by both weights of its terms: sums[2 * n_rows], all 0 before. */
EXPORT void sum_words(const int64_t *row, const int64_t *term, const double *value, int64_t n, const float *weight,
                      int64_t n_rows, double *sums) {
    for (int64_t i = 0; i < n; i++) {
        sums[row[i]] += value[i] * (double)weight[2 * term[i]];
        sums[n_rows + row[i]] += value[i] * (double)weight[2 * term[i] + 1];
    }
}

/* Sums of weights of each mention's features: `sum_weights` of requirement_reader/decide.py; sums[n * width], all 0. */
EXPORT void sum_weights(const int64_t *number, const int64_t *starts, int64_t n, const float *weight, int64_t width,
                        double *sums) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = starts[i]; k < starts[i + 1]; k++)
            for (int64_t j = 0; j < width; j++) sums[i * width + j] += (double)weight[number[k] * width + j];
}

/* ---- Phrases: `find_phrases` of requirement_reader/phrases.py -------------------------------------------------- */

enum { OF_ITEM = 1, OF_CUE = 2 };

#define LEFT 250
#define RIGHT 80
#define MOST_PLACES 250
#define LONGEST 15
#define PAIR_BITS 19
#define ENUMERATION 0x3001

typedef struct {
    const uint64_t *hash;
    const int64_t *sentence, *start, *end;
    const uint8_t *ideograph;
    const uint16_t *folded;
    int64_t n;
} Stream;

typedef struct {
    Vocabulary prefixes;
    const int32_t *phrase; /* [n_prefixes]: number of the phrase, -1 for the beginning of longer ones alone */
    const uint8_t *more;   /* [n_prefixes]: whether longer phrases begin so */
    const uint8_t *firsts, *words; /* [65536] */
    const uint8_t *pairs;          /* [1 << PAIR_BITS] */
    const int8_t *group;           /* [n_phrases] */
    int64_t n_phrases;
    int64_t n_items, decoy, years; /* of the classes */
} Lexicon;

typedef struct {
    int32_t phrase, size; /* the longest that stands; size 0 for none */
    int has_item;         /* whether any, standing or not, is of what may be asked for */
} Match;

static inline int is_of(uint8_t bits, int kind) { return kind == OF_ITEM ? bits & OF_ITEM : bits == OF_CUE; }

/* Whether the token behind a phrase is in its sentence; a Chinese phrase ends at a comma. */
static inline int goes_on(const Stream *s, int64_t begin, int64_t size) {
    if (begin + size >= s->n || s->sentence[begin + size] != s->sentence[begin]) return 0;
    int64_t last = begin + size - 1;
    return s->folded[s->end[last]] != ',' || !s->ideograph[last];
}

/* Whether a Chinese phrase is cut by a sign inside. */
static int is_divided(const Stream *s, const Lexicon *x, int64_t first, int64_t size, int32_t phrase) {
    int64_t last = first + size - 1;
    if (s->start[last] - s->start[first] < size || !s->ideograph[first]) return 0;
    if (x->group[phrase] == x->decoy) return 1;
    if (x->group[phrase] < x->n_items && size != 2) return 0;
    for (int64_t i = first; i < last; i++) {
        uint16_t sign = s->folded[s->end[i]];
        if (sign == ENUMERATION || (sign == '/' && size == 2)) return 1;
    }
    return 0;
}

static inline void take(const Stream *s, const Lexicon *x, Match *m, int64_t first, int64_t size, int64_t number,
                        int without_items) {
    int32_t phrase = x->phrase[number];
    if (phrase < 0 || phrase >= x->n_phrases) return;
    int item = x->group[phrase] < x->n_items;
    m->has_item |= item;
    if ((item && without_items) || is_divided(s, x, first, size, phrase)) return;
    m->phrase = phrase, m->size = (int32_t)size;
}

/* The phrases that begin at a token. */
static Match match_at(const Stream *s, const Lexicon *x, int64_t i, int kind, int without_items) {
    Match m = {0, 0, 0};
    uint64_t hash = s->hash[i];
    if (is_of(x->words[hash >> 48], kind)) {
        int64_t number = number_of(&x->prefixes, hash);
        if (number >= 0) take(s, x, &m, i, 1, number, without_items);
    }
    if (i + 1 >= s->n) return m;
    if (!is_of(x->pairs[((hash << 7) ^ s->hash[i + 1]) >> (64 - PAIR_BITS)], kind)) return m;
    for (int64_t size = 1; size < LONGEST && goes_on(s, i, size); size++) {
        hash = mix(hash * PAIR + s->hash[i + size]);
        int64_t number = number_of(&x->prefixes, hash);
        if (number < 0) break;
        take(s, x, &m, i, size + 1, number, without_items);
        if (!x->more[number]) break;
    }
    return m;
}

typedef struct {
    int32_t *first, *last, *weight, *phrase; /* phrases of a row, in order */
    int32_t *left, *right, *look, *dropped, *near, *stamp;
    uint8_t *alive;
    int32_t begin, stop; /* of the chain at work */
} Chain;

/* Whether a phrase overlaps its neighbour j and counts for less. */
static inline int is_pushed(const Chain *c, int32_t i, int32_t j) {
    if (j < c->begin || j >= c->stop) return 0;
    if (j < i) return c->first[i] <= c->last[j] && c->weight[j] >= c->weight[i];
    return c->first[j] <= c->last[i] && c->weight[i] < c->weight[j];
}

/* Whether a neighbour that stands itself pushes a phrase out. */
static inline int is_dropped(const Chain *c, int32_t i) {
    int32_t beside[2] = {c->left[i], c->right[i]};
    for (int k = 0; k < 2; k++) {
        int32_t j = beside[k];
        if (is_pushed(c, i, j) && !is_pushed(c, j, c->left[j]) && !is_pushed(c, j, c->right[j])) return 1;
    }
    return 0;
}

/* Which phrases of a chain stand when each may push out a lighter neighbour, in rounds, as `_settle_chains`. */
static void settle_rounds(Chain *c) {
    int32_t n_look = 0, round = 0;
    for (int32_t i = c->begin; i < c->stop; i++) {
        c->left[i] = i - 1, c->right[i] = i + 1, c->stamp[i] = 0;
        c->look[n_look++] = i;
    }
    for (;;) {
        int32_t n_dropped = 0, n_near = 0;
        for (int32_t k = 0; k < n_look; k++)
            if (is_dropped(c, c->look[k])) c->dropped[n_dropped++] = c->look[k];
        if (!n_dropped) return;
        round++;
        for (int32_t k = 0; k < n_dropped; k++) {
            int32_t i = c->dropped[k];
            c->alive[i] = 0;
            if (c->left[i] >= c->begin) c->right[c->left[i]] = c->right[i];
            if (c->right[i] < c->stop) c->left[c->right[i]] = c->left[i];
        }
        for (int32_t k = 0; k < n_dropped; k++)
            for (int side = 0; side < 2; side++) {
                const int32_t *next = side ? c->right : c->left;
                int32_t j = next[c->dropped[k]];
                for (int seen = 0; j >= c->begin && j < c->stop && seen < 2; j = next[j])
                    if (c->alive[j]) {
                        seen++;
                        if (c->stamp[j] != round) c->stamp[j] = round, c->near[n_near++] = j;
                    }
            }
        memcpy(c->look, c->near, (size_t)n_near * sizeof *c->look);
        n_look = n_near;
    }
}

/* Settle a chain of phrases of which each overlaps one before it. */
static void settle_chain(Chain *c) {
    int plain = 1;
    for (int32_t i = c->begin + 1; i < c->stop; i++)
        plain &= c->weight[i] <= c->weight[i - 1] && c->last[i] >= c->last[i - 1];
    if (!plain) {
        settle_rounds(c);
        return;
    }
    int32_t end = -1; /* the left always wins */
    for (int32_t i = c->begin; i < c->stop; i++) {
        c->alive[i] = c->first[i] > end;
        if (c->alive[i]) end = c->last[i];
    }
}

/* Best match at each token of a row: size and phrase[stop - begin], sizes all 0 before. */
static void match_row(const Stream *s, const Lexicon *x, int64_t begin, int64_t stop, int32_t *size, int32_t *phrase,
                      int32_t *items) {
    int64_t n_items = 0, end = stop;
    int full = 0;
    for (int64_t i = begin; i < end; i++) {
        if (!(x->firsts[s->hash[i] >> 48] & OF_ITEM)) continue;
        Match m = match_at(s, x, i, OF_ITEM, full);
        if (m.has_item && !full) {
            if (n_items < MOST_PLACES) {
                items[n_items++] = (int32_t)(i - begin);
            } else { /* from here on items are left out; words near the last stay */
                full = 1;
                m = match_at(s, x, i, OF_ITEM, full);
                if (i + RIGHT < end) end = i + RIGHT;
            }
        }
        size[i - begin] = m.size, phrase[i - begin] = m.phrase;
    }
    int64_t done = begin;
    for (int64_t k = 0; k < n_items; k++) {
        int64_t place = begin + items[k], from = place - LEFT, to = place + RIGHT;
        if (from < done) from = done;
        if (to > stop) to = stop;
        for (int64_t i = from; i < to; i++) {
            if (!x->firsts[s->hash[i] >> 48]) continue;
            Match m = match_at(s, x, i, OF_CUE, 0);
            if (m.size > size[i - begin]) size[i - begin] = m.size, phrase[i - begin] = m.phrase;
        }
        if (to > done) done = to;
    }
}

/* Find phrases: first, last, phrase[n] are filled; returns their number.
 *
 * row_first[n_rows + 1] bounds the rows, none longer than most_tokens; ints[12 * most_tokens] and
 * bytes[most_tokens] are scratch.
 */
EXPORT int64_t find_phrases(const uint64_t *hash, const int64_t *sentence, const int64_t *start, const int64_t *end,
                            const uint8_t *ideograph, const uint16_t *folded, int64_t n, const int64_t *row_first,
                            int64_t n_rows, int64_t most_tokens, const uint64_t *table, int64_t table_size,
                            int64_t shift, int64_t n_prefixes, const int32_t *prefix_phrase, const uint8_t *more,
                            const uint8_t *firsts, const uint8_t *words, const uint8_t *pairs, const int8_t *group,
                            int64_t n_phrases, const int64_t *classes, int32_t *ints, uint8_t *bytes, int32_t *first,
                            int32_t *last, int32_t *phrase) {
    const Stream s = {hash, sentence, start, end, ideograph, folded, n};
    const Lexicon x = {{table, table_size, shift, n_prefixes}, prefix_phrase, more,       firsts,     words, pairs,
                       group, n_phrases, classes[0], classes[1], classes[2]};
    int32_t *part[12];
    for (int k = 0; k < 12; k++) part[k] = ints + k * most_tokens;
    Chain c = {part[0], part[1], part[2], part[3], part[4], part[5], part[6], part[7], part[8], part[9], bytes, 0, 0};
    int32_t *size = part[10], *best = part[11];
    int64_t found = 0;
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t begin = row_first[row], stop = row_first[row + 1];
        if (stop - begin > most_tokens) stop = begin + most_tokens;
        memset(size, 0, (size_t)(stop - begin) * sizeof *size);
        match_row(&s, &x, begin, stop, size, best, part[4]);
        int32_t m = 0;
        for (int64_t i = 0; i < stop - begin; i++) {
            if (!size[i]) continue;
            int8_t class = group[best[i]];
            c.first[m] = (int32_t)i, c.last[m] = (int32_t)i + size[i] - 1, c.phrase[m] = best[i];
            /* The longer stands, then what may be asked for; years against a word more where they come first. */
            c.weight[m] = size[i] * 2 + (class < x.n_items) + (class == x.years);
            c.alive[m++] = 1;
        }
        for (c.begin = 0; c.begin < m; c.begin = c.stop) {
            int32_t reach = c.last[c.begin];
            for (c.stop = c.begin + 1; c.stop < m && c.first[c.stop] <= reach; c.stop++)
                if (c.last[c.stop] > reach) reach = c.last[c.stop];
            if (c.stop > c.begin + 1) settle_chain(&c);
        }
        for (int32_t i = 0; i < m; i++) {
            if (!c.alive[i]) continue;
            first[found] = (int32_t)begin + c.first[i], last[found] = (int32_t)begin + c.last[i];
            phrase[found++] = c.phrase[i];
        }
    }
    return found;
}

/* Sentence of each token, cut also where a line break was lost: `_sentences` of requirement_reader/mentions.py. */
EXPORT void cut_sentences(const int64_t *start, const int64_t *end, const uint8_t *ideograph, const int64_t *passage,
                          int64_t n, const int64_t *first, const int64_t *last, int64_t n_phrases, int64_t *sentence) {
    int64_t more = 0, k = 0; /* k phrases begin before the token */
    for (int64_t i = 0; i < n; i++) {
        if (i > 0 && start[i] == end[i - 1] && !ideograph[i] && !ideograph[i - 1] && end[i - 1] - start[i - 1] >= 3) {
            while (k < n_phrases && first[k] < i) k++;
            more += k == 0 || last[k - 1] < i;
        }
        sentence[i] = passage[i] + more;
    }
}
