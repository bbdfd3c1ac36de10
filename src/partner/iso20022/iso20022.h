/* iso20022.h - the international messages: requests out, statuses and statements in.
 *
 * The bank's schema is far wider than what we need, so a reader takes what is named here and skips
 * the rest; what we write is valid by the official schemas. A statement (对账单) is judged as a
 * whole before one of its entries is used.
 *
 * Laws
 *  1. iso_read(iso_write(x)) = x.
 *  2. An amount that is not in whole fen of CNY is never rounded or converted: its entry is an
 *     exception, named, and the rest of the statement is used.
 *  3. opening + credits - debits = closing, over booked entries; a statement that does not add up
 *     is refused unless an exception explains why it cannot.
 *  4. A statement follows its predecessor: the next number, opening where that one closed.
 *  5. The same entry has the same identity however often its statement is sent.
 *
 * Errors: ERR_INPUT with a stable name: ISO_* (statement), WIRE_*, XML_* (bytes).
 */
#ifndef SK_PARTNER_ISO20022_ISO20022_H
#define SK_PARTNER_ISO20022_ISO20022_H
#include "base/hash.h"
#include "partner/partner.h"

#define ISO_PAIN_008 "pain.008.001.08"
#define ISO_PAIN_001 "pain.001.001.09"
#define ISO_PAIN_002 "pain.002.001.11"
#define ISO_CAMT_053 "camt.053.001.08"
#define ISO_CAMT_054 "camt.054.001.08"

struct iso_debit { /* DrctDbtTxInf */
    struct str tx_id, order; /* InstrId, EndToEndId */
    struct wire_amount amount;
    struct str agreement; /* MndtId */
    struct day agreed;
    struct str payer_branch, payer_name, payer_account, note;
};

struct iso_collection { /* pain.008, one payment block */
    struct str msg_id, created, count;
    struct wire_amount total;
    struct str initiator, block_id, block_count;
    struct wire_amount block_total;
    struct day on;
    struct str payee_name, payee_account, payee_branch;
    WIRE_LIST(struct iso_debit) items;
};

struct iso_credit { /* CdtTrfTxInf */
    struct str tx_id, order;
    struct wire_amount amount;
    struct str payee_branch, payee_name, payee_account, note;
};

struct iso_payout { /* pain.001, one payment block */
    struct str msg_id, created, count;
    struct wire_amount total;
    struct str initiator, block_id, block_count;
    struct wire_amount block_total;
    struct day on;
    struct str payer_name, payer_account, payer_branch;
    WIRE_LIST(struct iso_credit) items;
};

struct iso_tx_status { /* TxInfAndSts */
    struct str tx_id, order, status, reason;
};

struct iso_block_status { /* OrgnlPmtInfAndSts */
    struct str block_id, status;
    WIRE_LIST(struct iso_tx_status) items;
};

struct iso_status { /* pain.002 */
    struct str msg_id, created;
    struct str original_id, original_type, group_status;
    WIRE_LIST(struct iso_block_status) blocks;
};

struct iso_balance { /* Bal */
    struct str kind; /* OPBD, CLBD, ... */
    struct wire_amount amount;
    struct str side; /* CRDT or DBIT */
    struct day day;
    struct str at; /* instead of a day */
};

struct iso_tx { /* TxDtls */
    struct str bank_ref, tx_id, order, agreement;
    struct wire_amount amount;
    struct str side, payer_name, payer_account, payee_name, payee_account, note;
};

struct iso_detail { /* NtryDtls */
    WIRE_LIST(struct iso_tx) items;
};

struct iso_entry { /* Ntry */
    struct str ref;
    struct wire_amount amount;
    struct str side, reversal, status; /* status BOOK: it counts */
    struct day booked;
    struct str booked_at;
    struct day value;
    struct str value_at, bank_ref;
    struct str domain, family, subfamily; /* BkTxCd */
    WIRE_LIST(struct iso_detail) details;
};

struct iso_statement { /* Stmt or Ntfctn */
    struct str id, sequence, created, from, until, iban, account, currency;
    WIRE_LIST(struct iso_balance) balances; /* none in a notice */
    WIRE_LIST(struct iso_entry) entries;
};

struct iso_statements { /* camt.053, camt.054 */
    struct str msg_id, created;
    WIRE_LIST(struct iso_statement) items;
};

/* `type` is one of ISO_*; `*out` points to iso_collection, iso_payout, iso_status, iso_statements,
 * iso_statements in that order. */
SK_MUST_USE enum err_code iso_read(struct arena *a, const char *type, struct str xml, void **out,
                                   struct err *e);
/* All five are written, so that a bank can be played too. */
SK_MUST_USE enum err_code iso_write(struct arena *a, const char *type, const void *message,
                                    struct str *out, struct err *e);
/* count, total: filled into an iso_collection or iso_payout from its items. */
SK_MUST_USE enum err_code iso_collection_sum(struct arena *a, struct iso_collection *m,
                                             struct err *e);
SK_MUST_USE enum err_code iso_payout_sum(struct arena *a, struct iso_payout *m, struct err *e);

struct iso_exception {
    size_t entry;     /* index in the statement */
    const char *name; /* ISO_ENTRY_AMOUNT, ISO_ENTRY_CURRENCY, ISO_ENTRY_DAY */
};

struct iso_checked {
    struct money opening, closing; /* negative: overdrawn */
    struct money credits, debits;  /* of the booked entries that are no exception */
    size_t n_exceptions;
    struct iso_exception *exceptions;
};

/* Laws 2 and 3. ISO_ACCOUNT (not this account), ISO_CURRENCY, ISO_BALANCE_MISSING, ISO_BALANCE
 * (does not add up), WIRE_SUM. */
SK_MUST_USE enum err_code iso_statement_check(struct arena *a, const struct iso_statement *s,
                                              struct str account, struct iso_checked *out,
                                              struct err *e);
/* Law 4: ISO_SEQUENCE (a hole, or seen before), ISO_OPENING. */
SK_MUST_USE enum err_code iso_statement_follows(int64_t last_sequence, struct money last_closing,
                                                const struct iso_statement *s,
                                                const struct iso_checked *c, struct err *e);
/* Law 5: of (account, bank reference), or without one of all that tells it apart, and its place
 * among the statement's entries that are alike. */
struct sha256 iso_entry_identity(struct arena *a, const struct iso_statement *s, size_t entry);
#endif
