/* approval.c - the second person, for whatever needs one (laws 2 and 3). */
#include "base/json.h"
#include "people/approval_rows.h"

#define KIND_MAX 64
#define OBJECT_MAX 200
#define REASON_MAX 2000

static enum err_code check_ask(const struct approval_ask *ask, struct scope s, struct instant now,
                               struct err *e)
{
    if (ask->kind.n == 0 || ask->kind.n > KIND_MAX || ask->object.n == 0 ||
        ask->object.n > OBJECT_MAX) {
        return fail(e, ERR_INPUT, "an approval needs a kind and an object, at most %d and %d bytes",
                    KIND_MAX, OBJECT_MAX);
    }
    if (str_trim(ask->reason).n == 0 || ask->reason.n > REASON_MAX) {
        return fail(e, ERR_INPUT, "say why, in at most %d bytes", REASON_MAX);
    }
    if (ask->checkers < 0 || ask->checkers > 2) {
        return fail(e, ERR_INPUT, "%d checkers: 1 or 2", ask->checkers);
    }
    if (ask->expires.utc_ms != 0 &&
        (ask->expires.utc_ms <= now.utc_ms ||
         ask->expires.utc_ms > now.utc_ms + APPROVAL_DAYS_MAX * DAY_MS)) {
        return fail(e, ERR_INPUT, "an approval must expire within %d days", APPROVAL_DAYS_MAX);
    }
    if (!scope_has(s, ask->org_id)) {
        return fail(e, ERR_NOT_FOUND, "there is no organisation %lld", (long long)ask->org_id);
    }
    return OK;
}

/* Each step leaves its audit row, with the hash of what it was about. */
static enum err_code tell(struct db *db, const struct approval_ask *ask, int64_t id,
                          const char *action, int64_t user_id, struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    struct text t;
    struct json_out o;
    char number[24];
    snprintf(number, sizeof(number), "%lld", (long long)id);
    text_init(&t, a, AUDIT_TEXT_MAX);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "approval", str_of(number));
    json_put_str(&o, "kind", ask->kind);
    struct text hex;
    text_init(&hex, a, 64);
    text_hex(&hex, ask->content.b, sizeof(ask->content.b));
    json_put_str(&o, "content", text_str(&hex));
    json_close(&o, '}');
    struct audit_event ev = {
        .at = now,
        .user_id = user_id,
        .org_id = ask->org_id,
        .action = str_of(action),
        .object = ask->object,
        .result = STR("ok"),
        .detail = text_str(&t),
    };
    enum err_code code = audit_append(db, STR(AUDIT_MAIN), &ev, 1, e);
    arena_free(a);
    return code;
}

enum err_code approval_request(struct db *db, struct scope s, const struct approval_ask *ask,
                               struct instant now, int64_t *approval_id, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    enum err_code code = check_ask(ask, s, now, e);
    if (code != OK) {
        return code;
    }
    struct approval_ask full = *ask;
    full.checkers = ask->checkers ? ask->checkers : 1;
    if (full.expires.utc_ms == 0) {
        full.expires.utc_ms = now.utc_ms + APPROVAL_DAYS * DAY_MS;
    }
    int64_t id = store_next_id(db, now);
    code = rows_insert_approval(db, s, id, &full, now, e);
    if (code == OK) {
        code = tell(db, &full, id, "approval.ask", ask->maker, now, e);
    }
    if (code == OK) {
        *approval_id = id;
    }
    return code;
}

static enum err_code closed(const struct approval *ap, struct err *e)
{
    static const char *const how[] = { "", "", "approved already", "refused", "used" };
    return fail_named(e, ERR_RULE, "APPROVAL_CLOSED", "approval %lld was %s",
                      (long long)ap->approval_id, how[ap->state]);
}

static enum err_code find(struct db *db, struct arena *a, struct scope s, int64_t id,
                          bool to_change, struct approval_row *out, struct err *e)
{
    bool found = false;
    enum err_code code = rows_find_approval(db, a, s, id, to_change, out, &found, e);
    return code != OK || found ? code
                               : fail(e, ERR_NOT_FOUND, "there is no approval %lld", (long long)id);
}

static enum err_code not_expired(const struct approval *ap, struct instant now, struct err *e)
{
    return now.utc_ms < ap->ask.expires.utc_ms
               ? OK
               : fail_named(e, ERR_RULE, "APPROVAL_EXPIRED", "approval %lld has expired: ask again",
                            (long long)ap->approval_id);
}

/* Law 2. */
static enum err_code may_check(struct db *db, struct scope s, const struct approval *ap,
                               int64_t checker, struct err *e)
{
    if (checker != 0 && checker == ap->ask.maker) {
        return fail_named(e, ERR_RULE, "SELF_APPROVAL",
                          "approval %lld was asked by the same person: another one must decide",
                          (long long)ap->approval_id);
    }
    struct arena *a = arena_new();
    struct user u;
    bool may = checker > 0, voted = false;
    enum err_code code = OK;
    if (may) {
        code = user_get(db, a, scope_machine(), checker, &u, e);
        may = code == OK && u.status == USER_ACTIVE;
        code = code == ERR_NOT_FOUND ? OK : code;
    }
    arena_free(a);
    if (may && ap->ask.perm.n) {
        char perm[128];
        snprintf(perm, sizeof(perm), STR_FMT, STR_ARG(ap->ask.perm));
        code = people_may(db, checker, perm, ap->ask.org_id, &may, e);
    }
    if (code == OK && !may) {
        return fail_named(e, ERR_RULE, "APPROVAL_RIGHT",
                          "approval %lld: this user has no right to decide it",
                          (long long)ap->approval_id);
    }
    if (code == OK) {
        code = rows_has_voted(db, s, ap->approval_id, checker, &voted, e);
    }
    return code == OK && voted ? fail_named(e, ERR_RULE, "APPROVAL_TWICE",
                                            "approval %lld: the same person cannot approve twice",
                                            (long long)ap->approval_id)
                               : code;
}

static enum err_code set_state(struct db *db, struct scope s, const struct approval_row *row,
                               int approved, enum approval_state state, struct instant now,
                               struct err *e)
{
    int64_t changed = 0;
    enum err_code code = rows_set_approval(db, s, row->approval.approval_id, row->ver, approved,
                                           state, now, &changed, e);
    return code != OK || changed == 1
               ? code
               : fail(e, ERR_CONFLICT, "approval %lld was decided by another at the same moment",
                      (long long)row->approval.approval_id);
}

static enum err_code decide(struct db *db, struct scope s, int64_t id, int64_t checker, bool yes,
                            struct str note, struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    struct approval_row row;
    enum err_code code = find(db, a, s, id, true, &row, e);
    const struct approval *ap = &row.approval;
    if (code == OK && ap->state != APPROVAL_ASKED) {
        code = closed(ap, e);
    }
    if (code == OK) {
        code = not_expired(ap, now, e);
    }
    bool withdraws = !yes && checker == ap->ask.maker;
    if (code == OK && !withdraws) {
        code = may_check(db, s, ap, checker, e);
    }
    if (code == OK && checker > 0) {
        code = rows_insert_vote(db, s, id, checker, yes, note, now, e);
    }
    if (code == OK) {
        int approved = ap->approved + yes;
        enum approval_state state = !yes                           ? APPROVAL_REFUSED
                                    : approved >= ap->ask.checkers ? APPROVAL_APPROVED
                                                                   : APPROVAL_ASKED;
        code = set_state(db, s, &row, approved, state, now, e);
    }
    if (code == OK) {
        code =
            tell(db, &ap->ask, id, yes ? "approval.approve" : "approval.refuse", checker, now, e);
    }
    arena_free(a);
    return code;
}

enum err_code approval_approve(struct db *db, struct scope s, int64_t approval_id, int64_t checker,
                               struct str note, struct instant now, struct err *e)
{
    struct err own;
    return decide(db, s, approval_id, checker, true, note, now, e ? e : &own);
}

enum err_code approval_refuse(struct db *db, struct scope s, int64_t approval_id, int64_t checker,
                              struct str note, struct instant now, struct err *e)
{
    struct err own;
    return decide(db, s, approval_id, checker, false, note, now, e ? e : &own);
}

/* Law 3. */
static enum err_code fits(const struct approval *ap, struct str kind, struct str object,
                          const struct sha256 *content, struct instant now, struct err *e)
{
    if (ap->state == APPROVAL_ASKED || ap->state == APPROVAL_REFUSED) {
        return fail_named(
            e, ERR_RULE, "APPROVAL_OPEN", "approval %lld %s", (long long)ap->approval_id,
            ap->state == APPROVAL_ASKED ? "still waits for a second person" : "was refused");
    }
    if (ap->state == APPROVAL_USED) {
        return closed(ap, e);
    }
    if (!str_eq(ap->ask.kind, kind) || !str_eq(ap->ask.object, object) ||
        memcmp(ap->ask.content.b, content->b, sizeof(content->b)) != 0) {
        return fail_named(e, ERR_RULE, "APPROVAL_OTHER",
                          "approval %lld is for " STR_FMT " of " STR_FMT
                          " as it stood then; it does not cover this",
                          (long long)ap->approval_id, STR_ARG(ap->ask.kind),
                          STR_ARG(ap->ask.object));
    }
    return not_expired(ap, now, e);
}

enum err_code approval_use(struct db *db, struct scope s, int64_t approval_id, struct str kind,
                           struct str object, struct sha256 content, int64_t user_id,
                           struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct arena *a = arena_new();
    struct approval_row row;
    enum err_code code = find(db, a, s, approval_id, true, &row, e);
    if (code == OK) {
        code = fits(&row.approval, kind, object, &content, now, e);
    }
    if (code == OK) {
        code = set_state(db, s, &row, row.approval.approved, APPROVAL_USED, now, e);
    }
    if (code == OK) {
        code = tell(db, &row.approval.ask, approval_id, "approval.use", user_id, now, e);
    }
    arena_free(a);
    return code;
}

enum err_code approval_get(struct db *db, struct arena *a, struct scope s, int64_t approval_id,
                           struct approval *out, struct err *e)
{
    struct err own;
    struct approval_row row;
    enum err_code code = find(db, a, s, approval_id, false, &row, e ? e : &own);
    if (code == OK) {
        *out = row.approval;
    }
    return code;
}

enum err_code approval_open_list(struct db *db, struct arena *a, struct scope s, struct instant now,
                                 int64_t after_id, const struct approval **out, size_t *n,
                                 struct err *e)
{
    struct err own;
    return rows_list_waiting(db, a, s, now, after_id, PEOPLE_PAGE_MAX, out, n, e ? e : &own);
}
