/* encoding.c - see encoding.h. iconv of the C library knows GB18030. */
#include "ingest/encoding.h"

#include <iconv.h>

bool encoding_utf8(struct arena *a, struct str s, struct str *out)
{
    if (str_utf8(s)) {
        *out = s;
        return true;
    }
    iconv_t cd = iconv_open("UTF-8", "GB18030");
    check(cd != (iconv_t)-1);
    /* Two bytes become three, four become four. */
    size_t room = 2 * s.n + 4, left = s.n, free_bytes = room;
    char *to = arena_alloc(a, room), *at = to, *from = arena_copy(a, s.at, s.n);
    size_t bad = iconv(cd, &from, &left, &at, &free_bytes);
    iconv_close(cd);
    struct str text = { to, room - free_bytes };
    if (bad == (size_t)-1 || left != 0 || !str_utf8(text)) {
        return false;
    }
    *out = text;
    return true;
}
