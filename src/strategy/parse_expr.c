/* parse_expr.c - expressions by recursive descent, one function for each level of the grammar. */
#include "base/check.h"
#include "strategy/parse.h"
#include "strategy/units.h"

/* What a call may hold; the widest function of the language is clamp, but min and max are open. */
#define ARGS_MAX 64
#define CASES_MAX 64

static struct tally_expr *parse_disj(struct parser *p);

static struct tally_expr *node(struct parser *p, enum tally_op op, int32_t token)
{
    struct nodes *n = p->nodes;
    if (n->n == n->room) {
        int32_t room = n->room ? 2 * n->room : 256;
        struct tally_expr **more = arena_many(n->arena, (size_t)room, struct tally_expr *);
        for (int32_t i = 0; i < n->n; i++) {
            more[i] = n->at[i];
        }
        n->at = more;
        n->room = room;
    }
    struct tally_expr *x = arena_make(p->arena, struct tally_expr);
    x->id = n->n;
    x->op = op;
    x->at = parse_place(p, token);
    x->first = x->last = token;
    x->symbol = -1;
    x->along = -1;
    x->depth = 1;
    n->at[n->n++] = x;
    return x;
}

/* Sets the arguments; the node covers their text. Fails where the tree gets too deep. */
static struct tally_expr *with_args(struct parser *p, struct tally_expr *x, int32_t n,
                                    struct tally_expr *const *args)
{
    x->args = arena_many(p->arena, (size_t)(n ? n : 1), struct tally_expr *);
    x->n_args = n;
    for (int32_t i = 0; i < n; i++) {
        if (!args[i]) {
            return NULL;
        }
        x->args[i] = args[i];
        if (args[i]->first < x->first) {
            x->first = args[i]->first;
        }
        if (args[i]->last > x->last) {
            x->last = args[i]->last;
        }
        if (args[i]->depth >= x->depth) {
            x->depth = (int16_t)(args[i]->depth + 1);
        }
    }
    if (x->depth > PARSE_DEPTH_MAX) {
        if (!p->failed) {
            report(p->report, x->at, "G04", (struct str){ 0 },
                   "an expression has at most %d operators in a row; give a part of it a name",
                   PARSE_DEPTH_MAX);
        }
        p->failed = true;
        return NULL;
    }
    return x;
}

static struct tally_expr *binary(struct parser *p, enum tally_op op, int32_t token,
                                 struct tally_expr *a, struct tally_expr *b)
{
    if (!a || !b) {
        return NULL;
    }
    struct tally_expr *const args[] = { a, b };
    return with_args(p, node(p, op, token), 2, args);
}

static struct tally_expr *unary(struct parser *p, enum tally_op op, int32_t token,
                                struct tally_expr *a)
{
    return a ? with_args(p, node(p, op, token), 1, &a) : NULL;
}

static bool enter(struct parser *p)
{
    if (++p->nesting > TALLY_NESTING_MAX) {
        if (!p->failed) {
            report(p->report, parse_place(p, p->at), "G04", (struct str){ 0 },
                   "nested deeper than %d; give the inner part a name", TALLY_NESTING_MAX);
        }
        p->failed = true;
        return false;
    }
    return true;
}

/* ---- names and numbers ------------------------------------------------------------------ */

/* Whether a unit's name at the token to come belongs to the number before it: not where it is
 * a function, a member, the next definition or the next case. */
static bool unit_follows(const struct parser *p, int32_t ahead)
{
    const struct token *t = &p->file->tokens[p->at + ahead];
    if (t->kind != TOKEN_NAME) {
        return false;
    }
    bool known = unit_is_word(t->text);
    for (int32_t i = 0; !known && i < p->opaque.n; i++) {
        known = str_eq(p->opaque.at[i].name, t->text);
    }
    if (!known) {
        return false;
    }
    switch (t[1].mark) {
    case MARK_LPAREN:
    case MARK_DOT:
        return false;
    case MARK_ASSIGN:
        return p->condition; /* of an exception: the '=' is its own */
    case MARK_COLON:
        return p->row;
    default:
        return true;
    }
}

static struct tally_expr *parse_number_unit(struct parser *p)
{
    struct tally_expr *x = node(p, OP_NUMBER, p->at);
    bool percent = parse_peek(p)->text.n && str_ends(parse_peek(p)->text, "%");
    if (!parse_number(p, &x->number)) {
        return NULL;
    }
    x->bare_zero = x->number.units == 0 && !percent;
    if (unit_follows(p, 0)) {
        x->bare_zero = false;
        x->units = arena_make(p->arena, struct unit_text);
        if (!parse_unit(p, x->units)) {
            return NULL;
        }
        x->last = p->at - 1;
    }
    return x;
}

/* name {"." name}: a value, a member, a line's code. */
static struct tally_expr *parse_name(struct parser *p)
{
    struct tally_expr *x = node(p, OP_NAME, p->at);
    struct token *t = parse_token(p);
    x->name = t->text;
    if (!parse_is_mark(p, MARK_DOT)) {
        return x;
    }
    x->op = OP_MEMBER;
    struct text full;
    text_init(&full, p->arena, STRATEGY_TEXT_MAX);
    text_add(&full, t->text);
    while (parse_take_mark(p, MARK_DOT)) {
        struct name_at part;
        if (!parse_need_name(p, "a name after '.'", &part)) {
            return NULL;
        }
        text_byte(&full, '.');
        text_add(&full, part.name);
    }
    x->name = text_str(&full);
    x->last = p->at - 1;
    x->at.n = p->file->tokens[x->last].column + p->file->tokens[x->last].n - x->at.column;
    return x;
}

/* ---- calls ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum tally_fn fn;
} FUNCTIONS[] = {
    { "round", FN_ROUND },     { "round_down", FN_ROUND_DOWN },
    { "min", FN_MIN },         { "max", FN_MAX },
    { "pos", FN_POS },         { "abs", FN_ABS },
    { "clamp", FN_CLAMP },     { "lookup", FN_LOOKUP },
    { "power", FN_POWER },     { "power_factor", FN_POWER_FACTOR },
    { "missing", FN_MISSING }, { "sum", FN_SUM },
    { "mean", FN_MEAN },       { "count", FN_COUNT },
    { "any", FN_ANY },         { "all", FN_ALL },
    { "latest", FN_LATEST },   { "highest", FN_HIGHEST },
    { "middle", FN_MIDDLE },   { "allocate", FN_ALLOCATE },
};

static bool function_find(struct str name, enum tally_fn *out)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
        if (str_is(name, FUNCTIONS[i].name)) {
            *out = FUNCTIONS[i].fn;
            return true;
        }
    }
    return false;
}

static bool parse_axes(struct parser *p, struct tally_expr *x)
{
    struct names list = { 0 };
    do {
        struct name_at name;
        if (!parse_need_name(p, "the name of an axis", &name)) {
            return false;
        }
        names_add(p, &list, name);
    } while (parse_take_mark(p, MARK_COMMA));
    struct str *axes = arena_many(p->arena, (size_t)list.n, struct str);
    x->axis_at = arena_many(p->arena, (size_t)list.n, struct tally_place);
    for (int32_t i = 0; i < list.n; i++) {
        axes[i] = list.at[i].name;
        x->axis_at[i] = list.at[i].at;
    }
    x->axes = axes;
    x->n_axes = list.n;
    return true;
}

static struct tally_expr *parse_call(struct parser *p)
{
    struct tally_expr *x = node(p, OP_CALL, p->at);
    x->name = parse_token(p)->text;
    if (!function_find(x->name, &x->fn)) {
        if (!p->failed) {
            report(p->report, x->at, "N60", (struct str){ 0 }, "there is no function '" STR_FMT "'",
                   STR_ARG(x->name));
        }
        p->failed = true;
        return NULL;
    }
    p->file->tokens[p->at].tight = true;
    parse_token(p); /* the parenthesis; the caller saw it */
    p->brackets++;
    struct tally_expr *args[ARGS_MAX];
    int32_t n = 0;
    bool bare = parse_is_word(p, WORD_BY) || parse_is_word(p, WORD_OVER) ||
                parse_is_word(p, WORD_WHERE) || parse_is_mark(p, MARK_RPAREN);
    while (!bare) {
        if (n == ARGS_MAX) {
            parse_expected(p, "')': a function has at most 64 arguments");
            return NULL;
        }
        args[n] = parse_expr(p);
        if (!args[n++]) {
            return NULL;
        }
        if (!parse_take_mark(p, MARK_COMMA)) {
            break;
        }
    }
    if (parse_is_word(p, WORD_BY) || parse_is_word(p, WORD_OVER)) {
        x->by = parse_token(p)->word == WORD_BY;
        if (!parse_axes(p, x)) {
            return NULL;
        }
    }
    if (parse_take_word(p, WORD_WHERE)) {
        x->where = parse_expr(p);
        if (!x->where) {
            return NULL;
        }
    }
    x->last = p->at;
    p->brackets--;
    if (!parse_need_mark(p, MARK_RPAREN, "',' or ')'")) {
        return NULL;
    }
    if (x->where && x->where->depth >= x->depth) {
        x->depth = (int16_t)(x->where->depth + 1);
    }
    return with_args(p, x, n, args);
}

/* ---- the words -------------------------------------------------------------------------- */

static struct tally_expr *parse_agreed(struct parser *p)
{
    struct tally_expr *x = node(p, OP_AGREED, p->at);
    parse_token(p);
    p->file->tokens[p->at].tight = true;
    if (!parse_need_mark(p, MARK_LPAREN, "'('")) {
        return NULL;
    }
    if (parse_peek(p)->kind != TOKEN_NAME || parse_peek(p)->word) {
        parse_expected(p, "the name of an optional parameter");
        return NULL;
    }
    struct tally_expr *name = parse_name(p);
    if (!name) {
        return NULL;
    }
    x->name = name->name;
    x->at = name->at;
    p->nodes->n--; /* the name is no node of its own */
    check(p->nodes->at[p->nodes->n] == name);
    x->last = p->at;
    return parse_need_mark(p, MARK_RPAREN, "')'") ? x : NULL;
}

static struct tally_expr *parse_if(struct parser *p)
{
    struct tally_expr *x = node(p, OP_IF, p->at);
    parse_token(p);
    struct tally_expr *args[3];
    if (!(args[0] = parse_disj(p)) || !parse_need_word(p, WORD_THEN) ||
        !(args[1] = parse_disj(p))) {
        return NULL;
    }
    parse_may_break(p);
    if (!parse_need_word(p, WORD_ELSE) || !(args[2] = parse_disj(p))) {
        return NULL;
    }
    return with_args(p, x, 3, args);
}

static struct tally_expr *parse_choose(struct parser *p)
{
    struct tally_expr *x = node(p, OP_CHOOSE, p->at);
    parse_token(p);
    if (parse_peek(p)->kind != TOKEN_NAME || parse_peek(p)->word) {
        parse_expected(p, "the name of a choice");
        return NULL;
    }
    struct tally_expr *args[CASES_MAX + 1];
    struct str cases[CASES_MAX];
    struct tally_place at[CASES_MAX];
    int32_t n = 0;
    if (!(args[0] = parse_name(p))) {
        return NULL;
    }
    int32_t open = p->at;
    if (!parse_need_mark(p, MARK_LBRACE, "'{'")) {
        return NULL;
    }
    p->open++;
    while (!parse_is_mark(p, MARK_RBRACE)) {
        if (n == CASES_MAX) {
            parse_expected(p, "'}': a choose has at most 64 cases");
            return NULL;
        }
        parse_layout(p, LAYOUT_CASE);
        p->file->tokens[p->at].partner = open;
        struct name_at name;
        if (!parse_need_name(p, "a case: its name and ':'", &name) ||
            !parse_need_mark(p, MARK_COLON, "':' after the name of the case")) {
            return NULL;
        }
        cases[n] = name.name;
        at[n] = name.at;
        if (!(args[n + 1] = parse_expr(p))) {
            return NULL;
        }
        n++;
        if (parse_is_mark(p, MARK_COMMA)) {
            parse_layout(p, LAYOUT_DROP);
            p->file->tokens[p->at].partner = open;
            parse_token(p);
        }
    }
    p->open--;
    parse_layout(p, LAYOUT_CASE_CLOSE);
    p->file->tokens[p->at].partner = open;
    p->file->tokens[open].partner = p->at;
    x->last = p->at;
    parse_token(p);
    struct str *names = arena_many(p->arena, (size_t)n + 1, struct str);
    x->case_at = arena_many(p->arena, (size_t)n + 1, struct tally_place);
    for (int32_t i = 0; i < n; i++) {
        names[i] = cases[i];
        x->case_at[i] = at[i];
    }
    x->cases = names;
    return with_args(p, x, n + 1, args);
}

/* hh:mm; 24:00 is the end of the day. */
static bool parse_clock(struct parser *p, int16_t *minutes)
{
    const struct token *h = parse_peek(p);
    const struct token *c = h + (h->kind != TOKEN_END);
    const struct token *m = c + (c->kind != TOKEN_END);
    if (h->kind == TOKEN_NUMBER && c->mark == MARK_COLON && m->kind == TOKEN_NUMBER &&
        h->text.n == 2 && m->text.n == 2) {
        int hh = (h->text.at[0] - '0') * 10 + h->text.at[1] - '0';
        int mm = (m->text.at[0] - '0') * 10 + m->text.at[1] - '0';
        bool digits = h->text.at[1] != '%' && m->text.at[1] != '%';
        if (digits && mm < 60 && (hh < 24 || (hh == 24 && mm == 0))) {
            p->file->tokens[p->at + 1].tight = true;
            p->file->tokens[p->at + 2].tight = true;
            parse_token(p);
            parse_token(p);
            parse_token(p);
            *minutes = (int16_t)(hh * 60 + mm);
            return true;
        }
    }
    parse_expected(p, "a time of day such as 08:00");
    return false;
}

static struct tally_expr *parse_time(struct parser *p)
{
    struct tally_expr *x = node(p, OP_TIME_IN, p->at);
    parse_token(p);
    if (!parse_need_word(p, WORD_IN) || !parse_clock(p, &x->from_min) ||
        !parse_need_mark(p, MARK_RANGE, "'..'") || !parse_clock(p, &x->to_min)) {
        return NULL;
    }
    x->last = p->at - 1;
    return x;
}

/* `month` and `weekday` are words only before `in`. */
static bool at_dates(const struct parser *p)
{
    const struct token *t = parse_peek(p);
    return t->kind == TOKEN_NAME && (str_is(t->text, "month") || str_is(t->text, "weekday")) &&
           t[1].word == WORD_IN;
}

/* The number of a month or weekday, from 1. */
static bool parse_date_number(struct parser *p, int16_t last, int16_t *out)
{
    const struct token *t = parse_peek(p);
    bool digits = t->kind == TOKEN_NUMBER && t->text.n >= 1 && t->text.n <= 2;
    int number = 0;
    for (size_t i = 0; digits && i < t->text.n; i++) {
        digits = t->text.at[i] >= '0' && t->text.at[i] <= '9';
        number = number * 10 + t->text.at[i] - '0';
    }
    if (digits && number >= 1 && number <= last) {
        parse_token(p);
        *out = (int16_t)number;
        return true;
    }
    parse_expected(p, last == 12 ? "a month, 1 to 12" : "a weekday, 1 (Monday) to 7 (Sunday)");
    return false;
}

static struct tally_expr *parse_dates(struct parser *p)
{
    bool month = str_is(parse_peek(p)->text, "month");
    struct tally_expr *x = node(p, month ? OP_MONTH_IN : OP_WEEKDAY_IN, p->at);
    parse_token(p);
    parse_token(p);
    if (!parse_date_number(p, month ? 12 : 7, &x->from_min) ||
        !parse_need_mark(p, MARK_RANGE, "'..'") ||
        !parse_date_number(p, month ? 12 : 7, &x->to_min)) {
        return NULL;
    }
    x->last = p->at - 1;
    return x;
}

static struct tally_expr *parse_paren(struct parser *p)
{
    int32_t first = p->at;
    parse_token(p);
    p->brackets++;
    struct tally_expr *x = parse_expr(p);
    p->brackets--;
    int32_t last = p->at;
    if (!x || !parse_need_mark(p, MARK_RPAREN, "')'")) {
        return NULL;
    }
    x->parens = true;
    x->first = first;
    x->last = last;
    return x;
}

static struct tally_expr *parse_primary(struct parser *p)
{
    const struct token *t = parse_peek(p);
    if (t->kind == TOKEN_NUMBER) {
        return parse_number_unit(p);
    }
    if (at_dates(p)) {
        return parse_dates(p);
    }
    if (t->mark == MARK_LPAREN) {
        return parse_paren(p);
    }
    if (t->kind == TOKEN_NAME && !parse_begins_definition(p)) {
        switch (t->word) {
        case WORD_AGREED:
            return parse_agreed(p);
        case WORD_IF:
            return parse_if(p);
        case WORD_CHOOSE:
            return parse_choose(p);
        case WORD_TIME:
            return parse_time(p);
        case WORD_HOLIDAY:
        case WORD_WORKDAY:
        case WORD_HOURS: {
            struct tally_expr *x = node(p,
                                        t->word == WORD_HOLIDAY   ? OP_HOLIDAY
                                        : t->word == WORD_WORKDAY ? OP_WORKDAY
                                                                  : OP_HOURS,
                                        p->at);
            parse_token(p);
            return x;
        }
        case WORD_NONE:
        case WORD_COUNT:
            if (t[1].mark == MARK_LPAREN) {
                return parse_call(p);
            }
            if (t->word == WORD_NONE) {
                return parse_name(p);
            }
            break;
        default:
            break;
        }
    }
    parse_expected(p, "a value");
    return NULL;
}

/* A number or a name does not nest; whatever has something inside does. */
static bool is_leaf(const struct parser *p)
{
    const struct token *t = parse_peek(p);
    return t->kind == TOKEN_NUMBER ||
           (t->kind == TOKEN_NAME && !t->word && t[1].mark != MARK_LPAREN);
}

static struct tally_expr *parse_nested(struct parser *p)
{
    if (is_leaf(p)) {
        return parse_primary(p);
    }
    struct tally_expr *x = enter(p) ? parse_primary(p) : NULL;
    p->nesting--;
    return x;
}

/* ---- operators, from the tightest ------------------------------------------------------- */

static struct tally_expr *parse_unary(struct parser *p)
{
    int32_t at = p->at;
    if (parse_take_mark(p, MARK_MINUS)) {
        p->file->tokens[p->at].tight = true;
        return unary(p, OP_NEG, at, parse_nested(p));
    }
    return parse_nested(p);
}

static struct tally_expr *parse_term(struct parser *p)
{
    struct tally_expr *x = parse_unary(p);
    while (x && (parse_is_mark(p, MARK_STAR) || parse_is_mark(p, MARK_SLASH))) {
        int32_t at = p->at;
        enum tally_op op = parse_token(p)->mark == MARK_STAR ? OP_MUL : OP_DIV;
        x = binary(p, op, at, x, parse_unary(p));
    }
    return x;
}

struct tally_expr *parse_sum(struct parser *p)
{
    struct tally_expr *x = parse_term(p);
    while (x && (parse_is_mark(p, MARK_PLUS) || parse_is_mark(p, MARK_MINUS))) {
        int32_t at = p->at;
        parse_may_break(p);
        enum tally_op op = parse_token(p)->mark == MARK_PLUS ? OP_ADD : OP_SUB;
        x = binary(p, op, at, x, parse_term(p));
    }
    return x;
}

static struct tally_expr *parse_at(struct parser *p)
{
    struct tally_expr *x = parse_sum(p);
    int32_t at = p->at;
    if (x && parse_take_word(p, WORD_AT)) {
        x = binary(p, OP_AT, at, x, parse_sum(p));
    }
    return x;
}

static struct tally_expr *parse_cmp(struct parser *p)
{
    struct tally_expr *x = parse_at(p);
    if (!x) {
        return NULL;
    }
    int32_t at = p->at;
    const struct token *t = parse_peek(p);
    enum tally_op op;
    if (t->mark == MARK_LT) {
        op = OP_LT;
    } else if (t->mark == MARK_LE) {
        op = OP_LE;
    } else if (t->mark == MARK_GT) {
        op = OP_GT;
    } else if (t->mark == MARK_GE) {
        op = OP_GE;
    } else if (t->word == WORD_IS) {
        op = OP_IS;
    } else {
        return x;
    }
    parse_token(p);
    if (op == OP_IS && parse_take_word(p, WORD_NOT)) {
        op = OP_IS_NOT;
    }
    return binary(p, op, at, x, parse_at(p));
}

static struct tally_expr *parse_neg(struct parser *p)
{
    int32_t at = p->at;
    if (parse_take_word(p, WORD_NOT)) {
        return unary(p, OP_NOT, at, parse_cmp(p));
    }
    return parse_cmp(p);
}

static struct tally_expr *parse_conj(struct parser *p)
{
    struct tally_expr *x = parse_neg(p);
    while (x && parse_is_word(p, WORD_AND)) {
        int32_t at = p->at;
        parse_may_break(p);
        parse_token(p);
        x = binary(p, OP_AND, at, x, parse_neg(p));
    }
    return x;
}

static struct tally_expr *parse_disj(struct parser *p)
{
    struct tally_expr *x = parse_conj(p);
    while (x && parse_is_word(p, WORD_OR)) {
        int32_t at = p->at;
        parse_may_break(p);
        parse_token(p);
        x = binary(p, OP_OR, at, x, parse_conj(p));
    }
    return x;
}

struct tally_expr *parse_expr(struct parser *p)
{
    struct tally_expr *x = parse_disj(p);
    while (x && parse_is_word(p, WORD_ELSE)) {
        int32_t at = p->at;
        parse_may_break(p);
        parse_token(p);
        x = binary(p, OP_ELSE, at, x, parse_disj(p));
    }
    return x;
}
