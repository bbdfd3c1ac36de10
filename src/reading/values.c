/* values.c - readings slot by slot: of real and virtual points, for explanations and the like. */
#include "reading/registers.h"

static void to_public(const struct day_slots *d, struct day day, struct reading_day *out)
{
    out->day = day;
    for (int s = 0; s < SLOTS; s++) {
        out->q[s] = (uint16_t)(d->q[s] & ~Q_DERIVED);
        out->mark[s] = (uint8_t)reading_mark_of(d->q[s]);
        out->value[s] = out->mark[s] == MARK_MISSING ? 0 : d->value[s];
        out->rank[s] = d->rank[s];
    }
}

static enum err_code real_values(struct db *db, const struct reading_points *p, int64_t at,
                                 struct day from, int32_t n_days, struct reading_day *out,
                                 struct err *e)
{
    struct arena *a = arena_new();
    struct day_slots *days = arena_many(a, (size_t)n_days, struct day_slots);
    enum err_code code = days_load(db, p, at, from, n_days, days, NULL, e);
    for (int32_t d = 0; code == OK && d < n_days; d++) {
        to_public(&days[d], day_add(from, d), &out[d]);
    }
    arena_free(a);
    return code;
}

/* Adds coefficient x part: missing where it is missing, as weak as the weakest. */
static bool add_part(struct reading_day *sum, const struct reading_day *part, int32_t coefficient,
                     bool first)
{
    for (int s = 0; s < SLOTS; s++) {
        int64_t v;
        if (__builtin_mul_overflow(part->value[s], coefficient, &v) ||
            __builtin_add_overflow(sum->value[s], v, &sum->value[s])) {
            return false;
        }
        sum->q[s] |= part->q[s];
        sum->rank[s] = first || part->rank[s] < sum->rank[s] ? part->rank[s] : sum->rank[s];
        sum->mark[s] = (uint8_t)reading_mark_of(sum->q[s]);
    }
    return true;
}

static enum err_code virtual_values(struct db *db, const struct reading_points *p, int64_t at,
                                    struct day from, int32_t n_days, struct reading_day *out,
                                    struct err *e)
{
    const struct meter_estate *es = &p->estate;
    struct arena *a = arena_new();
    struct reading_day *part = arena_many(a, (size_t)n_days, struct reading_day);
    struct reading_day *sum = arena_many(a, (size_t)n_days, struct reading_day);
    uint32_t first = es->first_part[at], end = es->first_part[at + 1];
    enum err_code code = OK;
    if (first == end) {
        code = fail(e, ERR_RULE, "virtual point %lld has no formula yet",
                    (long long)es->points[at].point_id);
    }
    for (uint32_t i = first; i < end && code == OK; i++) {
        int64_t real = points_get(p, es->parts[i].point_id, true, e);
        code = real < 0 ? ERR_NOT_FOUND : real_values(db, p, real, from, n_days, part, e);
        for (int32_t d = 0; d < n_days && code == OK; d++) {
            if (!add_part(&sum[d], &part[d], es->parts[i].coefficient, i == first)) {
                code = fail(e, ERR_LIMIT, "virtual point %lld: its value does not fit",
                            (long long)es->points[at].point_id);
            }
        }
    }
    for (int32_t d = 0; d < n_days && code == OK; d++) {
        sum[d].day = day_add(from, d);
        for (int s = 0; s < SLOTS; s++) {
            sum[d].value[s] = sum[d].mark[s] == MARK_MISSING ? 0 : sum[d].value[s];
        }
        out[d] = sum[d];
    }
    arena_free(a);
    return code;
}

enum err_code reading_values(struct db *db, const struct reading_points *p, int64_t point_id,
                             struct day from, int32_t n_days, struct reading_day *out,
                             struct err *e)
{
    int64_t at = points_get(p, point_id, false, e);
    if (at < 0) {
        return ERR_NOT_FOUND;
    }
    if (p->estate.points[at].is_virtual) {
        return virtual_values(db, p, at, from, n_days, out, e);
    }
    at = points_get(p, point_id, true, e);
    return at < 0 ? ERR_NOT_FOUND : real_values(db, p, at, from, n_days, out, e);
}

enum err_code reading_sums(struct db *db, const struct reading_points *p, int64_t point_id,
                           struct day from, int32_t n_days, const uint8_t *day_map, int32_t n_maps,
                           struct reading_sums *out, struct err *e)
{
    struct arena *a = arena_new();
    struct reading_day *days = arena_many(a, (size_t)n_days, struct reading_day);
    enum err_code code = reading_values(db, p, point_id, from, n_days, days, e);
    int64_t *sums = out->sums;
    if (code == OK) {
        memset(sums, 0, (size_t)n_maps * SLOTS * sizeof(*sums));
        *out = (struct reading_sums){ .sums = sums, .first_missing = -1 };
    }
    for (int32_t d = 0; d < n_days && code == OK; d++) {
        check(day_map[d] < n_maps);
        for (int s = 0; s < SLOTS; s++) {
            int64_t v = days[d].value[s];
            uint8_t mark = days[d].mark[s];
            sums[day_map[d] * SLOTS + s] += v;
            out->n_estimated += mark == MARK_ESTIMATED;
            out->n_manual += mark == MARK_MANUAL;
            out->n_missing += mark == MARK_MISSING;
            if (mark == MARK_MISSING && out->first_missing < 0) {
                out->first_missing = d * SLOTS + s;
            } else if (mark == MARK_ESTIMATED || mark == MARK_MANUAL) {
                out->estimated += v < 0 ? -v : v;
            }
        }
    }
    arena_free(a);
    return code;
}
