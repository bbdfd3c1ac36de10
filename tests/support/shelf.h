/* shelf.h - the strategies of the library in a test's store.
 *
 * A strategy may use libraries, and a library other libraries: whoever wants one published needs
 * all of them first. Tests run in the root of the repository. */
#ifndef SK_TESTS_SHELF_H
#define SK_TESTS_SHELF_H
#include "contract/contract.h"

/* Publishes strategies/NAME.tally and what it uses, in the caller's core transaction. */
enum err_code shelf_publish(struct db *db, struct arena *a, const char *name, struct instant now,
                            struct strategy_text *out, struct err *e);
#endif
