/* tariff_rows.c - all SQL of the room: published calendars, holidays and price books. */
#include "tariff/tariff_rows.h"
#include "store/rows.h"

static const char newest_calendar[] =
    "select kind, calendar_id, version, title, illustrative, hash, created_at, body from calendar "
    "where kind = $1 and calendar_id = $2 order by version desc limit 1";
static const char one_calendar[] =
    "select kind, calendar_id, version, title, illustrative, hash, created_at, body from calendar "
    "where kind = $1 and calendar_id = $2 and version = $3";
static const char newest_table[] =
    "select 2, table_id, version, title, illustrative, hash, created_at, body from price_table "
    "where table_id = $2 and $1 = 2 order by version desc limit 1";
static const char one_table[] =
    "select 2, table_id, version, title, illustrative, hash, created_at, body from price_table "
    "where table_id = $2 and $1 = 2 and version = $3";
static const char list_calendars[] =
    "select kind, calendar_id, version, title, illustrative, hash, created_at from calendar "
    "where (kind, calendar_id, version) > ($1, $2, $3) order by kind, calendar_id, version limit "
    "$4";
static const char list_tables[] =
    "select 2, table_id, version, title, illustrative, hash, created_at from price_table "
    "where (table_id, version) > ($1, $2) order by table_id, version limit $3";

static enum err_code published_of_row(struct rows *r, struct arena *a, struct tariff_published *out,
                                      struct err *e)
{
    struct str hash = rows_get_bytes(r, 5);
    int64_t kind = rows_get_int(r, 0);
    if (hash.n != sizeof out->hash.b || kind < TARIFF_CALENDAR || kind > TARIFF_BOOK) {
        return fail(e, ERR_CORRUPT, "a published tariff has kind %lld and a hash of %zu bytes",
                    (long long)kind, hash.n);
    }
    *out = (struct tariff_published){.kind = (enum tariff_kind)kind,
                                     .id = str_dup(a, rows_get_str(r, 1)),
                                     .version = (int32_t)rows_get_int(r, 2),
                                     .title = str_dup(a, rows_get_str(r, 3)),
                                     .illustrative = rows_get_int(r, 4) != 0,
                                     .published = {rows_get_int(r, 6)}};
    memcpy(out->hash.b, hash.at, sizeof out->hash.b);
    return OK;
}

enum err_code rows_find_published(struct db *db, struct arena *a, enum tariff_kind kind,
                                  struct str id, int32_t version, struct tariff_published *out,
                                  struct str *body, bool *found, struct err *e)
{
    const char *sql = kind == TARIFF_BOOK ? version ? one_table : newest_table
                      : version           ? one_calendar
                                          : newest_calendar;
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, kind);
    rows_str(r, 2, id);
    if (version) {
        rows_int(r, 3, version);
    }
    enum err_code bad = OK;
    struct err why = {0};
    *found = rows_next(r, e);
    if (*found) {
        bad = published_of_row(r, a, out, &why);
        if (body) {
            *body = str_dup(a, rows_get_str(r, 7));
        }
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    if (bad != OK) {
        *e = why;
    }
    return bad;
}

enum err_code rows_put_published(struct db *db, const struct tariff_published *p, struct str body,
                                 struct err *e)
{
    static const char calendar[] =
        "insert into calendar (kind, calendar_id, version, title, illustrative, hash, body, "
        "created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    static const char table[] =
        "insert into price_table (table_id, version, title, illustrative, hash, body, created_at) "
        "values ($1, $2, $3, $4, $5, $6, $7)";
    struct rows *r;
    int at = p->kind == TARIFF_BOOK ? 0 : 1;
    if (rows_open(db, STORE_CORE, at ? calendar : table, &r, e) != OK) {
        return e->code;
    }
    if (at) {
        rows_int(r, 1, p->kind);
    }
    rows_str(r, at + 1, p->id);
    rows_int(r, at + 2, p->version);
    rows_str(r, at + 3, p->title);
    rows_int(r, at + 4, p->illustrative);
    rows_bytes(r, at + 5, p->hash.b, sizeof p->hash.b);
    rows_str(r, at + 6, body);
    rows_int(r, at + 7, p->published.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_put_prices(struct db *db, const struct tariff_published *p,
                              const struct price_row *rows, size_t n, struct err *e)
{
    static const char sql[] =
        "insert into price_row (table_id, version, valid_from, season, tier, period, price_e6) "
        "values ($1, $2, $3, $4, $5, $6, $7)";
    for (size_t i = 0; i < n; i++) {
        struct rows *r;
        if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
            return e->code;
        }
        rows_str(r, 1, p->id);
        rows_int(r, 2, p->version);
        rows_int(r, 3, rows[i].valid_from.utc_ms);
        rows_str(r, 4, rows[i].season);
        rows_int(r, 5, rows[i].tier);
        rows_int(r, 6, rows[i].period);
        rows_int(r, 7, rows[i].price_e6);
        if (rows_run(r, NULL, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

enum err_code rows_list_published(struct db *db, struct arena *a, bool books,
                                  const struct tariff_published *after, size_t limit,
                                  struct tariff_published *out, size_t *n, struct err *e)
{
    struct rows *r;
    if (rows_open(db, STORE_CORE, books ? list_tables : list_calendars, &r, e) != OK) {
        return e->code;
    }
    bool behind = after && (after->kind == TARIFF_BOOK) == books;
    int at = books ? 0 : 1;
    if (!books) {
        rows_int(r, 1, behind ? (int64_t)after->kind : -1);
    }
    rows_str(r, at + 1, behind ? after->id : str_of(""));
    rows_int(r, at + 2, behind ? after->version : 0);
    rows_int(r, at + 3, (int64_t)limit);
    size_t count = 0;
    enum err_code bad = OK;
    struct err why = {0};
    while (bad == OK && rows_next(r, e)) {
        bad = published_of_row(r, a, &out[count], &why);
        count++;
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    if (bad != OK) {
        *e = why;
        return bad;
    }
    *n = count;
    return OK;
}
