/* parse.c - statements by recursive descent; after an error it goes on at the next statement. */
#include "strategy/parse.h"
#include "strategy/units.h"

/* Names of one declaration and rows of one table: far more than a bill can show. */
#define NAMES_MAX 4096

/* ---- tokens ----------------------------------------------------------------------------- */

const struct token *parse_peek(const struct parser *p)
{
    return &p->file->tokens[p->at];
}

struct token *parse_token(struct parser *p)
{
    struct token *t = &p->file->tokens[p->at];
    p->at += t->kind != TOKEN_END;
    return t;
}

bool parse_is_mark(const struct parser *p, enum mark m)
{
    return parse_peek(p)->mark == m;
}

bool parse_is_word(const struct parser *p, enum word w)
{
    return parse_peek(p)->word == w;
}

bool parse_take_mark(struct parser *p, enum mark m)
{
    bool yes = parse_is_mark(p, m);
    if (yes) {
        parse_token(p);
    }
    return yes;
}

bool parse_take_word(struct parser *p, enum word w)
{
    bool yes = parse_is_word(p, w);
    if (yes) {
        parse_token(p);
    }
    return yes;
}

struct tally_place parse_place(const struct parser *p, int32_t token)
{
    const struct token *t = &p->file->tokens[token];
    return (struct tally_place){
        .file = p->index, .token = token, .line = t->line, .column = t->column, .n = t->n
    };
}

void parse_layout(struct parser *p, enum layout l)
{
    p->file->tokens[p->at].layout = l;
}

void parse_may_break(struct parser *p)
{
    if (p->brackets == 0) {
        parse_layout(p, LAYOUT_CLAUSE);
    }
}

bool parse_begins_definition(const struct parser *p)
{
    const struct token *t = parse_peek(p);
    return t->kind == TOKEN_NAME && !t->word && t[1].mark == MARK_ASSIGN && p->at > 0 &&
           t[-1].line < t->line && !p->condition;
}

void parse_expected(struct parser *p, const char *what)
{
    if (p->failed) {
        return;
    }
    p->failed = true;
    const struct token *t = parse_peek(p);
    struct tally_place at = parse_place(p, p->at);
    const struct str none = { 0 };
    if (t->kind == TOKEN_END) {
        report(p->report, at, "G01", none, "expected %s, found the end of the file", what);
    } else if (parse_begins_definition(p)) {
        report(p->report, at, "G01", none, "expected %s, found the definition of '" STR_FMT "'",
               what, STR_ARG(t->text));
    } else if (t->mark == MARK_ASSIGN) {
        report(p->report, at, "G07", none, "'=' only defines; to compare, write 'is'");
    } else if (t->kind == TOKEN_STRING) {
        report(p->report, at, "G01", none, "expected %s, found the title \"" STR_FMT "\"", what,
               STR_ARG(t->text));
    } else if (t->word) {
        report(p->report, at, "G01", none, "expected %s, found the word '" STR_FMT "'", what,
               STR_ARG(t->text));
    } else {
        report(p->report, at, "G01", none, "expected %s, found '" STR_FMT "'", what,
               STR_ARG(t->text));
    }
}

bool parse_need_mark(struct parser *p, enum mark m, const char *what)
{
    if (parse_take_mark(p, m)) {
        return true;
    }
    parse_expected(p, what);
    return false;
}

bool parse_need_word(struct parser *p, enum word w)
{
    if (parse_take_word(p, w)) {
        return true;
    }
    char what[40];
    snprintf(what, sizeof what, "'" STR_FMT "'", STR_ARG(word_text(w)));
    parse_expected(p, what);
    return false;
}

bool parse_need_name(struct parser *p, const char *what, struct name_at *out)
{
    const struct token *t = parse_peek(p);
    if (t->kind != TOKEN_NAME || t->word || parse_begins_definition(p)) {
        parse_expected(p, what);
        return false;
    }
    out->name = t->text;
    out->at = parse_place(p, p->at);
    parse_token(p);
    return true;
}

void names_add(struct parser *p, struct names *list, struct name_at name)
{
    if ((list->n & (list->n - 1)) == 0) { /* a power of two: full */
        struct name_at *more =
            arena_many(p->arena, (size_t)(list->n ? 2 * list->n : 1), struct name_at);
        if (list->n) {
            memcpy(more, list->at, (size_t)list->n * sizeof *more);
        }
        list->at = more;
    }
    list->at[list->n++] = name;
}

static struct str parse_title(struct parser *p)
{
    return parse_peek(p)->kind == TOKEN_STRING ? parse_token(p)->text : (struct str){ 0 };
}

/* ---- numbers, units, types -------------------------------------------------------------- */

bool parse_number(struct parser *p, struct decimal *out)
{
    struct str s = parse_peek(p)->text;
    bool percent = s.n && s.at[s.n - 1] == '%';
    s.n -= percent;
    struct decimal d = { 0 };
    if (decimal_parse(s, &d, NULL) != OK || d.scale + 2 * percent > DECIMAL_SCALE_MAX) {
        if (!p->failed) {
            report(p->report, parse_place(p, p->at), "G06", (struct str){ 0 },
                   "a number has at most 18 digits, %d of them decimals", DECIMAL_SCALE_MAX);
        }
        p->failed = true;
        return false;
    }
    d.scale = (int8_t)(d.scale + 2 * percent);
    *out = d;
    parse_token(p);
    return true;
}

static void unit_add(struct parser *p, struct unit_text *u, struct unit_word w)
{
    struct unit_word *more = arena_many(p->arena, (size_t)u->n + 1, struct unit_word);
    if (u->n) {
        memcpy(more, u->at, (size_t)u->n * sizeof *more);
    }
    more[u->n++] = w;
    u->at = more;
}

static bool names_unit(const struct parser *p, const struct token *t)
{
    bool known = t->kind == TOKEN_NAME && unit_is_word(t->text);
    for (int32_t i = 0; !known && i < p->opaque.n; i++) {
        known = t->kind == TOKEN_NAME && str_eq(p->opaque.at[i].name, t->text);
    }
    return known && t[1].mark != MARK_LPAREN && t[1].mark != MARK_DOT;
}

bool parse_unit(struct parser *p, struct unit_text *out)
{
    *out = (struct unit_text){ 0 };
    if (parse_is_word(p, WORD_COUNT)) {
        parse_token(p);
        out->count = true;
        return true;
    }
    struct unit_word w = { 0 };
    for (;;) {
        if (!parse_need_name(p, "a unit such as kWh or yuan/kWh", &w.name)) {
            return false;
        }
        if (out->n == 16) { /* a product of more is no unit anybody has heard of */
            parse_expected(p, "the end of the unit");
            return false;
        }
        unit_add(p, out, w);
        const struct token *t = parse_peek(p);
        if ((t->mark != MARK_STAR && t->mark != MARK_SLASH) ||
            (!p->type && !names_unit(p, t + 1))) {
            return true;
        }
        w.divide = t->mark == MARK_SLASH;
        p->file->tokens[p->at].unit = true;
        parse_token(p);
        p->file->tokens[p->at].unit = true;
    }
}

static bool parse_type_unit(struct parser *p, struct unit_text *out)
{
    p->type = true;
    bool ok = parse_unit(p, out);
    p->type = false;
    return ok;
}

static bool parse_table_type(struct parser *p, struct type_text *t)
{
    t->kind = TYPE_TABLE;
    t->upto = parse_is_word(p, WORD_UPTO);
    if (!t->upto && !parse_is_word(p, WORD_FROM)) {
        parse_expected(p, "'from' or 'upto'");
        return false;
    }
    parse_token(p);
    return parse_type_unit(p, &t->from) && parse_need_mark(p, MARK_ARROW, "'->'") &&
           parse_type_unit(p, &t->unit);
}

static bool parse_type(struct parser *p, struct type_text *t)
{
    t->at = parse_place(p, p->at);
    if (parse_take_word(p, WORD_YES_NO)) {
        t->kind = TYPE_YES_NO;
        return true;
    }
    if (parse_take_word(p, WORD_TABLE)) {
        return parse_table_type(p, t);
    }
    if (parse_peek(p)->kind == TOKEN_NAME && parse_peek(p)[1].mark == MARK_BAR) {
        t->kind = TYPE_CHOICE;
        do {
            struct name_at name;
            if (!parse_need_name(p, "the name of a choice", &name) || t->choices.n == NAMES_MAX) {
                return false;
            }
            names_add(p, &t->choices, name);
        } while (parse_take_mark(p, MARK_BAR));
        return true;
    }
    t->kind = TYPE_UNIT;
    return parse_type_unit(p, &t->unit);
}

/* [-] number [unit]; the literal may be left out where `must` is false. */
static bool parse_literal(struct parser *p, struct literal *out, bool must)
{
    out->at = parse_place(p, p->at);
    out->negative = parse_is_mark(p, MARK_MINUS);
    if (out->negative) {
        parse_token(p);
        p->file->tokens[p->at].tight = true;
    }
    if (parse_peek(p)->kind != TOKEN_NUMBER) {
        if (must || out->negative) {
            parse_expected(p, "a number");
            return false;
        }
        return true;
    }
    out->given = true;
    if (!parse_number(p, &out->number)) {
        return false;
    }
    const struct token *t = parse_peek(p);
    bool ours = t[1].mark != MARK_ASSIGN || (t->text.n > 0 && str_eq(t->text, p->bounded));
    if (names_unit(p, t) && ours && (p->row || t[1].mark != MARK_COLON)) {
        return parse_unit(p, &out->unit);
    }
    return true;
}

/* ---- declarations ----------------------------------------------------------------------- */

/* low..high of `within` and `typical`; either end may be left out where `must` is false. */
static bool parse_bounds(struct parser *p, const struct type_text *t, struct literal *low,
                         struct literal *high, bool must)
{
    bool has_unit = t->kind == TYPE_UNIT && t->unit.n > 0;
    p->bounded = has_unit ? t->unit.at[0].name.name : (struct str){ 0 };
    bool ok = parse_literal(p, low, must) && parse_need_mark(p, MARK_RANGE, "'..'") &&
              parse_literal(p, high, must);
    p->bounded = (struct str){ 0 };
    return ok;
}

static struct statement *statement_new(struct parser *p, enum statement_kind kind)
{
    struct statement *s = arena_make(p->arena, struct statement);
    s->kind = kind;
    return s;
}

/* The default: a number, or the name of a choice, or yes or no. */
static bool parse_initial(struct parser *p, struct statement *s)
{
    s->initial_at = parse_place(p, p->at);
    if (parse_is_word(p, WORD_NO)) { /* reserved because of `no vat`, but a value here */
        p->file->tokens[p->at].word = WORD_NONE;
        s->initial = parse_sum(p);
        p->file->tokens[s->initial_at.token].word = WORD_NO;
    } else {
        s->initial = parse_sum(p);
    }
    return s->initial != NULL;
}

static bool parse_attribute(struct parser *p, struct statement *s, bool *any)
{
    struct tally_place at = parse_place(p, p->at);
    *any = true;
    if (parse_take_word(p, WORD_DIGITS)) {
        struct decimal d;
        s->has_digits = true;
        s->digits_at = parse_place(p, p->at);
        if (parse_peek(p)->kind != TOKEN_NUMBER || !parse_number(p, &d)) {
            parse_expected(p, "a number of digits");
            return false;
        }
        s->digits =
            d.scale == 0 && d.units >= 0 && d.units <= DECIMAL_SCALE_MAX ? (int32_t)d.units : -1;
        return true;
    }
    if (parse_take_word(p, WORD_WITHIN)) {
        s->has_within = true;
        s->within_at = at;
        return parse_bounds(p, &s->type, &s->min, &s->max, false);
    }
    if (parse_take_word(p, WORD_TYPICAL)) {
        s->has_typical = true;
        s->typical_at = at;
        return parse_bounds(p, &s->type, &s->low, &s->high, true);
    }
    if (parse_take_word(p, WORD_BY)) {
        s->by_at = at;
        return parse_need_name(p, "the name of a window", &s->by);
    }
    if (parse_take_word(p, WORD_OPTIONAL)) {
        s->optional = true;
        s->optional_at = at;
        return true;
    }
    if (parse_take_word(p, WORD_PER)) {
        s->per_year = true;
        s->per_year_at = at;
        return parse_need_word(p, WORD_YEAR);
    }
    if (parse_take_mark(p, MARK_ASSIGN)) {
        return parse_initial(p, s);
    }
    *any = false;
    return true;
}

static struct statement *parse_decl(struct parser *p, enum strategy_kind kind)
{
    struct statement *s = statement_new(p, STATEMENT_DECL);
    s->decl = kind;
    parse_token(p);
    if (!parse_need_name(p, "a name", &s->name)) {
        return NULL;
    }
    s->broken = true;
    if (!parse_need_mark(p, MARK_COLON, "':' and a unit") || !parse_type(p, &s->type)) {
        return s;
    }
    for (bool any = true; any;) {
        if (!parse_attribute(p, s, &any)) {
            return s;
        }
    }
    s->title = parse_title(p);
    s->broken = false;
    return s;
}

static bool decl_word(enum word w, enum strategy_kind *out)
{
    switch (w) {
    case WORD_METER:
        *out = STRATEGY_METER;
        return true;
    case WORD_SERIES:
        *out = STRATEGY_SERIES;
        return true;
    case WORD_PRICE:
        *out = STRATEGY_PRICE;
        return true;
    case WORD_PARAM:
        *out = STRATEGY_PARAM;
        return true;
    case WORD_INPUT:
        *out = STRATEGY_INPUT;
        return true;
    case WORD_STATE:
        *out = STRATEGY_STATE;
        return true;
    default:
        return false;
    }
}

static struct statement *parse_table(struct parser *p)
{
    struct statement *s = statement_new(p, STATEMENT_TABLE);
    parse_token(p);
    if (!parse_need_name(p, "a name", &s->name)) {
        return NULL;
    }
    s->broken = true;
    if (!parse_need_mark(p, MARK_COLON, "':' and 'from' or 'upto'") ||
        !parse_table_type(p, &s->type)) {
        return s;
    }
    int32_t open = p->at, room = 0;
    if (!parse_need_mark(p, MARK_LBRACE, "'{'")) {
        return s;
    }
    p->open++;
    p->row = true;
    while (!parse_is_mark(p, MARK_RBRACE)) {
        struct table_row row = { 0 };
        parse_layout(p, LAYOUT_ROW);
        p->file->tokens[p->at].partner = open;
        row.rest = parse_peek(p)->kind == TOKEN_NAME && str_is(parse_peek(p)->text, "rest");
        if (row.rest) {
            parse_token(p);
        }
        if (s->n_rows == NAMES_MAX || (!row.rest && !parse_literal(p, &row.bound, true)) ||
            !parse_need_mark(p, MARK_COLON, "':'") || !parse_literal(p, &row.value, true)) {
            parse_expected(p, "a row");
            p->row = false;
            return s;
        }
        if (s->n_rows == room) {
            room = room ? 2 * room : 8;
            struct table_row *more = arena_many(p->arena, (size_t)room, struct table_row);
            if (s->n_rows) {
                memcpy(more, s->rows, (size_t)s->n_rows * sizeof *more);
            }
            s->rows = more;
        }
        s->rows[s->n_rows++] = row;
    }
    p->row = false;
    p->open--;
    parse_layout(p, LAYOUT_CASE_CLOSE);
    p->file->tokens[p->at].partner = open;
    p->file->tokens[open].partner = p->at;
    parse_token(p);
    s->broken = false;
    return s;
}

/* ---- codes, lines, flags ---------------------------------------------------------------- */

static bool parse_code(struct parser *p, struct tally_code *code)
{
    struct names list = { 0 };
    code->at = parse_place(p, p->at);
    int32_t first = p->at;
    do {
        struct name_at part;
        if (!parse_need_name(p, "a code such as SELF or SELF.tou", &part)) {
            return false;
        }
        names_add(p, &list, part);
    } while (parse_take_mark(p, MARK_DOT));
    const struct token *last = &p->file->tokens[p->at - 1];
    code->at.n = last->column + last->n - p->file->tokens[first].column;
    code->parts = arena_many(p->arena, (size_t)list.n, struct tally_part);
    code->n_parts = list.n;
    struct text name;
    text_init(&name, p->arena, STRATEGY_TEXT_MAX);
    for (int32_t i = 0; i < list.n; i++) {
        struct str part = list.at[i].name;
        code->parts[i] = (struct tally_part){ part, -1 };
        if (name_is_upper(part)) {
            if (name.n) {
                text_byte(&name, '.');
            }
            text_add(&name, part);
        }
    }
    code->name = text_str(&name);
    if (!code->name.n && !p->failed) {
        report(p->report, code->at, "L52", (struct str){ 0 },
               "a code has a part in capitals: it is what the bill prints");
        p->failed = true;
        return false;
    }
    return true;
}

static bool parse_party(struct parser *p, struct tally_party *out)
{
    int32_t first = p->at;
    struct name_at a, b;
    out->symbol = out->axis = -1;
    out->at = parse_place(p, p->at);
    if (!parse_need_name(p, "a party", &a)) {
        return false;
    }
    out->name = a.name;
    if (parse_take_mark(p, MARK_DOT)) {
        if (!parse_need_name(p, "the name of a party of the member", &b)) {
            return false;
        }
        struct str s = { NULL, 0 };
        s.at = arena_printf(p->arena, STR_FMT "." STR_FMT, STR_ARG(a.name), STR_ARG(b.name));
        s.n = strlen(s.at);
        out->name = s;
        out->at.n = b.at.column + b.at.n - p->file->tokens[first].column;
    }
    return true;
}

/* One clause; *any is false where none begins. A clause said twice is an error. */
static bool parse_clause(struct parser *p, struct statement *s, bool *any)
{
    enum word w = parse_peek(p)->word;
    bool twice = false;
    *any = true;
    if (w == WORD_VAT || w == WORD_NO) {
        twice = s->vat_said;
    } else if (w == WORD_WHEN) {
        twice = s->when != NULL;
    } else if (w == WORD_SHOWING) {
        twice = s->showing != NULL;
    } else if (w == WORD_SETTLED) {
        twice = s->settled_by.name.n > 0;
    } else {
        *any = false;
        return true;
    }
    if (twice) {
        report(p->report, parse_place(p, p->at), "L53", (struct str){ 0 },
               "'" STR_FMT "' is said twice in one line", STR_ARG(word_text(w)));
        p->failed = true;
        return false;
    }
    parse_layout(p, LAYOUT_CLAUSE);
    parse_token(p);
    switch (w) {
    case WORD_NO:
        s->vat_said = true;
        s->vat = VAT_NONE;
        return parse_need_word(p, WORD_VAT);
    case WORD_VAT:
        s->vat_said = true;
        s->vat = VAT_INCLUDED;
        if (!(s->vat_rate = parse_sum(p))) {
            return false;
        }
        if (parse_take_word(p, WORD_ON)) {
            s->vat = VAT_ON_TOP;
            return parse_need_word(p, WORD_TOP);
        }
        return true;
    case WORD_WHEN:
        return (s->when = parse_expr(p)) != NULL;
    case WORD_SHOWING:
        return (s->showing = parse_expr(p)) != NULL;
    default:
        return parse_need_word(p, WORD_BY) && parse_party(p, &s->settled_by);
    }
}

static struct statement *parse_line(struct parser *p)
{
    struct statement *s = statement_new(p, STATEMENT_LINE);
    s->payer.symbol = s->payee.symbol = s->settled_by.symbol = -1;
    parse_token(p);
    if (!parse_code(p, &s->code)) {
        return NULL;
    }
    s->name = (struct name_at){ s->code.name, s->code.at };
    s->broken = true;
    s->title = parse_title(p);
    if (!parse_party(p, &s->payer) || !parse_need_mark(p, MARK_ARROW, "'->'") ||
        !parse_party(p, &s->payee) || !(s->body = parse_expr(p))) {
        return s;
    }
    for (bool any = true; any;) {
        if (!parse_clause(p, s, &any)) {
            return s;
        }
    }
    s->broken = false;
    return s;
}

static struct statement *parse_flag(struct parser *p)
{
    struct statement *s = statement_new(p, STATEMENT_FLAG);
    parse_token(p);
    if (!parse_code(p, &s->code)) {
        return NULL;
    }
    s->name = (struct name_at){ s->code.name, s->code.at };
    s->broken = true;
    if (parse_take_word(p, WORD_WARN)) {
        s->level = FLAG_WARN;
    } else if (parse_take_word(p, WORD_HOLD)) {
        s->level = FLAG_HOLD;
    } else if (parse_take_word(p, WORD_FAIL)) {
        s->level = FLAG_FAIL;
    } else {
        parse_expected(p, "'warn', 'hold' or 'fail'");
        return s;
    }
    s->title = parse_title(p);
    parse_layout(p, LAYOUT_CLAUSE);
    s->broken = !parse_need_word(p, WORD_WHEN) || !(s->when = parse_expr(p));
    return s;
}

/* ---- definitions and the rest ----------------------------------------------------------- */

static struct statement *parse_define(struct parser *p)
{
    struct statement *s = statement_new(p, STATEMENT_DEFINE);
    const struct token *t = parse_peek(p);
    if (t->kind != TOKEN_NAME || t->word) {
        parse_expected(p, "a statement");
        return NULL;
    }
    s->name = (struct name_at){ t->text, parse_place(p, p->at) };
    if (str_is(t->text, "about") && t[1].kind == TOKEN_STRING) {
        report(p->report, s->name.at, "G09", (struct str){ 0 },
               "'about' stands once, on the line below the first");
        p->failed = true;
        return NULL;
    }
    parse_token(p);
    s->broken = !parse_need_mark(p, MARK_ASSIGN, "'='") || !(s->body = parse_expr(p));
    if (!s->broken) {
        s->title = parse_title(p);
    }
    return s;
}

static struct statement *parse_except(struct parser *p)
{
    struct statement *s = statement_new(p, STATEMENT_EXCEPT);
    parse_token(p);
    if (!parse_need_name(p, "the name of a definition", &s->name)) {
        return NULL;
    }
    p->condition = true;
    s->broken = !parse_need_word(p, WORD_WHEN) || !(s->when = parse_expr(p));
    p->condition = false;
    s->broken = s->broken || !parse_need_mark(p, MARK_ASSIGN, "'='") || !(s->body = parse_expr(p));
    return s;
}

static struct statement *parse_next(struct parser *p)
{
    struct statement *s = statement_new(p, STATEMENT_NEXT);
    parse_token(p);
    p->condition = true; /* a state's name and '=' follow here, too */
    bool named = parse_need_name(p, "the name of a state", &s->name);
    p->condition = false;
    if (!named) {
        return NULL;
    }
    s->broken = !parse_need_mark(p, MARK_ASSIGN, "'='") || !(s->body = parse_expr(p));
    return s;
}

static struct statement *parse_named(struct parser *p, enum statement_kind kind, bool title)
{
    struct statement *s = statement_new(p, kind);
    parse_token(p);
    if (!parse_need_name(p, "a name", &s->name)) {
        return NULL;
    }
    if (title) {
        s->title = parse_title(p);
    }
    return s;
}

static struct statement *parse_parties(struct parser *p)
{
    struct statement *s = statement_new(p, STATEMENT_PARTY);
    s->name.at = parse_place(p, p->at);
    parse_token(p);
    do {
        struct name_at name;
        if (!parse_need_name(p, "the name of a party", &name) || s->names.n == NAMES_MAX) {
            break;
        }
        names_add(p, &s->names, name);
    } while (parse_take_mark(p, MARK_COMMA));
    return s;
}

static bool begins_statement(const struct parser *p)
{
    const struct token *t = parse_peek(p);
    switch (t->word) {
    case WORD_PARTY:
    case WORD_METER:
    case WORD_SERIES:
    case WORD_PRICE:
    case WORD_PARAM:
    case WORD_INPUT:
    case WORD_STATE:
    case WORD_GROUP:
    case WORD_TABLE:
    case WORD_UNIT:
    case WORD_WINDOW:
    case WORD_USE:
    case WORD_EXCEPT:
    case WORD_NEXT:
    case WORD_LINE:
    case WORD_FLAG:
    case WORD_EACH:
        return true;
    case WORD_NONE:
        return t->kind == TOKEN_NAME && t[1].mark == MARK_ASSIGN;
    default:
        return false;
    }
}

/* After an error: to the next statement, or to the brace that ends this block. */
static void recover(struct parser *p, bool block)
{
    p->failed = false;
    p->nesting = 0;
    p->brackets = 0;
    p->row = p->type = false;
    int32_t open = p->open;
    p->open = 0;
    while (parse_peek(p)->kind != TOKEN_END && !begins_statement(p)) {
        if (parse_is_mark(p, MARK_LBRACE)) {
            open++;
        } else if (parse_is_mark(p, MARK_RBRACE)) {
            if (open == 0 && block) {
                break;
            }
            open -= open > 0;
        }
        parse_token(p);
    }
}

static struct statement *parse_block(struct parser *p, bool group);

static struct statement *parse_each(struct parser *p)
{
    struct statement *s = parse_named(p, STATEMENT_EACH, false);
    if (!s || !parse_need_mark(p, MARK_LBRACE, "'{'")) {
        return s;
    }
    if (++p->blocks > TALLY_NESTING_MAX) {
        report(p->report, s->name.at, "G04", (struct str){ 0 }, "nested deeper than %d",
               TALLY_NESTING_MAX);
        p->failed = true;
        p->blocks--;
        return s;
    }
    s->first = parse_block(p, false);
    p->blocks--;
    parse_layout(p, LAYOUT_CLOSE);
    parse_need_mark(p, MARK_RBRACE, "'}'");
    return s;
}

static struct statement *parse_group(struct parser *p)
{
    struct statement *s = parse_named(p, STATEMENT_GROUP, false);
    if (!s) {
        return NULL;
    }
    if (parse_take_word(p, WORD_OF) && !parse_need_name(p, "the outer group", &s->of)) {
        s->broken = true;
        return s;
    }
    s->title = parse_title(p);
    if (!parse_need_mark(p, MARK_LBRACE, "'{'")) {
        s->broken = true;
        return s;
    }
    p->blocks++;
    s->first = parse_block(p, true);
    p->blocks--;
    parse_layout(p, LAYOUT_CLOSE);
    parse_need_mark(p, MARK_RBRACE, "'}'");
    return s;
}

/* Inside a group: party [NAME], unit NAME, declarations. */
static struct statement *parse_member(struct parser *p)
{
    enum strategy_kind kind;
    if (decl_word(parse_peek(p)->word, &kind)) {
        return parse_decl(p, kind);
    }
    if (parse_is_word(p, WORD_UNIT)) {
        return parse_named(p, STATEMENT_UNIT, false);
    }
    if (parse_is_word(p, WORD_PARTY)) {
        struct statement *s = statement_new(p, STATEMENT_PARTY);
        s->name.at = parse_place(p, p->at);
        parse_token(p);
        if (parse_peek(p)->kind == TOKEN_NAME && !parse_peek(p)->word) {
            parse_need_name(p, "a name", &s->name);
        }
        return s;
    }
    parse_expected(p, "'party', 'unit' or a declaration: this is a group");
    return NULL;
}

static struct statement *parse_statement(struct parser *p)
{
    enum strategy_kind kind;
    switch (parse_peek(p)->word) {
    case WORD_PARTY:
        return parse_parties(p);
    case WORD_GROUP:
        return parse_group(p);
    case WORD_TABLE:
        return parse_table(p);
    case WORD_WINDOW:
        return parse_named(p, STATEMENT_WINDOW, true);
    case WORD_UNIT:
        return parse_named(p, STATEMENT_UNIT, true);
    case WORD_USE:
        return parse_named(p, STATEMENT_USE, false);
    case WORD_EXCEPT:
        return parse_except(p);
    case WORD_NEXT:
        return parse_next(p);
    case WORD_LINE:
        return parse_line(p);
    case WORD_FLAG:
        return parse_flag(p);
    case WORD_EACH:
        return parse_each(p);
    default:
        if (decl_word(parse_peek(p)->word, &kind)) {
            return parse_decl(p, kind);
        }
        return parse_define(p);
    }
}

/* Statements up to the closing brace or the end of the file. */
static struct statement *parse_block(struct parser *p, bool group)
{
    struct statement *first = NULL, **end = &first;
    bool block = p->blocks > 0;
    while (parse_peek(p)->kind != TOKEN_END && !(block && parse_is_mark(p, MARK_RBRACE))) {
        parse_layout(p, LAYOUT_STATEMENT);
        int32_t before = p->at, node = p->nodes->n;
        struct statement *s = group ? parse_member(p) : parse_statement(p);
        p->lost = p->lost || !s;
        if (s) {
            s->node_from = node;
            s->node_to = p->nodes->n;
            *end = s;
            end = &s->next;
        }
        if (p->failed) {
            recover(p, block);
        }
        if (p->at == before) {
            parse_token(p); /* nothing was taken: never stand still */
            recover(p, block);
        }
    }
    return first;
}

static void parse_head(struct parser *p, struct parsed *out)
{
    parse_layout(p, LAYOUT_STATEMENT);
    out->name.at = parse_place(p, p->at);
    if (parse_take_word(p, WORD_STRATEGY)) {
        out->kind = FILE_STRATEGY;
    } else if (parse_take_word(p, WORD_LIBRARY)) {
        out->kind = FILE_LIBRARY;
    } else if (parse_take_word(p, WORD_AMENDMENT)) {
        out->kind = FILE_AMENDMENT;
    } else {
        parse_expected(p, "'strategy', 'library' or 'amendment' and a name");
    }
    if (!p->failed && parse_need_name(p, "a name", &out->name) && out->kind == FILE_AMENDMENT &&
        parse_need_word(p, WORD_OF)) {
        parse_need_name(p, "the name of the strategy that it amends", &out->of);
    }
    if (p->failed) {
        recover(p, false);
    } else {
        out->title = parse_title(p);
    }
    if (!p->failed && parse_is_word(p, WORD_ABOUT)) {
        parse_layout(p, LAYOUT_STATEMENT);
        parse_token(p);
        out->about = parse_title(p);
    }
}

/* `unit q` anywhere in the file makes q a unit after numbers. */
static void find_opaque(struct parser *p)
{
    for (int32_t i = 0; i + 1 < p->file->n_tokens; i++) {
        const struct token *t = &p->file->tokens[i];
        if (t->word == WORD_UNIT && t[1].kind == TOKEN_NAME && !t[1].word &&
            p->opaque.n < TALLY_OPAQUE_MAX) {
            names_add(p, &p->opaque, (struct name_at){ t[1].text, parse_place(p, i + 1) });
        }
    }
}

struct parsed *parse_file(struct nodes *nodes, struct reporter *r, struct str name, struct str text)
{
    struct parsed *out = arena_make(nodes->arena, struct parsed);
    struct parser p = { .arena = nodes->arena, .nodes = nodes, .report = r };
    p.index = (int16_t)r->n_files;
    p.file = lex_file(nodes->arena, name, text, r);
    out->file = p.file;
    out->index = p.index;
    if (p.file->text.n == 0 && text.n > 0) { /* refused as a whole */
        out->lost = true;
        return out;
    }
    find_opaque(&p);
    parse_head(&p, out);
    out->first = parse_block(&p, false);
    out->lost = p.lost;
    return out;
}
