/* case_meter.c - cases of meter events: registers to intervals, answered by the reading room. */
#include "cmd/case_part.h"
#include "reading/reading.h"

#define SEGMENTS_MAX 100    /* meters of one case */
#define READINGS_MAX 100000 /* of one segment: a year of quarter-hours is 35,040 */
#define PROFILE_SCALE 6

/* K as a fraction: ct x pt, or the multiplier. */
static enum err_code read_multiplier(struct json j, struct derive_segment *s, struct err *e)
{
    static const char *const keys[] = { "multiplier", "ct", "pt" };
    bool one = case_given(j, STR("multiplier"));
    s->k_num = 1;
    s->k_den = 1;
    for (int i = one ? 0 : 1; i < (one ? 1 : 3); i++) {
        struct str text;
        struct decimal d;
        if (json_need_str(j, keys[i], &text, e) != OK) {
            return e->code;
        }
        if (decimal_parse(text, &d, e) != OK) {
            return fail_in(e, "%s: ", json_get(j, keys[i]).path);
        }
        if (d.units <= 0 || d.units > 1000000000 || d.scale > 6) {
            return fail(e, ERR_INPUT, "%s: a ratio is above 0, to 6 decimals",
                        json_get(j, keys[i]).path);
        }
        s->k_num *= d.units;
        s->k_den *= DECIMAL_POW10[d.scale];
    }
    return OK;
}

static enum err_code read_readings(struct case_world *w, struct json j, struct derive_segment *s,
                                   struct err *e)
{
    struct json list = json_get(j, "readings");
    size_t n = json_len(list);
    if (json_kind(list) != JSON_ARRAY || n == 0 || n > READINGS_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of 1 to %d readings is needed", list.path,
                    READINGS_MAX);
    }
    int64_t *index = arena_many(w->arena, n, int64_t);
    bool *has = arena_many(w->arena, n, bool);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        has[i] = json_kind(at) != JSON_NULL;
        if (has[i] && json_scaled(at, 4, &index[i], e) != OK) {
            return e->code;
        }
    }
    s->index_e4 = index;
    s->has = has;
    s->n = n;
    return OK;
}

/* Weights of the intervals; what the list leaves out weighs nothing. */
static enum err_code read_profile(struct case_world *w, struct json j, struct derive_segment *s,
                                  struct err *e)
{
    struct json list = json_get(j, "profile");
    if (json_kind(list) != JSON_ARRAY) {
        return OK;
    }
    int64_t *weights = arena_many(w->arena, s->n, int64_t);
    for (size_t i = 0; i + 1 < s->n && i < json_len(list); i++) {
        struct json at = json_at(list, i);
        if (json_kind(at) != JSON_NULL && json_scaled(at, PROFILE_SCALE, &weights[i], e) != OK) {
            return e->code;
        }
    }
    s->profile = weights;
    return OK;
}

static enum err_code read_segment(struct case_world *w, struct json j, int64_t limit,
                                  struct derive_segment *out, struct err *e)
{
    struct derive_segment s = { .limit = limit };
    if (json_need_str(j, "meter", &s.meter, e) != OK || read_multiplier(j, &s, e) != OK ||
        (case_given(j, STR("modulus")) &&
         json_need_scaled(j, "modulus", 4, &s.modulus_e4, e) != OK) ||
        read_readings(w, j, &s, e) != OK || read_profile(w, j, &s, e) != OK) {
        return e->code;
    }
    *out = s;
    return OK;
}

static void put_interval(struct json_out *o, const struct derive_interval *i)
{
    static const char *const words[] = {
        [MARK_ACTUAL] = "A", [MARK_ESTIMATED] = "E", [MARK_MANUAL] = "M"
    };
    enum reading_mark mark = reading_mark_of(i->q);
    if (mark == MARK_MISSING) {
        json_put_null(o, NULL);
        return;
    }
    json_open(o, NULL, '[');
    json_put_scaled(o, NULL, i->value, 4);
    json_put_str(o, NULL, str_of(words[mark]));
    json_close(o, ']');
}

enum err_code case_put_meter_events(struct case_world *w, struct json doc, struct json_out *o,
                                    struct err *e)
{
    struct json list = json_get(doc, "segments");
    size_t n = json_len(list);
    int64_t limit = 0;
    struct derive_result r;
    if (json_kind(list) != JSON_ARRAY || n > SEGMENTS_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of at most %d is needed", list.path, SEGMENTS_MAX);
    }
    if (case_given(doc, STR("max_kwh_per_interval")) &&
        json_need_scaled(doc, "max_kwh_per_interval", 4, &limit, e) != OK) {
        return e->code;
    }
    struct derive_segment *s = arena_many(w->arena, n + 1, struct derive_segment);
    for (size_t i = 0; i < n; i++) {
        if (read_segment(w, json_at(list, i), limit, &s[i], e) != OK) {
            return e->code;
        }
    }
    if (reading_derive(w->arena, s, n, &r, e) != OK) {
        return e->code;
    }
    json_open(o, "intervals", '[');
    for (size_t i = 0; i < r.n; i++) {
        put_interval(o, &r.intervals[i]);
    }
    json_close(o, ']');
    json_put_scaled(o, "total_kwh", r.total, 4);
    json_open(o, "flags", '[');
    for (size_t i = 0; i < r.n_flags; i++) {
        struct text t;
        text_init(&t, w->arena, 512);
        text_derive_flag(&t, s[r.flags[i].segment].meter, &r.flags[i]);
        json_put_str(o, NULL, text_str(&t));
    }
    json_close(o, ']');
    return OK;
}
