/* run.h - one run of a bound plan: what the parts of the runner and the explainer share.
 */
#ifndef SK_STRATEGY_RUN_H
#define SK_STRATEGY_RUN_H
#include "strategy/bound.h"

struct run_cause { /* where a state came from, for nodes whose arguments are not kept */
    int32_t node;  /* -1: not known */
    int32_t key;   /* of that node's space */
    int32_t at;    /* interval, -1 for none */
};

struct run_share { /* what the intervals of one key, or all of a source, were made of */
    int64_t n_estimated, n_manual;
    wide estimated, total; /* sums of |values|: marked E or M, and all */
};
struct run_keyed { /* the same by keys of some clock axes */
    tally_shape clock;
    struct run_share *at; /* by clock key */
    struct run_keyed *next;
};
struct run_source { /* one meter or series of one member */
    struct strategy_seen seen;
    wide total; /* sum of |values| or |sums| */
    bool counted;
    struct run_keyed *keyed; /* made when a line asks */
};

struct run {
    struct strategy_result result; /* first: what the caller holds */
    struct arena *arena;
    const struct strategy_bound *b;
    const struct strategy_data *data;
    struct frame frame;
    struct value *val;
    struct run_cause **causes;   /* by node, NULL; by key */
    struct run_source **sources; /* by declaration, NULL: not read; by member */
    int8_t *counting;            /* by declaration: pass + 1 that counts what is seen, 0 buckets */
    int32_t *clock[3];           /* hour, date, tou of the block's intervals on the main axis */
    bool clock_known[3];
    struct run_line *made; /* by line id */
    struct str *tou_words; /* by tou key */
    uint64_t tou_seen;     /* keys that intervals fall into */
    bool suspect;          /* something is estimated or manual */
    tally_shape **uses;    /* by line, made when asked: run_quality.c */
    void **whole;          /* by definition: a curve kept, rows x n, in its node's width */
    uint8_t **whole_st;
};
struct run_line {      /* what a printed line was made from */
    int32_t line, key; /* in program->lines; key of its shape's space */
};

/* run_source.c: reads sources; states of what is missing, and where the first one is. */
enum err_code run_bucket(struct run *r, int32_t id, struct err *e);
enum err_code run_any_missing(struct run *r, int32_t id, struct err *e);
enum err_code run_source(struct run *r, int32_t id, int32_t decl, struct err *e);
struct run_source *run_source_of(struct run *r, int32_t decl, int32_t member);

/* kernel.c: one pass over the blocks of a time axis. */
enum err_code run_pass(struct run *r, const struct bound_pass *pass, int32_t number, struct err *e);

/* run_fail.c */
struct run_cause run_origin(const struct run *r, int32_t node, int16_t space, int32_t key,
                            int32_t i);
/* The named failure of the order that a state at a key of `node` means, reaching statement `where`.
 */
enum err_code run_failed(const struct run *r, int32_t node, int16_t space, int32_t key, uint8_t st,
                         struct str where, struct tally_place at, struct err *e);

/* run_key.c: keys as words. */
struct str run_key_word(struct run *r, int32_t axis, int32_t index);
/* "SELF.valley@2" */
struct str run_code(struct run *r, const struct tally_code *code, const int32_t *index);
/* "g.valley@2", "baseline.U1.3"; at: interval, -1 for none */
struct str run_name(struct run *r, struct str name, int16_t space, int32_t key, int32_t at);
/* Calls `each` for every key of `space` that agrees with the fixed axes, in the given order. */
struct run_walk {
    const int8_t *order;
    int32_t n_order;
    int16_t space;
    uint32_t fixed; /* axes whose index is set */
    int32_t index[TALLY_AXES_MAX];
};
enum err_code run_walk(struct run *r, struct run_walk *w, int32_t level,
                       enum err_code (*each)(struct run *r, const struct run_walk *w, int32_t key,
                                             void *ctx, struct err *e),
                       void *ctx, struct err *e);
void run_fix(const struct strategy_bound *b, struct run_walk *w, int32_t axis, int32_t i);
struct decimal run_decimal(wide v, int scale, bool *fits);

/* run_quality.c: sets quality and estimated_e6 of a line at its key. Reads intervals, once for each
 * source and clock, only where something estimated or manual can be behind a key. */
enum err_code run_quality(struct run *r, int32_t line, int32_t key, struct strategy_line *out,
                          struct err *e);

/* The quantity and price that an amount remembers: nodes, and what `at` they are of. */
struct run_memory {
    int32_t q, p; /* -1: none */
    const struct plan_at *at;
};
struct run_memory run_memory(const struct run *r, int32_t node, int16_t space, int32_t key);

/* run_lines.c: lines, flags, printed definitions, states. */
enum err_code run_items(struct run *r, struct err *e);
enum err_code run_next(struct run *r, struct err *e);
void run_printed(struct run *r);
#endif
