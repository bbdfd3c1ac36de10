/* fleet_store.c - the reference fleet in a store: stations, points, contracts, orders, readings. */
#include "meter/meter.h"
#include "sim/sim.h"

#define FLEET_LOAD_POINTS 2048 /* of one call: their day fits the cache level that packs it */

struct building {
    const struct sim_fleet *fleet;
    const struct sim_fleet_terms *terms;
    struct arena *arena;
    struct instant now;
    struct station *stations;
    struct point *points;
    struct contract *contracts;
    struct order *orders;
};

static struct str terms_text(struct building *b, int64_t gen, int64_t export, int contract)
{
    static const char *const more[] = { "", ",\"floor\":\"0.35\"", ",\"roof_fee\":\"0.02\"",
                                        ",\"fee_rate\":\"0.03\"" };
    const struct sim_fleet_terms *t = b->terms;
    return str_of(arena_printf(
        b->arena,
        "{\"parties\":{\"consumer\":\"%lld\",\"investor\":\"%lld\",\"grid\":\"%lld\","
        "\"platform\":\"%lld\"},\"calendar\":\"%s\",\"prices\":{\"grid_price\":\"%s\"},"
        "\"meters\":{\"gen\":\"%lld\",\"export\":\"%lld\"},\"settings\":{\"discount\":\"0.%02d\","
        "\"feed_in\":\"0.4153\"%s}}",
        (long long)t->consumer_org, (long long)t->investor_org, (long long)t->grid_org,
        (long long)t->platform_org, t->calendar, t->book, (long long)gen, (long long)export,
        80 + contract % 15, more[contract % 4]));
}

static void contract_fill(struct building *b, int i)
{
    static const struct order_leg legs[] = {
        { STR("consumer"), STR("investor"), STR("622200010001"), STR("622200020001"),
          0, 0 },
        { STR("grid"), STR("investor"), STR("622200030001"), STR("622200020001"), 0, 0 },
    };
    struct station *s = &b->stations[i];
    struct point *p = &b->points[2 * (size_t)i];
    b->contracts[i] = (struct contract){
        .no = str_of(arena_printf(b->arena, "FLEET-C-%05d", i + 1)),
        .title = STR("基准机群自发自用"),
        .state = CONTRACT_EFFECTIVE,
        .from = b->terms->from,
        .strategy = b->terms->strategy,
        .stations = &s->station_id,
        .n_stations = 1,
        .terms = terms_text(b, p[0].point_id, p[1].point_id, i),
    };
    b->orders[i] = (struct order){ .no = str_of(arena_printf(b->arena, "FLEET-O-%05d", i + 1)),
                                   .station_id = s->station_id,
                                   .legs = legs,
                                   .n_legs = 2,
                                   .from = b->terms->from,
                                   .state = ORDER_ACTIVE };
}

/* Ids are taken here, rising, so that terms can name points before anything is written. */
static void fleet_fill(struct db *db, struct building *b)
{
    for (int i = 0; i < b->fleet->contracts; i++) {
        struct point *p = &b->points[2 * (size_t)i];
        b->stations[i] = (struct station){ .station_id = store_next_id(db, b->now),
                                           .org_id = b->terms->investor_org,
                                           .kind = STATION_PV,
                                           .code = str_of(arena_printf(b->arena, "FL%05d", i + 1)),
                                           .name = STR("基准机群光伏") };
        for (int k = 0; k < 2; k++) {
            p[k] = (struct point){ .point_id = store_next_id(db, b->now),
                                   .station_id = b->stations[i].station_id,
                                   .code = k == 0 ? STR("gen") : STR("export"),
                                   .role = k == 0 ? POINT_GENERATION : POINT_EXPORT,
                                   .quantity = k == 0 ? STR("ep_gen") : STR("ep_exp"),
                                   .unit = STR("kWh"),
                                   .direction = (int16_t)-k };
        }
        contract_fill(b, i);
    }
}

static enum err_code fleet_core(struct db *db, void *ctx, struct err *e)
{
    struct building *b = ctx;
    struct scope all = scope_machine();
    size_t n = (size_t)b->fleet->contracts;
    enum err_code code = meter_add_stations(db, all, b->stations, n, b->now, e);
    if (code == OK) {
        code = meter_add_points(db, all, b->points, 2 * n, b->now, e);
    }
    return code != OK ? code : contract_create_bulk(db, all, b->contracts, b->orders, n, b->now, e);
}

static enum err_code fleet_places(struct db *db, void *ctx, struct err *e)
{
    struct building *b = ctx;
    struct meter_estate estate;
    size_t n = 2 * (size_t)b->fleet->contracts;
    int64_t *ids = arena_many(b->arena, n, int64_t);
    for (size_t i = 0; i < n; i++) {
        ids[i] = b->points[i].point_id;
    }
    enum err_code code = meter_load_estate(db, scope_machine(), b->arena, &estate, e);
    return code != OK ? code : reading_place(db, &estate, ids, n, b->now, e);
}

enum err_code sim_fleet_build(struct db *db, const struct sim_fleet *f,
                              const struct sim_fleet_terms *terms, struct instant now,
                              int64_t *point_ids, struct err *e)
{
    struct building b = { .fleet = f, .terms = terms, .arena = arena_new(), .now = now };
    size_t n = (size_t)f->contracts;
    b.stations = arena_many(b.arena, n, struct station);
    b.points = arena_many(b.arena, 2 * n, struct point);
    b.contracts = arena_many(b.arena, n, struct contract);
    b.orders = arena_many(b.arena, n, struct order);
    fleet_fill(db, &b);
    enum err_code code = store_write(db, STORE_CORE, fleet_core, &b, e);
    if (code == OK) {
        code = store_write(db, STORE_SERIES, fleet_places, &b, e);
    }
    for (size_t i = 0; code == OK && point_ids != NULL && i < 2 * n; i++) {
        point_ids[i] = b.points[i].point_id;
    }
    arena_free(b.arena);
    return code;
}

enum err_code sim_fleet_load(struct db *db, const struct reading_points *p,
                             const struct sim_fleet *f, const int64_t *point_ids, struct day day,
                             struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    int64_t *values = arena_many(a, (size_t)FLEET_LOAD_POINTS * SLOTS, int64_t);
    uint8_t mark[SLOTS];
    int64_t quantum;
    enum err_code code = OK;
    int32_t n = sim_fleet_points(f);
    for (int32_t first = 0; first < n && code == OK; first += FLEET_LOAD_POINTS) {
        int32_t some = n - first < FLEET_LOAD_POINTS ? n - first : FLEET_LOAD_POINTS;
        for (int32_t i = 0; i < some; i++) {
            sim_fleet_day(f, first + i, day, values + (size_t)i * SLOTS, mark, &quantum);
        }
        struct str source = str_of(arena_printf(a, "fleet:%08d", first));
        code = reading_load_day(db, p, source, day, point_ids + first, (size_t)some, values,
                                RANK_LIVE, now, e);
    }
    arena_free(a);
    return code;
}
