/* part.c - the small parts that calendars, holidays and price books have in common: validity,
 * instants on a slot edge, months, texts. Every refusal names file, path and remedy. */
#include "tariff/calendar.h"

enum err_code part_start(struct json j, const char *key, struct instant *out, struct err *e)
{
    struct str s;
    if (json_need_str(j, key, &s, e) != OK) {
        return e->code;
    }
    struct instant t;
    if (s.n == 10) {
        struct day d;
        if (day_parse(s, &d, e) != OK) {
            return fail_in(e, "%s: ", json_get(j, key).path);
        }
        t = day_start(d);
    } else if (instant_parse(s, &t, e) != OK) {
        return fail_in(e, "%s: ", json_get(j, key).path);
    }
    if (t.utc_ms % SLOT_MS != 0) {
        return fail(e, ERR_INPUT,
                    "%s: " STR_FMT " is not on a quarter of an hour; an interval cannot be split",
                    json_get(j, key).path, STR_ARG(s));
    }
    *out = t;
    return OK;
}

static const char *shown_instant(struct arena *a, struct instant t)
{
    struct text s;
    text_init(&s, a, 64);
    if ((t.utc_ms + CHINA_MS) % DAY_MS == 0) {
        text_day(&s, instant_day(t));
    } else {
        text_instant(&s, t);
    }
    return s.at;
}

enum err_code part_validity(struct json version, const struct instant *after, struct instant *from,
                            struct instant *until, bool *open, struct err *e)
{
    struct instant f, u = {INT64_MAX};
    if (part_start(version, "from", &f, e) != OK) {
        return e->code;
    }
    bool ends = json_kind(json_get(version, "until")) != JSON_NONE;
    if (ends && part_start(version, "until", &u, e) != OK) {
        return e->code;
    }
    if (u.utc_ms <= f.utc_ms) {
        return fail(e, ERR_INPUT, "%s: until is not after from", version.path);
    }
    if (after && f.utc_ms != after->utc_ms) {
        struct arena *a = version.arena;
        if (after->utc_ms == INT64_MAX) {
            return fail(e, ERR_INPUT, "%s.from: the version before has no end; give it until %s",
                        version.path, shown_instant(a, f));
        }
        return fail(e, ERR_INPUT, "%s.from: %s between %s and %s; the version before must end here",
                    version.path, f.utc_ms > after->utc_ms ? "a hole" : "an overlap",
                    shown_instant(a, f.utc_ms > after->utc_ms ? *after : f),
                    shown_instant(a, f.utc_ms > after->utc_ms ? f : *after));
    }
    *from = f;
    *until = u;
    *open = !ends;
    return OK;
}

enum err_code part_text(struct json j, const char *key, struct str *out, struct err *e)
{
    struct json v = json_get(j, key);
    if (json_kind(v) == JSON_NONE) {
        *out = str_of("");
        return OK;
    }
    return json_str(v, out, e);
}

enum err_code part_flag(struct json j, const char *key, bool *out, struct err *e)
{
    struct json v = json_get(j, key);
    if (json_kind(v) == JSON_NONE) {
        *out = false;
        return OK;
    }
    return json_bool(v, out, e);
}

enum err_code part_schema(struct json doc, const char *want, struct err *e)
{
    struct str s;
    if (json_need_str(doc, "schema", &s, e) != OK) {
        return e->code;
    }
    if (!str_is(s, want)) {
        return fail(e, ERR_INPUT, "%s: '" STR_FMT "' found, '%s' is needed",
                    json_get(doc, "schema").path, STR_ARG(s), want);
    }
    return OK;
}

enum err_code part_array(struct json j, const char *key, size_t max, struct json *out, size_t *n,
                         struct err *e)
{
    struct json v = json_get(j, key);
    if (json_kind(v) != JSON_ARRAY || json_len(v) == 0) {
        return fail(e, ERR_INPUT, "%s: an array with at least one member is needed", v.path);
    }
    if (json_len(v) > max) {
        return fail(e, ERR_LIMIT, "%s: %zu members, at most %zu are allowed", v.path, json_len(v),
                    max);
    }
    *out = v;
    *n = json_len(v);
    return OK;
}

enum err_code part_months(struct json j, const char *key, uint16_t *out, struct err *e)
{
    struct json v;
    size_t n;
    if (part_array(j, key, 12, &v, &n, e) != OK) {
        return e->code;
    }
    uint16_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t m;
        struct json at = json_at(v, i);
        if (json_int(at, &m, e) != OK) {
            return e->code;
        }
        if (m < 1 || m > 12) {
            return fail(e, ERR_INPUT, "%s: %lld is no month; write 1 to 12", at.path, (long long)m);
        }
        if (bits & (1u << (m - 1))) {
            return fail(e, ERR_INPUT, "%s: month %lld stands there twice; remove one", at.path,
                        (long long)m);
        }
        bits = (uint16_t)(bits | (1u << (m - 1)));
    }
    *out = bits;
    return OK;
}

void text_slot_clock(struct text *t, int slot)
{
    text_addf(t, "%02d:%02d", slot / 4, slot % 4 * 15);
}
