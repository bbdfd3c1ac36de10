/* people_rows.c - all SQL on organisations, users and roles. */
#include "people/people_rows.h"
#include "store/rows.h"

#define IN_SCOPE_1_2 "($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))"

struct org_feed {
    const struct org *rows;
    size_t n, i;
    struct instant now;
};

static bool next_org(void *ctx, struct bulk_value *v)
{
    struct org_feed *f = ctx;
    if (f->i == f->n) {
        return false;
    }
    const struct org *o = &f->rows[f->i++];
    v[0].i = o->org_id;
    v[1].i = o->parent_id;
    v[1].null = o->parent_id == 0;
    v[2].i = o->kind;
    v[3].i = o->status;
    v[4].s = o->uscc;
    v[4].null = o->uscc.n == 0;
    v[5].s = o->name;
    v[6].i = v[7].i = f->now.utc_ms;
    v[8].i = 1;
    return true;
}

enum err_code rows_insert_orgs(struct db *db, struct scope s, const struct org *rows, size_t n,
                               struct instant now, struct err *e)
{
    (void)s; /* the door has compared the parents with it */
    static const struct bulk_column columns[] = {
        { "org_id", BULK_INT, true },      { "parent_id", BULK_INT, false },
        { "kind", BULK_INT16, false },     { "status", BULK_INT16, false },
        { "uscc", BULK_TEXT, false },      { "name", BULK_TEXT, false },
        { "created_at", BULK_INT, false }, { "updated_at", BULK_INT, false },
        { "ver", BULK_INT, false },
    };
    static const struct bulk_table table = { STORE_CORE, "org", columns, 9, BULK_FAIL };
    struct org_feed feed = { rows, n, 0, now };
    return store_bulk(db, &table, next_org, &feed, NULL, e);
}

#define ORG_SELECT                                                                                 \
    "select org_id, coalesce(parent_id, 0), kind, status, coalesce(uscc, ''), name, ver from org " \
    "where " IN_SCOPE_1_2

enum err_code rows_find_orgs(struct db *db, struct arena *a, struct scope s, enum org_key which,
                             int64_t id, struct str word, int64_t max, const struct org **out,
                             size_t *n, struct err *e)
{
    static const char *const sql[] = {
        [ORG_BY_ID] = ORG_SELECT " and org_id = $3 order by org_id limit $4",
        [ORG_BY_USCC] = ORG_SELECT " and uscc = $3 order by org_id limit $4",
        [ORG_BY_NAME] = ORG_SELECT " and name = $3 order by org_id limit $4",
        [ORG_AFTER] = ORG_SELECT " and org_id > $3 order by org_id limit $4",
    };
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql[which], &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    if (which == ORG_BY_USCC || which == ORG_BY_NAME) {
        rows_str(r, 3, word);
    } else {
        rows_int(r, 3, id);
    }
    rows_int(r, 4, max);
    struct org *list = arena_many(a, (size_t)max, struct org);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k++] = (struct org){
            .org_id = rows_get_int(r, 0),
            .parent_id = rows_get_int(r, 1),
            .kind = (enum org_kind)rows_get_int(r, 2),
            .status = (enum org_status)rows_get_int(r, 3),
            .uscc = str_dup(a, rows_get_str(r, 4)),
            .name = str_dup(a, rows_get_str(r, 5)),
            .ver = rows_get_int(r, 6),
        };
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_close_org(struct db *db, struct scope s, int64_t org_id, int64_t ver,
                             struct instant now, int64_t *changed, struct err *e)
{
    static const char sql[] = "update org set status = 2, updated_at = $5, ver = ver + 1 "
                              "where " IN_SCOPE_1_2 " and org_id = $3 and ver = $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, org_id);
    rows_int(r, 4, ver);
    rows_int(r, 5, now.utc_ms);
    return rows_run(r, changed, e);
}

#define USER_SELECT                                                                                \
    "select user_id, org_id, login, name, status, locked_until, coalesce(pw_hash, ''), "           \
    "fail_count from app_user where " IN_SCOPE_1_2

enum err_code rows_find_users(struct db *db, struct arena *a, struct scope s, enum user_key which,
                              int64_t id, struct str word, int64_t max,
                              const struct user_secret **out, size_t *n, struct err *e)
{
    static const char *const sql[] = {
        [USER_BY_ID] = USER_SELECT " and user_id = $3 order by user_id limit $4",
        [USER_BY_LOGIN] = USER_SELECT " and login = $3 order by user_id limit $4",
        [USER_AFTER] = USER_SELECT " and user_id > $3 order by user_id limit $4",
    };
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql[which], &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    if (which == USER_BY_LOGIN) {
        rows_str(r, 3, word);
    } else {
        rows_int(r, 3, id);
    }
    rows_int(r, 4, max);
    struct user_secret *list = arena_many(a, (size_t)max, struct user_secret);
    size_t k = 0;
    while (rows_next(r, e)) {
        struct user_secret *u = &list[k++];
        u->user.user_id = rows_get_int(r, 0);
        u->user.org_id = rows_get_int(r, 1);
        u->user.login = str_dup(a, rows_get_str(r, 2));
        u->user.name = str_dup(a, rows_get_str(r, 3));
        u->user.status = (enum user_status)rows_get_int(r, 4);
        u->user.locked_until.utc_ms = rows_get_int(r, 5);
        u->pw_hash = str_dup(a, rows_get_str(r, 6));
        u->fail_count = rows_get_int(r, 7);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_insert_user(struct db *db, struct scope s, const struct user *u,
                               struct str pw_hash, struct instant now, struct err *e)
{
    (void)s; /* the door has compared the organisation with it */
    static const char sql[] =
        "insert into app_user (user_id, org_id, login, name, pw_hash, status, fail_count, "
        "locked_until, created_at, updated_at, ver) values ($1, $2, $3, $4, $5, 1, 0, 0, $6, $6, "
        "1)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, u->user_id);
    rows_int(r, 2, u->org_id);
    rows_str(r, 3, u->login);
    rows_str(r, 4, u->name);
    if (pw_hash.n) {
        rows_str(r, 5, pw_hash);
    } else {
        rows_null(r, 5);
    }
    rows_int(r, 6, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_set_user_status(struct db *db, struct scope s, int64_t user_id,
                                   enum user_status status, struct instant now, int64_t *changed,
                                   struct err *e)
{
    static const char sql[] =
        "update app_user set status = $4, fail_count = 0, locked_until = 0, "
        "updated_at = $5, ver = ver + 1 where " IN_SCOPE_1_2 " and user_id = $3";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, user_id);
    rows_int(r, 4, status);
    rows_int(r, 5, now.utc_ms);
    return rows_run(r, changed, e);
}

enum err_code rows_set_login_result(struct db *db, struct scope s, int64_t user_id,
                                    int64_t fail_count, struct instant locked_until,
                                    struct str pw_hash, struct instant now, struct err *e)
{
    static const char sql[] =
        "update app_user set fail_count = $4, locked_until = $5, pw_hash = $6, updated_at = $7, "
        "ver = ver + 1 where " IN_SCOPE_1_2 " and user_id = $3";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, user_id);
    rows_int(r, 4, fail_count);
    rows_int(r, 5, locked_until.utc_ms);
    rows_str(r, 6, pw_hash);
    rows_int(r, 7, now.utc_ms);
    int64_t changed = 0;
    enum err_code code = rows_run(r, &changed, e);
    check_that(code != OK || changed == 1, "user %lld", (long long)user_id);
    return code;
}

static enum err_code insert_perm(struct db *db, int64_t role_id, const char *perm, struct err *e)
{
    static const char sql[] = "insert into role_perm (role_id, perm) values ($1, $2) on conflict "
                              "(role_id, perm) do nothing";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, role_id);
    rows_str(r, 2, str_of(perm));
    return rows_run(r, NULL, e);
}

enum err_code rows_insert_role(struct db *db, struct scope s, int64_t role_id, int64_t org_id,
                               struct str name, const char *const *perms, size_t n,
                               struct instant now, struct err *e)
{
    (void)s; /* the door has compared the organisation with it */
    static const char sql[] =
        "insert into role (role_id, org_id, name, created_at) values ($1, $2, $3, $4)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, role_id);
    rows_int(r, 2, org_id);
    rows_str(r, 3, name);
    rows_int(r, 4, now.utc_ms);
    enum err_code code = rows_run(r, NULL, e);
    for (size_t i = 0; i < n && code == OK; i++) {
        code = insert_perm(db, role_id, perms[i], e);
    }
    return code;
}

enum err_code rows_find_role_org(struct db *db, struct scope s, int64_t role_id, int64_t *org_id,
                                 struct err *e)
{
    static const char sql[] = "select org_id from role where " IN_SCOPE_1_2 " and role_id = $3";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, role_id);
    int64_t found = rows_next(r, e) ? rows_get_int(r, 0) : 0;
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *org_id = found;
    }
    return code;
}

enum err_code rows_insert_user_role(struct db *db, struct scope s, int64_t user_id, int64_t role_id,
                                    int64_t org_id, struct instant now, struct err *e)
{
    (void)s; /* the door has compared all three with it */
    static const char sql[] =
        "insert into user_role (user_id, role_id, org_scope, created_at) values ($1, $2, $3, $4) "
        "on conflict (user_id, role_id, org_scope) do nothing";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, user_id);
    rows_int(r, 2, role_id);
    rows_int(r, 3, org_id);
    rows_int(r, 4, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_delete_user_role(struct db *db, struct scope s, int64_t user_id, int64_t role_id,
                                    int64_t org_id, int64_t *changed, struct err *e)
{
    static const char sql[] =
        "delete from user_role where user_id = $3 and role_id = $4 and org_scope = $5 and "
        "($1 = 1 or org_scope in (select org_id from scope_org where scope_key = $2))";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, user_id);
    rows_int(r, 4, role_id);
    rows_int(r, 5, org_id);
    return rows_run(r, changed, e);
}

enum err_code rows_list_grants(struct db *db, struct arena *a, struct scope s, int64_t user_id,
                               int64_t max, const struct grant **out, size_t *n, struct err *e)
{
    (void)s; /* grants are what a scope is made from */
    static const char sql[] =
        "select ur.org_scope, coalesce(rp.perm, '') from user_role ur "
        "left join role_perm rp on rp.role_id = ur.role_id where ur.user_id = $1 "
        "order by ur.org_scope, ur.role_id, rp.perm limit $2";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, user_id);
    rows_int(r, 2, max);
    struct grant *list = arena_many(a, (size_t)max, struct grant);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k].org_scope = rows_get_int(r, 0);
        list[k++].perm = str_dup(a, rows_get_str(r, 1));
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_list_family(struct db *db, struct arena *a, struct scope s, bool above,
                               int64_t org_id, int64_t max, const int64_t **out, size_t *n,
                               struct err *e)
{
    (void)s; /* the family tree is what a scope is made from */
    static const char down[] =
        "with recursive family (org_id) as (select org_id from org where org_id = $1 "
        "union select o.org_id from org o join family f on o.parent_id = f.org_id) "
        "select org_id from family order by org_id limit $2";
    static const char up[] =
        "with recursive family (org_id, parent_id) as (select org_id, parent_id from org "
        "where org_id = $1 union select o.org_id, o.parent_id from org o join family f "
        "on o.org_id = f.parent_id) select org_id from family order by org_id limit $2";
    struct rows *r;
    if (rows_open(db, STORE_CORE, above ? up : down, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, org_id);
    rows_int(r, 2, max);
    size_t k = 0, room = 64;
    int64_t *list = arena_many(a, room, int64_t);
    while (rows_next(r, e)) {
        if (k == room) {
            int64_t *more = arena_many(a, room * 2, int64_t);
            memcpy(more, list, k * sizeof(*list));
            list = more;
            room *= 2;
        }
        list[k++] = rows_get_int(r, 0);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}
