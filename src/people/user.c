/* user.c - people who act: making them, locking them, letting them in (law 5). */
#include "people/password.h"
#include "people/people_rows.h"

#define LOGIN_MIN 3
#define LOGIN_MAX 64
#define FAILS_FREE 5      /* wrong passwords before waiting begins */
#define WAIT_DOUBLINGS 10 /* then 1, 2, 4 ... minutes, at most about 17 hours */
#define MINUTE_MS 60000LL

static bool login_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-')) {
            return false;
        }
    }
    return s.n >= LOGIN_MIN && s.n <= LOGIN_MAX;
}

enum err_code user_add(struct db *db, struct scope s, int64_t org_id, struct str login,
                       struct str name, struct str password, struct instant now, int64_t *user_id,
                       struct err *e)
{
    struct err own;
    e = e ? e : &own;
    if (!login_valid(login)) {
        return fail(e, ERR_INPUT, "a login has %d to %d of the characters a-z 0-9 . _ -", LOGIN_MIN,
                    LOGIN_MAX);
    }
    if (name.n == 0 || name.n > ORG_NAME_MAX) {
        return fail(e, ERR_INPUT, "a user needs a name of at most %d bytes", ORG_NAME_MAX);
    }
    if (password.n && password_allowed(password, login, e) != OK) {
        return e->code;
    }
    struct arena *a = arena_new();
    struct org org;
    struct str hash = STR("");
    enum err_code code = org_get(db, a, s, org_id, &org, e);
    if (code == OK && password.n) {
        unsigned char salt[PASSWORD_SALT_BYTES];
        password_salt(salt);
        hash = password_hash(a, password, salt);
    }
    struct user u = {
        .user_id = store_next_id(db, now), .org_id = org_id, .login = login, .name = name
    };
    if (code == OK) {
        code = rows_insert_user(db, s, &u, hash, now, e);
        if (code == ERR_CONFLICT) {
            code = fail(e, ERR_CONFLICT, "the login " STR_FMT " is taken", STR_ARG(login));
        }
    }
    arena_free(a);
    if (code == OK) {
        *user_id = u.user_id;
    }
    return code;
}

static enum err_code user_one(struct db *db, struct arena *a, struct scope s, enum user_key which,
                              int64_t id, struct str word, struct user *out, struct err *e)
{
    const struct user_secret *found;
    size_t n;
    struct err own;
    e = e ? e : &own;
    enum err_code code = rows_find_users(db, a, s, which, id, word, 1, &found, &n, e);
    if (code != OK) {
        return code;
    }
    if (n == 0) {
        return which == USER_BY_ID
                   ? fail(e, ERR_NOT_FOUND, "there is no user %lld", (long long)id)
                   : fail(e, ERR_NOT_FOUND, "there is no user '" STR_FMT "'", STR_ARG(word));
    }
    *out = found[0].user;
    return OK;
}

enum err_code user_get(struct db *db, struct arena *a, struct scope s, int64_t user_id,
                       struct user *out, struct err *e)
{
    return user_one(db, a, s, USER_BY_ID, user_id, STR(""), out, e);
}

enum err_code user_find_login(struct db *db, struct arena *a, struct scope s, struct str login,
                              struct user *out, struct err *e)
{
    return user_one(db, a, s, USER_BY_LOGIN, 0, login, out, e);
}

enum err_code user_list(struct db *db, struct arena *a, struct scope s, int64_t after_id,
                        const struct user **out, size_t *n, struct err *e)
{
    const struct user_secret *found;
    size_t k;
    enum err_code code =
        rows_find_users(db, a, s, USER_AFTER, after_id, STR(""), PEOPLE_PAGE_MAX, &found, &k, e);
    if (code != OK) {
        return code;
    }
    struct user *list = arena_many(a, k, struct user);
    for (size_t i = 0; i < k; i++) {
        list[i] = found[i].user;
    }
    *out = list;
    *n = k;
    return OK;
}

enum err_code user_lock(struct db *db, struct scope s, int64_t user_id, bool locked,
                        struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    int64_t changed = 0;
    enum err_code code =
        rows_set_user_status(db, s, user_id, locked ? USER_LOCKED : USER_ACTIVE, now, &changed, e);
    return code != OK || changed
               ? code
               : fail(e, ERR_NOT_FOUND, "there is no user %lld", (long long)user_id);
}

/* What a login came to, written in one transaction with its audit row. */
struct login_result {
    const struct user_secret *u; /* NULL: nobody has this login */
    bool good;
    struct str result;
    struct str new_hash;
    struct instant now;
};

static enum err_code write_result(struct db *db, void *ctx, struct err *e)
{
    struct login_result *l = ctx;
    int64_t fails = l->good || !l->u ? 0 : l->u->fail_count + 1;
    struct instant until = { 0 };
    if (fails >= FAILS_FREE) {
        int64_t doublings =
            fails - FAILS_FREE < WAIT_DOUBLINGS ? fails - FAILS_FREE : WAIT_DOUBLINGS;
        until.utc_ms = l->now.utc_ms + (MINUTE_MS << doublings);
    }
    enum err_code code = OK;
    if (l->u && (fails != l->u->fail_count || l->new_hash.n)) {
        code = rows_set_login_result(db, scope_machine(), l->u->user.user_id, fails, until,
                                     l->new_hash.n ? l->new_hash : l->u->pw_hash, l->now, e);
    }
    char object[40] = "user:unknown";
    if (l->u) {
        snprintf(object, sizeof(object), "user:%lld", (long long)l->u->user.user_id);
    }
    struct audit_event ev = {
        .at = l->now,
        .user_id = l->good ? l->u->user.user_id : 0,
        .org_id = l->u ? l->u->user.org_id : 0,
        .action = STR("user.login"),
        .object = str_of(object),
        .result = l->result,
    };
    return code == OK ? audit_append(db, STR("login"), &ev, 1, e) : code;
}

static enum err_code judge(struct db *db, struct arena *a, struct str password,
                           struct login_result *l, struct err *e)
{
    const struct user_secret *u = l->u;
    bool active = u && u->user.status == USER_ACTIVE;
    bool agrees = password_agrees(a, active ? u->pw_hash : STR(""), password);
    l->good = active && agrees;
    l->result = l->good ? STR("ok") : STR("refused");
    if (l->good && password_is_old(u->pw_hash)) {
        unsigned char salt[PASSWORD_SALT_BYTES];
        password_salt(salt);
        l->new_hash = password_hash(a, password, salt);
    }
    enum err_code code = store_write(db, STORE_CORE, write_result, l, e);
    if (code != OK || l->good) {
        return code;
    }
    return fail_named(e, ERR_RULE, "LOGIN_FAILED", "login or password is wrong");
}

enum err_code user_login(struct db *db, struct str login, struct str password, struct instant now,
                         int64_t *user_id, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    if (login.n > LOGIN_MAX || password.n > PASSWORD_BYTES_MAX || !str_utf8(login)) {
        return fail_named(e, ERR_RULE, "LOGIN_FAILED", "login or password is wrong");
    }
    struct arena *a = arena_new();
    const struct user_secret *found;
    size_t n;
    struct login_result l = { .now = now };
    enum err_code code =
        rows_find_users(db, a, scope_machine(), USER_BY_LOGIN, 0, login, 1, &found, &n, e);
    if (code == OK) {
        l.u = n ? &found[0] : NULL;
        if (l.u && l.u->user.locked_until.utc_ms > now.utc_ms) {
            int64_t left = (l.u->user.locked_until.utc_ms - now.utc_ms + MINUTE_MS - 1) / MINUTE_MS;
            code = fail_named(e, ERR_RULE, "LOGIN_WAIT",
                              "too many wrong passwords: try again in %lld min", (long long)left);
        } else {
            code = judge(db, a, password, &l, e);
        }
    }
    if (code == OK) {
        *user_id = l.u->user.user_id;
    }
    arena_free(a);
    return code;
}
