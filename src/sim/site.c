/* site.c - see site.h. Power in watts over a quarter of an hour: 1 W is 2.5 units of 10^-4 kWh. */
#include "sim/site.h"

#include "sim/nature.h"

#define E4_OF_W(w) ((int64_t)(w)*5 / 2)
#define DC_PERCENT 105           /* modules per AC power */
#define HEAT_E5_PER_E1 40        /* 0.4 % less power for each degree of the cell above 25 */
#define NIGHT_USE_E4 15          /* what a station without a consumer draws: 0.15 % of its power */
#define STORAGE_FLOOR_PERCENT 10 /* never emptied below */

/* Percent of the mean of a working day, by hour; then the share kept on rest days. */
static const struct {
    uint8_t hour[24];
    uint8_t rest_percent;
    uint8_t cooling; /* percent more for each degree above 24 */
} LOADS[] = {
    [SIM_LOAD_NONE] = {{0}, 0, 0},
    [SIM_OFFICE] = {{35,  33,  32,  32,  34,  40,  55,  90, 150, 175, 180, 178,
                     150, 165, 178, 176, 170, 160, 125, 95, 75,  60,  48,  40},
                    42,
                    3},
    [SIM_TWO_SHIFT] = {{45,  42,  40,  40,  45,  60,  105, 135, 145, 148, 145, 140,
                        115, 140, 147, 146, 142, 138, 130, 132, 128, 120, 85,  55},
                       55,
                       1},
    [SIM_CONTINUOUS] = {{98,  97,  96,  96,  97,  98,  99,  101, 103, 103, 103, 102,
                         100, 102, 103, 103, 102, 101, 100, 100, 99,  99,  99,  98},
                        94,
                        0},
    [SIM_COLD_STORE] = {{96,  95,  94,  93,  92,  92,  93,  97,  101, 104, 106, 108,
                         110, 111, 112, 111, 109, 106, 103, 101, 99,  98,  97,  96},
                        92,
                        4},
    [SIM_SCHOOL] = {{25,  24,  24,  24,  28,  45,  90,  160, 200, 205, 200, 195,
                     150, 190, 200, 190, 165, 120, 100, 110, 105, 80,  45,  30},
                    22,
                    2},
};

static int64_t load_w(uint64_t seed, uint64_t salt, const struct sim_site *s, struct day day,
                      int slot, bool rest)
{
    int h = slot / 4, next = (h + 1) % 24, part = slot % 4;
    int64_t percent = (LOADS[s->load].hour[h] * (4 - part) + LOADS[s->load].hour[next] * part) / 4;
    if (rest || day_weekday(day) > 5) {
        percent = percent * LOADS[s->load].rest_percent / 100;
    }
    int64_t warm_e1 = nature_temperature_e1(seed, s->region, day, slot) - 240;
    int64_t cooling = warm_e1 > 0 ? warm_e1 * LOADS[s->load].cooling : 0; /* 1/1000 */
    int64_t noise = nature_noise(seed, salt * 8 + 1, day_number(day) * (int64_t)SLOTS + slot, 3);
    int64_t swing = nature_noise(seed, salt * 8 + 2, day_number(day) * (int64_t)SLOTS + slot, 1);
    int64_t w = s->load_w * percent / 100 * (1000 + cooling) / 1000;
    return w * (90 * NATURE_ONE + 14 * noise + 6 * swing) / (100 * (int64_t)NATURE_ONE);
}

static int64_t pv_w(uint64_t seed, uint64_t salt, const struct sim_site *s, struct day day,
                    int slot)
{
    int64_t sun = nature_clear_sky(s->latitude_e2, s->longitude_e2, day, slot);
    if (sun == 0) {
        return 0;
    }
    sun = sun * nature_cloud(seed, s->region, day, slot) / NATURE_ONE;
    /* Each roof has its own losses (dirt, shadows, inverter: 10 to 16 %), and its own small clouds.
     */
    int64_t own = nature_noise(seed, salt * 8 + 3, day_number(day) * (int64_t)SLOTS + slot, 2);
    int64_t dirt = 84 + (int64_t)(salt % 7);
    int64_t cell_e1 = nature_temperature_e1(seed, s->region, day, slot) + 280 * sun / NATURE_ONE;
    int64_t heat = 100000 - HEAT_E5_PER_E1 * (cell_e1 - 250);
    int64_t w =
        s->rated_w * (int64_t)DC_PERCENT / 100 * sun / NATURE_ONE * heat / 100000 * dirt / 100;
    w = w * (94 * NATURE_ONE + 6 * own) / (100 * (int64_t)NATURE_ONE);
    if (w < s->rated_w / 200) {
        return 0; /* the inverter sleeps */
    }
    return w > s->rated_w ? s->rated_w : w;
}

static int64_t wind_w(uint64_t seed, uint64_t salt, const struct sim_site *s, struct day day,
                      int slot)
{
    /* Neighbouring turbines see nearly the same wind. */
    int64_t v = nature_wind_cms(seed, s->region, day, slot) + (int64_t)(salt % 5) * 15 - 30;
    if (v < 300 || v >= 2500) {
        return 0;
    }
    if (v >= 1200) {
        return s->rated_w;
    }
    /* Cubic between 3 and 12 m/s: (v^3 - 3^3) / (12^3 - 3^3). */
    return (int64_t)((__int128)s->rated_w * (v * v * v - 27000000) / 1701000000);
}

/* The battery follows its hours; it starts each day empty and never feeds the grid. */
static void storage_day(const struct sim_site *s, struct site_day *d)
{
    int64_t full = (int64_t)s->capacity_wh * 10, floor = full * STORAGE_FLOOR_PERCENT / 100;
    int64_t most = E4_OF_W(s->rated_w), stored = floor;
    for (int i = 0; i < SLOTS; i++) {
        char hour = s->dispatch[i / 4];
        if (hour == 'c') {
            int64_t room = (full - stored) * 10000 / s->efficiency_e4;
            int64_t in = room < most ? room : most;
            stored += in * s->efficiency_e4 / 10000;
            d->energy_e4[SIM_CHARGE][i] = in;
        } else if (hour == 'd') {
            int64_t out = stored - floor < most ? stored - floor : most;
            out = out < d->load_e4[i] ? out : d->load_e4[i];
            stored -= out;
            d->energy_e4[SIM_DISCHARGE][i] = out;
        }
    }
}

void site_day(uint64_t seed, uint64_t salt, const struct sim_site *s, struct day day, bool rest,
              struct site_day *d)
{
    memset(d, 0, sizeof *d);
    for (int i = 0; i < SLOTS; i++) {
        if (s->load != SIM_LOAD_NONE) {
            d->load_e4[i] = E4_OF_W(load_w(seed, salt, s, day, i, rest));
        }
        if (s->kind == SIM_PV) {
            d->energy_e4[SIM_GENERATION][i] = E4_OF_W(pv_w(seed, salt, s, day, i));
        } else if (s->kind == SIM_WIND) {
            d->energy_e4[SIM_GENERATION][i] = E4_OF_W(wind_w(seed, salt, s, day, i));
        }
        if (s->load == SIM_LOAD_NONE && d->energy_e4[SIM_GENERATION][i] == 0) {
            d->load_e4[i] = E4_OF_W(s->rated_w * (int64_t)NIGHT_USE_E4 / 10000);
        }
    }
    if (s->kind == SIM_STORAGE) {
        storage_day(s, d);
    }
    for (int i = 0; i < SLOTS; i++) {
        int64_t net = d->load_e4[i] + d->energy_e4[SIM_CHARGE][i] - d->energy_e4[SIM_DISCHARGE][i] -
                      d->energy_e4[SIM_GENERATION][i];
        d->energy_e4[net > 0 ? SIM_IMPORT : SIM_EXPORT][i] = net > 0 ? net : -net;
    }
}
