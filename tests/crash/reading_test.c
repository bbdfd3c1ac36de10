/* reading_test.c - killed while journalling, folding and sealing, and with every write failing
 * once: what was acknowledged stays, nothing is doubled (reliability.md K1, K5, D1).
 *
 * The program starts itself as a child that works through a small day: batches of intervals and
 * registers with duplicates and a conflict, folds in between, a month sealed, late data for it.
 * Each acknowledgement is noted in a file, and what was acknowledged is never sent again. After a
 * death the child is started again on what was left, and must come to the digest of an undisturbed
 * run.
 *
 *   SK_KILLS=10000 build/tests/crash/reading_test     random kills; 200 by default
 */
#include "base/rand.h"
#include "base/test.h"
#include "reading/days.h"
#include "support/pg.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW ((struct instant){ 1775000000000LL }) /* 2026-04-01 +8 */
#define DAY ((struct day){ 20260302 })
#define POINTS 20
#define BATCHES 12
#define STARTS_MAX 50

static char self[600];
static struct err e;

#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != OK) {                                                                        \
            return e.code;                                                                         \
        }                                                                                          \
    } while (0)

/* ---- the child ---- */

struct work {
    struct db *db;
    struct arena *a;
    struct reading_points *p;
    int acks; /* file descriptor */
    bool acked[BATCHES + 2];
};

static enum err_code make_estate(struct work *w)
{
    struct meter_estate es;
    MUST(meter_load_estate(w->db, scope_machine(), w->a, &es, &e));
    if (es.n == 0) {
        struct station s = { .station_id = 1, .org_id = 1, .kind = STATION_PV, .code = STR("S") };
        struct meter m = { .meter_id = 9, .station_id = 1, .resolution_e4 = 100 };
        struct point p[POINTS];
        struct binding b = { .point_id = 1,
                             .valid_from = day_start(day_add(DAY, -60)),
                             .meter_id = 9,
                             .register_code = STR("ep_exp"),
                             .ct_num = 40,
                             .ct_den = 1,
                             .pt_num = 1,
                             .pt_den = 1,
                             .first_value_e4 = METER_OPEN_VALUE,
                             .last_value_e4 = METER_OPEN_VALUE,
                             .reason = BINDING_FIRST };
        for (int i = 0; i < POINTS; i++) {
            p[i] = (struct point){ .point_id = i + 1,
                                   .station_id = 1,
                                   .code = str_of(arena_printf(w->a, "%d", i)),
                                   .role = POINT_GENERATION };
        }
        MUST(store_begin(w->db, STORE_CORE, STORE_WRITE, &e));
        MUST(meter_add_stations(w->db, scope_machine(), &s, 1, NOW, &e));
        MUST(meter_add_meters(w->db, scope_machine(), &m, 1, NOW, &e));
        MUST(meter_add_points(w->db, scope_machine(), p, POINTS, NOW, &e));
        MUST(meter_bind(w->db, scope_machine(), &b, 1, NOW, &e));
        MUST(store_commit(w->db, STORE_CORE, &e));
        MUST(meter_load_estate(w->db, scope_machine(), w->a, &es, &e));
    }
    int64_t ids[POINTS];
    for (int i = 0; i < POINTS; i++) {
        ids[i] = i + 1;
    }
    MUST(store_begin(w->db, STORE_SERIES, STORE_WRITE, &e));
    MUST(reading_place(w->db, &es, ids, POINTS, NOW, &e));
    MUST(store_commit(w->db, STORE_SERIES, &e));
    return reading_points_load(w->db, scope_machine(), w->a, &w->p, &e);
}

/* Sends a batch unless it was acknowledged; notes the acknowledgement. */
static enum err_code send(struct work *w, int batch, const struct reading *r, size_t n)
{
    if (w->acked[batch]) {
        return OK;
    }
    struct reading_batch b = { .source = STR("gw"), .batch_id = batch, .readings = r, .n = n };
    MUST(reading_intake(w->db, w->p, &b, 1, NOW, &e));
    uint8_t mark = (uint8_t)batch;
    check(b.result != BATCH_DIFFERENT && write(w->acks, &mark, 1) == 1);
    return OK;
}

static enum err_code send_some(struct work *w, int batch)
{
    struct reading r[200];
    struct rng g;
    size_t n = 0;
    rng_init(&g, (uint64_t)batch);
    for (; n < 150; n++) { /* few slots of two days, so that readings meet */
        int64_t slot = (int64_t)rng_below(&g, 60);
        r[n] = (struct reading){ .point_id = 2 + (int64_t)rng_below(&g, POINTS - 1),
                                 .ts_ms = day_start(DAY).utc_ms + slot * SLOT_MS,
                                 .value = (int64_t)rng_below(&g, 2) * 4000 + slot,
                                 .kind = READING_INT,
                                 .rank = rng_below(&g, 3) ? RANK_LIVE : RANK_FROZEN };
    }
    for (int i = batch % 2; i < 50; i += 2) { /* registers of point 1: every other one */
        int64_t slot = (batch / 2) * 50 + i;
        r[n++] = (struct reading){ .point_id = 1,
                                   .ts_ms = day_start(DAY).utc_ms + slot * SLOT_MS,
                                   .value = 1000 * slot * (slot % 7 ? 1 : 2),
                                   .kind = READING_REG,
                                   .rank = RANK_LIVE };
    }
    return send(w, batch, r, n);
}

/* The day. Every step may be done again. */
static enum err_code work(struct work *w)
{
    int64_t sealed[] = { 2, 3, 4, 17 }, n;
    struct reading_fold_report f;
    MUST(make_estate(w));
    for (int batch = 0; batch < BATCHES; batch++) {
        MUST(send_some(w, batch));
        if (batch % 5 == 4) {
            MUST(reading_fold(w->db, w->p, NULL, NOW, &f, &e));
        }
    }
    MUST(reading_fold(w->db, w->p, NULL, NOW, &f, &e));
    MUST(reading_seal(w->db, w->p, sealed, 4, (struct month){ 202603 }, NOW, &n, &e));
    struct reading late[2] = { { .point_id = 3, /* its month is sealed; that of point 5 is not */
                                 .ts_ms = day_start(DAY).utc_ms + 90 * SLOT_MS,
                                 .value = 77,
                                 .kind = READING_INT,
                                 .rank = RANK_LIVE } };
    late[1] = late[0];
    late[1].point_id = 5;
    MUST(send(w, BATCHES, late, 2));
    MUST(reading_fold(w->db, w->p, NULL, NOW, &f, &e));
    MUST(reading_merge_late(w->db, &n, &e));
    return reading_archive(w->db, (struct month){ 202604 }, 100, &n, &e);
}

static int child(const char *where)
{
    struct work w = { .a = arena_new() };
    uint8_t marks[BATCHES * 4];
    const char *acks = arena_printf(w.a, "%s/acks", where);
    struct store_migrations rooms[] = { meter_migrations, reading_migrations };
    w.acks = open(acks, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    ssize_t n = read(w.acks, marks, sizeof(marks));
    for (ssize_t i = 0; i < n; i++) {
        w.acked[marks[i]] = true;
    }
    enum err_code code = store_open(where, STORE_CREATE, &w.db, &e);
    code = code == OK ? store_migrate(w.db, rooms, 2, NOW, &e) : code;
    code = code == OK ? work(&w) : code;
    store_close(w.db);
    arena_free(w.a);
    return code == OK ? 0 : 3;
}

/* ---- the parent ---- */

static pid_t start(const char *where, const char *name, const char *value)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (name) {
            setenv(name, value, 1);
        }
        execl(self, self, "--child", where, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int end(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool hash_blob(void *ctx, int64_t key, int64_t snapshot, struct str data,
                      enum err_code *code, struct err *err)
{
    uint64_t *h = ctx;
    (void)code, (void)err;
    *h = hash64(data.at, data.n, *h ^ (uint64_t)(key + snapshot));
    return true;
}

/* All blocks and the open proposals, after the check found nothing wrong. */
static uint64_t digest(const char *where)
{
    struct db *db;
    struct arena *a = arena_new();
    struct reading_points *p;
    struct reading_check_report report;
    struct reading_change *c;
    size_t n;
    uint64_t h = 1;
    assert_ok(store_open(where, STORE_READ_ONLY, &db, &e), &e);
    assert_ok(reading_points_load(db, scope_machine(), a, &p, &e), &e);
    assert_ok(reading_check(db, p, a, true, &report, &e), &e);
    assert_string_equal(report.first_fault.at, "");
    assert_int_equal(report.batches, BATCHES + 1);
    assert_ok(rows_each_chunk(db, SERIES_INTERVALS, 0, INT64_MAX, hash_blob, &h, &e), &e);
    assert_ok(rows_each_chunk(db, SERIES_REGISTERS, 0, INT64_MAX, hash_blob, &h, &e), &e);
    assert_ok(rows_each_block(db, 0, INT64_MAX, hash_blob, &h, &e), &e);
    assert_ok(reading_list_changes(db, p, a, CHANGE_PROPOSED, 0, 100, &c, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_int_equal(c[0].new_value, 77);
    store_close(db);
    arena_free(a);
    return h;
}

static uint64_t undisturbed;
static int64_t undisturbed_us;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void new_dir(char *where, size_t size)
{
    static int n;
    static char base[500];
    if (n == 0) {
        temp_dir(base, sizeof(base));
    }
    snprintf(where, size, "%s/%d", base, n++);
    assert_int_equal(mkdir(where, 0777), 0);
}

static void remove_dir(const char *where)
{
    static const char *const files[] = { "core.db",         "core.db-wal",
                                         "core.db-shm",     "lock",
                                         "series.db",       "series.db-wal",
                                         "series.db-shm",   "acks",
                                         "core.db-journal", "series.db-journal" };
    char path[700];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", where, files[i]);
        unlink(path);
    }
    rmdir(where);
}

/* Starts the child until it ends by itself, then looks. */
static void finish(const char *where)
{
    int starts = 0, status;
    do {
        status = end(start(where, NULL, NULL));
        assert_true(++starts < STARTS_MAX);
    } while (!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    assert_true(digest(where) == undisturbed);
}

static int run_undisturbed(void **state)
{
    char where[600];
    (void)state;
    new_dir(where, sizeof(where));
    int64_t us = now_us();
    assert_int_equal(end(start(where, NULL, NULL)), 0);
    undisturbed_us = now_us() - us;
    undisturbed = digest(where);
    remove_dir(where);
    return 0;
}

static void test_killed_at_each_named_point(void **state)
{
    static const char *const names[] = { "intake_before_commit", "intake_after_commit",
                                         "fold_before_commit",   "fold_after_commit",
                                         "seal_before_commit",   "seal_after_commit",
                                         "merge_before_commit",  "merge_after_commit" };
    (void)state;
    int killed = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (int pass = 1; pass <= 3; pass++) {
            char where[600], at[64];
            new_dir(where, sizeof(where));
            snprintf(at, sizeof(at), "%s:%d", names[i], pass);
            int status = end(start(where, "SK_CRASH", at));
            assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
            killed += WIFSIGNALED(status);
            finish(where);
            remove_dir(where);
        }
    }
    assert_int_equal(killed, 16); /* sealing and merging happen once: one pass for each point */
}

static void test_killed_at_random_moments(void **state)
{
    const char *asked = getenv("SK_KILLS");
    int kills = asked ? (int)strtol(asked, NULL, 10) : 200, hits = 0;
    struct rng g;
    (void)state;
    rng_init(&g, 20260302);
    while (hits < kills) {
        char where[600];
        new_dir(where, sizeof(where));
        for (int i = 1; i <= 3; i++) { /* several deaths of one store, each with less left to do */
            pid_t pid = start(where, NULL, NULL);
            usleep((useconds_t)rng_below(&g, (uint64_t)(undisturbed_us / i)));
            kill(pid, SIGKILL);
            hits += WIFSIGNALED(end(pid)) != 0;
        }
        finish(where);
        remove_dir(where);
    }
}

/* The N-th write fails, for every N: the child says so, and the next one goes on. */
static void test_every_write_fails_once(void **state)
{
    (void)state;
    static const char *const kinds[] = { "eio", "full", "torn" };
    int n = 1, failed = 0;
    for (;; n++) {
        char where[600], fault[64];
        new_dir(where, sizeof(where));
        snprintf(fault, sizeof(fault), "%d:%s", n, kinds[n % 3]);
        int status = end(start(where, "SK_FAULT", fault));
        assert_true(WIFEXITED(status));
        bool well = WEXITSTATUS(status) == 0;
        failed += !well;
        finish(where);
        remove_dir(where);
        if (well && n - failed > 40) { /* a checkpoint that fails is done again by the next */
            break;
        }
    }
    assert_true(failed > 50);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        return child(argv[2]);
    }
    /* A killed process loses nothing that it handed to the kernel, so memory does as well as a
     * disk. */
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 1);
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_each_named_point),
        cmocka_unit_test(test_killed_at_random_moments),
        cmocka_unit_test(test_every_write_fails_once),
    };
    return cmocka_run_group_tests_name("readings killed", tests, run_undisturbed, NULL);
}
