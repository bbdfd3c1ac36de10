/* nature.h - sun, clouds, temperature and wind as functions of place, time and seed. Private to
 * sim.
 *
 * Everything is a pure function of its arguments, in integers: the weather of a slot can be asked
 * for in any order. Shares are in units of 1/NATURE_ONE.
 */
#ifndef SK_SIM_NATURE_H
#define SK_SIM_NATURE_H
#include "base/base.h"

#define NATURE_ONE 65536

/* A well mixed number from a seed and up to three coordinates. */
uint64_t nature_mix(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);
/* Smooth noise in [0, ONE]: knots every `period` slots of the counted time, straight between. */
int32_t nature_noise(uint64_t seed, uint64_t stream, int64_t slot_number, int32_t period);

/* sin of an angle in 1/100 degree, x ONE (Bhaskara's formula: at most 0.0016 off). */
int32_t nature_sin(int64_t degrees_e2);
/* Share of full sun on the ground under a clear sky in the middle of a slot; 0 at night. */
int32_t nature_clear_sky(int32_t latitude_e2, int32_t longitude_e2, struct day day, int slot);
/* What the clouds of a region let through. */
int32_t nature_cloud(uint64_t seed, int32_t region, struct day day, int slot);
/* Air temperature, 1/10 degree. */
int32_t nature_temperature_e1(uint64_t seed, int32_t region, struct day day, int slot);
/* Wind at the hub, cm/s. */
int32_t nature_wind_cms(uint64_t seed, int32_t region, struct day day, int slot);
#endif
