/* check.h - the checker's own words, shared by its files.
 *
 * names.c collects statements (libraries, amendments) and resolves names; declare.c types what is
 * declared; check.c does definitions, lines, flags; check_expr.c and check_call.c expressions.
 * A type of kind TALLY_POISON means that a message was given: whoever meets it stays silent.
 */
#ifndef SK_STRATEGY_CHECK_H
#define SK_STRATEGY_CHECK_H
#include "base/check.h"
#include "strategy/parse.h"
#include "strategy/print.h"
#include "strategy/tree.h"
#include "strategy/units.h"

/* Libraries and amendments of one strategy; more is a mistake. */
#define CHECK_FILES_MAX 64
/* `each` in each other, over all libraries: a file has 32 at most. */
#define CHECK_EACH_MAX (TALLY_NESTING_MAX * (TALLY_NESTING_MAX + 2))

typedef unsigned __int128 wide;
#define WIDE_MAX (~(wide)0)
#define BOUND_MAX ((wide)1 << 127) /* below it a value fits __int128 */

/* One statement in its place, after libraries were inserted. */
struct flat {
    struct statement *s; /* NULL with each_close */
    bool each_close;
    int32_t definition, line; /* what it became; -1 */
};

struct symbol_key {
    int32_t axis;
    struct str name;
};

struct checker {
    struct arena *arena;
    struct reporter *report;
    struct nodes nodes;
    struct tally_program *p;
    const struct strategy_library *library;
    struct str program_name;
    struct parsed *files[CHECK_FILES_MAX];
    int32_t n_files;
    struct flat *flat;
    int32_t n_flat, room_flat;
    bool open_names; /* names may come from elsewhere: unknown ones are silent */
    int32_t *slots;  /* symbols by hash, -1 free; a power of two */
    int32_t n_slots, room_symbols;
    struct statement **line_statement;       /* by line       */
    struct statement **definition_statement; /* by definition */
    tally_shape *line_each, *flag_each; /* axes of the `each` blocks around it */
    struct tally_set *facts_yes, *facts_no; /* by definition: what its yes or no proves agreed */
    int32_t n_optional;
    /* Digits that contracts agree on: round(x, d) with a count parameter d lets the unit of x be
     * printed with up to so many, where they are more than its own (R3: default 2). */
    int8_t agreed_digits[BASE_N];
};

/* ---- names.c ---------------------------------------------------------------------------- */
void names_collect(struct checker *c, struct parsed *main, const struct str *amendments,
                   size_t n_amendments);
void names_init_symbols(struct checker *c);
/* -1: none. */
int32_t names_find(const struct checker *c, int32_t axis, struct str name);
/* Adds a symbol; where the name is taken, reports N62 and returns -1. */
int32_t names_add_symbol(struct checker *c, enum tally_symbol_kind kind, int32_t axis,
                         struct name_at name, int32_t index);
/* The symbol of a name as written: "own", "lessee.area", "A.B". -1: none. */
int32_t names_look(const struct checker *c, struct str name);
void names_resolve(struct checker *c);
void names_order(struct checker *c);
/* The axis called so, or -1 after N61. Counts as a use. */
int32_t names_axis(struct checker *c, struct name_at name);
void names_warn_unused(struct checker *c);

/* ---- declare.c -------------------------------------------------------------------------- */
void declare_axes(struct checker *c);
void declare_sources(struct checker *c);
bool declare_unit(struct checker *c, const struct unit_text *text, struct tally_unit *out);
int16_t declare_choice(struct checker *c, const struct names *names);

/* ---- check.c ---------------------------------------------------------------------------- */
void check_statements(struct checker *c);

/* ---- check_reach.c ---------------------------------------------------------------------- */

/* On a program without errors: warns of what can never happen, and of exceptions that meet. */
void check_reach(struct checker *c);

/* ---- check_expr.c ----------------------------------------------------------------------- */

/* `facts`: optional parameters known to be agreed where the expression stands. */
void check_expr(struct checker *c, struct tally_expr *x, const struct tally_set *facts);
void check_call(struct checker *c, struct tally_expr *x, const struct tally_set *facts);
/* Decimals that a value of this unit may be printed with, agreed ones included. */
int check_printed_digits(const struct checker *c, const struct tally_unit *u);
/* What a yes, a no of x proves agreed. */
struct tally_set facts_if_yes(const struct checker *c, const struct tally_expr *x);
struct tally_set facts_if_no(const struct checker *c, const struct tally_expr *x);
/* False (and poison stays silent) unless x is a number with a last digit; `before` for T14. */
bool need_number(struct checker *c, const struct tally_expr *x, const char *before);
bool need_yes_no(struct checker *c, const struct tally_expr *x, const char *where);
/* Units of two numbers as one; false if they differ. */
bool join_units(const struct tally_type *a, const struct tally_type *b, struct tally_unit *out,
                bool *any);
/* Shape, absent, may_fail of b are added to a. */
void join_presence(struct checker *c, struct tally_type *a, const struct tally_type *b);
/* b joined to a as another branch: kind, unit, scale, bound. False after a message at `x`. */
bool join_branch(struct checker *c, struct tally_type *a, const struct tally_expr *x,
                 const char *what);
/* Sets the bound, or reports M81 and poisons. */
bool set_bound(struct checker *c, struct tally_expr *x, wide bound);
tally_shape close_shape(const struct checker *c, tally_shape s);
void poison(struct tally_expr *x);
wide mul_wide(wide a, wide b); /* WIDE_MAX where it does not fit */
wide add_wide(wide a, wide b);
wide pow10_wide(int n);
wide align_wide(wide bound, int from, int to); /* rounding up where to < from */
struct str type_text(struct checker *c, const struct tally_type *t);  /* "kWh", "yes/no" */
struct str shape_text(struct checker *c, tally_shape s);              /* "tou and lessee" */
struct str expr_text(struct checker *c, const struct tally_expr *x);  /* as written, one line */
struct str inner_text(struct checker *c, const struct tally_expr *x); /* without own parentheses */
__attribute__((format(printf, 2, 3))) struct str fix_text(struct checker *c, const char *fmt, ...);

static inline struct tally_set set_or(struct tally_set a, struct tally_set b)
{
    for (size_t i = 0; i < sizeof a.bits / sizeof a.bits[0]; i++) {
        a.bits[i] |= b.bits[i];
    }
    return a;
}
static inline struct tally_set set_and(struct tally_set a, struct tally_set b)
{
    for (size_t i = 0; i < sizeof a.bits / sizeof a.bits[0]; i++) {
        a.bits[i] &= b.bits[i];
    }
    return a;
}
static inline struct tally_set set_minus(struct tally_set a, struct tally_set b)
{
    for (size_t i = 0; i < sizeof a.bits / sizeof a.bits[0]; i++) {
        a.bits[i] &= ~b.bits[i];
    }
    return a;
}
static inline bool set_empty(struct tally_set a)
{
    uint64_t any = 0;
    for (size_t i = 0; i < sizeof a.bits / sizeof a.bits[0]; i++) {
        any |= a.bits[i];
    }
    return any == 0;
}
static inline void set_add(struct tally_set *a, int32_t bit)
{
    a->bits[bit / 64] |= (uint64_t)1 << (bit % 64);
}
static inline bool set_has(const struct tally_set *a, int32_t bit)
{
    return a->bits[bit / 64] >> (bit % 64) & 1;
}
#endif
