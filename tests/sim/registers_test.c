/* registers_test.c - what the meters of a simulated site say, through journal and fold, against
 * what the site truly made: swap, ratio change, rollover, a gap and a late gateway lose nothing.
 */
#include "meter/meter.h"
#include "people/people.h"
#include "reading/reading.h"
#include "sim/sim.h"
#include "support/pg.h"

#include "base/test.h"

#define DAYS 10
#define K 80
#define STEP (100 * K) /* one step of the register, in energy */
static const struct day FROM = { 20260701 };

struct world {
    struct arena *arena;
    struct db *db;
    struct sim_world *sim;
    struct reading_points *points;
    int site;
    struct sim_event events[4];
    int64_t meter_id[2], point_id[SIM_REGISTERS];
};

static struct instant at(int day, int slot)
{
    return (struct instant){ day_start(FROM).utc_ms + day * DAY_MS + slot * SLOT_MS };
}

static struct instant now(void)
{
    return at(DAYS + 1, 0);
}

static void simulate(struct world *w)
{
    struct sim_site s = { .name = "roof",
                          .kind = SIM_PV,
                          .rated_w = 300000,
                          .latitude_e2 = 3010,
                          .longitude_e2 = 12030,
                          .load = SIM_TWO_SHIFT,
                          .load_w = 150000 };
    struct err e;
    for (int reg = SIM_GENERATION; reg <= SIM_IMPORT; reg++) {
        s.meters[reg] = (struct sim_meter){ true, 10000000000, 100, 5000000, K };
    }
    s.meters[SIM_IMPORT].first_e4 = 10000000000 - 300000; /* rolls over on the first days */
    w->events[0] = (struct sim_event){ SIM_GAP, SIM_GENERATION, at(2, 46), at(2, 50), 0, 0 };
    w->events[1] = (struct sim_event){ SIM_LATE, SIM_REGISTERS, at(4, 0), at(6, 10), 0, 0 };
    w->events[2] = (struct sim_event){ SIM_SWAP, SIM_GENERATION, at(7, 50), { 0 }, 70000, 0 };
    w->events[3] = (struct sim_event){ SIM_RATIO, SIM_IMPORT, at(8, 40), { 0 }, 2 * K, 0 };
    w->sim = sim_world_new(w->arena, 5, FROM, DAYS);
    assert_ok(sim_world_add(w->sim, &s, w->events, 4, &w->site, &e), &e);
}

static enum err_code build(struct db *db, void *ctx, struct err *e)
{
    static const char *const codes[] = { "gen", "export", "import" };
    static const int64_t first[] = { 5000000, 5000000, 10000000000 - 300000 };
    struct world *w = ctx;
    struct scope all = scope_machine();
    struct org org = { .kind = ORG_OPERATOR, .status = ORG_ACTIVE, .name = STR("test") };
    struct station st = { .kind = STATION_PV, .code = STR("PV"), .name = STR("roof") };
    struct binding next = { .ct_num = 400, .ct_den = 5, .pt_num = 1, .pt_den = 1 };
    enum err_code code = org_add(db, all, &org, 1, now(), e);
    st.org_id = org.org_id;
    code = code != OK ? code : meter_add_stations(db, all, &st, 1, now(), e);
    for (int i = 0; i < 2 && code == OK; i++) {
        struct meter m = { .station_id = st.station_id,
                           .serial = i == 0 ? STR("old") : STR("new"),
                           .modulus_e4 = 10000000000,
                           .resolution_e4 = 100 };
        code = meter_add_meters(db, all, &m, 1, now(), e);
        w->meter_id[i] = m.meter_id;
    }
    for (int reg = SIM_GENERATION; reg <= SIM_IMPORT && code == OK; reg++) {
        struct point p = { .station_id = st.station_id,
                           .code = str_of(codes[reg]),
                           .role = reg == SIM_GENERATION ? POINT_GENERATION : POINT_OTHER,
                           .quantity = str_of(codes[reg]),
                           .unit = STR("kWh"),
                           .rated_kw_e4 = 500 * 10000 };
        code = meter_add_points(db, all, &p, 1, now(), e);
        w->point_id[reg] = p.point_id;
        next.point_id = p.point_id;
        next.meter_id = w->meter_id[0];
        next.valid_from = at(0, 0);
        next.register_code = str_of(codes[reg]);
        next.first_value_e4 = first[reg];
        next.last_value_e4 = METER_OPEN_VALUE;
        next.reason = BINDING_FIRST;
        code = code != OK ? code : meter_bind(db, all, &next, 1, now(), e);
    }
    if (code == OK) {
        next.point_id = w->point_id[SIM_GENERATION];
        next.meter_id = w->meter_id[1];
        next.register_code = STR("gen");
        next.valid_from = at(7, 50);
        next.first_value_e4 = 70000;
        next.reason = BINDING_SWAP;
        code = meter_swap(db, all, &next, w->events[2].last_e4, now(), e);
    }
    return code != OK
               ? code
               : meter_change_ratio(db, all, w->point_id[SIM_IMPORT], at(8, 40),
                                    w->events[3].last_e4, 800, 5, 1, 1, STR("test"), now(), e);
}

static enum err_code place(struct db *db, void *ctx, struct err *e)
{
    struct world *w = ctx;
    struct meter_estate es;
    enum err_code code = meter_load_estate(db, scope_machine(), w->arena, &es, e);
    return code != OK ? code : reading_place(db, &es, w->point_id, 3, now(), e);
}

static enum err_code send(void *ctx, const struct sim_batch *b, struct err *e)
{
    struct world *w = ctx;
    struct arena *a = arena_new();
    struct reading *r = arena_many(a, b->n, struct reading);
    struct reading_batch batch = {
        .source = STR("gw:roof"), .batch_id = b->seq, .readings = r, .n = b->n
    };
    for (size_t i = 0; i < b->n; i++) {
        r[i].point_id = w->point_id[b->samples[i].reg];
        r[i].ts_ms = b->samples[i].at.utc_ms;
        r[i].value = b->samples[i].value_e4;
        r[i].kind = READING_REG;
        r[i].rank = RANK_LIVE;
    }
    enum err_code code = reading_intake(w->db, w->points, &batch, 1, now(), e);
    arena_free(a);
    return code;
}

/* Per slot at most a step off (two after the ratio was doubled), over the days at most a few. */
static void compare(struct world *w, enum sim_register reg, int gap_from, int gap_until)
{
    struct reading_day *v = arena_many(w->arena, DAYS, struct reading_day);
    struct err e;
    int64_t sum = 0, truth = 0;
    assert_ok(reading_values(w->db, w->points, w->point_id[reg], FROM, DAYS, v, &e), &e);
    for (int d = 0; d < DAYS; d++) {
        int64_t t[SLOTS];
        sim_truth(w->sim, w->site, reg, day_add(FROM, d), t);
        for (int i = 0; i < SLOTS; i++) {
            int slot = d * SLOTS + i;
            bool gap = slot >= gap_from && slot < gap_until;
            assert_int_equal(v[d].mark[i], gap ? MARK_ESTIMATED : MARK_ACTUAL);
            if (!gap) {
                assert_in_range(v[d].value[i] - t[i] + 2 * STEP, 0, 4 * STEP);
            }
            sum += v[d].value[i];
            truth += t[i];
        }
    }
    assert_true(truth > 0);
    assert_in_range(sum - truth + 3 * STEP, 0, 6 * STEP);
}

static void play(const char *where)
{
    struct world w = { .arena = arena_new() };
    struct err e;
    struct reading_fold_report folded;
    struct store_migrations rooms[] = { people_migrations, meter_migrations,
                                        reading_migrations };
    simulate(&w);
    assert_ok(store_open(where, STORE_CREATE, &w.db, &e), &e);
    assert_ok(store_migrate(w.db, rooms, 3, now(), &e), &e);
    assert_ok(store_write(w.db, STORE_CORE, build, &w, &e), &e);
    assert_ok(store_write(w.db, STORE_SERIES, place, &w, &e), &e);
    assert_ok(reading_points_load(w.db, scope_machine(), w.arena, &w.points, &e), &e);
    assert_ok(sim_play(w.sim, w.site, send, &w, &e), &e);
    assert_ok(reading_fold(w.db, w.points, NULL, now(), &folded, &e), &e);
    /* Boundaries 46 to 49 of the third day are missing: five intervals are estimated. */
    compare(&w, SIM_GENERATION, 2 * SLOTS + 45, 2 * SLOTS + 50);
    compare(&w, SIM_EXPORT, 0, 0);
    compare(&w, SIM_IMPORT, 0, 0);
    store_close(w.db);
    arena_free(w.arena);
}

static void test_sqlite(void **state)
{
    (void)state;
    char where[512];
    temp_dir(where, sizeof where);
    play(where);
}

static void test_postgres(void **state)
{
    (void)state;
    char where[512];
    if (!pg_installed()) {
        skip();
    }
    pg_new_url(where, sizeof where);
    play(where);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_sqlite),
                                        cmocka_unit_test(test_postgres) };
    return cmocka_run_group_tests_name("simulated registers", tests, NULL, NULL);
}
