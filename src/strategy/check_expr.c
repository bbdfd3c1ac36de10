/* check_expr.c - types of expressions: units, scales, magnitudes, shapes and presence, bottom up.
 */
#include "strategy/check.h"
#include <stdarg.h>

static const struct str NO_FIX = { 0 };

/* What `at`, lines and prices are printed with (language page, section 4). */
#define FEN_DIGITS 2
#define PRICE_DIGITS 6
/* A derived price is proposed with so many (settlement rules, R3). */
#define PROPOSED_PRICE_DIGITS 4
/* Billed amounts: 10^12 yuan in fen; a period: a leap year in 0.01 h. */
#define LIMIT_FEN ((wide)100000000000000)
#define LIMIT_HOURS ((wide)878400)

/* ---- magnitudes ------------------------------------------------------------------------- */

wide mul_wide(wide a, wide b)
{
    return a && b > WIDE_MAX / a ? WIDE_MAX : a * b;
}

wide add_wide(wide a, wide b)
{
    return a > WIDE_MAX - b ? WIDE_MAX : a + b;
}

wide pow10_wide(int n)
{
    wide x = 1;
    for (int i = 0; i < n; i++) {
        x = mul_wide(x, 10);
    }
    return x;
}

wide align_wide(wide bound, int from, int to)
{
    if (to >= from) {
        return mul_wide(bound, pow10_wide(to - from));
    }
    wide p = pow10_wide(from - to);
    return bound / p + 1;
}

bool set_bound(struct checker *c, struct tally_expr *x, wide bound)
{
    if (bound < BOUND_MAX) {
        x->type.bound = bound;
        return true;
    }
    report(c->report, x->at, "M81", NO_FIX,
           "the largest possible value does not fit 127 bits; round a part of it, or narrow a "
           "parameter with 'within'");
    poison(x);
    return false;
}

void poison(struct tally_expr *x)
{
    x->type.kind = TALLY_POISON;
}

/* ---- words ------------------------------------------------------------------------------ */

struct str type_text(struct checker *c, const struct tally_type *t)
{
    struct text out;
    text_init(&out, c->arena, STRATEGY_TEXT_MAX);
    switch (t->kind) {
    case TALLY_NUMBER:
        if (t->any_unit || unit_is_none(&t->unit)) {
            text_add_c(&out, "a plain number");
        } else {
            text_unit(&out, c->p, &t->unit);
        }
        break;
    case TALLY_YES_NO:
        text_add_c(&out, "yes/no");
        break;
    case TALLY_CHOICE:
        text_add_c(&out, "a choice");
        break;
    case TALLY_PARTY:
        text_add_c(&out, "a party");
        break;
    default:
        text_add_c(&out, "a table");
        break;
    }
    return text_str(&out);
}

struct str shape_text(struct checker *c, tally_shape s)
{
    struct text out;
    text_init(&out, c->arena, STRATEGY_TEXT_MAX);
    int left = __builtin_popcount(s);
    for (int32_t i = 0; i < c->p->n_axes; i++) {
        if (s & SHAPE(i)) {
            text_add(&out, c->p->axes[i].name);
            left--;
            text_add_c(&out, left > 1 ? ", " : left == 1 ? " and " : "");
        }
    }
    return text_str(&out);
}

struct str expr_text(struct checker *c, const struct tally_expr *x)
{
    return print_tokens(c->arena, c->report->files[x->at.file], x->first, x->last);
}

struct str inner_text(struct checker *c, const struct tally_expr *x)
{
    int32_t in = x->parens;
    return print_tokens(c->arena, c->report->files[x->at.file], x->first + in, x->last - in);
}

struct str fix_text(struct checker *c, const char *fmt, ...)
{
    char buffer[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(buffer, sizeof buffer, fmt, args);
    va_end(args);
    /* One that was cut cannot be pasted. */
    return n < (int)sizeof buffer ? str_dup(c->arena, str_of(buffer)) : NO_FIX;
}

/* ---- shapes and presence ---------------------------------------------------------------- */

tally_shape close_shape(const struct checker *c, tally_shape s)
{
    tally_shape out = s;
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        if (s & SHAPE(i)) {
            out |= c->p->axes[i].closure;
        }
    }
    return out & SHAPE(AXIS_INTERVAL) ? out & ~SHAPE_CLOCK : out;
}

void join_presence(struct checker *c, struct tally_type *a, const struct tally_type *b)
{
    a->shape = close_shape(c, a->shape | b->shape);
    a->absent = set_or(a->absent, b->absent);
    a->may_fail = a->may_fail || b->may_fail;
    a->may_blank = a->may_blank || b->may_blank;
}

/* Facts of `agreed` in a condition that turned out `yes`. Those of a definition were worked out
 * when it was checked, before everything that refers to it. */
static struct tally_set facts_of(const struct checker *c, const struct tally_expr *x, bool yes)
{
    struct tally_set none = { 0 };
    switch (x->op) {
    case OP_AGREED:
    case OP_NAME: {
        const struct tally_symbol *s = x->symbol >= 0 ? &c->p->symbols[x->symbol] : NULL;
        if (!s || s->poisoned) {
            return none;
        }
        if (x->op == OP_NAME && s->kind == SYMBOL_DEFINITION) {
            return yes ? c->facts_yes[s->index] : c->facts_no[s->index];
        }
        if (x->op == OP_AGREED && yes && s->kind == SYMBOL_DECL &&
            c->p->decls[s->index].optional_bit >= 0) {
            set_add(&none, c->p->decls[s->index].optional_bit);
        }
        return none;
    }
    case OP_NOT:
        return facts_of(c, x->args[0], !yes);
    case OP_AND:
    case OP_OR: {
        struct tally_set a = facts_of(c, x->args[0], yes), b = facts_of(c, x->args[1], yes);
        return (x->op == OP_AND) == yes ? set_or(a, b) : set_and(a, b);
    }
    default:
        return none;
    }
}

struct tally_set facts_if_no(const struct checker *c, const struct tally_expr *x)
{
    return facts_of(c, x, false);
}

struct tally_set facts_if_yes(const struct checker *c, const struct tally_expr *x)
{
    return facts_of(c, x, true);
}

/* ---- what an operand must be ------------------------------------------------------------ */

bool need_number(struct checker *c, const struct tally_expr *x, const char *before)
{
    if (x->type.kind == TALLY_POISON) {
        return false;
    }
    if (x->type.kind != TALLY_NUMBER) {
        report(c->report, x->at, "T01", NO_FIX, "'%s' needs a number, found " STR_FMT, before,
               STR_ARG(type_text(c, &x->type)));
        return false;
    }
    if (x->type.scale == TALLY_NO_SCALE) {
        report(
            c->report, x->at, "T14",
            fix_text(c, "round(" STR_FMT ", %d)", STR_ARG(inner_text(c, x)), PROPOSED_PRICE_DIGITS),
            "a %s has no last digit; write round(.., digits) around it before '%s'",
            x->op == OP_CALL ? "mean" : "quotient", before);
        return false;
    }
    return true;
}

bool need_yes_no(struct checker *c, const struct tally_expr *x, const char *where)
{
    if (x->type.kind != TALLY_POISON && x->type.kind != TALLY_YES_NO) {
        report(c->report, x->at, "T02", NO_FIX, "'%s' needs yes/no, found " STR_FMT, where,
               STR_ARG(type_text(c, &x->type)));
    }
    return x->type.kind == TALLY_YES_NO;
}

bool join_units(const struct tally_type *a, const struct tally_type *b, struct tally_unit *out,
                bool *any)
{
    *any = a->any_unit && b->any_unit;
    *out = a->any_unit ? b->unit : a->unit;
    return a->any_unit || b->any_unit || unit_eq(&a->unit, &b->unit);
}

bool join_branch(struct checker *c, struct tally_type *a, const struct tally_expr *x,
                 const char *what)
{
    const struct tally_type *b = &x->type;
    if (a->kind == TALLY_POISON || b->kind == TALLY_POISON) {
        return false;
    }
    struct tally_unit unit = { 0 };
    bool any = false;
    bool same = a->kind == b->kind && (a->kind != TALLY_CHOICE || a->choice == b->choice) &&
                (a->kind != TALLY_NUMBER || join_units(a, b, &unit, &any));
    if (!same) {
        report(c->report, x->at, "T05", NO_FIX,
               "all sides of '%s' are of one kind: found " STR_FMT " beside " STR_FMT, what,
               STR_ARG(type_text(c, b)), STR_ARG(type_text(c, a)));
        return false;
    }
    if (a->kind == TALLY_NUMBER) {
        int scale = a->scale > b->scale ? a->scale : b->scale;
        wide ba = align_wide(a->bound, a->scale, scale), bb = align_wide(b->bound, b->scale, scale);
        a->bound = ba > bb ? ba : bb;
        a->scale = (int8_t)scale;
        a->unit = unit;
        a->any_unit = any;
    }
    join_presence(c, a, b);
    return true;
}

/* ---- leaves ----------------------------------------------------------------------------- */

static void check_number(struct checker *c, struct tally_expr *x)
{
    struct tally_unit unit = { 0 };
    if (x->units && !declare_unit(c, x->units, &unit)) {
        poison(x);
        return;
    }
    int64_t v = x->number.units;
    x->type = (struct tally_type){ .kind = TALLY_NUMBER,
                                   .any_unit = x->bare_zero,
                                   .scale = x->number.scale,
                                   .unit = unit,
                                   .bound = (wide)v };
}

static void check_name(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    poison(x);
    if (x->symbol < 0 || c->p->symbols[x->symbol].poisoned) {
        return;
    }
    const struct tally_symbol *s = &c->p->symbols[x->symbol];
    switch (s->kind) {
    case SYMBOL_DECL:
        x->type = c->p->decls[s->index].type;
        break;
    case SYMBOL_TABLE: {
        const struct tally_table *t = &c->p->tables[s->index];
        x->type = (struct tally_type){
            .kind = TALLY_TABLE, .unit = t->to, .scale = t->to_scale, .bound = t->to_bound
        };
        break;
    }
    case SYMBOL_DEFINITION:
        x->type = c->p->definitions[s->index].type;
        break;
    case SYMBOL_LINE:
        x->type = (struct tally_type){ .kind = TALLY_NUMBER,
                                       .scale = FEN_DIGITS,
                                       .shape = c->p->lines[s->index].shape,
                                       .unit = unit_of_base(BASE_YUAN),
                                       .bound = LIMIT_FEN };
        break;
    case SYMBOL_PARTY:
        x->type.kind = TALLY_PARTY;
        break;
    case SYMBOL_MEMBER_PARTY:
        x->type.kind = TALLY_PARTY;
        x->type.shape = c->p->axes[s->axis].closure;
        break;
    case SYMBOL_AXIS:
        if (c->p->axes[s->index].party && !c->p->axes[s->index].party_name.n) {
            x->type.kind = TALLY_PARTY;
            x->type.shape = c->p->axes[s->index].closure;
        } else {
            report(c->report, x->at, "N68", NO_FIX, "'" STR_FMT "' is an axis, not a value",
                   STR_ARG(x->name));
        }
        break;
    }
    x->type.absent = set_minus(x->type.absent, *facts);
}

static void check_agreed(struct checker *c, struct tally_expr *x)
{
    poison(x);
    if (x->symbol < 0 || c->p->symbols[x->symbol].poisoned) {
        return;
    }
    const struct tally_symbol *s = &c->p->symbols[x->symbol];
    if (s->kind != SYMBOL_DECL || !c->p->decls[s->index].optional) {
        report(c->report, x->at, "P34", NO_FIX,
               "agreed(..) asks about an optional parameter; '" STR_FMT "' is not optional",
               STR_ARG(x->name));
        return;
    }
    x->type =
        (struct tally_type){ .kind = TALLY_YES_NO, .shape = c->p->decls[s->index].type.shape };
}

static void check_choice(struct tally_expr *x)
{
    int16_t choice = x->type.choice;
    x->type = (struct tally_type){ .kind = x->alternative < 0 ? TALLY_POISON : TALLY_CHOICE,
                                   .choice = choice };
}

static void check_hours(struct tally_expr *x)
{
    x->type = (struct tally_type){
        .kind = TALLY_NUMBER, .scale = 2, .unit = unit_of_base(BASE_H), .bound = LIMIT_HOURS
    };
}

/* ---- arithmetic ------------------------------------------------------------------------- */

static const char *op_word(enum tally_op op)
{
    switch (op) {
    case OP_ADD:
        return "+";
    case OP_SUB:
    case OP_NEG:
        return "-";
    case OP_MUL:
        return "*";
    case OP_DIV:
        return "/";
    case OP_LT:
        return "<";
    case OP_LE:
        return "<=";
    case OP_GT:
        return ">";
    case OP_GE:
        return ">=";
    case OP_IS:
        return "is";
    case OP_IS_NOT:
        return "is not";
    case OP_AND:
        return "and";
    case OP_OR:
        return "or";
    default:
        return "at";
    }
}

/* Both operands; the result starts as a number with their presence. */
static bool two_numbers(struct checker *c, struct tally_expr *x)
{
    const char *word = op_word(x->op);
    bool a = need_number(c, x->args[0], word), b = need_number(c, x->args[1], word);
    x->type = (struct tally_type){ .kind = a && b ? TALLY_NUMBER : TALLY_POISON };
    join_presence(c, &x->type, &x->args[0]->type);
    join_presence(c, &x->type, &x->args[1]->type);
    return a && b;
}

static void check_sum(struct checker *c, struct tally_expr *x)
{
    if (!two_numbers(c, x)) {
        return;
    }
    const struct tally_type *a = &x->args[0]->type, *b = &x->args[1]->type;
    if (!join_units(a, b, &x->type.unit, &x->type.any_unit)) {
        report(c->report, x->at, "T03", NO_FIX, "cannot %s " STR_FMT " %s " STR_FMT,
               x->op == OP_ADD ? "add" : "subtract", STR_ARG(type_text(c, b)),
               x->op == OP_ADD ? "to" : "from", STR_ARG(type_text(c, a)));
        poison(x);
        return;
    }
    x->type.scale = a->scale > b->scale ? a->scale : b->scale;
    set_bound(c, x,
              add_wide(align_wide(a->bound, a->scale, x->type.scale),
                       align_wide(b->bound, b->scale, x->type.scale)));
}

static void check_product(struct checker *c, struct tally_expr *x)
{
    if (!two_numbers(c, x)) {
        return;
    }
    const struct tally_type *a = &x->args[0]->type, *b = &x->args[1]->type;
    x->type.unit = unit_mul(a->unit, b->unit);
    int scale = a->scale + b->scale;
    if (scale > TALLY_SCALE_MAX) {
        report(c->report, x->at, "M82", NO_FIX,
               "this product has %d decimals, at most %d are possible; round a factor", scale,
               TALLY_SCALE_MAX);
        poison(x);
        return;
    }
    x->type.scale = (int8_t)scale;
    set_bound(c, x, mul_wide(a->bound, b->bound));
}

static void check_quotient(struct checker *c, struct tally_expr *x)
{
    if (!two_numbers(c, x)) {
        return;
    }
    x->type.unit = unit_div(x->args[0]->type.unit, x->args[1]->type.unit);
    x->type.scale = TALLY_NO_SCALE;
    x->type.may_fail = true; /* DIV_ZERO, RANGE */
}

static void check_negative(struct checker *c, struct tally_expr *x)
{
    bool ok = need_number(c, x->args[0], "-");
    x->type = x->args[0]->type;
    if (!ok) {
        poison(x);
    }
}

static void check_compare(struct checker *c, struct tally_expr *x)
{
    if (!two_numbers(c, x)) {
        return;
    }
    const struct tally_type *a = &x->args[0]->type, *b = &x->args[1]->type;
    struct tally_unit unit;
    bool any;
    if (!join_units(a, b, &unit, &any)) {
        report(c->report, x->at, "T04", NO_FIX, "cannot compare " STR_FMT " with " STR_FMT,
               STR_ARG(type_text(c, a)), STR_ARG(type_text(c, b)));
        poison(x);
        return;
    }
    int scale = a->scale > b->scale ? a->scale : b->scale;
    wide ba = align_wide(a->bound, a->scale, scale), bb = align_wide(b->bound, b->scale, scale);
    if (set_bound(c, x, ba > bb ? ba : bb)) {
        x->type.kind = TALLY_YES_NO;
        x->type.bound = 0;
    }
}

static void check_is(struct checker *c, struct tally_expr *x)
{
    const struct tally_type *a = &x->args[0]->type, *b = &x->args[1]->type;
    if (a->kind == TALLY_NUMBER && b->kind == TALLY_NUMBER) {
        check_compare(c, x);
        return;
    }
    x->type = (struct tally_type){ .kind = TALLY_POISON };
    if (a->kind == TALLY_POISON || b->kind == TALLY_POISON) {
        return;
    }
    if (a->kind != b->kind || (a->kind != TALLY_CHOICE && a->kind != TALLY_PARTY)) {
        report(c->report, x->at, "T07", NO_FIX,
               "'is' compares two numbers, choices or parties, not " STR_FMT " with " STR_FMT,
               STR_ARG(type_text(c, a)), STR_ARG(type_text(c, b)));
        return;
    }
    if (a->kind == TALLY_CHOICE && a->choice != b->choice) {
        report(c->report, x->at, "C45", NO_FIX, "these are choices from different lists");
        return;
    }
    x->type.kind = TALLY_YES_NO;
    join_presence(c, &x->type, a);
    join_presence(c, &x->type, b);
}

/* ---- at --------------------------------------------------------------------------------- */

static bool quantity_is_printed(struct checker *c, struct tally_expr *x)
{
    const struct tally_expr *q = x->args[0];
    int digits = check_printed_digits(c, &q->type.unit);
    if (q->type.any_unit || q->type.scale <= digits) {
        return true;
    }
    report(c->report, x->at, "T11",
           fix_text(c, "round(" STR_FMT ", %d) at " STR_FMT, STR_ARG(inner_text(c, q)), digits,
                    STR_ARG(expr_text(c, x->args[1]))),
           "'at' charges a printed quantity: " STR_FMT
           " is printed with at most %d decimals, this has %d; round it",
           STR_ARG(type_text(c, &q->type)), digits, q->type.scale);
    return false;
}

static bool price_is_printed(struct checker *c, struct tally_expr *x)
{
    const struct tally_expr *p = x->args[1];
    if (p->type.scale <= PRICE_DIGITS) {
        return true;
    }
    report(c->report, x->at, "T12",
           fix_text(c, STR_FMT " at round(" STR_FMT ", %d)", STR_ARG(expr_text(c, x->args[0])),
                    STR_ARG(inner_text(c, p)), PROPOSED_PRICE_DIGITS),
           "'at' needs a printed price: at most %d decimals, this has %d", PRICE_DIGITS,
           p->type.scale);
    return false;
}

static void check_at(struct checker *c, struct tally_expr *x)
{
    if (!two_numbers(c, x)) {
        return;
    }
    const struct tally_type *q = &x->args[0]->type, *p = &x->args[1]->type;
    struct tally_unit yuan = unit_of_base(BASE_YUAN), unit = unit_mul(q->unit, p->unit);
    if (!q->any_unit && !p->any_unit && !unit_eq(&unit, &yuan)) {
        report(c->report, x->at, "T10", NO_FIX,
               "'at' gives yuan: " STR_FMT " at " STR_FMT " does not", STR_ARG(type_text(c, q)),
               STR_ARG(type_text(c, p)));
        poison(x);
        return;
    }
    bool curve = x->type.shape & SHAPE(AXIS_INTERVAL);
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        curve = curve || (c->p->axes[i].window && (x->type.shape & SHAPE(i)));
    }
    if (curve) {
        report(c->report, x->at, "T16",
               fix_text(c, "round(sum(" STR_FMT " * " STR_FMT "), 2)",
                        STR_ARG(expr_text(c, x->args[0])), STR_ARG(expr_text(c, x->args[1]))),
               "'at' rounds to fen; here it would round every interval (R4): sum first, or write "
               "round(sum(q * p), 2)");
        poison(x);
        return;
    }
    bool printed = quantity_is_printed(c, x);
    if (!price_is_printed(c, x) || !printed) {
        poison(x);
        return;
    }
    x->type.unit = yuan;
    x->type.scale = FEN_DIGITS;
    wide product = mul_wide(q->bound, p->bound);
    if (set_bound(c, x, product)) {
        set_bound(c, x, align_wide(product, q->scale + p->scale, FEN_DIGITS));
    }
}

/* ---- conditions ------------------------------------------------------------------------- */

static void check_logic(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    /* A no of `and` (a yes of `or`) decides whatever the other side is: each side may lean on what
     * the other one proves. */
    bool yes = x->op == OP_AND;
    for (int i = 0; i < 2; i++) {
        struct tally_set known = set_or(*facts, facts_of(c, x->args[1 - i], yes));
        check_expr(c, x->args[i], &known);
    }
    bool a = need_yes_no(c, x->args[0], op_word(x->op));
    bool b = need_yes_no(c, x->args[1], op_word(x->op));
    x->type = (struct tally_type){ .kind = a && b ? TALLY_YES_NO : TALLY_POISON };
    join_presence(c, &x->type, &x->args[0]->type);
    join_presence(c, &x->type, &x->args[1]->type);
}

static void check_if(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    struct tally_expr *condition = x->args[0];
    check_expr(c, condition, facts);
    struct tally_set yes = set_or(*facts, facts_of(c, condition, true));
    struct tally_set no = set_or(*facts, facts_of(c, condition, false));
    check_expr(c, x->args[1], &yes);
    check_expr(c, x->args[2], &no);
    bool ok = need_yes_no(c, condition, "if");
    for (int i = 1; i < 3; i++) {
        ok = (x->args[i]->type.kind != TALLY_NUMBER || need_number(c, x->args[i], "if")) && ok;
    }
    x->type = x->args[1]->type;
    ok = join_branch(c, &x->type, x->args[2], "if") && ok;
    join_presence(c, &x->type, &condition->type);
    if (!ok) {
        poison(x);
    } else if (x->type.kind == TALLY_NUMBER) {
        set_bound(c, x, x->type.bound);
    }
}

static void check_else(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    bool ok = true;
    for (int i = 0; i < 2; i++) {
        check_expr(c, x->args[i], facts);
        ok = (x->args[i]->type.kind != TALLY_NUMBER || need_number(c, x->args[i], "else")) && ok;
    }
    struct tally_type left = x->args[0]->type;
    left.absent = (struct tally_set){ 0 };
    left.may_blank = false;
    x->type = left;
    if (!join_branch(c, &x->type, x->args[1], "else") || !ok) {
        poison(x);
    } else if (x->type.kind == TALLY_NUMBER) {
        set_bound(c, x, x->type.bound);
    }
}

static bool choose_cases(struct checker *c, struct tally_expr *x)
{
    const struct tally_choice *of = &c->p->choices[x->args[0]->type.choice];
    int32_t *case_of = arena_many(c->arena, (size_t)of->n, int32_t);
    bool ok = true;
    for (int32_t i = 1; i < x->n_args; i++) {
        int32_t found = -1;
        for (int32_t k = 0; k < of->n; k++) {
            if (str_eq(of->names[k], x->cases[i - 1])) {
                found = k;
            }
        }
        if (found < 0) {
            report(c->report, x->case_at[i - 1], "C42", NO_FIX,
                   "choose " STR_FMT ": there is no choice '" STR_FMT "'",
                   STR_ARG(x->args[0]->name), STR_ARG(x->cases[i - 1]));
            ok = false;
        } else if (case_of[found]) {
            report(c->report, x->case_at[i - 1], "C43", NO_FIX,
                   "choose " STR_FMT ": two cases for " STR_FMT, STR_ARG(x->args[0]->name),
                   STR_ARG(x->cases[i - 1]));
            ok = false;
        } else {
            case_of[found] = i;
        }
    }
    struct text missing;
    text_init(&missing, c->arena, STRATEGY_TEXT_MAX);
    for (int32_t k = 0; ok && k < of->n; k++) {
        if (!case_of[k]) {
            text_addf(&missing, "%s" STR_FMT, missing.n ? ", " : "", STR_ARG(of->names[k]));
        }
    }
    if (missing.n) {
        report(c->report, x->at, "C41", NO_FIX, "choose " STR_FMT ": no case for " STR_FMT,
               STR_ARG(x->args[0]->name), STR_ARG(text_str(&missing)));
        ok = false;
    }
    x->case_of = case_of;
    return ok;
}

static void check_choose(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    bool ok = true;
    for (int32_t i = 0; i < x->n_args; i++) {
        check_expr(c, x->args[i], facts);
        ok = (x->args[i]->type.kind != TALLY_NUMBER || need_number(c, x->args[i], "choose")) && ok;
    }
    const struct tally_type *by = &x->args[0]->type;
    if (by->kind == TALLY_POISON) {
        poison(x);
        return;
    }
    if (by->kind != TALLY_CHOICE) {
        report(c->report, x->args[0]->at, "C46", NO_FIX, "'choose' needs a choice, found " STR_FMT,
               STR_ARG(type_text(c, by)));
        poison(x);
        return;
    }
    ok = choose_cases(c, x) && ok;
    if (x->n_args < 2) {
        poison(x);
        return;
    }
    x->type = x->args[1]->type;
    for (int32_t i = 2; i < x->n_args; i++) {
        ok = join_branch(c, &x->type, x->args[i], "choose") && ok;
    }
    join_presence(c, &x->type, by);
    if (!ok) {
        poison(x);
    } else if (x->type.kind == TALLY_NUMBER) {
        set_bound(c, x, x->type.bound);
    }
}

/* ---- all of them ------------------------------------------------------------------------ */

static void check_args(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    for (int32_t i = 0; i < x->n_args; i++) {
        check_expr(c, x->args[i], facts);
    }
}

static void check_node(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    switch (x->op) {
    case OP_NUMBER:
        check_number(c, x);
        return;
    case OP_NAME:
    case OP_MEMBER:
        check_name(c, x, facts);
        return;
    case OP_CHOICE:
        check_choice(x);
        return;
    case OP_AGREED:
        check_agreed(c, x);
        return;
    case OP_HOURS:
        check_hours(x);
        return;
    case OP_TIME_IN:
        x->type = (struct tally_type){ .kind = TALLY_YES_NO, .shape = SHAPE(AXIS_INTERVAL) };
        return;
    case OP_YES:
    case OP_NO:
    case OP_HOLIDAY:
    case OP_WORKDAY:
    case OP_MONTH_IN:
    case OP_WEEKDAY_IN:
        x->type = (struct tally_type){ .kind = TALLY_YES_NO, .shape = SHAPE(AXIS_DATE) };
        return;
    case OP_AND:
    case OP_OR:
        check_logic(c, x, facts);
        return;
    case OP_IF:
        check_if(c, x, facts);
        return;
    case OP_ELSE:
        check_else(c, x, facts);
        return;
    case OP_CHOOSE:
        check_choose(c, x, facts);
        return;
    case OP_CALL:
        check_call(c, x, facts);
        return;
    default:
        break;
    }
    check_args(c, x, facts);
    switch (x->op) {
    case OP_NEG:
        check_negative(c, x);
        return;
    case OP_NOT:
        x->type = x->args[0]->type;
        if (!need_yes_no(c, x->args[0], "not")) {
            poison(x);
        }
        return;
    case OP_ADD:
    case OP_SUB:
        check_sum(c, x);
        return;
    case OP_MUL:
        check_product(c, x);
        return;
    case OP_DIV:
        check_quotient(c, x);
        return;
    case OP_AT:
        check_at(c, x);
        return;
    case OP_IS:
    case OP_IS_NOT:
        check_is(c, x);
        return;
    default:
        check_compare(c, x);
        return;
    }
}

/* One stretch of time at once: interval, or one window; hour, date and tou belong to the period. */
static void check_times(struct checker *c, struct tally_expr *x)
{
    tally_shape shape = x->type.shape, windows = 0;
    if (x->op == OP_CALL) {
        shape |= x->inner;
    }
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        windows |= c->p->axes[i].window ? shape & SHAPE(i) : 0;
    }
    tally_shape times = windows | (shape & SHAPE(AXIS_INTERVAL));
    if (!(times & (times - 1))) { /* one at most */
        times = windows ? windows | (shape & SHAPE_CLOCK) : 0;
    }
    if (times & (times - 1)) {
        report(c->report, x->at, "S32", NO_FIX,
               "this varies by " STR_FMT " at once, which are different stretches of time; reduce "
               "one of them first",
               STR_ARG(shape_text(c, times)));
        poison(x);
    }
}

void check_expr(struct checker *c, struct tally_expr *x, const struct tally_set *facts)
{
    check_node(c, x, facts);
    if (x->type.kind != TALLY_POISON) {
        check_times(c, x);
    }
}
