/* form.c - what a clerk's form shows of a strategy besides its declarations: lines it can bill,
 * flags, and which choice makes a declaration needed at all.
 *
 * The last is found by fixing one choice at a time: everything that is printed, billed or carried
 * on is walked with that choice known, as binding folds it, and what the walk does not meet is not
 * asked for.
 */
#include "strategy/check.h"

#define CODE_TEXT_MAX 4096 /* 64 names of 64 bytes */

struct str tally_code_text(struct arena *a, const struct tally_code *code)
{
    struct text t;
    text_init(&t, a, CODE_TEXT_MAX);
    for (int32_t i = 0; i < code->n_parts; i++) {
        text_add_c(&t, i ? "." : "");
        text_add(&t, code->parts[i].text);
    }
    return text_str(&t);
}

static struct str written(struct arena *a, const struct tally_program *p,
                          const struct tally_expr *x)
{
    return x ? tally_expr_text(a, p, x) : STR("");
}

size_t strategy_bills(struct arena *a, const struct strategy *s, const struct strategy_bill **out)
{
    const struct tally_program *p = s->program;
    struct strategy_bill *list = arena_many(a, (size_t)p->n_lines + 1, struct strategy_bill);
    for (int32_t i = 0; i < p->n_lines; i++) {
        const struct tally_line *l = &p->lines[i];
        list[i] = (struct strategy_bill){ .code = tally_code_text(a, &l->code),
                                          .title = l->title,
                                          .payer = l->payer.name,
                                          .payee = l->payee.name,
                                          .settled_by = l->settled_by.name,
                                          .vat = l->vat,
                                          .vat_rate = written(a, p, l->vat_rate),
                                          .when = written(a, p, l->when) };
    }
    *out = list;
    return (size_t)p->n_lines;
}

size_t strategy_alarms(struct arena *a, const struct strategy *s, const struct strategy_alarm **out)
{
    const struct tally_program *p = s->program;
    struct strategy_alarm *list = arena_many(a, (size_t)p->n_flags + 1, struct strategy_alarm);
    for (int32_t i = 0; i < p->n_flags; i++) {
        const struct tally_flag *f = &p->flags[i];
        list[i] = (struct strategy_alarm){ .code = tally_code_text(a, &f->code),
                                           .title = f->title,
                                           .when = written(a, p, f->when),
                                           .level = f->level };
    }
    *out = list;
    return (size_t)p->n_flags;
}

struct str strategy_window_title(const struct strategy *s, size_t window)
{
    const struct tally_program *p = s->program;
    for (int32_t i = AXIS_FIRST; i < p->n_axes; i++) {
        if (p->axes[i].window && window-- == 0) {
            return p->axes[i].title;
        }
    }
    return STR("");
}

/* ---- one choice fixed ------------------------------------------------------------------- */

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_OPEN };

struct walk {
    const struct tally_program *p;
    int32_t fixed;       /* declaration */
    int16_t alternative; /* of a choice; yes_no: 1 yes; optional: 1 agreed */
    bool presence;       /* what is fixed is whether it was agreed, not its value */
    bool *met;           /* by declaration */
    bool *seen;          /* by definition */
};

static int32_t decl_of(const struct walk *w, const struct tally_expr *x)
{
    if ((x->op != OP_NAME && x->op != OP_MEMBER && x->op != OP_AGREED) || x->symbol < 0) {
        return -1;
    }
    const struct tally_symbol *s = &w->p->symbols[x->symbol];
    return s->kind == SYMBOL_DECL ? s->index : -1;
}

static bool is_fixed(const struct walk *w, const struct tally_expr *x)
{
    return decl_of(w, x) == w->fixed;
}

static enum answer negate(enum answer a)
{
    return a == ANSWER_OPEN ? a : a == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
}

/* What the fixed choice alone decides about a condition. */
static enum answer answer_of(const struct walk *w, const struct tally_expr *x)
{
    enum answer a, b;
    switch (x->op) {
    case OP_NOT:
        return negate(answer_of(w, x->args[0]));
    case OP_AND:
        a = answer_of(w, x->args[0]);
        b = answer_of(w, x->args[1]);
        return a == ANSWER_NO || b == ANSWER_NO ? ANSWER_NO : a == ANSWER_YES ? b : ANSWER_OPEN;
    case OP_OR:
        a = answer_of(w, x->args[0]);
        b = answer_of(w, x->args[1]);
        return a == ANSWER_YES || b == ANSWER_YES ? ANSWER_YES : a == ANSWER_NO ? b : ANSWER_OPEN;
    case OP_AGREED:
        return w->presence && is_fixed(w, x) ? (enum answer)w->alternative : ANSWER_OPEN;
    case OP_NAME:
        return !w->presence && is_fixed(w, x) && x->type.kind == TALLY_YES_NO
                   ? (enum answer)w->alternative
                   : ANSWER_OPEN;
    case OP_IS:
    case OP_IS_NOT:
        if (w->presence || !is_fixed(w, x->args[0]) || x->args[1]->op != OP_CHOICE) {
            return ANSWER_OPEN;
        }
        a = x->args[1]->alternative == w->alternative ? ANSWER_YES : ANSWER_NO;
        return x->op == OP_IS ? a : negate(a);
    default:
        return ANSWER_OPEN;
    }
}

static void meet(struct walk *w, const struct tally_expr *x);

static void meet_definition(struct walk *w, int32_t index)
{
    const struct tally_definition *d = &w->p->definitions[index];
    if (w->seen[index]) {
        return;
    }
    w->seen[index] = true;
    meet(w, d->body);
    for (int32_t i = 0; i < d->n_excepts; i++) {
        meet(w, d->excepts[i].when);
        if (answer_of(w, d->excepts[i].when) != ANSWER_NO) {
            meet(w, d->excepts[i].body);
        }
    }
}

static void meet_name(struct walk *w, const struct tally_expr *x)
{
    if (x->symbol < 0) {
        return;
    }
    const struct tally_symbol *s = &w->p->symbols[x->symbol];
    if (s->kind == SYMBOL_DECL) {
        w->met[s->index] = true;
    } else if (s->kind == SYMBOL_DEFINITION) {
        meet_definition(w, s->index);
    } /* lines are met by themselves */
}

/* Absent because the fixed one was not agreed; the other way round: never absent then. */
static bool hangs_on_fixed(const struct walk *w, const struct tally_expr *x)
{
    int32_t bit = w->p->decls[w->fixed].optional_bit;
    return w->presence && bit >= 0 && set_has(&x->type.absent, bit);
}

static bool only_fixed(const struct walk *w, const struct tally_expr *x)
{
    struct tally_set rest = x->type.absent;
    int32_t bit = w->p->decls[w->fixed].optional_bit;
    rest.bits[bit / 64] &= ~((uint64_t)1 << (bit % 64));
    return set_empty(rest) && !x->type.may_fail && !x->type.may_blank;
}

static void meet_else(struct walk *w, const struct tally_expr *x)
{
    meet(w, x->args[0]);
    if (!(hangs_on_fixed(w, x->args[0]) && w->alternative == 1 && only_fixed(w, x->args[0]))) {
        meet(w, x->args[1]);
    }
}

static void meet_if(struct walk *w, const struct tally_expr *x)
{
    enum answer a = answer_of(w, x->args[0]);
    meet(w, x->args[0]);
    if (a != ANSWER_NO) {
        meet(w, x->args[1]);
    }
    if (a != ANSWER_YES) {
        meet(w, x->args[2]);
    }
}

static void meet(struct walk *w, const struct tally_expr *x)
{
    if (!x || (x->type.kind == TALLY_YES_NO && answer_of(w, x) != ANSWER_OPEN) ||
        (hangs_on_fixed(w, x) && w->alternative == 0)) {
        return;
    }
    switch (x->op) {
    case OP_NAME:
    case OP_MEMBER:
    case OP_AGREED:
        meet_name(w, x);
        return;
    case OP_IF:
        meet_if(w, x);
        return;
    case OP_ELSE:
        meet_else(w, x);
        return;
    case OP_CHOOSE:
        meet(w, x->args[0]);
        if (!w->presence && is_fixed(w, x->args[0])) {
            meet(w, x->args[x->case_of[w->alternative]]);
            return;
        }
        break;
    default:
        break;
    }
    for (int32_t i = 0; i < x->n_args; i++) {
        meet(w, x->args[i]);
    }
    meet(w, x->where);
}

/* Everything that leaves the strategy: lines, flags, states, titled definitions. */
static void meet_all(struct walk *w)
{
    const struct tally_program *p = w->p;
    memset(w->met, 0, (size_t)p->n_decls * sizeof *w->met);
    memset(w->seen, 0, (size_t)p->n_definitions * sizeof *w->seen);
    for (int32_t i = 0; i < p->n_lines; i++) {
        const struct tally_line *l = &p->lines[i];
        if (l->when && answer_of(w, l->when) == ANSWER_NO) {
            continue;
        }
        meet(w, l->when);
        meet(w, l->amount);
        meet(w, l->vat_rate);
        meet(w, l->showing);
    }
    for (int32_t i = 0; i < p->n_flags; i++) {
        meet(w, p->flags[i].when);
    }
    for (int32_t i = 0; i < p->n_nexts; i++) {
        meet(w, p->nexts[i].body);
    }
    for (int32_t i = 0; i < p->n_definitions; i++) {
        if (p->definitions[i].title.n) {
            meet_definition(w, i);
        }
    }
}

/* The alternatives of what can be fixed: names for people, 0 where there is nothing to fix. */
static int16_t alternatives(const struct tally_program *p, const struct tally_decl *d,
                            bool presence, const struct str **names)
{
    static const struct str yes_no[] = { { "no", 2 }, { "yes", 3 } };
    static const struct str agreed[] = { { "absent", 6 }, { "agreed", 6 } };
    if (d->axis >= 0 || (d->kind != STRATEGY_PARAM && d->kind != STRATEGY_INPUT)) {
        return 0;
    }
    if (presence) {
        *names = agreed;
        return d->optional ? 2 : 0;
    }
    if (d->type.kind == TALLY_CHOICE) {
        *names = p->choices[d->type.choice].names;
        return (int16_t)p->choices[d->type.choice].n;
    }
    *names = yes_no;
    return d->type.kind == TALLY_YES_NO ? 2 : 0;
}

size_t strategy_asked(struct arena *a, const struct strategy *s, size_t decl,
                      const struct strategy_asked **out)
{
    const struct tally_program *p = s->program;
    check(decl < (size_t)p->n_decls);
    struct strategy_asked *list = arena_many(a, 2 * (size_t)p->n_decls + 1, struct strategy_asked);
    struct walk w = { .p = p };
    w.met = arena_many(a, (size_t)p->n_decls + 1, bool);
    w.seen = arena_many(a, (size_t)p->n_definitions + 1, bool);
    size_t n = 0;
    for (int32_t i = 0; i < 2 * p->n_decls; i++) {
        const struct str *names = NULL;
        w.fixed = i / 2;
        w.presence = i % 2;
        int16_t ways =
            (size_t)w.fixed == decl ? 0 : alternatives(p, &p->decls[w.fixed], w.presence, &names);
        struct str *values = arena_many(a, (size_t)ways + 1, struct str);
        size_t met = 0;
        for (w.alternative = 0; w.alternative < ways; w.alternative++) {
            meet_all(&w);
            if (w.met[decl]) {
                values[met++] = names[w.alternative];
            }
        }
        if (met > 0 && met < (size_t)ways) {
            list[n++] = (struct strategy_asked){ p->decls[w.fixed].name, values, met };
        }
    }
    *out = list;
    return n;
}
