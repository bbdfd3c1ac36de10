/* statement.h - lines frozen into something that parties confirm and owe (结算单).
 *
 * One statement per order and period, whatever the directions; a leg per payer and payee carries
 * what moves between those two (storage.md 6: statement, statement_leg, statement_line).
 * Collecting, paying out and invoicing will follow the legs.
 *
 * Laws
 *  1. A statement equals the sum of its lines, and each leg the sum of its lines, to the fen;
 *     net + VAT = gross, per line and in total (I2).
 *  2. Numbers are gap-free per year and taken in the transaction that issues.
 *  3. Once issued nothing of it changes but its state; its hash is kept and can be recomputed.
 *  4. A correction is a new statement of type ADJ with the differences per (code, payer, payee),
 *     which names the old one; a second correction compares with the last result. An adjustment is
 *     taken back by a counter-entry: another ADJ that negates it line by line and names both it
 *     and the statement whose result holds again; two people do it. So the statements of an order
 *     and period that are not void always sum to the result in force, line by line.
 *  5. A HOLD statement is visible and not issued; release needs a reason and a second person.
 *  6. Every change of state goes through one table and leaves an event and an audit row.
 *  7. Each party sees its own legs only (product.md 5.1).
 *
 *               check          issue          confirm
 *      DRAFT ---------> CHECKED -----> ISSUED --------> CONFIRMED ---> COLLECTING ---> PAID
 *        |  \             |              | \  dispute      ^                            |
 *        |   \ hold       | void         |  +--> DISPUTED -+ (answered)                 v
 *        |    v           v              |                                        RECONCILED
 *        |   HELD --> (release) CHECKED  +--> (corrected by an ADJ statement)           |
 *        +----------> VOID  (only before issue)                                      CLOSED
 *
 * The statement of a run has the run's id: whatever is killed and repeated writes the same row.
 * What it says (its body: header facts, parties, legs, lines, flags, printed quantities) has a hash
 * from the moment it is drafted; the document hash binds body, number and time of issue.
 */
#ifndef SK_STATEMENT_STATEMENT_H
#define SK_STATEMENT_STATEMENT_H
#include "base/base.h"
#include "settle/settle.h"
#include "store/store.h"

extern const struct store_migrations statement_migrations;

enum statement_type { STATEMENT_NORMAL = 1, STATEMENT_PROVISIONAL, STATEMENT_ADJ, STATEMENT_FINAL };
enum statement_state {
    STATEMENT_DRAFT = 1,
    STATEMENT_HELD,
    STATEMENT_CHECKED,
    STATEMENT_ISSUED,
    STATEMENT_CONFIRMED,
    STATEMENT_DISPUTED,
    STATEMENT_COLLECTING,
    STATEMENT_PAID,
    STATEMENT_RECONCILED,
    STATEMENT_CLOSED,
    STATEMENT_VOID
};
const char *statement_state_word(enum statement_state s); /* "draft" .. "void" */
const char *statement_type_word(enum statement_type t);   /* "NORMAL" .. "FINAL" */

#define STATEMENT_DUE_DAYS 10     /* until an order says otherwise */
#define STATEMENT_ADJ_ASK_FEN 100 /* below 1.00 yuan in total, ask (settlement-rules 6.5) */
#define STATEMENT_REASON_MAX 1000 /* bytes: 300 Chinese characters */

/* ---- shapes --------------------------------------------------------------------------------- */

struct statement_party {
    struct str role, name,
        uscc; /* as they stood when it was drafted; the name of the organisation */
    int64_t org_id;
};
struct statement_leg {
    int32_t leg;                         /* from 1 */
    struct str payer, payee, settled_by; /* roles; "" or "grid" */
    int64_t payer_org, payee_org;
    struct str payer_account, payee_account; /* masked snapshot */
    int64_t fen, net_fen, vat_fen;
};
struct statement_line {
    struct settle_line l; /* of an ADJ: l.fen is the difference, l.code begins with "ADJ." */
    int32_t leg;
    int64_t old_fen, new_fen; /* ADJ only */
};
struct statement {
    int64_t statement_id; /* = run_id */
    struct str no;        /* "" before issue */
    enum statement_type type;
    enum statement_state state;
    int64_t ver;
    int64_t order_id, station_id, contract_id;
    struct str order_no, contract_no;
    int32_t contract_version, revision;
    struct settle_period period;
    struct strategy_ref strategy;
    struct str tariff;
    struct sha256 strategy_hash, snapshot, lines_hash, body_hash, doc_hash;
    struct str previous_no; /* ADJ: the statement it corrects; "" otherwise */
    int64_t previous_id, fen, net_fen, vat_fen;
    int64_t reverses_id; /* a counter-entry: the ADJ it takes back; 0 otherwise */
    struct str reverses_no;
    int64_t intervals, estimated, manual, missing;
    struct instant created, issued, confirmed; /* 0: not yet */
    int64_t issued_by, confirmed_by;
    struct day due;    /* 0 before issue */
    struct str reason; /* ADJ: why; HELD and released: why */
    const struct statement_party *parties;
    size_t n_parties;
    const struct statement_leg *legs;
    size_t n_legs;
    const struct statement_line *lines;
    size_t n_lines;
    const struct settle_flag *flags;
    size_t n_flags;
    const struct settle_printed *printed;
    size_t n_printed;
    struct str parties_text, annex_text; /* JSON as stored: parties; flags and printed */
    const struct statement_link *chain;  /* exported when set; see statement_chain() */
    size_t n_chain;
};
/* One of the statements of an order and period: the original, its corrections, their counters. */
struct statement_link {
    int64_t statement_id, previous_id, reverses_id;
    struct str no, reason;
    enum statement_type type;
    enum statement_state state;
    int32_t revision;
    int64_t fen, result_fen; /* of the caller's legs; the sum so far: the result it made */
    bool in_force;           /* its result is the one that holds; a reversed ADJ's is not */
};
#define STATEMENT_CHAIN_MAX 200 /* of one order and period: nobody corrects weekly for four years */

/* ---- making --------------------------------------------------------------------------------- */

/* Settles a period (settle_run) and drafts a statement from each new run, checked or held, in the
 * transaction that writes the run. A draft whose inputs changed is voided and drafted anew; an
 * issued statement is left alone and counted as locked. */
struct statement_batch {
    struct settle_period period;
    struct instant now;
    int64_t user_id; /* who started it; 0: the machine */
    int workers;
    int64_t only_order_id; /* 0: all */
    struct settle_tally *tally; /* as in settle_options; NULL: not asked for */
    void (*progress)(void *ctx, const struct settle_progress *p);
    /* Each order whose statement was issued and whose inputs have changed since: statement_adjust()
     */
    void (*locked)(void *ctx, const struct settle_result *r);
    void *progress_ctx; /* of both */
};
SK_MUST_USE enum err_code statement_run(struct db *db, const struct statement_batch *b,
                                        struct settle_progress *out, struct err *e);

/* ---- life -------------------------------------------------------------------------------------
 */

/* Each is one core transaction. `id` is the statement's. ERR_NOT_FOUND: none in scope; ERR_RULE:
 * not from this state; ERR_CORRUPT: lines or hash do not agree, nothing is issued. */
struct statement_act {
    struct scope scope;
    int64_t user_id;
    struct instant now;
    struct str reason;
};
SK_MUST_USE enum err_code statement_issue(struct db *db, const struct statement_act *act,
                                          int64_t id, struct str *no, struct arena *a,
                                          struct err *e);
/* Every CHECKED statement of the period, in chunks, numbers in order of id. */
SK_MUST_USE enum err_code statement_issue_all(struct db *db, const struct statement_act *act,
                                              struct settle_period p, int64_t *issued,
                                              struct err *e);
SK_MUST_USE enum err_code statement_confirm(struct db *db, const struct statement_act *act,
                                            int64_t id, struct err *e);
SK_MUST_USE enum err_code statement_dispute(struct db *db, const struct statement_act *act,
                                            int64_t id, struct err *e);
SK_MUST_USE enum err_code statement_answer(struct db *db, const struct statement_act *act,
                                           int64_t id, struct err *e); /* DISPUTED -> CONFIRMED */
SK_MUST_USE enum err_code statement_void(struct db *db, const struct statement_act *act, int64_t id,
                                         struct err *e);
SK_MUST_USE enum err_code statement_hold(struct db *db, const struct statement_act *act, int64_t id,
                                         struct err *e);
/* Law 5: one asks with a reason, another (people's approval) lets it go. */
SK_MUST_USE enum err_code statement_release_ask(struct db *db, const struct statement_act *act,
                                                int64_t id, int64_t *approval_id, struct err *e);
SK_MUST_USE enum err_code statement_release(struct db *db, const struct statement_act *act,
                                            int64_t id, int64_t approval_id, struct err *e);

/* 退补: computes the period again on the readings of now with the versions of then, and drafts a
 * statement of type ADJ with what differs from the last result. ERR_RULE `ADJ_NONE`: nothing
 * differs; `ADJ_SMALL`: less than 1.00 yuan in total, ask and say `small_too`. */
SK_MUST_USE enum err_code statement_adjust(struct db *db, const struct statement_act *act,
                                           int64_t id, bool small_too, int64_t *adj_id,
                                           struct err *e);

/* 冲销: the counter-entry of an adjustment. One asks with a reason, another approves (people's
 * approval, kind "statement.reverse"), then it is drafted CHECKED and the result before the
 * adjustment is in force again. ERR_RULE `REVERSE_KIND` (not an adjustment, or itself a
 * counter-entry), `REVERSE_TWICE`, `REVERSE_LATER` (a later adjustment builds on it: that one
 * first), `ADJ_OPEN` (the last of the chain is not issued yet). */
SK_MUST_USE enum err_code statement_reverse_ask(struct db *db, const struct statement_act *act,
                                                int64_t id, int64_t *approval_id, struct err *e);
SK_MUST_USE enum err_code statement_reverse(struct db *db, const struct statement_act *act,
                                            int64_t id, int64_t approval_id, int64_t *counter_id,
                                            struct err *e);
/* The statements of the order and period of `id` that are not void, by revision. */
SK_MUST_USE enum err_code statement_chain(struct db *db, struct arena *a, struct scope s,
                                          int64_t id, const struct statement_link **out, size_t *n,
                                          struct err *e);

/* The rule itself: per (code, payer, payee) new - old, zeros left out; those of the old in its
 * order, then what only the new has in its order. Amounts of one key are added up first. */
struct statement_amount {
    struct str code, payer, payee, settled_by;
    int64_t fen, net_fen, vat_fen;
    int32_t vat_e6;
};
struct statement_difference {
    struct statement_amount d; /* d.code has "ADJ." in front; fen, net and VAT are new - old */
    int64_t old_fen, new_fen;
};
size_t statement_diff(struct arena *a, const struct statement_amount *old, size_t n_old,
                      const struct statement_amount *now, size_t n_now,
                      const struct statement_difference **out);

/* ---- reading -----------------------------------------------------------------------------------
 */

SK_MUST_USE enum err_code statement_get(struct db *db, struct arena *a, struct scope s, int64_t id,
                                        const struct statement **out, struct err *e);
SK_MUST_USE enum err_code statement_find_no(struct db *db, struct scope s, struct str no,
                                            int64_t *id, struct err *e);
/* The statement of an order and period that is in force (neither void nor an ADJ). */
SK_MUST_USE enum err_code statement_find_order(struct db *db, struct scope s, int64_t order_id,
                                               struct day from, int64_t *id, struct err *e);
struct statement_row { /* for lists: no lines */
    int64_t statement_id, order_id, fen, n_lines;
    struct str no, order_no, strategy, hold; /* hold: the first holding flag's code */
    enum statement_type type;
    enum statement_state state;
    struct settle_period period;
};
#define STATEMENT_LIST_MAX 200
struct statement_query {
    struct settle_period period; /* from 0: any */
    enum statement_state state;  /* 0: any */
    int64_t after;               /* the last id seen, 0 from the start */
    size_t limit;                /* 0: STATEMENT_LIST_MAX */
};
SK_MUST_USE enum err_code statement_list(struct db *db, struct arena *a, struct scope s,
                                         const struct statement_query *q,
                                         const struct statement_row **out, size_t *n,
                                         struct err *e);
/* Sums over a period by state: for the table at the end of a run. */
struct statement_total {
    enum statement_state state;
    int64_t n, fen;
};
SK_MUST_USE enum err_code statement_totals(struct db *db, struct scope s, struct settle_period p,
                                           struct statement_total out[STATEMENT_VOID + 1],
                                           struct err *e);
struct statement_event {
    int32_t seq;
    enum statement_state from, to;
    struct instant at;
    int64_t user_id;
    struct str reason;
};
#define STATEMENT_EVENTS_MAX 100
SK_MUST_USE enum err_code statement_events(struct db *db, struct arena *a, struct scope s,
                                           int64_t id, const struct statement_event **out,
                                           size_t *n, struct err *e);

/* Canonical JSON of all the caller may see of it (law 7): same statement, same bytes, on any
 * engine. */
void statement_export(const struct statement *s, struct text *t, bool pretty);
/* Computed anew from readings, versions and the state it began with. `*same`: the body is the same
 * to the byte; else `diff` says what differs, line by line. */
SK_MUST_USE enum err_code statement_recompute(struct db *db, struct scope s, int64_t id, bool *same,
                                              struct text *diff, struct err *e);
/* Header, then each line (or the one of `code`): amount, arithmetic, names, sources, days and
 * marks; with a day, its intervals (settle_explain). */
SK_MUST_USE enum err_code statement_explain(struct db *db, struct scope s, int64_t id,
                                            struct str code, struct day day, struct text *t,
                                            struct err *e);

/* I2 over every statement, I4 (one in force per order and period; hashes kept), gap-free numbers;
 * and settle_check with `sample` for I3. `wrong` gets one sentence per finding. */
struct statement_checked {
    int64_t statements, lines, numbers, recomputed, wrong;
    struct sha256 digest; /* of all bodies by order and period: equal stores have equal ones */
};
SK_MUST_USE enum err_code statement_check(struct db *db, int64_t sample,
                                          struct statement_checked *out, struct text *wrong,
                                          struct err *e);
#endif
