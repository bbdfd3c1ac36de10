/* json_node.h - the tree behind struct json; private to json.c and json_load.c.
 *
 * jansson's names of kinds are those of json.h, so the file that includes jansson cannot include
 * json.h; this is what the two agree on.
 */
#ifndef SK_BASE_JSON_NODE_H
#define SK_BASE_JSON_NODE_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum node_kind {
    NODE_NULL,
    NODE_BOOL,
    NODE_INTEGER,
    NODE_REAL,
    NODE_STRING,
    NODE_ARRAY,
    NODE_OBJECT
};

struct node;
struct member {
    struct str key;
    const struct node *value;
};
struct node {
    enum node_kind kind;
    bool root, truth;
    int64_t i;
    struct str text; /* of a string; of a real, as it prints */
    size_t n;        /* of an array or object */
    const struct node *const *items;
    const struct member *members;       /* in file order */
    const struct member *const *by_key; /* sorted by bytes */
};

SK_MUST_USE enum err_code node_parse(struct arena *a, struct str bytes, const char *name,
                                     const struct node **out, struct err *e);
#endif
