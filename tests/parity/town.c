/* town.c - builds the small estate of the settlement tests (town.h). */
#include "parity/town.h"
#include "base/json.h"
#include "base/test.h"
#include "meter/meter.h"
#include "ledger/ledger.h"
#include "support/shelf.h"
#include "tariff/tariff.h"
#include "secret/secret.h"
#include "work/work.h"

const struct settle_period JULY = {{20260701}, {20260801}}, AUGUST = {{20260801}, {20260901}};

#define TEXT_MAX (64u << 20)
#define FIRST_STATION 1000
#define FIRST_POINT 5000

/* ---- the formulas; expect.py has them too
 * ---------------------------------------------------------- */

static int64_t pv_gen(int i, int day, int slot)
{
    if (slot < 28 || slot >= 72) {
        return 0;
    }
    return (int64_t)(slot - 27) * (72 - slot) * 50 * (1 + i % 5) +
           (i * 31 + day * 17 + slot * 7) % 100 * 100;
}

static int64_t pv_export(int i, int day, int slot)
{
    int64_t g = pv_gen(i, day, slot);
    return i == 22 ? g + g / 4 : g * (i % 4) / 8; /* 22: more export than generation */
}

/* Storage 0 charges in the valley and sells in the sharp hours; 1 does the opposite in July. */
static int64_t storage(int k, int day, int slot, bool discharge)
{
    bool july = day < 31, valley = slot < 28, sharp = slot >= 72 && slot < 88;
    bool charging = k == 1 && july ? sharp : valley;
    bool selling = k == 1 && july ? valley : sharp;
    if (discharge) {
        return selling ? (int64_t)(slot % 5 + 7) * 10000 * (k == 1 && july ? 4 : 9) / 10 : 0;
    }
    return charging ? (int64_t)(slot % 3 + 5) * 10000 : 0;
}

/* ---- opening
 * ------------------------------------------------------------------------------------------ */

void town_open(struct town *s, const char *where)
{
    const struct store_migrations rooms[] = {
        people_migrations,   meter_migrations, reading_migrations, tariff_migrations,
        contract_migrations, settle_migrations,  statement_migrations,
        ledger_migrations,   work_migrations,
        secret_migrations};
    *s = (struct town){.now = TOWN_NOW, .a = arena_new()};
    assert_ok(store_open(where, STORE_CREATE, &s->db, &s->e), &s->e);
    assert_ok(store_migrate(s->db, rooms, sizeof(rooms) / sizeof(*rooms), s->now, &s->e), &s->e);
}

void town_close(struct town *s)
{
    store_close(s->db);
    arena_free(s->a);
}

static void begin(struct town *s, enum store_part part)
{
    assert_ok(store_begin(s->db, part, STORE_WRITE, &s->e), &s->e);
}

static void commit(struct town *s, enum store_part part)
{
    assert_ok(store_commit(s->db, part, &s->e), &s->e);
}

/* ---- people, tariff, strategies
 * --------------------------------------------------------------------- */

static void fill_people(struct town *s)
{
    static const char *const perms[] = {"settle:statement:release", "settle:statement:reverse"};
    struct org orgs[] = {{.kind = ORG_OPERATOR, .name = STR("平台公司")},
                         {.kind = ORG_INVESTOR, .name = STR("投资公司")},
                         {.kind = ORG_CONSUMER, .name = STR("用电公司")},
                         {.kind = ORG_GRID, .name = STR("电网公司")}};
    int64_t role;
    begin(s, STORE_CORE);
    for (int64_t i = 0; i < 4; i++) {
        orgs[i].org_id = 11 + i;
    }
    assert_ok(org_add(s->db, scope_machine(), orgs, 4, s->now, &s->e), &s->e);
    s->platform = orgs[0].org_id;
    s->investor = orgs[1].org_id;
    s->consumer = orgs[2].org_id;
    s->grid = orgs[3].org_id;
    assert_ok(user_add(s->db, scope_machine(), s->platform, STR("maker"), STR("Maker"), STR(""),
                       s->now, &s->maker, &s->e),
              &s->e);
    assert_ok(user_add(s->db, scope_machine(), s->platform, STR("checker"), STR("Checker"), STR(""),
                       s->now, &s->checker, &s->e),
              &s->e);
    assert_ok(role_add(s->db, scope_machine(), s->platform, STR("release"), perms, 2, s->now, &role,
                       &s->e),
              &s->e);
    assert_ok(role_grant(s->db, scope_machine(), s->checker, role, s->platform, s->now, &s->e),
              &s->e);
    commit(s, STORE_CORE);
}

static void fill_tariff(struct town *s)
{
    static const char *const files[] = {"data/calendars/zhejiang.json", "data/prices/zhejiang.json",
                                        "data/holidays/cn-2026.json"};
    begin(s, STORE_CORE);
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        struct json doc;
        struct tariff_published out;
        bool fresh;
        assert_ok(json_load(s->a, files[i], &doc, &s->e), &s->e);
        assert_ok(tariff_publish(s->db, s->a, doc, s->now, &out, &fresh, &s->e), &s->e);
    }
    commit(s, STORE_CORE);
}

static void fill_strategies(struct town *s)
{
    static const char *const names[] = {"pv_selfuse", "pv_full_feed_in", "storage_arbitrage"};
    begin(s, STORE_CORE);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct strategy_text out;
        assert_ok(shelf_publish(s->db, s->a, names[i], s->now, &out, &s->e), &s->e);
    }
    commit(s, STORE_CORE);
}

/* ---- stations, points, readings
 * -------------------------------------------------------------------------- */

struct plan { /* what is to be built */
    int pv, feed, storage;
};

static int64_t station_of(int i)
{
    return FIRST_STATION + i;
}

static void fill_meters(struct town *s, struct plan p)
{
    int n = p.pv + p.feed + p.storage, at = 0;
    struct station *stations = arena_many(s->a, (size_t)n, struct station);
    struct point *points = arena_many(s->a, (size_t)n * 2, struct point);
    static const enum point_role roles[] = {POINT_GENERATION, POINT_EXPORT, POINT_CHARGE,
                                            POINT_DISCHARGE};
    static const char *const codes[] = {"gen", "export", "charge", "discharge"};
    for (int i = 0; i < n; i++) {
        bool store = i >= p.pv + p.feed;
        int per = i >= p.pv && !store ? 1 : 2;
        stations[i] = (struct station){.station_id = station_of(i),
                                       .org_id = s->platform,
                                       .shard = i % 3,
                                       .kind = store ? STATION_STORAGE : STATION_PV,
                                       .code = str_of(arena_printf(s->a, "S%05d", i)),
                                       .name = str_of(arena_printf(s->a, "station %d", i))};
        for (int k = 0; k < per; k++) {
            int what = (store ? 2 : 0) + k;
            points[at++] = (struct point){.point_id = FIRST_POINT + 2 * i + k,
                                          .station_id = station_of(i),
                                          .code = str_of(codes[what]),
                                          .role = roles[what],
                                          .quantity = STR("ep_imp"),
                                          .unit = STR("kWh"),
                                          .direction = 1};
        }
        if (i < p.pv && i < TOWN_PV) {
            s->gen[i] = FIRST_POINT + 2 * i;
            s->export[i] = FIRST_POINT + 2 * i + 1;
        } else if (!store && i >= p.pv) {
            s->feed[i - p.pv] = FIRST_POINT + 2 * i;
        } else if (store) {
            s->charge[i - p.pv - p.feed] = FIRST_POINT + 2 * i;
            s->discharge[i - p.pv - p.feed] = FIRST_POINT + 2 * i + 1;
        }
    }
    begin(s, STORE_CORE);
    assert_ok(meter_add_stations(s->db, scope_machine(), stations, (size_t)n, s->now, &s->e),
              &s->e);
    assert_ok(meter_add_points(s->db, scope_machine(), points, (size_t)at, s->now, &s->e), &s->e);
    commit(s, STORE_CORE);
}

static int64_t value_of(struct plan p, int64_t point, int day, int slot)
{
    int i = (int)(point - FIRST_POINT) / 2, k = (int)(point - FIRST_POINT) % 2;
    if (i < p.pv) {
        return k ? pv_export(i, day, slot) : pv_gen(i, day, slot);
    }
    if (i < p.pv + p.feed) {
        return pv_gen(i - p.pv, day, slot) * 3;
    }
    return storage(i - p.pv - p.feed, day, slot, k == 1);
}

/* Days without a reading: 20 is estimated later, 21 stays open. */
static bool left_out(struct plan p, int64_t point, int day)
{
    int i = (int)(point - FIRST_POINT) / 2;
    return p.pv == TOWN_PV && ((i == 20 && day >= 9 && day < 12) || (i == 21 && day == 14));
}

static void fill_readings(struct town *s, struct plan p)
{
    struct meter_estate estate;
    struct reading_points *points;
    assert_ok(meter_load_estate(s->db, scope_machine(), s->a, &estate, &s->e), &s->e);
    int64_t *ids = arena_many(s->a, estate.n, int64_t);
    for (size_t i = 0; i < estate.n; i++) {
        ids[i] = estate.points[i].point_id;
    }
    begin(s, STORE_SERIES);
    assert_ok(reading_place(s->db, &estate, ids, estate.n, s->now, &s->e), &s->e);
    commit(s, STORE_SERIES);
    assert_ok(reading_points_load(s->db, scope_machine(), s->a, &points, &s->e), &s->e);
    reading_points_sort(points, ids, estate.n);
    int64_t *values = arena_many(s->a, estate.n * SLOTS, int64_t);
    int64_t *some = arena_many(s->a, estate.n, int64_t);
    begin(s, STORE_SERIES);
    for (int day = 0; day < 62; day++) {
        size_t n = 0;
        for (size_t i = 0; i < estate.n; i++) {
            if (left_out(p, ids[i], day)) {
                continue;
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                values[n * SLOTS + (size_t)slot] = value_of(p, ids[i], day, slot);
            }
            some[n++] = ids[i];
        }
        assert_ok(reading_load_day(s->db, points, STR("estate"), day_add(JULY.from, day), some, n,
                                   values, RANK_LIVE, s->now, &s->e),
                  &s->e);
    }
    commit(s, STORE_SERIES);
}

static void estimate_gap(struct town *s)
{
    const int64_t points[] = {s->gen[20], s->export[20]};
    struct reading_points *p;
    assert_ok(reading_points_load(s->db, scope_machine(), s->a, &p, &s->e), &s->e);
    for (int k = 0; k < 2; k++) {
        const struct slot from = {day_add(JULY.from, 9), 0};
        int32_t filled;
        assert_ok(reading_estimate(s->db, p, points[k], from, 3 * SLOTS, ESTIMATE_EQUAL, 2880000,
                                   STR("meter out of order"), s->maker, s->now, &filled, &s->e),
                  &s->e);
        assert_int_equal(filled, 3 * SLOTS);
    }
}

/* ---- contracts
 * -------------------------------------------------------------------------------------------- */

static const char *pv_terms(struct town *s, int i)
{
    const char *price = i % 6 == 5 ? "\"price_mode\":\"fixed\",\"fixed_price\":\"0.5500\""
                                   : arena_printf(s->a, "\"discount\":\"0.%d\"", 80 + i % 10);
    return arena_printf(
        s->a,
        "{\"parties\":{\"consumer\":\"%lld\",\"investor\":\"%lld\",\"grid\":\"%lld\","
        "\"platform\":\"%lld\"},\"calendar\":\"zhejiang\",\"prices\":{\"grid_price\":\"%s\"},"
        "\"meters\":{\"gen\":\"%d\",\"export\":\"%d\"},\"settings\":{%s,\"feed_in\":\"0.4153\","
        "\"roof_fee\":%s,\"floor\":null,\"cap\":null,\"free_quota\":null,\"min_take\":null,"
        "\"fee_rate\":\"0.01\"}}",
        (long long)s->consumer, (long long)s->investor, (long long)s->grid, (long long)s->platform,
        i == 23 ? "nowhere" : "zhejiang", FIRST_POINT + 2 * i, FIRST_POINT + 2 * i + 1, price,
        i % 3 == 0 ? "\"0.02\"" : "null");
}

static const char *feed_terms(struct town *s, int i)
{
    return arena_printf(s->a,
                        "{\"parties\":{\"investor\":\"%lld\",\"grid\":\"%lld\",\"platform\":"
                        "\"%lld\",\"roof_owner\":\"%lld\"},\"calendar\":\"zhejiang\","
                        "\"meters\":{\"export\":\"%d\"},\"settings\":{\"feed_in\":\"0.4153\","
                        "\"subsidy\":null}}",
                        (long long)s->investor, (long long)s->grid, (long long)s->platform,
                        (long long)s->consumer, FIRST_POINT + 2 * i);
}

static const char *storage_terms(struct town *s, int i)
{
    return arena_printf(s->a,
                        "{\"parties\":{\"consumer\":\"%lld\",\"investor\":\"%lld\"},\"calendar\":"
                        "\"zhejiang\",\"prices\":{\"grid_price\":\"zhejiang\"},\"meters\":"
                        "{\"charge\":\"%d\",\"discharge\":\"%d\"},\"settings\":{"
                        "\"investor_share\":\"0.7\",\"rte_min\":null}}",
                        (long long)s->consumer, (long long)s->investor, FIRST_POINT + 2 * i,
                        FIRST_POINT + 2 * i + 1);
}

static void fill_contracts(struct town *s, struct plan p)
{
    static const struct order_leg legs[] = {
        {STR("consumer"), STR("investor"), STR("6222020200001111"), STR("6222020200002222"),
         0, 0},
        {STR("investor"), STR("platform"), STR("6222020200002222"), STR("6222020200003333"),
         0, 0}};
    size_t n = (size_t)(p.pv + p.feed + p.storage);
    struct contract *c = arena_many(s->a, n, struct contract);
    struct order *o = arena_many(s->a, n, struct order);
    int64_t *stations = arena_many(s->a, n, int64_t);
    for (int i = 0; i < (int)n; i++) {
        bool pv = i < p.pv, feed = !pv && i < p.pv + p.feed;
        const char *word = pv ? "PV" : feed ? "FI" : "ST";
        int no = pv ? i : feed ? i - p.pv : i - p.pv - p.feed;
        stations[i] = station_of(i);
        c[i] = (struct contract){.contract_id = 20000 + i,
                                 .no = str_of(arena_printf(s->a, "C-%s-%05d", word, no)),
                                 .title = STR("合同"),
                                 .from = {20260101},
                                 .strategy = {pv     ? STR("pv_selfuse")
                                              : feed ? STR("pv_full_feed_in")
                                                     : STR("storage_arbitrage"),
                                              1},
                                 .stations = &stations[i],
                                 .n_stations = 1,
                                 .terms = str_of(pv     ? pv_terms(s, i)
                                                 : feed ? feed_terms(s, i)
                                                        : storage_terms(s, i))};
        o[i] = (struct order){.order_id = 30000 + i,
                              .no = str_of(arena_printf(s->a, "%s-%05d", word, no)),
                              .station_id = stations[i],
                              .legs = legs,
                              .n_legs = feed ? 0
                                        : pv ? 2
                                             : 1,
                              .from = {20260101}};
        if (pv && i < TOWN_PV) {
            s->pv_order[i] = o[i].order_id;
        } else if (!pv && !feed) {
            s->storage_order[no] = o[i].order_id;
        }
    }
    begin(s, STORE_CORE);
    assert_ok(contract_create_bulk(s->db, scope_machine(), c, o, n, s->now, &s->e), &s->e);
    commit(s, STORE_CORE);
}

static void fill(struct town *s, struct plan p)
{
    fill_people(s);
    fill_tariff(s);
    fill_strategies(s);
    fill_meters(s, p);
    fill_readings(s, p);
    fill_contracts(s, p);
}

void town_fill(struct town *s)
{
    fill(s, (struct plan){TOWN_PV, TOWN_FEED, TOWN_STORAGE});
    estimate_gap(s);
}

void town_fill_pv(struct town *s, int only)
{
    fill(s, (struct plan){.pv = only});
}

/* ---- using it
 * -------------------------------------------------------------------------------------------- */

struct settle_progress town_run(struct town *s, struct settle_period p, int workers)
{
    struct settle_progress out;
    const struct statement_batch b = {.period = p, .now = s->now, .workers = workers};
    assert_ok(statement_run(s->db, &b, &out, &s->e), &s->e);
    return out;
}

static int row_order(const void *a, const void *b)
{
    const struct statement_row *x = a, *y = b;
    return str_cmp(x->order_no, y->order_no);
}

static const struct statement_row *rows_of(struct town *s, struct settle_period p, size_t *n)
{
    struct statement_row *all = arena_many(s->a, 100000, struct statement_row);
    struct statement_query q = {.period = p};
    *n = 0;
    for (;;) {
        const struct statement_row *page;
        size_t got;
        assert_ok(statement_list(s->db, s->a, scope_machine(), &q, &page, &got, &s->e), &s->e);
        if (got == 0) {
            break;
        }
        for (size_t i = 0; i < got; i++) {
            if (page[i].state != STATEMENT_VOID) {
                all[(*n)++] = page[i];
            }
        }
        q.after = page[got - 1].statement_id;
    }
    qsort(all, *n, sizeof(*all), row_order);
    return all;
}

struct str town_lines(struct town *s, struct settle_period p)
{
    struct text t;
    size_t n;
    const struct statement_row *rows = rows_of(s, p, &n);
    text_init(&t, s->a, TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct statement *st;
        assert_ok(statement_get(s->db, s->a, scope_machine(), rows[i].statement_id, &st, &s->e),
                  &s->e);
        for (size_t k = 0; k < st->n_lines; k++) {
            const struct settle_line *l = &st->lines[k].l;
            text_addf(&t, STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " ", STR_ARG(st->order_no),
                      STR_ARG(l->code), STR_ARG(l->payer), STR_ARG(l->payee));
            if (l->has_quantity) {
                text_scaled(&t, l->quantity_e4, 4);
                text_byte(&t, ' ');
                text_scaled(&t, l->price_e6, 6);
            } else {
                text_add_c(&t, "- -");
            }
            text_addf(&t, " %lld %lld %lld\n", (long long)l->fen, (long long)l->net_fen,
                      (long long)l->vat_fen);
        }
    }
    return text_str(&t);
}

struct str town_json(struct town *s, struct settle_period p)
{
    struct text t;
    size_t n;
    const struct statement_row *rows = rows_of(s, p, &n);
    text_init(&t, s->a, TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct statement *st;
        assert_ok(statement_get(s->db, s->a, scope_machine(), rows[i].statement_id, &st, &s->e),
                  &s->e);
        statement_export(st, &t, false);
        text_byte(&t, '\n');
    }
    return text_str(&t);
}

int64_t town_statement(struct town *s, const char *order_no, struct settle_period p)
{
    int64_t order, id;
    assert_ok(order_find_no(s->db, s->a, scope_machine(), str_of(order_no), &order, &s->e), &s->e);
    assert_ok(statement_find_order(s->db, scope_machine(), order, p.from, &id, &s->e), &s->e);
    return id;
}

struct statement_act town_act(const struct town *s, const char *reason)
{
    return (struct statement_act){
        .scope = scope_machine(), .user_id = s->maker, .now = s->now, .reason = str_of(reason)};
}

void town_edit(struct town *s, int64_t point, struct slot slot, int64_t value)
{
    struct reading_points *p;
    int64_t id;
    assert_ok(reading_points_load(s->db, scope_machine(), s->a, &p, &s->e), &s->e);
    assert_ok(reading_edit(s->db, p, point, slot, &value, 1, STR("read again by hand"), s->maker,
                           s->now, &id, &s->e),
              &s->e);
    assert_ok(reading_decide(s->db, p, &id, 1, true, STR("photo seen"), s->checker, s->now, &s->e),
              &s->e);
}
