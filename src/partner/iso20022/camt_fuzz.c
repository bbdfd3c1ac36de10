/* camt_fuzz.c - statements from arbitrary bytes: read, judged; what can be written comes back. */
#include "base/check.h"
#include "partner/iso20022/iso20022.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {ISO_CAMT_053, ISO_CAMT_054, ISO_PAIN_002, ISO_PAIN_008};
    const struct str xml = {size ? (const char *)data : "", size};
    struct arena *a = arena_new();
    struct str once, again;
    struct iso_checked c;
    struct err e;
    void *m, *back;
    const char *type = types[0];
    for (size_t i = 0; i < 4; i++) {
        if (size && memmem(data, size, types[i], strlen(types[i]))) {
            type = types[i];
        }
    }
    if (iso_read(a, type, xml, &m, &e) == OK) {
        if (type == types[0]) {
            const struct iso_statements *s = m;
            for (size_t i = 0; i < s->items.n; i++) {
                (void)iso_statement_check(a, &s->items.at[i], s->items.at[i].account, &c, &e);
                for (size_t k = 0; k < s->items.at[i].entries.n; k++) {
                    (void)iso_entry_identity(a, &s->items.at[i], k);
                }
            }
        }
        if (iso_write(a, type, m, &once, &e) == OK) {
            check_that(iso_read(a, type, once, &back, &e) == OK, "%s", e.text);
            check(iso_write(a, type, back, &again, &e) == OK);
            check(str_eq(once, again));
        }
    }
    arena_free(a);
    return 0;
}
