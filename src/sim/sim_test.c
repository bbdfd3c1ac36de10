/* sim_test.c - the laws of sim.h: the same world again, registers that follow the truth, events
 * that hide it, and a nature that is plausible.
 */
#include "ingest/ingest.h"
#include "sim/nature.h"
#include "sim/sim.h"
#include "sim/site.h"

#include "base/test.h"

#define DAYS 31
#define GOLDEN_WORLD 0xbe0432076b6f16cbu
#define GOLDEN_FLEET 0x4d58b281ce6f7979u
static const struct day FROM = {20260701};

static struct sim_meter meter(int32_t multiplier, int64_t first_e4)
{
    return (struct sim_meter){true, 1000000LL * 10000, 100, first_e4, multiplier};
}

static struct sim_site roof(void)
{
    struct sim_site s = {.name = "roof",
                         .kind = SIM_PV,
                         .rated_w = 300000,
                         .latitude_e2 = 3010,
                         .longitude_e2 = 12030,
                         .region = 3,
                         .load = SIM_TWO_SHIFT,
                         .load_w = 150000};
    s.meters[SIM_GENERATION] = meter(80, 1234500);
    s.meters[SIM_EXPORT] = meter(80, 999999LL * 10000); /* about to roll over */
    s.meters[SIM_IMPORT] = meter(80, 0);
    return s;
}

static struct sim_site battery(void)
{
    struct sim_site s = {.name = "battery",
                         .kind = SIM_STORAGE,
                         .rated_w = 500000,
                         .capacity_wh = 1000000,
                         .efficiency_e4 = 8800,
                         .dispatch = "cccccc--ddd-ccc-dddddd--",
                         .latitude_e2 = 3010,
                         .longitude_e2 = 12030,
                         .load = SIM_CONTINUOUS,
                         .load_w = 800000};
    s.meters[SIM_CHARGE] = meter(40, 0);
    s.meters[SIM_DISCHARGE] = meter(40, 0);
    return s;
}

static struct sim_site turbine(void)
{
    struct sim_site s = {.name = "turbine",
                         .kind = SIM_WIND,
                         .rated_w = 3000000,
                         .region = 7,
                         .latitude_e2 = 2990,
                         .longitude_e2 = 12190};
    s.meters[SIM_EXPORT] = meter(4000, 0);
    return s;
}

static int add(struct sim_world *w, struct sim_site s, struct sim_event *events, size_t n)
{
    int number;
    struct err e;
    assert_ok(sim_world_add(w, &s, events, n, &number, &e), &e);
    return number;
}

static int64_t sum_of(struct sim_world *w, int site, enum sim_register reg, struct day day)
{
    int64_t e[SLOTS], sum = 0;
    sim_truth(w, site, reg, day, e);
    for (int i = 0; i < SLOTS; i++) {
        sum += e[i];
    }
    return sum;
}

static void test_law_1_the_same_world_again(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sim_world *one = sim_world_new(a, 7, FROM, DAYS), *two = sim_world_new(a, 7, FROM, DAYS);
    add(one, roof(), NULL, 0);
    add(two, roof(), NULL, 0);
    int64_t x[SLOTS], y[SLOTS];
    for (int d = DAYS - 1; d >= 0; d--) { /* asked in another order */
        sim_truth(two, 0, SIM_EXPORT, day_add(FROM, d), y);
    }
    uint64_t hash = 0;
    for (int d = 0; d < DAYS; d++) {
        sim_truth(one, 0, SIM_EXPORT, day_add(FROM, d), x);
        sim_truth(two, 0, SIM_EXPORT, day_add(FROM, d), y);
        assert_memory_equal(x, y, sizeof x);
        hash = hash64(x, sizeof x, hash);
    }
    /* The same on every machine: written down once, to be seen if the model changes. */
    assert_int_equal(hash, GOLDEN_WORLD);
    arena_free(a);
}

struct seen {
    int64_t value[SIM_REGISTERS][DAYS * SLOTS + 1];
    bool has[SIM_REGISTERS][DAYS * SLOTS + 1];
    int buffered, batches;
    uint32_t last_seq;
};

static enum err_code take(void *ctx, const struct sim_batch *b, struct err *e)
{
    struct seen *s = ctx;
    (void)e;
    assert_int_equal(b->seq, s->last_seq + 1);
    s->last_seq = b->seq;
    s->batches++;
    for (size_t i = 0; i < b->n; i++) {
        const struct sim_sample *x = &b->samples[i];
        int64_t at = (x->at.utc_ms - day_start(FROM).utc_ms) / SLOT_MS;
        assert_true(at >= 0 && at <= DAYS * SLOTS);
        assert_false(s->has[x->reg][at]);
        assert_true(b->sent_at.utc_ms >= x->at.utc_ms);
        s->has[x->reg][at] = true;
        s->value[x->reg][at] = x->value_e4;
        s->buffered += x->buffered;
    }
    return OK;
}

static struct seen *play(struct arena *a, struct sim_world *w, int site)
{
    struct seen *s = arena_make(a, struct seen);
    struct err e;
    assert_ok(sim_play(w, site, take, s, &e), &e);
    return s;
}

static void test_law_3_registers_follow_the_truth(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sim_world *w = sim_world_new(a, 11, FROM, DAYS);
    int site = add(w, roof(), NULL, 0), rolled = 0;
    struct seen *s = play(a, w, site);
    assert_int_equal(s->batches, DAYS);
    int64_t truth = 0, last = s->value[SIM_EXPORT][0], passed = 0;
    for (int d = 0; d < DAYS; d++) {
        int64_t e[SLOTS];
        sim_truth(w, site, SIM_EXPORT, day_add(FROM, d), e);
        for (int i = 0; i < SLOTS; i++) {
            int at = d * SLOTS + i + 1;
            assert_true(s->has[SIM_EXPORT][at]);
            int64_t step = s->value[SIM_EXPORT][at] - last;
            if (step < 0) { /* law 2: only by rolling over */
                step += 1000000LL * 10000;
                rolled++;
            }
            passed += step;
            truth += e[i];
            last = s->value[SIM_EXPORT][at];
            assert_int_equal(last % 100, 0);
            assert_true(truth - passed * 80 >= 0 && truth - passed * 80 < 100 * 80);
        }
    }
    assert_int_equal(rolled, 1);
    arena_free(a);
}

static void test_law_4_energies_balance(void **state)
{
    (void)state;
    struct sim_site sites[] = {roof(), battery(), turbine()};
    struct site_day d;
    for (uint64_t salt = 0; salt < 300; salt++) {
        const struct sim_site *s = &sites[salt % 3];
        site_day(salt * 17, salt, s, day_add(FROM, (int32_t)salt), salt % 5 == 0, &d);
        for (int i = 0; i < SLOTS; i++) {
            int64_t in = d.energy_e4[SIM_GENERATION][i] + d.energy_e4[SIM_IMPORT][i] +
                         d.energy_e4[SIM_DISCHARGE][i];
            int64_t out = d.load_e4[i] + d.energy_e4[SIM_EXPORT][i] + d.energy_e4[SIM_CHARGE][i];
            assert_int_equal(in, out);
            assert_true(d.energy_e4[SIM_IMPORT][i] == 0 || d.energy_e4[SIM_EXPORT][i] == 0);
        }
    }
}

static void test_events(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sim_world *w = sim_world_new(a, 5, FROM, DAYS);
    struct instant t0 = day_start(FROM);
#define AT(day, slot) ((struct instant){t0.utc_ms + (day)*DAY_MS + (slot)*SLOT_MS})
    struct sim_event events[] = {
        {SIM_GAP, SIM_GENERATION, AT(2, 40), AT(2, 44), 0, 0},
        {SIM_LATE, SIM_REGISTERS, AT(4, 0), AT(6, 10), 0, 0},
        {SIM_FROZEN, SIM_EXPORT, AT(8, 0), AT(9, 0), 0, 0},
        {SIM_SWAP, SIM_GENERATION, AT(10, 50), {0}, 70000, 0},
        {SIM_RATIO, SIM_GENERATION, AT(20, 50), {0}, 120, 0},
    };
    int site = add(w, roof(), events, 5);
    struct seen *s = play(a, w, site);
    for (int i = 0; i <= DAYS * SLOTS; i++) {
        bool gap = i >= 2 * SLOTS + 40 && i < 2 * SLOTS + 44;
        assert_int_equal(s->has[SIM_GENERATION][i], !gap);
        assert_true(s->has[SIM_IMPORT][i]);
    }
    assert_int_equal(s->buffered,
                     3 * (2 * SLOTS + 10)); /* all registers, as the gateway kept them */
    for (int i = 0; i < SLOTS; i++) {
        assert_int_equal(s->value[SIM_EXPORT][8 * SLOTS + i], s->value[SIM_EXPORT][8 * SLOTS]);
    }
    /* The old meter's last value, the new one's first; then 120 instead of 80 per unit. */
    int64_t exact, swap = 10 * SLOTS + 50, ratio = 20 * SLOTS + 50;
    struct err e;
    assert_int_equal(s->value[SIM_GENERATION][swap], 70000);
    assert_true(events[3].last_e4 >= s->value[SIM_GENERATION][swap - 1]);
    assert_ok(sim_register_at(w, site, SIM_GENERATION, AT(20, 50), &exact, &e), &e);
    assert_int_equal(exact, events[4].last_e4);
    assert_int_equal(exact, s->value[SIM_GENERATION][ratio]);
    int64_t before = sum_of(w, site, SIM_GENERATION, day_add(FROM, 19));
    int64_t after = sum_of(w, site, SIM_GENERATION, day_add(FROM, 22));
    int64_t steps_before =
        s->value[SIM_GENERATION][20 * SLOTS] - s->value[SIM_GENERATION][19 * SLOTS];
    int64_t steps_after =
        s->value[SIM_GENERATION][23 * SLOTS] - s->value[SIM_GENERATION][22 * SLOTS];
    assert_true(before - steps_before * 80 > -8000 && before - steps_before * 80 < 8000);
    assert_true(after - steps_after * 120 > -12000 && after - steps_after * 120 < 12000);
    arena_free(a);
}

static void test_wrong_sites_are_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sim_world *w = sim_world_new(a, 5, FROM, DAYS);
    struct sim_site s = battery();
    struct sim_event late = {SIM_LATE, SIM_GENERATION, day_start(FROM), {0}, 0, 0};
    struct err e;
    int number = -1;
    struct instant t0 = day_start(FROM);
    late.until.utc_ms = t0.utc_ms + DAY_MS;
    assert_int_equal(sim_world_add(w, &s, &late, 1, &number, &e), ERR_INPUT);
    assert_string_equal(e.text, "site battery: event 0 names a register the site does not have");
    s.dispatch = "ccc";
    assert_int_equal(sim_world_add(w, &s, NULL, 0, &number, &e), ERR_INPUT);
    assert_string_equal(
        e.text, "site battery: storage needs capacity, efficiency and 24 hours of dispatch");
    assert_int_equal(number, -1);
    arena_free(a);
}

/* At 30 degrees north a fixed module gives some 900 to 1,400 full hours a year; the midsummer sun
 * stands 83 degrees high at noon, the midwinter sun 36: sin 0.59. Days are 14 and 10 hours. */
static void test_nature_is_plausible(void **state)
{
    (void)state;
    struct day summer = {20260621}, winter = {20261222};
    int light[2] = {0, 0};
    for (int i = 0; i < SLOTS; i++) {
        light[0] += nature_clear_sky(3000, 12000, summer, i) > 0;
        light[1] += nature_clear_sky(3000, 12000, winter, i) > 0;
    }
    assert_in_range(light[0], 54, 58);
    assert_in_range(light[1], 38, 42);
    assert_int_equal(nature_clear_sky(3000, 12000, summer, 4), 0);
    struct arena *a = arena_new();
    struct sim_world *w = sim_world_new(a, 99, (struct day){20260101}, 365);
    int pv = add(w, roof(), NULL, 0), store = add(w, battery(), NULL, 0),
        wind = add(w, turbine(), NULL, 0);
    int64_t year = 0, in = 0, out = 0, blown = 0;
    for (int d = 0; d < 365; d++) {
        struct day day = day_add((struct day){20260101}, d);
        int64_t c = sum_of(w, store, SIM_CHARGE, day), o = sum_of(w, store, SIM_DISCHARGE, day);
        assert_true(o <= c * 88 / 100);
        in += c;
        out += o;
        year += sum_of(w, pv, SIM_GENERATION, day);
        blown += sum_of(w, wind, SIM_GENERATION, day);
    }
    assert_in_range(year / 10000 / 300, 900, 1400);
    assert_true(out > in * 86 / 100);
    assert_in_range(out / 10000 / 1000 / 365, 1, 2); /* one to two cycles of 1,000 kWh a day */
    assert_in_range(blown / 10000 / 3000, 1500, 3500);
    assert_int_equal(sum_of(w, pv, SIM_CHARGE, summer), 0);
    arena_free(a);
}

static void test_fleet(void **state)
{
    (void)state;
    struct sim_fleet f = {1, 500};
    int64_t gen[SLOTS], exp[SLOTS], quantum, q2;
    uint8_t mark[SLOTS];
    int marked = 0, days = 0;
    uint64_t hash = 0;
    assert_int_equal(sim_fleet_points(&f), 1000);
    for (int c = 0; c < 500; c++) {
        for (int d = 0; d < 10; d++, days++) {
            struct day day = day_add(FROM, d);
            marked += sim_fleet_day(&f, 2 * c, day, gen, mark, &quantum);
            bool odd = sim_fleet_day(&f, 2 * c + 1, day, exp, mark, &q2);
            assert_int_equal(quantum, q2);
            int64_t made = 0, sold = 0;
            for (int i = 0; i < SLOTS; i++) {
                assert_int_equal(gen[i] % quantum, 0);
                assert_int_equal(exp[i] % quantum, 0);
                assert_true(mark[i] == MARK_ACTUAL || odd);
                made += gen[i];
                sold += exp[i];
            }
            hash = hash64(gen, sizeof gen, hash);
            assert_true(sold <= made + quantum || odd);
        }
    }
    assert_true(marked > 0 && marked < days / 100);
    assert_int_equal(hash, GOLDEN_FLEET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_1_the_same_world_again),
        cmocka_unit_test(test_law_3_registers_follow_the_truth),
        cmocka_unit_test(test_law_4_energies_balance),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_wrong_sites_are_refused),
        cmocka_unit_test(test_nature_is_plausible),
        cmocka_unit_test(test_fleet),
    };
    return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
