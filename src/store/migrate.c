/* migrate.c - the tables of the rooms, brought to this program's version (storage.md 8, law 5).
 *
 * A room's file is cut at its `-- migration N part` lines. Each piece runs in one transaction of
 * its part together with the row that records it, so that a killed migration has either happened or
 * not.
 */
#include "store/driver.h"

#define SQL_MAX ((size_t)1 << 20)
#define ROOM_MIGRATIONS_MAX 1000

struct migration {
    const char *room;
    int64_t number;
    enum store_part part;
    struct str sql; /* with its opening line */
};

static const char opening[] = "-- migration ";

/* Cuts the next migration off *rest. False at the end; *e is set when the opening line is wrong. */
static enum err_code cut_next(const char *room, struct str *rest, struct migration *out, bool *got,
                              struct err *e)
{
    const char *from = memmem(rest->at, rest->n, opening, sizeof(opening) - 1);
    *got = from != NULL;
    if (!from) {
        return OK;
    }
    size_t n = rest->n - (size_t)(from - rest->at);
    size_t head = sizeof(opening) - 1;
    const char *next = memmem(from + head, n - head, opening, sizeof(opening) - 1);
    struct str sql = { from, next ? (size_t)(next - from) : n };
    struct str line = sql;
    const char *end = memchr(sql.at, '\n', sql.n);
    line.n = end ? (size_t)(end - sql.at) : sql.n;
    struct str words = { line.at + head, line.n - head }, number;
    int64_t v = 0;
    words = str_trim(words);
    if (!str_split(&words, ' ', &number) || decimal_scaled(number, 0, &v, NULL) != OK ||
        !(str_is(words, "core") || str_is(words, "series"))) {
        return fail(e, ERR_INPUT, "%s: '" STR_FMT "': write '-- migration N core' or '... series'",
                    room, STR_ARG(line));
    }
    *out = (struct migration){ room, v, str_is(words, "core") ? STORE_CORE : STORE_SERIES, sql };
    *rest = (struct str){ sql.at + sql.n, n - sql.n };
    return OK;
}

/* The recorded hash, empty when it was not applied. */
static enum err_code recorded(struct db *db, const struct migration *m, struct arena *a,
                              struct str *hash, struct err *e)
{
    static const char sql[] = "select hash from schema_version where room = $1 and number = $2";
    struct rows *r;
    if (rows_open(db, m->part, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, str_of(m->room));
    rows_int(r, 2, m->number);
    *hash = STR("");
    while (rows_next(r, e)) {
        *hash = str_dup(a, rows_get_str(r, 0));
    }
    return rows_close(r, e);
}

static enum err_code check_newest(struct db *db, const char *room, int64_t newest, struct err *e)
{
    static const char sql[] = "select coalesce(max(number), 0) from schema_version where room = $1";
    for (int part = 0; part < 2; part++) {
        struct rows *r;
        if (rows_open(db, (enum store_part)part, sql, &r, e) != OK) {
            return e->code;
        }
        rows_str(r, 1, str_of(room));
        int64_t number = rows_next(r, e) ? rows_get_int(r, 0) : 0;
        if (rows_close(r, e) != OK) {
            return e->code;
        }
        if (number > newest) {
            return fail(e, ERR_RULE,
                        "%s: the store has migration %lld of %s, this program knows %lld; use a "
                        "newer program",
                        store_where(db), (long long)number, room, (long long)newest);
        }
    }
    return OK;
}

static enum err_code record(struct db *db, const struct migration *m, struct str hash,
                            struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into schema_version (room, number, hash, applied_at) values ($1, $2, $3, $4)";
    struct rows *r;
    if (rows_open(db, m->part, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, str_of(m->room));
    rows_int(r, 2, m->number);
    rows_str(r, 3, hash);
    rows_int(r, 4, now.utc_ms);
    return rows_run(r, NULL, e);
}

static enum err_code apply_in_tx(struct db *db, const struct migration *m, struct arena *a,
                                 struct str hash, struct instant now, struct err *e)
{
    struct part *p = &db->parts[m->part];
    struct str was;
    enum err_code code = db->drv->migrate_lock(p->link, e);
    if (code == OK) {
        code = recorded(db, m, a, &was, e);
    }
    if (code != OK || was.n) { /* or another process was first */
        return code;
    }
    struct text t;
    text_init(&t, a, SQL_MAX);
    code = tokens_replace(&t, db->drv->engine, m->sql, e);
    if (code == OK) {
        code = db->drv->exec(p->link, t.at, e);
    }
    return code == OK ? record(db, m, hash, now, e) : code;
}

static enum err_code apply(struct db *db, const struct migration *m, struct arena *a,
                           struct instant now, struct err *e)
{
    struct text t;
    text_init(&t, a, 64);
    struct sha256 h = sha256_of(m->sql.at, m->sql.n);
    text_hex(&t, h.b, sizeof(h.b));
    struct str hash = text_str(&t), was;
    enum err_code code = recorded(db, m, a, &was, e);
    if (code != OK) {
        return code;
    }
    if (was.n) {
        return str_eq(was, hash) ? OK
                                 : fail(e, ERR_RULE,
                                        "%s: the text was changed after it was applied; write a "
                                        "new migration instead",
                                        store_where(db));
    }
    if (db->mode == STORE_READ_ONLY) {
        return fail(e, ERR_RULE, "%s: not applied yet; open the store once for writing",
                    store_where(db));
    }
    code = store_begin(db, m->part, STORE_WRITE, e);
    if (code != OK) {
        return code;
    }
    code = apply_in_tx(db, m, a, hash, now, e);
    if (code != OK) {
        store_rollback(db, m->part);
        return code;
    }
    return store_commit(db, m->part, e);
}

static enum err_code migrate_room(struct db *db, const struct store_migrations *room,
                                  struct arena *a, struct instant now, struct err *e)
{
    struct str rest = str_of(room->sql);
    struct migration m;
    bool got;
    int64_t n = 0;
    for (;;) {
        enum err_code code = cut_next(room->room, &rest, &m, &got, e);
        if (code != OK || !got) {
            return code != OK ? code : check_newest(db, room->room, n, e);
        }
        if (m.number != ++n || n > ROOM_MIGRATIONS_MAX) {
            return fail(e, ERR_INPUT, "%s: migration %lld stands where %lld is expected",
                        room->room, (long long)m.number, (long long)n);
        }
        code = apply(db, &m, a, now, e);
        if (code != OK) {
            return fail_in(e, "migration %s %lld: ", room->room, (long long)m.number);
        }
    }
}

enum err_code store_migrate(struct db *db, const struct store_migrations *rooms, size_t n,
                            struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct arena *a = arena_new();
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        code = migrate_room(db, &rooms[i], a, now, e);
    }
    arena_free(a);
    return code;
}

enum err_code store_migrated(struct db *db, const struct store_migrations *rooms, size_t n,
                             struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct arena *a = arena_new();
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        struct str rest = str_of(rooms[i].sql), hash;
        struct migration m;
        bool got = true;
        while (code == OK && got) {
            code = cut_next(rooms[i].room, &rest, &m, &got, e);
            code = code == OK && got ? recorded(db, &m, a, &hash, e) : code;
            if (code == OK && got && hash.n == 0) {
                code = fail(e, ERR_IO,
                            "the store was made by an older program (%s %lld is not "
                            "there): bring it up to date with 'sunkeeper init'",
                            m.room, (long long)m.number);
            }
        }
    }
    arena_free(a);
    return code;
}
