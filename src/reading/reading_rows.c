/* reading_rows.c - all SQL of the room but for the changes (change_rows.c); series part only. */
#include "reading/reading_rows.h"
#include "store/rows.h"

/* Limits of scans whose ends are given by keys: the number of rows there can be, not a page. */
#define SCAN_ROWS_MAX (1LL << 40)

static struct str bytes_of(struct sha256 *h)
{
    return (struct str){ (const char *)h->b, sizeof(h->b) };
}

/* ---- places ---------------------------------------------------------------------------------- */

enum err_code rows_page_places(struct db *db, int32_t after_shard, int64_t after_point, size_t max,
                               struct place_row *out, size_t *n, struct err *e)
{
    static const char sql[] = "select shard, point_id, place from point_place "
                              "where (shard, point_id) > ($1, $2) order by shard, point_id "
                              "limit $3";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, after_shard);
    rows_int(r, 2, after_point);
    rows_int(r, 3, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        out[*n] = (struct place_row){ (int32_t)rows_get_int(r, 0), rows_get_int(r, 1),
                                      (int32_t)rows_get_int(r, 2) };
    }
    return rows_close(r, e);
}

enum err_code rows_find_place(struct db *db, int32_t shard, int64_t point_id, int32_t *place,
                              bool *found, struct err *e)
{
    static const char sql[] = "select place from point_place where shard = $1 and point_id = $2";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    rows_int(r, 2, point_id);
    *found = rows_next(r, e);
    *place = *found ? (int32_t)rows_get_int(r, 0) : -1;
    return rows_close(r, e);
}

enum err_code rows_last_place(struct db *db, int32_t shard, int32_t *place, struct err *e)
{
    static const char sql[] =
        "select place from point_place where shard = $1 order by place desc limit 1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    *place = rows_next(r, e) ? (int32_t)rows_get_int(r, 0) : -1;
    return rows_close(r, e);
}

struct place_walk {
    const struct place_row *rows;
    size_t i, n;
    int64_t now;
};

static bool next_place(void *ctx, struct bulk_value *v)
{
    struct place_walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct place_row *p = &w->rows[w->i++];
    v[0].i = p->shard;
    v[1].i = p->point_id;
    v[2].i = p->place;
    v[3].i = w->now;
    return true;
}

enum err_code rows_put_places(struct db *db, const struct place_row *rows, size_t n,
                              struct instant now, struct err *e)
{
    static const struct bulk_column columns[] = { { "shard", BULK_INT, true },
                                                  { "point_id", BULK_INT, true },
                                                  { "place", BULK_INT, false },
                                                  { "created_at", BULK_INT, false } };
    static const struct bulk_table table = { STORE_SERIES, "point_place", columns, 4, BULK_FAIL };
    struct place_walk w = { rows, 0, n, now.utc_ms };
    return store_bulk(db, &table, next_place, &w, NULL, e);
}

/* ---- journal --------------------------------------------------------------------------------- */

enum err_code rows_last_entry(struct db *db, int32_t shard, int64_t *key, struct err *e)
{
    static const char sql[] = "select entry_key from intake_journal where entry_key >= $1 and "
                              "entry_key < $2 order by entry_key desc limit 1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, entry_key(shard, 0));
    rows_int(r, 2, entry_key(shard + 1, 0));
    *key = rows_next(r, e) ? rows_get_int(r, 0) : entry_key(shard, 0);
    return rows_close(r, e);
}

enum err_code rows_put_entry(struct db *db, const struct entry *entry, struct err *e)
{
    static const char sql[] =
        "insert into intake_journal (entry_key, shard, source, batch_id, n, hash, refused, packed, "
        "received_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, entry->key);
    rows_int(r, 2, entry->shard);
    rows_str(r, 3, entry->source);
    rows_int(r, 4, entry->batch_id);
    rows_int(r, 5, entry->n);
    rows_bytes(r, 6, entry->hash.b, sizeof(entry->hash.b));
    rows_bytes(r, 7, entry->refused.at, entry->refused.n);
    rows_bytes(r, 8, entry->packed.at, entry->packed.n);
    rows_int(r, 9, entry->received_at.utc_ms);
    return rows_run(r, NULL, e);
}

#define ENTRY_COLUMNS "entry_key, shard, source, batch_id, n, hash, refused, packed, received_at"

static void get_entry(struct rows *r, struct entry *out)
{
    *out = (struct entry){
        .key = rows_get_int(r, 0),
        .shard = (int32_t)rows_get_int(r, 1),
        .source = rows_get_str(r, 2),
        .batch_id = rows_get_int(r, 3),
        .n = rows_get_int(r, 4),
        .refused = rows_get_bytes(r, 6),
        .packed = rows_get_bytes(r, 7),
        .received_at = { rows_get_int(r, 8) },
    };
    struct str hash = rows_get_bytes(r, 5), to = bytes_of(&out->hash);
    if (hash.n == to.n) {
        memcpy(out->hash.b, hash.at, hash.n);
    }
}

enum err_code rows_find_batch(struct db *db, struct arena *a, int32_t shard, struct str source,
                              int64_t batch_id, struct entry *out, bool *found, struct err *e)
{
    static const char sql[] = "select " ENTRY_COLUMNS " from intake_journal where shard = $1 and "
                              "source = $2 and batch_id = $3";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    rows_str(r, 2, source);
    rows_int(r, 3, batch_id);
    *found = rows_next(r, e);
    if (*found) {
        get_entry(r, out);
        out->source = source;
        out->refused = str_dup(a, out->refused);
        out->packed = (struct str){ NULL, 0 };
    }
    return rows_close(r, e);
}

enum err_code rows_each_entry(struct db *db, int32_t shard, int64_t after, entry_visit *visit,
                              void *ctx, struct err *e)
{
    static const char sql[] = "select " ENTRY_COLUMNS " from intake_journal where entry_key > $1 "
                              "and entry_key < $2 order by entry_key limit $3";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, after);
    rows_int(r, 2, entry_key(shard + 1, 0));
    rows_int(r, 3, SCAN_ROWS_MAX);
    enum err_code code = OK;
    struct err own;
    while (rows_next(r, e)) {
        struct entry entry;
        get_entry(r, &entry);
        if (!visit(ctx, &entry, &code, &own) || code != OK) {
            break;
        }
    }
    enum err_code closed = rows_close(r, e);
    if (closed == OK && code != OK && e) {
        *e = own;
    }
    return closed != OK ? closed : code;
}

static enum err_code fold_position(struct db *db, const char *sql, int32_t shard, int64_t *key,
                                   struct err *e)
{
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    *key = rows_next(r, e) ? rows_get_int(r, 0) : entry_key(shard, 0);
    return rows_close(r, e);
}

enum err_code rows_fold_position(struct db *db, int32_t shard, int64_t *key, struct err *e)
{
    static const char sql[] = "select entry_key from fold_position where shard = $1 {for_update}";
    return fold_position(db, sql, shard, key, e);
}

enum err_code rows_see_fold_position(struct db *db, int32_t shard, int64_t *key, struct err *e)
{
    return fold_position(db, "select entry_key from fold_position where shard = $1", shard, key, e);
}

enum err_code rows_put_fold_position(struct db *db, int32_t shard, int64_t key, struct instant now,
                                     struct err *e)
{
    static const char sql[] =
        "insert into fold_position (shard, entry_key, updated_at) values ($1, $2, $3) "
        "on conflict (shard) do update set entry_key = excluded.entry_key, "
        "updated_at = excluded.updated_at";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    rows_int(r, 2, key);
    rows_int(r, 3, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_journal_shards(struct db *db, int32_t *shards, size_t max, size_t *n,
                                  struct err *e)
{
    static const char sql[] =
        "select shard from intake_journal where entry_key >= $1 order by entry_key limit 1";
    *n = 0;
    for (int32_t next = 0; *n < max && next <= METER_SHARD_MAX; (*n)++) {
        struct rows *r;
        if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
            return e->code;
        }
        rows_int(r, 1, entry_key(next, 0));
        bool more = rows_next(r, e);
        shards[*n] = more ? (int32_t)rows_get_int(r, 0) : 0;
        next = shards[*n] + 1;
        if (rows_close(r, e) != OK) {
            return e->code;
        }
        if (!more) {
            break;
        }
    }
    return OK;
}

/* ---- blobs ----------------------------------------------------------------------------------- */

static enum err_code each_blob(struct rows *r, bool snapshots, blob_visit *visit, void *ctx,
                               struct err *e)
{
    enum err_code code = OK;
    struct err own;
    while (rows_next(r, e)) {
        int64_t snapshot = snapshots ? rows_get_int(r, 2) : 0;
        if (!visit(ctx, rows_get_int(r, 0), snapshot, rows_get_bytes(r, 1), &code, &own) ||
            code != OK) {
            break;
        }
    }
    enum err_code closed = rows_close(r, e);
    if (closed == OK && code != OK && e) {
        *e = own;
    }
    return closed != OK ? closed : code;
}

enum err_code rows_each_chunk(struct db *db, enum series series, int64_t from, int64_t until,
                              blob_visit *visit, void *ctx, struct err *e)
{
#define EACH(table)                                                                                \
    "select chunk_key, data from " table " where chunk_key >= $1 and chunk_key < $2 "              \
    "order by chunk_key limit $3"
    static const char *const sql[] = { EACH("day_chunk"), EACH("register_chunk"),
                                       EACH("late_chunk") };
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql[series], &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, from);
    rows_int(r, 2, until);
    rows_int(r, 3, SCAN_ROWS_MAX);
    return each_blob(r, false, visit, ctx, e);
}

enum err_code rows_each_block(struct db *db, int64_t from, int64_t until, blob_visit *visit,
                              void *ctx, struct err *e)
{
    static const char sql[] = "select block_key, data, snapshot from month_block where "
                              "block_key >= $1 and block_key < $2 order by block_key limit $3";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, from);
    rows_int(r, 2, until);
    rows_int(r, 3, SCAN_ROWS_MAX);
    return each_blob(r, true, visit, ctx, e);
}

enum err_code rows_get_chunk(struct db *db, enum series series, int64_t key, struct arena *a,
                             struct str *data, struct err *e)
{
#define GET(table) "select data from " table " where chunk_key = $1"
    static const char *const sql[] = { GET("day_chunk"), GET("register_chunk"),
                                       GET("late_chunk") };
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql[series], &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, key);
    *data = rows_next(r, e) ? str_dup(a, rows_get_bytes(r, 0)) : (struct str){ NULL, 0 };
    return rows_close(r, e);
}

enum err_code rows_put_chunk(struct db *db, enum series series, int64_t key, int32_t shard,
                             struct str data, struct err *e)
{
#define PUT(table)                                                                                 \
    "insert into " table " (chunk_key, shard, data) values ($1, $2, $3) "                          \
    "on conflict (chunk_key) do update set data = excluded.data"
    static const char *const sql[] = { PUT("day_chunk"), PUT("register_chunk"),
                                       PUT("late_chunk") };
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql[series], &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, key);
    rows_int(r, 2, shard);
    rows_bytes(r, 3, data.at, data.n);
    return rows_run(r, NULL, e);
}

enum err_code rows_drop_chunk(struct db *db, enum series series, int64_t key, struct err *e)
{
#define DROP(table) "delete from " table " where chunk_key = $1"
    static const char *const sql[] = { DROP("day_chunk"), DROP("register_chunk"),
                                       DROP("late_chunk") };
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql[series], &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, key);
    return rows_run(r, NULL, e);
}

enum err_code rows_drop_late(struct db *db, int64_t from, int64_t until, struct err *e)
{
    static const char sql[] = "delete from late_chunk where chunk_key >= $1 and chunk_key < $2";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, from);
    rows_int(r, 2, until);
    return rows_run(r, NULL, e);
}

enum err_code rows_next_late(struct db *db, int64_t after, int64_t *key, bool *found,
                             struct err *e)
{
    static const char sql[] =
        "select chunk_key from late_chunk where chunk_key > $1 order by chunk_key limit 1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, after);
    *found = rows_next(r, e);
    *key = *found ? rows_get_int(r, 0) : after;
    return rows_close(r, e);
}

enum err_code rows_any_block(struct db *db, int64_t from, int64_t until, bool *any, struct err *e)
{
    static const char sql[] = "select block_key from month_block where block_key >= $1 and "
                              "block_key < $2 order by block_key limit 1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, from);
    rows_int(r, 2, until);
    *any = rows_next(r, e);
    return rows_close(r, e);
}

enum err_code rows_register_days(struct db *db, int32_t *first, int32_t *last, struct err *e)
{
    static const char up[] = "select chunk_key from register_chunk order by chunk_key limit 1";
    static const char down[] =
        "select chunk_key from register_chunk order by chunk_key desc limit 1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, up, &r, e) != OK) {
        return e->code;
    }
    *first = rows_next(r, e) ? (int32_t)(rows_get_int(r, 0) >> 36) : 0;
    if (rows_close(r, e) != OK || rows_open(db, STORE_SERIES, down, &r, e) != OK) {
        return e->code;
    }
    *last = rows_next(r, e) ? (int32_t)(rows_get_int(r, 0) >> 36) : -1;
    return rows_close(r, e);
}

struct blob_walk {
    const struct blob_row *rows;
    size_t i, n;
    int64_t now;
};

static bool next_chunk(void *ctx, struct bulk_value *v)
{
    struct blob_walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct blob_row *b = &w->rows[w->i++];
    v[0].i = b->key;
    v[1].i = b->shard;
    v[2].s = b->data;
    return true;
}

enum err_code rows_put_chunks(struct db *db, enum series series, const struct blob_row *rows,
                              size_t n, struct err *e)
{
    static const struct bulk_column columns[] = { { "chunk_key", BULK_INT, true },
                                                  { "shard", BULK_INT, false },
                                                  { "data", BULK_BYTES, false } };
    static const struct bulk_table tables[] = {
        { STORE_SERIES, "day_chunk", columns, 3, BULK_REPLACE },
        { STORE_SERIES, "register_chunk", columns, 3, BULK_REPLACE }
    };
    struct blob_walk w = { rows, 0, n, 0 };
    return store_bulk(db, &tables[series], next_chunk, &w, NULL, e);
}

static bool next_block(void *ctx, struct bulk_value *v)
{
    struct blob_walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct blob_row *b = &w->rows[w->i++];
    v[0].i = b->key;
    v[1].i = b->shard;
    v[2].i = b->snapshot;
    v[3].s = b->reason;
    v[4].i = w->now;
    v[5].s = b->data;
    return true;
}

enum err_code rows_put_blocks(struct db *db, const struct blob_row *rows, size_t n,
                              struct instant now, struct err *e)
{
    static const struct bulk_column columns[] = {
        { "block_key", BULK_INT, true },   { "shard", BULK_INT, false },
        { "snapshot", BULK_INT, false },   { "reason", BULK_TEXT, false },
        { "created_at", BULK_INT, false }, { "data", BULK_BYTES, false }
    };
    static const struct bulk_table table = { STORE_SERIES, "month_block", columns, 6, BULK_FAIL };
    struct blob_walk w = { rows, 0, n, now.utc_ms };
    return store_bulk(db, &table, next_block, &w, NULL, e);
}

enum err_code rows_replace_block(struct db *db, int64_t key, struct str data, struct err *e)
{
    static const char sql[] = "update month_block set data = $2 where block_key = $1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, key);
    rows_bytes(r, 2, data.at, data.n);
    return rows_run(r, NULL, e);
}
