/* store_test.c - files into the reading room, on both engines: what is kept, what is reported, and
 * that twice is once.
 */
#include "ingest/estate.h"
#include "support/pg.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/test.h"

static char dir[128], csv[160], report[160];

static void write_csv(const char *text)
{
    int fd = open(csv, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static struct ingest_result import(struct db *db, const char *text)
{
    struct arena *a = arena_new();
    struct ingest_result r;
    struct err e;
    write_csv(text);
    assert_ok(estate_import(db, a, csv, report, NULL, &r, &e), &e);
    arena_free(a);
    return r;
}

static int64_t value(struct db *db, const char *point, int slot)
{
    struct arena *a = arena_new();
    struct reading_points *points;
    struct reading_day day;
    struct err e;
    assert_ok(reading_points_load(db, scope_machine(), a, &points, &e), &e);
    assert_ok(reading_values(db, points, estate_point(db, a, point), (struct day){ 20250101 }, 1,
                             &day, &e),
              &e);
    arena_free(a);
    return day.mark[slot] == MARK_MISSING ? -1 : day.value[slot];
}

static void import_and_again(const char *where)
{
    struct db *db;
    char text[512] = "";
    static const char *const first = "m,t,v\n"
                                     "A,2025-01-01T00:00,1.5\n"
                                     "C,2025-01-01T00:00,7\n"
                                     "E,2025-01-01T00:00,9\n"
                                     "A,2025-01-01T00:15,-1\n"
                                     "A,2025-01-01T00:30,2.5\n";
    estate_open(where, &db);
    struct ingest_result r = import(db, first);
    assert_int_equal(r.taken, 3);
    assert_int_equal(r.by_code[E_POINT_UNKNOWN], 1);
    assert_int_equal(r.by_code[E_RANGE], 1);
    assert_int_equal(value(db, "A", 0), 15000);
    assert_int_equal(value(db, "A", 1), -1);
    assert_int_equal(value(db, "A", 2), 25000);
    assert_int_equal(value(db, "C", 0), 70000);
    r = import(db, first);
    assert_true(r.unchanged);
    assert_int_equal(r.taken, 0);
    /* Another file: one value as before, one that disagrees, one new. */
    r = import(db, "m,t,v\nA,2025-01-01T00:00,1.5\nC,2025-01-01T00:00,8\nD,2025-01-01T00:00,4\n");
    assert_int_equal(r.dup, 1);
    assert_int_equal(r.by_code[E_CONFLICT], 1);
    assert_int_equal(r.taken, 1);
    assert_int_equal(value(db, "C", 0), -1); /* two values of one rank: neither is settled */
    int fd = open(report, O_RDONLY);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    assert_string_equal(text, "line,column,code,text,raw\n"
                              "3,3,E_CONFLICT,\"another value of the same rank stands "
                              "there: neither is settled until `reading edit` decides\","
                              "\"80000 e-4\"\n");
    store_close(db);
}

static void test_sqlite(void **state)
{
    (void)state;
    char where[160], cmd[200];
    snprintf(where, sizeof where, "%s/store", dir);
    import_and_again(where);
    snprintf(cmd, sizeof cmd, "rm -rf %s", where);
    assert_int_equal(system(cmd), 0);
}

static void test_postgres(void **state)
{
    (void)state;
    char where[512];
    if (!pg_installed()) {
        skip();
    }
    pg_new_url(where, sizeof where);
    import_and_again(where);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/store-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    snprintf(csv, sizeof csv, "%s/in.csv", dir);
    snprintf(report, sizeof report, "%s/report.csv", dir);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_sqlite),
                                        cmocka_unit_test(test_postgres) };
    int failed = cmocka_run_group_tests_name("import into a store", tests, NULL, NULL);
    unlink(csv);
    unlink(report);
    rmdir(dir);
    return failed;
}
