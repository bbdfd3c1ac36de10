/* exact.c - see exact.h.
 */
#include "strategy/exact.h"
#include "base/check.h"
#include <stddef.h>

typedef unsigned __int128 u128;

#define E18 ((__int128)1000000000000000000)
const __int128 EXACT_POW10[39] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    E18,
    E18 * 10,
    E18 * 100,
    E18 * 1000,
    E18 * 10000,
    E18 * 100000,
    E18 * 1000000,
    E18 * 10000000,
    E18 * 100000000,
    E18 * 1000000000,
    E18 * 10000000000,
    E18 * 100000000000,
    E18 * 1000000000000,
    E18 * 10000000000000,
    E18 * 100000000000000,
    E18 * 1000000000000000,
    E18 * 10000000000000000,
    E18 * 100000000000000000,
    E18 *E18,
    E18 *E18 * 10,
    E18 *E18 * 100,
};

__int128 exact_round(__int128 x, int drop, bool down)
{
    if (drop <= 0) {
        return x;
    }
    check(drop <= 38);
    if (drop <= 18 && x == (int64_t)x) {
        int64_t p = (int64_t)EXACT_POW10[drop], v = (int64_t)x;
        int64_t q = v / p, r = v % p;
        if (!down && (r < 0 ? -r : r) >= p - (r < 0 ? -r : r)) {
            q += v < 0 ? -1 : 1;
        }
        return q;
    }
    u128 a = x < 0 ? -(u128)x : (u128)x, p = (u128)EXACT_POW10[drop];
    u128 q = a / p, r = a % p;
    q += !down && r >= p - r;
    return x < 0 ? -(__int128)q : (__int128)q;
}

/* One more decimal of a quotient: digit of 10 r / den, *r the new remainder. r < den < 2^127. */
static unsigned next_digit(u128 *r, u128 den)
{
    if (*r <= ~(u128)0 / 10) {
        u128 x = *r * 10;
        *r = x % den;
        return (unsigned)(x / den);
    }
    unsigned digit = 0;
    u128 rest = 0;
    for (int bit = 3; bit >= 0; bit--) { /* 10 = binary 1010: double, then add */
        rest *= 2;
        digit *= 2;
        if (rest >= den) {
            rest -= den;
            digit++;
        }
        if (10 >> bit & 1) {
            rest += *r;
            if (rest >= den) {
                rest -= den;
                digit++;
            }
        }
    }
    *r = rest;
    return digit;
}

bool exact_quotient(__int128 num, __int128 den, int shift, bool down, __int128 limit, __int128 *out)
{
    if (den == 0) {
        return false;
    }
    bool negative = (num < 0) != (den < 0);
    u128 n = num < 0 ? -(u128)num : (u128)num, d = den < 0 ? -(u128)den : (u128)den;
    u128 q = 0, r = 0;
    for (int i = shift; i < 0; i++) {
        if (__builtin_mul_overflow(d, (u128)10, &d)) {
            *out = 0; /* 2 n < d: rounds to nothing */
            return true;
        }
    }
    if (shift <= 0) {
        q = n / d;
        r = n % d;
    } else if (n <= ~(u128)0 / 10 && shift <= 18 && n < ((u128)1 << 64)) {
        u128 x = n * (u128)EXACT_POW10[shift];
        q = x / d;
        r = x % d;
    } else {
        q = n / d;
        r = n % d;
        for (int i = 0; i < shift; i++) {
            if (q > (u128)limit / 10 + 1) {
                return false;
            }
            q = q * 10 + next_digit(&r, d);
        }
    }
    q += !down && r >= d - r;
    if (q > (u128)limit) {
        return false;
    }
    *out = negative ? -(__int128)q : (__int128)q;
    return true;
}

__int128 exact_share(__int128 t, __int128 w, __int128 total, __int128 *rest)
{
    u128 product = 0;
    if (!__builtin_mul_overflow((u128)t, (u128)w, &product)) {
        *rest = (__int128)(product % (u128)total);
        return (__int128)(product / (u128)total);
    }
    u128 q = 0, r = 0;
    for (int bit = 126; bit >= 0; bit--) {
        q *= 2;
        r *= 2;
        if (r >= (u128)total) {
            r -= (u128)total;
            q++;
        }
        if ((u128)t >> bit & 1) {
            r += (u128)w;
            if (r >= (u128)total) {
                r -= (u128)total;
                q++;
            }
        }
    }
    *rest = (__int128)r;
    return (__int128)q;
}

/* a x b as two words. */
static void mul_wide(u128 a, uint32_t b, u128 *hi, u128 *lo)
{
    u128 low = (u128)(uint64_t)a * b, high = (a >> 64) * b + (low >> 64);
    *lo = (high << 64) | (uint64_t)low;
    *hi = high >> 64;
}

int exact_power_factor(int64_t p, int64_t q)
{
    u128 pp = (u128)((__int128)p * p), s = pp + (u128)((__int128)q * q);
    u128 right_hi = 0, right_lo = 0;
    mul_wide(pp, 40000, &right_hi, &right_lo);
    int k = 100;
    for (; k > 0; k--) {
        u128 hi = 0, lo = 0;
        mul_wide(s, (uint32_t)((2 * k - 1) * (2 * k - 1)), &hi, &lo);
        if (hi < right_hi || (hi == right_hi && lo <= right_lo)) {
            break;
        }
    }
    return k;
}
