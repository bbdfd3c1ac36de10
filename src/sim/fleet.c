/* fleet.c - the reference fleet: many PV contracts at once, fast, for benches.
 *
 * A contract has a size, a region, a load and a meter ratio drawn from the seed. A day of a point
 * is made without divisions in its inner loops: sun by the cosine of the hour, clouds by knots of
 * an hour, energies cut to the steps of the register with the remainder carried on.
 */
#include "sim/nature.h"
#include "sim/sim.h"

#define FLEET_REGIONS 40
#define FLEET_STEP_E4 100 /* 0.01 kWh: the last digit of the register */
#define FLEET_LATITUDE_E2 3000

struct roof {
    int64_t rated_w, load_w, quantum;
    int32_t region;
    bool office;
};

int32_t sim_fleet_points(const struct sim_fleet *f)
{
    return 2 * f->contracts;
}

static struct roof roof_of(const struct sim_fleet *f, int32_t contract)
{
    uint64_t x = nature_mix(f->seed, 1, (uint64_t)contract, 0);
    struct roof r;
    r.rated_w = 100000 + (int64_t)(x % 1900) * 1000;    /* 100 kW to 2 MW */
    int64_t ratio = 20 + (r.rated_w / 15000) / 10 * 10; /* a current transformer that fits */
    r.quantum = FLEET_STEP_E4 * (ratio > 160 ? 160 : ratio);
    r.load_w = r.rated_w * (int64_t)(20 + (x >> 20) % 120) / 100;
    r.region = (int32_t)((x >> 32) % FLEET_REGIONS);
    r.office = (x >> 50) % 2 == 0;
    return r;
}

/* Clear sky of each slot, share of ONE; the same for all roofs of a day. */
static void fleet_sun(struct day day, int32_t sun[SLOTS])
{
    for (int i = 0; i < SLOTS / 2; i++) {
        sun[i] = nature_clear_sky(FLEET_LATITUDE_E2, 12000, day, i);
        sun[SLOTS - 1 - i] = sun[i];
    }
}

/* Shares between `low` and `low + span` of ONE, from 25 knots of an hour. */
static void fleet_waves(uint64_t seed, uint64_t stream, uint64_t day, int32_t low, int32_t span,
                        int32_t out[SLOTS])
{
    uint64_t bits = 0;
    int32_t knot[25];
    for (int h = 0; h <= 24; h++) {
        if (h % 4 == 0) {
            bits = nature_mix(seed, stream, day, (uint64_t)h);
        }
        knot[h] = low + (int32_t)(((int64_t)span * (int64_t)(bits & 0xffff)) >> 16);
        bits >>= 16;
    }
    for (int h = 0; h < 24; h++) {
        for (int k = 0; k < 4; k++) {
            out[4 * h + k] = knot[h] + (knot[h + 1] - knot[h]) * k / 4;
        }
    }
}

static void fleet_generation(const struct sim_fleet *f, const struct roof *r, int32_t contract,
                             struct day day, int64_t e4[SLOTS])
{
    int32_t sun[SLOTS], cloud[SLOTS], own[SLOTS];
    uint64_t number = (uint64_t)day_number(day);
    uint64_t sky = nature_mix(f->seed, 2, (uint64_t)r->region, number) % 100;
    int32_t low = sky < 45 ? 55000 : sky < 75 ? 22000 : 6000;
    int32_t span = sky < 45 ? 10000 : sky < 75 ? 40000 : 14000;
    fleet_sun(day, sun);
    fleet_waves(f->seed, 3 + ((uint64_t)r->region << 8), number, low, span, cloud);
    fleet_waves(f->seed, 4 + ((uint64_t)contract << 8), number, 59000, 6500, own);
    int64_t full = r->rated_w * 5 / 2;
    for (int i = 0; i < SLOTS; i++) {
        int64_t share = (((int64_t)sun[i] * cloud[i]) >> 16) * own[i] >> 16;
        e4[i] = full * share >> 16;
    }
}

static void fleet_load(const struct sim_fleet *f, const struct roof *r, int32_t contract,
                       struct day day, int64_t e4[SLOTS])
{
    static const uint8_t office[24] = {35,  33,  32,  32,  34,  40,  55,  90, 150, 175, 180, 178,
                                       150, 165, 178, 176, 170, 160, 125, 95, 75,  60,  48,  40};
    static const uint8_t works[24] = {88,  86,  85,  85,  88,  92,  100, 108, 112, 112, 111, 108,
                                      100, 110, 112, 112, 110, 107, 103, 101, 99,  96,  93,  90};
    const uint8_t *shape = r->office ? office : works;
    int32_t noise[SLOTS];
    bool rest = day_weekday(day) > 5;
    int64_t w = rest ? r->load_w * (r->office ? 42 : 88) / 100 : r->load_w;
    fleet_waves(f->seed, 5 + ((uint64_t)contract << 8), (uint64_t)day_number(day), 59000, 13000,
                noise);
    int64_t unit = w * 5 / 2 / 100;
    for (int i = 0; i < SLOTS; i++) {
        e4[i] = unit * shape[i / 4] * noise[i] >> 16;
    }
}

/* Energies as differences of a register that shows whole steps. */
static void fleet_steps(uint64_t carry, int64_t quantum, int64_t e4[SLOTS])
{
    int64_t rest = (int64_t)(carry % (uint64_t)quantum);
    for (int i = 0; i < SLOTS; i++) {
        rest += e4[i];
        int64_t steps = rest / quantum;
        e4[i] = steps * quantum;
        rest -= e4[i];
    }
}

/* One day in 500 has an estimated stretch, one in 5,000 a missing one. */
static bool fleet_marks(uint64_t dice, int64_t e4[SLOTS], uint8_t mark[SLOTS])
{
    memset(mark, MARK_ACTUAL, SLOTS);
    if (dice % 500 != 0) {
        return false;
    }
    bool gone = dice / 500 % 10 == 0;
    int from = (int)(dice / 5000 % 90), n = 1 + (int)(dice / 500000 % 6);
    for (int i = from; i < from + n; i++) {
        mark[i] = gone ? MARK_MISSING : MARK_ESTIMATED;
        e4[i] = gone ? 0 : e4[i];
    }
    return true;
}

bool sim_fleet_day(const struct sim_fleet *f, int32_t point, struct day day,
                   int64_t energy_e4[SLOTS], uint8_t mark[SLOTS], int64_t *quantum)
{
    check(point >= 0 && point < sim_fleet_points(f));
    int32_t contract = point / 2;
    struct roof r = roof_of(f, contract);
    uint64_t dice = nature_mix(f->seed, 6, (uint64_t)point, (uint64_t)day_number(day));
    fleet_generation(f, &r, contract, day, energy_e4);
    if (point % 2 == 1) {
        int64_t load[SLOTS];
        fleet_load(f, &r, contract, day, load);
        for (int i = 0; i < SLOTS; i++) {
            int64_t over = energy_e4[i] - load[i];
            energy_e4[i] = over > 0 ? over : 0;
        }
    }
    fleet_steps(dice >> 8, r.quantum, energy_e4);
    *quantum = r.quantum;
    return fleet_marks(dice, energy_e4, mark);
}
