/* tariff.h - public rules: when which period holds, and what a kWh costs in it (电价目录, 时段日历).
 *
 * Calendars, holidays and price books are data with versions (data/ in the repository, then tables of
 * the store); nothing about a province stands in code. Settlement takes from here one resolved
 * picture of a span of days, the tariff_span, and does its sums with it.
 *
 * Laws
 *  1. A calendar that loads covers every minute of every day type in its validity: no gap; the first
 *     matching rule decides (settlement-rules 2). Windows are multiples of 15 minutes.
 *  2. An interval takes the calendar version and the price version in force at its start.
 *  3. A published version is immutable; validity of versions neither overlaps nor leaves a hole.
 *  4. A key of the tou axis is (price version, period): which schedule named the period does not
 *     split it (settlement-rules 6.2).
 *  5. Illustrative prices are marked as such in the file, in the store and on every page they reach.
 */
#ifndef SK_TARIFF_TARIFF_H
#define SK_TARIFF_TARIFF_H
#include "base/base.h"

enum tou_period { TOU_SHARP, TOU_PEAK, TOU_FLAT, TOU_VALLEY, TOU_DEEP_VALLEY, TOU_PERIODS };
const char *tou_period_word(enum tou_period p);  /* "sharp" .. "deep_valley" */
const char *tou_period_title(enum tou_period p); /* 尖峰 高峰 平 低谷 深谷 */
bool tou_period_parse(struct str word, enum tou_period *out);

/* One bucket of the tou axis. Keys stand in the order of print: version, then period. */
struct tou_key {
    int16_t version; /* of the price, counted from 1 within the span's list of versions */
    uint8_t period;  /* enum tou_period */
};
#define TOU_KEYS_MAX 64

/* How the slots of a day fall into keys. Few distinct ones in a year; days share them. */
struct tou_map {
    uint8_t key[SLOTS]; /* index into keys */
};

/* A resolved calendar and price version list over whole days [first, first + n_days). */
struct tariff_span {
    struct day first;
    int32_t n_days;
    const uint8_t *day_map; /* n_days indices into maps */
    const struct tou_map *maps;
    int32_t n_maps;
    const struct tou_key *keys;
    int32_t n_keys;
    int32_t n_versions;  /* listed price versions; more than 1: codes carry @n */
    const bool *workday; /* n_days: neither weekend nor holiday, or an adjusted workday */
    const bool *holiday; /* n_days: a public holiday */
    struct sha256 hash;  /* of what it was resolved from */
};
/* The key index of an instant; it must lie within the span. */
uint8_t tariff_span_key(const struct tariff_span *s, struct instant t);

/* Prices of one book by key: yuan_e6[i] belongs to span->keys[i]; TARIFF_NO_PRICE where the book has
 * none (a strategy needs it only where the quantity is not zero). */
#define TARIFF_NO_PRICE INT64_MIN
struct tariff_prices {
    const int64_t *yuan_e6;
    const char *unit; /* "yuan/kWh" */
};
#endif
