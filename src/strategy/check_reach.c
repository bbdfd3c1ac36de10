/* check_reach.c - what can never happen, and what happens twice: warnings on a sound program.
 *
 * W92: a line, flag, exception or side of an `if` that no contract and no reading reaches; a split
 * by weights that are always zero.
 * W93: two exceptions of one definition that can hold at once, a failure at run (tree.h, law 4).
 *
 * A condition is asked under every combination of what decides it: choices, yes/no and agreed
 * parameters, the month or weekday, and numbers, of which the constants they are compared with and
 * one point between each two stand for all. What is not understood is a yes/no of its own, so W92
 * is never said of what can happen; W93 is said only where all of it is understood.
 */
#include "strategy/check.h"

/* Conditions of agreements ask about few things; beyond these limits nothing is said. */
#define UNKNOWNS_MAX 10
#define USES_MAX 64
#define CONSTANTS_MAX 8
#define POINTS_MAX (2 * CONSTANTS_MAX + 5)
#define COMBINATIONS_MAX 4096
/* Nodes visited and bytes of text made for one program: some milliseconds, two megabytes. */
#define STEPS_MAX 2000000
#define POINT_SCALE (DECIMAL_SCALE_MAX + 1) /* the middle of two decimals is exact */

enum answer { NO, MAYBE, YES };
enum unknown_kind { U_CHOICE, U_YES_NO, U_AGREED, U_NUMBER, U_CALENDAR, U_OTHER };

struct unknown {
    enum unknown_kind kind;
    int32_t symbol; /* CHOICE YES_NO AGREED */
    struct str text;
    const struct tally_expr *x;
    __int128 constants[CONSTANTS_MAX], points[POINTS_MAX];
    int32_t n_constants, n; /* n: values it can have */
    bool has_min, has_max, source;
    __int128 min, max;
};
struct given { /* what holds where an expression stands */
    const struct given *up;
    const struct tally_expr *x; /* a condition, or the selector of a `choose` */
    bool yes;
    int16_t alternative; /* -1: a condition */
};
struct reach {
    struct checker *c;
    int64_t steps;
    struct unknown unknowns[UNKNOWNS_MAX];
    int32_t n, value[UNKNOWNS_MAX];
    struct {
        const struct tally_expr *x;
        int32_t at;
    } uses[USES_MAX];
    int32_t n_uses;
    bool gave_up;
};

/* ---- what an expression is ------------------------------------------------------------------- */

/* A name of a definition without exceptions is what it stands for. */
static const struct tally_expr *behind(const struct reach *r, const struct tally_expr *x)
{
    while (x->op == OP_NAME && x->symbol >= 0) {
        const struct tally_symbol *s = &r->c->p->symbols[x->symbol];
        if (s->kind != SYMBOL_DEFINITION || r->c->p->definitions[s->index].n_excepts) {
            break;
        }
        x = r->c->p->definitions[s->index].body;
    }
    return x;
}

static const struct tally_decl *decl_of(const struct reach *r, const struct tally_expr *x)
{
    if ((x->op != OP_NAME && x->op != OP_MEMBER) || x->symbol < 0) {
        return NULL;
    }
    const struct tally_symbol *s = &r->c->p->symbols[x->symbol];
    return s->kind == SYMBOL_DECL ? &r->c->p->decls[s->index] : NULL;
}

static __int128 point_of(struct decimal d)
{
    __int128 v = d.units;
    for (int i = d.scale; i < POINT_SCALE; i++) {
        v *= 10;
    }
    return v;
}

static bool constant_of(const struct reach *r, const struct tally_expr *x, __int128 *out)
{
    x = behind(r, x);
    bool minus = x->op == OP_NEG;
    const struct tally_expr *number = minus ? x->args[0] : x;
    if (number->op != OP_NUMBER) {
        return false;
    }
    *out = minus ? -point_of(number->number) : point_of(number->number);
    return true;
}

static void set_range(const struct reach *r, struct unknown *u, const struct tally_expr *x)
{
    x = behind(r, x);
    const struct tally_decl *d = decl_of(r, x);
    if (d) {
        u->source = d->kind != STRATEGY_METER && d->kind != STRATEGY_SERIES;
        u->has_min = d->has_min;
        u->has_max = d->has_max;
        u->min = point_of(d->min);
        u->max = point_of(d->max);
    } else if (x->op == OP_CALL && (x->fn == FN_POS || x->fn == FN_ABS || x->fn == FN_COUNT)) {
        u->has_min = true;
        u->min = 0;
    }
}

/* ---- collecting unknowns --------------------------------------------------------------------- */

static struct unknown *unknown_add(struct reach *r, const struct tally_expr *x,
                                   const struct unknown *like)
{
    int32_t at = 0;
    while (at < r->n) {
        const struct unknown *u = &r->unknowns[at];
        bool same = u->kind == like->kind && u->symbol == like->symbol &&
                    str_eq(u->text, like->text);
        if (same) {
            break;
        }
        at++;
    }
    if (at == UNKNOWNS_MAX || r->n_uses == USES_MAX) {
        r->gave_up = true;
        return NULL;
    }
    if (at == r->n) {
        r->unknowns[r->n++] = *like;
    }
    r->uses[r->n_uses].x = x;
    r->uses[r->n_uses++].at = at;
    return &r->unknowns[at];
}

static void add_symbol(struct reach *r, const struct tally_expr *use, const struct tally_expr *x,
                       enum unknown_kind kind, int32_t n)
{
    struct unknown like = { .kind = kind, .symbol = x->symbol, .x = x, .n = n };
    unknown_add(r, use, &like);
}

static void add_text(struct reach *r, const struct tally_expr *x, enum unknown_kind kind,
                     struct str text, int32_t n)
{
    struct unknown like = { .kind = kind, .symbol = -1, .text = text, .x = x, .n = n };
    r->steps += (int64_t)text.n;
    unknown_add(r, x, &like);
}

static bool is_number_test(const struct tally_expr *x)
{
    return x->args[0]->type.kind == TALLY_NUMBER && x->args[1]->type.kind == TALLY_NUMBER;
}

static bool is_choice_test(const struct reach *r, const struct tally_expr *x)
{
    return decl_of(r, x->args[0]) && x->args[0]->type.kind == TALLY_CHOICE &&
           x->args[1]->op == OP_CHOICE;
}

static void collect_test(struct reach *r, const struct tally_expr *x)
{
    __int128 constant, other;
    if (is_choice_test(r, x)) {
        add_symbol(r, x, x->args[0], U_CHOICE, r->c->p->choices[x->args[0]->type.choice].n);
        return;
    }
    bool left = is_number_test(x) && constant_of(r, x->args[0], &constant);
    bool right = is_number_test(x) && constant_of(r, x->args[1], left ? &other : &constant);
    if (left && right) {
        return;
    }
    if (!left && !right) {
        add_text(r, x, U_OTHER, inner_text(r->c, x), 2);
        return;
    }
    const struct tally_expr *number = x->args[left ? 1 : 0];
    struct unknown like = { .kind = U_NUMBER, .symbol = -1, .x = number };
    like.text = inner_text(r->c, number);
    r->steps += (int64_t)like.text.n;
    set_range(r, &like, number);
    struct unknown *u = unknown_add(r, x, &like);
    if (u && u->n_constants == CONSTANTS_MAX) {
        r->gave_up = true;
    } else if (u) {
        u->constants[u->n_constants++] = constant;
    }
}

static void collect(struct reach *r, const struct tally_expr *x)
{
    x = behind(r, x);
    if (++r->steps > STEPS_MAX || r->gave_up) {
        r->gave_up = true;
        return;
    }
    switch (x->op) {
    case OP_YES:
    case OP_NO:
        return;
    case OP_NOT:
    case OP_AND:
    case OP_OR:
    case OP_ELSE:
    case OP_IF:
        for (int32_t i = 0; i < x->n_args; i++) {
            collect(r, x->args[i]);
        }
        return;
    case OP_CHOOSE:
        add_symbol(r, x, x->args[0], U_CHOICE, r->c->p->choices[x->args[0]->type.choice].n);
        for (int32_t i = 1; i < x->n_args; i++) {
            collect(r, x->args[i]);
        }
        return;
    case OP_AGREED:
        add_symbol(r, x, x, U_AGREED, 2);
        return;
    case OP_MONTH_IN:
        add_text(r, x, U_CALENDAR, STR("month"), 12);
        return;
    case OP_WEEKDAY_IN:
        add_text(r, x, U_CALENDAR, STR("weekday"), 7);
        return;
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_IS:
    case OP_IS_NOT:
        collect_test(r, x);
        return;
    default:
        if (decl_of(r, x)) {
            add_symbol(r, x, x, U_YES_NO, 2);
        } else {
            add_text(r, x, U_OTHER, inner_text(r->c, x), 2);
        }
    }
}

static void add_point(struct unknown *u, __int128 v)
{
    if ((u->has_min && v < u->min) || (u->has_max && v > u->max) || u->n == POINTS_MAX) {
        return;
    }
    u->points[u->n++] = v;
}

/* Each constant, one between each two, one beyond either end, and the ends of the range. */
static void set_points(struct unknown *u)
{
    for (int32_t i = 1; i < u->n_constants; i++) {
        for (int32_t k = i; k > 0 && u->constants[k] < u->constants[k - 1]; k--) {
            __int128 v = u->constants[k];
            u->constants[k] = u->constants[k - 1];
            u->constants[k - 1] = v;
        }
    }
    __int128 one = point_of((struct decimal){ 1, 0 });
    int32_t last = u->n_constants - 1;
    for (int32_t i = 0; i <= last; i++) {
        add_point(u, u->constants[i]);
        if (i < last) {
            add_point(u, (u->constants[i] + u->constants[i + 1]) / 2);
        }
    }
    add_point(u, u->constants[0] - one);
    add_point(u, u->constants[last] + one);
    if (u->has_min) {
        add_point(u, u->min);
    }
    if (u->has_max) {
        add_point(u, u->max);
    }
    if (u->n == 0) { /* no number is allowed: declared so, and said by D74 or D79 */
        u->points[u->n++] = u->constants[0];
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int32_t value_of(const struct reach *r, const struct tally_expr *x, const struct unknown **u)
{
    for (int32_t i = 0; i < r->n_uses; i++) {
        if (r->uses[i].x == x) {
            *u = &r->unknowns[r->uses[i].at];
            return r->value[r->uses[i].at];
        }
    }
    *u = NULL;
    return 0;
}

static enum answer answer_of(bool yes)
{
    return yes ? YES : NO;
}

static bool compare(enum tally_op op, __int128 a, __int128 b)
{
    switch (op) {
    case OP_LT:
        return a < b;
    case OP_LE:
        return a <= b;
    case OP_GT:
        return a > b;
    case OP_GE:
        return a >= b;
    case OP_IS:
        return a == b;
    default:
        return a != b;
    }
}

static enum answer ask_test(const struct reach *r, const struct tally_expr *x)
{
    const struct unknown *u;
    int32_t v = value_of(r, x, &u);
    if (u && u->kind == U_CHOICE) {
        return answer_of((v == x->args[1]->alternative) == (x->op == OP_IS));
    }
    if (u && u->kind == U_OTHER) {
        return answer_of(v == 1);
    }
    __int128 a = 0, b = 0;
    bool left = constant_of(r, x->args[0], &a), right = constant_of(r, x->args[1], &b);
    if (u) {
        a = left ? a : u->points[v];
        b = right ? b : u->points[v];
    }
    return answer_of(compare(x->op, a, b));
}

static enum answer ask(struct reach *r, const struct tally_expr *x)
{
    x = behind(r, x);
    if (++r->steps > STEPS_MAX) {
        r->gave_up = true;
        return MAYBE;
    }
    const struct unknown *u;
    int32_t v = value_of(r, x, &u);
    enum answer a, b;
    switch (x->op) {
    case OP_YES:
    case OP_NO:
        return answer_of(x->op == OP_YES);
    case OP_NOT:
        return YES - ask(r, x->args[0]);
    case OP_AND:
    case OP_OR:
        a = ask(r, x->args[0]);
        b = ask(r, x->args[1]);
        return (x->op == OP_AND) == (a < b) ? a : b;
    case OP_ELSE:
        a = ask(r, x->args[0]);
        return a == ask(r, x->args[1]) ? a : MAYBE;
    case OP_IF:
        a = ask(r, x->args[0]);
        return a == MAYBE ? MAYBE : ask(r, x->args[a == YES ? 1 : 2]);
    case OP_CHOOSE:
        return ask(r, x->args[x->case_of[v]]);
    case OP_MONTH_IN:
    case OP_WEEKDAY_IN:
        v++;
        return answer_of(x->from_min <= x->to_min ? v >= x->from_min && v <= x->to_min
                                                  : v >= x->from_min || v <= x->to_min);
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_IS:
    case OP_IS_NOT:
        return ask_test(r, x);
    default:
        return u ? answer_of(v == 1) : MAYBE;
    }
}

static void forget(struct reach *r)
{
    r->n = r->n_uses = 0;
    r->gave_up = r->steps > STEPS_MAX;
}

static void collect_given(struct reach *r, const struct given *given)
{
    for (const struct given *g = given; g; g = g->up) {
        if (g->alternative < 0) {
            collect(r, g->x);
        } else {
            add_symbol(r, g->x, g->x, U_CHOICE, r->c->p->choices[g->x->type.choice].n);
        }
    }
}

/* Sets the first combination; false where there are too many. */
static bool first_combination(struct reach *r)
{
    int64_t n = 1;
    for (int32_t i = 0; i < r->n; i++) {
        struct unknown *u = &r->unknowns[i];
        if (u->kind == U_NUMBER) {
            set_points(u);
        }
        n *= u->n;
        r->value[i] = 0;
        if (n > COMBINATIONS_MAX) {
            return false;
        }
    }
    return !r->gave_up;
}

static bool next_combination(struct reach *r)
{
    for (int32_t i = 0; i < r->n; i++) {
        if (++r->value[i] < r->unknowns[i].n) {
            return true;
        }
        r->value[i] = 0;
    }
    return false;
}

static bool is_given(struct reach *r, const struct given *given)
{
    for (const struct given *g = given; g; g = g->up) {
        const struct unknown *u;
        if (g->alternative >= 0 ? value_of(r, g->x, &u) != g->alternative
                                : ask(r, g->x) == answer_of(!g->yes)) {
            return false;
        }
    }
    return true;
}

/* Whether x can be yes (no) where `given` holds; true where that is not known. */
static bool can_be(struct reach *r, const struct tally_expr *x, bool yes, const struct given *given)
{
    forget(r);
    collect_given(r, given);
    collect(r, x);
    if (!first_combination(r)) {
        return true;
    }
    do {
        if (is_given(r, given) && ask(r, x) != answer_of(!yes)) {
            return true;
        }
    } while (next_combination(r));
    return r->gave_up;
}

/* ---- what is never reached ------------------------------------------------------------------- */

static void walk(struct reach *r, const struct tally_expr *x, const struct given *given);

static void walk_if(struct reach *r, const struct tally_expr *x, const struct given *given)
{
    struct given then = { given, x->args[0], true, -1 }, other = { given, x->args[0], false, -1 };
    bool yes = can_be(r, x->args[0], true, given), no = can_be(r, x->args[0], false, given);
    if (yes != no) {
        report_warning(r->c->report, x->args[0]->at, "W92",
                       "this condition is always %s here, so the '%s' side is never taken; remove "
                       "it, or correct the condition",
                       yes ? "yes" : "no", yes ? "else" : "then");
        return;
    }
    walk(r, x->args[0], given);
    walk(r, x->args[1], &then);
    walk(r, x->args[2], &other);
}

static void walk_choose(struct reach *r, const struct tally_expr *x, const struct given *given)
{
    int32_t n = r->c->p->choices[x->args[0]->type.choice].n;
    for (int32_t i = 0; i < n; i++) {
        struct given here = { given, x->args[0], true, (int16_t)i };
        walk(r, x->args[x->case_of[i]], &here);
    }
}

static void walk(struct reach *r, const struct tally_expr *x, const struct given *given)
{
    if (x->op == OP_IF) {
        walk_if(r, x, given);
        return;
    }
    if (x->op == OP_CHOOSE) {
        walk_choose(r, x, given);
        return;
    }
    if (x->op == OP_CALL && x->fn == FN_ALLOCATE && x->args[1]->type.bound == 0) {
        report_warning(r->c->report, x->args[1]->at, "W92",
                       "these weights are always 0, so nothing can ever be split; give the members "
                       "a weight");
    }
    /* What holds for a value need not hold for what is aggregated inside of it. */
    const struct given *inside = x->op == OP_CALL && (x->gone || x->where) ? NULL : given;
    for (int32_t i = 0; i < x->n_args; i++) {
        walk(r, x->args[i], inside);
    }
}

static void walk_condition(struct reach *r, const struct tally_expr *when, struct tally_place at,
                           const char *what, struct str name)
{
    if (can_be(r, when, true, NULL)) {
        walk(r, when, NULL);
        return;
    }
    report_warning(r->c->report, at, "W92",
                   "%s" STR_FMT " can never be: its 'when' is always no; remove it, or correct the "
                   "condition",
                   what, STR_ARG(name));
}

/* ---- exceptions that meet -------------------------------------------------------------------- */

/* Numbers that may depend on each other are no proof that a combination exists. */
static bool is_understood(const struct reach *r)
{
    int32_t numbers = 0, computed = 0;
    for (int32_t i = 0; i < r->n; i++) {
        const struct unknown *u = &r->unknowns[i];
        if (u->kind == U_OTHER) {
            return false;
        }
        numbers += u->kind == U_NUMBER;
        computed += u->kind == U_NUMBER && !u->source;
    }
    return computed == 0 || numbers == 1;
}

static void add_value(struct reach *r, struct text *t, const struct unknown *u, int32_t v)
{
    const struct tally_program *p = r->c->p;
    switch (u->kind) {
    case U_CHOICE:
        text_addf(t, STR_FMT " is " STR_FMT, STR_ARG(u->x->name),
                  STR_ARG(p->choices[u->x->type.choice].names[v]));
        return;
    case U_AGREED:
        text_addf(t, "%sagreed(" STR_FMT ")", v ? "" : "not ", STR_ARG(u->x->name));
        return;
    case U_NUMBER:
        text_addf(t, STR_FMT " is ", STR_ARG(u->text));
        text_decimal(t, u->points[v], POINT_SCALE, 0);
        text_add_c(t, unit_is_none(&u->x->type.unit) ? "" : " ");
        text_unit(t, p, &u->x->type.unit);
        return;
    case U_CALENDAR:
        text_addf(t, STR_FMT " %d", STR_ARG(u->text), (int)v + 1);
        return;
    default:
        text_addf(t, "%s" STR_FMT, v ? "" : "not ", STR_ARG(u->x->name));
    }
}

#define WITNESS_MAX 1024 /* bytes; ten names and numbers */

static void report_both(struct reach *r, const struct tally_definition *d,
                        const struct tally_except *first, const struct tally_except *second)
{
    struct text t;
    text_init(&t, r->c->arena, WITNESS_MAX);
    for (int32_t i = 0; i < r->n; i++) {
        text_add_c(&t, i ? " and " : "; for example where ");
        add_value(r, &t, &r->unknowns[i], r->value[i]);
    }
    report_warning(r->c->report, second->at, "W93",
                   "this exception of '" STR_FMT "' and the one of line %d can hold at once" STR_FMT
                   ": let one exclude the other, as in 'and not ..'",
                   STR_ARG(d->name), (int)first->at.line, STR_ARG(text_str(&t)));
}

static void check_pair(struct reach *r, const struct tally_definition *d,
                       const struct tally_except *first, const struct tally_except *second)
{
    forget(r);
    collect(r, first->when);
    collect(r, second->when);
    if (!is_understood(r) || !first_combination(r)) {
        return;
    }
    do {
        if (ask(r, first->when) == YES && ask(r, second->when) == YES) {
            report_both(r, d, first, second);
            return;
        }
    } while (next_combination(r));
}

static void reach_definition(struct reach *r, const struct tally_definition *d)
{
    walk(r, d->body, NULL);
    for (int32_t i = 0; i < d->n_excepts; i++) {
        const struct tally_except *e = &d->excepts[i];
        struct given holds = { NULL, e->when, true, -1 };
        walk_condition(r, e->when, e->at, "this exception of ", d->name);
        walk(r, e->body, &holds);
        for (int32_t k = 0; k < i; k++) {
            check_pair(r, d, &d->excepts[k], e);
        }
    }
}

void check_reach(struct checker *c)
{
    struct reach *r = arena_make(c->arena, struct reach);
    const struct tally_program *p = c->p;
    r->c = c;
    for (int32_t i = 0; i < p->n_definitions; i++) {
        reach_definition(r, &p->definitions[i]);
    }
    for (int32_t i = 0; i < p->n_lines; i++) {
        const struct tally_line *l = &p->lines[i];
        struct given holds = { NULL, l->when, true, -1 };
        if (l->when) {
            walk_condition(r, l->when, l->code.at, "line ", l->code.name);
        }
        walk(r, l->amount, l->when ? &holds : NULL);
    }
    for (int32_t i = 0; i < p->n_flags; i++) {
        walk_condition(r, p->flags[i].when, p->flags[i].code.at, "flag ", p->flags[i].code.name);
    }
    for (int32_t i = 0; i < p->n_nexts; i++) {
        walk(r, p->nexts[i].body, NULL);
    }
}
