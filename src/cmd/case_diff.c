/* case_diff.c - compares an expected result with one that was computed (settlement-rules 9). */
#include "cmd/case_part.h"

#define DIFFERENCES_MAX 1000 /* more help nobody */
#define SHOWN_MAX 400        /* bytes of a value that are shown */

struct compare {
    struct arena *arena;
    struct case_difference *list;
    size_t n;
};

static const char *shown(struct arena *a, struct json j)
{
    if (json_kind(j) == JSON_NONE) {
        return "nothing";
    }
    struct str s = json_canonical(j);
    return s.n <= SHOWN_MAX ? s.at : arena_printf(a, "%.*s..", SHOWN_MAX, s.at);
}

static void differ(struct compare *c, const char *path, struct json want, struct json got)
{
    if (c->n < DIFFERENCES_MAX) {
        const char *at = *path == '.' ? path + 1 : path;
        c->list[c->n++] = (struct case_difference){ *at ? at : "result", shown(c->arena, want),
                                                    shown(c->arena, got) };
    }
}

/* Both texts are decimal numbers of one value. */
static bool same_decimal(struct str a, struct str b)
{
    struct decimal x, y;
    if (decimal_parse(a, &x, NULL) != OK || decimal_parse(b, &y, NULL) != OK) {
        return false;
    }
    __int128 u = x.units, v = y.units;
    for (; x.scale < y.scale; x.scale++) {
        u *= 10;
    }
    for (; y.scale < x.scale; y.scale++) {
        v *= 10;
    }
    return u == v;
}

static bool same_leaf(struct json want, struct json got)
{
    enum json_kind k = json_kind(want);
    if (k != json_kind(got)) {
        return false;
    }
    if (k == JSON_STRING) {
        struct str a = { NULL, 0 }, b = { NULL, 0 };
        if (json_str(want, &a, NULL) != OK || json_str(got, &b, NULL) != OK) {
            return false;
        }
        return str_eq(a, b) || same_decimal(a, b);
    }
    return str_eq(json_canonical(want), json_canonical(got));
}

static void compare(struct compare *c, const char *path, struct json want, struct json got);

static void compare_members(struct compare *c, const char *path, struct json want, struct json got)
{
    struct str key;
    for (size_t i = 0; i < json_len(want); i++) {
        struct json v = json_member(want, i, &key);
        const char *name = arena_copy(c->arena, key.at, key.n);
        if (!str_is(key, "note")) {
            compare(c, arena_printf(c->arena, "%s.%s", path, name), v, json_get(got, name));
        }
    }
    for (size_t i = 0; i < json_len(got); i++) {
        struct json v = json_member(got, i, &key);
        const char *name = arena_copy(c->arena, key.at, key.n);
        if (json_kind(json_get(want, name)) == JSON_NONE && !str_is(key, "note")) {
            differ(c, arena_printf(c->arena, "%s.%s", path, name), json_get(want, name), v);
        }
    }
}

static void compare(struct compare *c, const char *path, struct json want, struct json got)
{
    if (json_kind(want) == JSON_OBJECT && json_kind(got) == JSON_OBJECT) {
        compare_members(c, path, want, got);
    } else if (json_kind(want) == JSON_ARRAY && json_kind(got) == JSON_ARRAY) {
        size_t n = json_len(want) > json_len(got) ? json_len(want) : json_len(got);
        for (size_t i = 0; i < n; i++) {
            compare(c, arena_printf(c->arena, "%s[%zu]", path, i), json_at(want, i),
                    json_at(got, i));
        }
    } else if (!same_leaf(want, got)) {
        differ(c, path, want, got);
    }
}

size_t case_compare(struct arena *a, struct json expected, struct json got,
                    const struct case_difference **out)
{
    struct compare c = { a, arena_many(a, DIFFERENCES_MAX, struct case_difference), 0 };
    compare(&c, "", expected, got);
    *out = c.list;
    return c.n;
}
