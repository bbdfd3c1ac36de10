/* units.c - products of powers, their names, and how many decimals each is printed with. */
#include "strategy/units.h"

/* BASE_KW and BASE_H with equal signs print as kWh; the rest one by one, in the order of the bill:
 * money first, then what it is paid for. */
static const struct {
    const char *name;
    enum tally_base base;
} NAMES[] = {
    { "yuan", BASE_YUAN },
    { "kW", BASE_KW },
    { "h", BASE_H },
    { "kvarh", BASE_KVARH },
    { "kVA", BASE_KVA },
    { "m3", BASE_M3 },
    { "piece", BASE_PIECE },
    { "call", BASE_CALL },
    { "min", BASE_MIN },
    { "day", BASE_DAY },
    { "month", BASE_MONTH },
    { "m2", BASE_M2 },
    { "degree_day", BASE_DEGREE_DAY },
};
#define N_NAMES (sizeof NAMES / sizeof NAMES[0])

bool unit_find(struct str name, struct tally_unit *out)
{
    struct tally_unit u = { 0 };
    if (str_is(name, "kWh")) {
        u.exp[BASE_KW] = u.exp[BASE_H] = 1;
        *out = u;
        return true;
    }
    for (size_t i = 0; i < N_NAMES; i++) {
        if (str_is(name, NAMES[i].name)) {
            *out = unit_of_base(NAMES[i].base);
            return true;
        }
    }
    return false;
}

bool unit_is_word(struct str name)
{
    struct tally_unit u;
    return unit_find(name, &u);
}

struct tally_unit unit_of_base(enum tally_base b)
{
    struct tally_unit u = { 0 };
    u.exp[b] = 1;
    return u;
}

/* Exponents saturate: a product of 100 equal units is refused by its magnitude long before. */
static int8_t exponent(int sum)
{
    return (int8_t)(sum > 100 ? 100 : sum < -100 ? -100 : sum);
}

struct tally_unit unit_mul(struct tally_unit a, struct tally_unit b)
{
    for (int i = 0; i < BASE_N; i++) {
        a.exp[i] = exponent(a.exp[i] + b.exp[i]);
    }
    return a;
}

struct tally_unit unit_div(struct tally_unit a, struct tally_unit b)
{
    for (int i = 0; i < BASE_N; i++) {
        a.exp[i] = exponent(a.exp[i] - b.exp[i]);
    }
    return a;
}

bool unit_eq(const struct tally_unit *a, const struct tally_unit *b)
{
    return memcmp(a->exp, b->exp, sizeof a->exp) == 0;
}

bool unit_is_none(const struct tally_unit *u)
{
    static const struct tally_unit none;
    return unit_eq(u, &none);
}

bool unit_is_opaque(const struct tally_unit *u)
{
    for (int i = BASE_OPAQUE; i < BASE_N; i++) {
        if (u->exp[i]) {
            return true;
        }
    }
    return false;
}

/* The one base with exponent 1, -1 for none or several; kWh counts as BASE_KW. */
int unit_only_base(const struct tally_unit *u)
{
    int found = -1;
    struct tally_unit v = *u;
    if (v.exp[BASE_KW] == 1 && v.exp[BASE_H] == 1) {
        v.exp[BASE_H] = 0;
    }
    for (int i = 0; i < BASE_N; i++) {
        if (v.exp[i] == 0) {
            continue;
        }
        if (v.exp[i] != 1 || found >= 0) {
            return -1;
        }
        found = i;
    }
    return found;
}

/* yuan per something (a price). */
static bool unit_is_price(const struct tally_unit *u)
{
    return u->exp[BASE_YUAN] == 1 && unit_only_base(u) != BASE_YUAN;
}

int unit_printed_digits(const struct tally_unit *u)
{
    switch (unit_only_base(u)) {
    case BASE_PIECE:
    case BASE_CALL:
    case BASE_MIN:
    case BASE_DAY:
    case BASE_MONTH:
        return 0;
    case BASE_M3:
        return 3;
    case -1:
        return 6; /* ratios, prices and other quotients of units */
    default:
        return 2; /* kWh kvarh kW kVA h yuan m2 degree_day and units of a group's own */
    }
}

int unit_param_digits(const struct tally_unit *u, bool count)
{
    return count ? 0 : unit_printed_digits(u);
}

int unit_reading_digits(const struct tally_unit *u)
{
    if (unit_is_none(u) || unit_is_price(u)) {
        return 6;
    }
    return 4;
}

/* Section 4 of the language page; units it does not name have the limit of counts. */
unsigned __int128 unit_limit(const struct tally_unit *u)
{
    switch (unit_only_base(u)) {
    case BASE_KW:
        return u->exp[BASE_H] ? 1000000000 : 1000000;
    case BASE_M3:
    case BASE_KVARH:
        return 1000000000;
    case BASE_YUAN:
        return 1000000000000;
    case -1:
        return unit_is_price(u) ? 10000 : UNIT_LIMIT_COUNT;
    default:
        return unit_only_base(u) >= BASE_OPAQUE ? 1000000000 : UNIT_LIMIT_COUNT;
    }
}

unsigned __int128 unit_quotient_limit(const struct tally_unit *u)
{
    return unit_only_base(u) == -1 ? UNIT_LIMIT_QUOTIENT : unit_limit(u);
}

static void text_power(struct text *t, const char *name, int power, bool *first)
{
    for (int i = 0; i < (power < 0 ? -power : power); i++) {
        if (!*first || power < 0) {
            text_byte(t, power < 0 ? '/' : '*');
        }
        text_add_c(t, name);
        *first = false;
    }
}

void text_unit(struct text *t, const struct tally_program *p, const struct tally_unit *u)
{
    struct tally_unit v = *u;
    int kwh = 0;
    while (v.exp[BASE_KW] > 0 && v.exp[BASE_H] > 0) {
        kwh++;
        v.exp[BASE_KW]--;
        v.exp[BASE_H]--;
    }
    while (v.exp[BASE_KW] < 0 && v.exp[BASE_H] < 0) {
        kwh--;
        v.exp[BASE_KW]++;
        v.exp[BASE_H]++;
    }
    bool first = true;
    for (int sign = 1; sign >= -1; sign -= 2) {
        bool any = false;
        for (int i = 0; i < BASE_N; i++) {
            any = any || v.exp[i] * sign > 0;
        }
        if (sign < 0 && first && (any || kwh < 0)) {
            text_byte(t, '1');
        }
        for (size_t i = 0; i < N_NAMES; i++) {
            if (NAMES[i].base == BASE_KW && kwh * sign > 0) {
                text_power(t, "kWh", kwh, &first);
            }
            if (v.exp[NAMES[i].base] * sign > 0) {
                text_power(t, NAMES[i].name, v.exp[NAMES[i].base], &first);
            }
        }
        for (int i = 0; p && i < p->n_opaques; i++) {
            if (v.exp[BASE_OPAQUE + i] * sign > 0) {
                char name[64];
                snprintf(name, sizeof name, STR_FMT, STR_ARG(p->opaques[i]));
                text_power(t, name, v.exp[BASE_OPAQUE + i], &first);
            }
        }
    }
}
