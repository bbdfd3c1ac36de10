/* org.c - organisations: the parties of every contract, in a tree. */
#include "base/embed.h"
#include "people/people_rows.h"

EMBED(people_sql, "src/people/people.sql");
const struct store_migrations people_migrations = { "people", people_sql };

static enum err_code check_org(const struct org *o, struct scope s, struct err *e)
{
    if (o->name.n == 0 || o->name.n > ORG_NAME_MAX || !str_utf8(o->name)) {
        return fail(e, ERR_INPUT, "an organisation needs a name of at most %d bytes", ORG_NAME_MAX);
    }
    if (o->kind < ORG_OPERATOR || o->kind > ORG_INSURER) {
        return fail(e, ERR_INPUT, "organisation " STR_FMT ": kind %d is not one of 1 to 7",
                    STR_ARG(o->name), (int)o->kind);
    }
    if (o->uscc.n && uscc_check(o->uscc, NULL, e) != OK) {
        return fail_in(e, "organisation " STR_FMT ": ", STR_ARG(o->name));
    }
    if (!s.all && !scope_has(s, o->parent_id)) {
        return fail(e, ERR_NOT_FOUND, "organisation " STR_FMT ": there is no parent %lld",
                    STR_ARG(o->name), (long long)o->parent_id);
    }
    return OK;
}

enum err_code org_add(struct db *db, struct scope s, struct org *rows, size_t n, struct instant now,
                      struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct arena *a = arena_new();
    struct org *list = arena_many(a, n, struct org);
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        code = check_org(&rows[i], s, e);
        list[i] = rows[i];
        list[i].org_id = rows[i].org_id ? rows[i].org_id : store_next_id(db, now);
        list[i].status = rows[i].status ? rows[i].status : ORG_ACTIVE;
        list[i].ver = 1;
    }
    if (code == OK) {
        code = rows_insert_orgs(db, s, list, n, now, e);
    }
    for (size_t i = 0; i < n && code == OK; i++) {
        rows[i] = list[i];
    }
    arena_free(a);
    return code;
}

static enum err_code org_one(struct db *db, struct arena *a, struct scope s, enum org_key which,
                             int64_t id, struct str word, struct org *out, struct err *e)
{
    const struct org *found;
    size_t n;
    struct err own;
    e = e ? e : &own;
    enum err_code code = rows_find_orgs(db, a, s, which, id, word, 2, &found, &n, e);
    if (code != OK) {
        return code;
    }
    if (n == 0) {
        return which == ORG_BY_ID
                   ? fail(e, ERR_NOT_FOUND, "there is no organisation %lld", (long long)id)
                   : fail(e, ERR_NOT_FOUND, "there is no organisation '" STR_FMT "'",
                          STR_ARG(word));
    }
    if (n > 1) {
        return fail(e, ERR_CONFLICT, "several organisations are named '" STR_FMT "': give the id",
                    STR_ARG(word));
    }
    *out = found[0];
    return OK;
}

enum err_code org_get(struct db *db, struct arena *a, struct scope s, int64_t org_id,
                      struct org *out, struct err *e)
{
    return org_one(db, a, s, ORG_BY_ID, org_id, STR(""), out, e);
}

enum err_code org_find_uscc(struct db *db, struct arena *a, struct scope s, struct str uscc,
                            struct org *out, struct err *e)
{
    return org_one(db, a, s, ORG_BY_USCC, 0, uscc, out, e);
}

enum err_code org_find_name(struct db *db, struct arena *a, struct scope s, struct str name,
                            struct org *out, struct err *e)
{
    return org_one(db, a, s, ORG_BY_NAME, 0, name, out, e);
}

enum err_code org_list(struct db *db, struct arena *a, struct scope s, int64_t after_id,
                       const struct org **out, size_t *n, struct err *e)
{
    return rows_find_orgs(db, a, s, ORG_AFTER, after_id, STR(""), PEOPLE_PAGE_MAX, out, n, e);
}

enum err_code org_close(struct db *db, struct scope s, int64_t org_id, int64_t ver,
                        struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    int64_t changed = 0;
    enum err_code code = rows_close_org(db, s, org_id, ver, now, &changed, e);
    if (code != OK || changed == 1) {
        return code;
    }
    struct arena *a = arena_new();
    struct org o;
    code = org_get(db, a, s, org_id, &o, e);
    arena_free(a);
    return code != OK ? code
                      : fail(e, ERR_CONFLICT,
                             "organisation %lld was changed meanwhile (version %lld, not %lld): "
                             "read it again",
                             (long long)org_id, (long long)o.ver, (long long)ver);
}
