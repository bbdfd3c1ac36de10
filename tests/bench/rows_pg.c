/* rows_pg.c - the same sums from a row per reading in PostgreSQL, on a private socket (bench.h).
 *
 * Only one point in PG_SHARE is there; a scan and a hash aggregate cost the same per row, so the
 * CPU time of the backend is scaled. The table is as narrow as it can be.
 */
#include "bench/bench.h"
#include "support/pg.h"
#include <libpq-fe.h>

#define ROUNDS 2

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

static void rows_fill(PGconn *pg, const struct blocks *b, size_t points)
{
    static int64_t value[POINT_READINGS];
    static uint16_t q[POINT_READINGS];
    static char lines[POINT_READINGS * 48];
    tell(pg,
         "create table period (day smallint, slot smallint, key smallint, primary key (day, slot));"
         "create table reading (point integer, day smallint, slot smallint, value integer, "
         "q smallint)");
    tell(pg, "copy period from stdin");
    for (int d = 0; d < MONTH_DAYS; d++) {
        const uint8_t *key = day_periods[day_kind(day_add(month_first(MONTH), d))];
        int n = 0;
        for (int k = 0; k < SLOTS; k++) {
            n += snprintf(lines + n, 48, "%d\t%d\t%d\n", d, k, key[k]);
        }
        check(PQputCopyData(pg, lines, n) == 1);
    }
    copy_end(pg);
    tell(pg, "copy reading from stdin");
    for (size_t p = 0; p < points; p++) {
        int n = 0;
        blocks_values(b, p, value, q);
        for (int i = 0; i < POINT_READINGS; i++) {
            n += snprintf(lines + n, 48, "%zu\t%d\t%d\t%lld\t%d\n", p, i / SLOTS, i % SLOTS,
                          (long long)value[i], q[i]);
        }
        check(PQputCopyData(pg, lines, n) == 1);
    }
    copy_end(pg);
    tell(pg, "alter table reading add primary key (point, day, slot)");
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

int64_t postgres_ask(struct estate *s, const struct blocks *b, bool *same)
{
    if (!pg_installed()) {
        return -1;
    }
    char url[600], address[700];
    size_t points = s->n / PG_SHARE;
    int64_t best = -1;
    pg_more_memory();
    pg_new_url(url, sizeof(url));
    /* The database that it names is not there yet: the server's own will do. */
    snprintf(address, sizeof(address), "postgresql://postgres@/postgres%s", strchr(url, '?'));
    PGconn *pg = PQconnectdb(address);
    check_that(PQstatus(pg) == CONNECTION_OK, "%s", PQerrorMessage(pg));
    tell(pg, "set jit = off; set max_parallel_workers_per_gather = 0; set work_mem = '256MB'");
    rows_fill(pg, b, points);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t before = backend_us(PQbackendPID(pg));
        PGresult *r =
            ask(pg, "select r.point, p.key, sum(r.value), count(*) filter (where r.q <> 0)"
                    " from reading r join period p on p.day = r.day and p.slot = r.slot"
                    " group by 1, 2");
        int64_t us = backend_us(PQbackendPID(pg)) - before;
        best = best < 0 || us < best ? us : best;
        *same = sums_agree(r, s, points);
        PQclear(r);
    }
    PQfinish(pg);
    pg_stop();
    return best * PG_SHARE;
}
