/* village.h - a village whose every reading follows from a formula: orders of every strategy,
 * meters that roll over, are swapped, change their ratio, fall silent. Crash, fault and parity
 * tests build it, bring its readings in by whatever way is under test, settle it, and compare.
 */
#ifndef SK_TESTS_CRASH_VILLAGE_H
#define SK_TESTS_CRASH_VILLAGE_H
#include "contract/contract.h"
#include "people/people.h"
#include "reading/reading.h"
#include "settle/settle.h"
#include "statement/statement.h"
#include "store/store.h"

#define VILLAGE_FIRST_POINT 5000
#define VILLAGE_NOW ((struct instant){ 1788192000000LL }) /* 2026-09-01 00:00 */

enum village_kind {
    VILLAGE_SELF,    /* pv_selfuse; every second one with a short gap               */
    VILLAGE_FEED,    /* pv_full_feed_in; the meter is swapped half way              */
    VILLAGE_MARKET,  /* pv_market: registers at a spot price                        */
    VILLAGE_WIND,    /* wind: contract curve, paid curtailment, an assessment       */
    VILLAGE_STORAGE, /* storage_arbitrage: a ratio change; every second one loses   */
    VILLAGE_LEASE,   /* storage_capacity_lease: inputs only                         */
    VILLAGE_BASIC,   /* basic_fee: a group of capacity segments                     */
    VILLAGE_FACTOR,  /* power_factor                                                */
    VILLAGE_SUPPLY,  /* grid_supply                                                 */
    VILLAGE_HELD,    /* pv_selfuse: more exported than made, a long gap, an open end */
    VILLAGE_KINDS
};
struct village_plan {
    int orders;      /* order i is of kind i % VILLAGE_KINDS ... */
    bool only_self;  /* ... or all of VILLAGE_SELF without a gap */
    struct day from; /* readings begin here ... */
    int days;        /* ... and end behind so many days */
    bool registers;  /* meters with bindings; false: interval energies only */
};
struct village {
    struct village_plan plan;
    struct db *db;
    struct arena *a;
    struct reading_points *points; /* these by village_build and village_points */
    const int64_t *ids;            /* all points, in place order */
    size_t n_ids;
    int64_t maker, checker; /* users */
};

SK_MUST_USE enum err_code village_open(struct village *t, const struct village_plan *plan,
                                       const char *where, enum store_mode mode, struct err *e);
void village_close(struct village *t);
/* Fills an empty store with all but readings. */
SK_MUST_USE enum err_code village_build(struct village *t, struct err *e);
/* What the strategies ask for beside readings, for a period that begins so. */
SK_MUST_USE enum err_code village_inputs(struct village *t, struct day from, struct err *e);
/* The points of a village that was built before. */
SK_MUST_USE enum err_code village_points(struct village *t, struct err *e);

/* The readings as gateways send them: a batch per order and day, and one more for the boundary at
 * the end. A batch repeats some of the day before, also with a lower rank and another value. */
size_t village_batches(const struct village *t);
void village_batch(const struct village *t, struct arena *a, size_t i, struct reading_batch *out);
/* All of them in order, a few at a time, folded once. */
#define VILLAGE_GROUP 4
SK_MUST_USE enum err_code village_intake(struct village *t, struct err *e);
/* Without registers: whole days of energies. */
SK_MUST_USE enum err_code village_load(struct village *t, struct err *e);
/* The registers of days [day, until) as a file that data/mappings/long_register.json describes:
 * "meter,register,time,reading", the station's and the point's code, Chinese time. */
void village_csv(const struct village *t, int day, int until, const char *path);
/* The point that such a file calls "S00001/gen"; 0: none. */
int64_t village_find(const struct village *t, struct str name);
/* What is in force of a point's day by the formula, 10^-4 kWh. */
int64_t village_energy(const struct village *t, int64_t point_id, int day, int slot);

/* One number for all values, marks, bits and ranks of the village. */
SK_MUST_USE enum err_code village_snapshot(struct village *t, uint64_t *out, struct err *e);
SK_MUST_USE enum err_code village_settle(struct village *t, struct settle_period p, int workers,
                                         struct settle_progress *out, struct err *e);
/* Two people move 10 kWh of the first point between two periods of a day, once: what was asked or
 * applied before is found again. Its registers agree as before. */
SK_MUST_USE enum err_code village_edit(struct village *t, int day, struct err *e);
struct statement_act village_act(const struct village *t, const char *reason);
/* All statements of a period as canonical JSON, one per row, by order number and type. */
SK_MUST_USE enum err_code village_json(struct village *t, struct settle_period p, struct str *out,
                                       struct err *e);
/* statement_check and reading_check: ERR_CORRUPT with the first finding. */
SK_MUST_USE enum err_code village_check(struct village *t, int64_t sample, bool deep,
                                        struct statement_checked *out, struct err *e);
#endif
