/* meter_test.c - the laws of meter.h, on SQLite and on PostgreSQL. */
#include "meter/meter.h"
#include "base/test.h"
#include "support/pg.h"

#define NOW ((struct instant){ 1772417700000LL })
#define AT(hours)                                                                                  \
    ((struct instant){ 1772380800000LL + (hours)*3600000LL }) /* 2026-03-02 00:00 +8 */
#define ORG 7
#define OTHER 8

static bool postgres;

struct fixture {
    char where[600];
    struct db *db;
    struct arena *a;
    struct err e;
    int64_t station, meter, point;
};

static void begin(struct fixture *f)
{
    assert_ok(store_begin(f->db, STORE_CORE, STORE_WRITE, &f->e), &f->e);
}

static void commit(struct fixture *f)
{
    assert_ok(store_commit(f->db, STORE_CORE, &f->e), &f->e);
}

static int64_t add_point(struct fixture *f, int64_t station, const char *code, bool is_virtual)
{
    struct point p = { .station_id = station,
                       .code = str_of(code),
                       .role = POINT_GENERATION,
                       .quantity = STR("ep_exp"),
                       .unit = STR("kWh"),
                       .direction = -1,
                       .rated_kw_e4 = 4000000,
                       .is_virtual = is_virtual };
    assert_ok(meter_add_points(f->db, scope_machine(), &p, 1, NOW, &f->e), &f->e);
    return p.point_id;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    f->a = arena_new();
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &f->e), &f->e);
    struct store_migrations rooms = meter_migrations;
    assert_ok(store_migrate(f->db, &rooms, 1, NOW, &f->e), &f->e);
    begin(f);
    struct station s = {
        .org_id = ORG, .kind = STATION_PV, .code = STR("PV01"), .name = STR("屋顶")
    };
    assert_ok(meter_add_stations(f->db, scope_machine(), &s, 1, NOW, &f->e), &f->e);
    f->station = s.station_id;
    struct device d = { .station_id = f->station,
                        .protocol = STR("dlt645"),
                        .address = STR("330108001234"),
                        .in_use = true };
    assert_ok(meter_add_devices(f->db, scope_machine(), &d, 1, NOW, &f->e), &f->e);
    struct meter m = { .station_id = f->station,
                       .device_id = d.device_id,
                       .serial = STR("M-old"),
                       .modulus_e4 = 100000000,
                       .resolution_e4 = 100 };
    assert_ok(meter_add_meters(f->db, scope_machine(), &m, 1, NOW, &f->e), &f->e);
    f->meter = m.meter_id;
    f->point = add_point(f, f->station, "gen", false);
    commit(f);
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

static struct binding binding_of(struct fixture *f, struct instant from, struct instant until)
{
    return (struct binding){ .point_id = f->point,
                             .valid_from = from,
                             .valid_until = until,
                             .meter_id = f->meter,
                             .register_code = STR("ep_exp"),
                             .ct_num = 200,
                             .ct_den = 5,
                             .pt_num = 100,
                             .pt_den = 1,
                             .first_value_e4 = 0,
                             .last_value_e4 = METER_OPEN_VALUE,
                             .reason = BINDING_FIRST };
}

static void bind(struct fixture *f, struct binding b)
{
    assert_ok(meter_bind(f->db, scope_machine(), &b, 1, NOW, &f->e), &f->e);
}

static void test_law_2_bindings_never_overlap(void **state)
{
    struct fixture *f = *state;
    begin(f);
    bind(f, binding_of(f, AT(0), AT(10)));
    bind(f, binding_of(f, AT(10), AT(0 + 20)));
    struct binding inside = binding_of(f, AT(5), AT(6)), open = binding_of(f, AT(19), AT(0));
    open.valid_until = (struct instant){ 0 };
    assert_int_equal(meter_bind(f->db, scope_machine(), &inside, 1, NOW, &f->e), ERR_RULE);
    assert_string_equal(f->e.name, "BINDING_OVERLAP");
    assert_int_equal(meter_bind(f->db, scope_machine(), &open, 1, NOW, &f->e), ERR_RULE);
    struct binding two[] = { binding_of(f, AT(40), AT(50)), binding_of(f, AT(30), AT(41)) };
    assert_int_equal(meter_bind(f->db, scope_machine(), two, 2, NOW, &f->e), ERR_RULE);
    commit(f);
    struct binding *all;
    size_t n;
    assert_ok(meter_list_bindings(f->db, scope_machine(), f->a, f->point, &all, &n, &f->e), &f->e);
    assert_int_equal(n, 2);
}

static void test_swap_and_ratio_change_are_new_rows(void **state)
{
    struct fixture *f = *state;
    begin(f);
    struct binding next = binding_of(f, AT(12), AT(0));
    assert_int_equal(meter_swap(f->db, scope_machine(), &next, 1, NOW, &f->e), ERR_RULE);
    struct binding first = binding_of(f, AT(0), AT(0));
    first.valid_until = (struct instant){ 0 };
    bind(f, first);
    next.valid_until = (struct instant){ 0 };
    next.first_value_e4 = 50;
    assert_ok(meter_swap(f->db, scope_machine(), &next, 99999500, NOW, &f->e), &f->e);
    assert_ok(meter_change_ratio(f->db, scope_machine(), f->point, AT(30), 777, 300, 5, 100, 1,
                                 STR("larger transformers"), NOW, &f->e),
              &f->e);
    commit(f);
    struct binding *all;
    size_t n;
    assert_ok(meter_list_bindings(f->db, scope_machine(), f->a, f->point, &all, &n, &f->e), &f->e);
    assert_int_equal(n, 3);
    assert_int_equal(all[0].valid_until.utc_ms, AT(12).utc_ms);
    assert_int_equal(all[0].last_value_e4, 99999500);
    assert_int_equal(all[0].ct_num, 200);
    assert_int_equal(all[1].reason, BINDING_SWAP);
    assert_int_equal(all[1].first_value_e4, 50);
    assert_int_equal(all[1].last_value_e4, 777);
    assert_int_equal(all[2].ct_num, 300);
    assert_int_equal(all[2].first_value_e4, 777);
    assert_true(all[2].last_value_e4 == METER_OPEN_VALUE);
    assert_int_equal(all[2].modulus_e4, 100000000);
}

static void test_law_5_formulas_are_flattened_and_free_of_cycles(void **state)
{
    struct fixture *f = *state;
    begin(f);
    int64_t a = add_point(f, f->station, "a", false), b = add_point(f, f->station, "b", false);
    int64_t v = add_point(f, f->station, "v", true), w = add_point(f, f->station, "w", true);
    struct formula_part sum[] = { { a, 1 }, { b, 1 } }, net[] = { { v, 2 }, { b, -2 } },
                        back[] = { { w, 1 } };
    struct scope all = scope_machine();
    assert_ok(meter_set_formula(f->db, all, v, sum, 2, NOW, &f->e), &f->e);
    assert_ok(meter_set_formula(f->db, all, w, net, 2, NOW, &f->e), &f->e);
    assert_ok(store_savepoint(f->db, STORE_CORE, &f->e), &f->e);
    assert_int_equal(meter_set_formula(f->db, all, v, back, 1, NOW, &f->e), ERR_RULE);
    assert_string_equal(f->e.name, "FORMULA_CYCLE");
    store_rollback_to(f->db, STORE_CORE);
    assert_int_equal(meter_set_formula(f->db, all, a, sum, 2, NOW, &f->e), ERR_RULE);
    struct station s = { .org_id = ORG, .shard = 3, .kind = STATION_WIND, .code = STR("W1") };
    assert_ok(meter_add_stations(f->db, all, &s, 1, NOW, &f->e), &f->e);
    struct formula_part far[] = { { add_point(f, s.station_id, "x", false), 1 } };
    assert_int_equal(meter_set_formula(f->db, all, v, far, 1, NOW, &f->e), ERR_RULE);
    assert_string_equal(f->e.name, "FORMULA_SHARD");
    store_rollback(f->db, STORE_CORE);
    begin(f); /* again, to look at it */
    a = add_point(f, f->station, "a", false);
    b = add_point(f, f->station, "b", false);
    v = add_point(f, f->station, "v", true);
    w = add_point(f, f->station, "w", true);
    struct formula_part sum2[] = { { a, 1 }, { b, 1 } }, net2[] = { { v, 2 }, { b, -2 } };
    assert_ok(meter_set_formula(f->db, all, v, sum2, 2, NOW, &f->e), &f->e);
    assert_ok(meter_set_formula(f->db, all, w, net2, 2, NOW, &f->e), &f->e);
    bind(f, binding_of(f, AT(0), AT(10)));
    commit(f);
    struct meter_estate es;
    assert_ok(meter_load_estate(f->db, all, f->a, &es, &f->e), &f->e);
    assert_int_equal(es.n, 5);
    int64_t i = meter_estate_find(&es, w); /* 2 (a + b) - 2 b = 2 a */
    assert_int_equal(es.first_part[i + 1] - es.first_part[i], 1);
    assert_int_equal(es.parts[es.first_part[i]].point_id, a);
    assert_int_equal(es.parts[es.first_part[i]].coefficient, 2);
    i = meter_estate_find(&es, f->point);
    assert_int_equal(es.first_binding[i + 1] - es.first_binding[i], 1);
    assert_int_equal(meter_estate_find(&es, 1), -1);
}

static void test_law_6_a_foreign_row_is_not_found(void **state)
{
    struct fixture *f = *state;
    int64_t orgs[] = { OTHER };
    struct scope foreign = { .orgs = orgs, .n = 1 }, own = { .orgs = (int64_t[]){ ORG }, .n = 1 };
    struct station s;
    struct point p;
    assert_ok(meter_get_station(f->db, own, f->a, f->station, &s, &f->e), &f->e);
    assert_ok(meter_get_point_by_code(f->db, own, f->a, STR("PV01"), STR("gen"), &p, &f->e), &f->e);
    assert_int_equal(p.point_id, f->point);
    struct meter m;
    assert_ok(meter_get_meter(f->db, own, f->a, f->meter, &m, &f->e), &f->e);
    assert_true(str_is(m.serial, "M-old"));
    assert_int_equal(m.resolution_e4, 100);
    assert_int_equal(m.modulus_e4, 100000000);
    assert_int_equal(meter_get_meter(f->db, foreign, f->a, f->meter, &m, &f->e), ERR_NOT_FOUND);
    assert_int_equal(meter_get_station(f->db, foreign, f->a, f->station, &s, &f->e), ERR_NOT_FOUND);
    assert_int_equal(meter_get_point(f->db, foreign, f->a, f->point, &p, &f->e), ERR_NOT_FOUND);
    struct meter_estate es;
    assert_ok(meter_load_estate(f->db, foreign, f->a, &es, &f->e), &f->e);
    assert_int_equal(es.n, 0);
    begin(f);
    struct point mine = { .station_id = f->station, .code = STR("x"), .role = POINT_OTHER };
    assert_int_equal(meter_add_points(f->db, foreign, &mine, 1, NOW, &f->e), ERR_NOT_FOUND);
    struct station theirs = { .org_id = ORG, .kind = STATION_PV, .code = STR("PV02") };
    assert_int_equal(meter_add_stations(f->db, foreign, &theirs, 1, NOW, &f->e), ERR_NOT_FOUND);
    struct binding b = binding_of(f, AT(0), AT(1));
    assert_int_equal(meter_bind(f->db, foreign, &b, 1, NOW, &f->e), ERR_NOT_FOUND);
    store_rollback(f->db, STORE_CORE);
}

static void test_a_register_is_found_by_its_address(void **state)
{
    struct fixture *f = *state;
    begin(f);
    bind(f, binding_of(f, AT(0), AT(10)));
    commit(f);
    int64_t id = 0;
    assert_ok(meter_find_fed_point(f->db, scope_machine(), STR("dlt645"), STR("330108001234"),
                                   STR("ep_exp"), AT(9), &id, &f->e),
              &f->e);
    assert_int_equal(id, f->point);
    assert_int_equal(meter_find_fed_point(f->db, scope_machine(), STR("dlt645"),
                                          STR("330108001234"), STR("ep_exp"), AT(10), &id, &f->e),
                     ERR_NOT_FOUND);
}

static void test_thousands_in_bulk_and_in_pages(void **state)
{
    struct fixture *f = *state;
    size_t n = 9000;
    struct point *p = arena_many(f->a, n, struct point);
    for (size_t i = 0; i < n; i++) {
        const char *code = arena_printf(f->a, "p%zu", i);
        p[i] = (struct point){ .point_id = (int64_t)(1000000 + n - i),
                               .station_id = f->station,
                               .code = str_of(code),
                               .role = POINT_LOAD,
                               .quantity = STR("ep_imp"),
                               .unit = STR("kWh") };
    }
    begin(f);
    assert_ok(meter_add_points(f->db, scope_machine(), p, n, NOW, &f->e), &f->e);
    commit(f);
    struct meter_estate es;
    assert_ok(meter_load_estate(f->db, scope_machine(), f->a, &es, &f->e), &f->e);
    assert_int_equal(es.n, n + 1);
    struct point *page;
    size_t got;
    assert_ok(
        meter_list_points(f->db, scope_machine(), f->a, f->station, 1000010, 5, &page, &got, &f->e),
        &f->e);
    assert_int_equal(got, 5);
    assert_int_equal(page[0].point_id, 1000011);
}

static void test_words(void **state)
{
    (void)state;
    for (enum point_role r = POINT_GENERATION; r <= POINT_OTHER; r++) {
        enum point_role back;
        assert_true(point_role_parse(str_of(point_role_word(r)), &back));
        assert_int_equal(back, r);
    }
    enum station_kind k = STATION_PV;
    assert_false(station_kind_parse(STR("moon"), &k));
    assert_true(station_kind_parse(STR("wind"), &k));
    assert_int_equal(k, STATION_WIND);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_law_2_bindings_never_overlap),
        T(test_swap_and_ratio_change_are_new_rows),
        T(test_law_5_formulas_are_flattened_and_free_of_cycles),
        T(test_law_6_a_foreign_row_is_not_found),
        T(test_a_register_is_found_by_its_address),
        T(test_thousands_in_bulk_and_in_pages),
        cmocka_unit_test(test_words),
    };
    int bad = cmocka_run_group_tests_name("meter on sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        bad += cmocka_run_group_tests_name("meter on postgres", tests, NULL, NULL);
    }
    return bad;
}
