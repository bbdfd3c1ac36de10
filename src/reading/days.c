/* days.c - days of a point in and out of the store: chunks while a month is open, blocks once
 * sealed. */
#include "reading/days.h"
#include "reading/late.h"

#define GAP_CHUNKS 1 /* a row passed over in a scan costs about a third of one searched for */

struct month_visit {
    struct day_slots *days; /* may be NULL */
    int n_days, version;
    uint8_t *room;
};

static void spread(struct day_slots *days, int n_days, const int64_t *value, const uint16_t *q,
                   const uint8_t *rank)
{
    for (int d = 0; d < n_days; d++) {
        memcpy(days[d].value, value + d * SLOTS, sizeof(days[d].value));
        memcpy(days[d].q, q + d * SLOTS, sizeof(days[d].q));
        memcpy(days[d].rank, rank + d * SLOTS, sizeof(days[d].rank));
    }
}

static bool month_visited(void *ctx, int64_t key, int64_t snapshot, struct str data,
                          enum err_code *code, struct err *e)
{
    struct month_visit *v = ctx;
    struct block b;
    struct section s;
    (void)snapshot;
    v->version = block_key_version(key);
    *code = block_open(data.at, data.n, v->n_days * DAY_GROUPS, v->room, &b, e);
    if (*code != OK || !v->days) {
        return false;
    }
    int64_t value[MONTH_GROUPS_MAX * GROUP];
    uint16_t q[MONTH_GROUPS_MAX * GROUP];
    uint8_t rank[MONTH_GROUPS_MAX * GROUP];
    if (block_next(&b, &s) < 0 || !section_unpack(&s, value, q, rank)) {
        *code = fail(e, ERR_CORRUPT, "sealed month: its section does not unpack");
        return false;
    }
    spread(v->days, v->n_days, value, q, rank);
    return false; /* the newest is the first */
}

enum err_code month_load(struct db *db, struct place at, struct month month, int *version,
                         struct day_slots *days, struct err *e)
{
    uint8_t room[MONTH_MAX]; /* not from an arena: clearing it would cost more than the question */
    struct month_visit v = { .days = days, .n_days = month_days(month), .room = room };
    enum err_code code = rows_each_block(db, block_key(month, at, VERSION_MAX),
                                         block_key(month, at, 0), month_visited, &v, e);
    *version = v.version;
    return code;
}

static enum err_code chunk_day(struct db *db, struct place at, struct day day, enum series series,
                               struct arena *a, struct day_slots *out, struct err *e)
{
    struct str data;
    struct chunk c;
    int64_t key = chunk_key(day_number(day), at.shard, place_chunk(at));
    if (rows_get_chunk(db, series, key, a, &data, e) != OK ||
        chunk_parse(data, series == SERIES_REGISTERS, &c, e) != OK ||
        chunk_get(&c, place_position(at), out, e) != OK) {
        return fail_in(e, "day %d, shard %d, chunk %d: ", day.yyyymmdd, at.shard, place_chunk(at));
    }
    return OK;
}

struct scan {
    const int64_t *keys;
    size_t next, until;
    struct arena *a;
    struct str *data;
};

static bool scan_visited(void *ctx, int64_t key, int64_t snapshot, struct str data,
                         enum err_code *code, struct err *e)
{
    struct scan *s = ctx;
    (void)snapshot, (void)code, (void)e;
    while (s->next < s->until && s->keys[s->next] < key) {
        s->next++;
    }
    if (s->next < s->until && s->keys[s->next] == key) {
        s->data[s->next++] = (struct str){ arena_copy(s->a, data.at, data.n), data.n };
    }
    return s->next < s->until;
}

enum err_code chunks_load(struct db *db, enum series series, const int64_t *keys, size_t n,
                          struct arena *a, struct str *data, struct err *e)
{
    for (size_t i = 0; i < n;) {
        size_t j = i + 1;
        data[i] = (struct str){ NULL, 0 };
        while (j < n && keys[j] - keys[j - 1] <= GAP_CHUNKS) {
            data[j++] = (struct str){ NULL, 0 };
        }
        struct scan s = { keys, i, j, a, data };
        enum err_code code =
            j == i + 1 ? rows_get_chunk(db, series, keys[i], a, &data[i], e)
                       : rows_each_chunk(db, series, keys[i], keys[j - 1] + 1, scan_visited, &s, e);
        if (code != OK) {
            return code;
        }
        i = j;
    }
    return OK;
}

enum err_code days_load(struct db *db, const struct reading_points *p, int64_t at, struct day from,
                        int32_t n_days, struct day_slots *out, enum day_state *state, struct err *e)
{
    struct place place = p->places[at];
    struct day_slots month[MONTH_DAYS_MAX]; /* filled when the month is sealed */
    struct arena *a = arena_new();
    enum err_code code = OK;
    for (int32_t d = 0; d < n_days && code == OK;) {
        struct day day = day_add(from, d);
        struct month m = day_month(day);
        int32_t first = day_number(day) - day_number(month_first(m)), end = month_days(m);
        int version = 0;
        struct late_list late = { 0 };
        code = late_load_place(db, place, m, day, end - first, a, &late, e);
        code = code == OK ? month_load(db, place, m, &version, month, e) : code;
        for (; first < end && d < n_days && code == OK; first++, d++) {
            enum day_state is = version > 0 ? DAY_SEALED : DAY_OPEN;
            if (version > 0) {
                out[d] = month[first];
            } else {
                day = day_add(from, d);
                code = chunk_day(db, place, day, SERIES_INTERVALS, a, &out[d], e);
                if (code == OK && late_join(&late, day_number(day), place.place, &out[d])) {
                    is = DAY_LATE;
                }
            }
            if (state) {
                state[d] = is;
            }
            if (late.room == 0) { /* nothing but the chunk stands there */
                arena_reset(a);
            }
        }
        arena_reset(a);
    }
    arena_free(a);
    return code;
}

enum err_code registers_load(struct db *db, const struct reading_points *p, int64_t at,
                             struct day from, int32_t n_days, struct day_slots *out, struct err *e)
{
    struct arena *a = arena_new();
    enum err_code code = OK;
    for (int32_t d = 0; d < n_days && code == OK; d++) {
        code = chunk_day(db, p->places[at], day_add(from, d), SERIES_REGISTERS, a, &out[d], e);
        arena_reset(a);
    }
    arena_free(a);
    return code;
}

enum err_code day_store(struct db *db, const struct reading_points *p, int64_t at, struct day day,
                        enum series series, enum day_state state, const struct day_slots *d,
                        struct err *e)
{
    struct place place = p->places[at];
    struct str data;
    struct chunk c;
    int64_t key = chunk_key(day_number(day), place.shard, place_chunk(place));
    check(state != DAY_SEALED);
    if (state == DAY_LATE && late_merge(db, place.shard, day_month(day), NULL, e) != OK) {
        return e->code;
    }
    struct arena *a = arena_new();
    enum err_code code = rows_get_chunk(db, series, key, a, &data, e);
    bool was = code == OK && data.n > 0;
    code = code == OK ? chunk_parse(data, series == SERIES_REGISTERS, &c, e) : code;
    if (code == OK) {
        chunk_set(&c, place_position(place), d, a);
        data = chunk_bytes(&c, a);
        if (data.n > 0) {
            code = rows_put_chunk(db, series, key, place.shard, data, e);
        } else if (was) {
            code = rows_drop_chunk(db, series, key, e);
        }
    }
    arena_free(a);
    return code;
}

struct mask_visit {
    int32_t first; /* place of position 0 */
    uint16_t mask;
};

static bool mask_visited(void *ctx, int64_t key, int64_t snapshot, struct str data,
                         enum err_code *code, struct err *e)
{
    struct mask_visit *v = ctx;
    (void)snapshot, (void)data, (void)code, (void)e;
    v->mask = (uint16_t)(v->mask | 1 << (block_key_place(key) - v->first));
    return true;
}

enum err_code sealed_mask(struct db *db, int32_t shard, int32_t chunk, struct month month,
                          uint16_t *mask, struct err *e)
{
    struct place first = { shard, chunk * CHUNK_POINTS },
                 last = { shard, first.place + CHUNK_POINTS };
    struct mask_visit v = { first.place, 0 };
    enum err_code code = rows_each_block(db, block_key(month, first, VERSION_MAX),
                                         block_key(month, last, VERSION_MAX), mask_visited, &v, e);
    *mask = v.mask;
    return code;
}

uint64_t day_snapshot(const struct day_slots *d, struct day day)
{
    uint8_t bytes[SECTION_MAX(DAY_GROUPS)];
    if (day_is_empty(d)) {
        return 0;
    }
    size_t n = section_pack(bytes, d->value, d->q, d->rank, DAY_GROUPS, false);
    return hash64(bytes, n, (uint64_t)day_number(day));
}

struct blob_row month_pack(struct arena *a, struct place at, struct month month, int version,
                           const struct day_slots *days, struct str reason)
{
    int64_t value[MONTH_GROUPS_MAX * GROUP];
    uint16_t q[MONTH_GROUPS_MAX * GROUP];
    uint8_t rank[MONTH_GROUPS_MAX * GROUP], bytes[MONTH_MAX];
    int n_days = month_days(month);
    uint64_t snapshot = 0;
    for (int d = 0; d < n_days; d++) {
        memcpy(value + d * SLOTS, days[d].value, sizeof(days[d].value));
        memcpy(q + d * SLOTS, days[d].q, sizeof(days[d].q));
        memcpy(rank + d * SLOTS, days[d].rank, sizeof(days[d].rank));
        snapshot += day_snapshot(&days[d], day_add(month_first(month), d));
    }
    size_t n = BLOCK_HEAD;
    n += section_pack(bytes + n, value, q, rank, n_days * DAY_GROUPS, false);
    block_seal(bytes, n, n_days * DAY_GROUPS, 0, 1);
    return (struct blob_row){ .key = block_key(month, at, version),
                              .snapshot = (int64_t)snapshot,
                              .shard = at.shard,
                              .data = { arena_copy(a, bytes, n), n },
                              .reason = reason };
}

enum err_code month_revise(struct db *db, struct place at, struct month month,
                           const struct day_slots *days, struct str reason, struct instant now,
                           struct err *e)
{
    int version;
    if (month_load(db, at, month, &version, NULL, e) != OK) {
        return e->code;
    }
    check(version > 0);
    if (version + 1 >= VERSION_MAX) {
        return fail(e, ERR_LIMIT, "month %d was corrected %d times already", month.yyyymm, version);
    }
    struct arena *a = arena_new();
    struct blob_row row = month_pack(a, at, month, version + 1, days, reason);
    enum err_code code = rows_put_blocks(db, &row, 1, now, e);
    arena_free(a);
    return code;
}

enum err_code losers_file(struct db *db, const struct reading_points *p, int64_t at, struct day day,
                          int slot, enum series series, const struct losers *l, struct instant now,
                          struct err *e)
{
    for (int i = 0; i < l->n; i++) {
        struct past_row row = { p->places[at].shard,
                                p->estate.points[at].point_id,
                                day,
                                slot,
                                series,
                                l->at[i].rank,
                                l->at[i].value,
                                (uint16_t)(l->at[i].q & ~Q_DERIVED) };
        if (rows_file(db, &row, now, e) != OK) {
            return e->code;
        }
    }
    return OK;
}
