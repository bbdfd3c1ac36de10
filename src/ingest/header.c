/* header.c - which column is which. Everything wrong here is found before anything is written. */
#include "ingest/encoding.h"
#include "ingest/import.h"

static enum err_code wrong_at(const struct import *im, int column, const char *what,
                              struct str name, const char *remedy, struct err *e)
{
    return fail_named(e, ERR_INPUT, "E_SCHEMA", "%s:%lld:%d: %s \"" STR_FMT "\": %s", im->job->file,
                      (long long)im->lines.number, column + 1, what, STR_ARG(name), remedy);
}

static enum err_code missing(const struct import *im, struct str name, const char *what,
                             struct err *e)
{
    if (im->n_columns == 1 && memchr(im->line.at, im->m->delimiter, im->line.n) == NULL) {
        return fail_named(e, ERR_INPUT, "E_SCHEMA",
                          "%s:%lld: the header line has no \"%c\": \"delimiter\" of the mapping %s "
                          "does not fit",
                          im->job->file, (long long)im->lines.number, im->m->delimiter,
                          im->m->file);
    }
    return fail_named(e, ERR_INPUT, "E_SCHEMA",
                      "%s:%lld: column \"" STR_FMT "\" (%s) is not in the header line: correct the "
                      "mapping %s, or fetch the right file",
                      im->job->file, (long long)im->lines.number, STR_ARG(name), what, im->m->file);
}

static int find_cell(const struct import *im, struct str name)
{
    for (int i = 0; i < im->n_columns; i++) {
        if (str_eq(im->cells[i], name)) {
            return i;
        }
    }
    return NO_COLUMN;
}

static enum err_code take(const struct import *im, struct str name, const char *what, bool *used,
                          int *out, struct err *e)
{
    *out = find_cell(im, name);
    if (*out == NO_COLUMN) {
        return missing(im, name, what, e);
    }
    used[*out] = true;
    return OK;
}

static enum err_code header_values(struct import *im, bool *used, struct err *e)
{
    const struct mapping *m = im->m;
    enum err_code code = OK;
    im->value_column = arena_many(im->arena, m->n_values, int);
    im->idle_column = arena_many(im->arena, m->n_values, int);
    for (size_t i = 0; i < m->n_values && code == OK; i++) {
        const struct map_value *v = &m->values[i];
        im->idle_column[i] = NO_COLUMN;
        if (m->layout != LAYOUT_WIDE) {
            code = take(im, v->column, "a value", used, &im->value_column[i], e);
        }
        if (code == OK && v->idle) {
            code = take(im, v->idle_column, "of an idle rule", used, &im->idle_column[i], e);
        }
    }
    if (m->layout == LAYOUT_WIDE) {
        im->n_slots = 1440 / m->interval_minutes;
        for (int i = 0; i < im->n_slots && code == OK; i++) {
            struct str name = mapping_slot_name(m, im->arena, i);
            code = take(im, name, "a slot", used, &im->slot_column[i], e);
        }
    }
    return code;
}

static bool ignored(const struct mapping *m, struct str name)
{
    for (size_t i = 0; i < m->n_ignore; i++) {
        if (str_eq(m->ignore[i], name)) {
            return true;
        }
    }
    return m->ignore_rest;
}

static enum err_code header_unused(const struct import *im, const bool *used, struct err *e)
{
    for (int i = 0; i < im->n_columns; i++) {
        for (int k = 0; k < i; k++) {
            if (used[i] && str_eq(im->cells[k], im->cells[i])) {
                return wrong_at(im, i, "column", im->cells[i], "stands twice in the header line",
                                e);
            }
        }
        if (!used[i] && !ignored(im->m, im->cells[i]) && find_cell(im, im->cells[i]) == i) {
            return wrong_at(im, i, "unknown column", im->cells[i],
                            "add it to \"values\" or to \"ignore\" of the mapping", e);
        }
    }
    return OK;
}

static enum err_code header_find(struct import *im, struct err *e)
{
    const struct mapping *m = im->m;
    bool *used = arena_many(im->arena, (size_t)im->n_columns, bool);
    enum err_code code = take(im, m->time_column, "the time", used, &im->time_column, e);
    im->period_column = NO_COLUMN;
    if (code == OK && m->period_column.n != 0) {
        code = take(im, m->period_column, "the period", used, &im->period_column, e);
    }
    for (size_t i = 0; i < m->n_keys && code == OK; i++) {
        code = take(im, m->key[i], "names the point", used, &im->key_column[i], e);
    }
    if (code == OK) {
        code = header_values(im, used, e);
    }
    /* A name that stands twice is told at its second place, wherever the first was used. */
    for (int i = 0; i < im->n_columns; i++) {
        int first = find_cell(im, im->cells[i]);
        used[i] = used[i] || used[first];
    }
    return code != OK ? code : header_unused(im, used, e);
}

/* What is not a table in text, told by its first bytes. */
static enum err_code header_is_text(const struct import *im, struct str bytes, struct err *e)
{
    const char *file = im->job->file;
    if (bytes.n == 0) {
        return fail_named(e, ERR_INPUT, "E_SHORT", "%s: is empty", file);
    }
    if (bytes.n >= 2 &&
        (memcmp(bytes.at, "\xff\xfe", 2) == 0 || memcmp(bytes.at, "\xfe\xff", 2) == 0)) {
        return fail_named(e, ERR_INPUT, "E_SCHEMA", "%s: is UTF-16 text: save it as UTF-8", file);
    }
    if (bytes.n >= 4 && memcmp(bytes.at, "PK\x03\x04", 4) == 0) {
        return fail_named(e, ERR_INPUT, "E_SCHEMA",
                          "%s: is a workbook or a zip archive: save the sheet as CSV (UTF-8)",
                          file);
    }
    const char *nul = memchr(bytes.at, 0, bytes.n);
    if (nul != NULL) {
        return fail_named(e, ERR_INPUT, "E_SCHEMA",
                          "%s: is not text: byte %zu is 0; name a CSV or .csv.gz file", file,
                          (size_t)(nul - bytes.at));
    }
    return OK;
}

enum err_code header_read(struct import *im, struct err *e)
{
    struct str bytes;
    enum line_kind kind;
    enum err_code code = lines_peek(&im->lines, &bytes, e);
    if (code != OK || (code = header_is_text(im, bytes, e)) != OK) {
        return code;
    }
    if (bytes.n >= 3 && memcmp(bytes.at, "\xef\xbb\xbf", 3) == 0) {
        lines_skip(&im->lines, 3);
    }
    code = lines_next(&im->lines, &im->line, &kind, e);
    if (code != OK) {
        return code;
    }
    const char *file = im->job->file;
    if (kind == LINE_LONG) {
        return fail_named(e, ERR_INPUT, "E_OVERSIZE",
                          "%s:1: the header line is longer than %u bytes: is it a table?", file,
                          INGEST_LINE_MAX);
    }
    if (kind != LINE_GOOD) {
        return fail_named(e, ERR_INPUT, "E_TRUNC",
                          "%s:1: the header line is cut off: fetch the file again", file);
    }
    im->n_columns =
        line_cells(im->line, im->m->delimiter, im->cells, (int)INGEST_COLUMNS_MAX, im->room);
    if (im->n_columns < 0) {
        return fail_named(e, ERR_INPUT, "E_SCHEMA", "%s:1: a quote is not closed on its line",
                          file);
    }
    if (im->n_columns > (int)INGEST_COLUMNS_MAX) {
        return fail_named(e, ERR_INPUT, "E_OVERSIZE", "%s:1: %d columns, at most %u are read", file,
                          im->n_columns, INGEST_COLUMNS_MAX);
    }
    for (int i = 0; i < im->n_columns; i++) {
        if (!encoding_utf8(im->arena, im->cells[i], &im->cells[i])) {
            return fail_named(
                e, ERR_INPUT, "E_SCHEMA",
                "%s:1:%d: the name is neither UTF-8 nor GB18030: save the file as UTF-8", file,
                i + 1);
        }
    }
    return header_find(im, e);
}
