/* mix.h - the table of the mixed fleet: what each kind of contract looks like. Private to sim.
 *
 * Terms and facts are written with holes that the builder fills:
 *   {o:ROLE}  an organisation of that role     {p:CODE}  a point of the contract's station
 *   {r:LOW:HIGH:DIGITS}  a number              {n}, {N}  days of the month, its quarter hours
 *   {e}       the day of the event             {spot}    the point of the spot price
 *   {m:TEXT}  TEXT for each member, with commas; in it {i} is its number from 1, {p:CODE#} its
 *             point, {o:member} its organisation
 *   {s:TEXT}  TEXT for each session; in it {c} its place, {f} and {u} when it began and ended
 */
#ifndef SK_SIM_MIX_H
#define SK_SIM_MIX_H
#include "meter/meter.h"
#include "sim/sim.h"

enum mix_shape { /* what a point measures */
    MIX_SUN,      /* fleet.c: generation of the contract's roof */
    MIX_OVER,     /* what is left of it for the grid */
    MIX_LOAD,     /* a works or office */
    MIX_USERS,    /* a member's part of the roof's self use, and more */
    MIX_MAIN,     /* all members' loads and 3 % lost on the way */
    MIX_NIGHT,    /* storage: charged from 23:00 to 7:00 */
    MIX_EVENING,  /* storage: given back from 17:00 to 21:00 */
    MIX_REACTIVE, /* a third of the load */
    MIX_STEADY,   /* air: round the clock */
    MIX_HEAT,     /* 0.01 to 0.09 GJ a slot */
    MIX_POWER,    /* 0.112 kWh for each m3 of air */
    MIX_WIND,
    MIX_BASE,  /* storage in response: a little every hour */
    MIX_PRICE, /* 0.15 to 0.55 yuan in 10^-6 */
};
struct mix_point {
    const char *code; /* "t#" : one for each member */
    enum mix_shape shape;
    enum point_role role;
    const char *quantity, *unit;
};
#define MIX_POINTS_MAX 5 /* rows of a kind; members multiply them */
#define MIX_LEGS_MAX 9
struct mix_kind {
    const char *strategy, *code, *title;
    enum station_kind station;
    int32_t count; /* at reference scale */
    int32_t members_min, members_max, sessions;
    bool history; /* its points have readings for the look-back too */
    bool gaps;    /* some of its days are never read: orders that must fail */
    struct mix_point points[MIX_POINTS_MAX];
    const char *legs[MIX_LEGS_MAX]; /* "payer>payee"; M stands for each member */
    const char *terms, *facts;      /* facts: NULL for none */
};
extern const struct mix_kind mix_kinds[];
#define MIX_PLACES 2 /* of a station with sessions */

/* What one point shows on a day. `station` numbers the contract, `member` from 0. */
struct mix_ask {
    uint64_t seed;
    const struct mix_kind *kind;
    int32_t station, member, members;
    struct day day, event;
};
void mix_day(const struct mix_ask *k, enum mix_shape shape, int64_t value[SLOTS]);

/* The text of terms or facts with its holes filled. */
struct mix_fill {
    const struct sim_mix_terms *terms;
    uint64_t seed;
    const struct mix_kind *kind;
    int32_t station, members;
    const struct point *points; /* of the station */
    size_t n_points;
    int64_t spot_id;
    struct month month;
    struct day event;
};
int64_t mix_org(const struct mix_fill *f, struct str role, int32_t member);
struct str mix_text(struct arena *a, const struct mix_fill *f, const char *text);
#endif
