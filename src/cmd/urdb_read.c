/* urdb_read.c - a rate in the database's own form: structures, schedules, fixed and least charges.
 *
 * Every key of the format is named here once: what it bears, or that it bears no money.
 */
#include "cmd/urdb_part.h"

/* Words about the rate: no money, nothing to say. */
static const char *const WORDS[] = {
    "label",
    "uri",
    "approved",
    "is_default",
    "startdate",
    "enddate",
    "utility",
    "name",
    "eiaid",
    "sector",
    "servicetype",
    "description",
    "source",
    "sourceparent",
    "supersedes",
    "revisions",
    "country",
    "currency",
    "voltagecategory",
    "phasewiring",
    "basicinformationcomments",
    "demandcomments",
    "energycomments",
    "demandattrs",
    "energyattrs",
    "fixedattrs",
    "energytoulabels",
    "demandtoulabels",
    "flatdemandlabels",
    "lastmodified",
    "latest_update",
    "version",
    "demandunits",
    NULL,
};
/* Who may take the rate. */
static const char *const ELIGIBILITY[] = {
    "peakkwcapacitymin",
    "peakkwcapacitymax",
    "peakkwcapacityhistory",
    "peakkwhusagemin",
    "peakkwhusagemax",
    "peakkwhusagehistory",
    "voltageminimum",
    "voltagemaximum",
    "mincapacity",
    "maxcapacity",
    NULL,
};
/* Elements that are read below. */
static const char *const READ[] = {
    "energyratestructure",
    "energyweekdayschedule",
    "energyweekendschedule",
    "flatdemandstructure",
    "flatdemandmonths",
    "flatdemandunit",
    "demandratestructure",
    "demandweekdayschedule",
    "demandweekendschedule",
    "demandrateunit",
    "demandwindow",
    "coincidentratestructure",
    "coincidentrateschedule",
    "coincidentrateunit",
    "fixedchargefirstmeter",
    "fixedchargeunits",
    "fixedmonthlycharge",
    "minmonthlycharge",
    "annualmincharge",
    "mincharge",
    "minchargeunits",
    "fueladjustmentsmonthly",
    "dgrules",
    "usenetmetering",
    "fixedchargeeaaddl",
    "demandratchetpercentage",
    "demandreactivepowercharge",
    "lookbackPercent",
    "lookbackRange",
    "lookbackMonths",
    NULL,
};

static bool listed(const char *const *list, struct str key)
{
    for (; *list; list++) {
        if (str_is(key, *list)) {
            return true;
        }
    }
    return false;
}

static bool given(struct json j)
{
    return json_kind(j) != JSON_NONE && json_kind(j) != JSON_NULL;
}

static void read_keys(struct urdb_rate *r, struct json doc)
{
    for (size_t i = 0; i < json_len(doc); i++) {
        struct str key;
        struct json v = json_member(doc, i, &key);
        if (listed(ELIGIBILITY, key) && given(v)) {
            urdb_note(r, "%s says who may take the rate; it is not checked", v.path);
        } else if (!listed(ELIGIBILITY, key) && !listed(WORDS, key) && !listed(READ, key) &&
                   given(v)) {
            urdb_cannot(r, v,
                        "is no element of the format that we know; take it out if it bears "
                        "no money");
        }
    }
}

/* A word; "" when it is not there. */
static enum err_code read_word(struct json doc, const char *key, struct str *out, struct err *e)
{
    struct json j = json_get(doc, key);
    *out = STR("");
    return given(j) ? json_str(j, out, e) : OK;
}

/* ---- structures ------------------------------------------------------------------------------ */

static enum err_code read_count(struct urdb_rate *r, struct json tier, enum urdb_count *out,
                                struct err *e)
{
    static const char *const words[] = { "kWh", "kWh daily", "kWh/kW", "kWh/kW daily" };
    struct str word;
    if (read_word(tier, "unit", &word, e) != OK) {
        return e->code;
    }
    *out = URDB_KWH;
    for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++) {
        if (str_is(word, words[i])) {
            *out = (enum urdb_count)i;
            return OK;
        }
    }
    if (word.n) {
        urdb_cannot(r, json_get(tier, "unit"), "is none of kWh, kWh daily, kWh/kW, kWh/kW daily");
    }
    return OK;
}

static enum err_code read_tier(struct urdb_rate *r, struct json at, bool energy,
                               struct urdb_tier *out, bool *bounded, struct err *e)
{
    static const char *const keys[] = { "rate", "adj", "max", "unit", "sell", NULL };
    struct decimal rate, adj;
    if (json_kind(at) != JSON_OBJECT) {
        return fail(e, ERR_INPUT, "%s: a tier is an object with rate, adj, max, unit, sell",
                    at.path);
    }
    struct json max = json_get(at, "max"), sell = json_get(at, "sell");
    if (json_only(at, keys, e) != OK || urdb_price(json_get(at, "rate"), &rate, e) != OK ||
        urdb_price(json_get(at, "adj"), &adj, e) != OK || urdb_price(sell, &out->sell, e) != OK ||
        urdb_number(max, &out->upto, bounded, e) != OK ||
        (energy && read_count(r, at, &out->count, e) != OK)) {
        return e->code;
    }
    out->rate = urdb_add(rate, adj);
    if (!energy && out->sell.units) {
        urdb_cannot(r, sell, "a demand charge pays nothing back");
    }
    if (*bounded && urdb_compare(out->upto, (struct decimal){ URDB_UNLIMITED, 0 }) >= 0) {
        *bounded = false;
    }
    if (*bounded && out->upto.scale > 2) {
        urdb_cannot(r, max, "a bound is counted in hundredths; write at most two decimals");
    }
    r->sells = r->sells || (energy && out->sell.units);
    return OK;
}

static enum err_code read_period(struct urdb_rate *r, struct json list, bool energy,
                                 struct urdb_period *out, struct err *e)
{
    size_t n = json_len(list);
    if (json_kind(list) != JSON_ARRAY || n < 1 || n > URDB_TIERS_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of 1 to %d tiers is needed", list.path,
                    URDB_TIERS_MAX);
    }
    out->tiers = arena_many(r->arena, n, struct urdb_tier);
    out->n_tiers = n;
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i), max = json_get(at, "max");
        struct urdb_tier *t = &out->tiers[i];
        bool bounded;
        if (read_tier(r, at, energy, t, &bounded, e) != OK) {
            return e->code;
        }
        if (bounded && i + 1 == n) {
            urdb_cannot(r, max, "the last tier has a bound; what is above it has no price");
        } else if (!bounded && i + 1 < n) {
            return fail(e, ERR_INPUT, "%s: needs a max; only the last tier has none", at.path);
        } else if (bounded && (t->upto.units <= 0 ||
                               (i && urdb_compare(t->upto, out->tiers[i - 1].upto) <= 0))) {
            return fail(e, ERR_INPUT, "%s: bounds of tiers are above zero and rise", max.path);
        }
        if (i && i + 1 < n && t->count != out->tiers[0].count) {
            urdb_cannot(r, json_get(at, "unit"), "tiers of one period count in different units");
        }
    }
    return OK;
}

static enum err_code read_structure(struct urdb_rate *r, struct json list, bool energy,
                                    struct urdb_charge *out, struct err *e)
{
    size_t n = json_len(list);
    if (json_kind(list) != JSON_ARRAY || n > URDB_PERIODS_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of at most %d periods is needed", list.path,
                    URDB_PERIODS_MAX);
    }
    out->periods = arena_many(r->arena, n + 1, struct urdb_period);
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        if (read_period(r, json_at(list, i), energy, &out->periods[i], e) != OK) {
            return e->code;
        }
    }
    return OK;
}

/* ---- schedules ------------------------------------------------------------------------------- */

uint8_t (*urdb_schedule_new(struct arena *a))[URDB_DAYS][SLOTS]
{
    return arena_alloc(a, sizeof(uint8_t[URDB_MONTHS][URDB_DAYS][SLOTS]));
}

void urdb_mark_used(struct urdb_charge *c)
{
    for (int m = 0; m < URDB_MONTHS; m++) {
        for (int k = 0; k < URDB_DAYS * SLOTS; k++) {
            c->periods[c->at[m][k / SLOTS][k % SLOTS]].used = true;
        }
    }
}

static enum err_code read_index(struct json j, size_t n, uint8_t *out, struct err *e)
{
    int64_t i;
    if (json_int(j, &i, e) != OK) {
        return e->code;
    }
    if (i < 0 || (size_t)i >= n) {
        return fail(e, ERR_INPUT, "%s: there is no period %lld, only 0 to %zu", j.path,
                    (long long)i, n - 1);
    }
    *out = (uint8_t)i;
    return OK;
}

static enum err_code read_matrix(struct json list, struct urdb_charge *c, int day, struct err *e)
{
    if (json_kind(list) != JSON_ARRAY || json_len(list) != URDB_MONTHS) {
        return fail(e, ERR_INPUT, "%s: 12 months are needed", list.path);
    }
    for (int m = 0; m < URDB_MONTHS; m++) {
        struct json row = json_at(list, (size_t)m);
        if (json_kind(row) != JSON_ARRAY || json_len(row) != 24) {
            return fail(e, ERR_INPUT, "%s: 24 hours are needed", row.path);
        }
        for (int h = 0; h < 24; h++) {
            uint8_t period;
            if (read_index(json_at(row, (size_t)h), c->n, &period, e) != OK) {
                return e->code;
            }
            memset(&c->at[m][day][h * (SLOTS / 24)], period, SLOTS / 24);
        }
    }
    return OK;
}

/* A structure with its schedules; a single period needs none. */
static enum err_code read_charge(struct urdb_rate *r, struct json doc, const char *structure,
                                 const char *weekday, const char *weekend, bool energy,
                                 struct urdb_charge *out, struct err *e)
{
    struct json list = json_get(doc, structure);
    const char *const schedules[URDB_DAYS] = { weekday, weekend };
    if (!given(list) || json_len(list) == 0) {
        for (int d = 0; d < URDB_DAYS; d++) {
            if (given(json_get(doc, schedules[d])) && json_len(json_get(doc, schedules[d]))) {
                return fail(e, ERR_INPUT, "%s: there is no %s that it points into",
                            json_get(doc, schedules[d]).path, structure);
            }
        }
        return OK;
    }
    if (read_structure(r, list, energy, out, e) != OK) {
        return e->code;
    }
    out->at = urdb_schedule_new(r->arena);
    for (int d = 0; d < URDB_DAYS; d++) {
        struct json at = json_get(doc, schedules[d]);
        if (!given(at) && out->n > 1) {
            return fail(e, ERR_INPUT, "%s: %s is needed: %zu periods are priced", doc.path,
                        schedules[d], out->n);
        }
        if (given(at) && read_matrix(at, out, d, e) != OK) {
            return e->code;
        }
    }
    urdb_mark_used(out);
    return OK;
}

static enum err_code read_flat(struct urdb_rate *r, struct json doc, struct err *e)
{
    struct json list = json_get(doc, "flatdemandstructure");
    struct json months = json_get(doc, "flatdemandmonths");
    if (!given(list) || json_len(list) == 0) {
        return OK;
    }
    if (read_structure(r, list, false, &r->flat, e) != OK) {
        return e->code;
    }
    r->flat.at = urdb_schedule_new(r->arena);
    if (given(months) && (json_kind(months) != JSON_ARRAY || json_len(months) != URDB_MONTHS)) {
        return fail(e, ERR_INPUT, "%s: 12 months are needed", months.path);
    }
    if (!given(months) && r->flat.n > 1) {
        return fail(e, ERR_INPUT, "%s: flatdemandmonths is needed: %zu periods are priced",
                    doc.path, r->flat.n);
    }
    for (int m = 0; given(months) && m < URDB_MONTHS; m++) {
        uint8_t period;
        if (read_index(json_at(months, (size_t)m), r->flat.n, &period, e) != OK) {
            return e->code;
        }
        memset(r->flat.at[m], period, sizeof r->flat.at[m]);
    }
    urdb_mark_used(&r->flat);
    return OK;
}

static bool is_free(const struct urdb_charge *c)
{
    for (size_t i = 0; i < c->n; i++) {
        for (size_t k = 0; k < c->periods[i].n_tiers; k++) {
            if (c->periods[i].tiers[k].rate.units) {
                return false;
            }
        }
    }
    return true;
}

/* Demand is measured in kW; a charge that costs nothing is none. */
static enum err_code read_unit(struct urdb_rate *r, struct json doc, const char *key,
                               struct urdb_charge *c, struct err *e)
{
    struct str word;
    if (read_word(doc, key, &word, e) != OK) {
        return e->code;
    }
    if (c->n && is_free(c)) {
        c->n = 0;
    }
    if (c->n && word.n && !str_is(word, "kW")) {
        urdb_cannot(r, json_get(doc, key),
                    "demand is measured in kW of the month; hp, kVA and daily demand are not");
    }
    return OK;
}

static enum err_code read_demand(struct urdb_rate *r, struct json doc, struct err *e)
{
    struct json window = json_get(doc, "demandwindow");
    struct decimal minutes;
    bool there;
    if (read_flat(r, doc, e) != OK ||
        read_charge(r, doc, "demandratestructure", "demandweekdayschedule", "demandweekendschedule",
                    false, &r->demand, e) != OK ||
        read_charge(r, doc, "coincidentratestructure", "coincidentrateschedule",
                    "coincidentrateschedule", false, &r->coincident, e) != OK ||
        read_unit(r, doc, "flatdemandunit", &r->flat, e) != OK ||
        read_unit(r, doc, "demandrateunit", &r->demand, e) != OK ||
        read_unit(r, doc, "coincidentrateunit", &r->coincident, e) != OK ||
        urdb_number(window, &minutes, &there, e) != OK) {
        return e->code;
    }
    r->hourly = there && urdb_compare(minutes, (struct decimal){ 60, 0 }) == 0;
    if (there && !r->hourly && urdb_compare(minutes, (struct decimal){ 15, 0 }) != 0) {
        urdb_cannot(r, window, "demand is the mean of 15 or of 60 minutes");
    }
    return OK;
}

/* ---- fixed and least charges ----------------------------------------------------------------- */

static enum err_code read_sum(struct urdb_rate *r, struct json doc, const char *key,
                              const char *units, enum urdb_per per, struct urdb_sum *list,
                              size_t *n, struct err *e)
{
    static const char *const words[] = { "$/month", "$/day", "$/year" };
    struct json j = json_get(doc, key);
    struct decimal d;
    struct str word;
    bool there;
    if (urdb_number(j, &d, &there, e) != OK || read_word(doc, units ? units : "", &word, e) != OK) {
        return e->code;
    }
    if (d.units < 0 || urdb_compare(d, (struct decimal){ 1000000000, 0 }) >= 0) {
        return fail(e, ERR_INPUT, "%s: an amount from 0 to 10^9 is needed", j.path);
    }
    if (d.scale > 6) {
        return fail(e, ERR_INPUT, "%s: an amount has at most 6 decimals; round it", j.path);
    }
    if (!d.units) {
        return OK;
    }
    bool known = !word.n;
    for (int i = 0; units && i < 3; i++) {
        if (str_is(word, words[i])) {
            per = (enum urdb_per)i;
            known = true;
        }
    }
    if (!known) {
        urdb_cannot(r, json_get(doc, units), "is none of $/month, $/day, $/year");
    }
    if (per == URDB_PER_YEAR && d.scale > 2) {
        urdb_cannot(r, j, "a yearly amount has at most two decimals");
    }
    list[(*n)++] = (struct urdb_sum){ d, per };
    return OK;
}

static enum err_code read_sums(struct urdb_rate *r, struct json doc, struct err *e)
{
    if (read_sum(r, doc, "fixedmonthlycharge", NULL, URDB_PER_MONTH, r->fixed, &r->n_fixed, e) !=
            OK ||
        read_sum(r, doc, "fixedchargefirstmeter", "fixedchargeunits", URDB_PER_MONTH, r->fixed,
                 &r->n_fixed, e) != OK ||
        read_sum(r, doc, "minmonthlycharge", NULL, URDB_PER_MONTH, r->least, &r->n_least, e) !=
            OK ||
        read_sum(r, doc, "annualmincharge", NULL, URDB_PER_YEAR, r->least, &r->n_least, e) != OK ||
        read_sum(r, doc, "mincharge", "minchargeunits", URDB_PER_MONTH, r->least, &r->n_least, e) !=
            OK) {
        return e->code;
    }
    for (size_t i = 0; i < r->n_least; i++) {
        for (size_t k = 0; k < i; k++) {
            if ((r->least[i].per == URDB_PER_YEAR) == (r->least[k].per == URDB_PER_YEAR)) {
                urdb_cannot(r, json_get(doc, "mincharge"),
                            "a second least charge of the same time; which one holds?");
            }
        }
    }
    return OK;
}

static enum err_code read_fuel(struct urdb_rate *r, struct json doc, struct err *e)
{
    struct json list = json_get(doc, "fueladjustmentsmonthly");
    if (!given(list)) {
        return OK;
    }
    if (json_kind(list) != JSON_ARRAY || json_len(list) != URDB_MONTHS) {
        return fail(e, ERR_INPUT, "%s: 12 months are needed", list.path);
    }
    for (size_t m = 0; m < URDB_MONTHS; m++) {
        if (urdb_price(json_at(list, m), &r->fuel[m], e) != OK) {
            return e->code;
        }
        r->has_fuel = r->has_fuel || r->fuel[m].units;
    }
    return OK;
}

/* ---- what a strategy does not say ------------------------------------------------------------ */

static bool bears(struct json j)
{
    struct decimal d;
    struct err e;
    bool there, any = false;
    if (json_kind(j) == JSON_ARRAY) {
        for (size_t i = 0; i < json_len(j); i++) {
            any = any || bears(json_at(j, i));
        }
        return any;
    }
    if (json_kind(j) == JSON_BOOL || json_kind(j) == JSON_OBJECT) {
        return json_kind(j) == JSON_OBJECT;
    }
    return given(j) && (urdb_number(j, &d, &there, &e) != OK || d.units != 0);
}

static enum err_code read_unsaid(struct urdb_rate *r, struct json doc, struct err *e)
{
    static const char *const ratchet[] = { "demandratchetpercentage", "lookbackPercent" };
    struct str rules;
    struct json dg = json_get(doc, "dgrules"), net = json_get(doc, "usenetmetering");
    bool netting = false;
    for (int i = 0; i < 2; i++) {
        if (bears(json_get(doc, ratchet[i]))) {
            urdb_cannot(r, json_get(doc, ratchet[i]),
                        "the demand of months before this one is not read");
        }
    }
    if (bears(json_get(doc, "demandreactivepowercharge"))) {
        urdb_cannot(r, json_get(doc, "demandreactivepowercharge"),
                    "reactive demand (kVAR) is not metered by interval");
    }
    if (bears(json_get(doc, "fixedchargeeaaddl"))) {
        urdb_note(r, "%s is for further meters; one meter is billed",
                  json_get(doc, "fixedchargeeaaddl").path);
    }
    if (read_word(doc, "dgrules", &rules, e) != OK ||
        (given(net) && json_bool(net, &netting, e) != OK)) {
        return e->code;
    }
    bool instant = str_is(rules, "Net Billing Instantaneous") || str_is(rules, "Buy All Sell All");
    if (r->sells && rules.n && !instant) {
        urdb_cannot(r, dg,
                    "export is credited as it is metered (Net Billing Instantaneous, Buy "
                    "All Sell All); netting over time is not");
    } else if (r->sells && !rules.n && netting) {
        urdb_cannot(r, net,
                    "netting import and export over the month is not said, and 'sell' "
                    "is; take out the one that does not hold");
    } else if (!r->sells && ((rules.n && !instant) || netting)) {
        urdb_note(r,
                  "%s is about own generation; the text bills what is imported and credits "
                  "no export",
                  rules.n ? dg.path : net.path);
    }
    return OK;
}

/* Seconds since 1970, or a text, to a day; "" when it is not there. */
static enum err_code read_date(struct urdb_rate *r, struct json j, struct str *out, struct err *e)
{
    int64_t s;
    *out = STR("");
    if (json_kind(j) == JSON_STRING) {
        return json_str(j, out, e);
    }
    if (!given(j)) {
        return OK;
    }
    if (json_int(j, &s, e) != OK) {
        return e->code;
    }
    if (s < 0 || s > 7258118400) { /* 2200-01-01 */
        return fail(e, ERR_INPUT, "%s: seconds since 1970 are needed", j.path);
    }
    int32_t d = day_of_number((int32_t)(s / 86400)).yyyymmdd;
    *out = str_of(arena_printf(r->arena, "%04d-%02d-%02d", d / 10000, d / 100 % 100, d % 100));
    return OK;
}

enum err_code urdb_read(struct urdb_rate *r, struct json doc, struct err *e)
{
    struct str label, utility, source;
    read_keys(r, doc);
    if (json_need_str(doc, "name", &r->title, e) != OK ||
        read_word(doc, "label", &label, e) != OK || read_word(doc, "utility", &utility, e) != OK ||
        read_word(doc, "source", &source, e) != OK || read_word(doc, "uri", &r->source, e) != OK ||
        read_date(r, json_get(doc, "startdate"), &r->from, e) != OK ||
        read_date(r, json_get(doc, "enddate"), &r->until, e) != OK) {
        return e->code;
    }
    r->name = label.n ? label : r->title;
    r->source = r->source.n ? r->source : source;
    if (utility.n) {
        r->title = str_of(
            arena_printf(r->arena, STR_FMT ", " STR_FMT, STR_ARG(utility), STR_ARG(r->title)));
    }
    if (read_charge(r, doc, "energyratestructure", "energyweekdayschedule", "energyweekendschedule",
                    true, &r->energy, e) != OK ||
        read_demand(r, doc, e) != OK || read_sums(r, doc, e) != OK || read_fuel(r, doc, e) != OK) {
        return e->code;
    }
    return read_unsaid(r, doc, e);
}
