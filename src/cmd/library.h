/* library.h - where `use NAME` finds its text when a strategy is read from a file. */
#ifndef SK_CMD_LIBRARY_H
#define SK_CMD_LIBRARY_H
#include "cmd/cmd.h"
#include "strategy/strategy.h"

/* Files NAME.tally in the folder of `path`, read into the arena when asked for. */
void library_beside(struct arena *a, const char *path, struct strategy_library *out);
/* Files NAME.tally in `folder`. */
void library_in(struct arena *a, const char *folder, struct strategy_library *out);
#endif
