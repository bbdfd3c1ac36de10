/* prep.h - what many orders of a run share: strategy, calendar, prices, the plan of the sums.
 * Private.
 *
 * A fleet has thousands of contracts of a few hundred kinds. Each kind is prepared once, before the
 * threads start, and is immutable from then on. A kind that cannot be prepared is a failure of each
 * of its orders, not of the run.
 */
#ifndef SK_SETTLE_PREP_H
#define SK_SETTLE_PREP_H
#include "reading/reading.h"
#include "settle/settle.h"
#include "strategy/strategy.h"

struct kind {
    struct contract_binding like; /* the fields that make the kind are those of every order of it */
    struct err failure;           /* code OK: the rest is there */
    const struct strategy *strategy;
    struct sha256 strategy_hash;
    const struct tariff_span *span; /* NULL without a calendar */
    const struct strategy_price_feed *prices;
    size_t n_prices;
    const struct reading_plan *plan;
    int32_t n_days, n_keys;
    int32_t lead;        /* days of the span before the period: sessions may begin there */
    int32_t history;     /* days before the period that `workday` begins with */
    const bool *workday; /* history + n_days; NULL without history or calendar */
    struct str tariff;   /* "calendar=zj@1 holidays=cn-2026@1 grid_price=zj-1-10kv@2" */
    const struct strategy_decl *states; /* decls of kind STRATEGY_STATE, in text order */
    size_t n_states;
};

/* How one is prepared when it is not simply the newest of everything. */
struct prep_wish {
    struct str strategy_text; /* "" : the published one */
    struct str tariff;        /* "" : the newest versions; else those of a stored run */
    int32_t lead, history;    /* days before the period: with prices, and their day types alone */
};

struct prep; /* loaded documents and texts, shared between kinds while preparing */
struct prep *prep_new(struct db *db, struct arena *a);
/* Never fails: see kind.failure. ERR_IO and the like of the store come out as `e`. */
enum err_code prep_kind(struct prep *p, const struct contract_binding *like,
                        const struct prep_wish *wish, struct kind *out, struct err *e);

/* All kinds of a period, found by an order's binding. */
struct kinds;
enum err_code kinds_prepare(struct db *db, struct arena *a, struct settle_period p,
                            struct kinds **out, struct err *e);
/* Whether two bindings are of one kind. */
bool kind_is(const struct contract_binding *a, const struct contract_binding *b);
const struct kind *kinds_find(const struct kinds *k, const struct contract_binding *b);

/* Messages of a text with the store's libraries; ERR_INPUT when it has errors. */
enum err_code prep_load_text(struct prep *p, struct str name, struct str text,
                             const struct strategy_ref *uses, size_t n_uses,
                             const struct strategy_ref *amendments, size_t n_amendments,
                             const struct strategy **out, struct text *messages, struct err *e);
#endif
