/* case.c - runs a case file: finds who answers its scenario, writes the answer in the form of
 * `expected`, and prints each difference. */
#include "cmd/case_part.h"
#include "statement/statement.h"
#include <unistd.h>

#define RESULT_MAX (64u << 20) /* bytes of a result as JSON: as large as a file may be */
#define LINES_MAX 4096         /* of an original statement */

/* ---- where the library is ---------------------------------------------------------------------
 */

const char *case_shared(struct arena *a, const char *name)
{
    char exe[1024];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (access(name, R_OK) == 0 || n <= 0) {
        return name;
    }
    exe[n] = '\0';
    for (char *slash = strrchr(exe, '/'); slash && slash != exe; slash = strrchr(exe, '/')) {
        *slash = '\0';
        const char *path = arena_printf(a, "%s/%s", exe, name);
        if (access(path, R_OK) == 0) {
            return path;
        }
    }
    return name;
}

static struct case_world world_of(struct arena *a, const char *file)
{
    struct case_world w = { .arena = a, .file = file };
    const char *slash = strrchr(file, '/');
    w.schedules = slash ? arena_printf(a, "%.*s/tou.json", (int)(slash - file), file) : "tou.json";
    if (access(w.schedules, R_OK) != 0) {
        w.schedules = case_shared(a, "data/schedules.json");
    }
    w.strategies = case_shared(a, "strategies");
    return w;
}

/* ---- re-settlement ----------------------------------------------------------------------------
 */

static enum err_code read_amounts(struct case_world *w, struct json lines,
                                  struct statement_amount **out, size_t *n, struct err *e)
{
    size_t count = json_len(lines);
    if (json_kind(lines) != JSON_ARRAY || count > LINES_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of at most %d lines is needed", lines.path,
                    LINES_MAX);
    }
    struct statement_amount *a = arena_many(w->arena, count + 1, struct statement_amount);
    for (size_t i = 0; i < count; i++) {
        struct json l = json_at(lines, i);
        if (json_need_str(l, "code", &a[i].code, e) != OK ||
            json_need_str(l, "payer", &a[i].payer, e) != OK ||
            json_need_str(l, "payee", &a[i].payee, e) != OK ||
            json_need_int(l, "amount_fen", &a[i].fen, e) != OK) {
            return e->code;
        }
    }
    *out = a;
    *n = count;
    return OK;
}

static void put_difference(struct json_out *o, const struct statement_difference *d, struct str ref)
{
    json_open(o, NULL, '{');
    json_put_str(o, "code", d->d.code);
    json_put_str(o, "payer", d->d.payer);
    json_put_str(o, "payee", d->d.payee);
    json_put_int(o, "old_fen", d->old_fen);
    json_put_int(o, "new_fen", d->new_fen);
    json_put_int(o, "amount_fen", d->d.fen);
    json_put_str(o, "ref", ref);
    json_close(o, '}');
}

static void put_difference_totals(struct case_world *w, struct json_out *o,
                                  const struct statement_difference *d, size_t n)
{
    json_open(o, "totals_fen", '{');
    for (size_t i = 0; i < n; i++) {
        int64_t fen = 0;
        bool first = true;
        for (size_t k = 0; k < n; k++) {
            bool same = str_eq(d[k].d.payer, d[i].d.payer) && str_eq(d[k].d.payee, d[i].d.payee);
            first &= !(same && k < i);
            fen += same ? d[k].d.fen : 0;
        }
        if (first) {
            json_put_int(o,
                         arena_printf(w->arena, STR_FMT "->" STR_FMT, STR_ARG(d[i].d.payer),
                                      STR_ARG(d[i].d.payee)),
                         fen);
        }
    }
    json_close(o, '}');
}

static enum err_code put_resettlement(struct case_world *w, struct json doc, struct json_out *o,
                                      struct err *e)
{
    struct json original = json_get(doc, "original"), corrected;
    struct text t;
    struct json_out inner;
    struct str ref;
    text_init(&t, w->arena, RESULT_MAX);
    json_out_init(&inner, &t, false);
    if (json_need_str(original, "statement_no", &ref, e) != OK ||
        case_put(w, json_get(doc, "corrected"), &inner, NULL, e) != OK ||
        json_parse(w->arena, text_str(&t), "corrected", &corrected, e) != OK) {
        return e->code;
    }
    struct statement_amount *old, *now;
    const struct statement_difference *d;
    size_t n_old, n_now;
    if (read_amounts(w, json_get(original, "lines"), &old, &n_old, e) != OK ||
        read_amounts(w, json_get(corrected, "lines"), &now, &n_now, e) != OK) {
        return e->code;
    }
    size_t n = statement_diff(w->arena, old, n_old, now, n_now, &d);
    json_open(o, "lines", '[');
    for (size_t i = 0; i < n; i++) {
        put_difference(o, &d[i], ref);
    }
    json_close(o, ']');
    put_difference_totals(w, o, d, n);
    return case_put(w, json_get(doc, "corrected"), o, "corrected", e);
}

/* ---- one case ---------------------------------------------------------------------------------
 */

enum err_code case_put(struct case_world *w, struct json doc, struct json_out *o, const char *key,
                       struct err *e)
{
    struct str scenario;
    bool known;
    if (json_need_str(doc, "scenario", &scenario, e) != OK) {
        return e->code;
    }
    json_open(o, key, '{');
    if (str_is(scenario, "resettlement")) {
        if (put_resettlement(w, doc, o, e) != OK) {
            return e->code;
        }
    } else if (case_put_room(w, doc, scenario, o, &known, e) != OK) {
        return e->code;
    } else if (!known) {
        struct case_settled s;
        if (case_settle(w, doc, scenario, &s, e) != OK || case_put_settled(w, &s, o, e) != OK) {
            return e->code;
        }
        if (w->stored && case_put_stored(w, doc, &s, w->stored, &w->was_stored, e) != OK) {
            return fail_in(e, "through the store: ");
        }
    }
    json_close(o, '}');
    return OK;
}

static enum err_code load_case(struct case_world *w, struct json *out, struct err *e)
{
    struct str schema;
    if (json_load(w->arena, w->file, out, e) != OK ||
        json_need_str(*out, "schema", &schema, e) != OK) {
        return e->code;
    }
    if (!str_is(schema, "sunkeeper.case/1")) {
        return fail(e, ERR_INPUT, "%s: '" STR_FMT "' found, 'sunkeeper.case/1' is needed",
                    json_get(*out, "schema").path, STR_ARG(schema));
    }
    return OK;
}

/* A settled case is also run through a store made for it: what comes out must be the same lines. */
static enum err_code answer(struct case_world *w, struct json doc, struct json *got,
                            struct json *stored, struct err *e)
{
    struct text t, u;
    struct json_out o, p;
    text_init(&t, w->arena, RESULT_MAX);
    text_init(&u, w->arena, RESULT_MAX);
    json_out_init(&o, &t, false);
    json_out_init(&p, &u, false);
    struct str scenario = str_of("");
    bool again =
        json_need_str(doc, "scenario", &scenario, e) == OK && str_is(scenario, "resettlement");
    w->stored = again ? NULL : &p; /* its corrected case is compared by its own result */
    json_open(&p, NULL, '{');
    if (case_put(w, doc, &o, NULL, e) != OK) {
        return e->code;
    }
    json_close(&p, '}');
    if (w->was_stored && json_parse(w->arena, text_str(&u), "stored", stored, e) != OK) {
        return e->code;
    }
    return json_parse(w->arena, text_str(&t), "result", got, e);
}

/* With --json: one object per file on one line. */
static void print_json(struct case_world *w, const char *error, const struct case_difference *d,
                       size_t n, const char *where, struct json doc)
{
    struct text t;
    struct json_out o;
    text_init(&t, w->arena, RESULT_MAX);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "file", str_of(w->file));
    json_put_bool(&o, "ok", !error && n == 0);
    json_put_bool(&o, "through_store", w->was_stored);
    if (w->refused) {
        json_put_str(&o, "store_refused", str_of(w->refused));
    }
    if (error) {
        json_put_str(&o, "error", str_of(error));
    }
    json_open(&o, "differences", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(&o, NULL, '{');
        json_put_str(&o, "path", str_of(arena_printf(w->arena, "%s%s", where, d[i].path)));
        json_put_str(&o, "expected", str_of(d[i].expected));
        json_put_str(&o, "got", str_of(d[i].got));
        json_close(&o, '}');
    }
    json_close(&o, ']');
    struct err e = { 0 };
    w->stored = NULL;
    if (!error && case_put(w, doc, &o, "result", &e) != OK) {
        check_that(false, "%s, and before it did", e.text); /* same case, same answer */
    }
    json_close(&o, '}');
    printf("%s\n", t.at);
}

int case_run(struct cmd *c, const char *file)
{
    return case_run_in(c, file, NULL);
}

int case_run_in(struct cmd *c, const char *file, const char *strategies)
{
    struct err e = { 0 };
    struct arena *a = arena_new();
    const char *where = "";
    struct case_world w = world_of(a, file);
    w.strategies = strategies ? strategies : w.strategies;
    struct json doc, got = { 0 }, stored = { 0 };
    const struct case_difference *d = NULL;
    size_t n = 0;
    bool ran = load_case(&w, &doc, &e) == OK && answer(&w, doc, &got, &stored, &e) == OK;
    if (ran) {
        n = case_compare(a, json_get(doc, "expected"), got, &d);
    }
    if (ran && n == 0 && w.was_stored) {
        n = case_compare(a, json_get(got, "lines"), json_get(stored, "lines"), &d);
        where = "through the store: lines";
    }
    if (c->json) {
        print_json(&w, ran ? NULL : e.text, d, n, where, doc);
    } else {
        for (size_t i = 0; i < n; i++) {
            printf("  %s%s: expected %s, got %s\n", where, d[i].path, d[i].expected, d[i].got);
        }
        if (!ran) {
            printf("  %s\n", e.text);
        }
        printf("%s %s\n", ran && n == 0 ? "ok" : "not ok", file);
        if (w.refused) {
            printf("# %s: not through a store: %s\n", file, w.refused);
        }
    }
    arena_free(a);
    return ran && n == 0 ? EXIT_DONE : EXIT_REFUSED;
}

int case_explain(struct cmd *c, const char *file)
{
    struct err e = { 0 };
    struct case_world w = world_of(c->arena, file);
    struct json doc;
    struct str scenario;
    struct case_settled s;
    if (load_case(&w, &doc, &e) != OK || json_need_str(doc, "scenario", &scenario, &e) != OK ||
        case_settle(&w, doc, scenario, &s, &e) != OK) {
        return cmd_error(c, &e);
    }
    for (size_t r = 0; r < s.n_runs; r++) {
        const struct case_once *run = &s.runs[r];
        for (size_t i = 0; i < run->result->n_lines; i++) {
            const struct strategy_line *l = &run->result->lines[i];
            struct text t;
            text_init(&t, c->arena, RESULT_MAX);
            strategy_explain(c->arena, run->bound, run->result, l->id, &t);
            printf(STR_FMT " -> " STR_FMT "\n%s\n", STR_ARG(l->payer), STR_ARG(l->payee), t.at);
        }
    }
    return EXIT_DONE;
}
