/* people.h - who acts, what they may see and do, who must agree, and the trail they leave.
 *
 * Every later room leans on four things from here: the scope that each row function takes, the
 * question "may this user do that?", the one mechanism by which a second person agrees, and the
 * audit that nobody can change unseen.
 *
 * Laws
 *  1. A scope comes from people_scope() (or scope_machine()). It holds the organisations for which
 *     one of the user's roles gives the permission, with all below them: permissions work only
 *     inside the scope of the role that gave them; a row outside is not found.
 *  2. Nobody approves what they asked for, nobody counts twice, and the machine approves nothing.
 *  3. An approval is for one kind, one object and one content (by hash); it is used once, and not
 *     after it expired.
 *  4. An audit row is written in the transaction of what it tells, and never changed. Each holds
 *     the hash of the one before: a change, removal, insertion, swap or truncation is found and
 *     the first bad row named.
 *  5. Passwords are kept as argon2id; a failed login says the same whatever was wrong, and after 5
 *     failures the account waits 1, 2, 4 ... minutes.
 *  6. Each login, good or failed, and each step of an approval leaves an audit row.
 *
 * Functions that write run in the caller's write transaction on the core part unless they say
 * otherwise. Texts that come out live in the arena given.
 */
#ifndef SK_PEOPLE_PEOPLE_H
#define SK_PEOPLE_PEOPLE_H
#include "base/base.h"
#include "store/store.h"

extern const struct store_migrations people_migrations;

/* ---- organisations (机构) ---------------------------------------------------------------------
 */

enum org_kind {
    ORG_OPERATOR = 1, /* 运营方 */
    ORG_INVESTOR,     /* 投资方 */
    ORG_CONSUMER,     /* 用电方 */
    ORG_PARK,         /* 园区 */
    ORG_GRID,         /* 电网公司 */
    ORG_BANK,
    ORG_INSURER,
};
enum org_status { ORG_ACTIVE = 1, ORG_CLOSED = 2 };
struct org {
    int64_t org_id;    /* 0: org_add gives one */
    int64_t parent_id; /* 0: none */
    enum org_kind kind;
    enum org_status status; /* 0 is taken as ORG_ACTIVE by org_add */
    struct str uscc;        /* 统一社会信用代码; empty when not known yet */
    struct str name;
    int64_t ver;
};
#define ORG_NAME_MAX 200 /* bytes */

/* GB 32100: 18 characters, the last one a check. Tax ids of 15 and 20 digits from before are taken
 * too and say so in *legacy (may be NULL). ERR_INPUT names what is wrong. */
SK_MUST_USE enum err_code uscc_check(struct str uscc, bool *legacy, struct err *e);
/* The 18th character for the first 17, 0 when one of them is not of the alphabet. */
char uscc_digit(struct str first17);

/* Adds n organisations; rows[i].org_id is set where it was 0. ERR_INPUT: name, kind or uscc;
 * ERR_CONFLICT: the uscc is taken; ERR_NOT_FOUND: the parent is not in the scope (only the machine
 * adds an organisation without a parent). */
SK_MUST_USE enum err_code org_add(struct db *db, struct scope s, struct org *rows, size_t n,
                                  struct instant now, struct err *e);
SK_MUST_USE enum err_code org_get(struct db *db, struct arena *a, struct scope s, int64_t org_id,
                                  struct org *out, struct err *e);
SK_MUST_USE enum err_code org_find_uscc(struct db *db, struct arena *a, struct scope s,
                                        struct str uscc, struct org *out, struct err *e);
/* The one with that name; ERR_CONFLICT when several have it. */
SK_MUST_USE enum err_code org_find_name(struct db *db, struct arena *a, struct scope s,
                                        struct str name, struct org *out, struct err *e);
#define PEOPLE_PAGE_MAX 200
/* By id, after `after_id` (0: from the first), at most PEOPLE_PAGE_MAX. */
SK_MUST_USE enum err_code org_list(struct db *db, struct arena *a, struct scope s, int64_t after_id,
                                   const struct org **out, size_t *n, struct err *e);
/* ERR_CONFLICT: `ver` is not the stored one (somebody changed it meanwhile). */
SK_MUST_USE enum err_code org_close(struct db *db, struct scope s, int64_t org_id, int64_t ver,
                                    struct instant now, struct err *e);

/* ---- users ------------------------------------------------------------------------------------
 */

enum user_status { USER_ACTIVE = 1, USER_LOCKED = 2 };
struct user {
    int64_t user_id, org_id;
    struct str login, name;
    enum user_status status;
    struct instant locked_until; /* after failed logins; 0 otherwise */
};
#define PASSWORD_CHARS_MIN 12
#define PASSWORD_BYTES_MAX 200 /* argon2 takes more; nobody types more */

/* ERR_INPUT: login (3 to 64 of a-z 0-9 . _ -), name or a password that is too short, too plain or
 * holds the login; ERR_CONFLICT: the login is taken; ERR_NOT_FOUND: no such organisation in scope.
 * An empty password makes a user who cannot log in (for a person who only signs on paper). */
SK_MUST_USE enum err_code user_add(struct db *db, struct scope s, int64_t org_id, struct str login,
                                   struct str name, struct str password, struct instant now,
                                   int64_t *user_id, struct err *e);
SK_MUST_USE enum err_code user_get(struct db *db, struct arena *a, struct scope s, int64_t user_id,
                                   struct user *out, struct err *e);
SK_MUST_USE enum err_code user_find_login(struct db *db, struct arena *a, struct scope s,
                                          struct str login, struct user *out, struct err *e);
SK_MUST_USE enum err_code user_list(struct db *db, struct arena *a, struct scope s,
                                    int64_t after_id, const struct user **out, size_t *n,
                                    struct err *e);
/* Locks or unlocks; unlocking also ends the waiting after failed logins. */
SK_MUST_USE enum err_code user_lock(struct db *db, struct scope s, int64_t user_id, bool locked,
                                    struct instant now, struct err *e);
/* With transactions of its own (hashing takes a tenth of a second and must not hold one).
 * ERR_RULE `LOGIN_FAILED` or `LOGIN_WAIT`. */
SK_MUST_USE enum err_code user_login(struct db *db, struct str login, struct str password,
                                     struct instant now, int64_t *user_id, struct err *e);

/* ---- roles and scopes -------------------------------------------------------------------------
 */

/* A permission is `module:object:action`, with `*` for any whole part: "settle:statement:*". */
SK_MUST_USE enum err_code role_add(struct db *db, struct scope s, int64_t org_id, struct str name,
                                   const char *const *perms, size_t n, struct instant now,
                                   int64_t *role_id, struct err *e);
/* Gives the role to the user for `org_id` and all below it. */
SK_MUST_USE enum err_code role_grant(struct db *db, struct scope s, int64_t user_id,
                                     int64_t role_id, int64_t org_id, struct instant now,
                                     struct err *e);
SK_MUST_USE enum err_code role_revoke(struct db *db, struct scope s, int64_t user_id,
                                      int64_t role_id, int64_t org_id, struct err *e);

/* The organisations in which the user has the permission (NULL: any role at all). An empty scope is
 * no error: it sees nothing. ERR_RULE: the user is locked; ERR_NOT_FOUND. */
SK_MUST_USE enum err_code people_scope(struct db *db, struct arena *a, int64_t user_id,
                                       const char *perm, struct scope *out, struct err *e);
/* Whether the user has the permission for that organisation. */
SK_MUST_USE enum err_code people_may(struct db *db, int64_t user_id, const char *perm,
                                     int64_t org_id, bool *out, struct err *e);

/* ---- approval: the second person ---------------------------------------------------------------
 *
 *            approve (each of `checkers`)         use
 *   ASKED ------------------------------> APPROVED ---> USED
 *     | \                                   |
 *     |  refuse -> REFUSED                  |
 *      \------------- time passes ----------+--> (expired: neither approved nor used any more)
 */

enum approval_state { APPROVAL_ASKED = 1, APPROVAL_APPROVED, APPROVAL_REFUSED, APPROVAL_USED };
struct approval_ask {
    int64_t org_id;         /* whose business it is: the scope of the row */
    struct str kind;        /* "statement.release" */
    struct str object;      /* "statement:123" */
    struct sha256 content;  /* of what is to be approved, as it stands now */
    struct str perm;        /* a checker needs it for org_id; empty: any user who is active */
    int64_t maker;          /* user id; 0: the machine asks */
    int checkers;           /* 1 or 2 different persons; 0 is taken as 1 */
    struct str reason;      /* must be given */
    struct instant expires; /* at most APPROVAL_DAYS_MAX from now; 0: APPROVAL_DAYS */
};
#define APPROVAL_DAYS 7
#define APPROVAL_DAYS_MAX 90
struct approval {
    int64_t approval_id;
    struct approval_ask ask;
    enum approval_state state;
    int approved; /* persons so far */
    struct instant created_at;
};

SK_MUST_USE enum err_code approval_request(struct db *db, struct scope s,
                                           const struct approval_ask *ask, struct instant now,
                                           int64_t *approval_id, struct err *e);
/* ERR_RULE `SELF_APPROVAL`, `APPROVAL_TWICE`, `APPROVAL_CLOSED` (decided or used already),
 * `APPROVAL_EXPIRED`, `APPROVAL_RIGHT` (no permission, locked, or the machine). */
SK_MUST_USE enum err_code approval_approve(struct db *db, struct scope s, int64_t approval_id,
                                           int64_t checker, struct str note, struct instant now,
                                           struct err *e);
SK_MUST_USE enum err_code approval_refuse(struct db *db, struct scope s, int64_t approval_id,
                                          int64_t checker, struct str note, struct instant now,
                                          struct err *e);
/* Called in the transaction that does what was approved. ERR_RULE `APPROVAL_OPEN` (not approved
 * yet, or refused), `APPROVAL_OTHER` (for another kind, object or content), `APPROVAL_CLOSED`,
 * `APPROVAL_EXPIRED`. */
SK_MUST_USE enum err_code approval_use(struct db *db, struct scope s, int64_t approval_id,
                                       struct str kind, struct str object, struct sha256 content,
                                       int64_t user_id, struct instant now, struct err *e);
SK_MUST_USE enum err_code approval_get(struct db *db, struct arena *a, struct scope s,
                                       int64_t approval_id, struct approval *out, struct err *e);
/* What waits for a decision and has not expired, oldest first, after `after_id`. */
SK_MUST_USE enum err_code approval_open_list(struct db *db, struct arena *a, struct scope s,
                                             struct instant now, int64_t after_id,
                                             const struct approval **out, size_t *n, struct err *e);

/* ---- audit -------------------------------------------------------------------------------------
 */

struct audit_event {
    struct instant at;
    int64_t user_id;   /* 0: the machine */
    int64_t org_id;    /* whose trail it belongs to; 0: the operator's own */
    struct str action; /* "statement.issue" */
    struct str object; /* "statement:123" */
    struct str result; /* "ok", "refused" */
    struct str detail; /* JSON, or empty; no secrets, nothing that must be masked */
};
#define AUDIT_TEXT_MAX 4000 /* bytes of detail; 200 of the other texts */
#define AUDIT_MAIN "main"   /* the stream of business; others: "login", "anchor" */

/* Appends the events in order to one stream. Many at once cost little more than their rows. */
SK_MUST_USE enum err_code audit_append(struct db *db, struct str stream,
                                       const struct audit_event *events, size_t n, struct err *e);
/* Writes the head of every other stream as a row of the stream "anchor", for streams that moved
 * since their last anchor. To be called hourly and before each backup. */
SK_MUST_USE enum err_code audit_anchor(struct db *db, struct instant now, struct err *e);

/* A head that was noted down elsewhere: a backup manifest, an e-mail. */
struct audit_head {
    struct str stream;
    int64_t seq; /* 0: empty */
    struct sha256 hash;
};
SK_MUST_USE enum err_code audit_heads(struct db *db, struct arena *a, const struct audit_head **out,
                                      size_t *n, struct err *e);

struct audit_report {
    int64_t streams, rows;
    bool good;
    struct str stream; /* the first bad row: its stream ... */
    int64_t seq;       /* ... and number */
    struct str what;   /* "main 17: changed after it was written" */
};
/* Walks every stream from its first row, compares with the heads, the anchors and `known`. What it
 * finds is in *out; an error means that it could not look. Reads in a transaction of its own. */
SK_MUST_USE enum err_code audit_verify(struct db *db, struct arena *a,
                                       const struct audit_head *known, size_t n_known,
                                       struct audit_report *out, struct err *e);

struct audit_row {
    struct str stream;
    int64_t seq;
    struct audit_event event;
    struct sha256 hash;
};
/* The trail of an object, oldest first, within the scope, at most PEOPLE_PAGE_MAX after `after`
 * (0: from the first). */
SK_MUST_USE enum err_code audit_trail(struct db *db, struct arena *a, struct scope s,
                                      struct str stream, struct str object, int64_t after,
                                      const struct audit_row **out, size_t *n, struct err *e);
#endif
