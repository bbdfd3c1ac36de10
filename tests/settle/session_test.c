/* session_test.c - charging and shore-power sessions as facts of a period, on both engines: each
 * interval by its own price, whole in the period in which it ends.
 *
 * Prices of the Zhejiang book by hand (settlement-rules 4.1): until 2026-06-30 flat 0.6840; from
 * 2026-07-01 sharp 1.1859, peak 1.0903, flat 0.6840, valley 0.3972. Periods: June flat from 17:00;
 * July valley until 7:00, peak 16:00 to 18:00, sharp 18:00 to 22:00.
 */
#include "base/test.h"
#include "settle/office.h"
#include "support/pg.h"

static const struct settle_period JULY = {{20260701}, {20260801}};
static bool postgres;

/* C1 charges 2.5 kWh in each quarter of an hour; C2 1.25, and gives 0.75 from 18:00 to 20:00. */
static int64_t reading(int point, int day, int slot)
{
    (void)day;
    switch (point) {
    case 0:
        return 25000;
    case 2:
        return 12500;
    case 3:
        return slot >= 72 && slot < 80 ? 7500 : 0;
    case 1:
        return 0;
    default:
        return -1;
    }
}

static const char charging[] =
    "{\"parties\":{\"operator\":\"11\"},\"calendar\":\"zhejiang\","
    "\"prices\":{\"grid_price\":\"zhejiang\"},"
    "\"settings\":{\"service_fee\":\"0.40\",\"idle_price\":\"0.50\",\"idle_cap\":\"20\","
    "\"v2g_ratio\":\"0.9\",\"wear\":\"0.10\"},"
    "\"groups\":{\"partner\":[{\"name\":\"operator\",\"settings\":{\"share\":\"0."
    "5\"}},"
    "{\"name\":\"site\",\"org\":\"13\",\"settings\":{\"share\":\"0.2\"}},"
    "{\"name\":\"investor\",\"org\":\"12\",\"settings\":{\"share\":\"0.3\"}}],"
    "\"session\":{\"places\":[{\"name\":\"C1\",\"meters\":{\"charge\":\"5000\",\"discharge\":"
    "\"5001\"}},"
    "{\"name\":\"C2\",\"meters\":{\"charge\":\"5002\",\"discharge\":\"5003\"}}]}}}";

static const char sessions[] =
    "{\"groups\":{\"session\":[{\"name\":\"S1\",\"place\":\"C1\",\"party\":\"amy\",\"org\":\"13\","
    "\"from\":\"2026-06-30T21:00\",\"until\":\"2026-07-01T03:00\","
    "\"settings\":{\"idle_minutes\":\"45\",\"discount\":\"0.9\"}},"
    "{\"name\":\"S2\",\"place\":\"C2\",\"party\":\"ben\",\"org\":\"14\","
    "\"from\":\"2026-07-16T17:30\",\"until\":\"2026-07-16T18:30\"}]}}";

/* S1: 3 h flat 30 kWh x 0.6840 = 20.52; 3 h valley 30 x 0.3972 = 11.916; service 60 x 0.40 x 0.9 =
 * 21.60; idle 15 x 0.50 = 7.50. S2: half an hour peak 2.5 x 1.0903 = 2.72575, half sharp 2.5 x
 * 1.1859 = 2.96475; service 2.00; back 1.5 x (1.0673 + 0.10) = 1.75095. Fees 23.60 are split. */
static const char expected[] = "S1.ELEC.flat@1 amy operator 30.0000 0.684000 2052\n"
                               "S1.ELEC.valley@2 amy operator 30.0000 0.397200 1192\n"
                               "S1.SERVICE amy operator 60.0000 0.360000 2160\n"
                               "S1.IDLE amy operator 15.0000 0.500000 750\n"
                               "S2.ELEC.sharp@2 ben operator 2.5000 1.185900 296\n"
                               "S2.ELEC.peak@2 ben operator 2.5000 1.090300 273\n"
                               "S2.SERVICE ben operator 5.0000 0.400000 200\n"
                               "S2.V2G.sharp@2 operator ben 1.5000 1.167300 175\n"
                               "SPLIT.site operator site 0.0000 0.000000 472\n"
                               "SPLIT.investor operator investor 0.0000 0.000000 708\n";

static int set_up(void **state)
{
    char where[600];
    struct office *o = calloc(1, sizeof(*o));
    if (postgres) {
        pg_new_url(where, sizeof(where));
    } else {
        temp_dir(where, sizeof(where));
    }
    office_open(o, where);
    office_strategy(o, "tests/settle", "ev_charging", NULL, 0);
    office_strategy(o, "tests/settle", "shore_power", NULL, 0);
    office_readings(o, (struct day){20260615}, 60, reading);
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    office_close(*state);
    free(*state);
    return 0;
}

static void test_each_interval_by_its_own_price(void **state)
{
    struct office *o = *state;
    const struct settle_result *r;
    assert_ok(office_contract(o, "ev_charging", (struct day){20260101}, charging), &o->e);
    assert_ok(office_facts(o, JULY.from, sessions), &o->e);
    assert_ok(office_try(o, JULY, &r), &o->e);
    assert_string_equal(office_lines(o, r), expected);
    assert_int_equal(r->intervals, 2 * 24 + 2 * 4);
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_WRITTEN], 1);
    const struct statement *s = office_statement(o, JULY);
    assert_int_equal(s->n_lines, 10);
    office_prove(o, s);
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_SAME], 1);
}

static void test_a_session_is_explained_over_its_own_intervals(void **state)
{
    struct office *o = *state;
    struct text why, annex;
    text_init(&why, o->a, 1 << 20);
    text_init(&annex, o->a, 1 << 20);
    assert_ok(office_contract(o, "ev_charging", (struct day){20260101}, charging), &o->e);
    assert_ok(office_facts(o, JULY.from, sessions), &o->e);
    office_run(o, JULY);
    const int64_t run = office_statement(o, JULY)->statement_id;
    assert_ok(settle_explain(o->db, o->a, scope_machine(), run, STR("S1.ELEC.flat@1"),
                             (struct day){20260630}, &why, &o->e),
              &o->e);
    assert_non_null(strstr(why.at, "charge of S1: point p0 (5000), 24 intervals from "
                                   "2026-06-30T21:00:00+08:00"));
    assert_non_null(strstr(why.at, "2026-06-30  30.0000  A 12\n      21:00  2.5000 A\n"));
    assert_null(strstr(why.at, "20:45"));
    assert_ok(settle_annex(o->db, o->a, scope_machine(), run, &annex, &o->e), &o->e);
    assert_non_null(strstr(annex.at, "{\"feed\":\"charge\",\"member\":\"S1\",\"point\":\"5000\","
                                     "\"code\":\"p0\",\"from\":\"2026-06-30T21:00\","
                                     "\"until\":\"2026-07-01T03:00\",\"energy\":\"60.0000\"}"));
}

static void test_a_session_without_a_lead_needs_no_version_mark(void **state)
{
    struct office *o = *state;
    const struct settle_result *r;
    assert_ok(office_contract(o, "ev_charging", (struct day){20260101}, charging), &o->e);
    assert_ok(office_facts(o, JULY.from,
                           "{\"groups\":{\"session\":[{\"name\":\"S1\",\"place\":\"C1\",\"party\":"
                           "\"amy\",\"org\":\"13\",\"from\":\"2026-07-31T23:00\","
                           "\"until\":\"2026-08-01T00:00\"}]}}"),
              &o->e);
    assert_ok(office_try(o, JULY, &r), &o->e);
    assert_string_equal(office_lines(o, r), "S1.ELEC.flat amy operator 10.0000 0.684000 684\n"
                                            "S1.SERVICE amy operator 10.0000 0.400000 400\n"
                                            "SPLIT.site operator site 0.0000 0.000000 80\n"
                                            "SPLIT.investor operator investor 0.0000 0.000000 "
                                            "120\n");
}

static void test_readings_of_a_session_are_inputs(void **state)
{
    struct office *o = *state;
    assert_ok(office_contract(o, "ev_charging", (struct day){20260101}, charging), &o->e);
    assert_ok(office_facts(o, JULY.from,
                           "{\"groups\":{\"session\":[{\"name\":\"S1\",\"place\":\"C1\",\"party\":"
                           "\"amy\",\"org\":\"13\",\"from\":\"2026-07-10T23:00\","
                           "\"until\":\"2026-07-11T01:00\"}]}}"),
              &o->e);
    office_run(o, JULY);
    struct reading one = {.point_id = OFFICE_POINT(0),
                          .ts_ms = slot_start((struct slot){{20260710}, 93}).utc_ms,
                          .value = 30000,
                          .kind = READING_INT,
                          .rank = RANK_GRID_FILE};
    struct reading_batch batch = {.source = STR("file:1"), .batch_id = 1, .readings = &one, .n = 1};
    struct reading_fold_report report;
    struct reading_points *p;
    assert_ok(reading_points_load(o->db, scope_machine(), o->a, &p, &o->e), &o->e);
    one.ts_ms -= 4 * SLOT_MS; /* 22:15: before the session, nothing changes */
    assert_ok(reading_intake(o->db, p, &batch, 1, o->now, &o->e), &o->e);
    assert_ok(reading_fold(o->db, p, NULL, o->now, &report, &o->e), &o->e);
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_SAME], 1);
    one.ts_ms += 4 * SLOT_MS;
    batch.batch_id = 2;
    assert_ok(reading_intake(o->db, p, &batch, 1, o->now, &o->e), &o->e);
    assert_ok(reading_fold(o->db, p, NULL, o->now, &report, &o->e), &o->e);
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_WRITTEN], 1);
}

static void test_a_call_over_the_month_end_is_the_next_months(void **state)
{
    struct office *o = *state;
    const struct settle_result *r;
    assert_ok(office_contract(
                  o, "shore_power", (struct day){20260101},
                  "{\"parties\":{\"port\":\"11\",\"investor\":\"12\",\"government\":\"14\"},"
                  "\"calendar\":\"zhejiang\",\"prices\":{\"grid_price\":\"zhejiang\"},"
                  "\"settings\":{\"service_fee\":\"0.35\",\"connect_fee\":\"200\","
                  "\"minimum\":null,\"subsidy\":null,\"investor_share\":\"0.6\"},"
                  "\"groups\":{\"visit\":{\"places\":[{\"name\":\"B1\",\"meters\":{\"energy\":"
                  "\"5000\"}}]}}}"),
              &o->e);
    assert_ok(office_facts(o, JULY.from,
                           "{\"groups\":{\"visit\":[{\"name\":\"V1\",\"place\":\"B1\",\"party\":"
                           "\"ship\",\"org\":\"13\",\"from\":\"2026-06-30T21:00\","
                           "\"until\":\"2026-07-01T03:00\"}]}}"),
              &o->e);
    assert_ok(office_try(o, JULY, &r), &o->e);
    /* 30 x 0.6840, 30 x 0.3972 = 11.916, 60 x 0.35, 200, 60 % of 21.00 */
    assert_string_equal(office_lines(o, r), "ELEC.flat@1 ship port 30.0000 0.684000 2052\n"
                                            "ELEC.valley@2 ship port 30.0000 0.397200 1192\n"
                                            "SERVICE.V1 ship port 60.0000 0.350000 2100\n"
                                            "CONNECT.V1 ship port 1.0000 200.000000 20000\n"
                                            "SERVICE_SHARE.V1 port investor 0.0000 0.000000 "
                                            "1260\n");
}

static void test_sessions_are_added_once(void **state)
{
    struct office *o = *state;
    const struct instant at = slot_start((struct slot){{20260705}, 40});
    struct term_member m[] = {{.name = STR("A"),
                               .place = STR("C1"),
                               .party = STR("amy"),
                               .org_id = 13,
                               .from = at,
                               .until = {at.utc_ms + 4 * SLOT_MS}},
                              {.name = STR("B"),
                               .place = STR("C2"),
                               .party = STR("amy"),
                               .org_id = 13,
                               .from = at,
                               .until = {at.utc_ms + 2 * SLOT_MS}}};
    size_t n_new = 9;
    struct order_facts f;
    assert_ok(office_contract(o, "ev_charging", (struct day){20260101}, charging), &o->e);
    for (int i = 0; i < 3; i++) {
        assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
        assert_ok(order_sessions_add(o->db, scope_machine(), o->order_id, JULY.from, STR("session"),
                                     m, i ? 2 : 1, o->now, &n_new, &o->e),
                  &o->e);
        assert_ok(store_commit(o->db, STORE_CORE, &o->e), &o->e);
        assert_int_equal(n_new, i < 2);
    }
    assert_ok(order_facts_get(o->db, o->a, scope_machine(), o->order_id, JULY.from, 0, &f, &o->e),
              &o->e);
    assert_int_equal(f.version, 2);
    assert_string_equal(
        arena_printf(o->a, STR_FMT, STR_ARG(f.text)),
        "{\"groups\":{\"session\":[{\"name\":\"B\",\"place\":\"C2\",\"party\":\"amy\",\"org\":"
        "\"13\","
        "\"from\":\"2026-07-05T10:00\",\"until\":\"2026-07-05T10:30\"},{\"name\":\"A\",\"place\":"
        "\"C1\",\"party\":\"amy\",\"org\":\"13\",\"from\":\"2026-07-05T10:00\",\"until\":"
        "\"2026-07-05T11:00\"}]}}");
    m[0].until.utc_ms += SLOT_MS;
    assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
    assert_int_equal(order_sessions_add(o->db, scope_machine(), o->order_id, JULY.from,
                                        STR("session"), m, 1, o->now, &n_new, &o->e),
                     ERR_CONFLICT);
    store_rollback(o->db, STORE_CORE);
    assert_string_equal(o->e.text, "session A: stands in the facts with other content; correct it "
                                   "there (order facts)");
}

#define ON_STORE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORE(test_each_interval_by_its_own_price),
        ON_STORE(test_a_session_is_explained_over_its_own_intervals),
        ON_STORE(test_a_session_without_a_lead_needs_no_version_mark),
        ON_STORE(test_readings_of_a_session_are_inputs),
        ON_STORE(test_a_call_over_the_month_end_is_the_next_months),
        ON_STORE(test_sessions_are_added_once),
    };
    int failed = cmocka_run_group_tests_name("sessions sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("sessions postgres", tests, NULL, NULL);
    }
    return failed;
}
