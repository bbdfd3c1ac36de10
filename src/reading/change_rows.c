/* change_rows.c - the SQL of what lost, and of what waits for a decision. */
#include "reading/reading_rows.h"
#include "store/rows.h"

enum err_code rows_file(struct db *db, const struct past_row *row, struct instant now,
                        struct err *e)
{
    static const char sql[] = "insert into reading_history (shard, point_id, day, slot, series, "
                              "rank, value, q, filed_at) "
                              "values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, row->shard);
    rows_int(r, 2, row->point_id);
    rows_int(r, 3, row->day.yyyymmdd);
    rows_int(r, 4, row->slot);
    rows_int(r, 5, row->series);
    rows_int(r, 6, row->rank);
    rows_int(r, 7, row->value);
    rows_int(r, 8, row->q);
    rows_int(r, 9, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_list_past(struct db *db, int32_t shard, int64_t point_id, struct day day,
                             int slot, enum series series, size_t max, struct reading_past *out,
                             size_t *n, struct err *e)
{
    static const char sql[] =
        "select value, q, rank, filed_at from reading_history where shard = $1 and point_id = $2 "
        "and day = $3 and slot = $4 and series = $5 order by rank desc, value limit $6";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    rows_int(r, 2, point_id);
    rows_int(r, 3, day.yyyymmdd);
    rows_int(r, 4, slot);
    rows_int(r, 5, series);
    rows_int(r, 6, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        out[*n] = (struct reading_past){ rows_get_int(r, 0),
                                         (uint16_t)rows_get_int(r, 1),
                                         (uint8_t)rows_get_int(r, 2),
                                         { rows_get_int(r, 3) } };
    }
    return rows_close(r, e);
}

enum err_code rows_put_change(struct db *db, int32_t shard, const struct reading_change *c,
                              struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into reading_change (change_id, shard, point_id, day, slot, old_value, new_value, "
        "old_q, new_q, old_rank, new_rank, kind, state, reason, user_id, approver_id, created_at, "
        "decided_at, proposal_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
        "$14, $15, $16, $17, $18, $19) on conflict do nothing";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, c->change_id);
    rows_int(r, 2, shard);
    rows_int(r, 3, c->point_id);
    rows_int(r, 4, c->slot.day.yyyymmdd);
    rows_int(r, 5, c->slot.index);
    rows_int(r, 6, c->old_value);
    rows_int(r, 7, c->new_value);
    rows_int(r, 8, c->old_q);
    rows_int(r, 9, c->new_q);
    rows_int(r, 10, c->old_rank);
    rows_int(r, 11, c->new_rank);
    rows_int(r, 12, c->kind);
    rows_int(r, 13, c->state);
    rows_str(r, 14, c->reason);
    rows_int(r, 15, c->user_id);
    rows_int(r, 16, c->approver_id);
    rows_int(r, 17, now.utc_ms);
    rows_int(r, 18, c->state == CHANGE_PROPOSED ? 0 : now.utc_ms);
    rows_int(r, 19, c->proposal_id);
    return rows_run(r, NULL, e);
}

#define CHANGE_COLUMNS                                                                             \
    "change_id, point_id, day, slot, old_value, new_value, old_q, new_q, old_rank, new_rank, "     \
    "kind, state, reason, user_id, approver_id, proposal_id"

static void get_change(struct rows *r, struct arena *a, struct reading_change *c)
{
    *c = (struct reading_change){
        .change_id = rows_get_int(r, 0),
        .point_id = rows_get_int(r, 1),
        .slot = { { (int32_t)rows_get_int(r, 2) }, (int32_t)rows_get_int(r, 3) },
        .old_value = rows_get_int(r, 4),
        .new_value = rows_get_int(r, 5),
        .old_q = (uint16_t)rows_get_int(r, 6),
        .new_q = (uint16_t)rows_get_int(r, 7),
        .old_rank = (uint8_t)rows_get_int(r, 8),
        .new_rank = (uint8_t)rows_get_int(r, 9),
        .kind = (enum change_kind)rows_get_int(r, 10),
        .state = (enum change_state)rows_get_int(r, 11),
        .reason = str_dup(a, rows_get_str(r, 12)),
        .user_id = rows_get_int(r, 13),
        .approver_id = rows_get_int(r, 14),
        .proposal_id = rows_get_int(r, 15),
    };
}

enum err_code rows_find_change(struct db *db, struct arena *a, int64_t change_id,
                               struct reading_change *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select " CHANGE_COLUMNS " from reading_change where change_id = $1 {for_update}";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, change_id);
    *found = rows_next(r, e);
    if (*found) {
        get_change(r, a, out);
    }
    return rows_close(r, e);
}

enum err_code rows_decide_change(struct db *db, const struct reading_change *c, struct instant now,
                                 struct err *e)
{
    static const char sql[] =
        "update reading_change set state = $2, approver_id = $3, decided_at = $4, old_value = $5, "
        "old_q = $6, old_rank = $7 where change_id = $1 and state = 1";
    struct rows *r;
    int64_t changed = 0;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, c->change_id);
    rows_int(r, 2, c->state);
    rows_int(r, 3, c->approver_id);
    rows_int(r, 4, now.utc_ms);
    rows_int(r, 5, c->old_value);
    rows_int(r, 6, c->old_q);
    rows_int(r, 7, c->old_rank);
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    return changed == 1 ? OK
                        : fail(e, ERR_CONFLICT, "change %lld was decided by somebody else",
                               (long long)c->change_id);
}

enum err_code rows_page_changes(struct db *db, struct arena *a, int state, int64_t after,
                                size_t max, struct reading_change *out, size_t *n, struct err *e)
{
    static const char one[] = "select " CHANGE_COLUMNS " from reading_change where state = $1 and "
                              "change_id > $2 order by change_id limit $3";
    static const char all[] = "select " CHANGE_COLUMNS " from reading_change where $1 = 0 and "
                              "change_id > $2 order by change_id limit $3";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, state ? one : all, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, state);
    rows_int(r, 2, after);
    rows_int(r, 3, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        get_change(r, a, &out[*n]);
    }
    return rows_close(r, e);
}

enum err_code rows_has_change(struct db *db, int32_t shard, int64_t point_id, struct slot slot,
                              int64_t new_value, bool *found, struct err *e)
{
    static const char sql[] = "select change_id from reading_change where shard = $1 and "
                              "point_id = $2 and day = $3 and slot = $4 and new_value = $5 "
                              "order by change_id limit 1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    rows_int(r, 2, point_id);
    rows_int(r, 3, slot.day.yyyymmdd);
    rows_int(r, 4, slot.index);
    rows_int(r, 5, new_value);
    *found = rows_next(r, e);
    return rows_close(r, e);
}

enum err_code rows_count_changes(struct db *db, int64_t *n, struct err *e)
{
    static const char sql[] = "select count(*) from reading_change";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    *n = rows_next(r, e) ? rows_get_int(r, 0) : 0;
    return rows_close(r, e);
}
