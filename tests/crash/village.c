/* village.c - builds the village and makes its readings (village.h); what is done with it:
 * village_use.c. */
#include "crash/village.h"
#include "base/check.h"
#include "base/json.h"
#include "meter/meter.h"
#include "ledger/ledger.h"
#include "support/shelf.h"
#include "tariff/tariff.h"
#include "secret/secret.h"
#include "work/work.h"

#define PER_ORDER 4 /* most points of an order */
#define FIRST_STATION 1000
#define FIRST_CONTRACT 200000
#define FIRST_ORDER 300000
#define RATIO 20                 /* CT x PT */
#define STEP_E4 100              /* the last digit of a register: 0.01 kWh */
#define MODULUS_E4 10000000000LL /* 10^6 kWh */
#define SHARDS 3
#define REPEATED 4    /* boundaries of the day before that a batch sends again */
#define WRONG_SLOT 50 /* of the day before: a lower rank says otherwise */

/* ---- what an order has
 * -------------------------------------------------------------------------- */

struct series_kind {
    const char *code;
    enum point_role role;
    const char *unit;
    bool reg;
};
static const struct series_kind series_of[VILLAGE_KINDS][PER_ORDER] = {
    [VILLAGE_SELF] = { { "gen", POINT_GENERATION, "kWh", true },
                       { "export", POINT_EXPORT, "kWh", true } },
    [VILLAGE_FEED] = { { "export", POINT_EXPORT, "kWh", true } },
    [VILLAGE_MARKET] = { { "export", POINT_EXPORT, "kWh", true },
                         { "spot", POINT_OTHER, "kWh", false } },
    [VILLAGE_WIND] = { { "gen", POINT_GENERATION, "kWh", true },
                       { "spot", POINT_OTHER, "kWh", false },
                       { "curve", POINT_OTHER, "kWh", false },
                       { "curtail", POINT_OTHER, "kWh", false } },
    [VILLAGE_STORAGE] = { { "charge", POINT_CHARGE, "kWh", true },
                          { "discharge", POINT_DISCHARGE, "kWh", true },
                          { "grid_import", POINT_IMPORT, "kWh", true } },
    [VILLAGE_FACTOR] = { { "active", POINT_IMPORT, "kWh", true },
                         { "reactive_import", POINT_REACTIVE, "kvarh", true },
                         { "reactive_export", POINT_REACTIVE, "kvarh", true } },
    [VILLAGE_SUPPLY] = { { "active", POINT_IMPORT, "kWh", true },
                         { "reactive_import", POINT_REACTIVE, "kvarh", true },
                         { "reactive_export", POINT_REACTIVE, "kvarh", true } },
    [VILLAGE_HELD] = { { "gen", POINT_GENERATION, "kWh", true },
                       { "export", POINT_EXPORT, "kWh", true } },
};
static const char *const strategy_of[VILLAGE_KINDS] = {
    "pv_selfuse", "pv_full_feed_in",   "pv_market",
    "wind",       "storage_arbitrage", "storage_capacity_lease",
    "basic_fee",  "power_factor",      "grid_supply",
    "pv_selfuse"
};

static enum village_kind kind_of(const struct village *t, int order)
{
    return t->plan.only_self ? VILLAGE_SELF : (enum village_kind)(order % VILLAGE_KINDS);
}

/* Which of the orders of its kind. */
static int variant_of(const struct village *t, int order)
{
    return t->plan.only_self ? 2 * order : order / VILLAGE_KINDS;
}

static int n_series(enum village_kind k)
{
    int n = 0;
    while (n < PER_ORDER && series_of[k][n].code) {
        n++;
    }
    return n;
}

static int64_t point_of(int order, int k)
{
    return VILLAGE_FIRST_POINT + (int64_t)order * PER_ORDER + k;
}

static int order_of(int64_t point)
{
    return (int)(point - VILLAGE_FIRST_POINT) / PER_ORDER;
}

static int place_of(int64_t point)
{
    return (int)(point - VILLAGE_FIRST_POINT) % PER_ORDER;
}

/* ---- the formulas
 * ------------------------------------------------------------------------------- */

static int64_t sun(int order, int day, int slot)
{
    if (slot < 28 || slot >= 72) {
        return 0;
    }
    return (int64_t)(slot - 27) * (72 - slot) * (1 + order % 5) / 8 +
           (order * 31 + day * 17 + slot * 7) % 10;
}

static int64_t exported(const struct village *t, int order, int day, int slot)
{
    int64_t g = sun(order, day, slot);
    bool held = kind_of(t, order) == VILLAGE_HELD && variant_of(t, order) % 3 == 0;
    return held ? g + g / 4 : g * (order % 7) / 8;
}

static int64_t stored(const struct village *t, int order, int slot, bool out)
{
    bool loses = variant_of(t, order) % 2 == 1;
    bool night = slot < 28, evening = slot >= 72 && slot < 88;
    if (out) {
        return (loses ? night : evening) ? 60 + slot % 5 : 0;
    }
    return (loses ? evening : night) ? 50 + slot % 3 * 10 : 0;
}

/* Steps of a register, or 10^-4 of the unit of an interval series. */
static int64_t steps(const struct village *t, int order, int k, int day, int slot)
{
    switch (kind_of(t, order)) {
    case VILLAGE_SELF:
    case VILLAGE_HELD:
        return k == 0 ? sun(order, day, slot) : exported(t, order, day, slot);
    case VILLAGE_FEED:
        return sun(order, day, slot);
    case VILLAGE_MARKET: /* spot in 10^-6 yuan */
        return k == 0 ? sun(order, day, slot) : 250000 + (slot * 1777 + day * 911) % 200000;
    case VILLAGE_WIND:
        return k == 0           ? 40 + (order + day * 13 + slot * 5) % 90
               : k == 1         ? 250000 + (slot * 1777 + day * 911) % 200000
               : k == 2         ? 150000 + slot % 24 * 1000
               : slot % 31 == 0 ? 25000
                                : 0;
    case VILLAGE_STORAGE:
        return k == 2 ? 500 + (day * 7 + slot * 11) % 60 : stored(t, order, slot, k == 1);
    case VILLAGE_FACTOR:
    case VILLAGE_SUPPLY:
        return k == 0 ? 300 + slot + day % 3 : k == 1 ? 100 + slot % 13 : slot % 4;
    default:
        return 0;
    }
}

static int half_way(const struct village *t)
{
    return t->plan.days / 2;
}

static int multiplier(const struct village *t, int order, int k, int day)
{
    bool changed = t->plan.registers && kind_of(t, order) == VILLAGE_STORAGE && k == 0;
    return changed && day >= half_way(t) ? 2 * RATIO : RATIO;
}

int64_t village_energy(const struct village *t, int64_t point_id, int day, int slot)
{
    int order = order_of(point_id), k = place_of(point_id);
    int64_t n = steps(t, order, k, day, slot);
    return series_of[kind_of(t, order)][k].reg ? n * STEP_E4 * multiplier(t, order, k, day) : n;
}

static bool swapped(const struct village *t, int order)
{
    return kind_of(t, order) == VILLAGE_FEED;
}
#define SWAP_SLOT 40

/* Where every third register begins, it rolls over within a day. */
static int64_t first_value(int order)
{
    return order % 3 == 0 ? MODULUS_E4 - 200 * STEP_E4 : (int64_t)order * 1234 * STEP_E4;
}

/* A register just before `boundary` (old meter), counted in slots from the village's beginning. */
static int64_t old_register(const struct village *t, int64_t point, int boundary)
{
    int64_t n = 0;
    for (int b = 0; b < boundary; b++) {
        n += steps(t, order_of(point), place_of(point), b / SLOTS, b % SLOTS);
    }
    return (first_value(order_of(point)) + n * STEP_E4) % MODULUS_E4;
}

/* All boundaries of a day at once: [0..96). */
static void registers_of(const struct village *t, int64_t point, int day, int64_t out[SLOTS])
{
    int order = order_of(point), k = place_of(point), swap = half_way(t) * SLOTS + SWAP_SLOT;
    bool over = swapped(t, order);
    int64_t shown = old_register(t, point, day * SLOTS);
    if (over && day * SLOTS > swap) {
        shown = (shown - old_register(t, point, swap) + MODULUS_E4) % MODULUS_E4;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
        if (over && day * SLOTS + slot == swap) {
            shown = 0;
        }
        out[slot] = shown;
        shown = (shown + steps(t, order, k, day, slot) * STEP_E4) % MODULUS_E4;
    }
}

/* Boundaries that no gateway ever sends. */
static bool silent(const struct village *t, int order, int day, int slot)
{
    int variant = variant_of(t, order), days = t->plan.days, half = half_way(t);
    if (kind_of(t, order) == VILLAGE_SELF && !t->plan.only_self && variant % 2 == 0) {
        return day == half && slot >= 48 && slot < 51;
    }
    if (kind_of(t, order) == VILLAGE_HELD && variant % 3 == 1) {
        return day >= half && day < half + 1 + days / 10 && !(day == half && slot == 0);
    }
    return kind_of(t, order) == VILLAGE_HELD && variant % 3 == 2 && day >= days - 1 && day > 0;
}

/* ---- opening
 * ------------------------------------------------------------------------------------ */

enum err_code village_open(struct village *t, const struct village_plan *plan, const char *where,
                           enum store_mode mode, struct err *e)
{
    const struct store_migrations rooms[] = { people_migrations,    meter_migrations,
                                              reading_migrations,   tariff_migrations,
                                              contract_migrations,  settle_migrations,
                                              statement_migrations, ledger_migrations,
                                              work_migrations,
        secret_migrations };
    struct db *db;
    if (store_open(where, mode, &db, e) != OK) {
        return e->code;
    }
    if (mode == STORE_CREATE &&
        store_migrate(db, rooms, sizeof(rooms) / sizeof(*rooms), VILLAGE_NOW, e) != OK) {
        store_close(db);
        return e->code;
    }
    *t = (struct village){ .plan = *plan, .db = db, .a = arena_new() };
    return OK;
}

void village_close(struct village *t)
{
    store_close(t->db);
    arena_free(t->a);
    *t = (struct village){ 0 };
}

enum err_code village_points(struct village *t, struct err *e)
{
    if (reading_points_load(t->db, scope_machine(), t->a, &t->points, e) != OK) {
        return e->code;
    }
    const struct meter_estate *es = reading_points_estate(t->points);
    int64_t *ids = arena_many(t->a, es->n + 1, int64_t);
    for (size_t i = 0; i < es->n; i++) {
        ids[i] = es->points[i].point_id;
    }
    reading_points_sort(t->points, ids, es->n);
    t->ids = ids;
    t->n_ids = es->n;
    struct user maker, checker;
    if (user_find_login(t->db, t->a, scope_machine(), STR("maker"), &maker, e) != OK ||
        user_find_login(t->db, t->a, scope_machine(), STR("checker"), &checker, e) != OK) {
        return e->code;
    }
    t->maker = maker.user_id;
    t->checker = checker.user_id;
    return OK;
}

/* ---- people, tariff, strategies
 * ----------------------------------------------------------------- */

enum { PLATFORM = 11, INVESTOR, CONSUMER, GRID };

static enum err_code build_people(struct village *t, struct err *e)
{
    static const char *const perms[] = { "settle:statement:release" };
    struct org orgs[] = { { .org_id = PLATFORM, .kind = ORG_OPERATOR, .name = STR("平台公司") },
                          { .org_id = INVESTOR, .kind = ORG_INVESTOR, .name = STR("投资公司") },
                          { .org_id = CONSUMER, .kind = ORG_CONSUMER, .name = STR("用电公司") },
                          { .org_id = GRID, .kind = ORG_GRID, .name = STR("电网公司") } };
    const struct scope all = scope_machine();
    int64_t role, maker, checker;
    if (org_add(t->db, all, orgs, 4, VILLAGE_NOW, e) != OK ||
        user_add(t->db, all, PLATFORM, STR("maker"), STR("Maker"), STR(""), VILLAGE_NOW, &maker,
                 e) != OK ||
        user_add(t->db, all, PLATFORM, STR("checker"), STR("Checker"), STR(""), VILLAGE_NOW,
                 &checker, e) != OK ||
        role_add(t->db, all, PLATFORM, STR("release"), perms, 1, VILLAGE_NOW, &role, e) != OK) {
        return e->code;
    }
    return role_grant(t->db, all, checker, role, PLATFORM, VILLAGE_NOW, e);
}

static enum err_code build_tariff(struct village *t, struct err *e)
{
    static const char *const files[] = { "data/calendars/zhejiang.json",
                                         "data/prices/zhejiang.json",
                                         "data/holidays/cn-2026.json" };
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        struct json doc;
        struct tariff_published out;
        bool fresh;
        if (json_load(t->a, files[i], &doc, e) != OK ||
            tariff_publish(t->db, t->a, doc, VILLAGE_NOW, &out, &fresh, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static enum err_code build_strategies(struct village *t, struct err *e)
{
    for (int k = 0; k < VILLAGE_KINDS; k++) {
        struct strategy_text out;
        if (shelf_publish(t->db, t->a, strategy_of[k], VILLAGE_NOW, &out, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

/* ---- meters
 * ------------------------------------------------------------------------------------- */

static enum err_code build_swaps(struct village *t, struct err *e)
{
    struct instant half = day_start(day_add(t->plan.from, half_way(t)));
    struct instant swap = { half.utc_ms + SWAP_SLOT * SLOT_MS };
    for (int i = 0; i < t->plan.orders; i++) {
        int64_t id = point_of(i, 0);
        if (swapped(t, i)) {
            struct binding next = { .point_id = id,
                                    .valid_from = swap,
                                    .meter_id = id + 1000000,
                                    .register_code = STR("ep"),
                                    .ct_num = RATIO,
                                    .ct_den = 1,
                                    .pt_num = 1,
                                    .pt_den = 1,
                                    .last_value_e4 = METER_OPEN_VALUE,
                                    .reason = BINDING_SWAP };
            int64_t last = old_register(t, id, half_way(t) * SLOTS + SWAP_SLOT);
            if (meter_swap(t->db, scope_machine(), &next, last, VILLAGE_NOW, e) != OK) {
                return e->code;
            }
        } else if (kind_of(t, i) == VILLAGE_STORAGE &&
                   meter_change_ratio(t->db, scope_machine(), id, half,
                                      old_register(t, id, half_way(t) * SLOTS), 2 * RATIO, 1, 1, 1,
                                      STR("new transformers"), VILLAGE_NOW, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static enum err_code build_meters(struct village *t, struct err *e)
{
    size_t most = (size_t)t->plan.orders * PER_ORDER, n = 0, n_bound = 0;
    struct station *stations = arena_many(t->a, (size_t)t->plan.orders, struct station);
    struct point *points = arena_many(t->a, most, struct point);
    struct meter *meters = arena_many(t->a, 2 * most, struct meter);
    struct binding *bindings = arena_many(t->a, most, struct binding);
    size_t n_meters = 0;
    for (int i = 0; i < t->plan.orders; i++) {
        int64_t station = FIRST_STATION + i;
        stations[i] = (struct station){ .station_id = station,
                                        .org_id = PLATFORM,
                                        .shard = i % SHARDS,
                                        .kind = STATION_PV,
                                        .code = str_of(arena_printf(t->a, "S%05d", i)),
                                        .name = str_of(arena_printf(t->a, "station %d", i)) };
        for (int k = 0; k < n_series(kind_of(t, i)); k++) {
            const struct series_kind *s = &series_of[kind_of(t, i)][k];
            int64_t id = point_of(i, k);
            points[n++] = (struct point){ .point_id = id,
                                          .station_id = station,
                                          .code = str_of(s->code),
                                          .role = s->role,
                                          .quantity = STR("ep_imp"),
                                          .unit = str_of(s->unit),
                                          .direction = 1 };
            for (int m = 0; s->reg && m < 1 + swapped(t, i); m++) {
                meters[n_meters++] =
                    (struct meter){ .meter_id = id + 1000000 * m,
                                    .station_id = station,
                                    .serial =
                                        str_of(arena_printf(t->a, "M%d-%lld", m, (long long)id)),
                                    .modulus_e4 = MODULUS_E4,
                                    .resolution_e4 = STEP_E4 };
            }
            if (s->reg) {
                bindings[n_bound++] = (struct binding){ .point_id = id,
                                                        .valid_from = day_start(t->plan.from),
                                                        .meter_id = id,
                                                        .register_code = STR("ep"),
                                                        .ct_num = RATIO,
                                                        .ct_den = 1,
                                                        .pt_num = 1,
                                                        .pt_den = 1,
                                                        .first_value_e4 = first_value(i),
                                                        .last_value_e4 = METER_OPEN_VALUE,
                                                        .reason = BINDING_FIRST };
            }
        }
    }
    const struct scope all = scope_machine();
    if (meter_add_stations(t->db, all, stations, (size_t)t->plan.orders, VILLAGE_NOW, e) != OK ||
        meter_add_points(t->db, all, points, n, VILLAGE_NOW, e) != OK) {
        return e->code;
    }
    if (!t->plan.registers) {
        return OK;
    }
    if (meter_add_meters(t->db, all, meters, n_meters, VILLAGE_NOW, e) != OK ||
        meter_bind(t->db, all, bindings, n_bound, VILLAGE_NOW, e) != OK) {
        return e->code;
    }
    return build_swaps(t, e);
}

/* ---- contracts
 * ---------------------------------------------------------------------------------- */

static const char *settings_of(struct village *t, int i)
{
    int v = variant_of(t, i);
    switch (kind_of(t, i)) {
    case VILLAGE_SELF:
    case VILLAGE_HELD:
        return arena_printf(t->a,
                            "\"discount\":\"0.%d\",\"feed_in\":\"0.4153\",\"roof_fee\":%s,"
                            "\"floor\":null,\"cap\":null,\"free_quota\":null,\"min_take\":null,"
                            "\"fee_rate\":\"0.01\"",
                            80 + i % 10, v % 2 ? "\"0.02\"" : "null");
    case VILLAGE_FEED:
        return "\"feed_in\":\"0.4153\",\"subsidy\":\"0.03\",\"roof_share\":\"0.05\"";
    case VILLAGE_MARKET:
        return "\"mech_ratio\":\"0.6\",\"mech_price\":\"0.3932\",\"market_avg\":\"0.3511\","
               "\"fee_rate\":\"0.01\"";
    case VILLAGE_WIND:
        return "\"cfd\":\"curve\",\"cfd_price\":\"0.37\",\"curtailment\":\"paid\","
               "\"curtail_price\":\"0.21\",\"land_share\":\"0.02\"";
    case VILLAGE_STORAGE:
        return "\"investor_share\":\"0.7\",\"rte_min\":\"0.88\",\"rte_price\":\"0.5\","
               "\"demand\":\"reconstructed\",\"demand_price\":\"40\",\"demand_share\":\"0.5\"";
    case VILLAGE_LEASE:
        return "\"capacity\":\"2000\",\"rate\":\"31.5\","
               "\"tiers\":[[\"0.90\",\"0.95\"],[\"0.97\",\"1\"]]";
    case VILLAGE_BASIC:
        return "\"mode\":\"capacity\",\"kva_price\":\"30\",\"demand_price\":\"48\","
               "\"contract_kw\":\"900\",\"running_kva\":null";
    case VILLAGE_FACTOR:
        return v % 2 ? "\"standard\":\"s85\"" : "\"standard\":\"s90\"";
    default:
        return "\"funds\":\"0.0292\"";
    }
}

static const char *inputs_of(const struct village *t, int i)
{
    switch (kind_of(t, i)) {
    case VILLAGE_LEASE:
        return variant_of(t, i) % 2 ? "{\"days_in_month\":\"30\",\"days_in_service\":\"30\","
                                      "\"available\":\"2700\",\"total\":\"2880\"}"
                                    : "{\"days_in_month\":\"30\",\"days_in_service\":\"17\","
                                      "\"available\":\"2879\",\"total\":\"2880\"}";
    case VILLAGE_BASIC:
        return "{\"days_in_month\":\"30\"}";
    case VILLAGE_FACTOR:
        return "{\"base\":\"123456.78\"}";
    case VILLAGE_WIND:
        return "{\"assess\":\"321.09\"}";
    default:
        return NULL;
    }
}

static struct str terms_of(struct village *t, int i)
{
    enum village_kind k = kind_of(t, i);
    struct text x;
    text_init(&x, t->a, CONTRACT_TERMS_MAX);
    text_addf(&x,
              "{\"parties\":{\"consumer\":\"%d\",\"investor\":\"%d\",\"grid\":\"%d\","
              "\"platform\":\"%d\",\"roof_owner\":\"%d\",\"host\":\"%d\"},"
              "\"calendar\":\"zhejiang\"",
              CONSUMER, INVESTOR, GRID, PLATFORM, CONSUMER, CONSUMER);
    if (k == VILLAGE_SELF || k == VILLAGE_HELD || k == VILLAGE_STORAGE || k == VILLAGE_SUPPLY) {
        text_add_c(&x, ",\"prices\":{\"grid_price\":\"zhejiang\"}");
    }
    for (int meters = 1; meters >= 0; meters--) {
        const char *comma = "";
        text_addf(&x, ",\"%s\":{", meters ? "meters" : "series");
        for (int s = 0; s < n_series(k); s++) {
            const char *code = series_of[k][s].code;
            if (series_of[k][s].reg != (meters == 1)) {
                continue;
            }
            text_addf(&x, meters ? "%s\"%s\":\"%lld\"" : "%s\"%s\":{\"point\":\"%lld\",\"digits\":",
                      comma, code, (long long)point_of(i, s));
            if (!meters) {
                text_addf(&x, "%d}", strcmp(code, "spot") == 0 ? 6 : 4);
            }
            comma = ",";
        }
        text_byte(&x, '}');
    }
    text_addf(&x, ",\"settings\":{%s}", settings_of(t, i));
    if (k == VILLAGE_BASIC) {
        text_add_c(&x, ",\"groups\":{\"segment\":["
                       "{\"name\":\"S1\",\"settings\":{\"kva\":\"1000\",\"days\":\"12\"}},"
                       "{\"name\":\"S2\",\"settings\":{\"kva\":\"1630\",\"days\":\"18\"}}]}");
    }
    text_byte(&x, '}');
    return text_str(&x);
}

static enum err_code build_contracts(struct village *t, struct err *e)
{
    size_t n = (size_t)t->plan.orders;
    struct contract *c = arena_many(t->a, n, struct contract);
    struct order *o = arena_many(t->a, n, struct order);
    int64_t *stations = arena_many(t->a, n, int64_t);
    for (int i = 0; i < (int)n; i++) {
        stations[i] = FIRST_STATION + i;
        c[i] = (struct contract){ .contract_id = FIRST_CONTRACT + i,
                                  .no = str_of(arena_printf(t->a, "C-%05d", i)),
                                  .title = STR("合同"),
                                  .from = { 20260101 },
                                  .strategy = { str_of(strategy_of[kind_of(t, i)]), 1 },
                                  .stations = &stations[i],
                                  .n_stations = 1,
                                  .terms = terms_of(t, i) };
        o[i] = (struct order){ .order_id = FIRST_ORDER + i,
                               .no = str_of(arena_printf(t->a, "O-%05d", i)),
                               .station_id = stations[i],
                               .from = { 20260101 } };
    }
    return contract_create_bulk(t->db, scope_machine(), c, o, n, VILLAGE_NOW, e);
}

enum err_code village_inputs(struct village *t, struct day from, struct err *e)
{
    if (store_begin(t->db, STORE_CORE, STORE_WRITE, e) != OK) {
        return e->code;
    }
    for (int i = 0; i < t->plan.orders; i++) {
        const char *settings = inputs_of(t, i);
        if (settings && order_input_put(t->db, scope_machine(), FIRST_ORDER + i, from,
                                        str_of(settings), VILLAGE_NOW, e) != OK) {
            store_rollback(t->db, STORE_CORE);
            return e->code;
        }
    }
    return store_commit(t->db, STORE_CORE, e);
}

static enum err_code build_core(struct village *t, struct err *e)
{
    if (build_people(t, e) != OK || build_tariff(t, e) != OK || build_strategies(t, e) != OK ||
        build_meters(t, e) != OK || build_contracts(t, e) != OK) {
        return e->code;
    }
    return OK;
}

enum err_code village_build(struct village *t, struct err *e)
{
    struct meter_estate estate;
    if (store_begin(t->db, STORE_CORE, STORE_WRITE, e) != OK) {
        return e->code;
    }
    if (build_core(t, e) != OK) {
        store_rollback(t->db, STORE_CORE);
        return e->code;
    }
    if (store_commit(t->db, STORE_CORE, e) != OK ||
        meter_load_estate(t->db, scope_machine(), t->a, &estate, e) != OK) {
        return e->code;
    }
    int64_t *ids = arena_many(t->a, estate.n + 1, int64_t);
    for (size_t i = 0; i < estate.n; i++) {
        ids[i] = estate.points[i].point_id;
    }
    if (store_begin(t->db, STORE_SERIES, STORE_WRITE, e) != OK) {
        return e->code;
    }
    if (reading_place(t->db, &estate, ids, estate.n, VILLAGE_NOW, e) != OK) {
        store_rollback(t->db, STORE_SERIES);
        return e->code;
    }
    return store_commit(t->db, STORE_SERIES, e) == OK ? village_points(t, e) : e->code;
}

/* ---- readings
 * ----------------------------------------------------------------------------------- */

static int metered_order(const struct village *t, size_t nth)
{
    for (int i = 0; i < t->plan.orders; i++) {
        if (n_series(kind_of(t, i)) > 0 && nth-- == 0) {
            return i;
        }
    }
    check_that(false, "order %zu has no meter", nth);
    return -1;
}

size_t village_batches(const struct village *t)
{
    size_t n = 0;
    for (int i = 0; i < t->plan.orders; i++) {
        n += n_series(kind_of(t, i)) > 0;
    }
    return n * (size_t)(t->plan.days + 1);
}

static int64_t time_of(const struct village *t, int day, int slot)
{
    return day_start(day_add(t->plan.from, day)).utc_ms + slot * SLOT_MS;
}

void village_batch(const struct village *t, struct arena *a, size_t i, struct reading_batch *out)
{
    int day = (int)(i % (size_t)(t->plan.days + 1)), end = day == t->plan.days ? 1 : SLOTS;
    int order = metered_order(t, i / (size_t)(t->plan.days + 1));
    struct reading *r = arena_many(a, PER_ORDER * (SLOTS + REPEATED + 1), struct reading);
    size_t n = 0;
    for (int k = 0; k < n_series(kind_of(t, order)); k++) {
        int64_t now[SLOTS] = { 0 }, past[SLOTS] = { 0 };
        int64_t id = point_of(order, k);
        bool reg = series_of[kind_of(t, order)][k].reg;
        struct reading base = { .point_id = id,
                                .kind = reg ? READING_REG : READING_INT,
                                .rank = RANK_LIVE };
        for (int slot = 0; slot < SLOTS && !reg; slot++) {
            now[slot] = village_energy(t, id, day, slot);
            past[slot] = day > 0 ? village_energy(t, id, day - 1, slot) : 0;
        }
        if (reg) {
            registers_of(t, id, day, now);
        }
        if (reg && day > 0) {
            registers_of(t, id, day - 1, past);
        }
        for (int slot = SLOTS - REPEATED; slot < SLOTS && day > 0; slot++) {
            if (!silent(t, order, day - 1, slot)) {
                r[n] = base;
                r[n].ts_ms = time_of(t, day - 1, slot);
                r[n++].value = past[slot];
            }
        }
        if (day > 0 && !silent(t, order, day - 1, WRONG_SLOT)) {
            r[n] = base;
            r[n].rank = RANK_DEVICE;
            r[n].ts_ms = time_of(t, day - 1, WRONG_SLOT);
            r[n++].value = past[WRONG_SLOT] + STEP_E4;
        }
        for (int slot = 0; slot < end && (reg || day < t->plan.days); slot++) {
            if (!silent(t, order, day, slot)) {
                r[n] = base;
                r[n].ts_ms = time_of(t, day, slot);
                r[n++].value = now[slot];
            }
        }
    }
    *out = (struct reading_batch){ .source = str_of(arena_printf(a, "gw:%05d", order)),
                                   .batch_id = day + 1,
                                   .readings = r,
                                   .n = n };
}

enum err_code village_intake(struct village *t, struct err *e)
{
    struct reading_fold_report report;
    struct reading_batch group[VILLAGE_GROUP];
    struct arena *a = arena_new();
    enum err_code code = OK;
    size_t n = 0, last = village_batches(t) - 1;
    for (size_t i = 0; i <= last && code == OK; i++) {
        village_batch(t, a, i, &group[n]);
        n += group[n].n > 0;
        if (n == VILLAGE_GROUP || (i == last && n > 0)) {
            code = reading_intake(t->db, t->points, group, n, VILLAGE_NOW, e);
            arena_reset(a);
            n = 0;
        }
    }
    arena_free(a);
    return code == OK ? reading_fold(t->db, t->points, NULL, VILLAGE_NOW, &report, e) : code;
}

static enum err_code load_days(struct village *t, struct err *e)
{
    int64_t *values = mem_alloc(t->n_ids * SLOTS * sizeof(int64_t));
    enum err_code code = OK;
    for (int day = 0; day < t->plan.days && code == OK; day++) {
        for (size_t i = 0; i < t->n_ids; i++) {
            for (int slot = 0; slot < SLOTS; slot++) {
                values[i * SLOTS + (size_t)slot] = village_energy(t, t->ids[i], day, slot);
            }
        }
        code = reading_load_day(t->db, t->points, STR("village"), day_add(t->plan.from, day),
                                t->ids, t->n_ids, values, RANK_LIVE, VILLAGE_NOW, e);
    }
    free(values);
    return code;
}

enum err_code village_load(struct village *t, struct err *e)
{
    if (store_begin(t->db, STORE_SERIES, STORE_WRITE, e) != OK) {
        return e->code;
    }
    if (load_days(t, e) != OK) {
        store_rollback(t->db, STORE_SERIES);
        return e->code;
    }
    return store_commit(t->db, STORE_SERIES, e);
}

static void csv_day(const struct village *t, FILE *f, int64_t id, int day)
{
    int64_t shown[SLOTS];
    int order = order_of(id);
    struct day date = day_add(t->plan.from, day);
    registers_of(t, id, day, shown);
    for (int slot = 0; slot < (day == t->plan.days ? 1 : SLOTS); slot++) {
        if (!silent(t, order, day, slot)) {
            fprintf(f, "S%05d,%s,%04d-%02d-%02d %02d:%02d:00,%lld.%02lld\n", order,
                    series_of[kind_of(t, order)][place_of(id)].code, date.yyyymmdd / 10000,
                    date.yyyymmdd / 100 % 100, date.yyyymmdd % 100, slot / 4, slot % 4 * 15,
                    (long long)shown[slot] / 10000, (long long)shown[slot] / 100 % 100);
        }
    }
}

void village_csv(const struct village *t, int day, int until, const char *path)
{
    FILE *f = fopen(path, "wb");
    check_that(f, "cannot write %s", path);
    fprintf(f, "meter,register,time,reading\n");
    for (size_t i = 0; i < t->n_ids; i++) {
        int order = order_of(t->ids[i]);
        for (int d = day; d < until; d++) {
            if (series_of[kind_of(t, order)][place_of(t->ids[i])].reg) {
                csv_day(t, f, t->ids[i], d);
            }
        }
    }
    check_that(fclose(f) == 0, "cannot write %s", path);
}

int64_t village_find(const struct village *t, struct str name)
{
    struct str station;
    int order = 0;
    if (!str_split(&name, '/', &station) || !str_starts(station, "S")) {
        return 0;
    }
    for (size_t i = 1; i < station.n; i++) {
        order = order * 10 + (station.at[i] - '0');
    }
    for (int k = 0; order < t->plan.orders && k < n_series(kind_of(t, order)); k++) {
        if (str_is(name, series_of[kind_of(t, order)][k].code)) {
            return point_of(order, k);
        }
    }
    return 0;
}
