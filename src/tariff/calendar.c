/* calendar.c - reads a calendar: versions of ordered rules, each rule a day filter and windows.
 *
 * The keys of a rule: `months`, `days` (workday, weekend, holiday), `categories`, `dates` (a list,
 * or the name of a date set), `holidays` (names) with `first_days`; `windows` of [period, from,
 * to]. The schedules of a case are the same rules without categories and holidays.
 */
#include "tariff/calendar.h"

#define NAMES_MAX 64   /* categories, date sets, holidays of a rule: far above any province's */
#define DATES_MAX 1000 /* explicit dates of one rule: a list of hot days over some years */
#define WINDOWS_MAX 96 /* a window is at least a slot */

const char *const DAY_KIND_WORDS[DAY_KINDS] = {"workday", "weekend", "holiday"};

/* What stands around the rule being read. */
struct reader {
    struct arena *arena;
    const struct tariff_calendar *calendar;
    bool tou; /* a schedule of a case: any date set name may be used */
};

static enum err_code read_clock(struct json j, int *slot, struct err *e)
{
    struct str s;
    if (json_str(j, &s, e) != OK) {
        return e->code;
    }
    bool digits = s.n == 5 && s.at[2] == ':';
    for (size_t i = 0; digits && i < 5; i++) {
        digits = i == 2 || (s.at[i] >= '0' && s.at[i] <= '9');
    }
    int hour = digits ? (s.at[0] - '0') * 10 + s.at[1] - '0' : 99;
    int minute = digits ? (s.at[3] - '0') * 10 + s.at[4] - '0' : 99;
    if (minute > 59 || hour * 60 + minute > 24 * 60) {
        return fail(e, ERR_INPUT, "%s: '" STR_FMT "' is no time from 00:00 to 24:00", j.path,
                    STR_ARG(s));
    }
    if (minute % 15 != 0) {
        return fail(e, ERR_INPUT,
                    "%s: " STR_FMT " is not a multiple of 15 minutes; quarter-hours are the finest",
                    j.path, STR_ARG(s));
    }
    *slot = hour * 4 + minute / 15;
    return OK;
}

/* One window, two when it goes across midnight; `taken` marks the slots of the rule so far. */
static enum err_code read_window(struct json j, bool taken[SLOTS], struct window *out, size_t *n,
                                 struct err *e)
{
    struct str word;
    enum tou_period period;
    int from, until;
    if (json_kind(j) != JSON_ARRAY || json_len(j) != 3) {
        return fail(e, ERR_INPUT, "%s: write [\"period\", \"from\", \"to\"]", j.path);
    }
    if (json_str(json_at(j, 0), &word, e) != OK || read_clock(json_at(j, 1), &from, e) != OK ||
        read_clock(json_at(j, 2), &until, e) != OK) {
        return e->code;
    }
    if (!tou_period_parse(word, &period)) {
        return fail(e, ERR_INPUT,
                    "%s: '" STR_FMT
                    "' is no period; write sharp, peak, flat, valley or deep_valley",
                    j.path, STR_ARG(word));
    }
    if (from == until || from == SLOTS) {
        return fail(e, ERR_INPUT, "%s: the window is empty; a whole day is 00:00 to 24:00", j.path);
    }
    *n = 0;
    if (from < until) {
        out[(*n)++] = (struct window){(uint8_t)period, (uint8_t)from, (uint8_t)until};
    } else {
        out[(*n)++] = (struct window){(uint8_t)period, (uint8_t)from, SLOTS};
        if (until > 0) {
            out[(*n)++] = (struct window){(uint8_t)period, 0, (uint8_t)until};
        }
    }
    for (size_t i = 0; i < *n; i++) {
        for (int s = out[i].from; s < out[i].until; s++) {
            if (taken[s]) {
                struct text t;
                text_init(&t, j.arena, 16);
                text_slot_clock(&t, s);
                return fail(e, ERR_INPUT, "%s: overlaps another window of the same rule at %s",
                            j.path, t.at);
            }
            taken[s] = true;
        }
    }
    return OK;
}

static enum err_code read_windows(struct reader *r, struct json j, struct rule *rule, struct err *e)
{
    struct json list;
    size_t n, got = 0;
    if (part_array(j, "windows", WINDOWS_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct window *w = arena_many(r->arena, 2 * n, struct window);
    bool taken[SLOTS] = {false};
    for (size_t i = 0; i < n; i++) {
        if (read_window(json_at(list, i), taken, w + rule->n_windows, &got, e) != OK) {
            return e->code;
        }
        rule->n_windows += got;
    }
    rule->windows = w;
    return OK;
}

static bool among(struct str s, const struct str *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s, list[i])) {
            return true;
        }
    }
    return false;
}

/* Names at `key`; `known` NULL: any. */
static enum err_code read_names(struct arena *a, struct json j, const char *key,
                                const struct str *known, size_t n_known, const char *where,
                                const struct str **out, size_t *n_out, struct err *e)
{
    struct json list;
    size_t n;
    if (part_array(j, key, NAMES_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct str *names = arena_many(a, n, struct str);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        struct str s;
        if (json_str(at, &s, e) != OK) {
            return e->code;
        }
        if (where && !among(s, known, n_known)) {
            return fail(e, ERR_INPUT, "%s: '" STR_FMT "' is not listed in %s", at.path, STR_ARG(s),
                        where);
        }
        if (among(s, names, i)) {
            return fail(e, ERR_INPUT, "%s: '" STR_FMT "' stands there twice; remove one", at.path,
                        STR_ARG(s));
        }
        names[i] = str_dup(a, s);
    }
    *out = names;
    *n_out = n;
    return OK;
}

static enum err_code read_kinds(struct json j, bool region, uint8_t *out, struct err *e)
{
    struct json list;
    size_t n;
    if (part_array(j, "days", DAY_KINDS, &list, &n, e) != OK) {
        return e->code;
    }
    uint8_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        struct str s;
        if (json_str(at, &s, e) != OK) {
            return e->code;
        }
        int k = 0;
        while (k < DAY_KINDS && !str_is(s, DAY_KIND_WORDS[k])) {
            k++;
        }
        if (k == DAY_KINDS) {
            return fail(e, ERR_INPUT,
                        "%s: '" STR_FMT "' is no kind of day; write workday, weekend or holiday",
                        at.path, STR_ARG(s));
        }
        if (k == DAY_HOLIDAY && !region) {
            return fail(e, ERR_INPUT,
                        "%s: the calendar knows no holidays; name their region at the top: "
                        "\"holidays\": \"cn\"",
                        at.path);
        }
        bits = (uint8_t)(bits | (1u << k));
    }
    *out = bits;
    return OK;
}

static enum err_code read_dates(struct reader *r, struct json j, struct rule *rule, struct err *e)
{
    struct json v = json_get(j, "dates");
    if (json_kind(v) == JSON_STRING) {
        struct str s;
        if (json_str(v, &s, e) != OK) {
            return e->code;
        }
        if (!r->tou && !among(s, r->calendar->sets, r->calendar->n_sets)) {
            return fail(e, ERR_INPUT, "%s: '" STR_FMT "' is not listed in date_sets", v.path,
                        STR_ARG(s));
        }
        rule->set = str_dup(r->arena, s);
        return OK;
    }
    size_t n;
    if (part_array(j, "dates", DATES_MAX, &v, &n, e) != OK) {
        return e->code;
    }
    struct day *days = arena_many(r->arena, n, struct day);
    for (size_t i = 0; i < n; i++) {
        struct str s;
        if (json_str(json_at(v, i), &s, e) != OK) {
            return e->code;
        }
        if (day_parse(s, &days[i], e) != OK) {
            return fail_in(e, "%s: ", json_at(v, i).path);
        }
    }
    rule->dates = days;
    rule->n_dates = n;
    return OK;
}

static enum err_code read_holiday_filter(struct reader *r, struct json j, struct rule *rule,
                                         struct err *e)
{
    bool named = json_kind(json_get(j, "holidays")) != JSON_NONE;
    struct json first = json_get(j, "first_days");
    if (named && r->calendar->region.n == 0) {
        return fail(e, ERR_INPUT,
                    "%s: the calendar knows no holidays; name their region at the top: "
                    "\"holidays\": \"cn\"",
                    json_get(j, "holidays").path);
    }
    if (named &&
        read_names(r->arena, j, "holidays", NULL, 0, NULL, &rule->names, &rule->n_names, e) != OK) {
        return e->code;
    }
    if (json_kind(first) == JSON_NONE) {
        return OK;
    }
    int64_t n;
    if (json_int(first, &n, e) != OK) {
        return e->code;
    }
    if (!named || n < 1 || n > 30) {
        return fail(e, ERR_INPUT, "%s: a number from 1 to 30, and only beside holidays",
                    first.path);
    }
    rule->first_days = (int32_t)n;
    return OK;
}

static enum err_code read_rule(struct reader *r, struct json j, struct rule *out, struct err *e)
{
    static const char *const keys[] = {"title",    "months",     "days",    "categories", "dates",
                                       "holidays", "first_days", "windows", "note",       NULL};
    static const char *const tou_keys[] = {"months", "dates", "windows", "note", NULL};
    struct rule rule = {.months = MONTHS_ALL, .kinds = KINDS_ALL};
    const struct tariff_calendar *c = r->calendar;
    rule.path = arena_copy(r->arena, j.path, strlen(j.path));
    if (json_only(j, r->tou ? tou_keys : keys, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(j, "months")) != JSON_NONE &&
        part_months(j, "months", &rule.months, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(j, "days")) != JSON_NONE &&
        read_kinds(j, c->region.n > 0, &rule.kinds, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(j, "categories")) != JSON_NONE &&
        read_names(r->arena, j, "categories", c->categories, c->n_categories, "categories",
                   &rule.categories, &rule.n_categories, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(j, "dates")) != JSON_NONE && read_dates(r, j, &rule, e) != OK) {
        return e->code;
    }
    if (read_holiday_filter(r, j, &rule, e) != OK || read_windows(r, j, &rule, e) != OK) {
        return e->code;
    }
    *out = rule;
    return OK;
}

static enum err_code read_rules(struct reader *r, struct json j, struct schedule *s, struct err *e)
{
    struct json list;
    size_t n;
    if (part_array(j, "rules", TARIFF_RULES_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct rule *rules = arena_many(r->arena, n, struct rule);
    for (size_t i = 0; i < n; i++) {
        if (read_rule(r, json_at(list, i), &rules[i], e) != OK) {
            return e->code;
        }
    }
    s->path = arena_copy(r->arena, j.path, strlen(j.path));
    s->rules = rules;
    s->n_rules = n;
    return OK;
}

static enum err_code read_versions(struct reader *r, struct json doc, struct tariff_calendar *c,
                                   struct err *e)
{
    static const char *const keys[] = {"from", "until", "doc", "evidence", "note", "rules", NULL};
    struct json list;
    size_t n;
    if (part_array(doc, "versions", TARIFF_VERSIONS_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct schedule *v = arena_many(r->arena, n, struct schedule);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (json_only(at, keys, e) != OK || json_need_str(at, "doc", &v[i].doc, e) != OK ||
            part_validity(at, i ? &v[i - 1].until : NULL, &v[i].from, &v[i].until, &v[i].open, e) !=
                OK) {
            return e->code;
        }
        v[i].doc = str_dup(r->arena, v[i].doc);
        if (read_rules(r, at, &v[i], e) != OK || schedule_cover(c, &v[i], e) != OK) {
            return e->code;
        }
    }
    c->versions = v;
    c->n_versions = n;
    return OK;
}

/* The names of a list of {key, title}. */
static enum err_code read_titled(struct arena *a, struct json doc, const char *list_key,
                                 const struct str **out, size_t *n_out, struct err *e)
{
    static const char *const keys[] = {"id", "title", "doc", NULL};
    struct json list;
    size_t n;
    if (json_kind(json_get(doc, list_key)) == JSON_NONE) {
        return OK;
    }
    if (part_array(doc, list_key, NAMES_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct str *names = arena_many(a, n, struct str);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        struct str s;
        if (json_only(at, keys, e) != OK || json_need_str(at, "id", &s, e) != OK) {
            return e->code;
        }
        if (among(s, names, i)) {
            return fail(e, ERR_INPUT, "%s.id: '" STR_FMT "' stands there twice; remove one",
                        at.path, STR_ARG(s));
        }
        names[i] = str_dup(a, s);
    }
    *out = names;
    *n_out = n;
    return OK;
}

enum err_code tariff_calendar_read(struct arena *a, struct json doc, struct tariff_calendar **out,
                                   struct err *e)
{
    static const char *const keys[] = {
        "schema",       "id",       "title",    "holidays", "categories", "date_sets",
        "illustrative", "evidence", "versions", "note",     NULL};
    struct err here;
    e = e ? e : &here;
    struct tariff_calendar *c = arena_make(a, struct tariff_calendar);
    struct reader r = {a, c, false};
    if (part_schema(doc, "sunkeeper.calendar/1", e) != OK || json_only(doc, keys, e) != OK ||
        json_need_str(doc, "id", &c->id, e) != OK ||
        json_need_str(doc, "title", &c->title, e) != OK ||
        part_text(doc, "holidays", &c->region, e) != OK ||
        part_flag(doc, "illustrative", &c->illustrative, e) != OK ||
        read_titled(a, doc, "categories", &c->categories, &c->n_categories, e) != OK ||
        read_titled(a, doc, "date_sets", &c->sets, &c->n_sets, e) != OK) {
        return e->code;
    }
    c->id = str_dup(a, c->id);
    c->title = str_dup(a, c->title);
    c->region = str_dup(a, c->region);
    if (read_versions(&r, doc, c, e) != OK) {
        return e->code;
    }
    *out = c;
    return OK;
}

/* ---- the schedules of a case ------------------------------------------------------------------
 */

static enum err_code read_schedule(struct reader *r, struct json doc, struct str id,
                                   struct schedule *out, struct err *e)
{
    static const char *const keys[] = {"id", "doc", "status", "rules", "note", NULL};
    struct json list = json_get(doc, "schedules");
    for (size_t i = 0; i < json_len(list); i++) {
        struct json at = json_at(list, i);
        struct str s;
        if (json_need_str(at, "id", &s, e) != OK) {
            return e->code;
        }
        if (!str_eq(s, id)) {
            continue;
        }
        if (json_only(at, keys, e) != OK || part_text(at, "doc", &out->doc, e) != OK ||
            read_rules(r, at, out, e) != OK) {
            return e->code;
        }
        out->doc = str_dup(r->arena, out->doc);
        out->open = true; /* proved for the whole year, whatever part of it is used */
        return schedule_cover(r->calendar, out, e);
    }
    return fail(e, ERR_NOT_FOUND, "%s: no schedule '" STR_FMT "'", list.path, STR_ARG(id));
}

/* The date sets that the rules name, each once. */
static void collect_sets(struct arena *a, struct tariff_calendar *c)
{
    struct str *sets = arena_many(a, c->n_versions * TARIFF_RULES_MAX, struct str);
    for (size_t i = 0; i < c->n_versions; i++) {
        for (size_t k = 0; k < c->versions[i].n_rules; k++) {
            struct str s = c->versions[i].rules[k].set;
            if (s.n > 0 && !among(s, sets, c->n_sets)) {
                sets[c->n_sets++] = s;
            }
        }
    }
    c->sets = sets;
}

enum err_code tariff_calendar_read_tou(struct arena *a, struct json doc, struct str first,
                                       const struct tariff_schedule_version *versions, size_t n,
                                       struct tariff_calendar **out, struct err *e)
{
    struct err here;
    e = e ? e : &here;
    if (part_schema(doc, "sunkeeper.tou/1", e) != OK) {
        return e->code;
    }
    if (n >= TARIFF_VERSIONS_MAX) {
        return fail(e, ERR_LIMIT, "%zu schedule versions, at most %d are allowed", n,
                    TARIFF_VERSIONS_MAX - 1);
    }
    struct tariff_calendar *c = arena_make(a, struct tariff_calendar);
    struct reader r = {a, c, true};
    struct schedule *v = arena_many(a, n + 1, struct schedule);
    size_t at = 0;
    struct instant from = {INT64_MIN};
    for (size_t i = 0; i <= n; i++) { /* place 0 is `first`, which may be missing beside versions */
        struct str id = i ? versions[i - 1].schedule : first;
        if (i && (versions[i - 1].from.utc_ms % SLOT_MS != 0 ||
                  versions[i - 1].from.utc_ms <= from.utc_ms)) {
            return fail(e, ERR_INPUT,
                        "tou_versions[%zu].from: versions rise in time and begin on a quarter-hour",
                        i - 1);
        }
        from = i ? versions[i - 1].from : from;
        if (id.n == 0 && i == 0 && n > 0) {
            continue;
        }
        if (read_schedule(&r, doc, id, &v[at], e) != OK) {
            return e->code;
        }
        v[at].from = from;
        v[at].until.utc_ms = i < n ? versions[i].from.utc_ms : INT64_MAX;
        at++;
    }
    c->id = str_dup(a, first.n ? first : versions[0].schedule);
    c->title = c->id;
    c->region = str_of("");
    c->versions = v;
    c->n_versions = at;
    collect_sets(a, c);
    *out = c;
    return OK;
}

struct str tariff_calendar_id(const struct tariff_calendar *c)
{
    return c->id;
}

struct str tariff_calendar_title(const struct tariff_calendar *c)
{
    return c->title;
}

struct str tariff_calendar_holidays(const struct tariff_calendar *c)
{
    return c->region;
}

bool tariff_calendar_illustrative(const struct tariff_calendar *c)
{
    return c->illustrative;
}
