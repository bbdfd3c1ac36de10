/* json_load.c - JSON text to a tree: jansson parses, the tree is copied into the caller's arena and
 * jansson's own is let go at once, so that nothing needs releasing later.
 */
#include "base/check.h"
#include "base/json_node.h"
#include <jansson.h>

#define DEPTH_MAX 64 /* nesting of any file of ours is below 10 */

static int member_order(const void *pa, const void *pb)
{
    const struct member *const *a = pa, *const *b = pb;
    return str_cmp((*a)->key, (*b)->key);
}

static const struct node *copy(struct arena *a, json_t *v, int depth);

static bool copy_object(struct arena *a, json_t *v, struct node *out, int depth)
{
    out->n = json_object_size(v);
    struct member *members = arena_many(a, out->n, struct member);
    const struct member **by_key = arena_many(a, out->n, const struct member *);
    size_t i = 0;
    for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it), i++) {
        members[i].key = str_dup(a, str_of(json_object_iter_key(it)));
        members[i].value = copy(a, json_object_iter_value(it), depth + 1);
        by_key[i] = &members[i];
        if (!members[i].value) {
            return false;
        }
    }
    if (out->n > 1) {
        qsort(by_key, out->n, sizeof(by_key[0]), member_order);
    }
    out->members = members;
    out->by_key = by_key;
    return true;
}

static bool copy_array(struct arena *a, json_t *v, struct node *out, int depth)
{
    out->n = json_array_size(v);
    const struct node **items = arena_many(a, out->n, const struct node *);
    for (size_t i = 0; i < out->n; i++) {
        items[i] = copy(a, json_array_get(v, i), depth + 1);
        if (!items[i]) {
            return false;
        }
    }
    out->items = items;
    return true;
}

/* NULL when it is nested too deep. */
static const struct node *copy(struct arena *a, json_t *v, int depth)
{
    struct node *out = arena_make(a, struct node);
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        out->kind = NODE_OBJECT;
        return depth < DEPTH_MAX && copy_object(a, v, out, depth) ? out : NULL;
    case JSON_ARRAY:
        out->kind = NODE_ARRAY;
        return depth < DEPTH_MAX && copy_array(a, v, out, depth) ? out : NULL;
    case JSON_STRING:
        out->kind = NODE_STRING;
        out->text = str_dup(a, (struct str){ json_string_value(v), json_string_length(v) });
        break;
    case JSON_INTEGER:
        out->kind = NODE_INTEGER;
        out->i = json_integer_value(v);
        break;
    case JSON_REAL: {
        char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
        check(text);
        out->kind = NODE_REAL;
        out->text = str_dup(a, str_of(text));
        free(text);
        break;
    }
    case JSON_TRUE:
    case JSON_FALSE:
        out->kind = NODE_BOOL;
        out->truth = json_is_true(v);
        break;
    case JSON_NULL:
        out->kind = NODE_NULL;
        break;
    }
    return out;
}

enum err_code node_parse(struct arena *a, struct str bytes, const char *name,
                         const struct node **out, struct err *e)
{
    json_error_t je;
    json_t *v = json_loadb(bytes.at, bytes.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
    if (!v) {
        return fail(e, ERR_INPUT, "%s:%d:%d: %s", name, je.line > 0 ? je.line : 1,
                    je.column > 0 ? je.column : 1, je.text);
    }
    const struct node *n = copy(a, v, 0);
    json_decref(v);
    if (!n) {
        return fail(e, ERR_LIMIT, "%s: nested deeper than %d levels", name, DEPTH_MAX);
    }
    struct node *root = arena_make(a, struct node);
    *root = *n;
    root->root = true;
    *out = root;
    return OK;
}
