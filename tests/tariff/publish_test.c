/* publish_test.c - calendars, holidays and price books in the store, the same on both engines. */
#include "support/pg.h"
#include "tariff/tariff.h"
#include "store/store.h"
#include "base/test.h"

struct world {
    struct arena *a;
    struct db *db;
    struct err e;
};

static struct world open_world(bool postgres)
{
    struct world w = { .a = arena_new() };
    char where[512];
    if (postgres) {
        pg_new_url(where, sizeof where);
    } else {
        temp_dir(where, sizeof where);
    }
    assert_ok(store_open(where, STORE_CREATE, &w.db, &w.e), &w.e);
    const struct store_migrations rooms[] = { tariff_migrations };
    assert_ok(store_migrate(w.db, rooms, 1, (struct instant){ 1 }, &w.e), &w.e);
    return w;
}

static void close_world(struct world *w)
{
    store_close(w->db);
    arena_free(w->a);
}

static enum err_code publish(struct world *w, struct json doc, int64_t now,
                             struct tariff_published *p, bool *fresh)
{
    assert_ok(store_begin(w->db, STORE_CORE, STORE_WRITE, &w->e), &w->e);
    enum err_code code = tariff_publish(w->db, w->a, doc, (struct instant){ now }, p, fresh, &w->e);
    if (code == OK) {
        assert_ok(store_commit(w->db, STORE_CORE, &w->e), &w->e);
    } else {
        store_rollback(w->db, STORE_CORE);
    }
    return code;
}

static struct json load(struct world *w, const char *file)
{
    struct json doc;
    assert_ok(json_load(w->a, file, &doc, &w->e), &w->e);
    return doc;
}

static void law_3_a_version_stays(bool postgres)
{
    struct world w = open_world(postgres);
    struct tariff_published p, q;
    struct json doc = load(&w, "data/prices/zhejiang.json"), back;
    bool fresh;
    assert_ok(publish(&w, doc, 1000, &p, &fresh), &w.e);
    assert_true(fresh);
    assert_int_equal(p.version, 1);
    assert_true(p.illustrative);
    assert_ok(publish(&w, doc, 2000, &q, &fresh), &w.e);
    assert_false(fresh);
    assert_int_equal(q.version, 1);
    assert_int_equal(q.published.utc_ms, 1000);
    const char *text = json_canonical(doc).at;
    struct str changed = str_of(text);
    char *copy = arena_copy(w.a, changed.at, changed.n);
    memcpy(strstr(copy, "0.4600"), "0.4700", 6);
    assert_ok(json_parse(w.a, str_of(copy), "changed", &doc, &w.e), &w.e);
    assert_ok(publish(&w, doc, 3000, &q, &fresh), &w.e);
    assert_int_equal(q.version, 2);
    assert_ok(tariff_stored(w.db, w.a, TARIFF_BOOK, STR("zhejiang"), 1, &back, &q, &w.e), &w.e);
    assert_true(str_eq(json_canonical(back), str_of(text)));
    assert_memory_equal(q.hash.b, p.hash.b, 32);
    assert_ok(tariff_stored(w.db, w.a, TARIFF_BOOK, STR("zhejiang"), 0, &back, &q, &w.e), &w.e);
    assert_int_equal(q.version, 2);
    assert_int_equal(tariff_stored(w.db, w.a, TARIFF_BOOK, STR("zhejiang"), 3, &back, &q, &w.e),
                     ERR_NOT_FOUND);
    assert_string_equal(w.e.text, "prices zhejiang version 3: not published; publish its file");
    close_world(&w);
}

static void everything_shipped_goes_in_and_is_listed(bool postgres)
{
    static const char *const files[] = {
        "calendars/demo",   "calendars/jiangsu", "calendars/zhejiang", "holidays/cn-2018",
        "holidays/cn-2019", "holidays/cn-2024",  "holidays/cn-2025",   "holidays/cn-2026",
        "prices/demo",      "prices/jiangsu",    "prices/zhejiang",
    };
    static const char *const ids[] = { "demo",    "jiangsu", "zhejiang", "cn-2018",
                                       "cn-2019", "cn-2024", "cn-2025",  "cn-2026",
                                       "demo",    "jiangsu", "zhejiang" };
    size_t n = sizeof files / sizeof *files, got;
    struct world w = open_world(postgres);
    struct tariff_published p;
    bool fresh;
    for (size_t i = n; i-- > 0;) { /* the order of publishing does not show */
        struct json doc = load(&w, arena_printf(w.a, "data/%s.json", files[i]));
        assert_ok(publish(&w, doc, 1000, &p, &fresh), &w.e);
    }
    const struct tariff_published *list;
    assert_ok(tariff_list(w.db, w.a, NULL, &list, &got, &w.e), &w.e);
    assert_int_equal(got, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(str_is(list[i].id, ids[i]));
    }
    assert_ok(tariff_list(w.db, w.a, &list[6], &list, &got, &w.e), &w.e);
    assert_int_equal(got, 4); /* cn-2026 and the books */
    assert_ok(tariff_list(w.db, w.a, &list[2], &list, &got, &w.e), &w.e);
    assert_int_equal(got, 1);
    assert_true(str_is(list[0].id, "zhejiang") && list[0].kind == TARIFF_BOOK);
    close_world(&w);
}

static void what_is_wrong_is_not_stored(bool postgres)
{
    struct world w = open_world(postgres);
    struct tariff_published p;
    bool fresh;
    struct json doc = load(&w, "tests/tariff/wrong/cal_gap_midday.json");
    assert_int_equal(publish(&w, doc, 1000, &p, &fresh), ERR_INPUT);
    const struct tariff_published *list;
    size_t n;
    assert_ok(tariff_list(w.db, w.a, NULL, &list, &n, &w.e), &w.e);
    assert_int_equal(n, 0);
    close_world(&w);
}

static void test_on_sqlite(void **state)
{
    (void)state;
    law_3_a_version_stays(false);
    everything_shipped_goes_in_and_is_listed(false);
    what_is_wrong_is_not_stored(false);
}

static void test_on_postgres(void **state)
{
    (void)state;
    if (!pg_installed()) {
        skip();
    }
    law_3_a_version_stays(true);
    everything_shipped_goes_in_and_is_listed(true);
    what_is_wrong_is_not_stored(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_sqlite),
        cmocka_unit_test(test_on_postgres),
    };
    int failed = cmocka_run_group_tests_name("tariff_publish", tests, NULL, NULL);
    pg_stop();
    return failed;
}
