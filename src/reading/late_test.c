/* late_test.c - late readings beside their chunks: whatever is asked, the answer is that of the
 * merged chunks, before and after (laws of late.h); on both engines. */
#include "base/queue.h"
#include "reading/late.h"
#include "support/reading_world.h"

#define N_DAYS 5
#define MARCH ((struct month){ 202603 })

static bool hash_row(void *ctx, int64_t key, int64_t snapshot, struct str data, enum err_code *code,
                     struct err *e)
{
    uint64_t *h = ctx;
    (void)snapshot, (void)code, (void)e;
    *h = hash64(data.at, data.n, *h ^ (uint64_t)key);
    return true;
}

static uint64_t chunks_hash(struct world *w)
{
    uint64_t h = 1;
    assert_ok(rows_each_chunk(w->db, SERIES_INTERVALS, 0, INT64_MAX, hash_row, &h, &w->e), &w->e);
    return h;
}

static int64_t batch_id;

static int64_t fold_these(struct world *w, const struct reading *r, size_t n)
{
    world_send(w, "late", ++batch_id, r, n, NULL);
    return world_fold(w).late;
}

/* One reading of the first point of each chunk on each day, so that all chunks are there. */
static void seed(struct world *w)
{
    struct reading r[3 * N_DAYS];
    size_t n = 0;
    for (int d = 0; d < N_DAYS; d++) {
        for (int i = 0; i < 40; i += CHUNK_POINTS) {
            r[n++] = interval(w->point[i], day_add(DAY, d), 0, 700 + i);
        }
    }
    assert_int_equal(fold_these(w, r, n), 0); /* chunks that are not there are written */
}

static int64_t merge(struct world *w)
{
    int64_t n = -1;
    assert_ok(reading_merge_late(w->db, &n, &w->e), &w->e);
    return n;
}

/* Totals of all points over all days as one hash, sums and marks and snapshots. */
static uint64_t totals_hash(struct world *w)
{
    struct reading_plan *plan;
    struct reading_total t[40];
    int64_t sums[40] = { 0 };
    uint64_t h = 3;
    for (int i = 0; i < 40; i++) {
        t[i] = (struct reading_total){ .sums = &sums[i] };
    }
    assert_ok(reading_plan_slots(w->a, DAY, 0, N_DAYS * SLOTS, &plan, &w->e), &w->e);
    assert_ok(reading_totals(w->db, w->p, plan, w->point, 40, t, &w->e), &w->e);
    for (int i = 0; i < 40; i++) {
        int64_t all[] = { sums[i],        t[i].n_missing,     t[i].n_estimated,
                          t[i].estimated, t[i].first_missing, (int64_t)t[i].snapshot };
        h = hash64(all, sizeof(all), h);
    }
    return h;
}

static uint64_t values_hash(struct world *w)
{
    struct reading_day d[N_DAYS];
    uint64_t h = 5;
    for (int i = 0; i < 40; i++) {
        assert_ok(reading_values(w->db, w->p, w->point[i], DAY, N_DAYS, d, &w->e), &w->e);
        for (int k = 0; k < N_DAYS; k++) {
            h = hash64(d[k].value, sizeof(d[k].value), h);
            h = hash64(d[k].q, sizeof(d[k].q), h);
            h = hash64(d[k].rank, sizeof(d[k].rank), h);
        }
    }
    return h;
}

/* The same readings, folded at once or a few at a time: the same answers, and the same blocks once
 * merged. Values and ranks meet each other often. */
static void test_law_1_late_readings_give_what_the_chunks_would(void **state)
{
    static const uint8_t ranks[] = { 10, 40, 50, 50, 60 };
    static const uint16_t bits[] = { 0, 0, 0, Q_BACKFILL, Q_CLOCK, Q_INVALID, Q_EST, Q_RANGE };
    static struct reading r[400];
    uint64_t want[3] = { 0 };
    struct rng g;
    (void)state;
    rng_init(&g, 20260302);
    for (int i = 0; i < 400; i++) {
        r[i].point_id = 1000 + (int64_t)rng_below(&g, 6) * 7;
        r[i] = interval(r[i].point_id, day_add(DAY, (int)rng_below(&g, N_DAYS)),
                        (int)rng_below(&g, 20), (int64_t)rng_below(&g, 3) * 100);
        r[i].rank = ranks[rng_below(&g, 5)];
        r[i].q = bits[rng_below(&g, 8)];
    }
    for (int round = 0; round < 4; round++) {
        struct world *w;
        int64_t late = 0;
        world_set_up((void **)&w);
        seed(w);
        for (size_t i = 0; i < 400;) {
            size_t n = round == 0 ? 400 : round == 1 ? 400 - i : (size_t)rng_between(&g, 1, 12);
            n = n < 400 - i ? n : 400 - i;
            late += fold_these(w, r + i, n);
            i += n;
            if (round == 3 && rng_below(&g, 20) == 0) {
                merge(w);
            }
        }
        uint64_t got[3] = { totals_hash(w), values_hash(w), 0 };
        int64_t n = merge(w);
        assert_int_equal(late > 100, round >= 2);
        assert_true(n <= late);
        assert_int_equal(merge(w), 0);
        assert_true(totals_hash(w) == got[0] && values_hash(w) == got[1]);
        got[2] = chunks_hash(w);
        assert_true(round == 0 || memcmp(got, want, sizeof(got)) == 0);
        memcpy(want, got, sizeof(got));
        world_tear_down((void **)&w);
        for (size_t i = 400; i-- > 1;) { /* another order for the next round */
            size_t j = (size_t)rng_below(&g, i + 1);
            struct reading t = r[i];
            r[i] = r[j];
            r[j] = t;
        }
    }
}

/* Outcomes and history do not wait for the merge: the table of iot.md 2.4 once more. */
static void test_law_5_outcomes_are_told_when_folded(void **state)
{
    struct world *w = *state;
    struct reading r = interval(w->point[3], DAY, 10, 100);
    static const struct {
        uint8_t rank;
        int64_t value;
        enum reading_outcome outcome;
        int64_t in_force, late;
    } rows[] = { { RANK_LIVE, 100, READING_TAKEN, 100, 1 },
                 { RANK_LIVE, 100, READING_DUP, 100, 0 },
                 { RANK_DEVICE, 90, READING_DUP_LOWER, 100, 0 },
                 { RANK_FROZEN, 101, READING_TAKEN, 101, 1 },
                 { RANK_FROZEN, 103, READING_CONFLICT, 0, 1 },
                 { RANK_GRID_FILE, 102, READING_TAKEN, 102, 1 } };
    seed(w);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        r.rank = rows[i].rank;
        r.value = rows[i].value;
        world_send(w, "row", (int64_t)i, &r, 1, NULL);
        struct reading_fold_report report = world_fold(w);
        assert_int_equal(report.outcomes[rows[i].outcome], 1);
        assert_int_equal(report.late, rows[i].late);
        assert_int_equal(world_day(w, w->point[3], DAY).value[10], rows[i].in_force);
    }
    struct reading_past *past;
    size_t n;
    struct slot slot = { DAY, 10 };
    assert_ok(reading_history(w->db, w->p, w->a, w->point[3], slot, &past, &n, &w->e), &w->e);
    assert_int_equal(n, 4); /* 103 and 101 of the conflict, 100, 90: by rank */
    assert_int_equal(past[0].value, 101);
    assert_int_equal(past[1].value, 103);
    assert_int_equal(past[2].value, 100);
    assert_int_equal(past[3].value, 90);
    struct reading_check_report c;
    assert_ok(reading_check(w->db, w->p, w->a, true, &c, &w->e), &w->e);
    assert_string_equal(c.first_fault.at, "");
    assert_int_equal(c.late, 4);
    assert_int_equal(merge(w), 4);
    assert_ok(reading_check(w->db, w->p, w->a, true, &c, &w->e), &w->e);
    assert_string_equal(c.first_fault.at, "");
    assert_int_equal(c.late, 0);
    assert_int_equal(world_day(w, w->point[3], DAY).value[10], 102);
}

static void test_today_sees_what_came_late(void **state)
{
    struct world *w = *state;
    struct reading r[2] = { interval(w->point[3], DAY, 10, 100),
                            interval(w->point[4], day_add(DAY, 1), 11, 70) };
    struct reading_today *t;
    struct reading_day d;
    seed(w);
    assert_int_equal(fold_these(w, r, 2), 2);
    assert_ok(reading_today_open(w->db, w->p, w->a, DAY, &t, &w->e), &w->e);
    assert_true(reading_today_get(t, w->point[3], &d));
    assert_int_equal(d.value[10], 100);
    assert_true(reading_today_get(t, w->point[0], &d));
    assert_int_equal(d.value[0], 700);
    assert_true(reading_today_get(t, w->point[4], &d));
    assert_int_equal(d.rank[11], 0);
}

/* A decision replaces a day that has late readings, its own and its neighbours'. */
static void test_law_3_a_decision_merges_first(void **state)
{
    struct world *w = *state;
    struct reading r[3] = { interval(w->point[3], DAY, 10, 100),
                            interval(w->point[3], DAY, 11, 110),
                            interval(w->point[4], DAY, 10, 70) };
    int64_t id, value = 105;
    struct slot slot = { DAY, 10 };
    seed(w);
    assert_int_equal(fold_these(w, r, 3), 3);
    assert_ok(
        reading_edit(w->db, w->p, w->point[3], slot, &value, 1, STR("misread"), 8, NOW, &id, &w->e),
        &w->e);
    assert_ok(reading_decide(w->db, w->p, &id, 1, true, STR("seen"), 9, NOW, &w->e), &w->e);
    assert_int_equal(world_day(w, w->point[3], DAY).value[10], 105);
    assert_int_equal(world_day(w, w->point[3], DAY).value[11], 110);
    assert_int_equal(world_day(w, w->point[4], DAY).value[10], 70);
    assert_int_equal(merge(w), 0); /* nothing is left that could undo it */
}

static void test_law_3_sealing_merges_first(void **state)
{
    struct world *w = *state;
    struct reading r[4] = { interval(w->point[3], DAY, 10, 100),
                            interval(w->point[39], day_add(DAY, 4), 95, 110),
                            interval(w->point[4], day_add(DAY, 1), 10, 70),
                            interval(w->point[13], day_add(DAY, 4), 10, 70) };
    int64_t n;
    seed(w);
    assert_int_equal(fold_these(w, r, 4), 4);
    uint64_t totals = totals_hash(w), values = values_hash(w);
    assert_ok(reading_seal(w->db, w->p, w->point, 10, MARCH, NOW, &n, &w->e), &w->e);
    assert_int_equal(n, 10);
    assert_true(totals_hash(w) == totals && values_hash(w) == values);
    assert_int_equal(merge(w), 0);
    /* From now on the sealed points get proposals, the others late readings. */
    r[0].value = 107;
    r[0].rank = RANK_FROZEN;
    r[1].point_id = w->point[12];
    world_send(w, "after", 1, r, 2, NULL);
    struct reading_fold_report report = world_fold(w);
    assert_int_equal(report.outcomes[READING_LOCKED], 1);
    assert_int_equal(report.late, 1);
    assert_int_equal(world_day(w, w->point[3], DAY).value[10], 100);
    assert_ok(reading_seal(w->db, w->p, w->point, 40, MARCH, NOW, &n, &w->e), &w->e);
    assert_int_equal(n, 30);
    assert_int_equal(world_day(w, w->point[12], day_add(DAY, 4)).value[95], 110);
}

static void test_law_3_taking_over_a_day_merges_first(void **state)
{
    struct world *w = *state;
    struct reading r = interval(w->point[3], DAY, 10, 100);
    int64_t values[SLOTS] = { 0 };
    seed(w);
    assert_int_equal(fold_these(w, &r, 1), 1);
    values[10] = 55;
    world_begin(w, STORE_SERIES);
    assert_ok(reading_load_day(w->db, w->p, STR("file"), DAY, &w->point[3], 1, values, RANK_FROZEN,
                               NOW, &w->e),
              &w->e);
    world_commit(w, STORE_SERIES);
    assert_int_equal(world_day(w, w->point[3], DAY).value[10], 55);
    assert_int_equal(merge(w), 0);
    struct reading_past *past;
    size_t n;
    assert_ok(
        reading_history(w->db, w->p, w->a, w->point[3], (struct slot){ DAY, 10 }, &past, &n, &w->e),
        &w->e);
    assert_int_equal(n, 1); /* what the late reading said is kept */
    assert_int_equal(past[0].value, 100);
}

/* Rows grow before others are begun, and a list that is too long is merged by the fold itself. */
static void test_a_long_list_is_merged(void **state)
{
    struct world *w = *state;
    struct late *l = arena_many(w->a, LATE_MAX + 1, struct late);
    struct late_list list = { 0 };
    struct late_size size = { 0 };
    static const size_t parts[] = { 1, LATE_ROW - 2, 1, 5, LATE_MAX - LATE_ROW - 5, 1 };
    static const size_t rows[] = { 1, 1, 1, 2, 2, 0 };
    size_t at = 0;
    seed(w);
    for (size_t i = 0; i <= LATE_MAX; i++) { /* the same few slots: a join does not mind */
        int32_t day = day_number(DAY) + (int32_t)(i % N_DAYS);
        l[i] = (struct late){ .key = slot_key(day, (int32_t)(i % 40), (int)(i % 90)),
                              .value = (int64_t)(i % 90),
                              .rank = RANK_LIVE };
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        world_begin(w, STORE_SERIES);
        assert_ok(late_add(w->db, 0, MARCH, l + at, parts[i], &size, w->a, &w->e), &w->e);
        world_commit(w, STORE_SERIES);
        at += parts[i];
        list.n = 0;
        assert_ok(late_load(w->db, 0, MARCH, NULL, NULL, w->a, &list, &size, &w->e), &w->e);
        assert_int_equal(list.n, at > LATE_MAX ? 0 : at);
        assert_int_equal(size.n, list.n);
        assert_int_equal(rows[i], size.last_key & 0xfff);
        for (size_t k = 1; k < list.n; k++) {
            assert_true(list.at[k - 1].key <= list.at[k].key);
        }
    }
    struct reading_day d = world_day(w, w->point[7], day_add(DAY, 2));
    assert_int_equal(d.value[47], 47); /* 7 = 47 % 40, 2 = 47 % 5 */
    assert_int_equal(d.rank[48], 0);
}

/* Any flipped bit of a row is found, and named by whoever meets it. */
static void test_a_damaged_row_is_an_error(void **state)
{
    struct world *w = *state;
    struct reading r[2] = { interval(w->point[3], DAY, 10, 100),
                            interval(w->point[3], DAY, 12, 120) };
    int64_t key = (int64_t)month_number(MARCH) << 48 | 1;
    struct str data;
    size_t n;
    seed(w);
    assert_int_equal(fold_these(w, r, 2), 2);
    assert_ok(rows_get_chunk(w->db, SERIES_LATE, key, w->a, &data, &w->e), &w->e);
    assert_int_equal(data.n, 8 + 2 * 16);
    assert_true(late_row_ok(data, MARCH, &n));
    assert_int_equal(n, 2);
    for (size_t bit = 0; bit < data.n * 8; bit++) {
        char *bytes = arena_copy(w->a, data.at, data.n);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        assert_false(late_row_ok((struct str){ bytes, data.n }, MARCH, &n));
    }
    for (size_t size = 0; size < data.n; size++) { /* cut anywhere, and read inside only */
        char *bytes = malloc(size + !size);
        memcpy(bytes, data.at, size);
        assert_false(late_row_ok((struct str){ bytes, size }, MARCH, &n));
        free(bytes);
    }
    char *bytes = arena_copy(w->a, data.at, data.n);
    bytes[data.n - 1] ^= 4;
    world_begin(w, STORE_SERIES);
    assert_ok(rows_put_chunk(w->db, SERIES_LATE, key, 0, (struct str){ bytes, data.n }, &w->e),
              &w->e);
    world_commit(w, STORE_SERIES);
    struct reading_day day;
    assert_int_equal(reading_values(w->db, w->p, w->point[3], DAY, 1, &day, &w->e), ERR_CORRUPT);
    struct reading_check_report c;
    assert_ok(reading_check(w->db, w->p, w->a, false, &c, &w->e), &w->e);
    assert_int_equal(c.faults, 1);
    assert_non_null(strstr(c.first_fault.at, "late readings"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_1_late_readings_give_what_the_chunks_would),
        T(test_law_5_outcomes_are_told_when_folded),
        T(test_today_sees_what_came_late),
        T(test_law_3_a_decision_merges_first),
        T(test_law_3_sealing_merges_first),
        T(test_law_3_taking_over_a_day_merges_first),
        T(test_a_long_list_is_merged),
        T(test_a_damaged_row_is_an_error),
    };
    return RUN_ON_BOTH("late readings", tests);
}
