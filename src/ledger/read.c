/* read.c - what the ledger tells: accounts, statements of an account, the journal of a reference.
 */
#include "ledger/ledger_rows.h"

enum err_code ledger_account_get(struct db *db, struct arena *a, struct scope s, int64_t account_id,
                                 struct ledger_account *out, struct err *e)
{
    struct err own;
    struct account_row row;
    size_t n = 0;
    e = e ? e : &own;
    if (rows_get_accounts(db, a, s, &account_id, 1, &row, &n, e) != OK) {
        return e->code;
    }
    if (n == 0) {
        return fail(e, ERR_NOT_FOUND, "ledger: no account %lld", (long long)account_id);
    }
    *out = row.account;
    return OK;
}

enum err_code ledger_account_find(struct db *db, struct arena *a, struct scope s, struct str book,
                                  struct str code, struct ledger_account *out, struct err *e)
{
    struct err own;
    struct account_row row;
    bool found = false;
    e = e ? e : &own;
    if (rows_find_account(db, a, s, book, code, &row, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "ledger: no account " STR_FMT " in book " STR_FMT,
                    STR_ARG(code), STR_ARG(book));
    }
    *out = row.account;
    return OK;
}

enum err_code ledger_accounts(struct db *db, struct arena *a, struct scope s, struct str book,
                              struct str after, const struct ledger_account **out, size_t *n,
                              struct err *e)
{
    struct err own;
    struct account_row *rows;
    size_t k;
    e = e ? e : &own;
    if (rows_list_accounts(db, a, s, book, after, LEDGER_PAGE_MAX, &rows, &k, e) != OK) {
        return e->code;
    }
    struct ledger_account *list = arena_many(a, k + 1, struct ledger_account);
    for (size_t i = 0; i < k; i++) {
        list[i] = rows[i].account;
    }
    *out = list;
    *n = k;
    return OK;
}

enum err_code ledger_statement(struct db *db, struct arena *a, struct scope s, int64_t account_id,
                               int64_t after_seq, int64_t after_balance,
                               const struct ledger_entry **out, size_t *n, struct err *e)
{
    struct err own;
    struct ledger_entry *list;
    size_t k;
    e = e ? e : &own;
    if (rows_list_statement(db, a, s, account_id, after_seq, LEDGER_PAGE_MAX, &list, &k, e) != OK) {
        return e->code;
    }
    int64_t balance = after_balance;
    for (size_t i = 0; i < k; i++) {
        balance += list[i].phase == LEDGER_PENDING ? 0 : list[i].fen;
        list[i].balance_fen = balance;
    }
    *out = list;
    *n = k;
    return OK;
}

enum err_code ledger_journal(struct db *db, struct arena *a, struct scope s, struct str book,
                             struct str ref, int64_t after_seq, const struct ledger_entry **out,
                             size_t *n, struct err *e)
{
    struct err own;
    struct ledger_entry *list;
    size_t k, max = LEDGER_PAGE_MAX + LEDGER_LEGS_MAX;
    e = e ? e : &own;
    if (rows_list_journal(db, a, s, book, ref, after_seq, (int64_t)max, &list, &k, e) != OK) {
        return e->code;
    }
    if (k == max) { /* the last transfer may be cut: the next page brings it whole */
        int64_t last = list[k - 1].seq;
        while (k > 0 && list[k - 1].seq == last) {
            k--;
        }
    }
    *out = list;
    *n = k;
    return OK;
}

enum err_code ledger_day_sums(struct db *db, struct scope s, int64_t account_id, struct day day,
                              int64_t *debit_fen, int64_t *credit_fen, struct err *e)
{
    struct err own;
    return rows_sum_day(db, s, account_id, day, debit_fen, credit_fen, e ? e : &own);
}
