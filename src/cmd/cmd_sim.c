/* cmd_sim.c - commands for simulated fleets: the reference fleet in a store of its own, to measure
 * on.
 */
#include "cmd/cmd.h"
#include "cmd/demo_build.h"
#include "sim/sim.h"

#define FLEET_CONTRACTS_MAX 75000 /* 150,000 points: the largest the growth is measured at */
#define FLEET_SEED 1

struct fleet {
    struct cmd *cmd;
    struct sim_fleet sim;
    struct month month;
    const char *data, *strategies;
};

static enum err_code fleet_build(struct fleet *f, struct db *db, struct instant now,
                                 int64_t *point_ids, struct err *e)
{
    struct demo_options *o = arena_make(f->cmd->arena, struct demo_options);
    struct strategy_ref strategy = { STR("pv_selfuse"), 0 };
    const char *tariffs[] = { arena_printf(f->cmd->arena, "holidays/cn-%d.json",
                                           f->month.yyyymm / 100),
                              "calendars/zhejiang.json", "prices/zhejiang.json", NULL };
    *o = (struct demo_options){ .data = f->data, .strategies = f->strategies, .now = now };
    struct build *b = build_new(db, f->cmd->arena, o);
    struct sim_fleet_terms terms = {
        .platform_org = build_org(b, ORG_OPERATOR, "基准运营商（演示）"),
        .grid_org = build_org(b, ORG_GRID, "基准电网（演示）"),
        .investor_org = build_org(b, ORG_INVESTOR, "基准投资商（演示）"),
        .consumer_org = build_org(b, ORG_CONSUMER, "基准用电企业（演示）"),
        .calendar = "zhejiang",
        .book = "zhejiang",
        .from = month_first(f->month),
    };
    enum err_code code = build_basics(b, tariffs, &strategy, 1, e);
    terms.strategy = strategy;
    return code != OK ? code : sim_fleet_build(db, &f->sim, &terms, now, point_ids, e);
}

static enum err_code fleet_load(struct fleet *f, struct db *db, struct instant now,
                                const int64_t *point_ids, struct err *e)
{
    struct arena *a = arena_new();
    struct reading_points *points;
    struct progress bar;
    int days = month_days(f->month);
    enum err_code code = reading_points_load(db, scope_machine(), a, &points, e);
    progress_start(&bar, f->cmd, "readings", "days", days);
    for (int d = 0; d < days && code == OK; d++) {
        code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
        if (code == OK) {
            code = sim_fleet_load(db, points, &f->sim, point_ids, day_add(month_first(f->month), d),
                                  now, e);
        }
        if (code == OK) {
            code = store_commit(db, STORE_SERIES, e);
        } else {
            store_rollback(db, STORE_SERIES);
        }
        progress_step(&bar, d + 1);
    }
    progress_end(&bar);
    arena_free(a);
    return code;
}

/* A fleet is measured alone: its store holds nothing else. */
static enum err_code store_is_empty(struct fleet *f, struct db *db, struct err *e)
{
    const struct org *orgs;
    size_t n;
    enum err_code code = org_list(db, f->cmd->arena, scope_machine(), 0, &orgs, &n, e);
    return code != OK || n == 0
               ? code
               : fail(e, ERR_RULE, "store %s is not empty: name a new place for the fleet",
                      store_where(db));
}

static int fleet_make(struct fleet *f)
{
    struct cmd *c = f->cmd;
    struct err e = { 0 };
    struct db *db = NULL;
    int64_t *ids = arena_many(c->arena, (size_t)sim_fleet_points(&f->sim), int64_t);
    struct instant now = c->clock.now(c->clock.ctx);
    enum err_code code = cmd_open(c, STORE_CREATE, &db, &e);
    if (code == OK) {
        code = store_is_empty(f, db, &e);
    }
    if (code == OK) {
        code = fleet_build(f, db, now, ids, &e);
    }
    if (code == OK) {
        code = fleet_load(f, db, now, ids, &e);
    }
    store_close(db);
    if (code != OK) {
        return cmd_error(c, &e);
    }
    int64_t readings = (int64_t)sim_fleet_points(&f->sim) * month_days(f->month) * SLOTS;
    printf(c->json ? "{\"contracts\":%d,\"points\":%d,\"readings\":%lld}\n"
                   : "%d contracts, %d points, %lld readings\n",
           f->sim.contracts, sim_fleet_points(&f->sim), (long long)readings);
    return EXIT_DONE;
}

static int fleet_command(struct cmd *c, int argc, char **argv)
{
    const char *scale = "reference", *month = "2026-06", *seed = "1";
    struct fleet f = { .cmd = c, .data = "data", .strategies = "strategies" };
    struct option options[] = { { "--scale", &scale, NULL },
                                { "--month", &month, NULL },
                                { "--seed", &seed, NULL },
                                { "--data", &f.data, NULL },
                                { "--strategies", &f.strategies, NULL },
                                { 0 } };
    int64_t contracts = SIM_FLEET_REFERENCE, number = FLEET_SEED;
    struct err e = { 0 };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code != 0) {
        return code;
    }
    if (month_parse(str_of(month), &f.month, &e) != OK ||
        decimal_scaled(str_of(seed), 0, &number, &e) != OK ||
        (!str_is(str_of(scale), "reference") &&
         decimal_scaled(str_of(scale), 0, &contracts, &e) != OK)) {
        return cmd_use(c, "%s", e.text);
    }
    if (contracts < 1 || contracts > FLEET_CONTRACTS_MAX) {
        return cmd_use(c, "--scale is \"reference\" (%d contracts) or 1 to %d contracts",
                       SIM_FLEET_REFERENCE, FLEET_CONTRACTS_MAX);
    }
    f.sim = (struct sim_fleet){ (uint64_t)number, (int32_t)contracts };
    return fleet_make(&f);
}

const struct command sim_commands[] = {
    { "sim fleet", "[--scale reference|CONTRACTS] [--month 2026-06] [--seed N]",
      "makes the reference fleet of PV contracts with a month of readings in an empty store",
      "  sunkeeper sim fleet --scale 1500 --store /tmp/fleet\n", fleet_command },
    { 0 },
};
