/* plan.h - what the planner leaves for binder, runner and explainer: a graph of typed nodes.
 *
 * A node is one operation over a space of keys. Equal nodes are one node (hash-consing), arguments
 * have smaller ids than their users, so one pass upwards evaluates and one pass downwards finds
 * what is needed.
 *
 * Laws
 *  1. A space is a set of axes without time: groups (with their outer groups), hour, date, tou. Its
 *     keys are numbered groups first (an inner group after its outer one), then hour, date, tou.
 *     A space with `time` on top is a grid: rows (keys of the space) of intervals.
 *  2. Untimed nodes hold __int128 per key; timed nodes int64_t, or __int128 where `wide` says so.
 *     No operation can overflow: the checker's bounds prove it.
 *  3. A key's state is VALUE_OK or says why there is no value; then the number is 0 and unused.
 *  4. What is linear in the readings is a PLAN_BUCKET (one sum per source, axis and key); only what
 *     is not is evaluated per interval, in passes over blocks of intervals (`level`).
 *  5. Alignment of scales is explicit (PLAN_SCALE); lookup of clock axes by interval is explicit
 *     (PLAN_LIFT); the end of a name's scope for `else` is explicit (PLAN_HARD).
 */
#ifndef SK_STRATEGY_PLAN_H
#define SK_STRATEGY_PLAN_H
#include "strategy/tree.h"

/* Why a key has no value. Failures are soft (an `else` around them catches them) until they pass a
 * name: then VALUE_HARD is set. */
enum value_state {
    VALUE_OK,
    VALUE_ABSENT,
    VALUE_MISSING,  /* a reading                                    */
    VALUE_NO_PRICE, /* a price: 0 times it is 0, else it is missing */
    VALUE_DIV_ZERO,
    VALUE_RANGE,
    VALUE_EMPTY,
    VALUE_ALLOC_WEIGHT,
    VALUE_TABLE,
    VALUE_EXCEPTION_CONFLICT,
    VALUE_NO_KEY, /* an instant outside the period on an hour or date axis */
    VALUE_STATES,
    VALUE_HARD = 0x40
};
static inline bool state_is_soft(uint8_t st)
{
    return st >= VALUE_DIV_ZERO && st < VALUE_STATES;
}
static inline uint8_t state_harden(uint8_t st)
{
    return state_is_soft(st) ? (uint8_t)(st | VALUE_HARD) : st;
}

enum plan_op {
    /* leaves; `aux` is the index */
    PLAN_CONST,  /* plan->consts[aux]                                                   */
    PLAN_PARAM,  /* decl aux: param, input or state; choices as words, yes/no as 1 and 0 */
    PLAN_AGREED, /* decl aux                                                            */
    PLAN_TABLE,  /* decl aux (kind 0) or inline table aux (kind 1); number of a table    */
    PLAN_PRICE,  /* decl aux, by tou                                                    */
    PLAN_SOURCE, /* decl aux, timed                                                     */
    PLAN_PARTY,  /* members of axis aux: kind 0 themselves, 1 their named party          */
    PLAN_HOURS,
    PLAN_HOLIDAY,
    PLAN_WORKDAY,
    PLAN_MONTH_IN, /* aux: first x 16 + last, both in                                     */
    PLAN_WEEKDAY_IN,
    PLAN_TIME_IN,     /* aux: minute of the day it begins x 4096 + the one it ends          */
    PLAN_BUCKET,      /* sums of source decl aux over its time, by the clock axes of space   */
    PLAN_ANY_MISSING, /* decl aux: has it a missing reading                             */
    PLAN_COUNT_TIME,  /* how many intervals: rows of grid `inner`, by tou if space has it */
    /* per key */
    PLAN_SCALE, /* a x 10^aux                                                           */
    PLAN_NEG,
    PLAN_NOT,
    PLAN_POS,
    PLAN_ABS,
    PLAN_ADD,
    PLAN_SUB,
    PLAN_MUL,
    PLAN_MIN,
    PLAN_MAX,
    PLAN_LT,
    PLAN_LE,
    PLAN_GT,
    PLAN_GE,
    PLAN_IS,
    PLAN_IS_NOT,
    PLAN_AND,
    PLAN_OR,
    PLAN_CLAMP,
    PLAN_IF,    /* a b c                                                       */
    PLAN_ROUND, /* kind 1: toward zero; to digits aux, or those of node c       */
    /* per key, with states of their own */
    PLAN_AT,
    PLAN_ELSE,
    PLAN_QUOTIENT, /* a / b rounded as ROUND; kind bit 1: EMPTY instead of DIV_ZERO; limit */
    PLAN_CHOOSE,   /* a selects; list of (word, node)                                   */
    PLAN_EXCEPT,   /* list: body, then (when, value)                                    */
    PLAN_BILL,     /* a when (or -1), b amount: a line as others see it                 */
    PLAN_HARD,
    PLAN_LOOKUP /* a in table b */,
    PLAN_POWER,
    PLAN_POWER_FACTOR,
    PLAN_MISSING,
    /* across keys */
    PLAN_LIFT,     /* a looked up on every interval of the own grid                    */
    PLAN_AGG,      /* kind = enum tally_fn; a where b over `inner`                     */
    PLAN_TIME_AGG, /* the same over a grid's time, by `gained` clock axes              */
    PLAN_PICK,     /* latest, highest, middle: a n, b key, c where, along axis aux     */
    PLAN_ALLOCATE  /* a by weights b along axis aux                                    */
};

struct plan_node {
    uint8_t op, kind;
    bool wide;    /* timed: __int128                                     */
    bool bucket;  /* MUL by a factor that counts only where intervals are */
    int8_t scale; /* decimals of the number                              */
    int8_t time;  /* time axis, -1 for none                              */
    int16_t space;
    int16_t grid;  /* -1 untimed                                         */
    int16_t inner; /* aggregates: space (AGG) or grid (TIME_AGG) reduced */
    int32_t a, b, c;
    int32_t list, n_list; /* in plan->lists */
    int32_t aux;
    int32_t limit; /* in plan->consts: RANGE */
};

/* HOLIDAY .. WEEKDAY_IN: leaves by date, also for intervals of a member's own. */
static inline bool plan_by_date(uint8_t op)
{
    return op >= PLAN_HOLIDAY && op <= PLAN_WEEKDAY_IN;
}
/* MONTH_IN, WEEKDAY_IN: is the day within the node's months or weekdays? */
static inline bool plan_date_in(const struct plan_node *n, struct day d)
{
    int from = n->aux / 16, last = n->aux % 16;
    int at = n->op == PLAN_MONTH_IN ? d.yyyymmdd / 100 % 100 : day_weekday(d);
    return from <= last ? at >= from && at <= last : at >= from || at <= last;
}

struct plan_grid {
    int16_t space;
    int8_t time;
};
struct plan_line {
    int32_t amount, when, vat, show_q, show_p; /* nodes, -1 for none */
    int32_t bill;                              /* -1: nobody refers to it */
    struct str unit, price_unit;               /* of showing */
    int16_t space;                             /* of its keys */
    int8_t order[TALLY_AXES_MAX];              /* axes as they are printed */
    int32_t n_order;
};
struct plan_flag {
    int32_t when;
    int16_t space;
    int8_t order[TALLY_AXES_MAX];
    int32_t n_order;
};
struct plan_definition {
    int32_t node;  /* its value */
    int16_t space; /* without time */
    struct str unit;
};
struct plan_at { /* what an AT remembers for the line */
    int32_t q, p;
    struct str unit, price_unit;
    bool opaque;
    int32_t expr;
};
struct plan_decl {
    bool has_initial;
    __int128 initial;
    __int128 min, max;
    struct str unit;
    const int32_t *words; /* CHOICE: by alternative */
};
#define PLAN_LEVELS_MAX                                                                            \
    16 /* passes over the readings; a text nests aggregates two or three deep                      \
        */

struct strategy_plan {
    const struct tally_program *program;
    struct plan_node *nodes;
    int32_t n_nodes;
    int32_t *level;   /* by node */
    bool *folds;      /* by node: known from the contract alone */
    bool *decides;    /* by node: may be known too, if one argument stands for it (if, and, ..) */
    int32_t *expr_of; /* by node: the expression it was first made for, -1 */
    __int128 *consts;
    int32_t n_consts;
    int32_t *lists;
    int32_t n_lists;
    tally_shape *spaces;
    int16_t *group_space; /* by space: the same without clock axes */
    int32_t n_spaces;
    struct plan_grid *grids;
    int32_t n_grids;
    struct plan_at *ats; /* by node.aux of AT */
    int32_t n_ats;
    int32_t *node_of; /* by expression id; -1 */
    struct plan_definition *definitions;
    struct plan_line *lines;
    struct plan_flag *flags;
    int32_t *nexts;
    struct plan_decl *decls;
    struct str *words; /* of choices, and names of parties */
    int32_t n_words;
    int32_t *party_words;              /* by party */
    int8_t axis_order[TALLY_AXES_MAX]; /* groups, outer before inner, then hour date tou */
    int32_t n_axis_order;
    const int32_t *names; /* hash of (axis, name) to decl + 1, open addressing */
    uint32_t names_mask;
    int32_t levels; /* number of passes */
};

/* Arguments of a node, 0 .. plan_args() - 1; -1 where there is none. */
static inline int32_t plan_args(const struct plan_node *n)
{
    return n->op <= PLAN_COUNT_TIME ? 0 : 3 + n->n_list;
}
static inline int32_t plan_arg(const struct strategy_plan *p, const struct plan_node *n, int32_t i)
{
    if (i < 3) {
        return i == 0 ? n->a : i == 1 ? n->b : n->c;
    }
    i -= 3;
    return n->op == PLAN_CHOOSE && i % 2 == 0 ? -1 : p->lists[n->list + i];
}
tally_shape plan_times(const struct tally_program *p); /* interval and windows */
/* The declaration of that name in group `axis` (-1: the top), or -1. */
int32_t plan_find_decl(const struct strategy_plan *plan, int32_t axis, struct str name);
#endif
