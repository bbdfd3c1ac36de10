/* estate.c - see estate.h. */
#include "ingest/estate.h"

#include "people/people.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/test.h"

static enum err_code fill(struct db *db, void *ctx, struct err *e)
{
    struct instant now = day_start(ESTATE_NOW);
    struct scope all = scope_machine();
    struct org org = { .kind = ORG_OPERATOR, .status = ORG_ACTIVE, .name = STR("test") };
    enum err_code code = org_add(db, all, &org, 1, now, e);
    (void)ctx;
    for (int s = 0; s < 2 && code == OK; s++) {
        struct station station = { .org_id = org.org_id,
                                   .shard = s,
                                   .kind = STATION_PARK,
                                   .code = s == 0 ? STR("S0") : STR("S1"),
                                   .name = STR("park") };
        code = meter_add_stations(db, all, &station, 1, now, e);
        for (int i = 0; i < 2 && code == OK; i++) {
            static const char *const codes[] = { "A", "B", "C", "D" };
            struct point p = { .station_id = station.station_id,
                               .code = str_of(codes[2 * s + i]),
                               .role = POINT_LOAD,
                               .quantity = STR("ep_imp"),
                               .unit = STR("kWh"),
                               .direction = 1 };
            code = meter_add_points(db, all, &p, 1, now, e);
        }
    }
    return code;
}

static enum err_code place(struct db *db, void *ctx, struct err *e)
{
    const struct meter_estate *es = ctx;
    int64_t ids[ESTATE_POINTS];
    for (size_t i = 0; i < es->n; i++) {
        ids[i] = es->points[i].point_id;
    }
    return reading_place(db, es, ids, es->n, day_start(ESTATE_NOW), e);
}

void estate_open(const char *where, struct db **db)
{
    struct err e;
    struct meter_estate es;
    struct arena *a = arena_new();
    struct store_migrations rooms[] = { people_migrations, meter_migrations,
                                        reading_migrations };
    assert_ok(store_open(where, STORE_CREATE, db, &e), &e);
    assert_ok(store_migrate(*db, rooms, 3, day_start(ESTATE_NOW), &e), &e);
    assert_ok(meter_load_estate(*db, scope_machine(), a, &es, &e), &e);
    if (es.n == 0) {
        assert_ok(store_write(*db, STORE_CORE, fill, NULL, &e), &e);
        assert_ok(meter_load_estate(*db, scope_machine(), a, &es, &e), &e);
        assert_int_equal(es.n, ESTATE_POINTS);
        assert_ok(store_write(*db, STORE_SERIES, place, &es, &e), &e);
    }
    arena_free(a);
}

static enum err_code find(void *ctx, struct str name, int64_t *id, struct err *e)
{
    struct estate_names *n = ctx;
    struct point p;
    bool first = name.n == 1 && name.at[0] <= 'B';
    enum err_code code = meter_get_point_by_code(n->db, scope_machine(), n->arena,
                                                 first ? STR("S0") : STR("S1"), name, &p, e);
    if (code == OK) {
        *id = p.point_id;
    }
    return code;
}

struct ingest_points estate_points(struct estate_names *names)
{
    return (struct ingest_points){ find, names };
}

int64_t estate_point(struct db *db, struct arena *a, const char *name)
{
    struct estate_names n = { db, a };
    struct err e;
    int64_t id = 0;
    assert_ok(find(&n, str_of(name), &id, &e), &e);
    return id;
}

void estate_csv(const char *path, int days)
{
    struct arena *a = arena_new();
    struct text t;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    text_init(&t, a, 64u << 20);
    text_add_c(&t, "m,t,v\n");
    for (int d = 0; d < days; d++) {
        struct day day = day_add((struct day){ 20250101 }, d);
        for (int i = 0; i < SLOTS; i++) {
            for (int p = 0; p < ESTATE_POINTS; p++) {
                text_addf(&t, "%c,%04d-%02d-%02dT%02d:%02d,%d.%02d\n", 'A' + p,
                          day.yyyymmdd / 10000, day.yyyymmdd / 100 % 100, day.yyyymmdd % 100, i / 4,
                          i % 4 * 15, (d * 31 + i * 7 + p * 101) % 400, (d + i * p) % 100);
            }
        }
    }
    assert_int_equal(write(fd, t.at, t.n), t.n);
    close(fd);
    arena_free(a);
}

enum err_code estate_import(struct db *db, struct arena *a, const char *file, const char *report,
                            struct ingest_sink *wrap, struct ingest_result *out, struct err *e)
{
    struct reading_points *points;
    struct mapping *m;
    struct estate_names names = { db, a };
    struct ingest_store store = { .db = db, .now = day_start(ESTATE_NOW), .fold = true };
    enum err_code code = reading_points_load(db, scope_machine(), a, &points, e);
    if (code != OK || (code = mapping_parse(a, STR(ESTATE_MAPPING), "long.json", &m, e)) != OK) {
        return code;
    }
    store.points = points;
    struct ingest_sink sink = ingest_store_sink(&store);
    if (wrap != NULL) {
        *(struct ingest_sink *)wrap->ctx = sink; /* what the wrapper passes on to */
        sink = *wrap;
    }
    struct ingest_job job = { .file = file,
                              .mapping = m,
                              .points = estate_points(&names),
                              .sink = sink,
                              .now = day_start(ESTATE_NOW),
                              .report = report };
    return ingest_file(a, &job, out, e);
}

uint64_t estate_hash(struct db *db, int days)
{
    static const char *const names[] = { "A", "B", "C", "D" };
    struct arena *a = arena_new();
    struct reading_points *points;
    struct err e;
    struct reading_day *v = arena_many(a, (size_t)days, struct reading_day);
    uint64_t hash = 0;
    assert_ok(reading_points_load(db, scope_machine(), a, &points, &e), &e);
    for (int p = 0; p < ESTATE_POINTS; p++) {
        assert_ok(reading_values(db, points, estate_point(db, a, names[p]),
                                 (struct day){ 20250101 }, days, v, &e),
                  &e);
        for (int d = 0; d < days; d++) {
            hash = hash64(v[d].value, sizeof v[d].value, hash);
            hash = hash64(v[d].mark, sizeof v[d].mark, hash);
        }
    }
    arena_free(a);
    return hash;
}
