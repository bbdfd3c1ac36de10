/* case_value.c - a value of a case as a setting of a strategy.
 *
 * A setting of a binding file is one of
 *     {"path": P}                        the value there; P a list of paths: the first that is
 * given
 *     {"given": P, "yes": W, "no": W}    a choice, or yes and no, by presence (P a list: of all)
 *     {"same": [P, Q], "yes": W, "no": W}  by whether both places hold the same word
 *     {"count": P}                       how many entries the list there has
 *     null                               nothing of the case: the strategy's default
 * and with "path" it may have
 *     "fen": true       whole fen become yuan
 *     "words": {..}     a word of the case (also true and false) -> the strategy's choice
 *     "default": V      where the case does not give it (in "same": of a place not given), before
 *                       the strategy's own default; written as the strategy takes it
 *     "only": "last"    given in the last entry of a repeated list; before, the strategy's default
 *     "table": {..}     rows [bound, value]; "first_from": the first listed row whose bound is
 *                       reached wins, "last_from": the last listed one; "words" for values, "below"
 *                       for what no row reaches
 */
#include "cmd/case_part.h"

#define TABLE_MAX 1000 /* rows of a table */

/* ---- numbers ----------------------------------------------------------------------------------
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

int case_decimal_cmp(struct decimal a, struct decimal b)
{
    __int128 x = (__int128)a.units * DECIMAL_POW10[b.scale];
    __int128 y = (__int128)b.units * DECIMAL_POW10[a.scale];
    return x < y ? -1 : x > y;
}

/* ---- tables -----------------------------------------------------------------------------------
 */

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

/* Puts a row where `lookup` finds it by bound: a row that another one always forestalls is left
 * out, the rest stand in rising order. Returns how many rows there are. */
static size_t place_row(struct strategy_row *rows, size_t n, struct strategy_row row,
                        bool first_from, bool last_from)
{
    if (first_from) {
        if (n > 0 && case_decimal_cmp(rows[0].bound, row.bound) <= 0) {
            return n;
        }
        memmove(rows + 1, rows, n * sizeof *rows);
        rows[0] = row;
        return n + 1;
    }
    while (last_from && n > 0 && case_decimal_cmp(rows[n - 1].bound, row.bound) >= 0) {
        n--;
    }
    rows[n] = row;
    return n + 1;
}

static enum err_code read_table(struct json v, struct json how, struct strategy_setting *out,
                                struct err *e)
{
    static const char *const keys[] = { "first_from", "last_from", "words", "below", NULL };
    size_t n = json_len(v), kept = 0;
    if (json_kind(how) != JSON_NONE && json_only(how, keys, e) != OK) {
        return e->code;
    }
    if (json_kind(v) != JSON_ARRAY || n > TABLE_MAX) {
        return fail(e, ERR_INPUT, "%s: a list of at most %d rows is needed", v.path, TABLE_MAX);
    }
    struct strategy_row *rows = arena_many(v.arena, n + 2, struct strategy_row);
    bool first_from = json_kind(json_get(how, "first_from")) != JSON_NONE;
    bool last_from = json_kind(json_get(how, "last_from")) != JSON_NONE;
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(v, i);
        struct strategy_row row = { .rest = json_kind(json_at(at, 0)) == JSON_NULL };
        if (json_len(at) != 2) {
            return fail(e, ERR_INPUT, "%s: a row [bound, value] is needed", at.path);
        }
        if ((!row.rest && read_number(json_at(at, 0), false, &row.bound, e) != OK) ||
            read_cell(json_at(at, 1), json_get(how, "words"), &row, e) != OK) {
            return e->code;
        }
        kept = place_row(rows, kept, row, first_from, last_from);
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

/* ---- a setting --------------------------------------------------------------------------------
 */

enum err_code case_all_given(const struct case_place *p, struct json paths, bool *out,
                             struct err *e)
{
    bool list = json_kind(paths) == JSON_ARRAY;
    *out = true;
    for (size_t i = 0; i < (list ? json_len(paths) : 1); i++) {
        struct str path;
        if (json_str(list ? json_at(paths, i) : paths, &path, e) != OK) {
            return e->code;
        }
        *out &= case_has(p, path);
    }
    return OK;
}

static enum err_code same_word(const struct case_place *p, struct json how, bool *out,
                               struct err *e)
{
    struct json pair = json_get(how, "same");
    struct str words[2];
    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2) {
        return fail(e, ERR_INPUT, "%s: two paths are needed", pair.path);
    }
    for (size_t i = 0; i < 2; i++) {
        struct json at;
        bool given;
        if (case_first(p, json_at(pair, i), &at, &given, e) != OK ||
            json_str(given ? at : json_get(how, "default"), &words[i], e) != OK) {
            return e->code;
        }
    }
    *out = str_eq(words[0], words[1]);
    return OK;
}

static enum err_code yes_or_no(const struct strategy_decl *d, struct json how, bool yes,
                               struct strategy_setting *s, struct err *e)
{
    s->yes = yes;
    return d->type == STRATEGY_YES_NO ? OK : json_need_str(how, yes ? "yes" : "no", &s->choice, e);
}

static enum err_code read_as(const struct strategy_decl *d, struct json v, struct json how,
                             bool given, struct strategy_setting *s, struct err *e)
{
    bool fen = given && json_kind(json_get(how, "fen")) != JSON_NONE;
    switch (d->type) {
    case STRATEGY_NUMBER:
        if (read_number(v, fen, &s->number, e) != OK) {
            return e->code;
        }
        s->number = trimmed(s->number);
        return OK;
    case STRATEGY_CHOICE:
        if (json_kind(v) == JSON_BOOL) {
            s->choice = json_canonical(v);
        } else if (json_str(v, &s->choice, e) != OK) {
            return e->code;
        }
        struct json word =
            json_get(json_get(how, "words"), arena_copy(v.arena, s->choice.at, s->choice.n));
        return json_kind(word) == JSON_NONE ? OK : json_str(word, &s->choice, e);
    case STRATEGY_YES_NO:
        return json_bool(v, &s->yes, e);
    case STRATEGY_TABLE:
        return read_table(v, json_get(how, "table"), s, e);
    }
    return OK;
}

static enum err_code read_path(const struct case_place *p, const struct strategy_decl *d,
                               struct json how, bool last, struct strategy_setting *s, bool *use,
                               struct err *e)
{
    struct str only = str_of("last");
    struct json v;
    bool given;
    if (case_first(p, json_get(how, "path"), &v, &given, e) != OK ||
        (json_kind(json_get(how, "only")) != JSON_NONE &&
         json_need_str(how, "only", &only, e) != OK)) {
        return e->code;
    }
    if (!str_is(only, "last")) {
        return fail(e, ERR_INPUT, "%s.only: only \"last\" is known", how.path);
    }
    bool later = !last && json_kind(json_get(how, "only")) != JSON_NONE;
    struct json other = json_get(how, "default");
    if (!later && !given && json_kind(other) != JSON_NONE) {
        return read_as(d, other, how, false, s, e);
    }
    if (later || !given) {
        s->absent = d->optional;
        *use = d->optional;
        return OK;
    }
    return read_as(d, v, how, true, s, e);
}

enum err_code case_setting(const struct case_place *p, const struct strategy_decl *d,
                           struct json how, bool last, struct strategy_setting *out, bool *use,
                           struct err *e)
{
    static const char *const keys[] = { "path",  "fen",  "given", "yes",     "no",
                                        "table", "same", "words", "default", "count",
                                        "only",  "note", NULL };
    struct strategy_setting s = { .name = d->name, .type = d->type };
    struct json counted;
    bool yes = false, used = true;
    if (json_kind(how) == JSON_NULL) {
        s.absent = *use = d->optional;
        *out = s;
        return OK;
    }
    if (json_only(how, keys, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(how, "given")) != JSON_NONE) {
        if (case_all_given(p, json_get(how, "given"), &yes, e) != OK ||
            yes_or_no(d, how, yes, &s, e) != OK) {
            return e->code;
        }
    } else if (json_kind(json_get(how, "same")) != JSON_NONE) {
        if (same_word(p, how, &yes, e) != OK || yes_or_no(d, how, yes, &s, e) != OK) {
            return e->code;
        }
    } else if (json_kind(json_get(how, "count")) != JSON_NONE) {
        if (case_first(p, json_get(how, "count"), &counted, &yes, e) != OK) {
            return e->code;
        }
        s.number = (struct decimal){ (int64_t)json_len(counted), 0 };
    } else if (read_path(p, d, how, last, &s, &used, e) != OK) {
        return e->code;
    }
    *out = s;
    *use = used;
    return OK;
}
