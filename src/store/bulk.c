/* bulk.c - many rows by key: the SQL text both engines share, and the loop SQLite runs. */
#include "store/driver.h"

#define COLUMNS_MAX 64 /* our widest table has about 40 */

void bulk_conflict_text(struct text *t, const struct bulk_table *table)
{
    if (table->conflict == BULK_FAIL) {
        return;
    }
    text_add_c(t, " on conflict (");
    bool first = true;
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].key) {
            text_addf(t, "%s%s", first ? "" : ", ", table->columns[i].name);
            first = false;
        }
    }
    text_add_c(t, ")");
    check_that(!first, "bulk into %s names no key", table->name);
    first = true;
    for (size_t i = 0; i < table->n_columns && table->conflict == BULK_REPLACE; i++) {
        const struct bulk_column *c = &table->columns[i];
        if (!c->key) {
            text_addf(t, "%s%s = excluded.%s", first ? " do update set " : ", ", c->name, c->name);
            first = false;
        }
    }
    if (first) {
        text_add_c(t, " do nothing");
    }
}

void bulk_insert_text(struct text *t, const struct bulk_table *table)
{
    text_addf(t, "insert into %s (", table->name);
    for (size_t i = 0; i < table->n_columns; i++) {
        text_addf(t, "%s%s", i ? ", " : "", table->columns[i].name);
    }
    text_add_c(t, ")");
}

static void bind(struct rows *r, const struct bulk_table *table, const struct bulk_value *v)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        int param = (int)i + 1;
        if (v[i].null) {
            rows_null(r, param);
        } else if (table->columns[i].type == BULK_TEXT || table->columns[i].type == BULK_BYTES) {
            rows_lend(r, param, v[i].s, table->columns[i].type == BULK_TEXT);
        } else {
            rows_int(r, param, v[i].i);
        }
    }
}

static enum err_code loop(struct db *db, const struct bulk_table *table,
                          bool (*next)(void *ctx, struct bulk_value *values), void *ctx,
                          int64_t *written, struct err *e)
{
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 16384);
    bulk_insert_text(&t, table);
    for (size_t i = 0; i < table->n_columns; i++) {
        text_addf(&t, "%s$%zu", i ? ", " : " values (", i + 1);
    }
    text_add_c(&t, ")");
    bulk_conflict_text(&t, table);
    struct bulk_value *v = arena_many(a, table->n_columns, struct bulk_value);
    int64_t sum = 0, changed = 0;
    uint64_t key = hash64(t.at, t.n, 0); /* the text has no lasting address */
    struct rows *r;
    enum err_code code = rows_open_as(db, table->part, key, t.at, &r, e);
    bool opened = code == OK;
    while (code == OK && next(ctx, v)) {
        bind(r, table, v);
        code = rows_run_on(r, &changed, e);
        sum += changed;
        memset(v, 0, table->n_columns * sizeof(*v));
    }
    if (opened) {
        code = rows_close(r, e);
    }
    arena_free(a);
    if (code == OK && written) {
        *written = sum;
    }
    return code;
}

enum err_code store_bulk(struct db *db, const struct bulk_table *table,
                         bool (*next)(void *ctx, struct bulk_value *values), void *ctx,
                         int64_t *written, struct err *e)
{
    struct part *p = &db->parts[table->part];
    struct err own;
    e = e ? e : &own;
    check_that(table->n_columns > 0 && table->n_columns <= COLUMNS_MAX, "%zu columns of %s",
               table->n_columns, table->name);
    if (!p->in_tx || p->tx != STORE_WRITE || p->failed) {
        return fail(e, ERR_RULE, "%s: bulk into %s needs an open write transaction without errors",
                    part_word(table->part), table->name);
    }
    if (!db->drv->bulk) {
        return loop(db, table, next, ctx, written, e);
    }
    store_count();
    enum err_code code = db->drv->bulk(p->link, table, next, ctx, written, e);
    if (code != OK) {
        part_failed(p, e);
        return fail_in(e, "bulk into %s: ", table->name);
    }
    return OK;
}
