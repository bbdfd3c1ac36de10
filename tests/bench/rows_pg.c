/* rows_pg.c - the same sums from a row per reading in PostgreSQL, on a private socket (bench.h).
 *
 * Only one point in PG_SHARE is there; a scan and a hash aggregate cost the same per row, so the
 * CPU time of the backend is scaled. Three forms: as one would write it first (a date and a slot, a
 * calendar that gives the kind of day, periods by kind and slot); values as the project has them
 * (ids, times and values of 64 bits) with a period for each instant of the month; and the same as
 * narrow as can be.
 */
#include "bench/bench.h"
#include "support/pg.h"
#include <libpq-fe.h>

#define ROUNDS 2
#define LINE_MAX_BYTES 64

static PGresult *ask(PGconn *pg, const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    ExecStatusType s = PQresultStatus(r);
    check_that(s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_COPY_IN, "%s: %s", sql,
               PQerrorMessage(pg));
    return r;
}

static void tell(PGconn *pg, const char *sql)
{
    PQclear(ask(pg, sql));
}

static void copy_end(PGconn *pg)
{
    check(PQputCopyEnd(pg, NULL) == 1);
    PGresult *r = PQgetResult(pg);
    check_that(PQresultStatus(r) == PGRES_COMMAND_OK, "%s", PQerrorMessage(pg));
    PQclear(r);
    PQclear(PQgetResult(pg));
}

enum when { BY_INSTANT, BY_DAY, BY_DATE };
struct layout {
    const char *period, *reading, *key, *query;
    enum when when;
};
static const struct layout first_form = {
    "create table calendar (day date primary key, kind smallint not null);"
    "create table period (kind smallint, slot smallint, key smallint, primary key (kind, slot))",
    "create table reading (point bigint, day date, slot smallint, value bigint, q smallint,"
    " rank smallint)",
    "alter table reading add primary key (point, day, slot)",
    "select r.point, p.key, sum(r.value), count(*) filter (where r.q <> 0) from reading r"
    " join calendar c on c.day = r.day join period p on p.kind = c.kind and p.slot = r.slot"
    " group by 1, 2",
    BY_DATE,
};
static const struct layout plain = {
    "create table period (ts bigint primary key, key smallint)",
    "create table reading (point bigint, ts bigint, value bigint, q smallint, rank smallint)",
    "alter table reading add primary key (point, ts)",
    "select r.point, p.key, sum(r.value), count(*) filter (where r.q <> 0) from reading r"
    " join period p on p.ts = r.ts group by 1, 2",
    BY_INSTANT,
};
static const struct layout narrow = {
    "create table period (day smallint, slot smallint, key smallint, primary key (day, slot))",
    "create table reading (point integer, day smallint, slot smallint, value integer, q smallint)",
    "alter table reading add primary key (point, day, slot)",
    "select r.point, p.key, sum(r.value), count(*) filter (where r.q <> 0) from reading r"
    " join period p on p.day = r.day and p.slot = r.slot group by 1, 2",
    BY_DAY,
};

/* The columns that say when. */
static int put_time(const struct layout *l, char *at, int i)
{
    struct slot s = { day_add(month_first(MONTH), i / SLOTS), i % SLOTS };
    switch (l->when) {
    case BY_INSTANT:
        return snprintf(at, LINE_MAX_BYTES, "%lld", (long long)slot_start(s).utc_ms);
    case BY_DATE:
        return snprintf(at, LINE_MAX_BYTES, "%d\t%d", s.day.yyyymmdd, s.index);
    default:
        return snprintf(at, LINE_MAX_BYTES, "%d\t%d", i / SLOTS, s.index);
    }
}

/* The small tables: which period an instant, a slot of a day, or one of a kind of day is in. */
static void periods_fill(PGconn *pg, const struct layout *l)
{
    static char lines[POINT_READINGS * LINE_MAX_BYTES];
    char when[LINE_MAX_BYTES];
    int n = 0;
    for (int d = 0; d < MONTH_DAYS && l->when == BY_DATE; d++) {
        struct day day = day_add(month_first(MONTH), d);
        n += snprintf(lines + n, LINE_MAX_BYTES, "%d\t%d\n", day.yyyymmdd, day_kind(day));
    }
    if (l->when == BY_DATE) {
        tell(pg, "copy calendar from stdin");
        check(PQputCopyData(pg, lines, n) == 1);
        copy_end(pg);
    }
    n = 0;
    for (int i = 0; i < (l->when == BY_DATE ? 2 * SLOTS : POINT_READINGS); i++) {
        int kind = day_kind(day_add(month_first(MONTH), i / SLOTS));
        if (l->when == BY_DATE) {
            kind = i / SLOTS;
            snprintf(when, sizeof(when), "%d\t%d", kind, i % SLOTS);
        } else {
            put_time(l, when, i);
        }
        n += snprintf(lines + n, LINE_MAX_BYTES, "%s\t%d\n", when, day_periods[kind][i % SLOTS]);
    }
    tell(pg, "copy period from stdin");
    check(PQputCopyData(pg, lines, n) == 1);
    copy_end(pg);
}

static void rows_fill(PGconn *pg, const struct layout *l, const struct blocks *b, size_t points)
{
    static int64_t value[POINT_READINGS];
    static uint16_t q[POINT_READINGS];
    static char lines[POINT_READINGS * LINE_MAX_BYTES];
    static char when[POINT_READINGS][LINE_MAX_BYTES];
    int n;
    tell(pg, "drop table if exists period, calendar, reading");
    tell(pg, l->period);
    tell(pg, l->reading);
    periods_fill(pg, l);
    for (int i = 0; i < POINT_READINGS; i++) {
        put_time(l, when[i], i);
    }
    tell(pg, "copy reading from stdin");
    for (size_t p = 0; p < points; p++) {
        n = 0;
        blocks_values(b, p, value, q);
        for (int i = 0; i < POINT_READINGS; i++) {
            n += snprintf(lines + n, LINE_MAX_BYTES, "%zu\t%s\t%lld\t%d%s\n", p, when[i],
                          (long long)value[i], q[i], l->when == BY_DAY ? "" : "\t50");
        }
        check(PQputCopyData(pg, lines, n) == 1);
    }
    copy_end(pg);
    tell(pg, l->key);
    tell(pg, "vacuum analyze reading");
    tell(pg, "vacuum analyze period");
}

/* CPU of the backend so far: its scheduler's own count. */
static int64_t backend_us(int pid)
{
    char file[64], line[128] = "";
    snprintf(file, sizeof(file), "/proc/%d/schedstat", pid);
    FILE *f = fopen(file, "r");
    check_that(f != NULL && fgets(line, sizeof(line), f) != NULL, "%s cannot be read", file);
    fclose(f);
    return strtoll(line, NULL, 10) / 1000;
}

static bool sums_agree(PGresult *r, const struct estate *s, size_t points)
{
    int rows = PQntuples(r);
    bool same = true;
    int64_t sums = 0, seen = 0;
    for (int i = 0; i < rows; i++) {
        size_t p = strtoul(PQgetvalue(r, i, 0), NULL, 10);
        int k = (int)strtol(PQgetvalue(r, i, 1), NULL, 10);
        int64_t v = strtoll(PQgetvalue(r, i, 2), NULL, 10);
        same = same && p < points && s->totals[p].sums[k] == v;
        seen += v;
    }
    for (size_t p = 0; p < points; p++) {
        for (int k = 0; k < PERIODS; k++) {
            sums += s->totals[p].sums[k];
        }
    }
    return same && sums == seen;
}

static int64_t layout_us(PGconn *pg, const struct layout *l, const struct estate *s,
                         const struct blocks *b, bool *same)
{
    size_t points = s->n / PG_SHARE;
    int64_t best = -1;
    rows_fill(pg, l, b, points);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t before = backend_us(PQbackendPID(pg));
        PGresult *r = ask(pg, l->query);
        int64_t us = backend_us(PQbackendPID(pg)) - before;
        best = best < 0 || us < best ? us : best;
        *same = *same && sums_agree(r, s, points);
        PQclear(r);
    }
    return best * PG_SHARE;
}

bool postgres_ask(struct estate *s, const struct blocks *b, struct pg_rows *out)
{
    if (!pg_installed()) {
        return false;
    }
    char url[600], address[700];
    pg_more_memory();
    pg_new_url(url, sizeof(url));
    /* The database that it names is not there yet: the server's own will do. */
    snprintf(address, sizeof(address), "postgresql://postgres@/postgres%s", strchr(url, '?'));
    PGconn *pg = PQconnectdb(address);
    check_that(PQstatus(pg) == CONNECTION_OK, "%s", PQerrorMessage(pg));
    tell(pg, "set jit = off; set max_parallel_workers_per_gather = 0; set work_mem = '256MB';"
             "set client_min_messages = error");
    out->same = true;
    out->first_us = layout_us(pg, &first_form, s, b, &out->same);
    out->plain_us = layout_us(pg, &plain, s, b, &out->same);
    out->narrow_us = layout_us(pg, &narrow, s, b, &out->same);
    PQfinish(pg);
    pg_stop();
    return true;
}
