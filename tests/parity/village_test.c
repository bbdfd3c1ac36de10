/* village_test.c - the same village on SQLite and PostgreSQL, with one worker and with four, its
 * batches in order and in any order: the same statements to the byte (I3; law 6 of reading, law 1
 * of settle).
 */
#include "base/rand.h"
#include "base/test.h"
#include "crash/child.h"
#include "crash/village.h"
#include "support/pg.h"

#define GROUP_MAX 12
#define ORDERS 30 /* three of each kind */
#define TEXT_MAX (16u << 20)
static const struct settle_period FIRST = { { 20260623 }, { 20260701 } };
static const struct settle_period SECOND = { { 20260701 },
                                             { 20260709 } }; /* prices change with it */
static const struct village_plan PLAN = {
    .orders = ORDERS, .from = { 20260623 }, .days = 16, .registers = true
};

struct telling { /* one way to bring the same facts in */
    bool postgres;
    int workers;
    uint64_t shuffle; /* 0: in order, folded once */
};
struct outcome {
    uint64_t readings;
    struct sha256 digest;
    struct str papers;
    struct settle_progress first, second;
    int64_t adjusted;
};

/* Any order, groups of any size, some twice, folded at any moment. */
static void intake_shuffled(struct village *t, uint64_t seed)
{
    struct err e;
    struct rng rng;
    struct reading_fold_report report;
    struct arena *a = arena_new();
    size_t n = village_batches(t);
    struct reading_batch *b = arena_many(t->a, n, struct reading_batch);
    rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        size_t k = (size_t)rng_below(&rng, i + 1);
        b[i] = b[k];
        village_batch(t, a, i, &b[k]);
    }
    size_t full = 0;
    for (size_t i = 0; i < n; i++) {
        if (b[i].n > 0) {
            b[full++] = b[i];
        }
    }
    for (size_t i = 0, group; i < full; i += group) {
        group = 1 + (size_t)rng_below(&rng, GROUP_MAX);
        group = group < full - i ? group : full - i;
        for (int64_t times = rng_below(&rng, 10) == 0 ? 2 : 1; times > 0; times--) {
            assert_ok(reading_intake(t->db, t->points, &b[i], group, VILLAGE_NOW, &e), &e);
            assert_int_not_equal(b[i].result, BATCH_DIFFERENT);
        }
        if (rng_below(&rng, 20) == 0) {
            assert_ok(reading_fold(t->db, t->points, NULL, VILLAGE_NOW, &report, &e), &e);
        }
    }
    assert_ok(reading_fold(t->db, t->points, NULL, VILLAGE_NOW, &report, &e), &e);
    arena_free(a);
}

/* Values of the first self-use order turn out otherwise: what was issued of it is corrected. */
static void correct(struct village *t, int64_t *adjusted)
{
    struct err e;
    struct statement_act act = village_act(t, "photo of the meter");
    const struct statement_row *rows;
    const struct statement_query q = { .period = FIRST, .state = STATEMENT_ISSUED };
    int64_t adj, issued;
    size_t n;
    assert_ok(village_edit(t, 4, &e), &e);
    assert_ok(statement_list(t->db, t->a, scope_machine(), &q, &rows, &n, &e), &e);
    *adjusted = 0;
    for (size_t i = 0; i < n; i++) {
        enum err_code code = statement_adjust(t->db, &act, rows[i].statement_id, true, &adj, &e);
        *adjusted += code == OK;
        if (code != OK && (code != ERR_RULE || strcmp(e.name, "ADJ_NONE") != 0)) {
            fail_msg("%s", e.text);
        }
    }
    assert_ok(statement_issue_all(t->db, &act, FIRST, &issued, &e), &e);
    assert_int_equal(issued, *adjusted);
}

static void print_failures(struct village *t, struct settle_period p)
{
    const struct settle_failure *f;
    struct err e;
    size_t n;
    assert_ok(settle_failures(t->db, t->a, scope_machine(), p, 0, &f, &n, &e), &e);
    for (size_t i = 0; i < n; i++) {
        print_message("# " STR_FMT " " STR_FMT ": " STR_FMT "\n", STR_ARG(f[i].order_no),
                      STR_ARG(f[i].name), STR_ARG(f[i].text));
    }
}

static void tell(struct telling how, struct arena *a, struct outcome *out)
{
    char where[600];
    struct village t;
    struct err e;
    struct statement_checked checked;
    struct str one, two;
    struct text papers;
    int64_t issued;
    if (how.postgres) {
        pg_new_url(where, sizeof(where));
    } else {
        temp_dir(where, sizeof(where));
    }
    assert_ok(village_open(&t, &PLAN, where, STORE_CREATE, &e), &e);
    assert_ok(village_build(&t, &e), &e);
    assert_ok(village_inputs(&t, FIRST.from, &e), &e);
    assert_ok(village_inputs(&t, SECOND.from, &e), &e);
    if (how.shuffle) {
        intake_shuffled(&t, how.shuffle);
    } else {
        assert_ok(village_intake(&t, &e), &e);
    }
    assert_ok(village_settle(&t, FIRST, how.workers, &out->first, &e), &e);
    assert_ok(village_settle(&t, SECOND, how.workers, &out->second, &e), &e);
    struct statement_act act = village_act(&t, "");
    assert_ok(statement_issue_all(t.db, &act, FIRST, &issued, &e), &e);
    correct(&t, &out->adjusted);
    assert_ok(village_check(&t, 1, true, &checked, &e), &e);
    assert_ok(village_snapshot(&t, &out->readings, &e), &e);
    assert_ok(village_json(&t, FIRST, &one, &e), &e);
    assert_ok(village_json(&t, SECOND, &two, &e), &e);
    text_init(&papers, a, TEXT_MAX);
    text_add(&papers, one);
    text_add(&papers, two);
    assert_false(papers.cut);
    out->papers = text_str(&papers);
    out->digest = checked.digest;
    if (getenv("SK_SHOW")) {
        print_failures(&t, FIRST);
        print_failures(&t, SECOND);
        fputs(papers.at, stdout);
    }
    village_close(&t);
}

/* The first row of text that differs, so that a difference can be read. */
static void assert_same_rows(struct str got, struct str want)
{
    struct str g = { 0 }, w = { 0 };
    while (want.n > 0 && str_split(&want, '\n', &w)) {
        if (got.n == 0 || !str_split(&got, '\n', &g) || !str_eq(g, w)) {
            fail_msg("got:  " STR_FMT "\nwant: " STR_FMT, STR_ARG(g), STR_ARG(w));
        }
    }
    assert_int_equal(got.n, 0);
}

/* What the village is built to meet is met: otherwise equal texts would prove little. */
static void assert_rich(const struct outcome *o)
{
    static const char *const needed[] = { "\"held\"",      "\"PROVISIONAL\"",  "\"ADJ\"",
                                          "EXPORT_GT_GEN", "NEGATIVE_BENEFIT", "DATA_ESTIMATED" };
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        if (!strstr(o->papers.at, needed[i])) {
            fail_msg("no statement says %s", needed[i]);
        }
    }
    assert_int_equal(o->first.orders, ORDERS);
    assert_int_equal(o->first.by_outcome[SETTLE_REFUSED], 0);
    assert_int_equal(o->second.by_outcome[SETTLE_REFUSED], 1); /* the open end */
    assert_int_equal(o->adjusted, 1);
}

static void test_any_engine_workers_and_order_give_the_same_bytes(void **state)
{
    (void)state;
    static const struct telling ways[] = {
        { false, 1, 0 }, { false, 4, 1 }, { false, 2, 2 }, { true, 4, 0 }, { true, 1, 3 }
    };
    struct arena *a = arena_new();
    struct outcome want = { 0 };
    size_t n = sanitized_run() ? 2 : sizeof(ways) / sizeof(*ways);
    for (size_t i = 0; i < n; i++) {
        struct outcome got = { 0 };
        if (ways[i].postgres && !pg_installed()) {
            print_message("# PostgreSQL is not installed: its half is left out\n");
            break;
        }
        tell(ways[i], a, i == 0 ? &want : &got);
        if (i == 0) {
            assert_rich(&want);
            continue;
        }
        assert_same_rows(got.papers, want.papers);
        assert_true(got.readings == want.readings);
        assert_memory_equal(got.digest.b, want.digest.b, sizeof(want.digest.b));
    }
    print_message("# %zu bytes of statements, %zu ways\n", want.papers.n, n);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_engine_workers_and_order_give_the_same_bytes),
    };
    return cmocka_run_group_tests_name("parity village", tests, NULL, NULL);
}
