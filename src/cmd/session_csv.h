/* session_csv.h - a table of sessions as rows of facts.
 *
 * The first line names the columns: place (or berth, charger), start, end; party (an organisation),
 * name; every other one is a setting of the session by its name (idle_minutes). Times are China's.
 * Intervals are quarters of an hour: a session has each quarter it touches; of a quarter in which
 * one ends and the next begins at the same place, the one that ends.
 */
#ifndef SK_CMD_SESSION_CSV_H
#define SK_CMD_SESSION_CSV_H
#include "cmd/office.h"
#include "contract/contract.h"

struct session_row {
    int line; /* of the file, from 1 */
    struct term_member session;
};
/* By end. Errors name file and line. */
SK_MUST_USE enum err_code session_csv_read(struct cmd *c, struct office *o, const char *file,
                                           struct session_row **out, size_t *n);
#endif
