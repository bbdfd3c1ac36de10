/* settle_test.c - killed while settling and issuing, started again: nothing lost, nothing doubled
 * (reliability.md K2, K5).
 *
 * The program starts itself as a child that settles a month and issues it. The child dies at each
 * named crash point (1st to 3rd pass) and at random moments; after each death it is started again
 * on what was left, and must come to the digest of an undisturbed run, every number in place.
 *
 *   SK_KILLS=10000 build/tests/crash/settle_test     random kills; 200 by default
 */
#include "base/rand.h"
#include "base/test.h"
#include "parity/town.h"
#include "support/pg.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORDERS 1100 /* three chunks */
#define PASSES 3
#define NAMES_MAX 64
#define STARTS_MAX 500 /* a child that never ends has a bug of its own */

static char template_dir[600], copies_dir[600], self[600];
static int n_copies;
static struct sha256 undisturbed;
static int64_t undisturbed_us; /* how long the undisturbed child took */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* What the child does. */
static int settle_and_issue(const char *where)
{
    struct town s;
    int64_t issued;
    town_open(&s, where);
    struct statement_act act = town_act(&s, "");
    struct settle_progress p;
    const struct statement_batch b = {.period = JULY, .now = s.now, .workers = 2};
    bool good = statement_run(s.db, &b, &p, &s.e) == OK &&
                statement_issue_all(s.db, &act, JULY, &issued, &s.e) == OK;
    if (!good) {
        fprintf(stderr, "%s\n", s.e.text);
    }
    town_close(&s);
    return good ? 0 : 1;
}

static pid_t start(const char *where, const char *crash, const char *list)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (crash) {
            setenv("SK_CRASH", crash, 1);
        }
        if (list) {
            setenv("SK_CRASH_LIST", list, 1);
        }
        execl(self, self, "--settle", where, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int finish(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void copy_template(char *where, size_t size)
{
    snprintf(where, size, "%.500s/%d", copies_dir, n_copies++);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("cp", "cp", "-r", template_dir, where, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(finish(pid), 0);
}

static void drop(const char *where)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", where, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(finish(pid), 0);
}

/* Sound, every order settled once, numbers 1 to ORDERS, and the digest. */
static struct sha256 judged(const char *where)
{
    struct town s;
    struct statement_checked c;
    struct text wrong;
    town_open(&s, where);
    text_init(&wrong, s.a, 1 << 20);
    assert_ok(statement_check(s.db, 0, &c, &wrong, &s.e), &s.e);
    if (c.wrong > 0) {
        fail_msg("%s", wrong.at);
    }
    assert_int_equal(c.statements, ORDERS - 1); /* one has no price book */
    assert_int_equal(c.numbers, ORDERS - 2);    /* and one is held */
    town_close(&s);
    return c.digest;
}

static void assert_undisturbed(const char *where)
{
    struct sha256 d = judged(where);
    assert_memory_equal(d.b, undisturbed.b, sizeof(d.b));
}

static int set_up(void **state)
{
    struct town s;
    (void)state;
    temp_dir(template_dir, sizeof(template_dir));
    temp_dir(copies_dir, sizeof(copies_dir));
    town_open(&s, template_dir);
    town_fill_pv(&s, ORDERS);
    town_close(&s);
    char where[600];
    copy_template(where, sizeof(where));
    int64_t from = now_us();
    assert_int_equal(finish(start(where, NULL, NULL)), 0);
    undisturbed_us = now_us() - from;
    undisturbed = judged(where);
    drop(where);
    return 0;
}

static void test_k5_every_named_point_is_survived(void **state)
{
    (void)state;
    char where[600], list[700], name[NAMES_MAX][128], line[128];
    int passes[NAMES_MAX] = {0}, n = 0, deaths = 0;
    copy_template(where, sizeof(where));
    snprintf(list, sizeof(list), "%s.names", where);
    assert_int_equal(finish(start(where, NULL, list)), 0);
    FILE *f = fopen(list, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        int i = 0;
        line[strcspn(line, "\n")] = '\0';
        while (i < n && strcmp(name[i], line) != 0) {
            i++;
        }
        assert_true(i < NAMES_MAX);
        if (i == n) {
            memcpy(name[n++], line, sizeof(line));
        }
        passes[i]++;
    }
    fclose(f);
    unlink(list);
    drop(where);
    assert_true(n >= 6); /* before and after the commit of lines, of runs, of issuing */
    for (int i = 0; i < n; i++) {
        for (int p = 1; p <= PASSES && p <= passes[i]; p++) {
            char crash[160];
            snprintf(crash, sizeof(crash), "%.127s:%d", name[i], p);
            copy_template(where, sizeof(where));
            int status = finish(start(where, crash, NULL));
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            assert_int_equal(finish(start(where, NULL, NULL)), 0);
            assert_undisturbed(where);
            drop(where);
            deaths++;
        }
    }
    print_message("%d deaths at %d named points\n", deaths, n);
}

static void test_k2_killed_at_random_moments(void **state)
{
    (void)state;
    const char *wish = getenv("SK_KILLS");
    /* A sanitized kill costs ten times as much and shows the same. */
    int64_t kills = getenv("SK_SAN") ? 20 : 200, done = 0, stores = 0;
    struct rng r;
    if (wish) {
        assert_int_equal(decimal_scaled(str_of(wish), 0, &kills, NULL), OK);
    }
    rng_init(&r, 20260801);
    while (done < kills) {
        char where[600];
        bool ended = false;
        copy_template(where, sizeof(where));
        for (int starts = 0; !ended; starts++) {
            assert_true(starts < STARTS_MAX);
            pid_t pid = start(where, NULL, NULL);
            /* shorter than a run: several deaths on the way through one store */
            usleep((useconds_t)rng_between(&r, 500, undisturbed_us / 2));
            kill(pid, SIGKILL);
            int status = finish(pid);
            ended = WIFEXITED(status);
            assert_true(!ended || WEXITSTATUS(status) == 0);
            done += !ended;
            if (done >= kills && !ended) {
                assert_int_equal(finish(start(where, NULL, NULL)), 0);
                ended = true;
            }
        }
        assert_undisturbed(where);
        drop(where);
        stores++;
    }
    print_message("%lld kills over %lld stores\n", (long long)done, (long long)stores);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--settle") == 0) {
        return settle_and_issue(argv[2]);
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0) {
        return 1;
    }
    self[n] = '\0';
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_k5_every_named_point_is_survived),
        cmocka_unit_test(test_k2_killed_at_random_moments),
    };
    return cmocka_run_group_tests_name("settle crash", tests, set_up, NULL);
}
