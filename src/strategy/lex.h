/* lex.h - a Tally text as tokens, with the comments and blank lines that stand between them.
 *
 * The printer works on tokens too: the parser marks where a statement, a clause or a case begins,
 * and the layout follows from the marks alone. So printing can never change the meaning.
 */
#ifndef SK_STRATEGY_LEX_H
#define SK_STRATEGY_LEX_H
#include "strategy/message.h"
#include "strategy/tree.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_NUMBER, /* digits, point, percent sign */
    TOKEN_STRING, /* text is without the quotes   */
    TOKEN_MARK    /* punctuation                  */
};

/* Reserved words (language page, section 3). Some are usual names as well and reserved only where
 * the grammar asks for them: `rest` in a table's braces, agreed(..), table from/upto, per year, on
 * top, about ".." behind the head, typical before a number. */
enum word {
    WORD_NONE,
    WORD_STRATEGY, WORD_LIBRARY, WORD_AMENDMENT, WORD_OF, WORD_PARTY, WORD_WINDOW, WORD_USE,
    WORD_EXCEPT, WORD_WHEN, WORD_NEXT, WORD_LINE, WORD_FLAG, WORD_WARN, WORD_HOLD, WORD_FAIL,
    WORD_EACH, WORD_METER, WORD_SERIES, WORD_PRICE, WORD_PARAM, WORD_INPUT, WORD_STATE,
    WORD_COUNT, WORD_YES_NO, WORD_TABLE, WORD_FROM, WORD_UPTO, WORD_DIGITS, WORD_WITHIN, WORD_BY,
    WORD_OPTIONAL, WORD_PER, WORD_YEAR, WORD_GROUP, WORD_UNIT, WORD_VAT, WORD_ON, WORD_TOP,
    WORD_NO, WORD_SHOWING, WORD_SETTLED, WORD_ELSE, WORD_OR, WORD_AND, WORD_NOT, WORD_IS, WORD_AT,
    WORD_AGREED, WORD_IF, WORD_THEN, WORD_CHOOSE, WORD_TIME, WORD_IN, WORD_HOLIDAY, WORD_WORKDAY,
    WORD_HOURS, WORD_OVER, WORD_WHERE, WORD_ABOUT, WORD_TYPICAL,
    WORD_N
};

enum mark {
    MARK_NONE,
    MARK_LPAREN, MARK_RPAREN, MARK_LBRACE, MARK_RBRACE, MARK_COMMA, MARK_COLON, MARK_DOT,
    MARK_RANGE, MARK_ARROW, MARK_PLUS, MARK_MINUS, MARK_STAR, MARK_SLASH, MARK_ASSIGN, MARK_BAR,
    MARK_LT, MARK_LE, MARK_GT, MARK_GE
};

/* Where the layout may or must begin a new line; set by the parser. */
enum layout {
    LAYOUT_NONE,
    LAYOUT_STATEMENT, /* always a new line */
    LAYOUT_CLOSE,     /* a brace that closes a block of statements */
    LAYOUT_CASE,      /* of a choose or table: a new line if the braces do not fit in one */
    LAYOUT_ROW,       /* of a table: always a new line */
    LAYOUT_CASE_CLOSE,
    LAYOUT_CLAUSE,    /* of a line, and operators of a long expression: only if it is too long */
    LAYOUT_DROP       /* a comma between cases: printed only when they share a line */
};

struct comment {
    struct str text;   /* from the # on, no trailing blanks */
    bool blank_before; /* a blank line stands in front */
};

struct token {
    enum token_kind kind;
    enum word word;
    enum mark mark;
    struct str text;
    int32_t line, column, n; /* from 1, in characters */
    bool blank_before;       /* a blank line in front of the token (behind its comments) */
    struct comment *comments; /* lines of their own in front of it */
    int32_t n_comments;
    struct str trailing; /* a comment behind it on its line */
    /* for the printer */
    enum layout layout;
    bool tight;      /* no blank in front: unary minus' operand, call's parenthesis */
    bool unit;       /* part of a unit: no blanks around * and / */
    int32_t partner; /* CASE braces: token of the other brace */
};

struct tally_file {
    struct str name, text;
    struct token *tokens; /* ends with TOKEN_END */
    int32_t n_tokens;
};

/* Always makes a file; what cannot be a token is reported and left out. */
struct tally_file *lex_file(struct arena *a, struct str name, struct str text,
                            struct reporter *report);
struct str word_text(enum word w);
bool name_is_upper(struct str name); /* no lower-case letter: a literal part of a code */
#endif
