/* urdb_part.h - a public tariff between its file and its text, private to urdb*.c. */
#ifndef SK_CMD_URDB_PART_H
#define SK_CMD_URDB_PART_H
#include "cmd/urdb.h"

#define URDB_PERIODS_MAX 256 /* a schedule could name 576; real rates stay below 40 */
#define URDB_TIERS_MAX 32    /* real rates stay below 10 */
#define URDB_DAYS 2          /* weekday, weekend */
#define URDB_MONTHS 12
#define URDB_RATE_DECIMALS 12     /* of a price; published ones have at most 8 */
#define URDB_UNLIMITED 1000000000 /* kWh: the database writes no bound also as 1e38 */

enum urdb_count { URDB_KWH, URDB_KWH_DAILY, URDB_KWH_PER_KW, URDB_KWH_PER_KW_DAILY };
struct urdb_tier {
    struct decimal rate, sell; /* rate with its adjustment */
    struct decimal upto;       /* of `count`, or kW; unused in the last tier */
    enum urdb_count count;
};
struct urdb_period {
    struct urdb_tier *tiers;
    size_t n_tiers;
    bool used; /* some slot of the schedule has it */
};
/* One structure and when its periods hold. n 0: the rate has none. */
struct urdb_charge {
    struct urdb_period *periods;
    size_t n;
    uint8_t (*at)[URDB_DAYS][SLOTS]; /* [URDB_MONTHS] */
};

enum urdb_per { URDB_PER_MONTH, URDB_PER_DAY, URDB_PER_YEAR };
struct urdb_sum {
    struct decimal amount;
    enum urdb_per per;
};
#define URDB_SUMS_MAX 8

struct urdb_rate {
    struct arena *arena;
    const struct urdb_request *request;
    struct str name, title, source, currency, from, until;
    struct urdb_charge energy, flat, demand, coincident;
    struct urdb_sum fixed[URDB_SUMS_MAX], least[URDB_SUMS_MAX];
    size_t n_fixed, n_least;
    struct decimal fuel[URDB_MONTHS]; /* per kWh */
    bool has_fuel, sells, hourly;     /* hourly: demand is of clock hours */
    const char *notes[URDB_NOTES_MAX], *refusals[URDB_NOTES_MAX];
    size_t n_notes, n_refusals;
};

/* urdb_number.c: the file with its fractions as strings, so that no binary one is ever made. */
struct str urdb_exact(struct arena *a, struct str bytes);
/* An integer or a decimal as written; absent or null: zero and *there false. */
SK_MUST_USE enum err_code urdb_number(struct json j, struct decimal *out, bool *there,
                                      struct err *e);
/* The same for a price: at most URDB_RATE_DECIMALS, below 10^4. */
SK_MUST_USE enum err_code urdb_price(struct json j, struct decimal *out, struct err *e);
struct decimal urdb_add(struct decimal a, struct decimal b); /* of two prices */
int urdb_compare(struct decimal a, struct decimal b);

/* urdb.c */
__attribute__((format(printf, 2, 3))) void urdb_note(struct urdb_rate *r, const char *fmt, ...);
/* An element that the text cannot say: noted, the import goes on to find the others. */
void urdb_cannot(struct urdb_rate *r, struct json at, const char *why);
/* urdb_read.c, urdb_short.c */
SK_MUST_USE enum err_code urdb_read(struct urdb_rate *r, struct json doc, struct err *e);
SK_MUST_USE enum err_code urdb_read_short(struct urdb_rate *r, struct json doc, struct err *e);
uint8_t (*urdb_schedule_new(struct arena *a))[URDB_DAYS][SLOTS];
void urdb_mark_used(struct urdb_charge *c);
/* urdb_write.c: the text, not yet in canonical layout. */
void urdb_write(const struct urdb_rate *r, struct text *t);
#endif
