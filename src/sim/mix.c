/* mix.c - the mixed fleet in a store: stations, points, contracts, orders, facts, readings. */
#include "sim/mix.h"
#include "sim/nature.h"

#define LOAD_POINTS 2048 /* of one call: their day fits the cache level that packs it */
#define GAP_ODDS 4000    /* point-days of kinds with gaps: one order in a hundred has one */
#define LOOK_BACK_DAYS 46
#define LESSEES_REFERENCE 2199
#define STRATEGIES_MAX 64

struct site { /* one contract */
    const struct mix_kind *kind;
    int32_t members;
    int32_t first_point, n_points;
    struct day event;
};
struct spot { /* what a point of a site is */
    int32_t site, member;
    const struct mix_point *what;
};
struct sim_mix {
    uint64_t seed;
    const char *few; /* prefix of the numbers, when there is one of each; NULL: a fleet */
    struct month month;
    struct site *sites;
    int32_t n_sites;
    struct spot *spots;
    int64_t *point_ids; /* filled by sim_mix_build */
    int32_t n_points;   /* the last of a fleet is the spot price */
};

/* ---- the plan --------------------------------------------------------------------------------
 */

static int32_t scaled(int64_t count, int64_t scale_e6)
{
    int64_t n = (count * scale_e6 + SIM_MIX_ONE_E6 / 2) / SIM_MIX_ONE_E6;
    return n > 0 ? (int32_t)n : 1;
}

/* Lessees are spread so that the parks of the reference have all of them and none too many. */
static int32_t members_of(const struct mix_kind *k, uint64_t seed, int32_t site, int32_t i)
{
    if (k->station == STATION_PARK && k->members_min == k->members_max) {
        int64_t reference = LESSEES_REFERENCE;
        return (int32_t)((i + 1) * reference / k->count - i * reference / k->count);
    }
    int32_t span = k->members_max - k->members_min + 1;
    return k->members_min + (int32_t)(nature_mix(seed, 41, (uint64_t)site, 0) % (uint64_t)span);
}

/* A Tuesday to Thursday of the second half, when holidays seldom are. */
static struct day event_of(struct month month, int32_t i)
{
    struct day day = day_add(month_first(month), 14 + i % 10);
    while (day_weekday(day) < 2 || day_weekday(day) > 4) {
        day = day_add(day, 1);
    }
    return day;
}

static bool is_each(const struct mix_point *p)
{
    return p->code[strlen(p->code) - 1] == '#';
}

static int32_t points_of(const struct mix_kind *k, int32_t members)
{
    int32_t n = 0;
    for (int i = 0; i < MIX_POINTS_MAX && k->points[i].code; i++) {
        n += is_each(&k->points[i]) ? members : 1;
    }
    return n;
}

static void site_plan(struct sim_mix *m, const struct mix_kind *k, int32_t members, int32_t at,
                      int32_t i)
{
    m->sites[at] = (struct site){.kind = k,
                                 .members = members,
                                 .first_point = m->n_points,
                                 .n_points = points_of(k, members),
                                 .event = event_of(m->month, i)};
    m->n_points += m->sites[at].n_points;
}

static void sites_plan(struct sim_mix *m, struct arena *a, int64_t scale_e6)
{
    for (const struct mix_kind *k = mix_kinds; k->strategy; k++) {
        m->n_sites += scaled(k->count, scale_e6);
    }
    m->sites = arena_many(a, (size_t)m->n_sites, struct site);
    int32_t at = 0;
    for (const struct mix_kind *k = mix_kinds; k->strategy; k++) {
        int32_t n = scaled(k->count, scale_e6);
        for (int32_t i = 0; i < n; i++, at++) {
            site_plan(m, k, members_of(k, m->seed, at, i), at, i);
        }
    }
}

static void spots_plan(struct sim_mix *m, struct arena *a)
{
    static const struct mix_point price = {"spot", MIX_PRICE, POINT_OTHER, "price", "yuan/MWh"};
    struct spot *s = arena_many(a, (size_t)m->n_points + 1, struct spot);
    m->spots = s;
    for (int32_t i = 0; i < m->n_sites; i++) {
        const struct mix_kind *k = m->sites[i].kind;
        for (int p = 0; p < MIX_POINTS_MAX && k->points[p].code; p++) {
            int32_t n = is_each(&k->points[p]) ? m->sites[i].members : 1;
            for (int32_t e = 0; e < n; e++) {
                *s++ = (struct spot){i, e, &k->points[p]};
            }
        }
    }
    if (!m->few) {
        *s = (struct spot){m->n_sites - 1, 0, &price};
        m->n_points++;
    }
    m->point_ids = arena_many(a, (size_t)m->n_points, int64_t);
}

struct sim_mix *sim_mix_new(struct arena *a, uint64_t seed, struct month month, int64_t scale_e6)
{
    struct sim_mix *m = arena_make(a, struct sim_mix);
    check(scale_e6 > 0 && scale_e6 <= SIM_MIX_ONE_E6);
    *m = (struct sim_mix){.seed = seed, .month = month};
    sites_plan(m, a, scale_e6);
    spots_plan(m, a);
    return m;
}

static const struct {
    const char *code;
    int32_t members;
} FEW[] = {{"VPPS", 3}, {"PARK", 5}, {"HOST", 0}, {"AIR", 0},
           {"BRTH", 4}, {"EV", 4},   {"CERT", 0}, {"GREN", 3}};
#define N_FEW (int32_t)(sizeof(FEW) / sizeof(FEW[0]))

static const struct mix_kind *kind_of(const char *code)
{
    const struct mix_kind *k = mix_kinds;
    while (k->strategy && strcmp(k->code, code) != 0) {
        k++;
    }
    check(k->strategy);
    return k;
}

struct sim_mix *sim_mix_few(struct arena *a, uint64_t seed, struct month month, const char *prefix)
{
    struct sim_mix *m = arena_make(a, struct sim_mix);
    *m = (struct sim_mix){.seed = seed, .few = prefix, .month = month, .n_sites = N_FEW};
    m->sites = arena_many(a, (size_t)N_FEW, struct site);
    for (int32_t i = 0; i < N_FEW; i++) {
        site_plan(m, kind_of(FEW[i].code), FEW[i].members, i, i);
    }
    spots_plan(m, a);
    return m;
}

size_t sim_mix_strategies(struct arena *a, const struct sim_mix *m, struct strategy_ref **out)
{
    size_t n = 0;
    *out = arena_many(a, STRATEGIES_MAX, struct strategy_ref);
    for (int32_t s = 0; s < m->n_sites; s++) {
        const char *name = m->sites[s].kind->strategy;
        bool known = false;
        for (size_t i = 0; i < n && !known; i++) {
            known = str_is((*out)[i].name, name);
        }
        if (!known) {
            check(n < STRATEGIES_MAX);
            (*out)[n++].name = str_of(name);
        }
    }
    return n;
}

/* "MIX-O-PARK-00012", "DEMO202610-O-PARK01"; `what`: O order, C contract */
static struct str number_of(struct arena *a, const struct sim_mix *m, char what, int32_t site)
{
    const char *code = m->sites[site].kind->code;
    return str_of(m->few ? arena_printf(a, "%s-%c-%s01", m->few, what, code)
                         : arena_printf(a, "MIX-%c-%s-%05d", what, code, site + 1));
}

static struct str station_code(struct arena *a, const struct sim_mix *m, int32_t site)
{
    return str_of(m->few ? arena_printf(a, "%s01", m->sites[site].kind->code)
                         : arena_printf(a, "MX%05d", site + 1));
}

static struct str point_code(struct arena *a, const struct spot *s)
{
    struct str code = str_of(s->what->code);
    if (is_each(s->what)) {
        code.n--;
        return str_of(arena_printf(a, STR_FMT "%d", STR_ARG(code), s->member + 1));
    }
    return code;
}

/* ---- building --------------------------------------------------------------------------------
 */

struct building {
    struct sim_mix *m;
    const struct sim_mix_terms *terms;
    struct arena *arena;
    struct instant now;
    struct station *stations; /* by site, then the one of the spot price */
    struct point *points;
    struct contract *contracts;
    struct order *orders;
};

static struct mix_fill fill_of(struct building *b, int32_t site)
{
    struct sim_mix *m = b->m;
    const struct site *s = &m->sites[site];
    return (struct mix_fill){.terms = b->terms,
                             .seed = m->seed,
                             .kind = s->kind,
                             .station = site,
                             .members = s->members,
                             .points = b->points + s->first_point,
                             .n_points = (size_t)s->n_points,
                             .spot_id = m->point_ids[m->n_points - 1],
                             .month = m->month,
                             .event = s->event};
}

/* A party of a leg; "M" and "G" stand for each member in turn. */
static struct str leg_party(struct building *b, struct str word, int32_t member)
{
    return str_is(word, "M") || str_is(word, "G")
               ? str_of(arena_printf(b->arena, "%c%d", word.at[0], member + 1))
               : word;
}

static void order_legs(struct building *b, int32_t site, struct order *o)
{
    const struct site *s = &b->m->sites[site];
    size_t room = (size_t)MIX_LEGS_MAX * (size_t)(s->members + 1);
    struct order_leg *legs = arena_many(b->arena, room, struct order_leg);
    for (int i = 0; i < MIX_LEGS_MAX && s->kind->legs[i]; i++) {
        struct str payee = str_of(s->kind->legs[i]), payer = {0};
        bool cut = str_split(&payee, '>', &payer);
        check(cut);
        bool each = payer.n == 1 || payee.n == 1;
        for (int32_t m = 0; m < (each ? s->members : 1); m++) {
            legs[o->n_legs++] = (struct order_leg){.payer = leg_party(b, payer, m),
                                                   .payee = leg_party(b, payee, m),
                                                   .payer_account = STR("622200010001"),
                                                   .payee_account = STR("622200020001")};
        }
    }
    o->legs = legs;
}

static struct strategy_ref strategy_of(const struct building *b, const char *name)
{
    for (size_t i = 0; i < b->terms->n_strategies; i++) {
        if (str_is(b->terms->strategies[i].name, name)) {
            return b->terms->strategies[i];
        }
    }
    check_that(false, "strategy %s was not given", name);
    return b->terms->strategies[0];
}

static void contract_fill(struct building *b, int32_t site)
{
    struct mix_fill f = fill_of(b, site);
    struct station *s = &b->stations[site];
    struct day from = month_first(b->m->month);
    b->contracts[site] =
        (struct contract){.no = number_of(b->arena, b->m, 'C', site),
                          .title = str_of(f.kind->title),
                          .state = CONTRACT_EFFECTIVE,
                          .from = from,
                          .strategy = strategy_of(b, f.kind->strategy),
                          .stations = &s->station_id,
                          .n_stations = 1,
                          .terms = mix_text(b->arena, &f, f.kind->terms)};
    b->orders[site] = (struct order){.no = number_of(b->arena, b->m, 'O', site),
                                     .station_id = s->station_id,
                                     .from = from,
                                     .state = ORDER_ACTIVE};
    order_legs(b, site, &b->orders[site]);
}

static void point_fill(struct db *db, struct building *b, int32_t at, int64_t station_id)
{
    const struct spot *s = &b->m->spots[at];
    const struct mix_point *w = s->what;
    b->points[at] = (struct point){.point_id = store_next_id(db, b->now),
                                   .station_id = station_id,
                                   .code = point_code(b->arena, s),
                                   .role = w->role,
                                   .quantity = str_of(w->quantity),
                                   .unit = str_of(w->unit)};
    b->m->point_ids[at] = b->points[at].point_id;
}

/* Ids are taken here, rising, so that terms can name points before anything is written. */
static void mix_fill_all(struct db *db, struct building *b)
{
    struct sim_mix *m = b->m;
    for (int32_t i = 0; i < m->n_sites + !m->few; i++) {
        const struct site *s = i < m->n_sites ? &m->sites[i] : NULL;
        struct mix_fill f = {.terms = b->terms, .seed = m->seed, .station = i};
        b->stations[i] = (struct station){
            .station_id = store_next_id(db, b->now),
            .org_id = mix_org(&f, STR("investor"), 0),
            .kind = s ? s->kind->station : STATION_CONSUMER,
            .code = station_code(b->arena, m, i),
            .name = s ? str_of(s->kind->title) : STR("现货价格")};
        int32_t first = s ? s->first_point : m->n_points - 1, n = s ? s->n_points : 1;
        for (int32_t p = first; p < first + n; p++) {
            point_fill(db, b, p, b->stations[i].station_id);
        }
    }
    for (int32_t i = 0; i < m->n_sites; i++) {
        contract_fill(b, i);
    }
}

static enum err_code facts_put(struct db *db, struct building *b, struct err *e)
{
    for (int32_t i = 0; i < b->m->n_sites; i++) {
        struct mix_fill f = fill_of(b, i);
        if (f.kind->facts &&
            order_facts_put(db, scope_machine(), b->orders[i].order_id, month_first(b->m->month),
                            mix_text(b->arena, &f, f.kind->facts), b->now, NULL, NULL, e) != OK) {
            return fail_in(e, "facts of " STR_FMT ": ", STR_ARG(b->orders[i].no));
        }
    }
    return OK;
}

static enum err_code mix_core(struct db *db, void *ctx, struct err *e)
{
    struct building *b = ctx;
    struct scope all = scope_machine();
    size_t n = (size_t)b->m->n_sites;
    enum err_code code = meter_add_stations(db, all, b->stations, n + !b->m->few, b->now, e);
    if (code == OK) {
        code = meter_add_points(db, all, b->points, (size_t)b->m->n_points, b->now, e);
    }
    if (code == OK) {
        code = contract_create_bulk(db, all, b->contracts, b->orders, n, b->now, e);
    }
    return code != OK ? code : facts_put(db, b, e);
}

static enum err_code mix_places(struct db *db, void *ctx, struct err *e)
{
    struct building *b = ctx;
    struct meter_estate estate;
    enum err_code code = meter_load_estate(db, scope_machine(), b->arena, &estate, e);
    return code != OK ? code
                      : reading_place(db, &estate, b->m->point_ids, (size_t)b->m->n_points, b->now,
                                      e);
}

static void building_begin(struct building *b, struct db *db, struct sim_mix *m,
                           const struct sim_mix_terms *terms, struct instant now)
{
    size_t n = (size_t)m->n_sites;
    *b = (struct building){.m = m, .terms = terms, .arena = arena_new(), .now = now};
    b->stations = arena_many(b->arena, n + 1, struct station);
    b->points = arena_many(b->arena, (size_t)m->n_points, struct point);
    b->contracts = arena_many(b->arena, n, struct contract);
    b->orders = arena_many(b->arena, n, struct order);
    mix_fill_all(db, b);
}

enum err_code sim_mix_add(struct db *db, struct sim_mix *m, const struct sim_mix_terms *terms,
                          struct instant now, struct err *e)
{
    struct building b;
    building_begin(&b, db, m, terms, now);
    enum err_code code = mix_core(db, &b, e);
    arena_free(b.arena);
    return code;
}

enum err_code sim_mix_build(struct db *db, struct sim_mix *m, const struct sim_mix_terms *terms,
                            struct instant now, struct err *e)
{
    struct building b;
    building_begin(&b, db, m, terms, now);
    enum err_code code = store_write(db, STORE_CORE, mix_core, &b, e);
    if (code == OK) {
        code = store_write(db, STORE_SERIES, mix_places, &b, e);
    }
    arena_free(b.arena);
    return code;
}

enum err_code sim_mix_find(struct db *db, struct sim_mix *m, struct err *e)
{
    struct arena *a = arena_new();
    enum err_code code = OK;
    for (int32_t i = 0; i < m->n_points && code == OK; i++) {
        struct point p;
        code = meter_get_point_by_code(db, scope_machine(), a,
                                       station_code(a, m, m->spots[i].site),
                                       point_code(a, &m->spots[i]), &p, e);
        m->point_ids[i] = code == OK ? p.point_id : 0;
    }
    arena_free(a);
    return code;
}

/* ---- readings --------------------------------------------------------------------------------
 */

void sim_mix_days(const struct sim_mix *m, struct day *from, int *n)
{
    *from = day_add(month_first(m->month), -LOOK_BACK_DAYS);
    *n = LOOK_BACK_DAYS + month_days(m->month);
}

/* Whether the point has readings of that day at all. */
static bool read_on(const struct sim_mix *m, int32_t point, struct day day)
{
    const struct mix_kind *k = m->sites[m->spots[point].site].kind;
    if (day.yyyymmdd < month_first(m->month).yyyymmdd) {
        return k->history;
    }
    uint64_t dice = nature_mix(m->seed, 42, (uint64_t)point, (uint64_t)day_number(day));
    return m->few || !(k->gaps && dice % GAP_ODDS == 0);
}

static void point_day(const struct sim_mix *m, int32_t point, struct day day, int64_t value[SLOTS])
{
    const struct spot *s = &m->spots[point];
    const struct site *site = &m->sites[s->site];
    struct mix_ask ask = {.seed = m->seed,
                          .kind = site->kind,
                          .station = s->site,
                          .member = s->member,
                          .members = site->members,
                          .day = day,
                          .event = site->event};
    mix_day(&ask, s->what->shape, value);
}

bool sim_mix_point_day(const struct sim_mix *m, int32_t i, struct day day, int64_t value[SLOTS],
                       int64_t *point_id)
{
    check(i >= 0 && i < m->n_points);
    *point_id = m->point_ids[i];
    if (!read_on(m, i, day)) {
        return false;
    }
    point_day(m, i, day, value);
    return true;
}

enum err_code sim_mix_load(struct db *db, const struct reading_points *p, const struct sim_mix *m,
                           struct day day, struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    int64_t *values = arena_many(a, (size_t)LOAD_POINTS * SLOTS, int64_t);
    int64_t *ids = arena_many(a, LOAD_POINTS, int64_t);
    enum err_code code = OK;
    for (int32_t first = 0, at = 0; at < m->n_points && code == OK; first = at) {
        size_t n = 0;
        for (; at < m->n_points && n < LOAD_POINTS; at++) {
            if (read_on(m, at, day)) {
                point_day(m, at, day, values + n * SLOTS);
                ids[n++] = m->point_ids[at];
            }
        }
        if (n > 0) {
            struct str source = str_of(arena_printf(a, "mix:%08d", first));
            code = reading_load_day(db, p, source, day, ids, n, values, RANK_LIVE, now, e);
        }
    }
    arena_free(a);
    return code;
}

/* ---- what there is ---------------------------------------------------------------------------
 */

struct sim_mix_counts sim_mix_counts(const struct sim_mix *m)
{
    struct sim_mix_counts c = {
        .orders = m->n_sites, .stations = m->n_sites + !m->few, .points = m->n_points};
    for (int32_t i = 0; i < m->n_sites; i++) {
        c.members += m->sites[i].members;
    }
    struct day from;
    int days;
    sim_mix_days(m, &from, &days);
    for (int d = 0; d < days; d++) {
        for (int32_t p = 0; p < m->n_points; p++) {
            c.readings += read_on(m, p, day_add(from, d)) ? SLOTS : 0;
        }
    }
    return c;
}

size_t sim_mix_gaps(struct arena *a, const struct sim_mix *m, struct str **order_nos)
{
    size_t n = 0;
    *order_nos = arena_many(a, (size_t)m->n_sites, struct str);
    for (int32_t i = 0; i < m->n_sites; i++) {
        const struct site *s = &m->sites[i];
        bool gap = false;
        for (int d = 0; d < month_days(m->month) * s->n_points && !gap; d++) {
            gap = !read_on(m, s->first_point + d % s->n_points,
                           day_add(month_first(m->month), d / s->n_points));
        }
        if (gap) {
            (*order_nos)[n++] = number_of(a, m, 'O', i);
        }
    }
    return n;
}
