/* store_bench.c - the interval store at size: take over a fleet, settle its month from chunks, from
 * sealed months and from the archive, journal readings, fold late ones. CPU time of one thread.
 *
 *   build/bench/src/reading/store_bench DIR [points]      DIR must not exist; it is left behind
 */
#include "base/rand.h"
#include "reading/days.h"

#define DAYS 30
#define FIRST ((struct day){ 20260601 })
#define NOW ((struct instant){ 1775000000000LL })
#define STEP 4000 /* 10 Wh x 40 */

static struct err e;
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != OK) {                                                                        \
            fprintf(stderr, "%s\n", e.text);                                                       \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void make_points(struct db *db, size_t n, int64_t *ids, struct arena *a)
{
    struct point *p = arena_many(a, n, struct point);
    struct station s = { .station_id = 1, .org_id = 1, .kind = STATION_PV, .code = STR("S") };
    MUST(store_begin(db, STORE_CORE, STORE_WRITE, &e));
    MUST(meter_add_stations(db, scope_machine(), &s, 1, NOW, &e));
    for (size_t i = 0; i < n; i++) {
        ids[i] = (int64_t)i + 1;
        p[i] = (struct point){ .point_id = ids[i],
                               .station_id = 1,
                               .code = str_of(arena_printf(a, "%zu", i)),
                               .role = POINT_GENERATION,
                               .quantity = STR("ep_exp"),
                               .unit = STR("kWh") };
    }
    MUST(meter_add_points(db, scope_machine(), p, n, NOW, &e));
    MUST(store_commit(db, STORE_CORE, &e));
}

static void fill_day(struct rng *r, const int64_t *peak, size_t n, int64_t *values)
{
    int64_t clear = rng_between(r, 200, 1000);
    for (size_t i = 0; i < n; i++) {
        for (int s = 0; s < SLOTS; s++) {
            int64_t x = s > 22 && s < 74 ? (s - 22) * (74 - s) : 0;
            int64_t cloud = clear * 6 / 10 + (int64_t)(rng_next(r) % (uint64_t)(clear * 4 / 10));
            values[i * SLOTS + (size_t)s] = peak[i] * x * cloud / 676000 * STEP;
        }
    }
}

struct sizes {
    int64_t bytes, rows;
};

static bool count_blob(void *ctx, int64_t key, int64_t snapshot, struct str data,
                       enum err_code *code, struct err *err)
{
    struct sizes *z = ctx;
    (void)key, (void)snapshot, (void)code, (void)err;
    z->bytes += (int64_t)data.n;
    z->rows++;
    return true;
}

static void show(const char *what, int64_t us, int64_t readings)
{
    printf("%-34s %7lld ms CPU  %6lld M readings/s\n", what, (long long)(us / 1000),
           (long long)(readings / (us ? us : 1)));
}

static uint64_t totals(struct db *db, const struct reading_points *p,
                       const struct reading_plan *plan, const int64_t *ids, size_t n,
                       const char *what)
{
    struct arena *a = arena_new();
    struct reading_total *t = arena_many(a, n, struct reading_total);
    uint64_t sum = 0;
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        t[i].sums = arena_many(a, 5, int64_t);
    }
    for (int round = 0; round < 4; round++) {
        int64_t us = cpu_us();
        for (size_t i = 0; i < n; i += 4096) {
            size_t some = n - i < 4096 ? n - i : 4096;
            MUST(reading_totals(db, p, plan, ids + i, some, t + i, &e));
        }
        us = cpu_us() - us;
        best = us < best ? us : best;
    }
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < 5; k++) {
            sum = sum * 31 + (uint64_t)t[i].sums[k];
        }
        sum = sum * 31 + t[i].snapshot;
    }
    show(what, best, (int64_t)n * DAYS * SLOTS);
    arena_free(a);
    return sum;
}

/* What is journalled and folded: `points` over HOT_DAYS of April, but for the last slots of each
 * day; then those, one here and one there, as late data. */
#define HOT_FIRST ((struct day){ 20260401 })
#define HOT_DAYS 8
#define LATE_SLOTS 4

static void send(struct db *db, const struct reading_points *p, const char *source, int64_t batch,
                 const struct reading *r, size_t n)
{
    struct reading_batch b = {
        .source = str_of(source), .batch_id = batch, .readings = r, .n = n, .old_days = 1000
    };
    MUST(reading_intake(db, p, &b, 1, (struct instant){ NOW.utc_ms + 30 * DAY_MS }, &e));
}

static struct reading reading_of(int64_t id, int day, int slot, int64_t value)
{
    return (struct reading){ .point_id = id,
                             .ts_ms = day_start(day_add(HOT_FIRST, day)).utc_ms + slot * SLOT_MS,
                             .value = value,
                             .kind = READING_INT,
                             .rank = RANK_LIVE };
}

static void each_ns(const char *what, int64_t us, int64_t n)
{
    printf("%-34s %7lld ns CPU a reading\n", what, (long long)(us * 1000 / n));
}

static void hot(struct db *db, const struct reading_points *p, const int64_t *ids, size_t n)
{
    static struct reading r[1000];
    struct reading_fold_report report;
    int64_t batch = 0, sent = 0, in = 0;
    size_t k = 0;
    for (int d = 0; d < HOT_DAYS; d++) {
        for (size_t i = 0; i < n; i++) {
            for (int s = 0; s < SLOTS - LATE_SLOTS; s++) {
                r[k++] = reading_of(ids[i], d, s, (s * 7 % 90) * STEP);
                if (k == 1000) {
                    int64_t us = cpu_us();
                    send(db, p, "hot", batch++, r, k);
                    in += cpu_us() - us;
                    sent += 1000;
                    k = 0;
                }
            }
        }
    }
    each_ns("durable intake, 1,000 a batch", in, sent);
    int64_t us = cpu_us();
    MUST(reading_fold(db, p, NULL, NOW, &report, &e));
    each_ns("fold in order", cpu_us() - us, report.readings);
}

static void late(struct db *db, const struct reading_points *p, const int64_t *ids, size_t n)
{
    static struct reading r[1000];
    struct reading_fold_report report;
    struct rng g;
    int64_t in = 0, fold = 0, sent = 0;
    rng_init(&g, 9);
    for (int64_t batch = 0; batch < 20; batch++) {
        for (int i = 0; i < 1000; i++) {
            r[i] = reading_of(ids[rng_below(&g, n)], (int)rng_below(&g, HOT_DAYS),
                              SLOTS - 1 - (int)rng_below(&g, LATE_SLOTS), 5 * STEP);
        }
        int64_t us = cpu_us();
        send(db, p, "late", batch, r, 1000);
        in += cpu_us() - us;
        us = cpu_us();
        MUST(reading_fold(db, p, NULL, NOW, &report, &e));
        fold += cpu_us() - us;
        sent += 1000;
    }
    each_ns("late reading: intake", in, sent);
    each_ns("late reading: fold", fold, sent);
}

int main(int argc, char **argv)
{
    size_t n = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 30000;
    struct arena *a = arena_new();
    struct db *db;
    struct meter_estate estate;
    struct reading_points *p;
    struct rng r;
    if (argc < 2) {
        fprintf(stderr, "usage: store_bench DIR [points]\n");
        return 2;
    }
    MUST(store_open(argv[1], STORE_CREATE, &db, &e));
    struct store_migrations rooms[] = { meter_migrations, reading_migrations };
    MUST(store_migrate(db, rooms, 2, NOW, &e));
    int64_t *ids = arena_many(a, n, int64_t), *peak = arena_many(a, n, int64_t);
    int64_t *values = arena_many(a, n * SLOTS, int64_t);
    make_points(db, n, ids, a);
    MUST(meter_load_estate(db, scope_machine(), a, &estate, &e));
    MUST(store_begin(db, STORE_SERIES, STORE_WRITE, &e));
    MUST(reading_place(db, &estate, ids, n, NOW, &e));
    MUST(store_commit(db, STORE_SERIES, &e));
    MUST(reading_points_load(db, scope_machine(), a, &p, &e));
    rng_init(&r, 1);
    for (size_t i = 0; i < n; i++) {
        peak[i] = rng_between(&r, 60, 400);
    }
    int64_t readings = (int64_t)n * DAYS * SLOTS, us = 0;
    for (int d = 0; d < DAYS; d++) {
        fill_day(&r, peak, n, values);
        int64_t t = cpu_us();
        MUST(store_begin(db, STORE_SERIES, STORE_WRITE, &e));
        MUST(reading_load_day(db, p, STR("fleet"), day_add(FIRST, d), ids, n, values, RANK_FROZEN,
                              NOW, &e));
        MUST(store_commit(db, STORE_SERIES, &e));
        us += cpu_us() - t;
    }
    show("take over days", us, readings);
    struct sizes z = { 0 };
    MUST(rows_each_chunk(db, SERIES_INTERVALS, 0, INT64_MAX, count_blob, &z, &e));
    printf("day chunks  %lld rows, 0.%03lld bytes a reading\n", (long long)z.rows,
           (long long)(z.bytes * 1000 / readings));
    uint8_t map[DAYS], key[2 * SLOTS];
    for (int d = 0; d < DAYS; d++) {
        map[d] = day_weekday(day_add(FIRST, d)) > 5;
    }
    for (int s = 0; s < 2 * SLOTS; s++) {
        key[s] = (uint8_t)(s % SLOTS / 8 % 5);
    }
    struct reading_plan *plan;
    MUST(reading_plan_new(a, FIRST, DAYS, map, 2, key, 5, &plan, &e));
    uint64_t open = totals(db, p, plan, ids, n, "totals from day chunks");
    int64_t done;
    hot(db, p, ids, n / 10);
    late(db, p, ids, n / 10);
    us = cpu_us();
    MUST(reading_seal(db, p, ids, n, (struct month){ 202606 }, NOW, &done, &e));
    show("seal", cpu_us() - us, readings);
    z = (struct sizes){ 0 };
    MUST(rows_each_block(db, 0, INT64_MAX, count_blob, &z, &e));
    printf("sealed months  %lld rows, 0.%03lld bytes a reading\n", (long long)z.rows,
           (long long)(z.bytes * 1000 / readings));
    uint64_t sealed = totals(db, p, plan, ids, n, "totals from sealed months");
    us = cpu_us();
    MUST(reading_archive(db, (struct month){ 202607 }, INT64_MAX, &done, &e));
    show("archive", cpu_us() - us, readings);
    z = (struct sizes){ 0 };
    MUST(rows_each_block(db, 0, INT64_MAX, count_blob, &z, &e));
    printf("archive  %lld rows, 0.%03lld bytes a reading\n", (long long)z.rows,
           (long long)(z.bytes * 1000 / readings));
    uint64_t archived = totals(db, p, plan, ids, n, "totals from the archive");
    check(open == sealed && sealed == archived);
    store_close(db);
    arena_free(a);
    return 0;
}
