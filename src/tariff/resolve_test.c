/* resolve_test.c - the shipped data and made-up calendars resolved, against the texts of
 * settlement-rules 2 read by eye. */
#include "tariff/tariff.h"
#include "base/test.h"

struct world {
    struct arena *a;
    struct tariff_calendar *calendar;
    struct tariff_holidays *holidays;
    struct tariff_book *book;
    struct err e;
};

static struct json load(struct world *w, const char *file)
{
    struct json doc;
    assert_ok(json_load(w->a, file, &doc, &w->e), &w->e);
    return doc;
}

static struct world open_world(const char *province)
{
    struct world w = {.a = arena_new()};
    static const int years[] = {2018, 2019, 2024, 2025, 2026};
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        struct json doc = load(&w, arena_printf(w.a, "data/holidays/cn-%d.json", years[i]));
        assert_ok(tariff_holidays_add(w.a, doc, &w.holidays, &w.e), &w.e);
    }
    struct json doc = load(&w, arena_printf(w.a, "data/calendars/%s.json", province));
    assert_ok(tariff_calendar_read(w.a, doc, &w.calendar, &w.e), &w.e);
    doc = load(&w, arena_printf(w.a, "data/prices/%s.json", province));
    assert_ok(tariff_book_read(w.a, doc, &w.book, &w.e), &w.e);
    return w;
}

static struct instant at(const char *text)
{
    struct instant t;
    struct err e = {0};
    assert_ok(instant_parse(str_of(text), &t, &e), &e);
    return t;
}

static const struct tariff_span *resolve(struct world *w, const char *category, const char *from,
                                         const char *until, struct tariff_prices *prices)
{
    const struct tariff_book *books[] = {w->book};
    struct tariff_request q = {.calendar = w->calendar,
                               .holidays = w->holidays,
                               .category = str_of(category),
                               .from = at(from),
                               .until = at(until),
                               .books = books,
                               .n_books = prices ? 1 : 0};
    const struct tariff_span *s = NULL;
    assert_ok(tariff_resolve(w->a, &q, &s, prices, &w->e), &w->e);
    return s;
}

static enum tou_period period_at(const struct tariff_span *s, const char *t)
{
    return s->keys[tariff_span_key(s, at(t))].period;
}

static void test_zhejiang_2024_and_2026(void **state)
{
    (void)state;
    struct world w = open_world("zhejiang");
    const struct tariff_span *s =
        resolve(&w, "", "2025-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00", NULL);
    static const struct {
        const char *at;
        enum tou_period p;
    } rows[] = {
        {"2025-07-10T08:59:59+08:00", TOU_PEAK},
        {"2025-07-10T09:00:00+08:00", TOU_SHARP},
        {"2025-07-10T11:00:00+08:00", TOU_VALLEY},
        {"2025-07-10T22:59:00+08:00", TOU_PEAK},
        {"2025-07-10T23:00:00+08:00", TOU_FLAT},
        {"2025-09-10T08:00:00+08:00", TOU_PEAK},
        {"2025-10-01T10:00:00+08:00", TOU_DEEP_VALLEY},
        {"2025-10-08T13:45:00+08:00", TOU_DEEP_VALLEY}, /* the eighth day off in 2025 */
        {"2025-10-09T13:45:00+08:00", TOU_PEAK},
        {"2025-10-01T14:00:00+08:00", TOU_PEAK},
        {"2025-01-28T12:00:00+08:00", TOU_DEEP_VALLEY},
        {"2026-06-30T23:45:00+08:00", TOU_FLAT},
        {"2026-06-30T10:00:00+08:00", TOU_PEAK},
        {"2026-07-01T10:00:00+08:00", TOU_FLAT},
        {"2026-07-01T18:00:00+08:00", TOU_SHARP},
        {"2026-09-01T18:00:00+08:00", TOU_PEAK},
        {"2026-10-03T14:45:00+08:00", TOU_DEEP_VALLEY},
        {"2026-10-04T14:45:00+08:00", TOU_FLAT}, /* only the first three days */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(period_at(s, rows[i].at), rows[i].p);
    }
    assert_int_equal(s->n_days, 730);
    assert_int_equal(s->n_versions, 1);
    assert_true(s->n_maps <= 8); /* two or three kinds of day under each of the two rules */
    int d = day_number((struct day){20250126}) - day_number(s->first);
    assert_true(s->workday[d]); /* a worked Sunday */
    assert_false(s->workday[d + 2]);
    assert_true(s->holiday[d + 2]);
    arena_free(w.a);
}

static void test_law_2_a_price_boundary_inside_the_span(void **state)
{
    (void)state;
    struct world w = open_world("zhejiang");
    struct tariff_prices prices;
    const struct tariff_span *s =
        resolve(&w, "", "2026-06-15T00:00:00+08:00", "2026-07-15T00:00:00+08:00", &prices);
    assert_int_equal(s->n_versions, 2);
    assert_int_equal(s->keys[0].version, 1);
    assert_int_equal(s->keys[0].period, TOU_PEAK); /* June has no sharp */
    uint8_t before = tariff_span_key(s, at("2026-06-30T23:45:00+08:00"));
    uint8_t after = tariff_span_key(s, at("2026-07-01T23:45:00+08:00"));
    assert_int_equal(s->keys[before].version, 1);
    assert_int_equal(s->keys[after].version, 2);
    assert_int_equal(prices.yuan_e6[before], 684000);
    uint8_t sharp = tariff_span_key(s, at("2026-07-01T18:00:00+08:00"));
    assert_int_equal(prices.yuan_e6[sharp], 1185900); /* 0.684 + 1.05 x 0.478 */
    for (int k = 1; k < s->n_keys; k++) {
        assert_true(s->keys[k - 1].version * 8 + s->keys[k - 1].period <
                    s->keys[k].version * 8 + s->keys[k].period);
    }
    arena_free(w.a);
}

static void test_a_boundary_inside_a_day_and_one_off_the_slots(void **state)
{
    (void)state;
    struct world w = open_world("zhejiang");
    struct instant starts[] = {at("2025-07-01T00:00:00+08:00"), at("2025-07-10T10:45:00+08:00"),
                               at("2026-01-01T00:00:00+08:00")};
    struct tariff_request q = {.calendar = w.calendar,
                               .holidays = w.holidays,
                               .from = at("2025-07-10T10:30:00+08:00"),
                               .until = at("2025-07-10T13:30:00+08:00"),
                               .starts = starts,
                               .n_starts = 3};
    const struct tariff_span *s = NULL;
    assert_ok(tariff_resolve(w.a, &q, &s, NULL, &w.e), &w.e);
    assert_int_equal(s->n_versions, 3); /* listed, in force or not */
    assert_int_equal(s->n_days, 1);
    assert_int_equal(s->keys[tariff_span_key(s, at("2025-07-10T10:44:59+08:00"))].version, 1);
    assert_int_equal(s->keys[tariff_span_key(s, at("2025-07-10T10:45:00+08:00"))].version, 2);
    assert_int_equal(s->keys[s->n_keys - 1].version, 2);
    starts[1] = at("2025-07-10T10:40:00+08:00");
    assert_int_equal(tariff_resolve(w.a, &q, &s, NULL, &w.e), ERR_INPUT);
    assert_string_equal(w.e.text, "price version 2 begins inside a quarter of an hour; an interval "
                                  "cannot be split");
    starts[1] = at("2025-07-10T10:45:00+08:00");
    starts[0] = at("2025-07-10T10:45:00+08:00");
    q.n_starts = 1;
    assert_int_equal(tariff_resolve(w.a, &q, &s, NULL, &w.e), ERR_GAP);
    arena_free(w.a);
}

static void test_jiangsu_categories_midnight_and_seasons(void **state)
{
    (void)state;
    struct world w = open_world("jiangsu");
    struct tariff_prices prices;
    const struct tariff_span *s =
        resolve(&w, "industry", "2025-08-15T00:00:00+08:00", "2025-10-15T00:00:00+08:00", &prices);
    assert_int_equal(period_at(s, "2025-09-10T23:00:00+08:00"), TOU_FLAT); /* 22:00 to 2:00 */
    assert_int_equal(period_at(s, "2025-09-11T01:45:00+08:00"), TOU_FLAT);
    assert_int_equal(period_at(s, "2025-09-11T02:00:00+08:00"), TOU_VALLEY);
    assert_int_equal(period_at(s, "2025-08-20T20:00:00+08:00"), TOU_SHARP);
    assert_int_equal(period_at(s, "2025-10-01T10:15:00+08:00"), TOU_VALLEY);
    assert_int_equal(period_at(s, "2025-10-01T10:30:00+08:00"), TOU_DEEP_VALLEY);
    assert_int_equal(s->n_versions, 2); /* the season changes on 1 September */
    uint8_t k = tariff_span_key(s, at("2025-09-01T00:00:00+08:00"));
    assert_int_equal(s->keys[k].version, 2);
    s = resolve(&w, "commerce", "2025-08-20T00:00:00+08:00", "2025-08-21T00:00:00+08:00", NULL);
    assert_int_equal(period_at(s, "2025-08-20T20:00:00+08:00"), TOU_PEAK); /* no sharp */
    struct tariff_request q = {.calendar = w.calendar,
                               .holidays = w.holidays,
                               .category = STR("homes"),
                               .from = at("2025-08-20T00:00:00+08:00"),
                               .until = at("2025-08-21T00:00:00+08:00")};
    assert_int_equal(tariff_resolve(w.a, &q, &s, NULL, &w.e), ERR_INPUT);
    assert_string_equal(w.e.text, "calendar jiangsu: no customer category 'homes'");
    arena_free(w.a);
}

static void test_what_is_not_known_is_named(void **state)
{
    (void)state;
    struct world w = open_world("demo");
    struct tariff_request q = {.calendar = w.calendar,
                               .holidays = w.holidays,
                               .from = at("2019-12-31T00:00:00+08:00"),
                               .until = at("2020-01-01T08:00:00+08:00")};
    const struct tariff_span *s = NULL;
    assert_int_equal(tariff_resolve(w.a, &q, &s, NULL, &w.e), ERR_GAP);
    assert_string_equal(w.e.text, "calendar demo: the holidays of 2020 are needed; publish "
                                  "holidays/cn-2020.json");
    q.from = at("2017-12-31T23:00:00+08:00");
    q.until = at("2018-01-01T00:00:00+08:00");
    assert_int_equal(tariff_resolve(w.a, &q, &s, NULL, &w.e), ERR_GAP);
    const struct tariff_stretch *x;
    size_t n;
    assert_int_equal(tariff_book_stretches(w.a, w.book, 0, q.from, q.until, &x, &n, &w.e), ERR_GAP);
    assert_string_equal(w.e.text,
                        "price book demo: no price in force at 2017-12-31T23:00:00+08:00; "
                        "publish a version");
    assert_null(s);
    arena_free(w.a);
}

static const char hot[] =
    "{\"schema\":\"sunkeeper.calendar/"
    "1\",\"id\":\"hot\",\"title\":\"t\",\"date_sets\":[{\"id\":\"hot\"}],"
    "\"versions\":[{\"from\":\"2025-01-01\",\"doc\":\"d\",\"rules\":["
    "{\"dates\":\"hot\",\"months\":[7,8],\"windows\":[[\"sharp\",\"11:30\",\"12:15\"]]},"
    "{\"days\":[\"weekend\"],\"windows\":[[\"deep_valley\",\"22:00\",\"06:00\"]]},"
    "{\"dates\":[\"2025-07-02\"],\"windows\":[[\"valley\",\"11:00\",\"12:00\"]]},"
    "{\"windows\":[[\"flat\",\"00:00\",\"24:00\"]]}]}]}";

static void test_triggers_weekends_and_the_first_rule_wins(void **state)
{
    (void)state;
    struct world w = {.a = arena_new()};
    struct json doc;
    assert_ok(json_parse(w.a, str_of(hot), "hot", &doc, &w.e), &w.e);
    assert_ok(tariff_calendar_read(w.a, doc, &w.calendar, &w.e), &w.e);
    struct day days[] = {{20250702}, {20250901}};
    struct tariff_dates set = {STR("hot"), days, 2};
    struct tariff_request q = {.calendar = w.calendar,
                               .from = at("2025-07-01T00:00:00+08:00"),
                               .until = at("2025-09-30T00:00:00+08:00")};
    const struct tariff_span *s = NULL;
    assert_int_equal(tariff_resolve(w.a, &q, &s, NULL, &w.e), ERR_GAP);
    assert_string_equal(w.e.text,
                        "calendar hot: the date set 'hot' is needed; an empty one says that "
                        "there was no such day");
    q.dates = &set, q.n_dates = 1;
    assert_ok(tariff_resolve(w.a, &q, &s, NULL, &w.e), &w.e);
    assert_int_equal(period_at(s, "2025-07-02T11:15:00+08:00"), TOU_VALLEY);
    assert_int_equal(period_at(s, "2025-07-02T11:30:00+08:00"), TOU_SHARP); /* stands first */
    assert_int_equal(period_at(s, "2025-07-02T12:15:00+08:00"), TOU_FLAT);
    assert_int_equal(period_at(s, "2025-07-03T11:30:00+08:00"), TOU_FLAT);
    assert_int_equal(period_at(s, "2025-09-01T11:30:00+08:00"), TOU_FLAT); /* not in July, August */
    assert_int_equal(period_at(s, "2025-07-05T22:00:00+08:00"), TOU_DEEP_VALLEY); /* Saturday */
    assert_int_equal(period_at(s, "2025-07-06T05:45:00+08:00"), TOU_DEEP_VALLEY);
    assert_int_equal(period_at(s, "2025-07-07T05:45:00+08:00"), TOU_FLAT); /* Monday's own filter */
    arena_free(w.a);
}

static const char tiers[] =
    "{\"schema\":\"sunkeeper.prices/1\",\"id\":\"home\",\"title\":\"t\",\"unit\":\"yuan/kWh\","
    "\"illustrative\":true,\"tiers\":[{\"upto_kwh\":\"2760\"},{\"upto_kwh\":\"4800\"},{}],"
    "\"versions\":[{\"from\":\"2025-01-01\",\"doc\":\"d\",\"prices\":{\"flat\":\"0.538\"},"
    "\"tier_add\":[\"0\",\"0.05\",\"0.3\"]}]}";

static void test_tiers_add_to_every_period_the_book_has(void **state)
{
    (void)state;
    struct world w = {.a = arena_new()};
    struct json doc;
    assert_ok(json_parse(w.a, str_of(tiers), "home", &doc, &w.e), &w.e);
    assert_ok(tariff_book_read(w.a, doc, &w.book, &w.e), &w.e);
    const struct tariff_stretch *x;
    size_t n;
    struct instant from = at("2025-07-01T00:00:00+08:00"), until = at("2025-08-01T00:00:00+08:00");
    assert_ok(tariff_book_stretches(w.a, w.book, 1, from, until, &x, &n, &w.e), &w.e);
    assert_int_equal(n, 1);
    assert_int_equal(x[0].yuan_e6[TOU_FLAT], 588000);
    assert_true(x[0].yuan_e6[TOU_PEAK] == TARIFF_NO_PRICE);
    const int64_t *upto;
    assert_int_equal(tariff_book_tiers(w.book, &upto), 3);
    assert_int_equal(upto[1], 48000000);
    assert_int_equal(tariff_book_stretches(w.a, w.book, 3, from, until, &x, &n, &w.e), ERR_INPUT);
    arena_free(w.a);
}

static void test_the_hash_follows_the_picture_not_the_words(void **state)
{
    (void)state;
    struct world w = open_world("zhejiang");
    const struct tariff_span *a =
        resolve(&w, "", "2025-07-01T00:00:00+08:00", "2025-08-01T00:00:00+08:00", NULL);
    const struct tariff_span *b =
        resolve(&w, "", "2025-07-01T00:00:00+08:00", "2025-07-31T23:00:00+08:00", NULL);
    const struct tariff_span *c =
        resolve(&w, "", "2025-08-01T00:00:00+08:00", "2025-09-01T00:00:00+08:00", NULL);
    assert_memory_equal(a->hash.b, b->hash.b, 32);
    assert_memory_not_equal(a->hash.b, c->hash.b, 32);
    arena_free(w.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zhejiang_2024_and_2026),
        cmocka_unit_test(test_law_2_a_price_boundary_inside_the_span),
        cmocka_unit_test(test_a_boundary_inside_a_day_and_one_off_the_slots),
        cmocka_unit_test(test_jiangsu_categories_midnight_and_seasons),
        cmocka_unit_test(test_what_is_not_known_is_named),
        cmocka_unit_test(test_triggers_weekends_and_the_first_rule_wins),
        cmocka_unit_test(test_tiers_add_to_every_period_the_book_has),
        cmocka_unit_test(test_the_hash_follows_the_picture_not_the_words),
    };
    return cmocka_run_group_tests_name("tariff_resolve", tests, NULL, NULL);
}
