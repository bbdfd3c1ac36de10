/* check.c - the last words of a process that found itself wrong. */
#include "base/check.h"
#include <stdarg.h>
#include <unistd.h>

void check_failed(const char *file, int line, const char *cond, const char *fmt, ...)
{
    char text[1024];
    int n = snprintf(text, sizeof(text), "%s:%d: check failed: %s", file, line, cond);
    size_t at = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    if (fmt && at + 3 < sizeof(text)) {
        text[at++] = ':';
        text[at++] = ' ';
        va_list ap;
        va_start(ap, fmt);
        n = vsnprintf(text + at, sizeof(text) - at, fmt, ap);
        va_end(ap);
        at = strnlen(text, sizeof(text) - 1);
    }
    text[at++] = '\n';
    if (write(STDERR_FILENO, text, at) < 0) {
        abort(); /* nobody listens; the core file still tells */
    }
    abort();
}
