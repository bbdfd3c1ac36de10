/* generate_expr.h - what the halves of the generator share: names that exist so far
 * (generate_names.c), expressions grown from them (generate_expr.c), statements (generate.c). */
#ifndef SK_TESTS_GENERATE_EXPR_H
#define SK_TESTS_GENERATE_EXPR_H
#include "generate.h"

enum { KWH, KW, YUAN, PRICE, RATIO, UNITS };
extern const char *const UNIT_WORD[UNITS];
extern const char *const UNIT_AFTER[UNITS];
extern const int PRINTED[UNITS];
extern const int DECL_SCALE[UNITS];
extern const int BOUND[UNITS]; /* decimal digits before the point */

/* Axes; B is a group inside A; S has intervals of its own; W is a window. */
enum { I = 1, H = 2, D = 4, T = 8, A = 16, B = 32, S = 64, W = 128 };
extern const char *const AXIS_WORD[];
enum { N_AXES = 8, CLOCK = H | D | T, GROUPS = A | B | S };

#define DEPTH 4
#define ATOMS_MAX 200

struct gx { /* an expression */
    const char *t;
    int scale;
    unsigned shape;
    double size; /* log10 of its largest value */
};
struct atom { /* something with a name */
    const char *name;
    bool yes_no, feed;
    int unit, scale;
    unsigned shape;
    double size;
};
struct choice {
    const char *name;
    unsigned shape;
    int n;
};
struct gen {
    struct rng rng;
    struct arena *a;
    unsigned axes; /* that this program has */
    bool driver;   /* sessions name their party */
    bool own_unit; /* sites count in a unit of their own */
    struct text top, group_a, group_b, group_s, body, late;
    struct atom atom[ATOMS_MAX];
    int n_atoms;
    struct choice choice[16];
    int n_choices;
    struct atom optional[8];
    int n_optional;
    int n_names;
    size_t cut[64]; /* where statements of the body begin */
    int n_cuts;
};

int gen_below(struct gen *g, int n);
bool gen_chance(struct gen *g, int percent);
const char *gen_name(struct gen *g, const char *stem);
unsigned gen_closed(unsigned shape); /* with outer groups, times as intervals know them */
/* May something of this shape stand where `allow` are the axes? Times are looked up. */
bool gen_fits(unsigned shape, unsigned allow);
const char *gen_in(struct gen *g, unsigned shape, const char *name);
struct atom *gen_keep(struct gen *g, struct atom a);
struct gx gen_of(const struct atom *a);
/* A parameter or input; in a group its shape is the group. */
struct gx gen_param(struct gen *g, int unit, unsigned shape);
void gen_feed(struct gen *g, const char *kind, int unit, unsigned shape);
const struct choice *gen_choice(struct gen *g, unsigned allow);
const struct atom *gen_optional(struct gen *g, int unit); /* unit -1: any; NULL: no more */

/* A number of that unit with at least the axes `must`, at most those of `allow`. */
struct gx gen_num(struct gen *g, int unit, unsigned allow, unsigned must, int depth);
struct gx gen_yes(struct gen *g, unsigned allow, unsigned must, int depth);
struct gx gen_rounded(struct gen *g, struct gx x, int most);
/* Joins two expressions by a pattern in which 1 and 2 stand for them. */
struct gx gen_both(struct gen *g, const char *fmt, struct gx a, struct gx b);
/* One of two operands must have the axes; the other may. */
void gen_pair(struct gen *g, int ua, int ub, unsigned allow, unsigned must, int depth, struct gx *a,
              struct gx *b);
#endif
