/* tariff_rows.h - what the SQL of the room answers; private to tariff. Public rules belong to no
 * organisation, so nothing here takes a scope. */
#ifndef SK_TARIFF_ROWS_H
#define SK_TARIFF_ROWS_H
#include "store/store.h"
#include "tariff/tariff.h"

/* One price of a book, as published: for queries and pages; settlement reads the body. */
struct price_row {
    struct instant valid_from;
    struct str season;
    int32_t tier;
    enum tou_period period;
    int64_t price_e6;
};
/* The rows of a book, one for each version, season, tier and period it prices. */
size_t book_rows(struct arena *a, const struct tariff_book *b, const struct price_row **out);

/* version 0: the newest. `*found` false: none. The body may be left out (NULL). */
SK_MUST_USE enum err_code rows_find_published(struct db *db, struct arena *a, enum tariff_kind kind,
                                              struct str id, int32_t version,
                                              struct tariff_published *out, struct str *body,
                                              bool *found, struct err *e);
SK_MUST_USE enum err_code rows_put_published(struct db *db, const struct tariff_published *p,
                                             struct str body, struct err *e);
SK_MUST_USE enum err_code rows_put_prices(struct db *db, const struct tariff_published *p,
                                          const struct price_row *rows, size_t n, struct err *e);
/* Of one table (calendars and holidays, or price tables), those behind `after`. */
SK_MUST_USE enum err_code rows_list_published(struct db *db, struct arena *a, bool books,
                                              const struct tariff_published *after, size_t limit,
                                              struct tariff_published *out, size_t *n,
                                              struct err *e);
#endif
