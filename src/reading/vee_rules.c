/* vee_rules.c - the rules of validation from their file (docs/estimation.md). */
#include "base/embed.h"
#include "reading/vee.h"

EMBED(validation_json, "data/validation.json");

#define SETS_MAX 64 /* roles x kinds of stations that differ */
#define DAY_MINUTES 1440

static const char *const rule_words[] = { "",      "limit",    "spike", "zero",   "night",
                                          "stuck", "negative", "sum",   "control" };
static const char *const day_words[] = { "workday", "day of rest", "holiday" };

const char *vee_rule_word(enum vee_rule r)
{
    return rule_words[r];
}

const char *vee_day_word(enum vee_day t)
{
    return day_words[t];
}

enum vee_day vee_day_of(const struct vee_calendar *c, struct day d)
{
    if (c->of) {
        return c->of(c->ctx, d);
    }
    return day_weekday(d) <= 5 ? VEE_WORKDAY : VEE_RESTDAY;
}

static bool there(struct json j)
{
    return json_kind(j) != JSON_NONE;
}

static enum err_code role_read(struct json j, const char *key, enum point_role *out, struct err *e)
{
    struct str word;
    struct json v = key ? json_get(j, key) : j;
    *out = 0;
    if (key && !there(v)) {
        return OK;
    }
    if (json_str(v, &word, e) != OK) {
        return e->code;
    }
    return point_role_parse(word, out)
               ? OK
               : fail(e, ERR_INPUT, "%s: '" STR_FMT "' is no role of a point", v.path,
                      STR_ARG(word));
}

static enum err_code station_read(struct json j, enum station_kind *out, struct err *e)
{
    struct str word;
    struct json v = json_get(j, "station");
    *out = 0;
    if (!there(v)) {
        return OK;
    }
    if (json_str(v, &word, e) != OK) {
        return e->code;
    }
    return station_kind_parse(word, out)
               ? OK
               : fail(e, ERR_INPUT, "%s: '" STR_FMT "' is no kind of station", v.path,
                      STR_ARG(word));
}

/* "10:15" is slot 41; 24:00 only as an end. */
static enum err_code clock_read(struct json j, const char *key, int32_t *out, struct err *e)
{
    struct str word;
    if (json_need_str(j, key, &word, e) != OK) {
        return e->code;
    }
    int64_t h = -1, m = -1;
    struct err bad;
    bool good = word.n == 5 && word.at[2] == ':' &&
                decimal_scaled((struct str){ word.at, 2 }, 0, &h, &bad) == OK &&
                decimal_scaled((struct str){ word.at + 3, 2 }, 0, &m, &bad) == OK;
    if (!good || h < 0 || m < 0 || m > 59 || m % 15 || h * 60 + m > DAY_MINUTES) {
        return fail(e, ERR_INPUT, "%s.%s: '" STR_FMT "' is no quarter of an hour, like 10:15",
                    j.path, key, STR_ARG(word));
    }
    *out = (int32_t)(h * 60 + m) / 15;
    return OK;
}

static enum err_code count_read(struct json j, const char *key, int64_t most, int32_t *out,
                                struct err *e)
{
    int64_t v;
    if (json_need_int(j, key, &v, e) != OK) {
        return e->code;
    }
    if (v < 1 || v > most) {
        return fail(e, ERR_INPUT, "%s.%s: %lld is not in 1..%lld", j.path, key, (long long)v,
                    (long long)most);
    }
    *out = (int32_t)v;
    return OK;
}

/* A decimal that must be more than zero. */
static enum err_code positive_read(struct json j, const char *key, int scale, int64_t *out,
                                   struct err *e)
{
    if (json_need_scaled(j, key, scale, out, e) != OK) {
        return e->code;
    }
    return *out > 0 ? OK : fail(e, ERR_INPUT, "%s.%s: must be more than 0", j.path, key);
}

static enum err_code spike_read(struct json j, struct vee_set *s, struct err *e)
{
    static const char *const keys[] = { "factor", "days", "kwh", NULL };
    if (!there(j)) {
        return OK;
    }
    if (json_only(j, keys, e) != OK || positive_read(j, "factor", 4, &s->spike_e4, e) != OK ||
        count_read(j, "days", 30, &s->spike_days, e) != OK ||
        positive_read(j, "kwh", 4, &s->spike_kwh_e4, e) != OK) {
        return e->code;
    }
    return OK;
}

static enum err_code zero_read(struct json j, struct vee_set *s, struct err *e)
{
    static const char *const keys[] = { "from", "until", "slots", NULL };
    if (!there(j)) {
        return OK;
    }
    if (json_only(j, keys, e) != OK || clock_read(j, "from", &s->zero_from, e) != OK ||
        clock_read(j, "until", &s->zero_until, e) != OK ||
        count_read(j, "slots", 31 * SLOTS, &s->zero_slots, e) != OK) {
        return e->code;
    }
    return s->zero_from < s->zero_until
               ? OK
               : fail(e, ERR_INPUT, "%s: from must be before until", j.path);
}

static enum err_code night_read(struct json j, struct vee_set *s, struct err *e)
{
    static const char *const keys[] = { "from", "until", "kwh", NULL };
    s->night_kwh_e4 = -1;
    if (!there(j)) {
        return OK;
    }
    if (json_only(j, keys, e) != OK || clock_read(j, "from", &s->night_from, e) != OK ||
        clock_read(j, "until", &s->night_until, e) != OK ||
        json_need_scaled(j, "kwh", 4, &s->night_kwh_e4, e) != OK) {
        return e->code;
    }
    return s->night_kwh_e4 >= 0 ? OK
                                : fail(e, ERR_INPUT, "%s.kwh: must not be negative", j.path);
}

static enum err_code set_read(struct json j, struct vee_set *s, struct err *e)
{
    static const char *const keys[] = { "title", "role",  "station", "limit", "spike",
                                        "zero",  "night", "stuck",   "negative", NULL };
    static const char *const stuck_keys[] = { "slots", NULL };
    *s = (struct vee_set){ .title = STR("") };
    struct json stuck = json_get(j, "stuck"), negative = json_get(j, "negative");
    if (json_only(j, keys, e) != OK || json_need_str(j, "title", &s->title, e) != OK ||
        role_read(j, "role", &s->role, e) != OK || station_read(j, &s->station, e) != OK ||
        (there(json_get(j, "limit")) && positive_read(j, "limit", 4, &s->limit_e4, e) != OK) ||
        spike_read(json_get(j, "spike"), s, e) != OK ||
        zero_read(json_get(j, "zero"), s, e) != OK ||
        night_read(json_get(j, "night"), s, e) != OK ||
        (there(stuck) && (json_only(stuck, stuck_keys, e) != OK ||
                          count_read(stuck, "slots", 31 * SLOTS, &s->stuck_slots, e) != OK)) ||
        (there(negative) && json_bool(negative, &s->negative, e) != OK)) {
        return e->code;
    }
    return OK;
}

static enum err_code sum_read(struct json j, struct vee_sum *s, struct err *e)
{
    static const char *const keys[] = { "title", "station", "main", "parts", "over", "under",
                                        NULL };
    struct json parts = json_get(j, "parts");
    *s = (struct vee_sum){ 0 };
    if (json_only(j, keys, e) != OK || station_read(j, &s->station, e) != OK ||
        role_read(j, "main", &s->main, e) != OK ||
        json_need_scaled(j, "over", 6, &s->over_e6, e) != OK ||
        json_need_scaled(j, "under", 6, &s->under_e6, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < json_len(parts); i++) {
        enum point_role role;
        if (role_read(json_at(parts, i), NULL, &role, e) != OK) {
            return e->code;
        }
        s->parts |= 1u << role;
    }
    if (!s->station || !s->main || !s->parts || (s->parts & 1u << s->main)) {
        return fail(e, ERR_INPUT, "%s: a sum names station, main and parts other than the main",
                    j.path);
    }
    return OK;
}

static enum err_code lists_read(struct arena *a, struct json doc, struct vee_rules *r,
                                struct err *e)
{
    struct json sets = json_get(doc, "sets"), sums = json_get(doc, "sums");
    r->n_sets = json_len(sets);
    r->n_sums = json_len(sums);
    if (r->n_sets < 1 || r->n_sets > SETS_MAX || r->n_sums > SETS_MAX) {
        return fail(e, ERR_INPUT, "%s: 1 to %d sets and at most as many sums", doc.path, SETS_MAX);
    }
    struct vee_set *set = arena_many(a, r->n_sets, struct vee_set);
    struct vee_sum *sum = arena_many(a, r->n_sums + 1, struct vee_sum);
    for (size_t i = 0; i < r->n_sets; i++) {
        if (set_read(json_at(sets, i), &set[i], e) != OK) {
            return e->code;
        }
    }
    for (size_t i = 0; i < r->n_sums; i++) {
        if (sum_read(json_at(sums, i), &sum[i], e) != OK) {
            return e->code;
        }
    }
    r->sets = set;
    r->sums = sum;
    return OK;
}

enum err_code vee_rules_read(struct arena *a, struct json doc, struct vee_rules *out,
                             struct err *e)
{
    static const char *const keys[] = { "schema", "title", "approval", "same_day", "sets",
                                        "sums",   "control", NULL };
    static const char *const approval_keys[] = { "slots", "kwh", NULL };
    static const char *const same_keys[] = { "days", "least", NULL };
    struct json approval = json_get(doc, "approval"), same = json_get(doc, "same_day");
    struct vee_rules r = { 0 };
    struct str schema;
    if (json_need_str(doc, "schema", &schema, e) != OK) {
        return e->code;
    }
    if (!str_is(schema, "sunkeeper.validation/1")) {
        return fail(e, ERR_INPUT, "%s: schema is '" STR_FMT "', not sunkeeper.validation/1",
                    doc.path, STR_ARG(schema));
    }
    if (json_only(doc, keys, e) != OK || json_only(approval, approval_keys, e) != OK ||
        count_read(approval, "slots", ESTIMATE_SLOTS_MAX, &r.approve_slots, e) != OK ||
        positive_read(approval, "kwh", 4, &r.approve_e4, e) != OK ||
        json_only(same, same_keys, e) != OK || count_read(same, "days", 30, &r.days, e) != OK ||
        count_read(same, "least", r.days, &r.least, e) != OK || lists_read(a, doc, &r, e) != OK ||
        (there(json_get(doc, "control")) &&
         json_bool(json_get(doc, "control"), &r.control, e) != OK)) {
        return e->code;
    }
    *out = r;
    return OK;
}

enum err_code vee_rules_own(struct arena *a, struct vee_rules *out, struct err *e)
{
    struct json doc;
    if (json_parse(a, str_of(validation_json), "validation.json", &doc, e) != OK) {
        return e->code;
    }
    return vee_rules_read(a, doc, out, e);
}
