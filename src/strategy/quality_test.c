/* quality_test.c - a line's quality is that of its own energy: by tou key, hour, date and member as
 * far as its quantities carry them, of everything where they do not. Counted by hand.
 */
#include "base/test.h"
#include "strategy/world.h"

#define HEAD "strategy t\nparty a, b\nmeter gen : kWh\nmeter other : kWh\n"

/* Four hours: peak, sharp, sharp, valley. */
static struct world *world_of(struct arena *a, const char *text, const char *gen, const char *other)
{
    static const int32_t first[] = { 0 };
    struct world *w = world_new(a, "2025-07-10T08:00:00+08:00", 60, 4);
    world_tou(w, 1, "vvvvvvvvpssvvffssppppppf", 1, first);
    assert_ok(world_load(w, text), &w->err);
    world_feed(w, "gen", 4, gen);
    world_feed(w, "other", 4, other);
    return w;
}

/* "L.sharp E 600000, L.peak A 0": marks and shares in e6. */
static const char *marks(struct world *w)
{
    struct text t;
    text_init(&t, w->arena, 1 << 16);
    text_add_c(&t, "");
    for (size_t i = 0; i < w->result->n_lines; i++) {
        const struct strategy_line *l = &w->result->lines[i];
        text_addf(&t, "%s" STR_FMT " %c %d", i ? ", " : "", STR_ARG(l->code), "AEM-"[l->quality],
                  l -> estimated_e6);
    }
    return t.at;
}

static void check_marks(const char *text, const char *gen, const char *other, const char *want)
{
    struct arena *a = arena_new();
    struct world *w = world_of(a, text, gen, other);
    assert_ok(world_run(w), &w->err);
    assert_string_equal(marks(w), want);
    arena_free(a);
}

/* gen: peak 1; sharp 2 + 3 estimated; valley 4 manual. other: 5 in each hour. */
static void test_each_tou_key_has_its_own(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w =
        world_of(a,
                 HEAD "g = round(sum(gen by tou), 2)\no = round(sum(other by tou), 2)\n"
                      "line L.tou a -> b  g at 1 yuan/kWh  no vat\n"
                      "line B.tou a -> b  (g + o) at 1 yuan/kWh  no vat\n"
                      "line O.tou a -> b  o at 1 yuan/kWh  no vat\n"
                      "line T a -> b  sum(g) at 1 yuan/kWh  no vat\n"
                      "line FEE a -> b  round(sum(L) * 10%, 2)  no vat\n",
                 "1 2 3E 4M", "5");
    assert_ok(world_run(w), &w->err);
    assert_string_equal(marks(w), "L.sharp E 600000, L.peak A 0, L.valley M 1000000, " /* 3 of 5 */
                                  "B.sharp E 200000, B.peak A 0, B.valley M 444444, " /* 3/15 4/9 */
                                  "O.sharp A 0, O.peak A 0, O.valley A 0, "
                                  "T M 700000, FEE M 700000"); /* 7 of 10 */
    assert_int_equal(w->n_values, 2); /* each meter once, for all lines and keys */
    arena_free(a);
}

/* A price that depends on all of the energy brings all of it behind every key. */
static void test_a_total_is_behind_every_key(void **state)
{
    (void)state;
    check_marks(HEAD "g = round(sum(gen by tou), 2)\n"
                     "line L.tou a -> b  round(g * 1 yuan/kWh * sum(g) / 100 kWh, 2)  no vat\n",
                "1 2 3E 4", "5", "L.sharp E 300000, L.peak E 300000, L.valley E 300000");
}

/* Not linear: evaluated by interval. pos(gen - other): sharp has 3 estimated of 2 + 3 + 1 + 1. */
static void test_kernels_hold_the_key_too(void **state)
{
    (void)state;
    check_marks(HEAD "line K.tou a -> b  round(sum(pos(gen - other) by tou), 2) at 1 yuan/kWh"
                     "  no vat\n"
                     "line T a -> b  round(sum(pos(gen - other)), 2) at 1 yuan/kWh  no vat\n",
                "1 2 3E 4", "0 1 1 1M",
                "K.sharp E 428571, K.peak A 0, K.valley M 200000, T M 307692"); /* 4 of 13 */
}

static void test_energy_is_counted_without_its_sign(void **state)
{
    (void)state;
    check_marks(HEAD "line L.tou a -> b  round(sum(gen by tou), 2) at 1 yuan/kWh  no vat\n",
                "1 2 -3E 4", "5", "L.sharp E 600000, L.peak A 0, L.valley A 0");
}

/* An estimate of nothing is still an estimate: the line says so, its share is 0. */
static void test_a_mark_without_energy_is_told(void **state)
{
    (void)state;
    check_marks(HEAD "line L.tou a -> b  round(sum(gen by tou), 2) at 1 yuan/kWh  no vat\n",
                "1 2 0E 4", "5", "L.sharp E 0, L.peak A 0, L.valley A 0");
}

static void test_nothing_marked_reads_no_interval(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = world_of(a,
                               HEAD "g = round(sum(gen by tou), 2)\n"
                                    "line L.tou a -> b  g at 1 yuan/kWh  no vat\n"
                                    "line O a -> b  round(sum(other), 2) at 1 yuan/kWh  no vat\n",
                               "1 2 3 4", "5E");
    assert_ok(world_run(w), &w->err);
    assert_string_equal(marks(w), "L.sharp A 0, L.peak A 0, L.valley A 0, O E 1000000");
    assert_int_equal(w->n_values, 0); /* what is marked is behind a total: known from its sums */
    arena_free(a);
}

static void test_registers_count_whole(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w =
        world_of(a, HEAD "line L.tou a -> b  round(sum(gen by tou), 2) at 1 yuan/kWh  no vat\n",
                 "1 2 3E 4", "5");
    assert_ok(world_run(w), &w->err);
    const struct strategy_data registers = { w, world_sums, NULL };
    assert_ok(strategy_run(a, w->bound, &registers, &w->result, &w->err), &w->err);
    assert_string_equal(marks(w), "L.sharp E 300000, L.peak E 300000, L.valley E 300000");
    arena_free(a);
}

/* Two days, one of them with an estimate from 06:00 to 07:00: 2 of 25 kWh of that day. */
static void test_dates_and_hours(void **state)
{
    (void)state;
    static const int32_t first[] = { 0 };
    struct arena *a = arena_new();
    struct world *w = world_new(a, "2025-07-10T00:00:00+08:00", 60, 48);
    world_tou(w, 2, "vvvvvvvvvvvvpppppppppppp", 1, first);
    assert_ok(world_load(w, "strategy t\nparty a, b\nmeter gen : kWh\n"
                            "line D.date a -> b  round(sum(gen by date), 2) at 1 yuan/kWh  no vat\n"
                            "line X.date.tou a -> b  round(sum(gen by date, tou), 2) at 1 yuan/kWh"
                            "  no vat\n"),
              &w->err);
    world_feed(w, "gen", 4,
               "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
               "1 1 1 1 1 1 2E 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    assert_ok(world_run(w), &w->err);
    assert_string_equal(marks(w), "D.2025-07-10 A 0, D.2025-07-11 E 80000, "
                                  "X.2025-07-10.peak A 0, X.2025-07-10.valley A 0, "
                                  "X.2025-07-11.peak A 0, X.2025-07-11.valley E 153846"); /* 2/13 */
    assert_int_equal(w->n_values, 3); /* the pass; then by date, and by date and tou */
    arena_free(a);
}

/* Members: their own energy by key; what is split over them by weights depends on all of them. */
static void test_members_and_what_is_split_over_them(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w =
        world_of(a,
                 HEAD "group s { party meter m : kWh }\n"
                      "line M.s.tou a -> s  round(sum(s.m by s, tou), 2) at 1 yuan/kWh  no vat\n"
                      "line A.s a -> s  allocate(10 yuan, sum(s.m by s) over s)  no vat\n",
                 "1", "1");
    struct world_part *s = world_group(w, &w->top, "s", "S1 S2");
    world_feed_on(w, &s[0], "m", 4, "1", &w->binding.axis);
    world_feed_on(w, &s[1], "m", 4, "1 1 1M 1", &w->binding.axis);
    assert_ok(world_run(w), &w->err);
    assert_string_equal(marks(w), "M.S1.sharp A 0, M.S1.peak A 0, M.S1.valley A 0, "
                                  "M.S2.sharp M 500000, M.S2.peak A 0, M.S2.valley A 0, "
                                  "A.S1 M 125000, A.S2 M 125000"); /* 1 of 8 */
    const struct strategy_source_use *use = NULL;
    assert_int_equal(strategy_trace(a, w->bound, w->result, 6, &use), 2); /* both meters */
    assert_int_equal(strategy_trace(a, w->bound, w->result, 0, &use), 1);
    arena_free(a);
}

/* gen read again on the own intervals of two sessions: all of them count, for both. */
static void test_a_source_of_the_period_on_sessions_counts_whole(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w =
        world_of(a,
                 HEAD "group s { party meter m : kWh }\n"
                      "line M.s.tou a -> s  round(sum((s.m + gen) by s, tou), 2) at 1 yuan/kWh"
                      "  no vat\n",
                 "1 2 3 4E", "1");
    struct world_part *s = world_group(w, &w->top, "s", "S1 S2");
    for (int i = 0; i < 2; i++) {
        struct strategy_axis own =
            world_axis(i ? "2025-07-10T10:00:00+08:00" : "2025-07-10T08:00:00+08:00", 60, 2);
        world_feed_on(w, &s[i], "m", 4, i ? "1" : "1M 1", &own);
        w->top.members[0][i].own_axis = true;
        w->top.members[0][i].axis = own;
    }
    assert_ok(world_run(w), &w->err);
    /* gen 10 with 4 estimated, and the member's own hour: 4/11, or 5/11 where that is manual */
    assert_string_equal(marks(w), "M.S1.sharp E 363636, M.S1.peak M 454545, "
                                  "M.S2.sharp E 363636, M.S2.valley E 363636");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_tou_key_has_its_own),
        cmocka_unit_test(test_a_total_is_behind_every_key),
        cmocka_unit_test(test_kernels_hold_the_key_too),
        cmocka_unit_test(test_energy_is_counted_without_its_sign),
        cmocka_unit_test(test_a_mark_without_energy_is_told),
        cmocka_unit_test(test_nothing_marked_reads_no_interval),
        cmocka_unit_test(test_registers_count_whole),
        cmocka_unit_test(test_dates_and_hours),
        cmocka_unit_test(test_members_and_what_is_split_over_them),
        cmocka_unit_test(test_a_source_of_the_period_on_sessions_counts_whole),
    };
    return cmocka_run_group_tests_name("quality of lines", tests, NULL, NULL);
}
