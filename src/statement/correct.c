/* correct.c - statements corrected after they were issued, and corrections taken back.
 *
 *      S  NORMAL  100.00      result 100.00
 *      A  ADJ      +6.00      result 106.00    previous S
 *      C  ADJ      -6.00      result 100.00    previous A, reverses A
 *
 * Each has a run of its own, so that the last of the chain is always the statement of the run in
 * force; the run of a counter-entry has the lines of the result that holds again. Which result that
 * is, a stack tells: a correction is laid on it, a counter-entry takes its correction off.
 */
#include "base/crash.h"
#include "people/people.h"
#include "statement/draft.h"
#include "statement/life.h"
#include "statement/statement_rows.h"

#define REVERSE_KIND "statement.reverse"
#define REVERSE_PERM "settle:statement:reverse"


struct adjust {
    const struct statement_act *act;
    const struct statement *root;
    const struct settle_result *result;
    const struct statement *adj;
    struct arena *arena;
};

static enum err_code adjust_body(struct db *db, void *ctx, struct err *e)
{
    struct adjust *c = ctx;
    if (settle_write_run(db, c->result, c->act->now, e) != OK ||
        settle_lock(db, c->result->run_id, e) != OK ||
        rows_put_statements(db, &c->adj, 1, c->act->user_id, c->act->now, e) != OK) {
        return e->code;
    }
    if (statement_moved(db, c->arena, c->act, c->adj, e) != OK) {
        return e->code;
    }
    crash_point("statement.adjust.before_commit");
    return OK;
}

/* The statement that the correction compares with, and whether one may be made now. */
static enum err_code adjust_allowed(struct db *db, struct arena *a, const struct statement_act *act,
                                    int64_t id, const struct statement **root,
                                    const struct statement **last, struct err *e)
{
    int64_t last_id;
    enum statement_state state;
    if (act_reason(act, "an adjustment", e) != OK ||
        statement_get(db, a, act->scope, id, root, e) != OK ||
        rows_find_last(db, scope_machine(), (*root)->order_id, (*root)->period.from.yyyymmdd, 0,
                       &last_id, &state, e) != OK ||
        statement_get(db, a, scope_machine(), last_id, last, e) != OK) {
        return e->code;
    }
    if (state < STATEMENT_ISSUED) {
        return (*last)->type == STATEMENT_ADJ
                   ? fail_named(e, ERR_RULE, "ADJ_OPEN",
                                "the adjustment of run %lld is %s: issue or void it first",
                                (long long)last_id, statement_state_word(state))
                   : fail_named(e, ERR_RULE, "STATEMENT_STATE",
                                "statement of run %lld is %s, not issued: settle the period again",
                                (long long)last_id, statement_state_word(state));
    }
    return OK;
}

static enum err_code adjust_enough(const struct statement *adj, bool small_too, struct err *e)
{
    int64_t total = 0;
    if (adj->n_lines == 0) {
        return fail_named(e, ERR_RULE, "ADJ_NONE",
                          "nothing differs from the last result: nothing to adjust");
    }
    for (size_t i = 0; i < adj->n_legs; i++) {
        total += adj->legs[i].fen < 0 ? -adj->legs[i].fen : adj->legs[i].fen;
    }
    if (total < STATEMENT_ADJ_ASK_FEN && !small_too) {
        return fail_named(e, ERR_RULE, "ADJ_SMALL",
                          "the differences come to 0.%02lld yuan in total, less than 1.00: say "
                          "--anyway if so small a sum shall be adjusted",
                          (long long)total);
    }
    return OK;
}

static enum err_code adjust_draft(struct db *db, struct arena *a, const struct statement_act *act,
                                  int64_t id, bool small_too, struct adjust *c, struct err *e)
{
    const struct statement *last;
    const struct settle_line *old;
    size_t n_old;
    struct statement *adj = arena_make(a, struct statement);
    if (adjust_allowed(db, a, act, id, &c->root, &last, e) != OK ||
        settle_correct(db, a, scope_machine(), last->statement_id, &c->result, e) != OK) {
        return e->code;
    }
    if (c->result->outcome != SETTLE_WRITTEN) {
        return fail_named(e, ERR_RULE, c->result->failure_name, STR_FMT,
                          STR_ARG(c->result->failure));
    }
    if (settle_lines(db, a, scope_machine(), last->station_id, c->result->previous_run_id, &old,
                     &n_old, e) != OK ||
        draft_of_difference(db, a, org_names_new(a), c->result, old, n_old, last->statement_id,
                            act->reason, adj, e) != OK) {
        return e->code;
    }
    c->adj = adj;
    return adjust_enough(adj, small_too, e);
}

enum err_code statement_adjust(struct db *db, const struct statement_act *act, int64_t id,
                               bool small_too, int64_t *adj_id, struct err *e)
{
    struct arena *a = arena_new();
    struct adjust c = {.act = act, .arena = a};
    enum err_code rc = adjust_draft(db, a, act, id, small_too, &c, e);
    if (rc == OK) {
        rc = settle_write_lines(db, c.result, e);
    }
    if (rc == OK) {
        rc = store_write(db, STORE_CORE, adjust_body, &c, e);
    }
    if (rc == OK) {
        crash_point("statement.adjust.after_commit");
        *adj_id = c.adj->statement_id;
    }
    arena_free(a);
    return rc;
}

/* ---- the chain ---- */

/* Marks the link whose result is in force and adds up; the index of that link, -1 without any. */
static int32_t chain_walk(struct statement_link *l, size_t n)
{
    int32_t stack[STATEMENT_CHAIN_MAX];
    int32_t depth = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += l[i].fen;
        l[i].result_fen = sum;
        if (l[i].reverses_id && depth > 1) {
            depth--;
        } else {
            stack[depth++] = (int32_t)i;
        }
    }
    if (depth == 0) {
        return -1;
    }
    l[stack[depth - 1]].in_force = true;
    return stack[depth - 1];
}

enum err_code statement_chain(struct db *db, struct arena *a, struct scope s, int64_t id,
                              const struct statement_link **out, size_t *n, struct err *e)
{
    struct statement st;
    struct statement_link *list;
    if (statement_header(db, a, s, id, &st, e) != OK ||
        rows_chain(db, a, s, st.order_id, st.period.from.yyyymmdd, &list, n, e) != OK) {
        return e->code;
    }
    chain_walk(list, *n);
    *out = list;
    return OK;
}

/* ---- counter-entry ---- */

static const char *link_name(struct arena *a, const struct statement_link *l)
{
    return l->no.n ? arena_printf(a, STR_FMT, STR_ARG(l->no))
                   : arena_printf(a, "of run %lld", (long long)l->statement_id);
}

/* Law 4: only the correction whose result is in force is taken back, and only when nothing of the
 * chain is still a draft. */
static enum err_code reverse_allowed(struct arena *a, struct statement_link *l, size_t n,
                                     int64_t id, struct err *e)
{
    const struct statement_link *it = NULL;
    int32_t top = chain_walk(l, n);
    for (size_t i = 0; i < n; i++) {
        it = l[i].statement_id == id ? &l[i] : it;
        if (l[i].reverses_id == id) {
            return fail_named(e, ERR_RULE, "REVERSE_TWICE",
                              "this adjustment was taken back already, by statement %s",
                              link_name(a, &l[i]));
        }
    }
    if (!it) {
        return fail_named(e, ERR_RULE, "STATEMENT_STATE",
                          "statement of run %lld is void: there is nothing to take back",
                          (long long)id);
    }
    if (it->type != STATEMENT_ADJ || it->reverses_id) {
        return fail_named(e, ERR_RULE, "REVERSE_KIND",
                          "statement %s is %s: only an adjustment is taken back; correct the "
                          "readings or inputs and use statement adjust",
                          link_name(a, it),
                          it->reverses_id ? "itself a counter-entry"
                                          : statement_type_word(it->type));
    }
    if (n == STATEMENT_CHAIN_MAX) {
        return fail(e, ERR_LIMIT, "an order and period has at most %d statements",
                    STATEMENT_CHAIN_MAX);
    }
    const struct statement_link *last = &l[n - 1];
    if (last->state < STATEMENT_ISSUED) {
        return fail_named(e, ERR_RULE, "ADJ_OPEN", "statement %s is %s: issue or void it first",
                          link_name(a, last), statement_state_word(last->state));
    }
    return l[top].statement_id == id
               ? OK
               : fail_named(e, ERR_RULE, "REVERSE_LATER",
                            "statement %s came later and builds on it: take that back first",
                            link_name(a, &l[top]));
}

/* The adjustment, found in the caller's scope, whole, and allowed to be taken back. */
static enum err_code reverse_open(struct db *db, struct arena *a, const struct statement_act *act,
                                  int64_t id, const struct statement **adj,
                                  const struct statement_link **last, struct err *e)
{
    struct statement seen;
    struct statement_link *l;
    size_t n;
    if (statement_header(db, a, act->scope, id, &seen, e) != OK ||
        statement_get(db, a, scope_machine(), id, adj, e) != OK ||
        rows_chain(db, a, scope_machine(), seen.order_id, seen.period.from.yyyymmdd, &l, &n, e) !=
            OK ||
        reverse_allowed(a, l, n, id, e) != OK) {
        return e->code;
    }
    *last = &l[n - 1];
    return OK;
}

static struct str reverse_object(struct arena *a, int64_t id)
{
    return str_of(arena_printf(a, "statement:%lld", (long long)id));
}

static enum err_code reverse_ask_body(struct db *db, void *ctx, struct err *e)
{
    struct single_act *c = ctx;
    const struct statement *adj;
    const struct statement_link *last;
    if (reverse_open(db, c->arena, c->act, c->id, &adj, &last, e) != OK) {
        return e->code;
    }
    const struct approval_ask ask = {.org_id = statement_owner(adj),
                                     .kind = STR(REVERSE_KIND),
                                     .object = reverse_object(c->arena, c->id),
                                     .content = adj->body_hash,
                                     .perm = STR(REVERSE_PERM),
                                     .maker = c->act->user_id,
                                     .reason = c->act->reason};
    return approval_request(db, c->act->scope, &ask, c->act->now, &c->approval_id, e);
}

enum err_code statement_reverse_ask(struct db *db, const struct statement_act *act, int64_t id,
                                    int64_t *approval_id, struct err *e)
{
    struct single_act c = {.act = act, .id = id};
    if (act_reason(act, "a counter-entry", e) != OK || act_run(db, &c, reverse_ask_body, e) != OK) {
        return e->code;
    }
    *approval_id = c.approval_id;
    return OK;
}

struct reverse {
    const struct statement_act *act;
    int64_t id, approval_id;
    const struct settle_result *result;
    const struct statement *adj, *counter;
    struct arena *arena;
};

static enum err_code reverse_body(struct db *db, void *ctx, struct err *e)
{
    struct reverse *c = ctx;
    if (approval_use(db, c->act->scope, c->approval_id, STR(REVERSE_KIND),
                     reverse_object(c->arena, c->id), c->adj->body_hash, c->act->user_id,
                     c->act->now, e) != OK ||
        settle_write_run(db, c->result, c->act->now, e) != OK ||
        settle_lock(db, c->result->run_id, e) != OK ||
        rows_put_statements(db, &c->counter, 1, c->act->user_id, c->act->now, e) != OK ||
        statement_moved(db, c->arena, c->act, c->counter, e) != OK) {
        return e->code;
    }
    crash_point("statement.reverse.before_commit");
    return OK;
}

static enum err_code reverse_draft(struct db *db, struct reverse *c, struct err *e)
{
    const struct statement_link *last;
    const struct statement *holds;
    struct approval approval;
    struct statement *counter = arena_make(c->arena, struct statement);
    if (reverse_open(db, c->arena, c->act, c->id, &c->adj, &last, e) != OK ||
        approval_get(db, c->arena, c->act->scope, c->approval_id, &approval, e) != OK) {
        return e->code;
    }
    if (approval.state == APPROVAL_ASKED) { /* no lines are written for it; the rest is in use */
        return fail_named(e, ERR_RULE, "APPROVAL_OPEN",
                          "approval %lld is not given yet: another person decides it first",
                          (long long)c->approval_id);
    }
    if (statement_get(db, c->arena, scope_machine(), c->adj->previous_id, &holds, e) != OK ||
        settle_restore(db, c->arena, scope_machine(), holds->statement_id, &c->result, e) != OK) {
        return e->code;
    }
    draft_of_counter(c->arena, c->adj, holds, last->statement_id, approval.ask.reason, counter);
    counter->statement_id = c->result->run_id;
    counter->revision = c->result->revision;
    draft_finish(c->arena, counter);
    c->counter = counter;
    return OK;
}

enum err_code statement_reverse(struct db *db, const struct statement_act *act, int64_t id,
                                int64_t approval_id, int64_t *counter_id, struct err *e)
{
    struct arena *a = arena_new();
    struct reverse c = {.act = act, .id = id, .approval_id = approval_id, .arena = a};
    enum err_code rc = reverse_draft(db, &c, e);
    if (rc == OK) {
        rc = settle_write_lines(db, c.result, e);
    }
    if (rc == OK) {
        rc = store_write(db, STORE_CORE, reverse_body, &c, e);
    }
    if (rc == OK) {
        crash_point("statement.reverse.after_commit");
        *counter_id = c.counter->statement_id;
    }
    arena_free(a);
    return rc;
}
