/* store_test.c - one table of tests, run on SQLite and on PostgreSQL; law by law. */
#include "base/rand.h"
#include "base/test.h"
#include "store/rows.h"
#include "store/store.h"
#include "support/pg.h"
#include <sys/wait.h>
#include <unistd.h>

#define NOW ((struct instant){ 1772417700000LL })

static const char tables[] =
    "-- a room's tables\n"
    "-- migration 1 core\n"
    "create table thing (id {i64} primary key, org_id {i64} not null, name {text} not null unique, "
    "kind {i16} not null, body {bytes}) {strict};\n"
    "create table fact (id {i64} primary key, v {i64} not null check (v >= 0)) {strict} "
    "{append_only};\n"
    "-- migration 2 series\n"
    "create table chunk (a {i64} not null, b {i64} not null, k {i16} not null, t {text}, "
    "bytes {bytes}, primary key (a, b)) {strict_without_rowid};\n";

static bool postgres; /* the engine of this round */

struct fixture {
    char where[600];
    struct db *db;
    struct arena *arena;
};

static void migrate(struct db *db)
{
    struct err e;
    struct store_migrations room = { "demo", tables };
    assert_ok(store_migrate(db, &room, 1, NOW, &e), &e);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err e;
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &e), &e);
    migrate(f->db);
    f->arena = arena_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->db);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void begin(struct db *db, enum store_part part)
{
    struct err e;
    assert_ok(store_begin(db, part, STORE_WRITE, &e), &e);
}

static void commit(struct db *db, enum store_part part)
{
    struct err e;
    assert_ok(store_commit(db, part, &e), &e);
}

static enum err_code add_thing(struct db *db, int64_t id, const char *name, struct err *e)
{
    struct rows *r;
    if (rows_open(db, STORE_CORE,
                  "insert into thing (id, org_id, name, kind, body) values ($1, $3, $2, $4, $5)",
                  &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    rows_str(r, 2, str_of(name));
    rows_int(r, 3, id % 10);
    rows_int(r, 4, 7);
    rows_null(r, 5);
    return rows_run(r, NULL, e);
}

static int64_t count(struct db *db, enum store_part part, const char *sql)
{
    struct err e;
    struct rows *r;
    assert_ok(rows_open(db, part, sql, &r, &e), &e);
    int64_t n = rows_next(r, &e) ? rows_get_int(r, 0) : -1;
    assert_ok(rows_close(r, &e), &e);
    return n;
}

static const char odd_text[] = "\xE7\xBB\x93\xE7\xAE\x97'\"\\$1{x}";

static void test_values_come_back_as_they_went(void **state)
{
    struct fixture *f = *state;
    static const int64_t numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 9007199254740993 };
    struct err e;
    struct rows *r;
    begin(f->db, STORE_CORE);
    for (int i = 0; i < 6; i++) {
        assert_ok(rows_open(f->db, STORE_CORE,
                            "insert into thing (id, org_id, name, kind, body) "
                            "values ($1, $2, $3, $4, $5)",
                            &r, &e),
                  &e);
        rows_int(r, 1, i);
        rows_int(r, 2, numbers[i]);
        rows_str(r, 3, str_of(i == 0 ? "" : i == 1 ? odd_text : "abcdef" + i));
        rows_int(r, 4, i == 4 ? -32768 : 32767);
        if (i == 2) {
            rows_null(r, 5);
        } else {
            rows_bytes(r, 5, "\0\1\xFF\x80", (size_t)i % 5);
        }
        assert_ok(rows_run(r, NULL, &e), &e);
    }
    commit(f->db, STORE_CORE);
    assert_ok(rows_open(f->db, STORE_CORE,
                        "select org_id, name, kind, body, length(name) from thing "
                        "where id >= $1 order by id limit 10",
                        &r, &e),
              &e);
    rows_int(r, 1, 0);
    int i = 0;
    for (; rows_next(r, &e); i++) {
        assert_int_equal(rows_get_int(r, 0), numbers[i]);
        assert_int_equal(rows_get_int(r, 2), i == 4 ? -32768 : 32767);
        assert_int_equal(rows_is_null(r, 3), i == 2);
        if (i != 2) {
            struct str want = { "\0\1\xFF\x80", (size_t)i % 5 };
            assert_true(str_eq(rows_get_bytes(r, 3), want));
        }
        if (i == 1) {
            assert_true(str_is(rows_get_str(r, 1), odd_text));
            assert_int_equal(rows_get_int(r, 4), 10); /* characters, not bytes */
        }
        assert_false(rows_is_null(r, 1));
    }
    assert_ok(rows_close(r, &e), &e);
    assert_int_equal(i, 6);
}

static void test_null_first_and_a_number_later(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "select cast(coalesce($1, -5) as {i64}) as v";
    struct err e;
    for (int round = 0; round < 3; round++) {
        struct rows *r;
        assert_ok(rows_open(f->db, STORE_CORE, sql, &r, &e), &e);
        if (round == 1) {
            rows_int(r, 1, 1LL << 40);
        } else {
            rows_null(r, 1);
        }
        assert_true(rows_next(r, &e));
        assert_int_equal(rows_get_int(r, 0), round == 1 ? 1LL << 40 : -5);
        assert_ok(rows_close(r, &e), &e);
    }
}

static void test_the_same_text_nested_is_a_second_statement(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "select id from thing where id > $1 order by id limit 2";
    struct err e;
    begin(f->db, STORE_CORE);
    for (int64_t i = 1; i <= 3; i++) {
        char name[8] = { (char)('a' + i), 0 };
        assert_ok(add_thing(f->db, i, name, &e), &e);
    }
    commit(f->db, STORE_CORE);
    struct rows *outer, *inner;
    int pairs = 0;
    assert_ok(rows_open(f->db, STORE_CORE, sql, &outer, &e), &e);
    rows_int(outer, 1, 0);
    while (rows_next(outer, &e)) {
        assert_ok(rows_open(f->db, STORE_CORE, sql, &inner, &e), &e);
        rows_int(inner, 1, rows_get_int(outer, 0));
        while (rows_next(inner, &e)) {
            pairs++;
        }
        assert_ok(rows_close(inner, &e), &e);
    }
    assert_ok(rows_close(outer, &e), &e);
    assert_int_equal(pairs, 3); /* 1-2, 1-3, 2-3 */
}

static void test_law_2_after_an_error_only_rollback(void **state)
{
    struct fixture *f = *state;
    struct err e;
    begin(f->db, STORE_CORE);
    assert_ok(add_thing(f->db, 1, "a", &e), &e);
    assert_int_equal(add_thing(f->db, 2, "a", &e), ERR_CONFLICT); /* the name is taken */
    assert_int_equal(add_thing(f->db, 3, "c", &e), ERR_RULE);
    assert_int_equal(store_commit(f->db, STORE_CORE, &e), ERR_RULE);
    assert_false(store_in_tx(f->db, STORE_CORE));
    assert_int_equal(count(f->db, STORE_CORE, "select count(*) from thing"), 0);

    begin(f->db, STORE_CORE);
    assert_ok(add_thing(f->db, 1, "a", &e), &e);
    assert_ok(store_savepoint(f->db, STORE_CORE, &e), &e);
    assert_ok(add_thing(f->db, 2, "b", &e), &e);
    assert_int_equal(add_thing(f->db, 3, "b", &e), ERR_CONFLICT);
    assert_int_equal(store_release(f->db, STORE_CORE, &e), ERR_RULE);
    store_rollback_to(f->db, STORE_CORE);
    assert_ok(store_savepoint(f->db, STORE_CORE, &e), &e);
    assert_ok(add_thing(f->db, 4, "d", &e), &e);
    assert_ok(store_release(f->db, STORE_CORE, &e), &e);
    commit(f->db, STORE_CORE);
    assert_int_equal(count(f->db, STORE_CORE, "select cast(sum(id) as {i64}) from thing"), 5);
}

static void test_law_2_nothing_is_written_outside_a_transaction(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(add_thing(f->db, 1, "a", &e), ERR_RULE);
    assert_ok(store_begin(f->db, STORE_CORE, STORE_READ, &e), &e);
    assert_int_equal(add_thing(f->db, 1, "a", &e), ERR_RULE);
    store_rollback(f->db, STORE_CORE);
    begin(f->db, STORE_SERIES); /* the other part's transaction is not this one's */
    assert_int_equal(add_thing(f->db, 1, "a", &e), ERR_RULE);
    store_rollback(f->db, STORE_SERIES);
    assert_int_equal(count(f->db, STORE_CORE, "select count(*) from thing"), 0);
}

static void test_checks_and_append_only_are_rules(void **state)
{
    struct fixture *f = *state;
    static const char *const refused[] = {
        "insert into fact (id, v) values (2, -1)",
        "update fact set v = 2 where id = 1",
        "delete from fact where id = 1",
    };
    struct err e;
    struct rows *r;
    int64_t n = 0;
    begin(f->db, STORE_CORE);
    assert_ok(rows_open(f->db, STORE_CORE, "insert into fact (id, v) values (1, 1)", &r, &e), &e);
    assert_ok(rows_run(r, &n, &e), &e);
    assert_int_equal(n, 1);
    commit(f->db, STORE_CORE);
    for (int i = 0; i < 3; i++) {
        begin(f->db, STORE_CORE);
        assert_ok(rows_open(f->db, STORE_CORE, refused[i], &r, &e), &e);
        assert_int_equal(rows_run(r, &n, &e), ERR_RULE);
        if (i > 0) {
            assert_non_null(strstr(e.text, "fact is append-only"));
        }
        store_rollback(f->db, STORE_CORE);
    }
    assert_int_equal(count(f->db, STORE_CORE, "select v from fact where id = 1"), 1);
}

static void test_wrong_text_and_wrong_sql_are_input(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct rows *r;
    begin(f->db, STORE_CORE);
    assert_int_equal(add_thing(f->db, 1, "\xB5\xE7", &e), ERR_INPUT);
    store_rollback(f->db, STORE_CORE);
    enum err_code code = rows_open(f->db, STORE_CORE, "select nothing from nowhere", &r, &e);
    if (code == OK) { /* PostgreSQL learns of it at the first step */
        assert_false(rows_next(r, &e));
        code = rows_close(r, &e);
    }
    assert_int_equal(code, ERR_INPUT);
    assert_non_null(strstr(e.text, "nowhere"));
    assert_int_equal(rows_open(f->db, STORE_CORE, "select {int} from thing", &r, &e), ERR_INPUT);
    assert_string_equal(e.text, "core: unknown token {int} in SQL text");
}

static void test_changed_counts_conditional_updates(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "update thing set kind = $2 where org_id = $1";
    struct err e;
    struct rows *r;
    int64_t n = -1;
    begin(f->db, STORE_CORE);
    assert_ok(add_thing(f->db, 11, "a", &e), &e);
    assert_ok(add_thing(f->db, 21, "b", &e), &e);
    for (int64_t org = 1; org < 3; org++) {
        assert_ok(rows_open(f->db, STORE_CORE, sql, &r, &e), &e);
        rows_int(r, 1, org);
        rows_int(r, 2, 9);
        assert_ok(rows_run(r, &n, &e), &e);
        assert_int_equal(n, org == 1 ? 2 : 0);
    }
    assert_ok(rows_open(f->db, STORE_CORE,
                        "update thing set kind = kind + 1 where id = $1 returning kind", &r, &e),
              &e);
    rows_int(r, 1, 21);
    assert_true(rows_next(r, &e));
    assert_int_equal(rows_get_int(r, 0), 10);
    assert_false(rows_next(r, &e));
    assert_false(rows_next(r, &e)); /* it does not run again */
    assert_ok(rows_close(r, &e), &e);
    assert_int_equal(count(f->db, STORE_CORE, "select kind from thing where id = 21"), 10);
    commit(f->db, STORE_CORE);
}

static int64_t visible(struct db *db, struct scope s)
{
    static const char sql[] = "select count(*) from thing where ($1 = 1 or org_id in "
                              "(select org_id from scope_org where scope_key = $2))";
    struct err e;
    struct rows *r;
    assert_ok(rows_open(db, STORE_CORE, sql, &r, &e), &e);
    rows_scope(r, 1, s);
    assert_true(rows_next(r, &e));
    int64_t n = rows_get_int(r, 0);
    assert_ok(rows_close(r, &e), &e);
    return n;
}

static void test_law_6_scope_is_in_the_statement(void **state)
{
    struct fixture *f = *state;
    static const int64_t two[] = { 1, 2 }, other[] = { 3 };
    struct err e;
    begin(f->db, STORE_CORE);
    for (int64_t i = 1; i <= 9; i++) {
        char name[8] = { (char)('a' + i), 0 };
        assert_ok(add_thing(f->db, i, name, &e), &e);
    }
    commit(f->db, STORE_CORE);
    struct scope s = { .orgs = two, .n = 2 }, o = { .orgs = other, .n = 1 }, none = { 0 };
    assert_int_equal(visible(f->db, scope_machine()), 9);
    assert_int_equal(visible(f->db, none), 0);
    assert_ok(store_begin(f->db, STORE_CORE, STORE_READ, &e), &e);
    assert_int_equal(visible(f->db, s), 2);
    assert_int_equal(visible(f->db, o), 1);
    store_rollback(f->db, STORE_CORE); /* takes the loaded sets with it */
    assert_int_equal(visible(f->db, o), 1);
    assert_int_equal(visible(f->db, s), 2);
    for (int64_t i = 0; i < 300; i++) { /* more sets than are kept */
        int64_t orgs[2] = { i % 9 + 1, 100 + i };
        assert_int_equal(visible(f->db, (struct scope){ .orgs = orgs, .n = 2 }), 1);
    }
    assert_int_equal(visible(f->db, s), 2);
    assert_true(scope_has(s, 2) && !scope_has(s, 3) && scope_has(scope_machine(), 3));
    assert_false(scope_has(none, 1));
}

static void test_ids8_pads(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "select count(*) from thing where id in "
                              "($1, $2, $3, $4, $5, $6, $7, $8)";
    struct err e;
    struct rows *r;
    begin(f->db, STORE_CORE);
    for (int64_t i = 1; i <= 5; i++) {
        char name[8] = { (char)('a' + i), 0 };
        assert_ok(add_thing(f->db, i, name, &e), &e);
    }
    commit(f->db, STORE_CORE);
    for (size_t n = 0; n <= 3; n++) {
        assert_ok(rows_open(f->db, STORE_CORE, sql, &r, &e), &e);
        rows_ids8(r, 1, (int64_t[]){ 2, 4, 5 }, n);
        assert_true(rows_next(r, &e));
        assert_int_equal(rows_get_int(r, 0), n);
        assert_ok(rows_close(r, &e), &e);
    }
}

static void test_ids_rise_and_survive_the_process(void **state)
{
    struct fixture *f = *state;
    struct err e;
    int64_t last = 0;
    /* More than 4,096 in one millisecond, and a clock that steps back. */
    for (int i = 0; i < 10000; i++) {
        struct instant now = { NOW.utc_ms - (i > 9000 ? 5000 : 0) };
        int64_t id = store_next_id(f->db, now);
        assert_true(id > last);
        last = id;
    }
    assert_int_equal(last >> 22, NOW.utc_ms - 1704067200000LL + 2);
    begin(f->db, STORE_SERIES); /* any commit keeps it */
    commit(f->db, STORE_SERIES);
    store_close(f->db);
    assert_ok(store_open(f->where, STORE_READ_WRITE, &f->db, &e), &e);
    assert_int_equal(store_next_id(f->db, NOW), last + 1);
}

static void test_ids_before_the_epoch(void **state)
{
    struct fixture *f = *state;
    struct instant old = {
        1527782400000LL
    }; /* 2018-06-01: measured years are settled as of then */
    int64_t first = store_next_id(f->db, old);
    assert_true(first > 0);
    assert_true(store_next_id(f->db, old) > first);
}

static enum err_code busy_twice(struct db *db, void *ctx, struct err *e)
{
    int *calls = ctx;
    if (add_thing(db, 1, "a", e) != OK) {
        return e->code;
    }
    return ++*calls < 3 ? fail(e, ERR_RETRY, "busy") : OK;
}

static enum err_code always_busy(struct db *db, void *ctx, struct err *e)
{
    (void)db;
    ++*(int *)ctx;
    return fail(e, ERR_RETRY, "busy");
}

static void test_store_write_does_the_whole_again(void **state)
{
    struct fixture *f = *state;
    struct err e;
    int calls = 0;
    assert_ok(store_write(f->db, STORE_CORE, busy_twice, &calls, &e), &e);
    assert_int_equal(calls, 3);
    assert_int_equal(count(f->db, STORE_CORE, "select count(*) from thing"), 1);
    calls = 0;
    assert_int_equal(store_write(f->db, STORE_CORE, always_busy, &calls, &e), ERR_RETRY);
    assert_int_equal(calls, 5);
}

static void test_readers_see_a_snapshot(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct db *reader;
    assert_ok(store_open_reader(f->db, &reader, &e), &e);
    assert_ok(store_begin(reader, STORE_CORE, STORE_READ, &e), &e);
    assert_int_equal(count(reader, STORE_CORE, "select count(*) from thing"), 0);
    begin(f->db, STORE_CORE);
    assert_ok(add_thing(f->db, 1, "a", &e), &e);
    commit(f->db, STORE_CORE);
    assert_int_equal(count(reader, STORE_CORE, "select count(*) from thing"), 0);
    assert_ok(store_commit(reader, STORE_CORE, &e), &e);
    assert_int_equal(count(reader, STORE_CORE, "select count(*) from thing"), 1);
    assert_int_equal(store_begin(reader, STORE_CORE, STORE_WRITE, &e), ERR_READ_ONLY);
    store_close(reader);
}

struct feed {
    int64_t i, n, step, v;
    const char *text;
};

static bool feed_next(void *ctx, struct bulk_value *v)
{
    struct feed *d = ctx;
    if (d->i == d->n) {
        return false;
    }
    int64_t i = d->i++ * d->step;
    v[0].i = i / 10;
    v[1].i = i % 10;
    v[2].i = d->v;
    v[3].s = str_of(d->text);
    v[3].null = d->text == NULL;
    v[4].s = (struct str){ (const char *)&d->v, sizeof(d->v) };
    return true;
}

static int64_t bulk(struct db *db, enum bulk_conflict conflict, struct feed d, enum err_code want)
{
    static const struct bulk_column columns[] = {
        { "a", BULK_INT, true },   { "b", BULK_INT, true },        { "k", BULK_INT16, false },
        { "t", BULK_TEXT, false }, { "bytes", BULK_BYTES, false },
    };
    struct bulk_table t = { STORE_SERIES, "chunk", columns, 5, conflict };
    struct err e;
    int64_t n = -1;
    begin(db, STORE_SERIES);
    enum err_code code = store_bulk(db, &t, feed_next, &d, &n, &e);
    if (code != want) {
        fail_msg("%s", e.text);
    }
    if (code == OK) {
        commit(db, STORE_SERIES);
    } else {
        store_rollback(db, STORE_SERIES);
    }
    return n;
}

static void test_bulk_by_key_small_and_large(void **state)
{
    struct fixture *f = *state;
    static const char sum[] = "select cast(sum(k) as {i64}) from chunk";
    static const int64_t sizes[] = { 1, 150, 199, 200, 201, 3000 };
    for (int i = 0; i < 6; i++) {
        int64_t n = sizes[i];
        assert_int_equal(bulk(f->db, BULK_FAIL, (struct feed){ .n = n, .step = 1, .v = 1 }, OK), n);
        assert_int_equal(
            bulk(f->db, BULK_FAIL, (struct feed){ .n = n, .step = 1, .v = 1 }, ERR_CONFLICT), -1);
        assert_int_equal(count(f->db, STORE_SERIES, sum), n);
        assert_int_equal(
            bulk(f->db, BULK_KEEP, (struct feed){ .n = n, .step = 2, .v = 5, .text = "k" }, OK),
            n / 2);
        assert_int_equal(count(f->db, STORE_SERIES, sum), n + 5 * (n / 2));
        bulk(f->db, BULK_REPLACE, (struct feed){ .n = n, .step = 1, .v = 9, .text = "r" }, OK);
        assert_int_equal(count(f->db, STORE_SERIES, sum), 9 * n + 5 * (n / 2));
        struct err e;
        struct rows *r;
        begin(f->db, STORE_SERIES);
        assert_ok(rows_open(f->db, STORE_SERIES, "delete from chunk", &r, &e), &e);
        assert_ok(rows_run(r, NULL, &e), &e);
        commit(f->db, STORE_SERIES);
    }
    bulk(f->db, BULK_FAIL, (struct feed){ .n = 300, .step = 1, .v = 1, .text = "\xFF" }, ERR_INPUT);
    assert_int_equal(count(f->db, STORE_SERIES, "select count(*) from chunk"), 0);
}

static void test_bulk_bytes_and_texts(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct rows *r;
    for (int64_t n = 2; n <= 502; n += 500) {
        struct feed feed = { .n = n, .step = 1, .v = 77 + n % 2, .text = "" };
        bulk(f->db, BULK_REPLACE, feed, OK);
        assert_ok(rows_open(f->db, STORE_SERIES,
                            "select bytes, t, k from chunk order by a, b limit 600", &r, &e),
                  &e);
        int rows = 0;
        int64_t v = 77 + n % 2;
        for (; rows_next(r, &e); rows++) {
            assert_true(str_eq(rows_get_bytes(r, 0), (struct str){ (const char *)&v, 8 }));
            assert_false(rows_is_null(r, 1));
            assert_int_equal(rows_get_str(r, 1).n, 0);
        }
        assert_ok(rows_close(r, &e), &e);
        assert_int_equal(rows, n);
    }
}

static void test_law_5_migrations(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct store_migrations room = { "demo", tables };
    assert_ok(store_migrate(f->db, &room, 1, NOW, &e), &e); /* again: nothing to do */
    struct text t;
    text_init(&t, f->arena, 10000);
    text_add_c(&t, tables);
    text_add_c(&t, "-- migration 3 core\nalter table thing add column note {text};\n");
    room.sql = t.at;
    assert_int_equal(store_migrated(f->db, &room, 1, &e), ERR_IO);
    assert_non_null(strstr(e.text, "demo 3 is not there"));
    assert_ok(store_migrate(f->db, &room, 1, NOW, &e), &e);
    assert_ok(store_migrated(f->db, &room, 1, &e), &e);
    assert_int_equal(count(f->db, STORE_CORE, "select count(note) from thing"), 0);
    room.sql = tables;
    assert_int_equal(store_migrate(f->db, &room, 1, NOW, &e), ERR_RULE);
    assert_non_null(strstr(e.text, "use a newer program"));
    strstr(t.at, "primary key")[strlen("primary")] = '\t';
    room.sql = t.at;
    assert_int_equal(store_migrate(f->db, &room, 1, NOW, &e), ERR_RULE);
    assert_non_null(strstr(e.text, "migration demo 1: "));
    assert_non_null(strstr(e.text, "was changed after it was applied"));
    struct store_migrations half = { "half", "-- migration 1 core\ncreate table h (a {i64});\n"
                                             "create table h (a {i64});\n" };
    assert_int_equal(store_migrate(f->db, &half, 1, NOW, &e), ERR_INPUT);
    half.sql = "-- migration 1 core\ncreate table h (a {i64});\n-- migration 3 core\nselect 1;\n";
    assert_int_equal(store_migrate(f->db, &half, 1, NOW, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "migration 3 stands where 2 is expected"));
    half.sql = "-- migration one core\n";
    assert_int_equal(store_migrate(f->db, &half, 1, NOW, &e), ERR_INPUT);
    assert_int_equal(count(f->db, STORE_CORE, "select count(*) from h"), 0);
}

static void test_opening_what_is_not_there(void **state)
{
    (void)state;
    struct err e;
    struct db *db = NULL;
    char where[600], inside[700];
    if (postgres) {
        pg_new_url(where, sizeof(where));
        assert_int_equal(store_open(where, STORE_READ_WRITE, &db, &e), ERR_NOT_FOUND);
        assert_int_equal(store_open("postgresql:///x?host=/nonexistent", STORE_CREATE, &db, &e),
                         ERR_IO);
    } else {
        temp_dir(where, sizeof(where));
        snprintf(inside, sizeof(inside), "%s/none", where);
        assert_int_equal(store_open(inside, STORE_READ_WRITE, &db, &e), ERR_NOT_FOUND);
        assert_int_equal(store_open(where, STORE_READ_ONLY, &db, &e), ERR_NOT_FOUND);
    }
    assert_null(db);
}

static void test_two_openings_one_store(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct db *other = NULL;
    if (postgres) { /* any number write; each has its own node */
        assert_ok(store_open(f->where, STORE_READ_WRITE, &other, &e), &e);
        assert_int_equal(store_next_id(other, NOW) >> 12 & 1023, 1);
    } else {
        char pid[40];
        assert_int_equal(store_open(f->where, STORE_READ_WRITE, &other, &e), ERR_CONFLICT);
        snprintf(pid, sizeof(pid), "process %d is writing", (int)getpid());
        assert_non_null(strstr(e.text, pid));
        assert_ok(store_open(f->where, STORE_READ_ONLY, &other, &e), &e);
        assert_int_equal(count(other, STORE_CORE, "select count(*) from thing"), 0);
    }
    store_close(other);
}

static void test_bytes_sort_as_bytes(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "b", "B", "a", "\xE7\x94\xB5", "_", "Z", "\xC3\xA9" };
    static const char *const want[] = { "B", "Z", "_", "a", "b", "\xC3\xA9", "\xE7\x94\xB5" };
    struct err e;
    struct rows *r;
    begin(f->db, STORE_CORE);
    for (int i = 0; i < 7; i++) {
        assert_ok(add_thing(f->db, i, names[i], &e), &e);
    }
    commit(f->db, STORE_CORE);
    assert_ok(rows_open(f->db, STORE_CORE, "select name from thing order by name limit 9", &r, &e),
              &e);
    for (int i = 0; rows_next(r, &e); i++) {
        assert_true(str_is(rows_get_str(r, 0), want[i]));
    }
    assert_ok(rows_close(r, &e), &e);
}

static void test_a_lost_connection(void **state)
{
    struct fixture *f = *state;
    static const int64_t orgs[] = { 1 };
    struct err e;
    if (!postgres) {
        return; /* a file does not drop its connection */
    }
    assert_int_equal(visible(f->db, (struct scope){ .orgs = orgs, .n = 1 }), 0);
    begin(f->db, STORE_CORE);
    assert_ok(add_thing(f->db, 1, "a", &e), &e);
    pg_kill_connections();
    assert_int_equal(store_commit(f->db, STORE_CORE, &e), ERR_UNKNOWN); /* law 3 */
    begin(f->db, STORE_CORE);                                           /* connects anew */
    assert_int_equal(count(f->db, STORE_CORE, "select count(*) from thing"), 0);
    assert_ok(add_thing(f->db, 1, "a", &e), &e);
    commit(f->db, STORE_CORE);
    assert_int_equal(visible(f->db, (struct scope){ .orgs = orgs, .n = 1 }), 1);
    begin(f->db, STORE_CORE);
    pg_kill_connections();
    assert_int_equal(add_thing(f->db, 2, "b", &e), ERR_RETRY);
    store_rollback(f->db, STORE_CORE);
    int calls = 2;
    begin(f->db, STORE_CORE);
    store_rollback(f->db, STORE_CORE);
    assert_int_equal(store_write(f->db, STORE_CORE, busy_twice, &calls, &e), ERR_CONFLICT);
}

static void test_passwords_are_not_shown(void **state)
{
    struct fixture *f = *state;
    if (!postgres) {
        assert_string_equal(store_where(f->db), f->where);
        return;
    }
    struct err e;
    struct db *db = NULL;
    assert_int_equal(store_open("postgresql://u:secret@/x?host=/nonexistent&password=hidden",
                                STORE_READ_WRITE, &db, &e),
                     ERR_IO);
    assert_null(strstr(e.text, "secret"));
    assert_null(strstr(e.text, "hidden"));
    assert_non_null(strstr(e.text, "postgresql://u:***@/x?host=/nonexistent&password=***"));
}

#define BOTH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_values_come_back_as_they_went),
        BOTH(test_null_first_and_a_number_later),
        BOTH(test_the_same_text_nested_is_a_second_statement),
        BOTH(test_law_2_after_an_error_only_rollback),
        BOTH(test_law_2_nothing_is_written_outside_a_transaction),
        BOTH(test_checks_and_append_only_are_rules),
        BOTH(test_wrong_text_and_wrong_sql_are_input),
        BOTH(test_changed_counts_conditional_updates),
        BOTH(test_law_6_scope_is_in_the_statement),
        BOTH(test_ids8_pads),
        BOTH(test_ids_rise_and_survive_the_process),
        BOTH(test_ids_before_the_epoch),
        BOTH(test_store_write_does_the_whole_again),
        BOTH(test_readers_see_a_snapshot),
        BOTH(test_bulk_by_key_small_and_large),
        BOTH(test_bulk_bytes_and_texts),
        BOTH(test_law_5_migrations),
        BOTH(test_two_openings_one_store),
        BOTH(test_bytes_sort_as_bytes),
        BOTH(test_a_lost_connection),
        BOTH(test_passwords_are_not_shown),
        cmocka_unit_test(test_opening_what_is_not_there),
    };
    int bad = cmocka_run_group_tests_name("store on SQLite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        bad += cmocka_run_group_tests_name("store on PostgreSQL", tests, NULL, NULL);
    }
    return bad;
}
