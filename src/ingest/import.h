/* import.h - one running import: what header.c, row.c and ingest.c share. Private to ingest. */
#ifndef SK_INGEST_IMPORT_H
#define SK_INGEST_IMPORT_H
#include "ingest/lines.h"
#include "ingest/mapping.h"
#include "ingest/names.h"
#include "ingest/report.h"

#define NO_COLUMN (-1)
/* Nothing is measured before: a clock that was reset says 1970 or 2000 (iot.md 2.1). */
#define IMPORT_OLDEST_DAY 20010101
/* A cell gives at most this many readings: three series, each over a day of quarter hours. */
#define CELL_READINGS_MAX (ROLES * SLOTS)

struct import {
    struct arena *arena;
    const struct ingest_job *job;
    const struct mapping *m;
    struct ingest_result *out;
    struct lines lines;
    struct report report;
    struct names names;   /* long and wide */
    struct place *values; /* columns: one for each value column */
    int64_t oldest_ms, latest_ms;
    /* where things stand in the file, 0-based; NO_COLUMN */
    int n_columns;
    int time_column, period_column;
    int key_column[MAPPING_KEYS_MAX];
    int *value_column, *idle_column; /* columns, long: one for each value */
    int slot_column[SLOTS];          /* wide */
    int n_slots;
    /* of the current line */
    struct str line;
    struct str *cells;
    char *room;
    int64_t last_ms, last_line; /* columns: time of the row before */
    /* the open batch */
    struct reading *batch;
    int64_t *batch_line;
    int32_t *batch_column;
    uint8_t *outcome;
    size_t n;
};

/* Reads the header line. ERR_INPUT names file, line and column. */
SK_MUST_USE enum err_code header_read(struct import *im, struct err *e);

/* One line after the header; refuses what is wrong with it. */
SK_MUST_USE enum err_code row_read(struct import *im, struct err *e);

/* Counts and reports; `column` is 0-based, NO_COLUMN for the whole line. */
SK_MUST_USE enum err_code import_refuse(struct import *im, int64_t line, int column,
                                        enum ingest_code code, struct str raw, struct err *e,
                                        const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* Adds a reading to the batch; the batch has room for CELL_READINGS_MAX more after import_room. */
SK_MUST_USE enum err_code import_room(struct import *im, struct err *e);
void import_add(struct import *im, const struct reading *r, int column);
#endif
