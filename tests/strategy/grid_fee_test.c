/* grid_fee_test.c - the two strategies of the grid's own fees, run as Tally on the worked examples
 * of the settlement rules (4.2 and 4.3); the tariff room's functions answer the golden cases of the
 * same.
 */
#include "base/test.h"
#include "strategy/world.h"

#define TEXT_MAX 65536

static const char *library_text(struct arena *a, const char *name)
{
    char *text = arena_alloc(a, TEXT_MAX);
    FILE *f = fopen(arena_printf(a, "strategies/%s.tally", name), "rb");
    assert_non_null(f); /* tests run in the root of the tree */
    size_t n = fread(text, 1, TEXT_MAX - 1, f);
    assert_true(n > 0 && n < TEXT_MAX - 1);
    fclose(f);
    return text;
}

static struct world *fee_world(struct arena *a, const char *strategy)
{
    struct world *w = world_new(a, "2026-10-01T00:00:00+08:00", 60, 2);
    assert_ok(world_load(w, library_text(a, strategy)), &w->err);
    return w;
}

/* The fen of the only line, as text; "" without a line. VAT and what stands beside is not asked. */
static const char *fen_of(struct world *w)
{
    const char *at = strstr(world_text(w), " = ");
    return at ? arena_copy(w->arena, at + 3, strcspn(at + 3, " \n")) : "";
}

struct factor {
    const char *active, *reactive_import, *reactive_export, *base, *standard, *want;
};

static void test_power_factor_of_the_rules(void **state)
{
    (void)state;
    static const struct factor rows[] = {
        /* 4.3: 0.60 under 0.90 is + 25 %; 0.96 is the largest reduction; P = Q = 0 none */
        { "60000 0", "80000 0", "0 0", "100000", "s90", "2500000" },
        { "100000 0", "20000 0", "10000 0", "100000", "s90", "-75000" },
        { "0 0", "0 0", "0 0", "50", "s90", "" },
        /* 80000 and 60000: 0.80. Under 0.90 by 10 hundredths: 5 %; under 0.85 by 5: 2.5 %; at 0.80:
           0 */
        { "40000 40000", "30000 30000", "0 0", "1000", "s90", "5000" },
        { "40000 40000", "30000 30000", "0 0", "1000", "s85", "2500" },
        { "40000 40000", "30000 30000", "0 0", "1000", "s80", "" },
        /* 0.60 under 0.85: 25 hundredths = 20 x 0.5 + 5 x 1 = 15 %; under 0.80: 20 x 0.5 = 10 % */
        { "60000 0", "80000 0", "0 0", "1000", "s85", "15000" },
        { "60000 0", "80000 0", "0 0", "1000", "s80", "10000" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new();
        struct world *w = fee_world(a, "power_factor");
        world_feed(w, "active", 4, rows[i].active);
        world_feed(w, "reactive_import", 4, rows[i].reactive_import);
        world_feed(w, "reactive_export", 4, rows[i].reactive_export);
        world_set(w, "base", rows[i].base);
        world_set(w, "standard", rows[i].standard);
        assert_ok(world_run(w), &w->err);
        assert_string_equal(fen_of(w), rows[i].want);
        arena_free(a);
    }
}

static void test_basic_fee_by_capacity(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = fee_world(a, "basic_fee");
    struct world_part *s = world_group(w, &w->top, "segment", "A B");
    world_set(w, "mode", "capacity");
    world_set(w, "kva_price", "30");
    world_set_in(&s[0], "kva", "630");
    world_set_in(&s[0], "days", "10");
    world_set_in(&s[1], "kva", "1000");
    world_set_in(&s[1], "days", "20");
    assert_ok(world_run(w), &w->err);
    /* 4.2: 630 kVA 10 days, then 1000 kVA 20 days at 30: 6,300 + 20,000 */
    assert_string_equal(fen_of(w), "2630000");
    arena_free(a);
}

struct demand {
    const char *mode, *contract_kw, *max_kw, *kva, *kwh, *want;
};

static void test_basic_fee_by_demand(void **state)
{
    (void)state;
    static const struct demand rows[] = {
        /* 500 x 48 + (560.40 - 525) x 48 x 2 */
        { "contract_demand", "500", "560.40", "0", "0", "2739840" },
        { "contract_demand", "500", "525", "0", "0", "2400000" },
        /* 163,800 kWh on 630 kVA are 260: 43.2; a hundredth of a kWh less: 48 */
        { "actual_demand", "0", "431.25", "630", "163800", "1863000" },
        { "actual_demand", "0", "431.25", "630", "163799.99", "2070000" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new();
        struct world *w = fee_world(a, "basic_fee");
        world_set(w, "mode", rows[i].mode);
        world_set(w, "demand_price", "48");
        world_set(w, "contract_kw", rows[i].contract_kw);
        world_set(w, "max_kw", rows[i].max_kw);
        world_set(w, "kva", rows[i].kva);
        world_set(w, "kwh_total", rows[i].kwh);
        assert_ok(world_run(w), &w->err);
        assert_string_equal(fen_of(w), rows[i].want);
        arena_free(a);
    }
}

static void test_contract_demand_below_forty_percent_fails(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = fee_world(a, "basic_fee");
    world_set(w, "mode", "contract_demand");
    world_set(w, "demand_price", "48");
    world_set(w, "contract_kw", "399.99");
    world_set(w, "max_kw", "300");
    world_set(w, "running_kva", "1000");
    assert_int_equal(world_run(w), ERR_RULE);
    assert_string_equal(w->err.name, "CONTRACT_DEMAND_BELOW_40PCT");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_factor_of_the_rules),
        cmocka_unit_test(test_basic_fee_by_capacity),
        cmocka_unit_test(test_basic_fee_by_demand),
        cmocka_unit_test(test_contract_demand_below_forty_percent_fails),
    };
    return cmocka_run_group_tests_name("grid fees", tests, NULL, NULL);
}
