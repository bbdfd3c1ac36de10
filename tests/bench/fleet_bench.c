/* fleet_bench.c - the performance table: the reference fleet's month and its peers.
 *
 *   fleet_bench CONTRACTS DIR      SK_DUCKDB names duckdb.js, or is empty
 * Makes the fleet in SQLite stores below DIR (about 1 GB for 15,000 contracts, removed by the
 * caller), measures each workload beside its peer and prints one table. `fleet_bench --settle STORE
 * WORKERS` is what it calls itself to settle in a process of its own.
 */
#include "bench/bench.h"
#include <unistd.h>

#define ROUNDS 3
#define PEAK_KB (300 * 1000) /* the goal: 300 MB */

struct bench {
    const char *dir;
    int32_t contracts;
    char fleet[500], empty[500], open[500], sealed[500];
};

static int64_t readings_of(const struct estate *s)
{
    return (int64_t)s->n * POINT_READINGS;
}

static void sizes(const struct estate *s, const char *what, const char *table, int64_t goal_e3)
{
    char text[100];
    int64_t pages, blobs;
    estate_bytes(s, table, &pages, &blobs);
    snprintf(text, sizeof(text), "stored, %s, pages of the file", what);
    line_figure(text, pages * 1000 / readings_of(s), "byte/reading", goal_e3, true);
    line_note("    blobs alone 0.%03lld", (long long)(blobs * 1000 / readings_of(s)));
}

static void against_duck(struct estate *s, const struct duck *duck, struct cost sealed,
                         struct cost open)
{
    (void)s;
    line_ratio("settlement sums, sealed months", sealed, "DuckDB, best form", duck->best_us, 2000);
    line_ratio("    the same", sealed, "DuckDB, sum of each column", duck->columns_us, 2000);
    line_ratio("settlement sums, day chunks", open, "DuckDB, best form", duck->best_us, 1200);
    line_ratio("    the same", open, "DuckDB, sum of each column", duck->columns_us, 1200);
    line_note("    %s", duck->same ? "same result" : "RESULTS DIFFER");
}

/* The fleet once without readings, once with an open month, once sealed. */
static void stores_make(struct bench *b, struct estate *s, struct cost *open)
{
    struct cost start = cost_now();
    estate_make(s, b->fleet, b->contracts);
    line_note("fleet of %d contracts, %zu points, %lld readings of 30 days", b->contracts, s->n,
              (long long)readings_of(s));
    estate_close(s);
    copy_dir(b->fleet, b->empty);
    estate_open(s, b->fleet, b->contracts, true);
    estate_load(s);
    struct cost c = cost_since(start);
    line_note("made and loaded as day chunks in %lld s CPU", (long long)(c.cpu_us / 1000000));
    *open = estate_totals(s, s->n, ROUNDS);
    sizes(s, "hot (day chunks)", "day_chunk", 850);
    estate_close(s);
    copy_dir(b->fleet, b->open);
    estate_open(s, b->fleet, b->contracts, true);
    start = cost_now();
    estate_seal(s);
    line_note("sealed in %lld s CPU", (long long)(cost_since(start).cpu_us / 1000000));
    sizes(s, "sealed months", "month_block", 850);
    estate_close(s);
    copy_dir(b->fleet, b->sealed);
    estate_open(s, b->fleet, b->contracts, false);
}

static void sums(struct bench *b, const char *script)
{
    struct estate s;
    struct cost open;
    struct blocks blocks;
    struct duck duck;
    bool same = false;
    stores_make(b, &s, &open);
    struct cost sealed = estate_totals(&s, s.n, ROUNDS);
    uint64_t hash = totals_hash(s.totals, s.n);
    blocks_load(&s, &blocks);
    if (script && *script && duck_ask(&s, &blocks, script, b->dir, &duck)) {
        against_duck(&s, &duck, sealed, open);
    }
    int64_t pg = postgres_ask(&s, &blocks, &same);
    if (pg >= 0) {
        line_ratio("settlement sums, sealed months", sealed, "PostgreSQL rows, 1/20 x 20", pg,
                   50000);
        line_note("    %s", same ? "same result" : "RESULTS DIFFER");
    } else {
        line_note("PostgreSQL is not installed: its line is left out");
    }
    struct cost memory = blocks_totals(&s, &blocks, ROUNDS);
    check(totals_hash(s.totals, s.n) == hash);
    line_ratio_at_most("settlement sums, sealed months", sealed, "same blocks in memory",
                       memory.cpu_us, 250);
    blocks_against_raw(&blocks);
    blocks_free(&blocks);
    estate_close(&s);
}

static void whole_run(struct bench *b)
{
    char dir[600], bare[600];
    struct estate s;
    struct blocks blocks;
    int64_t rows;
    snprintf(dir, sizeof(dir), "%s/run", b->dir);
    snprintf(bare, sizeof(bare), "%s/bare", b->dir);
    copy_dir(b->sealed, dir);
    struct run_figures one = run_settle(dir, 1);
    estate_open(&s, b->sealed, b->contracts, false);
    blocks_load(&s, &blocks);
    int64_t decode = blocks_totals(&s, &blocks, 1).cpu_us;
    blocks_free(&blocks);
    estate_close(&s);
    int64_t insert = bare_inserts(dir, bare, b->contracts, &rows);
    line_ratio_at_most("whole run: read, strategies, statements, commit", one.cost,
                       "decode + bare inserts", decode + insert, 200);
    line_note(
        "    %lld statements, %lld held, %lld refused; %lld rows; decode %lld ms, bare inserts "
        "%lld ms",
        (long long)one.written, (long long)one.held, (long long)one.refused, (long long)rows,
        (long long)(decode / 1000), (long long)(insert / 1000));
    remove_dir(dir);
    remove_dir(bare);
    copy_dir(b->sealed, dir);
    struct run_figures all = run_settle(dir, 0);
    line_note("    on all cores: CPU %lld ms, wall %lld ms", (long long)(all.cost.cpu_us / 1000),
              (long long)(all.cost.wall_us / 1000));
    line_figure("peak memory of settling the month, all cores", all.peak_kb, "MB", PEAK_KB, true);
    remove_dir(dir);
}

static void intake(struct bench *b)
{
    struct estate s;
    estate_open(&s, b->open, b->contracts, true);
    intake_against_rows(&s, b->dir);
    estate_close(&s);
    remove_dir(b->open);
    estate_open(&s, b->empty, b->contracts, true);
    import_csv(&s, b->dir);
    estate_close(&s);
    remove_dir(b->empty);
}

static void archive(struct bench *b)
{
    struct estate s;
    int64_t n;
    estate_open(&s, b->fleet, b->contracts, true);
    struct cost sealed = estate_totals(&s, s.n, 1);
    uint64_t hash = totals_hash(s.totals, s.n);
    struct cost start = cost_now();
    DO(reading_archive(s.db, (struct month){ MONTH.yyyymm + 1 }, (int64_t)s.n, &n, e));
    struct cost c = cost_since(start);
    check(n > 0);
    sizes(&s, "archive", "month_block", 450);
    struct cost packed = estate_totals(&s, s.n, ROUNDS);
    check(totals_hash(s.totals, s.n) == hash);
    line_note(
        "    archived at %lld M readings/s; sums from it %lld M/s, sealed %lld M/s; same sums",
        (long long)(readings_of(&s) / c.cpu_us), (long long)(readings_of(&s) / packed.cpu_us),
        (long long)(readings_of(&s) / sealed.cpu_us));
    estate_close(&s);
}

/* Cost per point from a twentieth of the fleet to five times it. */
static void growth(struct bench *b)
{
    static const int32_t points[] = { 1500, 15000, 150000 };
    char dir[600];
    snprintf(dir, sizeof(dir), "%s/grow", b->dir);
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct estate s;
        int32_t contracts = points[i] / 2;
        if (contracts > 5 * b->contracts) {
            line_note("%d points are left out for a fleet of %d contracts", points[i],
                      b->contracts);
            continue;
        }
        estate_make(&s, dir, contracts);
        estate_load(&s);
        estate_seal(&s);
        estate_close(&s);
        estate_open(&s, dir, contracts, false);
        struct cost sums = estate_totals(&s, s.n, ROUNDS);
        estate_close(&s);
        struct run_figures run = run_settle(dir, 1);
        line_note(
            "%6d points: sums %lld ns per point, whole run %lld us per statement, peak %lld MB",
            points[i], (long long)(sums.cpu_us * 1000 / points[i]),
            (long long)(run.cost.cpu_us / contracts), (long long)(run.peak_kb / 1000));
        remove_dir(dir);
    }
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--settle") == 0) {
        return run_child(argv[2], (int)strtol(argv[3], NULL, 10));
    }
    if (argc != 3) {
        fprintf(stderr, "usage: fleet_bench CONTRACTS DIR\n");
        return 2;
    }
    struct bench b = { .dir = argv[2], .contracts = (int32_t)strtol(argv[1], NULL, 10) };
    snprintf(b.fleet, sizeof(b.fleet), "%s/fleet", b.dir);
    snprintf(b.empty, sizeof(b.empty), "%s/empty", b.dir);
    snprintf(b.open, sizeof(b.open), "%s/open", b.dir);
    snprintf(b.sealed, sizeof(b.sealed), "%s/sealed", b.dir);
    check_that(b.contracts >= PG_SHARE && b.contracts <= SIM_FLEET_REFERENCE,
               "%d contracts: %d to %d", b.contracts, PG_SHARE, SIM_FLEET_REFERENCE);
    sums(&b, getenv("SK_DUCKDB"));
    whole_run(&b);
    intake(&b);
    archive(&b);
    growth(&b);
    lines_print();
    return 0;
}
