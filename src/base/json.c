/* json.c - values of a JSON document that can say where they stand. */
#include "base/json.h"
#include "base/check.h"
#include "base/decimal.h"
#include "base/json_node.h"
#include <errno.h>

#define KEY_FAR 3       /* edits between a wrong key and one worth suggesting */
#define KEY_COMPARED 64 /* longer keys are not compared */
#define FEW_MEMBERS 8   /* found faster by walking than by halving */
#define READ_STEP ((size_t)64 << 10)

static const char *const kind_words[] = {
    [JSON_NONE] = "nothing",
    [JSON_NULL] = "null",
    [JSON_BOOL] = "true or false",
    [JSON_INTEGER] = "an integer",
    [JSON_REAL] = "a number with a point",
    [JSON_STRING] = "a string",
    [JSON_ARRAY] = "an array",
    [JSON_OBJECT] = "an object",
};

static enum err_code read_all(FILE *f, const char *file, char **out, size_t *n, struct err *e)
{
    char *buf = NULL;
    size_t have = 0, room = 0;
    for (;;) {
        if (have == room) {
            room = room ? room * 2 : READ_STEP;
            buf = mem_grow(buf, room);
        }
        size_t got = fread(buf + have, 1, room - have, f);
        have += got;
        if (have > JSON_BYTES_MAX) {
            free(buf);
            return fail(e, ERR_LIMIT, "%s: larger than %u MiB", file, JSON_BYTES_MAX >> 20);
        }
        if (got == 0) {
            break;
        }
    }
    if (ferror(f)) {
        free(buf);
        return fail(e, ERR_IO, "%s: cannot be read: %s", file, strerror(errno));
    }
    *out = buf;
    *n = have;
    return OK;
}

enum err_code json_load(struct arena *a, const char *file, struct json *out, struct err *e)
{
    FILE *f = fopen(file, "rbe");
    if (!f) {
        return fail(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", file, strerror(errno));
    }
    char *bytes = NULL;
    size_t n = 0;
    enum err_code code = read_all(f, file, &bytes, &n, e);
    fclose(f);
    if (code == OK) {
        code = json_parse(a, (struct str){ bytes, n }, file, out, e);
        free(bytes);
    }
    return code;
}

enum err_code json_parse(struct arena *a, struct str bytes, const char *name, struct json *out,
                         struct err *e)
{
    if (bytes.n > JSON_BYTES_MAX) {
        return fail(e, ERR_LIMIT, "%s: larger than %u MiB", name, JSON_BYTES_MAX >> 20);
    }
    const struct node *root;
    enum err_code code = node_parse(a, bytes, name, &root, e);
    if (code == OK) {
        *out = (struct json){ root, arena_copy(a, name, strlen(name)), a };
    }
    return code;
}

static const struct node *node_of(struct json j)
{
    return j.node;
}

enum json_kind json_kind(struct json j)
{
    static const enum json_kind kinds[] = {
        [NODE_NULL] = JSON_NULL,     [NODE_BOOL] = JSON_BOOL,     [NODE_INTEGER] = JSON_INTEGER,
        [NODE_REAL] = JSON_REAL,     [NODE_STRING] = JSON_STRING, [NODE_ARRAY] = JSON_ARRAY,
        [NODE_OBJECT] = JSON_OBJECT,
    };
    const struct node *n = node_of(j);
    return n ? kinds[n->kind] : JSON_NONE;
}

static const struct node *find(const struct node *o, struct str key)
{
    if (o->n <= FEW_MEMBERS) {
        for (size_t i = 0; i < o->n; i++) {
            if (str_eq(o->members[i].key, key)) {
                return o->members[i].value;
            }
        }
        return NULL;
    }
    size_t lo = 0, hi = o->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(o->by_key[mid]->key, key);
        if (c == 0) {
            return o->by_key[mid]->value;
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return NULL;
}

struct json json_get(struct json j, const char *key)
{
    const struct node *n = node_of(j);
    const struct node *v = n && n->kind == NODE_OBJECT ? find(n, str_of(key)) : NULL;
    const char *path = arena_printf(j.arena, "%s%s%s", j.path, n && n->root ? ": " : ".", key);
    return (struct json){ v, path, j.arena };
}

struct json json_at(struct json j, size_t i)
{
    const struct node *n = node_of(j);
    const struct node *v = n && n->kind == NODE_ARRAY && i < n->n ? n->items[i] : NULL;
    const char *path = arena_printf(j.arena, "%s%s[%zu]", j.path, n && n->root ? ": " : "", i);
    return (struct json){ v, path, j.arena };
}

size_t json_len(struct json j)
{
    const struct node *n = node_of(j);
    return n && (n->kind == NODE_ARRAY || n->kind == NODE_OBJECT) ? n->n : 0;
}

struct json json_member(struct json j, size_t i, struct str *key)
{
    const struct node *n = node_of(j);
    if (!n || n->kind != NODE_OBJECT || i >= n->n) {
        *key = STR("");
        return (struct json){ NULL, j.path, j.arena };
    }
    *key = n->members[i].key;
    const char *path =
        arena_printf(j.arena, "%s%s" STR_FMT, j.path, n->root ? ": " : ".", STR_ARG(*key));
    return (struct json){ n->members[i].value, path, j.arena };
}

static enum err_code expected(struct json j, const char *what, struct err *e)
{
    if (json_kind(j) == JSON_NONE) {
        return fail(e, ERR_INPUT, "%s: missing; %s is needed", j.path, what);
    }
    return fail(e, ERR_INPUT, "%s: %s found, %s is needed", j.path, kind_words[json_kind(j)], what);
}

enum err_code json_str(struct json j, struct str *out, struct err *e)
{
    if (json_kind(j) != JSON_STRING) {
        return expected(j, "a string", e);
    }
    *out = node_of(j)->text;
    return OK;
}

enum err_code json_int(struct json j, int64_t *out, struct err *e)
{
    if (json_kind(j) != JSON_INTEGER) {
        return expected(j, "an integer", e);
    }
    *out = node_of(j)->i;
    return OK;
}

enum err_code json_bool(struct json j, bool *out, struct err *e)
{
    if (json_kind(j) != JSON_BOOL) {
        return expected(j, "true or false", e);
    }
    *out = node_of(j)->truth;
    return OK;
}

enum err_code json_scaled(struct json j, int scale, int64_t *out, struct err *e)
{
    enum err_code code;
    if (json_kind(j) == JSON_INTEGER) {
        code = decimal_rescale((struct decimal){ node_of(j)->i, 0 }, scale, out, e);
    } else if (json_kind(j) == JSON_STRING) {
        code = decimal_scaled(node_of(j)->text, scale, out, e);
    } else {
        return expected(j, "a decimal number in quotes (\"0.4153\") or an integer", e);
    }
    return code == OK ? OK : fail_in(e, "%s: ", j.path);
}

enum err_code json_need_str(struct json j, const char *key, struct str *out, struct err *e)
{
    return json_str(json_get(j, key), out, e);
}

enum err_code json_need_int(struct json j, const char *key, int64_t *out, struct err *e)
{
    return json_int(json_get(j, key), out, e);
}

enum err_code json_need_scaled(struct json j, const char *key, int scale, int64_t *out,
                               struct err *e)
{
    return json_scaled(json_get(j, key), scale, out, e);
}

/* Insertions, deletions and replacements from a to b (Levenshtein). */
static int edits(struct str a, struct str b)
{
    int row[KEY_COMPARED + 1];
    if (a.n > KEY_COMPARED || b.n > KEY_COMPARED) {
        return KEY_COMPARED;
    }
    for (size_t k = 0; k <= b.n; k++) {
        row[k] = (int)k;
    }
    for (size_t i = 0; i < a.n; i++) {
        int corner = row[0];
        row[0] = (int)i + 1;
        for (size_t k = 0; k < b.n; k++) {
            int best = corner + (a.at[i] != b.at[k]);
            best = row[k + 1] + 1 < best ? row[k + 1] + 1 : best;
            best = row[k] + 1 < best ? row[k] + 1 : best;
            corner = row[k + 1];
            row[k + 1] = best;
        }
    }
    return row[b.n];
}

static enum err_code unknown_key(struct json j, struct str key, const char *const *keys,
                                 struct err *e)
{
    const char *near = NULL;
    int least = KEY_FAR + 1;
    for (size_t k = 0; keys[k]; k++) {
        int d = edits(key, str_of(keys[k]));
        if (d < least) {
            least = d;
            near = keys[k];
        }
    }
    if (near) {
        return fail(e, ERR_INPUT, "%s: unknown key '" STR_FMT "'; did you mean '%s'?", j.path,
                    STR_ARG(key), near);
    }
    struct text known;
    text_init(&known, j.arena, 200);
    for (size_t k = 0; keys[k]; k++) {
        text_addf(&known, "%s%s", k ? ", " : "", keys[k]);
    }
    return fail(e, ERR_INPUT, "%s: unknown key '" STR_FMT "'; known are %s", j.path, STR_ARG(key),
                known.n ? known.at : "none");
}

enum err_code json_only(struct json j, const char *const *keys, struct err *e)
{
    const struct node *n = node_of(j);
    if (!n || n->kind != NODE_OBJECT) {
        return expected(j, "an object", e);
    }
    for (size_t i = 0; i < n->n; i++) {
        size_t k = 0;
        while (keys[k] && !str_is(n->members[i].key, keys[k])) {
            k++;
        }
        if (!keys[k]) {
            return unknown_key(j, n->members[i].key, keys, e);
        }
    }
    return OK;
}

/* No quote, backslash or control character among eight bytes. A byte is below n where subtracting n
 * borrows and its own high bit is clear; what a borrow makes of the bytes above it can only turn
 * away plain ones, which are then looked at one by one. */
static bool eight_plain(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
    uint64_t found = ((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
                     ((slash - ones) & ~slash);
    return (found & high) == 0;
}

static void add_quoted(struct text *t, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    text_byte(t, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.n - i >= 8 && eight_plain(s.at + i)) {
            i += 7;
            continue;
        }
        unsigned char c = (unsigned char)s.at[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        text_add(t, (struct str){ s.at + from, i - from });
        from = i + 1;
        text_byte(t, '\\');
        if (c == '"' || c == '\\') {
            text_byte(t, (char)c);
        } else if (c == '\n') {
            text_byte(t, 'n');
        } else {
            text_add_c(t, "u00");
            text_byte(t, hex[c >> 4]);
            text_byte(t, hex[c & 15]);
        }
    }
    text_add(t, (struct str){ s.at + from, s.n - from });
    text_byte(t, '"');
}

static void canonical(struct text *t, const struct node *n)
{
    switch (n->kind) {
    case NODE_NULL:
        text_add_c(t, "null");
        break;
    case NODE_BOOL:
        text_add_c(t, n->truth ? "true" : "false");
        break;
    case NODE_INTEGER:
        text_scaled(t, n->i, 0);
        break;
    case NODE_REAL:
        text_add(t, n->text);
        break;
    case NODE_STRING:
        add_quoted(t, n->text);
        break;
    case NODE_ARRAY:
        text_byte(t, '[');
        for (size_t i = 0; i < n->n; i++) {
            text_add_c(t, i ? "," : "");
            canonical(t, n->items[i]);
        }
        text_byte(t, ']');
        break;
    case NODE_OBJECT:
        text_byte(t, '{');
        for (size_t i = 0; i < n->n; i++) {
            text_add_c(t, i ? "," : "");
            add_quoted(t, n->by_key[i]->key);
            text_byte(t, ':');
            canonical(t, n->by_key[i]->value);
        }
        text_byte(t, '}');
        break;
    }
}

struct str json_canonical(struct json j)
{
    check_that(j.node, "%s", j.path);
    struct text t;
    text_init(&t, j.arena, (size_t)JSON_BYTES_MAX * 6); /* an escaped byte takes six */
    canonical(&t, j.node);
    return text_str(&t);
}

void json_out_init(struct json_out *o, struct text *t, bool pretty)
{
    *o = (struct json_out){ .t = t, .pretty = pretty };
    o->first[0] = true;
}

static void new_line(struct json_out *o)
{
    if (o->pretty) {
        text_byte(o->t, '\n');
        for (int i = 0; i < o->depth; i++) {
            text_add_c(o->t, "  ");
        }
    }
}

static void put_key(struct json_out *o, const char *key)
{
    if (!o->first[o->depth]) {
        text_byte(o->t, ',');
    }
    o->first[o->depth] = false;
    if (o->depth > 0) {
        new_line(o);
    }
    if (key) {
        add_quoted(o->t, str_of(key));
        text_add_c(o->t, o->pretty ? ": " : ":");
    }
}

void json_open(struct json_out *o, const char *key, char bracket)
{
    check_that(bracket == '{' || bracket == '[', "bracket %c", bracket);
    check_that(o->depth + 1 < (int)(sizeof(o->first) / sizeof(o->first[0])), "depth %d", o->depth);
    put_key(o, key);
    text_byte(o->t, bracket);
    o->first[++o->depth] = true;
}

void json_close(struct json_out *o, char bracket)
{
    check_that(bracket == '}' || bracket == ']', "bracket %c", bracket);
    check(o->depth > 0);
    bool empty = o->first[o->depth--];
    if (!empty) {
        new_line(o);
    }
    text_byte(o->t, bracket);
}

void json_put_str(struct json_out *o, const char *key, struct str v)
{
    put_key(o, key);
    add_quoted(o->t, v);
}

void json_put_int(struct json_out *o, const char *key, int64_t v)
{
    put_key(o, key);
    text_scaled(o->t, v, 0);
}

void json_put_bool(struct json_out *o, const char *key, bool v)
{
    put_key(o, key);
    text_add_c(o->t, v ? "true" : "false");
}

void json_put_null(struct json_out *o, const char *key)
{
    put_key(o, key);
    text_add_c(o->t, "null");
}

void json_put_scaled(struct json_out *o, const char *key, __int128 units, int scale)
{
    put_key(o, key);
    text_byte(o->t, '"');
    text_scaled(o->t, units, scale);
    text_byte(o->t, '"');
}
