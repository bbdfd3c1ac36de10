/* reference_eval.h - what the two halves of the naive evaluator share: reference_eval.c finds the
 * value of a node for one key, reference.c makes lines, flags and next of values. */
#ifndef SK_TESTS_REFERENCE_EVAL_H
#define SK_TESTS_REFERENCE_EVAL_H
#include "reference.h"

enum presence { HERE, ABSENT, FAILED, MISSING };

struct value {
    enum presence is;
    bool behind;       /* FAILED: the operation stands behind a name, so no `else` may catch it */
    bool no_price;     /* MISSING: it is a price, needed only where its quantity is not zero     */
    bool conflict;     /* FAILED: two exceptions were true */
    uint32_t failures; /* everything found wrong on the way, for the name of the failure         */
    mpq_srcptr n;      /* numbers */
    bool yes;          /* yes/no  */
    struct str word;   /* choices and parties */
    mpq_srcptr quantity, price; /* what `at` remembers; NULL: nothing */
};

/* The key one walk of the tree is about: which axes are fixed, and where. */
struct key {
    tally_shape bound;
    int32_t at[TALLY_AXES_MAX];       /* members, windows, times; TOU: key of the span */
    const struct strategy_axis *time; /* that INTERVAL counts on */
};

static inline struct value here(mpq_srcptr n)
{
    return (struct value){ .is = HERE, .n = n };
}

static inline struct value yes_no(bool yes)
{
    return (struct value){ .is = HERE, .yes = yes };
}

static inline struct value word(struct str w)
{
    return (struct value){ .is = HERE, .word = w };
}

static inline struct value absent(void)
{
    return (struct value){ .is = ABSENT, .failures = FAILURE_ABSENT };
}

static inline struct value failed(enum reference_failure f)
{
    return (struct value){ .is = FAILED, .failures = f };
}

static inline struct value missing(bool price)
{
    return (struct value){ .is = MISSING, .failures = FAILURE_MISSING, .no_price = price };
}
/* Two operands of which at least one is not there: the left decides, both are remembered. */
struct value naive_not_here(struct value a, struct value b);

#define MEMO_SLOTS (1u << 14) /* a power of two; programs are small */
struct memo {
    int32_t symbol;
    struct key key;
    struct value value;
    struct memo *next;
};

struct reference {
    struct arena *arena;
    const struct tally_program *p;
    const struct strategy_binding *b;
    const struct strategy_data *data;
    struct memo **memo;
    uint64_t steps;
};

/* Shapes and keys. */
bool naive_axis_in(tally_shape s, int axis);
/* The key of one axis; HOUR, DATE and TOU follow from INTERVAL. */
int32_t naive_key_of(const struct reference *r, const struct key *k, int axis);
/* Only the axes of `shape`: what a node of that shape may depend on. */
struct key naive_key_narrow(const struct reference *r, const struct key *k, tally_shape shape);
/* How many places an axis has under a key (TOU: all keys of the span, with or without intervals);
 * its time axis is bound along the way. */
int32_t naive_axis_length(const struct reference *r, struct key *k, int axis, tally_shape inner);
const struct strategy_axis *naive_time_of(const struct reference *r, const struct key *k,
                                          tally_shape shape);
const struct strategy_member *naive_member_of(const struct reference *r, const struct key *k,
                                              int axis);

/* Values. */
struct value naive_eval(struct reference *r, const struct tally_expr *x, const struct key *k);
/* What a line bills for a key, zero where its `when` does not hold. *printed: `when` holds. */
struct value naive_eval_line(struct reference *r, int32_t line, const struct key *k, bool *printed);
struct value naive_eval_definition(struct reference *r, const struct tally_definition *d,
                                   const struct key *outer);
/* Across keys (reference_gather.c). */
struct value naive_eval_aggregate(struct reference *r, const struct tally_expr *x,
                                  const struct key *k);
struct value naive_eval_selection(struct reference *r, const struct tally_expr *x,
                                  const struct key *outer);
struct value naive_eval_allocate(struct reference *r, const struct tally_expr *x,
                                 const struct key *outer);

mpq_ptr naive_number_new(struct reference *r);
mpq_srcptr naive_number_int(struct reference *r, long n);
void naive_number_ten(mpz_t out, int digits); /* makes out, 10^digits */
/* Half away from zero (round) or toward zero (round_down) at `digits` decimals. */
mpq_srcptr naive_number_round(struct reference *r, mpq_srcptr x, int digits, bool down);
mpq_srcptr naive_number_of(struct reference *r, struct decimal d);
/* |x| beyond `bound` units of 10^-scale? */
bool naive_number_beyond(mpq_srcptr x, unsigned __int128 bound, int scale);
#endif
