/* money_test.c - the rounding rules of settlement-rules.md, section 1; GMP is the calculator. */
#include "base/money.h"
#include "base/rand.h"
#include "base/test.h"
#include <gmp.h>

static void test_r2_a_half_goes_away_from_zero(void **state)
{
    (void)state;
    struct exact x = exact_cost((struct energy){ -10000 }, (struct price){ 2345000 }, RATIO_ONE);
    assert_int_equal(money_round_half_away(x).fen, -235); /* R2: -2.345 -> -2.35 */
    x.yuan_e16 = -x.yuan_e16;
    assert_int_equal(money_round_half_away(x).fen, 235);
    x.yuan_e16 -= 1;
    assert_int_equal(money_round_half_away(x).fen, 234);
    x.yuan_e16 = 49999999999999; /* just under half a fen */
    assert_int_equal(money_round_half_away(x).fen, 0);
}

static void test_law_a_million_extreme_costs_fit(void **state)
{
    (void)state;
    struct exact most = exact_cost((struct energy){ ENERGY_MAX_E4 },
                                   (struct price){ PRICE_MAX_E6 }, RATIO_ONE);
    __int128 sum = 0;
    for (int i = 0; i < 1000000; i++) {
        assert_false(__builtin_add_overflow(sum, most.yuan_e16, &sum));
    }
}

static void allocate(int64_t total, const int64_t *w, size_t n, int64_t *out)
{
    struct err e;
    struct money parts[8];
    assert_ok(money_allocate((struct money){ total }, w, n, parts, &e), &e);
    for (size_t i = 0; i < n; i++) {
        out[i] = parts[i].fen;
    }
}

static void test_r6_splits_by_hand(void **state)
{
    (void)state;
    int64_t p[8];
    allocate(100, (int64_t[]){ 1, 1, 1 }, 3, p); /* golden 22 */
    assert_true(p[0] == 34 && p[1] == 33 && p[2] == 33);
    allocate(-100, (int64_t[]){ 1, 1, 1 }, 3, p);
    assert_true(p[0] == -34 && p[1] == -33 && p[2] == -33);
    allocate(10, (int64_t[]){ 1, 5, 0, 5 }, 4, p); /* 0.909 4.545 0 4.545: the missing 2 */
    assert_true(p[0] == 1 && p[1] == 5 && p[2] == 0 && p[3] == 4);
    allocate(0, (int64_t[]){ 0, 0 }, 2, p);
    assert_true(p[0] == 0 && p[1] == 0);
    allocate(0, (int64_t[]){ -1, 0 }, 2, p); /* nothing to split: zeros, whatever the weights */
    assert_true(p[0] == 0 && p[1] == 0);
    allocate(INT64_MIN, (int64_t[]){ INT64_MAX, 0 }, 2, p);
    assert_true(p[0] == INT64_MIN && p[1] == 0);
}

static void test_r6_weights_nobody_can_bear(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct money parts[2] = { { 7 }, { 8 } };
    int64_t none[] = { 0, 0 }, negative[] = { 3, -1 };
    assert_int_equal(money_allocate((struct money){ 5 }, none, 2, parts, &e), ERR_WEIGHT);
    assert_string_equal(e.name, "ALLOC_WEIGHT");
    assert_int_equal(money_allocate((struct money){ 5 }, negative, 2, parts, &e), ERR_WEIGHT);
    assert_string_equal(e.name, "ALLOC_WEIGHT");
    assert_int_equal(money_allocate((struct money){ 5 }, none, 0, parts, &e), ERR_WEIGHT);
    assert_true(parts[0].fen == 7 && parts[1].fen == 8);
}

/* floor(|total| x w / sum) with GMP. */
static int64_t share_floor(uint64_t total, int64_t w, const int64_t *weights, size_t n)
{
    mpz_t x, sum;
    mpz_init_set_ui(x, total);
    mpz_mul_ui(x, x, (unsigned long)w);
    mpz_init(sum);
    for (size_t i = 0; i < n; i++) {
        mpz_add_ui(sum, sum, (unsigned long)weights[i]);
    }
    mpz_fdiv_q(x, x, sum);
    int64_t v = (int64_t)mpz_get_ui(x);
    mpz_clears(x, sum, NULL);
    return v;
}

static void test_r6_parts_sum_and_are_within_one_of_their_share(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 6);
    for (int k = 0; k < 3000; k++) {
        size_t n = 1 + rng_below(&r, 60);
        int64_t w[64], total = (int64_t)(rng_next(&r) >> (1 + rng_below(&r, 60))), sum = 0;
        struct money parts[64];
        for (size_t i = 0; i < n; i++) {
            w[i] = (int64_t)(rng_next(&r) >> (1 + rng_below(&r, 63)));
        }
        w[0] += w[0] == 0;
        struct err e;
        assert_ok(money_allocate((struct money){ -total }, w, n, parts, &e), &e);
        for (size_t i = 0; i < n; i++) {
            int64_t least = share_floor((uint64_t)total, w[i], w, n);
            assert_true(-parts[i].fen == least || -parts[i].fen == least + 1);
            sum += parts[i].fen;
        }
        assert_int_equal(sum, -total);
    }
}

static void test_r7_vat(void **state)
{
    (void)state;
    static const struct {
        int64_t gross;
        int32_t rate;
        int64_t net;
    } golden[] = { /* golden 22 */
        { 10000, 130000, 8850 },
        { 10000, 60000, 9434 },
        { 10000, 90000, 9174 },
        { -10001, 130000, -8850 },
        { 10000, 0, 10000 },
    };
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        assert_int_equal(money_net_of_gross((struct money){ golden[i].gross },
                                            (struct ratio){ golden[i].rate }).fen,
                         golden[i].net);
    }
    assert_int_equal(money_tax_on_net((struct money){ 50 }, (struct ratio){ 130000 }).fen, 7);
    assert_int_equal(money_tax_on_net((struct money){ -50 }, (struct ratio){ 130000 }).fen, -7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r2_a_half_goes_away_from_zero),
        cmocka_unit_test(test_law_a_million_extreme_costs_fit),
        cmocka_unit_test(test_r6_splits_by_hand),
        cmocka_unit_test(test_r6_weights_nobody_can_bear),
        cmocka_unit_test(test_r6_parts_sum_and_are_within_one_of_their_share),
        cmocka_unit_test(test_r7_vat),
    };
    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
