/* cover.c - the proof that a schedule decides every slot of every day type (law 1).
 *
 * A day type is a month, a kind of day and a customer category. Rules bound to particular dates
 * only add to what the others decide, so the proof leaves them out: what holds without them holds
 * always.
 */
#include "tariff/calendar.h"

static const char *const MONTH_WORDS[12] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};

static bool bound_to_dates(const struct rule *r)
{
    return r->n_dates > 0 || r->set.n > 0 || r->n_names > 0;
}

static bool has_category(const struct rule *r, struct str category)
{
    for (size_t i = 0; i < r->n_categories; i++) {
        if (str_eq(r->categories[i], category)) {
            return true;
        }
    }
    return r->n_categories == 0;
}

/* Marks what the rules decide on a day type; `useful` collects the rules that decided something. */
static void decide(const struct schedule *s, int month, int kind, struct str category,
                   bool decided[SLOTS], bool useful[TARIFF_RULES_MAX])
{
    for (size_t i = 0; i < s->n_rules; i++) {
        const struct rule *r = &s->rules[i];
        if (bound_to_dates(r)) {
            useful[i] = true;
            continue;
        }
        if (!(r->months & (1u << month)) || !(r->kinds & (1u << kind)) ||
            !has_category(r, category)) {
            continue;
        }
        for (size_t w = 0; w < r->n_windows; w++) {
            for (int slot = r->windows[w].from; slot < r->windows[w].until; slot++) {
                useful[i] |= !decided[slot];
                decided[slot] = true;
            }
        }
    }
}

static enum err_code first_gap(const struct schedule *s, int month, int kind, struct str category,
                               const bool decided[SLOTS], struct err *e)
{
    int from = 0;
    while (from < SLOTS && decided[from]) {
        from++;
    }
    if (from == SLOTS) {
        return OK;
    }
    int until = from;
    while (until < SLOTS && !decided[until]) {
        until++;
    }
    return fail(e, ERR_INPUT,
                "%s.rules: nothing decides %02d:%02d to %02d:%02d of a %s in %s%s" STR_FMT
                "; add a window or a rule",
                s->path, from / 4, from % 4 * 15, until / 4, until % 4 * 15, DAY_KIND_WORDS[kind],
                MONTH_WORDS[month], category.n ? " for category " : "", STR_ARG(category));
}

/* The months that the validity touches, as bits. */
static uint16_t months_of(const struct schedule *s)
{
    if (s->open || s->until.utc_ms == INT64_MAX || s->from.utc_ms == INT64_MIN) {
        return MONTHS_ALL;
    }
    struct month m = day_month(instant_day(s->from));
    struct month last = day_month(instant_day((struct instant){s->until.utc_ms - 1}));
    uint16_t bits = 0;
    while (bits != MONTHS_ALL && m.yyyymm <= last.yyyymm) {
        bits = (uint16_t)(bits | (1u << (m.yyyymm % 100 - 1)));
        m = month_add(m, 1);
    }
    return bits;
}

enum err_code schedule_cover(const struct tariff_calendar *c, const struct schedule *s,
                             struct err *e)
{
    bool useful[TARIFF_RULES_MAX] = {false};
    uint16_t months = months_of(s);
    int kinds = c->region.n > 0 ? DAY_KINDS : DAY_HOLIDAY;
    size_t n_categories = c->n_categories ? c->n_categories : 1;
    for (size_t cat = 0; cat < n_categories; cat++) {
        struct str category = c->n_categories ? c->categories[cat] : str_of("");
        for (int month = 0; month < 12; month++) {
            for (int kind = 0; kind < kinds && (months & (1u << month)); kind++) {
                bool decided[SLOTS] = {false};
                decide(s, month, kind, category, decided, useful);
                if (first_gap(s, month, kind, category, decided, e) != OK) {
                    return e->code;
                }
            }
        }
    }
    for (size_t i = 0; i < s->n_rules; i++) {
        if (!useful[i]) {
            return fail(
                e, ERR_INPUT,
                "%s: decides nothing: the rules before it take all its windows, or its days "
                "never come; move it up or remove it",
                s->rules[i].path);
        }
    }
    return OK;
}
