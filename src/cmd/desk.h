/* desk.h - what the commands on readings share: the points in somebody's scope, and those a command
 * is about.
 */
#ifndef SK_CMD_DESK_H
#define SK_CMD_DESK_H
#include "cmd/cmd.h"
#include "meter/meter.h"
#include "reading/reading.h"
#include "reading/vee.h"

struct desk {
    struct db *db;
    struct reading_points *points;
    struct scope scope;
    int64_t user_id;
    struct instant now;
    struct err e;
};
SK_MUST_USE enum err_code desk_open(struct cmd *c, struct desk *d, enum store_mode mode,
                                    const char *as);
/* Closes the store; prints d->e unless `code` is OK; the exit code. */
int desk_close(struct cmd *c, struct desk *d, enum err_code code);
/* The real points of a station (NULL: of all), or the one of that code, in place order. */
SK_MUST_USE enum err_code desk_points(struct cmd *c, struct desk *d, const char *station,
                                      const char *point, int64_t **ids, size_t *n);
/* "PV01/gen" */
SK_MUST_USE enum err_code desk_point_name(struct cmd *c, struct desk *d, int64_t point_id,
                                          struct str *out);
/* The audit row of what was done about a point, a core transaction of its own. */
SK_MUST_USE enum err_code desk_audit(struct desk *d, int64_t point_id, const char *action,
                                     const char *object, int64_t id);
/* After an audit row of what then failed with d->e: a row that says so. The error stays. */
enum err_code desk_not_done(struct desk *d, int64_t point_id, const char *action,
                            const char *object, int64_t id);
/* "2026-10-05T10:15", the start of an interval; other than 0: answered already. */
int desk_slot(struct cmd *c, const char *word, struct slot *out);
/* "2026-10-05T10:15" */
struct str desk_slot_text(struct arena *a, struct slot s);
#endif
