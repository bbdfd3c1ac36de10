/* property.h - laws of whole strategies on random contracts, members and readings.
 *
 * Why: a golden case shows one statement; a law such as "tenants and landlord pay the grid's bill"
 * holds for all of them. The strategies are those of strategies/, loaded, bound and run as an order
 * does it; a seed makes one contract, the same on every machine.
 *
 * Laws
 *  1. A round depends on its seed alone: SK_SEED=n with SK_PROPERTY=1 replays it.
 *  2. A property is shown to be able to fail: the same rounds over the same strategy with one place
 *     of its text changed must break it.
 */
#ifndef SK_TESTS_PROPERTY_H
#define SK_TESTS_PROPERTY_H
#include "base/rand.h"
#include "strategy/strategy.h"

#define PROP_SETTINGS 24
#define PROP_FEEDS 6
#define PROP_GROUPS 3

struct prop_part { /* the top or a member, on its way to a struct strategy_part */
    struct strategy_setting settings[PROP_SETTINGS];
    struct strategy_feed feeds[PROP_FEEDS];
    struct strategy_members groups[PROP_GROUPS];
    struct strategy_member *members[PROP_GROUPS];
    struct prop_part *parts[PROP_GROUPS];
    struct strategy_part part;
};
struct prop_order { /* one order, bound and run */
    struct arena *a;
    struct world *world; /* its vectors, its calendar, the readings it gives (strategy/world.h) */
    struct prop_part top;
    int64_t price_e6[TOU_KEYS_MAX];
    struct strategy_price_feed price;
    struct strategy_bound *bound;
    struct strategy_result *result;
};
struct prop_round {
    struct arena *a;
    struct rng rng;
    const struct strategy *strategy;
    uint64_t seen;  /* bits a property sets when a round was of an interesting kind */
    char why[600];  /* why it fails */
};
/* False: the law does not hold in this round, r->why says how. */
typedef bool prop_law(struct prop_round *r);

/* ---- running a law --------------------------------------------------------------------------- */

/* Holds in SK_PROPERTY rounds (10,000 unless told); returns the bits seen in any of them. */
uint64_t prop_holds(const char *name, const char *strategy, prop_law *law);
/* Fails within a few hundred rounds when `before`, found once in the text of the strategy or of a
 * library that it uses, is replaced by `after`. */
void prop_can_fail(const char *strategy, const char *before, const char *after, prop_law *law);
/* Says why and is false. */
bool prop_broken(struct prop_round *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define PROP_SAY(r, ...)                                                                           \
    do {                                                                                           \
        if (!(r)->why[0]) {                                                                        \
            prop_broken((r), __VA_ARGS__);                                                         \
        }                                                                                          \
    } while (0)

/* ---- random contracts ------------------------------------------------------------------------ */

int64_t prop_between(struct prop_round *r, int64_t lo, int64_t hi);
bool prop_chance(struct prop_round *r, int percent);
/* 24 letters of p f v, one for each hour. */
const char *prop_hours(struct prop_round *r);
/* n values of lo..hi times `step`; now and then all are nothing. */
int64_t *prop_values(struct prop_round *r, int32_t n, int64_t lo, int64_t hi, int64_t step);

/* An order of n intervals from midnight of the first of a month; a calendar of `days` days. */
struct prop_order *prop_order(struct prop_round *r, int32_t minutes, int32_t n, const char *hours,
                              int32_t days);
void prop_prices(struct prop_order *o, const char *name, const int64_t *by_letter_e6);
/* "pfv" of an instant by the order's hours. */
int prop_letter(const char *hours, struct instant at);
#define PROP_LETTERS 3

void prop_set(struct prop_part *p, const char *name, int64_t units, int scale);
void prop_choose(struct prop_part *p, const char *name, const char *choice);
void prop_yes(struct prop_part *p, const char *name, bool yes);
void prop_absent(struct prop_part *p, const char *name);
void prop_table(struct prop_part *p, const char *name, const struct strategy_row *rows, size_t n);
void prop_feed(struct prop_order *o, struct prop_part *p, const char *name, int digits,
               const struct strategy_axis *axis, const int64_t *values);
/* n members "A0", "A1", .. of a group of `in`, each its own party. */
struct prop_part *prop_group(struct prop_order *o, struct prop_part *in, const char *group,
                             const char *prefix, int32_t n);
/* Binds and runs; false with r->why. */
bool prop_run(struct prop_round *r, struct prop_order *o);

/* ---- what came out --------------------------------------------------------------------------- */

/* Fen of the lines whose code begins or ends with `code` and whose payee is `payee` (NULL: any). */
int64_t prop_fen(const struct prop_order *o, const char *code, const char *payee);
const struct strategy_line *prop_line(const struct prop_order *o, const char *code,
                                      const char *payer);
/* The sum of a definition's values over its keys, at `scale` decimals. */
int64_t prop_total(const struct prop_order *o, const char *name, int scale);
/* A decimal at `scale` decimals; it must have no more. */
int64_t prop_at(struct decimal d, int scale);
/* x / by, a half away from zero. */
int64_t prop_round_div(__int128 x, __int128 by);
#endif
