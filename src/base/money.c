/* money.c - rounding and splitting, the two places where a fen could get lost (R2, R6, R7). */
#include "base/money.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/decimal.h"

#define EXACT_DIGITS 14 /* 10^-16 yuan to 10^-2 yuan */
#define FEW 32          /* parts that are split without allocating: nearly every split */

static struct money money_of(__int128 fen)
{
    check_that(fen >= INT64_MIN && fen <= INT64_MAX, "%lld x 2^64 fen and more",
               (long long)(fen >> 64));
    return (struct money){ (int64_t)fen };
}

struct money money_round_half_away(struct exact x)
{
    return money_of(round_half_away(x.yuan_e16, EXACT_DIGITS));
}

struct remainder {
    __int128 left; /* of |total| x weight / sum of weights */
    size_t i;
};

static int remainder_order(const void *pa, const void *pb)
{
    const struct remainder *a = pa, *b = pb;
    if (a->left != b->left) {
        return a->left > b->left ? -1 : 1;
    }
    return a->i < b->i ? -1 : 1;
}

static void split(uint64_t total, bool negative, const int64_t *weights, size_t n, __int128 sum,
                  struct money *parts, struct remainder *rem)
{
    uint64_t given = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned __int128 x = (unsigned __int128)total * (uint64_t)weights[i];
        uint64_t part = (uint64_t)(x / (unsigned __int128)sum);
        rem[i] = (struct remainder){ (__int128)(x - (unsigned __int128)part *
                                                        (unsigned __int128)sum), i };
        parts[i].fen = (int64_t)part; /* the sign follows; 2^63 wraps and comes back */
        given += part;
    }
    check_that(total - given < n, "%zu parts", n);
    if (given < total) {
        qsort(rem, n, sizeof(*rem), remainder_order);
    }
    for (size_t k = 0; k < total - given; k++) {
        parts[rem[k].i].fen = (int64_t)((uint64_t)parts[rem[k].i].fen + 1);
    }
    for (size_t i = 0; negative && i < n; i++) {
        parts[i].fen = (int64_t)(0 - (uint64_t)parts[i].fen);
    }
}

enum err_code money_allocate(struct money total, const int64_t *weights, size_t n,
                             struct money *parts, struct err *e)
{
    if (total.fen == 0) {
        for (size_t i = 0; i < n; i++) {
            parts[i].fen = 0;
        }
        return OK;
    }
    __int128 sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (weights[i] < 0) {
            return fail_named(e, ERR_WEIGHT, "ALLOC_WEIGHT",
                              "weight %zu of %zu is negative (%lld); say who bears this amount",
                              i + 1, n, (long long)weights[i]);
        }
        sum += weights[i];
    }
    if (sum == 0) {
        return fail_named(e, ERR_WEIGHT, "ALLOC_WEIGHT",
                          "all %zu weights are zero and %lld is to be split; say who bears it", n,
                          (long long)total.fen);
    }
    struct remainder few[FEW];
    struct remainder *rem = n <= FEW ? few : mem_alloc(n * sizeof(*rem));
    bool negative = total.fen < 0;
    split(negative ? 0 - (uint64_t)total.fen : (uint64_t)total.fen, negative, weights, n, sum,
          parts, rem);
    if (rem != few) {
        free(rem);
    }
    return OK;
}

struct money money_net_of_gross(struct money gross, struct ratio vat)
{
    check_that(vat.e6 >= 0 && vat.e6 <= 1000000, "rate %d", vat.e6);
    return money_of(div_half_away((__int128)gross.fen * 1000000, 1000000 + (__int128)vat.e6));
}

struct money money_tax_on_net(struct money net, struct ratio vat)
{
    check_that(vat.e6 >= 0 && vat.e6 <= 1000000, "rate %d", vat.e6);
    return money_of(round_half_away((__int128)net.fen * vat.e6, 6));
}
