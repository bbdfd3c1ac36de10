/* rand_test.c - the same seed gives the same numbers; expectations from a Python version. */
#include "base/rand.h"
#include "base/test.h"
#include <stdbool.h>

static void test_a_seed_is_a_world(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 1);
    assert_true(rng_next(&r) == 0xB3F2AF6D0FC710C5u);
    assert_true(rng_next(&r) == 0x853B559647364CEAu);
    assert_true(rng_next(&r) == 0x92F89756082A4514u);
}

static void test_every_value_in_range_comes(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 2);
    int seen[7] = { 0 };
    for (int i = 0; i < 70000; i++) {
        seen[rng_below(&r, 7)]++;
    }
    for (int i = 0; i < 7; i++) {
        assert_true(seen[i] > 9600 && seen[i] < 10400); /* 4 standard deviations */
    }
    bool low = false, high = false;
    for (int i = 0; i < 1000; i++) {
        int64_t v = rng_between(&r, -3, 3);
        assert_true(v >= -3 && v <= 3);
        low |= v == -3;
        high |= v == 3;
    }
    assert_true(low && high);
    assert_int_equal(rng_between(&r, 5, 5), 5);
    rng_between(&r, INT64_MIN, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_is_a_world),
        cmocka_unit_test(test_every_value_in_range_comes),
    };
    return cmocka_run_group_tests_name("rand", tests, NULL, NULL);
}
