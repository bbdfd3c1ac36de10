/* contract_test.c - terms, versions, orders and what a settlement loads; on both engines. */
#include "contract/contract.h"
#include "base/test.h"
#include "store/store.h"
#include "support/pg.h"

#define NOW ((struct instant){1772417700000LL})

static bool postgres; /* the engine of this round */

struct fixture {
    char where[600];
    struct db *db;
    struct arena *a;
    struct err e;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &f->e), &f->e);
    assert_ok(store_migrate(f->db, &contract_migrations, 1, NOW, &f->e), &f->e);
    f->a = arena_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->db);
    arena_free(f->a);
    free(f);
    return 0;
}

static void begin(struct fixture *f)
{
    assert_ok(store_begin(f->db, STORE_CORE, STORE_WRITE, &f->e), &f->e);
}

static void commit(struct fixture *f)
{
    assert_ok(store_commit(f->db, STORE_CORE, &f->e), &f->e);
}

/* ---- terms -------------------------------------------------------------------------------------
 */

static const char full_terms[] =
    "{ \"parties\": {\"consumer\": \"11\", \"investor\": \"12\"}, \"calendar\": \"zj\",\n"
    "  \"category\": \"large\", \"dates\": {\"HEAT\": [\"2026-07-03\", \"2026-07-04\"]},\n"
    "  \"prices\": {\"grid_price\": \"zj-1-10kv\"}, \"meters\": {\"gen\": \"101\"},\n"
    "  \"series\": {\"spot_price\": {\"point\": \"102\", \"digits\": 6}},\n"
    "  \"settings\": {\"discount\": \"0.88\", \"mode\": \"fixed\", \"on\": true, \"off\": false,\n"
    "    \"floor\": null, \"tiers\": [[\"0.95\", \"1\"], [null, \"0.5\"], [\"2\", null]],\n"
    "    \"title\": \"\\u5c4b\\\"\\n\"},\n"
    "  \"units\": {\"area\": {\"unit\": \"m2\", \"digits\": 2}},\n"
    "  \"groups\": {\"lessee\": [{\"name\": \"T1\", \"party\": \"SHOP\", \"org\": \"13\",\n"
    "    \"meters\": {\"load\": \"103\"}}, {\"name\": \"T2\", \"org\": \"14\"}]} }";

static void test_terms_are_read_as_written(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct contract_terms t;
    struct err e;
    assert_ok(contract_terms_parse(a, str_of(full_terms), &t, &e), &e);
    assert_int_equal(t.n_parties, 4);
    assert_true(str_is(t.parties[2].name, "SHOP") && t.parties[2].org_id == 13);
    assert_true(str_is(t.parties[3].name, "T2") && t.parties[3].org_id == 14);
    assert_true(str_is(t.calendar, "zj") && str_is(t.category, "large"));
    assert_int_equal(t.dates[0].days[1].yyyymmdd, 20260704);
    assert_true(str_is(t.prices[0].value, "zj-1-10kv"));
    assert_int_equal(t.top.n_feeds, 2);
    assert_int_equal(t.top.feeds[0].point_id, 101);
    assert_int_equal(t.top.feeds[0].digits, 4);
    assert_int_equal(t.top.feeds[1].digits, 6);
    const struct term_setting *s = t.top.settings;
    assert_int_equal(t.top.n_settings, 7);
    assert_true(s[0].kind == TERM_TEXT && str_is(s[0].text, "0.88"));
    assert_true(s[2].kind == TERM_YES_NO && s[2].yes && !s[3].yes);
    assert_int_equal(s[4].kind, TERM_ABSENT);
    assert_int_equal(s[5].n_rows, 3);
    assert_null(s[5].rows[1].bound.at);
    assert_null(s[5].rows[2].value.at);
    assert_true(str_is(s[6].text, "\u5c4b\"\n"));
    assert_int_equal(t.top.groups[0].n, 2);
    assert_int_equal(t.top.groups[0].members[0].part.feeds[0].point_id, 103);
    arena_free(a);
}

static void test_wrong_terms_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *terms, *says;
    } wrong[] = {
        {"", "terms: byte 0: an object in { } belongs here"},
        {"{\"colour\": 1}",
         "terms: colour: byte 10: terms have parties, calendar, category, dates, prices, axis, "
         "windows, scale_to_register, meters, series, settings, units and groups"},
        {"{\"settings\": {\"a\": 0.88}}",
         "terms: settings.a: byte 19: a value is a decimal or a choice in quotes, true, false, "
         "null or rows"},
        {"{\"settings\": {\"a\": \"1\", \"a\": \"2\"}}",
         "terms: settings.a: byte 28: this name stands here twice"},
        {"{\"settings\": {\"a\": [[\"1\"]]}}",
         "terms: settings.a[0]: byte 25: a row is [bound, value]"},
        {"{\"meters\": {\"gen\": \"x1\"}}",
         "terms: meters.gen: byte 23: a whole number in its limits belongs here"},
        {"{\"series\": {\"p\": {\"digits\": 6}}}",
         "terms: series.p: byte 30: \"point\" is missing"},
        {"{\"dates\": {\"H\": [\"2026-02-30\"]}}",
         "terms: dates.H[0]: byte 29: a date is \"2026-07-03\""},
        {"{\"groups\": {\"g\": [{\"org\": \"1\"}]}}",
         "terms: groups.g[0]: byte 30: the member has no \"name\""},
        {"{\"calendar\": \"zj\"", "terms: byte 17: ',' or '}' is missing"},
        {"{\"calendar\": \"zj}", "terms: calendar: byte 17: the string does not end"},
        {"{\"calendar\" \"zj\"}", "terms: calendar: byte 12: ':' is missing"},
        {"{\"calendar\": \"\\x\"}", "terms: calendar: byte 15: not an escape that JSON has"},
        {"{} {}", "terms: byte 3: something stands behind the end"},
        {"{\"units\": {\"u\": {\"digits\": 99}}}",
         "terms: units.u.digits: byte 29: a whole number in its limits belongs here"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct arena *a = arena_new();
        struct contract_terms t;
        struct err e = {0};
        assert_int_equal(contract_terms_parse(a, str_of(wrong[i].terms), &t, &e), ERR_INPUT);
        assert_string_equal(e.text, wrong[i].says);
        arena_free(a);
    }
}

static const char two_hats[] =
    "{\"parties\": {\"consumer\": \"11\", \"investor\": \"12\"}, \"groups\": {\"partner\": ["
    "{\"name\": \"investor\", \"org\": \"12\"}, {\"name\": \"site\", \"org\": \"%s\", "
    "\"party\": \"consumer\"}]}}";

/* A member may be a party of the contract besides: it stands once. Another organisation under the
 * same name stays, and contract_create refuses it. */
static void test_a_member_may_be_a_party_besides(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct contract_terms t;
    struct err e;
    assert_ok(contract_terms_parse(a, str_of(arena_printf(a, two_hats, "11")), &t, &e), &e);
    assert_int_equal(t.n_parties, 2);
    assert_true(str_is(t.parties[0].name, "consumer") && t.parties[0].org_id == 11);
    assert_true(str_is(t.parties[1].name, "investor") && t.parties[1].org_id == 12);
    assert_ok(contract_terms_parse(a, str_of(arena_printf(a, two_hats, "13")), &t, &e), &e);
    assert_int_equal(t.n_parties, 3);
    arena_free(a);
}

/* Cut anywhere, the text is refused and never read beyond its end (the sanitizers watch). */
static void test_terms_cut_anywhere_are_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(full_terms) - 1; n++) {
        struct arena *a = arena_new();
        struct contract_terms t;
        struct err e;
        char *copy = mem_alloc(n ? n : 1);
        memcpy(copy, full_terms, n);
        assert_int_not_equal(contract_terms_parse(a, (struct str){copy, n}, &t, &e), OK);
        free(copy);
        arena_free(a);
    }
}

/* ---- strategy texts
 * -------------------------------------------------------------------------------- */

static struct strategy_text publish(struct fixture *f, const char *name, const char *text,
                                    const struct strategy_ref *uses, size_t n, bool *fresh)
{
    struct strategy_text out;
    begin(f);
    assert_ok(contract_strategy_publish(f->db, f->a, str_of(name), STR("title"), str_of(text), uses,
                                        n, NOW, &out, fresh, &f->e),
              &f->e);
    commit(f);
    return out;
}

static void test_law_3_a_text_is_published_once(void **state)
{
    struct fixture *f = *state;
    bool fresh;
    struct strategy_text t = publish(f, "pv", "one", NULL, 0, &fresh);
    assert_true(fresh && t.ref.version == 1);
    t = publish(f, "pv", "two", NULL, 0, &fresh);
    assert_true(fresh && t.ref.version == 2);
    t = publish(f, "pv", "one", NULL, 0, &fresh);
    assert_true(!fresh && t.ref.version == 1);
    const struct strategy_ref lib = {STR("pv"), 1};
    t = publish(f, "pv", "two", &lib, 1, &fresh); /* the same text with a library means more */
    assert_true(fresh && t.ref.version == 3 && t.n_uses == 1);
    struct strategy_text got;
    assert_ok(contract_strategy_get(f->db, f->a, STR("pv"), 0, &got, &f->e), &f->e);
    assert_true(got.ref.version == 3 && str_is(got.text, "two") && got.uses[0].version == 1);
    assert_int_equal(contract_strategy_get(f->db, f->a, STR("pv"), 9, &got, &f->e), ERR_NOT_FOUND);
    assert_string_equal(f->e.text, "strategy pv: no version 9 is published");
    const struct strategy_text *list;
    size_t n;
    assert_ok(contract_strategy_list(f->db, f->a, NULL, &list, &n, &f->e), &f->e);
    assert_int_equal(n, 3);
    begin(f);
    assert_int_equal(contract_strategy_publish(f->db, f->a, STR("P V"), STR(""), STR("x"), NULL, 0,
                                               NOW, &got, &fresh, &f->e),
                     ERR_INPUT);
    store_rollback(f->db, STORE_CORE);
}

/* ---- contracts and orders
 * -------------------------------------------------------------------------- */

static struct contract sample(const char *no, const int64_t *station, int32_t from, int32_t until)
{
    return (struct contract){.no = str_of(no),
                             .title = STR("t"),
                             .from = {from},
                             .until = {until},
                             .strategy = {STR("pv"), 1},
                             .stations = station,
                             .n_stations = 1,
                             .terms = STR("{\"parties\":{\"consumer\":\"11\",\"investor\":\"12\"},"
                                          "\"calendar\":\"zj\",\"prices\":{\"p\":\"b\"}}")};
}

static struct order order_for(const struct contract *c, const char *no, int64_t station)
{
    static const struct order_leg legs[] = {
        {STR("consumer"), STR("investor"), STR("62220001"), STR("62220002"), 0, 0}};
    return (struct order){.contract_id = c->contract_id,
                          .no = str_of(no),
                          .station_id = station,
                          .legs = legs,
                          .n_legs = 1,
                          .from = c->from,
                          .until = c->until};
}

static void create(struct fixture *f, struct contract *c, const char *order)
{
    begin(f);
    assert_ok(contract_create(f->db, scope_machine(), c, NOW, &f->e), &f->e);
    struct order o = order_for(c, order, c->stations[0]);
    assert_ok(order_create(f->db, scope_machine(), &o, NOW, &f->e), &f->e);
    commit(f);
}

static void test_law_2_a_station_is_bound_once(void **state)
{
    struct fixture *f = *state;
    bool fresh;
    const int64_t one = 1, two = 2;
    publish(f, "pv", "x", NULL, 0, &fresh);
    struct contract c = sample("C1", &one, 20260101, 20270101);
    create(f, &c, "O1");
    struct contract d = sample("C2", &one, 20261231, 0);
    begin(f);
    assert_int_equal(contract_create(f->db, scope_machine(), &d, NOW, &f->e), ERR_CONFLICT);
    assert_string_equal(f->e.name, "CONTRACT_OVERLAP");
    assert_string_equal(f->e.text, "contract C2: a station of it is bound by contract C1 in that "
                                   "time; end that one first");
    store_rollback(f->db, STORE_CORE);
    d = sample("C2", &one, 20270101, 0); /* the day the first one ends */
    create(f, &d, "O2");
    d = sample("C1", &two, 20260101, 0);
    begin(f);
    assert_int_equal(contract_create(f->db, scope_machine(), &d, NOW, &f->e), ERR_CONFLICT);
    assert_string_equal(f->e.text, "contract C1: this number is taken");
    struct order twin = order_for(&c, "O9", 1);
    assert_int_equal(order_create(f->db, scope_machine(), &twin, NOW, &f->e), ERR_CONFLICT);
    twin = order_for(&c, "O9", 7);
    assert_int_equal(order_create(f->db, scope_machine(), &twin, NOW, &f->e), ERR_INPUT);
    assert_string_equal(f->e.text, "order O9: station 7 is not in its contract");
    store_rollback(f->db, STORE_CORE);
}

static void test_law_1_a_change_is_a_new_version(void **state)
{
    struct fixture *f = *state;
    bool fresh;
    const int64_t one = 1;
    publish(f, "pv", "x", NULL, 0, &fresh);
    struct contract c = sample("C1", &one, 20260101, 0);
    create(f, &c, "O1");
    struct contract next = sample("C1", &one, 20260715, 0);
    next.contract_id = c.contract_id;
    begin(f);
    assert_ok(contract_change(f->db, scope_machine(), &next, NOW, &f->e), &f->e);
    commit(f);
    assert_int_equal(next.version, 2);
    struct contract got;
    assert_ok(contract_get(f->db, f->a, scope_machine(), c.contract_id, (struct day){20260714},
                           &got, &f->e),
              &f->e);
    assert_int_equal(got.version, 1);
    assert_int_equal(got.until.yyyymmdd, 20260715);
    assert_ok(contract_get(f->db, f->a, scope_machine(), c.contract_id, (struct day){20260715},
                           &got, &f->e),
              &f->e);
    assert_int_equal(got.version, 2);
    assert_int_equal(got.until.yyyymmdd, 0);
    /* 6.3: a version that starts within the period gives a statement of its own. */
    const struct contract_binding *b;
    size_t n;
    assert_ok(contract_load(f->db, f->a, scope_machine(), (struct day){20260701},
                            (struct day){20260801}, NULL, 10, &b, &n, &f->e),
              &f->e);
    assert_int_equal(n, 2);
    assert_int_equal(b[0].from.yyyymmdd, 20260701);
    assert_int_equal(b[0].until.yyyymmdd, 20260715);
    assert_int_equal(b[1].from.yyyymmdd, 20260715);
    assert_int_equal(b[1].until.yyyymmdd, 20260801);
    assert_false(b[0].last || b[1].last);
    struct contract early = next;
    early.from.yyyymmdd = 20260715;
    begin(f);
    assert_int_equal(contract_change(f->db, scope_machine(), &early, NOW, &f->e), ERR_RULE);
    store_rollback(f->db, STORE_CORE);
}

static void test_law_5_only_parties_see_it(void **state)
{
    struct fixture *f = *state;
    bool fresh;
    const int64_t one = 1, mine = 12, foreign = 99;
    publish(f, "pv", "x", NULL, 0, &fresh);
    struct contract c = sample("C1", &one, 20260101, 0);
    create(f, &c, "O1");
    const struct scope in = {.orgs = &mine, .n = 1}, out = {.orgs = &foreign, .n = 1};
    struct contract got;
    struct order o;
    int64_t id;
    assert_ok(contract_get(f->db, f->a, in, c.contract_id, c.from, &got, &f->e), &f->e);
    assert_int_equal(contract_get(f->db, f->a, out, c.contract_id, c.from, &got, &f->e),
                     ERR_NOT_FOUND);
    assert_ok(order_find_no(f->db, f->a, in, STR("O1"), &id, &f->e), &f->e);
    assert_ok(order_get(f->db, f->a, in, id, &o, &f->e), &f->e);
    assert_true(str_is(o.legs[0].payee_account, "62220002") && o.stations[0] == 1);
    assert_int_equal(order_get(f->db, f->a, out, id, &o, &f->e), ERR_NOT_FOUND);
    assert_int_equal(order_find_no(f->db, f->a, out, STR("O1"), &id, &f->e), ERR_NOT_FOUND);
    struct contract foreign_one = sample("C3", &mine, 20260101, 0);
    begin(f);
    assert_int_equal(contract_create(f->db, out, &foreign_one, NOW, &f->e), ERR_RULE);
    assert_int_equal(order_input_put(f->db, out, o.order_id, c.from, STR("{}"), NOW, &f->e),
                     ERR_NOT_FOUND);
    store_rollback(f->db, STORE_CORE);
    const struct contract_binding *b;
    size_t n;
    assert_ok(contract_load(f->db, f->a, out, (struct day){20260701}, (struct day){20260801}, NULL,
                            10, &b, &n, &f->e),
              &f->e);
    assert_int_equal(n, 0);
}

static void test_inputs_ends_and_bindings(void **state)
{
    struct fixture *f = *state;
    bool fresh;
    const int64_t one = 1;
    publish(f, "pv", "x", NULL, 0, &fresh);
    struct contract c = sample("C1", &one, 20260110, 20260720);
    create(f, &c, "O1");
    const struct contract_binding *b;
    size_t n;
    const struct day from = {20260701}, until = {20260801};
    assert_ok(contract_load(f->db, f->a, scope_machine(), from, until, NULL, 10, &b, &n, &f->e),
              &f->e);
    assert_int_equal(n, 1);
    assert_int_equal(b[0].until.yyyymmdd, 20260720);
    assert_true(b[0].last && b[0].inputs.n == 0 && b[0].n_legs == 1);
    assert_true(str_is(b[0].tariff_key, "zj|||p=b;"));
    begin(f);
    assert_int_equal(
        order_input_put(f->db, scope_machine(), b[0].order_id, from, STR("{\"a\":1}"), NOW, &f->e),
        ERR_INPUT);
    for (int i = 0; i < 2; i++) { /* the second replaces the first */
        assert_ok(order_input_put(f->db, scope_machine(), b[0].order_id, from,
                                  i ? STR("{\"year\":\"7\"}") : STR("{}"), NOW, &f->e),
                  &f->e);
    }
    commit(f);
    struct contract_binding got;
    assert_ok(contract_load_one(f->db, f->a, scope_machine(), b[0].order_id, from,
                                (struct day){20260720}, 0, &got, &f->e),
              &f->e);
    assert_true(str_is(got.inputs, "{\"settings\":{\"year\":\"7\"}}"));
    assert_int_equal(got.facts_version, 2);
    assert_int_equal(
        contract_load_one(f->db, f->a, scope_machine(), b[0].order_id, from, until, 0, &got, &f->e),
        ERR_RULE);
    assert_string_equal(f->e.text, "order O1: contract version 1 holds over [20260701, 20260720), "
                                   "not all of [20260701, 20260801); settle the parts");
}

static void test_many_at_once_in_pages_and_kinds(void **state)
{
    struct fixture *f = *state;
    enum { N = 1234 };
    bool fresh;
    publish(f, "pv", "x", NULL, 0, &fresh);
    struct contract *c = arena_many(f->a, N, struct contract);
    struct order *o = arena_many(f->a, N, struct order);
    int64_t *station = arena_many(f->a, N, int64_t);
    for (int i = 0; i < N; i++) {
        station[i] = 1000 + i;
        c[i] = sample(arena_printf(f->a, "C%04d", i), &station[i], 20260101, 0);
        if (i % 100 == 7) {
            c[i].terms = STR("{\"parties\":{\"consumer\":\"11\"},\"calendar\":\"js\"}");
        }
        o[i] = order_for(&c[i], arena_printf(f->a, "O%04d", i), station[i]);
    }
    begin(f);
    station[5] = station[4];
    o[5].station_id = station[4];
    assert_int_equal(contract_create_bulk(f->db, scope_machine(), c, o, N, NOW, &f->e),
                     ERR_CONFLICT);
    assert_string_equal(f->e.text, "contracts C0004 and C0005 bind station 1004 in the same time");
    station[5] = 1005;
    o[5].station_id = 1005;
    assert_ok(contract_create_bulk(f->db, scope_machine(), c, o, N, NOW, &f->e), &f->e);
    commit(f);
    begin(f);
    struct contract again = sample("X", &station[77], 20260601, 0);
    struct order extra = order_for(&again, "X", station[77]);
    assert_int_equal(contract_create_bulk(f->db, scope_machine(), &again, &extra, 1, NOW, &f->e),
                     ERR_CONFLICT);
    store_rollback(f->db, STORE_CORE);

    const struct contract_mark *marks;
    const struct contract_binding *b, *kinds;
    const struct day from = {20260701}, until = {20260801};
    size_t n_marks, n, seen = 0;
    int64_t total, last = 0;
    assert_ok(contract_pages(f->db, f->a, scope_machine(), from, until, 500, &marks, &n_marks,
                             &total, &f->e),
              &f->e);
    assert_int_equal(total, N);
    assert_int_equal(n_marks, 2);
    for (size_t p = 0; p <= n_marks; p++) {
        assert_ok(contract_load(f->db, f->a, scope_machine(), from, until, p ? &marks[p - 1] : NULL,
                                500, &b, &n, &f->e),
                  &f->e);
        for (size_t i = 0; i < n; i++) {
            assert_true(b[i].order_id > last);
            last = b[i].order_id;
            assert_int_equal(b[i].n_legs, 1);
        }
        seen += n;
    }
    assert_int_equal(seen, N);
    assert_ok(contract_kinds(f->db, f->a, scope_machine(), from, until, &kinds, &n, &f->e), &f->e);
    assert_int_equal(n, 2);
    assert_true(str_is(kinds[0].tariff_key, "zj|||p=b;"));
    assert_true(str_is(kinds[1].tariff_key, "js|||"));
}

int main(void)
{
    const struct CMUnitTest pure[] = {
        cmocka_unit_test(test_terms_are_read_as_written),
        cmocka_unit_test(test_wrong_terms_are_refused_with_their_place),
        cmocka_unit_test(test_terms_cut_anywhere_are_refused),
        cmocka_unit_test(test_a_member_may_be_a_party_besides),
    };
#define ON_STORE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest stored[] = {
        ON_STORE(test_law_3_a_text_is_published_once),
        ON_STORE(test_law_2_a_station_is_bound_once),
        ON_STORE(test_law_1_a_change_is_a_new_version),
        ON_STORE(test_law_5_only_parties_see_it),
        ON_STORE(test_inputs_ends_and_bindings),
        ON_STORE(test_many_at_once_in_pages_and_kinds),
    };
    int failed = cmocka_run_group_tests_name("contract terms", pure, NULL, NULL);
    failed += cmocka_run_group_tests_name("contract sqlite", stored, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("contract postgres", stored, NULL, NULL);
    }
    return failed;
}
