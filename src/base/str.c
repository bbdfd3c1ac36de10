/* str.c - looking at UTF-8 text and building it, always within a stated maximum. */
#include "base/str.h"
#include "base/check.h"
#include <stdarg.h>

#define TEXT_FIRST 64u

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.at, b.at, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && (n == 0 || memcmp(a.at, prefix, n) == 0);
}

bool str_ends(struct str a, const char *suffix)
{
    size_t n = strlen(suffix);
    return a.n >= n && (n == 0 || memcmp(a.at + a.n - n, suffix, n) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str a)
{
    while (a.n && is_blank(a.at[0])) {
        a.at++;
        a.n--;
    }
    while (a.n && is_blank(a.at[a.n - 1])) {
        a.n--;
    }
    return a;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
    if (!rest->at) { /* the mark of "nothing stands behind the last part" */
        return false;
    }
    const char *hit = rest->n ? memchr(rest->at, sep, rest->n) : NULL;
    if (!hit) {
        *part = *rest;
        *rest = (struct str){ NULL, 0 };
        return true;
    }
    size_t n = (size_t)(hit - rest->at);
    *part = (struct str){ rest->at, n };
    *rest = (struct str){ hit + 1, rest->n - n - 1 };
    return true;
}

struct str str_dup(struct arena *a, struct str s)
{
    return (struct str){ arena_copy(a, s.at, s.n), s.n };
}

/* Decodes one character: its length, or 0 when the bytes are not valid UTF-8. */
static size_t utf8_one(const unsigned char *p, size_t n, uint32_t *out)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (p[0] < 0x80) {
        *out = p[0];
        return 1;
    }
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || len > n) {
        return 0;
    }
    uint32_t c = p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        return 0;
    }
    *out = c;
    return len;
}

/* A character of three bytes that needs no further look: U+1000 to U+CFFF, Chinese among them. */
static bool han_at(const unsigned char *p, size_t n)
{
    return n >= 3 && p[0] >= 0xE1 && p[0] <= 0xEC && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80;
}

bool str_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.at;
    size_t i = 0;
    while (i < s.n) {
        uint64_t eight;
        if (s.n - i >= 8) { /* eight plain bytes at once: most text is ASCII */
            memcpy(&eight, p + i, 8);
            if (!((eight | (eight - 0x0101010101010101u)) & 0x8080808080808080u)) {
                i += 8;
                continue;
            }
        }
        if (han_at(p + i, s.n - i)) {
            i += 3;
            continue;
        }
        uint32_t c;
        size_t len = utf8_one(p + i, s.n - i, &c);
        if (len == 0 || c == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

struct range {
    uint32_t from, until; /* both included */
};

static bool within(uint32_t c, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= r[i].from && c <= r[i].until) {
            return true;
        }
    }
    return false;
}

static size_t char_width(uint32_t c)
{
    static const struct range zero[] = {
        { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x064B, 0x065F },
        { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x200B, 0x200F }, { 0x202A, 0x202E },
        { 0x2060, 0x2064 }, { 0x20D0, 0x20FF }, { 0x302A, 0x302F }, { 0x3099, 0x309A },
        { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F }, { 0xFEFF, 0xFEFF }, { 0xE0100, 0xE01EF },
    };
    static const struct range wide[] = {
        { 0x1100, 0x115F },   { 0x2E80, 0x303E },   { 0x3041, 0x33FF },   { 0x3400, 0x4DBF },
        { 0x4E00, 0x9FFF },   { 0xA000, 0xA4CF },   { 0xA960, 0xA97F },   { 0xAC00, 0xD7A3 },
        { 0xF900, 0xFAFF },   { 0xFE30, 0xFE6F },   { 0xFF00, 0xFF60 },   { 0xFFE0, 0xFFE6 },
        { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
    };
    if (c < 0x300) {
        return c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0);
    }
    if (within(c, zero, sizeof(zero) / sizeof(zero[0]))) {
        return 0;
    }
    return within(c, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

size_t str_width(struct str s)
{
    size_t i = 0, width = 0;
    while (i < s.n) {
        uint32_t c;
        size_t len = utf8_one((const unsigned char *)s.at + i, s.n - i, &c);
        width += len ? char_width(c) : 1; /* a terminal shows one mark for a bad byte */
        i += len ? len : 1;
    }
    return width;
}

void text_init(struct text *t, struct arena *a, size_t max)
{
    *t = (struct text){ .arena = a, .max = max };
}

/* Room for n more bytes and the NUL; false when the maximum forbids it. */
static bool text_room(struct text *t, size_t n)
{
    if (n > t->max - t->n) {
        return false;
    }
    if (t->n + n + 1 > t->room) {
        size_t room = t->room ? t->room * 2 : TEXT_FIRST;
        while (room < t->n + n + 1) {
            room *= 2;
        }
        char *at = arena_alloc(t->arena, room);
        if (t->n) {
            memcpy(at, t->at, t->n);
        }
        t->at = at;
        t->room = room;
    }
    return true;
}

void text_reserve(struct text *t, size_t n)
{
    (void)text_room(t, n);
}

void text_add(struct text *t, struct str s)
{
    if (!text_room(t, s.n)) {
        size_t n = t->max - t->n;
        while (n && ((unsigned char)s.at[n] & 0xC0) == 0x80) {
            n--; /* whole characters only */
        }
        t->cut = true;
        s.n = n;
        check(text_room(t, n));
    }
    if (s.n) {
        memcpy(t->at + t->n, s.at, s.n);
    }
    t->n += s.n;
    t->at[t->n] = 0;
}

void text_add_c(struct text *t, const char *c)
{
    text_add(t, str_of(c));
}

void text_byte(struct text *t, char c)
{
    if (__builtin_expect(t->n + 1 < t->room && t->n < t->max, 1)) {
        t->at[t->n++] = c;
        t->at[t->n] = 0;
    } else {
        text_add(t, (struct str){ &c, 1 });
    }
}

void text_addf(struct text *t, const char *fmt, ...)
{
    char small[512];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    va_end(ap);
    check_that(n >= 0, "format %s", fmt);
    if ((size_t)n < sizeof(small)) {
        text_add(t, (struct str){ small, (size_t)n });
    } else {
        char *big = mem_alloc((size_t)n + 1);
        vsnprintf(big, (size_t)n + 1, fmt, again);
        text_add(t, (struct str){ big, (size_t)n });
        free(big);
    }
    va_end(again);
}

struct str text_str(const struct text *t)
{
    return (struct str){ t->at ? t->at : "", t->n };
}
