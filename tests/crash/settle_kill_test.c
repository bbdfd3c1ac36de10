/* settle_kill_test.c - a settlement and the issue of its statements killed at any moment, and every
 * store that a kill left behind is opened and looked at: chunks that were said to be done are
 * there, no statement twice, no number left out; carried on it gives the bytes of an undisturbed
 * one (K2, I2-I4, I7). settle_test.c, which looks at the ends only, does the many kills.
 */
#include "base/test.h"
#include "base/rand.h"
#include "crash/child.h"
#include "crash/village.h"
#include "support/pg.h"

#define KILLS 60
#define SEED 20260702
#define ISSUED_BASE 1000000 /* a word above it says how many were issued */
/* Two chunks, the second of them short. */
static const struct village_plan PLAN = {
    .orders = SETTLE_CHUNK + 30, .only_self = true, .from = { 20260702 }, .days = 1
};

static struct settle_period period(void)
{
    return (struct settle_period){ PLAN.from, day_add(PLAN.from, PLAN.days) };
}

static void say_done(void *ctx, const struct settle_progress *p)
{
    (void)ctx;
    child_say(p->done);
}

static int child_settle(const char *dir)
{
    struct err e;
    struct village t;
    struct settle_progress progress;
    int64_t issued = 0;
    enum err_code code = village_open(&t, &PLAN, dir, STORE_READ_WRITE, &e);
    if (code == OK) {
        const struct statement_batch batch = {
            .period = period(), .now = VILLAGE_NOW, .workers = 2, .progress = say_done
        };
        code = statement_run(t.db, &batch, &progress, &e);
    }
    if (code == OK) {
        struct statement_act act = { .scope = scope_machine(), .now = VILLAGE_NOW };
        code = statement_issue_all(t.db, &act, period(), &issued, &e);
        child_say(ISSUED_BASE + issued);
    }
    if (code != OK) {
        fprintf(stderr, "settle: %s\n", e.text);
        return 3;
    }
    village_close(&t);
    return 0;
}

struct bench {
    char template[600], work[600], look[600];
    struct sha256 digest;
    uint64_t papers;
};
static const char *self;

static void run_child(struct bench *b, int64_t kill_us, struct child_end *out)
{
    const char *const argv[] = { self, "settle", b->work, NULL };
    child_run(argv, NULL, kill_us, out);
}

/* The invariants hold and what was said is there; returns the store's state when it is whole. */
static void assert_sound(struct bench *b, const char *dir, int64_t said, bool whole, bool first)
{
    struct err e;
    struct village t;
    struct statement_checked c;
    struct text wrong;
    assert_ok(village_open(&t, &PLAN, dir, STORE_READ_WRITE, &e), &e);
    text_init(&wrong, t.a, 4096);
    assert_ok(statement_check(t.db, 0, &c, &wrong, &e), &e);
    if (c.wrong > 0) {
        fail_msg("%lld findings: %s", (long long)c.wrong, wrong.at);
    }
    assert_true(c.statements >= said);
    assert_true(c.statements <= PLAN.orders);
    if (whole) {
        struct str json;
        assert_int_equal(c.statements, PLAN.orders);
        assert_int_equal(c.numbers, PLAN.orders);
        assert_ok(village_json(&t, period(), &json, &e), &e);
        if (first) {
            b->digest = c.digest;
            b->papers = hash64(json.at, json.n, 0);
        }
        assert_memory_equal(c.digest.b, b->digest.b, sizeof(c.digest.b));
        assert_true(hash64(json.at, json.n, 0) == b->papers);
    }
    village_close(&t);
}

static void prepare(struct bench *b)
{
    char root[500];
    struct err e;
    struct village t;
    temp_dir(b->template, sizeof(b->template));
    temp_dir(root, sizeof(root));
    snprintf(b->work, sizeof(b->work), "%s/work", root);
    snprintf(b->look, sizeof(b->look), "%s/look", root);
    assert_ok(village_open(&t, &PLAN, b->template, STORE_CREATE, &e), &e);
    assert_ok(village_build(&t, &e), &e);
    assert_ok(village_load(&t, &e), &e);
    village_close(&t);
}

/* How many orders the child said were done, over all its lives. */
static int64_t most_said(const struct child_end *end, int64_t before)
{
    int64_t most = before;
    for (size_t i = 0; i < end->n_said; i++) {
        if (end->said[i] < ISSUED_BASE && end->said[i] > most) {
            most = end->said[i];
        }
    }
    return most;
}

static void test_killed_settlements_end_as_undisturbed(void **state)
{
    (void)state;
    struct bench b = { 0 };
    struct child_end end;
    struct rng rng;
    int64_t kills = env_number("SK_KILLS", KILLS) / (sanitized_run() ? 20 : 1);
    int64_t done = 0, ends = 0, said = 0, within = 0;
    rng_init(&rng, (uint64_t)env_number("SK_SEED", SEED));
    prepare(&b);
    dir_copy(b.template, b.work);
    run_child(&b, CHILD_NEVER, &end);
    assert_int_equal(end.code, 0);
    assert_int_equal(end.said[end.n_said - 1], ISSUED_BASE + PLAN.orders);
    int64_t lasts_us = end.lived_us;
    assert_sound(&b, b.work, most_said(&end, 0), true, true);
    dir_remove(b.work);
    dir_copy(b.template, b.work);
    while (done < kills || ends == 0 || said > 0) { /* the last one is brought to its end, too */
        int64_t wait = 200 + (int64_t)rng_below(&rng, (uint64_t)lasts_us * 7 / 10);
        run_child(&b, done < kills ? wait : CHILD_NEVER, &end);
        said = most_said(&end, said);
        if (end.killed) {
            done++;
            within += said > 0;
            dir_copy(b.work, b.look);
            assert_sound(&b, b.look, said, false, false);
            dir_remove(b.look);
            continue;
        }
        assert_int_equal(end.code, 0);
        assert_sound(&b, b.work, said, true, false);
        ends++;
        said = 0;
        dir_remove(b.work);
        dir_copy(b.template, b.work);
    }
    print_message("# %lld kills within %lld us, %lld of them after a first chunk, %lld settlements "
                  "brought to their end\n",
                  (long long)done, (long long)lasts_us, (long long)within, (long long)ends);
    dir_remove(b.work);
}

int main(int argc, char **argv)
{
    self = argv[0];
    temp_in_memory();
    if (argc == 3 && strcmp(argv[1], "settle") == 0) {
        return child_settle(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_settlements_end_as_undisturbed),
    };
    return cmocka_run_group_tests_name("crash settlement", tests, NULL, NULL);
}
