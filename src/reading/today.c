/* today.c - the day's intervals of every point in memory, for those who watch.
 *
 * Built from the day's chunks and what the journal holds beyond them, then kept current with each
 * batch that was acknowledged. Registers show once they are folded. Nobody settles on this.
 */
#include "reading/days.h"
#include "reading/journal.h"
#include "reading/late.h"

struct reading_today {
    const struct reading_points *p;
    struct day day;
    struct day_slots *slots; /* by order */
};

static void put_reading(struct reading_today *t, const struct reading *r)
{
    struct slot slot = instant_slot((struct instant){ r->ts_ms });
    int64_t at = points_find(t->p, r->point_id);
    if (r->kind != READING_INT || slot.day.yyyymmdd != t->day.yyyymmdd || at < 0 ||
        t->p->places[at].place < 0) {
        return;
    }
    struct losers losers;
    slot_merge(&t->slots[t->p->order[at]], slot.index, slot_normal(r->value, r->q, r->rank),
               &losers);
}

static bool today_chunk(void *ctx, int64_t key, int64_t snapshot, struct str data,
                        enum err_code *code, struct err *e)
{
    struct reading_today *t = ctx;
    struct chunk c;
    (void)snapshot;
    *code = chunk_parse(data, false, &c, e);
    for (int i = 0; i < CHUNK_POINTS && *code == OK; i++) {
        int32_t shard = (int32_t)(key >> 24 & METER_SHARD_MAX);
        int64_t at =
            points_at(t->p, (struct place){ shard, chunk_key_chunk(key) * CHUNK_POINTS + i });
        if (c.section[i].n && at >= 0) {
            *code = chunk_get(&c, i, &t->slots[t->p->order[at]], e);
        }
    }
    return *code == OK;
}

static bool on_day(const void *ctx, uint64_t key)
{
    return slot_key_day(key) == *(const int32_t *)ctx;
}

static void put_late(struct reading_today *t, int32_t shard, const struct late_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        int32_t place = slot_key_place(l->at[i].key);
        int64_t at = points_at(t->p, (struct place){ shard, place });
        if ((i == 0 || slot_key_place(l->at[i - 1].key) != place) && at >= 0) {
            late_join(l, day_number(t->day), place, &t->slots[t->p->order[at]]);
        }
    }
}

static bool today_entry(void *ctx, const struct entry *entry, enum err_code *code, struct err *e)
{
    struct journal_reader j;
    struct reading r;
    enum reading_outcome o;
    int more;
    journal_open(&j, entry->packed, entry->refused, (size_t)entry->n);
    if (entry->packed.n == 0) {
        return true;
    }
    while ((more = journal_next(&j, &r, &o)) == 1) {
        if (o == READING_TAKEN) {
            put_reading(ctx, &r);
        }
    }
    if (more < 0) {
        *code = fail(e, ERR_CORRUPT, "journal entry %lld does not unpack", (long long)entry->key);
    }
    return more == 0;
}

enum err_code reading_today_open(struct db *db, const struct reading_points *p, struct arena *a,
                                 struct day day, struct reading_today **out, struct err *e)
{
    struct reading_today *t = arena_make(a, struct reading_today);
    *t = (struct reading_today){ p, day, arena_many(a, p->n_placed + 1, struct day_slots) };
    for (size_t i = 0; i < p->n_placed; i++) {
        day_clear(&t->slots[i]);
    }
    int32_t no = day_number(day), *shards = mem_alloc((METER_SHARD_MAX + 1) * sizeof(*shards));
    size_t n = 0;
    struct arena *work = arena_new();
    enum err_code code = rows_journal_shards(db, shards, METER_SHARD_MAX + 1, &n, e);
    struct late_list *late = arena_many(work, n + 1, struct late_list);
    for (size_t i = 0; i < n && code == OK; i++) { /* before the chunks: law 2 of late.h */
        code = late_load(db, shards[i], day_month(day), on_day, &no, work, &late[i], NULL, e);
    }
    code = code == OK ? rows_each_chunk(db, SERIES_INTERVALS, chunk_key(no, 0, 0),
                                        chunk_key(no + 1, 0, 0), today_chunk, t, e)
                      : code;
    for (size_t i = 0; i < n && code == OK; i++) {
        int64_t position;
        put_late(t, shards[i], &late[i]);
        code = rows_see_fold_position(db, shards[i], &position, e);
        code = code == OK ? rows_each_entry(db, shards[i], position, today_entry, t, e) : code;
    }
    arena_free(work);
    free(shards);
    if (code == OK) {
        *out = t;
    }
    return code;
}

void reading_today_add(struct reading_today *t, const struct reading_batch *batch)
{
    for (size_t i = 0; batch->result == BATCH_TAKEN && i < batch->n; i++) {
        if (!batch->outcomes || batch->outcomes[i] == READING_TAKEN) {
            put_reading(t, &batch->readings[i]);
        }
    }
}

bool reading_today_get(const struct reading_today *t, int64_t point_id, struct reading_day *out)
{
    int64_t order = reading_points_order(t->p, point_id);
    if (order < 0) {
        return false;
    }
    const struct day_slots *d = &t->slots[order];
    out->day = t->day;
    for (int s = 0; s < SLOTS; s++) {
        out->q[s] = (uint16_t)(d->q[s] & ~Q_DERIVED);
        out->mark[s] = (uint8_t)reading_mark_of(d->q[s]);
        out->value[s] = d->value[s];
        out->rank[s] = d->rank[s];
    }
    return true;
}
