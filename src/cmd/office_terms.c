/* office_terms.c - terms and facts as people write them into what the store keeps: organisations by
 * name or id, points as STATION/POINT; all else is handed on and checked by the contract room.
 */
#include "cmd/office.h"
#include "cmd/steps.h"
#include "contract/contract.h"
#include "meter/meter.h"

struct writer {
    struct cmd *c;
    struct office *o;
    struct text *t;
};

static void put_key(struct writer *w, const char *key, bool *first)
{
    text_addf(w->t, "%s\"%s\":", *first ? "" : ",", key);
    *first = false;
}

/* A part that stands in the store as it stands in the file. */
static void put_copy(struct writer *w, struct json doc, const char *key, bool *first)
{
    struct json part = json_get(doc, key);
    if (json_kind(part) != JSON_NONE) {
        put_key(w, key, first);
        text_add(w->t, json_canonical(part));
    }
}

static enum err_code point_id(struct writer *w, struct json at, int64_t *id)
{
    struct office *o = w->o;
    struct str value, station;
    struct point p;
    if (json_str(at, &value, &o->e) != OK) {
        return o->e.code;
    }
    struct str rest = value;
    if (!str_split(&rest, '/', &station) ||
        meter_get_point_by_code(o->db, o->scope, w->c->arena, station, rest, &p, &o->e) != OK) {
        return fail_in(&o->e, "%s: " STR_FMT " (write STATION/POINT): ", at.path, STR_ARG(value));
    }
    *id = p.point_id;
    return OK;
}

static enum err_code org_id(struct writer *w, struct json at, int64_t *id)
{
    struct office *o = w->o;
    struct str value;
    struct org org;
    if (json_str(at, &value, &o->e) != OK) {
        return o->e.code;
    }
    if (cmd_org_named(w->c, o->db, o->scope, arena_copy(w->c->arena, value.at, value.n), &org,
                      &o->e) != OK) {
        return fail_in(&o->e, "%s: ", at.path);
    }
    *id = org.org_id;
    return OK;
}

static enum err_code put_ids(struct writer *w, struct json doc, const char *key, bool points,
                             bool *first)
{
    struct json list = json_get(doc, key);
    if (json_kind(list) == JSON_NONE) {
        return OK;
    }
    if (json_kind(list) != JSON_OBJECT) {
        return fail(&w->o->e, ERR_INPUT, "%s: names with what they stand for belong here",
                    list.path);
    }
    put_key(w, key, first);
    text_byte(w->t, '{');
    for (size_t i = 0; i < json_len(list); i++) {
        struct str name;
        struct json at = json_member(list, i, &name);
        int64_t id;
        if ((points ? point_id(w, at, &id) : org_id(w, at, &id)) != OK) {
            return w->o->e.code;
        }
        text_addf(w->t, "%s\"" STR_FMT "\":\"%lld\"", i ? "," : "", STR_ARG(name), (long long)id);
    }
    text_byte(w->t, '}');
    return OK;
}

/* "STATION/POINT", or {"point": "STATION/POINT", "digits": 6}. */
static enum err_code put_series(struct writer *w, struct json doc, bool *first)
{
    struct json list = json_get(doc, "series");
    if (json_kind(list) == JSON_NONE) {
        return OK;
    }
    put_key(w, "series", first);
    text_byte(w->t, '{');
    for (size_t i = 0; i < json_len(list); i++) {
        static const char *const keys[] = { "point", "digits", NULL };
        struct str name;
        struct json at = json_member(list, i, &name);
        int64_t id, digits = 4;
        bool whole = json_kind(at) == JSON_OBJECT;
        if ((whole && json_only(at, keys, &w->o->e) != OK) ||
            point_id(w, whole ? json_get(at, "point") : at, &id) != OK ||
            (whole && json_kind(json_get(at, "digits")) != JSON_NONE &&
             json_need_int(at, "digits", &digits, &w->o->e) != OK)) {
            return w->o->e.code;
        }
        text_addf(w->t, "%s\"" STR_FMT "\":{\"point\":\"%lld\",\"digits\":%lld}", i ? "," : "",
                  STR_ARG(name), (long long)id, (long long)digits);
    }
    text_byte(w->t, '}');
    return OK;
}

static enum err_code put_part(struct writer *w, struct json doc, bool *first);

static enum err_code put_member(struct writer *w, struct json m)
{
    static const char *const keys[] = { "name",  "party",    "org",    "place",  "from",   "until",
                                        "units", "settings", "meters", "series", "groups", NULL };
    static const char *const copied[] = { "name", "party", "place", "from", "until" };
    struct json org = json_get(m, "org");
    bool first = true;
    int64_t id;
    if (json_kind(m) != JSON_OBJECT) {
        return fail(&w->o->e, ERR_INPUT, "%s: a member in { } belongs here", m.path);
    }
    if (json_only(m, keys, &w->o->e) != OK) {
        return w->o->e.code;
    }
    text_byte(w->t, '{');
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        put_copy(w, m, copied[i], &first);
    }
    if (json_kind(org) != JSON_NONE) {
        if (org_id(w, org, &id) != OK) {
            return w->o->e.code;
        }
        put_key(w, "org", &first);
        text_addf(w->t, "\"%lld\"", (long long)id);
    }
    if (put_part(w, m, &first) != OK) {
        return w->o->e.code;
    }
    text_byte(w->t, '}');
    return OK;
}

static enum err_code put_members(struct writer *w, struct json list)
{
    if (json_kind(list) != JSON_ARRAY) {
        return fail(&w->o->e, ERR_INPUT, "%s: a list of members in [ ] belongs here", list.path);
    }
    text_byte(w->t, '[');
    for (size_t i = 0; i < json_len(list); i++) {
        if (i > 0) {
            text_byte(w->t, ',');
        }
        if (put_member(w, json_at(list, i)) != OK) {
            return w->o->e.code;
        }
    }
    text_byte(w->t, ']');
    return OK;
}

static enum err_code put_group(struct writer *w, struct json group)
{
    static const char *const keys[] = { "members", "places", "days", NULL };
    bool first = true;
    if (json_kind(group) != JSON_OBJECT) {
        return put_members(w, group);
    }
    if (json_only(group, keys, &w->o->e) != OK) {
        return w->o->e.code;
    }
    text_byte(w->t, '{');
    put_copy(w, group, "days", &first);
    for (int i = 0; i < 2; i++) {
        struct json list = json_get(group, keys[i]);
        if (json_kind(list) == JSON_NONE) {
            continue;
        }
        put_key(w, keys[i], &first);
        if (put_members(w, list) != OK) {
            return w->o->e.code;
        }
    }
    text_byte(w->t, '}');
    return OK;
}

static enum err_code put_part(struct writer *w, struct json doc, bool *first)
{
    struct json groups = json_get(doc, "groups");
    put_copy(w, doc, "settings", first);
    put_copy(w, doc, "units", first);
    if (put_ids(w, doc, "meters", true, first) != OK || put_series(w, doc, first) != OK) {
        return w->o->e.code;
    }
    if (json_kind(groups) == JSON_NONE) {
        return OK;
    }
    put_key(w, "groups", first);
    text_byte(w->t, '{');
    for (size_t i = 0; i < json_len(groups); i++) {
        struct str name;
        struct json group = json_member(groups, i, &name);
        text_addf(w->t, "%s\"" STR_FMT "\":", i ? "," : "", STR_ARG(name));
        if (put_group(w, group) != OK) {
            return w->o->e.code;
        }
    }
    text_byte(w->t, '}');
    return OK;
}

static enum err_code written(struct writer *w, struct json doc, size_t max, struct str *out)
{
    text_byte(w->t, '}');
    *out = text_str(w->t);
    return w->t->cut ? fail(&w->o->e, ERR_LIMIT, "%s: more than %zu bytes", doc.path, max) : OK;
}

enum err_code office_terms(struct cmd *c, struct office *o, struct json doc, struct str *out)
{
    static const char *const copied[] = { "calendar", "category", "prices",           "dates",
                                          "axis",     "windows",  "scale_to_register" };
    struct text t;
    struct writer w = { c, o, &t };
    bool first = true;
    text_init(&t, c->arena, CONTRACT_TERMS_MAX);
    text_byte(&t, '{');
    if (put_ids(&w, doc, "parties", false, &first) != OK || put_part(&w, doc, &first) != OK) {
        return o->e.code;
    }
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        put_copy(&w, doc, copied[i], &first);
    }
    return written(&w, doc, CONTRACT_TERMS_MAX, out);
}

enum err_code office_facts(struct cmd *c, struct office *o, struct json doc, struct str *out)
{
    static const char *const keys[] = { "settings", "windows", "groups", NULL };
    struct text t;
    struct writer w = { c, o, &t };
    bool first = true;
    text_init(&t, c->arena, CONTRACT_FACTS_MAX);
    text_byte(&t, '{');
    if (json_only(doc, keys, &o->e) != OK || put_part(&w, doc, &first) != OK) {
        return o->e.code;
    }
    put_copy(&w, doc, "windows", &first);
    return written(&w, doc, CONTRACT_FACTS_MAX, out);
}
