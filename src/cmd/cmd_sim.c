/* cmd_sim.c - commands for simulated fleets: every scenario mixed, or the PV contracts that
 * the benches compare with, in a store of its own, to measure on.
 */
#include "cmd/cmd.h"
#include "cmd/demo_build.h"
#include "sim/sim.h"

#define FLEET_CONTRACTS_MAX 75000 /* 150,000 points: the largest the growth is measured at */
#define FLEET_SEED 1
#define GAPS_BYTES_MAX (1u << 20) /* JSON: 20,000 order numbers of 20 bytes fit twice */

#define MIX_INVESTORS 8
#define MIX_CONSUMERS 40

struct fleet {
    struct cmd *cmd;
    struct sim_fleet sim; /* contracts 0: mixed */
    struct sim_mix *mix;
    struct month month;
    const char *data, *strategies;
};

static struct build *fleet_basics(struct fleet *f, struct db *db, struct instant now)
{
    struct demo_options *o = arena_make(f->cmd->arena, struct demo_options);
    *o = (struct demo_options){ .data = f->data, .strategies = f->strategies, .now = now };
    return build_new(db, f->cmd->arena, o);
}

static enum err_code fleet_publish(struct fleet *f, struct build *b, struct strategy_ref *refs,
                                   size_t n, struct err *e)
{
    const char *tariffs[] = { arena_printf(f->cmd->arena, "holidays/cn-%d.json",
                                           f->month.yyyymm / 100),
                              "calendars/zhejiang.json", "prices/zhejiang.json", NULL };
    return build_basics(b, tariffs, refs, n, e);
}

static enum err_code fleet_build(struct fleet *f, struct db *db, struct instant now,
                                 int64_t *point_ids, struct err *e)
{
    struct strategy_ref strategy = { STR("pv_selfuse"), 0 };
    struct build *b = fleet_basics(f, db, now);
    struct sim_fleet_terms terms = {
        .platform_org = build_org(b, ORG_OPERATOR, "基准运营商（演示）"),
        .grid_org = build_org(b, ORG_GRID, "基准电网（演示）"),
        .investor_org = build_org(b, ORG_INVESTOR, "基准投资商（演示）"),
        .consumer_org = build_org(b, ORG_CONSUMER, "基准用电企业（演示）"),
        .calendar = "zhejiang",
        .book = "zhejiang",
        .from = month_first(f->month),
    };
    enum err_code code = fleet_publish(f, b, &strategy, 1, e);
    terms.strategy = strategy;
    return code != OK ? code : sim_fleet_build(db, &f->sim, &terms, now, point_ids, e);
}

static enum err_code mix_build(struct fleet *f, struct db *db, struct instant now, struct err *e)
{
    struct arena *a = f->cmd->arena;
    struct build *b = fleet_basics(f, db, now);
    int64_t investors[MIX_INVESTORS], consumers[MIX_CONSUMERS];
    struct strategy_ref *refs;
    struct sim_mix_terms terms = {
        .platform_org = build_org(b, ORG_OPERATOR, "基准运营商（演示）"),
        .grid_org = build_org(b, ORG_GRID, "基准电网（演示）"),
        .market_org = build_org(b, ORG_CONSUMER, "基准交易中心（演示）"),
        .port_org = build_org(b, ORG_CONSUMER, "基准港口（演示）"),
        .government_org = build_org(b, ORG_CONSUMER, "基准交通局（演示）"),
        .investors = investors,
        .consumers = consumers,
        .n_investors = MIX_INVESTORS,
        .n_consumers = MIX_CONSUMERS,
    };
    for (int i = 0; i < MIX_INVESTORS; i++) {
        investors[i] = build_org(b, ORG_INVESTOR, arena_printf(a, "基准投资商%d（演示）", i + 1));
    }
    for (int i = 0; i < MIX_CONSUMERS; i++) {
        consumers[i] = build_org(b, ORG_CONSUMER, arena_printf(a, "基准企业%d（演示）", i + 1));
    }
    terms.n_strategies = sim_mix_strategies(a, f->mix, &refs);
    terms.strategies = refs;
    enum err_code code = fleet_publish(f, b, refs, terms.n_strategies, e);
    return code != OK ? code : sim_mix_build(db, f->mix, &terms, now, e);
}

static enum err_code fleet_load(struct fleet *f, struct db *db, struct instant now,
                                const int64_t *point_ids, struct err *e)
{
    struct arena *a = arena_new();
    struct reading_points *points;
    struct progress bar;
    struct day from = month_first(f->month);
    int days = month_days(f->month);
    if (f->mix) {
        sim_mix_days(f->mix, &from, &days);
    }
    enum err_code code = reading_points_load(db, scope_machine(), a, &points, e);
    progress_start(&bar, f->cmd, "readings", "days", days);
    for (int d = 0; d < days && code == OK; d++) {
        code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
        if (code == OK) {
            code = f->mix ? sim_mix_load(db, points, f->mix, day_add(from, d), now, e)
                          : sim_fleet_load(db, points, &f->sim, point_ids, day_add(from, d), now,
                                           e);
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

static void print_fleet(struct fleet *f)
{
    struct cmd *c = f->cmd;
    struct sim_mix_counts n = { .orders = f->sim.contracts, .points = sim_fleet_points(&f->sim) };
    struct str *gaps = NULL;
    size_t n_gaps = 0;
    n.readings = n.points * month_days(f->month) * SLOTS;
    if (f->mix) {
        n = sim_mix_counts(f->mix);
        n_gaps = sim_mix_gaps(c->arena, f->mix, &gaps);
    }
    if (!c->json) {
        printf("%lld contracts, %lld members of groups, %lld points, %lld readings; %zu contracts "
               "lack a day of readings\n",
               (long long)n.orders, (long long)n.members, (long long)n.points,
               (long long)n.readings, n_gaps);
        return;
    }
    struct text text;
    struct json_out o;
    text_init(&text, c->arena, GAPS_BYTES_MAX);
    json_out_init(&o, &text, false);
    json_open(&o, NULL, '{');
    json_put_int(&o, "contracts", n.orders);
    json_put_int(&o, "members", n.members);
    json_put_int(&o, "points", n.points);
    json_put_int(&o, "readings", n.readings);
    json_open(&o, "gaps", '[');
    for (size_t i = 0; i < n_gaps; i++) {
        json_put_str(&o, NULL, gaps[i]);
    }
    json_close(&o, ']');
    json_close(&o, '}');
    printf(STR_FMT "\n", STR_ARG(text_str(&text)));
}

static int fleet_make(struct fleet *f)
{
    struct cmd *c = f->cmd;
    struct err e = { 0 };
    struct db *db = NULL;
    int64_t *ids = arena_many(c->arena, (size_t)sim_fleet_points(&f->sim) + 1, int64_t);
    struct instant now = c->clock.now(c->clock.ctx);
    enum err_code code = cmd_open(c, STORE_CREATE, &db, &e);
    if (code == OK) {
        code = store_is_empty(f, db, &e);
    }
    if (code == OK) {
        code = f->mix ? mix_build(f, db, now, &e) : fleet_build(f, db, now, ids, &e);
    }
    if (code == OK) {
        code = fleet_load(f, db, now, ids, &e);
    }
    store_close(db);
    if (code != OK) {
        return cmd_error(c, &e);
    }
    print_fleet(f);
    return EXIT_DONE;
}

static int fleet_command(struct cmd *c, int argc, char **argv)
{
    const char *scale = "reference", *month = "2026-06", *seed = "1", *pv = NULL;
    struct fleet f = { .cmd = c, .data = "data", .strategies = "strategies" };
    struct option options[] = { { "--scale", &scale, NULL },
                                { "--pv", &pv, NULL },
                                { "--month", &month, NULL },
                                { "--seed", &seed, NULL },
                                { "--data", &f.data, NULL },
                                { "--strategies", &f.strategies, NULL },
                                { 0 } };
    int64_t contracts = 0, number = FLEET_SEED, scale_e6 = SIM_MIX_ONE_E6;
    struct err e = { 0 };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code != 0) {
        return code;
    }
    if (month_parse(str_of(month), &f.month, &e) != OK ||
        decimal_scaled(str_of(seed), 0, &number, &e) != OK ||
        (pv && decimal_scaled(str_of(pv), 0, &contracts, &e) != OK) ||
        (!str_is(str_of(scale), "reference") &&
         decimal_scaled(str_of(scale), 6, &scale_e6, &e) != OK)) {
        return cmd_use(c, "%s", e.text);
    }
    if (scale_e6 < 1 || scale_e6 > SIM_MIX_ONE_E6) {
        return cmd_use(c, "--scale is \"reference\" or a share of it: 0.01 to 1; "
                          "--pv N makes N PV contracts");
    }
    if (pv && (contracts < 1 || contracts > FLEET_CONTRACTS_MAX)) {
        return cmd_use(c, "--pv: 1 to %d contracts", FLEET_CONTRACTS_MAX);
    }
    f.sim = (struct sim_fleet){ (uint64_t)number, (int32_t)contracts };
    f.mix = pv ? NULL : sim_mix_new(c->arena, (uint64_t)number, f.month, scale_e6);
    return fleet_make(&f);
}

const struct command sim_commands[] = {
    { "sim fleet", "[--scale reference|SHARE] [--pv CONTRACTS] [--month 2026-06] [--seed N]",
      "makes the reference fleet, every scenario mixed, with a month of readings in an empty store",
      "  sunkeeper sim fleet --scale 0.01 --store /tmp/fleet\n"
      "  sunkeeper sim fleet --pv 1500 --store /tmp/fleet\n",
      fleet_command },
    { 0 },
};
