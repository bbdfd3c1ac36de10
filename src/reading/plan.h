/* plan.h - a reading_plan from inside, and the tally of one point; private to the room. */
#ifndef SK_READING_PLAN_H
#define SK_READING_PLAN_H
#include "reading/days.h"

struct plan_run {
    uint8_t from, n, key; /* slots of a day that share a key */
};
struct reading_plan {
    struct day from;
    int32_t n_days, n_maps, n_keys;
    const uint8_t *row; /* map of each day */
    const uint8_t *key; /* n_maps x 96 */
    const struct plan_run *runs;
    const uint32_t *first_run;            /* n_maps + 1 */
    const int32_t *map_slots, *map_first; /* slots that count, and the first of them */
};

/* Sums one point. Packed numbers are added as they are, 32 bits a slot, and multiplied by the
 * quantum when the lanes could overflow or another quantum comes: once a month mostly. */
struct tally {
    uint32_t *acc; /* n_maps x 96, all zero between uses */
    int64_t *base; /* n_maps: bases added, in quanta */
    int64_t quantum;
    uint64_t bound; /* no lane is above this */
    bool used;
    struct reading_total *out;
    int32_t *next_day; /* first day of the plan that was not seen */
};
void tally_init(struct tally *t, const struct reading_plan *plan, struct arena *a);
/* Adds `n_days` days of a section, from its day `first`, as plan days from `day`. False: corrupt.
 * */
bool tally_add(struct tally *t, const struct reading_plan *plan, const struct section *s, int first,
               int32_t day, int32_t n_days);
void tally_flush(struct tally *t, const struct reading_plan *plan);
/* Days up to `day` that were not seen are missing. */
void tally_missing(struct tally *t, const struct reading_plan *plan, int32_t day);
void total_clear(struct reading_total *t, const struct reading_plan *plan);
#endif
