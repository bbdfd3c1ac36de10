/* reading_world.h - a small estate for the tests of this room, on either engine. */
#ifndef SK_TESTS_SUPPORT_READING_WORLD_H
#define SK_TESTS_SUPPORT_READING_WORLD_H
#include "base/rand.h"
#include "base/test.h"
#include "reading/days.h"
#include "support/pg.h"

#define ORG 7
#define DAY ((struct day){ 20260302 })
#define NOW ((struct instant){ 1775000000000LL }) /* 2026-04-01 07:33 +8 */

struct world {
    char where[600];
    struct db *db;
    struct arena *a;
    struct err e;
    struct meter_estate estate;
    struct reading_points *p;
    int64_t point[40]; /* real ones, in place order; the meter of each has the same index */
    int64_t meter[40];
    int64_t station;
};
static bool on_postgres;

static inline void world_begin(struct world *w, enum store_part part)
{
    assert_ok(store_begin(w->db, part, STORE_WRITE, &w->e), &w->e);
}
static inline void world_commit(struct world *w, enum store_part part)
{
    assert_ok(store_commit(w->db, part, &w->e), &w->e);
}

/* Opens an empty store with the tables of this room and 40 points of one station. */
static inline void world_make(struct world *w)
{
    if (on_postgres) {
        pg_new_url(w->where, sizeof(w->where));
    } else {
        temp_dir(w->where, sizeof(w->where));
    }
    w->a = arena_new();
    assert_ok(store_open(w->where, STORE_CREATE, &w->db, &w->e), &w->e);
    struct store_migrations rooms[] = { meter_migrations, reading_migrations };
    assert_ok(store_migrate(w->db, rooms, 2, NOW, &w->e), &w->e);
    world_begin(w, STORE_CORE);
    struct station s = { .org_id = ORG, .kind = STATION_PV, .code = STR("PV01") };
    assert_ok(meter_add_stations(w->db, scope_machine(), &s, 1, NOW, &w->e), &w->e);
    struct point p[40];
    struct meter m[40];
    for (int i = 0; i < 40; i++) {
        p[i] = (struct point){ .point_id = 1000 + i,
                               .station_id = s.station_id,
                               .code = str_of(arena_printf(w->a, "p%02d", i)),
                               .role = POINT_GENERATION,
                               .quantity = STR("ep_exp"),
                               .unit = STR("kWh"),
                               .direction = -1 };
        m[i] = (struct meter){ .meter_id = 5000 + i,
                               .station_id = s.station_id,
                               .serial = p[i].code,
                               .modulus_e4 = 100000000,
                               .resolution_e4 = 100 };
        w->point[i] = p[i].point_id;
        w->meter[i] = m[i].meter_id;
    }
    w->station = s.station_id;
    assert_ok(meter_add_points(w->db, scope_machine(), p, 40, NOW, &w->e), &w->e);
    assert_ok(meter_add_meters(w->db, scope_machine(), m, 40, NOW, &w->e), &w->e);
    world_commit(w, STORE_CORE);
}

/* Gives all points places and loads the picture; again after the estate was changed. */
static inline void world_load(struct world *w)
{
    assert_ok(meter_load_estate(w->db, scope_machine(), w->a, &w->estate, &w->e), &w->e);
    world_begin(w, STORE_SERIES);
    assert_ok(reading_place(w->db, &w->estate, w->point, 40, NOW, &w->e), &w->e);
    world_commit(w, STORE_SERIES);
    assert_ok(reading_points_load(w->db, scope_machine(), w->a, &w->p, &w->e), &w->e);
}

static inline int world_set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    world_make(w);
    world_load(w);
    *state = w;
    return 0;
}

static inline int world_tear_down(void **state)
{
    struct world *w = *state;
    store_close(w->db);
    arena_free(w->a);
    free(w);
    return 0;
}

static inline struct reading interval(int64_t point, struct day day, int slot, int64_t value)
{
    return (struct reading){ .point_id = point,
                             .ts_ms = slot_start((struct slot){ day, slot }).utc_ms,
                             .value = value,
                             .kind = READING_INT,
                             .rank = RANK_LIVE };
}

/* Journals one batch; gives the number taken. */
static inline size_t world_send(struct world *w, const char *source, int64_t batch,
                                const struct reading *r, size_t n, uint8_t *outcomes)
{
    struct reading_batch b = {
        .source = str_of(source), .batch_id = batch, .readings = r, .n = n, .outcomes = outcomes
    };
    assert_ok(reading_intake(w->db, w->p, &b, 1, NOW, &w->e), &w->e);
    return b.n_taken;
}

static inline struct reading_fold_report world_fold(struct world *w)
{
    struct reading_fold_report report;
    assert_ok(reading_fold(w->db, w->p, NULL, NOW, &report, &w->e), &w->e);
    return report;
}

static inline struct reading_day world_day(struct world *w, int64_t point, struct day day)
{
    struct reading_day d;
    assert_ok(reading_values(w->db, w->p, point, day, 1, &d, &w->e), &w->e);
    return d;
}

/* Runs the tests on SQLite and, where it is installed, on PostgreSQL. */
#define RUN_ON_BOTH(name, tests)                                                                   \
    (cmocka_run_group_tests_name(name " on sqlite", tests, NULL, NULL) +                           \
     (pg_installed() ? (on_postgres = true,                                                        \
                        cmocka_run_group_tests_name(name " on postgres", tests, NULL, NULL))       \
                     : 0))
#endif
