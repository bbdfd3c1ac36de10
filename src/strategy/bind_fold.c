/* bind_fold.c - what the contract decides is decided once: choices, agreements, numbers.
 *
 * Three walks over the nodes: upwards what is known from the contract alone; downwards from lines,
 * flags, states and titled definitions what is needed; upwards again the leaves that are needed get
 * their values, and the rest is put in order of evaluation.
 */
#include "strategy/bound.h"

/* Known, and one value for all keys. */
static bool is_single(const struct strategy_bound *b, int32_t node)
{
    return b->known[node] && b->val[node].n == 1;
}

static uint8_t known_state(const struct strategy_bound *b, int32_t node)
{
    return b->val[node].st ? b->val[node].st[0] : VALUE_OK;
}

static bool is_yes(const struct strategy_bound *b, int32_t node, bool yes)
{
    if (node < 0 || !is_single(b, node) || known_state(b, node) != VALUE_OK) {
        return false;
    }
    return (*(const wide *)b->val[node].v != 0) == yes;
}

/* ---- upwards: known from the contract -------------------------------------------------------- */

static bool copy_known(struct strategy_bound *b, int32_t id, int32_t from)
{
    if (from < 0 || !b->known[from]) {
        return false;
    }
    b->val[id] = b->val[from];
    return true;
}

/* The branch that decides a node whose other arguments may stay unknown; -1: none does. */
static int32_t deciding(const struct strategy_bound *b, const struct plan_node *n)
{
    const struct strategy_plan *p = b->plan;
    switch (n->op) {
    case PLAN_IF:
        return is_yes(b, n->a, true) ? n->b : is_yes(b, n->a, false) ? n->c : -1;
    case PLAN_CHOOSE:
        if (is_single(b, n->a) && known_state(b, n->a) == VALUE_OK) {
            wide word = *(const wide *)b->val[n->a].v;
            for (int32_t i = 0; i < n->n_list; i += 2) {
                if (p->lists[n->list + i] == word) {
                    return p->lists[n->list + i + 1];
                }
            }
        }
        return -1;
    case PLAN_AND:
    case PLAN_OR: {
        bool stops = n->op == PLAN_OR;
        if (is_yes(b, n->a, stops) || is_yes(b, n->b, !stops)) {
            return n->a;
        }
        return is_yes(b, n->b, stops) || is_yes(b, n->a, !stops) ? n->b : -1;
    }
    case PLAN_ELSE:
        if (is_single(b, n->a)) {
            uint8_t st = known_state(b, n->a);
            return st == VALUE_ABSENT || state_is_soft(st) ? n->b : n->a;
        }
        return -1;
    case PLAN_HARD:
        return is_single(b, n->a) && known_state(b, n->a) == VALUE_OK ? n->a : -1;
    default:
        return -1;
    }
}

/* All arguments are single known values: so is this one. */
static bool fold_value(struct strategy_bound *b, int32_t id, const struct plan_node *n)
{
    const struct strategy_plan *p = b->plan;
    if (n->time >= 0 || n->op < PLAN_SCALE || n->op > PLAN_POWER_FACTOR || n->op == PLAN_LOOKUP ||
        n->op == PLAN_POWER || n->n_list > EVAL_LIST_MAX) {
        return false;
    }
    for (int32_t i = 0; i < plan_args(n); i++) {
        int32_t a = plan_arg(p, n, i);
        if (a >= 0 && !is_single(b, a)) {
            return false;
        }
    }
    uint8_t st = eval_single(b, b->val, id, &b->one[id]);
    b->one_st[id] = st;
    b->val[id] = (struct value){ &b->one[id], st == VALUE_OK ? NULL : &b->one_st[id], 1, 0 };
    return true;
}

static void fold_known(struct strategy_bound *b)
{
    const struct strategy_plan *p = b->plan;
    for (int32_t id = 0; id < p->n_nodes; id++) {
        const struct plan_node *n = &p->nodes[id];
        if (n->op <= PLAN_COUNT_TIME) { /* a wrong or missing one is an error only where needed */
            b->known[id] = p->folds[id] && bound_leaf(b, id, NULL) == OK;
            continue;
        }
        int32_t by = p->decides[id] ? deciding(b, n) : -1;
        if (by >= 0) { /* one side may decide, whatever the other is */
            b->known[id] = is_single(b, by) && copy_known(b, id, by);
        } else {
            b->known[id] = fold_value(b, id, n);
        }
    }
}

/* ---- downwards: needed ----------------------------------------------------------------------- */

static void need(struct strategy_bound *b, int32_t node)
{
    if (node >= 0) {
        b->reached[node] = 1;
    }
}

/* Cases of a choice that members make: only those somebody made. */
static enum err_code need_cases(struct strategy_bound *b, const struct plan_node *n, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    need(b, n->a);
    const struct plan_node *s = &p->nodes[n->a];
    bool leaf = s->op == PLAN_PARAM;
    if (leaf && !b->known[n->a]) {
        enum err_code code = bound_leaf(b, n->a, e);
        if (code != OK) {
            return code;
        }
        b->known[n->a] = 1;
    }
    const struct value *v = &b->val[n->a];
    for (int32_t i = 0; i < n->n_list; i += 2) {
        bool made = !leaf;
        for (int32_t k = 0; k < v->n && !made; k++) {
            made = ((const wide *)v->v)[k] == p->lists[n->list + i];
        }
        if (made) {
            need(b, p->lists[n->list + i + 1]);
        }
    }
    return OK;
}

static enum err_code need_args(struct strategy_bound *b, int32_t id, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    const struct plan_node *n = &p->nodes[id];
    int32_t by = deciding(b, n);
    if (by >= 0) {
        b->alias[id] = by;
        need(b, by);
        return OK;
    }
    if (n->op == PLAN_CHOOSE) {
        return need_cases(b, n, e);
    }
    if (n->op == PLAN_BILL && is_yes(b, n->a, false)) {
        b->known[id] = 1; /* a line that never holds bills zero */
        b->one[id] = 0;
        b->val[id] = (struct value){ &b->one[id], NULL, 1, 0 };
        return OK;
    }
    for (int32_t i = 0; i < plan_args(n); i++) {
        if (n->op == PLAN_EXCEPT && i > 3 && (i - 3) % 2 == 0 &&
            is_yes(b, plan_arg(p, n, i - 1), false)) {
            continue; /* the value of an exception that never holds */
        }
        need(b, plan_arg(p, n, i));
    }
    return OK;
}

static void need_roots(struct strategy_bound *b)
{
    const struct strategy_plan *p = b->plan;
    const struct tally_program *t = p->program;
    b->line_live = arena_many(b->arena, (size_t)t->n_lines + 1, bool);
    b->flag_live = arena_many(b->arena, (size_t)t->n_flags + 1, bool);
    for (int32_t i = 0; i < t->n_lines; i++) {
        const struct plan_line *l = &p->lines[i];
        b->line_live[i] = !is_yes(b, l->when, false);
        if (b->line_live[i]) {
            need(b, l->amount);
            need(b, l->when);
            need(b, l->vat);
            need(b, l->show_q);
            need(b, l->show_p);
        }
    }
    for (int32_t i = 0; i < t->n_flags; i++) {
        b->flag_live[i] = !is_yes(b, p->flags[i].when, false);
        if (b->flag_live[i]) {
            need(b, p->flags[i].when);
        }
    }
    for (int32_t i = 0; i < t->n_nexts; i++) {
        need(b, p->nexts[i]);
    }
    for (int32_t i = 0; i < t->n_definitions; i++) {
        if (t->definitions[i].title.n) {
            need(b, p->definitions[i].node);
        }
    }
}

/* ---- what the period cannot do --------------------------------------------------------------- */

static enum err_code refuse(const struct strategy_bound *b, struct err *e, int32_t id,
                            const char *why)
{
    const struct tally_program *p = b->plan->program;
    int32_t x = b->plan->expr_of[id];
    struct tally_place at = x >= 0 ? p->exprs[x]->at : (struct tally_place){ 0 };
    struct str file = tally_file_name(p, at);
    return fail_named(e, ERR_INPUT, "BIND", "order " STR_FMT ": %s (" STR_FMT ":%d)",
                      STR_ARG(b->binding.order_no), why, STR_ARG(file), at.line);
}

/* The span must know every instant that is looked up on the tou axis. */
static bool covered(const struct strategy_bound *b, int32_t grid)
{
    const struct bound_grid *g = &b->grids[grid];
    int32_t rows = g->plain ? 1 : g->rows;
    for (int32_t r = 0; r < rows; r++) {
        struct bound_row row = grid_row(g, r);
        const struct tariff_span *s = row.span;
        if (row.axis->n == 0) {
            continue;
        }
        int64_t end = row.axis->start.utc_ms + (int64_t)row.axis->n * row.axis->minutes * 60000;
        int64_t from = s ? day_start(s->first).utc_ms : 0;
        if (!s || row.axis->start.utc_ms < from || end > from + s->n_days * DAY_MS ||
            clock_index(b, &row, AXIS_TOU, 0) < 0) {
            return false;
        }
    }
    return true;
}

static enum err_code check_node(const struct strategy_bound *b, int32_t id, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    const struct plan_node *n = &p->nodes[id];
    if (n->op == PLAN_BUCKET || n->op == PLAN_SOURCE || n->op == PLAN_ANY_MISSING) {
        enum err_code code = bound_feeds(b, n->aux, e);
        if (code != OK) {
            return code;
        }
    }
    tally_shape mask = p->spaces[n->space];
    int32_t looks = -1; /* grid whose instants are looked up */
    if ((n->op == PLAN_BUCKET || n->op == PLAN_TIME_AGG || n->op == PLAN_COUNT_TIME) &&
        (mask & SHAPE(AXIS_TOU))) {
        looks = n->inner;
    } else if (n->op == PLAN_LIFT && (p->spaces[p->nodes[n->a].space] & SHAPE(AXIS_TOU))) {
        looks = n->grid;
    }
    if (looks >= 0 && !covered(b, looks)) {
        return refuse(b, e, id,
                      "the bound calendar does not cover every interval that is looked up "
                      "on the tou axis");
    }
    for (int32_t a = AXIS_FIRST; a < p->program->n_axes; a++) {
        if ((mask & SHAPE(a)) && p->program->axes[a].group && !b->axes[a].given) {
            struct str name = p->program->axes[a].name;
            return fail_named(e, ERR_INPUT, "BIND",
                              "order " STR_FMT ": group " STR_FMT
                              ": its members are needed and not listed",
                              STR_ARG(b->binding.order_no), STR_ARG(name));
        }
    }
    if (n->time >= AXIS_FIRST) {
        bool found = false;
        struct str name = p->program->axes[n->time].name;
        for (size_t i = 0; i < b->binding.n_windows && !found; i++) {
            found = str_eq(b->binding.windows[i].name, name);
        }
        if (!found) {
            return fail_named(e, ERR_INPUT, "BIND",
                              "order " STR_FMT ": window " STR_FMT ": is needed and not given",
                              STR_ARG(b->binding.order_no), STR_ARG(name));
        }
    }
    if (n->op == PLAN_POWER) {
        const struct bound_grid *g = &b->grids[n->grid];
        for (int32_t r = 0; r < (g->plain ? 1 : g->rows); r++) {
            if (60 % grid_row(g, r).axis->minutes != 0) {
                return refuse(b, e, id, "power() needs intervals that divide an hour");
            }
        }
    }
    return OK;
}

/* Sessions with intervals of their own meet the period's intervals only through sums. */
static enum err_code check_rows(const struct strategy_bound *b, int32_t id, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    const struct plan_node *n = &p->nodes[id];
    int32_t grid =
        n->op == PLAN_TIME_AGG || (n->op == PLAN_AGG && n->time >= 0) ? n->inner : n->grid;
    if (grid < 0 || n->op == PLAN_LIFT) {
        return OK;
    }
    const struct bound_grid *g = &b->grids[grid];
    bool bad = n->op == PLAN_AGG && !g->even && n->grid != grid;
    for (int32_t i = 0; i < plan_args(n) && !g->even && !bad; i++) {
        int32_t a = plan_arg(p, n, i);
        if (a >= 0 && b->reached[a]) {
            const struct plan_node *x = &p->nodes[b->alias[a]];
            bad = x->time >= 0 && x->grid != grid && b->grids[x->grid].plain;
        }
    }
    return bad ? refuse(b, e, id,
                        "intervals of the period cannot be joined with members that have "
                        "intervals of their own; sum them first")
               : OK;
}

/* ---- order of evaluation --------------------------------------------------------------------- */

static bool is_leaf(const struct plan_node *n)
{
    return n->op < PLAN_BUCKET && n->op != PLAN_SOURCE && n->op != PLAN_TIME_IN;
}

static enum err_code resolve(struct strategy_bound *b, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    for (int32_t id = 0; id < p->n_nodes; id++) {
        if (!b->reached[id]) {
            continue;
        }
        if (b->alias[id] != id) {
            b->alias[id] = b->alias[b->alias[id]];
            continue;
        }
        const struct plan_node *n = &p->nodes[id];
        if (is_leaf(n)) {
            enum err_code code = b->known[id] ? OK : bound_leaf(b, id, e);
            if (code != OK) {
                return code;
            }
            b->known[id] = 1;
        }
    }
    return OK;
}

static enum err_code check_nodes(struct strategy_bound *b, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    for (int32_t id = 0; id < p->n_nodes; id++) {
        if (b->reached[id] && b->alias[id] == id) {
            enum err_code code = check_node(b, id, e);
            code = code != OK ? code : check_rows(b, id, e);
            if (code != OK) {
                return code;
            }
        }
    }
    return OK;
}

static void make_order(struct strategy_bound *b)
{
    const struct strategy_plan *p = b->plan;
    b->exec = arena_many(b->arena, (size_t)p->n_nodes + 1, int32_t);
    for (int32_t level = 0; level <= p->levels; level++) {
        b->level_start[level] = b->n_exec;
        for (int32_t id = 0; id < p->n_nodes; id++) {
            const struct plan_node *n = &p->nodes[id];
            if (b->reached[id] && !b->known[id] && b->alias[id] == id && n->time < 0 &&
                n->op != PLAN_TIME_AGG && p->level[id] == level) {
                b->exec[b->n_exec++] = id;
            }
        }
    }
    b->level_start[p->levels + 1] = b->n_exec;
}

static void need_timed(const struct strategy_bound *b, uint8_t *needed, int32_t node)
{
    if (node >= 0 && b->reached[node] && b->plan->nodes[b->alias[node]].time >= 0) {
        needed[b->alias[node]] = 1;
    }
}

static void make_pass(struct strategy_bound *b, int32_t level, int8_t time)
{
    const struct strategy_plan *p = b->plan;
    const struct tally_program *t = p->program;
    uint8_t *needed = arena_alloc(b->arena, (size_t)p->n_nodes + 1);
    int32_t *nodes = arena_many(b->arena, (size_t)p->n_nodes + 1, int32_t);
    int32_t *sums = arena_many(b->arena, (size_t)p->n_nodes + 1, int32_t);
    int32_t *curves = arena_many(b->arena, (size_t)t->n_definitions + 1, int32_t);
    struct bound_pass pass = { .time = time, .level = level };
    for (int32_t id = 0; id < p->n_nodes; id++) {
        const struct plan_node *n = &p->nodes[id];
        if (b->reached[id] && b->alias[id] == id && n->op == PLAN_TIME_AGG &&
            p->level[id] == level + 1 && p->grids[n->inner].time == time) {
            sums[pass.n_sums++] = id;
            need_timed(b, needed, n->a);
            need_timed(b, needed, n->b);
        }
    }
    for (int32_t i = 0; i < t->n_definitions; i++) {
        int32_t node = b->alias[p->definitions[i].node];
        if (t->definitions[i].title.n && p->nodes[node].time == time && p->level[node] == level) {
            curves[pass.n_curves++] = i;
            needed[node] = 1;
        }
    }
    if (!pass.n_sums && !pass.n_curves) {
        return;
    }
    for (int32_t id = p->n_nodes - 1; id >= 0; id--) {
        const struct plan_node *n = &p->nodes[id];
        for (int32_t i = 0; needed[id] && !bound_lifts_source(b, n) && i < plan_args(n); i++) {
            need_timed(b, needed, plan_arg(p, n, i));
        }
    }
    for (int32_t id = 0; id < p->n_nodes; id++) {
        if (needed[id]) {
            nodes[pass.n_nodes++] = id;
        }
    }
    pass.nodes = nodes;
    pass.sums = sums;
    pass.curves = curves;
    b->passes[b->n_passes++] = pass;
}

static void make_passes(struct strategy_bound *b)
{
    const struct strategy_plan *p = b->plan;
    tally_shape times = 0;
    for (int32_t id = 0; id < p->n_nodes; id++) {
        const struct plan_node *n = &p->nodes[id];
        if (b->reached[id] && b->alias[id] == id && (n->time >= 0 || n->op == PLAN_TIME_AGG)) {
            times |= SHAPE(n->time >= 0 ? n->time : p->grids[n->inner].time);
        }
    }
    if (!times) {
        return;
    }
    int n_times = __builtin_popcount(times);
    b->passes = arena_many(b->arena, (size_t)((p->levels + 1) * n_times), struct bound_pass);
    for (int32_t level = 0; level <= p->levels; level++) {
        for (int8_t time = 0; time < TALLY_AXES_MAX; time++) {
            if (times >> time & 1) {
                make_pass(b, level, time);
            }
        }
    }
}

enum err_code bound_fold(struct strategy_bound *b, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    size_t n = (size_t)p->n_nodes + 1;
    b->alias = arena_many(b->arena, n, int32_t);
    b->reached = arena_many(b->arena, n, uint8_t);
    b->known = arena_many(b->arena, n, uint8_t);
    b->val = arena_many(b->arena, n, struct value);
    b->one = arena_many(b->arena, n, wide);
    b->one_st = arena_many(b->arena, n, uint8_t);
    for (int32_t i = 0; i < p->n_nodes; i++) {
        b->alias[i] = i;
    }
    fold_known(b);
    need_roots(b);
    for (int32_t id = p->n_nodes - 1; id >= 0; id--) {
        /* A timed node that is known stands for one without time, which decided it. */
        if (b->reached[id] && (!b->known[id] || p->nodes[id].time >= 0)) {
            enum err_code code = need_args(b, id, e);
            if (code != OK) {
                return code;
            }
        }
    }
    enum err_code code = resolve(b, e);
    code = code != OK ? code : check_nodes(b, e);
    if (code != OK) {
        return code;
    }
    make_order(b);
    make_passes(b);
    return OK;
}
