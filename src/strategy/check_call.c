/* check_call.c - the functions of the language (section 5), one check for each row of its table. */
#include "strategy/check.h"

static const struct str NO_FIX = { 0 };

#define DIGITS_MAX DECIMAL_SCALE_MAX
/* power(): energy of one interval times 60 / minutes; an interval has at least a minute. */
#define POWER_FACTOR_MAX 60
/* power_factor() is in 1/100 and never above 1. */
#define POWER_FACTOR_DIGITS 2
#define POWER_FACTOR_BOUND 100

static bool need_args(struct checker *c, struct tally_expr *x, int32_t n, const char *what)
{
    if (x->n_args == n) {
        return true;
    }
    report(c->report, x->at, "T20", NO_FIX, "'" STR_FMT "' takes %s", STR_ARG(x->name), what);
    return false;
}

static bool is_aggregate(const struct tally_expr *x)
{
    switch (x->fn) {
    case FN_SUM:
    case FN_MAX_OF:
    case FN_MIN_OF:
    case FN_MEAN:
    case FN_COUNT:
    case FN_ANY:
    case FN_ALL:
        return true;
    default:
        return false;
    }
}

static bool is_selection(const struct tally_expr *x)
{
    return x->fn == FN_LATEST || x->fn == FN_HIGHEST || x->fn == FN_MIDDLE;
}

static struct name_at axis_name(const struct tally_expr *x, int32_t i)
{
    return (struct name_at){ x->axes[i], x->axis_at[i] };
}

/* Presence of the arguments, kind number; false if one is poison or no number with a last digit. */
static bool number_args(struct checker *c, struct tally_expr *x)
{
    bool ok = true;
    char name[64];
    snprintf(name, sizeof name, STR_FMT, STR_ARG(x->name));
    x->type = (struct tally_type){ .kind = TALLY_NUMBER };
    for (int32_t i = 0; i < x->n_args; i++) {
        ok = need_number(c, x->args[i], name) && ok;
        join_presence(c, &x->type, &x->args[i]->type);
    }
    if (!ok) {
        poison(x);
    }
    return ok;
}

/* ---- rounding --------------------------------------------------------------------------- */

/* Digits of round: a number, or a count parameter with `within`. */
static bool digits_of(struct checker *c, const struct tally_expr *d, int *lo, int *hi)
{
    if (d->type.kind == TALLY_POISON) {
        return false;
    }
    if (d->op == OP_NUMBER && d->number.scale == 0 && unit_is_none(&d->type.unit) &&
        d->number.units <= DIGITS_MAX) {
        *lo = *hi = (int)d->number.units;
        return true;
    }
    if ((d->op == OP_NAME || d->op == OP_MEMBER) && d->symbol >= 0 &&
        c->p->symbols[d->symbol].kind == SYMBOL_DECL) {
        const struct tally_decl *p = &c->p->decls[c->p->symbols[d->symbol].index];
        if (p->type.kind == TALLY_NUMBER && unit_is_none(&p->type.unit) && p->type.scale == 0 &&
            p->has_min && p->has_max && p->min.units >= 0 && p->max.units <= DIGITS_MAX) {
            *lo = (int)p->min.units;
            *hi = (int)p->max.units;
            return true;
        }
    }
    report(c->report, d->at, "T21", NO_FIX,
           "digits are a number from 0 to %d, or a count parameter with 'within'", DIGITS_MAX);
    return false;
}

/* A quotient at `digits`, held to its limit; what is divided must fit once it is brought to the
 * digits wanted. */
static void round_quotient(struct checker *c, struct tally_expr *x, int digits)
{
    const struct tally_expr *q = x->args[0];
    int numerator, denominator;
    wide over, under;
    if (q->op == OP_DIV) {
        numerator = q->args[0]->type.scale;
        denominator = q->args[1]->type.scale;
        over = q->args[0]->type.bound;
        under = q->args[1]->type.bound;
    } else { /* mean: a sum by a count */
        numerator = q->args[0]->type.scale;
        denominator = 0;
        over = mul_wide(q->args[0]->type.bound, q->type.bound);
        under = q->type.bound;
    }
    int shift = digits + denominator - numerator;
    if (!set_bound(c, x, shift > 0 ? mul_wide(over, pow10_wide(shift)) : over) ||
        !set_bound(c, x, shift < 0 ? mul_wide(under, pow10_wide(-shift)) : under)) {
        return;
    }
    /* Without a unit it is a rate, or, rounded to whole numbers, a count. */
    wide limit = unit_quotient_limit(&q->type.unit);
    if (unit_is_none(&q->type.unit)) {
        limit = digits ? UNIT_LIMIT_RATE : UNIT_LIMIT_COUNT;
    }
    set_bound(c, x, mul_wide(limit, pow10_wide(digits)));
}

/* Energy and power have places of their own: that of kWh is the one of the hour. */
static int agreed_place(const struct tally_unit *u)
{
    int base = unit_only_base(u);
    return base == BASE_KW && u->exp[BASE_H] == 1 ? BASE_H : base;
}

/* Money stays in fen, whatever a contract agrees on. */
static void agree_digits(struct checker *c, const struct tally_unit *u, int digits)
{
    int at = agreed_place(u);
    if (at >= 0 && at != BASE_YUAN && digits > c->agreed_digits[at]) {
        c->agreed_digits[at] = (int8_t)digits;
    }
}

int check_printed_digits(const struct checker *c, const struct tally_unit *u)
{
    int at = agreed_place(u), own = unit_printed_digits(u);
    return at >= 0 && c->agreed_digits[at] > own ? c->agreed_digits[at] : own;
}

static void check_round(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (!need_args(c, x, 2, "a value and the digits it shall have")) {
        return;
    }
    struct tally_expr *v = x->args[0];
    int lo = 0, hi = 0;
    bool digits = digits_of(c, x->args[1], &lo, &hi);
    bool quotient = v->type.kind == TALLY_NUMBER && v->type.scale == TALLY_NO_SCALE;
    if ((!quotient && !need_number(c, v, "round")) || !digits) {
        return;
    }
    x->type = v->type;
    join_presence(c, &x->type, &x->args[1]->type);
    agree_digits(c, &v->type.unit, lo < hi ? hi : 0);
    if (quotient) {
        x->type.scale = (int8_t)hi;
        round_quotient(c, x, hi);
        return;
    }
    if (v->type.scale <= lo) {
        report(c->report, x->at, "T15", inner_text(c, v),
               "nothing to round: the value already has at most %d decimals", v->type.scale);
        poison(x);
        return;
    }
    if (v->type.scale > hi) {
        x->type.scale = (int8_t)hi;
        x->type.bound = align_wide(v->type.bound, v->type.scale, hi);
    } else {
        set_bound(c, x, add_wide(v->type.bound, pow10_wide(v->type.scale - lo)));
    }
}

/* ---- of single values ------------------------------------------------------------------- */

static void check_pos_abs(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (need_args(c, x, 1, "one value") && number_args(c, x)) {
        x->type = x->args[0]->type;
    }
}

/* min, max, clamp: the larger scale, one unit. */
static void check_extremes(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (x->fn == FN_CLAMP && !need_args(c, x, 3, "a value and two bounds")) {
        return;
    }
    if (!number_args(c, x)) {
        return;
    }
    char name[16];
    snprintf(name, sizeof name, STR_FMT, STR_ARG(x->name));
    bool ok = true;
    x->type = x->args[0]->type;
    for (int32_t i = 1; i < x->n_args; i++) {
        struct tally_set absent = x->type.absent;
        bool blank = x->type.may_blank;
        ok = join_branch(c, &x->type, x->args[i], name) && ok;
        if (x->fn == FN_CLAMP) { /* a bound that is absent is no bound */
            x->type.absent = absent;
            x->type.may_blank = blank;
        }
    }
    if (ok) {
        set_bound(c, x, x->type.bound);
    } else {
        poison(x);
    }
}

static void check_lookup(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (!need_args(c, x, 2, "a table and a value")) {
        return;
    }
    struct tally_expr *t = x->args[0], *v = x->args[1];
    bool ok = need_number(c, v, "lookup");
    if (t->type.kind == TALLY_POISON || !ok) {
        return;
    }
    if (t->type.kind != TALLY_TABLE || (t->op != OP_NAME && t->op != OP_MEMBER)) {
        report(c->report, t->at, "T22", NO_FIX,
               "'lookup' needs the name of a table, found " STR_FMT,
               STR_ARG(type_text(c, &t->type)));
        return;
    }
    const struct tally_symbol *s = &c->p->symbols[t->symbol];
    const struct tally_table *table =
        s->kind == SYMBOL_TABLE ? &c->p->tables[s->index] : c->p->decls[s->index].table;
    if (!v->type.any_unit && !unit_eq(&table->from, &v->type.unit)) {
        struct tally_type from = { .kind = TALLY_NUMBER, .unit = table->from };
        report(c->report, x->at, "T23", NO_FIX,
               "the table " STR_FMT " is asked with " STR_FMT ", found " STR_FMT, STR_ARG(t->name),
               STR_ARG(type_text(c, &from)), STR_ARG(type_text(c, &v->type)));
        return;
    }
    x->type = (struct tally_type){
        .kind = TALLY_NUMBER, .scale = table->to_scale, .unit = table->to, .bound = table->to_bound
    };
    join_presence(c, &x->type, &t->type);
    join_presence(c, &x->type, &v->type);
    x->type.may_fail = true;                                         /* TABLE: no row */
    x->type.may_blank = x->type.may_blank || s->kind == SYMBOL_DECL; /* a blank row */
}

static bool is_unit(const struct tally_type *t, enum tally_base base, bool hours)
{
    struct tally_unit u = unit_of_base(base);
    u.exp[BASE_H] = (int8_t)(hours ? 1 : u.exp[BASE_H]);
    return t->any_unit || unit_eq(&t->unit, &u);
}

static void check_power(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (!need_args(c, x, 1, "the energy of an interval") || !number_args(c, x)) {
        return;
    }
    const struct tally_type *v = &x->args[0]->type;
    bool series = v->shape & SHAPE(AXIS_INTERVAL);
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        series = series || (c->p->axes[i].window && (v->shape & SHAPE(i)));
    }
    if (!series || v->any_unit || !is_unit(v, BASE_KW, true)) {
        report(c->report, x->at, "T19", NO_FIX,
               "'power' needs energy by interval (kWh), found " STR_FMT "%s",
               STR_ARG(type_text(c, v)), series ? "" : " that does not vary by interval");
        poison(x);
        return;
    }
    x->type.unit = unit_of_base(BASE_KW);
    x->type.scale = v->scale;
    set_bound(c, x, mul_wide(v->bound, POWER_FACTOR_MAX));
}

static void check_power_factor(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (!need_args(c, x, 2, "active and reactive energy") || !number_args(c, x)) {
        return;
    }
    if (!is_unit(&x->args[0]->type, BASE_KW, true) ||
        !is_unit(&x->args[1]->type, BASE_KVARH, false)) {
        report(c->report, x->at, "T24", NO_FIX,
               "'power_factor' needs kWh and kvarh, found " STR_FMT " and " STR_FMT,
               STR_ARG(type_text(c, &x->args[0]->type)), STR_ARG(type_text(c, &x->args[1]->type)));
        poison(x);
        return;
    }
    x->type.scale = POWER_FACTOR_DIGITS;
    x->type.bound = POWER_FACTOR_BOUND;
    x->type.may_blank = true; /* of nothing at all */
}

static void check_missing(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (!need_args(c, x, 1, "the name of a meter, series or price")) {
        return;
    }
    const struct tally_expr *v = x->args[0];
    if (v->type.kind == TALLY_POISON) {
        return;
    }
    const struct tally_symbol *s =
        (v->op == OP_NAME || v->op == OP_MEMBER) ? &c->p->symbols[v->symbol] : NULL;
    if (!s || s->kind != SYMBOL_DECL || c->p->decls[s->index].kind > STRATEGY_PRICE) {
        report(c->report, v->at, "T25", NO_FIX,
               "missing(..) asks about a meter, series or price by its name");
        return;
    }
    x->type = (struct tally_type){ .kind = TALLY_YES_NO, .shape = v->type.shape };
}

/* ---- aggregates ------------------------------------------------------------------------- */

static void report_axis(struct checker *c, const struct tally_expr *x, int32_t i, const char *code,
                        const char *verb)
{
    const char *only = "the value varies by ";
    struct str shape = shape_text(c, x->inner);
    if (!x->inner) {
        only = "the value does not vary";
    }
    report(c->report, x->axis_at[i], code, NO_FIX, "cannot %s " STR_FMT ": %s" STR_FMT "%s", verb,
           STR_ARG(x->axes[i]), only, STR_ARG(shape), x->inner ? " only" : "");
}

/* `over`: these go. What belongs to one that goes may not stay behind. */
static bool axes_over(struct checker *c, struct tally_expr *x)
{
    for (int32_t i = 0; i < x->n_axes; i++) {
        int32_t axis = names_axis(c, axis_name(x, i));
        if (axis < 0) {
            return false;
        }
        if (!(x->inner & SHAPE(axis))) {
            report_axis(c, x, i, "S23", "reduce over");
            return false;
        }
        x->gone |= SHAPE(axis);
    }
    tally_shape left = x->inner & ~x->gone;
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        if ((left & SHAPE(i)) && (c->p->axes[i].closure & x->gone)) {
            report(c->report, x->at, "S25", NO_FIX,
                   "cannot reduce over " STR_FMT " and keep " STR_FMT ", which belongs to it",
                   STR_ARG(shape_text(c, c->p->axes[i].closure & x->gone)),
                   STR_ARG(c->p->axes[i].name));
            return false;
        }
    }
    return true;
}

/* `by`: these stay, with the groups they belong to; hour, date and tou come out of interval. */
static bool axes_by(struct checker *c, struct tally_expr *x)
{
    tally_shape keep = 0;
    for (int32_t i = 0; i < x->n_axes; i++) {
        int32_t axis = names_axis(c, axis_name(x, i));
        if (axis < 0) {
            return false;
        }
        bool clock = SHAPE(axis) & SHAPE_CLOCK;
        bool there = x->inner & (clock ? SHAPE(axis) | SHAPE(AXIS_INTERVAL) : SHAPE(axis));
        if (!there) {
            report_axis(c, x, i, "S24", "keep");
            return false;
        }
        keep |= SHAPE(axis);
    }
    keep = close_shape(c, keep);
    x->gone = x->inner & ~keep;
    x->gained = keep & ~x->inner;
    return true;
}

static bool aggregate_axes(struct checker *c, struct tally_expr *x)
{
    x->gone = x->gained = 0;
    if (x->n_axes) {
        return x->by ? axes_by(c, x) : axes_over(c, x);
    }
    x->gone = x->inner;
    if (!x->inner) {
        report(c->report, x->at, "S23", NO_FIX,
               "cannot reduce with '" STR_FMT "': the value does not vary", STR_ARG(x->name));
    }
    return x->inner != 0;
}

/* A group's own unit is counted differently by each of its members. */
static bool opaque_stays(struct checker *c, struct tally_expr *x, const struct tally_expr *v,
                         tally_shape gone)
{
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        int32_t opaque = c->p->axes[i].opaque;
        if (opaque >= 0 && (gone & SHAPE(i)) && v->type.kind == TALLY_NUMBER &&
            v->type.unit.exp[BASE_OPAQUE + opaque]) {
            report(c->report, x->at, "T08", NO_FIX,
                   "each " STR_FMT " has its own " STR_FMT ": they never add up over " STR_FMT,
                   STR_ARG(c->p->axes[i].name), STR_ARG(c->p->opaques[opaque]),
                   STR_ARG(c->p->axes[i].name));
            return false;
        }
    }
    return true;
}

static wide keys_of(const struct checker *c, tally_shape s)
{
    wide n = 1;
    for (int32_t i = 0; i < c->p->n_axes; i++) {
        if (s & SHAPE(i)) {
            n = mul_wide(n, (wide)c->p->axes[i].length);
        }
    }
    return n;
}

static void aggregate_value(struct checker *c, struct tally_expr *x)
{
    const struct tally_expr *v = x->args[0];
    wide keys = keys_of(c, x->gone);
    switch (x->fn) {
    case FN_SUM:
        set_bound(c, x, mul_wide(v->type.bound, keys));
        break;
    case FN_MEAN:
        x->type.scale = TALLY_NO_SCALE;
        x->type.may_fail = true;
        set_bound(c, x, keys); /* of the count; round() bounds the quotient */
        break;
    case FN_MAX_OF:
    case FN_MIN_OF:
        x->type.may_fail = true; /* EMPTY */
        break;
    case FN_COUNT:
        x->type = (struct tally_type){ .kind = TALLY_NUMBER,
                                       .shape = x->type.shape,
                                       .absent = x->type.absent,
                                       .may_fail = x->type.may_fail,
                                       .may_blank = x->type.may_blank };
        set_bound(c, x, keys);
        break;
    default:
        break;
    }
}

static void check_aggregate(struct checker *c, struct tally_expr *x)
{
    struct tally_expr *v = x->args[0];
    char name[16];
    snprintf(name, sizeof name, STR_FMT, STR_ARG(x->name));
    bool logic = x->fn == FN_COUNT || x->fn == FN_ANY || x->fn == FN_ALL;
    bool ok = logic ? need_yes_no(c, v, name) : need_number(c, v, name);
    x->type = v->type;
    x->type.shape = 0;
    struct tally_type both = v->type;
    if (x->where) {
        ok = need_yes_no(c, x->where, "where") && ok;
        join_presence(c, &both, &x->where->type);
    }
    x->inner = close_shape(c, both.shape);
    if (!ok || !aggregate_axes(c, x) || !opaque_stays(c, x, v, x->gone)) {
        poison(x);
        return;
    }
    join_presence(c, &x->type, &both);
    x->type.shape = close_shape(c, (x->inner & ~x->gone) | x->gained);
    aggregate_value(c, x);
}

/* ---- latest, highest, middle ------------------------------------------------------------ */

/* The one group after `over`: -1 after a message. */
static int32_t one_axis(struct checker *c, struct tally_expr *x, bool group)
{
    if (x->n_axes != 1 || x->by) {
        report(c->report, x->at, "T26", NO_FIX, "'" STR_FMT "' works 'over' one %s",
               STR_ARG(x->name), group ? "group" : "axis");
        return -1;
    }
    int32_t axis = names_axis(c, axis_name(x, 0));
    if (axis >= 0 && group && !c->p->axes[axis].group) {
        report(c->report, x->axis_at[0], "S26", NO_FIX,
               "'" STR_FMT "' works over a group; " STR_FMT " is none", STR_ARG(x->name),
               STR_ARG(x->axes[0]));
        return -1;
    }
    return axis;
}

static void check_selection(struct checker *c, struct tally_expr *x)
{
    poison(x);
    bool key = x->fn != FN_LATEST;
    if (!need_args(c, x, key ? 2 : 1, key ? "a count and what to rank by" : "a count")) {
        return;
    }
    if (!number_args(c, x)) {
        return;
    }
    struct tally_type both = x->type;
    poison(x);
    const struct tally_type *n = &x->args[0]->type;
    if (n->scale != 0 || !unit_is_none(&n->unit)) {
        report(c->report, x->args[0]->at, "T27", NO_FIX, "'" STR_FMT "' takes a whole number",
               STR_ARG(x->name));
        return;
    }
    if (x->where) {
        if (!need_yes_no(c, x->where, "where")) {
            return;
        }
        join_presence(c, &both, &x->where->type);
    }
    x->along = one_axis(c, x, true);
    if (x->along < 0) {
        return;
    }
    x->inner = key ? x->args[1]->type.shape : both.shape;
    if (key && !(x->inner & SHAPE(x->along))) {
        report_axis(c, x, 0, "S23", "rank over");
        return;
    }
    if (key && !opaque_stays(c, x, x->args[1], SHAPE(x->along))) {
        return;
    }
    x->inner = close_shape(c, both.shape | SHAPE(x->along));
    both.kind = TALLY_YES_NO;
    both.shape = x->inner;
    x->type = (struct tally_type){ .kind = TALLY_YES_NO };
    join_presence(c, &x->type, &both);
}

/* ---- allocate --------------------------------------------------------------------------- */

static void check_allocate(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (!need_args(c, x, 2, "what is split and its weights")) {
        return;
    }
    bool ok = number_args(c, x);
    x->along = ok ? one_axis(c, x, false) : -1;
    const struct tally_type *v = &x->args[0]->type, *w = &x->args[1]->type;
    struct tally_type both = x->type;
    poison(x);
    if (x->along < 0) {
        return;
    }
    x->inner = w->shape;
    if (!(w->shape & SHAPE(x->along))) {
        report_axis(c, x, 0, "S23", "split over");
        return;
    }
    if (x->along == AXIS_INTERVAL || c->p->axes[x->along].window) {
        report(c->report, x->axis_at[0], "S26", NO_FIX,
               "'allocate' splits over a group, or over hour, date or tou");
        return;
    }
    if (v->shape & SHAPE(x->along)) {
        report(c->report, x->at, "S30", NO_FIX,
               "what is split already varies by " STR_FMT "; sum it first", STR_ARG(x->axes[0]));
        return;
    }
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        if (i != x->along && (w->shape & SHAPE(i)) && (c->p->axes[i].closure & SHAPE(x->along))) {
            report(c->report, x->at, "S25", NO_FIX,
                   "cannot split over " STR_FMT " and keep " STR_FMT ", which belongs to it",
                   STR_ARG(x->axes[0]), STR_ARG(c->p->axes[i].name));
            return;
        }
    }
    int digits = v->any_unit ? 0 : unit_printed_digits(&v->unit);
    if (v->scale > digits && !v->any_unit) {
        report(c->report, x->at, "T18", NO_FIX,
               "'allocate' splits a printed quantity: " STR_FMT
               " has at most %d decimals, this has %d; round it",
               STR_ARG(type_text(c, v)), digits, v->scale);
        return;
    }
    if (!opaque_stays(c, x, x->args[1], SHAPE(x->along))) {
        return;
    }
    wide bound = align_wide(v->bound, v->scale, digits);
    x->type = both;
    x->type.kind = TALLY_NUMBER;
    x->type.unit = v->unit;
    x->type.any_unit = v->any_unit;
    x->type.scale = (int8_t)digits;
    x->type.may_fail = true; /* ALLOC_WEIGHT */
    /* Each part is total * weight / sum of weights. */
    if (set_bound(c, x, mul_wide(bound, w->bound)) &&
        set_bound(c, x, mul_wide(w->bound, keys_of(c, SHAPE(x->along))))) {
        set_bound(c, x, bound);
    }
}

/* ---- all of them ------------------------------------------------------------------------ */

static bool check_arguments(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    struct tally_set known = *facts;
    if (x->where) {
        check_expr(c, x->where, facts);
        known = set_or(known, facts_if_yes(c, x->where));
    }
    for (int32_t i = 0; i < x->n_args; i++) {
        check_expr(c, x->args[i], &known);
    }
    if ((x->fn == FN_MAX || x->fn == FN_MIN) && x->n_args == 1) {
        x->fn = x->fn == FN_MAX ? FN_MAX_OF : FN_MIN_OF;
    }
    bool axes = is_aggregate(x) || is_selection(x) || x->fn == FN_ALLOCATE;
    bool filter = is_aggregate(x) || is_selection(x);
    if ((x->n_axes && !axes) || (x->where && !filter)) {
        report(c->report, x->at, "T28", NO_FIX, "'" STR_FMT "' takes no '%s'", STR_ARG(x->name),
               x->n_axes && !axes ? (x->by ? "by" : "over") : "where");
        return false;
    }
    if (x->n_args == 0 || (is_aggregate(x) && x->n_args != 1)) {
        need_args(c, x, -1, x->n_args == 0 ? "a value" : "one value");
        return false;
    }
    return true;
}

void check_call(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    if (!check_arguments(c, x, facts)) {
        poison(x);
        return;
    }
    switch (x->fn) {
    case FN_ROUND:
    case FN_ROUND_DOWN:
        check_round(c, x);
        return;
    case FN_POS:
    case FN_ABS:
        check_pos_abs(c, x);
        return;
    case FN_MIN:
    case FN_MAX:
    case FN_CLAMP:
        check_extremes(c, x);
        return;
    case FN_LOOKUP:
        check_lookup(c, x);
        return;
    case FN_POWER:
        check_power(c, x);
        return;
    case FN_POWER_FACTOR:
        check_power_factor(c, x);
        return;
    case FN_MISSING:
        check_missing(c, x);
        return;
    case FN_LATEST:
    case FN_HIGHEST:
    case FN_MIDDLE:
        check_selection(c, x);
        return;
    case FN_ALLOCATE:
        check_allocate(c, x);
        return;
    default:
        check_aggregate(c, x);
        return;
    }
}
