/* demo_build.h - lists of things to add to a store, and adding them in one transaction: what
 * demo.c and demo_real.c share.
 */
#ifndef SK_CMD_DEMO_BUILD_H
#define SK_CMD_DEMO_BUILD_H
#include "cmd/demo.h"
#include "contract/contract.h"
#include "meter/meter.h"
#include "people/people.h"
#include "reading/reading.h"
#include "tariff/tariff.h"

#define BUILD_ORGS_MAX 64
#define BUILD_STATIONS_MAX 128
#define BUILD_POINTS_MAX 512
#define BUILD_CONTRACTS_MAX 128
#define BUILD_INPUTS_MAX 64
#define BUILD_CHANGES_MAX 8

struct build_input { /* numbers from other documents, for one order and month */
    int contract;
    struct month month;
    struct str settings;
};
struct build_change { /* a swap or a ratio change, after the first bindings */
    struct binding next;
    int64_t last_e4;
    bool ratio; /* the same meter, other transformers */
};
struct build {
    struct db *db;
    struct arena *arena;
    const struct demo_options *options;
    struct org orgs[BUILD_ORGS_MAX];
    size_t n_orgs;
    struct station stations[BUILD_STATIONS_MAX];
    size_t n_stations;
    struct meter meters[BUILD_POINTS_MAX];
    size_t n_meters;
    struct point points[BUILD_POINTS_MAX];
    size_t n_points;
    struct binding bindings[BUILD_POINTS_MAX];
    size_t n_bindings;
    struct build_change changes[BUILD_CHANGES_MAX];
    size_t n_changes;
    struct contract contracts[BUILD_CONTRACTS_MAX];
    struct order orders[BUILD_CONTRACTS_MAX]; /* same index */
    size_t n_contracts;
    struct build_input inputs[BUILD_INPUTS_MAX];
    size_t n_inputs;
    /* What else is written in the same transaction, behind all else, and the strategies it names;
     * may be NULL. */
    enum err_code (*more)(struct db *db, void *ctx, struct err *e);
    void *more_ctx;
    struct strategy_ref *strategies;
    size_t n_strategies;
};
struct build *build_new(struct db *db, struct arena *a, const struct demo_options *o);

/* Each gives the id of what it adds to the lists. */
int64_t build_org(struct build *b, enum org_kind kind, const char *name);
int64_t build_station(struct build *b, int64_t org_id, enum station_kind kind, const char *code,
                      const char *name, int64_t capacity_kw);
int64_t build_meter(struct build *b, int64_t station_id, const char *serial);
int64_t build_point(struct build *b, int64_t station_id, const char *code, enum point_role role,
                    const char *quantity, const char *unit, int direction, int64_t rated_kw);
/* The register of a meter feeds a point from `at` on, through CT x/5 and PT y/1. */
void build_bind(struct build *b, int64_t point_id, int64_t meter_id, const char *code,
                struct instant at, int64_t first_e4, int32_t ct_primary, int32_t pt);

struct build_leg {
    const char *payer, *payee;
};
/* One contract and its order. `no` ends both numbers ("PV01"); terms as contract.h has them. */
int build_contract(struct build *b, const char *prefix, const char *no, const char *title,
                   const char *strategy, int64_t station_id, struct day from, struct day until,
                   const struct build_leg *legs, size_t n_legs, struct str terms);
void build_input(struct build *b, int contract, struct month month, const char *settings);

/* From `at` on another meter (its register begins at first_e4), or other transformers; `last_e4` is
 * what the meter showed then. The point must have been bound before. */
void build_change(struct build *b, int64_t point_id, int64_t meter_id, struct instant at,
                  int64_t last_e4, int64_t first_e4, int32_t ct_primary, const char *note);

/* Publishes the strategies the contracts name and the given tariff files, and writes all lists, in
 * one core transaction. */
SK_MUST_USE enum err_code build_write(struct build *b, const char *const *tariffs, struct err *e);
/* Only organisations, tariffs and the strategies of the list (whose versions are filled in). */
SK_MUST_USE enum err_code build_basics(struct build *b, const char *const *tariffs,
                                       struct strategy_ref *strategies, size_t n, struct err *e);
/* Gives every point of the store its place, in the order of their ids: those of a contract side by
 * side. Again after a kill: what has a place keeps it. */
SK_MUST_USE enum err_code build_places(struct build *b, struct err *e);

void build_note(struct demo_result *out, const char *note);
void build_progress(const struct demo_options *o, const char *what, int64_t done, int64_t total);
#endif
