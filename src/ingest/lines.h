/* lines.h - a feed cut into lines, and a line into cells. Private to ingest.
 *
 * No line is copied but the one that lies across two reads; no memory is taken for any.
 */
#ifndef SK_INGEST_LINES_H
#define SK_INGEST_LINES_H
#include "ingest/feed.h"
#include "ingest/ingest.h"

#define LINES_BYTES (512u << 10) /* several times the longest line */

struct lines {
    struct feed *feed;
    enum feed_state state; /* of the feed, once its bytes are used up */
    int64_t number;        /* of the line last given, from 1 */
    size_t at, n;
    bool skipping;
    char *bytes; /* LINES_BYTES */
};
enum line_kind {
    LINE_GOOD,
    LINE_LONG, /* longer than INGEST_LINE_MAX: *line is its beginning, the rest is skipped */
    LINE_OPEN, /* the file stops within it, and the file is cut off */
    LINE_NONE, /* no more */
};
void lines_init(struct lines *l, struct feed *f, char *bytes);
SK_MUST_USE enum err_code lines_next(struct lines *l, struct str *line, enum line_kind *kind,
                                     struct err *e);
/* The first bytes of the file, to look at before any line is taken. */
SK_MUST_USE enum err_code lines_peek(struct lines *l, struct str *bytes, struct err *e);
void lines_skip(struct lines *l, size_t n); /* of what was peeked: a byte order mark */

/* Cuts a line into at most `max` cells, blanks around them off. Quoted cells are undone into
 * `room`, which has as many bytes as the line. Gives the number of cells found, which may be more
 * than max; -1: a quote is not closed on its line or stands inside a cell. */
int line_cells(struct str line, char delimiter, struct str *cells, int max, char *room);
#endif
