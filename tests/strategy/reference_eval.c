/* reference_eval.c - the value of a node for one key, by walking the tree. Slow on purpose: every
 * sum visits every interval again, nothing is shared but definitions already worked out. */
#include "reference_eval.h"
#include "base/check.h"

static const int64_t HOUR_MS = 3600 * 1000LL;

/* ---- numbers --------------------------------------------------------------------------------- */

mpq_ptr naive_number_new(struct reference *r)
{
    mpq_ptr q = arena_make(r->arena, __mpq_struct);
    mpq_init(q);
    return q;
}

void naive_number_ten(mpz_t out, int digits)
{
    mpz_init(out);
    mpz_ui_pow_ui(out, 10, (unsigned long)digits);
}

static mpq_srcptr number_scaled(struct reference *r, int64_t units, int scale)
{
    mpq_ptr q = naive_number_new(r);
    mpz_set_si(mpq_numref(q), units);
    if (scale > 0) {
        mpz_t ten;
        naive_number_ten(ten, scale);
        mpz_set(mpq_denref(q), ten);
        mpq_canonicalize(q);
    }
    return q;
}

mpq_srcptr naive_number_of(struct reference *r, struct decimal d)
{
    return number_scaled(r, d.units, d.scale);
}

mpq_srcptr naive_number_int(struct reference *r, long n)
{
    return number_scaled(r, n, 0);
}

mpq_srcptr naive_number_round(struct reference *r, mpq_srcptr x, int digits, bool down)
{
    mpz_t ten, top, bottom;
    naive_number_ten(ten, digits);
    mpz_init(top);
    mpz_init(bottom);
    mpz_mul(top, mpq_numref(x), ten);
    mpz_set(bottom, mpq_denref(x));
    if (!down) { /* half away from zero: |2 n| + d over 2 d, cut off */
        mpz_mul_ui(top, top, 2);
        if (mpz_sgn(top) >= 0) {
            mpz_add(top, top, bottom);
        } else {
            mpz_sub(top, top, bottom);
        }
        mpz_mul_ui(bottom, bottom, 2);
    }
    mpq_ptr out = naive_number_new(r);
    mpz_tdiv_q(mpq_numref(out), top, bottom);
    mpz_set(mpq_denref(out), ten);
    mpq_canonicalize(out);
    return out;
}

bool naive_number_beyond(mpq_srcptr x, unsigned __int128 bound, int scale)
{
    mpz_t limit, ten, top;
    mpz_init_set_ui(limit, (unsigned long)(bound >> 64));
    mpz_mul_2exp(limit, limit, 64);
    mpz_add_ui(limit, limit, (unsigned long)bound);
    naive_number_ten(ten, scale);
    mpz_init(top);
    mpz_mul(top, mpq_numref(x), ten);
    mpz_mul(limit, limit, mpq_denref(x));
    return mpz_cmpabs(top, limit) > 0;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Two operands of which at least one is not there: the left decides, both are remembered. */
struct value naive_not_here(struct value a, struct value b)
{
    struct value v = a.is != HERE ? a : b;
    if (a.is != HERE && b.is != HERE) {
        v.failures = a.failures | b.failures;
    }
    return v;
}

/* ---- keys ------------------------------------------------------------------------------------ */

bool naive_axis_in(tally_shape s, int axis)
{
    return (s & SHAPE(axis)) != 0;
}

static const struct strategy_part *part_of(const struct reference *r, const struct key *k, int axis)
{
    return axis < 0 ? &r->b->top : &naive_member_of(r, k, axis)->part;
}

static const struct strategy_members *members_of(const struct reference *r, const struct key *k,
                                                 int axis)
{
    const struct strategy_part *outer = part_of(r, k, r->p->axes[axis].outer);
    for (size_t i = 0; i < outer->n_groups; i++) {
        if (str_eq(outer->groups[i].group, r->p->axes[axis].name)) {
            return &outer->groups[i];
        }
    }
    return NULL;
}

const struct strategy_member *naive_member_of(const struct reference *r, const struct key *k,
                                              int axis)
{
    const struct strategy_members *list = members_of(r, k, axis);
    check(naive_axis_in(k->bound, axis) && list && (size_t)k->at[axis] < list->n);
    return &list->at[k->at[axis]];
}

/* The time axis on which a node of this shape counts its intervals: a session's own, if one of
 * the members it is about has one. */
const struct strategy_axis *naive_time_of(const struct reference *r, const struct key *k,
                                          tally_shape shape)
{
    const struct strategy_axis *time = &r->b->axis;
    for (int axis = AXIS_FIRST; axis < r->p->n_axes; axis++) {
        if (naive_axis_in(shape, axis) && r->p->axes[axis].group && naive_axis_in(k->bound, axis) &&
            naive_member_of(r, k, axis)->own_axis) {
            time = &naive_member_of(r, k, axis)->axis;
        }
    }
    return time;
}

static struct instant instant_at(const struct strategy_axis *time, int32_t interval)
{
    return (struct instant){ time->start.utc_ms + interval * time->minutes * 60000LL };
}

static int32_t date_index(const struct reference *r, struct instant t)
{
    return day_number(instant_day(t)) - day_number(instant_day(r->b->axis.start));
}

static int32_t hour_index(const struct reference *r, struct instant t)
{
    return (int32_t)(t.utc_ms / HOUR_MS - r->b->axis.start.utc_ms / HOUR_MS);
}

int32_t naive_key_of(const struct reference *r, const struct key *k, int axis)
{
    if (naive_axis_in(k->bound, axis)) {
        return k->at[axis];
    }
    check_that(naive_axis_in(k->bound, AXIS_INTERVAL), "axis %d is not fixed here", axis);
    struct instant t = instant_at(k->time, k->at[AXIS_INTERVAL]);
    switch (axis) {
    case AXIS_TOU:
        return tariff_span_key(r->b->span, t);
    case AXIS_HOUR:
        return hour_index(r, t);
    case AXIS_DATE:
        return date_index(r, t);
    default:
        check_that(false, "axis %d is not fixed here", axis);
    }
}

struct key naive_key_narrow(const struct reference *r, const struct key *k, tally_shape shape)
{
    struct key out = { .bound = shape };
    for (int axis = 0; axis < r->p->n_axes; axis++) {
        out.at[axis] = naive_axis_in(shape, axis) ? naive_key_of(r, k, axis) : 0;
    }
    out.time = naive_axis_in(shape, AXIS_INTERVAL) ? naive_time_of(r, &out, shape) : NULL;
    return out;
}

int32_t naive_axis_length(const struct reference *r, struct key *k, int axis, tally_shape inner)
{
    const struct strategy_axis *main = &r->b->axis;
    struct instant last = instant_at(main, main->n > 0 ? main->n - 1 : 0);
    switch (axis) {
    case AXIS_INTERVAL:
        k->time = naive_time_of(r, k, inner);
        return k->time->n;
    case AXIS_TOU:
        return r->b->span ? r->b->span->n_keys : 0;
    case AXIS_HOUR:
        return main->n > 0 ? hour_index(r, last) + 1 : 0;
    case AXIS_DATE:
        return main->n > 0 ? date_index(r, last) + 1 : 0;
    default:
        break;
    }
    if (r->p->axes[axis].group) {
        const struct strategy_members *list = members_of(r, k, axis);
        return list ? (int32_t)list->n : 0;
    }
    for (size_t i = 0; i < r->b->n_windows; i++) {
        if (str_eq(r->b->windows[i].name, r->p->axes[axis].name)) {
            return r->b->windows[i].axis.n;
        }
    }
    return 0;
}

/* ---- what the binding gives ------------------------------------------------------------------ */

static const struct strategy_setting *setting_of(const struct reference *r,
                                                 const struct tally_decl *d, const struct key *k)
{
    const struct strategy_part *part = part_of(r, k, d->axis);
    for (size_t i = 0; i < part->n_settings; i++) {
        if (str_eq(part->settings[i].name, d->name)) {
            return &part->settings[i];
        }
    }
    return NULL;
}

static struct value eval_setting(struct reference *r, const struct tally_decl *d,
                                 const struct key *k)
{
    const struct strategy_setting *s = setting_of(r, d, k);
    if (!s) {
        return d->initial ? naive_eval(r, d->initial, k) : absent();
    }
    if (s->absent) {
        return absent();
    }
    switch (s->type) {
    case STRATEGY_CHOICE:
        return word(s->choice);
    case STRATEGY_YES_NO:
        return yes_no(s->yes);
    default:
        return here(naive_number_of(r, s->number));
    }
}

static struct value eval_feed(struct reference *r, const struct tally_decl *d, const struct key *k)
{
    const struct strategy_part *part = part_of(r, k, d->axis);
    const struct strategy_axis *time = &r->b->axis;
    int axis = d->window >= AXIS_FIRST ? d->window : AXIS_INTERVAL;
    if (axis != AXIS_INTERVAL) {
        for (size_t i = 0; i < r->b->n_windows; i++) {
            if (str_eq(r->b->windows[i].name, r->p->axes[axis].name)) {
                time = &r->b->windows[i].axis;
            }
        }
    } else if (d->axis >= 0) {
        time = naive_time_of(r, k, r->p->axes[d->axis].closure);
    }
    int32_t i = naive_key_of(r, k, axis);
    for (size_t f = 0; f < part->n_feeds; f++) {
        const struct strategy_feed *feed = &part->feeds[f];
        if (str_eq(feed->name, d->name) && i < time->n) {
            int64_t units = 0;
            uint8_t quality = QUALITY_MISSING;
            struct err e = { 0 };
            check(r->data->values(r->data->ctx, feed->source, time, i, 1, &units, &quality, &e) ==
                  OK);
            return quality == QUALITY_MISSING ? missing(false)
                                              : here(number_scaled(r, units, feed->digits));
        }
    }
    return missing(false);
}

static struct value eval_price(struct reference *r, const struct tally_decl *d, const struct key *k)
{
    int32_t key = naive_key_of(r, k, AXIS_TOU);
    for (size_t i = 0; i < r->b->n_prices; i++) {
        if (str_eq(r->b->prices[i].name, d->name) &&
            r->b->prices[i].yuan_e6[key] != TARIFF_NO_PRICE) {
            return here(number_scaled(r, r->b->prices[i].yuan_e6[key], 6));
        }
    }
    return missing(true);
}

static struct value eval_decl(struct reference *r, const struct tally_decl *d, const struct key *k)
{
    switch (d->kind) {
    case STRATEGY_METER:
    case STRATEGY_SERIES:
        return eval_feed(r, d, k);
    case STRATEGY_PRICE:
        return eval_price(r, d, k);
    default:
        return eval_setting(r, d, k);
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

static struct memo **memo_find(struct reference *r, int32_t symbol, const struct key *k)
{
    uint64_t h = (uint64_t)symbol * 0x9E3779B97F4A7C15u + k->bound;
    for (int axis = 0; axis < r->p->n_axes; axis++) {
        h = (h ^ (uint64_t)k->at[axis]) * 0xBF58476D1CE4E5B9u;
        h ^= h >> 29;
    }
    struct memo **m = &r->memo[h & (MEMO_SLOTS - 1)];
    while (*m && !((*m)->symbol == symbol && (*m)->key.bound == k->bound &&
                   memcmp((*m)->key.at, k->at, sizeof(k->at)) == 0)) {
        m = &(*m)->next;
    }
    return m;
}

static struct value memo_keep(struct reference *r, int32_t symbol, const struct key *k,
                              struct value v)
{
    struct memo **m = memo_find(r, symbol, k);
    *m = arena_make(r->arena, struct memo);
    (*m)->symbol = symbol;
    (*m)->key = *k;
    (*m)->value = v;
    return v;
}

struct value naive_eval_definition(struct reference *r, const struct tally_definition *d,
                                   const struct key *outer)
{
    struct key k = naive_key_narrow(r, outer, d->type.shape);
    struct memo **m = memo_find(r, d->symbol, &k);
    if (*m) {
        return (*m)->value;
    }
    const struct tally_expr *body = d->body;
    int up = 0;
    for (int32_t i = 0; i < d->n_excepts; i++) {
        struct value when = naive_eval(r, d->excepts[i].when, &k);
        if (when.is != HERE) {
            return memo_keep(r, d->symbol, &k, when);
        }
        if (when.yes) {
            body = d->excepts[i].body;
            up++;
        }
    }
    struct value v = up > 1 ? failed(FAILURE_EXCEPTION_CONFLICT) : naive_eval(r, body, &k);
    v.conflict |= up > 1;
    return memo_keep(r, d->symbol, &k, v);
}

struct value naive_eval_line(struct reference *r, int32_t line, const struct key *outer,
                             bool *printed)
{
    const struct tally_line *l = &r->p->lines[line];
    struct key k = naive_key_narrow(r, outer, l->shape);
    *printed = true;
    if (l->when) {
        struct value when = naive_eval(r, l->when, &k);
        if (when.is != HERE) {
            return when;
        }
        if (!when.yes) {
            *printed = false;
            return here(naive_number_int(r, 0));
        }
    }
    return naive_eval(r, l->amount, &k);
}

static struct value eval_name(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    const struct tally_symbol *s = &r->p->symbols[x->symbol];
    struct value v;
    bool printed;
    switch (s->kind) {
    case SYMBOL_DECL:
        return eval_decl(r, &r->p->decls[s->index], k);
    case SYMBOL_DEFINITION:
        v = naive_eval_definition(r, &r->p->definitions[s->index], k);
        break;
    case SYMBOL_LINE:
        v = naive_eval_line(r, s->index, k, &printed);
        break;
    case SYMBOL_PARTY:
        return word(s->name);
    case SYMBOL_AXIS:
        return word(naive_member_of(r, k, s->index)->name);
    case SYMBOL_MEMBER_PARTY:
        return word(naive_member_of(r, k, s->index)->party);
    default:
        check_that(false, "a table is no value");
    }
    v.behind = true;
    if (s->kind == SYMBOL_LINE) { /* a line is an amount to others; a definition remembers */
        v.quantity = v.price = NULL;
    }
    return v;
}

/* ---- functions of values --------------------------------------------------------------------- */

static struct value eval_round(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    struct value v = naive_eval(r, x->args[0], k), d = naive_eval(r, x->args[1], k);
    if (v.is != HERE || d.is != HERE) {
        return naive_not_here(v, d);
    }
    int digits = (int)mpz_get_si(mpq_numref(d.n));
    mpq_srcptr n = naive_number_round(r, v.n, digits, x->fn == FN_ROUND_DOWN);
    if (x->args[0]->type.scale == TALLY_NO_SCALE &&
        naive_number_beyond(n, x->type.bound, x->type.scale)) {
        return failed(FAILURE_RANGE);
    }
    return here(n);
}

static struct value eval_extreme(struct reference *r, const struct tally_expr *x,
                                 const struct key *k)
{
    struct value best = naive_eval(r, x->args[0], k);
    for (int32_t i = 1; i < x->n_args; i++) {
        struct value v = naive_eval(r, x->args[i], k);
        if (best.is != HERE || v.is != HERE) {
            best = naive_not_here(best, v);
        } else if (x->fn == FN_MAX ? mpq_cmp(v.n, best.n) > 0 : mpq_cmp(v.n, best.n) < 0) {
            best = v;
        }
    }
    best.quantity = best.price = NULL;
    return best;
}

static struct value eval_clamp(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    struct value v = naive_eval(r, x->args[0], k);
    v.quantity = v.price = NULL;
    for (int32_t i = 1; i < 3; i++) {
        struct value bound = naive_eval(r, x->args[i], k);
        if (bound.is == ABSENT) {
            continue;
        }
        if (v.is != HERE || bound.is != HERE) {
            v = naive_not_here(v, bound);
        } else if (i == 1 ? mpq_cmp(v.n, bound.n) < 0 : mpq_cmp(v.n, bound.n) > 0) {
            v = here(bound.n);
        }
    }
    return v;
}

static struct value eval_lookup(struct reference *r, const struct tally_expr *x,
                                const struct key *k)
{
    const struct tally_symbol *s = &r->p->symbols[x->args[0]->symbol];
    const struct tally_table *t;
    const struct strategy_row *rows;
    size_t n;
    if (s->kind == SYMBOL_TABLE) {
        t = &r->p->tables[s->index];
        rows = t->rows;
        n = (size_t)t->n_rows;
    } else {
        const struct tally_decl *d = &r->p->decls[s->index];
        const struct strategy_setting *set = setting_of(r, d, k);
        if (!set || set->absent) {
            return absent();
        }
        t = d->table;
        rows = set->rows;
        n = set->n_rows;
    }
    struct value v = naive_eval(r, x->args[1], k);
    if (v.is != HERE) {
        return v;
    }
    const struct strategy_row *found = NULL;
    for (size_t i = 0; i < n && !(t->upto && found); i++) {
        int order = rows[i].rest ? 0 : mpq_cmp(naive_number_of(r, rows[i].bound), v.n);
        if (t->upto ? order >= 0 : order <= 0) {
            found = &rows[i];
        }
    }
    if (!found) {
        return failed(FAILURE_TABLE);
    }
    return found->blank ? absent() : here(naive_number_of(r, found->value));
}

/* The largest k with (2k-1)^2 (P^2+Q^2) <= 40000 P^2, in hundredths; nothing used: absent. */
static struct value eval_power_factor(struct reference *r, const struct tally_expr *x,
                                      const struct key *at)
{
    struct value p = naive_eval(r, x->args[0], at), q = naive_eval(r, x->args[1], at);
    if (p.is != HERE || q.is != HERE) {
        return naive_not_here(p, q);
    }
    if (mpq_sgn(p.n) == 0 && mpq_sgn(q.n) == 0) {
        return absent();
    }
    mpq_ptr pp = naive_number_new(r), both = naive_number_new(r), right = naive_number_new(r),
            left = naive_number_new(r);
    mpq_mul(pp, p.n, p.n);
    mpq_mul(both, q.n, q.n);
    mpq_add(both, both, pp);
    mpq_mul(right, pp, naive_number_int(r, 40000));
    long k = 100;
    for (; k > 0; k--) {
        mpq_mul(left, both, naive_number_int(r, (2 * k - 1) * (2 * k - 1)));
        if (mpq_cmp(left, right) <= 0) {
            break;
        }
    }
    return here(number_scaled(r, k, 2));
}

static struct value eval_simple(struct reference *r, const struct tally_expr *x,
                                const struct key *k)
{
    struct value v = naive_eval(r, x->args[0], k);
    v.quantity = v.price = NULL;
    if (x->fn == FN_MISSING) {
        return yes_no(v.is == MISSING);
    }
    if (v.is != HERE) {
        return v;
    }
    mpq_ptr n = naive_number_new(r);
    switch (x->fn) {
    case FN_POS:
        return mpq_sgn(v.n) < 0 ? here(naive_number_int(r, 0)) : v;
    case FN_ABS:
        mpq_abs(n, v.n);
        return here(n);
    default:
        break;
    }
    check(x->fn == FN_POWER); /* energy per interval to mean power */
    mpq_set_si(n, 60, (unsigned long)k->time->minutes);
    mpq_canonicalize(n);
    mpq_mul(n, n, v.n);
    return here(n);
}

/* What runs over keys is kept by its own key, or an aggregate inside another would be worked out
 * for each interval again. */
static struct value eval_across(struct reference *r, const struct tally_expr *x,
                                const struct key *outer)
{
    struct key k = naive_key_narrow(r, outer, x->type.shape);
    int32_t as = -1 - x->id; /* symbols count upwards from 0 */
    struct memo **m = memo_find(r, as, &k);
    if (*m) {
        return (*m)->value;
    }
    struct value v = x->fn == FN_LATEST || x->fn == FN_HIGHEST || x->fn == FN_MIDDLE
                         ? naive_eval_selection(r, x, &k)
                     : x->fn == FN_ALLOCATE ? naive_eval_allocate(r, x, &k)
                                            : naive_eval_aggregate(r, x, &k);
    return memo_keep(r, as, &k, v);
}

static struct value eval_call(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    switch (x->fn) {
    case FN_ROUND:
    case FN_ROUND_DOWN:
        return eval_round(r, x, k);
    case FN_MIN:
    case FN_MAX:
        return eval_extreme(r, x, k);
    case FN_CLAMP:
        return eval_clamp(r, x, k);
    case FN_LOOKUP:
        return eval_lookup(r, x, k);
    case FN_POWER_FACTOR:
        return eval_power_factor(r, x, k);
    case FN_POS:
    case FN_ABS:
    case FN_POWER:
    case FN_MISSING:
        return eval_simple(r, x, k);
    default:
        return eval_across(r, x, k);
    }
}

/* ---- operators ------------------------------------------------------------------------------- */

static bool is_zero(struct value v)
{
    return v.is == HERE && mpq_sgn(v.n) == 0;
}

static struct value eval_arithmetic(struct reference *r, const struct tally_expr *x,
                                    const struct key *k)
{
    struct value a = naive_eval(r, x->args[0], k), b = naive_eval(r, x->args[1], k);
    if (x->op == OP_AT || x->op == OP_MUL) { /* a price is needed only where there is a quantity */
        bool free = (is_zero(a) && b.is == MISSING && b.no_price) ||
                    (is_zero(b) && a.is == MISSING && a.no_price);
        if (free) {
            struct value nothing = here(naive_number_int(r, 0));
            nothing.quantity = x->op == OP_AT ? a.n : NULL;
            return nothing;
        }
    }
    if (a.is != HERE || b.is != HERE) {
        return naive_not_here(a, b);
    }
    mpq_ptr n = naive_number_new(r);
    switch (x->op) {
    case OP_ADD:
        mpq_add(n, a.n, b.n);
        break;
    case OP_SUB:
        mpq_sub(n, a.n, b.n);
        break;
    case OP_DIV:
        if (mpq_sgn(b.n) == 0) {
            return failed(FAILURE_DIV_ZERO);
        }
        mpq_div(n, a.n, b.n);
        break;
    default:
        mpq_mul(n, a.n, b.n);
        break;
    }
    struct value v = here(n);
    if (x->op == OP_AT) {
        v.n = naive_number_round(r, n, 2, false);
        v.quantity = a.n;
        v.price = b.n;
    }
    return v;
}

static struct value eval_compare(struct reference *r, const struct tally_expr *x,
                                 const struct key *k)
{
    struct value a = naive_eval(r, x->args[0], k), b = naive_eval(r, x->args[1], k);
    if (a.is != HERE || b.is != HERE) {
        return naive_not_here(a, b);
    }
    if (x->args[0]->type.kind == TALLY_YES_NO) {
        return yes_no((a.yes == b.yes) == (x->op == OP_IS));
    }
    if (x->args[0]->type.kind != TALLY_NUMBER) {
        return yes_no(str_eq(a.word, b.word) == (x->op == OP_IS));
    }
    int order = mpq_cmp(a.n, b.n);
    switch (x->op) {
    case OP_LT:
        return yes_no(order < 0);
    case OP_LE:
        return yes_no(order <= 0);
    case OP_GT:
        return yes_no(order > 0);
    case OP_GE:
        return yes_no(order >= 0);
    case OP_IS:
        return yes_no(order == 0);
    default:
        return yes_no(order != 0);
    }
}

static struct value eval_logic(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    struct value a = naive_eval(r, x->args[0], k), b = naive_eval(r, x->args[1], k);
    bool decides = x->op == OP_OR; /* what one side alone can decide */
    if ((a.is == HERE && a.yes == decides) || (b.is == HERE && b.yes == decides)) {
        return yes_no(decides);
    }
    return a.is != HERE || b.is != HERE ? naive_not_here(a, b) : yes_no(!decides);
}

static struct value eval_choice(struct reference *r, const struct tally_expr *x,
                                const struct key *k)
{
    struct value v = naive_eval(r, x->args[0], k);
    if (v.is != HERE) {
        return v;
    }
    if (x->op == OP_IF) {
        return naive_eval(r, x->args[v.yes ? 1 : 2], k);
    }
    for (int32_t i = 0; i + 1 < x->n_args; i++) {
        if (str_eq(x->cases[i], v.word)) {
            return naive_eval(r, x->args[i + 1], k);
        }
    }
    check_that(false, "choose has no case " STR_FMT, STR_ARG(v.word));
}

static struct value eval_else(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    struct value v = naive_eval(r, x->args[0], k);
    if (v.is == ABSENT || (v.is == FAILED && !v.behind)) {
        return naive_eval(r, x->args[1], k);
    }
    return v;
}

static struct value eval_clock(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    if (x->op == OP_TIME_IN) {
        int64_t ms = instant_at(k->time, naive_key_of(r, k, AXIS_INTERVAL)).utc_ms + CHINA_MS;
        int64_t minute = ms / 60000 % (24 * 60);
        return yes_no(x->from_min < x->to_min ? minute >= x->from_min && minute < x->to_min
                                              : minute >= x->from_min || minute < x->to_min);
    }
    if (x->op == OP_MONTH_IN || x->op == OP_WEEKDAY_IN) {
        struct day d =
            day_add(instant_day(r->b->axis.start), naive_key_of(r, k, AXIS_DATE));
        int at = x->op == OP_MONTH_IN ? d.yyyymmdd / 100 % 100 : day_weekday(d);
        int steps = x->op == OP_MONTH_IN ? 12 : 7;
        int from_first = (at - x->from_min + steps) % steps;
        return yes_no(from_first <= (x->to_min - x->from_min + steps) % steps);
    }
    const struct tariff_span *span = r->b->span;
    int32_t day = day_number(instant_day(r->b->axis.start)) + naive_key_of(r, k, AXIS_DATE) -
                  day_number(span->first);
    check(day >= 0 && day < span->n_days);
    return yes_no(x->op == OP_HOLIDAY ? span->holiday[day] : span->workday[day]);
}

static struct value eval_agreed(struct reference *r, const struct tally_expr *x,
                                const struct key *k)
{
    const struct tally_decl *d = &r->p->decls[r->p->symbols[x->symbol].index];
    const struct strategy_setting *s = setting_of(r, d, k);
    return yes_no(s ? !s->absent : d->initial != NULL);
}

struct value naive_eval(struct reference *r, const struct tally_expr *x, const struct key *k)
{
    struct value v;
    r->steps++;
    switch (x->op) {
    case OP_NUMBER:
        return here(naive_number_of(r, x->number));
    case OP_NAME:
    case OP_MEMBER:
        return eval_name(r, x, k);
    case OP_CHOICE:
        return word(r->p->choices[x->type.choice].names[x->alternative]);
    case OP_YES:
        return yes_no(true);
    case OP_NO:
        return yes_no(false);
    case OP_AGREED:
        return eval_agreed(r, x, k);
    case OP_TIME_IN:
    case OP_HOLIDAY:
    case OP_WORKDAY:
    case OP_MONTH_IN:
    case OP_WEEKDAY_IN:
        return eval_clock(r, x, k);
    case OP_HOURS:
        return here(number_scaled(r, (int64_t)r->b->axis.n * r->b->axis.minutes * 100 / 60, 2));
    case OP_NEG:
        v = naive_eval(r, x->args[0], k);
        if (v.is == HERE) {
            mpq_ptr n = naive_number_new(r);
            mpq_neg(n, v.n);
            v.n = n;
        }
        return v;
    case OP_NOT:
        v = naive_eval(r, x->args[0], k);
        v.yes = !v.yes;
        return v;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_AT:
        return eval_arithmetic(r, x, k);
    case OP_AND:
    case OP_OR:
        return eval_logic(r, x, k);
    case OP_ELSE:
        return eval_else(r, x, k);
    case OP_IF:
    case OP_CHOOSE:
        return eval_choice(r, x, k);
    case OP_CALL:
        return eval_call(r, x, k);
    default:
        return eval_compare(r, x, k);
    }
}
