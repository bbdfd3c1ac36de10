/* bench.h - what the performance table is made of: clocks, lines, the fleet's store, the peers.
 *
 * A figure of ours and the figure of its peer are measured in one invocation, in CPU seconds of one
 * thread: other work on the machine moves wall time, hardly CPU time. A peer in another process
 * (PostgreSQL's backend, node) is measured by the CPU time of its query alone.
 */
#ifndef SK_TESTS_BENCH_BENCH_H
#define SK_TESTS_BENCH_BENCH_H
#include "base/base.h"
#include "reading/plan.h"
#include "reading/reading_rows.h"
#include "sim/sim.h"
#include "store/store.h"
#include <sqlite3.h>
#include <time.h>

#define MONTH ((struct month){ 202606 })
#define MONTH_DAYS 30
#define POINT_READINGS (MONTH_DAYS * SLOTS)
#define NOW ((struct instant){ 1784000000000LL }) /* 2026-07-14 */
#define PERIODS 5
#define PG_SHARE 20 /* PostgreSQL holds one point in so many; its cost is scaled */

/* ---- bench.c: clocks, the table, processes --------------------------------------------------- */

struct cost {
    int64_t cpu_us, wall_us; /* cpu_us -1: not measured */
};
#define NO_COST ((struct cost){ -1, -1 })
struct cost cost_now(void);
struct cost cost_since(struct cost start);
void cost_best(struct cost *best, struct cost c); /* the least CPU; -1: none yet */

/* What was reached against a goal, both x 100; `at_most`: less is better. */
void line_ratio(const char *work, struct cost ours, const char *peer, int64_t peer_us,
                int64_t goal_e2);
void line_ratio_at_most(const char *work, struct cost ours, const char *peer, int64_t peer_us,
                        int64_t goal_e2);
/* A figure that stands alone: "0.772 byte", reached x 1000. */
void line_figure(const char *work, int64_t reached_e3, const char *unit, int64_t goal_e3,
                 bool at_most);
void line_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void lines_print(void);

/* Runs a program, gives what it printed (cut at `size`); false unless it ended well. */
bool run_program(char *const argv[], char *out, size_t size);
/* A key's number in "key=1 other=2"; stops the program when it is not there. */
int64_t field(const char *text, const char *key);
void copy_dir(const char *from, const char *to);
void remove_dir(const char *dir);
#define DO(call)                                                                                   \
    do {                                                                                           \
        struct err e_ = { 0 };                                                                     \
        struct err *e = &e_;                                                                       \
        enum err_code rc_ = (call);                                                                \
        check_that(rc_ == OK, "%s: %s", #call, e_.text);                                           \
    } while (0)

/* ---- estate.c: the reference fleet in a store --------------------------------------------------
 */

struct estate {
    char dir[400];
    struct sim_fleet fleet;
    struct arena *a;
    struct db *db;
    struct reading_points *points;
    int64_t *ids; /* in place order */
    size_t n;
    struct reading_plan *plan; /* the month by period */
    struct reading_total *totals;
};
/* Makes the store: parties, tariff, strategy, stations, contracts, places; no readings. */
void estate_make(struct estate *s, const char *dir, int32_t contracts);
void estate_open(struct estate *s, const char *dir, int32_t contracts, bool write);
void estate_close(struct estate *s);
/* The month's readings as day chunks, estimated and missing ones marked as such. */
void estate_load(struct estate *s);
void estate_seal(struct estate *s);
/* Sums of all points into s->totals: reading_totals. */
struct cost estate_totals(struct estate *s, size_t points, int rounds);
/* Bytes of a table's pages in the series part, and of its blobs alone. */
void estate_bytes(const struct estate *s, const char *table, int64_t *pages, int64_t *blobs);
/* Which period a slot of a day is in: two kinds of days. */
extern const uint8_t day_periods[2][SLOTS];
int day_kind(struct day d);
uint64_t totals_hash(const struct reading_total *t, size_t n);

/* ---- the workloads, one file each --------------------------------------------------------------
 */

/* memory.c: the sealed blocks of all points in memory, by place. */
struct blocks {
    size_t n;
    uint8_t *bytes;
    size_t *at; /* n + 1 */
    uint64_t *snapshot;
};
void blocks_load(struct estate *s, struct blocks *out);
void blocks_free(struct blocks *b);
/* The month of a point: POINT_READINGS values; q may be NULL. */
void blocks_values(const struct blocks *b, size_t point, int64_t *values, uint16_t *q);
/* What reading_totals does with a block once it has its bytes: checksum, decoding, sums, marks. */
struct cost blocks_totals(struct estate *s, const struct blocks *b, int rounds);
/* Decoding and summing against summing raw int32. */
void blocks_against_raw(const struct blocks *b);
/* duck.c: writes the fleet's CSV and asks DuckDB; false when it is not here. */
struct duck {
    int64_t best_us, columns_us, file_us;
    int64_t first_us; /* unpivoted and joined to a table of periods */
    bool same;
};
bool duck_ask(struct estate *s, const struct blocks *b, const char *script, const char *dir,
              struct duck *out);
/* rows_pg.c: CPU of the settlement sums from rows, for all points; false without PostgreSQL.
 * `first`: as one would write it, joined to a calendar and to periods by kind of day and slot;
 * `narrow`: int32 and int16 columns, slots numbered; `plain`: ids, times and values of 64 bits. */
struct pg_rows {
    int64_t first_us, plain_us, narrow_us;
    bool same;
};
bool postgres_ask(struct estate *s, const struct blocks *b, struct pg_rows *out);
/* rows_sqlite.c */
/* CPU of inserting the rows a run wrote, by bare prepared statements into empty tables. */
int64_t bare_inserts(const char *settled, const char *dir, int64_t contracts, int64_t *rows);
/* Durable intake and late readings of an open month against rows. */
void intake_against_rows(struct estate *open, const char *dir);
/* imports.c */
void import_csv(struct estate *empty, const char *dir);
/* runs.c: a settlement in a process of its own. */
struct run_figures {
    struct cost cost;
    int64_t peak_kb, written, held, refused;
};
struct run_figures run_settle(const char *dir, int workers);
int run_child(const char *dir, int workers); /* what that process does */
#endif
