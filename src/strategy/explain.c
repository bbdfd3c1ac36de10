/* explain.c - a line prints its arithmetic, then each name in it once, down to the sources.
 *
 * There are no templates: the text is the expression as written, with the values of this run in the
 * place of names. Branches that were not taken are left out.
 * A reader with nothing but the page gets to the amount (tests/explain does).
 */
#include "strategy/run.h"

#define KEYS_SHOWN 16 /* of one name; a park's hundred tenants do not explain one tenant's line */
#define EXPLAIN_MAX (64u << 10) /* bytes of one expression's text */

struct entry {
    struct str left, right;
};
struct wanted { /* a name at a key, to be explained after what used it */
    bool line;
    int32_t index, key;
};
struct telling {
    struct run *r;
    const struct tally_program *p;
    struct arena *arena;
    struct wanted *want;
    size_t n_want, room_want;
    struct entry *rows;
    size_t n_rows, room_rows;
};
struct at { /* the key that is being told about */
    tally_shape mask;
    int32_t index[TALLY_AXES_MAX];
};

static void say(struct telling *t, struct text *out, const struct tally_expr *x,
                const struct at *at, int depth);

/* ---- values ---------------------------------------------------------------------------------- */

/* The value of a node where all its axes are fixed. */
static bool value_here(const struct telling *t, int32_t node, const struct at *at, wide *v,
                       uint8_t *st)
{
    const struct strategy_bound *b = t->r->b;
    if (node < 0 || !b->reached[node]) {
        return false;
    }
    int32_t id = b->alias[node];
    const struct value *x = &t->r->val[id];
    bool single = x->v && b->spaces[x->space].n == 1;
    if (!x->v || b->plan->nodes[id].time >= 0 ||
        (!single && (b->plan->spaces[x->space] & ~at->mask))) {
        return false;
    }
    int32_t k = single ? 0 : space_key(b, x->space, at->index);
    if (k < 0) {
        return false;
    }
    *v = ((const wide *)x->v)[k];
    *st = x->st ? x->st[k] : VALUE_OK;
    return true;
}

static void text_value(struct text *out, wide v, int scale, const struct tally_unit *u)
{
    int printed = unit_printed_digits(u);
    int least = printed < 6 ? printed : unit_is_none(u) ? 0 : 4;
    text_decimal(out, v, scale, least < scale ? least : scale);
}

static void text_state(struct text *out, uint8_t st)
{
    uint8_t s = st & (uint8_t)~VALUE_HARD;
    text_add_c(out, s == VALUE_ABSENT ? "none" : s == VALUE_MISSING ? "missing" : "failed");
}

static void say_typed(struct telling *t, struct text *out, const struct tally_type *type, wide v,
                      int scale)
{
    switch (type->kind) {
    case TALLY_YES_NO:
        text_add_c(out, v ? "yes" : "no");
        break;
    case TALLY_CHOICE:
    case TALLY_PARTY:
        if (v < t->r->b->plan->n_words) {
            text_add(out, t->r->b->plan->words[v]);
        }
        break;
    default:
        text_value(out, v, scale, &type->unit);
        break;
    }
}

/* Appends the value of an expression here; false where it has none to show. */
static bool say_value(struct telling *t, struct text *out, const struct tally_expr *x,
                      const struct at *at, const char *before)
{
    wide v = 0;
    uint8_t st = VALUE_OK;
    int32_t node = t->r->b->plan->node_of[x->id];
    if (!value_here(t, node, at, &v, &st)) {
        return false;
    }
    text_add_c(out, before);
    if (st != VALUE_OK) {
        text_state(out, st);
    } else {
        say_typed(t, out, &x->type, v, t->r->b->plan->nodes[node].scale);
    }
    return true;
}

/* ---- names ----------------------------------------------------------------------------------- */

static void want(struct telling *t, bool line, int32_t index, int32_t key)
{
    for (size_t i = 0; i < t->n_want; i++) {
        if (t->want[i].line == line && t->want[i].index == index && t->want[i].key == key) {
            return;
        }
    }
    if (t->n_want == t->room_want) {
        t->room_want = t->room_want * 2 + 32;
        struct wanted *more = arena_many(t->arena, t->room_want, struct wanted);
        if (t->n_want) {
            memcpy(more, t->want, t->n_want * sizeof *more);
        }
        t->want = more;
    }
    t->want[t->n_want++] = (struct wanted){ line, index, key };
}

static int16_t space_of(const struct telling *t, bool line, int32_t index)
{
    return line ? t->r->b->plan->lines[index].space : t->r->b->plan->definitions[index].space;
}

static bool has_intervals(const struct telling *t, int16_t space, const int32_t *index)
{
    bool tou = t->r->b->plan->spaces[space] & SHAPE(AXIS_TOU);
    return !tou || (t->r->tou_seen >> index[AXIS_TOU] & 1);
}

/* A name is explained at its keys that agree with what is fixed here. */
static void want_name(struct telling *t, bool line, int32_t index, const struct at *at)
{
    const struct strategy_bound *b = t->r->b;
    int16_t space = space_of(t, line, index);
    tally_shape mask = b->plan->spaces[space];
    int32_t shown = 0;
    for (int32_t k = 0; k < b->spaces[space].n && shown < KEYS_SHOWN; k++) {
        int32_t here[TALLY_AXES_MAX] = { 0 };
        space_index(b, space, k, here);
        bool agrees = has_intervals(t, space, here);
        for (int32_t a = 0; a < t->p->n_axes && agrees; a++) {
            agrees = !(mask & at->mask & SHAPE(a)) || here[a] == at->index[a];
        }
        if (agrees) {
            want(t, line, index, k);
            shown++;
        }
    }
}

/* Names inside an aggregate, whose own keys are not fixed. */
static void want_inside(struct telling *t, const struct tally_expr *x, const struct at *at)
{
    if ((x->op == OP_NAME || x->op == OP_MEMBER) && x->symbol >= 0) {
        const struct tally_symbol *s = &t->p->symbols[x->symbol];
        if (s->kind == SYMBOL_DEFINITION || s->kind == SYMBOL_LINE) {
            want_name(t, s->kind == SYMBOL_LINE, s->index, at);
        }
    }
    for (int32_t i = 0; i < x->n_args; i++) {
        want_inside(t, x->args[i], at);
    }
    if (x->where) {
        want_inside(t, x->where, at);
    }
}

static void text_keys(struct telling *t, struct text *out, tally_shape mask, const int32_t *index)
{
    const struct strategy_plan *plan = t->r->b->plan;
    bool any = false;
    for (int32_t i = 0; i < plan->n_axis_order; i++) {
        int32_t axis = plan->axis_order[i];
        if (mask & SHAPE(axis)) {
            text_add_c(out, any ? ", " : "[");
            text_key(out, t->r->b, axis, index[axis]);
            any = true;
        }
    }
    text_add_c(out, any ? "]" : "");
}

static struct str label_of(const struct telling *t, bool line, int32_t index)
{
    if (line) {
        return t->p->lines[index].code.name;
    }
    const struct tally_definition *d = &t->p->definitions[index];
    return d->title.n ? d->title : d->name;
}

/* ---- expressions ----------------------------------------------------------------------------- */

/* What the contract says, also where binding folded the name into a larger value. */
static bool setting_here(const struct telling *t, const struct tally_expr *x,
                         const struct tally_decl *d, const struct at *at, wide *v, uint8_t *st)
{
    const struct strategy_bound *b = t->r->b;
    struct err e = { 0 };
    if (value_here(t, b->plan->node_of[x->id], at, v, st)) {
        return true;
    }
    bool given =
        d->kind == STRATEGY_PARAM || d->kind == STRATEGY_INPUT || d->kind == STRATEGY_STATE;
    bool fixed = d->axis < 0 || (at->mask & SHAPE(d->axis));
    return given && fixed &&
           bound_setting(b, (int32_t)(d - t->p->decls), d->axis < 0 ? 0 : at->index[d->axis], v, st,
                         &e) == OK;
}

static void say_setting(struct telling *t, struct text *out, const struct tally_expr *x,
                        const struct tally_decl *d, const struct at *at)
{
    wide v = 0;
    uint8_t st = VALUE_OK;
    if (!setting_here(t, x, d, at, &v, &st)) {
        text_add(out, x->name);
        return;
    }
    if (st != VALUE_OK) {
        text_state(out, st);
        return;
    }
    if (d->type.kind != TALLY_NUMBER) {
        say_typed(t, out, &d->type, v, 0);
        return;
    }
    int scale = d->type.scale;
    if (unit_is_none(&d->type.unit) && scale >= 2) {
        text_decimal(out, v, scale - 2, 0);
        text_byte(out, '%');
        return;
    }
    const struct strategy_setting *s = d->axis < 0 ? t->r->b->given[d - t->p->decls].one : NULL;
    int least = d->kind == STRATEGY_PRICE ? 4 : 0;
    if (s && d->kind != STRATEGY_PRICE && s->number.scale < scale) {
        least = s->number.scale;
    }
    text_decimal(out, v, scale, least < scale ? least : scale);
}

static void say_name(struct telling *t, struct text *out, const struct tally_expr *x,
                     const struct at *at, bool in_call)
{
    const struct tally_symbol *s = &t->p->symbols[x->symbol];
    switch (s->kind) {
    case SYMBOL_DEFINITION:
    case SYMBOL_LINE: {
        bool line = s->kind == SYMBOL_LINE;
        text_add(out, label_of(t, line, s->index));
        say_value(t, out, x, at, " ");
        want_name(t, line, s->index, at);
        break;
    }
    case SYMBOL_DECL: {
        const struct tally_decl *d = &t->p->decls[s->index];
        if (d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES ||
            d->type.kind == TALLY_TABLE) {
            text_add(out, x->name);
            break;
        }
        if (in_call && d->kind != STRATEGY_PRICE) {
            text_add(out, x->name);
            text_byte(out, ' ');
        }
        say_setting(t, out, x, d, at);
        break;
    }
    default:
        if (!say_value(t, out, x, at, "")) {
            text_add(out, x->name);
        }
        break;
    }
}

static bool is_aggregate(const struct tally_expr *x)
{
    return x->op == OP_CALL &&
           ((x->fn >= FN_SUM && x->fn <= FN_MIDDLE) || x->fn == FN_MISSING || x->fn == FN_POWER);
}

static const char *sign_of(enum tally_op op)
{
    switch (op) {
    case OP_ADD:
        return " + ";
    case OP_SUB:
        return " - ";
    case OP_MUL:
        return " * ";
    case OP_DIV:
        return " / ";
    case OP_AT:
        return " x ";
    case OP_LT:
        return " < ";
    case OP_LE:
        return " <= ";
    case OP_GT:
        return " > ";
    case OP_GE:
        return " >= ";
    case OP_IS:
        return " is ";
    case OP_IS_NOT:
        return " is not ";
    case OP_AND:
        return " and ";
    default:
        return " or ";
    }
}

/* " weaver of weaver 500.00, dyer 300.00": whose part of a split, and all weights in their order,
 * which decides where remainders tie. Nothing where there are too many to list. */
static void say_weights(struct telling *t, struct text *out, const struct tally_expr *x,
                        const struct at *at)
{
    const struct strategy_bound *b = t->r->b;
    const struct tally_expr *weight = x->args[1];
    int32_t along = x->along;
    int32_t n = t->p->axes[along].group ? b->axes[along].n : clock_length(b, along);
    struct at here = *at;
    struct text list;
    int32_t shown = 0;
    if (!(at->mask & SHAPE(along))) {
        return;
    }
    text_init(&list, t->arena, EXPLAIN_MAX);
    for (int32_t i = 0; i < n && shown <= KEYS_SHOWN; i++) {
        wide v = 0;
        uint8_t st = VALUE_OK;
        here.index[along] = i;
        if ((along == AXIS_TOU && !(t->r->tou_seen >> i & 1)) ||
            !value_here(t, b->plan->node_of[weight->id], &here, &v, &st)) {
            continue;
        }
        text_add_c(&list, shown++ ? ", " : " of ");
        text_key(&list, b, along, i);
        say_value(t, &list, weight, &here, " ");
    }
    if (shown > 0 && shown <= KEYS_SHOWN) {
        text_add_c(out, ": ");
        text_key(out, b, along, at->index[along]);
        text_add(out, text_str(&list));
    }
}

static void say_call(struct telling *t, struct text *out, const struct tally_expr *x,
                     const struct at *at, int depth)
{
    text_add(out, x->name);
    text_byte(out, '(');
    for (int32_t i = 0; i < x->n_args; i++) {
        const struct tally_expr *a = x->args[i];
        bool named = a->op == OP_NAME || a->op == OP_MEMBER;
        bool digits = (x->fn == FN_ROUND || x->fn == FN_ROUND_DOWN) && i == 1;
        text_add_c(out, i ? ", " : "");
        if (named) {
            say_name(t, out, a, at, !digits);
        } else {
            say(t, out, a, at, depth + 1);
        }
    }
    if (x->fn == FN_ALLOCATE) {
        text_add_c(out, " over ");
        text_add(out, x->n_axes ? x->axes[0] : STR(""));
        say_weights(t, out, x, at);
    }
    text_byte(out, ')');
    bool rounds = x->fn == FN_ROUND || x->fn == FN_ROUND_DOWN || x->fn == FN_LOOKUP ||
                  x->fn == FN_POWER_FACTOR || x->fn == FN_ALLOCATE;
    if (depth > 0 && rounds) {
        say_value(t, out, x, at, " = ");
    }
}

/* The side that counts here, for what chooses between expressions; NULL: cannot be told. */
static const struct tally_expr *side_of(struct telling *t, const struct tally_expr *x,
                                        const struct at *at)
{
    wide v = 0;
    uint8_t st = VALUE_OK;
    int32_t node = t->r->b->plan->node_of[x->args[0]->id];
    const struct strategy_plan *plan = t->r->b->plan;
    bool known = t->r->b->known[node] && t->r->val[node].n == 1; /* folded at binding */
    if (known) {
        v = *(const wide *)t->r->val[node].v;
        st = t->r->val[node].st ? t->r->val[node].st[0] : VALUE_OK;
    } else if (!value_here(t, node, at, &v, &st)) {
        return NULL;
    }
    switch (x->op) {
    case OP_IF:
        return st == VALUE_OK ? x->args[v ? 1 : 2] : NULL;
    case OP_ELSE:
        return st == VALUE_OK ? x->args[0] : x->args[1];
    default: {
        const struct tally_choice *c = &t->p->choices[x->args[0]->type.choice];
        for (int32_t i = 0; i < c->n && st == VALUE_OK; i++) {
            if (str_eq(plan->words[v], c->names[i])) {
                return x->args[x->case_of[i]];
            }
        }
        return NULL;
    }
    }
}

/* "500.00 + 300.00": what a sum over members or periods adds up, if its values are known one by
 * one and a reader can add them. */
static bool say_terms(struct telling *t, struct text *out, const struct tally_expr *x,
                      const struct at *at)
{
    const struct strategy_bound *b = t->r->b;
    int32_t node = b->plan->node_of[x->args[0]->id], n = 0;
    if (x->fn != FN_SUM || node < 0 || !b->reached[node]) {
        return false;
    }
    int32_t id = b->alias[node];
    const struct value *val = &t->r->val[id];
    if (!val->v || b->plan->nodes[id].time >= 0 || (x->gone & ~b->plan->spaces[val->space])) {
        return false;
    }
    for (int32_t k = 0; k < b->spaces[val->space].n; k++) {
        struct at here = { .mask = b->plan->spaces[val->space] };
        space_index(b, val->space, k, here.index);
        bool agrees = true;
        for (int32_t a = 0; a < t->p->n_axes && agrees; a++) {
            agrees = !(here.mask & at->mask & ~x->gone & SHAPE(a)) || here.index[a] == at->index[a];
        }
        wide v = 0, holds = 1;
        uint8_t st = VALUE_OK, known = VALUE_OK;
        if (!agrees || !has_intervals(t, val->space, here.index)) {
            continue;
        }
        if (x->where && (!value_here(t, b->plan->node_of[x->where->id], &here, &holds, &known) ||
                         known != VALUE_OK)) {
            return false;
        }
        if (!value_here(t, id, &here, &v, &st) || st != VALUE_OK || n == KEYS_SHOWN) {
            return false;
        }
        if (holds) {
            text_add_c(out, n++ ? " + " : "");
            say_typed(t, out, &x->args[0]->type, v, b->plan->nodes[id].scale);
        }
    }
    return n > 1;
}

/* As written, with what it adds up: "sum(ENERGY over lessee: 576.20 + 345.72)". */
static void say_aggregate(struct telling *t, struct text *out, const struct tally_expr *x,
                          const struct at *at)
{
    struct str written = tally_expr_text(t->arena, t->p, x);
    struct at around = *at;
    struct text terms;
    text_init(&terms, t->arena, EXPLAIN_MAX);
    if (str_ends(written, ")") && say_terms(t, &terms, x, at)) {
        text_add(out, (struct str){ written.at, written.n - 1 });
        text_add_c(out, ": ");
        text_add(out, text_str(&terms));
        text_add_c(out, ")");
    } else {
        text_add(out, written);
    }
    around.mask &= ~x->gone; /* what it adds up is explained at every key of it */
    want_inside(t, x, &around);
}

static void say_plain(struct telling *t, struct text *out, const struct tally_expr *x,
                      const struct at *at)
{
    text_add(out, tally_expr_text(t->arena, t->p, x));
    want_inside(t, x, at);
}

static void say_bare(struct telling *t, struct text *out, const struct tally_expr *x,
                     const struct at *at, int depth)
{
    switch (x->op) {
    case OP_NAME:
    case OP_MEMBER:
        say_name(t, out, x, at, false);
        return;
    case OP_NUMBER:
    case OP_CHOICE:
    case OP_AGREED:
    case OP_YES:
    case OP_NO:
    case OP_TIME_IN:
    case OP_HOLIDAY:
    case OP_WORKDAY:
    case OP_MONTH_IN:
    case OP_WEEKDAY_IN:
        text_add(out, tally_expr_text(t->arena, t->p, x));
        return;
    case OP_HOURS:
        text_add_c(out, "hours");
        say_value(t, out, x, at, " ");
        return;
    case OP_NEG:
    case OP_NOT:
        text_add_c(out, x->op == OP_NEG ? "-" : "not ");
        say(t, out, x->args[0], at, depth + 1);
        return;
    case OP_IF:
    case OP_ELSE:
    case OP_CHOOSE: {
        const struct tally_expr *side = side_of(t, x, at);
        if (side) {
            say(t, out, side, at, depth);
        } else {
            say_plain(t, out, x, at);
        }
        return;
    }
    case OP_CALL:
        if (is_aggregate(x)) {
            say_aggregate(t, out, x, at);
            if (depth > 0) {
                say_value(t, out, x, at, " = ");
            }
        } else {
            say_call(t, out, x, at, depth);
        }
        return;
    default:
        say(t, out, x->args[0], at, depth + 1);
        text_add_c(out, sign_of(x->op));
        say(t, out, x->args[1], at, depth + 1);
        return;
    }
}

static void say(struct telling *t, struct text *out, const struct tally_expr *x,
                const struct at *at, int depth)
{
    text_add_c(out, x->parens ? "(" : "");
    say_bare(t, out, x, at, x->parens && depth == 0 ? 1 : depth);
    text_add_c(out, x->parens ? ")" : "");
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void add_row(struct telling *t, struct str left, struct str right)
{
    if (t->n_rows == t->room_rows) {
        t->room_rows = t->room_rows * 2 + 32;
        struct entry *more = arena_many(t->arena, t->room_rows, struct entry);
        if (t->n_rows) {
            memcpy(more, t->rows, t->n_rows * sizeof *more);
        }
        t->rows = more;
    }
    t->rows[t->n_rows++] = (struct entry){ left, right };
}

static struct at at_key(const struct telling *t, int16_t space, int32_t key)
{
    struct at at = { .mask = t->r->b->plan->spaces[space] };
    space_index(t->r->b, space, key, at.index);
    return at;
}

/* The expression that gives a definition its value here: an exception, or the body. */
static const struct tally_expr *body_of(struct telling *t, const struct tally_definition *d,
                                        const struct at *at)
{
    const struct tally_expr *body = d->body;
    for (int32_t i = 0; i < d->n_excepts; i++) {
        wide v = 0;
        uint8_t st = VALUE_OK;
        int32_t node = t->r->b->plan->node_of[d->excepts[i].when->id];
        if (value_here(t, node, at, &v, &st) && st == VALUE_OK && v) {
            body = d->excepts[i].body;
        }
    }
    return body;
}

/* A plain value has nothing behind it that its own text does not say. */
static bool is_plain(const struct tally_expr *x)
{
    return x->op == OP_NUMBER || x->op == OP_NAME || x->op == OP_MEMBER;
}

/* A line that is referred to bills nothing where its condition does not hold. */
static bool is_held(struct telling *t, int32_t line, const struct at *at)
{
    int32_t when = t->r->b->plan->lines[line].when;
    wide v = 1;
    uint8_t st = VALUE_OK;
    return t->r->b->line_live[line] && (when < 0 || !value_here(t, when, at, &v, &st) || v != 0);
}

static void tell_name(struct telling *t, const struct wanted *w)
{
    int16_t space = space_of(t, w->line, w->index);
    struct at at = at_key(t, space, w->key);
    struct text left, right;
    text_init(&left, t->arena, EXPLAIN_MAX);
    text_init(&right, t->arena, EXPLAIN_MAX);
    text_add(&left, label_of(t, w->line, w->index));
    text_keys(t, &left, at.mask, at.index);
    const struct plan_definition *pd = &t->r->b->plan->definitions[w->index];
    int32_t node = w->line ? t->r->b->plan->lines[w->index].bill : pd->node;
    const struct tally_expr *x =
        w->line ? t->p->lines[w->index].amount : body_of(t, &t->p->definitions[w->index], &at);
    if (w->line && !is_held(t, w->index, &at)) {
        text_add_c(&right, "not billed: its condition does not hold = 0.00");
        add_row(t, text_str(&left), text_str(&right));
        return;
    }
    say(t, &right, x, &at, 0);
    wide v = 0;
    uint8_t st = VALUE_OK;
    if (value_here(t, node, &at, &v, &st) && x->op != OP_NUMBER) {
        text_add_c(&right, " = ");
        if (st != VALUE_OK) {
            text_state(&right, st);
        } else {
            const struct tally_type *type =
                w->line ? &t->p->lines[w->index].amount->type : &t->p->definitions[w->index].type;
            say_typed(t, &right, type, v, t->r->b->plan->nodes[node].scale);
        }
    }
    add_row(t, text_str(&left), text_str(&right));
}

/* A quantity or price that is more than a name gets a row of its own. */
static void tell_part(struct telling *t, const char *word, const struct tally_expr *x,
                      const struct at *at)
{
    struct text right;
    text_init(&right, t->arena, EXPLAIN_MAX);
    say(t, &right, x, at, 0);
    if (is_plain(x)) {
        return; /* said by the line itself; its name is wanted now */
    }
    say_value(t, &right, x, at, " = ");
    add_row(t, str_of(word), text_str(&right));
}

/* Whether quantity times price is the amount; not so for what was taken off, bounded or shared. */
static bool is_product(const struct strategy_line *l, int64_t fen)
{
    wide by = 1, product = (wide)l->quantity.units * l->price.units;
    for (int i = 0; i < l->quantity.scale + l->price.scale - 2; i++) {
        by *= 10;
    }
    for (int i = l->quantity.scale + l->price.scale; i < 2; i++) {
        product *= 10;
    }
    wide off = product - (wide)fen * by;
    return l->has_quantity && l->has_price && 2 * (off < 0 ? -off : off) <= by;
}

static void tell_line(struct telling *t, struct text *out, const struct strategy_line *l,
                      const struct run_line *made)
{
    const struct tally_line *tl = &t->p->lines[made->line];
    struct at at = at_key(t, t->r->b->plan->lines[made->line].space, made->key);
    int16_t space = t->r->b->plan->lines[made->line].space;
    text_add(out, l->code);
    if (l->title.n) {
        text_byte(out, ' ');
        text_add(out, l->title);
    }
    text_add_c(out, "   ");
    struct run_memory m =
        run_memory(t->r, t->r->b->plan->lines[made->line].amount, space, made->key);
    if (l->has_quantity) {
        text_scaled(out, l->quantity.units, l->quantity.scale);
        text_addf(out, " " STR_FMT, STR_ARG(l->unit));
    }
    if (l->has_price) {
        text_add_c(out, " x ");
        text_decimal(out, l->price.units, l->price.scale, l->price.scale < 4 ? l->price.scale : 4);
        text_addf(out, " " STR_FMT, STR_ARG(l->price_unit));
    }
    int64_t fen = l->vat == VAT_ON_TOP ? l->net_fen : l->fen;
    if (m.at && !tl->showing && is_product(l, fen)) {
        const struct tally_expr *x = t->p->exprs[m.at->expr];
        tell_part(t, "quantity", x->args[0], &at);
        tell_part(t, "price", x->args[1], &at);
    } else {
        text_add_c(out, l->has_quantity ? "; " : "");
        say(t, out, tl->amount, &at, 0);
    }
    text_add_c(out, " = ");
    text_scaled(out, fen, 2);
    text_add_c(out, " yuan\n");
}

void strategy_explain(struct arena *arena, const struct strategy_bound *b,
                      const struct strategy_result *result, int32_t line_id, struct text *out)
{
    check_that(line_id >= 0 && (size_t)line_id < result->n_lines, "line %d", line_id);
    struct run r = *(const struct run *)result;
    r.arena = arena;
    struct telling t = { .r = &r, .p = b->plan->program, .arena = arena };
    tell_line(&t, out, &result->lines[line_id], &r.made[line_id]);
    for (size_t i = 0; i < t.n_want; i++) { /* grows while it is told */
        struct wanted w = t.want[i];
        tell_name(&t, &w);
    }
    size_t widest = 0;
    for (size_t i = 0; i < t.n_rows; i++) {
        size_t n = str_width(t.rows[i].left);
        widest = n > widest ? n : widest;
    }
    for (size_t i = 0; i < t.n_rows; i++) {
        text_add_c(out, "  ");
        text_add(out, t.rows[i].left);
        for (size_t n = str_width(t.rows[i].left); n < widest + 2; n++) {
            text_byte(out, ' ');
        }
        text_add_c(out, "= ");
        text_add(out, t.rows[i].right);
        text_add_c(out, "\n");
    }
}
