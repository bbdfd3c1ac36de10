/* day_test.c - the N-th write, sync or truncate of a small day fails, for every N: a clear error, a
 * sound store, and played again without the fault it ends as an undisturbed day (D1, D3).
 *
 * Each N meets one way of failing, drawn by a seed; in the long form (SK_KILLS) every way.
 */
#include "base/rand.h"
#include "base/test.h"
#include "crash/child.h"
#include "crash/story.h"
#include "support/pg.h"

#define SANITIZED_TRIES 6
#define KINDS 6
#define SEED 20260703
static const struct village_plan PLAN = {
    .orders = 5, .from = { 20260630 }, .days = 2, .registers = true
};

static const char *self;

/* Says how many writes there were and which error came. */
static int child_play(const char *dir)
{
    struct err e = { 0 };
    enum err_code code = story_play(&PLAN, dir, &e);
    child_say((int64_t)store_file_writes());
    child_say(code);
    if (code != OK) {
        child_say((int64_t)strlen(e.text));
    }
    return code == OK ? 0 : 3;
}

static void play(const char *dir, const char *setting, struct child_end *end)
{
    const char *const argv[] = { self, "play", dir, NULL };
    const char *const settings[] = { setting, NULL };
    child_run(argv, settings, CHILD_NEVER, end);
}

/* What a caller can make something of: trouble of the store, named, in a sentence. */
static bool clear_error(const struct child_end *end)
{
    enum err_code code = end->n_said == 3 ? (enum err_code)end->said[1] : OK;
    return end->code == 3 && end->n_said == 3 && end->said[2] > 10 &&
           (code == ERR_IO || code == ERR_FULL || code == ERR_UNKNOWN || code == ERR_RETRY);
}

struct fault_bench {
    char template[600], work[600];
    struct story_end want;
    struct child_end end;
    int64_t writes, failed, shrugged;
};

static void try_fault(struct fault_bench *b, int64_t n, const char *kind)
{
    char setting[100];
    struct story_end got;
    struct err e;
    snprintf(setting, sizeof(setting), "SK_FAULT=%lld:%s", (long long)n, kind);
    dir_copy(b->template, b->work);
    play(b->work, setting, &b->end);
    if (b->end.code == 0) {
        b->shrugged++; /* a checkpoint that could wait, or fewer writes this time */
    } else if (clear_error(&b->end)) {
        b->failed++;
    } else {
        fail_msg("%s: exit %d, signal %d, error %lld", setting, b->end.code, b->end.signal,
                 b->end.n_said > 1 ? (long long)b->end.said[1] : -1);
    }
    if (story_look(&PLAN, b->work, true, &got, &e) != OK) {
        fail_msg("%s: the store is not sound: %s", setting, e.text);
    }
    if (story_play(&PLAN, b->work, &e) != OK) {
        fail_msg("%s: played again: %s", setting, e.text);
    }
    if (story_look(&PLAN, b->work, false, &got, &e) != OK) {
        fail_msg("%s: played again, not sound: %s", setting, e.text);
    }
    if (!story_same(&got, &b->want)) {
        fail_msg("%s: the day ends otherwise", setting);
    }
    dir_remove(b->work);
}

static void test_a_failed_write_breaks_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = { "eio",          "full",          "torn",
                                         "eio:for_good", "full:for_good", "torn:for_good" };
    static struct fault_bench b;
    char root[500];
    struct err e;
    struct rng rng;
    rng_init(&rng, (uint64_t)env_number("SK_SEED", SEED));
    temp_dir(b.template, sizeof(b.template));
    temp_dir(root, sizeof(root));
    snprintf(b.work, sizeof(b.work), "%s/work", root);
    assert_ok(story_prepare(&PLAN, b.template, &e), &e);
    dir_copy(b.template, b.work);
    play(b.work, "SK_FAULT=0", &b.end);
    assert_int_equal(b.end.code, 0);
    b.writes = b.end.said[0];
    assert_true(b.writes > 100);
    assert_ok(story_look(&PLAN, b.work, true, &b.want, &e), &e);
    dir_remove(b.work);
    int64_t stride = sanitized_run() ? b.writes / SANITIZED_TRIES : 1;
    for (int64_t n = 1 + (int64_t)rng_below(&rng, (uint64_t)stride); n <= b.writes; n += stride) {
        if (!getenv("SK_KILLS")) {
            try_fault(&b, n, kinds[rng_below(&rng, KINDS)]);
            continue;
        }
        for (int k = 0; k < KINDS; k++) {
            try_fault(&b, n, kinds[k]);
        }
    }
    print_message("# %lld writes in the day; %lld faults reported, %lld without harm\n",
                  (long long)b.writes, (long long)b.failed, (long long)b.shrugged);
    assert_true(b.failed > 0);
}

int main(int argc, char **argv)
{
    self = argv[0];
    temp_in_memory();
    if (argc == 3 && strcmp(argv[1], "play") == 0) {
        return child_play(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failed_write_breaks_nothing),
    };
    return cmocka_run_group_tests_name("fault day", tests, NULL, NULL);
}
