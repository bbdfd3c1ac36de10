/* authorization.c - the payer's word that a debit is allowed: its states, what it covers. */
#include "contract/account_rows.h"

#define NO_MAX 60 /* bytes: the field of the clearing messages */
#define PURPOSE_MAX 200
#define REF_MAX 64

static const char *const WORDS[] = { "",          "draft",   "signing", "active",
                                     "suspended", "revoked", "expired" };

static bool over(const struct authorization *v, struct day on)
{
    return v->until.yyyymmdd && on.yyyymmdd >= v->until.yyyymmdd;
}

static void state_on(struct authorization *v, struct day on)
{
    if (v->state != AUTHORIZATION_REVOKED && over(v, on)) {
        v->state = AUTHORIZATION_EXPIRED;
    }
}

static enum err_code input_check(const struct authorization *v, struct err *e)
{
    if (v->no.n == 0 || v->no.n > NO_MAX || !str_utf8(v->no)) {
        return fail(e, ERR_INPUT, "an authorisation has a number of 1 to %d bytes", NO_MAX);
    }
    if (str_trim(v->purpose).n == 0 || v->purpose.n > PURPOSE_MAX || !str_utf8(v->purpose)) {
        return fail(e, ERR_INPUT, "authorisation " STR_FMT ": say for what, in 1 to %d bytes",
                    STR_ARG(v->no), PURPOSE_MAX);
    }
    if (v->item_max_fen <= 0 || v->month_max_fen < v->item_max_fen) {
        return fail(e, ERR_INPUT,
                    "authorisation " STR_FMT ": the most for an item is above 0 and at most that "
                    "for a month",
                    STR_ARG(v->no));
    }
    if (!day_valid(v->from) || (v->until.yyyymmdd && (!day_valid(v->until) ||
                                                      v->until.yyyymmdd <= v->from.yyyymmdd))) {
        return fail(e, ERR_INPUT, "authorisation " STR_FMT ": validity [%d, %d) is none",
                    STR_ARG(v->no), v->from.yyyymmdd, v->until.yyyymmdd);
    }
    return OK;
}

enum err_code authorization_add(struct db *db, struct scope s, struct authorization *v,
                                struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    struct authorization own = *v, twin;
    struct bank_account account;
    bool found = false;
    enum err_code code = input_check(v, e);
    if (code == OK) {
        code = account_get(db, a, s, v->payer_account, &account, e);
    }
    if (code == OK && account.state >= ACCOUNT_REPLACED) {
        code = fail_named(e, ERR_RULE, "ACCOUNT_STATE", "account %lld is no longer in use",
                          (long long)v->payer_account);
    }
    if (code == OK) {
        code = rows_find_authorization(db, a, scope_machine(), 0, v->no, &twin, &found, e);
    }
    if (code == OK && found) {
        code = fail(e, ERR_CONFLICT, "authorisation " STR_FMT ": this number is taken",
                    STR_ARG(v->no));
    }
    if (code == OK) {
        own.org_id = account.org_id;
        own.state = AUTHORIZATION_DRAFT;
        own.authorization_id = store_next_id(db, now);
        code = rows_put_authorization(db, s, &own, now, e);
    }
    if (code == OK) {
        *v = own;
    }
    arena_free(a);
    return code;
}

enum err_code authorization_find(struct db *db, struct arena *a, struct scope s, struct str no,
                                 struct day today, struct authorization *out, struct err *e)
{
    struct authorization v;
    bool found;
    if (rows_find_authorization(db, a, s, 0, no, &v, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "there is no authorisation " STR_FMT, STR_ARG(no));
    }
    state_on(&v, today);
    *out = v;
    return OK;
}

enum err_code authorization_list(struct db *db, struct arena *a, struct scope s, int64_t after,
                                 struct day today, const struct authorization **out, size_t *n,
                                 struct err *e)
{
    struct authorization *list = arena_many(a, ACCOUNT_PAGE_MAX, struct authorization);
    size_t count;
    if (rows_list_authorizations(db, a, s, 0, 0, after, list, &count, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < count; i++) {
        state_on(&list[i], today);
    }
    *out = list;
    *n = count;
    return OK;
}

/* Which step leads from where; EXPIRED has none. */
static bool step_known(enum authorization_state from, enum authorization_state to)
{
    static const unsigned char next[] = {
        [AUTHORIZATION_DRAFT] =
            1 << AUTHORIZATION_SIGNING | 1 << AUTHORIZATION_ACTIVE | 1 << AUTHORIZATION_REVOKED,
        [AUTHORIZATION_SIGNING] = 1 << AUTHORIZATION_ACTIVE | 1 << AUTHORIZATION_REVOKED,
        [AUTHORIZATION_ACTIVE] = 1 << AUTHORIZATION_SUSPENDED | 1 << AUTHORIZATION_REVOKED,
        [AUTHORIZATION_SUSPENDED] = 1 << AUTHORIZATION_ACTIVE | 1 << AUTHORIZATION_REVOKED,
        [AUTHORIZATION_REVOKED] = 0,
        [AUTHORIZATION_EXPIRED] = 0,
    };
    return next[from] >> to & 1;
}

enum err_code authorization_move(struct db *db, struct scope s, int64_t id,
                                 enum authorization_state to, struct day today, struct instant now,
                                 struct err *e)
{
    struct arena *a = arena_new();
    struct authorization v;
    bool found = false;
    check(to >= AUTHORIZATION_SIGNING && to <= AUTHORIZATION_REVOKED);
    enum err_code code = rows_find_authorization(db, a, s, id, STR(""), &v, &found, e);
    if (code == OK && !found) {
        code = fail(e, ERR_NOT_FOUND, "there is no authorisation %lld", (long long)id);
    }
    if (code == OK) {
        enum authorization_state was = v.state;
        state_on(&v, today);
        if (!step_known(v.state, to)) {
            code = fail_named(e, ERR_RULE, "AUTHORIZATION_STATE",
                              "authorisation " STR_FMT " is %s and cannot become %s",
                              STR_ARG(v.no), WORDS[v.state], WORDS[to]);
        } else if (to == AUTHORIZATION_ACTIVE && !v.signed_file) {
            code = fail_named(e, ERR_RULE, "AUTHORIZATION_STATE",
                              "authorisation " STR_FMT ": the signed paper is missing",
                              STR_ARG(v.no));
        } else {
            code = rows_move_authorization(db, s, id, was, to, now, e);
        }
    }
    arena_free(a);
    return code;
}

/* Why this one does not cover the debit; NULL when it does. */
static enum err_code covers(struct db *db, struct scope s, const struct authorization *v,
                            struct day on, int64_t fen, const char **why, struct err *e)
{
    int64_t sum = 0;
    if (v->state != AUTHORIZATION_ACTIVE) {
        *why = "is not active";
    } else if (on.yyyymmdd < v->from.yyyymmdd || over(v, on)) {
        *why = "is not valid on that day";
    } else if (fen > v->item_max_fen) {
        *why = "allows less for an item";
    } else if (rows_authorization_sum(db, s, v->authorization_id, day_month(on), &sum, e) != OK) {
        return e->code;
    } else {
        *why = fen > v->month_max_fen - sum ? "has not that much left of the month" : NULL;
    }
    return OK;
}

enum err_code authorization_use(struct db *db, struct scope s, int64_t payer_account,
                                int64_t payee_org, struct day on, int64_t fen, struct str ref,
                                struct instant now, int64_t *id, struct err *e)
{
    struct arena *a = arena_new();
    struct authorization *list = arena_many(a, ACCOUNT_PAGE_MAX, struct authorization);
    size_t n = 0, hit = 0;
    int64_t old_id = 0, old_fen = 0;
    const char *why = "there is none";
    enum err_code code = fen > 0 && ref.n > 0 && ref.n <= REF_MAX && payer_account > 0
                             ? rows_find_use(db, s, ref, &old_id, &old_fen, e)
                             : fail(e, ERR_INPUT, "a debit has an account, an amount and a ref");
    if (code == OK && old_id && old_fen != fen) {
        code = fail(e, ERR_CONFLICT, "debit " STR_FMT " was booked with another amount",
                    STR_ARG(ref));
    }
    if (code == OK && !old_id) {
        code = rows_list_authorizations(db, a, s, payer_account, payee_org, 0, list, &n, e);
    }
    for (hit = 0; hit < n && code == OK; hit++) {
        code = covers(db, s, &list[hit], on, fen, &why, e);
        if (code == OK && !why) {
            break;
        }
    }
    if (code == OK && !old_id && hit == n) {
        code = fail_named(e, ERR_RULE, "PAY_NO_MANDATE",
                          "account %lld: no authorisation covers this debit on %d: %s%s",
                          (long long)payer_account, on.yyyymmdd, n ? "the last one " : "", why);
    }
    if (code == OK && !old_id) {
        old_id = list[hit].authorization_id;
        code = rows_put_use(db, s, old_id, ref, day_month(on), fen, now, e);
    }
    if (code == OK) {
        *id = old_id;
    }
    arena_free(a);
    return code;
}

enum err_code authorization_release(struct db *db, struct scope s, struct str ref, struct err *e)
{
    return rows_delete_use(db, s, ref, e);
}
