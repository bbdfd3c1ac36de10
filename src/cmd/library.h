/* library.h - where `use NAME` finds its text when a strategy is read from a file, and how the file
 * and all it uses come into a store. */
#ifndef SK_CMD_LIBRARY_H
#define SK_CMD_LIBRARY_H
#include "cmd/cmd.h"
#include "contract/contract.h"
#include "strategy/strategy.h"

/* Files NAME.tally in the folder of `path`, read into the arena when asked for. */
void library_beside(struct arena *a, const char *path, struct strategy_library *out);
/* Files NAME.tally in `folder`. */
void library_in(struct arena *a, const char *folder, struct strategy_library *out);

/* Publishes FILE.tally after the libraries it uses, each proved sound in a strategy (a library is
 * proved by whoever uses it), in the caller's core transaction. The title is that of the text's
 * first line. `messages` gets what the checker says; `*fresh` is whether the text is a new version.
 * ERR_NOT_FOUND: a library is not in the folder of the file. What is new is active at once: for the
 * library that a store begins with. */
SK_MUST_USE enum err_code library_publish(struct db *db, struct arena *a, const char *file,
                                          struct instant now, struct text *messages,
                                          struct strategy_text *out, bool *fresh, struct err *e);
/* The same as drafts, which are released before a contract names them. */
SK_MUST_USE enum err_code library_draft(struct db *db, struct arena *a, const char *file,
                                        struct instant now, struct text *messages,
                                        struct strategy_text *out, bool *fresh, struct err *e);
#endif
