/* tariff.h - public rules: when which period holds, and what a kWh costs in it (分时电价).
 *
 * Calendars (时段日历), holidays and price books (电价目录) are data with versions (data/ in the
 * repository, then tables of the store); nothing about a province stands in code. Settlement takes
 * from here one resolved picture of a span of days, the tariff_span, and does its sums with it.
 *
 * Laws
 *  1. A calendar that loads covers every minute of every day type in its validity: no gap; the
 *     first matching rule decides (settlement-rules 2). Windows are multiples of 15 minutes.
 *  2. An interval takes the calendar version and the price version in force at its start.
 *  3. A published version is immutable; validity of versions neither overlaps nor leaves a hole.
 *  4. A key of the tou axis is (price version, period): which schedule named the period does not
 *     split it (settlement-rules 6.2).
 *  5. Illustrative prices are marked as such in the file, in the store and on each page they reach.
 *  6. A file that is refused is refused with its name, the JSON path, and what to write instead.
 *
 * Files (data/README.md has their keys): `sunkeeper.calendar/1` (or the schedules of a case,
 * `sunkeeper.tou/1`), `sunkeeper.holidays/1`, `sunkeeper.prices/1`. A date filter, a holiday or a
 * trigger belongs to the civil day of the instant, also in the part of a window after midnight.
 */
#ifndef SK_TARIFF_TARIFF_H
#define SK_TARIFF_TARIFF_H
#include "base/base.h"
#include "base/json.h"

struct db;               /* store/store.h */
struct store_migrations; /* store/store.h */

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

/* Prices of one book by key: yuan_e6[i] belongs to span->keys[i]; TARIFF_NO_PRICE where the book
 * has none (a strategy needs it only where the quantity is not zero). */
#define TARIFF_NO_PRICE INT64_MIN
struct tariff_prices {
    const int64_t *yuan_e6;
    const char *unit; /* "yuan/kWh" */
};

/* ---- files ---------------------------------------------------------------------------------- */

struct tariff_holidays; /* opaque: the years of a region; immutable, may be shared by threads */
struct tariff_calendar; /* opaque: all versions of one calendar; likewise */
struct tariff_book;     /* opaque: all versions of one price book; likewise */

#define TARIFF_VERSIONS_MAX 600 /* monthly prices for 50 years */
#define TARIFF_RULES_MAX 64     /* of one version; the richest province we know has about 20 */

/* One file holds one year; a region's years are added one by one: `*set` NULL makes a new set, a
 * year given twice is refused. On failure the set is as before. */
SK_MUST_USE enum err_code tariff_holidays_add(struct arena *a, struct json doc,
                                              struct tariff_holidays **set, struct err *e);
bool tariff_holidays_year(const struct tariff_holidays *h, int year); /* is it known? */

/* Proves law 1 and law 3 for every version. */
SK_MUST_USE enum err_code tariff_calendar_read(struct arena *a, struct json doc,
                                               struct tariff_calendar **out, struct err *e);
/* A calendar from the schedules of a case (`sunkeeper.tou/1`): `first` until the first of
 * `versions`, then each from its instant on (the `tou_versions` of a case; n may be 0). The
 * HOLIDAY_DEEP of its rules is a date set of that name (struct tariff_dates). */
struct tariff_schedule_version {
    struct instant from;
    struct str schedule;
};
SK_MUST_USE enum err_code tariff_calendar_read_tou(struct arena *a, struct json doc,
                                                   struct str first,
                                                   const struct tariff_schedule_version *versions,
                                                   size_t n, struct tariff_calendar **out,
                                                   struct err *e);
struct str tariff_calendar_id(const struct tariff_calendar *c);
struct str tariff_calendar_title(const struct tariff_calendar *c);
struct str tariff_calendar_holidays(const struct tariff_calendar *c); /* region, "" if not needed */

SK_MUST_USE enum err_code tariff_book_read(struct arena *a, struct json doc,
                                           struct tariff_book **out, struct err *e);
struct str tariff_book_id(const struct tariff_book *b);
struct str tariff_book_title(const struct tariff_book *b);
const char *tariff_book_unit(const struct tariff_book *b); /* "yuan/kWh" */
bool tariff_calendar_illustrative(const struct tariff_calendar *c);
bool tariff_book_illustrative(const struct tariff_book *b);

/* A stretch of time with one set of prices: a version of the book, or a season within one. */
struct tariff_stretch {
    struct instant from;          /* until the next one's, or the book's end */
    struct str version, season;   /* the version's `from` as written; "" without seasons */
    struct str doc;               /* the document it was taken from */
    int64_t yuan_e6[TOU_PERIODS]; /* TARIFF_NO_PRICE where the book has none */
};
/* The stretches in force in [from, until), in order, cut to it. `tier` counts
 * from 0. ERR_GAP: the book does not cover all of it; the text says from when on. */
SK_MUST_USE enum err_code tariff_book_stretches(struct arena *a, const struct tariff_book *b,
                                                int tier, struct instant from, struct instant until,
                                                const struct tariff_stretch **out, size_t *n,
                                                struct err *e);
/* A book with tiers (阶梯): the yearly quantity up to which each holds; NULL and 0 without. The
 * last has no bound (INT64_MAX). */
size_t tariff_book_tiers(const struct tariff_book *b, const int64_t **upto_kwh_e4);

/* ---- resolving ------------------------------------------------------------------------------ */

/* Dates under a name that a calendar's rules ask for: a trigger's days (temperature), or the
 * HOLIDAY_DEEP of a case. Needed even when empty: "no such day" is also a statement. */
struct tariff_dates {
    struct str name;
    const struct day *days;
    size_t n;
};
struct tariff_request {
    const struct tariff_calendar *calendar;
    const struct tariff_holidays *holidays; /* NULL: workday[] by weekday, holiday[] all false */
    struct str category;                    /* of the customer; "" if the calendar has none */
    const struct tariff_dates *dates;
    size_t n_dates;
    struct instant from, until; /* the span has every whole day that [from, until) touches */
    /* Price versions: the union of the books' boundaries within [from, until) ... */
    const struct tariff_book *const *books;
    size_t n_books;
    const int *tiers; /* n_books of them; NULL: all 0 */
    /* ... or, without books, given (ascending): every one is listed, in force or not. 0: one. */
    const struct instant *starts;
    size_t n_starts;
};
/* `prices` has n_books places (may be NULL without books). A boundary of a schedule or price must
 * be on a slot edge. ERR_GAP: calendar, holidays, a date set or a book does not cover the span;
 * ERR_LIMIT: more than TOU_KEYS_MAX keys. Keys are those that some slot of the span has; slots of
 * the first day before the first price version count as that version's. */
SK_MUST_USE enum err_code tariff_resolve(struct arena *a, const struct tariff_request *q,
                                         const struct tariff_span **out,
                                         struct tariff_prices *prices, struct err *e);

/* ---- rules as pure functions (settlement-rules 4) ------------------------------------------- */

/* 4.1: what a grid-agency user pays. ratio_e6: TARIFF_NO_PRICE where the tariff has none. */
struct tariff_component {
    struct str name;
    int64_t yuan_e6;
    bool floats;
};
struct tariff_composition {
    int64_t flat_e6, floating_e6;
    int64_t yuan_e6[TOU_PERIODS]; /* rounded to 4 decimals */
};
#define TARIFF_COMPOSED_DIGITS 4
SK_MUST_USE enum err_code tariff_compose(const struct tariff_component *components, size_t n,
                                         const int64_t ratio_e6[TOU_PERIODS],
                                         struct tariff_composition *out, struct err *e);

/* 4.2: the basic fee of a month. Quantities in 10^-4 kW or kVA, price in 10^-6 yuan. */
enum basic_fee_mode { BASIC_FEE_CAPACITY, BASIC_FEE_CONTRACT_DEMAND, BASIC_FEE_ACTUAL_DEMAND };
struct capacity_segment {
    int64_t kva_e4;
    int32_t days;
};
struct basic_fee {
    enum basic_fee_mode mode;
    int64_t price_e6;
    const struct capacity_segment *segments; /* capacity */
    size_t n_segments;
    int32_t days_in_month;
    int64_t contract_kw_e4, max_kw_e4; /* demand */
    int64_t floor_kva_e4;              /* running capacity for the 40 % rule; 0: not checked */
    int64_t kwh_e4, kva_e4;            /* for the 260 kWh per kVA rule; kva 0: not applied */
};
struct basic_fee_result {
    struct money fee;
    bool discount90; /* the demand price was 90 % */
};
/* ERR_RULE, name CONTRACT_DEMAND_BELOW_40PCT. */
SK_MUST_USE enum err_code tariff_basic_fee(const struct basic_fee *in, struct basic_fee_result *out,
                                           struct err *e);

/* 4.3: the power factor in 1/100 from energies of one unit (each at most 10^16), by the integer
 * test; -1 when both are 0. */
int tariff_power_factor(int64_t active, int64_t reactive);
/* The adjustment in 1/100 percent (25 % is 2500, a reduction is negative) for a standard of 90, 85
 * or 80 and a factor 0..100; -1 (no factor) gives 0. ERR_INPUT: no such standard. */
SK_MUST_USE enum err_code tariff_power_factor_rate(int standard, int factor, int *rate_e4,
                                                   struct err *e);
/* round2(base x rate). */
struct money tariff_power_factor_adjust(struct money base, int rate_e4);

/* ---- store ---------------------------------------------------------------------------------- */

/* Tables calendar, price_table, price_row. What is public belongs to no organisation, so these take
 * no scope. A published version is kept as its canonical text and never changes. */
extern const struct store_migrations tariff_migrations;

enum tariff_kind { TARIFF_CALENDAR, TARIFF_HOLIDAYS, TARIFF_BOOK };
const char *tariff_kind_word(enum tariff_kind k); /* calendar, holidays, prices */
struct tariff_published {
    enum tariff_kind kind;
    struct str id, title; /* holidays: "cn-2025" */
    int32_t version;      /* from 1, counted by us */
    bool illustrative;
    struct sha256 hash; /* of the canonical text */
    struct instant published;
};
/* Reads and proves the document (its `schema` says what it is), then stores it as the next version
 * in the caller's core transaction. The content of the newest version again changes nothing and
 * gives that version (`*fresh` false). */
SK_MUST_USE enum err_code tariff_publish(struct db *db, struct arena *a, struct json doc,
                                         struct instant now, struct tariff_published *out,
                                         bool *fresh, struct err *e);
/* The document back; version 0: the newest. ERR_NOT_FOUND. */
SK_MUST_USE enum err_code tariff_stored(struct db *db, struct arena *a, enum tariff_kind kind,
                                        struct str id, int32_t version, struct json *doc,
                                        struct tariff_published *out, struct err *e);
/* By kind, id, version; `after` continues a list (NULL from the start). */
#define TARIFF_LIST_MAX 200
SK_MUST_USE enum err_code tariff_list(struct db *db, struct arena *a,
                                      const struct tariff_published *after,
                                      const struct tariff_published **out, size_t *n,
                                      struct err *e);
#endif
