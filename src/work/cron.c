/* cron.c - when something comes back: five fields, in China time (work.h). */
#include "work/work.h"

#define DAYS_AHEAD (366 * 8 + 2) /* 29 February may be eight years away */

struct field {
    const char *name;
    int min, max;
};
static const struct field FIELDS[] = {
    { "minute", 0, 59 }, { "hour", 0, 23 },   { "day", 1, 31 },
    { "month", 1, 12 },  { "weekday", 0, 7 },
};
enum { MINUTE, HOUR, DAY_OF_MONTH, MONTH_OF_YEAR, WEEKDAY, N_FIELDS };

struct cron {
    uint64_t set[N_FIELDS]; /* bit n: value n */
    bool any[N_FIELDS];     /* the field is a bare star */
};

static enum err_code wrong(struct str cron, const struct field *f, struct str part, struct err *e)
{
    return fail(e, ERR_INPUT,
                "cron '" STR_FMT "': %s '" STR_FMT "': a star, a number %d to %d, a range a-b, a "
                "list of these, with /step",
                STR_ARG(cron), f->name, STR_ARG(part), f->min, f->max);
}

static bool take_number(struct str *s, int *out)
{
    int n = 0;
    size_t digits = 0;
    while (digits < s->n && digits < 3 && s->at[digits] >= '0' && s->at[digits] <= '9') {
        n = 10 * n + (s->at[digits++] - '0');
    }
    s->at += digits;
    s->n -= digits;
    *out = n;
    return digits > 0;
}

static bool take_sign(struct str *s, char c)
{
    if (s->n == 0 || s->at[0] != c) {
        return false;
    }
    s->at++;
    s->n--;
    return true;
}

/* One part of a list: star, number or range, perhaps with a step. */
static bool take_part(struct str part, const struct field *f, uint64_t *set, bool *any)
{
    int from = f->min, to = f->max, step = 1;
    bool star = take_sign(&part, '*');
    if (!star) {
        if (!take_number(&part, &from)) {
            return false;
        }
        to = from;
        if (take_sign(&part, '-') && !take_number(&part, &to)) {
            return false;
        }
    }
    bool stepped = take_sign(&part, '/');
    if (stepped && (!take_number(&part, &step) || step == 0)) {
        return false;
    }
    if (part.n || from < f->min || to > f->max || from > to) {
        return false;
    }
    for (int v = from; v <= to; v += step) {
        *set |= 1ULL << v;
    }
    *any = *any || (star && !stepped);
    return true;
}

static enum err_code parse(struct str text, struct cron *c, struct err *e)
{
    struct str rest = text, word, part;
    int n = 0;
    *c = (struct cron){ .set = { 0 } };
    while (str_split(&rest, ' ', &word)) {
        if (word.n == 0) {
            continue;
        }
        if (n == N_FIELDS) {
            return fail(e, ERR_INPUT, "cron '" STR_FMT "': five fields are needed", STR_ARG(text));
        }
        struct str list = word;
        while (str_split(&list, ',', &part)) {
            if (!take_part(part, &FIELDS[n], &c->set[n], &c->any[n])) {
                return wrong(text, &FIELDS[n], word, e);
            }
        }
        n++;
    }
    if (n != N_FIELDS) {
        return fail(e, ERR_INPUT, "cron '" STR_FMT "': five fields are needed", STR_ARG(text));
    }
    c->set[WEEKDAY] |= (c->set[WEEKDAY] & 1) << 7; /* 0 is Sunday too */
    return OK;
}

static bool has(const struct cron *c, int field, int v)
{
    return c->set[field] >> v & 1;
}

static bool day_fits(const struct cron *c, struct day d)
{
    bool month_day = has(c, DAY_OF_MONTH, d.yyyymmdd % 100);
    bool weekday = has(c, WEEKDAY, day_weekday(d));
    if (!has(c, MONTH_OF_YEAR, d.yyyymmdd / 100 % 100)) {
        return false;
    }
    return c->any[DAY_OF_MONTH] || c->any[WEEKDAY] ? month_day && weekday : month_day || weekday;
}

enum err_code cron_next(struct str cron, struct instant after, struct instant *out, struct err *e)
{
    struct cron c;
    if (parse(cron, &c, e) != OK) {
        return e ? e->code : ERR_INPUT;
    }
    struct day d = instant_day(after);
    int64_t minute = (after.utc_ms - day_start(d).utc_ms) / 60000 + 1;
    for (int i = 0; i < DAYS_AHEAD; i++, d = day_add(d, 1), minute = 0) {
        for (; day_fits(&c, d) && minute < 24 * 60; minute++) {
            if (has(&c, HOUR, (int)(minute / 60)) && has(&c, MINUTE, (int)(minute % 60))) {
                *out = (struct instant){ day_start(d).utc_ms + minute * 60000 };
                return OK;
            }
        }
    }
    return fail(e, ERR_INPUT, "cron '" STR_FMT "' never comes", STR_ARG(cron));
}
