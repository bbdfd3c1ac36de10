/* plan_push.c - sums over time are pushed down to the readings.
 *
 * sum(a x + b y) over intervals is a sum(x) + b sum(y) for whatever does not vary by interval; a
 * price by tou multiplies the bucket of its key. So most strategies touch a handful of sums, which
 * the store has ready, and no interval. What is not linear (pos, min, products of two series) stays
 * as it is and is summed in a pass over blocks.
 */
#include "strategy/plan_make.h"

int32_t push_pass(struct maker *m, int kind, int32_t a, int32_t where, tally_shape inner,
                  tally_shape result, int scale, unsigned __int128 bound)
{
    struct plan_node n = maker_over(m, PLAN_TIME_AGG, result, scale);
    n.kind = (uint8_t)kind;
    n.a = maker_fit(m, a, inner);
    n.b = maker_fit(m, where, inner);
    n.inner = maker_over(m, PLAN_CONST, inner, 0).grid;
    return maker_node(m, n, bound);
}

int32_t push_count(struct maker *m, tally_shape inner, tally_shape result)
{
    struct plan_node n = maker_over(m, PLAN_COUNT_TIME, result, 0);
    n.inner = maker_over(m, PLAN_CONST, inner, 0).grid;
    return maker_node(m, n, (unsigned __int128)1 << 40);
}

/* Longest sum there is: readings of a leap year in every member. */
static unsigned __int128 summed(unsigned __int128 bound)
{
    unsigned __int128 most = ~(unsigned __int128)0;
    return bound > most / 35136 ? most : bound * 35136;
}

/* The factor of a product that does not vary by interval, -1 if there is none; *tou: by tou. */
static int32_t steady(const struct maker *m, int32_t node, bool *tou)
{
    const struct plan_node *n = &m->plan->nodes[node];
    *tou = false;
    if (n->time < 0) {
        return node;
    }
    if (n->op != PLAN_LIFT || m->plan->nodes[n->a].time >= 0) {
        return -1;
    }
    tally_shape clock = m->plan->spaces[m->plan->nodes[n->a].space] & SHAPE_CLOCK;
    if (clock & ~SHAPE(AXIS_TOU)) {
        return -1;
    }
    *tou = true;
    return n->a;
}

/* Has a timed argument the rows of its user? If not, its sum over time is not that of each row:
 * a member may have intervals of its own. Then nothing is pushed, the pass lifts it row by row. */
static bool same_rows(const struct maker *m, int32_t user, int32_t arg)
{
    const struct plan_node *a = &m->plan->nodes[arg], *u = &m->plan->nodes[user];
    return a->time < 0 || a->space == u->space;
}

static bool cases_have_rows(const struct maker *m, int32_t node)
{
    const struct plan_node *n = &m->plan->nodes[node];
    for (int32_t i = 1; i < n->n_list; i += 2) {
        if (!same_rows(m, node, m->plan->lists[n->list + i])) {
            return false;
        }
    }
    return true;
}

static int32_t push_product(struct maker *m, int32_t node, int32_t series, int32_t factor,
                            bool factor_tou, bool tou)
{
    const struct plan_node n = m->plan->nodes[node];
    bool by_tou = tou || factor_tou;
    tally_shape shape = m->plan->spaces[n.space] | (by_tou ? SHAPE(AXIS_TOU) : 0);
    struct plan_node p = maker_over(m, PLAN_MUL, shape, n.scale);
    p.a = push_sum(m, series, by_tou);
    p.b = factor;
    p.bucket = true;
    p.inner = n.grid;
    int32_t product = maker_node(m, p, summed(m->bound[node]));
    if (by_tou == tou) {
        return product;
    }
    struct plan_node s = maker_over(m, PLAN_AGG, m->plan->spaces[n.space], n.scale);
    s.kind = FN_SUM;
    s.a = product;
    s.inner = p.space;
    return maker_node(m, s, summed(m->bound[node]));
}

static int32_t push_each(struct maker *m, int32_t node, int32_t a, int32_t b, int32_t c)
{
    struct plan_node n = m->plan->nodes[node];
    tally_shape shape = 0;
    const int32_t args[] = { a, b, c };
    for (int i = 0; i < 3; i++) {
        shape |= args[i] >= 0 ? maker_shape(m, args[i]) : 0;
    }
    struct plan_node s =
        maker_over(m, (enum plan_op)n.op, shape | m->plan->spaces[n.space], n.scale);
    s.kind = n.kind;
    s.aux = n.aux;
    s.a = a;
    s.b = b;
    s.c = c;
    return maker_node(m, s, summed(m->bound[node]));
}

/* A term that does not vary by interval counts once per interval. */
static int32_t push_steady(struct maker *m, int32_t value, tally_shape inner, bool tou,
                           unsigned __int128 bound)
{
    tally_shape shape = (inner & ~m->times) | (tou ? SHAPE(AXIS_TOU) : 0);
    struct plan_node p = maker_over(m, PLAN_MUL, shape, m->plan->nodes[value].scale);
    p.a = push_count(m, inner, shape);
    p.b = value;
    p.bucket = true;
    p.inner = maker_over(m, PLAN_CONST, inner, 0).grid;
    return maker_node(m, p, summed(bound));
}

static int32_t push_arg(struct maker *m, int32_t user, int32_t arg, bool tou)
{
    if (m->plan->nodes[arg].time >= 0) {
        return push_sum(m, arg, tou);
    }
    return push_steady(m, arg, maker_shape(m, user), tou, m->bound[arg]);
}

static int32_t push_bucket(struct maker *m, int32_t decl, tally_shape shape, bool tou, int scale,
                           unsigned __int128 bound)
{
    struct plan_node b =
        maker_over(m, PLAN_BUCKET, (shape & ~m->times) | (tou ? SHAPE(AXIS_TOU) : 0), scale);
    b.aux = decl;
    b.inner = maker_over(m, PLAN_CONST, shape, 0).grid;
    return maker_node(m, b, summed(bound));
}

int32_t push_sum(struct maker *m, int32_t node, bool tou)
{
    const struct plan_node n = m->plan->nodes[node];
    tally_shape shape = maker_shape(m, node);
    bool a_tou = false, b_tou = false;
    switch (n.op) {
    case PLAN_SOURCE:
        return push_bucket(m, n.aux, shape, tou, n.scale, m->bound[node]);
    case PLAN_LIFT:
        if (m->plan->nodes[n.a].op == PLAN_SOURCE) {
            return push_bucket(m, m->plan->nodes[n.a].aux, shape, tou, n.scale, m->bound[node]);
        }
        if (steady(m, node, &a_tou) >= 0) {
            int32_t sum = push_steady(m, n.a, shape, true, m->bound[node]);
            if (tou) {
                return sum;
            }
            struct plan_node s = maker_over(m, PLAN_AGG, shape & ~m->times, n.scale);
            s.kind = FN_SUM;
            s.a = sum;
            s.inner = m->plan->nodes[sum].space;
            return maker_node(m, s, summed(m->bound[node]));
        }
        break;
    case PLAN_SCALE:
    case PLAN_NEG:
    case PLAN_HARD:
        return push_each(m, node, push_arg(m, node, n.a, tou), -1, -1);
    case PLAN_ADD:
    case PLAN_SUB:
        if (same_rows(m, node, n.a) && same_rows(m, node, n.b)) {
            return push_each(m, node, push_arg(m, node, n.a, tou), push_arg(m, node, n.b, tou), -1);
        }
        break;
    case PLAN_MUL: {
        int32_t b = steady(m, n.b, &b_tou);
        if (b >= 0 && m->plan->nodes[n.a].time >= 0 && same_rows(m, node, n.a)) {
            return push_product(m, node, n.a, b, b_tou, tou);
        }
        int32_t a = steady(m, n.a, &a_tou);
        if (a >= 0 && m->plan->nodes[n.b].time >= 0 && same_rows(m, node, n.b)) {
            return push_product(m, node, n.b, a, a_tou, tou);
        }
        break;
    }
    case PLAN_IF:
        if (m->plan->nodes[n.a].time < 0 && same_rows(m, node, n.b) && same_rows(m, node, n.c)) {
            return push_each(m, node, n.a, push_arg(m, node, n.b, tou),
                             push_arg(m, node, n.c, tou));
        }
        break;
    case PLAN_CHOOSE:
        if (m->plan->nodes[n.a].time < 0 && cases_have_rows(m, node)) {
            int32_t *cases = arena_many(m->arena, (size_t)n.n_list, int32_t);
            tally_shape all = m->plan->spaces[n.space] | maker_shape(m, n.a);
            for (int32_t i = 0; i < n.n_list; i++) {
                int32_t item = m->plan->lists[n.list + i];
                cases[i] = i % 2 ? push_arg(m, node, item, tou) : item;
                all |= i % 2 ? maker_shape(m, cases[i]) : 0;
            }
            struct plan_node s = maker_over(m, PLAN_CHOOSE, all, n.scale);
            s.a = n.a;
            s.list = maker_list(m, cases, n.n_list);
            s.n_list = n.n_list;
            return maker_node(m, s, summed(m->bound[node]));
        }
        break;
    default:
        break;
    }
    tally_shape result = (shape & ~m->times) | (tou ? SHAPE(AXIS_TOU) : 0);
    return push_pass(m, FN_SUM, node, -1, shape, result, n.scale, summed(m->bound[node]));
}
