/* stamp.h - civil time as senders write it, to UTC. Private to ingest.
 *
 * A format is text with YYYY MM DD hh mm ss (fixed width) or M D h (one or two digits) and literal
 * characters between them, compiled once. What follows the format may be ".000" and an offset.
 */
#ifndef SK_INGEST_STAMP_H
#define SK_INGEST_STAMP_H
#include "ingest/ingest.h"

#define STAMP_PARTS_MAX 24
struct stamp_part {
    char field; /* 'Y' 'M' 'D' 'h' 'm' 's'; 0: a literal */
    char literal;
    uint8_t min, max; /* digits */
};
struct stamp_format {
    struct stamp_part parts[STAMP_PARTS_MAX];
    size_t n;
    bool has_time;
};

enum zone_kind { ZONE_FIXED, ZONE_IN_TEXT, ZONE_LONDON };
struct zone {
    enum zone_kind kind;
    int32_t minutes; /* east, of ZONE_FIXED */
};

/* A stamp taken apart; `offset` only if the text carried one. */
struct stamp {
    int32_t day; /* since 1970-01-01 */
    int32_t ms;  /* since local midnight, up to DAY_MS (24:00) */
    bool has_offset;
    int32_t offset; /* minutes east */
};

SK_MUST_USE enum err_code stamp_compile(struct str pattern, struct stamp_format *out,
                                        struct err *e);
SK_MUST_USE enum err_code zone_parse(struct str s, struct zone *out, struct err *e);
/* NULL when well, else the sentence that says what is wrong. */
const char *stamp_parse(const struct stamp_format *f, struct str cell, struct stamp *out);
/* UTC ms of a stamp; NULL when well. */
const char *stamp_utc(const struct zone *z, const struct stamp *s, int64_t *utc_ms);
/* UTC ms of the local midnight that opens a day. */
int64_t zone_midnight(const struct zone *z, int32_t day);
#endif
