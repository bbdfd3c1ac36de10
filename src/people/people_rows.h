/* people_rows.h - the room's statements on organisations, users and roles; private to it. */
#ifndef SK_PEOPLE_PEOPLE_ROWS_H
#define SK_PEOPLE_PEOPLE_ROWS_H
#include "people/people.h"

SK_MUST_USE enum err_code rows_insert_orgs(struct db *db, struct scope s, const struct org *rows,
                                           size_t n, struct instant now, struct err *e);
/* `which` is the column that equals the key: ids, or texts. At most `max` rows, by id. */
enum org_key { ORG_BY_ID, ORG_BY_USCC, ORG_BY_NAME, ORG_AFTER };
SK_MUST_USE enum err_code rows_find_orgs(struct db *db, struct arena *a, struct scope s,
                                         enum org_key which, int64_t id, struct str word,
                                         int64_t max, const struct org **out, size_t *n,
                                         struct err *e);
SK_MUST_USE enum err_code rows_close_org(struct db *db, struct scope s, int64_t org_id, int64_t ver,
                                         struct instant now, int64_t *changed, struct err *e);

struct user_secret { /* never leaves the room */
    struct user user;
    struct str pw_hash;
    int64_t fail_count;
};
enum user_key { USER_BY_ID, USER_BY_LOGIN, USER_AFTER };
SK_MUST_USE enum err_code rows_find_users(struct db *db, struct arena *a, struct scope s,
                                          enum user_key which, int64_t id, struct str word,
                                          int64_t max, const struct user_secret **out, size_t *n,
                                          struct err *e);
SK_MUST_USE enum err_code rows_insert_user(struct db *db, struct scope s, const struct user *u,
                                           struct str pw_hash, struct instant now, struct err *e);
SK_MUST_USE enum err_code rows_set_user_status(struct db *db, struct scope s, int64_t user_id,
                                               enum user_status status, struct instant now,
                                               int64_t *changed, struct err *e);
SK_MUST_USE enum err_code rows_set_login_result(struct db *db, struct scope s, int64_t user_id,
                                                int64_t fail_count, struct instant locked_until,
                                                struct str pw_hash, struct instant now,
                                                struct err *e);

SK_MUST_USE enum err_code rows_insert_role(struct db *db, struct scope s, int64_t role_id,
                                           int64_t org_id, struct str name,
                                           const char *const *perms, size_t n, struct instant now,
                                           struct err *e);
/* The organisation of a role, 0 when there is none in scope. */
SK_MUST_USE enum err_code rows_find_role_org(struct db *db, struct scope s, int64_t role_id,
                                             int64_t *org_id, struct err *e);
SK_MUST_USE enum err_code rows_insert_user_role(struct db *db, struct scope s, int64_t user_id,
                                                int64_t role_id, int64_t org_id, struct instant now,
                                                struct err *e);
SK_MUST_USE enum err_code rows_delete_user_role(struct db *db, struct scope s, int64_t user_id,
                                                int64_t role_id, int64_t org_id, int64_t *changed,
                                                struct err *e);
struct grant {
    int64_t org_scope;
    struct str perm; /* empty: the role has none */
};
SK_MUST_USE enum err_code rows_list_grants(struct db *db, struct arena *a, struct scope s,
                                           int64_t user_id, int64_t max, const struct grant **out,
                                           size_t *n, struct err *e);
/* An organisation and all below it, or all above it; ascending. */
SK_MUST_USE enum err_code rows_list_family(struct db *db, struct arena *a, struct scope s,
                                           bool above, int64_t org_id, int64_t max,
                                           const int64_t **out, size_t *n, struct err *e);
#endif
