/* run_fail.c - why there is no statement: one named failure with line, key, place and first
 * instant.
 */
#include "strategy/run.h"

static const struct {
    const char *name;
    enum err_code code;
} FAILURES[VALUE_STATES] = {
    [VALUE_ABSENT] = { "ABSENT", ERR_RULE },
    [VALUE_MISSING] = { "MISSING", ERR_GAP },
    [VALUE_NO_PRICE] = { "MISSING", ERR_GAP },
    [VALUE_DIV_ZERO] = { "DIV_ZERO", ERR_RULE },
    [VALUE_RANGE] = { "RANGE", ERR_RULE },
    [VALUE_EMPTY] = { "EMPTY", ERR_RULE },
    [VALUE_ALLOC_WEIGHT] = { "ALLOC_WEIGHT", ERR_WEIGHT },
    [VALUE_TABLE] = { "TABLE", ERR_RULE },
    [VALUE_EXCEPTION_CONFLICT] = { "EXCEPTION_CONFLICT", ERR_RULE },
    [VALUE_NO_KEY] = { "NO_KEY", ERR_RULE },
};

static uint8_t plain(uint8_t st)
{
    return st & (uint8_t)~VALUE_HARD;
}

/* State of `arg` at a key of `space`; *key becomes its own key. */
static uint8_t arg_state(const struct run *r, int32_t arg, int16_t space, int32_t *key, int32_t i)
{
    const struct strategy_bound *b = r->b;
    int32_t id = b->alias[arg];
    const struct value *v = &r->val[id];
    if (!v->v) {
        return VALUE_OK;
    }
    if (b->spaces[v->space].n <= 1) {
        *key = 0;
    } else if (v->space != space) {
        int32_t index[TALLY_AXES_MAX] = { 0 };
        space_index(b, space, *key, index);
        *key = space_key(b, v->space, index);
    }
    if (!v->st || *key < 0) {
        return VALUE_OK;
    }
    return v->st[b->plan->nodes[id].time >= 0 ? *key * r->frame.t + i : *key];
}

/* An argument whose keys are reduced or split: its first key under this one with that state. */
static bool spread_state(const struct run *r, int32_t arg, int16_t inner, int16_t space,
                         int32_t key, int32_t i, uint8_t st, int32_t *found)
{
    const struct strategy_bound *b = r->b;
    if (arg < 0) {
        return false;
    }
    for (int32_t k = 0; k < b->spaces[inner].n; k++) {
        int32_t index[TALLY_AXES_MAX] = { 0 }, at = k;
        space_index(b, inner, k, index);
        if (b->spaces[space].n > 1 && space_key(b, space, index) != key) {
            continue;
        }
        if (plain(arg_state(r, arg, inner, &at, i)) == st) {
            *found = at;
            return true;
        }
    }
    return false;
}

/* The argument that brought the state to this node: true, and it stands in *id, *key. */
static bool step_down(const struct run *r, int32_t *id, int32_t *key, int32_t i, uint8_t st)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_node *n = &p->nodes[*id];
    bool reduces = n->op == PLAN_AGG;
    bool splits = n->op == PLAN_ALLOCATE || n->op == PLAN_PICK;
    for (int32_t k = 0; k < plan_args(n); k++) {
        int32_t arg = plan_arg(p, n, k), at = *key;
        if (arg < 0) {
            continue;
        }
        bool found = false;
        if (reduces || splits) {
            int16_t inner = splits ? n->space : n->time >= 0 ? p->grids[n->inner].space : n->inner;
            int32_t same = *key;
            if (splits) { /* any key of the group */
                int32_t index[TALLY_AXES_MAX] = { 0 };
                space_index(r->b, n->space, *key, index);
                same = r->b->spaces[n->inner].n <= 1 ? 0 : space_key(r->b, n->inner, index);
            }
            found = spread_state(r, arg, inner, splits ? n->inner : n->space, same, i, st, &at);
        } else {
            found = plain(arg_state(r, arg, n->space, &at, i)) == st;
        }
        if (found) {
            *id = r->b->alias[arg];
            *key = at;
            return true;
        }
    }
    return false;
}

struct run_cause run_origin(const struct run *r, int32_t node, int16_t space, int32_t key,
                            int32_t i)
{
    int32_t id = r->b->alias[node];
    uint8_t st = plain(arg_state(r, node, space, &key, i));
    for (;;) {
        if (r->causes[id] && r->val[id].n > key) {
            return r->causes[id][key];
        }
        if (!step_down(r, &id, &key, i, st)) {
            return (struct run_cause){ id, key, -1 };
        }
    }
}

static void text_where(struct text *t, const struct run *r, const struct run_cause *c)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_node *n = &p->nodes[c->node];
    tally_shape mask = p->spaces[n->space];
    int32_t index[TALLY_AXES_MAX] = { 0 };
    bool any = false;
    if (mask && c->key >= 0 && c->key < r->b->spaces[n->space].n) {
        space_index(r->b, n->space, c->key, index);
        for (int32_t i = 0; i < p->n_axis_order; i++) {
            if (mask & SHAPE(p->axis_order[i])) {
                text_add_c(t, any ? ", " : " [");
                text_key(t, r->b, p->axis_order[i], index[p->axis_order[i]]);
                any = true;
            }
        }
        text_add_c(t, any ? "]" : "");
    }
    int32_t g = n->grid >= 0 ? n->grid : n->op == PLAN_BUCKET ? n->inner : -1;
    if (c->at >= 0 && g >= 0) {
        int32_t row = c->key;
        if (n->op == PLAN_BUCKET) {
            row = c->key / r->b->spaces[n->space].clock;
        }
        const struct strategy_axis *a = grid_row(&r->b->grids[g], row).axis;
        text_add_c(t, " at ");
        text_instant(t, (struct instant){ a->start.utc_ms + (int64_t)c->at * a->minutes * 60000 });
    }
}

static bool any_negative(const struct run *r, const struct plan_node *n)
{
    const struct value *v = &r->val[r->b->alias[n->b]];
    if (r->b->plan->nodes[r->b->alias[n->b]].time >= 0 || !v->v) {
        return false;
    }
    for (int32_t i = 0; i < v->n; i++) {
        if (((const wide *)v->v)[i] < 0) {
            return true;
        }
    }
    return false;
}

static void text_reason(struct text *t, const struct run *r, const struct run_cause *c, uint8_t st)
{
    const struct tally_program *p = r->b->plan->program;
    const struct plan_node *n = &r->b->plan->nodes[c->node];
    int32_t xi = r->b->plan->expr_of[c->node];
    const struct tally_expr *x = xi >= 0 ? p->exprs[xi] : NULL;
    struct str of = x ? tally_expr_text(r->arena, p, x) : STR("");
    bool source =
        n->op == PLAN_BUCKET || n->op == PLAN_SOURCE || n->op == PLAN_LIFT || n->op == PLAN_PRICE;
    if (source && n->op != PLAN_LIFT) {
        of = p->decls[n->aux].name;
    }
    switch (st) {
    case VALUE_MISSING:
        text_addf(t, STR_FMT " has no reading", STR_ARG(of));
        break;
    case VALUE_NO_PRICE:
        text_addf(t, STR_FMT " has no price", STR_ARG(of));
        break;
    case VALUE_ABSENT:
        text_addf(t, STR_FMT " is absent", STR_ARG(of));
        break;
    case VALUE_DIV_ZERO:
        text_addf(t, "the divisor is 0 in " STR_FMT, STR_ARG(of));
        break;
    case VALUE_EMPTY:
        text_addf(t, "there is nothing to take it of in " STR_FMT, STR_ARG(of));
        break;
    case VALUE_ALLOC_WEIGHT:
        if (x && x->n_args > 1) {
            of = tally_expr_text(r->arena, p, x->args[1]);
        }
        if (any_negative(r, n)) {
            text_addf(t, "a weight of " STR_FMT " is negative", STR_ARG(of));
        } else {
            text_addf(t, "weights " STR_FMT " are all zero", STR_ARG(of));
        }
        return;
    case VALUE_TABLE:
        text_addf(t, "no row of the table fits in " STR_FMT, STR_ARG(of));
        break;
    case VALUE_EXCEPTION_CONFLICT:
        text_add_c(t, "two exceptions are true at once");
        break;
    case VALUE_NO_KEY:
        text_addf(t, STR_FMT " is looked up outside the period", STR_ARG(of));
        break;
    default:
        text_addf(t, STR_FMT " is out of range", STR_ARG(of));
        break;
    }
    text_where(t, r, c);
}

static bool holds(const struct tally_expr *x, int32_t id)
{
    if (!x) {
        return false;
    }
    bool found = x->id == id || holds(x->where, id);
    for (int32_t i = 0; i < x->n_args && !found; i++) {
        found = holds(x->args[i], id);
    }
    return found;
}

/* "; in avg (park.tally:60)" where the operation stands behind a name. */
static void text_definition(struct text *t, const struct tally_program *p, int32_t expr)
{
    for (int32_t i = 0; i < p->n_definitions; i++) {
        const struct tally_definition *d = &p->definitions[i];
        bool found = holds(d->body, expr);
        for (int32_t k = 0; k < d->n_excepts && !found; k++) {
            found = holds(d->excepts[k].when, expr) || holds(d->excepts[k].body, expr);
        }
        if (found) {
            struct str file = tally_file_name(p, d->at);
            text_addf(t, "; in " STR_FMT " (" STR_FMT ":%d)", STR_ARG(d->name), STR_ARG(file),
                      d->at.line);
            return;
        }
    }
}

enum err_code run_failed(const struct run *r, int32_t node, int16_t space, int32_t key, uint8_t st,
                         struct str where, struct tally_place at, struct err *e)
{
    const struct tally_program *p = r->b->plan->program;
    struct run_cause c = run_origin(r, node, space, key, 0);
    uint8_t s = plain(st);
    struct text t;
    text_init(&t, r->arena, 300);
    text_reason(&t, r, &c, s);
    text_definition(&t, p, r->b->plan->expr_of[c.node]);
    struct str file = tally_file_name(p, at);
    return fail_named(e, FAILURES[s].code, FAILURES[s].name,
                      "order " STR_FMT ": %s in " STR_FMT " (" STR_FMT ":%d): " STR_FMT,
                      STR_ARG(r->b->binding.order_no), FAILURES[s].name, STR_ARG(where),
                      STR_ARG(file), at.line, STR_ARG(text_str(&t)));
}
