/* ring_rows.h - SQL of the key ring; the house's own keys, hence without scope. Private. */
#ifndef SK_SECRET_RING_ROWS_H
#define SK_SECRET_RING_ROWS_H
#include "secret/secret.h"

struct ring_row {
    struct secret_key key; /* `purpose` in the arena given */
    struct str wrapped;
};
/* By id; the active one of a purpose (id 0). `*found` tells. */
SK_MUST_USE enum err_code rows_find_key(struct db *db, struct arena *a, int64_t key_id,
                                        const char *purpose, struct ring_row *out, bool *found,
                                        struct err *e);
SK_MUST_USE enum err_code rows_list_keys(struct db *db, struct arena *a, struct ring_row **out,
                                         size_t *n, struct err *e);
SK_MUST_USE enum err_code rows_put_key(struct db *db, const struct ring_row *k, struct err *e);
SK_MUST_USE enum err_code rows_retire_keys(struct db *db, const char *purpose, struct instant now,
                                           struct err *e);
SK_MUST_USE enum err_code rows_wrap_key(struct db *db, int32_t key_id, struct str wrapped,
                                        struct instant now, struct err *e);
#endif
