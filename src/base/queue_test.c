/* queue_test.c - nothing lost, nothing doubled, order kept for one taker. */
#include "base/queue.h"
#include "base/test.h"
#include <stdatomic.h>

#define ITEMS 20000

static void feed_and_take(void *ctx, int worker, size_t index)
{
    (void)worker;
    struct queue *q = ctx;
    void *item;
    if (index == 0) {
        for (uintptr_t i = 1; i <= ITEMS; i++) {
            assert_true(queue_put(q, (void *)i));
        }
        queue_close(q);
        return;
    }
    for (uintptr_t want = 1; queue_take(q, &item); want++) {
        assert_int_equal((uintptr_t)item, want);
        if (want == ITEMS) {
            assert_false(queue_take(q, &item));
            return;
        }
    }
    fail_msg("the queue ended early");
}

static void test_order_through_a_small_queue(void **state)
{
    (void)state;
    struct queue *q = queue_new(3);
    parallel_for(2, 2, feed_and_take, q);
    assert_false(queue_put(q, q));
    queue_free(q);
}

static void count(void *ctx, int worker, size_t index)
{
    atomic_int *times = ctx;
    assert_true(worker >= 0 && worker < 4);
    atomic_fetch_add(&times[index], 1);
}

static void test_each_index_once(void **state)
{
    (void)state;
    static atomic_int times[5000];
    parallel_for(4, 5000, count, times);
    parallel_for(1, 5000, count, times);
    parallel_for(4, 0, count, times);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(atomic_load(&times[i]), 2);
    }
    assert_true(cpu_count() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_through_a_small_queue),
        cmocka_unit_test(test_each_index_once),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
