/* single.h - one order on the table: computed again to be compared, corrected, explained. Private.
 */
#ifndef SK_SETTLE_SINGLE_H
#define SK_SETTLE_SINGLE_H
#include "settle/order.h"
#include "settle/settle_rows.h"

struct single {
    struct desk desk;
    struct contract_binding binding;
    struct kind kind;
    struct work work;
    struct str events; /* of the run computed again */
    struct settle_result result;
    struct strategy_bound *bound;
    struct strategy_result *ran;
};

struct single *single_new(struct db *db, struct arena *a);
/* The row of a run whose order is in the scope. */
enum err_code run_find(struct db *db, struct arena *a, struct scope scope, int64_t run_id,
                       struct run_row *run, struct err *e);
/* The facts a run used, as its row names them, into the binding. */
enum err_code run_inputs(struct single *s, const struct run_row *run, struct err *e);
/* Computes a run again with its versions; `now` takes the inputs of now instead of the run's. */
enum err_code run_compute(struct single *s, const struct run_row *run, bool now, struct err *e);
#endif
