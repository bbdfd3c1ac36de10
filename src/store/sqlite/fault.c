/* fault.c - the N-th write, sync or truncate of a store's files fails (reliability.md D1).
 *
 * A shim over SQLite's own file layer. It counts what changes the database and its log (temporary
 * files are left alone) and fails the N-th time, once or from then on. The counter belongs to the
 * process, because a test asks "which write of this run", whatever connection makes it.
 */
#include "store/sqlite/fault.h"
#include "base/check.h"
#include "base/decimal.h"
#include "store/store.h"
#include <sqlite3.h>
#include <stdatomic.h>

enum fault_kind { FAULT_EIO, FAULT_FULL, FAULT_TORN };

static atomic_uint_fast64_t done;
static struct {
    uint64_t at; /* 0: only count */
    enum fault_kind kind;
    bool for_good;
} fault;

struct fault_file {
    sqlite3_file base;
    bool counted;
    sqlite3_file *real;
};

uint64_t store_file_writes(void)
{
    return atomic_load(&done);
}

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct fault_file *)f)->real;
}

static bool fails_now(sqlite3_file *f)
{
    if (!((struct fault_file *)f)->counted) {
        return false;
    }
    uint64_t n = atomic_fetch_add(&done, 1) + 1;
    return fault.at && (n == fault.at || (fault.for_good && n > fault.at));
}

static int fault_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (!fails_now(f)) {
        return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
    }
    if (fault.kind == FAULT_TORN) {
        int rc = real_of(f)->pMethods->xWrite(real_of(f), p, n / 2, at);
        return rc == SQLITE_OK ? SQLITE_IOERR_WRITE : rc;
    }
    return fault.kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int fault_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return fails_now(f) ? SQLITE_IOERR_TRUNCATE : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int fault_sync(sqlite3_file *f, int flags)
{
    return fails_now(f) ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int fault_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int fault_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int fault_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int fault_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int fault_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int fault_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int fault_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int fault_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int fault_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int fault_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int fault_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void fault_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int fault_shm_unmap(sqlite3_file *f, int drop)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), drop);
}

static int fault_fetch(sqlite3_file *f, sqlite3_int64 at, int n, void **out)
{
    return real_of(f)->pMethods->xFetch(real_of(f), at, n, out);
}

static int fault_unfetch(sqlite3_file *f, sqlite3_int64 at, void *p)
{
    return real_of(f)->pMethods->xUnfetch(real_of(f), at, p);
}

static const sqlite3_io_methods methods = {
    .iVersion = 3,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_reserved,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_device,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
    .xFetch = fault_fetch,
    .xUnfetch = fault_unfetch,
};

static int fault_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    sqlite3_vfs *usual = v->pAppData;
    struct fault_file *ff = (struct fault_file *)f;
    ff->real = (sqlite3_file *)(ff + 1);
    ff->counted = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    int rc = usual->xOpen(usual, name, ff->real, flags, out_flags);
    ff->base.pMethods = ff->real->pMethods ? &methods : NULL;
    return rc;
}

static sqlite3_vfs *layer_make(void)
{
    static sqlite3_vfs layer; /* registered once for the process */
    if (!layer.zName) {
        sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
        layer = *usual;
        layer.pNext = NULL;
        layer.zName = "sk_fault";
        layer.pAppData = usual;
        layer.szOsFile = (int)sizeof(struct fault_file) + usual->szOsFile;
        layer.xOpen = fault_open;
        check(sqlite3_vfs_register(&layer, 0) == SQLITE_OK);
    }
    return &layer;
}

static bool parse(struct str s)
{
    struct str part;
    int64_t n;
    if (!str_split(&s, ':', &part) || decimal_scaled(part, 0, &n, NULL) != OK || n < 0) {
        return false;
    }
    fault.at = (uint64_t)n;
    fault.kind = FAULT_EIO;
    fault.for_good = false;
    while (str_split(&s, ':', &part)) {
        if (str_is(part, "full")) {
            fault.kind = FAULT_FULL;
        } else if (str_is(part, "torn")) {
            fault.kind = FAULT_TORN;
        } else if (str_is(part, "for_good")) {
            fault.for_good = true;
        } else if (!str_is(part, "eio")) {
            return false;
        }
    }
    return true;
}

enum err_code fault_layer(bool restart, const char **out, struct err *e)
{
    const char *setting = getenv("SK_FAULT");
    *out = NULL;
    if (!setting) {
        return OK;
    }
    if (restart) {
        atomic_store(&done, 0);
    }
    if (!parse(str_of(setting))) {
        return fail(e, ERR_INPUT,
                    "SK_FAULT=%s: write N[:eio|full|torn][:for_good], N from 1, 0 only counts",
                    setting);
    }
    *out = layer_make()->zName;
    return OK;
}
