/* time.c - the civil calendar of China from integers alone, and its texts.
 *
 * Days are counted from 1970-01-01 with years that begin in March, so that the leap day stands at
 * the end and no table of months is needed.
 */
#include "base/time.h"
#include "base/check.h"

#define YEAR_MIN 1970
#define YEAR_MAX 2199
#define ERA_DAYS 146097 /* days in 400 years */
#define SHOWN 40

struct civil {
    int32_t y, m, d;
};

static struct civil civil_of(struct day d)
{
    return (struct civil){ d.yyyymmdd / 10000, d.yyyymmdd / 100 % 100, d.yyyymmdd % 100 };
}

static int days_in(int32_t y, int32_t m)
{
    static const int8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return days[m - 1] + (m == 2 && leap);
}

bool day_valid(struct day d)
{
    struct civil c = civil_of(d);
    return c.y >= YEAR_MIN && c.y <= YEAR_MAX && c.m >= 1 && c.m <= 12 && c.d >= 1 &&
           c.d <= days_in(c.y, c.m);
}

int32_t day_number(struct day d)
{
    struct civil c = civil_of(d);
    check_that(c.m >= 1 && c.m <= 12 && c.d >= 1 && c.d <= 31, "day %d", d.yyyymmdd);
    int32_t y = c.m <= 2 ? c.y - 1 : c.y;
    int32_t era = y / 400, of_era = y % 400;
    int32_t of_year = (153 * (c.m + (c.m > 2 ? -3 : 9)) + 2) / 5 + c.d - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct day day_of_number(int32_t n)
{
    int32_t z = n + 719468;
    check_that(z >= 0 && n < 4000000, "day number %d", n);
    int32_t era = z / ERA_DAYS, doe = z % ERA_DAYS;
    int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int32_t mp = (5 * doy + 2) / 153;
    int32_t m = mp < 10 ? mp + 3 : mp - 9;
    int32_t y = yoe + era * 400 + (m <= 2);
    return (struct day){ y * 10000 + m * 100 + doy - (153 * mp + 2) / 5 + 1 };
}

struct day day_add(struct day d, int32_t days)
{
    return day_of_number(day_number(d) + days);
}

int day_weekday(struct day d)
{
    return (day_number(d) + 3) % 7 + 1; /* 1970-01-01 was a Thursday */
}

struct instant day_start(struct day d)
{
    return (struct instant){ day_number(d) * DAY_MS - CHINA_MS };
}

static int64_t floor_div(int64_t n, int64_t d)
{
    return n / d - (n % d < 0);
}

struct day instant_day(struct instant t)
{
    return day_of_number((int32_t)floor_div(t.utc_ms + CHINA_MS, DAY_MS));
}

struct slot instant_slot(struct instant t)
{
    int64_t ms = t.utc_ms + CHINA_MS;
    int64_t n = floor_div(ms, DAY_MS);
    return (struct slot){ day_of_number((int32_t)n), (int32_t)((ms - n * DAY_MS) / SLOT_MS) };
}

struct instant slot_start(struct slot s)
{
    return (struct instant){ day_start(s.day).utc_ms + s.index * SLOT_MS };
}

struct month day_month(struct day d)
{
    return (struct month){ d.yyyymmdd / 100 };
}

struct day month_first(struct month m)
{
    return (struct day){ m.yyyymm * 100 + 1 };
}

struct month month_add(struct month m, int32_t months)
{
    int32_t n = m.yyyymm / 100 * 12 + m.yyyymm % 100 - 1 + months;
    return (struct month){ n / 12 * 100 + n % 12 + 1 };
}

struct day month_end(struct month m)
{
    return month_first(month_add(m, 1));
}

int month_days(struct month m)
{
    check_that(m.yyyymm % 100 >= 1 && m.yyyymm % 100 <= 12, "month %d", m.yyyymm);
    return days_in(m.yyyymm / 100, m.yyyymm % 100);
}

/* Reads exactly `places` digits off the front of *s. */
static bool take_number(struct str *s, size_t places, int32_t *out)
{
    if (s->n < places) {
        return false;
    }
    int32_t v = 0;
    for (size_t i = 0; i < places; i++) {
        if (s->at[i] < '0' || s->at[i] > '9') {
            return false;
        }
        v = v * 10 + (s->at[i] - '0');
    }
    *s = (struct str){ s->at + places, s->n - places };
    *out = v;
    return true;
}

static bool take_byte(struct str *s, char c)
{
    if (s->n == 0 || s->at[0] != c) {
        return false;
    }
    *s = (struct str){ s->at + 1, s->n - 1 };
    return true;
}

static enum err_code refuse(struct str s, const char *what, struct err *e)
{
    char shown[SHOWN + 1];
    size_t n = s.n < SHOWN ? s.n : SHOWN;
    for (size_t i = 0; i < n; i++) {
        shown[i] = s.at[i] >= 0x20 && s.at[i] < 0x7F ? s.at[i] : '?';
    }
    shown[n] = 0;
    return fail(e, ERR_INPUT, "'%s' is not %s", shown, what);
}

/* yyyy-mm-dd or yyyymmdd off the front. */
static bool take_day(struct str *s, struct day *out)
{
    int32_t y, m, d;
    if (!take_number(s, 4, &y)) {
        return false;
    }
    bool dash = take_byte(s, '-');
    if (!take_number(s, 2, &m) || (dash && !take_byte(s, '-')) || !take_number(s, 2, &d)) {
        return false;
    }
    *out = (struct day){ y * 10000 + m * 100 + d };
    return day_valid(*out);
}

enum err_code day_parse(struct str s, struct day *out, struct err *e)
{
    struct str rest = s;
    struct day d;
    if (!take_day(&rest, &d) || rest.n) {
        return refuse(s, "a day: write it as 2026-03-02 (1970 to 2199)", e);
    }
    *out = d;
    return OK;
}

enum err_code month_parse(struct str s, struct month *out, struct err *e)
{
    struct str rest = s;
    int32_t y, m;
    bool good = take_number(&rest, 4, &y);
    take_byte(&rest, '-');
    if (!good || !take_number(&rest, 2, &m) || rest.n || y < YEAR_MIN || y > YEAR_MAX || m < 1 ||
        m > 12) {
        return refuse(s, "a month: write it as 2026-03 (1970 to 2199)", e);
    }
    *out = (struct month){ y * 100 + m };
    return OK;
}

/* [.fff] with 1 to 9 digits; what is finer than a millisecond must be zeros. */
static bool take_fraction(struct str *s, int32_t *ms)
{
    *ms = 0;
    if (!take_byte(s, '.')) {
        return true;
    }
    int32_t digit, unit = 100;
    int n = 0;
    while (take_number(s, 1, &digit)) {
        if (n == 9 || (unit == 0 && digit != 0)) {
            return false;
        }
        *ms += digit * unit;
        unit /= 10;
        n++;
    }
    return n > 0;
}

/* The civil time as milliseconds since 1970 in its own zone. 24:00:00 is the end of the day. */
static bool take_civil(struct str *s, int64_t *ms)
{
    struct day d;
    int32_t h, min, sec = 0, frac = 0;
    if (!take_day(s, &d) || !(take_byte(s, 'T') || take_byte(s, ' ')) || !take_number(s, 2, &h) ||
        !take_byte(s, ':') || !take_number(s, 2, &min)) {
        return false;
    }
    if (take_byte(s, ':') && (!take_number(s, 2, &sec) || !take_fraction(s, &frac))) {
        return false;
    }
    if (h > 24 || min > 59 || sec > 59 || (h == 24 && (min || sec || frac))) {
        return false;
    }
    *ms = day_number(d) * DAY_MS + ((h * 60 + min) * 60 + sec) * 1000LL + frac;
    return true;
}

/* Z, +08:00 or +0800; false when there is none or it is wrong. */
static bool take_zone(struct str *s, int32_t *minutes)
{
    if (take_byte(s, 'Z')) {
        *minutes = 0;
        return true;
    }
    bool west = take_byte(s, '-');
    int32_t h, m;
    if ((!west && !take_byte(s, '+')) || !take_number(s, 2, &h)) {
        return false;
    }
    take_byte(s, ':');
    if (!take_number(s, 2, &m) || h > 14 || m > 59) {
        return false;
    }
    *minutes = west ? -(h * 60 + m) : h * 60 + m;
    return true;
}

static const char instant_form[] =
    "a time with its zone: write it as 2025-07-10T10:30:00+08:00 or ...Z";

enum err_code instant_parse(struct str s, struct instant *out, struct err *e)
{
    struct str rest = s;
    int64_t ms;
    int32_t zone;
    if (!take_civil(&rest, &ms) || !take_zone(&rest, &zone) || rest.n) {
        return refuse(s, instant_form, e);
    }
    out->utc_ms = ms - zone * 60000LL;
    return OK;
}

enum err_code instant_parse_local(struct str s, int zone_minutes, struct instant *out,
                                  struct err *e)
{
    struct str rest = s;
    int64_t ms;
    if (!take_civil(&rest, &ms)) {
        return refuse(s, "a time: write it as 2025-07-10 10:30:00", e);
    }
    int32_t zone = zone_minutes;
    if (rest.n && (!take_zone(&rest, &zone) || rest.n)) {
        return refuse(s, instant_form, e);
    }
    out->utc_ms = ms - zone * 60000LL;
    return OK;
}

static void add_number(struct text *t, int32_t v, int places)
{
    static const int32_t unit[4] = { 1, 10, 100, 1000 };
    for (int i = places - 1; i >= 0; i--) {
        text_byte(t, (char)('0' + v / unit[i] % 10));
    }
}

void text_month(struct text *t, struct month m)
{
    add_number(t, m.yyyymm / 100, 4);
    text_byte(t, '-');
    add_number(t, m.yyyymm % 100, 2);
}

void text_day(struct text *t, struct day d)
{
    text_month(t, day_month(d));
    text_byte(t, '-');
    add_number(t, d.yyyymmdd % 100, 2);
}

void text_instant(struct text *t, struct instant i)
{
    struct day d = instant_day(i);
    int32_t ms = (int32_t)(i.utc_ms - day_start(d).utc_ms);
    text_day(t, d);
    text_byte(t, 'T');
    add_number(t, ms / 3600000, 2);
    text_byte(t, ':');
    add_number(t, ms / 60000 % 60, 2);
    text_byte(t, ':');
    add_number(t, ms / 1000 % 60, 2);
    if (ms % 1000) {
        text_byte(t, '.');
        add_number(t, ms % 1000, 3);
    }
    text_add_c(t, "+08:00");
}
