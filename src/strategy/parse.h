/* parse.h - statements as written, before names mean anything.
 *
 * The parser reports all errors of a file: after one it goes on at the next word that begins a
 * statement. What it could not read has a NULL expression, which the checker takes as poison.
 */
#ifndef SK_STRATEGY_PARSE_H
#define SK_STRATEGY_PARSE_H
#include "strategy/lex.h"

/* Nodes of a tree one below the other. Nesting is limited to 32, but "a + b + c .." is a deep tree
 * too: this keeps every walk over it within a thread's stack. */
#define PARSE_DEPTH_MAX 400

struct name_at {
    struct str name;
    struct tally_place at;
};
struct names {
    struct name_at *at;
    int32_t n;
};

/* A unit as written; opaque names are not known yet. */
struct unit_word {
    struct name_at name;
    bool divide;
};
struct unit_text {
    struct unit_word *at;
    int32_t n;
    bool count; /* the type `count` */
};

struct literal {
    bool given, negative;
    struct decimal number;
    struct unit_text unit;
    struct tally_place at;
};

enum type_word { TYPE_UNIT, TYPE_YES_NO, TYPE_CHOICE, TYPE_TABLE };
struct type_text {
    enum type_word kind;
    struct unit_text unit;     /* UNIT; TABLE: of the results */
    struct unit_text from;     /* TABLE */
    bool upto;                 /* TABLE */
    struct names choices;
    struct tally_place at;
};
struct table_row {
    bool rest;
    struct literal bound, value;
};

enum statement_kind {
    STATEMENT_PARTY, STATEMENT_DECL, STATEMENT_GROUP, STATEMENT_TABLE, STATEMENT_WINDOW,
    STATEMENT_USE, STATEMENT_DEFINE, STATEMENT_EXCEPT, STATEMENT_NEXT, STATEMENT_LINE,
    STATEMENT_FLAG, STATEMENT_EACH,
    STATEMENT_UNIT /* inside a group */
};

struct statement {
    enum statement_kind kind;
    struct statement *next;  /* in the same block */
    struct statement *first; /* of the block: GROUP, EACH */
    struct name_at name;     /* what it declares or refers to; party of a group: may be empty */
    struct str title;
    struct names names;      /* PARTY */
    struct name_at of;       /* GROUP */
    bool broken;             /* a part could not be read: poison */
    bool poisoned;           /* names of it mean nothing: its users are silent */
    int32_t each_axis;       /* EACH */
    int32_t node_from, node_to; /* its expressions' nodes, by id */
    /* DECL, TABLE */
    enum strategy_kind decl;
    struct type_text type;
    bool optional, per_year, has_digits, has_within, has_typical;
    int32_t digits;
    struct tally_place digits_at, optional_at, per_year_at, by_at, within_at, typical_at;
    struct tally_place initial_at;
    struct name_at by;
    struct literal min, max; /* within */
    struct literal low, high; /* typical */
    struct tally_expr *initial;
    struct table_row *rows;
    int32_t n_rows;
    /* DEFINE, EXCEPT, NEXT, LINE, FLAG */
    struct tally_expr *body, *when;
    struct tally_code code;
    struct tally_party payer, payee, settled_by;
    enum strategy_vat vat;
    bool vat_said;
    struct tally_expr *vat_rate, *showing;
    enum strategy_level level;
};

enum file_kind { FILE_STRATEGY, FILE_LIBRARY, FILE_AMENDMENT };
struct parsed {
    enum file_kind kind;
    struct name_at name, of;
    struct str title, about;
    struct statement *first;
    struct tally_file *file;
    int16_t index; /* of the file */
    bool lost;     /* a statement without a name could not be read */
};

/* Nodes of all files of a program share one numbering. */
struct nodes {
    struct arena *arena;
    struct tally_expr **at;
    int32_t n, room;
};

struct parsed *parse_file(struct nodes *nodes, struct reporter *r, struct str name,
                          struct str text);

/* ---- between parse.c (statements) and parse_expr.c -------------------------------------- */

struct parser {
    struct arena *arena;
    struct nodes *nodes;
    struct reporter *report;
    struct tally_file *file;
    int16_t index;
    int32_t at;          /* token */
    int32_t nesting;
    bool lost;           /* see struct parsed */
    bool failed;         /* this statement has an error: skip to the next one */
    bool row;            /* inside a table's braces: a unit may stand before ':' */
    bool condition;      /* of `except`: a name and '=' may follow on a new line */
    bool type;           /* inside a type: what follows / or * is a unit */
    struct str bounded;  /* in `within` and `typical`: the unit of the declaration; behind it a '='
                            is the default's, not a definition's */
    int32_t open;        /* braces of choose and table that are open */
    int32_t brackets;    /* parentheses that are open: the layout does not break inside */
    int32_t blocks;      /* blocks of group and each that are open */
    struct names opaque; /* names of `unit NAME` in this file */
};

const struct token *parse_peek(const struct parser *p);
struct token *parse_token(struct parser *p);      /* takes one; END stays */
bool parse_is_mark(const struct parser *p, enum mark m);
bool parse_is_word(const struct parser *p, enum word w);
bool parse_take_mark(struct parser *p, enum mark m);
bool parse_take_word(struct parser *p, enum word w);
bool parse_need_mark(struct parser *p, enum mark m, const char *what);
bool parse_need_word(struct parser *p, enum word w);
bool parse_need_name(struct parser *p, const char *what, struct name_at *out);
/* `name =` at the start of a line: the statement before it has ended. */
bool parse_begins_definition(const struct parser *p);
/* Reports "expected .., found ..", once per statement. */
void parse_expected(struct parser *p, const char *what);
struct tally_place parse_place(const struct parser *p, int32_t token);
void parse_layout(struct parser *p, enum layout l); /* of the token to come */
void parse_may_break(struct parser *p); /* LAYOUT_CLAUSE, outside parentheses */
bool parse_unit(struct parser *p, struct unit_text *out);
bool parse_number(struct parser *p, struct decimal *out); /* digits and percent sign only */
void names_add(struct parser *p, struct names *list, struct name_at name);

/* NULL after an error (reported). */
struct tally_expr *parse_expr(struct parser *p);
struct tally_expr *parse_sum(struct parser *p);
#endif
