/* registers.h - a point's registers over some days, cut into segments by its bindings; private. */
#ifndef SK_READING_REGISTERS_H
#define SK_READING_REGISTERS_H
#include "reading/days.h"

/* One segment's readings may stand off the boundaries at its ends (installation, removal): time
 * tells. Interval k of a segment is [time[k], time[k + 1]) and belongs to the slot it begins in. */
struct stretch {
    struct derive_segment segment;
    int64_t *time; /* n instants */
    const struct binding *binding;
};
struct stretches {
    struct stretch *at;
    size_t n;
};
/* Registers of `n_days` days and the first boundary of the next (n_days + 1 days of slots). */
struct stretches stretches_cut(const struct reading_points *p, int64_t at, struct day from,
                               int32_t n_days, const struct day_slots *registers, struct arena *a);

/* Days around a stretch of boundaries, far enough to hold a good reading on both sides of it if
 * there is one; `known` are the first and last day number that have registers. */
struct window {
    struct day from;
    int32_t n_days;
    struct day_slots *registers; /* n_days + 1 */
    int64_t first, last;         /* those readings, as boundaries from the window's start */
};
enum err_code window_find(struct db *db, const struct reading_points *p, const struct dirty *d,
                          const int32_t *known, struct window *w, struct arena *a, struct err *e);
#endif
