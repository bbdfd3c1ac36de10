/* pg.h - what the two files of the PostgreSQL driver share. */
#ifndef SK_STORE_POSTGRES_PG_H
#define SK_STORE_POSTGRES_PG_H
#include "store/driver.h"
#include <libpq-fe.h>

struct place {
    char *url;
    char *shown; /* without password */
};

struct link {
    PGconn *pg;
    enum store_part part;
    enum store_mode mode;
    unsigned generation; /* of the connection */
    int n_prepared;      /* names given out */
    int node;            /* -1: none held */
};

/* Types that we bind and read; PostgreSQL's object ids are fixed. */
enum { PG_BYTEA = 17, PG_NAME = 19, PG_INT8 = 20, PG_INT2 = 21, PG_INT4 = 23, PG_TEXT = 25 };

/* The error of a result, or of the connection when it is NULL. */
enum err_code pg_fail(const struct link *l, const PGresult *res, struct err *e);
/* Runs and frees; OK for commands and rows alike. */
SK_MUST_USE enum err_code pg_exec(struct link *l, const char *sql, struct err *e);

SK_MUST_USE enum err_code pg_bulk(struct link *l, const struct bulk_table *table,
                                  bool (*next)(void *ctx, struct bulk_value *values), void *ctx,
                                  int64_t *written, struct err *e);
#endif
