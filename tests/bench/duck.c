/* duck.c - the analytical peer: the same month in DuckDB, 96 columns a point and day (bench.h). */
#include "bench/bench.h"
#include "base/json.h"
#include <unistd.h>

#define OUT_BYTES 65536
#define ROW_BYTES 2048

static char *put_number(char *at, uint64_t v)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    while (n > 0) {
        *at++ = digits[--n];
    }
    return at;
}

static void fleet_csv(const struct blocks *b, const char *file)
{
    static int64_t value[POINT_READINGS];
    char row[ROW_BYTES];
    FILE *f = fopen(file, "w");
    check(f != NULL);
    for (size_t p = 0; p < b->n; p++) {
        blocks_values(b, p, value, NULL);
        for (int d = 0; d < MONTH_DAYS; d++) {
            char *at = put_number(row, p);
            *at++ = ',';
            at = put_number(at, (uint64_t)day_kind(day_add(month_first(MONTH), d)));
            for (int k = 0; k < SLOTS; k++) {
                *at++ = ',';
                at = put_number(at, (uint64_t)value[d * SLOTS + k]);
            }
            *at++ = '\n';
            check(fwrite(row, 1, (size_t)(at - row), f) == (size_t)(at - row));
        }
    }
    check(fclose(f) == 0);
}

static void periods_json(const char *file)
{
    FILE *f = fopen(file, "w");
    check(f != NULL);
    for (int m = 0; m < 2; m++) {
        fprintf(f, "%s", m == 0 ? "[[" : ",[");
        for (int k = 0; k < SLOTS; k++) {
            fprintf(f, "%s%d", k > 0 ? "," : "", day_periods[m][k]);
        }
        fprintf(f, "]");
    }
    fprintf(f, "]\n");
    check(fclose(f) == 0);
}

/* What duckdb.js makes of its rows: the sum of each period, and all sums mixed in order. */
static bool results_agree(const struct estate *s, struct json doc)
{
    uint64_t mixed = 0;
    int64_t totals[PERIODS] = { 0 }, theirs;
    struct str text;
    char ours[32];
    bool same = true;
    for (size_t p = 0; p < s->n; p++) {
        for (int k = 0; k < PERIODS; k++) {
            totals[k] += s->totals[p].sums[k];
            mixed = mixed * 31 + (uint64_t)s->totals[p].sums[k];
        }
    }
    for (int k = 0; k < PERIODS; k++) {
        DO(json_scaled(json_at(json_get(doc, "totals"), (size_t)k), 0, &theirs, e));
        same = same && theirs == totals[k];
    }
    DO(json_need_str(doc, "mixed", &text, e));
    snprintf(ours, sizeof(ours), "%llu", (unsigned long long)mixed);
    return same && str_is(text, ours);
}

bool duck_ask(struct estate *s, const struct blocks *b, const char *script, const char *dir,
              struct duck *out)
{
    char csv[600], periods[600];
    char *bytes = arena_alloc(s->a, OUT_BYTES);
    snprintf(csv, sizeof(csv), "%s/fleet.csv", dir);
    snprintf(periods, sizeof(periods), "%s/periods.json", dir);
    fleet_csv(b, csv);
    periods_json(periods);
    char *argv[] = { "node", (char *)(uintptr_t)script, csv, periods, NULL };
    bool well = run_program(argv, bytes, OUT_BYTES);
    unlink(csv);
    if (!well) {
        line_note("DuckDB did not answer: its lines are left out");
        return false;
    }
    struct json doc;
    int64_t rows;
    DO(json_parse(s->a, str_of(bytes), "duckdb.js", &doc, e));
    DO(json_need_int(doc, "cpu_us", &out->best_us, e));
    DO(json_need_int(doc, "columns_cpu_us", &out->columns_us, e));
    DO(json_need_int(doc, "file_cpu_us", &out->file_us, e));
    DO(json_need_int(doc, "first_cpu_us", &out->first_us, e));
    DO(json_need_int(doc, "rows", &rows, e));
    out->same = rows == (int64_t)s->n && results_agree(s, doc);
    return true;
}
