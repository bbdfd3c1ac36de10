/* time_test.c - days, slots and texts; expectations from Python's datetime and by hand. */
#include "base/test.h"
#include "base/time.h"

static struct day day_at(int32_t n)
{
    return (struct day){ n };
}

static void test_day_numbers(void **state)
{
    (void)state;
    assert_int_equal(day_number(day_at(19700101)), 0);
    assert_int_equal(day_number(day_at(20000229)), 11016);
    assert_int_equal(day_number(day_at(20260302)), 20514);
    assert_int_equal(day_number(day_at(21991231)), 84005);
    int32_t before = -1;
    for (int32_t n = 0; n <= 84005; n++) {
        struct day d = day_of_number(n);
        assert_true(day_valid(d) && d.yyyymmdd > before);
        assert_int_equal(day_number(d), n);
        before = d.yyyymmdd;
    }
    assert_int_equal(day_weekday(day_at(20260302)), 1);
    assert_int_equal(day_weekday(day_at(19700101)), 4);
    assert_int_equal(day_add(day_at(20240228), 2).yyyymmdd, 20240301);
    assert_false(day_valid(day_at(20250229)));
    assert_false(day_valid(day_at(20251301)));
    assert_false(day_valid(day_at(19691231)));
}

static void test_law_1_the_day_begins_at_16_utc(void **state)
{
    (void)state;
    assert_int_equal(day_start(day_at(19700102)).utc_ms, 16 * 3600000LL);
    struct instant t = { 1772417700000LL }; /* 2026-03-02 10:15 in China */
    assert_int_equal(instant_day(t).yyyymmdd, 20260302);
    struct slot s = instant_slot(t);
    assert_int_equal(s.index, 41);
    assert_int_equal(slot_start(s).utc_ms, t.utc_ms);
    t.utc_ms -= 1; /* law 2: the slot before ends here, exclusive */
    assert_int_equal(instant_slot(t).index, 40);
}

static void test_months(void **state)
{
    (void)state;
    assert_int_equal(month_days((struct month){ 202402 }), 29);
    assert_int_equal(month_days((struct month){ 210002 }), 28);
    assert_int_equal(month_end((struct month){ 202512 }).yyyymmdd, 20260101);
    assert_int_equal(month_add((struct month){ 202601 }, -1).yyyymm, 202512);
    assert_int_equal(month_add((struct month){ 202601 }, 23).yyyymm, 202712);
    assert_int_equal(month_first(day_month(day_at(20260317))).yyyymmdd, 20260301);
}

static void test_parsing(void **state)
{
    (void)state;
    struct err e;
    struct day d;
    struct month m;
    struct instant t;
    assert_ok(day_parse(STR("2026-03-02"), &d, &e), &e);
    assert_int_equal(d.yyyymmdd, 20260302);
    assert_ok(day_parse(STR("20260302"), &d, &e), &e);
    assert_ok(month_parse(STR("2026-03"), &m, &e), &e);
    assert_int_equal(m.yyyymm, 202603);
    assert_ok(instant_parse(STR("2025-07-10T10:30:00+08:00"), &t, &e), &e);
    assert_int_equal(t.utc_ms, 1752114600000LL);
    assert_ok(instant_parse(STR("2025-07-10T02:30Z"), &t, &e), &e);
    assert_int_equal(t.utc_ms, 1752114600000LL);
    assert_ok(instant_parse(STR("2025-07-10 10:30:00.120000+0800"), &t, &e), &e);
    assert_int_equal(t.utc_ms, 1752114600120LL);
    assert_ok(instant_parse_local(STR("2025-07-10 11:30:00"), 540, &t, &e), &e); /* Korea */
    assert_int_equal(t.utc_ms, 1752114600000LL);
    assert_ok(instant_parse_local(STR("2025-07-09 24:00"), 480, &t, &e), &e);
    assert_int_equal(t.utc_ms, day_start((struct day){ 20250710 }).utc_ms);
}

static void test_parsing_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "2025-02-29T00:00:00Z", "2025-07-10T10:30:00", "2025-07-10T25:00:00Z",
        "2025-07-10T24:01:00Z", "2025-07-10T10:60:00Z", "2025-07-10T10:30:00.0001Z",
        "2025-07-10T10:30:00+25:00", "2025-07-10T10:30:00Z ", "2025-7-10T10:30:00Z",
    };
    struct err e;
    struct instant t = { 5 };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(instant_parse(str_of(bad[i]), &t, &e), ERR_INPUT);
    }
    assert_int_equal(t.utc_ms, 5);
    struct day d;
    struct month m;
    assert_int_equal(day_parse(STR("2026-0302"), &d, &e), ERR_INPUT);
    assert_int_equal(day_parse(STR("2026-02-30"), &d, &e), ERR_INPUT);
    assert_string_equal(e.text,
                        "'2026-02-30' is not a day: write it as 2026-03-02 (1970 to 2199)");
    assert_int_equal(month_parse(STR("2026-13"), &m, &e), ERR_INPUT);
}

static void test_texts(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 200);
    text_day(&t, day_at(20260302));
    text_byte(&t, ' ');
    text_month(&t, (struct month){ 202603 });
    text_byte(&t, ' ');
    text_instant(&t, (struct instant){ 1772417700000LL });
    text_byte(&t, ' ');
    text_instant(&t, (struct instant){ 1772417700123LL });
    assert_string_equal(t.at, "2026-03-02 2026-03 2026-03-02T10:15:00+08:00 "
                              "2026-03-02T10:15:00.123+08:00");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day_numbers),
        cmocka_unit_test(test_law_1_the_day_begins_at_16_utc),
        cmocka_unit_test(test_months),
        cmocka_unit_test(test_parsing),
        cmocka_unit_test(test_parsing_refuses),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
