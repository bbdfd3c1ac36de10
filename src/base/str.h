/* str.h - text to look at (struct str) and text to build (struct text).
 *
 * Both hold UTF-8. A struct str does not own its bytes and need not end in NUL. A struct text grows
 * in an arena up to a maximum that it must be given; past it, `cut` is set and bytes are dropped.
 */
#ifndef SK_BASE_STR_H
#define SK_BASE_STR_H
#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *at;
    size_t n;
};
#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).at

static inline struct str str_of(const char *c) /* NULL gives the empty one */
{
    return (struct str){ c ? c : "", c ? strlen(c) : 0 };
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}
static inline bool str_is(struct str a, const char *c)
{
    return str_eq(a, str_of(c));
}
int str_cmp(struct str a, struct str b); /* by bytes */
bool str_starts(struct str a, const char *prefix);
bool str_ends(struct str a, const char *suffix);
struct str str_trim(struct str a); /* ASCII blanks off both ends */
/* Takes what stands before the next `sep` off the front of *rest; false at the end. */
bool str_split(struct str *rest, char sep, struct str *part);
struct str str_dup(struct arena *a, struct str s); /* NUL-terminated copy */
bool str_utf8(struct str s);                       /* valid UTF-8 without NUL */
/* Columns on a terminal: CJK and full-width are 2, combining marks 0. */
size_t str_width(struct str s);

struct text {
    struct arena *arena;
    char *at; /* always NUL-terminated once anything was added */
    size_t n, room, max;
    bool cut;
};
void text_init(struct text *t, struct arena *a, size_t max);
/* Room for n more bytes at once, if the maximum allows them: for who knows about how much comes. */
void text_reserve(struct text *t, size_t n);
void text_add(struct text *t, struct str s);
void text_add_c(struct text *t, const char *c);
void text_byte(struct text *t, char c);
__attribute__((format(printf, 2, 3))) void text_addf(struct text *t, const char *fmt, ...);
struct str text_str(const struct text *t);
#endif
