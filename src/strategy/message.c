/* message.c - messages in the words of a bill, with the source line, a caret and the fix. */
#include "strategy/message.h"
#include "strategy/lex.h"
#include <stdarg.h>

/* One message must fit a terminal; names in it may be long. */
#define MESSAGE_TEXT_MAX 600

void reporter_init(struct reporter *r, struct arena *a)
{
    *r = (struct reporter){ .arena = a };
}

int16_t reporter_add_file(struct reporter *r, const struct tally_file *f)
{
    if (r->n_files == r->room_files) {
        int32_t room = r->room_files ? 2 * r->room_files : 8;
        const struct tally_file **more =
            arena_many(r->arena, (size_t)room, const struct tally_file *);
        for (int32_t i = 0; i < r->n_files; i++) {
            more[i] = r->files[i];
        }
        r->files = more;
        r->room_files = room;
    }
    r->files[r->n_files] = f;
    return (int16_t)r->n_files++;
}

static struct str source_line(struct str text, int32_t line)
{
    struct str rest = text, part = { 0 };
    while (line > 0 && str_split(&rest, '\n', &part)) {
        line--;
    }
    if (line > 0) {
        return (struct str){ 0 };
    }
    while (part.n && (part.at[part.n - 1] == '\r' || part.at[part.n - 1] == ' ')) {
        part.n--;
    }
    return part;
}

/* The first n characters of s. */
static struct str first_characters(struct str s, int32_t n)
{
    size_t i = 0;
    while (i < s.n && n > 0) {
        i++;
        while (i < s.n && ((unsigned char)s.at[i] & 0xc0) == 0x80) {
            i++;
        }
        n--;
    }
    return (struct str){ s.at, i };
}

static void add(struct reporter *r, struct tally_place at, const char *code, struct str fix,
                bool warning, const char *fmt, va_list args)
{
    if (r->n >= TALLY_ERRORS_MAX) {
        r->n_errors += !warning;
        return;
    }
    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 16;
        struct strategy_message *more = arena_many(r->arena, room, struct strategy_message);
        int32_t *files = arena_many(r->arena, room, int32_t);
        if (r->n) {
            memcpy(more, r->at, r->n * sizeof *more);
            memcpy(files, r->file_of, r->n * sizeof *files);
        }
        r->at = more;
        r->file_of = files;
        r->room = room;
    }
    char text[MESSAGE_TEXT_MAX];
    vsnprintf(text, sizeof text, fmt, args);
    const struct tally_file *f = r->files[at.file];
    struct strategy_message *m = &r->at[r->n];
    r->file_of[r->n++] = at.file;
    *m = (struct strategy_message){ .file = f->name,
                                    .line = at.line,
                                    .column = at.column,
                                    .code = code,
                                    .text = str_dup(r->arena, str_of(text)),
                                    .source = source_line(f->text, at.line),
                                    .fix = fix,
                                    .warning = warning };
    struct str before = first_characters(m->source, at.column - 1);
    struct str under = { before.at + before.n, m->source.n - before.n };
    under = first_characters(under, at.n);
    m->caret = (int32_t)str_width(before) + 1;
    m->caret_n = under.n ? (int32_t)str_width(under) : 1;
    r->n_errors += !warning;
}

void report(struct reporter *r, struct tally_place at, const char *code, struct str fix,
            const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(r, at, code, fix, false, fmt, args);
    va_end(args);
}

void report_warning(struct reporter *r, struct tally_place at, const char *code, const char *fmt,
                    ...)
{
    va_list args;
    va_start(args, fmt);
    add(r, at, code, (struct str){ 0 }, true, fmt, args);
    va_end(args);
}

static bool comes_before(const struct reporter *r, size_t a, size_t b)
{
    if (r->file_of[a] != r->file_of[b]) {
        return r->file_of[a] < r->file_of[b];
    }
    if (r->at[a].line != r->at[b].line) {
        return r->at[a].line < r->at[b].line;
    }
    return r->at[a].column < r->at[b].column;
}

struct strategy_messages reporter_end(struct reporter *r)
{
    /* Insertion sort: at most TALLY_ERRORS_MAX, nearly in order. */
    for (size_t i = 1; i < r->n; i++) {
        for (size_t k = i; k > 0 && comes_before(r, k, k - 1); k--) {
            struct strategy_message m = r->at[k];
            r->at[k] = r->at[k - 1];
            r->at[k - 1] = m;
            int32_t f = r->file_of[k];
            r->file_of[k] = r->file_of[k - 1];
            r->file_of[k - 1] = f;
        }
    }
    return (struct strategy_messages){ .at = r->at, .n = r->n, .n_errors = r->n_errors };
}

void strategy_message_text(struct text *t, const struct strategy_message *m)
{
    text_addf(t, STR_FMT ":%d:%d: %s ", STR_ARG(m->file), (int)m->line, (int)m->column, m->code);
    text_add(t, m->text);
    text_add_c(t, m->warning ? " (warning)\n" : "\n");
    text_add_c(t, "    ");
    for (size_t i = 0; i < m->source.n; i++) {
        text_byte(t, m->source.at[i] == '\t' ? ' ' : m->source.at[i]);
    }
    text_add_c(t, "\n    ");
    for (int32_t i = 1; i < m->caret; i++) {
        text_byte(t, ' ');
    }
    for (int32_t i = 0; i < m->caret_n; i++) {
        text_byte(t, '^');
    }
    if (m->fix.n) {
        text_add_c(t, "   write: ");
        text_add(t, m->fix);
    } else if (!memchr(m->text.at, ';', m->text.n)) { /* else the text itself says what to do */
        text_addf(t, "   hint: %s", message_hint(m->code));
    }
    text_byte(t, '\n');
}
