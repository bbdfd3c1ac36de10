/* late.c - readings that came late, beside the chunks they belong to (late.h). */
#include "reading/late.h"
#include "base/crash.h"
#include "reading/days.h"
#include "reading/radix.h"

#define ROW_VERSION 1
#define ROW_HEAD 8
#define RECORD 16
#define CHUNKS_AT_ONCE                                                                             \
    128 /* chunks in memory while merging: they stay in the second-level cache                     \
         */

/* ---- bytes ----------------------------------------------------------------------------------- */

static void put64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++) {
        p[i] = (uint8_t)(v >> 8 * i);
    }
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v |= (uint64_t)p[i] << 8 * i;
    }
    return v;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> 8 * i);
    }
}

static void record_put(uint8_t *p, const struct late *l, int32_t first_day)
{
    uint64_t key = l->key - ((uint64_t)first_day << 35);
    put64(p, key << 24 | (uint64_t)l->q << 8 | l->rank);
    put64(p + 8, (uint64_t)l->value);
}

static struct late record_get(const uint8_t *p, int32_t first_day)
{
    uint64_t word = get64(p);
    return (struct late){ .key = (word >> 24) + ((uint64_t)first_day << 35),
                          .value = (int64_t)get64(p + 8),
                          .q = (uint16_t)(word >> 8),
                          .rank = (uint8_t)word };
}

/* The key of a record and its first eight bytes have the same order. */
static bool record_ok(const uint8_t *p, struct month month)
{
    uint64_t key = get64(p) >> 24;
    return (int32_t)(key >> 35) < month_days(month) && (key & 127) < SLOTS;
}

static bool row_sound(struct str data)
{
    const uint8_t *p = (const uint8_t *)data.at;
    uint8_t crc[4];
    if (data.n < ROW_HEAD + RECORD || (data.n - ROW_HEAD) % RECORD != 0 || p[0] != ROW_VERSION ||
        (p[1] | p[2] | p[3]) != 0) {
        return false;
    }
    put32(crc, crc32c(0, p + ROW_HEAD, data.n - ROW_HEAD));
    return memcmp(crc, p + 4, 4) == 0;
}

bool late_row_ok(struct str data, struct month month, size_t *n)
{
    bool ok = row_sound(data);
    *n = ok ? (data.n - ROW_HEAD) / RECORD : 0;
    for (size_t i = 0; i < *n && ok; i++) {
        ok = record_ok((const uint8_t *)data.at + ROW_HEAD + i * RECORD, month);
    }
    return ok;
}

static int64_t late_key(struct month month, int32_t shard, int64_t sequence)
{
    return (int64_t)month_number(month) << 48 | (int64_t)shard << 36 | sequence;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct loading {
    struct month month;
    int32_t first_day;
    late_want *want;
    const void *ctx;
    struct arena *a;
    struct late_list *out;
    struct late_size size;
};

static void list_room(struct late_list *l, size_t more, struct arena *a)
{
    if (l->n + more > l->room) {
        size_t room = (l->n + more) * 2;
        struct late *at = arena_many(a, room, struct late);
        if (l->n > 0) {
            memcpy(at, l->at, l->n * sizeof(*at));
        }
        l->at = at;
        l->room = room;
    }
}

static bool row_visited(void *ctx, int64_t key, int64_t snapshot, struct str data,
                        enum err_code *code, struct err *e)
{
    struct loading *v = ctx;
    const uint8_t *p = (const uint8_t *)data.at + ROW_HEAD;
    (void)snapshot;
    if (!row_sound(data)) {
        *code = fail(e, ERR_CORRUPT,
                     "late readings of month %d, row %lld: do not match their checksum: restore a "
                     "backup",
                     v->month.yyyymm, (long long)key);
        return false;
    }
    size_t n = (data.n - ROW_HEAD) / RECORD;
    v->size = (struct late_size){ key, n, v->size.n + n };
    for (size_t i = 0; i < n; i++, p += RECORD) {
        struct late l = record_get(p, v->first_day);
        if (v->want && !v->want(v->ctx, l.key)) {
            continue;
        }
        if (!record_ok(p, v->month)) {
            *code = fail(e, ERR_CORRUPT, "late readings of month %d, row %lld: a slot is none",
                         v->month.yyyymm, (long long)key);
            return false;
        }
        if (v->out->n == v->out->room) {
            list_room(v->out, n - i, v->a);
        }
        v->out->at[v->out->n++] = l;
    }
    return true;
}

static void list_sort(struct late_list *l, struct arena *a)
{
    bool sorted = true;
    for (size_t i = 1; i < l->n && sorted; i++) {
        sorted = l->at[i - 1].key <= l->at[i].key;
    }
    if (sorted) {
        return;
    }
    struct ranked *r = arena_many(a, 2 * l->n, struct ranked);
    struct late *at = arena_many(a, l->n, struct late);
    for (size_t i = 0; i < l->n; i++) {
        r[i] = (struct ranked){ l->at[i].key, (uint32_t)i };
    }
    ranked_sort(r, r + l->n, l->n);
    for (size_t i = 0; i < l->n; i++) {
        at[i] = l->at[r[i].at];
    }
    l->at = at;
    l->room = l->n;
}

enum err_code late_load(struct db *db, int32_t shard, struct month month, late_want *want,
                        const void *ctx, struct arena *a, struct late_list *out,
                        struct late_size *size, struct err *e)
{
    struct loading v = { .month = month,
                         .first_day = day_number(month_first(month)),
                         .want = want,
                         .ctx = ctx,
                         .a = a,
                         .out = out };
    size_t before = out->n;
    if (rows_each_chunk(db, SERIES_LATE, late_key(month, shard, 0), late_key(month, shard + 1, 0),
                        row_visited, &v, e) != OK) {
        return fail_in(e, "shard %d: ", shard);
    }
    if (out->n > before) {
        list_sort(out, a);
    }
    if (size) {
        *size = v.size;
    }
    return OK;
}

struct stretch {
    int32_t place, from, until; /* day numbers */
};

static bool in_stretch(const void *ctx, uint64_t key)
{
    const struct stretch *s = ctx;
    return slot_key_place(key) == s->place && slot_key_day(key) >= s->from &&
           slot_key_day(key) < s->until;
}

enum err_code late_load_place(struct db *db, struct place at, struct month month, struct day from,
                              int32_t n_days, struct arena *a, struct late_list *out, struct err *e)
{
    struct stretch s = { at.place, day_number(from), day_number(from) + n_days };
    return late_load(db, at.shard, month, in_stretch, &s, a, out, NULL, e);
}

size_t late_first(const struct late_list *l, uint64_t key)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (l->at[mid].key < key) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Joins records from the i-th on that are of the same day and place; gives the next index. */
static size_t join_some(const struct late_list *l, size_t i, struct day_slots *d)
{
    uint64_t where = l->at[i].key >> 7;
    for (; i < l->n && l->at[i].key >> 7 == where; i++) {
        const struct late *r = &l->at[i];
        struct losers known; /* law 5: filed when it was folded */
        slot_merge(d, (int)(r->key & 127), (struct slot_value){ r->value, r->q, r->rank }, &known);
    }
    return i;
}

bool late_join(const struct late_list *l, int32_t day_no, int32_t place, struct day_slots *d)
{
    if (l->n == 0) {
        return false;
    }
    size_t i = late_first(l, slot_key(day_no, place, 0));
    if (i == l->n || l->at[i].key >> 7 != slot_key(day_no, place, 0) >> 7) {
        return false;
    }
    join_some(l, i, d);
    return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

enum err_code late_add(struct db *db, int32_t shard, struct month month, const struct late *at,
                       size_t n, const struct late_size *size, struct arena *a, struct err *e)
{
    int32_t first_day = day_number(month_first(month));
    int64_t key = size->last_key ? size->last_key + 1 : late_key(month, shard, 1);
    struct str old = { NULL, 0 };
    if (size->last_n > 0 && size->last_n < LATE_ROW) {
        key = size->last_key;
        if (rows_get_chunk(db, SERIES_LATE, key, a, &old, e) != OK) {
            return e->code;
        }
        check(row_sound(old));
        old = (struct str){ old.at + ROW_HEAD, old.n - ROW_HEAD };
    }
    size_t bytes = ROW_HEAD + old.n + n * RECORD;
    uint8_t *row = arena_alloc(a, bytes), *p = row + ROW_HEAD;
    if (old.n > 0) {
        memcpy(p, old.at, old.n);
        p += old.n;
    }
    for (size_t i = 0; i < n; i++, p += RECORD) {
        record_put(p, &at[i], first_day);
    }
    row[0] = ROW_VERSION;
    put32(row + 4, crc32c(0, row + ROW_HEAD, bytes - ROW_HEAD));
    if (rows_put_chunk(db, SERIES_LATE, key, shard, (struct str){ (const char *)row, bytes }, e)) {
        return e->code;
    }
    return size->n + n > LATE_MAX ? late_merge(db, shard, month, NULL, e) : OK;
}

/* ---- merging --------------------------------------------------------------------------------- */

struct merging {
    struct db *db;
    int32_t shard;
    struct late_list list;
    size_t next; /* record */
    struct arena *a, *work;
    int64_t key[CHUNKS_AT_ONCE];
    struct str data[CHUNKS_AT_ONCE];
    struct blob_row out[CHUNKS_AT_ONCE];
    size_t n_out;
};

static int64_t row_key_of(const struct merging *m, const struct late *l)
{
    return chunk_key(slot_key_day(l->key), m->shard, slot_key_place(l->key) / CHUNK_POINTS);
}

/* All late readings of one chunk, from m->next on. */
static enum err_code merge_one(struct merging *m, int64_t key, struct str data, struct err *e)
{
    struct chunk c;
    if (chunk_parse(data, false, &c, e) != OK) {
        return fail_in(e, "chunk %lld: ", (long long)key);
    }
    while (m->next < m->list.n && row_key_of(m, &m->list.at[m->next]) == key) {
        int position = slot_key_place(m->list.at[m->next].key) % CHUNK_POINTS;
        struct day_slots d;
        if (chunk_get(&c, position, &d, e) != OK) {
            return fail_in(e, "chunk %lld: ", (long long)key);
        }
        m->next = join_some(&m->list, m->next, &d);
        chunk_set(&c, position, &d, m->work);
    }
    struct str bytes = chunk_bytes(&c, m->work);
    if (bytes.n > 0 && !str_eq(bytes, data)) {
        m->out[m->n_out++] = (struct blob_row){ .key = key, .shard = m->shard, .data = bytes };
    }
    return OK;
}

static enum err_code merge_some(struct merging *m, struct err *e)
{
    size_t n = 0;
    for (size_t i = m->next; i < m->list.n; i++) {
        int64_t key = row_key_of(m, &m->list.at[i]);
        if (n > 0 && m->key[n - 1] == key) {
            continue;
        }
        if (n == CHUNKS_AT_ONCE) {
            break;
        }
        m->key[n++] = key;
    }
    m->n_out = 0;
    if (chunks_load(m->db, SERIES_INTERVALS, m->key, n, m->work, m->data, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (merge_one(m, m->key[i], m->data[i], e) != OK) {
            return e->code;
        }
    }
    enum err_code code =
        m->n_out ? rows_put_chunks(m->db, SERIES_INTERVALS, m->out, m->n_out, e) : OK;
    arena_reset(m->work);
    return code;
}

enum err_code late_merge(struct db *db, int32_t shard, struct month month, int64_t *n,
                         struct err *e)
{
    int64_t position;
    struct late_size size;
    struct arena *a = arena_new();
    struct late_list list = { 0 };
    enum err_code code = rows_fold_position(db, shard, &position, e); /* law 4 */
    code = code == OK ? late_load(db, shard, month, NULL, NULL, a, &list, &size, e) : code;
    if (code == OK && size.n > 0) {
        struct merging *m = arena_make(a, struct merging);
        *m = (struct merging){ .db = db, .shard = shard, .list = list, .a = a };
        m->work = arena_new();
        while (m->next < m->list.n && code == OK) {
            code = merge_some(m, e);
        }
        arena_free(m->work);
        code = code == OK
                   ? rows_drop_late(db, late_key(month, shard, 0), late_key(month, shard + 1, 0), e)
                   : code;
    }
    arena_free(a);
    if (code != OK) {
        return fail_in(e, "late readings of month %d, shard %d: ", month.yyyymm, shard);
    }
    if (n) {
        *n = (int64_t)size.n;
    }
    return OK;
}

enum err_code reading_merge_late(struct db *db, int64_t *n, struct err *e)
{
    int64_t key = 0, sum = 0;
    enum err_code code = OK;
    for (bool more = true; code == OK;) {
        if (rows_next_late(db, key, &key, &more, e) != OK) {
            return fail_in(e, "merge: ");
        }
        if (!more) {
            break;
        }
        int32_t shard = (int32_t)(key >> 36 & METER_SHARD_MAX);
        struct month month = late_key_month(key);
        int64_t done = 0;
        code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
        if (code != OK) {
            break;
        }
        code = late_merge(db, shard, month, &done, e);
        if (code != OK) {
            store_rollback(db, STORE_SERIES);
            break;
        }
        crash_point("merge_before_commit");
        code = store_commit(db, STORE_SERIES, e);
        crash_point("merge_after_commit");
        sum += code == OK ? done : 0;
        key = late_key(month, shard + 1, 0) - 1;
    }
    if (code == OK && n) {
        *n = sum;
    }
    return code == OK ? OK : fail_in(e, "merge: ");
}
