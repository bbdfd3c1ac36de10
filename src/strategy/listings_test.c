/* listings_test.c - the listings of the language page, run on the worked examples of the settlement
 * rules (section 5). Expected numbers are those of the rules, or counted by hand from them.
 */
#include "base/test.h"
#include "strategy/world.h"
#include <stdio.h>

#define LISTINGS "tests/strategy/listings/"

static struct str read_listing(struct arena *a, struct str name)
{
    char path[256];
    snprintf(path, sizeof path, LISTINGS STR_FMT ".tally", STR_ARG(name));
    FILE *f = fopen(path, "rb");
    if (!f) {
        return STR("");
    }
    char *text = arena_alloc(a, 65536);
    size_t n = fread(text, 1, 65535, f);
    fclose(f);
    return (struct str){ text, n };
}

static bool find_listing(void *ctx, struct str name, struct str *file, struct str *text)
{
    struct world *w = ctx;
    *file = name;
    *text = read_listing(w->arena, name);
    return text->n > 0;
}

static struct world *world_of(struct arena *a, const char *listing, const char *start,
                              int32_t minutes, int32_t n)
{
    struct world *w = world_new(a, start, minutes, n);
    struct str text = read_listing(a, str_of(listing));
    if (text.n == 0) {
        fail_msg("%s%s.tally cannot be read; run from the top of the repository", LISTINGS,
                 listing);
    }
    w->library = (struct strategy_library){ w, find_listing };
    assert_ok(world_load(w, text.at), &w->err);
    return w;
}

static const char JULY_2024_RULE[] = "vvvvvvvvpssvvffssppppppf";

static struct world *golden_01(struct arena *a)
{
    static const int32_t first[] = { 0 };
    struct world *w = world_of(a, "pv_selfuse", "2025-07-10T10:30:00+08:00", 15, 12);
    world_tou(w, 1, JULY_2024_RULE, 1, first);
    world_feed(w, "gen", 4, "100 110 120 120 130 130 130 130 120 120 110 100");
    world_feed(w, "export", 4, "0 0 20 20 40 40 30 30 20 20 10 0");
    world_price(w, "grid_price", "1.1524 0.9947 0.6840 0.3876");
    world_set(w, "discount", "0.88");
    world_set(w, "floor", "0.40");
    world_set(w, "cap", "0.95");
    world_set(w, "feed_in", "0.4153");
    world_set(w, "fee_rate", "0.01");
    return w;
}

static void test_pv_selfuse_is_example_5_1(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_01(a);
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_text(w),
                        "SELF.sharp consumer>investor 210 kWh x 0.95 = 19950 (17655 + 2295)\n"
                        "SELF.flat consumer>investor 200 kWh x 0.6019 = 12038 (10653 + 1385)\n"
                        "SELF.valley consumer>investor 780 kWh x 0.4 = 31200 (27611 + 3589)\n"
                        "EXPORT grid>investor 230 kWh x 0.4153 = 9552 (8453 + 1099)\n"
                        "PLATFORM_FEE investor>platform = 632 (596 + 36)\n");
    assert_int_equal(w->n_sums, 2); /* one call per source; no interval is looked at */
    assert_int_equal(w->n_values, 0);
    assert_string_equal(world_values_of(w, "own"), "210 200 780");
    assert_true(str_is(w->result->lines[3].settled_by, "grid"));
    arena_free(a);
}

static void test_a_line_explains_itself_as_the_page_shows(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_01(a);
    assert_ok(world_run(w), &w->err);
    struct text t;
    text_init(&t, a, 1 << 16);
    strategy_explain(a, w->bound, w->result, 2, &t);
    assert_string_equal(
        t.at, "SELF.valley 自用电费   780.00 kWh x 0.4000 yuan/kWh = 312.00 yuan\n"
              "  自用电量[valley]   = pos(发电量 1000.00 - 上网电量 220.00) = 780.00\n"
              "  own_price[valley]  = clamp(round((0.3876 - 0) * 88%, 4) = 0.3411, floor 0.40, "
              "cap 0.95) = 0.4000\n"
              "  发电量[valley]     = round(sum(gen by tou) = 1000.00, 2) = 1000.00\n"
              "  上网电量[valley]   = round(sum(export by tou) = 220.00, 2) = 220.00\n");
    const struct strategy_source_use *use = NULL;
    assert_int_equal(strategy_trace(a, w->bound, w->result, 2, &use), 2);
    assert_true(str_is(use[0].name, "gen") && str_is(use[1].name, "export"));
    arena_free(a);
}

/* A price version from the second day: lines by version (rules 6.1), codes with @n. */
static void test_pv_selfuse_over_a_price_change(void **state)
{
    (void)state;
    static const int32_t first[] = { 0, 1 };
    struct arena *a = arena_new();
    struct world *w = world_of(a, "pv_selfuse", "2025-07-10T00:00:00+08:00", 60, 48);
    world_tou(w, 2, "vvvvvvvvvvvvvvvvvvvvvvvv", 2, first);
    world_feed(w, "gen", 4, "10");
    world_feed(w, "export", 4, "0");
    world_price(w, "grid_price", "0.4000 0.5000");
    world_set(w, "discount", "0.9");
    world_set(w, "feed_in", "0.4153");
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_text(w),
                        "SELF.valley@1 consumer>investor 240 kWh x 0.36 = 8640 (7646 + 994)\n"
                        "SELF.valley@2 consumer>investor 240 kWh x 0.45 = 10800 (9558 + 1242)\n");
    arena_free(a);
}

static void test_pv_selfuse_with_every_item(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_01(a);
    world_set(w, "roof_fee", "0.02");
    world_set(w, "free_quota", "100");
    world_set(w, "min_take", "0.7");
    world_set(w, "year_gen", "10000");
    world_set(w, "year_self", "6500.50");
    world_set(w, "year_price", "0.6000");
    assert_ok(world_run(w), &w->err);
    /* 1420 x 0.02 = 28.40; 631.88 / 1190 = 0.53099 -> 0.5310, 100 x 0.5310 = 53.10;
     * (631.88 - 53.10) x 1% = 5.7878; short 7000 - 6500.50 = 499.50 x 0.1847 = 92.257... */
    assert_string_equal(world_text(w),
                        "SELF.sharp consumer>investor 210 kWh x 0.95 = 19950 (17655 + 2295)\n"
                        "SELF.flat consumer>investor 200 kWh x 0.6019 = 12038 (10653 + 1385)\n"
                        "SELF.valley consumer>investor 780 kWh x 0.4 = 31200 (27611 + 3589)\n"
                        "EXPORT grid>investor 230 kWh x 0.4153 = 9552 (8453 + 1099)\n"
                        "ROOF investor>consumer 1420 kWh x 0.02 = 2840 (2606 + 234)\n"
                        "FREE_QUOTA consumer>investor 100 kWh x 0.531 = -5310 (-4699 + -611)\n"
                        "PLATFORM_FEE investor>platform = 579 (546 + 33)\n"
                        "MIN_TAKE consumer>investor 499.5 kWh x 0.1847 = 9226 (8165 + 1061)\n");
    arena_free(a);
}

static struct world *golden_04(struct arena *a)
{
    static const int32_t first[] = { 0 };
    struct world *w = world_of(a, "storage_arbitrage", "2025-07-10T06:00:00+08:00", 60, 12);
    world_tou(w, 1, JULY_2024_RULE, 1, first);
    world_feed(w, "charge", 4, "500 500 0 0 0 400 400 0 0 0 0 0");
    world_feed(w, "discharge", 4, "0 0 0 450 450 0 0 0 0 400 300 0");
    world_feed(w, "grid_import", 4, "900 1000 1200 900 950 1100 1050 1150 1200 900 1000 1250");
    world_price(w, "grid_price", "1.1524 0.9947 0.6840 0.3876");
    world_set(w, "investor_share", "0.90");
    world_set(w, "rte_min", "0.85");
    world_set(w, "rte_price", "0.6840");
    return w;
}

static void test_storage_is_example_5_3(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_04(a);
    world_set(w, "demand", "reconstructed");
    world_set(w, "demand_price", "48");
    world_set(w, "demand_share", "0.80");
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_text(w),
                        "ARBITRAGE consumer>investor = 103154 (91287 + 11867)\n"
                        "DEMAND_SAVING consumer>investor 150 kW x 48 = 576000 (509735 + 66265)\n"
                        "next owed 0\n");
    assert_string_equal(world_values_of(w, "rte"), "0.8889");
    assert_string_equal(world_values_of(w, "without_kw"), "1400");
    assert_string_equal(world_values_of(w, "with_kw"), "1250");
    arena_free(a);
}

/* A month that loses: 1800 kWh charged at 0.3876, nothing discharged: benefit -697.68. */
static void test_storage_losing_month_in_three_modes(void **state)
{
    (void)state;
    static const char *const modes[] = { "carry", "zero", "investor_pays" };
    static const char *const want[] = {
        "RTE_SHORTFALL investor>consumer 1530 kWh x 0.684 = 104652 (92612 + 12040)\n"
        "flag NEGATIVE_BENEFIT\nnext owed -707.68\n",
        "RTE_SHORTFALL investor>consumer 1530 kWh x 0.684 = 104652 (92612 + 12040)\n"
        "flag NEGATIVE_BENEFIT\nnext owed 0\n",
        "ARBITRAGE investor>consumer = 70768 (62627 + 8141)\n"
        "RTE_SHORTFALL investor>consumer 1530 kWh x 0.684 = 104652 (92612 + 12040)\n"
        "flag NEGATIVE_BENEFIT\nnext owed 0\n",
    };
    for (int i = 0; i < 3; i++) {
        struct arena *a = arena_new();
        struct world *w = golden_04(a);
        w->top.part.n_feeds = 0;
        world_feed(w, "charge", 4, "500 500 0 0 0 400 400 0 0 0 0 0");
        world_feed(w, "discharge", 4, "0");
        world_set(w, "negative", modes[i]);
        world_set(w, "owed", "-10");
        assert_ok(world_run(w), &w->err);
        assert_string_equal(world_text(w), want[i]);
        arena_free(a);
    }
}

static struct world *golden_06(struct arena *a, const char *order)
{
    static const int32_t first[] = { 0 };
    struct world *w = world_of(a, "park", "2025-07-10T00:00:00+08:00", 60, 4);
    world_tou(w, 1, "spfvvvvvvvvvvvvvvvvvvvvv", 1, first);
    world_feed(w, "main", 4, "1030 2060 1545 3090");
    world_price(w, "grid_price", "1.1524 0.9947 0.6840 0.3876");
    struct world_part *t = world_group(w, &w->top, "lessee", order);
    for (size_t i = 0; i < w->top.groups[0].n; i++) {
        char id = w->top.members[0][i].name.at[1];
        world_feed_on(w, &t[i], "energy", 4,
                      id == '1'   ? "500 1000 700 1500"
                      : id == '2' ? "300 600 500 1000"
                                  : "200 400 300 500",
                      &w->binding.axis);
        world_set_in(&t[i], "area", id == '1' ? "1200" : id == '2' ? "800" : "400");
        world_set_in(&t[i], "capacity", id == '1' ? "315" : id == '2' ? "200" : "115");
        world_set_in(&t[i], "demand", "0");
    }
    world_set(w, "basic_fee", "18900");
    world_set(w, "pf_adjust", "-43.12");
    world_set(w, "loss_mode", "by_energy");
    world_set(w, "service_fee", "0.01");
    world_set(w, "price_cap", "4");
    return w;
}

static void test_park_is_example_5_4(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_06(a, "T1 T2 T3");
    assert_ok(world_run(w), &w->err);
    const char *text = world_text(w);
    const char *sharp = "ENERGY.sharp T1>landlord 500 kWh x 1.1524 = 57620 (50991 + 6629)\n"
                        "ENERGY.sharp T2>landlord 300 kWh x 1.1524 = 34572 (30595 + 3977)\n"
                        "ENERGY.sharp T3>landlord 200 kWh x 1.1524 = 23048 (20396 + 2652)\n"
                        "LOSS.sharp T1>landlord = 1729 (1530 + 199)\n"
                        "LOSS.sharp T2>landlord = 1037 (918 + 119)\n"
                        "LOSS.sharp T3>landlord = 691 (612 + 79)\n"
                        "ENERGY.peak T1>landlord";
    assert_memory_equal(text, sharp, strlen(sharp));
    assert_non_null(strstr(text, "BASIC T1>landlord = 945000"));
    assert_non_null(strstr(text, "BASIC T2>landlord = 600000"));
    assert_non_null(strstr(text, "BASIC T3>landlord = 345000"));
    assert_non_null(strstr(text, "PF T1>landlord = -2128"));
    assert_non_null(strstr(text, "PF T2>landlord = -1353"));
    assert_non_null(strstr(text, "PF T3>landlord = -831"));
    assert_non_null(strstr(text, "SERVICE T1>platform 3700 kWh x 0.01 = 3700"));
    assert_null(strstr(text, "flag"));
    int64_t sum = 0;
    for (size_t i = 0; i < w->result->n_lines; i++) {
        sum += str_is(w->result->lines[i].payee, "landlord") ? w->result->lines[i].fen : 0;
    }
    assert_int_equal(sum, 2434739); /* the grid bill */
    arena_free(a);
}

/* Property: the same members in another order give the same lines, in that order. */
static void test_permuting_members_permutes_lines(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_06(a, "T1 T2 T3"), *v = golden_06(a, "T3 T1 T2");
    assert_ok(world_run(w), &w->err);
    assert_ok(world_run(v), &v->err);
    assert_int_equal(w->result->n_lines, v->result->n_lines);
    for (size_t i = 0; i < w->result->n_lines; i++) {
        const struct strategy_line *l = &w->result->lines[i], *m = NULL;
        for (size_t k = 0; k < v->result->n_lines; k++) {
            const struct strategy_line *x = &v->result->lines[k];
            m = str_eq(x->code, l->code) && str_eq(x->payer, l->payer) ? x : m;
        }
        assert_non_null(m);
        assert_int_equal(m->fen, l->fen);
    }
    assert_true(str_is(v->result->lines[0].payer, "T3"));
    arena_free(a);
}

/* Nobody used anything in a period: the landlord bears it, with the flag (rules 5.4). */
static void test_park_period_without_tenants(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_06(a, "T1 T2");
    for (int i = 0; i < 2; i++) {
        w->top.parts[0][i].part.n_feeds = 0;
        world_feed_on(w, &w->top.parts[0][i], "energy", 4, "0 10 10 10", &w->binding.axis);
    }
    assert_ok(world_run(w), &w->err);
    const char *text = world_text(w);
    assert_non_null(strstr(text, "LOSS.sharp landlord>landlord = 118697\n"));
    assert_non_null(strstr(text, "flag LOSS_TO_LANDLORD.sharp\n"));
    assert_null(strstr(text, "flag LOSS_TO_LANDLORD.peak"));
    arena_free(a);
}

/* All capacities zero: nobody can bear the basic fee, and the text has no `else`. */
static void test_park_without_capacity_fails_by_name(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_06(a, "T1 T2 T3");
    for (int i = 0; i < 3; i++) {
        w->top.parts[0][i].settings[1].number.units = 0;
    }
    assert_int_equal(world_run(w), ERR_WEIGHT);
    assert_string_equal(w->err.name, "ALLOC_WEIGHT");
    assert_string_equal(w->err.text, "order T-1: ALLOC_WEIGHT in BASIC (test.tally:48): weights "
                                     "lessee.capacity are all zero");
    arena_free(a);
}

static struct world *golden_07(struct arena *a)
{
    static const char *const day[3][5] = {
        { "250", "260 255 250 245", "240 245 250 255", "250", "251" },
        { "100", "100", "100", "100", "103" },
        { "50", "50", "50", "50", "50" },
    };
    static const char *const load[] = { "200 200 205 195", "85", "48 48 49 50" };
    static const char *const declared[] = { "200", "100", "80" };
    static const struct strategy_row tiers[] = {
        { .bound = { 0, 0 }, .value = { 0, 0 } },
        { .bound = { 5, 1 }, .value = { 8, 1 } },
        { .bound = { 8, 1 }, .value = { 1, 0 } },
    };
    struct world *w = world_of(a, "vpp_pool", "2025-07-16T14:00:00+08:00", 15, 4);
    struct world_part *u = world_group(w, &w->top, "resource", "U1 U2 U3");
    for (int i = 0; i < 3; i++) {
        world_feed_on(w, &u[i], "load", 4, load[i], &w->binding.axis);
        world_set_in(&u[i], "declared", declared[i]);
        struct world_part *d = world_group(w, &u[i], "day", "d1 d2 d3 d4 d5");
        for (int k = 0; k < 5; k++) {
            world_feed_on(w, &d[k], "load", 4, day[i][k], &w->binding.axis);
            world_set_in(&d[k], "kind", "work");
        }
    }
    world_table_in(&w->top, "tiers", tiers, 3);
    world_set(w, "event_kind", "shave");
    world_set(w, "income", "1500.01");
    world_set(w, "penalty", "30");
    world_set(w, "operator_share", "0.2");
    return w;
}

static void test_vpp_is_example_5_5(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_07(a);
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_text(w), "OPERATOR market>operator = 30000 (28302 + 1698)\n"
                                       "SHARE operator>U1 = 96108\n"
                                       "SHARE operator>U2 = 23893\n"
                                       "PENALTY U2>operator = 1002\n"
                                       "PENALTY U3>operator = 1998\n"
                                       "PENALTY operator>market = 3000\n");
    assert_string_equal(world_values_of(w, "response"), "200.8 62.4 5");
    assert_string_equal(world_values_of(w, "effective"), "200.8 49.92 0");
    assert_string_equal(world_values_of(w, "rate"), "1.004 0.624 0.0625");
    assert_string_equal(world_values_of(w, "baseline"),
                        "250.2 250.2 250.2 250.2 100.6 100.6 100.6 100.6 50 50 50 50");
    arena_free(a);
}

static void test_vpp_without_event_data_and_without_history(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = golden_07(a);
    w->top.parts[0][0].part.n_feeds = 0;
    world_feed_on(w, &w->top.parts[0][0], "load", 4, "200 - 205 195", &w->binding.axis);
    w->top.parts[0][2].part.n_groups = 0;
    assert_ok(world_run(w), &w->err);
    /* U1 counts as no response: weight 200; U2 pays for 37.60; U3 has no baseline: neither. */
    assert_string_equal(world_text(w), "OPERATOR market>operator = 30000 (28302 + 1698)\n"
                                       "SHARE operator>U2 = 120001\n"
                                       "PENALTY U1>operator = 2525\n"
                                       "PENALTY U2>operator = 475\n"
                                       "PENALTY operator>market = 3000\n"
                                       "flag MISSING_EVENT_DATA.U1\n"
                                       "flag NO_BASELINE.U3\n");
    arena_free(a);
}

/* Example 5.12, month by month: the state of one is the input of the next. */
static void test_certificates_are_example_5_12(void **state)
{
    (void)state;
    static const char *const kwh[] = { "1999.99", "2500.02", "3120.50" };
    static const char *const want[] = {
        "next carry 499.99\nnext stock 2\n",
        "next carry 0.01\nnext stock 5\n",
        "GEC buyer>investor 7 piece x 4.5 = 3150 (2972 + 178)\n"
        "AGENCY_FEE investor>platform = 252 (238 + 14)\n"
        "next carry 500.01\nnext stock 0\n",
    };
    char carry[32] = "500", stock[32] = "0";
    for (int i = 0; i < 3; i++) {
        struct arena *a = arena_new();
        struct world *w = world_of(a, "certificate", "2025-01-01T00:00:00+08:00", 60, 1);
        world_feed(w, "gen", 4, kwh[i]);
        world_set(w, "unit_price", "4.50");
        world_set(w, "agency_fee", "0.08");
        world_set(w, "carry", carry);
        world_set(w, "stock", stock);
        if (i == 2) {
            world_set(w, "not_eligible", "620.50");
            world_set(w, "ordered", "7");
        }
        assert_ok(world_run(w), &w->err);
        assert_string_equal(world_text(w), want[i]);
        for (size_t k = 0; k < w->result->n_next; k++) {
            struct text t;
            text_init(&t, a, 64);
            text_decimal(&t, w->result->next[k].number.units, w->result->next[k].number.scale, 0);
            snprintf(k ? stock : carry, sizeof carry, STR_FMT, STR_ARG(text_str(&t)));
        }
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pv_selfuse_is_example_5_1),
        cmocka_unit_test(test_a_line_explains_itself_as_the_page_shows),
        cmocka_unit_test(test_pv_selfuse_over_a_price_change),
        cmocka_unit_test(test_pv_selfuse_with_every_item),
        cmocka_unit_test(test_storage_is_example_5_3),
        cmocka_unit_test(test_storage_losing_month_in_three_modes),
        cmocka_unit_test(test_park_is_example_5_4),
        cmocka_unit_test(test_permuting_members_permutes_lines),
        cmocka_unit_test(test_park_period_without_tenants),
        cmocka_unit_test(test_park_without_capacity_fails_by_name),
        cmocka_unit_test(test_vpp_is_example_5_5),
        cmocka_unit_test(test_vpp_without_event_data_and_without_history),
        cmocka_unit_test(test_certificates_are_example_5_12),
    };
    return cmocka_run_group_tests_name("listings", tests, NULL, NULL);
}
