/* urdb_short.c - the short form of a rate: stretches of the year with times and their prices.
 *
 * Entries cover whole months. Two that hold on the same day contradict each other: refused, unless
 * the caller says that the earlier one wins.
 */
#include "cmd/urdb_part.h"

#define ENTRIES_MAX 64

struct entry {
    struct json at;
    bool months[URDB_MONTHS], days[URDB_DAYS];
    uint8_t period[SLOTS]; /* of the energy charge */
    struct decimal demand;
};

/* "5-01": month and day. */
static enum err_code read_month_day(struct json j, int *month, int *day, struct err *e)
{
    static const int length[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    struct str s, part;
    int n[2] = { 0, 0 };
    if (json_str(j, &s, e) != OK) {
        return e->code;
    }
    struct str rest = s;
    for (int i = 0; i < 2; i++) {
        bool well = str_split(&rest, '-', &part) && part.n >= 1 && part.n <= 2;
        for (size_t k = 0; well && k < part.n; k++) {
            well = part.at[k] >= '0' && part.at[k] <= '9';
            n[i] = n[i] * 10 + part.at[k] - '0';
        }
        n[i] = well ? n[i] : 0;
    }
    if (rest.n || n[0] < 1 || n[0] > URDB_MONTHS || n[1] < 1 || n[1] > length[n[0] - 1]) {
        return fail(e, ERR_INPUT, "%s: '" STR_FMT "' is no day of the year; write it as \"05-01\"",
                    j.path, STR_ARG(s));
    }
    *month = n[0] - 1;
    *day = n[1];
    return OK;
}

static enum err_code read_months(struct urdb_rate *r, struct entry *x, struct err *e)
{
    static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int from, first, until, last;
    struct json start = json_get(x->at, "effective_start"), end = json_get(x->at, "effective_end");
    if (read_month_day(start, &from, &first, e) != OK ||
        read_month_day(end, &until, &last, e) != OK) {
        return e->code;
    }
    if (first != 1) {
        urdb_cannot(r, start, "begins within a month; tariffs change on the first of a month");
    }
    if (last < length[until]) {
        urdb_cannot(r, end, "ends within a month; tariffs change on the first of a month");
    }
    for (int m = from;; m = (m + 1) % URDB_MONTHS) {
        x->months[m] = true;
        if (m == until) {
            return OK;
        }
    }
}

static enum err_code read_days(struct entry *x, struct err *e)
{
    struct str word;
    if (json_need_str(x->at, "dow_mask", &word, e) != OK) {
        return e->code;
    }
    bool all = str_is(word, "ALL");
    x->days[0] = all || str_is(word, "WEEKDAYS");
    x->days[1] = all || str_is(word, "WEEKENDS");
    return x->days[0] || x->days[1]
               ? OK
               : fail(e, ERR_INPUT,
                      "%s.dow_mask: '" STR_FMT "' found; write ALL, WEEKDAYS or WEEKENDS",
                      x->at.path, STR_ARG(word));
}

/* The period with this price; one is made when it is new. */
static enum err_code period_of(struct urdb_charge *c, struct arena *a, struct decimal price,
                               struct json at, uint8_t *out, struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        if (urdb_compare(c->periods[i].tiers[0].rate, price) == 0) {
            *out = (uint8_t)i;
            return OK;
        }
    }
    if (c->n == URDB_PERIODS_MAX) {
        return fail(e, ERR_LIMIT, "%s: more than %d different prices", at.path, URDB_PERIODS_MAX);
    }
    struct urdb_period *p = &c->periods[c->n];
    p->tiers = arena_make(a, struct urdb_tier);
    p->tiers[0] = (struct urdb_tier){ .rate = price };
    p->n_tiers = 1;
    *out = (uint8_t)c->n++;
    return OK;
}

static enum err_code read_times(struct urdb_rate *r, struct entry *x, struct err *e)
{
    struct json times = json_get(x->at, "times"), prices = json_get(x->at, "tariffs");
    size_t n = json_len(times);
    int before = -1;
    if (json_kind(times) != JSON_ARRAY || n < 1 || n > SLOTS) {
        return fail(e, ERR_INPUT, "%s.times: an array of 1 to %d hours is needed", x->at.path,
                    SLOTS);
    }
    if (json_kind(prices) != JSON_ARRAY || json_len(prices) != n) {
        return fail(e, ERR_INPUT, "%s.tariffs: a price for each of %zu times is needed", x->at.path,
                    n);
    }
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(times, i);
        struct decimal hour, price;
        bool there;
        uint8_t period;
        if (urdb_number(at, &hour, &there, e) != OK ||
            urdb_price(json_at(prices, i), &price, e) != OK ||
            period_of(&r->energy, r->arena, price, at, &period, e) != OK) {
            return e->code;
        }
        bool hours = hour.units >= 0 && urdb_compare(hour, (struct decimal){ 24, 0 }) < 0;
        int64_t quarters = hours ? hour.units * 4 / DECIMAL_POW10[hour.scale] : -1;
        if (!hours || quarters * DECIMAL_POW10[hour.scale] != hour.units * 4 ||
            quarters <= before || (i == 0 && quarters != 0)) {
            return fail(e, ERR_INPUT,
                        "%s: hours begin with 0 and rise on quarter-hours below 24, such as 8.5",
                        at.path);
        }
        before = (int)quarters;
        memset(x->period + quarters, period, (size_t)(SLOTS - quarters));
    }
    return OK;
}

static enum err_code read_entry(struct urdb_rate *r, struct entry *x, struct err *e)
{
    static const char *const keys[] = { "id",    "effective_start", "effective_end", "dow_mask",
                                        "times", "tariffs",         "demand_charge", NULL };
    if (json_only(x->at, keys, e) != OK || read_months(r, x, e) != OK || read_days(x, e) != OK ||
        read_times(r, x, e) != OK ||
        urdb_price(json_get(x->at, "demand_charge"), &x->demand, e) != OK) {
        return e->code;
    }
    return OK;
}

/* The entry that decides a kind of day; NULL and a message where none or several do. */
static const struct entry *deciding(struct urdb_rate *r, struct json list, const struct entry *x,
                                    size_t n, int month, int day)
{
    size_t found = n;
    for (size_t i = 0; i < n; i++) {
        if (!x[i].months[month] || !x[i].days[day] || (found < n && r->request->first)) {
            continue;
        }
        if (found < n) {
            urdb_cannot(r, x[i].at,
                        arena_printf(r->arena,
                                     "holds on days of schedule[%zu] too; correct dow_mask, or "
                                     "say --first to let the earlier one win",
                                     found));
            return NULL;
        }
        found = i;
    }
    if (found == n) {
        urdb_cannot(r, list,
                    arena_printf(r->arena, "no entry holds on %s of month %d",
                                 day ? "weekends" : "weekdays", month + 1));
        return NULL;
    }
    return &x[found];
}

static enum err_code fill_month(struct urdb_rate *r, struct json list, const struct entry *x,
                                size_t n, int month, struct err *e)
{
    const struct entry *of[URDB_DAYS];
    uint8_t demand;
    for (int d = 0; d < URDB_DAYS; d++) {
        of[d] = deciding(r, list, x, n, month, d);
    }
    if (!of[0] || !of[1]) {
        return OK;
    }
    if (urdb_compare(of[0]->demand, of[1]->demand) != 0) {
        urdb_cannot(r, of[1]->at, "its demand_charge differs from that of the weekdays");
    }
    if (period_of(&r->flat, r->arena, of[0]->demand, of[0]->at, &demand, e) != OK) {
        return e->code;
    }
    for (int d = 0; d < URDB_DAYS; d++) {
        memcpy(r->energy.at[month][d], of[d]->period, SLOTS);
        memset(r->flat.at[month][d], demand, SLOTS);
    }
    return OK;
}

enum err_code urdb_read_short(struct urdb_rate *r, struct json doc, struct err *e)
{
    static const char *const keys[] = { "name", "effective", "link", "currency", "schedule", NULL };
    struct json list = json_get(doc, "schedule");
    size_t n = json_len(list);
    uint8_t none;
    if (json_only(doc, keys, e) != OK || json_need_str(doc, "name", &r->name, e) != OK) {
        return e->code;
    }
    if (json_kind(list) != JSON_ARRAY || n < 1 || n > ENTRIES_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of 1 to %d entries is needed", list.path,
                    ENTRIES_MAX);
    }
    r->title = r->name;
    if ((json_kind(json_get(doc, "link")) != JSON_NONE &&
         json_need_str(doc, "link", &r->source, e) != OK) ||
        (json_kind(json_get(doc, "effective")) != JSON_NONE &&
         json_need_str(doc, "effective", &r->from, e) != OK)) {
        return e->code;
    }
    struct entry *x = arena_many(r->arena, n, struct entry);
    r->energy.periods = arena_many(r->arena, URDB_PERIODS_MAX, struct urdb_period);
    r->energy.at = urdb_schedule_new(r->arena);
    r->flat.periods = arena_many(r->arena, URDB_PERIODS_MAX, struct urdb_period);
    r->flat.at = urdb_schedule_new(r->arena);
    if (period_of(&r->flat, r->arena, (struct decimal){ 0, 0 }, list, &none, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        x[i].at = json_at(list, i);
        if (read_entry(r, &x[i], e) != OK) {
            return e->code;
        }
    }
    for (int m = 0; m < URDB_MONTHS; m++) {
        if (fill_month(r, list, x, n, m, e) != OK) {
            return e->code;
        }
    }
    urdb_mark_used(&r->energy);
    urdb_mark_used(&r->flat);
    r->flat.n = r->flat.n > 1 ? r->flat.n : 0; /* only the price zero: no demand charge */
    return OK;
}
