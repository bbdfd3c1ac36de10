/* book.c - price books (电价目录): versions by date, composed from components or given directly, by
 * season and tier.
 *
 * A version has `components` with `ratios`, or `prices`; either for the whole year or by `seasons`
 * that share the twelve months among them. `tier_add` is what each tier pays on top, per kWh.
 */
#include "tariff/calendar.h"
#include "tariff/tariff_rows.h"

#define COMPONENTS_MAX 32 /* a tariff notice lists five to ten */
#define SEASONS_MAX 12
#define TIERS_MAX 10 /* household tariffs have three */

struct season {
    struct str name;
    uint16_t months;
    int64_t yuan_e6[TOU_PERIODS];
};
struct book_version {
    struct instant from, until;
    bool open;
    struct str name, doc; /* name: `from` as written */
    const struct season *seasons;
    size_t n_seasons;
    const int64_t *tier_add_e6; /* n_tiers of the book, or NULL */
};
struct tariff_book {
    struct str id, title;
    const char *unit;
    bool illustrative;
    const int64_t *upto_kwh_e4;
    size_t n_tiers;
    const struct book_version *versions;
    size_t n_versions;
};

struct composition {
    const struct tariff_component *at;
    size_t n;
};

static enum err_code read_price(struct json j, const char *key, int64_t *out, struct err *e)
{
    int64_t v;
    if (json_need_scaled(j, key, 6, &v, e) != OK) {
        return e->code;
    }
    if (v > PRICE_MAX_E6 || v < -PRICE_MAX_E6) {
        return fail(e, ERR_LIMIT, "%s: a price is at most 1000 yuan", json_get(j, key).path);
    }
    *out = v;
    return OK;
}

static enum err_code read_components(struct arena *a, struct json version, struct composition *out,
                                     struct err *e)
{
    static const char *const keys[] = {"name", "title", "price", "floats", NULL};
    struct json list;
    size_t n;
    if (part_array(version, "components", COMPONENTS_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct tariff_component *c = arena_many(a, n, struct tariff_component);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (json_only(at, keys, e) != OK || json_need_str(at, "name", &c[i].name, e) != OK ||
            read_price(at, "price", &c[i].yuan_e6, e) != OK ||
            json_bool(json_get(at, "floats"), &c[i].floats, e) != OK) {
            return e->code;
        }
        for (size_t k = 0; k < i; k++) {
            if (str_eq(c[k].name, c[i].name)) {
                return fail(e, ERR_INPUT, "%s.name: '" STR_FMT "' stands there twice; remove one",
                            at.path, STR_ARG(c[i].name));
            }
        }
    }
    *out = (struct composition){c, n};
    return OK;
}

/* {period: value}: every key a period; TARIFF_NO_PRICE where it has none. */
static enum err_code read_by_period(struct json j, bool ratio, int64_t out[TOU_PERIODS],
                                    struct err *e)
{
    for (int p = 0; p < TOU_PERIODS; p++) {
        out[p] = TARIFF_NO_PRICE;
    }
    if (json_kind(j) != JSON_OBJECT || json_len(j) == 0) {
        return fail(e, ERR_INPUT, "%s: write a value by period: {\"peak\": \"1.65\", ...}", j.path);
    }
    for (size_t i = 0; i < json_len(j); i++) {
        struct str word;
        struct json v = json_member(j, i, &word);
        enum tou_period p;
        if (!tou_period_parse(word, &p)) {
            return fail(e, ERR_INPUT,
                        "%s: no such period; write sharp, peak, flat, valley or deep_valley",
                        v.path);
        }
        if (json_scaled(v, 6, &out[p], e) != OK) {
            return e->code;
        }
        if (out[p] > PRICE_MAX_E6 || out[p] < (ratio ? 0 : -PRICE_MAX_E6)) {
            return fail(e, ERR_LIMIT, "%s: %s", v.path,
                        ratio ? "a ratio is 0 to 1000" : "a price is at most 1000 yuan");
        }
    }
    return OK;
}

/* The prices at `j` (a version or a season of it): direct, or composed. */
static enum err_code read_prices(struct json j, const struct composition *c,
                                 int64_t out[TOU_PERIODS], struct err *e)
{
    struct json direct = json_get(j, "prices"), ratios = json_get(j, "ratios");
    if ((json_kind(direct) == JSON_NONE) == (json_kind(ratios) == JSON_NONE)) {
        return fail(e, ERR_INPUT, "%s: either prices, or ratios to the components' sum", j.path);
    }
    if (json_kind(direct) != JSON_NONE) {
        return read_by_period(direct, false, out, e);
    }
    if (c->n == 0) {
        return fail(e, ERR_INPUT, "%s: ratios need components in the version", ratios.path);
    }
    int64_t ratio_e6[TOU_PERIODS];
    struct tariff_composition sum;
    if (read_by_period(ratios, true, ratio_e6, e) != OK) {
        return e->code;
    }
    if (tariff_compose(c->at, c->n, ratio_e6, &sum, e) != OK) {
        return fail_in(e, "%s: ", j.path);
    }
    for (int p = 0; p < TOU_PERIODS; p++) {
        out[p] = sum.yuan_e6[p];
    }
    return OK;
}

static enum err_code read_seasons(struct arena *a, struct json version, const struct composition *c,
                                  struct book_version *out, struct err *e)
{
    static const char *const keys[] = {"name", "title", "months", "prices", "ratios", NULL};
    struct json list;
    size_t n;
    if (part_array(version, "seasons", SEASONS_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    struct season *s = arena_many(a, n, struct season);
    uint16_t all = 0;
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (json_only(at, keys, e) != OK || json_need_str(at, "name", &s[i].name, e) != OK ||
            part_months(at, "months", &s[i].months, e) != OK ||
            read_prices(at, c, s[i].yuan_e6, e) != OK) {
            return e->code;
        }
        s[i].name = str_dup(a, s[i].name);
        for (int m = 0; m < 12; m++) {
            if (all & s[i].months & (1u << m)) {
                return fail(e, ERR_INPUT, "%s.months: month %d is in another season too", at.path,
                            m + 1);
            }
        }
        all = (uint16_t)(all | s[i].months);
    }
    for (int m = 0; m < 12; m++) {
        if (!(all & (1u << m))) {
            return fail(e, ERR_INPUT, "%s: no season has month %d", list.path, m + 1);
        }
    }
    out->seasons = s;
    out->n_seasons = n;
    return OK;
}

static enum err_code read_tier_add(struct arena *a, struct json version, size_t n_tiers,
                                   struct book_version *out, struct err *e)
{
    struct json list = json_get(version, "tier_add");
    if (json_kind(list) == JSON_NONE && n_tiers == 0) {
        return OK;
    }
    if (json_kind(list) != JSON_ARRAY || json_len(list) != n_tiers) {
        return fail(e, ERR_INPUT, "%s: one value for each of the book's %zu tiers is needed",
                    list.path, n_tiers);
    }
    int64_t *add = arena_many(a, n_tiers, int64_t);
    for (size_t i = 0; i < n_tiers; i++) {
        if (json_scaled(json_at(list, i), 6, &add[i], e) != OK) {
            return e->code;
        }
        if (add[i] > PRICE_MAX_E6 || add[i] < -PRICE_MAX_E6) {
            return fail(e, ERR_LIMIT, "%s: a price is at most 1000 yuan", json_at(list, i).path);
        }
    }
    out->tier_add_e6 = add;
    return OK;
}

static enum err_code read_version(struct arena *a, struct json j, size_t n_tiers,
                                  const struct instant *after, struct book_version *out,
                                  struct err *e)
{
    static const char *const keys[] = {"from",    "until",      "doc",    "evidence",
                                       "note",    "components", "ratios", "prices",
                                       "seasons", "tier_add",   NULL};
    struct book_version v = {.open = false};
    struct composition c = {NULL, 0};
    if (json_only(j, keys, e) != OK ||
        part_validity(j, after, &v.from, &v.until, &v.open, e) != OK ||
        json_need_str(j, "from", &v.name, e) != OK || json_need_str(j, "doc", &v.doc, e) != OK) {
        return e->code;
    }
    v.name = str_dup(a, v.name);
    v.doc = str_dup(a, v.doc);
    if (json_kind(json_get(j, "components")) != JSON_NONE && read_components(a, j, &c, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(j, "seasons")) != JSON_NONE) {
        if (json_kind(json_get(j, "prices")) != JSON_NONE ||
            json_kind(json_get(j, "ratios")) != JSON_NONE) {
            return fail(e, ERR_INPUT, "%s: with seasons, prices and ratios stand in the seasons",
                        j.path);
        }
        if (read_seasons(a, j, &c, &v, e) != OK) {
            return e->code;
        }
    } else {
        struct season *s = arena_make(a, struct season);
        s->name = str_of("");
        s->months = MONTHS_ALL;
        if (read_prices(j, &c, s->yuan_e6, e) != OK) {
            return e->code;
        }
        v.seasons = s;
        v.n_seasons = 1;
    }
    if (read_tier_add(a, j, n_tiers, &v, e) != OK) {
        return e->code;
    }
    *out = v;
    return OK;
}

static enum err_code read_tiers(struct arena *a, struct json doc, struct tariff_book *b,
                                struct err *e)
{
    static const char *const keys[] = {"title", "upto_kwh", NULL};
    struct json list;
    size_t n;
    if (json_kind(json_get(doc, "tiers")) == JSON_NONE) {
        return OK;
    }
    if (part_array(doc, "tiers", TIERS_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    int64_t *upto = arena_many(a, n, int64_t);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (json_only(at, keys, e) != OK) {
            return e->code;
        }
        bool bound = json_kind(json_get(at, "upto_kwh")) != JSON_NONE;
        if (bound == (i + 1 == n)) {
            return fail(e, ERR_INPUT, "%s: every tier but the last has upto_kwh", at.path);
        }
        upto[i] = INT64_MAX;
        if (bound && json_need_scaled(at, "upto_kwh", 4, &upto[i], e) != OK) {
            return e->code;
        }
        if (upto[i] <= (i ? upto[i - 1] : 0)) {
            return fail(e, ERR_INPUT, "%s.upto_kwh: tiers rise from above 0", at.path);
        }
    }
    b->upto_kwh_e4 = upto;
    b->n_tiers = n;
    return OK;
}

enum err_code tariff_book_read(struct arena *a, struct json doc, struct tariff_book **out,
                               struct err *e)
{
    static const char *const keys[] = {
        "schema", "id",           "title",    "unit",  "region",   "category", "voltage",
        "system", "illustrative", "evidence", "tiers", "versions", "note",     NULL};
    struct err here;
    e = e ? e : &here;
    struct tariff_book *b = arena_make(a, struct tariff_book);
    struct str unit;
    struct json list;
    size_t n;
    if (part_schema(doc, "sunkeeper.prices/1", e) != OK || json_only(doc, keys, e) != OK ||
        json_need_str(doc, "id", &b->id, e) != OK ||
        json_need_str(doc, "title", &b->title, e) != OK ||
        json_need_str(doc, "unit", &unit, e) != OK ||
        json_bool(json_get(doc, "illustrative"), &b->illustrative, e) != OK ||
        read_tiers(a, doc, b, e) != OK ||
        part_array(doc, "versions", TARIFF_VERSIONS_MAX, &list, &n, e) != OK) {
        return e->code;
    }
    b->id = str_dup(a, b->id);
    b->title = str_dup(a, b->title);
    b->unit = str_dup(a, unit).at;
    struct book_version *v = arena_many(a, n, struct book_version);
    for (size_t i = 0; i < n; i++) {
        if (read_version(a, json_at(list, i), b->n_tiers, i ? &v[i - 1].until : NULL, &v[i], e) !=
            OK) {
            return e->code;
        }
    }
    b->versions = v;
    b->n_versions = n;
    *out = b;
    return OK;
}

struct str tariff_book_id(const struct tariff_book *b)
{
    return b->id;
}

struct str tariff_book_title(const struct tariff_book *b)
{
    return b->title;
}

const char *tariff_book_unit(const struct tariff_book *b)
{
    return b->unit;
}

bool tariff_book_illustrative(const struct tariff_book *b)
{
    return b->illustrative;
}

size_t tariff_book_tiers(const struct tariff_book *b, const int64_t **upto_kwh_e4)
{
    *upto_kwh_e4 = b->upto_kwh_e4;
    return b->n_tiers;
}

/* ---- stretches --------------------------------------------------------------------------------
 */

static const struct season *season_at(const struct book_version *v, struct instant t)
{
    unsigned bit = 1u << (day_month(instant_day(t)).yyyymm % 100 - 1);
    for (size_t i = 0; i < v->n_seasons; i++) {
        if (v->seasons[i].months & bit) {
            return &v->seasons[i];
        }
    }
    check_that(false, "no season at %lld", (long long)t.utc_ms);
}

/* Where the season of `t` ends: the first of a later month, at most `end`. */
static struct instant season_end(const struct book_version *v, struct instant t, struct instant end)
{
    const struct season *s = season_at(v, t);
    if (s->months == MONTHS_ALL) {
        return end;
    }
    struct instant next = t;
    while (next.utc_ms < end.utc_ms && season_at(v, next) == s) {
        next = day_start(month_end(day_month(instant_day(next))));
    }
    return next.utc_ms < end.utc_ms ? next : end;
}

static enum err_code book_gap(struct arena *a, const struct tariff_book *b, struct instant at,
                              struct err *e)
{
    struct text t;
    text_init(&t, a, 64);
    text_instant(&t, at);
    return fail(e, ERR_GAP, "price book " STR_FMT ": no price in force at %s; publish a version",
                STR_ARG(b->id), t.at);
}

enum err_code tariff_book_stretches(struct arena *a, const struct tariff_book *b, int tier,
                                    struct instant from, struct instant until,
                                    const struct tariff_stretch **out, size_t *n, struct err *e)
{
    check_that(from.utc_ms < until.utc_ms, "[%lld, %lld)", (long long)from.utc_ms,
               (long long)until.utc_ms);
    if (tier < 0 || (size_t)tier >= (b->n_tiers ? b->n_tiers : 1)) {
        return fail(e, ERR_INPUT, "price book " STR_FMT ": no tier %d", STR_ARG(b->id), tier + 1);
    }
    struct tariff_stretch *list = NULL;
    size_t count = 0, room = 0;
    struct instant at = from;
    for (size_t i = 0; i < b->n_versions && at.utc_ms < until.utc_ms; i++) {
        const struct book_version *v = &b->versions[i];
        if (v->until.utc_ms <= at.utc_ms) {
            continue;
        }
        if (v->from.utc_ms > at.utc_ms) {
            return book_gap(a, b, at, e);
        }
        struct instant end = {v->until.utc_ms < until.utc_ms ? v->until.utc_ms : until.utc_ms};
        while (at.utc_ms < end.utc_ms) {
            const struct season *s = season_at(v, at);
            if (count == room) {
                struct tariff_stretch *more =
                    arena_many(a, room ? 2 * room : 4, struct tariff_stretch);
                for (size_t k = 0; k < count; k++) {
                    more[k] = list[k];
                }
                list = more;
                room = room ? 2 * room : 4;
            }
            struct tariff_stretch *x = &list[count++];
            *x = (struct tariff_stretch){at, v->name, s->name, v->doc, {0}};
            for (int p = 0; p < TOU_PERIODS; p++) {
                bool has = s->yuan_e6[p] != TARIFF_NO_PRICE;
                x->yuan_e6[p] = s->yuan_e6[p] + (has && v->tier_add_e6 ? v->tier_add_e6[tier] : 0);
            }
            at = season_end(v, at, end);
        }
    }
    if (at.utc_ms < until.utc_ms) {
        return book_gap(a, b, at, e);
    }
    *out = list;
    *n = count;
    return OK;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void add_rows(struct price_row *rows, size_t *n, const struct book_version *v,
                     const struct season *s, int tier)
{
    for (int p = 0; p < TOU_PERIODS; p++) {
        if (s->yuan_e6[p] != TARIFF_NO_PRICE) {
            int64_t add = v->tier_add_e6 ? v->tier_add_e6[tier] : 0;
            rows[(*n)++] =
                (struct price_row){v->from, s->name, tier, (enum tou_period)p, s->yuan_e6[p] + add};
        }
    }
}

size_t book_rows(struct arena *a, const struct tariff_book *b, const struct price_row **out)
{
    int tiers = b->n_tiers ? (int)b->n_tiers : 1;
    size_t most = b->n_versions * SEASONS_MAX * (size_t)tiers * TOU_PERIODS, n = 0;
    struct price_row *rows = arena_many(a, most, struct price_row);
    for (size_t v = 0; v < b->n_versions; v++) {
        for (size_t s = 0; s < b->versions[v].n_seasons; s++) {
            for (int t = 0; t < tiers; t++) {
                add_rows(rows, &n, &b->versions[v], &b->versions[v].seasons[s], t);
            }
        }
    }
    *out = rows;
    return n;
}
