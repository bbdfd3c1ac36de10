/* case_part.h - the parts of the case runner, private to case*.c. */
#ifndef SK_CMD_CASE_PART_H
#define SK_CMD_CASE_PART_H
#include "cmd/case.h"
#include "strategy/strategy.h"
#include "tariff/tariff.h"

#define CASE_NO_CLOCK ((struct day){ 20260101 }) /* the day of cases that name none */

/* What a run of cases shares. */
struct case_world {
    struct arena *arena; /* of this file's case */
    const char *file;
    const char *strategies;  /* the library's folder */
    struct json_out *stored; /* where the lines through a store go; NULL: not wanted */
    bool was_stored;
    const char *refused;   /* why the house would not take a case that fits; NULL: it did */
    const char *schedules; /* tou.json beside the file, or our own */
};

/* Where paths of a binding file begin: a member within its outer one, an entry of a repeated list,
 * or the whole case. */
struct case_place {
    struct json doc;
    const struct case_place *outer; /* NULL: the whole case */
    struct str name;                /* of the member or entry; "" for the whole case */
};

/* The values of a feed, scaled with its digits. */
struct case_vector {
    const int64_t *values;
    const uint8_t *quality; /* enum strategy_quality */
    int32_t n;
};
/* All vectors of a case; a feed's source counts them. */
struct case_vectors {
    struct case_vector *at;
    int32_t n, room;
};

/* The price versions: where they begin, and their prices by period. */
struct case_prices {
    struct instant *from;
    int64_t (*yuan_e6)[TOU_PERIODS];
    size_t n;
};

/* What the intervals of a case cover: of its period and of every session. */
struct case_range {
    struct instant from, until; /* equal: no interval */
    bool on_slots;              /* every interval begins on a slot edge */
};

/* One run of the strategy; a case with a repeated list has one for each entry. */
struct case_once {
    struct case_place place;
    const struct strategy_bound *bound;
    const struct strategy_result *result;
    const struct strategy_members *groups;   /* as bound at the top */
    const struct case_place *const *members; /* by group: the places of its members */
    size_t n_groups;
};

/* One settled scenario, for its lines and for explaining them. */
struct case_settled {
    struct json bind; /* the binding file */
    struct strategy_axis axis;
    const struct tariff_span *span; /* NULL without a tou */
    const struct strategy *strategy;
    const struct strategy_part *part;  /* what was bound: settings and feeds */
    const struct case_vector *vectors; /* by the feeds' source */
    const struct case_once *runs;
    size_t n_runs;           /* at least 1 */
    struct case_range range; /* of the period and of every session */
    const struct strategy_window *windows;
    size_t n_windows;
    bool storable; /* one run, and no price of its own */
};

/* A value by path, each step a key or a place counted from 0: "contract.demand.price",
 * "stations.0.gen"; null counts as not given. */
struct json case_at(struct json doc, struct str path);
bool case_given(struct json doc, struct str path);
/* The same from a place: "x.y" in it, "." itself, "^.x" in the outer one, "$.x" in the case. */
struct json case_find(const struct case_place *p, struct str path);
bool case_has(const struct case_place *p, struct str path);
/* The first of `paths` (one or a list) that is given, else the last; *given says which. */
SK_MUST_USE enum err_code case_first(const struct case_place *p, struct json paths,
                                     struct json *out, bool *given, struct err *e);

/* case_axis.c: intervals. */
/* The case's `period`; no intervals without one. */
SK_MUST_USE enum err_code case_axis(struct json doc, struct strategy_axis *out, struct err *e);
/* As `spec` says ("axis", "windows" of a binding file); see there. */
SK_MUST_USE enum err_code case_axis_as(const struct case_place *p, struct json spec,
                                       struct strategy_axis *out, struct err *e);
/* A session's slots, pairs [instant, value]: their axis, and the values on it with `digits`. */
SK_MUST_USE enum err_code case_slots(const struct case_place *p, struct json list, int digits,
                                     struct strategy_axis *axis, struct case_vector *positive,
                                     struct case_vector *negative, struct err *e);
struct case_range case_range_of(const struct strategy_axis *axis);
void case_range_add(struct case_range *r, const struct strategy_axis *axis);
/* Adds the periods that the energies named by `spec` (name -> path of an object by period) have. */
SK_MUST_USE enum err_code case_periods(const struct case_place *p, struct json spec,
                                       unsigned *periods, struct err *e);
/* One interval for each of the periods, in order, and a span that says so. */
void case_period_axis(struct arena *a, unsigned periods, struct strategy_axis *axis,
                      const struct tariff_span **span);

/* case_feed.c: vectors. */
int32_t case_vector_add(struct arena *a, struct case_vectors *all, struct case_vector v);
/* No value is missing, estimated or entered. */
bool case_is_whole(const struct case_vector *v);
struct strategy_data case_data(const struct case_vectors *all);
/* `how`: a path, or what case_bind.c documents under feeds. `*given` false: not in the case. */
SK_MUST_USE enum err_code case_feed(const struct case_place *p, struct json how,
                                    const struct strategy_axis *axis, int digits,
                                    struct case_vector *out, bool *given, struct err *e);
/* kWh by period on the axis of case_period_axis. */
SK_MUST_USE enum err_code case_energies(const struct case_place *p, struct json how,
                                        unsigned periods, int digits, struct case_vector *out,
                                        bool *given, struct err *e);

/* case_value.c: settings. `*use` false: not given, the declaration's default stands. `last`: this
 * is the last entry of a repeated list. */
SK_MUST_USE enum err_code case_setting(const struct case_place *p, const struct strategy_decl *d,
                                       struct json how, bool last, struct strategy_setting *out,
                                       bool *use, struct err *e);
/* Whether every one of `paths` (one or a list) is given. */
SK_MUST_USE enum err_code case_all_given(const struct case_place *p, struct json paths, bool *out,
                                         struct err *e);
int case_decimal_cmp(struct decimal a, struct decimal b);

/* case_tou.c: the schedules, the price versions, the span. */
SK_MUST_USE enum err_code case_calendar(struct case_world *w, struct json doc, struct str tou,
                                        struct tariff_calendar **out, struct err *e);
/* The days of deep_valley_dates under the name that the schedules use. */
SK_MUST_USE enum err_code case_dates(struct case_world *w, struct json doc,
                                     struct tariff_dates *out, struct err *e);
/* `*span` NULL where the case has neither tou nor tou_versions; `*yuan_e6` by its keys, or NULL. */
SK_MUST_USE enum err_code case_span(struct case_world *w, struct json doc, struct case_range range,
                                    const struct tariff_span **span, const int64_t **yuan_e6,
                                    struct err *e);
SK_MUST_USE enum err_code case_prices(struct case_world *w, struct json doc,
                                      struct case_range range, struct case_prices *out,
                                      struct err *e);
/* An object of prices by period; TARIFF_NO_PRICE where it has none. */
SK_MUST_USE enum err_code case_price_list(struct json by, int64_t yuan_e6[TOU_PERIODS],
                                          struct err *e);
SK_MUST_USE enum err_code case_instant(struct json j, struct instant *out, struct err *e);
/* The schedules as a calendar document (sunkeeper.calendar/1) with id "case". */
SK_MUST_USE enum err_code case_calendar_text(struct case_world *w, struct json doc,
                                             struct case_range range, struct text *t,
                                             struct err *e);

/* case_bind.c: finds the strategy of a scenario, binds the case's fields to it, runs it. */
SK_MUST_USE enum err_code case_settle(struct case_world *w, struct json doc, struct str scenario,
                                      struct case_settled *out, struct err *e);

/* case_quantity.c: whether a condition of a binding file holds; no condition does. */
SK_MUST_USE enum err_code case_holds(struct case_world *w, const struct case_once *run,
                                     const struct case_place *p, struct json cond, bool *out,
                                     struct err *e);
/* case_quantity.c: `quantities` or `state_out`, left out when empty. */
SK_MUST_USE enum err_code case_put_quantities(struct case_world *w, const struct case_settled *s,
                                              struct json_out *o, const char *key, struct err *e);
/* case_out.c: the result in the form of `expected`. */
SK_MUST_USE enum err_code case_put_settled(struct case_world *w, const struct case_settled *s,
                                           struct json_out *o, struct err *e);

/* case_out.c: a unit of the strategy in the words of the case format. */
SK_MUST_USE enum err_code case_unit(const struct case_settled *s, struct str *unit, struct err *e);

/* case_house.c: a settled case as a contract, the facts of its period, and readings. */
struct case_piece { /* what a point reads over a stretch: values at the intervals' first slots */
    size_t point;
    struct instant start;
    int32_t minutes;
    const struct case_vector *v;
};
struct case_house {
    struct case_world *w;
    struct json doc;
    const struct case_settled *s;
    struct case_prices prices;
    struct day from, until;    /* the period */
    const struct str *parties; /* of the strategy, then those of members */
    size_t n_top, n_parties;
    size_t n_points;
    const struct str *codes; /* of the points */
    const bool *days;        /* by point: read on listed days only */
    struct case_piece *pieces;
    size_t n_pieces;
    struct day first, last;             /* days that the pieces touch */
    const size_t *point_of;             /* by a feed's source */
    bool history;                       /* some group's members are days */
    bool event;                         /* the intervals settled are those of an event */
    bool calendar, own_calendar;        /* it needs one; and it is not of the case's schedules */
    const int64_t *org_ids, *point_ids; /* set by whoever makes them */
};
/* `*fits` false: the case is no whole quarter-hours, lacks a value outside of history, lists price
 * versions that are not in force, or needs what a contract cannot say. */
SK_MUST_USE enum err_code case_house_make(struct case_world *w, struct json doc,
                                          const struct case_settled *s, struct case_house **out,
                                          bool *fits, struct err *e);
struct str case_house_terms(const struct case_house *h, const struct tariff_dates *dates);
struct str case_house_facts(const struct case_house *h); /* "" without facts */
/* A calendar that gives the periods of the case's energies, or one period alone. */
struct str case_house_calendar(const struct case_house *h);

/* case_store.c: the same case through a store made for it: organisations, station, points and
 * readings, tariff, strategy, contract, facts and order, then settle. `*done` false: it does not
 * fit (case_house_make), or the house refuses it (a limit of a tariff, of a contract): then
 * w->refused says why. Otherwise `o` gets the lines as case_put_settled writes them. */
SK_MUST_USE enum err_code case_put_stored(struct case_world *w, struct json doc,
                                          const struct case_settled *s, struct json_out *o,
                                          bool *done, struct err *e);

/* case_room.c: scenarios that a room answers without a strategy. `*known` false: not one of them.
 */
SK_MUST_USE enum err_code case_put_room(struct case_world *w, struct json doc, struct str scenario,
                                        struct json_out *o, bool *known, struct err *e);

/* case_meter.c */
SK_MUST_USE enum err_code case_put_meter_events(struct case_world *w, struct json doc,
                                                struct json_out *o, struct err *e);

/* case.c: the whole answer to a scenario, as one JSON object. */
SK_MUST_USE enum err_code case_put(struct case_world *w, struct json doc, struct json_out *o,
                                   const char *key, struct err *e);

/* case_diff.c: decimals numerically, the rest exactly, `note` ignored. */
struct case_difference {
    const char *path, *expected, *got;
};
size_t case_compare(struct arena *a, struct json expected, struct json got,
                    const struct case_difference **out);
#endif
