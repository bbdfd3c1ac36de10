/* memory.c - the sealed month in memory: what the kernel costs without the store, and decoding
 * against summing raw numbers (bench.h).
 */
#include "bench/bench.h"

#define GROUPS (MONTH_DAYS * DAY_GROUPS)
#define PADDING 64 /* vector loads may read past a block */
#define ROUNDS 5

struct loading {
    struct blocks *b;
    size_t room, next;
};

static bool block_kept(void *ctx, int64_t key, int64_t snapshot, struct str data,
                       enum err_code *code, struct err *e)
{
    struct loading *l = ctx;
    struct blocks *b = l->b;
    (void)code, (void)e;
    check(block_key_place(key) == (int32_t)l->next && l->next < b->n);
    if (b->at[l->next] + data.n > l->room) {
        l->room = 2 * l->room + data.n;
        b->bytes = mem_grow(b->bytes, l->room + PADDING);
    }
    memcpy(b->bytes + b->at[l->next], data.at, data.n);
    b->snapshot[l->next++] = (uint64_t)snapshot;
    b->at[l->next] = b->at[l->next - 1] + data.n;
    return true;
}

void blocks_load(struct estate *s, struct blocks *out)
{
    *out = (struct blocks){ .n = s->n };
    struct loading l = { .b = out, .room = s->n * 2500 };
    struct place first = { 0, 0 }, last = { 0, (int32_t)s->n };
    out->bytes = mem_alloc(l.room + PADDING);
    out->at = mem_alloc((s->n + 1) * sizeof(*out->at));
    out->snapshot = mem_alloc((s->n + 1) * sizeof(*out->snapshot));
    out->at[0] = 0;
    DO(rows_each_block(s->db, block_key(MONTH, first, VERSION_MAX), block_key(MONTH, last, 0),
                       block_kept, &l, e));
    check(l.next == s->n);
}

void blocks_free(struct blocks *b)
{
    free(b->bytes);
    free(b->at);
    free(b->snapshot);
}

static void block_section(const struct blocks *b, size_t point, struct section *out)
{
    struct block block;
    DO(block_open(b->bytes + b->at[point], b->at[point + 1] - b->at[point], GROUPS, NULL, &block,
                  e));
    check(block_next(&block, out) >= 0);
}

void blocks_values(const struct blocks *b, size_t point, int64_t *values, uint16_t *q)
{
    struct section section;
    block_section(b, point, &section);
    check(section_unpack(&section, values, q, NULL));
}

struct cost blocks_totals(struct estate *s, const struct blocks *b, int rounds)
{
    struct cost best = NO_COST;
    struct tally t;
    tally_init(&t, s->plan, s->a);
    for (int i = 0; i < rounds; i++) {
        struct cost start = cost_now();
        for (size_t p = 0; p < b->n; p++) {
            struct section section;
            int32_t next_day = 0;
            total_clear(&s->totals[p], s->plan);
            block_section(b, p, &section);
            t.out = &s->totals[p];
            t.next_day = &next_day;
            check(tally_add(&t, s->plan, &section, 0, 0, MONTH_DAYS));
            tally_flush(&t, s->plan);
            s->totals[p].snapshot += b->snapshot[p];
        }
        cost_best(&best, cost_since(start));
    }
    return best;
}

static uint64_t mix(const uint32_t acc[2 * SLOTS], uint64_t factor)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < 2 * SLOTS; k++) {
        sum += acc[k] * factor * (k + 1);
    }
    return sum;
}

static uint64_t sum_raw(const int32_t *raw, size_t n, const uint8_t *row)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++, raw += POINT_READINGS) {
        _Alignas(64) uint32_t acc[2 * SLOTS] = { 0 };
        for (int d = 0; d < MONTH_DAYS; d++) {
            uint32_t *a = acc + row[d] * SLOTS;
            const int32_t *v = raw + d * SLOTS;
            for (int k = 0; k < SLOTS; k++) {
                a[k] += (uint32_t)v[k];
            }
        }
        sum += mix(acc, 1);
    }
    return sum;
}

static uint64_t sum_packed(const struct blocks *b, const uint8_t *row)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < b->n; i++) {
        _Alignas(64) uint32_t acc[2 * SLOTS] = { 0 };
        struct section s;
        check(section_parse(b->bytes + b->at[i] + BLOCK_HEAD, b->bytes + b->at[i + 1], GROUPS, &s));
        kernel_add(acc, row, s.widths, s.data, s.limit, MONTH_DAYS);
        sum += mix(acc, (uint64_t)s.quantum);
    }
    return sum;
}

void blocks_against_raw(const struct blocks *b)
{
    int32_t *raw = mem_alloc(b->n * POINT_READINGS * sizeof(*raw));
    static int64_t value[POINT_READINGS];
    uint8_t row[MONTH_DAYS];
    struct cost packed = NO_COST, plain = NO_COST;
    for (int d = 0; d < MONTH_DAYS; d++) {
        row[d] = (uint8_t)day_kind(day_add(month_first(MONTH), d));
    }
    for (size_t i = 0; i < b->n; i++) {
        struct section s;
        blocks_values(b, i, value, NULL);
        block_section(b, i, &s);
        check(s.base == 0); /* energies are not negative here: the kernel alone gives the sums */
        for (size_t k = 0; k < POINT_READINGS; k++) {
            raw[i * POINT_READINGS + k] = (int32_t)value[k];
        }
    }
    for (int i = 0; i < ROUNDS; i++) { /* in turns: a busy moment falls on both */
        struct cost start = cost_now();
        uint64_t a = sum_raw(raw, b->n, row);
        cost_best(&plain, cost_since(start));
        start = cost_now();
        uint64_t c = sum_packed(b, row);
        cost_best(&packed, cost_since(start));
        check(a == c);
    }
    free(raw);
    int64_t readings = (int64_t)b->n * POINT_READINGS;
    line_ratio("decode and sum in memory", packed, "raw int32 in memory", plain.cpu_us, 100);
    line_note("    packed %lld, raw %lld million readings/s; same sums",
              (long long)(readings / packed.cpu_us), (long long)(readings / plain.cpu_us));
}
