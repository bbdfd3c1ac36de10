/* account.h - bank accounts, their change, and the payer's authorisation (授权) to debit.
 *
 * Money flows along the accounts of an order and no others, so an account is bound by its id, its
 * number lies sealed, and what a person sees is masked. Nothing of an account is ever edited: a
 * change is a new row that three people and a day stand behind.
 *
 * Laws
 *  1. Number and holder's name are stored in envelopes (secret.h); a blind index finds a number.
 *  2. What an account is never changes; only its state, its validity and its successor do.
 *  3. A change needs the stamped letter (kept as a sealed file), a small-amount verification, a
 *     second person who reviews and a third who approves, and ACCOUNT_COOLING_MS after that.
 *  4. A change takes effect for statements issued from its day on, never while money of the old
 *     account is under way.
 *  5. An authorisation names one payer account and one payee; a debit is covered only by an ACTIVE
 *     one, within its days, its limit for an item and its limit for a month.
 *  6. A number or name in clear comes from account_reveal() alone: a permission, a reason, an audit
 *     row.
 *
 * Functions that write run in the caller's core write transaction. Amounts are fen.
 */
#ifndef SK_CONTRACT_ACCOUNT_H
#define SK_CONTRACT_ACCOUNT_H
#include "contract/contract.h"
#include "secret/secret.h"

#define ACCOUNT_NO_MIN 6
#define ACCOUNT_NO_MAX 32    /* characters, as the clearing messages have it */
#define ACCOUNT_NAME_MAX 180 /* bytes: 60 characters of the clearing messages */
#define ACCOUNT_PAGE_MAX 200
#define ACCOUNT_COOLING_MS (24 * 3600 * 1000LL)
#define ACCOUNT_VERIFY_FEN_MAX 100 /* a verification is a payment below one yuan */
#define ACCOUNT_UNMASK "contract:account:unmask"
#define ACCOUNT_APPROVE "contract:account:approve"

enum account_state {
    ACCOUNT_NEW = 1,  /* not verified yet */
    ACCOUNT_ACTIVE,   /* money may flow */
    ACCOUNT_PENDING,  /* the successor in a change that is not done */
    ACCOUNT_REPLACED, /* has a successor */
    ACCOUNT_CLOSED,
};
struct account_new {
    int64_t org_id;      /* 0: seen by the machine alone */
    struct str no, name; /* in clear; blanks and dashes in `no` are dropped */
    struct str bank_no;  /* 行号, 12 digits; "" where not known yet */
    struct str channel;  /* over which it is paid; "" : the default one */
    bool person;         /* the holder is a natural person: the name is masked */
    struct day from;
};
struct bank_account {
    int64_t account_id, org_id;
    struct str no, name; /* masked */
    struct str bank_no, channel;
    enum account_state state;
    struct day from, until;  /* half-open; until 0: open */
    int64_t successor;       /* 0: none */
};
/* ERR_INPUT: what is wrong with it; ERR_CONFLICT: the organisation has it already (named by id). */
SK_MUST_USE enum err_code account_add(struct db *db, struct scope s, struct secrets *sec,
                                      const struct account_new *v, struct instant now,
                                      int64_t *account_id, struct err *e);
/* The account of that number, added where the organisation has none. */
SK_MUST_USE enum err_code account_take(struct db *db, struct scope s, struct secrets *sec,
                                       const struct account_new *v, struct instant now,
                                       int64_t *account_id, struct err *e);
/* A payment of `fen` (1 to ACCOUNT_VERIFY_FEN_MAX) arrived: NEW becomes ACTIVE. */
SK_MUST_USE enum err_code account_verify(struct db *db, struct scope s, int64_t account_id,
                                         int64_t fen, struct str ref, int64_t user_id,
                                         struct instant now, struct err *e);
SK_MUST_USE enum err_code account_get(struct db *db, struct arena *a, struct scope s,
                                      int64_t account_id, struct bank_account *out, struct err *e);
/* By id, behind `after`; of one organisation or (0) all in the scope. */
SK_MUST_USE enum err_code account_list(struct db *db, struct arena *a, struct scope s,
                                       int64_t org_id, int64_t after,
                                       const struct bank_account **out, size_t *n, struct err *e);
/* Law 6. ERR_RULE `ACCOUNT_RIGHT`, ERR_INPUT: no reason. Writes the audit row. */
SK_MUST_USE enum err_code account_reveal(struct db *db, struct arena *a, struct scope s,
                                         struct secrets *sec, int64_t account_id, int64_t user_id,
                                         struct str reason, struct instant now, struct str *no,
                                         struct str *name, struct err *e);
/* For a message that is built: no person sees it. */
SK_MUST_USE enum err_code account_open(struct db *db, struct arena *a, struct scope s,
                                       struct secrets *sec, int64_t account_id, struct str *no,
                                       struct str *name, struct err *e);
/* Seals up to `limit` rows anew that an older key sealed; `*n` of them. */
SK_MUST_USE enum err_code account_reseal(struct db *db, struct secrets *sec, int64_t limit,
                                         struct instant now, int64_t *n, struct err *e);

/* ---- change (账户变更) --------------------------------------------------------------------------
 *
 *   ASKED --verify--> VERIFIED --second person, third person--> COOLING --24 h, apply--> DONE
 *     |                  |                                         |
 *     +------------------+------------ refuse ---------------------+--> REFUSED
 */
enum account_change_state {
    ACCOUNT_CHANGE_ASKED = 1,
    ACCOUNT_CHANGE_VERIFIED,
    ACCOUNT_CHANGE_COOLING,
    ACCOUNT_CHANGE_DONE,
    ACCOUNT_CHANGE_REFUSED
};
struct account_change {
    int64_t change_id, org_id, old_account, new_account, approval_id, asked_by;
    enum account_change_state state;
    struct sha256 letter;
    int64_t verify_fen;
    struct str verify_ref, reason;
    struct instant asked, cooled; /* cooled 0: not approved yet */
    struct day effective;         /* 0: not done */
};
/* Whether money of an account is under way: whoever collects answers. NULL members: nothing is. */
struct account_port {
    enum err_code (*under_way)(void *ctx, struct db *db, int64_t account_id, bool *out,
                               struct err *e);
    void *ctx;
};
/* `legal_name` is the organisation's: the new holder must be it. ERR_RULE `ACCOUNT_NAME`,
 * `ACCOUNT_STATE`; ERR_CONFLICT: a change of it is open; ERR_INPUT: no letter, no bank number. */
SK_MUST_USE enum err_code account_change_ask(struct db *db, struct scope s, struct secrets *sec,
                                             int64_t old_account, const struct account_new *v,
                                             struct str letter, int64_t user_id, struct str reason,
                                             struct instant now, int64_t *change_id,
                                             struct err *e);
SK_MUST_USE enum err_code account_change_verify(struct db *db, struct scope s, int64_t change_id,
                                                int64_t fen, struct str ref, int64_t user_id,
                                                struct instant now, struct err *e);
/* The second person's word, then the third's: `*left` persons are still to come. The errors of
 * approval_approve, ERR_RULE `ACCOUNT_UNVERIFIED`. */
SK_MUST_USE enum err_code account_change_approve(struct db *db, struct scope s, int64_t change_id,
                                                 int64_t user_id, struct str note,
                                                 struct instant now, int *left, struct err *e);
SK_MUST_USE enum err_code account_change_refuse(struct db *db, struct scope s, int64_t change_id,
                                                int64_t user_id, struct str note,
                                                struct instant now, struct err *e);
/* ERR_RULE `ACCOUNT_COOLING`, `ACCOUNT_BUSY` (law 4), `ACCOUNT_STATE`. */
SK_MUST_USE enum err_code account_change_apply(struct db *db, struct scope s,
                                               const struct account_port *port, int64_t change_id,
                                               int64_t user_id, struct instant now, struct err *e);
SK_MUST_USE enum err_code account_change_get(struct db *db, struct arena *a, struct scope s,
                                             int64_t change_id, struct account_change *out,
                                             struct err *e);

/* ---- what a payment freezes -------------------------------------------------------------------
 */

/* One direction of an order with the accounts valid on a day; `hash` is over order, direction and
 * both accounts: a payment keeps it, and a message is compared with it. */
struct leg_accounts {
    struct str payer, payee;
    int64_t payer_account, payee_account; /* 0: bound by no account yet */
    struct sha256 hash;
};
/* `on` is the day the statement was issued. Legs in the order's sequence. */
SK_MUST_USE enum err_code order_accounts(struct db *db, struct arena *a, struct scope s,
                                         int64_t order_id, struct day on,
                                         const struct leg_accounts **out, size_t *n,
                                         struct err *e);
/* Puts ids in the place of clear account numbers of legs, making accounts that are not there yet;
 * the texts become masked. The holder of a party is its organisation in `terms`. */
SK_MUST_USE enum err_code order_legs_bind(struct db *db, struct arena *a, struct scope s,
                                          struct secrets *sec, struct str terms, struct day from,
                                          struct order_leg *legs, size_t n, struct instant now,
                                          struct err *e);

/* ---- authorisation (托收授权) ------------------------------------------------------------
 *
 *   DRAFT -> SIGNING -> ACTIVE <-> SUSPENDED; any open one -> REVOKED; past its days: EXPIRED
 *   DRAFT -> ACTIVE where the paper came signed.
 */
enum authorization_state {
    AUTHORIZATION_DRAFT = 1,
    AUTHORIZATION_SIGNING,
    AUTHORIZATION_ACTIVE,
    AUTHORIZATION_SUSPENDED,
    AUTHORIZATION_REVOKED,
    AUTHORIZATION_EXPIRED /* told by the day asked for, never stored */
};
struct authorization {
    int64_t authorization_id; /* 0 when given to authorization_add */
    struct str no;            /* 协议号, unique; 1 to 60 bytes */
    int64_t org_id;           /* the payer's: taken from the account */
    int64_t payer_account, payee_org;
    struct str purpose;
    int64_t item_max_fen, month_max_fen;
    struct day from, until; /* half-open; until 0: open */
    enum authorization_state state;
    bool signed_file;
    struct sha256 file; /* of the signed paper */
};
SK_MUST_USE enum err_code authorization_add(struct db *db, struct scope s, struct authorization *v,
                                            struct instant now, struct err *e);
SK_MUST_USE enum err_code authorization_find(struct db *db, struct arena *a, struct scope s,
                                             struct str no, struct day today,
                                             struct authorization *out, struct err *e);
SK_MUST_USE enum err_code authorization_list(struct db *db, struct arena *a, struct scope s,
                                             int64_t after, struct day today,
                                             const struct authorization **out, size_t *n,
                                             struct err *e);
/* ERR_RULE `AUTHORIZATION_STATE`: no such step; ACTIVE needs the signed file. */
SK_MUST_USE enum err_code authorization_move(struct db *db, struct scope s, int64_t id,
                                             enum authorization_state to, struct day today,
                                             struct instant now, struct err *e);
/* Books `fen` of the debit `ref` on the authorisation that covers it: the first by day. The same
 * ref again changes nothing. ERR_RULE `PAY_NO_MANDATE` says what is missing. */
SK_MUST_USE enum err_code authorization_use(struct db *db, struct scope s, int64_t payer_account,
                                            int64_t payee_org, struct day on, int64_t fen,
                                            struct str ref, struct instant now, int64_t *id,
                                            struct err *e);
/* The debit failed: its sum of the month is free again. No such ref: nothing. */
SK_MUST_USE enum err_code authorization_release(struct db *db, struct scope s, struct str ref,
                                                struct err *e);
#endif
