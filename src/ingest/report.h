/* report.h - the file that lists what was refused: line, column, code, sentence, raw text.
 * Private to ingest. Made only when the first entry comes.
 */
#ifndef SK_INGEST_REPORT_H
#define SK_INGEST_REPORT_H
#include "ingest/ingest.h"

#define REPORT_RAW_MAX 200u  /* bytes of raw text shown: enough to find the place */
#define REPORT_CELL_MAX 400u /* and of a sentence */

struct report {
    const char *file; /* NULL: entries are counted by the caller, not written */
    int fd;           /* -1 until the first entry */
    size_t n;
    char bytes[16384];
};
/* Takes away what an earlier import left under this name. */
SK_MUST_USE enum err_code report_init(struct report *r, const char *file, struct err *e);
SK_MUST_USE enum err_code report_add(struct report *r, int64_t line, int column, const char *code,
                                     const char *text, struct str raw, struct err *e);
/* Writes what is held and closes. */
SK_MUST_USE enum err_code report_close(struct report *r, struct err *e);
#endif
