/* form_test.c - what a form is told of a strategy, and two texts compared in words. */
#include "base/base.h"
#include "base/test.h"
#include "strategy/strategy.h"

static const struct strategy *load(struct arena *a, const char *text)
{
    struct strategy *s = NULL;
    struct strategy_messages m;
    struct err e;
    if (strategy_load(a, STR("t.tally"), str_of(text), NULL, NULL, 0, &s, &m, &e) != OK) {
        fail_msg("%s", e.text);
    }
    return s;
}

/* ---- asked if ----------------------------------------------------------------------------------
 */

static const char choices[] =
    "strategy s \"标题\"\nabout \"给谁用\"\nparty a, b\nmeter m: kWh \"表\"\nprice p: yuan/kWh\n"
    "window before \"之前\"\nmeter w: kWh by before\n"
    "param mode: by_price | fixed | free \"方式\"\nparam f: yuan/kWh typical 0.3 yuan/kWh..0.5 "
    "yuan/kWh\n"
    "param k: ratio = 88%\nparam bonus: yuan/kWh optional\nparam share: ratio\nparam part: ratio\n"
    "param instead: yuan/kWh\nparam extra_on: yes_no = no\nparam extra: yuan/kWh\n"
    "param deep: yuan/kWh\nparam off: yuan/kWh\nparam always: ratio = -5%\n"
    "q = round(sum(m by tou), 2)\n"
    "x = choose mode { by_price: round(p * k, 4) fixed: f free: 0 }\n"
    "y = round(bonus * part, 4) else instead\n"
    "base = 0.01 yuan/kWh\n"
    "except base when extra_on and mode is fixed = deep\n"
    "line A.tou \"甲\" a -> b q at x vat 13% when mode is not free\n"
    "line B \"乙\" a -> b sum(q) at round(bonus * share, 4) no vat when agreed(bonus)\n"
    "line C a -> b sum(q) at extra vat 6% on top when extra_on settled by b\n"
    "line D a -> b sum(q) at y no vat\n"
    "line E a -> b sum(q) at base no vat\n"
    "line F a -> b sum(q) at (if extra_on then 0 else off) no vat\n"
    "flag HIGH warn \"高\" when sum(q) > always * 100 kWh\n"
    "flag W hold when sum(w) > 5 kWh\n";

static size_t decl_named(const struct strategy *s, const char *name)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(s, &d);
    for (size_t i = 0; i < n; i++) {
        if (str_is(d[i].name, name)) {
            return i;
        }
    }
    fail_msg("no %s", name);
    return 0;
}

/* "mode=fixed;extra_on=yes" */
static const char *asked_text(struct arena *a, const struct strategy *s, const char *name)
{
    const struct strategy_asked *list;
    size_t n = strategy_asked(a, s, decl_named(s, name), &list);
    struct text t;
    text_init(&t, a, 1000);
    for (size_t i = 0; i < n; i++) {
        text_addf(&t, "%s" STR_FMT "=", i ? ";" : "", STR_ARG(list[i].name));
        for (size_t k = 0; k < list[i].n_values; k++) {
            text_addf(&t, "%s" STR_FMT, k ? "," : "", STR_ARG(list[i].values[k]));
        }
    }
    struct str out = text_str(&t);
    return arena_copy(a, out.at, out.n);
}

static void test_a_name_is_asked_for_where_a_choice_needs_it(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        { "p", "mode=by_price" },
        { "k", "mode=by_price" },
        { "f", "mode=fixed" },
        { "share", "bonus=agreed" },
        { "part", "bonus=agreed" },
        { "instead", "bonus=absent" },
        { "extra", "extra_on=yes" },
        { "deep", "mode=fixed;extra_on=yes" },
        { "off", "extra_on=no" },
        { "m", "" },
        { "mode", "" },
        { "bonus", "" },
        { "always", "" },
    };
    struct arena *a = arena_new();
    const struct strategy *s = load(a, choices);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_string_equal(asked_text(a, s, expected[i][0]), expected[i][1]);
    }
    arena_free(a);
}

static void test_lines_flags_and_words_of_a_form(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct strategy *s = load(a, choices);
    const struct strategy_bill *b;
    const struct strategy_alarm *f;
    const struct strategy_decl *d;
    assert_int_equal(strategy_bills(a, s, &b), 6);
    assert_true(str_is(b[0].code, "A.tou") && str_is(b[0].title, "甲"));
    assert_true(str_is(b[0].vat_rate, "13%") && b[0].vat == VAT_INCLUDED);
    assert_true(str_is(b[0].when, "mode is not free"));
    assert_true(b[1].vat == VAT_NONE && b[1].vat_rate.n == 0);
    assert_true(b[2].vat == VAT_ON_TOP && str_is(b[2].settled_by, "b"));
    assert_true(str_is(b[3].payer, "a") && str_is(b[3].payee, "b") && b[3].when.n == 0);
    assert_int_equal(strategy_alarms(a, s, &f), 2);
    assert_true(str_is(f[0].code, "HIGH") && f[0].level == FLAG_WARN && f[1].level == FLAG_HOLD);
    assert_true(str_is(strategy_about(s), "给谁用"));
    assert_true(str_is(strategy_window_title(s, 0), "之前"));
    strategy_decls(s, &d);
    const struct strategy_decl *k = &d[decl_named(s, "k")], *c = &d[decl_named(s, "always")];
    assert_true(k->default_number.units == 88 && k->default_number.scale == 2);
    assert_true(c->default_number.units == -5 && c->default_number.scale == 2);
    const struct strategy_decl *range = &d[decl_named(s, "f")];
    assert_true(range->has_typical && !range->has_min);
    assert_int_equal(range->low.units * 10 / DECIMAL_POW10[range->low.scale], 3);
    assert_int_equal(range->high.units * 10 / DECIMAL_POW10[range->high.scale], 5);
    arena_free(a);
}

/* ---- diff --------------------------------------------------------------------------------------
 */

#define BASE                                                                                       \
    "strategy s \"t\"\nparty a, b\nmeter m: kWh\nparam p: yuan/kWh within 0..2 yuan/kWh = 0.5 "    \
    "yuan/kWh \"价\"\nq = round(sum(m), 2)\nx = round(p * 88%, 4)\n"
#define LINES "line A \"甲\" a -> b q at x vat 13%\nline B a -> b q at p vat 6%\n"

struct diff_case {
    const char *before, *after, *english, *chinese;
    bool meaning;
};

static const struct diff_case cases[] = {
    { BASE LINES, BASE LINES, "", "", false },
    { BASE LINES, BASE "meter n: kWh\nparam z: ratio = 5%\n" LINES,
      "added meter n: kWh\nadded param z: ratio = 5%\n",
      "新增表计 n：kWh\n新增参数 z：ratio = 5%\n", true },
    /* layout, comments, order of definitions: no difference */
    { BASE LINES,
      "# other\nstrategy s \"t\" party a, b meter m : kWh\n# why\nparam p: yuan/kWh within 0..2 "
      "yuan/kWh = 0.5 yuan/kWh \"价\"\nx = round(p*88%,4)\nq = round(sum(m), 2)\n" LINES,
      "", "", false },
    { BASE LINES,
      "strategy s \"t\"\nparty a, b\nmeter m: kWh\nparam p: yuan/kWh within 0..2 yuan/kWh = 0.6 "
      "yuan/kWh \"价\"\nq = round(sum(m), 2)\nx = round(p * 88%, 4)\n" LINES,
      "param p: default changed from '0.5 yuan/kWh' to '0.6 yuan/kWh'\n",
      "参数 p 的默认值由“0.5 yuan/kWh”改为“0.6 yuan/kWh”\n", true },
    { BASE LINES,
      "strategy s \"t\"\nparty a, b\nmeter m: kWh\nparam p: yuan/kWh within 0..3 yuan/kWh typical "
      "0.3 yuan/kWh..1 yuan/kWh = 0.5 yuan/kWh \"价\"\nq = round(sum(m), 2)\nx = round(p * 88%, "
      "4)\n" LINES,
      "param p: permitted range changed from '0..2' to '0..3'\nparam p: typical range "
      "changed from nothing to '0.3..1'\n",
      "参数 p 的允许范围由“0..2”改为“0..3”\n参数 p 的常用范围由无改为“0.3..1”\n", true },
    { BASE LINES,
      "strategy s \"t\"\nparty a, b\nmeter m: kWh\nparam p: yuan/kWh within 0..2 yuan/kWh = 0.5 "
      "yuan/kWh \"价\"\nq = round(sum(m), 2)\nx = round(p * 88%, 3)\n" LINES,
      "definition x: rounding digits changed from 'round(p * 88%, 4)' to 'round(p * 88%, 3)'\n",
      "定义 x 的修约位数由“round(p * 88%, 4)”改为“round(p * 88%, 3)”\n", true },
    { BASE LINES,
      "strategy s \"t\"\nparty a, b\nmeter m: kWh\nparam p: yuan/kWh within 0..2 yuan/kWh = 0.5 "
      "yuan/kWh \"价\"\nq = round(sum(m), 2)\nx = round(p * 90%, 3)\n" LINES,
      "definition x: formula changed from 'round(p * 88%, 4)' to 'round(p * 90%, 3)'\n",
      "定义 x 的算式由“round(p * 88%, 4)”改为“round(p * 90%, 3)”\n", true },
    { BASE LINES, BASE "line A \"甲\" b -> a q at x vat 6%\nline B a -> b q at p vat 6%\n",
      "line A: payer changed from 'a' to 'b'\nline A: payee changed from 'b' to 'a'\n"
      "line A: VAT changed from 'vat 13%' to 'vat 6%'\n",
      "账单行 A 的付款方由“a”改为“b”\n账单行 A 的收款方由“b”改为“a”\n"
      "账单行 A 的增值税由“vat 13%”改为“vat 6%”\n",
      true },
    { BASE LINES, BASE "line A \"乙\" a -> b q at x vat 13%\nline B a -> b q at p vat 6%\n",
      "line A: title changed from '甲' to '乙'\n", "账单行 A 的名称由“甲”改为“乙”\n", false },
    { BASE LINES, BASE "line B a -> b q at p vat 6%\nline A \"甲\" a -> b q at x vat 13%\n",
      "lines: order changed from 'A, B' to 'B, A'\n", "账单行的次序由“A, B”改为“B, A”\n", false },
    { BASE LINES,
      BASE "line A \"甲\" a -> b q at x vat 13%\nline C b -> a q at p no vat when q > 0 "
           "kWh\n",
      "added line C: b -> a q at p\nremoved line B: a -> b q at p\n",
      "新增账单行 C：b -> a q at p\n删除账单行 B：a -> b q at p\n", true },
    { BASE LINES, BASE LINES "flag H hold \"高\" when q > 9 kWh\nexcept x when q > 5 kWh = p\n",
      "added exception x when q > 5 kWh: p\nadded flag H: hold\n",
      "新增例外 x when q > 5 kWh：p\n新增标志 H：hold\n", true },
};

static void test_differences_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new();
        const struct strategy_change *c;
        struct text english, chinese;
        size_t n = strategy_diff(a, load(a, cases[i].before), load(a, cases[i].after), &c);
        bool meaning = false;
        text_init(&english, a, 10000);
        text_init(&chinese, a, 10000);
        for (size_t k = 0; k < n; k++) {
            strategy_change_text(&english, &c[k], false);
            text_add_c(&english, "\n");
            strategy_change_text(&chinese, &c[k], true);
            text_add_c(&chinese, "\n");
            meaning = meaning || c[k].meaning;
        }
        struct str e = text_str(&english), z = text_str(&chinese);
        assert_string_equal(arena_copy(a, e.at, e.n), cases[i].english);
        assert_string_equal(arena_copy(a, z.at, z.n), cases[i].chinese);
        assert_int_equal(meaning, cases[i].meaning);
        arena_free(a);
    }
}

/* Turned round, what was added is removed and each change runs the other way. */
static void test_a_difference_turned_round(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new();
        const struct strategy *x = load(a, cases[i].before), *y = load(a, cases[i].after);
        const struct strategy_change *c, *d;
        size_t n = strategy_diff(a, x, y, &c);
        assert_int_equal(strategy_diff(a, y, x, &d), n);
        for (size_t k = 0; k < n; k++) {
            size_t same = 0;
            for (size_t m = 0; m < n; m++) {
                same += str_eq(c[k].name, d[m].name) && c[k].part == d[m].part &&
                        strcmp(c[k].aspect, d[m].aspect) == 0 && str_eq(c[k].before, d[m].after) &&
                        str_eq(c[k].after, d[m].before);
            }
            assert_int_equal(same, 1);
        }
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_asked_for_where_a_choice_needs_it),
        cmocka_unit_test(test_lines_flags_and_words_of_a_form),
        cmocka_unit_test(test_differences_in_words),
        cmocka_unit_test(test_a_difference_turned_round),
    };
    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
