/* ledger_rows.h - the room's statements; private to it. */
#ifndef SK_LEDGER_LEDGER_ROWS_H
#define SK_LEDGER_LEDGER_ROWS_H
#include "ledger/ledger.h"

struct book_head {
    struct str book;
    int64_t seq;
    struct sha256 hash;
};
/* Held until the transaction ends: writers of one book follow one another. */
SK_MUST_USE enum err_code rows_hold_book(struct db *db, struct scope s, struct book_head *head,
                                         bool *found, struct err *e);
SK_MUST_USE enum err_code rows_insert_book(struct db *db, struct scope s, struct str book,
                                           struct instant now, struct err *e);
SK_MUST_USE enum err_code rows_move_book(struct db *db, struct scope s,
                                         const struct book_head *head, int64_t old_seq,
                                         int64_t *changed, struct err *e);
#define BOOKS_MAX 1000 /* one today; one a legal entity later */
SK_MUST_USE enum err_code rows_list_books(struct db *db, struct arena *a, struct scope s,
                                          const struct book_head **out, size_t *n, struct err *e);

struct account_row {
    struct ledger_account account;
    int64_t ver, created_at;
    bool moved;
};
SK_MUST_USE enum err_code rows_insert_account(struct db *db, struct scope s,
                                              const struct account_row *row, struct err *e);
SK_MUST_USE enum err_code rows_find_account(struct db *db, struct arena *a, struct scope s,
                                            struct str book, struct str code,
                                            struct account_row *out, bool *found, struct err *e);
/* Those of the n ids (ascending) that are there, in their order. */
SK_MUST_USE enum err_code rows_get_accounts(struct db *db, struct arena *a, struct scope s,
                                            const int64_t *ids, size_t n, struct account_row *out,
                                            size_t *n_out, struct err *e);
SK_MUST_USE enum err_code rows_list_accounts(struct db *db, struct arena *a, struct scope s,
                                             struct str book, struct str after, int64_t max,
                                             struct account_row **out, size_t *n, struct err *e);
/* Writes the balances of those that moved. */
SK_MUST_USE enum err_code rows_move_accounts(struct db *db, struct scope s,
                                             const struct account_row *rows, size_t n,
                                             struct instant now, struct err *e);

struct transfer_row {
    int64_t transfer_id, seq, created_at;
    struct ledger_transfer t; /* legs, texts */
    struct sha256 content, hash;
};
/* For each of the n keys, whose transfer has it (0: none) and its content. */
SK_MUST_USE enum err_code rows_find_keys(struct db *db, struct scope s,
                                         const struct ledger_transfer *t, size_t n, int64_t *ids,
                                         struct sha256 *contents, struct err *e);
SK_MUST_USE enum err_code rows_get_transfer(struct db *db, struct arena *a, struct scope s,
                                            struct str book, int64_t transfer_id,
                                            struct transfer_row *out, bool *found, struct err *e);
SK_MUST_USE enum err_code rows_find_namer(struct db *db, struct scope s, int64_t transfer_id,
                                          int64_t *namer, struct err *e);
SK_MUST_USE enum err_code rows_insert_transfers(struct db *db, struct scope s, struct str book,
                                                const struct transfer_row *rows, size_t n,
                                                struct instant now, struct err *e);
/* Whole transfers of a book with their legs, after number `after`. */
SK_MUST_USE enum err_code rows_list_transfers(struct db *db, struct arena *a, struct scope s,
                                              struct str book, int64_t after, int64_t max,
                                              struct transfer_row **out, size_t *n, struct err *e);

SK_MUST_USE enum err_code rows_list_statement(struct db *db, struct arena *a, struct scope s,
                                              int64_t account_id, int64_t after_seq, int64_t max,
                                              struct ledger_entry **out, size_t *n, struct err *e);
SK_MUST_USE enum err_code rows_list_journal(struct db *db, struct arena *a, struct scope s,
                                            struct str book, struct str ref, int64_t after_seq,
                                            int64_t max, struct ledger_entry **out, size_t *n,
                                            struct err *e);
SK_MUST_USE enum err_code rows_sum_day(struct db *db, struct scope s, int64_t account_id,
                                       struct day day, int64_t *debit, int64_t *credit,
                                       struct err *e);
#endif
