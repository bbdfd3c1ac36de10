/* names.h - the points of a long or wide file, found once each. Private to ingest. */
#ifndef SK_INGEST_NAMES_H
#define SK_INGEST_NAMES_H
#include "ingest/mapping.h"

/* The series a value may go to: its own, that of negative values, that of idle values. */
#define ROLES 3
struct place {
    struct str name;
    uint64_t hash;
    int64_t point_id[ROLES];
    enum ingest_code code; /* E_NONE, or why rows of this name are refused */
    int64_t last_ms;       /* time of the row before, INT64_MIN at first */
    int64_t last_line;
};
struct names {
    struct arena *arena;
    const struct ingest_points *points;
    const struct map_value *value;
    struct place *slots;
    size_t n, room; /* room: a power of two */
    size_t last;    /* rows of one point mostly follow each other */
};
void names_init(struct names *t, struct arena *a, const struct ingest_points *points,
                const struct map_value *value);
/* Never NULL on OK, valid until the next call; errors of the finder other than "not found". */
SK_MUST_USE enum err_code names_get(struct names *t, struct str name, struct place **out,
                                    struct err *e);
#endif
