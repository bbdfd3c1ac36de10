/* site.h - what one site makes and uses in a day. Private to sim. */
#ifndef SK_SIM_SITE_H
#define SK_SIM_SITE_H
#include "sim/sim.h"

struct site_day {
    int64_t energy_e4[SIM_REGISTERS][SLOTS];
    int64_t load_e4[SLOTS];
};
/* `salt` tells sites apart; `rest` says whether the day is a holiday. */
void site_day(uint64_t seed, uint64_t salt, const struct sim_site *site, struct day day, bool rest,
              struct site_day *out);
#endif
