/* cmd_demo.c - the main job on an estate made for looking: readings, settlement, statements, one of
 * them explained, each with the command that shows more.
 */
#include "cmd/cmd.h"
#include "cmd/demo.h"
#include "cmd/steps.h"
#include "statement/statement.h"

#define DEMO_SEED 20261001
#define SHOWN_MAX 200 /* rows of the table; the command below it lists the rest */
#define EXPLAIN_MAX (16u << 20)

struct stage {
    struct cmd *cmd;
    struct progress bar;
    const char *what;
};

static void stage_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct stage *s = ctx;
    if (!s->what || !str_is(str_of(s->what), what)) {
        if (s->what) {
            progress_end(&s->bar);
        }
        s->what = what;
        progress_start(&s->bar, s->cmd, what, "", total);
    }
    progress_step(&s->bar, done);
}

static enum err_code estate_make(struct cmd *c, struct db *db, struct demo_options *o,
                                 struct demo_result *out, struct err *e)
{
    struct stage s = { .cmd = c };
    o->now = c->clock.now(c->clock.ctx);
    o->progress = stage_progress;
    o->progress_ctx = &s;
    enum err_code code = (o->real ? demo_real : demo_make)(db, c->arena, o, out, e);
    if (s.what) {
        progress_end(&s.bar);
    }
    if (code != OK) {
        return code;
    }
    printf("%s: %lld organisations, %lld stations, %lld points, %lld contracts; %lld readings "
           "journalled now\n",
           out->reused ? "estate found" : "estate made", (long long)out->orgs,
           (long long)out->stations, (long long)out->points, (long long)out->contracts,
           (long long)out->readings);
    for (size_t i = 0; i < out->n_notes; i++) {
        printf("  - %s\n", out->notes[i]);
    }
    return OK;
}

static enum err_code months_settle(struct cmd *c, struct db *db, const struct demo_result *estate,
                                   struct err *e)
{
    for (size_t i = 0; i < estate->n_periods; i++) {
        struct settle_period p = { month_first(estate->periods[i]), month_end(estate->periods[i]) };
        struct settle_progress done = { 0 };
        struct statement_act act = { .scope = scope_machine(),
                                     .now = c->clock.now(c->clock.ctx),
                                     .reason = STR("demo") };
        int64_t issued = 0;
        if (cmd_settle_period(c, db, p, 0, 0, NULL, &done, e) != OK ||
            statement_issue_all(db, &act, p, &issued, e) != OK) {
            return e->code;
        }
        printf("%04d-%02d: %lld orders, %lld settled now, %lld as before, %lld failed, %lld held; "
               "%lld statements issued\n",
               estate->periods[i].yyyymm / 100, estate->periods[i].yyyymm % 100,
               (long long)done.orders, (long long)done.by_outcome[SETTLE_WRITTEN],
               (long long)(done.by_outcome[SETTLE_SAME] + done.by_outcome[SETTLE_LOCKED]),
               (long long)done.by_outcome[SETTLE_REFUSED], (long long)done.held, (long long)issued);
    }
    return OK;
}

static enum err_code totals_print(struct cmd *c, struct db *db, struct settle_period p,
                                  struct err *e)
{
    struct statement_total totals[STATEMENT_VOID + 1] = { 0 };
    if (statement_totals(db, scope_machine(), p, totals, e) != OK) {
        return e->code;
    }
    int64_t n = 0, fen = 0;
    for (int i = 1; i < STATEMENT_VOID; i++) {
        if (totals[i].n) {
            printf("  %-10s %5lld statements %20s yuan\n",
                   statement_state_word((enum statement_state)i), (long long)totals[i].n,
                   money_text(c->arena, totals[i].fen).at);
            n += totals[i].n;
            fen += totals[i].fen;
        }
    }
    printf("  %-10s %5lld statements %20s yuan\n", "total", (long long)n,
           money_text(c->arena, fen).at);
    return OK;
}

/* The one to explain: an issued self-use statement if there is one, else the first issued. */
static enum err_code one_find(struct cmd *c, struct db *db, struct settle_period p, int64_t *id,
                              struct str *no, struct err *e)
{
    struct statement_query q = { .period = p, .state = STATEMENT_ISSUED };
    const struct statement_row *rows;
    size_t n;
    *id = 0;
    if (statement_list(db, c->arena, scope_machine(), &q, &rows, &n, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        bool self_use = str_starts(rows[i].strategy, "pv_selfuse");
        if (!*id || self_use) {
            *id = rows[i].statement_id;
            *no = rows[i].no;
        }
        if (self_use) {
            break;
        }
    }
    return OK;
}

static enum err_code month_show(struct cmd *c, struct db *db, struct month m, struct err *e)
{
    struct settle_period p = { month_first(m), month_end(m) };
    int64_t id;
    struct str no = STR("NO");
    printf("\nStatements of %04d-%02d\n", m.yyyymm / 100, m.yyyymm % 100);
    if (cmd_print_statements(c, db, scope_machine(), p, 0, SHOWN_MAX, stdout, e) != OK ||
        totals_print(c, db, p, e) != OK) {
        return e->code;
    }
    printf("\nHeld, and why\n");
    if (cmd_print_statements(c, db, scope_machine(), p, STATEMENT_HELD, SHOWN_MAX, stdout, e) !=
            OK ||
        cmd_print_failures(c, db, p, stdout, e) != OK || one_find(c, db, p, &id, &no, e) != OK) {
        return e->code;
    }
    if (id) {
        struct text t;
        text_init(&t, c->arena, EXPLAIN_MAX);
        printf("\nOne statement explained\n");
        if (statement_explain(db, scope_machine(), id, STR(""), (struct day){ 0 }, &t, e) != OK) {
            return e->code;
        }
        printf(STR_FMT, STR_ARG(text_str(&t)));
    }
    const char *at =
        str_is(str_of(c->store), "./var") ? "" : arena_printf(c->arena, " --store %s", c->store);
    printf("\nFollow any amount\n"
           "  build/sunkeeper statement explain " STR_FMT "%s\n"
           "  build/sunkeeper statement explain " STR_FMT " --day %04d-%02d-05%s\n"
           "  build/sunkeeper statement recompute " STR_FMT " --compare%s\n"
           "  build/sunkeeper reading gaps --period %04d-%02d%s\n"
           "  build/sunkeeper check%s\n",
           STR_ARG(no), at, STR_ARG(no), m.yyyymm / 100, m.yyyymm % 100, at, STR_ARG(no), at,
           m.yyyymm / 100, m.yyyymm % 100, at, at);
    return OK;
}

static int demo_command(struct cmd *c, int argc, char **argv)
{
    const char *real = NULL, *month = NULL, *seed = NULL, *data = "data", *library = "strategies";
    struct option options[] = { { "--real", &real, NULL },          { "--month", &month, NULL },
                                { "--seed", &seed, NULL },          { "--data", &data, NULL },
                                { "--strategies", &library, NULL }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    int64_t seed_value = DEMO_SEED;
    struct demo_options o = {
        .month = { 202610 }, .real = real, .data = data, .strategies = library
    };
    if ((month && month_parse(str_of(month), &o.month, &e) != OK) ||
        (seed && decimal_scaled(str_of(seed), 0, &seed_value, &e) != OK)) {
        return cmd_use(c, "%s", e.text);
    }
    o.seed = (uint64_t)seed_value;
    struct demo_result estate = { 0 };
    struct db *db = NULL;
    if (cmd_open(c, STORE_CREATE, &db, &e) != OK || estate_make(c, db, &o, &estate, &e) != OK ||
        months_settle(c, db, &estate, &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    for (size_t i = 0; i < estate.n_show; i++) {
        if (month_show(c, db, estate.show[i], &e) != OK) {
            store_close(db);
            return cmd_error(c, &e);
        }
    }
    store_close(db);
    return EXIT_DONE;
}

const struct command demo_commands[] = {
    { "demo", "[--month 2026-10] [--seed N] [--real DIR]",
      "the main job on a demo estate: readings, settlement, statements, one explained",
      "  sunkeeper demo\n  sunkeeper demo --real ../readings --store ./var-real\n", demo_command },
    { 0 },
};
