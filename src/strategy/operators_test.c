/* operators_test.c - every operator of the language (section 5) on values counted by hand, and each
 * failure by its name.
 *
 * One small world: four quarter hours from 08:45, of which the first is peak and the rest are
 * sharp; three members; days within members.
 */
#include "base/test.h"
#include "strategy/world.h"

static const char PRELUDE[] =
    "strategy t\n"
    "party a, b\n"
    "group m { party  param w : kWh  param none : kWh  param kind : work | rest  param o : kWh "
    "optional\n  meter e : kWh  param off : yes_no = no }\n"
    "group day of m { param score : kWh  param good : yes_no  meter load : kWh }\n"
    "group lone of m { param more : kWh }\n"
    "group s { meter drawn : kWh }\n"
    "window before\n"
    "meter gen : kWh\n"
    "meter hole : kWh\n"
    "meter warm : kWh by before\n"
    "series spot : yuan/kWh\n"
    "price p : yuan/kWh\n"
    "price q : yuan/kWh\n"
    "param one : kWh\n"
    "param zero : kWh = 0\n"
    "param neg : kWh\n"
    "param gone : kWh optional\n"
    "param rate : ratio\n"
    "param d : count within 1..4\n"
    "param mode : x | y = x\n"
    "param never : kWh\n"
    "param yes1 : yes_no = yes\n"
    "input meant : kWh = 0\n"
    "param t1 : table from kWh -> ratio\n"
    "param t2 : table upto kWh -> yuan/kWh\n"
    "low = lookup(t2, 3 kWh)\n"
    "low2 = lookup(t1, zero)\n"
    "table t3 : from kWh -> yuan/kWh { 0 : 0.5 yuan/kWh  10 kWh : 0.4 yuan/kWh }\n";

static const struct strategy_row FROM[] = {
    { .bound = { 1, 0 }, .value = { 5, 1 } },
    { .bound = { 2, 0 }, .blank = true },
    { .bound = { 35, 1 }, .value = { 75, 2 } },
};
static const struct strategy_row UPTO[] = {
    { .bound = { 1, 0 }, .value = { 3, 1 } },
    { .bound = { 2, 0 }, .value = { 2, 1 } },
};

static struct world *make(struct arena *a)
{
    static const int32_t first[] = { 0 };
    static const char *const w_of[] = { "1", "2.5", "0.01" };
    static const char *const e_of[] = { "1 2 3 4", "0", "5 - 5 5" };
    static const char *const score[3][3] = { { "5", "7", "5" },
                                             { "1", "2", "3" },
                                             { "0", "0", "0" } };
    struct world *w = world_new(a, "2025-07-10T08:45:00+08:00", 15, 4);
    world_tou(w, 1, "vvvvvvvvpssvvffssppppppf", 1, first); /* keys: sharp peak flat valley */
    w->windows[0] =
        (struct strategy_window){ STR("before"), world_axis("2025-07-10T06:45:00+08:00", 15, 8) };
    w->binding.n_windows = 1;
    struct world_part *m = world_group(w, &w->top, "m", "T1 T2 T3");
    for (int i = 0; i < 3; i++) {
        world_feed_on(w, &m[i], "e", 4, e_of[i], &w->binding.axis);
        world_set_in(&m[i], "w", w_of[i]);
        world_set_in(&m[i], "none", "0");
        world_set_in(&m[i], "kind", i == 1 ? "rest" : "work");
        if (i == 2) {
            world_set_in(&m[i], "o", "9");
            world_set_in(&world_group(w, &m[i], "lone", "l1")[0], "more", "6");
        }
        struct world_part *day = world_group(w, &m[i], "day", i == 2 ? "d1" : "d1 d2 d3");
        for (int k = 0; k < (i == 2 ? 1 : 3); k++) {
            world_set_in(&day[k], "score", score[i][k]);
            world_set_in(&day[k], "good", i == 0 && k == 1 ? "no" : "yes");
            world_feed_on(w, &day[k], "load", 4, k == 2 ? "3" : "1", &w->binding.axis);
        }
    }
    struct world_part *s = world_group(w, &w->top, "s", "S1 S2");
    for (int i = 0; i < 2; i++) { /* sessions with intervals of their own */
        struct strategy_axis own =
            world_axis(i ? "2025-07-10T13:00:00+08:00" : "2025-07-10T10:45:00+08:00", 15, i + 2);
        world_feed_on(w, &s[i], "drawn", 4, i ? "1 2 -0.5" : "4 6", &own);
        w->top.members[1][i].own_axis = true;
        w->top.members[1][i].axis = own;
    }
    world_feed(w, "gen", 4, "1.5 2 3.25 4");
    world_feed(w, "hole", 4, "1 - 1 1");
    world_feed_on(w, &w->top, "warm", 4, "1 2", &w->windows[0].axis);
    world_feed(w, "spot", 6, "0.1 -0.2 0.3 0");
    world_price(w, "p", "1.1524 0.9947 - 0.3876");
    world_price(w, "q", "1 - 2 3");
    world_set(w, "one", "1");
    world_set(w, "neg", "-2.35");
    world_set(w, "rate", "0.5");
    world_set(w, "d", "2");
    world_table_in(&w->top, "t1", FROM, 3);
    world_table_in(&w->top, "t2", UPTO, 2);
    return w;
}

struct row {
    const char *expr, *want; /* values, or "!NAME" of a failure in a line */
};

static bool run_row(struct arena *a, const struct row *row)
{
    struct world *w = make(a);
    bool fails = row->want[0] == '!';
    const char *text =
        fails ? arena_printf(a, "%sv = %s\nflag F warn when v > 0\n", PRELUDE, row->expr)
              : arena_printf(a, "%sv = %s \"v\"\n", PRELUDE, row->expr);
    enum err_code code = world_load(w, text);
    code = code != OK ? code : world_run(w);
    if (fails) {
        bool named = code != OK && w->err.name && strcmp(w->err.name, row->want + 1) == 0;
        if (!named) {
            print_error("%s: %s, not %s\n", row->expr, code ? w->err.text : "a value", row->want);
        }
        return named;
    }
    const char *have = code == OK ? world_values_of(w, "v") : w->err.text;
    if (strcmp(have, row->want) != 0) {
        print_error("%s: %s, not %s\n", row->expr, have, row->want);
        return false;
    }
    return true;
}

static void run_rows(const struct row *rows, size_t n)
{
    size_t right = 0;
    for (size_t i = 0; i < n; i++) {
        struct arena *a = arena_new();
        right += run_row(a, &rows[i]);
        arena_free(a);
    }
    assert_int_equal(right, n);
}
#define RUN(...)                                                                                   \
    const struct row rows[] = { __VA_ARGS__ };                                                     \
    run_rows(rows, sizeof rows / sizeof *rows)

static void test_plus_minus_times(void **state)
{
    (void)state;
    RUN({ "one + neg", "-1.35" }, { "one - neg", "3.35" }, { "-neg", "2.35" },
        { "round(neg * rate, 2)", "-1.18" }, /* -1.175, half away from zero */
        { "m.w + one", "2 3.5 1.01" }, { "round(one * rate, 2)", "0.5" },
        { "round(one / 3, 2)", "0.33" }, { "round(-2 kWh / 3, 2)", "-0.67" },
        { "round(one / zero, 2)", "absent" }, { "round(1 kWh / 0.000001, 2)", "1000000" });
}

static void test_failures_have_names(void **state)
{
    (void)state;
    RUN({ "round(one / zero, 2)", "!DIV_ZERO" }, { "round(1000000000 kWh / 0.001, 2)", "!RANGE" },
        { "max(m.w over m where m.off)", "!EMPTY" },
        { "round(mean(m.w over m where m.off), 2)", "!EMPTY" },
        { "sum(allocate(one, m.none over m))", "!ALLOC_WEIGHT" },
        { "sum(allocate(one, -m.w over m))", "!ALLOC_WEIGHT" }, { "low else 0", "!TABLE" },
        { "low2 else 0", "!TABLE" }, { "sum(hole)", "!MISSING" },
        { "sum(round(sum(gen by tou), 2) at q)", "!MISSING" });
}

static void test_at_and_rounding(void **state)
{
    (void)state;
    RUN({ "2.35 kWh at 1.1 yuan/kWh", "2.59" }, /* 2.585 */
        { "-(2.35 kWh at 1.1 yuan/kWh)", "-2.59" },
        { "0.05 kWh at 0.1 yuan/kWh", "0.01" }, /* 0.005 */
        { "round(2.345 kWh, 2)", "2.35" }, { "round(-2.345 kWh, 2)", "-2.35" },
        { "round_down(2.349 kWh, 2)", "2.34" }, { "round_down(-2.349 kWh, 2)", "-2.34" },
        { "round(1.23456 yuan/kWh, d)", "1.23" }, { "round(rate * 2.469 yuan/kWh, d)", "1.23" });
}

static void test_min_max_pos_abs_clamp(void **state)
{
    (void)state;
    RUN({ "min(one, neg)", "-2.35" }, { "max(one, neg, 3 kWh)", "3" }, { "pos(neg)", "0" },
        { "abs(neg)", "2.35" }, { "clamp(neg, 0, one)", "0" }, { "clamp(5 kWh, 0, one)", "1" },
        { "clamp(5 kWh, one, gone)", "5" }, { "clamp(neg, gone, gone)", "-2.35" },
        { "clamp(5 kWh, 7 kWh, 6 kWh)", "6" }, /* first lo, then hi */
        { "min(m.w, one)", "1 1 0.01" }, { "min(one, gone)", "absent" });
}

static void test_compare_and_logic(void **state)
{
    (void)state;
    RUN({ "if one < 1.001 kWh then one else zero", "1" },
        { "if one <= 1 kWh and one >= 1 kWh then one else zero", "1" },
        { "if one > 1 kWh or one is 1.00 kWh then one else zero", "1" },
        { "if one is not 1 kWh then one else zero", "0" },
        { "if mode is x then one else zero", "1" }, { "if mode is not x then one else zero", "0" },
        { "if m.kind is rest then m.w else zero", "0 2.5 0" },
        { "if not m.off and m.kind is work then m.w else zero", "1 0 0.01" },
        /* no and x is no, yes or x is yes, whatever x is */
        { "if mode is y and round(one / zero, 2) > 0 then one else zero", "0" },
        { "if round(one / zero, 2) > 0 and mode is y then one else zero", "0" },
        { "if meant > 0 and round(one / zero, 2) > 0 then one else zero", "0" },
        { "if round(one / zero, 2) > 0 or meant is 0 then one else zero", "1" },
        { "if m is a then one else zero", "0 0 0" });
}

static void test_if_choose_else_take_one_side(void **state)
{
    (void)state;
    RUN({ "choose mode { x: one, y: never }", "1" }, { "if yes1 then one else never", "1" },
        { "choose m.kind { work: m.w, rest: zero }", "1 0 0.01" },
        { "if meant > 0 then round(one / zero, 2) else 1", "1" },
        { "round(one / zero, 2) else 1", "1" }, { "gone else one", "1" },
        { "m.o else zero", "0 0 9" }, { "m.o else m.w", "1 2.5 9" },
        { "if m.w > 1 kWh then 2 else round(one / zero, 2)", "absent 2 absent" },
        { "round(m.w / (m.w - 1 kWh), 2) else 0", "0 1.67 -0.01" });
}

/* `else` catches operations written inside its own left side, never those behind a name. */
static void test_else_does_not_reach_behind_names(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = make(a);
    assert_ok(world_load(w, arena_printf(a,
                                         "%sq2 = round(one / zero, 2)\nv = q2 else 1 \"v\"\n"
                                         "u = round(one / zero, 2) else 1 \"u\"\n",
                                         PRELUDE)),
              &w->err);
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_values_of(w, "v"), "absent"); /* printed nowhere: no value */
    assert_string_equal(world_values_of(w, "u"), "1");
    assert_int_equal(w->result->n_printed, 1);
    arena_free(a);
}

static void test_aggregates(void **state)
{
    (void)state;
    RUN({ "sum(m.w)", "3.51" }, { "max(m.w over m)", "2.5" }, { "min(m.w over m)", "0.01" },
        { "round(mean(m.w over m), 2)", "1.17" },
        { "sum(m.w over m where m.kind is work)", "1.01" }, { "count(m.w > 0.5 kWh over m)", "2" },
        { "count(m.kind is rest)", "1" }, { "if any(m.w > 2 kWh over m) then one else zero", "1" },
        { "if all(m.w > 2 kWh over m) then one else zero", "0" },
        { "sum(m.w over m where m.off)", "0" }, { "count(m.w > 0 over m where m.off)", "0" },
        { "if any(m.w > 0 over m where m.off) then one else zero", "0" },
        { "if all(m.w > 0 over m where m.off) then one else zero", "1" },
        { "sum(m.o over m where agreed(m.o))", "9" }, { "sum(day.score by m)", "17 6 0" },
        { "sum(day.score)", "23" }, { "round(mean(day.score by m), 2)", "5.67 2 0" },
        { "max(day.score by m)", "7 3 0" }, { "count(day.good by m)", "2 3 1" });
}

static void test_sums_over_time(void **state)
{
    (void)state;
    RUN({ "round(sum(gen), 2)", "10.75" }, { "round(sum(gen by tou), 2)", "9.25 1.5 0 0" },
        { "round(sum(gen + gen * 2), 2)", "32.25" }, { "round(sum(gen - 1 kWh), 2)", "6.75" },
        { "round(sum(gen * p), 2)", "12.15" },   /* 9.25 x 1.1524 + 1.5 x 0.9947 = 12.15175 */
        { "round(sum(gen * spot), 2)", "0.73" }, /* 0.15 - 0.4 + 0.975 */
        { "round(sum(pos(gen - 2 kWh)), 2)", "3.25" }, { "round(max(gen), 2)", "4" },
        { "round(min(gen by tou), 2)", "2 1.5 absent absent" },
        { "round(max(power(gen)), 2)", "16" }, { "round(mean(gen), 2)", "2.69" },
        { "round(sum(gen by hour), 2)", "1.5 9.25" }, { "round(sum(gen by date), 2)", "10.75" },
        { "round(sum(gen where spot > 0), 2)", "4.75" }, { "count(gen > 2 kWh)", "2" },
        { "round(sum(gen where time in 09:00..09:30), 2)", "5.25" },
        { "round(sum(gen where time in 23:00..09:00), 2)", "1.5" },
        { "round(sum(gen where workday), 2)", "10.75" },
        { "round(sum(gen where holiday), 2)", "0" },
        { "round(sum(gen where month in 7..7), 2)", "10.75" }, /* a Thursday in July */
        { "round(sum(gen where month in 11..7), 2)", "10.75" },
        { "round(sum(gen where month in 8..6), 2)", "0" },
        { "round(sum(gen where weekday in 4..4), 2)", "10.75" },
        { "round(sum(gen where weekday in 6..3), 2)", "0" },
        { "round(sum(gen where weekday in 7..4 and time in 09:00..09:30), 2)", "5.25" },
        { "round(sum(m.e by m where not missing(m.e)), 2)", "10 0 15" },
        { "if any(missing(m.e) over interval) then one else zero", "0 0 1" },
        { "count(missing(hole))", "1" }, { "round(sum(warm), 2)", "12" },
        { "round(max(warm over before), 2)", "2" },
        /* two passes: the intervals above their own mean of 2.69 */
        { "round(sum(gen where gen > round(mean(gen), 2)), 2)", "7.25" },
        { "round(sum(day.load by m), 2)", "20 20 4" },
        /* the only inner member of all takes its own outer one's value, not the first's */
        { "sum(sum(lone.more + m.w over lone) by m)", "0 0 6.01" }, { "hours * 1 kW", "1" });
}

/* Members with intervals of their own: each interval by its own price. */
static void test_sessions(void **state)
{
    (void)state;
    RUN({ "round(sum(s.drawn by s), 2)", "10 2.5" },
        { "round(sum(s.drawn by s, tou), 2)", "4 0 0 6 0 0 2.5 0" },
        { "round(sum(pos(s.drawn) by s), 2)", "10 3" },
        { "round(sum(pos(s.drawn) by s, tou), 2)", "4 0 0 6 0 0 3 0" },
        { "round(sum(s.drawn by s where weekday in 4..4), 2)", "10 2.5" }, /* its own date */
        { "round(sum(s.drawn by s where month in 8..6), 2)", "0 0" },
        { "round(sum(s.drawn * q by s), 2)", "22 5" });
}

static void test_pick(void **state)
{
    (void)state;
    RUN({ "sum(day.score by m where latest(2 over day))", "12 5 0" },
        { "sum(day.score by m where latest(2 over day where day.good))", "10 5 0" },
        { "sum(day.score by m where highest(1, day.score over day))", "7 3 0" },
        { "sum(day.score by m where highest(2, day.score over day))", "12 5 0" },
        { "sum(day.score by m where middle(1, day.score over day))", "5 2 0" },
        /* 7, then of the equal ones the later: day 3 with a load of 3 */
        { "round(sum(day.load by m where highest(2, day.score over day)), 2)", "16 16 4" },
        { "count(latest(9 over day) by m)", "3 3 1" }, { "count(latest(1 over m))", "1" });
}

static void test_allocate(void **state)
{
    (void)state;
    RUN({ "allocate(100 yuan, m.w over m)", "28.49 71.23 0.28" },
        { "allocate(-1 yuan, m.w over m)", "-0.29 -0.71 0" },
        { "allocate(0.01 yuan, m.w over m)", "0 0.01 0" },
        { "allocate(0 yuan, m.none over m)", "0 0 0" },
        { "allocate(1 yuan, m.none over m) else 0", "0 0 0" },
        { "allocate(1 kWh, m.none + 1 kWh over m)", "0.34 0.33 0.33" },
        { "sum(allocate(round(sum(gen by tou), 2), m.w over m) over m)", "9.25 1.5 0 0" },
        { "sum(allocate(round(gen, 2), m.w over m))", "10.75" });
}

static void test_lookup_and_power_factor(void **state)
{
    (void)state;
    RUN({ "lookup(t1, one)", "0.5" }, { "lookup(t1, 1.99 kWh)", "0.5" },
        { "lookup(t1, 2 kWh)", "absent" }, { "lookup(t1, 2 kWh) else 1", "1" },
        { "lookup(t1, 3.5 kWh)", "0.75" }, { "lookup(t2, one)", "0.3" },
        { "lookup(t2, 1.01 kWh)", "0.2" }, { "lookup(t2, 3 kWh) else 0", "0" },
        { "lookup(t3, m.w)", "0.5 0.5 0.5" }, { "lookup(t3, 10 kWh)", "0.4" },
        { "power_factor(60000 kWh, 80000 kvarh)", "0.6" },
        { "power_factor(100000 kWh, 30000 kvarh)", "0.96" },
        { "power_factor(zero, 0 kvarh)", "absent" }, { "power_factor(zero, 1 kvarh)", "0" },
        { "power_factor(1 kWh, 0 kvarh)", "1" });
}

static void test_a_price_is_needed_only_where_there_is_a_quantity(void **state)
{
    (void)state;
    RUN({ "sum(round(sum(gen by tou), 2) at p)", "12.15" }, /* flat has no price and no energy */
        { "round(sum(gen * p), 2)", "12.15" }, { "if missing(p) then one else zero", "0 0 1 0" },
        { "if missing(q) then one else zero", "0 1 0 0" });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plus_minus_times),
        cmocka_unit_test(test_failures_have_names),
        cmocka_unit_test(test_at_and_rounding),
        cmocka_unit_test(test_min_max_pos_abs_clamp),
        cmocka_unit_test(test_compare_and_logic),
        cmocka_unit_test(test_if_choose_else_take_one_side),
        cmocka_unit_test(test_else_does_not_reach_behind_names),
        cmocka_unit_test(test_aggregates),
        cmocka_unit_test(test_sums_over_time),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_pick),
        cmocka_unit_test(test_allocate),
        cmocka_unit_test(test_lookup_and_power_factor),
        cmocka_unit_test(test_a_price_is_needed_only_where_there_is_a_quantity),
    };
    return cmocka_run_group_tests_name("operators", tests, NULL, NULL);
}
