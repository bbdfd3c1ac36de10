/* case_axis.c - where a case's intervals lie: its period, an event, a window before it, a session's
 * slots, or no clock at all (kWh by period).
 *
 * "axis", also of a group, and each entry of "windows" is an object with
 *     "start"      path of an instant; without it the first day of 2026, for a case without a clock
 *     "until"      path of the instant where it ends: instead of "start", or instead of "intervals"
 *     "intervals"  a number, or a path, or a list of paths: the largest number or the longest list
 *                  found there; `*` in a path stands for every member ("users.*.pre_actual")
 *     "minutes"    a number or a path; without it the case's interval_minutes, else 15
 */
#include "cmd/case_part.h"

#define AXIS_MAX 35136 /* a leap year of quarter-hours */
#define MINUTE_MS 60000LL
#define PLACES_MAX 100000 /* places that a path with stars may reach */

/* ---- paths ------------------------------------------------------------------------------------
 */

static struct json step(struct json at, struct str part)
{
    if (json_kind(at) != JSON_ARRAY) {
        return json_get(at, arena_copy(at.arena, part.at, part.n));
    }
    size_t i = 0;
    bool number = part.n > 0 && part.n < 6;
    for (size_t k = 0; k < part.n && number; k++) {
        number = part.at[k] >= '0' && part.at[k] <= '9';
        i = i * 10 + (size_t)(part.at[k] - '0');
    }
    return number ? json_at(at, i) : json_get(at, arena_copy(at.arena, part.at, part.n));
}

struct json case_at(struct json doc, struct str path)
{
    struct str part;
    while (str_split(&path, '.', &part)) {
        doc = step(doc, part);
    }
    return doc;
}

static bool is_given(struct json j)
{
    enum json_kind k = json_kind(j);
    return k != JSON_NONE && k != JSON_NULL;
}

bool case_given(struct json doc, struct str path)
{
    return is_given(case_at(doc, path));
}

/* The document where a path begins; what is left of the path in *path. */
static struct json begin(const struct case_place *p, struct str *path)
{
    struct str head;
    if (str_starts(*path, "$.")) {
        while (p->outer) {
            p = p->outer;
        }
        str_split(path, '.', &head);
    }
    while (str_starts(*path, "^.") && p->outer) {
        p = p->outer;
        str_split(path, '.', &head);
    }
    return p->doc;
}

struct json case_find(const struct case_place *p, struct str path)
{
    struct json doc = begin(p, &path);
    return str_is(path, ".") ? doc : case_at(doc, path);
}

bool case_has(const struct case_place *p, struct str path)
{
    return is_given(case_find(p, path));
}

enum err_code case_first(const struct case_place *p, struct json paths, struct json *out,
                         bool *given, struct err *e)
{
    bool list = json_kind(paths) == JSON_ARRAY;
    size_t n = list ? json_len(paths) : 1;
    struct json at = p->doc;
    bool found = false;
    for (size_t i = 0; i < n && !found; i++) {
        struct str path;
        if (json_str(list ? json_at(paths, i) : paths, &path, e) != OK) {
            return e->code;
        }
        at = case_find(p, path);
        found = is_given(at);
    }
    *out = at;
    *given = found;
    return OK;
}

/* The largest number or longest list that the path reaches; `left` places may still be looked at.
 */
static int64_t longest(struct json at, struct str path, int64_t *left)
{
    struct str part;
    int64_t most = 0;
    while (str_split(&path, '.', &part)) {
        if (!str_is(part, "*")) {
            at = step(at, part);
            continue;
        }
        for (size_t i = 0; i < json_len(at) && (*left)-- > 0; i++) {
            struct str key;
            bool list = json_kind(at) == JSON_ARRAY;
            int64_t n = longest(list ? json_at(at, i) : json_member(at, i, &key), path, left);
            most = n > most ? n : most;
        }
        return most;
    }
    if (json_kind(at) == JSON_INTEGER) {
        return json_int(at, &most, NULL) == OK ? most : 0;
    }
    return json_kind(at) == JSON_ARRAY ? (int64_t)json_len(at) : 0;
}

static enum err_code count_intervals(const struct case_place *p, struct json how, int64_t *out,
                                     struct err *e)
{
    bool list = json_kind(how) == JSON_ARRAY;
    int64_t left = PLACES_MAX, most = 0;
    if (json_kind(how) == JSON_INTEGER) {
        return json_int(how, out, e);
    }
    for (size_t i = 0; i < (list ? json_len(how) : 1); i++) {
        struct str path;
        if (json_str(list ? json_at(how, i) : how, &path, e) != OK) {
            return e->code;
        }
        struct json at = begin(p, &path);
        int64_t n = longest(at, path, &left);
        most = n > most ? n : most;
    }
    if (left < 0) {
        return fail(e, ERR_LIMIT, "%s: its paths reach more than %d places", how.path, PLACES_MAX);
    }
    *out = most;
    return OK;
}

/* ---- an axis ----------------------------------------------------------------------------------
 */

static enum err_code read_minutes(const struct case_place *p, struct json how, int64_t *out,
                                  struct err *e)
{
    struct json v = how;
    int64_t m = 15;
    if (json_kind(how) == JSON_NONE) {
        v = case_find(p, STR("$.interval_minutes"));
    } else if (json_kind(how) == JSON_STRING) {
        struct str path;
        if (json_str(how, &path, e) != OK) {
            return e->code;
        }
        v = case_find(p, path);
    }
    if (is_given(v) && json_int(v, &m, e) != OK) {
        return e->code;
    }
    if (m < 1 || m > 1440) {
        return fail(e, ERR_INPUT, "%s: an interval has 1 to 1440 minutes", v.path);
    }
    *out = m;
    return OK;
}

static enum err_code make_axis(struct instant start, int64_t minutes, int64_t n, struct json place,
                               struct strategy_axis *out, struct err *e)
{
    if (n < 0 || n > AXIS_MAX) {
        return fail(e, ERR_INPUT, "%s: %lld intervals; 0 to %d (a year of quarter-hours) fit",
                    place.path, (long long)n, AXIS_MAX);
    }
    *out = (struct strategy_axis){ start, (int32_t)minutes, (int32_t)n };
    return OK;
}

static enum err_code whole_intervals(struct instant from, struct instant until, int64_t minutes,
                                     struct json place, int64_t *n, struct err *e)
{
    int64_t ms = until.utc_ms - from.utc_ms;
    if (ms < 0 || ms % (minutes * MINUTE_MS) != 0) {
        return fail(e, ERR_INPUT, "%s: not a whole number of intervals of %lld minutes", place.path,
                    (long long)minutes);
    }
    *n = ms / (minutes * MINUTE_MS);
    return OK;
}

enum err_code case_axis(struct json doc, struct strategy_axis *out, struct err *e)
{
    const struct case_place top = { .doc = doc };
    struct json period = json_get(doc, "period");
    struct instant start, end;
    int64_t minutes, n = 0;
    if (json_kind(period) == JSON_NONE) {
        *out = (struct strategy_axis){ .minutes = 15 };
        return OK;
    }
    if (case_instant(json_get(period, "start"), &start, e) != OK ||
        case_instant(json_get(period, "end"), &end, e) != OK ||
        read_minutes(&top, (struct json){ 0 }, &minutes, e) != OK ||
        whole_intervals(start, end, minutes, period, &n, e) != OK) {
        return e->code;
    }
    return make_axis(start, minutes, n, period, out, e);
}

enum err_code case_axis_as(const struct case_place *p, struct json spec, struct strategy_axis *out,
                           struct err *e)
{
    static const char *const keys[] = { "start", "until", "intervals", "minutes", NULL };
    struct json from = json_get(spec, "start"), to = json_get(spec, "until");
    struct json count = json_get(spec, "intervals");
    struct instant start = day_start(CASE_NO_CLOCK), until = start;
    bool has_from = json_kind(from) != JSON_NONE, has_to = json_kind(to) != JSON_NONE;
    bool has_count = json_kind(count) != JSON_NONE;
    int64_t minutes, n = 0;
    struct json v;
    bool given;
    if (json_only(spec, keys, e) != OK ||
        read_minutes(p, json_get(spec, "minutes"), &minutes, e) != OK ||
        (has_from &&
         (case_first(p, from, &v, &given, e) != OK || case_instant(v, &start, e) != OK)) ||
        (has_to && (case_first(p, to, &v, &given, e) != OK || case_instant(v, &until, e) != OK)) ||
        (has_count && count_intervals(p, count, &n, e) != OK)) {
        return e->code;
    }
    if (has_from + has_to + has_count < 2 && !has_count) {
        return fail(e, ERR_INPUT, "%s: \"intervals\" is needed, or \"start\" with \"until\"",
                    spec.path);
    }
    if (has_from && has_to && whole_intervals(start, until, minutes, spec, &n, e) != OK) {
        return e->code;
    }
    if (has_to && !has_from) {
        start.utc_ms = until.utc_ms - n * minutes * MINUTE_MS;
    }
    return make_axis(start, minutes, n, spec, out, e);
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

struct slot_list {
    struct instant *at;
    int64_t *value;
    bool *missing;
    size_t n;
};

static enum err_code read_slots(struct arena *a, struct json list, int digits,
                                struct slot_list *out, struct err *e)
{
    size_t n = json_len(list);
    if (json_kind(list) != JSON_ARRAY || n > AXIS_MAX) {
        return fail(e, ERR_INPUT, "%s: a list of at most %d pairs [instant, value] is needed",
                    list.path, AXIS_MAX);
    }
    struct slot_list s = { arena_many(a, n + 1, struct instant), arena_many(a, n + 1, int64_t),
                           arena_many(a, n + 1, bool), n };
    for (size_t i = 0; i < n; i++) {
        struct json pair = json_at(list, i), v = json_at(pair, 1);
        if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2) {
            return fail(e, ERR_INPUT, "%s: a pair [instant, value] is needed", pair.path);
        }
        s.missing[i] = json_kind(v) == JSON_NULL;
        if (case_instant(json_at(pair, 0), &s.at[i], e) != OK ||
            (!s.missing[i] && json_scaled(v, digits, &s.value[i], e) != OK)) {
            return e->code;
        }
    }
    *out = s;
    return OK;
}

static int64_t common(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* From the first slot to the last; finer than the case's interval where a slot does not lie on it.
 */
static enum err_code slots_axis(const struct case_place *p, struct json list,
                                const struct slot_list *s, struct strategy_axis *out, struct err *e)
{
    int64_t minutes, first = s->n ? s->at[0].utc_ms : day_start(CASE_NO_CLOCK).utc_ms, last = first;
    if (read_minutes(p, (struct json){ 0 }, &minutes, e) != OK) {
        return e->code;
    }
    int64_t unit = minutes * MINUTE_MS;
    for (size_t i = 0; i < s->n; i++) {
        int64_t t = s->at[i].utc_ms;
        unit = common(unit, t - s->at[0].utc_ms);
        first = t < first ? t : first;
        last = t > last ? t : last;
    }
    if (unit % MINUTE_MS != 0) {
        return fail(e, ERR_INPUT, "%s: slots begin whole minutes apart", list.path);
    }
    return make_axis((struct instant){ first }, unit / MINUTE_MS,
                     s->n ? (last - first) / unit + 1 : 0, list, out, e);
}

enum err_code case_slots(const struct case_place *p, struct json list, int digits,
                         struct strategy_axis *axis, struct case_vector *positive,
                         struct case_vector *negative, struct err *e)
{
    struct arena *a = p->doc.arena;
    struct slot_list s = { .n = 0 };
    if (read_slots(a, list, digits, &s, e) != OK || slots_axis(p, list, &s, axis, e) != OK) {
        return e->code;
    }
    int64_t *in = arena_many(a, (size_t)axis->n + 1, int64_t);
    int64_t *out = arena_many(a, (size_t)axis->n + 1, int64_t);
    uint8_t *quality = arena_array(a, (size_t)axis->n + 1, 1);
    for (size_t i = 0; i < s.n; i++) {
        int64_t k = (s.at[i].utc_ms - axis->start.utc_ms) / (axis->minutes * MINUTE_MS);
        *(s.value[i] < 0 ? &out[k] : &in[k]) += s.value[i] < 0 ? -s.value[i] : s.value[i];
        quality[k] = s.missing[i] ? QUALITY_MISSING : quality[k];
    }
    *positive = (struct case_vector){ in, quality, axis->n };
    *negative = (struct case_vector){ out, quality, axis->n };
    return OK;
}

struct case_range case_range_of(const struct strategy_axis *axis)
{
    struct case_range r = { { 0 }, { 0 }, true };
    case_range_add(&r, axis);
    return r;
}

void case_range_add(struct case_range *r, const struct strategy_axis *axis)
{
    if (axis->n == 0) {
        return;
    }
    bool empty = r->until.utc_ms <= r->from.utc_ms;
    int64_t end = axis->start.utc_ms + (int64_t)axis->n * axis->minutes * MINUTE_MS;
    if (empty || axis->start.utc_ms < r->from.utc_ms) {
        r->from = axis->start;
    }
    if (empty || end > r->until.utc_ms) {
        r->until.utc_ms = end;
    }
    r->on_slots &= axis->start.utc_ms % SLOT_MS == 0 && axis->minutes % 15 == 0;
}

/* ---- kWh by period ----------------------------------------------------------------------------
 */

enum err_code case_periods(const struct case_place *p, struct json spec, unsigned *periods,
                           struct err *e)
{
    for (size_t i = 0; i < json_len(spec); i++) {
        struct str name;
        struct json by;
        bool given;
        if (case_first(p, json_member(spec, i, &name), &by, &given, e) != OK) {
            return e->code;
        }
        for (size_t k = 0; given && k < json_len(by); k++) {
            enum tou_period period;
            json_member(by, k, &name);
            if (!tou_period_parse(name, &period)) {
                return fail(e, ERR_INPUT,
                            "%s: '" STR_FMT "' is no period; sharp, peak, flat, "
                            "valley and deep_valley are",
                            by.path, STR_ARG(name));
            }
            *periods |= 1u << period;
        }
    }
    return OK;
}

void case_period_axis(struct arena *a, unsigned periods, struct strategy_axis *axis,
                      const struct tariff_span **span)
{
    struct tariff_span *s = arena_make(a, struct tariff_span);
    struct tou_key *keys = arena_many(a, TOU_PERIODS, struct tou_key);
    struct tou_map *map = arena_make(a, struct tou_map);
    uint8_t *day_map = arena_array(a, 1, 1);
    bool *no = arena_many(a, 1, bool);
    int32_t n = 0;
    for (int p = 0; p < TOU_PERIODS; p++) {
        if (periods >> p & 1) {
            keys[n] = (struct tou_key){ 1, (uint8_t)p };
            map->key[n] = (uint8_t)n;
            n++;
        }
    }
    *s = (struct tariff_span){ .first = CASE_NO_CLOCK,
                               .n_days = 1,
                               .day_map = day_map,
                               .maps = map,
                               .n_maps = 1,
                               .keys = keys,
                               .n_keys = n,
                               .n_versions = 1,
                               .workday = no,
                               .holiday = no };
    *axis = (struct strategy_axis){ day_start(CASE_NO_CLOCK), 15, n };
    *span = s;
}
