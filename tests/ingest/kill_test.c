/* kill_test.c - an import killed at random moments and started again: what was acknowledged stays,
 * nothing is doubled, and the end is that of an undisturbed import.
 */
#include "base/rand.h"
#include "ingest/estate.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/test.h"

#define DAYS 180  /* four points: 69,120 values in four batches of two shards */
#define KILLS 200 /* SK_KILLS changes it */
#define BATCHES_MAX 64

/* What the importing process has heard acknowledged; it outlives the process. */
struct acknowledged {
    int n;
    int64_t id[BATCHES_MAX];
};
static struct acknowledged *ack;
static char dir[128];

/* Passes on, and does not believe in a journal that forgets. */
static enum err_code take(void *ctx, struct str source, int64_t id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e)
{
    struct ingest_sink *next = ctx;
    bool promised = false;
    enum err_code code = next->take(next->ctx, source, id, r, n, outcome, known, e);
    if (code != OK) {
        return code;
    }
    for (int i = 0; i < ack->n; i++) {
        promised = promised || ack->id[i] == id;
    }
    if (promised && !*known) {
        return fail(e, ERR_CORRUPT, "an acknowledged batch was lost");
    }
    if (!promised) {
        ack->id[ack->n] = id;
        ack->n++;
    }
    return OK;
}

static int import_process(const char *where, const char *csv)
{
    struct arena *a = arena_new();
    struct db *db;
    struct ingest_sink next, wrap = { take, &next };
    struct ingest_result r;
    struct err e;
    estate_open(where, &db);
    enum err_code code = estate_import(db, a, csv, NULL, &wrap, &r, &e);
    store_close(db);
    arena_free(a);
    if (code != OK) {
        print_error("%s\n", e.text);
    }
    return code == OK ? 0 : 1;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* One import in a process of its own; killed after `us` if it still runs. True when it was. */
static bool import_once(const char *where, const char *csv, int64_t us)
{
    pid_t child = fork();
    int status;
    assert_true(child >= 0);
    if (child == 0) {
        _exit(import_process(where, csv));
    }
    if (us > 0) {
        usleep((useconds_t)us);
        kill(child, SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return true;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void remove_store(const char *where)
{
    static const char *const files[] = { "core.db",   "core.db-wal",   "core.db-shm",
                                         "series.db", "series.db-wal", "series.db-shm",
                                         "lock" };
    char path[256];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", where, files[i]);
        unlink(path);
    }
    rmdir(where);
}

static uint64_t hash_of(const char *where)
{
    struct db *db;
    estate_open(where, &db);
    uint64_t hash = estate_hash(db, DAYS);
    store_close(db);
    return hash;
}

static void test_killed_at_random_moments(void **state)
{
    (void)state;
    const char *wanted = getenv("SK_KILLS");
    int64_t kills = KILLS;
    struct err e;
    struct rng rng;
    char csv[160], where[160];
    if (wanted != NULL) {
        assert_ok(decimal_scaled(str_of(wanted), 0, &kills, &e), &e);
    }
    rng_init(&rng, 20260102);
    snprintf(csv, sizeof csv, "%s/in.csv", dir);
    estate_csv(csv, DAYS);
    snprintf(where, sizeof where, "%s/still", dir);
    int64_t began = now_us();
    ack->n = 0;
    assert_false(import_once(where, csv, 0));
    int64_t whole_us = now_us() - began;
    uint64_t expected = hash_of(where);
    remove_store(where);
    int64_t done = 0;
    for (int world = 0; done < kills; world++) {
        snprintf(where, sizeof where, "%s/w%d", dir, world);
        ack->n = 0;
        /* From before the store is made to just before the end. */
        for (int k = 0; k < 8 && done < kills; k++) {
            done += import_once(where, csv, rng_between(&rng, 500, whole_us));
        }
        assert_false(import_once(where, csv, 0));
        assert_int_equal(hash_of(where), expected);
        remove_store(where);
    }
    unlink(csv);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/kill-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    ack = mmap(NULL, sizeof *ack, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_killed_at_random_moments) };
    int failed = cmocka_run_group_tests_name("kill -9 in an import", tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
