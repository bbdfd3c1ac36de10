/* registers.c - derives the intervals that changed registers touch (iot.md 2.2, settlement-rules
 * 3.2).
 *
 * A change at a boundary touches what lies between the last good reading before it and the next
 * good one behind it. So the days around are read until both are found; what is derived from them
 * is what would be derived from the whole series, whatever came first (law 6).
 */
#include "reading/registers.h"

/* A gap longer than this is not bridged: its energy is known, but a shape of two months is nobody's
 * estimate. It stays open until somebody estimates it by hand. */
#define GAP_DAYS_MAX 62
#define WEEK 7

void dirty_add(struct dirty_list *l, struct dirty d)
{
    if (l->n == l->room) {
        l->room = l->room ? l->room * 2 : 64;
        l->at = mem_grow(l->at, l->room * sizeof(*l->at));
    }
    l->at[l->n++] = d;
}

void dirty_free(struct dirty_list *l)
{
    free(l->at);
    *l = (struct dirty_list){ 0 };
}

static bool is_register_point(const struct reading_points *p, int64_t at)
{
    return p->estate.first_binding[at + 1] > p->estate.first_binding[at];
}

void dirty_week_later(struct dirty_list *l, const struct reading_points *p, int64_t at,
                      struct day day)
{
    if (is_register_point(p, at)) {
        struct day later = day_add(day, WEEK);
        dirty_add(l, (struct dirty){ at, { later, 0 }, { later, SLOTS - 1 }, true });
    }
}

/* ---- cutting into segments ------------------------------------------------------------------- */

static bool is_good(const struct day_slots *d, int slot)
{
    return d[slot / SLOTS].rank[slot % SLOTS] != 0 &&
           reading_mark_of(d[slot / SLOTS].q[slot % SLOTS]) != MARK_MISSING;
}

/* Fits a register to its modulus: what does not fit is a wrong reading and as good as none. */
static bool fits(const struct binding *b, int64_t value)
{
    return value >= 0 && (b->modulus_e4 == 0 || value < b->modulus_e4);
}

static void add_reading(struct stretch *s, int64_t time, int64_t value, bool has, uint8_t rank,
                        uint16_t q)
{
    size_t i = s->segment.n++;
    s->time[i] = time;
    ((int64_t *)s->segment.index_e4)[i] = has ? value : 0;
    ((bool *)s->segment.has)[i] = has;
    ((uint8_t *)s->segment.rank)[i] = rank;
    ((uint16_t *)s->segment.q)[i] = q;
}

static struct stretch cut_one(const struct point *point, const struct binding *b, int64_t start,
                              int32_t n_slots, const struct day_slots *registers, struct arena *a)
{
    size_t room = (size_t)n_slots + 3;
    int64_t end = start + n_slots * SLOT_MS, from = b->valid_from.utc_ms;
    int64_t until = b->valid_until.utc_ms ? b->valid_until.utc_ms : INT64_MAX;
    struct stretch s = { .binding = b, .time = arena_many(a, room, int64_t) };
    s.segment = (struct derive_segment){
        .meter = b->register_code,
        .index_e4 = arena_many(a, room, int64_t),
        .has = arena_many(a, room, bool),
        .rank = arena_many(a, room, uint8_t),
        .q = arena_many(a, room, uint16_t),
        .k_num = (int64_t)b->ct_num * b->pt_num,
        .k_den = (int64_t)b->ct_den * b->pt_den,
        .modulus_e4 = b->modulus_e4,
        /* rated power x 15 min x 1.2; both in 10^-4 */
        .limit = point->rated_kw_e4 * 12 / 40,
    };
    int64_t first = from <= start ? 0 : (from - start + SLOT_MS - 1) / SLOT_MS;
    bool off = from > start && from < end && (from - start) % SLOT_MS != 0;
    bool known = b->first_value_e4 != METER_OPEN_VALUE && fits(b, b->first_value_e4);
    if (off) {
        add_reading(&s, from, b->first_value_e4, known, RANK_FROZEN, 0);
    }
    for (int64_t i = first; i <= n_slots; i++) {
        int64_t time = start + i * SLOT_MS;
        const struct day_slots *d = &registers[i / SLOTS];
        int slot = (int)(i % SLOTS);
        if (time >= until) {
            break;
        }
        bool has = is_good(registers, (int)i) && fits(b, d->value[slot]);
        if (!has && known && time == from) {
            add_reading(&s, time, b->first_value_e4, true, RANK_FROZEN, 0);
        } else {
            add_reading(&s, time, d->value[slot], has, d->rank[slot], d->q[slot]);
        }
    }
    if (until > start && until <= end) { /* the removal reading, wherever it lies */
        known = b->last_value_e4 != METER_OPEN_VALUE && fits(b, b->last_value_e4);
        add_reading(&s, until, b->last_value_e4, known, RANK_FROZEN, 0);
    }
    return s;
}

struct stretches stretches_cut(const struct reading_points *p, int64_t at, struct day from,
                               int32_t n_days, const struct day_slots *registers, struct arena *a)
{
    const struct meter_estate *es = &p->estate;
    uint32_t first = es->first_binding[at], end = es->first_binding[at + 1];
    int64_t start = day_start(from).utc_ms, stop = start + n_days * DAY_MS;
    struct stretches out = { arena_many(a, end - first + 1, struct stretch), 0 };
    for (uint32_t i = first; i < end; i++) {
        const struct binding *b = &es->bindings[i];
        bool over = b->valid_until.utc_ms && b->valid_until.utc_ms <= start;
        if (over || b->valid_from.utc_ms >= stop) {
            continue;
        }
        struct stretch s = cut_one(&es->points[at], b, start, n_days * SLOTS, registers, a);
        if (s.segment.n > 0) {
            out.at[out.n++] = s;
        }
    }
    return out;
}

/* ---- the shape of gaps ----------------------------------------------------------------------- */

/* Weights for the gaps of a segment: the actual values of the same slots a week before. A gap of
 * which any slot has none is split equally. */
static enum err_code give_shape(struct db *db, const struct reading_points *p, int64_t at,
                                struct stretch *s, struct arena *a, struct err *e)
{
    size_t n = s->segment.n;
    int64_t *profile = NULL;
    struct day_slots *week = arena_make(a, struct day_slots);
    struct day loaded = { 0 };
    for (size_t i = 0; i + 1 < n;) {
        size_t j = i + 1;
        while (j < n && !s->segment.has[j]) {
            j++;
        }
        bool gap = s->segment.has[i] && j < n && j > i + 1, complete = gap;
        if (gap && !profile) {
            profile = arena_many(a, n, int64_t);
        }
        for (size_t k = i; gap && k < j && complete; k++) {
            struct slot slot = instant_slot((struct instant){ s->time[k] });
            struct day before = day_add(slot.day, -WEEK);
            if (before.yyyymmdd != loaded.yyyymmdd) {
                loaded = before;
                if (days_load(db, p, at, before, 1, week, NULL, e) != OK) {
                    return e->code;
                }
            }
            complete = week->rank[slot.index] != 0 && week->value[slot.index] >= 0 &&
                       reading_mark_of(week->q[slot.index]) == MARK_ACTUAL;
            profile[k] = week->value[slot.index];
        }
        for (size_t k = i; gap && !complete && k < j; k++) {
            profile[k] = 0;
        }
        i = j;
    }
    s->segment.profile = profile;
    return OK;
}

/* ---- one stretch of one point ---------------------------------------------------------------- */

/* Reads days backward and forward until a good reading stands on both sides of [d->from, d->until].
 * */
enum err_code window_find(struct db *db, const struct reading_points *p, const struct dirty *d,
                          const int32_t *known, struct window *w, struct arena *a, struct err *e)
{
    int32_t base = day_number(d->from.day) - GAP_DAYS_MAX;
    int32_t core = day_number(d->until.day) - day_number(d->from.day) + 1;
    int32_t room = core + 2 * GAP_DAYS_MAX + 2, low = GAP_DAYS_MAX, high = low + core;
    struct day_slots *days = arena_many(a, (size_t)room, struct day_slots);
    struct day origin = day_add(d->from.day, -GAP_DAYS_MAX);
    if (registers_load(db, p, d->at, d->from.day, core, days + low, e) != OK) {
        return e->code;
    }
    int64_t first = (int64_t)low * SLOTS + d->from.index, last = (int64_t)(high - 1) * SLOTS;
    last += d->until.index;
    int64_t i = first - 1, j = last + 1;
    for (;; i--) {
        if (i < (int64_t)low * SLOTS) {
            if (low == 0 || base + low <= known[0]) {
                first = (int64_t)low * SLOTS;
                break;
            }
            low--;
            if (registers_load(db, p, d->at, day_add(origin, low), 1, days + low, e) != OK) {
                return e->code;
            }
        }
        if (is_good(days, (int)i)) {
            first = i;
            break;
        }
    }
    for (;; j++) {
        if (j >= (int64_t)high * SLOTS) {
            if (high + 1 >= room || base + high > known[1]) {
                last = (int64_t)high * SLOTS;
                break;
            }
            if (registers_load(db, p, d->at, day_add(origin, high), 1, days + high, e) != OK) {
                return e->code;
            }
            high++;
        }
        if (is_good(days, (int)j)) {
            last = j;
            break;
        }
    }
    if (registers_load(db, p, d->at, day_add(origin, high), 1, days + high, e) != OK) {
        return e->code;
    }
    *w = (struct window){ day_add(origin, low), high - low, days + low,
                          first - (int64_t)low * SLOTS, last - (int64_t)low * SLOTS };
    return OK;
}

/* Adds interval k of a segment to the slot it begins in. Two segments may share a slot: it is then
 * as good as the worse of them. */
static void add_interval(struct day_slots *out, int64_t slot, const struct derive_interval *v)
{
    struct day_slots *d = &out[slot / SLOTS];
    int i = (int)(slot % SLOTS);
    if (d->q[i] == Q_MISSING) { /* the first to speak of this slot; INVALID: it is not known */
        d->value[i] = v->value;
        d->q[i] = v->rank ? v->q : Q_MISSING | Q_INVALID;
        d->rank[i] = v->rank;
        return;
    }
    d->value[i] += v->value;
    d->q[i] |= v->q;
    d->rank[i] = v->rank < d->rank[i] ? v->rank : d->rank[i];
}

static enum err_code derive_window(struct db *db, const struct reading_points *p, int64_t at,
                                   const struct window *w, struct day_slots *out, struct arena *a,
                                   struct err *e)
{
    struct stretches cut = stretches_cut(p, at, w->from, w->n_days, w->registers, a);
    int64_t start = day_start(w->from).utc_ms;
    for (size_t k = 0; k < cut.n; k++) {
        struct stretch *s = &cut.at[k];
        struct derive_result r;
        if (give_shape(db, p, at, s, a, e) != OK ||
            reading_derive(a, &s->segment, 1, &r, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < r.n; i++) {
            int64_t slot = (s->time[i] - start) / SLOT_MS;
            if (slot >= 0 && slot < (int64_t)w->n_days * SLOTS && s->time[i + 1] > s->time[i]) {
                add_interval(out, slot, &r.intervals[i]);
            }
        }
    }
    return OK;
}

/* ---- putting results in force ---------------------------------------------------------------- */

static enum err_code apply_day(struct db *db, const struct reading_points *p, int64_t at,
                               struct day day, int from, int until, const struct day_slots *derived,
                               struct instant now, bool *changed, struct err *e)
{
    struct day_slots d;
    enum day_state state;
    *changed = false;
    if (days_load(db, p, at, day, 1, &d, &state, e) != OK) {
        return e->code;
    }
    bool sealed = state == DAY_SEALED;
    for (int s = from; s < until; s++) {
        struct slot_value was = { d.value[s], d.q[s], d.rank[s] };
        struct slot_value in = { derived->value[s], derived->q[s], derived->rank[s] };
        struct losers losers;
        if (!slot_derive(&d, s, in, &losers)) {
            continue;
        }
        if (sealed && in.rank != 0) {
            if (change_propose(db, p, at, (struct slot){ day, s }, was, in,
                               STR("a register arrived after the month was sealed"), now,
                               e) != OK) {
                return e->code;
            }
        } else if (!sealed) {
            *changed = true;
            if (losers_file(db, p, at, day, s, SERIES_INTERVALS, &losers, now, e) != OK) {
                return e->code;
            }
        }
    }
    return *changed ? day_store(db, p, at, day, SERIES_INTERVALS, state, &d, e) : OK;
}

/* True if the day has gaps whose shape came, or could come, from the week before. */
static enum err_code has_gaps(struct db *db, const struct reading_points *p, const struct dirty *d,
                              bool *out, struct err *e)
{
    struct day_slots day;
    *out = false;
    if (days_load(db, p, d->at, d->from.day, 1, &day, NULL, e) != OK) {
        return e->code;
    }
    for (int s = 0; s < SLOTS && !*out; s++) {
        *out = (day.q[s] & Q_DERIVED) && (day.q[s] & Q_EST);
    }
    return OK;
}

static enum err_code derive_dirty(struct db *db, const struct reading_points *p,
                                  const struct dirty *d, const int32_t *known,
                                  struct dirty_list *more, struct instant now, int64_t *n_days,
                                  struct arena *a, struct err *e)
{
    struct window w = { 0 };
    bool gaps = true;
    if (d->shape && has_gaps(db, p, d, &gaps, e) != OK) {
        return e->code;
    }
    if (!gaps) {
        return OK;
    }
    if (window_find(db, p, d, known, &w, a, e) != OK) {
        return e->code;
    }
    struct day_slots *out = arena_many(a, (size_t)w.n_days + 1, struct day_slots);
    for (int32_t i = 0; i <= w.n_days; i++) {
        day_clear(&out[i]);
    }
    if (derive_window(db, p, d->at, &w, out, a, e) != OK) {
        return e->code;
    }
    for (int32_t i = 0; i < w.n_days; i++) {
        int64_t from = w.first - (int64_t)i * SLOTS, until = w.last - (int64_t)i * SLOTS;
        struct day day = day_add(w.from, i);
        bool changed;
        from = from > 0 ? from : 0;
        until = until < SLOTS ? until : SLOTS;
        if (from >= until) {
            continue;
        }
        if (apply_day(db, p, d->at, day, (int)from, (int)until, &out[i], now, &changed, e) != OK) {
            return e->code;
        }
        *n_days += changed;
        if (changed) {
            dirty_week_later(more, p, d->at, day);
        }
    }
    return OK;
}

static int by_point(const void *a, const void *b)
{
    const struct dirty *x = a, *y = b;
    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    if (x->from.day.yyyymmdd != y->from.day.yyyymmdd) {
        return x->from.day.yyyymmdd < y->from.day.yyyymmdd ? -1 : 1;
    }
    return (x->from.index > y->from.index) - (x->from.index < y->from.index);
}

/* Neighbouring days of a point become one stretch: a month that arrived at once is read once. */
static void join(struct dirty_list *l)
{
    size_t n = 0;
    qsort(l->at, l->n, sizeof(*l->at), by_point);
    for (size_t i = 0; i < l->n; i++) {
        struct dirty *last = n ? &l->at[n - 1] : NULL, *d = &l->at[i];
        bool near = last && last->at == d->at && last->shape == d->shape &&
                    day_number(d->from.day) <= day_number(last->until.day) + 1 &&
                    day_number(d->from.day) - day_number(last->from.day) < GAP_DAYS_MAX;
        if (near && !d->shape) {
            if (d->until.day.yyyymmdd > last->until.day.yyyymmdd ||
                (d->until.day.yyyymmdd == last->until.day.yyyymmdd &&
                 d->until.index > last->until.index)) {
                last->until = d->until;
            }
        } else if (near && d->from.day.yyyymmdd == last->from.day.yyyymmdd) {
            continue; /* the same day's shape, twice */
        } else {
            l->at[n++] = *d;
        }
    }
    l->n = n;
}

enum err_code registers_derive(struct db *db, const struct reading_points *p, struct dirty_list *l,
                               struct instant now, int64_t *n_days, struct err *e)
{
    struct arena *a = arena_new();
    struct dirty_list more = { 0 };
    int32_t known[2] = { 0, -1 }; /* the days that have registers at all */
    enum err_code code = l->n ? rows_register_days(db, &known[0], &known[1], e) : OK;
    while (l->n > 0 && code == OK) {
        join(l);
        more.n = 0;
        for (size_t i = 0; i < l->n && code == OK; i++) {
            if (is_register_point(p, l->at[i].at)) {
                code = derive_dirty(db, p, &l->at[i], known, &more, now, n_days, a, e);
                arena_reset(a);
            }
        }
        struct dirty_list done = *l; /* only shapes are left, and they change nothing further on */
        *l = more;
        more = done;
    }
    dirty_free(&more);
    arena_free(a);
    return code;
}

enum err_code reading_rederive(struct db *db, const struct reading_points *p,
                               const int64_t *point_ids, size_t n, struct day from,
                               struct day until, struct instant now, struct err *e)
{
    struct dirty_list l = { 0 };
    if (store_begin(db, STORE_SERIES, STORE_WRITE, e) != OK) {
        return e->code;
    }
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        int64_t at = points_get(p, point_ids[i], true, e);
        code = at < 0 ? e->code : OK;
        for (struct day d = from; code == OK && d.yyyymmdd < until.yyyymmdd;
             d = month_end(day_month(d))) {
            int version;
            code = month_load(db, p->places[at], day_month(d), &version, NULL, e);
            if (code == OK && version > 0) {
                code = fail(e, ERR_RULE, "point %lld: month %d is sealed: correct it instead",
                            (long long)point_ids[i], day_month(d).yyyymm);
            }
        }
        for (struct day d = from; code == OK && d.yyyymmdd < until.yyyymmdd; d = day_add(d, 1)) {
            dirty_add(&l, (struct dirty){ at, { d, 0 }, { d, SLOTS - 1 }, false });
        }
    }
    int64_t n_days = 0;
    code = code == OK ? registers_derive(db, p, &l, now, &n_days, e) : code;
    dirty_free(&l);
    if (code != OK) {
        store_rollback(db, STORE_SERIES);
        return code;
    }
    return store_commit(db, STORE_SERIES, e);
}
