/* mix_day.c - what a point of the mixed fleet shows on a day: a shape, a size, and noise. */
#include "sim/mix.h"
#include "sim/nature.h"

#define STEP_E4 1000 /* 0.1 kWh: the last digit behind a ratio of ten */
#define LOSS_PERCENT 3
#define DIP_FROM 76 /* 19:00: those called for use less for an hour */
#define DIP_UNTIL 80

static int64_t stepped(int64_t e4)
{
    return e4 / STEP_E4 * STEP_E4;
}

/* Between `low` and `low + span` percent, smooth over two hours. */
static int64_t breath(const struct mix_ask *k, int64_t e4, int slot, int low, int span)
{
    uint64_t stream = ((uint64_t)k->station << 8) + (uint64_t)k->member;
    int64_t at = (int64_t)day_number(k->day) * SLOTS + slot;
    int64_t noise = nature_noise(k->seed, stream, at, 8);
    return stepped(e4 * (low * NATURE_ONE + span * noise) / 100 / NATURE_ONE);
}

static void load_day(const struct mix_ask *k, int64_t value[SLOTS])
{
    static const uint8_t works[24] = {80,  78,  76,  76,  80,  88,  98,  110, 120, 122, 121, 118,
                                      106, 118, 122, 120, 118, 114, 110, 106, 102, 96,  90,  84};
    uint64_t dice = nature_mix(k->seed, 21, (uint64_t)k->station, (uint64_t)k->member);
    int64_t kw = 60 + (int64_t)(dice % 340);
    bool rest = day_weekday(k->day) > 5;
    bool called = k->kind->history && k->day.yyyymmdd == k->event.yyyymmdd;
    for (int i = 0; i < SLOTS; i++) {
        int64_t e4 = kw * 2500 * works[i / 4] / 100 * (rest ? 70 : 100) / 100;
        e4 = called && i >= DIP_FROM && i < DIP_UNTIL ? e4 * 6 / 10 : e4;
        value[i] = breath(k, e4, i, 95, 10);
    }
}

static void roof_day(const struct mix_ask *k, bool over, int64_t value[SLOTS])
{
    int32_t roof = k->station * 16 + k->member;
    struct sim_fleet fleet = {k->seed, roof + 1};
    uint8_t mark[SLOTS];
    int64_t quantum;
    sim_fleet_day(&fleet, 2 * roof + over, k->day, value, mark, &quantum);
}

/* All members' loads add up to more than the roof gave them. */
static void users_day(const struct mix_ask *k, int64_t value[SLOTS])
{
    int64_t over[SLOTS];
    struct mix_ask roof = *k;
    roof.member = 0;
    load_day(k, value);
    int64_t own[SLOTS];
    roof_day(&roof, false, own);
    roof_day(&roof, true, over);
    for (int i = 0; i < SLOTS; i++) {
        int64_t used = own[i] > over[i] ? own[i] - over[i] : 0;
        value[i] += stepped(used / k->members) + STEP_E4;
    }
}

static void main_day(const struct mix_ask *k, int64_t value[SLOTS])
{
    memset(value, 0, SLOTS * sizeof(value[0]));
    for (int32_t m = 0; m < k->members; m++) {
        struct mix_ask one = *k;
        int64_t load[SLOTS];
        one.member = m;
        load_day(&one, load);
        for (int i = 0; i < SLOTS; i++) {
            value[i] += load[i];
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        value[i] = stepped(value[i] * (100 + LOSS_PERCENT) / 100);
    }
}

/* What shapes with one number a slot show in full swing, by the size of the station. */
static int64_t full(const struct mix_ask *k, enum mix_shape shape, int slot)
{
    int64_t size = 50 + (int64_t)(nature_mix(k->seed, 22, (uint64_t)k->station, 0) % 400);
    switch (shape) {
    case MIX_NIGHT:
        return slot < 28 || slot >= 92 ? size * 2500 : 0;
    case MIX_EVENING: /* 128 slots' worth in 16: what comes back of 32 */
        return slot >= 68 && slot < 84 ? size * 4500 : 0;
    case MIX_STEADY:
        return size * 1000;
    case MIX_BASE:
        return size * 100;
    default:
        return 0;
    }
}

static void wind_day(const struct mix_ask *k, int64_t value[SLOTS])
{
    for (int i = 0; i < SLOTS; i++) {
        int64_t cms = nature_wind_cms(k->seed, k->station % 8, k->day, i);
        cms = cms > 1200 ? 1200 : cms < 300 ? 0 : cms;
        value[i] = stepped(cms * cms / 1200 * cms * 5000 / 1200 * 10 / 12); /* 2 MW at 12 m/s */
    }
}

static void price_day(const struct mix_ask *k, int64_t value[SLOTS])
{
    for (int i = 0; i < SLOTS; i++) {
        int64_t at = (int64_t)day_number(k->day) * SLOTS + i;
        value[i] = 150000 + (int64_t)nature_noise(k->seed, 23, at, 12) * 400000 / NATURE_ONE;
    }
}

void mix_day(const struct mix_ask *k, enum mix_shape shape, int64_t value[SLOTS])
{
    switch (shape) {
    case MIX_SUN:
    case MIX_OVER:
        roof_day(k, shape == MIX_OVER, value);
        return;
    case MIX_LOAD:
        load_day(k, value);
        return;
    case MIX_USERS:
        users_day(k, value);
        return;
    case MIX_MAIN:
        main_day(k, value);
        return;
    case MIX_WIND:
        wind_day(k, value);
        return;
    case MIX_PRICE:
        price_day(k, value);
        return;
    case MIX_REACTIVE:
        load_day(k, value);
        for (int i = 0; i < SLOTS; i++) {
            value[i] = stepped(value[i] / 3);
        }
        return;
    case MIX_POWER:
    case MIX_HEAT:
        mix_day(k, MIX_STEADY, value);
        for (int i = 0; i < SLOTS; i++) {
            value[i] = shape == MIX_HEAT ? value[i] / 50 : value[i] * 112 / 1000;
        }
        return;
    default:
        for (int i = 0; i < SLOTS; i++) {
            value[i] = breath(k, full(k, shape, i), i, 92, 8);
        }
    }
}
