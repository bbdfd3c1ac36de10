/* exact.h - integer arithmetic that does not overflow where 128 bits would: quotients with a stated
 * number of digits, shares, the power factor test.
 */
#ifndef SK_STRATEGY_EXACT_H
#define SK_STRATEGY_EXACT_H
#include <stdbool.h>
#include <stdint.h>

/* 10^n, n 0..38. */
extern const __int128 EXACT_POW10[39];

/* x to `drop` fewer digits: half away from zero, or toward zero. */
__int128 exact_round(__int128 x, int drop, bool down);
/* (num x 10^shift) / den, rounded as above; shift may be negative. False: |result| > limit, or
 * den is 0. */
bool exact_quotient(__int128 num, __int128 den, int shift, bool down, __int128 limit,
                    __int128 *out);
/* floor(t x w / total) and the remainder; 0 <= w <= total, 0 < total < 2^126, t >= 0. */
__int128 exact_share(__int128 t, __int128 w, __int128 total, __int128 *rest);
/* cos phi = p / sqrt(p^2 + q^2) in hundredths, half up: the largest k with
 * (2k - 1)^2 (p^2 + q^2) <= 40000 p^2. |p|, |q| < 2^62, not both 0. */
int exact_power_factor(int64_t p, int64_t q);
#endif
