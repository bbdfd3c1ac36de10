/* stamp.c - see stamp.h. */
#include "ingest/stamp.h"

static const struct {
    const char *word;
    char field;
    uint8_t min, max;
} FIELDS[] = {
    { "YYYY", 'Y', 4, 4 }, { "MM", 'M', 2, 2 }, { "DD", 'D', 2, 2 },
    { "hh", 'h', 2, 2 },   { "mm", 'm', 2, 2 }, { "ss", 's', 2, 2 },
    { "M", 'M', 1, 2 },    { "D", 'D', 1, 2 },  { "h", 'h', 1, 2 },
};

enum err_code stamp_compile(struct str pattern, struct stamp_format *out, struct err *e)
{
    struct stamp_format f = { .n = 0 };
    char seen[8] = "";
    size_t n_seen = 0;
    for (size_t i = 0; i < pattern.n;) {
        if (f.n == STAMP_PARTS_MAX) {
            return fail(e, ERR_INPUT, "time format \"" STR_FMT "\" has more than %d parts",
                        STR_ARG(pattern), STAMP_PARTS_MAX);
        }
        struct stamp_part part = { .literal = pattern.at[i] };
        size_t step = 1;
        for (size_t k = 0; k < sizeof FIELDS / sizeof FIELDS[0]; k++) {
            size_t n = strlen(FIELDS[k].word);
            if (pattern.n - i >= n && memcmp(pattern.at + i, FIELDS[k].word, n) == 0) {
                part = (struct stamp_part){ FIELDS[k].field, 0, FIELDS[k].min, FIELDS[k].max };
                step = n;
                break;
            }
        }
        if (part.field != 0) {
            if (memchr(seen, part.field, n_seen) != NULL) {
                return fail(e, ERR_INPUT, "time format \"" STR_FMT "\" has the same part twice",
                            STR_ARG(pattern));
            }
            seen[n_seen++] = part.field;
        }
        f.parts[f.n++] = part;
        i += step;
    }
    if (memchr(seen, 'Y', n_seen) == NULL || memchr(seen, 'M', n_seen) == NULL ||
        memchr(seen, 'D', n_seen) == NULL) {
        return fail(e, ERR_INPUT,
                    "time format \"" STR_FMT "\" needs YYYY, MM and DD (or M, D); with a time also "
                    "hh, mm and, if written, ss",
                    STR_ARG(pattern));
    }
    f.has_time = memchr(seen, 'h', n_seen) != NULL;
    *out = f;
    return OK;
}

static bool two_digits(const char *p, int32_t *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') {
        return false;
    }
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

/* "Z", "+08:00", "+0800", "-09". */
static bool offset_parse(const char *p, size_t n, int32_t *minutes)
{
    if (n == 1 && (*p == 'Z' || *p == 'z')) {
        *minutes = 0;
        return true;
    }
    if (n < 3 || (p[0] != '+' && p[0] != '-')) {
        return false;
    }
    int32_t h, m = 0;
    if (!two_digits(p + 1, &h)) {
        return false;
    }
    if (n == 6 && p[3] == ':') {
        if (!two_digits(p + 4, &m)) {
            return false;
        }
    } else if (n == 5) {
        if (!two_digits(p + 3, &m)) {
            return false;
        }
    } else if (n != 3) {
        return false;
    }
    if (h > 14 || m > 59) {
        return false;
    }
    *minutes = (p[0] == '-' ? -1 : 1) * (h * 60 + m);
    return true;
}

enum err_code zone_parse(struct str s, struct zone *out, struct err *e)
{
    int32_t minutes;
    if (str_is(s, "in_text")) {
        *out = (struct zone){ ZONE_IN_TEXT, 0 };
    } else if (str_is(s, "Europe/London")) {
        *out = (struct zone){ ZONE_LONDON, 0 };
    } else if (offset_parse(s.at, s.n, &minutes)) {
        *out = (struct zone){ ZONE_FIXED, minutes };
    } else {
        return fail(e, ERR_INPUT,
                    "zone \"" STR_FMT "\" is not known: write an offset like \"+08:00\", "
                    "\"in_text\" or \"Europe/London\"",
                    STR_ARG(s));
    }
    return OK;
}

/* What may follow the format: a fraction of zeros, an offset. */
static const char *tail_parse(const char *p, const char *end, struct stamp *out)
{
    if (p < end && *p == '.') {
        for (p++; p < end && *p >= '0' && *p <= '9'; p++) {
            if (*p != '0') {
                return "the time has a fraction of a second";
            }
        }
    }
    if (p < end) {
        if (!offset_parse(p, (size_t)(end - p), &out->offset)) {
            return "text is left over after the time; compare the cell with time.format";
        }
        out->has_offset = true;
    }
    return NULL;
}

const char *stamp_parse(const struct stamp_format *f, struct str cell, struct stamp *out)
{
    const char *p = cell.at, *end = cell.at + cell.n;
    int32_t v[128];
    v['Y'] = v['M'] = v['D'] = v['h'] = v['m'] = v['s'] = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct stamp_part *part = &f->parts[i];
        if (part->field == 0) {
            if (p == end || *p != part->literal) {
                return "the time does not have the form of time.format";
            }
            p++;
            continue;
        }
        int32_t x = 0, n = 0;
        for (; n < part->max && p < end && *p >= '0' && *p <= '9'; n++, p++) {
            x = x * 10 + (*p - '0');
        }
        if (n < part->min) {
            return "the time does not have the form of time.format";
        }
        v[(unsigned char)part->field] = x;
    }
    struct stamp s = { .has_offset = false };
    const char *wrong = p == end ? NULL : tail_parse(p, end, &s);
    if (wrong != NULL) {
        return wrong;
    }
    struct day day = { v['Y'] * 10000 + v['M'] * 100 + v['D'] };
    if (v['M'] > 12 || v['D'] > 31 || !day_valid(day)) {
        return "there is no such day";
    }
    if (v['m'] > 59 || v['s'] > 59 || v['h'] > 24 || (v['h'] == 24 && (v['m'] | v['s']) != 0)) {
        return "there is no such time of day";
    }
    s.day = day_number(day);
    s.ms = (v['h'] * 3600 + v['m'] * 60 + v['s']) * 1000;
    *out = s;
    return NULL;
}

/* The last Sunday of a month of 31 days, as a day number. */
static int32_t last_sunday(int32_t year, int32_t month)
{
    struct day last = { year * 10000 + month * 100 + 31 };
    return day_number(last) - day_weekday(last) % 7;
}

/* Great Britain: one hour ahead from the last Sunday of March to that of October, 01:00 UTC. */
static int32_t london_minutes(int64_t utc_ms)
{
    int32_t number = (int32_t)(utc_ms / DAY_MS);
    int32_t year = day_of_number(number).yyyymmdd / 10000;
    int64_t from = last_sunday(year, 3) * DAY_MS + 3600 * 1000;
    int64_t until = last_sunday(year, 10) * DAY_MS + 3600 * 1000;
    return utc_ms >= from && utc_ms < until ? 60 : 0;
}

int64_t zone_midnight(const struct zone *z, int32_t day)
{
    int64_t utc = day * DAY_MS;
    /* The clock never changes at a London midnight, so the offset an hour before holds there. */
    int32_t minutes = z->kind == ZONE_LONDON ? london_minutes(utc - 3600 * 1000) : z->minutes;
    return utc - minutes * 60000LL;
}

const char *stamp_utc(const struct zone *z, const struct stamp *s, int64_t *utc_ms)
{
    if (z->kind == ZONE_IN_TEXT) {
        if (!s->has_offset) {
            return "the time carries no offset, but time.zone is \"in_text\"";
        }
        *utc_ms = s->day * DAY_MS + s->ms - s->offset * 60000LL;
        return NULL;
    }
    if (s->has_offset && (z->kind != ZONE_FIXED || s->offset != z->minutes)) {
        return "the time carries another offset than time.zone: correct the mapping, or set "
               "\"in_text\"";
    }
    *utc_ms = zone_midnight(z, s->day) + s->ms;
    return NULL;
}
