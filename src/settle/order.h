/* order.h - one order's way from terms to lines, and the reading of many orders' sums at once.
 * Private.
 */
#ifndef SK_SETTLE_ORDER_H
#define SK_SETTLE_ORDER_H
#include "settle/prep.h"

/* The days of one point that the intervals of windows, sessions and history lie in, read once. */
struct track {
    int64_t point_id;
    int32_t first_day, n_days;
    struct reading_day *days;
};

struct source { /* a feed of the order; its index is the strategy's source number */
    int64_t point_id;
    struct track *track;       /* NULL: over the period, by the plan */
    struct strategy_axis axis; /* with a track: its own intervals, in their own time */
    int32_t days_before;       /* of history: the strategy asks for so many days later */
    struct reading_total total;
    int64_t *parts;             /* by key, scaled to the register; NULL: not scaled */
    int64_t registers, raw;     /* what the register says; what the intervals add up to */
    struct reading_day *scaled; /* the days of the period so scaled, when asked for */
    bool no_register;           /* to be scaled, and there is none at an end of the period */
    struct reading_day *days;   /* read when something asks for intervals; of days [first, + n) */
    int32_t first_day, n_days;
};

struct work {
    const struct contract_binding *b;
    const struct kind *kind;
    struct contract_terms terms;
    struct source *sources;
    size_t n_sources;
    struct track *tracks;
    size_t n_tracks;
    struct strategy_axis axis; /* what `interval` means: the period, or a window of its facts */
    struct strategy_window *windows;
    size_t n_windows;
    struct str events; /* days of earlier events that were looked at: "20260710,20260712" */
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
    struct str *kept; /* texts of results, by hash: orders of a strategy say the same words */
    struct prep_wish wish; /* of kinds made for one order; all empty: the newest of everything */
    const struct str *events; /* of the stored run that is computed again; NULL: looked up */
    struct prep *prep;        /* made when the first order needs a kind of its own */
    struct own_kind *own;
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

/* What a run row keeps of the facts: their version and the event days, "@3 20260710"; "" if none.
 */
struct str work_inputs(const struct work *w, struct arena *a);

/* A result without lines from w->failure. */
void work_refuse(const struct work *w, struct settle_result *out);
bool store_trouble(enum err_code c);

/* scale.c: sums of sources with registers become those of the register, where the terms say so. */
enum err_code scale_take(struct desk *d, struct work *w, struct err *e);
/* Values of the days of the period of a scaled source, so that they add up to its sums. */
void scale_days(struct desk *d, const struct work *w, const struct source *s,
                struct reading_day *days);

/* period.c: the terms of the period with its facts, and what differs from plain intervals of it.
 * Trouble of the order goes to w->failure, trouble of the store to e. */
enum err_code period_open(struct desk *d, struct work *w, struct err *e);
/* Numbers the feeds in the order of the terms. */
void period_sources(struct desk *d, struct work *w);
/* Reads the tracks: totals and snapshots of their sources. */
enum err_code period_read(struct desk *d, struct work *w, struct err *e);
/* The interval of a source's track at `axis`, -1 if the track does not have all of it. */
int32_t track_slot(const struct source *s, const struct strategy_axis *axis);
#endif
