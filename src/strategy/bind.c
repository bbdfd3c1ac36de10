/* bind.c - a plan meets a contract: members, settings, feeds and prices find their places.
 *
 * Names are looked up once, by hash. What follows (bind_fold.c) folds what the contract decides and
 * asks only for what is then still needed.
 */
#include "strategy/bound.h"

#define MEMBERS_MAX 4096    /* of a group: language page, section 4 */
#define INTERVALS_MAX 35136 /* a leap year of quarter hours         */

static enum err_code refuse(const struct strategy_bound *b, struct err *e, const char *what,
                            struct str name, const char *why)
{
    return fail_named(e, ERR_INPUT, "BIND",
                      "order " STR_FMT ": %s " STR_FMT " %s (strategy " STR_FMT ")",
                      STR_ARG(b->binding.order_no), what, STR_ARG(name), why,
                      STR_ARG(b->strategy->program->name));
}

static enum err_code check_axis(const struct strategy_bound *b, const struct strategy_axis *a,
                                struct str name, struct err *e)
{
    if (a->minutes < 1 || a->minutes > 1440 || a->n < 0 || a->n > INTERVALS_MAX) {
        return refuse(b, e, "time axis of", name,
                      "needs intervals of 1 to 1440 minutes, at most 35136 of them");
    }
    return OK;
}

/* ---- members --------------------------------------------------------------------------------- */

static const struct strategy_members *find_members(const struct strategy_part *part,
                                                   struct str name)
{
    for (size_t i = 0; i < part->n_groups; i++) {
        if (str_eq(part->groups[i].group, name)) {
            return &part->groups[i];
        }
    }
    return NULL;
}

static enum err_code check_groups(const struct strategy_bound *b, const struct strategy_part *part,
                                  int32_t outer, struct err *e)
{
    const struct tally_program *p = b->plan->program;
    for (size_t i = 0; i < part->n_groups; i++) {
        bool found = false;
        for (int32_t a = AXIS_FIRST; a < p->n_axes && !found; a++) {
            found = p->axes[a].group && p->axes[a].outer == outer &&
                    str_eq(p->axes[a].name, part->groups[i].group);
        }
        if (!found) {
            return refuse(b, e, "group", part->groups[i].group, "is unknown here");
        }
    }
    return OK;
}

static void inherit_axis(struct strategy_bound *b, int32_t axis)
{
    struct bound_axis *a = &b->axes[axis];
    int32_t outer = b->plan->program->axes[axis].outer;
    bool any = outer >= 0 && b->axes[outer].own;
    for (int32_t i = 0; i < a->n && !any; i++) {
        any = a->members[i]->own_axis;
    }
    if (!any) {
        return;
    }
    a->own = arena_many(b->arena, (size_t)a->n + 1, const struct strategy_axis *);
    a->span = arena_many(b->arena, (size_t)a->n + 1, const struct tariff_span *);
    for (int32_t i = 0; i < a->n; i++) {
        const struct strategy_member *m = a->members[i];
        if (m->own_axis) {
            a->own[i] = &m->axis;
            a->span[i] = m->span;
        } else if (outer >= 0 && b->axes[outer].own) {
            a->own[i] = b->axes[outer].own[a->outer[i]];
            a->span[i] = b->axes[outer].span[a->outer[i]];
        }
    }
}

static enum err_code take_group(struct strategy_bound *b, int32_t axis, struct err *e)
{
    const struct tally_axis *t = &b->plan->program->axes[axis];
    struct bound_axis *a = &b->axes[axis];
    int32_t outers = t->outer < 0 ? 1 : b->axes[t->outer].n;
    int64_t n = 0;
    a->given = t->outer >= 0;
    for (int32_t o = 0; o < outers; o++) {
        const struct strategy_part *part =
            t->outer < 0 ? &b->binding.top : &b->axes[t->outer].members[o]->part;
        const struct strategy_members *m = find_members(part, t->name);
        a->given = a->given || m;
        n += m ? (int64_t)m->n : 0;
    }
    if (n > MEMBERS_MAX * (int64_t)(t->outer < 0 ? 1 : outers) || n > 1 << 22) {
        return refuse(b, e, "group", t->name, "has more than 4096 members");
    }
    a->n = (int32_t)n;
    a->members = arena_many(b->arena, (size_t)n + 1, const struct strategy_member *);
    int32_t *outer = arena_many(b->arena, (size_t)n + 1, int32_t);
    int32_t *start = arena_many(b->arena, (size_t)outers + 2, int32_t);
    int32_t k = 0;
    for (int32_t o = 0; o < outers; o++) {
        const struct strategy_part *part =
            t->outer < 0 ? &b->binding.top : &b->axes[t->outer].members[o]->part;
        const struct strategy_members *m = find_members(part, t->name);
        start[o] = k;
        for (size_t i = 0; m && i < m->n; i++) {
            outer[k] = o;
            a->members[k++] = &m->at[i];
        }
    }
    start[outers] = k;
    a->outer = t->outer < 0 ? NULL : outer;
    a->start = t->outer < 0 ? NULL : start;
    enum err_code code = OK;
    for (int32_t i = 0; i < a->n && code == OK; i++) {
        if (a->members[i]->own_axis) {
            code = check_axis(b, &a->members[i]->axis, a->members[i]->name, e);
        }
        if (code == OK) {
            code = check_groups(b, &a->members[i]->part, axis, e);
        }
    }
    inherit_axis(b, axis);
    return code;
}

/* ---- what was given -------------------------------------------------------------------------- */

static enum err_code place(struct strategy_bound *b, int32_t axis, int32_t member, struct str name,
                           const void *what, unsigned kinds, struct err *e)
{
    int32_t d = plan_find_decl(b->plan, axis, name);
    if (d < 0) {
        return refuse(b, e, "setting or feed", name, "is unknown to the strategy");
    }
    if (!(kinds >> b->plan->program->decls[d].kind & 1)) {
        return refuse(
            b, e, "setting or feed", name,
            "is given as another kind than it is declared (settings: param, input, state; "
            "feeds: meter, series; prices: price)");
    }
    struct bound_given *g = &b->given[d];
    if (axis >= 0 && !g->of) {
        g->of = arena_many(b->arena, (size_t)b->axes[axis].n + 1, const void *);
    }
    const void **at = axis < 0 ? &g->one : &g->of[member];
    if (*at) {
        return refuse(b, e, "setting or feed", name, "is given twice");
    }
    *at = what;
    return OK;
}

static enum err_code take_part(struct strategy_bound *b, const struct strategy_part *part,
                               int32_t axis, int32_t member, struct err *e)
{
    const unsigned settings = 1u << STRATEGY_PARAM | 1u << STRATEGY_INPUT | 1u << STRATEGY_STATE;
    const unsigned feeds = 1u << STRATEGY_METER | 1u << STRATEGY_SERIES;
    enum err_code code = OK;
    for (size_t i = 0; i < part->n_settings && code == OK; i++) {
        code = place(b, axis, member, part->settings[i].name, &part->settings[i], settings, e);
    }
    for (size_t i = 0; i < part->n_feeds && code == OK; i++) {
        code = place(b, axis, member, part->feeds[i].name, &part->feeds[i], feeds, e);
    }
    return code;
}

static enum err_code take_all(struct strategy_bound *b, struct err *e)
{
    const struct strategy_plan *p = b->plan;
    const struct strategy_binding *in = &b->binding;
    enum err_code code = take_part(b, &in->top, -1, 0, e);
    for (size_t i = 0; i < in->n_prices && code == OK; i++) {
        code = place(b, -1, 0, in->prices[i].name, &in->prices[i], 1u << STRATEGY_PRICE, e);
    }
    for (size_t i = 0; i < in->n_windows && code == OK; i++) {
        bool known = false;
        for (int32_t a = AXIS_FIRST; a < p->program->n_axes && !known; a++) {
            known =
                p->program->axes[a].window && str_eq(p->program->axes[a].name, in->windows[i].name);
        }
        code = known ? check_axis(b, &in->windows[i].axis, in->windows[i].name, e)
                     : refuse(b, e, "window", in->windows[i].name, "is unknown to the strategy");
    }
    for (int32_t k = 0; k < p->n_axis_order && code == OK; k++) {
        int32_t axis = p->axis_order[k];
        for (int32_t i = 0; axis >= AXIS_FIRST && i < b->axes[axis].n && code == OK; i++) {
            code = take_part(b, &b->axes[axis].members[i]->part, axis, i, e);
            if (code != OK) {
                return fail_in(e, "member " STR_FMT " of group " STR_FMT,
                               STR_ARG(b->axes[axis].members[i]->name),
                               STR_ARG(p->program->axes[axis].name));
            }
        }
    }
    return code;
}

/* The span whose keys are the tou axis: the binding's, or that of the first session. */
static void find_span(struct strategy_bound *b)
{
    for (int32_t axis = AXIS_FIRST; axis < b->plan->program->n_axes && !b->binding.span; axis++) {
        for (int32_t i = 0; b->axes[axis].span && i < b->axes[axis].n && !b->binding.span; i++) {
            b->binding.span = b->axes[axis].span[i];
        }
    }
}

enum err_code strategy_bind(struct arena *arena, const struct strategy *s,
                            const struct strategy_binding *binding, struct strategy_bound **out,
                            struct err *e)
{
    const struct strategy_plan *p = s->plan;
    struct strategy_bound *b = arena_make(arena, struct strategy_bound);
    *b = (struct strategy_bound){ .arena = arena, .strategy = s, .plan = p, .binding = *binding };
    if (p->program->library) {
        return refuse(b, e, "library", p->program->name,
                      "cannot be bound alone; a strategy uses it");
    }
    enum err_code code = check_axis(b, &binding->axis, STR("the period"), e);
    code = code != OK ? code : check_groups(b, &binding->top, -1, e);
    if (code != OK) {
        return code;
    }
    b->axes = arena_many(arena, (size_t)p->program->n_axes + 1, struct bound_axis);
    b->given = arena_many(arena, (size_t)p->program->n_decls + 1, struct bound_given);
    for (int32_t i = 0; i < p->n_axis_order && code == OK; i++) {
        if (p->axis_order[i] >= AXIS_FIRST) {
            code = take_group(b, p->axis_order[i], e);
        }
    }
    code = code != OK ? code : take_all(b, e);
    if (code != OK) {
        return code;
    }
    find_span(b);
    b->spaces = arena_many(arena, (size_t)p->n_spaces, struct bound_space);
    for (int32_t i = 0; i < p->n_spaces; i++) {
        space_make(b, i);
        if (b->spaces[i].n < 0) {
            return refuse(b, e, "strategy", p->program->name,
                          "has too many combinations of members (over 16 million)");
        }
    }
    b->grids = arena_many(arena, (size_t)p->n_grids + 1, struct bound_grid);
    for (int32_t i = 0; i < p->n_grids; i++) {
        grid_make(b, i);
    }
    code = bound_fold(b, e);
    if (code == OK) {
        *out = b;
    }
    return code;
}
