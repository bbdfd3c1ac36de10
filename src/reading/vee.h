/* vee.h - validation, estimation, editing (验证-估计-修正) of interval data: which values look
 * wrong, what stands in for those that are missing, and who decided.
 *
 * A settlement takes every value that is in force at its word. Here are the questions asked before:
 * can this be true, what is a fair guess for what nobody measured, and who agreed to it.
 *
 * Laws
 *  1. A check changes no value. What it finds is a row of the work list, named by point, day,
 *     interval, rule, value and limit, until somebody accepts it, estimates or edits.
 *  2. An estimate is marked E, has rank 10 and never replaces a value: whatever is measured later
 *     wins by rank. How it was made (method, sources) is kept with it.
 *  3. A value that is there is replaced only by a proposal that a second person applies: by an
 *     edit, or by an estimate in its place; both are marked M and have rank 90.
 *  4. Estimates above the size in the rules, and those of a sealed month, wait for a second person.
 *  5. Parts of a known total sum to it (R6 at 10^-4 kWh).
 *  6. The same readings, rules and calendar give the same findings and the same estimates.
 */
#ifndef SK_READING_VEE_H
#define SK_READING_VEE_H
#include "base/json.h"
#include "reading/reading.h"

/* ---- day types: whoever knows the holidays says them ------------------------------------------
 */

enum vee_day { VEE_WORKDAY, VEE_RESTDAY, VEE_HOLIDAY, VEE_DAYS };
struct vee_calendar {
    enum vee_day (*of)(const void *ctx, struct day d); /* NULL: Monday to Friday are workdays */
    const void *ctx;
};
enum vee_day vee_day_of(const struct vee_calendar *c, struct day d);
const char *vee_day_word(enum vee_day t); /* "workday" */

/* ---- rules: data/validation.json, described in docs/estimation.md ------------------------------
 */

enum vee_rule {
    VEE_LIMIT = 1, /* more than rated power x 15 min x factor */
    VEE_SPIKE,     /* above factor x the most of this hour on days of the same type + kwh */
    VEE_ZERO,      /* nothing for long, in hours in which there should be something */
    VEE_NIGHT,     /* something in hours in which there can be nothing */
    VEE_STUCK,     /* the same value, not zero, again and again */
    VEE_NEGATIVE,
    VEE_SUM,     /* the parts of a station and its main meter disagree over a day */
    VEE_CONTROL, /* intervals and registers disagree (settlement-rules 3.2) */
    VEE_RULES
};
const char *vee_rule_word(enum vee_rule r); /* "spike" */

struct vee_set { /* what holds for points of a role at stations of a kind; the first that fits */
    struct str title;
    enum point_role role;      /* 0: any */
    enum station_kind station; /* 0: any */
    int64_t limit_e4;          /* factor x 10^4; 0: not asked, as with all that follow */
    int64_t spike_e4, spike_kwh_e4;
    int32_t spike_days;
    int32_t zero_from, zero_until, zero_slots;
    int32_t night_from, night_until; /* slots; from > until goes over midnight */
    int64_t night_kwh_e4;            /* -1: not asked */
    int32_t stuck_slots;
    bool negative;
};
struct vee_sum {
    enum station_kind station;
    enum point_role main;
    uint32_t parts;           /* bits 1 << role */
    int64_t over_e6, under_e6; /* the parts may be so much more, so much less than the main */
};
struct vee_rules {
    const struct vee_set *sets;
    size_t n_sets;
    const struct vee_sum *sums;
    size_t n_sums;
    bool control;
    int32_t approve_slots; /* law 4: an estimate of more intervals, or of more energy */
    int64_t approve_e4;
    int32_t days, least; /* same day type: the mean of so many good days, at least of so many */
};
/* ERR_INPUT with the path of what is wrong. */
SK_MUST_USE enum err_code vee_rules_read(struct arena *a, struct json doc, struct vee_rules *out,
                                         struct err *e);
/* Those the program carries: data/validation.json of its source. */
SK_MUST_USE enum err_code vee_rules_own(struct arena *a, struct vee_rules *out, struct err *e);

/* ---- the work list ----------------------------------------------------------------------------
 */

/*          accept                          a value in its place
 *  OPEN ------------> ACCEPTED      OPEN ------------------------> ESTIMATED or EDITED
 *    | the data show it no more
 *    +------------> CLEARED           found again with other values: OPEN
 */
enum finding_state {
    FINDING_OPEN = 1,
    FINDING_ACCEPTED,
    FINDING_ESTIMATED,
    FINDING_EDITED,
    FINDING_CLEARED
};
const char *finding_state_word(enum finding_state s);
struct vee_finding {
    int64_t finding_id, point_id;
    struct slot from;
    int32_t n_slots;
    enum vee_rule rule;
    int64_t value, limit; /* 10^-4 kWh; ZERO and STUCK: limit is a number of intervals */
    enum finding_state state;
    int64_t user_id; /* who decided; 0: nobody yet */
    struct str reason;
    struct instant found, decided;
};
#define VEE_FINDINGS_MAX 10000 /* of one check: who has more has a wrong rule */
struct vee_counts {
    int64_t points, found, fresh, cleared;
};
/* Looks at whole days of real points and brings the work list up to date. Own transaction (series).
 * ERR_LIMIT past VEE_FINDINGS_MAX. */
SK_MUST_USE enum err_code vee_check(struct db *db, const struct reading_points *p,
                                    const struct vee_rules *rules, const struct vee_calendar *cal,
                                    const int64_t *point_ids, size_t n, struct day from,
                                    int32_t n_days, struct instant now, struct vee_counts *out,
                                    struct err *e);
/* In id order after `after`, of points in `p`; state 0: all; at most METER_PAGE_MAX. */
SK_MUST_USE enum err_code vee_findings(struct db *db, const struct reading_points *p,
                                       struct arena *a, enum finding_state state, int64_t after,
                                       size_t max, struct vee_finding **out, size_t *n,
                                       struct err *e);
SK_MUST_USE enum err_code vee_finding_get(struct db *db, const struct reading_points *p,
                                          struct arena *a, int64_t finding_id,
                                          struct vee_finding *out, struct err *e);
/* The value is right, says `user_id`, and why. ERR_RULE: not open. Own transaction. */
SK_MUST_USE enum err_code vee_accept(struct db *db, const struct reading_points *p,
                                     int64_t finding_id, struct str reason, int64_t user_id,
                                     struct instant now, struct err *e);

/* ---- estimates --------------------------------------------------------------------------------
 */

struct estimate_job {
    int64_t point_id;
    struct slot from;
    int32_t n_slots;
    enum estimate_method method;
    int64_t like_id; /* SIMILAR: the other point; 0: none */
    int64_t total;   /* of the whole gap, or ESTIMATE_NO_TOTAL */
    bool replace;    /* law 3: also where there is a value */
    const struct vee_rules *rules; /* NULL: own defaults of days, and no second person */
    struct vee_calendar calendar;
    struct str reason;
    int64_t user_id;
    struct instant now;
};
struct estimate_value {
    struct slot slot;
    int64_t value, old_value;
    uint8_t old_mark; /* enum reading_mark */
};
struct estimate {
    enum estimate_method method; /* the one used: never AUTO */
    const struct estimate_value *values;
    size_t n;
    int64_t total;        /* of the values */
    struct str sources;   /* "mean of 5 workdays: 2026-10-12, ..." */
    struct str tried;     /* AUTO: why those before it did not do */
    bool second_person;   /* laws 3 and 4 */
    int64_t proposal_id;  /* once written; 0 if there was nothing to fill */
};
#define ESTIMATE_SLOTS_MAX (31 * SLOTS) /* of one job: a month */
#define ESTIMATE_LINEAR_MAX 4           /* AUTO takes a line over an hour at most */
const char *estimate_method_word(enum estimate_method m); /* "same-day" */
bool estimate_method_parse(struct str word, enum estimate_method *out);
/* What would be put where; writes nothing. ERR_GAP: the method cannot, and says what it lacks. */
SK_MUST_USE enum err_code estimate_plan(struct db *db, const struct reading_points *p,
                                        struct arena *a, const struct estimate_job *job,
                                        struct estimate *out, struct err *e);
/* Plans and puts it in force, or proposes it where a second person is needed (reading_decide).
 * Own transaction. */
SK_MUST_USE enum err_code estimate_make(struct db *db, const struct reading_points *p,
                                        struct arena *a, const struct estimate_job *job,
                                        struct estimate *out, struct err *e);
/* What AUTO would try first for a gap: for a list of gaps, without computing. */
enum estimate_method estimate_suggest(const struct reading_points *p, const struct reading_gap *g);

/* ---- proposals and provenance ------------------------------------------------------------------
 */

/* What one call of an edit or an estimate asked for: its changes are decided together. */
struct reading_proposal {
    int64_t proposal_id, point_id;
    struct slot from;
    int32_t n_slots; /* from the first to the last */
    int64_t n_open, n_applied, n_refused;
    int64_t total; /* of the new values */
    enum change_kind kind;
    enum estimate_method method; /* of an estimate */
    struct str sources, reason;
    int64_t user_id;
};
/* In id order after `after`; `open`: only those with something to decide. */
SK_MUST_USE enum err_code reading_list_proposals(struct db *db, const struct reading_points *p,
                                                 struct arena *a, bool open, int64_t after,
                                                 size_t max, struct reading_proposal **out,
                                                 size_t *n, struct err *e);
/* The changes of one proposal that wait, for reading_decide(). ERR_NOT_FOUND: none, or not yours.
 */
SK_MUST_USE enum err_code reading_proposal_changes(struct db *db, const struct reading_points *p,
                                                   struct arena *a, int64_t proposal_id,
                                                   int64_t **ids, size_t *n, struct err *e);
/* Where the estimated and manual values of a day came from; kind 0: not from a proposal. */
struct reading_provenance {
    enum change_kind kind;
    enum estimate_method method;
    struct str sources, reason;
    int64_t user_id, approver_id;
};
SK_MUST_USE enum err_code reading_provenance(struct db *db, const struct reading_points *p,
                                             struct arena *a, const struct reading_day *day,
                                             int64_t point_id,
                                             struct reading_provenance out[SLOTS], struct err *e);
#endif
