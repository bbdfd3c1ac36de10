/* reference.h - the naive evaluator: what a strategy means, worked out the slow and obvious way.
 *
 * Why: the engine plans, pushes sums down, packs and shares. This one walks the tree once for each
 * key, in unbounded rationals, and knows none of that. Where both agree on many random programs,
 * the cleverness changed nothing. It lives with the tests only.
 *
 * It takes the checked tree and the same binding and readings as the engine. Of the tree it
 * believes the resolved names, the axes of each node and the RANGE limits; every value, presence,
 * failure, key, code and order is its own.
 */
#ifndef SK_TESTS_REFERENCE_H
#define SK_TESTS_REFERENCE_H
#include "strategy/tree.h"
#include <gmp.h>

/* A failed order may have several failures; the engine must name one that is really there. */
enum reference_failure {
    FAILURE_DIV_ZERO = 1,
    FAILURE_RANGE = 2,
    FAILURE_ALLOC_WEIGHT = 4,
    FAILURE_EMPTY = 8,
    FAILURE_TABLE = 16,
    FAILURE_MISSING = 32,
    FAILURE_EXCEPTION_CONFLICT = 64,
    FAILURE_FLAG = 128,  /* a flag of level fail is up                                   */
    FAILURE_ABSENT = 256 /* an absent value reached a line, flag or next: the checker erred */
};
const char *reference_failure_name(uint32_t one); /* "DIV_ZERO"; "FLAG" stands for its code */

struct reference_line {
    struct str code, payer, payee, settled_by;
    bool has_quantity, has_price;
    mpq_srcptr quantity, price;
    int64_t fen, net_fen, vat_fen;
};
struct reference_next {
    struct str name;
    mpq_srcptr value; /* numbers */
    struct str choice;
    bool yes;
};
struct reference_printed { /* a titled number, per key where it has a value */
    struct str name;
    mpq_srcptr value;
};
struct reference_result {
    uint32_t failures; /* 0: there are lines */
    struct str flag;   /* code of the first flag of level fail, without its keys */
    struct reference_line *lines;
    size_t n_lines;
    struct str *flags;
    size_t n_flags;
    struct reference_next *next;
    size_t n_next;
    struct reference_printed *printed;
    size_t n_printed;
    uint64_t steps; /* nodes visited */
};

/* All numbers live in the arena: call this once before any GMP number is made. */
void reference_memory(struct arena *a);
void reference_run(struct arena *a, const struct tally_program *p, const struct strategy_binding *b,
                   const struct strategy_data *data, struct reference_result *out);
#endif
