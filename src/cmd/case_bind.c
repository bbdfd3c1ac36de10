/* case_bind.c - binds the fields of a case to a strategy as the binding file beside it says.
 *
 * strategies/NAME.bind.json, schema `sunkeeper.bind/1`:
 *     scenario, when    which cases it takes: {"contract.mode": "fixed"}
 *     strategy          NAME.tally in the same folder
 *     settings          name -> {"path"} of the value in the case; "fen": whole fen become yuan;
 *                       {"given": path or paths, "yes", "no"}: a choice by presence; "table": rows
 *                       [bound, value] with "first_from" (the first row whose bound is reached
 * wins), "words" for values and "below" for what no row reaches feeds             meter or series
 * -> path of its vector prices            names of prices, all from the case's `prices` quantities,
 * state_out   see case_out.c
 */
#include "cmd/case_part.h"
#include "cmd/library.h"
#include <dirent.h>

#define FEEDS_MAX 16   /* vectors of one case */
#define FILES_MAX 200  /* binding files in a folder */
#define TABLE_MAX 1000 /* rows of a table */
#define KWH_DIGITS 4
#define PRICE_DIGITS 6

static const char *const bind_keys[] = { "schema",    "scenario",      "when",   "strategy",
                                         "settings",  "feeds",         "prices", "quantities",
                                         "state_out", "own_intervals", "note",   NULL };

/* ---- which binding ----------------------------------------------------------------------------
 */

static bool takes(struct json bind, struct json doc)
{
    struct json when = json_get(bind, "when");
    for (size_t i = 0; i < json_len(when); i++) {
        struct str path, want, got;
        struct json v = json_member(when, i, &path);
        if (json_str(v, &want, NULL) != OK || json_str(case_at(doc, path), &got, NULL) != OK ||
            !str_eq(want, got)) {
            return false;
        }
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t binding_files(struct arena *a, const char *folder, const char **out)
{
    DIR *d = opendir(folder);
    size_t n = 0;
    for (struct dirent *x = d ? readdir(d) : NULL; x && n < FILES_MAX; x = readdir(d)) {
        if (str_ends(str_of(x->d_name), ".bind.json")) {
            out[n++] = arena_printf(a, "%s/%s", folder, x->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
    qsort(out, n, sizeof *out, by_name);
    return n;
}

static enum err_code find_binding(struct case_world *w, struct json doc, struct str scenario,
                                  struct json *out, struct err *e)
{
    const char *files[FILES_MAX];
    size_t n = binding_files(w->arena, w->strategies, files);
    for (size_t i = 0; i < n; i++) {
        struct json bind;
        struct str schema, mine;
        if (json_load(w->arena, files[i], &bind, e) != OK || json_only(bind, bind_keys, e) != OK ||
            json_need_str(bind, "schema", &schema, e) != OK ||
            json_need_str(bind, "scenario", &mine, e) != OK) {
            return e->code;
        }
        if (str_eq(mine, scenario) && takes(bind, doc)) {
            *out = bind;
            return OK;
        }
    }
    return fail(e, ERR_NOT_FOUND, "%s: no strategy in %s takes scenario '" STR_FMT "' as it stands",
                doc.path, w->strategies, STR_ARG(scenario));
}

/* ---- vectors as readings ----------------------------------------------------------------------
 */

struct vectors {
    struct case_vector at[FEEDS_MAX];
    int32_t n;
};

static void see(struct strategy_seen *seen, const struct case_vector *v, int32_t i)
{
    seen->n++;
    if (v->quality[i] == QUALITY_MISSING) {
        seen->n_missing++;
        seen->first_missing = seen->first_missing < 0 ? i : seen->first_missing;
    }
}

static enum err_code vector_sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                                 const struct tariff_span *span, int64_t *sums,
                                 struct strategy_seen *seen, struct err *e)
{
    const struct vectors *all = ctx;
    check_that(source >= 0 && source < all->n, "source %d of %d", source, all->n);
    const struct case_vector *v = &all->at[source];
    if (axis->n > v->n) {
        return fail(e, ERR_GAP, "%d values for %d intervals", v->n, axis->n);
    }
    *seen = (struct strategy_seen){ .first_missing = -1 };
    memset(sums, 0, (size_t)(span ? span->n_keys : 1) * sizeof *sums);
    for (int32_t i = 0; i < axis->n; i++) {
        struct instant t = { axis->start.utc_ms + (int64_t)i * axis->minutes * 60000 };
        sums[span ? tariff_span_key(span, t) : 0] += v->values[i];
        see(seen, v, i);
    }
    return OK;
}

static enum err_code vector_values(void *ctx, int32_t source, const struct strategy_axis *axis,
                                   int32_t first, int32_t n, int64_t *values, uint8_t *quality,
                                   struct err *e)
{
    const struct vectors *all = ctx;
    check_that(source >= 0 && source < all->n, "source %d of %d", source, all->n);
    const struct case_vector *v = &all->at[source];
    if (first + n > v->n || axis->n > v->n) {
        return fail(e, ERR_GAP, "%d values for %d intervals", v->n, axis->n);
    }
    memcpy(values, v->values + first, (size_t)n * sizeof *values);
    memcpy(quality, v->quality + first, (size_t)n);
    return OK;
}

static enum err_code read_vector(struct arena *a, struct json list, int32_t n, int digits,
                                 struct case_vector *out, struct err *e)
{
    if (json_kind(list) != JSON_ARRAY || json_len(list) != (size_t)n) {
        return fail(e, ERR_INPUT, "%s: %zu values found, one for each of %d intervals is needed",
                    list.path, json_len(list), n);
    }
    int64_t *values = arena_many(a, (size_t)n + 1, int64_t);
    uint8_t *quality = arena_array(a, (size_t)n + 1, 1);
    for (int32_t i = 0; i < n; i++) {
        struct json at = json_at(list, (size_t)i);
        if (json_kind(at) == JSON_NULL) {
            quality[i] = QUALITY_MISSING;
        } else if (json_scaled(at, digits, &values[i], e) != OK) {
            return e->code;
        }
    }
    *out = (struct case_vector){ values, quality, n };
    return OK;
}

/* ---- settings ---------------------------------------------------------------------------------
 */

static enum err_code read_number(struct json v, bool fen, struct decimal *out, struct err *e)
{
    int64_t i;
    if (fen) {
        if (json_int(v, &i, e) != OK) {
            return e->code;
        }
        *out = (struct decimal){ i, 2 };
        return OK;
    }
    if (json_kind(v) == JSON_INTEGER) {
        if (json_int(v, &i, e) != OK) {
            return e->code;
        }
        *out = (struct decimal){ i, 0 };
        return OK;
    }
    struct str s;
    if (json_str(v, &s, e) != OK) {
        return e->code;
    }
    return decimal_parse(s, out, e) == OK ? OK : fail_in(e, "%s: ", v.path);
}

/* Trailing zeros say nothing about how fine a value is. */
static struct decimal trimmed(struct decimal d)
{
    while (d.scale > 0 && d.units % 10 == 0) {
        d.units /= 10;
        d.scale--;
    }
    return d;
}

static int decimal_cmp(struct decimal a, struct decimal b)
{
    __int128 x = (__int128)a.units * DECIMAL_POW10[b.scale];
    __int128 y = (__int128)b.units * DECIMAL_POW10[a.scale];
    return x < y ? -1 : x > y;
}

static enum err_code read_cell(struct json v, struct json words, struct strategy_row *row,
                               struct err *e)
{
    struct str s;
    if (json_kind(v) == JSON_STRING && json_str(v, &s, e) == OK) {
        struct json word = json_get(words, arena_copy(v.arena, s.at, s.n));
        v = json_kind(word) == JSON_NONE ? v : word;
    }
    row->blank = json_kind(v) == JSON_NULL;
    return row->blank ? OK : read_number(v, false, &row->value, e);
}

/* Rows for `lookup` from a list in which the first row reached wins: a row behind one with a lower
 * bound is never reached; the rest stand in rising order. */
static enum err_code read_table(struct arena *a, struct json v, struct json how,
                                struct strategy_setting *out, struct err *e)
{
    size_t n = json_len(v), kept = 0;
    if (json_kind(v) != JSON_ARRAY || n > TABLE_MAX) {
        return fail(e, ERR_INPUT, "%s: a list of at most %d rows is needed", v.path, TABLE_MAX);
    }
    struct strategy_row *rows = arena_many(a, n + 1, struct strategy_row);
    bool first_from = json_kind(json_get(how, "first_from")) != JSON_NONE;
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(v, i);
        struct strategy_row row = { .rest = json_kind(json_at(at, 0)) == JSON_NULL };
        if ((!row.rest && read_number(json_at(at, 0), false, &row.bound, e) != OK) ||
            read_cell(json_at(at, 1), json_get(how, "words"), &row, e) != OK) {
            return e->code;
        }
        if (first_from && kept > 0 && decimal_cmp(rows[0].bound, row.bound) <= 0) {
            continue;
        }
        memmove(rows + (first_from ? 1 : 0), rows, first_from ? kept * sizeof *rows : 0);
        rows[first_from ? 0 : kept] = row;
        kept++;
    }
    struct json below = json_get(how, "below");
    if (json_kind(below) != JSON_NONE && (kept == 0 || rows[0].bound.units > 0)) {
        struct strategy_row row = { .rest = false };
        if (read_number(below, false, &row.value, e) != OK) {
            return e->code;
        }
        memmove(rows + 1, rows, kept * sizeof *rows);
        rows[0] = row;
        kept++;
    }
    out->rows = rows;
    out->n_rows = kept;
    return OK;
}

static bool all_given(struct json doc, struct json paths)
{
    struct str path;
    if (json_kind(paths) == JSON_STRING) {
        return json_str(paths, &path, NULL) == OK && case_given(doc, path);
    }
    for (size_t i = 0; i < json_len(paths); i++) {
        if (json_str(json_at(paths, i), &path, NULL) != OK || !case_given(doc, path)) {
            return false;
        }
    }
    return true;
}

/* `*use` false: the case does not give it, the declaration's default stands. */
static enum err_code read_setting(struct arena *a, struct json doc, const struct strategy_decl *d,
                                  struct json how, struct strategy_setting *out, bool *use,
                                  struct err *e)
{
    static const char *const keys[] = { "path", "fen", "given", "yes", "no", "table", NULL };
    struct strategy_setting s = { .name = d->name, .type = d->type };
    struct json given = json_get(how, "given");
    *use = true;
    if (json_only(how, keys, e) != OK) {
        return e->code;
    }
    if (json_kind(given) != JSON_NONE) {
        *out = s;
        return json_need_str(how, all_given(doc, given) ? "yes" : "no", &out->choice, e);
    }
    struct str path;
    if (json_need_str(how, "path", &path, e) != OK) {
        return e->code;
    }
    struct json v = case_at(doc, path);
    if (!case_given(doc, path)) {
        s.absent = d->optional;
        *use = d->optional;
        *out = s;
        return OK;
    }
    enum err_code code = OK;
    switch (d->type) {
    case STRATEGY_NUMBER:
        code = read_number(v, json_kind(json_get(how, "fen")) != JSON_NONE, &s.number, e);
        s.number = trimmed(s.number);
        break;
    case STRATEGY_CHOICE:
        code = json_str(v, &s.choice, e);
        break;
    case STRATEGY_YES_NO:
        code = json_bool(v, &s.yes, e);
        break;
    case STRATEGY_TABLE:
        code = read_table(a, v, json_get(how, "table"), &s, e);
        break;
    }
    *out = s;
    return code;
}

/* ---- the binding ------------------------------------------------------------------------------
 */

struct binder {
    struct case_world *w;
    struct json doc, bind;
    const struct strategy_decl *decls;
    size_t n_decls;
    struct strategy_setting *settings;
    size_t n_settings;
    struct strategy_feed *feeds;
    size_t n_feeds;
    struct strategy_price_feed *prices;
    size_t n_prices;
    struct vectors *vectors;
};

static enum err_code bind_one(struct binder *b, const struct strategy_decl *d,
                              const struct strategy_axis *axis, const int64_t *yuan_e6,
                              struct err *e)
{
    const char *name = arena_copy(b->w->arena, d->name.at, d->name.n);
    if (d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES) {
        struct json how = json_get(json_get(b->bind, "feeds"), name);
        struct str path;
        if (json_str(how, &path, e) != OK) {
            return e->code;
        }
        if (!case_given(b->doc, path)) {
            return OK; /* binding asks for it if it is needed */
        }
        int digits = str_starts(d->unit, "yuan") ? PRICE_DIGITS : KWH_DIGITS;
        struct strategy_feed *f = &b->feeds[b->n_feeds];
        *f = (struct strategy_feed){ d->name, (int32_t)b->n_feeds, digits };
        b->n_feeds++;
        b->vectors->n++;
        return read_vector(b->w->arena, case_at(b->doc, path), axis->n, digits,
                           &b->vectors->at[f->source], e);
    }
    if (d->kind == STRATEGY_PRICE) {
        if (yuan_e6) {
            b->prices[b->n_prices++] = (struct strategy_price_feed){ d->name, yuan_e6 };
        }
        return OK;
    }
    struct json how = json_get(json_get(b->bind, "settings"), name);
    bool use;
    if (json_kind(how) == JSON_NONE) {
        return fail(e, ERR_INPUT, "%s: missing; the strategy declares it", how.path);
    }
    if (read_setting(b->w->arena, b->doc, d, how, &b->settings[b->n_settings], &use, e) != OK) {
        return e->code;
    }
    b->n_settings += use;
    return OK;
}

static enum err_code load_strategy(struct case_world *w, struct json bind, struct strategy **out,
                                   struct err *e)
{
    struct str name, text;
    if (json_need_str(bind, "strategy", &name, e) != OK) {
        return e->code;
    }
    const char *path = arena_printf(w->arena, "%s/" STR_FMT ".tally", w->strategies, STR_ARG(name));
    struct strategy_library library;
    struct strategy_messages messages = { 0 };
    library_in(w->arena, w->strategies, &library);
    if (cmd_read_file(w->arena, path, STRATEGY_TEXT_MAX, &text, e) != OK) {
        return e->code;
    }
    return strategy_load(w->arena, str_of(path), text, &library, NULL, 0, out, &messages, e);
}

enum err_code case_settle(struct case_world *w, struct json doc, struct str scenario,
                          struct case_settled *out, struct err *e)
{
    struct case_settled s = { .span = NULL };
    struct strategy *strategy;
    const int64_t *yuan_e6;
    if (find_binding(w, doc, scenario, &s.bind, e) != OK || case_axis(doc, &s.axis, e) != OK ||
        case_span(w, doc, &s.axis, &s.span, &yuan_e6, e) != OK ||
        load_strategy(w, s.bind, &strategy, e) != OK) {
        return e->code;
    }
    struct binder b = { .w = w, .doc = doc, .bind = s.bind };
    b.n_decls = strategy_decls(strategy, &b.decls);
    b.settings = arena_many(w->arena, b.n_decls + 1, struct strategy_setting);
    b.feeds = arena_many(w->arena, b.n_decls + 1, struct strategy_feed);
    b.prices = arena_many(w->arena, b.n_decls + 1, struct strategy_price_feed);
    b.vectors = arena_make(w->arena, struct vectors);
    for (size_t i = 0; i < b.n_decls; i++) {
        check_that(b.n_feeds < FEEDS_MAX, "%zu feeds", b.n_feeds);
        if (bind_one(&b, &b.decls[i], &s.axis, yuan_e6, e) != OK) {
            return e->code;
        }
    }
    struct str id = str_of("");
    if (json_kind(json_get(doc, "id")) == JSON_STRING &&
        json_str(json_get(doc, "id"), &id, e) != OK) {
        return e->code;
    }
    struct strategy_part *part = arena_make(w->arena, struct strategy_part);
    *part = (struct strategy_part){
        .settings = b.settings, .n_settings = b.n_settings, .feeds = b.feeds, .n_feeds = b.n_feeds
    };
    struct strategy_binding binding = { .axis = s.axis,
                                        .span = s.span,
                                        .prices = b.prices,
                                        .n_prices = b.n_prices,
                                        .top = *part,
                                        .order_no = id };
    const struct strategy_data data = { b.vectors, vector_sums, vector_values };
    struct strategy_bound *bound;
    struct strategy_result *result;
    if (strategy_bind(w->arena, strategy, &binding, &bound, e) != OK ||
        strategy_run(w->arena, bound, &data, &result, e) != OK) {
        return e->code;
    }
    s.strategy = strategy;
    s.part = part;
    s.vectors = b.vectors->at;
    s.bound = bound;
    s.result = result;
    *out = s;
    return OK;
}
