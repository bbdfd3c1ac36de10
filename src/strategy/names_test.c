/* names_test.c - one program out of several files: libraries where they are used, amendments after
 * all, open names, and the hash over all of it.
 */
#include "base/base.h"
#include "strategy/tree.h"
#include "base/test.h"

static const struct {
    const char *name, *text;
} FILES[] = {
    { "tiers", "library tiers\n# needs: amount\nrate = round(amount / 2 kWh, 4) else 0\n"
               "line TIER a -> b 2 yuan no vat\n" },
    { "outer", "library outer\nuse tiers\ndouble = rate * 2\n" },
    { "more", "amendment more of s\nparam extra : yuan = 5 yuan\n"
              "except amount when extra > 3 yuan = 7 kWh\nline EXTRA b -> a extra vat 6%\n" },
    { "again", "amendment again of s\nexcept amount when extra > 9 yuan = 8 kWh\n" },
    { "circle", "library circle\nuse circle\n" },
};

static bool find(void *ctx, struct str name, struct str *file, struct str *text)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        if (str_is(name, FILES[i].name)) {
            *file = str_of(FILES[i].name);
            *text = str_of(FILES[i].text);
            return true;
        }
    }
    return false;
}

static const char STRATEGY[] = "strategy s \"title\"\nparty a, b\namount = 4 kWh\n"
                               "line FIRST a -> b 1 yuan no vat\nuse outer\n"
                               "line LAST a -> b 3 yuan no vat\nflag F warn when double > 1\n";

static struct strategy *load(struct arena *a, const char *text, size_t n_amendments)
{
    static const struct strategy_library library = { NULL, find };
    const struct str amendments[] = { STR("more"), STR("again") };
    struct strategy *s = NULL;
    struct strategy_messages m;
    struct err e;
    if (strategy_load(a, STR("s.tally"), str_of(text), &library, amendments, n_amendments, &s, &m,
                      &e) != OK) {
        fail_msg("%s", e.text);
    }
    return s;
}

static void test_a_library_stands_where_it_is_used(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct tally_program *p = load(a, STRATEGY, 0)->program;
    assert_int_equal(p->n_files, 3);
    assert_int_equal(p->n_items, 4);
    static const char *const codes[] = { "FIRST", "TIER", "LAST" };
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(p->items[i].kind, ITEM_LINE);
        assert_true(str_is(p->lines[p->items[i].index].code.name, codes[i]));
    }
    assert_int_equal(p->items[3].kind, ITEM_FLAG);
    assert_true(str_is(tally_file_name(p, p->lines[1].code.at), "tiers"));
    arena_free(a);
}

static void test_amendments_add_and_except(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct tally_program *p = load(a, STRATEGY, 2)->program;
    assert_int_equal(p->n_lines, 4);
    assert_true(str_is(p->lines[3].code.name, "EXTRA"));
    assert_int_equal(p->definitions[0].n_excepts, 2); /* in the order of the amendments */
    assert_int_equal(p->definitions[0].excepts[0].body->number.units, 7);
    assert_int_equal(p->definitions[0].excepts[1].body->number.units, 8);
    arena_free(a);
}

static void test_a_library_alone_may_leave_names_open(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct strategy *s = load(a, FILES[0].text, 0);
    assert_true(s->program->library);
    assert_null(s->plan);
    arena_free(a);
}

static void test_a_library_cannot_use_itself(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    static const struct strategy_library library = { NULL, find };
    struct tally_program *p;
    struct strategy_messages m;
    struct err e;
    assert_int_equal(tally_load(a, STR("s.tally"), STR("strategy s\nuse circle\n"), &library, NULL,
                                0, &p, &m, &e),
                     ERR_INPUT);
    assert_int_equal(m.n_errors, 1);
    assert_string_equal(m.at[0].code, "N66");
    arena_free(a);
}

static bool same_hash(struct strategy *x, struct strategy *y)
{
    struct sha256 h = strategy_hash(x), g = strategy_hash(y);
    return memcmp(&h, &g, sizeof h) == 0;
}

/* The layout is no part of the agreement; every word, library and amendment is. */
static void test_law_3_the_hash_is_over_the_canonical_text(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct strategy *s = load(a, STRATEGY, 0);
    char *spaced = arena_copy(a, STRATEGY, sizeof STRATEGY - 1);
    for (char *c = spaced; *c; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    assert_true(same_hash(s, load(a, spaced, 0)));
    assert_false(same_hash(s, load(a, STRATEGY, 1)));
    assert_false(same_hash(load(a, STRATEGY, 1), load(a, STRATEGY, 2)));
    char *other = arena_copy(a, STRATEGY, sizeof STRATEGY - 1);
    *strstr(other, "1 yuan") = '2';
    assert_false(same_hash(s, load(a, other, 0)));
    assert_true(str_is(strategy_name(s), "s"));
    assert_true(str_is(strategy_title(s), "title"));
    const struct str *parties;
    assert_int_equal(strategy_parties(s, &parties), 2);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_library_stands_where_it_is_used),
        cmocka_unit_test(test_amendments_add_and_except),
        cmocka_unit_test(test_a_library_alone_may_leave_names_open),
        cmocka_unit_test(test_a_library_cannot_use_itself),
        cmocka_unit_test(test_law_3_the_hash_is_over_the_canonical_text),
    };
    return cmocka_run_group_tests_name("strategy names", tests, NULL, NULL);
}
