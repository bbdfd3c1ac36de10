/* ledger.h - double entry: every debit has its credit, and the whole can be proved at any time.
 *
 * The floor on which the money rooms stand (payments.md 4). It knows books, accounts and transfers
 * (a journal entry, 分录凭证); why money moves is a word of the caller (`kind`, `ref`).
 *
 * Laws
 *  1. The legs of a transfer sum to 0; there are at least two, none is 0, no account has two. So
 * the total of all accounts of a book is 0 in every snapshot (I1, M1).
 *  2. A transfer is never changed or removed. A mistake is mended by a reversal: the same legs with
 *     turned signs, naming what it reverses, which happens once (M11).
 *  3. One idempotency key, one transfer: the same content gives the one that is there, another
 *     content is refused.
 *  4. A pending transfer reserves and moves nothing; it is posted or voided whole, once, by another
 *     transfer that names it. Until then both its sides are out of reach.
 *  5. An account with a limit never passes it: what it has, less what is reserved, stays on its
 *     side of zero (M6).
 *  6. Balances are kept in the transaction that moves them, and equal the sums of the entries (I1).
 *  7. The transfers of a book are one chain, numbered without a hole: hash(n) = SHA-256(hash(n-1) |
 *     number, id, instant | content(n)). A change, removal, insertion or swap is found and the
 * first bad one named (M16). Played into an empty book, the transfers give the same balances (M14).
 *  8. All or nothing: of the transfers of one call either every one is in effect, or none.
 *
 * Debit is positive, credit negative; fen. Functions that write run in the caller's core
 * transaction, so that the state change which moves money and the money are one. Writers of one
 * book follow one another: each holds the book's head until its transaction ends.
 */
#ifndef SK_LEDGER_LEDGER_H
#define SK_LEDGER_LEDGER_H
#include "base/base.h"
#include "store/store.h"

extern const struct store_migrations ledger_migrations;

#define LEDGER_BOOK_MAX 32   /* bytes of a book's name; "main" is the operator's */
#define LEDGER_CODE_MAX 100  /* bytes of an account's code: A:AR:123456789 */
#define LEDGER_KEY_MAX 120   /* bytes of an idempotency key */
#define LEDGER_WORD_MAX 64   /* bytes of kind and ref */
#define LEDGER_LEGS_MAX 1000 /* of one transfer: a batch total split over its orders */
#define LEDGER_BATCH_MAX 10000
#define LEDGER_FEN_MAX 1000000000000000LL /* of one leg: ten million million yuan */

/* ---- accounts ---------------------------------------------------------------------------------
 */

/* Which side of zero an account must stay on (law 5). Codes A: and E: are debit accounts, L: and R:
 * credit accounts; a limit is the caller's wish, not a matter of course: receivables may be paid
 * over. */
enum ledger_limit {
    LEDGER_FREE = 0,
    LEDGER_NO_CREDIT = 1, /* never below zero: money that is there (bank, clearing) */
    LEDGER_NO_DEBIT = 2,  /* never above zero: what is owed to others (payables) */
};
struct ledger_account {
    int64_t account_id; /* made by ledger_open_account */
    struct str book, code;
    int64_t org_id; /* whose it is: the scope of the row; 0: the operator's own */
    enum ledger_limit limit;
    int64_t debit_fen, credit_fen;                 /* posted, both >= 0 */
    int64_t pending_debit_fen, pending_credit_fen; /* reserved, both >= 0 */
};
static inline int64_t ledger_balance(const struct ledger_account *a) /* debit positive */
{
    return a->debit_fen - a->credit_fen;
}

/* The account with that code, opened if need be; `fresh` may be NULL. The code is
 * (A|L|R|E):NAME[:party], capitals, digits and _ ; ERR_INPUT says what is wrong. ERR_CONFLICT: it
 * is there with another organisation or limit. */
SK_MUST_USE enum err_code ledger_open_account(struct db *db, struct str book, struct str code,
                                              int64_t org_id, enum ledger_limit limit,
                                              struct instant now, int64_t *account_id, bool *fresh,
                                              struct err *e);
SK_MUST_USE enum err_code ledger_account_get(struct db *db, struct arena *a, struct scope s,
                                             int64_t account_id, struct ledger_account *out,
                                             struct err *e);
SK_MUST_USE enum err_code ledger_account_find(struct db *db, struct arena *a, struct scope s,
                                              struct str book, struct str code,
                                              struct ledger_account *out, struct err *e);
/* By code, after `after` (empty: from the first): the trial balance (试算平衡), page by page. */
#define LEDGER_PAGE_MAX 500
SK_MUST_USE enum err_code ledger_accounts(struct db *db, struct arena *a, struct scope s,
                                          struct str book, struct str after,
                                          const struct ledger_account **out, size_t *n,
                                          struct err *e);

/* ---- transfers --------------------------------------------------------------------------------
 */

enum ledger_phase {
    LEDGER_POSTED = 1, /* moves at once */
    LEDGER_PENDING,    /* reserves */
    LEDGER_POST,       /* moves what the pending one named reserved */
    LEDGER_VOID,       /* gives it back; has no legs */
    LEDGER_REVERSAL,   /* of a posted one */
};
struct ledger_leg {
    int64_t account_id;
    int64_t fen;
};
struct ledger_transfer {
    enum ledger_phase phase;
    struct str kind;     /* "J3": what happened, a word of the caller's */
    struct str ref;      /* what it belongs to: "payment:81"; the journal is read by it */
    struct str idem_key; /* "debit_success:TX:2026070100000001" (law 3) */
    struct day day;      /* the clearing day it belongs to, never the wall clock's */
    int64_t names;       /* POST, VOID, REVERSAL: the transfer meant; else 0 */
    const struct ledger_leg
        *legs; /* POSTED and PENDING; the others take them from what they name */
    size_t n_legs;

    /* filled in */
    int64_t transfer_id;
    bool fresh; /* false: it was there (law 3) */
};
/* Law 8. ERR_INPUT: legs, texts, amounts; ERR_NOT_FOUND: an account of this book, or the transfer
 * named. ERR_CONFLICT `IDEMPOTENCY_MISMATCH`, `LEDGER_RESOLVED` (posted, voided or reversed
 * before). ERR_RULE `LEDGER_LIMIT` (law 5), `LEDGER_PHASE` (posts what is not pending, reverses
 * what is not posted). The transfers take effect in their order; one may name an earlier one of
 * the same call by its key only in a later call. */
SK_MUST_USE enum err_code ledger_transfer(struct db *db, struct str book,
                                          struct ledger_transfer *transfers, size_t n,
                                          struct instant now, struct err *e);
/* The transfer with that key; `*found` false: none. */
SK_MUST_USE enum err_code ledger_find_key(struct db *db, struct str idem_key, int64_t *transfer_id,
                                          bool *found, struct err *e);

/* ---- reading ----------------------------------------------------------------------------------
 */

/* A leg in the order of its book: of an account (account statement, 明细账), or of a reference
 * (journal, 凭证). */
struct ledger_entry {
    int64_t transfer_id, seq; /* seq: its number in the book */
    enum ledger_phase phase;
    struct str kind, ref, code;
    struct day day;
    int64_t account_id, fen, names;
    int64_t balance_fen; /* of the account behind it; pending ones change nothing */
    struct instant at;
};
/* After transfer number `after_seq` (0: from the first), at most LEDGER_PAGE_MAX entries. The
 * balance runs on from `after_balance`, that of the last entry before. */
SK_MUST_USE enum err_code ledger_statement(struct db *db, struct arena *a, struct scope s,
                                           int64_t account_id, int64_t after_seq,
                                           int64_t after_balance, const struct ledger_entry **out,
                                           size_t *n, struct err *e);
/* Whole transfers, at least one, about LEDGER_PAGE_MAX entries; balance_fen is 0 here. */
SK_MUST_USE enum err_code ledger_journal(struct db *db, struct arena *a, struct scope s,
                                         struct str book, struct str ref, int64_t after_seq,
                                         const struct ledger_entry **out, size_t *n, struct err *e);
/* The sums of one account by clearing day, for the close of a day. */
SK_MUST_USE enum err_code ledger_day_sums(struct db *db, struct scope s, int64_t account_id,
                                          struct day day, int64_t *debit_fen, int64_t *credit_fen,
                                          struct err *e);

/* ---- proof ------------------------------------------------------------------------------------
 */

struct ledger_proof {
    int64_t books, accounts, transfers, entries;
    int64_t turnover_fen; /* all debits */
    int64_t wrong;        /* findings; the first ones are told in the text */
};
/* Laws 1, 4, 5, 6, 7 over every book, in a read transaction of its own: the chains walked from
 * their first transfer, each content hashed again, balances summed anew from the entries. What it
 * finds goes to `wrong`; an error means that it could not look. */
SK_MUST_USE enum err_code ledger_prove(struct db *db, struct ledger_proof *out, struct text *wrong,
                                       struct err *e);
#endif
