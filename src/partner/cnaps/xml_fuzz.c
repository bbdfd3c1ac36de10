/* xml_fuzz.c - a message that is read is written, read and signed again to the same bytes.
 *
 * The type is found as in a header: by the namespace that stands in the input.
 */
#include "base/check.h"
#include "partner/cnaps/cnaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str xml = {size ? (const char *)data : "", size};
    const struct cnaps_signing s = cnaps_signing_usual();
    struct arena *a = arena_new();
    const char *type = cnaps_type_at(0);
    struct str once, again, signed_once, signed_again;
    struct err e;
    void *m, *back;
    for (size_t i = 0; cnaps_type_at(i); i++) {
        if (size && memmem(data, size, cnaps_type_at(i), strlen(cnaps_type_at(i)))) {
            type = cnaps_type_at(i);
            break;
        }
    }
    if (cnaps_read(a, type, xml, &m, &e) == OK && cnaps_write(a, type, m, &once, &e) == OK) {
        check_that(cnaps_read(a, type, once, &back, &e) == OK, "%s", e.text);
        check(cnaps_write(a, type, back, &again, &e) == OK);
        check(str_eq(once, again));
        if (cnaps_sign_text(a, type, m, &s, &signed_once, &e) == OK) {
            check(cnaps_sign_text(a, type, back, &s, &signed_again, &e) == OK);
            check(str_eq(signed_once, signed_again));
        }
    }
    arena_free(a);
    return 0;
}
