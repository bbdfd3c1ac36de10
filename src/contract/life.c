/* life.c - how a strategy version comes into force, and what it takes along (策略版本的一生).
 *
 * A draft gathers evidence: its golden cases, a shadow run over last month's orders. A person asks
 * for a day, another one activates; then the contracts that follow get a version of their own from
 * that day, all in the one transaction that uses the approval.
 */
#include "contract/contract_rows.h"
#include "contract/life_rows.h"
#include "people/people.h"

#define RELEASE_KIND "strategy.release"
#define RELEASE_PERM "settle:strategy:activate"

static const char *const STATES[] = { "",          "a draft", "tested", "shadowed",
                                      "requested", "active",  "retired" };

static enum err_code life_find(struct db *db, struct arena *a, struct strategy_ref ref,
                               struct life_row *out, struct err *e)
{
    struct life_row *row;
    size_t n;
    if (rows_list_life(db, a, ref.name, ref.version, &row, &n, e) != OK) {
        return e->code;
    }
    if (n == 0 || ref.version == 0) {
        return fail(e, ERR_NOT_FOUND, "strategy " STR_FMT ": no version %d is published",
                    STR_ARG(ref.name), ref.version);
    }
    *out = row[0];
    return OK;
}

static struct strategy_life life_of(const struct life_row *r, struct day today)
{
    struct strategy_life l = { .ref = r->ref,
                               .state = r->state,
                               .from = { r->from },
                               .until = { r->until == DAY_OPEN ? 0 : r->until },
                               .approval_id = r->approval_id,
                               .changed = r->changed };
    if (r->state == LIFE_ACTIVE && r->until <= today.yyyymmdd) {
        l.state = LIFE_RETIRED;
    }
    return l;
}

enum err_code contract_life_get(struct db *db, struct arena *a, struct strategy_ref ref,
                                struct day today, struct strategy_life *out, struct err *e)
{
    struct life_row row = { 0 };
    if (life_find(db, a, ref, &row, e) != OK) {
        return e->code;
    }
    *out = life_of(&row, today);
    return OK;
}

enum err_code contract_life_list(struct db *db, struct arena *a, struct str name, struct day today,
                                 const struct strategy_life **out, size_t *n, struct err *e)
{
    struct life_row *rows;
    size_t count;
    if (rows_list_life(db, a, name, 0, &rows, &count, e) != OK) {
        return e->code;
    }
    struct strategy_life *list = arena_many(a, count + 1, struct strategy_life);
    for (size_t i = 0; i < count; i++) {
        list[i] = life_of(&rows[count - 1 - i], today);
    }
    *out = list;
    *n = count;
    return OK;
}

/* The version valid on a day; found false where there is none. */
static enum err_code valid_on(struct db *db, struct arena *a, struct str name, int32_t on,
                              struct life_row *out, bool *found, struct err *e)
{
    struct life_row *rows;
    size_t n;
    if (rows_list_life(db, a, name, 0, &rows, &n, e) != OK) {
        return e->code;
    }
    *found = false;
    for (size_t i = 0; i < n && !*found; i++) {
        *found = rows[i].state == LIFE_ACTIVE && rows[i].from <= on && on < rows[i].until;
        *out = rows[i];
    }
    return OK;
}

enum err_code contract_life_on(struct db *db, struct arena *a, struct str name, struct day on,
                               struct strategy_ref *out, struct err *e)
{
    struct life_row row = { 0 };
    bool found;
    if (valid_on(db, a, name, on.yyyymmdd, &row, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail_named(e, ERR_NOT_FOUND, "LIFE_STATE",
                          "strategy " STR_FMT ": no version of it is active on %d; release one",
                          STR_ARG(name), on.yyyymmdd);
    }
    *out = row.ref;
    return OK;
}

enum err_code life_named(struct db *db, struct arena *a, struct strategy_ref ref, struct err *e)
{
    struct life_row row = { 0 };
    if (life_find(db, a, ref, &row, e) != OK) {
        return e->code;
    }
    return row.state == LIFE_ACTIVE
               ? OK
               : fail_named(e, ERR_RULE, "LIFE_STATE",
                            "strategy " STR_FMT "@%d is %s: a contract names an active version; "
                            "release and activate it first",
                            STR_ARG(ref.name), ref.version, STATES[row.state]);
}

/* ---- the library a store begins with ------------------------------------------------------------
 */

/* Law 10: the last open version ends where this one begins; `first` where there is none. */
static enum err_code life_open(struct db *db, struct arena *a, struct life_row *row, int32_t from,
                               int32_t first, struct instant now, struct err *e)
{
    struct life_row last = { 0 };
    bool found;
    if (valid_on(db, a, row->ref.name, DAY_OPEN - 1, &last, &found, e) != OK) {
        return e->code;
    }
    if (found) {
        from = from > last.from ? from : last.from;
        last.until = from;
        last.changed = now;
        if (rows_set_life(db, &last, e) != OK) {
            return e->code;
        }
    }
    row->state = LIFE_ACTIVE;
    row->from = found ? from : first;
    row->until = DAY_OPEN;
    row->changed = now;
    return rows_set_life(db, row, e);
}

enum err_code contract_strategy_publish(struct db *db, struct arena *a, struct str name,
                                        struct str title, struct str text,
                                        const struct strategy_ref *uses, size_t n_uses,
                                        struct instant now, struct strategy_text *out, bool *fresh,
                                        struct err *e)
{
    struct life_row row = { 0 };
    if (contract_strategy_draft(db, a, name, title, text, uses, n_uses, now, out, fresh, e) != OK ||
        life_find(db, a, out->ref, &row, e) != OK) {
        return e->code;
    }
    /* the first one is valid from the beginning: contracts that are older than the store */
    return row.state == LIFE_ACTIVE ? OK
                                    : life_open(db, a, &row, instant_day(now).yyyymmdd, 0, now, e);
}

/* How far the last evidence of each kind brings a version. */
static enum err_code state_proved(struct db *db, struct arena *a, struct strategy_ref ref,
                                  enum life_state *out, struct err *e)
{
    struct strategy_evidence cases, shadow;
    int64_t seq;
    if (rows_last_evidence(db, a, ref, EVIDENCE_CASES, &cases, &seq, e) != OK ||
        rows_last_evidence(db, a, ref, EVIDENCE_SHADOW, &shadow, &seq, e) != OK) {
        return e->code;
    }
    *out = !cases.passed ? LIFE_DRAFT : shadow.passed ? LIFE_SHADOWED : LIFE_TESTED;
    return OK;
}

/* A request that was refused, or that nobody decided in time, opens the version again. */
static enum err_code life_reopen(struct db *db, struct arena *a, struct life_row *row,
                                 struct instant now, struct err *e)
{
    struct approval ap = { 0 };
    enum life_state proved = LIFE_DRAFT;
    if (row->state != LIFE_REQUESTED) {
        return OK;
    }
    if (approval_get(db, a, scope_machine(), row->approval_id, &ap, e) != OK ||
        state_proved(db, a, row->ref, &proved, e) != OK) {
        return e->code;
    }
    if (ap.state == APPROVAL_REFUSED || now.utc_ms >= ap.ask.expires.utc_ms) {
        row->state = proved;
        row->from = row->until = 0;
        row->approval_id = 0;
    }
    return OK;
}

/* ---- evidence -----------------------------------------------------------------------------------
 */

enum err_code contract_evidence_put(struct db *db, struct arena *a, struct strategy_ref ref,
                                    const struct strategy_evidence *v, struct instant now,
                                    struct err *e)
{
    struct life_row row = { 0 };
    struct strategy_evidence own = *v;
    if (life_find(db, a, ref, &row, e) != OK || life_reopen(db, a, &row, now, e) != OK) {
        return e->code;
    }
    if (row.state > LIFE_SHADOWED) {
        return fail_named(e, ERR_RULE, "LIFE_CLOSED",
                          "strategy " STR_FMT "@%d is %s: its evidence is closed; publish a new "
                          "version",
                          STR_ARG(ref.name), ref.version, STATES[row.state]);
    }
    if (v->body.n > EVIDENCE_BODY_MAX) {
        return fail(e, ERR_LIMIT, "strategy " STR_FMT "@%d: evidence of more than %u bytes",
                    STR_ARG(ref.name), ref.version, EVIDENCE_BODY_MAX);
    }
    own.at = now;
    if (rows_put_evidence(db, ref, &own, e) != OK) {
        return e->code;
    }
    if (state_proved(db, a, ref, &row.state, e) != OK) {
        return e->code;
    }
    row.changed = now;
    return rows_set_life(db, &row, e);
}

enum err_code contract_evidence_last(struct db *db, struct arena *a, struct strategy_ref ref,
                                     enum evidence_kind kind, struct strategy_evidence *out,
                                     struct err *e)
{
    int64_t seq;
    if (rows_last_evidence(db, a, ref, kind, out, &seq, e) != OK) {
        return e->code;
    }
    return seq ? OK
               : fail(e, ERR_NOT_FOUND, "strategy " STR_FMT "@%d: no evidence of this kind",
                      STR_ARG(ref.name), ref.version);
}

/* ---- the request --------------------------------------------------------------------------------
 */

/* What is approved: the text, the day, and what proved it. */
static enum err_code content_of(struct db *db, struct arena *a, const struct life_row *row,
                                struct sha256 *out, struct err *e)
{
    struct strategy_text t;
    struct strategy_evidence v;
    int64_t seq;
    if (contract_strategy_get(db, a, row->ref.name, row->ref.version, &t, e) != OK) {
        return e->code;
    }
    struct hasher *h = hasher_new(a);
    hasher_add(h, t.hash.b, sizeof(t.hash.b));
    hasher_add(h, &row->from, sizeof(row->from));
    for (int kind = EVIDENCE_CASES; kind <= EVIDENCE_SHADOW; kind++) {
        if (rows_last_evidence(db, a, row->ref, (enum evidence_kind)kind, &v, &seq, e) != OK) {
            hasher_end(h);
            return e->code;
        }
        hasher_add(h, &seq, sizeof(seq));
        hasher_add(h, v.hash.b, sizeof(v.hash.b));
    }
    *out = hasher_end(h);
    return OK;
}

static struct str object_of(struct arena *a, struct strategy_ref ref)
{
    return str_of(arena_printf(a, "strategy:" STR_FMT "@%d", STR_ARG(ref.name), ref.version));
}

/* Whether the version is ready to be asked for from that day. */
static enum err_code request_check(struct db *db, struct arena *a, struct scope s,
                                   const struct life_row *row, int32_t from, int32_t today,
                                   struct err *e)
{
    struct follower_row *f;
    struct life_row last = { 0 };
    size_t n;
    bool found;
    const struct str name = row->ref.name;
    if (row->state > LIFE_SHADOWED) {
        return fail_named(e, ERR_RULE, "LIFE_CLOSED", "strategy " STR_FMT "@%d is %s already",
                          STR_ARG(name), row->ref.version, STATES[row->state]);
    }
    if (row->state == LIFE_DRAFT) {
        return fail_named(e, ERR_RULE, "LIFE_UNTESTED",
                          "strategy " STR_FMT "@%d: its golden cases have not passed",
                          STR_ARG(name), row->ref.version);
    }
    if (valid_on(db, a, name, DAY_OPEN - 1, &last, &found, e) != OK ||
        rows_followers(db, a, s, row->ref, from, 0, &f, &n, e) != OK) {
        return e->code;
    }
    if (found && from < today) { /* the first version may begin on any day */
        return fail_named(e, ERR_RULE, "LIFE_ORDER",
                          "strategy " STR_FMT "@%d: %d is past, and what was settled stays as it "
                          "was: choose today or a later day",
                          STR_ARG(name), row->ref.version, from);
    }
    if (found && from <= last.from) {
        return fail_named(e, ERR_RULE, "LIFE_ORDER",
                          "strategy " STR_FMT "@%d: version %d is active from %d; choose a later "
                          "day",
                          STR_ARG(name), row->ref.version, last.ref.version, last.from);
    }
    if (row->state == LIFE_TESTED && n > 0) {
        return fail_named(e, ERR_RULE, "LIFE_SHADOW_MISSING",
                          "strategy " STR_FMT "@%d: contract " STR_FMT " and others use it: run "
                          "'strategy shadow " STR_FMT " --version %d --period' over last month "
                          "first",
                          STR_ARG(name), row->ref.version, STR_ARG(f[0].f.no), STR_ARG(name),
                          row->ref.version);
    }
    return OK;
}

enum err_code contract_life_request(struct db *db, struct arena *a, struct scope s,
                                    struct strategy_ref ref, struct day from, int64_t user_id,
                                    struct str reason, struct instant now, int64_t *approval_id,
                                    struct err *e)
{
    struct life_row row = { 0 };
    struct approval_ask ask = { .kind = STR(RELEASE_KIND),
                                .object = object_of(a, ref),
                                .perm = STR(RELEASE_PERM),
                                .maker = user_id,
                                .reason = reason };
    struct user u;
    if (life_find(db, a, ref, &row, e) != OK || life_reopen(db, a, &row, now, e) != OK ||
        request_check(db, a, s, &row, from.yyyymmdd, instant_day(now).yyyymmdd, e) != OK) {
        return e->code;
    }
    if (user_get(db, a, scope_machine(), user_id, &u, e) != OK) {
        return fail_in(e, "a person asks for a release (--as LOGIN): ");
    }
    row.state = LIFE_REQUESTED;
    row.from = row.until = from.yyyymmdd;
    row.changed = now;
    ask.org_id = u.org_id;
    if (content_of(db, a, &row, &ask.content, e) != OK ||
        approval_request(db, s, &ask, now, &row.approval_id, e) != OK ||
        rows_set_life(db, &row, e) != OK) {
        return e->code;
    }
    *approval_id = row.approval_id;
    return OK;
}

/* ---- contracts that follow ----------------------------------------------------------------------
 */

enum err_code contract_followers(struct db *db, struct arena *a, struct scope s,
                                 struct strategy_ref ref, struct day from, int64_t after,
                                 const struct follower **out, size_t *n, struct err *e)
{
    struct follower_row *rows;
    if (rows_followers(db, a, s, ref, from.yyyymmdd, after, &rows, n, e) != OK) {
        return e->code;
    }
    struct follower *list = arena_many(a, *n + 1, struct follower);
    for (size_t i = 0; i < *n; i++) {
        list[i] = rows[i].f;
    }
    *out = list;
    return OK;
}

enum err_code contract_fix(struct db *db, struct scope s, int64_t contract_id, bool fixed,
                           struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    struct version_row *v;
    size_t n;
    enum err_code rc = rows_list_versions(db, a, s, contract_id, &v, &n, e);
    if (rc == OK && n == 0) {
        rc = fail(e, ERR_NOT_FOUND, "contract %lld: not there, or not yours",
                  (long long)contract_id);
    }
    if (rc == OK) {
        rc = fixed ? rows_put_fixed(db, s, contract_id, now, e)
                   : rows_delete_fixed(db, s, contract_id, e);
    }
    arena_free(a);
    return rc;
}

/* A strategy is the operator's: its contracts move whoever of the parties looks on. */
static enum err_code follower_move(struct db *db, const struct follower_row *f,
                                   struct strategy_ref ref, struct day from, struct instant now,
                                   struct err *e)
{
    struct arena *a = arena_new();
    struct contract c;
    enum err_code rc =
        contract_get(db, a, scope_machine(), f->f.contract_id, day_add(from, -1), &c, e);
    if (rc == OK) {
        c.from = from;
        c.until = (struct day){ f->until == DAY_OPEN ? 0 : f->until };
        c.strategy = ref;
        rc = contract_change(db, scope_machine(), &c, now, e);
    }
    arena_free(a);
    return rc;
}

static enum err_code followers_move(struct db *db, struct strategy_ref ref, struct day from,
                                    struct instant now, int64_t *moved, struct err *e)
{
    struct arena *a = arena_new();
    int64_t after = 0, count = 0;
    size_t n = CONTRACT_LIST_MAX;
    enum err_code rc = OK;
    while (rc == OK && n == CONTRACT_LIST_MAX) {
        struct follower_row *rows;
        arena_reset(a);
        rc = rows_followers(db, a, scope_machine(), ref, from.yyyymmdd, after, &rows, &n, e);
        for (size_t i = 0; rc == OK && i < n; i++) {
            after = rows[i].f.contract_id;
            if (rows[i].f.how == FOLLOW_MOVES) {
                rc = follower_move(db, &rows[i], ref, from, now, e);
                count++;
            }
        }
    }
    arena_free(a);
    if (rc == OK) {
        *moved = count;
    }
    return rc;
}

enum err_code contract_life_activate(struct db *db, struct arena *a, struct scope s,
                                     struct strategy_ref ref, int64_t user_id, struct instant now,
                                     int64_t *moved, struct err *e)
{
    struct life_row row = { 0 };
    struct sha256 content;
    if (life_find(db, a, ref, &row, e) != OK) {
        return e->code;
    }
    if (row.state != LIFE_REQUESTED) {
        return fail_named(e, ERR_RULE, "LIFE_STATE",
                          "strategy " STR_FMT "@%d is %s: nothing was asked for; 'strategy "
                          "release' asks",
                          STR_ARG(ref.name), ref.version, STATES[row.state]);
    }
    const struct day from = { row.from };
    if (content_of(db, a, &row, &content, e) != OK ||
        approval_use(db, s, row.approval_id, STR(RELEASE_KIND), object_of(a, ref), content, user_id,
                     now, e) != OK ||
        life_open(db, a, &row, from.yyyymmdd, from.yyyymmdd, now, e) != OK) {
        return e->code;
    }
    return followers_move(db, row.ref, from, now, moved, e);
}
