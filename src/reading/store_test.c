/* store_test.c - intake, fold, values and totals on both engines, law by law. */
#include "base/queue.h"
#include "reading/journal.h"
#include "support/reading_world.h"

static void test_a_batch_is_durable_and_idempotent(void **state)
{
    struct world *w = *state;
    struct reading r[3] = { interval(w->point[0], DAY, 40, 12500),
                            interval(w->point[0], DAY, 41, 13000),
                            interval(w->point[1], DAY, 40, 7) };
    struct reading_batch b = {
        .source = STR("gw:1"), .batch_id = 1, .readings = r, .n = 3, .outcomes = (uint8_t[3]){ 9 }
    };
    assert_ok(reading_intake(w->db, w->p, &b, 1, NOW, &w->e), &w->e);
    assert_int_equal(b.result, BATCH_TAKEN);
    assert_int_equal(b.n_taken, 3);
    assert_ok(reading_intake(w->db, w->p, &b, 1, NOW, &w->e), &w->e);
    assert_int_equal(b.result, BATCH_AGAIN);
    assert_int_equal(b.n_taken, 3);
    r[2].value++;
    assert_ok(reading_intake(w->db, w->p, &b, 1, NOW, &w->e), &w->e);
    assert_int_equal(b.result, BATCH_DIFFERENT);
    struct reading_fold_report report = world_fold(w);
    assert_int_equal(report.batches, 1);
    assert_int_equal(report.readings, 3);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[40], 12500);
    assert_int_equal(d.value[41], 13000);
    assert_int_equal(d.mark[41], MARK_ACTUAL);
    assert_int_equal(d.mark[42], MARK_MISSING);
    assert_int_equal(world_day(w, w->point[1], DAY).value[40], 7);
    assert_int_equal(world_fold(w).batches, 0);
}

static void test_refusals_are_named_and_kept_as_evidence(void **state)
{
    struct world *w = *state;
    struct reading r[8];
    uint8_t o[8];
    for (int i = 0; i < 8; i++) {
        r[i] = interval(w->point[0], DAY, i, i);
    }
    r[0].ts_ms = NOW.utc_ms + 301000 / 900000 * 900000 + 2 * SLOT_MS;
    r[1].ts_ms = NOW.utc_ms / SLOT_MS * SLOT_MS - 401 * DAY_MS;
    r[2].point_id = 77;
    r[3].value = READING_VALUE_MAX + 1;
    r[4].ts_ms += 1;
    r[5].kind = READING_REG;
    r[5].ts_ms += 61000;
    r[6].rank = 0;
    assert_int_equal(world_send(w, "gw", 1, r, 8, o), 1);
    const uint8_t want[] = { READING_TIME_FUTURE, READING_TIME_OLD, READING_POINT_UNKNOWN,
                             READING_RANGE,       READING_TIME,     READING_TIME,
                             READING_RANGE,       READING_TAKEN };
    assert_memory_equal(o, want, 8);
    memset(o, 0xff, sizeof(o));
    assert_int_equal(world_send(w, "gw", 1, r, 8, o), 1); /* the same answer again */
    assert_memory_equal(o, want, 8);
    assert_int_equal(world_fold(w).outcomes[READING_TAKEN], 1);
    assert_int_equal(world_day(w, w->point[0], DAY).value[7], 7);
}

static void test_packed_readings_come_back(void **state)
{
    (void)state;
    struct rng g;
    rng_init(&g, 5);
    static struct reading r[1000];
    static uint8_t packed[1000 * PACKED_READING_MAX];
    for (int i = 0; i < 1000; i++) {
        r[i] = (struct reading){ .point_id = (int64_t)rng_next(&g),
                                 .ts_ms = (int64_t)rng_next(&g),
                                 .value = (int64_t)rng_next(&g),
                                 .q = (uint16_t)rng_next(&g),
                                 .kind = (uint8_t)rng_next(&g),
                                 .rank = (uint8_t)rng_next(&g) };
        if (i && rng_below(&g, 2)) {
            int64_t v = r[i].value;
            r[i] = r[i - 1];
            r[i].ts_ms = (int64_t)((uint64_t)r[i].ts_ms + SLOT_MS);
            r[i].value = v;
        }
    }
    size_t n = journal_pack(packed, r, 1000);
    struct journal_reader j;
    struct reading back;
    enum reading_outcome o;
    journal_open(&j, (struct str){ (const char *)packed, n }, (struct str){ "", 0 }, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(journal_next(&j, &back, &o), 1);
        assert_true(back.point_id == r[i].point_id && back.ts_ms == r[i].ts_ms);
        assert_true(back.value == r[i].value && back.q == r[i].q);
        assert_true(back.kind == r[i].kind && back.rank == r[i].rank);
    }
    assert_int_equal(journal_next(&j, &back, &o), 0);
    journal_open(&j, (struct str){ (const char *)packed, n - 1 }, (struct str){ "", 0 }, 1000);
    int more;
    while ((more = journal_next(&j, &back, &o)) == 1) {
    }
    assert_int_equal(more, -1);
}

/* The table of iot.md 2.4, row by row. */
static void test_law_2_the_higher_rank_wins_and_the_old_is_kept(void **state)
{
    struct world *w = *state;
    struct reading r = interval(w->point[3], DAY, 10, 100);
    world_send(w, "a", 1, &r, 1, NULL);
    assert_int_equal(world_fold(w).outcomes[READING_TAKEN], 1);
    world_send(w, "a", 2, &r, 1, NULL);
    assert_int_equal(world_fold(w).outcomes[READING_DUP], 1);
    r.rank = RANK_DEVICE;
    r.value = 90;
    world_send(w, "a", 3, &r, 1, NULL);
    assert_int_equal(world_fold(w).outcomes[READING_DUP_LOWER], 1);
    r.rank = RANK_FROZEN;
    r.value = 101;
    world_send(w, "a", 4, &r, 1, NULL);
    assert_int_equal(world_fold(w).outcomes[READING_TAKEN], 1);
    assert_int_equal(world_day(w, w->point[3], DAY).value[10], 101);
    assert_int_equal(world_day(w, w->point[3], DAY).rank[10], RANK_FROZEN);
    r.value = 103;
    world_send(w, "a", 5, &r, 1, NULL);
    assert_int_equal(world_fold(w).outcomes[READING_CONFLICT], 1);
    struct reading_day d = world_day(w, w->point[3], DAY);
    assert_int_equal(d.mark[10], MARK_MISSING);
    assert_true(d.q[10] & Q_CONFLICT);
    struct reading_past *past;
    size_t n;
    assert_ok(
        reading_history(w->db, w->p, w->a, w->point[3], (struct slot){ DAY, 10 }, &past, &n, &w->e),
        &w->e);
    assert_int_equal(n, 4); /* 101 and 103 at 60, 100 at 50, 90 at 40 */
    assert_int_equal(past[0].value, 101);
    assert_int_equal(past[1].value, 103);
    assert_int_equal(past[2].value, 100);
    assert_int_equal(past[3].value, 90);
    r.rank = RANK_GRID_FILE; /* a higher rank decides */
    r.value = 102;
    world_send(w, "a", 6, &r, 1, NULL);
    world_fold(w);
    d = world_day(w, w->point[3], DAY);
    assert_int_equal(d.value[10], 102);
    assert_int_equal(d.mark[10], MARK_ACTUAL);
}

/* Sent twice, once from a gateway's store: it did arrive in time. */
static void test_equal_values_join_their_bits(void **state)
{
    struct world *w = *state;
    struct reading r[2] = { interval(w->point[0], DAY, 5, 55), interval(w->point[0], DAY, 5, 55) };
    r[0].q = Q_BUFFERED | Q_DEV;
    assert_int_equal(world_send(w, "a", 1, r, 2, NULL), 2);
    assert_int_equal(world_fold(w).outcomes[READING_DUP], 1);
    assert_int_equal(world_day(w, w->point[0], DAY).q[5], Q_DEV);
}

static void test_law_3_a_missing_value_is_not_zero(void **state)
{
    struct world *w = *state;
    struct reading r = interval(w->point[0], DAY, 5, 55);
    r.q = Q_INVALID;
    world_send(w, "a", 1, &r, 1, NULL);
    r.q = 0;
    r.rank = RANK_ESTIMATE; /* any value is better than none */
    world_send(w, "a", 2, &r, 1, NULL);
    world_fold(w);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[5], 55);
    assert_int_equal(d.mark[4], MARK_MISSING);
    r = interval(w->point[0], DAY, 6, 66);
    r.q = Q_RANGE;
    world_send(w, "a", 3, &r, 1, NULL);
    world_fold(w);
    d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.mark[6], MARK_MISSING);
    assert_int_equal(d.value[6], 0);
}

/* All rows of the chunks as one hash. */
static bool hash_chunk(void *ctx, int64_t key, int64_t snapshot, struct str data,
                       enum err_code *code, struct err *e)
{
    uint64_t *h = ctx;
    (void)snapshot, (void)code, (void)e;
    *h = hash64(data.at, data.n, *h ^ (uint64_t)key);
    return true;
}

static uint64_t chunks_hash(struct world *w)
{
    uint64_t h = 1;
    assert_ok(rows_each_chunk(w->db, SERIES_INTERVALS, 0, INT64_MAX, hash_chunk, &h, &w->e), &w->e);
    assert_ok(rows_each_chunk(w->db, SERIES_REGISTERS, 0, INT64_MAX, hash_chunk, &h, &w->e), &w->e);
    return h;
}

static void shuffle(struct rng *g, struct reading *r, size_t n)
{
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = (size_t)rng_below(g, i + 1);
        struct reading t = r[i];
        r[i] = r[j];
        r[j] = t;
    }
}

/* The same readings in any order, in any batches, with duplicates: the same blocks. */
static void test_law_6_order_batches_and_duplicates_do_not_matter(void **state)
{
    static struct reading r[600];
    struct rng g;
    (void)state;
    rng_init(&g, 20260302);
    uint64_t want = 0;
    for (int round = 0; round < (on_postgres ? 2 : 6); round++) {
        struct world *w;
        world_set_up((void **)&w);
        struct rng same;
        rng_init(&same, 1);
        static const uint8_t ranks[] = { 10, 40, 50, 50, 60 };
        static const uint16_t bits[] = { 0, 0, 0, Q_BACKFILL, Q_CLOCK, Q_INVALID, Q_BUFFERED };
        for (int i = 0; i < 600; i++) { /* few slots, so that they meet */
            r[i] = interval(w->point[rng_below(&same, 3)], day_add(DAY, (int)rng_below(&same, 3)),
                            (int)rng_below(&same, 30), (int64_t)rng_below(&same, 3) * 100);
            r[i].rank = ranks[rng_below(&same, 5)];
            r[i].q = bits[rng_below(&same, 7)];
        }
        if (round > 0) {
            shuffle(&g, r, 600);
        }
        int64_t batch = 1;
        for (size_t i = 0; i < 600;) {
            size_t n = round == 0 ? 600 : (size_t)rng_between(&g, 1, 200);
            n = n < 600 - i ? n : 600 - i;
            world_send(w, "a", batch++, r + i, n, NULL);
            world_send(w, "b", batch++, r + i, n / 2 + 1, NULL); /* again, from another side */
            if (round % 2) {
                world_fold(w);
            }
            i += n;
        }
        world_fold(w);
        assert_ok(reading_merge_late(w->db, NULL, &w->e), &w->e);
        uint64_t got = chunks_hash(w);
        assert_true(round == 0 || got == want);
        want = got;
        world_tear_down((void **)&w);
    }
}

/* Random readings of some points over two months, then totals against sums of values. */
static void fill_random(struct world *w, struct rng *g, int n_points, struct day from, int n_days)
{
    static struct reading r[SLOTS * 40];
    for (int d = 0; d < n_days; d++) {
        size_t n = 0;
        for (int i = 0; i < n_points; i++) {
            int64_t step = i % 3 ? 4000 : (int64_t)rng_between(g, 1, 3);
            for (int s = 0; s < SLOTS; s++) {
                int64_t v = s > 22 && s < 74 ? (int64_t)rng_below(g, 300) * step : 0;
                v = rng_below(g, 3000) == 0 ? (int64_t)rng_below(g, 1000000000000) : v;
                v = i == 5 ? -v : v;
                r[n] = interval(w->point[i], day_add(from, d), s, v);
                r[n].q = rng_below(g, 400) == 0 ? Q_EST : rng_below(g, 700) == 0 ? Q_MANUAL : 0;
                n += rng_below(g, 300) != 0;
            }
        }
        static int64_t batch;
        world_send(w, "fill", ++batch, r, n, NULL);
    }
    world_fold(w);
}

static void check_totals(struct world *w, const struct reading_plan *plan, struct day from,
                         int n_days, const uint8_t *map, const uint8_t *key, int n_keys,
                         const int64_t *ids, size_t n)
{
    struct reading_total *t = arena_many(w->a, n, struct reading_total);
    for (size_t i = 0; i < n; i++) {
        t[i].sums = arena_many(w->a, (size_t)n_keys, int64_t);
    }
    assert_ok(reading_totals(w->db, w->p, plan, ids, n, t, &w->e), &w->e);
    struct reading_day *days = arena_many(w->a, (size_t)n_days, struct reading_day);
    for (size_t i = 0; i < n; i++) {
        int64_t sums[READING_KEYS_MAX] = { 0 }, est = 0, man = 0, missing = 0, estimated = 0;
        int32_t first = -1;
        assert_ok(reading_values(w->db, w->p, ids[i], from, n_days, days, &w->e), &w->e);
        for (int d = 0; d < n_days; d++) {
            for (int s = 0; s < SLOTS; s++) {
                uint8_t k = key[map[d] * SLOTS + s], m = days[d].mark[s];
                if (k == READING_NO_KEY) {
                    continue;
                }
                sums[k] += days[d].value[s];
                est += m == MARK_ESTIMATED;
                man += m == MARK_MANUAL;
                missing += m == MARK_MISSING;
                first = m == MARK_MISSING && first < 0 ? d * SLOTS + s : first;
                if (m == MARK_ESTIMATED || m == MARK_MANUAL) {
                    estimated += days[d].value[s] < 0 ? -days[d].value[s] : days[d].value[s];
                }
            }
        }
        assert_memory_equal(t[i].sums, sums, (size_t)n_keys * sizeof(sums[0]));
        assert_int_equal(t[i].n_estimated, est);
        assert_int_equal(t[i].n_manual, man);
        assert_int_equal(t[i].n_missing, missing);
        assert_int_equal(t[i].estimated, estimated);
        assert_int_equal(t[i].first_missing, first);
    }
}

static void test_totals_are_the_sums_of_values_open_sealed_and_archived(void **state)
{
    struct world *w = *state;
    struct rng g;
    rng_init(&g, 11);
    struct day from = { 20260215 };
    fill_random(w, &g, 36, from, 40);
    uint8_t map[37], key[3 * SLOTS];
    for (int d = 0; d < 37; d++) {
        map[d] = d == 0 ? 2 : day_weekday(day_add(from, d + 2)) > 5;
    }
    for (int s = 0; s < 3 * SLOTS; s++) {
        key[s] = (uint8_t)(s % SLOTS < 32 ? 0 : s % SLOTS < 60 ? 1 + s / SLOTS % 2 : 3);
        key[s] = s > 2 * SLOTS && s < 2 * SLOTS + 50 ? READING_NO_KEY : key[s];
    }
    struct reading_plan *plan;
    assert_ok(reading_plan_new(w->a, day_add(from, 2), 37, map, 3, key, 4, &plan, &w->e), &w->e);
    int64_t ids[40];
    for (size_t i = 0; i < 40; i++) {
        ids[i] = w->point[(i * 7) % 40]; /* any order; four of them have nothing */
    }
    struct reading_total before[40], after[40];
    for (int i = 0; i < 40; i++) {
        before[i].sums = arena_many(w->a, 4, int64_t);
        after[i].sums = arena_many(w->a, 4, int64_t);
    }
    check_totals(w, plan, day_add(from, 2), 37, map, key, 4, ids, 40);
    assert_ok(reading_totals(w->db, w->p, plan, ids, 40, before, &w->e), &w->e);
    int64_t n;
    assert_ok(reading_seal(w->db, w->p, w->point + 3, 20, (struct month){ 202602 }, NOW, &n, &w->e),
              &w->e);
    assert_int_equal(n, 20);
    check_totals(w, plan, day_add(from, 2), 37, map, key, 4, ids, 40);
    assert_ok(reading_seal(w->db, w->p, w->point, 40, (struct month){ 202602 }, NOW, &n, &w->e),
              &w->e);
    assert_int_equal(n, 20);
    assert_ok(reading_seal(w->db, w->p, w->point, 40, (struct month){ 202603 }, NOW, &n, &w->e),
              &w->e);
    check_totals(w, plan, day_add(from, 2), 37, map, key, 4, ids, 40);
    assert_ok(reading_archive(w->db, (struct month){ 202604 }, 1000, &n, &w->e), &w->e);
    assert_true(n >= 70);
    check_totals(w, plan, day_add(from, 2), 37, map, key, 4, ids, 40);
    assert_ok(reading_totals(w->db, w->p, plan, ids, 40, after, &w->e), &w->e);
    for (int i = 0; i < 40; i++) { /* the snapshot does not see where readings rest */
        assert_true(before[i].snapshot == after[i].snapshot);
        assert_int_equal(before[i].snapshot == 0, (i * 7) % 40 >= 36);
    }
    uint64_t h = 0; /* every chunk was dropped once all its points were sealed */
    assert_ok(rows_each_chunk(w->db, SERIES_INTERVALS, 0, INT64_MAX, hash_chunk, &h, &w->e), &w->e);
    assert_true(h == 0);
}

static void test_a_snapshot_changes_with_any_value_mark_or_rank(void **state)
{
    struct world *w = *state;
    struct reading_plan *plan;
    assert_ok(reading_plan_slots(w->a, DAY, 10, 96, &plan, &w->e), &w->e);
    struct reading r = interval(w->point[0], DAY, 20, 400);
    uint64_t seen[4];
    int64_t sum;
    struct reading_total t = { .sums = &sum };
    for (int i = 0; i < 4; i++) {
        r.rank = i < 2 ? RANK_LIVE : RANK_FROZEN;
        r.q = i == 1 ? Q_DEV : 0;
        r.value = i < 3 ? 400 : 400;
        r = i == 3 ? interval(w->point[1], DAY, 20, 400) : r; /* a neighbour: no change */
        world_send(w, "a", i, &r, 1, NULL);
        world_fold(w);
        assert_ok(reading_totals(w->db, w->p, plan, w->point, 1, &t, &w->e), &w->e);
        assert_int_equal(sum, 400);
        assert_int_equal(t.n_missing, 95);
        assert_int_equal(t.first_missing, 10);
        seen[i] = t.snapshot;
    }
    assert_true(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
    assert_true(seen[2] == seen[3]);
}

/* Readers in several threads, each with a connection of its own, share the points and the plan. */
struct reader {
    struct world *w;
    const struct reading_plan *plan;
    struct db *db[3];
    int64_t sums[40];
    int failed[3];
};

static void read_one(void *ctx, int worker, size_t index)
{
    struct reader *r = ctx;
    struct reading_total t = { .sums = &r->sums[index] };
    struct err e;
    r->failed[worker] +=
        reading_totals(r->db[worker], r->w->p, r->plan, &r->w->point[index], 1, &t, &e) != OK;
}

static void test_readers_in_threads_see_the_same(void **state)
{
    struct world *w = *state;
    struct rng g;
    struct reading_plan *plan;
    struct reader r = { .w = w };
    int64_t alone[40];
    rng_init(&g, 12);
    fill_random(w, &g, 36, DAY, 3);
    assert_ok(reading_plan_slots(w->a, DAY, 5, 250, &plan, &w->e), &w->e);
    r.plan = plan;
    for (size_t i = 0; i < 40; i++) {
        struct reading_total t = { .sums = &alone[i] };
        assert_ok(reading_totals(w->db, w->p, plan, &w->point[i], 1, &t, &w->e), &w->e);
    }
    for (int i = 0; i < 3; i++) {
        assert_ok(store_open_reader(w->db, &r.db[i], &w->e), &w->e);
    }
    parallel_for(3, 40, read_one, &r);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(r.failed[i], 0);
        store_close(r.db[i]);
    }
    assert_memory_equal(r.sums, alone, sizeof(alone));
}

static void test_law_7_a_late_reading_meets_a_sealed_month(void **state)
{
    struct world *w = *state;
    struct reading r[2] = { interval(w->point[0], DAY, 20, 400),
                            interval(w->point[0], DAY, 21, 500) };
    int64_t n;
    world_send(w, "a", 1, r, 1, NULL);
    world_fold(w);
    assert_ok(reading_seal(w->db, w->p, w->point, 16, (struct month){ 202603 }, NOW, &n, &w->e),
              &w->e);
    world_send(w, "a", 2, r, 2, NULL); /* the known one again, and a new one */
    struct reading_fold_report f = world_fold(w);
    assert_int_equal(f.outcomes[READING_DUP], 1);
    assert_int_equal(f.outcomes[READING_LOCKED], 1);
    assert_int_equal(world_day(w, w->point[0], DAY).mark[21], MARK_MISSING);
    struct reading_change *c;
    size_t n_changes;
    assert_ok(
        reading_list_changes(w->db, w->p, w->a, CHANGE_PROPOSED, 0, 10, &c, &n_changes, &w->e),
        &w->e);
    assert_int_equal(n_changes, 1);
    assert_int_equal(c[0].new_value, 500);
    assert_int_equal(c[0].slot.index, 21);
    assert_ok(reading_decide(w->db, w->p, &c[0].change_id, 1, true, STR("meter read again"), 4, NOW,
                             &w->e),
              &w->e);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[21], 500);
    assert_int_equal(d.value[20], 400);
    int version;
    assert_ok(month_load(w->db, w->p->places[points_find(w->p, w->point[0])],
                         (struct month){ 202603 }, &version, NULL, &w->e),
              &w->e);
    assert_int_equal(version, 2);
    assert_int_equal(
        reading_decide(w->db, w->p, &c[0].change_id, 1, true, STR("again"), 4, NOW, &w->e),
        ERR_RULE);
}

static void test_edits_need_a_reason_and_a_second_person(void **state)
{
    struct world *w = *state;
    struct reading r = interval(w->point[2], DAY, 30, 900);
    int64_t id, values[] = { 1000, 1100 };
    struct slot at = { DAY, 30 };
    world_send(w, "a", 1, &r, 1, NULL);
    world_fold(w);
    assert_int_equal(
        reading_edit(w->db, w->p, w->point[2], at, values, 2, STR(" "), 5, NOW, &id, &w->e),
        ERR_INPUT);
    assert_ok(reading_edit(w->db, w->p, w->point[2], at, values, 2, STR("photo of the plate"), 5,
                           NOW, &id, &w->e),
              &w->e);
    assert_int_equal(world_day(w, w->point[2], DAY).value[30], 900);
    int64_t ids[] = { id, id + 1 };
    struct reading_change *c;
    size_t n;
    assert_ok(reading_list_changes(w->db, w->p, w->a, CHANGE_PROPOSED, 0, 10, &c, &n, &w->e),
              &w->e);
    assert_int_equal(n, 2);
    ids[1] = c[1].change_id;
    assert_int_equal(reading_decide(w->db, w->p, ids, 2, true, STR("ok"), 5, NOW, &w->e), ERR_RULE);
    assert_string_equal(w->e.name, "SELF_APPROVAL");
    assert_ok(reading_decide(w->db, w->p, ids, 2, true, STR("ok"), 6, NOW, &w->e), &w->e);
    struct reading_day d = world_day(w, w->point[2], DAY);
    assert_int_equal(d.value[30], 1000);
    assert_int_equal(d.value[31], 1100);
    assert_int_equal(d.mark[30], MARK_MANUAL);
    assert_int_equal(d.rank[30], RANK_MANUAL);
    struct reading_past *past;
    assert_ok(reading_history(w->db, w->p, w->a, w->point[2], at, &past, &n, &w->e), &w->e);
    assert_int_equal(n, 1);
    assert_int_equal(past[0].value, 900);
    values[0] = 1050; /* the later decision stands */
    assert_ok(reading_edit(w->db, w->p, w->point[2], at, values, 1, STR("read again"), 6, NOW, &id,
                           &w->e),
              &w->e);
    assert_ok(reading_decide(w->db, w->p, &id, 1, true, STR("ok"), 5, NOW, &w->e), &w->e);
    assert_int_equal(world_day(w, w->point[2], DAY).value[30], 1050);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_batch_is_durable_and_idempotent),
        T(test_refusals_are_named_and_kept_as_evidence),
        cmocka_unit_test(test_packed_readings_come_back),
        T(test_law_2_the_higher_rank_wins_and_the_old_is_kept),
        T(test_equal_values_join_their_bits),
        T(test_law_3_a_missing_value_is_not_zero),
        cmocka_unit_test(test_law_6_order_batches_and_duplicates_do_not_matter),
        T(test_totals_are_the_sums_of_values_open_sealed_and_archived),
        T(test_a_snapshot_changes_with_any_value_mark_or_rank),
        T(test_readers_in_threads_see_the_same),
        T(test_law_7_a_late_reading_meets_a_sealed_month),
        T(test_edits_need_a_reason_and_a_second_person),
    };
    return RUN_ON_BOTH("reading store", tests);
}
