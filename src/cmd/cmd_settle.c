/* cmd_settle.c - settlement runs: a period over all orders on all cores, and what failed. */
#include "cmd/cmd.h"
#include "cmd/steps.h"
#include "statement/statement.h"
#include <time.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000
#define NS_PER_US 1000
#define OUTCOME_BYTES_MAX (2u << 20) /* JSON of a run: SETTLE_SHARES_MAX rows of 400 bytes fit */

enum err_code cmd_period(const char *word, struct settle_period *out, struct err *e)
{
    struct month m;
    if (!word) {
        return fail(e, ERR_INPUT, "--period is missing: write --period 2026-10");
    }
    if (strlen(word) == sizeof "2026-10-31" - 1) { /* an event's day */
        struct day d;
        if (day_parse(str_of(word), &d, e) != OK) {
            return fail_in(e, "--period: ");
        }
        *out = (struct settle_period){ d, day_add(d, 1) };
        return OK;
    }
    if (month_parse(str_of(word), &m, e) != OK) {
        return fail_in(e, "--period: ");
    }
    *out = (struct settle_period){ month_first(m), month_end(m) };
    return OK;
}

static void run_progress(void *ctx, const struct settle_progress *p)
{
    struct progress *bar = ctx;
    if (bar->total != p->orders && p->orders > 0) {
        bar->total = p->orders;
    }
    progress_step(bar, p->done);
}

enum err_code cmd_settle_period(struct cmd *c, struct db *db, struct settle_period period,
                                int workers, int64_t order_id, struct settle_tally *tally,
                                struct settle_progress *out, struct err *e)
{
    struct progress bar;
    progress_start(&bar, c, "settling", "orders", 1);
    struct statement_batch batch = { .period = period,
                                     .now = c->clock.now(c->clock.ctx),
                                     .workers = workers,
                                     .only_order_id = order_id,
                                     .tally = tally,
                                     .progress = run_progress,
                                     .progress_ctx = &bar };
    enum err_code code = statement_run(db, &batch, out, e);
    progress_end(&bar);
    return code;
}

enum err_code cmd_print_failures(struct cmd *c, struct db *db, struct settle_period period,
                                 FILE *out, struct err *e)
{
    static const char *const titles[] = { "order", "failure", "what and where" };
    static const char *const keys[] = { "order", "failure", "text" };
    struct table *t = table_new(c->arena, "lll", titles, keys);
    int64_t after = 0;
    for (;;) {
        const struct settle_failure *f;
        size_t n;
        if (settle_failures(db, c->arena, scope_machine(), period, after, &f, &n, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < n; i++) {
            table_cell(t, f[i].order_no);
            table_cell(t, f[i].name);
            table_cell(t, f[i].text);
            after = f[i].order_id;
        }
        if (n < SETTLE_LIST_MAX) {
            break;
        }
    }
    if (table_rows(t) || c->json) {
        table_print(t, c, out);
    }
    return OK;
}

static int64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t tally_cpu_ns(const struct settle_tally *t)
{
    int64_t all = 0;
    for (size_t i = 0; i < t->n; i++) {
        all += t->shares[i].cpu_ns;
    }
    return all;
}

/* 10^-3 of the run that went to a strategy. */
static int64_t share_e3(int64_t part, int64_t all)
{
    return all > 0 ? part * 1000 / all : 0;
}

static int64_t statements_of(const struct settle_share *s)
{
    return s->by_outcome[SETTLE_WRITTEN] + s->by_outcome[SETTLE_SAME];
}

/* Each strategy's part of the run: the wall time is shared as the CPU time is. */
static void print_tally(struct cmd *c, const struct settle_tally *tally, int64_t run_ns)
{
    static const char *const titles[] = { "strategy", "orders", "statements", "held", "failed",
                                          "lines",    "amount", "CPU ms",     "us each", "share",
                                          "wall ms" };
    struct table *t = table_new(c->arena, "lrrrrrrrrrr", titles, titles);
    int64_t all_ns = tally_cpu_ns(tally);
    for (size_t i = 0; i < tally->n; i++) {
        const struct settle_share *s = &tally->shares[i];
        int64_t share = share_e3(s->cpu_ns, all_ns);
        table_cell(t, s->strategy);
        table_cellf(t, "%lld", (long long)s->orders);
        table_cellf(t, "%lld", (long long)statements_of(s));
        table_cellf(t, "%lld", (long long)s->held);
        table_cellf(t, "%lld", (long long)s->by_outcome[SETTLE_REFUSED]);
        table_cellf(t, "%lld", (long long)s->lines);
        table_cell(t, money_text(c->arena, s->fen));
        table_cellf(t, "%lld", (long long)(s->cpu_ns / NS_PER_MS));
        table_cellf(t, "%lld", (long long)(s->cpu_ns / s->orders / NS_PER_US));
        table_cellf(t, "%lld.%lld %%", (long long)(share / 10), (long long)(share % 10));
        table_cellf(t, "%lld", (long long)(run_ns / NS_PER_MS * share / 1000));
    }
    table_print(t, c, stdout);
}

static void put_tally(struct json_out *o, const struct settle_tally *tally, int64_t run_ns)
{
    int64_t all_ns = tally_cpu_ns(tally);
    json_put_int(o, "wall_ms", run_ns / NS_PER_MS);
    json_put_int(o, "cpu_ms", all_ns / NS_PER_MS);
    json_open(o, "strategies", '[');
    for (size_t i = 0; i < tally->n; i++) {
        const struct settle_share *s = &tally->shares[i];
        json_open(o, NULL, '{');
        json_put_str(o, "strategy", s->strategy);
        json_put_int(o, "orders", s->orders);
        json_put_int(o, "statements", statements_of(s));
        json_put_int(o, "written", s->by_outcome[SETTLE_WRITTEN]);
        json_put_int(o, "held", s->held);
        json_put_int(o, "failed", s->by_outcome[SETTLE_REFUSED]);
        json_put_int(o, "lines", s->lines);
        json_put_scaled(o, "amount", s->fen, 2);
        json_put_int(o, "cpu_us", s->cpu_ns / NS_PER_US);
        json_put_int(o, "share_e3", share_e3(s->cpu_ns, all_ns));
        json_close(o, '}');
    }
    json_close(o, ']');
}

static int print_outcome(struct cmd *c, const struct settle_progress *p,
                         const struct settle_tally *tally, int64_t run_ns)
{
    int64_t written = p->by_outcome[SETTLE_WRITTEN], same = p->by_outcome[SETTLE_SAME];
    int64_t refused = p->by_outcome[SETTLE_REFUSED], locked = p->by_outcome[SETTLE_LOCKED];
    if (c->json) {
        struct text text;
        struct json_out o;
        text_init(&text, c->arena, OUTCOME_BYTES_MAX);
        json_out_init(&o, &text, false);
        json_open(&o, NULL, '{');
        json_put_int(&o, "orders", p->orders);
        json_put_int(&o, "written", written);
        json_put_int(&o, "same", same);
        json_put_int(&o, "failed", refused);
        json_put_int(&o, "issued_before", locked);
        json_put_int(&o, "held", p->held);
        put_tally(&o, tally, run_ns);
        json_close(&o, '}');
        printf(STR_FMT "\n", STR_ARG(text_str(&text)));
    } else {
        printf("%lld orders: %lld settled, %lld unchanged, %lld issued before, %lld failed; "
               "%lld of the settled are held\n",
               (long long)p->orders, (long long)written, (long long)same, (long long)locked,
               (long long)refused, (long long)p->held);
        if (tally->n > 0) {
            print_tally(c, tally, run_ns);
        }
    }
    return refused ? EXIT_PARTLY : EXIT_DONE;
}

static int settle_run_command(struct cmd *c, int argc, char **argv)
{
    const char *period_word = NULL, *order = NULL, *workers_word = NULL;
    struct option options[] = { { "--period", &period_word, NULL },
                                { "--order", &order, NULL },
                                { "--workers", &workers_word, NULL },
                                { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct settle_period period;
    int64_t workers = 0, order_id = 0;
    if (cmd_period(period_word, &period, &e) != OK) {
        return cmd_use(c, "%s", e.text);
    }
    if (workers_word && (decimal_scaled(str_of(workers_word), 0, &workers, &e) != OK ||
                         workers < 1 || workers > 256)) {
        return cmd_use(c, "--workers: 1 to 256");
    }
    struct db *db;
    if (cmd_open(c, STORE_READ_WRITE, &db, &e) != OK) {
        return cmd_error(c, &e);
    }
    struct settle_progress p = { 0 };
    struct settle_tally tally = { .arena = c->arena,
                                  .cpu_ns = thread_cpu_ns,
                                  .shares = arena_many(c->arena, SETTLE_SHARES_MAX,
                                                       struct settle_share) };
    int64_t start_ns = wall_ns();
    if ((order &&
         order_find_no(db, c->arena, scope_machine(), str_of(order), &order_id, &e) != OK) ||
        cmd_settle_period(c, db, period, (int)workers, order_id, &tally, &p,
                          &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    code = print_outcome(c, &p, &tally, wall_ns() - start_ns);
    if (code == EXIT_PARTLY && !c->json && cmd_print_failures(c, db, period, stdout, &e) != OK) {
        code = cmd_error(c, &e);
    }
    store_close(db);
    return code;
}

static int settle_failures_command(struct cmd *c, int argc, char **argv)
{
    const char *period_word = NULL;
    struct option options[] = { { "--period", &period_word, NULL }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct settle_period period;
    if (cmd_period(period_word, &period, &e) != OK) {
        return cmd_use(c, "%s", e.text);
    }
    struct db *db;
    if (cmd_open(c, STORE_READ_ONLY, &db, &e) != OK) {
        return cmd_error(c, &e);
    }
    code = cmd_print_failures(c, db, period, stdout, &e) == OK ? EXIT_DONE : cmd_error(c, &e);
    store_close(db);
    return code;
}

const struct command settle_commands[] = {
    { "settle run", "--period 2026-10 [--order NO] [--workers N]",
      "settles a month over all orders and drafts their statements; again: only what changed",
      "  sunkeeper settle run --period 2026-10\n"
      "  sunkeeper settle run --period 2026-10 --order DEMO202610-O-PV01 --json\n",
      settle_run_command },
    { "settle failures", "--period 2026-10", "orders that could not be settled, and why", NULL,
      settle_failures_command },
    { 0 },
};
