/* months.c - the slow life of readings: whole days taken over, months sealed and archived. */
#include "base/crash.h"
#include "reading/days.h"
#include "reading/journal.h"
#include "reading/late.h"

/* Chunks of one sealing transaction: 128 x 16 points x 31 days is some seconds of work at most, and
 * a kill costs no more. */
#define SEAL_CHUNKS 128
/* Blocks of one archiving transaction. */
#define ARCHIVE_BLOCKS 1000

/* ---- taking over whole days ---- */

static enum err_code load_chunk(struct db *db, const struct reading_points *p, struct day day,
                                const int64_t *at, size_t n, const int64_t *values, uint8_t rank,
                                struct instant now, struct arena *a, struct arena *work,
                                struct blob_row *out, struct err *e)
{
    struct place place = p->places[at[0]];
    int64_t key = chunk_key(day_number(day), place.shard, place_chunk(place));
    struct str data;
    struct chunk c;
    uint16_t sealed;
    if (sealed_mask(db, place.shard, place_chunk(place), day_month(day), &sealed, e) != OK ||
        rows_get_chunk(db, SERIES_INTERVALS, key, work, &data, e) != OK ||
        chunk_parse(data, false, &c, e) != OK) {
        return fail_in(e, "day %d, chunk %d: ", day.yyyymmdd, place_chunk(place));
    }
    for (size_t i = 0; i < n; i++) {
        int position = place_position(p->places[at[i]]);
        struct day_slots d;
        if (sealed >> position & 1) {
            return fail(e, ERR_RULE, "point %lld: month %d is sealed",
                        (long long)p->estate.points[at[i]].point_id, day_month(day).yyyymm);
        }
        if (chunk_get(&c, position, &d, e) != OK) {
            return e->code;
        }
        for (int s = 0; s < SLOTS; s++) {
            struct losers losers;
            int64_t v = values[i * SLOTS + (size_t)s];
            check(v <= READING_VALUE_MAX && v >= -READING_VALUE_MAX);
            slot_merge(&d, s, slot_normal(v, 0, rank), &losers);
            if (losers.n && losers_file(db, p, at[i], day, s, SERIES_INTERVALS, &losers, now, e)) {
                return e->code;
            }
        }
        chunk_set(&c, position, &d, work);
    }
    *out = (struct blob_row){ .key = key, .shard = place.shard, .data = chunk_bytes(&c, a) };
    arena_reset(work);
    return OK;
}

/* The evidence of a day that was taken over: its hash, without the readings, which stand in files.
 * */
static enum err_code note_origin(struct db *db, int32_t shard, struct str source, struct day day,
                                 const int64_t *point_ids, size_t n, const int64_t *values,
                                 struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    struct hasher *h = hasher_new(a);
    hasher_add(h, point_ids, n * sizeof(*point_ids));
    hasher_add(h, values, n * SLOTS * sizeof(*values));
    uint64_t first = hash64(point_ids, n * sizeof(*point_ids), (uint64_t)day.yyyymmdd);
    struct entry entry = {
        .shard = shard,
        .source = source,
        .batch_id = (int64_t)(first >> 1),
        .n = 1,
        .hash = hasher_end(h),
        .refused = { "", 0 },
        .packed = { "", 0 },
        .received_at = now,
    };
    struct entry was;
    bool found;
    enum err_code code = rows_find_batch(db, a, shard, source, entry.batch_id, &was, &found, e);
    if (code == OK && !found) {
        code = rows_last_entry(db, shard, &entry.key, e);
        entry.key++;
        code = code == OK ? rows_put_entry(db, &entry, e) : code;
    }
    arena_free(a);
    return code;
}

enum err_code reading_load_day(struct db *db, const struct reading_points *p, struct str source,
                               struct day day, const int64_t *point_ids, size_t n,
                               const int64_t *values, uint8_t rank, struct instant now,
                               struct err *e)
{
    check(store_in_tx(db, STORE_SERIES) && rank > 0);
    struct arena *a = arena_new(), *work = arena_new();
    int64_t *at = arena_many(a, n + 1, int64_t);
    struct blob_row *out = arena_many(a, n + 1, struct blob_row);
    size_t n_out = 0;
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        at[i] = points_get(p, point_ids[i], true, e);
        code = at[i] < 0 ? ERR_NOT_FOUND : OK;
        if (code == OK && i > 0 && p->order[at[i]] <= p->order[at[i - 1]]) {
            code = fail(e, ERR_INPUT, "points of a day must stand in place order, each once");
        }
    }
    for (size_t i = 0; i < n && code == OK;) {
        struct place first = p->places[at[i]];
        size_t j = i + 1;
        while (j < n && p->places[at[j]].shard == first.shard &&
               place_chunk(p->places[at[j]]) == place_chunk(first)) {
            j++;
        }
        if (i == 0 || p->places[at[i - 1]].shard != first.shard) {
            code = late_merge(db, first.shard, day_month(day), NULL, e);
            if (code != OK) {
                break;
            }
        }
        code = load_chunk(db, p, day, at + i, j - i, values + i * SLOTS, rank, now, a, work,
                          &out[n_out++], e);
        i = j;
    }
    code = code == OK ? rows_put_chunks(db, SERIES_INTERVALS, out, n_out, e) : code;
    if (code == OK && n > 0) {
        code = note_origin(db, p->places[at[0]].shard, source, day, point_ids, n, values, now, e);
    }
    arena_free(work);
    arena_free(a);
    return code == OK ? OK : fail_in(e, "load: ");
}

/* ---- sealing ---- */

struct sealing {
    struct db *db;
    const struct reading_points *p;
    struct month month;
    struct instant now;
    struct arena *a, *work;
    struct day_slots *days; /* 16 x 31 */
    struct blob_row *out;
    size_t n_out;
};

/* All points of one chunk that are asked for. Drops the chunk's days when nothing open is left. */
static enum err_code seal_chunk(struct sealing *s, const int64_t *at, size_t n, struct err *e)
{
    struct place place = s->p->places[at[0]];
    int32_t chunk = place_chunk(place), n_days = month_days(s->month);
    int32_t first = day_number(month_first(s->month));
    uint16_t sealed, want = 0, present = 0;
    if (sealed_mask(s->db, place.shard, chunk, s->month, &sealed, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        want = (uint16_t)(want | 1 << place_position(s->p->places[at[i]]));
    }
    uint16_t todo = (uint16_t)(want & ~sealed);
    for (int32_t d = 0; d < n_days; d++) {
        struct str data;
        struct chunk c;
        if (rows_get_chunk(s->db, SERIES_INTERVALS, chunk_key(first + d, place.shard, chunk),
                           s->work, &data, e) != OK ||
            chunk_parse(data, false, &c, e) != OK) {
            return fail_in(e, "day %d, chunk %d: ", day_of_number(first + d).yyyymmdd, chunk);
        }
        for (int k = 0; k < CHUNK_POINTS; k++) {
            present = (uint16_t)(present | (c.section[k].n ? 1 << k : 0));
            if ((todo >> k & 1) && chunk_get(&c, k, &s->days[k * MONTH_DAYS_MAX + d], e) != OK) {
                return e->code;
            }
        }
        arena_reset(s->work);
    }
    for (int k = 0; k < CHUNK_POINTS; k++) {
        struct place to = { place.shard, chunk * CHUNK_POINTS + k };
        if (todo >> k & 1) {
            s->out[s->n_out++] =
                month_pack(s->a, to, s->month, 1, s->days + k * MONTH_DAYS_MAX, STR("sealed"));
        }
    }
    if ((present & ~(want | sealed)) != 0) {
        return OK;
    }
    for (int32_t d = 0; present && d < n_days; d++) {
        if (rows_drop_chunk(s->db, SERIES_INTERVALS, chunk_key(first + d, place.shard, chunk), e)) {
            return e->code;
        }
    }
    return OK;
}

static int by_block_key(const void *a, const void *b)
{
    const struct blob_row *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Some chunks in one transaction; *end: how many of `at` were done. */
static enum err_code seal_some(struct sealing *s, const int64_t *at, size_t n, size_t *end,
                               struct err *e)
{
    size_t i = 0;
    s->n_out = 0;
    for (int chunks = 0; i < n && chunks < SEAL_CHUNKS; chunks++) {
        struct place first = s->p->places[at[i]];
        size_t j = i + 1;
        while (j < n && s->p->places[at[j]].shard == first.shard &&
               place_chunk(s->p->places[at[j]]) == place_chunk(first)) {
            j++;
        }
        bool merged = i > 0 && s->p->places[at[i - 1]].shard == first.shard;
        if ((!merged && late_merge(s->db, first.shard, s->month, NULL, e) != OK) ||
            seal_chunk(s, at + i, j - i, e) != OK) {
            return e->code;
        }
        i = j;
    }
    *end = i;
    qsort(s->out, s->n_out, sizeof(*s->out), by_block_key);
    return s->n_out ? rows_put_blocks(s->db, s->out, s->n_out, s->now, e) : OK;
}

enum err_code reading_seal(struct db *db, const struct reading_points *p, const int64_t *point_ids,
                           size_t n, struct month month, struct instant now, int64_t *n_sealed,
                           struct err *e)
{
    struct arena *a = arena_new();
    struct sealing s = { .db = db, .p = p, .month = month, .now = now };
    int64_t *ids = arena_many(a, n + 1, int64_t), *at = arena_many(a, n + 1, int64_t), done = 0;
    size_t k = 0;
    enum err_code code = OK;
    memcpy(ids, point_ids, n * sizeof(*ids));
    reading_points_sort(p, ids, n);
    for (size_t i = 0; i < n && code == OK; i++) {
        int64_t one = points_get(p, ids[i], false, e);
        bool is_virtual = one >= 0 && p->estate.points[one].is_virtual;
        one = one >= 0 && !is_virtual ? points_get(p, ids[i], true, e) : one;
        code = one < 0 ? ERR_NOT_FOUND : OK;
        if (code == OK && !is_virtual && (k == 0 || at[k - 1] != one)) {
            at[k++] = one; /* a virtual point has no month of its own: seal its parts */
        }
    }
    s.a = arena_new();
    s.work = arena_new();
    s.days = arena_many(a, CHUNK_POINTS * MONTH_DAYS_MAX, struct day_slots);
    s.out = arena_many(a, SEAL_CHUNKS * CHUNK_POINTS, struct blob_row);
    for (size_t i = 0; i < k && code == OK;) {
        size_t end = 0;
        code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
        if (code != OK) {
            break;
        }
        code = seal_some(&s, at + i, k - i, &end, e);
        if (code != OK) {
            store_rollback(db, STORE_SERIES);
            break;
        }
        crash_point("seal_before_commit");
        code = store_commit(db, STORE_SERIES, e);
        crash_point("seal_after_commit");
        done += code == OK ? (int64_t)s.n_out : 0;
        arena_reset(s.a);
        i += end;
    }
    arena_free(s.work);
    arena_free(s.a);
    arena_free(a);
    if (code == OK && n_sealed) {
        *n_sealed = done;
    }
    return code == OK ? OK : fail_in(e, "seal month %d: ", month.yyyymm);
}

/* ---- archiving ---- */

struct archiving {
    struct arena *a;
    struct blob_row *out;
    size_t n, max;
    int64_t last; /* key looked at last */
    uint8_t *room;
};

static bool archive_visited(void *ctx, int64_t key, int64_t snapshot, struct str data,
                            enum err_code *code, struct err *e)
{
    struct archiving *v = ctx;
    struct block b;
    size_t size;
    (void)snapshot;
    v->last = key;
    *code = block_open(data.at, data.n, 0, v->room, &b, e);
    if (*code != OK) {
        return false;
    }
    if (!(b.flags & BLOCK_ZSTD)) {
        uint8_t *out = arena_alloc(v->a, data.n);
        if (block_archive((const uint8_t *)data.at, data.n, out, &size)) {
            v->out[v->n++] = (struct blob_row){ .key = key, .data = { (const char *)out, size } };
        }
    }
    return v->n < v->max;
}

/* One transaction; *last: where to go on. */
static enum err_code archive_some(struct db *db, int64_t from, int64_t until, size_t max,
                                  int64_t *last, size_t *n, struct err *e)
{
    struct archiving v = { .max = max, .last = until };
    v.a = arena_new();
    v.out = arena_many(v.a, max, struct blob_row);
    v.room = arena_alloc(v.a, MONTH_MAX);
    enum err_code code = rows_each_block(db, from, until, archive_visited, &v, e);
    for (size_t i = 0; i < v.n && code == OK; i++) {
        code = rows_replace_block(db, v.out[i].key, v.out[i].data, e);
    }
    *last = v.n == v.max ? v.last + 1 : until;
    *n = v.n;
    arena_free(v.a);
    return code;
}

enum err_code reading_archive(struct db *db, struct month before, int64_t max, int64_t *n,
                              struct err *e)
{
    struct place first = { 0, 0 };
    int64_t from = 0, until = block_key(before, first, VERSION_MAX), done = 0;
    enum err_code code = OK;
    while (code == OK && from < until && done < max) {
        size_t some = max - done < ARCHIVE_BLOCKS ? (size_t)(max - done) : ARCHIVE_BLOCKS, got = 0;
        code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
        if (code != OK) {
            break;
        }
        code = archive_some(db, from, until, some, &from, &got, e);
        if (code != OK) {
            store_rollback(db, STORE_SERIES);
            break;
        }
        code = store_commit(db, STORE_SERIES, e);
        done += (int64_t)got;
    }
    if (code == OK && n) {
        *n = done;
    }
    return code == OK ? OK : fail_in(e, "archive: ");
}
