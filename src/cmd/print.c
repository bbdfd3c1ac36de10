/* print.c - tables that align (Chinese characters are two columns wide), amounts, progress. */
#include "cmd/cmd.h"
#include <stdarg.h>
#include <unistd.h>

struct table {
    struct arena *arena;
    const char *align;
    const char *const *titles, *const *keys;
    size_t columns, n, room;
    struct str *cells;
};

struct table *table_new(struct arena *a, const char *align, const char *const *titles,
                        const char *const *keys)
{
    struct table *t = arena_make(a, struct table);
    *t = (struct table){ a, align, titles, keys, strlen(align), 0, 0, NULL };
    return t;
}

void table_cell(struct table *t, struct str cell)
{
    if (t->n == t->room) {
        size_t room = t->room ? t->room * 2 : 64;
        struct str *more = arena_many(t->arena, room, struct str);
        if (t->n) {
            memcpy(more, t->cells, t->n * sizeof *more);
        }
        t->cells = more;
        t->room = room;
    }
    t->cells[t->n++] = str_dup(t->arena, cell);
}

void table_cellf(struct table *t, const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    size_t size = n < 0 ? 0 : (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1;
    table_cell(t, (struct str){ buf, size });
}

size_t table_rows(const struct table *t)
{
    return t->n / t->columns;
}

/* "12,345.67" as a program reads it: "12345.67". */
static struct str ungrouped(struct arena *a, struct str cell)
{
    struct text t;
    text_init(&t, a, cell.n + 1);
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.at[i] != ',') {
            text_byte(&t, cell.at[i]);
        }
    }
    return text_str(&t);
}

static void table_json(const struct table *t, FILE *out)
{
    struct text text;
    text_init(&text, t->arena, 256u << 20);
    struct json_out o;
    json_out_init(&o, &text, false);
    json_open(&o, NULL, '[');
    for (size_t r = 0; r < table_rows(t); r++) {
        json_open(&o, NULL, '{');
        for (size_t k = 0; k < t->columns; k++) {
            struct str cell = t->cells[r * t->columns + k];
            int64_t v;
            struct err e;
            if (t->align[k] == 'n' && decimal_scaled(cell, 0, &v, &e) == OK) {
                json_put_int(&o, t->keys[k], v);
            } else if (t->align[k] == 'r') {
                json_put_str(&o, t->keys[k], ungrouped(t->arena, cell));
            } else {
                json_put_str(&o, t->keys[k], cell);
            }
        }
        json_close(&o, '}');
    }
    json_close(&o, ']');
    fprintf(out, STR_FMT "\n", STR_ARG(text_str(&text)));
}

static void table_line(const struct table *t, const struct str *cells, const size_t *width,
                       FILE *out)
{
    for (size_t k = 0; k < t->columns; k++) {
        size_t pad = width[k] - str_width(cells[k]);
        bool left = t->align[k] == 'l';
        if (!left) {
            fprintf(out, "%*s", (int)pad, "");
        }
        fprintf(out, STR_FMT, STR_ARG(cells[k]));
        if (k + 1 < t->columns) {
            fprintf(out, "%*s  ", left ? (int)pad : 0, "");
        }
    }
    fputc('\n', out);
}

void table_print(const struct table *t, const struct cmd *c, FILE *out)
{
    if (c->json) {
        table_json(t, out);
        return;
    }
    size_t *width = arena_many(t->arena, t->columns, size_t);
    struct str *head = arena_many(t->arena, t->columns, struct str);
    struct str *rule = arena_many(t->arena, t->columns, struct str);
    for (size_t k = 0; k < t->columns; k++) {
        head[k] = str_of(t->titles[k]);
        width[k] = str_width(head[k]);
    }
    for (size_t i = 0; i < t->n; i++) {
        size_t w = str_width(t->cells[i]);
        size_t *max = &width[i % t->columns];
        *max = w > *max ? w : *max;
    }
    for (size_t k = 0; k < t->columns; k++) {
        char *dashes = arena_alloc(t->arena, width[k] + 1);
        memset(dashes, '-', width[k]);
        rule[k] = (struct str){ dashes, width[k] };
    }
    table_line(t, head, width, out);
    table_line(t, rule, width, out);
    for (size_t r = 0; r < table_rows(t); r++) {
        table_line(t, t->cells + r * t->columns, width, out);
    }
}

/* The integer part in groups of three, then `scale` decimals. */
static struct str grouped(struct arena *a, int64_t units, int scale)
{
    struct text plain, t;
    text_init(&plain, a, 64);
    text_init(&t, a, 96);
    text_scaled(&plain, units, scale);
    struct str s = text_str(&plain);
    size_t start = s.n && s.at[0] == '-' ? 1 : 0;
    const char *dot = memchr(s.at, '.', s.n);
    size_t whole = dot ? (size_t)(dot - s.at) : s.n;
    for (size_t i = 0; i < s.n; i++) {
        if (i > start && i < whole && (whole - i) % 3 == 0) {
            text_byte(&t, ',');
        }
        text_byte(&t, s.at[i]);
    }
    return text_str(&t);
}

struct str money_text(struct arena *a, int64_t fen)
{
    return grouped(a, fen, 2);
}

struct str energy_text(struct arena *a, int64_t kwh_e4)
{
    return grouped(a, (int64_t)round_half_away(kwh_e4, 2), 2);
}

void progress_start(struct progress *p, const struct cmd *c, const char *what, const char *unit,
                    int64_t total)
{
    *p = (struct progress){
        what, unit, total > 0 ? total : 1, -1, c->clock.now(c->clock.ctx), c, -1
    };
    progress_step(p, 0);
}

static void progress_bar(const struct progress *p, int64_t done)
{
    enum { BAR = 30 };
    int full = (int)((__int128)done * BAR / p->total);
    fprintf(stderr, "\r%-12s [", p->what);
    for (int i = 0; i < BAR; i++) {
        fputs(i < full ? "#" : ".", stderr);
    }
    fprintf(stderr, "] %3d %%  %lld %s ", (int)((__int128)done * 100 / p->total), (long long)done,
            p->unit);
}

void progress_step(struct progress *p, int64_t done)
{
    if (p->cmd->quiet || p->cmd->json) {
        return;
    }
    done = done > p->total ? p->total : done;
    if (isatty(STDERR_FILENO)) {
        int64_t percent = (int64_t)((__int128)done * 100 / p->total);
        if (percent != p->shown) {
            p->shown = percent;
            progress_bar(p, done);
        }
        return;
    }
    int tenth = (int)((__int128)done * 10 / p->total);
    if (tenth != p->last_tenth && (tenth == 5 || tenth == 10)) {
        p->last_tenth = tenth;
        fprintf(stderr, "%s: %d %% (%lld%s%s)\n", p->what, tenth * 10, (long long)done,
                *p->unit ? " " : "", p->unit);
    }
}

void progress_end(struct progress *p)
{
    progress_step(p, p->total);
    if (!p->cmd->quiet && !p->cmd->json && isatty(STDERR_FILENO)) {
        fputc('\n', stderr);
    }
}
