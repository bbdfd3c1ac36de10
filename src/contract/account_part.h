/* account_part.h - what account.c gives account_change.c. Private. */
#ifndef SK_CONTRACT_ACCOUNT_PART_H
#define SK_CONTRACT_ACCOUNT_PART_H
#include "contract/account.h"

/* Writes an account in that state, unless the organisation has the number: then `*taken`. */
SK_MUST_USE enum err_code account_write(struct db *db, struct arena *a, struct scope s,
                                        struct secrets *sec, const struct account_new *v,
                                        enum account_state state, struct instant now,
                                        int64_t *account_id, int64_t *taken, struct err *e);
#endif
