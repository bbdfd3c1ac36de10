/* rand.c - xoshiro256** (Blackman and Vigna), seeded through splitmix64. */
#include "base/rand.h"
#include "base/check.h"

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

void rng_init(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += 0x9E3779B97F4A7C15u;
        uint64_t z = seed;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        r->s[i] = z ^ z >> 31;
    }
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    check(n > 0);
    uint64_t skip = (0 - n) % n; /* 2^64 mod n values at the low end would be drawn once more */
    uint64_t v;
    do {
        v = rng_next(r);
    } while (v < skip);
    return v % n;
}

int64_t rng_between(struct rng *r, int64_t lo, int64_t hi)
{
    check_that(lo <= hi, "%lld > %lld", (long long)lo, (long long)hi);
    uint64_t span = (uint64_t)hi - (uint64_t)lo + 1;
    uint64_t v = span ? rng_below(r, span) : rng_next(r);
    return (int64_t)((uint64_t)lo + v);
}
