/* run_quality.c - what readings stand behind a line, and how good they are.
 */
#include "strategy/exact.h"
#include "strategy/run.h"

/* Declarations of the sources that the nodes depend on, marked in `decl`. */
static void mark_sources(const struct run *r, const int32_t *nodes, int32_t n, uint8_t *decl)
{
    const struct strategy_plan *p = r->b->plan;
    uint8_t *seen = arena_alloc(r->arena, (size_t)p->n_nodes + 1);
    int32_t top = -1;
    for (int32_t i = 0; i < n; i++) {
        if (nodes[i] >= 0) {
            seen[r->b->alias[nodes[i]]] = 1;
            top = r->b->alias[nodes[i]] > top ? r->b->alias[nodes[i]] : top;
        }
    }
    for (int32_t id = top; id >= 0; id--) {
        const struct plan_node *x = &p->nodes[id];
        if (!seen[id]) {
            continue;
        }
        if (x->op == PLAN_BUCKET || x->op == PLAN_SOURCE || x->op == PLAN_ANY_MISSING) {
            decl[x->aux] = 1;
        }
        for (int32_t i = 0; i < plan_args(x); i++) {
            int32_t a = plan_arg(p, x, i);
            if (a >= 0 && r->b->reached[a]) {
                seen[r->b->alias[a]] = 1;
            }
        }
    }
}

/* Does member i of the declaration's group belong to the key? */
static bool belongs(const struct run *r, int32_t decl, int32_t i, int16_t space,
                    const int32_t *index)
{
    int32_t axis = r->b->plan->program->decls[decl].axis;
    while (axis >= 0) {
        if ((r->b->plan->spaces[space] & SHAPE(axis)) && index[axis] != i) {
            return false;
        }
        int32_t outer = r->b->plan->program->axes[axis].outer;
        i = outer >= 0 ? r->b->axes[axis].outer[i] : i;
        axis = outer;
    }
    return true;
}

void run_quality(struct run *r, const int32_t *nodes, int32_t n, int16_t space, int32_t key,
                 enum strategy_quality *quality, int32_t *estimated_e6)
{
    const struct tally_program *p = r->b->plan->program;
    *quality = QUALITY_ACTUAL;
    *estimated_e6 = 0;
    if (!r->suspect) {
        return;
    }
    uint8_t *decl = arena_alloc(r->arena, (size_t)p->n_decls + 1);
    mark_sources(r, nodes, n, decl);
    int32_t index[TALLY_AXES_MAX] = { 0 };
    space_index(r->b, space, key, index);
    int scale = 0;
    for (int32_t d = 0; d < p->n_decls; d++) {
        scale = decl[d] && p->decls[d].type.scale > scale ? p->decls[d].type.scale : scale;
    }
    wide estimated = 0, total = 0;
    for (int32_t d = 0; d < p->n_decls; d++) {
        int32_t members = p->decls[d].axis < 0 ? 1 : r->b->axes[p->decls[d].axis].n;
        for (int32_t i = 0; decl[d] && r->sources[d] && i < members; i++) {
            const struct run_source *s = &r->sources[d][i];
            if (!belongs(r, d, i, space, index)) {
                continue;
            }
            if (s->seen.n_manual) {
                *quality = QUALITY_MANUAL;
            } else if (s->seen.n_estimated && *quality == QUALITY_ACTUAL) {
                *quality = QUALITY_ESTIMATED;
            }
            if (p->decls[d].kind == STRATEGY_METER) {
                wide up = EXACT_POW10[scale - p->decls[d].type.scale];
                estimated += s->seen.estimated * up;
                total += s->total * up;
            }
        }
    }
    wide share = 0;
    if (total > 0 && exact_quotient(estimated, total, 6, false, 1000000, &share)) {
        *estimated_e6 = (int32_t)share;
    } else if (estimated > 0) {
        *estimated_e6 = 1000000; /* directions cancel out: all of it may be estimated */
    }
}

/* ---- trace ----------------------------------------------------------------------------------- */

size_t strategy_trace(struct arena *arena, const struct strategy_bound *b,
                      const struct strategy_result *result, int32_t line_id,
                      const struct strategy_source_use **out)
{
    const struct run *r = (const struct run *)result;
    const struct tally_program *p = b->plan->program;
    check_that(line_id >= 0 && (size_t)line_id < result->n_lines, "line %d", line_id);
    const struct run_line *made = &r->made[line_id];
    const struct plan_line *l = &b->plan->lines[made->line];
    const int32_t nodes[] = { l->amount, l->show_q, l->show_p };
    uint8_t *decl = arena_alloc(arena, (size_t)p->n_decls + 1);
    mark_sources(r, nodes, 3, decl);
    int32_t index[TALLY_AXES_MAX] = { 0 };
    space_index(b, l->space, made->key, index);
    size_t n = 0, room = 0;
    for (int32_t d = 0; d < p->n_decls; d++) {
        room += decl[d] ? (size_t)(p->decls[d].axis < 0 ? 1 : b->axes[p->decls[d].axis].n) : 0;
    }
    struct strategy_source_use *use = arena_many(arena, room + 1, struct strategy_source_use);
    for (int32_t d = 0; d < p->n_decls; d++) {
        const struct tally_decl *x = &p->decls[d];
        int32_t members = x->axis < 0 ? 1 : b->axes[x->axis].n;
        for (int32_t i = 0; decl[d] && i < members; i++) {
            const struct strategy_feed *f = bound_feed(b, d, i);
            if (!f || !belongs(r, d, i, l->space, index)) {
                continue;
            }
            use[n] = (struct strategy_source_use){ .name = x->name,
                                                   .source = f->source,
                                                   .axis = b->binding.axis };
            if (x->axis >= 0) {
                const struct bound_axis *a = &b->axes[x->axis];
                use[n].member = a->members[i]->name;
                use[n].axis = a->own && a->own[i] ? *a->own[i] : use[n].axis;
            }
            for (size_t w = 0; w < b->binding.n_windows && x->window >= AXIS_FIRST; w++) {
                if (str_eq(b->binding.windows[w].name, p->axes[x->window].name)) {
                    use[n].axis = b->binding.windows[w].axis;
                }
            }
            n++;
        }
    }
    *out = use;
    return n;
}
