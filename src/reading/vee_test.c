/* vee_test.c - validation, estimation and the work list (vee.h), on both engines. The expected
 * numbers are by hand. */
#include "reading/vee.h"
#include "support/reading_world.h"

#define GEN 2000    /* 100 kW: at most 100 x 1.2 / 4 = 30 kWh in 15 minutes */
#define EXPORT 2001
#define LATER ((struct instant){ NOW.utc_ms + 1000 })

static int64_t batches; /* each send of these tests is a new one */

static void send(struct world *w, const struct reading *r, size_t n)
{
    assert_int_equal(world_send(w, "gw", ++batches, r, n, NULL), n);
    world_fold(w);
}

/* One more station: generation with a rated power, and export. */
static int set_up(void **state)
{
    world_set_up(state);
    struct world *w = *state;
    struct station s = { .org_id = ORG, .kind = STATION_PV, .code = STR("PV02") };
    world_begin(w, STORE_CORE);
    assert_ok(meter_add_stations(w->db, scope_machine(), &s, 1, NOW, &w->e), &w->e);
    struct point p[] = { { .point_id = GEN,
                           .code = STR("gen"),
                           .role = POINT_GENERATION,
                           .rated_kw_e4 = 1000000 },
                         { .point_id = EXPORT, .code = STR("export"), .role = POINT_EXPORT } };
    for (int i = 0; i < 2; i++) {
        p[i].station_id = s.station_id;
        p[i].quantity = STR("ep_exp");
        p[i].unit = STR("kWh");
        p[i].direction = -1;
    }
    assert_ok(meter_add_points(w->db, scope_machine(), p, 2, NOW, &w->e), &w->e);
    world_commit(w, STORE_CORE);
    const int64_t ids[] = { GEN, EXPORT };
    assert_ok(meter_load_estate(w->db, scope_machine(), w->a, &w->estate, &w->e), &w->e);
    world_begin(w, STORE_SERIES);
    assert_ok(reading_place(w->db, &w->estate, ids, 2, NOW, &w->e), &w->e);
    world_commit(w, STORE_SERIES);
    assert_ok(reading_points_load(w->db, scope_machine(), w->a, &w->p, &w->e), &w->e);
    return 0;
}

static struct vee_rules rules_of(struct world *w)
{
    struct vee_rules r;
    assert_ok(vee_rules_own(w->a, &r, &w->e), &w->e);
    return r;
}

/* 5 kWh and a little more each quarter from 07:00 to 17:15, nothing else. */
static int64_t sunny(int slot)
{
    return slot >= 28 && slot <= 68 ? 50000 + 10 * slot : 0;
}

static void send_day(struct world *w, int64_t point, struct day day, int64_t (*value)(int))
{
    struct reading r[SLOTS];
    for (int s = 0; s < SLOTS; s++) {
        r[s] = interval(point, day, s, value(s));
    }
    send(w, r, SLOTS);
}

static struct vee_counts check_days(struct world *w, const int64_t *ids, size_t n, struct day from,
                                    int32_t n_days)
{
    struct vee_rules rules = rules_of(w);
    struct vee_counts c;
    assert_ok(vee_check(w->db, w->p, &rules, NULL, ids, n, from, n_days, LATER, &c, &w->e), &w->e);
    return c;
}

static size_t findings(struct world *w, enum finding_state state, struct vee_finding **f)
{
    size_t n;
    assert_ok(vee_findings(w->db, w->p, w->a, state, 0, 100, f, &n, &w->e), &w->e);
    return n;
}

/* ---- rules ---- */

static void test_own_rules_are_sound(void **state)
{
    struct world *w = *state;
    struct vee_rules r = rules_of(w);
    assert_int_equal(r.approve_slots, 96);
    assert_int_equal(r.sets[0].role, POINT_GENERATION);
    assert_int_equal(r.sets[0].limit_e4, 12000);
    assert_int_equal(r.sets[0].night_from, 84); /* 21:00 */
    assert_int_equal(r.sets[r.n_sets - 1].role, 0);
}

static void test_bad_rules_are_named(void **state)
{
    struct world *w = *state;
#define HEAD "{\"schema\":\"sunkeeper.validation/1\",\"approval\":{\"slots\":96,\"kwh\":\"1\"},"   \
             "\"same_day\":{\"days\":5,\"least\":2},"
    static const struct {
        const char *text, *message;
    } bad[] = {
        { "{}", "r.json: schema: missing" },
        { "{\"schema\":\"x\"}", "r.json: schema is 'x', not sunkeeper.validation/1" },
        { HEAD "\"sets\":[]}", "r.json: 1 to 64 sets and at most as many sums" },
        { HEAD "\"sets\":[{\"title\":\"t\",\"role\":\"sun\"}]}",
          "r.json: sets[0].role: 'sun' is no role of a point" },
        { HEAD "\"sets\":[{\"title\":\"t\",\"station\":\"moon\"}]}",
          "r.json: sets[0].station: 'moon' is no kind of station" },
        { HEAD "\"sets\":[{\"title\":\"t\",\"limit\":\"0\"}]}",
          "r.json: sets[0].limit: must be more than 0" },
        { HEAD "\"sets\":[{\"title\":\"t\",\"stuck\":{\"slots\":0}}]}",
          "r.json: sets[0].stuck.slots: 0 is not in 1..2976" },
        { HEAD "\"sets\":[{\"title\":\"t\",\"zero\":{\"from\":\"10:07\",\"until\":\"14:00\","
               "\"slots\":8}}]}",
          "r.json: sets[0].zero.from: '10:07' is no quarter of an hour, like 10:15" },
        { HEAD "\"sets\":[{\"title\":\"t\",\"zero\":{\"from\":\"14:00\",\"until\":\"10:00\","
               "\"slots\":8}}]}",
          "r.json: sets[0].zero: from must be before until" },
        { HEAD "\"sets\":[{\"title\":\"t\"}],\"sums\":[{\"station\":\"pv\",\"main\":\"export\","
               "\"parts\":[\"export\"],\"over\":\"0\",\"under\":\"0\"}]}",
          "r.json: sums[0]: a sum names station, main and parts other than the main" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct json doc;
        struct vee_rules r;
        assert_ok(json_parse(w->a, str_of(bad[i].text), "r.json", &doc, &w->e), &w->e);
        assert_int_equal(vee_rules_read(w->a, doc, &r, &w->e), ERR_INPUT);
        if (i == 0) {
            assert_non_null(strstr(w->e.text, "schema"));
            continue;
        }
        assert_string_equal(w->e.text, bad[i].message);
    }
}

/* ---- checks ---- */

static void test_each_rule_finds_its_interval(void **state)
{
    struct world *w = *state;
    struct reading r[SLOTS];
    struct vee_finding *f;
    struct day day = day_add(DAY, 21); /* Monday 2026-03-23 */
    const int64_t id = GEN;
    for (int d = 0; d < 21; d++) {
        send_day(w, GEN, day_add(DAY, d), sunny);
    }
    for (int s = 0; s < SLOTS; s++) {
        int64_t v = sunny(s);
        v = s == 10 ? 6000 : s == 12 ? -5 : s == 30 ? 310000 : s == 66 ? 260000 : v;
        v = s >= 40 && s < 50 ? 0 : s >= 52 && s < 64 ? 51111 : v;
        r[s] = interval(GEN, day, s, v);
    }
    send(w, r, SLOTS);
    assert_int_equal(check_days(w, &id, 1, DAY, 21).found, 0); /* nothing wrong with sunny days */
    struct vee_counts c = check_days(w, &id, 1, day, 1);
    assert_int_equal(c.found, 7);
    assert_int_equal(c.fresh, 7);
    static const struct {
        int slot, n;
        enum vee_rule rule;
        int64_t value, limit;
    } want[] = {
        { 10, 1, VEE_NIGHT, 6000, 5000 },
        { 12, 1, VEE_NEGATIVE, -5, 0 },
        { 30, 1, VEE_LIMIT, 310000, 300000 },
        { 30, 1, VEE_SPIKE, 310000, 251240 }, /* 4 x 50310 (slot 31) + 50000 */
        { 40, 10, VEE_ZERO, 0, 8 },
        { 52, 12, VEE_STUCK, 51111, 12 },
        { 66, 1, VEE_SPIKE, 260000, 252680 }, /* 4 x 50670 + 50000 */
    };
    assert_int_equal(findings(w, FINDING_OPEN, &f), 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(f[i].from.day.yyyymmdd, day.yyyymmdd);
        assert_int_equal(f[i].from.index, want[i].slot);
        assert_int_equal(f[i].n_slots, want[i].n);
        assert_int_equal(f[i].rule, want[i].rule);
        assert_int_equal(f[i].value, want[i].value);
        assert_int_equal(f[i].limit, want[i].limit);
    }
    c = check_days(w, &id, 1, day, 1); /* again: nothing new (law 6) */
    assert_int_equal(c.fresh, 0);
    assert_int_equal(findings(w, 0, &f), 7);
}

static int64_t more(int slot)
{
    return sunny(slot) * 2;
}

static void test_parts_above_their_main_meter(void **state)
{
    struct world *w = *state;
    struct vee_finding *f;
    const int64_t both[] = { GEN, EXPORT }, one = GEN;
    send_day(w, GEN, DAY, sunny);
    send_day(w, EXPORT, DAY, more);
    assert_int_equal(check_days(w, &one, 1, DAY, 1).found, 0); /* only whole stations are summed */
    assert_int_equal(check_days(w, both, 2, DAY, 1).found, 1);
    assert_int_equal(findings(w, FINDING_OPEN, &f), 1);
    assert_int_equal(f[0].rule, VEE_SUM);
    assert_int_equal(f[0].point_id, GEN);
    /* 41 x 50000 + 10 x (28 + ... + 68 = 1968) = 2069680 */
    assert_int_equal(f[0].limit, 2069680);
    assert_int_equal(f[0].value, 2 * 2069680);
}

static void test_the_work_list_follows_what_is_decided(void **state)
{
    struct world *w = *state;
    struct vee_finding *f;
    struct reading bad = interval(GEN, DAY, 10, 6000), frozen;
    const int64_t id = GEN;
    send(w, &bad, 1);
    check_days(w, &id, 1, DAY, 1);
    assert_int_equal(findings(w, FINDING_OPEN, &f), 1);
    int64_t finding = f[0].finding_id;
    assert_int_equal(vee_accept(w->db, w->p, finding, STR(" "), 5, NOW, &w->e), ERR_INPUT);
    assert_ok(vee_accept(w->db, w->p, finding, STR("floodlights"), 5, NOW, &w->e), &w->e);
    assert_int_equal(vee_accept(w->db, w->p, finding, STR("again"), 5, NOW, &w->e), ERR_RULE);
    check_days(w, &id, 1, DAY, 1);
    assert_int_equal(findings(w, FINDING_ACCEPTED, &f), 1); /* as it was: it stays accepted */
    assert_int_equal(f[0].user_id, 5);
    assert_true(str_is(f[0].reason, "floodlights"));
    frozen = bad; /* another value: open again */
    frozen.value = 7000;
    frozen.rank = RANK_FROZEN;
    send(w, &frozen, 1);
    check_days(w, &id, 1, DAY, 1);
    assert_int_equal(findings(w, FINDING_OPEN, &f), 1);
    assert_int_equal(f[0].finding_id, finding);
    assert_int_equal(f[0].value, 7000);
    /* by hand: edited, and who decided */
    int64_t zero = 0, change;
    assert_ok(reading_edit(w->db, w->p, GEN, (struct slot){ DAY, 10 }, &zero, 1, STR("no sun"), 5,
                           NOW, &change, &w->e),
              &w->e);
    assert_ok(reading_decide(w->db, w->p, &change, 1, true, STR("so"), 6, NOW, &w->e), &w->e);
    assert_int_equal(findings(w, FINDING_EDITED, &f), 1);
    assert_int_equal(f[0].user_id, 6);
    /* a value that is replaced by a good one clears it */
    bad.ts_ms += 900000;
    send(w, &bad, 1);
    check_days(w, &id, 1, DAY, 1);
    bad.value = 0;
    bad.rank = RANK_FROZEN;
    send(w, &bad, 1);
    assert_int_equal(check_days(w, &id, 1, DAY, 1).cleared, 1);
    assert_int_equal(findings(w, FINDING_CLEARED, &f), 1);
}

/* ---- estimates ---- */

static struct estimate_job job_of(int64_t point, struct day day, int slot, int32_t n,
                                  enum estimate_method m)
{
    return (struct estimate_job){ .point_id = point,
                                  .from = { day, slot },
                                  .n_slots = n,
                                  .method = m,
                                  .total = ESTIMATE_NO_TOTAL,
                                  .reason = STR("gateway was off"),
                                  .user_id = 5,
                                  .now = NOW };
}

static enum vee_day thursday_is_a_holiday(const void *ctx, struct day d)
{
    (void)ctx;
    return d.yyyymmdd == 20260305 ? VEE_HOLIDAY : day_weekday(d) > 5 ? VEE_RESTDAY : VEE_WORKDAY;
}

static void test_same_day_is_the_mean_of_days_of_its_type(void **state)
{
    struct world *w = *state;
    struct estimate x;
    struct reading r[8];
    /* Monday 2nd to Sunday 8th March: 100 200 301 400 555 7 8; the Monday after is missing */
    static const int64_t value[] = { 100, 200, 301, 400, 555, 7, 8 };
    for (int d = 0; d < 7; d++) {
        r[d] = interval(w->point[0], day_add(DAY, d), 40, value[d]);
    }
    send(w, r, 7);
    struct estimate_job j = job_of(w->point[0], day_add(DAY, 7), 40, 1, ESTIMATE_SAME_DAY);
    assert_ok(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.n, 1);
    assert_int_equal(x.values[0].value, 311); /* (100 + 200 + 301 + 400 + 555) / 5 = 311.2 */
    j.calendar.of = thursday_is_a_holiday;
    assert_ok(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.values[0].value, 289); /* without Thursday: 1156 / 4 */
    assert_true(str_is(x.sources, "2026-03-09 (workday): mean of 2026-03-06 2026-03-04 2026-03-03 "
                                  "2026-03-02"));
    j.from.day = day_add(DAY, 13); /* Sunday: (7 + 8) / 2, half away from zero */
    assert_ok(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.values[0].value, 8);
    j.from.day = DAY;
    j.from.index = 41;
    assert_int_equal(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), ERR_GAP);
    assert_string_equal(w->e.text, "same-day: 0 good workdays in the 60 days before 20260302, 2 "
                                   "are needed");
}

static int64_t hundred(int slot)
{
    (void)slot;
    return 100;
}

static int64_t three_hundred(int slot)
{
    (void)slot;
    return 300;
}

static void test_similar_scales_by_common_days_or_rated_power(void **state)
{
    struct world *w = *state;
    struct estimate x;
    struct day next = day_add(DAY, 1);
    struct reading like = interval(w->point[2], next, 40, 1000);
    struct estimate_job j = job_of(w->point[1], next, 40, 1, ESTIMATE_SIMILAR);
    send(w, &like, 1);
    assert_int_equal(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), ERR_GAP);
    assert_string_equal(w->e.text, "similar: say which point it is like (--like POINT)");
    j.like_id = w->point[2];
    assert_int_equal(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), ERR_GAP);
    assert_string_equal(w->e.text,
                        "similar: the two points have no common good day with energy in the 60 "
                        "days before, and no rated power on both: nothing to scale by");
    send_day(w, w->point[1], DAY, hundred);
    send_day(w, w->point[2], DAY, three_hundred);
    assert_ok(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.values[0].value, 333); /* 1000 x 9600 / 28800 */
    j.n_slots = 2;
    assert_int_equal(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), ERR_GAP);
    assert_string_equal(w->e.text,
                        "similar: the other point has no good value at 20260303 slot 41");
}

static void bind_meter(struct world *w)
{
    struct binding b = { .point_id = w->point[0],
                         .valid_from = { slot_start((struct slot){ { 20260101 }, 0 }).utc_ms },
                         .meter_id = w->meter[0],
                         .register_code = STR("ep_exp"),
                         .ct_num = 1,
                         .ct_den = 1,
                         .pt_num = 1,
                         .pt_den = 1,
                         .last_value_e4 = METER_OPEN_VALUE,
                         .reason = BINDING_FIRST };
    world_begin(w, STORE_CORE);
    assert_ok(meter_bind(w->db, scope_machine(), &b, 1, NOW, &w->e), &w->e);
    world_commit(w, STORE_CORE);
    world_load(w);
}

/* Day: 86 intervals of 1000; registers say 100007: the ten missing ones are 14007. */
static void test_law_5_registers_say_the_total(void **state)
{
    struct world *w = *state;
    struct reading r[SLOTS];
    struct estimate x;
    size_t n = 0;
    bind_meter(w);
    for (int s = 0; s < SLOTS; s++) {
        if (s < 40 || s >= 50) {
            r[n++] = interval(w->point[0], DAY, s, 1000);
        }
    }
    send(w, r, n);
    struct estimate_job j = job_of(w->point[0], DAY, 40, 10, ESTIMATE_REGISTER);
    assert_int_equal(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), ERR_GAP);
    assert_non_null(strstr(w->e.text, "no register reading at a midnight within 62 days before"));
    for (int i = 0; i < 2; i++) {
        r[i] = interval(w->point[0], day_add(DAY, i), 0, 5000000 + 100007 * i);
        r[i].kind = READING_REG;
        r[i].rank = RANK_DEVICE;
    }
    send(w, r, 2);
    assert_ok(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.n, 10);
    assert_int_equal(x.total, 14007);
    struct reading_day d = world_day(w, w->point[0], DAY);
    int64_t sum = 0;
    for (int s = 0; s < SLOTS; s++) {
        sum += d.value[s];
    }
    assert_int_equal(sum, 100007);
    assert_int_equal(d.value[40], 1401); /* 14007 = 10 x 1400 + 7: the first seven get one more */
    assert_int_equal(d.value[46], 1401);
    assert_int_equal(d.value[47], 1400);
    assert_int_equal(d.mark[47], MARK_ESTIMATED);
    /* with a shape: the Thursday and Friday before had 1 to 10 in these slots */
    for (int k = 0; k < 20; k++) {
        r[k] = interval(w->point[0], day_add(DAY, k < 10 ? -3 : -4), 40 + k % 10, 1 + k % 10);
    }
    send(w, r, 20);
    assert_ok(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[40], 255); /* 14007 x 1 / 55 = 254.67 */
    assert_int_equal(d.value[49], 2547); /* 14007 x 10 / 55 = 2546.7 */
    assert_int_equal(x.total, 14007);
}

static void test_law_2_what_is_measured_later_wins(void **state)
{
    struct world *w = *state;
    struct estimate x;
    struct reading_provenance how[SLOTS];
    struct reading r[] = { interval(w->point[0], DAY, 39, 100),
                           interval(w->point[0], DAY, 42, 400) };
    struct reading late = interval(w->point[0], DAY, 40, 777);
    send(w, r, 2);
    struct estimate_job j = job_of(w->point[0], DAY, 39, 4, ESTIMATE_AUTO);
    j.total = 1001; /* law 5: a total is shared as the line has it, 200 : 300 */
    assert_ok(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.values[0].value, 400);
    assert_int_equal(x.values[1].value, 601); /* 400.4 and 600.6: the larger remainder */
    j.total = ESTIMATE_NO_TOTAL;
    assert_ok(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.method, ESTIMATE_LINEAR); /* short, and both neighbours are there */
    assert_false(x.second_person);
    struct reading_day d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[40], 200);
    assert_int_equal(d.value[41], 300);
    assert_ok(reading_provenance(w->db, w->p, w->a, &d, w->point[0], how, &w->e), &w->e);
    assert_int_equal(how[40].kind, CHANGE_ESTIMATE);
    assert_int_equal(how[40].method, ESTIMATE_LINEAR);
    assert_true(str_is(how[40].sources, "a line between the neighbours"));
    assert_int_equal(how[39].kind, 0);
    late.rank = RANK_DEVICE;
    send(w, &late, 1);
    d = world_day(w, w->point[0], DAY);
    assert_int_equal(d.value[40], 777);
    assert_int_equal(d.mark[40], MARK_ACTUAL);
    assert_ok(reading_provenance(w->db, w->p, w->a, &d, w->point[0], how, &w->e), &w->e);
    assert_int_equal(how[40].kind, 0);
    assert_int_equal(how[41].kind, CHANGE_ESTIMATE);
    assert_ok(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), &w->e); /* nothing left to fill */
    assert_int_equal(x.n, 0);
}

static void test_law_4_large_estimates_wait_for_a_second_person(void **state)
{
    struct world *w = *state;
    struct vee_rules rules = rules_of(w);
    struct estimate x;
    struct reading_proposal *o;
    int64_t *ids;
    size_t n;
    for (int d = 0; d < 7; d++) {
        send_day(w, w->point[0], day_add(DAY, d), hundred);
    }
    struct estimate_job j = job_of(w->point[0], day_add(DAY, 7), 0, 97, ESTIMATE_AUTO);
    j.rules = &rules;
    j.user_id = 0;
    assert_int_equal(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), ERR_RULE);
    assert_string_equal(w->e.text,
                        "this estimate needs a second person (97 intervals): say who asks (--as "
                        "LOGIN)");
    j.user_id = 5;
    assert_ok(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_true(x.second_person);
    assert_int_equal(x.method, ESTIMATE_SAME_DAY);
    assert_int_equal(world_day(w, w->point[0], day_add(DAY, 7)).mark[0], MARK_MISSING);
    assert_ok(reading_list_proposals(w->db, w->p, w->a, true, 0, 10, &o, &n, &w->e), &w->e);
    assert_int_equal(n, 1);
    assert_int_equal(o[0].n_open, 97);
    assert_int_equal(o[0].total, 9700);
    assert_ok(reading_proposal_changes(w->db, w->p, w->a, x.proposal_id, &ids, &n, &w->e), &w->e);
    assert_int_equal(n, 97);
    assert_int_equal(reading_decide(w->db, w->p, ids, n, true, STR("me"), 5, NOW, &w->e), ERR_RULE);
    assert_string_equal(w->e.name, "SELF_APPROVAL");
    /* one value arrives before the decision: it stays (law 2) */
    struct reading late = interval(w->point[0], day_add(DAY, 7), 3, 55);
    send(w, &late, 1);
    assert_ok(reading_decide(w->db, w->p, ids, n, true, STR("ok"), 6, NOW, &w->e), &w->e);
    struct reading_day d = world_day(w, w->point[0], day_add(DAY, 7));
    assert_int_equal(d.value[3], 55);
    assert_int_equal(d.value[4], 100);
    assert_int_equal(d.rank[4], RANK_ESTIMATE);
    assert_ok(reading_list_proposals(w->db, w->p, w->a, false, 0, 10, &o, &n, &w->e), &w->e);
    assert_int_equal(o[0].n_applied, 96);
    assert_int_equal(o[0].n_refused, 1);
    assert_int_equal(reading_proposal_changes(w->db, w->p, w->a, x.proposal_id, &ids, &n, &w->e),
                     ERR_NOT_FOUND);
}

static void test_law_3_a_value_is_replaced_by_two_people(void **state)
{
    struct world *w = *state;
    struct vee_rules rules = rules_of(w);
    struct vee_finding *f;
    struct estimate x;
    int64_t *ids;
    const int64_t id = GEN;
    size_t n;
    struct reading bad = interval(GEN, day_add(DAY, 7), 10, 6000);
    for (int d = 0; d < 7; d++) {
        send_day(w, GEN, day_add(DAY, d), sunny);
    }
    send(w, &bad, 1);
    check_days(w, &id, 1, day_add(DAY, 7), 1);
    struct estimate_job j = job_of(GEN, day_add(DAY, 7), 10, 1, ESTIMATE_SAME_DAY);
    j.rules = &rules;
    assert_ok(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_int_equal(x.n, 0); /* there is a value: nothing is missing */
    j.replace = true;
    assert_ok(estimate_make(w->db, w->p, w->a, &j, &x, &w->e), &w->e);
    assert_true(x.second_person);
    assert_int_equal(x.values[0].old_value, 6000);
    assert_ok(reading_proposal_changes(w->db, w->p, w->a, x.proposal_id, &ids, &n, &w->e), &w->e);
    assert_ok(reading_decide(w->db, w->p, ids, n, true, STR("ok"), 6, NOW, &w->e), &w->e);
    struct reading_day d = world_day(w, GEN, day_add(DAY, 7));
    assert_int_equal(d.value[10], 0);
    assert_int_equal(d.mark[10], MARK_MANUAL);
    assert_int_equal(d.rank[10], RANK_MANUAL);
    assert_int_equal(findings(w, FINDING_ESTIMATED, &f), 1);
    assert_int_equal(f[0].user_id, 6);
    bad.value = 7000; /* a later reading does not bring the wrong value back */
    bad.rank = RANK_GRID_FILE;
    send(w, &bad, 1);
    assert_int_equal(world_day(w, GEN, day_add(DAY, 7)).value[10], 0);
}

static void test_auto_says_what_it_tried(void **state)
{
    struct world *w = *state;
    struct estimate x;
    struct estimate_job j = job_of(w->point[0], DAY, 0, 8, ESTIMATE_AUTO);
    assert_int_equal(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), ERR_GAP);
    assert_non_null(strstr(w->e.text, "auto: no method can: register: no register reading"));
    assert_non_null(strstr(w->e.text, "same-day: 0 good workdays"));
    assert_non_null(strstr(w->e.text, "none of the 5 weeks before"));
    j.n_slots = ESTIMATE_SLOTS_MAX + 1;
    assert_int_equal(estimate_plan(w->db, w->p, w->a, &j, &x, &w->e), ERR_INPUT);
}

int main(void)
{
#define ON(t) cmocka_unit_test_setup_teardown(t, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        ON(test_own_rules_are_sound),
        ON(test_bad_rules_are_named),
        ON(test_each_rule_finds_its_interval),
        ON(test_parts_above_their_main_meter),
        ON(test_the_work_list_follows_what_is_decided),
        ON(test_same_day_is_the_mean_of_days_of_its_type),
        ON(test_similar_scales_by_common_days_or_rated_power),
        ON(test_law_5_registers_say_the_total),
        ON(test_law_2_what_is_measured_later_wins),
        ON(test_law_4_large_estimates_wait_for_a_second_person),
        ON(test_law_3_a_value_is_replaced_by_two_people),
        ON(test_auto_says_what_it_tried),
    };
    return RUN_ON_BOTH("vee", tests);
}
