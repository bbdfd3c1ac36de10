/* tally.c - see tally.h. What orders share (a page's query, the reading of all sums, the writing of
 * a chunk) is spread over them by what causes it: orders, sources, lines.
 */
#include "settle/tally.h"

struct lap_clock lap_start(const struct settle_tally *t)
{
    struct lap_clock c = {t ? t->cpu_ns : NULL, 0};
    c.last = c.cpu_ns ? c.cpu_ns() : 0;
    return c;
}

int64_t lap(struct lap_clock *c)
{
    if (!c->cpu_ns) {
        return 0;
    }
    int64_t now = c->cpu_ns(), passed = now - c->last;
    c->last = now;
    return passed;
}

void cost_spread(int64_t cost, const int32_t *weights, size_t n, int64_t *each)
{
    int64_t all = 0;
    for (size_t i = 0; i < n; i++) {
        all += weights[i];
    }
    for (size_t i = 0; i < n && all > 0; i++) {
        each[i] += (int64_t)((__int128)cost * weights[i] / all);
    }
}

static struct settle_share *share_of(struct settle_tally *t, struct str strategy)
{
    size_t i = 0;
    while (i < t->n && str_cmp(t->shares[i].strategy, strategy) < 0) {
        i++;
    }
    if (i < t->n && str_eq(t->shares[i].strategy, strategy)) {
        return &t->shares[i];
    }
    check_that(t->n < SETTLE_SHARES_MAX, "more than %d strategies in a run", SETTLE_SHARES_MAX);
    memmove(&t->shares[i + 1], &t->shares[i], (t->n - i) * sizeof(t->shares[0]));
    t->n++;
    t->shares[i] = (struct settle_share){.strategy = str_dup(t->arena, strategy)};
    return &t->shares[i];
}

void tally_chunk(struct settle_tally *t, const struct settle_result *r, size_t n,
               const int64_t *cpu_ns)
{
    struct settle_share *s = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!s || !str_eq(s->strategy, r[i].order->strategy.name)) {
            s = share_of(t, r[i].order->strategy.name);
        }
        s->orders++;
        s->by_outcome[r[i].outcome]++;
        s->held += r[i].outcome == SETTLE_WRITTEN && r[i].hold;
        s->lines += (int64_t)r[i].n_lines;
        for (size_t k = 0; k < r[i].n_lines; k++) {
            s->fen += r[i].lines[k].fen;
        }
        s->cpu_ns += cpu_ns[i];
    }
}
