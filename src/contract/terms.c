/* terms.c - the JSON of a contract's terms (contract.h), read in one pass.
 *
 * One settlement reads the terms of every contract, so there is no tree: scan.c walks the text,
 * part.c reads what the top and a member share, this file the rest.
 */
#include "contract/terms.h"
#include "contract/scan.h"

#define CONTRACT_BEFORE_MAX                                                                        \
    (7 * 1440) /* minutes of a window before another: agreements have hours */

struct top_ctx {
    struct part_lists lists;
    struct list parties, prices, dates, windows, changes;
    struct contract_terms *out;
};

static enum err_code take_party(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct contract_party *p = list_add(s, ctx);
    p->name = key;
    return scan_whole(s, 1, INT64_MAX, &p->org_id);
}

static enum err_code take_price(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_name *p = list_add(s, ctx);
    p->name = key;
    return scan_string(s, &p->value);
}

static enum err_code take_date(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct str t;
    struct day *d = list_add(s, ctx);
    struct err why;
    if (scan_string(s, &t) != OK) {
        return s->e->code;
    }
    return day_parse(t, d, &why) == OK ? OK : scan_refuse(s, "a date is \"2026-07-03\"");
}

static enum err_code take_dates(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct list days = {.size = sizeof(struct day)};
    if (scan_items(s, take_date, &days, ROWS_MAX) != OK) {
        return s->e->code;
    }
    struct term_dates *d = list_add(s, ctx);
    *d = (struct term_dates){.name = key, .days = (const void *)days.at, .n = days.n};
    return OK;
}

static enum err_code take_window_part(struct scan *s, struct str key, void *ctx)
{
    struct term_window *w = ctx;
    int64_t v;
    if (str_is(key, "of")) {
        return scan_string(s, &w->of);
    }
    if (str_is(key, "minutes")) {
        if (scan_whole(s, 1, CONTRACT_BEFORE_MAX, &v) != OK) {
            return s->e->code;
        }
        w->minutes = (int32_t)v;
        return v % 15 == 0 ? OK : scan_refuse(s, "a window is whole quarters of an hour long");
    }
    return scan_refuse(s,
                       "a window of the terms has \"of\", another one, and \"minutes\" before it");
}

static enum err_code take_window(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_window *w = list_add(s, ctx);
    w->name = key;
    if (scan_members(s, take_window_part, w) != OK) {
        return s->e->code;
    }
    if (str_eq(w->of, key)) {
        return scan_refuse(s, "a window cannot lie before itself");
    }
    return w->of.n > 0 && w->minutes > 0
               ? OK
               : scan_refuse(s,
                             "a window needs \"of\" and \"minutes\"; its times are a fact of the "
                             "period");
}

static enum err_code take_top_value(struct scan *s, struct str key, struct contract_terms *t)
{
    if (str_is(key, "calendar")) {
        return scan_string(s, &t->calendar);
    }
    if (str_is(key, "category")) {
        return scan_string(s, &t->category);
    }
    if (str_is(key, "axis")) {
        return scan_string(s, &t->axis);
    }
    if (str_is(key, "scale_to_register")) {
        t->scale_to_register = scan_word(s, "true");
        return t->scale_to_register || scan_word(s, "false")
                   ? OK
                   : scan_refuse(s, "true or false belongs here");
    }
    return scan_refuse(s, "terms have parties, calendar, category, dates, prices, axis, windows, "
                          "scale_to_register, meters, series, settings, units and groups");
}

static enum err_code take_top(struct scan *s, struct str key, void *ctx)
{
    struct top_ctx *c = ctx;
    bool known;
    if (part_key(s, key, &c->lists, &known) != OK) {
        return s->e->code;
    }
    if (known) {
        return OK;
    }
    if (str_is(key, "parties")) {
        return scan_members(s, take_party, &c->parties);
    }
    if (str_is(key, "prices")) {
        return scan_members(s, take_price, &c->prices);
    }
    if (str_is(key, "dates")) {
        return scan_members(s, take_dates, &c->dates);
    }
    if (str_is(key, "windows")) {
        return scan_members(s, take_window, &c->windows);
    }
    return take_top_value(s, key, c->out);
}

static int day_order(const void *a, const void *b)
{
    const struct day *x = a, *y = b;
    return x->yyyymmdd < y->yyyymmdd ? -1 : x->yyyymmdd > y->yyyymmdd;
}

/* Ascending, each once. */
static void changes_take(struct list *changes, struct contract_terms *t)
{
    struct day *d = (void *)changes->at;
    size_t n = 0;
    if (changes->n > 0) {
        qsort(d, changes->n, sizeof(*d), day_order);
    }
    for (size_t i = 0; i < changes->n; i++) {
        if (n == 0 || d[n - 1].yyyymmdd != d[i].yyyymmdd) {
            d[n++] = d[i];
        }
    }
    t->changes = d;
    t->n_changes = n;
}

/* A member that is a party of the contract besides, or twice a member, stands once where it is the
 * same organisation; else both stay, for contract_create to refuse. Returns how many stand. */
static size_t parties_once(struct contract_party *p, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < kept && (p[k].org_id != p[i].org_id || !str_eq(p[k].name, p[i].name))) {
            k++;
        }
        if (k == kept) {
            p[kept++] = p[i];
        }
    }
    return kept;
}

enum err_code contract_terms_on(struct arena *a, struct str text, struct day on,
                                struct contract_terms *out, struct err *e)
{
    struct err own;
    if (text.n > CONTRACT_TERMS_MAX) {
        return fail(e, ERR_LIMIT, "terms: %zu bytes; at most %u are taken", text.n,
                    CONTRACT_TERMS_MAX);
    }
    struct contract_terms terms = {0};
    struct top_ctx c = {.parties = {.size = sizeof(struct contract_party)},
                        .prices = {.size = sizeof(struct term_name)},
                        .dates = {.size = sizeof(struct term_dates)},
                        .windows = {.size = sizeof(struct term_window)},
                        .changes = {.size = sizeof(struct day)},
                        .out = &terms};
    struct scan s = scan_of(a, text, e ? e : &own);
    s.parties = &c.parties;
    s.changes = &c.changes;
    s.on = on;
    part_init(&c.lists);
    if (scan_text(&s, take_top, &c) != OK) {
        return s.e->code;
    }
    terms.top = part_of(&c.lists);
    terms.parties = (const void *)c.parties.at;
    terms.n_parties = parties_once((void *)c.parties.at, c.parties.n);
    terms.prices = (const void *)c.prices.at;
    terms.n_prices = c.prices.n;
    terms.dates = (const void *)c.dates.at;
    terms.n_dates = c.dates.n;
    terms.windows = (const void *)c.windows.at;
    terms.n_windows = c.windows.n;
    changes_take(&c.changes, &terms);
    *out = terms;
    return OK;
}

enum err_code contract_terms_parse(struct arena *a, struct str text, struct contract_terms *out,
                                   struct err *e)
{
    return contract_terms_on(a, text, (struct day){0}, out, e);
}

enum err_code contract_settings_parse(struct arena *a, struct str text,
                                      const struct term_setting **out, size_t *n, struct err *e)
{
    struct err own;
    struct list l = {.size = sizeof(struct term_setting)};
    struct scan s = scan_of(a, text, e ? e : &own);
    if (text.n > 0 && scan_text(&s, part_setting, &l) != OK) {
        return s.e->code;
    }
    *out = (const void *)l.at;
    *n = l.n;
    return OK;
}

static int name_order(const void *a, const void *b)
{
    const struct term_name *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

struct str terms_tariff_key(struct arena *a, const struct contract_terms *t)
{
    struct text k;
    text_init(&k, a, CONTRACT_TERMS_MAX);
    text_addf(&k, STR_FMT "|" STR_FMT "|", STR_ARG(t->calendar), STR_ARG(t->category));
    for (size_t i = 0; i < t->n_dates; i++) {
        text_addf(&k, STR_FMT "=", STR_ARG(t->dates[i].name));
        for (size_t d = 0; d < t->dates[i].n; d++) {
            text_addf(&k, "%d,", t->dates[i].days[d].yyyymmdd);
        }
    }
    text_byte(&k, '|');
    struct term_name *p = arena_many(a, t->n_prices + 1, struct term_name);
    if (t->n_prices > 0) {
        memcpy(p, t->prices, t->n_prices * sizeof(*p));
        qsort(p, t->n_prices, sizeof(*p), name_order);
    }
    for (size_t i = 0; i < t->n_prices; i++) {
        text_addf(&k, STR_FMT "=" STR_FMT ";", STR_ARG(p[i].name), STR_ARG(p[i].value));
    }
    return text_str(&k);
}