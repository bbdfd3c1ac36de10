/* fleet_bench.c - the performance table: the reference fleet's month and its peers.
 *
 *   fleet_bench CONTRACTS DIR [PART...]      SK_DUCKDB names duckdb.js, or is empty
 * Makes the fleet in SQLite stores below DIR (about 1 GB for 15,000 contracts, removed by the
 * caller), measures each workload beside its peer and prints one table; PARTs (sums, run, intake,
 * archive, growth) leave out the others. `fleet_bench --settle STORE
 * WORKERS` is what it calls itself to settle in a process of its own.
 */
#include "bench/bench.h"
#include <unistd.h>

#define ROUNDS 3
#define PEAK_KB (300 * 1000) /* the goal: 300 MB */

struct bench {
    const char *dir;
    int32_t contracts;
    char **parts; /* NULL-ended; none: all */
    char fleet[500], empty[500], open[500], sealed[500];
};

static bool wanted(const struct bench *b, const char *part)
{
    bool found = b->parts[0] == NULL;
    for (char **p = b->parts; *p != NULL; p++) {
        found = found || strcmp(*p, part) == 0;
    }
    return found;
}

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

static void against_duck(const struct duck *d, const char *what, struct cost ours, int64_t goal_e2)
{
    line_ratio(what, ours, "DuckDB, as first written", d->first_us, goal_e2);
    line_ratio("    the same", ours, "DuckDB, best form found", d->best_us, goal_e2);
    line_ratio("    the same", ours, "DuckDB in a file, best form", d->file_us, goal_e2);
    line_ratio("    the same", ours, "DuckDB, each column by itself", d->columns_us, goal_e2);
    line_note("    %s", d->same ? "same result" : "RESULTS DIFFER");
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

static void sums(struct bench *b, struct estate *of, struct cost open, const char *script)
{
    struct estate s = *of;
    struct blocks blocks;
    struct duck duck;
    struct pg_rows pg;
    struct cost sealed = estate_totals(&s, s.n, ROUNDS);
    uint64_t hash = totals_hash(s.totals, s.n);
    blocks_load(&s, &blocks);
    if (script && *script && duck_ask(&s, &blocks, script, b->dir, &duck)) {
        against_duck(&duck, "settlement sums, sealed months", sealed, 2000);
        against_duck(&duck, "settlement sums, day chunks", open, 1200);
    }
    if (postgres_ask(&s, &blocks, &pg)) {
        line_ratio("settlement sums, sealed months", sealed,
                   "PostgreSQL, as first written, 1/20 x 20", pg.first_us, 50000);
        line_ratio("    the same", sealed, "PostgreSQL, best form found, 1/20 x 20", pg.plain_us,
                   50000);
        line_ratio("    the same", sealed, "PostgreSQL, narrowest rows, 1/20 x 20", pg.narrow_us,
                   50000);
        line_note("    %s", pg.same ? "same result" : "RESULTS DIFFER");
    } else {
        line_note("PostgreSQL is not installed: its line is left out");
    }
    struct cost memory = blocks_totals(&s, &blocks, ROUNDS);
    check(totals_hash(s.totals, s.n) == hash);
    line_ratio_at_most("settlement sums, sealed months", sealed, "same blocks in memory",
                       memory.cpu_us, 250);
    blocks_against_raw(&blocks);
    blocks_free(&blocks);
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
    if (argc < 3) {
        fprintf(stderr, "usage: fleet_bench CONTRACTS DIR [sums|run|intake|archive|growth]...\n");
        return 2;
    }
    struct bench b = { .dir = argv[2],
                       .contracts = (int32_t)strtol(argv[1], NULL, 10),
                       .parts = argv + 3 };
    struct estate s;
    struct cost open;
    snprintf(b.fleet, sizeof(b.fleet), "%s/fleet", b.dir);
    snprintf(b.empty, sizeof(b.empty), "%s/empty", b.dir);
    snprintf(b.open, sizeof(b.open), "%s/open", b.dir);
    snprintf(b.sealed, sizeof(b.sealed), "%s/sealed", b.dir);
    check_that(b.contracts >= PG_SHARE && b.contracts <= SIM_FLEET_REFERENCE,
               "%d contracts: %d to %d", b.contracts, PG_SHARE, SIM_FLEET_REFERENCE);
    stores_make(&b, &s, &open);
    if (wanted(&b, "sums")) {
        sums(&b, &s, open, getenv("SK_DUCKDB"));
    }
    estate_close(&s);
    if (wanted(&b, "run")) {
        whole_run(&b);
    }
    if (wanted(&b, "intake")) {
        intake(&b);
    }
    if (wanted(&b, "archive")) {
        archive(&b);
    }
    if (wanted(&b, "growth")) {
        growth(&b);
    }
    lines_print();
    return 0;
}
