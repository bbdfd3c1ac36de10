/* arena_test.c - memory is zero, aligned, and given back whole. */
#include "base/arena.h"
#include <stdbool.h>
#include "base/test.h"

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i]) {
            return false;
        }
    }
    return true;
}

static void test_zeroed_and_aligned_also_after_reset(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    size_t held[5];
    for (int round = 0; round < 5; round++) {
        for (size_t n = 0; n < 3000; n += 7) {
            char *p = arena_alloc(a, n);
            assert_int_equal((uintptr_t)p % 32, 0);
            assert_true(all_zero(p, n));
            memset(p, 0xA5, n);
        }
        arena_reset(a);
        held[round] = arena_size(a);
        assert_in_range(held[round], 16 << 10, 1 << 20);
    }
    assert_int_equal(held[4], held[3]); /* jobs that are alike end in one block */
    arena_free(a);
    arena_free(NULL);
}

static void test_a_large_one_leaves_the_current_block_in_use(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    char *p = arena_alloc(a, 32);
    char *large = arena_alloc(a, 5 << 20);
    assert_true(all_zero(large, 5 << 20));
    memset(large, 1, 5 << 20);
    assert_ptr_equal(arena_alloc(a, 32), p + 32);
    assert_int_equal(arena_size(a), (16 << 10) + (5 << 20));
    arena_free(a);
}

static void test_copies(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(arena_copy(a, "abcdef", 3), "abc");
    assert_string_equal(arena_copy(a, NULL, 0), "");
    assert_string_equal(arena_printf(a, "%d %s", 7, "x"), "7 x");
    char *wide = arena_printf(a, "%1000d", 5);
    assert_int_equal(strlen(wide), 1000);
    assert_string_equal(wide + 998, " 5");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_and_aligned_also_after_reset),
        cmocka_unit_test(test_a_large_one_leaves_the_current_block_in_use),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
