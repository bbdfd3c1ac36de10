/* real_test.c - the measured files of SUNKEEPER_REAL through their mappings: every row taken, and
 * sums that were made by another program (exact fractions, half away from zero per interval).
 */
#include "ingest/ingest.h"

#include <unistd.h>

#include "base/test.h"

#define POINTS_MAX 16
static int64_t sums[POINTS_MAX];
static int64_t first_ms, last_ms;
static size_t n_names;
static struct str names[POINTS_MAX];

static enum err_code find(void *ctx, struct str name, int64_t *id, struct err *e)
{
    (void)ctx, (void)e;
    assert_true(n_names < POINTS_MAX - 1);
    names[++n_names] = name;
    *id = (int64_t)n_names;
    return OK;
}

static enum err_code take(void *ctx, struct str source, int64_t id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e)
{
    (void)ctx, (void)source, (void)id, (void)e;
    for (size_t i = 0; i < n; i++) {
        sums[r[i].point_id] += r[i].value;
        first_ms = r[i].ts_ms < first_ms ? r[i].ts_ms : first_ms;
        last_ms = r[i].ts_ms > last_ms ? r[i].ts_ms : last_ms;
    }
    memset(outcome, READING_TAKEN, n);
    *known = false;
    return OK;
}

struct expected {
    const char *file, *mapping;
    int64_t rows, values;
    const char *first, *last;
    int64_t sums[3];
};

static void check_file(const char *dir, const struct expected *x)
{
    struct arena *a = arena_new();
    struct mapping *m;
    struct ingest_result r;
    struct err e;
    struct instant first, last;
    memset(sums, 0, sizeof sums);
    n_names = 0;
    first_ms = INT64_MAX;
    last_ms = 0;
    assert_ok(mapping_load(a, arena_printf(a, "data/mappings/%s.json", x->mapping), &m, &e), &e);
    struct ingest_job job = { .file = arena_printf(a, "%s/%s", dir, x->file),
                              .mapping = m,
                              .points = { find, NULL },
                              .sink = { take, NULL },
                              .now = day_start((struct day){ 20260101 }) };
    assert_ok(ingest_file(a, &job, &r, &e), &e);
    assert_int_equal(r.refused, 0);
    assert_int_equal(r.rows, x->rows);
    assert_int_equal(r.values, x->values);
    assert_ok(instant_parse(str_of(x->first), &first, &e), &e);
    assert_ok(instant_parse(str_of(x->last), &last, &e), &e);
    assert_int_equal(first_ms, first.utc_ms);
    assert_int_equal(last_ms, last.utc_ms);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sums[i + 1], x->sums[i]);
    }
    arena_free(a);
}

static void test_measured_files(void **state)
{
    static const struct expected files[] = {
        { "pv_cn/pv_site1_50MW_2019-06.csv",
          "pv_cn_site1",
          2880,
          2880,
          "2019-06-01T00:00:00+08:00",
          "2019-06-30T23:45:00+08:00",
          { 70306169208, 0, 0 } },
        { "pv_cn/pv_site1_50MW_2019.csv.gz",
          "pv_cn_site1",
          35040,
          35040,
          "2019-01-01T00:00:00+08:00",
          "2019-12-31T23:45:00+08:00",
          { 852100802966, 0, 0 } },
        { "pv_cn/pv_site2_130MW_2019-06.csv",
          "pv_cn_site2",
          2880,
          5760,
          "2019-06-01T00:00:00+08:00",
          "2019-06-30T23:45:00+08:00",
          { 155403782056, 737810285, 0 } },
        { "pv_cn/pv_site2_130MW_2019.csv.gz",
          "pv_cn_site2",
          35040,
          70080,
          "2019-01-01T00:00:00+08:00",
          "2019-12-31T23:45:00+08:00",
          { 1730292303397, 10980422022, 0 } },
        { "pv_cn/pv_site3_30MW_2019-06.csv",
          "pv_cn_site3",
          2880,
          5760,
          "2019-06-01T00:00:00+08:00",
          "2019-06-30T23:45:00+08:00",
          { 43915072443, 95560500, 0 } },
        { "pv_cn/pv_site3_30MW_2019.csv.gz",
          "pv_cn_site3",
          35040,
          70080,
          "2019-01-01T00:00:00+08:00",
          "2019-12-31T23:45:00+08:00",
          { 453978042644, 1560672750, 0 } },
        { "industry_kr/steel_2018-03.csv",
          "steel_kr",
          2976,
          8928,
          "2018-03-01T00:00:00+09:00",
          "2018-03-31T23:45:00+09:00",
          { 802304100, 320184800, 127619200 } },
        { "industry_kr/steel_2018-01_to_06.csv.gz",
          "steel_kr",
          17376,
          52128,
          "2018-01-01T00:00:00+09:00",
          "2018-06-30T23:45:00+09:00",
          { 5211997600, 2284360500, 734050700 } },
        { "storage_gb/pumped_storage_2021.csv.gz",
          "storage_gb",
          17520,
          35040,
          "2021-01-01T00:00:00+00:00",
          "2021-12-31T23:45:00+00:00",
          { 19587150000000, 0, 0 } },
    };
    (void)state;
    const char *dir = getenv("SUNKEEPER_REAL");
    if (dir == NULL) {
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        check_file(dir, &files[i]);
    }
}

/* Ten buildings: 8,760 hours each in four quarters. */
static void test_measured_hours_are_split(void **state)
{
    static const struct expected hours = { "tenants_uk/ten_buildings_2022.csv.gz",
                                           "tenants_uk",
                                           8760,
                                           350400,
                                           "2022-01-01T00:00:00+00:00",
                                           "2022-12-31T23:45:00+00:00",
                                           { 1731727000, 300383000, 3069059000 } };
    (void)state;
    const char *dir = getenv("SUNKEEPER_REAL");
    if (dir == NULL) {
        skip();
    }
    int64_t sum = 0;
    check_file(dir, &hours);
    for (int i = 1; i <= 10; i++) {
        sum += sums[i];
    }
    assert_int_equal(sum, 48364877000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_measured_files),
                                        cmocka_unit_test(test_measured_hours_are_split) };
    return cmocka_run_group_tests_name("measured files", tests, NULL, NULL);
}
