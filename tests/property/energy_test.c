/* energy_test.c - laws of kilowatt-hours: none is matched, paid, priced or certified twice, and
 * none is lost on the way; and where a month is the sum of its parts, and where it is not.
 */
#include "base/test.h"
#include "property/property.h"
#include "strategy/world.h"

#define MEMBERS_MAX 4
#define PARTS_MAX 6

/* "S1.ENERGY" in the arena. */
static const char *code_of(struct prop_round *r, char prefix, int32_t i, const char *rest)
{
    return arena_printf(r->a, "%c%d%s", prefix, i, rest);
}

static int64_t line_quantity(const struct prop_order *o, const char *code, int scale)
{
    const struct strategy_line *l = prop_line(o, code, NULL);
    return l && l->has_quantity ? prop_at(l->quantity, scale) : 0;
}

/* ---- green power ----------------------------------------------------------------------------- */

struct market {
    int32_t stations, buyers, parts;
    int64_t *gen[MEMBERS_MAX + 1], *load[MEMBERS_MAX + 1]; /* hundredths of a kWh */
};

static struct market *market_draw(struct prop_round *r)
{
    struct market *m = arena_make(r->a, struct market);
    m->stations = (int32_t)prop_between(r, 1, MEMBERS_MAX);
    m->buyers = (int32_t)prop_between(r, 1, MEMBERS_MAX);
    m->parts = (int32_t)prop_between(r, 1, PARTS_MAX);
    for (int32_t i = 0; i < m->stations; i++) {
        m->gen[i] = prop_values(r, m->parts, 0, 9000, 1);
    }
    for (int32_t i = 0; i < m->buyers; i++) {
        m->load[i] = prop_values(r, m->parts, 0, 9000, 1);
    }
    return m;
}

/* The settlement of intervals [first, first + n). */
static struct prop_order *market_order(struct prop_round *r, const struct market *m, int32_t first,
                                       int32_t n)
{
    struct prop_order *o = prop_order(r, 15, n, NULL, 0);
    const struct strategy_axis *axis = &o->world->binding.axis;
    prop_set(&o->top, "energy_price", 4012, 4);
    prop_set(&o->top, "env_price", 203, 4);
    prop_set(&o->top, "feed_in", 3000, 4);
    struct prop_part *s = prop_group(o, &o->top, "station", "S", m->stations);
    struct prop_part *b = prop_group(o, &o->top, "buyer", "B", m->buyers);
    for (int32_t i = 0; i < m->stations; i++) {
        prop_feed(o, &s[i], "gen", 2, axis, m->gen[i] + first);
    }
    for (int32_t i = 0; i < m->buyers; i++) {
        prop_feed(o, &b[i], "load", 2, axis, m->load[i] + first);
    }
    return o;
}

/* One interval: the smaller of both sums, on both sides, nobody above its own. */
static bool interval_matched(struct prop_round *r, const struct market *m, int32_t k,
                             int64_t *station, int64_t *buyer)
{
    struct prop_order *o = market_order(r, m, k, 1);
    if (!prop_run(r, o)) {
        return false;
    }
    int64_t gen = 0, load = 0, given = 0, taken = 0;
    for (int32_t i = 0; i < m->stations; i++) {
        int64_t x = line_quantity(o, code_of(r, 'S', i, ".ENERGY"), 2);
        station[i] += x;
        given += x;
        gen += m->gen[i][k];
        if (x < 0 || x > m->gen[i][k]) {
            return prop_broken(r, "station %d gives %lld of %lld", i, (long long)x,
                               (long long)m->gen[i][k]);
        }
    }
    for (int32_t i = 0; i < m->buyers; i++) {
        int64_t x = line_quantity(o, code_of(r, 'B', i, ".ENERGY"), 2);
        buyer[i] += x;
        taken += x;
        load += m->load[i][k];
        if (x < 0 || x > m->load[i][k]) {
            return prop_broken(r, "buyer %d takes %lld of %lld", i, (long long)x,
                               (long long)m->load[i][k]);
        }
    }
    int64_t both = gen < load ? gen : load;
    return (given == both && taken == both) ||
           prop_broken(r, "interval %d: %lld given, %lld taken, %lld to match", k,
                       (long long)given, (long long)taken, (long long)both);
}

/* Interval by interval, and the period is the sum of its intervals; the rest is surplus. */
static bool matched_once(struct prop_round *r)
{
    const struct market *m = market_draw(r);
    int64_t station[MEMBERS_MAX] = { 0 }, buyer[MEMBERS_MAX] = { 0 };
    for (int32_t k = 0; k < m->parts; k++) {
        if (!interval_matched(r, m, k, station, buyer)) {
            return false;
        }
    }
    struct prop_order *o = market_order(r, m, 0, m->parts);
    if (!prop_run(r, o)) {
        return false;
    }
    for (int32_t i = 0; i < m->stations; i++) {
        int64_t all = 0, x = line_quantity(o, code_of(r, 'S', i, ".ENERGY"), 2);
        for (int32_t k = 0; k < m->parts; k++) {
            all += m->gen[i][k];
        }
        if (x != station[i] || line_quantity(o, code_of(r, 'S', i, ".ENV"), 2) != x ||
            line_quantity(o, code_of(r, 'S', i, ".SURPLUS"), 2) != all - x) {
            return prop_broken(r, "station %d: %lld of the period, %lld of its intervals", i,
                               (long long)x, (long long)station[i]);
        }
    }
    for (int32_t i = 0; i < m->buyers; i++) {
        int64_t x = line_quantity(o, code_of(r, 'B', i, ".ENERGY"), 2);
        if (x != buyer[i] || line_quantity(o, code_of(r, 'B', i, ".ENV"), 2) != x) {
            return prop_broken(r, "buyer %d: %lld of the period, %lld of its intervals", i,
                               (long long)x, (long long)buyer[i]);
        }
    }
    return true;
}

static void test_green_power_is_matched_once(void **state)
{
    (void)state;
    const char *name = "green_power_aggregation";
    prop_holds("green power matched once", name, matched_once);
    prop_can_fail(name, "min(sum(gen over station), sum(load over buyer))", "sum(gen over station)",
                  matched_once);
    prop_can_fail(name, "round(sum(known over interval), 2) - matched \"余电\"",
                  "round(sum(known over interval), 2) \"余电\"", matched_once);
    prop_can_fail(name, "taken = sum(allocate(both, load over buyer) over interval)",
                  "taken = allocate(sum(both), sum(load over interval) over buyer)", matched_once);
}

/* A buyer who takes nothing, a station that stands still. */
static bool market_with_nothing(struct prop_round *r)
{
    struct market *m = market_draw(r), q = *m;
    q.gen[q.stations++] = arena_many(r->a, PARTS_MAX, int64_t);
    q.load[q.buyers++] = arena_many(r->a, PARTS_MAX, int64_t);
    struct prop_order *a = market_order(r, m, 0, m->parts);
    struct prop_order *b = market_order(r, &q, 0, m->parts);
    if (!prop_run(r, a) || !prop_run(r, b)) {
        return false;
    }
    if (a->result->n_lines != b->result->n_lines) {
        return prop_broken(r, "%zu lines, then %zu", a->result->n_lines, b->result->n_lines);
    }
    for (size_t i = 0; i < a->result->n_lines; i++) {
        const struct strategy_line *x = &a->result->lines[i], *y = &b->result->lines[i];
        if (!str_eq(x->code, y->code) || x->fen != y->fen) {
            return prop_broken(r, STR_FMT " is not the same", STR_ARG(x->code));
        }
    }
    return true;
}

static void test_idle_members_change_nothing(void **state)
{
    (void)state;
    const char *name = "green_power_aggregation";
    prop_holds("an idle station and buyer", name, market_with_nothing);
    prop_can_fail(name, "matched = sum(allocate(both, gen over station) over interval)",
                  "matched = sum(allocate(both, gen + 1 kWh over station) over interval)",
                  market_with_nothing);
}

/* ---- storage: no kWh twice ------------------------------------------------------------------- */

struct site {
    int32_t n, events;
    const char *letters;
    bool also;
    int64_t price_e6[PROP_LETTERS];
    int64_t *discharge, *charge;
    int64_t *dr[MEMBERS_MAX], *usual[MEMBERS_MAX];
    int64_t declared_kw[MEMBERS_MAX];
};

static struct site *site_draw(struct prop_round *r)
{
    struct site *s = arena_make(r->a, struct site);
    s->n = (int32_t)prop_between(r, 1, 12);
    s->events = (int32_t)prop_between(r, 0, 3);
    s->letters = prop_hours(r);
    s->also = prop_chance(r, 20);
    for (int i = 0; i < PROP_LETTERS; i++) {
        s->price_e6[i] = prop_between(r, 1, 15000) * 100;
    }
    s->discharge = prop_values(r, s->n, 0, 20000, 1);
    s->charge = prop_values(r, s->n, 0, 20000, 1);
    for (int32_t e = 0; e < s->events; e++) {
        s->dr[e] = arena_many(r->a, (size_t)s->n, int64_t);
        s->usual[e] = prop_values(r, s->n, -800, 800, 1);
        s->declared_kw[e] = prop_between(r, 1, 400);
    }
    for (int32_t i = 0; i < s->n && s->events > 0; i++) { /* an interval is in one event or none */
        int64_t e = prop_between(r, 0, s->events);
        if (e < s->events) {
            s->dr[e][i] = s->discharge[i];
        }
    }
    return s;
}

static struct prop_order *site_order(struct prop_round *r, const struct site *s)
{
    static const struct strategy_row tiers[] = {
        { .bound = { 0, 0 }, .value = { 0, 0 } },
        { .bound = { 5, 1 }, .value = { 8, 1 } },
        { .bound = { 9, 1 }, .value = { 1, 0 } },
    };
    struct prop_order *o = prop_order(r, 60, s->n, s->letters, 1);
    const struct strategy_axis *axis = &o->world->binding.axis;
    prop_prices(o, "grid_price", s->price_e6);
    prop_feed(o, &o->top, "discharge", 2, axis, s->discharge);
    prop_feed(o, &o->top, "charge", 2, axis, s->charge);
    prop_set(&o->top, "investor_share", 85, 2);
    prop_set(&o->top, "dr_price", 3, 0);
    prop_yes(&o->top, "arbitrage_also", s->also);
    prop_table(&o->top, "tiers", tiers, 3);
    struct prop_part *e = prop_group(o, &o->top, "event", "E", s->events);
    for (int32_t i = 0; i < s->events; i++) {
        prop_feed(o, &e[i], "dr_discharge", 2, axis, s->dr[i]);
        prop_feed(o, &e[i], "dr_charge", 2, axis, arena_many(r->a, (size_t)s->n, int64_t));
        prop_feed(o, &e[i], "baseline", 2, axis, s->usual[i]);
        prop_set(&e[i], "declared", s->declared_kw[i], 0);
    }
    struct prop_part *p = prop_group(o, &o->top, "dr_partner", "P", 1);
    prop_set(&p[0], "share", 1, 0);
    return o;
}

/* What a response is paid for leaves the price difference: its kWh, no more of a period than were
 * discharged in it, no less than are paid. */
static bool event_paid_once(struct prop_round *r, const struct site *s, const struct prop_order *o,
                            int32_t e)
{
    static const char *const period[] = { "peak", "flat", "valley" };
    int64_t dis[PROP_LETTERS] = { 0 }, all = 0, out = 0;
    for (int32_t i = 0; i < s->n; i++) {
        struct instant at = o->world->binding.axis.start;
        at.utc_ms += (int64_t)i * 3600000;
        dis[prop_letter(s->letters, at)] += s->dr[e][i];
        all += s->dr[e][i];
    }
    int64_t paid = line_quantity(o, code_of(r, 'E', e, ".DR_INCOME"), 2);
    for (int k = 0; k < PROP_LETTERS; k++) {
        const char *rest = arena_printf(r->a, ".ARBITRAGE_EXCLUDE.%s", period[k]);
        int64_t x = line_quantity(o, code_of(r, 'E', e, rest), 2);
        out += x;
        if (x < 0 || x > dis[k]) {
            return prop_broken(r, "event %d takes %lld of %lld out of %s", e, (long long)x,
                               (long long)dis[k], period[k]);
        }
    }
    int64_t twice = s->also ? 0 : paid < all ? paid : all;
    r->seen |= out > 0 ? 1u : 0;
    return out == twice || prop_broken(r, "event %d: %lld out, %lld paid of %lld", e,
                                       (long long)out, (long long)paid, (long long)all);
}

static bool paid_once(struct prop_round *r)
{
    const struct site *s = site_draw(r);
    struct prop_order *o = site_order(r, s);
    if (!prop_run(r, o)) {
        return false;
    }
    for (int32_t e = 0; e < s->events; e++) {
        if (!event_paid_once(r, s, o, e)) {
            return false;
        }
    }
    return true;
}

static void test_storage_is_paid_once(void **state)
{
    (void)state;
    const char *name = "storage_combination";
    assert_true(prop_holds("no kWh paid twice", name, paid_once) & 1);
    prop_can_fail(name, "if arbitrage_also then 0 else min(effective", "0 * min(effective",
                  paid_once);
    prop_can_fail(name, "else min(effective, sum(event_dis over tou))", "else effective",
                  paid_once);
}

/* ---- sessions: each interval priced once ----------------------------------------------------- */

static bool session_priced(struct prop_round *r, const struct prop_order *o, int32_t i,
                           const struct strategy_axis *axis, const int64_t *e4, const char *letters,
                           const int64_t *price_e6)
{
    static const char *const period[] = { "peak", "flat", "valley" };
    int64_t sum[PROP_LETTERS] = { 0 };
    for (int32_t k = 0; k < axis->n; k++) {
        struct instant at = { axis->start.utc_ms + (int64_t)k * 900000 };
        sum[prop_letter(letters, at)] += e4[k];
    }
    for (int k = 0; k < PROP_LETTERS; k++) {
        const char *code = code_of(r, 'C', i, arena_printf(r->a, ".ELEC.%s", period[k]));
        int64_t fen = prop_round_div((__int128)sum[k] * price_e6[k], 100000000);
        if (line_quantity(o, code, 4) != sum[k] || prop_fen(o, code, NULL) != fen) {
            return prop_broken(r, "%s: %lld for %lld fen, by hand %lld for %lld", code,
                               (long long)line_quantity(o, code, 4),
                               (long long)prop_fen(o, code, NULL), (long long)sum[k],
                               (long long)fen);
        }
    }
    return true;
}

static bool priced_once(struct prop_round *r)
{
    const char *letters = prop_hours(r);
    struct prop_order *o = prop_order(r, 15, 96, letters, 3);
    int32_t n = (int32_t)prop_between(r, 1, MEMBERS_MAX);
    int64_t price_e6[PROP_LETTERS], *e4[MEMBERS_MAX];
    for (int i = 0; i < PROP_LETTERS; i++) {
        price_e6[i] = prop_between(r, -500, 15000) * 100;
    }
    prop_prices(o, "grid_price", price_e6);
    prop_set(&o->top, "energy_digits", 4, 0);
    prop_set(&o->top, "v2g_ratio", 9, 1);
    struct prop_part *s = prop_group(o, &o->top, "session", "C", n);
    prop_group(o, &o->top, "partner", "P", 0);
    for (int32_t i = 0; i < n; i++) {
        struct strategy_member *m = &o->top.members[0][i];
        m->own_axis = true; /* from any quarter-hour, over midnight too */
        m->axis = (struct strategy_axis){
            .start = { o->world->binding.axis.start.utc_ms + prop_between(r, 0, 180) * 900000 },
            .minutes = 15, .n = (int32_t)prop_between(r, 0, 30)
        };
        m->party = STR("driver");
        e4[i] = prop_values(r, m->axis.n, 0, 90000, 7);
        prop_feed(o, &s[i], "charge", 4, &m->axis, e4[i]);
        prop_feed(o, &s[i], "discharge", 4, &m->axis, prop_values(r, m->axis.n, 0, 900, 11));
    }
    if (!prop_run(r, o)) {
        return false;
    }
    for (int32_t i = 0; i < n; i++) {
        if (!session_priced(r, o, i, &o->top.members[0][i].axis, e4[i], letters, price_e6)) {
            return false;
        }
    }
    return true;
}

static void test_sessions_are_priced_once(void **state)
{
    (void)state;
    prop_holds("each interval of a session priced once", "ev_charging_v2g", priced_once);
    prop_can_fail("ev_charging_v2g", "elec = round(sum(session.charge by session, tou)",
                  "elec = round(sum(session.charge - session.discharge by session, tou)",
                  priced_once);
}

/* ---- certificates: nothing lost over the months ---------------------------------------------- */

#define MONTHS 6

static bool certified_once(struct prop_round *r)
{
    int64_t carry_e2 = 0, stock = 0, eligible_e2 = 0, issued = 0, sold = 0;
    for (int month = 0; month < MONTHS; month++) {
        struct prop_order *o = prop_order(r, 60, 2, NULL, 0);
        int64_t gen[2] = { prop_between(r, 0, 900000), prop_between(r, 0, 900000) };
        int64_t not_e2 = prop_chance(r, 70) ? 0 : prop_between(r, 0, 2500000); /* a correction */
        prop_feed(o, &o->top, "gen", 2, &o->world->binding.axis, gen);
        prop_group(o, &o->top, "owner", "O", 0);
        prop_set(&o->top, "not_eligible", not_e2, 2);
        prop_set(&o->top, "ordered", prop_between(r, 0, 20), 0);
        prop_set(&o->top, "unit_price", 5, 0);
        prop_set(&o->top, "carry", carry_e2, 2);
        prop_set(&o->top, "stock", stock, 0);
        if (!prop_run(r, o)) {
            return false;
        }
        for (size_t i = 0; i < o->result->n_next; i++) {
            const struct strategy_setting *s = &o->result->next[i];
            if (str_is(s->name, "carry")) {
                carry_e2 = prop_at(s->number, 2);
            } else {
                stock = prop_at(s->number, 0);
            }
        }
        issued += prop_total(o, "issued", 0);
        sold += line_quantity(o, "GEC", 0);
        eligible_e2 += gen[0] + gen[1] - not_e2;
        r->seen |= carry_e2 < 0 ? 1u : 2u;
        if (issued * 100000 + carry_e2 != eligible_e2 || stock != issued - sold || stock < 0 ||
            carry_e2 >= 100000) {
            return prop_broken(r, "%d: %lld issued, %lld carried of %lld; sold %lld, kept %lld",
                               month, (long long)issued, (long long)carry_e2,
                               (long long)eligible_e2, (long long)sold, (long long)stock);
        }
    }
    return true;
}

static void test_certificates_over_the_months(void **state)
{
    (void)state;
    const char *name = "green_certificate";
    assert_int_equal(prop_holds("issued x 1000 + carry = eligible", name, certified_once) & 3, 3);
    prop_can_fail(name, "next carry = left", "next carry = pos(left)", certified_once);
    prop_can_fail(name, "next stock = stock + issued - sold",
                  "next stock = issued - sold + 0 * stock", certified_once);
}

/* ---- a month and its parts ------------------------------------------------------------------- */

/* Readings of whole hundredths: the kWh of a period over the month are those of its parts. Money is
 * not: it rounds once a line, so that the parts may be half a fen off each. */
static bool month_of_parts(struct prop_round *r)
{
    static const char *const code[] = { "SELF.peak", "SELF.flat", "SELF.valley" };
    const char *letters = prop_hours(r);
    int32_t n = (int32_t)prop_between(r, 2, 10), cut = (int32_t)prop_between(r, 1, n - 1);
    bool fine = prop_chance(r, 30); /* readings of four decimals: each part rounds its own */
    int64_t *gen = prop_values(r, n, 0, 20000, fine ? 3 : 100);
    int64_t *export = arena_many(r->a, (size_t)n, int64_t);
    int64_t price_e6[PROP_LETTERS], kwh[3][3] = { { 0 } }, fen[3][3] = { { 0 } };
    for (int i = 0; i < PROP_LETTERS; i++) {
        price_e6[i] = prop_between(r, 1, 15000) * 100;
    }
    for (int part = 0; part < 3; part++) { /* the whole, and its two parts */
        int32_t first = part == 2 ? cut : 0, until = part == 1 ? cut : n;
        struct prop_order *o = prop_order(r, 60, until - first, letters, 1);
        struct strategy_axis *axis = &o->world->binding.axis;
        axis->start.utc_ms += (int64_t)first * 3600000;
        prop_prices(o, "grid_price", price_e6);
        prop_feed(o, &o->top, "gen", 4, axis, gen + first);
        prop_feed(o, &o->top, "export", 4, axis, export + first);
        prop_set(&o->top, "discount", 88, 2);
        prop_set(&o->top, "feed_in", 4153, 4);
        if (!prop_run(r, o)) {
            return false;
        }
        for (int k = 0; k < 3; k++) {
            kwh[part][k] = line_quantity(o, code[k], 2);
            fen[part][k] = prop_fen(o, code[k], NULL);
        }
    }
    for (int k = 0; k < 3; k++) {
        bool same = kwh[0][k] == kwh[1][k] + kwh[2][k];
        int64_t off = fen[0][k] - fen[1][k] - fen[2][k];
        r->seen |= (fine && !same ? 1u : 0) | (!fine && off ? 2u : 0);
        if (!fine && (!same || off < -1 || off > 1)) {
            return prop_broken(r, "%s: %lld of the whole, %lld and %lld of the parts; %lld fen off",
                               code[k], (long long)kwh[0][k], (long long)kwh[1][k],
                               (long long)kwh[2][k], (long long)off);
        }
    }
    return true;
}

/* At spot prices the exact value is the sum of its parts at any decimals; the fen are not. */
static bool spot_of_parts(struct prop_round *r)
{
    int32_t n = (int32_t)prop_between(r, 2, 10), cut = (int32_t)prop_between(r, 1, n - 1);
    int64_t *gen = prop_values(r, n, 0, 900000, 1), *spot = prop_values(r, n, -200, 9000, 1);
    int64_t value[3], fen[3];
    for (int part = 0; part < 3; part++) {
        int32_t first = part == 2 ? cut : 0, until = part == 1 ? cut : n;
        struct prop_order *o = prop_order(r, 60, until - first, NULL, 0);
        const struct strategy_axis *axis = &o->world->binding.axis;
        prop_feed(o, &o->top, "gen", 4, axis, gen + first);
        prop_feed(o, &o->top, "spot", 4, axis, spot + first);
        if (!prop_run(r, o)) {
            return false;
        }
        value[part] = prop_total(o, "value", 8);
        fen[part] = prop_fen(o, "SPOT", NULL);
    }
    r->seen |= fen[0] != fen[1] + fen[2] ? 1u : 0;
    return value[0] == value[1] + value[2] ||
           prop_broken(r, "%lld of the whole, %lld and %lld of the parts, e-8 yuan",
                       (long long)value[0], (long long)value[1], (long long)value[2]);
}

static void test_a_month_and_its_parts(void **state)
{
    (void)state;
    /* seen: finer readings whose parts round otherwise; money that is not the sum of its parts */
    uint64_t seen = prop_holds("kWh of a month and its parts", "pv_selfuse", month_of_parts);
    assert_int_equal(seen & 3, 3);
    assert_true(prop_holds("spot value of a month and its parts", "wind", spot_of_parts) & 1);
    prop_can_fail("pv_selfuse", "g = round(sum(gen by tou), energy_digits)",
                  "g = round(sum(gen by tou), 0)", month_of_parts);
    prop_can_fail("wind", "value = sum(gen * spot where not missing(spot))",
                  "value = round(sum(gen * spot where not missing(spot)), 3)", spot_of_parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_green_power_is_matched_once),
        cmocka_unit_test(test_idle_members_change_nothing),
        cmocka_unit_test(test_storage_is_paid_once),
        cmocka_unit_test(test_sessions_are_priced_once),
        cmocka_unit_test(test_certificates_over_the_months),
        cmocka_unit_test(test_a_month_and_its_parts),
    };
    return cmocka_run_group_tests_name("properties of energy", tests, NULL, NULL);
}
