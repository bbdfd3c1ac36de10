/* scale.c - sums of a period scaled to the register (settlement-rules 3.2): where the contract
 * demands it, the parts of a meter's energy, as they are printed, add up to what its register says.
 *
 *     register, rounded to 0.01 kWh  ->  split over the keys by their sums (R6)
 *     each key's part                ->  split over its intervals (R6 at 10^-4 kWh), when asked for
 */
#include "settle/order.h"

#define PRINTED_E4 100 /* 0.01 kWh, the last printed digit */

struct share {
    int64_t weight, part;
    __int128 rest; /* of the division: who has the largest gets one more */
    int32_t key, index;
};

static int share_order(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    if (x->rest != y->rest) {
        return x->rest > y->rest ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

/* R6 within each key: totals[key] over the weights of its shares, which add up to whole[key]. The
 * shares come back sorted by key. */
static void split(struct share *s, size_t n, const int64_t *totals, const int64_t *whole,
                  int64_t *left)
{
    for (size_t i = 0; i < n; i++) {
        const __int128 product = (__int128)totals[s[i].key] * s[i].weight;
        const int64_t w = whole[s[i].key];
        s[i].part = w ? (int64_t)(product / w) : 0;
        s[i].rest = w ? product % w : 0;
        left[s[i].key] -= s[i].part;
    }
    qsort(s, n, sizeof(*s), share_order);
    for (size_t i = 0; i < n; i++) {
        if (left[s[i].key] > 0 && s[i].weight > 0) {
            s[i].part++;
            left[s[i].key]--;
        }
    }
}

/* The keys' parts of the register. */
static enum err_code source_scale(struct desk *d, struct work *w, struct source *s)
{
    const int32_t n = w->kind->n_keys;
    struct share *part = arena_many(d->scratch, (size_t)n, struct share);
    const int64_t total = (int64_t)div_half_away(s->registers, PRINTED_E4);
    int64_t whole = 0, left = total;
    for (int32_t k = 0; k < n; k++) {
        if (s->total.sums[k] < 0) {
            return fail_named(&w->failure, ERR_WEIGHT, "ALLOC_WEIGHT",
                              "scale_to_register: point %lld has negative energy in one of the "
                              "periods; correct its readings",
                              (long long)s->point_id);
        }
        part[k] = (struct share){.weight = s->total.sums[k], .index = k};
        whole += s->total.sums[k];
    }
    s->raw = whole;
    if (whole == 0 || total < 0) {
        return OK; /* no shape to scale; REGISTER_MISMATCH holds if there is something */
    }
    split(part, (size_t)n, &total, &whole, &left);
    s->parts = arena_many(d->arena, (size_t)n, int64_t);
    for (int32_t k = 0; k < n; k++) {
        s->parts[part[k].index] = part[k].part * PRINTED_E4;
    }
    memcpy(s->total.sums, s->parts, (size_t)n * sizeof(*s->parts));
    return OK;
}

enum err_code scale_take(struct desk *d, struct work *w, struct err *e)
{
    const struct meter_estate *es = reading_points_estate(d->points);
    for (size_t i = 0; i < w->n_sources && w->failure.code == OK; i++) {
        struct source *s = &w->sources[i];
        struct reading_control c;
        struct err why = {0};
        int64_t at = meter_estate_find(es, s->point_id);
        if (s->track || at < 0 || es->first_binding[at] == es->first_binding[at + 1]) {
            continue; /* not over the period, virtual, or metered without registers */
        }
        enum err_code rc =
            reading_control(d->db, d->points, s->point_id, w->b->from, w->b->until, &c, &why);
        if (rc == ERR_GAP) {
            s->no_register = true;
            continue;
        }
        if (rc != OK) {
            *(store_trouble(rc) ? e : &w->failure) = why;
            return store_trouble(rc) ? rc : OK;
        }
        s->registers = c.registers;
        s->total.snapshot = hash64(&c.registers, sizeof(c.registers), s->total.snapshot);
        (void)source_scale(d, w, s);
    }
    return OK;
}

/* The intervals of a scaled source: each key's part over those of its intervals. */
void scale_days(struct desk *d, const struct work *w, const struct source *s,
                struct reading_day *days)
{
    const struct kind *k = w->kind;
    const size_t n = (size_t)k->n_days * SLOTS;
    struct share *part = arena_many(d->scratch, n, struct share);
    int64_t *whole = arena_many(d->scratch, (size_t)k->n_keys, int64_t);
    int64_t *left = arena_many(d->scratch, (size_t)k->n_keys, int64_t);
    memcpy(left, s->parts, (size_t)k->n_keys * sizeof(*left));
    for (size_t i = 0; i < n; i++) {
        const struct instant t = {day_start(w->b->from).utc_ms + (int64_t)i * SLOT_MS};
        const struct reading_day *day = &days[i / SLOTS];
        part[i] = (struct share){.weight = day->value[i % SLOTS],
                                 .key = k->span ? tariff_span_key(k->span, t) : 0,
                                 .index = (int32_t)i};
        whole[part[i].key] += part[i].weight;
    }
    split(part, n, s->parts, whole, left);
    for (size_t i = 0; i < n; i++) {
        days[part[i].index / SLOTS].value[part[i].index % SLOTS] = part[i].part;
    }
}
