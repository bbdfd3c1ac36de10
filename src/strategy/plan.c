/* plan.c - from the checked tree to a graph of nodes, once per strategy version.
 *
 * Every expression becomes a node, or several: alignments of scale, lookups by interval and the
 * boundaries of names are written out, quotients are joined with the rounding around them, and sums
 * over time go down to the readings (plan_push.c). Nothing here depends on a contract.
 */
#include "strategy/plan_make.h"

static int32_t build(struct maker *m, const struct tally_expr *x);

/* ---- names ----------------------------------------------------------------------------------- */

static uint64_t name_hash(int32_t axis, struct str name)
{
    uint64_t h = 14695981039346656037u ^ (uint64_t)(uint32_t)axis;
    for (size_t i = 0; i < name.n; i++) {
        h = (h ^ (uint8_t)name.at[i]) * 1099511628211u;
    }
    return h ^ (h >> 29);
}

int32_t plan_find_decl(const struct strategy_plan *plan, int32_t axis, struct str name)
{
    uint32_t at = (uint32_t)name_hash(axis, name) & plan->names_mask;
    for (; plan->names[at]; at = (at + 1) & plan->names_mask) {
        const struct tally_decl *d = &plan->program->decls[plan->names[at] - 1];
        if (d->axis == axis && str_eq(d->name, name)) {
            return plan->names[at] - 1;
        }
    }
    return -1;
}

static void make_names(struct maker *m)
{
    uint32_t mask = 15;
    while ((int64_t)mask < 2LL * m->p->n_decls) {
        mask = mask * 2 + 1;
    }
    int32_t *names = arena_many(m->arena, (size_t)mask + 1, int32_t);
    for (int32_t i = 0; i < m->p->n_decls; i++) {
        uint32_t at = (uint32_t)name_hash(m->p->decls[i].axis, m->p->decls[i].name) & mask;
        while (names[at]) {
            at = (at + 1) & mask;
        }
        names[at] = i + 1;
    }
    m->plan->names = names;
    m->plan->names_mask = mask;
}

static int32_t word_of(struct maker *m, struct str name)
{
    struct strategy_plan *p = m->plan;
    for (int32_t i = 0; i < p->n_words; i++) {
        if (str_eq(p->words[i], name)) {
            return i;
        }
    }
    if (p->n_words % 64 == 0) {
        struct str *more = arena_many(m->arena, (size_t)p->n_words + 64, struct str);
        if (p->n_words) {
            memcpy(more, p->words, (size_t)p->n_words * sizeof *more);
        }
        p->words = more;
    }
    p->words[p->n_words] = name;
    return p->n_words++;
}

/* ---- declarations ---------------------------------------------------------------------------- */

static __int128 scaled(struct decimal d, int scale)
{
    __int128 v = d.units;
    for (int i = d.scale; i < scale; i++) {
        v *= 10;
    }
    for (int i = scale; i < d.scale; i++) {
        v /= 10; /* zeros: the checker looked at the digits */
    }
    return v;
}

static __int128 initial_of(struct maker *m, const struct tally_decl *d, const struct tally_expr *x)
{
    switch (x->op) {
    case OP_NUMBER:
        return scaled(x->number, d->type.scale);
    case OP_NEG:
        return -initial_of(m, d, x->args[0]);
    case OP_CHOICE:
        return m->plan->decls[d - m->p->decls].words[x->alternative];
    case OP_NAME: /* a choice by its word */
        return word_of(m, x->name);
    default:
        return x->op == OP_YES;
    }
}

static void make_decls(struct maker *m)
{
    m->plan->decls = arena_many(m->arena, (size_t)m->p->n_decls, struct plan_decl);
    for (int32_t i = 0; i < m->p->n_decls; i++) {
        const struct tally_decl *d = &m->p->decls[i];
        struct plan_decl *out = &m->plan->decls[i];
        if (d->type.kind == TALLY_CHOICE) {
            const struct tally_choice *c = &m->p->choices[d->type.choice];
            int32_t *words = arena_many(m->arena, (size_t)c->n, int32_t);
            for (int32_t k = 0; k < c->n; k++) {
                words[k] = word_of(m, c->names[k]);
            }
            out->words = words;
        }
        if (d->type.kind == TALLY_NUMBER) {
            __int128 bound = (__int128)d->type.bound;
            out->min = d->has_min ? scaled(d->min, d->type.scale) : -bound;
            out->max = d->has_max ? scaled(d->max, d->type.scale) : bound;
        }
        if (d->initial) {
            out->has_initial = true;
            out->initial = initial_of(m, d, d->initial);
        }
        struct text t;
        text_init(&t, m->arena, 64);
        text_unit(&t, m->p, &d->type.unit);
        out->unit = text_str(&t);
    }
}

static int32_t build_decl(struct maker *m, int32_t index)
{
    const struct tally_decl *d = &m->p->decls[index];
    enum plan_op op = PLAN_PARAM;
    switch (d->kind) {
    case STRATEGY_METER:
    case STRATEGY_SERIES:
        op = PLAN_SOURCE;
        break;
    case STRATEGY_PRICE:
        op = PLAN_PRICE;
        break;
    default:
        op = d->type.kind == TALLY_TABLE ? PLAN_TABLE : PLAN_PARAM;
        break;
    }
    struct plan_node n =
        maker_over(m, op, d->type.shape, d->type.kind == TALLY_NUMBER ? d->type.scale : 0);
    n.aux = index;
    return maker_node(m, n, d->type.bound);
}

static int32_t build_hard(struct maker *m, int32_t node, bool may_fail)
{
    if (!may_fail) {
        return node;
    }
    return maker_op(m, PLAN_HARD, 0, maker_shape(m, node), m->plan->nodes[node].scale, node, -1, -1,
                    m->bound[node]);
}

static int32_t build_bill(struct maker *m, int32_t index)
{
    struct plan_line *l = &m->plan->lines[index];
    if (l->bill < 0) {
        int32_t amount = maker_scale(m, l->amount, 2);
        struct plan_node n = maker_over(m, PLAN_BILL, m->p->lines[index].shape, 2);
        n.a = l->when;
        n.b = amount;
        n.aux = index;
        l->bill = maker_node(m, n, (unsigned __int128)1 << 60);
    }
    return l->bill;
}

static int32_t build_name(struct maker *m, const struct tally_expr *x)
{
    const struct tally_symbol *s = &m->p->symbols[x->symbol];
    struct plan_node n;
    switch (s->kind) {
    case SYMBOL_DECL:
        return build_decl(m, s->index);
    case SYMBOL_DEFINITION:
        return build_hard(m, m->plan->definitions[s->index].node,
                          m->p->definitions[s->index].type.may_fail);
    case SYMBOL_LINE:
        return build_bill(m, s->index);
    case SYMBOL_PARTY:
        return maker_const(m, m->plan->party_words[s->index], 0);
    case SYMBOL_AXIS:
    case SYMBOL_MEMBER_PARTY:
        n = maker_over(m, PLAN_PARTY, m->p->axes[s->index].closure, 0);
        n.kind = s->kind == SYMBOL_MEMBER_PARTY;
        n.aux = s->index;
        return maker_node(m, n, 1 << 20);
    case SYMBOL_TABLE:
        n = maker_over(m, PLAN_TABLE, 0, 0);
        n.kind = 1;
        n.aux = s->index;
        return maker_node(m, n, 1 << 20);
    }
    check_that(false, "symbol kind %d", (int)s->kind);
    return -1;
}

/* ---- operators ------------------------------------------------------------------------------- */

static int32_t build_op(struct maker *m, const struct tally_expr *x, enum plan_op op, int kind,
                        int32_t a, int32_t b, int32_t c)
{
    int scale = x->type.kind == TALLY_NUMBER && x->type.scale >= 0 ? x->type.scale : 0;
    return maker_op(m, op, kind, x->type.shape, scale, a, b, c,
                    x->type.kind == TALLY_NUMBER ? x->type.bound : 1);
}

/* Two numbers at the larger of their scales. */
static void align(struct maker *m, int32_t *a, int32_t *b)
{
    int sa = m->plan->nodes[*a].scale, sb = m->plan->nodes[*b].scale;
    *a = maker_scale(m, *a, sb);
    *b = maker_scale(m, *b, sa);
}

static int32_t build_pair(struct maker *m, const struct tally_expr *x, enum plan_op op)
{
    int32_t a = build(m, x->args[0]), b = build(m, x->args[1]);
    if (op != PLAN_MUL && op != PLAN_AND && op != PLAN_OR) {
        align(m, &a, &b);
        if (x->type.kind == TALLY_NUMBER) {
            a = maker_scale(m, a, x->type.scale);
            b = maker_scale(m, b, x->type.scale);
        }
    }
    return build_op(m, x, op, 0, a, b, -1);
}

static int32_t build_at(struct maker *m, const struct tally_expr *x)
{
    struct strategy_plan *p = m->plan;
    int32_t q = build(m, x->args[0]), price = build(m, x->args[1]);
    if (p->n_ats == m->room_ats) {
        m->room_ats += 32;
        struct plan_at *more = arena_many(m->arena, (size_t)m->room_ats, struct plan_at);
        if (p->n_ats) {
            memcpy(more, p->ats, (size_t)p->n_ats * sizeof *more);
        }
        p->ats = more;
    }
    struct text tq, tp;
    text_init(&tq, m->arena, 64);
    text_init(&tp, m->arena, 64);
    text_unit(&tq, m->p, &x->args[0]->type.unit);
    struct tally_unit yuan = unit_of_base(BASE_YUAN);
    struct tally_unit per = unit_div(yuan, x->args[0]->type.unit);
    text_unit(&tp, m->p, &per);
    int32_t i = 0; /* an equal one is the same node */
    while (i < p->n_ats && (p->ats[i].q != q || p->ats[i].p != price)) {
        i++;
    }
    if (i == p->n_ats) {
        p->ats[p->n_ats++] = (struct plan_at){
            q, price, text_str(&tq), text_str(&tp), unit_is_opaque(&x->args[0]->type.unit), x->id
        };
    }
    struct plan_node n = maker_over(m, PLAN_AT, x->type.shape, 2);
    n.a = q;
    n.b = price;
    n.aux = i;
    return maker_node(m, n, x->type.bound);
}

static int32_t build_choose(struct maker *m, const struct tally_expr *x)
{
    const struct tally_choice *c = &m->p->choices[x->args[0]->type.choice];
    int32_t selector = build(m, x->args[0]);
    int32_t *cases = arena_many(m->arena, (size_t)c->n * 2, int32_t);
    struct plan_node n =
        maker_over(m, PLAN_CHOOSE, x->type.shape, x->type.kind == TALLY_NUMBER ? x->type.scale : 0);
    for (int32_t i = 0; i < c->n; i++) {
        cases[i * 2] = word_of(m, c->names[i]);
        int32_t v = build(m, x->args[x->case_of[i]]);
        v = x->type.kind == TALLY_NUMBER ? maker_scale(m, v, x->type.scale) : v;
        cases[i * 2 + 1] = maker_fit(m, v, x->type.shape);
    }
    n.a = maker_fit(m, selector, x->type.shape);
    n.list = maker_list(m, cases, c->n * 2);
    n.n_list = c->n * 2;
    return maker_node(m, n, x->type.bound);
}

static int32_t build_if(struct maker *m, const struct tally_expr *x)
{
    int32_t c = build(m, x->args[0]), a = build(m, x->args[1]), b = build(m, x->args[2]);
    if (x->type.kind == TALLY_NUMBER) {
        a = maker_scale(m, a, x->type.scale);
        b = maker_scale(m, b, x->type.scale);
    }
    return build_op(m, x, PLAN_IF, 0, c, a, b);
}

/* ---- functions ------------------------------------------------------------------------------- */

static int32_t build_aggregate(struct maker *m, const struct tally_expr *x);

/* sum and count of a mean: numerator and denominator of the quotient around it. */
static void mean_parts(struct maker *m, const struct tally_expr *x, int32_t *sum, int32_t *count)
{
    struct tally_expr part = *x; /* the same aggregate under two other names */
    part.fn = FN_SUM;
    part.type.scale = x->args[0]->type.scale;
    part.type.bound = x->args[0]->type.bound;
    *sum = build_aggregate(m, &part);
    bool timed = x->gone & m->times;
    if (x->where) {
        struct tally_expr *args[1] = { x->where };
        part.fn = FN_COUNT;
        part.args = args;
        part.where = NULL;
        part.type.scale = 0;
        *count = build_aggregate(m, &part);
    } else if (timed && !(x->gained & ~SHAPE(AXIS_TOU))) {
        *count = push_count(m, x->inner, x->type.shape);
    } else {
        int32_t one = maker_const(m, 1, 0);
        if (timed) {
            *count = push_pass(m, FN_COUNT, one, -1, x->inner, x->type.shape, 0, 1 << 20);
        } else {
            struct plan_node n = maker_over(m, PLAN_AGG, x->type.shape, 0);
            n.kind = FN_COUNT;
            n.a = one;
            n.inner = n.time >= 0 ? maker_over(m, PLAN_CONST, x->inner, 0).grid
                                  : maker_space(m, x->inner);
            *count = maker_node(m, n, 1 << 20);
        }
    }
}

static int32_t build_round(struct maker *m, const struct tally_expr *x)
{
    const struct tally_expr *of = x->args[0], *digits = x->args[1];
    int32_t d = digits->op == OP_NUMBER ? -1 : build(m, digits);
    struct plan_node n = maker_over(m, PLAN_ROUND, x->type.shape, x->type.scale);
    if (of->op == OP_DIV) {
        n.op = PLAN_QUOTIENT;
        n.a = maker_fit(m, build(m, of->args[0]), x->type.shape);
        n.b = maker_fit(m, build(m, of->args[1]), x->type.shape);
    } else if (of->op == OP_CALL && of->fn == FN_MEAN) {
        int32_t sum = -1, count = -1;
        mean_parts(m, of, &sum, &count);
        n.op = PLAN_QUOTIENT;
        n.kind = 2;
        n.a = maker_fit(m, sum, x->type.shape);
        n.b = maker_fit(m, count, x->type.shape);
    } else {
        n.a = maker_fit(m, build(m, of), x->type.shape);
    }
    n.kind = (uint8_t)(n.kind | (x->fn == FN_ROUND_DOWN));
    n.c = d;
    n.aux = digits->op == OP_NUMBER ? (int32_t)scaled(digits->number, 0) : -1;
    n.limit = n.op == PLAN_QUOTIENT ? maker_limit(m, (__int128)x->type.bound) : -1;
    return maker_node(m, n, x->type.bound);
}

/* sum(x) over time: the readings' own sums where x is linear. */
static int32_t build_sum_of_time(struct maker *m, const struct tally_expr *x, int32_t a,
                                 int32_t where)
{
    bool tou = x->gained & SHAPE(AXIS_TOU);
    int32_t s = push_sum(m, a, tou);
    tally_shape groups = x->gone & ~m->times;
    if (!groups && where < 0) {
        return s;
    }
    struct plan_node n = maker_over(m, PLAN_AGG, x->type.shape, m->plan->nodes[s].scale);
    n.kind = FN_SUM;
    n.a = s;
    n.b = where;
    n.inner = maker_space(m, (x->inner & ~m->times) | (tou ? SHAPE(AXIS_TOU) : 0));
    return maker_node(m, n, x->type.bound);
}

static int32_t build_aggregate(struct maker *m, const struct tally_expr *x)
{
    int32_t a = build(m, x->args[0]);
    int32_t where = x->where ? build(m, x->where) : -1;
    bool timed = x->gone & m->times;
    const struct plan_node *na = &m->plan->nodes[a];
    int scale = x->fn == FN_COUNT || x->fn == FN_ANY || x->fn == FN_ALL ? 0 : na->scale;
    unsigned __int128 bound = scale || x->type.kind == TALLY_NUMBER ? x->type.bound : 1;
    if (timed) {
        const struct plan_node *nw = where >= 0 ? &m->plan->nodes[where] : NULL;
        bool steady_where = !nw || (nw->time < 0 && !(m->plan->spaces[nw->space] & SHAPE_CLOCK));
        bool clock = x->gained & ~SHAPE(AXIS_TOU);
        if (x->fn == FN_SUM && steady_where && !clock && na->time >= 0) {
            return build_sum_of_time(m, x, a, where);
        }
        if (x->fn == FN_ANY && !nw && !x->gained && na->op == PLAN_MISSING &&
            m->plan->nodes[na->a].op == PLAN_SOURCE && x->gone == (x->gone & m->times)) {
            struct plan_node n = maker_over(m, PLAN_ANY_MISSING, x->type.shape, 0);
            n.inner = m->plan->nodes[na->a].grid;
            n.aux = m->plan->nodes[na->a].aux;
            return maker_node(m, n, 1);
        }
        return push_pass(m, (int)x->fn, a, where, x->inner, x->type.shape, scale, bound);
    }
    struct plan_node n = maker_over(m, PLAN_AGG, x->type.shape, scale);
    n.kind = (uint8_t)x->fn;
    n.a = maker_fit(m, a, x->inner);
    n.b = maker_fit(m, where, x->inner);
    n.inner = n.time >= 0 ? maker_over(m, PLAN_CONST, x->inner, 0).grid : maker_space(m, x->inner);
    return maker_node(m, n, bound);
}

/* The keys a selection or a split is done for, one by one: all axes but the one it runs along. */
static int16_t without_axis(struct maker *m, tally_shape shape, int32_t along)
{
    for (int32_t i = AXIS_FIRST; i < m->p->n_axes; i++) {
        if ((shape & SHAPE(i)) && i != along && (m->p->axes[i].closure & SHAPE(along))) {
            maker_trouble(m, "the value varies by a group inside the one it is split over; reduce "
                             "that group first");
        }
    }
    return maker_space(m, shape & ~m->times & ~SHAPE(along));
}

static int32_t build_pick(struct maker *m, const struct tally_expr *x)
{
    int32_t n = build(m, x->args[0]);
    int32_t key = x->fn == FN_LATEST ? -1 : build(m, x->args[1]);
    int32_t where = x->where ? build(m, x->where) : -1;
    struct plan_node p = maker_over(m, PLAN_PICK, x->type.shape, 0);
    p.kind = (uint8_t)x->fn;
    p.a = maker_fit(m, n, x->type.shape);
    p.b = maker_fit(m, key, x->type.shape);
    p.c = maker_fit(m, where, x->type.shape);
    p.aux = x->along;
    p.inner = without_axis(m, m->plan->spaces[p.space], x->along);
    return maker_node(m, p, 1);
}

static int32_t build_allocate(struct maker *m, const struct tally_expr *x)
{
    int32_t of = maker_scale(m, build(m, x->args[0]), x->type.scale);
    int32_t w = build(m, x->args[1]);
    if (SHAPE(x->along) & m->times) {
        maker_trouble(m, "allocate cannot split over a time axis; split over a group, or over "
                         "hour, date or tou");
    }
    struct plan_node n = maker_over(m, PLAN_ALLOCATE, x->type.shape, x->type.scale);
    n.a = maker_fit(m, of, x->type.shape);
    n.b = maker_fit(m, w, x->type.shape);
    n.aux = x->along;
    n.inner = without_axis(m, m->plan->spaces[n.space], x->along);
    return maker_node(m, n, x->type.bound);
}

static int32_t build_fold(struct maker *m, const struct tally_expr *x, enum plan_op op)
{
    int32_t a = maker_scale(m, build(m, x->args[0]), x->type.scale);
    for (int32_t i = 1; i < x->n_args; i++) {
        int32_t b = maker_scale(m, build(m, x->args[i]), x->type.scale);
        a = build_op(m, x, op, 0, a, b, -1);
    }
    return a;
}

static int32_t build_call(struct maker *m, const struct tally_expr *x)
{
    int32_t a = -1, b = -1, c = -1;
    switch (x->fn) {
    case FN_ROUND:
    case FN_ROUND_DOWN:
        return build_round(m, x);
    case FN_MIN:
        return build_fold(m, x, PLAN_MIN);
    case FN_MAX:
        return build_fold(m, x, PLAN_MAX);
    case FN_POS:
        return build_op(m, x, PLAN_POS, 0, build(m, x->args[0]), -1, -1);
    case FN_ABS:
        return build_op(m, x, PLAN_ABS, 0, build(m, x->args[0]), -1, -1);
    case FN_CLAMP:
        a = maker_scale(m, build(m, x->args[0]), x->type.scale);
        b = maker_scale(m, build(m, x->args[1]), x->type.scale);
        c = maker_scale(m, build(m, x->args[2]), x->type.scale);
        return build_op(m, x, PLAN_CLAMP, 0, a, b, c);
    case FN_LOOKUP:
        b = build(m, x->args[0]);
        a = build(m, x->args[1]);
        return build_op(m, x, PLAN_LOOKUP, 0, a, b, -1);
    case FN_POWER:
        return build_op(m, x, PLAN_POWER, 0, build(m, x->args[0]), -1, -1);
    case FN_POWER_FACTOR:
        a = build(m, x->args[0]);
        b = build(m, x->args[1]);
        align(m, &a, &b);
        return build_op(m, x, PLAN_POWER_FACTOR, 0, a, b, -1);
    case FN_MISSING:
        return build_op(m, x, PLAN_MISSING, 0, build(m, x->args[0]), -1, -1);
    case FN_LATEST:
    case FN_HIGHEST:
    case FN_MIDDLE:
        return build_pick(m, x);
    case FN_ALLOCATE:
        return build_allocate(m, x);
    default:
        return build_aggregate(m, x);
    }
}

static int32_t build_leaf(struct maker *m, const struct tally_expr *x)
{
    struct plan_node n;
    switch (x->op) {
    case OP_NUMBER:
        return maker_const(m, x->number.units, x->number.scale);
    case OP_CHOICE:
        return maker_const(m, word_of(m, m->p->choices[x->type.choice].names[x->alternative]), 0);
    case OP_YES:
    case OP_NO:
        return maker_const(m, x->op == OP_YES, 0);
    case OP_AGREED:
        n = maker_over(m, PLAN_AGREED, x->type.shape, 0);
        n.aux = m->p->symbols[x->symbol].index;
        return maker_node(m, n, 1);
    case OP_TIME_IN:
        n = maker_over(m, PLAN_TIME_IN, x->type.shape, 0);
        n.aux = x->from_min * 4096 + x->to_min;
        return maker_node(m, n, 1);
    case OP_HOLIDAY:
    case OP_WORKDAY:
        n = maker_over(m, x->op == OP_HOLIDAY ? PLAN_HOLIDAY : PLAN_WORKDAY, x->type.shape, 0);
        return maker_node(m, n, 1);
    case OP_MONTH_IN:
    case OP_WEEKDAY_IN:
        n = maker_over(m, x->op == OP_MONTH_IN ? PLAN_MONTH_IN : PLAN_WEEKDAY_IN, x->type.shape, 0);
        n.aux = x->from_min * 16 + x->to_min;
        return maker_node(m, n, 1);
    case OP_HOURS:
        return maker_node(m, maker_over(m, PLAN_HOURS, 0, 2), 1 << 20);
    default:
        return build_name(m, x);
    }
}

static int32_t build_new(struct maker *m, const struct tally_expr *x)
{
    switch (x->op) {
    case OP_NEG:
        return build_op(m, x, PLAN_NEG, 0, build(m, x->args[0]), -1, -1);
    case OP_NOT:
        return build_op(m, x, PLAN_NOT, 0, build(m, x->args[0]), -1, -1);
    case OP_ADD:
        return build_pair(m, x, PLAN_ADD);
    case OP_SUB:
        return build_pair(m, x, PLAN_SUB);
    case OP_MUL:
        return build_pair(m, x, PLAN_MUL);
    case OP_AT:
        return build_at(m, x);
    case OP_LT:
        return build_pair(m, x, PLAN_LT);
    case OP_LE:
        return build_pair(m, x, PLAN_LE);
    case OP_GT:
        return build_pair(m, x, PLAN_GT);
    case OP_GE:
        return build_pair(m, x, PLAN_GE);
    case OP_IS:
        return build_pair(m, x, PLAN_IS);
    case OP_IS_NOT:
        return build_pair(m, x, PLAN_IS_NOT);
    case OP_AND:
        return build_pair(m, x, PLAN_AND);
    case OP_OR:
        return build_pair(m, x, PLAN_OR);
    case OP_ELSE:
        return build_pair(m, x, PLAN_ELSE);
    case OP_IF:
        return build_if(m, x);
    case OP_CHOOSE:
        return build_choose(m, x);
    case OP_CALL:
        return build_call(m, x);
    default:
        return build_leaf(m, x);
    }
}

static int32_t build(struct maker *m, const struct tally_expr *x)
{
    int32_t *memo = &m->plan->node_of[x->id];
    if (*memo < 0) {
        const struct tally_expr *outer = m->now;
        m->now = x;
        *memo = build_new(m, x);
        m->now = outer;
    }
    return *memo;
}

/* ---- statements ------------------------------------------------------------------------------ */

static int32_t build_value(struct maker *m, const struct tally_definition *d)
{
    int scale = d->type.kind == TALLY_NUMBER ? d->type.scale : 0;
    int32_t body = build(m, d->body);
    if (!d->n_excepts) {
        return body;
    }
    int32_t n = 1 + 2 * d->n_excepts;
    int32_t *items = arena_many(m->arena, (size_t)n, int32_t);
    items[0] = maker_fit(m, maker_scale(m, body, scale), d->type.shape);
    for (int32_t i = 0; i < d->n_excepts; i++) {
        items[1 + 2 * i] = maker_fit(m, build(m, d->excepts[i].when), d->type.shape);
        items[2 + 2 * i] =
            maker_fit(m, maker_scale(m, build(m, d->excepts[i].body), scale), d->type.shape);
    }
    m->now = d->body;
    struct plan_node e = maker_over(m, PLAN_EXCEPT, d->type.shape, scale);
    e.list = maker_list(m, items, n);
    e.n_list = n;
    int32_t id = maker_node(m, e, d->type.bound);
    m->now = NULL;
    return id;
}

static void build_definition(struct maker *m, int32_t index)
{
    const struct tally_definition *d = &m->p->definitions[index];
    struct plan_definition *out = &m->plan->definitions[index];
    out->node = build_value(m, d);
    tally_shape mask = d->type.shape & ~m->times;
    out->space = maker_space(m, mask == d->type.shape ? mask : mask & ~SHAPE_CLOCK);
    struct text t;
    text_init(&t, m->arena, 64);
    text_unit(&t, m->p, &d->type.unit);
    out->unit = text_str(&t);
}

static int32_t add_axis(int8_t *order, int32_t n, int32_t axis)
{
    for (int32_t i = 0; i < n; i++) {
        if (order[i] == axis) {
            return n;
        }
    }
    order[n] = (int8_t)axis;
    return n + 1;
}

/* Axes of a code in the order of print, then what else its keys have. */
static int32_t code_order(struct maker *m, const struct tally_code *code, int16_t space,
                          int8_t *order, int32_t n)
{
    int8_t front[TALLY_AXES_MAX];
    int32_t k = 0;
    for (int32_t i = 0; i < code->n_parts; i++) {
        k = code->parts[i].axis >= 0 ? add_axis(front, k, code->parts[i].axis) : k;
    }
    for (int32_t i = 0; i < n; i++) { /* parties come after the code */
        k = add_axis(front, k, order[i]);
    }
    for (int32_t i = 0; i < m->plan->n_axis_order; i++) {
        if (m->plan->spaces[space] & SHAPE(m->plan->axis_order[i])) {
            k = add_axis(front, k, m->plan->axis_order[i]);
        }
    }
    memcpy(order, front, (size_t)k);
    return k;
}

static void build_line(struct maker *m, int32_t index)
{
    const struct tally_line *l = &m->p->lines[index];
    struct plan_line *out = &m->plan->lines[index];
    out->space = maker_space(m, l->shape);
    if (l->payer.axis >= 0) {
        out->n_order = add_axis(out->order, out->n_order, l->payer.axis);
    }
    if (l->payee.axis >= 0) {
        out->n_order = add_axis(out->order, out->n_order, l->payee.axis);
    }
    out->n_order = code_order(m, &l->code, out->space, out->order, out->n_order);
    out->amount = build(m, l->amount);
    out->when = l->when ? build(m, l->when) : -1;
    out->vat = l->vat_rate ? build(m, l->vat_rate) : -1;
    if (!l->showing) {
        return;
    }
    const struct tally_expr *q = l->showing;
    struct text t, tp;
    text_init(&t, m->arena, 64);
    text_init(&tp, m->arena, 64);
    if (q->op == OP_AT) {
        out->show_p = build(m, q->args[1]);
        q = q->args[0];
        struct tally_unit yuan = unit_of_base(BASE_YUAN);
        struct tally_unit per = unit_div(yuan, q->type.unit);
        text_unit(&tp, m->p, &per);
    }
    out->show_q = build(m, q);
    text_unit(&t, m->p, &q->type.unit);
    out->unit = text_str(&t);
    out->price_unit = text_str(&tp);
}

static void make_statements(struct maker *m)
{
    const struct tally_program *p = m->p;
    struct strategy_plan *plan = m->plan;
    plan->definitions = arena_many(m->arena, (size_t)p->n_definitions, struct plan_definition);
    plan->lines = arena_many(m->arena, (size_t)p->n_lines, struct plan_line);
    plan->flags = arena_many(m->arena, (size_t)p->n_flags, struct plan_flag);
    plan->nexts = arena_many(m->arena, (size_t)p->n_nexts, int32_t);
    for (int32_t i = 0; i < p->n_lines; i++) {
        plan->lines[i] = (struct plan_line){
            .amount = -1, .when = -1, .vat = -1, .show_q = -1, .show_p = -1, .bill = -1
        };
    }
    for (int32_t i = 0; i < p->n_order; i++) { /* what is used comes first */
        if (p->order[i].line) {
            build_line(m, p->order[i].index);
        } else {
            build_definition(m, p->order[i].index);
        }
    }
    for (int32_t i = 0; i < p->n_flags; i++) {
        struct plan_flag *f = &plan->flags[i];
        f->when = build(m, p->flags[i].when);
        f->space = maker_space(m, p->flags[i].shape);
        f->n_order = code_order(m, &p->flags[i].code, f->space, f->order, 0);
    }
    for (int32_t i = 0; i < p->n_nexts; i++) {
        const struct tally_decl *d = &p->decls[p->nexts[i].decl];
        plan->nexts[i] = build(m, p->nexts[i].body);
        if (d->type.kind == TALLY_NUMBER) {
            plan->nexts[i] = maker_scale(m, plan->nexts[i], d->type.scale);
        }
    }
}

static void put_axis(struct maker *m, int32_t axis, uint32_t *done)
{
    if (*done & SHAPE(axis)) {
        return;
    }
    *done |= SHAPE(axis);
    m->plan->axis_order[m->plan->n_axis_order++] = (int8_t)axis;
    for (int32_t i = AXIS_FIRST; i < m->p->n_axes; i++) {
        if (m->p->axes[i].group && m->p->axes[i].outer == axis) {
            put_axis(m, i, done);
        }
    }
}

static void make_axis_order(struct maker *m)
{
    uint32_t done = 0;
    for (int32_t i = AXIS_FIRST; i < m->p->n_axes; i++) {
        if (m->p->axes[i].group && m->p->axes[i].outer < 0) {
            put_axis(m, i, &done);
        }
    }
    put_axis(m, AXIS_HOUR, &done);
    put_axis(m, AXIS_DATE, &done);
    put_axis(m, AXIS_TOU, &done);
}

enum err_code strategy_plan_make(struct arena *arena, const struct tally_program *p,
                                 const struct strategy_plan **out, struct err *e)
{
    struct strategy_plan *plan = arena_make(arena, struct strategy_plan);
    struct maker *m = arena_make(arena, struct maker);
    *m = (struct maker){ .arena = arena, .p = p, .plan = plan, .times = plan_times(p) };
    m->buckets_mask = 1023;
    m->buckets = arena_many(arena, (size_t)m->buckets_mask + 1, int32_t);
    plan->program = p;
    plan->node_of = arena_many(arena, (size_t)p->n_exprs, int32_t);
    for (int32_t i = 0; i < p->n_exprs; i++) {
        plan->node_of[i] = -1;
    }
    maker_space(m, 0);
    make_names(m);
    make_decls(m);
    plan->party_words = arena_many(arena, (size_t)p->n_parties, int32_t);
    for (int32_t i = 0; i < p->n_parties; i++) {
        plan->party_words[i] = word_of(m, p->parties[i]);
    }
    make_axis_order(m);
    make_statements(m);
    for (int32_t i = 0; i < plan->n_nodes; i++) {
        if (plan->level[i] > plan->levels) {
            plan->levels = plan->level[i];
        }
    }
    if (!m->trouble && plan->levels > PLAN_LEVELS_MAX) {
        m->trouble = "aggregates over intervals are nested too deeply";
    }
    if (m->trouble) {
        struct str file = tally_file_name(p, m->trouble_at);
        return fail_named(e, ERR_INPUT, "PLAN", STR_FMT ":%d:%d: %s", STR_ARG(file),
                          m->trouble_at.line, m->trouble_at.column, m->trouble);
    }
    *out = plan;
    return OK;
}
