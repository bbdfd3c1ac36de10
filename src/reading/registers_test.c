/* registers_test.c - registers through the store: ratios, swaps, gaps, shapes, control totals,
 * virtual points, estimates, today and the check; on both engines. */
#include "support/reading_world.h"

#define AT(d, i) slot_start((struct slot){ (d), (i) })
#define K 4000 /* 200/5 x 10 kV/100 V */

static void bind(struct world *w, int i, struct instant from, struct instant until, int64_t first,
                 int64_t last, int meter, int ct_num)
{
    struct binding b = { .point_id = w->point[i],
                         .valid_from = from,
                         .valid_until = until,
                         .meter_id = w->meter[meter],
                         .register_code = STR("ep_exp"),
                         .ct_num = ct_num,
                         .ct_den = 5,
                         .pt_num = 10000,
                         .pt_den = 100,
                         .first_value_e4 = first,
                         .last_value_e4 = last,
                         .reason = BINDING_FIRST };
    world_begin(w, STORE_CORE);
    assert_ok(meter_bind(w->db, scope_machine(), &b, 1, NOW, &w->e), &w->e);
    world_commit(w, STORE_CORE);
    world_load(w);
}

static struct reading reg(struct world *w, int i, struct day day, int slot, int64_t value)
{
    struct reading r = interval(w->point[i], day, slot, value);
    r.kind = READING_REG;
    return r;
}

static int64_t batches; /* each send of these tests is a new one */

static void send(struct world *w, const struct reading *r, size_t n)
{
    assert_int_equal(world_send(w, "gw", ++batches, r, n, NULL), n);
    world_fold(w);
}

#define FOREVER ((struct instant){ 0 })
#define START AT(((struct day){ 20260101 }), 0)

static void test_law_4_intervals_are_differences_times_k(void **state)
{
    struct world *w = *state;
    struct reading r[SLOTS + 1];
    int64_t at = 12345600, sum = 0;
    bind(w, 0, START, FOREVER, 0, METER_OPEN_VALUE, 0, 200);
    for (int s = 0; s <= SLOTS; s++) { /* steps of 0.01 kWh: 100 in 10^-4 */
        r[s] = reg(w, 0, day_add(DAY, s / SLOTS), s % SLOTS, at);
        at += 100 * (s % 5);
    }
    send(w, r, SLOTS + 1);
    struct reading_day d = world_day(w, w->point[0], DAY);
    for (int s = 0; s < SLOTS; s++) {
        assert_int_equal(d.value[s], 100 * (s % 5) * K);
        assert_int_equal(d.mark[s], MARK_ACTUAL);
        assert_int_equal(d.rank[s], RANK_LIVE);
        sum += d.value[s];
    }
    struct reading_control c;
    assert_ok(reading_control(w->db, w->p, w->point[0], DAY, day_add(DAY, 1), &c, &w->e), &w->e);
    assert_int_equal(c.intervals, sum);
    assert_int_equal(c.registers, sum);
    assert_int_equal(c.allowed, 2 * 100 * K); /* two steps of 0.01 kWh x K; 0.1 % is less */
    assert_false(c.mismatch);
    assert_int_equal(reading_control(w->db, w->p, w->point[0], DAY, day_add(DAY, 2), &c, &w->e),
                     ERR_GAP);
    struct reading_origin o;
    assert_ok(reading_origin(w->db, w->p, w->point[0], (struct slot){ DAY, 7 }, &o, &w->e), &w->e);
    assert_true(o.derived);
    assert_int_equal(o.start_e4, r[7].value);
    assert_int_equal(o.end_e4, r[8].value);
    assert_int_equal(o.end_at.utc_ms, AT(DAY, 8).utc_ms);
    assert_int_equal(o.ct_num, 200);
    assert_int_equal(o.meter_id, w->meter[0]);
}

/* 9999.95 -> 0.10 is 0.15 x 4000 = 600 kWh; a gap of 0.30 over three slots is 400 + 400 + 400. */
static void test_rollover_gap_and_backward_in_the_store(void **state)
{
    struct world *w = *state;
    bind(w, 0, START, FOREVER, METER_OPEN_VALUE, METER_OPEN_VALUE, 0, 200);
    struct reading r[] = { reg(w, 0, DAY, 9, 99998000), reg(w, 0, DAY, 10, 99999500),
                           reg(w, 0, DAY, 11, 1000),    reg(w, 0, DAY, 14, 4000),
                           reg(w, 0, DAY, 15, 3000),    reg(w, 0, DAY, 16, 3500) };
    send(w, r, 6);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.mark[8], MARK_MISSING);
    assert_int_equal(d.value[9], 6000000);
    assert_int_equal(d.value[10], 6000000);
    assert_true(d.q[10] & Q_ROLLOVER);
    for (int s = 11; s < 14; s++) {
        assert_int_equal(d.value[s], 4000000);
        assert_int_equal(d.mark[s], MARK_ESTIMATED);
    }
    assert_int_equal(d.mark[14], MARK_MISSING);
    assert_true(d.q[14] & Q_RESET);
    assert_int_equal(d.value[15], 500 * K);
    struct reading_gap *gap;
    size_t n;
    assert_ok(reading_gaps(w->db, w->p, w->a, w->point, 1, DAY, 1, &gap, &n, &w->e), &w->e);
    assert_int_equal(n, 3);
    assert_int_equal(gap[0].n_slots, 9);
    assert_int_equal(gap[1].q, Q_RESET);
    assert_int_equal(gap[1].from.index, 14);
    assert_int_equal(gap[2].n_slots, 80);
    struct reading late = reg(w, 0, DAY, 12, 3000); /* the gap becomes smaller */
    send(w, &late, 1);
    d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[11], 2000 * K);
    assert_int_equal(d.mark[11], MARK_ACTUAL);
    assert_int_equal(d.value[12], 500 * K);
    assert_int_equal(d.mark[12], MARK_ESTIMATED);
}

/* A swap at 10:07: the slot 10:00 is (removal - 10:00) x old K + (10:15 - installation) x new K. */
static void test_a_swap_inside_a_slot_joins_two_segments(void **state)
{
    struct world *w = *state;
    struct instant at = { AT(DAY, 40).utc_ms + 7 * 60000 };
    bind(w, 0, START, at, METER_OPEN_VALUE, 500300, 0, 200);
    bind(w, 0, at, FOREVER, 100, METER_OPEN_VALUE, 1, 400);
    struct reading r[] = { reg(w, 0, DAY, 39, 499000), reg(w, 0, DAY, 40, 500000),
                           reg(w, 0, DAY, 41, 600), reg(w, 0, DAY, 42, 900) };
    send(w, r, 3);
    send(w, r + 3, 1);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[39], 1000 * K);
    assert_int_equal(d.value[40], 300 * K + 500 * 2 * K);
    assert_int_equal(d.mark[40], MARK_ACTUAL);
    assert_int_equal(d.value[41], 300 * 2 * K);
    struct reading_control c;
    assert_int_equal(reading_control(w->db, w->p, w->point[0], DAY, day_add(DAY, 1), &c, &w->e),
                     ERR_GAP);
}

/* Without the removal reading the slot of the swap is unknown, and only that. */
static void test_a_swap_without_removal_reading_leaves_its_slot_open(void **state)
{
    struct world *w = *state;
    struct instant at = { AT(DAY, 40).utc_ms + 7 * 60000 };
    bind(w, 0, START, at, METER_OPEN_VALUE, METER_OPEN_VALUE, 0, 200);
    bind(w, 0, at, FOREVER, 100, METER_OPEN_VALUE, 1, 200);
    struct reading r[] = { reg(w, 0, DAY, 39, 499000), reg(w, 0, DAY, 40, 500000),
                           reg(w, 0, DAY, 41, 600), reg(w, 0, DAY, 42, 900) };
    send(w, r, 4);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[39], 1000 * K);
    assert_int_equal(d.mark[40], MARK_MISSING);
    assert_int_equal(d.value[41], 300 * K);
}

static void test_a_corrected_ratio_is_derived_again(void **state)
{
    struct world *w = *state;
    bind(w, 0, START, FOREVER, METER_OPEN_VALUE, METER_OPEN_VALUE, 0, 200);
    struct reading r[] = { reg(w, 0, DAY, 10, 100), reg(w, 0, DAY, 11, 300),
                           reg(w, 0, DAY, 12, 600) };
    send(w, r, 3);
    world_begin(w, STORE_CORE);
    assert_ok(meter_change_ratio(w->db, scope_machine(), w->point[0], AT(DAY, 11), 300, 300, 5,
                                 10000, 100, STR("300/5 since 02:45"), NOW, &w->e),
              &w->e);
    world_commit(w, STORE_CORE);
    world_load(w);
    assert_ok(reading_rederive(w->db, w->p, w->point, 1, DAY, day_add(DAY, 1), NOW, &w->e), &w->e);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[10], 200 * K);
    assert_int_equal(d.value[11], 300 * 6000);
}

/* Two weeks of registers with gaps: any order of arrival gives the same blocks, though the second
 * week's gaps take their shape from the first. */
static bool hash_chunk(void *ctx, int64_t key, int64_t snapshot, struct str data,
                       enum err_code *code, struct err *e)
{
    uint64_t *h = ctx;
    (void)snapshot, (void)code, (void)e;
    *h = hash64(data.at, data.n, *h ^ (uint64_t)key);
    return true;
}

static void test_law_6_registers_in_any_order(void **state)
{
    static struct reading r[2 * 15 * SLOTS];
    struct rng g, same;
    uint64_t want = 0;
    (void)state;
    rng_init(&g, 8);
    for (int round = 0; round < (on_postgres ? 2 : 5); round++) {
        struct world *w;
        world_set_up((void **)&w);
        bind(w, 0, START, AT(day_add(DAY, 9), 33), METER_OPEN_VALUE, 60000000, 0, 200);
        bind(w, 0, AT(day_add(DAY, 9), 33), FOREVER, 77, METER_OPEN_VALUE, 1, 300);
        rng_init(&same, 3);
        size_t n = 0;
        int64_t at = 5000000;
        for (int i = 0; i < 15 * SLOTS; i++) {
            at += (int64_t)rng_below(&same, 40) * 100;
            at = i == 9 * SLOTS + 33 ? 100 : at;
            if (rng_below(&same, 12) == 0) {
                i += (int)rng_below(&same, 9); /* a gap */
            }
            r[n++] = reg(w, 0, day_add(DAY, i / SLOTS), i % SLOTS, at);
            r[n - 1].rank = rng_below(&same, 2) ? RANK_LIVE : RANK_FROZEN;
            if (rng_below(&same, 10) == 0) { /* and a value from elsewhere, over the derived one */
                r[n++] = interval(w->point[0], day_add(DAY, i / SLOTS), i % SLOTS, 100 + i);
                r[n - 1].rank = RANK_GRID_FILE;
            }
        }
        for (size_t i = n - 1; i > 0 && round > 0; i--) {
            size_t j = (size_t)rng_below(&g, i + 1);
            struct reading t = r[i];
            r[i] = r[j];
            r[j] = t;
        }
        for (size_t i = 0; i < n;) {
            size_t k = round == 0 ? n : (size_t)rng_between(&g, 1, round < 3 ? 400 : 30);
            k = k < n - i ? k : n - i;
            send(w, r + i, k);
            i += k;
        }
        uint64_t h = 1;
        assert_ok(reading_merge_late(w->db, NULL, &w->e), &w->e);
        assert_ok(rows_each_chunk(w->db, SERIES_INTERVALS, 0, INT64_MAX, hash_chunk, &h, &w->e),
                  &w->e);
        assert_true(round == 0 || h == want);
        want = h;
        world_tear_down((void **)&w);
    }
}

/* The shape of the week before: weights 1, 3, 0 split 0.0004 x K = 1.6 kWh into 0.4, 1.2 and 0. */
static void test_a_gap_takes_the_shape_of_the_week_before(void **state)
{
    struct world *w = *state;
    bind(w, 0, START, FOREVER, METER_OPEN_VALUE, METER_OPEN_VALUE, 0, 200);
    struct day later = day_add(DAY, 7);
    struct reading gap[] = { reg(w, 0, later, 20, 0), reg(w, 0, later, 23, 4) };
    struct reading shape[] = { reg(w, 0, DAY, 20, 0), reg(w, 0, DAY, 21, 1), reg(w, 0, DAY, 22, 4),
                               reg(w, 0, DAY, 23, 4) };
    send(w, gap, 2);
    struct reading_day d = world_day(w, w->point[0], later);
    assert_int_equal(d.value[20], 5334); /* equal so far: 16000 / 3, the rest to the first */
    assert_int_equal(d.value[21], 5333);
    send(w, shape, 4); /* it arrives late, and the gap is looked at again */
    d = world_day(w, w->point[0], later);
    assert_int_equal(d.value[20], 4000);
    assert_int_equal(d.value[21], 12000);
    assert_int_equal(d.value[22], 0);
    assert_int_equal(d.mark[22], MARK_ESTIMATED);
}

/* A register that arrives after the seal is kept; what follows from it is proposed. */
static void test_law_7_a_late_register_meets_a_sealed_month(void **state)
{
    struct world *w = *state;
    bind(w, 0, START, FOREVER, METER_OPEN_VALUE, METER_OPEN_VALUE, 0, 200);
    struct reading r[] = { reg(w, 0, DAY, 10, 100), reg(w, 0, DAY, 12, 400),
                           reg(w, 0, DAY, 11, 150) };
    int64_t n;
    send(w, r, 2);
    assert_ok(reading_seal(w->db, w->p, w->point, 40, (struct month){ 202603 }, NOW, &n, &w->e),
              &w->e);
    send(w, r + 2, 1);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[10], 150 * K); /* as it was sealed */
    assert_int_equal(d.mark[10], MARK_ESTIMATED);
    struct reading_change *c;
    size_t k;
    assert_ok(reading_list_changes(w->db, w->p, w->a, CHANGE_PROPOSED, 0, 10, &c, &k, &w->e),
              &w->e);
    assert_int_equal(k, 2);
    assert_int_equal(c[0].new_value, 50 * K);
    assert_int_equal(c[1].new_value, 250 * K);
    int64_t ids[] = { c[0].change_id, c[1].change_id };
    assert_ok(reading_decide(w->db, w->p, ids, 2, true, STR("read by hand"), 3, NOW, &w->e), &w->e);
    d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[10], 50 * K);
    assert_int_equal(d.value[11], 250 * K);
    assert_int_equal(d.mark[11], MARK_ACTUAL);
    struct reading_check_report report;
    assert_ok(reading_check(w->db, w->p, w->a, true, &report, &w->e), &w->e);
    assert_string_equal(report.first_fault.at, "");
}

static void test_jump_by_rated_power(void **state)
{
    struct world *w = *state;
    world_begin(w, STORE_CORE);
    struct point p = { .point_id = 2000,
                       .station_id = w->station,
                       .code = STR("rated"),
                       .role = POINT_GENERATION,
                       .rated_kw_e4 = 1000000 }; /* 100 kW: 30 kWh a slot with the 20 % */
    assert_ok(meter_add_points(w->db, scope_machine(), &p, 1, NOW, &w->e), &w->e);
    world_commit(w, STORE_CORE);
    w->point[0] = 2000;
    bind(w, 0, START, FOREVER, METER_OPEN_VALUE, METER_OPEN_VALUE, 0, 5);
    struct reading r[] = { reg(w, 0, DAY, 10, 0), reg(w, 0, DAY, 11, 3000),
                           reg(w, 0, DAY, 12, 6001), reg(w, 0, DAY, 13, 6002) };
    send(w, r, 4); /* K = 100: 30.00 kWh, 30.01, 0.01 */
    struct reading_day d = world_day(w, 2000, DAY);
    assert_int_equal(d.value[10], 300000);
    assert_int_equal(d.mark[11], MARK_MISSING);
    assert_true(d.q[11] & Q_RANGE);
    assert_int_equal(d.value[12], 100);
}

static void test_a_virtual_point_is_the_sum_of_its_parts(void **state)
{
    struct world *w = *state;
    world_begin(w, STORE_CORE);
    struct point v = { .point_id = 3000,
                       .station_id = w->station,
                       .code = STR("net"),
                       .role = POINT_OTHER,
                       .is_virtual = true };
    struct formula_part parts[] = { { w->point[0], 1 }, { w->point[1], -2 } };
    assert_ok(meter_add_points(w->db, scope_machine(), &v, 1, NOW, &w->e), &w->e);
    assert_ok(meter_set_formula(w->db, scope_machine(), 3000, parts, 2, NOW, &w->e), &w->e);
    world_commit(w, STORE_CORE);
    world_load(w);
    struct reading r[2 * SLOTS];
    for (int s = 0; s < SLOTS; s++) {
        r[s] = interval(w->point[0], DAY, s, 1000 + s);
        r[SLOTS + s] = interval(w->point[1], DAY, s, 3 * s);
    }
    send(w, r, 2 * SLOTS);
    struct reading_plan *plan;
    int64_t sum;
    struct reading_total t = { .sums = &sum };
    assert_ok(reading_plan_slots(w->a, DAY, 0, SLOTS, &plan, &w->e), &w->e);
    int64_t id = 3000;
    assert_ok(reading_totals(w->db, w->p, plan, &id, 1, &t, &w->e), &w->e);
    assert_int_equal(sum, 96000 + 4560 - 6 * 4560); /* sum of 0..95 is 4560 */
    assert_int_equal(t.n_missing, 0);
    struct reading_day d = world_day(w, 3000, DAY);
    assert_int_equal(d.value[10], 1010 - 60);
    struct reading bad = interval(w->point[1], DAY, 10, 31); /* a conflict in one part */
    send(w, &bad, 1);
    d = world_day(w, 3000, DAY);
    assert_int_equal(d.mark[10], MARK_MISSING);
    assert_ok(reading_totals(w->db, w->p, plan, &id, 1, &t, &w->e), &w->e);
    assert_int_equal(sum, 96000 + 4560 - 6 * 4560 - (1010 - 60));
    assert_int_equal(t.n_missing, 1);
    assert_int_equal(t.first_missing, 10);
    int64_t map_sums[SLOTS];
    struct reading_sums s = { .sums = map_sums };
    uint8_t map = 0;
    assert_ok(reading_sums(w->db, w->p, 3000, DAY, 1, &map, 1, &s, &w->e), &w->e);
    assert_int_equal(map_sums[11], 1011 - 66);
    assert_int_equal(s.n_missing, 1);
}

static void test_estimates_by_profile_line_and_equal_parts(void **state)
{
    struct world *w = *state;
    struct reading r[20];
    struct day later = day_add(DAY, 7);
    int32_t n;
    for (int s = 0; s < 10; s++) {
        r[s] = interval(w->point[0], DAY, s, 100 * s);
        r[10 + s] = interval(w->point[0], later, s, 1000 * s);
    }
    send(w, r, 10);
    r[13] = r[10];
    r[14] = r[11];
    send(w, r + 13, 2); /* slots 0 and 1 of the later day */
    send(w, r + 15, 5); /* 5 to 9; 2, 3, 4 are missing */
    struct slot at = { later, 2 };
    struct str why = STR("gateway was off");
    assert_int_equal(reading_estimate(w->db, w->p, w->point[0], at, 3, ESTIMATE_EQUAL,
                                      ESTIMATE_NO_TOTAL, why, 5, NOW, &n, &w->e),
                     ERR_GAP);
    assert_ok(reading_estimate(w->db, w->p, w->point[0], at, 3, ESTIMATE_PROFILE, ESTIMATE_NO_TOTAL,
                               why, 5, NOW, &n, &w->e),
              &w->e);
    assert_int_equal(n, 3);
    struct reading_day d = world_day(w, w->point[0], later);
    assert_int_equal(d.value[3], 300);
    assert_int_equal(d.mark[3], MARK_ESTIMATED);
    assert_int_equal(d.rank[3], RANK_ESTIMATE);
    struct reading good = interval(w->point[0], later, 3, 2950); /* the reading comes after all */
    send(w, &good, 1);
    assert_int_equal(world_day(w, w->point[0], later).value[3], 2950);
    /* 4 and 96 further slots: nothing is missing in [2, 10) now */
    assert_ok(reading_estimate(w->db, w->p, w->point[0], at, 8, ESTIMATE_EQUAL, 70, why, 5, NOW, &n,
                               &w->e),
              &w->e);
    assert_int_equal(n, 0);
    struct slot tail = { later, 10 };
    assert_ok(reading_estimate(w->db, w->p, w->point[0], tail, 3, ESTIMATE_EQUAL, 100, why, 5, NOW,
                               &n, &w->e),
              &w->e);
    d = world_day(w, w->point[0], later);
    assert_int_equal(d.value[10], 34);
    assert_int_equal(d.value[12], 33);
    struct reading far = interval(w->point[0], later, 15, 129);
    send(w, &far, 1); /* 13 and 14 lie between 33 and 129: 65 and 97 */
    assert_ok(reading_estimate(w->db, w->p, w->point[0], tail, 5, ESTIMATE_LINEAR,
                               ESTIMATE_NO_TOTAL, why, 5, NOW, &n, &w->e),
              &w->e);
    assert_int_equal(n, 2);
    d = world_day(w, w->point[0], later);
    assert_int_equal(d.value[13], 65);
    assert_int_equal(d.value[14], 97);
}

/* A gap longer than a week goes on with the shape it was given; a week that is missing itself is
 * passed over. */
static void test_estimates_of_long_gaps(void **state)
{
    struct world *w = *state;
    struct reading r[4] = { interval(w->point[0], DAY, 94, 40), interval(w->point[0], DAY, 95, 50),
                            interval(w->point[0], day_add(DAY, 1), 0, 60),
                            interval(w->point[0], day_add(DAY, 22), 0, 70) };
    struct str why = STR("gateway was off");
    int32_t n = -1;
    send(w, r, 4);
    /* the third slot is one nobody has: nothing is written */
    struct slot at = { day_add(DAY, 7), 95 };
    assert_int_equal(reading_estimate(w->db, w->p, w->point[0], at, 3, ESTIMATE_PROFILE,
                                      ESTIMATE_NO_TOTAL, why, 5, NOW, &n, &w->e),
                     ERR_GAP);
    assert_string_equal(w->e.text,
                        "estimate: none of the 5 weeks before 20260310 has a value at slot 1 to "
                        "take the shape from");
    assert_int_equal(n, -1);
    /* one week: as given; the next: the estimate of the first, since nothing was measured */
    for (int week = 1; week <= 2; week++) {
        at.day = day_add(DAY, 7 * week);
        assert_ok(reading_estimate(w->db, w->p, w->point[0], at, 2, ESTIMATE_PROFILE,
                                   ESTIMATE_NO_TOTAL, why, 5, NOW, &n, &w->e),
                  &w->e);
        assert_int_equal(n, 2);
        assert_int_equal(world_day(w, w->point[0], at.day).value[95], 50);
        assert_int_equal(world_day(w, w->point[0], day_add(at.day, 1)).value[0], 60);
    }
    /* week 3 has only the second of them: the first is taken from week 2 */
    at.day = day_add(DAY, 28);
    assert_ok(reading_estimate(w->db, w->p, w->point[0], at, 2, ESTIMATE_PROFILE, ESTIMATE_NO_TOTAL,
                               why, 5, NOW, &n, &w->e),
              &w->e);
    assert_int_equal(world_day(w, w->point[0], at.day).value[95], 50);
    assert_int_equal(world_day(w, w->point[0], day_add(at.day, 1)).value[0], 70);
}

static void test_estimates_chain_within_one_call(void **state)
{
    struct world *w = *state;
    struct reading r[SLOTS * 7];
    struct str why = STR("gateway was off");
    int32_t n;
    for (int i = 0; i < SLOTS * 7; i++) {
        int d = i / SLOTS, s = i % SLOTS;
        r[i] = interval(w->point[0], day_add(DAY, d), s, 1000 * d + s);
    }
    send(w, r, SLOTS * 7);
    struct slot at = { day_add(DAY, 7), 0 }; /* 16 days: two rounds of the week, and two days */
    assert_ok(reading_estimate(w->db, w->p, w->point[0], at, 16 * SLOTS, ESTIMATE_PROFILE,
                               ESTIMATE_NO_TOTAL, why, 5, NOW, &n, &w->e),
              &w->e);
    assert_int_equal(n, 16 * SLOTS);
    for (int d = 7; d < 23; d++) {
        struct reading_day got = world_day(w, w->point[0], day_add(DAY, d));
        assert_int_equal(got.value[0], 1000 * (d % 7));
        assert_int_equal(got.value[95], 1000 * (d % 7) + 95);
        assert_int_equal(got.mark[95], MARK_ESTIMATED);
    }
}

static void test_today_shows_chunks_and_journal(void **state)
{
    struct world *w = *state;
    struct reading r[] = { interval(w->point[0], DAY, 1, 10), interval(w->point[0], DAY, 2, 20),
                           interval(w->point[0], DAY, 3, 30) };
    send(w, r, 1);
    assert_int_equal(world_send(w, "gw", ++batches, r + 1, 1, NULL), 1); /* not folded */
    struct reading_today *t;
    assert_ok(reading_today_open(w->db, w->p, w->a, DAY, &t, &w->e), &w->e);
    struct reading_batch b = { .readings = r + 2, .n = 1, .result = BATCH_TAKEN };
    reading_today_add(t, &b);
    struct reading_day d;
    assert_true(reading_today_get(t, w->point[0], &d));
    assert_int_equal(d.value[1], 10);
    assert_int_equal(d.value[2], 20);
    assert_int_equal(d.value[3], 30);
    assert_int_equal(d.mark[4], MARK_MISSING);
    assert_false(reading_today_get(t, 1, &d));
}

static void test_the_check_finds_what_is_not_as_it_was(void **state)
{
    struct world *w = *state;
    bind(w, 1, START, FOREVER, METER_OPEN_VALUE, METER_OPEN_VALUE, 1, 200);
    struct reading r[] = { interval(w->point[0], DAY, 1, 10), interval(w->point[0], DAY, 1, 12),
                           interval(w->point[0], DAY, 2, 20), reg(w, 1, DAY, 1, 100),
                           reg(w, 1, DAY, 2, 400) };
    r[2].rank = RANK_DEVICE;
    send(w, r, 5);
    struct reading_check_report c;
    assert_ok(reading_check(w->db, w->p, w->a, true, &c, &w->e), &w->e);
    assert_string_equal(c.first_fault.at, "");
    assert_int_equal(c.faults, 0);
    assert_int_equal(c.batches, 1);
    assert_int_equal(c.readings, 5);
    assert_int_equal(c.chunks, 2);
    /* A value is lost: the chunk is sound, but the reading is nowhere. */
    int64_t at = points_find(w->p, w->point[0]);
    struct day_slots d;
    world_begin(w, STORE_SERIES);
    assert_ok(days_load(w->db, w->p, at, DAY, 1, &d, NULL, &w->e), &w->e);
    d.value[2] = 21;
    assert_ok(day_store(w->db, w->p, at, DAY, SERIES_INTERVALS, DAY_OPEN, &d, &w->e), &w->e);
    world_commit(w, STORE_SERIES);
    assert_ok(reading_check(w->db, w->p, w->a, true, &c, &w->e), &w->e);
    assert_int_equal(c.faults, 1);
    assert_non_null(strstr(c.first_fault.at, "slot 2: an acknowledged reading is not in force"));
    /* A flipped bit. */
    struct str data;
    int64_t key = chunk_key(day_number(DAY), 0, 0);
    world_begin(w, STORE_SERIES);
    assert_ok(rows_get_chunk(w->db, SERIES_INTERVALS, key, w->a, &data, &w->e), &w->e);
    char *bytes = arena_copy(w->a, data.at, data.n);
    bytes[data.n - 1] ^= 4;
    assert_ok(rows_put_chunk(w->db, SERIES_INTERVALS, key, 0, (struct str){ bytes, data.n }, &w->e),
              &w->e);
    world_commit(w, STORE_SERIES);
    assert_ok(reading_check(w->db, w->p, w->a, false, &c, &w->e), &w->e);
    assert_int_equal(c.faults, 1);
    assert_non_null(strstr(c.first_fault.at, "does not match its checksum"));
    struct reading_day day;
    assert_int_equal(reading_values(w->db, w->p, w->point[0], DAY, 1, &day, &w->e), ERR_CORRUPT);
}

static void test_a_foreign_point_is_unknown(void **state)
{
    struct world *w = *state;
    struct scope foreign = { .orgs = (int64_t[]){ ORG + 1 }, .n = 1 };
    struct reading_points *p;
    struct reading_day d;
    assert_ok(reading_points_load(w->db, foreign, w->a, &p, &w->e), &w->e);
    assert_int_equal(reading_values(w->db, p, w->point[0], DAY, 1, &d, &w->e), ERR_NOT_FOUND);
    struct reading_plan *plan;
    int64_t sum;
    struct reading_total t = { .sums = &sum };
    assert_ok(reading_plan_slots(w->a, DAY, 0, 1, &plan, &w->e), &w->e);
    assert_int_equal(reading_totals(w->db, p, plan, w->point, 1, &t, &w->e), ERR_NOT_FOUND);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        T(test_law_4_intervals_are_differences_times_k),
        T(test_rollover_gap_and_backward_in_the_store),
        T(test_a_swap_inside_a_slot_joins_two_segments),
        T(test_a_swap_without_removal_reading_leaves_its_slot_open),
        T(test_a_corrected_ratio_is_derived_again),
        cmocka_unit_test(test_law_6_registers_in_any_order),
        T(test_a_gap_takes_the_shape_of_the_week_before),
        T(test_law_7_a_late_register_meets_a_sealed_month),
        T(test_jump_by_rated_power),
        T(test_a_virtual_point_is_the_sum_of_its_parts),
        T(test_estimates_by_profile_line_and_equal_parts),
        T(test_estimates_of_long_gaps),
        T(test_estimates_chain_within_one_call),
        T(test_today_shows_chunks_and_journal),
        T(test_the_check_finds_what_is_not_as_it_was),
        T(test_a_foreign_point_is_unknown),
    };
    return RUN_ON_BOTH("registers", tests);
}
