/* session_csv.c - reads a table of sessions (session_csv.h). */
#include "cmd/session_csv.h"
#include "cmd/steps.h"
#include <stdarg.h>

#define FILE_MAX (16u << 20) /* 100,000 sessions at 160 bytes */
#define COLUMNS_MAX 32
#define ROWS_MAX 100000

enum column { COLUMN_PLACE, COLUMN_START, COLUMN_END, COLUMN_PARTY, COLUMN_NAME, COLUMN_SETTING };

struct reader {
    struct cmd *c;
    struct office *o;
    const char *file;
    int line;
    enum column what[COLUMNS_MAX];
    struct str name[COLUMNS_MAX];
    size_t n_columns;
    struct { /* the organisation found last: files name few, one after the other */
        struct str word;
        int64_t org_id;
    } last;
};

__attribute__((format(printf, 2, 3))) static enum err_code refuse(struct reader *r, const char *fmt,
                                                                  ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return fail(&r->o->e, ERR_INPUT, "%s:%d: %s", r->file, r->line, text);
}

/* The cells of a line; a cell in quotes may have commas, and "" for a quote. */
static enum err_code split(struct reader *r, struct str line, struct str *cells, size_t *n)
{
    size_t at = 0;
    *n = 0;
    if (line.n > 0 && line.at[line.n - 1] == '\r') {
        line.n--;
    }
    for (;;) {
        char *cell = arena_alloc(r->c->arena, line.n - at + 1);
        size_t k = 0;
        bool quoted = at < line.n && line.at[at] == '"', open = quoted;
        at += quoted;
        while (at < line.n && (open || line.at[at] != ',')) {
            if (open && line.at[at] == '"' && at + 1 < line.n && line.at[at + 1] == '"') {
                at++;
            } else if (open && line.at[at] == '"') {
                open = false;
                at++;
                continue;
            }
            cell[k++] = line.at[at++];
        }
        if (open) {
            return refuse(r, "a quote does not end");
        }
        if (*n == COLUMNS_MAX) {
            return refuse(r, "more than %d columns", COLUMNS_MAX);
        }
        cells[(*n)++] = str_trim((struct str){ cell, k });
        if (at >= line.n) {
            return OK;
        }
        at++;
    }
}

static enum column column_of(struct str name)
{
    static const struct {
        const char *word;
        enum column what;
    } known[] = { { "place", COLUMN_PLACE }, { "berth", COLUMN_PLACE }, { "charger", COLUMN_PLACE },
                  { "start", COLUMN_START }, { "end", COLUMN_END },     { "party", COLUMN_PARTY },
                  { "name", COLUMN_NAME } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_is(name, known[i].word)) {
            return known[i].what;
        }
    }
    return COLUMN_SETTING;
}

static enum err_code header(struct reader *r, struct str line)
{
    static const char *const needed[] = { "place, berth or charger", "start", "end" };
    int count[COLUMN_SETTING + 1] = { 0 };
    if (str_starts(line, "\xef\xbb\xbf")) {
        line = (struct str){ line.at + 3, line.n - 3 };
    }
    if (split(r, line, r->name, &r->n_columns) != OK) {
        return r->o->e.code;
    }
    for (size_t i = 0; i < r->n_columns; i++) {
        r->what[i] = column_of(r->name[i]);
        if (r->what[i] != COLUMN_SETTING && count[r->what[i]]++ > 0) {
            return refuse(r, "column " STR_FMT " stands twice", STR_ARG(r->name[i]));
        }
        if (r->name[i].n == 0) {
            return refuse(r, "column %zu has no name", i + 1);
        }
    }
    for (int i = COLUMN_PLACE; i <= COLUMN_END; i++) {
        if (count[i] == 0) {
            return refuse(r, "no column %s; the first line names the columns", needed[i]);
        }
    }
    return OK;
}

static enum err_code time_read(struct reader *r, struct str cell, struct instant *out)
{
    if (instant_parse_local(cell, (int)(CHINA_MS / 60000), out, &r->o->e) != OK) {
        return fail_in(&r->o->e, "%s:%d: ", r->file, r->line);
    }
    return OK;
}

static enum err_code party_read(struct reader *r, struct str cell, struct term_member *m)
{
    struct org org;
    if (cell.n == 0) {
        return OK;
    }
    if (!str_eq(cell, r->last.word)) {
        if (cmd_org_named(r->c, r->o->db, r->o->scope, arena_copy(r->c->arena, cell.at, cell.n),
                          &org, &r->o->e) != OK) {
            return fail_in(&r->o->e, "%s:%d: ", r->file, r->line);
        }
        r->last.word = cell;
        r->last.org_id = org.org_id;
    }
    m->party = cell;
    m->org_id = r->last.org_id;
    return OK;
}

/* A session that has no name is named by its place and start. */
static struct str name_made(struct reader *r, const struct term_member *m)
{
    struct slot s = instant_slot(m->from);
    int32_t minute = (int32_t)((m->from.utc_ms - day_start(s.day).utc_ms) / 60000);
    return str_of(arena_printf(r->c->arena, STR_FMT "-%d-%02d%02d", STR_ARG(m->place),
                               s.day.yyyymmdd, minute / 60, minute % 60));
}

static enum err_code cell_read(struct reader *r, size_t column, struct str cell,
                               struct term_setting *settings, struct term_member *m)
{
    switch (r->what[column]) {
    case COLUMN_PLACE:
        m->place = cell;
        return OK;
    case COLUMN_START:
        return time_read(r, cell, &m->from);
    case COLUMN_END:
        return time_read(r, cell, &m->until);
    case COLUMN_PARTY:
        return party_read(r, cell, m);
    case COLUMN_NAME:
        m->name = cell;
        return OK;
    case COLUMN_SETTING:
        if (cell.n > 0) {
            settings[m->part.n_settings++] =
                (struct term_setting){ .name = r->name[column], .kind = TERM_TEXT, .text = cell };
        }
        return OK;
    }
    return OK;
}

static enum err_code row_read(struct reader *r, struct str line, struct term_member *m)
{
    struct str cells[COLUMNS_MAX];
    struct term_setting *settings = arena_many(r->c->arena, r->n_columns, struct term_setting);
    size_t n;
    if (split(r, line, cells, &n) != OK) {
        return r->o->e.code;
    }
    if (n != r->n_columns) {
        return refuse(r, "%zu cells, the first line names %zu columns", n, r->n_columns);
    }
    for (size_t i = 0; i < n; i++) {
        if (cell_read(r, i, cells[i], settings, m) != OK) {
            return r->o->e.code;
        }
    }
    m->part.settings = settings;
    if (m->place.n == 0) {
        return refuse(r, "the place is empty");
    }
    m->name = m->name.n ? m->name : name_made(r, m);
    return m->from.utc_ms < m->until.utc_ms
               ? OK
               : refuse(r, "the session ends when or before it begins");
}

/* ---- quarters of an hour ---------------------------------------------------------------------
 */

static int place_order(const void *a, const void *b)
{
    const struct term_member *x = &((const struct session_row *)a)->session;
    const struct term_member *y = &((const struct session_row *)b)->session;
    int places = str_cmp(x->place, y->place);
    if (places != 0) {
        return places;
    }
    return x->from.utc_ms < y->from.utc_ms ? -1 : x->from.utc_ms > y->from.utc_ms;
}

static int end_order(const void *a, const void *b)
{
    const struct term_member *x = &((const struct session_row *)a)->session;
    const struct term_member *y = &((const struct session_row *)b)->session;
    if (x->until.utc_ms != y->until.utc_ms) {
        return x->until.utc_ms < y->until.utc_ms ? -1 : 1;
    }
    return str_cmp(x->name, y->name);
}

/* Outwards to whole quarters; one in which the session before ended stays with that one. */
static enum err_code quarters(struct reader *r, struct session_row *rows, size_t n)
{
    int64_t ended = 0;
    qsort(rows, n, sizeof *rows, place_order);
    for (size_t i = 0; i < n; i++) {
        struct term_member *m = &rows[i].session;
        const struct session_row *last =
            i > 0 && str_eq(rows[i - 1].session.place, m->place) ? &rows[i - 1] : NULL;
        r->line = rows[i].line;
        if (last && m->from.utc_ms < ended) {
            return refuse(r,
                          "session " STR_FMT " begins before the one in line %d ends, at the same "
                          "place",
                          STR_ARG(m->name), last->line);
        }
        ended = m->until.utc_ms;
        m->from.utc_ms -= m->from.utc_ms % SLOT_MS;
        m->until.utc_ms += (SLOT_MS - m->until.utc_ms % SLOT_MS) % SLOT_MS;
        if (last && m->from.utc_ms < last->session.until.utc_ms) {
            m->from = last->session.until;
        }
        if (m->from.utc_ms >= m->until.utc_ms) {
            return refuse(r,
                          "session " STR_FMT ": its only quarter of an hour is that in which the "
                          "one in line %d ends",
                          STR_ARG(m->name), last ? last->line : r->line);
        }
    }
    qsort(rows, n, sizeof *rows, end_order);
    return OK;
}

enum err_code session_csv_read(struct cmd *c, struct office *o, const char *file,
                               struct session_row **out, size_t *n)
{
    struct reader r = { .c = c, .o = o, .file = file };
    struct str text, line;
    size_t count = 0, room = 64;
    struct session_row *rows = arena_many(c->arena, room, struct session_row);
    if (cmd_read_file(c->arena, file, FILE_MAX, &text, &o->e) != OK) {
        return o->e.code;
    }
    while (text.n > 0 && str_split(&text, '\n', &line)) {
        r.line++;
        if (r.line == 1) {
            if (header(&r, line) != OK) {
                return o->e.code;
            }
            continue;
        }
        if (str_trim(line).n == 0) {
            continue;
        }
        if (count == ROWS_MAX) {
            return refuse(&r, "more than %d sessions in one file", ROWS_MAX);
        }
        if (count == room) {
            struct session_row *more = arena_many(c->arena, room * 2, struct session_row);
            memcpy(more, rows, room * sizeof *rows);
            rows = more;
            room *= 2;
        }
        rows[count] = (struct session_row){ .line = r.line };
        if (row_read(&r, line, &rows[count].session) != OK) {
            return o->e.code;
        }
        count++;
    }
    if (r.line == 0) {
        return fail(&o->e, ERR_INPUT, "%s: empty", file);
    }
    *out = rows;
    *n = count;
    return quarters(&r, rows, count);
}
