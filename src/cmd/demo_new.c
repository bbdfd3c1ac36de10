/* demo_new.c - what the demo shows beside roofs, storage and wind: one of each other scenario. */
#include "cmd/demo_new.h"

struct demo_new {
    struct sim_mix *mix;
    struct sim_mix_terms terms;
    struct instant now;
};

struct demo_new *demo_new_begin(struct build *b, struct month month, const char *prefix)
{
    struct demo_new *n = arena_make(b->arena, struct demo_new);
    *n = (struct demo_new){ .mix = sim_mix_few(b->arena, b->options->seed, month, prefix),
                            .now = b->options->now };
    return n;
}

static enum err_code demo_new_write(struct db *db, void *ctx, struct err *e)
{
    struct demo_new *n = ctx;
    return sim_mix_add(db, n->mix, &n->terms, n->now, e);
}

void demo_new_add(struct demo_new *n, struct build *b, const struct sim_mix_terms *who)
{
    n->terms = *who;
    n->terms.market_org = build_org(b, ORG_CONSUMER, "省电力交易中心（演示）");
    n->terms.port_org = build_org(b, ORG_CONSUMER, "晴港码头（演示）");
    n->terms.government_org = build_org(b, ORG_CONSUMER, "市交通局（演示）");
    b->n_strategies = sim_mix_strategies(b->arena, n->mix, &b->strategies);
    n->terms.strategies = b->strategies;
    n->terms.n_strategies = b->n_strategies;
    b->more = demo_new_write;
    b->more_ctx = n;
}

enum err_code demo_new_find(struct demo_new *n, struct build *b, struct err *e)
{
    return sim_mix_find(b->db, n->mix, e);
}

struct sim_mix_counts demo_new_counts(const struct demo_new *n)
{
    return sim_mix_counts(n->mix);
}

/* All days of a point in one batch, known again by the point's number. */
static enum err_code point_play(struct demo_new *n, struct build *b,
                                const struct reading_points *points, int32_t i, int64_t *taken,
                                struct err *e)
{
    struct arena *a = arena_new();
    struct day from;
    int days;
    sim_mix_days(n->mix, &from, &days);
    struct reading *list = arena_many(a, (size_t)days * SLOTS, struct reading);
    struct reading_batch batch = { .source = STR("demo:new"),
                                   .batch_id = i + 1,
                                   .readings = list,
                                   .old_days = DEMO_HISTORY_DAYS };
    for (int d = 0; d < days; d++) {
        int64_t value[SLOTS], point_id;
        struct day day = day_add(from, d);
        bool read = sim_mix_point_day(n->mix, i, day, value, &point_id);
        for (int k = 0; read && k < SLOTS; k++) {
            list[batch.n++] = (struct reading){ .point_id = point_id,
                                                .ts_ms = slot_start((struct slot){ day, k }).utc_ms,
                                                .value = value[k],
                                                .kind = READING_INT,
                                                .rank = RANK_GRID_FILE };
        }
    }
    enum err_code code = reading_intake(b->db, points, &batch, 1, b->options->now, e);
    *taken += code == OK && batch.result == BATCH_TAKEN ? (int64_t)batch.n_taken : 0;
    arena_free(a);
    return code;
}

enum err_code demo_new_play(struct demo_new *n, struct build *b,
                            const struct reading_points *points, int64_t *taken, struct err *e)
{
    int64_t n_points = sim_mix_counts(n->mix).points;
    enum err_code code = OK;
    for (int32_t i = 0; i < n_points && code == OK; i++) {
        code = point_play(n, b, points, i, taken, e);
    }
    return code;
}
