/* cell.c - see cell.h. The straight path is a loop over digits; anything odd goes to the slow one.
 */
#include "ingest/cell.h"

static bool is_not_a_number(struct str s)
{
    static const char *const words[] = { "nan",      "-nan",      "+nan",    "inf",  "-inf", "+inf",
                                         "infinity", "-infinity", "null",    "none", "n/a",  "na",
                                         "#n/a",     "#value!",   "#div/0!", "#ref!" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (s.n == strlen(words[i]) && strncasecmp(s.at, words[i], s.n) == 0) {
            return true;
        }
    }
    return false;
}

/* "1.5e-05" and the like: the digits before the e, then the point is moved. */
static enum ingest_code number_exponent(struct number n, const char *p, const char *end,
                                        struct number *out)
{
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    if (p == end || end - p > 2) {
        return E_TYPE;
    }
    int exponent = 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9') {
            return E_TYPE;
        }
        exponent = exponent * 10 + (*p - '0');
    }
    int decimals = n.decimals - (minus ? -exponent : exponent);
    if (decimals > NUMBER_DIGITS_MAX && n.digits != 0) {
        while (decimals > NUMBER_DIGITS_MAX && n.digits % 10 == 0) {
            n.digits /= 10;
            decimals--;
        }
        if (decimals > NUMBER_DIGITS_MAX) {
            return E_RANGE;
        }
    }
    for (; decimals < 0; decimals++) {
        if (__builtin_mul_overflow(n.digits, 10, &n.digits)) {
            return E_RANGE;
        }
    }
    *out = (struct number){ n.digits, n.digits == 0 ? 0 : decimals };
    return E_NONE;
}

enum ingest_code number_parse(struct str cell, char decimal_mark, struct number *out)
{
    const char *p = cell.at, *end = cell.at + cell.n;
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    uint64_t digits = 0;
    int significant = 0, decimals = 0;
    bool seen = false, point = false;
    for (; p < end; p++) {
        unsigned d = (unsigned)(unsigned char)*p - '0';
        if (d <= 9) {
            seen = true;
            if (significant == NUMBER_DIGITS_MAX) {
                if (d != 0 || !point) {
                    return E_RANGE;
                }
                continue; /* zeros after the last digit that counts */
            }
            digits = digits * 10 + d;
            significant += digits != 0;
            decimals += point;
            if (decimals > NUMBER_DIGITS_MAX) {
                return E_RANGE;
            }
        } else if (*p == decimal_mark && !point) {
            point = true;
        } else {
            break;
        }
    }
    struct number n = { minus ? -(int64_t)digits : (int64_t)digits, decimals };
    if (p == end && seen) {
        *out = n;
        return E_NONE;
    }
    if (seen && p < end && (*p == 'e' || *p == 'E')) {
        return number_exponent(n, p + 1, end, out);
    }
    return is_not_a_number(cell) ? E_NAN : E_TYPE;
}

static struct number trimmed(struct number n)
{
    while (n.decimals > 0 && n.digits % 10 == 0) {
        n.digits /= 10;
        n.decimals--;
    }
    return n;
}

bool number_equal(struct number a, struct number b)
{
    a = trimmed(a);
    b = trimmed(b);
    return a.digits == b.digits && a.decimals == b.decimals;
}

static int64_t common_divisor(int64_t a, __int128 b)
{
    while (b != 0) {
        int64_t r = (int64_t)(a % b);
        a = (int64_t)b;
        b = r;
    }
    return a;
}

void conversion_init(struct conversion *c, int64_t num, int64_t den)
{
    check(num > 0 && den > 0);
    for (int d = 0; d <= NUMBER_DIGITS_MAX; d++) {
        __int128 div = (__int128)den * DECIMAL_POW10[d];
        /* The remainder is smaller than num, so the first step fits 64 bits. */
        int64_t g = common_divisor((int64_t)(div % num), num);
        g = g == 0 ? num : g;
        c->mul[d] = num / g;
        c->div[d] = div / g;
    }
}

enum ingest_code conversion_apply(const struct conversion *c, struct number n, bool round,
                                  int64_t *out)
{
    __int128 product = (__int128)n.digits * c->mul[n.decimals];
    __int128 div = c->div[n.decimals];
    __int128 value, rest;
    if (product == (int64_t)product && div == (int64_t)div) {
        value = (int64_t)product / (int64_t)div;
        rest = (int64_t)product % (int64_t)div;
    } else {
        value = product / div;
        rest = product % div;
    }
    if (rest != 0) {
        if (!round) {
            return E_RANGE;
        }
        __int128 twice = rest < 0 ? -2 * rest : 2 * rest;
        if (twice >= div) {
            value += product < 0 ? -1 : 1;
        }
    }
    if (value > ENERGY_MAX_E4 || value < -ENERGY_MAX_E4) {
        return E_RANGE;
    }
    *out = (int64_t)value;
    return E_NONE;
}
