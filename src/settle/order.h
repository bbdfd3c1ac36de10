/* order.h - one order's way from terms to lines, and the reading of many orders' sums at once.
 * Private.
 */
#ifndef SK_SETTLE_ORDER_H
#define SK_SETTLE_ORDER_H
#include "settle/prep.h"

struct source { /* a feed of the order; its index is the strategy's source number */
    int64_t point_id;
    struct reading_total total;
    struct reading_day *days; /* read when something asks for intervals; of days [first, + n) */
    int32_t first_day, n_days;
};

struct work {
    const struct contract_binding *b;
    const struct kind *kind;
    struct contract_terms terms;
    struct source *sources;
    size_t n_sources;
    struct str state_in;
    struct err failure; /* code OK: goes on */
};

/* What a computation reads with; each thread has its own. */
struct desk {
    struct db *db;
    const struct reading_points *points;
    struct arena *arena;   /* results live here */
    bool registers;        /* the period has some: control totals are compared */
    struct arena *scratch; /* what a strategy needs while it runs; the same, or reset per order */
};

/* Terms parsed, feeds numbered, the state the order begins with looked up (unless given). Trouble
 * of the order goes to w->failure, trouble of the store to e. */
enum err_code work_open(struct desk *d, const struct contract_binding *b, const struct kind *k,
                        const struct str *state_in, struct work *w, struct err *e);
/* The sums of all sources of n orders, in place order: the fast path. */
enum err_code work_read(struct desk *d, struct work *w, size_t n, struct err *e);
/* input_hash and snapshot of what was read. */
void work_hash(const struct work *w, struct arena *a, struct sha256 *input,
               struct sha256 *snapshot);
int64_t run_id_of(const struct contract_binding *b, int32_t revision, const struct sha256 *input);

/* Binds and runs. `*bound` and `*result` may be NULL; they are for explaining. */
enum err_code work_run(struct desk *d, struct work *w, struct settle_result *out,
                       struct strategy_bound **bound, struct strategy_result **result,
                       struct err *e);

/* A result without lines from w->failure. */
void work_refuse(const struct work *w, struct settle_result *out);
bool store_trouble(enum err_code c);
#endif
