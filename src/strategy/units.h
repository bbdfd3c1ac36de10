/* units.h - what the checker knows about a unit beyond tree.h: its name, its digits, its limit. */
#ifndef SK_STRATEGY_UNITS_H
#define SK_STRATEGY_UNITS_H
#include "strategy/tree.h"

/* A builtin unit by its name; "ratio" and "count" are not among them. */
bool unit_find(struct str name, struct tally_unit *out);
bool unit_is_word(struct str name);
/* Decimals of a parameter, input or state, and of a meter or series, unless `digits` says so. */
int unit_param_digits(const struct tally_unit *u, bool count);
int unit_reading_digits(const struct tally_unit *u);
/* Whole numbers that a ratio and a count may reach. */
#define UNIT_LIMIT_RATIO 100
#define UNIT_LIMIT_COUNT 1000000
/* Largest |value| of the unit, in whole units: the bound of sources. */
unsigned __int128 unit_limit(const struct tally_unit *u);
/* The same of a rounded quotient. Little divides into much: an average price (a month's 1,000,000
 * yuan over 0.01 kWh) or a rate can be far beyond what a contract states. */
#define UNIT_LIMIT_QUOTIENT 100000000
#define UNIT_LIMIT_RATE 10000 /* more, and the shares of a virtual power plant leave 127 bits */
unsigned __int128 unit_quotient_limit(const struct tally_unit *u);
#endif
