/* sim.h - a world in a box: weather, stations and their meters, from a seed.
 *
 * The demo, the benches and the tests need a province whose truth is known: what every station made
 * and used in every quarter of an hour, beside what its meters and gateways say about it. The model
 * is physical (position of the sun, clouds, temperature, load shapes, a battery that follows the
 * periods, wind with its power curve) and runs in integers, so that a seed gives the same world on
 * every machine and compiler.
 *
 * Laws
 *  1. Same seed, site and day give the same values, whatever was asked before.
 *  2. A register never goes back but by rollover, a swap or a reset that is listed as an event.
 *  3. Registers follow the truth: between two boundaries they differ by the true energy over K, to
 *     one step of the register; nothing is lost or made over any span.
 *  4. Energies balance in each slot: load = generation + import - export - charge + discharge.
 *
 * No sockets, no store: batches come through a callback, as a gateway would send them.
 */
#ifndef SK_SIM_SIM_H
#define SK_SIM_SIM_H
#include "base/base.h"
#include "contract/contract.h"
#include "ingest/ingest.h"

enum sim_kind { SIM_PV, SIM_STORAGE, SIM_WIND };

/* What a site measures, one register each. */
enum sim_register {
    SIM_GENERATION, /* made: PV, wind                          */
    SIM_EXPORT,     /* to the grid, at the gate                 */
    SIM_IMPORT,     /* from the grid, at the gate               */
    SIM_CHARGE,     /* storage, at its AC side                  */
    SIM_DISCHARGE,
    SIM_REGISTERS /* how many; in an event: all of them */
};

struct sim_meter {
    bool used;
    int64_t modulus_e4;  /* of the register, 10^-4 kWh: 10^4 x 10^digits                    */
    int64_t step_e4;     /* resolution of the register: 100 is 0.01 kWh                      */
    int64_t first_e4;    /* what the register shows at the start of the world                */
    int32_t multiplier;  /* K = CT x PT                                                      */
};

#define SIM_LOAD_NONE 0 /* full feed-in: nothing behind the gate */
enum sim_load { SIM_OFFICE = 1, SIM_TWO_SHIFT, SIM_CONTINUOUS, SIM_COLD_STORE, SIM_SCHOOL };

struct sim_site {
    const char *name;
    enum sim_kind kind;
    int32_t rated_w;        /* AC power of PV, storage or turbine                            */
    int32_t capacity_wh;    /* storage                                                       */
    int32_t efficiency_e4;  /* storage, round trip                                           */
    const char *dispatch;   /* storage: 24 letters, one an hour: c charge, d discharge, -    */
    int32_t latitude_e2;    /* degrees x 100, north                                          */
    int32_t longitude_e2;   /* degrees x 100, east                                           */
    int32_t region;         /* sites of one region share their clouds                        */
    enum sim_load load;     /* SIM_LOAD_NONE allowed                                         */
    int32_t load_w;         /* mean of a working day                                         */
    struct sim_meter meters[SIM_REGISTERS];
};

enum sim_event_kind {
    SIM_GAP,    /* boundaries in [from, until) were never stored                      */
    SIM_LATE,   /* the gateway sends them only at `until`                             */
    SIM_FROZEN, /* the register stands still and jumps to the truth at `until`        */
    SIM_SWAP,   /* another meter from `from` on: its register begins at `value_e4`    */
    SIM_RATIO,  /* another multiplier (`value_e4`, a plain number) from `from` on     */
};
struct sim_event {
    enum sim_event_kind kind;
    enum sim_register reg;
    struct instant from, until; /* on slot edges */
    int64_t value_e4;
    int64_t last_e4; /* set by sim_world_add: SWAP, RATIO: what the old meter showed at `from` */
};
#define SIM_EVENTS_MAX 8 /* of one site: more is not a world but a ruin */

struct sim_world; /* opaque; in its arena */

/* A world from midnight of `from` for `days` days. */
struct sim_world *sim_world_new(struct arena *a, uint64_t seed, struct day from, int days);
/* Public holidays, when offices rest; the demo passes those of its calendar. */
void sim_world_holidays(struct sim_world *w, const struct day *days, size_t n);
/* Adds a site with its events and gives its number, from 0. ERR_INPUT names what is impossible. */
SK_MUST_USE enum err_code sim_world_add(struct sim_world *w, const struct sim_site *site,
                                        struct sim_event *events, size_t n_events, int *number,
                                        struct err *e);

/* The truth: energies of a day by slot, 10^-4 kWh. A register the site has not gives zeros. */
void sim_truth(struct sim_world *w, int site, enum sim_register reg, struct day day,
               int64_t energy_e4[SLOTS]);

/* What a register truly shows at a boundary of the world: what a photo would prove. */
SK_MUST_USE enum err_code sim_register_at(struct sim_world *w, int site, enum sim_register reg,
                                          struct instant at, int64_t *value_e4, struct err *e);

/* One register value at a boundary, as the gateway sent it. */
struct sim_sample {
    enum sim_register reg;
    struct instant at;      /* the boundary */
    int64_t value_e4;       /* register, before CT x PT */
    bool buffered;          /* sent from the gateway's store (SIM_LATE) */
};
/* What one gateway sends at one time: all registers of a boundary, or what it had kept. */
struct sim_batch {
    int site;
    uint32_t seq;
    struct instant sent_at;
    const struct sim_sample *samples;
    size_t n;
};
#define SIM_BATCH_MAX 20000
/* Plays the world of one site to the end: boundaries 0..96 x days (the last is the next midnight),
 * one batch a day, late ones as they come. Stops at the first error of `take`. */
SK_MUST_USE enum err_code sim_play(struct sim_world *w, int site,
                                   enum err_code (*take)(void *ctx, const struct sim_batch *b,
                                                         struct err *e),
                                   void *ctx, struct err *e);

/* The reference fleet for benches: `contracts` PV contracts with two points each (even: generation,
 * odd: export of the one before), values as a meter with 10 Wh steps behind a ratio of 20 to 160
 * shows them, a few estimated or missing. Stateless: any point-day may be asked at any time. */
struct sim_fleet {
    uint64_t seed;
    int32_t contracts;
};
#define SIM_FLEET_REFERENCE 15000
int32_t sim_fleet_points(const struct sim_fleet *f);
/* 10^-4 kWh of each slot; *quantum is step x ratio, which divides all of them. `mark[i]` is an enum
 * reading_mark; a missing value is 0. Returns whether any mark is not MARK_ACTUAL. */
bool sim_fleet_day(const struct sim_fleet *f, int32_t point, struct day day,
                   int64_t energy_e4[SLOTS], uint8_t mark[SLOTS], int64_t *quantum);

/* The fleet in a store: who its parties are, and what its contracts name. */
struct sim_fleet_terms {
    int64_t consumer_org, investor_org, grid_org, platform_org;
    struct strategy_ref strategy; /* pv_selfuse: gen, export, grid_price, discount, feed_in */
    const char *calendar, *book;
    struct day from; /* of contracts and orders, open */
};
/* Stations FL00001.. (shard 0) with points gen and export, a contract and an order for each, in one
 * core transaction of its own; then the places, those of a contract side by side. ERR_CONFLICT when
 * they are there. `point_ids` (sim_fleet_points of them, in place order) may be NULL. */
SK_MUST_USE enum err_code sim_fleet_build(struct db *db, const struct sim_fleet *f,
                                          const struct sim_fleet_terms *terms, struct instant now,
                                          int64_t *point_ids, struct err *e);
/* The interval energies of one day of all its points into the interval store (reading_load_day),
 * in an open series write transaction. */
SK_MUST_USE enum err_code sim_fleet_load(struct db *db, const struct reading_points *p,
                                         const struct sim_fleet *f, const int64_t *point_ids,
                                         struct day day, struct instant now, struct err *e);

/* The mixed fleet: every scenario of the settlement rules side by side, in the proportions of the
 * reference operator (13,121 PV stations, 1,275 storage sites, 200 parks with 2,199 lessees and the
 * rest), with what happened in one month. The same seed, month and scale give the same estate;
 * some days of some PV and storage points are never read, and those orders are known beforehand. */
struct sim_mix;
#define SIM_MIX_ONE_E6 1000000 /* the reference; a kind has at least one at any scale */
struct sim_mix *sim_mix_new(struct arena *a, uint64_t seed, struct month month, int64_t scale_e6);
/* One of each kind that the demo shows beside its own (a park with five lessees, a response event
 * of three, a charging station, a berth, an air station, a hosted building, certificates, green
 * power), numbered with the prefix; nothing is missing in it. */
struct sim_mix *sim_mix_few(struct arena *a, uint64_t seed, struct month month, const char *prefix);
/* The strategies it names, each once. */
size_t sim_mix_strategies(struct arena *a, const struct sim_mix *m, struct strategy_ref **out);
struct sim_mix_terms {
    int64_t platform_org, grid_org, market_org, port_org, government_org;
    const int64_t *investors, *consumers;
    size_t n_investors, n_consumers;
    const struct strategy_ref *strategies; /* with their versions */
    size_t n_strategies;
};
/* Stations, points, contracts, orders and facts in one core transaction, then the places. */
SK_MUST_USE enum err_code sim_mix_build(struct db *db, struct sim_mix *m,
                                        const struct sim_mix_terms *terms, struct instant now,
                                        struct err *e);
/* The same without the places, in the caller's core transaction. */
SK_MUST_USE enum err_code sim_mix_add(struct db *db, struct sim_mix *m,
                                      const struct sim_mix_terms *terms, struct instant now,
                                      struct err *e);
/* The ids of one that was added before. ERR_NOT_FOUND: it was not. */
SK_MUST_USE enum err_code sim_mix_find(struct db *db, struct sim_mix *m, struct err *e);
/* What point i of sim_mix_counts().points shows on a day; false: no readings. */
bool sim_mix_point_day(const struct sim_mix *m, int32_t i, struct day day, int64_t value[SLOTS],
                       int64_t *point_id);
/* Readings are from `from` on; those before the month only of points that are looked back at. */
void sim_mix_days(const struct sim_mix *m, struct day *from, int *n);
/* One day of them, in an open series write transaction. */
SK_MUST_USE enum err_code sim_mix_load(struct db *db, const struct reading_points *p,
                                       const struct sim_mix *m, struct day day, struct instant now,
                                       struct err *e);
struct sim_mix_counts {
    int64_t orders, stations, points;
    int64_t members; /* of groups: lessees, units, users */
    int64_t readings;
};
struct sim_mix_counts sim_mix_counts(const struct sim_mix *m);
/* The orders that must fail for want of readings, by number of the order. */
size_t sim_mix_gaps(struct arena *a, const struct sim_mix *m, struct str **order_nos);
#endif
