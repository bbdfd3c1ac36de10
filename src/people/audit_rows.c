/* audit_rows.c - all SQL on the audit: it inserts and reads, and moves the heads. */
#include "people/audit_rows.h"
#include "store/rows.h"

#define IN_SCOPE_1_2 "($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))"
#define AUDIT_SELECT                                                                               \
    "select seq, created_at, user_id, org_id, action, object, result, detail, prev_hash, hash "    \
    "from audit_log where " IN_SCOPE_1_2

static struct sha256 take_hash(struct rows *r, int col)
{
    struct sha256 h = { { 0 } };
    struct str b = rows_get_bytes(r, col);
    if (b.n == sizeof(h.b)) { /* another length is a wrong hash, and found as one */
        memcpy(h.b, b.at, sizeof(h.b));
    }
    return h;
}

enum err_code rows_find_head(struct db *db, struct arena *a, struct scope s, struct str stream,
                             struct audit_head *out, bool *found, struct err *e)
{
    (void)s; /* a head belongs to no organisation */
    static const char sql[] = "select seq, hash from audit_head where stream = $1 {for_update}";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, stream);
    struct audit_head head = { .stream = str_dup(a, stream) };
    while (rows_next(r, e)) {
        head.seq = rows_get_int(r, 0);
        head.hash = take_hash(r, 1);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *found = head.seq > 0;
        *out = head;
    }
    return code;
}

enum err_code rows_insert_head(struct db *db, struct scope s, const struct audit_head *head,
                               struct err *e)
{
    (void)s; /* a head belongs to no organisation */
    static const char sql[] = "insert into audit_head (stream, seq, hash) values ($1, $2, $3)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, head->stream);
    rows_int(r, 2, head->seq);
    rows_bytes(r, 3, head->hash.b, sizeof(head->hash.b));
    return rows_run(r, NULL, e);
}

enum err_code rows_move_head(struct db *db, struct scope s, const struct audit_head *head,
                             int64_t old_seq, int64_t *changed, struct err *e)
{
    (void)s; /* a head belongs to no organisation */
    static const char sql[] =
        "update audit_head set seq = $2, hash = $3 where stream = $1 and seq = $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, head->stream);
    rows_int(r, 2, head->seq);
    rows_bytes(r, 3, head->hash.b, sizeof(head->hash.b));
    rows_int(r, 4, old_seq);
    return rows_run(r, changed, e);
}

enum err_code rows_list_heads(struct db *db, struct arena *a, struct scope s, int64_t max,
                              const struct audit_head **out, size_t *n, struct err *e)
{
    (void)s; /* heads belong to no organisation */
    static const char sql[] = "select stream, seq, hash from audit_head order by stream limit $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, max);
    struct audit_head *list = arena_many(a, (size_t)max, struct audit_head);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k].stream = str_dup(a, rows_get_str(r, 0));
        list[k].seq = rows_get_int(r, 1);
        list[k++].hash = take_hash(r, 2);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_list_streams(struct db *db, struct arena *a, struct scope s, int64_t max,
                                const struct str **out, size_t *n, struct err *e)
{
    (void)s; /* streams belong to no organisation */
    static const char sql[] = "select stream from audit_log union select stream from audit_head "
                              "order by 1 limit $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, max);
    struct str *list = arena_many(a, (size_t)max, struct str);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k++] = str_dup(a, rows_get_str(r, 0));
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

struct audit_feed {
    struct str stream;
    const struct audit_stored *rows;
    size_t n, i;
};

static bool next_audit(void *ctx, struct bulk_value *v)
{
    struct audit_feed *f = ctx;
    if (f->i == f->n) {
        return false;
    }
    const struct audit_stored *row = &f->rows[f->i++];
    v[0].s = f->stream;
    v[1].i = row->seq;
    v[2].i = row->event.at.utc_ms;
    v[3].i = row->event.user_id;
    v[4].i = row->event.org_id;
    v[5].s = row->event.action;
    v[6].s = row->event.object;
    v[7].s = row->event.result;
    v[8].s = row->event.detail;
    v[9].s = (struct str){ (const char *)row->prev.b, sizeof(row->prev.b) };
    v[10].s = (struct str){ (const char *)row->hash.b, sizeof(row->hash.b) };
    return true;
}

enum err_code rows_insert_audit(struct db *db, struct scope s, struct str stream,
                                const struct audit_stored *rows, size_t n, struct err *e)
{
    (void)s; /* whoever may do the thing may have it told */
    static const struct bulk_column columns[] = {
        { "stream", BULK_TEXT, true },     { "seq", BULK_INT, true },
        { "created_at", BULK_INT, false }, { "user_id", BULK_INT, false },
        { "org_id", BULK_INT, false },     { "action", BULK_TEXT, false },
        { "object", BULK_TEXT, false },    { "result", BULK_TEXT, false },
        { "detail", BULK_TEXT, false },    { "prev_hash", BULK_BYTES, false },
        { "hash", BULK_BYTES, false },
    };
    static const struct bulk_table table = { STORE_CORE, "audit_log", columns, 11, BULK_FAIL };
    struct audit_feed feed = { stream, rows, n, 0 };
    return store_bulk(db, &table, next_audit, &feed, NULL, e);
}

static enum err_code take_rows(struct rows *r, struct arena *a, int64_t max,
                               const struct audit_stored **out, size_t *n, struct err *e)
{
    struct audit_stored *list = arena_many(a, (size_t)max, struct audit_stored);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k++] = (struct audit_stored){
            .seq = rows_get_int(r, 0),
            .event = { .at = { rows_get_int(r, 1) },
                       .user_id = rows_get_int(r, 2),
                       .org_id = rows_get_int(r, 3),
                       .action = str_dup(a, rows_get_str(r, 4)),
                       .object = str_dup(a, rows_get_str(r, 5)),
                       .result = str_dup(a, rows_get_str(r, 6)),
                       .detail = str_dup(a, rows_get_str(r, 7)) },
            .prev = take_hash(r, 8),
            .hash = take_hash(r, 9),
        };
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_list_audit(struct db *db, struct arena *a, struct scope s, struct str stream,
                              int64_t after, int64_t max, const struct audit_stored **out,
                              size_t *n, struct err *e)
{
    static const char sql[] = AUDIT_SELECT " and stream = $3 and seq > $4 order by seq limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, stream);
    rows_int(r, 4, after);
    rows_int(r, 5, max);
    return take_rows(r, a, max, out, n, e);
}

enum err_code rows_list_trail(struct db *db, struct arena *a, struct scope s, struct str stream,
                              struct str object, int64_t after, bool last, int64_t max,
                              const struct audit_stored **out, size_t *n, struct err *e)
{
    static const char forward[] =
        AUDIT_SELECT " and stream = $3 and object = $4 and seq > $5 order by seq limit $6";
    static const char backward[] =
        AUDIT_SELECT " and stream = $3 and object = $4 and seq > $5 order by seq desc limit $6";
    struct rows *r;
    if (rows_open(db, STORE_CORE, last ? backward : forward, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, stream);
    rows_str(r, 4, object);
    rows_int(r, 5, after);
    rows_int(r, 6, last ? 1 : max);
    return take_rows(r, a, max, out, n, e);
}
