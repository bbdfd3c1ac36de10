/* statement.c - the life of a statement: drafted by a run, checked or held, issued under a number,
 * confirmed or disputed; each step through one table.
 */
#include "statement/statement.h"
#include "base/crash.h"
#include "base/embed.h"
#include "people/people.h"
#include "statement/draft.h"
#include "statement/life.h"
#include "statement/statement_rows.h"

EMBED(statement_sql, "src/statement/statement.sql");
const struct store_migrations statement_migrations = {"statement", statement_sql};

#define ISSUE_CHUNK 500 /* statements of one transaction: as a run's chunk */
#define RELEASE_KIND "statement.release"
#define RELEASE_PERM "settle:statement:release"

static const char *const state_words[] = {"",       "draft",      "held",     "checked",
                                          "issued", "confirmed",  "disputed", "collecting",
                                          "paid",   "reconciled", "closed",   "void"};
static const char *const type_words[] = {"", "NORMAL", "PROVISIONAL", "ADJ", "FINAL"};

const char *statement_state_word(enum statement_state s)
{
    return state_words[s];
}

const char *statement_type_word(enum statement_type t)
{
    return type_words[t];
}

/* The only ways from state to state (the picture in statement.h). */
static const struct move {
    enum statement_state from, to;
} moves[] = {
    {STATEMENT_DRAFT, STATEMENT_CHECKED},      {STATEMENT_DRAFT, STATEMENT_HELD},
    {STATEMENT_DRAFT, STATEMENT_VOID},         {STATEMENT_HELD, STATEMENT_CHECKED},
    {STATEMENT_HELD, STATEMENT_VOID},          {STATEMENT_CHECKED, STATEMENT_HELD},
    {STATEMENT_CHECKED, STATEMENT_ISSUED},     {STATEMENT_CHECKED, STATEMENT_VOID},
    {STATEMENT_ISSUED, STATEMENT_CONFIRMED},   {STATEMENT_ISSUED, STATEMENT_DISPUTED},
    {STATEMENT_DISPUTED, STATEMENT_CONFIRMED}, {STATEMENT_CONFIRMED, STATEMENT_COLLECTING},
    {STATEMENT_COLLECTING, STATEMENT_PAID},    {STATEMENT_PAID, STATEMENT_RECONCILED},
    {STATEMENT_RECONCILED, STATEMENT_CLOSED},
};

static bool move_allowed(enum statement_state from, enum statement_state to)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
        if (moves[i].from == from && moves[i].to == to) {
            return true;
        }
    }
    return false;
}

/* ---- drafting in a run
 * --------------------------------------------------------------------------- */

struct sink {
    const struct statement_batch *b;
    struct arena *names_arena;
    struct org_names *names;
};

static int by_id(const void *a, const void *b)
{
    const struct statement *x = *(const struct statement *const *)a;
    const struct statement *y = *(const struct statement *const *)b;
    return x->statement_id < y->statement_id ? -1 : x->statement_id > y->statement_id;
}

static enum err_code chunk_audit(struct db *db, const struct sink *k, size_t n, int64_t fen,
                                 struct err *e)
{
    struct arena *a = arena_new();
    const struct audit_event event = {
        .at = k->b->now,
        .user_id = k->b->user_id,
        .action = STR("statement.draft"),
        .object = str_of(arena_printf(a, "period:%d-%d", k->b->period.from.yyyymmdd,
                                      k->b->period.until.yyyymmdd)),
        .result = STR("ok"),
        .detail = str_of(arena_printf(a, "{\"statements\":%zu,\"fen\":%lld}", n, (long long)fen))};
    enum err_code rc = audit_append(db, STR(AUDIT_MAIN), &event, 1, e);
    arena_free(a);
    return rc;
}

static enum err_code chunk_draft(struct db *db, struct sink *k, struct arena *a,
                                 const struct settle_result *r, size_t n, struct err *e)
{
    const struct statement **drafts = arena_many(a, n + 1, const struct statement *);
    size_t fresh = 0;
    int64_t fen = 0;
    for (size_t i = 0; i < n; i++) {
        if (r[i].run_id && r[i].previous_run_id &&
            rows_void_draft(db, scope_machine(), r[i].previous_run_id, k->b->now, e) != OK) {
            return e->code;
        }
        if (r[i].outcome != SETTLE_WRITTEN) {
            continue;
        }
        struct statement *s = arena_make(a, struct statement);
        if (draft_of_result(db, a, k->names, &r[i], s, e) != OK) {
            return fail_in(e, "order " STR_FMT ": ", STR_ARG(r[i].order->order_no));
        }
        fen += s->fen;
        drafts[fresh++] = s;
    }
    qsort(drafts, fresh, sizeof(*drafts), by_id);
    if (rows_put_statements(db, drafts, fresh, k->b->user_id, k->b->now, e) != OK) {
        return e->code;
    }
    return fresh ? chunk_audit(db, k, fresh, fen, e) : OK;
}

static enum err_code sink_chunk(void *ctx, struct db *db, const struct settle_result *r, size_t n,
                                struct err *e)
{
    struct arena *a = arena_new();
    enum err_code rc = chunk_draft(db, ctx, a, r, n, e);
    arena_free(a);
    return rc == OK ? OK : fail_in(e, "statements: ");
}

enum err_code statement_run(struct db *db, const struct statement_batch *b,
                            struct settle_progress *out, struct err *e)
{
    struct sink k = {.b = b, .names_arena = arena_new()};
    const struct settle_sink sink = {.ctx = &k, .chunk = sink_chunk};
    const struct settle_options o = {.period = b->period,
                                     .now = b->now,
                                     .workers = b->workers,
                                     .only_order_id = b->only_order_id,
                                     .sink = &sink,
                                     .tally = b->tally,
                                     .progress = b->progress,
                                     .locked = b->locked,
                                     .progress_ctx = b->progress_ctx};
    k.names = org_names_new(k.names_arena);
    enum err_code rc = settle_run(db, &o, out, e);
    arena_free(k.names_arena);
    return rc;
}

/* ---- reading one
 * ---------------------------------------------------------------------------------- */

/* A measured quantity of any carrier (kWh, GJ, m3, pieces), not money, a price or a share. */
static bool is_quantity(struct str unit)
{
    for (size_t i = 0; i < unit.n; i++) {
        if (unit.at[i] == '/') {
            return false;
        }
    }
    return unit.n > 0 && !str_is(unit, "yuan") && !str_is(unit, "ratio");
}

/* "used.T2.peak" is T2's. */
static bool is_of(struct str name, struct str role)
{
    struct str part;
    str_split(&name, '.', &part);
    while (str_split(&name, '.', &part)) {
        if (str_eq(part, role)) {
            return true;
        }
    }
    return false;
}

/* Of a party that has no leg with the reader, and so is none of `shown`. */
static bool is_strangers(struct str name, const struct statement *s,
                         const struct statement_party *shown, size_t n_shown)
{
    for (size_t i = 0; i < s->n_parties; i++) {
        bool seen = false;
        for (size_t k = 0; k < n_shown && !seen; k++) {
            seen = str_eq(shown[k].role, s->parties[i].role);
        }
        if (!seen && is_of(name, s->parties[i].role)) {
            return true;
        }
    }
    return false;
}

/* What a party sees (law 7): its legs, their lines, and quantities that are no other member's. */
static void show_own(struct arena *a, struct statement *s)
{
    struct statement_party *p = arena_many(a, s->n_parties + 1, struct statement_party);
    struct settle_printed *q = arena_many(a, s->n_printed + 1, struct settle_printed);
    size_t n = 0;
    s->fen = s->net_fen = s->vat_fen = 0;
    for (size_t i = 0; i < s->n_legs; i++) {
        s->fen += s->legs[i].fen;
        s->net_fen += s->legs[i].net_fen;
        s->vat_fen += s->legs[i].vat_fen;
    }
    for (size_t i = 0; i < s->n_parties; i++) {
        for (size_t k = 0; k < s->n_legs; k++) {
            if (str_eq(s->legs[k].payer, s->parties[i].role) ||
                str_eq(s->legs[k].payee, s->parties[i].role)) {
                p[n++] = s->parties[i];
                break;
            }
        }
    }
    size_t n_quantities = 0;
    for (size_t i = 0; i < s->n_printed; i++) {
        const struct settle_printed *x = &s->printed[i];
        if (is_quantity(x->unit) && !is_strangers(x->name, s, p, n)) {
            q[n_quantities++] = *x;
        }
    }
    s->parties = p;
    s->n_parties = n;
    s->printed = q;
    s->n_printed = n_quantities;
}

enum err_code statement_header(struct db *db, struct arena *a, struct scope s, int64_t id,
                                struct statement *out, struct err *e)
{
    bool found;
    if (rows_find_statement(db, a, s, id, out, &found, e) != OK) {
        return e->code;
    }
    return found ? OK
                 : fail(e, ERR_NOT_FOUND, "statement %lld: not there, or not yours", (long long)id);
}

enum err_code statement_get(struct db *db, struct arena *a, struct scope s, int64_t id,
                            const struct statement **out, struct err *e)
{
    struct statement *st = arena_make(a, struct statement);
    struct statement_leg *legs;
    struct statement_line *lines;
    if (statement_header(db, a, s, id, st, e) != OK ||
        rows_legs_of(db, a, s, id, &legs, &st->n_legs, e) != OK ||
        rows_lines_of(db, a, s, id, &lines, &st->n_lines, e) != OK ||
        statement_texts_read(a, st, e) != OK) {
        return e->code;
    }
    st->legs = legs;
    st->lines = lines;
    if (!s.all) {
        show_own(a, st);
    }
    *out = st;
    return OK;
}

enum err_code statement_find_no(struct db *db, struct scope s, struct str no, int64_t *id,
                                struct err *e)
{
    int64_t found = 0;
    if (rows_find_no(db, s, no, &found, e) != OK) {
        return e->code;
    }
    if (found == 0) {
        return fail(e, ERR_NOT_FOUND, "statement " STR_FMT ": not there, or not yours",
                    STR_ARG(no));
    }
    *id = found;
    return OK;
}

enum err_code statement_find_order(struct db *db, struct scope s, int64_t order_id, struct day from,
                                   int64_t *id, struct err *e)
{
    int64_t found = 0;
    if (rows_find_order_statement(db, s, order_id, from.yyyymmdd, &found, e) != OK) {
        return e->code;
    }
    if (found == 0) {
        return fail(e, ERR_NOT_FOUND, "order %lld: no statement for the period from %d",
                    (long long)order_id, from.yyyymmdd);
    }
    *id = found;
    return OK;
}

enum err_code statement_list(struct db *db, struct arena *a, struct scope s,
                             const struct statement_query *q, const struct statement_row **out,
                             size_t *n, struct err *e)
{
    struct statement_row *list;
    if (rows_list(db, a, s, q, &list, n, e) != OK) {
        return e->code;
    }
    *out = list;
    return OK;
}

enum err_code statement_totals(struct db *db, struct scope s, struct settle_period p,
                               struct statement_total out[STATEMENT_VOID + 1], struct err *e)
{
    return rows_totals(db, s, p, out, e);
}

enum err_code statement_events(struct db *db, struct arena *a, struct scope s, int64_t id,
                               const struct statement_event **out, size_t *n, struct err *e)
{
    struct statement_event *list;
    if (rows_events(db, a, s, id, &list, n, e) != OK) {
        return e->code;
    }
    *out = list;
    return OK;
}

/* ---- moving
 * --------------------------------------------------------------------------------------- */

enum err_code statement_moved(struct db *db, struct arena *a, const struct statement_act *act,
                                 const struct statement *s, struct err *e)
{
    const struct audit_event event = {
        .at = act->now,
        .user_id = act->user_id,
        .action = str_of(arena_printf(a, "statement.%s", statement_state_word(s->state))),
        .object = str_of(arena_printf(a, "statement:%lld", (long long)s->statement_id)),
        .result = STR("ok"),
        .detail = STR("")};
    return audit_append(db, STR(AUDIT_MAIN), &event, 1, e);
}

/* In the caller's transaction: checks the table, writes row, event and audit. */
static enum err_code statement_move(struct db *db, struct arena *a, const struct statement_act *act,
                                    struct statement *s, enum statement_state to, struct err *e)
{
    enum statement_state from = s->state;
    if (!move_allowed(from, to)) {
        return fail_named(e, ERR_RULE, "STATEMENT_STATE",
                          "statement " STR_FMT " is %s: it cannot become %s",
                          STR_ARG(s->no.n ? s->no
                                          : str_of(arena_printf(a, "of run %lld",
                                                                (long long)s->statement_id))),
                          statement_state_word(from), statement_state_word(to));
    }
    if (act->reason.n > STATEMENT_REASON_MAX || !str_utf8(act->reason)) {
        return fail(e, ERR_INPUT, "a reason has at most %d bytes of text", STATEMENT_REASON_MAX);
    }
    s->state = to;
    if (rows_move(db, act->scope, s, from, act->user_id, act->reason, act->now, e) != OK) {
        return e->code;
    }
    s->ver++;
    return statement_moved(db, a, act, s, e);
}

enum err_code act_run(struct db *db, struct single_act *c,
                             enum err_code (*body)(struct db *, void *, struct err *),
                             struct err *e)
{
    c->arena = arena_new();
    enum err_code rc = store_write(db, STORE_CORE, body, c, e);
    arena_free(c->arena);
    return rc;
}

static enum err_code move_body(struct db *db, void *ctx, struct err *e)
{
    struct single_act *c = ctx;
    struct statement s;
    if (statement_header(db, c->arena, c->act->scope, c->id, &s, e) != OK) {
        return e->code;
    }
    if (c->to == STATEMENT_CONFIRMED) {
        s.confirmed = c->act->now;
        s.confirmed_by = c->act->user_id;
    }
    return statement_move(db, c->arena, c->act, &s, c->to, e);
}

enum err_code act_reason(const struct statement_act *act, const char *what, struct err *e)
{
    return act->reason.n > 0 ? OK : fail(e, ERR_INPUT, "%s needs a reason", what);
}

enum err_code statement_confirm(struct db *db, const struct statement_act *act, int64_t id,
                                struct err *e)
{
    struct single_act c = {.act = act, .id = id, .to = STATEMENT_CONFIRMED};
    return act_run(db, &c, move_body, e);
}

enum err_code statement_dispute(struct db *db, const struct statement_act *act, int64_t id,
                                struct err *e)
{
    struct single_act c = {.act = act, .id = id, .to = STATEMENT_DISPUTED};
    return act_reason(act, "a dispute", e) == OK ? act_run(db, &c, move_body, e) : e->code;
}

enum err_code statement_answer(struct db *db, const struct statement_act *act, int64_t id,
                               struct err *e)
{
    struct single_act c = {.act = act, .id = id, .to = STATEMENT_CONFIRMED};
    return act_reason(act, "the answer to a dispute", e) == OK ? act_run(db, &c, move_body, e)
                                                                  : e->code;
}

enum err_code statement_hold(struct db *db, const struct statement_act *act, int64_t id,
                             struct err *e)
{
    struct single_act c = {.act = act, .id = id, .to = STATEMENT_HELD};
    return act_reason(act, "a hold", e) == OK ? act_run(db, &c, move_body, e) : e->code;
}

/* The run goes with its statement; an ADJ gives the run before it back. */
static enum err_code void_body(struct db *db, void *ctx, struct err *e)
{
    struct single_act *c = ctx;
    struct statement s;
    if (statement_header(db, c->arena, c->act->scope, c->id, &s, e) != OK ||
        statement_move(db, c->arena, c->act, &s, STATEMENT_VOID, e) != OK ||
        settle_withdraw(db, s.statement_id, e) != OK) {
        return e->code;
    }
    return s.type == STATEMENT_ADJ ? settle_reinstate(db, s.previous_id, e) : OK;
}

enum err_code statement_void(struct db *db, const struct statement_act *act, int64_t id,
                             struct err *e)
{
    struct single_act c = {.act = act, .id = id};
    return act_reason(act, "a void", e) == OK ? act_run(db, &c, void_body, e) : e->code;
}

/* ---- release: a second person (law 5)
 * ------------------------------------------------------------------ */

/* Whose business it is: who runs the settlement. */
int64_t statement_owner(const struct statement *s)
{
    static const char *const roles[] = {"platform", "operator", "investor"};
    for (size_t r = 0; r < sizeof(roles) / sizeof(*roles); r++) {
        for (size_t i = 0; i < s->n_parties; i++) {
            if (str_is(s->parties[i].role, roles[r])) {
                return s->parties[i].org_id;
            }
        }
    }
    return s->n_parties ? s->parties[0].org_id : 0;
}

static enum err_code ask_body(struct db *db, void *ctx, struct err *e)
{
    struct single_act *c = ctx;
    const struct statement *s;
    if (statement_get(db, c->arena, c->act->scope, c->id, &s, e) != OK) {
        return e->code;
    }
    if (s->state != STATEMENT_HELD) {
        return fail_named(e, ERR_RULE, "STATEMENT_STATE", "statement of run %lld is %s, not held",
                          (long long)c->id, statement_state_word(s->state));
    }
    const struct approval_ask ask = {
        .org_id = statement_owner(s),
        .kind = STR(RELEASE_KIND),
        .object = str_of(arena_printf(c->arena, "statement:%lld", (long long)c->id)),
        .content = s->body_hash,
        .perm = STR(RELEASE_PERM),
        .maker = c->act->user_id,
        .reason = c->act->reason};
    return approval_request(db, c->act->scope, &ask, c->act->now, &c->approval_id, e);
}

enum err_code statement_release_ask(struct db *db, const struct statement_act *act, int64_t id,
                                    int64_t *approval_id, struct err *e)
{
    struct single_act c = {.act = act, .id = id};
    if (act_reason(act, "a release", e) != OK || act_run(db, &c, ask_body, e) != OK) {
        return e->code;
    }
    *approval_id = c.approval_id;
    return OK;
}

static enum err_code release_body(struct db *db, void *ctx, struct err *e)
{
    struct single_act *c = ctx;
    struct statement s;
    if (statement_header(db, c->arena, c->act->scope, c->id, &s, e) != OK) {
        return e->code;
    }
    struct str object = str_of(arena_printf(c->arena, "statement:%lld", (long long)c->id));
    if (approval_use(db, c->act->scope, c->approval_id, STR(RELEASE_KIND), object, s.body_hash,
                     c->act->user_id, c->act->now, e) != OK) {
        return e->code;
    }
    return statement_move(db, c->arena, c->act, &s, STATEMENT_CHECKED, e);
}

enum err_code statement_release(struct db *db, const struct statement_act *act, int64_t id,
                                int64_t approval_id, struct err *e)
{
    struct single_act c = {.act = act, .id = id, .approval_id = approval_id};
    return act_run(db, &c, release_body, e);
}

/* ---- issue
 * ------------------------------------------------------------------------------------------------
 */

/* What is about to be owed is read back from where it was written (storage.md 1): the lines in
 * series against the run, the rows in core against the hash of the draft. */
static enum err_code issue_verify(struct db *db, struct arena *a, const struct statement *s,
                                  struct err *e)
{
    const struct settle_line *lines;
    size_t n;
    int64_t fen = 0;
    if (settle_lines(db, a, scope_machine(), s->station_id, s->statement_id, &lines, &n, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        fen += lines[i].fen;
    }
    struct sha256 h = settle_lines_hash(lines, n);
    if (memcmp(h.b, s->lines_hash.b, sizeof(h.b)) != 0 ||
        (s->type != STATEMENT_ADJ && fen != s->fen)) {
        return fail(e, ERR_CORRUPT,
                    "statement of run %lld: its lines in series are not those it was made of "
                    "(%zu lines, %lld fen); void it and settle again",
                    (long long)s->statement_id, n, (long long)fen);
    }
    h = statement_body_hash(s);
    if (memcmp(h.b, s->body_hash.b, sizeof(h.b)) != 0) {
        return fail(e, ERR_CORRUPT,
                    "statement of run %lld: its rows are not what was drafted; void it and settle "
                    "again",
                    (long long)s->statement_id);
    }
    return OK;
}

static enum err_code issue_one(struct db *db, struct arena *a, const struct statement_act *act,
                               int64_t id, int64_t number, struct str *no, struct err *e)
{
    const struct statement *read;
    if (statement_get(db, a, scope_machine(), id, &read, e) != OK) {
        return e->code;
    }
    struct statement s = *read;
    if (s.state != STATEMENT_CHECKED) {
        return fail_named(e, ERR_RULE, "STATEMENT_STATE",
                          "statement of run %lld is %s: only a checked one is issued",
                          (long long)id, statement_state_word(s.state));
    }
    if (issue_verify(db, a, &s, e) != OK) {
        return e->code;
    }
    struct day today = instant_day(act->now);
    s.no = str_of(arena_printf(a, "ST-%04d-%07lld", today.yyyymmdd / 10000, (long long)number));
    s.issued = act->now;
    s.issued_by = act->user_id;
    s.due = day_add(today, STATEMENT_DUE_DAYS);
    s.doc_hash = statement_doc_hash(&s);
    if (statement_move(db, a, act, &s, STATEMENT_ISSUED, e) != OK) {
        return e->code;
    }
    *no = s.no;
    return s.type == STATEMENT_ADJ ? OK
                                   : settle_lock(db, id, e); /* an ADJ's run was locked before */
}

static int issue_year(const struct statement_act *act)
{
    return instant_day(act->now).yyyymmdd / 10000;
}

static enum err_code issue_body(struct db *db, void *ctx, struct err *e)
{
    struct single_act *c = ctx;
    struct statement seen;
    int64_t number;
    if (statement_header(db, c->arena, c->act->scope, c->id, &seen, e) != OK ||
        rows_take_numbers(db, issue_year(c->act), 1, &number, e) != OK ||
        issue_one(db, c->arena, c->act, c->id, number, &c->no, e) != OK) {
        return e->code;
    }
    crash_point("statement.issue.before_commit");
    return OK;
}

enum err_code statement_issue(struct db *db, const struct statement_act *act, int64_t id,
                              struct str *no, struct arena *a, struct err *e)
{
    struct single_act c = {.act = act, .id = id, .arena = a};
    if (store_write(db, STORE_CORE, issue_body, &c, e) != OK) {
        return e->code;
    }
    crash_point("statement.issue.after_commit");
    *no = c.no;
    return OK;
}

struct issue_many {
    const struct statement_act *act;
    struct settle_period period;
    int64_t after, last, issued;
    struct arena *arena;
};

static enum err_code issue_many_body(struct db *db, void *ctx, struct err *e)
{
    struct issue_many *m = ctx;
    int64_t *ids, first;
    size_t n;
    struct str no;
    arena_reset(m->arena);
    m->issued = 0;
    if (rows_list_checked(db, m->arena, m->act->scope, m->period, m->after, ISSUE_CHUNK, &ids, &n,
                          e) != OK) {
        return e->code;
    }
    if (n == 0) {
        return OK;
    }
    if (rows_take_numbers(db, issue_year(m->act), (int64_t)n, &first, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        struct arena *one = arena_new();
        enum err_code rc = issue_one(db, one, m->act, ids[i], first + (int64_t)i, &no, e);
        arena_free(one);
        if (rc != OK) {
            return rc;
        }
    }
    m->last = ids[n - 1];
    m->issued = (int64_t)n;
    crash_point("statement.issue.before_commit");
    return OK;
}

enum err_code statement_issue_all(struct db *db, const struct statement_act *act,
                                  struct settle_period p, int64_t *issued, struct err *e)
{
    struct issue_many m = {.act = act, .period = p, .arena = arena_new()};
    int64_t total = 0;
    enum err_code rc;
    do {
        rc = store_write(db, STORE_CORE, issue_many_body, &m, e);
        if (rc == OK) {
            crash_point("statement.issue.after_commit");
            total += m.issued;
            m.after = m.last;
        }
    } while (rc == OK && m.issued > 0);
    arena_free(m.arena);
    if (rc == OK) {
        *issued = total;
    }
    return rc;
}
