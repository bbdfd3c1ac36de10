/* power_test.c - the power fails between any two writes (reliability.md K6, law 3).
 *
 * A file layer passes everything on and remembers, for each file of the store, the image as of its
 * last sync and the writes since. After every operation it asks "what could the disk hold if the
 * power failed now?": each write since the sync is kept, dropped or torn at sectors of 512 or 4,096
 * bytes, in any order. That image is opened as a store of its own: what was answered OK must be
 * there, anything else wholly there or not at all, and the store must take new work.
 */
#include "base/rand.h"
#include "base/test.h"
#include "store/rows.h"
#include "store/store.h"
#include "support/pg.h"
#include <sqlite3.h>
#include <unistd.h>

#define NOW ((struct instant){ 1772417700000LL })
#define SESSIONS 3 /* each is closed properly, which checkpoints and removes the log */
#define DAYS 4     /* in each session */
#define FACTS 3
#define CHUNKS 20
#define FILES_MAX 8
#define OPS_MAX 4096

static const struct store_migrations room = {
    "demo", "-- migration 1 core\n"
            "create table fact (day {i64} not null, n {i64} not null, primary key (day, n)) "
            "{strict};\n"
            "-- migration 2 series\n"
            "create table chunk (day {i64} not null, n {i64} not null, bytes {bytes}, "
            "primary key (day, n)) {strict};\n"
};

struct op {
    char *bytes; /* NULL: truncated to `at` */
    size_t at, n;
};
struct image {
    char *at;
    size_t n;
};
struct disk_file {
    char name[32];
    struct image durable;
    struct op ops[OPS_MAX];
    size_t n_ops;
    bool gone; /* deleted, but perhaps not yet on the disk */
};

static struct disk_file files[FILES_MAX];
static size_t n_files;
static sqlite3_vfs *usual, layer;
static struct rng rng;
static char cut_dir[256];
static int64_t cuts;
static bool cutting; /* from the moment the store is filled */
static bool kept_core[SESSIONS * DAYS], kept_series[SESSIONS * DAYS];

struct power_file {
    sqlite3_file base;
    struct disk_file *disk; /* NULL: not of the store's durable files */
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct power_file *)f)->real;
}

static void image_write(struct image *im, size_t at, const char *p, size_t n)
{
    if (at + n > im->n) {
        im->at = mem_grow(im->at, at + n);
        memset(im->at + im->n, 0, at + n - im->n);
        im->n = at + n;
    }
    memcpy(im->at + at, p, n);
}

static void image_apply(struct image *im, const struct op *o)
{
    if (o->bytes) {
        image_write(im, o->at, o->bytes, o->n);
    } else if (o->at < im->n) {
        im->n = o->at;
    }
}

/* Some sectors of one write. */
static void image_tear(struct image *im, const struct op *o, size_t sector)
{
    for (size_t at = 0; at < o->n; at += sector) {
        size_t n = o->n - at < sector ? o->n - at : sector;
        if (rng_below(&rng, 2)) {
            image_write(im, o->at + at, o->bytes + at, n);
        }
    }
}

/* One of the images that a file may have after the power failed. */
static struct image after_cut(const struct disk_file *d)
{
    struct image im = { mem_alloc(d->durable.n + 1), d->durable.n };
    if (d->durable.n) {
        memcpy(im.at, d->durable.at, d->durable.n);
    }
    uint64_t mood = rng_below(&rng, 4); /* all kept, none kept, any, any and torn */
    size_t sector = rng_below(&rng, 2) ? 512 : 4096;
    size_t order[OPS_MAX];
    for (size_t i = 0; i < d->n_ops; i++) {
        order[i] = i;
        size_t k = mood >= 2 ? rng_below(&rng, i + 1) : i;
        order[i] = order[k];
        order[k] = i;
    }
    for (size_t i = 0; i < d->n_ops && mood != 1; i++) {
        const struct op *o = &d->ops[order[i]];
        if (mood == 0 || (mood == 2 && rng_below(&rng, 2))) {
            image_apply(&im, o);
        } else if (mood == 3 && o->bytes) {
            image_tear(&im, o, sector);
        }
    }
    return im;
}

static void put_file(const char *name, const char *p, size_t n)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", cut_dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static void clear_dir(const char *dir)
{
    static const char *const names[] = { "core.db",   "core.db-wal",   "core.db-shm",
                                         "series.db", "series.db-wal", "series.db-shm" };
    for (int i = 0; i < 6; i++) {
        char path[300];
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
}

static int64_t count(struct db *db, enum store_part part, const char *sql, int64_t day)
{
    struct err e;
    struct rows *r;
    assert_ok(rows_open(db, part, sql, &r, &e), &e);
    rows_int(r, 1, day);
    int64_t n = rows_next(r, &e) ? rows_get_int(r, 0) : -1;
    assert_ok(rows_close(r, &e), &e);
    return n;
}

static enum err_code add_facts(struct db *db, void *ctx, struct err *e)
{
    for (int64_t n = 0; n < FACTS; n++) {
        struct rows *r;
        if (rows_open(db, STORE_CORE, "insert into fact (day, n) values ($1, $2)", &r, e) != OK) {
            return e->code;
        }
        rows_int(r, 1, *(int64_t *)ctx);
        rows_int(r, 2, n);
        if (rows_run(r, NULL, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static void check_sound(struct db *db, enum store_part part)
{
    struct err e;
    struct rows *r;
    assert_ok(rows_open(db, part, "select integrity_check from pragma_integrity_check", &r, &e),
              &e);
    assert_true(rows_next(r, &e));
    assert_true(str_is(rows_get_str(r, 0), "ok"));
    assert_ok(rows_close(r, &e), &e);
}

static void check_cut(void)
{
    struct err e;
    struct db *db;
    assert_ok(store_open(cut_dir, STORE_READ_WRITE, &db, &e), &e);
    for (int64_t day = 0; day < SESSIONS * DAYS; day++) {
        int64_t facts = count(db, STORE_CORE, "select count(*) from fact where day = $1", day);
        int64_t chunks = count(db, STORE_SERIES, "select count(*) from chunk where day = $1", day);
        assert_true(facts == FACTS || (facts == 0 && !kept_core[day]));
        assert_true(chunks == CHUNKS || (chunks == 0 && !kept_series[day]));
    }
    check_sound(db, STORE_CORE);
    check_sound(db, STORE_SERIES);
    int64_t more = 1000;
    assert_ok(store_write(db, STORE_CORE, add_facts, &more, &e), &e);
    store_close(db);
}

static void cut(void)
{
    if (!cutting) {
        return;
    }
    clear_dir(cut_dir);
    for (size_t i = 0; i < n_files; i++) {
        struct disk_file *d = &files[i];
        if (d->gone && rng_below(&rng, 2)) {
            continue;
        }
        struct image im = after_cut(d);
        put_file(d->name, im.at, im.n);
        free(im.at);
    }
    cutting = false;
    sqlite3_vfs_register(usual, 1);
    check_cut();
    sqlite3_vfs_register(&layer, 1);
    cutting = true;
    cuts++;
}

/* ---- the file layer ---------------------------------------------------------------------------
 */

static void forget_ops(struct disk_file *d)
{
    for (size_t i = 0; i < d->n_ops; i++) {
        free(d->ops[i].bytes);
    }
    d->n_ops = 0;
}

static void note(struct disk_file *d, const void *p, size_t n, size_t at)
{
    check_that(d->n_ops < OPS_MAX, "%zu writes without a sync", d->n_ops);
    struct op o = { NULL, at, n };
    if (p) {
        o.bytes = mem_alloc(n);
        memcpy(o.bytes, p, n);
    }
    d->ops[d->n_ops++] = o;
}

static int power_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct disk_file *d = ((struct power_file *)f)->disk;
    int rc = real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
    if (d && rc == SQLITE_OK) {
        note(d, p, (size_t)n, (size_t)at);
        cut();
    }
    return rc;
}

static int power_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct disk_file *d = ((struct power_file *)f)->disk;
    int rc = real_of(f)->pMethods->xTruncate(real_of(f), size);
    if (d && rc == SQLITE_OK) {
        note(d, NULL, 0, (size_t)size);
        cut();
    }
    return rc;
}

static int power_sync(sqlite3_file *f, int flags)
{
    struct disk_file *d = ((struct power_file *)f)->disk;
    if (!d) {
        return real_of(f)->pMethods->xSync(real_of(f), flags);
    }
    for (size_t i = 0; i < d->n_ops; i++) { /* the real disk need not be asked */
        image_apply(&d->durable, &d->ops[i]);
    }
    forget_ops(d);
    cut();
    return SQLITE_OK;
}

static int power_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}
static int power_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}
static int power_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}
static int power_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}
static int power_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}
static int power_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}
static int power_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}
static int power_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}
static int power_device(sqlite3_file *f)
{
    (void)f;
    return 0; /* promises nothing, so that SQLite relies on nothing */
}
static int power_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}
static int power_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}
static void power_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}
static int power_shm_unmap(sqlite3_file *f, int drop)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), drop);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = power_close,
    .xRead = power_read,
    .xWrite = power_write,
    .xTruncate = power_truncate,
    .xSync = power_sync,
    .xFileSize = power_size,
    .xLock = power_lock,
    .xUnlock = power_unlock,
    .xCheckReservedLock = power_reserved,
    .xFileControl = power_control,
    .xSectorSize = power_sector,
    .xDeviceCharacteristics = power_device,
    .xShmMap = power_shm_map,
    .xShmLock = power_shm_lock,
    .xShmBarrier = power_shm_barrier,
    .xShmUnmap = power_shm_unmap,
};

static struct disk_file *disk_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < n_files; i++) {
        if (strcmp(files[i].name, name) == 0) {
            return &files[i];
        }
    }
    check(n_files < FILES_MAX);
    snprintf(files[n_files].name, sizeof(files[0].name), "%s", name);
    return &files[n_files++];
}

static int power_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    (void)v;
    struct power_file *pf = (struct power_file *)f;
    pf->real = (sqlite3_file *)(pf + 1);
    int rc = usual->xOpen(usual, name, pf->real, flags, out_flags);
    pf->base.pMethods = pf->real->pMethods ? &methods : NULL;
    pf->disk = NULL;
    if (rc == SQLITE_OK && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL))) {
        pf->disk = disk_of(name);
        if (pf->disk
                ->gone) { /* a new file under the old name: its emptiness may not be there yet */
            note(pf->disk, NULL, 0, 0);
            pf->disk->gone = false;
        }
    }
    return rc;
}

static int power_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
    (void)v;
    int rc = usual->xDelete(usual, name, sync_dir);
    if (rc == SQLITE_OK && strstr(name, "-wal")) {
        disk_of(name)->gone = true;
        cut();
    }
    return rc;
}

/* ---- the work ----------------------------------------------------------------------------------
 */

struct chunks {
    int64_t day, n;
    char bytes[2300];
};

static bool next_chunk(void *ctx, struct bulk_value *v)
{
    struct chunks *c = ctx;
    v[0].i = c->day;
    v[1].i = c->n;
    memset(c->bytes, (int)('a' + c->n), sizeof(c->bytes));
    v[2].s = (struct str){ c->bytes, sizeof(c->bytes) };
    return c->n++ < CHUNKS;
}

static enum err_code add_chunks(struct db *db, void *ctx, struct err *e)
{
    static const struct bulk_column columns[] = { { "day", BULK_INT, true },
                                                  { "n", BULK_INT, true },
                                                  { "bytes", BULK_BYTES, false } };
    static const struct bulk_table table = { STORE_SERIES, "chunk", columns, 3, BULK_FAIL };
    struct chunks c = { .day = *(int64_t *)ctx };
    return store_bulk(db, &table, next_chunk, &c, NULL, e);
}

static void session(const char *where, int64_t number)
{
    struct err e;
    struct db *db;
    assert_ok(store_open(where, STORE_CREATE, &db, &e), &e);
    assert_ok(store_migrate(db, &room, 1, NOW, &e), &e);
    cutting = true;
    for (int64_t day = number * DAYS; day < (number + 1) * DAYS; day++) {
        assert_ok(store_write(db, STORE_SERIES, add_chunks, &day, &e), &e);
        kept_series[day] = true;
        assert_ok(store_write(db, STORE_CORE, add_facts, &day, &e), &e);
        kept_core[day] = true;
    }
    store_close(db);
}

static void one_life(const char *where, uint64_t seed)
{
    rng_init(&rng, seed);
    clear_dir(where);
    memset(kept_core, 0, sizeof(kept_core));
    memset(kept_series, 0, sizeof(kept_series));
    cutting = false;
    sqlite3_vfs_register(&layer, 1);
    for (int64_t k = 0; k < SESSIONS; k++) {
        session(where, k);
    }
    cutting = false;
    sqlite3_vfs_register(usual, 1);
    for (size_t i = 0; i < n_files; i++) {
        forget_ops(&files[i]);
        free(files[i].durable.at);
    }
    memset(files, 0, sizeof(files));
    n_files = 0;
}

static void test_law_3_power_fails_between_any_two_writes(void **state)
{
    (void)state;
    const char *setting =
        getenv("SK_CUTS"); /* reliability.md: 2,000 in a test, 100,000 in a soak */
    int64_t want = getenv("SK_SAN") ? 200 : 1000; /* sanitized, a cut costs ten times as much */
    if (setting) {
        assert_int_equal(decimal_scaled(str_of(setting), 0, &want, NULL), OK);
    }
    usual = sqlite3_vfs_find(NULL);
    layer = *usual;
    layer.pNext = NULL;
    layer.zName = "sk_power";
    layer.szOsFile = (int)sizeof(struct power_file) + usual->szOsFile;
    layer.xOpen = power_open;
    layer.xDelete = power_delete;
    char where[256];
    temp_dir(cut_dir, sizeof(cut_dir));
    temp_dir(where, sizeof(where));
    for (uint64_t seed = 1; cuts < want; seed++) {
        one_life(where, seed);
    }
    print_message("%lld cuts\n", (long long)cuts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_3_power_fails_between_any_two_writes),
    };
    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
