/* encoding.h - names in files as Chinese spreadsheets save them. Private to ingest.
 *
 * Text is UTF-8; what is not valid UTF-8 is read as GB18030 (iot.md 11). Only names are ever
 * converted: the header line and the cells that name points. Numbers and times are ASCII in both,
 * and no byte of a GB18030 character looks like a comma, a semicolon, a tab, a quote or a line end.
 */
#ifndef SK_INGEST_ENCODING_H
#define SK_INGEST_ENCODING_H
#include "base/base.h"

/* False when the bytes are neither. The result is `s` itself or lives in the arena. */
bool encoding_utf8(struct arena *a, struct str s, struct str *out);
#endif
