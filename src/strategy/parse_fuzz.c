/* parse_fuzz.c - any bytes as a strategy: parse, check, print, plan; no crash, bounded time.
 *
 * What parses must print to something that parses to the same canonical text; what loads must load
 * again from its canonical text, and can be planned.
 */
#include "base/check.h"
#include "strategy/tree.h"

/* A byte of text costs a few microseconds with sanitizers; longer ones teach nothing new. */
#define FUZZ_TEXT_MAX 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FUZZ_TEXT_MAX) {
        return 0;
    }
    struct arena *a = arena_new();
    struct str file = STR("fuzz.tally"), text = { (const char *)data, size }, once, again;
    struct strategy_messages m;
    struct tally_program *p;
    struct err e;
    bool loads = tally_load(a, file, text, NULL, NULL, 0, &p, &m, &e) == OK;
    if (strategy_format(a, file, text, &once, &m, &e) == OK) {
        check(strategy_format(a, file, once, &again, &m, &e) == OK);
        check(str_eq(once, again));
        struct strategy *s;
        check((strategy_load(a, file, once, NULL, NULL, 0, &s, &m, &e) == OK) == loads);
    } else {
        check(!loads);
    }
    struct text t;
    text_init(&t, a, 1u << 20);
    for (size_t i = 0; i < m.n; i++) {
        strategy_message_text(&t, &m.at[i]);
    }
    arena_free(a);
    return 0;
}
