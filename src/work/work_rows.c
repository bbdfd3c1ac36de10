/* work_rows.c - all SQL on jobs, outbox and inbox. */
#include "work/work_rows.h"
#include "store/rows.h"

#define IN_SCOPE_1_2 "($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))"
#define JOB_COLUMNS                                                                                \
    "job_id, kind, job_key, args, cron, org_id, state, run_at, tries, tries_max, owner, fence, "   \
    "lease_until, done, total, result, created_at, updated_at"

static struct sha256 take_hash(struct rows *r, int col)
{
    struct sha256 h = { { 0 } };
    struct str b = rows_get_bytes(r, col);
    if (b.n == sizeof(h.b)) { /* another length is a wrong hash, and found as one */
        memcpy(h.b, b.at, sizeof(h.b));
    }
    return h;
}

/* ---- jobs -------------------------------------------------------------------------------------
 */

static struct job take_job(struct rows *r, struct arena *a)
{
    return (struct job){
        .job_id = rows_get_int(r, 0),
        .spec = { .kind = str_dup(a, rows_get_str(r, 1)),
                  .key = str_dup(a, rows_get_str(r, 2)),
                  .args = str_dup(a, rows_get_str(r, 3)),
                  .cron = str_dup(a, rows_get_str(r, 4)),
                  .org_id = rows_get_int(r, 5),
                  .run_at = { rows_get_int(r, 7) },
                  .tries_max = (int32_t)rows_get_int(r, 9) },
        .state = (enum job_state)rows_get_int(r, 6),
        .tries = (int32_t)rows_get_int(r, 8),
        .owner = str_dup(a, rows_get_str(r, 10)),
        .fence = rows_get_int(r, 11),
        .lease_until = { rows_get_int(r, 12) },
        .done = rows_get_int(r, 13),
        .total = rows_get_int(r, 14),
        .result = str_dup(a, rows_get_str(r, 15)),
        .created_at = { rows_get_int(r, 16) },
        .updated_at = { rows_get_int(r, 17) },
    };
}

static enum err_code take_one_job(struct rows *r, struct arena *a, struct job *out, bool *found,
                                  struct err *e)
{
    struct job j = { .job_id = 0 };
    bool seen = false;
    while (rows_next(r, e)) {
        j = take_job(r, a);
        seen = true;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = j;
        *found = seen;
    }
    return code;
}

enum err_code rows_insert_job(struct db *db, struct scope s, const struct job *j, struct err *e)
{
    (void)s; /* the caller's rule says whose it is */
    static const char sql[] =
        "insert into job (" JOB_COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, '', 0, "
        "0, 0, 0, '', $10, $10)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, j->job_id);
    rows_str(r, 2, j->spec.kind);
    rows_str(r, 3, j->spec.key);
    rows_str(r, 4, j->spec.args);
    rows_str(r, 5, j->spec.cron);
    rows_int(r, 6, j->spec.org_id);
    rows_int(r, 7, (int64_t)j->state);
    rows_int(r, 8, j->spec.run_at.utc_ms);
    rows_int(r, 9, j->spec.tries_max);
    rows_int(r, 10, j->created_at.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_find_job(struct db *db, struct arena *a, struct scope s, struct str key,
                            int64_t job_id, struct job *out, bool *found, struct err *e)
{
    static const char sql[] = "select " JOB_COLUMNS " from job where " IN_SCOPE_1_2
                              " and (job_id = $3 or (job_key = $4 and job_key <> ''))";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, job_id);
    rows_str(r, 4, key);
    return take_one_job(r, a, out, found, e);
}

enum err_code rows_list_jobs(struct db *db, struct arena *a, struct scope s, enum job_state state,
                             int64_t after, int64_t max, const struct job **out, size_t *n,
                             struct err *e)
{
    static const char sql[] =
        "select " JOB_COLUMNS " from job where " IN_SCOPE_1_2
        " and (state = $3 or $3 = 0) and job_id > $4 order by job_id limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, (int64_t)state);
    rows_int(r, 4, after);
    rows_int(r, 5, max);
    struct job *list = arena_many(a, (size_t)max, struct job);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k++] = take_job(r, a);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_expire_jobs(struct db *db, struct scope s, struct instant now, struct err *e)
{
    (void)s; /* a lease belongs to no organisation */
    static const char sql[] =
        "update job set state = case when tries < tries_max or cron <> '' then 1 else 4 end, "
        "owner = '', "
        "result = 'the lease of ' || owner || ' ran out', updated_at = $1 "
        "where state = 2 and lease_until <= $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_hold_ready(struct db *db, struct arena *a, struct scope s,
                              const struct str *kinds, size_t n_kinds, struct instant now,
                              struct job *out, bool *found, struct err *e)
{
    (void)s; /* a worker works for everybody */
    static const char sql[] =
        "select " JOB_COLUMNS " from job where state = 1 and run_at <= $1 and kind in "
        "($2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17) "
        "order by run_at, job_id limit 1 {skip_locked}";
    check_that(n_kinds >= 1 && n_kinds <= KINDS_MAX, "%zu kinds of jobs", n_kinds);
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, now.utc_ms);
    for (size_t i = 0; i < KINDS_MAX; i++) {
        rows_str(r, (int)i + 2, kinds[i < n_kinds ? i : n_kinds - 1]);
    }
    return take_one_job(r, a, out, found, e);
}

enum err_code rows_hold_lease(struct db *db, struct scope s, const struct job *j,
                              struct instant now, bool *held, struct err *e)
{
    (void)s; /* a lease belongs to no organisation */
    static const char sql[] = "select job_id from job where job_id = $1 and state = 2 and "
                              "owner = $2 and fence = $3 and lease_until > $4 {for_update}";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, j->job_id);
    rows_str(r, 2, j->owner);
    rows_int(r, 3, j->fence);
    rows_int(r, 4, now.utc_ms);
    bool seen = false;
    while (rows_next(r, e)) {
        seen = true;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *held = seen;
    }
    return code;
}

enum err_code rows_update_job(struct db *db, struct scope s, const struct job *j, struct err *e)
{
    (void)s; /* held before */
    static const char sql[] =
        "update job set state = $2, run_at = $3, tries = $4, owner = $5, fence = $6, "
        "lease_until = $7, done = $8, total = $9, result = $10, updated_at = $11 where job_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, j->job_id);
    rows_int(r, 2, (int64_t)j->state);
    rows_int(r, 3, j->spec.run_at.utc_ms);
    rows_int(r, 4, j->tries);
    rows_str(r, 5, j->owner);
    rows_int(r, 6, j->fence);
    rows_int(r, 7, j->lease_until.utc_ms);
    rows_int(r, 8, j->done);
    rows_int(r, 9, j->total);
    rows_str(r, 10, j->result);
    rows_int(r, 11, j->updated_at.utc_ms);
    return rows_run(r, NULL, e);
}

/* ---- outbox -----------------------------------------------------------------------------------
 */

enum err_code rows_insert_out(struct db *db, struct scope s, const struct out_row *row,
                              struct instant now, struct err *e)
{
    (void)s; /* what leaves belongs to the act that causes it */
    static const char sql[] =
        "insert into outbox (message_id, channel, msg_id, ref, body, body_hash, state, tries, "
        "next_at, sent_at, said, created_at, updated_at) "
        "values ($1, $2, $3, $4, $5, $6, 1, 0, $7, 0, '', $8, $8)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, row->m.message_id);
    rows_str(r, 2, row->m.channel);
    rows_str(r, 3, row->m.id);
    rows_str(r, 4, row->m.ref);
    rows_bytes(r, 5, row->m.body.at, row->m.body.n);
    rows_bytes(r, 6, row->hash.b, sizeof(row->hash.b));
    rows_int(r, 7, row->m.next_at.utc_ms);
    rows_int(r, 8, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_find_out(struct db *db, struct scope s, struct str channel, struct str id,
                            int64_t *message_id, struct sha256 *hash, struct err *e)
{
    (void)s; /* an id belongs to its channel */
    static const char sql[] =
        "select message_id, body_hash from outbox where channel = $1 and msg_id = $2";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, channel);
    rows_str(r, 2, id);
    int64_t found = 0;
    while (rows_next(r, e)) {
        found = rows_get_int(r, 0);
        *hash = take_hash(r, 1);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *message_id = found;
    }
    return code;
}

#define OUT_COLUMNS "message_id, channel, msg_id, ref, state, tries, next_at, sent_at, said"

static struct out_message take_out(struct rows *r, struct arena *a)
{
    return (struct out_message){
        .message_id = rows_get_int(r, 0),
        .channel = str_dup(a, rows_get_str(r, 1)),
        .id = str_dup(a, rows_get_str(r, 2)),
        .ref = str_dup(a, rows_get_str(r, 3)),
        .state = (enum out_state)rows_get_int(r, 4),
        .tries = (int32_t)rows_get_int(r, 5),
        .next_at = { rows_get_int(r, 6) },
        .sent_at = { rows_get_int(r, 7) },
        .said = str_dup(a, rows_get_str(r, 8)),
    };
}

enum err_code rows_first_out(struct db *db, struct arena *a, struct scope s, struct str channel,
                             struct out_message *out, bool *found, struct err *e)
{
    (void)s; /* the sender works for everybody */
    static const char sql[] = "select " OUT_COLUMNS ", body from outbox where channel = $1 and "
                              "state = 1 order by message_id limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, channel);
    struct out_message m = { .message_id = 0 };
    bool seen = false;
    while (rows_next(r, e)) {
        m = take_out(r, a);
        struct str body = rows_get_bytes(r, 9);
        m.body = (struct str){ arena_copy(a, body.at, body.n), body.n };
        seen = true;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = m;
        *found = seen;
    }
    return code;
}

enum err_code rows_update_out(struct db *db, struct scope s, const struct out_message *m,
                              struct instant now, int64_t *changed, struct err *e)
{
    (void)s; /* the sender works for everybody */
    static const char sql[] = "update outbox set state = $2, tries = $3, next_at = $4, "
                              "sent_at = $5, said = $6, updated_at = $7 where message_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, m->message_id);
    rows_int(r, 2, (int64_t)m->state);
    rows_int(r, 3, m->tries);
    rows_int(r, 4, m->next_at.utc_ms);
    rows_int(r, 5, m->sent_at.utc_ms);
    rows_str(r, 6, m->said);
    rows_int(r, 7, now.utc_ms);
    return rows_run(r, changed, e);
}

enum err_code rows_list_out(struct db *db, struct arena *a, struct scope s, struct str channel,
                            enum out_state state, int64_t after, int64_t max,
                            const struct out_message **out, size_t *n, struct err *e)
{
    (void)s; /* for the operator alone; bodies are left out */
    static const char sql[] =
        "select " OUT_COLUMNS " from outbox where (channel = $1 or $1 = '') and "
        "(state = $2 or $2 = 0) and message_id > $3 order by message_id limit $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, channel);
    rows_int(r, 2, (int64_t)state);
    rows_int(r, 3, after);
    rows_int(r, 4, max);
    struct out_message *list = arena_many(a, (size_t)max, struct out_message);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k++] = take_out(r, a);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_next_out(struct db *db, struct scope s, struct instant *out, struct err *e)
{
    (void)s; /* the sender works for everybody */
    static const char sql[] = "select coalesce(min(next_at), 0) from outbox where state = 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    struct instant at = { 0 };
    while (rows_next(r, e)) {
        at.utc_ms = rows_get_int(r, 0);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = at;
    }
    return code;
}

/* ---- inbox ------------------------------------------------------------------------------------
 */

enum err_code rows_find_in(struct db *db, struct scope s, const struct in_message *m,
                           const struct sha256 *hash, int64_t *n, int64_t *same, int64_t *first,
                           struct err *e)
{
    (void)s; /* an id belongs to its sender */
    static const char sql[] =
        "select message_id, body_hash from inbox where channel = $1 and sender = $2 and type = $3 "
        "and msg_id = $4 order by variant limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, m->channel);
    rows_str(r, 2, m->sender);
    rows_str(r, 3, m->type);
    rows_str(r, 4, m->id);
    rows_int(r, 5, VARIANTS_MAX);
    int64_t count = 0, equal = 0, begin = 0;
    while (rows_next(r, e)) {
        struct sha256 h = take_hash(r, 1);
        begin = count++ ? begin : rows_get_int(r, 0);
        equal = memcmp(h.b, hash->b, sizeof h.b) == 0 ? rows_get_int(r, 0) : equal;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *n = count;
        *same = equal;
        *first = begin;
    }
    return code;
}

enum err_code rows_insert_in(struct db *db, struct scope s, const struct in_message *m,
                             const struct sha256 *hash, int64_t variant, struct instant now,
                             struct err *e)
{
    (void)s; /* it comes from outside */
    static const char sql[] =
        "insert into inbox (message_id, channel, sender, type, msg_id, body, body_hash, variant, "
        "created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, m->message_id);
    rows_str(r, 2, m->channel);
    rows_str(r, 3, m->sender);
    rows_str(r, 4, m->type);
    rows_str(r, 5, m->id);
    rows_bytes(r, 6, m->body.at, m->body.n);
    rows_bytes(r, 7, hash->b, sizeof(hash->b));
    rows_int(r, 8, variant);
    rows_int(r, 9, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_get_in(struct db *db, struct arena *a, struct scope s, int64_t message_id,
                          struct in_message *out, bool *found, struct err *e)
{
    (void)s; /* for the channel's own adapter */
    static const char sql[] =
        "select channel, sender, type, msg_id, body from inbox where message_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, message_id);
    struct in_message m = { .message_id = message_id };
    bool seen = false;
    while (rows_next(r, e)) {
        m.channel = str_dup(a, rows_get_str(r, 0));
        m.sender = str_dup(a, rows_get_str(r, 1));
        m.type = str_dup(a, rows_get_str(r, 2));
        m.id = str_dup(a, rows_get_str(r, 3));
        struct str body = rows_get_bytes(r, 4);
        m.body = (struct str){ arena_copy(a, body.at, body.n), body.n };
        seen = true;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = m;
        *found = seen;
    }
    return code;
}
