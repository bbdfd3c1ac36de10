/* limits.h - what jobs and messages have in common: texts of limited length, pauses that grow.
 * Private. */
#ifndef SK_WORK_LIMITS_H
#define SK_WORK_LIMITS_H
#include "work/work.h"

static inline enum err_code limit_text(struct str s, size_t min, size_t max, const char *what,
                                       struct err *e)
{
    return s.n >= min && s.n <= max && (s.n == 0 || str_utf8(s))
               ? OK
               : fail(e, ERR_INPUT, "%s: %zu to %zu bytes of UTF-8 are needed", what, min, max);
}

/* Before the try that follows `tries` failed ones (law 4). */
static inline struct instant limit_pause(struct instant now, int32_t tries)
{
    int64_t pause = WORK_PAUSE_MS;
    for (int32_t i = 1; i < tries && pause < WORK_PAUSE_MS_MAX; i++) {
        pause *= 2;
    }
    return (struct instant){ now.utc_ms + (pause < WORK_PAUSE_MS_MAX ? pause : WORK_PAUSE_MS_MAX) };
}
#endif
