/* driver.h - what a database engine must be able to do; private to the room.
 *
 * store.c, rows.c and bulk.c hold everything the engines share (transactions, ids, migrations, the
 * cache of statements, scopes); a driver only speaks to its engine. Its three handles are opaque
 * and each driver defines them: a place (what is locked as a whole), a link (one connection to one
 * part) and a stmt (one prepared text).
 */
#ifndef SK_STORE_DRIVER_H
#define SK_STORE_DRIVER_H
#include "store/rows.h"
#include "store/store.h"

struct place;
struct link;
struct stmt;

enum step { STEP_ROW, STEP_DONE, STEP_FAILED };

struct driver {
    enum store_engine engine;
    /* `beside`: another connection of a process that already holds the place. */
    enum err_code (*place_open)(const char *where, enum store_mode mode, bool beside,
                                struct place **out, struct err *e);
    void (*place_close)(struct place *p);
    const char *(*place_shown)(const struct place *p); /* without any password */

    enum err_code (*link_open)(struct place *p, enum store_part part, enum store_mode mode,
                               struct link **out, struct err *e);
    void (*link_close)(struct link *l);
    /* Rises when the connection had to be made anew and what it remembered is gone. */
    unsigned (*link_generation)(const struct link *l);
    /* Several statements without parameters or rows. */
    enum err_code (*exec)(struct link *l, const char *sql, struct err *e);
    enum err_code (*begin)(struct link *l, enum store_tx tx, struct err *e);
    enum err_code (*commit)(struct link *l, struct err *e);
    void (*rollback)(struct link *l);
    /* A number below 1024 that no other writer of this store has. */
    enum err_code (*node)(struct link *l, int *out, struct err *e);
    /* Keeps other migrating processes out until the transaction ends. */
    enum err_code (*migrate_lock)(struct link *l, struct err *e);

    /* `sql` lives as long as the statement. */
    enum err_code (*prepare)(struct link *l, const char *sql, struct stmt **out, int *n_params,
                             struct err *e);
    void (*finish)(struct stmt *s);
    void (*bind_int)(struct stmt *s, int param, int64_t v);
    void (*bind_str)(struct stmt *s, int param, struct str v);
    void (*bind_bytes)(struct stmt *s, int param, const void *p, size_t n);
    void (*bind_null)(struct stmt *s, int param);
    enum step (*step)(struct stmt *s, struct err *e); /* the first one runs it */
    void (*reset)(struct stmt *s);
    int64_t (*changed)(struct stmt *s);
    int64_t (*get_int)(struct stmt *s, int col);
    struct str (*get_str)(struct stmt *s, int col);
    struct str (*get_bytes)(struct stmt *s, int col);
    bool (*is_null)(struct stmt *s, int col);
    /* Bytes that outlive the step; NULL: they are bound as any others. */
    void (*lend)(struct stmt *s, int param, struct str v, bool is_text);
    /* NULL: the loop of bulk.c does. */
    enum err_code (*bulk)(struct link *l, const struct bulk_table *table,
                          bool (*next)(void *ctx, struct bulk_value *values), void *ctx,
                          int64_t *written, struct err *e);
};

extern const struct driver sqlite_driver;
extern const struct driver postgres_driver;

#define ROWS_BUCKETS 256u /* a program has a few hundred texts */
#define SCOPE_SETS 64     /* scopes kept loaded; then all are dropped and loaded as needed */

struct scope_set {
    int64_t *orgs; /* mem_alloc */
    size_t n;
};
struct part {
    struct db *db;
    enum store_part part;
    struct link *link;
    bool in_tx;
    enum store_tx tx;
    bool failed; /* law 2: only rolling back is left */
    int savepoints;
    unsigned generation;
    struct rows *buckets[ROWS_BUCKETS];
    struct scope_set sets[SCOPE_SETS];
    int n_sets;
    int64_t saved_id; /* the highest id that store_seq of this part knows */
};
struct db {
    const struct driver *drv;
    enum store_mode mode;
    char *where; /* mem_alloc; may hold a password */
    struct place *place;
    struct part parts[2];
    int node;
    int64_t id_ms; /* of the last id, since ID_EPOCH_MS */
    int64_t id_count;
};

#define ID_EPOCH_MS 1704067200000LL /* 2024-01-01 UTC */
#define ID_NODES 1024
#define ID_COUNTS 4096

/* Text with its tokens replaced (storage.md 2); ERR_INPUT names a token that is not known. */
SK_MUST_USE enum err_code tokens_replace(struct text *t, enum store_engine engine, struct str sql,
                                         struct err *e);
const char *part_word(enum store_part part);
/* One more statement or commit, for store_writes_done(). */
void store_count(void);
/* Marks the transaction as failed and puts the part in front of the sentence. */
enum err_code part_failed(struct part *p, struct err *e);
/* Forgets loaded scopes (after a rollback their rows may be gone). */
void part_forget_scopes(struct part *p);
void part_free_rows(struct part *p);
/* rows_open() for a text that is built: found again by its hash instead of its address. */
SK_MUST_USE enum err_code rows_open_as(struct db *db, enum store_part part, uint64_t key,
                                       const char *sql, struct rows **out, struct err *e);
/* For bulk loads, which use one statement for many rows: text (valid UTF-8, checked) or bytes that
 * stay where they are until the statement has run, and a run that leaves it open for the next row.
 */
void rows_lend(struct rows *r, int param, struct str v, bool is_text);
SK_MUST_USE enum err_code rows_run_on(struct rows *r, int64_t *changed, struct err *e);
/* "insert into t (a, b)" and " on conflict (a) do ...", for the drivers. */
void bulk_insert_text(struct text *t, const struct bulk_table *table);
void bulk_conflict_text(struct text *t, const struct bulk_table *table);
/* The last id this store gave, from both parts. */
SK_MUST_USE enum err_code store_load_ids(struct db *db, struct err *e);
#endif
