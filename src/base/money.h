/* money.h - amounts that add up (settlement-rules, section 1).
 *
 * Half a fen lost in each of a month's 2,976 slots is 14.88 yuan. So the cost of a slot stays exact
 * until a line is closed. With the limits below, a million such costs can be summed in 128 bits
 * without overflow.
 *
 * Laws
 *  1. No floating point (R1).
 *  2. Exact becomes money only in functions that begin with money_round_ (R2, R4).
 *  3. The parts of a split sum to the whole (R6); net + tax = gross (R7).
 */
#ifndef SK_BASE_MONEY_H
#define SK_BASE_MONEY_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct energy { int64_t kwh_e4; };    /* 10^-4 kWh, at most 10^14 either way              */
struct price  { int64_t yuan_e6; };   /* 10^-6 yuan per kWh, at most 10^9 either way      */
struct ratio  { int32_t e6; };        /* 850000 is 85%; 0 to 10^6                         */
struct exact  { __int128 yuan_e16; }; /* never stored, never sent                         */
struct money  { int64_t fen; };       /* what is owed, stored and paid                    */

#define ENERGY_MAX_E4 100000000000000LL
#define PRICE_MAX_E6 1000000000LL
#define RATIO_ONE ((struct ratio){ 1000000 })

/* Energy x price x share, exactly. */
static inline struct exact exact_cost(struct energy e, struct price p, struct ratio share)
{
    return (struct exact){ (__int128)e.kwh_e4 * p.yuan_e6 * share.e6 };
}

/* Nearest fen, a half away from zero. Checks that the fen fit. */
struct money money_round_half_away(struct exact x);

/* Split `total` by weights so that the parts sum to it again: the missing fen go to the largest
 * remainders, ties in listed order; a negative total is split by its absolute value. A total of 0
 * gives zeros. ERR_WEIGHT (`ALLOC_WEIGHT`) if any weight is negative, or all are zero and the total
 * is not. Weights are kWh, m2 or fen: hence 64 bits. Works on any integer unit (0.01 kWh). */
SK_MUST_USE enum err_code money_allocate(struct money total, const int64_t *weights, size_t n,
                                         struct money *parts, struct err *e);

/* R7: gross includes VAT at rate: net = round(gross / (1 + r)); tax = gross - net. */
struct money money_net_of_gross(struct money gross, struct ratio vat);
/* R7, tax-exclusive contracts: tax = round(net x r). */
struct money money_tax_on_net(struct money net, struct ratio vat);
#endif
