/* settle.c - a period's run: prepare what orders share, settle them in chunks, write each chunk.
 *
 *     kinds and pages           one look, before the threads start
 *     todo queue of pages  -->  workers: load, read sums, bind, run     (a reader connection each)
 *     done queue of chunks -->  one writer: lines to series, runs and what the sink makes to core
 *
 * With one worker the same steps run one after the other in the calling thread. Chunks are written
 * in whatever order they come; nothing written depends on it.
 */
#include "settle/settle.h"
#include "base/crash.h"
#include "base/embed.h"
#include "base/queue.h"
#include "settle/order.h"
#include "settle/settle_rows.h"
#include "settle/tally.h"

EMBED(settle_sql, "src/settle/settle.sql");
const struct store_migrations settle_migrations = {"settle", settle_sql};

#define WORKERS_MAX 64 /* more threads than that only wait for the writer */
#define ROWS_BESIDE_LINES 6 /* of an order: its run, statement, legs and events */
#define CHUNKS_AHEAD 2 /* finished chunks that wait for the writer: bounds the memory of a run */

struct chunk {
    struct arena *arena;
    size_t page;
    struct settle_result *results;
    int64_t *cpu_ns; /* by result */
    size_t n;
    struct err failure; /* of the store: the run stops */
};

struct run {
    const struct settle_options *o;
    struct db *db; /* the writer's */
    struct db *readers[WORKERS_MAX];
    const struct kinds *kinds;
    const struct reading_points *points;
    bool registers;
    const struct contract_mark *marks;
    size_t n_pages;
    struct queue *todo, *done;
    int n_workers;
    struct settle_progress progress;
    struct err failure;
};

/* ---- one chunk, computed
 * -------------------------------------------------------------------------- */

/* The last run of a binding, if any; both lists ascend by order and first day. */
static const struct run_brief *brief_find(const struct run_brief *b, size_t n, size_t *at,
                                          const struct contract_binding *c)
{
    while (*at < n && (b[*at].order_id < c->order_id ||
                       (b[*at].order_id == c->order_id && b[*at].from < c->from.yyyymmdd))) {
        (*at)++;
    }
    const struct run_brief *last = NULL;
    while (*at < n && b[*at].order_id == c->order_id && b[*at].from == c->from.yyyymmdd) {
        last = &b[(*at)++];
    }
    return last;
}

/* Nothing to do when the run in force had the same inputs; nothing to be done when it is locked. */
static bool settled_before(const struct run_brief *b, struct settle_result *r)
{
    bool live = b && b->state != SETTLE_SUPERSEDED;
    bool same = live && memcmp(b->input_hash.b, r->input_hash.b, sizeof(r->input_hash.b)) == 0;
    r->previous_run_id = live ? b->run_id : 0;
    r->revision = (b ? b->revision : 0) + 1;
    if (same && b->state == SETTLE_DONE) {
        r->outcome = SETTLE_SAME;
    } else if (same) {
        r->outcome = SETTLE_REFUSED;
        r->failure_name = b->failure_name.at;
        r->failure = b->failure;
    } else if (live && b->locked) {
        r->outcome = SETTLE_LOCKED;
    } else {
        return false;
    }
    return true;
}

static enum err_code order_settle(struct desk *d, struct work *w, const struct run_brief *brief,
                                  struct settle_result *out, struct err *e)
{
    struct settle_result r = {.order = w->b,
                              .terms = &w->terms,
                              .period = {w->b->from, w->b->until},
                              .tariff = STR(""),
                              .state_in = STR("")};
    arena_reset(d->scratch);
    work_hash(w, d->scratch, &r.input_hash, &r.snapshot);
    if (settled_before(brief, &r)) {
        *out = r;
        return OK;
    }
    const int64_t previous = r.previous_run_id;
    const int32_t revision = r.revision;
    if (work_run(d, w, &r, NULL, NULL, e) != OK) {
        return e->code;
    }
    r.previous_run_id = previous;
    r.revision = revision;
    r.run_id = run_id_of(w->b, revision, &r.input_hash);
    *out = r;
    return OK;
}

static enum err_code page_load(struct run *run, struct desk *d, size_t page,
                               const struct contract_binding **b, size_t *n, struct err *e)
{
    const struct settle_period p = run->o->period;
    if (run->o->only_order_id) {
        return contract_load_order(d->db, d->arena, scope_machine(), p.from, p.until,
                                   run->o->only_order_id, b, n, e);
    }
    const struct contract_mark *after = page ? &run->marks[page - 1] : NULL;
    return contract_load(d->db, d->arena, scope_machine(), p.from, p.until, after, SETTLE_CHUNK, b,
                         n, e);
}

static enum err_code chunk_compute(struct run *run, struct desk *d, struct chunk *c, struct err *e)
{
    const struct contract_binding *b;
    struct run_brief *briefs = NULL;
    size_t n, n_briefs = 0, at = 0;
    struct lap_clock clock = lap_start(run->o->tally);
    if (page_load(run, d, c->page, &b, &n, e) != OK) {
        return e->code;
    }
    if (n > 0 && rows_run_briefs(d->db, d->arena, scope_machine(), b[0].order_id, b[n - 1].order_id,
                                 run->o->period, &briefs, &n_briefs, e) != OK) {
        return e->code;
    }
    struct work *w = arena_many(d->arena, n + 1, struct work);
    int32_t *sources = arena_many(d->arena, n + 1, int32_t);
    int64_t shared = lap(&clock);
    c->cpu_ns = arena_many(d->arena, n + 1, int64_t);
    for (size_t i = 0; i < n; i++) {
        if (work_open(d, &b[i], kinds_find(run->kinds, &b[i]), NULL, &w[i], e) != OK) {
            return e->code;
        }
        sources[i] = (int32_t)w[i].n_sources;
        c->cpu_ns[i] = lap(&clock) + shared / (int64_t)n;
    }
    if (work_read(d, w, n, e) != OK) {
        return e->code;
    }
    cost_spread(lap(&clock), sources, n, c->cpu_ns);
    c->results = arena_many(d->arena, n + 1, struct settle_result);
    for (size_t i = 0; i < n; i++) {
        const struct run_brief *brief = brief_find(briefs, n_briefs, &at, &b[i]);
        if (order_settle(d, &w[i], brief, &c->results[i], e) != OK) {
            return fail_in(e, "order " STR_FMT ": ", STR_ARG(b[i].order_no));
        }
        c->cpu_ns[i] += lap(&clock);
    }
    c->n = n;
    return OK;
}

/* Reads within one snapshot of each part. The chunk owns its arena. */
static struct chunk *chunk_new(struct run *run, struct db *reader, size_t page)
{
    struct arena *a = arena_new();
    struct chunk *c = arena_make(a, struct chunk);
    struct desk d = {.db = reader,
                     .points = run->points,
                     .arena = a,
                     .registers = run->registers,
                     .scratch = arena_new()};
    c->arena = a;
    c->page = page;
    enum err_code rc = store_begin(reader, STORE_CORE, STORE_READ, &c->failure);
    if (rc == OK) {
        rc = store_begin(reader, STORE_SERIES, STORE_READ, &c->failure);
    }
    if (rc == OK) {
        rc = chunk_compute(run, &d, c, &c->failure);
    }
    store_rollback(reader, STORE_SERIES);
    store_rollback(reader, STORE_CORE);
    arena_free(d.scratch);
    c->failure.code = rc;
    return c;
}

/* ---- one chunk, written
 * ---------------------------------------------------------------------------- */

struct write {
    const struct settle_result *const *by_run, *const *by_station;
    size_t n;
    const struct settle_result *all;
    size_t n_all;
    const struct settle_sink *sink;
    struct instant now;
};

static int run_order(const void *a, const void *b)
{
    const struct settle_result *x = *(const struct settle_result *const *)a;
    const struct settle_result *y = *(const struct settle_result *const *)b;
    return x->run_id < y->run_id ? -1 : x->run_id > y->run_id;
}

static int station_order(const void *a, const void *b)
{
    const struct settle_result *x = *(const struct settle_result *const *)a;
    const struct settle_result *y = *(const struct settle_result *const *)b;
    if (x->order->station_id != y->order->station_id) {
        return x->order->station_id < y->order->station_id ? -1 : 1;
    }
    return run_order(a, b);
}

static enum err_code write_series(struct db *db, void *ctx, struct err *e)
{
    const struct write *w = ctx;
    if (rows_put_lines(db, w->by_station, w->n, e) != OK) {
        return e->code;
    }
    crash_point("settle.lines.before_commit");
    return OK;
}

static enum err_code write_core(struct db *db, void *ctx, struct err *e)
{
    const struct write *w = ctx;
    for (size_t i = 0; i < w->n; i++) {
        if (w->by_run[i]->previous_run_id &&
            rows_supersede(db, scope_machine(), w->by_run[i]->previous_run_id, e) != OK) {
            return e->code;
        }
    }
    if (rows_put_runs(db, w->by_run, w->n, w->now, e) != OK) {
        return e->code;
    }
    if (w->sink && w->sink->chunk && w->sink->chunk(w->sink->ctx, db, w->all, w->n_all, e) != OK) {
        return e->code;
    }
    crash_point("settle.runs.before_commit");
    return OK;
}

static enum err_code results_write(struct db *db, struct arena *a, const struct settle_result *r,
                                   size_t n, const struct settle_sink *sink, struct instant now,
                                   struct err *e)
{
    const struct settle_result **run = arena_many(a, n + 1, const struct settle_result *);
    const struct settle_result **station = arena_many(a, n + 1, const struct settle_result *);
    size_t fresh = 0;
    for (size_t i = 0; i < n; i++) {
        if (r[i].run_id) {
            run[fresh++] = &r[i];
        }
    }
    if (fresh == 0) {
        return OK;
    }
    memcpy(station, run, fresh * sizeof(*run));
    qsort(run, fresh, sizeof(*run), run_order);
    qsort(station, fresh, sizeof(*station), station_order);
    struct write w = {run, station, fresh, r, n, sink, now};
    if (store_write(db, STORE_SERIES, write_series, &w, e) != OK) {
        return fail_in(e, "lines: ");
    }
    crash_point("settle.lines.after_commit");
    if (store_write(db, STORE_CORE, write_core, &w, e) != OK) {
        return fail_in(e, "runs: ");
    }
    crash_point("settle.runs.after_commit");
    if (sink && sink->after) {
        sink->after(sink->ctx, r, n);
    }
    return OK;
}

static void chunk_share(struct run *run, struct chunk *c, int64_t writing_ns)
{
    int32_t *rows = arena_many(c->arena, c->n + 1, int32_t);
    for (size_t i = 0; i < c->n; i++) {
        rows[i] = c->results[i].run_id ? (int32_t)c->results[i].n_lines + ROWS_BESIDE_LINES : 0;
    }
    cost_spread(writing_ns, rows, c->n, c->cpu_ns);
    tally_chunk(run->o->tally, c->results, c->n, c->cpu_ns);
}

/* Writes a chunk, counts it, frees it. After a failure chunks are only freed. */
static void chunk_end(struct run *run, struct chunk *c)
{
    struct lap_clock clock = lap_start(run->o->tally);
    if (run->failure.code == OK && c->failure.code != OK) {
        run->failure = c->failure;
    }
    if (run->failure.code == OK && results_write(run->db, c->arena, c->results, c->n, run->o->sink,
                                                 run->o->now, &run->failure) == OK) {
        run->failure.code = OK;
        if (run->o->tally) {
            chunk_share(run, c, lap(&clock));
        }
        for (size_t i = 0; i < c->n; i++) {
            run->progress.by_outcome[c->results[i].outcome]++;
            run->progress.held += c->results[i].outcome == SETTLE_WRITTEN && c->results[i].hold;
            if (c->results[i].outcome == SETTLE_LOCKED && run->o->locked) {
                run->o->locked(run->o->progress_ctx, &c->results[i]);
            }
        }
        run->progress.done += (int64_t)c->n;
        if (run->o->progress) {
            run->o->progress(run->o->progress_ctx, &run->progress);
        }
    }
    arena_free(c->arena);
}

/* ---- the threads
 * --------------------------------------------------------------------------------------- */

/* Index 0 writes; the others settle pages until none is left, then send NULL. */
static void write_all(struct run *run)
{
    int open = run->n_workers;
    void *item;
    while (open > 0 && queue_take(run->done, &item)) {
        if (!item) {
            open--;
            continue;
        }
        chunk_end(run, item);
        while (run->failure.code != OK && queue_take(run->todo, &item)) { /* nobody need go on */
        }
    }
}

static void work_all(struct run *run, int worker)
{
    void *item;
    while (queue_take(run->todo, &item)) {
        size_t page = (size_t)(uintptr_t)item - 1;
        (void)queue_put(run->done, chunk_new(run, run->readers[worker], page));
    }
    (void)queue_put(run->done, NULL);
}

static void thread_part(void *ctx, int worker, size_t index)
{
    struct run *run = ctx;
    (void)worker;
    if (index == 0) {
        write_all(run);
    } else {
        work_all(run, (int)index - 1);
    }
}

static enum err_code run_threads(struct run *run, struct err *e)
{
    for (int i = 0; i < run->n_workers; i++) {
        if (store_open_reader(run->db, &run->readers[i], e) != OK) {
            return e->code;
        }
    }
    run->todo = queue_new(run->n_pages);
    run->done = queue_new(CHUNKS_AHEAD);
    for (size_t i = 0; i < run->n_pages; i++) {
        (void)queue_put(run->todo, (void *)(uintptr_t)(i + 1));
    }
    queue_close(run->todo);
    parallel_for(run->n_workers + 1, (size_t)run->n_workers + 1, thread_part, run);
    return OK;
}

static void run_release(struct run *run)
{
    for (int i = 0; i < WORKERS_MAX; i++) {
        store_close(run->readers[i]);
    }
    if (run->todo) {
        queue_free(run->todo);
        queue_free(run->done);
    }
}

static enum err_code run_prepare(struct run *run, struct arena *a, struct err *e)
{
    const struct settle_period p = run->o->period;
    struct kinds *kinds;
    struct reading_points *points;
    size_t n_marks = 0;
    if (!day_valid(p.from) || !day_valid(p.until) || p.until.yyyymmdd <= p.from.yyyymmdd) {
        return fail(e, ERR_INPUT, "period [%d, %d) is none", p.from.yyyymmdd, p.until.yyyymmdd);
    }
    if (kinds_prepare(run->db, a, p, &kinds, e) != OK ||
        reading_points_load(run->db, scope_machine(), a, &points, e) != OK ||
        reading_has_registers(run->db, p.from, p.until, &run->registers, e) != OK) {
        return e->code;
    }
    run->kinds = kinds;
    run->points = points;
    run->n_pages = 1;
    run->progress.orders = 1;
    if (!run->o->only_order_id) {
        if (contract_pages(run->db, a, scope_machine(), p.from, p.until, SETTLE_CHUNK, &run->marks,
                           &n_marks, &run->progress.orders, e) != OK) {
            return e->code;
        }
        run->n_pages = ((size_t)run->progress.orders + SETTLE_CHUNK - 1) / SETTLE_CHUNK;
    }
    return OK;
}

/* One thread writes and one worker reads on two cores: the writer is about half of the work. */
static int workers_for(const struct settle_options *o, size_t pages)
{
    int n = o->workers > 0 ? o->workers : cpu_count();
    n = n > WORKERS_MAX ? WORKERS_MAX : n;
    return pages < (size_t)n ? (int)pages : n;
}

enum err_code settle_run(struct db *db, const struct settle_options *o, struct settle_progress *out,
                         struct err *e)
{
    struct arena *a = arena_new();
    struct run *run = arena_make(a, struct run);
    run->db = db;
    run->o = o;
    enum err_code rc = run_prepare(run, a, e);
    if (rc == OK) {
        run->n_workers = workers_for(o, run->n_pages);
        if (run->n_workers > 1) {
            rc = run_threads(run, e);
        } else {
            for (size_t i = 0; i < run->n_pages && run->failure.code == OK; i++) {
                chunk_end(run, chunk_new(run, db, i));
            }
        }
    }
    if (rc == OK && run->failure.code != OK) {
        *e = run->failure;
        rc = e->code;
    }
    if (rc == OK) {
        *out = run->progress;
    }
    run_release(run);
    arena_free(a);
    return rc;
}

/* ---- results written by hand: a correction
 * -------------------------------------------------------------- */

enum err_code settle_write_lines(struct db *db, const struct settle_result *r, struct err *e)
{
    struct write w = {.by_station = &r, .n = 1};
    if (store_write(db, STORE_SERIES, write_series, &w, e) != OK) {
        return fail_in(e, "lines: ");
    }
    crash_point("settle.lines.after_commit");
    return OK;
}

enum err_code settle_write_run(struct db *db, const struct settle_result *r, struct instant now,
                               struct err *e)
{
    if (r->previous_run_id && rows_supersede(db, scope_machine(), r->previous_run_id, e) != OK) {
        return e->code;
    }
    return rows_put_runs(db, &r, 1, now, e);
}

enum err_code settle_lines(struct db *db, struct arena *a, struct scope s, int64_t station_id,
                           int64_t run_id, const struct settle_line **out, size_t *n, struct err *e)
{
    struct settle_line *lines;
    struct run_row run;
    struct order order;
    bool found;
    if (rows_get_run(db, a, scope_machine(), run_id, &run, &found, e) != OK) {
        return e->code;
    }
    if (!found || run.station_id != station_id) {
        return fail(e, ERR_NOT_FOUND, "run %lld: not there", (long long)run_id);
    }
    if (!s.all && order_get(db, a, s, run.order_id, &order, e) != OK) {
        return e->code;
    }
    if (rows_lines(db, a, scope_machine(), station_id, run_id, &lines, n, e) != OK) {
        return e->code;
    }
    *out = lines;
    return OK;
}

enum err_code settle_lock(struct db *db, int64_t run_id, struct err *e)
{
    return rows_lock(db, scope_machine(), run_id, e);
}

enum err_code settle_withdraw(struct db *db, int64_t run_id, struct err *e)
{
    return rows_supersede(db, scope_machine(), run_id, e);
}

enum err_code settle_reinstate(struct db *db, int64_t run_id, struct err *e)
{
    return rows_reinstate(db, scope_machine(), run_id, e);
}

enum err_code settle_failures(struct db *db, struct arena *a, struct scope s,
                              struct settle_period p, int64_t after,
                              const struct settle_failure **out, size_t *n, struct err *e)
{
    struct settle_failure *list;
    size_t count, kept = 0;
    if (rows_failures(db, a, scope_machine(), p, after, &list, &count, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < count; i++) {
        struct order order;
        enum err_code rc = order_get(db, a, s, list[i].order_id, &order, e);
        if (rc == ERR_NOT_FOUND) {
            continue;
        }
        if (rc != OK) {
            return rc;
        }
        list[kept] = list[i];
        list[kept++].order_no = order.no;
    }
    *out = list;
    *n = kept;
    return OK;
}
