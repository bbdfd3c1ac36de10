/* csv_bench.c - values of a CSV file per second of CPU: parsed, validated, and (with a store)
 * journalled by the reading room.
 */
#include "ingest/ingest.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define ROWS_NARROW 350400 /* ten years of one point */
#define ROWS_WIDE 6000     /* point-days of 96 values */

static enum err_code find(void *ctx, struct str name, int64_t *id, struct err *e)
{
    (void)ctx, (void)e;
    *id = 1 + (int64_t)(hash64(name.at, name.n, 1) % 1000);
    return OK;
}

static enum err_code take(void *ctx, struct str source, int64_t id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e)
{
    (void)ctx, (void)source, (void)id, (void)r, (void)e;
    memset(outcome, READING_TAKEN, n);
    *known = false;
    return OK;
}

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void spill(int fd, struct text *t)
{
    check(write(fd, t->at, t->n) == (ssize_t)t->n);
    t->n = 0;
}

static void narrow_rows(int fd, struct text *t)
{
    text_add_c(t, "time,kwh\n");
    int64_t day = day_number((struct day){ 20100101 });
    for (int i = 0; i < ROWS_NARROW; i++) {
        struct day d = day_of_number((int32_t)(day + i / SLOTS));
        text_addf(t, "%04d-%02d-%02dT%02d:%02d:00,%d.%02d\n", d.yyyymmdd / 10000,
                  d.yyyymmdd / 100 % 100, d.yyyymmdd % 100, i % SLOTS / 4, i % 4 * 15, i % 500,
                  i * 31 % 100);
        if (t->n > 60000) {
            spill(fd, t);
        }
    }
}

static void wide_rows(int fd, struct text *t)
{
    text_add_c(t, "meter,date");
    for (int i = 1; i <= SLOTS; i++) {
        text_addf(t, ",%02d:%02d", i / 4, i % 4 * 15);
    }
    for (int i = 0; i < ROWS_WIDE; i++) {
        text_addf(t, "\nM%d,2025-06-%02d", i / 30, 1 + i % 30);
        for (int k = 0; k < SLOTS; k++) {
            text_addf(t, ",%d.%02d", (i + k * 7919) % 500, k * 31 % 100);
        }
        if (t->n > 60000) {
            spill(fd, t);
        }
    }
    text_byte(t, '\n');
}

static void run(const char *what, const char *mapping, void (*rows)(int fd, struct text *t))
{
    char file[] = "/tmp/csv-bench-XXXXXX";
    struct arena *a = arena_new();
    struct mapping *m;
    struct ingest_result r;
    struct err e;
    struct text t;
    int fd = mkstemp(file);
    check(fd >= 0);
    text_init(&t, a, 1u << 20);
    rows(fd, &t);
    spill(fd, &t);
    close(fd);
    check_that(mapping_parse(a, str_of(mapping), "bench", &m, &e) == OK, "%s", e.text);
    struct ingest_job job = { .file = file,
                              .mapping = m,
                              .points = { find, NULL },
                              .sink = { take, NULL },
                              .now = day_start((struct day){ 20260101 }) };
    int64_t before = cpu_us();
    check_that(ingest_file(a, &job, &r, &e) == OK, "%s", e.text);
    int64_t us = cpu_us() - before;
    check_that(r.refused == 0, "%lld refused", (long long)r.refused);
    printf("csv %s: %lld values, %lld bytes, %lld thousand values/s of CPU\n", what,
           (long long)r.values, (long long)r.bytes, (long long)(r.values * 1000 / us));
    unlink(file);
    arena_free(a);
}

int main(void)
{
    run("narrow",
        "{\"schema\":\"sunkeeper.mapping/1\",\"layout\":\"columns\",\"time\":{\"column\":\"time\","
        "\"format\":\"YYYY-MM-DDThh:mm:ss\",\"zone\":\"+08:00\",\"label\":\"start\"},\"values\":[{"
        "\"column\":\"kwh\",\"point\":\"p\",\"unit\":\"kWh\"}]}",
        narrow_rows);
    run("wide",
        "{\"schema\":\"sunkeeper.mapping/1\",\"layout\":\"wide\",\"point_columns\":[\"meter\"],"
        "\"time\":{\"column\":\"date\",\"format\":\"YYYY-MM-DD\",\"zone\":\"+08:00\",\"label\":"
        "\"end\"},"
        "\"slots\":{\"names\":\"hh:mm\"},\"values\":[{\"unit\":\"kWh\"}]}",
        wide_rows);
    return 0;
}
