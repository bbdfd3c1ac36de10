/* kernel.c - what is not linear in the readings: one pass over blocks of intervals.
 *
 * A block is at most a day of quarter hours of every row. Its nodes are evaluated like any others,
 * only over rows x intervals, and feed the aggregates over time; room is made once per pass.
 */
#include "strategy/aggregate.h"
#include "strategy/exact.h"
#include "strategy/run.h"

#define BLOCK_VALUES_MAX                                                                           \
    65536 /* rows x intervals of a block: a node's values stay in the cache                        \
           */

/* ---- clock of a block ------------------------------------------------------------------------ */

static const int32_t *row_clock(struct run *r, const struct bound_grid *g, int32_t row_index,
                                int32_t axis, int32_t *room)
{
    struct bound_row row = grid_row(g, row_index);
    int slot = axis - AXIS_HOUR;
    bool main = row.axis == &r->b->binding.axis && row.span == r->b->binding.span;
    int32_t *to = main ? r->clock[slot] : room;
    if (main && r->clock_known[slot]) {
        return to;
    }
    for (int32_t i = 0; i < r->frame.t; i++) {
        int32_t at = r->frame.first + i;
        to[i] = at < row.axis->n ? clock_index(r->b, &row, axis, at) : -1;
    }
    r->clock_known[slot] = r->clock_known[slot] || main;
    return to;
}

/* Index within the clock axes of `mask` for each interval of a row, -1 outside. */
static void row_keys(struct run *r, const struct bound_grid *g, int32_t row, tally_shape mask,
                     int32_t *keys)
{
    int32_t room[SLOTS];
    memset(keys, 0, (size_t)r->frame.t * sizeof *keys);
    for (int32_t axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
        if (!(mask & SHAPE(axis))) {
            continue;
        }
        const int32_t *c = row_clock(r, g, row, axis, room);
        int32_t n = clock_length(r->b, axis);
        for (int32_t i = 0; i < r->frame.t; i++) {
            keys[i] = keys[i] < 0 || c[i] < 0 ? -1 : keys[i] * n + c[i];
        }
    }
}

/* ---- nodes that know the time ---------------------------------------------------------------- */

static void put(void *out, bool as_wide, int32_t at, wide x)
{
    if (as_wide) {
        ((wide *)out)[at] = x;
    } else {
        ((int64_t *)out)[at] = (int64_t)x;
    }
}

static void kernel_time_in(struct run *r, int32_t id, int32_t minutes)
{
    const struct plan_node *n = &r->b->plan->nodes[id];
    int32_t keys = 0, from = minutes / 4096, until = minutes % 4096;
    void *out = result_room(&r->frame, id, &keys);
    for (int32_t row = 0; row < r->b->grids[n->grid].rows; row++) {
        const struct strategy_axis *a = grid_row(&r->b->grids[n->grid], row).axis;
        for (int32_t i = 0; i < r->frame.t; i++) {
            int64_t ms =
                a->start.utc_ms + CHINA_MS + (int64_t)(r->frame.first + i) * a->minutes * 60000;
            int64_t at = ms / 60000 % 1440;
            bool in = from < until ? at >= from && at < until : at >= from || at < until;
            put(out, n->wide, row * r->frame.t + i, in);
        }
    }
}

static uint8_t day_of_row(const struct bound_row *row, int32_t i, const struct plan_node *src,
                          wide *out)
{
    int64_t ms = row->axis->start.utc_ms + CHINA_MS + (int64_t)i * row->axis->minutes * 60000;
    if (src->op == PLAN_MONTH_IN || src->op == PLAN_WEEKDAY_IN) {
        *out = plan_date_in(src, instant_day((struct instant){ ms - CHINA_MS }));
        return VALUE_OK;
    }
    int64_t at = ms / DAY_MS - (row->span ? day_number(row->span->first) : 0);
    if (!row->span || at < 0 || at >= row->span->n_days) {
        *out = 0;
        return VALUE_NO_KEY;
    }
    *out = src->op == PLAN_HOLIDAY ? row->span->holiday[at] : row->span->workday[at];
    return VALUE_OK;
}

static void kernel_lift(struct run *r, int32_t id)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_node *n = &p->nodes[id];
    int32_t from = r->b->alias[n->a];
    const struct plan_node *src = &p->nodes[from];
    const struct value *v = &r->val[from];
    const struct bound_grid *g = &r->b->grids[n->grid];
    int32_t keys = 0, t = r->frame.t, at[SLOTS];
    void *out = result_room(&r->frame, id, &keys);
    tally_shape clock = p->spaces[v->space] & SHAPE_CLOCK;
    int16_t groups = p->group_space[v->space];
    const int32_t *map =
        r->b->spaces[groups].n <= 1 ? NULL : space_project(&r->frame, n->space, groups);
    bool days = !g->plain && plan_by_date(src->op);
    uint8_t *st = NULL;
    for (int32_t row = 0; row < g->rows; row++) {
        int32_t group = r->b->spaces[groups].n <= 1 ? 0 : map ? map[row] : row;
        struct bound_row own = grid_row(g, row);
        if (row == 0 || !g->plain) {
            row_keys(r, g, row, clock, at);
        }
        for (int32_t i = 0; i < t; i++) {
            wide x = 0;
            uint8_t s = VALUE_NO_KEY;
            if (days) {
                s = day_of_row(&own, r->frame.first + i, src, &x);
            } else if (at[i] >= 0) {
                int32_t k = group * r->b->spaces[v->space].clock + at[i];
                x = ((const wide *)v->v)[k];
                s = v->st ? v->st[k] : VALUE_OK;
            }
            if (s != VALUE_OK) {
                st = st ? st : result_states(&r->frame, id, keys);
                st[row * t + i] = s;
            }
            put(out, n->wide, row * t + i, x);
        }
    }
}

/* A timed argument on a larger grid: the same intervals for every row. */
static void kernel_copy(struct run *r, int32_t id)
{
    const struct plan_node *n = &r->b->plan->nodes[id];
    int32_t keys = 0;
    void *out = result_room(&r->frame, id, &keys);
    struct operand o = n->wide ? operand_wide(&r->frame, n->a, n->space, true)
                               : operand_narrow(&r->frame, n->a, n->space);
    memcpy(out, o.v, (size_t)keys * (n->wide ? sizeof(wide) : sizeof(int64_t)));
    if (o.st) {
        memcpy(result_states(&r->frame, id, keys), o.st, (size_t)keys);
    }
    frame_free(&r->frame);
}

static void kernel_power(struct run *r, int32_t id)
{
    const struct plan_node *n = &r->b->plan->nodes[id];
    int32_t keys = 0, t = r->frame.t;
    void *out = result_room(&r->frame, id, &keys);
    struct operand o = operand_wide(&r->frame, n->a, n->space, true);
    for (int32_t row = 0; row < r->b->grids[n->grid].rows; row++) {
        int32_t times = 60 / grid_row(&r->b->grids[n->grid], row).axis->minutes;
        for (int32_t i = row * t; i < (row + 1) * t; i++) {
            put(out, n->wide, i, ((const wide *)o.v)[i] * times);
        }
    }
    if (o.st) {
        memcpy(result_states(&r->frame, id, keys), o.st, (size_t)keys);
    }
    frame_free(&r->frame);
}

static enum err_code kernel_node(struct run *r, int32_t id, struct err *e)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_node *n = &p->nodes[id];
    switch (n->op) {
    case PLAN_SOURCE:
        return run_source(r, id, n->aux, e);
    case PLAN_TIME_IN:
        kernel_time_in(r, id, n->aux);
        return OK;
    case PLAN_POWER:
        kernel_power(r, id);
        return OK;
    case PLAN_LIFT:
        if (p->nodes[r->b->alias[n->a]].time < 0) {
            kernel_lift(r, id);
        } else if (!bound_lifts_source(r->b, n)) {
            kernel_copy(r, id);
        } else if (p->nodes[n->a].op == PLAN_TIME_IN) {
            kernel_time_in(r, id, p->nodes[n->a].aux);
        } else {
            return run_source(r, id, p->nodes[n->a].aux, e);
        }
        return OK;
    default:
        eval_node(&r->frame, id);
        return OK;
    }
}

/* ---- aggregates over time -------------------------------------------------------------------- */

struct gather { /* one TIME_AGG while its pass runs */
    int32_t id;
    struct running *acc;
    struct run_cause *cause;
};

static void spoil(struct run *r, struct gather *g, int32_t k, uint8_t st, int32_t arg,
                  int16_t space, int32_t row, int32_t i)
{
    struct running *x = &g->acc[k];
    int32_t at = r->frame.first + i;
    if (x->st != VALUE_OK && (row > x->row || (row == x->row && at >= x->at))) {
        return;
    }
    running_spoil(x, st, row, at);
    if (!g->cause) {
        g->cause = arena_many(r->arena, (size_t)r->b->spaces[r->b->plan->nodes[g->id].space].n + 1,
                              struct run_cause);
    }
    g->cause[k] = run_origin(r, arg, space, row, i);
    g->cause[k].at = at;
}

/* Sum of a row in one go: no condition, no clock, everything known. */
static bool gather_plain(struct running *x, int fn, const wide *v, int32_t n)
{
    if (fn == FN_SUM) {
        wide s = 0;
        for (int32_t i = 0; i < n; i++) {
            s += v[i];
        }
        x->v += s;
        x->n += n;
        return true;
    }
    return false;
}

static void gather_row(struct run *r, struct gather *g, int32_t row, const struct operand *a,
                       const struct operand *w, int32_t to, const int32_t *keys)
{
    const struct plan_node *n = &r->b->plan->nodes[g->id];
    const struct bound_grid *grid = &r->b->grids[n->inner];
    int16_t space = r->b->plan->grids[n->inner].space;
    int32_t t = r->frame.t, left = grid_row(grid, row).axis->n - r->frame.first;
    int32_t have = left < 0 ? 0 : left < t ? left : t;
    const wide *v = (const wide *)a->v + (size_t)row * (size_t)t;
    if (!w->v && !a->st && !keys && gather_plain(&g->acc[to], n->kind, v, have)) {
        return;
    }
    for (int32_t i = 0; i < have; i++) {
        int32_t k = row * t + i;
        uint8_t ws = w->v && w->st ? w->st[k] : VALUE_OK;
        if (keys && keys[i] < 0) {
            for (int32_t c = 0; c < r->b->spaces[n->space].clock; c++) {
                spoil(r, g, to + c, VALUE_NO_KEY, n->a, space, row, i);
            }
            continue;
        }
        int32_t at = to + (keys ? keys[i] : 0);
        if (ws != VALUE_OK) {
            spoil(r, g, at, ws, n->b, space, row, i);
        } else if (w->v && ((const wide *)w->v)[k] == 0) {
            continue;
        } else if (a->st && a->st[k] != VALUE_OK) {
            spoil(r, g, at, a->st[k], n->a, space, row, i);
        } else {
            running_add(&g->acc[at], n->kind, v[i]);
        }
    }
}

/* The usual one: a sum of narrow numbers that are all there, by clock key or not. */
static bool gather_narrow(struct run *r, struct gather *g, int32_t row, int32_t to,
                          const int32_t *keys)
{
    const struct plan_node *n = &r->b->plan->nodes[g->id];
    const struct bound_grid *grid = &r->b->grids[n->inner];
    int32_t id = r->b->alias[n->a], t = r->frame.t;
    const struct plan_node *x = &r->b->plan->nodes[id];
    if (n->kind != FN_SUM || n->b >= 0 || x->time < 0 || x->wide || x->grid != n->inner ||
        r->val[id].st) {
        return false;
    }
    int32_t left = grid_row(grid, row).axis->n - r->frame.first;
    int32_t have = left < 0 ? 0 : left < t ? left : t;
    const int64_t *v = (const int64_t *)r->val[id].v + (size_t)row * (size_t)t;
    for (int32_t i = 0; i < have && keys; i++) {
        if (keys[i] < 0) {
            return false;
        }
    }
    if (keys) {
        for (int32_t i = 0; i < have; i++) {
            g->acc[to + keys[i]].v += v[i];
            g->acc[to + keys[i]].n++;
        }
        return true;
    }
    wide sum = 0;
    for (int32_t i = 0; i < have; i++) {
        sum += v[i];
    }
    g->acc[to].v += sum;
    g->acc[to].n += have;
    return true;
}

static void gather_block(struct run *r, struct gather *g)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_node *n = &p->nodes[g->id];
    const struct bound_grid *grid = &r->b->grids[n->inner];
    int16_t space = p->grids[n->inner].space, groups = p->group_space[n->space];
    tally_shape clock = p->spaces[n->space] & SHAPE_CLOCK;
    struct operand none = { NULL, NULL };
    struct operand a = none, w = none;
    bool single = r->b->spaces[groups].n <= 1;
    const int32_t *map = single ? NULL : space_project(&r->frame, space, groups);
    int32_t keys[SLOTS];
    for (int32_t row = 0; row < grid->rows; row++) {
        int32_t group = single ? 0 : map ? map[row] : row;
        if (clock && (row == 0 || !grid->plain)) {
            row_keys(r, grid, row, clock, keys);
        }
        int32_t to = group * r->b->spaces[n->space].clock;
        if (gather_narrow(r, g, row, to, clock ? keys : NULL)) {
            continue;
        }
        if (!a.v) {
            a = operand_wide(&r->frame, n->a, space, true);
            w = n->b >= 0 ? operand_wide(&r->frame, n->b, space, true) : none;
        }
        gather_row(r, g, row, &a, &w, to, clock ? keys : NULL);
    }
    frame_free(&r->frame);
}

static void gather_end(struct run *r, struct gather *g)
{
    const struct plan_node *n = &r->b->plan->nodes[g->id];
    int32_t keys = 0;
    wide *out = result_room(&r->frame, g->id, &keys);
    uint8_t *st = NULL;
    for (int32_t k = 0; k < keys; k++) {
        uint8_t s = running_end(&g->acc[k], n->kind, &out[k]);
        if (s != VALUE_OK) {
            st = st ? st : result_states(&r->frame, g->id, keys);
            st[k] = s;
        }
    }
    r->causes[g->id] = g->cause;
}

/* ---- curves that are kept -------------------------------------------------------------------- */

static void keep_block(struct run *r, const struct bound_pass *pass)
{
    for (int32_t c = 0; c < pass->n_curves; c++) {
        int32_t d = pass->curves[c], id = r->b->alias[r->b->plan->definitions[d].node];
        const struct plan_node *n = &r->b->plan->nodes[id];
        const struct bound_grid *g = &r->b->grids[n->grid];
        size_t all = (size_t)g->rows * (size_t)g->n_max + 1;
        if (!r->whole[d]) {
            r->whole[d] = arena_array(r->arena, all, sizeof(wide));
            r->whole_st[d] = arena_alloc(r->arena, all);
        }
        struct operand o = operand_wide(&r->frame, id, n->space, true);
        for (int32_t row = 0; row < g->rows; row++) {
            for (int32_t i = 0; i < r->frame.t && r->frame.first + i < g->n_max; i++) {
                size_t to = (size_t)row * (size_t)g->n_max + (size_t)(r->frame.first + i);
                int32_t from = row * r->frame.t + i;
                bool beyond = r->frame.first + i >= grid_row(g, row).axis->n;
                ((wide *)r->whole[d])[to] = ((const wide *)o.v)[from];
                r->whole_st[d][to] = beyond ? VALUE_ABSENT : o.st ? o.st[from] : VALUE_OK;
            }
        }
        frame_free(&r->frame);
    }
}

/* ---- the pass -------------------------------------------------------------------------------- */

static void measure(struct run *r, const struct bound_pass *pass, int32_t *n_max, int32_t *block)
{
    const struct strategy_plan *p = r->b->plan;
    int32_t rows = 1;
    *n_max = 0;
    for (int32_t i = 0; i < pass->n_nodes + pass->n_sums; i++) {
        const struct plan_node *n = i < pass->n_nodes ? &p->nodes[pass->nodes[i]]
                                                      : &p->nodes[pass->sums[i - pass->n_nodes]];
        const struct bound_grid *g = &r->b->grids[i < pass->n_nodes ? n->grid : n->inner];
        rows = g->rows > rows ? g->rows : rows;
        *n_max = g->n_max > *n_max ? g->n_max : *n_max;
    }
    *block = BLOCK_VALUES_MAX / rows;
    *block = *block < 1 ? 1 : *block > SLOTS ? SLOTS : *block;
}

enum err_code run_pass(struct run *r, const struct bound_pass *pass, int32_t number, struct err *e)
{
    const struct strategy_plan *p = r->b->plan;
    int32_t n_max = 0, block = 0;
    measure(r, pass, &n_max, &block);
    r->frame.t_max = block;
    r->frame.pass = (int8_t)number;
    for (int32_t i = 0; i < pass->n_nodes; i++) {
        const struct plan_node *n = &p->nodes[pass->nodes[i]];
        size_t size = n->wide ? sizeof(wide) : sizeof(int64_t);
        size_t room = (size_t)r->b->grids[n->grid].rows * (size_t)block + 1;
        r->val[pass->nodes[i]].v = arena_array(r->arena, room, size);
        r->frame.states[pass->nodes[i]] = NULL;
        int32_t decl = n->op == PLAN_SOURCE          ? n->aux
                       : bound_lifts_source(r->b, n) ? p->nodes[n->a].aux
                                                     : -1;
        if (decl >= 0 && p->nodes[n->op == PLAN_LIFT ? n->a : pass->nodes[i]].op == PLAN_SOURCE &&
            r->counting[decl] < 0) {
            r->counting[decl] = (int8_t)number;
        }
    }
    struct gather *g = arena_many(r->arena, (size_t)pass->n_sums + 1, struct gather);
    for (int32_t i = 0; i < pass->n_sums; i++) {
        int32_t keys = r->b->spaces[p->nodes[pass->sums[i]].space].n;
        g[i].id = pass->sums[i];
        g[i].acc = arena_many(r->arena, (size_t)keys + 1, struct running);
    }
    for (int32_t first = 0; first < n_max; first += block) {
        r->frame.first = first;
        r->frame.t = n_max - first < block ? n_max - first : block;
        memset(r->clock_known, 0, sizeof r->clock_known);
        for (int32_t i = 0; i < pass->n_nodes; i++) {
            enum err_code code = kernel_node(r, pass->nodes[i], e);
            if (code != OK) {
                return code;
            }
        }
        for (int32_t i = 0; i < pass->n_sums; i++) {
            gather_block(r, &g[i]);
        }
        keep_block(r, pass);
    }
    for (int32_t i = 0; i < pass->n_sums; i++) {
        gather_end(r, &g[i]);
    }
    return OK;
}
