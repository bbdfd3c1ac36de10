/* store.c - the life of a store: open, transactions, ids, close.
 *
 *   begin ----> in_tx ----commit----> (none)        any failed statement sets `failed`:
 *                 |  \                              from there only rollback, or rollback_to
 *                 |   rollback -----> (none)        an earlier savepoint, leads on (law 2).
 *
 * Ids survive the process: each commit that follows new ids also writes the last one into
 * store_seq, so that a fixed or stepped-back clock never gives an id twice.
 */
#include "store/driver.h"
#include "base/crash.h"
#include "base/rand.h"
#include <stdatomic.h>
#include <unistd.h>

#define WRITE_TRIES 5
#define RETRY_PAUSE_US 20000       /* doubles with each try, plus as much again at random */
#define POSTGRES_PREFIX "postgres" /* postgres:// and postgresql:// */

static atomic_uint_fast64_t writes_done; /* a count for tests, over all stores of the process */

uint64_t store_writes_done(void)
{
    return atomic_load(&writes_done);
}

void store_count(void)
{
    atomic_fetch_add_explicit(&writes_done, 1, memory_order_relaxed);
}

const char *part_word(enum store_part part)
{
    return part == STORE_CORE ? "core" : "series";
}

bool scope_has(struct scope s, int64_t org_id)
{
    size_t lo = 0, hi = s.n;
    while (!s.all && lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s.orgs[mid] == org_id) {
            return true;
        }
        if (s.orgs[mid] < org_id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return s.all;
}

void part_forget_scopes(struct part *p)
{
    for (int i = 0; i < p->n_sets; i++) {
        free(p->sets[i].orgs);
    }
    p->n_sets = 0;
}

enum err_code part_failed(struct part *p, struct err *e)
{
    p->failed = p->in_tx;
    return fail_in(e, "%s: ", part_word(p->part));
}

static enum err_code make_tables(struct part *p, struct err *e)
{
    static const char sql[] =
        "create table if not exists schema_version (room {text} not null, number {i64} not null, "
        "hash {text} not null, applied_at {i64} not null, primary key (room, number)) {strict};\n"
        "create table if not exists store_seq (node {i64} primary key, last_id {i64} not null) "
        "{strict};";
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 4096);
    enum err_code code = tokens_replace(&t, p->db->drv->engine, STR(sql), e);
    if (code == OK) {
        code = store_begin(p->db, p->part, STORE_WRITE, e);
    }
    if (code == OK && (code = p->db->drv->migrate_lock(p->link, e)) == OK) {
        code = p->db->drv->exec(p->link, t.at, e);
    }
    if (code == OK) {
        code = store_commit(p->db, p->part, e);
    } else {
        store_rollback(p->db, p->part);
    }
    arena_free(a);
    return code;
}

/* Whether the store's own tables are there. */
static bool has_tables(struct part *p)
{
    struct rows *r;
    struct err ignored;
    if (rows_open(p->db, p->part, "select node from store_seq limit 1", &r, &ignored) != OK) {
        return false;
    }
    while (rows_next(r, &ignored)) {
    }
    return rows_close(r, &ignored) == OK;
}

enum err_code store_load_ids(struct db *db, struct err *e)
{
    static const char sql[] = "select last_id from store_seq where node = $1";
    for (int i = 0; i < 2; i++) {
        struct rows *r;
        if (rows_open(db, (enum store_part)i, sql, &r, e) != OK) {
            return e->code;
        }
        rows_int(r, 1, db->node);
        while (rows_next(r, e)) {
            int64_t id = rows_get_int(r, 0);
            int64_t ms = id >> 22, count = id & (ID_COUNTS - 1);
            db->parts[i].saved_id = id;
            if (ms > db->id_ms || (ms == db->id_ms && count > db->id_count)) {
                db->id_ms = ms;
                db->id_count = count;
            }
        }
        if (rows_close(r, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static enum err_code open_parts(struct db *db, struct err *e)
{
    for (int i = 0; i < 2; i++) {
        struct part *p = &db->parts[i];
        p->db = db;
        p->part = (enum store_part)i;
        enum err_code code = db->drv->link_open(db->place, p->part, db->mode, &p->link, e);
        if (code != OK) {
            return code;
        }
        p->generation = db->drv->link_generation(p->link);
        if (db->mode != STORE_READ_ONLY && !has_tables(p) && make_tables(p, e) != OK) {
            return fail_in(e, "%s: ", store_where(db));
        }
    }
    if (db->mode == STORE_READ_ONLY) {
        return OK;
    }
    enum err_code code = db->drv->node(db->parts[STORE_CORE].link, &db->node, e);
    return code == OK ? store_load_ids(db, e) : code;
}

static enum err_code open_at(const char *where, enum store_mode mode, bool beside, struct db **out,
                             struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct db *db = mem_alloc(sizeof(*db));
    bool postgres =
        strncmp(where, POSTGRES_PREFIX, sizeof(POSTGRES_PREFIX) - 1) == 0 && strstr(where, "://");
    db->drv = postgres ? &postgres_driver : &sqlite_driver;
    db->mode = mode;
    db->id_count = -1;
    db->id_ms = 1; /* a clock before the epoch still gives ids above zero */
    db->where = mem_alloc(strlen(where) + 1);
    memcpy(db->where, where, strlen(where));
    enum err_code code = db->drv->place_open(where, mode, beside, &db->place, e);
    if (code == OK) {
        code = open_parts(db, e);
    }
    if (code != OK) {
        store_close(db);
        return code;
    }
    *out = db;
    return OK;
}

enum err_code store_open(const char *where, enum store_mode mode, struct db **out, struct err *e)
{
    return open_at(where, mode, false, out, e);
}

enum err_code store_open_reader(const struct db *db, struct db **out, struct err *e)
{
    return open_at(db->where, STORE_READ_ONLY, true, out, e);
}

void store_close(struct db *db)
{
    if (!db) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct part *p = &db->parts[i];
        if (p->link) {
            store_rollback(db, p->part);
            part_free_rows(p);
            part_forget_scopes(p);
            db->drv->link_close(p->link);
        }
    }
    if (db->place) {
        db->drv->place_close(db->place);
    }
    free(db->where);
    free(db);
}

enum store_engine store_engine(const struct db *db)
{
    return db->drv->engine;
}

const char *store_where(const struct db *db)
{
    return db->drv->place_shown(db->place);
}

/* A connection that was made anew has forgotten its temporary tables. */
static void notice_generation(struct part *p)
{
    unsigned now = p->db->drv->link_generation(p->link);
    if (now != p->generation) {
        p->generation = now;
        part_forget_scopes(p);
    }
}

enum err_code store_begin(struct db *db, enum store_part part, enum store_tx tx, struct err *e)
{
    struct part *p = &db->parts[part];
    struct err own;
    e = e ? e : &own;
    check_that(!p->in_tx, "a transaction on %s is open", part_word(part));
    if (tx == STORE_WRITE && db->mode == STORE_READ_ONLY) {
        return fail(e, ERR_READ_ONLY, "%s: opened for reading only", store_where(db));
    }
    enum err_code code = db->drv->begin(p->link, tx, e);
    notice_generation(p);
    if (code != OK) {
        return fail_in(e, "%s: ", part_word(part));
    }
    p->in_tx = true;
    p->failed = false;
    p->tx = tx;
    p->savepoints = 0;
    return OK;
}

/* The id that was given last, or -1. */
static int64_t last_id(const struct db *db)
{
    return db->id_count < 0 ? -1 : db->id_ms << 22 | (int64_t)db->node << 12 | db->id_count;
}

static enum err_code save_ids(struct part *p, int64_t id, struct err *e)
{
    static const char sql[] = "insert into store_seq (node, last_id) values ($1, $2) "
                              "on conflict (node) do update set last_id = excluded.last_id";
    struct rows *r;
    if (rows_open(p->db, p->part, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, p->db->node);
    rows_int(r, 2, id);
    return rows_run(r, NULL, e);
}

enum err_code store_commit(struct db *db, enum store_part part, struct err *e)
{
    struct part *p = &db->parts[part];
    struct err own;
    e = e ? e : &own;
    check_that(p->in_tx, "no transaction on %s", part_word(part));
    enum err_code code = OK;
    if (p->failed) {
        code = fail(e, ERR_RULE, "%s: a statement of this transaction failed; it was rolled back",
                    part_word(part));
    }
    int64_t id = last_id(db);
    bool new_ids = p->tx == STORE_WRITE && id > p->saved_id;
    if (code == OK && new_ids) {
        code = save_ids(p, id, e);
    }
    if (code == OK) {
        crash_point("store_before_commit");
        code = db->drv->commit(p->link, e);
        store_count();
        crash_point("store_after_commit");
        code = code == OK ? OK : fail_in(e, "%s: commit: ", part_word(part));
    }
    if (code != OK) {
        store_rollback(db, part);
        return code;
    }
    p->saved_id = new_ids ? id : p->saved_id;
    p->in_tx = false;
    return OK;
}

void store_rollback(struct db *db, enum store_part part)
{
    struct part *p = &db->parts[part];
    if (p->in_tx) {
        db->drv->rollback(p->link);
        p->in_tx = p->failed = false;
        p->savepoints = 0;
        part_forget_scopes(p);
    }
}

bool store_in_tx(const struct db *db, enum store_part part)
{
    return db->parts[part].in_tx;
}

static enum err_code savepoint_exec(struct part *p, const char *verb, struct err *e)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "%s sk%d", verb, p->savepoints);
    return p->db->drv->exec(p->link, sql, e) == OK ? OK : part_failed(p, e);
}

enum err_code store_savepoint(struct db *db, enum store_part part, struct err *e)
{
    struct part *p = &db->parts[part];
    struct err own;
    e = e ? e : &own;
    check_that(p->in_tx, "no transaction on %s", part_word(part));
    if (p->failed) {
        return fail(e, ERR_RULE, "%s: the transaction has failed; roll it back", part_word(part));
    }
    p->savepoints++;
    enum err_code code = savepoint_exec(p, "savepoint", e);
    p->savepoints -= code != OK;
    return code;
}

enum err_code store_release(struct db *db, enum store_part part, struct err *e)
{
    struct part *p = &db->parts[part];
    struct err own;
    e = e ? e : &own;
    check_that(p->in_tx && p->savepoints > 0, "no savepoint on %s", part_word(part));
    if (p->failed) {
        return fail(e, ERR_RULE, "%s: the transaction has failed; roll back to the savepoint",
                    part_word(part));
    }
    enum err_code code = savepoint_exec(p, "release savepoint", e);
    p->savepoints -= code == OK;
    return code;
}

void store_rollback_to(struct db *db, enum store_part part)
{
    struct part *p = &db->parts[part];
    check_that(p->in_tx && p->savepoints > 0, "no savepoint on %s", part_word(part));
    struct err ignored;
    p->failed = false;
    part_forget_scopes(p);
    if (savepoint_exec(p, "rollback to savepoint", &ignored) == OK &&
        savepoint_exec(p, "release savepoint", &ignored) == OK) {
        p->savepoints--;
    } else {
        p->failed = true; /* the engine gave up the whole transaction */
    }
}

static void pause_before(int try, struct rng *r)
{
    uint64_t us = (uint64_t)RETRY_PAUSE_US << try;
    us += rng_below(r, us);
    struct timespec t = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };
    nanosleep(&t, NULL);
}

enum err_code store_write(struct db *db, enum store_part part,
                          enum err_code (*body)(struct db *db, void *ctx, struct err *e), void *ctx,
                          struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct rng jitter; /* decides only how long to wait */
    rng_init(&jitter, (uint64_t)getpid());
    for (int try = 0;; try++) {
        enum err_code code = store_begin(db, part, STORE_WRITE, e);
        if (code == OK) {
            code = body(db, ctx, e);
            if (code == OK) {
                code = store_commit(db, part, e);
            } else {
                store_rollback(db, part);
            }
        }
        if (code != ERR_RETRY || try + 1 == WRITE_TRIES) {
            return code;
        }
        pause_before(try, &jitter);
    }
}

int64_t store_next_id(struct db *db, struct instant now)
{
    int64_t ms = now.utc_ms - ID_EPOCH_MS;
    if (ms > db->id_ms || db->id_count < 0) {
        db->id_ms = ms > db->id_ms ? ms : db->id_ms;
        db->id_count = 0;
    } else if (++db->id_count == ID_COUNTS) {
        db->id_ms++;
        db->id_count = 0;
    }
    return last_id(db);
}
