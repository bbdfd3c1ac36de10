/* fault.h - an SQLite file layer that fails on purpose; private to the room (see ../README.md). */
#ifndef SK_STORE_SQLITE_FAULT_H
#define SK_STORE_SQLITE_FAULT_H
#include "base/err.h"
#include <stdbool.h>

/* The name of the file layer to open with: NULL for the usual one, when SK_FAULT is not set.
 * Starts counting anew when `restart`. ERR_INPUT: SK_FAULT is not N[:kind][:for_good]. */
SK_MUST_USE enum err_code fault_layer(bool restart, const char **out, struct err *e);
#endif
