/* eval.c - one node from its arguments, over all its keys at once.
 *
 * Where every argument has a value everywhere and the operation cannot fail, a flat loop over
 * int64_t or __int128 does it; otherwise each key is looked at with its states (cell by cell), by
 * the rules of presence.
 */
#pragma GCC optimize("tree-vectorize", "vect-cost-model=dynamic") /* blocks of numbers */
#include "strategy/bound.h"
#include "strategy/exact.h"

struct cell {
    wide v;
    uint8_t st;
};

/* ---- room ------------------------------------------------------------------------------------ */

void *frame_scratch(struct frame *f, size_t size)
{
    size = (size + 31) & ~(size_t)31;
    if (f->scratch_n + size > f->scratch_room) {
        size_t room = (f->scratch_room + size) * 2 + 4096;
        f->scratch = arena_alloc(f->arena, room); /* the old one stays valid for its users */
        f->scratch_room = room;
        f->scratch_n = 0;
    }
    void *p = f->scratch + f->scratch_n;
    f->scratch_n += size;
    return p;
}

void frame_free(struct frame *f)
{
    f->scratch_n = 0;
}

void *result_room(struct frame *f, int32_t id, int32_t *n)
{
    const struct plan_node *node = &f->b->plan->nodes[id];
    struct value *v = &f->val[id];
    v->space = node->space;
    v->st = NULL;
    if (node->time >= 0) {
        *n = f->b->grids[node->grid].rows * f->t; /* room was made for the pass */
    } else {
        *n = f->b->spaces[node->space].n;
        v->v = arena_array(f->arena, (size_t)*n + 1, sizeof(wide));
    }
    v->n = *n;
    return v->v;
}

uint8_t *result_states(struct frame *f, int32_t id, int32_t n)
{
    struct value *v = &f->val[id];
    if (f->b->plan->nodes[id].time >= 0) {
        if (!f->states[id]) {
            int32_t rows = f->b->grids[f->b->plan->nodes[id].grid].rows;
            f->states[id] = arena_alloc(f->arena, (size_t)rows * (size_t)f->t_max + 1);
        }
        v->st = f->states[id];
        memset(v->st, VALUE_OK, (size_t)n);
    } else {
        v->st = arena_alloc(f->arena, (size_t)n + 1);
    }
    return v->st;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static int32_t block_of(const struct frame *f, int16_t space, bool timed)
{
    return f->b->spaces[space].n * (timed ? f->t : 1);
}

/* Index in the argument for each row of the user, NULL for the same. */
static const int32_t *rows_of(struct frame *f, int16_t space, const struct value *v)
{
    static const int32_t none;
    if (v->space == space) {
        return NULL;
    }
    return f->b->spaces[v->space].n <= 1 ? &none : space_project(f, space, v->space);
}

#define SPREAD(T)                                                                                  \
    for (int32_t r = 0; r < rows; r++) {                                                           \
        int32_t from = !map ? r : single ? 0 : map[r];                                             \
        T *to = d + (size_t)r * (size_t)t;                                                         \
        if (!arg_timed) {                                                                          \
            T x = (T)((const wide *)v->v)[from];                                                   \
            for (int32_t i = 0; i < t; i++) {                                                      \
                to[i] = x;                                                                         \
            }                                                                                      \
        } else if (arg_wide) {                                                                     \
            const wide *x = (const wide *)v->v + (size_t)from * (size_t)t;                         \
            for (int32_t i = 0; i < t; i++) {                                                      \
                to[i] = (T)x[i];                                                                   \
            }                                                                                      \
        } else {                                                                                   \
            const int64_t *x = (const int64_t *)v->v + (size_t)from * (size_t)t;                   \
            for (int32_t i = 0; i < t; i++) {                                                      \
                to[i] = (T)x[i];                                                                   \
            }                                                                                      \
        }                                                                                          \
    }

static struct operand operand_of(struct frame *f, int32_t arg, int16_t space, bool timed,
                                 bool as_wide)
{
    int32_t id = f->b->alias[arg];
    const struct plan_node *node = &f->b->plan->nodes[id];
    const struct value *v = &f->val[id];
    int32_t n = block_of(f, space, timed), rows = f->b->spaces[space].n, t = timed ? f->t : 1;
    struct operand o = { NULL, NULL };
    if (!v->v) { /* a branch nobody takes was not evaluated */
        uint8_t *st = frame_scratch(f, (size_t)n + 1);
        void *zero = frame_scratch(f, ((size_t)n + 1) * sizeof(wide));
        memset(st, VALUE_ABSENT, (size_t)n);
        memset(zero, 0, ((size_t)n + 1) * sizeof(wide));
        return (struct operand){ zero, st };
    }
    bool arg_timed = node->time >= 0, arg_wide = !arg_timed || node->wide;
    const int32_t *map = rows_of(f, space, v);
    bool single = map && f->b->spaces[v->space].n <= 1;
    if (arg_timed == timed && !map && arg_wide == as_wide) {
        return (struct operand){ v->v, v->st };
    }
    void *room = frame_scratch(f, ((size_t)n + 1) * (as_wide ? sizeof(wide) : sizeof(int64_t)));
    o.v = room;
    if (as_wide) {
        wide *d = room;
        SPREAD(wide)
    } else {
        int64_t *d = room;
        SPREAD(int64_t)
    }
    if (v->st) {
        uint8_t *st = frame_scratch(f, (size_t)n + 1);
        for (int32_t r = 0; r < rows; r++) {
            int32_t from = !map ? r : single ? 0 : map[r];
            if (arg_timed) {
                memcpy(st + (size_t)r * (size_t)t, v->st + (size_t)from * (size_t)t, (size_t)t);
            } else {
                memset(st + (size_t)r * (size_t)t, v->st[from], (size_t)t);
            }
        }
        o.st = st;
    }
    return o;
}

struct operand operand_wide(struct frame *f, int32_t arg, int16_t space, bool timed)
{
    return operand_of(f, arg, space, timed, true);
}

struct operand operand_narrow(struct frame *f, int32_t arg, int16_t space)
{
    return operand_of(f, arg, space, true, false);
}

uint8_t value_at(const struct strategy_bound *b, const struct value *val, int32_t node,
                 int16_t space, int32_t key, wide *out)
{
    int32_t id = b->alias[node];
    const struct value *v = &val[id];
    *out = 0;
    if (!v->v || b->plan->nodes[id].time >= 0) {
        return VALUE_ABSENT;
    }
    int32_t k = key;
    if (b->spaces[v->space].n == 1) {
        k = 0;
    } else if (v->space != space) {
        int32_t index[TALLY_AXES_MAX] = { 0 };
        space_index(b, space, key, index);
        k = space_key(b, v->space, index);
    }
    *out = ((const wide *)v->v)[k];
    return v->st ? v->st[k] : VALUE_OK;
}

/* ---- flat loops ------------------------------------------------------------------------------ */

#define EACH(expr)                                                                                 \
    for (int32_t i = 0; i < n; i++) {                                                              \
        d[i] = (expr);                                                                             \
    }                                                                                              \
    return true;

#define FLAT(NAME, T)                                                                              \
    static bool NAME(const struct plan_node *node, int drop, int32_t n, T *restrict d, const T *a, \
                     const T *b, const T *c)                                                       \
    {                                                                                              \
        T p = 1;                                                                                   \
        switch (node->op) {                                                                        \
        case PLAN_SCALE:                                                                           \
            p = (T)EXACT_POW10[node->aux];                                                         \
            EACH(a[i] * p)                                                                         \
        case PLAN_NEG:                                                                             \
            EACH(-a[i])                                                                            \
        case PLAN_NOT:                                                                             \
            EACH(!a[i])                                                                            \
        case PLAN_POS:                                                                             \
            EACH(a[i] > 0 ? a[i] : 0)                                                              \
        case PLAN_ABS:                                                                             \
            EACH(a[i] < 0 ? -a[i] : a[i])                                                          \
        case PLAN_ADD:                                                                             \
            EACH(a[i] + b[i])                                                                      \
        case PLAN_SUB:                                                                             \
            EACH(a[i] - b[i])                                                                      \
        case PLAN_MUL:                                                                             \
            EACH(a[i] * b[i])                                                                      \
        case PLAN_MIN:                                                                             \
            EACH(a[i] < b[i] ? a[i] : b[i])                                                        \
        case PLAN_MAX:                                                                             \
            EACH(a[i] > b[i] ? a[i] : b[i])                                                        \
        case PLAN_LT:                                                                              \
            EACH(a[i] < b[i])                                                                      \
        case PLAN_LE:                                                                              \
            EACH(a[i] <= b[i])                                                                     \
        case PLAN_GT:                                                                              \
            EACH(a[i] > b[i])                                                                      \
        case PLAN_GE:                                                                              \
            EACH(a[i] >= b[i])                                                                     \
        case PLAN_IS:                                                                              \
            EACH(a[i] == b[i])                                                                     \
        case PLAN_IS_NOT:                                                                          \
            EACH(a[i] != b[i])                                                                     \
        case PLAN_AND:                                                                             \
            EACH(a[i] && b[i])                                                                     \
        case PLAN_OR:                                                                              \
            EACH(a[i] || b[i])                                                                     \
        case PLAN_IF:                                                                              \
            EACH(a[i] ? b[i] : c[i])                                                               \
        case PLAN_CLAMP:                                                                           \
            for (int32_t i = 0; i < n; i++) {                                                      \
                T x = a[i] < b[i] ? b[i] : a[i];                                                   \
                d[i] = x > c[i] ? c[i] : x;                                                        \
            }                                                                                      \
            return true;                                                                           \
        case PLAN_ROUND:                                                                           \
            if (node->aux < 0) {                                                                   \
                return false;                                                                      \
            }                                                                                      \
            EACH((T)exact_round(a[i], drop, node->kind & 1))                                       \
        case PLAN_HARD:                                                                            \
        case PLAN_ELSE:                                                                            \
            memcpy(d, a, (size_t)n * sizeof *d);                                                   \
            return true;                                                                           \
        default:                                                                                   \
            return false;                                                                          \
        }                                                                                          \
    }
FLAT(flat_wide, wide)
FLAT(flat_narrow, int64_t)

/* ---- cells: one key with its states ---------------------------------------------------------- */

static struct cell failed(uint8_t st)
{
    return (struct cell){ 0, st };
}

static struct cell cell_product(struct cell a, struct cell b)
{
    if (a.st == VALUE_OK && b.st == VALUE_OK) {
        return (struct cell){ a.v * b.v, VALUE_OK };
    }
    bool free_of_charge = (a.st == VALUE_OK && a.v == 0 && b.st == VALUE_NO_PRICE) ||
                          (b.st == VALUE_OK && b.v == 0 && a.st == VALUE_NO_PRICE);
    return failed(free_of_charge ? VALUE_OK : a.st != VALUE_OK ? a.st : b.st);
}

static struct cell cell_logic(bool any, struct cell a, struct cell b)
{
    if ((a.st == VALUE_OK && (a.v != 0) == any) || (b.st == VALUE_OK && (b.v != 0) == any)) {
        return (struct cell){ any, VALUE_OK };
    }
    if (a.st == VALUE_OK && b.st == VALUE_OK) {
        return (struct cell){ !any, VALUE_OK };
    }
    return failed(a.st != VALUE_OK ? a.st : b.st);
}

static struct cell cell_clamp(struct cell x, struct cell lo, struct cell hi)
{
    if (x.st != VALUE_OK) {
        return x;
    }
    if (lo.st != VALUE_ABSENT) {
        if (lo.st != VALUE_OK) {
            return lo;
        }
        x.v = x.v < lo.v ? lo.v : x.v;
    }
    if (hi.st != VALUE_ABSENT) {
        if (hi.st != VALUE_OK) {
            return hi;
        }
        x.v = x.v > hi.v ? hi.v : x.v;
    }
    return x;
}

static struct cell cell_at(const struct strategy_plan *p, const struct plan_node *n, struct cell q,
                           struct cell price)
{
    struct cell x = cell_product(q, price);
    int scale = p->nodes[n->a].scale + p->nodes[n->b].scale;
    if (x.st == VALUE_OK) {
        x.v = scale >= 2 ? exact_round(x.v, scale - 2, false) : x.v * EXACT_POW10[2 - scale];
    }
    return x;
}

static struct cell cell_round(const struct strategy_plan *p, const struct plan_node *n,
                              struct cell x, struct cell digits)
{
    if (x.st != VALUE_OK || digits.st != VALUE_OK) {
        return failed(x.st != VALUE_OK ? x.st : digits.st);
    }
    int scale = p->nodes[n->a].scale;
    int d = (int)digits.v;
    if (d < scale) {
        x.v = exact_round(x.v, scale - d, n->kind & 1) * EXACT_POW10[n->scale - d];
    } else {
        x.v *= EXACT_POW10[n->scale - scale];
    }
    return x;
}

static struct cell cell_quotient(const struct strategy_plan *p, const struct plan_node *n,
                                 struct cell a, struct cell b, struct cell digits)
{
    if (a.st != VALUE_OK || b.st != VALUE_OK || digits.st != VALUE_OK) {
        return failed(a.st != VALUE_OK ? a.st : b.st != VALUE_OK ? b.st : digits.st);
    }
    if (b.v == 0) {
        return failed(n->kind & 2 ? VALUE_EMPTY : VALUE_DIV_ZERO);
    }
    int d = (int)digits.v, up = n->scale - d;
    wide limit = p->consts[n->limit], out = 0;
    if (!exact_quotient(a.v, b.v, d + p->nodes[n->b].scale - p->nodes[n->a].scale, n->kind & 1,
                        limit, &out)) {
        return failed(VALUE_RANGE);
    }
    wide most = limit / EXACT_POW10[up];
    if (out > most || out < -most) {
        return failed(VALUE_RANGE);
    }
    return (struct cell){ out * EXACT_POW10[up], VALUE_OK };
}

static bool row_holds(const struct bound_table *t, const struct strategy_row *r, wide x, int scale)
{
    wide bound = r->bound.units;
    int up = r->bound.scale - scale;
    if (up > 0) {
        x *= EXACT_POW10[up];
    } else {
        bound *= EXACT_POW10[-up];
    }
    return t->upto ? x <= bound : bound <= x;
}

static struct cell cell_lookup(const struct strategy_bound *b, const struct plan_node *n,
                               struct cell x, struct cell table)
{
    if (x.st != VALUE_OK || table.st != VALUE_OK) {
        return failed(table.st != VALUE_OK ? table.st : x.st);
    }
    const struct bound_table *t = &b->tables[table.v];
    const struct strategy_row *hit = NULL;
    for (int32_t i = 0; i < t->n_rows; i++) {
        if (t->rows[i].rest || row_holds(t, &t->rows[i], x.v, b->plan->nodes[n->a].scale)) {
            hit = &t->rows[i];
            if (t->upto) {
                break;
            }
        }
    }
    if (!hit || hit->blank) {
        return failed(hit ? VALUE_ABSENT : VALUE_TABLE);
    }
    wide v = hit->value.units;
    int up = n->scale - hit->value.scale;
    v = up >= 0 ? v * EXACT_POW10[up] : v / EXACT_POW10[-up];
    return (struct cell){ v, VALUE_OK };
}

static struct cell cell_power_factor(struct cell p, struct cell q)
{
    const wide most = (wide)1 << 62;
    if (p.st != VALUE_OK || q.st != VALUE_OK) {
        return failed(p.st != VALUE_OK ? p.st : q.st);
    }
    if (p.v == 0 && q.v == 0) {
        return failed(VALUE_ABSENT);
    }
    if (p.v >= most || -p.v >= most || q.v >= most || -q.v >= most) {
        return failed(VALUE_RANGE);
    }
    return (struct cell){ exact_power_factor((int64_t)p.v, (int64_t)q.v), VALUE_OK };
}

static struct cell cell_bill(const struct plan_node *n, struct cell when, struct cell amount)
{
    const wide most = (wide)100000000000000; /* 10^12 yuan in fen */
    if (n->a >= 0 && (when.st != VALUE_OK || when.v == 0)) {
        return failed(state_harden(when.st));
    }
    if (amount.st == VALUE_OK && (amount.v > most || amount.v < -most)) {
        return failed(VALUE_RANGE | VALUE_HARD);
    }
    amount.st = state_harden(amount.st);
    return amount;
}

static struct cell cell_except(const struct cell *x, int32_t n)
{
    int32_t hit = -1;
    for (int32_t i = 1; i < n; i += 2) {
        if (x[i].st != VALUE_OK) {
            return failed(x[i].st);
        }
        if (x[i].v != 0) {
            if (hit >= 0) {
                return failed(VALUE_EXCEPTION_CONFLICT);
            }
            hit = i;
        }
    }
    return hit >= 0 ? x[hit + 1] : x[0];
}

static struct cell cell_strict(const struct plan_node *n, struct cell a, struct cell b,
                               struct cell c)
{
    if (a.st != VALUE_OK) {
        return failed(a.st);
    }
    if (n->op == PLAN_IF) {
        return a.v ? b : c;
    }
    if (b.st != VALUE_OK || c.st != VALUE_OK) {
        return failed(b.st != VALUE_OK ? b.st : c.st);
    }
    struct cell d = { 0, VALUE_OK };
    check(flat_wide(n, 0, 1, &d.v, &a.v, &b.v, &c.v));
    return d;
}

static struct cell cell_op(const struct strategy_bound *b, const struct plan_node *n,
                           const struct cell *x)
{
    const struct strategy_plan *p = b->plan;
    struct cell digits = n->aux >= 0 ? (struct cell){ n->aux, VALUE_OK } : x[2];
    switch (n->op) {
    case PLAN_MUL:
        return cell_product(x[0], x[1]);
    case PLAN_AT:
        return cell_at(p, n, x[0], x[1]);
    case PLAN_AND:
        return cell_logic(false, x[0], x[1]);
    case PLAN_OR:
        return cell_logic(true, x[0], x[1]);
    case PLAN_CLAMP:
        return cell_clamp(x[0], x[1], x[2]);
    case PLAN_ELSE:
        return x[0].st == VALUE_ABSENT || state_is_soft(x[0].st) ? x[1] : x[0];
    case PLAN_HARD:
        return (struct cell){ x[0].v, state_harden(x[0].st) };
    case PLAN_ROUND:
        return cell_round(p, n, x[0], digits);
    case PLAN_QUOTIENT:
        return cell_quotient(p, n, x[0], x[1], digits);
    case PLAN_LOOKUP:
        return cell_lookup(b, n, x[0], x[1]);
    case PLAN_POWER_FACTOR:
        return cell_power_factor(x[0], x[1]);
    case PLAN_MISSING:
        return (struct cell){ x[0].st == VALUE_MISSING || x[0].st == VALUE_NO_PRICE, VALUE_OK };
    case PLAN_BILL:
        return cell_bill(n, x[0], x[1]);
    default:
        return cell_strict(n, x[0], x[1], x[2]);
    }
}

static struct cell cell_list(const struct strategy_plan *p, const struct plan_node *n,
                             struct cell selector, const struct cell *x)
{
    if (n->op == PLAN_EXCEPT) {
        return cell_except(x, n->n_list);
    }
    if (selector.st != VALUE_OK) {
        return selector;
    }
    for (int32_t i = 0; i < n->n_list; i += 2) {
        if (p->lists[n->list + i] == selector.v) {
            return x[i + 1];
        }
    }
    return failed(VALUE_ABSENT);
}

/* ---- the node -------------------------------------------------------------------------------- */

/* A bucket times a factor: the factor counts only where there are intervals. */
static void mend_buckets(struct frame *f, const struct plan_node *n, struct cell *out, int32_t key)
{
    const struct strategy_bound *b = f->b;
    int32_t index[TALLY_AXES_MAX] = { 0 };
    space_index(b, n->space, key, index);
    const struct bound_grid *g = &b->grids[n->inner];
    int32_t r = space_key(b, b->plan->grids[n->inner].space, index);
    struct bound_row row = grid_row(g, r);
    bool none = row.axis->n == 0;
    if (!none && (b->plan->spaces[n->space] & SHAPE(AXIS_TOU))) {
        none = !(clock_tou_seen(b, &row) >> index[AXIS_TOU] & 1);
    }
    if (none) {
        *out = (struct cell){ 0, VALUE_OK };
    }
}

static void put(void *v, bool as_wide, int32_t i, wide x)
{
    if (as_wide) {
        ((wide *)v)[i] = x;
    } else {
        ((int64_t *)v)[i] = (int64_t)x;
    }
}

static void eval_cells(struct frame *f, int32_t id, const struct plan_node *n, int32_t keys,
                       void *out, bool out_wide)
{
    const struct strategy_plan *p = f->b->plan;
    bool timed = n->time >= 0;
    int32_t args[3] = { n->a, n->b, n->c };
    struct operand o[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        if (args[i] >= 0) {
            o[i] = operand_wide(f, args[i], n->space, timed);
        }
    }
    struct operand *list = NULL;
    struct cell *cells = NULL;
    if (n->n_list) {
        list = frame_scratch(f, (size_t)n->n_list * sizeof *list);
        cells = frame_scratch(f, (size_t)n->n_list * sizeof *cells);
        memset(list, 0, (size_t)n->n_list * sizeof *list);
        memset(cells, 0, (size_t)n->n_list * sizeof *cells);
        for (int32_t i = 0; i < n->n_list; i++) {
            if (n->op != PLAN_CHOOSE || i % 2) {
                list[i] = operand_wide(f, p->lists[n->list + i], n->space, timed);
            }
        }
    }
    uint8_t *st = NULL;
    for (int32_t k = 0; k < keys; k++) {
        struct cell x[3] = { 0 };
        for (int i = 0; i < 3; i++) {
            if (args[i] >= 0) {
                x[i] = (struct cell){ ((const wide *)o[i].v)[k], o[i].st ? o[i].st[k] : VALUE_OK };
            }
        }
        for (int32_t i = 0; i < n->n_list; i++) {
            if (list[i].v) {
                cells[i].v = ((const wide *)list[i].v)[k];
                cells[i].st = list[i].st ? list[i].st[k] : VALUE_OK;
            }
        }
        struct cell d = n->n_list ? cell_list(p, n, x[0], cells) : cell_op(f->b, n, x);
        if (n->bucket && d.st != VALUE_OK) {
            mend_buckets(f, n, &d, k);
        }
        put(out, out_wide, k, d.st == VALUE_OK ? d.v : 0);
        if (d.st != VALUE_OK) {
            st = st ? st : result_states(f, id, keys);
            st[k] = d.st;
        }
    }
}

/* Untimed numbers are wide; may the int64_t loop take these? */
static bool fits_narrow(const struct value *v)
{
    const wide *x = v->v;
    for (int32_t i = 0; i < v->n; i++) {
        if (x[i] != (int64_t)x[i]) {
            return false;
        }
    }
    return true;
}

static bool flat_timed(struct frame *f, const struct plan_node *n, int32_t keys, void *out)
{
    const struct strategy_plan *p = f->b->plan;
    int32_t args[3] = { n->a, n->b, n->c };
    bool any_wide = n->wide;
    int drop = 0;
    for (int i = 0; i < 3; i++) {
        if (args[i] >= 0) {
            const struct plan_node *a = &p->nodes[f->b->alias[args[i]]];
            if (f->val[f->b->alias[args[i]]].st || !f->val[f->b->alias[args[i]]].v) {
                return false;
            }
            any_wide =
                any_wide || (a->time >= 0 ? a->wide : !fits_narrow(&f->val[f->b->alias[args[i]]]));
        }
    }
    if (n->op == PLAN_ROUND) {
        drop = p->nodes[n->a].scale - n->aux;
    }
    struct operand o[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        if (args[i] >= 0) {
            o[i] = any_wide ? operand_wide(f, args[i], n->space, true)
                            : operand_narrow(f, args[i], n->space);
        }
    }
    if (!any_wide) {
        return flat_narrow(n, drop, keys, out, o[0].v, o[1].v, o[2].v);
    }
    if (n->wide) {
        return flat_wide(n, drop, keys, out, o[0].v, o[1].v, o[2].v);
    }
    wide *room = frame_scratch(f, ((size_t)keys + 1) * sizeof(wide));
    if (!flat_wide(n, drop, keys, room, o[0].v, o[1].v, o[2].v)) {
        return false;
    }
    for (int32_t i = 0; i < keys; i++) {
        ((int64_t *)out)[i] = (int64_t)room[i];
    }
    return true;
}

static bool flat_untimed(struct frame *f, const struct plan_node *n, int32_t keys, void *out)
{
    const struct strategy_plan *p = f->b->plan;
    int32_t args[3] = { n->a, n->b, n->c };
    const wide *v[3] = { NULL, NULL, NULL };
    for (int i = 0; i < 3; i++) {
        if (args[i] >= 0) {
            struct operand o = operand_wide(f, args[i], n->space, false);
            if (o.st) {
                return false;
            }
            v[i] = o.v;
        }
    }
    if (n->op == PLAN_AT) {
        int drop = p->nodes[n->a].scale + p->nodes[n->b].scale - 2;
        wide *d = out;
        for (int32_t i = 0; i < keys && drop >= 0; i++) {
            d[i] = exact_round(v[0][i] * v[1][i], drop, false);
        }
        return drop >= 0;
    }
    int drop = n->op == PLAN_ROUND ? p->nodes[n->a].scale - n->aux : 0;
    return flat_wide(n, drop, keys, out, v[0], v[1], v[2]);
}

void eval_node(struct frame *f, int32_t id)
{
    const struct plan_node *n = &f->b->plan->nodes[id];
    if (n->op == PLAN_AGG) {
        eval_aggregate(f, id);
    } else if (n->op == PLAN_PICK) {
        eval_pick(f, id);
    } else if (n->op == PLAN_ALLOCATE) {
        eval_allocate(f, id);
    } else {
        int32_t keys = 0;
        void *out = result_room(f, id, &keys);
        bool timed = n->time >= 0;
        bool flat =
            n->n_list == 0 && (timed ? flat_timed(f, n, keys, out) : flat_untimed(f, n, keys, out));
        if (!flat) {
            eval_cells(f, id, n, keys, out, !timed || n->wide);
        }
    }
    frame_free(f);
}

uint8_t eval_single(const struct strategy_bound *b, const struct value *val, int32_t id, wide *out)
{
    const struct strategy_plan *p = b->plan;
    const struct plan_node *n = &p->nodes[id];
    struct cell x[3] = { 0 }, list[EVAL_LIST_MAX] = { 0 };
    for (int32_t i = 0; i < plan_args(n); i++) {
        int32_t a = plan_arg(p, n, i);
        if (a >= 0) {
            const struct value *v = &val[a];
            struct cell *to = i < 3 ? &x[i] : &list[i - 3];
            *to = (struct cell){ *(const wide *)v->v, v->st ? v->st[0] : VALUE_OK };
        }
    }
    struct cell d = n->n_list ? cell_list(p, n, x[0], list) : cell_op(b, n, x);
    *out = d.st == VALUE_OK ? d.v : 0;
    return d.st;
}
