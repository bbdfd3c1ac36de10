/* origin.c - where a value came from, and whether intervals agree with their registers. */
#include "reading/registers.h"

enum err_code reading_origin(struct db *db, const struct reading_points *p, int64_t point_id,
                             struct slot slot, struct reading_origin *out, struct err *e)
{
    int64_t at = points_get(p, point_id, true, e);
    struct day_slots day;
    if (at < 0 || days_load(db, p, at, slot.day, 1, &day, NULL, e) != OK) {
        return e ? e->code : ERR_NOT_FOUND;
    }
    int s = slot.index;
    struct reading_origin o = { .value = day.value[s],
                                .mark = (uint8_t)reading_mark_of(day.q[s]),
                                .rank = day.rank[s],
                                .q = (uint16_t)(day.q[s] & ~Q_DERIVED),
                                .derived = (day.q[s] & Q_DERIVED) != 0 };
    if (!o.derived) {
        *out = o;
        return OK;
    }
    struct arena *a = arena_new();
    struct window w = { 0 };
    struct dirty d = { at, slot, slot, false };
    int32_t known[2];
    enum err_code code = rows_register_days(db, &known[0], &known[1], e);
    code = code == OK ? window_find(db, p, &d, known, &w, a, e) : code;
    struct stretches cut = { 0 };
    if (code == OK) {
        cut = stretches_cut(p, at, w.from, w.n_days, w.registers, a);
    }
    int64_t t = slot_start(slot).utc_ms;
    for (size_t k = 0; k < cut.n; k++) {
        const struct stretch *c = &cut.at[k];
        const struct derive_segment *g = &c->segment;
        if (c->time[0] > t || c->time[g->n - 1] <= t) {
            continue;
        }
        for (size_t i = 0; i < g->n; i++) {
            if (g->has[i] && c->time[i] <= t) {
                o.start_e4 = g->index_e4[i];
                o.start_at.utc_ms = c->time[i];
            } else if (g->has[i]) {
                o.end_e4 = g->index_e4[i];
                o.end_at.utc_ms = c->time[i];
                break;
            }
        }
        o.ct_num = c->binding->ct_num;
        o.ct_den = c->binding->ct_den;
        o.pt_num = c->binding->pt_num;
        o.pt_den = c->binding->pt_den;
        o.meter_id = c->binding->meter_id;
    }
    arena_free(a);
    if (code == OK) {
        *out = o;
    }
    return code;
}

/* ---- control total ---- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The energy between the first and the last reading of a stretch, whatever lies between but turns
 * of the register; false if either is missing. */
static bool stretch_energy(const struct derive_segment *g, __int128 *energy)
{
    int64_t last = g->index_e4[0], m = g->modulus_e4;
    __int128 turns = 0;
    if (!g->has[0] || !g->has[g->n - 1]) {
        return false;
    }
    for (size_t i = 1; i < g->n; i++) {
        if (!g->has[i]) {
            continue;
        }
        bool rolled = g->index_e4[i] < last && m > 0 && (__int128)last * 10 > (__int128)m * 9 &&
                      (__int128)g->index_e4[i] * 10 < m;
        turns += rolled ? m : 0;
        last = g->index_e4[i];
    }
    *energy += div_half_away((turns + last - g->index_e4[0]) * g->k_num, g->k_den);
    return true;
}

enum err_code reading_control(struct db *db, const struct reading_points *p, int64_t point_id,
                              struct day from, struct day until, struct reading_control *out,
                              struct err *e)
{
    int64_t at = points_get(p, point_id, true, e);
    int32_t n_days = day_number(until) - day_number(from);
    if (at < 0) {
        return e ? e->code : ERR_NOT_FOUND;
    }
    if (n_days < 1 || n_days > READING_DAYS_MAX) {
        return fail(e, ERR_INPUT, "control total of %d days (1..%d)", n_days, READING_DAYS_MAX);
    }
    struct arena *a = arena_new();
    struct day_slots *days = arena_many(a, (size_t)n_days + 1, struct day_slots);
    struct reading_control c = { 0 };
    __int128 registers = 0;
    enum err_code code = days_load(db, p, at, from, n_days, days, NULL, e);
    for (int32_t i = 0; i < n_days * SLOTS && code == OK; i++) {
        bool missing = reading_mark_of(days[i / SLOTS].q[i % SLOTS]) == MARK_MISSING;
        c.intervals += missing ? 0 : days[i / SLOTS].value[i % SLOTS];
    }
    code = code == OK ? registers_load(db, p, at, from, n_days + 1, days, e) : code;
    if (code == OK) {
        struct stretches cut = stretches_cut(p, at, from, n_days, days, a);
        bool whole = cut.n > 0;
        for (size_t k = 0; k < cut.n; k++) {
            const struct derive_segment *g = &cut.at[k].segment;
            int64_t step = cut.at[k].binding->resolution_e4;
            whole = whole && stretch_energy(g, &registers);
            __int128 two_steps = div_half_away((__int128)2 * step * g->k_num, g->k_den);
            c.allowed = larger(c.allowed, (int64_t)two_steps);
        }
        if (!whole) {
            code =
                fail(e, ERR_GAP,
                     "point %lld has no register reading at the start or the end of %d..%d, or of "
                     "a meter in between: no control total",
                     (long long)point_id, from.yyyymmdd, until.yyyymmdd);
        }
    }
    arena_free(a);
    if (code == OK) {
        c.registers = (int64_t)registers;
        int64_t off = c.intervals - c.registers, all = c.registers;
        c.allowed = larger(c.allowed, (all < 0 ? -all : all) / 1000);
        c.mismatch = (off < 0 ? -off : off) > c.allowed;
        *out = c;
    }
    return code;
}

enum err_code reading_has_registers(struct db *db, struct day from, struct day until, bool *out,
                                    struct err *e)
{
    int32_t first = 0, last = -1;
    if (rows_register_days(db, &first, &last, e) != OK) {
        return e ? e->code : ERR_IO;
    }
    *out = first <= day_number(until) && last >= day_number(from);
    return OK;
}

/* ---- gaps ---- */

struct gap_list {
    struct reading_gap *at;
    size_t n;
};

static void add_gap(struct gap_list *l, int64_t point_id, struct slot slot, uint16_t q)
{
    uint16_t why = (uint16_t)(q & (Q_INVALID | Q_RANGE | Q_RESET | Q_CONFLICT));
    struct reading_gap *last = l->n ? &l->at[l->n - 1] : NULL;
    if (last && last->point_id == point_id && last->q == why) {
        int64_t end = slot_start(last->from).utc_ms + last->n_slots * SLOT_MS;
        if (end == slot_start(slot).utc_ms) {
            last->n_slots++;
            return;
        }
    }
    if (l->n < READING_GAPS_MAX) {
        l->at[l->n] = (struct reading_gap){ point_id, slot, 1, why };
    }
    l->n++;
}

enum err_code reading_gaps(struct db *db, const struct reading_points *p, struct arena *a,
                           const int64_t *point_ids, size_t n, struct day from, int32_t n_days,
                           struct reading_gap **out, size_t *n_gaps, struct err *e)
{
    struct gap_list l = { arena_many(a, READING_GAPS_MAX + 1, struct reading_gap), 0 };
    struct arena *work = arena_new();
    struct reading_day *days = arena_many(work, (size_t)n_days, struct reading_day);
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK && l.n < READING_GAPS_MAX; i++) {
        code = reading_values(db, p, point_ids[i], from, n_days, days, e);
        for (int32_t k = 0; k < n_days * SLOTS && code == OK && l.n < READING_GAPS_MAX; k++) {
            const struct reading_day *d = &days[k / SLOTS];
            if (d->mark[k % SLOTS] == MARK_MISSING) {
                add_gap(&l, point_ids[i], (struct slot){ d->day, k % SLOTS }, d->q[k % SLOTS]);
            }
        }
    }
    arena_free(work);
    if (code == OK) {
        *out = l.at;
        *n_gaps = l.n;
    }
    return code;
}
