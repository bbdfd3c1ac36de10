/* approval_rows.h - the room's statements on approvals; private to it. */
#ifndef SK_PEOPLE_APPROVAL_ROWS_H
#define SK_PEOPLE_APPROVAL_ROWS_H
#include "people/people.h"

struct approval_row {
    struct approval approval;
    int64_t ver;
};
SK_MUST_USE enum err_code rows_insert_approval(struct db *db, struct scope s, int64_t id,
                                               const struct approval_ask *ask, struct instant now,
                                               struct err *e);
/* By id (locked when `to_change`), or what waits after an id. */
SK_MUST_USE enum err_code rows_find_approval(struct db *db, struct arena *a, struct scope s,
                                             int64_t id, bool to_change, struct approval_row *out,
                                             bool *found, struct err *e);
SK_MUST_USE enum err_code rows_list_waiting(struct db *db, struct arena *a, struct scope s,
                                            struct instant now, int64_t after_id, int64_t max,
                                            const struct approval **out, size_t *n, struct err *e);
/* Only from version `ver`: *changed is 0 when somebody was first. */
SK_MUST_USE enum err_code rows_set_approval(struct db *db, struct scope s, int64_t id, int64_t ver,
                                            int approved, enum approval_state state,
                                            struct instant now, int64_t *changed, struct err *e);
SK_MUST_USE enum err_code rows_insert_vote(struct db *db, struct scope s, int64_t id,
                                           int64_t user_id, bool yes, struct str note,
                                           struct instant now, struct err *e);
SK_MUST_USE enum err_code rows_has_voted(struct db *db, struct scope s, int64_t id, int64_t user_id,
                                         bool *out, struct err *e);
#endif
