/* demo_new.h - one of each scenario that is neither a roof with its own meters nor storage nor
 * wind: a park, a response event, a charging station, a berth, air, a hosted building,
 * certificates, green power. From the table of the mixed fleet (sim room).
 */
#ifndef SK_CMD_DEMO_NEW_H
#define SK_CMD_DEMO_NEW_H
#include "cmd/demo_build.h"
#include "sim/sim.h"

#define DEMO_HISTORY_DAYS 3650 /* a demo may show a month of some years ago */

struct demo_new; /* in the arena of the build */
struct demo_new *demo_new_begin(struct build *b, struct month month, const char *prefix);
/* Adds its organisations to the lists and is written with them (build_write). Of `who`: platform,
 * grid, investors, consumers, which must outlive that. */
void demo_new_add(struct demo_new *n, struct build *b, const struct sim_mix_terms *who);
/* The estate stands: its points. ERR_NOT_FOUND: it was made without these. */
SK_MUST_USE enum err_code demo_new_find(struct demo_new *n, struct build *b, struct err *e);
struct sim_mix_counts demo_new_counts(const struct demo_new *n);
/* Its readings through the intake; again: nothing. `*taken` counts them up. */
SK_MUST_USE enum err_code demo_new_play(struct demo_new *n, struct build *b,
                                        const struct reading_points *points, int64_t *taken,
                                        struct err *e);
#endif
