/* rules_test.c - the grid's own rules, against the numbers of settlement-rules 4 and hand
 * calculation with exact fractions. */
#include "tariff/tariff.h"
#include "base/test.h"

static void test_agency_price_of_4_1(void **state)
{
    (void)state;
    const struct tariff_component c[] = {{STR("energy"), 460000, true},
                                         {STR("loss"), 18000, true},
                                         {STR("grid"), 145000, false},
                                         {STR("system"), 32000, false},
                                         {STR("funds"), 29000, false}};
    const int64_t ratio[TOU_PERIODS] = {1980000, 1650000, 1000000, 380000, 200000};
    struct tariff_composition out;
    struct err e = {0};
    assert_ok(tariff_compose(c, 5, ratio, &out, &e), &e);
    assert_int_equal(out.flat_e6, 684000);
    assert_int_equal(out.floating_e6, 478000);
    const int64_t want[TOU_PERIODS] = {1152400, 994700, 684000, 387600, 301600};
    for (int p = 0; p < TOU_PERIODS; p++) {
        assert_int_equal(out.yuan_e6[p], want[p]);
    }
}

static void test_agency_price_rounds_half_away_and_skips_absent_periods(void **state)
{
    (void)state;
    /* one floating component of -0.00005 yuan */
    const struct tariff_component c[] = {{STR("a"), -50, true}};
    const int64_t ratio[TOU_PERIODS] = {TARIFF_NO_PRICE, TARIFF_NO_PRICE, 1000000, TARIFF_NO_PRICE,
                                        980000};
    struct tariff_composition out;
    struct err e = {0};
    assert_ok(tariff_compose(c, 1, ratio, &out, &e), &e);
    assert_int_equal(out.yuan_e6[TOU_FLAT], -100);     /* -0.00005 -> -0.0001 */
    assert_int_equal(out.yuan_e6[TOU_DEEP_VALLEY], 0); /* -0.000049 -> 0 */
    assert_true(out.yuan_e6[TOU_PEAK] == TARIFF_NO_PRICE);
}

static struct basic_fee_result fee(struct basic_fee in)
{
    struct basic_fee_result r = {0};
    struct err e = {0};
    assert_ok(tariff_basic_fee(&in, &r, &e), &e);
    return r;
}

static void test_basic_fee_capacity(void **state)
{
    (void)state;
    const struct capacity_segment whole[] = {{6300000, 31}};
    const struct capacity_segment two[] = {{6300000, 10}, {10000000, 20}};
    const struct capacity_segment late[] = {{6300000, 31}, {10000000, 31}};
    const struct capacity_segment third[] = {{1000100, 1}};
    struct basic_fee in = {.mode = BASIC_FEE_CAPACITY,
                           .price_e6 = 30000000,
                           .days_in_month = 31,
                           .segments = whole,
                           .n_segments = 1};
    assert_int_equal(fee(in).fee.fen, 1890000);
    in.segments = two, in.n_segments = 2, in.days_in_month = 30;
    assert_int_equal(fee(in).fee.fen, 2630000);
    in.segments = late; /* each at most thirty thirtieths */
    assert_int_equal(fee(in).fee.fen, 1890000 + 3000000);
    in.segments = third, in.n_segments = 1; /* 100.01 x 30 / 30 = 100.01 */
    assert_int_equal(fee(in).fee.fen, 10001);
}

static void test_basic_fee_contract_demand(void **state)
{
    (void)state;
    struct basic_fee in = {.mode = BASIC_FEE_CONTRACT_DEMAND,
                           .price_e6 = 48000000,
                           .contract_kw_e4 = 5000000,
                           .max_kw_e4 = 5250000};
    assert_int_equal(fee(in).fee.fen, 2400000); /* 105 % exactly: nothing double */
    in.max_kw_e4 = 5604000;
    assert_int_equal(fee(in).fee.fen, 2739840);
    in.contract_kw_e4 = 4000000, in.max_kw_e4 = 0, in.floor_kva_e4 = 10000000;
    assert_int_equal(fee(in).fee.fen, 1920000); /* 40 % exactly */
    in.contract_kw_e4 = 3999900;
    struct basic_fee_result r = {.fee = {7}};
    struct err e = {0};
    assert_int_equal(tariff_basic_fee(&in, &r, &e), ERR_RULE);
    assert_string_equal(e.name, "CONTRACT_DEMAND_BELOW_40PCT");
    assert_int_equal(r.fee.fen, 7);
}

static void test_basic_fee_discount_at_260(void **state)
{
    (void)state;
    struct basic_fee in = {.mode = BASIC_FEE_ACTUAL_DEMAND,
                           .price_e6 = 48000000,
                           .max_kw_e4 = 4312500,
                           .kva_e4 = 6300000,
                           .kwh_e4 = 1638000000};
    assert_int_equal(fee(in).fee.fen, 1863000);
    assert_true(fee(in).discount90);
    in.kwh_e4 = 1637999900;
    assert_int_equal(fee(in).fee.fen, 2070000);
    assert_false(fee(in).discount90);
    in.mode = BASIC_FEE_CONTRACT_DEMAND, in.kwh_e4 = 1638000000, in.contract_kw_e4 = 4000000;
    in.price_e6 = 40555500; /* 90 %: 36.49995 -> 36.5000; 400 x 36.5 + 11.25 x 36.5 x 2 */
    assert_int_equal(fee(in).fee.fen, 1460000 + 82125);
}

static void test_power_factor_of_4_3(void **state)
{
    (void)state;
    assert_int_equal(tariff_power_factor(60000, 80000), 60);
    assert_int_equal(tariff_power_factor(100000, 30000), 96);
    assert_int_equal(tariff_power_factor(90000, 43589), 90);
    assert_int_equal(tariff_power_factor(0, 0), -1);
    assert_int_equal(tariff_power_factor(0, 5), 0);
    assert_int_equal(tariff_power_factor(5, 0), 100);
    assert_int_equal(tariff_power_factor(10000000000000000, 1), 100);
    /* cos = 0.995 exactly at P = 199, S = 200: a half goes up. S^2 - P^2 = 399 is no square, so
     * scale: P = 1990000, Q = 199749 gives cos a little above, 199750 a little below. */
    assert_int_equal(tariff_power_factor(1990000, 199749), 100);
    assert_int_equal(tariff_power_factor(1990000, 199750), 99);
}

static void test_power_factor_table_of_4_3(void **state)
{
    (void)state;
    static const struct {
        int std, pf, e4;
    } rows[] = {
        {90, 100, -75}, {90, 95, -75},  {90, 94, -60},  {90, 91, -15},  {90, 90, 0},
        {90, 89, 50},   {90, 70, 1000}, {90, 69, 1100}, {90, 65, 1500}, {90, 64, 1700},
        {90, 63, 1900}, {90, 60, 2500}, {90, 0, 14500}, {85, 94, -110}, {85, 93, -95},
        {85, 92, -80},  {85, 91, -65},  {85, 90, -50},  {85, 86, -10},  {85, 85, 0},
        {85, 84, 50},   {85, 65, 1000}, {85, 64, 1100}, {85, 60, 1500}, {85, 59, 1700},
        {80, 92, -130}, {80, 91, -115}, {80, 90, -100}, {80, 81, -10},  {80, 80, 0},
        {80, 79, 50},   {80, 60, 1000}, {80, 59, 1100}, {80, 55, 1500}, {80, 54, 1700},
        {80, -1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int got = -9;
        struct err e = {0};
        assert_ok(tariff_power_factor_rate(rows[i].std, rows[i].pf, &got, &e), &e);
        assert_int_equal(got, rows[i].e4);
    }
    int got = -9;
    struct err e = {0};
    assert_int_equal(tariff_power_factor_rate(95, 90, &got, &e), ERR_INPUT);
    assert_int_equal(tariff_power_factor_adjust((struct money){12345678}, -110).fen, -135802);
    assert_int_equal(tariff_power_factor_adjust((struct money){10000000}, 2500).fen, 2500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agency_price_of_4_1),
        cmocka_unit_test(test_agency_price_rounds_half_away_and_skips_absent_periods),
        cmocka_unit_test(test_basic_fee_capacity),
        cmocka_unit_test(test_basic_fee_contract_demand),
        cmocka_unit_test(test_basic_fee_discount_at_260),
        cmocka_unit_test(test_power_factor_of_4_3),
        cmocka_unit_test(test_power_factor_table_of_4_3),
    };
    return cmocka_run_group_tests_name("tariff_rules", tests, NULL, NULL);
}
