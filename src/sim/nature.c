/* nature.c - see nature.h. The formulas are schoolbook ones; what matters is that a summer day is
 * long, clouds last for hours and a whole region sees them.
 */
#include "sim/nature.h"

#define CHINA_MERIDIAN_E2 12000 /* UTC+8 is the sun's time at 120 degrees east */

/* Streams of noise, so that cloud and wind of one region do not move together. */
enum { STREAM_SKY = 0x100, STREAM_CLOUD = 0x200, STREAM_WARM = 0x300, STREAM_WIND = 0x400 };

uint64_t nature_mix(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x =
        seed ^ (a * 0x9e3779b97f4a7c15u) ^ (b * 0xbf58476d1ce4e5b9u) ^ (c * 0x94d049bb133111ebu);
    for (int i = 0; i < 2; i++) {
        x ^= x >> 30;
        x *= 0xbf58476d1ce4e5b9u;
        x ^= x >> 27;
        x *= 0x94d049bb133111ebu;
        x ^= x >> 31;
        x += 0x9e3779b97f4a7c15u;
    }
    return x;
}

int32_t nature_noise(uint64_t seed, uint64_t stream, int64_t slot_number, int32_t period)
{
    int64_t knot = slot_number / period, part = slot_number % period;
    int64_t a = (int64_t)(nature_mix(seed, stream, (uint64_t)knot, 0) >> 48);
    int64_t b = (int64_t)(nature_mix(seed, stream, (uint64_t)knot + 1, 0) >> 48);
    return (int32_t)((a * (period - part) + b * part) / period);
}

int32_t nature_sin(int64_t degrees_e2)
{
    int64_t x = degrees_e2 % 36000;
    x = x < 0 ? x + 36000 : x;
    int sign = 1;
    if (x >= 18000) {
        x -= 18000;
        sign = -1;
    }
    int64_t p = x * (18000 - x);
    return (int32_t)(sign * (4 * p * NATURE_ONE / (405000000 - p)));
}

static int64_t slot_number(struct day day, int slot)
{
    return (int64_t)day_number(day) * SLOTS + slot;
}

/* Days since the winter solstice, about: 0..365. */
static int64_t season_day(struct day day)
{
    struct day first = {day.yyyymmdd / 10000 * 10000 + 101};
    return day_number(day) - day_number(first) + 10;
}

int32_t nature_clear_sky(int32_t latitude_e2, int32_t longitude_e2, struct day day, int slot)
{
    /* -23.44 degrees at the winter solstice; cos x = sin (x + 90 degrees). */
    int64_t declination = -2344LL * nature_sin(season_day(day) * 36000 / 365 + 9000) / NATURE_ONE;
    /* A slot is 3.75 degrees; its middle half of that later; noon is 0. */
    int64_t hour_angle = slot * 375LL + 187 - 18000 + (longitude_e2 - CHINA_MERIDIAN_E2);
    int64_t height = ((int64_t)nature_sin(latitude_e2) * nature_sin(declination) +
                      (int64_t)nature_sin(latitude_e2 + 9000) * nature_sin(declination + 9000) /
                          NATURE_ONE * nature_sin(hour_angle + 9000)) /
                     NATURE_ONE;
    if (height <= 0) {
        return 0;
    }
    /* The lower the sun, the longer its way through the air. */
    int64_t share = height * (NATURE_ONE * 3 / 4 + height * 3 / 10) / NATURE_ONE;
    return (int32_t)(share > NATURE_ONE ? NATURE_ONE : share);
}

int32_t nature_cloud(uint64_t seed, int32_t region, struct day day, int slot)
{
    uint64_t place = (uint64_t)region;
    int64_t now = slot_number(day, slot);
    /* What kind of day: fronts pass in about two days. */
    int64_t sky = nature_noise(seed, STREAM_SKY + (place << 16), now, 2 * SLOTS);
    int64_t drift = nature_noise(seed, STREAM_CLOUD + (place << 16), now, 6);
    int64_t puff = nature_noise(seed, STREAM_CLOUD + (place << 16) + 1, now, 1);
    int64_t through = NATURE_ONE;
    if (sky < NATURE_ONE * 40 / 100) { /* fair: a few clouds */
        through -= drift / 12 + puff / 25;
    } else if (sky < NATURE_ONE * 60 / 100) { /* changing */
        through -= drift / 2 + puff / 5;
    } else { /* overcast */
        through = NATURE_ONE / 10 + drift / 4 + puff / 20;
    }
    return (int32_t)through;
}

int32_t nature_temperature_e1(uint64_t seed, int32_t region, struct day day, int slot)
{
    int64_t season = nature_sin((season_day(day) - 30) * 36000 / 365 + 9000);
    int64_t hour = nature_sin(slot * 375LL + 187 - 14000); /* warmest at about 15:20 */
    int64_t days = nature_noise(seed, STREAM_WARM + ((uint64_t)region << 16),
                                slot_number(day, slot), 2 * SLOTS);
    return (int32_t)(170 - 120 * season / NATURE_ONE + 45 * hour / NATURE_ONE +
                     80 * (days - NATURE_ONE / 2) / NATURE_ONE);
}

int32_t nature_wind_cms(uint64_t seed, int32_t region, struct day day, int slot)
{
    uint64_t stream = STREAM_WIND + ((uint64_t)region << 16);
    int64_t now = slot_number(day, slot);
    int64_t slow = nature_noise(seed, stream, now, 3 * SLOTS);
    int64_t fast = nature_noise(seed, stream + 1, now, 10);
    int64_t gust = nature_noise(seed, stream + 2, now, 1);
    return (int32_t)(110 + 790 * slow / NATURE_ONE + 350 * fast / NATURE_ONE +
                     90 * gust / NATURE_ONE);
}
