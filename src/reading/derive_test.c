/* derive_test.c - the events of settlement-rules 3.2, with numbers done by hand. */
#include "base/rand.h"
#include "base/test.h"
#include "reading/reading.h"

#define NONE INT64_MIN /* a missing reading */
#define MAX_N 64

struct given {
    struct derive_segment segment;
    int64_t index[MAX_N];
    bool has[MAX_N];
};

static struct derive_segment *make(struct given *g, int64_t k, int64_t modulus, int64_t limit,
                                   const int64_t *index, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g->has[i] = index[i] != NONE;
        g->index[i] = g->has[i] ? index[i] : 0;
    }
    g->segment = (struct derive_segment){ .meter = STR("M"),
                                          .index_e4 = g->index,
                                          .has = g->has,
                                          .n = n,
                                          .k_num = k,
                                          .k_den = 1,
                                          .modulus_e4 = modulus,
                                          .limit = limit };
    return &g->segment;
}

static const char *flags_of(struct arena *a, const struct derive_segment *s,
                            const struct derive_result *r)
{
    struct text t;
    text_init(&t, a, 500);
    for (size_t i = 0; i < r->n_flags; i++) {
        text_add_c(&t, i ? " " : "");
        text_derive_flag(&t, s[r->flags[i].segment].meter, &r->flags[i]);
    }
    return t.n ? t.at : "";
}

static struct derive_result derive(struct arena *a, const struct derive_segment *s, size_t n)
{
    struct derive_result r;
    struct err e;
    assert_ok(reading_derive(a, s, n, &r, &e), &e);
    return r;
}

/* Values in 10^-4 kWh, NONE for null; E marks by a second array. */
static void expect(const struct derive_result *r, const int64_t *value, const char *marks, size_t n)
{
    assert_int_equal(r->n, n);
    for (size_t i = 0; i < n; i++) {
        char mark = "AEM-"[reading_mark_of(r->intervals[i].q)];
        assert_int_equal(mark, marks[i]);
        assert_int_equal(r->intervals[i].value, value[i] == NONE ? 0 : value[i]);
    }
}

/* K = 4000, modulus 10000 kWh: 9999.95 -> 0.10 is 0.15 x 4000 = 600 kWh; three intervals of 0.30.
 * */
static void test_rollover_then_a_gap(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    const int64_t index[] = { 99998000, 99999500, 1000, NONE, NONE, 4000 };
    const int64_t want[] = { 6000000, 6000000, 4000000, 4000000, 4000000 };
    struct derive_segment *s = make(&g, 4000, 100000000, 20000000, index, 6);
    struct derive_result r = derive(a, s, 1);
    expect(&r, want, "AAEEE", 5);
    assert_string_equal(flags_of(a, s, &r), "M:ROLLOVER@2 M:GAP2@3");
    assert_true(r.total == 24000000);
    assert_true(r.intervals[1].q & Q_ROLLOVER);
    arena_free(a);
}

static void test_jump_and_backward_are_null_and_a_new_base(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    /* 0.22 -> 5.00 x 4000 = 19,120 kWh > 2,000; then 5.10 -> 3.00 goes back, then 0.10 x 4000 = 400
     * */
    const int64_t index[] = { 0, 1200, 2200, 50000, 51000, 30000, 31000 };
    const int64_t want[] = { 4800000, 4000000, NONE, 4000000, NONE, 4000000 };
    struct derive_segment *s = make(&g, 4000, 10000000000, 20000000, index, 7);
    struct derive_result r = derive(a, s, 1);
    expect(&r, want, "AA-A-A", 6);
    assert_string_equal(flags_of(a, s, &r), "M:JUMP@3 M:BACKWARD@5");
    assert_true(r.intervals[2].q & Q_RANGE);
    assert_true(r.intervals[4].q & Q_RESET);
    arena_free(a);
}

static void test_jump_over_a_gap_has_no_gap_flag(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    const int64_t index[] = { 0, NONE, 50000, NONE, 40000, 40000 };
    const int64_t want[] = { NONE, NONE, NONE, NONE, 0 };
    struct derive_segment *s = make(&g, 1, 0, 10000, index, 6);
    struct derive_result r = derive(a, s, 1);
    expect(&r, want, "----A", 5);
    assert_string_equal(flags_of(a, s, &r), "M:JUMP@2 M:BACKWARD@4");
    arena_free(a);
}

/* A jump is measured over all intervals of its step: 2 kWh over 2 intervals of at most 1 is none.
 * */
static void test_the_limit_counts_intervals(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    const int64_t index[] = { 0, NONE, 20000, 30001 };
    const int64_t want[] = { 10000, 10000, NONE };
    struct derive_segment *s = make(&g, 1, 0, 10000, index, 4);
    struct derive_result r = derive(a, s, 1);
    expect(&r, want, "EE-", 3);
    assert_string_equal(flags_of(a, s, &r), "M:GAP1@1 M:JUMP@3");
    arena_free(a);
}

static void test_rollover_inside_a_gap(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    const int64_t index[] = { 9990000, NONE, 5000 }; /* modulus 1000: 999.0 -> 0.5 is 1.5 */
    const int64_t want[] = { 7500, 7500 };
    struct derive_segment *s = make(&g, 1, 10000000, 0, index, 3);
    struct derive_result r = derive(a, s, 1);
    expect(&r, want, "EE", 2);
    assert_string_equal(flags_of(a, s, &r), "M:ROLLOVER@2 M:GAP1@1");
    arena_free(a);
}

static void test_a_decrease_in_the_middle_of_the_register_is_backward(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    const int64_t exactly_90[] = { 9000000, 0 }, exactly_10[] = { 9999999, 1000000 };
    struct derive_segment *s = make(&g, 1, 10000000, 0, exactly_90, 2);
    struct derive_result r = derive(a, s, 1);
    assert_string_equal(flags_of(a, s, &r), "M:BACKWARD@1");
    s = make(&g, 1, 10000000, 0, exactly_10, 2);
    r = derive(a, s, 1);
    assert_string_equal(flags_of(a, s, &r), "M:BACKWARD@1");
    arena_free(a);
}

static void test_open_at_start_end_and_everywhere(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    const int64_t both[] = { NONE, NONE, 10000, 20000, NONE }, none[] = { NONE, NONE, NONE };
    const int64_t want[] = { NONE, NONE, 10000, NONE };
    struct derive_segment *s = make(&g, 1, 0, 0, both, 5);
    struct derive_result r = derive(a, s, 1);
    expect(&r, want, "--A-", 4);
    assert_string_equal(flags_of(a, s, &r), "M:OPEN@0 M:OPEN@3");
    s = make(&g, 1, 0, 0, none, 3);
    r = derive(a, s, 1);
    assert_int_equal(r.n, 2);
    assert_string_equal(flags_of(a, s, &r), "M:OPEN@0");
    arena_free(a);
}

static void test_two_segments_are_never_joined(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g1, g2;
    const int64_t old[] = { 100000, 110000, NONE }, new[] = { NONE, 5000, 6000 };
    const int64_t want[] = { 40000, NONE, NONE, 5000 };
    struct derive_segment s[] = { *make(&g1, 4, 0, 0, old, 3), *make(&g2, 5, 0, 0, new, 3) };
    s[1].meter = STR("N");
    struct derive_result r = derive(a, s, 2);
    expect(&r, want, "A--A", 4);
    assert_string_equal(flags_of(a, s, &r), "M:OPEN@1 N:OPEN@0");
    arena_free(a);
}

/* 1.0000 kWh by weights 1 : 2 : 0 is 0.3333 : 0.6667 : 0 (R6: the largest remainder gets the last).
 * */
static void test_a_gap_follows_its_profile(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    const int64_t index[] = { 0, NONE, NONE, 10000 }, profile[] = { 1, 2, 0 }, zero[] = { 0, 0, 0 };
    const int64_t want[] = { 3333, 6667, 0 }, equal[] = { 3334, 3333, 3333 };
    struct derive_segment *s = make(&g, 1, 0, 0, index, 4);
    s->profile = profile;
    struct derive_result r = derive(a, s, 1);
    expect(&r, want, "EEE", 3);
    s->profile = zero;
    r = derive(a, s, 1);
    expect(&r, equal, "EEE", 3);
    arena_free(a);
}

/* Law 4 for any K: intervals sum to K x (last - first), rounded once at each end. */
static void test_law_4_intervals_sum_to_the_register(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct rng rng;
    rng_init(&rng, 99);
    for (int round = 0; round < 500; round++) {
        struct given g;
        int64_t index[MAX_N], at = rng_between(&rng, 0, 5000000);
        for (size_t i = 0; i < MAX_N; i++) {
            at += rng_between(&rng, 0, 3000);
            index[i] = i && i + 1 < MAX_N && rng_below(&rng, 3) == 0 ? NONE : at;
        }
        struct derive_segment *s = make(&g, rng_between(&rng, 1, 5000), 0, 0, index, MAX_N);
        s->k_den = rng_between(&rng, 1, 7);
        struct derive_result r = derive(a, s, 1);
        __int128 sum = 0;
        for (size_t i = 0; i < r.n; i++) {
            sum += r.intervals[i].value;
        }
        __int128 first = (__int128)index[0] * s->k_num, last = (__int128)at * s->k_num;
        __int128 want = (2 * last + s->k_den) / (2 * s->k_den) -
                        (2 * first + s->k_den) / (2 * s->k_den); /* halves up: all positive */
        assert_true(sum == want && r.total == want);
    }
    arena_free(a);
}

static void test_wrong_input_is_named(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct given g;
    struct derive_result r;
    struct err e;
    const int64_t index[] = { 5, 100 };
    struct derive_segment *s = make(&g, 1, 100, 0, index, 2);
    assert_int_equal(reading_derive(a, s, 1, &r, &e), ERR_INPUT);
    assert_string_equal(e.text, "meter M: reading 1 is 100, outside the register's 0..100 (10^-4)");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rollover_then_a_gap),
        cmocka_unit_test(test_jump_and_backward_are_null_and_a_new_base),
        cmocka_unit_test(test_jump_over_a_gap_has_no_gap_flag),
        cmocka_unit_test(test_the_limit_counts_intervals),
        cmocka_unit_test(test_rollover_inside_a_gap),
        cmocka_unit_test(test_a_decrease_in_the_middle_of_the_register_is_backward),
        cmocka_unit_test(test_open_at_start_end_and_everywhere),
        cmocka_unit_test(test_two_segments_are_never_joined),
        cmocka_unit_test(test_a_gap_follows_its_profile),
        cmocka_unit_test(test_law_4_intervals_sum_to_the_register),
        cmocka_unit_test(test_wrong_input_is_named),
    };
    return cmocka_run_group_tests_name("derive", tests, NULL, NULL);
}
