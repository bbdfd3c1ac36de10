/* role.c - permissions and the scopes that follow from them (law 1).
 *
 * A role gives permissions; a grant gives a role to a user for one organisation and all below it.
 * A scope is asked for one permission, so that a wide role for reading never widens a narrow one
 * for changing.
 */
#include "people/people_rows.h"

#define GRANTS_MAX 5000   /* lines of (organisation, permission) of one user */
#define FAMILY_MAX 100000 /* organisations below one; the reference operator has 20,000 */
#define PERM_BYTES_MAX 100
#define PERM_PARTS 3

static bool perm_valid(struct str perm)
{
    struct str rest = perm, part;
    int parts = 0;
    while (str_split(&rest, ':', &part)) {
        parts++;
        if (part.n == 0) {
            return false;
        }
        for (size_t i = 0; i < part.n; i++) {
            char c = part.at[i];
            bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_';
            if (!word && !(c == '*' && part.n == 1)) {
                return false;
            }
        }
    }
    return parts == PERM_PARTS && perm.n <= PERM_BYTES_MAX;
}

/* Whether what was given covers what is asked. */
static bool perm_covers(struct str given, struct str asked)
{
    struct str g, q;
    while (str_split(&given, ':', &g)) {
        if (!str_split(&asked, ':', &q) || !(str_eq(g, q) || str_is(g, "*"))) {
            return false;
        }
    }
    return !str_split(&asked, ':', &q);
}

enum err_code role_add(struct db *db, struct scope s, int64_t org_id, struct str name,
                       const char *const *perms, size_t n, struct instant now, int64_t *role_id,
                       struct err *e)
{
    struct err own;
    e = e ? e : &own;
    if (!scope_has(s, org_id)) {
        return fail(e, ERR_NOT_FOUND, "there is no organisation %lld", (long long)org_id);
    }
    if (name.n == 0 || name.n > ORG_NAME_MAX) {
        return fail(e, ERR_INPUT, "a role needs a name of at most %d bytes", ORG_NAME_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (!perm_valid(str_of(perms[i]))) {
            return fail(e, ERR_INPUT,
                        "role " STR_FMT ": '%.120s' is no permission: write module:object:action",
                        STR_ARG(name), perms[i]);
        }
    }
    int64_t id = store_next_id(db, now);
    enum err_code code = rows_insert_role(db, s, id, org_id, name, perms, n, now, e);
    if (code == OK) {
        *role_id = id;
    }
    return code;
}

enum err_code role_grant(struct db *db, struct scope s, int64_t user_id, int64_t role_id,
                         int64_t org_id, struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct arena *a = arena_new();
    struct user u;
    int64_t role_org = 0;
    enum err_code code = user_get(db, a, s, user_id, &u, e);
    arena_free(a);
    if (code == OK) {
        code = rows_find_role_org(db, s, role_id, &role_org, e);
    }
    if (code == OK && role_org == 0) {
        code = fail(e, ERR_NOT_FOUND, "there is no role %lld", (long long)role_id);
    }
    if (code == OK && !scope_has(s, org_id)) {
        code = fail(e, ERR_NOT_FOUND, "there is no organisation %lld", (long long)org_id);
    }
    return code == OK ? rows_insert_user_role(db, s, user_id, role_id, org_id, now, e) : code;
}

enum err_code role_revoke(struct db *db, struct scope s, int64_t user_id, int64_t role_id,
                          int64_t org_id, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    int64_t changed = 0;
    enum err_code code = rows_delete_user_role(db, s, user_id, role_id, org_id, &changed, e);
    return code != OK || changed
               ? code
               : fail(e, ERR_NOT_FOUND, "user %lld does not have role %lld for organisation %lld",
                      (long long)user_id, (long long)role_id, (long long)org_id);
}

/* The organisations for which a role of the user gives the permission: the tops of the scope. */
static enum err_code list_tops(struct db *db, struct arena *a, int64_t user_id, const char *perm,
                               int64_t *tops, size_t *n, struct err *e)
{
    struct user u;
    const struct grant *grants;
    size_t n_grants;
    enum err_code code = user_get(db, a, scope_machine(), user_id, &u, e);
    if (code != OK) {
        return code;
    }
    if (u.status != USER_ACTIVE) {
        return fail_named(e, ERR_RULE, "USER_LOCKED", "user " STR_FMT " is locked",
                          STR_ARG(u.login));
    }
    code = rows_list_grants(db, a, scope_machine(), user_id, GRANTS_MAX, &grants, &n_grants, e);
    if (code != OK) {
        return code;
    }
    if (n_grants == GRANTS_MAX) {
        return fail(e, ERR_LIMIT, "user " STR_FMT " has more than %d permissions: merge roles",
                    STR_ARG(u.login), GRANTS_MAX - 1);
    }
    size_t k = 0;
    for (size_t i = 0; i < n_grants; i++) {
        bool given = !perm || perm_covers(grants[i].perm, str_of(perm));
        if (given && (k == 0 || tops[k - 1] != grants[i].org_scope)) { /* they come sorted */
            tops[k++] = grants[i].org_scope;
        }
    }
    *n = k;
    return OK;
}

static int id_order(const void *pa, const void *pb)
{
    int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;
    return (a > b) - (a < b);
}

/* All families together, ascending and each once. */
static enum err_code gather(struct db *db, struct arena *a, const int64_t *tops, size_t n_tops,
                            int64_t **out, size_t *n, struct err *e)
{
    const int64_t **families = arena_many(a, n_tops, const int64_t *);
    size_t *sizes = arena_many(a, n_tops, size_t), sum = 0;
    for (size_t i = 0; i < n_tops; i++) {
        enum err_code code = rows_list_family(db, a, scope_machine(), false, tops[i], FAMILY_MAX,
                                              &families[i], &sizes[i], e);
        if (code != OK) {
            return code;
        }
        if (sizes[i] == FAMILY_MAX) {
            return fail(e, ERR_LIMIT, "organisation %lld has more than %d below it",
                        (long long)tops[i], FAMILY_MAX - 1);
        }
        sum += sizes[i];
    }
    int64_t *all = arena_many(a, sum, int64_t);
    size_t k = 0;
    for (size_t i = 0; i < n_tops; i++) {
        if (sizes[i]) {
            memcpy(all + k, families[i], sizes[i] * sizeof(*all));
        }
        k += sizes[i];
    }
    qsort(all, k, sizeof(*all), id_order);
    size_t once = 0;
    for (size_t i = 0; i < k; i++) {
        if (once == 0 || all[once - 1] != all[i]) {
            all[once++] = all[i];
        }
    }
    *out = all;
    *n = once;
    return OK;
}

enum err_code people_scope(struct db *db, struct arena *a, int64_t user_id, const char *perm,
                           struct scope *out, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    int64_t *tops = arena_many(a, GRANTS_MAX, int64_t), *orgs = NULL;
    size_t n_tops = 0, n = 0;
    enum err_code code = list_tops(db, a, user_id, perm, tops, &n_tops, e);
    if (code == OK) {
        code = gather(db, a, tops, n_tops, &orgs, &n, e);
    }
    if (code == OK) {
        *out = (struct scope){ .orgs = orgs, .n = n, .user_id = user_id };
    }
    return code;
}

enum err_code people_may(struct db *db, int64_t user_id, const char *perm, int64_t org_id,
                         bool *out, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct arena *a = arena_new();
    int64_t *tops = arena_many(a, GRANTS_MAX, int64_t);
    const int64_t *above;
    size_t n_tops = 0, n = 0;
    enum err_code code = list_tops(db, a, user_id, perm, tops, &n_tops, e);
    if (code == OK) {
        code = rows_list_family(db, a, scope_machine(), true, org_id, FAMILY_MAX, &above, &n, e);
    }
    bool may = false;
    for (size_t i = 0; i < n && code == OK && !may; i++) {
        may = bsearch(&above[i], tops, n_tops, sizeof(*tops), id_order) != NULL;
    }
    arena_free(a);
    if (code == OK) {
        *out = may;
    }
    return code;
}
