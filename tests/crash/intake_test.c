/* intake_test.c - an import killed at any moment: nothing acknowledged is lost, nothing is doubled,
 * and carried on it ends as an undisturbed one (K1, I7, law 6 of reading).
 */
#include "base/test.h"
#include "base/rand.h"
#include "crash/child.h"
#include "crash/village.h"
#include "ingest/ingest.h"
#include "support/pg.h"
#include <unistd.h>

#define KILLS 200
#define PASSES 3
#define SEED 20260701
#define SHARDS_USED 3 /* one acknowledged file is a batch in each */
static const struct village_plan PLAN = {
    .orders = 6, .only_self = true, .from = { 20260701 }, .days = 10, .registers = true
};
#define MAPPING "data/mappings/long_register.json"

/* ---- importing, with an ear for what is acknowledged
 * --------------------------------------------- */

struct listener {
    struct ingest_sink inner;
    const int64_t *said; /* parent: batches acknowledged before; child: NULL */
    size_t n_said, found;
};

static enum err_code find_point(void *ctx, struct str name, int64_t *point_id, struct err *e)
{
    *point_id = village_find(ctx, name);
    return *point_id > 0 ? OK : fail(e, ERR_NOT_FOUND, "no point " STR_FMT, STR_ARG(name));
}

static bool was_said(const struct listener *l, int64_t id)
{
    for (size_t i = 0; i < l->n_said; i++) {
        if (l->said[i] == id) {
            return true;
        }
    }
    return false;
}

static enum err_code take(void *ctx, struct str source, int64_t batch_id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e)
{
    struct listener *l = ctx;
    if (l->said && !was_said(l, batch_id)) {
        *known = true; /* the parent brings nothing in */
        return OK;
    }
    enum err_code code = l->inner.take(l->inner.ctx, source, batch_id, r, n, outcome, known, e);
    if (code == OK && !l->said) {
        child_say(batch_id);
    } else if (code == OK && !*known) {
        code = fail(e, ERR_CORRUPT, "batch %lld was acknowledged and is gone", (long long)batch_id);
    }
    l->found++;
    return code;
}

static enum err_code import_day(struct village *t, const char *files, int day, struct listener *l,
                                struct err *e)
{
    struct arena *a = arena_new();
    struct mapping *mapping;
    struct ingest_result result;
    enum err_code code = mapping_load(a, MAPPING, &mapping, e);
    if (code == OK) {
        const struct ingest_job job = { .file = arena_printf(a, "%s/day%02d.csv", files, day),
                                        .mapping = mapping,
                                        .points = { find_point, t },
                                        .sink = { take, l },
                                        .now = VILLAGE_NOW };
        code = ingest_file(a, &job, &result, e);
        if (code == OK && result.refused > 0) {
            code = fail(e, ERR_INPUT, "day %d: %lld rows refused", day, (long long)result.refused);
        }
    }
    arena_free(a);
    return code;
}

/* Every second file is folded while it comes in, the others together at the end. */
static int child_import(const char *dir, const char *files)
{
    struct err e;
    struct village t;
    struct reading_fold_report report;
    enum err_code code = village_open(&t, &PLAN, dir, STORE_READ_WRITE, &e);
    code = code == OK ? village_points(&t, &e) : code;
    for (int day = 0; code == OK && day <= PLAN.days; day++) {
        struct ingest_store store = {
            .db = t.db, .points = t.points, .now = VILLAGE_NOW, .fold = day % 2 == 0
        };
        struct listener l = { .inner = ingest_store_sink(&store) };
        code = import_day(&t, files, day, &l, &e);
    }
    code = code == OK ? reading_fold(t.db, t.points, NULL, VILLAGE_NOW, &report, &e) : code;
    if (code != OK) {
        fprintf(stderr, "import: %s\n", e.text);
        return 3;
    }
    village_close(&t);
    return 0;
}

/* ---- the parent
 * ---------------------------------------------------------------------------------- */

struct bench {
    char template[600], files[600], work[600], look[600];
    char setting[800]; /* of the child's environment; "" : none */
    uint64_t snapshot;
    int64_t batches, readings, lasts_us;
};
static const char *self;

static void run_child(struct bench *b, int64_t kill_us, struct child_end *out)
{
    const char *const argv[] = { self, "import", b->work, b->files, NULL };
    const char *const settings[] = { b->setting, NULL };
    child_run(argv, b->setting[0] ? settings : NULL, kill_us, out);
}

/* The values of all days that were acknowledged whole, by the formula. */
static void assert_values(struct village *t, int n_days)
{
    struct reading_day *days = arena_many(t->a, (size_t)n_days + 1, struct reading_day);
    struct err e;
    for (size_t i = 0; i < t->n_ids && n_days > 0; i++) {
        assert_ok(reading_values(t->db, t->points, t->ids[i], PLAN.from, n_days, days, &e), &e);
        for (int k = 0; k < n_days * SLOTS; k++) {
            int64_t want = village_energy(t, t->ids[i], k / SLOTS, k % SLOTS);
            if (days[k / SLOTS].value[k % SLOTS] != want ||
                days[k / SLOTS].mark[k % SLOTS] != MARK_ACTUAL) {
                fail_msg("point %lld day %d slot %d: %lld, not %lld", (long long)t->ids[i],
                         k / SLOTS, k % SLOTS, (long long)days[k / SLOTS].value[k % SLOTS],
                         (long long)want);
            }
        }
    }
}

/* Opens what a kill left behind: all that was said is there, once. */
static void assert_kept(struct bench *b, const char *dir, const int64_t *said, size_t n_said,
                        bool whole)
{
    struct err e;
    struct village t;
    struct reading_fold_report folded;
    struct reading_check_report report;
    assert_ok(village_open(&t, &PLAN, dir, STORE_READ_WRITE, &e), &e);
    assert_ok(village_points(&t, &e), &e);
    size_t found = 0;
    for (int day = 0; day <= PLAN.days; day++) {
        struct ingest_store store = { .db = t.db, .points = t.points, .now = VILLAGE_NOW };
        struct listener l = { ingest_store_sink(&store), said, n_said, 0 };
        assert_ok(import_day(&t, b->files, day, &l, &e), &e);
        found += l.found;
    }
    assert_int_equal(found, n_said);
    assert_ok(reading_fold(t.db, t.points, NULL, VILLAGE_NOW, &folded, &e), &e);
    assert_values(&t, (int)n_said - 1);
    assert_ok(reading_check(t.db, t.points, t.a, true, &report, &e), &e);
    if (report.faults > 0) {
        fail_msg("reading_check: " STR_FMT, STR_ARG(report.first_fault));
    }
    assert_true(report.batches >= (int64_t)n_said * SHARDS_USED);
    assert_true(report.batches <= ((int64_t)n_said + 1) * SHARDS_USED);
    if (whole) {
        uint64_t snapshot;
        assert_ok(village_snapshot(&t, &snapshot, &e), &e);
        if (b->batches == 0) { /* the undisturbed one */
            b->batches = report.batches;
            b->readings = report.readings;
            b->snapshot = snapshot;
        }
        assert_int_equal(report.batches, b->batches);
        assert_int_equal(report.readings, b->readings);
        assert_true(snapshot == b->snapshot);
    }
    village_close(&t);
}

static void prepare(struct bench *b)
{
    char root[500];
    struct err e;
    struct village t;
    temp_dir(b->template, sizeof(b->template));
    temp_dir(b->files, sizeof(b->files));
    temp_dir(root, sizeof(root));
    snprintf(b->work, sizeof(b->work), "%s/work", root);
    snprintf(b->look, sizeof(b->look), "%s/look", root);
    assert_ok(village_open(&t, &PLAN, b->template, STORE_CREATE, &e), &e);
    assert_ok(village_build(&t, &e), &e);
    for (int day = 0; day <= PLAN.days; day++) {
        char path[700];
        snprintf(path, sizeof(path), "%s/day%02d.csv", b->files, day);
        village_csv(&t, day, day + 1, path);
    }
    village_close(&t);
}

static bool any_of(const int64_t *said, size_t n, int64_t word)
{
    for (size_t i = 0; i < n; i++) {
        if (said[i] == word) {
            return true;
        }
    }
    return false;
}

static void test_killed_imports_lose_and_double_nothing(void **state)
{
    (void)state;
    struct bench b = { 0 };
    struct child_end end;
    struct rng rng;
    int64_t kills = env_number("SK_KILLS", KILLS) / (sanitized_run() ? 20 : 1), done = 0, ends = 0;
    int64_t *said = calloc(CHILD_WORDS_MAX, sizeof(*said));
    size_t n_said = 0;
    rng_init(&rng, (uint64_t)env_number("SK_SEED", SEED));
    prepare(&b);
    dir_copy(b.template, b.work);
    run_child(&b, CHILD_NEVER, &end);
    assert_int_equal(end.code, 0);
    assert_int_equal(end.n_said, PLAN.days + 1);
    b.lasts_us = end.lived_us;
    assert_kept(&b, b.work, end.said, end.n_said, true);
    dir_remove(b.work);
    dir_copy(b.template, b.work);
    while (done < kills || n_said > 0) { /* the last one is brought to its end, too */
        int64_t wait = 200 + (int64_t)rng_below(&rng, (uint64_t)b.lasts_us);
        run_child(&b, done < kills ? wait : CHILD_NEVER, &end);
        for (size_t i = 0; i < end.n_said; i++) {
            if (!any_of(said, n_said, end.said[i])) {
                said[n_said++] = end.said[i];
            }
        }
        if (end.killed) {
            done++;
            dir_copy(b.work, b.look);
            assert_kept(&b, b.look, said, n_said, false);
            dir_remove(b.look);
            continue;
        }
        assert_int_equal(end.code, 0);
        assert_kept(&b, b.work, said, n_said, true);
        ends++;
        dir_remove(b.work);
        dir_copy(b.template, b.work);
        n_said = 0;
    }
    print_message("# %lld kills within %lld us, %lld imports brought to their end\n",
                  (long long)done, (long long)b.lasts_us, (long long)ends);
    dir_remove(b.work);
    free(said);
}

/* K5: it dies at each named place it passes, at the first, second and third pass. */
static void test_a_death_at_every_place_of_an_import(void **state)
{
    (void)state;
    static struct crash_place places[CRASH_PLACES_MAX];
    static struct child_end end, again;
    struct bench b = { 0 };
    char list[700];
    int deaths = 0, passes = sanitized_run() ? 1 : PASSES;
    prepare(&b);
    snprintf(list, sizeof(list), "%s/list", b.template);
    snprintf(b.setting, sizeof(b.setting), "SK_CRASH_LIST=%s", list);
    dir_copy(b.template, b.work);
    run_child(&b, CHILD_NEVER, &end);
    assert_int_equal(end.code, 0);
    assert_kept(&b, b.work, end.said, end.n_said, true);
    dir_remove(b.work);
    size_t n = crash_places(list, places);
    assert_int_equal(unlink(list), 0);
    assert_true(n >= 8); /* before and after: a batch, its commit, a fold, a commit of the store */
    for (size_t i = 0; i < n; i++) {
        for (int pass = 1; pass <= passes && pass <= places[i].passes; pass++, deaths++) {
            snprintf(b.setting, sizeof(b.setting), "SK_CRASH=%.63s:%d", places[i].name, pass);
            dir_copy(b.template, b.work);
            run_child(&b, CHILD_NEVER, &end);
            assert_true(end.killed);
            dir_copy(b.work, b.look);
            assert_kept(&b, b.look, end.said, end.n_said, false);
            dir_remove(b.look);
            b.setting[0] = 0;
            run_child(&b, CHILD_NEVER, &again);
            assert_int_equal(again.code, 0);
            assert_int_equal(again.n_said, PLAN.days + 1);
            assert_kept(&b, b.work, again.said, again.n_said, true);
            dir_remove(b.work);
        }
    }
    print_message("# %d deaths at %zu places\n", deaths, n);
}

int main(int argc, char **argv)
{
    self = argv[0];
    temp_in_memory();
    if (argc == 4 && strcmp(argv[1], "import") == 0) {
        return child_import(argv[2], argv[3]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_imports_lose_and_double_nothing),
        cmocka_unit_test(test_a_death_at_every_place_of_an_import),
    };
    return cmocka_run_group_tests_name("crash intake", tests, NULL, NULL);
}
