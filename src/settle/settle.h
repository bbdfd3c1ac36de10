/* settle.h - turns readings into lines of money.
 *
 * A settlement answers one question: for this order and this period, who owes whom, and how does
 * every fen follow from the readings? It owes nothing to anyone; only a statement does.
 *
 * Laws
 *  1. Same readings, contract and tariff give the same lines, bit for bit, on both engines, any
 *     number of threads, any order of arrival (I3).
 *  2. The lines sum to the total; nothing is rounded after the lines are (I2).
 *  3. Every line names the readings and the rule it came from.
 *  4. A run never changes an earlier run; it supersedes it. Per order, period and revision one run
 * is in force (I4).
 *  5. One order's failure is one named failure; the batch goes on.
 *  6. A batch that was killed and is started again gives what an undisturbed one gives.
 *
 * A run row keeps input_hash = hash(contract version, strategy hash, price and calendar versions,
 * state carried in, data snapshot): the same hash means there is nothing to do
 * (settlement-rules 6.8).
 */
#ifndef SK_SETTLE_SETTLE_H
#define SK_SETTLE_SETTLE_H
#include "base/base.h"
#include "store/store.h"

enum settle_state {
    SETTLE_DONE = 1,   /* lines written                                        */
    SETTLE_FAILED = 2, /* a named failure, no lines                            */
    SETTLE_SUPERSEDED = 3
};

struct settle_period {
    struct day from, until; /* half-open */
};
#endif
