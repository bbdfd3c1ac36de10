/* urdb_number.c - numbers of a rate file in decimal, exactly as they are written. */
#include "cmd/urdb_part.h"

#define DIGITS_MEANT 15 /* every decimal of 15 digits survives a binary64; the 16th may be noise   \
                         */

static bool in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

struct str urdb_exact(struct arena *a, struct str bytes)
{
    struct text t;
    text_init(&t, a, 3 * bytes.n + 64);
    bool quoted = false;
    for (size_t i = 0; i < bytes.n;) {
        char c = bytes.at[i];
        bool starts = !quoted && (c == '-' || (c >= '0' && c <= '9'));
        size_t n = 1;
        if (quoted && c == '\\' && i + 1 < bytes.n) {
            n = 2;
        } else if (starts) {
            while (i + n < bytes.n && in_number(bytes.at[i + n])) {
                n++;
            }
        }
        struct str part = { bytes.at + i, n };
        bool fraction = starts && n > 1 &&
                        (memchr(part.at, '.', n) || memchr(part.at, 'e', n) ||
                         memchr(part.at, 'E', n) || n > 18);
        if (fraction) {
            text_byte(&t, '"');
        }
        text_add(&t, part);
        if (fraction) {
            text_byte(&t, '"');
        }
        quoted = n == 1 && c == '"' ? !quoted : quoted;
        i += n;
    }
    return text_str(&t);
}

/* What was read of a number: its digits without leading zeros, and the power of ten behind. */
struct digits {
    char at[64];
    int n, exponent;
    bool minus;
};

static bool take_digits(struct str s, struct digits *d)
{
    bool point = false, any = false;
    size_t i = s.n && (s.at[0] == '-' || s.at[0] == '+');
    *d = (struct digits){ .minus = i && s.at[0] == '-' };
    for (; i < s.n && (s.at[i] == '.' || (s.at[i] >= '0' && s.at[i] <= '9')); i++) {
        if (s.at[i] == '.') {
            if (point) {
                return false;
            }
            point = true;
            continue;
        }
        any = true;
        if ((d->n || s.at[i] != '0') && d->n == (int)sizeof d->at) {
            return false;
        }
        if (d->n || s.at[i] != '0') {
            d->at[d->n++] = s.at[i];
        }
        d->exponent -= point;
    }
    if (i < s.n && (s.at[i] == 'e' || s.at[i] == 'E')) {
        bool minus = ++i < s.n && s.at[i] == '-';
        i += i < s.n && (s.at[i] == '-' || s.at[i] == '+');
        int power = 0, digits = 0;
        for (; i < s.n && s.at[i] >= '0' && s.at[i] <= '9' && digits < 4; i++, digits++) {
            power = power * 10 + s.at[i] - '0';
        }
        any = any && digits > 0;
        d->exponent += minus ? -power : power;
    }
    return any && i == s.n;
}

/* To 15 digits, nearest; trailing zeros go. */
static int64_t round_digits(struct digits *d)
{
    int64_t units = 0;
    int kept = d->n < DIGITS_MEANT ? d->n : DIGITS_MEANT;
    for (int i = 0; i < kept; i++) {
        units = units * 10 + d->at[i] - '0';
    }
    if (kept < d->n) {
        units += d->at[kept] >= '5';
        d->exponent += d->n - kept;
    }
    while (units && units % 10 == 0) {
        units /= 10;
        d->exponent++;
    }
    return d->minus ? -units : units;
}

enum err_code urdb_number(struct json j, struct decimal *out, bool *there, struct err *e)
{
    struct str s;
    struct digits d;
    enum json_kind kind = json_kind(j);
    if (kind == JSON_NONE || kind == JSON_NULL) {
        *out = (struct decimal){ 0, 0 };
        *there = false;
        return OK;
    }
    if (kind == JSON_INTEGER) {
        int64_t i;
        if (json_int(j, &i, e) != OK) {
            return e->code;
        }
        s = str_of(arena_printf(j.arena, "%lld", (long long)i));
    } else if (json_str(j, &s, e) != OK) {
        return e->code;
    }
    if (!take_digits(s, &d)) {
        return fail(e, ERR_INPUT, "%s: '" STR_FMT "' is no number; write a decimal such as 0.1477",
                    j.path, STR_ARG(s));
    }
    int64_t units = round_digits(&d);
    if (units == 0) {
        *out = (struct decimal){ 0, 0 };
    } else if (d.exponent > 0) {
        /* Beyond 10^15 whatever it is, it is no amount: as large as can be said. */
        int64_t size = units < 0 ? -units : units;
        bool large = d.exponent > 15 || size >= DECIMAL_POW10[15 - d.exponent];
        *out = large ? (struct decimal){ units < 0 ? -DECIMAL_POW10[15] : DECIMAL_POW10[15], 0 }
                     : (struct decimal){ units * DECIMAL_POW10[d.exponent], 0 };
    } else if (-d.exponent > DECIMAL_SCALE_MAX) {
        return fail(e, ERR_INPUT, "%s: '" STR_FMT "' has more than %d decimals; round it", j.path,
                    STR_ARG(s), DECIMAL_SCALE_MAX);
    } else {
        *out = (struct decimal){ units, (int8_t)-d.exponent };
    }
    *there = true;
    return OK;
}

enum err_code urdb_price(struct json j, struct decimal *out, struct err *e)
{
    struct decimal d;
    bool there;
    if (urdb_number(j, &d, &there, e) != OK) {
        return e->code;
    }
    if (d.scale > URDB_RATE_DECIMALS) {
        return fail(e, ERR_INPUT, "%s: a price has at most %d decimals; round it", j.path,
                    URDB_RATE_DECIMALS);
    }
    int64_t size = d.units < 0 ? -d.units : d.units;
    if (size / DECIMAL_POW10[d.scale] >= 5000) { /* with its adjustment below 10^4 */
        return fail(e, ERR_INPUT, "%s: a price of 5000 or more is not plausible", j.path);
    }
    *out = d;
    return OK;
}

struct decimal urdb_add(struct decimal a, struct decimal b)
{
    int8_t scale = a.scale > b.scale ? a.scale : b.scale;
    int64_t units =
        a.units * DECIMAL_POW10[scale - a.scale] + b.units * DECIMAL_POW10[scale - b.scale];
    while (scale > 0 && units % 10 == 0) {
        units /= 10;
        scale--;
    }
    return (struct decimal){ units, scale };
}

int urdb_compare(struct decimal a, struct decimal b)
{
    __int128 x = (__int128)a.units * DECIMAL_POW10[b.scale];
    __int128 y = (__int128)b.units * DECIMAL_POW10[a.scale];
    return x < y ? -1 : x > y;
}
