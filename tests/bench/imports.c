/* imports.c - a CSV of the fleet's days, parsed, validated and journalled (bench.h). */
#include "bench/bench.h"
#include "ingest/ingest.h"
#include <unistd.h>

#define POINT_DAYS 20000

static enum err_code find(void *ctx, struct str name, int64_t *id, struct err *e)
{
    const struct estate *s = ctx;
    size_t at = 0;
    for (size_t i = 1; i < name.n; i++) {
        at = at * 10 + (size_t)(name.at[i] - '0');
    }
    if (at >= s->n) {
        return fail(e, ERR_NOT_FOUND, "no such point");
    }
    *id = s->ids[at];
    return OK;
}

static void days_csv(const struct estate *s, const char *file)
{
    int64_t e4[SLOTS], quantum;
    uint8_t mark[SLOTS];
    FILE *f = fopen(file, "w");
    check(f != NULL);
    fprintf(f, "meter,date");
    for (int k = 1; k <= SLOTS; k++) {
        fprintf(f, ",%02d:%02d", k / 4, k % 4 * 15);
    }
    for (int i = 0; i < POINT_DAYS; i++) {
        size_t p = (size_t)i % s->n;
        struct day day = day_add(month_first(MONTH), i / (int)s->n);
        sim_fleet_day(&s->fleet, (int32_t)p, day, e4, mark, &quantum);
        fprintf(f, "\nP%zu,%04d-%02d-%02d", p, day.yyyymmdd / 10000, day.yyyymmdd / 100 % 100,
                day.yyyymmdd % 100);
        for (int k = 0; k < SLOTS; k++) {
            fprintf(f, ",%lld.%02lld", (long long)(e4[k] / 10000),
                    (long long)(e4[k] % 10000 / 100));
        }
    }
    fprintf(f, "\n");
    check(fclose(f) == 0);
}

void import_csv(struct estate *empty, const char *dir)
{
    char file[600];
    struct mapping *m;
    struct ingest_result r;
    snprintf(file, sizeof(file), "%s/days.csv", dir);
    days_csv(empty, file);
    DO(mapping_load(empty->a, "data/mappings/wide_96.json", &m, e));
    struct ingest_store into = { .db = empty->db, .points = empty->points, .now = NOW };
    struct ingest_job job = { .file = file,
                              .mapping = m,
                              .points = { find, empty },
                              .sink = ingest_store_sink(&into),
                              .now = NOW };
    struct cost start = cost_now();
    DO(ingest_file(empty->a, &job, &r, e));
    struct cost c = cost_since(start);
    unlink(file);
    check(r.refused == 0 && r.taken == (int64_t)POINT_DAYS * SLOTS);
    line_figure("CSV import: parsed, validated, journalled", r.values * 1000 / c.cpu_us,
                "M values/s", 1500, false);
}
