/* mapping.h - a mapping file after it was checked: what the importer runs on. Private to ingest. */
#ifndef SK_INGEST_MAPPING_H
#define SK_INGEST_MAPPING_H
#include "ingest/cell.h"
#include "ingest/ingest.h"
#include "ingest/stamp.h"

enum layout {
    LAYOUT_COLUMNS, /* a row is an instant, a column is a point             */
    LAYOUT_LONG,    /* a row is one value: point, time, value               */
    LAYOUT_WIDE,    /* a row is one day of one point, its slots are columns */
};
enum negative { NEGATIVE_REFUSE, NEGATIVE_ABSOLUTE, NEGATIVE_TO };

#define MAPPING_KEYS_MAX 4 /* columns that together name the point of a row */
#define MAPPING_VALUES_MAX 512
#define MAPPING_MARKERS_MAX 16

struct map_value {
    const char *path; /* "file.json: values[2]" */
    struct str column;
    struct str point; /* layout "columns" only */
    int point_index;  /* into mapping.names */
    uint8_t kind, rank;
    bool round;
    bool minus; /* sign -1: the source counts the other way */
    struct conversion to_e4;
    int64_t max_e4;
    enum negative negative;
    struct str negative_to;
    int negative_index;
    bool idle; /* small values while another column says that nothing runs belong elsewhere */
    struct str idle_column;
    struct number idle_is;
    int64_t idle_at_most_e4;
    struct str idle_to;
    int idle_index;
};

struct mapping {
    const char *file;
    enum layout layout;
    char delimiter;
    char decimal_mark;
    bool rising;
    bool ignore_rest;
    struct str *ignore;
    size_t n_ignore;
    struct str missing[MAPPING_MARKERS_MAX];
    size_t n_missing;
    struct str time_column;
    struct stamp_format format;
    struct zone zone;
    struct str period_column; /* empty: the time stands in the time column alone */
    int32_t period_first, period_minutes;
    bool label_end;
    int32_t interval_minutes;
    bool split;
    int32_t shift_days; /* data of another year laid over this one */
    struct str key[MAPPING_KEYS_MAX];
    size_t n_keys;
    bool slots_by_number;
    struct str slots_prefix;
    struct map_value *values;
    size_t n_values;
    struct str *names; /* of points, layout "columns" */
    size_t n_names;
};

/* The header name of slot `i` (0-based) of a wide file: "p00:15", "p1". */
struct str mapping_slot_name(const struct mapping *m, struct arena *a, int i);
#endif
