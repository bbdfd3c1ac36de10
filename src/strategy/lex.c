/* lex.c - bytes to tokens; comments and blank lines hang on the token that follows them. */
#include "strategy/lex.h"
#include "strategy/message.h"
#include "base/check.h"

static const char *const WORDS[WORD_N] = {
    [WORD_NONE] = "",           [WORD_STRATEGY] = "strategy",
    [WORD_LIBRARY] = "library", [WORD_AMENDMENT] = "amendment",
    [WORD_OF] = "of",           [WORD_PARTY] = "party",
    [WORD_WINDOW] = "window",   [WORD_USE] = "use",
    [WORD_EXCEPT] = "except",   [WORD_WHEN] = "when",
    [WORD_NEXT] = "next",       [WORD_LINE] = "line",
    [WORD_FLAG] = "flag",       [WORD_WARN] = "warn",
    [WORD_HOLD] = "hold",       [WORD_FAIL] = "fail",
    [WORD_EACH] = "each",       [WORD_METER] = "meter",
    [WORD_SERIES] = "series",   [WORD_PRICE] = "price",
    [WORD_PARAM] = "param",     [WORD_INPUT] = "input",
    [WORD_STATE] = "state",     [WORD_COUNT] = "count",
    [WORD_YES_NO] = "yes_no",   [WORD_TABLE] = "table",
    [WORD_FROM] = "from",       [WORD_UPTO] = "upto",
    [WORD_DIGITS] = "digits",   [WORD_WITHIN] = "within",
    [WORD_BY] = "by",           [WORD_OPTIONAL] = "optional",
    [WORD_PER] = "per",         [WORD_YEAR] = "year",
    [WORD_GROUP] = "group",     [WORD_UNIT] = "unit",
    [WORD_VAT] = "vat",         [WORD_ON] = "on",
    [WORD_TOP] = "top",         [WORD_NO] = "no",
    [WORD_SHOWING] = "showing", [WORD_SETTLED] = "settled",
    [WORD_ELSE] = "else",       [WORD_OR] = "or",
    [WORD_AND] = "and",         [WORD_NOT] = "not",
    [WORD_IS] = "is",           [WORD_AT] = "at",
    [WORD_AGREED] = "agreed",   [WORD_IF] = "if",
    [WORD_THEN] = "then",       [WORD_CHOOSE] = "choose",
    [WORD_TIME] = "time",       [WORD_IN] = "in",
    [WORD_HOLIDAY] = "holiday", [WORD_WORKDAY] = "workday",
    [WORD_HOURS] = "hours",     [WORD_OVER] = "over",
    [WORD_WHERE] = "where",     [WORD_ABOUT] = "about",
    [WORD_TYPICAL] = "typical",
};

struct str word_text(enum word w)
{
    return str_of(WORDS[w]);
}

static enum word word_of(struct str s)
{
    for (int w = 1; w < WORD_N; w++) {
        if (str_is(s, WORDS[w])) {
            return (enum word)w;
        }
    }
    return WORD_NONE;
}

bool name_is_upper(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.at[i] >= 'a' && name.at[i] <= 'z') {
            return false;
        }
    }
    return true;
}

struct lexer {
    struct arena *arena;
    struct reporter *report;
    struct tally_file *file;
    int16_t index; /* of the file, for places */
    const char *at, *end;
    int32_t line, column;
    int32_t room;
    struct comment *comments; /* waiting for the next token */
    int32_t n_comments, room_comments;
    int32_t newlines; /* since the last token or comment */
};

/* The code point at p and its length; the text is valid UTF-8. */
static uint32_t code_point(const char *p, int *n)
{
    const unsigned char *u = (const unsigned char *)p;
    if (u[0] < 0x80) {
        *n = 1;
        return u[0];
    }
    if (u[0] < 0xe0) {
        *n = 2;
        return (uint32_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3fu);
    }
    if (u[0] < 0xf0) {
        *n = 3;
        return (uint32_t)(u[0] & 0x0f) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
    }
    *n = 4;
    return (uint32_t)(u[0] & 0x07) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 |
           (u[3] & 0x3fu);
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_ideograph(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || c == 0x3007 ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x323af);
}

static bool is_name(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
           is_ideograph(c);
}

static uint32_t peek(const struct lexer *l, int *n)
{
    if (l->at >= l->end) {
        *n = 0;
        return 0;
    }
    return code_point(l->at, n);
}

static void advance(struct lexer *l, int n)
{
    l->at += n;
    l->column++;
}

static struct tally_place here(const struct lexer *l, int32_t n)
{
    return (struct tally_place){
        .file = l->index, .token = -1, .line = l->line, .column = l->column, .n = n
    };
}

static struct token *token_add(struct lexer *l, enum token_kind kind)
{
    if (l->file->n_tokens == l->room) {
        int32_t room = l->room ? 2 * l->room : 256;
        struct token *more = arena_many(l->arena, (size_t)room, struct token);
        if (l->room) {
            memcpy(more, l->file->tokens, (size_t)l->room * sizeof *more);
        }
        l->file->tokens = more;
        l->room = room;
    }
    struct token *t = &l->file->tokens[l->file->n_tokens++];
    t->kind = kind;
    t->line = l->line;
    t->column = l->column;
    t->partner = -1;
    t->blank_before = l->newlines > 1;
    if (l->n_comments) {
        t->comments = arena_many(l->arena, (size_t)l->n_comments, struct comment);
        memcpy(t->comments, l->comments, (size_t)l->n_comments * sizeof *t->comments);
        t->n_comments = l->n_comments;
        l->n_comments = 0;
    }
    l->newlines = 0;
    return t;
}

static void comment_add(struct lexer *l)
{
    const char *start = l->at;
    while (l->at < l->end && *l->at != '\n') {
        int n;
        code_point(l->at, &n);
        advance(l, n);
    }
    struct str text = str_trim((struct str){ start, (size_t)(l->at - start) });
    if (l->newlines == 0 && l->n_comments == 0 && l->file->n_tokens > 0) {
        l->file->tokens[l->file->n_tokens - 1].trailing = text;
        return;
    }
    if (l->n_comments == l->room_comments) {
        int32_t room = l->room_comments ? 2 * l->room_comments : 16;
        struct comment *more = arena_many(l->arena, (size_t)room, struct comment);
        if (l->n_comments) {
            memcpy(more, l->comments, (size_t)l->n_comments * sizeof *more);
        }
        l->comments = more;
        l->room_comments = room;
    }
    l->comments[l->n_comments++] = (struct comment){ text, l->newlines > 1 };
    l->newlines = 0;
}

static void skip_blanks(struct lexer *l)
{
    while (l->at < l->end) {
        char c = *l->at;
        if (c == '\n') {
            l->at++;
            l->line++;
            l->column = 1;
            l->newlines++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            advance(l, 1);
        } else if (c == '#') {
            comment_add(l);
        } else {
            break;
        }
    }
}

static void token_name(struct lexer *l)
{
    struct token *t = token_add(l, TOKEN_NAME);
    const char *start = l->at;
    int n;
    for (uint32_t c = peek(l, &n); n && is_name(c); c = peek(l, &n)) {
        advance(l, n);
    }
    t->text = (struct str){ start, (size_t)(l->at - start) };
    t->n = l->column - t->column;
    t->word = word_of(t->text);
}

/* digits [. digits] [%]; "2..6" is two numbers. */
static void token_number(struct lexer *l)
{
    struct token *t = token_add(l, TOKEN_NUMBER);
    const char *start = l->at;
    while (l->at < l->end && is_digit((unsigned char)*l->at)) {
        advance(l, 1);
    }
    if (l->at + 1 < l->end && *l->at == '.' && is_digit((unsigned char)l->at[1])) {
        advance(l, 1);
        while (l->at < l->end && is_digit((unsigned char)*l->at)) {
            advance(l, 1);
        }
    }
    if (l->at < l->end && *l->at == '%') {
        advance(l, 1);
    }
    t->text = (struct str){ start, (size_t)(l->at - start) };
    t->n = l->column - t->column;
    int n;
    uint32_t c = peek(l, &n);
    if (n && is_name(c) && !is_ideograph(c)) {
        struct tally_place at = here(l, 1);
        report(l->report, at, "G06", (struct str){ 0 },
               "a number ends before a letter; put a blank between number and unit");
    }
}

static void token_string(struct lexer *l)
{
    struct tally_place at = here(l, 1);
    struct token *t = token_add(l, TOKEN_STRING);
    advance(l, 1);
    const char *start = l->at;
    int n;
    for (uint32_t c = peek(l, &n); n && c != '"' && c != '\n'; c = peek(l, &n)) {
        advance(l, n);
    }
    t->text = (struct str){ start, (size_t)(l->at - start) };
    if (l->at < l->end && *l->at == '"') {
        advance(l, 1);
    } else {
        report(l->report, at, "G03", (struct str){ 0 }, "a title ends on its line, with a '\"'");
    }
    t->n = l->column - t->column;
}

static const struct {
    const char *text;
    enum mark mark;
} MARKS[] = {
    /* the longer first */
    { "..", MARK_RANGE }, { "->", MARK_ARROW }, { "<=", MARK_LE },    { ">=", MARK_GE },
    { "(", MARK_LPAREN }, { ")", MARK_RPAREN }, { "{", MARK_LBRACE }, { "}", MARK_RBRACE },
    { ",", MARK_COMMA },  { ":", MARK_COLON },  { ".", MARK_DOT },    { "+", MARK_PLUS },
    { "-", MARK_MINUS },  { "*", MARK_STAR },   { "/", MARK_SLASH },  { "=", MARK_ASSIGN },
    { "|", MARK_BAR },    { "<", MARK_LT },     { ">", MARK_GT },
};

/* Signs as a Chinese keyboard gives them, and what is meant. */
static const struct {
    uint32_t c;
    const char *ascii;
} WIDE_SIGNS[] = {
    { 0xff08, "(" },  { 0xff09, ")" },  { 0xff0c, "," }, { 0xff1a, ":" }, { 0xff1d, "=" },
    { 0xff0b, "+" },  { 0xff0d, "-" },  { 0x00d7, "*" }, { 0x00f7, "/" }, { 0xff05, "%" },
    { 0x201c, "\"" }, { 0x201d, "\"" }, { 0xff1e, ">" }, { 0xff1c, "<" }, { 0x2265, ">=" },
    { 0x2264, "<=" }, { 0xff5b, "{" },  { 0xff5d, "}" }, { 0xff5c, "|" }, { 0x3002, "." },
    { 0xff03, "#" },  { 0x3000, " " },
};

static void bad_character(struct lexer *l, uint32_t c, int n)
{
    struct tally_place at = here(l, 1);
    for (size_t i = 0; i < sizeof WIDE_SIGNS / sizeof WIDE_SIGNS[0]; i++) {
        if (WIDE_SIGNS[i].c == c) {
            report(l->report, at, "G02", (struct str){ 0 },
                   "'%.*s' is a full-width sign; write '%s'", n, l->at, WIDE_SIGNS[i].ascii);
            advance(l, n);
            return;
        }
    }
    if (c < 0x20 || c == 0x7f) {
        report(l->report, at, "G02", (struct str){ 0 }, "a control character (%u) in the text",
               (unsigned)c);
    } else {
        report(l->report, at, "G02", (struct str){ 0 }, "'%.*s' has no meaning here", n, l->at);
    }
    advance(l, n);
}

static bool token_mark(struct lexer *l)
{
    for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++) {
        size_t n = strlen(MARKS[i].text);
        if ((size_t)(l->end - l->at) >= n && memcmp(l->at, MARKS[i].text, n) == 0) {
            struct token *t = token_add(l, TOKEN_MARK);
            t->mark = MARKS[i].mark;
            t->text = (struct str){ l->at, n };
            t->n = (int32_t)n;
            for (size_t k = 0; k < n; k++) {
                advance(l, 1);
            }
            return true;
        }
    }
    return false;
}

static void lex_tokens(struct lexer *l)
{
    for (;;) {
        skip_blanks(l);
        int n;
        uint32_t c = peek(l, &n);
        if (!n) {
            break;
        }
        if (is_digit(c)) {
            token_number(l);
        } else if (is_name(c)) {
            token_name(l);
        } else if (c == '"') {
            token_string(l);
        } else if (!token_mark(l)) {
            bad_character(l, c, n);
        }
    }
}

/* `-5 kW..`: behind a name in an expression the same signs are a difference. */
static bool begins_negative_range(const struct token *t)
{
    if (t->mark != MARK_MINUS || t[1].kind != TOKEN_NUMBER) {
        return false;
    }
    for (t += 2; t->kind == TOKEN_NAME || t->mark == MARK_SLASH || t->mark == MARK_STAR; t++) {
        if (t->word && t->word != WORD_COUNT) {
            return false;
        }
    }
    return t->mark == MARK_RANGE;
}

static bool is_head_name(const struct token *t, int32_t i)
{
    return i > 0 && t->kind == TOKEN_NAME &&
           (t[-1].word == WORD_STRATEGY || t[-1].word == WORD_LIBRARY ||
            (i > 2 && t[-1].word == WORD_OF && t[-3].word == WORD_AMENDMENT));
}

/* Words that are reserved only where the grammar asks for them, and usual names elsewhere:
 * agreed(..), table from/upto, per year, on top, about ".." behind the head, typical 1..2. */
static bool is_word_here(const struct token *t, int32_t i)
{
    enum word before = i > 0 ? t[-1].word : WORD_NONE;
    switch (t->word) {
    case WORD_AGREED:
        return t[1].mark == MARK_LPAREN;
    case WORD_FROM:
    case WORD_UPTO:
        return before == WORD_TABLE ||
               (i > 2 && t[-1].mark == MARK_COLON && t[-3].word == WORD_TABLE);
    case WORD_YEAR:
        return before == WORD_PER;
    case WORD_TOP:
        return before == WORD_ON;
    case WORD_ABOUT:
        return t[1].kind == TOKEN_STRING && i > 1 &&
               (is_head_name(t - 1, i - 1) ||
                (t[-1].kind == TOKEN_STRING && is_head_name(t - 2, i - 2)));
    case WORD_TYPICAL:
        return t[1].kind == TOKEN_NUMBER || begins_negative_range(t + 1);
    default:
        return true;
    }
}

static void free_words(struct tally_file *f)
{
    for (int32_t i = 0; i + 1 < f->n_tokens; i++) {
        if (!is_word_here(&f->tokens[i], i)) {
            f->tokens[i].word = WORD_NONE;
        }
    }
}

struct tally_file *lex_file(struct arena *a, struct str name, struct str text, struct reporter *r)
{
    struct tally_file *f = arena_make(a, struct tally_file);
    f->name = str_dup(a, name);
    f->text = str_dup(a, text);
    struct lexer l = { .arena = a, .report = r, .file = f, .line = 1, .column = 1 };
    l.index = reporter_add_file(r, f);
    check(l.index >= 0);
    l.at = f->text.at;
    l.end = l.at + f->text.n;
    struct tally_place start = here(&l, 1);
    if (text.n > STRATEGY_TEXT_MAX) {
        f->text.n = 0;
        l.end = l.at;
        report(r, start, "G05", (struct str){ 0 }, "a file has at most %u bytes, this has %zu",
               STRATEGY_TEXT_MAX, text.n);
    } else if (!str_utf8(f->text)) {
        f->text.n = 0;
        l.end = l.at;
        report(r, start, "G08", (struct str){ 0 },
               "the file is not UTF-8 text; save it as UTF-8 and load it again");
    } else if (str_starts(f->text, "\xef\xbb\xbf")) {
        l.at += 3; /* an editor's mark of the encoding */
    }
    lex_tokens(&l);
    token_add(&l, TOKEN_END);
    free_words(f);
    return f;
}
