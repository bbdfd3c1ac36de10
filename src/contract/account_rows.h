/* account_rows.h - SQL of bank accounts, their change and authorisations. Private. */
#ifndef SK_CONTRACT_ACCOUNT_ROWS_H
#define SK_CONTRACT_ACCOUNT_ROWS_H
#include "contract/account.h"

#define ACCOUNT_PURPOSE "bank_account"
#define ACCOUNT_INDEX "bank_account.index"
#define ACCOUNT_NO_PLACE "bank_account.no_sealed"
#define ACCOUNT_NAME_PLACE "bank_account.name_sealed"

struct account_row {
    struct bank_account v;
    struct str no_sealed, name_sealed, no_index;
    int64_t key_id;
};
SK_MUST_USE enum err_code rows_put_bank_account(struct db *db, struct scope s,
                                           const struct account_row *r, struct instant now,
                                           struct err *e);
SK_MUST_USE enum err_code rows_find_bank_account(struct db *db, struct arena *a, struct scope s,
                                            int64_t id, struct account_row *out, bool *found,
                                            struct err *e);
/* The one of that number that is not replaced nor closed; 0: none. */
SK_MUST_USE enum err_code rows_find_bank_account_no(struct db *db, struct scope s, int64_t org_id,
                                               struct str no_index, int64_t *id, struct err *e);
SK_MUST_USE enum err_code rows_list_bank_accounts(struct db *db, struct arena *a, struct scope s,
                                             int64_t org_id, int64_t after,
                                             struct bank_account *out, size_t *n, struct err *e);
/* State, validity and successor of v->account_id, from state `was`; ERR_CONFLICT otherwise. */
SK_MUST_USE enum err_code rows_move_bank_account(struct db *db, struct scope s,
                                            const struct bank_account *v, enum account_state was,
                                            struct instant now, struct err *e);
SK_MUST_USE enum err_code rows_sealed_by_others(struct db *db, struct arena *a, int64_t key_id,
                                                int64_t limit, struct account_row **out, size_t *n,
                                                struct err *e);
SK_MUST_USE enum err_code rows_seal_bank_account(struct db *db, const struct account_row *r,
                                            struct instant now, struct err *e);

SK_MUST_USE enum err_code rows_put_account_change(struct db *db, struct scope s,
                                          const struct account_change *c, struct err *e);
/* By id, or the open one of an old account (id 0). */
SK_MUST_USE enum err_code rows_find_account_change(struct db *db, struct arena *a, struct scope s,
                                           int64_t id, int64_t old_account,
                                           struct account_change *out, bool *found, struct err *e);
SK_MUST_USE enum err_code rows_move_account_change(struct db *db, struct scope s,
                                                   const struct account_change *c,
                                                   enum account_change_state was,
                                                   struct instant now, struct err *e);

SK_MUST_USE enum err_code rows_put_authorization(struct db *db, struct scope s,
                                                 const struct authorization *v, struct instant now,
                                                 struct err *e);
/* By id, or by number (id 0). */
SK_MUST_USE enum err_code rows_find_authorization(struct db *db, struct arena *a, struct scope s,
                                                  int64_t id, struct str no,
                                                  struct authorization *out, bool *found,
                                                  struct err *e);
/* Behind `after`; of one payer account and payee (0: all). */
SK_MUST_USE enum err_code rows_list_authorizations(struct db *db, struct arena *a, struct scope s,
                                                   int64_t payer_account, int64_t payee_org,
                                                   int64_t after, struct authorization *out,
                                                   size_t *n, struct err *e);
SK_MUST_USE enum err_code rows_move_authorization(struct db *db, struct scope s, int64_t id,
                                                  enum authorization_state was,
                                                  enum authorization_state to, struct instant now,
                                                  struct err *e);
SK_MUST_USE enum err_code rows_authorization_sum(struct db *db, struct scope s, int64_t id,
                                                 struct month month, int64_t *fen, struct err *e);
/* The use of a ref: 0 when there is none. */
SK_MUST_USE enum err_code rows_find_use(struct db *db, struct scope s, struct str ref, int64_t *id,
                                        int64_t *fen, struct err *e);
SK_MUST_USE enum err_code rows_put_use(struct db *db, struct scope s, int64_t id, struct str ref,
                                       struct month month, int64_t fen, struct instant now,
                                       struct err *e);
SK_MUST_USE enum err_code rows_delete_use(struct db *db, struct scope s, struct str ref,
                                          struct err *e);
#endif
