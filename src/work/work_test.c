/* work_test.c - the laws of work.h on both engines: jobs, leases and fences, cron, outbox, inbox.
 */
#include "base/rand.h"
#include "base/test.h"
#include "store/rows.h"
#include "support/pg.h"
#include "work/work.h"

#define T0 1782900000000LL /* 2026-07-01 18:00 +8, a Wednesday */

static bool postgres; /* the engine of this round */

struct fixture {
    char where[600];
    struct db *db;
    struct arena *arena;
    struct instant now;
};

static void begin(struct fixture *f)
{
    struct err e;
    assert_ok(store_begin(f->db, STORE_CORE, STORE_WRITE, &e), &e);
}

static void commit(struct fixture *f)
{
    struct err e;
    assert_ok(store_commit(f->db, STORE_CORE, &e), &e);
}

static void run_sql(struct db *db, const char *sql)
{
    struct err e;
    struct rows *r;
    assert_ok(rows_open(db, STORE_CORE, sql, &r, &e), &e);
    assert_ok(rows_run(r, NULL, &e), &e);
}

static int64_t number(struct db *db, const char *sql)
{
    struct err e;
    struct rows *r;
    int64_t v = -1;
    assert_ok(rows_open(db, STORE_CORE, sql, &r, &e), &e);
    while (rows_next(r, &e)) {
        v = rows_get_int(r, 0);
    }
    assert_ok(rows_close(r, &e), &e);
    return v;
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof(*f));
    struct err e;
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    f->arena = arena_new();
    f->now.utc_ms = T0;
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &e), &e);
    assert_ok(store_migrate(f->db, &work_migrations, 1, f->now, &e), &e);
    begin(f);
    run_sql(f->db, "create table effect (job_id {i64} not null, owner {text} not null)");
    commit(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->db);
    arena_free(f->arena);
    free(f);
    return 0;
}

static int64_t put(struct fixture *f, const char *kind, const char *key, const char *cron)
{
    struct err e;
    struct job_spec spec = { .kind = str_of(kind), .key = str_of(key), .cron = str_of(cron) };
    int64_t id = 0;
    bool fresh;
    begin(f);
    assert_ok(job_put(f->db, &spec, f->now, &id, &fresh, &e), &e);
    assert_true(fresh);
    commit(f);
    return id;
}

static bool lease(struct fixture *f, const char *kind, const char *owner, struct job *j)
{
    struct err e;
    struct str kinds[] = { str_of(kind) };
    bool found = false;
    assert_ok(job_lease(f->db, f->arena, kinds, 1, str_of(owner), f->now, j, &found, &e), &e);
    return found;
}

static struct job look(struct fixture *f, int64_t id)
{
    struct err e;
    struct job j;
    assert_ok(job_get(f->db, f->arena, scope_machine(), id, &j, &e), &e);
    return j;
}

static enum err_code end(struct fixture *f, const struct job *j, bool well, const char *said,
                         struct err *e)
{
    begin(f);
    enum err_code code = well ? job_done(f->db, j, str_of(said), f->now, e)
                              : job_failed(f->db, j, str_of(said), false, f->now, e);
    if (code == OK) {
        commit(f);
    } else {
        store_rollback(f->db, STORE_CORE);
    }
    return code;
}

static void test_law_1_with_its_transaction(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct job_spec spec = { .kind = STR("k"), .key = STR("a") };
    struct out_message m = { .channel = STR("c"), .id = STR("1"), .body = STR("x") };
    int64_t id;
    bool fresh;
    begin(f);
    assert_ok(job_put(f->db, &spec, f->now, &id, &fresh, &e), &e);
    assert_ok(outbox_put(f->db, &m, f->now, &fresh, &e), &e);
    store_rollback(f->db, STORE_CORE);
    struct job j;
    assert_false(lease(f, "k", "w", &j));
    const struct out_message *list;
    size_t n;
    assert_ok(outbox_list(f->db, f->arena, STR(""), 0, 0, &list, &n, &e), &e);
    assert_int_equal(n, 0);
}

static void test_law_2_keys(void **state)
{
    struct fixture *f = *state;
    struct err e;
    int64_t first = put(f, "k", "a", ""), id;
    bool fresh;
    begin(f);
    struct job_spec same = { .kind = STR("k"), .key = STR("a") };
    assert_ok(job_put(f->db, &same, f->now, &id, &fresh, &e), &e);
    assert_true(!fresh && id == first);
    struct job_spec other = { .kind = STR("k"), .key = STR("a"), .args = STR("{}") };
    assert_int_equal(job_put(f->db, &other, f->now, &id, &fresh, &e), ERR_CONFLICT);
    assert_string_equal(e.name, "JOB_KEY");
    struct job_spec bad[] = {
        { .kind = STR("") },
        { .kind = STR("k"), .tries_max = 21 },
        { .kind = STR("k"), .tries_max = -1 },
        { .kind = STR("k"), .cron = STR("61 * * * *") },
        { .kind = STR("k"), .key = STR("\xff") },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(job_put(f->db, &bad[i], f->now, &id, &fresh, &e), ERR_INPUT);
    }
    commit(f);
}

static void test_law_3_lease_and_fence(void **state)
{
    struct fixture *f = *state;
    struct err e;
    int64_t id = put(f, "k", "a", "");
    struct job one, two, none;
    assert_true(lease(f, "k", "one", &one));
    assert_int_equal(one.job_id, id);
    assert_false(lease(f, "k", "two", &none)); /* it is taken */
    assert_false(lease(f, "other", "two", &none));
    f->now.utc_ms += WORK_LEASE_MS - 1;
    assert_ok(job_renew(f->db, &one, 3, 10, f->now, &e), &e);
    assert_int_equal(look(f, id).done, 3);
    f->now.utc_ms += WORK_LEASE_MS - 1;
    assert_false(lease(f, "k", "two", &none));
    f->now.utc_ms += 1; /* one sleeps past its lease */
    begin(f);
    assert_int_equal(job_fence(f->db, &one, f->now, &e), ERR_CONFLICT);
    assert_string_equal(e.name, "LEASE_LOST");
    store_rollback(f->db, STORE_CORE);
    assert_true(lease(f, "k", "two", &two));
    assert_int_equal(two.fence, one.fence + 1);
    assert_int_equal(two.tries, 2);
    begin(f);
    assert_int_equal(job_fence(f->db, &one, f->now, &e), ERR_CONFLICT);
    store_rollback(f->db, STORE_CORE);
    assert_int_equal(job_renew(f->db, &one, 4, 10, f->now, &e), ERR_CONFLICT);
    assert_int_equal(end(f, &one, true, "late", &e), ERR_CONFLICT);
    assert_ok(end(f, &two, true, "{\"n\":1}", &e), &e);
    assert_int_equal(look(f, id).state, JOB_DONE);
    assert_true(str_is(look(f, id).result, "{\"n\":1}"));
    assert_int_equal(end(f, &two, true, "again", &e), ERR_CONFLICT);
    /* the same worker with a new lease of the same job is not the old one either */
    int64_t id2 = put(f, "k", "b", "");
    assert_true(lease(f, "k", "one", &one));
    f->now.utc_ms += WORK_LEASE_MS;
    assert_true(lease(f, "k", "one", &two));
    assert_int_equal(end(f, &one, true, "old", &e), ERR_CONFLICT);
    assert_ok(end(f, &two, true, "new", &e), &e);
    assert_true(str_is(look(f, id2).result, "new"));
}

static void test_law_4_retry_and_death(void **state)
{
    struct fixture *f = *state;
    struct err e;
    int64_t id = put(f, "k", "a", "");
    struct job j;
    static const int64_t pauses[] = { 1000, 2000, 4000, 8000 };
    for (int i = 0; i < 5; i++) {
        assert_true(lease(f, "k", "w", &j));
        assert_ok(end(f, &j, false, "no line", &e), &e);
        if (i < 4) {
            assert_int_equal(look(f, id).spec.run_at.utc_ms, f->now.utc_ms + pauses[i]);
            f->now.utc_ms += pauses[i] - 1;
            assert_false(lease(f, "k", "w", &j));
            f->now.utc_ms += 1;
        }
    }
    assert_int_equal(look(f, id).state, JOB_DEAD);
    assert_true(str_is(look(f, id).result, "no line"));
    f->now.utc_ms += DAY_MS;
    assert_false(lease(f, "k", "w", &j));
    begin(f);
    assert_ok(job_again(f->db, scope_machine(), id, f->now, &e), &e);
    assert_int_equal(job_again(f->db, scope_machine(), id, f->now, &e), ERR_RULE);
    commit(f);
    assert_true(lease(f, "k", "w", &j));
    assert_int_equal(j.tries, 1);
    /* a worker that dies each time uses its tries up as well */
    for (int i = 1; i < 5; i++) {
        f->now.utc_ms += WORK_LEASE_MS;
        assert_true(lease(f, "k", "w", &j));
    }
    f->now.utc_ms += WORK_LEASE_MS;
    assert_false(lease(f, "k", "w", &j));
    assert_int_equal(look(f, id).state, JOB_DEAD);
    assert_true(str_is(look(f, id).result, "the lease of w ran out"));
    int64_t id2 = put(f, "k", "b", "");
    begin(f);
    assert_ok(job_drop(f->db, scope_machine(), id2, STR("not wanted"), f->now, &e), &e);
    commit(f);
    assert_false(lease(f, "k", "w", &j));
    int64_t mine[] = { 5 };
    struct scope foreign = { .orgs = mine, .n = 1 };
    assert_int_equal(job_get(f->db, f->arena, foreign, id, &j, &e), ERR_NOT_FOUND);
    const struct job *list;
    size_t n;
    assert_ok(job_list(f->db, f->arena, scope_machine(), JOB_DEAD, 0, &list, &n, &e), &e);
    assert_int_equal(n, 2);
    assert_ok(job_list(f->db, f->arena, foreign, 0, 0, &list, &n, &e), &e);
    assert_int_equal(n, 0);
}

static struct instant at(const char *text)
{
    struct instant t;
    struct err e;
    assert_ok(instant_parse(str_of(text), &t, &e), &e);
    return t;
}

/* Expected instants read off a calendar: 2026-07-01 is a Wednesday. */
static void test_cron(void **state)
{
    (void)state;
    static const char *const next[][3] = {
        { "* * * * *", "2026-07-01T18:00:00+08:00", "2026-07-01T18:01:00+08:00" },
        { "* * * * *", "2026-07-01T18:00:59+08:00", "2026-07-01T18:01:00+08:00" },
        { "30 10,15 * * *", "2026-07-01T10:30:00+08:00", "2026-07-01T15:30:00+08:00" },
        { "30 10,15 * * *", "2026-07-01T15:30:00+08:00", "2026-07-02T10:30:00+08:00" },
        { "0 9 * * 1-5", "2026-07-03T09:00:00+08:00", "2026-07-06T09:00:00+08:00" },
        { "0 0 1 * *", "2026-12-31T23:59:00+08:00", "2027-01-01T00:00:00+08:00" },
        { "0 0 29 2 *", "2026-07-01T00:00:00+08:00", "2028-02-29T00:00:00+08:00" },
        { "*/15 8-9 * * *", "2026-07-01T08:50:00+08:00", "2026-07-01T09:00:00+08:00" },
        { "5-10/5 * * * *", "2026-07-01T08:06:00+08:00", "2026-07-01T08:10:00+08:00" },
        { "0 12 * * 0", "2026-07-01T00:00:00+08:00", "2026-07-05T12:00:00+08:00" },
        { "0 12 * * 7", "2026-07-01T00:00:00+08:00", "2026-07-05T12:00:00+08:00" },
        { "0 12 15 * 3", "2026-07-08T12:00:00+08:00", "2026-07-15T12:00:00+08:00" },
        { "0 12 14 * 3", "2026-07-08T12:00:00+08:00", "2026-07-14T12:00:00+08:00" }, /* either */
        { "0 8 31 * *", "2026-08-31T08:00:00+08:00", "2026-10-31T08:00:00+08:00" },
        { " 0  8  1 1 * ", "2026-01-01T08:00:00+08:00", "2027-01-01T08:00:00+08:00" },
    };
    static const char *const bad[] = {
        "",           "* * * *",     "* * * * * *", "60 * * * *",   "* 24 * * *",
        "* * 0 * *",  "* * 32 * *",  "* * * 13 *",  "* * * * 8",    "a * * * *",
        "1- * * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "0 0 31 2 *",
        "-1 * * * *", "1/ * * * *",
    };
    struct err e;
    struct instant t;
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        assert_ok(cron_next(str_of(next[i][0]), at(next[i][1]), &t, &e), &e);
        if (t.utc_ms != at(next[i][2]).utc_ms) {
            fail_msg("%s after %s", next[i][0], next[i][1]);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (cron_next(str_of(bad[i]), at("2026-07-01T00:00:00+08:00"), &t, &e) != ERR_INPUT) {
            fail_msg("taken: '%s'", bad[i]);
        }
    }
    assert_int_equal(cron_next(STR("* * 40 * *"), at("2026-07-01T00:00:00+08:00"), &t, &e),
                     ERR_INPUT);
    assert_non_null(strstr(e.text, "day '40'"));
}

static void test_cron_comes_back(void **state)
{
    struct fixture *f = *state;
    struct err e;
    int64_t id = put(f, "k", "nightly", "30 1 * * *");
    struct job j;
    assert_int_equal(look(f, id).spec.run_at.utc_ms, at("2026-07-02T01:30:00+08:00").utc_ms);
    assert_false(lease(f, "k", "w", &j));
    f->now = at("2026-07-02T01:31:00+08:00");
    assert_true(lease(f, "k", "w", &j));
    assert_ok(end(f, &j, true, "{}", &e), &e);
    assert_int_equal(look(f, id).state, JOB_READY);
    assert_int_equal(look(f, id).spec.run_at.utc_ms, at("2026-07-03T01:30:00+08:00").utc_ms);
    f->now = at("2026-07-03T01:30:00+08:00");
    for (int i = 0; i < 5; i++) { /* its tries used up, it waits for the next night */
        assert_true(lease(f, "k", "w", &j));
        assert_ok(end(f, &j, false, "no disk", &e), &e);
        f->now.utc_ms += WORK_PAUSE_MS << i;
    }
    assert_int_equal(look(f, id).state, JOB_READY);
    assert_int_equal(look(f, id).tries, 0);
    assert_int_equal(look(f, id).spec.run_at.utc_ms, at("2026-07-04T01:30:00+08:00").utc_ms);
    assert_true(str_is(look(f, id).result, "no disk"));
}

/* ---- a worker that dies, sleeps or fails at random: each effect once --------------------------
 */

struct shaky {
    struct fixture *f;
    struct rng rng;
    struct instant now;
    int64_t refused;
};

static struct instant shaky_now(void *ctx)
{
    return ((struct shaky *)ctx)->now;
}

/* Writes one row under the fence; may have slept past its lease before, may fail after. */
static enum err_code shaky_run(void *ctx, struct db *db, struct job *j, struct str *result,
                               struct err *e)
{
    struct shaky *s = ctx;
    uint64_t fate = rng_below(&s->rng, 6); /* 3 and more: well */
    static const char sql[] = "insert into effect (job_id, owner) values ($1, $2)";
    static const char seen[] = "select count(*) from effect where job_id = $1";
    struct rows *r;
    int64_t n = 0;
    *result = STR("{}");
    if (fate == 0) { /* stopped for a minute; somebody else takes the job over and does it */
        struct job other;
        struct str kinds[] = { STR("k") };
        bool found = false;
        s->now.utc_ms += 2 * WORK_LEASE_MS;
        assert_ok(job_lease(db, s->f->arena, kinds, 1, STR("other"), s->now, &other, &found, e), e);
        if (found) {
            assert_ok(store_begin(db, STORE_CORE, STORE_WRITE, e), e);
            assert_ok(job_failed(db, &other, STR("back"), false, s->now, e), e);
            assert_ok(store_commit(db, STORE_CORE, e), e);
        }
    } else if (fate == 1) {
        return fail(e, ERR_IO, "the line is down");
    }
    if (store_begin(db, STORE_CORE, STORE_WRITE, e) != OK) {
        return e->code;
    }
    if (job_fence(db, j, s->now, e) != OK) {
        s->refused++;
        return e->code; /* the worker rolls back */
    }
    assert_ok(rows_open(db, STORE_CORE, seen, &r, e), e);
    rows_int(r, 1, j->job_id);
    while (rows_next(r, e)) {
        n = rows_get_int(r, 0);
    }
    assert_ok(rows_close(r, e), e);
    if (n == 0) {
        assert_ok(rows_open(db, STORE_CORE, sql, &r, e), e);
        rows_int(r, 1, j->job_id);
        rows_str(r, 2, j->owner);
        assert_ok(rows_run(r, NULL, e), e);
    }
    if (store_commit(db, STORE_CORE, e) != OK) {
        return e->code;
    }
    return fate == 2 ? fail(e, ERR_UNKNOWN, "the answer was lost") : OK;
}

static void test_law_3_each_effect_once(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct shaky s = { .f = f, .now = f->now };
    rng_init(&s.rng, 7);
    int64_t n_done, n = 120;
    begin(f);
    for (int64_t i = 0; i < n; i++) {
        struct job_spec spec = { .kind = STR("k"), .tries_max = 20 };
        int64_t id;
        bool fresh;
        assert_ok(job_put(f->db, &spec, f->now, &id, &fresh, &e), &e);
    }
    commit(f);
    struct job_kind kind = { "k", shaky_run, &s };
    struct clock clock = { shaky_now, &s };
    for (int round = 0; round < 400 && number(f->db, "select count(*) from job where state <> 3");
         round++) {
        assert_ok(job_work(f->db, &kind, 1, STR("w"), clock, &n_done, &e), &e);
        s.now.utc_ms += 1800000;
    }
    assert_int_equal(number(f->db, "select count(*) from job where state = 3"), n);
    assert_int_equal(number(f->db, "select count(*) from effect"), n);
    assert_int_equal(number(f->db, "select count(distinct job_id) from effect"), n);
    assert_true(s.refused > 10);
}

/* ---- outbox and inbox -------------------------------------------------------------------------
 */

struct line {
    struct fixture *f;
    enum err_code answers[16];
    int n_answers, n_sent;
    char sent[4000]; /* ids as they came */
};

static enum err_code line_send(void *ctx, const struct out_message *m, struct err *e)
{
    struct line *l = ctx;
    enum err_code code = l->n_sent < l->n_answers ? l->answers[l->n_sent] : OK;
    l->n_sent++;
    assert_false(store_in_tx(l->f->db, STORE_CORE)); /* nothing is sent inside a transaction */
    snprintf(l->sent + strlen(l->sent), sizeof(l->sent) - strlen(l->sent), STR_FMT "=" STR_FMT " ",
             STR_ARG(m->id), STR_ARG(m->body));
    return code == OK ? OK : fail(e, code, "answer %d", (int)code);
}

static void post(struct fixture *f, const char *channel, const char *id, const char *body)
{
    struct err e;
    struct out_message m = {
        .channel = str_of(channel), .id = str_of(id), .ref = STR("batch:1"), .body = str_of(body)
    };
    bool fresh;
    begin(f);
    assert_ok(outbox_put(f->db, &m, f->now, &fresh, &e), &e);
    assert_true(fresh);
    commit(f);
    f->now.utc_ms++;
}

static int64_t send_all(struct fixture *f, struct line *l, int32_t tries_max)
{
    struct err e;
    struct out_channel c = { "cnaps", line_send, l, tries_max };
    int64_t n = 0;
    assert_ok(outbox_send(f->db, &c, 1, f->now, &n, &e), &e);
    return n;
}

static void test_law_5_outbox(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct line l = { .f = f, .answers = { OK, ERR_UNKNOWN, OK, ERR_RULE, OK }, .n_answers = 5 };
    post(f, "cnaps", "1", "one");
    post(f, "cnaps", "2", "two");
    post(f, "cnaps", "3", "three");
    post(f, "sms", "1", "not on this line");
    begin(f);
    bool fresh;
    struct out_message same = { .channel = STR("cnaps"), .id = STR("1"), .body = STR("one") };
    assert_ok(outbox_put(f->db, &same, f->now, &fresh, &e), &e);
    assert_false(fresh);
    same.body = STR("uno");
    assert_int_equal(outbox_put(f->db, &same, f->now, &fresh, &e), ERR_CONFLICT);
    commit(f);
    assert_int_equal(send_all(f, &l, 0), 1);
    assert_string_equal(l.sent, "1=one 2=two "); /* 3 keeps its place behind 2 */
    assert_int_equal(send_all(f, &l, 0), 0);
    f->now.utc_ms += 1000;
    struct instant next;
    assert_int_equal(send_all(f, &l, 0), 1); /* 2 now; 3 is refused for good */
    assert_string_equal(l.sent, "1=one 2=two 2=two 3=three ");
    const struct out_message *list;
    size_t n;
    assert_ok(outbox_list(f->db, f->arena, STR("cnaps"), OUT_DEAD, 0, &list, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_true(str_is(list[0].id, "3"));
    assert_non_null(strstr(list[0].said.at, "answer"));
    begin(f);
    assert_ok(outbox_again(f->db, list[0].message_id, f->now, &e), &e);
    assert_int_equal(outbox_again(f->db, list[0].message_id, f->now, &e), ERR_RULE);
    assert_int_equal(outbox_again(f->db, 42, f->now, &e), ERR_NOT_FOUND);
    commit(f);
    assert_int_equal(send_all(f, &l, 0), 1);
    assert_ok(outbox_list(f->db, f->arena, STR("cnaps"), OUT_SENT, 0, &list, &n, &e), &e);
    assert_int_equal(n, 3);
    assert_ok(outbox_next(f->db, &next, &e), &e);
    assert_int_equal(next.utc_ms, T0 + 3); /* the one of the other channel */
    /* tries used up: dead, and the next one goes */
    struct line bad = { .f = f, .answers = { ERR_IO, ERR_IO, ERR_IO }, .n_answers = 3 };
    post(f, "cnaps", "4", "four");
    post(f, "cnaps", "5", "five");
    for (int i = 0; i < 3; i++) {
        send_all(f, &bad, 3);
        f->now.utc_ms += WORK_PAUSE_MS_MAX;
    }
    assert_string_equal(bad.sent, "4=four 4=four 4=four 5=five ");
}

static void test_law_6_inbox(void **state)
{
    struct fixture *f = *state;
    struct err e;
    enum in_seen seen;
    struct in_message m = { .channel = STR("cnaps"),
                            .sender = STR("999100000010"),
                            .type = STR("beps.381"),
                            .id = STR("2026070100009001"),
                            .body = STR("<paid/>") };
    begin(f);
    assert_ok(inbox_take(f->db, &m, f->now, &seen, &e), &e);
    assert_int_equal(seen, IN_FRESH);
    int64_t first = m.message_id;
    assert_ok(inbox_take(f->db, &m, f->now, &seen, &e), &e);
    assert_true(seen == IN_AGAIN && m.message_id == first);
    struct in_message other = m;
    other.body = STR("<refused/>");
    assert_ok(inbox_take(f->db, &other, f->now, &seen, &e), &e);
    assert_true(seen == IN_OTHER && other.message_id != first);
    assert_ok(inbox_take(f->db, &other, f->now, &seen, &e), &e);
    assert_int_equal(seen, IN_AGAIN);
    struct in_message stranger = m;
    stranger.sender = STR("999100000011"); /* another sender may use the same id */
    assert_ok(inbox_take(f->db, &stranger, f->now, &seen, &e), &e);
    assert_int_equal(seen, IN_FRESH);
    commit(f);
    struct in_message back;
    assert_ok(inbox_get(f->db, f->arena, first, &back, &e), &e);
    assert_true(str_is(back.body, "<paid/>"));
    assert_int_equal(inbox_get(f->db, f->arena, 42, &back, &e), ERR_NOT_FOUND);
    begin(f);
    m.id = STR("");
    assert_int_equal(inbox_take(f->db, &m, f->now, &seen, &e), ERR_INPUT);
    store_rollback(f->db, STORE_CORE);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(test_law_1_with_its_transaction),
        WITH(test_law_2_keys),
        WITH(test_law_3_lease_and_fence),
        WITH(test_law_4_retry_and_death),
        cmocka_unit_test(test_cron),
        WITH(test_cron_comes_back),
        WITH(test_law_3_each_effect_once),
        WITH(test_law_5_outbox),
        WITH(test_law_6_inbox),
    };
    int bad = cmocka_run_group_tests_name("work on sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        bad += cmocka_run_group_tests_name("work on postgres", tests, NULL, NULL);
    }
    return bad;
}
