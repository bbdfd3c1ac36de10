/* calendar.h - a calendar and a set of holidays as they are after reading; private to tariff. */
#ifndef SK_TARIFF_CALENDAR_H
#define SK_TARIFF_CALENDAR_H
#include "tariff/tariff.h"

enum day_kind { DAY_WORKDAY, DAY_WEEKEND, DAY_HOLIDAY, DAY_KINDS };
extern const char *const DAY_KIND_WORDS[DAY_KINDS];

#define MONTHS_ALL 0xfff
#define KINDS_ALL 0x7

struct window { /* slots [from, until) of one day; one across midnight is two of these */
    uint8_t period, from, until;
};
/* A rule holds on a day where every filter it has holds; then its windows decide. */
struct rule {
    const char *path;
    uint16_t months; /* bit month - 1 */
    uint8_t kinds;   /* bit enum day_kind */
    const struct str *categories;
    size_t n_categories; /* 0: every category */
    const struct day *dates;
    size_t n_dates;
    struct str set;          /* a date set of the request; "" without */
    const struct str *names; /* holidays by name */
    size_t n_names;
    int32_t first_days; /* of each holiday; 0: all its days */
    const struct window *windows;
    size_t n_windows;
};
struct schedule { /* one version of a calendar */
    struct instant from, until;
    bool open; /* no end */
    const char *path;
    struct str doc;
    const struct rule *rules;
    size_t n_rules;
};
struct tariff_calendar {
    struct str id, title, region;
    bool illustrative;
    const struct str *categories;
    size_t n_categories;
    const struct str *sets; /* date sets that rules may name */
    size_t n_sets;
    const struct schedule *versions;
    size_t n_versions;
};

struct holiday {
    struct str name;
    struct day first, last;
};
struct holiday_year {
    int year;
    const struct holiday *holidays;
    size_t n_holidays;
    const struct day *workdays; /* adjusted ones (调休) */
    size_t n_workdays;
};
struct tariff_holidays {
    struct str region;
    const struct holiday_year *years;
    size_t n_years;
};

/* The holiday a day belongs to, or NULL. */
const struct holiday *holiday_of(const struct tariff_holidays *h, struct day d);
enum day_kind day_kind_of(const struct tariff_holidays *h, struct day d);

/* Proves that the rules of a version decide every slot of every day type; `days_of_holidays`: the
 * calendar knows holidays, so that they are a day type of their own. */
SK_MUST_USE enum err_code schedule_cover(const struct tariff_calendar *c, const struct schedule *s,
                                         struct err *e);

/* Shared by the readers of files: a date or an instant with offset, on a slot edge. */
SK_MUST_USE enum err_code part_start(struct json j, const char *key, struct instant *out,
                                     struct err *e);
/* Validity: `until` (if given) after `from`, and equal to the next version's `from`. `after` is the
 * end of the version before, or NULL. */
SK_MUST_USE enum err_code part_validity(struct json version, const struct instant *after,
                                        struct instant *from, struct instant *until, bool *open,
                                        struct err *e);
/* An optional string: "" where it is absent. */
SK_MUST_USE enum err_code part_text(struct json j, const char *key, struct str *out, struct err *e);
SK_MUST_USE enum err_code part_flag(struct json j, const char *key, bool *out, struct err *e);
/* The document's `schema` must be `want`. */
SK_MUST_USE enum err_code part_schema(struct json doc, const char *want, struct err *e);
/* An array of 1..max members at `key`. */
SK_MUST_USE enum err_code part_array(struct json j, const char *key, size_t max, struct json *out,
                                     size_t *n, struct err *e);
/* An array of distinct integers 1..12 as bits. */
SK_MUST_USE enum err_code part_months(struct json j, const char *key, uint16_t *out, struct err *e);
void text_slot_clock(struct text *t, int slot); /* 37 is 09:15; 96 is 24:00 */
#endif
