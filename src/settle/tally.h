/* tally.h - what a run did for each strategy, and what it cost: taken as chunks are made and
 * written. Private.
 */
#ifndef SK_SETTLE_TALLY_H
#define SK_SETTLE_TALLY_H
#include "settle/settle.h"

/* The CPU time of a thread in laps; without a clock all laps are 0. */
struct lap_clock {
    int64_t (*cpu_ns)(void);
    int64_t last;
};
struct lap_clock lap_start(const struct settle_tally *t);
int64_t lap(struct lap_clock *c);

/* Adds `cost` to the items of `each`, in proportion to their weights. Nothing is lost but less than
 * a nanosecond an item. */
void cost_spread(int64_t cost, const int32_t *weights, size_t n, int64_t *each);

/* A chunk that was written; `cpu_ns` by result. */
void tally_chunk(struct settle_tally *t, const struct settle_result *r, size_t n,
               const int64_t *cpu_ns);
#endif
