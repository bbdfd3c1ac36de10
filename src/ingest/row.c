/* row.c - a line becomes readings, or is refused with the reason. The hot path of an import. */
#include "ingest/import.h"

#define REGISTER_NEAR_MS 60000 /* iot.md 2.1: a register read within a minute of a boundary */

/* The sentence for a cell that holds no usable number. */
static enum err_code refuse_number(struct import *im, int column, enum ingest_code code,
                                   struct err *e)
{
    const char *why = code == E_NAN ? "is not a number; if it marks a missing value, add it to "
                                      "\"missing\" of the mapping"
                      : code == E_TYPE
                          ? "is no decimal number; if it marks a missing value, add it "
                            "to \"missing\" of the mapping"
                          : "has more than 18 digits: nothing is rounded in silence";
    return import_refuse(im, im->lines.number, column, code, im->cells[column], e, "%s", why);
}

static bool is_missing(const struct mapping *m, struct str cell)
{
    for (size_t i = 0; i < m->n_missing; i++) {
        if (str_eq(m->missing[i], cell)) {
            return true;
        }
    }
    return false;
}

/* Spreads an amount over the quarter hours of its interval: parts that sum to it, the odd units
 * first (R6 with equal weights). */
static void add_series(struct import *im, const struct map_value *v, int64_t point_id, int64_t ts,
                       int64_t value, int column)
{
    int parts = v->kind == READING_INT ? im->m->interval_minutes / 15 : 1;
    struct reading r = { .point_id = point_id,
                         .ts_ms = ts,
                         .value = value,
                         .q = im->m->split ? Q_EST : 0,
                         .kind = v->kind,
                         .rank = v->rank };
    if (parts == 1) {
        import_add(im, &r, column);
        return;
    }
    for (int i = 0; i < parts; i++) {
        r.value = value / parts + (i < value % parts);
        import_add(im, &r, column);
        r.ts_ms += SLOT_MS;
    }
}

/* Whether the other column says that nothing runs. A missing or odd cell there says nothing. */
static bool is_idle(const struct import *im, size_t value_index, const struct map_value *v)
{
    struct number n;
    return v->idle &&
           number_parse(im->cells[im->idle_column[value_index]], im->m->decimal_mark, &n) ==
               E_NONE &&
           number_equal(n, v->idle_is);
}

/* A value with a sign or an idle rule feeds two or three series, each of which gets a value: where
 * the one has energy, the others have 0, not a gap. */
static void add_energy(struct import *im, size_t value_index, const struct map_value *v,
                       const struct place *place, int64_t ts, int64_t value, int column)
{
    int64_t own = value, negative = 0, idle = 0;
    if (value < 0) {
        negative = -value;
        own = 0;
    } else if (value <= v->idle_at_most_e4 && is_idle(im, value_index, v)) {
        idle = value;
        own = 0;
    }
    bool two = v->negative == NEGATIVE_TO;
    bool same = two && v->idle && place->point_id[1] == place->point_id[2];
    add_series(im, v, place->point_id[0], ts, own, column);
    if (two) {
        add_series(im, v, place->point_id[1], ts, same ? negative + idle : negative, column);
    }
    if (v->idle && !same) {
        add_series(im, v, place->point_id[2], ts, idle, column);
    }
}

/* One cell with a value. `ts` is the start of the interval, or the boundary of a register. */
static enum err_code row_value(struct import *im, size_t value_index, const struct place *place,
                               int64_t ts, int column, struct err *e)
{
    const struct map_value *v = &im->m->values[value_index];
    struct str cell = im->cells[column];
    struct number n;
    int64_t value;
    if (is_missing(im->m, cell)) {
        im->out->missing++;
        return OK;
    }
    enum ingest_code bad = number_parse(cell, im->m->decimal_mark, &n);
    if (bad != E_NONE) {
        return refuse_number(im, column, bad, e);
    }
    if (conversion_apply(&v->to_e4, n, v->round, &value) != E_NONE) {
        return import_refuse(im, im->lines.number, column, E_RANGE, cell, e,
                             "is out of range, or finer than 0.0001 kWh: say \"round\": "
                             "\"half_away\" in the mapping if rounding is meant");
    }
    value = v->minus ? -value : value;
    if (value < 0 && v->negative == NEGATIVE_REFUSE) {
        return import_refuse(
            im, im->lines.number, column, E_RANGE, cell, e,
            "%s is negative: if that has a meaning, give \"negative\" in the mapping",
            v->kind == READING_INT ? "the energy" : "the register");
    }
    if (value < 0 && v->negative == NEGATIVE_ABSOLUTE) {
        value = -value;
    }
    if (value > v->max_e4 || value < -v->max_e4) {
        return import_refuse(im, im->lines.number, column, E_RANGE, cell, e,
                             "is more than \"max\" of the mapping: not plausible for this point");
    }
    enum err_code code = import_room(im, e);
    if (code == OK) {
        add_energy(im, value_index, v, place, ts, value, column);
    }
    return code;
}

/* Rows must go forward; the row before counts, also when it was refused, so that one wrong jump
 * does not refuse all that follow. */
static enum err_code row_order(struct import *im, int64_t ts, int64_t *last_ms, int64_t *last_line,
                               bool *good, struct err *e)
{
    int64_t before = *last_ms, line = *last_line;
    *last_ms = ts;
    *last_line = im->lines.number;
    *good = !im->m->rising || ts > before;
    if (*good) {
        return OK;
    }
    return import_refuse(im, im->lines.number, im->time_column, E_SEQ, im->cells[im->time_column],
                         e,
                         ts == before ? "the same time as line %lld: a row may stand once; if both "
                                        "are meant, say \"order\": \"any\" in the mapping"
                                      : "earlier than line %lld: sort the rows by time, or say "
                                        "\"order\": \"any\" in the mapping",
                         (long long)line);
}

static enum err_code refuse_time(struct import *im, int column, enum ingest_code code,
                                 const char *why, struct err *e)
{
    return import_refuse(im, im->lines.number, column, code, im->cells[column], e, "%s", why);
}

/* Start of the interval (or day) of this row in UTC; *good false when the row was refused. */
static enum err_code row_time(struct import *im, int64_t *ts, bool *good, struct err *e)
{
    const struct mapping *m = im->m;
    struct stamp s;
    *good = false;
    const char *why = stamp_parse(&m->format, im->cells[im->time_column], &s);
    if (why == NULL) {
        why = stamp_utc(&m->zone, &s, ts);
    }
    if (why != NULL) {
        return refuse_time(im, im->time_column, E_TIME, why, e);
    }
    if (im->period_column != NO_COLUMN) {
        struct number n;
        int64_t day_ms = zone_midnight(&m->zone, s.day + 1) - *ts;
        enum ingest_code bad = number_parse(im->cells[im->period_column], '.', &n);
        int64_t i = n.digits - m->period_first;
        if (bad != E_NONE || n.decimals != 0 || i < 0 ||
            i >= day_ms / (m->period_minutes * 60000)) {
            return refuse_time(im, im->period_column, E_TIME, "there is no such period on this day",
                               e);
        }
        *ts += i * m->period_minutes * 60000;
    }
    *ts += m->shift_days * DAY_MS;
    *good = true;
    return OK;
}

/* From the label to the start, on a quarter hour, neither in the future nor before all meters. */
static enum err_code row_start(struct import *im, int64_t *ts, uint8_t kind, bool *good,
                               struct err *e)
{
    const struct mapping *m = im->m;
    int64_t length = kind == READING_INT ? m->interval_minutes * 60000LL : 0;
    *good = false;
    if (kind == READING_INT) {
        *ts -= m->label_end ? length : 0;
        if (*ts % SLOT_MS != 0) {
            return refuse_time(im, im->time_column, E_TIME,
                               "is not on a quarter of an hour: intervals begin at :00 :15 :30 :45",
                               e);
        }
    } else {
        int64_t boundary = (*ts + SLOT_MS / 2) / SLOT_MS * SLOT_MS;
        if (*ts - boundary > REGISTER_NEAR_MS || boundary - *ts > REGISTER_NEAR_MS) {
            return refuse_time(im, im->time_column, E_TIME,
                               "a register counts when it is read within 60 s of a quarter hour",
                               e);
        }
        *ts = boundary;
    }
    if (*ts + length > im->latest_ms) {
        return refuse_time(im, im->time_column, E_TIME_FUTURE,
                           "lies in the future: check the date, the zone and the clock", e);
    }
    if (*ts < im->oldest_ms) {
        return refuse_time(im, im->time_column, E_TIME_OLD,
                           "lies before 2001: a clock that was reset says 1970 or 2000", e);
    }
    *good = true;
    return OK;
}

static enum err_code row_columns(struct import *im, int64_t ts, struct err *e)
{
    const struct mapping *m = im->m;
    bool good;
    enum err_code code = row_order(im, ts, &im->last_ms, &im->last_line, &good, e);
    for (size_t i = 0; i < m->n_values && code == OK && good; i++) {
        int64_t start = ts;
        /* Kinds may differ from column to column; the first refusal of the time is enough. */
        code = row_start(im, &start, m->values[i].kind, &good, e);
        if (code == OK && good) {
            code = row_value(im, i, &im->values[i], start, im->value_column[i], e);
        }
    }
    return code;
}

static enum err_code row_place(struct import *im, struct place **out, struct err *e)
{
    struct str name = im->cells[im->key_column[0]];
    char joined[512];
    *out = NULL;
    if (im->m->n_keys > 1) {
        size_t n = 0;
        for (size_t i = 0; i < im->m->n_keys; i++) {
            struct str part = im->cells[im->key_column[i]];
            if (n + part.n + 1 > sizeof joined) {
                return import_refuse(im, im->lines.number, im->key_column[i], E_OVERSIZE, part, e,
                                     "the name of the point is longer than 511 bytes");
            }
            if (i > 0) {
                joined[n++] = '/';
            }
            memcpy(joined + n, part.at, part.n);
            n += part.n;
        }
        name = (struct str){ joined, n };
    }
    if (name.n == 0) {
        return import_refuse(im, im->lines.number, im->key_column[0], E_POINT_UNKNOWN, name, e,
                             "the name of the point is empty");
    }
    enum err_code code = names_get(&im->names, name, out, e);
    if (code == OK && (*out)->code != E_NONE) {
        *out = NULL;
        bool exponent = name.n > 2 && memchr(name.at, '+', name.n) != NULL &&
                        memchr(name.at, 'E', name.n) != NULL;
        return import_refuse(im, im->lines.number, im->key_column[0], E_POINT_UNKNOWN, name, e,
                             exponent
                                 ? "no such point: a spreadsheet has rounded the number; export "
                                   "it as text"
                                 : "no such point: add or bind it, then import again");
    }
    return code;
}

static enum err_code row_long(struct import *im, int64_t ts, struct err *e)
{
    struct place *place;
    bool good;
    enum err_code code = row_place(im, &place, e);
    if (code != OK || place == NULL ||
        (code = row_order(im, ts, &place->last_ms, &place->last_line, &good, e)) != OK || !good ||
        (code = row_start(im, &ts, im->m->values[0].kind, &good, e)) != OK || !good) {
        return code;
    }
    return row_value(im, 0, place, ts, im->value_column[0], e);
}

static enum err_code row_wide(struct import *im, int64_t midnight, struct err *e)
{
    const struct mapping *m = im->m;
    struct place *place;
    bool good;
    enum err_code code = row_place(im, &place, e);
    if (code != OK || place == NULL ||
        (code = row_order(im, midnight, &place->last_ms, &place->last_line, &good, e)) != OK ||
        !good) {
        return code;
    }
    for (int i = 0; i < im->n_slots && code == OK && good; i++) {
        int64_t ts = midnight + (i + m->label_end) * (m->interval_minutes * 60000LL);
        /* A day that is not over yet has empty cells to its right: no complaint about those. */
        if (is_missing(m, im->cells[im->slot_column[i]])) {
            im->out->missing++;
            continue;
        }
        code = row_start(im, &ts, m->values[0].kind, &good, e);
        if (code == OK && good) {
            code = row_value(im, 0, place, ts, im->slot_column[i], e);
        }
    }
    return code;
}

enum err_code row_read(struct import *im, struct err *e)
{
    int n = line_cells(im->line, im->m->delimiter, im->cells, (int)INGEST_COLUMNS_MAX, im->room);
    int64_t ts;
    bool good;
    if (n < 0) {
        return import_refuse(im, im->lines.number, NO_COLUMN, E_SCHEMA, im->line, e,
                             "a quote is not closed on its line, or stands inside a cell");
    }
    if (n != im->n_columns) {
        return import_refuse(im, im->lines.number, NO_COLUMN, E_COUNT, im->line, e,
                             "%d cells, but the header line has %d: complete the row, or quote "
                             "cells that hold the delimiter",
                             n, im->n_columns);
    }
    im->out->rows++;
    enum err_code code = row_time(im, &ts, &good, e);
    if (code != OK || !good) {
        return code;
    }
    switch (im->m->layout) {
    case LAYOUT_COLUMNS:
        return row_columns(im, ts, e);
    case LAYOUT_LONG:
        return row_long(im, ts, e);
    case LAYOUT_WIDE:
        return row_wide(im, ts, e);
    }
    check(false);
    return OK;
}
