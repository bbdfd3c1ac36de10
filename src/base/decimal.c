/* decimal.c - the one way between decimal text and scaled integers (R1, R2).
 *
 * Almost every number that comes in is short and has no exponent: decimal_scaled reads it in one
 * pass. Everything else, including every refusal, goes through scan(), which knows the grammar.
 */
#include "base/decimal.h"
#include "base/check.h"

#define EXPONENT_DIGITS 2 /* a power of ten beyond 99 is no quantity of ours */
#define SHOWN_BYTES 40    /* of what was found, in an error */

const int64_t DECIMAL_POW10[19] = {
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
    1000000000000000000,
};

struct scanned {
    bool negative;
    bool too_long;  /* more significant digits than 64 bits hold */
    uint64_t m;     /* significant digits without the zeros at the end */
    int64_t zeros;  /* zeros at the end that were taken off */
    int64_t places; /* digits after the point, as written */
    int exponent;
};

/* What was found, printable and short. */
static const char *shown(struct str s, char buf[SHOWN_BYTES + 4])
{
    size_t n = s.n < SHOWN_BYTES ? s.n : SHOWN_BYTES;
    for (size_t i = 0; i < n; i++) {
        char c = s.at[i];
        buf[i] = c >= 0x20 && c < 0x7F ? c : '?';
    }
    memcpy(buf + n, s.n > n ? "..." : "", s.n > n ? 4 : 1);
    return buf;
}

static enum err_code refuse(struct str s, size_t at, struct err *e)
{
    char buf[SHOWN_BYTES + 4];
    if (s.n == 0) {
        return fail(e, ERR_INPUT, "empty where a decimal number is needed");
    }
    if (at >= s.n) {
        return fail(e, ERR_INPUT, "'%s' is not a decimal number: it ends where a digit is needed",
                    shown(s, buf));
    }
    char found[SHOWN_BYTES + 4];
    return fail(e, ERR_INPUT,
                "'%s' is not a decimal number: '%s' at character %zu; write digits, with at most "
                "one point",
                shown(s, buf), shown((struct str){ s.at + at, 1 }, found), at + 1);
}

static enum err_code too_large(struct str s, int scale, struct err *e)
{
    char buf[SHOWN_BYTES + 4];
    return fail(e, ERR_LIMIT, "'%s' is too large for a number with %d decimals", shown(s, buf),
                scale);
}

static enum err_code too_fine(struct str s, int scale, struct err *e)
{
    char buf[SHOWN_BYTES + 4];
    return fail(e, ERR_LIMIT, "'%s' has more than %d decimals; round it first", shown(s, buf),
                scale);
}

static void scan_digit(struct scanned *d, char c)
{
    if (c == '0') {
        d->zeros += d->m != 0;
        return;
    }
    for (; d->zeros > 0 && !d->too_long; d->zeros--) {
        d->too_long = __builtin_mul_overflow(d->m, 10u, &d->m);
    }
    d->too_long = d->too_long || __builtin_mul_overflow(d->m, 10u, &d->m) ||
                  __builtin_add_overflow(d->m, (uint64_t)(c - '0'), &d->m);
}

static size_t scan_digits(struct scanned *d, struct str s, size_t i)
{
    for (; i < s.n && s.at[i] >= '0' && s.at[i] <= '9'; i++) {
        scan_digit(d, s.at[i]);
    }
    return i;
}

static enum err_code scan_exponent(struct scanned *d, struct str s, size_t i, struct err *e)
{
    bool minus = i < s.n && s.at[i] == '-';
    i += i < s.n && (s.at[i] == '-' || s.at[i] == '+');
    size_t from = i;
    int x = 0;
    for (; i < s.n && s.at[i] >= '0' && s.at[i] <= '9'; i++) {
        if (i - from >= EXPONENT_DIGITS) {
            return refuse(s, i, e);
        }
        x = x * 10 + (s.at[i] - '0');
    }
    if (i == from || i < s.n) {
        return refuse(s, i, e);
    }
    d->exponent = minus ? -x : x;
    return OK;
}

static enum err_code scan(struct str s, struct scanned *d, struct err *e)
{
    *d = (struct scanned){ 0 };
    size_t i = 0;
    if (i < s.n && (s.at[i] == '-' || s.at[i] == '+')) {
        d->negative = s.at[i] == '-';
        i++;
    }
    size_t from = i;
    i = scan_digits(d, s, i);
    if (i == from) {
        return refuse(s, i, e);
    }
    if (i < s.n && s.at[i] == '.') {
        from = ++i;
        i = scan_digits(d, s, i);
        if (i == from) {
            return refuse(s, i, e);
        }
        d->places = (int64_t)(i - from);
    }
    if (i < s.n && (s.at[i] == 'e' || s.at[i] == 'E')) {
        return scan_exponent(d, s, i + 1, e);
    }
    return i < s.n ? refuse(s, i, e) : OK;
}

static bool signed_of(uint64_t m, bool negative, int64_t *out)
{
    if (m > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = negative ? (int64_t)(0 - m) : (int64_t)m;
    return true;
}

static enum err_code scaled_slow(struct str s, int scale, int64_t *out, struct err *e)
{
    struct scanned d;
    if (scan(s, &d, e) != OK) {
        return ERR_INPUT;
    }
    if (d.m == 0) {
        *out = 0;
        return OK;
    }
    int64_t shift = d.exponent + d.zeros - d.places + scale;
    if (shift < 0) { /* m does not end in zero: a digit would be lost */
        return too_fine(s, scale, e);
    }
    uint64_t m;
    if (d.too_long || shift > 18 ||
        __builtin_mul_overflow(d.m, (uint64_t)DECIMAL_POW10[shift], &m) ||
        !signed_of(m, d.negative, out)) {
        return too_large(s, scale, e);
    }
    return OK;
}

enum err_code decimal_scaled(struct str s, int scale, int64_t *out, struct err *e)
{
    check_that(scale >= 0 && scale <= DECIMAL_SCALE_MAX, "scale %d", scale);
    if (s.n == 0 || s.n > 18) { /* 18 bytes hold at most 18 digits: no overflow below */
        return scaled_slow(s, scale, out, e);
    }
    const char *p = s.at, *end = s.at + s.n;
    bool negative = *p == '-';
    p += negative;
    uint64_t m = 0;
    const char *from = p;
    while (p < end && (unsigned char)(*p - '0') <= 9) {
        m = m * 10 + (uint64_t)(*p++ - '0');
    }
    if (p == from) {
        return scaled_slow(s, scale, out, e);
    }
    int64_t places = 0;
    if (p < end && *p == '.') {
        from = ++p;
        while (p < end && (unsigned char)(*p - '0') <= 9) {
            m = m * 10 + (uint64_t)(*p++ - '0');
        }
        places = p - from;
        if (places == 0) {
            return scaled_slow(s, scale, out, e);
        }
    }
    int64_t v;
    if (p < end || places > scale ||
        __builtin_mul_overflow((int64_t)m, DECIMAL_POW10[scale - places], &v)) {
        return scaled_slow(s, scale, out, e);
    }
    *out = negative ? -v : v;
    return OK;
}

enum err_code decimal_parse(struct str s, struct decimal *out, struct err *e)
{
    struct scanned d;
    if (scan(s, &d, e) != OK) {
        return ERR_INPUT;
    }
    int64_t scale = d.places - d.exponent;
    scale = scale < 0 ? 0 : scale;
    if (scale > DECIMAL_SCALE_MAX) {
        return too_fine(s, DECIMAL_SCALE_MAX, e);
    }
    int64_t units;
    if (decimal_scaled(s, (int)scale, &units, e) != OK) {
        return ERR_LIMIT;
    }
    *out = (struct decimal){ units, (int8_t)scale };
    return OK;
}

enum err_code decimal_rescale(struct decimal d, int scale, int64_t *out, struct err *e)
{
    check_that(scale >= 0 && scale <= DECIMAL_SCALE_MAX, "scale %d", scale);
    check_that(d.scale >= 0 && d.scale <= DECIMAL_SCALE_MAX, "scale %d", d.scale);
    if (scale >= d.scale) {
        int64_t v;
        if (__builtin_mul_overflow(d.units, DECIMAL_POW10[scale - d.scale], &v)) {
            return fail(e, ERR_LIMIT, "%lld with %d decimals is too large for %d decimals",
                        (long long)d.units, d.scale, scale);
        }
        *out = v;
        return OK;
    }
    int64_t p = DECIMAL_POW10[d.scale - scale];
    if (d.units % p != 0) {
        return fail(e, ERR_LIMIT, "%lld with %d decimals has more than %d decimals; round it first",
                    (long long)d.units, d.scale, scale);
    }
    *out = d.units / p;
    return OK;
}

static unsigned __int128 magnitude(__int128 x)
{
    return x < 0 ? 0 - (unsigned __int128)x : (unsigned __int128)x;
}

__int128 div_half_away(__int128 n, __int128 d)
{
    check(d != 0);
    unsigned __int128 un = magnitude(n), ud = magnitude(d);
    unsigned __int128 q, r;
    if ((un >> 64) == 0 && (ud >> 64) == 0) { /* one machine division instead of a call */
        q = (uint64_t)un / (uint64_t)ud;
        r = (uint64_t)un % (uint64_t)ud;
    } else {
        q = un / ud;
        r = un - q * ud;
    }
    q += r >= ud - r;
    return (n < 0) != (d < 0) ? (__int128)(0 - q) : (__int128)q;
}

__int128 round_half_away(__int128 x, int digits)
{
    check_that(digits >= 0 && digits <= 38, "digits %d", digits);
    __int128 p = 1;
    while (digits > 18) {
        p *= DECIMAL_POW10[18];
        digits -= 18;
    }
    return div_half_away(x, p * DECIMAL_POW10[digits]);
}

/* Digits of x, most significant first, at least `least`; gives how many. */
static int digits_of(unsigned __int128 x, int least, char out[48])
{
    char back[48];
    int n = 0;
    while ((x >> 64) != 0) { /* 18 digits at a time: 128-bit division is dear */
        uint64_t part = (uint64_t)(x % (uint64_t)DECIMAL_POW10[18]);
        x /= (uint64_t)DECIMAL_POW10[18];
        for (int i = 0; i < 18; i++) {
            back[n++] = (char)('0' + part % 10);
            part /= 10;
        }
    }
    for (uint64_t low = (uint64_t)x; low != 0; low /= 10) {
        back[n++] = (char)('0' + low % 10);
    }
    while (n < least) {
        back[n++] = '0';
    }
    for (int i = 0; i < n; i++) {
        out[i] = back[n - 1 - i];
    }
    return n;
}

static void put(struct text *t, bool negative, const char *digits, int n, int scale)
{
    char out[64];
    int at = 0;
    if (negative) {
        out[at++] = '-';
    }
    memcpy(out + at, digits, (size_t)(n - scale));
    at += n - scale;
    if (scale > 0) {
        out[at++] = '.';
        memcpy(out + at, digits + n - scale, (size_t)scale);
        at += scale;
    }
    text_add(t, (struct str){ out, (size_t)at });
}

void text_scaled(struct text *t, __int128 units, int scale)
{
    check_that(scale >= 0 && scale <= 38, "scale %d", scale);
    char digits[48];
    int n = digits_of(magnitude(units), scale + 1, digits);
    put(t, units < 0, digits, n, scale);
}

void text_decimal(struct text *t, __int128 units, int scale, int min_digits)
{
    check_that(scale >= 0 && scale <= 38, "scale %d", scale);
    check_that(min_digits >= 0 && min_digits <= 38, "min_digits %d", min_digits);
    char digits[48];
    int n = digits_of(magnitude(units), scale + 1, digits);
    while (scale > min_digits && digits[n - 1] == '0') {
        n--;
        scale--;
    }
    put(t, units < 0, digits, n, scale);
    if (scale == 0 && min_digits > 0) {
        text_byte(t, '.');
    }
    for (int pad = scale; pad < min_digits; pad++) {
        text_byte(t, '0');
    }
}
