/* shelf.c - strategies/NAME.tally into a store, libraries first: as `strategy publish` does,
 * without the program. */
#include "support/shelf.h"
#include "base/check.h"
#include "base/arena.h"
#include <stdio.h>

enum err_code shelf_publish(struct db *db, struct arena *a, const char *name, struct instant now,
                            struct strategy_text *out, struct err *e)
{
    struct strategy_ref uses[STRATEGY_USES_MAX];
    size_t n_uses = 0;
    bool fresh;
    char *at = arena_alloc(a, STRATEGY_TEXT_BYTES_MAX);
    FILE *f = fopen(arena_printf(a, "strategies/%s.tally", name), "rb");
    check_that(f, "%s: run in the root of the repository", name);
    struct str text = {at, fread(at, 1, STRATEGY_TEXT_BYTES_MAX, f)}, rest = text, line;
    fclose(f);
    while (str_split(&rest, '\n', &line)) {
        struct strategy_text used;
        if (!str_starts(line, "use ")) {
            continue;
        }
        check(n_uses < STRATEGY_USES_MAX);
        struct str library = str_trim((struct str){line.at + 4, line.n - 4});
        const char *used_name = arena_printf(a, STR_FMT, STR_ARG(library));
        if (shelf_publish(db, a, used_name, now, &used, e) != OK) {
            return e->code;
        }
        uses[n_uses++] = used.ref;
    }
    struct str called = str_of(name);
    return contract_strategy_publish(db, a, called, called, text, uses, n_uses, now, out, &fresh,
                                     e);
}
