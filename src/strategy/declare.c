/* declare.c - what a strategy takes from outside: axes, parties, sources with their units, scales
 * and limits, and tables.
 */
#include "strategy/check.h"

static const struct str NO_FIX = { 0 };

/* Most keys of an axis: a leap year of quarter hours, of hours, of days; rules of the language. */
#define LENGTH_INTERVAL 35136
#define LENGTH_HOUR 8784
#define LENGTH_DATE 366
#define LENGTH_TOU 64
#define LENGTH_GROUP 4096

/* ---- axes and parties ------------------------------------------------------------------- */

static void add_builtin(struct checker *c, const char *name, int32_t length)
{
    struct tally_program *p = c->p;
    int32_t i = p->n_axes++;
    struct name_at at = { .name = str_of(name) };
    p->axes[i] = (struct tally_axis){
        .name = at.name, .outer = -1, .closure = SHAPE(i), .opaque = -1, .length = length
    };
    p->axes[i].symbol = names_add_symbol(c, SYMBOL_AXIS, -1, at, i);
}

static void add_axis(struct checker *c, const struct statement *s, bool window)
{
    struct tally_program *p = c->p;
    int32_t i = p->n_axes;
    if (i == TALLY_AXES_MAX) {
        report(c->report, s->name.at, "G05", NO_FIX, "a strategy has at most %d groups and windows",
               TALLY_AXES_MAX - AXIS_FIRST);
        c->open_names = true;
        return;
    }
    int32_t symbol = names_add_symbol(c, SYMBOL_AXIS, -1, s->name, i);
    if (symbol < 0) {
        c->open_names = true; /* its members have no home: silent */
        return;
    }
    p->n_axes++;
    p->axes[i] = (struct tally_axis){ .name = s->name.name,
                                      .title = s->title,
                                      .group = !window,
                                      .window = window,
                                      .outer = -1,
                                      .closure = SHAPE(i),
                                      .opaque = -1,
                                      .length = window ? LENGTH_INTERVAL : LENGTH_GROUP,
                                      .at = s->name.at,
                                      .symbol = symbol };
}

static void add_parties(struct checker *c, const struct statement *s)
{
    struct tally_program *p = c->p;
    for (int32_t i = 0; i < s->names.n; i++) {
        if (names_add_symbol(c, SYMBOL_PARTY, -1, s->names.at[i], p->n_parties) >= 0) {
            p->parties[p->n_parties++] = s->names.at[i].name;
        }
    }
}

/* The axis that a group statement made; -1 where its name was taken. */
static int32_t group_axis(const struct checker *c, const struct statement *s)
{
    int32_t symbol = names_find(c, -1, s->name.name);
    if (symbol < 0 || c->p->symbols[symbol].kind != SYMBOL_AXIS) {
        return -1;
    }
    int32_t axis = c->p->symbols[symbol].index;
    return c->p->axes[axis].at.file == s->name.at.file &&
                   c->p->axes[axis].at.token == s->name.at.token
               ? axis
               : -1;
}

static void group_outer(struct checker *c, const struct statement *s, int32_t axis)
{
    if (!s->of.name.n) {
        return;
    }
    int32_t outer = names_axis(c, s->of);
    if (outer < 0) {
        return;
    }
    if (!c->p->axes[outer].group) {
        report(c->report, s->of.at, "N61", NO_FIX, "'" STR_FMT "' is no group",
               STR_ARG(s->of.name));
        return;
    }
    for (int32_t o = outer; o >= 0; o = c->p->axes[o].outer) {
        if (o == axis) {
            report(c->report, s->of.at, "N63", NO_FIX, "group '" STR_FMT "' is inside itself",
                   STR_ARG(s->name.name));
            return;
        }
    }
    c->p->axes[axis].outer = outer;
}

static void group_party(struct checker *c, const struct statement *m, int32_t axis)
{
    struct tally_axis *a = &c->p->axes[axis];
    if (a->party) {
        report(c->report, m->name.at, "D81", NO_FIX, "a group has one party");
        return;
    }
    a->party = true;
    a->party_name = m->name.name;
    if (m->name.name.n) {
        names_add_symbol(c, SYMBOL_MEMBER_PARTY, axis, m->name, axis);
    }
}

/* `unit GJ` at the top: a unit that the builtin ones lack, the same for everybody. -1: refused. */
static int32_t add_unit(struct checker *c, const struct statement *m)
{
    struct tally_program *p = c->p;
    struct tally_unit known;
    bool taken = unit_find(m->name.name, &known);
    for (int32_t i = 0; i < p->n_opaques; i++) {
        taken = taken || str_eq(p->opaques[i], m->name.name);
    }
    if (taken) {
        report(c->report, m->name.at, "N62", NO_FIX, "'" STR_FMT "' is already a unit",
               STR_ARG(m->name.name));
        return -1;
    }
    if (p->n_opaques == TALLY_OPAQUE_MAX) {
        report(c->report, m->name.at, "G05", NO_FIX, "a strategy has at most %d units of its own",
               TALLY_OPAQUE_MAX);
        return -1;
    }
    p->opaques[p->n_opaques] = m->name.name;
    return p->n_opaques++;
}

static void group_unit(struct checker *c, const struct statement *m, int32_t axis)
{
    if (c->p->axes[axis].opaque >= 0) {
        report(c->report, m->name.at, "D81", NO_FIX, "a group has one unit of its own");
        return;
    }
    c->p->axes[axis].opaque = add_unit(c, m);
}

void declare_axes(struct checker *c)
{
    struct tally_program *p = c->p;
    size_t parties = 0;
    for (int32_t i = 0; i < c->n_flat; i++) {
        parties += (size_t)c->flat[i].s->names.n;
    }
    p->axes = arena_many(c->arena, TALLY_AXES_MAX, struct tally_axis);
    p->opaques = arena_many(c->arena, TALLY_OPAQUE_MAX, struct str);
    p->parties = arena_many(c->arena, parties + 1, struct str);
    add_builtin(c, "interval", LENGTH_INTERVAL);
    add_builtin(c, "hour", LENGTH_HOUR);
    add_builtin(c, "date", LENGTH_DATE);
    add_builtin(c, "tou", LENGTH_TOU);
    for (int32_t i = 0; i < c->n_flat; i++) {
        const struct statement *s = c->flat[i].s;
        if (s->kind == STATEMENT_UNIT) {
            add_unit(c, s);
        } else if (s->kind == STATEMENT_GROUP || s->kind == STATEMENT_WINDOW) {
            add_axis(c, s, s->kind == STATEMENT_WINDOW);
        } else if (s->kind == STATEMENT_PARTY) {
            add_parties(c, s);
        }
    }
    for (int32_t i = 0; i < c->n_flat; i++) {
        const struct statement *s = c->flat[i].s;
        int32_t axis = s->kind == STATEMENT_GROUP ? group_axis(c, s) : -1;
        if (axis < 0) {
            continue;
        }
        group_outer(c, s, axis);
        for (const struct statement *m = s->first; m; m = m->next) {
            if (m->kind == STATEMENT_PARTY) {
                group_party(c, m, axis);
            } else if (m->kind == STATEMENT_UNIT) {
                group_unit(c, m, axis);
            }
        }
    }
    for (int32_t i = AXIS_FIRST; i < p->n_axes; i++) {
        for (int32_t o = p->axes[i].outer; o >= 0; o = p->axes[o].outer) {
            p->axes[i].closure |= SHAPE(o);
        }
    }
}

/* ---- units, choices --------------------------------------------------------------------- */

bool declare_unit(struct checker *c, const struct unit_text *text, struct tally_unit *out)
{
    struct tally_unit unit = { 0 };
    for (int32_t i = 0; i < text->n; i++) {
        struct str name = text->at[i].name.name;
        struct tally_unit u = { 0 };
        bool known = unit_find(name, &u) || str_is(name, "ratio");
        for (int32_t k = 0; !known && k < c->p->n_opaques; k++) {
            if (str_eq(c->p->opaques[k], name)) {
                u.exp[BASE_OPAQUE + k] = 1;
                known = true;
            }
        }
        if (!known) {
            report(c->report, text->at[i].name.at, "N69", NO_FIX, "there is no unit '" STR_FMT "'",
                   STR_ARG(name));
            return false;
        }
        unit = text->at[i].divide ? unit_div(unit, u) : unit_mul(unit, u);
    }
    *out = unit;
    return true;
}

int16_t declare_choice(struct checker *c, const struct names *names)
{
    struct tally_program *p = c->p;
    for (int32_t k = 0; k < p->n_choices; k++) {
        bool same = p->choices[k].n == names->n;
        for (int32_t i = 0; same && i < names->n; i++) {
            same = str_eq(p->choices[k].names[i], names->at[i].name);
        }
        if (same) {
            return (int16_t)k;
        }
    }
    struct str *list = arena_many(c->arena, (size_t)names->n, struct str);
    for (int32_t i = 0; i < names->n; i++) {
        list[i] = names->at[i].name;
        for (int32_t k = 0; k < i; k++) {
            if (str_eq(list[k], list[i])) {
                report(c->report, names->at[i].at, "C44", NO_FIX,
                       "the choice '" STR_FMT "' is listed twice", STR_ARG(list[i]));
            }
        }
    }
    p->choices[p->n_choices] = (struct tally_choice){ list, names->n };
    return (int16_t)p->n_choices++;
}

/* ---- numbers of declarations ------------------------------------------------------------ */

/* The value at `scale`, false after a message: wrong unit, too fine or too large. */
static bool literal_scaled(struct checker *c, const struct literal *l,
                           const struct tally_unit *unit, int scale, struct decimal *out)
{
    struct tally_unit u;
    if (!declare_unit(c, &l->unit, &u)) {
        return false;
    }
    if (l->number.units && !unit_eq(&u, unit)) {
        struct tally_type want = { .kind = TALLY_NUMBER, .unit = *unit };
        struct tally_type have = { .kind = TALLY_NUMBER, .unit = u };
        report(c->report, l->at, "T06", NO_FIX, "expected " STR_FMT ", found " STR_FMT,
               STR_ARG(type_text(c, &want)), STR_ARG(type_text(c, &have)));
        return false;
    }
    int64_t units;
    if (decimal_rescale(l->number, scale, &units, NULL) != OK) {
        report(c->report, l->at, "D79", NO_FIX,
               "this number has more than %d decimals or is too large", scale);
        return false;
    }
    *out = (struct decimal){ l->negative ? -units : units, (int8_t)scale };
    return true;
}

static bool need_kind(struct checker *c, const struct statement *s, bool ok, const char *message)
{
    if (!ok) {
        report(c->report, s->type.at, "D71", NO_FIX, "%s", message);
    }
    return ok;
}

/* Attributes where they mean nothing. */
static bool check_attributes(struct checker *c, const struct statement *s)
{
    bool value = s->decl == STRATEGY_PARAM || s->decl == STRATEGY_INPUT;
    bool number = s->type.kind == TYPE_UNIT;
    size_t before = c->report->n_errors;
    if (s->has_digits && (s->digits < 0 || (!number && s->type.kind != TYPE_TABLE))) {
        report(c->report, s->digits_at, "D73", NO_FIX, "'digits' takes 0 to %d, for numbers only",
               DECIMAL_SCALE_MAX);
    }
    if (s->has_within && (!number || (!value && s->decl != STRATEGY_STATE))) {
        report(c->report, s->within_at, "D74", NO_FIX,
               "'within' limits a number that the contract gives: a param, input or state");
    }
    if (s->has_typical && (!number || !value)) {
        report(c->report, s->typical_at, "D82", NO_FIX,
               "'typical' is the usual range of a number that the contract gives: a param or "
               "input");
    }
    if (s->optional && !value) {
        report(c->report, s->optional_at, "D75", NO_FIX, "only a param or an input is optional");
    } else if (s->optional && s->initial) {
        report(c->report, s->optional_at, "D75", NO_FIX,
               "'optional' and a default exclude each other: with a default it is always agreed");
    }
    if (s->per_year && (s->decl != STRATEGY_STATE || !s->initial)) {
        report(c->report, s->per_year_at, "D76", NO_FIX,
               "'per year' sets a state back to its default; this is no state with a default");
    }
    if (s->initial && !value && s->decl != STRATEGY_STATE) {
        report(c->report, s->initial_at, "D78", NO_FIX,
               "only a param, an input or a state has a default");
    }
    return before == c->report->n_errors;
}

/* The default, a constant: OP_NUMBER with a sign, OP_CHOICE, OP_YES or OP_NO. */
static void set_initial(struct checker *c, struct tally_decl *d, const struct statement *s)
{
    struct tally_expr *x = s->initial;
    d->initial = x;
    x->type = d->type;
    x->type.shape = 0;
    x->type.absent = (struct tally_set){ 0 };
    bool negative = x->op == OP_NEG;
    struct tally_expr *number = negative ? x->args[0] : x;
    if (d->type.kind == TALLY_NUMBER && number->op == OP_NUMBER) {
        struct literal l = { .given = true, .negative = negative, .at = s->initial_at };
        l.number = number->number;
        if (number->units) {
            l.unit = *number->units;
        }
        struct decimal value = { 0 };
        if (!literal_scaled(c, &l, &d->type.unit, d->type.scale, &value)) {
            return;
        }
        number->type = x->type;
        if ((d->has_min && value.units < d->min.units) ||
            (d->has_max && value.units > d->max.units)) {
            report(c->report, s->initial_at, "D79", NO_FIX, "the default is outside 'within'");
        }
        return;
    }
    if (d->type.kind == TALLY_YES_NO && x->op == OP_NAME) {
        if (str_is(x->name, "yes") || str_is(x->name, "no")) {
            x->op = str_is(x->name, "yes") ? OP_YES : OP_NO;
            return;
        }
    }
    if (d->type.kind == TALLY_CHOICE && x->op == OP_NAME) {
        const struct tally_choice *of = &c->p->choices[d->type.choice];
        for (int16_t i = 0; i < of->n; i++) {
            if (str_eq(of->names[i], x->name)) {
                x->op = OP_CHOICE;
                x->alternative = i;
                return;
            }
        }
    }
    report(c->report, s->initial_at, "D78", NO_FIX, "a default is %s",
           d->type.kind == TALLY_NUMBER   ? "a plain number"
           : d->type.kind == TALLY_YES_NO ? "yes or no"
           : d->type.kind == TALLY_CHOICE ? "one of the choices"
                                          : "not possible for a table");
}

/* The usual range; false after a message. */
static bool set_typical(struct checker *c, struct tally_decl *d, const struct statement *s)
{
    d->has_typical = s->has_typical;
    if (!s->has_typical) {
        return true;
    }
    if (!literal_scaled(c, &s->low, &d->type.unit, d->type.scale, &d->low) ||
        !literal_scaled(c, &s->high, &d->type.unit, d->type.scale, &d->high)) {
        return false;
    }
    if (d->low.units > d->high.units) {
        report(c->report, s->typical_at, "D82", NO_FIX, "'typical' runs from the smaller number");
        return false;
    }
    if ((d->has_min && d->low.units < d->min.units) ||
        (d->has_max && d->high.units > d->max.units)) {
        report(c->report, s->typical_at, "D82", NO_FIX, "'typical' lies inside 'within'");
        return false;
    }
    return true;
}

/* Bound and `within` of a number; false after a message. */
static bool set_limits(struct checker *c, struct tally_decl *d, const struct statement *s)
{
    wide limit = unit_limit(&d->type.unit);
    bool value = d->kind == STRATEGY_PARAM || d->kind == STRATEGY_INPUT;
    if (unit_is_none(&d->type.unit)) {
        limit = s->type.unit.count ? UNIT_LIMIT_COUNT : UNIT_LIMIT_RATIO;
    }
    wide bound = mul_wide(limit, pow10_wide(d->type.scale));
    d->type.bound = bound;
    if (!s->has_within || !(value || d->kind == STRATEGY_STATE)) {
        return true;
    }
    d->has_min = s->min.given;
    d->has_max = s->max.given;
    if ((d->has_min && !literal_scaled(c, &s->min, &d->type.unit, d->type.scale, &d->min)) ||
        (d->has_max && !literal_scaled(c, &s->max, &d->type.unit, d->type.scale, &d->max))) {
        return false;
    }
    if (d->has_min && d->has_max) {
        if (d->min.units > d->max.units) {
            report(c->report, s->within_at, "D74", NO_FIX, "'within' runs from the smaller number");
            return false;
        }
        wide lo = (wide)(d->min.units < 0 ? -(__int128)d->min.units : d->min.units);
        wide hi = (wide)(d->max.units < 0 ? -(__int128)d->max.units : d->max.units);
        d->type.bound = lo > hi ? lo : hi;
    }
    return true;
}

/* ---- tables ----------------------------------------------------------------------------- */

static bool table_types(struct checker *c, const struct statement *s, struct tally_table *t)
{
    t->upto = s->type.upto;
    t->at = s->name.at;
    t->name = s->name.name;
    if (!declare_unit(c, &s->type.from, &t->from) || !declare_unit(c, &s->type.unit, &t->to)) {
        return false;
    }
    t->from_scale = (int8_t)unit_param_digits(&t->from, s->type.from.count);
    t->to_scale =
        (int8_t)(s->has_digits ? s->digits : unit_param_digits(&t->to, s->type.unit.count));
    wide limit = unit_limit(&t->to);
    if (unit_is_none(&t->to)) {
        limit = s->type.unit.count ? UNIT_LIMIT_COUNT : UNIT_LIMIT_RATIO;
    }
    t->to_bound = mul_wide(limit, pow10_wide(t->to_scale));
    return true;
}

static int8_t finest(const struct statement *s, bool values)
{
    int8_t scale = 0;
    for (int32_t i = 0; i < s->n_rows; i++) {
        const struct literal *l = values ? &s->rows[i].value : &s->rows[i].bound;
        if (l->number.scale > scale) {
            scale = l->number.scale;
        }
    }
    return scale;
}

static bool table_rows(struct checker *c, const struct statement *s, struct tally_table *t)
{
    t->from_scale = finest(s, false);
    t->to_scale = finest(s, true);
    t->to_bound = 0;
    struct strategy_row *rows = arena_many(c->arena, (size_t)s->n_rows + 1, struct strategy_row);
    for (int32_t i = 0; i < s->n_rows; i++) {
        const struct table_row *row = &s->rows[i];
        rows[i].rest = row->rest;
        if (row->rest && (!t->upto || i + 1 < s->n_rows)) {
            report(c->report, row->value.at, "D80", NO_FIX,
                   "'rest' is the last row of a table 'upto'");
            return false;
        }
        if ((!row->rest &&
             !literal_scaled(c, &row->bound, &t->from, t->from_scale, &rows[i].bound)) ||
            !literal_scaled(c, &row->value, &t->to, t->to_scale, &rows[i].value)) {
            return false;
        }
        if (i > 0 && !row->rest && rows[i].bound.units <= rows[i - 1].bound.units) {
            report(c->report, row->bound.at, "D80", NO_FIX,
                   "the rows of a table stand in rising order");
            return false;
        }
        int64_t v = rows[i].value.units;
        wide bound = (wide)(v < 0 ? -(__int128)v : v);
        t->to_bound = bound > t->to_bound ? bound : t->to_bound;
    }
    if (!s->n_rows) {
        report(c->report, s->name.at, "D80", NO_FIX, "a table has at least one row");
        return false;
    }
    t->rows = rows;
    t->n_rows = s->n_rows;
    return true;
}

static void declare_table(struct checker *c, const struct statement *s)
{
    struct tally_program *p = c->p;
    int32_t i = p->n_tables;
    int32_t symbol = names_add_symbol(c, SYMBOL_TABLE, -1, s->name, i);
    if (symbol < 0) {
        return;
    }
    p->n_tables++;
    p->tables[i].symbol = symbol;
    p->symbols[symbol].poisoned =
        s->broken || !table_types(c, s, &p->tables[i]) || !table_rows(c, s, &p->tables[i]);
}

/* ---- sources ---------------------------------------------------------------------------- */

static bool set_axes(struct checker *c, struct tally_decl *d, const struct statement *s)
{
    d->window = -1;
    bool series = d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES;
    if (series) {
        d->window = AXIS_INTERVAL;
    }
    if (s->by.name.n) {
        int32_t axis = names_axis(c, s->by);
        if (axis < 0) {
            return false;
        }
        if (!series || (!c->p->axes[axis].window && axis != AXIS_INTERVAL)) {
            report(c->report, s->by_at, "D77", NO_FIX,
                   "only a meter or a series stands 'by' an axis, and that is a window");
            return false;
        }
        d->window = axis;
    }
    d->type.shape = d->axis >= 0 ? c->p->axes[d->axis].closure : 0;
    if (d->window >= 0) {
        d->type.shape |= SHAPE(d->window);
    }
    if (d->kind == STRATEGY_PRICE) {
        d->type.shape |= SHAPE(AXIS_TOU);
    }
    return true;
}

static bool set_type(struct checker *c, struct tally_decl *d, const struct statement *s)
{
    bool value = d->kind == STRATEGY_PARAM || d->kind == STRATEGY_INPUT;
    const struct type_text *t = &s->type;
    switch (t->kind) {
    case TYPE_YES_NO:
        d->type.kind = TALLY_YES_NO;
        return need_kind(c, s, value || d->kind == STRATEGY_STATE,
                         "a meter, series or price has a unit");
    case TYPE_CHOICE:
        d->type.kind = TALLY_CHOICE;
        d->type.choice = declare_choice(c, &t->choices);
        return need_kind(c, s, value || d->kind == STRATEGY_STATE,
                         "a meter, series or price has a unit");
    case TYPE_TABLE: {
        struct tally_table *table = arena_make(c->arena, struct tally_table);
        d->type.kind = TALLY_TABLE;
        d->table = table;
        table->symbol = d->symbol;
        if (!need_kind(c, s, value, "only a param or an input is a table") ||
            !table_types(c, s, table)) {
            return false;
        }
        d->type.unit = table->to;
        d->type.scale = table->to_scale;
        d->type.bound = table->to_bound;
        return true;
    }
    default:
        break;
    }
    d->type.kind = TALLY_NUMBER;
    d->count = t->unit.count;
    if (!declare_unit(c, &t->unit, &d->type.unit)) {
        return false;
    }
    bool reading = d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES;
    int digits = reading && !t->unit.count ? unit_reading_digits(&d->type.unit)
                                           : unit_param_digits(&d->type.unit, t->unit.count);
    d->type.scale = (int8_t)(s->has_digits ? s->digits : digits);
    return set_limits(c, d, s) && set_typical(c, d, s);
}

static bool set_optional(struct checker *c, struct tally_decl *d, const struct statement *s)
{
    d->optional = s->optional;
    d->optional_bit = -1;
    if (!s->optional) {
        return true;
    }
    if (c->n_optional == TALLY_OPTIONAL_MAX) {
        report(c->report, s->optional_at, "G05", NO_FIX, "a strategy has at most %d optional names",
               TALLY_OPTIONAL_MAX);
        return false;
    }
    d->optional_bit = c->n_optional++;
    set_add(&d->type.absent, d->optional_bit);
    return true;
}

static void declare_source(struct checker *c, const struct statement *s, int32_t axis)
{
    struct tally_program *p = c->p;
    int32_t i = p->n_decls;
    int32_t symbol = names_add_symbol(c, SYMBOL_DECL, axis, s->name, i);
    if (symbol < 0) {
        return;
    }
    struct tally_decl *d = &p->decls[p->n_decls++];
    *d = (struct tally_decl){ .kind = s->decl,
                              .name = s->name.name,
                              .title = s->title,
                              .axis = axis,
                              .window = -1,
                              .per_year = s->per_year,
                              .optional_bit = -1,
                              .at = s->name.at,
                              .symbol = symbol };
    bool ok = !s->broken;
    if (ok && axis >= 0 && (s->decl == STRATEGY_PRICE || s->decl == STRATEGY_STATE)) {
        report(c->report, s->name.at, "D72", NO_FIX,
               "a %s belongs to the whole strategy, not to the members of a group",
               s->decl == STRATEGY_PRICE ? "price" : "state");
        ok = false;
    }
    ok = ok && check_attributes(c, s) && set_type(c, d, s) && set_axes(c, d, s) &&
         set_optional(c, d, s);
    p->symbols[symbol].poisoned = !ok;
    if (!ok) {
        d->type.kind = TALLY_POISON;
    } else if (s->initial) {
        set_initial(c, d, s);
    }
}

void declare_sources(struct checker *c)
{
    struct tally_program *p = c->p;
    size_t decls = 0, tables = 0;
    for (int32_t i = 0; i < c->n_flat; i++) {
        const struct statement *s = c->flat[i].s;
        decls += s->kind == STATEMENT_DECL;
        tables += s->kind == STATEMENT_TABLE;
        for (const struct statement *m = s->kind == STATEMENT_GROUP ? s->first : NULL; m;
             m = m->next) {
            decls += m->kind == STATEMENT_DECL;
        }
    }
    p->decls = arena_many(c->arena, decls + 1, struct tally_decl);
    p->choices = arena_many(c->arena, decls + 1, struct tally_choice);
    p->tables = arena_many(c->arena, tables + 1, struct tally_table);
    for (int32_t i = 0; i < c->n_flat; i++) {
        const struct statement *s = c->flat[i].s;
        if (s->kind == STATEMENT_DECL) {
            declare_source(c, s, -1);
        } else if (s->kind == STATEMENT_TABLE) {
            declare_table(c, s);
        } else if (s->kind == STATEMENT_GROUP) {
            int32_t axis = group_axis(c, s);
            for (const struct statement *m = s->first; axis >= 0 && m; m = m->next) {
                if (m->kind == STATEMENT_DECL) {
                    declare_source(c, m, axis);
                }
            }
        }
    }
}
