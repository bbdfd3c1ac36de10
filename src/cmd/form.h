/* form.h - a strategy as a command names it, and what a clerk is told about values. */
#ifndef SK_CMD_FORM_H
#define SK_CMD_FORM_H
#include "cmd/cmd.h"
#include "contract/contract.h"
#include "strategy/strategy.h"

/* What a word names: FILE.tally; NAME of the library folder; NAME@VERSION of the store (NAME@0 its
 * newest). */
struct source {
    const struct strategy *strategy;
    bool stored;
    struct strategy_life life; /* stored: its version, state and validity */
};
/* `folder` NULL: strategies/. Messages of a text with errors go to standard error. */
SK_MUST_USE enum err_code source_open(struct cmd *c, const char *word, const char *folder,
                                      struct source *out, struct err *e);
/* One line on standard error for each value outside its usual range; never a failure. */
void contract_remarks(struct cmd *c, struct db *db, const struct contract *contract);
extern const char *const LIFE_WORDS[]; /* by enum life_state */
#endif
