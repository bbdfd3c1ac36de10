/* settle.h - turns readings into lines of money.
 *
 * A settlement answers one question: for this order and this period, who owes whom, and how does
 * every fen follow from the readings? It owes nothing to anyone; only a statement does.
 *
 * Laws
 *  1. Same readings, contract and tariff give the same lines, bit for bit, on both engines, any
 *     number of threads, any order of arrival (I3).
 *  2. The lines sum to the total; nothing is rounded after the lines are (I2).
 *  3. Every line names the readings and the rule it came from.
 *  4. A run never changes an earlier run; it supersedes it. Per order, period and revision one run
 * is in force (I4).
 *  5. One order's failure is one named failure; the batch goes on.
 *  6. A batch that was killed and is started again gives what an undisturbed one gives.
 *  7. A run whose statement was issued is locked: a batch leaves it alone and says when its inputs
 *     have changed; only an adjustment makes the next revision.
 *
 * A run row keeps input_hash = hash(contract version, strategy hash, price and calendar versions,
 * state carried in, facts of the period, data snapshot): the same hash means there is nothing to do
 * (settlement-rules 6.8).
 *
 * A run's id follows from order, period, revision and input_hash, so a repeat after a crash writes
 * the same rows: first the lines into series under (station, run, line), then the run into core
 * with lines_hash.
 *
 * Threads: settle_run() uses base/queue.h. Each worker reads through a connection of its own and
 * owns the chunk of orders it settles; what is resolved once (strategies, calendars, prices) is
 * immutable and shared; one thread writes.
 */
#ifndef SK_SETTLE_SETTLE_H
#define SK_SETTLE_SETTLE_H
#include "base/base.h"
#include "contract/contract.h"
#include "store/store.h"

extern const struct store_migrations settle_migrations;

enum settle_state {
    SETTLE_DONE = 1,   /* lines written                                        */
    SETTLE_FAILED = 2, /* a named failure, no lines                            */
    SETTLE_SUPERSEDED = 3
};

struct settle_period {
    struct day from, until; /* half-open */
};
#define SETTLE_DAYS_MAX 366 /* a strategy's axis has at most a year of quarter hours */
#define SETTLE_CHUNK 500 /* orders per transaction: an fsync each is then under 1 % of the work */
#define SETTLE_HOLD_E6 50000 /* more than 5 % estimated energy holds (settlement-rules 3.2) */

/* One line of money. Quantities in 10^-4 of the unit, prices in 10^-6 yuan. */
struct settle_line {
    int32_t no; /* from 1 */
    struct str code, title, payer, payee, settled_by;
    bool has_quantity, has_price;
    int64_t quantity_e4, price_e6;
    struct str unit, price_unit;
    int64_t fen, net_fen, vat_fen;
    int32_t vat_e6;  /* -1: outside VAT */
    int32_t quality; /* enum strategy_quality: the worst behind it */
    int32_t estimated_e6;
};
/* warn shows, hold keeps the statement from being issued. Ours (`DATA_MISSING`, `DATA_ESTIMATED`,
 * `REGISTER_MISMATCH`) stand after the strategy's. */
struct settle_flag {
    struct str code, title;
    bool hold;
};
struct settle_printed { /* 印出的中间量: what a reader sees between readings and lines */
    struct str name, title, unit;
    bool absent;
    struct decimal value;
};

enum settle_outcome {
    SETTLE_WRITTEN, /* a new run                                              */
    SETTLE_SAME,    /* the run in force has the same inputs: nothing to do    */
    SETTLE_REFUSED, /* a named failure; see failure                           */
    SETTLE_LOCKED,  /* issued before, and its inputs have changed since       */
    SETTLE_OUTCOMES
};

struct settle_result {
    enum settle_outcome outcome;
    int64_t run_id, previous_run_id; /* previous: the run superseded, 0 if none */
    int32_t revision;
    const struct contract_binding *order;
    const struct contract_terms *terms;
    struct settle_period period;
    struct sha256 input_hash, strategy_hash, snapshot, lines_hash;
    struct str
        tariff; /* the versions used: "calendar=zj@1 holidays=cn-2026@1 grid_price=zj-1-10kv@2" */
    struct str state_in, state_out; /* JSON settings, "" if none */
    struct str inputs; /* the version of the facts and the event days used, "@3 20260710"; "" */
    const struct settle_line *lines;
    size_t n_lines;
    const struct settle_flag *flags;
    size_t n_flags;
    const struct settle_printed *printed;
    size_t n_printed;
    int64_t intervals, estimated, manual, missing; /* of all meters used */
    bool hold;
    bool provisional; /* estimated data in it: final data produce an ADJ (settlement-rules 6.6) */
    const char *failure_name; /* "DIV_ZERO", "BIND", ... when refused */
    struct str failure;
};

/* Who makes something of the results (the statement room): called with each chunk, in the core
 * transaction that writes its runs. `after` is called once that transaction is committed. */
struct settle_sink {
    void *ctx;
    enum err_code (*chunk)(void *ctx, struct db *db, const struct settle_result *results, size_t n,
                           struct err *e);
    void (*after)(void *ctx, const struct settle_result *results, size_t n);
};

struct settle_progress {
    int64_t orders, done; /* done counts every outcome */
    int64_t by_outcome[SETTLE_OUTCOMES];
    int64_t held;
};
/* What a run did for each strategy, by name. */
#define SETTLE_SHARES_MAX 4096 /* as kinds of one run: each has one strategy */
struct settle_share {
    struct str strategy;
    int64_t orders, by_outcome[SETTLE_OUTCOMES], held;
    int64_t lines, fen; /* written in this run */
    int64_t cpu_ns;     /* what orders share is spread by orders, sources and lines */
};
struct settle_tally {
    struct arena *arena;       /* the caller's */
    int64_t (*cpu_ns)(void);   /* CPU time of the calling thread; NULL: not measured */
    struct settle_share *shares; /* room for SETTLE_SHARES_MAX, the caller's */
    size_t n;
};
struct settle_options {
    struct settle_period period;
    struct instant now;
    int workers;                    /* 0: cpu_count() */
    int64_t only_order_id;          /* 0: all */
    const struct settle_sink *sink; /* NULL: only runs are written */
    struct settle_tally *tally;     /* NULL: not asked for */
    void (*progress)(void *ctx,
                     const struct settle_progress *p); /* after each chunk; may be NULL */
    /* Each order left alone although its inputs have changed (law 7); may be NULL. */
    void (*locked)(void *ctx, const struct settle_result *r);
    void *progress_ctx; /* of both */
};
/* Settles every active order of the period that is not done. OK even when orders failed: `*out`
 * says how many, and settle_failures() lists them. Scope is the machine's. */
SK_MUST_USE enum err_code settle_run(struct db *db, const struct settle_options *o,
                                     struct settle_progress *out, struct err *e);

/* What is not written: one order computed as it would be now (`strategy try`), or as a stored run
 * was (recompute: its contract, strategy, calendar and price versions and the state it began with,
 * on the readings in force now). `text` may be given to try a strategy text before it is published.
 */
struct settle_try {
    int64_t order_id;
    struct settle_period period;
    struct str strategy_text; /* "" : the contract's */
    struct instant now;
};
SK_MUST_USE enum err_code settle_try(struct db *db, struct arena *a, struct scope s,
                                     const struct settle_try *t, const struct settle_result **out,
                                     struct err *e);
SK_MUST_USE enum err_code settle_again(struct db *db, struct arena *a, struct scope s,
                                       int64_t run_id, const struct settle_result **out,
                                       struct err *e);
/* A correction: the run in force after `run_id` computed again as settle_again, but with the inputs
 * (order_input_put) of now; the result is the next revision and supersedes it. Written by the two
 * below: first the lines, a series transaction of its own; then the run in the caller's core
 * transaction. */
SK_MUST_USE enum err_code settle_correct(struct db *db, struct arena *a, struct scope s,
                                         int64_t run_id, const struct settle_result **out,
                                         struct err *e);
/* A correction taken back: the lines of an earlier, issued run as the next revision, with its
 * inputs and hashes; it supersedes the run in force. Written as a correction is. ERR_RULE: the run
 * is in force itself, or was never issued. */
SK_MUST_USE enum err_code settle_restore(struct db *db, struct arena *a, struct scope s,
                                         int64_t run_id, const struct settle_result **out,
                                         struct err *e);
/* The run in force of an order and period and its total; 0: none. */
SK_MUST_USE enum err_code settle_in_force(struct db *db, struct arena *a, int64_t order_id,
                                          struct day from, int64_t *run_id, int64_t *fen,
                                          struct err *e);
SK_MUST_USE enum err_code settle_write_lines(struct db *db, const struct settle_result *r,
                                             struct err *e);
SK_MUST_USE enum err_code settle_write_run(struct db *db, const struct settle_result *r,
                                           struct instant now, struct err *e);

/* Shadow run (影子试算): the orders of a strategy computed again for a settled period as they were,
 * but by another version of it: contract, tariff, inputs and first state are those of the run in
 * force. Nothing is written. */
/* What of a line differs, as bits. A line that one side does not have differs in nothing else. */
enum shadow_differs {
    SHADOW_PRESENCE = 1 << 0,
    SHADOW_TITLE = 1 << 1,
    SHADOW_PARTIES = 1 << 2, /* payer, payee or who settles it */
    SHADOW_QUANTITY = 1 << 3,
    SHADOW_PRICE = 1 << 4,
    SHADOW_GROSS = 1 << 5,
    SHADOW_NET = 1 << 6,
    SHADOW_VAT_RATE = 1 << 7,
    SHADOW_VAT = 1 << 8
};
/* By code, payer and payee; what then is left by code and one of the two: the other changed. */
struct shadow_line {
    bool was, is;
    struct settle_line old, now; /* empty on the side that does not have it */
    unsigned differs;            /* enum shadow_differs */
};
struct shadow_order {
    int64_t order_id, run_id;
    struct str order_no;
    struct settle_period period;
    const struct shadow_line *lines; /* those of the run, then new ones */
    size_t n_lines, n_changed;
    int64_t old_fen, new_fen;
    bool failed; /* the new version fails, or the run's lines cannot be read: `failure` */
    struct str failure;
};
struct settle_shadow {
    struct strategy_ref version;
    struct settle_period period;
    /* Each order, by id; what it gets lives until it returns. May be NULL. */
    void (*order)(void *ctx, const struct shadow_order *o);
    void *ctx;
};
struct shadow_total {
    int64_t orders, same, changed, failed, lines, lines_changed;
    int64_t unsettled; /* of the strategy in the period, without a run in force: not compared */
    int64_t old_fen, new_fen; /* of the orders that did not fail */
    struct sha256 hash;       /* of all that is compared, old and new: the evidence */
};
SK_MUST_USE enum err_code settle_shadow(struct db *db, struct arena *a, struct scope s,
                                        const struct settle_shadow *w, struct shadow_total *out,
                                        struct err *e);

/* The lines of a stored run, read back from series with code, parties and money. */
SK_MUST_USE enum err_code settle_lines(struct db *db, struct arena *a, struct scope s,
                                       int64_t station_id, int64_t run_id,
                                       const struct settle_line **out, size_t *n, struct err *e);
struct sha256 settle_lines_hash(const struct settle_line *lines, size_t n);
/* Law 7: the statement of this run was issued. In the caller's core transaction. */
SK_MUST_USE enum err_code settle_lock(struct db *db, int64_t run_id, struct err *e);
/* Draft withdrawn before issue: the run is superseded by nothing and may be settled anew. */
SK_MUST_USE enum err_code settle_withdraw(struct db *db, int64_t run_id, struct err *e);

/* The correction that superseded this locked run was withdrawn: it is in force again. */
SK_MUST_USE enum err_code settle_reinstate(struct db *db, int64_t run_id, struct err *e);

/* Where the money of a line came from: its arithmetic, the names in it, their sources; then each
 * source by day with its quality marks, and for `day` (0: none) every interval, with registers and
 * multipliers where there are any. `code` "" : every line. */
SK_MUST_USE enum err_code settle_explain(struct db *db, struct arena *a, struct scope s,
                                         int64_t run_id, struct str code, struct day day,
                                         struct text *t, struct err *e);

/* What a statement has as annexes (settlement-rules 7.1), as JSON: per meter the registers at both
 * ends, multiplier and energy; the energy of each day; the prices used by key. `readings` says
 * whether these are still the readings of the run ("same") or not ("changed"). */
SK_MUST_USE enum err_code settle_annex(struct db *db, struct arena *a, struct scope s,
                                       int64_t run_id, struct text *t, struct err *e);

/* Does the strategy know every setting, meter and series of the terms, members' and places' too,
 * and do the points measure in its units? ERR_RULE `BIND`, `UNIT` name the place and what to do. */
SK_MUST_USE enum err_code settle_terms_fit(struct db *db, struct arena *a, struct scope s,
                                           struct strategy_ref ref,
                                           const struct contract_terms *terms, struct err *e);

/* Does a strategy text load without an error, with the libraries of the store? */
SK_MUST_USE enum err_code settle_strategy_check(struct db *db, struct arena *a, struct str name,
                                                struct str text, const struct strategy_ref *uses,
                                                size_t n_uses, struct text *messages,
                                                struct err *e);

struct strategy; /* strategy/strategy.h */
/* A published version with its libraries; `messages` takes its warnings (or errors). */
SK_MUST_USE enum err_code settle_strategy_load(struct db *db, struct arena *a,
                                               struct strategy_ref ref,
                                               const struct strategy **out, struct text *messages,
                                               struct err *e);

struct settle_failure {
    int64_t order_id;
    struct str order_no, name, text;
};
#define SETTLE_LIST_MAX 200
/* By order id, after `after`. */
SK_MUST_USE enum err_code settle_failures(struct db *db, struct arena *a, struct scope s,
                                          struct settle_period p, int64_t after,
                                          const struct settle_failure **out, size_t *n,
                                          struct err *e);

/* I4 and the agreement of core and series: each run in force has lines whose count, sum and hash
 * are those of its row. `sample` > 0 also computes every sample-th run again (I3). */
struct settle_checked {
    int64_t runs, lines, recomputed, changed /* inputs are no longer those of the run */, wrong;
};
SK_MUST_USE enum err_code settle_check(struct db *db, int64_t sample, struct settle_checked *out,
                                       struct text *wrong, struct err *e);
#endif
