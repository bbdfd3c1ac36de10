/* vee_check.h - a check under way: what vee.c finds and finding.c writes down; private. */
#ifndef SK_READING_VEE_CHECK_H
#define SK_READING_VEE_CHECK_H
#include "reading/days.h"
#include "reading/vee.h"

struct vee_run {
    struct db *db;
    const struct reading_points *p;
    const struct vee_rules *rules;
    const struct vee_calendar *calendar;
    struct station *stations; /* by id */
    size_t n_stations;
    bool registers; /* there are some in the span */
    struct vee_finding *at;
    size_t n, max;
    bool full;
    struct vee_finding spare; /* takes what has no room */
};
/* Keeps a finding; the pointer is good until the next call. */
struct vee_finding *vee_found(struct vee_run *r, const struct vee_finding *f);
enum station_kind vee_station_kind(const struct vee_run *r, int64_t station_id); /* 0: unknown */
enum err_code vee_look(struct vee_run *r, const struct point *point, struct day from,
                       int32_t n_days, struct err *e);
enum err_code vee_sum_look(struct vee_run *r, const struct vee_sum *rule, int64_t station_id,
                           struct day from, int32_t n_days, struct err *e);
#endif
