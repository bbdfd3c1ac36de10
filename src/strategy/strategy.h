/* strategy.h - Tally: the private agreement of a contract as a text that can be proved sound before
 * it is used, and recomputed bit for bit years later (结算策略).
 *
 * From text to money: parse, check, plan (once per strategy version), bind (once per order and
 * period), run, explain. The room touches neither database nor clock nor file: texts come in as
 * bytes, readings through a table of functions.
 *
 * Laws
 *  1. A strategy that loads is total: it has types, scales, magnitudes and shapes, and running it
 *     ends; no overflow is possible and nothing is checked per interval.
 *  2. Nothing rounds unless the text says so; nothing unrounded can be billed.
 *  3. Same bound plan, same readings: same lines, flags, state, explanation, byte for byte, on any
 *     machine and any number of threads. The decoder used makes no difference.
 *  4. Either a complete result or one named failure (code, line, key, first instant): never a part.
 *  5. Every name is defined once; one mistake in a text gives one message, two give two.
 *  6. Print after parse is the identity on the canonical layout; fmt changes no meaning.
 *  7. Every line has a trace to the readings, prices and parameters it came from.
 *
 * Language: docs/tally.md. A `struct strategy` is immutable and may be shared by threads;
 * everything lives in the arena it was made in.
 */
#ifndef SK_STRATEGY_STRATEGY_H
#define SK_STRATEGY_STRATEGY_H
#include "base/base.h"
#include "tariff/tariff.h"

struct strategy;       /* a checked and planned strategy */
struct strategy_bound; /* bound to one order and period  */

/* ---- messages --------------------------------------------------------------------------- */

struct strategy_message {
    struct str file;
    int32_t line, column;   /* from 1; column in characters */
    const char *code;       /* "T12" */
    struct str text;        /* "'at' needs a printed price: at most 6 decimals, this has 12" */
    struct str source;      /* the source line */
    int32_t caret, caret_n; /* columns to underline */
    struct str fix;         /* what can be pasted; may be empty */
    bool warning;
};
struct strategy_messages {
    const struct strategy_message *at;
    size_t n;
    size_t n_errors;
};
#define STRATEGY_TEXT_MAX (256u << 10) /* bytes of one file: 256 definitions fit 20 times over */
/* Prints one as section 9 of the language page shows, with the caret and the fix. */
void strategy_message_text(struct text *t, const struct strategy_message *m);

/* ---- load ------------------------------------------------------------------------------- */

/* How `use NAME` and `amendment .. of NAME` find their texts. False: there is none. */
struct strategy_library {
    void *ctx;
    bool (*find)(void *ctx, struct str name, struct str *file, struct str *text);
};

/* One file, with the amendments (0 or more names, found in the library) that belong to the
 * contract. OK, or ERR_INPUT with at least one error in *messages (which is always set; warnings
 * too). */
SK_MUST_USE enum err_code strategy_load(struct arena *arena, struct str file, struct str text,
                                        const struct strategy_library *library,
                                        const struct str *amendments, size_t n_amendments,
                                        struct strategy **out, struct strategy_messages *messages,
                                        struct err *e);
struct str strategy_name(const struct strategy *s);
struct str strategy_title(const struct strategy *s);
struct str strategy_about(const struct strategy *s); /* what it is for, in words; may be empty */
/* SHA-256 over the canonical text of strategy, libraries, amendments and the language version. */
struct sha256 strategy_hash(const struct strategy *s);
/* The canonical layout of a text (fmt). ERR_INPUT with messages where it does not parse. */
SK_MUST_USE enum err_code strategy_format(struct arena *arena, struct str file, struct str text,
                                          struct str *out, struct strategy_messages *messages,
                                          struct err *e);

/* ---- what a binding must give ----------------------------------------------------------- */

enum strategy_kind {
    STRATEGY_METER,
    STRATEGY_SERIES,
    STRATEGY_PRICE,
    STRATEGY_PARAM,
    STRATEGY_INPUT,
    STRATEGY_STATE
};
enum strategy_type { STRATEGY_NUMBER, STRATEGY_CHOICE, STRATEGY_YES_NO, STRATEGY_TABLE };
struct strategy_decl {
    enum strategy_kind kind;
    enum strategy_type type;
    struct str name, title;
    struct str group;  /* "" at the top; "resource.day" inside nested groups */
    struct str unit;   /* "yuan/kWh"; "ratio", "count"; "" for choices */
    struct str window; /* "" or the window's name */
    int32_t scale;     /* decimals accepted */
    bool optional, has_default, per_year;
    bool has_min, has_max, has_typical;
    struct decimal min, max;
    struct decimal low, high; /* typical: a value outside is a remark, never a failure */
    const struct str *choices;
    size_t n_choices;
    struct str default_text; /* as written */
    struct decimal default_number; /* of a number: 88% is {88, 2} */
};
size_t strategy_decls(const struct strategy *s, const struct strategy_decl **out);
struct strategy_group {
    struct str name, title, of; /* of: the outer group or "" */
    bool party;
    struct str unit;       /* `unit NAME` inside: the unit each member has for itself; or "" */
    struct str party_name; /* `party NAME` inside; "" when the member itself is the party */
};
size_t strategy_groups(const struct strategy *s, const struct strategy_group **out);
size_t strategy_parties(const struct strategy *s, const struct str **out);
size_t strategy_windows(const struct strategy *s, const struct str **out);
struct str strategy_window_title(const struct strategy *s, size_t window);

/* What a form shows besides: lines that can be billed, flags, and when a name is asked for at all.
 */
enum strategy_vat { VAT_NONE, VAT_INCLUDED, VAT_ON_TOP };
enum strategy_level { FLAG_WARN, FLAG_HOLD, FLAG_FAIL };
struct strategy_bill { /* one `line` of the text */
    struct str code, title; /* "SELF.tou" */
    struct str payer, payee, settled_by;
    enum strategy_vat vat;
    struct str vat_rate, when; /* as written; "" for none */
};
size_t strategy_bills(struct arena *a, const struct strategy *s, const struct strategy_bill **out);
struct strategy_alarm { /* one `flag` of the text */
    struct str code, title, when;
    enum strategy_level level;
};
size_t strategy_alarms(struct arena *a, const struct strategy *s,
                       const struct strategy_alarm **out);
/* Declaration `decl` is used only where each of these holds: the param `name` is one of `values`
 * (a choice; "yes" or "no"; for an optional one "agreed" or "absent"). Only conditions that one
 * choice decides alone; all have to hold. */
struct strategy_asked {
    struct str name;
    const struct str *values;
    size_t n_values;
};
size_t strategy_asked(struct arena *a, const struct strategy *s, size_t decl,
                      const struct strategy_asked **out);

/* ---- two texts compared ----------------------------------------------------------------- */

/* Added, removed or changed, in the order of the second text, removals last. Values are as written
 * in canonical layout; comments, layout and order are no difference. */
enum strategy_part_kind {
    PART_TITLE, PART_ABOUT, PART_PARTY, PART_GROUP, PART_WINDOW, PART_TABLE, PART_DECL,
    PART_DEFINITION, PART_EXCEPT, PART_NEXT, PART_LINE, PART_FLAG, PART_ORDER
};
struct strategy_change {
    enum strategy_part_kind part;
    enum strategy_kind kind;  /* of a declaration */
    const char *aspect;       /* "" the whole part, else "default" "vat" "payer" "digits" ... */
    struct str name;          /* of the part: "own_price", "SELF.tou" */
    struct str before, after; /* at == NULL: was not there, is no more */
    bool meaning;             /* false: titles and words only */
};
size_t strategy_diff(struct arena *a, const struct strategy *before, const struct strategy *after,
                     const struct strategy_change **out);
/* One sentence for people, in Chinese or English. */
void strategy_change_text(struct text *t, const struct strategy_change *c, bool chinese);

/* ---- bind ------------------------------------------------------------------------------- */

/* n intervals of `minutes` (1..1440) from `start`. */
struct strategy_axis {
    struct instant start;
    int32_t minutes;
    int32_t n; /* 0..35,136 */
};

struct strategy_row {
    bool rest, blank; /* rest: an unbounded `upto` row; blank: no value in this row */
    struct decimal bound, value;
};
struct strategy_setting { /* the value of a param, input or state */
    struct str name;
    enum strategy_type type;
    bool absent;           /* an optional parameter that was not agreed */
    struct decimal number; /* in the declared unit; ratios as 0.88 */
    struct str choice;
    bool yes;
    const struct strategy_row *rows;
    size_t n_rows;
};
struct strategy_feed { /* a meter or series */
    struct str name;
    int32_t source; /* the caller's number, handed back through struct strategy_data */
    int32_t digits; /* decimals of the values: 4 for readings, as given for series */
};
struct strategy_price_feed {
    struct str name;
    const int64_t *yuan_e6; /* by span key, TARIFF_NO_PRICE where there is none */
};
struct strategy_unit { /* an opaque unit of a group, as one member counts it */
    struct str name, unit;
    int32_t digits;
};

struct strategy_member; /* below */
struct strategy_members {
    struct str group;
    const struct strategy_member *at;
    size_t n;
};
struct strategy_part { /* the top, or one member of a group */
    const struct strategy_setting *settings;
    size_t n_settings;
    const struct strategy_feed *feeds;
    size_t n_feeds;
    const struct strategy_unit *units;
    size_t n_units;
    const struct strategy_members *groups; /* nested */
    size_t n_groups;
};
struct strategy_member {
    struct str name;  /* id in codes and parties: "S1" */
    struct str party; /* the party's name when the group says `party NAME`; else name */
    bool own_axis;    /* a session: its own intervals */
    struct strategy_axis axis;
    const struct tariff_span *span; /* for its own axis; NULL: the binding's */
    struct strategy_part part;
};
struct strategy_window {
    struct str name;
    struct strategy_axis axis;
};

struct strategy_binding {
    struct strategy_axis axis;      /* the period; minutes as metered */
    const struct tariff_span *span; /* covers every axis that is joined with tou; NULL if none is */
    const struct strategy_price_feed *prices;
    size_t n_prices;
    const struct strategy_window *windows;
    size_t n_windows;
    struct strategy_part top;
    struct str order_no; /* for messages */
};
/* Folds choices and absences; what is then unreachable is not asked for. ERR_INPUT (name "BIND")
 * says which setting or feed is missing, unknown or ill-typed, and what was expected. */
SK_MUST_USE enum err_code strategy_bind(struct arena *arena, const struct strategy *s,
                                        const struct strategy_binding *b,
                                        struct strategy_bound **out, struct err *e);

/* ---- run -------------------------------------------------------------------------------- */

enum strategy_quality { QUALITY_ACTUAL, QUALITY_ESTIMATED, QUALITY_MANUAL, QUALITY_MISSING };

struct strategy_seen { /* what the values of one source over a stretch were made of */
    int64_t n, n_estimated, n_manual, n_missing;
    int32_t first_missing; /* interval index, -1 if none */
    int64_t estimated;     /* sum of |values| marked E or M */
};

/* Where readings come from: filled by `settle` (the interval store) or by a case (vectors). Values
 * are scaled integers with the feed's digits. */
struct strategy_data {
    void *ctx;
    /* Sums of a source over the axis by key of the span (span NULL: one bucket). `sums` has n_keys
     * places. This is the fast path: linear parts of a strategy need nothing else. */
    enum err_code (*sums)(void *ctx, int32_t source, const struct strategy_axis *axis,
                          const struct tariff_span *span, int64_t *sums, struct strategy_seen *seen,
                          struct err *e);
    /* Values of intervals [first, first + n) of the axis; enum strategy_quality per interval. */
    enum err_code (*values)(void *ctx, int32_t source, const struct strategy_axis *axis,
                            int32_t first, int32_t n, int64_t *values, uint8_t *quality,
                            struct err *e);
};

struct strategy_line {
    struct str code, title; /* "SELF.valley@2" */
    struct str payer, payee;
    struct str settled_by;        /* "" or "grid" */
    bool has_quantity, has_price; /* price may be absent where it could not be formed */
    struct decimal quantity, price;
    struct str unit, price_unit;
    int64_t fen; /* with VAT_ON_TOP: the gross */
    enum strategy_vat vat;
    int32_t vat_e6;
    int64_t net_fen, vat_fen;
    /* The worst mark of the intervals behind the line at its own key: of its members, and its hour,
     * date and tou key as far as its quantities carry them; of all where they do not (a fee on a
     * total). A source known only by registers counts whole. */
    enum strategy_quality quality;
    int32_t estimated_e6; /* share of their energy that is marked E or M: sums of |values| */
    int32_t id;                    /* for strategy_explain */
};
struct strategy_flag {
    struct str code, title;
    enum strategy_level level;
};
struct strategy_printed {   /* a titled definition, per key where it has a value */
    struct str name, title; /* name carries the key: "g.valley@2", "baseline.U1.3" */
    bool absent;
    struct decimal value;
    struct str unit;
};
struct strategy_result {
    const struct strategy_line *lines;
    size_t n_lines;
    const struct strategy_flag *flags;
    size_t n_flags;
    const struct strategy_printed *printed; /* text order */
    size_t n_printed;
    const struct strategy_setting *next; /* states left behind (`next`) */
    size_t n_next;
    struct strategy_seen seen; /* over all meters used */
};
/* Failures carry e->name ("DIV_ZERO", "MISSING", "ALLOC_WEIGHT", ...) and the text
 * "order 20250700123: ALLOC_WEIGHT in BASIC (park.tally:47): weights ... are all zero". */
SK_MUST_USE enum err_code strategy_run(struct arena *arena, const struct strategy_bound *b,
                                       const struct strategy_data *data,
                                       struct strategy_result **out, struct err *e);

/* Any definition's values after a run, by name, whether titled or not: for `strategy test` and
 * `strategy try`. Returns the number of keys; key names as in strategy_printed. */
size_t strategy_values(struct arena *arena, const struct strategy_bound *b,
                       const struct strategy_result *r, struct str name,
                       const struct strategy_printed **out);

/* ---- explain ---------------------------------------------------------------------------- */

/* The arithmetic of a line, then each name in it once, down to the sources (section 7.6). What is
 * printed gives the amount again: weights of a split with their members, terms of a sum, values of
 * the contract. Taken as printed: readings added up, rows of tables, days chosen. */
void strategy_explain(struct arena *arena, const struct strategy_bound *b,
                      const struct strategy_result *r, int32_t line_id, struct text *t);
/* The sources a line came from, for the trace to intervals and registers. */
struct strategy_source_use {
    struct str name, member;
    int32_t source;
    struct strategy_axis axis;
};
size_t strategy_trace(struct arena *arena, const struct strategy_bound *b,
                      const struct strategy_result *r, int32_t line_id,
                      const struct strategy_source_use **out);
#endif
