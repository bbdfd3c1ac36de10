/* aggregate.h - one running aggregate, the same within a block and over passes.
 */
#ifndef SK_STRATEGY_AGGREGATE_H
#define SK_STRATEGY_AGGREGATE_H
#include "strategy/bound.h"

struct running {
    wide v;
    int64_t n;       /* items so far                                            */
    uint8_t st;      /* the first state that spoils it                          */
    bool decided;    /* any, all: an item decided it, whatever the others are   */
    int32_t row, at; /* of the first that spoiled it: row of the argument, time */
};

static inline void running_spoil(struct running *r, uint8_t st, int32_t row, int32_t at)
{
    if (r->st == VALUE_OK || row < r->row || (row == r->row && at < r->at)) {
        r->st = st;
        r->row = row;
        r->at = at;
    }
}

static inline void running_add(struct running *r, int fn, wide x)
{
    switch (fn) {
    case FN_MAX_OF:
        r->v = r->n == 0 || x > r->v ? x : r->v;
        break;
    case FN_MIN_OF:
        r->v = r->n == 0 || x < r->v ? x : r->v;
        break;
    case FN_COUNT:
        r->v += x != 0;
        break;
    case FN_ANY:
        r->decided = r->decided || x != 0;
        break;
    case FN_ALL:
        r->decided = r->decided || x == 0;
        break;
    default:
        r->v += x;
        break;
    }
    r->n++;
}

struct groups { /* keys of a space by the key of a smaller one */
    int32_t n;
    int32_t *start, *item; /* items of group j: item[start[j]] .. item[start[j + 1] - 1] */
};
struct groups groups_of(struct frame *f, int16_t space, int16_t smaller);

/* The value, and its state. */
uint8_t running_end(const struct running *r, int fn, wide *out);
#endif
