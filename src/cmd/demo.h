/* demo.h - estates to look at: a province in small from the sim room, and the measured data.
 *
 * Both are built through the public functions of the rooms, as a customer's estate would be, and
 * both may be made again: what is there is reused, and a kill anywhere is mended by the next call.
 */
#ifndef SK_CMD_DEMO_H
#define SK_CMD_DEMO_H
#include "base/base.h"
#include "store/store.h"

struct demo_options {
    uint64_t seed;          /* of the simulated world */
    struct month month;     /* of the simulated world: one month of readings */
    const char *real;       /* demo_real: the folder with pv_cn and industry_kr */
    const char *data;       /* calendars, holidays, prices, mappings: "data" */
    const char *strategies; /* "strategies" */
    struct instant now;
    /* What is being done, and how far; may be NULL. */
    void (*progress)(void *ctx, const char *what, int64_t done, int64_t total);
    void *progress_ctx;
};
#define DEMO_PERIODS_MAX 24
#define DEMO_SHOW_MAX 2
#define DEMO_NOTES_MAX 32
struct demo_result {
    bool reused; /* the estate stood already; readings were only completed */
    int64_t orgs, stations, points, contracts;
    int64_t readings;                       /* journalled by this call */
    int64_t refused;                        /* demo_real: cells the importer refused */
    struct month periods[DEMO_PERIODS_MAX]; /* what can be settled, in order */
    size_t n_periods;
    struct month show[DEMO_SHOW_MAX]; /* those to look at first */
    size_t n_show;
    const char *notes[DEMO_NOTES_MAX]; /* what a reader must know: events, scaling, years */
    size_t n_notes;
};

/* 60 PV stations, 6 storage sites, 4 wind turbines, one of each other scenario, and their month.
 * Texts of the result live in the arena. ERR_RULE: the store holds the demo of another month. */
SK_MUST_USE enum err_code demo_make(struct db *db, struct arena *a, const struct demo_options *o,
                                    struct demo_result *out, struct err *e);
/* The measured stations as full feed-in and, scaled to roofs, behind the measured steel works. */
SK_MUST_USE enum err_code demo_real(struct db *db, struct arena *a, const struct demo_options *o,
                                    struct demo_result *out, struct err *e);
#endif
