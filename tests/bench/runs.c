/* runs.c - a whole settlement in a process of its own, so that its memory can be told (bench.h). */
#include "bench/bench.h"
#include "statement/statement.h"

static int64_t peak_kb(void)
{
    char line[256];
    int64_t kb = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kb = strtoll(line + 6, NULL, 10);
        }
    }
    if (f) {
        fclose(f);
    }
    return kb;
}

int run_child(const char *dir, int workers)
{
    struct db *db;
    struct settle_progress p;
    struct day from = month_first(MONTH);
    struct statement_batch b = { .period = { from, day_add(from, MONTH_DAYS) },
                                 .now = NOW,
                                 .workers = workers };
    struct cost start = cost_now();
    DO(store_open(dir, STORE_READ_WRITE, &db, e));
    DO(statement_run(db, &b, &p, e));
    store_close(db);
    struct cost c = cost_since(start);
    printf("cpu=%lld wall=%lld peak=%lld written=%lld held=%lld refused=%lld\n",
           (long long)c.cpu_us, (long long)c.wall_us, (long long)peak_kb(),
           (long long)p.by_outcome[SETTLE_WRITTEN], (long long)p.held,
           (long long)p.by_outcome[SETTLE_REFUSED]);
    return 0;
}

struct run_figures run_settle(const char *dir, int workers)
{
    char number[16], out[1024];
    char *argv[] = { "/proc/self/exe", "--settle", (char *)(uintptr_t)dir, number, NULL };
    snprintf(number, sizeof(number), "%d", workers);
    check_that(run_program(argv, out, sizeof(out)), "settling failed: %s", out);
    return (struct run_figures){ { field(out, "cpu"), field(out, "wall") },
                                 field(out, "peak"),
                                 field(out, "written"),
                                 field(out, "held"),
                                 field(out, "refused") };
}
