/* settle_rows.h - the room's SQL: runs in core, their lines in series. Private. */
#ifndef SK_SETTLE_SETTLE_ROWS_H
#define SK_SETTLE_SETTLE_ROWS_H
#include "settle/settle.h"

/* A run as its row has it. */
struct run_row {
    int64_t run_id, order_id, station_id;
    struct settle_period period;
    int32_t revision, contract_version;
    enum settle_state state;
    bool locked, held;
    struct sha256 input_hash, lines_hash, strategy_hash, snapshot;
    struct str tariff, inputs, state_in, state_out;
    int64_t n_lines, fen;
    struct str failure_name, failure;
};

/* What the batch needs of the runs that are there: of the orders first..last whose period begins in
 * [from, until), by order, period and revision. The last revision counts: superseded, it was
 * withdrawn. */
struct run_brief {
    int64_t order_id, run_id;
    int32_t from, revision;
    enum settle_state state;
    bool locked;
    struct sha256 input_hash;
    struct str failure_name, failure;
};
enum err_code rows_run_briefs(struct db *db, struct arena *a, struct scope s, int64_t first,
                              int64_t last, struct settle_period p, struct run_brief **out,
                              size_t *n, struct err *e);
/* The highest revision of an order and period, 0 if none (withdrawn ones count). */
enum err_code rows_last_revision(struct db *db, struct scope s, int64_t order_id, int32_t from,
                                 int32_t *revision, struct err *e);
/* What the order's last run in force before a day left behind; "" if none. `*until` is the end of
 * that run's period. */
enum err_code rows_state_before(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                                int32_t before, struct str *state, int32_t *until, struct err *e);
enum err_code rows_get_run(struct db *db, struct arena *a, struct scope s, int64_t run_id,
                           struct run_row *out, bool *found, struct err *e);
/* The one of the order and period that is not superseded. */
enum err_code rows_run_in_force(struct db *db, struct scope s, int64_t order_id, int32_t from,
                                int64_t *run_id, struct err *e);
/* Pages over all runs in force, by id. */
enum err_code rows_list_runs(struct db *db, struct arena *a, struct scope s, int64_t after,
                             size_t limit, struct run_row **out, size_t *n, struct err *e);

/* Writing: in the caller's transactions. Results sorted by run_id (runs) and by (station, run)
 * (lines). Only those that were written or refused anew (run_id != 0). */
enum err_code rows_put_runs(struct db *db, const struct settle_result *const *r, size_t n,
                            struct instant now, struct err *e);
enum err_code rows_put_lines(struct db *db, const struct settle_result *const *r, size_t n,
                             struct err *e);
enum err_code rows_supersede(struct db *db, struct scope s, int64_t run_id, struct err *e);
enum err_code rows_reinstate(struct db *db, struct scope s, int64_t run_id, struct err *e);
enum err_code rows_lock(struct db *db, struct scope s, int64_t run_id, struct err *e);

enum err_code rows_lines(struct db *db, struct arena *a, struct scope s, int64_t station_id,
                         int64_t run_id, struct settle_line **out, size_t *n, struct err *e);
enum err_code rows_failures(struct db *db, struct arena *a, struct scope s, struct settle_period p,
                            int64_t after, struct settle_failure **out, size_t *n, struct err *e);
/* Orders and periods that have more than one run in force. */
enum err_code rows_count_double(struct db *db, int64_t *out, struct err *e);
#endif
