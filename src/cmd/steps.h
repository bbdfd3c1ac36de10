/* steps.h - steps that several commands share: settling a period, listing what came of it. */
#ifndef SK_CMD_STEPS_H
#define SK_CMD_STEPS_H
#include "cmd/cmd.h"
#include "meter/meter.h"
#include "people/people.h"
#include "statement/statement.h"

/* "2026-10" to the half-open period of the month, "2026-10-31" to that of the day. */
SK_MUST_USE enum err_code cmd_period(const char *word, struct settle_period *out, struct err *e);
/* Settles with a progress bar. order_id 0: all; workers 0: all cores; tally may be NULL. */
SK_MUST_USE enum err_code cmd_settle_period(struct cmd *c, struct db *db,
                                            struct settle_period period, int workers,
                                            int64_t order_id, struct settle_tally *tally,
                                            struct settle_progress *out, struct err *e);
/* Prints nothing when nothing failed. */
SK_MUST_USE enum err_code cmd_print_failures(struct cmd *c, struct db *db,
                                             struct settle_period period, FILE *out, struct err *e);
/* The table of statements of a period; state 0: all. Adds up into *fen. */
SK_MUST_USE enum err_code cmd_print_statements(struct cmd *c, struct db *db, struct scope scope,
                                               struct settle_period period,
                                               enum statement_state state, size_t limit, FILE *out,
                                               struct err *e);
/* By id or by name, within the scope. */
SK_MUST_USE enum err_code cmd_org_named(struct cmd *c, struct db *db, struct scope s,
                                        const char *word, struct org *out, struct err *e);
/* By its code. */
SK_MUST_USE enum err_code cmd_station_find(struct cmd *c, struct db *db, struct scope s,
                                           struct str code, struct station *out, struct err *e);
/* The audit row of what a command did, in the open core transaction. */
SK_MUST_USE enum err_code cmd_audit(struct db *db, int64_t user_id, int64_t org_id,
                                    const char *action, const char *object, int64_t id,
                                    struct instant now, struct err *e);
#endif
