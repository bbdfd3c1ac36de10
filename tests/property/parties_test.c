/* parties_test.c - laws of money among several: what the members pay, and the landlord or operator,
 * is the bill from outside; splits are whole; members may stand in any order; who has nothing
 * changes nothing for the others.
 *
 * Order and ties: a split gives the odd fen to the largest remainders, ties to the first listed. So
 * lines follow their member through any order exactly where no two remainders tie: here weights add
 * up to a prime, and two members never have the same one. With ties the listed order decides, as
 * settlement-rules 1 says; the sum is the same.
 */
#include "base/test.h"
#include "property/property.h"
#include "strategy/world.h"

#define TENANTS_MAX 5
#define HOURS_MAX 12

/* ---- tenants and landlord -------------------------------------------------------------------- */

struct tenant {
    int64_t *kwh_e4;
    int64_t area, kva, kw; /* whole */
    int64_t days;          /* -1: not said */
};
struct park {
    int32_t n, hours;
    const char *letters;
    const char *loss, *basic_by, *pf_by;
    int64_t loss_rate_e4, basic_fen, pf_fen;
    int64_t price_e6[PROP_LETTERS];
    int64_t *main_e4;
    bool service;
    struct tenant t[TENANTS_MAX + 1];
};

static const char *one_of(struct prop_round *r, const char *const *words, int n)
{
    return words[prop_between(r, 0, n - 1)];
}

static void tenant_draw(struct prop_round *r, struct park *p, struct tenant *t)
{
    /* whole hundredths or finer, nothing now and then */
    t->kwh_e4 = prop_values(r, p->hours, 0, 20000, prop_chance(r, 50) ? 100 : 37);
    t->area = prop_chance(r, 15) ? 0 : prop_between(r, 1, 5000);
    t->kva = prop_chance(r, 15) ? 0 : prop_between(r, 1, 2000);
    t->kw = prop_chance(r, 15) ? 0 : prop_between(r, 1, 1500);
    t->days = prop_chance(r, 70) ? -1 : prop_between(r, 0, 30);
}

static struct park *park_draw(struct prop_round *r)
{
    static const char *const loss[] = { "by_energy", "by_area", "fixed_rate", "landlord" };
    static const char *const basic[] = { "capacity", "demand", "energy" };
    static const char *const pf[] = { "energy_fee", "landlord" };
    struct park *p = arena_make(r->a, struct park);
    p->n = (int32_t)prop_between(r, 1, TENANTS_MAX);
    p->hours = (int32_t)prop_between(r, 1, HOURS_MAX);
    p->letters = prop_hours(r);
    p->loss = one_of(r, loss, 4);
    p->basic_by = one_of(r, basic, 3);
    p->pf_by = one_of(r, pf, 2);
    p->loss_rate_e4 = prop_between(r, 0, 1000);
    p->basic_fen = prop_chance(r, 20) ? 0 : prop_between(r, 1, 9999999);
    p->pf_fen = prop_between(r, -500000, 500000);
    p->service = prop_chance(r, 30);
    for (int i = 0; i < PROP_LETTERS; i++) {
        p->price_e6[i] = prop_between(r, 0, 15000) * 100;
    }
    p->main_e4 = arena_many(r->a, HOURS_MAX, int64_t);
    for (int32_t i = 0; i < p->n; i++) {
        tenant_draw(r, p, &p->t[i]);
        for (int32_t k = 0; k < p->hours; k++) {
            p->main_e4[k] += p->t[i].kwh_e4[k];
        }
    }
    for (int32_t k = 0; k < p->hours; k++) { /* losses, now and then a meter that runs slow */
        p->main_e4[k] = p->main_e4[k] * prop_between(r, 97, 112) / 100 + prop_between(r, 0, 900);
    }
    return p;
}

static struct prop_order *park_order(struct prop_round *r, const struct park *p)
{
    struct prop_order *o = prop_order(r, 60, p->hours, p->letters, 1);
    const struct strategy_axis *axis = &o->world->binding.axis;
    prop_prices(o, "grid_price", p->price_e6);
    prop_feed(o, &o->top, "main", 4, axis, p->main_e4);
    prop_choose(&o->top, "loss_mode", p->loss);
    prop_choose(&o->top, "basic_by", p->basic_by);
    prop_choose(&o->top, "pf_by", p->pf_by);
    prop_set(&o->top, "loss_rate", p->loss_rate_e4, 4);
    prop_set(&o->top, "basic_fee", p->basic_fen, 2);
    prop_set(&o->top, "pf_adjust", p->pf_fen, 2);
    if (p->service) {
        prop_set(&o->top, "service_fee", 15, 3);
    }
    struct prop_part *m = prop_group(o, &o->top, "lessee", "T", p->n);
    for (int32_t i = 0; i < p->n; i++) {
        prop_feed(o, &m[i], "energy", 4, axis, p->t[i].kwh_e4);
        prop_set(&m[i], "area", p->t[i].area, 0);
        prop_set(&m[i], "capacity", p->t[i].kva, 0);
        prop_set(&m[i], "demand", p->t[i].kw, 0);
        if (p->t[i].days >= 0) {
            prop_set(&m[i], "days_here", p->t[i].days, 0);
        }
    }
    return o;
}

/* The grid's bill by hand: kWh of a period to 0.01, times its price to the fen, and its fees. */
static int64_t grid_bill_fen(const struct park *p, const struct prop_order *o)
{
    int64_t e4[PROP_LETTERS] = { 0 }, fen = p->basic_fen + p->pf_fen;
    for (int32_t k = 0; k < p->hours; k++) {
        struct instant at = o->world->binding.axis.start;
        at.utc_ms += (int64_t)k * 3600000;
        e4[prop_letter(p->letters, at)] += p->main_e4[k];
    }
    for (int i = 0; i < PROP_LETTERS; i++) {
        fen += prop_round_div((__int128)prop_round_div(e4[i], 100) * p->price_e6[i], 1000000);
    }
    return fen;
}

static bool tenants_and_landlord(struct prop_round *r)
{
    const struct park *p = park_draw(r);
    struct prop_order *o = park_order(r, p);
    if (!prop_run(r, o)) {
        return false;
    }
    int64_t paid = prop_fen(o, "", "landlord"), bill = grid_bill_fen(p, o);
    const char *loss[] = { "by_energy", "by_area", "fixed_rate", "landlord" };
    const char *basic[] = { "capacity", "demand", "energy" };
    for (int i = 0; i < 4; i++) {
        r->seen |= strcmp(p->loss, loss[i]) ? 0 : 1u << i;
    }
    for (int i = 0; i < 3; i++) {
        r->seen |= strcmp(p->basic_by, basic[i]) ? 0 : 16u << i;
    }
    r->seen |= strcmp(p->pf_by, "landlord") ? 128 : 256;
    return paid == bill || prop_broken(r, "tenants and landlord pay %lld fen, the bill is %lld",
                                       (long long)paid, (long long)bill);
}

static void test_tenants_and_landlord_pay_the_bill(void **state)
{
    (void)state;
    uint64_t seen = prop_holds("tenants + landlord = grid bill", "park", tenants_and_landlord);
    assert_int_equal(seen & 511, 511); /* every way of loss, basic fee and power factor */
}

static void test_tenants_and_landlord_can_fail(void **state)
{
    (void)state;
    prop_can_fail("park", "unspread = pool - sum(spread over lessee)",
                  "unspread = pos(pool - sum(spread over lessee))", tenants_and_landlord);
    prop_can_fail("park", "basic_rest = basic_fee - sum(basic_split over lessee)",
                  "basic_rest = 0 yuan * 1", tenants_and_landlord);
    prop_can_fail("park", "pf_rest = pf_adjust - sum(pf_split over lessee)",
                  "pf_rest = pos(pf_adjust - sum(pf_split over lessee))", tenants_and_landlord);
}

/* ---- splits ---------------------------------------------------------------------------------- */

/* The parts of `total` by `n` weights are within a fen of their share and sum to it. */
static bool split_is_whole(struct prop_round *r, const char *what, int64_t total,
                           const int64_t *weights, const int64_t *parts, int32_t n)
{
    int64_t all = 0, sum = 0;
    for (int32_t i = 0; i < n; i++) {
        all += weights[i];
        sum += parts[i];
    }
    if (sum != total) {
        return prop_broken(r, "%s: parts %lld of %lld", what, (long long)sum, (long long)total);
    }
    for (int32_t i = 0; i < n && all > 0; i++) {
        __int128 off = (__int128)parts[i] * all - (__int128)total * weights[i];
        if (off >= all || off <= -all) {
            return prop_broken(r, "%s: part %d is a fen off its share", what, i);
        }
    }
    return true;
}

static bool values_fen(const struct prop_order *o, const char *name, int64_t *fen, int32_t n)
{
    const struct strategy_printed *v = NULL;
    size_t got = strategy_values(o->a, o->bound, o->result, str_of(name), &v);
    for (int32_t i = 0; i < n && got == (size_t)n; i++) {
        fen[i] = prop_at(v[i].value, 2);
    }
    return got == (size_t)n;
}

/* The income of a response, by the shares of aggregator, investor and others. */
static bool response_split(struct prop_round *r)
{
    int32_t n = (int32_t)prop_between(r, 1, 5), hours = (int32_t)prop_between(r, 1, 4);
    static const struct strategy_row tiers[] = {
        { .bound = { 0, 0 }, .value = { 0, 0 } },
        { .bound = { 6, 1 }, .value = { 8, 1 } },
        { .bound = { 9, 1 }, .value = { 1, 0 } },
    };
    struct prop_order *o = prop_order(r, 60, hours, NULL, 0);
    const struct strategy_axis *axis = &o->world->binding.axis;
    prop_feed(o, &o->top, "discharge", 4, axis, prop_values(r, hours, 1000, 100000, 61));
    prop_feed(o, &o->top, "charge", 4, axis, prop_values(r, hours, 0, 500, 100));
    prop_feed(o, &o->top, "baseline", 4, axis, prop_values(r, hours, 0, 5000, 100));
    prop_set(&o->top, "declared", prop_between(r, 10, 400), 0);
    prop_set(&o->top, "dr_price", prop_between(r, 1000, 40000), 4);
    prop_table(&o->top, "tiers", tiers, 3);
    int64_t weights[5], parts[5] = { 0 };
    struct prop_part *m = prop_group(o, &o->top, "partner", "P", n);
    for (int32_t i = 0; i < n; i++) {
        weights[i] = prop_between(r, i ? 0 : 1, 10000);
        prop_set(&m[i], "share", weights[i], 4);
    }
    if (prop_chance(r, 60)) {
        o->top.members[0][0].name = STR("aggregator");
        o->top.members[0][0].party = STR("aggregator");
    }
    if (!prop_run(r, o)) {
        return false;
    }
    int64_t income = prop_fen(o, "DR_INCOME", NULL);
    r->seen |= income > 0;
    return !values_fen(o, "part", parts, n) ||
           split_is_whole(r, "response", income, weights, parts, n);
}

static void test_splits_are_whole(void **state)
{
    (void)state;
    assert_true(prop_holds("parts = income", "dr_storage", response_split) & 1);
    prop_can_fail("dr_storage", "part = allocate(income, partner.share over partner)",
                  "part = round(income * partner.share, 2)", response_split);
}

/* ---- members of a virtual power plant -------------------------------------------------------- */

#define DAYS_MAX 5
struct resource {
    int64_t *load, *day[DAYS_MAX];
    bool rest[DAYS_MAX], event[DAYS_MAX];
    int64_t declared_kw;
};
struct plant {
    int32_t n, hours, days;
    int64_t income_fen, penalty_fen, share_e4, price_e4;
    const char *method;
    bool clamp, fill;
    struct resource at[TENANTS_MAX + 1];
};

static void resource_draw(struct prop_round *r, struct plant *p, struct resource *m)
{
    bool idle = prop_chance(r, 20);
    m->load = idle ? arena_many(r->a, 8, int64_t) : prop_values(r, p->hours, 0, 3000, 71);
    m->declared_kw = idle && prop_chance(r, 50) ? 0 : prop_between(r, 1, 40);
    for (int32_t d = 0; d < p->days; d++) {
        m->day[d] = idle ? m->load : prop_values(r, p->hours, 1000, 4000, 100);
        m->rest[d] = prop_chance(r, 15);
        m->event[d] = prop_chance(r, 10);
    }
}

static struct plant *plant_draw(struct prop_round *r)
{
    static const char *const methods[] = { "avg_n", "high_x_of_y", "mid_x_of_y" };
    struct plant *p = arena_make(r->a, struct plant);
    p->n = (int32_t)prop_between(r, 1, 4);
    p->hours = (int32_t)prop_between(r, 1, 3);
    p->days = (int32_t)prop_between(r, 1, DAYS_MAX);
    p->method = one_of(r, methods, 3);
    p->income_fen = prop_between(r, 0, prop_chance(r, 50) ? 9999 : 9999999);
    p->penalty_fen = prop_chance(r, 50) ? 0 : prop_between(r, 1, 99999);
    p->share_e4 = prop_between(r, 0, 10000);
    p->price_e4 = prop_between(r, 1000, 50000);
    p->clamp = prop_chance(r, 30);
    p->fill = prop_chance(r, 20);
    for (int32_t i = 0; i < p->n; i++) {
        resource_draw(r, p, &p->at[i]);
    }
    return p;
}

static struct prop_order *plant_order(struct prop_round *r, const struct plant *p)
{
    static const struct strategy_row tiers[] = {
        { .bound = { 0, 0 }, .value = { 0, 0 } },
        { .bound = { 5, 1 }, .value = { 7, 1 } },
        { .bound = { 8, 1 }, .value = { 1, 0 } },
    };
    struct prop_order *o = prop_order(r, 60, p->hours, NULL, 0);
    const struct strategy_axis *axis = &o->world->binding.axis;
    bool pool = str_is(strategy_name(r->strategy), "vpp_pool");
    prop_choose(&o->top, "event_kind", p->fill ? "fill" : "shave");
    prop_choose(&o->top, "method", p->method);
    prop_set(&o->top, "n", 3, 0);
    prop_set(&o->top, "x", 2, 0);
    prop_yes(&o->top, "clamp_each", p->clamp);
    prop_set(&o->top, "income", p->income_fen, 2);
    prop_set(&o->top, "penalty", p->penalty_fen, 2);
    prop_set(&o->top, pool ? "operator_share" : "user_price", pool ? p->share_e4 : p->price_e4, 4);
    prop_table(&o->top, "tiers", tiers, 3);
    struct prop_part *m = prop_group(o, &o->top, "resource", "R", p->n);
    for (int32_t i = 0; i < p->n; i++) {
        prop_feed(o, &m[i], "load", 4, axis, p->at[i].load);
        prop_set(&m[i], "declared", p->at[i].declared_kw, 0);
        struct prop_part *day = prop_group(o, &m[i], "day", "D", p->days);
        for (int32_t d = 0; d < p->days; d++) {
            prop_feed(o, &day[d], "load", 4, axis, p->at[i].day[d]);
            prop_choose(&day[d], "kind", p->at[i].rest[d] ? "rest" : "work");
            prop_yes(&day[d], "event", p->at[i].event[d]);
        }
    }
    return o;
}

static bool members_and_operator(struct prop_round *r)
{
    const struct plant *p = plant_draw(r);
    struct prop_order *o = plant_order(r, p);
    if (!prop_run(r, o)) {
        return false;
    }
    int64_t members = prop_fen(o, "SHARE", NULL), operators = prop_fen(o, "OPERATOR", "operator");
    int64_t outside = prop_fen(o, "PENALTY", "market");
    r->seen |= (members > 0 ? 1u : 2u) | (prop_fen(o, "PENALTY", "operator") > 0 ? 4u : 0);
    if (members + operators != p->income_fen) {
        return prop_broken(r, "members %lld and operator %lld fen of %lld", (long long)members,
                           (long long)operators, (long long)p->income_fen);
    }
    if (outside != p->penalty_fen) {
        return prop_broken(r, "the market gets %lld of a penalty of %lld", (long long)outside,
                           (long long)p->penalty_fen);
    }
    int64_t passed = prop_fen(o, "PENALTY", "operator");
    return passed == 0 || passed == p->penalty_fen ||
           prop_broken(r, "%lld of a penalty of %lld passed on", (long long)passed,
                       (long long)p->penalty_fen);
}

static void test_members_and_operator_are_the_market(void **state)
{
    (void)state;
    const char *name = "VPP members + operator = market";
    assert_int_equal(prop_holds(name, "vpp_pool", members_and_operator) & 7, 7);
    assert_int_equal(prop_holds(name, "vpp_price", members_and_operator) & 7, 7);
}

static void test_members_and_operator_can_fail(void **state)
{
    (void)state;
    prop_can_fail("vpp_pool", "operator income - sum(shared)", "operator cut",
                  members_and_operator); /* nobody effective: the rest is nobody's */
    prop_can_fail("vpp_price", "operator income - sum(SHARE)", "operator pos(income - sum(SHARE))",
                  members_and_operator);
    prop_can_fail("vpp_pool", "round(penalty * pass_through, 2)", "round(penalty * 90%, 2)",
                  members_and_operator);
}

/* ---- members in another order, and one that has nothing -------------------------------------- */

/* Every line of `o` is in `other` under the same code and payer with the same fen, but for those of
 * `skip`; and nothing else is there. */
static bool same_lines(struct prop_round *r, const struct prop_order *o,
                       const struct prop_order *other, const char *skip)
{
    size_t others = 0;
    for (size_t i = 0; i < other->result->n_lines; i++) {
        const struct strategy_line *l = &other->result->lines[i];
        if (skip && (str_is(l->payer, skip) || str_is(l->payee, skip) ||
                     (l->code.n > strlen(skip) && !memcmp(l->code.at, skip, strlen(skip)) &&
                      l->code.at[strlen(skip)] == '.'))) {
            if (l->fen) {
                return prop_broken(r, STR_FMT " of who has nothing is %lld fen", STR_ARG(l->code),
                                   (long long)l->fen);
            }
            continue;
        }
        others++;
    }
    if (others != o->result->n_lines) {
        return prop_broken(r, "%zu lines become %zu", o->result->n_lines, others);
    }
    for (size_t i = 0; i < o->result->n_lines; i++) {
        const struct strategy_line *l = &o->result->lines[i];
        bool found = false;
        for (size_t k = 0; k < other->result->n_lines && !found; k++) {
            const struct strategy_line *m = &other->result->lines[k];
            found = str_eq(l->code, m->code) && str_eq(l->payer, m->payer) &&
                    str_eq(l->payee, m->payee) && l->fen == m->fen;
        }
        if (!found) {
            return prop_broken(r, STR_FMT " of " STR_FMT ", %lld fen, is not the same",
                               STR_ARG(l->code), STR_ARG(l->payer), (long long)l->fen);
        }
    }
    return true;
}

/* Names of the members of the first group: those of `order`. */
static void rename_members(struct prop_order *o, char prefix, const int32_t *order, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        o->top.members[0][i].name = str_of(arena_printf(o->a, "%c%d", prefix, order[i]));
        o->top.members[0][i].party = o->top.members[0][i].name;
    }
}

static void shuffle(struct prop_round *r, int32_t *order, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (int32_t i = n - 1; i > 0; i--) {
        int32_t k = (int32_t)prop_between(r, 0, i), swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
}

static bool is_prime(int64_t n)
{
    for (int64_t d = 2; d * d <= n; d++) {
        if (n % d == 0) {
            return false;
        }
    }
    return n > 1;
}

/* Different weights above nothing whose sum is a prime: no two remainders tie. */
static void weights_without_ties(struct prop_round *r, int64_t *w, int32_t n)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        w[i] = prop_between(r, 1, 400) * (TENANTS_MAX + 1) + i; /* differ by their place */
        sum += i + 1 < n ? w[i] : 0;
    }
    w[n - 1] += 3000; /* above all others, so that it may grow */
    while (!is_prime(sum + w[n - 1])) {
        w[n - 1]++;
    }
}

static bool tenants_permuted(struct prop_round *r)
{
    struct park *p = park_draw(r), q;
    int64_t area[TENANTS_MAX], kva[TENANTS_MAX];
    p->loss = prop_chance(r, 60) ? "by_area" : prop_chance(r, 50) ? "fixed_rate" : "landlord";
    p->basic_by = "capacity";
    p->pf_by = "landlord";
    weights_without_ties(r, area, p->n);
    weights_without_ties(r, kva, p->n);
    for (int32_t i = 0; i < p->n; i++) {
        p->t[i].area = area[i];
        p->t[i].kva = kva[i];
        p->t[i].days = -1; /* all stay: the weights stay as they are */
    }
    int32_t order[TENANTS_MAX];
    shuffle(r, order, p->n);
    q = *p;
    for (int32_t i = 0; i < p->n; i++) {
        q.t[i] = p->t[order[i]];
    }
    struct prop_order *a = park_order(r, p), *b = park_order(r, &q);
    rename_members(b, 'T', order, p->n);
    return prop_run(r, a) && prop_run(r, b) && same_lines(r, a, b, NULL);
}

static bool resources_permuted(struct prop_round *r)
{
    struct plant *p = plant_draw(r), q;
    int32_t order[TENANTS_MAX];
    p->penalty_fen = 0; /* not split */
    shuffle(r, order, p->n);
    q = *p;
    for (int32_t i = 0; i < p->n; i++) {
        q.at[i] = p->at[order[i]];
    }
    struct prop_order *a = plant_order(r, p), *b = plant_order(r, &q);
    rename_members(b, 'R', order, p->n);
    return prop_run(r, a) && prop_run(r, b) && same_lines(r, a, b, NULL);
}

static void test_members_in_any_order(void **state)
{
    (void)state;
    prop_holds("tenants permuted", "park", tenants_permuted);
    prop_holds("resources permuted", "vpp_price", resources_permuted);
    prop_can_fail("park", "by_area: allocate(pool, lessee.area * stay over lessee) else 0",
                  "by_area: allocate(pool, 1 kWh + 0 * e over lessee) else 0", tenants_permuted);
}

static bool tenant_with_nothing(struct prop_round *r)
{
    struct park *p = park_draw(r), q = *p;
    int32_t at = (int32_t)prop_between(r, 0, p->n), order[TENANTS_MAX + 1];
    int64_t *nothing = arena_many(r->a, HOURS_MAX, int64_t);
    for (int32_t i = p->n; i > at; i--) {
        q.t[i] = q.t[i - 1];
    }
    q.t[at] = (struct tenant){ .kwh_e4 = nothing, .days = -1 };
    q.n++;
    for (int32_t i = 0; i < q.n; i++) {
        order[i] = i < at ? i : i == at ? 9 : i - 1;
    }
    struct prop_order *a = park_order(r, p), *b = park_order(r, &q);
    rename_members(b, 'T', order, q.n);
    return prop_run(r, a) && prop_run(r, b) && same_lines(r, a, b, "T9");
}

static bool resource_with_nothing(struct prop_round *r)
{
    struct plant *p = plant_draw(r), q = *p;
    int32_t at = (int32_t)prop_between(r, 0, p->n), order[TENANTS_MAX + 1];
    for (int32_t i = p->n; i > at; i--) {
        q.at[i] = q.at[i - 1];
    }
    struct resource *z = &q.at[at];
    *z = (struct resource){ .load = arena_many(r->a, 8, int64_t) };
    for (int32_t d = 0; d < p->days; d++) {
        z->day[d] = z->load;
    }
    q.n++;
    for (int32_t i = 0; i < q.n; i++) {
        order[i] = i < at ? i : i == at ? 9 : i - 1;
    }
    struct prop_order *a = plant_order(r, p), *b = plant_order(r, &q);
    rename_members(b, 'R', order, q.n);
    return prop_run(r, a) && prop_run(r, b) && same_lines(r, a, b, "R9");
}

static void test_who_has_nothing_changes_nothing(void **state)
{
    (void)state;
    prop_holds("a tenant with nothing", "park", tenant_with_nothing);
    prop_holds("a resource with nothing", "vpp_pool", resource_with_nothing);
    prop_can_fail("park", "capacity: allocate(basic_fee, lessee.capacity * stay over lessee)",
                  "capacity: allocate(basic_fee, (lessee.capacity + 1 kVA) * stay over lessee)",
                  tenant_with_nothing);
    prop_can_fail("vpp_pool", "shared = allocate(income - cut, paid over resource)",
                  "shared = allocate(income - cut, paid + 1 kWh over resource)",
                  resource_with_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenants_and_landlord_pay_the_bill),
        cmocka_unit_test(test_tenants_and_landlord_can_fail),
        cmocka_unit_test(test_splits_are_whole),
        cmocka_unit_test(test_members_and_operator_are_the_market),
        cmocka_unit_test(test_members_and_operator_can_fail),
        cmocka_unit_test(test_members_in_any_order),
        cmocka_unit_test(test_who_has_nothing_changes_nothing),
    };
    return cmocka_run_group_tests_name("properties of parties", tests, NULL, NULL);
}
