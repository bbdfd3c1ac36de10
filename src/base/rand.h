/* rand.h - seeded randomness, passed in: the same seed gives the same world on every machine. */
#ifndef SK_BASE_RAND_H
#define SK_BASE_RAND_H
#include <stdint.h>

struct rng { uint64_t s[4]; };
void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* Uniform in [0, n), n > 0, without modulo bias. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Uniform in [lo, hi]. */
int64_t rng_between(struct rng *r, int64_t lo, int64_t hi);
#endif
