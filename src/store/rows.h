/* rows.h - running SQL statements; only *_rows.c files may include it (code-models part 2, rule 7).
 *
 * Texts are constants in lower case with the tokens of storage.md 2 ({i64}, {for_update}, ...) and
 * parameters $1..$n bound by their number. A statement is prepared once per connection and text
 * (keyed by the address of the constant) and reset for reuse.
 *
 *     static const char sql[] = "select name from org where org_id = $1";
 *     struct rows *r;
 *     if (rows_open(db, STORE_CORE, sql, &r, e) != OK) { return e->code; }
 *     rows_int(r, 1, org_id);
 *     while (rows_next(r, e)) { name = str_dup(a, rows_get_str(r, 0)); }
 *     return rows_close(r, e);
 */
#ifndef SK_STORE_ROWS_H
#define SK_STORE_ROWS_H
#include "store/store.h"

struct rows; /* opaque; one use at a time per text, nested use of the same text makes a second one
              */

SK_MUST_USE enum err_code rows_open(struct db *db, enum store_part part, const char *sql,
                                    struct rows **out, struct err *e);
/* Parameters from 1. Text must be valid UTF-8 (checked). Bytes need not outlive the call. */
void rows_int(struct rows *r, int param, int64_t v);
void rows_str(struct rows *r, int param, struct str v);
void rows_bytes(struct rows *r, int param, const void *p, size_t n);
void rows_null(struct rows *r, int param);
/* Fills 8 parameters `param`..`param`+7 with ids (padded by repeating): for `in ($2,...,$9)`; more
 * ids than 8 are an error of the caller's: page. */
void rows_ids8(struct rows *r, int param, const int64_t *ids, size_t n);
/* The scope as JSON-free SQL: a filter of the form
 *     ($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))
 * binds `param` (all: 0/1) and `param`+1 (key of a connection-local set that this call loads). */
void rows_scope(struct rows *r, int param, struct scope s);

/* Steps. True with a row; false at the end or on failure (rows_close tells which). */
bool rows_next(struct rows *r, struct err *e);
int64_t rows_get_int(struct rows *r, int col); /* from 0; NULL gives 0 */
struct str rows_get_str(struct rows *r,
                        int col); /* until the next step; NULL gives the empty one */
struct str rows_get_bytes(struct rows *r, int col); /* likewise */
bool rows_is_null(struct rows *r, int col);
/* Ends this use: OK, or the first error. Must be called after rows_open succeeded. */
SK_MUST_USE enum err_code rows_close(struct rows *r, struct err *e);

/* For insert, update, delete without returning: runs to the end, closes, gives the row count. */
SK_MUST_USE enum err_code rows_run(struct rows *r, int64_t *changed, struct err *e);

/* Many rows into one table by its key (storage.md 5): SQLite prepared loop; PostgreSQL below 200
 * rows multi-row values, above COPY BINARY to a temp table and insert .. select .. on conflict.
 * Rows must be sorted by key and free of duplicates. Needs an open write transaction. */
enum bulk_type { BULK_INT, BULK_INT16, BULK_TEXT, BULK_BYTES };
struct bulk_column {
    const char *name;
    enum bulk_type type;
    bool key;
};
struct bulk_value {
    int64_t i;
    struct str s; /* BULK_TEXT, BULK_BYTES */
    bool null;
};
enum bulk_conflict { BULK_FAIL, BULK_KEEP /* the old row */, BULK_REPLACE };
struct bulk_table {
    enum store_part part;
    const char *name;
    const struct bulk_column *columns;
    size_t n_columns;
    enum bulk_conflict conflict;
};
/* `next` gives one row of values, false at the end. */
SK_MUST_USE enum err_code store_bulk(struct db *db, const struct bulk_table *table,
                                     bool (*next)(void *ctx, struct bulk_value *values), void *ctx,
                                     int64_t *written, struct err *e);
#endif
