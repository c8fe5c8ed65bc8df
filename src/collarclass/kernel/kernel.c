/* The loops of reading text, compiled.
 *
 * Each function does what a function of the package does with numpy, named in its comment, and gives the same numbers
 * to the last bit: sums are taken in the same order, and nothing is fused or reordered.
 *
 * Nothing here allocates. Every array, results and scratch alike, is the caller's, and its length is passed along or
 * follows from one that is. Every index is checked against it, or stays within it by what the comments say; what
 * would not fit is left out, so that a wrong size gives wrong results but touches no foreign memory. All functions
 * take time linear in their input, whatever it holds. The machine has to be little-endian, the compiler GCC or Clang.
 *
 * What cannot be foretold, such as where a word ends, is done without branches where it is done for every character or
 * token: by bit masks of 64 characters, and by lists to which each candidate is written but only some are kept.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
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

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

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
#define WIDE_LETTER (UINT32_C(1) << 24)

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

/* Whether a word in capitals ends before the last of them: "REQUIREMENTSBachelor". */
static inline int is_capital_cut(const uint8_t *kind, int64_t at, int64_t n) {
    for (int64_t i = at - 4; i <= at; i++)
        if (i < 1 || kind[i] != UPPER) return 0;
    return at < n - 3 && kind[at + 1] == LOWER && kind[at + 2] == LOWER && kind[at + 3] == LOWER;
}

/* Whether a word ends before the figures, one or two, that stand before a sign: "skills4+". */
static inline int is_figure_cut(const uint16_t *folded, int64_t sign, int64_t figures) {
    int64_t at = sign - figures;
    if (at < 4) return 0;
    for (int64_t i = at; i < sign; i++)
        if (!is_digit(folded[i])) return 0;
    return is_latin(folded[at - 1]) && is_latin(folded[at - 2]) && is_latin(folded[at - 3]);
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

/* Bits moved up by some places, with those of the 64 characters before. */
static inline uint64_t shifted(uint64_t bits, uint64_t before, int places) {
    return bits << places | before >> (64 - places);
}

static inline void set_bit(uint64_t *bits, int64_t at) { bits[at >> 6] |= UINT64_C(1) << (at & 63); }

/* The lowest bits of eight bytes as one byte. */
static inline uint64_t low_bits(uint64_t bytes) {
    return (bytes & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

/* Masks of a row's characters, a bit for each. */
enum { IS_LOWER, IS_UPPER, IS_IDEOGRAPH, IS_SPECIAL, IN_WORD, IS_CUT, ENDS_SENTENCE, ENDS_PASSAGE, N_MASKS };

typedef struct {
    uint8_t *kind; /* with eight more behind */
    uint16_t *folded;
    uint64_t *mask[N_MASKS];
} Row;

/* Masks of the kinds of n characters from a place on. */
static void mask_kinds(const Row *row, int64_t base, int64_t n) {
    for (int64_t w = 0; w < (n + 63) >> 6; w++) {
        uint64_t one = 0, two = 0, more = 0; /* bits of the numbers of the kinds */
        const uint8_t *kind = row->kind + base + 64 * w;
        int64_t left = n - 64 * w;
        for (int k = 0; k < 8 && 8 * k < left; k++) {
            uint64_t eight;
            memcpy(&eight, kind + 8 * k, 8);
            one |= low_bits(eight) << (8 * k);
            two |= low_bits(eight >> 1) << (8 * k);
            more |= low_bits(eight >> 2 | eight >> 3) << (8 * k);
        }
        if (left < 64) {
            uint64_t inside = (UINT64_C(1) << left) - 1;
            one &= inside, two &= inside, more &= inside;
        }
        row->mask[IS_LOWER][w] = one & ~two & ~more;
        row->mask[IS_UPPER][w] = two & ~one & ~more;
        row->mask[IS_IDEOGRAPH][w] = one & two & ~more;
        row->mask[IS_SPECIAL][w] = more;
    }
}

/* Take out of the n characters from a place on what vanishes: signs that are never seen, and apostrophes in words.
 * Where each stood, less those before, is put down in dropped; returns how many stay.
 */
static int64_t drop_invisible(const Row *row, int64_t base, int64_t n, int64_t begin, int64_t *dropped,
                              int64_t *n_dropped) {
    uint8_t *kind = row->kind + base;
    uint16_t *folded = row->folded + base;
    int64_t to = 0, from = 0; /* what lies before stands where it stays */
    for (int64_t w = 0; w < (n + 63) >> 6; w++)
        for (uint64_t special = row->mask[IS_SPECIAL][w]; special; special &= special - 1) {
            int64_t at = 64 * w + __builtin_ctzll(special);
            if (kind[at] < APOSTROPHE) continue;
            if (kind[at] == APOSTROPHE) {
                /* By the masks, for what stood before may have been moved over. */
                uint64_t before = at < 1 ? 0 : (row->mask[IS_LOWER][(at - 1) >> 6] | row->mask[IS_UPPER][(at - 1) >> 6])
                                                   >> ((at - 1) & 63) & 1;
                if (!before || at + 1 >= n || !is_letter(kind[at + 1])) continue;
            }
            if (to != from) {
                memmove(kind + to, kind + from, (size_t)(at - from));
                memmove(folded + to, folded + from, (size_t)(at - from) * sizeof *folded);
            }
            to += at - from, from = at + 1;
            dropped[*n_dropped] = begin + at - *n_dropped;
            ++*n_dropped;
        }
    if (to == from) return n;
    memmove(kind + to, kind + from, (size_t)(n - from));
    memmove(folded + to, folded + from, (size_t)(n - from) * sizeof *folded);
    return to + n - from;
}

/* Masks of what belongs to words, of where they are cut, and of where sentences and passages end. */
static void mask_words(const Row *row, int64_t base, int64_t n) {
    uint64_t *const *mask = row->mask;
    int64_t kept = base + n;
    for (int64_t w = 0; w < (n + 63) >> 6; w++) {
        uint64_t before = w ? mask[IS_UPPER][w - 1] : 0, capitals = mask[IS_UPPER][w];
        mask[IN_WORD][w] = mask[IS_LOWER][w] | mask[IS_UPPER][w];
        mask[IS_CUT][w] = mask[IS_UPPER][w] & shifted(mask[IS_LOWER][w], w ? mask[IS_LOWER][w - 1] : 0, 1);
        mask[ENDS_SENTENCE][w] = mask[ENDS_PASSAGE][w] = 0;
        for (int k = 1; k <= 4; k++) capitals &= shifted(mask[IS_UPPER][w], before, k);
        for (; capitals; capitals &= capitals - 1) {
            int64_t at = 64 * w + __builtin_ctzll(capitals);
            if (is_capital_cut(row->kind, base + at, kept)) set_bit(mask[IS_CUT], at);
        }
    }
    for (int64_t w = 0; w < (n + 63) >> 6; w++)
        for (uint64_t special = mask[IS_SPECIAL][w]; special; special &= special - 1) {
            int64_t at = 64 * w + __builtin_ctzll(special);
            int kind = row->kind[base + at];
            if (kind == TAIL) {
                if (in_word(row->kind, base + at)) set_bit(mask[IN_WORD], at);
                for (int64_t figures = 1; figures <= 2; figures++)
                    if (at >= figures && is_figure_cut(row->folded, base + at, figures))
                        set_bit(mask[IS_CUT], at - figures);
                continue;
            }
            int ends = kind == BREAK ? 2 : kind == STOP ? stop_ends(row->kind, row->folded, base + at, kept) : 0;
            if (ends == 2) set_bit(mask[ENDS_SENTENCE], at);
            if (ends) set_bit(mask[ENDS_PASSAGE], at);
        }
}

/* Put down the tokens of a row from the n-th on; returns how many there are then. */
static int64_t cut_row(const Row *row, int64_t base, int64_t length, int32_t *found, int64_t n, int32_t *sentence,
                       int32_t *passage) {
    uint64_t *const *mask = row->mask;
    uint64_t word_before = 0, ideograph_before = 0;
    int64_t n_ends = n;
    for (int64_t w = 0; w < (length + 63) >> 6; w++) {
        uint64_t word = mask[IN_WORD][w], cut = mask[IS_CUT][w], ideograph = mask[IS_IDEOGRAPH][w];
        uint64_t previous = shifted(word, word_before, 1);
        uint64_t starts = (word & (~previous | cut)) | ideograph;
        uint64_t ends = (previous & (~word | cut)) | shifted(ideograph, ideograph_before, 1);
        int32_t first = (int32_t)(base + 64 * w);
        for (uint64_t events = starts | mask[ENDS_PASSAGE][w]; events; events &= events - 1) {
            int bit = __builtin_ctzll(events);
            int32_t *token = found + 4 * n;
            token[0] = first + bit, token[2] = *sentence, token[3] = *passage;
            n += starts >> bit & 1;
            *sentence += mask[ENDS_SENTENCE][w] >> bit & 1;
            *passage += mask[ENDS_PASSAGE][w] >> bit & 1;
        }
        for (; ends; ends &= ends - 1) found[4 * n_ends++ + 1] = first + __builtin_ctzll(ends);
        word_before = word, ideograph_before = ideograph;
    }
    return n;
}

/* Read code points, laid out as `_lay_out` does it, into tokens.
 *
 * code_points[n]; row_starts[n_rows + 1], ascending, the first 1, the last n; characters[65536]: folded form, kind from
 * bit 16 on, and WIDE_LETTER for letters whose folded form lies beyond Latin-1. All else is filled: kind, narrow[n + 8]; folded, dropped[n]; found[4 * n + 4]: start, end,
 * sentence and passage of each token; first[n_rows + 1]; is_wide[n_rows]: whether a row has letters beyond Latin-1.
 * counts[0..2] are the numbers of tokens, of characters dropped, and of those kept. bits[8 * (n / 64 + 1)] is scratch.
 */
EXPORT void scan_tokens(const uint32_t *code_points, int64_t n, const int64_t *row_starts, int64_t n_rows,
                        const uint32_t *characters, uint8_t *kind, uint16_t *folded, uint8_t *narrow, int64_t *dropped,
                        int32_t *found, int64_t *first, uint8_t *is_wide, int64_t *counts, uint64_t *bits) {
    Row row = {.kind = kind, .folded = folded};
    for (int k = 0; k < N_MASKS; k++) row.mask[k] = bits + k * (n / 64 + 1);
    int64_t kept = 0, n_dropped = 0, n_tokens = 0, r = 0;
    int32_t sentence = 0, passage = 0;
    for (int64_t begin = 0; begin < n;) {
        /* The line break before the first row, then each row with the line break behind it: no token reaches across. */
        int64_t stop = begin == 0 ? 1 : n;
        if (begin > 0 && r < n_rows && row_starts[r + 1] > begin && row_starts[r + 1] < n) stop = row_starts[r + 1];
        if (begin > 0 && r < n_rows) first[r] = n_tokens;
        uint32_t all = 0;
        for (int64_t i = begin, to = kept; i < stop; i++, to++) {
            uint32_t c = code_points[i];
            uint32_t character = characters[c < BEYOND ? c : BEYOND];
            all |= character;
            kind[to] = (uint8_t)(character >> 16);
            folded[to] = (uint16_t)character;
        }
        int64_t length = stop - begin;
        mask_kinds(&row, kept, length);
        int64_t stays = drop_invisible(&row, kept, length, begin, dropped, &n_dropped);
        for (int64_t i = kept; i < kept + stays; i++) narrow[i] = (uint8_t)folded[i];
        if (stays < length) mask_kinds(&row, kept, stays);
        mask_words(&row, kept, stays);
        n_tokens = cut_row(&row, kept, stays, found, n_tokens, &sentence, &passage);
        if (begin > 0 && r < n_rows) is_wide[r++] = (all & WIDE_LETTER) > 0;
        kept += stays;
        begin = stop;
    }
    while (r <= n_rows) first[r++] = n_tokens;
    memset(narrow + kept, 0, 8);
    counts[0] = n_tokens, counts[1] = n_dropped, counts[2] = kept;
}

static inline uint64_t eight_bytes(const uint8_t *units) {
    uint64_t value;
    memcpy(&value, units, 8);
    return value;
}

/* Hash of the first units as bytes, at most eight; as many may be read. */
static inline uint64_t hash_few(const uint8_t *units, int64_t length) {
    uint64_t mask = length < 8 ? (UINT64_C(1) << (8 * length)) - 1 : UINT64_MAX;
    return mix(eight_bytes(units) & mask);
}

/* Hash of units as bytes. */
static inline uint64_t hash_narrow(const uint8_t *units, int64_t length) {
    uint64_t hash = hash_few(units, length);
    if (length <= 8) return hash;
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
                        const uint8_t *narrow, const int64_t *first, const uint8_t *is_wide, int64_t n_rows,
                        uint64_t *hash, uint64_t *stem, int64_t *row, int64_t *start, int64_t *end, int64_t *sentence, uint8_t *ideograph,
                        int64_t *passage) {
    for (int64_t r = 0; r < n_rows; r++)
        for (int64_t i = first[r]; i < first[r + 1] && i < n_tokens; i++) {
            int64_t a = found[4 * i], b = found[4 * i + 1];
            row[i] = r, start[i] = a, end[i] = b;
            sentence[i] = found[4 * i + 2], passage[i] = found[4 * i + 3];
            ideograph[i] = kind[a] == IDEOGRAPH;
            uint16_t all = ideograph[i] ? folded[a] : 0;
            if (is_wide[r])
                for (int64_t k = a; k < b; k++) all |= folded[k];
            if (all > 0xFF) {
                hash[i] = stem[i] = ~hash_wide(folded + a, b - a);
                continue;
            }
            uint64_t five = hash_few(narrow + a, STEM);
            hash[i] = hash_narrow(narrow + a, b - a);
            stem[i] = b - a > STEM && is_latin(folded[a]) ? five : hash[i];
        }
}

/* How many tokens of each row begin with a digit: counts[n_rows]. */
EXPORT void count_numerals(const int64_t *start, const uint16_t *folded, const int64_t *first, int64_t n_rows,
                           int64_t *counts) {
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t n = 0;
        for (int64_t i = first[row]; i < first[row + 1]; i++) n += is_digit(folded[start[i]]);
        counts[row] = n;
    }
}

/* ---- Known n-grams: `Vocabulary.find` and `count_terms` of features/ngrams.py ---------------------------------- */

typedef struct {
    const uint64_t *table; /* open addressing: the low half of a hash, and the term's number plus one */
    const uint8_t *taken;  /* a bit for each slot of the table that is taken */
    int64_t size;          /* of the table; at least 1 << (64 - shift) */
    int64_t shift;
    int64_t n_terms;
} Vocabulary;

/* Whether a hash may be known; most that are not are told from few bits, which stay in the cache. */
static inline int may_be_known(const Vocabulary *v, uint64_t hash) {
    uint64_t slot = hash >> v->shift;
    return v->taken[slot >> 3] >> (slot & 7) & 1;
}

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
    __builtin_prefetch(v->table + (hash >> v->shift));
}

#define BLOCK 256 /* hashes whose slots are fetched before the first of them is looked at */

/* Which of some hashes are known, and the number of each: where, number[n]; returns how many. */
EXPORT int64_t find_hashes(const uint64_t *hashes, int64_t n, const uint64_t *table, const uint8_t *taken, int64_t size,
                           int64_t shift, int64_t n_terms, int64_t *where, int64_t *number) {
    const Vocabulary v = {table, taken, size, shift, n_terms};
    int64_t found = 0;
    for (int64_t begin = 0; begin < n; begin += BLOCK) {
        int64_t stop = begin + BLOCK < n ? begin + BLOCK : n, place[BLOCK];
        int waiting = 0;
        for (int64_t i = begin; i < stop; i++) {
            place[waiting] = i;
            waiting += may_be_known(&v, hashes[i]);
        }
        for (int i = 0; i < waiting; i++) prefetch_slot(&v, hashes[place[i]]);
        for (int i = 0; i < waiting; i++) {
            int64_t k = number_of(&v, hashes[place[i]]);
            where[found] = place[i], number[found] = k;
            found += k >= 0; /* at most place[i] + 1 */
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
} Counting;

/* Look up the n-grams that wait, and count them; returns how many of them are known. */
static int64_t settle_waiting(Counting *c, int waiting) {
    int64_t known = 0;
    for (int i = 0; i < waiting; i++) prefetch_slot(c->vocabulary, c->hash[i]);
    for (int i = 0; i < waiting; i++) {
        int64_t term = number_of(c->vocabulary, c->hash[i]);
        if (term < 0) continue;
        known++;
        int64_t before = (int64_t)c->seen[term] - 1;
        int again = before >= c->base;
        int32_t *one = c->found + 4 * (again ? before : c->n);
        one[0] = (int32_t)term;
        one[1] = again ? one[1] + 1 : 1;
        one[2] = again ? one[2] : (int32_t)c->place[i];
        one[3] = (int32_t)c->row;
        c->n += !again;
        c->seen[term] = again ? c->seen[term] : (int32_t)c->n;
    }
    return known;
}

/* Put an n-gram down behind those that wait, and keep it if it may be known and is wanted; how many wait then. */
static inline int wait_for(Counting *c, int waiting, uint64_t hash, int64_t place, int wanted, int64_t *known) {
    c->hash[waiting] = hash, c->place[waiting] = place;
    waiting += wanted & may_be_known(c->vocabulary, hash);
    if (waiting < BLOCK) return waiting;
    *known += settle_waiting(c, waiting);
    return 0;
}

/* Count the known n-grams of each row's first `reach` tokens, row by row: found[4 * 4 * tokens read + 4].
 *
 * first[n_rows + 1] and reach[n_rows] bound the rows; seen[n_terms] is scratch, all 0. known[n_rows] gets how many
 * tokens of each row are known, distinct[n_rows] how many terms it has. Returns the number of terms.
 */
EXPORT int64_t count_terms(const uint64_t *hash, const uint64_t *stem, const int64_t *sentence,
                           const uint8_t *ideograph, const int64_t *first, const int64_t *reach, int64_t n_rows,
                           const uint64_t *table, const uint8_t *taken, int64_t size, int64_t shift, int64_t n_terms,
                           int32_t *seen, int32_t *found, int64_t *known, int64_t *distinct) {
    const Vocabulary v = {table, taken, size, shift, n_terms};
    Counting c = {.vocabulary = &v, .seen = seen, .found = found};
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t begin = first[row], stop = first[row + 1], words = 0, others = 0;
        int waiting = 0;
        if (stop - begin > reach[row]) stop = begin + reach[row];
        c.base = c.n, c.row = row;
        for (int64_t i = begin; i < stop; i++) waiting = wait_for(&c, waiting, hash[i], i, 1, &words);
        known[row] = words + settle_waiting(&c, waiting);
        waiting = 0;
        for (int64_t i = begin; i + 1 < stop; i++)
            waiting = wait_for(&c, waiting, mix(hash[i] * PAIR + hash[i + 1]), i, sentence[i] == sentence[i + 1],
                               &others);
        for (int64_t i = begin; i + 2 < stop; i++)
            if (ideograph[i] && ideograph[i + 1] && ideograph[i + 2])
                waiting = wait_for(&c, waiting, mix((hash[i] * PAIR + hash[i + 1]) * TRIPLE + hash[i + 2]), i,
                                   sentence[i] == sentence[i + 2], &others);
        for (int64_t i = begin; i < stop; i++)
            waiting = wait_for(&c, waiting, stem[i], i, stem[i] != hash[i], &others);
        settle_waiting(&c, waiting);
        distinct[row] = c.n - c.base;
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

/* What the terms of each row count for, the row brought to length one, and their sums: `Block.weigh`.
 *
 * Terms come row by row. value[n]; sums[3 * n_rows], all 0 before: by both weights, and by whether they name work.
 */
EXPORT void weigh_terms(const int64_t *row, const int64_t *term, const double *count, int64_t n, const float *scale,
                        const float *weight, const float *work, int64_t n_rows, double *value, double *sums) {
    for (int64_t begin = 0, stop; begin < n; begin = stop) {
        double norm = 0.0, sum[3] = {0.0, 0.0, 0.0};
        for (stop = begin; stop < n && row[stop] == row[begin]; stop++) {
            value[stop] = count[stop] * (double)scale[term[stop]];
            norm += value[stop] * value[stop];
            __builtin_prefetch(weight + 2 * term[stop]);
            __builtin_prefetch(work + term[stop]);
        }
        norm = norm == 0 ? 1.0 : sqrt(norm);
        for (int64_t i = begin; i < stop; i++) {
            value[i] /= norm;
            sum[0] += value[i] * (double)weight[2 * term[i]];
            sum[1] += value[i] * (double)weight[2 * term[i] + 1];
            sum[2] += value[i] * (double)work[term[i]];
        }
        for (int k = 0; k < 3; k++) sums[k * n_rows + row[begin]] = sum[k];
    }
}

#define WIDTH 10 /* of the reader's weights, as a number that the compiler knows */
#define MOST_WIDTH 16

/* Add the sum of some rows of weights, one row after the other, to sums; each sum is one of its own. */
static inline void add_weights(const float *weight, int64_t width, const int64_t *number, int64_t n, double *sums) {
    double sum[MOST_WIDTH] = {0.0}; /* in registers */
    if (width == WIDTH)
        for (int64_t k = 0; k < n; k++)
            for (int j = 0; j < WIDTH; j++) sum[j] += (double)weight[number[k] * WIDTH + j];
    else
        for (int64_t k = 0; k < n; k++)
            for (int64_t j = 0; j < width && j < MOST_WIDTH; j++) sum[j] += (double)weight[number[k] * width + j];
    for (int64_t j = 0; j < width && j < MOST_WIDTH; j++) sums[j] += sum[j];
}

/* Sums of weights of each mention's features: `sum_weights` of requirement_reader/decide.py; sums[n * width], all 0. */
EXPORT void sum_weights(const int64_t *number, const int64_t *starts, int64_t n, const float *weight, int64_t width,
                        double *sums) {
    for (int64_t i = 0; i < n; i++)
        add_weights(weight, width, number + starts[i], starts[i + 1] - starts[i], sums + i * width);
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

/* Whether the token behind a phrase is in its sentence; a Chinese phrase ends at a comma. */
static inline int goes_on(const Stream *s, int64_t begin, int64_t size) {
    if (begin + size >= s->n || s->sentence[begin + size] != s->sentence[begin]) return 0;
    int64_t last = begin + size - 1;
    return !s->ideograph[last] || s->folded[s->end[last]] != ',';
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

/* The longer phrases that begin with the two tokens at a place, which have a number. */
static void match_longer(const Stream *s, const Lexicon *x, Match *m, int64_t i, int64_t number, int without_items) {
    uint64_t hash = s->hash[i];
    for (int64_t size = 1; size < LONGEST && goes_on(s, i, size); size++) {
        hash = mix(hash * PAIR + s->hash[i + size]);
        if (size > 1) number = may_be_known(&x->prefixes, hash) ? number_of(&x->prefixes, hash) : -1;
        if (number < 0) return;
        take(s, x, m, i, size + 1, number, without_items);
        if (!x->more[number]) return;
    }
}

/* Tokens at which a word, or a pair, is a phrase or begins one, and its number. */
typedef struct {
    int32_t *word, *longer, *word_number, *longer_number;
    int64_t n_words, n_longer;
} Candidates;

/* Keep those of some words, or of some pairs, that are known, and put their numbers down. */
static int64_t keep_known(const Stream *s, const Lexicon *x, int32_t *token, int64_t n, int32_t *number, int pairs) {
    int64_t kept = 0;
    for (int64_t k = 0; k < n; k++) {
        uint64_t hash = s->hash[token[k]];
        prefetch_slot(&x->prefixes, pairs ? mix(hash * PAIR + s->hash[token[k] + 1]) : hash);
    }
    for (int64_t k = 0; k < n; k++) {
        uint64_t hash = s->hash[token[k]];
        int64_t found = number_of(&x->prefixes, pairs ? mix(hash * PAIR + s->hash[token[k] + 1]) : hash);
        token[kept] = token[k], number[kept] = (int32_t)found;
        if (found >= 0) __builtin_prefetch(x->phrase + found);
        kept += found >= 0;
    }
    return kept;
}

/* Keep those of some words that may be known. */
static int64_t keep_likely(const Stream *s, const Lexicon *x, int32_t *word, int64_t n) {
    int64_t kept = 0;
    for (int64_t k = 0; k < n; k++) {
        int32_t i = word[k];
        word[kept] = i;
        kept += may_be_known(&x->prefixes, s->hash[i]);
    }
    return kept;
}

/* Tokens of a row at which items may begin, and those at which cues and no items may. */
static void gather_candidates(const Stream *s, const Lexicon *x, int64_t begin, int64_t stop, Candidates *items,
                              Candidates *cues) {
    int32_t *some = cues->longer; /* tokens that may begin anything; of pairs fewer and fewer stay */
    int64_t n = 0, n_pairs = 0, n_items = 0, n_cues = 0;
    for (int64_t i = begin; i < stop; i++) {
        uint64_t place = s->hash[i] >> 48;
        uint8_t word = x->words[place];
        some[n] = items->word[n_items] = cues->word[n_cues] = (int32_t)i;
        n += x->firsts[place] > 0;
        n_items += word & OF_ITEM;
        n_cues += word == OF_CUE;
    }
    items->n_words = keep_likely(s, x, items->word, n_items);
    cues->n_words = keep_likely(s, x, cues->word, n_cues);
    n_items = n_cues = 0;
    if (n && some[n - 1] + 1 >= s->n) n--; /* the last token of all begins no pair */
    for (int64_t k = 0; k < n; k++) {
        int32_t i = some[k];
        some[n_pairs] = i;
        n_pairs += may_be_known(&x->prefixes, mix(s->hash[i] * PAIR + s->hash[i + 1]));
    }
    for (int64_t k = 0; k < n_pairs; k++) {
        int32_t i = some[k];
        uint8_t first = x->firsts[s->hash[i] >> 48];
        uint8_t pair = x->pairs[((s->hash[i] << 7) ^ s->hash[i + 1]) >> (64 - PAIR_BITS)];
        items->longer[n_items] = cues->longer[n_cues] = i;
        n_items += first & pair & OF_ITEM;
        n_cues += pair == OF_CUE;
    }
    items->n_longer = n_items, cues->n_longer = n_cues;
    Candidates *both[] = {items, cues};
    for (int k = 0; k < 2; k++) {
        Candidates *c = both[k];
        c->n_words = keep_known(s, x, c->word, c->n_words, c->word_number, 0);
        c->n_longer = keep_known(s, x, c->longer, c->n_longer, c->longer_number, 1);
    }
}

/* Take the candidates from one token to another out of those that are left. */
static Candidates take_within(Candidates *left, int64_t from, int64_t to) {
    int64_t word = 0, longer = 0;
    while (word < left->n_words && left->word[word] < from) word++;
    while (longer < left->n_longer && left->longer[longer] < from) longer++;
    Candidates taken = {left->word + word, left->longer + longer, left->word_number + word,
                        left->longer_number + longer, 0, 0};
    while (word < left->n_words && left->word[word] < to) word++, taken.n_words++;
    while (longer < left->n_longer && left->longer[longer] < to) longer++, taken.n_longer++;
    left->word += word, left->word_number += word, left->n_words -= word;
    left->longer += longer, left->longer_number += longer, left->n_longer -= longer;
    return taken;
}

/* Put down the longest phrase at each candidate that is longer than what is there; the next candidates are k and l. */
static Match match_next(const Stream *s, const Lexicon *x, const Candidates *c, int64_t *k, int64_t *l, int64_t *at,
                        int without_items) {
    Match m = {0, 0, 0};
    int64_t word = *k < c->n_words ? c->word[*k] : INT64_MAX, longer = *l < c->n_longer ? c->longer[*l] : INT64_MAX;
    *at = smaller(word, longer);
    if (word == *at) take(s, x, &m, word, 1, c->word_number[(*k)++], without_items);
    if (longer == *at) match_longer(s, x, &m, longer, c->longer_number[(*l)++], without_items);
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
                      int32_t *places, Candidates items, Candidates cues) {
    int64_t n_places = 0, end = stop, at;
    int full = 0;
    gather_candidates(s, x, begin, stop, &items, &cues);
    for (int64_t k = 0, l = 0; k < items.n_words || l < items.n_longer;) {
        int64_t word = k, longer = l;
        Match m = match_next(s, x, &items, &k, &l, &at, full);
        if (at >= end) break;
        if (m.has_item && !full) {
            if (n_places < MOST_PLACES) {
                places[n_places++] = (int32_t)(at - begin);
            } else { /* from here on items are left out; words near the last stay */
                full = 1;
                m = match_next(s, x, &items, &word, &longer, &at, full);
                if (at + RIGHT < end) end = at + RIGHT;
            }
        }
        size[at - begin] = m.size, phrase[at - begin] = m.phrase;
    }
    for (int64_t i = 0, done = begin; i < n_places;) {
        int64_t from = begin + places[i] - LEFT, to = begin + places[i] + RIGHT;
        for (i++; i < n_places && begin + places[i] - LEFT <= to; i++) to = begin + places[i] + RIGHT;
        if (from < done) from = done;
        if (to > stop) to = stop;
        Candidates near = take_within(&cues, from, to);
        for (int64_t k = 0, l = 0; k < near.n_words || l < near.n_longer;) {
            Match m = match_next(s, x, &near, &k, &l, &at, 0);
            if (m.size > size[at - begin]) size[at - begin] = m.size, phrase[at - begin] = m.phrase;
        }
        done = to;
    }
}

/* Find phrases: first, last, phrase[n] are filled; returns their number.
 *
 * row_first[n_rows + 1] bounds the rows, none longer than most_tokens; ints[20 * (most_tokens + 1)] and
 * bytes[most_tokens] are scratch.
 */
EXPORT int64_t find_phrases(const uint64_t *hash, const int64_t *sentence, const int64_t *start, const int64_t *end,
                            const uint8_t *ideograph, const uint16_t *folded, int64_t n, const int64_t *row_first,
                            int64_t n_rows, int64_t most_tokens, const uint64_t *table,
                            const uint8_t *taken, int64_t table_size, int64_t shift, int64_t n_prefixes, const int32_t *prefix_phrase, const uint8_t *more,
                            const uint8_t *firsts, const uint8_t *words, const uint8_t *pairs, const int8_t *group,
                            int64_t n_phrases, const int64_t *classes, int32_t *ints, uint8_t *bytes, int32_t *first,
                            int32_t *last, int32_t *phrase) {
    const Stream s = {hash, sentence, start, end, ideograph, folded, n};
    const Lexicon x = {{table, taken, table_size, shift, n_prefixes}, prefix_phrase, more, firsts, words, pairs,
                       group, n_phrases, classes[0], classes[1], classes[2]};
    int32_t *part[20];
    for (int k = 0; k < 20; k++) part[k] = ints + k * (most_tokens + 1);
    Chain c = {part[0], part[1], part[2], part[3], part[4], part[5], part[6], part[7], part[8], part[9], bytes, 0, 0};
    int32_t *size = part[10], *best = part[11];
    const Candidates items = {part[12], part[13], part[14], part[15], 0, 0};
    const Candidates cues = {part[16], part[17], part[18], part[19], 0, 0};
    int64_t found = 0;
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t begin = row_first[row], stop = row_first[row + 1];
        if (stop - begin > most_tokens) stop = begin + most_tokens;
        memset(size, 0, (size_t)(stop - begin) * sizeof *size);
        match_row(&s, &x, begin, stop, size, best, part[4], items, cues);
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

/* Numbers of the classes and values by which phrases are sorted, in the order in which they are passed. */
typedef struct {
    int64_t n_items, level, field, nothing, general, topic, experience, mark, substitute, after;
} Sorts;

/* Whether no comma and the like stands between a phrase and the token some tokens behind it. */
static int is_whole(const Stream *s, const uint8_t *parts, int64_t last, int64_t gap) {
    for (int64_t step = 0; step < gap; step++)
        if (parts[s->folded[s->end[smaller(last + step, s->n - 1)]]]) return 0;
    return 1;
}

#define MAX_QUALIFYING_TOKENS 4
#define N_COLUMNS 7

/* Sort phrases into items and cues: `_sorted` of requirement_reader/mentions.py.
 *
 * items and cues[7][n_phrases] get first and last token, row, sentence, number in the lexicon, class and value of each;
 * counts[2] how many there are. group and value are by number in the lexicon, parts[65536] by character; named[n_rows]
 * is scratch, all 0; names are those of `Sorts`.
 */
EXPORT void sort_phrases(const int64_t *first, const int64_t *last, const int64_t *phrase, int64_t n_phrases,
                         const int64_t *row, const int64_t *sentence, const int64_t *end, const uint16_t *folded,
                         int64_t n, const int8_t *group, const int8_t *value, const uint8_t *parts,
                         const int64_t *names, uint8_t *named, int64_t *items, int64_t *cues, int64_t *counts) {
    const Stream s = {NULL, NULL, NULL, end, NULL, folded, n};
    const Sorts x = {names[0], names[1], names[2], names[3], names[4],
                     names[5], names[6], names[7], names[8], names[9]};
    int64_t n_items = 0, n_cues = 0;
    for (int64_t i = 0; i < n_phrases; i++) {
        int64_t class = group[phrase[i]], meaning = value[phrase[i]];
        named[row[first[i]]] |= (class == x.level && meaning != x.field) || (class == x.nothing && meaning < x.general);
    }
    for (int64_t i = 0; i < n_phrases; i++) {
        int64_t class = group[phrase[i]], meaning = value[phrase[i]], place = row[first[i]];
        if (class == x.level && meaning == x.field && named[place]) class = x.topic, meaning = 0;
        int is_item = class < x.n_items;
        int64_t *to = is_item ? items + n_items++ : cues + n_cues++;
        const int64_t columns[N_COLUMNS] = {first[i], last[i], place, sentence[first[i]], phrase[i], class, meaning};
        for (int k = 0; k < N_COLUMNS; k++) to[k * n_phrases] = columns[k];
        if (is_item || n_cues < 2 || class != x.topic || meaning != x.experience) continue;
        int64_t *mark = to - 1, gap = first[i] - mark[n_phrases];
        if (mark[5 * n_phrases] == x.mark && mark[3 * n_phrases] == columns[3] && gap <= MAX_QUALIFYING_TOKENS &&
            is_whole(&s, parts, mark[n_phrases], gap))
            mark[5 * n_phrases] = x.substitute, mark[6 * n_phrases] = x.after;
    }
    counts[0] = n_items, counts[1] = n_cues;
}

/* ---- Lengths of time: `count_years` of requirement_reader/durations.py ----------------------------------------- */

#define N_BACK 3 /* tokens before a length of time that may be numbers */
#define MIN_AGE_YEARS 30
#define MAX_LETTERS_BETWEEN 3
#define MAX_LETTERS_ACROSS 5

typedef struct {
    const Stream *tokens;
    const int64_t *sentence, *row, *row_first;
    const Vocabulary *numerals;
    const double *number; /* [numerals->n_terms] */
    const uint8_t *listed; /* [65536]: what stands behind the number of an item in a list */
} Numbers;

static double number_at(const Numbers *c, int64_t token) {
    int64_t k = number_of(c->numerals, c->tokens->hash[token]);
    return k < 0 ? NAN : c->number[k];
}

static void join_decimals(const Stream *s, const int64_t *back, double *number) {
    double joined[N_BACK];
    for (int k = 0; k < N_BACK; k++) {
        int64_t at = s->start[back[k]], whole = (int64_t)s->folded[at > 1 ? at - 2 : 0] - '0';
        int decimal = number[k] < 10 && s->folded[at - 1] == '.' && whole >= 0 && whole < 10;
        joined[k] = decimal && !s->ideograph[back[0] + 1] ? (double)whole + number[k] / 10 : NAN;
    }
    for (int k = 0; k < N_BACK; k++)
        if (!isnan(joined[k])) number[k] = joined[k];
    for (int k = 0; k < N_BACK; k++)
        if (!isnan(joined[k])) number[k < 2 ? k + 1 : 2] = k < 2 ? NAN : joined[2];
}

/* The numbers in the tokens before a length of time, NaN for other words; and the tokens. */
static void numbers_before(const Numbers *c, int64_t first, double *number, int64_t *back) {
    const Stream *s = c->tokens;
    int outside[N_BACK];
    for (int k = 0; k < N_BACK; k++) {
        int64_t token = first - 1 - k;
        outside[k] = token < c->row_first[c->row[first]];
        back[k] = token > 0 ? token : 0;
        number[k] = outside[k] || c->sentence[back[k]] != c->sentence[first] ? NAN : number_at(c, back[k]);
    }
    join_decimals(s, back, number);
    int64_t gap = s->start[back[0]] - s->end[back[1]], behind = s->end[back[1]];
    uint16_t sign = s->folded[behind];
    int tens = (s->ideograph[back[0]] && number[1] >= 10) ||
               (number[1] >= 20 && fmod(number[1], 10) == 0 && gap == 1);
    if (tens && number[0] < 10) number[0] += number[1], number[1] = NAN;
    if (gap > MAX_LETTERS_BETWEEN || sign == ',') number[1] = NAN;
    if (s->start[back[0]] - s->end[back[2]] > MAX_LETTERS_ACROSS || sign == ',') number[2] = NAN;
    int64_t digit = (int64_t)s->folded[behind - 1] - '0';
    if (!isnan(number[0]) && isnan(number[1]) && gap == 1 && sign == '-' && !outside[1] && digit >= 0 && digit < 10 &&
        is_latin(s->folded[behind > 1 ? behind - 2 : 0]))
        number[1] = (double)digit; /* "Computer Science3-4 years" */
    for (int k = 1; k < N_BACK; k++)
        if (c->listed[s->folded[s->end[back[k]]]]) number[k] = NAN;
}

/* Years that each length of time names, and its first token with the figure: years and figure, by item.
 *
 * names are the class of lengths of time and the values half, months and first; figures are by value.
 */
EXPORT void count_years(const uint64_t *hash, const int64_t *row, const int64_t *start, const int64_t *end,
                        const uint8_t *ideograph, const uint16_t *folded, int64_t n, int64_t n_characters,
                        const int64_t *row_first, const int64_t *sentence, const int64_t *item_first,
                        const int64_t *item_last, const int64_t *item_class, const int64_t *item_value,
                        int64_t n_items, const uint64_t *table, const uint8_t *taken, int64_t table_size,
                        int64_t shift, int64_t n_numerals, const double *numeral, const uint8_t *listed,
                        const double *figures, const int64_t *names, double *years, int64_t *figure) {
    const Stream s = {hash, sentence, start, end, ideograph, folded, n};
    const Vocabulary numerals = {table, taken, table_size, shift, n_numerals};
    const Numbers c = {&s, sentence, row, row_first, &numerals, numeral, listed};
    const int64_t class = names[0], half = names[1], months = names[2], at_first = names[3];
    for (int64_t i = 0; i < n_items; i++) {
        int64_t first = item_first[i], last = item_last[i], word = item_value[i], back[N_BACK];
        years[i] = NAN, figure[i] = first;
        if (item_class[i] != class) continue;
        double number[N_BACK];
        numbers_before(&c, first, number, back);
        int64_t steps = number[1] <= number[0] ? 2 : number[2] < number[0] ? 3 : 1;
        double least = number[steps - 1];
        if ((number[0] > least && number[0] >= MIN_AGE_YEARS) || number[0] == 0) least = NAN;
        if (word == half) least += 0.5;
        if (word == months) least /= 12;
        if (word == at_first) least = 1.0, steps = 0;
        if (word > half && word < months) {
            int fewer = number[0] < figures[word] && start[first] - end[back[0]] <= MAX_LETTERS_BETWEEN;
            least = fewer ? number[0] : figures[word], steps = fewer;
        }
        int64_t stop = end[last], beyond = smaller(stop + 1, n_characters - 1), behind = smaller(last + 1, n - 1);
        if (isnan(least) && word < half && (folded[stop] == ':' || folded[beyond] == ':')) {
            int beside = sentence[behind] == sentence[last] && row[behind] == row[last];
            least = beside ? number_at(&c, behind) : NAN, steps = 0; /* "Years of experience: 6" */
        }
        years[i] = least;
        if (!isnan(least)) figure[i] -= steps;
    }
}

/* ---- What stands around each mention: `context_features` of requirement_reader/context.py, looked up and summed -- */

enum { SCHOOLING, CREDENTIAL, YEARS, N_GROUPS };
enum { BEFORE, BEHIND };

#define N_CUES 5
#define N_NEAREST 2
#define MAX_CUE_TOKENS 60
#define MAX_CUE_SENTENCES 3
#define MAX_JOINED_TOKENS 3
#define LONG_CUE_TOKENS 4
#define N_BETWEEN 4
#define MAX_GAP 63
#define NO_LEVEL INT64_MAX /* of what is no schooling, beside the levels, which are steps of a ladder */
#define NO_LEVEL_CODE 7    /* and beside their codes, which are part of hashes */
#define N_CODES 8
#define UNCOMPARED 3
#define ANY_NUMBER 777
#define N_ATTACHED 7
#define MOST_PARTS 8
#define MOST_OF_PART 100
#define MOST_WAITING (MOST_PARTS * MOST_OF_PART)

typedef struct {
    const int64_t *first, *last, *row, *sentence, *phrase, *class, *value;
    const int64_t *code; /* of items: the value, of schooling the code of its level */
    int64_t n;
} Phrases;

/* Numbers of the classes and values that are looked at, in the order in which they are passed. */
typedef struct {
    int64_t level, nothing, years, required, not_needed, substitute, no, clutter, choice, heading, after, both, excluded;
} Names;

/* Some phrases of one row, in order, by their numbers. */
typedef struct {
    int32_t *which;
    int64_t n;
} Some;

typedef struct {
    const Stream *tokens;
    const int64_t *sentence; /* of each token; cut also where a line break was lost */
    const Phrases *items, *cues;
    const double *years;
    const int64_t *figure;
    const int8_t *note; /* of each phrase of the lexicon */
    const uint8_t *speaks;
    const Names *names;
    const uint64_t *keys; /* [64][N_GROUPS] */
    const Vocabulary *vocabulary;
    const float *weight;
    int64_t width;
    /* The row at work: its tokens, and the phrases of each kind in it. */
    int64_t row_first, row_stop, cue_begin, cue_stop;
    Some openings, headings, swaps, choices, required, timed, opened, schooling, fresh, levels;
    int named[N_CODES]; /* which levels the ad names, by their codes */
    int group; /* of the item at work */
    /* The features of some items that wait to be looked up, in parts: where each ends, and whose sums it is of. */
    uint64_t hash[MOST_WAITING];
    int64_t number[MOST_WAITING];
    int stop[MOST_PARTS], n_hashes, n_parts;
    double *sums[MOST_PARTS];
} Context;

static inline int64_t apart(int64_t a, int64_t b) { return a < b ? b - a : a - b; }
static inline int64_t within(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

/* How many of some phrases begin before a token; or at it as well. */
static int64_t count_before(const Phrases *p, const Some *some, int64_t token, int including) {
    int64_t low = 0, high = some->n;
    while (low < high) {
        int64_t middle = (low + high) / 2, first = p->first[some->which[middle]];
        if (first < token || (including && first == token)) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* The next of some phrases before a token, or behind it; -1 if there is none in the row. */
static int64_t next_of(const Phrases *p, const Some *some, int64_t token, int side) {
    int64_t k = side == BEFORE ? count_before(p, some, token, 0) - 1 : count_before(p, some, token, 1);
    return k >= 0 && k < some->n ? some->which[k] : -1;
}

static inline int64_t next_to(const Context *c, const Phrases *p, const Some *some, int64_t item, int side) {
    return next_of(p, some, side == BEFORE ? c->items->first[item] : c->items->last[item], side);
}

/* Add a fact: what it says, packed, and the words that it is about. Facts that do not hold are looked up as 0. */
static inline void add(Context *c, int number, int holds, uint64_t code) {
    uint64_t hash = holds ? mix(code ^ c->keys[number * N_GROUPS + c->group]) : 0;
    c->hash[c->n_hashes] = hash;
    c->n_hashes += may_be_known(c->vocabulary, hash);
}

static inline void add_words(Context *c, int number, int holds, uint64_t words, int64_t code) {
    add(c, number, holds, words + (uint64_t)code * STEP);
}

/* Look up the features that wait, and add the weights of each part to its sums; all of one step before the next, for
 * most of the time goes by waiting for memory. */
static void settle_features(Context *c) {
    int known = 0, stop[MOST_PARTS];
    for (int i = 0; i < c->n_hashes; i++) prefetch_slot(c->vocabulary, c->hash[i]);
    for (int part = 0, i = 0; part < c->n_parts; part++) {
        for (; i < c->stop[part]; i++) {
            int64_t k = number_of(c->vocabulary, c->hash[i]);
            if (k < 0) continue;
            __builtin_prefetch(c->weight + k * c->width);
            __builtin_prefetch(c->weight + k * c->width + c->width - 1);
            c->number[known++] = k;
        }
        stop[part] = known;
    }
    for (int part = 0, i = 0; part < c->n_parts; i = stop[part++])
        add_weights(c->weight, c->width, c->number + i, stop[part] - i, c->sums[part]);
    c->n_hashes = c->n_parts = 0;
}

/* The features added since the last part are one of its own, of an item's sums. */
static void end_part(Context *c, double *sums) {
    c->stop[c->n_parts] = c->n_hashes, c->sums[c->n_parts++] = sums;
    if (c->n_parts == MOST_PARTS) settle_features(c);
}

static inline int is_comma(uint16_t unit) {
    return unit == ',' || unit == ';' || unit == ENUMERATION || unit == '|';
}

static inline int64_t level_of(const Context *c, int64_t item) {
    return c->items->class[item] == c->names->level ? c->items->value[item] : NO_LEVEL;
}

static inline int64_t code_of(const Context *c, int64_t item) {
    return c->items->class[item] == c->names->level ? c->items->code[item] : NO_LEVEL_CODE;
}

static inline int64_t kind_of(const Context *c, int64_t item) {
    return c->items->class[item] << 3 | (c->items->class[item] == c->names->level ? c->items->code[item] : 0);
}

static void add_own(Context *c, int64_t i) {
    const Stream *s = c->tokens;
    int64_t first = c->items->first[i], last = c->items->last[i], class = c->items->class[i];
    int64_t own = class << 5 | c->items->code[i], halves = 0;
    uint64_t head = s->hash[first], tail = s->hash[last];
    add(c, 0, 1, (uint64_t)(own << 4 | c->note[c->items->phrase[i]]));
    add_words(c, 1, 1, head * PAIR + tail, own << 6 | (last - first));
    add(c, 2, 1, head);
    add(c, 3, 1, tail);
    int64_t before = s->start[first] - 1, behind = s->end[last];
    int64_t sign_before = s->folded[before], sign_behind = s->folded[behind];
    add(c, 4, 1, (uint64_t)sign_before);
    add(c, 5, 1, (uint64_t)sign_behind);
    /* Behind a line break stands another line, or another ad. */
    add(c, 6, 1, (uint64_t)(sign_before << 16 | (sign_before == '\n' ? 0 : s->folded[before > 0 ? before - 1 : 0])));
    add(c, 7, 1, (uint64_t)(sign_behind << 16 | (sign_behind == '\n' ? 0 : s->folded[behind + 1])));
    int timed = !isnan(c->years[i]);
    if (timed) halves = (int64_t)(c->years[i] * 2 < 60 ? c->years[i] * 2 : 60);
    add(c, 8, timed, (uint64_t)halves);
}

/* The words at some distances before a mention, and behind it. */
static void add_around(Context *c, int64_t i, int64_t nearest, int64_t furthest, int side) {
    static const int8_t distances[] = {0, 0, 1, 2, 3, 3, 3};
    const Stream *s = c->tokens;
    for (int64_t d = nearest; d <= furthest; d++) {
        int64_t token = side == BEFORE ? c->figure[i] - d : c->items->last[i] + d;
        int inside = token >= c->row_first && token < c->row_stop;
        if (!inside) {
            add(c, 10, 0, 0);
            continue;
        }
        uint64_t word = is_digit(s->folded[s->start[token]]) ? ANY_NUMBER : s->hash[token];
        int64_t sentences = smaller(apart(c->sentence[token], c->items->sentence[i]), 2);
        int64_t place = (d < 7 ? distances[d] : 4) + (side == BEHIND ? 8 : 0);
        add_words(c, 10, 1, word, sentences << 4 | place);
    }
}

typedef struct {
    int64_t cue; /* -1 for none */
    int64_t sentences, gap, schoolings;
    int comma;
} Near;

/* The nearest cues on both sides of a mention: how many sentences, tokens and other schoolings apart. */
static void find_near(const Context *c, int64_t i, Near near[2][N_CUES]) {
    const Phrases *items = c->items, *cues = c->cues;
    const Stream *s = c->tokens;
    int64_t low = c->cue_begin, high = c->cue_stop;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (cues->first[middle] < items->first[i]) low = middle + 1;
        else high = middle;
    }
    int64_t behind = low; /* no cue overlaps an item */
    while (behind < c->cue_stop && cues->first[behind] <= items->last[i]) behind++;
    int64_t fresh_before = count_before(items, &c->fresh, items->first[i], 0);
    int64_t fresh_within = count_before(items, &c->fresh, items->last[i], 1);
    for (int side = 0; side < 2; side++)
        for (int rank = 0; rank < N_CUES; rank++) {
            Near *one = &near[side][rank];
            int64_t k = side == BEFORE ? low - 1 - rank : behind + rank;
            one->cue = -1;
            if (k < c->cue_begin || k >= c->cue_stop) continue;
            int64_t left = side == BEFORE ? cues->last[k] : items->last[i];
            int64_t right = side == BEFORE ? items->first[i] : cues->first[k];
            int64_t sentences = apart(cues->sentence[k], items->sentence[i]);
            if (sentences > MAX_CUE_SENTENCES || right - left > MAX_CUE_TOKENS) continue;
            one->cue = k;
            one->sentences = smaller(sentences, 2);
            one->gap = within(right - left, 0, MAX_CUE_TOKENS);
            int64_t between = side == BEFORE ? fresh_before - count_before(items, &c->fresh, cues->last[k], 1)
                                             : count_before(items, &c->fresh, cues->first[k], 0) - fresh_within;
            one->schoolings = within(between, 0, 2);
            one->comma = is_comma(s->folded[s->end[left]]) | is_comma(s->folded[s->end[right > 0 ? right - 1 : 0]]);
        }
}

static void add_cues(Context *c, int64_t i, Near near[2][N_CUES]) {
    const Phrases *cues = c->cues;
    int64_t spoken[2] = {0, 0};
    for (int side = 0; side < 2; side++)
        for (int rank = 0; rank < N_NEAREST; rank++) {
            const Near *one = &near[side][rank];
            if (one->cue < 0) {
                add(c, 20, 0, 0);
                continue;
            }
            int64_t code = cues->class[one->cue] << 3 | cues->value[one->cue];
            code = code << 1 | side, code = code << 1 | one->comma, code = code << 1 | (one->schoolings > 0);
            code = code << 1 | (one->sentences == 0), code = code << 3 | c->items->class[i];
            add(c, 20, 1, (uint64_t)code);
        }
    for (int side = 0; side < 2; side++)
        for (int rank = 0; rank < N_CUES && !spoken[side]; rank++) {
            int64_t k = near[side][rank].cue;
            if (k >= 0 && near[side][rank].sentences == 0 && c->speaks[cues->class[k]])
                spoken[side] = cues->class[k] * 8 + cues->value[k] + 1;
        }
    for (int side = 0; side < 2; side++) add(c, 21, 1, (uint64_t)(spoken[side] << 1 | side));
    add(c, 22, 1, (uint64_t)(spoken[BEFORE] << 12 | spoken[BEHIND]));
}

/* The cue that opens the section, and the heading; returns the code of the heading. */
static int64_t add_section(Context *c, int64_t i) {
    int64_t section = 0;
    for (int k = 0; k < 2; k++) {
        const Some *some = k ? &c->headings : &c->openings;
        int64_t cue = next_to(c, c->cues, some, i, BEFORE), sentences = 0;
        section = 0;
        if (cue >= 0) {
            section = c->cues->class[cue] * 8 + c->cues->value[cue] + 1;
            sentences = smaller(c->items->sentence[i] - c->cues->sentence[cue], 6);
        }
        add(c, 40 + 2 * k, 1, (uint64_t)section);
        add(c, 41 + 2 * k, cue >= 0, (uint64_t)(section << 3 | sentences));
    }
    return section;
}

/* The first of the nearest cues on a side that may speak of the mention; 0 if there is none. */
static int64_t attached(const Context *c, Near near[2][N_CUES], int column) {
    static const int sides[N_ATTACHED] = {BEHIND, BEFORE, BEHIND, BEFORE, BEFORE, BEFORE, BEHIND};
    static const int most_tokens[N_ATTACHED] = {40, 10, 60, 12, 3, 12, 12};
    static const int most_sentences[N_ATTACHED] = {0, 0, 2, 1, 0, 0, 0};
    const Names *n = c->names;
    for (int rank = 0; rank < N_CUES; rank++) {
        const Near *one = &near[sides[column]][rank];
        if (one->cue < 0 || one->gap > most_tokens[column] || one->sentences > most_sentences[column]) continue;
        int64_t class = c->cues->class[one->cue], value = c->cues->value[one->cue];
        int asks = class >= n->required && class <= n->not_needed, swaps = class == n->substitute;
        int behind = value == n->after || value == n->both, fits = 0;
        switch (column) {
            case 0: fits = asks && behind && one->schoolings == 0; break;
            case 1: fits = asks && value != n->after && value != n->excluded; break;
            case 2: fits = swaps && behind && one->schoolings == 0; break;
            case 3: fits = swaps && value != n->after; break;
            case 4: fits = class == n->no; break;
            default: fits = class == n->clutter; break;
        }
        if (!fits) continue;
        int is_long = c->cues->last[one->cue] - c->cues->first[one->cue] >= LONG_CUE_TOKENS - 1;
        return (1 + class * 2 + is_long) * 8 + one->comma * 4 + one->sentences;
    }
    return 0;
}

static void add_attached(Context *c, int64_t i, Near near[2][N_CUES], int64_t section, int64_t offered) {
    int64_t code[N_ATTACHED], kind = kind_of(c, i);
    for (int k = 0; k < N_ATTACHED; k++) code[k] = attached(c, near, k);
    for (int k = 0; k < N_ATTACHED; k++) add(c, 30, 1, (uint64_t)(code[k] << 3 | k));
    for (int k = 0; k < N_ATTACHED; k++) add(c, 31, 1, (uint64_t)((code[k] << 8 | kind) << 3 | k));
    int64_t asked = (code[0] >> 4) << 8 | code[1] >> 4;
    int64_t both = (asked << 8 | code[2] >> 4) << 8 | code[3] >> 4;
    both = both << 4 | offered;
    add(c, 32, 1, (uint64_t)asked);
    add(c, 33, 1, (uint64_t)both);
    add(c, 34, 1, (uint64_t)((both << 4 | code[4] >> 4) << 12 | section));
    add(c, 35, 1, (uint64_t)((code[0] << 16 | code[1]) << 16 | code[2]));
    add(c, 36, 1, (uint64_t)(asked << 16 | section));
    add(c, 37, 1, (uint64_t)(code[2] << 4 | offered));
    add(c, 38, 1, (uint64_t)(offered << 8 | kind));
}

/* Whether years stand near a mention in place of schooling, as a sum: see `_offered_years`. */
static int64_t offered_years(const Context *c, int64_t i) {
    const Phrases *items = c->items;
    int64_t offered = 0;
    for (int k = 0; k < 3; k++) {
        int side = k < 2 ? BEHIND : BEFORE;
        int64_t other = next_to(c, items, k ? &c->opened : &c->timed, i, side);
        if (other < 0) continue;
        int64_t gap = side == BEHIND ? items->first[other] - items->last[i] : items->first[i] - items->last[other];
        int64_t sentences = apart(items->sentence[other], items->sentence[i]);
        if (gap <= (side == BEHIND ? 60 : 20) && sentences <= (side == BEHIND ? 2 : 1)) offered += 1 << k;
    }
    return offered;
}

static int64_t sentences_apart(int64_t n) { return (n >= 1) + (n >= 2) + (n >= 3) + (n >= 6) + (n >= 11); }

static int64_t gap_class(int64_t n) { return (n >= 2) + (n >= 3) + (n >= 5) + (n >= 9) + (n >= 20) + (n >= 60); }

static void add_substitutes(Context *c, int64_t i) {
    const Phrases *items = c->items, *cues = c->cues;
    for (int side = 0; side < 2; side++) {
        int64_t swap = next_to(c, cues, &c->swaps, i, side);
        if (swap < 0) {
            add(c, 55, 0, 0);
            add(c, 56, 0, 0);
            continue;
        }
        int64_t first = cues->first[swap], last = cues->last[swap];
        int64_t sentences = sentences_apart(apart(cues->sentence[swap], items->sentence[i]));
        int64_t between = apart(count_before(items, &c->levels, first, 0),
                                count_before(items, &c->levels, items->first[i], 0));
        between = within(between - (side == BEHIND), 0, 2);
        add(c, 55, 1, (uint64_t)(((cues->value[swap] << 3 | sentences) << 2 | between) << 1 | side));
        add_words(c, 56, 1, c->tokens->hash[first] * PAIR + c->tokens->hash[last], sentences << 1 | side);
    }
}

/* Whether an "or" between two places opens what stands behind it. */
static int is_chosen(const Context *c, int64_t left, int64_t right) {
    int64_t choice = next_of(c->cues, &c->choices, right, BEFORE);
    return choice >= 0 && c->cues->first[choice] > left && right - c->cues->last[choice] <= 2;
}

static void add_neighbour(Context *c, int64_t i, int group, int side) {
    const Phrases *items = c->items;
    const Stream *s = c->tokens;
    int64_t other = next_to(c, items, group == YEARS ? &c->timed : &c->schooling, i, side);
    if (other < 0) {
        add(c, 46, 1, (uint64_t)(group * 2 + side));
        for (int k = 0, n = group == SCHOOLING ? 3 + N_BETWEEN : 1; k < n; k++) add(c, 47, 0, 0);
        return;
    }
    int64_t left = side == BEFORE ? items->last[other] : items->last[i];
    int64_t right = side == BEFORE ? c->figure[i] : c->figure[other];
    int64_t gap = within(right - left, 0, MAX_GAP), own = level_of(c, i), level = level_of(c, other);
    int64_t compared = level == NO_LEVEL ? UNCOMPARED : 1 + (level > own) - (level < own);
    int64_t sentences = smaller(apart(items->sentence[other], items->sentence[i]), 3);
    int64_t choice = is_chosen(c, left, right);
    int64_t code = (((int64_t)group << 1 | side) << 2 | compared) << 3 | items->class[i];
    code = (code << 2 | sentences) << 1 | choice;
    add(c, 46, 1, (uint64_t)(code + 2));
    add(c, 47, 1, (uint64_t)(code << 3 | gap_class(gap)));
    if (group == YEARS) return;
    int64_t both = ((int64_t)side << 3 | code_of(c, other)) << 3 | code_of(c, i);
    add(c, 48, 1, (uint64_t)((both << 1 | (sentences > 0)) << 1 | choice));
    int64_t sign = s->folded[s->end[smaller(left, s->n - 1)]];
    add(c, 49, 1, (uint64_t)(((sign << 1 | side) << 2 | compared) << 2 | smaller(gap, 3)));
    for (int64_t token = left + 1; token <= left + N_BETWEEN; token++) {
        int inside = token < right;
        add_words(c, 50, inside, inside ? s->hash[token] : 0, ((int64_t)side << 2 | compared) << 1 | (gap >= 5));
    }
}

static void add_levels(Context *c, int64_t i) {
    int64_t kind = kind_of(c, i);
    for (int code = 0; code < N_CODES; code++) add(c, 51, c->named[code], (uint64_t)(kind << 3 | code));
    add(c, 52, 1, (uint64_t)smaller(c->levels.n, 5));
}

static inline void put(Some *some, int64_t which) { some->which[some->n++] = (int32_t)which; }

/* Gather the phrases of each kind in a row. */
static void gather_row(Context *c, int64_t begin, int64_t stop) {
    const Phrases *items = c->items, *cues = c->cues;
    const Names *n = c->names;
    const Stream *s = c->tokens;
    c->openings.n = c->headings.n = c->swaps.n = c->choices.n = c->required.n = 0;
    c->timed.n = c->opened.n = c->schooling.n = c->fresh.n = c->levels.n = 0;
    memset(c->named, 0, sizeof c->named);
    for (int64_t k = c->cue_begin; k < c->cue_stop; k++) {
        int64_t class = cues->class[k], first = cues->first[k], last = cues->last[k];
        int64_t before = first > 0 ? first - 1 : 0, behind = smaller(last + 1, s->n - 1);
        int starts = c->sentence[before] != cues->sentence[k] || first == c->row_first;
        int stops = c->sentence[behind] != cues->sentence[k] || behind == last;
        int colon = s->folded[s->end[last]] == ':';
        if (starts && (stops || colon)) put(&c->openings, k);
        if (class == n->heading && (starts || stops || colon)) put(&c->headings, k);
        if (class == n->substitute) put(&c->swaps, k);
        if (class == n->choice) put(&c->choices, k);
        if (class == n->required) put(&c->required, k);
    }
    for (int64_t i = begin; i < stop; i++) {
        int64_t class = items->class[i];
        if (class == n->years) {
            put(&c->timed, i);
            int64_t start = c->figure[i], choice = next_of(cues, &c->choices, start, BEFORE);
            int64_t lead = next_of(cues, &c->required, start, BEFORE);
            if (lead >= 0 && start - cues->last[lead] == 1) start = cues->first[lead]; /* "or a minimum of" */
            if (choice >= 0 && start - cues->last[choice] <= 2 && start > cues->last[choice]) put(&c->opened, i);
        } else if (class == n->level || class == n->nothing) {
            int64_t before = c->schooling.n ? c->schooling.which[c->schooling.n - 1] : -1;
            int joined = before >= 0 && items->first[i] - items->last[before] <= MAX_JOINED_TOKENS &&
                         items->sentence[i] == items->sentence[before];
            if (!joined) put(&c->fresh, i);
            put(&c->schooling, i);
            int64_t code = code_of(c, i);
            if (code >= 0 && code < N_CODES) c->named[code] = 1;
            if (class == n->level) put(&c->levels, i);
        }
    }
}

/* Sums of the weights of each mention's features: sums[n_items * width], all 0; width is at most 16.
 *
 * Items and cues are each seven arrays: first and last token, row, sentence, number in the lexicon, class and value;
 * of items the code as well. names are the thirteen of `Names`, speaks is by class. which[5 * (n_items + n_cues)] is scratch.
 */
EXPORT void sum_context(const uint64_t *hash, const int64_t *sentence, const int64_t *start, const int64_t *end,
                        const uint16_t *folded, int64_t n, const int64_t *row_first, const int64_t *item_first,
                        const int64_t *item_last, const int64_t *item_row, const int64_t *item_sentence,
                        const int64_t *item_phrase, const int64_t *item_class, const int64_t *item_value,
                        const int64_t *item_code, int64_t n_items, const int64_t *cue_first, const int64_t *cue_last,
                        const int64_t *cue_row, const int64_t *cue_sentence, const int64_t *cue_phrase,
                        const int64_t *cue_class, const int64_t *cue_value, int64_t n_cues, const double *years, const int64_t *figure,
                        const int8_t *note, const uint8_t *speaks, const int64_t *names, const uint64_t *keys,
                        const uint64_t *table, const uint8_t *taken, int64_t table_size, int64_t shift,
                        int64_t n_terms, const float *weight, int64_t width, int32_t *which, double *sums) {
    const Stream s = {hash, sentence, start, end, NULL, folded, n};
    const Phrases items = {item_first, item_last, item_row, item_sentence, item_phrase, item_class, item_value,
                           item_code, n_items};
    const Phrases cues = {cue_first, cue_last, cue_row, cue_sentence, cue_phrase, cue_class, cue_value, NULL, n_cues};
    const Vocabulary v = {table, taken, table_size, shift, n_terms};
    const Names known = {names[0], names[1], names[2],  names[3],  names[4],  names[5], names[6],
                         names[7], names[8], names[9], names[10], names[11], names[12]};
    Context c = {.tokens = &s, .sentence = sentence, .items = &items, .cues = &cues, .years = years,
                 .figure = figure, .note = note, .speaks = speaks, .names = &known, .keys = keys,
                 .vocabulary = &v, .weight = weight, .width = width};
    Some *of_cues[] = {&c.openings, &c.headings, &c.swaps, &c.choices, &c.required};
    Some *of_items[] = {&c.timed, &c.opened, &c.schooling, &c.fresh, &c.levels};
    for (int k = 0; k < 5; k++) of_cues[k]->which = which + k * n_cues;
    for (int k = 0; k < 5; k++) of_items[k]->which = which + 5 * n_cues + k * n_items;
    int64_t cue = 0;
    for (int64_t begin = 0, stop; begin < n_items; begin = stop) {
        int64_t row = items.row[begin];
        for (stop = begin + 1; stop < n_items && items.row[stop] == row; stop++) {}
        while (cue < n_cues && cues.row[cue] < row) cue++;
        c.cue_begin = cue;
        while (cue < n_cues && cues.row[cue] == row) cue++;
        c.cue_stop = cue;
        c.row_first = row_first[row], c.row_stop = row_first[row + 1];
        gather_row(&c, begin, stop);
        for (int64_t i = begin; i < stop; i++) {
            Near near[2][N_CUES];
            int64_t class = items.class[i];
            c.group = class == known.years ? YEARS
                      : class == known.level || class == known.nothing ? SCHOOLING : CREDENTIAL;
            find_near(&c, i, near);
            add_own(&c, i);
            add_around(&c, i, 1, 6, BEFORE);
            add_around(&c, i, 1, 10, BEHIND);
            add_cues(&c, i, near);
            end_part(&c, sums + i * width);
            if (c.group == YEARS) continue;
            add_around(&c, i, 7, 10, BEFORE);
            add_around(&c, i, 11, 14, BEHIND);
            int64_t section = add_section(&c, i);
            add_attached(&c, i, near, section, offered_years(&c, i));
            add_substitutes(&c, i);
            for (int group = SCHOOLING; group <= YEARS; group += YEARS - SCHOOLING)
                for (int side = 0; side < 2; side++) add_neighbour(&c, i, group, side);
            add_levels(&c, i);
            end_part(&c, sums + i * width);
        }
    }
    settle_features(&c);
}

/* ---- The words that decided: `_runs` of model/ranking.py -------------------------------------------------------- */

#define MIN_SHARE 0.2

typedef struct {
    const int64_t *row, *term, *first, *last;
    const double *value;
    const float *weight; /* [n_terms][2] */
    const uint8_t *displayable;
    int64_t n, done;
} Words;

typedef struct {
    int64_t start, end;
    double pull[2], strength;
} Run;

/* By place, or the strongest first; of two alike the one that came first. */
static inline int comes_first(const Run *a, const Run *b, int by_strength) {
    if (by_strength && a->strength != b->strength) return a->strength > b->strength;
    return a->start <= b->start;
}

/* Sort runs, as many again being scratch, in the time of a merge sort; equal ones keep their order. */
static void sort_runs(Run *runs, int64_t n, Run *scratch, int by_strength) {
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t begin = 0; begin < n; begin += 2 * width) {
            int64_t middle = smaller(begin + width, n), stop = smaller(begin + 2 * width, n), a = begin, b = middle;
            for (int64_t to = begin; to < stop; to++)
                scratch[to] = b >= stop || (a < middle && comes_first(&runs[a], &runs[b], by_strength)) ? runs[a++]
                                                                                                        : runs[b++];
        }
        memcpy(runs, scratch, (size_t)n * sizeof *runs);
    }
}

static inline void put_run(Run *runs, int64_t *n, int64_t first, int64_t last, const double *weight,
                           const double *gradient, int displayable, double *top) {
    Run run = {first, last + 1, {weight[0] * gradient[0], weight[1] * gradient[1]}, 0.0};
    run.strength = displayable ? run.pull[0] + run.pull[1] : 0.0;
    if (run.strength <= 0) return;
    if (run.strength > *top) *top = run.strength;
    runs[(*n)++] = run;
}

/* Merge the telling terms of each row into runs, the strongest first: row, start and end of each.
 *
 * Of the words of text and title each array of `Words` is passed with its length; of what is stated the rows, first and
 * last tokens, weights[n][2] and whether they may be shown. gradient[n_rows][2]; scale[n_rows][2] is of words.
 * All terms come row by row. bytes is scratch for two runs for each term; returns the number of runs.
 */
EXPORT int64_t find_runs(const int64_t *text_row, const int64_t *text_term, const int64_t *text_first,
                         const int64_t *text_last, const double *text_value, int64_t n_text, const float *text_weight,
                         const uint8_t *text_displayable, const int64_t *title_row, const int64_t *title_term,
                         const int64_t *title_first, const int64_t *title_last, const double *title_value,
                         int64_t n_title, const float *title_weight, const uint8_t *title_displayable,
                         const int64_t *stated_row, const int64_t *stated_first, const int64_t *stated_last,
                         const double *stated_weight, const uint8_t *stated_displayable, int64_t n_stated,
                         const double *gradient, const double *scale, int64_t n_rows, double *bytes, int64_t *run_row,
                         int64_t *run_start, int64_t *run_end) {
    Words parts[2] = {
        {text_row, text_term, text_first, text_last, text_value, text_weight, text_displayable, n_text, 0},
        {title_row, title_term, title_first, title_last, title_value, title_weight, title_displayable, n_title, 0}};
    Run *runs = (Run *)(void *)bytes, *scratch = runs + n_text + n_title + n_stated;
    int64_t found = 0, stated = 0;
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t n = 0, kept = 0, merged = 0;
        double top = 0.0;
        const double *slope = gradient + 2 * row;
        for (int k = 0; k < 2; k++) {
            Words *p = &parts[k];
            for (; p->done < p->n && p->row[p->done] == row; p->done++) {
                int64_t i = p->done, term = p->term[i];
                double weight[2];
                for (int d = 0; d < 2; d++)
                    weight[d] = (double)p->weight[2 * term + d] * p->value[i] * scale[2 * row + d];
                put_run(runs, &n, p->first[i], p->last[i], weight, slope, p->displayable[term], &top);
            }
        }
        for (; stated < n_stated && stated_row[stated] == row; stated++)
            put_run(runs, &n, stated_first[stated], stated_last[stated], stated_weight + 2 * stated, slope,
                    stated_displayable[stated], &top);
        for (int64_t i = 0; i < n; i++)
            if (runs[i].strength > MIN_SHARE * top) runs[kept++] = runs[i];
        sort_runs(runs, kept, scratch, 0);
        for (int64_t i = 0; i < kept; i++) {
            Run *last = runs + merged - 1;
            if (merged && runs[i].start < last->end) {
                if (runs[i].end > last->end) last->end = runs[i].end;
                for (int d = 0; d < 2; d++) last->pull[d] += runs[i].pull[d];
            } else {
                runs[merged++] = runs[i];
            }
        }
        for (int64_t i = 0; i < merged; i++) runs[i].strength = runs[i].pull[0] + runs[i].pull[1];
        sort_runs(runs, merged, scratch, 1);
        for (int64_t i = 0; i < merged; i++, found++)
            run_row[found] = row, run_start[found] = runs[i].start, run_end[found] = runs[i].end;
    }
    return found;
}

/* ---- Mentions beside each other: `_most_of_others` of requirement_reader/decide.py ------------------------------ */

enum { NONE, REQUIRED, PREFERRED, SUBSTITUTABLE, NOT_NEEDED, N_OUTCOMES };

#define MAX_NEIGHBOURS 4
#define N_OTHERS 12

/* The most that any other mention of schooling near by is asked for and so on: most[N_OTHERS][n], all 0 before.
 *
 * own[n][N_OUTCOMES], joined, row and level[n] are of the mentions of schooling.
 */
EXPORT void most_of_others(const double *own, const double *joined, const int64_t *row, const int64_t *level,
                           int64_t n, double *most) {
    for (int64_t here = 0; here < n; here++)
        for (int side = -1; side <= 1; side += 2) {
            double linked = 1.0; /* whether all between the two stand in place of each other */
            for (int64_t step = 1; step <= MAX_NEIGHBOURS; step++) {
                int64_t other = here + side * step;
                if (other < 0 || other >= n || row[other] != row[here]) break;
                linked *= joined[side < 0 ? other + 1 : other];
                const double *likely = own + N_OUTCOMES * other;
                double asked = likely[REQUIRED] + likely[SUBSTITUTABLE];
                double higher = level[other] > level[here], lower = level[other] < level[here];
                double same = level[other] == level[here];
                const double value[N_OTHERS] = {
                    asked * higher, asked * lower, asked * same, asked * higher * (1 - linked),
                    asked * lower * linked, asked * higher * linked, likely[PREFERRED] * (1 - lower),
                    likely[PREFERRED] * lower, likely[SUBSTITUTABLE], likely[NOT_NEEDED],
                    likely[REQUIRED] * higher * own[N_OUTCOMES * here + REQUIRED],
                    linked * (step == 1 && side > 0)};
                for (int k = 0; k < N_OTHERS; k++)
                    if (value[k] > most[k * n + here]) most[k * n + here] = value[k];
            }
        }
}

/* Add the weights of what `relations` says of each mention, one relation after the other: sums[n * width]. */
EXPORT void add_relations(const double *values, const float *weight, int64_t n, int64_t n_relations, int64_t width,
                          double *sums) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n_relations; k++)
            for (int64_t j = 0; j < width; j++)
                sums[i * width + j] += values[i * n_relations + k] * (double)weight[k * width + j];
}
