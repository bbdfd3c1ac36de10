/* urdb.c - `sunkeeper strategy import-urdb`: a rate file in, a sound strategy or a reason out. */
#include "cmd/urdb_part.h"
#include <stdarg.h>

#define NAME_MAX_BYTES 48 /* of a strategy: the store's name has 64 */
#define ITEMS_MAX 100000

void urdb_note(struct urdb_rate *r, const char *fmt, ...)
{
    char line[512];
    va_list args;
    if (r->n_notes == URDB_NOTES_MAX) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    r->notes[r->n_notes++] = arena_copy(r->arena, line, strlen(line));
}

void urdb_cannot(struct urdb_rate *r, struct json at, const char *why)
{
    const char *line = arena_printf(r->arena, "%s: %s", at.path, why);
    for (size_t i = 0; i < r->n_refusals; i++) {
        if (strcmp(r->refusals[i], line) == 0) {
            return;
        }
    }
    if (r->n_refusals < URDB_NOTES_MAX) {
        r->refusals[r->n_refusals++] = line;
    }
}

/* "urdb_" and the letters and digits of the label or name. */
static struct str name_of(struct arena *a, struct str from)
{
    struct text t;
    text_init(&t, a, NAME_MAX_BYTES);
    text_add_c(&t, "urdb");
    bool gap = true;
    for (size_t i = 0; i < from.n && t.n + 2 < NAME_MAX_BYTES; i++) {
        char c = from.at[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
            gap = true;
            continue;
        }
        if (gap) {
            text_byte(&t, '_');
        }
        text_byte(&t, c);
        gap = false;
    }
    return text_str(&t);
}

/* The rate itself: the file, its only item, or the one that was asked for. */
static enum err_code choose_item(struct json file, const struct urdb_request *q, struct json *out,
                                 struct err *e)
{
    struct json items = json_get(file, "items");
    items = json_kind(file) == JSON_ARRAY ? file : items;
    if (json_kind(items) == JSON_NONE) {
        if (json_kind(file) != JSON_OBJECT) {
            return fail(e, ERR_INPUT, "%s: a rate is an object", file.path);
        }
        if (q->item > 0) {
            return fail(e, ERR_INPUT, "%s: one rate without items; leave --item out", file.path);
        }
        *out = file;
        return OK;
    }
    size_t n = json_len(items);
    if (json_kind(items) != JSON_ARRAY || n == 0) {
        return fail(e, ERR_INPUT, "%s: an array of rates is needed", items.path);
    }
    if (n > 1 && q->item < 0) {
        return fail(e, ERR_INPUT, "%s: %zu rates; choose one with --item 0 to %zu", items.path, n,
                    n - 1);
    }
    if (q->item > 0 && (size_t)q->item >= n) {
        return fail(e, ERR_INPUT, "%s: there is no item %d, only 0 to %zu", items.path, q->item,
                    n - 1);
    }
    *out = json_at(items, q->item > 0 ? (size_t)q->item : 0);
    return json_kind(*out) == JSON_OBJECT
               ? OK
               : fail(e, ERR_INPUT, "%s: a rate is an object", out->path);
}

static enum err_code read_currency(struct json doc, struct str *out, struct err *e)
{
    struct json j = json_get(doc, "currency");
    *out = STR("USD"); /* the database's own */
    if (json_kind(j) == JSON_NONE || json_kind(j) == JSON_NULL) {
        return OK;
    }
    if (json_str(j, out, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < out->n; i++) {
        if (out->at[i] < 'A' || out->at[i] > 'Z' || out->n != 3) {
            return fail(e, ERR_INPUT, "%s: write three letters such as USD", j.path);
        }
    }
    return out->n ? OK : fail(e, ERR_INPUT, "%s: write three letters such as USD", j.path);
}

/* Law 4: the canonical layout, and proof that the text is sound. */
static enum err_code prove(struct arena *a, struct str text, struct urdb_import *out,
                           const char *file, struct err *e)
{
    struct strategy *s;
    struct strategy_messages m = { 0 };
    struct str name = str_of(arena_printf(a, STR_FMT ".tally", STR_ARG(out->name)));
    enum err_code code = strategy_format(a, name, text, &out->text, &m, e);
    code = code == OK ? strategy_load(a, name, out->text, NULL, NULL, 0, &s, &m, e) : code;
    if (code == OK && m.n == 0) {
        return OK;
    }
    if (m.n == 0) {
        return fail_in(e, "%s: ", file);
    }
    struct text t;
    text_init(&t, a, 1 << 16);
    strategy_message_text(&t, &m.at[0]);
    return fail(e, ERR_INPUT,
                "%s: the rate does not go into one strategy; split it into fewer periods and "
                "tiers: " STR_FMT,
                file, STR_ARG(text_str(&t)));
}

enum err_code urdb_import(struct arena *a, struct str bytes, const char *file,
                          const struct urdb_request *q, struct urdb_import *out, struct err *e)
{
    struct urdb_rate r = { .arena = a, .request = q };
    struct json whole, doc;
    if (bytes.n > URDB_BYTES_MAX) {
        return fail(e, ERR_LIMIT, "%s: larger than %u bytes", file, URDB_BYTES_MAX);
    }
    if (json_parse(a, urdb_exact(a, bytes), file, &whole, e) != OK ||
        choose_item(whole, q, &doc, e) != OK || read_currency(doc, &r.currency, e) != OK) {
        return e->code;
    }
    bool brief = json_kind(json_get(doc, "schedule")) != JSON_NONE;
    if ((brief ? urdb_read_short(&r, doc, e) : urdb_read(&r, doc, e)) != OK) {
        return e->code;
    }
    struct urdb_import got = { .title = r.title, .currency = r.currency, .exports = r.sells };
    got.name = name_of(a, r.name);
    r.name = got.name;
    if (!r.energy.n && !r.flat.n && !r.demand.n && !r.coincident.n && !r.n_fixed && !r.n_least &&
        !r.has_fuel && !r.n_refusals) {
        return fail(e, ERR_INPUT, "%s: the rate has no charge at all", doc.path);
    }
    if (r.n_refusals) {
        memcpy(out->notes, r.refusals, sizeof r.refusals);
        out->n_notes = r.n_refusals;
        return fail(e, ERR_INPUT, "%s", r.refusals[0]);
    }
    struct text t;
    text_init(&t, a, STRATEGY_TEXT_MAX);
    urdb_write(&r, &t);
    if (prove(a, text_str(&t), &got, file, e) != OK) {
        return e->code;
    }
    memcpy(got.notes, r.notes, sizeof r.notes);
    got.n_notes = r.n_notes;
    for (size_t i = 0; i + 5 < got.text.n; i++) {
        got.n_lines += memcmp(got.text.at + i, "\nline ", 6) == 0;
    }
    *out = got;
    return OK;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum err_code write_text(const char *path, struct str text, struct err *e)
{
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(text.at, 1, text.n, f) == text.n;
    good = f && fclose(f) == 0 && good;
    return good ? OK : fail(e, ERR_IO, "%s: cannot be written", path);
}

static void print_import(struct cmd *c, const struct urdb_import *x, const char *path)
{
    struct text t;
    struct json_out o;
    text_init(&t, c->arena, STRATEGY_TEXT_MAX + (1 << 16));
    if (!c->json) {
        printf(STR_FMT ": " STR_FMT ", %zu lines, meters load%s, %s\n", STR_ARG(x->name),
               STR_ARG(x->title), x->n_lines, x->exports ? " and export" : "", path);
        printf("the unit yuan reads as " STR_FMT "\n", STR_ARG(x->currency));
        return;
    }
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "name", x->name);
    json_put_str(&o, "title", x->title);
    json_put_str(&o, "yuan_reads_as", x->currency);
    json_put_int(&o, "lines", (int64_t)x->n_lines);
    json_put_bool(&o, "export", x->exports);
    json_put_str(&o, "file", str_of(path));
    json_open(&o, "notes", '[');
    for (size_t i = 0; i < x->n_notes; i++) {
        json_put_str(&o, NULL, str_of(x->notes[i]));
    }
    json_close(&o, ']');
    json_close(&o, '}');
    printf(STR_FMT "\n", STR_ARG(text_str(&t)));
}

static bool read_item(const char *word, int *out)
{
    int n = 0;
    if (!*word) {
        return false;
    }
    for (const char *p = word; *p; p++) {
        if (*p < '0' || *p > '9' || n > ITEMS_MAX) {
            return false;
        }
        n = n * 10 + *p - '0';
    }
    *out = n;
    return true;
}

int urdb_command(struct cmd *c, int argc, char **argv)
{
    const char *item = NULL, *folder = NULL;
    struct urdb_request q = { .item = -1 };
    struct option options[] = {
        { "--item", &item, NULL }, { "--out", &folder, NULL }, { "--first", NULL, &q.first }, { 0 }
    };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    if (n != 1 || (item && !read_item(item, &q.item))) {
        return cmd_use(c, "write FILE.json [--item 0] [--out DIR]");
    }
    struct err e = { 0 };
    struct str bytes;
    struct urdb_import x = { 0 };
    enum err_code got = cmd_read_file(c->arena, words[0], URDB_BYTES_MAX, &bytes, &e);
    got = got == OK ? urdb_import(c->arena, bytes, words[0], &q, &x, &e) : got;
    if (got != OK) {
        code = cmd_error(c, &e);
        for (size_t i = 1; i < x.n_notes; i++) {
            fprintf(stderr, "  also %s\n", x.notes[i]);
        }
        return code;
    }
    for (size_t i = 0; !c->json && i < x.n_notes; i++) {
        fprintf(stderr, "note: %s\n", x.notes[i]);
    }
    if (!folder) {
        fprintf(stderr, "the unit yuan reads as " STR_FMT "\n", STR_ARG(x.currency));
        printf(STR_FMT, STR_ARG(x.text));
        return EXIT_DONE;
    }
    const char *path = arena_printf(c->arena, "%s/" STR_FMT ".tally", folder, STR_ARG(x.name));
    if (write_text(path, x.text, &e) != OK) {
        return cmd_error(c, &e);
    }
    print_import(c, &x, path);
    return EXIT_DONE;
}
