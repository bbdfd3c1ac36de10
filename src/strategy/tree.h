/* tree.h - the private contract between the halves of Tally: what the checker leaves for the
 * planner, the explainer and the tests' reference evaluator.
 *
 * A `struct tally_program` is one strategy with its libraries (`use` inserted where it stands) and
 * amendments (appended). Expressions are a tree of nodes; each node has an id, dense from 0 over
 * the whole program, so that others can keep side tables. Everything is immutable after
 * tally_load() and lives in its arena.
 *
 * Laws
 *  1. After a load without errors every node has a type with kind, unit, scale, shape, bound and
 *     presence, and every name is resolved (`symbol`). There is no TALLY_POISON left.
 *  2. A reference is a node TALLY_NAME (`own`, `SELF`, `grid`) or TALLY_MEMBER (`lessee.area`,
 *     `day.load`) and `symbol` says what it means; symbols[symbol].index is the place in the array
 *     of its kind. A definition is `definitions[index]`, a line's code is `lines[index]`.
 *  3. A reference to a line's code is what the line bills: its amount in yuan, scale 2, the shape
 *     of the line; zero for each key where its `when` does not hold. An amount beyond 10^12 yuan
 *     is the failure RANGE of the order, so references are bounded by that.
 *  4. The value of a definition is, per key, the exception whose `when` is yes there, else the
 *     body; two exceptions true for one key are the failure EXCEPTION_CONFLICT. Its type (scale,
 *     bound, presence) covers body and exceptions.
 *  5. Shapes are closed: a nested group (`group day of resource`) always comes with its outer axis
 *     {resource, day}; with INTERVAL in a shape HOUR, DATE and TOU are not (they are looked up).
 *  6. Only the quotients TALLY_DIV and TALLY_FN_MEAN have scale TALLY_NO_SCALE, and each is the
 *     first argument of a round or round_down, of nothing else. That call's `type.bound` is the
 *     RANGE limit of its result (inclusive, in units of 10^-scale): that of its unit; without a
 *     unit 100 (a ratio), or 10^6 if rounded to 0 digits (a count). Other bounds never fail.
 *  7. Definitions and lines refer to each other without cycles; `order` lists them so that what is
 *     used comes first.
 *
 * Meaning that the language page leaves to the implementers, fixed here for planner and reference:
 *  a. `and`, `or` are symmetric: a side that is no (yes) decides whatever the other side is, absent
 *     or failed. If neither decides: absent or failed wins, the left side's first.
 *  b. `x else y` takes y for a key where x is absent, or where an operation written inside x (not
 *     behind a name) failed. A failure behind a name passes through. Missing always passes.
 *  c. Operands of + - min max if-branches comparisons are aligned to the larger scale, exactly.
 *     `is` on numbers compares values.
 *  d. `where` joins its own axes to those of the argument; keys where it is no are left out. The
 *     sum of nothing is 0, count 0, any no, all yes; max, min, mean of nothing fail with EMPTY.
 *     count, any, all take yes/no. An absent item makes the aggregate absent.
 *  e. `hours` is the length of the settled period in hours, unit h, scale 2 (a period is a whole
 *     number of 0.01 h, refused at binding otherwise); constant, also among sessions.
 *     `holiday`, `workday` vary by date, `time in` by interval (half open, on the start of the
 *     interval; an end at or before the start passes midnight). HOUR is each clock hour of the
 *     period, not the hour of day. `month in a..b` (1 to 12) and `weekday in a..b` (1 Monday to 7
 *     Sunday) vary by date; both ends are in, and a > b passes the end of the year or week.
 *  f. missing(x): x is the name of a meter, series or price, nothing else. Its shape is x's.
 *  g. power(x) keeps the scale: times 60 / minutes, exact for minutes that divide 60. Other
 *     interval lengths are refused at binding. power_factor(p, q) has scale 2.
 *  h. Defaults are constants: number (sign allowed), choice, yes or no. No other expression.
 *  i. price and state stand at the top only; meter, series, param, input also in groups.
 *     A state without `next` is carried on unchanged. `next` beyond the bound of its declaration
 *     is the failure RANGE.
 *  j. allocate: x has scale at most the printed digits of its unit, the result has exactly those.
 *  k. round(x, d) with a parameter d: the result's scale is the upper end of its `within` (or of x
 *     if smaller); the value is rounded to d digits.
 */
#ifndef SK_STRATEGY_TREE_H
#define SK_STRATEGY_TREE_H
#include "strategy/strategy.h"

/* ---- limits (language page, section 8) -------------------------------------------------- */
#define TALLY_DEFINITIONS_MAX 256
#define TALLY_LINES_MAX 64
#define TALLY_NESTING_MAX 32
#define TALLY_AXES_MAX 32       /* bits of a shape: four of time, the rest groups and windows */
#define TALLY_OPTIONAL_MAX 128  /* optional parameters: bits of a presence set                */
#define TALLY_OPAQUE_MAX 8      /* opaque units, one per group: exponents in struct tally_unit */
#define TALLY_SCALE_MAX 30      /* decimals of a product; 38 digits are all of 127 bits       */
#define TALLY_ERRORS_MAX 200    /* messages of one load; a text with more is not a strategy   */

/* ---- types ------------------------------------------------------------------------------ */

/* A unit is a product of powers. kWh is kW * h: the one identity there is. */
enum tally_base {
    BASE_KW, BASE_H, BASE_KVARH, BASE_KVA, BASE_M3, BASE_YUAN, BASE_PIECE, BASE_CALL, BASE_MIN,
    BASE_DAY, BASE_MONTH, BASE_M2, BASE_DEGREE_DAY,
    BASE_OPAQUE, /* first of the opaque ones: BASE_OPAQUE + index in program->opaques */
    BASE_N = BASE_OPAQUE + TALLY_OPAQUE_MAX
};
struct tally_unit {
    int8_t exp[BASE_N]; /* all zero: ratio or count */
};

/* Axes 0..3 are the builtin ones; then groups and windows in text order. A shape is a set. */
enum { AXIS_INTERVAL, AXIS_HOUR, AXIS_DATE, AXIS_TOU, AXIS_FIRST };
typedef uint32_t tally_shape;
#define SHAPE(axis) ((tally_shape)1 << (axis))
#define SHAPE_CLOCK (SHAPE(AXIS_HOUR) | SHAPE(AXIS_DATE) | SHAPE(AXIS_TOU))

struct tally_set { /* optional parameters, by tally_decl.optional_bit */
    uint64_t bits[TALLY_OPTIONAL_MAX / 64];
};

enum tally_kind {
    TALLY_POISON,
    TALLY_NUMBER,
    TALLY_YES_NO,
    TALLY_CHOICE,
    TALLY_PARTY,
    TALLY_TABLE
};

#define TALLY_NO_SCALE (-1)
struct tally_type {
    enum tally_kind kind;
    bool any_unit;          /* NUMBER: a bare 0, it fits every unit                               */
    bool may_fail;          /* an operation inside or behind a name may fail at run               */
    bool may_blank;         /* may be absent for another reason: blank table row, power_factor    */
    int8_t scale;           /* NUMBER: decimals; TALLY_NO_SCALE for a quotient. TABLE: of results */
    int16_t choice;         /* CHOICE: index in program->choices                                  */
    tally_shape shape;      /* axes it varies by                                                  */
    struct tally_unit unit; /* NUMBER; TABLE: of the results                                      */
    struct tally_set absent; /* optional parameters whose absence makes it absent                 */
    unsigned __int128 bound; /* NUMBER: largest |value| in units of 10^-scale, < 2^127           */
};
/* A node whose bound fits runs in int64, others in __int128. */
static inline bool type_is_wide(const struct tally_type *t)
{
    return t->bound > (unsigned __int128)INT64_MAX;
}

/* ---- places and text -------------------------------------------------------------------- */

struct tally_place {
    int16_t file;         /* index in program->files */
    int32_t token;        /* in that file            */
    int32_t line, column; /* from 1; in characters   */
    int32_t n;            /* characters to underline */
};

/* ---- expressions ------------------------------------------------------------------------ */

enum tally_op {
    /* leaves */
    OP_NUMBER,  /* `number`; its unit is type.unit                                               */
    OP_NAME,    /* `symbol`: decl, definition, line, party, group (as its member party), table   */
    OP_MEMBER,  /* `symbol`: a declaration inside a group, or a named party of its members       */
    OP_CHOICE,  /* `alternative` of type.choice: right side of `is`, a default                   */
    OP_YES, OP_NO, /* defaults only                                                              */
    OP_AGREED,  /* `symbol`: an optional param or input; yes/no, never absent; its shape         */
    OP_TIME_IN, /* minutes `from_min` until `to_min` of the day; shape {interval}                */
    OP_HOLIDAY, OP_WORKDAY, /* shape {date}                                                      */
    OP_MONTH_IN, OP_WEEKDAY_IN, /* `from_min` to `to_min`, both included; shape {date}           */
    OP_HOURS,   /* the period in hours                                                           */
    /* args[0] */
    OP_NEG, OP_NOT,
    /* args[0], args[1] */
    OP_ADD, OP_SUB, OP_MUL, OP_DIV,
    OP_AT,      /* quantity, price: round(q * p, 2) in yuan; remembers both                      */
    OP_LT, OP_LE, OP_GT, OP_GE, OP_IS, OP_IS_NOT,
    OP_AND, OP_OR, OP_ELSE,
    OP_IF,      /* condition, then, else                                                         */
    OP_CHOOSE,  /* args[0] selects (NAME or MEMBER of a choice), args[1 + i] is case i; after the
                   check case_of[alternative] is the index in args of that alternative's case    */
    OP_CALL     /* `fn`, args                                                                    */
};

enum tally_fn {
    FN_ROUND, FN_ROUND_DOWN, /* x, digits (NUMBER or a count param)                              */
    FN_MIN, FN_MAX,          /* two or more arguments: of these, per key                         */
    FN_POS, FN_ABS, FN_CLAMP,
    FN_LOOKUP,               /* args[0] NAME or MEMBER of a table, args[1]                       */
    FN_POWER, FN_POWER_FACTOR, FN_MISSING,
    /* aggregates: args[0] the value; `where` or NULL; `inner`, `gone`, `gained` say the axes    */
    FN_SUM, FN_MAX_OF, FN_MIN_OF, FN_MEAN, FN_COUNT, FN_ANY, FN_ALL,
    /* selections, yes/no along axis `along`: LATEST args n; HIGHEST, MIDDLE args n, key         */
    FN_LATEST, FN_HIGHEST, FN_MIDDLE,
    FN_ALLOCATE              /* args x, w; `along` the axis it splits over                       */
};

struct tally_expr {
    int32_t id;
    enum tally_op op;
    enum tally_fn fn;
    struct tally_place at;     /* what a message points to: the operator, the name, the function */
    int32_t first, last;       /* tokens of at.file that the node covers                         */
    bool parens;               /* written in parentheses                                         */
    int32_t n_args;
    struct tally_expr **args;
    struct str name;           /* NAME, MEMBER ("lessee.area"), CHOICE, AGREED, CALL: as written  */
    int32_t symbol;            /* -1 for none                                                    */
    int16_t alternative;       /* CHOICE                                                         */
    int16_t from_min, to_min;  /* TIME_IN; months or weekdays of MONTH_IN, WEEKDAY_IN            */
    struct decimal number;     /* NUMBER: 88% is {88, 2}                                         */
    const int32_t *case_of;    /* CHOOSE                                                         */
    const struct str *cases;   /* CHOOSE: names as written, of args[1 + i]                       */
    int32_t along;             /* axis of LATEST HIGHEST MIDDLE ALLOCATE, else -1                */
    const struct str *axes;    /* names after by or over, as written                             */
    int32_t n_axes;
    bool by;                   /* `by` (names what stays); else `over`, or nothing written       */
    struct tally_expr *where;  /* NULL: no filter                                                */
    int16_t depth;             /* of the tree below: bounds every walk                           */
    bool bare_zero;            /* NUMBER: 0 without unit or percent sign                         */
    struct unit_text *units;   /* the parser's own: the unit as written, places of names         */
    struct tally_place *axis_at, *case_at;
    tally_shape inner;         /* aggregates and selections: axes of argument and where together */
    tally_shape gone;          /* aggregates: axes that are reduced                              */
    tally_shape gained;        /* aggregates: HOUR, DATE, TOU looked up from INTERVAL            */
    struct tally_type type;
};

/* ---- names ------------------------------------------------------------------------------ */

enum tally_symbol_kind {
    SYMBOL_PARTY,        /* index in parties                                      */
    SYMBOL_MEMBER_PARTY, /* `party NAME` inside a group; index = the axis         */
    SYMBOL_AXIS,         /* interval hour date tou, a group or window; index in axes */
    SYMBOL_DECL,         /* meter .. state, at the top or in a group; index in decls */
    SYMBOL_TABLE,        /* an inline table; index in tables                      */
    SYMBOL_DEFINITION,   /* index in definitions                                  */
    SYMBOL_LINE          /* a line's code without its axes; index in lines        */
};
struct tally_symbol {
    enum tally_symbol_kind kind;
    struct str name;        /* within its group: "area"                            */
    int32_t axis;           /* the group it is declared in; -1 at the top          */
    int32_t index;
    struct tally_place at;
    int32_t uses;
    bool poisoned;          /* in error: its users are silent (errors only)        */
    bool shared_code;       /* LINE: several lines have this code, none refers to it */
};

struct tally_axis {
    struct str name, title;
    bool group, window;
    bool party;             /* group: its members are parties, or have one          */
    struct str party_name;  /* `party NAME`: "lessee.NAME" is the party; "" if the member is it */
    int32_t outer;          /* `group day of resource`: the axis of resource; else -1 */
    tally_shape closure;    /* itself and all outer axes                            */
    int32_t opaque;         /* index of its opaque unit in program->opaques; -1      */
    int32_t length;         /* most keys: interval 35136, hour 8784, date 366, tou 64, group 4096 */
    struct tally_place at;
    int32_t symbol;
};

struct tally_table { /* an inline table, and the type of a `param .. : table` (then without rows) */
    struct str name;
    bool upto;              /* first row with x <= bound; else `from`: last row with bound <= x */
    struct tally_unit from, to;
    int8_t from_scale, to_scale; /* to which rows are brought, see strategy_decl.scale           */
    unsigned __int128 to_bound;
    const struct strategy_row *rows; /* rest: has no bound */
    int32_t n_rows;
    struct tally_place at;
    int32_t symbol;
};

struct tally_decl {
    enum strategy_kind kind;
    struct str name, title;
    int32_t axis;           /* the group it stands in; -1 at the top                   */
    int32_t window;         /* `by before`: that axis; INTERVAL for other meters, series; or -1 */
    struct tally_type type; /* of a reference to it: shape, unit, scale, bound, absent */
    const struct tally_table *table; /* TABLE params                                   */
    bool optional, per_year, has_min, has_max, has_typical;
    bool count;             /* declared as `count`, else a ratio where there is no unit   */
    struct decimal min, max;
    struct decimal low, high; /* typical: the usual range, never a failure            */
    int32_t optional_bit;   /* in struct tally_set; -1                                 */
    struct tally_expr *initial; /* default: NUMBER, NEG of it, CHOICE, YES, NO; NULL   */
    struct tally_place at;
    int32_t symbol;
};

struct tally_choice {
    const struct str *names;
    int32_t n;
};

/* ---- statements ------------------------------------------------------------------------- */

struct tally_except {
    struct tally_expr *when, *body;
    struct tally_place at;
};
struct tally_definition {
    struct str name, title;
    struct tally_expr *body;
    const struct tally_except *excepts; /* in text order, amendments last */
    int32_t n_excepts;
    struct tally_type type;
    bool curve;             /* varies by interval, hour or a window: not printed     */
    struct tally_place at;
    int32_t symbol;
};

struct tally_part { /* of a code: `SELF` is literal, `tou` an axis */
    struct str text;
    int32_t axis;           /* -1: literal */
};
struct tally_code {
    struct str name;        /* the literal parts joined by dots: what refers to it */
    struct tally_part *parts;
    int32_t n_parts;
    struct tally_place at;
};
struct tally_party { /* one side of a line */
    struct str name;        /* as written: "grid", "lessee", "session.driver"         */
    int32_t symbol;         /* PARTY, AXIS (a group whose members are parties), MEMBER_PARTY */
    int32_t axis;           /* the group, or -1                                       */
    struct tally_place at;
};
struct tally_line {
    struct tally_code code;
    struct str title;
    struct tally_party payer, payee;
    struct tally_expr *amount;
    enum strategy_vat vat;
    struct tally_expr *vat_rate;      /* NULL with VAT_NONE                           */
    struct tally_expr *when;          /* NULL: always                                 */
    struct tally_expr *showing;       /* an OP_AT whose product is not the amount */
    struct tally_party settled_by;    /* name.n == 0: nobody said                     */
    tally_shape shape;                /* axes of the code and the parties = of the amount */
    int32_t symbol;
};
struct tally_flag {
    struct tally_code code;
    enum strategy_level level;
    struct str title;
    struct tally_expr *when;
    tally_shape shape;
};
struct tally_next {
    int32_t decl;
    struct tally_expr *body;
    struct tally_place at;
};

/* Lines and flags in the order of the text; EACH_OPEN..EACH_CLOSE brackets print once per key. */
enum tally_item_kind { ITEM_LINE, ITEM_FLAG, ITEM_EACH_OPEN, ITEM_EACH_CLOSE };
struct tally_item {
    enum tally_item_kind kind;
    int32_t index; /* of the line or flag; EACH: the axis */
};
struct tally_step { /* law 7 */
    bool line;
    int32_t index; /* in definitions or lines */
};

struct tally_file; /* text and tokens, private to lexer, parser and printer */

struct tally_program {
    struct str name, title, about;
    bool library;           /* a library alone: open names are allowed, it cannot be planned */
    const struct tally_file *const *files;
    int32_t n_files;        /* [0] is the strategy */
    struct tally_symbol *symbols;   int32_t n_symbols;
    struct str *parties;            int32_t n_parties;
    struct tally_axis *axes;        int32_t n_axes;
    struct str *opaques;            int32_t n_opaques; /* names of opaque units */
    struct tally_choice *choices;   int32_t n_choices;
    struct tally_decl *decls;       int32_t n_decls;
    struct tally_table *tables;     int32_t n_tables;
    struct tally_definition *definitions; int32_t n_definitions;
    struct tally_line *lines;       int32_t n_lines;
    struct tally_flag *flags;       int32_t n_flags;
    struct tally_next *nexts;       int32_t n_nexts;
    struct tally_item *items;       int32_t n_items;
    struct tally_step *order;       int32_t n_order;
    struct tally_expr **exprs;      int32_t n_exprs;   /* by id */
};

/* Parse, insert libraries and amendments, check. OK, or ERR_INPUT with messages (always set). */
SK_MUST_USE enum err_code tally_load(struct arena *arena, struct str file, struct str text,
                                     const struct strategy_library *library,
                                     const struct str *amendments, size_t n_amendments,
                                     struct tally_program **out,
                                     struct strategy_messages *messages, struct err *e);

/* ---- words for messages, explain and print ---------------------------------------------- */

struct str tally_file_name(const struct tally_program *p, struct tally_place at);
/* The canonical text of an expression: "round(grid_price * discount, 4)". */
struct str tally_expr_text(struct arena *a, const struct tally_program *p,
                           const struct tally_expr *x);
/* "SELF.tou" (form.c). */
struct str tally_code_text(struct arena *a, const struct tally_code *code);
/* Canonical text of all files, the strategy first: what the hash is taken over. */
struct str tally_canonical(struct arena *a, const struct tally_program *p);
/* "kWh", "yuan/kWh", "kW*day", "" for ratio and count. */
void text_unit(struct text *t, const struct tally_program *p, const struct tally_unit *u);
/* Decimals with which a value of this unit is printed (section 4). Ratios and counts have the same
 * empty unit: 6. */
int unit_printed_digits(const struct tally_unit *u);
int unit_only_base(const struct tally_unit *u); /* kW * h counts as kW; -1: a product, or none */
struct tally_unit unit_of_base(enum tally_base b);
struct tally_unit unit_mul(struct tally_unit a, struct tally_unit b);
struct tally_unit unit_div(struct tally_unit a, struct tally_unit b);
bool unit_eq(const struct tally_unit *a, const struct tally_unit *b);
bool unit_is_none(const struct tally_unit *u);
bool unit_is_opaque(const struct tally_unit *u); /* carries the own unit of a group */
/* What strategy_load() makes (strategy.c). A library loaded alone has no plan. */
struct strategy_plan;
struct strategy {
    const struct tally_program *program;
    struct sha256 hash;
    const struct strategy_plan *plan;
    const struct strategy_decl *decls;
    size_t n_decls;
    const struct strategy_group *groups;
    size_t n_groups;
    const struct str *windows;
    size_t n_windows;
};
/* decls.c: the lists of a strategy, from its program. */
void strategy_describe(struct arena *arena, struct strategy *s);
/* plan.c: called by strategy_load() on a program without errors. */
SK_MUST_USE enum err_code strategy_plan_make(struct arena *arena, const struct tally_program *p,
                                             const struct strategy_plan **out, struct err *e);
#endif
