/* fault_test.c - the N-th write fails, for every N of a small day, in each way: nothing that was
 * answered OK is lost, nothing is half there, and the next opening finds a sound file (D1, law 3).
 */
#include "base/test.h"
#include "store/rows.h"
#include "store/store.h"
#include "support/pg.h"
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW ((struct instant){ 1772417700000LL })
#define DAYS 6
#define FACTS 3
#define CHUNKS 40

static const struct store_migrations room = {
    "demo", "-- migration 1 core\n"
            "create table fact (day {i64} not null, n {i64} not null, primary key (day, n)) "
            "{strict};\n"
            "-- migration 2 series\n"
            "create table chunk (day {i64} not null, n {i64} not null, bytes {bytes}, "
            "primary key (day, n)) {strict};\n"
};

enum fate { FATE_NOT_TRIED, FATE_KEPT, FATE_LOST, FATE_UNKNOWN };
struct day_work {
    enum fate core, series;
};

static enum err_code add_facts(struct db *db, void *ctx, struct err *e)
{
    for (int64_t n = 0; n < FACTS; n++) {
        struct rows *r;
        if (rows_open(db, STORE_CORE, "insert into fact (day, n) values ($1, $2)", &r, e) != OK) {
            return e->code;
        }
        rows_int(r, 1, *(int64_t *)ctx);
        rows_int(r, 2, n);
        if (rows_run(r, NULL, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

struct chunks {
    int64_t day, n;
    char bytes[3000];
};

static bool next_chunk(void *ctx, struct bulk_value *v)
{
    struct chunks *c = ctx;
    v[0].i = c->day;
    v[1].i = c->n;
    v[2].s = (struct str){ c->bytes, sizeof(c->bytes) };
    return c->n++ < CHUNKS;
}

static enum err_code add_chunks(struct db *db, void *ctx, struct err *e)
{
    static const struct bulk_column columns[] = { { "day", BULK_INT, true },
                                                  { "n", BULK_INT, true },
                                                  { "bytes", BULK_BYTES, false } };
    static const struct bulk_table table = { STORE_SERIES, "chunk", columns, 3, BULK_FAIL };
    struct chunks c = { .day = *(int64_t *)ctx };
    memset(c.bytes, 'x', sizeof(c.bytes));
    return store_bulk(db, &table, next_chunk, &c, NULL, e);
}

static enum fate fate_of(enum err_code code, const struct err *e)
{
    if (code == OK) {
        return FATE_KEPT;
    }
    if (code != ERR_IO && code != ERR_FULL && code != ERR_UNKNOWN && code != ERR_CORRUPT) {
        fail_msg("%s: %s", err_word(code), e->text);
    }
    return code == ERR_UNKNOWN ? FATE_UNKNOWN : FATE_LOST;
}

/* A small day's work under the fault that the environment names. */
static void work(const char *where, struct day_work *done)
{
    struct db *db;
    struct err e;
    enum err_code code = store_open(where, STORE_READ_WRITE, &db, &e);
    if (code != OK) {
        fate_of(code, &e);
        return;
    }
    for (int64_t day = 0; day < DAYS; day++) {
        code = store_write(db, STORE_SERIES, add_chunks, &day, &e);
        done[day].series = fate_of(code, &e);
        code = store_write(db, STORE_CORE, add_facts, &day, &e);
        done[day].core = fate_of(code, &e);
    }
    store_close(db);
}

static int64_t count(struct db *db, enum store_part part, const char *sql, int64_t day)
{
    struct err e;
    struct rows *r;
    assert_ok(rows_open(db, part, sql, &r, &e), &e);
    rows_int(r, 1, day);
    int64_t n = rows_next(r, &e) ? rows_get_int(r, 0) : -1;
    assert_ok(rows_close(r, &e), &e);
    return n;
}

static void must_be(enum fate fate, int64_t n, int64_t whole)
{
    assert_true(n == 0 || n == whole);
    assert_true(fate != FATE_KEPT || n == whole);
    assert_true((fate != FATE_LOST && fate != FATE_NOT_TRIED) || n == 0);
}

static void check_after(const char *where, const struct day_work *done)
{
    struct db *db;
    struct err e;
    assert_ok(store_open(where, STORE_READ_WRITE, &db, &e), &e);
    for (int64_t day = 0; day < DAYS; day++) {
        must_be(done[day].core,
                count(db, STORE_CORE, "select count(*) from fact where day = $1", day), FACTS);
        must_be(done[day].series,
                count(db, STORE_SERIES, "select count(*) from chunk where day = $1", day), CHUNKS);
    }
    for (int part = 0; part < 2; part++) {
        struct rows *r;
        assert_ok(rows_open(db, (enum store_part)part,
                            "select integrity_check from pragma_integrity_check", &r, &e),
                  &e);
        assert_true(rows_next(r, &e));
        assert_true(str_is(rows_get_str(r, 0), "ok"));
        assert_ok(rows_close(r, &e), &e);
    }
    store_close(db);
}

static void remove_store(const char *where)
{
    static const char *const names[] = { "core.db",   "core.db-wal",   "core.db-shm",
                                         "series.db", "series.db-wal", "series.db-shm" };
    for (int i = 0; i < 6; i++) {
        char path[300];
        snprintf(path, sizeof(path), "%s/%s", where, names[i]);
        unlink(path);
    }
}

static void make_store(const char *where)
{
    struct db *db;
    struct err e;
    remove_store(where);
    assert_ok(store_open(where, STORE_CREATE, &db, &e), &e);
    assert_ok(store_migrate(db, &room, 1, NOW, &e), &e);
    store_close(db);
}

static void every_write_fails(const char *kind)
{
    char where[256], setting[64];
    int kept_all = 0;
    temp_dir(where, sizeof(where));
    /* Every N; sanitized, where a run costs several times as much, every seventh. */
    int step = getenv("SK_SAN") ? 7 : 1;
    for (int n = 1; !kept_all; n += step) {
        struct day_work done[DAYS] = { 0 };
        make_store(where);
        snprintf(setting, sizeof(setting), "%d:%s", n, kind);
        setenv("SK_FAULT", setting, 1);
        work(where, done);
        kept_all = store_file_writes() < (uint64_t)n;
        unsetenv("SK_FAULT");
        check_after(where, done);
        assert_true(n < 5000);
    }
    assert_true(store_file_writes() > 100); /* the shim was there */
}

static void test_eio_once(void **state)
{
    (void)state;
    every_write_fails("eio");
}

static void test_eio_for_good(void **state)
{
    (void)state;
    every_write_fails("eio:for_good");
}

static void test_full_for_good(void **state)
{
    (void)state;
    every_write_fails("full:for_good");
}

static void test_torn_once(void **state)
{
    (void)state;
    every_write_fails("torn");
}

static void test_a_full_disk_says_so(void **state)
{
    (void)state;
    char where[256];
    struct db *db;
    struct err e;
    int64_t day = 1;
    temp_dir(where, sizeof(where));
    make_store(where);
    setenv("SK_FAULT", "3:full:for_good", 1);
    assert_ok(store_open(where, STORE_READ_WRITE, &db, &e), &e);
    assert_int_equal(store_write(db, STORE_CORE, add_facts, &day, &e), ERR_FULL);
    assert_string_equal(e.text, "core: commit: no space left on the disk of the store: free some, "
                                "then go on");
    unsetenv("SK_FAULT");
    store_close(db);
    setenv("SK_FAULT", "2:odd", 1);
    assert_int_equal(store_open(where, STORE_READ_WRITE, &db, &e), ERR_INPUT);
    unsetenv("SK_FAULT");
}

/* As a user who may only read; 0 when all is as it should be. */
static int read_only_user(const char *where)
{
    struct db *db;
    struct err e;
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
        return 10;
    }
    if (store_open(where, STORE_READ_WRITE, &db, &e) != ERR_READ_ONLY ||
        !strstr(e.text, "Permission denied")) {
        return 11;
    }
    if (store_open(where, STORE_READ_ONLY, &db, &e) != OK) {
        return 12;
    }
    struct rows *r;
    if (rows_open(db, STORE_CORE, "select count(*) from fact", &r, &e) != OK || !rows_next(r, &e) ||
        rows_get_int(r, 0) != FACTS || rows_close(r, &e) != OK) {
        return 13;
    }
    return store_begin(db, STORE_CORE, STORE_WRITE, &e) == ERR_READ_ONLY ? 0 : 14;
}

static void test_a_store_that_cannot_be_written(void **state)
{
    (void)state;
    char where[256], path[300];
    struct db *db;
    struct err e;
    int64_t day = 1;
    temp_dir(where, sizeof(where));
    make_store(where);
    assert_ok(store_open(where, STORE_READ_WRITE, &db, &e), &e);
    assert_ok(store_write(db, STORE_CORE, add_facts, &day, &e), &e);
    store_close(db);
    static const char *const names[] = { "core.db", "series.db", "lock" };
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", where, names[i]);
        chmod(path, 0444);
    }
    chmod(where, 0555);
    pid_t child = fork();
    if (child == 0) {
        _exit(read_only_user(where));
    }
    int status;
    waitpid(child, &status, 0);
    chmod(where, 0755);
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio_once),
        cmocka_unit_test(test_eio_for_good),
        cmocka_unit_test(test_full_for_good),
        cmocka_unit_test(test_torn_once),
        cmocka_unit_test(test_a_full_disk_says_so),
        cmocka_unit_test(test_a_store_that_cannot_be_written),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
