/* store.h - one database interface; SQLite (embedded) and PostgreSQL behind it (storage.md 1-5, 8).
 *
 * A store has two parts: core (organisations, contracts, statements: never sharded) and series (the
 * interval store and settlement lines: keyed by station or shard). Embedded, they are two SQLite
 * files in one directory; on PostgreSQL two schemas, `core` and `series`, of one database. No
 * statement and no transaction crosses from one part to the other.
 *
 * Laws
 *  1. The same SQL text (with its tokens, storage.md 2) gives the same rows on both engines.
 *  2. Nothing is written outside a write transaction; after any error in one, the only way on is to
 *     roll it back (or back to a savepoint).
 *  3. What store_commit() answered OK for is on disk (synchronous=full, fsync on). ERR_UNKNOWN: the
 *     answer was lost; look up by idempotency key, never just repeat.
 *  4. One process writes an embedded store at a time (a lock file says who); any number read.
 *  5. Migrations go forward only, each in one transaction, recorded with their hash; a changed old
 *     migration stops the opening.
 *  6. Every row function on business data takes a `struct scope`.
 *
 * A `struct db` is one connection to both parts and belongs to one thread. Threads that read beside
 * the writer open their own with store_open_reader().
 */
#ifndef SK_STORE_STORE_H
#define SK_STORE_STORE_H
#include "base/base.h"

struct db; /* opaque */

enum store_part { STORE_CORE, STORE_SERIES };
enum store_engine { STORE_SQLITE, STORE_POSTGRES };
enum store_mode {
    STORE_READ_ONLY,
    STORE_READ_WRITE,
    STORE_CREATE /* read-write, made if absent */
};

/* `where` is a directory (SQLite) or postgresql://... ERR_NOT_FOUND when absent and not CREATE,
 * ERR_READ_ONLY, ERR_FULL, ERR_CONFLICT (another process writes it; the text names its pid). */
SK_MUST_USE enum err_code store_open(const char *where, enum store_mode mode, struct db **out,
                                     struct err *e);
/* Another connection to the same store, for reading in another thread. */
SK_MUST_USE enum err_code store_open_reader(const struct db *db, struct db **out, struct err *e);
void store_close(struct db *db); /* NULL is allowed; an open transaction is rolled back */
enum store_engine store_engine(const struct db *db);
const char *store_where(const struct db *db); /* without any password */

/* Transactions, per part. READ is a snapshot; WRITE excludes other writers (SQLite: begin
 * immediate). Not nested; savepoints are. ERR_RETRY: roll back and do the whole function again. */
enum store_tx { STORE_READ, STORE_WRITE };
SK_MUST_USE enum err_code store_begin(struct db *db, enum store_part part, enum store_tx tx,
                                      struct err *e);
SK_MUST_USE enum err_code store_commit(struct db *db, enum store_part part, struct err *e);
void store_rollback(struct db *db, enum store_part part); /* harmless when none is open */
bool store_in_tx(const struct db *db, enum store_part part);
SK_MUST_USE enum err_code store_savepoint(struct db *db, enum store_part part, struct err *e);
SK_MUST_USE enum err_code store_release(struct db *db, enum store_part part, struct err *e);
void store_rollback_to(struct db *db, enum store_part part); /* the innermost; drops it too */

/* Runs `body` in one write transaction, again after ERR_RETRY up to 5 times with jitter. */
SK_MUST_USE enum err_code store_write(struct db *db, enum store_part part,
                                      enum err_code (*body)(struct db *db, void *ctx,
                                                            struct err *e),
                                      void *ctx, struct err *e);

/* A room's tables. `sql` is its .sql file (embed.h): migrations in order, each opened by a line
 * `-- migration N core` or `-- migration N series` with N from 1 without holes. */
struct store_migrations {
    const char *room;
    const char *sql;
};
SK_MUST_USE enum err_code store_migrate(struct db *db, const struct store_migrations *rooms,
                                        size_t n, struct instant now, struct err *e);
/* For who opens it for reading: OK when all of them were applied; ERR_IO names the first that was
 * not, and the remedy. */
SK_MUST_USE enum err_code store_migrated(struct db *db, const struct store_migrations *rooms,
                                         size_t n, struct err *e);

/* Ids: 41 bits milliseconds since 2024-01-01 UTC, 10 bits node, 12 bits counter (storage.md 3);
 * rising within a connection, unique over nodes; `now` that steps back changes nothing. In a demo
 * or test with a fixed clock ids are the same in every run. */
int64_t store_next_id(struct db *db, struct instant now);

/* Who asks: the organisations whose rows the caller may see. `people` makes it; every row function
 * on business data takes it and puts it into its SQL (rows_bind_scope). A row outside is not found.
 * `all` is for the operator's own machine tasks (settlement run, check), made only by
 * scope_machine() so that a search finds each use. */
struct scope {
    bool all;
    const int64_t *orgs; /* ascending */
    size_t n;
    int64_t user_id; /* who, for the audit; 0: the machine */
};
static inline struct scope scope_machine(void)
{
    return (struct scope){.all = true};
}
bool scope_has(struct scope s, int64_t org_id);

/* Test support: statements and commits executed so far (for counts, not times), and the fault shim:
 * with SK_FAULT=N[:kind][:for_good] in the environment the N-th write, sync or truncate of SQLite's
 * file layer fails (kind: eio, full, torn; default eio; 0 only counts). See store/README.md. */
uint64_t store_writes_done(void);
/* Writes, syncs and truncates that the fault shim has seen since a store was last opened for
 * writing; 0 without SK_FAULT. A test loops over N until a run passes with fewer than N. */
uint64_t store_file_writes(void);
#endif
