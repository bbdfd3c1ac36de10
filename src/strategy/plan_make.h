/* plan_make.h - the workshop of the planner: nodes under construction (plan.c, plan_node.c,
 * plan_push.c share it; nobody else).
 */
#ifndef SK_STRATEGY_PLAN_MAKE_H
#define SK_STRATEGY_PLAN_MAKE_H
#include "strategy/plan.h"

struct maker {
    struct arena *arena;
    const struct tally_program *p;
    struct strategy_plan *plan;
    int32_t room_nodes, room_consts, room_lists, room_ats;
    unsigned __int128 *bound; /* by node, for `wide` */
    int32_t *buckets;         /* hash of nodes: id + 1 */
    uint32_t buckets_mask;
    tally_shape times;
    const char *trouble; /* first thing the machine cannot do, NULL */
    struct tally_place trouble_at;
    const struct tally_expr *now; /* being built: expr_of of new nodes */
};

/* Finds or makes the node; `bound` is that of its values. */
int32_t maker_node(struct maker *m, struct plan_node n, unsigned __int128 bound);
int32_t maker_const(struct maker *m, __int128 v, int scale);
int32_t maker_list(struct maker *m, const int32_t *items, int32_t n); /* start in plan->lists */
int32_t maker_limit(struct maker *m, __int128 v);
/* An empty node over `shape`: space, time and grid filled in. */
struct plan_node maker_over(struct maker *m, enum plan_op op, tally_shape shape, int scale);
int16_t maker_space(struct maker *m, tally_shape mask); /* without time */
int16_t maker_grid(struct maker *m, int16_t space, int time);
/* The same value at a larger scale. */
int32_t maker_scale(struct maker *m, int32_t node, int scale);
/* Argument `node` made ready for a node over `shape`: clock axes and own intervals looked up. */
int32_t maker_fit(struct maker *m, int32_t node, tally_shape shape);
tally_shape maker_shape(const struct maker *m, int32_t node);
/* One operation over `shape`, arguments fitted; -1 for no argument. */
int32_t maker_op(struct maker *m, enum plan_op op, int kind, tally_shape shape, int scale,
                 int32_t a, int32_t b, int32_t c, unsigned __int128 bound);
void maker_trouble(struct maker *m, const char *what);

/* plan_push.c: the sum over time of a timed node, linear parts as buckets; `tou`: by tou. */
int32_t push_sum(struct maker *m, int32_t node, bool tou);
/* An aggregate over time in passes. `gained`: clock axes of the result. */
int32_t push_pass(struct maker *m, int kind, int32_t a, int32_t where, tally_shape inner,
                  tally_shape result, int scale, unsigned __int128 bound);
/* Number of intervals of `grid` by the clock axes of `result` (at most tou). */
int32_t push_count(struct maker *m, tally_shape inner, tally_shape result);
#endif
