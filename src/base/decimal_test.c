/* decimal_test.c - decimal text and scaled integers; expectations written by hand. */
#include "base/decimal.h"
#include "base/rand.h"
#include "base/test.h"

static void test_scaled(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int scale;
        int64_t want;
    } good[] = {
        { "123456.78", 4, 1234567800 },
        { "0", 0, 0 },
        { "-0.00", 2, 0 },
        { "+1.5", 1, 15 },
        { "1.010784", 6, 1010784 },
        { "-2.345", 3, -2345 },
        { "0.41530000", 4, 4153 }, /* zeros past the scale are no digits */
        { "1.2e3", 0, 1200 },
        { "12E-1", 1, 12 },
        { "1200e-2", 0, 12 },
        { "9223372036854775807", 0, INT64_MAX },
        { "-9223372036854775808", 0, INT64_MIN },
        { "922337203685477.5807", 4, INT64_MAX },
        { "0000000000000000000000000001.5", 1, 15 },
        { "1.50000000000000000000000000", 1, 15 },
        { "100000000000000000000e-20", 0, 1 },
        { "0.00000000000000000001e20", 0, 1 },
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct err e;
        int64_t v = -7;
        assert_ok(decimal_scaled(str_of(good[i].text), good[i].scale, &v, &e), &e);
        assert_int_equal(v, good[i].want);
    }
}

static void test_scaled_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int scale;
        enum err_code code;
    } bad[] = {
        { "", 2, ERR_INPUT },        { " 1", 2, ERR_INPUT },       { "1 ", 2, ERR_INPUT },
        { "NaN", 2, ERR_INPUT },     { "inf", 2, ERR_INPUT },      { "0x10", 2, ERR_INPUT },
        { "1,000.00", 2, ERR_INPUT }, { "1.", 2, ERR_INPUT },      { ".5", 2, ERR_INPUT },
        { "-", 2, ERR_INPUT },       { "--1", 2, ERR_INPUT },      { "1.2.3", 2, ERR_INPUT },
        { "1e", 2, ERR_INPUT },      { "1e100", 2, ERR_INPUT },    { "1e+", 2, ERR_INPUT },
        { "0.001", 2, ERR_LIMIT },   { "1e-3", 2, ERR_LIMIT },     { "1e19", 0, ERR_LIMIT },
        { "9223372036854775808", 0, ERR_LIMIT },
        { "-9223372036854775809", 0, ERR_LIMIT },
        { "922337203685477.5808", 4, ERR_LIMIT },
        { "99999999999999999999999999999999999999999", 0, ERR_LIMIT },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err e;
        int64_t v = -7;
        assert_int_equal(decimal_scaled(str_of(bad[i].text), bad[i].scale, &v, &e), bad[i].code);
        assert_int_equal(v, -7);
    }
    struct err e;
    int64_t v;
    assert_int_equal(decimal_scaled(STR("1,5"), 2, &v, &e), ERR_INPUT);
    assert_string_equal(e.text, "'1,5' is not a decimal number: ',' at character 2; write digits, "
                                "with at most one point");
    assert_int_equal(decimal_scaled(STR("0.12345"), 4, &v, &e), ERR_LIMIT);
    assert_string_equal(e.text, "'0.12345' has more than 4 decimals; round it first");
}

static void test_parse_keeps_what_was_written(void **state)
{
    (void)state;
    struct err e;
    struct decimal d;
    assert_ok(decimal_parse(STR("0.40"), &d, &e), &e);
    assert_int_equal(d.units, 40);
    assert_int_equal(d.scale, 2);
    assert_ok(decimal_parse(STR("-1.5e3"), &d, &e), &e);
    assert_int_equal(d.units, -1500);
    assert_int_equal(d.scale, 0);
    assert_int_equal(decimal_parse(STR("0.12345678901234567"), &d, &e), ERR_LIMIT);
    int64_t v;
    assert_ok(decimal_rescale((struct decimal){ 40, 2 }, 1, &v, &e), &e);
    assert_int_equal(v, 4);
    assert_int_equal(decimal_rescale((struct decimal){ 41, 2 }, 1, &v, &e), ERR_LIMIT);
    assert_int_equal(decimal_rescale((struct decimal){ INT64_MAX, 0 }, 1, &v, &e), ERR_LIMIT);
}

static void test_r2_a_half_goes_away_from_zero(void **state)
{
    (void)state;
    static const struct {
        int64_t n, d, want;
    } cases[] = {
        { 2345, 10, 235 }, { -2345, 10, -235 }, { 2344, 10, 234 }, { -2346, 10, -235 },
        { 1, 2, 1 },       { -1, 2, -1 },       { 1, -2, -1 },     { -1, -2, 1 },
        { 1, 3, 0 },       { 2, 3, 1 },         { 5, 3, 2 },       { 0, 7, 0 },
        { INT64_MAX, 1, INT64_MAX },            { INT64_MIN, 1, INT64_MIN },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(div_half_away(cases[i].n, cases[i].d) == cases[i].want);
    }
    assert_true(round_half_away(249999, 5) == 2);
    assert_true(round_half_away(250000, 5) == 3);
    assert_true(round_half_away(7, 0) == 7);
    __int128 ten37 = (__int128)DECIMAL_POW10[18] * DECIMAL_POW10[18] * 10;
    assert_true(round_half_away(ten37 * 5, 38) == 1);
    assert_true(round_half_away(ten37 * -5, 38) == -1);
    assert_true(round_half_away(ten37 * 5 - 1, 38) == 0);
    __int128 most = (__int128)(((unsigned __int128)1 << 127) - 1);
    assert_true(div_half_away(most, most) == 1);
    assert_true(div_half_away(most / 2, most) == 0); /* one under the half */
    assert_true(div_half_away(most / 2 + 1, most) == 1);
}

static void test_texts(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 1000);
    text_scaled(&t, 31200, 2);
    text_scaled(&t, 5, 0);
    text_add_c(&t, " ");
    text_scaled(&t, -5, 2);
    text_add_c(&t, " ");
    text_scaled(&t, 0, 2);
    text_add_c(&t, " ");
    text_decimal(&t, 3876, 4, 2);
    text_add_c(&t, " ");
    text_decimal(&t, 95, 2, 2);
    text_add_c(&t, " ");
    text_decimal(&t, 30000, 4, 2);
    text_add_c(&t, " ");
    text_decimal(&t, 3, 0, 2);
    text_add_c(&t, " ");
    text_decimal(&t, -120, 2, 0);
    assert_string_equal(t.at, "312.005 -0.05 0.00 0.3876 0.95 3.00 3.00 -1.2");
    text_init(&t, a, 100);
    text_scaled(&t, (__int128)1 << 126, 16); /* 85070591730234615865843651857942052864 by hand */
    assert_string_equal(t.at, "8507059173023461586584.3651857942052864");
    arena_free(a);
}

static void test_text_and_back_is_the_same(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct rng r;
    rng_init(&r, 1);
    for (int i = 0; i < 20000; i++) {
        int64_t v = (int64_t)(rng_next(&r) >> rng_below(&r, 64));
        v = rng_below(&r, 2) ? -v : v;
        int scale = (int)rng_below(&r, DECIMAL_SCALE_MAX + 1);
        struct text t;
        text_init(&t, a, 64);
        text_scaled(&t, v, scale);
        int64_t back;
        struct err e;
        assert_ok(decimal_scaled(text_str(&t), scale, &back, &e), &e);
        assert_int_equal(back, v);
        arena_reset(a);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaled),
        cmocka_unit_test(test_scaled_refuses),
        cmocka_unit_test(test_parse_keeps_what_was_written),
        cmocka_unit_test(test_r2_a_half_goes_away_from_zero),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_text_and_back_is_the_same),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
