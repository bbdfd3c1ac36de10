/* case_tou.c - the schedules of a case and the versions of its price. */
#include "cmd/case_part.h"

#define VERSIONS_MAX 100 /* of prices or schedules in one case */
#define DATES_MAX 366
#define HOLIDAY_SET STR("HOLIDAY_DEEP")

enum err_code case_instant(struct json j, struct instant *out, struct err *e)
{
    struct str s;
    if (json_str(j, &s, e) != OK) {
        return e->code;
    }
    return instant_parse(s, out, e) == OK ? OK : fail_in(e, "%s: ", j.path);
}

static enum err_code read_instant(struct json j, const char *key, struct instant *out,
                                  struct err *e)
{
    return case_instant(json_get(j, key), out, e);
}

enum err_code case_dates(struct case_world *w, struct json doc, struct tariff_dates *out,
                         struct err *e)
{
    struct json list = json_get(doc, "deep_valley_dates");
    size_t n = json_len(list);
    if (n > DATES_MAX) {
        return fail(e, ERR_LIMIT, "%s: more than %d days", list.path, DATES_MAX);
    }
    struct day *days = arena_many(w->arena, n + 1, struct day);
    for (size_t i = 0; i < n; i++) {
        struct str s;
        if (json_str(json_at(list, i), &s, e) != OK) {
            return e->code;
        }
        if (day_parse(s, &days[i], e) != OK) {
            return fail_in(e, "%s: ", json_at(list, i).path);
        }
    }
    *out = (struct tariff_dates){ HOLIDAY_SET, days, n };
    return OK;
}

/* Where every interval begins on a slot edge, a version that begins inside a slot takes effect with
 * the next one, because the interval's start decides (settlement-rules 2). */
static struct instant in_force_from(struct instant t, bool on_slots)
{
    int64_t late = t.utc_ms % SLOT_MS;
    return (struct instant){ on_slots && late ? t.utc_ms + SLOT_MS - late : t.utc_ms };
}

/* The schedules by time: place 0 is `tou` until the first of tou_versions; it may be empty. */
static enum err_code read_versions(struct case_world *w, struct json doc, bool on_slots,
                                   struct tariff_schedule_version **out, size_t *n_out,
                                   struct err *e)
{
    struct json list = json_get(doc, "tou_versions");
    size_t n = json_len(list);
    if (n > VERSIONS_MAX) {
        return fail(e, ERR_LIMIT, "%s: more than %d", list.path, VERSIONS_MAX);
    }
    struct tariff_schedule_version *v = arena_many(w->arena, n + 1, struct tariff_schedule_version);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (read_instant(at, "from", &v[i].from, e) != OK ||
            json_need_str(at, "tou", &v[i].schedule, e) != OK) {
            return e->code;
        }
        v[i].from = in_force_from(v[i].from, on_slots);
    }
    *out = v;
    *n_out = n;
    return OK;
}

static enum err_code read_calendar(struct case_world *w, struct json doc, struct str tou,
                                   bool on_slots, struct tariff_calendar **out, struct err *e)
{
    struct json schedules;
    struct tariff_schedule_version *v;
    size_t n;
    if (read_versions(w, doc, on_slots, &v, &n, e) != OK ||
        json_load(w->arena, w->schedules, &schedules, e) != OK) {
        return e->code;
    }
    return tariff_calendar_read_tou(w->arena, schedules, tou, v, n, out, e);
}

static enum err_code find_schedule(struct json schedules, struct str id, struct json *out,
                                   struct err *e)
{
    struct json list = json_get(schedules, "schedules");
    for (size_t i = 0; i < json_len(list); i++) {
        struct str s;
        if (json_need_str(json_at(list, i), "id", &s, e) != OK) {
            return e->code;
        }
        if (str_eq(s, id)) {
            *out = json_at(list, i);
            return OK;
        }
    }
    return fail(e, ERR_NOT_FOUND, "%s: no schedule '" STR_FMT "'", list.path, STR_ARG(id));
}

enum err_code case_calendar_text(struct case_world *w, struct json doc, struct case_range range,
                                 struct text *t, struct err *e)
{
    struct json schedules, one;
    struct tariff_schedule_version *v;
    struct str tou = str_of("");
    size_t n;
    if (read_versions(w, doc, range.on_slots, &v, &n, e) != OK ||
        json_load(w->arena, w->schedules, &schedules, e) != OK ||
        (case_given(doc, STR("tou")) && json_need_str(doc, "tou", &tou, e) != OK)) {
        return e->code;
    }
    text_add_c(t, "{\"schema\":\"sunkeeper.calendar/1\",\"id\":\"case\",\"title\":\"case\","
                  "\"date_sets\":[{\"id\":\"HOLIDAY_DEEP\"}],\"versions\":[");
    for (size_t i = tou.n ? 0 : 1; i <= n; i++) {
        if (find_schedule(schedules, i ? v[i - 1].schedule : tou, &one, e) != OK) {
            return e->code;
        }
        text_add_c(t, i > (tou.n ? 0 : 1) ? ",{\"from\":\"" : "{\"from\":\"");
        text_instant(t, i ? v[i - 1].from : day_start((struct day){ 19700102 }));
        if (i < n) {
            text_add_c(t, "\",\"until\":\"");
            text_instant(t, v[i].from);
        }
        text_add_c(t, "\",\"doc\":\"case\",\"rules\":");
        text_add(t, json_canonical(json_get(one, "rules")));
        text_byte(t, '}');
    }
    text_add_c(t, "]}");
    return OK;
}

enum err_code case_calendar(struct case_world *w, struct json doc, struct str tou,
                            struct tariff_calendar **out, struct err *e)
{
    return read_calendar(w, doc, tou, false, out, e);
}

enum err_code case_price_list(struct json by, int64_t yuan_e6[TOU_PERIODS], struct err *e)
{
    for (int k = 0; k < TOU_PERIODS; k++) {
        struct json v = json_get(by, tou_period_word((enum tou_period)k));
        yuan_e6[k] = TARIFF_NO_PRICE;
        if (json_kind(v) != JSON_NONE && json_kind(v) != JSON_NULL &&
            json_scaled(v, 6, &yuan_e6[k], e) != OK) {
            return e->code;
        }
    }
    return OK;
}

enum err_code case_prices(struct case_world *w, struct json doc, struct case_range range,
                          struct case_prices *out, struct err *e)
{
    struct json list = json_get(json_get(doc, "prices"), "versions");
    size_t n = json_len(list);
    if (n > VERSIONS_MAX) {
        return fail(e, ERR_LIMIT, "%s: more than %d", list.path, VERSIONS_MAX);
    }
    struct case_prices p = { arena_many(w->arena, n + 1, struct instant),
                             arena_array(w->arena, n + 1, sizeof *p.yuan_e6), n };
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (read_instant(at, "from", &p.from[i], e) != OK ||
            case_price_list(json_get(at, "price"), p.yuan_e6[i], e) != OK) {
            return e->code;
        }
        if (i > 0) {
            p.from[i] = in_force_from(p.from[i], range.on_slots);
        }
    }
    *out = p;
    return OK;
}

enum err_code case_span(struct case_world *w, struct json doc, struct case_range range,
                        const struct tariff_span **span, const int64_t **yuan_e6, struct err *e)
{
    struct str tou = str_of("");
    struct json name = json_get(doc, "tou");
    *span = NULL;
    *yuan_e6 = NULL;
    if (range.until.utc_ms <= range.from.utc_ms ||
        (json_kind(name) == JSON_NONE && json_len(json_get(doc, "tou_versions")) == 0)) {
        return OK;
    }
    if (json_kind(name) != JSON_NONE && json_str(name, &tou, e) != OK) {
        return e->code;
    }
    struct tariff_calendar *calendar;
    struct tariff_dates dates;
    struct case_prices prices = { NULL, NULL, 0 };
    if (read_calendar(w, doc, tou, range.on_slots, &calendar, e) != OK ||
        case_dates(w, doc, &dates, e) != OK || case_prices(w, doc, range, &prices, e) != OK) {
        return e->code;
    }
    struct tariff_request q = { .calendar = calendar,
                                .category = str_of(""),
                                .dates = &dates,
                                .n_dates = 1,
                                .from = range.from,
                                .until = range.until,
                                .starts = prices.from,
                                .n_starts = prices.n };
    if (tariff_resolve(w->arena, &q, span, NULL, e) != OK) {
        return e->code;
    }
    int64_t *yuan = arena_many(w->arena, (size_t)(*span)->n_keys, int64_t);
    for (int32_t k = 0; k < (*span)->n_keys && prices.n > 0; k++) {
        struct tou_key key = (*span)->keys[k];
        yuan[k] = prices.yuan_e6[key.version - 1][key.period];
    }
    *yuan_e6 = prices.n ? yuan : NULL;
    return OK;
}
