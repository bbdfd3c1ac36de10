/* lines_test.c - what a run leaves: lines in order, what is not printed, VAT, parties, flags,
 * states, quality, exceptions, failures. Expected values are counted by hand from the rules.
 */
#include "base/test.h"
#include "strategy/world.h"

static struct world *world_of(struct arena *a, const char *text, const char *gen)
{
    static const int32_t first[] = { 0 };
    struct world *w = world_new(a, "2025-07-10T08:00:00+08:00", 60, 4);
    world_tou(w, 1, "vvvvvvvvpssvvffssppppppf", 1, first); /* p s s v */
    assert_ok(world_load(w, text), &w->err);
    if (gen) {
        world_feed(w, "gen", 4, gen);
    }
    return w;
}

#define HEAD "strategy t\nparty a, b, grid\nmeter gen : kWh\n"

static void check_run(const char *text, const char *gen, const char *want)
{
    struct arena *a = arena_new();
    struct world *w = world_of(a, text, gen);
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_text(w), want);
    arena_free(a);
}

static void test_r8_what_is_not_printed(void **state)
{
    (void)state;
    check_run(HEAD "g = round(sum(gen by tou), 2)\n"
                   "line P.tou a -> b  g at 0.5 yuan/kWh  no vat\n" /* no valley: quantity 0 */
                   "line Q a -> b  sum(g) at 0 yuan/kWh  no vat\n"  /* a quantity: printed at 0 */
                   "line R a -> b  0 yuan  no vat\n"                /* neither: not printed */
                   "line S a -> b  (0 kWh) at 1 yuan/kWh  no vat\n" /* printed even when 0 */
                   "line T.tou a -> b  (g * 0) at 1 yuan/kWh  no vat\n",
              "1 2 3 0",
              "P.sharp a>b 5 kWh x 0.5 = 250\nP.peak a>b 1 kWh x 0.5 = 50\nQ a>b 6 kWh x 0 = 0\n"
              "S a>b 0 kWh x 1 = 0\n");
}

/* Golden primitives: 100.00 at 13% = 88.50 + 11.50; -100.01 = -88.50 - 11.51; on top. */
static void test_r7_vat(void **state)
{
    (void)state;
    check_run(HEAD "param r : ratio = 6%\n"
                   "line A a -> b  100 yuan  vat 13%\nline B a -> b  100 yuan  vat r\n"
                   "line C a -> b  100 yuan  vat 9%\nline D a -> b  -100.01 yuan  vat 13%\n"
                   "line E a -> b  100 yuan  vat 13% on top\nline F a -> b  1 yuan  no vat\n",
              NULL,
              "A a>b = 10000 (8850 + 1150)\nB a>b = 10000 (9434 + 566)\n"
              "C a>b = 10000 (9174 + 826)\nD a>b = -10001 (-8850 + -1151)\n"
              "E a>b = 11300 (10000 + 1300)\nF a>b = 100\n");
}

/* `at` is remembered through minus, names and the side taken; `showing` prints its own. */
static void test_quantity_and_price_are_remembered(void **state)
{
    (void)state;
    check_run(HEAD
              "param mode : x | y = y\nparam tip : yuan = 0\n"
              "q = round(sum(gen), 2)\nfee = q at 0.1 yuan/kWh\n"
              "line A a -> b  -(q at 0.5 yuan/kWh)  no vat\nline B a -> b  fee  no vat\n"
              "line C a -> b  choose mode { x: 1 yuan, y: q at 2 yuan/kWh }  no vat\n"
              "line D a -> b  if q > 100 kWh then q at 3 yuan/kWh else 7 yuan  no vat\n"
              "line E a -> b  round(q * 0.333 yuan/kWh, 2) showing q at round(1 yuan / (q - q), 4)"
              "  no vat\n"
              "line G a -> b  fee + 1 yuan  no vat\n",
              "1 2 3 4",
              "A a>b 10 kWh x 0.5 = -500\nB a>b 10 kWh x 0.1 = 100\nC a>b 10 kWh x 2 = 2000\n"
              "D a>b = 700\nE a>b 10 kWh = 333\nG a>b = 200\n");
}

static const char GROUPS[] =
    "strategy t\nparty a, b\n"
    "group site { party owner  param w : kWh  param x : yuan/kWh = 1 yuan/kWh }\n"
    "group box of site { party  param q : kWh }\n"
    "each site {\n"
    "  line EACH.site a -> site.owner  site.w at site.x  no vat\n"
    "  flag BIG.site warn when site.w > 1 kWh\n"
    "}\n"
    "line BOX.site.box  site.owner -> box  box.q at 1 yuan/kWh  no vat\n"
    "line SUM a -> b  sum(box.q) at 1 yuan/kWh  no vat settled by b\n"
    "flag ANY warn when any(box.q > 6 kWh)\n";

static void test_keys_parties_and_order(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = world_of(a, GROUPS, NULL);
    struct world_part *s = world_group(w, &w->top, "site", "S1 S2");
    for (int i = 0; i < 2; i++) {
        w->top.members[0][i].party = i ? STR("Li") : STR("Wang");
        world_set_in(&s[i], "w", i ? "2" : "1");
        struct world_part *x = world_group(w, &s[i], "box", i ? "B2" : "B1 B3");
        world_set_in(&x[0], "q", i ? "7" : "5");
        if (!i) {
            world_set_in(&x[1], "q", "6");
        }
    }
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_text(w), "EACH.S1 a>Wang 1 kWh x 1 = 100\n"
                                       "EACH.S2 a>Li 2 kWh x 1 = 200\n"
                                       "BOX.S1.B1 Wang>B1 5 kWh x 1 = 500\n"
                                       "BOX.S1.B3 Wang>B3 6 kWh x 1 = 600\n"
                                       "BOX.S2.B2 Li>B2 7 kWh x 1 = 700\n"
                                       "SUM a>b 18 kWh x 1 = 1800\n"
                                       "flag BIG.S2\nflag ANY\n");
    assert_true(str_is(w->result->lines[5].settled_by, "b"));
    arena_free(a);
}

static void test_states_are_left_behind(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w =
        world_of(a,
                 HEAD "state sum_year : kWh = 0 per year\nstate kept : yuan = 5 yuan\n"
                      "next sum_year = sum_year + round(sum(gen), 2)\n"
                      "line K a -> b  kept  no vat\n",
                 "1 2 3 4");
    world_set(w, "sum_year", "100.5");
    assert_ok(world_run(w), &w->err);
    assert_string_equal(world_text(w), "K a>b = 500\nnext sum_year 110.5\nnext kept 5\n");
    arena_free(a);
}

static const char EXCEPT[] = HEAD "param k : count = 0\nparam l : count = 0\n"
                                  "p = 1 yuan\nexcept p when k > 0 = 2 yuan\n"
                                  "except p when l > 0 = 3 yuan\nline L a -> b  p  no vat\n";

static void test_exceptions_replace_and_conflict(void **state)
{
    (void)state;
    static const char *const k[] = { "0", "1", "0", "1" }, *const l[] = { "0", "0", "1", "1" };
    static const char *const want[] = { "L a>b = 100\n", "L a>b = 200\n", "L a>b = 300\n" };
    for (int i = 0; i < 4; i++) {
        struct arena *a = arena_new();
        struct world *w = world_of(a, EXCEPT, NULL);
        world_set(w, "k", k[i]);
        world_set(w, "l", l[i]);
        if (i < 3) {
            assert_ok(world_run(w), &w->err);
            assert_string_equal(world_text(w), want[i]);
        } else {
            assert_int_equal(world_run(w), ERR_RULE);
            assert_string_equal(w->err.name, "EXCEPTION_CONFLICT");
        }
        arena_free(a);
    }
}

static void test_a_flag_that_fails_replaces_the_statement(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w =
        world_of(a,
                 HEAD "line L a -> b  1 yuan  no vat\n"
                      "flag TOO_MUCH.tou fail \"多\" when round(sum(gen by tou), 2) > 4 kWh\n",
                 "1 2 3 4");
    assert_int_equal(world_run(w), ERR_RULE);
    assert_string_equal(w->err.name, "TOO_MUCH");
    assert_string_equal(w->err.text, "order T-1: TOO_MUCH.sharp (test.tally:5): 多");
    arena_free(a);
}

/* Missing names the first place in time; nothing is left of the statement. */
static void test_missing_names_the_first_instant(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w = world_of(a,
                               HEAD "g = round(sum(gen by tou), 2)\n"
                                    "line L.tou a -> b  g at 1 yuan/kWh  no vat\n",
                               "1 2 - -");
    assert_int_equal(world_run(w), ERR_GAP);
    assert_string_equal(w->err.name, "MISSING");
    assert_string_equal(
        w->err.text, "order T-1: MISSING in L.sharp (test.tally:5): gen has no reading [sharp] at "
                     "2025-07-10T10:00:00+08:00; in g (test.tally:4)");
    assert_null(w->result);
    arena_free(a);
}

static void test_quality_travels_with_quantities(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct world *w =
        world_of(a,
                 HEAD "meter other : kWh\ngroup s { party meter m : kWh }\n"
                      "line L a -> b  round(sum(gen), 2) at 1 yuan/kWh  no vat\n"
                      "line O a -> b  round(sum(other), 2) at 1 yuan/kWh  no vat\n"
                      "line P a -> b  round(sum(pos(gen + other)), 2) at 1 yuan/kWh"
                      "  no vat\n"
                      "line M.s a -> s  round(sum(s.m by s), 2) at 1 yuan/kWh  no vat\n",
                 "1 2 3E 4");
    world_feed(w, "other", 4, "5 5 5 5");
    struct world_part *s = world_group(w, &w->top, "s", "S1 S2");
    world_feed_on(w, &s[0], "m", 4, "1", &w->binding.axis);
    world_feed_on(w, &s[1], "m", 4, "1 1 1 1M", &w->binding.axis);
    assert_ok(world_run(w), &w->err);
    const struct strategy_line *l = w->result->lines;
    assert_int_equal(l[0].quality, QUALITY_ESTIMATED);
    assert_int_equal(l[0].estimated_e6, 300000); /* 3 of 10 */
    assert_int_equal(l[1].quality, QUALITY_ACTUAL);
    assert_int_equal(l[2].quality, QUALITY_ESTIMATED);
    assert_int_equal(l[2].estimated_e6, 100000); /* 3 of 30 */
    assert_int_equal(l[3].quality,
                     QUALITY_ACTUAL); /* the other member's readings are not its own */
    assert_int_equal(l[4].quality, QUALITY_MANUAL);
    assert_int_equal(w->result->seen.n_estimated, 1);
    assert_int_equal(w->result->seen.n_manual, 1);
    arena_free(a);
}

/* Reordering definitions and lines changes no amount; the same input gives the same bytes. */
static void test_order_of_the_text_does_not_matter(void **state)
{
    (void)state;
    const char *want = "L a>b 10 kWh x 0.5 = 500\nM a>b = 50\n";
    check_run(HEAD "line L a -> b  q at p  no vat\nline M a -> b  round(L * 10%, 2)  no vat\n"
                   "p = round(z / 2, 4)\nq = round(sum(gen), 2)\nz = 1 yuan/kWh\n",
              "1 2 3 4", want);
    check_run(HEAD "z = 1 yuan/kWh\nq = round(sum(gen), 2)\np = round(z / 2, 4)\n"
                   "line L a -> b  q at p  no vat\nline M a -> b  round(L * 10%, 2)  no vat\n",
              "1 2 3 4", want);
}

/* A month of four intervals is its four days, where the text is linear; and scaling scales. */
static void test_month_is_the_sum_of_days_and_scaling_scales(void **state)
{
    (void)state;
    const char *text = HEAD "g = round(sum(gen), 2)\nline L a -> b  g at 2 yuan/kWh  no vat\n";
    static const char *const part[] = { "1.25 0 0 0", "0 2.5 0 0", "0 0 3.75 0", "0 0 0 4" };
    int64_t days = 0;
    for (int i = 0; i < 4; i++) {
        struct arena *a = arena_new();
        struct world *w = world_of(a, text, part[i]);
        assert_ok(world_run(w), &w->err);
        days += w->result->lines[0].fen;
        arena_free(a);
    }
    assert_int_equal(days, 2300);
    check_run(text, "1.25 2.5 3.75 4", "L a>b 11.5 kWh x 2 = 2300\n");
    check_run(text, "12.5 25 37.5 40", "L a>b 115 kWh x 2 = 23000\n");
}

static void test_binding_says_what_is_wrong(void **state)
{
    (void)state;
    static const char *const text =
        HEAD "param d : ratio within 0%..150%\nparam m : x | y = x\n"
             "line L a -> b  round(1 yuan * d, 2)  no vat when m is x\n";
    static const char *const set[][2] = { { NULL, NULL },  { "d", "1.6" }, { "d", "0.1234567" },
                                          { "d", "yes" },  { "zz", "1" },  { "d", "absent" },
                                          { "m", "other" } };
    static const char *const want[] = {
        "order T-1: param d: is needed and not given",
        "order T-1: param d: must lie within 0..1.5",
        "order T-1: param d: has more than the 6 decimals it is declared with",
        "order T-1: param d: expects a number",
        "order T-1: setting or feed zz is unknown to the strategy (strategy t)",
        "order T-1: param d: is not optional and cannot be left absent",
        "order T-1: param m: has no choice 'other'; there is x, y",
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct arena *a = arena_new();
        struct world *w = world_of(a, text, NULL);
        if (set[i][0]) {
            world_set(w, set[i][0], set[i][1]);
        }
        if (i == 6) {
            world_set(w, "d", "1");
        }
        assert_int_equal(world_run(w), ERR_INPUT);
        assert_string_equal(w->err.name, "BIND");
        assert_string_equal(w->err.text, want[i]);
        arena_free(a);
    }
    struct arena *a = arena_new(); /* what is not reached is not asked for */
    struct world *w = world_of(a, text, NULL);
    world_set(w, "m", "y");
    assert_ok(world_run(w), &w->err);
    assert_int_equal(w->result->n_lines, 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r8_what_is_not_printed),
        cmocka_unit_test(test_r7_vat),
        cmocka_unit_test(test_quantity_and_price_are_remembered),
        cmocka_unit_test(test_keys_parties_and_order),
        cmocka_unit_test(test_states_are_left_behind),
        cmocka_unit_test(test_exceptions_replace_and_conflict),
        cmocka_unit_test(test_a_flag_that_fails_replaces_the_statement),
        cmocka_unit_test(test_missing_names_the_first_instant),
        cmocka_unit_test(test_quality_travels_with_quantities),
        cmocka_unit_test(test_order_of_the_text_does_not_matter),
        cmocka_unit_test(test_month_is_the_sum_of_days_and_scaling_scales),
        cmocka_unit_test(test_binding_says_what_is_wrong),
    };
    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
