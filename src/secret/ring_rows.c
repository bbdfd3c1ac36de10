/* ring_rows.c - all SQL on the key ring. */
#include "secret/ring_rows.h"
#include "store/rows.h"

#define KEY_ACTIVE 1
#define KEY_COLUMNS "key_id, purpose, version, alg, state, wrapped, created_at"

static void take(struct rows *r, struct arena *a, struct ring_row *out)
{
    *out = (struct ring_row){
        .key = { .key_id = (int32_t)rows_get_int(r, 0),
                 .purpose = str_dup(a, rows_get_str(r, 1)),
                 .version = (int32_t)rows_get_int(r, 2),
                 .alg = (enum cipher_alg)rows_get_int(r, 3),
                 .active = rows_get_int(r, 4) == KEY_ACTIVE,
                 .created = { rows_get_int(r, 6) } },
        .wrapped = str_dup(a, rows_get_bytes(r, 5)),
    };
}

enum err_code rows_find_key(struct db *db, struct arena *a, int64_t key_id, const char *purpose,
                            struct ring_row *out, bool *found, struct err *e)
{
    static const char sql[] = "select " KEY_COLUMNS " from key_ring where key_id = $1 or "
                              "($1 = 0 and purpose = $2 and state = 1) order by key_id limit 1";
    struct rows *r;
    *found = false;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, key_id);
    rows_str(r, 2, str_of(purpose));
    if (rows_next(r, e)) {
        take(r, a, out);
        *found = true;
    }
    return rows_close(r, e);
}

enum err_code rows_list_keys(struct db *db, struct arena *a, struct ring_row **out, size_t *n,
                             struct err *e)
{
    static const char sql[] = "select " KEY_COLUMNS " from key_ring order by key_id limit $1";
    struct rows *r;
    struct ring_row *list = arena_many(a, SECRET_KEYS_MAX, struct ring_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, SECRET_KEYS_MAX);
    while (rows_next(r, e)) {
        take(r, a, &list[count++]);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_put_key(struct db *db, const struct ring_row *k, struct err *e)
{
    static const char sql[] =
        "insert into key_ring (key_id, purpose, version, alg, state, wrapped, created_at, "
        "updated_at) values ($1, $2, $3, $4, $5, $6, $7, $7)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, k->key.key_id);
    rows_str(r, 2, k->key.purpose);
    rows_int(r, 3, k->key.version);
    rows_int(r, 4, k->key.alg);
    rows_int(r, 5, KEY_ACTIVE);
    rows_bytes(r, 6, k->wrapped.at, k->wrapped.n);
    rows_int(r, 7, k->key.created.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_retire_keys(struct db *db, const char *purpose, struct instant now,
                               struct err *e)
{
    static const char sql[] =
        "update key_ring set state = 2, updated_at = $2 where purpose = $1 and state = 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, str_of(purpose));
    rows_int(r, 2, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_wrap_key(struct db *db, int32_t key_id, struct str wrapped, struct instant now,
                            struct err *e)
{
    static const char sql[] =
        "update key_ring set wrapped = $2, updated_at = $3 where key_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, key_id);
    rows_bytes(r, 2, wrapped.at, wrapped.n);
    rows_int(r, 3, now.utc_ms);
    return rows_run(r, NULL, e);
}
