/* contract.h - who owes whom for what: contracts, orders, and the strategy texts they name.
 *
 * A settlement needs everything an agreement fixed, as it stood in the period: which strategy,
 * which calendar and price books, which meters, which parties, which values. A contract (合同) says
 * this in versions; an order (订单) says that money flows for it, for which stations and between
 * which accounts.
 *
 * Laws
 *  1. A version of a contract is immutable but for its end; a change is a new version from a day
 * on, and ends the one before it on that day.
 *  2. A station is bound by at most one contract on any day, and an order has no twin in its time:
 *     tested in the transaction that writes (ERR_CONFLICT names the other one).
 *  3. A strategy version is immutable; publishing the same text again changes nothing.
 *  4. A contract names the exact versions of its strategy and amendments, and those of their
 *     libraries: what it meant can be read for ever.
 *  5. A row is visible to the organisations that are party to it (product.md 5.1).
 *  6. A value with effective dates is the one in force on the first day of the stretch that is
 *     settled; each date of a change inside the validity starts a version of the contract of its
 *     own, so that a period is split there into two statements (settlement-rules 6.3).
 *  7. What happens in one period and is no agreement is a fact of it (本期事实): appended as a new
 *     version, never edited; a settlement names the version it used.
 *  8. A session (会话) is indivisible and belongs to the period in which it ends
 *     (settlement-rules 5.9); two sessions of one group never share an interval of a meter.
 *  9. A contract names only a strategy version that is active or was: one that passed its cases,
 *     was shadowed over the orders it will touch and that two persons agreed on.
 * 10. The active versions of a strategy follow each other by day, without overlap or hole.
 *
 * Terms, the JSON text of a version. Ids are strings; numbers decimal strings in the declared unit
 * (ratios as "0.88"). `title`s of a strategy's declarations say what each name means.
 *
 *     { "parties":  { "consumer": "ORG", "investor": "ORG", "grid": "ORG" },
 *       "calendar": "zj", "category": "", "dates": { "HEAT": ["2026-07-03"] },
 *       "prices":   { "grid_price": "zj-1-10kv" },
 *       "meters":   { "gen": "POINT", "export": "POINT" },
 *       "series":   { "spot_price": { "point": "POINT", "digits": 6 } },
 *       "settings": { "discount": "0.88", "price_mode": "discount", "carry": true, "floor": null,
 *                     "tiers": [["0.95", "1"], [null, "0.5"]] },
 *       "units":    { "area": { "unit": "m2", "digits": 2 } },
 *       "groups":   { "lessee": [ { "name": "T1", "party": "SHOP", "org": "ORG", "settings": {},
 *                                   "meters": {}, "series": {}, "units": {}, "groups": {} } ] } }
 *
 * null is an optional parameter that was not agreed; a row [null, x] has no upper bound, [x, null]
 * no value. Every key may be left out. Unknown keys are refused with their place.
 *
 * More that terms may say:
 *
 *     { "settings": { "discount": { "2026-01-01": "0.88", "2027-01-01": "0.86" } },
 *       "scale_to_register": true,
 *       "axis": "event",
 *       "windows": { "before": { "of": "event", "minutes": 120 } },
 *       "groups": { "resource": [ { "name": "U1", "meters": { "load": "POINT" }, "groups":
 *                       { "day": { "days": { "of": "event", "look_back": 45 } } } } ],
 *                   "session": { "places": [ { "name": "C1", "meters": { "charge": "POINT" } } ],
 *                                "members": [] } } }
 *
 * - A setting by effective date: law 6.
 * - scale_to_register: the sums of a period are scaled to the register (settlement-rules 3.2).
 * - axis: the intervals settled are those of this window of the facts, not the period's.
 * - windows: how long before another window one lies.
 * - days: the members are the days before the window, oldest first, named "2026-07-15", with the
 *   outer member's meters at the same time of day. Where the strategy has the settings, `kind`
 *   (work or rest) comes from the calendar and `event` from the order's earlier facts.
 * - places: the members come with the facts, each with the meters, series, units and settings of
 *   its place.
 *
 * Facts, the JSON text of one order and period; times are China's, on a quarter of an hour:
 *
 *     { "settings": { "income": "1500.01" },
 *       "windows":  { "event": {"from": "2026-07-16T14:00", "until": "2026-07-16T15:00"} },
 *       "groups":   { "session": [ { "name": "S1", "place": "C1", "party": "DRIVER", "org": "ORG",
 *                                    "from": "2026-07-16T21:00", "until": "2026-07-16T22:45",
 *                                    "settings": {"idle_minutes": "45"} } ],
 *                     "resource": [ { "name": "U1", "settings": {"declared": "200"} } ] } }
 *
 * A member named as one of the terms adds settings to it; any other joins the group behind those of
 * the terms. Settings of the facts go before those of the terms.
 */
#ifndef SK_CONTRACT_CONTRACT_H
#define SK_CONTRACT_CONTRACT_H
#include "base/base.h"
#include "store/store.h"

extern const struct store_migrations contract_migrations;

#define CONTRACT_TERMS_MAX                                                                         \
    (256u << 10)                      /* bytes: a park of 1,000 lessees at 200 bytes each fits     \
                                       */
#define CONTRACT_STATIONS_MAX 64      /* of one order; the largest known campus has 22 */
#define CONTRACT_DEPTH_MAX 8          /* groups within groups; Tally's own listings use 2 */
#define CONTRACT_FACTS_MAX (2u << 20) /* bytes: 4,096 sessions of a group at 300 bytes each fit */
#define CONTRACT_LOOK_BACK_MAX 366    /* days of history; agreements look back 45 */
#define CONTRACT_SESSION_DAYS_MAX 92  /* of one session: the longest call in port is weeks */
#define CONTRACT_CHANGES_MAX 64       /* effective dates of one contract: monthly for five years */

/* ---- strategy texts ---------------------------------------------------------------------------
 */

#define STRATEGY_TEXT_BYTES_MAX (256u << 10) /* as strategy.h has it */
#define STRATEGY_USES_MAX 16                 /* libraries and amendments of one version */

/* A published text: a strategy, a library it uses, or an amendment to one. */
struct strategy_ref {
    struct str name;
    int32_t version; /* from 1, counted by us */
};
struct strategy_text {
    struct strategy_ref ref;
    struct str title;
    struct str text;
    struct sha256 hash;              /* of name, text and uses */
    const struct strategy_ref *uses; /* the library versions `use NAME` means in this text */
    size_t n_uses;
    struct instant published;
};
/* As contract_strategy_draft, and active at once: how a store gets the library it begins with, by
 * whoever sets it up. What comes later is a draft and goes the way of law 9.
 *
 * Stores `text` under `name` as its next version, in the caller's core transaction; the same text
 * and uses as some version give that version (`*fresh` false). `uses` must exist. Whether it is
 * sound Tally is the caller's to prove first (settle_strategy_check). */
SK_MUST_USE enum err_code contract_strategy_publish(struct db *db, struct arena *a, struct str name,
                                                    struct str title, struct str text,
                                                    const struct strategy_ref *uses, size_t n_uses,
                                                    struct instant now, struct strategy_text *out,
                                                    bool *fresh, struct err *e);
/* The same as a draft, that no contract may name yet. */
SK_MUST_USE enum err_code contract_strategy_draft(struct db *db, struct arena *a, struct str name,
                                                  struct str title, struct str text,
                                                  const struct strategy_ref *uses, size_t n_uses,
                                                  struct instant now, struct strategy_text *out,
                                                  bool *fresh, struct err *e);
/* version 0: the newest. ERR_NOT_FOUND. A strategy is no organisation's, hence without scope. */
SK_MUST_USE enum err_code contract_strategy_get(struct db *db, struct arena *a, struct str name,
                                                int32_t version, struct strategy_text *out,
                                                struct err *e);
/* By name and version, without texts; `after` continues (NULL: from the start). */
#define CONTRACT_LIST_MAX 200
SK_MUST_USE enum err_code contract_strategy_list(struct db *db, struct arena *a,
                                                 const struct strategy_ref *after,
                                                 const struct strategy_text **out, size_t *n,
                                                 struct err *e);

/* ---- the life of a strategy version (策略版本的一生) --------------------------------------------
 *
 *   DRAFT --cases--> TESTED --shadow run--> SHADOWED --request--> REQUESTED --second person-->
 *   ACTIVE (from a day) --the next version's day--> RETIRED
 *
 * Libraries and amendments have no life of their own: they are proved in the strategy that uses
 * them.
 * A version without orders to shadow goes from TESTED to REQUESTED. Failing cases or a new shadow
 * run of a draft, tested or shadowed version only add evidence; after the request it is closed.
 */
enum life_state {
    LIFE_DRAFT = 1,
    LIFE_TESTED,
    LIFE_SHADOWED,
    LIFE_REQUESTED,
    LIFE_ACTIVE,
    LIFE_RETIRED /* was active; told by the day asked for, never stored */
};
struct strategy_life {
    struct strategy_ref ref;
    enum life_state state;
    struct day from, until; /* half-open; from 0: from the beginning; until 0: open */
    int64_t approval_id;    /* 0: none asked */
    struct instant changed;
};
SK_MUST_USE enum err_code contract_life_get(struct db *db, struct arena *a,
                                            struct strategy_ref ref, struct day today,
                                            struct strategy_life *out, struct err *e);
/* By version, of one name. At most CONTRACT_LIST_MAX, the newest. */
SK_MUST_USE enum err_code contract_life_list(struct db *db, struct arena *a, struct str name,
                                             struct day today, const struct strategy_life **out,
                                             size_t *n, struct err *e);
/* The version valid on a day. ERR_NOT_FOUND. */
SK_MUST_USE enum err_code contract_life_on(struct db *db, struct arena *a, struct str name,
                                           struct day on, struct strategy_ref *out, struct err *e);

/* What proves a step: appended, never changed. */
enum evidence_kind { EVIDENCE_CASES = 1, EVIDENCE_SHADOW };
struct strategy_evidence {
    enum evidence_kind kind;
    bool passed;
    struct sha256 hash; /* of the case files, or of the table of differences */
    struct str body;    /* JSON: what was run, with what result, warnings and who signed them */
    struct instant at;
};
#define EVIDENCE_BODY_MAX (1u << 20) /* bytes: 10,000 case files by name and hash */
/* Moves the version on where it passed, back where it did not. ERR_RULE `LIFE_CLOSED` once it was
 * requested. `at` is filled in. */
SK_MUST_USE enum err_code contract_evidence_put(struct db *db, struct arena *a,
                                                struct strategy_ref ref,
                                                const struct strategy_evidence *v,
                                                struct instant now, struct err *e);
/* The newest of that kind; ERR_NOT_FOUND. */
SK_MUST_USE enum err_code contract_evidence_last(struct db *db, struct arena *a,
                                                 struct strategy_ref ref, enum evidence_kind kind,
                                                 struct strategy_evidence *out, struct err *e);

/* Asks for the second person. ERR_RULE `LIFE_UNTESTED`, `LIFE_SHADOW_MISSING`, `LIFE_CLOSED`,
 * `LIFE_ORDER` (from lies in the past, or not behind the first day of the last active version). */
SK_MUST_USE enum err_code contract_life_request(struct db *db, struct arena *a, struct scope s,
                                                struct strategy_ref ref, struct day from,
                                                int64_t user_id, struct str reason,
                                                struct instant now, int64_t *approval_id,
                                                struct err *e);
/* What the activation does to a contract that has the strategy on the day. */
enum follow_how {
    FOLLOW_MOVES = 1, /* gets a version from that day */
    FOLLOW_FIXED,     /* marked: keeps its version */
    FOLLOW_LATER      /* has a version from that day or later already: by hand */
};
struct follower {
    int64_t contract_id;
    struct str no;
    int32_t version; /* of the contract, in force on the day (LATER: the last one) */
    int32_t strategy_version;
    enum follow_how how;
};
/* Contracts with another version of the strategy in force on `from` or later, by id, behind
 * `after`; at most CONTRACT_LIST_MAX. */
SK_MUST_USE enum err_code contract_followers(struct db *db, struct arena *a, struct scope s,
                                             struct strategy_ref ref, struct day from,
                                             int64_t after, const struct follower **out, size_t *n,
                                             struct err *e);
/* A contract marked fixed keeps its strategy version until it is changed by hand. */
SK_MUST_USE enum err_code contract_fix(struct db *db, struct scope s, int64_t contract_id,
                                       bool fixed, struct instant now, struct err *e);
/* Uses the approval in the caller's core transaction: the version is active from the day that was
 * asked for, the one before ends there, and each contract that follows gets a new version from
 * then. `*moved` counts them. The errors of approval_use, ERR_RULE `LIFE_STATE`. */
SK_MUST_USE enum err_code contract_life_activate(struct db *db, struct arena *a, struct scope s,
                                                 struct strategy_ref ref, int64_t user_id,
                                                 struct instant now, int64_t *moved,
                                                 struct err *e);

/* ---- terms, parsed ----------------------------------------------------------------------------
 */

enum term_kind { TERM_TEXT, TERM_YES_NO, TERM_ABSENT, TERM_TABLE };
struct term_row {
    struct str bound, value; /* at == NULL where the text says null */
};
struct term_setting {
    struct str name;
    enum term_kind kind;
    struct str text; /* a decimal or a choice: the strategy's declaration decides */
    bool yes;
    const struct term_row *rows;
    size_t n_rows;
};
struct term_feed { /* a meter (digits 4) or a series */
    struct str name;
    int64_t point_id;
    int32_t digits;
};
struct term_name { /* a price and its book, or a party and its organisation's id */
    struct str name, value;
};
struct term_unit {
    struct str name, unit;
    int32_t digits;
};
struct term_dates {
    struct str name;
    const struct day *days;
    size_t n;
};
struct term_member;
struct term_group {
    struct str name;
    const struct term_member *members;
    size_t n;
    struct str days_of; /* members are the days before this window; "" : they are given */
    int32_t look_back;
    const struct term_member *places; /* what sessions of the facts can name */
    size_t n_places;
};
struct term_part { /* the top, or one member of a group */
    const struct term_setting *settings;
    size_t n_settings;
    const struct term_feed *feeds; /* meters, then series */
    size_t n_feeds;
    const struct term_unit *units;
    size_t n_units;
    const struct term_group *groups;
    size_t n_groups;
};
struct term_member {
    struct str name, party;     /* party "" : the member's own name */
    int64_t org_id;             /* 0: none */
    struct str place;           /* of a session in facts: whose meters it has */
    struct instant from, until; /* a session's own intervals; until 0: those of the order */
    int32_t days_before;        /* a day of history, made by the settlement; 0: none */
    struct term_part part;
};
struct term_window {
    struct str name, of;        /* of "" : given by [from, until) */
    int32_t minutes;            /* with `of`: so long before it */
    struct instant from, until; /* until 0: not known yet */
};
struct contract_party {
    struct str name; /* as the strategy names it, or a member's party name */
    int64_t org_id;
};
struct contract_terms {
    struct str calendar, category; /* "" where none */
    const struct contract_party *parties;
    size_t n_parties; /* members' parties included; the same name and organisation once */
    const struct term_name *prices;
    size_t n_prices;
    const struct term_dates *dates;
    size_t n_dates;
    struct str axis; /* the window whose intervals are settled; "" : the period */
    const struct term_window *windows;
    size_t n_windows;
    bool scale_to_register;
    const struct day *changes; /* effective dates of all settings, ascending, each once */
    size_t n_changes;
    struct term_part top;
};
/* Own scanner: 15,000 of these are read in one settlement. ERR_INPUT with the byte and the path.
 * The result points into `text` and `a`. Of values with effective dates it gives the first. */
SK_MUST_USE enum err_code contract_terms_parse(struct arena *a, struct str text,
                                               struct contract_terms *out, struct err *e);
/* With the values in force on a day. ERR_INPUT: a value begins later. */
SK_MUST_USE enum err_code contract_terms_on(struct arena *a, struct str text, struct day on,
                                            struct contract_terms *out, struct err *e);

/* Facts of a period, parsed. */
struct contract_facts {
    const struct term_window *windows;
    size_t n_windows;
    const struct contract_party *parties; /* of members with an organisation */
    size_t n_parties;
    struct term_part top; /* settings and groups */
};
/* ERR_INPUT (name "FACTS") with the byte and the path; a window or session that is empty or not on
 * quarters of an hour, a name that stands twice. `text` "" : no facts. */
SK_MUST_USE enum err_code contract_facts_parse(struct arena *a, struct str text,
                                               struct contract_facts *out, struct err *e);
/* The same facts as text, in one layout: equal facts, equal bytes. */
struct str contract_facts_text(struct arena *a, const struct contract_facts *f);
/* What is settled over [from, until): terms with their facts joined, windows known. ERR_INPUT (name
 * "FACTS"): a place, group or window that the terms do not have, a window outside the period, a
 * session that ends outside it, two sessions that share an interval of a meter. */
SK_MUST_USE enum err_code contract_terms_join(struct arena *a, const struct contract_terms *t,
                                              const struct contract_facts *f, struct day from,
                                              struct day until, struct contract_terms *out,
                                              struct err *e);

/* ---- contracts ----------------------------------------------------------------------------------
 */

enum contract_state { CONTRACT_DRAFT = 1, CONTRACT_EFFECTIVE, CONTRACT_SUSPENDED, CONTRACT_ENDED };

struct contract {
    int64_t contract_id; /* 0 when given to contract_create: made there */
    int32_t version;     /* from 1 */
    struct str no;       /* 合同编号, unique */
    struct str title;
    enum contract_state state;
    struct day from, until; /* half-open; until 0: open */
    struct strategy_ref strategy;
    const struct strategy_ref *amendments;
    size_t n_amendments;
    const int64_t *stations;
    size_t n_stations;
    struct str terms;   /* JSON, above */
    struct sha256 hash; /* of all of the above but ids and state; filled by us */
};
/* Writes version 1 in the caller's core transaction. Parties and stations come from the terms and
 * `stations`. ERR_INPUT: the terms; ERR_CONFLICT: the number, or a station that is bound in that
 * time (named `CONTRACT_OVERLAP`); ERR_NOT_FOUND: the strategy version. */
SK_MUST_USE enum err_code contract_create(struct db *db, struct scope s, struct contract *c,
                                          struct instant now, struct err *e);
/* A new version of c->contract_id from c->from on; the one in force then ends there. */
SK_MUST_USE enum err_code contract_change(struct db *db, struct scope s, struct contract *c,
                                          struct instant now, struct err *e);
/* The version in force on `on`. ERR_NOT_FOUND, also for who is no party. */
SK_MUST_USE enum err_code contract_get(struct db *db, struct arena *a, struct scope s,
                                       int64_t contract_id, struct day on, struct contract *out,
                                       struct err *e);
SK_MUST_USE enum err_code contract_find_no(struct db *db, struct arena *a, struct scope s,
                                           struct str no, int64_t *contract_id, struct err *e);

/* ---- orders -------------------------------------------------------------------------------------
 */

enum order_state { ORDER_ACTIVE = 1, ORDER_SUSPENDED, ORDER_ENDED };

/* One direction of an order's money: exactly one payer and one payee account, bound by id
 * (order_legs_bind of account.h); the texts are then masked. An id 0 is an order of before, whose
 * text is a number in clear. */
struct order_leg {
    struct str payer, payee; /* party names */
    struct str payer_account, payee_account;
    int64_t payer_account_id, payee_account_id;
};
struct order {
    int64_t order_id; /* 0 when given to order_create */
    int32_t serial;   /* counted by us from 1: a small number that rises with creation */
    int64_t contract_id;
    struct str no;           /* 订单编号, unique */
    int64_t station_id;      /* the first of its stations: where its lines are kept */
    const int64_t *stations; /* all, station_id first; NULL: just that one */
    size_t n_stations;
    const struct order_leg *legs;
    size_t n_legs;
    struct day from, until; /* half-open; until 0: open */
    enum order_state state;
};
/* In the caller's core transaction. ERR_CONFLICT: the number, or the contract has an order for that
 * station in that time. */
SK_MUST_USE enum err_code order_create(struct db *db, struct scope s, struct order *o,
                                       struct instant now, struct err *e);
SK_MUST_USE enum err_code order_get(struct db *db, struct arena *a, struct scope s,
                                    int64_t order_id, struct order *out, struct err *e);
SK_MUST_USE enum err_code order_find_no(struct db *db, struct arena *a, struct scope s,
                                        struct str no, int64_t *order_id, struct err *e);

/* ---- facts of a period
 * ---------------------------------------------------------------------------
 */

/* In the caller's core transaction: the next version of what happened in the order's period that
 * begins on `period_from`. What is in force already makes no new version. `*version` and `*fresh`
 * may be NULL. ERR_NOT_FOUND: the order. */
SK_MUST_USE enum err_code order_facts_put(struct db *db, struct scope s, int64_t order_id,
                                          struct day period_from, struct str facts,
                                          struct instant now, int32_t *version, bool *fresh,
                                          struct err *e);
struct order_facts {
    struct day period_from;
    int32_t version; /* from 1 */
    struct str text;
    struct instant put;
};
/* version 0: the one in force. ERR_NOT_FOUND. */
SK_MUST_USE enum err_code order_facts_get(struct db *db, struct arena *a, struct scope s,
                                          int64_t order_id, struct day period_from, int32_t version,
                                          struct order_facts *out, struct err *e);
/* Those in force for periods that begin in [from, until), by period. */
#define ORDER_FACTS_LIST_MAX 400 /* an event on every day of a look-back */
SK_MUST_USE enum err_code order_facts_list(struct db *db, struct arena *a, struct scope s,
                                           int64_t order_id, struct day from, struct day until,
                                           const struct order_facts **out, size_t *n,
                                           struct err *e);
/* Adds sessions to the facts in force. One that stands there already as given is passed over;
 * ERR_CONFLICT: its name stands there with other content. `*n_new` counts those added. */
SK_MUST_USE enum err_code order_sessions_add(struct db *db, struct scope s, int64_t order_id,
                                             struct day period_from, struct str group,
                                             const struct term_member *sessions, size_t n,
                                             struct instant now, size_t *n_new, struct err *e);
/* Numbers from other documents (grid bill, first settlement; the year's totals) that a strategy
 * asks for as `input`: facts that are settings alone. */
SK_MUST_USE enum err_code order_input_put(struct db *db, struct scope s, int64_t order_id,
                                          struct day period_from, struct str settings,
                                          struct instant now, struct err *e);

/* Many at once, each contract with its order (same index): version 1, stations and orders new.
 * Checks as contract_create and order_create, and the same for those given; all or nothing in
 * the caller's core transaction. Ids are filled in. */
SK_MUST_USE enum err_code contract_create_bulk(struct db *db, struct scope s,
                                               struct contract *contracts, struct order *orders,
                                               size_t n, struct instant now, struct err *e);

/* ---- what a settlement loads
 * ---------------------------------------------------------------------- */

/* An order with one contract version, over the part of the period in which both are in force. A
 * version that starts within the period gives a binding of its own: two statements (6.3). */
struct contract_binding {
    int64_t order_id, station_id, contract_id;
    struct str order_no, contract_no;
    int32_t order_serial, contract_version;
    struct day from, until; /* clipped to the period */
    struct strategy_ref strategy;
    const struct strategy_ref *amendments;
    size_t n_amendments;
    struct str
        tariff_key; /* canonical text of calendar, category, dates and prices: equal, shared */
    struct str terms;
    struct sha256 contract_hash;
    struct str inputs;     /* facts of the period, "" if none */
    int32_t facts_version; /* 0: none */
    const struct order_leg *legs;
    size_t n_legs;
    bool last; /* the order or contract ends with this period: a final statement */
};
struct contract_mark {
    int64_t order_id;
    int32_t contract_version;
};
/* Orders active in [from, until), ascending by (order, contract version), those behind `after`
 * (NULL: from the start); at most `limit`. Two queries, however many. */
#define CONTRACT_LOAD_MAX 1024
SK_MUST_USE enum err_code contract_load(struct db *db, struct arena *a, struct scope s,
                                        struct day from, struct day until,
                                        const struct contract_mark *after, size_t limit,
                                        const struct contract_binding **out, size_t *n,
                                        struct err *e);
/* The bindings of one order, as contract_load() would give them. */
SK_MUST_USE enum err_code contract_load_order(struct db *db, struct arena *a, struct scope s,
                                              struct day from, struct day until, int64_t order_id,
                                              const struct contract_binding **out, size_t *n,
                                              struct err *e);
/* One order over [from, until), which must lie in the validity of the contract version (0: the one
 * in force on `from`). */
SK_MUST_USE enum err_code contract_load_one(struct db *db, struct arena *a, struct scope s,
                                            int64_t order_id, struct day from, struct day until,
                                            int32_t version, struct contract_binding *out,
                                            struct err *e);
/* How many bindings contract_load() would give in all, and behind which ones a page of `every`
 * ends: page i begins after marks[i - 1]. Pages can so be loaded in any order, by several threads.
 */
#define CONTRACT_MARKS_MAX 100000 /* pages of one run: 50 million orders at 500 */
SK_MUST_USE enum err_code contract_pages(struct db *db, struct arena *a, struct scope s,
                                         struct day from, struct day until, size_t every,
                                         const struct contract_mark **marks, size_t *n_marks,
                                         int64_t *n_bindings, struct err *e);
/* The different (strategy version, amendments, tariff key, clipped period) of a period: what a run
 * prepares once and shares. `sample` is one binding with it. */
#define CONTRACT_KINDS_MAX 4096 /* of one run; the reference operator has some 200 */
SK_MUST_USE enum err_code contract_kinds(struct db *db, struct arena *a, struct scope s,
                                         struct day from, struct day until,
                                         const struct contract_binding **out, size_t *n,
                                         struct err *e);
/* The JSON object of settings that order_input_put takes. */
SK_MUST_USE enum err_code contract_settings_parse(struct arena *a, struct str text,
                                                  const struct term_setting **out, size_t *n,
                                                  struct err *e);
#endif
