/* case_part.h - the parts of the case runner, private to case*.c. */
#ifndef SK_CMD_CASE_PART_H
#define SK_CMD_CASE_PART_H
#include "cmd/case.h"
#include "strategy/strategy.h"
#include "tariff/tariff.h"

/* What a run of cases shares. */
struct case_world {
    struct arena *arena; /* of this file's case */
    const char *file;
    const char *strategies;  /* the library's folder */
    struct json_out *stored; /* where the lines through a store go; NULL: not wanted */
    bool was_stored;
    const char *schedules; /* tou.json beside the file, or our own */
};

/* The values of a feed, scaled with its digits. */
struct case_vector {
    const int64_t *values;
    const uint8_t *quality; /* enum strategy_quality */
    int32_t n;
};

/* The price versions: where they begin, and their prices by period. */
struct case_prices {
    struct instant *from;
    int64_t (*yuan_e6)[TOU_PERIODS];
    size_t n;
};

/* One settled scenario, for its lines and for explaining them. */
struct case_settled {
    struct json bind; /* the binding file */
    struct strategy_axis axis;
    const struct tariff_span *span; /* NULL without a tou */
    const struct strategy *strategy;
    const struct strategy_part *part;  /* what was bound: settings and feeds */
    const struct case_vector *vectors; /* by the feeds' source */
    const struct strategy_bound *bound;
    const struct strategy_result *result;
};

/* A member by path: "contract.demand.price"; null counts as not there. */
struct json case_at(struct json doc, struct str path);
bool case_given(struct json doc, struct str path);

/* case_tou.c: the schedules, the price versions, the span. */
SK_MUST_USE enum err_code case_calendar(struct case_world *w, struct json doc, struct str tou,
                                        struct tariff_calendar **out, struct err *e);
/* The days of deep_valley_dates under the name that the schedules use. */
SK_MUST_USE enum err_code case_dates(struct case_world *w, struct json doc,
                                     struct tariff_dates *out, struct err *e);
SK_MUST_USE enum err_code case_axis(struct json doc, struct strategy_axis *out, struct err *e);
/* `*span` NULL where the case has neither tou nor tou_versions; `*yuan_e6` by its keys, or NULL. */
SK_MUST_USE enum err_code case_span(struct case_world *w, struct json doc,
                                    const struct strategy_axis *axis,
                                    const struct tariff_span **span, const int64_t **yuan_e6,
                                    struct err *e);

SK_MUST_USE enum err_code case_prices(struct case_world *w, struct json doc,
                                      const struct strategy_axis *axis, struct case_prices *out,
                                      struct err *e);
/* The schedules as a calendar document (sunkeeper.calendar/1) with id "case". */
SK_MUST_USE enum err_code case_calendar_text(struct case_world *w, struct json doc,
                                             const struct strategy_axis *axis, struct text *t,
                                             struct err *e);

/* case_bind.c: finds the strategy of a scenario, binds the case's fields to it, runs it. */
SK_MUST_USE enum err_code case_settle(struct case_world *w, struct json doc, struct str scenario,
                                      struct case_settled *out, struct err *e);

/* case_out.c: whether a condition of a binding file holds; no condition does. */
SK_MUST_USE enum err_code case_holds(struct case_world *w, struct json doc,
                                     const struct case_settled *s, struct json cond, bool *out,
                                     struct err *e);
/* case_out.c: the result in the form of `expected`. */
SK_MUST_USE enum err_code case_put_settled(struct case_world *w, struct json doc,
                                           const struct case_settled *s, struct json_out *o,
                                           struct err *e);

/* case_store.c: the same case through a store made for it: organisations, station, points and
 * readings, tariff, strategy, contract and order, then settle. `*done` false: the case is no whole
 * quarter-hours of actual values, or lists price versions that are not in force. Otherwise `o` gets
 * the lines as case_put_settled writes them. */
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
