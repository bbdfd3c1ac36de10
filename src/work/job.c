/* job.c - the life of a job: put, leased, renewed, done or failed (work.h, laws 1 to 4).
 *
 * The row is the only memory. A worker that dies leaves a lease behind, which runs out; the next
 * one that asks for work finds it. The number `fence` rises with each lease: it is what a late
 * worker no longer has.
 */
#include "base/crash.h"
#include "base/embed.h"
#include "work/limits.h"
#include "work/work_rows.h"

EMBED(work_sql, "src/work/work.sql");
const struct store_migrations work_migrations = { "work", work_sql };

#define TRIES_DEFAULT 5

static enum err_code check_spec(const struct job_spec *s, struct instant now, struct instant *first,
                                struct err *e)
{
    if (limit_text(s->kind, 1, WORK_WORD_MAX, "job: kind", e) != OK ||
        limit_text(s->key, 0, WORK_KEY_MAX, "job: key", e) != OK ||
        limit_text(s->args, 0, WORK_ARGS_MAX, "job: args", e) != OK) {
        return e->code;
    }
    if (s->tries_max < 0 || s->tries_max > WORK_TRIES_MAX) {
        return fail(e, ERR_INPUT, "job: %d tries; 1 to %d are possible", s->tries_max,
                    WORK_TRIES_MAX);
    }
    *first = s->run_at.utc_ms ? s->run_at : now;
    if (s->cron.n && !s->run_at.utc_ms) {
        return cron_next(s->cron, now, first, e);
    }
    struct instant ignored;
    return s->cron.n ? cron_next(s->cron, now, &ignored, e) : OK;
}

enum err_code job_put(struct db *db, const struct job_spec *spec, struct instant now,
                      int64_t *job_id, bool *fresh, struct err *e)
{
    struct err own;
    struct job there, j = { .spec = *spec, .state = JOB_READY, .created_at = now };
    bool found = false;
    e = e ? e : &own;
    if (check_spec(spec, now, &j.spec.run_at, e) != OK) {
        return e->code;
    }
    struct arena *a = arena_new();
    enum err_code code = OK;
    if (spec->key.n) {
        code = rows_find_job(db, a, scope_machine(), spec->key, 0, &there, &found, e);
    }
    if (code == OK && found &&
        (!str_eq(there.spec.kind, spec->kind) || !str_eq(there.spec.args, spec->args) ||
         !str_eq(there.spec.cron, spec->cron))) {
        code = fail_named(e, ERR_CONFLICT, "JOB_KEY",
                          "job '" STR_FMT "' is there with another kind, arguments or time",
                          STR_ARG(spec->key));
    }
    if (code == OK && !found) {
        j.job_id = store_next_id(db, now);
        j.spec.tries_max = spec->tries_max ? spec->tries_max : TRIES_DEFAULT;
        code = rows_insert_job(db, scope_machine(), &j, e);
    }
    if (code == OK) {
        *job_id = found ? there.job_id : j.job_id;
        *fresh = !found;
    }
    arena_free(a);
    return code;
}

/* ---- leases -----------------------------------------------------------------------------------
 */

struct leasing {
    struct arena *arena;
    const struct str *kinds;
    size_t n_kinds;
    struct str owner;
    struct instant now;
    struct job job;
    bool found;
};

static enum err_code lease_body(struct db *db, void *ctx, struct err *e)
{
    struct leasing *l = ctx;
    l->found = false;
    if (rows_expire_jobs(db, scope_machine(), l->now, e) != OK ||
        rows_hold_ready(db, l->arena, scope_machine(), l->kinds, l->n_kinds, l->now, &l->job,
                        &l->found, e) != OK ||
        !l->found) {
        return e->code;
    }
    l->job.state = JOB_LEASED;
    l->job.owner = l->owner;
    l->job.fence++;
    l->job.tries++;
    l->job.lease_until.utc_ms = l->now.utc_ms + WORK_LEASE_MS;
    l->job.updated_at = l->now;
    return rows_update_job(db, scope_machine(), &l->job, e);
}

enum err_code job_lease(struct db *db, struct arena *a, const struct str *kinds, size_t n_kinds,
                        struct str owner, struct instant now, struct job *out, bool *found,
                        struct err *e)
{
    struct err own = { 0 };
    struct leasing l = { a, kinds, n_kinds, owner, now, { .job_id = 0 }, false };
    e = e ? e : &own;
    e->code = OK;
    if (limit_text(owner, 1, WORK_WORD_MAX, "job: owner", e) != OK ||
        store_write(db, STORE_CORE, lease_body, &l, e) != OK) {
        return e->code;
    }
    *out = l.job;
    *found = l.found;
    return OK;
}

enum err_code job_fence(struct db *db, const struct job *j, struct instant now, struct err *e)
{
    struct err own;
    bool held = false;
    e = e ? e : &own;
    if (rows_hold_lease(db, scope_machine(), j, now, &held, e) != OK) {
        return e->code;
    }
    return held ? OK
                : fail_named(e, ERR_CONFLICT, "LEASE_LOST",
                             "job %lld is no longer leased to " STR_FMT
                             ": its lease ran out; another may have it",
                             (long long)j->job_id, STR_ARG(j->owner));
}

struct renewing {
    struct job *job;
    struct instant now;
};

static enum err_code renew_body(struct db *db, void *ctx, struct err *e)
{
    struct renewing *r = ctx;
    if (job_fence(db, r->job, r->now, e) != OK) {
        return e->code;
    }
    return rows_update_job(db, scope_machine(), r->job, e);
}

enum err_code job_renew(struct db *db, struct job *j, int64_t done, int64_t total,
                        struct instant now, struct err *e)
{
    struct err own;
    struct job next = *j;
    struct renewing r = { &next, now };
    next.done = done;
    next.total = total;
    next.lease_until.utc_ms = now.utc_ms + WORK_LEASE_MS;
    next.updated_at = now;
    enum err_code code = store_write(db, STORE_CORE, renew_body, &r, e ? e : &own);
    if (code == OK) {
        *j = next;
    }
    return code;
}

/* ---- ends -------------------------------------------------------------------------------------
 */

/* What a job becomes when a try has ended: a cron comes back, with all its tries. */
static enum err_code end_try(struct db *db, const struct job *j, enum job_state state,
                             struct instant run_at, struct str result, struct instant now,
                             struct err *e)
{
    struct job next = *j;
    if (job_fence(db, j, now, e) != OK) {
        return e->code;
    }
    next.state = state;
    next.spec.run_at = run_at;
    next.owner = STR("");
    next.result = result.n <= WORK_ARGS_MAX ? result : (struct str){ result.at, WORK_ARGS_MAX };
    next.updated_at = now;
    if (j->spec.cron.n && state != JOB_READY) {
        next.state = JOB_READY;
        next.tries = 0;
        if (cron_next(j->spec.cron, now, &next.spec.run_at, e) != OK) {
            return e->code;
        }
    }
    return rows_update_job(db, scope_machine(), &next, e);
}

enum err_code job_done(struct db *db, const struct job *j, struct str result, struct instant now,
                       struct err *e)
{
    struct err own;
    return end_try(db, j, JOB_DONE, j->spec.run_at, result, now, e ? e : &own);
}

enum err_code job_failed(struct db *db, const struct job *j, struct str why, bool for_good,
                         struct instant now, struct err *e)
{
    struct err own;
    bool dead = for_good || j->tries >= j->spec.tries_max;
    return end_try(db, j, dead ? JOB_DEAD : JOB_READY, limit_pause(now, j->tries), why, now,
                   e ? e : &own);
}

/* ---- by hand ----------------------------------------------------------------------------------
 */

enum err_code job_get(struct db *db, struct arena *a, struct scope s, int64_t job_id,
                      struct job *out, struct err *e)
{
    struct err own;
    bool found = false;
    struct job j;
    e = e ? e : &own;
    if (rows_find_job(db, a, s, STR(""), job_id, &j, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no job %lld", (long long)job_id);
    }
    *out = j;
    return OK;
}

static enum err_code by_hand(struct db *db, struct scope s, int64_t job_id, enum job_state from,
                             enum job_state to, struct str why, struct instant now, struct err *e)
{
    static const char *const words[] = { "", "ready", "leased", "done", "dead" };
    struct arena *a = arena_new();
    struct job j;
    enum err_code code = job_get(db, a, s, job_id, &j, e);
    if (code == OK && j.state != from) {
        code = fail(e, ERR_RULE, "job %lld is %s, not %s", (long long)job_id, words[j.state],
                    words[from]);
    }
    if (code == OK) {
        j.state = to;
        j.tries = 0;
        j.result = why;
        j.spec.run_at = now;
        j.updated_at = now;
        code = rows_update_job(db, s, &j, e);
    }
    arena_free(a);
    return code;
}

enum err_code job_again(struct db *db, struct scope s, int64_t job_id, struct instant now,
                        struct err *e)
{
    struct err own;
    return by_hand(db, s, job_id, JOB_DEAD, JOB_READY, STR(""), now, e ? e : &own);
}

enum err_code job_drop(struct db *db, struct scope s, int64_t job_id, struct str why,
                       struct instant now, struct err *e)
{
    struct err own;
    return by_hand(db, s, job_id, JOB_READY, JOB_DEAD, why, now, e ? e : &own);
}

enum err_code job_list(struct db *db, struct arena *a, struct scope s, enum job_state state,
                       int64_t after, const struct job **out, size_t *n, struct err *e)
{
    struct err own;
    return rows_list_jobs(db, a, s, state, after, WORK_PAGE_MAX, out, n, e ? e : &own);
}

/* ---- a worker ---------------------------------------------------------------------------------
 */

struct ending {
    const struct job *job;
    enum err_code ran;
    struct str said;
    struct instant now;
};

static enum err_code end_body(struct db *db, void *ctx, struct err *e)
{
    struct ending *x = ctx;
    bool again =
        x->ran == ERR_RETRY || x->ran == ERR_UNKNOWN || x->ran == ERR_IO || x->ran == ERR_FULL;
    return x->ran == OK ? job_done(db, x->job, x->said, x->now, e)
                        : job_failed(db, x->job, x->said, !again, x->now, e);
}

static const struct job_kind *kind_of(const struct job_kind *kinds, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_is(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    check_that(false, "a job of a kind nobody asked for: " STR_FMT, STR_ARG(name));
}

static enum err_code work_one(struct db *db, const struct job_kind *k, struct job *j,
                              struct clock clock, struct err *e)
{
    struct err trouble = { 0 };
    struct str said = STR("");
    struct ending x = { .job = j };
    x.ran = k->run(k->ctx, db, j, &said, &trouble);
    crash_point("job.ran");
    x.said = x.ran == OK ? said : str_of(trouble.text);
    x.now = clock.now(clock.ctx);
    if (store_in_tx(db, STORE_CORE)) { /* a kind that failed inside of its transaction */
        store_rollback(db, STORE_CORE);
    }
    enum err_code code = store_write(db, STORE_CORE, end_body, &x, e);
    bool lost = code == ERR_CONFLICT && e->name && strcmp(e->name, "LEASE_LOST") == 0;
    return lost ? OK : code; /* another has it: that one will end it */
}

enum err_code job_work(struct db *db, const struct job_kind *kinds, size_t n_kinds,
                       struct str owner, struct clock clock, int64_t *n_done, struct err *e)
{
    struct err own;
    struct arena *a = arena_new();
    struct str names[KINDS_MAX];
    struct job j;
    bool found = true;
    enum err_code code = OK;
    e = e ? e : &own;
    check_that(n_kinds <= KINDS_MAX, "%zu kinds of jobs", n_kinds);
    for (size_t i = 0; i < n_kinds; i++) {
        names[i] = str_of(kinds[i].name);
    }
    *n_done = 0;
    while (code == OK && found) {
        arena_reset(a);
        code = job_lease(db, a, names, n_kinds, owner, clock.now(clock.ctx), &j, &found, e);
        if (code == OK && found) {
            code = work_one(db, kind_of(kinds, n_kinds, j.spec.kind), &j, clock, e);
            (*n_done)++;
        }
    }
    arena_free(a);
    return code;
}
