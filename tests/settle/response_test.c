/* response_test.c - an event of a virtual power plant from facts and stored readings: windows,
 * history and the days of earlier events, against the same case run on vectors, on both engines.
 *
 * The vectors come straight from the formula of the readings and from days chosen by hand; nothing
 * of contract or settle is in them.
 */
#include "base/test.h"
#include "settle/office.h"
#include "strategy/strategy.h"
#include "support/pg.h"

#define FIRST ((struct day){20260520})
#define DAYS 60 /* until 2026-07-18 */
#define EVENT ((struct day){20260716})
#define EARLIER 20260709
#define LOOK_BACK 45
#define FROM_SLOT 56 /* 14:00, an hour; the two hours before it are looked at too */
#define EVENT_SLOTS 4
#define BEFORE_SLOTS 8

static const struct settle_period DAY = {{20260716}, {20260717}};
static bool postgres;
static bool late_value; /* of U3 on 2026-07-08 */

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
    late_value = false;
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    office_close(*state);
    free(*state);
    return 0;
}

/* ---- the readings -----------------------------------------------------------------------------
 */

static int64_t load_of(int point, struct day day, int slot)
{
    const int64_t usual[] = {500000, 300000, 120000};
    const int n = day_number(day);
    int64_t v = usual[point] + (n * 31 + slot * 17 + point * 7) % 53 * 500;
    if (day_weekday(day) >= 6 || day.yyyymmdd == 20260619) {
        v /= 2;
    }
    if (day.yyyymmdd == EVENT.yyyymmdd && slot >= FROM_SLOT && slot < FROM_SLOT + EVENT_SLOTS) {
        v -= point == 0 ? 250000 : point == 1 ? 70000 : 3000;
    }
    return day.yyyymmdd == EARLIER ? v / 3 : v;
}

static bool missing(int point, struct day day)
{
    return point == 2 && day.yyyymmdd == 20260708 && !late_value;
}

static int64_t reading(int point, int day, int slot)
{
    const struct day d = day_add(FIRST, day);
    return point > 2 || missing(point, d) ? -1 : load_of(point, d, slot);
}

static int64_t late_reading(int point, int day, int slot)
{
    (void)day;
    return point == 2 ? load_of(point, (struct day){20260708}, slot) : -1;
}

/* ---- through the store ------------------------------------------------------------------------
 */

static const char terms_form[] =
    "{\"parties\":{\"market\":\"14\",\"operator\":\"11\"},\"calendar\":\"zhejiang\","
    "\"axis\":\"event\",\"windows\":{\"before\":{\"of\":\"event\",\"minutes\":120}},"
    "\"settings\":{\"operator_share\":\"0.2\",\"event_kind\":\"shave\",\"method\":\"%s\","
    "\"adjust\":\"0.2\",\"tiers\":[[\"0.5\",\"0.8\"],[\"0.8\",\"1\"]]},"
    "\"groups\":{\"resource\":[%s]}}";
static const char member_form[] =
    "%s{\"name\":\"U%d\",\"org\":\"13\",\"meters\":{\"load\":\"%d\",\"warm\":\"%d\"},"
    "\"settings\":{\"declared\":\"%d\"},"
    "\"groups\":{\"day\":{\"days\":{\"of\":\"event\",\"look_back\":45}}}}";
static const int declared[] = {100, 40, 20};

static void sign(struct office *o, const char *method)
{
    static const char *const inner[] = {"response_tiers"};
    static const char *const outer[] = {"vpp_response", "vpp_penalty"};
    struct text members;
    text_init(&members, o->a, 4096);
    for (int i = 0; i < 3; i++) {
        text_addf(&members, member_form, i ? "," : "", i + 1, OFFICE_POINT(i), OFFICE_POINT(i),
                  declared[i]);
    }
    office_strategy(o, "tests/strategy/listings", "response_tiers", NULL, 0);
    office_strategy(o, "tests/strategy/listings", "vpp_penalty", NULL, 0);
    office_strategy(o, "tests/strategy/listings", "vpp_response", inner, 1);
    office_strategy(o, "tests/strategy/listings", "vpp_pool", outer, 2);
    assert_ok(office_contract(o, "vpp_pool", (struct day){20260101},
                              arena_printf(o->a, terms_form, method, members.at)),
              &o->e);
    office_readings(o, FIRST, DAYS, reading);
    assert_ok(office_facts(o, (struct day){EARLIER},
                           "{\"windows\":{\"event\":{\"from\":\"2026-07-09T14:00\","
                           "\"until\":\"2026-07-09T15:00\"}},\"settings\":{\"income\":\"0\"}}"),
              &o->e);
    assert_ok(office_facts(o, EVENT,
                           "{\"windows\":{\"event\":{\"from\":\"2026-07-16T14:00\","
                           "\"until\":\"2026-07-16T15:00\"}},"
                           "\"settings\":{\"income\":\"1500.01\",\"penalty\":\"30\"}}"),
              &o->e);
}

/* ---- on vectors -------------------------------------------------------------------------------
 */

static bool library_find(void *ctx, struct str name, struct str *file, struct str *text)
{
    struct office *o = ctx;
    *file = name;
    *text = office_file(
        o, arena_printf(o->a, "tests/strategy/listings/" STR_FMT ".tally", STR_ARG(name)));
    return true;
}

/* Source numbers: days before the event, member, and whether it is the window before. */
static int32_t source_of(int days_before, int member, int warm)
{
    return (days_before * 3 + member) * 2 + warm;
}

static enum err_code values(void *ctx, int32_t source, const struct strategy_axis *axis,
                            int32_t first, int32_t n, int64_t *out, uint8_t *quality, struct err *e)
{
    const int warm = source % 2, member = source / 2 % 3;
    const struct day day = day_add(EVENT, -(source / 6));
    (void)ctx;
    (void)e;
    assert_int_equal(axis->n, warm ? BEFORE_SLOTS : EVENT_SLOTS);
    for (int32_t i = 0; i < n; i++) {
        out[i] = load_of(member, day, FROM_SLOT - (warm ? BEFORE_SLOTS : 0) + first + i);
        quality[i] = missing(member, day) ? QUALITY_MISSING : QUALITY_ACTUAL;
        out[i] = quality[i] == QUALITY_MISSING ? 0 : out[i];
    }
    return OK;
}

static enum err_code sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                          const struct tariff_span *span, int64_t *out, struct strategy_seen *seen,
                          struct err *e)
{
    int64_t v[BEFORE_SLOTS];
    uint8_t q[BEFORE_SLOTS];
    (void)span;
    assert_int_equal(values(ctx, source, axis, 0, axis->n, v, q, e), OK);
    *seen = (struct strategy_seen){.n = axis->n, .first_missing = -1};
    out[0] = 0;
    for (int32_t i = 0; i < axis->n; i++) {
        out[0] += v[i];
        seen->n_missing += q[i] == QUALITY_MISSING;
    }
    return OK;
}

static struct strategy_setting number(const char *name, int64_t units, int8_t scale)
{
    return (struct strategy_setting){
        .name = str_of(name), .type = STRATEGY_NUMBER, .number = {units, scale}};
}

static struct strategy_setting choice(const char *name, const char *word)
{
    return (struct strategy_setting){
        .name = str_of(name), .type = STRATEGY_CHOICE, .choice = str_of(word)};
}

/* The 45 days before, as known on paper: weekends and the 19th of June were rest. */
static struct strategy_members history(struct office *o, int member)
{
    struct strategy_member *m = arena_many(o->a, LOOK_BACK, struct strategy_member);
    for (int i = 0; i < LOOK_BACK; i++) {
        const int before = LOOK_BACK - i;
        const struct day day = day_add(EVENT, -before);
        const bool rest = day_weekday(day) >= 6 || day.yyyymmdd == 20260619;
        struct strategy_setting *s = arena_many(o->a, 2, struct strategy_setting);
        struct strategy_feed *f = arena_many(o->a, 2, struct strategy_feed);
        s[0] = choice("kind", rest ? "rest" : "work");
        s[1] = (struct strategy_setting){
            .name = STR("event"), .type = STRATEGY_YES_NO, .yes = day.yyyymmdd == EARLIER};
        f[0] = (struct strategy_feed){STR("load"), source_of(before, member, 0), 4};
        f[1] = (struct strategy_feed){STR("warm"), source_of(before, member, 1), 4};
        m[i].name = str_of(arena_printf(o->a, "%d", day.yyyymmdd));
        m[i].part =
            (struct strategy_part){.settings = s, .n_settings = 2, .feeds = f, .n_feeds = 2};
    }
    return (struct strategy_members){STR("day"), m, LOOK_BACK};
}

static const struct strategy_result *on_vectors(struct office *o, const char *method)
{
    static const struct strategy_row rows[] = {{.bound = {5, 1}, .value = {8, 1}},
                                               {.bound = {8, 1}, .value = {1, 0}}};
    const struct strategy_library library = {o, library_find};
    const struct strategy_data data = {o, sums, values};
    struct strategy_messages messages;
    struct strategy *s;
    struct strategy_bound *b;
    struct strategy_result *r;
    struct strategy_member *m = arena_many(o->a, 3, struct strategy_member);
    const int64_t at = day_start(EVENT).utc_ms;
    struct strategy_window before = {
        STR("before"), {{at + (FROM_SLOT - BEFORE_SLOTS) * SLOT_MS}, 15, BEFORE_SLOTS}};
    struct strategy_setting set[] = {
        number("operator_share", 2, 1),
        choice("event_kind", "shave"),
        choice("method", method),
        number("adjust", 2, 1),
        number("income", 150001, 2),
        number("penalty", 30, 0),
        {.name = STR("tiers"), .type = STRATEGY_TABLE, .rows = rows, .n_rows = 2}};
    for (int i = 0; i < 3; i++) {
        struct strategy_members *days = arena_make(o->a, struct strategy_members);
        struct strategy_feed *f = arena_many(o->a, 2, struct strategy_feed);
        struct strategy_setting *own = arena_many(o->a, 2, struct strategy_setting);
        *days = history(o, i);
        f[0] = (struct strategy_feed){STR("load"), source_of(0, i, 0), 4};
        f[1] = (struct strategy_feed){STR("warm"), source_of(0, i, 1), 4};
        own[0] = number("declared", declared[i], 0);
        own[1] = choice("kind", "work");
        m[i].name = m[i].party = str_of(arena_printf(o->a, "U%d", i + 1));
        m[i].part = (struct strategy_part){.settings = own,
                                           .n_settings = 2,
                                           .feeds = f,
                                           .n_feeds = 2,
                                           .groups = days,
                                           .n_groups = 1};
    }
    const struct strategy_members resources = {STR("resource"), m, 3};
    const struct strategy_binding binding = {.axis = {{at + FROM_SLOT * SLOT_MS}, 15, EVENT_SLOTS},
                                             .windows = &before,
                                             .n_windows = 1,
                                             .top = {.settings = set,
                                                     .n_settings = sizeof(set) / sizeof(*set),
                                                     .groups = &resources,
                                                     .n_groups = 1},
                                             .order_no = STR("O1")};
    assert_ok(strategy_load(o->a, STR("vpp_pool.tally"),
                            office_file(o, "tests/strategy/listings/vpp_pool.tally"), &library,
                            NULL, 0, &s, &messages, &o->e),
              &o->e);
    struct strategy_binding *kept = arena_make(o->a, struct strategy_binding);
    *kept = binding;
    assert_ok(strategy_bind(o->a, s, kept, &b, &o->e), &o->e);
    assert_ok(strategy_run(o->a, b, &data, &r, &o->e), &o->e);
    return r;
}

/* ---- the tests --------------------------------------------------------------------------------
 */

static void assert_same(struct office *o, const struct settle_result *got,
                        const struct strategy_result *want)
{
    if (got->outcome != SETTLE_WRITTEN) {
        fail_msg("%s", office_lines(o, got));
    }
    assert_int_equal(got->n_lines, want->n_lines);
    for (size_t i = 0; i < want->n_lines; i++) {
        const struct strategy_line *w = &want->lines[i];
        const struct settle_line *g = &got->lines[i];
        assert_true(str_eq(g->code, w->code) && str_eq(g->payer, w->payer) &&
                    str_eq(g->payee, w->payee));
        assert_int_equal(g->fen, w->fen);
    }
    assert_int_equal(got->n_flags, want->n_flags);
    for (size_t i = 0; i < want->n_flags; i++) {
        assert_true(str_eq(got->flags[i].code, want->flags[i].code));
    }
    assert_int_equal(got->n_printed, want->n_printed);
    for (size_t i = 0; i < want->n_printed; i++) {
        assert_true(str_eq(got->printed[i].name, want->printed[i].name));
        assert_int_equal(got->printed[i].value.units, want->printed[i].value.units);
    }
}

static void test_an_event_is_what_it_is_on_vectors(void **state)
{
    static const char *const methods[] = {"avg", "high", "mid"};
    struct office *o = *state;
    const struct settle_result *r;
    sign(o, "avg");
    for (int i = 0; i < 3; i++) {
        const char *facts = arena_printf(
            o->a,
            "{\"windows\":{\"event\":{\"from\":\"2026-07-16T14:00\","
            "\"until\":\"2026-07-16T15:00\"}},"
            "\"settings\":{\"income\":\"1500.01\",\"penalty\":\"30\",\"method\":\"%s\"}}",
            methods[i]);
        assert_ok(office_facts(o, EVENT, facts), &o->e);
        assert_ok(office_try(o, DAY, &r), &o->e);
        assert_same(o, r, on_vectors(o, methods[i]));
        assert_int_equal(r->missing, 0); /* a day of history that lacks readings holds nothing */
        assert_false(r->hold);
    }
    assert_true(r->n_lines >= 5); /* operator, two members at least, penalty and its share */
}

static void test_the_month_of_the_event_settles_the_same(void **state)
{
    struct office *o = *state;
    const struct settle_period july = {{20260701}, {20260801}};
    const struct settle_result *day, *month;
    sign(o, "avg");
    assert_ok(office_facts(o, july.from,
                           "{\"windows\":{\"event\":{\"from\":\"2026-07-16T14:00\","
                           "\"until\":\"2026-07-16T15:00\"}},"
                           "\"settings\":{\"income\":\"1500.01\",\"penalty\":\"30\"}}"),
              &o->e);
    assert_ok(office_try(o, DAY, &day), &o->e);
    assert_ok(office_try(o, july, &month), &o->e);
    assert_string_equal(office_lines(o, day), office_lines(o, month));
}

static void test_a_statement_is_proved_whatever_is_known_later(void **state)
{
    struct office *o = *state;
    const struct settle_result *r;
    sign(o, "avg");
    assert_int_equal(office_run(o, DAY).by_outcome[SETTLE_WRITTEN], 1);
    const struct statement *s = office_statement(o, DAY);
    office_prove(o, s);
    assert_int_equal(office_run(o, DAY).by_outcome[SETTLE_SAME], 1);
    /* Another earlier event is registered late: the run keeps what it knew, the next one sees it.
     */
    assert_ok(office_facts(o, (struct day){20260714},
                           "{\"windows\":{\"event\":{\"from\":\"2026-07-14T14:00\","
                           "\"until\":\"2026-07-14T15:00\"}}}"),
              &o->e);
    office_prove(o, s);
    assert_ok(office_try(o, DAY, &r), &o->e);
    assert_true(str_is(r->inputs, "@1 20260709,20260714,20260716"));
    assert_memory_not_equal(r->input_hash.b, s->body_hash.b, 32);
    assert_int_equal(office_run(o, DAY).by_outcome[SETTLE_WRITTEN], 1);
    office_prove(o, office_statement(o, DAY));
}

static void test_readings_of_history_are_inputs(void **state)
{
    struct office *o = *state;
    sign(o, "avg");
    office_run(o, DAY);
    assert_int_equal(office_run(o, DAY).by_outcome[SETTLE_SAME], 1);
    late_value = true;
    office_readings(o, (struct day){20260708}, 1, late_reading);
    assert_int_equal(office_run(o, DAY).by_outcome[SETTLE_WRITTEN], 1);
    const struct settle_result *r;
    assert_ok(office_try(o, DAY, &r), &o->e);
    assert_same(o, r, on_vectors(o, "avg"));
}

static void test_facts_are_versions_and_name_themselves(void **state)
{
    struct office *o = *state;
    struct order_facts f;
    sign(o, "avg");
    office_run(o, DAY);
    const struct statement *before = office_statement(o, DAY);
    assert_ok(office_facts(o, EVENT,
                           "{\"windows\":{\"event\":{\"from\":\"2026-07-16T14:00\","
                           "\"until\":\"2026-07-16T15:00\"}},"
                           "\"settings\":{\"income\":\"1600\",\"penalty\":\"30\"},"
                           "\"groups\":{\"resource\":[{\"name\":\"U2\",\"settings\":"
                           "{\"declared\":\"10\"}}]}}"),
              &o->e);
    assert_ok(order_facts_get(o->db, o->a, scope_machine(), o->order_id, EVENT, 0, &f, &o->e),
              &o->e);
    assert_int_equal(f.version, 2);
    office_prove(o, before); /* on version 1 */
    assert_int_equal(office_run(o, DAY).by_outcome[SETTLE_WRITTEN], 1);
    office_prove(o, office_statement(o, DAY));
}

/* The market pays 100.00 more than it first said: the operator's fifth is 20.00 of it. */
static void test_corrected_facts_adjust_an_issued_statement(void **state)
{
    struct office *o = *state;
    const struct statement_act act = {
        .scope = scope_machine(), .now = o->now, .reason = STR("market corrected")};
    const struct statement *adj;
    struct str no;
    int64_t adj_id, fen = 0, operator_fen = 0;
    sign(o, "avg");
    office_run(o, DAY);
    const int64_t id = office_statement(o, DAY)->statement_id;
    assert_ok(statement_issue(o->db, &act, id, &no, o->a, &o->e), &o->e);
    assert_int_equal(statement_adjust(o->db, &act, id, false, &adj_id, &o->e), ERR_RULE);
    assert_string_equal(o->e.name, "ADJ_NONE");
    assert_ok(office_facts(o, EVENT,
                           "{\"windows\":{\"event\":{\"from\":\"2026-07-16T14:00\","
                           "\"until\":\"2026-07-16T15:00\"}},"
                           "\"settings\":{\"income\":\"1600.01\",\"penalty\":\"30\"}}"),
              &o->e);
    assert_int_equal(office_run(o, DAY).by_outcome[SETTLE_LOCKED], 1);
    assert_ok(statement_adjust(o->db, &act, id, false, &adj_id, &o->e), &o->e);
    assert_ok(statement_get(o->db, o->a, scope_machine(), adj_id, &adj, &o->e), &o->e);
    assert_int_equal(adj->type, STATEMENT_ADJ);
    for (size_t i = 0; i < adj->n_lines; i++) {
        fen += adj->lines[i].l.fen;
        operator_fen += str_is(adj->lines[i].l.code, "ADJ.OPERATOR") ? adj->lines[i].l.fen : 0;
    }
    assert_int_equal(fen, 10000);
    assert_int_equal(operator_fen, 2000);
    office_prove(o, adj);
}

static void test_without_its_event_an_order_says_so(void **state)
{
    struct office *o = *state;
    const struct settle_period june = {{20260601}, {20260701}};
    sign(o, "avg");
    assert_int_equal(office_run(o, june).by_outcome[SETTLE_REFUSED], 1);
    assert_string_equal(office_failure(o, june),
                        "NO_WINDOW: the facts of the period from 20260601 give no window event; "
                        "put it with 'order facts'");
}

#define ON_STORE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORE(test_an_event_is_what_it_is_on_vectors),
        ON_STORE(test_the_month_of_the_event_settles_the_same),
        ON_STORE(test_a_statement_is_proved_whatever_is_known_later),
        ON_STORE(test_readings_of_history_are_inputs),
        ON_STORE(test_facts_are_versions_and_name_themselves),
        ON_STORE(test_corrected_facts_adjust_an_issued_statement),
        ON_STORE(test_without_its_event_an_order_says_so),
    };
    int failed = cmocka_run_group_tests_name("response sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("response postgres", tests, NULL, NULL);
    }
    return failed;
}
