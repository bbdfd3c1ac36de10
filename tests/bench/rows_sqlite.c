/* rows_sqlite.c - SQLite with a row for everything, by bare prepared statements: what a run writes
 * at the least, and a reading as a row (bench.h).
 */
#include "bench/bench.h"
#include <sys/stat.h>

#define CHUNK 500 /* statements of one transaction, as settle writes them */
#define CELLS_MAX 64
#define INTAKE_POINTS 1000
#define INTAKE_DAYS 2
#define LATE_ROUNDS 20
#define LATE 1000

static sqlite3 *bare_open(const char *file, int page_bytes)
{
    char sql[256];
    sqlite3 *db;
    check(sqlite3_open(file, &db) == SQLITE_OK);
    snprintf(sql, sizeof(sql),
             "pragma page_size = %d; pragma journal_mode = wal; pragma synchronous = full; "
             "pragma cache_size = -65536; pragma mmap_size = 1073741824",
             page_bytes);
    check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    check_that(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, "%s: %s", sql,
               sqlite3_errmsg(db));
    return st;
}

static void tell(sqlite3 *db, const char *sql)
{
    check_that(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
               sqlite3_errmsg(db));
}

/* ---- the rows of a run ----------------------------------------------------------------------- */

struct cell {
    int type;
    int64_t i;
    const void *at;
    int n;
};
struct table {
    sqlite3_stmt *read, *write;
    int columns;
    int64_t rows, done;
};
#define TABLES_MAX 16

static void table_open(struct table *t, sqlite3 *from, sqlite3 *to, const char *name)
{
    char sql[1024];
    snprintf(sql, sizeof(sql), "select count(*) from %s", name);
    sqlite3_stmt *count = prepare(from, sql);
    check(sqlite3_step(count) == SQLITE_ROW);
    t->rows = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    snprintf(sql, sizeof(sql), "select * from %s", name);
    t->read = prepare(from, sql);
    t->columns = sqlite3_column_count(t->read);
    int n = snprintf(sql, sizeof(sql), "insert into %s values (?", name);
    for (int c = 1; c < t->columns; c++) {
        n += snprintf(sql + n, sizeof(sql) - (size_t)n, ",?");
    }
    snprintf(sql + n, sizeof(sql) - (size_t)n, ")");
    t->write = prepare(to, sql);
}

/* Tables and indexes of what a run writes, empty, in another file. */
static size_t tables_make(sqlite3 *from, sqlite3 *to, struct table *out)
{
    size_t n = 0;
    const char *where = "(tbl_name like 'settlement%' or tbl_name like 'statement%') and "
                        "tbl_name <> 'statement_counter'";
    for (int pass = 0; pass < 2; pass++) {
        char sql[512];
        snprintf(sql, sizeof(sql),
                 "select name, sql from sqlite_master where type = '%s' and sql is not null and %s",
                 pass == 0 ? "table" : "index", where);
        sqlite3_stmt *list = prepare(from, sql);
        while (sqlite3_step(list) == SQLITE_ROW) {
            tell(to, (const char *)sqlite3_column_text(list, 1));
            if (pass == 0) {
                check(n < TABLES_MAX);
                table_open(&out[n++], from, to, (const char *)sqlite3_column_text(list, 0));
            }
        }
        sqlite3_finalize(list);
    }
    return n;
}

static size_t rows_read(struct table *t, struct arena *a, int64_t until, struct cell **out)
{
    size_t n = (size_t)(until - t->done), k = 0;
    struct cell *cells = arena_many(a, n * (size_t)t->columns + 1, struct cell);
    for (; t->done < until; t->done++) {
        check(sqlite3_step(t->read) == SQLITE_ROW);
        for (int c = 0; c < t->columns; c++, k++) {
            const void *at = sqlite3_column_blob(t->read, c);
            cells[k].type = sqlite3_column_type(t->read, c);
            cells[k].i = sqlite3_column_int64(t->read, c);
            cells[k].n = sqlite3_column_bytes(t->read, c);
            cells[k].at = arena_copy(a, at ? at : "", (size_t)cells[k].n);
        }
    }
    *out = cells;
    return n;
}

static void rows_write(const struct table *t, const struct cell *cell, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        for (int c = 1; c <= t->columns; c++, cell++) {
            if (cell->type == SQLITE_INTEGER) {
                sqlite3_bind_int64(t->write, c, cell->i);
            } else if (cell->type == SQLITE_TEXT) {
                sqlite3_bind_text(t->write, c, cell->at, cell->n, SQLITE_STATIC);
            } else if (cell->type == SQLITE_BLOB) {
                sqlite3_bind_blob(t->write, c, cell->at, cell->n, SQLITE_STATIC);
            } else {
                sqlite3_bind_null(t->write, c);
            }
        }
        check(sqlite3_step(t->write) == SQLITE_DONE);
        sqlite3_reset(t->write);
    }
}

static int64_t part_insert(const char *settled, const char *dir, const char *part, int page_bytes,
                           int64_t chunks, int64_t *rows)
{
    char from_file[600], to_file[600];
    struct table t[TABLES_MAX] = { 0 };
    sqlite3 *from;
    int64_t us = 0;
    snprintf(from_file, sizeof(from_file), "%s/%s.db", settled, part);
    snprintf(to_file, sizeof(to_file), "%s/%s.db", dir, part);
    check(sqlite3_open_v2(from_file, &from, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    sqlite3 *to = bare_open(to_file, page_bytes);
    size_t n = tables_make(from, to, t);
    for (int64_t c = 1; c <= chunks; c++) {
        struct arena *a = arena_new();
        struct cell *cells[TABLES_MAX];
        size_t count[TABLES_MAX];
        for (size_t i = 0; i < n; i++) {
            count[i] = rows_read(&t[i], a, t[i].rows * c / chunks, &cells[i]);
        }
        struct cost start = cost_now();
        tell(to, "begin immediate");
        for (size_t i = 0; i < n; i++) {
            rows_write(&t[i], cells[i], count[i]);
        }
        tell(to, "commit");
        us += cost_since(start).cpu_us;
        arena_free(a);
    }
    for (size_t i = 0; i < n; i++) {
        *rows += t[i].rows;
        sqlite3_finalize(t[i].read);
        sqlite3_finalize(t[i].write);
    }
    sqlite3_close(from);
    struct cost start = cost_now(); /* the rest of the log goes into the file: the run closes too */
    sqlite3_close(to);
    return us + cost_since(start).cpu_us;
}

int64_t bare_inserts(const char *settled, const char *dir, int64_t contracts, int64_t *rows)
{
    int64_t chunks = (contracts + CHUNK - 1) / CHUNK;
    mkdir(dir, 0700);
    *rows = 0;
    return part_insert(settled, dir, "core", 4096, chunks, rows) +
           part_insert(settled, dir, "series", 16384, chunks, rows);
}

/* ---- a reading as a row ---------------------------------------------------------------------- */

#define INSERT "insert into reading values (?,?,?,?,?)"
#define UPSERT                                                                                     \
    INSERT " on conflict (point, ts) do update set value = excluded.value, q = excluded.q, "       \
           "rank = excluded.rank where excluded.rank > rank"

static void row_put(sqlite3_stmt *st, const struct reading *r)
{
    sqlite3_bind_int64(st, 1, r->point_id);
    sqlite3_bind_int64(st, 2, r->ts_ms);
    sqlite3_bind_int64(st, 3, r->value);
    sqlite3_bind_int64(st, 4, r->q);
    sqlite3_bind_int64(st, 5, r->rank);
    check(sqlite3_step(st) == SQLITE_DONE);
    sqlite3_reset(st);
}

static struct cost rows_commit(sqlite3 *db, sqlite3_stmt *st, const struct reading *r, size_t n)
{
    struct cost start = cost_now();
    tell(db, "begin immediate");
    for (size_t i = 0; i < n; i++) {
        row_put(st, &r[i]);
    }
    tell(db, "commit");
    return cost_since(start);
}

static struct reading fleet_reading(const struct estate *s, size_t point, struct day day, int slot,
                                    int64_t value, uint8_t rank)
{
    return (struct reading){ .point_id = s->ids[point],
                             .ts_ms = slot_start((struct slot){ day, slot }).utc_ms,
                             .value = value,
                             .kind = READING_INT,
                             .rank = rank };
}

/* One row in 50 is not there yet: it comes late. */
static bool left_out(size_t point, struct slot s)
{
    uint64_t at[] = { point, (uint64_t)s.day.yyyymmdd, (uint64_t)s.index };
    return hash64(at, sizeof(at), 3) % 50 == 0;
}

/* The month of one point in PG_SHARE, as it would be there when the next reading comes. */
static sqlite3 *rows_make(const struct estate *s, const char *file)
{
    int64_t e4[SLOTS], quantum;
    uint8_t mark[SLOTS];
    sqlite3 *db = bare_open(file, 4096);
    tell(db, "create table reading (point integer, ts integer, value integer, q integer, rank "
             "integer, primary key (point, ts)) without rowid");
    sqlite3_stmt *st = prepare(db, INSERT);
    tell(db, "begin");
    for (size_t p = 0; p < s->n / PG_SHARE; p++) {
        for (int d = 0; d < MONTH_DAYS; d++) {
            struct day day = day_add(month_first(MONTH), d);
            sim_fleet_day(&s->fleet, (int32_t)p, day, e4, mark, &quantum);
            for (int k = 0; k < SLOTS; k++) {
                struct reading r = fleet_reading(s, p, day, k, e4[k], RANK_LIVE);
                if (!left_out(p, (struct slot){ day, k })) {
                    row_put(st, &r);
                }
            }
        }
    }
    tell(db, "commit");
    sqlite3_finalize(st);
    tell(db, "pragma wal_checkpoint(truncate)");
    return db;
}

static void batch_intake(struct estate *s, const char *source, int64_t id, const struct reading *r,
                         size_t n)
{
    struct reading_batch b = { .source = str_of(source), .batch_id = id, .readings = r, .n = n };
    DO(reading_intake(s->db, s->points, &b, 1, NOW, e));
    check(b.n_taken == n);
}

static int64_t fold_all(struct estate *s)
{
    struct reading_fold_report report;
    struct cost start = cost_now();
    DO(reading_fold(s->db, s->points, NULL, NOW, &report, e));
    return cost_since(start).cpu_us;
}

static void line_per_reading(const char *work, int64_t ours_us, const char *peer, int64_t peer_us,
                             int64_t n, int64_t goal_e2)
{
    line_ratio(work, (struct cost){ ours_us, -1 }, peer, peer_us, goal_e2);
    line_note("    per reading: %lld ns, row %lld ns", (long long)(ours_us * 1000 / n),
              (long long)(peer_us * 1000 / n));
}

/* What comes late. Every fifth gateway of ten of the first points is offline for 100 quarter hours
 * of the two days; every other point lacks one reading of each day. */
#define GATEWAY_POINTS 10
#define OFFLINE_EVERY 5
#define OFFLINE_FROM 40
#define OFFLINE_SLOTS 100

static bool is_offline(size_t point)
{
    return point < INTAKE_POINTS && point / GATEWAY_POINTS % OFFLINE_EVERY == 0;
}

static bool comes_late(size_t point, int day, int slot)
{
    int at = day * SLOTS + slot - OFFLINE_FROM;
    return is_offline(point) ? at >= 0 && at < OFFLINE_SLOTS
                             : slot == (int)(point * 7 + (size_t)day * 31) % SLOTS;
}

static struct day late_day(int d)
{
    return day_add(month_first(MONTH), MONTH_DAYS + d);
}

/* One boundary of points [from, until): what arrives in time. */
static size_t boundary(const struct estate *s, size_t from, size_t until, int d, int k,
                       int64_t (*e4)[SLOTS], struct reading *out)
{
    size_t n = 0;
    for (size_t p = from; p < until; p++) {
        if (!comes_late(p, d, k)) {
            out[n++] = fleet_reading(s, p, late_day(d), k, e4[p - from][k], RANK_LIVE);
        }
    }
    return n;
}

static void day_values(const struct estate *s, size_t from, size_t until, int d,
                       int64_t (*e4)[SLOTS])
{
    uint8_t mark[SLOTS];
    int64_t quantum;
    for (size_t p = from; p < until; p++) {
        sim_fleet_day(&s->fleet, (int32_t)p, late_day(d), e4[p - from], mark, &quantum);
    }
}

/* A gateway's boundaries as they come: every point of a time, then the next time. */
static void intake_live(struct estate *s, sqlite3 *db)
{
    size_t n = s->n / PG_SHARE < INTAKE_POINTS ? s->n / PG_SHARE : INTAKE_POINTS;
    int64_t(*e4)[SLOTS] = arena_alloc(s->a, READING_BATCH_MAX * sizeof(*e4));
    struct reading *r = arena_many(s->a, READING_BATCH_MAX, struct reading);
    sqlite3_stmt *st = prepare(db, INSERT);
    int64_t ours = 0, peer = 0, total = 0;
    for (int i = 0; i < INTAKE_DAYS * SLOTS; i++) {
        int d = i / SLOTS, k = i % SLOTS;
        if (k == 0) {
            day_values(s, 0, n, d, e4);
        }
        size_t count = boundary(s, 0, n, d, k, e4, r);
        struct cost start = cost_now();
        batch_intake(s, "bench:live", i, r, count);
        ours += cost_since(start).cpu_us;
        peer += rows_commit(db, st, r, count).cpu_us;
        total += (int64_t)count;
    }
    sqlite3_finalize(st);
    line_per_reading("durable intake, 1,000 readings a transaction", ours, "SQLite row insert",
                     peer, total, 2000);
    for (size_t from = n; from < s->n; from += READING_BATCH_MAX) { /* and all the others */
        size_t until = from + READING_BATCH_MAX < s->n ? from + READING_BATCH_MAX : s->n;
        for (int i = 0; i < INTAKE_DAYS * SLOTS; i++) {
            if (i % SLOTS == 0) {
                day_values(s, from, until, i / SLOTS, e4);
            }
            size_t count = boundary(s, from, until, i / SLOTS, i % SLOTS, e4, r);
            batch_intake(s, "bench:rest", (int64_t)from * 1000 + i, r, count);
            total += (int64_t)count;
        }
    }
    int64_t fold = fold_all(s);
    line_note("    folding them into day chunks later: %lld ns per reading",
              (long long)(fold * 1000 / total));
}

/* What late readings cost, each part apart: journalled, folded (in force from then on), and written
 * into their chunks. */
struct late_cost {
    int64_t intake_us, fold_us, merge_us, n;
};

static int64_t late_sum(const struct late_cost *c)
{
    return c->intake_us + c->fold_us + c->merge_us;
}

static void late_come(struct estate *s, struct late_cost *c, const char *source, int64_t id,
                      const struct reading *r, size_t n)
{
    struct cost start = cost_now();
    batch_intake(s, source, id, r, n);
    c->intake_us += cost_since(start).cpu_us;
    c->n += (int64_t)n;
}

static void late_batch(struct estate *s, struct late_cost *c, const char *source, int64_t id,
                       const struct reading *r, size_t n)
{
    late_come(s, c, source, id, r, n);
    c->fold_us += fold_all(s);
}

/* What was kept beside the chunks goes into them. */
static void late_end(struct estate *s, struct late_cost *c)
{
    int64_t n;
    struct cost start = cost_now();
    DO(reading_merge_late(s->db, &n, e));
    c->merge_us += cost_since(start).cpu_us;
}

static void late_note(const struct late_cost *c)
{
    line_note("    of ours: intake %lld ns, fold %lld ns, written into chunks later %lld ns; in "
              "force after %lld ns",
              (long long)(c->intake_us * 1000 / c->n), (long long)(c->fold_us * 1000 / c->n),
              (long long)(c->merge_us * 1000 / c->n),
              (long long)((c->intake_us + c->fold_us) * 1000 / c->n));
}

/* What a gateway brings that was away: every point of a time, then the next time. */
static size_t gateway_batch(const struct estate *s, size_t first, struct reading *r)
{
    size_t n = 0;
    for (int at = OFFLINE_FROM; at < OFFLINE_FROM + OFFLINE_SLOTS; at++) {
        for (size_t p = first; p < first + GATEWAY_POINTS; p++, n++) {
            r[n] = fleet_reading(s, p, late_day(at / SLOTS), at % SLOTS, (int64_t)n * 10000,
                                 RANK_LIVE);
        }
    }
    return n;
}

/* Gateways that come back, one after the other, every second one of those that were away. Folded
 * each by itself: in force before the next one comes. Folded together: in force with the pass that
 * follows them all. The same rows on both sides, a durable transaction a gateway. */
static void late_gateways(struct estate *s, sqlite3 *db, bool together)
{
    struct reading r[GATEWAY_POINTS * OFFLINE_SLOTS];
    const size_t step = GATEWAY_POINTS * OFFLINE_EVERY;
    sqlite3_stmt *st = prepare(db, UPSERT);
    struct late_cost ours = { 0 };
    int64_t peer = 0;
    for (size_t first = together ? step : 0;
         first < INTAKE_POINTS && first + GATEWAY_POINTS <= s->n / PG_SHARE; first += 2 * step) {
        size_t n = gateway_batch(s, first, r);
        if (together) {
            late_come(s, &ours, "bench:gateway", (int64_t)first, r, n);
        } else {
            late_batch(s, &ours, "bench:gateway", (int64_t)first, r, n);
        }
        peer += rows_commit(db, st, r, n).cpu_us;
    }
    ours.fold_us += together ? fold_all(s) : 0;
    late_end(s, &ours);
    sqlite3_finalize(st);
    line_per_reading(together ? "late: gateways of 10 points, folded together"
                              : "late: gateways of 10 points, each folded by itself",
                     late_sum(&ours), "SQLite row upsert", peer, ours.n, 300);
    late_note(&ours);
}

/* Each late reading in a chunk of its own; each row in a page of its own. */
static void late_scattered(struct estate *s, sqlite3 *db)
{
    static struct reading ours[LATE], rows[LATE];
    sqlite3_stmt *st = prepare(db, UPSERT);
    struct late_cost cost = { 0 };
    int64_t peer_us = 0;
    size_t apart = s->n / LATE, rounds = apart < LATE_ROUNDS ? apart : LATE_ROUNDS;
    uint64_t dice = 1;
    for (size_t round = 0; round < rounds; round++) {
        size_t n = 0;
        for (size_t i = 0; i < LATE; i++) {
            size_t p = i * apart + round;
            int d = (int)(i % INTAKE_DAYS);
            int slot = (int)(p * 7 + (size_t)d * 31) % SLOTS;
            if (!is_offline(p)) {
                ours[n++] = fleet_reading(s, p, late_day(d), slot, 10000, RANK_LIVE);
            }
        }
        for (size_t i = 0; i < n; i++) {
            struct slot at;
            size_t p;
            do {
                dice = hash64(&dice, sizeof(dice), 7);
                p = (size_t)(dice >> 24) % (s->n / PG_SHARE);
                at.day = day_add(month_first(MONTH), (int32_t)(dice % MONTH_DAYS));
                at.index = (int)(dice >> 8 & 0xffff) % SLOTS;
            } while (!left_out(p, at));
            rows[i] = fleet_reading(s, p, at.day, at.index, 10000, RANK_LIVE);
        }
        late_batch(s, &cost, "bench:late", (int64_t)round, ours, n);
        peer_us += rows_commit(db, st, rows, n).cpu_us;
    }
    late_end(s, &cost);
    sqlite3_finalize(st);
    line_per_reading("late: scattered over two days, each in a chunk of its own", late_sum(&cost),
                     "SQLite row upsert", peer_us, cost.n, 300);
    late_note(&cost);
}

/* Values all over the month replaced by a better source; the old ones are kept in history. */
static void corrections(struct estate *s)
{
    static struct reading r[LATE];
    struct late_cost cost = { 0 };
    uint64_t dice = 5;
    for (int round = 0; round < LATE_ROUNDS; round++) {
        for (int i = 0; i < LATE; i++) {
            dice = hash64(&dice, sizeof(dice), 7);
            struct day day = day_add(month_first(MONTH), (int32_t)(dice % MONTH_DAYS));
            r[i] = fleet_reading(s, (size_t)(dice >> 24) % s->n, day,
                                 (int)(dice >> 8 & 0xffff) % SLOTS, (int64_t)(dice >> 50) * 10000,
                                 RANK_GRID_FILE);
        }
        late_batch(s, &cost, "bench:better", round, r, LATE);
    }
    late_end(s, &cost);
    line_note("    corrections scattered over the month, old values kept: %lld ns per reading",
              (long long)(late_sum(&cost) * 1000 / cost.n));
    late_note(&cost);
}

void intake_against_rows(struct estate *open, const char *dir)
{
    char file[600];
    snprintf(file, sizeof(file), "%s/rows.db", dir);
    sqlite3 *db = rows_make(open, file);
    intake_live(open, db);
    late_gateways(open, db, false);
    late_gateways(open, db, true);
    late_scattered(open, db);
    corrections(open);
    sqlite3_close(db);
}
