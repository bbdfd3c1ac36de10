/* estate.c - the reference fleet in an SQLite store, made through the rooms' doors (bench.h).
 *
 * The readings come as whole days; then those the fleet has as estimated or missing are told again
 * with a higher rank, as a gateway's later word would be, so that quality is in what is stored.
 */
#include "base/json.h"
#include "bench/bench.h"
#include "people/people.h"
#include "ledger/ledger.h"
#include "statement/statement.h"
#include "tariff/tariff.h"
#include "secret/secret.h"
#include "work/work.h"
#include <sys/stat.h>

#define STRATEGY_BYTES_MAX 65536
#define BATCHES 64 /* of one durable transaction */

/* Deep valley at noon on a day of rest, as Zhejiang has it; five periods. */
#define H(a, b, c, d) a, a, a, a, b, b, b, b, c, c, c, c, d, d, d, d
const uint8_t day_periods[2][SLOTS] = {
    { H(3, 3, 3, 3), H(3, 3, 3, 3), H(1, 0, 0, 3), H(3, 0, 1, 1), H(1, 2, 2, 1), H(2, 2, 3, 3) },
    { H(3, 3, 3, 3), H(3, 3, 3, 3), H(1, 0, 4, 4), H(4, 4, 1, 1), H(1, 2, 2, 1), H(2, 2, 3, 3) },
};

int day_kind(struct day d)
{
    return day_weekday(d) > 5;
}

uint64_t totals_hash(const struct reading_total *t, size_t n)
{
    uint64_t h = 0;
    for (size_t i = 0; i < n; i++) {
        h = hash64(t[i].sums, PERIODS * sizeof(int64_t), h);
    }
    return h;
}

static void must_read(struct arena *a, const char *file, struct str *out)
{
    char *bytes = arena_alloc(a, STRATEGY_BYTES_MAX);
    FILE *f = fopen(file, "r");
    check_that(f != NULL, "%s is missing: run this from the root of the project", file);
    out->at = bytes;
    out->n = fread(bytes, 1, STRATEGY_BYTES_MAX, f);
    fclose(f);
}

struct publishing {
    struct arena *a;
    struct sim_fleet_terms *terms;
};

static enum err_code publish(struct db *db, void *ctx, struct err *e)
{
    static const char *const files[] = { "data/holidays/cn-2025.json", "data/holidays/cn-2026.json",
                                         "data/calendars/zhejiang.json",
                                         "data/prices/zhejiang.json" };
    struct publishing *p = ctx;
    struct org orgs[] = { { .kind = ORG_OPERATOR, .name = STR("基准运营") },
                          { .kind = ORG_INVESTOR, .name = STR("基准投资") },
                          { .kind = ORG_CONSUMER, .name = STR("基准工厂") },
                          { .kind = ORG_GRID, .name = STR("基准电网") } };
    bool fresh;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct json doc;
        struct tariff_published out;
        if (json_load(p->a, files[i], &doc, e) != OK ||
            tariff_publish(db, p->a, doc, NOW, &out, &fresh, e) != OK) {
            return e->code;
        }
    }
    struct strategy_text strategy;
    struct str text;
    must_read(p->a, "strategies/pv_selfuse.tally", &text);
    if (contract_strategy_publish(db, p->a, STR("pv_selfuse"), STR("自发自用、余电上网"), text,
                                  NULL, 0, NOW, &strategy, &fresh, e) != OK ||
        org_add(db, scope_machine(), orgs, 4, NOW, e) != OK) {
        return e->code;
    }
    p->terms->strategy = strategy.ref;
    p->terms->platform_org = orgs[0].org_id;
    p->terms->investor_org = orgs[1].org_id;
    p->terms->consumer_org = orgs[2].org_id;
    p->terms->grid_org = orgs[3].org_id;
    return OK;
}

static void estate_points(struct estate *s)
{
    struct day from = month_first(MONTH);
    uint8_t maps[MONTH_DAYS];
    DO(reading_points_load(s->db, scope_machine(), s->a, &s->points, e));
    for (int d = 0; d < MONTH_DAYS; d++) {
        maps[d] = (uint8_t)day_kind(day_add(from, d));
    }
    DO(reading_plan_new(s->a, from, MONTH_DAYS, maps, 2, &day_periods[0][0], PERIODS, &s->plan, e));
    s->totals = arena_many(s->a, s->n, struct reading_total);
    int64_t *sums = arena_many(s->a, s->n * PERIODS, int64_t);
    for (size_t i = 0; i < s->n; i++) {
        s->totals[i].sums = sums + i * PERIODS;
    }
}

static void estate_begin(struct estate *s, const char *dir, int32_t contracts)
{
    *s = (struct estate){ .fleet = { 1, contracts }, .a = arena_new() };
    snprintf(s->dir, sizeof(s->dir), "%s", dir);
    s->n = (size_t)sim_fleet_points(&s->fleet);
    s->ids = arena_many(s->a, s->n, int64_t);
}

void estate_make(struct estate *s, const char *dir, int32_t contracts)
{
    struct store_migrations rooms[] = { people_migrations,    meter_migrations,
                                        reading_migrations, contract_migrations,
                                        tariff_migrations,    settle_migrations,
                                        statement_migrations, ledger_migrations, work_migrations,
        secret_migrations };
    struct sim_fleet_terms terms = { .calendar = "zhejiang",
                                     .book = "zhejiang",
                                     .from = { 20260101 } };
    estate_begin(s, dir, contracts);
    struct publishing p = { s->a, &terms };
    mkdir(dir, 0700);
    DO(store_open(dir, STORE_CREATE, &s->db, e));
    DO(store_migrate(s->db, rooms, sizeof(rooms) / sizeof(rooms[0]), NOW, e));
    DO(store_write(s->db, STORE_CORE, publish, &p, e));
    DO(sim_fleet_build(s->db, &s->fleet, &terms, NOW, s->ids, e));
    estate_points(s);
}

/* The ids in place order again. */
void estate_open(struct estate *s, const char *dir, int32_t contracts, bool write)
{
    estate_begin(s, dir, contracts);
    DO(store_open(dir, write ? STORE_READ_WRITE : STORE_READ_ONLY, &s->db, e));
    estate_points(s);
    check(s->points->n_placed == s->n);
    for (size_t i = 0; i < s->n; i++) {
        s->ids[i] = s->points->estate.points[s->points->by_order[i]].point_id;
    }
}

void estate_close(struct estate *s)
{
    store_close(s->db);
    arena_free(s->a);
    *s = (struct estate){ 0 };
}

/* One day's estimated and missing slots, appended. */
static size_t marked(const struct estate *s, struct day day, struct reading *out, size_t room)
{
    int64_t e4[SLOTS], quantum;
    uint8_t mark[SLOTS];
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!sim_fleet_day(&s->fleet, (int32_t)i, day, e4, mark, &quantum)) {
            continue;
        }
        for (int k = 0; k < SLOTS; k++) {
            if (mark[k] == MARK_ACTUAL) {
                continue;
            }
            check(n < room);
            out[n++] = (struct reading){ .point_id = s->ids[i],
                                         .ts_ms = slot_start((struct slot){ day, k }).utc_ms,
                                         .value = e4[k],
                                         .kind = READING_INT,
                                         .q = mark[k] == MARK_MISSING ? Q_RANGE : Q_EST,
                                         .rank = RANK_FROZEN };
        }
    }
    return n;
}

void estate_load(struct estate *s)
{
    struct day from = month_first(MONTH);
    struct arena *a = arena_new();
    struct reading *r = arena_many(a, READING_BATCH_MAX, struct reading);
    struct reading_fold_report report;
    for (int d = 0; d < MONTH_DAYS; d++) {
        struct day day = day_add(from, d);
        DO(store_begin(s->db, STORE_SERIES, STORE_WRITE, e));
        DO(sim_fleet_load(s->db, s->points, &s->fleet, s->ids, day, NOW, e));
        DO(store_commit(s->db, STORE_SERIES, e));
        struct reading_batch b = { .source = STR("fleet:marks"), .batch_id = d + 1, .readings = r };
        b.n = marked(s, day, r, READING_BATCH_MAX);
        if (b.n > 0) {
            DO(reading_intake(s->db, s->points, &b, 1, NOW, e));
            check(b.n_taken == b.n);
        }
    }
    DO(reading_fold(s->db, s->points, NULL, NOW, &report, e));
    check(report.outcomes[READING_TAKEN] == report.readings);
    DO(reading_merge_late(s->db, NULL, e));
    arena_free(a);
}

void estate_seal(struct estate *s)
{
    int64_t n;
    DO(reading_seal(s->db, s->points, s->ids, s->n, MONTH, NOW, &n, e));
    check(n == (int64_t)s->n);
}

struct cost estate_totals(struct estate *s, size_t points, int rounds)
{
    struct cost best = NO_COST;
    for (int i = 0; i < rounds; i++) {
        struct cost start = cost_now();
        DO(reading_totals(s->db, s->points, s->plan, s->ids, points, s->totals, e));
        cost_best(&best, cost_since(start));
    }
    return best;
}

void estate_bytes(const struct estate *s, const char *table, int64_t *pages, int64_t *blobs)
{
    char file[512], sql[256];
    sqlite3 *db;
    sqlite3_stmt *st;
    snprintf(file, sizeof(file), "%s/series.db", s->dir);
    check(sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    snprintf(sql, sizeof(sql),
             "select (select sum(pgsize) from dbstat where name = '%s'), "
             "(select sum(length(data)) from %s)",
             table, table);
    check_that(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    check(sqlite3_step(st) == SQLITE_ROW);
    *pages = sqlite3_column_int64(st, 0);
    *blobs = sqlite3_column_int64(st, 1);
    sqlite3_finalize(st);
    sqlite3_close(db);
}
