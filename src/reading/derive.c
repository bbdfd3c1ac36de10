/* derive.c - registers to intervals: the rules of settlement-rules 3.2 as a pure function.
 *
 * A step is two good readings of one segment with nothing good between. What a step's energy is
 * never depends on its shape, and no energy is ever made from a decrease.
 */
#include "reading/reading.h"

/* What an interval takes over from the registers at its ends. */
#define END_BITS (Q_LATE | Q_BACKFILL | Q_CLOCK | Q_DEV | Q_BUFFERED | Q_SUM)

struct derivation {
    struct arena *arena;
    struct derive_interval *out; /* of the segment at hand */
    struct derive_flag *flags;
    size_t n_flags;
    __int128 total;
    int32_t segment;
};

static void flag(struct derivation *d, enum derive_kind kind, size_t at, size_t missing)
{
    d->flags[d->n_flags++] =
        (struct derive_flag){ kind, d->segment, (int32_t)at, (int32_t)missing };
}

static void unknown(struct derivation *d, size_t from, size_t until, uint16_t q, uint8_t rank)
{
    for (size_t i = from; i < until; i++) {
        d->out[i] = (struct derive_interval){ 0, q, rank };
    }
}

/* The register at a boundary as energy: rounded here, once, so that intervals sum to the whole. */
static __int128 energy_at(const struct derive_segment *s, __int128 index_e4)
{
    return s->k_den == 1 ? index_e4 * s->k_num : div_half_away(index_e4 * s->k_num, s->k_den);
}

static void split(struct derivation *d, const struct derive_segment *s, size_t a, size_t b,
                  int64_t energy, uint16_t q, uint8_t rank)
{
    size_t n = b - a;
    struct money *parts = arena_many(d->arena, n, struct money);
    int64_t *weights = arena_many(d->arena, n, int64_t);
    bool any = false;
    for (size_t i = 0; s->profile && i < n; i++) {
        weights[i] = s->profile[a + i];
        any |= weights[i] != 0;
    }
    for (size_t i = 0; !any && i < n; i++) {
        weights[i] = 1;
    }
    struct err e;
    check(money_allocate((struct money){ energy }, weights, n, parts, &e) == OK);
    for (size_t i = 0; i < n; i++) {
        d->out[a + i] = (struct derive_interval){ parts[i].fen, q, rank };
    }
}

/* From the good reading a to the next good one, b. */
static void step(struct derivation *d, const struct derive_segment *s, size_t a, size_t b)
{
    int64_t first = s->index_e4[a], last = s->index_e4[b], m = s->modulus_e4;
    uint8_t rank = 1;
    uint16_t q = 0;
    if (s->rank) {
        rank = s->rank[a] < s->rank[b] ? s->rank[a] : s->rank[b];
    }
    if (s->q) {
        q = (uint16_t)((s->q[a] | s->q[b]) & END_BITS);
    }
    __int128 turn = 0;
    if (last < first) {
        if (m == 0 || (__int128)first * 10 <= (__int128)m * 9 || (__int128)last * 10 >= m) {
            flag(d, DERIVE_BACKWARD, b, 0);
            unknown(d, a, b, q | Q_RESET, rank);
            return;
        }
        flag(d, DERIVE_ROLLOVER, b, 0);
        turn = m;
        q |= Q_ROLLOVER;
    }
    __int128 energy = energy_at(s, last + turn) - energy_at(s, first);
    if ((s->limit > 0 && energy > (__int128)s->limit * (int64_t)(b - a)) ||
        energy > READING_VALUE_MAX) {
        flag(d, DERIVE_JUMP, b, 0);
        unknown(d, a, b, q | Q_RANGE, rank);
        return;
    }
    d->total += energy;
    if (b - a == 1) {
        d->out[a] = (struct derive_interval){ (int64_t)energy, q, rank };
        return;
    }
    flag(d, DERIVE_GAP, a + 1, b - a - 1);
    split(d, s, a, b, (int64_t)energy, q | Q_EST, rank);
}

static void segment(struct derivation *d, const struct derive_segment *s)
{
    size_t good = 0;
    while (good < s->n && !s->has[good]) {
        good++;
    }
    if (good > 0) {
        flag(d, DERIVE_OPEN, 0, 0);
        unknown(d, 0, good < s->n ? good : s->n - 1, Q_MISSING, 0);
    }
    for (size_t i = good + 1; i < s->n; i++) {
        if (s->has[i]) {
            step(d, s, good, i);
            good = i;
        }
    }
    if (good + 1 < s->n) {
        flag(d, DERIVE_OPEN, good, 0);
        unknown(d, good, s->n - 1, Q_MISSING, 0);
    }
}

static enum err_code segment_check(const struct derive_segment *s, struct err *e)
{
    if (s->n == 0 || s->k_den <= 0 || s->k_num <= 0) {
        return fail(e, ERR_INPUT, "meter %.*s: %zu readings, multiplier %lld/%lld",
                    STR_ARG(s->meter), s->n, (long long)s->k_num, (long long)s->k_den);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->has[i] && (s->index_e4[i] < 0 || s->index_e4[i] > READING_VALUE_MAX ||
                          (s->modulus_e4 && s->index_e4[i] >= s->modulus_e4))) {
            return fail(e, ERR_INPUT,
                        "meter %.*s: reading %zu is %lld, outside the register's 0..%lld (10^-4)",
                        STR_ARG(s->meter), i, (long long)s->index_e4[i], (long long)s->modulus_e4);
        }
    }
    return OK;
}

enum err_code reading_derive(struct arena *a, const struct derive_segment *segments, size_t n,
                             struct derive_result *out, struct err *e)
{
    size_t n_intervals = 0, n_readings = 0;
    for (size_t i = 0; i < n; i++) {
        if (segment_check(&segments[i], e) != OK) {
            return e ? e->code : ERR_INPUT;
        }
        n_intervals += segments[i].n - 1;
        n_readings += segments[i].n;
    }
    /* A reading ends at most one step, and a step has at most two flags; OPEN twice a segment. */
    struct derivation d = { .arena = a };
    d.flags = arena_many(a, 2 * n_readings + 2 * n + 1, struct derive_flag);
    struct derive_interval *intervals = arena_many(a, n_intervals + 1, struct derive_interval);
    d.out = intervals;
    for (size_t i = 0; i < n; i++) {
        d.segment = (int32_t)i;
        segment(&d, &segments[i]);
        d.out += segments[i].n - 1;
    }
    *out = (struct derive_result){ intervals, n_intervals, d.flags, d.n_flags, d.total };
    return OK;
}

void text_derive_flag(struct text *t, struct str meter, const struct derive_flag *f)
{
    static const char *const words[] = { "ROLLOVER", "BACKWARD", "JUMP", "GAP", "OPEN" };
    text_add(t, meter);
    if (f->kind == DERIVE_GAP) {
        text_addf(t, ":GAP%d@%d", f->missing, f->at);
    } else {
        text_addf(t, ":%s@%d", words[f->kind], f->at);
    }
}
