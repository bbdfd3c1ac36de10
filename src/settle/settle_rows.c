/* settle_rows.c - all SQL of the room.
 *
 * Scope: a run belongs to whoever its order's contract belongs to; that is the contract room's
 * knowledge, so settle.c asks there before it comes here with a run (law 5 of contract.h), and what
 * is listed here without such a question is for the machine's scope only.
 */
#include "settle/settle_rows.h"
#include "store/rows.h"

#define BRIEFS_MAX                                                                                 \
    65536 /* runs in force of a chunk's orders within one period: far more than any */
#define LINES_MAX 100000 /* lines of one run: 64 lines of a strategy over a park's lessees */

static struct sha256 hash_of(struct str s)
{
    struct sha256 h = {{0}};
    if (s.n == sizeof(h.b)) {
        memcpy(h.b, s.at, sizeof(h.b));
    }
    return h;
}

/* Runs are listed for the machine alone: a caller with a scope must name an order it may see. */
static enum err_code machine_only(struct scope s, struct err *e)
{
    return s.all ? OK : fail(e, ERR_NOT_FOUND, "runs: ask for an order or a statement of yours");
}

enum err_code rows_run_briefs(struct db *db, struct arena *a, struct scope s, int64_t first,
                              int64_t last, struct settle_period p, struct run_brief **out,
                              size_t *n, struct err *e)
{
    static const char sql[] =
        "select order_id, run_id, period_from, revision, state, locked, input_hash, failure_name, "
        "failure from settlement_run where period_from >= $1 and period_from < $2 "
        "and order_id >= $3 and order_id <= $4 "
        "order by order_id, period_from, revision limit $5";
    struct rows *r;
    size_t count = 0, room = 0;
    struct run_brief *list = NULL;
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, p.from.yyyymmdd);
    rows_int(r, 2, p.until.yyyymmdd);
    rows_int(r, 3, first);
    rows_int(r, 4, last);
    rows_int(r, 5, BRIEFS_MAX);
    while (rows_next(r, e)) {
        if (count == room) {
            size_t more = room ? room * 2 : 64;
            struct run_brief *grown = arena_many(a, more, struct run_brief);
            if (count > 0) {
                memcpy(grown, list, count * sizeof(*list));
            }
            list = grown;
            room = more;
        }
        struct run_brief *b = &list[count++];
        b->order_id = rows_get_int(r, 0);
        b->run_id = rows_get_int(r, 1);
        b->from = (int32_t)rows_get_int(r, 2);
        b->revision = (int32_t)rows_get_int(r, 3);
        b->state = (enum settle_state)rows_get_int(r, 4);
        b->locked = rows_get_int(r, 5) == 1;
        b->input_hash = hash_of(rows_get_bytes(r, 6));
        if (b->state == SETTLE_FAILED) {
            b->failure_name = str_dup(a, rows_get_str(r, 7));
            b->failure = str_dup(a, rows_get_str(r, 8));
        }
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

static enum err_code one_int(struct rows *r, int64_t *out, struct err *e)
{
    int64_t v = rows_next(r, e) ? rows_get_int(r, 0) : 0;
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = v;
    return OK;
}

enum err_code rows_last_revision(struct db *db, struct scope s, int64_t order_id, int32_t from,
                                 int32_t *revision, struct err *e)
{
    static const char sql[] = "select coalesce(max(revision), 0) from settlement_run "
                              "where order_id = $1 and period_from = $2";
    struct rows *r;
    int64_t v = 0;
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, order_id);
    rows_int(r, 2, from);
    if (one_int(r, &v, e) != OK) {
        return e->code;
    }
    *revision = (int32_t)v;
    return OK;
}

enum err_code rows_state_before(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                                int32_t before, struct str *state, int32_t *until, struct err *e)
{
    static const char sql[] =
        "select state_out, period_until from settlement_run where order_id = $1 "
        "and period_from < $2 and state = 1 order by period_from desc limit 1";
    struct rows *r;
    struct str text = {"", 0};
    int32_t end = 0;
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, order_id);
    rows_int(r, 2, before);
    if (rows_next(r, e)) {
        text = str_dup(a, rows_get_str(r, 0));
        end = (int32_t)rows_get_int(r, 1);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *state = text;
    *until = end;
    return OK;
}

#define RUN_COLUMNS                                                                                \
    "run_id, order_id, station_id, period_from, period_until, revision, contract_version, state, " \
    "locked, held, input_hash, lines_hash, strategy_hash, snapshot, tariff, inputs, state_in, "    \
    "state_out, n_lines, fen, failure_name, failure"

static void run_read(struct rows *r, struct arena *a, struct run_row *out)
{
    *out =
        (struct run_row){.run_id = rows_get_int(r, 0),
                         .order_id = rows_get_int(r, 1),
                         .station_id = rows_get_int(r, 2),
                         .period = {{(int32_t)rows_get_int(r, 3)}, {(int32_t)rows_get_int(r, 4)}},
                         .revision = (int32_t)rows_get_int(r, 5),
                         .contract_version = (int32_t)rows_get_int(r, 6),
                         .state = (enum settle_state)rows_get_int(r, 7),
                         .locked = rows_get_int(r, 8) == 1,
                         .held = rows_get_int(r, 9) == 1,
                         .input_hash = hash_of(rows_get_bytes(r, 10)),
                         .lines_hash = hash_of(rows_get_bytes(r, 11)),
                         .strategy_hash = hash_of(rows_get_bytes(r, 12)),
                         .snapshot = hash_of(rows_get_bytes(r, 13)),
                         .tariff = str_dup(a, rows_get_str(r, 14)),
                         .inputs = str_dup(a, rows_get_str(r, 15)),
                         .state_in = str_dup(a, rows_get_str(r, 16)),
                         .state_out = str_dup(a, rows_get_str(r, 17)),
                         .n_lines = rows_get_int(r, 18),
                         .fen = rows_get_int(r, 19),
                         .failure_name = str_dup(a, rows_get_str(r, 20)),
                         .failure = str_dup(a, rows_get_str(r, 21))};
}

enum err_code rows_get_run(struct db *db, struct arena *a, struct scope s, int64_t run_id,
                           struct run_row *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select " RUN_COLUMNS " from settlement_run where run_id = $1 order by run_id limit 1";
    struct rows *r;
    struct run_row row;
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, run_id);
    bool hit = rows_next(r, e);
    if (hit) {
        run_read(r, a, &row);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *found = hit;
    if (hit) {
        *out = row;
    }
    return OK;
}

enum err_code rows_run_in_force(struct db *db, struct scope s, int64_t order_id, int32_t from,
                                int64_t *run_id, struct err *e)
{
    static const char sql[] = "select run_id from settlement_run where order_id = $1 "
                              "and period_from = $2 and state = 1 order by revision desc limit 1";
    struct rows *r;
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, order_id);
    rows_int(r, 2, from);
    return one_int(r, run_id, e);
}

enum err_code rows_list_runs(struct db *db, struct arena *a, struct scope s, int64_t after,
                             size_t limit, struct run_row **out, size_t *n, struct err *e)
{
    static const char sql[] = "select " RUN_COLUMNS " from settlement_run where run_id > $1 "
                              "and state = 1 order by run_id limit $2";
    struct rows *r;
    size_t count = 0;
    struct run_row *list = arena_many(a, limit, struct run_row);
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, after);
    rows_int(r, 2, (int64_t)limit);
    while (rows_next(r, e)) {
        run_read(r, a, &list[count++]);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

struct put_ctx {
    const struct settle_result *const *r;
    size_t n, at, sub;
    int64_t now;
};

static struct bulk_value of_int(int64_t v)
{
    return (struct bulk_value){.i = v};
}

static struct bulk_value of_str(struct str s)
{
    return (struct bulk_value){.s = s};
}

static struct bulk_value of_hash(const struct sha256 *h)
{
    return (struct bulk_value){.s = {(const char *)h->b, sizeof(h->b)}};
}

static bool next_run(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    if (p->at == p->n) {
        return false;
    }
    const struct settle_result *r = p->r[p->at++];
    const bool done = r->outcome == SETTLE_WRITTEN;
    int64_t fen = 0;
    for (size_t i = 0; i < r->n_lines; i++) {
        fen += r->lines[i].fen;
    }
    v[0] = of_int(r->run_id);
    v[1] = of_int(r->order->order_id);
    v[2] = of_int(r->order->station_id);
    v[3] = of_int(r->period.from.yyyymmdd);
    v[4] = of_int(r->period.until.yyyymmdd);
    v[5] = of_int(r->revision);
    v[6] = of_int(r->order->contract_version);
    v[7] = of_int(done ? SETTLE_DONE : SETTLE_FAILED);
    v[8] = of_int(0);
    v[9] = of_int(r->hold);
    v[10] = of_hash(&r->input_hash);
    v[11] = of_hash(&r->lines_hash);
    v[12] = of_hash(&r->strategy_hash);
    v[13] = of_hash(&r->snapshot);
    v[14] = of_str(r->tariff);
    v[15] = of_str(r->inputs);
    v[16] = of_str(r->state_in);
    v[17] = of_str(r->state_out);
    v[18] = of_int((int64_t)r->n_lines);
    v[19] = of_int(fen);
    v[20] = of_str(str_of(done ? "" : r->failure_name));
    v[21] = of_str(done ? STR("") : r->failure);
    v[22] = of_int(p->now);
    return true;
}

enum err_code rows_put_runs(struct db *db, const struct settle_result *const *r, size_t n,
                            struct instant now, struct err *e)
{
    static const struct bulk_column columns[] = {
        {"run_id", BULK_INT, true},
        {"order_id", BULK_INT, false},
        {"station_id", BULK_INT, false},
        {"period_from", BULK_INT, false},
        {"period_until", BULK_INT, false},
        {"revision", BULK_INT, false},
        {"contract_version", BULK_INT, false},
        {"state", BULK_INT16, false},
        {"locked", BULK_INT16, false},
        {"held", BULK_INT16, false},
        {"input_hash", BULK_BYTES, false},
        {"lines_hash", BULK_BYTES, false},
        {"strategy_hash", BULK_BYTES, false},
        {"snapshot", BULK_BYTES, false},
        {"tariff", BULK_TEXT, false},
        {"inputs", BULK_TEXT, false},
        {"state_in", BULK_TEXT, false},
        {"state_out", BULK_TEXT, false},
        {"n_lines", BULK_INT, false},
        {"fen", BULK_INT, false},
        {"failure_name", BULK_TEXT, false},
        {"failure", BULK_TEXT, false},
        {"created_at", BULK_INT, false},
    };
    static const struct bulk_table table = {STORE_CORE, "settlement_run", columns,
                                            sizeof(columns) / sizeof(*columns), BULK_FAIL};
    struct put_ctx ctx = {.r = r, .n = n, .now = now.utc_ms};
    return store_bulk(db, &table, next_run, &ctx, NULL, e);
}

static bool next_line(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    while (p->at < p->n && p->sub == p->r[p->at]->n_lines) {
        p->at++;
        p->sub = 0;
    }
    if (p->at == p->n) {
        return false;
    }
    const struct settle_result *r = p->r[p->at];
    const struct settle_line *l = &r->lines[p->sub++];
    __int128 exact = l->has_quantity && l->has_price ? (__int128)l->quantity_e4 * l->price_e6 : 0;
    v[0] = of_int(r->order->station_id);
    v[1] = of_int(r->run_id);
    v[2] = of_int(l->no);
    v[3] = of_int(r->period.from.yyyymmdd);
    v[4] = of_int(r->period.until.yyyymmdd);
    v[5] = of_str(l->code);
    v[6] = of_str(l->title);
    v[7] = of_str(l->payer);
    v[8] = of_str(l->payee);
    v[9] = of_str(l->settled_by);
    v[10] = (struct bulk_value){.i = l->quantity_e4, .null = !l->has_quantity};
    v[11] = of_str(l->unit);
    v[12] = (struct bulk_value){.i = l->price_e6, .null = !l->has_price};
    v[13] = of_str(l->price_unit);
    v[14] = of_int((int64_t)(exact >> 64));
    v[15] = of_int((int64_t)(uint64_t)exact);
    v[16] = of_int(l->fen);
    v[17] = of_int(l->net_fen);
    v[18] = of_int(l->vat_fen);
    v[19] = of_int(l->vat_e6);
    v[20] = of_int(l->quality);
    v[21] = of_int(l->estimated_e6);
    return true;
}

enum err_code rows_put_lines(struct db *db, const struct settle_result *const *r, size_t n,
                             struct err *e)
{
    static const struct bulk_column columns[] = {
        {"station_id", BULK_INT, true},    {"run_id", BULK_INT, true},
        {"line_no", BULK_INT, true},       {"period_from", BULK_INT, false},
        {"period_until", BULK_INT, false}, {"code", BULK_TEXT, false},
        {"title", BULK_TEXT, false},       {"payer", BULK_TEXT, false},
        {"payee", BULK_TEXT, false},       {"settled_by", BULK_TEXT, false},
        {"qty_e4", BULK_INT, false},       {"unit", BULK_TEXT, false},
        {"price_e6", BULK_INT, false},     {"price_unit", BULK_TEXT, false},
        {"exact_hi", BULK_INT, false},     {"exact_lo", BULK_INT, false},
        {"fen", BULK_INT, false},          {"net_fen", BULK_INT, false},
        {"vat_fen", BULK_INT, false},      {"vat_e6", BULK_INT, false},
        {"quality", BULK_INT16, false},    {"estimated_e6", BULK_INT, false},
    };
    static const struct bulk_table table = {STORE_SERIES, "settlement_line", columns,
                                            sizeof(columns) / sizeof(*columns), BULK_REPLACE};
    struct put_ctx ctx = {.r = r, .n = n};
    return store_bulk(db, &table, next_line, &ctx, NULL, e);
}

static enum err_code one_run(struct db *db, struct scope s, const char *sql, int64_t run_id,
                             const char *what, struct err *e)
{
    struct rows *r;
    int64_t changed;
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, run_id);
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    return changed == 1 ? OK
                        : fail(e, ERR_CONFLICT, "run %lld is not in force any more: cannot %s it",
                               (long long)run_id, what);
}

enum err_code rows_supersede(struct db *db, struct scope s, int64_t run_id, struct err *e)
{
    static const char sql[] =
        "update settlement_run set state = 3 where run_id = $1 and state in (1, 2)";
    return one_run(db, s, sql, run_id, "supersede", e);
}

enum err_code rows_reinstate(struct db *db, struct scope s, int64_t run_id, struct err *e)
{
    static const char sql[] =
        "update settlement_run set state = 1 where run_id = $1 and state = 3 and locked = 1";
    return one_run(db, s, sql, run_id, "reinstate", e);
}

enum err_code rows_lock(struct db *db, struct scope s, int64_t run_id, struct err *e)
{
    static const char sql[] =
        "update settlement_run set locked = 1 where run_id = $1 and state = 1 and locked = 0";
    return one_run(db, s, sql, run_id, "lock", e);
}

enum err_code rows_lines(struct db *db, struct arena *a, struct scope s, int64_t station_id,
                         int64_t run_id, struct settle_line **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select line_no, code, title, payer, payee, settled_by, qty_e4, unit, price_e6, "
        "price_unit, "
        "fen, net_fen, vat_fen, vat_e6, quality, estimated_e6 from settlement_line "
        "where station_id = $1 and run_id = $2 order by line_no limit $3";
    struct rows *r;
    size_t count = 0, room = 16;
    struct settle_line *list = arena_many(a, room, struct settle_line);
    if (machine_only(s, e) != OK || rows_open(db, STORE_SERIES, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, station_id);
    rows_int(r, 2, run_id);
    rows_int(r, 3, LINES_MAX);
    while (rows_next(r, e)) {
        if (count == room) {
            struct settle_line *more = arena_many(a, room * 2, struct settle_line);
            memcpy(more, list, room * sizeof(*list));
            list = more;
            room *= 2;
        }
        struct settle_line *l = &list[count++];
        l->no = (int32_t)rows_get_int(r, 0);
        l->code = str_dup(a, rows_get_str(r, 1));
        l->title = str_dup(a, rows_get_str(r, 2));
        l->payer = str_dup(a, rows_get_str(r, 3));
        l->payee = str_dup(a, rows_get_str(r, 4));
        l->settled_by = str_dup(a, rows_get_str(r, 5));
        l->has_quantity = !rows_is_null(r, 6);
        l->quantity_e4 = rows_get_int(r, 6);
        l->unit = str_dup(a, rows_get_str(r, 7));
        l->has_price = !rows_is_null(r, 8);
        l->price_e6 = rows_get_int(r, 8);
        l->price_unit = str_dup(a, rows_get_str(r, 9));
        l->fen = rows_get_int(r, 10);
        l->net_fen = rows_get_int(r, 11);
        l->vat_fen = rows_get_int(r, 12);
        l->vat_e6 = (int32_t)rows_get_int(r, 13);
        l->quality = (int32_t)rows_get_int(r, 14);
        l->estimated_e6 = (int32_t)rows_get_int(r, 15);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_failures(struct db *db, struct arena *a, struct scope s, struct settle_period p,
                            int64_t after, struct settle_failure **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select order_id, failure_name, failure from settlement_run where period_from >= $1 "
        "and period_from < $2 and order_id > $3 and state = 2 order by order_id limit $4";
    struct rows *r;
    size_t count = 0;
    struct settle_failure *list = arena_many(a, SETTLE_LIST_MAX, struct settle_failure);
    if (machine_only(s, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, p.from.yyyymmdd);
    rows_int(r, 2, p.until.yyyymmdd);
    rows_int(r, 3, after);
    rows_int(r, 4, SETTLE_LIST_MAX);
    while (rows_next(r, e)) {
        list[count++] = (struct settle_failure){.order_id = rows_get_int(r, 0),
                                                .name = str_dup(a, rows_get_str(r, 1)),
                                                .text = str_dup(a, rows_get_str(r, 2))};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_count_double(struct db *db, int64_t *out, struct err *e)
{
    static const char sql[] =
        "select count(*) from (select order_id from settlement_run where state = 1 "
        "group by order_id, period_from having count(*) > 1) d";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    return one_int(r, out, e);
}
