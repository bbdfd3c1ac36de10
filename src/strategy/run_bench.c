/* run_bench.c - what a contract costs beside its readings: bind and run of a month of pv_selfuse
 * (sums are ready, as from sealed months), and of a spot contract whose intervals are multiplied.
 *
 *   build/bench/src/strategy/run_bench   prints microseconds per contract
 */
#include "strategy/world.h"
#include <stdio.h>

#define CONTRACTS 20000

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct str read_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "%s cannot be read; run from the top of the repository\n", path);
        exit(1);
    }
    char *text = arena_alloc(a, 65536);
    size_t n = fread(text, 1, 65535, f);
    fclose(f);
    return (struct str){ text, n };
}

/* Sums as a store has them ready: a copy of four numbers. */
static enum err_code ready_sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                                const struct tariff_span *span, int64_t *sums,
                                struct strategy_seen *seen, struct err *e)
{
    (void)ctx;
    (void)e;
    int32_t n = span ? span->n_keys : 1;
    for (int32_t i = 0; i < n; i++) {
        sums[i] = 10000000LL * (i + 1) / (1 + 3 * source);
    }
    *seen = (struct strategy_seen){ .n = axis->n, .first_missing = -1 };
    return OK;
}

static enum err_code ready_values(void *ctx, int32_t source, const struct strategy_axis *axis,
                                  int32_t first, int32_t n, int64_t *values, uint8_t *quality,
                                  struct err *e)
{
    (void)ctx;
    (void)source;
    (void)axis;
    (void)e;
    for (int32_t i = 0; i < n; i++) {
        values[i] = first + i;
    }
    memset(quality, QUALITY_ACTUAL, (size_t)n);
    return OK;
}

static void measure(const char *name, struct world *w)
{
    struct strategy_data data = { NULL, ready_sums, ready_values };
    struct arena *job = arena_new();
    int64_t bind_ns = 0, run_ns = 0, lines = 0, bytes = 0;
    world_settle_parts(&w->top);
    w->binding.top = w->top.part;
    for (int i = 0; i < CONTRACTS; i++) {
        struct strategy_bound *b = NULL;
        struct strategy_result *r = NULL;
        int64_t t0 = now_ns();
        if (strategy_bind(job, w->strategy, &w->binding, &b, &w->err) != OK) {
            fprintf(stderr, "%s\n", w->err.text);
            exit(1);
        }
        int64_t t1 = now_ns();
        if (strategy_run(job, b, &data, &r, &w->err) != OK) {
            fprintf(stderr, "%s\n", w->err.text);
            exit(1);
        }
        int64_t t2 = now_ns();
        bind_ns += t1 - t0;
        run_ns += t2 - t1;
        lines += (int64_t)r->n_lines;
        bytes = (int64_t)arena_size(job);
        arena_reset(job);
    }
    printf("%-24s bind %6lld ns  run %6lld ns  %lld lines  %lld bytes\n", name,
           (long long)(bind_ns / CONTRACTS), (long long)(run_ns / CONTRACTS),
           (long long)(lines / CONTRACTS), (long long)bytes);
    arena_free(job);
}

static struct world *world_of(struct arena *a, const char *path)
{
    static const int32_t first[] = { 0 };
    struct world *w = world_new(a, "2025-07-01T00:00:00+08:00", 15, 2976);
    world_tou(w, 31, "vvvvvvvvpssvvffssppppppf", 1, first);
    if (world_load(w, read_file(a, path).at) != OK) {
        fprintf(stderr, "%s\n", w->err.text);
        exit(1);
    }
    return w;
}

int main(void)
{
    struct arena *a = arena_new();
    struct world *w = world_of(a, "tests/strategy/listings/pv_selfuse.tally");
    world_feed(w, "gen", 4, "1");
    world_feed(w, "export", 4, "1");
    world_price(w, "grid_price", "1.1524 0.9947 0.6840 0.3876");
    world_set(w, "discount", "0.88");
    world_set(w, "floor", "0.40");
    world_set(w, "cap", "0.95");
    world_set(w, "feed_in", "0.4153");
    world_set(w, "fee_rate", "0.01");
    measure("pv_selfuse, a month", w);
    world_set(w, "roof_fee", "0.02");
    world_set(w, "free_quota", "100");
    measure("the same, more items", w);
    const char *spot = "strategy spot\nparty grid, investor\nmeter gen : kWh\n"
                       "series spot : yuan/kWh\n"
                       "line SPOT grid -> investor round(sum(gen * spot), 2) vat 13%\n";
    struct world *s = world_new(a, "2025-07-01T00:00:00+08:00", 15, 2976);
    if (world_load(s, spot) != OK) {
        fprintf(stderr, "%s\n", s->err.text);
        return 1;
    }
    world_feed(s, "gen", 4, "1");
    world_feed(s, "spot", 6, "0.3");
    measure("spot, 2,976 intervals", s);
    arena_free(a);
    return 0;
}
