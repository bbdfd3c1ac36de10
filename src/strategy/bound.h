/* bound.h - a plan bound to one order and period, and the values of its nodes: what binder, runner
 * and explainer share.
 *
 * A bound plan keeps pointers into the binding it was made from: the binding, and what it points
 * to, must live as long as it does.
 */
#ifndef SK_STRATEGY_BOUND_H
#define SK_STRATEGY_BOUND_H
#include "strategy/plan.h"

typedef __int128 wide; /* the untimed number of the machine */

struct bound_axis {
    int32_t n;
    bool given;                             /* the binding lists its members */
    const struct strategy_member **members; /* of a group, all outer members in turn */
    const int32_t *outer; /* member of the outer group, by member; NULL at the top       */
    const int32_t *start; /* members of outer member i: [start[i], start[i + 1])          */
    const struct strategy_axis **own; /* by member, its own or its outer member's; NULL: none has */
    const struct tariff_span **span;  /* likewise */
};

struct bound_space {
    int32_t n;      /* keys: groups x clock                       */
    int32_t groups; /* keys of its groups                         */
    int32_t clock;  /* keys of hour x date x tou                  */
    int32_t n_axes; /* groups, in plan order                      */
    int8_t axes[TALLY_AXES_MAX];
    const int32_t *key; /* groups x n_axes members; NULL where n_axes <= 1: the key itself */
};

struct bound_row {
    const struct strategy_axis *axis;
    const struct tariff_span *span;
};
struct bound_grid {
    int32_t rows, n_max;         /* n_max: intervals of the longest row */
    bool plain;                  /* every row has the time axis as bound */
    bool even;                   /* every row has as many intervals      */
    const struct bound_row *row; /* not plain: by row */
    struct bound_row main;
};

/* The values of a node. Those of a key that is not VALUE_OK are 0. */
struct value {
    void *v;     /* wide *, or int64_t * when timed and narrow; NULL: not evaluated */
    uint8_t *st; /* NULL: all VALUE_OK */
    int32_t n;
    int16_t space; /* its own; may be smaller than what the node could be */
};

struct bound_given { /* what the binding gave for a declaration */
    const void *one; /* at the top: struct strategy_setting, _feed or _price_feed; NULL: nothing */
    const void **of; /* in a group: by member */
};

struct bound_table {
    bool upto;
    const struct strategy_row *rows;
    int32_t n_rows;
    int8_t to_scale;
};

struct bound_pass { /* one pass over the blocks of a time axis */
    int8_t time;
    int32_t level;
    const int32_t *nodes; /* per interval, in order */
    int32_t n_nodes;
    const int32_t *sums; /* TIME_AGG nodes it feeds */
    int32_t n_sums;
    const int32_t *curves; /* definitions kept whole, by definition */
    int32_t n_curves;
};

struct strategy_bound {
    struct arena *arena;
    const struct strategy *strategy;
    const struct strategy_plan *plan;
    struct strategy_binding binding;
    struct bound_axis *axes; /* by axis of the program */
    struct bound_space *spaces;
    struct bound_grid *grids;
    struct bound_given *given; /* by declaration */
    int32_t *alias;            /* by node: the node that stands for it */
    uint8_t *reached;          /* by node */
    uint8_t *known;            /* by node: value set at binding */
    struct value *val;
    wide *one; /* by node: room for single values */
    uint8_t *one_st;
    bool *line_live, *flag_live;
    int32_t *exec; /* untimed nodes to evaluate, by level then order */
    int32_t level_start[PLAN_LEVELS_MAX + 2];
    struct bound_pass *passes;
    int32_t n_passes;
    struct bound_table *tables;
    int32_t n_tables;
    int32_t n_exec;
};

/* bind_value.c: values that the binding gives. ERR_INPUT names the setting and what was expected.
 */
SK_MUST_USE enum err_code bound_leaf(struct strategy_bound *b, int32_t id, struct err *e);
SK_MUST_USE enum err_code bound_setting(const struct strategy_bound *b, int32_t decl,
                                        int32_t member, wide *v, uint8_t *st, struct err *e);
SK_MUST_USE enum err_code bound_feeds(const struct strategy_bound *b, int32_t decl, struct err *e);
static inline const struct strategy_feed *bound_feed(const struct strategy_bound *b, int32_t decl,
                                                     int32_t member)
{
    const struct bound_given *g = &b->given[decl];
    return b->plan->program->decls[decl].axis < 0 ? g->one : g->of ? g->of[member] : NULL;
}
/* A source of the period read again on the own intervals of members. */
static inline bool bound_lifts_source(const struct strategy_bound *b, const struct plan_node *n)
{
    return n->op == PLAN_LIFT && b->plan->nodes[n->a].time >= 0 && !b->grids[n->grid].plain;
}
/* bind_fold.c: what is needed, what stands for what, and in which order it is evaluated. */
SK_MUST_USE enum err_code bound_fold(struct strategy_bound *b, struct err *e);

/* Evaluation: values by node, and room to bring arguments to one space. */
struct frame {
    struct arena *arena;
    const struct strategy_bound *b;
    struct value *val;
    /* timed: */
    int8_t pass;               /* number of the pass, from 1 */
    int32_t first, t, t_max;   /* the block: intervals [first, first + t) of every row */
    uint8_t **states;          /* by node: room for states of a block */
    const int32_t **projected; /* by pair of spaces: space_project() so far */
    uint8_t *scratch;          /* room for operands of one node */
    size_t scratch_n, scratch_room;
};

/* ---- spaces (space.c) ------------------------------------------------------------------------ */

void space_make(struct strategy_bound *b, int32_t space);
/* By key of `big`, the key of `small`, whose axes it has too. NULL: the same numbering. Not for a
 * `small` of one key. */
const int32_t *space_project(struct frame *f, int16_t big, int16_t small);
/* Index of the key with these members and clock indices, by axis; -1 if there is none. */
int32_t space_key(const struct strategy_bound *b, int16_t space, const int32_t *index);
/* Fills index[axis] for all axes of the space. */
void space_index(const struct strategy_bound *b, int16_t space, int32_t key, int32_t *index);
void grid_make(struct strategy_bound *b, int32_t grid);
struct bound_row grid_row(const struct bound_grid *g, int32_t row);
/* "valley@2", "T1", "2026-03-02": how a key of one axis prints. */
void text_key(struct text *t, const struct strategy_bound *b, int32_t axis, int32_t index);
/* Index on a clock axis of interval i of a row, -1 outside the period. */
int32_t clock_index(const struct strategy_bound *b, const struct bound_row *row, int32_t axis,
                    int32_t i);
/* The same for n intervals from `first` on. */
void clock_indexes(const struct strategy_bound *b, const struct bound_row *row, int32_t axis,
                   int32_t first, int32_t n, int32_t *out);
/* Key of the tou axis for key `key` of a member's own span; -1 if it has no such key. */
int32_t clock_tou_key(const struct strategy_bound *b, const struct tariff_span *s, int32_t key);
int32_t clock_length(const struct strategy_bound *b, int32_t axis);
/* Bits of the tou keys that intervals of the row fall into. */
uint64_t clock_tou_seen(const struct strategy_bound *b, const struct bound_row *row);

/* ---- evaluation (eval.c, aggregate.c, allocate.c) -------------------------------------------- */

/* Evaluates one node from the values of its arguments. Untimed nodes get fresh room. */
void eval_node(struct frame *f, int32_t id);
/* One operation per key whose arguments are all known single values (at binding). */
#define EVAL_LIST_MAX 64 /* items of a list that binding folds; longer ones wait for the run */
uint8_t eval_single(const struct strategy_bound *b, const struct value *val, int32_t id, wide *out);
void eval_aggregate(struct frame *f, int32_t id);
void eval_pick(struct frame *f, int32_t id);
void eval_allocate(struct frame *f, int32_t id);

/* An argument brought to the keys of `space`, and to the block's intervals if `timed`: rows x t. */
struct operand {
    const void *v;     /* wide * or int64_t * */
    const uint8_t *st; /* NULL: all VALUE_OK */
};
struct operand operand_wide(struct frame *f, int32_t arg, int16_t space, bool timed);
struct operand operand_narrow(struct frame *f, int32_t arg, int16_t space); /* timed */
/* Room for the result of a node: rows x t or keys, in its own width; *n of them. */
void *result_room(struct frame *f, int32_t id, int32_t *n);
/* All VALUE_OK; makes them the node's. */
uint8_t *result_states(struct frame *f, int32_t id, int32_t n);
void *frame_scratch(struct frame *f, size_t size); /* until frame_free */
void frame_free(struct frame *f);
/* One value of a node at a key of `space`. */
uint8_t value_at(const struct strategy_bound *b, const struct value *val, int32_t node,
                 int16_t space, int32_t key, wide *out);
#endif
