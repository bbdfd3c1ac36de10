/* work_rows.h - the room's statements; private to it. */
#ifndef SK_WORK_WORK_ROWS_H
#define SK_WORK_WORK_ROWS_H
#include "work/work.h"

#define KINDS_MAX 16 /* of one worker; a program has a dozen */

SK_MUST_USE enum err_code rows_insert_job(struct db *db, struct scope s, const struct job *j,
                                          struct err *e);
/* Where the key, or the id, is this one. */
SK_MUST_USE enum err_code rows_find_job(struct db *db, struct arena *a, struct scope s,
                                        struct str key, int64_t job_id, struct job *out,
                                        bool *found, struct err *e);
SK_MUST_USE enum err_code rows_list_jobs(struct db *db, struct arena *a, struct scope s,
                                         enum job_state state, int64_t after, int64_t max,
                                         const struct job **out, size_t *n, struct err *e);
/* Leases that ran out: to READY, or to DEAD with no try left. */
SK_MUST_USE enum err_code rows_expire_jobs(struct db *db, struct scope s, struct instant now,
                                           struct err *e);
/* The first ready one of these kinds, held until the transaction ends. */
SK_MUST_USE enum err_code rows_hold_ready(struct db *db, struct arena *a, struct scope s,
                                          const struct str *kinds, size_t n_kinds,
                                          struct instant now, struct job *out, bool *found,
                                          struct err *e);
/* Holds the row if the lease is still that one. */
SK_MUST_USE enum err_code rows_hold_lease(struct db *db, struct scope s, const struct job *j,
                                          struct instant now, bool *held, struct err *e);
/* Writes what changes in a job's life: all fields from state on. */
SK_MUST_USE enum err_code rows_update_job(struct db *db, struct scope s, const struct job *j,
                                          struct err *e);

struct out_row {
    struct out_message m;
    struct sha256 hash;
};
SK_MUST_USE enum err_code rows_insert_out(struct db *db, struct scope s, const struct out_row *row,
                                          struct instant now, struct err *e);
SK_MUST_USE enum err_code rows_find_out(struct db *db, struct scope s, struct str channel,
                                        struct str id, int64_t *message_id, struct sha256 *hash,
                                        struct err *e);
/* The first one of a channel that is ready, whenever it is due, with its body. */
SK_MUST_USE enum err_code rows_first_out(struct db *db, struct arena *a, struct scope s,
                                         struct str channel, struct out_message *out, bool *found,
                                         struct err *e);
SK_MUST_USE enum err_code rows_update_out(struct db *db, struct scope s,
                                          const struct out_message *m, struct instant now,
                                          int64_t *changed, struct err *e);
SK_MUST_USE enum err_code rows_list_out(struct db *db, struct arena *a, struct scope s,
                                        struct str channel, enum out_state state, int64_t after,
                                        int64_t max, const struct out_message **out, size_t *n,
                                        struct err *e);
SK_MUST_USE enum err_code rows_next_out(struct db *db, struct scope s, struct instant *out,
                                        struct err *e);

#define VARIANTS_MAX 1000 /* one id with so many bodies is an attack */
/* How many bodies this id has; `*same` names the one with this hash (0: none), `*first` the first.
 */
SK_MUST_USE enum err_code rows_find_in(struct db *db, struct scope s, const struct in_message *m,
                                       const struct sha256 *hash, int64_t *n, int64_t *same,
                                       int64_t *first, struct err *e);
SK_MUST_USE enum err_code rows_insert_in(struct db *db, struct scope s, const struct in_message *m,
                                         const struct sha256 *hash, int64_t variant,
                                         struct instant now, struct err *e);
SK_MUST_USE enum err_code rows_get_in(struct db *db, struct arena *a, struct scope s,
                                      int64_t message_id, struct in_message *out, bool *found,
                                      struct err *e);
#endif
