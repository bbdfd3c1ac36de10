/* scan.c - the JSON scanner of terms and facts: what contract.h shows and nothing else, in one pass
 * and without a tree. Strings without escapes are looked at where they stand; the path to a mistake
 * is a stack of keys, written out only when there is one.
 */
#include "contract/scan.h"

#define NAMES_MAX 512 /* of one kind in one part: twice the definitions a strategy may have */

void *list_add(struct scan *s, struct list *l)
{
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 8;
        char *at = arena_array(s->arena, room, l->size);
        if (l->n > 0) {
            memcpy(at, l->at, l->n * l->size);
        }
        l->at = at;
        l->room = room;
    }
    void *item = l->at + l->n * l->size;
    memset(item, 0, l->size);
    l->n++;
    return item;
}

enum err_code scan_refuse(struct scan *s, const char *what)
{
    struct text t;
    text_init(&t, s->arena, 400);
    for (int i = 0; i < s->depth; i++) {
        if (s->path[i].index >= 0) {
            text_addf(&t, "[%d]", s->path[i].index);
        } else {
            text_addf(&t, "%s" STR_FMT, i ? "." : "", STR_ARG(s->path[i].key));
        }
    }
    return fail_named(s->e, ERR_INPUT, s->facts ? "FACTS" : "TERMS", "%s: %s%sbyte %zu: %s",
                      s->facts ? "facts" : "terms", t.n ? t.at : "", t.n ? ": " : "",
                      (size_t)(s->at - s->start), what);
}

static void scan_blanks(struct scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

bool scan_next_is(struct scan *s, char c)
{
    scan_blanks(s);
    return s->at < s->end && *s->at == c;
}

bool scan_took(struct scan *s, char c)
{
    if (!scan_next_is(s, c)) {
        return false;
    }
    s->at++;
    return true;
}

bool scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    scan_blanks(s);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0) {
        return false;
    }
    s->at += n;
    return true;
}

static int hex4(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) {
            return -1;
        }
        v = v * 16 + d;
    }
    return v;
}

static size_t utf8_put(char *out, int c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* One escape after the backslash at `*p`; false when it is none. */
static bool escape_take(const char **p, const char *end, char *out, size_t *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *q = *p;
    const char *hit = q < end && *q ? strchr(from, *q) : NULL;
    if (hit) {
        out[(*n)++] = to[hit - from];
        *p = q + 1;
        return true;
    }
    if (q >= end || *q != 'u') {
        return false;
    }
    int c = hex4(q + 1, end);
    q += 5;
    if (c >= 0xd800 && c < 0xdc00 && end - q >= 6 && q[0] == '\\' && q[1] == 'u') {
        int low = hex4(q + 2, end);
        if (low < 0xdc00 || low > 0xdfff) {
            return false;
        }
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        q += 6;
    }
    if (c <= 0 || (c >= 0xd800 && c < 0xe000)) {
        return false;
    }
    *n += utf8_put(out + *n, c);
    *p = q;
    return true;
}

enum err_code scan_string(struct scan *s, struct str *out)
{
    if (!scan_took(s, '"')) {
        return scan_refuse(s, "a string in quotes belongs here");
    }
    const char *from = s->at, *p = from;
    while (p < s->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) {
        p++;
    }
    if (p < s->end && *p == '"') {
        *out = (struct str){from, (size_t)(p - from)};
        s->at = p + 1;
        return OK;
    }
    char *copy = arena_alloc(s->arena, (size_t)(s->end - from) + 1);
    size_t n = 0;
    for (p = from; p < s->end && *p != '"';) {
        if ((unsigned char)*p < 0x20) {
            break;
        }
        if (*p != '\\') {
            copy[n++] = *p++;
            continue;
        }
        p++;
        if (!escape_take(&p, s->end, copy, &n)) {
            s->at = p;
            return scan_refuse(s, "not an escape that JSON has");
        }
    }
    s->at = p;
    if (p >= s->end || *p != '"') {
        return scan_refuse(s, "the string does not end");
    }
    s->at = p + 1;
    *out = (struct str){copy, n};
    return OK;
}

static enum err_code scan_push(struct scan *s, struct str key, int32_t index)
{
    if (s->depth == PATH_MAX_KEYS) {
        return scan_refuse(s, "nested too deep");
    }
    s->path[s->depth++] = (struct place){key, index};
    return OK;
}

enum err_code scan_members(struct scan *s, scan_fn *fn, void *ctx)
{
    if (!scan_took(s, '{')) {
        return scan_refuse(s, "an object in { } belongs here");
    }
    if (scan_took(s, '}')) {
        return OK;
    }
    do {
        struct str key;
        if (scan_string(s, &key) != OK || scan_push(s, key, -1) != OK) {
            return s->e->code;
        }
        if (!scan_took(s, ':')) {
            return scan_refuse(s, "':' is missing");
        }
        if (fn(s, key, ctx) != OK) {
            return s->e->code;
        }
        s->depth--;
    } while (scan_took(s, ','));
    return scan_took(s, '}') ? OK : scan_refuse(s, "',' or '}' is missing");
}

enum err_code scan_items(struct scan *s, scan_fn *fn, void *ctx, int32_t max)
{
    if (!scan_took(s, '[')) {
        return scan_refuse(s, "a list in [ ] belongs here");
    }
    if (scan_took(s, ']')) {
        return OK;
    }
    int32_t i = 0;
    do {
        if (i == max) {
            return scan_refuse(s, "the list is too long");
        }
        if (scan_push(s, (struct str){0}, i++) != OK || fn(s, (struct str){0}, ctx) != OK) {
            return s->e->code;
        }
        s->depth--;
    } while (scan_took(s, ','));
    return scan_took(s, ']') ? OK : scan_refuse(s, "',' or ']' is missing");
}

/* A whole number, as a string or plain. */
enum err_code scan_whole(struct scan *s, int64_t min, int64_t max, int64_t *out)
{
    struct str t;
    if (scan_next_is(s, '"')) {
        if (scan_string(s, &t) != OK) {
            return s->e->code;
        }
    } else {
        scan_blanks(s);
        const char *from = s->at;
        while (s->at < s->end && ((*s->at >= '0' && *s->at <= '9') || *s->at == '-')) {
            s->at++;
        }
        t = (struct str){from, (size_t)(s->at - from)};
    }
    struct err why;
    int64_t v;
    if (decimal_scaled(t, 0, &v, &why) != OK || v < min || v > max) {
        return scan_refuse(s, "a whole number in its limits belongs here");
    }
    *out = v;
    return OK;
}

/* The first member of every item is its name: no two alike. */
enum err_code scan_name_new(struct scan *s, const struct list *l, struct str key)
{
    if (l->n >= NAMES_MAX) {
        return scan_refuse(s, "too many names");
    }
    for (size_t i = 0; i < l->n; i++) {
        const struct str *name = (const void *)(l->at + i * l->size);
        if (str_eq(*name, key)) {
            return scan_refuse(s, "this name stands here twice");
        }
    }
    return OK;
}

enum err_code scan_text(struct scan *s, scan_fn *fn, void *ctx)
{
    if (scan_members(s, fn, ctx) != OK) {
        return s->e->code;
    }
    scan_blanks(s);
    return s->at == s->end ? OK : scan_refuse(s, "something stands behind the end");
}

struct scan scan_of(struct arena *a, struct str text, struct err *e)
{
    return (struct scan){
        .at = text.at, .end = text.at + text.n, .start = text.at, .arena = a, .e = e};
}
