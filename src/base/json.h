/* json.h - reading JSON files with errors that name the place, and writing canonical JSON.
 *
 * Reading uses jansson behind these calls, with limits on size and depth; numbers that are money,
 * energy or price must be decimal strings. A path like "prices.versions[2].from" stands in every
 * error. Writing keeps the order in which keys are added: same input, same bytes.
 */
#ifndef SK_BASE_JSON_H
#define SK_BASE_JSON_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include <stdbool.h>
#include <stdint.h>

/* A place in a document: a value and the path to it. Passed by value; lives as long as the arena.
 */
struct json {
    const void *node; /* NULL: not there */
    const char *path; /* "file.json: prices.versions[2]" */
    struct arena *arena;
};
enum json_kind {
    JSON_NONE,
    JSON_NULL,
    JSON_BOOL,
    JSON_INTEGER,
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

#define JSON_BYTES_MAX (64u << 20)
SK_MUST_USE enum err_code json_load(struct arena *a, const char *file, struct json *out,
                                    struct err *e);
SK_MUST_USE enum err_code json_parse(struct arena *a, struct str bytes, const char *name,
                                     struct json *out, struct err *e);
enum json_kind json_kind(struct json j);
struct json json_get(struct json j, const char *key); /* kind JSON_NONE when absent or no object */
struct json json_at(struct json j, size_t i);
size_t json_len(struct json j); /* of an array or object; 0 otherwise */
/* The i-th member of an object in file order. */
struct json json_member(struct json j, size_t i, struct str *key);

/* "Must be there and be that": ERR_INPUT with the path otherwise. */
SK_MUST_USE enum err_code json_need_str(struct json j, const char *key, struct str *out,
                                        struct err *e);
SK_MUST_USE enum err_code json_need_int(struct json j, const char *key, int64_t *out,
                                        struct err *e);
SK_MUST_USE enum err_code json_need_scaled(struct json j, const char *key, int scale, int64_t *out,
                                           struct err *e);
SK_MUST_USE enum err_code json_str(struct json j, struct str *out, struct err *e);
SK_MUST_USE enum err_code json_int(struct json j, int64_t *out, struct err *e);
SK_MUST_USE enum err_code json_bool(struct json j, bool *out, struct err *e);
/* A decimal string or an integer, to a scaled integer. */
SK_MUST_USE enum err_code json_scaled(struct json j, int scale, int64_t *out, struct err *e);
/* Refuses keys that are not in the NULL-ended list, naming the nearest known one. */
SK_MUST_USE enum err_code json_only(struct json j, const char *const *keys, struct err *e);
/* The document again, in canonical form (keys sorted), for hashing. */
struct str json_canonical(struct json j);

/* Writing: a stack of open objects and arrays over a struct text. */
struct json_out {
    struct text *t;
    int depth;
    bool first[32];
    bool pretty;
};
void json_out_init(struct json_out *o, struct text *t, bool pretty);
void json_open(struct json_out *o, const char *key,
               char bracket); /* key NULL inside arrays; '{' '[' */
void json_close(struct json_out *o, char bracket);
void json_put_str(struct json_out *o, const char *key, struct str v);
void json_put_int(struct json_out *o, const char *key, int64_t v);
void json_put_bool(struct json_out *o, const char *key, bool v);
void json_put_null(struct json_out *o, const char *key);
void json_put_scaled(struct json_out *o, const char *key, __int128 units,
                     int scale); /* decimal string */
#endif
