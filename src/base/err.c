/* err.c - making the sentence of an error; whole characters only, even when it is cut. */
#include "base/err.h"
#include <stdarg.h>

/* Takes an incomplete UTF-8 character off the end of what vsnprintf had to cut. */
static void cut_whole(char *s, size_t n)
{
    size_t at = n;
    while (at > 0 && n - at < 4 && ((unsigned char)s[at - 1] & 0xC0) == 0x80) {
        at--;
    }
    if (at == 0) {
        return;
    }
    unsigned char c = (unsigned char)s[at - 1];
    size_t len = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    if (at - 1 + len > n) {
        s[at - 1] = 0;
    }
}

static enum err_code set(struct err *e, enum err_code code, const char *name, const char *fmt,
                         va_list ap)
{
    if (!e) {
        return code;
    }
    char text[sizeof(e->text)]; /* the arguments may lie in e->text */
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    if (n >= (int)sizeof(text)) {
        cut_whole(text, sizeof(text) - 1);
    }
    e->code = code;
    e->name = name;
    memcpy(e->text, text, strlen(text) + 1);
    return code;
}

enum err_code fail(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(e, code, NULL, fmt, ap);
    va_end(ap);
    return code;
}

enum err_code fail_named(struct err *e, enum err_code code, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(e, code, name, fmt, ap);
    va_end(ap);
    return code;
}

enum err_code fail_in(struct err *e, const char *fmt, ...)
{
    if (!e) {
        return ERR_IO; /* the code was lost with the place for it: the least specific one */
    }
    char text[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    size_t front = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    size_t back = strnlen(e->text, sizeof(e->text) - 1);
    size_t room = sizeof(text) - 1 - front;
    memcpy(text + front, e->text, back < room ? back : room);
    text[front + (back < room ? back : room)] = 0;
    if (back > room || n >= (int)sizeof(text)) {
        cut_whole(text, sizeof(text) - 1);
    }
    memcpy(e->text, text, strlen(text) + 1);
    return e->code;
}

const char *err_word(enum err_code code)
{
    static const char *const words[] = {
        [OK] = "ok",
        [ERR_INPUT] = "input",
        [ERR_NOT_FOUND] = "not_found",
        [ERR_RULE] = "rule",
        [ERR_CONFLICT] = "conflict",
        [ERR_GAP] = "gap",
        [ERR_WEIGHT] = "weight",
        [ERR_LIMIT] = "limit",
        [ERR_RETRY] = "retry",
        [ERR_UNKNOWN] = "unknown",
        [ERR_IO] = "io",
        [ERR_FULL] = "full",
        [ERR_READ_ONLY] = "read_only",
        [ERR_CORRUPT] = "corrupt",
    };
    size_t i = (size_t)code;
    return i < sizeof(words) / sizeof(words[0]) ? words[i] : "unknown_code";
}
