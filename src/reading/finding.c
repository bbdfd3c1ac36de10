/* finding.c - the work list: what a check found is written down once, followed, and decided. */
#include "reading/vee_check.h"

static const char *const state_words[] = { "",          "open",   "accepted",
                                           "estimated", "edited", "cleared" };

const char *finding_state_word(enum finding_state s)
{
    return state_words[s];
}

struct vee_finding *vee_found(struct vee_run *r, const struct vee_finding *f)
{
    if (r->n == r->max) {
        r->full = true;
        r->spare = *f;
        return &r->spare;
    }
    r->at[r->n] = *f;
    return &r->at[r->n++];
}

enum station_kind vee_station_kind(const struct vee_run *r, int64_t station_id)
{
    size_t lo = 0, hi = r->n_stations;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (r->stations[mid].station_id < station_id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < r->n_stations && r->stations[lo].station_id == station_id ? r->stations[lo].kind
                                                                          : 0;
}

static enum err_code stations_load(struct vee_run *r, struct arena *a, struct err *e)
{
    size_t got = METER_PAGE_MAX, room = 0;
    int64_t after = 0;
    while (got == METER_PAGE_MAX) {
        struct station *page;
        if (meter_list_stations(r->db, r->p->scope, a, after, METER_PAGE_MAX, &page, &got, e) !=
            OK) {
            return e->code;
        }
        if (r->n_stations + got > room) {
            room = 2 * (r->n_stations + got);
            struct station *more = arena_many(a, room, struct station);
            for (size_t i = 0; i < r->n_stations; i++) {
                more[i] = r->stations[i];
            }
            r->stations = more;
        }
        memcpy(r->stations + r->n_stations, page, got * sizeof(*page));
        r->n_stations += got;
        after = got ? page[got - 1].station_id : after;
    }
    return OK;
}

/* ---- a span of values as it stands ------------------------------------------------------------
 */

/* What became of a finding whose values are not measured any more; OPEN: some still are, or are
 * missing. */
static enum err_code state_now(struct db *db, const struct reading_points *p, int64_t at,
                               const struct vee_finding *f, enum finding_state *out, struct err *e)
{
    struct arena *a = arena_new();
    int32_t n_days = (f->from.index + f->n_slots + SLOTS - 1) / SLOTS;
    struct day_slots *d = arena_many(a, (size_t)n_days, struct day_slots);
    enum err_code code = days_load(db, p, at, f->from.day, n_days, d, NULL, e);
    bool other = false, hand = true;
    for (int32_t k = f->from.index; k < f->from.index + f->n_slots && code == OK; k++) {
        uint16_t q = d[k / SLOTS].q[k % SLOTS];
        enum reading_mark m = reading_mark_of(q);
        other |= m != MARK_ESTIMATED && m != MARK_MANUAL;
        hand &= m == MARK_MANUAL && !(q & Q_EST);
    }
    arena_free(a);
    *out = other ? FINDING_OPEN : hand ? FINDING_EDITED : FINDING_ESTIMATED;
    return code;
}

static enum err_code finding_move(struct db *db, struct vee_finding *f, enum finding_state to,
                                  int64_t user_id, struct str reason, struct instant now,
                                  struct err *e)
{
    f->state = to;
    f->user_id = user_id;
    f->reason = reason;
    f->decided = to == FINDING_OPEN ? (struct instant){ 0 } : now;
    return rows_set_finding(db, f, e);
}

/* The findings of a point that begin in a span, or up to a month before it and may reach into it.
 */
#define POINT_FINDINGS_MAX 2000

static enum err_code settle_point(struct db *db, const struct reading_points *p,
                                  const struct reading_change *c, int64_t user_id,
                                  struct str reason, struct day from, struct day until,
                                  struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    int64_t at = points_find(p, c->point_id);
    struct vee_finding *f = arena_many(a, POINT_FINDINGS_MAX, struct vee_finding);
    size_t n = 0;
    enum err_code code =
        rows_point_findings(db, a, p->places[at].shard, c->point_id, day_add(from, -31),
                            day_add(until, 1), POINT_FINDINGS_MAX, f, &n, e);
    for (size_t i = 0; i < n && code == OK; i++) {
        enum finding_state to = FINDING_OPEN;
        struct slot end = slot_after(f[i].from, f[i].n_slots - 1);
        if (f[i].state != FINDING_OPEN || f[i].rule == VEE_SUM || f[i].rule == VEE_CONTROL ||
            end.day.yyyymmdd < from.yyyymmdd) {
            continue;
        }
        code = state_now(db, p, at, &f[i], &to, e);
        if (code == OK && to != FINDING_OPEN) {
            code = finding_move(db, &f[i], to, user_id, reason, now, e);
        }
    }
    arena_free(a);
    return code;
}

enum err_code findings_settle(struct db *db, const struct reading_points *p,
                              const struct reading_change *c, size_t n, int64_t user_id,
                              struct instant now, struct err *e)
{
    for (size_t i = 0; i < n;) {
        struct day from = c[i].slot.day, until = c[i].slot.day;
        size_t j = i;
        while (j < n && c[j].point_id == c[i].point_id) {
            from = c[j].slot.day.yyyymmdd < from.yyyymmdd ? c[j].slot.day : from;
            until = c[j].slot.day.yyyymmdd > until.yyyymmdd ? c[j].slot.day : until;
            j++;
        }
        if (settle_point(db, p, &c[i], user_id, c[i].reason, from, until, now, e) != OK) {
            return e->code;
        }
        i = j;
    }
    return OK;
}

/* ---- bringing the list up to date --------------------------------------------------------------
 */

static int by_place(const void *a, const void *b)
{
    const struct vee_finding *x = a, *y = b;
    if (x->point_id != y->point_id) {
        return x->point_id < y->point_id ? -1 : 1;
    }
    if (x->from.day.yyyymmdd != y->from.day.yyyymmdd) {
        return x->from.day.yyyymmdd < y->from.day.yyyymmdd ? -1 : 1;
    }
    return x->from.index != y->from.index ? x->from.index - y->from.index
                                          : (int)x->rule - (int)y->rule;
}

/* A finding that is known: accepted as it is it stays so; with other values it is open again. */
static enum err_code known_again(struct db *db, struct vee_finding *was,
                                 const struct vee_finding *is, struct instant now, struct err *e)
{
    bool same = was->value == is->value && was->limit == is->limit && was->n_slots == is->n_slots;
    if (same && (was->state == FINDING_OPEN || was->state == FINDING_ACCEPTED)) {
        return OK;
    }
    was->value = is->value;
    was->limit = is->limit;
    was->n_slots = is->n_slots;
    return finding_move(db, was, FINDING_OPEN, 0, STR(""), now, e);
}

/* An open one that was not found again: decided meanwhile, or the data have changed. */
static enum err_code gone(struct vee_run *r, int64_t at, struct vee_finding *was,
                          struct instant now, struct vee_counts *c, struct err *e)
{
    enum finding_state to = FINDING_OPEN;
    if (was->state != FINDING_OPEN) {
        return OK;
    }
    if (was->rule != VEE_SUM && was->rule != VEE_CONTROL &&
        state_now(r->db, r->p, at, was, &to, e) != OK) {
        return e->code;
    }
    c->cleared += to == FINDING_OPEN;
    return finding_move(r->db, was, to == FINDING_OPEN ? FINDING_CLEARED : to, 0, STR(""), now, e);
}

/* `f[0..n)` is what was found at one point, by place. */
static enum err_code point_update(struct vee_run *r, int64_t point_id, const struct vee_finding *f,
                                  size_t n, struct day from, struct day until, struct instant now,
                                  struct vee_counts *c, struct err *e)
{
    struct arena *a = arena_new();
    int64_t at = points_find(r->p, point_id);
    struct vee_finding *was = arena_many(a, POINT_FINDINGS_MAX, struct vee_finding);
    size_t n_was = 0, k = 0;
    enum err_code code = rows_point_findings(r->db, a, r->p->places[at].shard, point_id, from,
                                             until, POINT_FINDINGS_MAX, was, &n_was, e);
    for (size_t i = 0; i < n_was || k < n;) {
        int side = i == n_was ? 1 : k == n ? -1 : by_place(&was[i], &f[k]);
        if (code != OK) {
            break;
        }
        if (side < 0) {
            code = gone(r, at, &was[i++], now, c, e);
        } else if (side == 0) {
            code = known_again(r->db, &was[i++], &f[k++], now, e);
        } else {
            struct vee_finding fresh = f[k++];
            fresh.finding_id = store_next_id(r->db, now);
            code = rows_put_finding(r->db, r->p->places[at].shard, &fresh, now, e);
            c->fresh++;
        }
    }
    arena_free(a);
    return code;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Every point looked at has its list brought up to date, found or not. */
static enum err_code list_update(struct vee_run *r, const int64_t *ids, size_t n_ids,
                                 struct day from, struct day until, struct instant now,
                                 struct vee_counts *c, struct err *e)
{
    size_t k = 0;
    qsort(r->at, r->n, sizeof(*r->at), by_place);
    for (size_t i = 0; i < n_ids; i++) {
        size_t end = k;
        while (end < r->n && r->at[end].point_id == ids[i]) {
            end++;
        }
        if (point_update(r, ids[i], r->at + k, end - k, from, until, now, c, e) != OK) {
            return e->code;
        }
        k = end;
    }
    check(k == r->n);
    return OK;
}

/* The sums are asked of stations of which every real point was named. */
static enum err_code sums_look(struct vee_run *r, const int64_t *ids, size_t n_ids,
                               struct day from, int32_t n_days, struct err *e)
{
    const struct meter_estate *es = &r->p->estate;
    for (size_t i = 0; i < r->n_stations; i++) {
        bool whole = false;
        for (size_t s = 0; s < r->rules->n_sums; s++) {
            whole |= r->rules->sums[s].station == r->stations[i].kind;
        }
        for (size_t k = 0; k < es->n && whole; k++) {
            const struct point *p = &es->points[k];
            whole = p->station_id != r->stations[i].station_id || p->is_virtual ||
                    bsearch(&p->point_id, ids, n_ids, sizeof(*ids), by_number);
        }
        for (size_t s = 0; s < r->rules->n_sums && whole; s++) {
            if (r->rules->sums[s].station == r->stations[i].kind &&
                vee_sum_look(r, &r->rules->sums[s], r->stations[i].station_id, from, n_days, e) !=
                    OK) {
                return e->code;
            }
        }
    }
    return OK;
}

static enum err_code run_look(struct vee_run *r, struct arena *a, const int64_t *ids, size_t n,
                              struct day from, int32_t n_days, struct err *e)
{
    if (stations_load(r, a, e) != OK ||
        reading_has_registers(r->db, from, day_add(from, n_days), &r->registers, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t at = points_get(r->p, ids[i], true, e);
        if (at < 0) {
            return e->code;
        }
        if (vee_look(r, &r->p->estate.points[at], from, n_days, e) != OK) {
            return e->code;
        }
    }
    if (sums_look(r, ids, n, from, n_days, e) != OK) {
        return e->code;
    }
    return r->full ? fail(e, ERR_LIMIT,
                          "check: more than %d findings: look at fewer points or days, or at the "
                          "rules",
                          VEE_FINDINGS_MAX)
                   : OK;
}

enum err_code vee_check(struct db *db, const struct reading_points *p,
                        const struct vee_rules *rules, const struct vee_calendar *cal,
                        const int64_t *point_ids, size_t n, struct day from, int32_t n_days,
                        struct instant now, struct vee_counts *out, struct err *e)
{
    static const struct vee_calendar weekdays = { NULL, NULL };
    struct err own;
    struct arena *a = arena_new();
    struct vee_run r = { .db = db,
                         .p = p,
                         .rules = rules,
                         .calendar = cal ? cal : &weekdays,
                         .at = arena_many(a, VEE_FINDINGS_MAX, struct vee_finding),
                         .max = VEE_FINDINGS_MAX };
    int64_t *ids = arena_many(a, n + 1, int64_t);
    struct vee_counts c = { .points = (int64_t)n };
    e = e ? e : &own;
    memcpy(ids, point_ids, n * sizeof(*ids));
    qsort(ids, n, sizeof(*ids), by_number);
    enum err_code code = n_days < 1 || n_days > READING_DAYS_MAX
                             ? fail(e, ERR_INPUT, "check of %d days (1..%d)", n_days,
                                    READING_DAYS_MAX)
                             : run_look(&r, a, ids, n, from, n_days, e);
    if (code == OK) {
        code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
    }
    if (code == OK) {
        code = list_update(&r, ids, n, from, day_add(from, n_days), now, &c, e);
        if (code == OK) {
            code = store_commit(db, STORE_SERIES, e);
        } else {
            store_rollback(db, STORE_SERIES);
        }
    }
    if (code == OK) {
        c.found = (int64_t)r.n;
        *out = c;
    }
    arena_free(a);
    return code;
}

/* ---- reading and deciding ---------------------------------------------------------------------
 */

enum err_code vee_findings(struct db *db, const struct reading_points *p, struct arena *a,
                           enum finding_state state, int64_t after, size_t max,
                           struct vee_finding **out, size_t *n, struct err *e)
{
    max = max < METER_PAGE_MAX ? max : METER_PAGE_MAX;
    struct vee_finding *page = arena_many(a, max + 1, struct vee_finding);
    struct vee_finding *kept = arena_many(a, max + 1, struct vee_finding);
    size_t got = max, n_kept = 0;
    while (got == max && n_kept < max) { /* what belongs to others is passed over */
        if (rows_page_findings(db, a, (int)state, after, max, page, &got, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < got && n_kept < max; i++) {
            after = page[i].finding_id;
            if (points_find(p, page[i].point_id) >= 0) {
                kept[n_kept++] = page[i];
            }
        }
    }
    *out = kept;
    *n = n_kept;
    return OK;
}

enum err_code vee_finding_get(struct db *db, const struct reading_points *p, struct arena *a,
                              int64_t finding_id, struct vee_finding *out, struct err *e)
{
    struct vee_finding f;
    bool found;
    if (rows_get_finding(db, a, finding_id, &f, &found, e) != OK) {
        return e->code;
    }
    if (!found || points_find(p, f.point_id) < 0) {
        return fail(e, ERR_NOT_FOUND, "no finding %lld, or not yours", (long long)finding_id);
    }
    *out = f;
    return OK;
}

static enum err_code accept(struct db *db, const struct reading_points *p, struct arena *a,
                            int64_t finding_id, struct str reason, int64_t user_id,
                            struct instant now, struct err *e)
{
    struct vee_finding f;
    if (vee_finding_get(db, p, a, finding_id, &f, e) != OK) {
        return e->code;
    }
    if (f.state != FINDING_OPEN) {
        return fail(e, ERR_RULE, "finding %lld is %s already", (long long)finding_id,
                    finding_state_word(f.state));
    }
    return finding_move(db, &f, FINDING_ACCEPTED, user_id, reason, now, e);
}

enum err_code vee_accept(struct db *db, const struct reading_points *p, int64_t finding_id,
                         struct str reason, int64_t user_id, struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    if (str_trim(reason).n == 0 || reason.n > 500) {
        return fail(e, ERR_INPUT, "who accepts a finding says why (at most 500 bytes)");
    }
    enum err_code code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
    if (code != OK) {
        return code;
    }
    struct arena *a = arena_new();
    code = accept(db, p, a, finding_id, reason, user_id, now, e);
    arena_free(a);
    if (code != OK) {
        store_rollback(db, STORE_SERIES);
        return code;
    }
    return store_commit(db, STORE_SERIES, e);
}

/* ---- proposals and provenance ------------------------------------------------------------------
 */

enum err_code reading_list_proposals(struct db *db, const struct reading_points *p,
                                     struct arena *a, bool open, int64_t after, size_t max,
                                     struct reading_proposal **out, size_t *n, struct err *e)
{
    max = max < METER_PAGE_MAX ? max : METER_PAGE_MAX;
    struct reading_proposal *page = arena_many(a, max + 1, struct reading_proposal);
    struct reading_proposal *kept = arena_many(a, max + 1, struct reading_proposal);
    size_t got = max, n_kept = 0;
    while (got == max && n_kept < max) {
        if (rows_page_proposals(db, a, open, after, max, page, &got, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < got && n_kept < max; i++) {
            after = page[i].proposal_id;
            if (points_find(p, page[i].point_id) >= 0) {
                kept[n_kept++] = page[i];
            }
        }
    }
    *out = kept;
    *n = n_kept;
    return OK;
}

enum err_code reading_proposal_changes(struct db *db, const struct reading_points *p,
                                       struct arena *a, int64_t proposal_id, int64_t **ids,
                                       size_t *n, struct err *e)
{
    int64_t point_id = 0;
    int64_t *list = arena_many(a, ESTIMATE_SLOTS_MAX, int64_t);
    size_t got = 0;
    if (rows_proposal_changes(db, proposal_id, ESTIMATE_SLOTS_MAX, list, &point_id, &got, e) !=
        OK) {
        return e->code;
    }
    if (got == 0 || points_find(p, point_id) < 0) {
        return fail(e, ERR_NOT_FOUND, "no proposal %lld that waits, or not yours",
                    (long long)proposal_id);
    }
    *ids = list;
    *n = got;
    return OK;
}

#define DAY_CHANGES_MAX (20 * SLOTS) /* applied changes of one day that are looked through */

enum err_code reading_provenance(struct db *db, const struct reading_points *p, struct arena *a,
                                 const struct reading_day *day, int64_t point_id,
                                 struct reading_provenance out[SLOTS], struct err *e)
{
    int64_t at = points_get(p, point_id, true, e);
    if (at < 0) {
        return e ? e->code : ERR_NOT_FOUND;
    }
    struct day_change *c = arena_many(a, DAY_CHANGES_MAX, struct day_change);
    size_t n = 0;
    if (rows_day_changes(db, a, p->places[at].shard, point_id, day->day, c, DAY_CHANGES_MAX, &n,
                         e) != OK) {
        return e->code;
    }
    memset(out, 0, SLOTS * sizeof(*out));
    for (size_t i = 0; i < n; i++) { /* the latest wins */
        int s = c[i].slot;
        bool guessed = day->mark[s] == MARK_ESTIMATED || day->mark[s] == MARK_MANUAL;
        if (guessed && day->value[s] == c[i].value) {
            out[s] = c[i].from;
        }
    }
    return OK;
}
