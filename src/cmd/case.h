/* case.h - golden cases (schema sunkeeper.case/1, settlement-rules 9) through the real engine.
 *
 * How a scenario's case fields bind to a strategy stands as data beside the strategy
 * (strategies/NAME.bind.json). Scenarios without a strategy run in the room that owns the rule.
 */
#ifndef SK_CMD_CASE_H
#define SK_CMD_CASE_H
#include "cmd/cmd.h"

/* Runs one file; prints each difference (path, expected, got) to standard output, and one line
 * "ok FILE" or "not ok FILE". Returns 0 when it agrees, EXIT_REFUSED when it differs or cannot run.
 */
int case_run(struct cmd *c, const char *file);
/* The same with the texts and bindings of another folder (NULL: the library). */
int case_run_in(struct cmd *c, const char *file, const char *strategies);
/* A folder or file of the source tree: below the working directory, or above the program's. */
const char *case_shared(struct arena *a, const char *name);
/* Runs the file's strategy and prints each line with its explanation. */
int case_explain(struct cmd *c, const char *file);
#endif
