/* approval_rows.c - all SQL on approvals. */
#include "people/approval_rows.h"
#include "store/rows.h"

#define IN_SCOPE_1_2 "($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))"
#define APPROVAL_SELECT                                                                            \
    "select approval_id, org_id, kind, object, content, perm, maker, checkers, approved, reason, " \
    "state, expires_at, created_at, ver from approval where " IN_SCOPE_1_2

enum err_code rows_insert_approval(struct db *db, struct scope s, int64_t id,
                                   const struct approval_ask *ask, struct instant now,
                                   struct err *e)
{
    (void)s; /* the door has compared the organisation with it */
    static const char sql[] =
        "insert into approval (approval_id, org_id, kind, object, content, perm, maker, checkers, "
        "approved, reason, state, expires_at, created_at, updated_at, ver) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 1, $10, $11, $11, 1)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    rows_int(r, 2, ask->org_id);
    rows_str(r, 3, ask->kind);
    rows_str(r, 4, ask->object);
    rows_bytes(r, 5, ask->content.b, sizeof(ask->content.b));
    rows_str(r, 6, ask->perm);
    rows_int(r, 7, ask->maker);
    rows_int(r, 8, ask->checkers);
    rows_str(r, 9, ask->reason);
    rows_int(r, 10, ask->expires.utc_ms);
    rows_int(r, 11, now.utc_ms);
    return rows_run(r, NULL, e);
}

static void take_approval(struct rows *r, struct arena *a, struct approval_row *out)
{
    struct str content = rows_get_bytes(r, 4);
    check_that(content.n == sizeof(struct sha256), "content of %zu bytes", content.n);
    *out = (struct approval_row){
        .approval = { .approval_id = rows_get_int(r, 0),
                      .ask = { .org_id = rows_get_int(r, 1),
                               .kind = str_dup(a, rows_get_str(r, 2)),
                               .object = str_dup(a, rows_get_str(r, 3)),
                               .perm = str_dup(a, rows_get_str(r, 5)),
                               .maker = rows_get_int(r, 6),
                               .checkers = (int)rows_get_int(r, 7),
                               .reason = str_dup(a, rows_get_str(r, 9)),
                               .expires = { rows_get_int(r, 11) } },
                      .state = (enum approval_state)rows_get_int(r, 10),
                      .approved = (int)rows_get_int(r, 8),
                      .created_at = { rows_get_int(r, 12) } },
        .ver = rows_get_int(r, 13),
    };
    memcpy(out->approval.ask.content.b, content.at, content.n);
}

enum err_code rows_find_approval(struct db *db, struct arena *a, struct scope s, int64_t id,
                                 bool to_change, struct approval_row *out, bool *found,
                                 struct err *e)
{
    static const char look[] = APPROVAL_SELECT " and approval_id = $3 order by approval_id limit 1";
    static const char change[] = APPROVAL_SELECT " and approval_id = $3 {for_update}";
    struct rows *r;
    if (rows_open(db, STORE_CORE, to_change ? change : look, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    struct approval_row row;
    bool got = false;
    while (rows_next(r, e)) {
        take_approval(r, a, &row);
        got = true;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *found = got;
        if (got) {
            *out = row;
        }
    }
    return code;
}

enum err_code rows_list_waiting(struct db *db, struct arena *a, struct scope s, struct instant now,
                                int64_t after_id, int64_t max, const struct approval **out,
                                size_t *n, struct err *e)
{
    static const char sql[] = APPROVAL_SELECT " and state = 1 and expires_at > $3 and "
                                              "approval_id > $4 order by approval_id limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, now.utc_ms);
    rows_int(r, 4, after_id);
    rows_int(r, 5, max);
    struct approval *list = arena_many(a, (size_t)max, struct approval);
    size_t k = 0;
    while (rows_next(r, e)) {
        struct approval_row row;
        take_approval(r, a, &row);
        list[k++] = row.approval;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_set_approval(struct db *db, struct scope s, int64_t id, int64_t ver,
                                int approved, enum approval_state state, struct instant now,
                                int64_t *changed, struct err *e)
{
    static const char sql[] =
        "update approval set approved = $5, state = $6, updated_at = $7, "
        "ver = ver + 1 where " IN_SCOPE_1_2 " and approval_id = $3 and ver = $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    rows_int(r, 4, ver);
    rows_int(r, 5, approved);
    rows_int(r, 6, state);
    rows_int(r, 7, now.utc_ms);
    return rows_run(r, changed, e);
}

enum err_code rows_insert_vote(struct db *db, struct scope s, int64_t id, int64_t user_id, bool yes,
                               struct str note, struct instant now, struct err *e)
{
    (void)s; /* the approval was found in it */
    static const char sql[] = "insert into approval_vote (approval_id, user_id, yes, note, "
                              "created_at) values ($1, $2, $3, $4, $5)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    rows_int(r, 2, user_id);
    rows_int(r, 3, yes);
    rows_str(r, 4, note);
    rows_int(r, 5, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_has_voted(struct db *db, struct scope s, int64_t id, int64_t user_id, bool *out,
                             struct err *e)
{
    (void)s; /* the approval was found in it */
    static const char sql[] =
        "select count(*) from approval_vote where approval_id = $1 and user_id = $2";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    rows_int(r, 2, user_id);
    bool voted = rows_next(r, e) && rows_get_int(r, 0) > 0;
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = voted;
    }
    return code;
}
