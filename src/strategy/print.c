/* print.c - the canonical layout, from tokens and the marks the parser left on them.
 *
 * Two blanks per block; a statement on one line while it fits in LINE_WIDTH, else broken before
 * cases, then before clauses and operators. Comments and single blank lines stay where they were.
 * Only commas between cases come and go (they are optional); no other token is added or lost.
 */
#include "strategy/print.h"

#define LINE_WIDTH 100
#define INDENT 2
/* A printed text is at most this much longer than what was read: blanks around every sign and the
 * indentation of every token, were each on its own line. */
#define PRINT_TEXT_MAX (8u << 20)

struct printer {
    const struct tally_file *f;
    struct text *out;
    int32_t column;  /* display columns on this line */
    int32_t depth;   /* blocks that are open */
    int32_t braces;  /* broken case braces that are open */
    bool fresh;      /* nothing on this line yet */
    bool first;      /* nothing printed at all, or just after an opening brace */
    bool flat;       /* one line, no comments: for messages */
    bool must_break; /* a comment ended the line */
};

static bool space_between(const struct token *a, const struct token *b)
{
    if (b->tight || b->unit || a->mark == MARK_LPAREN || a->mark == MARK_DOT) {
        return false;
    }
    if (a->mark == MARK_RANGE) {
        return b->kind != TOKEN_NUMBER && b->mark != MARK_MINUS;
    }
    switch (b->mark) {
    case MARK_RPAREN:
    case MARK_COMMA:
    case MARK_COLON:
    case MARK_DOT:
        return false;
    case MARK_RANGE:
        return a->word == WORD_WITHIN;
    default:
        return true;
    }
}

static int32_t token_width(const struct token *t)
{
    return (int32_t)str_width(t->text) + (t->kind == TOKEN_STRING ? 2 : 0);
}

/* Columns of tokens [first, last] on one line; a comma before each case but the first. */
static int32_t flat_width(const struct tally_file *f, int32_t first, int32_t last)
{
    int32_t n = 0;
    for (int32_t i = first; i <= last; i++) {
        const struct token *t = &f->tokens[i];
        if (t->layout == LAYOUT_DROP) {
            continue;
        }
        n += token_width(t) + (t->layout == LAYOUT_CASE);
        n += i > first && space_between(t - 1, t);
    }
    return n;
}

static bool has_comments(const struct tally_file *f, int32_t first, int32_t last)
{
    for (int32_t i = first; i < last; i++) {
        if (f->tokens[i].trailing.n || f->tokens[i + 1].n_comments) {
            return true;
        }
    }
    return false;
}

static void new_line(struct printer *p, int32_t indent)
{
    if (!p->fresh) {
        text_byte(p->out, '\n');
    }
    for (int32_t i = 0; i < indent; i++) {
        text_byte(p->out, ' ');
    }
    p->column = indent;
    p->fresh = true;
    p->must_break = false;
}

static void put(struct printer *p, struct str s)
{
    text_add(p->out, s);
    p->column += (int32_t)str_width(s);
    p->fresh = false;
}

static int32_t indent_of(const struct printer *p)
{
    return INDENT * (p->depth + p->braces);
}

static void put_blank_line(struct printer *p, bool wanted)
{
    if (wanted && !p->first) {
        if (!p->fresh) {
            text_byte(p->out, '\n');
        }
        text_byte(p->out, '\n');
        p->fresh = true;
        p->column = 0;
        p->must_break = false;
    }
}

/* Comments on lines of their own in front of a token. */
static void put_comments(struct printer *p, const struct token *t, int32_t indent)
{
    for (int32_t i = 0; i < t->n_comments; i++) {
        put_blank_line(p, t->comments[i].blank_before);
        new_line(p, indent);
        put(p, t->comments[i].text);
        p->must_break = true;
        p->first = false;
    }
}

/* Whether the case braces that open at token i take lines of their own. */
static bool braces_break(const struct printer *p, int32_t i)
{
    const struct token *t = &p->f->tokens[i];
    if (p->flat) {
        return false;
    }
    if (p->f->tokens[i + 1].layout == LAYOUT_ROW || has_comments(p->f, i, t->partner)) {
        return true;
    }
    return p->column + 1 + flat_width(p->f, i, t->partner) > LINE_WIDTH;
}

/* The part of a line up to the next place where it might break. */
static int32_t chunk_end(const struct tally_file *f, int32_t i)
{
    while (f->tokens[i + 1].kind != TOKEN_END && f->tokens[i + 1].layout == LAYOUT_NONE &&
           f->tokens[i].mark != MARK_LBRACE) {
        i++;
    }
    return i;
}

static void put_token(struct printer *p, const struct token *t)
{
    if (t->kind == TOKEN_STRING) {
        put(p, STR("\""));
        put(p, t->text);
        put(p, STR("\""));
    } else {
        put(p, t->text);
    }
    p->first = t->mark == MARK_LBRACE;
    if (t->trailing.n && !p->flat) {
        put(p, STR("  "));
        put(p, t->trailing);
        p->must_break = true;
    }
}

/* The token belongs to cases that were broken into lines; `broken` is NULL on one line. */
static bool is_broken(const uint8_t *broken, const struct token *t)
{
    return broken && t->partner >= 0 && broken[t->partner];
}

static void put_next(struct printer *p, uint8_t *broken, int32_t i, int32_t first)
{
    const struct token *t = &p->f->tokens[i];
    bool in_broken = is_broken(broken, t);
    bool line = false;
    int32_t indent;
    if (t->layout == LAYOUT_CLOSE) {
        p->depth -= p->depth > 0;
    }
    if (t->layout == LAYOUT_CASE_CLOSE && in_broken) {
        p->braces--;
    }
    switch (t->layout) {
    case LAYOUT_STATEMENT:
    case LAYOUT_CLOSE:
        line = true;
        break;
    case LAYOUT_CASE:
    case LAYOUT_ROW:
    case LAYOUT_CASE_CLOSE:
        line = in_broken;
        break;
    case LAYOUT_CLAUSE:
        line = p->column + 1 + flat_width(p->f, i, chunk_end(p->f, i)) > LINE_WIDTH;
        break;
    default:
        break;
    }
    indent = indent_of(p) + (line && t->layout != LAYOUT_CLAUSE ? 0 : INDENT);
    if (!p->flat) {
        bool inner = t->layout == LAYOUT_CLOSE || (t->layout == LAYOUT_CASE_CLOSE && in_broken);
        put_comments(p, t, indent + (inner ? INDENT : 0));
        if (line && (t->layout == LAYOUT_STATEMENT || t->layout == LAYOUT_ROW || in_broken)) {
            put_blank_line(p, t->blank_before && t->layout == LAYOUT_STATEMENT);
        }
    }
    if (t->layout == LAYOUT_DROP) {
        if (t->trailing.n && !p->flat) {
            put(p, STR("  "));
            put(p, t->trailing);
            p->must_break = true;
        }
        return;
    }
    const struct token *before = i > first ? t - 1 : NULL;
    if (before && before->layout == LAYOUT_DROP) {
        before--;
    }
    if (t->layout == LAYOUT_CASE && !in_broken && before && before->mark != MARK_LBRACE) {
        put(p, STR(","));
    }
    if (!p->flat && (line || p->must_break)) {
        new_line(p, indent);
    } else if (before && space_between(before, t)) {
        put(p, STR(" "));
    }
    if (t->mark == MARK_LBRACE && t->partner > i) {
        if (broken) {
            broken[i] = braces_break(p, i);
            p->braces += broken[i];
        }
    } else if (t->mark == MARK_LBRACE) {
        p->depth++;
    }
    put_token(p, t);
}

void print_file(struct text *out, struct arena *a, const struct tally_file *f)
{
    struct printer p = { .f = f, .out = out, .fresh = true, .first = true };
    uint8_t *broken = arena_many(a, (size_t)f->n_tokens, uint8_t);
    for (int32_t i = 0; i + 1 < f->n_tokens; i++) {
        put_next(&p, broken, i, 0);
    }
    p.depth = p.braces = 0;
    put_comments(&p, &f->tokens[f->n_tokens - 1], 0);
    if (!p.fresh) {
        text_byte(out, '\n');
    }
}

struct str print_tokens(struct arena *a, const struct tally_file *f, int32_t first, int32_t last)
{
    struct text t;
    text_init(&t, a, PRINT_TEXT_MAX);
    struct printer p = { .f = f, .out = &t, .fresh = true, .first = true, .flat = true };
    for (int32_t i = first; i <= last; i++) {
        put_next(&p, NULL, i, first);
    }
    return text_str(&t);
}

struct str tally_expr_text(struct arena *a, const struct tally_program *p,
                           const struct tally_expr *x)
{
    return print_tokens(a, p->files[x->at.file], x->first, x->last);
}

struct str tally_file_name(const struct tally_program *p, struct tally_place at)
{
    return p->files[at.file]->name;
}

struct str tally_canonical(struct arena *a, const struct tally_program *p)
{
    struct text t;
    text_init(&t, a, PRINT_TEXT_MAX);
    for (int32_t i = 0; i < p->n_files; i++) {
        print_file(&t, a, p->files[i]);
        text_byte(&t, '\f');
    }
    return text_str(&t);
}

enum err_code strategy_format(struct arena *arena, struct str file, struct str text,
                              struct str *out, struct strategy_messages *messages, struct err *e)
{
    struct reporter r;
    reporter_init(&r, arena);
    struct nodes nodes = { .arena = arena };
    struct parsed *parsed = parse_file(&nodes, &r, file, text);
    *messages = reporter_end(&r);
    if (messages->n_errors) {
        const struct strategy_message *m = &messages->at[0];
        return fail(e, ERR_INPUT, STR_FMT ":%d:%d: %s " STR_FMT, STR_ARG(m->file), (int)m->line,
                    (int)m->column, m->code, STR_ARG(m->text));
    }
    struct text t;
    text_init(&t, arena, PRINT_TEXT_MAX);
    print_file(&t, arena, parsed->file);
    *out = text_str(&t);
    return OK;
}
