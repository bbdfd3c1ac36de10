/* parse_test.c - text to tree and back: comments, layout, recovery, and what a unit belongs to. */
#include "base/base.h"
#include "strategy/check.h"
#include "strategy/tree.h"
#include "base/test.h"
#include <dirent.h>
#include <stdio.h>

#define FILE_MAX (300u << 10)

static struct str format(struct arena *a, struct str text)
{
    struct str out = { 0 };
    struct strategy_messages m;
    struct err e;
    if (strategy_format(a, STR("t.tally"), text, &out, &m, &e) != OK) {
        fail_msg("%s", e.text);
    }
    return out;
}

static void prints_as(const char *text, const char *expected)
{
    struct arena *a = arena_new();
    struct str once = format(a, str_of(text));
    assert_string_equal(arena_copy(a, once.at, once.n), expected);
    struct str again = format(a, once);
    assert_true(str_eq(once, again));
    arena_free(a);
}

static void test_law_6_layout(void **state)
{
    (void)state;
    prints_as("strategy  s   \"title\"\nparty a,b x=1+2*(3-a) y = -x\n",
              "strategy s \"title\"\nparty a, b\nx = 1 + 2 * (3 - a)\ny = -x\n");
    prints_as("strategy s\nparam d:ratio within 0%..150%=1 param k : kWh optional \"t\"",
              "strategy s\nparam d: ratio within 0%..150% = 1\nparam k: kWh optional \"t\"\n");
    prints_as("strategy s\nx = choose m {a: 0 b: 1,c: 2}",
              "strategy s\nx = choose m { a: 0, b: 1, c: 2 }\n");
    prints_as("strategy s\ngroup g of h {party unit q meter l : q by w}\neach g{flag X.g warn when "
              "time in 08:00 .. 12:30}",
              "strategy s\ngroup g of h {\n  party\n  unit q\n  meter l: q by w\n}\n"
              "each g {\n  flag X.g warn when time in 08:00..12:30\n}\n");
    prints_as("strategy s table t:upto kWh->yuan/kWh{100 kWh:0.5 yuan/kWh rest:0.6 yuan/kWh}",
              "strategy s\ntable t: upto kWh -> yuan/kWh {\n  100 kWh: 0.5 yuan/kWh\n"
              "  rest: 0.6 yuan/kWh\n}\n");
    prints_as("strategy s\nline A.tou \"t\" a->b.c x at p vat 13% on top when x>0 settled by a",
              "strategy s\nline A.tou \"t\" a -> b.c x at p vat 13% on top when x > 0 settled by "
              "a\n");
}

static void test_law_6_about_and_typical(void **state)
{
    (void)state;
    prints_as("strategy s \"t\" about \"what it is for\" party a",
              "strategy s \"t\"\nabout \"what it is for\"\nparty a\n");
    prints_as("amendment s of t about \"why\"\n\nx = 1",
              "amendment s of t\nabout \"why\"\n\nx = 1\n");
    prints_as("strategy s\nparam d:ratio within 0%.. typical  80% .. 95% = 1 "
              "param k: kW typical -5 kW..-1 kW optional \"t\" param m : kWh typical -1..0",
              "strategy s\nparam d: ratio within 0%.. typical 80%..95% = 1\n"
              "param k: kW typical -5 kW..-1 kW optional \"t\"\nparam m: kWh typical -1..0\n");
    /* usual names elsewhere */
    prints_as("strategy s\nabout = typical - 1 \"t\"\ntypical = about \"x\"",
              "strategy s\nabout = typical - 1 \"t\"\ntypical = about \"x\"\n");
}

static void test_a_default_follows_a_bound_with_a_unit(void **state)
{
    (void)state;
    prints_as("strategy s\nparam q: kWh within 1 kWh..5 kWh=2 kWh\nparam m: min typical 15 min..60 "
              "min = 30 min\n",
              "strategy s\nparam q: kWh within 1 kWh..5 kWh = 2 kWh\n"
              "param m: min typical 15 min..60 min = 30 min\n");
    /* another unit's word begins a definition, as ever */
    prints_as("strategy s\nparam d: ratio within 0%..150%\nday = 3\n",
              "strategy s\nparam d: ratio within 0%..150%\nday = 3\n");
}

static void test_law_6_comments_stay(void **state)
{
    (void)state;
    prints_as("# first\n\n\n\nstrategy s # name\n\n\n# of a\n# more\n\nx = 1 # one\n# end\n",
              "# first\n\nstrategy s  # name\n\n# of a\n# more\n\nx = 1  # one\n# end\n");
    prints_as("strategy s\nx = choose m { # why\n a: 0, # zero\n\n # own line\n b: 1\n # last\n}",
              "strategy s\nx = choose m {  # why\n  a: 0  # zero\n\n  # own line\n  b: 1\n"
              "  # last\n}\n");
    prints_as("strategy s\nx = 1 + # and\n  2", "strategy s\nx = 1 +  # and\n  2\n");
}

static void test_a_long_line_breaks_before_clauses(void **state)
{
    (void)state;
    prints_as("strategy s\nline LONG_CODE_OF_A_LINE \"title\" payer_of_it -> payee_of_it "
              "quantity_of_it at price_of_it vat 13% when agreed(price_of_it)",
              "strategy s\nline LONG_CODE_OF_A_LINE \"title\" payer_of_it -> payee_of_it "
              "quantity_of_it at price_of_it vat 13%\n  when agreed(price_of_it)\n");
}

/* Both texts have the same tokens; commas between cases are optional. */
static void same_tokens(struct arena *a, struct str x, struct str y)
{
    struct reporter r;
    reporter_init(&r, a);
    struct tally_file *f = lex_file(a, STR("x"), x, &r), *g = lex_file(a, STR("y"), y, &r);
    int32_t k = 0;
    for (int32_t i = 0; i < f->n_tokens; i++, k++) {
        while (f->tokens[i].mark == MARK_COMMA && g->tokens[k].mark != MARK_COMMA) {
            i++;
        }
        while (g->tokens[k].mark == MARK_COMMA && f->tokens[i].mark != MARK_COMMA) {
            k++;
        }
        assert_int_equal(f->tokens[i].kind, g->tokens[k].kind);
        assert_true(str_eq(f->tokens[i].text, g->tokens[k].text));
    }
    assert_int_equal(k, g->n_tokens);
}

static void test_law_6_listings_keep_their_tokens(void **state)
{
    (void)state;
    static const char folder[] = "tests/strategy/listings";
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = 0;
    for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        if (!str_ends(str_of(entry->d_name), ".tally")) {
            continue;
        }
        struct arena *a = arena_new();
        FILE *f = fopen(arena_printf(a, "%s/%s", folder, entry->d_name), "rb");
        assert_non_null(f);
        char *bytes = arena_alloc(a, FILE_MAX);
        struct str text = { bytes, fread(bytes, 1, FILE_MAX - 1, f) };
        fclose(f);
        struct str once = format(a, text), again = format(a, once);
        assert_true(str_eq(once, again));
        same_tokens(a, text, once);
        arena_free(a);
        n++;
    }
    closedir(d);
    assert_int_equal(n, 9);
}

static struct statement *parse(struct arena *a, const char *text, struct reporter *r,
                               struct nodes *nodes)
{
    reporter_init(r, a);
    *nodes = (struct nodes){ .arena = a };
    return parse_file(nodes, r, STR("t.tally"), str_of(text))->first;
}

/* A unit's name belongs to the number before it, unless it is the next definition, the next case, a
 * function or a member. */
static void test_units_after_numbers(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct reporter r;
    struct nodes nodes;
    struct statement *s = parse(a,
                                "strategy s\nx = 5 kWh/piece * 2\ny = 5\nday = 3 * min(1, 2)\n"
                                "z = choose m { p: 1\n h: 2 }\nu = 1 kW * day.load\n",
                                &r, &nodes);
    assert_int_equal(r.n_errors, 0);
    assert_int_equal(s->body->op, OP_MUL);
    assert_int_equal(s->body->args[0]->units->n, 2);
    s = s->next;
    assert_null(s->body->units);
    s = s->next;
    assert_true(str_is(s->name.name, "day"));
    s = s->next;
    assert_int_equal(s->body->n_args, 3);
    s = s->next;
    assert_int_equal(s->body->args[1]->op, OP_MEMBER);
    arena_free(a);
}

/* `else`, `or`, `and`, `not`, comparison, `at`, sum, product, sign: from loose to tight. */
static void test_precedence(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct reporter r;
    struct nodes nodes;
    struct statement *s =
        parse(a, "strategy s\nx = not -a + b * c at d > e and f or g else h else i\n", &r, &nodes);
    assert_int_equal(r.n_errors, 0);
    struct tally_expr *x = s->body;
    assert_int_equal(x->op, OP_ELSE);
    assert_int_equal(x->args[0]->op, OP_ELSE);
    x = x->args[0]->args[0];
    assert_int_equal(x->op, OP_OR);
    x = x->args[0];
    assert_int_equal(x->op, OP_AND);
    x = x->args[0];
    assert_int_equal(x->op, OP_NOT);
    x = x->args[0];
    assert_int_equal(x->op, OP_GT);
    x = x->args[0];
    assert_int_equal(x->op, OP_AT);
    x = x->args[0];
    assert_int_equal(x->op, OP_ADD);
    assert_int_equal(x->args[0]->op, OP_NEG);
    assert_int_equal(x->args[1]->op, OP_MUL);
    arena_free(a);
}

static void test_recovery_reports_every_statement(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct reporter r;
    struct nodes nodes;
    parse(
        a,
        "strategy s\nx = (1 + \nline A a -> b )\neach tou {\n  line B.tou a -> b choose m { a 1 }\n"
        "  flag C when\n}\ny = 1 +\n",
        &r, &nodes);
    assert_int_equal(r.n_errors, 5);
    arena_free(a);
}

static size_t errors_of_nested(int depth)
{
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, FILE_MAX);
    text_add_c(&t, "strategy s\nx = ");
    for (int i = 0; i < depth; i++) {
        text_byte(&t, '(');
    }
    text_byte(&t, '1');
    for (int i = 0; i < depth; i++) {
        text_byte(&t, ')');
    }
    struct reporter r;
    struct nodes nodes;
    parse(a, t.at, &r, &nodes);
    size_t n = r.n_errors;
    arena_free(a);
    return n;
}

static void test_depth_is_limited(void **state)
{
    (void)state;
    assert_int_equal(errors_of_nested(32), 0);
    assert_int_equal(errors_of_nested(33), 1);
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, FILE_MAX);
    text_add_c(&t, "strategy s\nx = ");
    for (int i = 0; i < 100000; i++) {
        text_add_c(&t, "(");
    }
    struct reporter r;
    struct nodes nodes;
    parse(a, t.at, &r, &nodes);
    assert_int_equal(r.n_errors, 1);
    assert_string_equal(r.at[0].code, "G04");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_6_layout),
        cmocka_unit_test(test_law_6_about_and_typical),
        cmocka_unit_test(test_a_default_follows_a_bound_with_a_unit),
        cmocka_unit_test(test_law_6_comments_stay),
        cmocka_unit_test(test_a_long_line_breaks_before_clauses),
        cmocka_unit_test(test_law_6_listings_keep_their_tokens),
        cmocka_unit_test(test_units_after_numbers),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_recovery_reports_every_statement),
        cmocka_unit_test(test_depth_is_limited),
    };
    return cmocka_run_group_tests_name("strategy parse", tests, NULL, NULL);
}
