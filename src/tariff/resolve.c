/* resolve.c - from rules to one picture of a span of days: which slot falls into which key.
 *
 * Days on which the same rules hold, under the same schedule and price version, share a map; a year
 * has a handful. The hash is over the resolved picture, so that an edit of a title changes nothing.
 */
#include "tariff/calendar.h"

#define SPAN_DAYS_MAX 36600 /* a hundred years: what a book can hold */
#define MAPS_MAX 255        /* day_map is one byte */

/* What makes two days alike. A day with a boundary inside is compared by its slots instead. */
struct alike {
    const struct schedule *schedule;
    uint64_t rules; /* bit i: rule i holds on the day */
    int16_t version;
    bool whole; /* no boundary inside */
};
struct raw_map {
    struct alike alike;
    uint16_t code[SLOTS]; /* version x 8 + period */
};
struct resolver {
    struct arena *arena;
    const struct tariff_request *q;
    struct day first;
    int32_t n_days;
    const struct instant *starts; /* of price versions */
    size_t n_starts;
    struct raw_map *maps;
    int32_t n_maps;
    uint8_t *day_map;
    struct err *e;
};

static const struct schedule *schedule_at(const struct tariff_calendar *c, struct instant t)
{
    for (size_t i = c->n_versions; i-- > 0;) {
        const struct schedule *s = &c->versions[i];
        if (t.utc_ms >= s->from.utc_ms) {
            return t.utc_ms < s->until.utc_ms ? s : NULL;
        }
    }
    return NULL;
}

/* Counted from 1; what stands before the first start counts as the first. */
static int16_t version_at(const struct resolver *r, struct instant t)
{
    int16_t v = 1;
    for (size_t i = 1; i < r->n_starts && r->starts[i].utc_ms <= t.utc_ms; i++) {
        v = (int16_t)(i + 1);
    }
    return v;
}

static const struct tariff_dates *dates_of(const struct tariff_request *q, struct str name)
{
    for (size_t i = 0; i < q->n_dates; i++) {
        if (str_eq(q->dates[i].name, name)) {
            return &q->dates[i];
        }
    }
    return NULL;
}

static bool has_day(const struct day *days, size_t n, struct day d)
{
    for (size_t i = 0; i < n; i++) {
        if (days[i].yyyymmdd == d.yyyymmdd) {
            return true;
        }
    }
    return false;
}

static bool holiday_holds(const struct rule *rule, const struct tariff_holidays *holidays,
                          struct day d)
{
    const struct holiday *h = holiday_of(holidays, d);
    for (size_t i = 0; h && i < rule->n_names; i++) {
        if (str_eq(rule->names[i], h->name)) {
            int32_t nth = day_number(d) - day_number(h->first);
            return rule->first_days == 0 || nth < rule->first_days;
        }
    }
    return false;
}

static bool rule_holds(const struct rule *rule, const struct tariff_request *q, struct day d,
                       enum day_kind kind)
{
    int month = day_month(d).yyyymm % 100;
    if (!(rule->months & (1u << (month - 1))) || !(rule->kinds & (1u << kind))) {
        return false;
    }
    if (rule->n_categories > 0) {
        bool mine = false;
        for (size_t i = 0; i < rule->n_categories; i++) {
            mine |= str_eq(rule->categories[i], q->category);
        }
        if (!mine) {
            return false;
        }
    }
    if (rule->n_dates > 0 && !has_day(rule->dates, rule->n_dates, d)) {
        return false;
    }
    if (rule->set.n > 0) {
        const struct tariff_dates *s = dates_of(q, rule->set);
        if (!s || !has_day(s->days, s->n, d)) {
            return false;
        }
    }
    return rule->n_names == 0 || holiday_holds(rule, q->holidays, d);
}

static uint64_t rules_of(const struct schedule *s, const struct tariff_request *q, struct day d,
                         enum day_kind kind)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < s->n_rules; i++) {
        bits |= rule_holds(&s->rules[i], q, d, kind) ? 1ull << i : 0;
    }
    return bits;
}
_Static_assert(TARIFF_RULES_MAX <= 64, "the rules of a day are bits of one word");

/* The period of every slot under the rules in `bits`; the proof of coverage says there is one. */
static void periods_of(const struct schedule *s, uint64_t bits, uint8_t out[SLOTS])
{
    bool decided[SLOTS] = {false};
    for (size_t i = 0; i < s->n_rules; i++) {
        for (size_t w = 0; (bits >> i & 1) && w < s->rules[i].n_windows; w++) {
            struct window at = s->rules[i].windows[w];
            for (int slot = at.from; slot < at.until; slot++) {
                if (!decided[slot]) {
                    out[slot] = at.period;
                    decided[slot] = true;
                }
            }
        }
    }
    for (int slot = 0; slot < SLOTS; slot++) {
        check_that(decided[slot], "%s: slot %d", s->path, slot);
    }
}

static enum err_code calendar_gap(const struct resolver *r, struct instant at)
{
    struct text t;
    text_init(&t, r->arena, 64);
    text_instant(&t, at);
    return fail(r->e, ERR_GAP, "calendar " STR_FMT ": no version in force at %s; publish one",
                STR_ARG(r->q->calendar->id), t.at);
}

/* A day with a schedule or price boundary inside: each slot by its own start. */
static enum err_code fill_broken_day(struct resolver *r, struct day d, enum day_kind kind,
                                     struct raw_map *m)
{
    const struct schedule *last = NULL;
    uint8_t periods[SLOTS] = {0};
    for (int slot = 0; slot < SLOTS; slot++) {
        struct instant t = slot_start((struct slot){d, slot});
        const struct schedule *s = schedule_at(r->q->calendar, t);
        if (!s) { /* outside the asked part of the first or last day any period will do */
            if (t.utc_ms + SLOT_MS > r->q->from.utc_ms && t.utc_ms < r->q->until.utc_ms) {
                return calendar_gap(r, t);
            }
            m->code[slot] = (uint16_t)(version_at(r, t) * 8 + TOU_FLAT);
            continue;
        }
        if (s != last) {
            periods_of(s, rules_of(s, r->q, d, kind), periods);
            last = s;
        }
        m->code[slot] = (uint16_t)(version_at(r, t) * 8 + periods[slot]);
    }
    return OK;
}

static void fill_whole_day(struct raw_map *m)
{
    uint8_t periods[SLOTS];
    periods_of(m->alike.schedule, m->alike.rules, periods);
    for (int slot = 0; slot < SLOTS; slot++) {
        m->code[slot] = (uint16_t)(m->alike.version * 8 + periods[slot]);
    }
}

static int32_t find_map(const struct resolver *r, const struct raw_map *m, bool filled)
{
    for (int32_t i = 0; i < r->n_maps; i++) {
        const struct raw_map *x = &r->maps[i];
        if (filled ? memcmp(x->code, m->code, sizeof m->code) == 0
                   : x->alike.whole && x->alike.schedule == m->alike.schedule &&
                         x->alike.rules == m->alike.rules && x->alike.version == m->alike.version) {
            return i;
        }
    }
    return -1;
}

static enum err_code resolve_day(struct resolver *r, struct day d, enum day_kind kind, uint8_t *out)
{
    struct instant start = day_start(d), last = {start.utc_ms + DAY_MS - SLOT_MS};
    const struct schedule *s = schedule_at(r->q->calendar, start);
    struct raw_map m = {.alike = {.schedule = s, .version = version_at(r, start)}};
    m.alike.whole =
        s && s == schedule_at(r->q->calendar, last) && m.alike.version == version_at(r, last);
    int32_t at = -1;
    if (m.alike.whole) {
        m.alike.rules = rules_of(s, r->q, d, kind);
        at = find_map(r, &m, false);
    }
    if (at < 0) {
        if (m.alike.whole) {
            fill_whole_day(&m);
        } else if (fill_broken_day(r, d, kind, &m) != OK) {
            return r->e->code;
        }
        at = find_map(r, &m, true);
    }
    if (at < 0) {
        if (r->n_maps == MAPS_MAX) {
            return fail(r->e, ERR_LIMIT, "calendar " STR_FMT ": more than %d different days",
                        STR_ARG(r->q->calendar->id), MAPS_MAX);
        }
        at = r->n_maps;
        r->maps[r->n_maps++] = m;
    }
    *out = (uint8_t)at;
    return OK;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static enum err_code number_keys(struct resolver *r, struct tariff_span *span)
{
    struct tou_key *keys = arena_many(r->arena, TOU_KEYS_MAX, struct tou_key);
    uint16_t codes[TOU_KEYS_MAX];
    int32_t n = 0;
    for (int32_t m = 0; m < r->n_maps; m++) {
        for (int slot = 0; slot < SLOTS; slot++) {
            uint16_t code = r->maps[m].code[slot];
            int32_t at = 0;
            while (at < n && codes[at] < code) {
                at++;
            }
            if (at < n && codes[at] == code) {
                continue;
            }
            if (n == TOU_KEYS_MAX) {
                return fail(r->e, ERR_LIMIT,
                            "calendar " STR_FMT
                            ": more than %d (price version, period) in the span; "
                            "settle a shorter period",
                            STR_ARG(r->q->calendar->id), TOU_KEYS_MAX);
            }
            memmove(&codes[at + 1], &codes[at], (size_t)(n - at) * sizeof *codes);
            codes[at] = code;
            n++;
        }
    }
    struct tou_map *maps = arena_many(r->arena, (size_t)r->n_maps, struct tou_map);
    for (int32_t m = 0; m < r->n_maps; m++) {
        for (int slot = 0; slot < SLOTS; slot++) {
            uint8_t k = 0;
            while (codes[k] != r->maps[m].code[slot]) {
                k++;
            }
            maps[m].key[slot] = k;
        }
    }
    for (int32_t i = 0; i < n; i++) {
        keys[i] = (struct tou_key){(int16_t)(codes[i] / 8), (uint8_t)(codes[i] % 8)};
    }
    span->keys = keys;
    span->n_keys = n;
    span->maps = maps;
    span->n_maps = r->n_maps;
    return OK;
}

static void hash_int(struct hasher *h, int64_t v)
{
    uint8_t b[8];
    for (int i = 0; i < 8; i++) {
        b[i] = (uint8_t)((uint64_t)v >> (8 * i));
    }
    hasher_add(h, b, sizeof b);
}

static struct sha256 span_hash(struct arena *a, const struct tariff_span *s)
{
    struct hasher *h = hasher_new(a);
    hash_int(h, s->first.yyyymmdd);
    hash_int(h, s->n_days);
    hash_int(h, s->n_versions);
    hash_int(h, s->n_keys);
    for (int32_t i = 0; i < s->n_keys; i++) {
        hash_int(h, s->keys[i].version * 8 + s->keys[i].period);
    }
    hash_int(h, s->n_maps);
    hasher_add(h, s->maps, (size_t)s->n_maps * sizeof *s->maps);
    hasher_add(h, s->day_map, (size_t)s->n_days);
    for (int32_t i = 0; i < s->n_days; i++) {
        uint8_t b = (uint8_t)(s->workday[i] | s->holiday[i] << 1);
        hasher_add(h, &b, 1);
    }
    return hasher_end(h);
}

/* ---- price versions ---------------------------------------------------------------------------
 */

struct book_use {
    const struct tariff_stretch *at;
    size_t n;
};

static enum err_code merge_starts(struct resolver *r, const struct book_use *use, size_t n)
{
    size_t total = 0, count = 0;
    for (size_t b = 0; b < n; b++) {
        total += use[b].n;
    }
    struct instant *starts = arena_many(r->arena, total + 1, struct instant);
    for (size_t b = 0; b < n; b++) {
        for (size_t i = 0; i < use[b].n; i++) {
            int64_t t = use[b].at[i].from.utc_ms;
            t = t > r->q->from.utc_ms ? t : r->q->from.utc_ms;
            size_t at = 0;
            while (at < count && starts[at].utc_ms < t) {
                at++;
            }
            if (at < count && starts[at].utc_ms == t) {
                continue;
            }
            memmove(&starts[at + 1], &starts[at], (count - at) * sizeof *starts);
            starts[at] = (struct instant){t};
            count++;
        }
    }
    r->starts = starts;
    r->n_starts = count;
    return OK;
}

static enum err_code given_starts(struct resolver *r)
{
    const struct tariff_request *q = r->q;
    for (size_t i = 0; i < q->n_starts; i++) {
        if (i > 0 && q->starts[i].utc_ms <= q->starts[i - 1].utc_ms) {
            return fail(r->e, ERR_INPUT, "price version %zu does not begin after the one before",
                        i + 1);
        }
        if (i > 0 && q->starts[i].utc_ms % SLOT_MS != 0) {
            return fail(
                r->e, ERR_INPUT,
                "price version %zu begins inside a quarter of an hour; an interval cannot be "
                "split",
                i + 1);
        }
    }
    if (q->n_starts > 0 && q->starts[0].utc_ms > q->from.utc_ms) {
        return fail(r->e, ERR_GAP, "the first price version begins after the period does");
    }
    if (q->n_starts > TARIFF_VERSIONS_MAX) {
        return fail(r->e, ERR_LIMIT, "%zu price versions, at most %d are allowed", q->n_starts,
                    TARIFF_VERSIONS_MAX);
    }
    r->starts = q->starts;
    r->n_starts = q->n_starts;
    return OK;
}

static void fill_prices(struct resolver *r, const struct tariff_span *span,
                        const struct book_use *use, struct tariff_prices *prices)
{
    for (size_t b = 0; b < r->q->n_books; b++) {
        int64_t *yuan_e6 = arena_many(r->arena, (size_t)span->n_keys, int64_t);
        for (int32_t k = 0; k < span->n_keys; k++) {
            int64_t t = r->starts[span->keys[k].version - 1].utc_ms;
            size_t i = use[b].n - 1;
            while (i > 0 && use[b].at[i].from.utc_ms > t) {
                i--;
            }
            yuan_e6[k] = use[b].at[i].yuan_e6[span->keys[k].period];
        }
        prices[b].yuan_e6 = yuan_e6;
        prices[b].unit = tariff_book_unit(r->q->books[b]);
    }
}

/* ---- the story --------------------------------------------------------------------------------
 */

/* Dates, holidays and the category that the calendar's rules need must be there. */
static enum err_code check_request(struct resolver *r)
{
    const struct tariff_request *q = r->q;
    const struct tariff_calendar *c = q->calendar;
    bool known = c->n_categories == 0 && q->category.n == 0;
    for (size_t i = 0; i < c->n_categories; i++) {
        known |= str_eq(c->categories[i], q->category);
    }
    if (!known) {
        return fail(r->e, ERR_INPUT, "calendar " STR_FMT ": no customer category '" STR_FMT "'",
                    STR_ARG(c->id), STR_ARG(q->category));
    }
    for (size_t i = 0; i < c->n_sets; i++) {
        if (!dates_of(q, c->sets[i])) {
            return fail(r->e, ERR_GAP,
                        "calendar " STR_FMT ": the date set '" STR_FMT
                        "' is needed; an empty one says that there was no such day",
                        STR_ARG(c->id), STR_ARG(c->sets[i]));
        }
    }
    int last = day_add(r->first, r->n_days - 1).yyyymmdd / 10000;
    for (int y = r->first.yyyymmdd / 10000; c->region.n > 0 && y <= last; y++) {
        if (!tariff_holidays_year(q->holidays, y)) {
            return fail(r->e, ERR_GAP,
                        "calendar " STR_FMT ": the holidays of %d are needed; publish "
                        "holidays/" STR_FMT "-%d.json",
                        STR_ARG(c->id), y, STR_ARG(c->region), y);
        }
    }
    return OK;
}

static enum err_code resolve_days(struct resolver *r, struct tariff_span *span)
{
    bool *workday = arena_many(r->arena, (size_t)r->n_days, bool);
    bool *holiday = arena_many(r->arena, (size_t)r->n_days, bool);
    uint8_t *day_map = arena_array(r->arena, (size_t)r->n_days, 1);
    r->maps = arena_many(r->arena, MAPS_MAX, struct raw_map);
    for (int32_t i = 0; i < r->n_days; i++) {
        struct day d = day_add(r->first, i);
        enum day_kind kind = day_kind_of(r->q->holidays, d);
        workday[i] = kind == DAY_WORKDAY;
        holiday[i] = kind == DAY_HOLIDAY;
        if (resolve_day(r, d, kind, &day_map[i]) != OK) {
            return r->e->code;
        }
    }
    span->workday = workday;
    span->holiday = holiday;
    span->day_map = day_map;
    return number_keys(r, span);
}

enum err_code tariff_resolve(struct arena *a, const struct tariff_request *q,
                             const struct tariff_span **out, struct tariff_prices *prices,
                             struct err *e)
{
    struct err here;
    check_that(q->from.utc_ms < q->until.utc_ms, "[%lld, %lld)", (long long)q->from.utc_ms,
               (long long)q->until.utc_ms);
    struct resolver r = {.arena = a, .q = q, .e = e ? e : &here};
    r.first = instant_day(q->from);
    struct day last = instant_day((struct instant){q->until.utc_ms - 1});
    r.n_days = day_number(last) - day_number(r.first) + 1;
    if (r.n_days > SPAN_DAYS_MAX) {
        return fail(e, ERR_LIMIT, "%d days, at most %d are allowed", r.n_days, SPAN_DAYS_MAX);
    }
    struct book_use *use = arena_many(a, q->n_books + 1, struct book_use);
    for (size_t b = 0; b < q->n_books; b++) {
        if (tariff_book_stretches(a, q->books[b], q->tiers ? q->tiers[b] : 0, q->from, q->until,
                                  &use[b].at, &use[b].n, r.e) != OK) {
            return r.e->code;
        }
    }
    if ((q->n_books ? merge_starts(&r, use, q->n_books) : given_starts(&r)) != OK ||
        check_request(&r) != OK) {
        return r.e->code;
    }
    struct tariff_span *span = arena_make(a, struct tariff_span);
    span->first = r.first;
    span->n_days = r.n_days;
    span->n_versions = r.n_starts ? (int32_t)r.n_starts : 1;
    if (resolve_days(&r, span) != OK) {
        return r.e->code;
    }
    if (q->n_books && prices) {
        fill_prices(&r, span, use, prices);
    }
    span->hash = span_hash(a, span);
    *out = span;
    return OK;
}
