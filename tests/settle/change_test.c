/* change_test.c - what changes inside a period, on both engines: prices and calendars split lines,
 * contracts and values by effective date split the period; sums scaled to the register; names that
 * change afterwards change nothing.
 *
 * Every meter takes 2.5 kWh in each quarter of an hour, 10 kWh an hour. Hours of a day in June
 * 2026: peak 7, flat 7, valley 10; in July: sharp 4, peak 3, flat 7, valley 10. Prices
 * (settlement-rules 4.1): June peak 0.9947, flat 0.6840, valley 0.3876; July sharp 1.1859,
 * peak 1.0903, flat 0.6840, valley 0.3972.
 */
#include "base/test.h"
#include "meter/meter.h"
#include "settle/office.h"
#include "store/rows.h"
#include "support/pg.h"

static const struct settle_period JULY = {{20260701}, {20260801}};
static bool postgres;

static const char plain[] = "strategy plain \"电费\"\n"
                            "party consumer, investor\n"
                            "meter gen        : kWh  \"发电\"\n"
                            "price grid_price : yuan/kWh\n"
                            "param discount   : ratio = 100%\n"
                            "g = round(sum(gen by tou), 2)  \"发电量\"\n"
                            "shape = round(sum(pos(gen)), 2)  \"各时段之和\"\n"
                            "line SELF.tou \"电费\" consumer -> investor\n"
                            "  g at round(grid_price * discount, 4)  vat 13%\n";

static int64_t reading(int point, int day, int slot)
{
    (void)day;
    (void)slot;
    return point == 6 ? -1 : 25000; /* 6 has a register alone */
}

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
    office_text(o, "plain", plain);
    office_readings(o, (struct day){20260601}, 92, reading);
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    office_close(*state);
    free(*state);
    return 0;
}

static const char *terms(struct office *o, int point, const char *more)
{
    return arena_printf(o->a,
                        "{\"parties\":{\"consumer\":\"13\",\"investor\":\"12\"},\"calendar\":"
                        "\"zhejiang\",\"prices\":{\"grid_price\":\"zhejiang\"},"
                        "\"meters\":{\"gen\":\"%d\"}%s}",
                        OFFICE_POINT(point), more);
}

/* ---- changes inside a period ------------------------------------------------------------------
 */

static void test_prices_and_calendars_split_lines(void **state)
{
    struct office *o = *state;
    const struct settle_result *r;
    const struct settle_period p = {{20260620}, {20260710}}; /* 11 days of June, 9 of July */
    assert_ok(office_contract(o, "plain", (struct day){20260101}, terms(o, 0, "")), &o->e);
    assert_ok(office_try(o, p, &r), &o->e);
    assert_string_equal(office_lines(o, r),
                        "SELF.peak@1 consumer investor 770.0000 0.994700 76592\n"
                        "SELF.flat@1 consumer investor 770.0000 0.684000 52668\n"
                        "SELF.valley@1 consumer investor 1100.0000 0.387600 42636\n"
                        "SELF.sharp@2 consumer investor 360.0000 1.185900 42692\n"
                        "SELF.peak@2 consumer investor 270.0000 1.090300 29438\n"
                        "SELF.flat@2 consumer investor 630.0000 0.684000 43092\n"
                        "SELF.valley@2 consumer investor 900.0000 0.397200 35748\n");
}

static const char dated[] = ",\"settings\":{\"discount\":{\"2026-01-01\":\"0.88\","
                            "\"2026-07-16\":\"0.80\",\"2026-12-01\":\"0.70\"}}";

static void test_a_value_by_effective_date_splits_the_period(void **state)
{
    struct office *o = *state;
    const struct contract_binding *b;
    size_t n;
    const struct settle_result *r;
    const struct settle_period first = {{20260701}, {20260716}}, second = {{20260716}, {20260801}};
    assert_ok(office_contract(o, "plain", (struct day){20260101}, terms(o, 0, dated)), &o->e);
    assert_ok(contract_load_order(o->db, o->a, scope_machine(), JULY.from, JULY.until, o->order_id,
                                  &b, &n, &o->e),
              &o->e);
    assert_int_equal(n, 2);
    assert_int_equal(b[0].contract_version, 1);
    assert_int_equal(b[0].until.yyyymmdd, 20260716);
    assert_int_equal(b[1].contract_version, 2);
    assert_int_equal(b[1].until.yyyymmdd, 20260801);
    assert_false(b[0].last || b[1].last);
    /* 15 days x 4 h x 10 kWh at 1.1859 x 0.88 = 1.043592; 16 days at 1.1859 x 0.80 = 0.94872 */
    assert_ok(office_try(o, first, &r), &o->e);
    assert_non_null(
        strstr(office_lines(o, r), "SELF.sharp consumer investor 600.0000 1.043600 62616\n"));
    assert_ok(office_try(o, second, &r), &o->e);
    assert_non_null(
        strstr(office_lines(o, r), "SELF.sharp consumer investor 640.0000 0.948700 60717\n"));
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_WRITTEN], 2);
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_SAME], 2);
    office_prove(o, office_statement(o, JULY));
    assert_int_not_equal(office_try(o, JULY, &r), OK);
    assert_string_equal(o->e.text, "order O1: contract version 1 holds over [20260701, 20260716), "
                                   "not all of [20260701, 20260801); settle the parts");
    /* A month without a change is whole. */
    assert_ok(contract_load_order(o->db, o->a, scope_machine(), (struct day){20260601}, JULY.from,
                                  o->order_id, &b, &n, &o->e),
              &o->e);
    assert_int_equal(n, 1);
}

static struct contract changed(struct office *o, const char *text, int32_t from)
{
    static const int64_t station = OFFICE_STATION;
    return (struct contract){.contract_id = o->contract_id,
                             .title = STR("合同"),
                             .from = {from},
                             .strategy = {STR("plain"), 1},
                             .stations = &station,
                             .n_stations = 1,
                             .terms = str_of(text)};
}

static void test_a_change_takes_the_place_of_values_to_come(void **state)
{
    struct office *o = *state;
    const struct contract_binding *b;
    size_t n;
    assert_ok(office_contract(o, "plain", (struct day){20260101}, terms(o, 0, dated)), &o->e);
    struct contract late =
        changed(o, terms(o, 0, ",\"settings\":{\"discount\":\"0.5\"}"), 20261001);
    struct contract early = late;
    early.from.yyyymmdd = 20260710;
    assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
    assert_int_equal(contract_change(o->db, scope_machine(), &early, o->now, &o->e), ERR_RULE);
    assert_string_equal(o->e.text, "contract C1: a change takes effect after 20261201 and by "
                                   "99999999, not on 20260710");
    assert_ok(contract_change(o->db, scope_machine(), &late, o->now, &o->e), &o->e);
    assert_ok(store_commit(o->db, STORE_CORE, &o->e), &o->e);
    assert_int_equal(late.version, 4);
    assert_ok(contract_load_order(o->db, o->a, scope_machine(), (struct day){20260701},
                                  (struct day){20270101}, o->order_id, &b, &n, &o->e),
              &o->e);
    assert_int_equal(n, 3);
    assert_int_equal(b[1].contract_version, 2);
    assert_int_equal(b[1].until.yyyymmdd, 20261001);
    assert_int_equal(b[2].contract_version, 4);
    assert_int_equal(b[2].until.yyyymmdd, 20270101);
}

/* ---- scaled to the register -------------------------------------------------------------------
 */

static void bind_meter(struct office *o, int point)
{
    struct meter m = {.meter_id = 7000,
                      .station_id = OFFICE_STATION,
                      .serial = STR("M-7"),
                      .modulus_e4 = 10000000000,
                      .resolution_e4 = 100};
    struct binding b = {.point_id = OFFICE_POINT(point),
                        .valid_from = day_start((struct day){20260101}),
                        .meter_id = 7000,
                        .register_code = STR("ep_imp"),
                        .ct_num = 40,
                        .ct_den = 1,
                        .pt_num = 1,
                        .pt_den = 1,
                        .first_value_e4 = 0,
                        .last_value_e4 = METER_OPEN_VALUE,
                        .reason = BINDING_FIRST};
    assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
    assert_ok(meter_add_meters(o->db, scope_machine(), &m, 1, o->now, &o->e), &o->e);
    assert_ok(meter_bind(o->db, scope_machine(), &b, 1, o->now, &o->e), &o->e);
    assert_ok(store_commit(o->db, STORE_CORE, &o->e), &o->e);
}

static void show_at(struct office *o, int point, struct instant at, int64_t index_e4)
{
    static int64_t batch_id;
    struct reading one = {.point_id = OFFICE_POINT(point),
                          .ts_ms = at.utc_ms,
                          .value = index_e4,
                          .kind = READING_REG,
                          .rank = RANK_DEVICE};
    struct reading_batch batch = {
        .source = STR("file:registers"), .batch_id = ++batch_id, .readings = &one, .n = 1};
    struct reading_fold_report report;
    struct reading_points *p;
    assert_ok(reading_points_load(o->db, scope_machine(), o->a, &p, &o->e), &o->e);
    assert_ok(reading_intake(o->db, p, &batch, 1, o->now, &o->e), &o->e);
    assert_ok(reading_fold(o->db, p, NULL, o->now, &report, &o->e), &o->e);
}

/* The register at a day's start; the intervals, of higher rank, stay as they are. */
static void show_register(struct office *o, int point, struct day day, int64_t index_e4)
{
    show_at(o, point, day_start(day), index_e4);
}

/* 换表、换互感器: 0.10 a quarter of an hour; at noon another meter and CT 80 for 40. Until noon 4
 * kWh an interval, then 8: valley 32 x 4 + 8 x 8, flat 16 x 4 + 12 x 8, peak 12 x 8, sharp 16 x 8.
 */
static void test_a_meter_and_its_ratio_change_at_their_interval(void **state)
{
    struct office *o = *state;
    const struct settle_result *r;
    const struct day day = {20260710};
    const int64_t noon = day_start(day).utc_ms + 48 * SLOT_MS;
    struct meter m = {.meter_id = 7001,
                      .station_id = OFFICE_STATION,
                      .serial = STR("M-8"),
                      .modulus_e4 = 10000000000,
                      .resolution_e4 = 100};
    const struct binding next = {.point_id = OFFICE_POINT(6),
                                 .valid_from = {noon},
                                 .meter_id = 7001,
                                 .register_code = STR("ep_imp"),
                                 .ct_num = 80,
                                 .ct_den = 1,
                                 .pt_num = 1,
                                 .pt_den = 1,
                                 .first_value_e4 = 50000,
                                 .last_value_e4 = METER_OPEN_VALUE,
                                 .reason = BINDING_SWAP,
                                 .note = STR("changed"),
                                 .file = STR("photo")};
    bind_meter(o, 6);
    assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
    assert_ok(meter_add_meters(o->db, scope_machine(), &m, 1, o->now, &o->e), &o->e);
    assert_ok(meter_swap(o->db, scope_machine(), &next, 1048000, o->now, &o->e), &o->e);
    assert_ok(store_commit(o->db, STORE_CORE, &o->e), &o->e);
    for (int i = 0; i <= SLOTS; i++) {
        show_at(o, 6, (struct instant){day_start(day).utc_ms + i * SLOT_MS},
                i < 48 ? 1000000 + i * 1000 : 50000 + (i - 48) * 1000);
    }
    assert_ok(office_contract(o, "plain", (struct day){20260101}, terms(o, 6, "")), &o->e);
    const struct settle_period p = {day, day_add(day, 1)};
    assert_ok(office_try(o, p, &r), &o->e);
    assert_string_equal(office_lines(o, r),
                        "SELF.sharp consumer investor 128.0000 1.185900 15180\n"
                        "SELF.peak consumer investor 96.0000 1.090300 10467\n"
                        "SELF.flat consumer investor 160.0000 0.684000 10944\n"
                        "SELF.valley consumer investor 192.0000 0.397200 7626\n");
}

static const struct settle_result *tried(struct office *o)
{
    const struct settle_result *r;
    assert_ok(office_try(o, JULY, &r), &o->e);
    return r;
}

/* July is 7440.00 kWh of intervals, 1240 sharp, 930 peak, 2170 flat, 3100 valley. The register:
 * 186.08 x 40 = 7443.20. Shares 1240.5333, 930.40, 2170.9333, 3101.3333; the missing 0.01 kWh goes
 * to the first of three equal remainders. */
static void test_periods_add_up_to_the_register(void **state)
{
    struct office *o = *state;
    struct text why, annex;
    bind_meter(o, 7);
    show_register(o, 7, JULY.from, 10000000);
    show_register(o, 7, JULY.until, 11860800);
    assert_ok(office_contract(o, "plain", (struct day){20260101},
                              terms(o, 7, ",\"scale_to_register\":true")),
              &o->e);
    const struct settle_result *r = tried(o);
    assert_string_equal(office_lines(o, r),
                        "SELF.sharp consumer investor 1240.5400 1.185900 147116\n"
                        "SELF.peak consumer investor 930.4000 1.090300 101442\n"
                        "SELF.flat consumer investor 2170.9300 0.684000 148492\n"
                        "SELF.valley consumer investor 3101.3300 0.397200 123185\n");
    const struct settle_printed *shape = &r->printed[r->n_printed - 1];
    assert_true(str_is(shape->name, "shape"));
    assert_int_equal(shape->value.units, 744320); /* the intervals add up to it too */
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_WRITTEN], 1);
    const struct statement *s = office_statement(o, JULY);
    office_prove(o, s);
    text_init(&why, o->a, 1 << 20);
    text_init(&annex, o->a, 1 << 20);
    assert_ok(settle_explain(o->db, o->a, scope_machine(), s->statement_id, STR("SELF.sharp"),
                             (struct day){0}, &why, &o->e),
              &o->e);
    assert_non_null(
        strstr(why.at, "scaled to the register: 7443.2000 over intervals of 7440.0000"));
    assert_ok(settle_annex(o->db, o->a, scope_machine(), s->statement_id, &annex, &o->e), &o->e);
    assert_non_null(strstr(annex.at, "\"scaled_to_register\":\"7443.2000\""));
    /* The register is an input. */
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_SAME], 1);
    show_register(o, 7, (struct day){20260801}, 11860800);
    assert_int_equal(office_run(o, JULY).by_outcome[SETTLE_SAME], 1);
}

static void test_a_register_far_off_still_holds(void **state)
{
    struct office *o = *state;
    bind_meter(o, 7);
    show_register(o, 7, JULY.from, 10000000);
    show_register(o, 7, JULY.until, 11900000); /* 190 x 40 = 7600, 2 % more */
    assert_ok(office_contract(o, "plain", (struct day){20260101},
                              terms(o, 7, ",\"scale_to_register\":true")),
              &o->e);
    const struct settle_result *r = tried(o);
    assert_true(r->hold);
    assert_true(str_is(r->flags[r->n_flags - 1].code, "REGISTER_MISMATCH"));
    int64_t sum = 0;
    for (size_t i = 0; i < r->n_lines; i++) {
        sum += r->lines[i].quantity_e4;
    }
    assert_int_equal(sum, 76000000);
}

static void test_without_a_register_it_is_held(void **state)
{
    struct office *o = *state;
    bind_meter(o, 7);
    show_register(o, 7, JULY.from, 10000000);
    assert_ok(office_contract(o, "plain", (struct day){20260101},
                              terms(o, 7, ",\"scale_to_register\":true")),
              &o->e);
    const struct settle_result *r = tried(o);
    assert_true(r->hold);
    assert_true(str_is(r->flags[r->n_flags - 1].code, "REGISTER_MISSING"));
    assert_int_equal(r->lines[0].quantity_e4, 12400000);
}

static void test_unscaled_contracts_stay_with_their_intervals(void **state)
{
    struct office *o = *state;
    bind_meter(o, 7);
    show_register(o, 7, JULY.from, 10000000);
    show_register(o, 7, JULY.until, 11860800);
    assert_ok(office_contract(o, "plain", (struct day){20260101},
                              terms(o, 7, ",\"scale_to_register\":false")),
              &o->e);
    assert_int_equal(tried(o)->lines[0].quantity_e4, 12400000);
}

/* ---- names ------------------------------------------------------------------------------------
 */

static void test_a_party_that_is_renamed_changes_no_statement(void **state)
{
    struct office *o = *state;
    struct rows *r;
    assert_ok(office_contract(o, "plain", (struct day){20260101}, terms(o, 0, "")), &o->e);
    office_run(o, JULY);
    const struct statement *s = office_statement(o, JULY);
    assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
    assert_ok(rows_open(o->db, STORE_CORE, "update org set name = $1 where org_id = $2", &r, &o->e),
              &o->e);
    rows_str(r, 1, STR("新名公司"));
    rows_int(r, 2, 13);
    assert_ok(rows_run(r, NULL, &o->e), &o->e);
    assert_ok(store_commit(o->db, STORE_CORE, &o->e), &o->e);
    office_prove(o, s);
    const struct statement *again = office_statement(o, JULY);
    assert_true(str_is(again->parties[0].name, "用电公司"));
}

/* ---- refused at the store ---------------------------------------------------------------------
 */

static void test_contracts_that_cannot_be_are_refused(void **state)
{
    struct office *o = *state;
    assert_int_not_equal(office_contract(o, "plain", (struct day){20260101},
                                         terms(o, 0,
                                               ",\"settings\":{\"discount\":"
                                               "{\"2026-03-01\":\"0.88\"}}")),
                         OK);
    assert_string_equal(o->e.text,
                        "contract C1: terms: settings.discount: byte 170: no value is in force on "
                        "2026-01-01; give one from that day on");
    assert_ok(office_contract(o, "plain", (struct day){20260101}, terms(o, 0, "")), &o->e);
    assert_int_not_equal(office_contract(o, "plain", (struct day){20260301}, terms(o, 0, "")), OK);
    assert_string_equal(o->e.text, "contract C3: a station of it is bound by contract C2 in that "
                                   "time; end that one first");
    struct order twin = {.no = STR("O9"),
                         .contract_id = o->contract_id,
                         .station_id = OFFICE_STATION,
                         .from = {20260601}};
    assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
    assert_int_equal(order_create(o->db, scope_machine(), &twin, o->now, &o->e), ERR_CONFLICT);
    assert_string_equal(o->e.text, "order O9: order O2 of the same contract has this station in "
                                   "that time");
    twin.from.yyyymmdd = 20251201; /* before the contract: a hole */
    assert_int_equal(order_create(o->db, scope_machine(), &twin, o->now, &o->e), ERR_NOT_FOUND);
    twin.from.yyyymmdd = 20260601;
    twin.until.yyyymmdd = 20260601;
    assert_int_equal(order_create(o->db, scope_machine(), &twin, o->now, &o->e), ERR_INPUT);
    assert_string_equal(o->e.text, "order O9: validity [20260601, 20260601) is none");
    struct contract hole = changed(o, terms(o, 0, ""), 20260101);
    assert_int_equal(contract_change(o->db, scope_machine(), &hole, o->now, &o->e), ERR_RULE);
    assert_string_equal(o->e.text, "contract C2: a change takes effect after 20260101 and by "
                                   "99999999, not on 20260101");
    assert_int_equal(order_facts_put(o->db, scope_machine(), 77, JULY.from, STR("{}"), o->now, NULL,
                                     NULL, &o->e),
                     ERR_NOT_FOUND);
    assert_string_equal(o->e.text, "order 77: not there, or not yours");
    assert_int_equal(order_facts_put(o->db, scope_machine(), o->order_id, (struct day){20260732},
                                     STR("{}"), o->now, NULL, NULL, &o->e),
                     ERR_INPUT);
    assert_string_equal(o->e.text, "facts: period from 20260732 is none");
    struct order_facts f;
    assert_int_equal(
        order_facts_get(o->db, o->a, scope_machine(), o->order_id, JULY.from, 3, &f, &o->e),
        ERR_NOT_FOUND);
    store_rollback(o->db, STORE_CORE);
}

/* What an order fails with when its terms or facts miss the strategy: named, and nothing written.
 */
static void test_orders_that_cannot_be_bound_say_why(void **state)
{
    static const struct {
        const char *more, *facts, *says;
    } cases[] = {
        {",\"settings\":{\"rebate\":\"1\"}", "",
         "BIND: order O1: setting or feed rebate is unknown to the strategy (strategy plain)"},
        {",\"settings\":{\"discount\":\"x\"}", "",
         "BIND: order O1: param discount: expects a number"},
        {",\"groups\":{\"lessee\":[{\"name\":\"T1\"}]}", "",
         "BIND: order O1: group lessee is unknown here (strategy plain)"},
        {"", "{\"settings\":{\"rebate\":\"1\"}}",
         "BIND: order O1: setting or feed rebate is unknown to the strategy (strategy plain)"},
        {"", "{\"groups\":{\"visit\":[{\"name\":\"V1\"}]}}",
         "BIND: order O1: group visit is unknown here (strategy plain)"},
        {"",
         "{\"windows\":{\"event\":{\"from\":\"2026-06-01T14:00\",\"until\":\"2026-06-01T15:00\"}}}",
         "FACTS: window event: neither the strategy nor the terms have one of that name"},
        {",\"axis\":\"event\"", "",
         "NO_WINDOW: the facts of the period from 20260701 give no window event; put it with "
         "'order "
         "facts'"},
        {",\"groups\":{\"day\":{\"days\":{\"of\":\"event\",\"look_back\":5}}}", "",
         "NO_WINDOW: group day looks back from window event, which the facts of the period from "
         "20260801 do not give"},
        {",\"axis\":\"event\"",
         "{\"windows\":{\"event\":{\"from\":\"2026-08-16T14:00\",\"until\":\"2026-08-16T15:00\"}}}",
         "FACTS: facts: window event: 2026-08-16T14:00 until 2026-08-16T15:00 does not end in the "
         "period 2026-09-01T00:00 until 2026-09-02T00:00; put it with the facts of the period in "
         "which it ends"},
        {",\"settings\":{\"discount\":null}", "",
         "BIND: order O1: param discount: is not optional and cannot be left absent"},
    };
    struct office *o = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct settle_result *r;
        char *text = arena_printf(o->a, "%s", terms(o, 0, cases[i].more));
        if (i == 0) {
            assert_ok(office_contract(o, "plain", (struct day){20260101}, text), &o->e);
        } else {
            struct contract next = changed(o, text, (int32_t)(20260101 + 100 * i));
            assert_ok(store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e), &o->e);
            assert_ok(contract_change(o->db, scope_machine(), &next, o->now, &o->e), &o->e);
            assert_ok(store_commit(o->db, STORE_CORE, &o->e), &o->e);
        }
        const struct day from = {(int32_t)(20260101 + 100 * i)};
        const struct settle_period p = {from, day_add(from, 1)};
        assert_ok(office_facts(o, from, cases[i].facts), &o->e);
        assert_ok(office_try(o, p, &r), &o->e);
        assert_string_equal(office_lines(o, r), cases[i].says);
    }
}

#define ON_STORE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORE(test_prices_and_calendars_split_lines),
        ON_STORE(test_a_value_by_effective_date_splits_the_period),
        ON_STORE(test_a_change_takes_the_place_of_values_to_come),
        ON_STORE(test_a_meter_and_its_ratio_change_at_their_interval),
        ON_STORE(test_periods_add_up_to_the_register),
        ON_STORE(test_a_register_far_off_still_holds),
        ON_STORE(test_without_a_register_it_is_held),
        ON_STORE(test_unscaled_contracts_stay_with_their_intervals),
        ON_STORE(test_a_party_that_is_renamed_changes_no_statement),
        ON_STORE(test_contracts_that_cannot_be_are_refused),
        ON_STORE(test_orders_that_cannot_be_bound_say_why),
    };
    int failed = cmocka_run_group_tests_name("changes sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("changes postgres", tests, NULL, NULL);
    }
    return failed;
}
