/* vee.c - which values look wrong: each point over a span of days against the rules of its role,
 * each station's parts against its main meter, intervals against registers.
 *
 * Only measured values are judged: what was estimated or edited has been decided.
 */
#include "reading/vee_check.h"

#define LOOK_BACK_DAYS 60 /* days of the same type for the usual height of an hour */
#define SPIKE_LEAST 3     /* fewer good days say nothing of what is usual */
#define NEIGHBOURS 1      /* a cloud is 15 minutes late: neighbours count as the same hour */

/* ---- one point --------------------------------------------------------------------------------
 */

struct look { /* a point's days: LOOK_BACK_DAYS, then those checked */
    struct vee_run *run;
    const struct point *point;
    const struct vee_set *set;
    struct day first; /* of those checked */
    int32_t n_days;
    const struct reading_day *days;
};

static const struct reading_day *day_of(const struct look *l, int32_t d)
{
    return &l->days[LOOK_BACK_DAYS + d];
}

static bool measured(const struct reading_day *d, int s)
{
    return d->mark[s] == MARK_ACTUAL;
}

static struct vee_finding *found(struct look *l, enum vee_rule rule, int32_t k, int64_t value,
                                 int64_t limit)
{
    return vee_found(l->run, &(struct vee_finding){ .point_id = l->point->point_id,
                                                    .from = { day_add(l->first, k / SLOTS),
                                                              k % SLOTS },
                                                    .n_slots = 1,
                                                    .rule = rule,
                                                    .value = value,
                                                    .limit = limit });
}

/* A value that breaks a rule joins the finding of the interval before, which keeps the worst. */
static void found_next(struct look *l, struct vee_finding **open, int32_t *last,
                       enum vee_rule rule, int32_t k, int64_t value, int64_t limit)
{
    int64_t excess = value < 0 ? -value : value - limit;
    if (*open && *last == k - 1) {
        int64_t before = (*open)->value < 0 ? -(*open)->value : (*open)->value - (*open)->limit;
        (*open)->n_slots++;
        if (excess > before) {
            (*open)->value = value;
            (*open)->limit = limit;
        }
    } else {
        *open = found(l, rule, k, value, limit);
    }
    *last = k;
}

/* Rated power for 15 minutes times the factor; INT64_MAX: not asked. */
static int64_t limit_of(const struct look *l)
{
    if (!l->set->limit_e4 || !l->point->rated_kw_e4) {
        return INT64_MAX;
    }
    return (int64_t)((__int128)l->point->rated_kw_e4 * l->set->limit_e4 / (4 * 10000));
}

static bool in_night(const struct vee_set *s, int slot)
{
    return s->night_from > s->night_until ? slot >= s->night_from || slot < s->night_until
                                          : slot >= s->night_from && slot < s->night_until;
}

/* Limit, negative, night: each value by itself. */
static void look_values(struct look *l)
{
    const int64_t limit = limit_of(l);
    struct vee_finding *open[VEE_RULES] = { NULL };
    int32_t last[VEE_RULES] = { 0 };
    for (int32_t k = 0; k < l->n_days * SLOTS; k++) {
        const struct reading_day *d = day_of(l, k / SLOTS);
        int64_t v = d->value[k % SLOTS];
        if (!measured(d, k % SLOTS)) {
            continue;
        }
        if (v > limit) {
            found_next(l, &open[VEE_LIMIT], &last[VEE_LIMIT], VEE_LIMIT, k, v, limit);
        }
        if (l->set->negative && v < 0) {
            found_next(l, &open[VEE_NEGATIVE], &last[VEE_NEGATIVE], VEE_NEGATIVE, k, v, 0);
        }
        if (l->set->night_kwh_e4 >= 0 && in_night(l->set, k % SLOTS) &&
            v > l->set->night_kwh_e4) {
            found_next(l, &open[VEE_NIGHT], &last[VEE_NIGHT], VEE_NIGHT, k, v,
                       l->set->night_kwh_e4);
        }
    }
}

/* Runs of nothing within the hours of the rule (hours between two days do not break a run), and of
 * the same value. */
static void look_runs(struct look *l)
{
    const struct vee_set *s = l->set;
    int32_t zero = 0, same = 0, zero_from = 0, same_from = 0;
    for (int32_t k = 0; k <= l->n_days * SLOTS; k++) {
        const struct reading_day *d = k < l->n_days * SLOTS ? day_of(l, k / SLOTS) : NULL;
        const int i = k % SLOTS;
        bool hours = d && i >= s->zero_from && i < s->zero_until;
        if (!d || hours) {
            bool more = d && measured(d, i) && d->value[i] == 0;
            if (!more && s->zero_slots && zero >= s->zero_slots) {
                found(l, VEE_ZERO, zero_from, 0, s->zero_slots)->n_slots = zero;
            }
            zero_from = more && zero == 0 ? k : zero_from;
            zero = more ? zero + 1 : 0;
        }
        bool moving = !d || !measured(d, i) || d->value[i] == 0;
        bool goes_on = !moving && same > 0 &&
                       d->value[i] == day_of(l, same_from / SLOTS)->value[same_from % SLOTS];
        if (!goes_on) {
            if (s->stuck_slots && same >= s->stuck_slots) {
                found(l, VEE_STUCK, same_from,
                      day_of(l, same_from / SLOTS)->value[same_from % SLOTS], s->stuck_slots)
                    ->n_slots = same;
            }
            same_from = k;
            same = moving ? 0 : 1;
        } else {
            same++;
        }
    }
}

/* The most of the hour of slot s on the last days of the type before day d; -1: too few days. */
static int64_t usual(const struct look *l, int32_t d, int s)
{
    const struct vee_calendar *cal = l->run->calendar;
    enum vee_day type = vee_day_of(cal, day_add(l->first, d));
    int64_t most = 0;
    int32_t n = 0;
    for (int32_t i = d - 1; i >= d - LOOK_BACK_DAYS && n < l->set->spike_days; i--) {
        const struct reading_day *b = day_of(l, i);
        if (vee_day_of(cal, day_add(l->first, i)) != type || b->mark[s] == MARK_MISSING) {
            continue;
        }
        for (int k = s - NEIGHBOURS; k <= s + NEIGHBOURS; k++) {
            if (k >= 0 && k < SLOTS && b->mark[k] != MARK_MISSING && b->value[k] > most) {
                most = b->value[k];
            }
        }
        n++;
    }
    return n < SPIKE_LEAST ? -1 : most;
}

static void look_spikes(struct look *l)
{
    struct vee_finding *open = NULL;
    int32_t last = 0;
    if (!l->set->spike_e4) {
        return;
    }
    for (int32_t k = 0; k < l->n_days * SLOTS; k++) {
        const struct reading_day *d = day_of(l, k / SLOTS);
        int64_t v = d->value[k % SLOTS];
        if (!measured(d, k % SLOTS) || v <= l->set->spike_kwh_e4) {
            continue; /* too little to matter, whatever is usual */
        }
        int64_t most = usual(l, k / SLOTS, k % SLOTS);
        int64_t limit = (int64_t)((__int128)most * l->set->spike_e4 / 10000);
        limit += l->set->spike_kwh_e4;
        if (most >= 0 && v > limit) {
            found_next(l, &open, &last, VEE_SPIKE, k, v, limit);
        }
    }
}

/* Registers against intervals over the whole span, then by day to name the day. */
static enum err_code look_control(struct look *l, struct err *e)
{
    struct vee_run *r = l->run;
    struct reading_control c;
    struct err why;
    struct day until = day_add(l->first, l->n_days);
    enum err_code code = reading_control(r->db, r->p, l->point->point_id, l->first, until, &c,
                                         &why);
    if (code == ERR_GAP) {
        return OK; /* no register at both ends: nothing to compare with */
    }
    if (code != OK) {
        *e = why;
        return code;
    }
    if (!c.mismatch) {
        return OK;
    }
    int32_t from = 0, n = l->n_days;
    for (int32_t d = 0; d < l->n_days; d++) {
        struct reading_control one;
        struct day day = day_add(l->first, d);
        if (reading_control(r->db, r->p, l->point->point_id, day, day_add(day, 1), &one, &why) ==
                OK &&
            one.mismatch) {
            from = d;
            n = 1;
            c = one;
            break;
        }
    }
    found(l, VEE_CONTROL, from * SLOTS, c.intervals, c.registers)->n_slots = n * SLOTS;
    return OK;
}

static const struct vee_set *set_for(const struct vee_run *r, const struct point *p)
{
    enum station_kind kind = vee_station_kind(r, p->station_id);
    for (size_t i = 0; i < r->rules->n_sets; i++) {
        const struct vee_set *s = &r->rules->sets[i];
        if ((!s->role || s->role == p->role) && (!s->station || s->station == kind)) {
            return s;
        }
    }
    return NULL;
}

enum err_code vee_look(struct vee_run *r, const struct point *point, struct day from,
                       int32_t n_days, struct err *e)
{
    struct arena *a = arena_new();
    const int32_t n = LOOK_BACK_DAYS + n_days;
    struct reading_day *days = arena_many(a, (size_t)n, struct reading_day);
    struct look l = { .run = r,
                      .point = point,
                      .set = set_for(r, point),
                      .first = from,
                      .n_days = n_days,
                      .days = days };
    enum err_code code = OK;
    if (l.set) {
        code = reading_values(r->db, r->p, point->point_id, day_add(from, -LOOK_BACK_DAYS), n,
                              days, e);
    }
    if (l.set && code == OK) {
        look_values(&l);
        look_runs(&l);
        look_spikes(&l);
    }
    if (code == OK && r->rules->control && r->registers) {
        code = look_control(&l, e);
    }
    arena_free(a);
    return code;
}

/* ---- a station's parts against its main meter --------------------------------------------------
 */

/* Adds a point's days; a day with anything missing is unknown (`whole` false). */
static enum err_code sum_add(struct vee_run *r, int64_t point_id, struct day from, int32_t n_days,
                             struct reading_day *days, int64_t *sum, bool *whole, struct err *e)
{
    if (reading_values(r->db, r->p, point_id, from, n_days, days, e) != OK) {
        return e->code;
    }
    for (int32_t d = 0; d < n_days; d++) {
        for (int s = 0; s < SLOTS; s++) {
            sum[d] += days[d].value[s];
            whole[d] = whole[d] && days[d].mark[s] != MARK_MISSING;
        }
    }
    return OK;
}

static void sum_judge(struct vee_run *r, const struct vee_sum *rule, int64_t main_id,
                      struct day from, int32_t n_days, const int64_t *mains, const int64_t *parts,
                      const bool *whole)
{
    for (int32_t d = 0; d < n_days; d++) {
        __int128 over = (__int128)mains[d] * (1000000 + rule->over_e6);
        __int128 under = (__int128)mains[d] * (1000000 - rule->under_e6);
        __int128 have = (__int128)parts[d] * 1000000;
        if (whole[d] && (have > over || have < under)) {
            vee_found(r, &(struct vee_finding){ .point_id = main_id,
                                                .from = { day_add(from, d), 0 },
                                                .n_slots = SLOTS,
                                                .rule = VEE_SUM,
                                                .value = parts[d],
                                                .limit = mains[d] });
        }
    }
}

enum err_code vee_sum_look(struct vee_run *r, const struct vee_sum *rule, int64_t station_id,
                           struct day from, int32_t n_days, struct err *e)
{
    const struct meter_estate *es = reading_points_estate(r->p);
    struct arena *a = arena_new();
    struct reading_day *days = arena_many(a, (size_t)n_days, struct reading_day);
    int64_t *mains = arena_many(a, (size_t)n_days, int64_t);
    int64_t *parts = arena_many(a, (size_t)n_days, int64_t);
    bool *whole = arena_many(a, (size_t)n_days, bool);
    int64_t main_id = 0;
    int n_parts = 0;
    enum err_code code = OK;
    memset(whole, 1, (size_t)n_days * sizeof(*whole));
    for (size_t i = 0; i < es->n && code == OK; i++) {
        const struct point *p = &es->points[i];
        if (p->station_id != station_id || p->is_virtual) {
            continue;
        }
        if (p->role == rule->main) {
            main_id = main_id ? main_id : p->point_id;
            code = sum_add(r, p->point_id, from, n_days, days, mains, whole, e);
        } else if (rule->parts & 1u << p->role) {
            n_parts++;
            code = sum_add(r, p->point_id, from, n_days, days, parts, whole, e);
        }
    }
    if (code == OK && main_id && n_parts) {
        sum_judge(r, rule, main_id, from, n_days, mains, parts, whole);
    }
    arena_free(a);
    return code;
}
