/* header_fuzz.c - a header that is taken is printed back the same; an envelope is opened. */
#include "base/check.h"
#include "partner/cnaps/cnaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str bytes = {size ? (const char *)data : "", size};
    struct cnaps_header h;
    struct str base64, xml;
    struct err e;
    char out[CNAPS_HEADER_BYTES];
    if (cnaps_header_parse(bytes, &h, &e) == OK) {
        check_that(cnaps_header_print(&h, out, &e) == OK, "%s", e.text);
        check(memcmp(out, data, sizeof(out)) == 0);
    }
    if (cnaps_open(bytes, &h, &base64, &xml, &e) == OK) {
        check(base64.n + xml.n <= size - CNAPS_HEADER_BYTES);
    }
    return 0;
}
