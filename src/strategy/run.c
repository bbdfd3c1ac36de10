/* run.c - a pure function: bound plan and readings in; lines, flags and states out, or one failure.
 */
#include "strategy/run.h"

static struct run *run_open(struct arena *arena, const struct strategy_bound *b,
                            const struct strategy_data *data)
{
    const struct strategy_plan *p = b->plan;
    struct run *r = arena_make(arena, struct run);
    size_t n = (size_t)p->n_nodes + 1, decls = (size_t)p->program->n_decls + 1;
    r->arena = arena;
    r->b = b;
    r->data = data;
    r->val = arena_many(arena, n, struct value);
    memcpy(r->val, b->val, (size_t)p->n_nodes * sizeof *r->val);
    r->causes = arena_many(arena, n, struct run_cause *);
    r->sources = arena_many(arena, decls, struct run_source *);
    r->counting = arena_many(arena, decls, int8_t);
    r->whole = arena_many(arena, (size_t)p->program->n_definitions + 1, void *);
    r->whole_st = arena_many(arena, (size_t)p->program->n_definitions + 1, uint8_t *);
    r->frame = (struct frame){ .arena = arena, .b = b, .val = r->val };
    r->frame.projected =
        arena_many(arena, (size_t)p->n_spaces * (size_t)p->n_spaces, const int32_t *);
    if (b->n_passes) {
        r->frame.states = arena_many(arena, n, uint8_t *);
        for (int i = 0; i < 3; i++) {
            r->clock[i] = arena_many(arena, SLOTS, int32_t);
        }
    }
    return r;
}

/* What is seen of a source is counted once: by its buckets if it has any, else in its first pass.
 */
static void choose_counting(struct run *r)
{
    const struct strategy_plan *p = r->b->plan;
    memset(r->counting, -1, (size_t)p->program->n_decls);
    for (int32_t i = 0; i < r->b->n_exec; i++) {
        const struct plan_node *n = &p->nodes[r->b->exec[i]];
        if (n->op == PLAN_BUCKET) {
            r->counting[n->aux] = 0;
        }
    }
}

/* Sums by tou first: those over everything follow from them. */
static enum err_code run_sums(struct run *r, struct err *e)
{
    const struct strategy_plan *p = r->b->plan;
    for (int tou = 1; tou >= 0; tou--) {
        for (int32_t i = 0; i < r->b->n_exec; i++) {
            int32_t id = r->b->exec[i];
            const struct plan_node *n = &p->nodes[id];
            bool by_tou = p->spaces[n->space] & SHAPE(AXIS_TOU);
            if (n->op == PLAN_BUCKET && by_tou == (tou == 1)) {
                enum err_code code = run_bucket(r, id, e);
                if (code != OK) {
                    return code;
                }
            }
        }
    }
    return OK;
}

static void count_time(struct run *r, int32_t id)
{
    const struct strategy_bound *b = r->b;
    const struct plan_node *n = &b->plan->nodes[id];
    const struct bound_grid *g = &b->grids[n->inner];
    int16_t space = b->plan->grids[n->inner].space, groups = b->plan->group_space[n->space];
    bool tou = b->plan->spaces[n->space] & SHAPE(AXIS_TOU);
    bool single = b->spaces[groups].n <= 1;
    const int32_t *map = single ? NULL : space_project(&r->frame, space, groups);
    int32_t keys = 0, clock = b->spaces[n->space].clock;
    wide *out = result_room(&r->frame, id, &keys);
    for (int32_t row = 0; row < g->rows; row++) {
        struct bound_row at = grid_row(g, row);
        wide *to = out + (size_t)(single ? 0 : map ? map[row] : row) * (size_t)clock;
        for (int32_t i = 0; tou && i < at.axis->n; i++) {
            int32_t k = clock_index(b, &at, AXIS_TOU, i);
            to[k < 0 ? 0 : k] += 1;
        }
        *to += tou ? 0 : at.axis->n;
    }
}

static enum err_code run_level(struct run *r, int32_t level, struct err *e)
{
    const struct strategy_bound *b = r->b;
    for (int32_t i = b->level_start[level]; i < b->level_start[level + 1]; i++) {
        int32_t id = b->exec[i];
        enum err_code code = OK;
        switch (b->plan->nodes[id].op) {
        case PLAN_BUCKET:
            break;
        case PLAN_ANY_MISSING:
            code = run_any_missing(r, id, e);
            break;
        case PLAN_COUNT_TIME:
            count_time(r, id);
            break;
        default:
            eval_node(&r->frame, id);
            break;
        }
        if (code != OK) {
            return code;
        }
    }
    int32_t number = 1;
    for (int32_t i = 0; i < b->n_passes; i++, number++) {
        if (b->passes[i].level == level) {
            enum err_code code = run_pass(r, &b->passes[i], number, e);
            if (code != OK) {
                return code;
            }
        }
    }
    return OK;
}

static void see_keys(struct run *r)
{
    const struct strategy_bound *b = r->b;
    if (!b->binding.span) {
        return;
    }
    struct bound_row main = { &b->binding.axis, b->binding.span };
    r->tou_seen = clock_tou_seen(b, &main);
    for (int32_t a = AXIS_FIRST; a < b->plan->program->n_axes; a++) {
        for (int32_t i = 0; b->axes[a].own && i < b->axes[a].n; i++) {
            struct bound_row own = { b->axes[a].own[i], b->axes[a].span[i] };
            own.span = own.span ? own.span : b->binding.span;
            r->tou_seen |= own.axis ? clock_tou_seen(b, &own) : 0;
        }
    }
}

static void add_seen(struct run *r)
{
    const struct tally_program *p = r->b->plan->program;
    struct strategy_seen *all = &r->result.seen;
    all->first_missing = -1;
    for (int32_t d = 0; d < p->n_decls; d++) {
        int32_t n = p->decls[d].axis < 0 ? 1 : r->b->axes[p->decls[d].axis].n;
        for (int32_t i = 0; r->sources[d] && i < n; i++) {
            const struct strategy_seen *s = &r->sources[d][i].seen;
            r->suspect = r->suspect || s->n_estimated || s->n_manual;
            if (p->decls[d].kind != STRATEGY_METER) {
                continue;
            }
            if (s->n_missing && (all->first_missing < 0 || s->first_missing < all->first_missing)) {
                all->first_missing = s->first_missing;
            }
            all->n += s->n;
            all->n_estimated += s->n_estimated;
            all->n_manual += s->n_manual;
            all->n_missing += s->n_missing;
            all->estimated += s->estimated;
        }
    }
}

enum err_code strategy_run(struct arena *arena, const struct strategy_bound *b,
                           const struct strategy_data *data, struct strategy_result **out,
                           struct err *e)
{
    struct run *r = run_open(arena, b, data);
    choose_counting(r);
    enum err_code code = run_sums(r, e);
    for (int32_t level = 0; level <= b->plan->levels && code == OK; level++) {
        code = run_level(r, level, e);
    }
    if (code != OK) {
        return code;
    }
    add_seen(r);
    see_keys(r);
    code = run_items(r, e);
    if (code == OK) {
        code = run_next(r, e);
    }
    if (code == OK) {
        run_printed(r);
        *out = &r->result;
    }
    return code;
}
