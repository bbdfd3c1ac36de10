/* feed.h - the bytes of a file, unpacked on the way if it is gzip, with their SHA-256.
 * Private to ingest. One buffer, whatever the size of the file.
 */
#ifndef SK_INGEST_FEED_H
#define SK_INGEST_FEED_H
#include "base/base.h"

#define FEED_RAW_BYTES                                                                             \
    (256u << 10) /* one read: large enough for the disk, small enough for cache */

enum feed_state {
    FEED_MORE,
    FEED_END,       /* everything was read                                             */
    FEED_TRUNCATED, /* gzip stops before its end                                       */
    FEED_CORRUPT,   /* gzip does not unpack, its checksum is wrong, or bytes follow it */
};
struct feed; /* opaque */

/* ERR_IO; ERR_INPUT: a folder, a device. */
SK_MUST_USE enum err_code feed_open(const char *file, struct feed **out, struct err *e);
void feed_close(struct feed *f); /* NULL is allowed */
/* Fills up to n bytes; *got 0 only when the state is no longer FEED_MORE. */
SK_MUST_USE enum err_code feed_read(struct feed *f, char *to, size_t n, size_t *got,
                                    enum feed_state *state, struct err *e);
int64_t feed_raw_done(const struct feed *f);
int64_t feed_raw_total(const struct feed *f);

/* Reads the file once to its end: its digest, and whether it is whole. */
SK_MUST_USE enum err_code feed_survey(const char *file, struct sha256 *digest,
                                      enum feed_state *state, struct err *e);
#endif
