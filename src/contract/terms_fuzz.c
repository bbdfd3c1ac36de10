/* terms_fuzz.c - terms and facts from arbitrary bytes: no crash, no read outside; facts that are
 * taken are written, read and written again to the same bytes; joining them ends.
 *
 * The input is terms, a byte 0, then facts.
 */
#include "contract/contract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const char *text = arena_copy(a, size ? (const char *)data : "", size);
    const char *cut = size ? memchr(text, 0, size) : NULL;
    const struct str terms = {text, cut ? (size_t)(cut - text) : size};
    const struct str facts = {cut ? cut + 1 : "", cut ? size - terms.n - 1 : 0};
    struct contract_terms t, joined;
    struct contract_facts f, again;
    struct err e;
    const bool agreed = contract_terms_on(a, terms, (struct day){20260701}, &t, &e) == OK;
    if (contract_facts_parse(a, facts, &f, &e) == OK && str_utf8(facts)) {
        struct str once = contract_facts_text(a, &f);
        check_that(contract_facts_parse(a, once, &again, &e) == OK, "%s", e.text);
        check(str_eq(once, contract_facts_text(a, &again)));
        if (agreed) {
            (void)contract_terms_join(a, &t, &f, (struct day){20260701}, (struct day){20260801},
                                      &joined, &e);
        }
    }
    arena_free(a);
    return 0;
}
