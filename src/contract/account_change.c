/* account_change.c - another account for an organisation: a letter, a small payment, three people
 * and a day.
 */
#include "contract/account_part.h"
#include "contract/account_rows.h"
#include "people/people.h"

#define KIND STR("account.change")
#define REASON_MAX 500

static struct str object_of(struct arena *a, int64_t change_id)
{
    return str_of(arena_printf(a, "account_change:%lld", (long long)change_id));
}

/* What three people agree on: who, from which account to which, and by which letter. */
static struct sha256 content_of(struct arena *a, const struct account_change *c,
                                const struct account_row *next)
{
    struct hasher *h = hasher_new(a);
    const int64_t ids[] = { c->change_id, c->org_id, c->old_account, c->new_account };
    hasher_add(h, ids, sizeof(ids));
    hasher_add(h, next->no_index.at, next->no_index.n);
    hasher_add(h, next->v.bank_no.at, next->v.bank_no.n);
    hasher_add(h, c->letter.b, sizeof(c->letter.b));
    return hasher_end(h);
}

static enum err_code row_of(struct db *db, struct arena *a, struct scope s, int64_t id,
                            struct account_row *out, struct err *e)
{
    bool found;
    if (rows_find_bank_account(db, a, s, id, out, &found, e) != OK) {
        return e->code;
    }
    return found ? OK : fail(e, ERR_NOT_FOUND, "there is no account %lld", (long long)id);
}

static enum err_code find(struct db *db, struct arena *a, struct scope s, int64_t id,
                          struct account_change *out, struct err *e)
{
    bool found;
    if (rows_find_account_change(db, a, s, id, 0, out, &found, e) != OK) {
        return e->code;
    }
    return found && id ? OK
                       : fail(e, ERR_NOT_FOUND, "there is no account change %lld", (long long)id);
}

static enum err_code in_state(const struct account_change *c, enum account_change_state want,
                              struct err *e)
{
    static const char *const words[] = { "",           "asked",   "verified",
                                         "cooling off", "in effect", "refused" };
    return c->state == want ? OK
                            : fail_named(e, ERR_RULE, "ACCOUNT_STATE",
                                         "account change %lld is %s", (long long)c->change_id,
                                         words[c->state]);
}

static enum err_code tell(struct db *db, const struct account_change *c, const char *action,
                          int64_t user_id, struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    const struct audit_event ev = { .at = now,
                                    .user_id = user_id,
                                    .org_id = c->org_id,
                                    .action = str_of(action),
                                    .object = object_of(a, c->change_id),
                                    .result = STR("ok"),
                                    .detail = STR("") };
    enum err_code code = audit_append(db, STR(AUDIT_MAIN), &ev, 1, e);
    arena_free(a);
    return code;
}

/* The automatic checks of a request. */
static enum err_code ask_check(struct db *db, struct arena *a, struct scope s, int64_t old_account,
                               const struct account_new *v, struct str letter, struct str reason,
                               struct account_row *old, struct err *e)
{
    struct org org;
    struct account_change open;
    bool found;
    if (letter.n == 0) {
        return fail(e, ERR_INPUT, "the letter with the company's seal is missing");
    }
    if (v->bank_no.n == 0 || str_trim(reason).n == 0 || reason.n > REASON_MAX) {
        return fail(e, ERR_INPUT, "a change needs the new bank number and a reason of 1 to %d "
                                  "bytes", REASON_MAX);
    }
    if (row_of(db, a, s, old_account, old, e) != OK ||
        org_get(db, a, s, old->v.org_id, &org, e) != OK ||
        rows_find_account_change(db, a, s, 0, old_account, &open, &found, e) != OK) {
        return e->code;
    }
    if (found) {
        return fail(e, ERR_CONFLICT, "account %lld: change %lld is open", (long long)old_account,
                    (long long)open.change_id);
    }
    if (old->v.state > ACCOUNT_ACTIVE) {
        return fail_named(e, ERR_RULE, "ACCOUNT_STATE", "account %lld is no longer in use",
                          (long long)old_account);
    }
    return str_eq(org.name, v->name)
               ? OK
               : fail_named(e, ERR_RULE, "ACCOUNT_NAME",
                            "the holder of the new account is not the organisation by its legal "
                            "name");
}

enum err_code account_change_ask(struct db *db, struct scope s, struct secrets *sec,
                                 int64_t old_account, const struct account_new *v,
                                 struct str letter, int64_t user_id, struct str reason,
                                 struct instant now, int64_t *change_id, struct err *e)
{
    struct arena *a = arena_new();
    struct account_row old, next;
    struct account_new own = *v;
    int64_t taken = 0;
    struct account_change c = { .change_id = store_next_id(db, now),
                                .old_account = old_account,
                                .asked_by = user_id,
                                .state = ACCOUNT_CHANGE_ASKED,
                                .reason = reason,
                                .asked = now };
    enum err_code code = ask_check(db, a, s, old_account, v, letter, reason, &old, e);
    if (code == OK) {
        c.org_id = own.org_id = old.v.org_id;
        code = account_write(db, a, s, sec, &own, ACCOUNT_PENDING, now, &c.new_account, &taken, e);
    }
    if (code == OK && taken) {
        code = fail(e, ERR_CONFLICT, "the organisation has this account already: %lld",
                    (long long)taken);
    }
    if (code == OK && (code = secret_file_put(sec, db, letter, now, &c.letter, e)) == OK) {
        code = row_of(db, a, s, c.new_account, &next, e);
    }
    if (code == OK) {
        const struct approval_ask ask = { .org_id = c.org_id,
                                          .kind = KIND,
                                          .object = object_of(a, c.change_id),
                                          .content = content_of(a, &c, &next),
                                          .perm = STR(ACCOUNT_APPROVE),
                                          .maker = user_id,
                                          .checkers = 2,
                                          .reason = reason,
                                          .expires = { now.utc_ms + 30 * DAY_MS } };
        code = approval_request(db, s, &ask, now, &c.approval_id, e);
    }
    if (code == OK && (code = rows_put_account_change(db, s, &c, e)) == OK) {
        *change_id = c.change_id;
    }
    arena_free(a);
    return code;
}

enum err_code account_change_verify(struct db *db, struct scope s, int64_t change_id, int64_t fen,
                                    struct str ref, int64_t user_id, struct instant now,
                                    struct err *e)
{
    struct arena *a = arena_new();
    struct account_change c;
    enum err_code code =
        fen >= 1 && fen <= ACCOUNT_VERIFY_FEN_MAX && ref.n > 0 && ref.n <= 64 && str_utf8(ref)
            ? find(db, a, s, change_id, &c, e)
            : fail(e, ERR_INPUT, "a verification is a payment of 1 to %d fen with its reference",
                   ACCOUNT_VERIFY_FEN_MAX);
    if (code == OK && (code = in_state(&c, ACCOUNT_CHANGE_ASKED, e)) == OK) {
        c.state = ACCOUNT_CHANGE_VERIFIED;
        c.verify_fen = fen;
        c.verify_ref = ref;
        code = rows_move_account_change(db, s, &c, ACCOUNT_CHANGE_ASKED, now, e);
    }
    if (code == OK) {
        code = tell(db, &c, "account.change.verify", user_id, now, e);
    }
    arena_free(a);
    return code;
}

enum err_code account_change_approve(struct db *db, struct scope s, int64_t change_id,
                                     int64_t user_id, struct str note, struct instant now,
                                     int *left, struct err *e)
{
    struct arena *a = arena_new();
    struct account_change c;
    struct approval ap = { .approval_id = 0 };
    enum err_code code = find(db, a, s, change_id, &c, e);
    if (code == OK && c.state == ACCOUNT_CHANGE_ASKED) {
        code = fail_named(e, ERR_RULE, "ACCOUNT_UNVERIFIED",
                          "account change %lld: the small payment has not been recorded yet",
                          (long long)change_id);
    }
    if (code == OK && (code = in_state(&c, ACCOUNT_CHANGE_VERIFIED, e)) == OK &&
        (code = approval_approve(db, s, c.approval_id, user_id, note, now, e)) == OK) {
        code = approval_get(db, a, s, c.approval_id, &ap, e);
    }
    if (code == OK && ap.state == APPROVAL_APPROVED) {
        c.state = ACCOUNT_CHANGE_COOLING;
        c.cooled.utc_ms = now.utc_ms + ACCOUNT_COOLING_MS;
        code = rows_move_account_change(db, s, &c, ACCOUNT_CHANGE_VERIFIED, now, e);
    }
    arena_free(a);
    if (code == OK) {
        *left = ap.ask.checkers - ap.approved;
    }
    return code;
}

enum err_code account_change_refuse(struct db *db, struct scope s, int64_t change_id,
                                    int64_t user_id, struct str note, struct instant now,
                                    struct err *e)
{
    struct arena *a = arena_new();
    struct account_change c;
    struct account_row next;
    enum err_code code = find(db, a, s, change_id, &c, e);
    if (code == OK && c.state >= ACCOUNT_CHANGE_COOLING) {
        code = in_state(&c, ACCOUNT_CHANGE_VERIFIED, e);
    }
    if (code == OK && (code = approval_refuse(db, s, c.approval_id, user_id, note, now, e)) == OK &&
        (code = row_of(db, a, s, c.new_account, &next, e)) == OK) {
        enum account_change_state was = c.state;
        c.state = ACCOUNT_CHANGE_REFUSED;
        next.v.state = ACCOUNT_CLOSED;
        code = rows_move_bank_account(db, s, &next.v, ACCOUNT_PENDING, now, e);
        if (code == OK) {
            code = rows_move_account_change(db, s, &c, was, now, e);
        }
    }
    arena_free(a);
    return code;
}

static enum err_code not_busy(struct db *db, const struct account_port *port, int64_t account_id,
                              struct err *e)
{
    bool busy = false;
    if (port && port->under_way && port->under_way(port->ctx, db, account_id, &busy, e) != OK) {
        return e->code;
    }
    return busy ? fail_named(e, ERR_RULE, "ACCOUNT_BUSY",
                             "account %lld: money is under way; the change waits for its end",
                             (long long)account_id)
                : OK;
}

/* Old and new change places on the day. */
static enum err_code exchange(struct db *db, struct arena *a, struct scope s,
                              const struct account_change *c, int64_t user_id, struct instant now,
                              struct err *e)
{
    struct account_row old, next;
    if (row_of(db, a, s, c->old_account, &old, e) != OK ||
        row_of(db, a, s, c->new_account, &next, e) != OK ||
        approval_use(db, s, c->approval_id, KIND, object_of(a, c->change_id),
                     content_of(a, c, &next), user_id, now, e) != OK) {
        return e->code;
    }
    enum account_state was = old.v.state;
    old.v.state = ACCOUNT_REPLACED;
    old.v.until = c->effective;
    old.v.successor = c->new_account;
    next.v.state = ACCOUNT_ACTIVE;
    next.v.from = c->effective;
    return rows_move_bank_account(db, s, &old.v, was, now, e) == OK
               ? rows_move_bank_account(db, s, &next.v, ACCOUNT_PENDING, now, e)
               : e->code;
}

enum err_code account_change_apply(struct db *db, struct scope s, const struct account_port *port,
                                   int64_t change_id, int64_t user_id, struct instant now,
                                   struct err *e)
{
    struct arena *a = arena_new();
    struct account_change c;
    enum err_code code = find(db, a, s, change_id, &c, e);
    if (code == OK && (code = in_state(&c, ACCOUNT_CHANGE_COOLING, e)) == OK &&
        now.utc_ms < c.cooled.utc_ms) {
        code = fail_named(e, ERR_RULE, "ACCOUNT_COOLING",
                          "account change %lld: a day has not passed since its approval",
                          (long long)change_id);
    }
    if (code == OK && (code = not_busy(db, port, c.old_account, e)) == OK) {
        c.state = ACCOUNT_CHANGE_DONE;
        c.effective = instant_day(now);
        code = exchange(db, a, s, &c, user_id, now, e);
    }
    if (code == OK &&
        (code = rows_move_account_change(db, s, &c, ACCOUNT_CHANGE_COOLING, now, e)) == OK) {
        code = tell(db, &c, "account.change.apply", user_id, now, e);
    }
    arena_free(a);
    return code;
}

enum err_code account_change_get(struct db *db, struct arena *a, struct scope s, int64_t change_id,
                                 struct account_change *out, struct err *e)
{
    struct account_change c;
    if (find(db, a, s, change_id, &c, e) != OK) {
        return e->code;
    }
    *out = c;
    return OK;
}
