/* vee_rows.c - the SQL of the work list and of proposals. */
#include "reading/reading_rows.h"
#include "store/rows.h"

/* ---- proposals ---- */

enum err_code rows_put_proposal(struct db *db, int32_t shard, const struct reading_proposal *o,
                                struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into reading_proposal (proposal_id, shard, point_id, day, slot, n_slots, kind, "
        "method, total, sources, reason, user_id, created_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, o->proposal_id);
    rows_int(r, 2, shard);
    rows_int(r, 3, o->point_id);
    rows_int(r, 4, o->from.day.yyyymmdd);
    rows_int(r, 5, o->from.index);
    rows_int(r, 6, o->n_slots);
    rows_int(r, 7, o->kind);
    rows_int(r, 8, o->method);
    rows_int(r, 9, o->total);
    rows_str(r, 10, o->sources);
    rows_str(r, 11, o->reason);
    rows_int(r, 12, o->user_id);
    rows_int(r, 13, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_page_proposals(struct db *db, struct arena *a, bool open, int64_t after,
                                  size_t max, struct reading_proposal *out, size_t *n,
                                  struct err *e)
{
    static const char sql[] =
        "select o.proposal_id, o.point_id, o.day, o.slot, o.n_slots, o.kind, o.method, o.total, "
        "o.sources, o.reason, o.user_id, "
        "(select count(*) from reading_change c where c.proposal_id = o.proposal_id and "
        "c.state = 1), "
        "(select count(*) from reading_change c where c.proposal_id = o.proposal_id and "
        "c.state = 2), "
        "(select count(*) from reading_change c where c.proposal_id = o.proposal_id and "
        "c.state = 3) from reading_proposal o where o.proposal_id > $1 and ($2 = 0 or exists "
        "(select 1 from reading_change c where c.proposal_id = o.proposal_id and c.state = 1)) "
        "order by o.proposal_id limit $3";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, after);
    rows_int(r, 2, open);
    rows_int(r, 3, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        out[*n] = (struct reading_proposal){
            .proposal_id = rows_get_int(r, 0),
            .point_id = rows_get_int(r, 1),
            .from = { { (int32_t)rows_get_int(r, 2) }, (int32_t)rows_get_int(r, 3) },
            .n_slots = (int32_t)rows_get_int(r, 4),
            .kind = (enum change_kind)rows_get_int(r, 5),
            .method = (enum estimate_method)rows_get_int(r, 6),
            .total = rows_get_int(r, 7),
            .sources = str_dup(a, rows_get_str(r, 8)),
            .reason = str_dup(a, rows_get_str(r, 9)),
            .user_id = rows_get_int(r, 10),
            .n_open = rows_get_int(r, 11),
            .n_applied = rows_get_int(r, 12),
            .n_refused = rows_get_int(r, 13)
        };
    }
    return rows_close(r, e);
}

enum err_code rows_proposal_changes(struct db *db, int64_t proposal_id, size_t max, int64_t *ids,
                                    int64_t *point_id, size_t *n, struct err *e)
{
    static const char sql[] = "select change_id, point_id from reading_change where "
                              "proposal_id = $1 and state = 1 order by change_id limit $2";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, proposal_id);
    rows_int(r, 2, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        ids[*n] = rows_get_int(r, 0);
        *point_id = rows_get_int(r, 1);
    }
    return rows_close(r, e);
}

enum err_code rows_day_changes(struct db *db, struct arena *a, int32_t shard, int64_t point_id,
                               struct day day, struct day_change *out, size_t max, size_t *n,
                               struct err *e)
{
    static const char sql[] =
        "select c.slot, c.new_value, c.kind, c.user_id, c.approver_id, c.reason, "
        "coalesce(o.method, 0), coalesce(o.sources, '') from reading_change c left join "
        "reading_proposal o on o.proposal_id = c.proposal_id where c.shard = $1 and "
        "c.point_id = $2 and c.day = $3 and c.state = 2 order by c.decided_at, c.change_id "
        "limit $4";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    rows_int(r, 2, point_id);
    rows_int(r, 3, day.yyyymmdd);
    rows_int(r, 4, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        out[*n] = (struct day_change){
            .slot = (int)rows_get_int(r, 0),
            .value = rows_get_int(r, 1),
            .from = { .kind = (enum change_kind)rows_get_int(r, 2),
                      .user_id = rows_get_int(r, 3),
                      .approver_id = rows_get_int(r, 4),
                      .reason = str_dup(a, rows_get_str(r, 5)),
                      .method = (enum estimate_method)rows_get_int(r, 6),
                      .sources = str_dup(a, rows_get_str(r, 7)) }
        };
    }
    return rows_close(r, e);
}

/* ---- the work list ---- */

#define FINDING_COLUMNS                                                                            \
    "finding_id, point_id, day, slot, n_slots, rule, value, limit_value, state, user_id, reason, " \
    "created_at, decided_at"

static void get_finding(struct rows *r, struct arena *a, struct vee_finding *f)
{
    *f = (struct vee_finding){
        .finding_id = rows_get_int(r, 0),
        .point_id = rows_get_int(r, 1),
        .from = { { (int32_t)rows_get_int(r, 2) }, (int32_t)rows_get_int(r, 3) },
        .n_slots = (int32_t)rows_get_int(r, 4),
        .rule = (enum vee_rule)rows_get_int(r, 5),
        .value = rows_get_int(r, 6),
        .limit = rows_get_int(r, 7),
        .state = (enum finding_state)rows_get_int(r, 8),
        .user_id = rows_get_int(r, 9),
        .reason = str_dup(a, rows_get_str(r, 10)),
        .found = { rows_get_int(r, 11) },
        .decided = { rows_get_int(r, 12) }
    };
}

enum err_code rows_put_finding(struct db *db, int32_t shard, const struct vee_finding *f,
                               struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into reading_finding (finding_id, shard, point_id, day, slot, n_slots, rule, "
        "value, limit_value, state, user_id, reason, created_at, decided_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, '', $10, 0)";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, f->finding_id);
    rows_int(r, 2, shard);
    rows_int(r, 3, f->point_id);
    rows_int(r, 4, f->from.day.yyyymmdd);
    rows_int(r, 5, f->from.index);
    rows_int(r, 6, f->n_slots);
    rows_int(r, 7, f->rule);
    rows_int(r, 8, f->value);
    rows_int(r, 9, f->limit);
    rows_int(r, 10, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_set_finding(struct db *db, const struct vee_finding *f, struct err *e)
{
    static const char sql[] =
        "update reading_finding set n_slots = $2, value = $3, limit_value = $4, state = $5, "
        "user_id = $6, reason = $7, decided_at = $8 where finding_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, f->finding_id);
    rows_int(r, 2, f->n_slots);
    rows_int(r, 3, f->value);
    rows_int(r, 4, f->limit);
    rows_int(r, 5, f->state);
    rows_int(r, 6, f->user_id);
    rows_str(r, 7, f->reason);
    rows_int(r, 8, f->decided.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_get_finding(struct db *db, struct arena *a, int64_t finding_id,
                               struct vee_finding *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select " FINDING_COLUMNS " from reading_finding where finding_id = $1 {for_update}";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, finding_id);
    *found = rows_next(r, e);
    if (*found) {
        get_finding(r, a, out);
    }
    return rows_close(r, e);
}

enum err_code rows_page_findings(struct db *db, struct arena *a, int state, int64_t after,
                                 size_t max, struct vee_finding *out, size_t *n, struct err *e)
{
    static const char one[] = "select " FINDING_COLUMNS " from reading_finding where state = $1 "
                              "and finding_id > $2 order by finding_id limit $3";
    static const char all[] = "select " FINDING_COLUMNS " from reading_finding where $1 = 0 and "
                              "finding_id > $2 order by finding_id limit $3";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, state ? one : all, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, state);
    rows_int(r, 2, after);
    rows_int(r, 3, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        get_finding(r, a, &out[*n]);
    }
    return rows_close(r, e);
}

enum err_code rows_point_findings(struct db *db, struct arena *a, int32_t shard, int64_t point_id,
                                  struct day from, struct day until, size_t max,
                                  struct vee_finding *out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select " FINDING_COLUMNS " from reading_finding where shard = $1 and point_id = $2 and "
        "day >= $3 and day < $4 order by day, slot, rule limit $5";
    struct rows *r;
    if (rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, shard);
    rows_int(r, 2, point_id);
    rows_int(r, 3, from.yyyymmdd);
    rows_int(r, 4, until.yyyymmdd);
    rows_int(r, 5, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        get_finding(r, a, &out[*n]);
    }
    return rows_close(r, e);
}
