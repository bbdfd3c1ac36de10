/* reference_gather.c - the naive evaluator across keys: sums and their kin, latest, highest and
 * middle, exact splits. Each visits every key of what it gathers, every time. */
#include "reference_eval.h"

/* ---- aggregates ------------------------------------------------------------------------------ */

struct gather {
    struct reference *r;
    const struct tally_expr *x;
    int axes[TALLY_AXES_MAX];
    int n_axes;
    struct key outer; /* of the result: HOUR, DATE, TOU that intervals must fall into */
    bool (*take)(struct gather *g, const struct key *k); /* false: enough */
    /* what is gathered */
    struct value stop; /* not HERE: an item that is not there */
    mpq_ptr sum;
    mpq_srcptr best;
    long n;
    bool any, all;
};

/* Groups first (outer before inner: their numbers ascend), then times, intervals last, because
 * which intervals there are may depend on the member. */
static int axes_of(const struct reference *r, tally_shape shape, int axes[TALLY_AXES_MAX])
{
    int n = 0;
    for (int axis = AXIS_FIRST; axis < r->p->n_axes; axis++) {
        if (naive_axis_in(shape, axis)) {
            axes[n++] = axis;
        }
    }
    for (int axis = AXIS_TOU; axis >= AXIS_INTERVAL; axis--) {
        if (naive_axis_in(shape, axis)) {
            axes[n++] = axis;
        }
    }
    return n;
}

static bool falls_into(const struct gather *g, const struct key *k)
{
    for (int axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
        if (naive_axis_in(g->x->gained, axis)) {
            struct key only = { .bound = SHAPE(AXIS_INTERVAL), .time = k->time };
            only.at[AXIS_INTERVAL] = k->at[AXIS_INTERVAL];
            if (naive_key_of(g->r, &only, axis) != g->outer.at[axis]) {
                return false;
            }
        }
    }
    return true;
}

static bool each_item(struct gather *g, struct key k, int depth)
{
    if (depth == g->n_axes) {
        return !falls_into(g, &k) || g->take(g, &k);
    }
    int axis = g->axes[depth];
    int32_t n = naive_axis_length(g->r, &k, axis, g->x->inner);
    k.bound |= SHAPE(axis);
    for (int32_t i = 0; i < n; i++) {
        k.at[axis] = i;
        if (!each_item(g, k, depth + 1)) {
            return false;
        }
    }
    return true;
}

/* The item at a key; false where `where` leaves it out or something is not there. */
static bool item_at(struct gather *g, const struct key *k, struct value *v)
{
    if (g->x->where) {
        struct value where = naive_eval(g->r, g->x->where, k);
        if (where.is != HERE) {
            g->stop = g->stop.is == HERE ? where : naive_not_here(g->stop, where);
            return false;
        }
        if (!where.yes) {
            return false;
        }
    }
    *v = naive_eval(g->r, g->x->args[0], k);
    if (v->is != HERE) {
        g->stop = g->stop.is == HERE ? *v : naive_not_here(g->stop, *v);
        return false;
    }
    return true;
}

static bool take_item(struct gather *g, const struct key *k)
{
    struct value v;
    if (!item_at(g, k, &v)) {
        return true;
    }
    if (g->x->args[0]->type.kind == TALLY_YES_NO) {
        g->any |= v.yes;
        g->all &= v.yes;
        g->n += v.yes;
        return true;
    }
    mpq_add(g->sum, g->sum, v.n);
    bool high = g->x->fn == FN_MAX_OF;
    if (!g->best || (high ? mpq_cmp(v.n, g->best) > 0 : mpq_cmp(v.n, g->best) < 0)) {
        g->best = v.n;
    }
    g->n++;
    return true;
}

struct value naive_eval_aggregate(struct reference *r, const struct tally_expr *x,
                                  const struct key *k)
{
    struct gather g = {
        .r = r, .x = x, .take = take_item, .sum = naive_number_new(r), .all = true
    };
    g.outer = naive_key_narrow(r, k, x->type.shape);
    g.n_axes = axes_of(r, x->gone, g.axes);
    if (naive_axis_in(x->inner, AXIS_INTERVAL) && naive_axis_in(x->type.shape, AXIS_INTERVAL)) {
        g.outer.time = naive_time_of(r, k, x->inner);
    }
    each_item(&g, g.outer, 0);
    if ((x->fn == FN_ANY && g.any) || (x->fn == FN_ALL && !g.all)) {
        return yes_no(
            x->fn ==
            FN_ANY); /* as with `or` and `and`: one item decides, whatever the others are */
    }
    if (g.stop.is != HERE) {
        return g.stop;
    }
    switch (x->fn) {
    case FN_SUM:
        return here(g.sum);
    case FN_COUNT:
        return here(naive_number_int(r, g.n));
    case FN_ANY:
        return yes_no(g.any);
    case FN_ALL:
        return yes_no(g.all);
    case FN_MAX_OF:
    case FN_MIN_OF:
        return g.n ? here(g.best) : failed(FAILURE_EMPTY);
    default:
        break;
    }
    if (g.n == 0) {
        return failed(FAILURE_EMPTY);
    }
    mpq_ptr mean = naive_number_new(r);
    mpq_div(mean, g.sum, naive_number_int(r, g.n));
    return here(mean);
}

/* ---- latest, highest, middle; allocate ------------------------------------------------------- */

struct ranked {
    int32_t member;
    mpq_srcptr key; /* NULL for latest */
};

/* Best first: the higher key, of equal ones the later member. */
static bool ranks_before(const struct ranked *a, const struct ranked *b)
{
    int order = a->key ? mpq_cmp(a->key, b->key) : 0;
    return order != 0 ? order > 0 : a->member > b->member;
}

struct value naive_eval_selection(struct reference *r, const struct tally_expr *x,
                                  const struct key *outer)
{
    struct key k = naive_key_narrow(r, outer, x->inner);
    int32_t me = k.at[x->along], n = naive_axis_length(r, &k, x->along, x->inner), n_ranked = 0;
    struct ranked *rank = arena_many(r->arena, (size_t)n + 1, struct ranked);
    struct value many = naive_eval(r, x->args[0], &k), stop = yes_no(false);
    for (int32_t i = 0; i < n; i++) {
        k.at[x->along] = i;
        struct value where = x->where ? naive_eval(r, x->where, &k) : yes_no(true);
        struct value key = where.is == HERE && where.yes && x->n_args > 1
                               ? naive_eval(r, x->args[1], &k)
                               : yes_no(true);
        if (where.is != HERE || key.is != HERE) {
            stop = stop.is == HERE ? naive_not_here(where, key) : stop;
        } else if (where.yes) {
            struct ranked one = { i, key.n };
            int32_t at = n_ranked++;
            for (; at > 0 && ranks_before(&one, &rank[at - 1]); at--) {
                rank[at] = rank[at - 1];
            }
            rank[at] = one;
        }
    }
    if (many.is != HERE || stop.is != HERE) {
        return naive_not_here(many, stop);
    }
    long want = mpz_get_si(mpq_numref(many.n)), skip = 0;
    if (x->fn == FN_MIDDLE && n_ranked > want) {
        skip = (n_ranked - want) / 2;
    }
    for (long i = skip; i < skip + want && i < n_ranked; i++) {
        if (rank[i].member == me) {
            return yes_no(true);
        }
    }
    return yes_no(false);
}

/* R6, one part: floor of |total| w / W; the missing units go to the largest remainders, ties in
 * listed order. */
static mpq_srcptr split(struct reference *r, mpq_srcptr total, int digits, mpq_srcptr *w, int32_t n,
                        mpq_srcptr whole, int32_t me)
{
    mpz_t ten, units, given;
    naive_number_ten(ten, digits);
    mpz_init(units);
    mpz_init_set_ui(given, 0);
    mpz_mul(units, mpq_numref(total), ten);
    mpz_divexact(units, units, mpq_denref(total));
    int sign = mpz_sgn(units);
    mpz_abs(units, units);
    mpq_ptr *rest = arena_many(r->arena, (size_t)n, mpq_ptr);
    mpz_t *part = arena_many(r->arena, (size_t)n, mpz_t);
    for (int32_t i = 0; i < n; i++) {
        rest[i] = naive_number_new(r);
        mpq_div(rest[i], w[i], whole);
        mpq_t size;
        mpq_init(size);
        mpq_set_z(size, units);
        mpq_mul(rest[i], rest[i], size);
        mpz_init(part[i]);
        mpz_fdiv_q(part[i], mpq_numref(rest[i]), mpq_denref(rest[i]));
        mpz_add(given, given, part[i]);
        mpq_set_z(size, part[i]);
        mpq_sub(rest[i], rest[i], size);
    }
    mpz_sub(given, units, given); /* what is left to hand out, one by one */
    int32_t before_me = 0;
    for (int32_t i = 0; i < n; i++) {
        int order = mpq_cmp(rest[i], rest[me]);
        before_me += order > 0 || (order == 0 && i < me);
    }
    if (mpz_cmp_si(given, before_me) > 0) {
        mpz_add_ui(part[me], part[me], 1);
    }
    mpq_ptr out = naive_number_new(r);
    mpz_mul_si(mpq_numref(out), part[me], sign < 0 ? -1 : 1);
    mpz_set(mpq_denref(out), ten);
    mpq_canonicalize(out);
    return out;
}

struct value naive_eval_allocate(struct reference *r, const struct tally_expr *x,
                                 const struct key *outer)
{
    struct key k = naive_key_narrow(r, outer, x->type.shape);
    struct value total = naive_eval(r, x->args[0], &k), stop = yes_no(false);
    int32_t me = k.at[x->along], n = naive_axis_length(r, &k, x->along, x->inner), n_used = 0,
            mine = 0;
    mpq_srcptr *w = arena_many(r->arena, (size_t)n + 1, mpq_srcptr);
    mpq_ptr whole = naive_number_new(r);
    bool negative = false;
    for (int32_t i = 0; i < n; i++) {
        mine = i == me ? n_used : mine;
        k.at[x->along] = i;
        struct value v = naive_eval(r, x->args[1], &k);
        if (v.is != HERE) {
            stop = stop.is == HERE ? v : naive_not_here(stop, v);
            continue;
        }
        w[n_used++] = v.n;
        mpq_add(whole, whole, v.n);
        negative |= mpq_sgn(v.n) < 0;
    }
    if (total.is != HERE || stop.is != HERE) {
        return naive_not_here(total, stop);
    }
    if (mpq_sgn(total.n) == 0) {
        return here(naive_number_int(r, 0));
    }
    if (negative || mpq_sgn(whole) == 0) {
        return failed(FAILURE_ALLOC_WEIGHT);
    }
    return here(split(r, total.n, x->type.scale, w, n_used, whole, mine));
}
