/* check_test.c - units, scales, bounds, shapes and presence of expressions, worked out by hand. */
#include "base/base.h"
#include "strategy/tree.h"
#include "base/test.h"

#define TEXT_MAX (300u << 10)

static const char HEAD[] = "strategy s\n"
                           "party a, b\n"
                           "window before\n"
                           "group lessee { party meter energy : kWh param area : m2 }\n"
                           "group resource { meter load : kWh meter warm : kWh by before }\n"
                           "group day of resource { meter load : kWh param ok : yes_no = no }\n"
                           "meter gen : kWh\n"
                           "meter air : m3\n"
                           "meter var : kvarh\n"
                           "series spot : yuan/kWh\n"
                           "price p : yuan/kWh\n"
                           "param r : ratio\n"
                           "param half : ratio within 0%..50%\n"
                           "param n : count within 2..6 = 4\n"
                           "param kw : kW\n"
                           "param fee : yuan\n"
                           "param cap : yuan/kWh optional\n"
                           "param quota : kWh optional\n"
                           "param mode : x | y = x\n"
                           "param tiers : table from ratio -> yuan/kWh\n"
                           "table steps : upto kWh -> yuan/kWh { 100 kWh: 0.5 yuan/kWh rest: 1.25 "
                           "yuan/kWh }\n";

struct loaded {
    struct arena *arena;
    struct tally_program *p;
    struct strategy_messages m;
};

static struct loaded load(const char *more)
{
    struct loaded l = { .arena = arena_new() };
    struct err e;
    struct str text = str_of(arena_printf(l.arena, "%s%s", HEAD, more));
    if (tally_load(l.arena, STR("t.tally"), text, NULL, NULL, 0, &l.p, &l.m, &e) != OK) {
        fail_msg("%s", e.text);
    }
    return l;
}

static const char *refused(const char *more)
{
    struct arena *a = arena_new();
    struct tally_program *p;
    struct strategy_messages m;
    struct err e;
    struct str text = str_of(arena_printf(a, "%s%s", HEAD, more));
    enum err_code code = tally_load(a, STR("t.tally"), text, NULL, NULL, 0, &p, &m, &e);
    const char *first = code == OK ? "" : m.at[0].code; /* a literal */
    arena_free(a);
    return first;
}

static const struct tally_type *type_of(const struct loaded *l, const char *name)
{
    for (int32_t i = 0; i < l->p->n_definitions; i++) {
        if (str_is(l->p->definitions[i].name, name)) {
            return &l->p->definitions[i].type;
        }
    }
    fail_msg("no definition %s", name);
    return NULL;
}

static tally_shape axis(const struct loaded *l, const char *name)
{
    for (int32_t i = 0; i < l->p->n_axes; i++) {
        if (str_is(l->p->axes[i].name, name)) {
            return SHAPE(i);
        }
    }
    fail_msg("no axis %s", name);
    return 0;
}

/* The type of one expression: unit as text, scale, bound. */
static void is_number(const char *expr, const char *unit, int scale, unsigned __int128 bound)
{
    struct arena *a = arena_new();
    struct loaded l = load(arena_printf(a, "it = %s\n", expr));
    const struct tally_type *t = type_of(&l, "it");
    assert_int_equal(t->kind, TALLY_NUMBER);
    struct text u;
    text_init(&u, l.arena, TEXT_MAX);
    text_add_c(&u, "");
    text_unit(&u, l.p, &t->unit);
    assert_string_equal(u.n ? u.at : "", unit);
    assert_int_equal(t->scale, scale);
    if (t->bound != bound) {
        fail_msg("%s: bound %llu %018llu", expr,
                 (unsigned long long)(t->bound / 1000000000000000000u),
                 (unsigned long long)(t->bound % 1000000000000000000u));
    }
    arena_free(l.arena);
    arena_free(a);
}

#define E9 1000000000ull
#define E13 10000000000000ull /* 10^9 kWh at 4 decimals */

static void test_scales_and_bounds(void **state)
{
    (void)state;
    is_number("sum(gen)", "kWh", 4, (unsigned __int128)E13 * 35136);
    is_number("sum(gen by tou)", "kWh", 4, (unsigned __int128)E13 * 35136);
    is_number("sum(sum(gen by tou))", "kWh", 4, (unsigned __int128)E13 * 35136 * 64);
    is_number("round(sum(gen), 2)", "kWh", 2, (unsigned __int128)E13 * 35136 / 100 + 1);
    is_number("round(sum(gen) * r, n)", "kWh", 6, (unsigned __int128)E13 * 35136 * 100 * 100 + 1);
    is_number("p", "yuan/kWh", 6, 10000000000);
    is_number("spot", "yuan/kWh", 6, 10000000000);
    is_number("r", "", 6, 100000000);
    is_number("half", "", 6, 500000);
    is_number("n", "", 0, 6);
    is_number("88.5%", "", 3, 885);
    is_number("1 + half", "", 6, 1500000);
    is_number("kw * 2 h", "kWh", 2, 200000000);
    is_number("power(gen)", "kW", 4, (unsigned __int128)E13 * 60);
    is_number("max(power(gen))", "kW", 4, (unsigned __int128)E13 * 60);
    is_number("hours", "h", 2, 878400);
    is_number("kw * hours", "kWh", 4, 100000000ull * 878400);
    is_number("round(sum(gen) / sum(gen), 4)", "", 4, 100000000);
    is_number("round(sum(gen) / 1000 kWh, 0)", "", 0, 1000000);
    is_number("round(fee / sum(gen), n)", "yuan/kWh", 6, 100000000000000);
    is_number("round(mean(gen), 4)", "kWh", 4, E13);
    is_number("round(sum(gen), 2) at p", "yuan", 2,
              ((unsigned __int128)E13 * 35136 / 100 + 1) * 10000000000 / 1000000 + 1);
    is_number("count(gen > 1 kWh)", "", 0, 35136);
    is_number("clamp(half, 0, 1)", "", 6, 1000000);
    is_number("lookup(steps, sum(gen))", "yuan/kWh", 2, 125);
    is_number("lookup(tiers, r)", "yuan/kWh", 6, 10000000000);
    is_number("allocate(fee, lessee.area over lessee)", "yuan", 2, 100000000000000);
    is_number("power_factor(sum(gen), sum(var)) else 0", "", 2, 100);
    is_number("if r > 1 then 0 else 2.5 kWh", "kWh", 1, 25);
    is_number("choose mode { x: 1, y: 0.25 }", "", 2, 100);
    is_number("min(r, half) - half", "", 6, 100500000);
    is_number("pos(-half)", "", 6, 500000);
    is_number("round_down(half, 0)", "", 0, 1);
}

/* 35136^2 x 10^26 x 1378 is below 2^127, x 1379 is not. */
static void test_law_1_a_program_at_the_magnitude_limit_loads_one_beyond_does_not(void **state)
{
    (void)state;
    is_number("sum(gen) * sum(gen) * 1378", "kWh*kWh", 8,
              (unsigned __int128)E13 * 35136 * E13 * 35136 * 1378);
    assert_string_equal(refused("it = sum(gen) * sum(gen) * 1379\n"), "M81");
    assert_string_equal(refused("it = sum(gen) * sum(gen) + 1378 kWh * 1 kWh\n"), "");
}

static void test_shapes(void **state)
{
    (void)state;
    struct loaded l = load("own = sum(gen by tou)\n"
                           "cost = gen * p\n"
                           "hourly = sum(gen by hour)\n"
                           "back = hourly * spot\n"
                           "e = sum(lessee.energy by lessee, tou)\n"
                           "all = sum(e over tou)\n"
                           "part = allocate(fee, lessee.energy over lessee)\n"
                           "usable = day.ok and not any(missing(day.load) over interval)\n"
                           "some = latest(3 over day where usable)\n"
                           "best = highest(3, sum(day.load over interval) over day)\n"
                           "usual = round(mean(day.load over day where some), 4)\n"
                           "kept = sum(day.load by day)\n"
                           "pre = sum(resource.warm over before)\n"
                           "cheap = time in 22:00..08:00 or holiday\n");
    tally_shape interval = SHAPE(AXIS_INTERVAL), tou = SHAPE(AXIS_TOU), hour = SHAPE(AXIS_HOUR);
    tally_shape lessee = axis(&l, "lessee"), resource = axis(&l, "resource"), day = axis(&l, "day");
    assert_int_equal(type_of(&l, "own")->shape, tou);
    assert_int_equal(type_of(&l, "cost")->shape, interval); /* tou is looked up */
    assert_int_equal(type_of(&l, "hourly")->shape, hour);
    assert_int_equal(type_of(&l, "back")->shape, interval);
    assert_int_equal(type_of(&l, "e")->shape, lessee | tou);
    assert_int_equal(type_of(&l, "all")->shape, lessee);
    assert_int_equal(type_of(&l, "part")->shape, lessee | interval);
    assert_int_equal(type_of(&l, "usable")->shape, resource | day);
    assert_int_equal(type_of(&l, "some")->shape, resource | day);
    assert_int_equal(type_of(&l, "best")->shape, resource | day);
    assert_int_equal(type_of(&l, "usual")->shape, resource | interval);
    assert_int_equal(type_of(&l, "kept")->shape, resource | day);
    assert_int_equal(type_of(&l, "pre")->shape, resource);
    assert_int_equal(type_of(&l, "cheap")->shape, interval);
    arena_free(l.arena);
}

static void test_aggregates_say_what_goes(void **state)
{
    (void)state;
    struct loaded l = load("own = sum(gen by tou)\n");
    const struct tally_expr *x = l.p->definitions[0].body;
    assert_int_equal(x->inner, SHAPE(AXIS_INTERVAL));
    assert_int_equal(x->gone, SHAPE(AXIS_INTERVAL));
    assert_int_equal(x->gained, SHAPE(AXIS_TOU));
    arena_free(l.arena);
}

static bool may_be_absent(const char *expr)
{
    struct arena *a = arena_new();
    struct loaded l = load(arena_printf(a, "it = %s\n", expr));
    const struct tally_type *t = type_of(&l, "it");
    bool absent = t->may_blank;
    for (size_t i = 0; i < sizeof t->absent.bits / sizeof t->absent.bits[0]; i++) {
        absent = absent || t->absent.bits[i];
    }
    arena_free(l.arena);
    arena_free(a);
    return absent;
}

static void test_presence_follows_agreed(void **state)
{
    (void)state;
    assert_true(may_be_absent("cap"));
    assert_true(may_be_absent("min(cap, 1 yuan/kWh)"));
    assert_false(may_be_absent("clamp(p, 0, cap)"));
    assert_true(may_be_absent("clamp(cap, 0, p)"));
    assert_false(may_be_absent("cap else 0"));
    assert_true(may_be_absent("0 else cap"));
    assert_false(may_be_absent("agreed(cap)"));
    assert_false(may_be_absent("if agreed(cap) then cap else 0"));
    assert_true(may_be_absent("if agreed(quota) then cap else 0"));
    assert_true(may_be_absent("if not agreed(cap) then cap else 0"));
    assert_false(may_be_absent("if not agreed(cap) then 0 else cap"));
    assert_true(may_be_absent("if agreed(cap) or agreed(quota) then cap else 0"));
    assert_false(may_be_absent("if not agreed(cap) or not agreed(quota) then 0 else cap"));
    assert_false(may_be_absent("agreed(cap) and cap > 0"));
    assert_false(may_be_absent("cap > 0 and agreed(cap)"));
    assert_false(may_be_absent("not agreed(cap) or cap > 0"));
    assert_true(may_be_absent("agreed(cap) or cap > 0"));
    assert_false(may_be_absent("if has then cap else 0\nhas = agreed(cap) and r > 1"));
    assert_true(may_be_absent("lookup(tiers, r)"));
    assert_false(may_be_absent("lookup(steps, quota else 0)"));
    assert_true(may_be_absent("power_factor(sum(gen), sum(var))"));
}

/* A definition counts what its exceptions bring. */
static void test_law_4_exceptions_widen_a_definition(void **state)
{
    (void)state;
    struct loaded l = load("x = 1.5\nexcept x when r > 1 = 20.25\n"
                           "y = 1 yuan/kWh\nexcept y when agreed(cap) = cap\n");
    assert_int_equal(type_of(&l, "x")->scale, 2);
    assert_true(type_of(&l, "x")->bound == 2025);
    assert_true(type_of(&l, "x")->may_fail);
    assert_int_equal(type_of(&l, "y")->absent.bits[0], 0);
    assert_int_equal(l.p->definitions[0].n_excepts, 1);
    arena_free(l.arena);
}

static void test_law_7_what_is_used_comes_first(void **state)
{
    (void)state;
    struct loaded l =
        load("x = y + z\nz = y * 2\nline L a -> b 1 yuan no vat\ny = round(L / fee, 2)\n");
    int32_t at[3] = { 0 }, line = -1;
    assert_int_equal(l.p->n_order, 4);
    for (int32_t i = 0; i < l.p->n_order; i++) {
        if (l.p->order[i].line) {
            line = i;
        } else {
            at[l.p->order[i].index] = i;
        }
    }
    assert_true(line < at[2] && at[2] < at[1] && at[1] < at[0]); /* L, y, z, x */
    arena_free(l.arena);
}

/* Digits that the contract agrees on print wherever they are said; without them 2 are printed. */
static void test_agreed_digits_do_not_depend_on_the_order(void **state)
{
    (void)state;
    assert_string_equal(refused("x = round(sum(gen) * r, 4) \"t\"\n"), "T17");
    assert_string_equal(refused("x = round(sum(gen) * r, 4) \"t\"\n"
                                "y = round(sum(gen) * r, n) \"u\"\n"),
                        "");
    assert_string_equal(refused("y = round(sum(gen) * r, n) \"u\"\n"
                                "x = round(sum(gen) * r, 4) \"t\"\n"),
                        "");
    assert_string_equal(refused("x = round(sum(gen) * r, 4) \"t\"\n"
                                "y = round(sum(gen) * r, n) \"u\"\n"
                                "z = y + 1 m3\n"),
                        "T03");
}

/* `discount` may be a choice and a parameter; after `is` the choice is meant. */
static void test_is_prefers_the_cases_of_the_choice(void **state)
{
    (void)state;
    struct loaded l = load("x = 1\nmine = mode is y\ny = 2\n");
    const struct tally_expr *x = l.p->definitions[1].body;
    assert_int_equal(x->args[1]->op, OP_CHOICE);
    assert_int_equal(x->args[1]->alternative, 1);
    arena_free(l.arena);
    l = load("param other : x | y\nx = 1\nboth = if r > 1 then mode else other\n"
             "mine = both is x\nsame = both is mode\n");
    assert_int_equal(l.p->definitions[2].body->args[1]->op, OP_CHOICE);
    assert_int_equal(l.p->definitions[3].body->args[1]->op, OP_NAME);
    arena_free(l.arena);
}

static void test_law_1_every_node_has_a_type(void **state)
{
    (void)state;
    struct loaded l = load("x = choose mode { x: sum(gen), y: clamp(sum(gen), 0, 5 kWh) }\n"
                           "line L.lessee a -> lessee round(allocate(fee, lessee.area over lessee) "
                           "* half, 2) vat 13% on top when agreed(cap) settled by b\n"
                           "flag F.tou hold when sum(gen by tou) > x\n"
                           "state s : yuan = 0\nnext s = s + fee\n");
    for (int32_t i = 0; i < l.p->n_exprs; i++) {
        assert_int_equal(l.p->exprs[i]->id, i);
        assert_int_not_equal(l.p->exprs[i]->type.kind, TALLY_POISON);
    }
    assert_int_equal(l.p->lines[0].shape, axis(&l, "lessee"));
    assert_int_equal(l.p->n_items, 2);
    arena_free(l.arena);
}

static const struct strategy_decl *decl(const struct strategy *s, const char *name)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(s, &d);
    for (size_t i = 0; i < n; i++) {
        if (str_is(d[i].name, name)) {
            return &d[i];
        }
    }
    fail_msg("no declaration %s", name);
    return NULL;
}

static void test_what_a_strategy_asks_for(void **state)
{
    (void)state;
    struct loaded l = load("state k : kWh = 1.5 kWh per year\n");
    struct strategy s = { .program = l.p };
    strategy_describe(l.arena, &s);
    assert_true(str_is(decl(&s, "gen")->unit, "kWh"));
    assert_int_equal(decl(&s, "gen")->scale, 4);
    assert_true(str_is(decl(&s, "ok")->group, "resource.day"));
    assert_true(str_is(decl(&s, "warm")->window, "before"));
    assert_true(str_is(decl(&s, "n")->unit, "count"));
    assert_true(str_is(decl(&s, "n")->default_text, "4"));
    assert_true(decl(&s, "n")->has_min && decl(&s, "n")->min.units == 2);
    assert_true(decl(&s, "cap")->optional && !decl(&s, "cap")->has_default);
    assert_int_equal(decl(&s, "mode")->n_choices, 2);
    assert_int_equal(decl(&s, "tiers")->type, STRATEGY_TABLE);
    assert_true(str_is(decl(&s, "tiers")->unit, "from ratio -> yuan/kWh"));
    assert_true(decl(&s, "k")->per_year);
    assert_true(str_is(decl(&s, "k")->default_text, "1.5 kWh"));
    const struct strategy_group *g;
    assert_int_equal(strategy_groups(&s, &g), 3);
    assert_true(g[0].party && str_is(g[2].of, "resource"));
    const struct str *w;
    assert_int_equal(strategy_windows(&s, &w), 1);
    arena_free(l.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scales_and_bounds),
        cmocka_unit_test(test_law_1_a_program_at_the_magnitude_limit_loads_one_beyond_does_not),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_aggregates_say_what_goes),
        cmocka_unit_test(test_presence_follows_agreed),
        cmocka_unit_test(test_law_4_exceptions_widen_a_definition),
        cmocka_unit_test(test_law_7_what_is_used_comes_first),
        cmocka_unit_test(test_agreed_digits_do_not_depend_on_the_order),
        cmocka_unit_test(test_is_prefers_the_cases_of_the_choice),
        cmocka_unit_test(test_law_1_every_node_has_a_type),
        cmocka_unit_test(test_what_a_strategy_asks_for),
    };
    return cmocka_run_group_tests_name("strategy check", tests, NULL, NULL);
}
