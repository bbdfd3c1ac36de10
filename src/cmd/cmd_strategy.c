/* cmd_strategy.c - strategies at the desk: check, format, describe, try on an order, test cases. */
#include "cmd/case.h"
#include "cmd/cmd.h"
#include "cmd/library.h"
#include "cmd/steps.h"
#include "cmd/urdb.h"
#include "settle/settle.h"
#include "strategy/strategy.h"
#include <sys/stat.h>

#define MESSAGES_MAX (4u << 20)

static void print_messages(struct cmd *c, const struct strategy_messages *m)
{
    for (size_t i = 0; i < m->n; i++) {
        struct text t;
        text_init(&t, c->arena, MESSAGES_MAX);
        strategy_message_text(&t, &m->at[i]);
        fprintf(stderr, STR_FMT "\n", STR_ARG(text_str(&t)));
    }
}

/* Loads FILE with the libraries that stand beside it. */
static enum err_code file_load(struct cmd *c, const char *path, struct strategy **out,
                               struct strategy_messages *m, struct err *e)
{
    struct str text;
    struct strategy_library library;
    *m = (struct strategy_messages){ 0 };
    if (cmd_read_file(c->arena, path, STRATEGY_TEXT_MAX, &text, e) != OK) {
        return e->code;
    }
    library_beside(c->arena, path, &library);
    return strategy_load(c->arena, str_of(path), text, &library, NULL, 0, out, m, e);
}

static int words_only(struct cmd *c, int argc, char **argv, char ***words, int *n, const char *what)
{
    *words = arena_many(c->arena, (size_t)argc + 1, char *);
    int code = cmd_options(c, argc, argv, NULL, *words, n);
    if (!code && *n == 0) {
        return cmd_use(c, "name %s", what);
    }
    return code;
}

/* The verdict over a file for programs. */
static void print_checked(struct cmd *c, const char *path, const struct strategy_messages *m)
{
    struct text t;
    struct json_out o;
    text_init(&t, c->arena, MESSAGES_MAX);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "file", str_of(path));
    json_put_bool(&o, "sound", m->n_errors == 0);
    json_put_int(&o, "errors", (int64_t)m->n_errors);
    json_put_int(&o, "warnings", (int64_t)(m->n - m->n_errors));
    json_close(&o, '}');
    printf(STR_FMT "\n", STR_ARG(text_str(&t)));
}

static int check_command(struct cmd *c, int argc, char **argv)
{
    char **words;
    int n, worst = EXIT_DONE, code = words_only(c, argc, argv, &words, &n, "a file.tally");
    for (int i = 0; !code && i < n; i++) {
        struct strategy *s;
        struct strategy_messages m;
        struct err e = { 0 };
        enum err_code got = file_load(c, words[i], &s, &m, &e);
        print_messages(c, &m);
        if (c->json && (got == OK || m.n_errors)) {
            print_checked(c, words[i], &m);
            worst = m.n_errors ? EXIT_REFUSED : worst;
        } else if (got == OK) {
            printf("%s: sound, %zu warning%s\n", words[i], m.n, m.n == 1 ? "" : "s");
        } else if (m.n_errors) {
            printf("%s: %zu error%s\n", words[i], m.n_errors, m.n_errors == 1 ? "" : "s");
            worst = EXIT_REFUSED;
        } else {
            worst = cmd_error(c, &e);
        }
    }
    return code ? code : worst;
}

static int fmt_command(struct cmd *c, int argc, char **argv)
{
    bool check_only = false, write = false;
    struct option options[] = { { "--check", NULL, &check_only },
                                { "--write", NULL, &write },
                                { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, worst = EXIT_DONE, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    if (!n) {
        return cmd_use(c, "name a file.tally");
    }
    for (int i = 0; i < n; i++) {
        struct err e = { 0 };
        struct str text, out;
        struct strategy_messages m = { 0 };
        if (cmd_read_file(c->arena, words[i], STRATEGY_TEXT_MAX, &text, &e) != OK ||
            strategy_format(c->arena, str_of(words[i]), text, &out, &m, &e) != OK) {
            print_messages(c, &m);
            worst = m.n_errors ? EXIT_REFUSED : cmd_error(c, &e);
            continue;
        }
        if (check_only) {
            if (!str_eq(text, out)) {
                printf("%s: not in the canonical layout\n", words[i]);
                worst = EXIT_REFUSED;
            }
        } else if (write) {
            FILE *f = fopen(words[i], "wb");
            bool good = f && fwrite(out.at, 1, out.n, f) == out.n;
            good = f && fclose(f) == 0 && good;
            if (!good) {
                fail(&e, ERR_IO, "%s: cannot be written", words[i]);
                worst = cmd_error(c, &e);
            }
        } else {
            printf(STR_FMT, STR_ARG(out));
        }
    }
    return worst;
}

static void print_lines(struct cmd *c, const struct settle_result *r)
{
    static const char *const titles[] = { "code", "title", "payer", "payee", "quantity",
                                          "unit", "price", "yuan",  "VAT",   "quality" };
    static const char *const keys[] = { "code", "title", "payer", "payee", "quantity",
                                        "unit", "price", "yuan",  "vat",   "quality" };
    static const char *const marks[] = { "A", "E", "M", "-" };
    struct table *t = table_new(c->arena, "llllrlrrrl", titles, keys);
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct settle_line *l = &r->lines[i];
        struct text q, p;
        text_init(&q, c->arena, 64);
        text_init(&p, c->arena, 64);
        if (l->has_quantity) {
            text_decimal(&q, l->quantity_e4, 4, 2);
        }
        if (l->has_price) {
            text_decimal(&p, l->price_e6, 6, 2);
        }
        table_cell(t, l->code);
        table_cell(t, l->title);
        table_cell(t, l->payer);
        table_cell(t, l->payee);
        table_cell(t, text_str(&q));
        table_cell(t, l->unit);
        table_cell(t, text_str(&p));
        table_cell(t, money_text(c->arena, l->fen));
        table_cell(t, l->vat_e6 < 0 ? STR("-") : money_text(c->arena, l->vat_fen));
        table_cell(t, str_of(marks[l->quality]));
    }
    table_print(t, c, stdout);
}

static int try_command(struct cmd *c, int argc, char **argv)
{
    const char *order = NULL, *period = NULL;
    struct option options[] = { { "--order", &order, NULL }, { "--period", &period, NULL }, { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct settle_try t = { .now = c->clock.now(c->clock.ctx) };
    if (!order || n > 1) {
        return cmd_use(c, "write --order NO --period 2026-10 [FILE.tally]");
    }
    if (cmd_period(period, &t.period, &e) != OK) {
        return cmd_use(c, "%s", e.text);
    }
    struct db *db = NULL;
    const struct settle_result *r;
    if ((n && cmd_read_file(c->arena, words[0], STRATEGY_TEXT_MAX, &t.strategy_text, &e) != OK) ||
        cmd_open(c, STORE_READ_ONLY, &db, &e) != OK ||
        order_find_no(db, c->arena, scope_machine(), str_of(order), &t.order_id, &e) != OK ||
        settle_try(db, c->arena, scope_machine(), &t, &r, &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    if (r->outcome == SETTLE_REFUSED) {
        fail_named(&e, ERR_RULE, r->failure_name, STR_FMT, STR_ARG(r->failure));
        code = cmd_error(c, &e);
    } else {
        print_lines(c, r);
        for (size_t i = 0; !c->json && i < r->n_flags; i++) {
            printf("%s " STR_FMT " " STR_FMT "\n", r->flags[i].hold ? "hold" : "warn",
                   STR_ARG(r->flags[i].code), STR_ARG(r->flags[i].title));
        }
    }
    store_close(db);
    return code;
}

static int explain_command(struct cmd *c, int argc, char **argv)
{
    char **words;
    int n, code = words_only(c, argc, argv, &words, &n, "a case.json");
    for (int i = 0, worst = 0; !code && i < n; i++) {
        worst = case_explain(c, words[i]);
        code = worst;
    }
    return code;
}

static int test_command(struct cmd *c, int argc, char **argv)
{
    char **words;
    int n, code = words_only(c, argc, argv, &words, &n, "a case.json");
    int bad = 0, done = 0;
    for (int i = 0; !code && i < n; i++) {
        if (str_ends(str_of(words[i]), "tou.json")) { /* the schedules that cases name */
            printf("# %s: a schedule, no case\n", words[i]);
            continue;
        }
        int differs = case_run(c, words[i]);
        bad += differs != 0;
        done++;
    }
    if (code) {
        return code;
    }
    printf("%d passed, %d failed\n", done - bad, bad);
    return bad ? EXIT_REFUSED : EXIT_DONE;
}

const struct command strategy_commands[] = {
    { "strategy check", "FILE.tally...", "proves a strategy sound, or says what is wrong where",
      "  sunkeeper strategy check strategies/pv_selfuse.tally\n", check_command },
    { "strategy fmt", "[--check|--write] FILE.tally...", "prints it in the canonical layout", NULL,
      fmt_command },
    { "strategy explain", "CASE.json...", "runs a case and explains each line to its sources", NULL,
      explain_command },
    { "strategy try", "--order NO --period 2026-10 [FILE.tally]",
      "computes an order without writing, by its own strategy or by the one given", NULL,
      try_command },
    { "strategy test", "CASE.json...", "runs golden cases; prints each difference; exit 1 if any",
      "  sunkeeper strategy test tests/scenario/*.json\n", test_command },
    { "strategy import-urdb", "FILE.json [--item N] [--out DIR] [--first]",
      "a public tariff (URDB, OpenEI) as a strategy, or what in it cannot be said",
      "  sunkeeper strategy import-urdb rate.json --out strategies\n", urdb_command },
    { 0 },
};
