/* store_sink.c - batches of an import into the journal of the reading room. */
#include "ingest/ingest.h"

#define HISTORY_DAYS                                                                               \
    36500 /* files may hold any past; what a meter cannot mean is refused before                   \
           */

/* Readings of one shard, and where each stood in the batch. */
struct part {
    struct reading *readings;
    uint32_t *index;
    uint8_t *outcomes;
    size_t n;
    int64_t batch_id;
};
struct folding {
    struct str source;
    const struct part *part;
    uint8_t *outcome;
};

static int32_t shard_of(const struct meter_estate *es, int64_t point_id)
{
    int64_t i = meter_estate_find(es, point_id);
    return i < 0 ? -1 : es->points[i].shard;
}

static void folded(void *ctx, struct str source, int64_t batch_id, size_t index,
                   const struct reading *r, enum reading_outcome o)
{
    struct folding *f = ctx;
    (void)r;
    if (batch_id == f->part->batch_id && index < f->part->n && str_eq(source, f->source)) {
        f->outcome[f->part->index[index]] = (uint8_t)o;
    }
}

static enum err_code take_part(struct ingest_store *s, struct str source, struct part *part,
                               uint8_t *outcome, bool *known, struct err *e)
{
    struct reading_batch batch = { .source = source,
                                   .batch_id = part->batch_id,
                                   .readings = part->readings,
                                   .n = part->n,
                                   .outcomes = part->outcomes,
                                   .old_days = HISTORY_DAYS };
    enum err_code code = reading_intake(s->db, s->points, &batch, 1, s->now, e);
    if (code != OK) {
        return code;
    }
    if (batch.result == BATCH_DIFFERENT) {
        return fail(e, ERR_CONFLICT,
                    "batch %lld of " STR_FMT " is stored with other content: the store or the file "
                    "was changed by hand",
                    (long long)part->batch_id, STR_ARG(source));
    }
    *known = batch.result == BATCH_AGAIN;
    for (size_t i = 0; i < part->n; i++) {
        outcome[part->index[i]] = part->outcomes[i];
    }
    if (!s->fold) {
        return OK;
    }
    struct folding f = { source, part, outcome };
    struct reading_fold_sink sink = { folded, &f };
    struct reading_fold_report report;
    return reading_fold(s->db, s->points, &sink, s->now, &report, e);
}

/* The readings of one shard, in their order; those of unknown points go with the first shard. */
static void part_pick(struct part *part, const struct reading *r, size_t n, const int32_t *shard,
                      int32_t which)
{
    part->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (shard[i] == which) {
            part->readings[part->n] = r[i];
            part->index[part->n++] = (uint32_t)i;
        }
    }
}

static enum err_code store_take(void *ctx, struct str source, int64_t batch_id,
                                const struct reading *r, size_t n, uint8_t *outcome, bool *known,
                                struct err *e)
{
    struct ingest_store *s = ctx;
    const struct meter_estate *es = reading_points_estate(s->points);
    struct arena *a = arena_new();
    int32_t *shard = arena_many(a, n, int32_t);
    bool *done = arena_many(a, METER_SHARD_MAX + 1, bool);
    struct part part = { arena_many(a, n, struct reading), arena_many(a, n, uint32_t),
                         arena_many(a, n, uint8_t), 0, 0 };
    int64_t last_id = 0;
    int32_t last = -1, first = -1;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || r[i].point_id != last_id) {
            last_id = r[i].point_id;
            last = shard_of(es, last_id);
            first = first < 0 ? last : first;
        }
        shard[i] = last;
    }
    first = first < 0 ? 0 : first;
    for (size_t i = 0; i < n; i++) {
        shard[i] = shard[i] < 0 ? first : shard[i];
    }
    enum err_code code = OK;
    *known = true;
    for (size_t i = 0; i < n && code == OK; i++) {
        bool part_known = false;
        if (done[shard[i]]) {
            continue;
        }
        done[shard[i]] = true;
        part_pick(&part, r, n, shard, shard[i]);
        /* One batch becomes several: each has the name of the whole and its shard. */
        part.batch_id =
            (int64_t)(hash64(&shard[i], sizeof shard[i], (uint64_t)batch_id) & INT64_MAX);
        code = take_part(s, source, &part, outcome, &part_known, e);
        *known = *known && part_known;
    }
    arena_free(a);
    return code;
}

struct ingest_sink ingest_store_sink(struct ingest_store *s)
{
    return (struct ingest_sink){ store_take, s };
}
