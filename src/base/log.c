/* log.c - one write per line, so that lines of several threads do not mix. */
#include "base/log.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048 /* a longer event is cut, not spread over lines */

static atomic_int level_now = LOG_LEVEL_INFO;

void log_set(enum log_level level)
{
    atomic_store(&level_now, (int)level);
}

void log_event(enum log_level level, const char *room, const char *what, const char *fmt, ...)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load(&level_now)) {
        return;
    }
    char line[LINE_MAX_BYTES];
    int n =
        snprintf(line, sizeof(line), "level=%s room=%s event=\"%s\" ", words[level], room, what);
    size_t at = n < 0 ? 0 : (size_t)n < sizeof(line) - 1 ? (size_t)n : sizeof(line) - 1;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line + at, sizeof(line) - at, fmt, ap);
    va_end(ap);
    size_t end = strnlen(line, sizeof(line) - 1);
    for (size_t i = 0; i < end; i++) {
        line[i] = line[i] == '\n' || line[i] == '\r' ? ' ' : line[i];
    }
    while (end > 0 && line[end - 1] == ' ') {
        end--;
    }
    line[end++] = '\n';
    if (write(STDERR_FILENO, line, end) < 0) {
        return; /* nobody reads the log; the work goes on */
    }
}
