/* plan_node.c - nodes of a plan under construction: equal ones are one, spaces and grids are
 * numbered, scales and clock lookups made explicit.
 */
#include "strategy/plan_make.h"

tally_shape plan_times(const struct tally_program *p)
{
    tally_shape t = SHAPE(AXIS_INTERVAL);
    for (int32_t i = AXIS_FIRST; i < p->n_axes; i++) {
        if (p->axes[i].window) {
            t |= SHAPE(i);
        }
    }
    return t;
}

void maker_trouble(struct maker *m, const char *what)
{
    if (!m->trouble) {
        m->trouble = what;
        m->trouble_at = m->now ? m->now->at : (struct tally_place){ 0 };
    }
}

static void *grown(struct maker *m, void *old, int32_t n, int32_t *room, size_t size)
{
    if (n < *room) {
        return old;
    }
    int32_t more = *room ? *room * 2 : 64;
    void *p = arena_array(m->arena, (size_t)more, size);
    if (n) {
        memcpy(p, old, (size_t)n * size);
    }
    *room = more;
    return p;
}

int16_t maker_space(struct maker *m, tally_shape mask)
{
    struct strategy_plan *p = m->plan;
    for (int32_t i = 0; i < p->n_spaces; i++) {
        if (p->spaces[i] == mask) {
            return (int16_t)i;
        }
    }
    if (p->n_spaces % 16 == 0) {
        tally_shape *more = arena_many(m->arena, (size_t)p->n_spaces + 16, tally_shape);
        int16_t *groups = arena_many(m->arena, (size_t)p->n_spaces + 16, int16_t);
        if (p->n_spaces) {
            memcpy(more, p->spaces, (size_t)p->n_spaces * sizeof *more);
            memcpy(groups, p->group_space, (size_t)p->n_spaces * sizeof *groups);
        }
        p->spaces = more;
        p->group_space = groups;
    }
    int32_t i = p->n_spaces++;
    p->spaces[i] = mask;
    int16_t g = mask & SHAPE_CLOCK ? maker_space(m, mask & ~SHAPE_CLOCK) : (int16_t)i;
    p->group_space[i] = g;
    return (int16_t)i;
}

int16_t maker_grid(struct maker *m, int16_t space, int time)
{
    struct strategy_plan *p = m->plan;
    for (int32_t i = 0; i < p->n_grids; i++) {
        if (p->grids[i].space == space && p->grids[i].time == time) {
            return (int16_t)i;
        }
    }
    if (p->n_grids % 16 == 0) {
        struct plan_grid *more = arena_many(m->arena, (size_t)p->n_grids + 16, struct plan_grid);
        if (p->n_grids) {
            memcpy(more, p->grids, (size_t)p->n_grids * sizeof *more);
        }
        p->grids = more;
    }
    p->grids[p->n_grids] = (struct plan_grid){ space, (int8_t)time };
    return (int16_t)p->n_grids++;
}

struct plan_node maker_over(struct maker *m, enum plan_op op, tally_shape shape, int scale)
{
    struct plan_node n;
    memset(&n, 0, sizeof n); /* padding too: equal nodes are found by their bytes */
    n.op = (uint8_t)op;
    n.scale = (int8_t)scale;
    n.a = n.b = n.c = -1;
    n.inner = -1;
    n.limit = -1;
    tally_shape time = shape & m->times;
    n.time = -1;
    n.grid = -1;
    if (time) {
        if (time & (time - 1)) {
            maker_trouble(m, "a value cannot vary by two time axes at once: reduce one of them "
                             "first, for instance with sum(.. over interval)");
            time &= -time;
        }
        if (!(time & SHAPE(AXIS_INTERVAL)) && (shape & SHAPE_CLOCK)) {
            maker_trouble(m, "a value cannot vary by a window and by hour, date or tou at once: "
                             "those belong to the period; reduce one of them first");
        }
        n.time = (int8_t)__builtin_ctz(time);
        n.space = maker_space(m, shape & ~m->times & ~SHAPE_CLOCK);
        n.grid = maker_grid(m, n.space, n.time);
    } else {
        n.space = maker_space(m, shape);
    }
    return n;
}

static int32_t level_of(const struct maker *m, const struct plan_node *n)
{
    const struct strategy_plan *p = m->plan;
    int32_t level = 0;
    const int32_t args[] = { n->a, n->b, n->c };
    bool leaf = n->op <= PLAN_COUNT_TIME;
    for (int i = 0; i < 3 && !leaf; i++) {
        if (args[i] >= 0 && p->level[args[i]] > level) {
            level = p->level[args[i]];
        }
    }
    for (int32_t i = 0; i < n->n_list; i++) {
        bool word = n->op == PLAN_CHOOSE && i % 2 == 0;
        int32_t id = p->lists[n->list + i];
        if (!word && p->level[id] > level) {
            level = p->level[id];
        }
    }
    return n->op == PLAN_TIME_AGG ? level + 1 : level;
}

/* Leaves that the contract alone decides: the top's parameters, and what is agreed. */
static bool is_fixed(const struct maker *m, const struct plan_node *n)
{
    const struct strategy_plan *p = m->plan;
    if (n->time >= 0 || p->spaces[n->space] != 0) {
        return false;
    }
    switch (n->op) {
    case PLAN_CONST:
    case PLAN_AGREED:
        return true;
    case PLAN_PARAM:
        return m->p->decls[n->aux].kind == STRATEGY_PARAM;
    default:
        return false;
    }
}

int32_t maker_node(struct maker *m, struct plan_node n, unsigned __int128 bound)
{
    struct strategy_plan *p = m->plan;
    n.wide = n.time >= 0 && bound > (unsigned __int128)INT64_MAX;
    uint32_t at = (uint32_t)hash64(&n, sizeof n, 1) & m->buckets_mask;
    for (; m->buckets[at]; at = (at + 1) & m->buckets_mask) {
        int32_t id = m->buckets[at] - 1;
        if (memcmp(&p->nodes[id], &n, sizeof n) == 0) {
            return id;
        }
    }
    int32_t id = p->n_nodes;
    int32_t room = m->room_nodes;
    p->nodes = grown(m, p->nodes, id, &room, sizeof *p->nodes);
    if (room != m->room_nodes) {
        int32_t same = m->room_nodes;
        p->level = grown(m, p->level, id, &same, sizeof *p->level);
        same = m->room_nodes;
        p->folds = grown(m, p->folds, id, &same, sizeof *p->folds);
        same = m->room_nodes;
        p->decides = grown(m, p->decides, id, &same, sizeof *p->decides);
        same = m->room_nodes;
        p->expr_of = grown(m, p->expr_of, id, &same, sizeof *p->expr_of);
        same = m->room_nodes;
        m->bound = grown(m, m->bound, id, &same, sizeof *m->bound);
        m->room_nodes = room;
    }
    memcpy(&p->nodes[id], &n, sizeof n);
    p->level[id] = level_of(m, &n);
    p->folds[id] = is_fixed(m, &n);
    p->decides[id] = n.op == PLAN_IF || n.op == PLAN_CHOOSE || n.op == PLAN_AND ||
                     n.op == PLAN_OR || n.op == PLAN_ELSE || n.op == PLAN_HARD;
    p->expr_of[id] = m->now ? m->now->id : -1;
    m->bound[id] = bound;
    p->n_nodes++;
    m->buckets[at] = id + 1;
    if ((uint32_t)p->n_nodes * 2 > m->buckets_mask) { /* rehash */
        uint32_t mask = m->buckets_mask * 2 + 1;
        int32_t *more = arena_many(m->arena, (size_t)mask + 1, int32_t);
        for (int32_t i = 0; i < p->n_nodes; i++) {
            uint32_t k = (uint32_t)hash64(&p->nodes[i], sizeof n, 1) & mask;
            while (more[k]) {
                k = (k + 1) & mask;
            }
            more[k] = i + 1;
        }
        m->buckets = more;
        m->buckets_mask = mask;
    }
    return id;
}

int32_t maker_limit(struct maker *m, __int128 v)
{
    struct strategy_plan *p = m->plan;
    for (int32_t i = 0; i < p->n_consts; i++) {
        if (p->consts[i] == v) {
            return i;
        }
    }
    p->consts = grown(m, p->consts, p->n_consts, &m->room_consts, sizeof *p->consts);
    p->consts[p->n_consts] = v;
    return p->n_consts++;
}

int32_t maker_const(struct maker *m, __int128 v, int scale)
{
    struct plan_node n = maker_over(m, PLAN_CONST, 0, scale);
    n.aux = maker_limit(m, v);
    return maker_node(m, n, (unsigned __int128)(v < 0 ? -v : v));
}

int32_t maker_list(struct maker *m, const int32_t *items, int32_t n)
{
    struct strategy_plan *p = m->plan;
    for (int32_t i = 0; i + n <= p->n_lists; i++) { /* equal lists are one, so equal nodes are */
        if (memcmp(&p->lists[i], items, (size_t)n * sizeof *items) == 0) {
            return i;
        }
    }
    int32_t start = p->n_lists;
    for (int32_t i = 0; i < n; i++) {
        p->lists = grown(m, p->lists, p->n_lists, &m->room_lists, sizeof *p->lists);
        p->lists[p->n_lists++] = items[i];
    }
    return start;
}

tally_shape maker_shape(const struct maker *m, int32_t node)
{
    const struct plan_node *n = &m->plan->nodes[node];
    return m->plan->spaces[n->space] | (n->time >= 0 ? SHAPE(n->time) : 0);
}

int32_t maker_scale(struct maker *m, int32_t node, int scale)
{
    const struct plan_node *n = &m->plan->nodes[node];
    int up = scale - n->scale;
    if (up <= 0) {
        return node;
    }
    if (n->op == PLAN_CONST) {
        __int128 v = m->plan->consts[n->aux];
        for (int i = 0; i < up; i++) {
            v *= 10;
        }
        return maker_const(m, v, scale);
    }
    struct plan_node s = maker_over(m, PLAN_SCALE, maker_shape(m, node), scale);
    s.a = node;
    s.aux = up;
    unsigned __int128 bound = m->bound[node];
    for (int i = 0; i < up; i++) {
        bound = bound > (~(unsigned __int128)0) / 10 ? ~(unsigned __int128)0 : bound * 10;
    }
    return maker_node(m, s, bound);
}

int32_t maker_fit(struct maker *m, int32_t node, tally_shape shape)
{
    if (node < 0 || !(shape & m->times)) {
        return node;
    }
    const struct plan_node *n = &m->plan->nodes[node];
    struct plan_node l = maker_over(m, PLAN_LIFT, shape, n->scale);
    bool clock = n->time < 0 && (m->plan->spaces[n->space] & SHAPE_CLOCK);
    bool own = (n->op == PLAN_SOURCE || n->op == PLAN_TIME_IN) && n->space != l.space;
    if (!clock && !own) {
        return node;
    }
    l.a = node;
    return maker_node(m, l, m->bound[node]);
}

int32_t maker_op(struct maker *m, enum plan_op op, int kind, tally_shape shape, int scale,
                 int32_t a, int32_t b, int32_t c, unsigned __int128 bound)
{
    struct plan_node n = maker_over(m, op, shape, scale);
    n.kind = (uint8_t)kind;
    n.a = maker_fit(m, a, shape);
    n.b = maker_fit(m, b, shape);
    n.c = maker_fit(m, c, shape);
    return maker_node(m, n, bound);
}
