/* bulk.c - many rows at once into PostgreSQL (storage.md 5).
 *
 * Rows are encoded as they come in COPY's binary form. While they are few they wait, and become the
 * parameters of one insert with many values; from COPY_FROM rows on they are streamed: straight
 * into the table when a conflict is an error, else into a temporary table and from there by key.
 */
#include "store/postgres/pg.h"
#include <endian.h>

#define COPY_FROM 200             /* rows: below, one insert costs less than a COPY and a copy */
#define CHUNK ((size_t)256 << 10) /* bytes handed to libpq at once */

static const char signature[] = "PGCOPY\n\377\r\n\0";
#define HEADER_BYTES 19 /* signature of 11, flags of 4, length of extensions of 4 */

struct job {
    struct link *link;
    const struct bulk_table *table;
    struct arena *arena;
    char *buf; /* rows encoded, after the header */
    size_t n, room;
    size_t rows;
    bool copying;
    char temp[96];
};

static void need(struct job *j, size_t n)
{
    if (j->n + n > j->room) {
        j->room = (j->n + n) * 2;
        j->buf = mem_grow(j->buf, j->room);
    }
}

static void put(struct job *j, const void *p, size_t n)
{
    need(j, n);
    if (n) {
        memcpy(j->buf + j->n, p, n);
    }
    j->n += n;
}

static void put16(struct job *j, uint16_t v)
{
    v = htobe16(v);
    put(j, &v, 2);
}

static void put32(struct job *j, uint32_t v)
{
    v = htobe32(v);
    put(j, &v, 4);
}

static enum err_code put_value(struct job *j, const struct bulk_column *c,
                               const struct bulk_value *v, struct err *e)
{
    if (v->null) {
        put32(j, (uint32_t)-1);
        return OK;
    }
    switch (c->type) {
    case BULK_INT: {
        uint64_t x = htobe64((uint64_t)v->i);
        put32(j, 8);
        put(j, &x, 8);
        return OK;
    }
    case BULK_INT16:
        if (v->i < INT16_MIN || v->i > INT16_MAX) {
            return fail(e, ERR_LIMIT, "%s: %lld does not fit 16 bits", c->name, (long long)v->i);
        }
        put32(j, 2);
        put16(j, (uint16_t)v->i);
        return OK;
    case BULK_TEXT:
        if (!str_utf8(v->s)) {
            return fail(e, ERR_INPUT, "%s: not valid UTF-8 text without NUL", c->name);
        }
        break;
    case BULK_BYTES:
        break;
    }
    put32(j, (uint32_t)v->s.n);
    put(j, v->s.at, v->s.n);
    return OK;
}

static enum err_code put_row(struct job *j, const struct bulk_value *v, struct err *e)
{
    put16(j, (uint16_t)j->table->n_columns);
    for (size_t i = 0; i < j->table->n_columns; i++) {
        enum err_code code = put_value(j, &j->table->columns[i], &v[i], e);
        if (code != OK) {
            return code;
        }
    }
    j->rows++;
    return OK;
}

static void column_list(struct text *t, const struct bulk_table *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        text_addf(t, "%s%s", i ? ", " : "", table->columns[i].name);
    }
}

static enum err_code send_chunk(struct job *j, struct err *e)
{
    int sent = j->n ? PQputCopyData(j->link->pg, j->buf, (int)j->n) : 1;
    j->n = 0;
    return sent == 1 ? OK : pg_fail(j->link, NULL, e);
}

/* Opens the stream; what waits in the buffer goes first. */
static enum err_code copy_start(struct job *j, struct err *e)
{
    struct text t, columns;
    text_init(&t, j->arena, 16384);
    text_init(&columns, j->arena, 8192);
    column_list(&columns, j->table);
    const char *target = j->table->name;
    if (j->table->conflict != BULK_FAIL) {
        snprintf(j->temp, sizeof(j->temp), "bulk_%.40s_%08x", j->table->name,
                 crc32c(0, columns.at, columns.n));
        text_addf(&t,
                  "create temp table if not exists %s on commit delete rows as select %s from %s "
                  "with no data",
                  j->temp, columns.at, j->table->name);
        enum err_code code = pg_exec(j->link, t.at, e);
        if (code != OK) {
            return code;
        }
        target = j->temp;
    }
    text_init(&t, j->arena, 16384);
    text_addf(&t, "copy %s (%s) from stdin (format binary)", target, columns.at);
    PGresult *res = PQexec(j->link->pg, t.at);
    enum err_code code = PQresultStatus(res) == PGRES_COPY_IN ? OK : pg_fail(j->link, res, e);
    PQclear(res);
    j->copying = code == OK;
    return code == OK ? send_chunk(j, e) : code;
}

/* Ends the stream, well or not, and takes its answers off the connection. */
static enum err_code copy_end(struct job *j, const char *refused, struct err *e)
{
    j->copying = false;
    enum err_code code = OK;
    if (PQputCopyEnd(j->link->pg, refused) != 1) {
        code = pg_fail(j->link, NULL, e);
    }
    PGresult *res;
    while ((res = PQgetResult(j->link->pg)) != NULL) {
        if (PQresultStatus(res) != PGRES_COMMAND_OK && code == OK && !refused) {
            code = pg_fail(j->link, res, e);
        }
        PQclear(res);
    }
    return code;
}

static enum err_code run_counted(struct job *j, PGresult *res, int64_t *changed, struct err *e)
{
    enum err_code code = OK;
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        code = pg_fail(j->link, res, e);
    } else if (decimal_scaled(str_of(PQcmdTuples(res)), 0, changed, e) != OK) {
        code = ERR_IO;
    }
    PQclear(res);
    return code;
}

static enum err_code from_temp(struct job *j, int64_t *changed, struct err *e)
{
    struct text t;
    text_init(&t, j->arena, 32768);
    bulk_insert_text(&t, j->table);
    text_add_c(&t, " select ");
    column_list(&t, j->table);
    text_addf(&t, " from %s where true", j->temp);
    bulk_conflict_text(&t, j->table);
    enum err_code code = run_counted(j, PQexec(j->link->pg, t.at), changed, e);
    if (code != OK) {
        return code;
    }
    text_init(&t, j->arena, 256); /* for a second load in the same transaction */
    text_addf(&t, "truncate %s", j->temp);
    return pg_exec(j->link, t.at, e);
}

/* The few rows as parameters, pointing into the encoded bytes. */
static enum err_code insert_values(struct job *j, int64_t *changed, struct err *e)
{
    static const Oid oids[] = {
        [BULK_INT] = PG_INT8, [BULK_INT16] = PG_INT2, [BULK_TEXT] = PG_TEXT, [BULK_BYTES] = PG_BYTEA
    };
    size_t columns = j->table->n_columns, n = j->rows * columns;
    const char **values = arena_many(j->arena, n, const char *);
    int *lengths = arena_many(j->arena, n, int), *formats = arena_many(j->arena, n, int);
    Oid *types = arena_many(j->arena, n, Oid);
    struct text t;
    text_init(&t, j->arena, 32768 + n * 8);
    bulk_insert_text(&t, j->table);
    text_add_c(&t, " values ");
    const char *at = j->buf + HEADER_BYTES;
    for (size_t i = 0; i < n; i++) {
        bool first = i % columns == 0;
        at += first ? 2 : 0;
        uint32_t size;
        memcpy(&size, at, 4);
        at += 4;
        lengths[i] = (int)be32toh(size);
        values[i] = lengths[i] < 0 ? NULL : at;
        at += lengths[i] < 0 ? 0 : lengths[i];
        formats[i] = 1;
        types[i] = oids[j->table->columns[i % columns].type];
        text_addf(&t, "%s$%zu%s",
                  !first ? ","
                  : i    ? ",("
                         : "(",
                  i + 1, (i + 1) % columns == 0 ? ")" : "");
    }
    bulk_conflict_text(&t, j->table);
    PGresult *res = PQexecParams(j->link->pg, t.at, (int)n, types, values, lengths, formats, 1);
    return run_counted(j, res, changed, e);
}

static enum err_code take_rows(struct job *j, bool (*next)(void *ctx, struct bulk_value *values),
                               void *ctx, struct err *e)
{
    struct bulk_value *v = arena_many(j->arena, j->table->n_columns, struct bulk_value);
    put(j, signature, 11);
    put32(j, 0);
    put32(j, 0);
    enum err_code code = OK;
    while (code == OK && next(ctx, v)) {
        code = put_row(j, v, e);
        if (code == OK && !j->copying && j->rows == COPY_FROM) {
            code = copy_start(j, e);
        }
        if (code == OK && j->copying && j->n >= CHUNK) {
            code = send_chunk(j, e);
        }
        memset(v, 0, j->table->n_columns * sizeof(*v));
    }
    return code;
}

enum err_code pg_bulk(struct link *l, const struct bulk_table *table,
                      bool (*next)(void *ctx, struct bulk_value *values), void *ctx,
                      int64_t *written, struct err *e)
{
    struct job j = { .link = l, .table = table, .arena = arena_new() };
    int64_t changed = 0;
    enum err_code code = take_rows(&j, next, ctx, e);
    if (code == OK && j.copying) {
        put16(&j, (uint16_t)-1); /* the end mark */
        code = send_chunk(&j, e);
        if (code == OK) {
            code = copy_end(&j, NULL, e);
        }
        changed = (int64_t)j.rows;
        if (code == OK && table->conflict != BULK_FAIL) {
            code = from_temp(&j, &changed, e);
        }
    } else if (code == OK && j.rows > 0) {
        code = insert_values(&j, &changed, e);
    }
    if (j.copying) {
        struct err ignored;
        (void)!copy_end(&j, "refused by the sender", &ignored);
    }
    free(j.buf);
    arena_free(j.arena);
    if (code == OK && written) {
        *written = changed;
    }
    return code;
}
