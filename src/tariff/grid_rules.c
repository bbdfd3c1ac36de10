/* grid_rules.c - what the grid itself charges: the agency price, the basic fee and the power factor
 * adjustment (settlement-rules 4.1 to 4.3), as pure functions of integers. */
#include "tariff/tariff.h"

/* ---- 4.1 the price of a grid-agency user (代理购电) ------------------------------------- */

enum err_code tariff_compose(const struct tariff_component *components, size_t n,
                             const int64_t ratio_e6[TOU_PERIODS], struct tariff_composition *out,
                             struct err *e)
{
    struct tariff_composition c = {0};
    for (size_t i = 0; i < n; i++) {
        int64_t p = components[i].yuan_e6;
        if (p < -PRICE_MAX_E6 || p > PRICE_MAX_E6) {
            return fail(e, ERR_LIMIT, "component " STR_FMT ": a price is at most 1000 yuan",
                        STR_ARG(components[i].name));
        }
        c.flat_e6 += p;
        c.floating_e6 += components[i].floats ? p : 0;
    }
    for (int p = 0; p < TOU_PERIODS; p++) {
        if (ratio_e6[p] == TARIFF_NO_PRICE) {
            c.yuan_e6[p] = TARIFF_NO_PRICE;
            continue;
        }
        __int128 moved = (__int128)(ratio_e6[p] - 1000000) * c.floating_e6; /* 10^-12 yuan */
        __int128 exact = (__int128)c.flat_e6 * 1000000 + moved;
        __int128 rounded = round_half_away(exact, 12 - TARIFF_COMPOSED_DIGITS);
        c.yuan_e6[p] = (int64_t)rounded * DECIMAL_POW10[6 - TARIFF_COMPOSED_DIGITS];
    }
    *out = c;
    return OK;
}

/* ---- 4.2 basic fee (基本电费) ---------------------------------------------------------------- */

#define BASIC_MONTH_DAYS 30 /* a part of a month is charged in thirtieths of the monthly fee */
#define CONTRACT_FLOOR_PERCENT 40
#define CONTRACT_OVER_PERCENT 105
#define DISCOUNT_KWH_PER_KVA 260
#define KW_MAX_E4 10000000000LL /* 10^6 kW: keeps every product below 2^127 */

/* 10^-10 yuan to fen. */
static struct money fen_of_e10(__int128 yuan_e10)
{
    return (struct money){(int64_t)round_half_away(yuan_e10, 8)};
}

static struct money capacity_fee(const struct basic_fee *in)
{
    struct money sum = {0};
    for (size_t i = 0; i < in->n_segments; i++) {
        struct capacity_segment s = in->segments[i];
        __int128 month = (__int128)s.kva_e4 * in->price_e6;
        if (in->n_segments == 1 && s.days >= in->days_in_month) {
            return fen_of_e10(month);
        }
        int32_t days = s.days < BASIC_MONTH_DAYS ? s.days : BASIC_MONTH_DAYS;
        __int128 fen = div_half_away(month * days, (__int128)BASIC_MONTH_DAYS * 100000000);
        sum.fen += (int64_t)fen;
    }
    return sum;
}

static enum err_code basic_fee_limits(const struct basic_fee *in, struct err *e)
{
    bool ok = in->price_e6 >= 0 && in->price_e6 <= PRICE_MAX_E6 && in->contract_kw_e4 >= 0 &&
              in->contract_kw_e4 <= KW_MAX_E4 && in->max_kw_e4 >= 0 && in->max_kw_e4 <= KW_MAX_E4 &&
              in->floor_kva_e4 >= 0 && in->floor_kva_e4 <= KW_MAX_E4 && in->kva_e4 >= 0 &&
              in->kva_e4 <= KW_MAX_E4 && in->kwh_e4 >= 0 && in->kwh_e4 <= ENERGY_MAX_E4;
    for (size_t i = 0; ok && i < in->n_segments; i++) {
        ok = in->segments[i].kva_e4 >= 0 && in->segments[i].kva_e4 <= KW_MAX_E4 &&
             in->segments[i].days >= 0 && in->segments[i].days <= 31;
    }
    if (!ok) {
        return fail(e, ERR_LIMIT,
                    "basic fee: a power is 0 to 10^6 kW (kVA), a price 0 to 1000 yuan, "
                    "a segment 0 to 31 days");
    }
    return OK;
}

enum err_code tariff_basic_fee(const struct basic_fee *in, struct basic_fee_result *out,
                               struct err *e)
{
    if (basic_fee_limits(in, e) != OK) {
        return e ? e->code : ERR_LIMIT;
    }
    if (in->mode == BASIC_FEE_CAPACITY) {
        *out = (struct basic_fee_result){.fee = capacity_fee(in)};
        return OK;
    }
    struct basic_fee_result r = {.fee = {0}};
    r.discount90 = in->kva_e4 > 0 && in->kwh_e4 >= DISCOUNT_KWH_PER_KVA * in->kva_e4;
    int64_t price_e6 = in->price_e6;
    if (r.discount90) { /* 90 % of the price, rounded to 4 decimals */
        price_e6 = (int64_t)round_half_away((__int128)in->price_e6 * 9, 3) * 100;
    }
    if (in->mode == BASIC_FEE_ACTUAL_DEMAND) {
        r.fee = fen_of_e10((__int128)in->max_kw_e4 * price_e6);
        *out = r;
        return OK;
    }
    if (in->contract_kw_e4 * 100 < CONTRACT_FLOOR_PERCENT * in->floor_kva_e4) {
        return fail_named(e, ERR_RULE, "CONTRACT_DEMAND_BELOW_40PCT",
                          "the contract demand is below 40 %% of the running capacity; agree on at "
                          "least that much");
    }
    r.fee = fen_of_e10((__int128)in->contract_kw_e4 * price_e6);
    int64_t excess_e6 = in->max_kw_e4 * 100 - CONTRACT_OVER_PERCENT * in->contract_kw_e4;
    if (excess_e6 > 0) { /* the part over 105 % is charged double */
        __int128 yuan_e12 = (__int128)excess_e6 * price_e6 * 2;
        r.fee.fen += (int64_t)round_half_away(yuan_e12, 10);
    }
    *out = r;
    return OK;
}

/* ---- 4.3 power factor adjustment (力调电费) -------------------------------------------------- */

int tariff_power_factor(int64_t active, int64_t reactive)
{
    check_that(active <= 10000000000000000 && active >= -10000000000000000 &&
                   reactive <= 10000000000000000 && reactive >= -10000000000000000,
               "active %lld, reactive %lld", (long long)active, (long long)reactive);
    if (active == 0 && reactive == 0) {
        return -1;
    }
    /* The largest k with (2k-1)^2 (P^2+Q^2) <= 40000 P^2, which is cos rounded to 1/100. */
    __int128 p2 = (__int128)active * active;
    __int128 s2 = p2 + (__int128)reactive * reactive;
    int k = 100;
    while (k > 0 && (__int128)(2 * k - 1) * (2 * k - 1) * s2 > 40000 * p2) {
        k--;
    }
    return k;
}

/* Reductions in 1/100 percent for 1, 2, 3.. hundredths above the standard; the last one holds on.
 */
static const int REDUCE_90[] = {15, 30, 45, 60, 75};
static const int REDUCE_85[] = {10, 20, 30, 40, 50, 65, 80, 95, 110};
static const int REDUCE_80[] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 115, 130};

static int reduction(const int *table, int n, int above)
{
    return above == 0 ? 0 : -table[(above < n ? above : n) - 1];
}

/* 0.5 % per hundredth for 20, then 1 % for 5, then 2 %. */
static int surcharge(int below)
{
    if (below <= 20) {
        return 50 * below;
    }
    return below <= 25 ? 1000 + 100 * (below - 20) : 1500 + 200 * (below - 25);
}

enum err_code tariff_power_factor_rate(int standard, int factor, int *rate_e4, struct err *e)
{
    check_that(factor >= -1 && factor <= 100, "factor %d", factor);
    const int *table;
    int n;
    switch (standard) {
    case 90:
        table = REDUCE_90, n = sizeof REDUCE_90 / sizeof *REDUCE_90;
        break;
    case 85:
        table = REDUCE_85, n = sizeof REDUCE_85 / sizeof *REDUCE_85;
        break;
    case 80:
        table = REDUCE_80, n = sizeof REDUCE_80 / sizeof *REDUCE_80;
        break;
    default:
        return fail(e, ERR_INPUT, "power factor: the standard is 90, 85 or 80, not %d", standard);
    }
    if (factor < 0) {
        *rate_e4 = 0;
    } else if (factor < standard) {
        *rate_e4 = surcharge(standard - factor);
    } else {
        *rate_e4 = reduction(table, n, factor - standard);
    }
    return OK;
}

struct money tariff_power_factor_adjust(struct money base, int rate_e4)
{
    return (struct money){(int64_t)round_half_away((__int128)base.fen * rate_e4, 4)};
}
