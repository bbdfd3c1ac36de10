/* decimal.h - decimal text to scaled integer and back, without floating point.
 *
 * "123456.78" at scale 4 is 1234567800. More digits than the scale are refused unless zeros.
 */
#ifndef SK_BASE_DECIMAL_H
#define SK_BASE_DECIMAL_H
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

#define DECIMAL_SCALE_MAX 16

struct decimal {
    int64_t units; /* value x 10^scale */
    int8_t scale;  /* 0..DECIMAL_SCALE_MAX */
};

extern const int64_t DECIMAL_POW10[19]; /* 10^0 .. 10^18 */

/* [+-]digits[.digits][e[+-]digits up to 2 places]; nothing else around it: no blanks, no NaN, no
 * hexadecimal, no thousands mark. ERR_INPUT says what was found; ERR_LIMIT when it does not fit. */
SK_MUST_USE enum err_code decimal_scaled(struct str s, int scale, int64_t *out, struct err *e);
/* The same, keeping the digits that were written (trailing zeros kept): "0.40" is {40, 2}. */
SK_MUST_USE enum err_code decimal_parse(struct str s, struct decimal *out, struct err *e);
/* To another scale; ERR_LIMIT when digits would be lost or it does not fit. */
SK_MUST_USE enum err_code decimal_rescale(struct decimal d, int scale, int64_t *out, struct err *e);
/* x / 10^digits, nearest, a half away from zero (R2). digits 0..38. */
__int128 round_half_away(__int128 x, int digits);
/* n / d, nearest, a half away from zero. d != 0. */
__int128 div_half_away(__int128 n, __int128 d);
/* Exactly `scale` digits: 31200 at 2 is "312.00"; never "-0.00". */
void text_scaled(struct text *t, __int128 units, int scale);
/* At least `min_digits`, then no trailing zeros: 3876 at 4, 2 -> "0.3876"; 95 at 2,2 -> "0.95". */
void text_decimal(struct text *t, __int128 units, int scale, int min_digits);
#endif
