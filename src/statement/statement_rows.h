/* statement_rows.h - the room's SQL. Private. A statement is visible to the payers and payees of
 * its legs (product.md 5.1). */
#ifndef SK_STATEMENT_STATEMENT_ROWS_H
#define SK_STATEMENT_STATEMENT_ROWS_H
#include "statement/statement.h"

/* New statements with legs and lines and their first event (DRAFT to what they are), sorted by id.
 */
enum err_code rows_put_statements(struct db *db, const struct statement *const *s, size_t n,
                                  int64_t user_id, struct instant now, struct err *e);

/* Header only: no legs, lines, parties or annex parsed. */
enum err_code rows_find_statement(struct db *db, struct arena *a, struct scope s, int64_t id,
                                  struct statement *out, bool *found, struct err *e);
enum err_code rows_legs_of(struct db *db, struct arena *a, struct scope s, int64_t id,
                           struct statement_leg **out, size_t *n, struct err *e);
/* Lines of the given legs are the caller's to choose: all are given, with their leg's number. */
enum err_code rows_lines_of(struct db *db, struct arena *a, struct scope s, int64_t id,
                            struct statement_line **out, size_t *n, struct err *e);
enum err_code rows_find_no(struct db *db, struct scope s, struct str no, int64_t *id,
                           struct err *e);
enum err_code rows_find_order_statement(struct db *db, struct scope s, int64_t order_id,
                                        int32_t from, int64_t *id, struct err *e);
/* The latest of an order and period that is neither void nor `but`: the last result. */
enum err_code rows_find_last(struct db *db, struct scope s, int64_t order_id, int32_t from,
                             int64_t but, int64_t *id, enum statement_state *state, struct err *e);
enum err_code rows_list(struct db *db, struct arena *a, struct scope s,
                        const struct statement_query *q, struct statement_row **out, size_t *n,
                        struct err *e);
enum err_code rows_totals(struct db *db, struct scope s, struct settle_period p,
                          struct statement_total *out, struct err *e);
enum err_code rows_events(struct db *db, struct arena *a, struct scope s, int64_t id,
                          struct statement_event **out, size_t *n, struct err *e);

/* Moves a statement from `from` to s->state, writing number, hash, due day, issue, confirmation and
 * reason as *s has them; the row must still be in `from` with version s->ver. Writes the event. */
enum err_code rows_move(struct db *db, struct scope scope, const struct statement *s,
                        enum statement_state from, int64_t user_id, struct str reason,
                        struct instant now, struct err *e);
/* A draft whose run was superseded: void, if it is there and not issued. */
enum err_code rows_void_draft(struct db *db, struct scope s, int64_t id, struct instant now,
                              struct err *e);
/* Takes n numbers of a year: the first of them. */
enum err_code rows_take_numbers(struct db *db, int year, int64_t n, int64_t *first, struct err *e);
/* CHECKED ones of a period, by id. */
enum err_code rows_list_checked(struct db *db, struct arena *a, struct scope s,
                                struct settle_period p, int64_t after, size_t limit, int64_t **out,
                                size_t *n, struct err *e);

/* For the check: headers in pages by (order, period, id), numbers by year, doubles. */
struct number_row {
    int64_t year, last, issued, highest;
};
enum err_code rows_page(struct db *db, struct arena *a, struct scope s,
                        const struct statement *after, size_t limit, struct statement **out,
                        size_t *n, struct err *e);
enum err_code rows_numbers(struct db *db, struct arena *a, struct number_row **out, size_t *n,
                           struct err *e);
/* chain_rows.c: the statements of an order and period that are not void, by revision, amounts of
 * the scope's legs; and the orders and periods with corrections, with their sums (for the check) */
enum err_code rows_chain(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                         int32_t from, struct statement_link **out, size_t *n, struct err *e);
struct chain_row {
    int64_t order_id;
    int32_t from;
    int64_t fen;
};
enum err_code rows_page_chains(struct db *db, int64_t after_order, int32_t after_from, size_t max,
                               struct chain_row *out, size_t *n, struct err *e);
enum err_code rows_count_doubles(struct db *db, int64_t *out, struct err *e);
#endif
