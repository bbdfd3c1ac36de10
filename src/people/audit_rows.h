/* audit_rows.h - the room's statements on the audit; private to it. */
#ifndef SK_PEOPLE_AUDIT_ROWS_H
#define SK_PEOPLE_AUDIT_ROWS_H
#include "people/people.h"

/* A row as it is stored; `event` and both hashes. */
struct audit_stored {
    int64_t seq;
    struct audit_event event;
    struct sha256 prev, hash;
};
SK_MUST_USE enum err_code rows_find_head(struct db *db, struct arena *a, struct scope s,
                                         struct str stream, struct audit_head *out, bool *found,
                                         struct err *e);
SK_MUST_USE enum err_code rows_insert_head(struct db *db, struct scope s,
                                           const struct audit_head *head, struct err *e);
/* Only when the head still stands at `old_seq`. */
SK_MUST_USE enum err_code rows_move_head(struct db *db, struct scope s,
                                         const struct audit_head *head, int64_t old_seq,
                                         int64_t *changed, struct err *e);
SK_MUST_USE enum err_code rows_list_heads(struct db *db, struct arena *a, struct scope s,
                                          int64_t max, const struct audit_head **out, size_t *n,
                                          struct err *e);
/* Streams that have rows, a head or both. */
SK_MUST_USE enum err_code rows_list_streams(struct db *db, struct arena *a, struct scope s,
                                            int64_t max, const struct str **out, size_t *n,
                                            struct err *e);
SK_MUST_USE enum err_code rows_insert_audit(struct db *db, struct scope s, struct str stream,
                                            const struct audit_stored *rows, size_t n,
                                            struct err *e);
SK_MUST_USE enum err_code rows_list_audit(struct db *db, struct arena *a, struct scope s,
                                          struct str stream, int64_t after, int64_t max,
                                          const struct audit_stored **out, size_t *n,
                                          struct err *e);
/* Of one object, or the last of one object when `last`. */
SK_MUST_USE enum err_code rows_list_trail(struct db *db, struct arena *a, struct scope s,
                                          struct str stream, struct str object, int64_t after,
                                          bool last, int64_t max, const struct audit_stored **out,
                                          size_t *n, struct err *e);
#endif
