/* check.c - definitions, lines, flags and states: what is printed, billed and carried on.
 *
 * A line's shape follows from its code and parties alone, so lines can be referred to before their
 * amounts are checked; names_order() has put everything so that what is used comes first.
 */
#include "strategy/check.h"

static const struct str NO_FIX = { 0 };
static const struct tally_set NO_FACTS;

#define FEN_DIGITS 2
#define VAT_DIGITS 6 /* struct strategy_line.vat_e6 */

/* ---- declaring definitions, lines, flags ------------------------------------------------ */

static void add_definition(struct checker *c, struct flat *f)
{
    struct tally_program *p = c->p;
    struct statement *s = f->s;
    int32_t i = p->n_definitions;
    if (i == TALLY_DEFINITIONS_MAX) {
        if (!c->open_names) {
            report(c->report, s->name.at, "G05", NO_FIX, "a strategy has at most %d definitions",
                   TALLY_DEFINITIONS_MAX);
        }
        c->open_names = true;
        return;
    }
    int32_t symbol = names_add_symbol(c, SYMBOL_DEFINITION, -1, s->name, i);
    if (symbol < 0) {
        s->broken = true;
        return;
    }
    f->definition = p->n_definitions++;
    p->symbols[symbol].poisoned = s->broken;
    p->definitions[i] = (struct tally_definition){
        .name = s->name.name, .title = s->title, .body = s->body, .at = s->name.at, .symbol = symbol
    };
    c->definition_statement[i] = s;
}

/* Two lines may share a code if nothing refers to it: they share the symbol. */
static int32_t line_symbol(struct checker *c, const struct statement *s, int32_t index)
{
    int32_t symbol = names_find(c, -1, s->code.name);
    if (symbol >= 0 && c->p->symbols[symbol].kind == SYMBOL_LINE) {
        c->p->symbols[symbol].shared_code = true;
        return symbol;
    }
    return names_add_symbol(c, SYMBOL_LINE, -1, (struct name_at){ s->code.name, s->code.at },
                            index);
}

/* Axes that a code names; false after a message. */
static bool code_axes(struct checker *c, struct tally_code *code, tally_shape *out)
{
    tally_shape shape = 0;
    for (int32_t i = 0; i < code->n_parts; i++) {
        struct tally_part *part = &code->parts[i];
        if (name_is_upper(part->text)) {
            continue;
        }
        part->axis = names_axis(c, (struct name_at){ part->text, code->at });
        if (part->axis < 0) {
            return false;
        }
        if (shape & SHAPE(part->axis)) {
            report(c->report, code->at, "L55", NO_FIX, "the code names " STR_FMT " twice",
                   STR_ARG(part->text));
            return false;
        }
        shape |= SHAPE(part->axis);
    }
    *out = shape;
    return true;
}

static bool resolve_party(struct checker *c, struct tally_party *party, tally_shape *shape)
{
    int32_t s = names_look(c, party->name);
    if (s < 0) {
        if (!c->open_names) {
            report(c->report, party->at, "N61", NO_FIX, "there is no party '" STR_FMT "'",
                   STR_ARG(party->name));
        }
        return false;
    }
    struct tally_symbol *sym = &c->p->symbols[s];
    sym->uses++;
    party->symbol = s;
    if (sym->poisoned) {
        return false;
    }
    if (sym->kind == SYMBOL_PARTY) {
        return true;
    }
    if (sym->kind == SYMBOL_AXIS || sym->kind == SYMBOL_MEMBER_PARTY) {
        const struct tally_axis *a = &c->p->axes[sym->index];
        if (sym->kind == SYMBOL_MEMBER_PARTY || (a->party && !a->party_name.n)) {
            party->axis = sym->index;
            c->p->symbols[a->symbol].uses++;
            *shape |= SHAPE(sym->index);
            return true;
        }
    }
    report(c->report, party->at, "N68", NO_FIX, "'" STR_FMT "' is no party", STR_ARG(party->name));
    return false;
}

static void item_add(struct checker *c, enum tally_item_kind kind, int32_t index)
{
    c->p->items[c->p->n_items++] = (struct tally_item){ kind, index };
}

static void add_line(struct checker *c, struct flat *f, tally_shape each)
{
    struct tally_program *p = c->p;
    struct statement *s = f->s;
    int32_t i = p->n_lines;
    if (i == TALLY_LINES_MAX) {
        if (!c->open_names) {
            report(c->report, s->code.at, "G05", NO_FIX, "a strategy has at most %d lines",
                   TALLY_LINES_MAX);
        }
        c->open_names = true;
        return;
    }
    struct tally_line *l = &p->lines[i];
    *l = (struct tally_line){ .code = s->code,
                              .title = s->title,
                              .payer = s->payer,
                              .payee = s->payee,
                              .amount = s->body,
                              .vat = s->vat,
                              .vat_rate = s->vat_rate,
                              .when = s->when,
                              .showing = s->showing,
                              .settled_by = s->settled_by };
    l->symbol = line_symbol(c, s, i);
    f->line = p->n_lines++;
    c->line_statement[i] = s;
    c->line_each[i] = each;
    tally_shape shape = 0, parties = 0;
    bool ok = code_axes(c, &l->code, &shape) && !s->broken;
    ok = ok && resolve_party(c, &l->payer, &parties);
    ok = !s->broken && resolve_party(c, &l->payee, &parties) && ok;
    l->shape = close_shape(c, shape | parties);
    if (!ok) {
        s->poisoned = true;
        if (l->symbol >= 0) {
            p->symbols[l->symbol].poisoned = true;
        }
    }
    item_add(c, ITEM_LINE, i);
}

static void add_flag(struct checker *c, struct statement *s, tally_shape each)
{
    struct tally_program *p = c->p;
    int32_t i = p->n_flags++;
    struct tally_flag *f = &p->flags[i];
    *f = (struct tally_flag){
        .code = s->code, .level = s->level, .title = s->title, .when = s->when
    };
    tally_shape shape = 0;
    s->poisoned = s->broken || !code_axes(c, &f->code, &shape);
    f->shape = close_shape(c, shape);
    c->flag_each[i] = each;
    item_add(c, ITEM_FLAG, i);
}

static void declare_all(struct checker *c)
{
    struct tally_program *p = c->p;
    size_t n = (size_t)c->n_flat + 1;
    p->definitions = arena_many(c->arena, TALLY_DEFINITIONS_MAX, struct tally_definition);
    p->lines = arena_many(c->arena, TALLY_LINES_MAX, struct tally_line);
    p->flags = arena_many(c->arena, n, struct tally_flag);
    p->nexts = arena_many(c->arena, n, struct tally_next);
    p->items = arena_many(c->arena, n, struct tally_item);
    c->definition_statement = arena_many(c->arena, TALLY_DEFINITIONS_MAX, struct statement *);
    c->line_statement = arena_many(c->arena, TALLY_LINES_MAX, struct statement *);
    c->line_each = arena_many(c->arena, TALLY_LINES_MAX, tally_shape);
    c->flag_each = arena_many(c->arena, n, tally_shape);
    c->facts_yes = arena_many(c->arena, TALLY_DEFINITIONS_MAX, struct tally_set);
    c->facts_no = arena_many(c->arena, TALLY_DEFINITIONS_MAX, struct tally_set);
    tally_shape each[CHECK_EACH_MAX + 1] = { 0 };
    int depth = 0;
    for (int32_t i = 0; i < c->n_flat; i++) {
        struct statement *s = c->flat[i].s;
        if (s->kind == STATEMENT_EACH && c->flat[i].each_close) {
            depth--;
            item_add(c, ITEM_EACH_CLOSE, s->each_axis);
        } else if (s->kind == STATEMENT_EACH) {
            check(depth < CHECK_EACH_MAX);
            s->each_axis = names_axis(c, s->name);
            each[depth + 1] = each[depth] | (s->each_axis >= 0 ? SHAPE(s->each_axis) : 0);
            depth++;
            item_add(c, ITEM_EACH_OPEN, s->each_axis);
        } else if (s->kind == STATEMENT_DEFINE) {
            add_definition(c, &c->flat[i]);
        } else if (s->kind == STATEMENT_LINE) {
            add_line(c, &c->flat[i], each[depth]);
        } else if (s->kind == STATEMENT_FLAG) {
            add_flag(c, s, each[depth]);
        }
    }
}

/* Exceptions go to the definitions they name, in text order. */
static void attach_exceptions(struct checker *c)
{
    struct tally_program *p = c->p;
    int32_t total = 0;
    for (int32_t i = 0; i < c->n_flat; i++) {
        struct statement *s = c->flat[i].s;
        if (s->kind != STATEMENT_EXCEPT) {
            continue;
        }
        int32_t symbol = names_find(c, -1, s->name.name);
        if (symbol < 0 || p->symbols[symbol].kind != SYMBOL_DEFINITION) {
            if (symbol >= 0 ? !p->symbols[symbol].poisoned : !c->open_names) {
                report(c->report, s->name.at, "N61", NO_FIX,
                       "there is no definition '" STR_FMT "' to make an exception of",
                       STR_ARG(s->name.name));
            }
            s->broken = true;
            continue;
        }
        struct tally_definition *d = &p->definitions[p->symbols[symbol].index];
        if (s->broken) {
            p->symbols[symbol].poisoned = true;
            continue;
        }
        if (total++ == TALLY_DEFINITIONS_MAX) {
            report(c->report, s->name.at, "G05", NO_FIX, "a strategy has at most %d exceptions",
                   TALLY_DEFINITIONS_MAX);
        }
        if (total > TALLY_DEFINITIONS_MAX) {
            s->broken = true;
            continue;
        }
        c->flat[i].definition = p->symbols[symbol].index; /* its names come first, too */
        struct tally_except *more =
            arena_many(c->arena, (size_t)d->n_excepts + 1, struct tally_except);
        if (d->n_excepts) {
            memcpy(more, d->excepts, (size_t)d->n_excepts * sizeof *more);
        }
        more[d->n_excepts++] =
            (struct tally_except){ .when = s->when, .body = s->body, .at = s->name.at };
        d->excepts = more;
    }
}

/* ---- presence --------------------------------------------------------------------------- */

/* "roof_fee and step.upto" and, with `call`, "agreed(roof_fee) and agreed(..)". */
static struct str absent_text(struct checker *c, const struct tally_set *set, bool call)
{
    struct text t;
    text_init(&t, c->arena, STRATEGY_TEXT_MAX);
    for (int32_t i = 0; i < c->p->n_decls; i++) {
        const struct tally_decl *d = &c->p->decls[i];
        if (d->optional_bit < 0 || !set_has(set, d->optional_bit)) {
            continue;
        }
        text_add_c(&t, t.n ? " and " : "");
        text_add_c(&t, call ? "agreed(" : "");
        if (d->axis >= 0) {
            text_add(&t, c->p->axes[d->axis].name);
            text_byte(&t, '.');
        }
        text_add(&t, d->name);
        text_add_c(&t, call ? ")" : "");
    }
    return text_str(&t);
}

static bool several(const struct tally_set *s)
{
    int n = 0;
    for (size_t i = 0; i < sizeof s->bits / sizeof s->bits[0]; i++) {
        n += __builtin_popcountll(s->bits[i]);
    }
    return n > 1;
}

/* `what`: "line ROOF". An amount gets the message with a `when` to add; others an `else`. */
static void need_present(struct checker *c, const struct tally_expr *x, struct tally_place at,
                         struct str what, bool amount, const struct tally_expr *when)
{
    if (x->type.kind == TALLY_POISON) {
        return;
    }
    if (!set_empty(x->type.absent)) {
        struct str names = absent_text(c, &x->type.absent, false);
        struct str calls = absent_text(c, &x->type.absent, true);
        const char *are = several(&x->type.absent) ? "are" : "is";
        if (amount) {
            struct str fix = when ? fix_text(c, "when " STR_FMT " and " STR_FMT, STR_ARG(calls),
                                             STR_ARG(expr_text(c, when)))
                                  : fix_text(c, "when " STR_FMT, STR_ARG(calls));
            report(c->report, at, "P31", fix,
                   STR_FMT " exists only if " STR_FMT " %s agreed; add 'when " STR_FMT
                           "' or give an 'else'",
                   STR_ARG(what), STR_ARG(names), are, STR_ARG(calls));
        } else {
            report(c->report, x->at, "P33", NO_FIX,
                   STR_FMT " has a value only if " STR_FMT " %s agreed; ask '" STR_FMT
                           " and ..' first or give an 'else'",
                   STR_ARG(what), STR_ARG(names), are, STR_ARG(calls));
        }
    } else if (x->type.may_blank) {
        report(c->report, amount ? at : x->at, "P32", NO_FIX,
               STR_FMT " may have no value (a blank row of a table, or a power factor of "
                       "nothing); give an 'else'",
               STR_ARG(what));
    }
}

/* ---- definitions ------------------------------------------------------------------------ */

static bool is_curve(const struct checker *c, tally_shape s)
{
    bool curve = s & (SHAPE(AXIS_INTERVAL) | SHAPE(AXIS_HOUR));
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        curve = curve || (c->p->axes[i].window && (s & SHAPE(i)));
    }
    return curve;
}

static void check_exception(struct checker *c, struct tally_definition *d, int32_t i, bool *ok)
{
    const struct tally_except *e = &d->excepts[i];
    check_expr(c, e->when, &NO_FACTS);
    struct tally_set facts = facts_if_yes(c, e->when);
    check_expr(c, e->body, &facts);
    *ok = need_yes_no(c, e->when, "when") && *ok;
    struct str what = fix_text(c, "the condition of except " STR_FMT, STR_ARG(d->name));
    need_present(c, e->when, e->at, what, false, NULL);
    if (e->body->type.kind == TALLY_NUMBER && !need_number(c, e->body, "=")) {
        *ok = false;
    }
    if (!*ok || d->type.kind == TALLY_POISON) {
        *ok = false;
        return;
    }
    tally_shape more = (e->body->type.shape | e->when->type.shape) & ~d->type.shape;
    if (d->type.shape & SHAPE(AXIS_INTERVAL)) {
        more &= ~SHAPE_CLOCK;
    }
    if (more) {
        report(c->report, e->at, "S31", NO_FIX,
               "this exception varies by " STR_FMT ", " STR_FMT " itself does not",
               STR_ARG(shape_text(c, more)), STR_ARG(d->name));
        *ok = false;
        return;
    }
    *ok = join_branch(c, &d->type, e->body, "except") && *ok;
    d->type.may_fail = true; /* EXCEPTION_CONFLICT, or the condition */
}

static void check_definition(struct checker *c, int32_t i)
{
    struct tally_definition *d = &c->p->definitions[i];
    struct tally_symbol *sym = &c->p->symbols[d->symbol];
    if (c->definition_statement[i]->broken) {
        sym->poisoned = true;
        return;
    }
    check_expr(c, d->body, &NO_FACTS);
    d->type = d->body->type;
    bool ok = d->type.kind != TALLY_POISON;
    if (d->type.kind == TALLY_NUMBER) {
        ok = need_number(c, d->body, "=");
    } else if (d->type.kind == TALLY_TABLE) {
        report(c->report, d->body->at, "T22", NO_FIX,
               "a table is only asked: lookup(table, value)");
        ok = false;
    }
    if (!ok) {
        d->type.kind = TALLY_POISON;
    }
    for (int32_t k = 0; k < d->n_excepts; k++) {
        check_exception(c, d, k, &ok);
    }
    if (ok && d->type.kind == TALLY_NUMBER && d->type.bound >= BOUND_MAX) {
        ok = set_bound(c, d->body, d->type.bound);
    }
    d->curve = is_curve(c, d->type.shape);
    int digits = check_printed_digits(c, &d->type.unit);
    if (ok && d->title.n && d->type.kind == TALLY_NUMBER && !d->curve && !d->type.any_unit &&
        d->type.scale > digits) {
        const struct tally_expr *v = d->body; /* what to round: not once more what is rounded */
        bool rounded = v->op == OP_CALL && v->fn == FN_ROUND && d->n_excepts == 0;
        report(c->report, d->at, "T17",
               fix_text(c, STR_FMT " = round(" STR_FMT ", %d)", STR_ARG(d->name),
                        STR_ARG(inner_text(c, rounded ? v->args[0] : v)), digits),
               "a definition with a title is printed: " STR_FMT
               " with at most %d decimals, this has %d; round it",
               STR_ARG(type_text(c, &d->type)), digits, d->type.scale);
        ok = false;
    }
    if (!ok) {
        sym->poisoned = true;
        d->type.kind = TALLY_POISON;
    } else if (d->type.kind == TALLY_YES_NO && !d->n_excepts) {
        c->facts_yes[i] = facts_if_yes(c, d->body);
        c->facts_no[i] = facts_if_no(c, d->body);
    }
}

/* ---- lines ------------------------------------------------------------------------------ */

/* Of several axes, those that no other one of them already brings along. */
static tally_shape innermost(const struct checker *c, tally_shape s)
{
    tally_shape out = s;
    for (int32_t i = AXIS_FIRST; i < c->p->n_axes; i++) {
        if (s & SHAPE(i)) {
            out &= ~(c->p->axes[i].closure & ~SHAPE(i));
        }
    }
    return out;
}

static struct str code_text(struct checker *c, const struct tally_code *code, tally_shape more)
{
    struct text t;
    text_init(&t, c->arena, STRATEGY_TEXT_MAX);
    for (int32_t i = 0; i < code->n_parts; i++) {
        text_add_c(&t, i ? "." : "");
        text_add(&t, code->parts[i].text);
    }
    for (int32_t i = 0; i < c->p->n_axes; i++) {
        if (more & SHAPE(i)) {
            text_byte(&t, '.');
            text_add(&t, c->p->axes[i].name);
        }
    }
    return text_str(&t);
}

/* The axes of a value against those that the code (and the parties) name. `kind`: line or flag. */
static void check_axes(struct checker *c, const struct tally_code *code, tally_shape named,
                       tally_shape value, bool line)
{
    const char *kind = line ? "line" : "flag", *subject = line ? "amount" : "condition";
    tally_shape missing = innermost(c, value & ~named), extra = named & ~value;
    struct str name = code_text(c, code, 0);
    if (is_curve(c, missing & ~SHAPE(AXIS_HOUR)) || is_curve(c, named & ~SHAPE(AXIS_HOUR))) {
        report(c->report, code->at, "S29", NO_FIX,
               "%s " STR_FMT ": the %s varies by " STR_FMT "; %s", kind, STR_ARG(code->name),
               subject, STR_ARG(shape_text(c, is_curve(c, missing) ? missing : named)),
               line ? "a bill is not written by interval: sum it" : "ask any(..) or all(..) of it");
    } else if (missing && line) {
        report(c->report, code->at, "S21", code_text(c, code, missing),
               "line " STR_FMT ": the amount varies by " STR_FMT
               ", which neither the code nor a party names; write " STR_FMT,
               STR_ARG(name), STR_ARG(shape_text(c, missing)),
               STR_ARG(code_text(c, code, missing)));
    } else if (missing) {
        report(c->report, code->at, "S21", code_text(c, code, missing),
               "flag " STR_FMT ": the condition varies by " STR_FMT
               ", which the code does not name; write " STR_FMT,
               STR_ARG(name), STR_ARG(shape_text(c, missing)),
               STR_ARG(code_text(c, code, missing)));
    } else if (extra) {
        report(c->report, code->at, "S22", NO_FIX,
               "%s " STR_FMT ": the %s does not vary by " STR_FMT ", but the code%s does", kind,
               STR_ARG(name), subject, STR_ARG(shape_text(c, innermost(c, extra))),
               line ? " or a party" : "");
    }
}

static void check_each(struct checker *c, const struct tally_code *code, tally_shape each,
                       tally_shape shape, bool line)
{
    tally_shape more = each & ~shape;
    if (more) {
        report(c->report, code->at, "S27", NO_FIX,
               "each " STR_FMT ": the %s " STR_FMT " does not vary by it",
               STR_ARG(shape_text(c, more)), line ? "line" : "flag", STR_ARG(code->name));
    }
}

/* A clause may vary by what the line varies by. */
static bool clause_fits(struct checker *c, const struct tally_line *l, const struct tally_expr *x,
                        const char *clause)
{
    tally_shape more = x->type.shape & ~l->shape;
    if (more) {
        report(c->report, x->at, "S28", NO_FIX,
               "line " STR_FMT ": '%s' varies by " STR_FMT ", the amount does not",
               STR_ARG(l->code.name), clause, STR_ARG(shape_text(c, more)));
    }
    return !more;
}

static bool check_amount(struct checker *c, struct tally_line *l)
{
    struct tally_expr *x = l->amount;
    struct tally_unit yuan = unit_of_base(BASE_YUAN);
    if (!need_number(c, x, "line")) {
        return false;
    }
    if (!x->type.any_unit && !unit_eq(&x->type.unit, &yuan)) {
        report(c->report, x->at, "T09", NO_FIX,
               "a line bills yuan, this is " STR_FMT "; write 'quantity at price'",
               STR_ARG(type_text(c, &x->type)));
        return false;
    }
    if (x->type.scale > FEN_DIGITS) {
        report(c->report, x->at, "T13",
               fix_text(c, "round(" STR_FMT ", 2)", STR_ARG(inner_text(c, x))),
               "a line bills fen: at most %d decimals, this has %d; round it", FEN_DIGITS,
               x->type.scale);
        return false;
    }
    return true;
}

static void check_vat(struct checker *c, struct tally_line *l, const struct tally_set *facts)
{
    struct tally_expr *x = l->vat_rate;
    if (!x) {
        return;
    }
    check_expr(c, x, facts);
    if (!need_number(c, x, "vat") || !clause_fits(c, l, x, "vat")) {
        return;
    }
    if (!unit_is_none(&x->type.unit) || x->type.scale > VAT_DIGITS) {
        report(c->report, x->at, "T29", NO_FIX,
               "a VAT rate is a ratio with at most %d decimals, found " STR_FMT, VAT_DIGITS,
               STR_ARG(type_text(c, &x->type)));
        return;
    }
    struct str what = fix_text(c, "the VAT rate of line " STR_FMT, STR_ARG(l->code.name));
    need_present(c, x, l->code.at, what, false, NULL);
}

static void check_showing(struct checker *c, struct tally_line *l, const struct tally_set *facts)
{
    struct tally_expr *x = l->showing;
    if (!x) {
        return;
    }
    check_expr(c, x, facts);
    if (x->op != OP_AT) {
        report(c->report, x->at, "L54", NO_FIX, "'showing' prints a quantity at a price");
        return;
    }
    if (x->type.kind != TALLY_POISON && clause_fits(c, l, x, "showing")) {
        struct str what = fix_text(c, "what line " STR_FMT " shows", STR_ARG(l->code.name));
        need_present(c, x, l->code.at, what, false, NULL);
    }
}

static void check_line(struct checker *c, int32_t i)
{
    struct tally_line *l = &c->p->lines[i];
    struct statement *s = c->line_statement[i];
    if (s->broken) {
        return;
    }
    struct tally_set facts = { 0 };
    struct str what = fix_text(c, "the condition of line " STR_FMT, STR_ARG(l->code.name));
    if (l->when) {
        check_expr(c, l->when, &NO_FACTS);
        facts = facts_if_yes(c, l->when);
        if (need_yes_no(c, l->when, "when") && !s->poisoned && clause_fits(c, l, l->when, "when")) {
            need_present(c, l->when, l->code.at, what, false, NULL);
        }
    }
    check_expr(c, l->amount, &facts);
    bool ok = check_amount(c, l);
    if (ok && !s->poisoned) {
        check_axes(c, &l->code, l->shape, l->amount->type.shape, true);
        what = fix_text(c, "line " STR_FMT, STR_ARG(l->code.name));
        need_present(c, l->amount, l->code.at, what, true, l->when);
    }
    if (!ok && l->symbol >= 0) {
        c->p->symbols[l->symbol].poisoned = true;
    }
    if (!s->poisoned) {
        check_each(c, &l->code, c->line_each[i], l->shape, true);
    }
    if (!s->vat_said) {
        report(c->report, l->code.at, "L51", NO_FIX, "line " STR_FMT ": say 'vat RATE' or 'no vat'",
               STR_ARG(l->code.name));
    }
    check_vat(c, l, &facts);
    check_showing(c, l, &facts);
    tally_shape none = 0;
    if (l->settled_by.name.n && resolve_party(c, &l->settled_by, &none) && none) {
        report(c->report, l->settled_by.at, "N68", NO_FIX,
               "'settled by' names one party, not the members of a group");
    }
}

/* ---- flags and states ------------------------------------------------------------------- */

static void check_flag(struct checker *c, const struct statement *s, int32_t i)
{
    struct tally_flag *f = &c->p->flags[i];
    if (s->broken) {
        return;
    }
    check_expr(c, f->when, &NO_FACTS);
    if (!need_yes_no(c, f->when, "when") || s->poisoned) {
        return;
    }
    check_axes(c, &f->code, f->shape, f->when->type.shape, false);
    check_each(c, &f->code, c->flag_each[i], f->shape, false);
    struct str what = fix_text(c, "the condition of flag " STR_FMT, STR_ARG(f->code.name));
    need_present(c, f->when, f->code.at, what, false, NULL);
}

static void next_number(struct checker *c, const struct tally_decl *d, const struct statement *s)
{
    const struct tally_type *t = &s->body->type;
    if (!need_number(c, s->body, "=")) {
        return;
    }
    if (!t->any_unit && !unit_eq(&t->unit, &d->type.unit)) {
        report(c->report, s->body->at, "T06", NO_FIX, "expected " STR_FMT ", found " STR_FMT,
               STR_ARG(type_text(c, &d->type)), STR_ARG(type_text(c, t)));
    } else if (t->scale > d->type.scale) {
        report(c->report, s->name.at, "T30",
               fix_text(c, "next " STR_FMT " = round(" STR_FMT ", %d)", STR_ARG(d->name),
                        STR_ARG(inner_text(c, s->body)), d->type.scale),
               "state " STR_FMT " keeps at most %d decimals, this has %d; round it",
               STR_ARG(d->name), d->type.scale, t->scale);
    }
}

static void check_next(struct checker *c, const struct statement *s)
{
    struct tally_program *p = c->p;
    if (s->broken) {
        return;
    }
    check_expr(c, s->body, &NO_FACTS);
    int32_t symbol = names_find(c, -1, s->name.name);
    if (symbol < 0 && c->open_names) {
        return;
    }
    if (symbol < 0 || (!p->symbols[symbol].poisoned &&
                       (p->symbols[symbol].kind != SYMBOL_DECL ||
                        p->decls[p->symbols[symbol].index].kind != STRATEGY_STATE))) {
        report(c->report, s->name.at, "N61", NO_FIX, "there is no state '" STR_FMT "'",
               STR_ARG(s->name.name));
        return;
    }
    if (p->symbols[symbol].poisoned) {
        return;
    }
    int32_t decl = p->symbols[symbol].index;
    const struct tally_decl *d = &p->decls[decl];
    for (int32_t i = 0; i < p->n_nexts; i++) {
        if (p->nexts[i].decl == decl) {
            report(c->report, s->name.at, "N62", NO_FIX, "'next " STR_FMT "' is said twice",
                   STR_ARG(d->name));
            return;
        }
    }
    p->nexts[p->n_nexts++] = (struct tally_next){ decl, s->body, s->name.at };
    const struct tally_type *t = &s->body->type;
    if (t->kind == TALLY_POISON) {
        return;
    }
    if (t->kind != d->type.kind || (t->kind == TALLY_CHOICE && t->choice != d->type.choice)) {
        report(c->report, s->body->at, "T06", NO_FIX, "expected " STR_FMT ", found " STR_FMT,
               STR_ARG(type_text(c, &d->type)), STR_ARG(type_text(c, t)));
        return;
    }
    if (t->shape) {
        report(c->report, s->name.at, "S28", NO_FIX,
               "state " STR_FMT " is one value, this varies by " STR_FMT, STR_ARG(d->name),
               STR_ARG(shape_text(c, t->shape)));
        return;
    }
    if (t->kind == TALLY_NUMBER) {
        next_number(c, d, s);
    }
    struct str what = fix_text(c, "next " STR_FMT, STR_ARG(d->name));
    need_present(c, s->body, s->name.at, what, false, NULL);
}

static void check_steps(struct checker *c)
{
    for (int32_t i = 0; i < c->p->n_order; i++) {
        if (c->p->order[i].line) {
            check_line(c, c->p->order[i].index);
        } else {
            check_definition(c, c->p->order[i].index);
        }
    }
}

/* Digits that contracts agree on (struct checker) may be met after a value that relies on them.
 * They only allow more: so if there are errors and such digits, all is asked once more, knowing
 * them. */
static void check_in_order(struct checker *c)
{
    struct tally_program *p = c->p;
    size_t n = c->report->n, n_errors = c->report->n_errors;
    bool *poisoned = arena_many(c->arena, (size_t)p->n_symbols, bool);
    for (int32_t i = 0; i < p->n_symbols; i++) {
        poisoned[i] = p->symbols[i].poisoned;
    }
    check_steps(c);
    bool agreed = false;
    for (int i = 0; i < BASE_N; i++) {
        agreed = agreed || c->agreed_digits[i];
    }
    if (!agreed || c->report->n_errors == n_errors) {
        return;
    }
    c->report->n = n;
    c->report->n_errors = n_errors;
    for (int32_t i = 0; i < p->n_symbols; i++) {
        p->symbols[i].poisoned = poisoned[i];
    }
    check_steps(c);
}

void check_statements(struct checker *c)
{
    declare_all(c);
    attach_exceptions(c);
    names_resolve(c);
    names_order(c);
    check_in_order(c);
    int32_t flag = 0;
    for (int32_t i = 0; i < c->n_flat; i++) {
        const struct statement *s = c->flat[i].s;
        if (s->kind == STATEMENT_FLAG) {
            check_flag(c, s, flag++);
        } else if (s->kind == STATEMENT_NEXT) {
            check_next(c, s);
        }
    }
}
