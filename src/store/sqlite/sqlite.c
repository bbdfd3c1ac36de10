/* sqlite.c - the embedded engine: two files in one directory, one writer at a time (law 4).
 *
 * The directory holds core.db, series.db, their logs (-wal, -shm) and `lock`, on which the writing
 * process keeps a flock and into which it writes its pid.
 */
#include "store/driver.h"
#include "store/sqlite/fault.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 5000          /* only a checkpoint or a backup can hold the file: storage.md 4 */
#define CACHE_KIB 32768       /* the writer's dirty pages of one large transaction */
#define MMAP_BYTES 2147418112 /* as much as SQLite allows: reading costs no copy */
#define CHECKPOINT_PAGES                                                                           \
    4000 /* 16 to 64 MiB of log: a batch is not interrupted every 1,000 pages */
/* A packed point-month is about 2.3 KB: seven fit into 16 KiB with 2% left over, only one into 4.
 */
#define SERIES_PAGE_BYTES 16384
#define CORE_PAGE_BYTES 4096

struct place {
    char *dir;
    int lock_fd; /* -1: does not write */
    bool beside;
};

struct link {
    sqlite3 *db;
    char *file;
};

struct stmt {
    sqlite3_stmt *s;
    sqlite3 *db;
    int *index; /* of $n, by n - 1 */
    int n_params;
};

/* The engine's result as an error of ours, its sentence with the remedy where there is one. */
static enum err_code sqlite_fail(sqlite3 *db, int rc, struct err *e)
{
    const char *said = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    int os = db ? sqlite3_system_errno(db) : 0;
    switch (rc & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(e, ERR_RETRY, "busy: %s", said);
    case SQLITE_FULL:
        return fail(e, ERR_FULL, "no space left on the disk of the store: free some, then go on");
    case SQLITE_READONLY:
        return fail(e, ERR_READ_ONLY, "the store cannot be written: %s", said);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(e, ERR_CORRUPT, "the store's file is damaged (%s): restore a backup", said);
    case SQLITE_IOERR:
        if (os == ENOSPC || os == EDQUOT) {
            return fail(e, ERR_FULL,
                        "no space left on the disk of the store: free some, then go on");
        }
        return fail(e, ERR_IO, "the store's file failed: %s (code %d%s%s)", said, rc,
                    os ? ", " : "", os ? strerror(os) : "");
    case SQLITE_CANTOPEN:
        return fail(e, ERR_IO, "cannot open the store's file: %s", os ? strerror(os) : said);
    case SQLITE_CONSTRAINT:
        if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
            rc == SQLITE_CONSTRAINT_ROWID) {
            return fail(e, ERR_CONFLICT, "%s", said);
        }
        return fail(e, rc == SQLITE_CONSTRAINT_DATATYPE ? ERR_INPUT : ERR_RULE, "%s", said);
    case SQLITE_TOOBIG:
        return fail(e, ERR_LIMIT, "%s", said);
    case SQLITE_ERROR:
        return fail(e, ERR_INPUT, "%s", said);
    default:
        return fail(e, ERR_IO, "%s (code %d)", said, rc);
    }
}

static enum err_code os_fail(const char *what, const char *path, struct err *e)
{
    int os = errno;
    enum err_code code = os == ENOSPC || os == EDQUOT                 ? ERR_FULL
                         : os == EROFS || os == EACCES || os == EPERM ? ERR_READ_ONLY
                         : os == ENOENT                               ? ERR_NOT_FOUND
                                                                      : ERR_IO;
    return fail(e, code, "%s: cannot %s: %s", path, what, strerror(os));
}

static enum err_code held_by(int fd, const char *dir, struct err *e)
{
    char pid[24] = { 0 };
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
    pid[n > 0 ? n : 0] = 0;
    pid[strcspn(pid, "\n")] = 0;
    return fail(e, ERR_CONFLICT, "%s: process %s is writing this store; wait for it or stop it",
                dir, pid[0] ? pid : "(unknown)");
}

static enum err_code take_lock(struct place *p, struct err *e)
{
    char *path = mem_alloc(strlen(p->dir) + 8);
    snprintf(path, strlen(p->dir) + 8, "%s/lock", p->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    enum err_code code = OK;
    if (fd < 0) {
        code = os_fail("write its lock", p->dir, e);
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        code = held_by(fd, p->dir, e);
    } else {
        char pid[24];
        int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
        if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
            code = os_fail("write its lock", p->dir, e);
        }
    }
    free(path);
    if (code != OK) {
        if (fd >= 0) {
            close(fd);
        }
        return code;
    }
    p->lock_fd = fd;
    return OK;
}

static void place_close(struct place *p)
{
    if (p->lock_fd >= 0) {
        if (ftruncate(p->lock_fd, 0) != 0) {
            p->lock_fd = p->lock_fd; /* a stale pid in an unlocked file misleads nobody */
        }
        close(p->lock_fd);
    }
    free(p->dir);
    free(p);
}

static enum err_code place_open(const char *where, enum store_mode mode, bool beside,
                                struct place **out, struct err *e)
{
    if (mode == STORE_CREATE && mkdir(where, 0777) != 0 && errno != EEXIST) {
        return os_fail("make the store's directory", where, e);
    }
    struct stat st;
    if (stat(where, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return fail(e, ERR_NOT_FOUND, "%s: no store here (not a directory)", where);
    }
    struct place *p = mem_alloc(sizeof(*p));
    p->dir = mem_alloc(strlen(where) + 1);
    memcpy(p->dir, where, strlen(where));
    p->lock_fd = -1;
    p->beside = beside;
    enum err_code code = mode == STORE_READ_ONLY ? OK : take_lock(p, e);
    if (code != OK) {
        place_close(p);
        return code;
    }
    *out = p;
    return OK;
}

static const char *place_shown(const struct place *p)
{
    return p->dir;
}

static void link_close(struct link *l)
{
    sqlite3_close(l->db);
    free(l->file);
    free(l);
}

static enum err_code exec(struct link *l, const char *sql, struct err *e)
{
    int rc = sqlite3_exec(l->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OK : sqlite_fail(l->db, rc, e);
}

static enum err_code set_up(struct link *l, enum store_part part, enum store_mode mode,
                            struct err *e)
{
    char sql[1024];
    sqlite3_db_config(l->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(l->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(l->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(l->db, BUSY_MS);
    snprintf(sql, sizeof(sql),
             "pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -%d; "
             "pragma mmap_size = %lld; create temp table scope_org (scope_key integer not null, "
             "org_id integer not null, primary key (scope_key, org_id)) without rowid;",
             CACHE_KIB, (long long)MMAP_BYTES);
    enum err_code code = exec(l, sql, e);
    if (code != OK || mode == STORE_READ_ONLY) {
        return code;
    }
    snprintf(sql, sizeof(sql),
             "pragma page_size = %d; pragma journal_mode = wal; pragma synchronous = full; "
             "pragma wal_autocheckpoint = %d;",
             part == STORE_CORE ? CORE_PAGE_BYTES : SERIES_PAGE_BYTES, CHECKPOINT_PAGES);
    return exec(l, sql, e);
}

/* A store on a medium that cannot be written at all: its log cannot be mapped, so it is read as a
 * file that nobody changes, provided that it was closed properly. */
static bool is_frozen(const char *file)
{
    char wal[4096];
    struct stat st;
    snprintf(wal, sizeof(wal), "%s-wal", file);
    bool logged = stat(wal, &st) == 0 && st.st_size > 0;
    return access(file, W_OK) != 0 && !logged;
}

static enum err_code open_file(struct link *l, enum store_mode mode, const char *layer,
                               struct err *e)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const char *name = l->file;
    char uri[4200];
    struct stat st;
    if (mode != STORE_CREATE && stat(l->file, &st) != 0) {
        return fail(e, ERR_NOT_FOUND, "%s: no store here (the file is missing)", l->file);
    }
    if (mode == STORE_READ_ONLY) {
        flags |= SQLITE_OPEN_READONLY;
        if (is_frozen(l->file) && !strpbrk(l->file, "?#%")) {
            snprintf(uri, sizeof(uri), "file:%s?immutable=1", l->file);
            name = uri;
            flags |= SQLITE_OPEN_URI;
        }
    } else {
        flags |= SQLITE_OPEN_READWRITE | (mode == STORE_CREATE ? SQLITE_OPEN_CREATE : 0);
    }
    int rc = sqlite3_open_v2(name, &l->db, flags, layer);
    if (rc != SQLITE_OK) {
        sqlite_fail(l->db, rc, e);
        return fail_in(e, "%s: ", l->file);
    }
    if (mode != STORE_READ_ONLY && sqlite3_db_readonly(l->db, "main") == 1) {
        return fail(e, ERR_READ_ONLY,
                    "%s: the store cannot be written: check the rights of the file", l->file);
    }
    return OK;
}

static enum err_code link_open(struct place *p, enum store_part part, enum store_mode mode,
                               struct link **out, struct err *e)
{
    const char *layer;
    bool restart = mode != STORE_READ_ONLY && part == STORE_CORE;
    enum err_code code = fault_layer(restart, &layer, e);
    if (code != OK) {
        return code;
    }
    struct link *l = mem_alloc(sizeof(*l));
    size_t n = strlen(p->dir) + 16;
    l->file = mem_alloc(n);
    snprintf(l->file, n, "%s/%s.db", p->dir, part_word(part));
    code = open_file(l, mode, layer, e);
    if (code == OK) {
        code = set_up(l, part, mode, e);
        code = code == OK ? OK : fail_in(e, "%s: ", l->file);
    }
    if (code != OK) {
        link_close(l);
        return code;
    }
    *out = l;
    return OK;
}

static unsigned link_generation(const struct link *l)
{
    (void)l;
    return 0; /* a file does not drop its connection */
}

static enum err_code begin(struct link *l, enum store_tx tx, struct err *e)
{
    return exec(l, tx == STORE_WRITE ? "begin immediate" : "begin", e);
}

static enum err_code commit(struct link *l, struct err *e)
{
    int rc = sqlite3_exec(l->db, "commit", NULL, NULL, NULL);
    if (rc == SQLITE_IOERR_FSYNC) { /* written, perhaps kept: only the file itself will tell */
        return fail(e, ERR_UNKNOWN,
                    "the disk did not confirm the write: look up whether it was kept before "
                    "repeating it");
    }
    return rc == SQLITE_OK ? OK : sqlite_fail(l->db, rc, e);
}

static void rollback(struct link *l)
{
    if (!sqlite3_get_autocommit(l->db)) { /* a failed write may have ended it already */
        sqlite3_exec(l->db, "rollback", NULL, NULL, NULL);
    }
}

static enum err_code node(struct link *l, int *out, struct err *e)
{
    (void)l;
    (void)e;
    *out = 0; /* law 4: there is one writer */
    return OK;
}

static enum err_code migrate_lock(struct link *l, struct err *e)
{
    (void)l;
    (void)e;
    return OK; /* the write transaction holds the file */
}

static void finish(struct stmt *s)
{
    sqlite3_finalize(s->s);
    free(s->index);
    free(s);
}

static enum err_code prepare(struct link *l, const char *sql, struct stmt **out, int *n_params,
                             struct err *e)
{
    struct stmt *s = mem_alloc(sizeof(*s));
    int rc = sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->s, NULL);
    if (rc != SQLITE_OK || !s->s) {
        enum err_code code = sqlite_fail(l->db, rc, e);
        finish(s);
        return code == ERR_INPUT ? fail(e, code, "%s, in: %.200s", sqlite3_errmsg(l->db), sql)
                                 : code;
    }
    s->db = l->db;
    int n = sqlite3_bind_parameter_count(s->s);
    for (int i = 1; i <= n; i++) { /* SQLite numbers names as it meets them: find ours by name */
        const char *name = sqlite3_bind_parameter_name(s->s, i);
        int number = name && name[0] == '$' ? (int)strtol(name + 1, NULL, 10) : 0;
        check_that(number >= 1 && number <= 4096, "parameter %s in: %s", name ? name : "?", sql);
        s->n_params = number > s->n_params ? number : s->n_params;
    }
    check_that(s->n_params == n, "$1 to $%d have a hole in: %s", s->n_params, sql);
    s->index = mem_alloc((size_t)(n + 1) * sizeof(int));
    for (int i = 1; i <= n; i++) {
        s->index[strtol(sqlite3_bind_parameter_name(s->s, i) + 1, NULL, 10) - 1] = i;
    }
    *n_params = n;
    *out = s;
    return OK;
}

static void bind_int(struct stmt *s, int param, int64_t v)
{
    sqlite3_bind_int64(s->s, s->index[param - 1], v);
}

static void bind_str(struct stmt *s, int param, struct str v)
{
    sqlite3_bind_text64(s->s, s->index[param - 1], v.at ? v.at : "", v.n, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

static void bind_bytes(struct stmt *s, int param, const void *p, size_t n)
{
    sqlite3_bind_blob64(s->s, s->index[param - 1], n ? p : "", n, SQLITE_TRANSIENT);
}

static void lend(struct stmt *s, int param, struct str v, bool is_text)
{
    const char *at = v.n ? v.at : "";
    if (is_text) {
        sqlite3_bind_text64(s->s, s->index[param - 1], at, v.n, SQLITE_STATIC, SQLITE_UTF8);
    } else {
        sqlite3_bind_blob64(s->s, s->index[param - 1], at, v.n, SQLITE_STATIC);
    }
}

static void bind_null(struct stmt *s, int param)
{
    sqlite3_bind_null(s->s, s->index[param - 1]);
}

static enum step step(struct stmt *s, struct err *e)
{
    int rc = sqlite3_step(s->s);
    if (rc == SQLITE_ROW) {
        return STEP_ROW;
    }
    if (rc == SQLITE_DONE) {
        return STEP_DONE;
    }
    sqlite_fail(s->db, rc, e);
    return STEP_FAILED;
}

static void reset(struct stmt *s)
{
    sqlite3_reset(s->s);
}

static int64_t changed(struct stmt *s)
{
    return sqlite3_changes64(s->db);
}

static int64_t get_int(struct stmt *s, int col)
{
    return sqlite3_column_int64(s->s, col);
}

static struct str get_str(struct stmt *s, int col)
{
    const char *at = (const char *)sqlite3_column_text(s->s, col);
    return (struct str){ at ? at : "", at ? (size_t)sqlite3_column_bytes(s->s, col) : 0 };
}

static struct str get_bytes(struct stmt *s, int col)
{
    const char *at = sqlite3_column_blob(s->s, col);
    return (struct str){ at ? at : "", at ? (size_t)sqlite3_column_bytes(s->s, col) : 0 };
}

static bool is_null(struct stmt *s, int col)
{
    return sqlite3_column_type(s->s, col) == SQLITE_NULL;
}

const struct driver sqlite_driver = {
    .engine = STORE_SQLITE,
    .place_open = place_open,
    .place_close = place_close,
    .place_shown = place_shown,
    .link_open = link_open,
    .link_close = link_close,
    .link_generation = link_generation,
    .exec = exec,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .node = node,
    .migrate_lock = migrate_lock,
    .prepare = prepare,
    .finish = finish,
    .bind_int = bind_int,
    .bind_str = bind_str,
    .bind_bytes = bind_bytes,
    .bind_null = bind_null,
    .lend = lend,
    .step = step,
    .reset = reset,
    .changed = changed,
    .get_int = get_int,
    .get_str = get_str,
    .get_bytes = get_bytes,
    .is_null = is_null,
};
