/* time.h - instants, civil days in China, and 15-minute slots (settlement-rules 2; iot 2.1).
 *
 * Laws
 *  1. Calendar logic is UTC+8 without daylight saving, whatever the machine's zone is.
 *  2. A slot is named by its start: slot i of a day covers [i x 15 min, +15 min).
 *  3. Nobody asks the system for the time but `cmd`; it is passed in.
 */
#ifndef SK_BASE_TIME_H
#define SK_BASE_TIME_H
#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

#define SLOTS 96
#define SLOT_MS (15 * 60 * 1000LL)
#define DAY_MS (24 * 3600 * 1000LL)
#define CHINA_MS (8 * 3600 * 1000LL)

struct instant { int64_t utc_ms; };
struct day     { int32_t yyyymmdd; };  /* a civil day in China; stored as that number */
struct month   { int32_t yyyymm; };
struct slot    { struct day day; int32_t index; };

bool day_valid(struct day d); /* 1970-01-01 .. 2199-12-31 */
int32_t day_number(struct day d); /* days since 1970-01-01, for arithmetic and array indices */
struct day day_of_number(int32_t n);
struct day day_add(struct day d, int32_t days);
int day_weekday(struct day d); /* 1 Monday .. 7 Sunday */
struct instant day_start(struct day d);
struct day instant_day(struct instant t);
struct slot instant_slot(struct instant t);
struct instant slot_start(struct slot s);
struct month day_month(struct day d);
struct day month_first(struct month m);
struct day month_end(struct month m); /* first day after it */
int month_days(struct month m);
struct month month_add(struct month m, int32_t months);

/* "2026-03-02" or 20260302; "2026-03"; ISO 8601 with offset or Z ("2025-07-10T10:30:00+08:00");
 * without an offset only by instant_parse_local, which is told the zone in minutes east. */
SK_MUST_USE enum err_code day_parse(struct str s, struct day *out, struct err *e);
SK_MUST_USE enum err_code month_parse(struct str s, struct month *out, struct err *e);
SK_MUST_USE enum err_code instant_parse(struct str s, struct instant *out, struct err *e);
SK_MUST_USE enum err_code instant_parse_local(struct str s, int zone_minutes, struct instant *out,
                                              struct err *e);
void text_day(struct text *t, struct day d);         /* 2026-03-02 */
void text_month(struct text *t, struct month m);     /* 2026-03 */
void text_instant(struct text *t, struct instant i); /* 2026-03-02T10:15:00+08:00, .123 if any */

/* The clock as a value that is passed in; `cmd` makes the real one, tests a fixed one. */
struct clock {
    struct instant (*now)(void *ctx);
    void *ctx;
};
#endif
