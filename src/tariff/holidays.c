/* holidays.c - the State Council's arrangement of a year: days off by name, and the weekend days
 * that are worked for them (调休). */
#include "tariff/calendar.h"

#define HOLIDAYS_MAX 32 /* named holidays of one year; the State Council lists seven */
#define WORKDAYS_MAX 60 /* adjusted ones of one year; there were never more than ten */

static enum err_code read_day(struct json j, int year, struct day *out, struct err *e)
{
    struct str s;
    struct day d;
    if (json_str(j, &s, e) != OK) {
        return e->code;
    }
    if (day_parse(s, &d, e) != OK) {
        return fail_in(e, "%s: ", j.path);
    }
    if (d.yyyymmdd / 10000 != year) {
        return fail(e, ERR_INPUT, "%s: " STR_FMT " is not in %d; it belongs in that year's file",
                    j.path, STR_ARG(s), year);
    }
    *out = d;
    return OK;
}

static enum err_code read_holiday(struct arena *a, struct json j, int year, struct holiday *out,
                                  struct err *e)
{
    static const char *const keys[] = {"name", "title", "first", "last", NULL};
    struct holiday h;
    if (json_only(j, keys, e) != OK || json_need_str(j, "name", &h.name, e) != OK ||
        read_day(json_get(j, "first"), year, &h.first, e) != OK ||
        read_day(json_get(j, "last"), year, &h.last, e) != OK) {
        return e->code;
    }
    if (h.last.yyyymmdd < h.first.yyyymmdd) {
        return fail(e, ERR_INPUT, "%s: last is before first", j.path);
    }
    h.name = str_dup(a, h.name);
    *out = h;
    return OK;
}

static enum err_code read_holidays(struct arena *a, struct json doc, struct holiday_year *y,
                                   struct err *e)
{
    struct json list;
    size_t n;
    if (part_array(doc, "holidays", HOLIDAYS_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct holiday *hs = arena_many(a, n, struct holiday);
    for (size_t i = 0; i < n; i++) {
        if (read_holiday(a, json_at(list, i), y->year, &hs[i], e) != OK) {
            return e->code;
        }
        if (i > 0 && hs[i].first.yyyymmdd <= hs[i - 1].last.yyyymmdd) {
            return fail(
                e, ERR_INPUT,
                "%s.first: not after the last day of the holiday before; keep them in order "
                "of time and apart",
                json_at(list, i).path);
        }
    }
    y->holidays = hs;
    y->n_holidays = n;
    return OK;
}

static enum err_code read_workdays(struct arena *a, struct json doc, struct holiday_year *y,
                                   struct err *e)
{
    struct json list = json_get(doc, "workdays");
    size_t n = json_len(list);
    if (json_kind(list) != JSON_ARRAY || n > WORKDAYS_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of at most %d days is needed (none: [])", list.path,
                    WORKDAYS_MAX);
    }
    struct day *days = arena_many(a, n + 1, struct day);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (read_day(at, y->year, &days[i], e) != OK) {
            return e->code;
        }
        if (day_weekday(days[i]) < 6) {
            return fail(e, ERR_INPUT, "%s: this is no Saturday or Sunday; remove it", at.path);
        }
        for (size_t k = 0; k < y->n_holidays; k++) {
            if (days[i].yyyymmdd >= y->holidays[k].first.yyyymmdd &&
                days[i].yyyymmdd <= y->holidays[k].last.yyyymmdd) {
                return fail(e, ERR_INPUT,
                            "%s: this day is also in holidays[%zu]; it can be only one", at.path,
                            k);
            }
        }
    }
    y->workdays = days;
    y->n_workdays = n;
    return OK;
}

enum err_code tariff_holidays_add(struct arena *a, struct json doc, struct tariff_holidays **set,
                                  struct err *e)
{
    static const char *const keys[] = {"schema",   "region",   "year",     "title",
                                       "doc",      "evidence", "verified", "holidays",
                                       "workdays", "note",     NULL};
    struct err here;
    e = e ? e : &here;
    struct str region, ignored;
    int64_t year;
    bool verified;
    if (part_schema(doc, "sunkeeper.holidays/1", e) != OK || json_only(doc, keys, e) != OK ||
        json_need_str(doc, "region", &region, e) != OK ||
        json_need_int(doc, "year", &year, e) != OK ||
        json_need_str(doc, "doc", &ignored, e) != OK ||
        part_flag(doc, "verified", &verified, e) != OK) {
        return e->code;
    }
    if (year < 1970 || year > 2199) {
        return fail(e, ERR_INPUT, "%s: %lld is no year from 1970 to 2199",
                    json_get(doc, "year").path, (long long)year);
    }
    const struct tariff_holidays *old = *set;
    if (old && !str_eq(old->region, region)) {
        return fail(e, ERR_INPUT, "%s: " STR_FMT " found, but the set is of " STR_FMT,
                    json_get(doc, "region").path, STR_ARG(region), STR_ARG(old->region));
    }
    if (old && tariff_holidays_year(old, (int)year)) {
        return fail(e, ERR_CONFLICT, "%s: the set already has %lld; give each year once",
                    json_get(doc, "year").path, (long long)year);
    }
    struct holiday_year y = {.year = (int)year};
    if (read_holidays(a, doc, &y, e) != OK || read_workdays(a, doc, &y, e) != OK) {
        return e->code;
    }
    size_t n = old ? old->n_years : 0;
    struct holiday_year *years = arena_many(a, n + 1, struct holiday_year);
    for (size_t i = 0; i < n; i++) {
        years[i] = old->years[i];
    }
    years[n] = y;
    struct tariff_holidays *h = arena_make(a, struct tariff_holidays);
    *h = (struct tariff_holidays){str_dup(a, region), years, n + 1};
    *set = h;
    return OK;
}

static const struct holiday_year *year_of(const struct tariff_holidays *h, int year)
{
    for (size_t i = 0; h && i < h->n_years; i++) {
        if (h->years[i].year == year) {
            return &h->years[i];
        }
    }
    return NULL;
}

bool tariff_holidays_year(const struct tariff_holidays *h, int year)
{
    return year_of(h, year) != NULL;
}

const struct holiday *holiday_of(const struct tariff_holidays *h, struct day d)
{
    const struct holiday_year *y = year_of(h, d.yyyymmdd / 10000);
    for (size_t i = 0; y && i < y->n_holidays; i++) {
        const struct holiday *at = &y->holidays[i];
        if (d.yyyymmdd >= at->first.yyyymmdd && d.yyyymmdd <= at->last.yyyymmdd) {
            return at;
        }
    }
    return NULL;
}

enum day_kind day_kind_of(const struct tariff_holidays *h, struct day d)
{
    if (holiday_of(h, d)) {
        return DAY_HOLIDAY;
    }
    if (day_weekday(d) < 6) {
        return DAY_WORKDAY;
    }
    const struct holiday_year *y = year_of(h, d.yyyymmdd / 10000);
    for (size_t i = 0; y && i < y->n_workdays; i++) {
        if (y->workdays[i].yyyymmdd == d.yyyymmdd) {
            return DAY_WORKDAY;
        }
    }
    return DAY_WEEKEND;
}
